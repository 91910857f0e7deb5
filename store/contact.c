/* SPDX-License-Identifier: MPL-2.0 */
/* Contacts of an owner: one sealed record each, under the owner's data key.
 *
 * What the flags mean is the session's affair. Changes come in batches, of any owners (change.c).
 * An owner without a registration has no contacts: nothing is kept for people who are not
 * registered. */
#include <string.h>

#include "record.h"
#include "store_priv.h"

static enum sj_status contact_put(struct sj_store *s, const struct sj_store_change *change,
                                  const struct store_place *place, const struct seal_key *key,
                                  struct sj_error *err)
{
    struct secret_buf plain = {NULL, 0, 0};
    secret_buf_reserve(&plain, record_encode_contact(NULL, 0, &change->contact));
    plain.n = record_encode_contact(plain.p, plain.cap, &change->contact);
    enum sj_status status = sealed_put(s, place, key, plain.p, plain.n, err);
    secret_buf_release(&plain);
    return status;
}

enum sj_status contact_change(struct sj_store *s, const struct sj_store_change *change,
                              struct sj_error *err)
{
    uint8_t user[STORE_PART_LEN];
    struct store_place place;
    struct seal_key key;
    seal_user_part(s->seal, &change->owner, user);
    enum sj_status status = sealed_owner_key(s, user, &key, err);
    if (status != SJ_OK)
        return status;
    store_place_of(s, &place, STORE_CONTACT, user, change->contact.id);
    if (!change->remove)
        status = contact_put(s, change, &place, &key, err);
    else if (s->engine->ops->remove(s->engine, place.table, place.key, err) == SJ_LIMIT)
        status = SJ_LIMIT;
    seal_key_wipe(&key);
    return status;
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
