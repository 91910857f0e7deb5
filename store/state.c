/* SPDX-License-Identifier: MPL-2.0 */
/* The state that a backend keeps for a link, and how far its network was heard: one opaque blob
 * each of an owner, written in groups.
 *
 * What is in them is the backend's affair; it may be a token, so it is treated as a secret. */
#include <string.h>

#include "group.h"
#include "record.h"
#include "sojourn/memory.h"
#include "store_priv.h"

static bool state_put(struct sj_store *s, enum store_table table, const struct sj_owner *owner,
                      const void *blob, size_t len)
{
    const struct record_state state = {blob, len};
    struct secret_buf plain = {NULL, 0, 0};
    uint8_t user[STORE_PART_LEN];
    if (record_check_owner(owner, NULL) != SJ_OK)
        return false;                    /* no such owner can be registered */
    if (len > SJ_STORE_BLOB_MAX) {
        sj_log_error(&s->log, "%s dropped, too long bytes=%zu max=%u", store_table_name(table), len,
                     SJ_STORE_BLOB_MAX);
        return false;
    }
    seal_user_part(s->seal, owner, user);
    if (len == 0)
        return group_put_state(s, table, user, NULL, 0);
    secret_buf_reserve(&plain, record_encode_state(NULL, 0, &state));
    plain.n = record_encode_state(plain.p, plain.cap, &state);
    bool kept = group_put_state(s, table, user, plain.p, plain.n);
    secret_buf_release(&plain);
    return kept;
}

bool sj_store_state_put(struct sj_store *s, const struct sj_owner *owner, const void *blob,
                        size_t len)
{
    return state_put(s, STORE_STATE, owner, blob, len);
}

void sj_store_position_put(struct sj_store *s, const struct sj_owner *owner, const char *position)
{
    state_put(s, STORE_POSITION, owner, position, position ? strlen(position) : 0);
}

enum sj_status state_store(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                           const struct seal_key *key, const void *blob, size_t len,
                           struct sj_error *err)
{
    const struct record_state state = {blob, len};
    struct secret_buf plain = {NULL, 0, 0};
    struct store_place place;
    store_place_of(s, &place, STORE_STATE, user, "");
    secret_buf_reserve(&plain, record_encode_state(NULL, 0, &state));
    plain.n = record_encode_state(plain.p, plain.cap, &state);
    enum sj_status status = sealed_put(s, &place, key, plain.p, plain.n, err);
    secret_buf_release(&plain);
    return status;
}

static enum sj_status state_load(struct sj_store *s, enum store_table table,
                                 const uint8_t user[STORE_PART_LEN], struct secret_buf *plain,
                                 struct record_state *out, struct sj_error *err)
{
    struct store_place place;
    enum sj_status status = group_load(s, table, user, plain, err);
    if (status != SJ_OK || record_decode_state(out, STORE_SCHEMA, plain->p, plain->n))
        return status;
    store_place_of(s, &place, table, user, "");
    return sealed_damaged(s, &place, err);
}

static enum sj_status state_get(struct sj_store *s, enum store_table table,
                                const struct sj_owner *owner,
                                void (*fn)(const void *blob, size_t len, void *arg), void *arg,
                                struct sj_error *err)
{
    uint8_t user[STORE_PART_LEN];
    struct secret_buf plain = {NULL, 0, 0};
    struct record_state state;
    enum sj_status status = record_check_owner(owner, err);
    if (status != SJ_OK)
        return status;
    seal_user_part(s->seal, owner, user);
    status = store_read_begin(s, err);
    if (status != SJ_OK)
        return status;
    status = state_load(s, table, user, &plain, &state, err);
    if (status == SJ_OK)
        fn(state.p, state.n, arg);
    store_read_end(s);
    secret_buf_release(&plain);
    return status;
}

enum sj_status sj_store_state_get(struct sj_store *s, const struct sj_owner *owner,
                                  void (*fn)(const void *blob, size_t len, void *arg), void *arg,
                                  struct sj_error *err)
{
    return state_get(s, STORE_STATE, owner, fn, arg, err);
}

enum sj_status sj_store_position_get(struct sj_store *s, const struct sj_owner *owner,
                                     void (*fn)(const void *position, size_t len, void *arg),
                                     void *arg, struct sj_error *err)
{
    return state_get(s, STORE_POSITION, owner, fn, arg, err);
}
