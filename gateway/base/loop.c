/* SPDX-License-Identifier: MPL-2.0 */
/* The event loop over libevent: clock, timers, deferred calls, signals, and the order of a turn.
 *
 * A turn: wait for and handle input, timers and signals (one epoll_wait, one batch); call again
 * the conns that asked for it; run deferred calls, in rounds, but those for the next turn; write
 * what the conns have queued. A turn is short: after LOOP_TURN_US further conns keep their place
 * for the next one, those with new input before those that have more of it than they may say at
 * once. So who says little waits for one short turn, whoever floods.
 * libevent sees one timer, armed for the next slot of the wheel in use. Its own precise timers
 * are not asked for: they cost a timerfd_settime in every turn. */
#include "sojourn/loop.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "conn_priv.h"
#include "loop_priv.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"

static const struct sj_log loop_log = {.area = "libevent"};

/* libevent's warnings; they repeat what a status of ours says, or are of no use to an operator. */
static void loop_on_library_log(int severity, const char *text)
{
    if (severity == EVENT_LOG_ERR)
        sj_log_error(&loop_log, "%s", SJ_CLIP(text));
    else
        sj_log_debug(&loop_log, "%s", SJ_CLIP(text));
}

static void loop_on_nothing(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
}

static void loop_on_wheel(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct sj_loop *loop = arg;
    loop->wheel_armed_ms = INT64_MAX;
    if (!loop->clock->test)
        wheel_advance(&loop->wheel, sj_loop_now_ms(loop));
}

static struct event_base *loop_base_new(void)
{
    event_set_mem_functions(sj_malloc, sj_realloc, sj_free);
    event_set_log_callback(loop_on_library_log);
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
    event_config_require_features(config, EV_FEATURE_O1);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    if (!base) {
        sj_log_error(&loop_log, "the system offers no epoll");
        abort();
    }
    return base;
}

struct sj_loop *sj_loop_new(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);            /* a file that may not grow is an error (EFBIG) */
    struct sj_loop *loop = sj_calloc(1, sizeof *loop);
    loop->base = loop_base_new();
    loop->clock = sj_calloc(1, sizeof *loop->clock);
    wheel_init(&loop->wheel, sj_loop_now_ms(loop));
    loop->wheel_event = evtimer_new(loop->base, loop_on_wheel, loop);
    loop->wheel_armed_ms = INT64_MAX;
    struct timespec coarse = {0};
    clock_getres(CLOCK_MONOTONIC_COARSE, &coarse);
    loop->slack_us = coarse.tv_nsec / 1000;
    loop->wait_event = evtimer_new(loop->base, loop_on_nothing, NULL);
    loop->dns_file = "/etc/resolv.conf";
    sj_list_init(&loop->deferred);
    sj_list_init(&loop->next);
    sj_list_init(&loop->again);
    sj_list_init(&loop->late);
    sj_list_init(&loop->flush);
    return loop;
}

void sj_loop_free(struct sj_loop **loop)
{
    if (!loop || !*loop)
        return;
    struct sj_loop *l = *loop;
    assert(!l->in_turn);
    conn_dns_free(l);
    conn_ident_free_all(l);
    for (unsigned i = 0; i < l->n_signals; i++)
        event_free(l->signals[i].event);
    event_free(l->wheel_event);
    event_free(l->wait_event);
    event_base_free(l->base);
    sj_free(l->spare_in.p);
    sj_free(l->spare_out.p);
    sj_free(l->clock);
    sj_free(l);
    *loop = NULL;
}

static int64_t loop_read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads the clocks at the first question of a turn: no callback can have run before it. */
static const struct loop_clock *loop_clock_get(const struct sj_loop *loop)
{
    struct loop_clock *clock = loop->clock;
    if (!clock->known) {
        clock->now_ms = loop_read_clock(CLOCK_MONOTONIC);
        clock->utc_ms = loop_read_clock(CLOCK_REALTIME);
        clock->known = true;
    }
    return clock;
}

int64_t sj_loop_now_ms(const struct sj_loop *loop)
{
    return loop_clock_get(loop)->now_ms;
}

int64_t sj_loop_utc_ms(const struct sj_loop *loop)
{
    return loop_clock_get(loop)->utc_ms;
}

void sj_timer_init(struct sj_timer *t, void (*fn)(void *arg), void *arg)
{
    *t = (struct sj_timer){.fn = fn, .arg = arg};
    sj_list_init(&t->link);
}

void sj_timer_start(struct sj_loop *loop, struct sj_timer *t, int64_t delay_ms)
{
    sj_list_remove(&t->link);
    t->due_ms = sj_loop_now_ms(loop) + (delay_ms > 0 ? delay_ms : 0);
    wheel_add(&loop->wheel, t);
}

void sj_timer_stop(struct sj_timer *t)
{
    sj_list_remove(&t->link);
}

bool sj_timer_running(const struct sj_timer *t)
{
    return !sj_list_empty(&t->link);
}

void sj_defer_init(struct sj_defer *d, void (*fn)(void *arg), void *arg)
{
    *d = (struct sj_defer){.fn = fn, .arg = arg};
    sj_list_init(&d->link);
}

void sj_loop_defer(struct sj_loop *loop, struct sj_defer *d)
{
    if (sj_list_empty(&d->link))
        sj_list_append(&loop->deferred, &d->link);
}

void sj_loop_defer_next(struct sj_loop *loop, struct sj_defer *d)
{
    if (sj_list_empty(&d->link))
        sj_list_append(&loop->next, &d->link);
}

void sj_defer_cancel(struct sj_defer *d)
{
    sj_list_remove(&d->link);
}

