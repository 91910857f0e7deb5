/* SPDX-License-Identifier: MPL-2.0 */
/* The engine in memory, for tests: the same contract as store_lmdb.c, nothing survives.
 *
 * Each table is an array of records ordered by key. A write transaction notes what it replaced, so
 * that abort can put everything back. Values are sealed as in any engine. */
#include <string.h>

#include "sojourn/memory.h"
#include "store_priv.h"

/* One record; value owned, NULL in the undo list when there was none. */
struct mem_record {
    uint8_t key[STORE_KEY_LEN];
    uint8_t *value;
    size_t n;
};

struct mem_table {
    struct mem_record *records;
    size_t n, cap;
};

struct mem_undo {
    enum store_table table;
    struct mem_record before;
};

struct mem_engine {
    struct engine engine;
    struct mem_table tables[STORE_TABLE_COUNT];
    struct mem_undo *undo;
    size_t n_undo, cap_undo;
};

static struct mem_engine *mem_engine_of(struct engine *e)
{
    return SJ_CONTAINER(e, struct mem_engine, engine);
}

/* Index of the first record whose key is not below the n bytes at key. */
static size_t mem_lower(const struct mem_table *t, const uint8_t *key, size_t n)
{
    size_t low = 0, high = t->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(t->records[middle].key, key, n) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool mem_has(const struct mem_table *t, size_t i, const uint8_t *prefix, size_t n)
{
    return i < t->n && memcmp(t->records[i].key, prefix, n) == 0;
}

static void mem_insert(struct mem_table *t, size_t i, const struct mem_record *r)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 16;
        t->records = sj_realloc(t->records, t->cap * sizeof *t->records);
    }
    memmove(t->records + i + 1, t->records + i, (t->n - i) * sizeof *t->records);
    t->records[i] = *r;
    t->n++;
}

/* Notes what stood at key (value moves into the note). */
static void mem_note(struct mem_engine *m, enum store_table table, const struct mem_record *before)
{
    if (m->n_undo == m->cap_undo) {
        m->cap_undo = m->cap_undo ? 2 * m->cap_undo : 16;
        m->undo = sj_realloc(m->undo, m->cap_undo * sizeof *m->undo);
    }
    m->undo[m->n_undo++] = (struct mem_undo){table, *before};
}

/* Takes record i out without freeing its value. */
static struct mem_record mem_take(struct mem_table *t, size_t i)
{
    struct mem_record r = t->records[i];
    t->n--;
    memmove(t->records + i, t->records + i + 1, (t->n - i) * sizeof *t->records);
    return r;
}

static enum sj_status mem_begin(struct engine *e, enum engine_mode mode, struct sj_error *err)
{
    (void)e;
    (void)mode;
    (void)err;
    return SJ_OK;
}

static enum sj_status mem_commit(struct engine *e, struct sj_error *err)
{
    struct mem_engine *m = mem_engine_of(e);
    (void)err;
    for (size_t i = 0; i < m->n_undo; i++)
        sj_free(m->undo[i].before.value);
    m->n_undo = 0;
    return SJ_OK;
}

static void mem_abort(struct engine *e)
{
    struct mem_engine *m = mem_engine_of(e);
    while (m->n_undo > 0) {
        const struct mem_undo *u = &m->undo[--m->n_undo];
        struct mem_table *t = &m->tables[u->table];
        size_t i = mem_lower(t, u->before.key, STORE_KEY_LEN);
        if (mem_has(t, i, u->before.key, STORE_KEY_LEN))
            sj_free(mem_take(t, i).value);
        if (u->before.value)
            mem_insert(t, i, &u->before);
    }
}

static enum sj_status mem_get(struct engine *e, enum store_table table,
                              const uint8_t key[STORE_KEY_LEN], struct store_bytes *out,
                              struct sj_error *err)
{
    const struct mem_table *t = &mem_engine_of(e)->tables[table];
    size_t i = mem_lower(t, key, STORE_KEY_LEN);
    if (!mem_has(t, i, key, STORE_KEY_LEN))
        return sj_fail(err, SJ_NOTFOUND, "no such record");
    *out = (struct store_bytes){t->records[i].value, t->records[i].n};
    return SJ_OK;
}

static void mem_found(const struct mem_record *r, struct store_found *out)
{
    memcpy(out->key, r->key, STORE_KEY_LEN);
    out->value = (struct store_bytes){r->value, r->n};
}

static enum sj_status mem_seek(struct engine *e, enum store_table table,
                               const uint8_t key[STORE_KEY_LEN], struct store_found *out,
                               struct sj_error *err)
{
    const struct mem_table *t = &mem_engine_of(e)->tables[table];
    size_t i = mem_lower(t, key, STORE_KEY_LEN);
    if (i == t->n)
        return sj_fail(err, SJ_NOTFOUND, "no such record");
    mem_found(&t->records[i], out);
    return SJ_OK;
}

static enum sj_status mem_seek_back(struct engine *e, enum store_table table,
                                    const uint8_t key[STORE_KEY_LEN], struct store_found *out,
                                    struct sj_error *err)
{
    const struct mem_table *t = &mem_engine_of(e)->tables[table];
    size_t i = mem_lower(t, key, STORE_KEY_LEN);
    if (!mem_has(t, i, key, STORE_KEY_LEN)) {
        if (i == 0)
            return sj_fail(err, SJ_NOTFOUND, "no such record");
        i--;
    }
    mem_found(&t->records[i], out);
    return SJ_OK;
}

