/* SPDX-License-Identifier: MPL-2.0 */
/* A benchmark run: options, gateways under test, rounds, report. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "gateway.h"
#include "metric.h"

struct options {
    uint32_t users;              /* the largest number of sessions */
    unsigned rounds;
    uint32_t contacts;           /* each user's */
    uint32_t caps;               /* enum cap: what the IRC server offers */
    bool monitor;
    uint32_t parts;              /* bits by enum part */
    size_t body_bytes;
    double idle_s, single_s, flood_s, latency_s, pressure_s;
    unsigned rate;               /* one by one, messages a second */
    unsigned starts;             /* starts a round */
    bool json;
    bool keep;                   /* leaves the directory */
    const char *gateway, *peer;  /* peer NULL: none */
};

/* One gateway under test. */
struct subject {
    struct gateway gateway;
    struct series series[METRIC_COUNT];
    struct traffic_tally tally;
    uint64_t errors;
    char first_error[512];
    char failure[256];           /* "" or which step could not be done */
    bool prepared;               /* biboumi's users are configured */
};

#define SUBJECTS_MAX 2u
struct bench {
    struct options options;
    struct subject subject[SUBJECTS_MAX];
    unsigned n_subjects;
};

static inline bool options_want(const struct options *o, enum part p)
{
    return (o->parts >> p & 1u) != 0;
}

/* rounds.c: one round of one gateway; false after a failure (written to s->failure). */
bool round_run(const struct options *o, struct subject *s, unsigned round);

/* Uniform in half to one and a half of mean, so that no timer of the gateway keeps step. *state is
 * anything but 0 at first. */
int64_t jitter(uint32_t *state, int64_t mean);

/* measure.c: parts of a round within a running world. */
struct cost {
    double us_per_message;       /* gateway CPU */
    double per_second;
};
/* CPU that the gateway uses now without traffic, in ns for each ns. */
double measure_idle(struct world *w, const struct gateway *g, int64_t ns, unsigned pings_each_s);
/* idle (from measure_idle) is taken off the cost. */
bool measure_single(struct world *w, const struct gateway *g, enum direction d, unsigned rate,
                    double seconds, double idle, struct cost *out);
bool measure_flood(struct world *w, const struct gateway *g, enum direction d, double seconds,
                   struct cost *out);
/* us[0], us[1]: p50 and p99 to IRC, us[2], us[3]: to XMPP; of the directions that are on. */
bool measure_latency(struct world *w, const bool on[2], unsigned rate, double seconds,
                     double us[4]);

/* pressure.c: what a bystander notices, the first user, while others flood or are flooded. */
enum pressure {
#define PRESSURE_ENUM(id, text) PRESSURE_##id,
    PRESSURE_LIST(PRESSURE_ENUM)
#undef PRESSURE_ENUM
    PRESSURE_COUNT
};
#define PRESSURE_USERS 21u       /* a bystander and 20 others */
struct bystander {
    double p99_us[2];            /* by enum direction */
    double others;               /* messages a second that the others sent */
    double rss_kib;              /* the most */
};
/* Enters the rooms and sets up the sockets; call it once all users are online. */
void pressure_begin(struct world *w);
/* False for what makes no sense with that gateway. */
bool pressure_suits(enum pressure p, const struct gateway *g);
void measure_pressure(struct world *w, const struct gateway *g, enum pressure p, double seconds,
                      struct bystander *out);

/* report.c: prints; true when nothing was wrong with the first subject. */
bool report_print(const struct bench *b);

#endif
