/* SPDX-License-Identifier: MPL-2.0 */
/* One round of one gateway: fresh processes, the same steps in the same order for each.
 *
 *   starts     start, handshake, stop, a few times
 *   idle       0, 100, 1000, all users: memory; idle CPU; everybody off; a fresh process,
 *              everybody on at once; stop, start: everybody back (sojournd)
 *   traffic    100 users: one by one, flood, flood again, latency; then one by one and flood
 *              with 1000 and with all */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "process.h"

#define LEVEL_SMALL 100u
#define LEVEL_MIDDLE 1000u
#define LOGIN_WINDOW 64u
#define LOGIN_TIMEOUT_NS (120 * SECOND_NS)
#define LOGOUT_TIMEOUT_NS (60 * SECOND_NS)
#define QUIET_NS (400 * MILLI_NS)
#define SETTLE_TIMEOUT_NS (30 * SECOND_NS)
#define IDLE_SAMPLE_NS (2 * SECOND_NS)   /* whole seconds: biboumi's timers run each second */
/* Above it, what traffic adds to an idle process can no longer be told from it. */
#define IDLE_BUSY 0.5
#define PING_INTERVAL_S 90u
#define PEERS_USUAL 4u

struct round {
    const struct options *o;
    struct subject *s;
    struct world *w;
    unsigned number;
};

static bool fail(struct round *r, const char *step, uint32_t got, uint32_t wanted)
{
    struct subject *s = r->s;

    snprintf(s->failure, sizeof s->failure, "%s: %u of %u%s", step, (unsigned)got,
             (unsigned)wanted, gateway_alive(&s->gateway) ? "" : " (the gateway has ended)");
    note("%s: %s", s->gateway.name, s->failure);
    if (r->w && r->w->first_error[0] != '\0')
        note("first error: %s", r->w->first_error);
    gateway_log_show(&s->gateway);
    return false;
}

static void value_set(struct round *r, enum metric m, double value)
{
    series_set(&r->s->series[m], r->number, value);
}

static uint32_t level(const struct options *o, uint32_t wanted)
{
    return wanted < o->users ? wanted : o->users;
}

static void world_make(struct round *r)
{
    const struct options *o = r->o;
    struct gateway *g = &r->s->gateway;
    struct world *w = world_new(gateway_manner(g), g->kind == GATEWAY_BIBOUMI ? g->irc_port : 0);
    uint32_t peers = o->contacts > PEERS_USUAL ? o->contacts : PEERS_USUAL;

    traffic_init(&w->traffic[TO_IRC], TO_IRC, o->body_bytes, peers);
    traffic_init(&w->traffic[TO_XMPP], TO_XMPP, o->body_bytes, peers);
    w->contacts = g->kind == GATEWAY_SOJOURND ? o->contacts : 0;
    w->caps_offered = o->caps;
    w->monitor = o->monitor;
    r->w = w;
}

/* Fresh world and process. */
static bool world_open(struct round *r)
{
    world_make(r);
    gateway_forget(&r->s->gateway);
    return gateway_start(&r->s->gateway, r->w) || fail(r, "start", 0, 1);
}

static bool world_shut(struct round *r, bool well)
{
    struct world *w = r->w;

    if (gateway_alive(&r->s->gateway) && !gateway_stop(&r->s->gateway, w) && well)
        well = fail(r, "stop after SIGTERM", 0, 1);
    r->s->errors += w->errors;
    if (r->s->first_error[0] == '\0')
        memcpy(r->s->first_error, w->first_error, sizeof r->s->first_error);
    world_free(&r->w);
    return well;
}

/* Registers (where that is not done once for all) and logs in the users up to n. */
static bool users_bring(struct round *r, uint32_t n)
{
    struct world *w = r->w;

    if (w->manner == MANNER_ROOM)
        w->n_users = n;
    else if (!users_register(w, n))
        return fail(r, "registration", w->n_registered, n);
    if (!users_online(w, n, LOGIN_WINDOW, LOGIN_TIMEOUT_NS))
        return fail(r, "log-in", w->n_online, n);
    world_settle(w, QUIET_NS, SETTLE_TIMEOUT_NS);
    return true;
}

/* biboumi keeps settings for each user in its database: made once, then kept for all rounds. */
static bool users_prepare(struct round *r)
{
    bool well;

    if (gateway_manner(&r->s->gateway) != MANNER_ROOM || r->s->prepared)
        return true;
    note("%s: configuring %u users", r->s->gateway.name, (unsigned)r->o->users);
    well = world_open(r);
    if (well && !users_register(r->w, r->o->users))
        well = fail(r, "configuration of users", r->w->n_registered, r->o->users);
    r->s->prepared = true;
    well = world_shut(r, well);
    gateway_tune(&r->s->gateway);
    return well;
}

