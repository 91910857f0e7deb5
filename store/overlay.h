/* SPDX-License-Identifier: MPL-2.0 */
/* Changes of records that are not in the engine yet, ordered by table and key (overlay.c). */
#ifndef STORE_OVERLAY_H
#define STORE_OVERLAY_H

#include "store_priv.h"

#define OVERLAY_LEVELS 12

/* A change. Stays where it is, with its key and value, until overlay_clear. */
struct overlay_node {
    uint8_t at[1 + STORE_KEY_LEN];       /* table, key */
    bool removed;
    struct store_bytes value;            /* not removed; the overlay's own */
    struct overlay_node *next[];         /* one for each of its levels */
};

/* Zero-initialised is empty. */
struct overlay {
    struct overlay_node *first[OVERLAY_LEVELS];
    struct overlay_block *blocks;
    size_t n;                            /* changes */
    size_t bytes;                        /* of memory */
};

/* Notes a change, in place of an older one; copies the value. value NULL: the record goes. */
void overlay_put(struct overlay *o, enum store_table table, const uint8_t key[STORE_KEY_LEN],
                 const struct store_bytes *value);
/* The change of that record, or NULL. */
const struct overlay_node *overlay_get(const struct overlay *o, enum store_table table,
                                       const uint8_t key[STORE_KEY_LEN]);
/* The first change of the table at or after key, the last at or before it; NULL: none. */
const struct overlay_node *overlay_from(const struct overlay *o, enum store_table table,
                                        const uint8_t key[STORE_KEY_LEN]);
const struct overlay_node *overlay_back(const struct overlay *o, enum store_table table,
                                        const uint8_t key[STORE_KEY_LEN]);
static inline const struct overlay_node *overlay_first(const struct overlay *o)
{
    return o->first[0];
}
static inline const struct overlay_node *overlay_next(const struct overlay_node *node)
{
    return node->next[0];
}
static inline const uint8_t *overlay_key(const struct overlay_node *node)
{
    return node->at + 1;
}
static inline enum store_table overlay_table(const struct overlay_node *node)
{
    return (enum store_table)node->at[0];
}
/* Forgets the changes of records whose keys have that prefix, in these tables (a bit each). */
#define OVERLAY_ALL_TABLES UINT32_MAX
void overlay_drop(struct overlay *o, uint32_t tables, const uint8_t *prefix, size_t n);
/* Puts the changes of the one into the other. */
void overlay_copy(struct overlay *to, const struct overlay *from);
/* Forgets all changes. */
void overlay_clear(struct overlay *o);

#endif
