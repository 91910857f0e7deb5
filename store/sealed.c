/* SPDX-License-Identifier: MPL-2.0 */
/* Sealed records: between an engine's bytes and a record's plain form, inside a frame of store.c.
 *
 * Finds the lookup key of a record, seals and opens it, fetches the owner's data key, and handles
 * damage: a record that does not open is logged once, by table and hashed key, and concerns no
 * other record. What a record means is left to record.c and its users. */
#include <string.h>

#include "record.h"
#include "sojourn/memory.h"
#include "store_priv.h"

const char *store_table_name(enum store_table table)
{
    static const char *const names[STORE_TABLE_COUNT] = {
#define STORE_TABLE_NAME(name, text) [STORE_##name] = text,
        STORE_TABLE_LIST(STORE_TABLE_NAME)
#undef STORE_TABLE_NAME
    };
    return names[table];
}

void secret_buf_reserve(struct secret_buf *b, size_t n)
{
    b->n = 0;
    if (n <= b->cap)
        return;
    secret_buf_release(b);
    b->p = sj_malloc(n);
    b->cap = n;
}

void secret_buf_release(struct secret_buf *b)
{
    if (b->p)
        sj_wipe(b->p, b->cap);
    sj_free(b->p);
    *b = (struct secret_buf){NULL, 0, 0};
}

void store_place_of(const struct sj_store *s, struct store_place *out, enum store_table table,
                    const uint8_t user[STORE_PART_LEN], const char *item)
{
    out->table = table;
    memcpy(out->key, user, STORE_PART_LEN);
    seal_item_part(s->seal, user, store_table_name(table), item, out->key + STORE_PART_LEN);
}

static struct seal_place sealed_place(const struct store_place *place)
{
    return (struct seal_place){store_table_name(place->table), place->key};
}

enum sj_status sealed_put(struct sj_store *s, const struct store_place *place,
                          const struct seal_key *key, const uint8_t *plain, size_t n,
                          struct sj_error *err)
{
    const struct seal_place where = sealed_place(place);
    struct store_bytes value = {NULL, seal_size(n)};
    uint8_t *sealed = sj_malloc(value.n);
    seal_close(sealed, key, &where, STORE_SCHEMA, plain, n);
    value.p = sealed;
    enum sj_status status = s->engine->ops->put(s->engine, place->table, place->key, value, err);
    sj_free(sealed);
    return status;
}

/* True the first time that this record is met; false also when too many are remembered. */
static bool sealed_remember(struct sj_store *s, const struct store_place *place)
{
    uint8_t entry[STORE_KEY_LEN + 1];
    entry[0] = (uint8_t)place->table;
    memcpy(entry + 1, place->key, STORE_KEY_LEN);
    for (size_t i = 0; i < s->n_damaged; i++) {
        if (memcmp(s->damaged[i], entry, sizeof entry) == 0)
            return false;
    }
    if (s->n_damaged == STORE_DAMAGED_MAX)
        return false;
    if (!s->damaged)
        s->damaged = sj_malloc(STORE_DAMAGED_MAX * sizeof *s->damaged);
    memcpy(s->damaged[s->n_damaged++], entry, sizeof entry);
    return true;
}

static void sealed_hex(char *out, const uint8_t *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        *out++ = digits[p[i] >> 4];
        *out++ = digits[p[i] & 15];
    }
    *out = '\0';
}

enum sj_status sealed_damaged(struct sj_store *s, const struct store_place *place,
                              struct sj_error *err)
{
    char hex[2 * STORE_KEY_LEN + 1];
    if (sealed_remember(s, place)) {
        sealed_hex(hex, place->key, STORE_KEY_LEN);
        sj_log_error(&s->log, "record damaged table=%s key=%s", store_table_name(place->table),
                     hex);
        if (s->n_damaged == STORE_DAMAGED_MAX)
            sj_log_error(&s->log, "too many damaged records, further ones are not listed "
                                  "hint=restore-a-backup");
    }
    return sj_fail(err, SJ_INTERNAL, "a stored record is damaged");
}

enum sj_status sealed_open(struct sj_store *s, const struct store_place *place,
                           const struct seal_key *key, struct store_bytes stored,
                           struct secret_buf *out, struct sj_error *err)
{
    const struct seal_place where = sealed_place(place);
    if (stored.n > STORE_SEALED_MAX)
        return sealed_damaged(s, place, err);
    secret_buf_reserve(out, stored.n);
    if (!seal_open(out->p, &out->n, key, &where, stored.p, stored.n))
        return sealed_damaged(s, place, err);
    return SJ_OK;
}

enum sj_status sealed_get(struct sj_store *s, const struct store_place *place,
                          const struct seal_key *key, struct secret_buf *out,
                          struct sj_error *err)
{
    struct store_bytes stored;
    enum sj_status status = s->engine->ops->get(s->engine, place->table, place->key, &stored, err);
    if (status != SJ_OK)
        return status;
    return sealed_open(s, place, key, stored, out, err);
}

enum sj_status sealed_data_key(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                               struct seal_key *out, struct sj_error *err)
{
    struct store_place place;
    struct secret_buf plain = {NULL, 0, 0};
    struct record_key record;
    store_place_of(s, &place, STORE_KEY, user, "");
    enum sj_status status = sealed_get(s, &place, seal_wrap_key(s->seal), &plain, err);
    if (status == SJ_OK && !record_decode_key(&record, STORE_SCHEMA, plain.p, plain.n))
        status = sealed_damaged(s, &place, err);
    if (status == SJ_OK)
        memcpy(out->b, record.key, sizeof out->b);
    secret_buf_release(&plain);
    return status;
}

enum sj_status sealed_owner_key(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                                struct seal_key *out, struct sj_error *err)
{
    struct store_place place;
    struct store_bytes stored;
    store_place_of(s, &place, STORE_REGISTRATION, user, "");
    enum sj_status status = s->engine->ops->get(s->engine, place.table, place.key, &stored, err);
    if (status != SJ_OK)
        return status;
    status = sealed_data_key(s, user, out, err);
    if (status == SJ_NOTFOUND) {         /* a registration without a key cannot be read */
        store_place_of(s, &place, STORE_KEY, user, "");
        status = sealed_damaged(s, &place, err);
    }
    return status;
}
