/* SPDX-License-Identifier: MPL-2.0 */
/* The store on top of an engine: opening with the key, frames for reads and writes, closing.
 *
 * Implements the common part of sojourn/store.h: which engine, which key, whether both belong
 * together, and the frames in which registration.c, contact.c and state.c run their changes. All
 * bytes on disk are the engine's affair, all secrecy is seal.c's (DESIGN §3). */
#include <assert.h>
#include <string.h>

#include "behind.h"
#include "group.h"
#include "header.h"
#include "keyfile.h"
#include "rekey.h"
#include "sojourn/memory.h"
#include "store_priv.h"

typedef enum sj_status store_change(struct sj_store *, void *arg, struct sj_error *);

static bool store_is_alone(enum store_when when)
{
    return when == STORE_ALONE || when == STORE_LEAVE;
}

static bool store_takes_group(enum store_when when)
{
    return !store_is_alone(when) && when != STORE_PART;
}

static enum sj_status store_try(struct sj_store *s, enum store_when when, store_change *change,
                                void *arg, struct sj_error *err)
{
    const struct engine_ops *ops = s->engine->ops;
    static const enum engine_mode modes[] = {
        [STORE_NOW] = ENGINE_WRITES, [STORE_ALONE] = ENGINE_ALONE, [STORE_BEHIND] = ENGINE_BEHIND,
        [STORE_AHEAD] = ENGINE_BEHIND, [STORE_LEAVE] = ENGINE_ALONE_BEHIND,
        [STORE_PART] = ENGINE_PART,
    };
    if (when != STORE_BEHIND && when != STORE_PART)
        parts_forget(s);
    enum sj_status status = ops->begin(s->engine, modes[when], err);
    if (status != SJ_OK)
        return status;
    if (when == STORE_AHEAD)
        status = change(s, arg, err);
    if (status == SJ_OK && store_takes_group(when))
        status = group_apply(s, err);
    if (status == SJ_OK && change && when != STORE_AHEAD)
        status = change(s, arg, err);
    if (status == SJ_OK)
        status = ops->commit(s->engine, err);
    else
        ops->abort(s->engine);
    if (status != SJ_OK)
        parts_forget(s);
    return status;
}

/* What was grouped is durable, or on its way, of which store_settled is told. */
static void store_handed(struct sj_store *s, enum store_when when)
{
    bool waits = when == STORE_BEHIND || when == STORE_AHEAD;
    if (group_empty(s))
        return;
    group_clear(s);
    s->n_groups++;
    if (waits && s->behind && behind_waiting(s->behind) > 0)
        return;
    s->n_durable = s->n_groups;
    if (s->settled)
        s->settled(s->settled_arg, SJ_OK);
}

enum sj_status store_write(struct sj_store *s, enum store_when when, store_change *change,
                           void *arg, struct sj_error *err)
{
    assert(!s->busy);            /* a callback must not call the store */
    s->busy = true;
    enum sj_status status = store_try(s, when, change, arg, err);
    if (status == SJ_LIMIT && s->engine->ops->grow(s->engine, NULL, store_is_alone(when)))
        status = store_try(s, when, change, arg, err);
    s->busy = false;
    if (store_takes_group(when)) {
        s->pending_failed = status == SJ_LIMIT || status == SJ_INTERNAL;
        if (status == SJ_OK)
            store_handed(s, when);
    }
    if (status == SJ_OK && when != STORE_BEHIND && when != STORE_PART)
        scarce_look(s);
    return status;
}

/* A batch is durable, or could not be written: then what waits grows to its bounds. */
static void store_settled(void *arg, enum sj_status status)
{
    struct sj_store *s = arg;
    s->pending_failed = status == SJ_LIMIT || status == SJ_INTERNAL;
    claims_settle(s, status);
    import_settle(s, status);
    if (status == SJ_OK) {
        s->n_durable = s->n_groups;
        scarce_look(s);
    }
    group_go_on(s);
    rekey_settled(s, status);
    leaves_go_on(s);
    if (s->settled)
        s->settled(s->settled_arg, status);
}

