/* SPDX-License-Identifier: MPL-2.0 */
/* SCRAM-SHA-256 for clients: messages, the key in slices, and the server's proof.
 *
 * RFC 5802 §3, §5, §7 and RFC 7677; PBKDF2 with HMAC-SHA-256 is RFC 8018 §5.2, of one block. The
 * name and the password are used as typed: SASLprep (RFC 4013) leaves ASCII alone, what people type
 * is mostly composed already, and its tables would be a library of their own. What they are
 * carried in (base64, lines) is left to the backend. */
#include "sojourn/scram.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "scram_priv.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define SCRAM_KEY 32u
#define SCRAM_NONCE_BYTES 24u
#define SCRAM_NONCE_MAX 512u             /* ours and the server's together */
#define SCRAM_SALT_MAX 256u
#define SCRAM_HEADER "n,,"               /* no channel binding, no other identity */
#define SCRAM_HEADER_BASE64 "biws"
/* "," and "=" take three bytes each (RFC 5802 §5.1). */
#define SCRAM_FIRST_MAX (sizeof SCRAM_HEADER + 3u * SJ_SCRAM_NAME_MAX + SCRAM_NONCE_MAX + 16u)
#define SCRAM_FINAL_MAX (SCRAM_NONCE_MAX + 128u)

enum scram_step { SCRAM_START, SCRAM_FIRST, SCRAM_DERIVING, SCRAM_READY, SCRAM_FINAL, SCRAM_OVER };

/* Owner: whoever called sj_scram_new. Locked. */
struct sj_scram {
    enum scram_step step;
    bool was_wrong;
    uint32_t rounds_left;
    char password[SJ_SCRAM_NAME_MAX + 1];
    char client_nonce[SCRAM_NONCE_MAX + 1];
    char nonce[SCRAM_NONCE_MAX + 1];     /* both halves */
    char first[SCRAM_FIRST_MAX + 1];     /* with the header */
    char challenge[SJ_SCRAM_MESSAGE_MAX + 1];
    char final[SCRAM_FINAL_MAX + 1];
    unsigned char server_signature[SCRAM_KEY];
    unsigned char block[SCRAM_KEY];      /* of the round before */
    unsigned char key[SCRAM_KEY];        /* all rounds so far, by exclusive or */
    crypto_auth_hmacsha256_state keyed;  /* has taken the password */
};

static void hmac(unsigned char out[SCRAM_KEY], const void *key, const void *text, size_t n)
{
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, key, SCRAM_KEY);
    crypto_auth_hmacsha256_update(&state, text, n);
    crypto_auth_hmacsha256_final(&state, out);
    sj_wipe(&state, sizeof state);
}

/* Appends the name with its two special characters spelt out. */
static void first_build(struct sj_scram *s, const char *user)
{
    size_t n = sizeof SCRAM_HEADER "n=" - 1;

    memcpy(s->first, SCRAM_HEADER "n=", n);
    for (; *user; user++) {
        const char *coded = *user == ',' ? "=2C" : *user == '=' ? "=3D" : NULL;
        if (!coded) {
            s->first[n++] = *user;
            continue;
        }
        memcpy(s->first + n, coded, 3);
        n += 3;
    }
    (void)snprintf(s->first + n, sizeof s->first - n, ",r=%s", s->client_nonce);
}

struct sj_scram *scram_new_with_nonce(const char *user, const char *password, const char *nonce)
{
    size_t user_length = strlen(user);
    size_t password_length = strlen(password);

    if (!user_length || user_length > SJ_SCRAM_NAME_MAX || !password_length ||
        password_length > SJ_SCRAM_NAME_MAX)
        return NULL;
    random_prepare();
    struct sj_scram *s = sodium_malloc(sizeof *s);
    assert(s);                           /* else there is no memory (sojourn/memory.h) */
    sj_wipe(s, sizeof *s);
    memcpy(s->password, password, password_length + 1);
    sj_copy(s->client_nonce, sizeof s->client_nonce, nonce);
    first_build(s, user);
    return s;
}

struct sj_scram *sj_scram_new(const char *user, const char *password)
{
    unsigned char bytes[SCRAM_NONCE_BYTES];
    char nonce[sodium_base64_ENCODED_LEN(SCRAM_NONCE_BYTES, sodium_base64_VARIANT_ORIGINAL)];

    sj_random_bytes(bytes, sizeof bytes);
    sodium_bin2base64(nonce, sizeof nonce, bytes, sizeof bytes, sodium_base64_VARIANT_ORIGINAL);
    return scram_new_with_nonce(user, password, nonce);
}

