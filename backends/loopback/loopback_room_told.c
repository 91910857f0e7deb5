/* SPDX-License-Identifier: MPL-2.0 */
/* What is to be told of a room: copied into the queue of a link, and given to its host when it is
 * due. What a room is (name, flags) is looked up then; everything else is told as it was. */
#include <string.h>

#include "loopback_link.h"
#include "loopback_room.h"
#include "loopback_room_picture.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define TOLD_ROOM_FLAGS                                                                        \
    (SJ_ROOM_SECRET | SJ_ROOM_MEMBERS_ONLY | SJ_ROOM_MODERATED | SJ_ROOM_PASSWORD |            \
     SJ_ROOM_SUBJECT_LOCKED | SJ_ROOM_PERSISTENT | SJ_ROOM_ANONYMOUS | SJ_ROOM_LOGGED |        \
     SJ_ROOM_ENCRYPTED | SJ_ROOM_MEMBERSHIP)

void loopback_told_add(struct loopback_link *l, const char *room, const struct loopback_told *t)
{
    size_t bytes = sizeof *t;
    for (size_t i = 0; i < LOOPBACK_TEXTS; i++)
        bytes += t->text[i] ? strlen(t->text[i]) + 1 : 0;
    struct loopback_event *e = loopback_queue_add(l, LOOPBACK_EVENT_ROOM);
    struct loopback_told *copy = sj_malloc(bytes);
    char *at = (char *)(copy + 1);
    *copy = *t;
    for (size_t i = 0; i < LOOPBACK_TEXTS; i++) {
        if (!t->text[i])
            continue;
        size_t n = strlen(t->text[i]) + 1;
        copy->text[i] = memcpy(at, t->text[i], n);
        at += n;
    }
    sj_copy(e->id, sizeof e->id, room);
    e->told = copy;
    l->n_told++;
}

/* --- to the host -------------------------------------------------------------------------- */

static void told_occupant(struct loopback_link *l, const char *room, const struct loopback_told *t)
{
    const struct sj_occupant o = {
        .nick = t->text[LOOPBACK_NICK],
        .id = t->text[LOOPBACK_ID],
        .account = t->text[LOOPBACK_OTHER],
        .affiliation = t->affiliation,
        .role = t->role,
        .show = t->show,
        .status = t->text[LOOPBACK_WORDS],
        .avatar = t->text[LOOPBACK_AVATAR],
        .titles = t->titles,
        .n_titles = t->n_titles,
        .self = t->flag,
    };
    l->base.host->rooms->occupant(&l->base, room, &o);
}

static void told_exit(struct loopback_link *l, const char *room, const struct loopback_told *t)
{
    const struct sj_exit e = {
        .kind = t->exit,
        .actor = t->text[LOOPBACK_OTHER],
        .reason = t->text[LOOPBACK_WORDS],
    };
    if (t->kind == LOOPBACK_TOLD_LEFT)
        l->base.host->rooms->left(&l->base, room, &e);
    else
        l->base.host->rooms->occupant_gone(&l->base, room, t->text[LOOPBACK_NICK], &e);
}

static void told_room(struct loopback_link *l, const char *id, const struct loopback_told *t)
{
    const struct loopback_room *r = loopback_room_find(l->base.net, id);
    if (!r)
        return;                      /* gone meanwhile */
    char avatar[LOOPBACK_AVATAR_SIZE];
    loopback_room_avatar(r, avatar);
    const struct sj_room room = {
        .id = r->id,
        .avatar = avatar,
        .name = r->name ? r->name : "",
        .description = r->description ? r->description : "",
        .flags = r->flags,
        .known = TOLD_ROOM_FLAGS,
        .n_occupants = r->habits & LOOPBACK_HABIT_BIG && r->n_users == 0
                           ? l->base.net->big_room : r->nicks.used,
        .occupants_max = r->occupants_max,
        .aliases = (const char *const *)r->aliases,
        .n_aliases = r->n_aliases,
    };
    if (t->kind == LOOPBACK_TOLD_LISTED)
        l->base.host->rooms->listed(&l->base, t->op, &room);
    else
        l->base.host->rooms->room(&l->base, &room);
}

static void told_invited(struct loopback_link *l, const char *id, const struct loopback_told *t)
{
    const struct loopback_room *r = loopback_room_find(l->base.net, id);
    if (r)
        l->base.host->rooms->invited(&l->base, id, t->text[LOOPBACK_ID], t->text[LOOPBACK_WORDS],
                                     t->flag ? r->password : NULL);
}

static void told_affiliate(struct loopback_link *l, const struct loopback_told *t)
{
    const struct sj_affiliate a = {
        .id = t->text[LOOPBACK_ID],
        .nick = t->text[LOOPBACK_NICK],
        .reason = t->text[LOOPBACK_WORDS],
        .affiliation = t->affiliation,
    };
    l->base.host->rooms->affiliate(&l->base, t->op, &a);
}

void loopback_told_tell(struct loopback_link *l, const struct loopback_event *e)
{
    const struct sj_host_rooms *host = l->base.host->rooms;
    const struct loopback_told *t = e->told;
    switch (t->kind) {
    case LOOPBACK_TOLD_ENTERED:
        host->entered(&l->base, e->id);
        break;
    case LOOPBACK_TOLD_LEFT:
    case LOOPBACK_TOLD_GONE:
        told_exit(l, e->id, t);
        break;
    case LOOPBACK_TOLD_OCCUPANT:
        told_occupant(l, e->id, t);
        break;
    case LOOPBACK_TOLD_RENAMED:
        host->occupant_renamed(&l->base, e->id, t->text[LOOPBACK_NICK], t->text[LOOPBACK_OTHER]);
        break;
    case LOOPBACK_TOLD_ROOM:
    case LOOPBACK_TOLD_LISTED:
        told_room(l, e->id, t);
        break;
    case LOOPBACK_TOLD_SUBJECT:
        host->subject(&l->base, e->id, t->text[LOOPBACK_NICK], t->text[LOOPBACK_WORDS], t->at);
        break;
    case LOOPBACK_TOLD_INVITED:
        told_invited(l, e->id, t);
        break;
    case LOOPBACK_TOLD_TYPING:
        host->typing(&l->base, e->id, t->text[LOOPBACK_NICK], t->typing);
        break;
    case LOOPBACK_TOLD_AFFILIATE:
        told_affiliate(l, t);
        break;
    }
}
