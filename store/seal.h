/* SPDX-License-Identifier: MPL-2.0 */
/* Sealing of records, the keys for it and the keyed hashes of lookup keys; libsodium hidden. */
#ifndef SOJOURN_SEAL_H
#define SOJOURN_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"

#define SEAL_KEY_LEN 32u
#define STORE_PART_LEN 16u               /* half a lookup key: user part, item part */
#define STORE_KEY_LEN 32u
/* Plain records are filled up to a multiple of this, so that sizes tell little. */
#define SEAL_PAD 64u
/* Schema byte, nonce, tag. */
#define SEAL_OVERHEAD (1u + 24u + 16u)

struct sj_log;
struct sj_owner;

/* A data key, on the stack of its user, who wipes it. */
struct seal_key {
    uint8_t b[SEAL_KEY_LEN];
};

/* The long-lived keys, in guarded, locked, read-only memory. */
struct seal;

/* Derives them from the master key, which the caller wipes at once. A memory lock that fails is
 * logged as a warning. */
enum sj_status seal_new(struct seal **out, const uint8_t master[SEAL_KEY_LEN],
                        const struct sj_log *log, struct sj_error *err);
void seal_free(struct seal **seal);

/* Where a record stands: bound to it as additional data. */
struct seal_place {
    const char *table;
    const uint8_t *key;                  /* STORE_KEY_LEN bytes */
};

/* Key that wraps data keys, and key of the header; borrowed, live as long as seal. */
const struct seal_key *seal_wrap_key(const struct seal *seal);
const struct seal_key *seal_header_key(const struct seal *seal);
/* A key that seals nothing. */
const struct seal_key *seal_public_key(const struct seal *seal);
void seal_key_random(struct seal_key *out);
void seal_key_wipe(struct seal_key *key);

/* First and second half of a lookup key; the half of a second half. All of them are veiled once the
 * master key was changed: what is below the veil never changes. `user` is the first half. */
void seal_user_part(const struct seal *seal, const struct sj_owner *owner,
                    uint8_t out[STORE_PART_LEN]);
void seal_item_part(const struct seal *seal, const uint8_t user[STORE_PART_LEN],
                    const char *table, const char *item, uint8_t out[STORE_PART_LEN]);

void seal_half_part(const struct seal *seal, const uint8_t user[STORE_PART_LEN],
                    const char *table, const char *item, uint8_t out[STORE_PART_LEN / 2]);
/* The same hash as the second half, without a veil: for what is no lookup key. */
void seal_hash(const struct seal *seal, const uint8_t user[STORE_PART_LEN], const char *table,
               const char *item, uint8_t out[STORE_PART_LEN]);

/* The lasting keys, which outlive a master key: hashes, and what others were shown, come from them.
 * A seal with roots put in veils lookup keys. */
#define SEAL_ROOTS_LEN (7u * SEAL_KEY_LEN)
const uint8_t *seal_roots(const struct seal *seal);
void seal_put_roots(struct seal *seal, const uint8_t roots[SEAL_ROOTS_LEN]);
void seal_take_roots(struct seal *seal, const struct seal *from);
/* The veil, a permutation of n bytes (16 or 8) in place; nothing as long as the roots are its own
 * master key's. */
void seal_veil(const struct seal *seal, uint8_t *part, size_t n);
void seal_unveil(const struct seal *seal, uint8_t *part, size_t n);
/* The data key that takes the place of an old one; may be the same memory. */
void seal_renew(const struct seal *seal, const struct seal_key *old, struct seal_key *out);

/* Names: n bytes (at most SEAL_NAME_MAX) sealed so that the same bytes give the same text, for the
 * same user and peer; whoever has no key learns their number only. Appended as base64 (RFC 4648
 * §5). */
#define SEAL_NAME_MAX 320u
#define SEAL_NAME_TAG 16u
struct sj_strbuf;
void seal_name_close(const struct seal *seal, const uint8_t user[STORE_PART_LEN], const char *peer,
                     const uint8_t *plain, size_t n, struct sj_strbuf *out);
/* Opens a name into out (SEAL_NAME_MAX bytes); false: not one of ours, or of others. */
bool seal_name_open(const struct seal *seal, const uint8_t user[STORE_PART_LEN], const char *peer,
                    const char *name, uint8_t *out, size_t *out_n);

/* Ids that are shown to others: SEAL_ID_LEN bytes sealed so that the same bytes give the same text,
 * for the same user and peer, and nobody can make one. Base64, SEAL_ID_SIZE bytes with the NUL. */
#define SEAL_ID_LEN 12u
#define SEAL_ID_TAG 12u
#define SEAL_ID_SIZE 33u
void seal_id_close(const struct seal *seal, const uint8_t user[STORE_PART_LEN], const char *peer,
                   const uint8_t plain[SEAL_ID_LEN], char out[SEAL_ID_SIZE]);
/* False: not one of ours, or another user's or peer's. */
bool seal_id_open(const struct seal *seal, const uint8_t user[STORE_PART_LEN], const char *peer,
                  const char *id, uint8_t plain[SEAL_ID_LEN]);

/* Bytes that n plain bytes take when sealed. */
size_t seal_size(size_t n);
/* Seals: schema byte, random nonce, ciphertext with tag; exactly seal_size(n) bytes to out. */
void seal_close(uint8_t *out, const struct seal_key *key, const struct seal_place *place,
                uint8_t schema, const uint8_t *plain, size_t n);
/* Opens n sealed bytes into out (room for n - SEAL_OVERHEAD bytes); *out_n is the plain size.
 * False: damaged, moved from another place, or not of this key; out is wiped then. */
bool seal_open(uint8_t *out, size_t *out_n, const struct seal_key *key,
               const struct seal_place *place, const uint8_t *sealed, size_t n);

#endif
