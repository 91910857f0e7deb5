/* SPDX-License-Identifier: MPL-2.0 */
/* Case mappings and nicknames (backends/irc/irc_case.c, irc_nick.c). */
#include <criterion/criterion.h>
#include <string.h>

#include "irc_case.h"
#include "irc_nick.h"

static void expect_folded(enum irc_casemap m, const char *text, const char *want)
{
    char s[64];

    (void)snprintf(s, sizeof s, "%s", text);
    irc_case_fold(m, s);
    cr_expect_str_eq(s, want, "%s with %s gives %s", text, irc_casemap_name(m), s);
    cr_expect(irc_case_equal(m, text, want));
    cr_expect_eq(irc_case_hash(m, text), irc_case_hash(m, want));
}

Test(irc_case, folds_as_the_mapping_says)
{
    expect_folded(IRC_CASEMAP_ASCII, "AbZ[]\\~^{}|", "abz[]\\~^{}|");
    expect_folded(IRC_CASEMAP_RFC1459, "AbZ[]\\~^{}|", "abz{}|^^{}|");
    expect_folded(IRC_CASEMAP_STRICT, "AbZ[]\\~^{}|", "abz{}|~^{}|");
    expect_folded(IRC_CASEMAP_RFC1459, "\xc3\x84", "\xc3\x84");
}

Test(irc_case, knows_the_mappings_by_name)
{
    cr_expect_eq(irc_casemap_parse("ascii", 5), IRC_CASEMAP_ASCII);
    cr_expect_eq(irc_casemap_parse("rfc1459", 7), IRC_CASEMAP_RFC1459);
    cr_expect_eq(irc_casemap_parse("RFC1459", 7), IRC_CASEMAP_RFC1459);
    cr_expect_eq(irc_casemap_parse("strict-rfc1459", 14), IRC_CASEMAP_STRICT);
    cr_expect_eq(irc_casemap_parse("rfc1459-strict", 14), IRC_CASEMAP_STRICT);
    cr_expect_eq(irc_casemap_parse("rfc7613", 7), IRC_CASEMAP_ASCII);
    cr_expect_eq(irc_casemap_parse("whatever", 8), IRC_CASEMAP_ASCII);
    cr_expect_eq(irc_casemap_parse("", 0), IRC_CASEMAP_ASCII);
}

Test(irc_case, tells_different_names_apart)
{
    cr_expect_not(irc_case_equal(IRC_CASEMAP_ASCII, "a[", "a{"));
    cr_expect(irc_case_equal(IRC_CASEMAP_RFC1459, "a[", "A{"));
    cr_expect_not(irc_case_equal(IRC_CASEMAP_STRICT, "a~", "a^"));
    cr_expect_not(irc_case_equal(IRC_CASEMAP_ASCII, "ab", "abc"));
    cr_expect_not(irc_case_equal(IRC_CASEMAP_ASCII, "abc", "ab"));
    cr_expect(irc_case_equal(IRC_CASEMAP_ASCII, "", ""));
}

Test(irc_nick, follows_the_grammar)
{
    static const char *const good[] = { "a", "Alice", "[x]", "a1", "a-b", "_", "`\\^{|}", "zZ9-" };
    static const char *const bad[] = {
        "", "1a", "-a", "a b", "a.b", "a!b", "a@b", "#a", "&a", ":a", "a:b", "a,b", "a*",
        "\xc3\xa9",
        "a\r", "a\n", "a\tb", "a/b", "a~",
    };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_expect(irc_nick_is_valid(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(irc_nick_is_valid(bad[i]), "%s", bad[i]);
}

Test(irc_nick, targets_are_people_only)
{
    static const char *const good[] = { "a", "1a", "*status", "\xc3\xa9", "a.b", "user/net" };
    static const char *const bad[] = {
        "", "#chan", "&chan", "+chan", "@#chan", "%#chan", "~#chan", "$*.org", ":a", "a b", "a,b",
        "a@b", "a!b", "a%b", "=a", "a\r", "a\n", "a\001", "a?", "a\x7f", "a#", "a&b",
    };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_expect(irc_nick_may_be_target(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(irc_nick_may_be_target(bad[i]), "%s", bad[i]);
}

Test(irc_nick, alternatives_keep_within_the_length)
{
    char out[64];

    irc_nick_alternative(out, sizeof out, "alice", 1, 30);
    cr_expect_str_eq(out, "alice_");
    irc_nick_alternative(out, sizeof out, "alice", 2, 30);
    cr_expect_str_eq(out, "alice__");
    irc_nick_alternative(out, sizeof out, "alice6789", 1, 9);
    cr_expect_str_eq(out, "alice678_");
    for (unsigned attempt = 1; attempt <= 8; attempt++) {
        for (size_t max = 1; max <= 12; max++) {
            irc_nick_alternative(out, sizeof out, "alice678901", attempt, max);
            cr_expect(irc_nick_is_valid(out), "%s", out);
            cr_expect_leq(strlen(out), max < 5 ? 5 : max, "%s for %zu", out, max);
        }
    }
    irc_nick_alternative(out, 8, "alice678901", 3, 200);
    cr_expect_eq(strlen(out), 7);
}

Test(irc_nick, ident_is_letters_and_digits)
{
    char out[16];

    irc_nick_ident(out, sizeof out, "[Al-ice]");
    cr_expect_str_eq(out, "alice");
    irc_nick_ident(out, sizeof out, "averylongnickname");
    cr_expect_str_eq(out, "averylong");
    irc_nick_ident(out, sizeof out, "[]^");
    cr_expect_str_eq(out, "user");
    irc_nick_ident(out, sizeof out, "a b\r\nc");
    cr_expect_str_eq(out, "abc");
}
