/* SPDX-License-Identifier: MPL-2.0 */
/* Incoming text: encodings and formatting codes (backends/irc/irc_charset.c). */
#include <criterion/criterion.h>
#include <string.h>

#include "irc_charset.h"
#include "sojourn/strbuf.h"

static void expect_clean(const char *charset, const char *text, const char *want)
{
    struct sj_strbuf got;

    sj_strbuf_init(&got, 4096);
    irc_text_clean(&got, irc_charset_find(charset), text, strlen(text));
    cr_expect_str_eq(got.s, want, "%s: %s gives %s", charset, text, got.s);
    cr_expect(irc_text_is_clean(got.s, got.len));
    cr_expect_eq(irc_text_is_clean(text, strlen(text)), strcmp(text, want) == 0, "%s", text);
    sj_strbuf_release(&got);
}

Test(irc_charset, utf8_passes)
{
    expect_clean("windows-1252", "plain", "plain");
    expect_clean("windows-1252", "tab\there", "tab\there");
    expect_clean("windows-1252", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
                 "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    expect_clean("windows-1252", "", "");
}

Test(irc_charset, other_bytes_are_taken_as_the_fallback)
{
    expect_clean("windows-1252", "caf\xe9", "caf\xc3\xa9");
    expect_clean("windows-1252", "\x80 5", "\xe2\x82\xac 5");
    expect_clean("windows-1252", "\x81", "\xef\xbf\xbd");
    expect_clean("iso-8859-1", "\xa4", "\xc2\xa4");
    expect_clean("iso-8859-1", "\xff\x80", "\xc3\xbf\xef\xbf\xbd");
    expect_clean("iso-8859-15", "\xa4", "\xe2\x82\xac");
    expect_clean("iso-8859-2", "\xb1", "\xc4\x85");
    expect_clean("windows-1251", "\xef\xf0\xe8\xe2\xe5\xf2", "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2"
                 "\xd0\xb5\xd1\x82");
    expect_clean("koi8-r", "\xd0\xd2\xc9\xd7\xc5\xd4", "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2"
                 "\xd0\xb5\xd1\x82");
    expect_clean("none", "caf\xe9 x", "caf\xef\xbf\xbd x");
}

Test(irc_charset, every_choice_is_known)
{
    const char *p = IRC_CHARSET_CHOICES;
    char name[32];

    while (*p) {
        size_t n = strcspn(p, "|");
        (void)snprintf(name, sizeof name, "%.*s", (int)n, p);
        cr_expect_eq(irc_charset_find(name) == NULL, strcmp(name, "none") == 0, "%s", name);
        p += n + (p[n] == '|');
    }
}

Test(irc_charset, a_sequence_cut_at_the_end_does_not_spoil_the_line)
{
    expect_clean("windows-1252", "\xc3\xa9t\xc3\xa9 \xe2\x82", "\xc3\xa9t\xc3\xa9 ");
    expect_clean("windows-1252", "\xc3\xa9t\xc3", "\xc3\xa9t");
    /* nothing shows that this is UTF-8 */
    expect_clean("windows-1252", "caf\xe9", "caf\xc3\xa9");
}

Test(irc_charset, formatting_vanishes)
{
    expect_clean("windows-1252", "\x02" "bold\x02 \x1d" "italic\x1d", "bold italic");
    expect_clean("windows-1252", "\x1f" "u\x1f\x1e" "s\x1e\x11" "m\x11\x16" "r\x16\x0f", "usmr");
    expect_clean("windows-1252", "\x03" "4red\x03", "red");
    expect_clean("windows-1252", "\x03" "04,12two", "two");
    expect_clean("windows-1252", "\x03" "04,no", ",no");
    expect_clean("windows-1252", "\x03" "123", "3");
    expect_clean("windows-1252", "\x03" "1,234", "4");
    expect_clean("windows-1252", "\x03,5", ",5");
    expect_clean("windows-1252", "\x03", "");
    expect_clean("windows-1252", "\x04" "ff0000hex", "hex");
    expect_clean("windows-1252", "\x04" "ff0000,00FF00hex", "hex");
    expect_clean("windows-1252", "\x04" "ff00", "ff00");
    expect_clean("windows-1252", "a\x07" "b\x1b[0m", "ab[0m");
    expect_clean("windows-1252", "\x02" "caf\xe9\x02", "caf\xc3\xa9");
}
