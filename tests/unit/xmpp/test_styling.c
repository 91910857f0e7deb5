/* SPDX-License-Identifier: MPL-2.0 */
/* XEP-0393, G393-01 to G393-05: the rules for directives as a table, and texts that are hostile.
 *
 * Styled text is shown as its plain text with the spans behind it: "kind start-end". */
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "xmpp_styling.h"

#define BIG 65536u

static const char *const kinds[] = {"strong", "emphasis", "strike", "code", "block", "quote"};

static void show(struct sj_strbuf *out, const char *plain, const struct sj_span *spans, size_t n)
{
    sj_strbuf_adds(out, plain);
    for (size_t i = 0; i < n; i++)
        sj_strbuf_addf(out, "|%s %u-%u", kinds[spans[i].style], spans[i].start, spans[i].end);
}

static void expect_read(const char *body, const char *expected)
{
    struct sj_strbuf plain, shown;
    struct sj_span spans[16];
    sj_strbuf_init(&plain, BIG);
    sj_strbuf_init(&shown, BIG);
    size_t n = xmpp_styling_read(body, &plain, spans, 16);
    show(&shown, plain.s, spans, n);
    cr_expect_str_eq(shown.s, expected, "\"%s\" gave \"%s\"", body, shown.s);
    cr_expect_eq(xmpp_styling_is_accidental(body), n > 0, "%s", body);
    sj_strbuf_release(&plain);
    sj_strbuf_release(&shown);
}

static void expect_write(const char *body, const struct sj_span *spans, size_t n,
                         const char *expected)
{
    struct sj_strbuf out;
    sj_strbuf_init(&out, BIG);
    xmpp_styling_write(body, spans, n, &out);
    cr_expect_str_eq(out.s, expected);
    sj_strbuf_release(&out);
}
#define WRITES(body, expected, ...)                                                        \
    expect_write(body, (const struct sj_span[]){__VA_ARGS__},                              \
                 sizeof((const struct sj_span[]){__VA_ARGS__}) / sizeof(struct sj_span),    \
                 expected)

