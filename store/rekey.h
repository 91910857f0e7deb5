/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of re-keying share: the engine that stands before the real one meanwhile, and a
 * record on its way from the old keys to the new ones. */
#ifndef SOJOURN_REKEY_H
#define SOJOURN_REKEY_H

#include "store_priv.h"
#include "table.h"

#define REKEY_LENT 32u                   /* values that may be borrowed at once */

enum rekey_step { REKEY_OWNERS, REKEY_LEFT, REKEY_END };

struct rekey {
    struct engine engine;                /* what the store works on */
    struct engine *inner;                /* owned */
    struct sj_store *s;                  /* borrowed: its seal is the new one */
    struct seal *old;                    /* owned */
    uint8_t *lent[REKEY_LENT];
    unsigned next_lent;
    struct sj_timer timer;
    enum rekey_step step;
    enum store_table table;              /* REKEY_LEFT: the one that is looked through */
    uint8_t at[STORE_KEY_LEN];           /* where the step goes on */
    bool handed;                         /* a slice is on its way to the disk */
    bool ended;                          /* it is, or was, the last one */
    unsigned moved, dropped;             /* of it */
};

/* --- rekey_record.c: places and records, inside a frame --- */

/* The same place under the other keys. */
void rekey_to_old(const struct rekey *r, enum store_table table, const uint8_t key[STORE_KEY_LEN],
                  uint8_t out[STORE_KEY_LEN]);
void rekey_to_new(const struct rekey *r, enum store_table table, const uint8_t key[STORE_KEY_LEN],
                  uint8_t out[STORE_KEY_LEN]);
/* The first n bytes (16 or 24) of lookup keys. */
void rekey_prefix_to_old(const struct rekey *r, const uint8_t *prefix, size_t n,
                         uint8_t out[STORE_KEY_LEN]);
/* What stands at an old place as it will stand at the new one; the caller frees it. NULL: it does
 * not open. */
uint8_t *rekey_record(const struct rekey *r, enum store_table table,
                      const uint8_t old_key[STORE_KEY_LEN], struct store_bytes stored);
/* Does an owner with this user part have a key under these keys? */
bool rekey_has_key(const struct rekey *r, const struct seal *seal,
                   const uint8_t user[STORE_PART_LEN]);

/* --- rekey.c --- */

/* The commit under way is durable, or could not be made; a commit that fails is tried again. */
void rekey_settled(struct sj_store *s, enum sj_status status);

/* --- rekey_engine.c --- */

/* Sees the records of both keys as those of the new one. */
void rekey_engine_init(struct rekey *r);

#endif