/* Others have waited for it. */
static void store_settled_alone(void *arg, enum sj_status status)
{
    struct sj_store *s = arg;
    leaves_settle(s, status);
    if (status == SJ_OK)
        scarce_look(s);
    if (store_busy(s))
        return;
    group_go_on(s);
    rekey_settled(s, SJ_OK);
    if (s->settled)
        s->settled(s->settled_arg, SJ_OK);
}

/* What waits goes along with a batch that is tried again. */
static bool store_again(void *arg)
{
    struct sj_store *s = arg;
    return !group_empty(s) && store_write(s, STORE_BEHIND, NULL, NULL, NULL) == SJ_OK;
}

void store_watch(struct sj_store *s, struct behind *b)
{
    s->behind = b;
    behind_watch(b, store_settled, store_settled_alone, s);
    behind_add(b, store_again);
}

/* While records move to another key, a change of one may be two: the new one, and the old one's
 * going. */
void store_forget(struct sj_store *s, uint32_t tables, const uint8_t user[STORE_PART_LEN])
{
    uint8_t old[STORE_KEY_LEN];
    if (!s->behind)
        return;
    behind_drop(s->behind, tables, user, STORE_PART_LEN);
    if (!s->rekey)
        return;
    rekey_prefix_to_old(s->rekey, user, STORE_PART_LEN, old);
    behind_drop(s->behind, tables, old, STORE_PART_LEN);
}

bool sj_store_is_pressed(const struct sj_store *s)
{
    return group_is_half_full(s) && store_busy(s) && !behind_is_full(s->behind);
}

uint64_t sj_store_group(const struct sj_store *s)
{
    return s->n_groups + 1;
}

uint64_t sj_store_durable(const struct sj_store *s)
{
    return group_empty(s) && !store_busy(s) ? s->n_groups + 1 : s->n_durable;
}

bool sj_store_is_settled(struct sj_store *s)
{
    return !store_busy(s);
}

void sj_store_on_settled(struct sj_store *s, void (*settled)(void *arg, enum sj_status status),
                         void *arg)
{
    s->settled = settled;
    s->settled_arg = arg;
}

bool store_busy(const struct sj_store *s)
{
    return s->behind && behind_busy(s->behind);
}

enum sj_status store_read_begin(struct sj_store *s, struct sj_error *err)
{
    assert(!s->busy);
    enum sj_status status = s->engine->ops->begin(s->engine, ENGINE_READS, err);
    s->busy = status == SJ_OK;
    return status;
}

void store_read_end(struct sj_store *s)
{
    s->engine->ops->abort(s->engine);
    s->busy = false;
}

static bool store_empty(struct sj_store *s)
{
    for (int t = 0; t < STORE_TABLE_COUNT; t++) {
        if (s->engine->ops->count(s->engine, (enum store_table)t) > 0)
            return false;
    }
    return true;
}

/* Reads the master key, makes it when it is missing and nothing is lost by that; in memory
 * without a file it is random. */
static enum sj_status store_master_key(struct sj_store *s, const char *key_file,
                                       uint8_t out[SEAL_KEY_LEN], struct sj_error *err)
{
    if (!key_file) {
        sj_random_bytes(out, SEAL_KEY_LEN);
        return SJ_OK;
    }
    enum sj_status status = keyfile_read(key_file, out, err);
    if (status != SJ_NOTFOUND)
        return status;
    if (s->reader || !store_empty(s))
        return sj_fail(err, SJ_DENIED, "key-file does not exist, but data-dir has data that only "
                       "its key can open: put the key back (backup), or name an empty data-dir");
    status = keyfile_make(key_file, err);
    if (status != SJ_OK)
        return SJ_DENIED;
    sj_log_info(&s->log, "new key file made hint=back-it-up-apart-from-the-data");
    return keyfile_read(key_file, out, err);
}

