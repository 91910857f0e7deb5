/* SPDX-License-Identifier: MPL-2.0 */
/* The data directory: private (0700), on a path that exists, and used by one process at a time.
 *
 * Two daemons on one directory would both believe to hold its users' sessions, so a lock on a file
 * of our own keeps the second one out (LMDB's lock only orders writers). The lock goes with the
 * process, however that ends. What is kept in the directory is left to the engine. */
#include "data_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define DATA_DIR_LOCK "in-use.lock"
#define DATA_DIR_PROBE "disk-full.probe"
#define DATA_DIR_PROBE_BYTES (1u << 20)

/* as_root: root may look at what belongs to others. */
static enum sj_status data_dir_judge(int fd, bool as_root, const struct sj_log *log,
                                     struct sj_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return sj_fail(err, SJ_DENIED, "data-dir cannot be examined: %s", strerror(errno));
    if (st.st_uid != geteuid() && st.st_uid != 0 && !(as_root && geteuid() == 0))
        return sj_fail(err, SJ_DENIED, "data-dir belongs to another user (uid %lu)",
                       (unsigned long)st.st_uid);
    if (st.st_mode & 022)
        return sj_fail(err, SJ_DENIED, "data-dir can be changed by others (mode %04o): make it "
                       "private with chmod 700", (unsigned)(st.st_mode & 07777));
    if (st.st_mode & 055)
        sj_log_warn(log, "data-dir can be listed by others mode=%04o hint=chmod-700",
                    (unsigned)(st.st_mode & 07777));
    return SJ_OK;
}

/* Notes our process id in the lock file, for the text that a second process gets. That is all it
 * is for, so a full disk is no failure. */
static bool data_dir_sign(int fd)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%ld", (long)getpid());
    return ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) == n;
}

static enum sj_status data_dir_locked(int fd, struct sj_error *err)
{
    char text[24];
    int64_t pid = 0;
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    if (!sj_parse_int(text, 1, INT32_MAX, &pid))
        return sj_fail(err, SJ_EXISTS, "data-dir is in use by another process");
    return sj_fail(err, SJ_EXISTS, "data-dir is in use by process %lld: stop that one, or name "
                   "another data-dir", (long long)pid);
}

static enum sj_status data_dir_lock(struct data_dir *d, struct sj_error *err)
{
    d->lock_fd = openat(d->fd, DATA_DIR_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (d->lock_fd < 0)
        return sj_fail(err, errno == ENOSPC ? SJ_LIMIT : SJ_DENIED,
                       "data-dir cannot be locked: %s", strerror(errno));
    if (flock(d->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return data_dir_locked(d->lock_fd, err);
    (void)data_dir_sign(d->lock_fd);
    return SJ_OK;
}

int data_dir_try_lock(const struct data_dir *d)
{
    int fd = openat(d->fd, DATA_DIR_LOCK, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    close(fd);
    return -1;
}

void data_dir_give(const struct data_dir *d)
{
    static const char *const files[] = {DATA_DIR_LOCK, "data.mdb", "lock.mdb"};
    struct stat dir, st;
    if (geteuid() != 0 || fstat(d->fd, &dir) != 0 || dir.st_uid == 0)
        return;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        int fd = openat(d->fd, files[i], O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0)
            (void)(fchown(fd, dir.st_uid, dir.st_gid) == 0);
        if (fd >= 0)
            close(fd);
    }
}

static void data_dir_sync_parent(const char *path)
{
    struct sj_strbuf parent;
    sj_strbuf_init(&parent, 4096);
    sj_strbuf_adds(&parent, path);
    sj_strbuf_adds(&parent, "/..");
    int fd = sj_strbuf_ok(&parent) ? open(parent.s, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    sj_strbuf_release(&parent);
    if (fd < 0)
        return;                          /* a parent that we cannot read: its owner's affair */
    fsync(fd);
    close(fd);
}

enum sj_status data_dir_open(struct data_dir *out, const char *path, bool tool,
                             const struct sj_log *log, struct sj_error *err)
{
    enum sj_status status = SJ_DENIED;
    *out = (struct data_dir){sj_strdup(path), -1, -1};
    bool made = mkdir(path, 0700) == 0;
    if (!made && errno != EEXIST) {
        sj_fail(err, status, "data-dir cannot be made: %s", strerror(errno));
    } else {
        out->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (out->fd < 0)
            sj_fail(err, status, "data-dir cannot be opened: %s", strerror(errno));
        else
            status = data_dir_judge(out->fd, tool, log, err);
    }
    if (made)
        data_dir_sync_parent(path);
    if (status == SJ_OK)
        status = data_dir_lock(out, err);
    if (status != SJ_OK)
        data_dir_release(out);
    return status;
}

enum sj_status data_dir_look(struct data_dir *out, const char *path, const struct sj_log *log,
                             struct sj_error *err)
{
    *out = (struct data_dir){sj_strdup(path), -1, -1};
    out->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum sj_status status = SJ_DENIED;
    if (out->fd < 0 && errno == ENOENT)
        status = sj_fail(err, SJ_NOTFOUND, "data-dir does not exist yet");
    else if (out->fd < 0)
        sj_fail(err, status, "data-dir cannot be opened: %s", strerror(errno));
    else
        status = data_dir_judge(out->fd, true, log, err);
    if (status != SJ_OK)
        data_dir_release(out);
    return status;
}

void data_dir_release(struct data_dir *d)
{
    if (d->lock_fd >= 0)
        close(d->lock_fd);
    if (d->fd >= 0)
        close(d->fd);
    sj_free(d->path);
    *d = (struct data_dir){NULL, -1, -1};
}

bool data_dir_sync(const struct data_dir *d)
{
    return fsync(d->fd) == 0;
}

char *data_dir_file(const struct data_dir *d, const char *name)
{
    struct sj_strbuf path;
    sj_strbuf_init(&path, strlen(d->path) + strlen(name) + 1);
    sj_strbuf_adds(&path, d->path);
    sj_strbuf_addc(&path, '/');
    sj_strbuf_adds(&path, name);
    return sj_strbuf_take(&path);
}

bool data_dir_full(const struct data_dir *d, const char *name)
{
    static const uint8_t block[64 << 10];
    struct rlimit limit;
    struct stat st;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        fstatat(d->fd, name, &st, 0) == 0 &&
        (rlim_t)st.st_size + DATA_DIR_PROBE_BYTES > limit.rlim_cur)
        return true;
    int fd = openat(d->fd, DATA_DIR_PROBE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == ENOSPC || errno == EDQUOT;
    bool full = false;
    for (size_t n = 0; n < DATA_DIR_PROBE_BYTES && !full; n += sizeof block)
        full = write(fd, block, sizeof block) != (ssize_t)sizeof block;
    close(fd);
    unlinkat(d->fd, DATA_DIR_PROBE, 0);
    return full;
}
