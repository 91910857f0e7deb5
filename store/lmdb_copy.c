/* SPDX-License-Identifier: MPL-2.0 */
/* A backup: a consistent copy of the LMDB file, compacted, made beside the daemon.
 *
 * LMDB copies from a snapshot, in this process; the daemon goes on writing and reuses no page of
 * the snapshot until the copy is done. The copy gets its name only when it is whole, on the disk
 * and examined, and takes no name that something has. The key is not in it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lmdb.h>

#include "data_dir.h"
#include "header.h"
#include "lmdb_check.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/store_tools.h"
#include "sojourn/strbuf.h"
#include "store_priv.h"

#define COPY_SUFFIX ".part"
#define COPY_PATH_MAX 4096u

static enum sj_status copy_fail(const char *what, int cause, struct sj_error *err)
{
    if (cause == ENOSPC || cause == EDQUOT)
        return sj_fail(err, SJ_LIMIT, "the disk of the backup is full");
    return sj_fail(err, SJ_DENIED, "%s: %s", what, mdb_strerror(cause));
}

/* LMDB gives up compacting when it meets pages that nothing refers to; a plain copy takes them. */
static int copy_run(MDB_env *env, int fd)
{
    int rc = mdb_env_copyfd2(env, fd, MDB_CP_COMPACT);
    if (rc != MDB_INCOMPATIBLE)
        return rc;
    if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0)
        return errno;
    return mdb_env_copyfd2(env, fd, 0);
}

/* What the header's table holds: it changes when the master key does, and meanwhile. */
struct copy_mark {
    uint8_t header[512];
    size_t n, records;
};

static int copy_look(MDB_env *env, struct copy_mark *out)
{
    MDB_txn *txn = NULL;
    MDB_dbi dbi;
    MDB_stat stat;
    MDB_val key, value;
    MDB_cursor *cursor = NULL;
    *out = (struct copy_mark){.n = 0};
    int rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
    if (rc != 0)
        return rc;
    rc = mdb_dbi_open(txn, store_table_name(STORE_HEADER), 0, &dbi);
    if (rc == 0)
        rc = mdb_stat(txn, dbi, &stat);
    if (rc == 0)
        rc = mdb_cursor_open(txn, dbi, &cursor);
    if (rc == 0)
        rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    if (rc == 0) {
        out->records = stat.ms_entries;
        out->n = value.mv_size < sizeof out->header ? value.mv_size : sizeof out->header;
        memcpy(out->header, value.mv_data, out->n);
        rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    }
    if (rc == 0 && (key.mv_size != STORE_KEY_LEN || header_is_next(key.mv_data)))
        out->records = 0;                /* the key is being changed */
    if (cursor)
        mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    return rc;
}

static enum sj_status copy_open_env(const struct data_dir *dir, int fd, MDB_env *env,
                                    struct sj_error *err)
{
    struct copy_mark before, after;
    int dead = 0;
    int rc = mdb_env_set_maxdbs(env, 1);
    if (rc == 0)
        rc = mdb_env_open(env, dir->path, MDB_RDONLY, 0600);
    if (rc == 0) {
        data_dir_give(dir);
        mdb_reader_check(env, &dead);
        rc = copy_look(env, &before);
    }
    if (rc == 0)
        rc = copy_run(env, fd);
    if (rc == 0)
        rc = copy_look(env, &after);
    if (rc != 0)
        return copy_fail("the data cannot be copied", rc, err);
    if (before.records > 0 && before.records == after.records && before.n == after.n &&
        memcmp(before.header, after.header, after.n) == 0)
        return SJ_OK;
    return sj_fail(err, SJ_EXISTS, "the store is taking a new key, and a backup of it half way "
                   "would need both: wait until sojournctl rekey says that it is done");
}

static enum sj_status copy_env(const struct data_dir *dir, int fd, struct sj_error *err)
{
    MDB_env *env = NULL;
    int rc = mdb_env_create(&env);
    if (rc != 0)
        return copy_fail("the data cannot be copied", rc, err);
    enum sj_status status = copy_open_env(dir, fd, env, err);
    mdb_env_close(env);
    return status;
}

/* On the disk, and sound? */
static enum sj_status copy_prove(int fd, uint64_t *bytes, struct sj_error *err)
{
    struct stat st;
    if (fsync(fd) != 0 || fstat(fd, &st) != 0)
        return copy_fail("the backup cannot be written", errno, err);
    *bytes = (uint64_t)st.st_size;
    if (lmdb_check_file(fd))
        return SJ_OK;
    return sj_fail(err, SJ_INTERNAL, "the copy is not sound: the data are damaged, or the disk is");
}

static bool copy_sync_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash ? sj_strndup(path, slash == path ? 1 : (size_t)(slash - path))
                      : sj_strdup(".");
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    sj_free(dir);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

/* part becomes path, which must not exist. */
static enum sj_status copy_name(const char *part, const char *path, struct sj_error *err)
{
    if (link(part, path) != 0)
        return errno == EEXIST ? sj_fail(err, SJ_EXISTS, "it exists already and is not replaced")
                               : copy_fail("the backup cannot get its name", errno, err);
    if (unlink(part) != 0 || !copy_sync_parent(path))
        return copy_fail("the backup's name cannot be written", errno, err);
    return SJ_OK;
}

static enum sj_status copy_open(const char *path, const char *part, int *fd, struct sj_error *err)
{
    struct stat st;
    if (lstat(path, &st) == 0)
        return sj_fail(err, SJ_EXISTS, "it exists already and is not replaced");
    *fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd >= 0)
        return SJ_OK;
    if (errno == EEXIST)
        return sj_fail(err, SJ_EXISTS, "a backup to this place is being made, or was broken off: "
                       "then remove what ends in " COPY_SUFFIX);
    return copy_fail("it cannot be made", errno, err);
}

static enum sj_status copy_to(const struct data_dir *dir, const char *path, const char *part,
                              uint64_t *bytes, struct sj_error *err)
{
    int fd = -1;
    enum sj_status status = copy_open(path, part, &fd, err);
    if (status != SJ_OK)
        return status;
    status = copy_env(dir, fd, err);
    if (status == SJ_OK)
        status = copy_prove(fd, bytes, err);
    close(fd);
    if (status == SJ_OK)
        status = copy_name(part, path, err);
    if (status != SJ_OK)
        unlink(part);
    return status;
}

enum sj_status sj_store_backup(const struct sj_log *log, const char *dir, const char *path,
                               uint64_t *bytes, struct sj_error *err)
{
    struct data_dir data;
    struct sj_strbuf part;
    struct stat st;
    *bytes = 0;
    enum sj_status status = data_dir_look(&data, dir, log, err);
    if (status != SJ_OK)
        return status;
    sj_strbuf_init(&part, COPY_PATH_MAX);
    sj_strbuf_adds(&part, path);
    sj_strbuf_adds(&part, COPY_SUFFIX);
    if (!sj_strbuf_ok(&part))
        status = sj_fail(err, SJ_INVALID, "its name is too long");
    else if (fstatat(data.fd, "data.mdb", &st, 0) != 0 || st.st_size == 0)
        status = sj_fail(err, SJ_NOTFOUND, "data-dir holds no data yet");
    else
        status = copy_to(&data, path, part.s, bytes, err);
    sj_strbuf_release(&part);
    data_dir_release(&data);
    return status;
}
