/* SPDX-License-Identifier: MPL-2.0 */
/* Pages of an archive (XEP-0313, XEP-0059 as far as they concern the store).
 *
 * A page is a range of positions, from which the first or last entries that are wanted are given,
 * oldest first. Times count by place: an entry that came behind one with a later time stands there
 * for since and until as well, so that these cut the order that others see in one piece. One more
 * is looked for than was asked for: so `more` is exact. */
#include <string.h>

#include "archive.h"

struct archive_walk {
    struct archive_view v;
    const struct sj_archive_page *page;
    uint64_t low, high;          /* both inclusive; low > high: nothing */
    unsigned max;
    unsigned looked, n;
    bool more;
    uint64_t found[SJ_ARCHIVE_PAGE_MAX];     /* of a page backwards, the newest first */
    void (*fn)(const struct sj_archive_entry *, void *arg);
    void *arg;
};

static void walk_from(struct archive_walk *w, uint64_t low)
{
    if (low > w->low)
        w->low = low;
}

static void walk_to(struct archive_walk *w, uint64_t high)
{
    if (high < w->high)
        w->high = high;
}

static void walk_times(struct archive_walk *w, int64_t since, int64_t until)
{
    w->low = 1;
    w->high = UINT64_MAX;
    if (since > ARCHIVE_MS_MAX)
        w->high = 0;
    else if (since >= 0)
        walk_from(w, archive_position_of(since));
    if (until < -1)
        w->high = 0;
    else if (until >= 0 && until < ARCHIVE_MS_MAX)
        walk_to(w, archive_position_of(until + 1) - 1);
}

static enum sj_status walk_range(struct archive_walk *w, struct sj_error *err)
{
    const struct sj_archive_page *page = w->page;
    struct archive_at at;
    enum sj_status status = SJ_OK;
    walk_times(w, page->since, page->until);
    if (page->after)
        status = archive_view_by_id(&w->v, page->after, &at, NULL, err);
    if (status == SJ_OK && page->after) {
        if (at.position == UINT64_MAX)
            w->high = 0;
        else
            walk_from(w, at.position + 1);
    }
    if (status == SJ_OK && page->before)
        status = archive_view_by_id(&w->v, page->before, &at, NULL, err);
    if (status == SJ_OK && page->before)
        walk_to(w, at.position - 1);
    return status;
}

/* Opens an entry and fills out; false: it is not one for the page. */
static bool walk_open(struct archive_walk *w, const struct archive_at *at,
                      struct sj_archive_entry *out, char id[SJ_ARCHIVE_ID_SIZE])
{
    struct record_archive record;
    if (archive_view_open(&w->v, at, &record, NULL) != SJ_OK)
        return false;
    archive_view_id(&w->v, at->position, record.salt, id);
    *out = (struct sj_archive_entry){.id = id, .time = record.time,
                                     .network_id = record.network_id, .data = record.data,
                                     .n = record.n};
    return !w->page->wanted || w->page->wanted(out, w->arg);
}

/* One that is wanted: given on or remembered. False: the page is full. */
static bool walk_take(struct archive_walk *w, const struct archive_at *at,
                      const struct sj_archive_entry *e)
{
    if (w->n == w->max) {
        w->more = true;
        return false;
    }
    if (w->page->back)
        w->found[w->n] = at->position;
    else
        w->fn(e, w->arg);
    w->n++;
    return true;
}

static enum sj_status walk_search(struct archive_walk *w, struct sj_error *err)
{
    bool back = w->page->back;
    for (uint64_t position = back ? w->high : w->low; w->low <= w->high;) {
        struct archive_at at;
        struct sj_archive_entry e;
        char id[SJ_ARCHIVE_ID_SIZE];
        enum sj_status status = back ? archive_view_previous(&w->v, position, &at, err)
                                     : archive_view_next(&w->v, position, &at, err);
        if (status == SJ_NOTFOUND || (status == SJ_OK && (at.position < w->low ||
                                                          at.position > w->high)))
            return SJ_OK;
        if (status != SJ_OK)
            return status;
        if (w->looked++ == SJ_ARCHIVE_LOOK_MAX) {
            w->more = true;
            return SJ_OK;
        }
        if ((walk_open(w, &at, &e, id) && !walk_take(w, &at, &e)) ||
            at.position == (back ? w->low : w->high))
            return SJ_OK;
        position = back ? at.position - 1 : at.position + 1;
    }
    return SJ_OK;
}

/* Gives on what a walk backwards has found. */
static void walk_give(struct archive_walk *w)
{
    while (w->page->back && w->n > 0) {
        struct archive_at at;
        struct sj_archive_entry e;
        char id[SJ_ARCHIVE_ID_SIZE];
        struct record_archive record;
        if (archive_view_at(&w->v, w->found[--w->n], &at, NULL) != SJ_OK ||
            archive_view_open(&w->v, &at, &record, NULL) != SJ_OK)
            continue;
        archive_view_id(&w->v, at.position, record.salt, id);
        e = (struct sj_archive_entry){.id = id, .time = record.time,
                                      .network_id = record.network_id, .data = record.data,
                                      .n = record.n};
        w->fn(&e, w->arg);
    }
}

enum sj_status sj_store_archive_each(struct sj_store *s, const struct sj_owner *owner,
                                     const struct sj_archive_page *page,
                                     void (*fn)(const struct sj_archive_entry *, void *arg),
                                     void *arg, bool *more, struct sj_error *err)
{
    struct archive_walk w = {.page = page, .fn = fn, .arg = arg};
    *more = false;
    w.max = page->max < SJ_ARCHIVE_PAGE_MAX ? page->max : SJ_ARCHIVE_PAGE_MAX;
    enum sj_status status = archive_view_init(&w.v, s, owner, page->room, err);
    if (status == SJ_OK)
        status = archive_view_begin(&w.v, err);
    if (status != SJ_OK)
        return status;
    status = walk_range(&w, err);
    if (status == SJ_OK)
        status = walk_search(&w, err);
    if (status == SJ_OK) {
        walk_give(&w);
        *more = w.more;
    }
    archive_view_end(&w.v);
    return status;
}
