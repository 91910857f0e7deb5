/* SPDX-License-Identifier: MPL-2.0 */
/* The key file: 32 random bytes that open the store.
 *
 * It must be a regular file of ours (or root's) that nobody else can read, because whoever reads
 * it and a copy of the data has all passwords (DESIGN §3). Texts name the configuration keys, not
 * paths: they may travel. What the key is used for is left to seal.c. */
#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sojourn/memory.h"
#include "sojourn/store.h"
#include "sojourn/store_tools.h"
#include "sojourn/strbuf.h"

/* Mode of a credential that the service manager hands to an unprivileged service: root's, with an
 * access list for us alone, which shows as group bits. */
#define KEYFILE_CREDENTIAL_MODE 0440

static bool keyfile_private(const struct stat *st)
{
    if ((st->st_mode & 077) == 0)
        return true;
    return geteuid() != 0 && st->st_uid == 0 && st->st_gid == 0 &&
           (st->st_mode & 07777) == KEYFILE_CREDENTIAL_MODE;
}

static enum sj_status keyfile_check_stat(const struct stat *st, struct sj_error *err)
{
    if (!S_ISREG(st->st_mode))
        return sj_fail(err, SJ_DENIED, "key-file is not a regular file");
    if (st->st_uid != geteuid() && st->st_uid != 0)
        return sj_fail(err, SJ_DENIED, "key-file belongs to another user (uid %lu); "
                       "give it to the user who runs the daemon", (unsigned long)st->st_uid);
    if (!keyfile_private(st))
        return sj_fail(err, SJ_DENIED, "key-file can be read or changed by others (mode %04o); "
                       "make it private with chmod 600, and consider a new key",
                       (unsigned)(st->st_mode & 07777));
    if (st->st_size != SEAL_KEY_LEN)
        return sj_fail(err, SJ_DENIED, "key-file has %lld bytes, not %u: it is not a key; put the "
                       "right one back, or remove it if the data directory is new",
                       (long long)st->st_size, SEAL_KEY_LEN);
    return SJ_OK;
}

/* Reads exactly SEAL_KEY_LEN bytes. */
static bool keyfile_fill(int fd, uint8_t *out)
{
    for (size_t n = 0; n < SEAL_KEY_LEN;) {
        ssize_t got = read(fd, out + n, SEAL_KEY_LEN - n);
        if (got <= 0 && !(got < 0 && errno == EINTR))
            return false;
        if (got > 0)
            n += (size_t)got;
    }
    return true;
}

enum sj_status keyfile_read(const char *path, uint8_t out[SEAL_KEY_LEN], struct sj_error *err)
{
    struct stat st;
    /* O_NONBLOCK: a FIFO must not hold up the start. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ENOENT)
        return sj_fail(err, SJ_NOTFOUND, "key-file does not exist");
    if (fd < 0)
        return sj_fail(err, SJ_DENIED, "key-file cannot be opened: %s", strerror(errno));
    enum sj_status status = SJ_DENIED;
    if (fstat(fd, &st) != 0)
        sj_fail(err, status, "key-file cannot be examined: %s", strerror(errno));
    else
        status = keyfile_check_stat(&st, err);
    if (status == SJ_OK && !keyfile_fill(fd, out))
        status = sj_fail(err, SJ_DENIED, "key-file cannot be read");
    close(fd);
    return status;
}

/* The directory that path stands in; the caller frees it. */
static char *keyfile_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return sj_strdup(".");
    return sj_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Makes the name in its directory durable. */
static bool keyfile_sync_parent(const char *path)
{
    char *dir = keyfile_parent(path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    sj_free(dir);
    if (fd < 0)
        return false;
    bool ok = fsync(fd) == 0;
    close(fd);
    return ok;
}

static bool keyfile_write(int fd)
{
    uint8_t key[SEAL_KEY_LEN];
    sj_random_bytes(key, sizeof key);
    /* Less than this many bytes is an error on a regular file (no room), not a reason to go on. */
    bool ok = write(fd, key, sizeof key) == (ssize_t)sizeof key && fsync(fd) == 0;
    sj_wipe(key, sizeof key);
    return ok;
}

enum sj_status keyfile_make(const char *path, struct sj_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        return sj_fail(err, SJ_EXISTS, "key-file exists already; it is not replaced");
    if (fd < 0)
        return sj_fail(err, SJ_DENIED, "key-file cannot be made: %s", strerror(errno));
    bool ok = keyfile_write(fd);
    int cause = errno;
    close(fd);
    if (ok && !keyfile_sync_parent(path)) {
        cause = errno;
        ok = false;
    }
    if (ok)
        return SJ_OK;
    unlink(path);
    return sj_fail(err, SJ_DENIED, "key-file cannot be written: %s", strerror(cause));
}

/* --- the next one ------------------------------------------------------------------------- */

#define KEYFILE_PATH_MAX 4096u

/* The caller frees it. */
static char *keyfile_next(const char *path)
{
    struct sj_strbuf next;
    sj_strbuf_init(&next, KEYFILE_PATH_MAX);
    sj_strbuf_adds(&next, path);
    sj_strbuf_adds(&next, ".new");
    return sj_strbuf_take(&next);
}

/* Root makes it for the user whose the old one is. */
static bool keyfile_same_owner(const char *path, const char *next)
{
    struct stat st;
    return geteuid() != 0 || stat(path, &st) != 0 || st.st_uid == 0 ||
           chown(next, st.st_uid, st.st_gid) == 0;
}

enum sj_status sj_store_new_key_make(const char *path, struct sj_error *err)
{
    char *next = keyfile_next(path);
    enum sj_status status = keyfile_make(next, err);
    if (status == SJ_EXISTS)             /* never replaced: data may be under it already */
        status = SJ_OK;
    if (status == SJ_OK && !keyfile_same_owner(path, next))
        status = sj_fail(err, SJ_DENIED, "the new key cannot be given to the owner of key-file: %s",
                         strerror(errno));
    sj_free(next);
    return status;
}

enum sj_status keyfile_read_new(const char *path, uint8_t out[SEAL_KEY_LEN], struct sj_error *err)
{
    char *next = keyfile_next(path);
    enum sj_status status = keyfile_read(next, out, err);
    sj_free(next);
    return status;
}

enum sj_status sj_store_new_key_take(const char *path, struct sj_error *err)
{
    char *next = keyfile_next(path);
    bool done = rename(next, path) == 0 && keyfile_sync_parent(path);
    int cause = errno;
    sj_free(next);
    if (done)
        return SJ_OK;
    if (cause == ENOENT)
        return sj_fail(err, SJ_NOTFOUND, "there is no new key");
    return sj_fail(err, SJ_DENIED, "the new key cannot take the place of key-file: %s",
                   strerror(cause));
}

enum sj_status sj_store_genkey(const char *path, struct sj_error *err)
{
    return keyfile_make(path, err);
}

enum sj_status sj_store_check_key(const char *path, struct sj_error *err)
{
    uint8_t key[SEAL_KEY_LEN];
    enum sj_status status = keyfile_read(path, key, err);
    sj_wipe(key, sizeof key);
    if (status != SJ_NOTFOUND)
        return status;
    char *dir = keyfile_parent(path);
    bool usable = access(dir, W_OK | X_OK) == 0;
    sj_free(dir);
    if (!usable)
        return sj_fail(err, SJ_DENIED, "key-file does not exist and cannot be made there: "
                       "the directory is missing or not writable");
    if (err)
        *err = (struct sj_error){.status = SJ_OK};
    return SJ_OK;
}
