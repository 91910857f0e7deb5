/* SPDX-License-Identifier: MPL-2.0 */
/* Did the server handle what we sent? Component streams have no acknowledgement (XEP-0114), but a
 * server handles a stream in order: once it answers a ping that was sent last, everything before it
 * has been handled, whatever the answer says. A server elsewhere gets both over one connection
 * between servers, which keeps order too. When to ask, and what depends on it, is the session
 * room's business. Source: XEP-0199 §4.1, RFC 6120 §10.1. */
#include "room.h"
#include "stanza.h"

static void handled_answer(struct xmpp *x, const struct query_reply *reply)
{
    x->in->handled(x->ctx, reply->host, reply->token, reply->iq != NULL);
}

bool xmpp_ask_handled(struct xmpp *x, unsigned host, const char *domain, uint64_t token)
{
    xmpp_stanza_t *iq = room_stanza_new(x, host, "iq", "get", NULL, domain, NULL);

    stanza_add(iq, "ping", NS_PING);
    return query_send(x, host, iq, handled_answer, token);
}
