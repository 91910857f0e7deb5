/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms of the loopback network: their ids, how they come and go, and who has a standing in them.
 *
 * A room comes to be when a user joins it, and goes with the last user, unless it is persistent or
 * always there (loopback_room_standing.c). Everything is bounded: users are strangers. Who is in a
 * room is the business of loopback_room_people.c, what is said there of loopback_room_message.c;
 * nothing here tells anybody anything. */
#include "loopback_room.h"
#include "loopback_room_alias.h"

#include <string.h>

#include "loopback_room_picture.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* --- ids ---------------------------------------------------------------------------------- */

bool loopback_room_fold(char out[LOOPBACK_ID_MAX + 1], const char *id)
{
    char rest[LOOPBACK_ID_MAX + 1];
    if (id[0] != '#' || strnlen(id, LOOPBACK_ID_MAX + 1) > LOOPBACK_ID_MAX ||
        !loopback_id_fold(rest, id + 1))
        return false;
    out[0] = '#';
    memcpy(out + 1, rest, strlen(rest) + 1);
    return true;
}

bool loopback_is_room(const struct sj_net *net, const char *id)
{
    (void)net;
    return id[0] == '#';
}

struct loopback_room *loopback_room_find(const struct sj_net *net, const char *id)
{
    return sj_map_find(&net->rooms, id);
}

/* --- life --------------------------------------------------------------------------------- */

void loopback_room_set(char **field, const char *text)
{
    sj_free(*field);
    *field = text && *text ? sj_strdup(text) : NULL;
}

/* Forgets rooms of users in which nobody is. */
static void rooms_sweep(struct sj_net *net)
{
    struct loopback_room *r;
    uint32_t at = 0;
    while ((r = sj_map_next(&net->rooms, &at)) != NULL) {
        if (!r->standing && r->n_users == 0)
            loopback_room_free(net, r);
    }
}

struct loopback_room *loopback_room_new(struct sj_net *net, const char *id)
{
    if (net->rooms.used >= LOOPBACK_ROOMS_MAX)
        rooms_sweep(net);
    if (net->rooms.used >= LOOPBACK_ROOMS_MAX)
        return NULL;
    struct loopback_room *r = sj_calloc(1, sizeof *r);
    sj_copy(r->id, sizeof r->id, id);
    sj_map_init(&r->nicks);
    sj_map_init(&r->people);
    sj_map_init(&r->affiliates);
    sj_list_init(&r->order);
    sj_list_init(&r->users);
    sj_list_init(&r->history);
    sj_map_put(&net->rooms, r->id, r);
    return r;
}

static void affiliate_free(struct loopback_affiliate *a)
{
    sj_free(a->reason);
    sj_free(a);
}

/* Frees who is left without a word. */
static void room_free_people(struct loopback_room *r)
{
    while (!sj_list_empty(&r->order)) {
        struct loopback_occupant *o = SJ_CONTAINER(r->order.next, struct loopback_occupant, order);
        sj_list_remove(&o->order);
        sj_free(o->status);
        sj_free(o);
    }
    sj_map_release(&r->nicks);
    sj_map_release(&r->people);
}

void loopback_room_free(struct sj_net *net, struct loopback_room *r)
{
    struct loopback_affiliate *a;
    uint32_t at = 0;
    sj_map_remove(&net->rooms, r->id);
    room_free_people(r);
    while ((a = sj_map_next(&r->affiliates, &at)) != NULL)
        affiliate_free(a);
    sj_map_release(&r->affiliates);
    loopback_room_forget(r);
    loopback_room_picture_release(net, r);
    loopback_room_aliases_clear(r);
    sj_free(r->name);
    sj_free(r->description);
    sj_secret_free(&r->password);
    sj_free(r->subject);
    sj_free(r);
}

void loopback_room_tidy(struct sj_net *net, struct loopback_room *r)
{
    if (!r->standing && r->n_users == 0 && !(r->flags & SJ_ROOM_PERSISTENT))
        loopback_room_free(net, r);
}

void loopback_rooms_release(struct sj_net *net)
{
    struct loopback_room *r;
    uint32_t at = 0;
    while ((r = sj_map_next(&net->rooms, &at)) != NULL)
        loopback_room_free(net, r);
    sj_map_release(&net->rooms);
}

/* --- affiliations ------------------------------------------------------------------------- */

enum sj_affiliation loopback_affiliation_of(const struct loopback_room *r, const char *id)
{
    const struct loopback_affiliate *a = *id ? sj_map_find(&r->affiliates, id) : NULL;
    return a ? a->affiliation : SJ_AFFILIATION_NONE;
}

/* A pattern with * for any characters and ? for one. Without recursion: the last star is where to
 * go on from. */
static bool room_matches(const char *pattern, const char *text)
{
    const char *star = NULL, *from = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            from = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool loopback_room_bans(const struct loopback_room *r, const char *id, const char *nick)
{
    const struct loopback_affiliate *a = sj_map_find(&r->affiliates, id);
    uint32_t at = 0;
    if (a)
        return a->affiliation == SJ_AFFILIATION_OUTCAST;     /* by name counts for more */
    while ((a = sj_map_next(&r->affiliates, &at)) != NULL) {
        if (a->affiliation == SJ_AFFILIATION_OUTCAST && strpbrk(a->id, "*?") &&
            (room_matches(a->id, id) || room_matches(a->id, nick)))
            return true;
    }
    return false;
}

bool loopback_room_affiliate(struct loopback_room *r, const char *id,
                             enum sj_affiliation affiliation, const char *reason)
{
    struct loopback_affiliate *a = sj_map_find(&r->affiliates, id);
    if (affiliation == SJ_AFFILIATION_NONE) {
        if (a) {
            sj_map_remove(&r->affiliates, id);
            affiliate_free(a);
        }
        return true;
    }
    if (!a && r->affiliates.used >= LOOPBACK_AFFILIATES_MAX)
        return false;
    if (!a) {
        a = sj_calloc(1, sizeof *a);
        sj_copy(a->id, sizeof a->id, id);
        sj_map_put(&r->affiliates, a->id, a);
    }
    a->affiliation = affiliation;
    loopback_room_set(&a->reason, reason);
    return true;
}