static bool round_starts(struct round *r)
{
    struct gateway *g = &r->s->gateway;
    double ms[ROUNDS_MAX];
    bool well = world_open(r);      /* makes what only a first start makes */

    for (unsigned i = 0; well && i < r->o->starts; i++) {
        well = gateway_stop(g, r->w) || fail(r, "stop", i, r->o->starts);
        well = well && (gateway_restart(g, r->w) || fail(r, "start", i, r->o->starts));
        ms[i] = (double)(r->w->attached_at - g->started_at) / 1e6;
    }
    if (well)
        value_set(r, METRIC_START, quantile(ms, r->o->starts, 0.5));
    return world_shut(r, well);
}

static void slope_set(struct round *r, uint32_t users, struct process_memory from,
                      struct process_memory to)
{
    double n = users;

    if (users == LEVEL_SMALL)
        value_set(r, METRIC_MEM_SMALL, (to.rss_kib - from.rss_kib) / n);
    if (users == LEVEL_MIDDLE)
        value_set(r, METRIC_MEM_MIDDLE, (to.rss_kib - from.rss_kib) / n);
    if (users == r->o->users) {
        value_set(r, METRIC_MEM_FULL, (to.rss_kib - from.rss_kib) / n);
        value_set(r, METRIC_MEM_PSS, (to.pss_kib - from.pss_kib) / n);
        value_set(r, METRIC_MEM_PRIVATE, (to.private_kib - from.private_kib) / n);
    }
}

static bool step_memory(struct round *r)
{
    const uint32_t levels[] = {level(r->o, LEVEL_SMALL), level(r->o, LEVEL_MIDDLE), r->o->users};
    struct process_memory empty;

    world_settle(r->w, QUIET_NS, SETTLE_TIMEOUT_NS);
    empty = process_memory(r->s->gateway.pid);
    if (options_want(r->o, PART_MEMORY))
        value_set(r, METRIC_RSS_EMPTY, empty.rss_kib);
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (!users_bring(r, levels[i]))
            return false;
        if (options_want(r->o, PART_MEMORY))
            slope_set(r, levels[i], empty, process_memory(r->s->gateway.pid));
    }
    return true;
}

static void step_idle(struct round *r)
{
    int64_t ns = (int64_t)(r->o->idle_s * 1e9);
    unsigned pings = r->o->users / PING_INTERVAL_S;

    value_set(r, METRIC_IDLE_CPU, 100 * measure_idle(r->w, &r->s->gateway, ns, 0));
    value_set(r, METRIC_IDLE_PING,
              100 * measure_idle(r->w, &r->s->gateway, ns / 2, pings > 0 ? pings : 1));
}

/* In a fresh process that knows its users: nothing left over from the steps before. */
static bool step_storm(struct round *r)
{
    struct world *w = r->w;
    struct gateway *g = &r->s->gateway;
    int64_t start, cpu;
    uint32_t n = r->o->users;

    if (g->kind == GATEWAY_SOJOURND && !users_offline(w, LOGOUT_TIMEOUT_NS))
        return fail(r, "log-out", n - w->n_irc, n);
    world_settle(w, QUIET_NS, SETTLE_TIMEOUT_NS);
    if (g->kind == GATEWAY_SOJOURND && w->n_online > 0)
        return fail(r, "log-out told to users", n - w->n_online, n);
    if (!gateway_stop(g, w))
        return fail(r, "stop", 0, 1);
    if (!world_wait_down(w, &w->n_irc, 0, LOGOUT_TIMEOUT_NS) || !gateway_restart(g, w))
        return fail(r, "restart", 0, 1);
    world_settle(w, QUIET_NS, SETTLE_TIMEOUT_NS);
    cpu = process_cpu_ns(g->pid);
    start = clock_now_ns();
    if (!users_online(w, n, n, LOGIN_TIMEOUT_NS))
        return fail(r, "log-in storm", w->n_online, n);
    value_set(r, METRIC_STORM_TIME, (double)(clock_now_ns() - start) / 1e9);
    world_settle(w, QUIET_NS, SETTLE_TIMEOUT_NS);
    value_set(r, METRIC_STORM_CPU, (double)(process_cpu_ns(g->pid) - cpu) / 1e6 / n);
    return true;
}

