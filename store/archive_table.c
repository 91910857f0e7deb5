/* SPDX-License-Identifier: MPL-2.0 */
/* Archives in their tables: where entries stand, what leads to them, how many a room has.
 *
 * Table `archive`: lookup key user part (16), half an item part for the room (8), position (8), so
 * that the entries of a room lie in the archive's order; position 0 is the room's own record.
 * Value: the hash of the network's id (8, or zeros) in clear, then the sealed record. Table
 * `archive-id`: the same prefix and that hash lead to the position. An entry goes with what leads
 * to it, and no key is needed for that. Which entries there are is left to archive.c. */
#include <assert.h>
#include <string.h>

#include "archive.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define ARCHIVE_POSITION_LEN 8u
static_assert(ARCHIVE_PREFIX_LEN + ARCHIVE_POSITION_LEN == STORE_KEY_LEN, "lookup key");
static_assert(ARCHIVE_PREFIX_LEN + ARCHIVE_HASH_LEN == STORE_KEY_LEN, "lookup key");
static_assert(SJ_ARCHIVE_DATA_MAX + SJ_ID_MAX + 4 + 8 + 3 + 4 <= STORE_RECORD_MAX, "record size");

static const uint8_t archive_no_hash[ARCHIVE_HASH_LEN];

static void archive_put_uint(uint8_t out[ARCHIVE_POSITION_LEN], uint64_t v)
{
    for (size_t i = 0; i < ARCHIVE_POSITION_LEN; i++)
        out[i] = (uint8_t)(v >> (8 * (ARCHIVE_POSITION_LEN - 1 - i)));
}

static uint64_t archive_get_uint(const uint8_t p[ARCHIVE_POSITION_LEN])
{
    uint64_t v = 0;
    for (size_t i = 0; i < ARCHIVE_POSITION_LEN; i++)
        v = v << 8 | p[i];
    return v;
}

void archive_prefix(const struct sj_store *s, const uint8_t user[STORE_PART_LEN], const char *room,
                    uint8_t out[ARCHIVE_PREFIX_LEN])
{
    memcpy(out, user, STORE_PART_LEN);
    seal_half_part(s->seal, user, store_table_name(STORE_ARCHIVE), room, out + STORE_PART_LEN);
}

void archive_hash(const struct sj_store *s, const uint8_t user[STORE_PART_LEN], const char *room,
                  const char *network_id, uint8_t out[ARCHIVE_HASH_LEN])
{
    struct sj_strbuf text;
    memset(out, 0, ARCHIVE_HASH_LEN);
    if (!network_id)
        return;
    sj_strbuf_init(&text, SIZE_MAX / 2);
    /* No room's id holds a control character. */
    sj_strbuf_addf(&text, "%s\x01%s", room, network_id);
    seal_half_part(s->seal, user, store_table_name(STORE_ARCHIVE_ID), text.s, out);
    sj_strbuf_release(&text);
}

void archive_key(uint8_t out[STORE_KEY_LEN], const uint8_t prefix[ARCHIVE_PREFIX_LEN],
                 uint64_t position)
{
    memcpy(out, prefix, ARCHIVE_PREFIX_LEN);
    archive_put_uint(out + ARCHIVE_PREFIX_LEN, position);
}

uint64_t archive_position(const uint8_t key[STORE_KEY_LEN])
{
    return archive_get_uint(key + ARCHIVE_PREFIX_LEN);
}

uint64_t archive_position_of(int64_t ms)
{
    if (ms <= 0)
        return 1;
    return (uint64_t)(ms > ARCHIVE_MS_MAX ? ARCHIVE_MS_MAX : ms) << ARCHIVE_NUMBER_BITS;
}

int64_t archive_ms_of(uint64_t position)
{
    return (int64_t)(position >> ARCHIVE_NUMBER_BITS);
}

/* --- the room's own record ------------------------------------------------------------------ */

static bool archive_count_one(void *arg, const uint8_t key[STORE_KEY_LEN],
                              struct store_bytes value)
{
    uint64_t *n = arg;
    (void)value;
    *n += archive_position(key) != 0;
    return true;
}

