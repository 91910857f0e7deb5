/* SPDX-License-Identifier: MPL-2.0 */
/* The host's own book of rooms, and the events of rooms checked against it: ground.h. */
#include "ground.h"

#include <assert.h>
#include <string.h>

#include "ground_room.h"
#include "sojourn/memory.h"
#include "sojourn/room.h"

struct ground_room {
    bool is_entered;
    struct sj_map nicks;             /* texts, each its own key */
    char id[];
};

static struct ground_room *room_of(struct sj_link *link, const char *id)
{
    ground_check_call(link);
    ground_check_id(link, id);
    assert(link->backend->rooms->is_room(link->net, id));
    return sj_map_find(&ground_of(link)->rooms, id);
}

static struct ground_room *room_entered(struct sj_link *link, const char *id)
{
    struct ground_room *r = room_of(link, id);

    assert(r && r->is_entered);
    return r;
}

static struct ground_room *room_made(struct sj_link *link, const char *id)
{
    struct ground_room *r = room_of(link, id);
    size_t n = strlen(id) + 1;

    if (r)
        return r;
    r = sj_calloc(1, sizeof *r + n);
    memcpy(r->id, id, n);
    sj_map_init(&r->nicks);
    sj_map_put(&ground_of(link)->rooms, r->id, r);
    return r;
}

static void room_forget(struct ground *g, struct ground_room *r)
{
    char *nick;

    sj_map_remove(&g->rooms, r->id);
    for (uint32_t at = 0; (nick = sj_map_next(&r->nicks, &at));)
        sj_free(nick);
    sj_map_release(&r->nicks);
    sj_free(r);
}

static void nick_add(struct ground_room *r, const char *nick)
{
    char *copy = sj_strdup(nick);

    sj_free(sj_map_remove(&r->nicks, nick));
    sj_map_put(&r->nicks, copy, copy);
}

static void nick_remove(struct ground_room *r, const char *nick)
{
    char *there = sj_map_remove(&r->nicks, nick);

    assert(there);
    sj_free(there);
}

void ground_rooms_release(struct ground *g)
{
    struct ground_room *r;

    for (uint32_t at = 0; (r = sj_map_next(&g->rooms, &at)); at = 0)
        room_forget(g, r);
    sj_map_release(&g->rooms);
}

/* ---- the host ---- */

void ground_check_said(struct sj_link *link, const struct sj_message *m)
{
    room_entered(link, m->peer);
    assert(!m->nick || *m->nick);
}

static void on_entered(struct sj_link *link, const char *room)
{
    struct ground_room *r = room_made(link, room);

    assert(!r->is_entered);
    r->is_entered = true;
}

static void check_exit(const struct sj_exit *e)
{
    if (e->actor)
        ground_check_text(e->actor, SJ_NICK_MAX, false);
    if (e->reason)
        ground_check_text(e->reason, SJ_REASON_MAX, true);
}

static void on_left(struct sj_link *link, const char *room, const struct sj_exit *e)
{
    struct ground_room *r = room_entered(link, room);

    check_exit(e);
    room_forget(ground_of(link), r);
}

static void on_occupant(struct sj_link *link, const char *room, const struct sj_occupant *o)
{
    struct ground_room *r = room_made(link, room);

    assert(*o->nick);
    ground_check_text(o->nick, SJ_NICK_MAX, false);
    if (o->id)
        ground_check_id(link, o->id);
    if (o->account)
        ground_check_text(o->account, SJ_ID_MAX, true);
    if (o->status)
        ground_check_text(o->status, SJ_STATUS_MAX, true);
    assert(o->n_titles <= SJ_ROOM_TITLES_MAX && o->role != SJ_ROLE_NONE);
    nick_add(r, o->nick);
}

static void on_gone(struct sj_link *link, const char *room, const char *nick,
                    const struct sj_exit *e)
{
    check_exit(e);
    nick_remove(room_entered(link, room), nick);
}

static void on_renamed(struct sj_link *link, const char *room, const char *nick, const char *to)
{
    struct ground_room *r = room_entered(link, room);

    ground_check_text(to, SJ_NICK_MAX, false);
    nick_remove(r, nick);
    assert(!sj_map_find(&r->nicks, to));
    nick_add(r, to);
}

