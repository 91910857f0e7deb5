/* SPDX-License-Identifier: MPL-2.0 */
/* What users do with rooms of the loopback network: join, leave, be called something, set the
 * subject, invite, close, look, list.
 *
 * As in loopback_ops.c: each operation checks, returns at once, and leaves its outcome in the
 * queue. Changes of others and of the room are in loopback_room_change.c. */
#include <string.h>

#include "loopback_link.h"
#include "loopback_room.h"
#include "loopback_room_alias.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

enum sj_status loopback_ask_begin(struct loopback_ask *a, struct sj_link *base, const char *room,
                                  sj_op op, struct sj_error *err)
{
    char folded[LOOPBACK_ID_MAX + 1];
    *a = (struct loopback_ask){.l = loopback_link_of(base)};
    if (!loopback_room_fold(folded, room) || strcmp(folded, room) != 0)
        return sj_fail(err, SJ_INVALID, "no room of this network");
    if (loopback_op_begin(a->l, op, err) != SJ_OK)
        return err->status;
    a->room = loopback_room_find(base->net, room);
    a->self = a->room ? loopback_occupant_of(a->room, a->l->id) : NULL;
    return SJ_OK;
}

enum sj_status loopback_ask_text(const char *text, size_t max, struct sj_error *err)
{
    size_t n = text ? strnlen(text, max + 1) : 0;
    if (n > max || (n > 0 && !sj_utf8_valid(text, n)))
        return sj_fail(err, SJ_UNACCEPTABLE, "a text here has at most %zu bytes", max);
    return SJ_OK;
}

enum sj_status loopback_ask_inside(struct loopback_ask *a, size_t n)
{
    if (!a->self) {
        a->why = "you are not in this room";
        return SJ_UNACCEPTABLE;
    }
    if (a->room->habits & LOOPBACK_HABIT_PLAIN) {
        a->why = "this room knows of nothing but talking";
        return SJ_UNSUPPORTED;
    }
    if (!loopback_room_has_space(a->l->base.net, a->room, n)) {
        a->why = "too much waits for those who are in this room";
        return SJ_LIMIT;
    }
    return SJ_OK;
}

/* --- joining ------------------------------------------------------------------------------ */

static bool join_password_ok(const struct loopback_room *r, const char *password)
{
    size_t n = r->password ? strlen(r->password) : 0;
    if (!r->password)
        return true;
    return password && strlen(password) == n && sj_equal_secret(password, r->password, n);
}

/* Does the room let this one in? */
static enum sj_status join_judge(struct loopback_ask *a, const char *nick, const char *password)
{
    const struct loopback_room *r = a->room;
    const char *id = a->l->id;
    enum sj_affiliation mine = loopback_affiliation_of(r, id);
    if (loopback_room_bans(r, id, nick)) {
        a->why = "you are banned from this room";
        return SJ_DENIED;
    }
    if (r->flags & SJ_ROOM_MEMBERS_ONLY && mine < SJ_AFFILIATION_MEMBER) {
        a->why = "this room is for members only";
        return SJ_UNREGISTERED;
    }
    if (r->habits & LOOPBACK_HABIT_REGISTERED && !a->l->has_password) {
        a->why = "this room is for registered users only";
        return SJ_UNREGISTERED;
    }
    if (!join_password_ok(r, password)) {
        a->why = "this room wants another password";
        return SJ_AUTH;
    }
    if (r->nicks.used >= LOOPBACK_OCCUPANTS_MAX ||
        (r->occupants_max && r->nicks.used >= r->occupants_max && mine < SJ_AFFILIATION_ADMIN)) {
        a->why = "this room is full";
        return SJ_LIMIT;
    }
    if (loopback_occupant_find(r, nick)) {
        a->why = "this nickname is taken";
        return SJ_EXISTS;
    }
    return SJ_OK;
}

static enum sj_status join_make(struct loopback_ask *a, const char *id)
{
    enum sj_status status = loopback_room_makeable(id, &a->why);
    if (status != SJ_OK)
        return status;
    if (loopback_room_by_alias(a->l->base.net, id)) {
        a->why = N_("the room of this address goes by another one; look for it in the list");
        return SJ_NOTALLOWED;
    }
    a->room = loopback_room_new(a->l->base.net, id);
    if (!a->room) {
        a->why = "there are too many rooms";
        return SJ_NOTALLOWED;
    }
    (void)loopback_room_affiliate(a->room, a->l->id, SJ_AFFILIATION_OWNER, NULL);
    return SJ_OK;
}