/* Everybody was online when the gateway stopped, and is to be again without doing anything. */
static bool step_restart(struct round *r)
{
    struct world *w = r->w;
    struct gateway *g = &r->s->gateway;
    uint32_t n = r->o->users;
    int64_t start;

    if (!gateway_stop(g, w))
        return fail(r, "stop with all users on", 0, 1);
    if (!world_wait_down(w, &w->n_irc, 0, LOGOUT_TIMEOUT_NS) || w->n_online > 0)
        return fail(r, "log-out at the stop", n - w->n_online, n);
    start = clock_now_ns();
    if (!gateway_restart(g, w))
        return fail(r, "restart", 0, 1);
    if (!world_wait(w, &w->n_online, n, LOGIN_TIMEOUT_NS))
        return fail(r, "users back after the restart", w->n_online, n);
    value_set(r, METRIC_RESTART_TIME, (double)(clock_now_ns() - start) / 1e9);
    world_settle(w, QUIET_NS, SETTLE_TIMEOUT_NS);
    value_set(r, METRIC_RESTART_CPU, (double)process_cpu_ns(g->pid) / 1e6 / n);
    return true;
}

static bool round_idle(struct round *r)
{
    bool well = world_open(r) && step_memory(r);

    if (well && options_want(r->o, PART_IDLE))
        step_idle(r);
    if (well && (options_want(r->o, PART_STORM) || options_want(r->o, PART_RESTART)))
        well = step_storm(r);
    if (well && options_want(r->o, PART_RESTART) && r->s->gateway.kind == GATEWAY_SOJOURND)
        well = step_restart(r);
    return world_shut(r, well);
}

/* Adds a phase to the gateway's account; a phase that was not drained is no failure of its own:
 * what did not come is counted as lost. */
static void phase_close(struct round *r, enum direction d)
{
    traffic_tally_add(&r->s->tally, &r->w->traffic[d]);
}

struct costs {
    struct cost single[2], flood[2];
    double idle;                 /* share of a core without traffic */
};

static void step_costs(struct round *r, bool single, bool flood, double share, struct costs *out)
{
    const struct gateway *g = &r->s->gateway;

    out->idle = measure_idle(r->w, g, IDLE_SAMPLE_NS, 0);
    for (int d = TO_IRC; d <= TO_XMPP; d++) {
        enum direction direction = (enum direction)d;

        if (single) {
            measure_single(r->w, g, direction, r->o->rate, r->o->single_s * share, out->idle,
                           &out->single[d]);
            phase_close(r, direction);
        }
        if (flood) {
            measure_flood(r->w, g, direction, r->o->flood_s * share, &out->flood[d]);
            phase_close(r, direction);
        }
    }
}

/* Whatever the first flood has made grow has grown; what a second one adds is lost for good. */
static void step_growth(struct round *r)
{
    struct gateway *g = &r->s->gateway;
    size_t arrived = r->s->tally.arrived;
    struct costs again = {0};
    double before, after;

    world_settle(r->w, QUIET_NS, SETTLE_TIMEOUT_NS);
    before = process_memory(g->pid).private_kib;
    step_costs(r, false, true, 1, &again);
    world_settle(r->w, QUIET_NS, SETTLE_TIMEOUT_NS);
    after = process_memory(g->pid).private_kib;
    arrived = r->s->tally.arrived - arrived;
    if (arrived > 0)
        value_set(r, METRIC_GROWTH, 1024 * (after - before) / (double)arrived);
}

static void step_latency(struct round *r)
{
    const bool on[3][2] = {{true, false}, {false, true}, {true, true}};
    double us[3][4];

    for (int i = 0; i < 3; i++) {
        measure_latency(r->w, on[i], 200, r->o->latency_s, us[i]);
        phase_close(r, TO_IRC);
        phase_close(r, TO_XMPP);
    }
    value_set(r, METRIC_P50_OUT, us[0][0]);
    value_set(r, METRIC_P99_OUT, us[0][1]);
    value_set(r, METRIC_P50_IN, us[1][2]);
    value_set(r, METRIC_P99_IN, us[1][3]);
    value_set(r, METRIC_DUPLEX_P50_OUT, us[2][0]);
    value_set(r, METRIC_DUPLEX_P99_OUT, us[2][1]);
    value_set(r, METRIC_DUPLEX_P50_IN, us[2][2]);
    value_set(r, METRIC_DUPLEX_P99_IN, us[2][3]);
}

static void costs_set(struct round *r, const struct costs *c)
{
    if (options_want(r->o, PART_SINGLE)) {
        value_set(r, METRIC_SINGLE_OUT, c->single[TO_IRC].us_per_message);
        value_set(r, METRIC_SINGLE_IN, c->single[TO_XMPP].us_per_message);
    }
    if (options_want(r->o, PART_FLOOD)) {
        value_set(r, METRIC_FLOOD_OUT, c->flood[TO_IRC].us_per_message);
        value_set(r, METRIC_FLOOD_IN, c->flood[TO_XMPP].us_per_message);
        value_set(r, METRIC_RATE_OUT, c->flood[TO_IRC].per_second / 1000);
        value_set(r, METRIC_RATE_IN, c->flood[TO_XMPP].per_second / 1000);
    }
}

