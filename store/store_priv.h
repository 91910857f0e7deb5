/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of the store share: the store's own struct, and the frames
 * in which all reads and writes run. Nothing here leaves the room. */
#ifndef SOJOURN_STORE_PRIV_H
#define SOJOURN_STORE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"
#include "seal.h"
#include "sojourn/error.h"
#include "sojourn/log.h"
#include "sojourn/loop.h"
#include "sojourn/map.h"
#include "sojourn/store.h"
#include "sojourn/store_tools.h"

/* Format of the whole store; every record carries it as its first byte. */
#define STORE_SCHEMA 3u

/* Bounds of what waits for a grouped commit; at either one it is committed at once. */
#define STORE_PENDING_MAX 1024u
#define STORE_PENDING_BYTES_MAX (4u << 20)
/* Next attempt after a grouped commit that failed. */
#define STORE_RETRY_MS 1000
/* Sweeps look again when a commit is under way. */
#define STORE_BUSY_MS 50
/* No record is longer: a registration with everything at its largest (lengths and numbers with
 * it), or a blob. What says that it is longer is damaged. */
#define STORE_REGISTRATION_MAX                                            \
    (SJ_STORE_VALUES_MAX * (SJ_STORE_VALUE_MAX + RECORD_VAR_MAX + 16u) + \
     3u * SJ_STORE_TEXT_MAX + 64u)
#define STORE_RECORD_MAX \
    (STORE_REGISTRATION_MAX > SJ_STORE_BLOB_MAX ? STORE_REGISTRATION_MAX : SJ_STORE_BLOB_MAX)
#define STORE_SEALED_MAX (STORE_RECORD_MAX + 4u + SEAL_PAD + SEAL_OVERHEAD)
/* Damaged records that are remembered as logged; beyond them only the count goes on. */
#define STORE_DAMAGED_MAX 256u

/* A buffer for plain records: wiped before it is freed or moved. Zero-initialised is empty. */
struct secret_buf {
    uint8_t *p;
    size_t n, cap;
};
void secret_buf_reserve(struct secret_buf *b, size_t n);   /* contents are lost */
void secret_buf_release(struct secret_buf *b);

struct behind;

/* change.c */
struct store_claim {
    uint8_t user[STORE_PART_LEN];
    bool fresh;                     /* with a new data key */
};

/* calendar.c */
struct store_calendar {
    int64_t offset_ms;              /* of the time of day to the loop's, as it is believed */
    int64_t since_ms;               /* of the loop, when it was last set by more than an hour */
    bool jumped;                    /* it is further ahead since jumped_ms of the loop */
    int64_t jumped_ms;
};

struct sj_store {
    struct engine *engine;          /* owned */
    struct behind *behind;          /* in it, for grouped commits; NULL: they are made at once */
    struct seal *seal;              /* owned */
    char *key_file;                 /* or NULL */
    struct rekey *rekey;            /* the master key is being changed: s->engine is its; or NULL */
    struct sj_store_rekeying rekeying;   /* how far that is, or was */
    struct sj_loop *loop;           /* borrowed */
    struct sj_log log;              /* child of the caller's node */
    uint8_t id[STORE_PART_LEN];     /* random, of this data directory */
    bool reader;                    /* another process may be the writer */
    bool busy;                      /* inside a frame: the store must not be called */
    struct sj_map pending;          /* struct pending by name */
    struct sj_list pending_order;   /* the same, oldest first */
    size_t pending_bytes;
    bool pending_failed;            /* the last commit failed: the timer tries again */
    struct sj_timer pending_timer;
    struct sj_defer parts;          /* part.c: the next one is noted */
    bool parts_spoilt;              /* what waits goes all at once */
    bool parts_close;               /* in the next turn */
    uint64_t n_groups, n_durable;   /* handed over; of these on the disk */
    uint8_t (*expected)[STORE_PART_LEN];     /* owners whose registration follows */
    size_t n_expected;
    void (*settled)(void *arg, enum sj_status status);   /* or NULL */
    void *settled_arg;
    struct store_claim *claims;     /* owners registered by the commit under way, change.c */
    size_t n_claims;
    struct sj_import *import;       /* borrowed: the account in the commit under way, or NULL */
    struct sj_list leaving;         /* struct leave, leave.c */
    struct sj_defer leave;
    struct sj_log_limit dropped;    /* of lines about values that found no room */
    struct sj_map waits;            /* struct message_wait by item, message_wait.c */
    struct sj_list waits_order;     /* the same, oldest first */
    size_t n_waits;
    struct store_calendar calendar;
    unsigned message_days;
    struct sj_timer expiry;         /* message_expiry.c */
    uint8_t expiry_at[STORE_KEY_LEN];    /* where the sweep goes on */
    unsigned archive_days;          /* 0: nothing is kept */
    uint64_t archive_messages;      /* of a room */
    struct sj_map archive_rooms;    /* struct archive_room by prefix: what waits, archive_wait.c */
    struct sj_list archive_order;   /* the same, oldest first */
    size_t n_archive;               /* entries that wait */
    size_t n_archive_noted;         /* of them, part.c */
    struct sj_timer archive_timer;  /* archive_expiry.c */
    uint8_t archive_at[STORE_KEY_LEN];   /* where the sweep goes on */
    uint8_t (*damaged)[STORE_KEY_LEN + 1];   /* logged already: table, key */
    size_t n_damaged;
    uint64_t data_max;              /* scarce.c; 0: there is no bound */
    bool scarce;
    struct sj_log_limit scarce_lines;
};

