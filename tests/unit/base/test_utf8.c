/* SPDX-License-Identifier: MPL-2.0 */
/* utf8.c: RFC 3629, and the characters of XML 1.0 §2.2. */
#include <criterion/criterion.h>

#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define FFFD "\xEF\xBF\xBD"

Test(utf8, decodes_what_is_valid_and_nothing_else)
{
    static const struct {
        const char *s;
        size_t n, len;
        uint32_t cp;
    } rows[] = {
        {"a", 1, 1, 'a'},
        {"\0", 1, 1, 0},
        {"\xC3\xA4", 2, 2, 0xE4},
        {"\xE2\x82\xAC", 3, 3, 0x20AC},
        {"\xF0\x9F\x98\x80", 4, 4, 0x1F600},
        {"\xF4\x8F\xBF\xBF", 4, 4, 0x10FFFF},
        {"\xEF\xBF\xBF", 3, 3, 0xFFFF},
        {"\xF4\x90\x80\x80", 4, 0, 0},      /* above U+10FFFF */
        {"\xED\xA0\x80", 3, 0, 0},          /* surrogate */
        {"\xC0\x80", 2, 0, 0},              /* overlong */
        {"\xC1\xBF", 2, 0, 0},
        {"\xE0\x80\xAF", 3, 0, 0},
        {"\xF0\x80\x80\xAF", 4, 0, 0},
        {"\x80", 1, 0, 0},                  /* alone */
        {"\xC3", 1, 0, 0},                  /* cut */
        {"\xE2\x82", 2, 0, 0},
        {"\xF0\x9F\x98", 3, 0, 0},
        {"\xC3" "a", 2, 0, 0},
        {"\xFF", 1, 0, 0},
        {"\xF8\x88\x80\x80\x80", 5, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t cp = 0;
        size_t len = sj_utf8_decode(rows[i].s, rows[i].n, &cp);
        cr_expect_eq(len, rows[i].len, "row %zu", i);
        cr_expect(!len || cp == rows[i].cp, "row %zu: U+%04X", i, (unsigned)cp);
        cr_expect_eq(sj_utf8_valid(rows[i].s, rows[i].n), rows[i].len > 0, "row %zu", i);
    }
}

Test(utf8, checks_long_texts_at_every_offset)
{
    for (size_t at = 0; at < 40; at++) {
        char text[64];
        memset(text, 'x', sizeof text);
        cr_assert(sj_utf8_valid(text, sizeof text));
        text[at] = (char)0xFF;
        cr_assert_not(sj_utf8_valid(text, sizeof text));
        memcpy(text + at, "\xE2\x82\xAC", 3);
        cr_assert(sj_utf8_valid(text, sizeof text));
        cr_assert_not(sj_utf8_valid(text, at + 2));
    }
    cr_assert(sj_utf8_valid("", 0));
}

Test(utf8, cuts_on_a_code_point)
{
    static const struct {
        const char *s;
        size_t max, cut;
    } rows[] = {
        {"abc", 5, 3},
        {"abc", 3, 3},
        {"abc", 2, 2},
        {"abc", 0, 0},
        {"a\xE2\x82\xAC", 3, 1},
        {"a\xE2\x82\xAC", 2, 1},
        {"a\xE2\x82\xAC", 4, 4},
        {"\xF0\x9F\x98\x80", 3, 0},
        {"\x80\x80\x80\x80\x80\x80", 5, 5},     /* no text at all */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(sj_utf8_cut(rows[i].s, strlen(rows[i].s), rows[i].max), rows[i].cut,
                     "row %zu", i);
}

Test(utf8, repairs_with_one_mark_for_each_broken_sequence)
{
    static const struct {
        const char *s;
        const char *repaired;
    } rows[] = {
        {"plain", "plain"},
        {"", ""},
        {"a\xFF" "b", "a" FFFD "b"},
        {"\xC3", FFFD},
        {"\xE2\x82", FFFD},
        {"\xE2\x82" "x", FFFD "x"},
        {"\xF0\x9F\x98" "x", FFFD "x"},
        {"\xF0\x9F" "x", FFFD "x"},
        {"\xC0\x80", FFFD FFFD},
        {"\xED\xA0\x80", FFFD FFFD FFFD},
        {"\xF4\x90\x80\x80", FFFD FFFD FFFD FFFD},
        {"\xE4", FFFD},
        {"caf\xE9 cr\xE8me", "caf" FFFD " cr" FFFD "me"},
        {"ok \xE2\x82\xAC\x80", "ok \xE2\x82\xAC" FFFD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sj_strbuf out;
        sj_strbuf_init(&out, 100);
        sj_utf8_repair(&out, rows[i].s, strlen(rows[i].s));
        cr_expect_str_eq(out.s, rows[i].repaired, "row %zu", i);
        cr_expect(sj_utf8_valid(out.s, out.len));
        sj_strbuf_release(&out);
    }
}

Test(utf8, repairs_random_bytes_into_valid_text)
{
    for (int round = 0; round < 2000; round++) {
        char bytes[64];
        struct sj_strbuf out;
        sj_random_bytes(bytes, sizeof bytes);
        sj_strbuf_init(&out, sizeof bytes * 3);
        sj_utf8_repair(&out, bytes, sizeof bytes);
        cr_assert(sj_strbuf_ok(&out));
        cr_assert(sj_utf8_valid(out.s, out.len));
        size_t cut = sj_utf8_cut(out.s, out.len, 20);
        cr_assert(cut <= 20 && sj_utf8_valid(out.s, cut));
        sj_strbuf_release(&out);
    }
}

Test(utf8, knows_the_characters_of_xml)
{
    static const struct {
        uint32_t cp;
        bool allowed;
    } rows[] = {
        {0x00, false},   {0x08, false},   {0x09, true},    {0x0A, true},     {0x0B, false},
        {0x0D, true},    {0x1F, false},   {0x20, true},    {0x7F, true},     {0x85, true},
        {0xD7FF, true},  {0xD800, false}, {0xDFFF, false}, {0xE000, true},   {0xFFFD, true},
        {0xFFFE, false}, {0xFFFF, false}, {0x10000, true}, {0x10FFFF, true}, {0x110000, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(sj_xml_char(rows[i].cp), rows[i].allowed, "U+%04X", (unsigned)rows[i].cp);
}