static enum sj_status mem_last(struct engine *e, enum store_table table, const uint8_t *prefix,
                               size_t n, struct store_found *out, struct sj_error *err)
{
    uint8_t end[STORE_KEY_LEN];
    memset(end, 0xff, sizeof end);
    memcpy(end, prefix, n);
    enum sj_status status = mem_seek_back(e, table, end, out, err);
    if (status == SJ_OK && memcmp(out->key, prefix, n) != 0)
        return sj_fail(err, SJ_NOTFOUND, "no such record");
    return status;
}

static enum sj_status mem_put(struct engine *e, enum store_table table,
                              const uint8_t key[STORE_KEY_LEN], struct store_bytes value,
                              struct sj_error *err)
{
    struct mem_engine *m = mem_engine_of(e);
    struct mem_table *t = &m->tables[table];
    struct mem_record r = {.value = sj_malloc(value.n ? value.n : 1), .n = value.n};
    struct mem_record before = {.value = NULL};
    size_t i = mem_lower(t, key, STORE_KEY_LEN);
    (void)err;
    memcpy(r.key, key, STORE_KEY_LEN);
    memcpy(before.key, key, STORE_KEY_LEN);
    if (value.n > 0)
        memcpy(r.value, value.p, value.n);
    if (mem_has(t, i, key, STORE_KEY_LEN))
        before = mem_take(t, i);
    mem_note(m, table, &before);
    mem_insert(t, i, &r);
    return SJ_OK;
}

static enum sj_status mem_remove(struct engine *e, enum store_table table,
                                 const uint8_t key[STORE_KEY_LEN], struct sj_error *err)
{
    struct mem_engine *m = mem_engine_of(e);
    struct mem_table *t = &m->tables[table];
    size_t i = mem_lower(t, key, STORE_KEY_LEN);
    if (!mem_has(t, i, key, STORE_KEY_LEN))
        return sj_fail(err, SJ_NOTFOUND, "no such record");
    struct mem_record before = mem_take(t, i);
    mem_note(m, table, &before);
    return SJ_OK;
}

static enum sj_status mem_remove_prefix(struct engine *e, enum store_table table,
                                        const uint8_t *prefix, size_t n, struct sj_error *err)
{
    struct mem_engine *m = mem_engine_of(e);
    struct mem_table *t = &m->tables[table];
    size_t i = mem_lower(t, prefix, n);
    (void)err;
    while (mem_has(t, i, prefix, n)) {
        struct mem_record before = mem_take(t, i);
        mem_note(m, table, &before);
    }
    return SJ_OK;
}

static enum sj_status mem_each(struct engine *e, enum store_table table, const uint8_t *prefix,
                               size_t n,
                               bool (*fn)(void *arg, const uint8_t key[STORE_KEY_LEN],
                                          struct store_bytes value),
                               void *arg, struct sj_error *err)
{
    const struct mem_table *t = &mem_engine_of(e)->tables[table];
    (void)err;
    for (size_t i = n ? mem_lower(t, prefix, n) : 0; i < t->n; i++) {
        const struct mem_record *r = &t->records[i];
        if (n > 0 && memcmp(r->key, prefix, n) != 0)
            break;
        if (!fn(arg, r->key, (struct store_bytes){r->value, r->n}))
            break;
    }
    return SJ_OK;
}

static bool mem_grow(struct engine *e, const struct overlay *changes, bool removes)
{
    (void)e;
    (void)changes;
    (void)removes;
    return false;
}

static uint64_t mem_count(struct engine *e, enum store_table table)
{
    return mem_engine_of(e)->tables[table].n;
}

static void mem_stats(struct engine *e, struct sj_store_stats *out)
{
    const struct mem_engine *m = mem_engine_of(e);
    for (size_t t = 0; t < STORE_TABLE_COUNT; t++) {
        for (size_t i = 0; i < m->tables[t].n; i++)
            out->used_bytes += STORE_KEY_LEN + m->tables[t].records[i].n;
    }
    out->map_bytes = out->used_bytes;
}

static bool mem_over(struct engine *e, uint64_t bytes)
{
    struct sj_store_stats stats = {0};
    mem_stats(e, &stats);
    return stats.used_bytes > bytes;
}

static void mem_free(struct engine *e)
{
    struct mem_engine *m = mem_engine_of(e);
    for (size_t t = 0; t < STORE_TABLE_COUNT; t++) {
        for (size_t i = 0; i < m->tables[t].n; i++)
            sj_free(m->tables[t].records[i].value);
        sj_free(m->tables[t].records);
    }
    sj_free(m->undo);
    sj_free(m);
}

static const struct engine_ops mem_ops = {
    .begin = mem_begin,
    .commit = mem_commit,
    .abort = mem_abort,
    .get = mem_get,
    .seek = mem_seek,
    .seek_back = mem_seek_back,
    .last = mem_last,
    .put = mem_put,
    .remove = mem_remove,
    .remove_prefix = mem_remove_prefix,
    .each = mem_each,
    .grow = mem_grow,
    .over = mem_over,
    .count = mem_count,
    .stats = mem_stats,
    .free = mem_free,
};

struct engine *engine_mem_new(void)
{
    struct mem_engine *m = sj_calloc(1, sizeof *m);
    m->engine.ops = &mem_ops;
    return &m->engine;
}
