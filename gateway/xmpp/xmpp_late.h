/* SPDX-License-Identifier: MPL-2.0 */
/* The contract of the XMPP room, continued: what could not be answered when it came. */
#ifndef SOJOURN_XMPP_LATE_H
#define SOJOURN_XMPP_LATE_H

#include <stdbool.h>

#include "sojourn/error.h"
#include "xmpp_message.h"

struct xmpp;

/* The error answer to this stanza could not be sent: too much waits (messages to contacts and rooms
 * only), or goodbye is said, then it is for the next process to say. */
struct xmpp_unanswered {
    struct xmpp_from from;
    char kind;                 /* 'm'essage; 'i'q, get or set; 'p'resence, which joins a room */
    const char *to;            /* the address of ours, as it stood */
    const char *peer;          /* message: contact or room; NULL: the gateway */
    const char *nick;          /* message: who was spoken to in the room peer, or NULL */
    bool in_room;              /* message: to everybody in the room peer */
};

/* What is to be said of such a stanza later. */
struct xmpp_late {
    char kind;                 /* as in xmpp_unanswered; or 's'ubscription */
    const char *full;          /* whose it was */
    const char *to;            /* as in xmpp_unanswered */
    const char *id;            /* or NULL */
    const char *lang;          /* of who sent it, or NULL */
};
/* Its error answer. false: not queued. */
bool xmpp_send_late_error(struct xmpp *, unsigned host, const struct xmpp_late *,
                          const struct sj_error *err);

#endif
