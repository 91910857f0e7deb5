/* SPDX-License-Identifier: MPL-2.0 */
/* The rooms that are always there on a loopback network, to try everything on that can happen in a
 * room: docs/BACKENDS.md has them for readers.
 *
 * The warden owns them all and is in each that lets people in, so that a word brings about what
 * the user cannot (loopback_warden.c). They never go; one that was closed begins anew. */
#include <stdio.h>
#include <string.h>

#include "loopback_link.h"
#include "loopback_room.h"
#include "loopback_room_picture.h"
#include "sojourn/strbuf.h"

struct loopback_standing {
    const char *id, *name, *description;
    const char *subject;             /* or NULL */
    const char *password;            /* or NULL */
    uint32_t flags;                  /* enum sj_room_flag, without PERSISTENT */
    unsigned habits;
    uint32_t occupants_max;
    unsigned past;                   /* messages that were said long ago */
    bool bans_all;
    bool echo;                       /* echo is there, too */
};

#define STANDING_PAST_STEP_MS 60000      /* between them */

static const struct loopback_standing standing_rooms[] = {
    {
        .id = "#lobby",
        .name = "Lobby",
        .description = "Everybody may come in",
        .subject = "Say \"!words\" to learn what happens at a word",
        .echo = true,
    },
    {
        .id = "#moderated",
        .name = "Lecture",
        .description = "Newcomers listen",
        .subject = "Today: listening",
        .flags = SJ_ROOM_MODERATED | SJ_ROOM_SUBJECT_LOCKED,
    },
    {
        .id = "#members",
        .name = "Members",
        .description = "The warden lets people in",
        .flags = SJ_ROOM_MEMBERS_ONLY,
    },
    {
        .id = "#locked",
        .name = "Locked",
        .description = "The password is sesame",
        .password = "sesame",
    },
    {
        .id = "#secret",
        .name = "Secret",
        .description = "In no list",
        .subject = "Nobody knows",
        .flags = SJ_ROOM_SECRET,
    },
    {
        .id = "#anonymous",
        .name = "Masks",
        .description = "Nobody knows who is who",
        .flags = SJ_ROOM_ANONYMOUS,
        .echo = true,
    },
    {
        .id = "#names",
        .name = "Names",
        .description = "Everybody is called as the account is",
        .habits = LOOPBACK_HABIT_LOCKED_NICKS,
    },
    {
        .id = "#registered",
        .name = "Registered",
        .description = "For accounts with a password",
        .habits = LOOPBACK_HABIT_REGISTERED,
    },
    {
        .id = "#archive",
        .name = "Archive",
        .description = "Much was said here long ago",
        .flags = SJ_ROOM_LOGGED,
        .past = 50,
    },
    {
        .id = "#club",
        .name = "Club",
        .description = "Who joins stays until they leave",
        .flags = SJ_ROOM_MEMBERSHIP,
    },
    {
        .id = "#gallery",
        .name = "Gallery",
        .description = "Everybody is seen with a picture, and so is the room",
        .habits = LOOPBACK_HABIT_PICTURES,
        .echo = true,
    },
    {
        .id = "#plain",
        .name = "Plain",
        .description = "Knows of nothing but talking",
        .habits = LOOPBACK_HABIT_PLAIN,
    },
    {
        .id = "#full",
        .name = "Full",
        .description = "Both places are taken",
        .occupants_max = 2,
        .echo = true,
    },
    {
        .id = "#banned",
        .name = "Banned",
        .description = "Nobody may come in",
        .bans_all = true,
    },
    {
        .id = "#slow",
        .name = "Slow",
        .description = "Never answers who wants to come in",
        .habits = LOOPBACK_HABIT_SLOW,
    },
    {
        .id = "#big",
        .name = "Crowd",
        .description = "Very many people",
        .habits = LOOPBACK_HABIT_BIG,
    },
};
#define STANDING_ROOMS (sizeof standing_rooms / sizeof standing_rooms[0])

/* Ids that no room has, and what users hear who try to make one. */
static const struct {
    const char *id;
    enum sj_status status;
    const char *text;
} standing_voids[] = {
    {"#void", SJ_NOTFOUND, "there is no such room"},
    {"#private", SJ_NOTALLOWED, "nobody can make this room"},
};

enum sj_status loopback_room_makeable(const char *id, const char **why)
{
    for (size_t i = 0; i < sizeof standing_voids / sizeof standing_voids[0]; i++) {
        if (strcmp(standing_voids[i].id, id) == 0) {
            *why = standing_voids[i].text;
            return standing_voids[i].status;
        }
    }
    return SJ_OK;
}

static void standing_speak(struct sj_net *net, struct loopback_room *r, unsigned n)
{
    char body[32];
    for (unsigned i = 1; i <= n; i++) {
        const struct sj_message m = {
            .peer = r->id,
            .nick = "echo",
            .body = body,
            .in_room = true,
            .sent_at = sj_loop_utc_ms(net->loop) - (int64_t)(n - i + 1) * STANDING_PAST_STEP_MS,
        };
        snprintf(body, sizeof body, "message %u", i);
        loopback_room_remember(r, "echo", "", ++net->message, &m);
    }
}

void loopback_room_open(struct sj_net *net, const struct loopback_standing *s)
{
    struct loopback_room *r = loopback_room_new(net, s->id);
    if (!r)
        return;
    r->standing = s;
    r->habits = s->habits;
    r->flags = s->flags | SJ_ROOM_PERSISTENT | (s->password ? SJ_ROOM_PASSWORD : 0u);
    r->occupants_max = s->occupants_max;
    if (s->habits & LOOPBACK_HABIT_PICTURES)
        loopback_room_picture_next(net, r);
    loopback_room_set(&r->name, s->name);
    loopback_room_set(&r->description, s->description);
    loopback_room_set(&r->password, s->password);
    (void)loopback_room_affiliate(r, LOOPBACK_WARDEN, SJ_AFFILIATION_OWNER, NULL);
    if (s->bans_all)
        (void)loopback_room_affiliate(r, "*", SJ_AFFILIATION_OUTCAST, "closed to the public");
    (void)loopback_occupant_enter(net, r, LOOPBACK_RESIDENT, LOOPBACK_WARDEN, LOOPBACK_WARDEN);
    if (s->echo)
        (void)loopback_occupant_enter(net, r, LOOPBACK_RESIDENT, "echo", "echo");
    if (s->subject)
        loopback_room_set_subject(net, r, LOOPBACK_WARDEN, s->subject);
    standing_speak(net, r, s->past);
}

void loopback_rooms_open(struct sj_net *net)
{
    sj_map_init(&net->rooms);
    for (size_t i = 0; i < STANDING_ROOMS; i++)
        loopback_room_open(net, &standing_rooms[i]);
}

void loopback_room_fill(struct sj_net *net, struct loopback_room *r)
{
    char nick[LOOPBACK_NICK_MAX + 1];
    if (!(r->habits & LOOPBACK_HABIT_BIG))
        return;
    while (r->nicks.used < net->big_room) {
        snprintf(nick, sizeof nick, "guest%u", ++r->guests);
        if (!loopback_occupant_find(r, nick))
            (void)loopback_occupant_enter(net, r, LOOPBACK_GUEST, "", nick);
    }
}
