/* SPDX-License-Identifier: MPL-2.0 */
/* Records that wait to be written together (group.c). */
#ifndef STORE_GROUP_H
#define STORE_GROUP_H

#include "store_priv.h"

void group_init(struct sj_store *s);
void group_release(struct sj_store *s);
/* Takes a copy of an encoded record for STATE, POSITION or PREFERENCE; n 0 removes. Commits at once
 * when a bound is reached. False: no room (logged). */
bool group_put_state(struct sj_store *s, enum store_table table,
                     const uint8_t user[STORE_PART_LEN], const uint8_t *plain, size_t n);
/* Sets the flags of mask to those of bits (enum record_flag), leaves the others. */
void group_put_flags(struct sj_store *s, const uint8_t user[STORE_PART_LEN], uint8_t mask,
                     uint8_t bits);
/* The same for JOURNAL: what was not committed goes without a trace when it is removed, unless it
 * was put again, as then the one before may be on the disk. */
void group_put_journal(struct sj_store *s, const uint8_t user[STORE_PART_LEN], uint64_t number,
                       const uint8_t *plain, size_t n, bool again);
/* The encoded record of one of those: what waits, else what is stored. SJ_NOTFOUND: none is kept,
 * or the owner is unknown. Inside a frame. */
enum sj_status group_load(struct sj_store *s, enum store_table table,
                          const uint8_t user[STORE_PART_LEN], struct secret_buf *plain,
                          struct sj_error *err);
/* flags with those that wait put in. */
uint8_t group_merge_flags(const struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                          uint8_t flags);
/* Makes room for n bytes more of a record: commits when a bound is reached. False: there is none
 * (logged). The timer runs afterwards. */
bool group_room(struct sj_store *s, size_t n);
/* Writes what waits, in this turn or the next, unless a commit is under way. */
void group_write(struct sj_store *s);
/* The last commit is through: the next one may follow. */
void group_go_on(struct sj_store *s);
/* How many records wait to be written. */
size_t group_waiting(const struct sj_store *s);
bool group_empty(const struct sj_store *s);
/* Half of one of the bounds is reached. */
bool group_is_half_full(const struct sj_store *s);
/* Does this owner's registration follow (sj_store_expect)? */
bool group_expects(const struct sj_store *s, const uint8_t user[STORE_PART_LEN]);
/* Forgets all that waits for this owner. */
void group_drop(struct sj_store *s, const uint8_t user[STORE_PART_LEN]);
/* Writes what waits; inside a write frame. */
enum sj_status group_apply(struct sj_store *s, struct sj_error *err);
/* It is written: forgets it, but what waits for its owner. */
void group_clear(struct sj_store *s);

#endif
