/* SPDX-License-Identifier: MPL-2.0 */
/* Part of the store (sojourn/store.h): what the admin's tool does with it, mostly beside a running
 * daemon.
 *
 * A *reader* is a store that another process may be writing to at the same time: it sees what is
 * committed, a piece at a time, and changes nothing. None of these calls is for the loop of the
 * daemon: they take as long as the data are large. */
#ifndef SOJOURN_STORE_TOOLS_H
#define SOJOURN_STORE_TOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"

struct sj_log;
struct sj_store;

/* Opens for reading. SJ_NOTFOUND: there are no data; SJ_INVALID: they are of an older schema, which
 * only a daemon may raise; the rest as sj_store_open. Of the functions on stores those that read
 * may be called, and sj_store_close. */
enum sj_status sj_store_open_reader(struct sj_store **out, const struct sj_log *log,
                                    const char *dir, const char *key_file, struct sj_error *err);

/* What a table is like. A record is counted in records, and in at most one of the others. */
struct sj_store_report {
    const char *table;
    uint64_t records;
    uint64_t damaged;        /* do not open, or make no sense */
    uint64_t orphaned;       /* of an account that is gone */
    uint64_t astray;         /* stand where they do not belong, or lead nowhere */
    uint64_t leaving;        /* of an account that is gone, and about to be swept out: no fault */
};
#define SJ_STORE_TABLES_MAX 32u
/* Opens, decodes and judges every record of a reader; n receives the number of tables. Each slice
 * of records has a snapshot of its own, so that the daemon's file does not grow meanwhile; what a
 * record refers to is looked for in the same snapshot. progress may be NULL. */
enum sj_status sj_store_check(struct sj_store *, struct sj_store_report out[SJ_STORE_TABLES_MAX],
                              size_t *n, void (*progress)(uint64_t done, uint64_t all, void *arg),
                              void *arg, struct sj_error *);

/* Copies the data of a moment to a new file, also while a daemon writes: compacted, sealed as they
 * are, mode 0600, on the disk when this returns, and without the key. It becomes data.mdb of
 * another data directory. SJ_EXISTS: path is taken; SJ_NOTFOUND: there are no data; SJ_LIMIT: no
 * space. */
enum sj_status sj_store_backup(const struct sj_log *log, const char *dir, const char *path,
                               uint64_t *bytes, struct sj_error *);

/* A new key beside the key file, KEY-FILE.new, 0600, of the same owner; one that is there stays. */
enum sj_status sj_store_new_key_make(const char *key_file, struct sj_error *);
/* It takes the old one's place, at once and durably. SJ_NOTFOUND: there is none. */
enum sj_status sj_store_new_key_take(const char *key_file, struct sj_error *);
/* Begins to move an open store (not a reader) to the new key; goes on from the loop, in slices, and
 * by itself at the next opening when it is broken off. The store is used as ever meanwhile. When it
 * is over the new key takes the old one's place, if the process may do that. Returns SJ_OK without
 * beginning anything when the store is under the new key already. SJ_EXISTS: it is going on;
 * SJ_NOTFOUND: there is no new key; SJ_DENIED: it is not usable. */
enum sj_status sj_store_rekey(struct sj_store *, struct sj_error *);
struct sj_store_rekeying {
    bool running;
    bool failing;            /* the disk takes nothing: it is tried again */
    uint64_t done, all;      /* records, since it began or was opened again */
    uint64_t dropped;        /* records that nobody could read any more */
};
void sj_store_rekeying(const struct sj_store *, struct sj_store_rekeying *out);

#endif
