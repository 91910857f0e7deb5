/* SPDX-License-Identifier: MPL-2.0 */
/* The engine that the store works on while its records move to another key: reads look in both
 * places, the new one first; writes go to the new one and take away what stood in the old.
 *
 * What is read from the old place is given as it will be at the new one (rekey_record.c), so the
 * rest of the store knows one key, the new one. Records are found by their order only within what a
 * prefix holds, since prefixes of the two keys lie anywhere; sweeps over all prefixes rest
 * meanwhile. What is moved when is left to rekey.c. */
#include <string.h>

#include "rekey.h"
#include "sojourn/memory.h"

static struct rekey *rekey_of(struct engine *e)
{
    return SJ_CONTAINER(e, struct rekey, engine);
}

static void lent_release(struct rekey *r)
{
    for (unsigned i = 0; i < REKEY_LENT; i++) {
        sj_free(r->lent[i]);
        r->lent[i] = NULL;
    }
}

/* Lends what stands at an old place; what does not open is given as it is, and is found to be
 * damaged by whoever tries. */
static struct store_bytes lend(struct rekey *r, enum store_table table,
                               const uint8_t old_key[STORE_KEY_LEN], struct store_bytes stored)
{
    uint8_t *bytes = rekey_record(r, table, old_key, stored);
    uint8_t **slot = &r->lent[r->next_lent++ % REKEY_LENT];
    if (!bytes)
        return stored;
    sj_free(*slot);
    *slot = bytes;
    return (struct store_bytes){bytes, stored.n};
}

/* --- transactions ------------------------------------------------------------------------- */

static enum sj_status both_begin(struct engine *e, enum engine_mode mode, struct sj_error *err)
{
    struct rekey *r = rekey_of(e);
    return r->inner->ops->begin(r->inner, mode, err);
}

static enum sj_status both_commit(struct engine *e, struct sj_error *err)
{
    struct rekey *r = rekey_of(e);
    lent_release(r);
    return r->inner->ops->commit(r->inner, err);
}

static void both_abort(struct engine *e)
{
    struct rekey *r = rekey_of(e);
    lent_release(r);
    r->inner->ops->abort(r->inner);
}

/* --- one record --------------------------------------------------------------------------- */

static enum sj_status both_get(struct engine *e, enum store_table table,
                               const uint8_t key[STORE_KEY_LEN], struct store_bytes *out,
                               struct sj_error *err)
{
    struct rekey *r = rekey_of(e);
    uint8_t old_key[STORE_KEY_LEN];
    enum sj_status status = r->inner->ops->get(r->inner, table, key, out, err);
    if (status != SJ_NOTFOUND || table == STORE_HEADER)
        return status;
    rekey_to_old(r, table, key, old_key);
    status = r->inner->ops->get(r->inner, table, old_key, out, err);
    if (status == SJ_OK)
        *out = lend(r, table, old_key, *out);
    return status;
}

/* What stood at the old place; a record that is not there is no failure. */
static enum sj_status both_remove_old(struct rekey *r, enum store_table table,
                                      const uint8_t key[STORE_KEY_LEN], struct sj_error *err)
{
    uint8_t old_key[STORE_KEY_LEN];
    if (table == STORE_HEADER)
        return SJ_NOTFOUND;
    rekey_to_old(r, table, key, old_key);
    return r->inner->ops->remove(r->inner, table, old_key, err);
}

static enum sj_status both_put(struct engine *e, enum store_table table,
                               const uint8_t key[STORE_KEY_LEN], struct store_bytes value,
                               struct sj_error *err)
{
    struct rekey *r = rekey_of(e);
    /* First in: value may be lent from the old place. */
    enum sj_status status = r->inner->ops->put(r->inner, table, key, value, err);
    if (status != SJ_OK)
        return status;
    status = both_remove_old(r, table, key, err);
    return status == SJ_NOTFOUND ? SJ_OK : status;
}

