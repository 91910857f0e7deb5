/* SPDX-License-Identifier: MPL-2.0 */
/* Archives of rooms (sojourn/store_archive.h): putting entries in, changing and finding them.
 *
 * Decides where an entry stands: a position is a time and a number within its millisecond, and the
 * order of positions is the archive's order. What was given out stays as it is (G313-16): entries
 * that come late go between the others, and none is moved. How they are stored is left to
 * archive_table.c, what waits to archive_wait.c, pages to archive_page.c. */
#include <string.h>

#include "archive.h"
#include "group.h"
#include "sojourn/memory.h"

bool sj_store_archive_on(const struct sj_store *s)
{
    return s->archive_days > 0;
}

/* newest: the highest position of the room so far. */
static void archive_add_wait(struct archive_view *v, const struct archive_wait *w, uint64_t newest)
{
    if (!v->waiting)
        v->waiting = archive_waits_add_room(v->s, v->prefix, v->room, newest);
    archive_waits_put(v->s, v->waiting, w);
}

/* --- where an entry goes -------------------------------------------------------------------- */

/* Before it nothing is kept. */
static int64_t archive_since(struct sj_store *s)
{
    return calendar_now(s) - (int64_t)s->archive_days * ARCHIVE_DAY_MS;
}

/* Behind all others. A time that lies ahead, or so far back that the entry would go at once, cannot
 * be right for what is said now. */
static enum sj_status archive_place_last(uint64_t newest, int64_t time, int64_t now, int64_t since,
                                         uint64_t *out, struct sj_error *err)
{
    *out = archive_position_of(time > now || time < since ? now : time);
    if (newest == UINT64_MAX)
        return sj_fail(err, SJ_LIMIT, "the archive of the room has no place behind its last entry");
    if (*out <= newest)
        *out = newest + 1;
    return SJ_OK;
}

/* Is an entry here older than the oldest of a room that is full, or of any when the store is? It
 * would go at once. */
static bool archive_is_beyond(struct archive_view *v, uint64_t position)
{
    struct archive_at oldest;
    uint64_t n = 0;
    return archive_view_next(v, 1, &oldest, NULL) == SJ_OK && position < oldest.position &&
           (v->s->scarce ||
            (archive_view_count(v, &n, NULL) == SJ_OK && n >= v->s->archive_messages));
}

/* By its time, behind those of the same millisecond. */
static enum sj_status archive_place_by_time(struct archive_view *v, int64_t time, int64_t now,
                                            uint64_t *out, struct sj_error *err)
{
    const uint64_t last = (UINT64_C(1) << ARCHIVE_NUMBER_BITS) - 1;
    struct archive_at before;
    if (time > now)
        time = now;
    *out = archive_position_of(time);
    enum sj_status status = archive_view_previous(v, *out | last, &before, err);
    if (status != SJ_OK && status != SJ_NOTFOUND)
        return status;
    if (status == SJ_OK && before.position >= *out) {
        if ((before.position & last) == last)
            return sj_fail(err, SJ_LIMIT, "too many entries of one millisecond");
        *out = before.position + 1;
    }
    if (time < archive_since(v->s) || archive_is_beyond(v, *out))
        return sj_fail(err, SJ_UNSUPPORTED, "nothing so old is kept");
    return SJ_OK;
}

/* --- putting in ----------------------------------------------------------------------------- */

static enum sj_status archive_check_put(const struct sj_store *s, const char *room,
                                        const struct sj_archive_entry *e, struct sj_error *err)
{
    if (!sj_store_archive_on(s))
        return sj_fail(err, SJ_UNSUPPORTED, "no archive is kept");
    if (e->n > SJ_ARCHIVE_DATA_MAX)
        return sj_fail(err, SJ_LIMIT, "an entry is longer than %u bytes", SJ_ARCHIVE_DATA_MAX);
    if (e->n == 0 || room[0] == '\0' || strnlen(room, SJ_ID_MAX + 1) > SJ_ID_MAX ||
        (e->network_id && (e->network_id[0] == '\0' ||
                           strnlen(e->network_id, SJ_ID_MAX + 1) > SJ_ID_MAX)))
        return sj_fail(err, SJ_INVALID, "an entry without data, or a wrong id");
    return SJ_OK;
}

