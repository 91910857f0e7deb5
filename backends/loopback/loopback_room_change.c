/* SPDX-License-Identifier: MPL-2.0 */
/* What moderators, admins and owners change in a room of the loopback network: who is in it and
 * what they may, and what the room is like; and the lists of who has a standing there.
 *
 * The ladder is that of sojourn/room.h: moderators kick and give voice, admins ban and make
 * members and moderators, owners do the rest. Several changes are judged first, all of them, and
 * only then made: one that is refused refuses all. */
#include <string.h>

#include "loopback_link.h"
#include "loopback_room.h"
#include "loopback_room_alias.h"
#include "loopback_room_picture.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define CHANGE_NAME_MAX 255u
#define CHANGE_DESCRIPTION_MAX 1023u

/* --- what follows from a change ----------------------------------------------------------- */

/* Who is no member has to go. */
static void change_remove_strangers(struct sj_net *net, struct loopback_room *r)
{
    const struct sj_exit exit = {.kind = SJ_EXIT_REMOVED,
                                 .reason = "this room is for members only now"};
    struct sj_list *next;
    for (struct sj_list *i = r->users.next; i != &r->users; i = next) {
        struct loopback_occupant *o = SJ_CONTAINER(i, struct loopback_occupant, user);
        next = i->next;
        if (loopback_affiliation_of(r, o->id) < SJ_AFFILIATION_MEMBER)
            loopback_occupant_exit(net, r, o, &exit);
    }
}

void loopback_room_set_password(struct loopback_room *r, const char *password)
{
    sj_secret_free(&r->password);
    r->flags &= ~(uint32_t)SJ_ROOM_PASSWORD;
    if (!password || !*password)
        return;
    r->password = sj_strdup(password);
    r->flags |= SJ_ROOM_PASSWORD;
}

void loopback_room_set_flags(struct sj_net *net, struct loopback_room *r, uint32_t flags,
                             uint32_t known)
{
    uint32_t old = r->flags;
    if (known & SJ_ROOM_PASSWORD && !(flags & SJ_ROOM_PASSWORD))
        loopback_room_set_password(r, NULL);
    known &= ~(uint32_t)SJ_ROOM_PASSWORD;        /* only with a password there is one */
    r->flags = (r->flags & ~known) | (flags & known);
    if (r->flags & ~old & SJ_ROOM_MEMBERS_ONLY)
        change_remove_strangers(net, r);
    if ((r->flags ^ old) & SJ_ROOM_ANONYMOUS) {
        for (struct sj_list *i = r->order.next; i != &r->order; i = i->next)
            loopback_occupant_tell(net, r, SJ_CONTAINER(i, struct loopback_occupant, order));
    }
}

/* --- may they? ---------------------------------------------------------------------------- */

/* Who stands above cannot be touched. */
static bool change_is_above(const struct loopback_ask *a, const char *id)
{
    enum sj_affiliation mine = loopback_affiliation_of(a->room, a->l->id);
    enum sj_affiliation theirs = loopback_affiliation_of(a->room, id);
    if (strcmp(a->l->id, id) == 0)
        return false;
    return theirs > mine || (theirs == mine && theirs == SJ_AFFILIATION_ADMIN);
}

static enum sj_status change_judge_occupant(struct loopback_ask *a, const struct sj_room_change *c)
{
    const struct loopback_occupant *o = c->nick ? loopback_occupant_find(a->room, c->nick) : NULL;
    enum sj_affiliation mine = loopback_affiliation_of(a->room, a->l->id);
    if (a->self->role != SJ_ROLE_MODERATOR) {
        a->why = "only moderators may do this";
        return SJ_DENIED;
    }
    if (!o) {
        a->why = "there is nobody of this name in the room";
        return SJ_NOTFOUND;
    }
    bool moderates = c->role == SJ_ROLE_MODERATOR || o->role == SJ_ROLE_MODERATOR;
    if (c->kind == SJ_CHANGE_ROLE && moderates && mine < SJ_AFFILIATION_ADMIN) {
        a->why = "only admins make moderators";
        return SJ_DENIED;
    }
    bool admin = loopback_affiliation_of(a->room, o->id) >= SJ_AFFILIATION_ADMIN;
    if (change_is_above(a, o->id) ||
        (c->kind == SJ_CHANGE_ROLE && admin && c->role != SJ_ROLE_MODERATOR)) {
        a->why = "this one stands above you";
        return SJ_NOTALLOWED;
    }
    return SJ_OK;
}

