/* SPDX-License-Identifier: MPL-2.0 */
/* Sealing: the only file of the store that knows libsodium.
 *
 * XChaCha20-Poly1305-IETF (draft-irtf-cfrg-xchacha) with random nonces; additional data is the
 * table's name, the lookup key and the schema byte, so that a record opens only where it was
 * written. Lookup keys are keyed BLAKE2b (RFC 7693). All keys of the process derive from the
 * master key by crypto_kdf, one subkey for each use; data keys of users are random and belong to
 * the caller. Reading the master key from its file is left to keyfile.c. */
#include "seal.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/store.h"
#include "sojourn/strbuf.h"

static_assert(SEAL_KEY_LEN == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key size");
static_assert(SEAL_KEY_LEN == crypto_kdf_KEYBYTES, "master key size");
static_assert(SEAL_OVERHEAD == 1 + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES +
                                   crypto_aead_xchacha20poly1305_ietf_ABYTES, "overhead");
static_assert(STORE_PART_LEN >= crypto_generichash_BYTES_MIN, "hash size");

#define SEAL_NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define SEAL_TABLE_MAX 32u

/* Context of the key derivation, and the number of each subkey: part of the format. */
static const char seal_context[crypto_kdf_CONTEXTBYTES + 1] = "sojourn1";
enum { SEAL_SUBKEY_USER = 1, SEAL_SUBKEY_ITEM, SEAL_SUBKEY_WRAP, SEAL_SUBKEY_HEADER,
       SEAL_SUBKEY_NAME_TAG, SEAL_SUBKEY_NAME, SEAL_SUBKEY_PUBLIC, SEAL_SUBKEY_ID_TAG,
       SEAL_SUBKEY_ID, SEAL_SUBKEY_VEIL, SEAL_SUBKEY_RENEW };

/* What stays when the master key changes: hashes, and what others were shown. */
struct seal_roots {
    struct seal_key user;        /* hashes owners */
    struct seal_key item;        /* hashes items */
    struct seal_key name_tag, name;      /* tag and seal names */
    struct seal_key public;      /* for ids that others see, outside the store */
    struct seal_key id_tag, id;          /* tag and seal ids of entries */
};
static_assert(sizeof(struct seal_roots) == SEAL_ROOTS_LEN, "size of the lasting keys");

struct seal {
    struct seal_roots roots;
    struct seal_key wrap;        /* seals data keys */
    struct seal_key header;      /* seals the header's known text */
    struct seal_key veil;        /* hides hashes; used when the roots are an older key's */
    struct seal_key renew;       /* makes new data keys of old ones */
    bool veiled;
};

static void seal_derive(struct seal_key *out, uint64_t number, const uint8_t *master)
{
    crypto_kdf_derive_from_key(out->b, sizeof out->b, number, seal_context, master);
}

enum sj_status seal_new(struct seal **out, const uint8_t master[SEAL_KEY_LEN],
                        const struct sj_log *log, struct sj_error *err)
{
    *out = NULL;
    if (sodium_init() < 0)
        return sj_fail(err, SJ_INTERNAL, "libsodium cannot be used on this machine");
    struct seal *seal = sodium_malloc(sizeof *seal);
    if (!seal)
        return sj_fail(err, SJ_INTERNAL, "no guarded memory for the keys");
    /* sodium_malloc locks too, but hides a failure. */
    if (sodium_mlock(seal, sizeof *seal) != 0)
        sj_log_warn(log, "keys are not locked in memory and may reach the swap space "
                         "hint=raise-the-memlock-limit");
    seal_derive(&seal->roots.user, SEAL_SUBKEY_USER, master);
    seal_derive(&seal->roots.item, SEAL_SUBKEY_ITEM, master);
    seal_derive(&seal->wrap, SEAL_SUBKEY_WRAP, master);
    seal_derive(&seal->header, SEAL_SUBKEY_HEADER, master);
    seal_derive(&seal->roots.name_tag, SEAL_SUBKEY_NAME_TAG, master);
    seal_derive(&seal->roots.name, SEAL_SUBKEY_NAME, master);
    seal_derive(&seal->roots.public, SEAL_SUBKEY_PUBLIC, master);
    seal_derive(&seal->roots.id_tag, SEAL_SUBKEY_ID_TAG, master);
    seal_derive(&seal->roots.id, SEAL_SUBKEY_ID, master);
    seal_derive(&seal->veil, SEAL_SUBKEY_VEIL, master);
    seal_derive(&seal->renew, SEAL_SUBKEY_RENEW, master);
    seal->veiled = false;
    sodium_mprotect_readonly(seal);
    *out = seal;
    return SJ_OK;
}

void seal_free(struct seal **seal)
{
    if (!seal || !*seal)
        return;
    sodium_free(*seal);          /* makes it writable, wipes, unlocks */
    *seal = NULL;
}

const struct seal_key *seal_wrap_key(const struct seal *seal)
{
    return &seal->wrap;
}

const struct seal_key *seal_header_key(const struct seal *seal)
{
    return &seal->header;
}

const struct seal_key *seal_public_key(const struct seal *seal)
{
    return &seal->roots.public;
}

void seal_key_random(struct seal_key *out)
{
    randombytes_buf(out->b, sizeof out->b);
}

void seal_key_wipe(struct seal_key *key)
{
    sodium_memzero(key->b, sizeof key->b);
}

/* --- the veil --------------------------------------------------------------------------------- */

void seal_put_roots(struct seal *seal, const uint8_t roots[SEAL_ROOTS_LEN])
{
    sodium_mprotect_readwrite(seal);
    memcpy(&seal->roots, roots, SEAL_ROOTS_LEN);
    seal->veiled = true;
    sodium_mprotect_readonly(seal);
}

void seal_take_roots(struct seal *seal, const struct seal *from)
{
    seal_put_roots(seal, (const uint8_t *)&from->roots);
}

const uint8_t *seal_roots(const struct seal *seal)
{
    return (const uint8_t *)&seal->roots;
}

void seal_renew(const struct seal *seal, const struct seal_key *old, struct seal_key *out)
{
    struct seal_key from = *old;
    crypto_generichash(out->b, sizeof out->b, from.b, sizeof from.b, seal->renew.b,
                       sizeof seal->renew.b);
    sodium_memzero(&from, sizeof from);
}

/* Rounds of the network. With a round function that nobody can tell from a random one, four make a
 * permutation that nobody can tell from a random one, either (M. Luby and C. Rackoff, 1988), as
 * long as halves hardly ever meet again; short halves take more (as in NIST SP 800-38G). */
#define SEAL_ROUNDS_16 6u
#define SEAL_ROUNDS_8 10u

/* One round: a half becomes itself and HChaCha20 of the other. Its number and the size go in. */
static void seal_round(const struct seal *seal, uint8_t *part, size_t n, unsigned round)
{
    uint8_t in[crypto_core_hchacha20_INPUTBYTES] = {0}, out[crypto_core_hchacha20_OUTPUTBYTES];
    size_t half = n / 2;
    const uint8_t *from = part + (round % 2 == 0 ? half : 0);
    uint8_t *to = part + (round % 2 == 0 ? 0 : half);
    memcpy(in, from, half);
    in[sizeof in - 2] = (uint8_t)n;
    in[sizeof in - 1] = (uint8_t)round;
    crypto_core_hchacha20(out, in, seal->veil.b, NULL);
    for (size_t i = 0; i < half; i++)
        to[i] ^= out[i];
}

static unsigned seal_rounds(const struct seal *seal, size_t n)
{
    assert(n == STORE_PART_LEN || n == STORE_PART_LEN / 2);
    if (!seal->veiled)
        return 0;
    return n == STORE_PART_LEN ? SEAL_ROUNDS_16 : SEAL_ROUNDS_8;
}

void seal_veil(const struct seal *seal, uint8_t *part, size_t n)
{
    unsigned rounds = seal_rounds(seal, n);
    for (unsigned i = 0; i < rounds; i++)
        seal_round(seal, part, n, i);
}

void seal_unveil(const struct seal *seal, uint8_t *part, size_t n)
{
    for (unsigned i = seal_rounds(seal, n); i > 0; i--)
        seal_round(seal, part, n, i - 1);
}

/* --- hashes ----------------------------------------------------------------------------------- */

static void seal_hash_add(crypto_generichash_state *state, const void *p, size_t n)
{
    crypto_generichash_update(state, p, n);
}

/* The text with its NUL: that divides it from what follows. */
static void seal_hash_adds(crypto_generichash_state *state, const char *s)
{
    seal_hash_add(state, s, strlen(s) + 1);
}

void seal_user_part(const struct seal *seal, const struct sj_owner *owner,
                    uint8_t out[STORE_PART_LEN])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, seal->roots.user.b, sizeof seal->roots.user.b, STORE_PART_LEN);
    seal_hash_adds(&state, owner->host);
    seal_hash_adds(&state, owner->user);
    seal_hash_add(&state, owner->label, strlen(owner->label));
    crypto_generichash_final(&state, out, STORE_PART_LEN);
    sodium_memzero(&state, sizeof state);
    seal_veil(seal, out, STORE_PART_LEN);
}

