/* SPDX-License-Identifier: MPL-2.0 */
/* What is said in the rooms of the loopback network: to all, or in a whisper to one; what is said
 * about it later; and what a room remembers of it.
 *
 * A room puts what is said in an order, and who says it hears it in that order too: as the echo of
 * the operation. The network judges who may do what to which message by the room's history; what
 * has fallen out of it can no longer be changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loopback_link.h"
#include "loopback_room.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define ECHO "echo"

void loopback_room_message_name(char out[LOOPBACK_ROOM_MESSAGE_SIZE], uint64_t number,
                                const char *room)
{
    snprintf(out, LOOPBACK_ROOM_MESSAGE_SIZE, "%llu%s", (unsigned long long)number, room);
}

/* The number in an id of this room; 0: no such id. */
static uint64_t message_number(const char *id, const char *room)
{
    size_t digits = strspn(id, "0123456789");
    if (digits == 0 || digits > 19 || strcmp(id + digits, room) != 0)
        return 0;
    return strtoull(id, NULL, 10);
}

/* --- history ------------------------------------------------------------------------------ */

static void past_drop(struct loopback_room *r, struct loopback_past *p)
{
    sj_list_remove(&p->list);
    r->n_history--;
    r->history_bytes -= p->bytes;
    sj_free(p->message);
    sj_free(p);
}

void loopback_room_forget(struct loopback_room *r)
{
    while (!sj_list_empty(&r->history))
        past_drop(r, SJ_CONTAINER(r->history.next, struct loopback_past, list));
}

void loopback_room_remember(struct loopback_room *r, const char *author, const char *to,
                            uint64_t number, const struct sj_message *m)
{
    const struct loopback_mirror same = {.one = NULL};
    struct loopback_past *p = sj_calloc(1, sizeof *p);
    p->number = number;
    p->bytes = sizeof *p + (*to ? 0 : loopback_message_bytes(m));
    p->message = *to ? NULL : loopback_message_copy(m, &same);
    sj_copy(p->author, sizeof p->author, author);
    sj_copy(p->to, sizeof p->to, to);
    sj_list_init(&p->list);
    sj_list_append(&r->history, &p->list);
    r->n_history++;
    r->history_bytes += p->bytes;
    while (r->n_history > LOOPBACK_HISTORY_MAX || r->history_bytes > LOOPBACK_HISTORY_BYTES)
        past_drop(r, SJ_CONTAINER(r->history.next, struct loopback_past, list));
}

static struct loopback_past *past_find(const struct loopback_room *r, uint64_t number)
{
    for (struct sj_list *i = r->history.prev; i != &r->history; i = i->prev) {
        struct loopback_past *p = SJ_CONTAINER(i, struct loopback_past, list);
        if (p->number == number)
            return p;
    }
    return NULL;
}

static void past_queue(struct loopback_link *l, const struct loopback_room *r,
                       const struct loopback_past *p, sj_op op)
{
    const struct loopback_mirror same = {.one = NULL};
    struct loopback_event *e = loopback_queue_add(l, LOOPBACK_EVENT_PAST);
    sj_copy(e->id, sizeof e->id, r->id);
    e->op = op;
    e->number = p->number;
    e->own = strcmp(p->author, l->id) == 0;
    e->message = loopback_message_copy(p->message, &same);
    l->n_told++;
    l->n_past++;
}

void loopback_past_tell(struct loopback_link *l, const struct loopback_event *e)
{
    char id[LOOPBACK_ROOM_MESSAGE_SIZE];
    struct sj_message m = *e->message;
    loopback_room_message_name(id, e->number, e->id);
    loopback_mentions_see(l, &m);
    m.peer = e->id;
    m.id = id;
    m.own = e->own;
    l->base.host->rooms->past(&l->base, e->op, &m);
}

