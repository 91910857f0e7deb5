/* SPDX-License-Identifier: MPL-2.0 */
/* Local addresses to connect from (backends/irc/irc_source.c). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "irc_net.h"
#include "irc_source.h"
#include "irc_world.h"
#include "sojourn/strbuf.h"

Test(irc_source, users_are_spread_and_keep_theirs)
{
    struct irc_sources sources;
    const char *out[2], *again[2];
    unsigned seen[3] = { 0 };

    cr_assert_eq(irc_sources_init(&sources, "192.0.2.1, 2001:db8::1 192.0.2.2,192.0.2.3", NULL),
                 SJ_OK);
    for (uint64_t user = 0; user < 300; user++) {
        irc_sources_pick(&sources, user * UINT64_C(0x9e3779b97f4a7c15), out);
        irc_sources_pick(&sources, user * UINT64_C(0x9e3779b97f4a7c15), again);
        cr_assert_str_eq(out[0], again[0]);
        cr_assert_str_eq(out[1], "2001:db8::1");
        seen[out[0][strlen(out[0]) - 1] - '1']++;
    }
    for (size_t i = 0; i < 3; i++)
        cr_expect_gt(seen[i], 50);
    irc_sources_release(&sources);
    cr_assert_eq(irc_sources_init(&sources, NULL, NULL), SJ_OK);
    irc_sources_pick(&sources, 7, out);
    cr_expect_null(out[0]);
    cr_expect_null(out[1]);
    irc_sources_release(&sources);
}

Test(irc_source, what_is_no_address_is_refused)
{
    static const char *const bad[] = { "localhost", "192.0.2.1/32", "192.0.2", "192.0.2.1,x",
                                       "[::1]", "fe80::1%eth0" };
    struct irc_sources sources;
    struct sj_error err;
    struct sj_strbuf many;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_eq(irc_sources_init(&sources, bad[i], &err), SJ_INVALID, "%s", bad[i]);
        cr_expect_null(sources.text);
    }
    sj_strbuf_init(&many, 4096);
    for (unsigned i = 0; i < IRC_SOURCES_MAX; i++)
        sj_strbuf_addf(&many, "192.0.2.%u ", i);
    cr_expect_eq(irc_sources_init(&sources, many.s, &err), SJ_OK);
    irc_sources_release(&sources);
    sj_strbuf_adds(&many, "::1");
    cr_expect_eq(irc_sources_init(&sources, many.s, &err), SJ_INVALID);
    sj_strbuf_release(&many);
    struct irc_world *w = irc_world_new("");
    struct sj_net *net = NULL;
    cr_expect_eq(irc_world_other_net(w, &net, "source=here", &err), SJ_INVALID);
    cr_expect_not_null(strstr(err.text, "source"), "%s", err.text);
    irc_world_free(w);
}
