/* SPDX-License-Identifier: MPL-2.0 */
/* What the host hears of channels, and what users do there; see irc_world_room.h. */
#include "irc_world_room.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "irc.h"
#include "irc_chan.h"
#include "sojourn/strbuf.h"

static const char *const affiliations[] = { "none", "outcast", "member", "admin", "owner" };
static const char *const roles[] = { "none", "visitor", "participant", "moderator" };
static const char *const shows[] = { "offline", "online", "chat", "away", "xa", "dnd" };
static const char *const exits[] = { "left", "kicked", "banned", "removed", "closed", "lost" };

static void say(struct sj_link *l, struct sj_strbuf *text)
{
    cr_assert(sj_utf8_valid(text->s, text->len));
    for (const char *p = text->s; *p; p++)
        cr_assert((unsigned char)*p >= 0x20 || *p == '\t' || *p == '\n');
    irc_world_event(l, text->s);
    sj_strbuf_release(text);
}

static void begin(struct sj_strbuf *out, struct sj_link *l, const char *what, const char *room)
{
    struct sj_strbuf canon;

    sj_strbuf_init(&canon, SJ_ID_MAX);
    cr_assert(irc_backend_rooms.is_room(l->net, room));
    cr_assert_eq(irc_backend.id_canon(&canon, l->net, l, room, NULL), SJ_OK);
    cr_assert_str_eq(canon.s, room);
    sj_strbuf_release(&canon);
    sj_strbuf_init(out, 16000);
    sj_strbuf_addf(out, "%s %s", what, room);
}

static void on_entered(struct sj_link *l, const char *room)
{
    struct sj_strbuf out;

    begin(&out, l, "entered", room);
    say(l, &out);
}

static void add_exit(struct sj_strbuf *out, const struct sj_exit *e)
{
    sj_strbuf_addf(out, " %s", exits[e->kind]);
    if (e->actor)
        sj_strbuf_addf(out, " by %s", e->actor);
    if (e->reason)
        sj_strbuf_addf(out, ": %s", e->reason);
}

static void on_left(struct sj_link *l, const char *room, const struct sj_exit *e)
{
    struct sj_strbuf out;

    begin(&out, l, "left", room);
    add_exit(&out, e);
    say(l, &out);
}

static void on_occupant(struct sj_link *l, const char *room, const struct sj_occupant *o)
{
    struct sj_strbuf out;

    begin(&out, l, "occupant", room);
    cr_assert(*o->nick);
    cr_assert_leq(strlen(o->nick), SJ_NICK_MAX);
    cr_assert_leq(o->n_titles, SJ_ROOM_TITLES_MAX);
    sj_strbuf_addf(&out, " %s%s %s %s %s", o->nick, o->self ? " self" : "",
                   affiliations[o->affiliation], roles[o->role], shows[o->show]);
    if (!o->id || strcmp(o->id, o->nick) != 0)
        sj_strbuf_addf(&out, " id=%s", o->id ? o->id : "-");
    if (o->account)
        sj_strbuf_addf(&out, " account=%s", o->account);
    for (size_t i = 0; i < o->n_titles; i++)
        sj_strbuf_addf(&out, " (%s)", o->titles[i]);
    if (o->status)
        sj_strbuf_addf(&out, ": %s", o->status);
    say(l, &out);
}

static void on_gone(struct sj_link *l, const char *room, const char *nick,
                    const struct sj_exit *e)
{
    struct sj_strbuf out;

    begin(&out, l, "gone", room);
    sj_strbuf_addf(&out, " %s", nick);
    add_exit(&out, e);
    say(l, &out);
}

static void on_renamed(struct sj_link *l, const char *room, const char *nick, const char *to)
{
    struct sj_strbuf out;

    begin(&out, l, "rename", room);
    sj_strbuf_addf(&out, " %s %s", nick, to);
    say(l, &out);
}

