/* SPDX-License-Identifier: MPL-2.0 */
/* The queue of a loopback link: events on their way up, and operations on their way to an outcome.
 *
 * Two promises of sojourn/backend.h are kept here and nowhere else. Nothing comes up from inside an
 * operation: everything is queued, and the loop calls the link when the first event is due. And
 * op_done comes exactly once: an operation that was accepted stands in `ops` until its outcome is
 * known, and its outcome stands in the queue until it is told, also when the link ends between. */
#include <string.h>

#include "loopback_link.h"
#include "loopback_room.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* --- events ------------------------------------------------------------------------------- */

void loopback_queue_arm(struct loopback_link *l)
{
    if (sj_list_empty(&l->queue) || loopback_link_waits(l))
        return;
    const struct loopback_event *first = SJ_CONTAINER(l->queue.next, struct loopback_event, list);
    int64_t wait = first->due_ms - sj_loop_now_ms(l->base.loop);
    if (wait <= 0)
        sj_loop_defer(l->base.loop, &l->defer);
    else if (!sj_timer_running(&l->timer))
        sj_timer_start(l->base.loop, &l->timer, wait);
}

/* Who logs in or out is not held up, nor is the end of a link. */
bool loopback_link_waits(const struct loopback_link *l)
{
    return l->base.net->paused && l->state == LOOPBACK_ONLINE;
}

void loopback_net_pause(struct sj_net *net, bool paused)
{
    uint32_t at = 0;
    struct loopback_link *l;
    net->paused = paused;
    while (!paused && (l = sj_idmap_next(&net->links, &at)) != NULL)
        loopback_queue_arm(l);
}

struct loopback_event *loopback_queue_add(struct loopback_link *l, enum loopback_event_kind kind)
{
    struct loopback_event *e = sj_calloc(1, sizeof *e);
    e->kind = kind;
    /* The same delay for all keeps them in order. */
    e->due_ms = sj_loop_now_ms(l->base.loop);
    if (l->state != LOOPBACK_CLOSING)
        e->due_ms += l->base.net->latency_ms;
    sj_list_init(&e->list);
    sj_list_append(&l->queue, &e->list);
    loopback_queue_arm(l);
    return e;
}

static void queue_remove(struct loopback_link *l, struct loopback_event *e)
{
    sj_list_remove(&e->list);
    if (e->bytes > 0) {
        l->n_messages--;
        l->n_bytes -= e->bytes;
    } else if (e->kind == LOOPBACK_EVENT_OP) {
        l->n_ops--;
    } else if (e->kind == LOOPBACK_EVENT_FOUND || e->kind == LOOPBACK_EVENT_RAW) {
        l->n_found--;
    } else if (e->kind == LOOPBACK_EVENT_SAVE) {
        l->save_queued = false;
    } else if (e->kind == LOOPBACK_EVENT_ROOM || e->kind == LOOPBACK_EVENT_PAST) {
        l->n_told--;
        l->n_past -= e->kind == LOOPBACK_EVENT_PAST;
    }
}

struct loopback_event *loopback_queue_take(struct loopback_link *l)
{
    if (sj_list_empty(&l->queue) || loopback_link_waits(l))
        return NULL;
    struct loopback_event *e = SJ_CONTAINER(l->queue.next, struct loopback_event, list);
    if (e->due_ms > sj_loop_now_ms(l->base.loop))
        return NULL;
    queue_remove(l, e);
    return e;
}

void loopback_event_free(struct loopback_event **e)
{
    if (!e || !*e)
        return;
    sj_free((*e)->message);
    sj_free((*e)->mark);
    sj_free((*e)->told);
    sj_free((*e)->body);
    sj_free(*e);
    *e = NULL;
}

void loopback_queue_hurry(struct loopback_link *l)
{
    for (struct sj_list *i = l->queue.next; i != &l->queue; i = i->next)
        SJ_CONTAINER(i, struct loopback_event, list)->due_ms = 0;
    loopback_queue_arm(l);
}

/* A message that its reader will not get: its sender, if still there, learns so. */
static void queue_return(const struct sj_net *net, const struct loopback_event *e)
{
    struct loopback_link *from = sj_idmap_find(&net->links, e->sender);
    if (e->op && from)
        loopback_op_finish(from, e->op, SJ_OFFLINE, "this user is offline");
}

void loopback_queue_drop(struct loopback_link *l)
{
    struct sj_list *next;
    for (struct sj_list *i = l->queue.next; i != &l->queue; i = next) {
        struct loopback_event *e = SJ_CONTAINER(i, struct loopback_event, list);
        next = i->next;
        if (e->kind == LOOPBACK_EVENT_OP)
            continue;
        queue_remove(l, e);
        if (e->kind == LOOPBACK_EVENT_MESSAGE)
            queue_return(l->base.net, e);
        struct loopback_entry *entry = l->account && e->kind == LOOPBACK_EVENT_ENTRY
                                           ? loopback_entry_find(l->account, e->id) : NULL;
        if (entry)
            entry->queued = false;
        loopback_event_free(&e);
    }
}

