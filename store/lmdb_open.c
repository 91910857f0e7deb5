/* SPDX-License-Identifier: MPL-2.0 */
/* The environment of the engine on LMDB: opening, opening again after a failure, and its map.
 *
 * The map is address space, not disk: it grows before it is 80 % full, and when a transaction has
 * filled it, always with no transaction open in this process, as LMDB demands. Readers in other
 * processes that have died keep pages from being used again until their marks are removed. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lmdb_check.h"
#include "lmdb_priv.h"
#include "overlay.h"

/* Growth is at least this, so that one step is enough for the largest group of writes. */
#define LMDB_MAP_STEP ((size_t)64 << 20)
static_assert(LMDB_MAP_STEP > 4 * STORE_PENDING_BYTES_MAX, "one step of growth must suffice");
#define LMDB_MAP_GROW_PERCENT 80u
#define LMDB_WRITES 1000u                /* between two looks at the table of readers */
/* Beyond data-max-bytes the map has room to remove things, for which LMDB needs new pages first,
 * and for what is small and must be kept. */
#define LMDB_RESERVE_MIN ((size_t)1 << 20)
#define LMDB_RESERVE_MAX LMDB_MAP_STEP
#define LMDB_HEADER_MAX 1024u            /* any record of that table */

/* --- opening ------------------------------------------------------------------------------ */

