/* SPDX-License-Identifier: MPL-2.0 */
/* The table of what is measured, and series of values by round. */
#include "metric.h"

static const struct metric_info metrics[METRIC_COUNT] = {
#define METRIC_ROW(id, in, what, measured_in, after_point, comparable)                         \
    [METRIC_##id] = {.key = #id, .text = what, .unit = measured_in, .part = in,                \
                     .digits = after_point, .ratio = comparable},
    METRIC_LIST(METRIC_ROW)
#undef METRIC_ROW
    PRESSURE_LIST(PRESSURE_ROWS)
    [METRIC_PRESSURE_MEMORY] = {.key = "PRESSURE_MEMORY", .text = "most memory beyond the quiet",
                                .unit = "KiB", .part = PART_PRESSURE},
};

static const char *const parts[PART_COUNT] = {
#define PART_ROW(id, name) [PART_##id] = name,
    PART_LIST(PART_ROW)
#undef PART_ROW
};

const struct metric_info *metric_info(enum metric m)
{
    return &metrics[m];
}

const char *part_name(enum part p)
{
    return parts[p];
}

void series_set(struct series *s, unsigned round, double value)
{
    s->value[round] = value;
    s->have[round] = true;
}

size_t series_values(const struct series *s, double *out)
{
    size_t n = 0;

    for (unsigned i = 0; i < ROUNDS_MAX; i++)
        if (s->have[i])
            out[n++] = s->value[i];
    return n;
}

size_t series_ratios(const struct series *a, const struct series *b, double *out)
{
    size_t n = 0;

    for (unsigned i = 0; i < ROUNDS_MAX; i++)
        if (a->have[i] && b->have[i] && b->value[i] > 0)
            out[n++] = a->value[i] / b->value[i];
    return n;
}
