/* SPDX-License-Identifier: MPL-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "mx_html.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* The text of html with its spans as marks around them: *strong*, _emphasis_, ~strike~, `code`,
 * {block}, >quote<. Freed by the caller. */
static char *read_html(const char *html, size_t max_text, size_t max_spans)
{
    static const char opens[] = "*_~`{>", closes[] = "*_~`}<";
    struct sj_span spans[SJ_SPANS_MAX];
    struct sj_strbuf text, out;
    sj_strbuf_init(&text, max_text);
    sj_strbuf_init(&out, 4 * SJ_BODY_MAX);
    size_t n = mx_html_read(html, &text, spans, max_spans);
    cr_assert_leq(n, max_spans);
    cr_assert(sj_strbuf_ok(&text));
    cr_expect(sj_utf8_valid(text.s, text.len));
    for (size_t at = 0; at <= text.len; at++) {
        for (size_t k = n; k > 0; k--) {
            if (spans[k - 1].end == at && spans[k - 1].start < at)
                sj_strbuf_addc(&out, closes[spans[k - 1].style]);
        }
        for (size_t k = 0; k < n; k++) {
            cr_assert_leq(spans[k].end, text.len);
            cr_assert_lt(spans[k].start, spans[k].end);
            if (spans[k].start == at)
                sj_strbuf_addc(&out, opens[spans[k].style]);
        }
        if (at < text.len)
            sj_strbuf_addc(&out, text.s[at]);
    }
    for (size_t k = 1; k < n; k++) {
        cr_expect(spans[k - 1].start <= spans[k].start, "sorted");
        cr_expect(spans[k - 1].end <= spans[k].start || spans[k].end <= spans[k - 1].end,
                  "nested or apart");
    }
    sj_strbuf_release(&text);
    return sj_strbuf_take(&out);
}

struct row {
    const char *html, *text;
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *got = read_html(rows[i].html, SJ_BODY_MAX, SJ_SPANS_MAX);
        cr_expect_str_eq(got, rows[i].text, "%s\n became %s\n not    %s", rows[i].html, got,
                         rows[i].text);
        sj_free(got);
    }
}
#define CHECK(rows) check_rows(rows, sizeof rows / sizeof rows[0])

Test(mx_html, reads_styles)
{
    static const struct row rows[] = {
        {"plain", "plain"},
        {"a <b>b</b> <strong>c</strong>", "a *b* *c*"},
        {"<i>a</i> <em>b</em> <del>c</del> <s>d</s> <strike>e</strike> <code>f</code>",
         "_a_ _b_ ~c~ ~d~ ~e~ `f`"},
        {"<b>a <i>b</i></b>", "*a _b_*"},
        {"<B CLASS='x'>a</B >", "*a*"},
        {"<b>a<strong>b</strong></b>", "*ab*"},
        {"<b><i>both</i></b>", "*_both_*"},
        {"<b></b>nothing<i> </i>", "nothing"},
        {"a<b> b </b>c", "a *b* c"},
        {"<u>a</u><font color='red'>b</font><span data-mx-color='#000'>c</span>", "abc"},
        {"<pre><code class='language-c'>int\n  main;\n</code></pre>after",
         "{int\n  main;}\nafter"},
        {"<blockquote>said<blockquote>before</blockquote></blockquote>now",
         ">said\n>before<<\nnow"},
        {"<h1>Act</h1><p>one</p><p>two</p>", "*Act*\n\none\n\ntwo"},
    };
    CHECK(rows);
}

Test(mx_html, lays_text_out)
{
    static const struct row rows[] = {
        {"  a \n\t b  ", "a b"},
        {"a<br>b<br/>c", "a\nb\nc"},
        {"<p>a</p>\n<p>b</p>", "a\n\nb"},
        {"a<div>b</div>c", "a\nb\nc"},
        {"<ul><li>a</li><li>b</li></ul>c", "- a\n- b\nc"},
        {"<ol start=\"3\"><li>a</li><li>b</li></ol>", "3. a\n4. b"},
        {"<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>", "1. a\n- b\n2. c"},
        {"a<hr>b", "a\n---\nb"},
        {"<table><tr><th>a</th><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"},
        {"&lt;b&gt; &amp;amp; &quot;&#39;&#x27;&apos; &#8364;&#x1F600;",
         "<b> &amp; \"''' \xe2\x82\xac\xf0\x9f\x98\x80"},
        {"a&nbsp;b &unknown; & &; &#0; &#x110000; &#xd800; &#7;",
         "a\xc2\xa0" "b &unknown; & &; &#0; &#x110000; &#xd800; &#7;"},
        {"<a href=\"https://a.test/?x=1&amp;y=2\">here</a>", "here <https://a.test/?x=1&y=2>"},
        {"<a href='https://a.test/'>https://a.test/</a>", "https://a.test/"},
        {"<a href='mailto:a@b.test'>a@b.test</a>", "a@b.test"},
        {"<a href='https://matrix.to/#/@bob:hs.test'>Bob</a>: hi", "Bob: hi"},
        {"<a href='javascript:alert(1)'>x</a><a>y</a><a href=''>z</a>", "xyz"},
        {"<img src='mxc://x/y' alt='&lt;3' height=1>", "<3"},
        {"<img src='https://a.test/'>b", "b"},
    };
    CHECK(rows);
}