static void on_room(struct sj_link *l, const struct sj_room *r)
{
    struct sj_strbuf out;

    begin(&out, l, "room", r->id);
    cr_assert_eq(r->flags & ~r->known, 0);
    if (r->name)
        sj_strbuf_addf(&out, " \"%s\"", r->name);
    sj_strbuf_addf(&out, " flags=%x/%x", (unsigned)r->flags, (unsigned)r->known);
    if (r->n_occupants)
        sj_strbuf_addf(&out, " n=%u", (unsigned)r->n_occupants);
    if (r->occupants_max)
        sj_strbuf_addf(&out, " max=%u", (unsigned)r->occupants_max);
    if (r->description)
        sj_strbuf_addf(&out, ": %s", r->description);
    say(l, &out);
}

static void on_subject(struct sj_link *l, const char *room, const char *nick, const char *text,
                       sj_msec set_at)
{
    struct sj_strbuf out;

    begin(&out, l, "subject", room);
    if (nick)
        sj_strbuf_addf(&out, " %s", nick);
    if (set_at)
        sj_strbuf_addf(&out, " @%lld", (long long)set_at);
    sj_strbuf_addf(&out, ": %s", text);
    say(l, &out);
}

static void on_invited(struct sj_link *l, const char *room, const char *by, const char *reason,
                       const char *password)
{
    struct sj_strbuf out;

    cr_assert(!reason && !password);
    begin(&out, l, "invited", room);
    if (by)
        sj_strbuf_addf(&out, " by %s", by);
    say(l, &out);
}

static void on_typing(struct sj_link *l, const char *room, const char *nick, enum sj_typing t)
{
    static const char *const kinds[] = { "stopped", "paused", "active" };
    struct sj_strbuf out;

    begin(&out, l, "typing", room);
    sj_strbuf_addf(&out, " %s %s", nick, kinds[t]);
    say(l, &out);
}

static void on_listed(struct sj_link *l, sj_op op, const struct sj_room *r)
{
    struct sj_strbuf out;

    begin(&out, l, "listed", r->id);
    sj_strbuf_addf(&out, " op=%u", (unsigned)op);
    if (r->n_occupants)
        sj_strbuf_addf(&out, " n=%u", (unsigned)r->n_occupants);
    if (r->description)
        sj_strbuf_addf(&out, ": %s", r->description);
    say(l, &out);
}

static void on_affiliate(struct sj_link *l, sj_op op, const struct sj_affiliate *a)
{
    struct sj_strbuf out;

    sj_strbuf_init(&out, 4096);
    sj_strbuf_addf(&out, "affiliate %u %s %s", (unsigned)op, a->id, affiliations[a->affiliation]);
    if (a->nick)
        sj_strbuf_addf(&out, " nick=%s", a->nick);
    if (a->reason)
        sj_strbuf_addf(&out, ": %s", a->reason);
    say(l, &out);
}

static void on_past(struct sj_link *l, sj_op op, const struct sj_message *m)
{
    struct sj_strbuf out;

    begin(&out, l, "past", m->peer);
    sj_strbuf_addf(&out, " op=%u %s [%s @%lld]%s %s", (unsigned)op, m->nick, m->id ? m->id : "-",
                   (long long)m->sent_at, m->action ? " action" : "", m->body);
    say(l, &out);
}

