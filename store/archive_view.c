/* SPDX-License-Identifier: MPL-2.0 */
/* A room's archive as reads see it: what is stored, with what waits laid over it.
 *
 * Of the entries that wait each stands for its position, whatever the table has there; one that is
 * to be removed hides it. Ids that others were shown are the position and the entry's salt, sealed
 * for user and room (seal.c): they need no record, tell nothing, cannot be guessed (G359-03), and
 * an entry that comes to stand where another one was has another (G313-05). */
#include <string.h>

#include "archive.h"

static enum sj_status archive_none(struct sj_error *err)
{
    return sj_fail(err, SJ_NOTFOUND, "no such record");
}

enum sj_status archive_view_init(struct archive_view *v, struct sj_store *s,
                                 const struct sj_owner *owner, const char *room,
                                 struct sj_error *err)
{
    uint8_t user[STORE_PART_LEN];
    enum sj_status status = record_check_owner(owner, err);
    if (status != SJ_OK)
        return status;
    if (strnlen(room, SJ_ID_MAX + 1) > SJ_ID_MAX || room[0] == '\0')
        return archive_none(err);
    *v = (struct archive_view){.s = s, .room = room};
    seal_user_part(s->seal, owner, user);
    archive_prefix(s, user, room, v->prefix);
    v->waiting = archive_waits_find(s, v->prefix);
    return SJ_OK;
}

static enum sj_status archive_view_key(struct archive_view *v, struct sj_error *err)
{
    enum sj_status status = SJ_OK;
    if (!v->has_key)
        status = sealed_owner_key(v->s, v->prefix, &v->key, err);
    v->has_key = status == SJ_OK;
    return status;
}

enum sj_status archive_view_begin(struct archive_view *v, struct sj_error *err)
{
    enum sj_status status = store_read_begin(v->s, err);
    /* What waits is a registered owner's. */
    if (status != SJ_OK || v->waiting)
        return status;
    status = archive_view_key(v, err);
    if (status != SJ_OK)
        store_read_end(v->s);
    return status;
}

void archive_view_end(struct archive_view *v)
{
    store_read_end(v->s);
    seal_key_wipe(&v->key);
    secret_buf_release(&v->plain);
}

/* --- finding -------------------------------------------------------------------------------- */

static enum sj_status archive_of_wait(const struct archive_wait *w, struct archive_at *out,
                                      struct sj_error *err)
{
    *out = (struct archive_at){.position = w->position, .wait = w};
    return w->n > 0 ? SJ_OK : archive_none(err);
}

enum sj_status archive_view_at(struct archive_view *v, uint64_t position, struct archive_at *out,
                               struct sj_error *err)
{
    uint8_t key[STORE_KEY_LEN];
    size_t i = v->waiting ? archive_waits_lower(v->waiting, position) : 0;
    if (v->waiting && i < v->waiting->n && v->waiting->waits[i].position == position)
        return archive_of_wait(&v->waiting->waits[i], out, err);
    if (position == 0)
        return archive_none(err);
    *out = (struct archive_at){.position = position};
    archive_key(key, v->prefix, position);
    return v->s->engine->ops->get(v->s->engine, STORE_ARCHIVE, key, &out->stored, err);
}

/* What the table has at or behind a position, or (back) at or before it. */
static enum sj_status archive_stored(struct archive_view *v, uint64_t position, bool back,
                                     struct archive_at *out, struct sj_error *err)
{
    const struct engine_ops *ops = v->s->engine->ops;
    struct store_found found;
    uint8_t key[STORE_KEY_LEN];
    archive_key(key, v->prefix, position);
    enum sj_status status = back ? ops->seek_back(v->s->engine, STORE_ARCHIVE, key, &found, err)
                                 : ops->seek(v->s->engine, STORE_ARCHIVE, key, &found, err);
    if (status != SJ_OK)
        return status;
    if (memcmp(found.key, v->prefix, ARCHIVE_PREFIX_LEN) != 0 || archive_position(found.key) == 0)
        return archive_none(err);
    *out = (struct archive_at){.position = archive_position(found.key), .stored = found.value};
    return SJ_OK;
}

enum sj_status archive_view_next(struct archive_view *v, uint64_t position, struct archive_at *out,
                                 struct sj_error *err)
{
    const struct archive_room *r = v->waiting;
    if (position == 0)
        position = 1;
    for (;;) {
        enum sj_status status = archive_stored(v, position, false, out, err);
        size_t i = r ? archive_waits_lower(r, position) : 0;
        if (!r || i == r->n || (status == SJ_OK && out->position < r->waits[i].position) ||
            (status != SJ_OK && status != SJ_NOTFOUND))
            return status;
        if (archive_of_wait(&r->waits[i], out, err) == SJ_OK)
            return SJ_OK;
        if (out->position == UINT64_MAX)
            return archive_none(err);
        position = out->position + 1;
    }
}

enum sj_status archive_view_previous(struct archive_view *v, uint64_t position,
                                     struct archive_at *out, struct sj_error *err)
{
    const struct archive_room *r = v->waiting;
    for (;;) {
        enum sj_status status = archive_stored(v, position, true, out, err);
        size_t i = r ? archive_waits_lower(r, position) : 0;
        if (r && (i == r->n || r->waits[i].position > position))
            i--;                         /* SIZE_MAX: none before */
        if (!r || i >= r->n || (status == SJ_OK && out->position > r->waits[i].position) ||
            (status != SJ_OK && status != SJ_NOTFOUND))
            return status;
        if (archive_of_wait(&r->waits[i], out, err) == SJ_OK)
            return SJ_OK;
        position = out->position - 1;    /* no entry is at 0 */
    }
}

