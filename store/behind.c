/* SPDX-License-Identifier: MPL-2.0 */
/* The engine that hides the disk's time: batches are written by a thread while the loop goes on.
 *
 * A transaction of begin_behind notes its changes in an overlay, over a read transaction of the
 * inner engine; commit hands the overlay to the writer. Until that has made it durable, reads see
 * the overlay over what is stored. There is one batch at a time: the next one, and every ordinary
 * write, first waits for it, so the order of changes is kept. A batch that fails stays in the
 * overlay, is tried again every STORE_RETRY_MS, and goes along with the next ordinary write. One of
 * begin_alone_behind is handed over by itself, so that it goes to a full disk without those that
 * found no room there; readers see it when it is durable. */
#include "behind.h"

#include <assert.h>
#include <string.h>

#include "gaps.h"
#include "overlay.h"
#include "sojourn/memory.h"
#include "writer.h"

struct behind {
    struct engine engine;
    struct engine *inner;                /* owned */
    struct sj_loop *loop;
    struct sj_log log;
    struct overlay changes;              /* noted, handed over, or to be tried again */
    struct overlay kept;                 /* while a transaction adds to them: as they were */
    struct overlay apart;                /* of ENGINE_ALONE_BEHIND */
    const struct overlay *writing;       /* one of them, while handed */
    struct gaps gaps;                    /* of both together */
    struct writer *writer;
    bool handed;                         /* to the writer, and its outcome not looked at */
    bool alone;                          /* the system gave no thread: logged */
    int code;                            /* the writer's */
    enum sj_status status;               /* of the last batch */
    bool open;                           /* a transaction is, of this mode */
    enum engine_mode mode;
    struct sj_timer retry;
    struct sj_defer done;                /* without a thread: its outcome is there */
    void (*settled)(void *arg, enum sj_status status);
    void (*settled_alone)(void *arg, enum sj_status status);
    bool (*again)(void *arg);            /* or NULL */
    bool adding;                         /* within that */
    void *arg;
};
/* A batch that cannot be written grows no further. */
#define BEHIND_BYTES_MAX (4u * STORE_PENDING_BYTES_MAX)

static struct behind *behind_of(struct engine *e)
{
    return SJ_CONTAINER(e, struct behind, engine);
}

/* --- batches ------------------------------------------------------------------------------ */

/* On the writer's thread. */
static void behind_work(void *arg)
{
    struct behind *b = arg;
    b->code = b->inner->ops->write(b->inner, b->writing);
}

static void behind_hand_over(struct behind *b, const struct overlay *changes)
{
    sj_timer_stop(&b->retry);
    b->handed = true;
    b->writing = changes;
    if (writer_start(b->writer))
        return;
    if (!b->alone)
        sj_log_warn(&b->log, "no thread for writing, so everybody waits for the disk");
    b->alone = true;
    behind_work(b);
    sj_loop_defer(b->loop, &b->done);    /* as the writer does it: whoever waits is told */
}

static void behind_settle(struct behind *b, enum sj_status status)
{
    b->status = status;
    gaps_forget(&b->gaps);
    if (status == SJ_OK)
        overlay_clear(&b->changes);
    else
        sj_timer_start(b->loop, &b->retry, STORE_RETRY_MS);
    if (b->settled)
        b->settled(b->arg, status);
}

static void behind_settle_alone(struct behind *b, enum sj_status status)
{
    overlay_clear(&b->apart);
    gaps_forget(&b->gaps);
    if (b->changes.n > 0)                /* they may find room now */
        sj_timer_start(b->loop, &b->retry, STORE_RETRY_MS);
    b->settled_alone(b->arg, status);
}

/* Looks at the outcome if there is one; outside of transactions. */
static void behind_collect(void *arg)
{
    struct behind *b = arg;
    struct sj_error err = {.status = SJ_OK};
    if (!b->handed || writer_working(b->writer))
        return;
    b->handed = false;
    bool alone = b->writing == &b->apart;
    enum sj_status status = b->inner->ops->written(b->inner, b->code, &err);
    if (status == SJ_LIMIT && b->inner->ops->grow(b->inner, b->writing, alone))
        behind_hand_over(b, b->writing);
    else if (alone)
        behind_settle_alone(b, status);
    else
        behind_settle(b, status);
}

void behind_wait(struct behind *b)
{
    while (b->handed) {
        writer_wait(b->writer);
        behind_collect(b);
    }
}

