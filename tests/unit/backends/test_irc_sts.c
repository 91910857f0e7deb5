/* SPDX-License-Identifier: MPL-2.0 */
/* Strict transport security (backends/irc/irc_sts.c): who is believed, and for how long. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "irc.h"
#include "irc_link.h"
#include "irc_login.h"
#include "irc_sts.h"
#include "irc_world.h"

/* Connected without TLS to a server that has a name. */
static struct irc_world *plain(void)
{
    struct irc_world *w = irc_world_new("server=localhost");

    irc_start(w);
    return w;
}

static const struct irc_sts *sts_of(const struct irc_world *w)
{
    return &irc_world_net(w)->sts;
}

Test(irc_sts, an_offer_begins_the_connection_anew_with_tls)
{
    struct irc_world *w = irc_world_new("server=localhost server-password=common");
    char line[300];

    irc_account(w, "username=me");
    for (int i = 0; i < 4; i++)
        irc_gets(w, NULL);
    /* Nothing of what came without TLS counts. */
    (void)snprintf(line, sizeof line, ":irc.test CAP * ACK :echo-message\r\n"
                   ":irc.test 900 * * evil :You are now logged in as evil\r\n"
                   ":irc.test CAP * LS :batch sts=duration=999,port=%u\r\n"
                   ":irc.test 465 me :You are banned\r\n", (unsigned)irc_world_net(w)->port);
    irc_says_raw(w, line, strlen(line));
    const unsigned char *hello = irc_again(w);
    cr_expect_eq(hello[0], 0x16, "no TLS handshake: %02x", hello[0]);
    cr_expect_eq(irc_world_link(w)->state, IRC_CONNECTING);
    cr_expect(irc_world_link(w)->is_tls);
    cr_expect_eq(sts_of(w)->port, irc_world_net(w)->port);
    cr_expect_not_null(irc_world_link(w)->login->server_password);
    cr_expect_eq(irc_world_link(w)->caps, 0);
    cr_expect_not(irc_world_link(w)->login->identified);
    cr_expect_eq(irc_world_link(w)->login->offered, 0);
    irc_hears_nothing(w);
    /* Only a connection with TLS confirms it: else it is forgotten soon. */
    cr_expect_not_null(irc_net_tls(irc_world_net(w)));
    irc_hangs_up(w);
    cr_expect_eq(strncmp(irc_event(w), "down ", 5), 0);
    irc_advance(w, IRC_STS_TRIAL_MS + 1000);
    cr_expect_null(irc_net_tls(irc_world_net(w)));
    irc_world_free(w);
}

Test(irc_sts, offers_that_are_none)
{
    static const char *const rows[] = {
        "sts", "sts=", "sts=port", "sts=port=", "sts=port=0", "sts=port=65536", "sts=port=-1",
        "sts=port=6697x", "sts=port=99999999999999999999", "sts=duration=100", "sts=xport=6697",
        "xsts=port=6697", "sts=,,,", "sts=port= port=6697",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[100];
        struct irc_world *w = plain();
        (void)snprintf(line, sizeof line, ":irc.test CAP * LS :%s", rows[i]);
        irc_says(w, line);
        irc_gets(w, "CAP END");
        cr_expect_eq(sts_of(w)->until_ms, 0, "%s", rows[i]);
        irc_world_free(w);
    }
}

Test(irc_sts, addresses_have_none)
{
    struct irc_world *w = irc_world_new("");

    irc_start(w);
    irc_says(w, ":irc.test CAP * LS :sts=port=6697,duration=100");
    irc_gets(w, "CAP END");
    cr_expect_null(sts_of(w)->tls);
    irc_world_free(w);
}

Test(irc_sts, the_duration_counts_with_tls_only)
{
    static const struct {
        const char *offer;
        int64_t seconds;                 /* -1: as before */
    } rows[] = {
        { "duration=1000", 1000 }, { "port=1,duration=1000", 1000 }, { "duration=0", 0 },
        { "port=1", -1 }, { "duration=", -1 }, { "duration=x", -1 },
        { "duration=99999999999", IRC_STS_DURATION_MAX_S },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct irc_world *w = plain();
        struct irc_sts *sts = &irc_world_net(w)->sts;
        int64_t now = sj_loop_now_ms(irc_world_loop(w));
        /* As if this connection were the second one. */
        irc_world_link(w)->is_tls = true;
        sts->until_ms = now + 5000;
        irc_sts_on_offer(irc_world_link(w), rows[i].offer, strlen(rows[i].offer));
        int64_t expected = rows[i].seconds < 0 ? now + 5000 : now + rows[i].seconds * 1000;
        cr_expect_eq(sts->until_ms, rows[i].seconds == 0 ? 0 : expected, "%s", rows[i].offer);
        irc_world_free(w);
    }
}