enum sj_status archive_room_load(struct sj_store *s, const uint8_t prefix[ARCHIVE_PREFIX_LEN],
                                 const struct seal_key *key, struct secret_buf *plain,
                                 struct record_archive_room *out, struct sj_error *err)
{
    struct store_place place = {.table = STORE_ARCHIVE};
    archive_key(place.key, prefix, 0);
    enum sj_status status = sealed_get(s, &place, key, plain, err);
    if (status == SJ_OK && !record_decode_archive_room(out, STORE_SCHEMA, plain->p, plain->n))
        status = sealed_damaged(s, &place, err);
    if (status == SJ_OK)
        return SJ_OK;
    *out = (struct record_archive_room){.n = 0, .room = NULL};
    return s->engine->ops->each(s->engine, STORE_ARCHIVE, prefix, ARCHIVE_PREFIX_LEN,
                                archive_count_one, &out->n, err);
}

static enum sj_status archive_remove(struct sj_store *s, enum store_table table,
                                     const uint8_t key[STORE_KEY_LEN], struct sj_error *err)
{
    enum sj_status status = s->engine->ops->remove(s->engine, table, key, err);
    return status == SJ_NOTFOUND ? SJ_OK : status;
}

enum sj_status archive_room_save(struct sj_store *s, const uint8_t prefix[ARCHIVE_PREFIX_LEN],
                                 const struct seal_key *key, const struct record_archive_room *r,
                                 struct sj_error *err)
{
    uint8_t plain[8 + 2 + SJ_ID_MAX + 1];
    struct store_place place = {.table = STORE_ARCHIVE};
    archive_key(place.key, prefix, 0);
    if (r->n == 0)
        return archive_remove(s, STORE_ARCHIVE, place.key, err);
    if (!r->room)
        return SJ_OK;
    size_t n = record_encode_archive_room(plain, sizeof plain, r);
    return sealed_put(s, &place, key, plain, n, err);
}

/* --- entries -------------------------------------------------------------------------------- */

static void archive_stored_hash(uint8_t out[ARCHIVE_HASH_LEN], struct store_bytes stored)
{
    memset(out, 0, ARCHIVE_HASH_LEN);
    if (stored.n >= ARCHIVE_HASH_LEN)
        memcpy(out, stored.p, ARCHIVE_HASH_LEN);
}

/* Removes what leads to the entry at key, unless it leads to another one by now. */
static enum sj_status archive_unlead(struct sj_store *s, const uint8_t key[STORE_KEY_LEN],
                                     const uint8_t hash[ARCHIVE_HASH_LEN], struct sj_error *err)
{
    uint8_t lead[STORE_KEY_LEN];
    struct store_bytes to;
    if (memcmp(hash, archive_no_hash, ARCHIVE_HASH_LEN) == 0)
        return SJ_OK;
    memcpy(lead, key, ARCHIVE_PREFIX_LEN);
    memcpy(lead + ARCHIVE_PREFIX_LEN, hash, ARCHIVE_HASH_LEN);
    if (s->engine->ops->get(s->engine, STORE_ARCHIVE_ID, lead, &to, NULL) != SJ_OK ||
        to.n != ARCHIVE_POSITION_LEN ||
        memcmp(to.p, key + ARCHIVE_PREFIX_LEN, ARCHIVE_POSITION_LEN) != 0)
        return SJ_OK;
    return archive_remove(s, STORE_ARCHIVE_ID, lead, err);
}

enum sj_status archive_drop(struct sj_store *s, const struct store_found *at, struct sj_error *err)
{
    uint8_t key[STORE_KEY_LEN], hash[ARCHIVE_HASH_LEN];
    memcpy(key, at->key, STORE_KEY_LEN);
    archive_stored_hash(hash, at->value);        /* a copy: what is borrowed ends with a write */
    enum sj_status status = archive_unlead(s, key, hash, err);
    return status == SJ_OK ? archive_remove(s, STORE_ARCHIVE, key, err) : status;
}

