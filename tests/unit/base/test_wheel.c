/* SPDX-License-Identifier: MPL-2.0 */
/* wheel.c, checked against a plain list over random times. */
#include <criterion/criterion.h>

#include "sojourn/memory.h"
#include "wheel.h"

#define TIMERS 400

struct bench;

struct probe {
    struct sj_timer timer;
    struct bench *bench;
    int64_t fired_ms;           /* -1: not yet */
};

struct bench {
    struct wheel wheel;
    int64_t now_ms;
    struct probe probes[TIMERS];
};

static void probe_fire(void *arg)
{
    struct probe *p = arg;
    cr_assert_eq(p->fired_ms, -1, "fired twice");
    p->fired_ms = p->bench->now_ms;
}

static void bench_init(struct bench *b, int64_t now_ms)
{
    b->now_ms = now_ms;
    wheel_init(&b->wheel, now_ms);
}

static void probe_start(struct bench *b, struct probe *p, int64_t due_ms)
{
    sj_timer_init(&p->timer, probe_fire, p);
    p->bench = b;
    p->fired_ms = -1;
    p->timer.due_ms = due_ms;
    wheel_add(&b->wheel, &p->timer);
}

/* Steps as the loop does: from one due time to the next. */
static void bench_run_to(struct bench *b, int64_t end_ms)
{
    for (;;) {
        int64_t next_ms = wheel_next_ms(&b->wheel);
        if (next_ms > end_ms)
            break;
        b->now_ms = next_ms > b->now_ms ? next_ms : b->now_ms;
        wheel_advance(&b->wheel, b->now_ms);
    }
    b->now_ms = end_ms;
    wheel_advance(&b->wheel, end_ms);
}

Test(wheel, is_never_due_when_empty)
{
    struct bench b;
    bench_init(&b, 12345);
    cr_assert_eq(wheel_next_ms(&b.wheel), INT64_MAX);
    wheel_advance(&b.wheel, 99999999);
    cr_assert_eq(wheel_next_ms(&b.wheel), INT64_MAX);
}

Test(wheel, fires_at_the_first_tick_that_is_not_early)
{
    static const int64_t starts[] = {0, 1, 15, 16, 4095, 4096, 65535 * 16, 65536 * 16 + 5,
                                     1048576LL * 16 - 1, 123456789012};
    static const int64_t delays[] = {0,       1,       15,       16,        17,        255 * 16,
                                     4079,    4080,    4081,     4096,      4097,      8192,
                                     65535,   65536,   1048559,  1048560,   1048576,   1048577,
                                     3600000, 86400000, 268435440, 268435456, 300000000,
                                     5000000000};
    for (size_t s = 0; s < sizeof starts / sizeof starts[0]; s++) {
        for (size_t d = 0; d < sizeof delays / sizeof delays[0]; d++) {
            struct bench b;
            bench_init(&b, starts[s]);
            int64_t due_ms = starts[s] + delays[d];
            probe_start(&b, &b.probes[0], due_ms);
            bench_run_to(&b, due_ms - 1);
            cr_expect_eq(b.probes[0].fired_ms, -1, "start %lld delay %lld: early",
                         (long long)starts[s], (long long)delays[d]);
            bench_run_to(&b, due_ms + SJ_LOOP_TICK_MS);
            cr_expect(b.probes[0].fired_ms >= due_ms &&
                          b.probes[0].fired_ms <= due_ms + SJ_LOOP_TICK_MS,
                      "start %lld delay %lld: fired at %lld", (long long)starts[s],
                      (long long)delays[d], (long long)b.probes[0].fired_ms);
        }
    }
}

Test(wheel, fires_random_timers_in_time_with_removals)
{
    struct bench *b = sj_calloc(1, sizeof *b);
    for (int round = 0; round < 30; round++) {
        bench_init(b, (int64_t)sj_random_below(2000000000));
        int64_t start_ms = b->now_ms;
        for (int i = 0; i < TIMERS; i++) {
            uint32_t range = i % 4 == 0 ? 5000 : i % 4 == 1 ? 100000 : 3000000;
            probe_start(b, &b->probes[i], start_ms + (int64_t)sj_random_below(range));
        }
        bench_run_to(b, start_ms + 2500);
        for (int i = 0; i < TIMERS; i += 5)
            sj_timer_stop(&b->probes[i].timer);
        /* one jump over everything, as after a suspended machine */
        if (round % 3 == 0) {
            b->now_ms = start_ms + 4000000;
            wheel_advance(&b->wheel, b->now_ms);
        }
        bench_run_to(b, start_ms + 4000000);
        for (int i = 0; i < TIMERS; i++) {
            struct probe *p = &b->probes[i];
            int64_t late_ms = p->fired_ms - p->timer.due_ms;
            if (i % 5 == 0 && p->fired_ms < 0)
                continue;
            cr_assert(late_ms >= 0 && (round % 3 == 0 || late_ms <= SJ_LOOP_TICK_MS),
                      "timer %d late by %lld", i, (long long)late_ms);
        }
        cr_assert_eq(wheel_next_ms(&b->wheel), INT64_MAX);
    }
    sj_free(b);
}

Test(wheel, does_not_wake_for_removed_timers)
{
    struct bench b;
    bench_init(&b, 1000);
    probe_start(&b, &b.probes[0], 2000);
    probe_start(&b, &b.probes[1], 90000);
    sj_timer_stop(&b.probes[0].timer);
    int64_t next_ms = wheel_next_ms(&b.wheel);
    cr_assert_gt(next_ms, 2100);
    cr_assert_leq(next_ms, 90000 + SJ_LOOP_TICK_MS);
    sj_timer_stop(&b.probes[1].timer);
    cr_assert_eq(wheel_next_ms(&b.wheel), INT64_MAX);
}

static void stop_next(void *arg)
{
    struct probe *p = arg;
    p->fired_ms = p->bench->now_ms;
    sj_timer_stop(&p[1].timer);
}

Test(wheel, lets_a_timer_stop_another_of_the_same_tick)
{
    struct bench b;
    bench_init(&b, 0);
    probe_start(&b, &b.probes[0], 100);
    probe_start(&b, &b.probes[1], 100);
    probe_start(&b, &b.probes[2], 100);
    b.probes[0].timer.fn = stop_next;
    bench_run_to(&b, 200);
    cr_assert_geq(b.probes[0].fired_ms, 100);
    cr_assert_eq(b.probes[1].fired_ms, -1);
    cr_assert_geq(b.probes[2].fired_ms, 100);
}
