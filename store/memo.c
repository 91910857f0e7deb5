/* SPDX-License-Identifier: MPL-2.0 */
/* What the gateway leaves to its next process, of nobody's account in particular: one blob.
 *
 * It stands in the header's table, which holds what concerns the whole store, sealed with the
 * header's key; so it goes along when that changes (rekey.c). A store without one is as sound. */
#include "header.h"
#include "record.h"
#include "store_priv.h"

static const struct store_place memo_place = {.table = STORE_HEADER, .key = {[31] = 3}};

static enum sj_status memo_write(struct sj_store *s, void *arg, struct sj_error *err)
{
    const struct secret_buf *plain = arg;
    if (plain->n > 0)
        return sealed_put(s, &memo_place, seal_header_key(s->seal), plain->p, plain->n, err);
    enum sj_status status = s->engine->ops->remove(s->engine, STORE_HEADER, memo_place.key, err);
    return status == SJ_NOTFOUND ? SJ_OK : status;
}

enum sj_status sj_store_memo_put(struct sj_store *s, const void *blob, size_t len,
                                 struct sj_error *err)
{
    const struct record_state state = {blob, len};
    struct secret_buf plain = {NULL, 0, 0};
    if (len > SJ_STORE_BLOB_MAX)
        return sj_fail(err, SJ_INVALID, "the memo is too long");
    if (store_busy(s))
        return sj_fail(err, SJ_UNAVAILABLE, "the last changes are not on the disk yet");
    if (len > 0) {
        secret_buf_reserve(&plain, record_encode_state(NULL, 0, &state));
        plain.n = record_encode_state(plain.p, plain.cap, &state);
    }
    enum sj_status status = store_write(s, STORE_BEHIND, memo_write, &plain, err);
    secret_buf_release(&plain);
    return status;
}

enum sj_status sj_store_memo_get(struct sj_store *s,
                                 void (*fn)(const void *blob, size_t len, void *arg), void *arg,
                                 struct sj_error *err)
{
    struct secret_buf plain = {NULL, 0, 0};
    struct record_state state;
    enum sj_status status = store_read_begin(s, err);
    if (status != SJ_OK)
        return status;
    status = sealed_get(s, &memo_place, seal_header_key(s->seal), &plain, err);
    if (status == SJ_OK && !record_decode_state(&state, STORE_SCHEMA, plain.p, plain.n))
        status = sealed_damaged(s, &memo_place, err);
    if (status == SJ_OK)
        fn(state.p, state.n, arg);
    store_read_end(s);
    secret_buf_release(&plain);
    return status;
}

enum sj_status memo_move(struct sj_store *s, const struct seal *seal, struct sj_error *err)
{
    struct secret_buf plain = {NULL, 0, 0};
    enum sj_status status = sealed_get(s, &memo_place, seal_header_key(s->seal), &plain, NULL);
    if (status == SJ_OK)
        status = sealed_put(s, &memo_place, seal_header_key(seal), plain.p, plain.n, err);
    else if (status != SJ_NOTFOUND)      /* what does not open is of no use to anybody */
        status = s->engine->ops->remove(s->engine, STORE_HEADER, memo_place.key, err);
    secret_buf_release(&plain);
    return status == SJ_NOTFOUND ? SJ_OK : status;
}
