/* SPDX-License-Identifier: MPL-2.0 */
/* The confirmation of what was sent to users (DESIGN §4). Component streams have no
 * acknowledgement; what stands for it is the answer of the user's server to a ping that followed
 * (xmpp_ask_handled).
 *
 * One question is open at a time for each network's stream and domain of users, however many wait:
 * those who come meanwhile wait for the next one. It is asked at the end of a turn of the loop, so
 * that it covers all that the turn has sent. Where no answer comes it is asked again: the stream is
 * in order, so any later answer says the same. What was confirmed is position.c's business. */
#include "barrier.h"

#include <string.h>

#include "position.h"
#include "session.h"
#include "sojourn/memory.h"

/* Lives while somebody waits. Owner: struct network, in `barriers` by its domain. */
struct barrier {
    struct network *network;     /* borrowed */
    struct sj_list waiting;      /* struct barrier_wait: for the next question */
    struct sj_list asked;        /* whom the open one covers */
    uint64_t token;              /* of the open one, 0: none; key in sessions.barriers */
    struct sj_defer ask;
    struct sj_timer retry;
    char domain[];
};

static void barrier_free(struct barrier *b)
{
    struct sessions *all = b->network->all;

    if (b->token)
        sj_idmap_remove(&all->barriers, b->token);
    sj_map_remove(&b->network->barriers, b->domain);
    sj_defer_cancel(&b->ask);
    sj_timer_stop(&b->retry);
    sj_free(b);
}

static void barrier_move_all(struct sj_list *from, struct sj_list *to)
{
    while (!sj_list_empty(from)) {
        struct sj_list *first = from->next;
        sj_list_remove(first);
        sj_list_append(to, first);
    }
}

static void barrier_ask(void *arg)
{
    struct barrier *b = arg;
    struct sessions *all = b->network->all;

    if (b->token)
        return;
    if (sj_list_empty(&b->waiting)) {
        barrier_free(b);
        return;
    }
    b->token = ++all->next_token;
    sj_idmap_put(&all->barriers, b->token, b);
    barrier_move_all(&b->waiting, &b->asked);
    if (!xmpp_ask_handled(all->xmpp, b->network->index, b->domain, b->token))
        barrier_answered(all, b->network->index, b->token, false);
}

static struct barrier *barrier_new(struct network *n, const char *domain)
{
    size_t len = strlen(domain) + 1;
    struct barrier *b = sj_calloc(1, sizeof *b + len);

    memcpy(b->domain, domain, len);
    b->network = n;
    sj_list_init(&b->waiting);
    sj_list_init(&b->asked);
    sj_defer_init(&b->ask, barrier_ask, b);
    sj_timer_init(&b->retry, barrier_ask, b);
    sj_map_put(&n->barriers, b->domain, b);
    return b;
}

void barrier_wait_init(struct barrier_wait *w, struct session *s)
{
    *w = (struct barrier_wait){.session = s};
    sj_list_init(&w->link);
}

void barrier_join(struct barrier_wait *w)
{
    struct network *n = w->session->network;
    const char *at = strchr(w->session->user, '@');
    const char *domain = at ? at + 1 : w->session->user;
    struct barrier *b = sj_map_find(&n->barriers, domain);

    if (w->barrier)
        return;
    if (!b)
        b = barrier_new(n, domain);
    w->barrier = b;
    sj_list_append(&b->waiting, &w->link);
    if (!b->token && !sj_timer_running(&b->retry))
        sj_loop_defer(n->all->loop, &b->ask);
}

void barrier_leave(struct barrier_wait *w)
{
    struct barrier *b = w->barrier;

    w->barrier = NULL;
    sj_list_remove(&w->link);
    if (b && !b->token && sj_list_empty(&b->waiting))
        barrier_free(b);
}

static void barrier_confirm(struct barrier *b)
{
    while (!sj_list_empty(&b->asked)) {
        struct barrier_wait *w = SJ_CONTAINER(b->asked.next, struct barrier_wait, link);
        sj_list_remove(&w->link);
        w->barrier = NULL;
        position_handled(w->session);    /* may join again; w may be gone */
    }
}

void barrier_answered(void *ctx, unsigned host, uint64_t token, bool ok)
{
    struct sessions *all = ctx;
    struct barrier *b = sj_idmap_remove(&all->barriers, token);

    (void)host;
    if (!b)
        return;                          /* of a stream that was lost */
    if (ok)
        barrier_confirm(b);
    b->token = 0;
    barrier_move_all(&b->asked, &b->waiting);
    if (sj_list_empty(&b->waiting))
        barrier_free(b);
    else if (ok)
        sj_loop_defer(all->loop, &b->ask);
    else
        sj_timer_start(all->loop, &b->retry, BARRIER_RETRY_MS);
}

static void barrier_dismiss(struct sj_list *waits)
{
    while (!sj_list_empty(waits)) {
        struct barrier_wait *w = SJ_CONTAINER(waits->next, struct barrier_wait, link);
        sj_list_remove(&w->link);
        w->barrier = NULL;
    }
}

void barriers_lost(struct network *n)
{
    struct barrier *b;
    uint32_t at = 0;

    while ((b = sj_map_next(&n->barriers, &at)) != NULL) {
        barrier_dismiss(&b->waiting);
        barrier_dismiss(&b->asked);
        barrier_free(b);
    }
}

void barriers_release(struct sessions *all)
{
    for (unsigned i = 0; i < all->n_networks; i++) {
        barriers_lost(&all->networks[i]);
        sj_map_release(&all->networks[i].barriers);
    }
    sj_idmap_release(&all->barriers);
}
