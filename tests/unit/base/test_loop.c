/* SPDX-License-Identifier: MPL-2.0 */
/* loop.c: clock, timers, deferred calls, signals. */
#include <criterion/criterion.h>
#include <signal.h>

#include "sojourn/loop.h"

#define CALLS_MAX 64

/* Writes down in which order things were called. */
struct diary {
    struct sj_loop *loop;
    char text[CALLS_MAX + 1];
    size_t n;
};

struct caller {
    struct diary *diary;
    struct sj_timer timer;
    struct sj_defer defer;
    struct sj_defer *then;      /* scheduled by the call, NULL: none */
    int64_t again_ms;           /* restarts its timer, 0: does not */
    int64_t called_ms;
    unsigned left;              /* schedules itself again so many times */
    char name;
};

static void caller_run(void *arg)
{
    struct caller *c = arg;
    struct diary *d = c->diary;
    cr_assert_lt(d->n, CALLS_MAX);
    d->text[d->n++] = c->name;
    c->called_ms = sj_loop_now_ms(d->loop);
    if (c->again_ms)
        sj_timer_start(d->loop, &c->timer, c->again_ms);
    if (c->then)
        sj_loop_defer(d->loop, c->then);
    if (c->left) {
        c->left--;
        sj_loop_defer(d->loop, &c->defer);
    }
}

static void caller_init(struct caller *c, struct diary *d, char name)
{
    *c = (struct caller){.diary = d, .name = name};
    sj_timer_init(&c->timer, caller_run, c);
    sj_defer_init(&c->defer, caller_run, c);
}

static void diary_init(struct diary *d)
{
    *d = (struct diary){.loop = sj_loop_new()};
}

Test(loop, fires_timers_in_order_under_the_test_clock)
{
    struct diary d;
    struct caller a, b, c;
    diary_init(&d);
    caller_init(&a, &d, 'a');
    caller_init(&b, &d, 'b');
    caller_init(&c, &d, 'c');
    int64_t start_ms = sj_loop_now_ms(d.loop);
    int64_t start_utc = sj_loop_utc_ms(d.loop);
    sj_timer_start(d.loop, &b.timer, 200);
    sj_timer_start(d.loop, &a.timer, 100);
    sj_timer_start(d.loop, &c.timer, 100000);
    cr_assert(sj_timer_running(&a.timer));
    sj_loop_test_advance(d.loop, 99);
    cr_assert_str_eq(d.text, "");
    sj_loop_test_advance(d.loop, 1 + SJ_LOOP_TICK_MS);
    cr_assert_str_eq(d.text, "a");
    cr_assert_not(sj_timer_running(&a.timer));
    sj_loop_test_advance(d.loop, 200000);
    cr_assert_str_eq(d.text, "abc");
    cr_assert_eq(sj_loop_now_ms(d.loop), start_ms + 100 + SJ_LOOP_TICK_MS + 200000);
    cr_assert_eq(sj_loop_utc_ms(d.loop) - start_utc, sj_loop_now_ms(d.loop) - start_ms);
    cr_assert_leq(b.called_ms - start_ms, 200 + SJ_LOOP_TICK_MS, "each at its own time");
    sj_loop_free(&d.loop);
    cr_assert_null(d.loop);
}

Test(loop, restarts_and_stops_timers)
{
    struct diary d;
    struct caller a, b;
    diary_init(&d);
    caller_init(&a, &d, 'a');
    caller_init(&b, &d, 'b');
    sj_timer_start(d.loop, &a.timer, 50);
    sj_timer_start(d.loop, &a.timer, 500);
    sj_timer_start(d.loop, &b.timer, 50);
    sj_timer_stop(&b.timer);
    sj_timer_stop(&b.timer);
    sj_loop_test_advance(d.loop, 400);
    cr_assert_str_eq(d.text, "");
    sj_loop_test_advance(d.loop, 200);
    cr_assert_str_eq(d.text, "a");
    sj_loop_free(&d.loop);
}

Test(loop, lets_timers_that_restart_themselves_keep_their_pace)
{
    struct diary d;
    struct caller a;
    diary_init(&d);
    caller_init(&a, &d, 'a');
    a.again_ms = 1000;
    sj_timer_start(d.loop, &a.timer, 1000);
    sj_loop_test_advance(d.loop, 10500);
    cr_assert_str_eq(d.text, "aaaaaaaaaa");
    sj_timer_stop(&a.timer);
    sj_loop_free(&d.loop);
}

Test(loop, fires_timers_by_the_real_clock_too)
{
    struct diary d;
    struct caller a;
    diary_init(&d);
    caller_init(&a, &d, 'a');
    int64_t start_ms = sj_loop_now_ms(d.loop);
    sj_timer_start(d.loop, &a.timer, 40);
    for (int i = 0; i < 100 && !d.n; i++)
        sj_loop_turn(d.loop, 1000);
    cr_assert_geq(a.called_ms - start_ms, 40);
    sj_loop_free(&d.loop);
}

