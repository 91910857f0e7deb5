/* SPDX-License-Identifier: MPL-2.0 */
/* Users' bookmarks of rooms, with the privilege that their server grants (XEP-0356 §7).
 *
 * Only rooms of the network's own hostname are looked at or touched, and only the node of XEP-0402:
 * never the old storage (G402-05). A bookmark that is there is the user's, and is not written again
 * (G402-02); which are to come and to go is the session room's business. A refusal for lack of
 * permission takes the permission away. Source: XEP-0402 §3, XEP-0060 §7.1 and §7.2. */
#include <string.h>

#include "address.h"
#include "form.h"
#include "privilege.h"
#include "router.h"

#define NS_BOOKMARKS "urn:xmpp:bookmarks:1"

/* <pubsub><ACTION node=bookmarks/></pubsub>; *action is borrowed. */
static xmpp_stanza_t *bookmark_payload(struct xmpp *x, const char *name, xmpp_stanza_t **action)
{
    xmpp_stanza_t *pubsub = xmpp_stanza_new(x->output.ctx);
    xmpp_stanza_set_name(pubsub, "pubsub");
    xmpp_stanza_set_ns(pubsub, NS_PUBSUB);
    *action = stanza_add(pubsub, name, NULL);
    stanza_set(*action, "node", NS_BOOKMARKS);
    return pubsub;
}

static void bookmark_check_refusal(struct xmpp *x, const struct query_reply *r)
{
    if (privilege_reply_is(r, "forbidden"))
        privilege_drop(x, r->host, r->to, XMPP_MAY_BOOKMARK);
}

/* ---- reading ---- */

/* The room that an item is about, put into room; false: of elsewhere. */
static bool bookmark_read_item(const struct xmpp *x, unsigned host, xmpp_stanza_t *st,
                               struct sj_strbuf *room)
{
    struct jid jid;
    const char *id = stanza_get(st, "id");
    if (!stanza_is(st, "item", NS_PUBSUB) || id == NULL || !jid_parse(&jid, id, x->fold) ||
        strcmp(jid.domain, x->options->hosts[host].name) != 0 || jid.local[0] == '\0' ||
        jid.resource[0] != '\0')
        return false;
    sj_strbuf_reset(room);
    return address_unescape(room, jid.local) == SJ_OK;
}

static void bookmark_on_read(struct xmpp *x, const struct query_reply *r)
{
    struct sj_strbuf room;
    xmpp_stanza_t *pubsub = r->ok ? stanza_child(r->iq, "pubsub", NS_PUBSUB) : NULL;
    xmpp_stanza_t *items = pubsub != NULL ? stanza_child(pubsub, "items", NS_PUBSUB) : NULL;
    bool none = privilege_reply_is(r, "item-not-found");     /* no node yet */
    bookmark_check_refusal(x, r);
    sj_strbuf_init(&room, JID_PART_MAX);
    for (xmpp_stanza_t *c = items != NULL ? stanza_first(items) : NULL; c != NULL;
         c = stanza_next(c))
        if (bookmark_read_item(x, r->host, c, &room))
            x->in->privilege.bookmark(x->ctx, r->host, r->to, room.s);
    sj_strbuf_release(&room);
    x->in->privilege.bookmarks_read(x->ctx, r->host, r->to, pubsub != NULL || none);
}

bool xmpp_bookmarks_read(struct xmpp *x, unsigned host, const char *user)
{
    xmpp_stanza_t *items;
    if ((xmpp_privileges(x, host, user) & XMPP_MAY_BOOKMARK) == 0)
        return false;
    xmpp_stanza_t *payload = bookmark_payload(x, "items", &items);
    return privilege_send_iq(x, &(struct privilege_request){.host = host,
                                                            .user = user,
                                                            .payload = payload,
                                                            .answer = bookmark_on_read});
}

/* ---- writing ---- */

static void bookmark_on_written(struct xmpp *x, const struct query_reply *r)
{
    bookmark_check_refusal(x, r);
    x->in->privilege.bookmarked(x->ctx, r->host, r->to, r->note, r->ok);
}

/* What the node is to be like: private, all items kept, none pushed at log-in. */
static void bookmark_add_options(xmpp_stanza_t *pubsub)
{
    static const char *const fields[][2] = {
        {"pubsub#persist_items", "true"},
        {"pubsub#max_items", "max"},
        {"pubsub#send_last_published_item", "never"},
        {"pubsub#access_model", "whitelist"},
    };
    static const char *const type = NS_PUBSUB "#publish-options";
    xmpp_stanza_t *form = stanza_add(stanza_add(pubsub, "publish-options", NULL), "x", NS_DATA);
    stanza_set(form, "type", "submit");
    form_add_values(form, "hidden", "FORM_TYPE", &type, 1);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        form_add_values(form, NULL, fields[i][0], &fields[i][1], 1);
}

static bool bookmark_send(struct xmpp *x, unsigned host, const char *user, const char *room,
                          xmpp_stanza_t *payload)
{
    return privilege_send_iq(x, &(struct privilege_request){.host = host,
                                                            .user = user,
                                                            .set = true,
                                                            .payload = payload,
                                                            .note = room,
                                                            .answer = bookmark_on_written});
}

bool xmpp_bookmark_add(struct xmpp *x, unsigned host, const char *user,
                       const struct xmpp_bookmark *b)
{
    struct sj_strbuf jid;
    bool sent = false;
    sj_strbuf_init(&jid, JID_MAX);
    if ((xmpp_privileges(x, host, user) & XMPP_MAY_BOOKMARK) != 0 &&
        room_address(x, host, b->room, NULL, &jid)) {
        xmpp_stanza_t *publish;
        xmpp_stanza_t *payload = bookmark_payload(x, "publish", &publish);
        xmpp_stanza_t *item = stanza_add(publish, "item", NULL);
        xmpp_stanza_t *conference = stanza_add(item, "conference", NS_BOOKMARKS);
        stanza_set(item, "id", jid.s);
        stanza_set(conference, "autojoin", "true");
        stanza_set(conference, "name", b->name);
        if (b->nick != NULL)
            stanza_add_with_text(conference, "nick", b->nick);
        bookmark_add_options(payload);
        sent = bookmark_send(x, host, user, b->room, payload);
    }
    sj_strbuf_release(&jid);
    return sent;
}

bool xmpp_bookmark_remove(struct xmpp *x, unsigned host, const char *user, const char *room)
{
    struct sj_strbuf jid;
    bool sent = false;
    sj_strbuf_init(&jid, JID_MAX);
    if ((xmpp_privileges(x, host, user) & XMPP_MAY_BOOKMARK) != 0 &&
        room_address(x, host, room, NULL, &jid)) {
        xmpp_stanza_t *retract;
        xmpp_stanza_t *payload = bookmark_payload(x, "retract", &retract);
        stanza_set(retract, "notify", "true");
        stanza_set(stanza_add(retract, "item", NULL), "id", jid.s);
        sent = bookmark_send(x, host, user, room, payload);
    }
    sj_strbuf_release(&jid);
    return sent;
}
