/* SPDX-License-Identifier: MPL-2.0 */
/* Records as a transaction of behind.c sees them: the changes that are not on the disk yet lie over
 * what the inner engine has. Ordinary writes have brought them in, and go to the inner engine. */
#include "behind_priv.h"

#include <string.h>

/* Does the transaction write to the inner engine? */
static bool behind_writes(const struct behind *b)
{
    return b->mode == ENGINE_WRITES || b->mode == ENGINE_ALONE;
}

/* The changes that the transaction sees, and adds to. */
static struct overlay *behind_view(struct behind *b)
{
    return b->mode == ENGINE_ALONE_BEHIND ? &b->apart
           : b->mode == ENGINE_PART       ? &b->parts
                                          : &b->changes;
}

static struct gaps *behind_gaps(struct behind *b)
{
    return b->mode == ENGINE_PART ? &b->part_gaps : &b->gaps;
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

enum sj_status behind_get(struct engine *e, enum store_table table,
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

enum sj_status behind_seek(struct engine *e, enum store_table table,
                           const uint8_t key[STORE_KEY_LEN], struct store_found *out,
                           struct sj_error *err)
{
    struct behind *b = behind_of(e);
    if (!behind_covers(b))
        return b->inner->ops->seek(b->inner, table, key, out, err);
    struct gaps *gaps = behind_gaps(b);
    enum sj_status status = behind_nearest(b, table, gaps_pass(gaps, table, key), 1, out, err);
    if (status == SJ_OK)
        gaps_note(gaps, table, key, out->key);
    return status;
}

enum sj_status behind_seek_back(struct engine *e, enum store_table table,
                                const uint8_t key[STORE_KEY_LEN], struct store_found *out,
                                struct sj_error *err)
{
    struct behind *b = behind_of(e);
    if (!behind_covers(b))
        return b->inner->ops->seek_back(b->inner, table, key, out, err);
    return behind_nearest(b, table, key, -1, out, err);
}

enum sj_status behind_last(struct engine *e, enum store_table table, const uint8_t *prefix,
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

enum sj_status behind_put(struct engine *e, enum store_table table,
                          const uint8_t key[STORE_KEY_LEN], struct store_bytes value,
                          struct sj_error *err)
{
    struct behind *b = behind_of(e);
    if (behind_writes(b))
        return b->inner->ops->put(b->inner, table, key, value, err);
    gaps_fill(behind_gaps(b), table, key);
    overlay_put(behind_view(b), table, key, &value);
    return SJ_OK;
}

enum sj_status behind_remove(struct engine *e, enum store_table table,
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
enum sj_status behind_remove_prefix(struct engine *e, enum store_table table,
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

enum sj_status behind_each(struct engine *e, enum store_table table, const uint8_t *prefix,
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
