/* SPDX-License-Identifier: MPL-2.0 */
/* The engine on LMDB: one environment in the data directory, one named database a table.
 *
 * Always synced (no MDB_NOSYNC, no MDB_WRITEMAP); readers end at once, because an open one stops
 * the reuse of pages. A full disk fails the commit and nothing else; what LMDB calls a
 * panic (its header page could not be written) is healed by opening again (lmdb_open.c). Damaged
 * files are met by lmdb_check.c at open, since LMDB itself may crash on them. Nothing here is
 * secret: values come sealed, keys hashed. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lmdb_priv.h"
#include "sojourn/memory.h"

#define LMDB_MAP_DEFAULT ((size_t)1 << 30)
#define LMDB_MAP_MIN ((size_t)256 << 10)

/* --- failures ----------------------------------------------------------------------------- */

void lmdb_log_failure(struct lmdb_engine *l, const char *what, const char *cause)
{
    if (l->failing)
        return;
    l->failing = true;
    sj_log_error(&l->log, "store failed op=%s cause=\"%s\"", what, cause);
}

enum sj_status lmdb_fail(struct lmdb_engine *l, const char *what, int rc,
                                struct sj_error *err)
{
    if (rc == MDB_NOTFOUND)
        return sj_fail(err, SJ_NOTFOUND, "no such record");
    if (rc == MDB_MAP_FULL) {            /* logged if it cannot grow */
        l->map_full = !l->lent;
        return sj_fail(err, SJ_LIMIT, "the store is full");
    }
    if (rc == MDB_PANIC)
        l->panic = true;
    lmdb_log_failure(l, what, mdb_strerror(rc));
    /* A write that a full disk cuts short comes out of LMDB as EIO. */
    if (rc == ENOSPC || rc == EDQUOT || rc == EFBIG ||
        (rc == EIO && data_dir_full(&l->dir, LMDB_FILE)))
        return sj_fail(err, SJ_LIMIT, "the disk of the store is full");
    return sj_fail(err, SJ_INTERNAL, "the store failed");
}

enum sj_status lmdb_end(struct lmdb_engine *l, int rc, struct sj_error *err)
{
    enum sj_status status = rc == 0 ? SJ_OK : lmdb_fail(l, "commit", rc, err);
    bool lent = l->lent;
    lmdb_settle(l, rc == 0);
    if (rc != 0 || lent)                 /* that it could remove something is not the end of it */
        return status;
    if (l->failing)
        sj_log_info(&l->log, "store works again");
    l->failing = false;
    return SJ_OK;
}

/* --- transactions ------------------------------------------------------------------------- */

static enum sj_status lmdb_begin(struct engine *e, enum engine_mode mode, struct sj_error *err)
{
    struct lmdb_engine *l = lmdb_of(e);
    assert(!l->txn);
    enum sj_status status = lmdb_ready(l, err);
    if (status != SJ_OK)
        return status;
    bool write = mode != ENGINE_READS;
    l->writes_now = write;
    if (write)
        lmdb_make_room(l);
    if (!l->env)                         /* lost while it grew */
        return sj_fail(err, SJ_INTERNAL, "the store failed");
    int rc = mdb_txn_begin(l->env, NULL, write ? 0 : MDB_RDONLY, &l->txn);
    if (rc == MDB_MAP_RESIZED && l->reader) {        /* by the writer */
        rc = mdb_env_set_mapsize(l->env, 0);
        if (rc == 0)
            rc = mdb_txn_begin(l->env, NULL, MDB_RDONLY, &l->txn);
    }
    return rc == 0 ? SJ_OK : lmdb_fail(l, "begin", rc, err);
}

static enum sj_status lmdb_commit(struct engine *e, struct sj_error *err)
{
    struct lmdb_engine *l = lmdb_of(e);
    MDB_txn *txn = l->txn;
    l->txn = NULL;
    int rc = mdb_txn_commit(txn);
    return lmdb_end(l, rc, err);
}

static void lmdb_abort(struct engine *e)
{
    struct lmdb_engine *l = lmdb_of(e);
    mdb_txn_abort(l->txn);
    l->txn = NULL;
    if (l->writes_now)
        lmdb_settle(l, false);
}

/* --- records ------------------------------------------------------------------------------ */

static enum sj_status lmdb_get(struct engine *e, enum store_table table,
                               const uint8_t key[STORE_KEY_LEN], struct store_bytes *out,
                               struct sj_error *err)
{
    struct lmdb_engine *l = lmdb_of(e);
    MDB_val k = lmdb_val(key, STORE_KEY_LEN);
    MDB_val v;
    int rc = mdb_get(l->txn, l->dbi[table], &k, &v);
    if (rc != 0)
        return lmdb_fail(l, "get", rc, err);
    *out = (struct store_bytes){v.mv_data, v.mv_size};
    return SJ_OK;
}

