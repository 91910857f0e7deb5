/* SPDX-License-Identifier: MPL-2.0 */
/* What the user says in a room, from one of their clients that is in it: to everybody, or to one
 * occupant alone. Who may speak is checked as far as it is known; the network decides. The message
 * itself goes the way of all messages (outgoing.c) and comes back to be shown (room_hear.c).
 * Source: XEP-0045 §7.4, §7.5, §7.8, §8.1; requirements §16. */
#include <string.h>

#include "held.h"
#include "language.h"
#include "outgoing.h"
#include "preference.h"
#include "room.h"
#include "rooms.h"
#include "session.h"
#include "sojourn/strbuf.h"
#include "transfer.h"

/* The room of a client that is in it; NULL with err (G045-41, G045-43, G045-47). */
static struct room *say_room(struct session *s, const char *typed, const char *full,
                             struct sj_error *err)
{
    struct room *r = room_of(s, typed, err);
    const struct room_client *c = r ? room_client_find(r, full) : NULL;

    if (c && c->state != ROOM_CLIENT_WAITS && r->state == ROOM_IN && s->state == SESSION_ONLINE)
        return r;
    if (r || err->status != SJ_NOTFOUND)
        sj_fail(err, SJ_UNACCEPTABLE, "You are not in this room.");
    return NULL;
}

static enum sj_status say_check_voice(const struct room *r, struct sj_error *err)
{
    if (r->self && r->self->role == SJ_ROLE_VISITOR)
        return sj_fail(err, SJ_DENIED, "You have no voice in this room.");       /* G045-42 */
    return SJ_OK;
}

/* The occupant that is spoken to; NULL with err. */
static const struct occupant *say_occupant(const struct room *r, const char *shown,
                                           struct sj_error *err)
{
    const struct occupant *o = occupant_shown(r, shown);

    if (!o)
        sj_fail(err, SJ_NOTFOUND, "Nobody in this room has that nickname.");
    return o;
}

/* o: all but who is spoken to. */
static enum sj_status say_send(struct session *s, struct room *r, const char *nick,
                               struct outgoing *o, struct sj_error *err)
{
    const struct occupant *to = nick ? say_occupant(r, nick, err) : NULL;

    if (nick && !to)
        return err->status;
    if (!nick && say_check_voice(r, err) != SJ_OK)
        return err->status;
    o->peer = r->id;
    o->nick = to ? to->nick : NULL;
    o->in_room = to == NULL;
    if (!to && !(o->rich && o->rich->is_mark))
        r->typing = SJ_TYPING_STOPPED;
    if ((o->rich && outgoing_waits(s, o)) || transfer_blocks(s, TRANSFER_OUT, r->id))
        return held_out_add(s, o, err);
    return outgoing_send(s, o, err);
}

enum sj_status room_say(struct session *s, const struct xmpp_message_in *m,
                        const struct attachment *file, struct sj_error *err)
{
    struct room *r = say_room(s, m->peer, m->from.full, err);
    struct outgoing o = {.full = m->from.full, .id = m->from.id, .body = m->body,
                         .action = m->action, .unstyled = m->unstyled, .file = file};
    struct rich rich;

    if (!r)
        return err->status;
    if (s->network->rich || m->replaces || m->attention || m->origin_id || m->unstored) {
        rich_of_text(&rich, m);
        rich.receipt = rich.markable = rich.attention = false;
        o.rich = &rich;
    }
    return say_send(s, r, m->nick, &o, err);
}

enum sj_status room_say_mark(struct session *s, const struct xmpp_mark_in *m, struct sj_error *err)
{
    struct room *r = say_room(s, m->peer, m->from.full, err);
    struct outgoing o = {.full = m->from.full, .id = m->from.id,
                         .body = m->body ? m->body : ""};
    struct rich rich;

    if (m->kind == XMPP_MARK_RECEIVED || (m->kind == XMPP_MARK_DISPLAYED && !r))
        return SJ_OK;                    /* nobody waits for it */
    if (!r)
        return err->status;
    rich_of_mark(&rich, m);
    rich.other_id = m->origin_id;
    o.rich = &rich;
    return say_send(s, r, m->nick, &o, err);
}

/* ---- the subject, and who types ---- */

static enum sj_status say_subject(struct room *r, const struct xmpp_from *from, const char *text,
                                  struct sj_error *err)
{
    const struct sj_backend_rooms *rooms = r->session->network->backend->rooms;
    const struct room_outcome ask = {.ask = ROOM_ASK_SUBJECT, .room = r->id,
                                     .full = from->full, .id = from->id};
    enum sj_status status;
    sj_op op;

    if (!rooms->set_subject)
        return sj_fail(err, SJ_UNSUPPORTED, "Rooms on this network have no subject.");
    if (say_check_voice(r, err) != SJ_OK)
        return err->status;
    op = room_op(r->session, &ask, err);
    if (!op)
        return err->status;
    contact_set(&r->subject_asked, text);
    contact_set(&r->subject_id, from->id);
    status = rooms->set_subject(r->session->link, r->id, text, op, err);
    if (status != SJ_OK)
        op_forget(r->session->all, op);
    return status;
}

enum sj_status rooms_subject(void *ctx, const struct xmpp_from *from, const char *room,
                             const char *text, struct sj_error *err)
{
    struct sessions *all = ctx;
    struct session *s = session_find(&all->networks[from->host], from->user);
    struct room *r;

    if (!s || !s->registered)
        return sj_fail(err, SJ_UNACCEPTABLE, "You are not in this room.");
    session_heard(s, from);
    r = say_room(s, room, from->full, err);
    return r ? say_subject(r, from, text, err) : err->status;
}

/* The user's other clients see it as well (G045-50), but for one that rooms have not (G085-08). */
static void say_state_around(const struct room *r, const struct xmpp_from *from,
                             enum xmpp_chat_state state)
{
    const struct session *s = r->session;
    const struct sj_list *at;

    if (state == XMPP_STATE_GONE)
        return;
    for (at = r->clients.next; r->self && at != &r->clients; at = at->next) {
        const struct room_client *c = SJ_CONTAINER(at, struct room_client, link);
        if (c->state == ROOM_CLIENT_IN && strcmp(c->full, from->full) != 0)
            xmpp_send_room_state(s->all->xmpp, s->network->index, r->id, occupant_nick(r->self),
                                 c->full, s->user, state, false);
    }
}

void rooms_state(void *ctx, const struct xmpp_from *from, const char *room, const char *nick,
                 enum xmpp_chat_state state)
{
    struct sessions *all = ctx;
    struct session *s = session_find(&all->networks[from->host], from->user);
    struct sj_error ignored = {.status = SJ_OK};
    struct room *r = s ? say_room(s, room, from->full, &ignored) : NULL;
    enum sj_typing typing = state == XMPP_STATE_COMPOSING ? SJ_TYPING_ACTIVE
                            : state == XMPP_STATE_PAUSED  ? SJ_TYPING_PAUSED
                                                          : SJ_TYPING_STOPPED;

    if (!r || nick)
        return;
    say_state_around(r, from, state);
    if (!(abilities_caps(s) & SJ_CAP_TYPING) || r->typing == typing ||
        !session_prefers(s, PREFERENCE_TYPING))
        return;
    r->typing = typing;
    s->network->backend->set_typing(s->link, r->id, typing);
}
