/* SPDX-License-Identifier: MPL-2.0 */
/* The published values of "abc" (FIPS 180-4 and FIPS 202, appendices with examples). */
#include "sojourn/digest.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(digest, gives_the_published_values_however_it_is_fed)
{
    static const struct {
        enum sj_digest_kind kind;
        size_t size;
        const char *begin;           /* of the value, in hex */
    } rows[] = {
        {SJ_DIGEST_SHA1, 20, "a9993e364706816aba3e25717850c26c"},
        {SJ_DIGEST_SHA256, 32, "ba7816bf8f01cfea414140de5dae2223"},
        {SJ_DIGEST_SHA3_256, 32, "3a985da74fe225b2045c172d6bd390bd"},
        {SJ_DIGEST_SHA512, 64, "ddaf35a193617abacc417349ae204131"},
        {SJ_DIGEST_SHA3_512, 64, "b751850b1a57168a5693cd924b6b096e"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t cut = 0; cut <= 3; cut++) {
            struct sj_digest *d = sj_digest_new(rows[i].kind);
            uint8_t out[SJ_DIGEST_MAX];
            char hex[33] = "";
            sj_digest_add(d, "abc", cut);
            sj_digest_add(d, &"abc"[cut], 3 - cut);
            sj_digest_end(d, out);
            sj_digest_free(&d);
            cr_assert_null(d);
            for (size_t b = 0; b < 16; b++)
                snprintf(hex + 2 * b, 3, "%02x", out[b]);
            cr_expect_str_eq(hex, rows[i].begin, "kind %d", (int)rows[i].kind);
        }
        cr_expect_eq(sj_digest_size(rows[i].kind), rows[i].size);
    }
    cr_expect_eq(sj_digest_size(SJ_DIGEST_NONE), 0);
}

/* RFC 4231 §4.3 and §4.7 (a key longer than a block). */
Test(digest, hmac_is_what_the_rfc_says)
{
    uint8_t out[SJ_DIGEST_SHA256_SIZE];
    uint8_t key[131];
    static const uint8_t begin[][4] = {{0x5b, 0xdc, 0xc1, 0x46}, {0x60, 0xe4, 0x31, 0x59}};
    sj_hmac_sha256(out, "Jefe", 4, "what do ya want for nothing?", 28);
    cr_expect_arr_eq(out, begin[0], 4);
    memset(key, 0xaa, sizeof key);
    sj_hmac_sha256(out, key, sizeof key, "Test Using Larger Than Block-Size Key - Hash Key First",
                   54);
    cr_expect_arr_eq(out, begin[1], 4);
}
