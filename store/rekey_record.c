/* SPDX-License-Identifier: MPL-2.0 */
/* One record on its way from the old keys to the new ones.
 *
 * Hashes in lookup keys (and, in some tables, in values) keep what is below them and get another
 * veil (seal.c), so nothing has to be known of what they were made of. What is sealed is opened and
 * sealed anew under the owner's new data key, which is made of the old one with a key that only the
 * new master key gives: the same each time, so it needs no record until the owner is through. */
#include <string.h>

#include "rekey.h"
#include "sojourn/memory.h"

#define ROOM_AT STORE_PART_LEN
#define ROOM_LEN (STORE_PART_LEN / 2)

/* --- places ------------------------------------------------------------------------------- */

static void part_move(const struct seal *from, const struct seal *to, uint8_t *part, size_t n)
{
    seal_unveil(from, part, n);
    seal_veil(to, part, n);
}

static void place_move(const struct seal *from, const struct seal *to, enum store_table table,
                       const uint8_t key[STORE_KEY_LEN], uint8_t out[STORE_KEY_LEN])
{
    enum table_tail tail = table_row(table)->tail;
    if (out != key)
        memcpy(out, key, STORE_KEY_LEN);
    if (tail == TABLE_FIXED)
        return;
    part_move(from, to, out, STORE_PART_LEN);
    if (tail == TABLE_ITEM)
        part_move(from, to, out + STORE_PART_LEN, STORE_PART_LEN);
    if (tail == TABLE_PLACE || tail == TABLE_LEAD)
        part_move(from, to, out + ROOM_AT, ROOM_LEN);
    if (tail == TABLE_LEAD)
        part_move(from, to, out + ROOM_AT + ROOM_LEN, ROOM_LEN);
}

void rekey_to_old(const struct rekey *r, enum store_table table, const uint8_t key[STORE_KEY_LEN],
                  uint8_t out[STORE_KEY_LEN])
{
    place_move(r->s->seal, r->old, table, key, out);
}

void rekey_to_new(const struct rekey *r, enum store_table table, const uint8_t key[STORE_KEY_LEN],
                  uint8_t out[STORE_KEY_LEN])
{
    place_move(r->old, r->s->seal, table, key, out);
}

void rekey_prefix_to_old(const struct rekey *r, const uint8_t *prefix, size_t n,
                         uint8_t out[STORE_KEY_LEN])
{
    memset(out, 0, STORE_KEY_LEN);
    memcpy(out, prefix, n);
    part_move(r->s->seal, r->old, out, STORE_PART_LEN);
    if (n > STORE_PART_LEN)
        part_move(r->s->seal, r->old, out + ROOM_AT, ROOM_LEN);
}

/* --- records ------------------------------------------------------------------------------ */

/* Opens an owner's record in the table of keys; plain lends the result. */
static bool key_open(const struct rekey *r, const struct seal *seal,
                     const uint8_t user[STORE_PART_LEN], struct secret_buf *plain,
                     struct record_key *out)
{
    uint8_t key[STORE_KEY_LEN];
    struct store_bytes stored;
    const struct seal_place where = {store_table_name(STORE_KEY), key};
    memcpy(key, user, STORE_PART_LEN);
    seal_item_part(seal, user, where.table, "", key + STORE_PART_LEN);
    if (r->inner->ops->get(r->inner, STORE_KEY, key, &stored, NULL) != SJ_OK ||
        stored.n > STORE_SEALED_MAX)
        return false;
    secret_buf_reserve(plain, stored.n);
    return seal_open(plain->p, &plain->n, seal_wrap_key(seal), &where, stored.p, stored.n) &&
           record_decode_key(out, STORE_SCHEMA, plain->p, plain->n);
}

bool rekey_has_key(const struct rekey *r, const struct seal *seal,
                   const uint8_t user[STORE_PART_LEN])
{
    struct secret_buf plain = {NULL, 0, 0};
    struct record_key record;
    bool has = key_open(r, seal, user, &plain, &record);
    secret_buf_release(&plain);
    return has;
}

/* The keys that the table's records of an owner are sealed with, before and after. */
static bool keys_of(const struct rekey *r, enum store_table table,
                    const uint8_t old_user[STORE_PART_LEN], struct seal_key *before,
                    struct seal_key *after)
{
    struct secret_buf plain = {NULL, 0, 0};
    struct record_key record;
    if (table_row(table)->sealed == TABLE_WRAPPED) {
        *before = *seal_wrap_key(r->old);
        *after = *seal_wrap_key(r->s->seal);
        return true;
    }
    bool has = key_open(r, r->old, old_user, &plain, &record);
    if (has) {
        memcpy(before->b, record.key, sizeof before->b);
        seal_renew(r->s->seal, before, after);
    }
    secret_buf_release(&plain);
    return has;
}

/* What is in clear in front of the sealed bytes, or instead of them. */
static void clear_move(const struct rekey *r, const struct table_row *row, uint8_t *p, size_t n)
{
    static const uint8_t none[STORE_PART_LEN];
    for (size_t i = row->parts_at; row->part > 0 && i + row->part <= n; i += row->part) {
        if (memcmp(p + i, none, row->part) != 0)     /* zeros are no hash */
            part_move(r->old, r->s->seal, p + i, row->part);
    }
}

static bool sealed_move(const struct rekey *r, enum store_table table,
                        const uint8_t old_key[STORE_KEY_LEN], const uint8_t *from, size_t n,
                        uint8_t *to)
{
    struct seal_key before = {{0}}, after = {{0}}, data = {{0}};
    struct secret_buf plain = {NULL, 0, 0};
    uint8_t new_key[STORE_KEY_LEN];
    const struct seal_place was = {store_table_name(table), old_key};
    const struct seal_place is = {store_table_name(table), new_key};
    rekey_to_new(r, table, old_key, new_key);
    secret_buf_reserve(&plain, n);
    bool done = keys_of(r, table, old_key, &before, &after) &&
                seal_open(plain.p, &plain.n, &before, &was, from, n) && seal_size(plain.n) == n;
    if (done && table_row(table)->sealed == TABLE_WRAPPED && plain.n > SEAL_KEY_LEN) {
        memcpy(data.b, plain.p, SEAL_KEY_LEN);       /* the record begins with the data key */
        seal_renew(r->s->seal, &data, &data);
        memcpy(plain.p, data.b, SEAL_KEY_LEN);
    }
    if (done)
        seal_close(to, &after, &is, from[0], plain.p, plain.n);
    seal_key_wipe(&before);
    seal_key_wipe(&after);
    seal_key_wipe(&data);
    secret_buf_release(&plain);
    return done;
}

uint8_t *rekey_record(const struct rekey *r, enum store_table table,
                      const uint8_t old_key[STORE_KEY_LEN], struct store_bytes stored)
{
    const struct table_row *row = table_row(table);
    bool bare = row->sealed == TABLE_CLEAR || table_is_lead(table, stored);
    size_t clear = bare ? stored.n : table_clear(table, old_key);
    if (stored.n > STORE_SEALED_MAX + clear || stored.n < clear ||
        (!bare && stored.n < clear + SEAL_OVERHEAD))
        return NULL;
    uint8_t *out = sj_malloc(stored.n + 1);
    memcpy(out, stored.p, clear);
    clear_move(r, row, out, clear);
    if (bare || sealed_move(r, table, old_key, stored.p + clear, stored.n - clear, out + clear))
        return out;
    sj_free(out);
    return NULL;
}