Test(loop, waits_no_longer_than_told)
{
    struct sj_loop *loop = sj_loop_new();
    sj_loop_turn(loop, 0);
    int64_t start_ms = sj_loop_now_ms(loop);
    sj_loop_turn(loop, 20);
    sj_loop_turn(loop, 0);
    cr_assert_geq(sj_loop_now_ms(loop) - start_ms, 15);
    sj_loop_free(&loop);
}

Test(loop, runs_deferred_calls_in_order_and_once)
{
    struct diary d;
    struct caller a, b, c;
    diary_init(&d);
    caller_init(&a, &d, 'a');
    caller_init(&b, &d, 'b');
    caller_init(&c, &d, 'c');
    a.then = &c.defer;
    sj_loop_defer(d.loop, &a.defer);
    sj_loop_defer(d.loop, &b.defer);
    sj_loop_defer(d.loop, &a.defer);
    sj_loop_turn(d.loop, 1000);
    cr_assert_str_eq(d.text, "abc", "what a schedules comes in the next round");
    sj_loop_turn(d.loop, 0);
    cr_assert_str_eq(d.text, "abc");
    sj_loop_free(&d.loop);
}

Test(loop, bounds_the_rounds_of_a_turn_and_then_does_not_wait)
{
    struct diary d;
    struct caller a;
    diary_init(&d);
    caller_init(&a, &d, 'a');
    a.left = 19;
    sj_loop_defer(d.loop, &a.defer);
    sj_loop_turn(d.loop, 100000);
    cr_assert_lt(d.n, 20);
    for (int i = 0; i < 100 && a.left; i++)
        sj_loop_turn(d.loop, 100000);
    cr_assert_eq(d.n, 20);
    sj_loop_free(&d.loop);
}

struct worker {
    struct sj_loop *loop;
    struct sj_defer defer;
    int left, done;
};

static void worker_step(void *arg)
{
    struct worker *w = arg;
    w->done++;
    if (--w->left > 0)
        sj_loop_defer_next(w->loop, &w->defer);
}

Test(loop, does_one_bit_of_long_work_in_each_turn_and_does_not_wait)
{
    struct worker w = {.loop = sj_loop_new(), .left = 3};
    sj_defer_init(&w.defer, worker_step, &w);
    sj_loop_defer(w.loop, &w.defer);
    for (int turn = 1; turn <= 3; turn++) {
        sj_loop_turn(w.loop, 100000);
        cr_assert_eq(w.done, turn);
    }
    sj_loop_defer_next(w.loop, &w.defer);
    sj_defer_cancel(&w.defer);
    sj_loop_turn(w.loop, 0);
    sj_loop_turn(w.loop, 0);
    cr_assert_eq(w.done, 3);
    sj_loop_free(&w.loop);
}

static void cancel_other(void *arg)
{
    struct caller *c = arg;
    sj_defer_cancel(&c->defer);
}

Test(loop, forgets_canceled_calls_even_within_a_round)
{
    struct diary d;
    struct caller a, b;
    struct sj_defer first;
    diary_init(&d);
    caller_init(&a, &d, 'a');
    caller_init(&b, &d, 'b');
    sj_defer_init(&first, cancel_other, &b);
    sj_loop_defer(d.loop, &first);
    sj_loop_defer(d.loop, &a.defer);
    sj_loop_defer(d.loop, &b.defer);
    sj_defer_cancel(&a.defer);
    sj_defer_cancel(&a.defer);
    sj_loop_turn(d.loop, 0);
    cr_assert_str_eq(d.text, "");
    sj_loop_free(&d.loop);
}

Test(loop, runs_deferred_calls_of_timers_under_the_test_clock)
{
    struct diary d;
    struct caller a, b;
    diary_init(&d);
    caller_init(&a, &d, 'a');
    caller_init(&b, &d, 'b');
    a.then = &b.defer;
    sj_timer_start(d.loop, &a.timer, 100);
    sj_loop_test_advance(d.loop, 200);
    cr_assert_str_eq(d.text, "ab");
    sj_loop_free(&d.loop);
}

static void on_signal(int signo, void *arg)
{
    struct diary *d = arg;
    cr_assert_eq(signo, SIGUSR1);
    d->text[d->n++] = 's';
    sj_loop_stop(d->loop);
}

static void raise_signal(void *arg)
{
    (void)arg;
    raise(SIGUSR1);
}

Test(loop, hears_signals_and_stops)
{
    struct diary d;
    struct sj_defer raiser;
    diary_init(&d);
    sj_loop_on_signal(d.loop, SIGUSR1, on_signal, &d);
    sj_defer_init(&raiser, raise_signal, NULL);
    for (int i = 0; i < 3; i++) {
        sj_loop_defer(d.loop, &raiser);
        sj_loop_run(d.loop);
    }
    cr_assert_str_eq(d.text, "sss");
    raise(SIGPIPE);         /* ignored */
    raise(SIGXFSZ);         /* the same: writing fails with EFBIG */
    sj_loop_free(&d.loop);
}

Test(loop, can_be_stopped_before_it_runs)
{
    struct sj_loop *loop = sj_loop_new();
    sj_loop_stop(loop);
    sj_loop_run(loop);
    sj_loop_free(&loop);
    sj_loop_free(&loop);
    sj_loop_free(NULL);
}