static void behind_again(void *arg)
{
    struct behind *b = arg;
    struct sj_error err = {.status = SJ_OK};
    if (b->handed || b->changes.n == 0)
        return;
    b->adding = b->again && b->changes.bytes < BEHIND_BYTES_MAX;
    bool done = b->adding && b->again(b->arg);
    b->adding = false;
    if (done)
        return;
    enum sj_status status = b->inner->ops->prepare(b->inner, &err);
    if (status == SJ_OK)
        behind_hand_over(b, &b->changes);
    else
        behind_settle(b, status);
}

bool behind_try(struct behind *b)
{
    bool there = b->changes.n > 0;
    behind_wait(b);
    behind_again(b);
    behind_wait(b);
    return there && b->changes.n == 0;
}

bool behind_busy(struct behind *b)
{
    behind_collect(b);
    return b->handed || b->changes.n > 0;
}

bool behind_works(struct behind *b)
{
    behind_collect(b);
    return b->handed;
}

size_t behind_waiting(const struct behind *b)
{
    return b->changes.n;
}

bool behind_is_full(const struct behind *b)
{
    return b->status != SJ_OK && b->changes.bytes >= BEHIND_BYTES_MAX;
}

/* All that could not be written has been taken back. */
static void behind_rest(struct behind *b)
{
    sj_timer_stop(&b->retry);
    overlay_clear(&b->changes);
    b->status = SJ_OK;
}

void behind_drop(struct behind *b, uint32_t tables, const uint8_t *prefix, size_t n)
{
    assert(!b->handed && !b->open);
    overlay_drop(&b->changes, tables, prefix, n);
    gaps_forget(&b->gaps);
    if (b->changes.n == 0)
        behind_rest(b);
}

/* --- transactions ------------------------------------------------------------------------- */

/* What an earlier batch could not write goes first. */
static enum sj_status behind_bring_in(struct behind *b, struct sj_error *err)
{
    const struct engine_ops *ops = b->inner->ops;
    const struct overlay_node *node = overlay_first(&b->changes);
    enum sj_status status = SJ_OK;
    for (; node && status == SJ_OK; node = overlay_next(node)) {
        enum store_table table = overlay_table(node);
        status = node->removed ? ops->remove(b->inner, table, overlay_key(node), err)
                               : ops->put(b->inner, table, overlay_key(node), node->value, err);
        if (node->removed && status == SJ_NOTFOUND)
            status = SJ_OK;
    }
    return status;
}

/* After a failure the inner engine begins anew by taking down what the writer works on, so the
 * writer ends first. */
static enum sj_status behind_begin_reads(struct behind *b, struct sj_error *err)
{
    enum sj_status status = b->inner->ops->begin(b->inner, ENGINE_READS, err);
    if (status == SJ_OK || !b->handed)
        return status;
    behind_wait(b);
    return b->inner->ops->begin(b->inner, ENGINE_READS, err);
}

static enum sj_status behind_begin_notes(struct behind *b, struct sj_error *err)
{
    if (b->changes.n > 0 && !b->adding)
        return sj_fail(err, b->status, "the last changes could not be written");
    enum sj_status status = b->inner->ops->prepare(b->inner, err);
    if (status == SJ_OK)
        status = b->inner->ops->begin(b->inner, ENGINE_READS, err);
    if (status == SJ_OK)
        overlay_copy(&b->kept, &b->changes);
    return status;
}

static enum sj_status behind_begin_alone(struct behind *b, struct sj_error *err)
{
    enum sj_status status = b->inner->ops->prepare(b->inner, err);
    gaps_forget(&b->gaps);
    return status == SJ_OK ? b->inner->ops->begin(b->inner, ENGINE_READS, err) : status;
}

static enum sj_status behind_begin_writes(struct behind *b, enum engine_mode mode,
                                          struct sj_error *err)
{
    enum sj_status status = b->inner->ops->begin(b->inner, mode, err);
    gaps_forget(&b->gaps);
    if (status != SJ_OK || mode == ENGINE_ALONE)
        return status;
    status = behind_bring_in(b, err);
    if (status != SJ_OK)
        b->inner->ops->abort(b->inner);
    return status;
}

