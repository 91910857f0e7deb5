/* SPDX-License-Identifier: MPL-2.0 */
/* struct sj_host_rooms: what backends tell of rooms, brought to the room that it is about. Only
 * the link of a session that is logged in counts, and for its rooms one that logs out; rooms that
 * the network enters by itself are made here, as many as a user may have. */
#include "bookmark.h"
#include "room.h"
#include "room_fill.h"
#include "room_list.h"
#include "session.h"
#include "sojourn/strbuf.h"

static struct session *host_any_session(const struct sj_link *link)
{
    struct sessions *all = SJ_CONTAINER(link->host, struct sessions, host);
    struct session *s = session_by_id(all, link->session);

    return s && s->link == link ? s : NULL;
}

static struct session *host_session(const struct sj_link *link)
{
    struct session *s = host_any_session(link);

    return s && s->state == SESSION_ONLINE ? s : NULL;
}

static struct room *host_room(const struct sj_link *link, const char *id)
{
    const struct session *s = host_any_session(link);
    struct room *r = s ? room_find(s, id) : NULL;

    return r && r->state != ROOM_WAITING ? r : NULL;
}

/* The room, made when the network has put the account there. */
static struct room *host_room_made(const struct sj_link *link, const char *id)
{
    struct session *s = host_session(link);
    struct room *r = s ? room_find(s, id) : NULL;
    struct sj_error err = {.status = SJ_OK};

    if (!s || (r && r->state != ROOM_WAITING))
        return r;
    if (!r && (r = room_new(s, id, &err)) == NULL) {
        sj_log_debug(&s->log, "room is not shown room=%s cause=%s", SJ_CLIP(id),
                     SJ_CLIP(err.text));
        return NULL;
    }
    r->unasked = r->n_clients == 0;
    room_enter(r, ROOM_JOINING);
    return r;
}

static void host_entered(struct sj_link *link, const char *room)
{
    struct room *r = host_room_made(link, room);

    if (r)
        room_entered(r);
}

/* A stay that outlasts log-ins ends over there only. Others end by what the user's clients do, too,
 * who may come back. */
static bool room_is_left_for_good(const struct room *r, const struct sj_exit *exit)
{
    if (exit->kind == SJ_EXIT_LOST || r->state == ROOM_LEAVING)
        return false;
    return (r->flags & SJ_ROOM_MEMBERSHIP) || exit->kind == SJ_EXIT_LEFT;
}

static void host_left(struct sj_link *link, const char *room, const struct sj_exit *exit)
{
    struct room *r = host_room(link, room);

    if (!r)
        return;
    if (room_is_left_for_good(r, exit))
        bookmark_left(r);
    room_end(r, exit, 0);
}

static void host_occupant(struct sj_link *link, const char *room, const struct sj_occupant *o)
{
    struct room *r = host_room_made(link, room);

    if (r)
        occupant_told(r, o);
}

static void host_occupant_gone(struct sj_link *link, const char *room, const char *nick,
                               const struct sj_exit *exit)
{
    struct room *r = host_room(link, room);

    if (r)
        occupant_gone(r, nick, exit);
}

static void host_occupant_renamed(struct sj_link *link, const char *room, const char *nick,
                                  const char *new_nick)
{
    struct room *r = host_room(link, room);

    if (r)
        occupant_renamed(r, nick, new_nick);
}

static void host_told(struct sj_link *link, const struct sj_room *in)
{
    struct session *s = host_session(link);

    if (s)
        room_told(s, in);
}

static void host_subject(struct sj_link *link, const char *room, const char *nick,
                         const char *text, sj_msec set_at)
{
    struct room *r = host_room(link, room);

    if (r)
        room_hear_subject(r, nick, text, set_at);
}

static void host_invited(struct sj_link *link, const char *room, const char *by,
                         const char *reason, const char *password)
{
    struct session *s = host_session(link);
    const struct xmpp_invite_out out = {.room = room, .to = s ? s->user : NULL, .peer = by,
                                        .password = password, .reason = reason};

    if (!s)
        return;
    /* One that cannot be the invitation of a contact is the room's (G045-86). */
    if (!xmpp_send_invite(s->all->xmpp, s->network->index, &out))
        session_say(s, "You are invited to a room whose name cannot be an address here.");
}

static void host_typing(struct sj_link *link, const char *room, const char *nick,
                        enum sj_typing typing)
{
    struct room *r = host_room(link, room);

    if (r)
        room_hear_typing(r, nick, typing);
}

static void host_listed(struct sj_link *link, sj_op op, const struct sj_room *in)
{
    struct session *s = host_session(link);

    if (s)
        room_listed(s, op, in);
}

static void host_affiliate(struct sj_link *link, sj_op op, const struct sj_affiliate *in)
{
    struct session *s = host_session(link);

    if (s)
        room_affiliate(s, op, in);
}

static void host_past(struct sj_link *link, sj_op op, const struct sj_message *m)
{
    struct session *s = host_session(link);

    if (s)
        room_past(s, op, m);
}

const struct sj_host_rooms session_host_rooms = {
    .entered = host_entered,
    .left = host_left,
    .occupant = host_occupant,
    .occupant_gone = host_occupant_gone,
    .occupant_renamed = host_occupant_renamed,
    .room = host_told,
    .subject = host_subject,
    .invited = host_invited,
    .typing = host_typing,
    .listed = host_listed,
    .affiliate = host_affiliate,
    .past = host_past,
};