static void loop_on_signal(evutil_socket_t signo, short what, void *arg)
{
    (void)what;
    struct loop_signal *s = arg;
    s->fn((int)signo, s->arg);
}

void sj_loop_on_signal(struct sj_loop *loop, int signo, void (*fn)(int signo, void *arg), void *arg)
{
    assert(loop->n_signals < LOOP_SIGNALS_MAX);
    struct loop_signal *s = &loop->signals[loop->n_signals++];
    s->fn = fn;
    s->arg = arg;
    s->event = evsignal_new(loop->base, signo, loop_on_signal, s);
    evsignal_add(s->event, NULL);
}

static struct timeval loop_timeval(int64_t us)
{
    return (struct timeval){.tv_sec = us / 1000000, .tv_usec = us % 1000000};
}

/* Arms libevent's timer when the wheel has something earlier than it waits for. Something later
 * lets it ring once in vain, which is cheaper than moving it whenever a timer is restarted. */
static void loop_arm(struct sj_loop *loop)
{
    int64_t next_ms = wheel_next_ms(&loop->wheel);
    if (loop->clock->test || next_ms >= loop->wheel_armed_ms)
        return;
    int64_t delay_ms = next_ms - sj_loop_now_ms(loop);
    struct timeval tv = loop_timeval((delay_ms > 0 ? delay_ms * 1000 : 0) + loop->slack_us);
    event_add(loop->wheel_event, &tv);
    loop->wheel_armed_ms = next_ms;
}

bool loop_is_spent(struct sj_loop *loop)
{
    struct timespec t;
    if (loop->clock->test)
        return false;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t now_us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
    if (loop->work_us == 0)
        loop->work_us = now_us;
    return now_us - loop->work_us >= LOOP_TURN_US;
}

static void loop_run_deferred(struct sj_loop *loop)
{
    for (unsigned round = 0; round < LOOP_ROUNDS_MAX && !sj_list_empty(&loop->deferred); round++) {
        struct sj_list due;
        sj_list_init(&due);
        loop_list_move(&due, &loop->deferred);
        while (!sj_list_empty(&due)) {
            struct sj_defer *d = SJ_CONTAINER(due.next, struct sj_defer, link);
            sj_list_remove(&d->link);
            d->fn(d->arg);
        }
    }
    loop_list_move(&loop->deferred, &loop->next);
}

static bool loop_has_work(const struct sj_loop *loop)
{
    return !sj_list_empty(&loop->deferred) || !sj_list_empty(&loop->next) ||
           !sj_list_empty(&loop->again) || !sj_list_empty(&loop->late) ||
           !sj_list_empty(&loop->flush);
}

/* While there is something to read in each turn, many conns wait a little, so that each has more to
 * write in one system call. */
static void loop_write(struct sj_loop *loop)
{
    bool worked = loop->work_us != 0 && !loop->stopping;
    unsigned n = 0;
    for (struct sj_list *l = loop->flush.next; l != &loop->flush && n <= LOOP_FEW; l = l->next)
        n++;
    if (worked && n > LOOP_FEW && loop->work_us - loop->written_us < LOOP_WRITE_US)
        return;
    conn_flush_all(loop);
    if (worked)
        loop->written_us = loop->work_us;
}

/* wait_ms < 0: as long as it takes. */
static void loop_turn(struct sj_loop *loop, int wait_ms)
{
    assert(!loop->in_turn);
    loop->in_turn = true;
    struct sj_list again, late;
    sj_list_init(&again);
    sj_list_init(&late);
    bool wait = wait_ms != 0 && !loop_has_work(loop) && !loop->stopping;
    loop_list_move(&again, &loop->again);
    loop_list_move(&late, &loop->late);
    if (wait && wait_ms > 0) {
        struct timeval tv = loop_timeval((int64_t)wait_ms * 1000);
        event_add(loop->wait_event, &tv);
    }
    loop_arm(loop);
    loop->clock->known = loop->clock->test;
    int flags = EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY;
    loop->work_us = 0;
    conn_call_late(loop, &late);
    event_base_loop(loop->base, wait ? flags : flags | EVLOOP_NONBLOCK);
    if (wait && wait_ms > 0)
        event_del(loop->wait_event);
    conn_call_again(loop, &again);
    loop_run_deferred(loop);
    loop_write(loop);
    loop->in_turn = false;
}

void sj_loop_turn(struct sj_loop *loop, int wait_ms)
{
    loop_turn(loop, wait_ms > 0 ? wait_ms : 0);
}

void sj_loop_run(struct sj_loop *loop)
{
    while (!loop->stopping)
        loop_turn(loop, -1);
    loop->stopping = false;
}

void sj_loop_stop(struct sj_loop *loop)
{
    loop->stopping = true;
}

void sj_loop_test_jump(struct sj_loop *loop, int64_t ms)
{
    loop_clock_get(loop);
    loop->clock->test = true;
    loop->clock->utc_ms += ms;
}

/* Goes from one due tick to the next, so that timers that start timers chain as in real time. */
void sj_loop_test_advance(struct sj_loop *loop, int64_t ms)
{
    assert(!loop->in_turn && ms >= 0);
    struct loop_clock *clock = loop->clock;
    loop_clock_get(loop);
    clock->test = true;
    loop->in_turn = true;
    int64_t end_ms = clock->now_ms + ms;
    while (clock->now_ms < end_ms) {
        int64_t next_ms = wheel_next_ms(&loop->wheel);
        int64_t step_ms = (next_ms < end_ms ? next_ms : end_ms) - clock->now_ms;
        if (step_ms > 0) {
            clock->now_ms += step_ms;
            clock->utc_ms += step_ms;
        }
        wheel_advance(&loop->wheel, clock->now_ms);
        loop_run_deferred(loop);
    }
    loop->in_turn = false;
}