static enum sj_status behind_begin(struct engine *e, enum engine_mode mode, struct sj_error *err)
{
    struct behind *b = behind_of(e);
    enum sj_status status;
    assert(!b->open);
    if (mode != ENGINE_READS)
        behind_wait(b);
    if (mode == ENGINE_READS)
        status = behind_begin_reads(b, err);
    else if (mode == ENGINE_BEHIND)
        status = behind_begin_notes(b, err);
    else if (mode == ENGINE_ALONE_BEHIND)
        status = behind_begin_alone(b, err);
    else
        status = behind_begin_writes(b, mode, err);
    b->open = status == SJ_OK;
    b->mode = mode;
    return status;
}

static enum sj_status behind_commit(struct engine *e, struct sj_error *err)
{
    struct behind *b = behind_of(e);
    b->open = false;
    if (b->mode == ENGINE_BEHIND) {
        b->inner->ops->abort(b->inner);
        overlay_clear(&b->kept);
        if (b->changes.n > 0)
            behind_hand_over(b, &b->changes);
        return SJ_OK;
    }
    if (b->mode == ENGINE_ALONE_BEHIND) {
        b->inner->ops->abort(b->inner);
        gaps_forget(&b->gaps);
        if (b->apart.n > 0)
            behind_hand_over(b, &b->apart);
        return SJ_OK;
    }
    enum sj_status status = b->inner->ops->commit(b->inner, err);
    if (status == SJ_OK && b->mode == ENGINE_WRITES && b->changes.n > 0) {
        sj_timer_stop(&b->retry);
        behind_settle(b, SJ_OK);
    }
    return status;
}

static void behind_abort(struct engine *e)
{
    struct behind *b = behind_of(e);
    b->inner->ops->abort(b->inner);
    if (b->mode == ENGINE_BEHIND) {
        overlay_clear(&b->changes);
        b->changes = b->kept;
        b->kept = (struct overlay){.n = 0};
    }
    if (b->mode == ENGINE_ALONE_BEHIND)
        overlay_clear(&b->apart);
    gaps_forget(&b->gaps);
    b->open = false;
}

/* --- records ------------------------------------------------------------------------------ */

/* Does the transaction write to the inner engine? */
static bool behind_writes(const struct behind *b)
{
    return b->mode == ENGINE_WRITES || b->mode == ENGINE_ALONE;
}

/* The changes that the transaction sees, and adds to. */
static struct overlay *behind_view(struct behind *b)
{
    return b->mode == ENGINE_ALONE_BEHIND ? &b->apart : &b->changes;
}

/* Do changes lie over what the inner engine has? Ordinary writes have brought them in. */
static bool behind_covers(struct behind *b)
{
    return !behind_writes(b) && behind_view(b)->n > 0;
}

static enum sj_status behind_none(struct sj_error *err)
{
    return sj_fail(err, SJ_NOTFOUND, "no such record");
}

static enum sj_status behind_get(struct engine *e, enum store_table table,
                                 const uint8_t key[STORE_KEY_LEN], struct store_bytes *out,
                                 struct sj_error *err)
{
    struct behind *b = behind_of(e);
    const struct overlay_node *node = NULL;
    if (behind_covers(b))
        node = overlay_get(behind_view(b), table, key);
    if (!node)
        return b->inner->ops->get(b->inner, table, key, out, err);
    if (node->removed)
        return behind_none(err);
    *out = node->value;
    return SJ_OK;
}

/* The key behind (by 1) or before (by -1); false: there is none. */
static bool behind_step(uint8_t key[STORE_KEY_LEN], int by)
{
    uint8_t end = by > 0 ? 0xff : 0;
    for (size_t i = STORE_KEY_LEN; i-- > 0;) {
        bool carries = key[i] == end;
        key[i] = (uint8_t)(key[i] + by);
        if (!carries)
            return true;
    }
    return false;
}

