/* SPDX-License-Identifier: MPL-2.0 */
/* Traffic through a gateway whose users are online: one by one at a steady rate, as fast as it is
 * taken with a window, and a trickle both ways for latency. CPU is read around each phase. One
 * by one, what the gateway uses without traffic is taken off: that price shows as idle CPU. In a
 * flood it is not, since a busy process runs its timers in bunches. */
#include <stdlib.h>

#include "bench.h"
#include "process.h"

#define FLOOD_WINDOW 2048u
#define FLOOD_USERS 100u
#define FLOOD_BURST 16u          /* lines that one IRC user gets at once in a flood */
#define DRAIN_TIMEOUT_NS (10 * SECOND_NS)
#define TAIL_NS (30 * MILLI_NS)  /* for work that follows the last message */
#define LAG_MAX_NS (20 * MILLI_NS)

double measure_idle(struct world *w, const struct gateway *g, int64_t ns, unsigned pings_each_s)
{
    int64_t start = clock_now_ns();
    int64_t cpu = process_cpu_ns(g->pid);
    int64_t next = start;
    uint32_t user = 0;

    while (clock_now_ns() < start + ns) {
        int64_t until = start + ns;

        if (pings_each_s > 0) {
            until = next < until ? next : until;
            if (clock_now_ns() >= next) {
                irc_ping(w, user++ % w->n_users);
                next += SECOND_NS / pings_each_s;
            }
        }
        loop_turn(w->loop, until);
    }
    cpu = process_cpu_ns(g->pid) - cpu;
    return (double)cpu / (double)(clock_now_ns() - start);
}

/* Waits until everything has arrived or been refused, or nothing moves any more. */
static bool traffic_drain(struct world *w, const struct traffic *t)
{
    int64_t last = clock_now_ns();
    size_t closed = t->closed;

    while (traffic_outstanding(t) > 0) {
        if (t->closed != closed) {
            closed = t->closed;
            last = clock_now_ns();
        }
        if (clock_now_ns() - last > DRAIN_TIMEOUT_NS)
            return false;
        loop_turn(w->loop, clock_now_ns() + 5 * MILLI_NS);
    }
    return true;
}

/* Spreads messages over users first, then over peers. */
static void message_send(struct world *w, struct traffic *t, uint32_t turn)
{
    traffic_send(w, t, turn % w->n_users, turn / w->n_users % t->n_peers);
}

static void message_flush(struct world *w, const struct traffic *t, uint32_t turn)
{
    struct wire *wire =
        t->direction == TO_IRC ? w->component : w->users[turn % w->n_users].irc;

    if (wire)
        wire_flush(wire);
}

struct meter {
    int64_t cpu, wall;
};

static struct meter meter_start(const struct gateway *g)
{
    int64_t cpu = process_cpu_ns(g->pid);

    return (struct meter){.cpu = cpu, .wall = clock_now_ns()};
}

static struct cost meter_stop(struct meter m, const struct gateway *g, const struct traffic *t,
                              double idle)
{
    double wall = (double)(clock_now_ns() - m.wall);
    double cpu = (double)(process_cpu_ns(g->pid) - m.cpu) - idle * wall;
    double took = (double)(t->last_arrived - t->first_sent);
    struct cost cost = {0};

    if (t->arrived > 0 && took > 0) {
        cost.us_per_message = (cpu > 0 ? cpu : 0) / 1000.0 / (double)t->arrived;
        cost.per_second = (double)t->arrived * 1e9 / took;
    }
    return cost;
}

bool measure_single(struct world *w, const struct gateway *g, enum direction d, unsigned rate,
                    double seconds, double idle, struct cost *out)
{
    struct traffic *t = &w->traffic[d];
    uint32_t total = (uint32_t)(seconds * rate);
    uint32_t turn = 0;
    struct meter m;
    int64_t next;
    bool drained;

    traffic_begin(t, w->n_users);
    m = meter_start(g);
    next = clock_now_ns();
    while (turn < total) {
        int64_t now = clock_now_ns();

        if (now - next > LAG_MAX_NS)
            next = now;          /* the machine was busy: no burst to catch up */
        if (now >= next) {
            message_send(w, t, turn);
            message_flush(w, t, turn);
            turn++;
            next += SECOND_NS / rate;
        }
        loop_turn(w->loop, next);
    }
    drained = traffic_drain(w, t);
    world_run(w, TAIL_NS);
    *out = meter_stop(m, g, t, idle);
    return drained;
}

