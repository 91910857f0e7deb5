/* SPDX-License-Identifier: MPL-2.0 */
/* The engine that hides the disk's time: batches are written by a thread while the loop goes on.
 *
 * A transaction of begin_behind notes its changes in an overlay, over a read transaction of the
 * inner engine; commit hands the overlay to the writer. Until that has made it durable, reads see
 * the overlay over what is stored. There is one batch at a time: the next one, and every ordinary
 * write, first waits for it, so the order of changes is kept. A batch that fails stays in the
 * overlay, is tried again every STORE_RETRY_MS, and goes along with the next ordinary write. One of
 * begin_alone_behind is handed over by itself, so that it goes to a full disk without those that
 * found no room there; readers see it when it is durable. A batch that is large can be noted in
 * parts, which nobody sees before the transaction that hands it over. */
#include "behind.h"

#include <assert.h>

#include "behind_priv.h"
#include "sojourn/memory.h"
#include "writer.h"

/* A batch that cannot be written grows no further. */
#define BEHIND_BYTES_MAX (4u * STORE_PENDING_BYTES_MAX)

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

void behind_forget_parts(struct behind *b)
{
    overlay_clear(&b->parts);
    gaps_forget(&b->part_gaps);
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

static enum sj_status behind_begin_prepared(struct behind *b, struct sj_error *err)
{
    enum sj_status status = b->inner->ops->prepare(b->inner, err);
    return status == SJ_OK ? b->inner->ops->begin(b->inner, ENGINE_READS, err) : status;
}

/* What was noted in parts is the beginning of it. */
static void behind_take_parts(struct behind *b)
{
    if (b->parts.n == 0)
        return;
    assert(b->changes.n == 0);
    b->changes = b->parts;
    b->gaps = b->part_gaps;
    b->parts = (struct overlay){.n = 0};
    behind_forget_parts(b);
}

static enum sj_status behind_begin_notes(struct behind *b, struct sj_error *err)
{
    if (b->changes.n > 0 && !b->adding)
        return sj_fail(err, b->status, "the last changes could not be written");
    enum sj_status status = behind_begin_prepared(b, err);
    if (status != SJ_OK)
        return status;
    overlay_copy(&b->kept, &b->changes);
    behind_take_parts(b);
    return SJ_OK;
}

static enum sj_status behind_begin_alone(struct behind *b, struct sj_error *err)
{
    gaps_forget(&b->gaps);
    return behind_begin_prepared(b, err);
}

static enum sj_status behind_begin_part(struct behind *b, struct sj_error *err)
{
    assert(!b->handed && b->changes.n == 0);
    return behind_begin_prepared(b, err);
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
    assert(mode == ENGINE_READS || mode == ENGINE_BEHIND || mode == ENGINE_PART ||
           b->parts.n == 0);
    if (mode == ENGINE_READS)
        status = behind_begin_reads(b, err);
    else if (mode == ENGINE_BEHIND)
        status = behind_begin_notes(b, err);
    else if (mode == ENGINE_PART)
        status = behind_begin_part(b, err);
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
    if (b->mode == ENGINE_PART) {
        b->inner->ops->abort(b->inner);
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
    if (b->mode == ENGINE_PART)
        behind_forget_parts(b);
    gaps_forget(&b->gaps);
    b->open = false;
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
    overlay_clear(&b->parts);
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
