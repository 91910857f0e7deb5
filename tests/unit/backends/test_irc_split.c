/* SPDX-License-Identifier: MPL-2.0 */
/* Messages into lines (backends/irc/irc_split.c). */
#include <criterion/criterion.h>
#include <string.h>

#include "irc_split.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* The parts, with '/' between them. */
static void expect_parts(const char *text, size_t max, const char *want)
{
    struct irc_split split;
    struct sj_strbuf got;
    const char *part;
    size_t n;

    sj_strbuf_init(&got, 100000);
    irc_split_init(&split, text, strlen(text), max);
    while (irc_split_next(&split, &part, &n)) {
        if (got.len)
            sj_strbuf_addc(&got, '/');
        sj_strbuf_add(&got, part, n);
        cr_expect_leq(n, max);
        cr_expect_geq(n, 1);
    }
    cr_expect_str_eq(got.s, want, "%s gives %s", text, got.s);
    sj_strbuf_release(&got);
}

Test(irc_split, line_ends_divide_and_empty_lines_vanish)
{
    expect_parts("one", 10, "one");
    expect_parts("one\ntwo", 10, "one/two");
    expect_parts("one\r\ntwo\rthree", 10, "one/two/three");
    expect_parts("\n\none\n\n\ntwo\n", 10, "one/two");
    expect_parts("one\n \ntwo", 10, "one/ /two");
    expect_parts("", 10, "");
    expect_parts("\n\r\n\n", 10, "");
}

Test(irc_split, long_lines_divide_before_a_space)
{
    expect_parts("aaaa bbbb cccc", 10, "aaaa bbbb/ cccc");
    expect_parts("aaaa bbbbcccc", 9, "aaaa/ bbbbcccc");
    expect_parts("abcdefghij", 10, "abcdefghij");
    expect_parts("abcdefghijk", 10, "abcdefghij/k");
    expect_parts("a bcdefghijklmno", 10, "a bcdefghi/jklmno");
    expect_parts("abcdefghi  jkl", 10, "abcdefghi/  jkl");
}

Test(irc_split, characters_stay_whole)
{
    expect_parts("\xc3\xa9\xc3\xa9\xc3\xa9", 5, "\xc3\xa9\xc3\xa9/\xc3\xa9");
    expect_parts("\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 5, "\xf0\x9f\x98\x80/\xf0\x9f\x98\x80");
    /* e and its accent */
    expect_parts("abcde\xcc\x81xyz", 5, "abcd/e\xcc\x81xy/z");
    expect_parts("abcde\xcc\x81xyz", 6, "abcd/e\xcc\x81xyz");
    /* thumb and its colour, and two people with a joiner between them */
    expect_parts("ab\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", 8,
                 "ab/\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd");
    expect_parts("ab\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9", 11,
                 "ab/\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9");
}

Test(irc_split, endless_marks_are_divided_all_the_same)
{
    struct sj_strbuf text;
    struct irc_split split;
    const char *part;
    size_t n;
    size_t sum = 0;

    sj_strbuf_init(&text, 1000);
    sj_strbuf_addc(&text, 'e');
    for (int i = 0; i < 200; i++)
        sj_strbuf_adds(&text, "\xcc\x81");
    irc_split_init(&split, text.s, text.len, 50);
    while (irc_split_next(&split, &part, &n)) {
        cr_expect_leq(n, 50);
        cr_expect(sj_utf8_valid(part, n));
        sum += n;
    }
    cr_expect_eq(sum, text.len);
    sj_strbuf_release(&text);
}

/* Random text: whatever it is, the parts add up to it, fit, and are valid. */
Test(irc_split, parts_add_up)
{
    static const char *const pieces[] = {
        "a", "bc", " ", "  ", "word", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "e\xcc\x81",
        "\xe2\x80\x8d", "\xf0\x9f\x8f\xbd", "longerwordwithoutaspace", "\n", "\r\n", "\t",
    };
    const size_t n_pieces = sizeof pieces / sizeof pieces[0];

    for (unsigned round = 0; round < 3000; round++) {
        struct sj_strbuf text, lines, got;
        struct irc_split split;
        const char *part;
        size_t n;
        size_t max = 4 + sj_random_below(60);

        sj_strbuf_init(&text, 100000);
        sj_strbuf_init(&lines, 100000);
        sj_strbuf_init(&got, 100000);
        for (unsigned i = sj_random_below(120); i > 0; i--) {
            const char *piece = pieces[sj_random_below((uint32_t)n_pieces)];
            sj_strbuf_adds(&text, piece);
            if (*piece != '\n' && *piece != '\r')
                sj_strbuf_adds(&lines, piece);
        }
        irc_split_init(&split, text.s, text.len, max);
        while (irc_split_next(&split, &part, &n)) {
            cr_assert_leq(n, max);
            cr_assert_geq(n, 1);
            cr_assert(sj_utf8_valid(part, n));
            cr_assert_null(memchr(part, '\n', n));
            cr_assert_null(memchr(part, '\r', n));
            sj_strbuf_add(&got, part, n);
        }
        cr_assert_str_eq(got.s, lines.s);
        sj_strbuf_release(&text);
        sj_strbuf_release(&lines);
        sj_strbuf_release(&got);
    }
}

/* With empty lines, and what goes on with a line: '+' before it. */
static void expect_lines(const char *text, size_t max, const char *want)
{
    struct irc_split split;
    struct sj_strbuf got;
    const char *part;
    size_t n;

    sj_strbuf_init(&got, 1000);
    irc_split_init(&split, text, strlen(text), max);
    split.keeps_empty = true;
    while (irc_split_next(&split, &part, &n)) {
        sj_strbuf_adds(&got, split.goes_on ? "+" : "/");
        sj_strbuf_add(&got, part, n);
        cr_expect_leq(n, max);
    }
    cr_expect_str_eq(got.s, want, "%s gives %s", text, got.s);
    sj_strbuf_release(&got);
}

Test(irc_split, keeps_all_lines_when_asked)
{
    expect_lines("one", 10, "/one");
    expect_lines("one\ntwo", 10, "/one/two");
    expect_lines("one\n\n\ntwo", 10, "/one///two");
    expect_lines("one\r\n\r\ntwo\rthree", 10, "/one//two/three");
    expect_lines("one two three\nfour", 8, "/one two+ three/four");
    expect_lines("12345678\n1", 4, "/1234+5678/1");
    expect_lines("one\n", 10, "/one/");
    expect_lines("\none", 10, "//one");
    expect_lines("", 10, "/");
}
