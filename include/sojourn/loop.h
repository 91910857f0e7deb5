/* SPDX-License-Identifier: MPL-2.0 */
/* The event loop: one, on one thread; timers, deferred calls, signals. libevent stays hidden.
 *
 * All timers of the process hang in one timing wheel behind a single libevent timer: an idle
 * timer costs its 48 bytes and nothing else. Granularity is SJ_LOOP_TICK_MS. */
#ifndef SOJOURN_LOOP_H
#define SOJOURN_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "sojourn/map.h"

#define SJ_LOOP_TICK_MS 16

struct sj_loop;

/* Creates the loop; never NULL. */
struct sj_loop *sj_loop_new(void);
void sj_loop_free(struct sj_loop **loop);
/* Runs until sj_loop_stop. */
void sj_loop_run(struct sj_loop *loop);
/* One turn: handles what is ready, waiting at most wait_ms for it. For tests and start-up. */
void sj_loop_turn(struct sj_loop *loop, int wait_ms);
void sj_loop_stop(struct sj_loop *loop);

/* Monotonic milliseconds, as of the start of this turn (tests may set them). */
int64_t sj_loop_now_ms(const struct sj_loop *loop);
/* UTC milliseconds since 1970. */
int64_t sj_loop_utc_ms(const struct sj_loop *loop);
/* Test clock: moves now and utc by ms and fires what is due; the real clock no longer counts. */
void sj_loop_test_advance(struct sj_loop *loop, int64_t ms);
/* Test clock: utc alone jumps, ahead or back, as when somebody sets the machine's clock. */
void sj_loop_test_jump(struct sj_loop *loop, int64_t ms);

/* One-shot timer, embedded in its owner. arg is the owner; stop it before the owner goes. */
struct sj_timer {
    struct sj_list link;
    int64_t due_ms;
    void (*fn)(void *arg);
    void *arg;
};
void sj_timer_init(struct sj_timer *t, void (*fn)(void *arg), void *arg);
/* (Re)starts: fn runs once, from the loop top, in about delay_ms (0 or more). */
void sj_timer_start(struct sj_loop *loop, struct sj_timer *t, int64_t delay_ms);
void sj_timer_stop(struct sj_timer *t);
bool sj_timer_running(const struct sj_timer *t);

/* A call at the end of this turn, from the loop top, embedded in its owner. */
struct sj_defer {
    struct sj_list link;
    void (*fn)(void *arg);
    void *arg;
};
void sj_defer_init(struct sj_defer *d, void (*fn)(void *arg), void *arg);
/* Schedules; a second call before it ran changes nothing. Order is kept. What a deferred call
 * schedules runs in the next round of the same turn (rounds are bounded: input is heard, too). */
void sj_loop_defer(struct sj_loop *loop, struct sj_defer *d);
/* The same for the next turn, which does not wait: input of others is heard before. For long work
 * that is done bit by bit. */
void sj_loop_defer_next(struct sj_loop *loop, struct sj_defer *d);
void sj_defer_cancel(struct sj_defer *d);

/* A call that another thread asks for: the one function here that may be used outside of the loop's
 * thread is sj_wake_call, between sj_wake_new and sj_wake_free. */
struct sj_wake;
/* NULL: no file descriptor is left. */
struct sj_wake *sj_wake_new(struct sj_loop *loop, void (*fn)(void *arg), void *arg);
/* fn runs from the loop top, once for all calls since it ran last. */
void sj_wake_call(struct sj_wake *wake);
void sj_wake_free(struct sj_wake **wake);

/* Runs fn from the loop top whenever the process gets signo; once registered it stays. */
void sj_loop_on_signal(struct sj_loop *loop, int signo, void (*fn)(int signo, void *arg),
                       void *arg);

#endif
