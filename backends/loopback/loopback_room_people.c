/* SPDX-License-Identifier: MPL-2.0 */
/* Who is in the rooms of the loopback network: they come, change, and go, and everybody who is
 * there hears of it.
 *
 * Each user's view is made when something happens: in a room that hides who is who, only
 * moderators see the others' ids. Who may do what is judged elsewhere (loopback_room_ops.c,
 * loopback_room_change.c); here things happen. */
#include <string.h>

#include "loopback_link.h"
#include "loopback_room.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define OCCUPANT_OF(node, member) SJ_CONTAINER(node, struct loopback_occupant, member)

struct loopback_occupant *loopback_occupant_find(const struct loopback_room *r, const char *nick)
{
    return sj_map_find(&r->nicks, nick);
}

struct loopback_occupant *loopback_occupant_of(const struct loopback_room *r, const char *id)
{
    return sj_map_find(&r->people, id);
}

struct loopback_link *loopback_occupant_link(const struct sj_net *net,
                                             const struct loopback_occupant *o)
{
    const struct loopback_account *a =
        o->kind == LOOPBACK_USER ? loopback_account_find(net, o->id) : NULL;
    return a ? a->link : NULL;
}

bool loopback_nick_fold(char out[LOOPBACK_NICK_MAX + 1], const char *nick)
{
    size_t n = 0;
    nick += strspn(nick, " ");
    size_t len = sj_utf8_cut(nick, strlen(nick), LOOPBACK_NICK_MAX);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)nick[i] >= 0x20)
            out[n++] = nick[i];
    }
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
    return n > 0;
}

/* --- telling ------------------------------------------------------------------------------ */

void loopback_room_tell(const struct sj_net *net, const struct loopback_room *r,
                        const struct loopback_told *t, const struct loopback_occupant *except)
{
    for (struct sj_list *i = r->users.next; i != &r->users; i = i->next) {
        const struct loopback_occupant *u = OCCUPANT_OF(i, user);
        struct loopback_link *l = loopback_occupant_link(net, u);
        if (l && u != except)
            loopback_told_add(l, r->id, t);
    }
}

bool loopback_room_has_space(const struct sj_net *net, const struct loopback_room *r, size_t n)
{
    for (struct sj_list *i = r->users.next; i != &r->users; i = i->next) {
        const struct loopback_link *l = loopback_occupant_link(net, OCCUPANT_OF(i, user));
        if (l && l->n_told + n > LOOPBACK_TOLD_MAX)
            return false;
    }
    return true;
}

static void people_show(const struct sj_net *net, const struct loopback_occupant *o,
                        struct loopback_told *t)
{
    const struct loopback_account *a =
        o->kind == LOOPBACK_USER ? loopback_account_find(net, o->id) : NULL;
    t->show = o->show;
    t->text[LOOPBACK_WORDS] = o->status;
    if (o->kind != LOOPBACK_USER)
        return;
    /* Of rooms that are not left by logging out. */
    t->show = a && a->link ? a->show : SJ_SHOW_XA;
    t->text[LOOPBACK_WORDS] = a && a->link ? a->status : NULL;
}

/* What viewer sees of o. */
static void people_tell_one(struct loopback_link *l, const struct loopback_room *r,
                            const struct loopback_occupant *viewer,
                            const struct loopback_occupant *o)
{
    bool open = !(r->flags & SJ_ROOM_ANONYMOUS) || viewer == o ||
                viewer->role == SJ_ROLE_MODERATOR;
    char avatar[LOOPBACK_AVATAR_SIZE];
    struct loopback_told t = {
        .kind = LOOPBACK_TOLD_OCCUPANT,
        .affiliation = loopback_affiliation_of(r, o->id),
        .role = o->role,
        .flag = viewer == o,
    };
    t.text[LOOPBACK_NICK] = o->nick;
    t.text[LOOPBACK_ID] = open && o->id[0] ? o->id : NULL;
    t.text[LOOPBACK_OTHER] = o->id[0] ? o->id : NULL;
    if (r->habits & LOOPBACK_HABIT_PICTURES && t.text[LOOPBACK_ID]) {
        loopback_avatar_of(l->base.net, o->id, avatar);
        t.text[LOOPBACK_AVATAR] = avatar;
    }
    people_show(l->base.net, o, &t);
    t.titles = loopback_resident_titles(o->id, &t.n_titles);
    loopback_told_add(l, r->id, &t);
}

static void people_tell_but(const struct sj_net *net, const struct loopback_room *r,
                            const struct loopback_occupant *o,
                            const struct loopback_occupant *except)
{
    for (struct sj_list *i = r->users.next; i != &r->users; i = i->next) {
        const struct loopback_occupant *u = OCCUPANT_OF(i, user);
        struct loopback_link *l = u != except ? loopback_occupant_link(net, u) : NULL;
        if (l)
            people_tell_one(l, r, u, o);
    }
}

