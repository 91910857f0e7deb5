/* SPDX-License-Identifier: MPL-2.0 */
/* strbuf.c, memory.c, error.c: growing text, small string helpers, statuses. */
#include <criterion/criterion.h>

#include "sojourn/error.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

Test(strbuf, is_an_empty_text_before_the_first_append)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 10);
    cr_assert_str_eq(b.s, "");
    cr_assert_eq(b.len, 0);
    sj_strbuf_reset(&b);
    sj_strbuf_release(&b);
    cr_assert_str_eq(b.s, "");
}

Test(strbuf, takes_up_to_max_and_then_fails_for_good)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 5);
    sj_strbuf_adds(&b, "abc");
    sj_strbuf_addf(&b, "%d", 45);
    cr_assert(sj_strbuf_ok(&b));
    sj_strbuf_addc(&b, 'x');
    cr_assert_not(sj_strbuf_ok(&b));
    cr_assert_str_eq(b.s, "abc45");
    sj_strbuf_add(&b, "", 0);
    cr_assert_not(sj_strbuf_ok(&b));
    sj_strbuf_reset(&b);
    cr_assert(sj_strbuf_ok(&b));
    cr_assert_str_eq(b.s, "");
    sj_strbuf_addf(&b, "%s", "123456");
    cr_assert_str_eq(b.s, "", "nothing of what does not fit");
    sj_strbuf_release(&b);
}

Test(strbuf, grows_over_many_appends)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 100000);
    for (int i = 0; i < 10000; i++)
        sj_strbuf_addf(&b, "%d,", i % 10);
    cr_assert(sj_strbuf_ok(&b));
    cr_assert_eq(b.len, 20000);
    cr_assert_eq(strlen(b.s), 20000);
    sj_strbuf_release(&b);
}

Test(strbuf, gives_its_text_away)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 10);
    char *empty = sj_strbuf_take(&b);
    cr_assert_str_eq(empty, "");
    sj_free(empty);
    sj_strbuf_adds(&b, "hello");
    char *text = sj_strbuf_take(&b);
    cr_assert_str_eq(text, "hello");
    cr_assert_str_eq(b.s, "");
    sj_free(text);
}

Test(strbuf, holds_bytes_with_nul)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 10);
    sj_strbuf_add(&b, "a\0b", 3);
    cr_assert_eq(b.len, 3);
    cr_assert_eq(memcmp(b.s, "a\0b", 4), 0);
    sj_strbuf_release(&b);
}