static enum sj_status both_remove(struct engine *e, enum store_table table,
                                  const uint8_t key[STORE_KEY_LEN], struct sj_error *err)
{
    struct rekey *r = rekey_of(e);
    enum sj_status status = r->inner->ops->remove(r->inner, table, key, err);
    if (status != SJ_OK && status != SJ_NOTFOUND)
        return status;
    enum sj_status old = both_remove_old(r, table, key, err);
    return old == SJ_NOTFOUND ? status : old;
}

static enum sj_status both_remove_prefix(struct engine *e, enum store_table table,
                                         const uint8_t *prefix, size_t n, struct sj_error *err)
{
    struct rekey *r = rekey_of(e);
    uint8_t old_prefix[STORE_KEY_LEN];
    enum sj_status status = r->inner->ops->remove_prefix(r->inner, table, prefix, n, err);
    if (status != SJ_OK)
        return status;
    rekey_prefix_to_old(r, prefix, n, old_prefix);
    return r->inner->ops->remove_prefix(r->inner, table, old_prefix, n, err);
}

/* --- by order ----------------------------------------------------------------------------- */

/* How much of a key says where order holds: the owner's records or, where those of a room lie
 * side by side, the room's; from the owner's very first key on, all of the owner's. */
static size_t scope_of(enum store_table table, const uint8_t key[STORE_KEY_LEN])
{
    static const uint8_t none[STORE_PART_LEN];
    enum table_tail tail = table_row(table)->tail;
    bool rooms = tail == TABLE_PLACE || tail == TABLE_LEAD;
    if (!rooms || memcmp(key + STORE_PART_LEN, none, sizeof none) == 0)
        return STORE_PART_LEN;
    return STORE_PART_LEN + STORE_PART_LEN / 2;
}

typedef enum sj_status engine_seek(struct engine *, enum store_table, const uint8_t *,
                                   struct store_found *, struct sj_error *);

/* Looks from key in both places; back: the last one counts, else the first. */
static enum sj_status both_look(struct rekey *r, enum store_table table,
                                const uint8_t key[STORE_KEY_LEN], size_t scope, bool back,
                                struct store_found *out, struct sj_error *err)
{
    engine_seek *look = back ? r->inner->ops->seek_back : r->inner->ops->seek;
    struct store_found old;
    uint8_t from[STORE_KEY_LEN];
    enum sj_status status = look(r->inner, table, key, out, err);
    if (status != SJ_OK && status != SJ_NOTFOUND)
        return status;
    bool has = status == SJ_OK && memcmp(out->key, key, scope) == 0;
    rekey_prefix_to_old(r, key, scope, from);
    memcpy(from + scope, key + scope, STORE_KEY_LEN - scope);
    status = look(r->inner, table, from, &old, err);
    if (status != SJ_OK && status != SJ_NOTFOUND)
        return status;
    if (status == SJ_OK && memcmp(old.key, from, scope) == 0) {
        uint8_t old_key[STORE_KEY_LEN];
        memcpy(old_key, old.key, STORE_KEY_LEN);
        rekey_to_new(r, table, old_key, old.key);
        int order = has ? memcmp(old.key, out->key, STORE_KEY_LEN) : 0;
        if (!has || (back ? order > 0 : order < 0)) {
            old.value = lend(r, table, old_key, old.value);
            *out = old;
        }
        has = true;
    }
    return has ? SJ_OK : sj_fail(err, SJ_NOTFOUND, "no such record");
}

static enum sj_status both_seek(struct engine *e, enum store_table table,
                                const uint8_t key[STORE_KEY_LEN], struct store_found *out,
                                struct sj_error *err)
{
    return both_look(rekey_of(e), table, key, scope_of(table, key), false, out, err);
}

static enum sj_status both_seek_back(struct engine *e, enum store_table table,
                                     const uint8_t key[STORE_KEY_LEN], struct store_found *out,
                                     struct sj_error *err)
{
    return both_look(rekey_of(e), table, key, scope_of(table, key), true, out, err);
}

