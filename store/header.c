/* SPDX-License-Identifier: MPL-2.0 */
/* The header: one record that says which schema the store has and proves the key.
 *
 * It holds a known text and the random id of this data directory, sealed under a subkey of the
 * master key, at a lookup key that needs no hash (zeros): so it is found with any key, and a wrong
 * one is recognised before anything is written (DESIGN §3). When to make it is left to store.c. */
#include <string.h>

#include "record.h"
#include "store_priv.h"

static const struct store_place header_place = {.table = STORE_HEADER};

enum sj_status header_write(struct sj_store *s, uint8_t schema, struct sj_error *err)
{
    uint8_t plain[RECORD_HEADER_LEN];
    uint8_t sealed[RECORD_HEADER_LEN + SEAL_PAD + SEAL_OVERHEAD];
    const struct seal_place where = {store_table_name(STORE_HEADER), header_place.key};
    size_t n = record_encode_header(plain, sizeof plain, s->id);
    seal_close(sealed, seal_header_key(s->seal), &where, schema, plain, n);
    const struct store_bytes value = {sealed, seal_size(n)};
    return s->engine->ops->put(s->engine, STORE_HEADER, header_place.key, value, err);
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
