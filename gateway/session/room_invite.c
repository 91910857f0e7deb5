/* SPDX-License-Identifier: MPL-2.0 */
/* Who is asked into a room by the user: somebody of the network, through the network; anybody else
 * by a message from the room to their address, for which they need an account here.
 * Source: XEP-0045 §7.8, XEP-0249. */
#include <string.h>

#include "language.h"
#include "room.h"
#include "rooms.h"
#include "session.h"
#include "sojourn/strbuf.h"

static enum sj_status invite_peer(struct room *r, const struct xmpp_from *from,
                                  const struct xmpp_invite_in *in, struct sj_error *err)
{
    struct session *s = r->session;
    const struct room_outcome ask = {.ask = ROOM_ASK_INVITE, .room = r->id, .full = from->full,
                                     .id = from->id};
    enum sj_status status;
    struct sj_strbuf id;
    sj_op op = 0;

    if (!s->network->backend->rooms->invite)
        return sj_fail(err, SJ_UNSUPPORTED, "Nobody can be invited on this network.");
    sj_strbuf_init(&id, SJ_ID_MAX);
    status = session_canon(s, in->peer, &id, err);
    if (status != SJ_OK)
        status = sj_fail(err, SJ_NOTFOUND, "This is no address on this network.");
    else if ((op = room_op(s, &ask, err)) == 0)
        status = err->status;
    else
        status = s->network->backend->rooms->invite(s->link, r->id, id.s, in->reason, op, err);
    if (status != SJ_OK && op)
        op_forget(s->all, op);
    sj_strbuf_release(&id);
    return status;
}

static enum sj_status invite_one(struct room *r, const struct xmpp_from *from,
                                 const struct xmpp_invite_in *in, struct sj_error *err)
{
    struct session *s = r->session;
    const struct xmpp_invite_out out = {.room = r->id, .to = in->jid, .inviter = from->user,
                                        .reason = in->reason};

    if (in->peer)
        return invite_peer(r, from, in, err);
    if (!xmpp_send_invite(s->all->xmpp, s->network->index, &out))
        return sj_fail(err, SJ_UNREACHABLE,
                       "The invitation could not be sent now; try again later.");
    contact_set(&r->invited[r->next_invited++ % ROOM_INVITED_MAX], in->jid);
    return SJ_OK;
}

/* Somebody does not come: told to the user who has asked them from here (G045-85), once, so that
 * nobody gets words of strangers this way. Of what contacts had asked, networks hear nothing. */
static void invite_declined(struct sessions *all, const struct xmpp_from *from,
                            const struct xmpp_invite_in *in)
{
    struct session *s = in->jid ? session_find(&all->networks[from->host], in->jid) : NULL;
    struct sj_error ignored = {.status = SJ_OK};
    struct room *r = s ? room_of(s, in->room, &ignored) : NULL;
    const struct xmpp_invite_out out = {.room = r ? r->id : NULL, .to = in->jid,
                                        .inviter = from->user, .reason = in->reason,
                                        .declines = true};

    for (size_t i = 0; r && i < ROOM_INVITED_MAX; i++) {
        if (!r->invited[i] || strcmp(r->invited[i], from->user) != 0)
            continue;
        xmpp_send_invite(all->xmpp, from->host, &out);
        contact_set(&r->invited[i], NULL);
        return;
    }
}

enum sj_status rooms_invite(void *ctx, const struct xmpp_from *from,
                            const struct xmpp_invite_in *in, size_t n, struct sj_error *err)
{
    struct sj_error unheard = {.status = SJ_OK};
    struct room *r;

    if (n > 0 && in[0].declines) {
        invite_declined(ctx, from, &in[0]);
        return SJ_OK;
    }
    r = room_asked(ctx, from, in[0].room, &unheard);
    if (!r)
        return sj_fail(err, SJ_UNACCEPTABLE, "You are not in this room.");
    for (size_t i = 0; i < n; i++) {
        enum sj_status status = invite_one(r, from, &in[i], err);
        if (status != SJ_OK)
            return status;
    }
    return SJ_OK;
}