static enum sj_status store_unlock(struct sj_store *s, const char *key_file, struct sj_error *err)
{
    uint8_t master[SEAL_KEY_LEN];
    enum sj_status status = store_master_key(s, key_file, master, err);
    if (status == SJ_OK)
        status = seal_new(&s->seal, master, &s->log, err);
    sj_wipe(master, sizeof master);
    return status;
}

static enum sj_status store_create(struct sj_store *s, void *arg, struct sj_error *err)
{
    (void)arg;
    sj_random_bytes(s->id, sizeof s->id);
    return header_write(s, STORE_SCHEMA, err);
}

/* The header under the key of key-file; or under that of key-file.new, when a change of the key was
 * broken off between its last two steps: then the new one takes its place now. */
static enum sj_status store_header(struct sj_store *s, uint8_t *schema, struct sj_error *err)
{
    struct sj_error inner = {.status = SJ_OK};
    uint8_t master[SEAL_KEY_LEN];
    struct seal *seal = s->seal;
    enum sj_status status = header_check(s, schema, err);
    if (status != SJ_DENIED || !s->key_file)
        return status;
    if (keyfile_read_new(s->key_file, master, &inner) != SJ_OK)
        return status;
    s->seal = NULL;
    status = seal_new(&s->seal, master, &s->log, err);
    sj_wipe(master, sizeof master);
    if (status == SJ_OK)
        status = header_check(s, schema, err);
    if (status != SJ_OK) {
        seal_free(&s->seal);
        s->seal = seal;
        return status;
    }
    seal_free(&seal);
    if (!s->reader && sj_store_new_key_take(s->key_file, &inner) != SJ_OK)
        sj_log_error(&s->log, "new key in use, but not in its place cause=\"%s\" "
                     "hint=move-KEY-FILE.new-to-KEY-FILE", inner.text);
    return SJ_OK;
}

static enum sj_status store_verify(struct sj_store *s, struct sj_error *err)
{
    uint8_t schema = 0;
    if (!s->reader && store_empty(s))
        return store_write(s, STORE_ALONE, store_create, NULL, err);
    enum sj_status status = store_read_begin(s, err);
    if (status != SJ_OK)
        return status;
    status = store_header(s, &schema, err);
    if (status == SJ_OK)
        status = header_load_roots(s, err);
    store_read_end(s);
    if (status == SJ_OK && s->reader && schema < STORE_SCHEMA)
        return sj_fail(err, SJ_INVALID, "data-dir was written by an older version: start the "
                       "daemon once, it upgrades them");
    if (status == SJ_OK)
        status = migrate_run(s, schema, &migrate_ours, err);
    return status == SJ_OK ? rekey_resume(s, err) : status;
}

/* Frees all but the engine, which it returns. */
static struct engine *store_dismantle(struct sj_store **store)
{
    struct sj_store *s = *store;
    rekey_detach(s);
    struct engine *engine = s->engine;
    expiry_stop(s);
    archive_expiry_stop(s);
    leaves_release(s);
    group_release(s);
    seal_free(&s->seal);
    sj_free(s->damaged);
    sj_free(s->claims);
    sj_free(s->key_file);
    sj_free(s);
    *store = NULL;
    return engine;
}

/* loop NULL: for a reader. */
static enum sj_status store_attach(struct sj_store **out, struct sj_loop *loop,
                                   const struct sj_log *log, struct engine *engine,
                                   const char *key_file, struct sj_error *err)
{
    struct sj_store *s = sj_calloc(1, sizeof *s);
    *out = NULL;
    s->engine = engine;
    s->loop = loop;
    s->reader = !loop;
    s->key_file = sj_strdup(key_file);
    s->log = (struct sj_log){.parent = log, .area = "store"};
    group_init(s);
    leaves_init(s);
    enum sj_status status = store_unlock(s, key_file, err);
    if (status == SJ_OK)
        status = store_verify(s, err);
    if (status != SJ_OK) {
        engine = store_dismantle(&s);
        engine->ops->free(engine);
        return status;
    }
    *out = s;
    return SJ_OK;
}