/* The latest `max` between the two, oldest first. */
static void past_queue_all(struct loopback_link *l, const struct loopback_room *r,
                           const uint64_t between[2], unsigned max, sj_op op)
{
    const struct loopback_past *p;
    const struct sj_list *from = &r->history;
    const struct sj_list *head = &r->history;
    while (max > 0 && from->prev != head) {
        from = from->prev;
        p = SJ_CONTAINER(from, struct loopback_past, list);
        max -= p->message && p->number > between[0] && p->number < between[1];
    }
    for (const struct sj_list *i = from; i != head; i = i->next) {
        p = SJ_CONTAINER(i, struct loopback_past, list);
        if (p->message && p->number > between[0] && p->number < between[1])
            past_queue(l, r, p, op);
    }
}

static enum sj_status past_judge(struct loopback_ask *a, unsigned max)
{
    if (!a->self && !(a->room && a->room->flags & SJ_ROOM_LOGGED)) {
        a->why = "you are not in this room";
        return SJ_UNACCEPTABLE;
    }
    if (a->room->habits & LOOPBACK_HABIT_PLAIN) {
        a->why = "this room knows of nothing but talking";
        return SJ_UNSUPPORTED;
    }
    if (a->l->n_past + max > LOOPBACK_PAST_MAX || a->l->n_told + max > LOOPBACK_TOLD_MAX) {
        a->why = "too much waits for you already";
        return SJ_LIMIT;
    }
    return SJ_OK;
}

enum sj_status loopback_room_history(struct sj_link *base, const char *room, const char *before,
                                     const char *after, unsigned max, sj_op op,
                                     struct sj_error *err)
{
    struct loopback_ask a;
    uint64_t between[2] = {after ? message_number(after, room) : 0,
                           before ? message_number(before, room) : UINT64_MAX};
    if ((after && !between[0]) || !between[1])
        return sj_fail(err, SJ_NOTFOUND, "there is no such message");
    enum sj_status status = loopback_ask_begin(&a, base, room, op, err);
    if (status != SJ_OK)
        return status;
    if (max > SJ_ROOM_HISTORY_MAX)
        max = SJ_ROOM_HISTORY_MAX;
    status = past_judge(&a, max);
    if (status == SJ_OK)
        past_queue_all(a.l, a.room, between, max, op);
    loopback_op_finish(a.l, op, status, a.why);
    return SJ_OK;
}

/* --- saying ------------------------------------------------------------------------------- */

/* Does o hear what is for `to` (NULL: all)? */
static bool message_is_for(const struct loopback_occupant *o, const struct loopback_occupant *to)
{
    return !to || to == o;
}

static void message_hear(struct loopback_link *l, const struct loopback_room *r,
                         const struct sj_message *m, const struct loopback_speech *s,
                         uint64_t number)
{
    struct sj_message copy = *m;
    const struct loopback_post post = {
        .from = r->id,
        .number = number,
        .own = s->own && strcmp(s->by->id, l->id) == 0,
    };
    copy.nick = s->by->nick;
    copy.in_room = !s->to;
    copy.echo = l == s->sender && !s->to ? s->op : 0;
    (void)loopback_queue_message(l, &copy, &post);
}

uint64_t loopback_room_say(struct sj_net *net, struct loopback_room *r, const struct sj_message *m,
                           const struct loopback_speech *s)
{
    uint64_t number = ++net->message;
    struct sj_message past = *m;
    if (s->sender)
        loopback_queue_named(s->sender, r->id, number, s->op);
    for (struct sj_list *i = r->users.next; i != &r->users; i = i->next) {
        const struct loopback_occupant *o = SJ_CONTAINER(i, struct loopback_occupant, user);
        struct loopback_link *l = message_is_for(o, s->to) ? loopback_occupant_link(net, o) : NULL;
        if (l)
            message_hear(l, r, m, s, number);
    }
    past.nick = s->by->nick;
    past.in_room = true;
    past.sent_at = sj_loop_utc_ms(net->loop);
    loopback_room_remember(r, s->by->id, s->to ? s->to->id : "", number, &past);
    return number;
}