/* As if this connection were the second one, with TLS, and the server had said so. */
static struct irc_world *confirmed(const char *offer)
{
    struct irc_world *w = plain();
    struct irc_sts *sts = &irc_world_net(w)->sts;

    irc_world_link(w)->is_tls = true;
    sts->until_ms = sj_loop_now_ms(irc_world_loop(w)) + 5000;
    sts->port = 6697;
    irc_sts_on_offer(irc_world_link(w), offer, strlen(offer));
    if (strstr(offer, "duration"))
        irc_hears(w, strstr(offer, "duration=0") ? "save 0" : "save 28");
    return w;
}

/* The server ends the connection; saved: and the policy is kept anew. */
static void ends(struct irc_world *w, bool saved)
{
    irc_hangs_up(w);
    if (saved)
        irc_hears(w, "save 28");
    cr_expect_eq(strncmp(irc_event(w), "down ", 5), 0);
}

Test(irc_sts, the_duration_counts_from_the_end_of_the_connection)
{
    struct irc_world *w = confirmed("duration=20");

    irc_advance(w, 30000);
    cr_expect_null(irc_net_tls(irc_world_net(w)));
    ends(w, true);
    int64_t left = sts_of(w)->until_ms - sj_loop_now_ms(irc_world_loop(w));
    cr_expect(left > 19000 && left <= 20000, "%d", (int)left);
    cr_expect_not_null(irc_net_tls(irc_world_net(w)));
    irc_world_free(w);
    /* The server's last word counts. */
    w = confirmed("duration=20");
    irc_sts_on_offer(irc_world_link(w), "duration=0", strlen("duration=0"));
    irc_hears(w, "save 0");
    ends(w, false);
    cr_expect_eq(sts_of(w)->until_ms, 0);
    irc_world_free(w);
    /* It was never confirmed: the end says nothing. */
    w = confirmed("port=1");
    int64_t until = sts_of(w)->until_ms;
    ends(w, false);
    cr_expect_eq(sts_of(w)->until_ms, until);
    irc_world_free(w);
}

Test(irc_sts, a_connection_without_tls_prolongs_nothing)
{
    struct irc_world *w = confirmed("duration=20");
    int64_t until = sts_of(w)->until_ms;

    irc_world_link(w)->is_tls = false;
    irc_advance(w, 1000);
    ends(w, false);
    cr_expect_eq(sts_of(w)->until_ms, until);
    irc_world_free(w);
}

/* Servers change their policy while connections last (cap-notify). */
Test(irc_sts, a_later_word_with_tls_counts)
{
    struct irc_world *w = irc_world_new("server=localhost");
    struct irc_sts *sts = &irc_world_net(w)->sts;

    irc_online(w, "cap-notify", NULL);
    irc_says(w, ":irc.test CAP me NEW :sts=port=1,duration=50");
    irc_settle(w);
    cr_expect_eq(sts->until_ms, 0);
    irc_world_link(w)->is_tls = true;
    sts->until_ms = sj_loop_now_ms(irc_world_loop(w)) + 5000;
    irc_says(w, ":irc.test CAP me NEW :sts=duration=50");
    irc_settle(w);
    cr_expect_eq(sts->duration_ms, 50000);
    irc_says(w, ":irc.test CAP me NEW :sts=duration=0");
    irc_settle(w);
    cr_expect_eq(sts->until_ms, 0);
    irc_gets_nothing(w);
    irc_world_free(w);
}

/* A policy in force for 20 s, as it was saved. */
static size_t saved_policy(unsigned char *out)
{
    struct irc_world *w = confirmed("duration=20");
    size_t n;

    const void *saved = irc_saved(w, &n);
    memcpy(out, saved, n);
    irc_world_free(w);
    return n;
}

Test(irc_sts, a_policy_outlives_a_restart)
{
    unsigned char blob[64];
    size_t n = saved_policy(blob);
    struct irc_world *w = irc_world_new("server=localhost");

    cr_assert_eq(n, 28);
    irc_sts_load(irc_world_net(w), blob, n);
    cr_assert_not_null(irc_net_tls(irc_world_net(w)));
    cr_expect_eq(sts_of(w)->port, 6697);
    cr_expect_eq(sts_of(w)->duration_ms, 20000);
    irc_advance(w, 21000);
    cr_expect_null(irc_net_tls(irc_world_net(w)));
    /* It is over now, also for who comes later. */
    irc_sts_load(irc_world_net(w), blob, n);
    cr_expect_null(irc_net_tls(irc_world_net(w)));
    irc_world_free(w);
}

