/* SPDX-License-Identifier: MPL-2.0 */
/* Lines into tags, source, command and parameters (backends/irc/irc_parse.c). */
#include <criterion/criterion.h>
#include <string.h>

#include "irc_parse.h"
#include "sojourn/memory.h"

struct row {
    const char *line;
    const char *nick, *user, *host, *command;
    size_t n_params;
    const char *param[IRC_PARAMS_MAX];
};

static void check_text(const char *got, const char *want, const char *line, const char *what)
{
    if (!want)
        cr_expect_null(got, "%s: %s", line, what);
    else
        cr_expect(got && strcmp(got, want) == 0, "%s: %s is %s", line, what, got ? got : "none");
}

Test(irc_parse, takes_lines_apart)
{
    static const struct row rows[] = {
        { "PING", "", NULL, NULL, "PING", 0, { 0 } },
        { "PING :a b", "", NULL, NULL, "PING", 1, { "a b" } },
        { "ping x", "", NULL, NULL, "PING", 1, { "x" } },
        { ":irc.test 001 me :Welcome", "irc.test", NULL, NULL, "001", 2, { "me", "Welcome" } },
        { ":n!u@h PRIVMSG me :hi  there ", "n", "u", "h", "PRIVMSG", 2, { "me", "hi  there " } },
        { ":n@h QUIT", "n", NULL, "h", "QUIT", 0, { 0 } },
        { ":n!u QUIT", "n", "u", NULL, "QUIT", 0, { 0 } },
        { ":n!u@a@b QUIT", "n", "u@a", "b", "QUIT", 0, { 0 } },
        { ": QUIT", "", NULL, NULL, "QUIT", 0, { 0 } },
        { ":!@ QUIT", "", "", "", "QUIT", 0, { 0 } },
        { "   CMD   a   b   :c  ", "", NULL, NULL, "CMD", 3, { "a", "b", "c  " } },
        { "CMD a  ", "", NULL, NULL, "CMD", 1, { "a" } },
        { "CMD :", "", NULL, NULL, "CMD", 1, { "" } },
        { "CMD a :", "", NULL, NULL, "CMD", 2, { "a", "" } },
        { "CMD a:b :c:d", "", NULL, NULL, "CMD", 2, { "a:b", "c:d" } },
        { "CMD ::a", "", NULL, NULL, "CMD", 1, { ":a" } },
        { "@a=b :s CMD x", "s", NULL, NULL, "CMD", 1, { "x" } },
        { "@a   :s   CMD", "s", NULL, NULL, "CMD", 0, { 0 } },
        { "@ CMD", "", NULL, NULL, "CMD", 0, { 0 } },
        { "C 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", "", NULL, NULL, "C", 15,
          { "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15" } },
        { "C 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 :17", "", NULL, NULL, "C", 15,
          { "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14",
            "15 16 :17" } },
        { "C 1 2 3 4 5 6 7 8 9 10 11 12 13 14 :15 16", "", NULL, NULL, "C", 15,
          { "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15 16" } },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct irc_line line;
        char *s = sj_strdup(row->line);
        cr_expect_eq(irc_parse(&line, s, strlen(s)), SJ_OK, "%s", row->line);
        check_text(line.nick, row->nick, row->line, "nick");
        check_text(line.user, row->user, row->line, "user");
        check_text(line.host, row->host, row->line, "host");
        check_text(line.command, row->command, row->line, "command");
        cr_expect_eq(line.n_params, row->n_params, "%s: %zu params", row->line, line.n_params);
        for (size_t k = 0; k < row->n_params && k < line.n_params; k++)
            check_text(line.param[k], row->param[k], row->line, "param");
        sj_free(s);
    }
}

Test(irc_parse, refuses_what_is_no_line)
{
    static const char *const lines[] = {
        "", " ", ":", ":only", ":only ", "@tags", "@tags ", "@t :s", "12", "1234 me", "12a", "A1",
        "PRIV-MSG x", "\xc3\xa9 x", ":s 00", ":s 1x3 me", "@a=b",
    };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct irc_line line;
        char *s = sj_strdup(lines[i]);
        cr_expect_eq(irc_parse(&line, s, strlen(s)), SJ_INVALID, "%s", lines[i]);
        sj_free(s);
    }
}