/* The user part as it is below the veil, as all hashes have it. */
static void seal_bare_user(const struct seal *seal, const uint8_t user[STORE_PART_LEN],
                           uint8_t out[STORE_PART_LEN])
{
    memcpy(out, user, STORE_PART_LEN);
    seal_unveil(seal, out, STORE_PART_LEN);
}

/* The user part goes in as well: else equal items of two users would show that they are equal,
 * and the file would tell who knows whom, if not their names. */
void seal_hash(const struct seal *seal, const uint8_t user[STORE_PART_LEN], const char *table,
               const char *item, uint8_t out[STORE_PART_LEN])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, seal->roots.item.b, sizeof seal->roots.item.b, STORE_PART_LEN);
    uint8_t bare[STORE_PART_LEN];
    seal_bare_user(seal, user, bare);
    seal_hash_adds(&state, table);
    seal_hash_add(&state, bare, STORE_PART_LEN);
    seal_hash_add(&state, item, strlen(item));
    crypto_generichash_final(&state, out, STORE_PART_LEN);
    sodium_memzero(&state, sizeof state);
}

void seal_item_part(const struct seal *seal, const uint8_t user[STORE_PART_LEN],
                    const char *table, const char *item, uint8_t out[STORE_PART_LEN])
{
    seal_hash(seal, user, table, item, out);
    seal_veil(seal, out, STORE_PART_LEN);
}