Test(mx_html, leaves_out_what_is_no_text)
{
    static const struct row rows[] = {
        {"<mx-reply><blockquote><a href='x'>In reply to</a><br>q</blockquote></mx-reply>answer",
         "answer"},
        {"<mx-reply><mx-reply>a</mx-reply>b</mx-reply>c", "c"},
        {"<script>alert('<b>')</script><style>b{}</style><title>t</title>a", "a"},
        {"a<!-- <b>no</b> -->b<!DOCTYPE html>c", "abc"},
        {"<mx-reply>never closed", ""},
        {"a<!-- never closed", "a"},
        {"", ""},
    };
    CHECK(rows);
}

Test(mx_html, is_not_put_out)
{
    static const struct row rows[] = {
        {"<b>a", "*a*"},
        {"a</b></i></nothing>", "a"},
        {"<b><i>a</b>b</i>c", "*_a_*bc"},
        {"1 < 2 > 1 <> </> <3", "1 < 2 > 1 <> </> <3"},
        {"<b", "<b"},
        {"<b class='", "<b class='"},
        {"<a href='>'>x</a>", "x"},
        {"<b/>a</b>", "*a*"},
        {"<<b>>a</b>", "<*>a*"},
        {"a\x01\x1b" "b\x7f" "c", "abc"},
        {"<unknown-element-with-a-long-name>a</unknown-element-with-a-long-name>", "a"},
        {"<li>a</li></ul>", "- a"},
    };
    CHECK(rows);
}

/* times pieces, one after the other. */
static char *repeat(const char *piece, size_t times)
{
    struct sj_strbuf out;
    sj_strbuf_init(&out, 4 * SJ_BODY_MAX);
    for (size_t i = 0; i < times; i++)
        sj_strbuf_adds(&out, piece);
    return sj_strbuf_take(&out);
}

Test(mx_html, has_limits)
{
    struct sj_span spans[SJ_SPANS_MAX];
    struct sj_strbuf text;
    char *deep = repeat("<b><i>", 10000), *many = repeat("<b>a</b> ", 1000);
    char *items = repeat("<li>", 20000), *quotes = repeat("<a href=", 10000);
    char *wide = repeat("\xf0\x9f\x98\x80", 30000);
    char *const all[] = {deep, many, items, quotes, wide};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        for (size_t max = 5; max <= SJ_BODY_MAX; max += SJ_BODY_MAX - 5) {
            sj_strbuf_init(&text, max);
            size_t n = mx_html_read(all[i], &text, spans, SJ_SPANS_MAX);
            cr_expect_leq(n, SJ_SPANS_MAX);
            cr_expect_leq(text.len, max);
            cr_expect(sj_utf8_valid(text.s, text.len));
            sj_strbuf_release(&text);
        }
        sj_free(all[i]);
    }
}

Test(mx_html, writes_styles_and_escapes_the_rest)
{
    static const struct {
        const char *body, *html;
        size_t n;
        struct sj_span spans[3];
    } rows[] = {
        {"a < b & \"c\"\nd", "a &lt; b &amp; &quot;c&quot;<br>d", 0, {{0}}},
        {"a b", "<strong>a</strong> <em>b</em>", 2,
         {{SJ_STYLE_STRONG, 0, 1}, {SJ_STYLE_EMPHASIS, 2, 3}}},
        {"abc", "<strong>a<del>b</del></strong><code>c</code>", 3,
         {{SJ_STYLE_STRONG, 0, 2}, {SJ_STYLE_STRIKE, 1, 2}, {SJ_STYLE_CODE, 2, 3}}},
        {"q\nr\ns", "<blockquote>q<br>r</blockquote>s", 1, {{SJ_STYLE_QUOTE, 0, 3}}},
        {"x\n y\nz", "<pre><code>x\n y</code></pre>z", 1, {{SJ_STYLE_BLOCK, 0, 4}}},
        {"abc", "<strong>ab</strong>c", 2,
         {{SJ_STYLE_STRONG, 0, 2}, {SJ_STYLE_EMPHASIS, 1, 3}}},
        {"abc", "abc", 1, {{SJ_STYLE_STRONG, 2, 2}}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sj_strbuf out;
        sj_strbuf_init(&out, SJ_BODY_MAX);
        mx_html_write(rows[i].body, rows[i].spans, rows[i].n, &out);
        cr_expect_str_eq(out.s, rows[i].html, "%s", out.s);
        sj_strbuf_release(&out);
    }
}
