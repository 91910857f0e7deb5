/* SPDX-License-Identifier: MPL-2.0 */
/* WEBIRC (backends/irc/irc_webirc.c): what is sent, and what may be configured. */
#include <criterion/criterion.h>
#include <string.h>

#include "irc_link.h"
#include "irc_webirc.h"
#include "irc_world.h"

Test(irc_webirc, comes_before_everything_and_is_the_same_for_the_same_user)
{
    char first[200];

    for (int i = 0; i < 2; i++) {
        struct irc_world *w = irc_world_new("webirc-password=pw server-password=common");
        irc_account(w, "username=me");
        const char *line = irc_gets(w, NULL);
        cr_expect_eq(strncmp(line, "WEBIRC pw sojourn fd53:6f6a:6f75:726e:", 38), 0, "%s", line);
        const char *host = line + strlen("WEBIRC pw sojourn ");
        const char *address = strchr(host, ' ') + 1;
        cr_expect_eq(strncmp(host, address, strlen(address)), 0, "%s", line);
        if (i == 0)
            (void)snprintf(first, sizeof first, "%s", line);
        else
            cr_expect_str_eq(line, first);
        irc_gets(w, "CAP LS 302");
        irc_gets(w, "PASS :common");
        irc_world_free(w);
    }
}

Test(irc_webirc, the_host_may_have_a_name)
{
    struct irc_world *w = irc_world_new("webirc-password=pw webirc-host=users.example.org "
                                        "webirc-prefix=2001:db8::/32");

    irc_account(w, "username=me");
    const char *line = irc_gets(w, NULL);
    const char *dot = strstr(line, ".users.example.org 2001:db8:0:0:");
    cr_assert_not_null(dot, "%s", line);
    cr_expect_eq(dot - line, (ptrdiff_t)strlen("WEBIRC pw sojourn ") + 16);
    irc_world_free(w);
}

Test(irc_webirc, passwords_and_users_make_other_addresses)
{
    struct irc_world *w = irc_world_new("webirc-password=pw"), *other;
    char line[200];

    irc_account(w, "username=me");
    (void)snprintf(line, sizeof line, "%s", irc_gets(w, NULL) + strlen("WEBIRC pw "));
    irc_world_free(w);
    other = irc_world_new("webirc-password=qx");
    irc_account(other, "username=me");
    cr_expect_str_neq(irc_gets(other, NULL) + strlen("WEBIRC qx "), line);
    irc_world_free(other);
}

Test(irc_webirc, what_cannot_be_used_is_refused_by_the_configuration)
{
    static const struct {
        const char *password, *host, *prefix;
        bool good;
    } rows[] = {
        { NULL, NULL, "nonsense", true }, { "pw", NULL, "fd00::/64", true },
        { "pw", "a.example.org", "2001:db8::/32", true }, { "p w", NULL, "fd00::/64", false },
        { ":pw", NULL, "fd00::/64", false }, { "pw", "a b", "fd00::/64", false },
        { "pw", ":a", "fd00::/64", false }, { "pw", NULL, "fd00::/65", false },
        { "pw", NULL, "192.0.2.0/24", false }, { "pw", NULL, "x", false },
    };
    struct irc_webirc webirc;
    struct sj_error err;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(irc_webirc_init(&webirc, rows[i].password, rows[i].host, rows[i].prefix,
                                     &err) == SJ_OK, rows[i].good, "%zu", i);
}
