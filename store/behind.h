/* SPDX-License-Identifier: MPL-2.0 */
/* An engine around another one that can write on another thread (behind.c). */
#ifndef STORE_BEHIND_H
#define STORE_BEHIND_H

#include "store_priv.h"

/* Owns inner, which has prepare, write and written. loop and log outlive it. */
struct behind *behind_new(struct engine *inner, struct sj_loop *loop, const struct sj_log *log);
struct engine *behind_engine(struct behind *b);
/* settled (of a batch of ENGINE_ALONE_BEHIND: settled_alone) is called from the loop top, or within
 * a call that ends what was under way, whenever a batch is durable (SJ_OK) or could not be written;
 * it must not call the store. A batch that could not be written is tried again by itself, and by
 * the next synced change, but for one of ENGINE_ALONE_BEHIND, which is forgotten. */
void behind_watch(struct behind *b, void (*settled)(void *arg, enum sj_status status),
                  void (*settled_alone)(void *arg, enum sj_status status), void *arg);
/* again is called from the loop top before a batch is tried again: a transaction of ENGINE_BEHIND
 * within it adds to that batch and tries it: what was to be removed since then may be what makes it
 * fit. True: there was one. */
void behind_add(struct behind *b, bool (*again)(void *arg));
/* Of a batch that could not be written, forgets the changes of records whose keys have that prefix,
 * in these tables (a bit each): what is stored counts again. From settled, too; while none is under
 * way. */
void behind_drop(struct behind *b, uint32_t tables, const uint8_t *prefix, size_t n);
/* A transaction of ENGINE_PART, begun while not behind_busy, notes a part of the next batch. Only
 * further ones of its kind see it, and one of ENGINE_BEHIND takes it along; one that is aborted
 * drops all parts. Before any other that writes, they are to be forgotten. */
void behind_forget_parts(struct behind *b);
/* Waits for the batch that is under way, if one is. */
void behind_wait(struct behind *b);
/* Tries a batch that could not be written once more, now, with what `again` adds, and waits for it.
 * False: there is none, or it could not be written again. */
bool behind_try(struct behind *b);
/* Is there a batch that is not durable yet? The next one would have to wait for it. */
bool behind_busy(struct behind *b);
/* Is one under way? One of ENGINE_ALONE_BEHIND waits for no other. */
bool behind_works(struct behind *b);
/* Changes in it. */
size_t behind_waiting(const struct behind *b);
/* Has a batch that cannot be written grown as far as it may? Then nothing goes along with it. */
bool behind_is_full(const struct behind *b);

#endif
