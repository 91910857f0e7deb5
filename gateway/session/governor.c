/* SPDX-License-Identifier: MPL-2.0 */
/* Log-in budget of one network: a token bucket and a number at once, two queues. Who asks is
 * served from the loop top. Back-off and jitter are the session's; this file only says when. */
#include "governor.h"

#define GOVERNOR_WAKE_MIN_MS 20

static void governor_refill(struct governor *g)
{
    int64_t now = sj_loop_now_ms(g->loop);
    double add = (double)(now - g->filled_ms) * (double)g->rate / 1000.0;

    g->filled_ms = now;
    g->tokens += add;
    if (g->tokens > (double)g->burst)
        g->tokens = (double)g->burst;
}

static struct ticket *governor_next(struct governor *g)
{
    struct sj_list *head = !sj_list_empty(&g->first) ? &g->first : &g->second;

    return sj_list_empty(head) ? NULL : SJ_CONTAINER(head->next, struct ticket, link);
}

static void governor_run(void *arg)
{
    struct governor *g = arg;
    struct ticket *t;

    governor_refill(g);
    while ((t = governor_next(g)) != NULL && g->running < g->at_once) {
        if (g->rate > 0 && g->tokens < 1.0) {
            int64_t wait = (int64_t)((1.0 - g->tokens) * 1000.0 / (double)g->rate) + 1;
            sj_timer_start(g->loop, &g->timer,
                           wait < GOVERNOR_WAKE_MIN_MS ? GOVERNOR_WAKE_MIN_MS : wait);
            return;
        }
        g->tokens -= 1.0;
        sj_list_remove(&t->link);
        t->running = true;
        g->running++;
        t->go(t->arg);
    }
}

void governor_init(struct governor *g, struct sj_loop *loop, unsigned rate, unsigned burst,
                   unsigned at_once)
{
    *g = (struct governor){.loop = loop, .rate = rate, .burst = burst > 0 ? burst : 1,
                           .at_once = at_once > 0 ? at_once : 1};
    g->tokens = (double)g->burst;
    g->filled_ms = sj_loop_now_ms(loop);
    sj_list_init(&g->first);
    sj_list_init(&g->second);
    sj_timer_init(&g->timer, governor_run, g);
}

void governor_release(struct governor *g)
{
    sj_timer_stop(&g->timer);
}

void ticket_init(struct ticket *t, void (*go)(void *arg), void *arg)
{
    *t = (struct ticket){.go = go, .arg = arg};
    sj_list_init(&t->link);
}

void governor_ask(struct governor *g, struct ticket *t, bool interactive)
{
    bool waits = !sj_list_empty(&t->link);

    if (t->running || (waits && (t->interactive || !interactive)))
        return;
    if (waits)
        sj_list_remove(&t->link);
    t->interactive = interactive;
    sj_list_append(interactive ? &g->first : &g->second, &t->link);
    if (!sj_timer_running(&g->timer) || interactive)
        sj_timer_start(g->loop, &g->timer, 0);
}

void governor_leave(struct governor *g, struct ticket *t)
{
    if (!sj_list_empty(&t->link))
        sj_list_remove(&t->link);
    if (!t->running)
        return;
    t->running = false;
    g->running--;
    if (governor_next(g) && !sj_timer_running(&g->timer))
        sj_timer_start(g->loop, &g->timer, 0);
}
