/* SPDX-License-Identifier: MPL-2.0 */
/* Parcels: a stream of items in a file, sealed with a passphrase (sojourn/store_parcel.h).
 *
 * A head in clear (magic, version, schema of the records, cost, salt), the head of a libsodium
 * secretstream under the key that Argon2id makes of the passphrase, then chunks of one size, the
 * last of which says so: whatever is changed, moved, cut off or added is noticed, and sizes tell no
 * more than a multiple of the chunk. The first chunk is bound to the head. In the chunks each item
 * has its length in front; a length of nought is the end, and zeros fill the last chunk. What items
 * are is left to parcel_item.c. Limits are looked at before anything is computed or allocated. */
#include "parcel.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "record_io.h"
#include "sojourn/memory.h"

#define PARCEL_VERSION 1u
#define PARCEL_SCHEMA_MIN 3u             /* before it there were no parcels */
#define PARCEL_MAGIC_LEN 16u
#define PARCEL_HEAD_LEN (PARCEL_MAGIC_LEN + 4u + 8u + crypto_pwhash_SALTBYTES)
#define PARCEL_CHUNK 16384u
#define PARCEL_SEALED (PARCEL_CHUNK + crypto_secretstream_xchacha20poly1305_ABYTES)
#define PARCEL_LENGTH 4u
#define PARCEL_ROUNDS 3u
#define PARCEL_KIB 262144u
#define PARCEL_ROUNDS_MAX 10u
#define PARCEL_KIB_MIN 8u
#define PARCEL_KIB_MAX 1048576u

static const char parcel_magic[PARCEL_MAGIC_LEN] = "sojourn parcel\n";

/* In guarded, locked memory, but for the item. */
struct sj_parcel {
    int fd;                              /* borrowed */
    crypto_secretstream_xchacha20poly1305_state stream, first;   /* now; before the first chunk */
    uint8_t head[PARCEL_HEAD_LEN];
    bool bound;                          /* the first chunk is through */
    bool last;                           /* so is the last */
    bool broken;                         /* nothing more can be read or written */
    uint8_t plain[PARCEL_CHUNK];
    size_t at, n;                        /* in plain: the next byte, and how many there are */
    struct secret_buf item;
};

/* --- the head ------------------------------------------------------------------------------- */

static void head_write(uint8_t head[PARCEL_HEAD_LEN], const struct sj_parcel_cost *cost)
{
    const uint8_t format[4] = {PARCEL_VERSION, STORE_SCHEMA, 0, 0};
    struct record_out out = {head, 0, PARCEL_HEAD_LEN};
    uint8_t salt[crypto_pwhash_SALTBYTES];
    randombytes_buf(salt, sizeof salt);
    record_add(&out, parcel_magic, sizeof parcel_magic);
    record_add(&out, format, sizeof format);
    record_add_uint(&out, cost->rounds, 4);
    record_add_uint(&out, cost->kib, 4);
    record_add(&out, salt, sizeof salt);
}

static bool head_cost_fits(const struct sj_parcel_cost *cost)
{
    return cost->rounds > 0 && cost->rounds <= PARCEL_ROUNDS_MAX && cost->kib >= PARCEL_KIB_MIN &&
           cost->kib <= PARCEL_KIB_MAX;
}

static enum sj_status head_read(const uint8_t head[PARCEL_HEAD_LEN], struct sj_parcel_cost *cost,
                                struct sj_error *err)
{
    struct record_in in = {head, PARCEL_HEAD_LEN, false};
    const uint8_t *magic = record_take(&in, PARCEL_MAGIC_LEN);
    if (memcmp(magic, parcel_magic, PARCEL_MAGIC_LEN) != 0)
        return sj_fail(err, SJ_INVALID, "it is no file that sojournctl export has made");
    const uint8_t *format = record_take(&in, 4);
    if (format[0] > PARCEL_VERSION || format[1] > STORE_SCHEMA)
        return sj_fail(err, SJ_INVALID, "it was made by a newer version: install that one");
    cost->rounds = (uint32_t)record_take_uint(&in, 4);
    cost->kib = (uint32_t)record_take_uint(&in, 4);
    if (format[0] == 0 || format[1] < PARCEL_SCHEMA_MIN || format[2] || format[3] ||
        !head_cost_fits(cost))
        return sj_fail(err, SJ_INVALID, "the beginning of the file is damaged");
    return SJ_OK;
}

