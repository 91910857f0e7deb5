/* SPDX-License-Identifier: MPL-2.0 */
/* Users' rosters, read and written with the privilege that their server grants (XEP-0356 §5).
 *
 * Only items of the network's own hostname are looked at or touched (G356-09). A refusal for lack
 * of permission takes the permission away (G356-06). What a push says is believed when it comes
 * from the user's bare JID, which no client can send from, and that user's server has granted the
 * roster. What is to be written, and why, is the session room's business.
 * Source: XEP-0356 §5, RFC 6121 §2. */
#include <string.h>

#include "address.h"
#include "handlers.h"
#include "privilege.h"
#include "router.h"
#include "sojourn/memory.h"

static const char *const roster_subs[] = {
    [XMPP_ROSTER_NONE] = "none",
    [XMPP_ROSTER_TO] = "to",
    [XMPP_ROSTER_FROM] = "from",
    [XMPP_ROSTER_BOTH] = "both",
    [XMPP_ROSTER_REMOVE] = "remove",
};

/* ---- reading ---- */

static enum xmpp_roster_sub roster_sub(const char *text)
{
    for (unsigned i = 0; text != NULL && i < sizeof roster_subs / sizeof *roster_subs; i++)
        if (strcmp(text, roster_subs[i]) == 0)
            return (enum xmpp_roster_sub)i;
    return XMPP_ROSTER_NONE;
}

static void roster_read_groups(xmpp_stanza_t *st, struct xmpp_roster_item *item)
{
    for (xmpp_stanza_t *c = stanza_first(st); c != NULL; c = stanza_next(c)) {
        if (!stanza_is(c, "group", NS_ROSTER))
            continue;
        const char *group = stanza_text(c);
        if (item->n_groups == XMPP_GROUPS_MAX || strlen(group) > XMPP_ROSTER_TEXT_MAX)
            item->cut = true;
        else if (group[0] != '\0')
            item->group[item->n_groups++] = group;
    }
}

/* Reads one item; its peer is put into peer. false: not of this host, or no address of ours. */
static bool roster_read_item(const struct xmpp *x, unsigned host, xmpp_stanza_t *st,
                             struct sj_strbuf *peer, struct xmpp_roster_item *item)
{
    struct jid jid;
    const char *address = stanza_get(st, "jid");
    if (!stanza_is(st, "item", NS_ROSTER) || address == NULL ||
        !jid_parse(&jid, address, x->fold) ||
        strcmp(jid.domain, x->options->hosts[host].name) != 0 || jid.local[0] == '\0' ||
        jid.resource[0] != '\0')
        return false;
    sj_strbuf_reset(peer);
    if (address_unescape(peer, jid.local) != SJ_OK)
        return false;
    const char *ask = stanza_get(st, "ask");
    *item = (struct xmpp_roster_item){
        .peer = peer->s,
        .name = stanza_get(st, "name"),
        .sub = roster_sub(stanza_get(st, "subscription")),
        .asks = ask != NULL && strcmp(ask, "subscribe") == 0,
    };
    if (item->name != NULL && strlen(item->name) > XMPP_ROSTER_TEXT_MAX) {
        item->name = "";
        item->cut = true;
    }
    roster_read_groups(st, item);
    return true;
}

static void roster_tell_items(struct xmpp *x, const struct query_reply *r, xmpp_stanza_t *query)
{
    struct sj_strbuf peer;
    struct xmpp_roster_item item;
    sj_strbuf_init(&peer, JID_PART_MAX);
    for (xmpp_stanza_t *c = stanza_first(query); c != NULL; c = stanza_next(c))
        if (roster_read_item(x, r->host, c, &peer, &item) && item.sub != XMPP_ROSTER_REMOVE)
            x->in->privilege.item(x->ctx, r->host, r->to, &item);
    sj_strbuf_release(&peer);
}

static void roster_on_read(struct xmpp *x, const struct query_reply *r)
{
    if (privilege_reply_is(r, "forbidden"))
        privilege_drop(x, r->host, r->to,
                       XMPP_MAY_READ_ROSTER | XMPP_MAY_SET_ROSTER | XMPP_HEARS_ROSTER);
    xmpp_stanza_t *query = r->ok ? stanza_child(r->iq, "query", NS_ROSTER) : NULL;
    if (query != NULL)
        roster_tell_items(x, r, query);
    x->in->privilege.read(x->ctx, r->host, r->to, query != NULL);
}