/* G393-02 */
Test(styling, reads_spans_by_the_rules)
{
    static const char *const rows[][2] = {
        {"plain text", "plain text"},
        {"*strong*", "strong|strong 0-6"},
        {"_emphasis_ ~strike~ `code`",
         "emphasis strike code|emphasis 0-8|strike 9-15|code 16-20"},
        {"a *b* c", "a b c|strong 2-3"},
        {"*strong*plain*", "strongplain*|strong 0-6"},
        {"*_both_*", "both|strong 0-4|emphasis 0-4"},
        {"*a _b* c_", "a _b c_|strong 0-4"},
        {"`*code*`", "*code*|code 0-6"},
        {"*_*", "_|strong 0-1"},
        {"not * a * span", "not * a * span"},
        {"not *a span", "not *a span"},
        {"*not \na span*", "*not \na span*"},
        {"in*side*word", "in*side*word"},
        {"**", "**"},
        {"****", "****"},
        {"***", "***"},
        {"**bold**", "**bold**"},
        {"* a*", "* a*"},
        {"*a *", "*a *"},
        {"*\xc3\xa4*", "\xc3\xa4|strong 0-2"},
        {"*a\xe2\x80\x83*", "*a\xe2\x80\x83*"},
        {"2*3*4", "2*3*4"},
        {"_*/ *.c", "_*/ *.c"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_read(rows[i][0], rows[i][1]);
}

/* G393-02 */
Test(styling, reads_blocks)
{
    static const char *const rows[][2] = {
        {"```\nint *a;\n```", "int *a;|block 0-7"},
        {"```c\na\nb\n```\n*after*", "a\nb\nafter|block 0-3|strong 4-9"},
        {"```\nto the end", "to the end|block 0-10"},
        {"```", "```"},
        {"```\n```", "```\n```"},
        {"> quoted\n> *twice*\nnot", "quoted\ntwice\nnot|quote 0-12|strong 7-12"},
        {">> deep\n> less", "deep\nless|quote 0-9|quote 0-4"},
        {"> ```\n> code\n> ```\nout", "code\nout|quote 0-4|block 0-4"},
        {"> ```\n> code\nout", "code\nout|quote 0-4|block 0-4"},
        {"> _ <", "_ <|quote 0-3"},
        {"a > b", "a > b"},
        {"line\n", "line\n"},
        {"*a*\n\n*b*\n", "a\n\nb\n|strong 0-1|strong 3-4"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_read(rows[i][0], rows[i][1]);
}

/* G393-03 */
Test(styling, finds_accidents)
{
    cr_expect(xmpp_styling_is_accidental("> _ <"));
    cr_expect(xmpp_styling_is_accidental("*_*"));
    cr_expect(xmpp_styling_is_accidental("rm *.o *.a*"));
    cr_expect_not(xmpp_styling_is_accidental("rm *.o"));
    cr_expect_not(xmpp_styling_is_accidental("snake_case_name"));
}

/* G393-01 */
Test(styling, writes_spans)
{
    WRITES("bold", "*bold*", {SJ_STYLE_STRONG, 0, 4});
    WRITES("a bold b", "a *bold* b", {SJ_STYLE_STRONG, 2, 6});
    WRITES("a bold b", "a *bold* b", {SJ_STYLE_STRONG, 1, 7});
    WRITES("both", "*_both_*", {SJ_STYLE_STRONG, 0, 4}, {SJ_STYLE_EMPHASIS, 0, 4});
    WRITES("one two", "*one _two_*", {SJ_STYLE_STRONG, 0, 7}, {SJ_STYLE_EMPHASIS, 4, 7});
    WRITES("one\ntwo", "*one*\n*two*", {SJ_STYLE_STRONG, 0, 7});
    WRITES("code *x*", "`code *x*`", {SJ_STYLE_CODE, 0, 8});
    WRITES("gone", "~gone~", {SJ_STYLE_STRIKE, 0, 4});
}

/* What cannot be expressed stays text. */
Test(styling, writes_no_directive_that_would_not_be_read)
{
    WRITES("inside", "inside", {SJ_STYLE_STRONG, 2, 4});
    WRITES("2*3", "2*3", {SJ_STYLE_STRONG, 0, 3});
    WRITES("   ", "   ", {SJ_STYLE_STRONG, 0, 3});
    WRITES("2*3 it", "2*3 _it_", {SJ_STYLE_STRONG, 0, 6}, {SJ_STYLE_EMPHASIS, 4, 6});
    WRITES("short", "short", {SJ_STYLE_STRONG, 9, 12});
}

Test(styling, writes_blocks)
{
    WRITES("said\nanswer", "> said\nanswer", {SJ_STYLE_QUOTE, 0, 4});
    WRITES("a\nb", "> > a\n> b", {SJ_STYLE_QUOTE, 0, 3}, {SJ_STYLE_QUOTE, 0, 1});
    WRITES("x = *y;\nafter", "```\nx = *y;\n```\nafter", {SJ_STYLE_BLOCK, 0, 7});
    WRITES("x", "```\nx\n```", {SJ_STYLE_BLOCK, 0, 1});
    WRITES("x\ny", "> ```\n> x\n> ```\ny", {SJ_STYLE_QUOTE, 0, 1}, {SJ_STYLE_BLOCK, 0, 1});
}

/* What is written is read as the same. */
Test(styling, reads_what_it_writes)
{
    static const char *const rows[] = {
        "*a* _b_ ~c~ `d`", "> *q*\n> > deeper\n> back\nout", "```\ncode * _x_\n```\nend",
        "*x _y ~z~_*", "> ```\n> c\n> ```\n> t\n\n*z*",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sj_strbuf plain, again;
        struct sj_span spans[16];
        sj_strbuf_init(&plain, BIG);
        sj_strbuf_init(&again, BIG);
        size_t n = xmpp_styling_read(rows[i], &plain, spans, 16);
        xmpp_styling_write(plain.s, spans, n, &again);
        cr_expect_str_eq(again.s, rows[i]);
        sj_strbuf_release(&plain);
        sj_strbuf_release(&again);
    }
}

/* More spans than there is room for are text. */
Test(styling, keeps_within_the_room_for_spans)
{
    struct sj_strbuf plain;
    struct sj_span spans[2];
    sj_strbuf_init(&plain, BIG);
    cr_expect_eq(xmpp_styling_read("*a* *b* *c* > d\n> e", &plain, spans, 2), 2);
    cr_expect_str_eq(plain.s, "a b *c* > d\n> e");
    sj_strbuf_release(&plain);
}

/* Openings that are never closed: each kind is looked for once a line. */
Test(styling, takes_time_in_proportion)
{
    static const char *const pieces[] = {" *a", " `_*~a", "> ", "*_", "a* *", ">*", "`a` "};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct sj_strbuf body, plain;
        struct sj_span spans[SJ_SPANS_MAX];
        sj_strbuf_init(&body, BIG);
        sj_strbuf_init(&plain, BIG);
        while (body.len + strlen(pieces[i]) <= BIG)
            sj_strbuf_adds(&body, pieces[i]);
        clock_t start = clock();
        size_t n = xmpp_styling_read(body.s, &plain, spans, SJ_SPANS_MAX);
        cr_expect_lt((double)(clock() - start) / CLOCKS_PER_SEC, 0.5, "%s", pieces[i]);
        cr_expect_leq(n, SJ_SPANS_MAX);
        cr_expect_leq(plain.len, body.len);
        sj_strbuf_release(&body);
        sj_strbuf_release(&plain);
    }
}
