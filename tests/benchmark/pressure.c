/* SPDX-License-Identifier: MPL-2.0 */
/* A bystander beside others who flood, are flooded, or have a server that takes nothing: how long
 * its messages take, each way. All of them share one stream to the XMPP server.
 *
 * The first user is the bystander. What is unbounded is bounded by the sockets alone; those of the
 * XMPP server are small, since a server's own buffers are no part of the gateway. Every message is
 * accounted for, as in the other parts. */
#include <stdlib.h>
#include <sys/socket.h>

#include "bench.h"
#include "process.h"

#define BYSTANDER 0u
#define FLOODER 1u
#define PEERS 4u
#define EACH_NS (4 * MILLI_NS)           /* the bystander says something so often, each way */
#define EACH_SLOW_NS (10 * MILLI_NS)     /* less than a twentieth of what a slow server takes */
#define AHEAD_BYTES 16384u               /* what floods keep ready beside the sockets' buffers */
#define BURST 4u
#define SEND_BUFFER 32768
#define RECEIVE_BUFFER 65536             /* less stalls on loopback, whose segments are as large */
#define SIP_BYTES 131072u
#define SLOW_RATE (1024u * 1024u)        /* bytes a second that the slow server reads */
#define SLOW_TICK_NS MILLI_NS
#define SAMPLE_NS (50 * MILLI_NS)        /* of memory */
#define DRAIN_NS (60 * SECOND_NS)

enum means { NOBODY, BY_USER, BY_LINKS, BY_PEOPLE };

/* What the others do. */
struct plan {
    enum means means;
    unsigned rate;               /* a second; 0: as many as the sockets take */
    unsigned links;
    bool room, deaf, slow;
};

static const struct plan plans[PRESSURE_COUNT] = {
    [PRESSURE_QUIET] = {.means = NOBODY},
    [PRESSURE_SAYS] = {.means = BY_USER, .rate = 5000},
    [PRESSURE_SAYS_ALL] = {.means = BY_USER, .links = 1},
    [PRESSURE_ROOM] = {.means = BY_LINKS, .rate = 5000, .links = 1, .room = true},
    [PRESSURE_ROOM_ALL] = {.means = BY_LINKS, .links = 1, .room = true},
    [PRESSURE_CHAT_ALL] = {.means = BY_LINKS, .links = 1},
    [PRESSURE_LINKS_ALL] = {.means = BY_LINKS, .links = PRESSURE_USERS - 1},
    [PRESSURE_PEOPLE] = {.means = BY_PEOPLE, .rate = 3000, .room = true},
    [PRESSURE_DEAF] = {.means = BY_USER, .rate = 5000, .deaf = true},
    [PRESSURE_SLOW] = {.means = BY_LINKS, .links = PRESSURE_USERS - 1, .slow = true},
    [PRESSURE_SLOW_SAYS] = {.means = BY_USER, .links = 1, .deaf = true, .slow = true},
};

struct run {
    struct world *w;
    const struct plan *plan;
    int64_t begin, filled;
    uint64_t others;             /* their messages so far */
    bool hungry;                 /* some socket takes more of them */
    uint32_t random;
    int64_t next[2];             /* the bystander's, by enum direction */
    uint32_t turn[2];
};

bool pressure_suits(enum pressure p, const struct gateway *g)
{
    const struct plan *plan = &plans[p];

    return g->kind == GATEWAY_SOJOURND || (!plan->slow && !plan->deaf && plan->means != BY_PEOPLE);
}

/* which: SO_SNDBUF or SO_RCVBUF. */
static void buffer_bound(const struct wire *wire, int which)
{
    int bytes = which == SO_SNDBUF ? SEND_BUFFER : RECEIVE_BUFFER;

    setsockopt(wire->fd, SOL_SOCKET, which, &bytes, sizeof bytes);
}

void pressure_begin(struct world *w)
{
    loop_sip(w->loop, SIP_BYTES);
    buffer_bound(w->component, SO_SNDBUF);
    xmpp_room_enter(w, FLOODER);
    world_settle(w, 200 * MILLI_NS, 10 * SECOND_NS);
}

/* One of the others sends. */
static void other_send(struct run *r, uint32_t user)
{
    static const char *const people[] = {"!p@bench.test JOIN #c1\r\n", "!p@bench.test NICK q",
                                         "!p@bench.test PART #c1\r\n"};
    struct world *w = r->w;
    uint64_t n = r->others++;
    struct text t = {0};

    if (r->plan->means != BY_PEOPLE) {
        enum direction d = r->plan->means == BY_USER ? TO_IRC : TO_XMPP;
        traffic_send(w, &w->traffic[d], user, (uint32_t)(n % PEERS));
        return;
    }
    text_adds(&t, n % 3 == 2 ? ":q" : ":p");
    text_addu(&t, n / 3);
    text_adds(&t, people[n % 3]);
    if (n % 3 == 1) {
        text_addu(&t, n / 3);
        text_adds(&t, "\r\n");
    }
    wire_put(w->users[user].irc, t.p, t.n);
    text_free(&t);
}

static void others_send(struct run *r, int64_t now)
{
    struct world *w = r->w;
    const struct plan *plan = r->plan;

    r->hungry = false;
    if (plan->means == NOBODY)
        return;
    if (plan->rate > 0) {
        uint64_t due = (uint64_t)((now - r->begin) / 1000 * plan->rate / 1000000);

        while (r->others < due)
            other_send(r, FLOODER);
        return;
    }
    for (uint32_t i = 0; i < plan->links; i++) {
        const struct wire *wire =
            plan->means == BY_USER ? w->component : w->users[FLOODER + i].irc;

        r->hungry = r->hungry || (wire && !wire->wants_write);
        while (wire && wire->out.n < AHEAD_BYTES / plan->links)
            for (unsigned k = 0; k < BURST; k++)
                other_send(r, FLOODER + i);
    }
}