/* Can everybody hear so much? Who is slow is not punished; who would say it is refused. */
static bool message_fits(const struct sj_net *net, const struct loopback_room *r,
                         const struct loopback_occupant *to, size_t bytes)
{
    for (struct sj_list *i = r->users.next; i != &r->users; i = i->next) {
        const struct loopback_occupant *o = SJ_CONTAINER(i, struct loopback_occupant, user);
        const struct loopback_link *l = message_is_for(o, to) ? loopback_occupant_link(net, o)
                                                              : NULL;
        if (l && (l->n_messages >= LOOPBACK_MESSAGES_MAX ||
                  l->n_bytes + bytes > LOOPBACK_BYTES_MAX))
            return false;
    }
    return true;
}

static enum sj_status message_judge(struct loopback_ask *a, const struct sj_message *m)
{
    if (!a->self) {
        a->why = a->room ? "you are not in this room" : "there is no such room";
        return a->room ? SJ_UNACCEPTABLE : SJ_NOTFOUND;
    }
    if (m->in_room && a->self->role < SJ_ROLE_PARTICIPANT) {
        a->why = "you have no voice in this room";
        return SJ_DENIED;
    }
    if (m->in_room && a->self->gagged) {
        a->why = "nothing is taken from you at the moment";
        return SJ_DENIED;
    }
    const struct loopback_occupant *to = !m->in_room && m->nick
                                             ? loopback_occupant_find(a->room, m->nick) : NULL;
    if (!m->in_room && !to) {
        a->why = "there is nobody of this name in the room";
        return SJ_NOTFOUND;
    }
    if (!message_fits(a->l->base.net, a->room, to, loopback_message_bytes(m))) {
        a->why = "too many messages wait for those who are in this room";
        return SJ_LIMIT;
    }
    if ((m->reply_to && !message_number(m->reply_to, a->room->id)) ||
        (m->thread && !message_number(m->thread, a->room->id))) {
        a->why = "there is no such message";
        return SJ_NOTFOUND;
    }
    const struct loopback_past *old = m->replaces
        ? past_find(a->room, message_number(m->replaces, a->room->id)) : NULL;
    if (m->replaces && (!old || strcmp(old->author, a->l->id) != 0)) {
        a->why = old ? "this message is somebody else's" : "there is no such message";
        return old ? SJ_DENIED : SJ_NOTFOUND;
    }
    return SJ_OK;
}

/* What residents in the room make of it. */
static void message_resident(struct loopback_ask *a, const struct sj_message *m,
                             const struct loopback_occupant *to, uint64_t number)
{
    const struct loopback_occupant *echo = loopback_occupant_of(a->room, ECHO);
    struct sj_message answer = {.peer = m->peer, .body = m->body, .action = m->action};
    const struct loopback_speech s = {.by = echo, .to = to ? a->self : NULL};
    bool addressed = to ? to == echo : strncmp(m->body, ECHO ": ", strlen(ECHO ": ")) == 0;
    if (echo && echo->kind == LOOPBACK_RESIDENT && addressed) {
        answer.body += to ? 0 : strlen(ECHO ": ");
        if (*answer.body)
            (void)loopback_room_say(a->l->base.net, a->room, &answer, &s);
    } else if (!to && m->body[0] == '!') {
        loopback_warden_hears(a->l, a->room, m->body + 1, number);
    } else if (to && strcmp(to->id, LOOPBACK_WARDEN) == 0) {
        loopback_warden_hears(a->l, a->room, m->body + (m->body[0] == '!'), number);
    }
}

void loopback_room_send(struct loopback_link *l, const struct sj_message *m, sj_op op)
{
    struct sj_net *net = l->base.net;
    struct loopback_ask a = {.l = l, .room = loopback_room_find(net, m->peer)};
    a.self = a.room ? loopback_occupant_of(a.room, l->id) : NULL;
    enum sj_status status = message_judge(&a, m);
    if (status != SJ_OK) {
        loopback_op_finish(l, op, status, a.why);
        return;
    }
    const struct loopback_occupant *to = m->in_room ? NULL : loopback_occupant_find(a.room,
                                                                                    m->nick);
    const struct loopback_speech s = {.by = a.self, .to = to, .sender = l, .op = op};
    uint64_t number = loopback_room_say(net, a.room, m, &s);
    loopback_op_finish(l, op, SJ_OK, NULL);
    message_resident(&a, m, to, number);
}

