/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of archives share: places of entries, those that wait to be written, and how a
 * room looks with both. */
#ifndef SOJOURN_ARCHIVE_PRIV_H
#define SOJOURN_ARCHIVE_PRIV_H

#include <stdint.h>

#include "record.h"
#include "sojourn/store_archive.h"
#include "store_priv.h"

#define ARCHIVE_PREFIX_LEN 24u           /* user part, and half an item part for the room */
#define ARCHIVE_HASH_LEN 8u              /* of a network's id, within its room */
#define ARCHIVE_DAY_MS 86400000

/* A position: UTC ms, and a number within that. 0 is the place of the room's own record. */
#define ARCHIVE_NUMBER_BITS 20u
#define ARCHIVE_MS_MAX ((INT64_C(1) << (64 - ARCHIVE_NUMBER_BITS)) - 1)

/* --- archive_table.c: entries in their tables ----------------------------------------------- */

void archive_prefix(const struct sj_store *s, const uint8_t user[STORE_PART_LEN], const char *room,
                    uint8_t out[ARCHIVE_PREFIX_LEN]);
/* Hash of a network's id; zeros when there is none. */
void archive_hash(const struct sj_store *s, const uint8_t user[STORE_PART_LEN], const char *room,
                  const char *network_id, uint8_t out[ARCHIVE_HASH_LEN]);
void archive_key(uint8_t out[STORE_KEY_LEN], const uint8_t prefix[ARCHIVE_PREFIX_LEN],
                 uint64_t position);
uint64_t archive_position(const uint8_t key[STORE_KEY_LEN]);
/* The first possible position of a millisecond; those outside of all are cut. */
uint64_t archive_position_of(int64_t ms);
int64_t archive_ms_of(uint64_t position);

/* One entry that waits; n 0: it is to be removed. */
struct archive_wait {
    uint64_t position;
    uint8_t hash[ARCHIVE_HASH_LEN];
    bool stored;                         /* the table has one at this position */
    uint8_t *plain;                      /* owned by the room it waits in; wiped after */
    size_t n;
};

/* Inside a frame. The room's number of entries; counted when its record does not say. out->room:
 * NULL when it does not, else lent by plain. */
enum sj_status archive_room_load(struct sj_store *s, const uint8_t prefix[ARCHIVE_PREFIX_LEN],
                                 const struct seal_key *key, struct secret_buf *plain,
                                 struct record_archive_room *out, struct sj_error *err);
/* Inside a write frame. r->n 0: takes the record out; r->room NULL: leaves it. */
enum sj_status archive_room_save(struct sj_store *s, const uint8_t prefix[ARCHIVE_PREFIX_LEN],
                                 const struct seal_key *key, const struct record_archive_room *r,
                                 struct sj_error *err);
/* Inside a frame: a stored entry, opened; out is lent by plain. SJ_INTERNAL: damaged (logged). */
enum sj_status archive_open(struct sj_store *s, const uint8_t at[STORE_KEY_LEN],
                            const struct seal_key *key, struct store_bytes stored,
                            struct secret_buf *plain, struct record_archive *out,
                            struct sj_error *err);
/* Inside a write frame: what w says, counted in *n. */
enum sj_status archive_write(struct sj_store *s, const uint8_t prefix[ARCHIVE_PREFIX_LEN],
                             const struct archive_wait *w, const struct seal_key *key, uint64_t *n,
                             struct sj_error *err);
/* Inside a write frame: removes the entry with what leads to it. */
enum sj_status archive_drop(struct sj_store *s, const struct store_found *at,
                            struct sj_error *err);
/* Inside a frame: the room's first entry. SJ_NOTFOUND: it has none. */
enum sj_status archive_oldest(struct sj_store *s, const uint8_t prefix[ARCHIVE_PREFIX_LEN],
                              struct store_found *out, struct sj_error *err);

/* --- archive.c ------------------------------------------------------------------------------ */

/* As sj_store_archive_put, not last: an entry of another store goes to the place that it had. */
enum sj_status archive_restore(struct sj_store *s, const struct sj_owner *owner, const char *room,
                               const struct sj_archive_entry *e, int64_t place_ms,
                               struct sj_error *err);

