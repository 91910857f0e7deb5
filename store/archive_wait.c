/* SPDX-License-Identifier: MPL-2.0 */
/* Entries of archives that wait for a grouped commit (group.c has its clock and its bounds).
 *
 * They wait by room, ordered by position, at most one for a position: so a view (archive_view.c)
 * can lay them over what is stored, and a busy room with readers costs no commit for each message.
 * A commit writes room by room; those beyond the bound go with it, oldest first (G313-14). */
#include <string.h>

#include "archive.h"
#include "sojourn/memory.h"

/* A room that has more than the bound by far (it was lowered) shrinks in steps. */
#define ARCHIVE_DROPS_MAX 64u

void archive_waits_init(struct sj_store *s)
{
    sj_map_init(&s->archive_rooms);
    sj_list_init(&s->archive_order);
}

static void archive_room_name(char out[ARCHIVE_NAME_SIZE],
                              const uint8_t prefix[ARCHIVE_PREFIX_LEN])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < ARCHIVE_PREFIX_LEN; i++) {
        out[2 * i] = digits[prefix[i] >> 4];
        out[2 * i + 1] = digits[prefix[i] & 15];
    }
    out[ARCHIVE_NAME_SIZE - 1] = '\0';
}

struct archive_room *archive_waits_find(const struct sj_store *s,
                                        const uint8_t prefix[ARCHIVE_PREFIX_LEN])
{
    char name[ARCHIVE_NAME_SIZE];
    if (s->n_archive == 0)
        return NULL;
    archive_room_name(name, prefix);
    return sj_map_find(&s->archive_rooms, name);
}

struct archive_room *archive_waits_add_room(struct sj_store *s,
                                            const uint8_t prefix[ARCHIVE_PREFIX_LEN],
                                            const char *room, uint64_t newest)
{
    struct archive_room *r = sj_calloc(1, sizeof *r);
    archive_room_name(r->name, prefix);
    memcpy(r->prefix, prefix, ARCHIVE_PREFIX_LEN);
    r->room = sj_strdup(room);
    r->newest = newest;
    sj_map_put(&s->archive_rooms, r->name, r);
    sj_list_append(&s->archive_order, &r->link);
    return r;
}

size_t archive_waits_lower(const struct archive_room *r, uint64_t position)
{
    size_t low = 0, high = r->n;
    if (high > 0 && r->waits[high - 1].position < position)
        return high;                     /* the usual case: behind all others */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->waits[middle].position < position)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void archive_wait_clear(struct sj_store *s, struct archive_wait *w)
{
    if (w->plain)
        sj_wipe(w->plain, w->n);
    sj_free(w->plain);
    s->pending_bytes -= w->n;
    s->n_archive--;
}

/* Makes a place at index i. */
static struct archive_wait *archive_wait_insert(struct archive_room *r, size_t i)
{
    if (r->n == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 4;
        r->waits = sj_realloc(r->waits, r->cap * sizeof *r->waits);
    }
    memmove(r->waits + i + 1, r->waits + i, (r->n - i) * sizeof *r->waits);
    r->n++;
    return &r->waits[i];
}

void archive_waits_put(struct sj_store *s, struct archive_room *r, const struct archive_wait *w)
{
    size_t i = archive_waits_lower(r, w->position);
    struct archive_wait *to;
    bool stored = w->stored;
    if (i < r->n_noted)
        parts_forget(s);
    if (i < r->n && r->waits[i].position == w->position) {
        to = &r->waits[i];
        stored = to->stored;
        archive_wait_clear(s, to);
    } else {
        to = archive_wait_insert(r, i);
    }
    *to = *w;
    to->stored = stored;
    to->plain = NULL;
    if (w->n > 0) {
        to->plain = sj_malloc(w->n);
        memcpy(to->plain, w->plain, w->n);
    }
    if (w->position > r->newest)
        r->newest = w->position;
    s->pending_bytes += w->n;
    s->n_archive++;
    parts_soon(s);
}

static void archive_room_free(struct sj_store *s, struct archive_room *r)
{
    s->n_archive_noted -= r->n_noted;
    for (size_t i = 0; i < r->n; i++)
        archive_wait_clear(s, &r->waits[i]);
    sj_map_remove(&s->archive_rooms, r->name);
    sj_list_remove(&r->link);
    sj_free(r->waits);
    sj_free(r->room);
    sj_free(r);
}

