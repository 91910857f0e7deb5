/* SPDX-License-Identifier: MPL-2.0 */
/* What servers grant to one component stream, as the room's own files see it (XEP-0356). */
#ifndef XMPP_PRIVILEGE_ROOM_H
#define XMPP_PRIVILEGE_ROOM_H

#include <stdbool.h>
#include <strophe.h>

#include "queries.h"
#include "sojourn/loop.h"
#include "sojourn/map.h"

#define PRIVILEGE_IQ_MAX 32u             /* namespaces remembered; further ones are not used */
#define PRIVILEGE_NS_MAX 255u
#define PRIVILEGE_SILENCE_MS 10000       /* without a word from any server: the log says so */

struct component;
struct inbound;

/* Of one component. Owner: struct component. */
struct privileges {
    struct sj_map servers;               /* domain to struct privilege */
    struct sj_timer silence;
    bool silence_told;                   /* once in the life of the process */
};

void privileges_init(struct component *c);
void privileges_release(struct component *c);
/* A stream has come up, or was lost: nothing is granted until told again (G356-03). */
void privileges_reset(struct component *c, bool up);

/* A message from a bare JID or a server. true: it is dealt with, being the announcement of a
 * trusted server, or the echo of what we sent in the user's name (G356-14). Others may send what
 * they like. */
bool privilege_takes_message(struct inbound *in);
/* An error came back for a message to the gateway's server (G356-12). */
void privilege_handle_refusal(struct inbound *in, const char *condition);
/* The server said no: what was granted is so no longer (G356-06). */
void privilege_drop(struct xmpp *x, unsigned host, const char *user, unsigned bits);

/* The inner answer of a request in the user's name, which carried the same id; the outer one when
 * that is an error; NULL: nothing that makes sense. */
xmpp_stanza_t *privilege_open_answer(xmpp_stanza_t *iq, const char *id);
/* Has the reply, an error, this condition? */
bool privilege_reply_is(const struct query_reply *r, const char *condition);

/* A get or set in the user's name to `to` (NULL: the user's own account), with the one payload
 * built by the caller under inner (G356-16 to G356-18); reply->iq is the inner answer. */
struct privilege_request {
    unsigned host;
    const char *user;                    /* bare */
    const char *to;
    bool set;
    xmpp_stanza_t *payload;              /* taken over */
    const char *note;                    /* as in struct query_ask */
    query_handler *answer;
    uint64_t token;
};
/* false: not granted, or too many are open; nothing follows. */
bool privilege_send_iq(struct xmpp *x, const struct privilege_request *r);

#endif