static enum sj_status both_last(struct engine *e, enum store_table table, const uint8_t *prefix,
                                size_t n, struct store_found *out, struct sj_error *err)
{
    uint8_t end[STORE_KEY_LEN];
    memset(end, 0xff, sizeof end);
    memcpy(end, prefix, n);
    return both_look(rekey_of(e), table, end, n, true, out, err);
}

/* --- all of them -------------------------------------------------------------------------- */

struct both_walk {
    struct rekey *r;
    enum store_table table;
    bool all;                            /* both kinds: each must be told apart */
    bool old, stopped;
    bool (*fn)(void *arg, const uint8_t key[STORE_KEY_LEN], struct store_bytes value);
    void *arg;
};

static bool both_on_record(void *arg, const uint8_t key[STORE_KEY_LEN], struct store_bytes value)
{
    struct both_walk *w = arg;
    uint8_t new_key[STORE_KEY_LEN];
    /* The owner's key stands at the old place until all else has moved. */
    bool old = w->all ? rekey_has_key(w->r, w->r->old, key) : w->old;
    if (!old) {
        w->stopped = !w->fn(w->arg, key, value);
        return !w->stopped;
    }
    uint8_t *bytes = rekey_record(w->r, w->table, key, value);
    rekey_to_new(w->r, w->table, key, new_key);
    w->stopped = !w->fn(w->arg, new_key, bytes ? (struct store_bytes){bytes, value.n} : value);
    sj_free(bytes);
    return !w->stopped;
}

static enum sj_status both_each(struct engine *e, enum store_table table, const uint8_t *prefix,
                                size_t n,
                                bool (*fn)(void *arg, const uint8_t key[STORE_KEY_LEN],
                                           struct store_bytes value),
                                void *arg, struct sj_error *err)
{
    struct both_walk w = {.r = rekey_of(e), .table = table, .fn = fn, .arg = arg,
                          .all = n == 0 && table != STORE_HEADER};
    struct engine *inner = w.r->inner;
    uint8_t old_prefix[STORE_KEY_LEN];
    enum sj_status status = inner->ops->each(inner, table, prefix, n, both_on_record, &w, err);
    if (status != SJ_OK || w.stopped || n == 0)
        return status;
    w.old = true;
    rekey_prefix_to_old(w.r, prefix, n, old_prefix);
    return inner->ops->each(inner, table, old_prefix, n, both_on_record, &w, err);
}

static bool both_grow(struct engine *e, const struct overlay *changes, bool removes)
{
    struct rekey *r = rekey_of(e);
    return r->inner->ops->grow(r->inner, changes, removes);
}

static bool both_over(struct engine *e, uint64_t bytes)
{
    struct rekey *r = rekey_of(e);
    return r->inner->ops->over(r->inner, bytes);
}

static uint64_t both_count(struct engine *e, enum store_table table)
{
    struct rekey *r = rekey_of(e);
    return r->inner->ops->count(r->inner, table);
}

static void both_stats(struct engine *e, struct sj_store_stats *out)
{
    struct rekey *r = rekey_of(e);
    r->inner->ops->stats(r->inner, out);
}

/* The store gives the real one back before (rekey_detach). */
static void both_free(struct engine *e)
{
    (void)e;
}

static const struct engine_ops both_ops = {
    .begin = both_begin,
    .commit = both_commit,
    .abort = both_abort,
    .get = both_get,
    .put = both_put,
    .remove = both_remove,
    .seek = both_seek,
    .seek_back = both_seek_back,
    .last = both_last,
    .remove_prefix = both_remove_prefix,
    .each = both_each,
    .grow = both_grow,
    .over = both_over,
    .count = both_count,
    .stats = both_stats,
    .free = both_free,
};

void rekey_engine_init(struct rekey *r)
{
    r->engine.ops = &both_ops;
}
