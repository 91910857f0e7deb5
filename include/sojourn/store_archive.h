/* SPDX-License-Identifier: MPL-2.0 */
/* Part of the store (sojourn/store.h, whose rules hold here too): archives of rooms, what was said
 * in each of an owner's rooms, in an order that never changes.
 *
 * The store does not look into entries. Each has an id that nobody can guess, that tells nothing
 * and is never given again (G359-03, G313-05). Room names are canonical ids. The oldest beyond
 * sj_store_options.archive_messages of a room, and those older than archive_days, go by themselves,
 * oldest first (G313-14). Reads see what waits to be written, also what goes once it is.
 *
 * SJ_NOTFOUND also when the owner has no registration. */
#ifndef SOJOURN_STORE_ARCHIVE_H
#define SOJOURN_STORE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"

#define SJ_ARCHIVE_ID_SIZE 33u           /* with the NUL */
#define SJ_ARCHIVE_DATA_MAX 65536u       /* bytes of one entry */
#define SJ_ARCHIVE_PAGE_MAX 1000u
#define SJ_ARCHIVE_LOOK_MAX 5000u        /* entries that one search opens */
#define SJ_ARCHIVE_MESSAGES 10000u       /* of a room, unless the options say other */

struct sj_store;
struct sj_owner;

struct sj_archive_entry {
    const char *id;
    int64_t time;                /* UTC ms, as it was put */
    const char *network_id;      /* over there, unique in the room; or NULL */
    const uint8_t *data;         /* 1 to SJ_ARCHIVE_DATA_MAX bytes */
    size_t n;
};

/* Is anything kept at all? */
bool sj_store_archive_on(const struct sj_store *);

/* Grouped. Adds e (its id is not looked at) behind all entries that are there (`last`; its place
 * says so even where clocks do not), or else by its time, behind those of the same millisecond.
 * A time that lies ahead counts as now; with last, so does one before all that is kept.
 * id: receives the new one's. SJ_EXISTS: the room has that network_id; id receives the id of that
 * one, nothing is added. SJ_UNSUPPORTED: nothing is kept, or nothing so old. SJ_LIMIT: the data are
 * too long, or too much waits to be written. SJ_INVALID: no data, or not an id. */
enum sj_status sj_store_archive_put(struct sj_store *, const struct sj_owner *, const char *room,
                                    const struct sj_archive_entry *e, bool last,
                                    char id[SJ_ARCHIVE_ID_SIZE], struct sj_error *);
/* Grouped. Other data in the place of those of id (a tombstone); n 0: the entry is removed.
 * SJ_NOTFOUND: no such entry. SJ_LIMIT as above. */
enum sj_status sj_store_archive_replace(struct sj_store *, const struct sj_owner *,
                                        const char *room, const char *id, const void *data,
                                        size_t n, struct sj_error *);
/* The entry's id by that of the network. */
enum sj_status sj_store_archive_find(struct sj_store *, const struct sj_owner *, const char *room,
                                     const char *network_id, char id[SJ_ARCHIVE_ID_SIZE],
                                     struct sj_error *);
enum sj_status sj_store_archive_get(struct sj_store *, const struct sj_owner *, const char *room,
                                    const char *id,
                                    void (*fn)(const struct sj_archive_entry *, void *arg),
                                    void *arg, struct sj_error *);

/* Which entries: all conditions hold. Times are those of an entry's place, which is its time, but
 * not before that of the entry in front of it and not after it was put: so they cut the archive in
 * one piece, and nothing that came behind an entry is before its time. */
struct sj_archive_page {
    const char *room;
    int64_t since, until;        /* UTC ms, both inclusive; -1: no bound */
    const char *after, *before;  /* ids, exclusive; or NULL */
    bool back;                   /* the last `max` of them, else the first */
    unsigned max;                /* 1 to SJ_ARCHIVE_PAGE_MAX */
    bool (*wanted)(const struct sj_archive_entry *, void *arg);  /* NULL: all; arg is each's */
};
/* Calls fn for each, oldest first. more: further ones lie in the direction of the page (or were not
 * looked at, after SJ_ARCHIVE_LOOK_MAX: whoever goes on from the last id that `wanted` was asked
 * about misses nothing). SJ_NOTFOUND: after or before is unknown. A damaged entry is logged and
 * passed over. Takes 2 µs for an entry that is opened, those going back twice. */
enum sj_status sj_store_archive_each(struct sj_store *, const struct sj_owner *,
                                     const struct sj_archive_page *,
                                     void (*fn)(const struct sj_archive_entry *, void *arg),
                                     void *arg, bool *more, struct sj_error *);
/* How many entries a room has; reads one record. */
enum sj_status sj_store_archive_count(struct sj_store *, const struct sj_owner *, const char *room,
                                      uint64_t *n, struct sj_error *);

#endif