void seal_half_part(const struct seal *seal, const uint8_t user[STORE_PART_LEN],
                    const char *table, const char *item, uint8_t out[STORE_PART_LEN / 2])
{
    uint8_t whole[STORE_PART_LEN];
    seal_hash(seal, user, table, item, whole);
    memcpy(out, whole, STORE_PART_LEN / 2);
    seal_veil(seal, out, STORE_PART_LEN / 2);
}

/* The tag of a name, which is the nonce of its stream as well (a synthetic IV, as in RFC 5297): it
 * depends on all that the name is made of, so no nonce serves two texts. */
static void seal_tag(const struct seal *seal, const struct seal_key *key,
                     const uint8_t user[STORE_PART_LEN], const char *peer, const uint8_t *plain,
                     size_t n, uint8_t nonce[crypto_stream_xchacha20_NONCEBYTES])
{
    crypto_generichash_state state;
    uint8_t bare[STORE_PART_LEN];
    seal_bare_user(seal, user, bare);
    memset(nonce, 0, crypto_stream_xchacha20_NONCEBYTES);
    crypto_generichash_init(&state, key->b, sizeof key->b, SEAL_NAME_TAG);
    seal_hash_add(&state, bare, STORE_PART_LEN);
    seal_hash_adds(&state, peer);
    seal_hash_add(&state, plain, n);
    crypto_generichash_final(&state, nonce, SEAL_NAME_TAG);
    sodium_memzero(&state, sizeof state);
}