static double both(const struct cost c[2])
{
    return c[TO_IRC].us_per_message + c[TO_XMPP].us_per_message;
}

static bool step_scale(struct round *r, uint32_t users, const struct costs *few)
{
    struct costs many = {0};

    if (users <= LEVEL_SMALL)
        return true;
    if (!users_bring(r, users))
        return false;
    step_costs(r, true, true, 0.5, &many);
    if (both(few->single) > 0 && many.idle < IDLE_BUSY) {
        double ratio = both(many.single) / both(few->single);

        if (users == LEVEL_MIDDLE)
            value_set(r, METRIC_SCALE_SINGLE, ratio);
        if (users == r->o->users)
            value_set(r, METRIC_SCALE_SINGLE_FULL, ratio);
    }
    if (both(few->flood) > 0) {
        double ratio = both(many.flood) / both(few->flood);

        if (users == LEVEL_MIDDLE)
            value_set(r, METRIC_SCALE_FLOOD, ratio);
        if (users == r->o->users)
            value_set(r, METRIC_SCALE_FLOOD_FULL, ratio);
    }
    return true;
}

static bool round_traffic(struct round *r)
{
    const struct options *o = r->o;
    bool scale = options_want(o, PART_SCALE);
    bool well = world_open(r) && users_bring(r, level(o, LEVEL_SMALL));
    struct costs few = {0};

    if (well) {
        step_costs(r, scale || options_want(o, PART_SINGLE), scale || options_want(o, PART_FLOOD),
                   1, &few);
        costs_set(r, &few);
    }
    if (well && options_want(o, PART_FLOOD))
        step_growth(r);
    if (well && options_want(o, PART_LATENCY))
        step_latency(r);
    if (well && scale && o->users > LEVEL_MIDDLE)
        well = step_scale(r, LEVEL_MIDDLE, &few);
    if (well && scale)
        well = step_scale(r, o->users, &few);
    if (well && !gateway_alive(&r->s->gateway))
        well = fail(r, "traffic", 0, 1);
    return world_shut(r, well);
}

static bool round_pressure(struct round *r)
{
    const struct gateway *g = &r->s->gateway;
    double quiet = 0, most = 0;
    bool well;

    process_hurry(true);
    well = world_open(r) && users_bring(r, PRESSURE_USERS);
    if (well)
        pressure_begin(r->w);
    for (int i = 0; well && i < PRESSURE_COUNT; i++) {
        enum metric m = (enum metric)(METRIC_QUIET_OUT + 3 * i);
        struct bystander b;

        if (!pressure_suits((enum pressure)i, g))
            continue;
        measure_pressure(r->w, g, (enum pressure)i, r->o->pressure_s, &b);
        phase_close(r, TO_IRC);
        phase_close(r, TO_XMPP);
        value_set(r, m, b.p99_us[TO_IRC]);
        value_set(r, m + 1, b.p99_us[TO_XMPP]);
        if (i > 0)
            value_set(r, m + 2, b.others / 1000);
        quiet = i == 0 ? b.rss_kib : quiet;
        most = b.rss_kib > most ? b.rss_kib : most;
        world_settle(r->w, QUIET_NS, SETTLE_TIMEOUT_NS);
        well = gateway_alive(&r->s->gateway) || fail(r, "pressure", (uint32_t)i, PRESSURE_COUNT);
    }
    if (well)
        value_set(r, METRIC_PRESSURE_MEMORY, most - quiet);
    well = world_shut(r, well);
    process_hurry(false);
    return well;
}

bool round_run(const struct options *o, struct subject *s, unsigned number)
{
    struct round r = {.o = o, .s = s, .number = number};
    bool well = users_prepare(&r);

    if (well && options_want(o, PART_START))
        well = round_starts(&r);
    if (well && (options_want(o, PART_MEMORY) || options_want(o, PART_IDLE) ||
                 options_want(o, PART_STORM) || options_want(o, PART_RESTART)))
        well = round_idle(&r);
    if (well && (options_want(o, PART_SINGLE) || options_want(o, PART_FLOOD) ||
                 options_want(o, PART_LATENCY) || options_want(o, PART_SCALE)))
        well = round_traffic(&r);
    if (well && options_want(o, PART_PRESSURE) && s->gateway.kind != GATEWAY_BIBOUMI)
        well = round_pressure(&r);
    return well;
}