enum sj_status archive_view_newest(struct archive_view *v, uint64_t *out, struct sj_error *err)
{
    struct archive_at at;
    *out = 0;
    if (v->waiting) {
        *out = v->waiting->newest;
        return SJ_OK;
    }
    enum sj_status status = archive_stored(v, UINT64_MAX, true, &at, err);
    if (status == SJ_OK)
        *out = at.position;
    return status == SJ_NOTFOUND ? SJ_OK : status;
}

enum sj_status archive_view_count(struct archive_view *v, uint64_t *out, struct sj_error *err)
{
    struct record_archive_room stored;
    enum sj_status status = archive_view_key(v, err);
    if (status == SJ_OK)
        status = archive_room_load(v->s, v->prefix, &v->key, &v->plain, &stored, err);
    *out = status == SJ_OK ? stored.n : 0;
    for (size_t i = 0; v->waiting && i < v->waiting->n; i++) {
        const struct archive_wait *w = &v->waiting->waits[i];
        *out += w->n > 0 && !w->stored;
        *out -= w->n == 0 && w->stored && *out > 0;
    }
    return status;
}

/* --- opening -------------------------------------------------------------------------------- */

enum sj_status archive_view_open(struct archive_view *v, const struct archive_at *at,
                                 struct record_archive *out, struct sj_error *err)
{
    uint8_t key[STORE_KEY_LEN];
    if (at->wait)
        return record_decode_archive(out, STORE_SCHEMA, at->wait->plain, at->wait->n)
                   ? SJ_OK
                   : sj_fail(err, SJ_INTERNAL, "an entry that waits is damaged");
    enum sj_status status = archive_view_key(v, err);
    if (status != SJ_OK)
        return status;
    archive_key(key, v->prefix, at->position);
    return archive_open(v->s, key, &v->key, at->stored, &v->plain, out, err);
}

static void archive_bytes(uint8_t *out, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

static uint64_t archive_number(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

void archive_view_id(const struct archive_view *v, uint64_t position, uint32_t salt,
                     char out[SJ_ARCHIVE_ID_SIZE])
{
    uint8_t plain[SEAL_ID_LEN];
    archive_bytes(plain, position, 8);
    archive_bytes(plain + 8, salt, 4);
    seal_id_close(v->s->seal, v->prefix, v->room, plain, out);
}

enum sj_status archive_view_by_id(struct archive_view *v, const char *id, struct archive_at *at,
                                  struct record_archive *open, struct sj_error *err)
{
    uint8_t plain[SEAL_ID_LEN];
    struct record_archive record;
    if (!seal_id_open(v->s->seal, v->prefix, v->room, id, plain))
        return archive_none(err);
    enum sj_status status = archive_view_at(v, archive_number(plain, 8), at, err);
    if (status != SJ_OK)
        return status;
    status = archive_view_open(v, at, &record, err);
    if (status == SJ_OK && record.salt != archive_number(plain + 8, 4))
        return archive_none(err);        /* another one stands there now */
    if (open && status == SJ_OK)
        *open = record;
    /* One that is damaged is a place to go on from all the same. */
    return status == SJ_INTERNAL && !open ? SJ_OK : status;
}

/* The one that waits and has this hash, the newest first. */
static const struct archive_wait *archive_waiting_hash(const struct archive_view *v,
                                                       const uint8_t hash[ARCHIVE_HASH_LEN])
{
    for (size_t i = v->waiting ? v->waiting->n : 0; i > 0; i--) {
        const struct archive_wait *w = &v->waiting->waits[i - 1];
        if (w->n > 0 && memcmp(w->hash, hash, ARCHIVE_HASH_LEN) == 0)
            return w;
    }
    return NULL;
}

/* Where what is stored leads. */
static enum sj_status archive_follow(struct archive_view *v, const uint8_t hash[ARCHIVE_HASH_LEN],
                                     struct archive_at *at, struct sj_error *err)
{
    uint8_t lead[STORE_KEY_LEN];
    struct store_bytes to;
    memcpy(lead, v->prefix, ARCHIVE_PREFIX_LEN);
    memcpy(lead + ARCHIVE_PREFIX_LEN, hash, ARCHIVE_HASH_LEN);
    enum sj_status status = v->s->engine->ops->get(v->s->engine, STORE_ARCHIVE_ID, lead, &to, err);
    if (status != SJ_OK)
        return status;
    if (to.n != 8)
        return archive_none(err);
    return archive_view_at(v, archive_number(to.p, 8), at, err);
}

enum sj_status archive_view_by_network(struct archive_view *v, const char *network_id,
                                       const uint8_t hash[ARCHIVE_HASH_LEN], struct archive_at *at,
                                       struct record_archive *open, struct sj_error *err)
{
    const struct archive_wait *w = archive_waiting_hash(v, hash);
    enum sj_status status = w ? archive_of_wait(w, at, err) : archive_follow(v, hash, at, err);
    if (status == SJ_OK)
        status = archive_view_open(v, at, open, err);
    /* The lead is not sealed: what it leads to says whether it is right. */
    if (status == SJ_OK && (!open->network_id || strcmp(open->network_id, network_id) != 0))
        return archive_none(err);
    return status;
}
