/* SPDX-License-Identifier: MPL-2.0 */
/* What an owner chose: one small record with names and texts, written at once, since a user was
 * told that it is so. Which names there are, and what they mean, is the session room's affair. The
 * table is younger than the schema: a store without it is one in which nobody chose anything. */
#include "record.h"
#include "store_priv.h"

struct preference_job {
    const struct sj_preferences *p;
    uint8_t user[STORE_PART_LEN];
};

static enum sj_status preference_write(struct sj_store *s, const struct preference_job *job,
                                       const struct store_place *place,
                                       const struct seal_key *key, struct sj_error *err)
{
    struct secret_buf plain = {NULL, 0, 0};
    enum sj_status status;
    secret_buf_reserve(&plain, record_encode_preferences(NULL, 0, job->p));
    plain.n = record_encode_preferences(plain.p, plain.cap, job->p);
    status = sealed_put(s, place, key, plain.p, plain.n, err);
    secret_buf_release(&plain);
    return status;
}

static enum sj_status preference_change(struct sj_store *s, void *arg, struct sj_error *err)
{
    const struct preference_job *job = arg;
    struct store_place place;
    struct seal_key key;
    enum sj_status status = sealed_owner_key(s, job->user, &key, err);
    if (status != SJ_OK)
        return status;
    store_place_of(s, &place, STORE_PREFERENCE, job->user, "");
    if (job->p->n > 0)
        status = preference_write(s, job, &place, &key, err);
    else
        status = s->engine->ops->remove_prefix(s->engine, STORE_PREFERENCE, job->user,
                                               STORE_PART_LEN, err);
    seal_key_wipe(&key);
    return status;
}

enum sj_status sj_store_preferences_put(struct sj_store *s, const struct sj_owner *owner,
                                        const struct sj_preferences *p, struct sj_error *err)
{
    struct preference_job job = {.p = p};
    enum sj_status status = record_check_owner(owner, err);
    if (status == SJ_OK)
        status = record_check_preferences(p, err);
    if (status != SJ_OK)
        return status;
    seal_user_part(s->seal, owner, job.user);
    return store_write(s, STORE_NOW, preference_change, &job, err);
}

static enum sj_status preference_load(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                                      struct secret_buf *plain, struct sj_preferences *out,
                                      struct sj_error *err)
{
    struct store_place place;
    struct seal_key key;
    enum sj_status status = sealed_owner_key(s, user, &key, err);
    if (status != SJ_OK)
        return status;
    store_place_of(s, &place, STORE_PREFERENCE, user, "");
    status = sealed_get(s, &place, &key, plain, err);
    seal_key_wipe(&key);
    if (status == SJ_OK && !record_decode_preferences(out, STORE_SCHEMA, plain->p, plain->n))
        status = sealed_damaged(s, &place, err);
    return status;
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