/* The nearest of both that is not removed, from key on (by 1) or back (by -1). */
static enum sj_status behind_nearest(struct behind *b, enum store_table table,
                                     const uint8_t from[STORE_KEY_LEN], int by,
                                     struct store_found *out, struct sj_error *err)
{
    const struct engine_ops *ops = b->inner->ops;
    const struct overlay *changes = behind_view(b);
    uint8_t key[STORE_KEY_LEN];
    memcpy(key, from, sizeof key);
    for (;;) {
        const struct overlay_node *node = by > 0 ? overlay_from(changes, table, key)
                                                 : overlay_back(changes, table, key);
        enum sj_status status = by > 0 ? ops->seek(b->inner, table, key, out, err)
                                       : ops->seek_back(b->inner, table, key, out, err);
        if (status != SJ_OK && status != SJ_NOTFOUND)
            return status;
        int order = !node ? 1 : status != SJ_OK ? -1
                                                : by * memcmp(overlay_key(node), out->key,
                                                              STORE_KEY_LEN);
        if (order > 0)
            return status;
        memcpy(key, overlay_key(node), sizeof key);
        if (!node->removed) {
            memcpy(out->key, key, sizeof key);
            out->value = node->value;
            return SJ_OK;
        }
        if (!behind_step(key, by))
            return behind_none(err);
    }
}

static enum sj_status behind_seek(struct engine *e, enum store_table table,
                                  const uint8_t key[STORE_KEY_LEN], struct store_found *out,
                                  struct sj_error *err)
{
    struct behind *b = behind_of(e);
    if (!behind_covers(b))
        return b->inner->ops->seek(b->inner, table, key, out, err);
    enum sj_status status = behind_nearest(b, table, gaps_pass(&b->gaps, table, key), 1, out, err);
    if (status == SJ_OK)
        gaps_note(&b->gaps, table, key, out->key);
    return status;
}

static enum sj_status behind_seek_back(struct engine *e, enum store_table table,
                                       const uint8_t key[STORE_KEY_LEN], struct store_found *out,
                                       struct sj_error *err)
{
    struct behind *b = behind_of(e);
    if (!behind_covers(b))
        return b->inner->ops->seek_back(b->inner, table, key, out, err);
    return behind_nearest(b, table, key, -1, out, err);
}

static enum sj_status behind_last(struct engine *e, enum store_table table, const uint8_t *prefix,
                                  size_t n, struct store_found *out, struct sj_error *err)
{
    struct behind *b = behind_of(e);
    uint8_t end[STORE_KEY_LEN];
    if (!behind_covers(b))
        return b->inner->ops->last(b->inner, table, prefix, n, out, err);
    memset(end, 0xff, sizeof end);
    memcpy(end, prefix, n);
    enum sj_status status = behind_nearest(b, table, end, -1, out, err);
    if (status == SJ_OK && memcmp(out->key, prefix, n) != 0)
        return behind_none(err);
    return status;
}

static enum sj_status behind_put(struct engine *e, enum store_table table,
                                 const uint8_t key[STORE_KEY_LEN], struct store_bytes value,
                                 struct sj_error *err)
{
    struct behind *b = behind_of(e);
    if (behind_writes(b))
        return b->inner->ops->put(b->inner, table, key, value, err);
    gaps_fill(&b->gaps, table, key);
    overlay_put(behind_view(b), table, key, &value);
    return SJ_OK;
}

static enum sj_status behind_remove(struct engine *e, enum store_table table,
                                    const uint8_t key[STORE_KEY_LEN], struct sj_error *err)
{
    struct behind *b = behind_of(e);
    struct store_bytes was;
    if (behind_writes(b))
        return b->inner->ops->remove(b->inner, table, key, err);
    enum sj_status status = behind_get(e, table, key, &was, err);
    if (status == SJ_OK)
        overlay_put(behind_view(b), table, key, NULL);
    return status;
}

/* The first key with that prefix. */
static void behind_start(uint8_t key[STORE_KEY_LEN], const uint8_t *prefix, size_t n)
{
    memset(key, 0, STORE_KEY_LEN);
    if (n > 0)
        memcpy(key, prefix, n);
}

struct behind_removal {
    struct overlay *changes;
    enum store_table table;
};

static bool behind_note_removal(void *arg, const uint8_t key[STORE_KEY_LEN],
                                struct store_bytes value)
{
    const struct behind_removal *r = arg;
    (void)value;
    overlay_put(r->changes, r->table, key, NULL);
    return true;
}

/* What is only in the overlay is noted there as well; then all that is stored. */
static enum sj_status behind_remove_prefix(struct engine *e, enum store_table table,
                                           const uint8_t *prefix, size_t n, struct sj_error *err)
{
    struct behind *b = behind_of(e);
    struct behind_removal removal = {.changes = behind_view(b), .table = table};
    uint8_t key[STORE_KEY_LEN];
    if (behind_writes(b))
        return b->inner->ops->remove_prefix(b->inner, table, prefix, n, err);
    behind_start(key, prefix, n);
    const struct overlay_node *node = overlay_from(removal.changes, table, key);
    for (; node && overlay_table(node) == table; node = overlay_next(node)) {
        if (n > 0 && memcmp(overlay_key(node), prefix, n) != 0)
            break;
        overlay_put(removal.changes, table, overlay_key(node), NULL);
    }
    return b->inner->ops->each(b->inner, table, prefix, n, behind_note_removal, &removal, err);
}