/* Damage of the file's structure is found before LMDB meets it. */
enum sj_status lmdb_check(const struct lmdb_engine *l, struct sj_error *err)
{
    struct stat st;
    int fd = openat(l->dir.fd, LMDB_FILE, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return SJ_OK;                    /* new */
    if (fd < 0)
        return sj_fail(err, SJ_DENIED, "the files in data-dir cannot be opened: %s",
                       strerror(errno));
    bool sound = (fstat(fd, &st) == 0 && st.st_size == 0) || lmdb_check_file(fd);
    close(fd);
    if (sound)
        return SJ_OK;
    return sj_fail(err, SJ_INTERNAL, "the files in data-dir are damaged or cut: move them away and "
                   "restore a backup");
}

/* Opens the named databases, all or none; 0 or LMDB's code. */
static int lmdb_open_tables(struct lmdb_engine *l, unsigned txn_flags, unsigned dbi_flags)
{
    MDB_txn *txn = NULL;
    int rc = mdb_txn_begin(l->env, NULL, txn_flags, &txn);
    if (rc != 0)
        return rc;
    for (int t = 0; rc == 0 && t < STORE_TABLE_COUNT; t++)
        rc = mdb_dbi_open(txn, store_table_name((enum store_table)t), dbi_flags, &l->dbi[t]);
    if (rc != 0) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

void lmdb_close_env(struct lmdb_engine *l)
{
    if (l->env)
        mdb_env_close(l->env);
    l->env = NULL;
}

static size_t lmdb_high_bytes(const struct lmdb_engine *l)
{
    MDB_envinfo info;
    MDB_stat stat;
    mdb_env_info(l->env, &info);
    mdb_env_stat(l->env, &stat);
    return (info.me_last_pgno + 1) * stat.ms_psize;
}

/* How far the map may grow, once the file is known: it may be larger than is allowed now. */
static int lmdb_bound(struct lmdb_engine *l)
{
    MDB_envinfo info;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t reserve = l->data_max;
    if (l->data_max == 0 || l->reader || l->bound > 0)
        return 0;
    if (reserve < LMDB_RESERVE_MIN)
        reserve = LMDB_RESERVE_MIN;
    if (reserve > LMDB_RESERVE_MAX)
        reserve = LMDB_RESERVE_MAX;
    l->bound = lmdb_high_bytes(l) > l->data_max ? lmdb_high_bytes(l) : l->data_max;
    l->bound = (l->bound + reserve + page - 1) / page * page;
    mdb_env_info(l->env, &info);
    if (info.me_mapsize <= l->bound)
        return 0;
    l->map_bytes = l->bound;
    return mdb_env_set_mapsize(l->env, l->bound);
}

enum sj_status lmdb_open_env(struct lmdb_engine *l, struct sj_error *err)
{
    int dead = 0;
    int rc = mdb_env_create(&l->env);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(l->env, STORE_TABLE_COUNT);
    if (rc == 0 && !l->reader)           /* a reader takes what the file says */
        rc = mdb_env_set_mapsize(l->env, l->map_bytes);
    if (rc == 0)
        rc = mdb_env_open(l->env, l->dir.path, l->reader ? MDB_RDONLY : 0, 0600);
    if (rc == 0)
        data_dir_give(&l->dir);
    if (rc == 0)
        rc = mdb_reader_check(l->env, &dead);
    if (rc == 0) {
        rc = lmdb_open_tables(l, MDB_RDONLY, 0);
        if (rc == MDB_NOTFOUND && !l->reader)        /* new: only then a commit is spent on it */
            rc = lmdb_open_tables(l, 0, MDB_CREATE);
    }
    if (rc == 0)
        rc = lmdb_bound(l);
    if (rc == 0 && !l->reader && !data_dir_sync(&l->dir))
        rc = errno;
    l->panic = false;
    if (rc == 0)
        return SJ_OK;
    lmdb_close_env(l);
    if (l->reader && rc == MDB_NOTFOUND)
        return sj_fail(err, SJ_INVALID, "data-dir was written by an older version: start the "
                       "daemon once, it upgrades them");
    if (rc == ENOSPC || rc == EDQUOT)
        return sj_fail(err, SJ_LIMIT, "the disk of data-dir is full");
    return sj_fail(err, SJ_INTERNAL, "data-dir cannot be opened: %s", mdb_strerror(rc));
}

/* --- room in the map ---------------------------------------------------------------------- */

/* The map is as large as data-max-bytes lets it become. */
static bool lmdb_at_bound(const struct lmdb_engine *l)
{
    MDB_envinfo info;
    mdb_env_info(l->env, &info);
    return l->bound > 0 && info.me_mapsize >= l->bound;
}

static bool lmdb_full(struct lmdb_engine *l)
{
    if (!l->failing)
        sj_log_error(&l->log, "store full, nothing is written until something is removed "
                     "data_max_mib=%zu hint=raise-data-max-bytes", l->data_max >> 20);
    l->failing = true;
    return false;
}

/* Are the changes of records that take no less? */
static bool lmdb_shrinks(const struct lmdb_engine *l, const struct overlay *changes)
{
    MDB_txn *txn = NULL;
    size_t before = 0, after = 0;
    if (mdb_txn_begin(l->env, NULL, MDB_RDONLY, &txn) != 0)
        return false;
    for (const struct overlay_node *n = overlay_first(changes); n; n = overlay_next(n)) {
        MDB_val key = lmdb_val(overlay_key(n), STORE_KEY_LEN);
        MDB_val old;
        if (mdb_get(txn, l->dbi[overlay_table(n)], &key, &old) == 0)
            before += STORE_KEY_LEN + old.mv_size;
        after += n->removed ? 0 : STORE_KEY_LEN + n->value.n;
    }
    mdb_txn_abort(txn);
    return after <= before;
}

/* LMDB writes the pages of a change anew, so that a full map is too small even for removing. */
static bool lmdb_lend(struct lmdb_engine *l, const struct overlay *changes, bool removes)
{
    if (!removes && !(changes && lmdb_shrinks(l, changes)))
        return false;
    l->lent = mdb_env_set_mapsize(l->env, l->bound + LMDB_MAP_STEP) == 0;
    return l->lent;
}

/* What a transaction frees can be used by the second one behind it, which in a full map would never
 * come to be. */
static int lmdb_touch(struct lmdb_engine *l)
{
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    uint8_t header[LMDB_HEADER_MAX];
    int rc = mdb_txn_begin(l->env, NULL, 0, &txn);
    if (rc == 0)
        rc = mdb_cursor_open(txn, l->dbi[STORE_HEADER], &cursor);
    if (rc == 0)
        rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    if (rc == 0 && value.mv_size > sizeof header)
        rc = MDB_BAD_VALSIZE;
    if (rc == 0) {
        memcpy(header, value.mv_data, value.mv_size);
        value.mv_data = header;
        rc = mdb_cursor_put(cursor, &key, &value, MDB_CURRENT);
    }
    if (cursor)
        mdb_cursor_close(cursor);
    if (rc == 0)
        return mdb_txn_commit(txn);
    if (txn)
        mdb_txn_abort(txn);
    return rc;
}

void lmdb_settle(struct lmdb_engine *l, bool written)
{
    if (!l->lent)
        return;
    l->lent = false;
    int rc = written && l->env ? lmdb_touch(l) : 0;
    if (rc == 0 && l->env)
        rc = mdb_env_set_mapsize(l->env, l->bound);      /* at least as large as the file */
    if (rc == MDB_PANIC)
        l->panic = true;
    if (rc != 0)
        lmdb_log_failure(l, "settle", mdb_strerror(rc));
}

/* A larger map, with no transaction open. False: no address space; the old map stays. */
static bool lmdb_enlarge(struct lmdb_engine *l)
{
    MDB_envinfo info;
    struct sj_error err;
    mdb_env_info(l->env, &info);
    size_t size = info.me_mapsize + (info.me_mapsize > LMDB_MAP_STEP ? info.me_mapsize
                                                                     : LMDB_MAP_STEP);
    if (l->bound > 0 && size > l->bound)
        size = l->bound;
    /* LMDB unmaps before it maps anew, and is lost when that fails: try on something else. */
    void *room = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    l->stuck = true;
    if (size <= info.me_mapsize || room == MAP_FAILED) {
        lmdb_log_failure(l, "grow", "no address space");
        return false;
    }
    munmap(room, size);
    int rc = mdb_env_set_mapsize(l->env, size);
    if (rc == 0) {
        l->map_bytes = size;
        l->stuck = false;
        sj_log_info(&l->log, "store map grown mib=%zu", size >> 20);
        return true;
    }
    lmdb_log_failure(l, "grow", mdb_strerror(rc));
    lmdb_close_env(l);
    lmdb_open_env(l, &err);
    return false;
}

bool lmdb_grow(struct engine *e, const struct overlay *changes, bool removes)
{
    struct lmdb_engine *l = lmdb_of(e);
    bool cause = l->map_full;
    l->map_full = false;
    if (!cause || !l->env)
        return false;
    if (!lmdb_at_bound(l))
        return lmdb_enlarge(l);
    return lmdb_lend(l, changes, removes) || lmdb_full(l);
}

static bool lmdb_nearly_full(const struct lmdb_engine *l)
{
    MDB_envinfo info;
    mdb_env_info(l->env, &info);
    return lmdb_high_bytes(l) > info.me_mapsize / 100 * LMDB_MAP_GROW_PERCENT;
}

/* Pages that wait to be used again are listed in the first database of the file, by the transaction
 * that freed them; each list begins with its length. */
static size_t lmdb_free_pages(const struct lmdb_engine *l)
{
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    MDB_val key, list;
    size_t pages = 0;
    int rc = mdb_txn_begin(l->env, NULL, MDB_RDONLY, &txn);
    if (rc == 0)
        rc = mdb_cursor_open(txn, 0, &cursor);
    while (rc == 0 && (rc = mdb_cursor_get(cursor, &key, &list, MDB_NEXT)) == 0) {
        size_t n = 0;
        if (list.mv_size >= sizeof n)
            memcpy(&n, list.mv_data, sizeof n);
        pages += n;
    }
    if (cursor)
        mdb_cursor_close(cursor);
    if (txn)
        mdb_txn_abort(txn);
    return pages;
}

bool lmdb_over(struct engine *e, uint64_t bytes)
{
    const struct lmdb_engine *l = lmdb_of(e);
    MDB_stat stat;
    if (!l->env || lmdb_high_bytes(l) <= bytes)
        return false;
    mdb_env_stat(l->env, &stat);
    return lmdb_high_bytes(l) - lmdb_free_pages(l) * stat.ms_psize > bytes;
}

/* A tool that was killed while it read leaves its mark, which keeps pages from being used again. */
static void lmdb_forget_readers(struct lmdb_engine *l)
{
    int dead = 0;
    if (++l->writes < LMDB_WRITES)
        return;
    l->writes = 0;
    if (mdb_reader_check(l->env, &dead) == 0 && dead > 0)
        sj_log_info(&l->log, "store readers forgotten that had died n=%d", dead);
}

enum sj_status lmdb_ready(struct lmdb_engine *l, struct sj_error *err)
{
    if (l->panic)
        lmdb_close_env(l);
    if (l->env)
        return SJ_OK;
    enum sj_status status = lmdb_open_env(l, err);
    if (status == SJ_OK)
        sj_log_warn(&l->log, "store opened again after a failure");
    return status;
}

void lmdb_make_room(struct lmdb_engine *l)
{
    lmdb_forget_readers(l);
    if (!l->stuck && !lmdb_at_bound(l) && lmdb_nearly_full(l))
        lmdb_enlarge(l);                 /* not possible: what fits still fits */
}
