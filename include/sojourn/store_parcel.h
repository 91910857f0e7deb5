/* SPDX-License-Identifier: MPL-2.0 */
/* Part of the store (sojourn/store.h): what one user has, taken from one store to another whose key
 * is a different one.
 *
 * A *parcel* is a file sealed with a passphrase. It holds *items*, bytes that the store makes and
 * takes; the accounts in it follow each other, each from its account item to its end item. None of
 * these calls is for the loop of the daemon but sj_import_*: they wait for the disk, and for a
 * passphrase that is meant to be slow. */
#ifndef SOJOURN_STORE_PARCEL_H
#define SOJOURN_STORE_PARCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/store.h"

#define SJ_PASSPHRASE_MIN 8u             /* bytes, of one that seals */
#define SJ_PASSPHRASE_MAX 1023u
#define SJ_PARCEL_ITEM_MAX 131072u       /* bytes of an item */

/* ---- the file ---- */

struct sj_parcel;

/* What finding out a passphrase costs. NULL: three rounds over 256 MiB (Argon2id). */
struct sj_parcel_cost {
    uint32_t rounds;                     /* 1 to 10 */
    uint32_t kib;                        /* 8 to 1,048,576 */
};

/* Begins a parcel in an open file, which stays the caller's. SJ_INVALID: the passphrase is too
 * short or too long; SJ_LIMIT: no memory, or no space. */
enum sj_status sj_parcel_create(struct sj_parcel **out, int fd, const char *passphrase,
                                const struct sj_parcel_cost *cost, struct sj_error *err);
/* Ends it; without this nobody can read it. The caller syncs the file. */
enum sj_status sj_parcel_finish(struct sj_parcel *, struct sj_error *);
/* Opens one. SJ_INVALID: it is none, a newer one, or cut; SJ_DENIED: the passphrase is wrong, or
 * the file was changed. */
enum sj_status sj_parcel_open(struct sj_parcel **out, int fd, const char *passphrase,
                              struct sj_error *err);
/* The next item, lent until the next call. SJ_NOTFOUND: there is none, and nothing was cut off or
 * changed. SJ_INVALID: something was. */
enum sj_status sj_parcel_next(struct sj_parcel *, const uint8_t **item, size_t *n,
                              struct sj_error *);
/* Back to the first item. SJ_INVALID: not in this file. */
enum sj_status sj_parcel_rewind(struct sj_parcel *, struct sj_error *);
/* Wipes what it holds. */
void sj_parcel_free(struct sj_parcel **);

/* ---- out of a store ---- */

struct sj_export {
    const char *user;                    /* bare, prepared */
    const char *host;                    /* of one network; NULL: all that the user has */
    bool archives;                       /* what was said in rooms, too */
    /* What kind of network a host is, "" when that is not known. */
    const char *(*kind)(void *arg, const char *host);
    void *arg;
};
struct sj_export_count {
    char host[256];                      /* cut when it is longer */
    uint64_t contacts, rooms, entries;
    uint64_t damaged;                    /* records that do not open: left out, logged */
};
/* Adds the user's accounts to a parcel, as they are at one moment, also beside a daemon. told is
 * called for each. What is not taken along: messages whose outcome is open, and ids by which older
 * messages are corrected, which mean nothing under another key. SJ_NOTFOUND: there is no such
 * account. */
enum sj_status sj_store_export(struct sj_store *reader, const struct sj_export *what,
                               struct sj_parcel *to,
                               void (*told)(void *arg, const struct sj_export_count *), void *arg,
                               struct sj_error *);

/* ---- into a store ---- */

struct sj_parcel_account {
    struct sj_owner owner;
    const char *kind;                    /* of the network, "" when it was not known */
    bool archives;
};
/* Is this an account item? out is lent by it. */
bool sj_parcel_account(struct sj_parcel_account *out, const uint8_t *item, size_t n);
bool sj_parcel_is_end(const uint8_t *item, size_t n);

struct sj_import_calls {
    /* May this account be taken? Asked when it begins, and again (now) right before it is written,
     * after which nothing of the user's may be kept in memory. */
    enum sj_status (*may)(void *arg, const struct sj_parcel_account *, bool now,
                          struct sj_error *);
    void *arg;
};
struct sj_import_count {
    bool replaced;                       /* there was such an account */
    uint64_t contacts, rooms, entries;
    uint64_t left_out;                   /* entries that are too old, or there already */
};

/* Takes one account, item by item. It is not marked as online; the rest is as it was where it
 * comes from. All but archives is written at once, in one commit: before it nothing has
 * changed, after it the account is there. Then come the archives, in groups: when that is broken
 * off, the account is there with what arrived. replace: what the account has here goes, with its
 * archives if the parcel has some; ids of messages, and those whose outcome is open, stay. */
struct sj_import;
struct sj_import *sj_import_new(struct sj_store *, bool replace, const struct sj_import_calls *);
/* SJ_UNAVAILABLE: not yet, as something is on its way to the disk; the same item is to come again
 * soon. SJ_EXISTS: there is such an account, and replace is not set. SJ_INVALID: not an item that
 * may come here. SJ_LIMIT: it is too large, or the disk is full. After an error nothing more is
 * taken. */
enum sj_status sj_import_item(struct sj_import *, const uint8_t *item, size_t n,
                              struct sj_error *);
/* The end item was taken, and everything is on the disk. */
bool sj_import_done(const struct sj_import *, struct sj_import_count *out);
/* The account was written, though perhaps not all of its archives. */
bool sj_import_is_written(const struct sj_import *);
/* Whose it is; lives as long as the import. False: no account has begun. */
bool sj_import_owner(const struct sj_import *, struct sj_owner *out);
/* Waits for an account that is on its way to the disk, if one is: then it is known whether it is
 * written. For who breaks off. */
void sj_import_settle(struct sj_import *);
/* Settles it. */
void sj_import_free(struct sj_import **);

#endif