static enum sj_status behind_each(struct engine *e, enum store_table table, const uint8_t *prefix,
                                  size_t n,
                                  bool (*fn)(void *arg, const uint8_t key[STORE_KEY_LEN],
                                             struct store_bytes value),
                                  void *arg, struct sj_error *err)
{
    struct behind *b = behind_of(e);
    struct store_found found;
    uint8_t key[STORE_KEY_LEN];
    behind_start(key, prefix, n);
    const struct overlay_node *node = NULL;
    if (behind_covers(b))
        node = overlay_from(behind_view(b), table, key);
    if (!node || (n > 0 && memcmp(overlay_key(node), prefix, n) != 0))
        return b->inner->ops->each(b->inner, table, prefix, n, fn, arg, err);
    enum sj_status status = SJ_OK;
    while ((status = behind_nearest(b, table, key, 1, &found, err)) == SJ_OK) {
        if (n > 0 && memcmp(found.key, prefix, n) != 0)
            break;
        memcpy(key, found.key, sizeof key);
        if (!fn(arg, key, found.value) || !behind_step(key, 1))
            break;
    }
    return status == SJ_NOTFOUND ? SJ_OK : status;
}

/* --- figures and end ---------------------------------------------------------------------- */

static bool behind_grow(struct engine *e, const struct overlay *changes, bool removes)
{
    const struct behind *b = behind_of(e);
    return b->inner->ops->grow(b->inner, changes, removes);
}

static bool behind_over(struct engine *e, uint64_t bytes)
{
    const struct behind *b = behind_of(e);
    return b->inner->ops->over(b->inner, bytes);
}

/* Without what is under way. */
static uint64_t behind_count(struct engine *e, enum store_table table)
{
    const struct behind *b = behind_of(e);
    return b->inner->ops->count(b->inner, table);
}

static void behind_stats(struct engine *e, struct sj_store_stats *out)
{
    const struct behind *b = behind_of(e);
    b->inner->ops->stats(b->inner, out);
}

static void behind_free(struct engine *e)
{
    struct behind *b = behind_of(e);
    writer_free(&b->writer);
    sj_timer_stop(&b->retry);
    sj_defer_cancel(&b->done);
    overlay_clear(&b->changes);
    overlay_clear(&b->apart);
    b->inner->ops->free(b->inner);
    sj_free(b);
}

static const struct engine_ops behind_ops = {
    .begin = behind_begin,
    .commit = behind_commit,
    .abort = behind_abort,
    .get = behind_get,
    .seek = behind_seek,
    .seek_back = behind_seek_back,
    .last = behind_last,
    .put = behind_put,
    .remove = behind_remove,
    .remove_prefix = behind_remove_prefix,
    .each = behind_each,
    .grow = behind_grow,
    .over = behind_over,
    .count = behind_count,
    .stats = behind_stats,
    .free = behind_free,
};

struct behind *behind_new(struct engine *inner, struct sj_loop *loop, const struct sj_log *log)
{
    struct behind *b = sj_calloc(1, sizeof *b);
    assert(inner->ops->prepare && inner->ops->write && inner->ops->written);
    b->engine.ops = &behind_ops;
    b->inner = inner;
    b->loop = loop;
    b->log = (struct sj_log){.parent = log, .area = "store"};
    b->writer = writer_new(loop, behind_work, behind_collect, b);
    sj_timer_init(&b->retry, behind_again, b);
    sj_defer_init(&b->done, behind_collect, b);
    return b;
}

struct engine *behind_engine(struct behind *b)
{
    return &b->engine;
}

void behind_watch(struct behind *b, void (*settled)(void *arg, enum sj_status status),
                  void (*settled_alone)(void *arg, enum sj_status status), void *arg)
{
    b->settled = settled;
    b->settled_alone = settled_alone;
    b->arg = arg;
}

void behind_add(struct behind *b, bool (*again)(void *arg))
{
    b->again = again;
}
