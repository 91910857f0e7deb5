/* SPDX-License-Identifier: MPL-2.0 */
/* Digests of files while they pass: fed in pieces, never holding the whole, and not for secrets;
 * and one that is made with a key. */
#ifndef SOJOURN_DIGEST_H
#define SOJOURN_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The algorithms of XEP-0300 that the library has, weakest first. */
enum sj_digest_kind {
    SJ_DIGEST_NONE,
    SJ_DIGEST_SHA1,
    SJ_DIGEST_SHA256,
    SJ_DIGEST_SHA3_256,
    SJ_DIGEST_SHA512,
    SJ_DIGEST_SHA3_512,
    SJ_DIGEST_KINDS
};
#define SJ_DIGEST_MAX 64u                /* bytes of the longest */
#define SJ_DIGEST_SHA256_SIZE 32u

struct sj_digest;

/* Bytes that a kind gives; 0 for SJ_DIGEST_NONE. */
size_t sj_digest_size(enum sj_digest_kind kind);
/* Never NULL; kind is not SJ_DIGEST_NONE. */
struct sj_digest *sj_digest_new(enum sj_digest_kind kind);
void sj_digest_free(struct sj_digest **d);
void sj_digest_add(struct sj_digest *d, const void *p, size_t n);
/* Writes sj_digest_size bytes; afterwards d can only be freed. */
void sj_digest_end(struct sj_digest *d, uint8_t out[SJ_DIGEST_MAX]);

/* HMAC with SHA-256 (RFC 2104) of the n bytes. */
void sj_hmac_sha256(uint8_t out[SJ_DIGEST_SHA256_SIZE], const void *key, size_t key_n,
                    const void *p, size_t n);

#endif
