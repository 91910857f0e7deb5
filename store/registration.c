/* SPDX-License-Identifier: MPL-2.0 */
/* Registrations: an owner's account values, flags and data key; removal of all that is theirs.
 *
 * The data key is made with the first registration and stands in a record of its own, wrapped by
 * the master key (DESIGN §3). Values are lent to callbacks from buffers that are wiped after. The
 * flags are left to flags.c, who leaves to leave.c. */
#include <string.h>

#include "group.h"
#include "record.h"
#include "store_priv.h"

static const enum store_table registration_tables[] = {
    STORE_KEY,   STORE_REGISTRATION, STORE_FLAGS,         STORE_CONTACT,
    STORE_STATE, STORE_MESSAGE,      STORE_MESSAGE_ORDER, STORE_PREFERENCE,
    STORE_POSITION, STORE_JOURNAL,
};
#define REGISTRATION_TABLES (sizeof registration_tables / sizeof registration_tables[0])

/* --- writing ------------------------------------------------------------------------------ */

static enum sj_status registration_erase(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                                         struct sj_error *err)
{
    for (size_t i = 0; i < REGISTRATION_TABLES; i++) {
        enum sj_status status = s->engine->ops->remove_prefix(s->engine, registration_tables[i],
                                                              user, STORE_PART_LEN, err);
        if (status != SJ_OK)
            return status;
    }
    return SJ_OK;
}

/* Makes the owner's data key and stores it wrapped. What stands there without a usable key can
 * never be opened again: it goes. */
static enum sj_status registration_new_key(struct sj_store *s, const struct sj_registration *r,
                                           const uint8_t user[STORE_PART_LEN],
                                           struct seal_key *out, struct sj_error *err)
{
    struct store_place place;
    struct secret_buf plain = {NULL, 0, 0};
    const struct record_key record = {r->owner, out->b};
    enum sj_status status = registration_erase(s, user, err);
    if (status == SJ_OK)
        status = archive_erase(s, user, err);
    if (status != SJ_OK)
        return status;
    seal_key_random(out);
    secret_buf_reserve(&plain, record_encode_key(NULL, 0, &record));
    plain.n = record_encode_key(plain.p, plain.cap, &record);
    store_place_of(s, &place, STORE_KEY, user, "");
    status = sealed_put(s, &place, seal_wrap_key(s->seal), plain.p, plain.n, err);
    secret_buf_release(&plain);
    return status;
}

static enum sj_status registration_write(struct sj_store *s, const struct sj_registration *r,
                                         const uint8_t user[STORE_PART_LEN],
                                         const struct seal_key *key, struct sj_error *err)
{
    struct store_place place;
    struct secret_buf plain = {NULL, 0, 0};
    secret_buf_reserve(&plain, record_encode_registration(NULL, 0, r));
    plain.n = record_encode_registration(plain.p, plain.cap, r);
    store_place_of(s, &place, STORE_REGISTRATION, user, "");
    enum sj_status status = sealed_put(s, &place, key, plain.p, plain.n, err);
    secret_buf_release(&plain);
    if (status != SJ_OK)
        return status;
    return flags_save(s, user, key,
                      (uint8_t)((r->online ? RECORD_ONLINE : 0u) |
                                (r->sees_user ? RECORD_SEES_USER : 0u) |
                                (r->seen_by_user ? RECORD_SEEN_BY_USER : 0u)), err);
}

enum sj_status registration_store(struct sj_store *s, const struct sj_registration *r,
                                  const uint8_t user[STORE_PART_LEN], struct seal_key *key,
                                  bool *fresh, struct sj_error *err)
{
    enum sj_status status = sealed_data_key(s, user, key, err);
    *fresh = status != SJ_OK;            /* none yet, or damaged (logged) */
    if (*fresh)
        status = registration_new_key(s, r, user, key, err);
    return status == SJ_OK ? registration_write(s, r, user, key, err) : status;
}