/* Whom a change of affiliation is about: a person, by id or as an occupant, or a pattern for bans.
 * NULL: nobody who can be named. */
static const char *change_whom(const struct loopback_room *r, const struct sj_room_change *c)
{
    const struct loopback_occupant *o = !c->id && c->nick ? loopback_occupant_find(r, c->nick)
                                                          : NULL;
    const char *whom = c->id ? c->id : o ? o->id : c->nick;
    size_t n = whom ? strnlen(whom, LOOPBACK_ID_MAX + 1) : 0;
    if (n == 0 || n > LOOPBACK_ID_MAX ||
        strspn(whom, "abcdefghijklmnopqrstuvwxyz0123456789._-*?") != n)
        return NULL;
    if (strpbrk(whom, "*?") && c->affiliation > SJ_AFFILIATION_OUTCAST)
        return NULL;
    return whom;
}

static enum sj_status change_judge_affiliation(struct loopback_ask *a,
                                               const struct sj_room_change *c)
{
    const char *whom = change_whom(a->room, c);
    enum sj_affiliation mine = loopback_affiliation_of(a->room, a->l->id);
    if (mine < SJ_AFFILIATION_ADMIN) {
        a->why = "only admins may do this";
        return SJ_DENIED;
    }
    if (!whom) {
        a->why = "there is no such user";
        return SJ_NOTFOUND;
    }
    if (c->affiliation == SJ_AFFILIATION_OUTCAST && strcmp(whom, a->l->id) == 0) {
        a->why = "this is yourself";
        return SJ_EXISTS;
    }
    if (change_is_above(a, whom)) {
        a->why = "this one stands above you";
        return SJ_NOTALLOWED;
    }
    bool high = c->affiliation >= SJ_AFFILIATION_ADMIN ||
                loopback_affiliation_of(a->room, whom) >= SJ_AFFILIATION_ADMIN;
    if (high && mine != SJ_AFFILIATION_OWNER) {
        a->why = "only owners make admins and owners";
        return SJ_DENIED;
    }
    return SJ_OK;
}

static enum sj_status change_judge_room(struct loopback_ask *a, const struct sj_room_change *c)
{
    if (loopback_affiliation_of(a->room, a->l->id) != SJ_AFFILIATION_OWNER) {
        a->why = "only owners change the room";
        return SJ_DENIED;
    }
    if (c->kind == SJ_CHANGE_FLAGS && c->known & ~(uint32_t)LOOPBACK_FLAGS_SETTABLE) {
        a->why = "this cannot be changed here";
        return SJ_UNACCEPTABLE;
    }
    if (c->kind == SJ_CHANGE_ALIASES)
        return loopback_room_aliases_judge(a, c);
    if (c->kind == SJ_CHANGE_PICTURE)
        return loopback_room_picture_judge(a, c->picture);
    return SJ_OK;
}

static enum sj_status change_judge(struct loopback_ask *a, const struct sj_room_change *c)
{
    if (c->kind == SJ_CHANGE_KICK || c->kind == SJ_CHANGE_ROLE)
        return change_judge_occupant(a, c);
    if (c->kind == SJ_CHANGE_AFFILIATION)
        return change_judge_affiliation(a, c);
    return change_judge_room(a, c);
}