/* Is it there already? id receives its id. */
static bool archive_has(struct archive_view *v, const struct sj_archive_entry *e,
                        const uint8_t hash[ARCHIVE_HASH_LEN], char id[SJ_ARCHIVE_ID_SIZE])
{
    struct archive_at at;
    struct record_archive old;
    if (!e->network_id ||
        archive_view_by_network(v, e->network_id, hash, &at, &old, NULL) != SJ_OK)
        return false;
    archive_view_id(v, at.position, old.salt, id);
    return true;
}

/* place_ms: where an entry that comes late goes. While the clock is ahead places go by the old
 * time: else what history brings afterwards would stand before all that was said since. */
static enum sj_status archive_find_place(struct archive_view *v, int64_t place_ms, bool last,
                                         uint64_t *newest, uint64_t *position,
                                         struct sj_error *err)
{
    int64_t now = calendar_now(v->s);
    enum sj_status status = archive_view_newest(v, newest, err);
    if (status != SJ_OK)
        return status;
    if (!last)
        return archive_place_by_time(v, place_ms, now, position, err);
    return archive_place_last(*newest, place_ms, now, archive_since(v->s), position, err);
}

static enum sj_status archive_put(struct archive_view *v, const struct sj_archive_entry *e,
                                  int64_t place_ms, bool last, const struct secret_buf *plain,
                                  uint32_t salt, char id[SJ_ARCHIVE_ID_SIZE],
                                  struct sj_error *err)
{
    struct archive_wait w = {.plain = plain->p, .n = plain->n};
    uint64_t newest = 0;
    /* What waits there says where the end is, and that the owner is registered. */
    bool looks = !v->waiting || !last || e->network_id;
    archive_hash(v->s, v->prefix, v->room, e->network_id, w.hash);
    enum sj_status status = looks ? archive_view_begin(v, err) : SJ_OK;
    if (status != SJ_OK)
        return status;
    if (archive_has(v, e, w.hash, id))
        status = sj_fail(err, SJ_EXISTS, "the entry is there already");
    else
        status = archive_find_place(v, place_ms, last, &newest, &w.position, err);
    if (looks)
        archive_view_end(v);
    if (status != SJ_OK)
        return status;
    archive_add_wait(v, &w, newest);
    archive_view_id(v, w.position, salt, id);
    return SJ_OK;
}

static void archive_encode(struct secret_buf *out, const struct record_archive *record)
{
    secret_buf_reserve(out, record_encode_archive(NULL, 0, record));
    out->n = record_encode_archive(out->p, out->cap, record);
}

static enum sj_status archive_no_room(struct sj_error *err)
{
    return sj_fail(err, SJ_LIMIT, "too much waits to be written");
}

static enum sj_status archive_insert(struct sj_store *s, const struct sj_owner *owner,
                                     const char *room, const struct sj_archive_entry *e,
                                     int64_t place_ms, bool last, char id[SJ_ARCHIVE_ID_SIZE],
                                     struct sj_error *err)
{
    struct archive_view v;
    struct secret_buf plain = {NULL, 0, 0};
    struct record_archive record = {.time = e->time, .network_id = e->network_id, .data = e->data,
                                    .n = e->n};
    enum sj_status status = archive_check_put(s, room, e, err);
    if (status != SJ_OK)
        return status;
    sj_random_public(&record.salt, sizeof record.salt);
    archive_encode(&plain, &record);
    if (!group_room(s, plain.n))         /* before the view: it may write what waits */
        status = archive_no_room(err);
    if (status == SJ_OK)
        status = archive_view_init(&v, s, owner, room, err);
    if (status == SJ_OK)
        status = archive_put(&v, e, place_ms, last, &plain, record.salt, id, err);
    secret_buf_release(&plain);
    return status;
}

enum sj_status sj_store_archive_put(struct sj_store *s, const struct sj_owner *owner,
                                    const char *room, const struct sj_archive_entry *e, bool last,
                                    char id[SJ_ARCHIVE_ID_SIZE], struct sj_error *err)
{
    return archive_insert(s, owner, room, e, e->time, last, id, err);
}

enum sj_status archive_restore(struct sj_store *s, const struct sj_owner *owner, const char *room,
                               const struct sj_archive_entry *e, int64_t place_ms,
                               struct sj_error *err)
{
    char id[SJ_ARCHIVE_ID_SIZE];
    return archive_insert(s, owner, room, e, place_ms, false, id, err);
}

