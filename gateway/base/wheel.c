/* SPDX-License-Identifier: MPL-2.0 */
/* A hierarchical timing wheel (Varghese and Lauck): 256 slots of one tick, 256 of 256 ticks, 256
 * of 65536 ticks (12 days). Adding and removing cost the same for any number of timers; a timer
 * moves down at most twice. Later ones wait in the last slot and are placed again from there.
 *
 * Removal happens behind the wheel's back (sj_timer_stop unlinks the node and knows no wheel), so
 * the bits that say which slots are in use can be stale; whoever looks for the next slot clears
 * them in passing. */
#include "wheel.h"

#define WHEEL_MASK (WHEEL_SLOTS - 1)
#define WHEEL_REACH ((int64_t)1 << (WHEEL_LEVELS * WHEEL_BITS))

void wheel_init(struct wheel *w, int64_t now_ms)
{
    *w = (struct wheel){.tick = now_ms / SJ_LOOP_TICK_MS};
    for (unsigned l = 0; l < WHEEL_LEVELS; l++) {
        for (unsigned i = 0; i < WHEEL_SLOTS; i++)
            sj_list_init(&w->levels[l].slots[i]);
    }
}

/* Up, so that nothing fires before its time. */
static int64_t wheel_due_tick(const struct sj_timer *t)
{
    return (t->due_ms + SJ_LOOP_TICK_MS - 1) / SJ_LOOP_TICK_MS;
}

static void wheel_place(struct wheel *w, struct sj_timer *t, int64_t tick)
{
    int64_t distance = tick - w->tick;
    if (distance >= WHEEL_REACH) {
        distance = WHEEL_REACH - 1;
        tick = w->tick + distance;
    }
    unsigned level = 0;
    while (distance >> ((level + 1) * WHEEL_BITS))
        level++;
    unsigned i = (unsigned)(tick >> (level * WHEEL_BITS)) & WHEEL_MASK;
    sj_list_append(&w->levels[level].slots[i], &t->link);
    w->levels[level].busy[i / 64] |= UINT64_C(1) << (i % 64);
}

void wheel_add(struct wheel *w, struct sj_timer *t)
{
    int64_t tick = wheel_due_tick(t);
    wheel_place(w, t, tick > w->tick ? tick : w->tick + 1);
}

/* Steps from slot `from` to the next slot in use, round the circle; -1: the level is empty. */
static int wheel_scan(struct wheel_level *level, unsigned from)
{
    for (unsigned step = 0; step < WHEEL_SLOTS;) {
        unsigned i = (from + step) & WHEEL_MASK;
        uint64_t bits = level->busy[i / 64] >> (i % 64);
        if (!bits) {
            step += 64 - i % 64;
            continue;
        }
        unsigned skip = (unsigned)__builtin_ctzll(bits);
        i += skip;
        step += skip;
        if (step < WHEEL_SLOTS && !sj_list_empty(&level->slots[i]))
            return (int)step;
        level->busy[i / 64] &= ~(UINT64_C(1) << (i % 64));
        step++;
    }
    return -1;
}

/* The next tick with something to fire or to move down; INT64_MAX: none. */
static int64_t wheel_next_tick(struct wheel *w)
{
    int64_t next = INT64_MAX;
    for (unsigned l = 0; l < WHEEL_LEVELS; l++) {
        int64_t position = (w->tick >> (l * WHEEL_BITS)) + 1;
        int steps = wheel_scan(&w->levels[l], (unsigned)position & WHEEL_MASK);
        int64_t tick = steps < 0 ? INT64_MAX : (position + steps) << (l * WHEEL_BITS);
        if (tick < next)
            next = tick;
    }
    return next;
}

int64_t wheel_next_ms(struct wheel *w)
{
    int64_t tick = wheel_next_tick(w);
    return tick == INT64_MAX ? INT64_MAX : tick * SJ_LOOP_TICK_MS;
}

/* Empties a slot into list, which is initialised here. */
static void wheel_take(struct wheel_level *level, unsigned i, struct sj_list *list)
{
    struct sj_list *slot = &level->slots[i];
    level->busy[i / 64] &= ~(UINT64_C(1) << (i % 64));
    sj_list_init(list);
    if (sj_list_empty(slot))
        return;
    *list = *slot;
    list->next->prev = list->prev->next = list;
    sj_list_init(slot);
}

static struct sj_timer *wheel_pop(struct sj_list *list)
{
    struct sj_timer *t = SJ_CONTAINER(list->next, struct sj_timer, link);
    sj_list_remove(&t->link);
    return t;
}

/* Moves down what the present tick has reached, the highest level first. */
static void wheel_cascade(struct wheel *w)
{
    for (unsigned l = WHEEL_LEVELS - 1; l > 0; l--) {
        if (w->tick & ((INT64_C(1) << (l * WHEEL_BITS)) - 1))
            continue;
        struct sj_list list;
        wheel_take(&w->levels[l], (unsigned)(w->tick >> (l * WHEEL_BITS)) & WHEEL_MASK, &list);
        while (!sj_list_empty(&list)) {
            struct sj_timer *t = wheel_pop(&list);
            wheel_place(w, t, wheel_due_tick(t));
        }
    }
}

void wheel_advance(struct wheel *w, int64_t now_ms)
{
    int64_t now = now_ms / SJ_LOOP_TICK_MS;
    for (;;) {
        int64_t next = wheel_next_tick(w);
        if (next > now)
            break;
        w->tick = next;
        wheel_cascade(w);
        struct sj_list due;
        wheel_take(&w->levels[0], (unsigned)w->tick & WHEEL_MASK, &due);
        while (!sj_list_empty(&due)) {
            struct sj_timer *t = wheel_pop(&due);
            t->fn(t->arg);
        }
    }
    if (w->tick < now)
        w->tick = now;
}
