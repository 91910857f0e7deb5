/* SPDX-License-Identifier: MPL-2.0 */
/* SHA-1 by its vectors (FIPS 180), and its text. */
#include <criterion/criterion.h>

#include "sojourn/sha1.h"

Test(sha1, is_that_of_the_vectors)
{
    static const struct {
        const char *text, *hex;
    } rows[] = {
        {"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        {"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
    };
    uint8_t digest[SJ_SHA1_LEN];
    char hex[SJ_SHA1_HEX_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sj_sha1(digest, rows[i].text, strlen(rows[i].text));
        sj_sha1_hex(hex, digest);
        cr_expect_str_eq(hex, rows[i].hex);
    }
}

/* G153-04 */
Test(sha1, reads_both_cases_and_nothing_else)
{
    static const char *const wrong[] = {
        "", "a9", "a9993e364706816aba3e25717850c26c9cd0d89",
        "g9993e364706816aba3e25717850c26c9cd0d89d",
        "a9993e364706816aba3e25717850c26c9cd0d89d0", "a9993e364706816aba3e25717850c26c9cd0d89 "};
    uint8_t lower[SJ_SHA1_LEN], upper[SJ_SHA1_LEN];
    cr_assert(sj_sha1_parse(lower, "a9993e364706816aba3e25717850c26c9cd0d89d"));
    cr_assert(sj_sha1_parse(upper, "A9993E364706816ABA3E25717850C26C9CD0D89D"));
    cr_expect_arr_eq(lower, upper, SJ_SHA1_LEN);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_not(sj_sha1_parse(lower, wrong[i]), "%s", wrong[i]);
}