/* Where the cursor's operation op ends up from key. */
static int lmdb_place(struct lmdb_engine *l, enum store_table table, const uint8_t *key,
                      bool or_before, struct store_found *out)
{
    MDB_cursor *cursor = NULL;
    MDB_val k = lmdb_val(key, STORE_KEY_LEN);
    MDB_val v;
    int rc = mdb_cursor_open(l->txn, l->dbi[table], &cursor);
    if (rc == 0)
        rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
    if (or_before && rc == MDB_NOTFOUND)
        rc = mdb_cursor_get(cursor, &k, &v, MDB_LAST);
    else if (or_before && rc == 0 && memcmp(k.mv_data, key, STORE_KEY_LEN) != 0)
        rc = mdb_cursor_get(cursor, &k, &v, MDB_PREV);
    if (rc == 0 && k.mv_size != STORE_KEY_LEN)
        rc = MDB_NOTFOUND;
    if (rc == 0) {
        memcpy(out->key, k.mv_data, STORE_KEY_LEN);
        out->value = (struct store_bytes){v.mv_data, v.mv_size};
    }
    if (cursor)
        mdb_cursor_close(cursor);
    return rc;
}

static enum sj_status lmdb_seek(struct engine *e, enum store_table table,
                                const uint8_t key[STORE_KEY_LEN], struct store_found *out,
                                struct sj_error *err)
{
    struct lmdb_engine *l = lmdb_of(e);
    int rc = lmdb_place(l, table, key, false, out);
    return rc == 0 ? SJ_OK : lmdb_fail(l, "seek", rc, err);
}

static enum sj_status lmdb_seek_back(struct engine *e, enum store_table table,
                                     const uint8_t key[STORE_KEY_LEN], struct store_found *out,
                                     struct sj_error *err)
{
    struct lmdb_engine *l = lmdb_of(e);
    int rc = lmdb_place(l, table, key, true, out);
    return rc == 0 ? SJ_OK : lmdb_fail(l, "seek", rc, err);
}

static enum sj_status lmdb_last(struct engine *e, enum store_table table, const uint8_t *prefix,
                                size_t n, struct store_found *out, struct sj_error *err)
{
    struct lmdb_engine *l = lmdb_of(e);
    uint8_t end[STORE_KEY_LEN];
    memset(end, 0xff, sizeof end);
    memcpy(end, prefix, n);
    int rc = lmdb_place(l, table, end, true, out);
    if (rc == 0 && memcmp(out->key, prefix, n) != 0)
        rc = MDB_NOTFOUND;
    return rc == 0 ? SJ_OK : lmdb_fail(l, "seek", rc, err);
}

static enum sj_status lmdb_put(struct engine *e, enum store_table table,
                               const uint8_t key[STORE_KEY_LEN], struct store_bytes value,
                               struct sj_error *err)
{
    struct lmdb_engine *l = lmdb_of(e);
    MDB_val k = lmdb_val(key, STORE_KEY_LEN);
    MDB_val v = lmdb_val(value.p, value.n);
    int rc = mdb_put(l->txn, l->dbi[table], &k, &v, 0);
    return rc == 0 ? SJ_OK : lmdb_fail(l, "put", rc, err);
}

static enum sj_status lmdb_remove(struct engine *e, enum store_table table,
                                  const uint8_t key[STORE_KEY_LEN], struct sj_error *err)
{
    struct lmdb_engine *l = lmdb_of(e);
    MDB_val k = lmdb_val(key, STORE_KEY_LEN);
    int rc = mdb_del(l->txn, l->dbi[table], &k, NULL);
    return rc == 0 ? SJ_OK : lmdb_fail(l, "remove", rc, err);
}

static bool lmdb_has_prefix(const MDB_val *key, const uint8_t *prefix, size_t n)
{
    return key->mv_size == STORE_KEY_LEN && (n == 0 || memcmp(key->mv_data, prefix, n) == 0);
}

static enum sj_status lmdb_remove_prefix(struct engine *e, enum store_table table,
                                         const uint8_t *prefix, size_t n, struct sj_error *err)
{
    struct lmdb_engine *l = lmdb_of(e);
    MDB_cursor *cursor = NULL;
    int rc = mdb_cursor_open(l->txn, l->dbi[table], &cursor);
    while (rc == 0) {
        MDB_val key = lmdb_val(prefix, n);
        MDB_val value;
        rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
        if (rc == 0 && !lmdb_has_prefix(&key, prefix, n))
            break;
        if (rc == 0)
            rc = mdb_cursor_del(cursor, 0);
    }
    if (cursor)
        mdb_cursor_close(cursor);
    return rc == 0 || rc == MDB_NOTFOUND ? SJ_OK : lmdb_fail(l, "remove", rc, err);
}

