/* SPDX-License-Identifier: MPL-2.0 */
/* Takes out entries of archives that are too old, and those beyond a bound that was lowered, oldest
 * first (G313-14), a few at a time, so that nobody waits.
 *
 * A sweep looks at the first entry of each room, not at each entry. A step looks at SWEEP_ROOMS
 * rooms at most and removes SWEEP_DROPS entries at most; while there is more to do the next step
 * follows soon, else in an hour. With archives switched off it takes out all. What a user leaves
 * cannot be read any more, since the key is gone; the sweep takes out what is too much for once. */
#include <string.h>

#include "archive.h"

#define SWEEP_ROOMS 128u
#define SWEEP_DROPS 256u
#define SWEEP_FIRST_MS 60000
#define SWEEP_STEP_MS 200
#define SWEEP_REST_MS 3600000
/* Entries of a user who leaves that go at once. */
#define LEAVE_DROPS 2000u

/* One room. */
struct sweep {
    uint8_t prefix[ARCHIVE_PREFIX_LEN];
    uint64_t before;                     /* positions below this one go */
    bool has_key;                        /* else nobody can read it: all goes */
    struct seal_key key;
    struct secret_buf plain;
    struct record_archive_room room;
};

static void sweep_release(struct sweep *w)
{
    seal_key_wipe(&w->key);
    secret_buf_release(&w->plain);
}

/* Inside a frame: what is to go in the room that stands at this key. */
static enum sj_status sweep_room(struct sj_store *s, const uint8_t at[STORE_KEY_LEN],
                                 struct sweep *w, struct sj_error *err)
{
    int64_t since = calendar_now(s) - (int64_t)s->archive_days * ARCHIVE_DAY_MS;
    memcpy(w->prefix, at, ARCHIVE_PREFIX_LEN);
    w->before = s->archive_days > 0 ? archive_position_of(since) : UINT64_MAX;
    enum sj_status status = sealed_owner_key(s, at, &w->key, NULL);
    w->has_key = status == SJ_OK;
    if (status == SJ_NOTFOUND)           /* what is damaged stays until its time has come */
        w->before = UINT64_MAX;
    if (!w->has_key) {
        w->room = (struct record_archive_room){.n = 0};
        return SJ_OK;
    }
    return archive_room_load(s, w->prefix, &w->key, &w->plain, &w->room, err);
}

/* This machine's clock was ahead by far when the entry was put, or it is behind now. If it was
 * ahead the entry's own time counts, as far as that can be right: else it would stay for years, and
 * all behind it. */
static bool sweep_is_astray(struct sj_store *s, struct sweep *w, const struct store_found *oldest)
{
    int64_t now = sj_loop_utc_ms(s->loop);
    struct record_archive record;
    struct secret_buf plain = {NULL, 0, 0};
    if (!w->has_key || archive_ms_of(archive_position(oldest->key)) < now + ARCHIVE_DAY_MS)
        return false;
    bool known = archive_open(s, oldest->key, &w->key, oldest->value, &plain, &record, NULL) ==
                     SJ_OK &&
                 record.time <= now + ARCHIVE_DAY_MS;
    bool astray = known ? record.time < archive_ms_of(w->before) : calendar_is_proven(s);
    secret_buf_release(&plain);
    return astray;
}

static bool sweep_is_due(struct sj_store *s, struct sweep *w, const struct store_found *oldest)
{
    return archive_position(oldest->key) < w->before ||
           (w->has_key && w->room.n > s->archive_messages) || sweep_is_astray(s, w, oldest);
}

/* The first possible key behind this room. False: there can be none. */
static bool sweep_next_room(uint8_t key[STORE_KEY_LEN])
{
    size_t i = ARCHIVE_PREFIX_LEN;
    memset(key + ARCHIVE_PREFIX_LEN, 0, STORE_KEY_LEN - ARCHIVE_PREFIX_LEN);
    while (i > 0 && ++key[i - 1] == 0)
        i--;
    return i > 0;
}

/* Goes on to the next room, and says whether something is to go there. */
static enum sj_status sweep_look_at(struct sj_store *s, bool *due)
{
    struct store_found found;
    struct sweep w = {.has_key = false};
    enum sj_status status = s->engine->ops->seek(s->engine, STORE_ARCHIVE, s->archive_at, &found,
                                                 NULL);
    if (status != SJ_OK)
        return status;
    memcpy(s->archive_at, found.key, STORE_KEY_LEN);
    status = sweep_room(s, found.key, &w, NULL);
    if (status == SJ_OK) {
        enum sj_status oldest = archive_oldest(s, w.prefix, &found, NULL);
        *due = oldest == SJ_NOTFOUND || (oldest == SJ_OK && sweep_is_due(s, &w, &found));
    }
    sweep_release(&w);
    if (!*due && !sweep_next_room(s->archive_at))
        return SJ_NOTFOUND;
    return status;
}