static void bystander_send(struct run *r, int64_t now)
{
    for (int d = TO_IRC; d <= TO_XMPP; d++) {
        if (now < r->next[d])
            continue;
        traffic_send(r->w, &r->w->traffic[d], BYSTANDER, r->turn[d]++ % PEERS);
        wire_flush(d == TO_IRC ? r->w->component : r->w->users[BYSTANDER].irc);
        r->next[d] = now + jitter(&r->random, r->plan->slow ? EACH_SLOW_NS : EACH_NS);
    }
}

/* The next time at which something is to be done. */
static int64_t run_due(const struct run *r, int64_t now)
{
    int64_t due = r->next[0] < r->next[1] ? r->next[0] : r->next[1];
    int64_t soon = r->plan->rate > 0 || r->plan->slow ? now + SLOW_TICK_NS : due;

    if (r->hungry)
        return now;
    return soon < due ? soon : due;
}

static void server_read(struct run *r, int64_t now)
{
    struct wire *wire = r->w->component;
    int64_t n = (now - r->filled) * SLOW_RATE / SECOND_NS;

    if (!r->plan->slow || n < 512)
        return;
    r->filled = now;
    if (wire->limited && wire->allowance > SLOW_RATE / 20)
        n = 0;
    wire_allow(wire, (size_t)n);
}

static bool bystander_waits(const struct world *w)
{
    for (int d = TO_IRC; d <= TO_XMPP; d++) {
        const struct traffic *t = &w->traffic[d];

        for (size_t i = t->n; i-- > 0;)
            if (t->parcel[i].user == BYSTANDER && t->parcel[i].copies == 0 &&
                !t->parcel[i].refused)
                return true;
    }
    return false;
}

static void run_drain(struct run *r)
{
    struct world *w = r->w;
    struct wire *deaf = w->users[FLOODER].irc;
    int64_t end = clock_now_ns() + DRAIN_NS;

    while (bystander_waits(w) && clock_now_ns() < end) {
        server_read(r, clock_now_ns());
        loop_turn(w->loop, clock_now_ns() + SLOW_TICK_NS);
    }
    if (r->plan->slow)
        wire_allow_all(w->component);
    if (r->plan->deaf && deaf)
        wire_deafen(deaf, false);
    while (traffic_outstanding(&w->traffic[TO_IRC]) + traffic_outstanding(&w->traffic[TO_XMPP]) >
               0 && clock_now_ns() < end)
        loop_turn(w->loop, clock_now_ns() + 5 * MILLI_NS);
}

static double bystander_p99(const struct traffic *t)
{
    double *v = mem_resize(NULL, t->n + 1, sizeof *v);
    size_t n = 0;
    double p99;

    for (size_t i = 0; i < t->n; i++)
        if (t->parcel[i].user == BYSTANDER && t->parcel[i].copies > 0)
            v[n++] = (double)t->parcel[i].latency_ns / 1000.0;
    p99 = quantile(v, n, 0.99);
    free(v);
    return p99;
}

/* Those who flood are to be refused, within bounds; others are not. */
static size_t bystander_refused(const struct traffic *t)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n; i++)
        n += t->parcel[i].user == BYSTANDER && t->parcel[i].refused;
    return n;
}

static bool pressure_has_room(const struct world *w)
{
    const size_t most = TRAFFIC_MAX - PRESSURE_USERS * 1024;

    return w->traffic[TO_IRC].n < most && w->traffic[TO_XMPP].n < most;
}

void measure_pressure(struct world *w, const struct gateway *g, enum pressure p, double seconds,
                      struct bystander *out)
{
    struct run r = {.w = w, .plan = &plans[p], .random = 2463534242u};
    int64_t now = clock_now_ns();
    int64_t end = now + (int64_t)(seconds * 1e9), sample = now;

    *out = (struct bystander){0};
    w->in_rooms = r.plan->room;
    w->refusals = r.plan->means == BY_USER;
    for (int d = TO_IRC; d <= TO_XMPP; d++) {
        traffic_begin(&w->traffic[d], w->n_users);
        r.next[d] = now + d * MILLI_NS;
    }
    if (r.plan->deaf)
        wire_deafen(w->users[FLOODER].irc, true);
    if (r.plan->slow) {
        buffer_bound(w->component, SO_RCVBUF);
        wire_allow(w->component, 0);
    }
    r.begin = r.filled = now;
    while (now < end && pressure_has_room(w)) {
        if (!w->component) {
            gateway_log_show(g);
            die("the gateway has closed the stream");
        }
        bystander_send(&r, now);
        others_send(&r, now);
        server_read(&r, now);
        if (now >= sample) {
            double rss = process_rss_kib(g->pid);
            out->rss_kib = rss > out->rss_kib ? rss : out->rss_kib;
            sample = now + SAMPLE_NS;
        }
        loop_turn(w->loop, run_due(&r, now));
        now = clock_now_ns();
    }
    out->others = (double)r.others * 1e9 / (double)(now - r.begin);
    run_drain(&r);
    w->traffic[TO_IRC].refused = bystander_refused(&w->traffic[TO_IRC]);
    for (int d = TO_IRC; d <= TO_XMPP; d++)
        out->p99_us[d] = bystander_p99(&w->traffic[d]);
}
