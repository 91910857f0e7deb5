/* SPDX-License-Identifier: MPL-2.0 */
/* The journal: messages of an owner whose arrival is not known yet, one record each, written in
 * groups. Most are removed before a group is committed and never reach the disk.
 *
 * What is in a record is the caller's affair. Its lookup key is made of its number, which stands in
 * the record too. The table is younger than the schema: a store without it has an empty journal. */
#include <stdio.h>
#include <string.h>

#include "group.h"
#include "record.h"
#include "sojourn/memory.h"
#include "store_priv.h"

#define JOURNAL_NUMBER_LEN 8u

void store_journal_place(const struct sj_store *s, struct store_place *out,
                         const uint8_t user[STORE_PART_LEN], uint64_t number)
{
    char item[24];
    snprintf(item, sizeof item, "%llu", (unsigned long long)number);
    store_place_of(s, out, STORE_JOURNAL, user, item);
}

static void journal_put(struct sj_store *s, const struct sj_owner *owner, uint64_t number,
                        const void *data, size_t n, bool again)
{
    struct secret_buf plain = {NULL, 0, 0};
    uint8_t user[STORE_PART_LEN];
    struct record_state state = {NULL, JOURNAL_NUMBER_LEN + n};
    if (record_check_owner(owner, NULL) != SJ_OK || n > SJ_STORE_JOURNAL_MAX)
        return;
    seal_user_part(s->seal, owner, user);
    if (n == 0) {
        group_put_journal(s, user, number, NULL, 0, again);
        return;
    }
    uint8_t *bytes = sj_malloc(state.n);
    for (size_t i = 0; i < JOURNAL_NUMBER_LEN; i++)
        bytes[i] = (uint8_t)(number >> (8 * (JOURNAL_NUMBER_LEN - 1 - i)));
    memcpy(bytes + JOURNAL_NUMBER_LEN, data, n);
    state.p = bytes;
    secret_buf_reserve(&plain, record_encode_state(NULL, 0, &state));
    plain.n = record_encode_state(plain.p, plain.cap, &state);
    group_put_journal(s, user, number, plain.p, plain.n, again);
    secret_buf_release(&plain);
    sj_wipe(bytes, state.n);
    sj_free(bytes);
}

void sj_store_journal_put(struct sj_store *s, const struct sj_owner *owner, uint64_t number,
                          const void *data, size_t n)
{
    journal_put(s, owner, number, data, n, false);
}

void sj_store_journal_renew(struct sj_store *s, const struct sj_owner *owner, uint64_t number,
                            const void *data, size_t n)
{
    journal_put(s, owner, number, data, n, true);
}

struct journal_each {
    struct sj_store *store;
    struct seal_key key;
    void (*fn)(uint64_t number, const void *data, size_t n, void *arg);
    void *arg;
};

static bool journal_one(void *arg, const uint8_t key[STORE_KEY_LEN], struct store_bytes value)
{
    struct journal_each *each = arg;
    struct secret_buf plain = {NULL, 0, 0};
    struct store_place place = {.table = STORE_JOURNAL};
    struct record_state state;
    uint64_t number = 0;
    (void)value;
    memcpy(place.key, key, STORE_KEY_LEN);
    if (sealed_get(each->store, &place, &each->key, &plain, NULL) == SJ_OK) {
        if (record_decode_state(&state, STORE_SCHEMA, plain.p, plain.n) &&
            state.n > JOURNAL_NUMBER_LEN) {
            for (size_t i = 0; i < JOURNAL_NUMBER_LEN; i++)
                number = number << 8 | state.p[i];
            each->fn(number, state.p + JOURNAL_NUMBER_LEN, state.n - JOURNAL_NUMBER_LEN,
                     each->arg);
        } else {
            sealed_damaged(each->store, &place, NULL);
        }
    }
    secret_buf_release(&plain);
    return true;
}

enum sj_status sj_store_journal_each(struct sj_store *s, const struct sj_owner *owner,
                                     void (*fn)(uint64_t number, const void *data, size_t n,
                                                void *arg),
                                     void *arg, struct sj_error *err)
{
    struct journal_each each = {.store = s, .fn = fn, .arg = arg};
    uint8_t user[STORE_PART_LEN];
    enum sj_status status = record_check_owner(owner, err);
    if (status != SJ_OK)
        return status;
    seal_user_part(s->seal, owner, user);
    status = store_read_begin(s, err);
    if (status != SJ_OK)
        return status;
    status = sealed_owner_key(s, user, &each.key, err);
    if (status == SJ_OK)
        status = s->engine->ops->each(s->engine, STORE_JOURNAL, user, STORE_PART_LEN, journal_one,
                                      &each, err);
    store_read_end(s);
    seal_key_wipe(&each.key);
    return status;
}
