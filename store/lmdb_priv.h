/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of the engine on LMDB share. */
#ifndef STORE_LMDB_PRIV_H
#define STORE_LMDB_PRIV_H

#include <lmdb.h>

#include "data_dir.h"
#include "store_priv.h"

#define LMDB_FILE "data.mdb"             /* LMDB's own name */

struct lmdb_engine {
    struct engine engine;
    struct sj_log log;
    struct data_dir dir;
    MDB_env *env;                /* NULL after a failure: begin opens it again */
    MDB_dbi dbi[STORE_TABLE_COUNT];
    MDB_txn *txn;                /* the loop's one transaction, or NULL */
    size_t map_bytes;
    size_t data_max;             /* sj_store_options.data_max_bytes, or 0 */
    size_t bound;                /* the map grows no further; 0: as far as it can */
    bool map_full;               /* cause of the last SJ_LIMIT */
    bool lent;                   /* the map is larger than its bound, for one transaction */
    bool writes_now;             /* txn does */
    bool panic;                  /* the environment must be opened again */
    bool stuck;                  /* the map could not grow: only a full one tries again */
    bool failing;                /* this row of failures has been logged */
    bool reader;                 /* another process may be the writer */
    unsigned writes;             /* until dead readers are looked for */
};

static inline struct lmdb_engine *lmdb_of(struct engine *e)
{
    return SJ_CONTAINER(e, struct lmdb_engine, engine);
}

/* LMDB's structure is not const-correct; it does not write through it. */
static inline MDB_val lmdb_val(const void *p, size_t n)
{
    union {
        const void *in;
        void *out;
    } u = {.in = p};
    return (MDB_val){.mv_size = n, .mv_data = u.out};
}

/* --- lmdb_open.c --- */

/* Damage of the file's structure is found before LMDB meets it. */
enum sj_status lmdb_check(const struct lmdb_engine *l, struct sj_error *err);
enum sj_status lmdb_open_env(struct lmdb_engine *l, struct sj_error *err);
void lmdb_close_env(struct lmdb_engine *l);
/* An environment in which a transaction can begin; opens it again after a panic. */
enum sj_status lmdb_ready(struct lmdb_engine *l, struct sj_error *err);
/* Before each write, with no transaction open, also not the writer's: room in the map, and none of
 * it kept by readers that have died. */
void lmdb_make_room(struct lmdb_engine *l);
/* After a write that filled the map, with no transaction open. */
bool lmdb_grow(struct engine *e, const struct overlay *changes, bool removes);
/* After each write, with no transaction open: takes back what was lent for it. */
void lmdb_settle(struct lmdb_engine *l, bool written);
bool lmdb_over(struct engine *e, uint64_t bytes);

/* --- store_lmdb.c --- */

/* One line for each row of failures; a commit that succeeds ends the row (lmdb_end). */
void lmdb_log_failure(struct lmdb_engine *l, const char *what, const char *cause);
enum sj_status lmdb_fail(struct lmdb_engine *l, const char *what, int rc, struct sj_error *err);
/* Behind a commit with that code of LMDB's. */
enum sj_status lmdb_end(struct lmdb_engine *l, int rc, struct sj_error *err);

/* --- lmdb_batch.c: engine_ops --- */

enum sj_status lmdb_prepare(struct engine *e, struct sj_error *err);
int lmdb_write(struct engine *e, const struct overlay *changes);
enum sj_status lmdb_written(struct engine *e, int rc, struct sj_error *err);

#endif
