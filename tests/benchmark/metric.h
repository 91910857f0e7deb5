/* SPDX-License-Identifier: MPL-2.0 */
/* What is measured, and the values of each round. */
#ifndef BENCH_METRIC_H
#define BENCH_METRIC_H

#include "common.h"

#define ROUNDS_MAX 32u

/* id, group, text, unit, digits after the point, does a ratio between gateways mean anything */
#define METRIC_LIST(X)                                                                         \
    X(START, PART_START, "start until attached", "ms", 1, 1)                                   \
    X(RSS_EMPTY, PART_MEMORY, "RSS with no session", "KiB", 0, 1)                              \
    X(MEM_SMALL, PART_MEMORY, "RSS a session, slope 0..100", "KiB", 2, 1)                      \
    X(MEM_MIDDLE, PART_MEMORY, "RSS a session, slope 0..1000", "KiB", 2, 1)                    \
    X(MEM_FULL, PART_MEMORY, "RSS a session, slope 0..all", "KiB", 2, 1)                       \
    X(MEM_PSS, PART_MEMORY, "PSS a session, slope 0..all", "KiB", 2, 1)                        \
    X(MEM_PRIVATE, PART_MEMORY, "private memory a session, slope 0..all", "KiB", 2, 1)         \
    X(IDLE_CPU, PART_IDLE, "idle CPU, all sessions", "% of a core", 3, 1)                      \
    X(IDLE_PING, PART_IDLE, "same, each pinged every 90 s", "% of a core", 3, 1)               \
    X(STORM_TIME, PART_STORM, "log-in storm of all users", "s", 2, 1)                          \
    X(STORM_CPU, PART_STORM, "CPU a log-in in the storm", "ms", 4, 1)                          \
    X(RESTART_TIME, PART_RESTART, "restart until all are online", "s", 2, 1)                   \
    X(RESTART_CPU, PART_RESTART, "CPU a session in the restart", "ms", 4, 1)                   \
    X(SINGLE_OUT, PART_SINGLE, "CPU a message, one by one, to IRC", "us", 2, 1)                \
    X(SINGLE_IN, PART_SINGLE, "CPU a message, one by one, to XMPP", "us", 2, 1)                \
    X(FLOOD_OUT, PART_FLOOD, "CPU a message, flood, to IRC", "us", 2, 1)                       \
    X(FLOOD_IN, PART_FLOOD, "CPU a message, flood, to XMPP", "us", 2, 1)                       \
    X(RATE_OUT, PART_FLOOD, "messages a second, flood, to IRC", "1000/s", 1, 1)                \
    X(RATE_IN, PART_FLOOD, "messages a second, flood, to XMPP", "1000/s", 1, 1)                \
    X(GROWTH, PART_FLOOD, "memory growth a message, second flood", "bytes", 2, 0)              \
    X(P50_OUT, PART_LATENCY, "latency at 200/s, p50, to IRC", "us", 0, 1)                      \
    X(P99_OUT, PART_LATENCY, "latency at 200/s, p99, to IRC", "us", 0, 1)                      \
    X(P50_IN, PART_LATENCY, "latency at 200/s, p50, to XMPP", "us", 0, 1)                      \
    X(P99_IN, PART_LATENCY, "latency at 200/s, p99, to XMPP", "us", 0, 1)                      \
    X(DUPLEX_P50_OUT, PART_LATENCY, "both ways at once, p50, to IRC", "us", 0, 1)              \
    X(DUPLEX_P99_OUT, PART_LATENCY, "both ways at once, p99, to IRC", "us", 0, 1)              \
    X(DUPLEX_P50_IN, PART_LATENCY, "both ways at once, p50, to XMPP", "us", 0, 1)              \
    X(DUPLEX_P99_IN, PART_LATENCY, "both ways at once, p99, to XMPP", "us", 0, 1)              \
    X(SCALE_SINGLE, PART_SCALE, "cost one by one, 1000 users : 100", "", 2, 0)                 \
    X(SCALE_FLOOD, PART_SCALE, "cost in floods, 1000 users : 100", "", 2, 0)                   \
    X(SCALE_SINGLE_FULL, PART_SCALE, "cost one by one, all users : 100", "", 2, 0)             \
    X(SCALE_FLOOD_FULL, PART_SCALE, "cost in floods, all users : 100", "", 2, 0)

/* Of what is done beside a bystander (pressure.c): id, text. */
#define PRESSURE_LIST(X)                                                                       \
    X(QUIET, "nothing")                                                                        \
    X(SAYS, "a user says 5000/s")                                                       \
    X(SAYS_ALL, "a user says all it can")                                                 \
    X(ROOM, "a room with 5000/s")                                                 \
    X(ROOM_ALL, "a room with all it can")                                           \
    X(CHAT_ALL, "a link with all it can")                                                 \
    X(LINKS_ALL, "20 links with all they can")                                                \
    X(PEOPLE, "3000/s come, rename, go")                                                \
    X(DEAF, "5000/s to a deaf link")                                                    \
    X(SLOW, "the same, server at 1 MiB/s")                                                \
    X(SLOW_SAYS, "deaf link, slow server")
#define PRESSURE_ROWS(id, what)                                                                \
    [METRIC_##id##_OUT] = {.key = #id "_OUT", .text = what ", p99 out", .unit = "us",          \
                           .part = PART_PRESSURE, .ratio = true},                              \
    [METRIC_##id##_IN] = {.key = #id "_IN", .text = what ", p99 in", .unit = "us",             \
                          .part = PART_PRESSURE, .ratio = true},                               \
    [METRIC_##id##_RATE] = {.key = #id "_RATE", .text = "- others' messages", .unit = "1000/s",\
                            .part = PART_PRESSURE, .digits = 1, .ratio = true},
#define PRESSURE_METRICS(id, what) METRIC_##id##_OUT, METRIC_##id##_IN, METRIC_##id##_RATE,

/* What --only names. */
#define PART_LIST(X)                                                                           \
    X(START, "start") X(MEMORY, "memory") X(IDLE, "idle") X(STORM, "storm")                    \
    X(RESTART, "restart") X(SINGLE, "single") X(FLOOD, "flood") X(LATENCY, "latency")          \
    X(SCALE, "scale") X(PRESSURE, "pressure")

enum part {
#define PART_ENUM(id, name) PART_##id,
    PART_LIST(PART_ENUM)
#undef PART_ENUM
    PART_COUNT
};

enum metric {
#define METRIC_ENUM(id, part, text, unit, digits, ratio) METRIC_##id,
    METRIC_LIST(METRIC_ENUM)
#undef METRIC_ENUM
    PRESSURE_LIST(PRESSURE_METRICS)
    METRIC_PRESSURE_MEMORY,
    METRIC_COUNT
};

struct metric_info {
    const char *key, *text, *unit;
    enum part part;
    int digits;
    bool ratio;
};
const struct metric_info *metric_info(enum metric m);
const char *part_name(enum part p);

/* Values by round; have tells which rounds gave one. */
struct series {
    double value[ROUNDS_MAX];
    bool have[ROUNDS_MAX];
};
void series_set(struct series *s, unsigned round, double value);
/* The values there are, in out (ROUNDS_MAX); how many. */
size_t series_values(const struct series *s, double *out);
/* Quotients a : b of rounds in which both have one. */
size_t series_ratios(const struct series *a, const struct series *b, double *out);

#endif
