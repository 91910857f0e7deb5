/* SPDX-License-Identifier: MPL-2.0 */
/* Timing wheel: holds struct sj_timer by due time; knows ticks and no clock. */
#ifndef SOJOURN_WHEEL_H
#define SOJOURN_WHEEL_H

#include <stdint.h>

#include "sojourn/loop.h"

#define WHEEL_LEVELS 3u
#define WHEEL_BITS 8u
#define WHEEL_SLOTS (1u << WHEEL_BITS)

struct wheel_level {
    struct sj_list slots[WHEEL_SLOTS];
    uint64_t busy[WHEEL_SLOTS / 64];    /* a set bit may be stale, a clear one never is */
};

struct wheel {
    int64_t tick;                       /* everything due at or before it has fired */
    struct wheel_level levels[WHEEL_LEVELS];
};

void wheel_init(struct wheel *w, int64_t now_ms);
/* t->due_ms is set and t is in no list. */
void wheel_add(struct wheel *w, struct sj_timer *t);
/* Time at which wheel_advance has something to do next, INT64_MAX: never. */
int64_t wheel_next_ms(struct wheel *w);
/* Calls what is due at now_ms, in order of ticks. */
void wheel_advance(struct wheel *w, int64_t now_ms);

#endif
