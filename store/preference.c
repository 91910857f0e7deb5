/* SPDX-License-Identifier: MPL-2.0 */
/* What an owner chose: one small record with names and texts, written in groups. Which names there
 * are, and what they mean, is the session room's affair, and so is that a user is told of a choice
 * when it is durable. The table is younger than the schema: a store without it is one in which
 * nobody chose anything. */
#include "group.h"
#include "record.h"
#include "store_priv.h"

static enum sj_status preference_check_owner(struct sj_store *s,
                                             const uint8_t user[STORE_PART_LEN],
                                             struct sj_error *err)
{
    struct seal_key key;
    enum sj_status status = store_read_begin(s, err);
    if (status != SJ_OK)
        return status;
    status = sealed_owner_key(s, user, &key, err);
    seal_key_wipe(&key);
    store_read_end(s);
    return status;
}

enum sj_status sj_store_preferences_put(struct sj_store *s, const struct sj_owner *owner,
                                        const struct sj_preferences *p, struct sj_error *err)
{
    struct secret_buf plain = {NULL, 0, 0};
    uint8_t user[STORE_PART_LEN];
    enum sj_status status = record_check_owner(owner, err);
    if (status == SJ_OK)
        status = record_check_preferences(p, err);
    if (status != SJ_OK)
        return status;
    seal_user_part(s->seal, owner, user);
    status = preference_check_owner(s, user, err);
    if (status != SJ_OK)
        return status;
    if (p->n > 0) {
        secret_buf_reserve(&plain, record_encode_preferences(NULL, 0, p));
        plain.n = record_encode_preferences(plain.p, plain.cap, p);
    }
    if (!group_put_state(s, STORE_PREFERENCE, user, plain.p, plain.n))
        status = sj_fail(err, SJ_LIMIT, "too much waits to be written");
    secret_buf_release(&plain);
    return status;
}

static enum sj_status preference_load(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                                      struct secret_buf *plain, struct sj_preferences *out,
                                      struct sj_error *err)
{
    struct store_place place;
    enum sj_status status = group_load(s, STORE_PREFERENCE, user, plain, err);
    if (status != SJ_OK ||
        record_decode_preferences(out, STORE_SCHEMA, plain->p, plain->n))
        return status;
    store_place_of(s, &place, STORE_PREFERENCE, user, "");
    return sealed_damaged(s, &place, err);
}

enum sj_status sj_store_preferences_get(struct sj_store *s, const struct sj_owner *owner,
                                        void (*fn)(const struct sj_preferences *, void *arg),
                                        void *arg, struct sj_error *err)
{
    uint8_t user[STORE_PART_LEN];
    struct secret_buf plain = {NULL, 0, 0};
    struct sj_preferences p;
    enum sj_status status = record_check_owner(owner, err);
    if (status != SJ_OK)
        return status;
    seal_user_part(s->seal, owner, user);
    status = store_read_begin(s, err);
    if (status != SJ_OK)
        return status;
    status = preference_load(s, user, &plain, &p, err);
    if (status == SJ_OK)
        fn(&p, arg);
    store_read_end(s);
    secret_buf_release(&plain);
    return status;
}
