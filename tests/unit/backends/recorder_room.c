/* SPDX-License-Identifier: MPL-2.0 */
/* The recording host's rooms; see recorder_room.h. */
#include "recorder_room.h"

#include <criterion/criterion.h>

#include "recorder_priv.h"
#include "sojourn/strbuf.h"

static const char *const affiliations[] = {"none", "outcast", "member", "admin", "owner"};
static const char *const roles[] = {"none", "visitor", "participant", "moderator"};
static const char *const shows[] = {"offline", "online", "chat", "away", "xa", "dnd"};
static const char *const exits[] = {"left", "kicked", "banned", "removed", "closed", "lost"};

/* Room and nick of an event are such. */
static void room_check(struct sj_link *link, const char *room, const char *nick)
{
    struct recorder *r = recorder_of(link);
    recorder_check_id(r, link, room);
    cr_assert(link->backend->rooms->is_room(recorder_net(r), room), "%s", room);
    recorder_check_text(nick, SJ_NICK_MAX);
    cr_assert(!nick || *nick, "an empty nick comes up");
}

static const char *room_exit_text(struct sj_strbuf *out, const struct sj_exit *e)
{
    recorder_check_text(e->actor, SJ_NICK_MAX);
    recorder_check_text(e->reason, SJ_REASON_MAX);
    sj_strbuf_init(out, 4096);
    sj_strbuf_addf(out, "%s%s%s%s%s", exits[e->kind], e->actor ? " by " : "",
                   e->actor ? e->actor : "", e->reason ? ": " : "", e->reason ? e->reason : "");
    return out->s;
}

static void on_entered(struct sj_link *link, const char *room)
{
    room_check(link, room, NULL);
    recorder_event(link, "entered %s", room);
}

static void on_left(struct sj_link *link, const char *room, const struct sj_exit *e)
{
    struct sj_strbuf text;
    room_check(link, room, NULL);
    recorder_event(link, "left %s %s", room, room_exit_text(&text, e));
    sj_strbuf_release(&text);
}

static void on_occupant(struct sj_link *link, const char *room, const struct sj_occupant *o)
{
    struct sj_strbuf out;
    room_check(link, room, o->nick);
    recorder_check_text(o->status, SJ_STATUS_MAX);
    recorder_check_text(o->account, SJ_ID_MAX);
    if (o->id)
        recorder_check_id(recorder_of(link), link, o->id);
    cr_assert_leq(o->n_titles, SJ_ROOM_TITLES_MAX);
    sj_strbuf_init(&out, 8192);
    sj_strbuf_addf(&out, "%s %s %s", affiliations[o->affiliation], roles[o->role],
                   shows[o->show]);
    if (o->id)
        sj_strbuf_addf(&out, " id=%s", o->id);
    if (o->account && !(o->id && strcmp(o->id, o->account) == 0))
        sj_strbuf_addf(&out, " account=%s", o->account);
    recorder_check_text(o->avatar, SJ_AVATAR_ID_MAX);
    if (o->avatar)
        sj_strbuf_addf(&out, " picture=%s", o->avatar);
    for (size_t i = 0; i < o->n_titles; i++)
        sj_strbuf_addf(&out, " (%s)", o->titles[i]);
    recorder_event(link, "occupant %s %s%s %s%s%s", room, o->nick, o->self ? " self" : "", out.s,
                   o->status ? ": " : "", o->status ? o->status : "");
    sj_strbuf_release(&out);
}

static void on_occupant_gone(struct sj_link *link, const char *room, const char *nick,
                             const struct sj_exit *e)
{
    struct sj_strbuf text;
    room_check(link, room, nick);
    recorder_event(link, "gone %s %s %s", room, nick, room_exit_text(&text, e));
    sj_strbuf_release(&text);
}

static void on_occupant_renamed(struct sj_link *link, const char *room, const char *nick,
                                const char *new_nick)
{
    room_check(link, room, nick);
    room_check(link, room, new_nick);
    recorder_event(link, "rename %s %s %s", room, nick, new_nick);
}

