/* SPDX-License-Identifier: MPL-2.0 */
/* SHA-1 and its hexadecimal form, on OpenSSL. Clients and networks name pictures by it (XEP-0084,
 * XEP-0153); the digest of a capability set stays with the XMPP room. Source: FIPS 180-4 §6.1. */
#include "sojourn/sha1.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "sojourn/log.h"

void sj_sha1(uint8_t out[SJ_SHA1_LEN], const void *data, size_t n)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_Digest(data, n, digest, &len, EVP_sha1(), NULL) != 1 || len != SJ_SHA1_LEN) {
        sj_log_error(NULL, "the system's library has no SHA-1");
        abort();
    }
    memcpy(out, digest, SJ_SHA1_LEN);
}

void sj_sha1_hex(char out[SJ_SHA1_HEX_SIZE], const uint8_t digest[SJ_SHA1_LEN])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SJ_SHA1_LEN; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[2 * SJ_SHA1_LEN] = '\0';
}

static int sha1_nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool sj_sha1_parse(uint8_t out[SJ_SHA1_LEN], const char *hex)
{
    uint8_t digest[SJ_SHA1_LEN];
    for (size_t i = 0; i < SJ_SHA1_LEN; i++) {
        int high = sha1_nibble(hex[2 * i]);
        int low = high < 0 ? -1 : sha1_nibble(hex[2 * i + 1]);
        if (low < 0)
            return false;
        digest[i] = (uint8_t)(high << 4 | low);
    }
    if (hex[2 * SJ_SHA1_LEN] != '\0')
        return false;
    memcpy(out, digest, sizeof digest);
    return true;
}