const struct sj_host_rooms irc_world_rooms = {
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

/* ---- operations ---- */

static struct sj_link *link_of(const struct irc_world *w)
{
    return &irc_world_link(w)->base;
}

enum sj_status irc_joins(struct irc_world *w, const char *room, const char *password)
{
    sj_op op = irc_world_begin(w);

    return irc_world_end(w, irc_backend_rooms.join(link_of(w), room, "me", password, op,
                                                   irc_world_error(w)));
}

enum sj_status irc_parts(struct irc_world *w, const char *room, const char *reason)
{
    sj_op op = irc_world_begin(w);

    return irc_world_end(w, irc_backend_rooms.leave(link_of(w), room, reason, op,
                                                    irc_world_error(w)));
}

enum sj_status irc_renames(struct irc_world *w, const char *room, const char *nick)
{
    sj_op op = irc_world_begin(w);

    return irc_world_end(w, irc_backend_rooms.set_nick(link_of(w), room, nick, op,
                                                       irc_world_error(w)));
}

enum sj_status irc_topics(struct irc_world *w, const char *room, const char *text)
{
    sj_op op = irc_world_begin(w);

    return irc_world_end(w, irc_backend_rooms.set_subject(link_of(w), room, text, op,
                                                          irc_world_error(w)));
}

enum sj_status irc_invites(struct irc_world *w, const char *room, const char *id)
{
    sj_op op = irc_world_begin(w);

    return irc_world_end(w, irc_backend_rooms.invite(link_of(w), room, id, NULL, op,
                                                     irc_world_error(w)));
}

enum sj_status irc_says_in(struct irc_world *w, const char *room, const char *body)
{
    const struct sj_message msg = { .peer = room, .in_room = true, .body = body };

    return irc_sends_message(w, &msg);
}

enum sj_status irc_changes(struct irc_world *w, const char *room,
                           const struct sj_room_change *changes, size_t n)
{
    sj_op op = irc_world_begin(w);

    return irc_world_end(w, irc_backend_rooms.change(link_of(w), room, changes, n, op,
                                                     irc_world_error(w)));
}

enum sj_status irc_affiliates(struct irc_world *w, const char *room, enum sj_affiliation a)
{
    sj_op op = irc_world_begin(w);

    return irc_world_end(w, irc_backend_rooms.affiliates(link_of(w), room, a, op,
                                                         irc_world_error(w)));
}

enum sj_status irc_looks(struct irc_world *w, const char *room)
{
    sj_op op = irc_world_begin(w);

    return irc_world_end(w, irc_backend_rooms.look(link_of(w), room, op, irc_world_error(w)));
}

enum sj_status irc_lists(struct irc_world *w, const char *words, unsigned max)
{
    sj_op op = irc_world_begin(w);

    return irc_world_end(w, irc_backend_rooms.list(link_of(w), words, max, op,
                                                   irc_world_error(w)));
}

enum sj_status irc_histories(struct irc_world *w, const char *room, const char *before,
                             const char *after, unsigned max)
{
    sj_op op = irc_world_begin(w);

    return irc_world_end(w, irc_backend_rooms.history(link_of(w), room, before, after, max, op,
                                                      irc_world_error(w)));
}

/* ---- conversations ---- */

void irc_in_channel(struct irc_world *w, const char *room, const char *names)
{
    char line[1024];

    cr_assert_eq(irc_joins(w, room, NULL), SJ_OK);
    (void)snprintf(line, sizeof line, "JOIN %s", room);
    irc_gets(w, line);
    (void)snprintf(line, sizeof line, ":me!me@host.example.org JOIN %s", room);
    irc_says(w, line);
    (void)snprintf(line, sizeof line, ":irc.test 353 me = %s :%s", room, names);
    irc_says(w, line);
    (void)snprintf(line, sizeof line, ":irc.test 366 me %s :End of /NAMES list", room);
    irc_says(w, line);
    (void)snprintf(line, sizeof line, "entered %s", room);
    irc_skips_to(w, line);
    cr_assert(strstr(irc_event(w), " ok"));
    (void)snprintf(line, sizeof line, "MODE %s", room);
    irc_gets(w, line);
}

void irc_pongs(struct irc_world *w)
{
    char line[600];
    const char *ping = irc_gets(w, NULL);

    cr_assert(strncmp(ping, "PING ", 5) == 0, "no PING: %s", ping);
    (void)snprintf(line, sizeof line, ":irc.test PONG irc.test %s", ping + 5);
    irc_says(w, line);
}

void irc_skips_to(struct irc_world *w, const char *event)
{
    const char *got;

    do {
        got = irc_event(w);
        cr_assert(*got, "never heard: %s", event);
    } while (strcmp(got, event) != 0);
}