/* Room for one more of so many bytes, which are counted from here on; NULL: none. */
static struct loopback_event *queue_post(struct loopback_link *l, enum loopback_event_kind kind,
                                         size_t bytes, const struct loopback_post *post)
{
    if (l->n_messages >= LOOPBACK_MESSAGES_MAX || l->n_bytes + bytes > LOOPBACK_BYTES_MAX)
        return NULL;
    struct loopback_event *e = loopback_queue_add(l, kind);
    sj_copy(e->id, sizeof e->id, post->from);
    e->number = post->number;
    e->own = post->own;
    e->sender = post->sender ? post->sender->serial : 0;
    e->op = post->op;
    e->bytes = bytes;
    l->n_messages++;
    l->n_bytes += bytes;
    return e;
}

enum sj_status loopback_queue_message(struct loopback_link *l, const struct sj_message *m,
                                      const struct loopback_post *post)
{
    struct loopback_event *e = queue_post(l, LOOPBACK_EVENT_MESSAGE, loopback_message_bytes(m),
                                          post);
    if (!e)
        return SJ_LIMIT;
    e->message = loopback_message_copy(m, &post->mirror);
    return SJ_OK;
}

enum sj_status loopback_queue_mark(struct loopback_link *l, const struct sj_mark *m,
                                   const struct loopback_post *post)
{
    struct loopback_event *e = queue_post(l, LOOPBACK_EVENT_MARK, loopback_mark_bytes(m), post);
    if (!e)
        return SJ_LIMIT;
    e->mark = loopback_mark_copy(m, &post->mirror);
    return SJ_OK;
}

void loopback_queue_typing(struct loopback_link *l, const char *from, enum sj_typing typing)
{
    const struct loopback_post post = {.from = from};
    struct loopback_event *e = queue_post(l, LOOPBACK_EVENT_TYPING, sizeof *e, &post);
    if (e)
        e->typing = typing;
}

void loopback_queue_named(struct loopback_link *l, const char *to, uint64_t number, sj_op op)
{
    if (op == 0)
        return;                      /* nobody can refer to it */
    struct loopback_event *e = loopback_queue_add(l, LOOPBACK_EVENT_NAMED);
    sj_copy(e->id, sizeof e->id, to);
    e->number = number;
    e->op = op;
}

void loopback_queue_news(struct loopback_account *a, struct loopback_entry *e, unsigned news)
{
    e->news |= (uint8_t)news;
    if (!a->link || e->queued)
        return;                      /* told at the login, or with what waits already */
    e->queued = true;
    sj_copy(loopback_queue_add(a->link, LOOPBACK_EVENT_ENTRY)->id, sizeof e->id, e->id);
}

void loopback_queue_save(struct loopback_account *a)
{
    if (!a->link || a->link->save_queued)
        return;
    a->link->save_queued = true;
    loopback_queue_add(a->link, LOOPBACK_EVENT_SAVE);
}

/* --- operations --------------------------------------------------------------------------- */

enum sj_status loopback_op_begin(struct loopback_link *l, sj_op op, struct sj_error *err)
{
    if (l->state != LOOPBACK_ONLINE)
        return sj_fail(err, SJ_UNREACHABLE, "not logged in");
    if (op == 0)
        return SJ_OK;                /* nobody waits for the outcome */
    if (l->n_ops >= LOOPBACK_OPS_MAX)
        return sj_fail(err, SJ_LIMIT, "too much waits for the network");
    struct loopback_op *o = sj_calloc(1, sizeof *o);
    o->op = op;
    sj_list_init(&o->list);
    sj_list_append(&l->ops, &o->list);
    l->n_ops++;
    return SJ_OK;
}

void loopback_op_finish(struct loopback_link *l, sj_op op, enum sj_status status,
                        const char *text)
{
    if (op == 0)
        return;
    /* From the end: most outcomes are known as soon as the operation has begun. */
    for (struct sj_list *i = l->ops.prev; i != &l->ops; i = i->prev) {
        struct loopback_op *o = SJ_CONTAINER(i, struct loopback_op, list);
        if (o->op != op)
            continue;
        sj_list_remove(&o->list);
        sj_free(o);
        struct loopback_event *e = loopback_queue_add(l, LOOPBACK_EVENT_OP);
        e->op = op;
        e->status = status;
        e->text = text;
        return;
    }
}
