/* SPDX-License-Identifier: MPL-2.0 */
/* RFC 7622: splitting, limits, preparation. */
#include <criterion/criterion.h>

#include "jid.h"
#include "sojourn/strbuf.h"
#include "xmpp.h"

/* R7622-02, R7622-05. */
Test(jid, splits_at_the_first_slash_then_at_the_first_at)
{
    static const struct {
        const char *text, *local, *domain, *resource, *bare;
    } rows[] = {
        {"a.example", "", "a.example", "", "a.example"},
        {"u@a.example", "u", "a.example", "", "u@a.example"},
        {"u@a.example/r", "u", "a.example", "r", "u@a.example"},
        {"gw.example/foo@bar", "", "gw.example", "foo@bar", "gw.example"},
        {"u@a.example/x/y@z", "u", "a.example", "x/y@z", "u@a.example"},
        {"Romeo@MONTAGUE.lit/Orchard", "romeo", "montague.lit", "Orchard", "romeo@montague.lit"},
        {"u@a.example.", "u", "a.example", "", "u@a.example"},
        {"u@[::1]/r", "u", "[::1]", "r", "u@[::1]"},
        {"u@b\xc3\xbc" "cher.example", "u", "b\xc3\xbc" "cher.example", "",
         "u@b\xc3\xbc" "cher.example"},
        {"\xc3\x84@a.example/ \xe2\x99\x9a", "\xc3\xa4", "a.example", " \xe2\x99\x9a",
         "\xc3\xa4@a.example"},
        {"\xd0\x98\xd0\x92@a.example", "\xd0\xb8\xd0\xb2", "a.example", "",
         "\xd0\xb8\xd0\xb2@a.example"},
    };
    locale_t fold = jid_fold_new();
    cr_assert(fold != (locale_t)0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct jid j;
        cr_assert(jid_parse(&j, rows[i].text, fold), "%s", rows[i].text);
        cr_expect_str_eq(j.local, rows[i].local);
        cr_expect_str_eq(j.domain, rows[i].domain);
        cr_expect_str_eq(j.resource, rows[i].resource);
        cr_expect_str_eq(j.bare, rows[i].bare);
    }
    jid_fold_free(fold);
}

Test(jid, keeps_the_resource_in_full)
{
    struct jid j;
    cr_assert(jid_parse(&j, "U@A.example/Res", (locale_t)0));
    cr_expect_str_eq(j.full, "u@a.example/Res");
    cr_assert(jid_parse(&j, "U@A.example", (locale_t)0));
    cr_expect_str_eq(j.full, "u@a.example");
}

/* R7622-01, R7622-10. */
Test(jid, refuses_what_is_none)
{
    static const char *const rows[] = {
        "", "@", "@b", "a@", "a@/r", "/r", "a.example/", "a b@c", "a@b c", "a@b@c", "a&b@c",
        "a:b@c", "a<b@c", "a\x01@c", "a@b\x01", "a@b/\x01", "a@b/\x7f", "a@.", "a@.b", "a@b..",
        "\xff@b", "a@b/\xff", "a@\xed\xa0\x80", "a@b!", "xmpp:a@b", "a@b/\xc2\x85",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct jid j;
        cr_expect_not(jid_parse(&j, rows[i], (locale_t)0), "row %zu: %s", i, rows[i]);
    }
}

/* R7622-01. */
Test(jid, holds_the_byte_limit_of_each_part)
{
    static char text[4200];
    struct jid j;
    for (int part = 0; part < 3; part++)
        for (size_t n = 1023; n <= 1024; n++) {
            char a[1100] = "a", b[1100] = "b", c[1100] = "c";
            char *const parts[] = {a, b, c};
            memset(parts[part], 'x', n);
            parts[part][n] = '\0';
            snprintf(text, sizeof text, "%s@%s/%s", a, b, c);
            cr_expect_eq(jid_parse(&j, text, (locale_t)0), n == 1023, "part %d, %zu", part, n);
        }
}

Test(jid, takes_the_longest_jid)
{
    static char text[4200];
    struct jid j;
    char part[1024];
    memset(part, 'x', 1023);
    part[1023] = '\0';
    snprintf(text, sizeof text, "%s@%s/%s", part, part, part);
    cr_assert(jid_parse(&j, text, (locale_t)0));
    cr_expect_str_eq(j.full, text);
    cr_expect_eq(strlen(j.full), JID_MAX);
}

/* R7622-06. */
Test(jid, prepares_what_an_admin_types)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 4096);
    cr_expect(xmpp_jid_prepare("Admin@Example.ORG", &b));
    cr_expect_str_eq(b.s, "admin@example.org");
    sj_strbuf_reset(&b);
    cr_expect(xmpp_jid_prepare("Example.ORG", &b));
    cr_expect_str_eq(b.s, "example.org");
    sj_strbuf_reset(&b);
    cr_expect_not(xmpp_jid_prepare("admin@example.org/x", &b));
    cr_expect_not(xmpp_jid_prepare("*", &b));
    cr_expect_not(xmpp_jid_prepare("", &b));
    cr_expect_str_eq(b.s, "");
    sj_strbuf_release(&b);
}