/* --- archive_wait.c ------------------------------------------------------------------------- */

#define ARCHIVE_NAME_SIZE (2 * ARCHIVE_PREFIX_LEN + 1)
/* A room in which something waits. Owned by the store. */
struct archive_room {
    struct sj_list link;
    char name[ARCHIVE_NAME_SIZE];        /* the prefix in hex: the map's key */
    uint8_t prefix[ARCHIVE_PREFIX_LEN];
    char *room;
    uint64_t newest;                     /* the highest position, stored or waiting */
    struct archive_wait *waits;          /* by position */
    size_t n, cap;
    size_t n_noted;                      /* the first of them, part.c */
};
/* NULL: nothing waits there. */
struct archive_room *archive_waits_find(const struct sj_store *s,
                                        const uint8_t prefix[ARCHIVE_PREFIX_LEN]);
struct archive_room *archive_waits_add_room(struct sj_store *s,
                                            const uint8_t prefix[ARCHIVE_PREFIX_LEN],
                                            const char *room, uint64_t newest);
/* Takes a copy of w, in the place of what waits at its position. group_room has made room. */
void archive_waits_put(struct sj_store *s, struct archive_room *r, const struct archive_wait *w);
/* Index of the first that waits at or behind a position. */
size_t archive_waits_lower(const struct archive_room *r, uint64_t position);

/* --- archive_view.c: a room as reads see it ------------------------------------------------- */

struct archive_view {
    struct sj_store *s;
    const char *room;                    /* borrowed */
    uint8_t prefix[ARCHIVE_PREFIX_LEN];
    struct archive_room *waiting;        /* or NULL */
    bool has_key;                        /* fetched when an entry is opened, in the frame */
    struct seal_key key;
    struct secret_buf plain;             /* of the entry that was opened last */
};
/* An entry in a view, not opened. */
struct archive_at {
    uint64_t position;
    const struct archive_wait *wait;     /* or NULL: stored is it */
    struct store_bytes stored;
};
/* Hashes only. SJ_NOTFOUND: there can be no such room; SJ_INVALID: no such owner. */
enum sj_status archive_view_init(struct archive_view *v, struct sj_store *s,
                                 const struct sj_owner *owner, const char *room,
                                 struct sj_error *err);
/* Begins a read frame, which archive_view_end ends. SJ_NOTFOUND: the owner has no registration. */
enum sj_status archive_view_begin(struct archive_view *v, struct sj_error *err);
void archive_view_end(struct archive_view *v);

/* The entry at a position, the first at or behind it, the last at or before it. */
enum sj_status archive_view_at(struct archive_view *v, uint64_t position, struct archive_at *out,
                               struct sj_error *err);
enum sj_status archive_view_next(struct archive_view *v, uint64_t position, struct archive_at *out,
                                 struct sj_error *err);
enum sj_status archive_view_previous(struct archive_view *v, uint64_t position,
                                     struct archive_at *out, struct sj_error *err);
/* The highest position of the room; 0: it is empty. */
enum sj_status archive_view_newest(struct archive_view *v, uint64_t *out, struct sj_error *err);
enum sj_status archive_view_count(struct archive_view *v, uint64_t *out, struct sj_error *err);
/* Opens an entry; out is lent until the next one is opened. SJ_INTERNAL: damaged (logged). */
enum sj_status archive_view_open(struct archive_view *v, const struct archive_at *at,
                                 struct record_archive *out, struct sj_error *err);
/* The entry of an id that others were shown, opened if open is not NULL and it is whole. */
enum sj_status archive_view_by_id(struct archive_view *v, const char *id, struct archive_at *at,
                                  struct record_archive *open, struct sj_error *err);
/* hash: archive_hash of network_id. */
enum sj_status archive_view_by_network(struct archive_view *v, const char *network_id,
                                       const uint8_t hash[ARCHIVE_HASH_LEN], struct archive_at *at,
                                       struct record_archive *open, struct sj_error *err);
void archive_view_id(const struct archive_view *v, uint64_t position, uint32_t salt,
                     char out[SJ_ARCHIVE_ID_SIZE]);

#endif
