/* SPDX-License-Identifier: MPL-2.0 */
/* Flags of a registration: online, and the two subscriptions between user and gateway.
 *
 * They change with every login, so they have a small record of their own and are written in
 * groups: credentials are not rewritten for them (DESIGN §3). What they mean is the session's
 * affair. */
#include "group.h"
#include "record.h"
#include "store_priv.h"

enum sj_status flags_load(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                          const struct seal_key *key, uint8_t *out, struct sj_error *err)
{
    struct store_place place;
    struct secret_buf plain = {NULL, 0, 0};
    uint8_t flags = 0;
    store_place_of(s, &place, STORE_FLAGS, user, "");
    enum sj_status status = sealed_get(s, &place, key, &plain, err);
    if (status == SJ_OK && !record_decode_flags(&flags, STORE_SCHEMA, plain.p, plain.n))
        status = sealed_damaged(s, &place, err);
    if (status == SJ_OK)
        *out = flags;
    secret_buf_release(&plain);
    return status;
}

enum sj_status flags_save(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                          const struct seal_key *key, uint8_t flags, struct sj_error *err)
{
    struct store_place place;
    uint8_t plain[1];
    size_t n = record_encode_flags(plain, sizeof plain, flags);
    store_place_of(s, &place, STORE_FLAGS, user, "");
    return sealed_put(s, &place, key, plain, n, err);
}

static void flags_put(struct sj_store *s, const struct sj_owner *owner, uint8_t mask, uint8_t bits)
{
    uint8_t user[STORE_PART_LEN];
    if (record_check_owner(owner, NULL) != SJ_OK)
        return;                          /* no such owner can be registered */
    seal_user_part(s->seal, owner, user);
    group_put_flags(s, user, mask, bits);
}

void sj_store_online_put(struct sj_store *s, const struct sj_owner *owner, bool online)
{
    flags_put(s, owner, RECORD_ONLINE, online ? RECORD_ONLINE : 0);
}

void sj_store_subscription_put(struct sj_store *s, const struct sj_owner *owner, bool sees_user,
                               bool seen_by_user)
{
    flags_put(s, owner, RECORD_SEES_USER | RECORD_SEEN_BY_USER,
              (uint8_t)((sees_user ? RECORD_SEES_USER : 0u) |
                        (seen_by_user ? RECORD_SEEN_BY_USER : 0u)));
}