enum sj_status archive_open(struct sj_store *s, const uint8_t at[STORE_KEY_LEN],
                            const struct seal_key *key, struct store_bytes stored,
                            struct secret_buf *plain, struct record_archive *out,
                            struct sj_error *err)
{
    struct store_place place = {.table = STORE_ARCHIVE};
    memcpy(place.key, at, STORE_KEY_LEN);
    if (stored.n < ARCHIVE_HASH_LEN)
        return sealed_damaged(s, &place, err);
    stored.p += ARCHIVE_HASH_LEN;
    stored.n -= ARCHIVE_HASH_LEN;
    enum sj_status status = sealed_open(s, &place, key, stored, plain, err);
    if (status == SJ_OK && !record_decode_archive(out, STORE_SCHEMA, plain->p, plain->n))
        status = sealed_damaged(s, &place, err);
    return status;
}

static enum sj_status archive_put_entry(struct sj_store *s, const uint8_t at[STORE_KEY_LEN],
                                        const struct archive_wait *w, const struct seal_key *key,
                                        struct sj_error *err)
{
    const struct seal_place where = {store_table_name(STORE_ARCHIVE), at};
    struct store_bytes value = {NULL, ARCHIVE_HASH_LEN + seal_size(w->n)};
    uint8_t *bytes = sj_malloc(value.n);
    memcpy(bytes, w->hash, ARCHIVE_HASH_LEN);
    seal_close(bytes + ARCHIVE_HASH_LEN, key, &where, STORE_SCHEMA, w->plain, w->n);
    value.p = bytes;
    enum sj_status status = s->engine->ops->put(s->engine, STORE_ARCHIVE, at, value, err);
    sj_free(bytes);
    return status;
}

static enum sj_status archive_put_lead(struct sj_store *s, const uint8_t at[STORE_KEY_LEN],
                                       const uint8_t hash[ARCHIVE_HASH_LEN], struct sj_error *err)
{
    uint8_t lead[STORE_KEY_LEN];
    const struct store_bytes to = {at + ARCHIVE_PREFIX_LEN, ARCHIVE_POSITION_LEN};
    if (memcmp(hash, archive_no_hash, ARCHIVE_HASH_LEN) == 0)
        return SJ_OK;
    memcpy(lead, at, ARCHIVE_PREFIX_LEN);
    memcpy(lead + ARCHIVE_PREFIX_LEN, hash, ARCHIVE_HASH_LEN);
    return s->engine->ops->put(s->engine, STORE_ARCHIVE_ID, lead, to, err);
}

/* Removes what stands where w is to stand, counted in *n. */
static enum sj_status archive_make_way(struct sj_store *s, struct store_found *old,
                                       const struct archive_wait *w, uint64_t *n,
                                       struct sj_error *err)
{
    uint8_t hash[ARCHIVE_HASH_LEN];
    enum sj_status status = s->engine->ops->get(s->engine, STORE_ARCHIVE, old->key, &old->value,
                                                err);
    if (status != SJ_OK)
        return status == SJ_NOTFOUND ? SJ_OK : status;
    *n -= *n > 0;
    if (w->n == 0)
        return archive_drop(s, old, err);
    archive_stored_hash(hash, old->value);
    if (memcmp(hash, w->hash, ARCHIVE_HASH_LEN) == 0)
        return SJ_OK;                    /* leads here all the same */
    return archive_unlead(s, old->key, hash, err);
}

enum sj_status archive_write(struct sj_store *s, const uint8_t prefix[ARCHIVE_PREFIX_LEN],
                             const struct archive_wait *w, const struct seal_key *key, uint64_t *n,
                             struct sj_error *err)
{
    struct store_found at;
    archive_key(at.key, prefix, w->position);
    enum sj_status status = w->stored ? archive_make_way(s, &at, w, n, err) : SJ_OK;
    if (status != SJ_OK || w->n == 0)
        return status;
    status = archive_put_entry(s, at.key, w, key, err);
    if (status == SJ_OK)
        status = archive_put_lead(s, at.key, w->hash, err);
    *n += 1;
    return status;
}

enum sj_status archive_oldest(struct sj_store *s, const uint8_t prefix[ARCHIVE_PREFIX_LEN],
                              struct store_found *out, struct sj_error *err)
{
    uint8_t first[STORE_KEY_LEN];
    archive_key(first, prefix, 1);
    enum sj_status status = s->engine->ops->seek(s->engine, STORE_ARCHIVE, first, out, err);
    if (status == SJ_OK && memcmp(out->key, prefix, ARCHIVE_PREFIX_LEN) != 0)
        return sj_fail(err, SJ_NOTFOUND, "no such record");
    return status;
}
