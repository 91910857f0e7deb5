/* SPDX-License-Identifier: MPL-2.0 */
/* Names of messages that hold the network's id, sealed (seal.c): what came from the network needs
 * no record, however much it is, and can be referred to for ever.
 *
 * Plain: flags (8 bits), with a version 6 bytes of its hash, the id, zeros up to a multiple of 8 so
 * that lengths tell little. Of a very long id only a hash goes in, and a record is kept. */
#include "message_name.h"

#include <string.h>

#include "record.h"
#include "sojourn/strbuf.h"

#define NAME_VERSION_LEN 6u
#define NAME_PAD 8u

enum name_flag {
    NAME_OWN = 1u << 0,
    NAME_LATER = 1u << 1,
    NAME_HASHED = 1u << 2,
    NAME_FLAGS = (1u << 3) - 1
};
_Static_assert(1 + NAME_VERSION_LEN + SJ_STORE_SEALED_ID_MAX + NAME_PAD <= SEAL_NAME_MAX,
               "the longest name");

bool name_open(const struct sj_store *s, const uint8_t user[STORE_PART_LEN], const char *peer,
               const char *text, struct message_name *out)
{
    uint8_t plain[SEAL_NAME_MAX];
    size_t n = 0;
    if (!seal_name_open(s->seal, user, peer, text, plain, &n) || n == 0 ||
        plain[0] & ~(unsigned)NAME_FLAGS)
        return false;
    size_t skip = 1 + (plain[0] & NAME_LATER ? NAME_VERSION_LEN : 0);
    out->own = (plain[0] & NAME_OWN) != 0;
    out->later = (plain[0] & NAME_LATER) != 0;
    out->hashed = (plain[0] & NAME_HASHED) != 0;
    if (n < skip)
        return false;
    size_t len = out->hashed ? 0 : strnlen((const char *)plain + skip, n - skip);
    memcpy(out->id, plain + skip, len);
    out->id[len] = '\0';
    return out->hashed || len > 0;
}

static size_t name_add(uint8_t *plain, size_t n, const void *p, size_t len)
{
    memcpy(plain + n, p, len);
    return n + len;
}

void sj_store_message_name(struct sj_store *s, const struct sj_owner *owner, const char *peer,
                           const char *network_id, bool own, const char *version,
                           struct sj_strbuf *out)
{
    uint8_t user[STORE_PART_LEN], hash[STORE_PART_LEN];
    uint8_t plain[SEAL_NAME_MAX] = {0};
    size_t len = strlen(network_id), n = 1, start = out->len;
    bool hashed = len > SJ_STORE_SEALED_ID_MAX;
    seal_user_part(s->seal, owner, user);
    plain[0] = (uint8_t)((own ? NAME_OWN : 0u) | (version ? NAME_LATER : 0u) |
                         (hashed ? NAME_HASHED : 0u));
    if (version) {
        seal_hash(s->seal, user, "version", version, hash);
        n = name_add(plain, n, hash, NAME_VERSION_LEN);
    }
    if (hashed) {
        seal_hash(s->seal, user, "name", network_id, hash);
        n = name_add(plain, n, hash, sizeof hash);
    } else {
        n = name_add(plain, n, network_id, len);
    }
    n = (n + NAME_PAD - 1) / NAME_PAD * NAME_PAD;
    seal_name_close(s->seal, user, peer, plain, n, out);
    if (hashed && sj_strbuf_ok(out))
        message_record(s, user, &(struct sj_store_message){.peer = peer, .network_id = network_id,
                                                           .id = out->s + start, .own = own,
                                                           .later = true});
}

bool sj_store_message_is_own_name(const struct sj_store *s, const struct sj_owner *owner,
                                  const char *peer, const char *id)
{
    uint8_t user[STORE_PART_LEN];
    struct message_name name;
    seal_user_part(s->seal, owner, user);
    return name_open(s, user, peer, id, &name) && name.own;
}