static void room_text(struct sj_strbuf *out, struct sj_link *link, const struct sj_room *room)
{
    room_check(link, room->id, NULL);
    recorder_check_text(room->name, SJ_NAME_MAX);
    recorder_check_text(room->description, SJ_SUBJECT_MAX);
    cr_assert_eq(room->flags & ~room->known, 0, "flags that are not known");
    sj_strbuf_init(out, 4096);
    sj_strbuf_adds(out, room->id);
    if (room->name)
        sj_strbuf_addf(out, " name \"%s\"", room->name);
    if (room->description)
        sj_strbuf_addf(out, " description \"%s\"", room->description);
    if (room->known)
        sj_strbuf_addf(out, " flags=%x/%x", room->flags, room->known);
    if (room->n_occupants)
        sj_strbuf_addf(out, " n=%u", room->n_occupants);
    if (room->occupants_max)
        sj_strbuf_addf(out, " max=%u", room->occupants_max);
    recorder_check_text(room->avatar, SJ_AVATAR_ID_MAX);
    if (room->avatar && *room->avatar)
        sj_strbuf_addf(out, " picture=%s", room->avatar);
    cr_assert_leq(room->n_aliases, SJ_ROOM_ALIASES_MAX);
    for (size_t i = 0; i < room->n_aliases; i++) {
        recorder_check_text(room->aliases[i], SJ_ID_MAX);
        sj_strbuf_addf(out, " alias=%s", room->aliases[i]);
    }
}

static void on_room(struct sj_link *link, const struct sj_room *room)
{
    struct sj_strbuf text;
    room_text(&text, link, room);
    recorder_event(link, "room %s", text.s);
    sj_strbuf_release(&text);
}

static void on_subject(struct sj_link *link, const char *room, const char *nick, const char *text,
                       sj_msec set_at)
{
    (void)set_at;
    room_check(link, room, nick);
    recorder_check_text(text, SJ_SUBJECT_MAX);
    recorder_event(link, "subject %s%s%s: %s", room, nick ? " " : "", nick ? nick : "", text);
}

static void on_invited(struct sj_link *link, const char *room, const char *by, const char *reason,
                       const char *password)
{
    room_check(link, room, NULL);
    recorder_check_text(reason, SJ_REASON_MAX);
    recorder_check_text(password, SJ_ROOM_PASSWORD_MAX);
    if (by)
        recorder_check_id(recorder_of(link), link, by);
    recorder_event(link, "invited %s%s%s%s%s%s%s%s", room, by ? " by " : "", by ? by : "",
                   reason ? ": " : "", reason ? reason : "", password ? " (" : "",
                   password ? password : "", password ? ")" : "");
}

static void on_typing(struct sj_link *link, const char *room, const char *nick,
                      enum sj_typing typing)
{
    static const char *const words[] = {"stopped", "paused", "active"};
    room_check(link, room, nick);
    recorder_event(link, "typing %s %s %s", room, nick, words[typing]);
}

static void on_listed(struct sj_link *link, sj_op op, const struct sj_room *room)
{
    struct sj_strbuf text;
    room_text(&text, link, room);
    recorder_event(link, "listed %llu %s", (unsigned long long)op, text.s);
    sj_strbuf_release(&text);
}

static void on_affiliate(struct sj_link *link, sj_op op, const struct sj_affiliate *a)
{
    recorder_check_text(a->id, SJ_ID_MAX);
    recorder_check_text(a->nick, SJ_NICK_MAX);
    recorder_check_text(a->reason, SJ_REASON_MAX);
    recorder_event(link, "affiliate %llu %s%s%s %s%s%s", (unsigned long long)op, a->id,
                   a->nick ? " " : "", a->nick ? a->nick : "", affiliations[a->affiliation],
                   a->reason ? ": " : "", a->reason ? a->reason : "");
}

