/* SPDX-License-Identifier: MPL-2.0 */
/* Our own iq requests, to users, their clients and their servers: one bounded table, one answer
 * for each. The families (roster, discovery, profiles, uploads) build the request and read the
 * answer; nothing here knows what is asked. */
#ifndef XMPP_QUERIES_H
#define XMPP_QUERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <strophe.h>

#include "sojourn/loop.h"
#include "sojourn/map.h"

#define XMPP_QUERIES_MAX 10000u
#define XMPP_QUERIES_USER_MAX 64u       /* open ones to all addresses of one bare JID of a user */
#define XMPP_QUERY_TIMEOUT_MS 30000

struct xmpp;

/* What came back. Everything is borrowed. */
struct query_reply {
    unsigned host;
    const char *to;          /* who was asked, as given to query_send */
    uint64_t token;          /* the asker's own, as given */
    const char *note;        /* likewise; "" when none was given */
    xmpp_stanza_t *iq;       /* result or error; NULL: none came in time, or it could not be sent */
    bool ok;                 /* iq is a result */
};
typedef void query_handler(struct xmpp *x, const struct query_reply *reply);

/* Owner: struct xmpp. */
struct queries {
    struct xmpp *x;
    struct sj_map by_id;
    struct sj_map users;         /* bare JID to struct query_user */
    struct sj_list ordered;      /* by deadline */
    struct sj_timer timer;
    size_t count;
};

void queries_init(struct queries *q, struct xmpp *x);
void queries_release(struct queries *q);

/* Sends iq (a get or set made by room_stanza_new with its own id; taken over and released) and
 * calls answer once: with the result or error that comes from its `to` (prepared) to its `from`,
 * or without one after XMPP_QUERY_TIMEOUT_MS or, from the loop top, when the stream did not take
 * it. false: too many are open, nothing was sent and nothing follows. iq NULL: false. */
bool query_send(struct xmpp *x, unsigned host, xmpp_stanza_t *iq, query_handler *answer,
                uint64_t token);
/* The same with more to say. */
struct query_ask {
    unsigned host;
    xmpp_stanza_t *iq;
    query_handler *answer;
    uint64_t token;
    const char *note;        /* copied; or NULL */
    bool privileged;         /* iq wraps one in the user's name: the reply is the inner answer */
};
bool query_ask(struct xmpp *x, const struct query_ask *ask);
/* A result or an error with this id came from `from` to `to` (both prepared); iq NULL: it was too
 * large to be read. true: it was an answer. */
bool queries_answer(struct queries *q, const char *from, const char *to, const char *id,
                    xmpp_stanza_t *iq);

#endif
