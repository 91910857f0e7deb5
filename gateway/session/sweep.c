/* SPDX-License-Identifier: MPL-2.0 */
/* The sweep: once a second, while anything waits, everything that has a deadline is looked at. What
 * is late is answered by its owner; with nothing waiting there is no timer. */
#include "held_priv.h"
#include "position.h"
#include "session.h"
#include "talk.h"

#define SWEEP_MS 1000

void held_sweep(struct sessions *all, int64_t now_ms)
{
    struct session *s;
    uint32_t at = 0;

    while ((s = sj_idmap_next(&all->by_id, &at)) != NULL) {
        if (s->stale && !session_is_blocked(s))
            session_show(s);
        prompt_flush(s);
        if (s->n_refusals > 0) {
            refusals_flush(s);
            session_release(s);
        }
        if (s->held_count == 0 && !position_is_due(s))
            continue;
        held_expire(s, now_ms);
        held_in_flush(s);
        if (s->held_count == 0)
            session_release(s);
    }
}

static bool sweep_is_due(const struct sessions *all)
{
    const struct session *s;
    uint32_t at = 0;

    while ((s = sj_idmap_next(&all->by_id, &at)) != NULL) {
        if (s->held_count > 0 || s->n_refusals > 0 || s->stale || prompt_is_due(s) ||
            position_is_due(s))
            return true;
    }
    return false;
}

static void sweep_run(void *arg)
{
    struct sessions *all = arg;
    int64_t now_ms = sj_loop_now_ms(all->loop);

    ops_sweep(all, now_ms);
    held_sweep(all, now_ms);
    typing_sweep(all, now_ms);
    rooms_sweep(all, now_ms);
    if (!sj_list_empty(&all->ops_by_age) || !sj_list_empty(&all->typing) ||
        !sj_list_empty(&all->rooms_due) || sweep_is_due(all))
        sj_timer_start(all->loop, &all->sweep, SWEEP_MS);
}

void sweep_init(struct sessions *all)
{
    sj_timer_init(&all->sweep, sweep_run, all);
}

void sessions_sweep_later(struct sessions *all)
{
    if (!sj_timer_running(&all->sweep))
        sj_timer_start(all->loop, &all->sweep, SWEEP_MS);
}