bool xmpp_roster_read(struct xmpp *x, unsigned host, const char *user)
{
    if ((xmpp_privileges(x, host, user) & XMPP_MAY_READ_ROSTER) == 0)
        return false;
    xmpp_stanza_t *iq = room_stanza_new(x, host, "iq", "get", NULL, user, NULL);
    stanza_add(iq, "query", NS_ROSTER);
    return query_send(x, host, iq, roster_on_read, 0);
}

/* ---- writing ---- */

static void roster_on_written(struct xmpp *x, const struct query_reply *r)
{
    if (privilege_reply_is(r, "forbidden"))
        privilege_drop(x, r->host, r->to, XMPP_MAY_SET_ROSTER);
    x->in->privilege.written(x->ctx, r->host, r->to, r->note, r->ok);
}

/* One item per set (G356-06), without ask and approved (G356-08). NULL: no address of ours. */
static xmpp_stanza_t *roster_set_new(struct xmpp *x, unsigned host, const char *user,
                                     const struct xmpp_roster_item *item)
{
    struct sj_strbuf jid;
    xmpp_stanza_t *iq = NULL;
    sj_strbuf_init(&jid, JID_MAX);
    if (xmpp_peer_jid(x, host, item->peer, &jid)) {
        iq = room_stanza_new(x, host, "iq", "set", NULL, user, NULL);
        xmpp_stanza_t *st = stanza_add(stanza_add(iq, "query", NS_ROSTER), "item", NULL);
        stanza_set(st, "jid", jid.s);
        if (item->name != NULL && item->name[0] != '\0')
            stanza_set(st, "name", item->name);
        if (item->sub != XMPP_ROSTER_NONE)
            stanza_set(st, "subscription", roster_subs[item->sub]);
        for (size_t i = 0; i < item->n_groups; i++)
            stanza_add_with_text(st, "group", item->group[i]);
    }
    sj_strbuf_release(&jid);
    return iq;
}

bool xmpp_roster_write(struct xmpp *x, unsigned host, const char *user,
                       const struct xmpp_roster_item *item)
{
    if ((xmpp_privileges(x, host, user) & XMPP_MAY_SET_ROSTER) == 0 || item->cut)
        return false;
    return query_ask(x, &(struct query_ask){
                            .host = host,
                            .iq = roster_set_new(x, host, user, item),
                            .answer = roster_on_written,
                            .note = item->peer,
                        });
}

bool xmpp_roster_remove(struct xmpp *x, unsigned host, const char *user, const char *peer)
{
    if ((xmpp_privileges(x, host, user) & XMPP_MAY_SET_ROSTER) == 0)
        return false;
    xmpp_stanza_t *iq = roster_set_new(
        x, host, user, &(struct xmpp_roster_item){.peer = peer, .sub = XMPP_ROSTER_REMOVE});
    return iq != NULL && room_send(x, host, iq);
}

/* ---- pushes ---- */

enum sj_status roster_handle_push(struct inbound *in, struct sj_error *err)
{
    struct xmpp *x = in->x;
    /* As if we knew no rosters: anybody can send this (RFC 6121 §2.1.6). */
    if (in->from.resource[0] != '\0' ||
        (xmpp_privileges(x, in->host, in->from.user) & XMPP_MAY_READ_ROSTER) == 0)
        return sj_fail(err, SJ_UNAVAILABLE, "%s", "");
    struct sj_strbuf peer;
    struct xmpp_roster_item item;
    xmpp_stanza_t *st = stanza_first(in->payload);
    if (st == NULL || stanza_next(st) != NULL)
        return sj_fail(err, SJ_INVALID, "%s", "");         /* one item (RFC 6121 §2.1.6) */
    sj_strbuf_init(&peer, JID_PART_MAX);
    if (roster_read_item(x, in->host, st, &peer, &item))
        x->in->privilege.pushed(x->ctx, in->host, in->from.user, &item);
    sj_strbuf_release(&peer);
    router_answer(in, router_result(in));
    return SJ_OK;
}