Test(irc_parse, refuses_a_nul_within_the_line)
{
    struct irc_line line;
    char s[] = "PRIVMSG me :a\0b";

    cr_expect_eq(irc_parse(&line, s, sizeof s - 1), SJ_INVALID);
}

Test(irc_parse, numerics_have_a_number)
{
    struct irc_line line;
    char s[] = ":irc.test 376 me :End";
    char word[] = "PING x";

    cr_assert_eq(irc_parse(&line, s, strlen(s)), SJ_OK);
    cr_expect_eq(line.numeric, 376);
    cr_assert_eq(irc_parse(&line, word, strlen(word)), SJ_OK);
    cr_expect_eq(line.numeric, 0);
}

Test(irc_parse, finds_and_unescapes_tags)
{
    static const struct {
        const char *line, *time, *msgid, *label, *batch;
    } rows[] = {
        { "@time=2020-01-01T00:00:00.000Z;msgid=x CMD", "2020-01-01T00:00:00.000Z", "x", NULL,
          NULL },
        { "@label=1;batch=r CMD", NULL, NULL, "1", "r" },
        { "@msgid=a\\:b\\sc\\\\d\\re\\nf CMD", NULL, "a;b c\\d\re\nf", NULL, NULL },
        { "@msgid=a\\b\\ CMD", NULL, "ab", NULL, NULL },
        { "@msgid=one;msgid=two CMD", NULL, "two", NULL, NULL },
        { "@msgid=;label CMD", NULL, NULL, NULL, NULL },
        { "@msgid=a=b;;x CMD", NULL, "a=b", NULL, NULL },
        { "@+msgid=client;vendor/msgid=other CMD", NULL, NULL, NULL, NULL },
        { "@msgidx=1;xmsgid=2 CMD", NULL, NULL, NULL, NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct irc_line line;
        char *s = sj_strdup(rows[i].line);
        cr_assert_eq(irc_parse(&line, s, strlen(s)), SJ_OK, "%s", rows[i].line);
        check_text(line.tags.time, rows[i].time, rows[i].line, "time");
        check_text(line.tags.msgid, rows[i].msgid, rows[i].line, "msgid");
        check_text(line.tags.label, rows[i].label, rows[i].line, "label");
        check_text(line.tags.batch, rows[i].batch, rows[i].line, "batch");
        cr_expect_str_eq(line.command, "CMD");
        sj_free(s);
    }
}

Test(irc_parse, reads_server_time)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        { "1970-01-01T00:00:00.000Z", 0 },
        { "2011-10-19T16:40:51.620Z", 1319042451620 },
        { "2000-02-29T23:59:59.999Z", 951868799999 },
        { "2024-03-01T00:00:00Z", 1709251200000 },
        { "2024-03-01T00:00:00.123456Z", 1709251200123 },
        { "2016-12-31T23:59:60.000Z", 1483228800000 },
    };
    static const char *const bad[] = {
        "", "now", "2011-10-19", "2011-10-19T16:40:51.620", "2011-10-19 16:40:51.620Z",
        "2011-13-19T16:40:51.620Z", "2011-10-32T16:40:51.620Z", "2011-10-19T24:40:51.620Z",
        "2011-10-19T16:60:51.620Z", "2011-10-19T16:40:51.6Z", "1969-10-19T16:40:51.620Z",
        "2011-10-19T16:40:51.620Zx", "-011-10-19T16:40:51.620Z", "2011-10-19T16:40:61.620Z",
    };
    int64_t ms;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_expect(irc_parse_time(rows[i].text, &ms), "%s", rows[i].text);
        cr_expect_eq(ms, rows[i].ms, "%s gives %lld", rows[i].text, (long long)ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(irc_parse_time(bad[i], &ms), "%s", bad[i]);
}