void sj_scram_free(struct sj_scram **s)
{
    if (!s || !*s)
        return;
    sodium_free(*s);                     /* wipes */
    *s = NULL;
}

const char *sj_scram_first(struct sj_scram *s)
{
    assert(s->step == SCRAM_START);
    s->step = SCRAM_FIRST;
    return s->first;
}

/* The value of the attribute at *at, "x=value,", and goes on behind it; NULL: it is not there. */
static const char *take_attribute(const char **at, char name, size_t *n)
{
    const char *p = *at;

    if (p[0] != name || p[0] == '\0' || p[1] != '=')
        return NULL;
    p += 2;
    *n = strcspn(p, ",");
    *at = p + *n + (p[*n] == ',');
    return p;
}

static bool take_nonce(struct sj_scram *s, const char **at)
{
    size_t n;
    size_t own = strlen(s->client_nonce);
    const char *p = take_attribute(at, 'r', &n);

    /* It must begin with ours and add to it: else the answer is to another question. */
    if (!p || n <= own || n > SCRAM_NONCE_MAX || memcmp(p, s->client_nonce, own) != 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < 0x21 || p[i] > 0x7e)
            return false;
    }
    memcpy(s->nonce, p, n);
    s->nonce[n] = '\0';
    return true;
}

static bool take_salt(const char **at, unsigned char salt[SCRAM_SALT_MAX], size_t *n)
{
    size_t length;
    const char *p = take_attribute(at, 's', &length);

    return p && sodium_base642bin(salt, SCRAM_SALT_MAX, p, length, NULL, n, NULL,
                                  sodium_base64_VARIANT_ORIGINAL) == 0 && *n > 0;
}

/* 0: not there, or out of the question. */
static uint32_t take_rounds(const char **at)
{
    size_t n;
    int64_t rounds;
    char digits[12];
    const char *p = take_attribute(at, 'i', &n);

    if (!p || n == 0 || n >= sizeof digits || *p < '1' || *p > '9')
        return 0;
    memcpy(digits, p, n);
    digits[n] = '\0';
    return sj_parse_int(digits, 1, UINT32_MAX, &rounds) ? (uint32_t)rounds : 0;
}

static void derive_begin(struct sj_scram *s, const unsigned char *salt, size_t n, uint32_t rounds)
{
    static const unsigned char block_number[4] = { 0, 0, 0, 1 };
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&s->keyed, (const unsigned char *)s->password,
                                strlen(s->password));
    sj_wipe(s->password, sizeof s->password);
    state = s->keyed;
    crypto_auth_hmacsha256_update(&state, salt, n);
    crypto_auth_hmacsha256_update(&state, block_number, sizeof block_number);
    crypto_auth_hmacsha256_final(&state, s->block);
    sj_wipe(&state, sizeof state);
    memcpy(s->key, s->block, SCRAM_KEY);
    s->rounds_left = rounds - 1;
    s->step = SCRAM_DERIVING;
}

enum sj_status sj_scram_challenge(struct sj_scram *s, const char *text, struct sj_error *err)
{
    unsigned char salt[SCRAM_SALT_MAX];
    size_t salt_length = 0;
    size_t length = strlen(text);
    const char *at = text;

    assert(s->step == SCRAM_FIRST);
    /* A mandatory extension comes first ("m="), and nobody knows one. */
    if (length > SJ_SCRAM_MESSAGE_MAX || !take_nonce(s, &at) ||
        !take_salt(&at, salt, &salt_length))
        return sj_fail(err, SJ_DENIED,
                       "the network's part of the login (SCRAM) makes no sense");
    uint32_t rounds = take_rounds(&at);
    if (rounds < SJ_SCRAM_ROUNDS_MIN || rounds > SJ_SCRAM_ROUNDS_MAX)
        return sj_fail(err, SJ_DENIED,
                       "the network wants a login (SCRAM) of %u rounds; %u to %u are possible",
                       (unsigned)rounds, SJ_SCRAM_ROUNDS_MIN, SJ_SCRAM_ROUNDS_MAX);
    memcpy(s->challenge, text, length + 1);
    derive_begin(s, salt, salt_length, rounds);
    return SJ_OK;
}