/* SJ_NOTFOUND: that was all of them. */
static enum sj_status sweep_look(struct sj_store *s, bool *due)
{
    *due = false;
    enum sj_status status = store_read_begin(s, NULL);
    if (status != SJ_OK)
        return status;
    for (unsigned i = 0; status == SJ_OK && !*due && i < SWEEP_ROOMS; i++)
        status = sweep_look_at(s, due);
    store_read_end(s);
    return status;
}

/* Removes what is due in one room. */
static enum sj_status sweep_drop(struct sj_store *s, struct sweep *w, struct sj_error *err)
{
    for (unsigned drops = 0; drops < SWEEP_DROPS; drops++) {
        struct store_found oldest;
        enum sj_status status = archive_oldest(s, w->prefix, &oldest, err);
        if (status == SJ_NOTFOUND) {
            w->room.n = 0;               /* its record goes as well */
            return SJ_OK;
        }
        if (status == SJ_OK && !sweep_is_due(s, w, &oldest))
            return SJ_OK;
        if (status == SJ_OK)
            status = archive_drop(s, &oldest, err);
        if (status != SJ_OK)
            return status;
        w->room.n -= w->room.n > 0;
    }
    return SJ_OK;
}

static enum sj_status sweep_change(struct sj_store *s, void *arg, struct sj_error *err)
{
    struct sweep w = {.has_key = false};
    struct store_found rest;
    (void)arg;
    enum sj_status status = sweep_room(s, s->archive_at, &w, err);
    if (status == SJ_OK)
        status = sweep_drop(s, &w, err);
    bool empty = status == SJ_OK && archive_oldest(s, w.prefix, &rest, NULL) == SJ_NOTFOUND;
    if (empty)                           /* with leads that damage has left over */
        status = s->engine->ops->remove_prefix(s->engine, STORE_ARCHIVE_ID, w.prefix,
                                               ARCHIVE_PREFIX_LEN, err);
    if (empty)
        w.room.n = 0;
    if (status == SJ_OK && (empty || w.has_key))
        status = archive_room_save(s, w.prefix, &w.key, &w.room, err);
    sweep_release(&w);
    return status;
}

static void sweep_step(void *arg)
{
    struct sj_store *s = arg;
    int64_t wait = SWEEP_STEP_MS;
    bool due = false;
    if (store_busy(s)) {                 /* nobody is to wait for the disk for this */
        sj_timer_start(s->loop, &s->archive_timer, STORE_BUSY_MS);
        return;
    }
    /* While records move to another key rooms are in no order. */
    enum sj_status status = s->rekey ? SJ_NOTFOUND : sweep_look(s, &due);
    if (due)
        status = store_write(s, STORE_BEHIND, sweep_change, NULL, NULL);
    if (status != SJ_OK) {               /* through, or a disk that must rest */
        memset(s->archive_at, 0, sizeof s->archive_at);
        wait = SWEEP_REST_MS;
    }
    sj_timer_start(s->loop, &s->archive_timer, wait);
}

void archive_expiry_start(struct sj_store *s, unsigned days, unsigned messages)
{
    s->archive_days = days;
    s->archive_messages = messages > 0 ? messages : SJ_ARCHIVE_MESSAGES;
    memset(s->archive_at, 0, sizeof s->archive_at);
    sj_timer_init(&s->archive_timer, sweep_step, s);
    sj_timer_start(s->loop, &s->archive_timer, SWEEP_FIRST_MS);
}

void archive_expiry_stop(struct sj_store *s)
{
    if (s->archive_messages > 0)
        sj_timer_stop(&s->archive_timer);
}

/* --- who leaves ----------------------------------------------------------------------------- */

enum sj_status archive_leave(struct sj_store *s, const uint8_t user[STORE_PART_LEN], bool *left,
                             struct sj_error *err)
{
    uint8_t first[STORE_KEY_LEN] = {0};
    memcpy(first, user, STORE_PART_LEN);
    *left = false;
    for (unsigned drops = 0; drops < LEAVE_DROPS; drops++) {
        struct store_found found;
        enum sj_status status = s->engine->ops->seek(s->engine, STORE_ARCHIVE, first, &found, err);
        if (status == SJ_NOTFOUND ||
            (status == SJ_OK && memcmp(found.key, user, STORE_PART_LEN) != 0))
            return archive_erase(s, user, err);
        if (status == SJ_OK)
            status = archive_drop(s, &found, err);
        if (status != SJ_OK)
            return status;
    }
    *left = true;
    return SJ_OK;
}

enum sj_status archive_erase(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                             struct sj_error *err)
{
    const struct engine_ops *ops = s->engine->ops;
    enum sj_status status = ops->remove_prefix(s->engine, STORE_ARCHIVE, user, STORE_PART_LEN,
                                               err);
    return status == SJ_OK ? ops->remove_prefix(s->engine, STORE_ARCHIVE_ID, user, STORE_PART_LEN,
                                                err)
                           : status;
}

void archive_expiry_soon(struct sj_store *s)
{
    if (s->archive_messages == 0)        /* not started */
        return;
    memset(s->archive_at, 0, sizeof s->archive_at);
    sj_timer_start(s->loop, &s->archive_timer, SWEEP_STEP_MS);
}