/* --- bytes of the file ---------------------------------------------------------------------- */

static enum sj_status file_write(int fd, const uint8_t *p, size_t n, struct sj_error *err)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return sj_fail(err, errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? SJ_LIMIT
                                                                                 : SJ_INTERNAL,
                           "it cannot be written: %s", strerror(errno));
        p += done;
        n -= (size_t)done;
    }
    return SJ_OK;
}

/* Fewer than n: the file ends there. */
static enum sj_status file_read(int fd, uint8_t *p, size_t n, size_t *got, struct sj_error *err)
{
    *got = 0;
    while (*got < n) {
        ssize_t some = read(fd, p + *got, n - *got);
        if (some < 0 && errno == EINTR)
            continue;
        if (some < 0)
            return sj_fail(err, SJ_INTERNAL, "it cannot be read: %s", strerror(errno));
        if (some == 0)
            break;
        *got += (size_t)some;
    }
    return SJ_OK;
}

/* --- making and opening --------------------------------------------------------------------- */

static struct sj_parcel *parcel_new(int fd)
{
    struct sj_parcel *p = sodium_init() < 0 ? NULL : sodium_malloc(sizeof *p);
    if (p) {
        sodium_memzero(p, sizeof *p);
        p->fd = fd;
    }
    return p;
}

void sj_parcel_free(struct sj_parcel **at)
{
    if (!at || !*at)
        return;
    secret_buf_release(&(*at)->item);
    sodium_free(*at);                    /* wipes */
    *at = NULL;
}

static enum sj_status parcel_key(const struct sj_parcel *p, const struct sj_parcel_cost *cost,
                                 const char *passphrase, uint8_t key[SEAL_KEY_LEN],
                                 struct sj_error *err)
{
    const uint8_t *salt = p->head + PARCEL_HEAD_LEN - crypto_pwhash_SALTBYTES;
    _Static_assert(SEAL_KEY_LEN == crypto_secretstream_xchacha20poly1305_KEYBYTES, "key size");
    if (crypto_pwhash(key, SEAL_KEY_LEN, passphrase, strlen(passphrase), salt, cost->rounds,
                      (size_t)cost->kib * 1024, crypto_pwhash_ALG_ARGON2ID13) == 0)
        return SJ_OK;
    return sj_fail(err, SJ_LIMIT, "there is not enough memory: the passphrase takes %u MiB",
                   cost->kib / 1024);
}