Test(irc_sts, a_link_brings_the_policy_along)
{
    unsigned char blob[64];
    size_t n = saved_policy(blob);
    struct irc_world *w = irc_world_new("server=localhost");
    const char *values[IRC_FIELDS] = { [IRC_FIELD_NICK] = "me" };
    const struct sj_account account = { values, IRC_FIELDS };
    const struct sj_link base = { .backend = &irc_backend, .net = irc_world_net(w),
                                  .loop = irc_world_loop(w) };

    struct sj_link *link = irc_backend.link_new(&base, &account, blob, n);
    cr_expect_not_null(irc_net_tls(irc_world_net(w)));
    irc_backend.link_free(&link);
    irc_world_free(w);
}

Test(irc_sts, what_was_saved_may_not_count)
{
    unsigned char blob[64], changed[64];
    size_t n = saved_policy(blob);

    for (size_t i = 0; i < 8; i++) {
        struct irc_world *w = irc_world_new(i == 0 ? "server=localhosu" :
                                            i == 1 ? "" :
                                            i == 2 ? "server=localhost tls=yes" :
                                            "server=localhost");
        struct sj_net *net = irc_world_net(w);
        memcpy(changed, blob, sizeof blob);
        if (i == 3)
            changed[0] = 2;
        if (i == 4)
            changed[1] = changed[2] = 0;             /* port */
        if (i == 5)
            changed[11] = 0xff;                      /* the end */
        if (i == 6)
            changed[13] = 0xff;
        if (i == 7)
            net->sts.ended = true;
        irc_sts_load(net, changed, n);
        cr_expect_eq(net->sts.until_ms, 0, "%zu", i);
        irc_world_free(w);
    }
    struct irc_world *w = irc_world_new("server=localhost");
    for (size_t i = 0; i < n; i++)
        irc_sts_load(irc_world_net(w), blob, i);
    irc_sts_load(irc_world_net(w), NULL, 0);
    cr_expect_eq(sts_of(w)->until_ms, 0);
    /* A longer one stays. */
    irc_world_net(w)->sts.until_ms = INT64_C(1) << 40;
    irc_sts_load(irc_world_net(w), blob, n);
    cr_expect_eq(sts_of(w)->until_ms, INT64_C(1) << 40);
    irc_world_free(w);
}

/* A far server without TLS, and a user with a password for it: what is offered decides. */
static struct irc_world *with_own_password(void)
{
    struct irc_world *w = irc_world_new("server=localhost login-timeout=5s");

    irc_world_net(w)->is_local = false;
    irc_account(w, "username=me server_password=sesame");
    irc_gets(w, "CAP LS 302");
    irc_gets_nothing(w);
    return w;
}

#define UNSAFE "down auth: the connection is not encrypted, so the server's password was not sent"

Test(irc_sts, a_users_own_server_password_waits_for_the_offer)
{
    struct irc_world *w = with_own_password();
    char line[200];

    irc_says(w, ":irc.test CAP * LS * :batch server-time");
    irc_gets_nothing(w);
    (void)snprintf(line, sizeof line, ":irc.test CAP * LS :sts=port=%u",
                   (unsigned)irc_world_net(w)->port);
    irc_says(w, line);
    const unsigned char *hello = irc_again(w);
    cr_expect_eq(hello[0], 0x16, "no TLS handshake: %02x", hello[0]);
    cr_expect_not(irc_world_link(w)->login->waits_for_tls);
    cr_expect_str_eq(irc_world_link(w)->login->server_password, "sesame");
    irc_world_free(w);
    w = with_own_password();
    irc_says(w, ":irc.test CAP * LS * :batch");
    irc_says(w, ":irc.test CAP * LS :server-time");
    irc_hears(w, UNSAFE);
    irc_gets_nothing(w);
    irc_world_free(w);
    /* A server that does not know CAP. */
    w = with_own_password();
    irc_says(w, ":irc.test 451 * :You have not registered");
    irc_hears_nothing(w);
    irc_advance(w, 5100);
    irc_hears(w, UNSAFE);
    irc_world_free(w);
}