void loopback_occupant_tell(const struct sj_net *net, const struct loopback_room *r,
                            const struct loopback_occupant *o)
{
    people_tell_but(net, r, o, NULL);
}

void loopback_room_tell_room(const struct sj_net *net, const struct loopback_room *r)
{
    const struct loopback_told t = {.kind = LOOPBACK_TOLD_ROOM};
    loopback_room_tell(net, r, &t, NULL);
}

static struct loopback_told people_subject(const struct loopback_room *r)
{
    struct loopback_told t = {.kind = LOOPBACK_TOLD_SUBJECT, .at = r->subject_at};
    t.text[LOOPBACK_NICK] = r->subject_by[0] ? r->subject_by : NULL;
    t.text[LOOPBACK_WORDS] = r->subject ? r->subject : "";
    return t;
}

void loopback_room_tell_all(struct loopback_link *l, const struct loopback_room *r)
{
    const struct loopback_occupant *self = loopback_occupant_of(r, l->id);
    const struct loopback_told subject = people_subject(r);
    struct loopback_told t = {.kind = LOOPBACK_TOLD_ROOM};
    for (struct sj_list *i = r->order.next; i != &r->order; i = i->next) {
        if (OCCUPANT_OF(i, order) != self)
            people_tell_one(l, r, self, OCCUPANT_OF(i, order));
    }
    people_tell_one(l, r, self, self);
    loopback_told_add(l, r->id, &t);
    if (r->subject_at)
        loopback_told_add(l, r->id, &subject);
    t.kind = LOOPBACK_TOLD_ENTERED;
    loopback_told_add(l, r->id, &t);
}

void loopback_room_set_subject(struct sj_net *net, struct loopback_room *r, const char *by,
                               const char *text)
{
    loopback_room_set(&r->subject, text);
    sj_copy(r->subject_by, sizeof r->subject_by, by);
    r->subject_at = sj_loop_utc_ms(net->loop);
    const struct loopback_told t = people_subject(r);
    loopback_room_tell(net, r, &t, NULL);
}

/* --- coming and going --------------------------------------------------------------------- */

static enum sj_role people_role(const struct loopback_room *r, enum sj_affiliation affiliation)
{
    if (affiliation >= SJ_AFFILIATION_ADMIN)
        return SJ_ROLE_MODERATOR;
    if (affiliation == SJ_AFFILIATION_MEMBER || !(r->flags & SJ_ROOM_MODERATED))
        return SJ_ROLE_PARTICIPANT;
    return SJ_ROLE_VISITOR;
}

struct loopback_occupant *loopback_occupant_enter(struct sj_net *net, struct loopback_room *r,
                                                  enum loopback_kind kind, const char *id,
                                                  const char *nick)
{
    struct loopback_occupant *o = sj_calloc(1, sizeof *o);
    sj_copy(o->nick, sizeof o->nick, nick);
    sj_copy(o->id, sizeof o->id, id);
    o->kind = kind;
    o->show = SJ_SHOW_ONLINE;
    o->role = people_role(r, loopback_affiliation_of(r, id));
    loopback_occupant_tell(net, r, o);
    sj_list_init(&o->order);
    sj_list_init(&o->user);
    sj_list_append(&r->order, &o->order);
    sj_map_put(&r->nicks, o->nick, o);
    if (*id)
        sj_map_put(&r->people, o->id, o);
    if (kind == LOOPBACK_USER) {
        sj_list_append(&r->users, &o->user);
        r->n_users++;
    }
    return o;
}

/* Out of the room without a word. */
static void people_remove(struct loopback_room *r, struct loopback_occupant *o)
{
    sj_list_remove(&o->order);
    sj_map_remove(&r->nicks, o->nick);
    if (o->id[0])
        sj_map_remove(&r->people, o->id);
    if (o->kind == LOOPBACK_USER) {
        sj_list_remove(&o->user);
        r->n_users--;
    }
    sj_free(o->status);
    sj_free(o);
}

static struct loopback_told people_exit(enum loopback_told_kind kind, const char *nick,
                                        const struct sj_exit *exit)
{
    struct loopback_told t = {.kind = kind, .exit = exit->kind};
    t.text[LOOPBACK_NICK] = nick;
    t.text[LOOPBACK_OTHER] = exit->actor;
    t.text[LOOPBACK_WORDS] = exit->reason && *exit->reason ? exit->reason : NULL;
    return t;
}

void loopback_occupant_exit(struct sj_net *net, struct loopback_room *r,
                            struct loopback_occupant *o, const struct sj_exit *exit)
{
    struct loopback_link *l = loopback_occupant_link(net, o);
    struct loopback_told t = people_exit(LOOPBACK_TOLD_LEFT, NULL, exit);
    if (l)
        loopback_told_add(l, r->id, &t);
    t = people_exit(LOOPBACK_TOLD_GONE, o->nick, exit);
    loopback_room_tell(net, r, &t, o);
    people_remove(r, o);
}

