/* SPDX-License-Identifier: MPL-2.0 */
/* The header: one record that says which schema the store has and proves the key.
 *
 * It holds a known text and the random id of this data directory, sealed under a subkey of the
 * master key, at a lookup key that needs no hash (zeros): so it is found with any key, and a wrong
 * one is recognised before anything is written (DESIGN §3). When to make it is left to store.c.
 * What else concerns the whole store stands in the same table. */
#include <string.h>

#include "header.h"
#include "record.h"
#include "store_priv.h"

static const struct store_place header_place = {.table = STORE_HEADER};
/* The lasting keys, of a store whose master key was changed; and, while it is, the same text as the
 * header's, sealed with the new key. */
static const struct store_place roots_place = {.table = STORE_HEADER, .key = {[31] = 1}};
static const struct store_place next_place = {.table = STORE_HEADER, .key = {[31] = 2}};

/* Seals with the header's key of any seal. */
static enum sj_status header_put(struct sj_store *s, const struct store_place *place,
                                 const struct seal *seal, uint8_t schema, const uint8_t *plain,
                                 size_t n, struct sj_error *err)
{
    uint8_t sealed[SEAL_ROOTS_LEN + SEAL_PAD + SEAL_OVERHEAD];
    const struct seal_place where = {store_table_name(STORE_HEADER), place->key};
    seal_close(sealed, seal_header_key(seal), &where, schema, plain, n);
    const struct store_bytes value = {sealed, seal_size(n)};
    return s->engine->ops->put(s->engine, STORE_HEADER, place->key, value, err);
}

static enum sj_status header_put_text(struct sj_store *s, const struct store_place *place,
                                      const struct seal *seal, uint8_t schema,
                                      struct sj_error *err)
{
    uint8_t plain[RECORD_HEADER_LEN];
    size_t n = record_encode_header(plain, sizeof plain, s->id);
    return header_put(s, place, seal, schema, plain, n, err);
}

enum sj_status header_write(struct sj_store *s, uint8_t schema, struct sj_error *err)
{
    return header_put_text(s, &header_place, s->seal, schema, err);
}

enum sj_status header_next_put(struct sj_store *s, const struct seal *seal, struct sj_error *err)
{
    return header_put_text(s, &next_place, seal, STORE_SCHEMA, err);
}

bool header_next_exists(struct sj_store *s)
{
    struct store_bytes stored;
    return s->engine->ops->get(s->engine, STORE_HEADER, next_place.key, &stored, NULL) == SJ_OK;
}

bool header_is_next(const uint8_t key[STORE_KEY_LEN])
{
    return memcmp(key, next_place.key, STORE_KEY_LEN) == 0;
}

bool header_next_opens(struct sj_store *s, const struct seal *seal)
{
    uint8_t plain[RECORD_HEADER_LEN + SEAL_PAD], id[STORE_PART_LEN];
    const struct seal_place where = {store_table_name(STORE_HEADER), next_place.key};
    struct store_bytes stored;
    size_t n = 0;
    /* Not sealed_get: another key is no damage. */
    return s->engine->ops->get(s->engine, STORE_HEADER, next_place.key, &stored, NULL) == SJ_OK &&
           stored.n == seal_size(RECORD_HEADER_LEN) &&
           seal_open(plain, &n, seal_header_key(seal), &where, stored.p, stored.n) &&
           record_decode_header(id, STORE_SCHEMA, plain, n) && memcmp(id, s->id, sizeof id) == 0;
}

enum sj_status header_load_roots(struct sj_store *s, struct sj_error *err)
{
    struct secret_buf plain = {NULL, 0, 0};
    enum sj_status status = sealed_get(s, &roots_place, seal_header_key(s->seal), &plain, err);
    if (status == SJ_OK && plain.n == SEAL_ROOTS_LEN)
        seal_put_roots(s->seal, plain.p);
    else if (status != SJ_NOTFOUND)
        status = sj_fail(err, SJ_INTERNAL, "the keys in data-dir are damaged: restore a backup");
    secret_buf_release(&plain);
    return status == SJ_NOTFOUND ? SJ_OK : status;
}

enum sj_status header_under_new_key(struct sj_store *s, struct sj_error *err)
{
    enum sj_status status = header_write(s, STORE_SCHEMA, err);
    if (status == SJ_OK)
        status = header_put(s, &roots_place, s->seal, STORE_SCHEMA, seal_roots(s->seal),
                            SEAL_ROOTS_LEN, err);
    if (status == SJ_OK)
        status = s->engine->ops->remove(s->engine, STORE_HEADER, next_place.key, err);
    return status;
}

enum sj_status header_check(struct sj_store *s, uint8_t *schema, struct sj_error *err)
{
    const struct seal_place where = {store_table_name(STORE_HEADER), header_place.key};
    struct secret_buf plain = {NULL, 0, 0};
    struct store_bytes stored;
    enum sj_status status = s->engine->ops->get(s->engine, STORE_HEADER, header_place.key,
                                                &stored, err);
    if (status == SJ_NOTFOUND)
        return sj_fail(err, SJ_INTERNAL, "data-dir has records but no header: restore a backup");
    if (status != SJ_OK)
        return status;
    if (stored.n < 1 || stored.n > STORE_SEALED_MAX || stored.p[0] == 0)
        return sj_fail(err, SJ_INTERNAL, "the header of data-dir is damaged: restore a backup");
    *schema = stored.p[0];
    if (*schema > STORE_SCHEMA)
        return sj_fail(err, SJ_INVALID, "data-dir was written by a newer version (schema %u, this "
                       "one knows %u): install that version or restore an older backup",
                       *schema, STORE_SCHEMA);
    secret_buf_reserve(&plain, stored.n);
    if (!seal_open(plain.p, &plain.n, seal_header_key(s->seal), &where, stored.p, stored.n) ||
        !record_decode_header(s->id, *schema, plain.p, plain.n))
        status = sj_fail(err, SJ_DENIED, "key-file is not the key of this data-dir: put back the "
                         "key that belongs to it (nothing can be read without), or name another, "
                         "empty data-dir");
    secret_buf_release(&plain);
    return status;
}
