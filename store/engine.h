/* SPDX-License-Identifier: MPL-2.0 */
/* Tables, and the interface of the engines that keep their records: store_lmdb.c on disk,
 * store_mem.c in memory, behind.c and rekey_engine.c around another one. */
#ifndef STORE_ENGINE_H
#define STORE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seal.h"
#include "sojourn/error.h"
#include "sojourn/log.h"
#include "sojourn/store.h"

/* Tables. The names are part of the format: they stand in the additional data of each record. */
#define STORE_TABLE_LIST(X) \
    X(HEADER, "header")     \
    X(KEY, "key")           \
    X(REGISTRATION, "registration") \
    X(FLAGS, "flags")       \
    X(CONTACT, "contact")   \
    X(STATE, "state")       \
    X(POSITION, "position") \
    X(JOURNAL, "journal") \
    X(MESSAGE, "message")   \
    X(MESSAGE_ORDER, "message-order") \
    X(PREFERENCE, "preference") \
    X(ARCHIVE, "archive")   \
    X(ARCHIVE_ID, "archive-id")
enum store_table {
#define STORE_TABLE_ENUM(name, text) STORE_##name,
    STORE_TABLE_LIST(STORE_TABLE_ENUM)
#undef STORE_TABLE_ENUM
    STORE_TABLE_COUNT
};
const char *store_table_name(enum store_table table);

/* A stored value: borrowed from the engine, valid until the next write or the transaction's end. */
struct store_bytes {
    const uint8_t *p;
    size_t n;
};

struct store_found {
    uint8_t key[STORE_KEY_LEN];
    struct store_bytes value;
};

/* An engine keeps byte values by table and 32-byte key, ordered by key, and knows neither keys
 * nor formats. One transaction at a time. Statuses: SJ_NOTFOUND, SJ_LIMIT (full), SJ_INTERNAL;
 * engines fill err, and log once when a row of failures begins. */
struct engine;
struct overlay;
enum engine_mode {
    ENGINE_READS,
    ENGINE_WRITES,
    ENGINE_ALONE,               /* writes, without what an earlier commit could only promise */
    ENGINE_BEHIND,              /* writes; commit may promise: all see it, durable it is later */
    ENGINE_PART,                /* the same, bit by bit: see behind.h */
    ENGINE_ALONE_BEHIND,        /* both of these; nobody sees it before it is durable */
};
struct engine_ops {
    enum sj_status (*begin)(struct engine *, enum engine_mode, struct sj_error *);
    /* Makes the changes durable. Ends the transaction, also on failure: nothing is changed then. */
    enum sj_status (*commit)(struct engine *, struct sj_error *);
    /* Ends the transaction, changes are dropped. */
    void (*abort)(struct engine *);
    enum sj_status (*get)(struct engine *, enum store_table, const uint8_t key[STORE_KEY_LEN],
                          struct store_bytes *out, struct sj_error *);
    enum sj_status (*put)(struct engine *, enum store_table, const uint8_t key[STORE_KEY_LEN],
                          struct store_bytes value, struct sj_error *);
    enum sj_status (*remove)(struct engine *, enum store_table, const uint8_t key[STORE_KEY_LEN],
                             struct sj_error *);
    /* The first record at or after key, the last at or before it, or the last whose key starts with
     * the n bytes of prefix. */
    enum sj_status (*seek)(struct engine *, enum store_table, const uint8_t key[STORE_KEY_LEN],
                           struct store_found *out, struct sj_error *);
    enum sj_status (*seek_back)(struct engine *, enum store_table,
                                const uint8_t key[STORE_KEY_LEN], struct store_found *out,
                                struct sj_error *);
    enum sj_status (*last)(struct engine *, enum store_table, const uint8_t *prefix, size_t n,
                           struct store_found *out, struct sj_error *);
    /* Removes all whose key starts with the n bytes of prefix (any number, also none). */
    enum sj_status (*remove_prefix)(struct engine *, enum store_table, const uint8_t *prefix,
                                    size_t n, struct sj_error *);
    /* Calls fn for each whose key starts with prefix, in order, until it returns false. fn may
     * get, not write. */
    enum sj_status (*each)(struct engine *, enum store_table, const uint8_t *prefix, size_t n,
                           bool (*fn)(void *arg, const uint8_t key[STORE_KEY_LEN],
                                      struct store_bytes value),
                           void *arg, struct sj_error *);
    /* After SJ_LIMIT, outside of a transaction: true when a bound of the engine's own was the
     * cause and has been raised, so that another attempt makes sense. changes: what could not be
     * written, or NULL. removes: it is there to remove. A bound that stays is raised for one
     * attempt when there will not be more than before. */
    bool (*grow)(struct engine *, const struct overlay *changes, bool removes);
    /* Or NULL, all three: for a writer on another thread. prepare: before each write, outside of a
     * transaction. write: all changes in one durable transaction, 0 or a code of the engine's own;
     * the only call for another thread, beside reads on the loop's. written: what that code means,
     * on the loop's thread; logs as commit does. */
    enum sj_status (*prepare)(struct engine *, struct sj_error *);
    int (*write)(struct engine *, const struct overlay *changes);
    enum sj_status (*written)(struct engine *, int code, struct sj_error *);
    /* Do the records take more than that? Outside of a transaction. */
    bool (*over)(struct engine *, uint64_t bytes);
    /* Number of records in a table; needs no transaction. */
    uint64_t (*count)(struct engine *, enum store_table);
    /* map_bytes and used_bytes only. */
    void (*stats)(struct engine *, struct sj_store_stats *out);
    void (*free)(struct engine *);
};
struct engine {                     /* first member of an engine's own struct */
    const struct engine_ops *ops;
};

/* Opens (makes) LMDB files in options->dir. SJ_EXISTS: another process has them. log is borrowed
 * and outlives the engine. */
enum sj_status engine_lmdb_open(struct engine **out, const struct sj_log *log,
                                const struct sj_store_options *options, struct sj_error *err);
/* Opens them for reading beside a writer. SJ_NOTFOUND: there are none; SJ_INVALID: of an older
 * version. */
enum sj_status engine_lmdb_open_reader(struct engine **out, const struct sj_log *log,
                                       const char *dir, struct sj_error *err);
struct engine *engine_mem_new(void);

#endif
