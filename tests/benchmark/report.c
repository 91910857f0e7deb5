/* SPDX-License-Identifier: MPL-2.0 */
/* Prints what was measured: a table or JSON, the account of messages, and the verdict on the
 * budgets. Spread is the lowest and highest round. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

#define BUDGET_MEMORY_KIB 4.0
#define BUDGET_IDLE_PERCENT 1.0
#define BUDGET_GROWTH_BYTES 8.0      /* above what pages of the allocator make it waver */
/* What a bystander may notice: twice of what it is alone, or beside the same through the peer, but
 * so much in any case, in us: beside so many a second; beside all that can be; a slow server. */
#define BUDGET_NOTICED_US 1000.0
#define BUDGET_FLOODED_US 10000.0
#define BUDGET_SLOW_US 750000.0
#define BUDGET_PRESSURE_KIB 24576.0

struct summary {
    bool have;
    double median, low, high;
};

static struct summary summary_of(double *v, size_t n)
{
    struct summary s = {.have = n > 0};

    s.median = quantile(v, n, 0.5);
    s.low = quantile(v, n, 0);
    s.high = quantile(v, n, 1);
    return s;
}

static struct summary summary_series(const struct series *s)
{
    double v[ROUNDS_MAX];

    return summary_of(v, series_values(s, v));
}

static struct summary summary_ratio(const struct bench *b, enum metric m)
{
    double v[ROUNDS_MAX];

    if (b->n_subjects < 2 || !metric_info(m)->ratio)
        return (struct summary){0};
    return summary_of(v, series_ratios(&b->subject[0].series[m], &b->subject[1].series[m], v));
}

static void summary_print(struct summary s, int digits)
{
    char spread[40] = "";

    if (!s.have) {
        printf(" %10s %-17s", "-", "");
        return;
    }
    snprintf(spread, sizeof spread, "[%.*f, %.*f]", digits, s.low, digits, s.high);
    printf(" %10.*f %-17s", digits, s.median, spread);
}

static void table_print(const struct bench *b)
{
    printf("%-38s %-12s", "median [lowest, highest] of rounds", "");
    for (unsigned i = 0; i < b->n_subjects; i++)
        printf(" %10s %-17s", b->subject[i].gateway.name, "");
    printf(b->n_subjects > 1 ? " %10s\n" : "\n", "ratio");
    for (int i = 0; i < METRIC_COUNT; i++) {
        enum metric m = (enum metric)i;
        const struct metric_info *info = metric_info(m);
        struct summary first = summary_series(&b->subject[0].series[m]);
        struct summary second = summary_series(&b->subject[1].series[m]);

        if (!first.have && !second.have)
            continue;
        printf("%-38s %-12s", info->text, info->unit);
        summary_print(first, info->digits);
        if (b->n_subjects > 1) {
            summary_print(second, info->digits);
            summary_print(summary_ratio(b, m), 2);
        }
        printf("\n");
    }
}

static void tally_print(const struct subject *s)
{
    const struct traffic_tally *t = &s->tally;

    if (t->sent > 0)
        printf("%s: %zu messages sent, %zu arrived; lost %zu, doubled %zu, misrouted %zu, "
               "out of order %zu, changed %zu, refused %zu, strays %zu\n",
               s->gateway.name, t->sent, t->arrived, t->lost, t->doubled, t->misrouted,
               t->disordered, t->garbled, t->refused, t->strays);
    if (s->errors > 0)
        printf("%s: %llu unexpected errors, the first: %.300s\n", s->gateway.name,
               (unsigned long long)s->errors, s->first_error);
}

/* Where the verdicts go: to stdout as lines, or nowhere (JSON has its own). */
struct verdict {
    bool good;
    bool quiet;
};

static void missed(struct verdict *v, const char *what, double is, const char *limit)
{
    v->good = false;
    if (!v->quiet)
        printf("MISSED: %s is %.3f, %s\n", what, is, limit);
}

static void verdict_messages(struct verdict *v, const struct traffic_tally *t)
{
    const struct {
        const char *what;
        size_t n;
    } faults[] = {{"number of messages lost", t->lost},
                  {"number of messages doubled", t->doubled},
                  {"number of messages misrouted", t->misrouted},
                  {"number of messages out of order", t->disordered},
                  {"number of messages changed on the way", t->garbled},
                  {"number of messages that nobody sent", t->strays},
                  {"number of messages refused", t->refused}};

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (faults[i].n > 0)
            missed(v, faults[i].what, (double)faults[i].n, "allowed: none");
}

static void verdict_budgets(struct verdict *v, const struct bench *b)
{
    const struct series *series = b->subject[0].series;
    struct summary memory = summary_series(&series[METRIC_MEM_FULL]);
    struct summary growth = summary_series(&series[METRIC_GROWTH]);
    const enum metric idle[] = {METRIC_IDLE_CPU, METRIC_IDLE_PING};
    const enum metric cost[] = {METRIC_SINGLE_OUT, METRIC_SINGLE_IN, METRIC_FLOOD_OUT,
                                METRIC_FLOOD_IN};

    if (memory.have && memory.median > BUDGET_MEMORY_KIB && b->options.contacts == 0)
        missed(v, metric_info(METRIC_MEM_FULL)->text, memory.median, "allowed: 4 KiB");
    if (growth.have && growth.median > BUDGET_GROWTH_BYTES)
        missed(v, metric_info(METRIC_GROWTH)->text, growth.median, "allowed: 8 bytes");
    for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++) {
        struct summary s = summary_series(&series[idle[i]]);

        if (s.have && s.median >= BUDGET_IDLE_PERCENT)
            missed(v, metric_info(idle[i])->text, s.median, "allowed: less than 1 %");
    }
    for (size_t i = 0; i < sizeof cost / sizeof cost[0]; i++) {
        struct summary s = summary_ratio(b, cost[i]);

        if (s.have && s.median > 1 && b->subject[1].gateway.kind == GATEWAY_BIBOUMI)
            missed(v, metric_info(cost[i])->text, s.median, "as a ratio to the peer; allowed: 1");
    }
}