enum sj_status registration_erase_all(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                                      struct sj_error *err)
{
    struct store_place place;
    struct store_bytes stored;
    store_place_of(s, &place, STORE_REGISTRATION, user, "");
    enum sj_status status = s->engine->ops->get(s->engine, place.table, place.key, &stored, err);
    return status == SJ_OK ? registration_erase(s, user, err) : status;
}

/* --- reading ------------------------------------------------------------------------------ */

/* Opens a stored registration; out points into plain. */
static enum sj_status registration_open(struct sj_store *s, const struct store_place *place,
                                        struct store_bytes stored, struct secret_buf *plain,
                                        struct sj_registration *out, struct sj_error *err)
{
    struct seal_key key;
    uint8_t flags = 0;                   /* also when their record is damaged (logged) */
    enum sj_status status = sealed_data_key(s, place->key, &key, err);
    if (status == SJ_NOTFOUND)
        status = sealed_damaged(s, place, err);
    if (status == SJ_OK)
        status = sealed_open(s, place, &key, stored, plain, err);
    if (status == SJ_OK && !record_decode_registration(out, STORE_SCHEMA, plain->p, plain->n))
        status = sealed_damaged(s, place, err);
    if (status == SJ_OK) {
        flags_load(s, place->key, &key, &flags, NULL);
        flags = group_merge_flags(s, place->key, flags);
        out->online = (flags & RECORD_ONLINE) != 0;
        out->sees_user = (flags & RECORD_SEES_USER) != 0;
        out->seen_by_user = (flags & RECORD_SEEN_BY_USER) != 0;
    }
    seal_key_wipe(&key);
    return status;
}

enum sj_status sj_store_registration_get(struct sj_store *s, const struct sj_owner *owner,
                                         void (*fn)(const struct sj_registration *, void *arg),
                                         void *arg, struct sj_error *err)
{
    uint8_t user[STORE_PART_LEN];
    struct store_place place;
    struct store_bytes stored;
    struct secret_buf plain = {NULL, 0, 0};
    struct sj_registration r;
    enum sj_status status = record_check_owner(owner, err);
    if (status != SJ_OK)
        return status;
    seal_user_part(s->seal, owner, user);
    store_place_of(s, &place, STORE_REGISTRATION, user, "");
    status = store_read_begin(s, err);
    if (status != SJ_OK)
        return status;
    status = s->engine->ops->get(s->engine, place.table, place.key, &stored, err);
    if (status == SJ_OK)
        status = registration_open(s, &place, stored, &plain, &r, err);
    if (status == SJ_OK)
        fn(&r, arg);
    store_read_end(s);
    secret_buf_release(&plain);
    return status;
}

struct registration_walk {
    struct sj_store *s;
    size_t damaged;
    struct secret_buf plain;
    bool (*fn)(const struct sj_registration *, void *arg);
    void *arg;
};

static bool registration_on_record(void *arg, const uint8_t key[STORE_KEY_LEN],
                                   struct store_bytes stored)
{
    struct registration_walk *walk = arg;
    struct store_place place = {.table = STORE_REGISTRATION};
    struct sj_registration r;
    memcpy(place.key, key, STORE_KEY_LEN);
    if (registration_open(walk->s, &place, stored, &walk->plain, &r, NULL) != SJ_OK) {
        walk->damaged++;
        return true;
    }
    return walk->fn(&r, walk->arg);
}

enum sj_status sj_store_registration_each(struct sj_store *s, size_t *damaged,
                                          bool (*fn)(const struct sj_registration *, void *arg),
                                          void *arg, struct sj_error *err)
{
    struct registration_walk walk = {.s = s, .fn = fn, .arg = arg};
    enum sj_status status = store_read_begin(s, err);
    if (status == SJ_OK) {
        status = s->engine->ops->each(s->engine, STORE_REGISTRATION, NULL, 0,
                                      registration_on_record, &walk, err);
        store_read_end(s);
    }
    secret_buf_release(&walk.plain);
    if (damaged)
        *damaged = walk.damaged;
    return status;
}
