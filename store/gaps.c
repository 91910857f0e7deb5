/* SPDX-License-Identifier: MPL-2.0 */
/* Gaps in tables, so that a search need not pass over all that have gone: where the oldest records
 * make room for new ones, each search would otherwise begin with every removal that waits in the
 * overlay (behind.c). A gap is remembered by its table and the first byte of its keys; one that
 * finds its place taken replaces what was there. */
#include "gaps.h"

#include <string.h>

static size_t gap_slot(enum store_table table, const uint8_t key[STORE_KEY_LEN])
{
    return (key[0] + 7u * (unsigned)table) % GAPS_MAX;
}

static bool gap_holds(const struct gap *g, enum store_table table,
                      const uint8_t key[STORE_KEY_LEN])
{
    return g->known && g->table == table && memcmp(key, g->from, STORE_KEY_LEN) >= 0 &&
           memcmp(key, g->to, STORE_KEY_LEN) < 0;
}

const uint8_t *gaps_pass(const struct gaps *g, enum store_table table,
                         const uint8_t key[STORE_KEY_LEN])
{
    const struct gap *gap = &g->at[gap_slot(table, key)];
    return gap_holds(gap, table, key) ? gap->to : key;
}

void gaps_note(struct gaps *g, enum store_table table, const uint8_t from[STORE_KEY_LEN],
               const uint8_t to[STORE_KEY_LEN])
{
    struct gap *gap = &g->at[gap_slot(table, from)];
    if (memcmp(from, to, STORE_PART_LEN) != 0)
        return;
    if (!gap_holds(gap, table, from)) {
        gap->known = true;
        gap->table = table;
        memcpy(gap->from, from, STORE_KEY_LEN);
    }
    memcpy(gap->to, to, STORE_KEY_LEN);
}

void gaps_fill(struct gaps *g, enum store_table table, const uint8_t key[STORE_KEY_LEN])
{
    struct gap *gap = &g->at[gap_slot(table, key)];
    if (gap_holds(gap, table, key))
        gap->known = false;
}

void gaps_forget(struct gaps *g)
{
    memset(g, 0, sizeof *g);
}