/* Somebody has to own the room in the end, and the list must hold them all. */
static enum sj_status change_judge_all(struct loopback_ask *a, const struct sj_room_change *c,
                                       size_t n)
{
    const struct loopback_affiliate *f;
    uint32_t at = 0;
    size_t owners = 0, lost = 0, won = 0, named = 0;
    enum sj_status status = SJ_OK;
    for (size_t i = 0; i < n && status == SJ_OK; i++)
        status = change_judge(a, &c[i]);
    if (status != SJ_OK)
        return status;
    while ((f = sj_map_next(&a->room->affiliates, &at)) != NULL)
        owners += f->affiliation == SJ_AFFILIATION_OWNER;
    for (size_t i = 0; i < n; i++) {
        const char *whom = c[i].kind == SJ_CHANGE_AFFILIATION ? change_whom(a->room, &c[i]) : NULL;
        bool owns = whom && loopback_affiliation_of(a->room, whom) == SJ_AFFILIATION_OWNER;
        lost += owns && c[i].affiliation != SJ_AFFILIATION_OWNER;
        won += whom && !owns && c[i].affiliation == SJ_AFFILIATION_OWNER;
        named += whom != NULL;
    }
    if (lost > 0 && owners + won <= lost) {
        a->why = "somebody has to own the room";
        return SJ_EXISTS;
    }
    if (named > 0 && a->room->affiliates.used + named > LOOPBACK_AFFILIATES_MAX) {
        a->why = "the list of this room is full";
        return SJ_LIMIT;
    }
    return SJ_OK;
}

/* --- making them -------------------------------------------------------------------------- */

static void change_occupant(struct loopback_ask *a, const struct sj_room_change *c, const char *by)
{
    const struct sj_exit exit = {.kind = SJ_EXIT_KICKED, .actor = by, .reason = c->text};
    struct loopback_occupant *o = loopback_occupant_find(a->room, c->nick);
    if (!o)
        return;                      /* gone by an earlier one of these changes */
    if (c->kind == SJ_CHANGE_KICK || c->role == SJ_ROLE_NONE)
        loopback_occupant_exit(a->l->base.net, a->room, o, &exit);
    else
        loopback_occupant_set_role(a->l->base.net, a->room, o, c->role);
}

static void change_affiliation(struct loopback_ask *a, const struct sj_room_change *c,
                               const char *by)
{
    char id[LOOPBACK_ID_MAX + 1];
    const char *whom = change_whom(a->room, c);
    if (!whom)
        return;
    sj_copy(id, sizeof id, whom);    /* the occupant may go */
    (void)loopback_room_appoint(a->l->base.net, a->room, id, c->affiliation, by, c->text);
}

/* true: of the room. */
static bool change_make(struct loopback_ask *a, const struct sj_room_change *c, const char *by)
{
    struct loopback_room *r = a->room;
    switch (c->kind) {
    case SJ_CHANGE_KICK:
    case SJ_CHANGE_ROLE:
        change_occupant(a, c, by);
        return false;
    case SJ_CHANGE_AFFILIATION:
        change_affiliation(a, c, by);
        return false;
    case SJ_CHANGE_FLAGS:
        loopback_room_set_flags(a->l->base.net, r, c->flags, c->known);
        return true;
    case SJ_CHANGE_NAME:
        loopback_room_set(&r->name, c->text);
        return true;
    case SJ_CHANGE_DESCRIPTION:
        loopback_room_set(&r->description, c->text);
        return true;
    case SJ_CHANGE_PASSWORD:
        loopback_room_set_password(r, c->text);
        return true;
    case SJ_CHANGE_OCCUPANTS_MAX:
        r->occupants_max = c->number;
        return true;
    case SJ_CHANGE_PICTURE:
        loopback_room_picture_set(a->l->base.net, r, c->picture);
        return true;
    case SJ_CHANGE_ALIASES:
        loopback_room_aliases_set(r, c);
        return true;
    }
    return false;
}

static enum sj_status change_check(const struct sj_room_change *c, size_t n, struct sj_error *err)
{
    static const size_t longest[] = {
        [SJ_CHANGE_KICK] = SJ_REASON_MAX,
        [SJ_CHANGE_ROLE] = SJ_REASON_MAX,
        [SJ_CHANGE_AFFILIATION] = SJ_REASON_MAX,
        [SJ_CHANGE_FLAGS] = SJ_REASON_MAX,
        [SJ_CHANGE_NAME] = CHANGE_NAME_MAX,
        [SJ_CHANGE_DESCRIPTION] = CHANGE_DESCRIPTION_MAX,
        [SJ_CHANGE_PASSWORD] = SJ_ROOM_PASSWORD_MAX,
        [SJ_CHANGE_OCCUPANTS_MAX] = SJ_REASON_MAX,
        [SJ_CHANGE_PICTURE] = SJ_REASON_MAX,
        [SJ_CHANGE_ALIASES] = SJ_REASON_MAX,
    };
    enum sj_status status = SJ_OK;
    if (n > SJ_ROOM_CHANGES_MAX)
        return sj_fail(err, SJ_LIMIT, "these are too many changes at once");
    for (size_t i = 0; i < n && status == SJ_OK; i++)
        status = loopback_ask_text(c[i].text, longest[c[i].kind], err);
    return status;
}

