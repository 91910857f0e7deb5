/* SPDX-License-Identifier: MPL-2.0 */
/* What the store says of itself as a whole: its schema, its key, and a key that it moves to. */
#ifndef SOJOURN_HEADER_H
#define SOJOURN_HEADER_H

#include "store_priv.h"

/* SJ_DENIED: another key; SJ_INVALID: newer schema; SJ_INTERNAL: damaged. *schema is
 * what the store has. Inside a transaction. */
enum sj_status header_check(struct sj_store *s, uint8_t *schema, struct sj_error *err);
/* Writes the header with this schema and s->id. Inside a write transaction. */
enum sj_status header_write(struct sj_store *s, uint8_t schema, struct sj_error *err);

/* What lasts of an older master key into s->seal, if there is any. Inside a transaction. */
enum sj_status header_load_roots(struct sj_store *s, struct sj_error *err);
/* Marks that records move to this key; is there such a mark, and is it of this key? */
enum sj_status header_next_put(struct sj_store *s, const struct seal *seal, struct sj_error *err);
bool header_next_exists(struct sj_store *s);
bool header_is_next(const uint8_t key[STORE_KEY_LEN]);   /* is it the place of the mark? */
bool header_next_opens(struct sj_store *s, const struct seal *seal);
/* All have moved: puts the header under the key of s->seal and takes the mark away. */
enum sj_status header_under_new_key(struct sj_store *s, struct sj_error *err);

/* memo.c: what stands there for the gateway's next process is sealed for another key. Inside a
 * write transaction. */
enum sj_status memo_move(struct sj_store *s, const struct seal *seal, struct sj_error *err);

/* rekey.c: goes on with a change of the key that was broken off. SJ_DENIED: the new key is not to
 * be had. For a reader SJ_EXISTS. */
enum sj_status rekey_resume(struct sj_store *s, struct sj_error *err);
/* Takes the engine of rekey.h away, if it is there. */
void rekey_detach(struct sj_store *s);

#endif