/* Opens on an engine, which the store owns from here on, also on failure. Nothing expires and no
 * archives are kept until store_start. */
enum sj_status store_open_engine(struct sj_store **out, struct sj_loop *loop,
                                 const struct sj_log *log, struct engine *engine,
                                 const char *key_file, struct sj_error *err);
void store_start(struct sj_store *s, const struct sj_store_options *options);
/* As sj_store_close, but gives the engine back (tests open it again). */
struct engine *store_release(struct sj_store **store);

/* check.c: the first possible key behind all that begin with the n bytes of this one. False: there
 * can be none. */
bool store_next_key(uint8_t key[STORE_KEY_LEN], size_t n);

/* migrate.c: brings a store of an older schema to STORE_SCHEMA, in one transaction. steps[i] turns
 * schema i into i + 1; n of them, the last leads to the schema n. */
struct migrate_steps {
    enum sj_status (*const *step)(struct sj_store *s, struct sj_error *err);
    size_t n;
};
extern const struct migrate_steps migrate_ours;
enum sj_status migrate_run(struct sj_store *s, uint8_t schema, const struct migrate_steps *steps,
                           struct sj_error *err);

/* Frames. write: begins, applies what is grouped, runs change, commits; when the map was full
 * grows it and does all of that once more. change returning anything but SJ_OK drops everything
 * and is returned. Failures are logged. */
enum store_when {
    STORE_NOW,                  /* durable when it returns SJ_OK, with all that is grouped */
    STORE_ALONE,                /* likewise; what is grouped goes on waiting */
    STORE_BEHIND,               /* not to be waited for (behind.c), with all that is grouped */
    STORE_AHEAD,                /* likewise; the change comes before what is grouped */
    STORE_LEAVE,                /* alone, and not to be waited for; seen when it is durable */
    STORE_PART,                 /* nothing is written: the change is the beginning of the next
                                 * STORE_BEHIND, and seen with that */
};
enum sj_status store_write(struct sj_store *s, enum store_when when,
                           enum sj_status (*change)(struct sj_store *, void *arg,
                                                    struct sj_error *),
                           void *arg, struct sj_error *err);
/* Its grouped commits are made by that engine, which is (in) the store's. */
void store_watch(struct sj_store *, struct behind *);
/* Of a commit that could not be made, forgets the changes of this owner's records in these tables
 * (a bit each). */
void store_forget(struct sj_store *s, uint32_t tables, const uint8_t user[STORE_PART_LEN]);
/* Is a commit under way, or could the last one not be made? STORE_BEHIND would have to wait. */
bool store_busy(const struct sj_store *s);
enum sj_status store_read_begin(struct sj_store *s, struct sj_error *err);
void store_read_end(struct sj_store *s);

/* sealed.c: records between the engine and their plain form, inside a frame. */
struct store_place {                /* table and full lookup key */
    enum store_table table;
    uint8_t key[STORE_KEY_LEN];
};
void store_place_of(const struct sj_store *s, struct store_place *out, enum store_table table,
                    const uint8_t user[STORE_PART_LEN], const char *item);
enum sj_status sealed_put(struct sj_store *s, const struct store_place *place,
                          const struct seal_key *key, const uint8_t *plain, size_t n,
                          struct sj_error *err);
/* Opens a stored value into out. SJ_INTERNAL: damaged, logged here once. */
enum sj_status sealed_open(struct sj_store *s, const struct store_place *place,
                           const struct seal_key *key, struct store_bytes stored,
                           struct secret_buf *out, struct sj_error *err);
enum sj_status sealed_get(struct sj_store *s, const struct store_place *place,
                          const struct seal_key *key, struct secret_buf *out,
                          struct sj_error *err);
/* Logs a damaged record, the first time only. Returns SJ_INTERNAL with err filled. */
enum sj_status sealed_damaged(struct sj_store *s, const struct store_place *place,
                              struct sj_error *err);
/* The owner's data key; the caller wipes it. SJ_NOTFOUND: there is none. */
enum sj_status sealed_data_key(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                               struct seal_key *out, struct sj_error *err);
/* The same for writers: SJ_NOTFOUND also when the owner has no registration. */
enum sj_status sealed_owner_key(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                                struct seal_key *out, struct sj_error *err);

/* flags.c: the owner's flag record, opened with the owner's key. SJ_NOTFOUND: none yet. */
enum sj_status flags_load(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                          const struct seal_key *key, uint8_t *out, struct sj_error *err);
enum sj_status flags_save(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                          const struct seal_key *key, uint8_t flags, struct sj_error *err);

