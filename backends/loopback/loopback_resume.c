/* SPDX-License-Identifier: MPL-2.0 */
/* What the loopback network tells again (SJ_CAP_RESUME): the last messages that each account was
 * told, numbered as they were told, also over logins. A position is such a number. This is what a
 * server with a history does; like the network itself, it lasts as long as the process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loopback_link.h"
#include "loopback_message.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* A message that was told. Owned by its account. */
struct loopback_heard {
    struct sj_list list;
    uint64_t at;
    char id[LOOPBACK_ID_MAX + 1];
    uint64_t number;
    bool own;
    struct sj_message *message;      /* owned */
    size_t bytes;
};

static void heard_drop(struct loopback_account *a)
{
    struct loopback_heard *h = SJ_CONTAINER(a->heard.next, struct loopback_heard, list);
    sj_list_remove(&h->list);
    a->n_heard--;
    a->heard_bytes -= h->bytes;
    sj_free(h->message);
    sj_free(h);
}

void loopback_heard_release(struct loopback_account *a)
{
    while (a->n_heard > 0)
        heard_drop(a);
}

void loopback_heard_add(struct loopback_link *l, const struct loopback_event *e)
{
    static const struct loopback_mirror none = {NULL, NULL};
    struct loopback_account *a = l->account;
    l->told = true;
    if (e->again)
        return;                      /* stands there already */
    struct loopback_heard *h = sj_calloc(1, sizeof *h);
    h->at = ++a->heard_at;
    sj_copy(h->id, sizeof h->id, e->id);
    h->number = e->number;
    h->own = e->own;
    h->message = loopback_message_copy(e->message, &none);
    h->bytes = loopback_message_bytes(e->message);
    sj_list_init(&h->list);
    sj_list_append(&a->heard, &h->list);
    a->n_heard++;
    a->heard_bytes += h->bytes;
    while (a->n_heard > LOOPBACK_HEARD_MAX || a->heard_bytes > LOOPBACK_HEARD_BYTES_MAX)
        heard_drop(a);
}

/* Before all that waits: it was said earlier. Newest first, so that the oldest comes to stand at
 * the head of the queue. */
static void heard_tell_again(struct loopback_link *l, uint64_t after)
{
    struct loopback_account *a = l->account;
    for (struct sj_list *i = a->heard.prev; i != &a->heard; i = i->prev) {
        struct loopback_heard *h = SJ_CONTAINER(i, struct loopback_heard, list);
        const struct loopback_post post = {.from = h->id, .number = h->number, .own = h->own};
        if (h->at <= after || loopback_queue_message(l, h->message, &post) != SJ_OK)
            return;
        struct loopback_event *e = SJ_CONTAINER(l->queue.prev, struct loopback_event, list);
        e->again = true;
        sj_list_remove(&e->list);
        sj_list_append(l->queue.next, &e->list);
    }
}

void loopback_heard_log_in(struct loopback_link *l)
{
    l->begin = l->account->heard_at;
    if (l->resumes)
        heard_tell_again(l, l->resume);
    l->resumes = false;
}

void loopback_heard_position(struct loopback_link *l)
{
    char position[24];
    if (!l->told || l->state != LOOPBACK_ONLINE)
        return;
    for (struct sj_list *i = l->queue.next; i != &l->queue; i = i->next) {
        if (SJ_CONTAINER(i, struct loopback_event, list)->again)
            return;                  /* not all that lies before it has been told */
    }
    l->told = false;
    snprintf(position, sizeof position, "%llu", (unsigned long long)l->account->heard_at);
    l->base.host->position(&l->base, position);
}

void loopback_resume(struct sj_link *base, const char *position)
{
    struct loopback_link *l = loopback_link_of(base);
    uint64_t after = position ? strtoull(position, NULL, 10) : l->begin;
    if (l->state == LOOPBACK_ONLINE) {
        heard_tell_again(l, after);
    } else {
        l->resume = after;
        l->resumes = true;
    }
}