/* --- marks and typing --------------------------------------------------------------------- */

static void mark_hear(struct loopback_link *l, const struct loopback_room *r,
                      const struct sj_mark *m, const char *nick, bool whispered)
{
    struct sj_mark copy = *m;
    const struct loopback_post post = {.from = r->id};
    copy.nick = nick;
    copy.in_room = !whispered;
    (void)loopback_queue_mark(l, &copy, &post);
}

void loopback_room_mark(struct sj_net *net, struct loopback_room *r, const struct sj_mark *m,
                        const struct loopback_occupant *by)
{
    struct loopback_past *p = past_find(r, message_number(m->target, r->id));
    bool whispered = p && p->to[0];
    for (struct sj_list *i = r->users.next; i != &r->users; i = i->next) {
        const struct loopback_occupant *o = SJ_CONTAINER(i, struct loopback_occupant, user);
        bool concerned = !whispered || strcmp(o->id, p->author) == 0 || strcmp(o->id, p->to) == 0;
        struct loopback_link *l = o != by && concerned ? loopback_occupant_link(net, o) : NULL;
        if (l)
            mark_hear(l, r, m, by->nick, whispered);
    }
    if (p && m->kind == SJ_MARK_RETRACTED) {
        sj_free(p->message);         /* nobody reads it again */
        p->message = NULL;
    }
}

static enum sj_status mark_judge(struct loopback_ask *a, const struct sj_mark *m)
{
    if (!a->self) {
        a->why = "you are not in this room";
        return SJ_UNACCEPTABLE;
    }
    uint64_t number = message_number(m->target, a->room->id);
    const struct loopback_past *p = past_find(a->room, number);
    if (!number || (m->kind == SJ_MARK_RETRACTED && !p)) {
        a->why = "there is no such message";
        return SJ_NOTFOUND;
    }
    if (m->kind == SJ_MARK_RETRACTED && strcmp(p->author, a->l->id) != 0 &&
        (a->self->role != SJ_ROLE_MODERATOR || p->to[0])) {
        a->why = "this message is somebody else's";
        return SJ_DENIED;
    }
    if (!message_fits(a->l->base.net, a->room, NULL, loopback_mark_bytes(m))) {
        a->why = "too many messages wait for those who are in this room";
        return SJ_LIMIT;
    }
    return SJ_OK;
}

enum sj_status loopback_room_send_mark(struct loopback_link *l, const struct sj_mark *m, sj_op op,
                                       struct sj_error *err)
{
    struct loopback_ask a;
    if (m->n_reactions > loopback_reactions.max_per_user)
        return sj_fail(err, SJ_LIMIT, "too many reactions");
    enum sj_status status = loopback_ask_begin(&a, &l->base, m->peer, op, err);
    if (status != SJ_OK)
        return status;
    status = mark_judge(&a, m);
    if (status == SJ_OK)
        loopback_room_mark(l->base.net, a.room, m, a.self);
    loopback_op_finish(l, op, status, a.why);
    return SJ_OK;
}

void loopback_room_typing(struct sj_net *net, const struct loopback_room *r,
                          const struct loopback_occupant *by, enum sj_typing typing)
{
    struct loopback_told t = {.kind = LOOPBACK_TOLD_TYPING, .typing = typing};
    t.text[LOOPBACK_NICK] = by->nick;
    if (loopback_room_has_space(net, r, LOOPBACK_TOLD_MAX / 2))  /* the first to be left out */
        loopback_room_tell(net, r, &t, by);
}

void loopback_room_set_typing(struct loopback_link *l, const char *room, enum sj_typing typing)
{
    const struct loopback_room *r = loopback_room_find(l->base.net, room);
    const struct loopback_occupant *self = r ? loopback_occupant_of(r, l->id) : NULL;
    if (self)
        loopback_room_typing(l->base.net, r, self, typing);
}
