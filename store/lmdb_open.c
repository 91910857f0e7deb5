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

/* Growth is at least this, so that one step is enough for the largest group of writes. */
#define LMDB_MAP_STEP ((size_t)64 << 20)
static_assert(LMDB_MAP_STEP > 4 * STORE_PENDING_BYTES_MAX, "one step of growth must suffice");
#define LMDB_MAP_GROW_PERCENT 80u
#define LMDB_WRITES 1000u                /* between two looks at the table of readers */

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

/* A larger map, with no transaction open. False: no address space; the old map stays. */
static bool lmdb_enlarge(struct lmdb_engine *l)
{
    MDB_envinfo info;
    struct sj_error err;
    mdb_env_info(l->env, &info);
    size_t size = info.me_mapsize + (info.me_mapsize > LMDB_MAP_STEP ? info.me_mapsize
                                                                     : LMDB_MAP_STEP);
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

bool lmdb_grow(struct engine *e)
{
    struct lmdb_engine *l = lmdb_of(e);
    bool cause = l->map_full;
    l->map_full = false;
    return cause && l->env && lmdb_enlarge(l);
}

static bool lmdb_nearly_full(const struct lmdb_engine *l)
{
    MDB_envinfo info;
    MDB_stat stat;
    mdb_env_info(l->env, &info);
    mdb_env_stat(l->env, &stat);
    return (info.me_last_pgno + 1) * stat.ms_psize > info.me_mapsize / 100 * LMDB_MAP_GROW_PERCENT;
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
    if (!l->stuck && lmdb_nearly_full(l))
        lmdb_enlarge(l);                 /* not possible: what fits still fits */
}