static enum sj_status join_enter(struct loopback_ask *a, const char *nick, const char *password)
{
    struct sj_net *net = a->l->base.net;
    enum sj_status status = join_judge(a, nick, password);
    if (status != SJ_OK)
        return status;
    loopback_room_fill(net, a->room);
    if (!loopback_room_has_space(net, a->room, 1) ||
        a->l->n_told + a->room->nicks.used + 4 > LOOPBACK_TOLD_MAX) {
        a->why = "too much waits for those who are in this room";
        return SJ_LIMIT;
    }
    if (a->room->flags & SJ_ROOM_MEMBERSHIP &&
        loopback_affiliation_of(a->room, a->l->id) == SJ_AFFILIATION_NONE &&
        !loopback_room_affiliate(a->room, a->l->id, SJ_AFFILIATION_MEMBER, NULL)) {
        a->why = "this room has too many members";
        return SJ_LIMIT;
    }
    (void)loopback_occupant_enter(net, a->room, LOOPBACK_USER, a->l->id, nick);
    loopback_room_tell_all(a->l, a->room);
    return SJ_OK;
}

/* Who asked to come into the room that never answers does not want to any more. */
static void join_cancel(struct loopback_link *l)
{
    loopback_op_finish(l, l->waiting, SJ_CANCELED, NULL);
    l->waiting = 0;
}

static enum sj_status loopback_join(struct sj_link *base, const char *room, const char *nick,
                                    const char *password, sj_op op, struct sj_error *err)
{
    struct loopback_ask a;
    char folded[LOOPBACK_NICK_MAX + 1];
    enum sj_status status = loopback_ask_begin(&a, base, room, op, err);
    if (status != SJ_OK)
        return status;
    if (a.self) {
        loopback_op_finish(a.l, op, SJ_OK, NULL);        /* idempotent */
        return SJ_OK;
    }
    if (!nick || (a.room && a.room->habits & LOOPBACK_HABIT_LOCKED_NICKS))
        nick = a.l->id;
    if (!loopback_nick_fold(folded, nick)) {
        loopback_op_finish(a.l, op, SJ_UNACCEPTABLE, "this is no nickname");
        return SJ_OK;
    }
    if (a.room && a.room->habits & LOOPBACK_HABIT_SLOW) {
        join_cancel(a.l);
        a.l->waiting = op;
        return SJ_OK;                /* and no outcome */
    }
    status = a.room ? SJ_OK : join_make(&a, room);
    if (status == SJ_OK)
        status = join_enter(&a, folded, password);
    loopback_op_finish(a.l, op, status, a.why);
    if (status != SJ_OK && a.room)
        loopback_room_tidy(base->net, a.room);
    return SJ_OK;
}

static enum sj_status loopback_leave(struct sj_link *base, const char *room, const char *reason,
                                     sj_op op, struct sj_error *err)
{
    struct loopback_ask a;
    enum sj_status status = loopback_ask_text(reason, SJ_REASON_MAX, err);
    if (status == SJ_OK)
        status = loopback_ask_begin(&a, base, room, op, err);
    if (status != SJ_OK)
        return status;
    const struct sj_exit exit = {.kind = SJ_EXIT_LEFT, .reason = reason};
    if (a.self) {
        if (a.room->flags & SJ_ROOM_MEMBERSHIP &&
            loopback_affiliation_of(a.room, a.l->id) == SJ_AFFILIATION_MEMBER)
            (void)loopback_room_affiliate(a.room, a.l->id, SJ_AFFILIATION_NONE, NULL);
        loopback_occupant_exit(base->net, a.room, a.self, &exit);
        loopback_room_tidy(base->net, a.room);
    } else if (a.room && a.room->habits & LOOPBACK_HABIT_SLOW) {
        join_cancel(a.l);
    }
    loopback_op_finish(a.l, op, SJ_OK, NULL);            /* also when there was none */
    return SJ_OK;
}

/* --- in the room -------------------------------------------------------------------------- */

static enum sj_status nick_change(struct loopback_ask *a, const char *nick)
{
    const struct loopback_occupant *other = loopback_occupant_find(a->room, nick);
    if (a->room->habits & LOOPBACK_HABIT_LOCKED_NICKS) {
        a->why = "everybody here is called as the account is";
        return SJ_UNACCEPTABLE;
    }
    if (other && other != a->self) {
        a->why = "this nickname is taken";
        return SJ_EXISTS;
    }
    if (other != a->self)
        loopback_occupant_rename(a->l->base.net, a->room, a->self, nick);
    return SJ_OK;
}

