/* SPDX-License-Identifier: MPL-2.0 */
/* Suggests contacts to the user's client (XEP-0144), and asks it whether it takes them by iq.
 *
 * One stanza holds one kind of action (G144-03), as iq to a resource that supports it or as message
 * to the bare JID. What to suggest, and when, is the session room's business; an error that comes
 * back reaches it as a bounce. Source: XEP-0144 §3 and §5, XEP-0030 §3.1 (G144-02). */
#include <string.h>

#include "room.h"
#include "stanza.h"

static const char *const rosterx_actions[] = {
    [XMPP_ROSTERX_ADD] = "add",
    [XMPP_ROSTERX_MODIFY] = "modify",
    [XMPP_ROSTERX_DELETE] = "delete",
};

static bool rosterx_add_item(struct xmpp *x, unsigned host, xmpp_stanza_t *list,
                             enum xmpp_rosterx action, const struct xmpp_item *item)
{
    struct sj_strbuf jid;
    sj_strbuf_init(&jid, JID_MAX);
    bool ok = xmpp_peer_jid(x, host, item->peer, &jid);
    if (ok) {
        xmpp_stanza_t *st = stanza_add(list, "item", NULL);
        stanza_set(st, "action", rosterx_actions[action]);
        stanza_set(st, "jid", jid.s);
        stanza_set(st, "name", item->name);
        if (item->group != NULL && item->group[0] != '\0')
            stanza_add_with_text(st, "group", item->group);
    }
    sj_strbuf_release(&jid);
    return ok;
}

bool xmpp_send_rosterx(struct xmpp *x, unsigned host, const char *to, enum xmpp_rosterx action,
                       const struct xmpp_item *items, size_t n, bool by_iq)
{
    if (n > XMPP_ROSTERX_MAX)
        n = XMPP_ROSTERX_MAX;
    xmpp_stanza_t *st = room_stanza_new(x, host, by_iq ? "iq" : "message", by_iq ? "set" : NULL,
                                        NULL, to, NULL);
    xmpp_stanza_t *list = stanza_add(st, "x", NS_ROSTERX);
    size_t listed = 0;
    for (size_t i = 0; i < n; i++)
        listed += rosterx_add_item(x, host, list, action, &items[i]);
    if (listed > 0)
        return room_send(x, host, st);
    xmpp_stanza_release(st);
    return false;
}

static bool rosterx_has_feature(xmpp_stanza_t *iq, const char *feature)
{
    xmpp_stanza_t *info = stanza_child(iq, "query", NS_INFO);
    xmpp_stanza_t *c = info != NULL ? stanza_first(info) : NULL;
    for (; c != NULL; c = stanza_next(c)) {
        const char *var = stanza_get(c, "var");
        if (stanza_is(c, "feature", NS_INFO) && var != NULL && strcmp(var, feature) == 0)
            return true;
    }
    return false;
}

static void rosterx_on_features(struct xmpp *x, const struct query_reply *r)
{
    x->in->rosterx(x->ctx, r->host, r->to, r->ok && rosterx_has_feature(r->iq, NS_ROSTERX));
}

void xmpp_query_rosterx(struct xmpp *x, unsigned host, const char *full)
{
    xmpp_stanza_t *iq = room_stanza_new(x, host, "iq", "get", NULL, full, NULL);
    stanza_add(iq, "query", NS_INFO);
    query_send(x, host, iq, rosterx_on_features, 0);
}
