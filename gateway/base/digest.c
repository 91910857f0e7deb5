/* SPDX-License-Identifier: MPL-2.0 */
/* Digests over OpenSSL's EVP, which picks the fastest code that the processor has. What the library
 * refuses to do for lack of memory ends the process, as everywhere (sojourn/memory.h). */
#include "sojourn/digest.h"

#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "sojourn/memory.h"

struct sj_digest {
    EVP_MD_CTX *evp;
};

static const struct {
    const EVP_MD *(*md)(void);
    size_t size;
} digest_kinds[SJ_DIGEST_KINDS] = {
    [SJ_DIGEST_NONE] = {NULL, 0},
    [SJ_DIGEST_SHA1] = {EVP_sha1, 20},
    [SJ_DIGEST_SHA256] = {EVP_sha256, SJ_DIGEST_SHA256_SIZE},
    [SJ_DIGEST_SHA3_256] = {EVP_sha3_256, 32},
    [SJ_DIGEST_SHA512] = {EVP_sha512, 64},
    [SJ_DIGEST_SHA3_512] = {EVP_sha3_512, 64},
};

size_t sj_digest_size(enum sj_digest_kind kind)
{
    return (unsigned)kind < SJ_DIGEST_KINDS ? digest_kinds[kind].size : 0;
}

struct sj_digest *sj_digest_new(enum sj_digest_kind kind)
{
    struct sj_digest *d = sj_calloc(1, sizeof *d);
    int ok;

    assert(sj_digest_size(kind) > 0);
    d->evp = EVP_MD_CTX_new();
    ok = d->evp != NULL && EVP_DigestInit_ex(d->evp, digest_kinds[kind].md(), NULL) == 1;
    assert(ok);                          /* else there is no memory, or no such library */
    (void)ok;
    return d;
}

void sj_digest_free(struct sj_digest **d)
{
    if (d == NULL || *d == NULL)
        return;
    EVP_MD_CTX_free((*d)->evp);
    sj_free(*d);
    *d = NULL;
}

void sj_digest_add(struct sj_digest *d, const void *p, size_t n)
{
    int ok = EVP_DigestUpdate(d->evp, p, n);

    assert(ok == 1);
    (void)ok;
}

void sj_digest_end(struct sj_digest *d, uint8_t out[SJ_DIGEST_MAX])
{
    unsigned n = 0;
    int ok = EVP_DigestFinal_ex(d->evp, out, &n);

    assert(ok == 1 && n <= SJ_DIGEST_MAX);
    (void)ok;
}

void sj_hmac_sha256(uint8_t out[SJ_DIGEST_SHA256_SIZE], const void *key, size_t key_n,
                    const void *p, size_t n)
{
    assert(key_n <= INT_MAX);
    const uint8_t *made = HMAC(EVP_sha256(), key, (int)key_n, p, n, out, NULL);

    assert(made == out);                 /* else there is no memory */
    (void)made;
}