#define SEAL_NAME_TEXT_SIZE \
    sodium_base64_ENCODED_LEN(SEAL_NAME_TAG + SEAL_NAME_MAX, \
                              sodium_base64_VARIANT_URLSAFE_NO_PADDING)

void seal_name_close(const struct seal *seal, const uint8_t user[STORE_PART_LEN], const char *peer,
                     const uint8_t *plain, size_t n, struct sj_strbuf *out)
{
    uint8_t nonce[crypto_stream_xchacha20_NONCEBYTES];
    uint8_t sealed[SEAL_NAME_TAG + SEAL_NAME_MAX];
    char text[SEAL_NAME_TEXT_SIZE];
    assert(n <= SEAL_NAME_MAX);
    seal_tag(seal, &seal->roots.name_tag, user, peer, plain, n, nonce);
    memcpy(sealed, nonce, SEAL_NAME_TAG);
    crypto_stream_xchacha20_xor(sealed + SEAL_NAME_TAG, plain, n, nonce, seal->roots.name.b);
    sodium_bin2base64(text, sizeof text, sealed, SEAL_NAME_TAG + n,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sj_strbuf_adds(out, text);
}

bool seal_name_open(const struct seal *seal, const uint8_t user[STORE_PART_LEN], const char *peer,
                    const char *name, uint8_t *out, size_t *out_n)
{
    uint8_t nonce[crypto_stream_xchacha20_NONCEBYTES] = {0};
    uint8_t expected[crypto_stream_xchacha20_NONCEBYTES];
    uint8_t sealed[SEAL_NAME_TAG + SEAL_NAME_MAX];
    size_t n = 0;
    if (sodium_base642bin(sealed, sizeof sealed, name, strlen(name), NULL, &n, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        n <= SEAL_NAME_TAG)
        return false;
    n -= SEAL_NAME_TAG;
    memcpy(nonce, sealed, SEAL_NAME_TAG);
    crypto_stream_xchacha20_xor(out, sealed + SEAL_NAME_TAG, n, nonce, seal->roots.name.b);
    seal_tag(seal, &seal->roots.name_tag, user, peer, out, n, expected);
    *out_n = n;
    return sodium_memcmp(nonce, expected, sizeof nonce) == 0;
}

static_assert(SEAL_ID_SIZE == sodium_base64_ENCODED_LEN(SEAL_ID_TAG + SEAL_ID_LEN,
                                                        sodium_base64_VARIANT_URLSAFE_NO_PADDING),
              "size of an id");

/* The tag of an id: as many bytes of seal_tag's as there is room for, zeros behind them. */
static void seal_id_tag(const struct seal *seal, const uint8_t user[STORE_PART_LEN],
                        const char *peer, const uint8_t *plain,
                        uint8_t nonce[crypto_stream_xchacha20_NONCEBYTES])
{
    seal_tag(seal, &seal->roots.id_tag, user, peer, plain, SEAL_ID_LEN, nonce);
    memset(nonce + SEAL_ID_TAG, 0, SEAL_NAME_TAG - SEAL_ID_TAG);
}

void seal_id_close(const struct seal *seal, const uint8_t user[STORE_PART_LEN], const char *peer,
                   const uint8_t plain[SEAL_ID_LEN], char out[SEAL_ID_SIZE])
{
    uint8_t nonce[crypto_stream_xchacha20_NONCEBYTES];
    uint8_t sealed[SEAL_ID_TAG + SEAL_ID_LEN];
    seal_id_tag(seal, user, peer, plain, nonce);
    memcpy(sealed, nonce, SEAL_ID_TAG);
    crypto_stream_xchacha20_xor(sealed + SEAL_ID_TAG, plain, SEAL_ID_LEN, nonce, seal->roots.id.b);
    sodium_bin2base64(out, SEAL_ID_SIZE, sealed, sizeof sealed,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool seal_id_open(const struct seal *seal, const uint8_t user[STORE_PART_LEN], const char *peer,
                  const char *id, uint8_t plain[SEAL_ID_LEN])
{
    uint8_t nonce[crypto_stream_xchacha20_NONCEBYTES] = {0};
    uint8_t expected[crypto_stream_xchacha20_NONCEBYTES];
    uint8_t sealed[SEAL_ID_TAG + SEAL_ID_LEN];
    size_t n = 0;
    if (strnlen(id, SEAL_ID_SIZE) != SEAL_ID_SIZE - 1 ||
        sodium_base642bin(sealed, sizeof sealed, id, SEAL_ID_SIZE - 1, NULL, &n, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 || n != sizeof sealed)
        return false;
    memcpy(nonce, sealed, SEAL_ID_TAG);
    crypto_stream_xchacha20_xor(plain, sealed + SEAL_ID_TAG, SEAL_ID_LEN, nonce, seal->roots.id.b);
    seal_id_tag(seal, user, peer, plain, expected);
    return sodium_memcmp(nonce, expected, sizeof nonce) == 0;
}

/* Additional data of a record: table name with its NUL, lookup key, schema byte. */
struct seal_ad {
    uint8_t b[SEAL_TABLE_MAX + STORE_KEY_LEN + 1];
    size_t n;
};

static void seal_ad_of(struct seal_ad *ad, const struct seal_place *place, uint8_t schema)
{
    size_t n = strlen(place->table) + 1;
    assert(n <= SEAL_TABLE_MAX);
    memcpy(ad->b, place->table, n);
    memcpy(ad->b + n, place->key, STORE_KEY_LEN);
    ad->b[n + STORE_KEY_LEN] = schema;
    ad->n = n + STORE_KEY_LEN + 1;
}

/* Always at least one byte of padding (ISO/IEC 7816-4). */
static size_t seal_padded(size_t n)
{
    return (n / SEAL_PAD + 1) * SEAL_PAD;
}

size_t seal_size(size_t n)
{
    return seal_padded(n) + SEAL_OVERHEAD;
}

void seal_close(uint8_t *out, const struct seal_key *key, const struct seal_place *place,
                uint8_t schema, const uint8_t *plain, size_t n)
{
    struct seal_ad ad;
    uint8_t *nonce = out + 1;
    uint8_t *text = nonce + SEAL_NONCE_LEN;      /* encrypted where it stands */
    size_t padded = seal_padded(n);

    seal_ad_of(&ad, place, schema);
    out[0] = schema;
    sj_random_public(nonce, SEAL_NONCE_LEN);
    if (n > 0)
        memcpy(text, plain, n);
    sodium_pad(&padded, text, n, SEAL_PAD, padded);
    crypto_aead_xchacha20poly1305_ietf_encrypt(text, NULL, text, padded, ad.b, ad.n, NULL, nonce,
                                               key->b);
}

bool seal_open(uint8_t *out, size_t *out_n, const struct seal_key *key,
               const struct seal_place *place, const uint8_t *sealed, size_t n)
{
    struct seal_ad ad;
    if (n < SEAL_OVERHEAD + SEAL_PAD)
        return false;
    seal_ad_of(&ad, place, sealed[0]);
    const uint8_t *nonce = sealed + 1;
    const uint8_t *text = nonce + SEAL_NONCE_LEN;
    size_t text_n = n - 1 - SEAL_NONCE_LEN;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, text, text_n, ad.b, ad.n,
                                                   nonce, key->b) != 0 ||
        sodium_unpad(out_n, out, n - SEAL_OVERHEAD, SEAL_PAD) != 0) {
        sodium_memzero(out, n - SEAL_OVERHEAD);
        return false;
    }
    return true;
}