/* --- changing ------------------------------------------------------------------------------- */

/* Inside a read frame. */
static enum sj_status archive_replace(struct archive_view *v, const char *id, const void *data,
                                      size_t n, struct sj_error *err)
{
    struct archive_at at;
    struct record_archive record;
    struct secret_buf plain = {NULL, 0, 0};
    uint64_t newest = 0;
    enum sj_status status = archive_view_by_id(v, id, &at, n > 0 ? &record : NULL, err);
    if (status == SJ_OK)
        status = archive_view_newest(v, &newest, err);
    if (status != SJ_OK)
        return status;
    struct archive_wait w = {.position = at.position, .stored = !at.wait};
    if (n > 0) {
        record.data = data;
        record.n = n;
        archive_encode(&plain, &record);
        archive_hash(v->s, v->prefix, v->room, record.network_id, w.hash);
        w.plain = plain.p;
        w.n = plain.n;
    }
    archive_add_wait(v, &w, newest);
    secret_buf_release(&plain);
    return SJ_OK;
}

enum sj_status sj_store_archive_replace(struct sj_store *s, const struct sj_owner *owner,
                                        const char *room, const char *id, const void *data,
                                        size_t n, struct sj_error *err)
{
    struct archive_view v;
    if (n > SJ_ARCHIVE_DATA_MAX)
        return sj_fail(err, SJ_LIMIT, "an entry is longer than %u bytes", SJ_ARCHIVE_DATA_MAX);
    if (!group_room(s, n + SJ_ID_MAX + 32))      /* before the view: it may write what waits */
        return archive_no_room(err);
    enum sj_status status = archive_view_init(&v, s, owner, room, err);
    if (status == SJ_OK)
        status = archive_view_begin(&v, err);
    if (status != SJ_OK)
        return status;
    status = archive_replace(&v, id, data, n, err);
    archive_view_end(&v);
    return status;
}

/* --- looking up ----------------------------------------------------------------------------- */

enum sj_status sj_store_archive_find(struct sj_store *s, const struct sj_owner *owner,
                                     const char *room, const char *network_id,
                                     char id[SJ_ARCHIVE_ID_SIZE], struct sj_error *err)
{
    struct archive_view v;
    struct archive_at at;
    struct record_archive record;
    uint8_t hash[ARCHIVE_HASH_LEN];
    enum sj_status status = archive_view_init(&v, s, owner, room, err);
    if (status == SJ_OK)
        status = archive_view_begin(&v, err);
    if (status != SJ_OK)
        return status;
    archive_hash(s, v.prefix, room, network_id, hash);
    status = archive_view_by_network(&v, network_id, hash, &at, &record, err);
    if (status == SJ_OK)
        archive_view_id(&v, at.position, record.salt, id);
    archive_view_end(&v);
    return status;
}

enum sj_status sj_store_archive_get(struct sj_store *s, const struct sj_owner *owner,
                                    const char *room, const char *id,
                                    void (*fn)(const struct sj_archive_entry *, void *arg),
                                    void *arg, struct sj_error *err)
{
    struct archive_view v;
    struct archive_at at;
    struct record_archive record;
    enum sj_status status = archive_view_init(&v, s, owner, room, err);
    if (status == SJ_OK)
        status = archive_view_begin(&v, err);
    if (status != SJ_OK)
        return status;
    status = archive_view_by_id(&v, id, &at, &record, err);
    if (status == SJ_OK)
        fn(&(struct sj_archive_entry){.id = id, .time = record.time,
                                      .network_id = record.network_id, .data = record.data,
                                      .n = record.n}, arg);
    archive_view_end(&v);
    return status;
}

enum sj_status sj_store_archive_count(struct sj_store *s, const struct sj_owner *owner,
                                      const char *room, uint64_t *n, struct sj_error *err)
{
    struct archive_view v;
    *n = 0;
    enum sj_status status = archive_view_init(&v, s, owner, room, err);
    if (status == SJ_OK)
        status = archive_view_begin(&v, err);
    if (status != SJ_OK)
        return status;
    status = archive_view_count(&v, n, err);
    archive_view_end(&v);
    return status;
}