static void on_past(struct sj_link *link, sj_op op, const struct sj_message *m)
{
    room_check(link, m->peer, m->nick);
    recorder_check_text(m->body, SJ_BODY_MAX);
    cr_assert(m->in_room && m->sent_at > 0);
    recorder_event(link, "past %llu %s %s [id=%s]", (unsigned long long)op,
                   m->nick ? m->nick : "-", m->body,
                   m->id ? m->id : "");
}

const struct sj_host_rooms recorder_rooms = {
    .entered = on_entered,
    .left = on_left,
    .occupant = on_occupant,
    .occupant_gone = on_occupant_gone,
    .occupant_renamed = on_occupant_renamed,
    .room = on_room,
    .subject = on_subject,
    .invited = on_invited,
    .typing = on_typing,
    .listed = on_listed,
    .affiliate = on_affiliate,
    .past = on_past,
};

/* --- operations --------------------------------------------------------------------------- */

/* Calls one of the table's functions as operation `op` of link n, and returns what it returns. */
#define ROOM_OP(r, n, member, ...)                                                              \
    do {                                                                                        \
        struct sj_link *link = recorder_link(r, n);                                             \
        sj_op op = recorder_begin(r, n);                                                        \
        return recorder_end(r, n, op,                                                           \
                            link->backend->rooms->member(link, __VA_ARGS__, op,                 \
                                                         recorder_fills(r)));                   \
    } while (0)

enum sj_status recorder_join(struct recorder *r, unsigned n, const char *room, const char *nick,
                             const char *password)
{
    ROOM_OP(r, n, join, room, nick, password);
}

enum sj_status recorder_leave(struct recorder *r, unsigned n, const char *room,
                              const char *reason)
{
    ROOM_OP(r, n, leave, room, reason);
}

enum sj_status recorder_nick(struct recorder *r, unsigned n, const char *room, const char *nick)
{
    ROOM_OP(r, n, set_nick, room, nick);
}

enum sj_status recorder_subject(struct recorder *r, unsigned n, const char *room,
                                const char *text)
{
    ROOM_OP(r, n, set_subject, room, text);
}

enum sj_status recorder_change(struct recorder *r, unsigned n, const char *room,
                               const struct sj_room_change *changes, size_t count)
{
    ROOM_OP(r, n, change, room, changes, count);
}

enum sj_status recorder_affiliates(struct recorder *r, unsigned n, const char *room,
                                   enum sj_affiliation affiliation)
{
    ROOM_OP(r, n, affiliates, room, affiliation);
}

enum sj_status recorder_invite(struct recorder *r, unsigned n, const char *room, const char *id,
                               const char *reason)
{
    ROOM_OP(r, n, invite, room, id, reason);
}

enum sj_status recorder_destroy(struct recorder *r, unsigned n, const char *room,
                                const char *reason)
{
    ROOM_OP(r, n, destroy, room, reason);
}

enum sj_status recorder_look(struct recorder *r, unsigned n, const char *room)
{
    ROOM_OP(r, n, look, room);
}

enum sj_status recorder_aliases(struct recorder *r, unsigned n, const char *room)
{
    ROOM_OP(r, n, aliases, room);
}

enum sj_status recorder_list(struct recorder *r, unsigned n, const char *words, unsigned max)
{
    ROOM_OP(r, n, list, words, max);
}

enum sj_status recorder_history(struct recorder *r, unsigned n, const char *room,
                                const char *before, const char *after, unsigned max)
{
    ROOM_OP(r, n, history, room, before, after, max);
}

enum sj_status recorder_say(struct recorder *r, unsigned n, const char *room, const char *body)
{
    const struct sj_message m = {.peer = room, .in_room = true, .body = body, .id = "m1"};
    return recorder_send_message(r, n, &m);
}

enum sj_status recorder_whisper(struct recorder *r, unsigned n, const char *room,
                                const char *nick, const char *body)
{
    const struct sj_message m = {.peer = room, .nick = nick, .body = body, .id = "m1"};
    return recorder_send_message(r, n, &m);
}