void archive_waits_clear(struct sj_store *s)
{
    while (!sj_list_empty(&s->archive_order))
        archive_room_free(s, SJ_CONTAINER(s->archive_order.next, struct archive_room, link));
}

void archive_waits_release(struct sj_store *s)
{
    archive_waits_clear(s);
    sj_map_release(&s->archive_rooms);
}

void archive_waits_drop(struct sj_store *s, const uint8_t user[STORE_PART_LEN])
{
    struct sj_list *l = s->archive_order.next;
    while (l != &s->archive_order) {
        struct archive_room *r = SJ_CONTAINER(l, struct archive_room, link);
        l = l->next;
        if (memcmp(r->prefix, user, STORE_PART_LEN) == 0)
            archive_room_free(s, r);
    }
}

/* --- writing -------------------------------------------------------------------------------- */

/* How many of n may stay: when the store is full, two go for each that has come now, but none of
 * those that wait. */
static uint64_t archive_room_bound(const struct sj_store *s, const struct archive_room *r,
                                   size_t come, uint64_t n)
{
    uint64_t bound = s->archive_messages;
    if (s->scarce && n < bound)
        bound = n;
    if (s->scarce)
        bound = bound > r->n_noted + 2 * come ? bound - 2 * come : r->n_noted;
    return bound;
}

/* Takes out the oldest that are too many. come: how many have been noted now. */
static enum sj_status archive_room_cut(struct sj_store *s, const struct archive_room *r,
                                       size_t come, uint64_t *n, struct sj_error *err)
{
    enum sj_status status = SJ_OK;
    size_t drops = 2 * come + ARCHIVE_DROPS_MAX;
    uint64_t bound = archive_room_bound(s, r, come, *n);
    for (; status == SJ_OK && *n > bound && drops > 0; drops--) {
        struct store_found oldest;
        status = archive_oldest(s, r->prefix, &oldest, err);
        if (status == SJ_NOTFOUND) {
            *n = 0;
            return SJ_OK;
        }
        if (status == SJ_OK)
            status = archive_drop(s, &oldest, err);
        *n -= status == SJ_OK;
    }
    return status;
}

/* The last n of those that are noted. */
static enum sj_status archive_room_write(struct sj_store *s, const struct archive_room *r,
                                         size_t n, const struct seal_key *key,
                                         struct secret_buf *plain, struct sj_error *err)
{
    struct record_archive_room now;
    enum sj_status status = archive_room_load(s, r->prefix, key, plain, &now, err);
    now.room = r->room;
    for (size_t i = 0; status == SJ_OK && i < n; i++)
        status = archive_write(s, r->prefix, &r->waits[r->n_noted - n + i], key, &now.n, err);
    if (status == SJ_OK)
        status = archive_room_cut(s, r, n, &now.n, err);
    return status == SJ_OK ? archive_room_save(s, r->prefix, key, &now, err) : status;
}

enum sj_status archive_waits_apply(struct sj_store *s, size_t max, struct sj_error *err)
{
    struct secret_buf plain = {NULL, 0, 0};
    enum sj_status status = SJ_OK;
    struct sj_list *l = s->archive_order.next;
    for (; l != &s->archive_order && max > 0; l = l->next) {
        struct archive_room *r = SJ_CONTAINER(l, struct archive_room, link);
        size_t n = r->n - r->n_noted < max ? r->n - r->n_noted : max;
        struct seal_key key;
        if (n == 0)
            continue;
        max -= n;
        r->n_noted += n;
        s->n_archive_noted += n;
        status = sealed_owner_key(s, r->prefix, &key, err);
        if (status == SJ_OK)
            status = archive_room_write(s, r, n, &key, &plain, err);
        seal_key_wipe(&key);
        /* Owners that are unknown or damaged must not hold up the others. */
        if (status != SJ_OK && status != SJ_NOTFOUND && status != SJ_INTERNAL)
            break;
        status = SJ_OK;
    }
    secret_buf_release(&plain);
    return status;
}

size_t archive_waits_left(const struct sj_store *s)
{
    return s->n_archive - s->n_archive_noted;
}

void archive_waits_forget_notes(struct sj_store *s)
{
    struct sj_list *l = s->archive_order.next;
    for (; s->n_archive_noted > 0 && l != &s->archive_order; l = l->next) {
        struct archive_room *r = SJ_CONTAINER(l, struct archive_room, link);
        s->n_archive_noted -= r->n_noted;
        r->n_noted = 0;
    }
}
