/* SPDX-License-Identifier: MPL-2.0 */
/* Between the files of the engine that writes behind: batches (behind.c) and records
 * (behind_view.c). */
#ifndef STORE_BEHIND_PRIV_H
#define STORE_BEHIND_PRIV_H

#include "behind.h"
#include "gaps.h"
#include "overlay.h"

struct writer;

struct behind {
    struct engine engine;
    struct engine *inner;                /* owned */
    struct sj_loop *loop;
    struct sj_log log;
    struct overlay changes;              /* noted, handed over, or to be tried again */
    struct overlay kept;                 /* while a transaction adds to them: as they were */
    struct overlay apart;                /* of ENGINE_ALONE_BEHIND */
    const struct overlay *writing;       /* one of them, while handed */
    struct gaps gaps;                    /* of them over what is stored */
    struct overlay parts;                /* of ENGINE_PART; then there are no changes */
    struct gaps part_gaps;               /* of these over what is stored */
    struct writer *writer;
    bool handed;                         /* to the writer, and its outcome not looked at */
    bool alone;                          /* the system gave no thread: logged */
    int code;                            /* the writer's */
    enum sj_status status;               /* of the last batch */
    bool open;                           /* a transaction is, of this mode */
    enum engine_mode mode;
    struct sj_timer retry;
    struct sj_defer done;                /* without a thread: its outcome is there */
    void (*settled)(void *arg, enum sj_status status);
    void (*settled_alone)(void *arg, enum sj_status status);
    bool (*again)(void *arg);            /* or NULL */
    bool adding;                         /* within that */
    void *arg;
};

static inline struct behind *behind_of(struct engine *e)
{
    return SJ_CONTAINER(e, struct behind, engine);
}

/* As in struct engine_ops (engine.h). */
enum sj_status behind_get(struct engine *e, enum store_table table,
                          const uint8_t key[STORE_KEY_LEN], struct store_bytes *out,
                          struct sj_error *err);
enum sj_status behind_seek(struct engine *e, enum store_table table,
                           const uint8_t key[STORE_KEY_LEN], struct store_found *out,
                           struct sj_error *err);
enum sj_status behind_seek_back(struct engine *e, enum store_table table,
                                const uint8_t key[STORE_KEY_LEN], struct store_found *out,
                                struct sj_error *err);
enum sj_status behind_last(struct engine *e, enum store_table table, const uint8_t *prefix,
                           size_t n, struct store_found *out, struct sj_error *err);
enum sj_status behind_put(struct engine *e, enum store_table table,
                          const uint8_t key[STORE_KEY_LEN], struct store_bytes value,
                          struct sj_error *err);
enum sj_status behind_remove(struct engine *e, enum store_table table,
                             const uint8_t key[STORE_KEY_LEN], struct sj_error *err);
enum sj_status behind_remove_prefix(struct engine *e, enum store_table table,
                                    const uint8_t *prefix, size_t n, struct sj_error *err);
enum sj_status behind_each(struct engine *e, enum store_table table, const uint8_t *prefix,
                           size_t n,
                           bool (*fn)(void *arg, const uint8_t key[STORE_KEY_LEN],
                                      struct store_bytes value),
                           void *arg, struct sj_error *err);

#endif
