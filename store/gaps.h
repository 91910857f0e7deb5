/* SPDX-License-Identifier: MPL-2.0 */
/* Where no record is left in a table, as searches have found it (gaps.c). */
#ifndef STORE_GAPS_H
#define STORE_GAPS_H

#include "store_priv.h"

#define GAPS_MAX 64u

/* Nothing is left from `from` up to `to`, not included. Both begin with one user part. */
struct gap {
    bool known;
    enum store_table table;
    uint8_t from[STORE_KEY_LEN], to[STORE_KEY_LEN];
};
/* Zero-initialised knows none. */
struct gaps {
    struct gap at[GAPS_MAX];             /* by table and key */
};

/* Where a search from key may begin as well: the end of the gap that key lies in, or key. */
const uint8_t *gaps_pass(const struct gaps *g, enum store_table table,
                         const uint8_t key[STORE_KEY_LEN]);
/* A search from `from` has found nothing before `to`. */
void gaps_note(struct gaps *g, enum store_table table, const uint8_t from[STORE_KEY_LEN],
               const uint8_t to[STORE_KEY_LEN]);
/* A record is put there. */
void gaps_fill(struct gaps *g, enum store_table table, const uint8_t key[STORE_KEY_LEN]);
void gaps_forget(struct gaps *g);

#endif