static void on_room(struct sj_link *link, const struct sj_room *room)
{
    (void)room_of(link, room->id);
    assert(!(room->flags & ~room->known));
    if (room->description)
        ground_check_text(room->description, SJ_SUBJECT_MAX, true);
}

static void on_subject(struct sj_link *link, const char *room, const char *nick, const char *text,
                       sj_msec set_at)
{
    (void)room_of(link, room);
    assert(set_at >= 0);
    if (nick)
        ground_check_text(nick, SJ_NICK_MAX, false);
    ground_check_text(text, SJ_SUBJECT_MAX, true);
}

static void on_invited(struct sj_link *link, const char *room, const char *by, const char *reason,
                       const char *password)
{
    (void)reason;
    (void)password;
    (void)room_of(link, room);
    if (by)
        ground_check_id(link, by);
}

static void on_typing(struct sj_link *link, const char *room, const char *nick, enum sj_typing t)
{
    (void)t;
    (void)room_entered(link, room);
    ground_check_text(nick, SJ_NICK_MAX, false);
}

static void on_listed(struct sj_link *link, sj_op op, const struct sj_room *room)
{
    ground_check_owed(link, op);
    on_room(link, room);
}

static void on_affiliate(struct sj_link *link, sj_op op, const struct sj_affiliate *a)
{
    ground_check_owed(link, op);
    assert(*a->id);
    ground_check_text(a->id, SJ_ID_MAX, true);
}

static void on_past(struct sj_link *link, sj_op op, const struct sj_message *m)
{
    ground_check_owed(link, op);
    ground_check_id(link, m->peer);
    ground_check_text(m->body, SJ_BODY_MAX, true);
}

const struct sj_host_rooms ground_host_rooms = {
    .entered = on_entered,
    .left = on_left,
    .occupant = on_occupant,
    .occupant_gone = on_gone,
    .occupant_renamed = on_renamed,
    .room = on_room,
    .subject = on_subject,
    .invited = on_invited,
    .typing = on_typing,
    .listed = on_listed,
    .affiliate = on_affiliate,
    .past = on_past,
};

enum sj_status ground_change(struct ground *g, char what, const char *room, const char *rest,
                             sj_op op, struct sj_error *err)
{
    const struct sj_backend_rooms *rooms = g->backend->rooms;
    struct sj_room_change c = {.kind = SJ_CHANGE_AFFILIATION, .id = rest, .nick = rest};

    switch (what) {
    case 'k':
        c.kind = SJ_CHANGE_KICK;
        c.text = "out";
        break;
    case 'b':
        c.affiliation = SJ_AFFILIATION_OUTCAST;
        break;
    case 'u':
        c.affiliation = SJ_AFFILIATION_NONE;
        break;
    case 'o':
        c.affiliation = SJ_AFFILIATION_OWNER;
        break;
    case 'e':
        c.affiliation = SJ_AFFILIATION_MEMBER;
        break;
    case 'a':
        c.affiliation = SJ_AFFILIATION_ADMIN;
        break;
    case 'n':
        c.kind = SJ_CHANGE_OCCUPANTS_MAX;
        c.number = (uint32_t)strlen(rest);
        break;
    case 's':
        c.kind = SJ_CHANGE_ROLE;
        c.role = SJ_ROLE_VISITOR;
        break;
    case 'v':
        c.kind = SJ_CHANGE_ROLE;
        c.role = SJ_ROLE_PARTICIPANT;
        break;
    case 'h':
        c.kind = SJ_CHANGE_ROLE;
        c.role = SJ_ROLE_MODERATOR;
        break;
    case 'p':
        c.kind = SJ_CHANGE_PASSWORD;
        c.text = rest;
        break;
    default:
        c.kind = SJ_CHANGE_FLAGS;
        c.known = rooms->flags_settable;
        c.flags = (uint32_t)strlen(rest);
        break;
    }
    return rooms->change(g->link, room, &c, 1, op, err);
}