void loopback_room_empty(struct sj_net *net, struct loopback_room *r, const struct sj_exit *exit)
{
    const struct loopback_told t = people_exit(LOOPBACK_TOLD_LEFT, NULL, exit);
    loopback_room_tell(net, r, &t, NULL);
    while (!sj_list_empty(&r->users))
        people_remove(r, OCCUPANT_OF(r->users.next, user));
}

void loopback_room_end(struct sj_net *net, struct loopback_room *r, const struct sj_exit *exit)
{
    const struct loopback_standing *standing = r->standing;
    loopback_room_empty(net, r, exit);
    loopback_room_free(net, r);
    if (standing)
        loopback_room_open(net, standing);
}

/* --- changes ------------------------------------------------------------------------------ */

void loopback_occupant_rename(struct sj_net *net, struct loopback_room *r,
                              struct loopback_occupant *o, const char *nick)
{
    char old[LOOPBACK_NICK_MAX + 1];
    struct loopback_told t = {.kind = LOOPBACK_TOLD_RENAMED};
    sj_copy(old, sizeof old, o->nick);
    sj_map_remove(&r->nicks, o->nick);
    sj_copy(o->nick, sizeof o->nick, nick);
    sj_map_put(&r->nicks, o->nick, o);
    t.text[LOOPBACK_NICK] = old;
    t.text[LOOPBACK_OTHER] = o->nick;
    loopback_room_tell(net, r, &t, NULL);
}

void loopback_occupant_set_role(struct sj_net *net, struct loopback_room *r,
                                struct loopback_occupant *o, enum sj_role role)
{
    if (o->role == role)
        return;
    o->role = role;
    loopback_occupant_tell(net, r, o);
}

/* What a new affiliation means for somebody who is there. */
static void people_appointed(struct sj_net *net, struct loopback_room *r,
                             struct loopback_occupant *o, enum sj_affiliation affiliation,
                             struct sj_exit *exit)
{
    if (affiliation == SJ_AFFILIATION_OUTCAST ||
        (affiliation == SJ_AFFILIATION_NONE && r->flags & SJ_ROOM_MEMBERS_ONLY)) {
        exit->kind = affiliation == SJ_AFFILIATION_OUTCAST ? SJ_EXIT_BANNED : SJ_EXIT_REMOVED;
        loopback_occupant_exit(net, r, o, exit);
        return;
    }
    o->role = people_role(r, affiliation);
    loopback_occupant_tell(net, r, o);
}

/* A pattern of bans has come. */
static void people_ban(struct sj_net *net, struct loopback_room *r, const struct sj_exit *exit)
{
    struct sj_list *next;
    for (struct sj_list *i = r->users.next; i != &r->users; i = next) {
        struct loopback_occupant *o = OCCUPANT_OF(i, user);
        next = i->next;
        if (loopback_room_bans(r, o->id, o->nick))
            loopback_occupant_exit(net, r, o, exit);
    }
}

bool loopback_room_appoint(struct sj_net *net, struct loopback_room *r, const char *id,
                           enum sj_affiliation affiliation, const char *by, const char *reason)
{
    struct sj_exit exit = {.kind = SJ_EXIT_BANNED, .actor = by, .reason = reason};
    struct loopback_occupant *o = loopback_occupant_of(r, id);
    if (!loopback_room_affiliate(r, id, affiliation, reason))
        return false;
    if (o)
        people_appointed(net, r, o, affiliation, &exit);
    else if (affiliation == SJ_AFFILIATION_OUTCAST && strpbrk(id, "*?"))
        people_ban(net, r, &exit);
    return true;
}

/* --- logins ------------------------------------------------------------------------------- */

void loopback_rooms_login(struct loopback_link *l)
{
    const struct loopback_room *r;
    uint32_t at = 0;
    while ((r = sj_map_next(&l->base.net->rooms, &at)) != NULL) {
        const struct loopback_occupant *o = loopback_occupant_of(r, l->id);
        if (!o)
            continue;
        loopback_room_tell_all(l, r);
        people_tell_but(l->base.net, r, o, o);
    }
}

void loopback_rooms_logout(struct sj_net *net, const char *id, const struct sj_exit *exit)
{
    struct loopback_room *r;
    uint32_t at = 0;
    while ((r = sj_map_next(&net->rooms, &at)) != NULL) {
        struct loopback_occupant *o = loopback_occupant_of(r, id);
        if (!o)
            continue;
        if (r->flags & SJ_ROOM_MEMBERSHIP) {
            loopback_occupant_tell(net, r, o);
            continue;
        }
        loopback_occupant_exit(net, r, o, exit);
        loopback_room_tidy(net, r);
    }
}

void loopback_rooms_presence(struct sj_net *net, const struct loopback_account *a)
{
    struct loopback_room *r;
    uint32_t at = 0;
    while ((r = sj_map_next(&net->rooms, &at)) != NULL) {
        const struct loopback_occupant *o = loopback_occupant_of(r, a->id);
        if (o)
            loopback_occupant_tell(net, r, o);
    }
}