enum sj_status store_open_engine(struct sj_store **out, struct sj_loop *loop,
                                 const struct sj_log *log, struct engine *engine,
                                 const char *key_file, struct sj_error *err)
{
    struct sj_store_stats stats;
    assert(loop);
    enum sj_status status = store_attach(out, loop, log, engine, key_file, err);
    if (status != SJ_OK)
        return status;
    sj_store_stats(*out, &stats);
    sj_log_info(&(*out)->log, "store open registrations=%llu records=%llu",
                (unsigned long long)stats.registrations, (unsigned long long)stats.records);
    return SJ_OK;
}

enum sj_status sj_store_open_reader(struct sj_store **out, const struct sj_log *log,
                                    const char *dir, const char *key_file, struct sj_error *err)
{
    struct engine *engine = NULL;
    *out = NULL;
    if (!key_file)
        return sj_fail(err, SJ_INVALID, "key-file is not set");
    enum sj_status status = engine_lmdb_open_reader(&engine, log, dir, err);
    return status == SJ_OK ? store_attach(out, NULL, log, engine, key_file, err) : status;
}

enum sj_status sj_store_open(struct sj_store **out, struct sj_loop *loop, const struct sj_log *log,
                             const struct sj_store_options *options, struct sj_error *err)
{
    struct engine *engine = NULL;
    *out = NULL;
    if (options->dir && !options->key_file)
        return sj_fail(err, SJ_INVALID, "key-file is not set");
    if (!options->dir)
        engine = engine_mem_new();
    enum sj_status status = SJ_OK;
    if (!engine)
        status = engine_lmdb_open(&engine, log, options, err);
    if (status != SJ_OK)
        return status;
    struct behind *behind = NULL;
    if (engine->ops->write && !options->tool) {
        behind = behind_new(engine, loop, log);
        engine = behind_engine(behind);
    }
    status = store_open_engine(out, loop, log, engine, options->key_file, err);
    if (status != SJ_OK)
        return status;
    if (behind)
        store_watch(*out, behind);
    store_start(*out, options);
    return SJ_OK;
}

void store_start(struct sj_store *s, const struct sj_store_options *options)
{
    calendar_start(s);
    expiry_start(s, options->message_days);
    archive_expiry_start(s, options->archive_days, options->archive_messages);
    scarce_start(s, options->data_max_bytes);
}

struct engine *store_release(struct sj_store **store)
{
    struct sj_store *s = *store;
    /* In a full map what is to go may be what makes the rest fit. */
    if (sj_store_flush(s, NULL) != SJ_OK && !(s->behind && behind_try(s->behind)))
        sj_log_error(&s->log, "grouped values lost at close values=%zu",
                     group_waiting(s) + (s->behind ? behind_waiting(s->behind) : 0));
    return store_dismantle(store);
}

void sj_store_close(struct sj_store **store)
{
    if (!store || !*store)
        return;
    struct engine *engine = store_release(store);
    engine->ops->free(engine);
}

enum sj_status sj_store_flush(struct sj_store *s, struct sj_error *err)
{
    leaves_finish(s);
    if (s->behind)
        behind_wait(s->behind);
    if (group_empty(s) && !store_busy(s))
        return SJ_OK;                    /* also when what was under way has been taken back */
    return store_write(s, STORE_NOW, NULL, NULL, err);
}

void sj_store_id_key(const struct sj_store *s, uint8_t out[SJ_STORE_ID_KEY_LEN])
{
    static_assert(SJ_STORE_ID_KEY_LEN == SEAL_KEY_LEN, "key size");
    memcpy(out, seal_public_key(s->seal)->b, SJ_STORE_ID_KEY_LEN);
}

void sj_store_stats(struct sj_store *s, struct sj_store_stats *out)
{
    const struct engine_ops *ops = s->engine->ops;
    *out = (struct sj_store_stats){0};
    ops->stats(s->engine, out);
    out->registrations = ops->count(s->engine, STORE_REGISTRATION);
    for (int t = STORE_KEY; t < STORE_TABLE_COUNT; t++)
        out->records += ops->count(s->engine, (enum store_table)t);
}