bool sj_scram_derive(struct sj_scram *s, unsigned rounds)
{
    assert(s->step == SCRAM_DERIVING);
    for (; rounds && s->rounds_left; rounds--, s->rounds_left--) {
        crypto_auth_hmacsha256_state state = s->keyed;
        crypto_auth_hmacsha256_update(&state, s->block, SCRAM_KEY);
        crypto_auth_hmacsha256_final(&state, s->block);
        for (size_t i = 0; i < SCRAM_KEY; i++)
            s->key[i] ^= s->block[i];
        if (rounds == 1 || s->rounds_left == 1)
            sj_wipe(&state, sizeof state);
    }
    if (s->rounds_left)
        return false;
    s->step = SCRAM_READY;
    return true;
}

/* What both signatures sign: the messages so far, without header and proof (RFC 5802 §3). */
static void auth_message(crypto_auth_hmacsha256_state *state, const struct sj_scram *s)
{
    const char *bare = s->first + sizeof SCRAM_HEADER - 1;
    const unsigned char *comma = (const unsigned char *)",";

    crypto_auth_hmacsha256_update(state, (const unsigned char *)bare, strlen(bare));
    crypto_auth_hmacsha256_update(state, comma, 1);
    crypto_auth_hmacsha256_update(state, (const unsigned char *)s->challenge,
                                  strlen(s->challenge));
    crypto_auth_hmacsha256_update(state, comma, 1);
    crypto_auth_hmacsha256_update(state, (const unsigned char *)s->final, strlen(s->final));
}

static void sign(unsigned char out[SCRAM_KEY], const struct sj_scram *s,
                 const unsigned char key[SCRAM_KEY])
{
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, key, SCRAM_KEY);
    auth_message(&state, s);
    crypto_auth_hmacsha256_final(&state, out);
    sj_wipe(&state, sizeof state);
}

const char *sj_scram_final(struct sj_scram *s)
{
    unsigned char client_key[SCRAM_KEY], stored_key[SCRAM_KEY], proof[SCRAM_KEY];
    char text[sodium_base64_ENCODED_LEN(SCRAM_KEY, sodium_base64_VARIANT_ORIGINAL)];

    assert(s->step == SCRAM_READY);
    (void)snprintf(s->final, sizeof s->final, "c=" SCRAM_HEADER_BASE64 ",r=%s", s->nonce);
    hmac(client_key, s->key, "Client Key", 10);
    crypto_hash_sha256(stored_key, client_key, SCRAM_KEY);
    sign(proof, s, stored_key);
    for (size_t i = 0; i < SCRAM_KEY; i++)
        proof[i] ^= client_key[i];
    hmac(stored_key, s->key, "Server Key", 10);
    sign(s->server_signature, s, stored_key);
    sodium_bin2base64(text, sizeof text, proof, sizeof proof, sodium_base64_VARIANT_ORIGINAL);
    size_t n = strlen(s->final);
    (void)snprintf(s->final + n, sizeof s->final - n, ",p=%s", text);
    sj_wipe(client_key, sizeof client_key);
    sj_wipe(stored_key, sizeof stored_key);
    sj_wipe(proof, sizeof proof);
    sj_wipe(text, sizeof text);
    sj_wipe(s->key, sizeof s->key);
    sj_wipe(s->block, sizeof s->block);
    sj_wipe(&s->keyed, sizeof s->keyed);
    s->step = SCRAM_FINAL;
    return s->final;
}

enum sj_status sj_scram_verify(struct sj_scram *s, const char *text, struct sj_error *err)
{
    unsigned char signature[SCRAM_KEY];
    size_t length, n = 0;
    const char *at = text;
    const char *p;

    assert(s->step == SCRAM_FINAL);
    s->step = SCRAM_OVER;
    p = take_attribute(&at, 'e', &length);
    if (p) {
        s->was_wrong = length == strlen("invalid-proof") && memcmp(p, "invalid-proof", length) == 0;
        return sj_fail(err, SJ_DENIED, "%s",
                       s->was_wrong ? N_("the password is wrong")
                                    : N_("the network refused the login (SCRAM)"));
    }
    p = take_attribute(&at, 'v', &length);
    if (p && sodium_base642bin(signature, sizeof signature, p, length, NULL, &n, NULL,
                               sodium_base64_VARIANT_ORIGINAL) == 0 &&
        n == sizeof signature &&
        sj_equal_secret(signature, s->server_signature, sizeof signature))
        return SJ_OK;
    return sj_fail(err, SJ_DENIED,
                   "the network could not prove that it knows the account; somebody else may "
                   "have answered");
}

bool sj_scram_was_wrong(const struct sj_scram *s)
{
    return s->was_wrong;
}
