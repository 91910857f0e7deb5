/* SPDX-License-Identifier: MPL-2.0 */
/* Contacts of an owner: one sealed record each, under the owner's data key.
 *
 * What the flags mean is the session's affair. An owner without a registration has no contacts:
 * adding one is refused, so that nothing is kept for people who are not registered. */
#include <string.h>

#include "record.h"
#include "store_priv.h"

struct contact_job {
    const struct sj_store_contact *contact;
    const char *id;
    uint8_t user[STORE_PART_LEN];
};

static enum sj_status contact_put_change(struct sj_store *s, void *arg, struct sj_error *err)
{
    const struct contact_job *job = arg;
    struct store_place place;
    struct secret_buf plain = {NULL, 0, 0};
    struct seal_key key;
    enum sj_status status = sealed_owner_key(s, job->user, &key, err);
    if (status != SJ_OK)
        return status;
    secret_buf_reserve(&plain, record_encode_contact(NULL, 0, job->contact));
    plain.n = record_encode_contact(plain.p, plain.cap, job->contact);
    store_place_of(s, &place, STORE_CONTACT, job->user, job->id);
    status = sealed_put(s, &place, &key, plain.p, plain.n, err);
    secret_buf_release(&plain);
    seal_key_wipe(&key);
    return status;
}

enum sj_status sj_store_contact_put(struct sj_store *s, const struct sj_owner *owner,
                                    const struct sj_store_contact *contact, struct sj_error *err)
{
    struct contact_job job = {.contact = contact, .id = contact->id};
    enum sj_status status = record_check_owner(owner, err);
    if (status == SJ_OK)
        status = record_check_contact(contact, err);
    if (status != SJ_OK)
        return status;
    seal_user_part(s->seal, owner, job.user);
    return store_write(s, true, contact_put_change, &job, err);
}

static enum sj_status contact_remove_change(struct sj_store *s, void *arg, struct sj_error *err)
{
    const struct contact_job *job = arg;
    struct store_place place;
    store_place_of(s, &place, STORE_CONTACT, job->user, job->id);
    return s->engine->ops->remove(s->engine, place.table, place.key, err);
}

enum sj_status sj_store_contact_remove(struct sj_store *s, const struct sj_owner *owner,
                                       const char *id, struct sj_error *err)
{
    struct contact_job job = {.id = id};
    const struct sj_store_contact probe = {.id = id};
    enum sj_status status = record_check_owner(owner, err);
    if (status == SJ_OK)
        status = record_check_contact(&probe, err);
    if (status != SJ_OK)
        return status;
    seal_user_part(s->seal, owner, job.user);
    return store_write(s, true, contact_remove_change, &job, err);
}

struct contact_walk {
    struct sj_store *s;
    size_t damaged;
    struct seal_key key;
    struct secret_buf plain;
    bool (*fn)(const struct sj_store_contact *, void *arg);
    void *arg;
};

static bool contact_on_record(void *arg, const uint8_t key[STORE_KEY_LEN],
                              struct store_bytes stored)
{
    struct contact_walk *walk = arg;
    struct store_place place = {.table = STORE_CONTACT};
    struct sj_store_contact contact;
    memcpy(place.key, key, STORE_KEY_LEN);
    enum sj_status status = sealed_open(walk->s, &place, &walk->key, stored, &walk->plain, NULL);
    if (status == SJ_OK && !record_decode_contact(&contact, STORE_SCHEMA, walk->plain.p,
                                                  walk->plain.n))
        status = sealed_damaged(walk->s, &place, NULL);
    if (status == SJ_OK)
        return walk->fn(&contact, walk->arg);
    walk->damaged++;
    return true;
}

enum sj_status sj_store_contact_each(struct sj_store *s, const struct sj_owner *owner,
                                     size_t *damaged,
                                     bool (*fn)(const struct sj_store_contact *, void *arg),
                                     void *arg, struct sj_error *err)
{
    struct contact_walk walk = {.s = s, .fn = fn, .arg = arg};
    uint8_t user[STORE_PART_LEN];
    if (damaged)
        *damaged = 0;
    enum sj_status status = record_check_owner(owner, err);
    if (status != SJ_OK)
        return status;
    seal_user_part(s->seal, owner, user);
    status = store_read_begin(s, err);
    if (status != SJ_OK)
        return status;
    status = sealed_owner_key(s, user, &walk.key, err);
    if (status == SJ_OK)
        status = s->engine->ops->each(s->engine, STORE_CONTACT, user, STORE_PART_LEN,
                                      contact_on_record, &walk, err);
    store_read_end(s);
    seal_key_wipe(&walk.key);
    secret_buf_release(&walk.plain);
    if (damaged)
        *damaged = walk.damaged;
    return status;
}