static enum sj_status loopback_set_nick(struct sj_link *base, const char *room, const char *nick,
                                        sj_op op, struct sj_error *err)
{
    struct loopback_ask a;
    char folded[LOOPBACK_NICK_MAX + 1];
    enum sj_status status = loopback_ask_begin(&a, base, room, op, err);
    if (status != SJ_OK)
        return status;
    status = loopback_ask_inside(&a, 1);
    if (status == SJ_OK && !loopback_nick_fold(folded, nick)) {
        a.why = "this is no nickname";
        status = SJ_UNACCEPTABLE;
    }
    if (status == SJ_OK)
        status = nick_change(&a, folded);
    loopback_op_finish(a.l, op, status, a.why);
    return SJ_OK;
}

static enum sj_status loopback_set_subject(struct sj_link *base, const char *room,
                                           const char *text, sj_op op, struct sj_error *err)
{
    struct loopback_ask a;
    enum sj_status status = loopback_ask_text(text, SJ_SUBJECT_MAX, err);
    if (status == SJ_OK)
        status = loopback_ask_begin(&a, base, room, op, err);
    if (status != SJ_OK)
        return status;
    status = loopback_ask_inside(&a, 1);
    if (status == SJ_OK && a.self->role != SJ_ROLE_MODERATOR &&
        (a.room->flags & SJ_ROOM_SUBJECT_LOCKED || a.self->role < SJ_ROLE_PARTICIPANT)) {
        a.why = "only moderators set the subject here";
        status = SJ_DENIED;
    }
    if (status == SJ_OK)
        loopback_room_set_subject(base->net, a.room, a.self->nick, text);
    loopback_op_finish(a.l, op, status, a.why);
    return SJ_OK;
}

/* --- inviting ----------------------------------------------------------------------------- */

static enum sj_status invite_resident(struct loopback_ask *a, const char *id)
{
    if (!loopback_resident_accepts(id)) {
        a->why = "this user wants to be left alone";
        return SJ_DENIED;
    }
    if (loopback_occupant_find(a->room, id)) {
        a->why = "this nickname is taken";
        return SJ_EXISTS;
    }
    (void)loopback_occupant_enter(a->l->base.net, a->room, LOOPBACK_RESIDENT, id, id);
    return SJ_OK;
}

static enum sj_status invite_user(struct loopback_ask *a, const char *id, const char *reason)
{
    const struct loopback_account *to = loopback_account_find(a->l->base.net, id);
    struct loopback_told t = {.kind = LOOPBACK_TOLD_INVITED, .flag = true};
    t.text[LOOPBACK_ID] = a->l->id;
    t.text[LOOPBACK_WORDS] = reason && *reason ? reason : NULL;
    if (!to || !to->link) {
        a->why = to ? "this user is offline" : "there is no such user";
        return to ? SJ_OFFLINE : SJ_NOTFOUND;
    }
    if (to->link->n_told >= LOOPBACK_TOLD_MAX) {
        a->why = "too much waits for this user";
        return SJ_LIMIT;
    }
    loopback_told_add(to->link, a->room->id, &t);
    return SJ_OK;
}

static enum sj_status invite_judge(struct loopback_ask *a, const char *id)
{
    enum sj_status status = loopback_ask_inside(a, 1);
    if (status != SJ_OK)
        return status;
    if (loopback_occupant_of(a->room, id)) {
        a->why = "this user is in the room already";
        return SJ_EXISTS;
    }
    if (loopback_affiliation_of(a->room, id) == SJ_AFFILIATION_OUTCAST) {
        a->why = "this user is banned from the room";
        return SJ_DENIED;
    }
    if (!(a->room->flags & SJ_ROOM_MEMBERS_ONLY))
        return SJ_OK;
    if (loopback_affiliation_of(a->room, a->l->id) < SJ_AFFILIATION_ADMIN) {
        a->why = "only admins invite into this room";
        return SJ_DENIED;
    }
    return SJ_OK;
}

static enum sj_status loopback_invite(struct sj_link *base, const char *room, const char *id,
                                      const char *reason, sj_op op, struct sj_error *err)
{
    struct loopback_ask a;
    char folded[LOOPBACK_ID_MAX + 1];
    enum sj_status status = loopback_ask_text(reason, SJ_REASON_MAX, err);
    if (status == SJ_OK && (!loopback_id_fold(folded, id) || strcmp(folded, id) != 0))
        status = sj_fail(err, SJ_INVALID, "no username of this network");
    if (status == SJ_OK)
        status = loopback_ask_begin(&a, base, room, op, err);
    if (status != SJ_OK)
        return status;
    status = invite_judge(&a, id);
    if (status == SJ_OK)
        status = loopback_is_resident(id) ? invite_resident(&a, id) : invite_user(&a, id, reason);
    /* Who is invited by those who may becomes a member. */
    if (status == SJ_OK && a.room->flags & SJ_ROOM_MEMBERS_ONLY &&
        loopback_affiliation_of(a.room, id) == SJ_AFFILIATION_NONE)
        (void)loopback_room_appoint(base->net, a.room, id, SJ_AFFILIATION_MEMBER, NULL, NULL);
    loopback_op_finish(a.l, op, status, a.why);
    return SJ_OK;
}