enum sj_status loopback_room_change(struct sj_link *base, const char *room,
                                    const struct sj_room_change *changes, size_t n, sj_op op,
                                    struct sj_error *err)
{
    struct loopback_ask a;
    char by[LOOPBACK_NICK_MAX + 1];
    bool of_room = false;
    enum sj_status status = change_check(changes, n, err);
    if (status == SJ_OK)
        status = loopback_ask_begin(&a, base, room, op, err);
    if (status != SJ_OK)
        return status;
    /* Of a room that shows or hides its people anew each is told again. */
    status = loopback_ask_inside(&a, n + 1 + (a.room ? a.room->nicks.used : 0));
    if (status == SJ_OK)
        status = change_judge_all(&a, changes, n);
    if (status == SJ_OK) {
        sj_copy(by, sizeof by, a.self->nick);        /* who may be put out by this */
        for (size_t i = 0; i < n; i++)
            of_room = change_make(&a, &changes[i], by) || of_room;
    }
    if (of_room)
        loopback_room_tell_room(base->net, a.room);
    loopback_op_finish(a.l, op, status, a.why);
    if (a.room)
        loopback_room_tidy(base->net, a.room);
    return SJ_OK;
}

/* --- lists -------------------------------------------------------------------------------- */

/* The next of them by id; NULL: no more. */
static const struct loopback_affiliate *list_next(const struct loopback_room *r, const char *after,
                                                  enum sj_affiliation affiliation)
{
    const struct loopback_affiliate *f, *best = NULL;
    uint32_t at = 0;
    while ((f = sj_map_next(&r->affiliates, &at)) != NULL) {
        if (f->affiliation == affiliation && strcmp(f->id, after) > 0 &&
            (!best || strcmp(f->id, best->id) < 0))
            best = f;
    }
    return best;
}

/* Who is banned only admins see; the rest everybody sees where everybody sees who is who. */
static enum sj_status list_judge(struct loopback_ask *a, enum sj_affiliation affiliation)
{
    bool admin = loopback_affiliation_of(a->room, a->l->id) >= SJ_AFFILIATION_ADMIN;
    bool hidden = affiliation <= SJ_AFFILIATION_OUTCAST || a->room->flags & SJ_ROOM_ANONYMOUS;
    if (admin || !hidden)
        return SJ_OK;
    a->why = "only admins see this list";
    return SJ_DENIED;
}

enum sj_status loopback_room_affiliates(struct sj_link *base, const char *room,
                                        enum sj_affiliation affiliation, sj_op op,
                                        struct sj_error *err)
{
    struct loopback_ask a;
    const struct loopback_affiliate *f = NULL;
    enum sj_status status = loopback_ask_begin(&a, base, room, op, err);
    if (status != SJ_OK)
        return status;
    status = loopback_ask_inside(&a, 1);
    if (status == SJ_OK)
        status = list_judge(&a, affiliation);
    while (status == SJ_OK && a.l->n_told < LOOPBACK_TOLD_MAX &&
           (f = list_next(a.room, f ? f->id : "", affiliation)) != NULL) {
        const struct loopback_occupant *o = loopback_occupant_of(a.room, f->id);
        struct loopback_told t = {.kind = LOOPBACK_TOLD_AFFILIATE, .op = op,
                                  .affiliation = f->affiliation};
        t.text[LOOPBACK_ID] = f->id;
        t.text[LOOPBACK_NICK] = o ? o->nick : NULL;
        t.text[LOOPBACK_WORDS] = f->reason;
        loopback_told_add(a.l, room, &t);
    }
    loopback_op_finish(a.l, op, status, a.why);
    return SJ_OK;
}