/* The same number of users takes part in a flood however many are on: what can be put into one
 * write to one user stays the same, and floods with few and with many users on compare. */
static uint32_t flood_user(const struct world *w, uint32_t turn)
{
    uint32_t step = w->n_users > FLOOD_USERS ? w->n_users / FLOOD_USERS : 1;
    uint32_t n = w->n_users > FLOOD_USERS ? FLOOD_USERS : w->n_users;

    return turn % n * step;
}

/* Fills the window; to IRC all users in turn, to XMPP a burst for each. */
static void window_fill(struct world *w, struct traffic *t, uint32_t *turn)
{
    while (traffic_outstanding(t) + FLOOD_BURST <= FLOOD_WINDOW) {
        for (unsigned i = 0; i < FLOOD_BURST; i++) {
            traffic_send(w, t, flood_user(w, *turn), i % t->n_peers);
            if (t->direction == TO_IRC)
                (*turn)++;
        }
        if (t->direction == TO_XMPP)
            (*turn)++;
    }
}

bool measure_flood(struct world *w, const struct gateway *g, enum direction d, double seconds,
                   struct cost *out)
{
    struct traffic *t = &w->traffic[d];
    int64_t length = (int64_t)(seconds * 1e9);
    uint32_t turn = 0;
    struct meter m;
    bool drained;

    traffic_begin(t, w->n_users);
    m = meter_start(g);
    while (clock_now_ns() - m.wall < length) {
        window_fill(w, t, &turn);
        loop_turn(w->loop, clock_now_ns() + MILLI_NS);
    }
    drained = traffic_drain(w, t);
    world_run(w, TAIL_NS);
    *out = meter_stop(m, g, t, 0);
    return drained;
}

int64_t jitter(uint32_t *state, int64_t mean)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return mean / 2 + (int64_t)(*state % (uint32_t)mean);
}

static void latency_take(const struct traffic *t, double *p50, double *p99)
{
    double *v = mem_resize(NULL, t->n, sizeof *v);
    size_t n = traffic_latencies(t, v);

    *p50 = quantile(v, n, 0.5);
    *p99 = quantile(v, n, 0.99);
    free(v);
}

/* The direction whose message is due first. */
static int direction_due(const bool on[2], const int64_t next[2])
{
    if (!on[TO_IRC] || !on[TO_XMPP])
        return on[TO_IRC] ? TO_IRC : TO_XMPP;
    return next[TO_IRC] <= next[TO_XMPP] ? TO_IRC : TO_XMPP;
}

bool measure_latency(struct world *w, const bool on[2], unsigned rate, double seconds,
                     double us[4])
{
    int64_t end = clock_now_ns() + (int64_t)(seconds * 1e9);
    uint32_t turn[2] = {0, 0};
    int64_t next[2];
    uint32_t random = 2463534242u;
    bool drained = true;

    for (int d = TO_IRC; d <= TO_XMPP; d++) {
        traffic_begin(&w->traffic[d], w->n_users);
        next[d] = clock_now_ns() + jitter(&random, SECOND_NS / rate);
    }
    while (clock_now_ns() < end) {
        int d = direction_due(on, next);

        if (clock_now_ns() >= next[d]) {
            message_send(w, &w->traffic[d], turn[d]);
            message_flush(w, &w->traffic[d], turn[d]);
            turn[d]++;
            next[d] += jitter(&random, SECOND_NS / rate);
        }
        loop_turn(w->loop, next[d]);
    }
    for (int d = TO_IRC; d <= TO_XMPP; d++) {
        drained = traffic_drain(w, &w->traffic[d]) && drained;
        latency_take(&w->traffic[d], &us[2 * d], &us[2 * d + 1]);
    }
    return drained;
}