static enum sj_status loopback_destroy(struct sj_link *base, const char *room, const char *reason,
                                       sj_op op, struct sj_error *err)
{
    struct loopback_ask a;
    enum sj_status status = loopback_ask_text(reason, SJ_REASON_MAX, err);
    if (status == SJ_OK)
        status = loopback_ask_begin(&a, base, room, op, err);
    if (status != SJ_OK)
        return status;
    const struct sj_exit exit = {.kind = SJ_EXIT_CLOSED, .reason = reason};
    status = loopback_ask_inside(&a, 1);
    if (status == SJ_OK && loopback_affiliation_of(a.room, a.l->id) != SJ_AFFILIATION_OWNER) {
        a.why = "only owners close a room";
        status = SJ_DENIED;
    }
    if (status == SJ_OK)
        loopback_room_end(base->net, a.room, &exit);
    loopback_op_finish(a.l, op, status, a.why);
    return SJ_OK;
}

/* --- from outside ------------------------------------------------------------------------- */

static enum sj_status loopback_look(struct sj_link *base, const char *room, sj_op op,
                                    struct sj_error *err)
{
    struct loopback_ask a;
    const struct loopback_told t = {.kind = LOOPBACK_TOLD_ROOM};
    enum sj_status status = loopback_ask_begin(&a, base, room, op, err);
    if (status != SJ_OK)
        return status;
    if (!a.room) {
        status = SJ_NOTFOUND;
        a.why = "there is no such room";
    } else if (a.l->n_told >= LOOPBACK_TOLD_MAX) {
        status = SJ_LIMIT;
        a.why = "too much waits for you already";
    } else {
        loopback_told_add(a.l, room, &t);
    }
    loopback_op_finish(a.l, op, status, a.why);
    return SJ_OK;
}

static bool list_finds(const struct loopback_room *r, const char *words)
{
    if (r->flags & SJ_ROOM_SECRET)
        return false;
    return loopback_text_holds(r->id, words) || (r->name && loopback_text_holds(r->name, words)) ||
           (r->description && loopback_text_holds(r->description, words));
}

/* The next of them by id; NULL: no more. There are so few that nothing has to be sorted. */
static const struct loopback_room *list_next(const struct sj_net *net, const char *after,
                                             const char *words)
{
    const struct loopback_room *r, *best = NULL;
    uint32_t at = 0;
    while ((r = sj_map_next(&net->rooms, &at)) != NULL) {
        if (strcmp(r->id, after) > 0 && (!best || strcmp(r->id, best->id) < 0) &&
            list_finds(r, words))
            best = r;
    }
    return best;
}

static enum sj_status loopback_list(struct sj_link *base, const char *words, unsigned max,
                                    sj_op op, struct sj_error *err)
{
    struct loopback_link *l = loopback_link_of(base);
    const struct loopback_room *r = NULL;
    const struct loopback_told t = {.kind = LOOPBACK_TOLD_LISTED, .op = op};
    if (loopback_op_begin(l, op, err) != SJ_OK)
        return err->status;
    for (; max > 0 && l->n_told < LOOPBACK_TOLD_MAX; max--) {
        r = list_next(base->net, r ? r->id : "", words ? words : "");
        if (!r)
            break;
        loopback_told_add(l, r->id, &t);
    }
    loopback_op_finish(l, op, SJ_OK, NULL);
    return SJ_OK;
}

const struct sj_backend_rooms loopback_rooms = {
    .is_room = loopback_is_room,
    .join = loopback_join,
    .leave = loopback_leave,
    .set_nick = loopback_set_nick,
    .set_subject = loopback_set_subject,
    .change = loopback_room_change,
    .affiliates = loopback_room_affiliates,
    .invite = loopback_invite,
    .destroy = loopback_destroy,
    .look = loopback_look,
    .aliases = loopback_look,
    .list = loopback_list,
    .history = loopback_room_history,
    .flags_settable = LOOPBACK_FLAGS_SETTABLE,
    .text_settable = true,
    .max_settable = true,
    .picture_settable = true,
};