static enum sj_status parcel_begin(struct sj_parcel *p, const struct sj_parcel_cost *cost,
                                   const char *passphrase, struct sj_error *err)
{
    uint8_t start[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
    uint8_t key[SEAL_KEY_LEN];
    head_write(p->head, cost);
    enum sj_status status = parcel_key(p, cost, passphrase, key, err);
    if (status == SJ_OK) {
        crypto_secretstream_xchacha20poly1305_init_push(&p->stream, start, key);
        status = file_write(p->fd, p->head, sizeof p->head, err);
    }
    sodium_memzero(key, sizeof key);
    return status == SJ_OK ? file_write(p->fd, start, sizeof start, err) : status;
}

enum sj_status sj_parcel_create(struct sj_parcel **out, int fd, const char *passphrase,
                                const struct sj_parcel_cost *cost, struct sj_error *err)
{
    static const struct sj_parcel_cost usual = {PARCEL_ROUNDS, PARCEL_KIB};
    size_t n = strlen(passphrase);
    *out = NULL;
    cost = cost ? cost : &usual;
    if (n < SJ_PASSPHRASE_MIN || n > SJ_PASSPHRASE_MAX || !head_cost_fits(cost))
        return sj_fail(err, SJ_INVALID, "the passphrase needs %u to %u bytes", SJ_PASSPHRASE_MIN,
                       SJ_PASSPHRASE_MAX);
    struct sj_parcel *p = parcel_new(fd);
    if (!p)
        return sj_fail(err, SJ_LIMIT, "there is not enough memory");
    enum sj_status status = parcel_begin(p, cost, passphrase, err);
    if (status == SJ_OK)
        *out = p;
    else
        sj_parcel_free(&p);
    return status;
}

static enum sj_status parcel_cut(struct sj_error *err)
{
    return sj_fail(err, SJ_INVALID, "the file is cut off or damaged");
}

static enum sj_status parcel_next_chunk(struct sj_parcel *p, struct sj_error *err);

static enum sj_status parcel_enter(struct sj_parcel *p, const char *passphrase,
                                   struct sj_error *err)
{
    uint8_t start[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
    uint8_t key[SEAL_KEY_LEN];
    struct sj_parcel_cost cost;
    size_t got = 0;
    enum sj_status status = file_read(p->fd, p->head, sizeof p->head, &got, err);
    if (status == SJ_OK && got < sizeof p->head)
        status = sj_fail(err, SJ_INVALID, "it is no file that sojournctl export has made");
    if (status == SJ_OK)
        status = head_read(p->head, &cost, err);
    if (status == SJ_OK)
        status = file_read(p->fd, start, sizeof start, &got, err);
    if (status == SJ_OK && got < sizeof start)
        status = parcel_cut(err);
    if (status != SJ_OK)
        return status;
    status = parcel_key(p, &cost, passphrase, key, err);
    if (status == SJ_OK &&
        crypto_secretstream_xchacha20poly1305_init_pull(&p->stream, start, key) != 0)
        status = parcel_cut(err);
    sodium_memzero(key, sizeof key);
    p->first = p->stream;
    return status == SJ_OK ? parcel_next_chunk(p, err) : status;
}

enum sj_status sj_parcel_rewind(struct sj_parcel *p, struct sj_error *err)
{
    off_t start = PARCEL_HEAD_LEN + crypto_secretstream_xchacha20poly1305_HEADERBYTES;
    if (lseek(p->fd, start, SEEK_SET) != start)
        return sj_fail(err, SJ_INVALID, "it is no file that can be read twice: %s",
                       strerror(errno));
    p->stream = p->first;
    p->bound = p->last = p->broken = false;
    return parcel_next_chunk(p, err);
}

enum sj_status sj_parcel_open(struct sj_parcel **out, int fd, const char *passphrase,
                              struct sj_error *err)
{
    *out = NULL;
    if (strlen(passphrase) > SJ_PASSPHRASE_MAX)
        return sj_fail(err, SJ_DENIED, "the passphrase is wrong");
    struct sj_parcel *p = parcel_new(fd);
    if (!p)
        return sj_fail(err, SJ_LIMIT, "there is not enough memory");
    enum sj_status status = parcel_enter(p, passphrase, err);
    if (status == SJ_OK)
        *out = p;
    else
        sj_parcel_free(&p);
    return status;
}

/* --- writing -------------------------------------------------------------------------------- */

/* What was collected becomes a chunk. */
static enum sj_status parcel_push(struct sj_parcel *p, bool last, struct sj_error *err)
{
    uint8_t sealed[PARCEL_SEALED];
    sodium_memzero(p->plain + p->n, PARCEL_CHUNK - p->n);
    crypto_secretstream_xchacha20poly1305_push(
        &p->stream, sealed, NULL, p->plain, PARCEL_CHUNK, p->bound ? NULL : p->head,
        p->bound ? 0 : sizeof p->head,
        last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
    p->bound = true;
    p->last = last;
    p->n = 0;
    enum sj_status status = file_write(p->fd, sealed, sizeof sealed, err);
    p->broken = status != SJ_OK;
    return status;
}

enum sj_status parcel_add_bytes(struct sj_parcel *p, const uint8_t *bytes, size_t n,
                                struct sj_error *err)
{
    enum sj_status status = p->broken || p->last ? SJ_INTERNAL : SJ_OK;
    while (status == SJ_OK && n > 0) {
        if (p->n == PARCEL_CHUNK)
            status = parcel_push(p, false, err);
        size_t some = PARCEL_CHUNK - p->n < n ? PARCEL_CHUNK - p->n : n;
        memcpy(p->plain + p->n, bytes, some);
        p->n += some;
        bytes += some;
        n -= some;
    }
    return status;
}

static enum sj_status parcel_add_length(struct sj_parcel *p, size_t n, struct sj_error *err)
{
    uint8_t length[PARCEL_LENGTH];
    struct record_out out = {length, 0, sizeof length};
    record_add_uint(&out, n, sizeof length);
    return parcel_add_bytes(p, length, sizeof length, err);
}

enum sj_status parcel_add(struct sj_parcel *p, const uint8_t *item, size_t n, struct sj_error *err)
{
    if (n == 0 || n > SJ_PARCEL_ITEM_MAX)
        return sj_fail(err, SJ_INTERNAL, "bug: an item of %zu bytes", n);
    enum sj_status status = parcel_add_length(p, n, err);
    return status == SJ_OK ? parcel_add_bytes(p, item, n, err) : status;
}

enum sj_status sj_parcel_finish(struct sj_parcel *p, struct sj_error *err)
{
    enum sj_status status = parcel_add_length(p, 0, err);
    return status == SJ_OK ? parcel_push(p, true, err) : status;
}

/* --- reading -------------------------------------------------------------------------------- */

/* Behind the last chunk the file ends. */
static enum sj_status parcel_check_end(const struct sj_parcel *p, struct sj_error *err)
{
    uint8_t more;
    size_t got;
    enum sj_status status = file_read(p->fd, &more, 1, &got, err);
    return status == SJ_OK && got > 0 ? parcel_cut(err) : status;
}

static enum sj_status parcel_next_chunk(struct sj_parcel *p, struct sj_error *err)
{
    uint8_t sealed[PARCEL_SEALED];
    unsigned char tag = 0;
    size_t got;
    bool first = !p->bound;
    if (p->last)
        return parcel_cut(err);
    enum sj_status status = file_read(p->fd, sealed, sizeof sealed, &got, err);
    if (status != SJ_OK)
        return status;
    if (got < sizeof sealed)
        return parcel_cut(err);
    if (crypto_secretstream_xchacha20poly1305_pull(
            &p->stream, p->plain, NULL, &tag, sealed, sizeof sealed, first ? p->head : NULL,
            first ? sizeof p->head : 0) != 0)
        return first ? sj_fail(err, SJ_DENIED, "the passphrase is wrong, or the file was changed")
                     : parcel_cut(err);
    p->bound = true;
    p->last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    p->at = 0;
    p->n = PARCEL_CHUNK;
    return p->last ? parcel_check_end(p, err) : SJ_OK;
}

static enum sj_status parcel_take(struct sj_parcel *p, uint8_t *out, size_t n,
                                  struct sj_error *err)
{
    enum sj_status status = SJ_OK;
    while (status == SJ_OK && n > 0) {
        if (p->at == p->n) {
            status = parcel_next_chunk(p, err);
            continue;
        }
        size_t some = p->n - p->at < n ? p->n - p->at : n;
        memcpy(out, p->plain + p->at, some);
        p->at += some;
        out += some;
        n -= some;
    }
    return status;
}

/* Nothing but zeros follows. */
static enum sj_status parcel_take_end(struct sj_parcel *p, struct sj_error *err)
{
    bool clean = p->last && sodium_is_zero(p->plain + p->at, p->n - p->at);
    if (!clean)
        return parcel_cut(err);
    return sj_fail(err, SJ_NOTFOUND, "nothing more is in the file");
}

static enum sj_status parcel_take_item(struct sj_parcel *p, struct sj_error *err)
{
    uint8_t length[PARCEL_LENGTH];
    enum sj_status status = parcel_take(p, length, sizeof length, err);
    if (status != SJ_OK)
        return status;
    struct record_in in = {length, sizeof length, false};
    size_t n = (size_t)record_take_uint(&in, sizeof length);
    if (n == 0)
        return parcel_take_end(p, err);
    if (n > SJ_PARCEL_ITEM_MAX)
        return parcel_cut(err);
    secret_buf_reserve(&p->item, n);
    p->item.n = n;
    return parcel_take(p, p->item.p, n, err);
}

enum sj_status sj_parcel_next(struct sj_parcel *p, const uint8_t **item, size_t *n,
                              struct sj_error *err)
{
    enum sj_status status = p->broken ? parcel_cut(err) : parcel_take_item(p, err);
    p->broken = status != SJ_OK;
    *item = p->item.p;
    *n = status == SJ_OK ? p->item.n : 0;
    return status;
}
