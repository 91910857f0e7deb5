/* SPDX-License-Identifier: MPL-2.0 */
/* The inside of the loop, for the files of conn. */
#ifndef SOJOURN_LOOP_PRIV_H
#define SOJOURN_LOOP_PRIV_H

#include <event2/event.h>

#include "sojourn/loop.h"
#include "sojourn/map.h"
#include "wheel.h"

#define LOOP_ROUNDS_MAX 8u      /* rounds of deferred calls in one turn */
#define LOOP_SIGNALS_MAX 8u
#define LOOP_SPARE_OUT_MAX 262144u
#define LOOP_TURN_US 250        /* conns are called for so long in one turn */
#define LOOP_FEW 4u             /* so many conns are written in each turn; more of them... */
#define LOOP_WRITE_US 2000      /* ...so often, unless there was nothing to read */

struct evdns_base;

struct loop_clock {
    int64_t now_ms, utc_ms;     /* valid when known */
    bool known;
    bool test;                  /* moved by sj_loop_test_advance only */
};

struct loop_signal {
    struct event *event;
    void (*fn)(int signo, void *arg);
    void *arg;
};

/* A buffer that waits for its next borrower. */
struct loop_spare {
    char *p;
    size_t cap;
};

struct sj_loop {
    struct event_base *base;
    struct loop_clock *clock;   /* apart, because reading the time of a const loop fills it in */
    struct wheel wheel;
    struct event *wheel_event;
    int64_t wheel_armed_ms;     /* what wheel_event waits for; INT64_MAX: nothing */
    int64_t slack_us;           /* libevent's clock may lag behind ours by this much */
    struct event *wait_event;   /* bounds sj_loop_turn */
    struct sj_list deferred;    /* struct sj_defer */
    struct sj_list next;        /* the same, for the next turn */
    struct sj_list again;       /* struct sj_conn.again_link: have more, to be called in turn */
    struct sj_list late;        /* the same: readable, and this turn was over */
    int64_t work_us;            /* when the first conn was called in this turn, 0: none yet */
    int64_t written_us;         /* work_us of the turn in which all output was last written */
    struct sj_list flush;       /* struct sj_conn.flush_link: have output */
    struct loop_signal signals[LOOP_SIGNALS_MAX];
    unsigned n_signals;
    struct loop_spare spare_in, spare_out;
    struct evdns_base *dns;     /* made at the first name */
    const char *dns_file;       /* the resolver's configuration (tests may have their own) */
    int64_t dns_stamp;          /* of that file when it was read */
    struct sj_map *idents;      /* struct conn_ident by its ends; NULL: nobody asks */
    bool stopping;
    bool in_turn;
};

/* Has this turn called conns for long enough? The first question starts the time. */
bool loop_is_spent(struct sj_loop *loop);

/* Moves all nodes of from to the (initialised) end of to. */
static inline void loop_list_move(struct sj_list *to, struct sj_list *from)
{
    if (sj_list_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    sj_list_init(from);
}

#endif