/* registration.c: inside a write frame, puts a registration with its flags, under the owner's data
 * key, which is made when there is none (*fresh). The caller wipes it, also on failure. */
enum sj_status registration_store(struct sj_store *s, const struct sj_registration *r,
                                  const uint8_t user[STORE_PART_LEN], struct seal_key *key,
                                  bool *fresh, struct sj_error *err);

/* registration.c: inside a write frame, removes all of an owner's but archives. SJ_NOTFOUND: there
 * is no registration. */
enum sj_status registration_erase_all(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                                      struct sj_error *err);

/* leave.c: who is to be removed. settle: what came of the commit under way; finish: waits until all
 * are, and tells who asked. */
void leaves_init(struct sj_store *s);
void leaves_release(struct sj_store *s);
void leaves_settle(struct sj_store *s, enum sj_status status);
void leaves_go_on(struct sj_store *s);
void leaves_finish(struct sj_store *s);

/* state.c: the same for the state of a link, under that key. */
enum sj_status state_store(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                           const struct seal_key *key, const void *blob, size_t len,
                           struct sj_error *err);

/* contact.c: inside a write frame, puts or removes one. */
enum sj_status contact_change(struct sj_store *s, const struct sj_store_change *change,
                              struct sj_error *err);

/* part.c: what waits is noted for its commit some entries at a turn, as others would wait for all
 * of it. soon: there may be enough for a turn. close: the rest is noted now, group_write follows in
 * the next turn; false: it may go on. forget: before another write, or as what is noted changes. */
void parts_init(struct sj_store *s);
void parts_soon(struct sj_store *s);
bool parts_close(struct sj_store *s);
void parts_forget(struct sj_store *s);
/* The group is written, or there is none any more. */
void parts_end(struct sj_store *s);

/* change.c: the commit under way is durable, or its registrations are taken back. */
void claims_settle(struct sj_store *s, enum sj_status status);

/* import.c: the same of an account that comes in. */
struct sj_import;
void import_settle(struct sj_store *s, enum sj_status status);

/* journal.c */
void store_journal_place(const struct sj_store *s, struct store_place *out,
                         const uint8_t user[STORE_PART_LEN], uint64_t number);

/* message_wait.c: ids of messages that wait to be written, seen by lookups. */
struct message_wait;
void waits_init(struct sj_store *s);
/* Forgets what waits: all of it (but what waits for its owner, unless that goes too), or this
 * owner's. */
void waits_clear(struct sj_store *s, bool owners_too);
void waits_drop(struct sj_store *s, const uint8_t user[STORE_PART_LEN]);
enum sj_status waits_apply(struct sj_store *s, struct sj_error *err);

/* calendar.c: UTC in ms, for what goes when it is too old; a jump ahead counts after a day. */
void calendar_start(struct sj_store *s);
int64_t calendar_now(struct sj_store *s);
/* The clock has not been set for a day: what lies ahead of it is wrong. */
bool calendar_is_proven(struct sj_store *s);

/* scarce.c: whether s->scarce, looked at after each commit. */
void scarce_start(struct sj_store *s, uint64_t data_max);
void scarce_look(struct sj_store *s);
/* SJ_LIMIT: there is no room for this owner, who has no key yet. */
enum sj_status scarce_check_new(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                                struct sj_error *err);

/* message_expiry.c: takes out what is too old, a few at a time. */
void expiry_start(struct sj_store *s, unsigned days);
void expiry_stop(struct sj_store *s);

/* archive_wait.c: entries of archives that wait to be written, seen by reads. */
void archive_waits_init(struct sj_store *s);
void archive_waits_release(struct sj_store *s);
/* Forgets what waits: all of it, or this owner's. */
void archive_waits_clear(struct sj_store *s);
void archive_waits_drop(struct sj_store *s, const uint8_t user[STORE_PART_LEN]);
/* Writes up to max of those that have not been noted. */
enum sj_status archive_waits_apply(struct sj_store *s, size_t max, struct sj_error *err);
/* How many have not been; all of them from now on. */
size_t archive_waits_left(const struct sj_store *s);
void archive_waits_forget_notes(struct sj_store *s);

/* archive_expiry.c: takes out entries that are too old or too many, a few at a time. */
void archive_expiry_start(struct sj_store *s, unsigned days, unsigned messages);
void archive_expiry_stop(struct sj_store *s);
/* Inside a write frame: removes the archives of an owner whose key has just been destroyed, as far
 * as nobody has to wait for it. *left: there is more, for archive_expiry_soon after the commit. */
enum sj_status archive_leave(struct sj_store *s, const uint8_t user[STORE_PART_LEN], bool *left,
                             struct sj_error *err);
void archive_expiry_soon(struct sj_store *s);
/* Inside a write frame: removes all of them. */
enum sj_status archive_erase(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                             struct sj_error *err);

#endif
