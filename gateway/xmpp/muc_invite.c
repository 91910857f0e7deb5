/* SPDX-License-Identifier: MPL-2.0 */
/* Invitations to rooms: those that users send through a room (mediated) or to a contact (direct),
 * and those that contacts, and rooms for other users, send to them.
 *
 * Out, an invitation of a contact is direct and nothing but that, so that filters for strangers let
 * it pass and no client shows it twice (G045-86, G249-01). An invitation to a room elsewhere is
 * told as its address, since no network knows what to do with it (G249-02).
 * Source: XEP-0045 §7.8, XEP-0249 §2. */
#include <string.h>

#include "muc.h"

/* ---- through a room ---- */

static enum sj_status invite_read(struct inbound *in, xmpp_stanza_t *element, bool declines,
                                  struct muc_kept *kept, struct xmpp_invite_in *out,
                                  struct sj_error *err)
{
    struct muc_person who;
    if (!muc_person_read(in, stanza_get(element, "to"), kept, &who) || who.room != NULL)
        return router_fail(in, STANZA_JID_MALFORMED, err, "This address cannot be invited.");
    *out = (struct xmpp_invite_in){
        .room = in->peer, .peer = who.peer, .jid = who.jid, .declines = declines};
    return muc_read_reason(element, NS_MUC_USER, &out->reason, err);
}

static enum sj_status invite_read_all(struct inbound *in, xmpp_stanza_t *user,
                                      struct muc_kept *kept,
                                      struct xmpp_invite_in list[XMPP_INVITES_MAX], size_t *n,
                                      struct sj_error *err)
{
    *n = 0;
    for (xmpp_stanza_t *c = stanza_first(user); c != NULL; c = stanza_next(c)) {
        bool declines = stanza_is(c, "decline", NS_MUC_USER);
        if (!declines && !stanza_is(c, "invite", NS_MUC_USER))
            continue;
        if (*n == XMPP_INVITES_MAX)
            return sj_fail(err, SJ_UNACCEPTABLE, "At most %u people can be invited at once.",
                           XMPP_INVITES_MAX);
        enum sj_status status = invite_read(in, c, declines, kept, &list[(*n)++], err);
        if (status != SJ_OK)
            return status;
    }
    return SJ_OK;
}

enum sj_status muc_invite_room(struct inbound *in, bool *told, struct sj_error *err)
{
    xmpp_stanza_t *user = stanza_child(in->stanza, "x", NS_MUC_USER);
    struct xmpp_invite_in list[XMPP_INVITES_MAX];
    struct muc_kept kept = {.n = 0};
    size_t n = 0;
    *told = false;
    if (user == NULL)
        return SJ_OK;
    enum sj_status status = invite_read_all(in, user, &kept, list, &n, err);
    *told = n > 0;
    if (status == SJ_OK && n > 0)
        status = in->x->in->muc.invite(in->x->ctx, &in->from, list, n, err);
    muc_kept_release(&kept);
    return status;
}

/* ---- to a contact ---- */

/* XEP-0147 §8 */
static void invite_add_uri(struct sj_strbuf *uri, const char *bare)
{
    muc_add_uri(uri, bare);
    sj_strbuf_adds(uri, "?join");
}

enum sj_status muc_invite_contact(struct inbound *in, xmpp_stanza_t *x, struct sj_strbuf *uri,
                                  bool *told, struct sj_error *err)
{
    struct muc_kept kept = {.n = 0};
    struct muc_person who;
    enum sj_status status = SJ_OK;
    *told = false;
    if (muc_person_read(in, stanza_get(x, "jid"), &kept, &who)) {
        const char *reason = stanza_get(x, "reason");
        struct xmpp_invite_in invite = {.room = who.room,
                                        .peer = in->peer,
                                        .reason = reason != NULL && reason[0] != '\0' ? reason
                                                                                      : NULL,
                                        .direct = true};
        *told = who.room != NULL;
        if (*told && reason != NULL && strlen(reason) > XMPP_ROOM_REASON_MAX)
            status = sj_fail(err, SJ_UNACCEPTABLE, "The reason is too long.");
        else if (*told)
            status = in->x->in->muc.invite(in->x->ctx, &in->from, &invite, 1, err);
        else if (who.jid != NULL && strchr(who.jid, '@') != NULL)
            invite_add_uri(uri, who.jid);
    }
    muc_kept_release(&kept);
    return status;
}

/* ---- out ---- */

bool xmpp_room_uri(const struct xmpp *x, unsigned host, const char *room, struct sj_strbuf *out)
{
    struct sj_strbuf bare;
    sj_strbuf_init(&bare, JID_MAX);
    bool ok = room_address(x, host, room, NULL, &bare);
    if (ok)
        invite_add_uri(out, bare.s);
    sj_strbuf_release(&bare);
    return ok;
}

static bool invite_send_direct(struct xmpp *x, unsigned host, const struct xmpp_invite_out *i)
{
    struct sj_strbuf room;
    sj_strbuf_init(&room, JID_MAX);
    xmpp_stanza_t *st = room_stanza_new(x, host, "message", NULL, i->peer, i->to, NULL);
    bool ok = st != NULL && room_address(x, host, i->room, NULL, &room);
    if (ok) {
        xmpp_stanza_t *invite = stanza_add(st, "x", NS_CONFERENCE);
        stanza_set(invite, "jid", room.s);
        stanza_set(invite, "password", i->password);
        stanza_set(invite, "reason", i->reason);
        ok = room_send(x, host, st);
    } else if (st != NULL) {
        xmpp_stanza_release(st);
    }
    sj_strbuf_release(&room);
    return ok;
}

static bool invite_send_mediated(struct xmpp *x, unsigned host, const struct xmpp_invite_out *i)
{
    xmpp_stanza_t *st = room_stanza_new(x, host, "message", NULL, i->room, i->to, NULL);
    if (st == NULL)
        return false;
    xmpp_stanza_t *user = muc_add_user(st);
    xmpp_stanza_t *element = stanza_add(user, i->declines ? "decline" : "invite", NULL);
    stanza_set(element, "from", i->inviter);
    if (i->reason != NULL && i->reason[0] != '\0')
        stanza_add_with_text(element, "reason", i->reason);
    if (i->password != NULL && !i->declines)
        stanza_add_with_text(user, "password", i->password);
    return room_send(x, host, st);
}

bool xmpp_send_invite(struct xmpp *x, unsigned host, const struct xmpp_invite_out *i)
{
    return i->peer != NULL || i->direct ? invite_send_direct(x, host, i)
                                        : invite_send_mediated(x, host, i);
}

bool xmpp_send_room_changed(struct xmpp *x, unsigned host, const char *room, const char *to,
                            uint32_t statuses, const struct xmpp_room_item *item)
{
    xmpp_stanza_t *st =
        room_stanza_new(x, host, "message", item != NULL ? NULL : "groupchat", room, to, NULL);
    if (st == NULL)
        return false;
    xmpp_stanza_t *user = muc_add_user(st);
    if (item != NULL)
        muc_add_item(x, host, user, item);
    muc_add_statuses(user, statuses);
    return room_send(x, host, st);
}