static double budget_pressure(enum pressure p)
{
    switch (p) {
    case PRESSURE_SAYS_ALL:
    case PRESSURE_ROOM_ALL:
    case PRESSURE_CHAT_ALL:
    case PRESSURE_LINKS_ALL: return BUDGET_FLOODED_US;
    case PRESSURE_SLOW:
    case PRESSURE_SLOW_SAYS: return BUDGET_SLOW_US;
    default: return BUDGET_NOTICED_US;
    }
}

/* Behind a flood that a slow server has sent already there is nothing to be done (p, out). */
static void verdict_pressure(struct verdict *v, const struct bench *b)
{
    const struct series *series = b->subject[0].series, *peer = b->subject[1].series;
    struct summary memory = summary_series(&series[METRIC_PRESSURE_MEMORY]);

    for (int i = PRESSURE_QUIET + 1; i < PRESSURE_COUNT; i++)
        for (int d = TO_IRC; d <= TO_XMPP; d++) {
            enum metric m = (enum metric)(METRIC_QUIET_OUT + 3 * i + d);
            struct summary s = summary_series(&series[m]), other = summary_series(&peer[m]);
            double quiet = summary_series(&series[METRIC_QUIET_OUT + d]).median;
            double allowed = fmax(2 * fmax(quiet, other.median), budget_pressure((enum pressure)i));
            char text[64];

            if (!s.have || s.median <= allowed || (i == PRESSURE_SLOW_SAYS && d == TO_IRC))
                continue;
            snprintf(text, sizeof text, "allowed: %.0f us", allowed);
            missed(v, metric_info(m)->text, s.median, text);
        }
    if (memory.have && memory.median > BUDGET_PRESSURE_KIB)
        missed(v, metric_info(METRIC_PRESSURE_MEMORY)->text, memory.median, "allowed: 24576 KiB");
}

static bool verdict_reach(const struct bench *b, bool quiet)
{
    struct verdict v = {.good = true, .quiet = quiet};

    for (unsigned i = 0; i < b->n_subjects; i++)
        if (b->subject[i].failure[0] != '\0') {
            v.good = false;
            if (!quiet)
                printf("FAILED: %s: %s\n", b->subject[i].gateway.name, b->subject[i].failure);
        }
    verdict_messages(&v, &b->subject[0].tally);
    verdict_budgets(&v, b);
    verdict_pressure(&v, b);
    return v.good;
}

static void json_summary(const char *name, struct summary s)
{
    if (s.have)
        printf(", \"%s\": {\"median\": %.6g, \"low\": %.6g, \"high\": %.6g}", name, s.median, s.low,
               s.high);
}

static void json_tally(const struct subject *s)
{
    const struct traffic_tally *t = &s->tally;

    printf("    {\"name\": \"%s\", \"failed\": %s, \"sent\": %zu, \"arrived\": %zu, "
           "\"lost\": %zu, \"doubled\": %zu, \"misrouted\": %zu, \"out_of_order\": %zu, "
           "\"changed\": %zu, \"refused\": %zu, \"strays\": %zu}",
           s->gateway.name, s->failure[0] != '\0' ? "true" : "false", t->sent, t->arrived, t->lost,
           t->doubled, t->misrouted, t->disordered, t->garbled, t->refused, t->strays);
}

static void json_print(const struct bench *b)
{
    bool first = true;

    printf("{\n  \"users\": %u, \"rounds\": %u, \"contacts\": %u, \"body_bytes\": %zu,\n",
           (unsigned)b->options.users, b->options.rounds, (unsigned)b->options.contacts,
           b->options.body_bytes);
    printf("  \"good\": %s,\n  \"gateways\": [\n", verdict_reach(b, true) ? "true" : "false");
    for (unsigned i = 0; i < b->n_subjects; i++) {
        json_tally(&b->subject[i]);
        printf(i + 1 < b->n_subjects ? ",\n" : "\n");
    }
    printf("  ],\n  \"metrics\": [\n");
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric_info *info = metric_info((enum metric)i);

        printf("%s    {\"key\": \"%s\", \"text\": \"%s\", \"unit\": \"%s\"", first ? "" : ",\n",
               info->key, info->text, info->unit);
        first = false;
        for (unsigned j = 0; j < b->n_subjects; j++)
            json_summary(b->subject[j].gateway.name, summary_series(&b->subject[j].series[i]));
        json_summary("ratio", summary_ratio(b, (enum metric)i));
        printf("}");
    }
    printf("\n  ]\n}\n");
}

bool report_print(const struct bench *b)
{
    bool good;

    if (b->options.json) {
        json_print(b);
        return verdict_reach(b, true);
    }
    table_print(b);
    for (unsigned i = 0; i < b->n_subjects; i++)
        tally_print(&b->subject[i]);
    good = verdict_reach(b, false);
    if (good)
        printf("all budgets kept\n");
    return good;
}