static enum sj_status lmdb_each(struct engine *e, enum store_table table, const uint8_t *prefix,
                                size_t n,
                                bool (*fn)(void *arg, const uint8_t key[STORE_KEY_LEN],
                                           struct store_bytes value),
                                void *arg, struct sj_error *err)
{
    struct lmdb_engine *l = lmdb_of(e);
    MDB_cursor *cursor = NULL;
    MDB_val key = lmdb_val(prefix, n);
    MDB_val value;
    int rc = mdb_cursor_open(l->txn, l->dbi[table], &cursor);
    if (rc == 0)
        rc = mdb_cursor_get(cursor, &key, &value, n > 0 ? MDB_SET_RANGE : MDB_FIRST);
    while (rc == 0 && lmdb_has_prefix(&key, prefix, n)) {
        if (!fn(arg, key.mv_data, (struct store_bytes){value.mv_data, value.mv_size}))
            break;
        rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    if (cursor)
        mdb_cursor_close(cursor);
    return rc == 0 || rc == MDB_NOTFOUND ? SJ_OK : lmdb_fail(l, "each", rc, err);
}

/* --- figures and end ---------------------------------------------------------------------- */

static uint64_t lmdb_count(struct engine *e, enum store_table table)
{
    struct lmdb_engine *l = lmdb_of(e);
    MDB_txn *txn = NULL;
    MDB_stat stat = {0};
    if (!l->env || mdb_txn_begin(l->env, NULL, MDB_RDONLY, &txn) != 0)
        return 0;
    mdb_stat(txn, l->dbi[table], &stat);
    mdb_txn_abort(txn);
    return stat.ms_entries;
}

static void lmdb_stats(struct engine *e, struct sj_store_stats *out)
{
    struct lmdb_engine *l = lmdb_of(e);
    MDB_envinfo info;
    MDB_stat stat;
    if (!l->env)
        return;
    mdb_env_info(l->env, &info);
    mdb_env_stat(l->env, &stat);
    out->map_bytes = info.me_mapsize;
    out->used_bytes = (info.me_last_pgno + 1) * stat.ms_psize;
}

static void lmdb_free(struct engine *e)
{
    struct lmdb_engine *l = lmdb_of(e);
    lmdb_close_env(l);
    data_dir_release(&l->dir);
    sj_free(l);
}

static const struct engine_ops lmdb_ops = {
    .begin = lmdb_begin,
    .commit = lmdb_commit,
    .abort = lmdb_abort,
    .get = lmdb_get,
    .seek = lmdb_seek,
    .seek_back = lmdb_seek_back,
    .last = lmdb_last,
    .put = lmdb_put,
    .remove = lmdb_remove,
    .remove_prefix = lmdb_remove_prefix,
    .each = lmdb_each,
    .grow = lmdb_grow,
    .over = lmdb_over,
    .prepare = lmdb_prepare,
    .write = lmdb_write,
    .written = lmdb_written,
    .count = lmdb_count,
    .stats = lmdb_stats,
    .free = lmdb_free,
};

/* Damage of the structure can only be told from a change under way while nobody writes. */
static enum sj_status lmdb_check_alone(const struct lmdb_engine *l, struct sj_error *err)
{
    int lock = data_dir_try_lock(&l->dir);
    if (lock < 0)
        return SJ_OK;                    /* a daemon runs, and looked at its start */
    enum sj_status status = lmdb_check(l, err);
    close(lock);
    return status;
}

enum sj_status engine_lmdb_open_reader(struct engine **out, const struct sj_log *log,
                                       const char *dir, struct sj_error *err)
{
    struct lmdb_engine *l = sj_calloc(1, sizeof *l);
    struct stat st;
    l->engine.ops = &lmdb_ops;
    l->log = (struct sj_log){.parent = log, .area = "store"};
    l->reader = true;
    enum sj_status status = data_dir_look(&l->dir, dir, &l->log, err);
    if (status == SJ_OK && (fstatat(l->dir.fd, LMDB_FILE, &st, 0) != 0 || st.st_size == 0))
        status = sj_fail(err, SJ_NOTFOUND, "data-dir holds no data yet");
    if (status == SJ_OK)
        status = lmdb_check_alone(l, err);
    if (status == SJ_OK)
        status = lmdb_open_env(l, err);
    if (status != SJ_OK) {
        lmdb_free(&l->engine);
        return status;
    }
    *out = &l->engine;
    return SJ_OK;
}

enum sj_status engine_lmdb_open(struct engine **out, const struct sj_log *log,
                                const struct sj_store_options *options, struct sj_error *err)
{
    struct lmdb_engine *l = sj_calloc(1, sizeof *l);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    l->engine.ops = &lmdb_ops;
    l->log = (struct sj_log){.parent = log, .area = "store"};
    l->map_bytes = options->map_bytes == 0 ? LMDB_MAP_DEFAULT : options->map_bytes;
    l->data_max = options->data_max_bytes;
    if (l->map_bytes < LMDB_MAP_MIN)
        l->map_bytes = LMDB_MAP_MIN;
    l->map_bytes = (l->map_bytes + page - 1) / page * page;
    enum sj_status status = data_dir_open(&l->dir, options->dir, options->tool, &l->log,
                                         err);
    if (status == SJ_OK)
        status = lmdb_check(l, err);
    if (status == SJ_OK)
        status = lmdb_open_env(l, err);
    if (status != SJ_OK) {
        lmdb_free(&l->engine);
        return status;
    }
    *out = &l->engine;
    return SJ_OK;
}
