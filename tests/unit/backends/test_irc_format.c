/* SPDX-License-Identifier: MPL-2.0 */
/* Formatting codes of IRC to spans and back: "text|kind start-end". */
#include <criterion/criterion.h>
#include <string.h>

#include "irc_charset.h"
#include "irc_format.h"
#include "irc_world.h"
#include "sojourn/strbuf.h"

static void expect_read(const char *text, const char *expected)
{
    static const char *const kinds[] = {"strong", "emphasis", "strike", "code"};
    struct sj_strbuf out;
    struct sj_span spans[8];

    sj_strbuf_init(&out, 4096);
    size_t n = irc_format_read(&out, irc_charset_find("windows-1252"), text, strlen(text), spans,
                               8);
    for (size_t i = 0; i < n; i++)
        sj_strbuf_addf(&out, "|%s %u-%u", kinds[spans[i].style], spans[i].start, spans[i].end);
    cr_expect_str_eq(out.s, expected);
    sj_strbuf_release(&out);
}

Test(irc_format, reads_codes)
{
    expect_read("plain", "plain");
    expect_read("\002bold\002 and", "bold and|strong 0-4");
    expect_read("\002bold", "bold|strong 0-4");
    expect_read("\035it\036both\035strike\036",
                "itbothstrike|emphasis 0-6|strike 2-6|strike 6-12");
    expect_read("\002\035a\017b", "ab|strong 0-1|emphasis 0-1");
    expect_read("\021mono\021", "mono|code 0-4");
    expect_read("\002\002nothing", "nothing");
    expect_read("\00304,12red\003 \00304FF00,00AA00x\004ff0000hex\026r\037u",
                "red FF00,00AA00xhexru");
    expect_read("\002caf\xe9\002 \xe9", "caf\xc3\xa9 \xc3\xa9|strong 0-5");
    expect_read("\002a\002b\002c\002d\002e\002f\002g\002h\002i\002j\002k\002l\002m\002n\002o\002p"
                "\002q\002r\002",
                "abcdefghijklmnopqr|strong 0-1|strong 2-3|strong 4-5|strong 6-7|strong 8-9"
                "|strong 10-11|strong 12-13|strong 14-15");
}

static void expect_write(const char *body, const struct sj_span *spans, size_t n,
                         const char *expected)
{
    struct sj_strbuf out;

    sj_strbuf_init(&out, 4096);
    irc_format_write(&out, body, spans, n);
    cr_expect_str_eq(out.s, expected);
    sj_strbuf_release(&out);
}

Test(irc_format, writes_codes)
{
    struct sj_span two[] = {{SJ_STYLE_STRONG, 0, 6}, {SJ_STYLE_EMPHASIS, 2, 4}};
    struct sj_span lines[] = {{SJ_STYLE_STRONG, 2, 7}};
    struct sj_span quotes[] = {{SJ_STYLE_QUOTE, 0, 4}, {SJ_STYLE_QUOTE, 3, 4}};
    struct sj_span block[] = {{SJ_STYLE_BLOCK, 0, 3}};
    struct sj_span beyond[] = {{SJ_STYLE_STRONG, 1, 99}};

    expect_write("strong text", two, 2, "\002st\035ro\035ng\002 text");
    expect_write("a one\ntwo", lines, 1, "a \002one\002\n\002t\002wo");
    expect_write("a\nbb\nout", quotes, 1, "> a\n> bb\nout");
    expect_write("a\n\nb\nout", quotes, 2, "> a\n> \n> > b\nout");
    expect_write("x\ny\nz", block, 1, "\021x\021\n\021y\021\nz");
    expect_write("abc", beyond, 1, "a\002bc");
}

/* A long line goes on in the next with the formatting that is open. */
Test(irc_format, continues_over_parts)
{
    struct irc_world *w = irc_world_new("");
    char body[601];
    struct sj_span bold = {SJ_STYLE_STRONG, 0, 600};
    struct sj_message m = {.peer = "bob", .body = body, .spans = &bold, .n_spans = 1};

    memset(body, 'x', 600);
    body[600] = '\0';
    irc_online(w, NULL, NULL);
    cr_assert_eq(irc_sends_message(w, &m), SJ_OK);
    const char *first = irc_gets(w, NULL);
    cr_expect(strncmp(first, "PRIVMSG bob :\002x", 15) == 0, "%s", first);
    const char *second = irc_gets(w, NULL);
    cr_expect(strncmp(second, "PRIVMSG bob :\002x", 15) == 0, "%s", second);
    irc_world_free(w);
}