Test(strings, compare_without_case_in_ascii_only)
{
    static const struct {
        const char *a, *b;
        size_t n;
        int sign;
    } rows[] = {
        {"abc", "ABC", SIZE_MAX, 0}, {"abc", "abd", SIZE_MAX, -1}, {"abcd", "abc", SIZE_MAX, 1},
        {"abX", "abY", 2, 0},        {"", "", SIZE_MAX, 0},        {"\xC3\xA4", "\xC3\x84", 9, 1},
        {"[", "{", SIZE_MAX, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int got = sj_ascii_ncasecmp(rows[i].a, rows[i].b, rows[i].n);
        cr_expect_eq((got > 0) - (got < 0), rows[i].sign, "row %zu: %s %s", i, rows[i].a,
                     rows[i].b);
    }
    cr_assert_eq(sj_ascii_casecmp("PING", "ping"), 0);
}

Test(strings, copy_cuts_on_a_code_point)
{
    char out[6];
    sj_copy(out, sizeof out, "ab\xE2\x82\xAC" "cd");
    cr_assert_str_eq(out, "ab\xE2\x82\xAC");
    sj_copy(out, sizeof out, "abc\xE2\x82\xAC");
    cr_assert_str_eq(out, "abc");
    sj_copy(out, 1, "abc");
    cr_assert_str_eq(out, "");
    sj_copy(out, 0, "abc");
}

Test(strings, parse_whole_decimal_numbers_in_range)
{
    static const struct {
        const char *text;
        int64_t min, max, value;
        bool good;
    } rows[] = {
        {"0", 0, 10, 0, true},
        {"10", 0, 10, 10, true},
        {"11", 0, 10, 0, false},
        {"-1", 0, 10, 0, false},
        {"-5", -5, 10, -5, true},
        {"007", 0, 10, 7, true},
        {"", 0, 10, 0, false},
        {"-", -1, 10, 0, false},
        {"+1", 0, 10, 0, false},
        {" 1", 0, 10, 0, false},
        {"1 ", 0, 10, 0, false},
        {"1x", 0, 10, 0, false},
        {"9223372036854775807", INT64_MIN, INT64_MAX, INT64_MAX, true},
        {"9223372036854775808", INT64_MIN, INT64_MAX, 0, false},
        {"-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN, true},
        {"-9223372036854775809", INT64_MIN, INT64_MAX, 0, false},
        {"99999999999999999999999999", INT64_MIN, INT64_MAX, 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t got = -99;
        bool good = sj_parse_int(rows[i].text, rows[i].min, rows[i].max, &got);
        cr_expect_eq(good, rows[i].good, "row %zu: \"%s\"", i, rows[i].text);
        cr_expect(!good || got == rows[i].value, "row %zu: \"%s\"", i, rows[i].text);
    }
}

Test(memory, copies_strings_and_frees_secrets)
{
    cr_assert_null(sj_strdup(NULL));
    char *s = sj_strndup("abcdef", 3);
    cr_assert_str_eq(s, "abc");
    sj_secret_free(&s);
    cr_assert_null(s);
    sj_secret_free(&s);
    sj_secret_free(NULL);
    cr_assert(sj_equal_secret("abc", "abc", 3));
    cr_assert_not(sj_equal_secret("abc", "abd", 3));
    char bytes[8] = "secret";
    sj_wipe(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        cr_assert_eq(bytes[i], 0);
    sj_free(sj_malloc(0));
    sj_free(sj_calloc(0, 8));
    sj_free(NULL);
}

Test(memory, draws_random_numbers_below_a_bound)
{
    cr_assert_eq(sj_random_below(0), 0);
    cr_assert_eq(sj_random_below(1), 0);
    bool seen[6] = {false};
    for (int i = 0; i < 1000; i++) {
        uint32_t n = sj_random_below(6);
        cr_assert_lt(n, 6);
        seen[n] = true;
    }
    for (size_t i = 0; i < 6; i++)
        cr_assert(seen[i]);
}

Test(error, is_filled_and_cut_on_a_code_point)
{
    struct sj_error err;
    cr_assert_eq(sj_fail(&err, SJ_DENIED, "no %s for %d", "entry", 7), SJ_DENIED);
    cr_assert_eq(err.status, SJ_DENIED);
    cr_assert_str_eq(err.text, "no entry for 7");
    cr_assert_eq(sj_fail(NULL, SJ_LIMIT, "nobody asks"), SJ_LIMIT);
    sj_fail(&err, SJ_INVALID, "%198s\xE2\x82\xAC", "x");
    cr_assert_eq(strlen(err.text), 198);
    sj_fail(&err, SJ_INVALID, "%196s\xE2\x82\xAC", "x");
    cr_assert_eq(strlen(err.text), 199);
    sj_fail(&err, SJ_INVALID, "[%s]", err.text);
    cr_assert_eq(err.text[0], '[', "its own text may be an argument");
}

Test(error, names_every_status)
{
    cr_assert_str_eq(sj_status_text(SJ_OK), "ok");
    for (int i = 0; i < SJ_STATUS_COUNT; i++)
        cr_assert_gt(strlen(sj_status_text((enum sj_status)i)), 0);
    cr_assert_str_eq(sj_status_text((enum sj_status)999), "unknown status");
    cr_assert_str_eq(sj_status_text((enum sj_status)-1), "unknown status");
}
