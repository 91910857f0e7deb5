/* SPDX-License-Identifier: MPL-2.0 */
/* NickServ and nicknames that somebody else has (backends/irc/irc_services.c, irc_regain.c). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "irc.h"
#include "irc_link.h"
#include "irc_services.h"
#include "irc_world.h"
#include "sojourn/log.h"

#define SERVICES "nickserv=identify nickserv-mask=NickServ!*@services.test"
#define COMMAND "nickserv=command nickserv-mask=NickServ!*@services.test"

Test(irc_services, masks)
{
    static const struct {
        const char *mask, *user, *host;
        bool is;
    } rows[] = {
        { "NickServ!NickServ@services.test", "NickServ", "services.test", true },
        { "NickServ!nickserv@SERVICES.test", "NickServ", "services.test", true },
        { "NickServ!*@services.test", "x", "services.test", true },
        { "NickServ!*@services.test", "x", "services.test.example.org", false },
        { "NickServ!*@services.test", "x", "xservices.test", false },
        { "NickServ!*@services.test", "x@services.test", "evil.example.org", false },
        { "NickServ!*@*.test", "x", "a.b.test", true },
        { "NickServ!*@*.test", "x", "a.b.tests", false },
        { "NickServ!?@services.test", "ab", "services.test", false },
        { "NickServ!a*b*c@h", "aXbYbZc", "h", true },
        { "NickServ!a*b*c@h", "aXcYb", "h", false },
        { "NickServ!*@services.test", NULL, NULL, false },
    };
    struct irc_services services;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_assert_eq(irc_services_init(&services, IRC_NICKSERV_COMMAND, rows[i].mask, NULL), SJ_OK);
        cr_expect_eq(irc_services_is(&services, "NICKSERV", rows[i].user, rows[i].host), rows[i].is,
                     "%zu", i);
        cr_expect_not(irc_services_is(&services, "NickServ_", rows[i].user, rows[i].host));
    }
}

Test(irc_services, a_mask_that_is_none_is_refused_by_the_configuration)
{
    static const char *const bad[] = { "", "NickServ", "NickServ!", "NickServ!user", "!user@host",
                                       "Nick Serv!u@h", "*!u@h", "#x!u@h", "a@b!c@d" };
    struct irc_services services;
    struct sj_error err;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(irc_services_init(&services, IRC_NICKSERV_IDENTIFY, bad[i], &err), SJ_INVALID,
                     "%s", bad[i]);
    cr_expect_eq(irc_services_init(&services, IRC_NICKSERV_IDENTIFY, NULL, &err), SJ_INVALID);
    cr_expect_not_null(strstr(err.text, "nickserv-mask"));
    cr_expect_eq(irc_services_init(&services, IRC_NICKSERV_COMMAND, NULL, &err), SJ_INVALID);
    cr_expect_not_null(strstr(err.text, "nickserv-mask"));
    cr_expect_eq(irc_services_init(&services, IRC_NICKSERV_OFF, NULL, &err), SJ_OK);
    /* Without a mask, nobody is believed. */
    cr_expect_not(irc_services_is(&services, "NickServ", "NickServ", "services.test"));
    cr_expect_eq(irc_services_init(&services, IRC_NICKSERV_IDENTIFY, "X!*@services", &err), SJ_OK);
    cr_expect_str_eq(services.nick, "X");
}

/* Up to the first thing after the welcome, with a password. */
static struct irc_world *begin(const char *options)
{
    struct irc_world *w = irc_world_new(options);

    irc_account(w, "username=me password=sesame");
    for (int i = 0; i < 3; i++)
        irc_gets(w, NULL);
    irc_says(w, ":irc.test 001 me :Welcome");
    irc_says(w, ":irc.test 422 me :no motd");
    return w;
}

Test(irc_services, a_user_who_took_the_name_gets_nothing)
{
    struct irc_world *w = begin(SERVICES);

    irc_expects_warnings(w);
    irc_gets(w, "USERHOST NickServ");
    /* An early word of the impostor counts for nothing. */
    irc_says(w, ":NickServ!x@evil.test NOTICE me :Password incorrect");
    irc_hears(w, "tell NickServ: Password incorrect");
    irc_says(w, ":NickServ!x@services.test NOTICE me :Password incorrect");
    irc_hears(w, "tell NickServ: Password incorrect");
    irc_says(w, ":irc.test 302 me :NickServ=+x@evil.test");
    irc_gets(w, "USERHOST me");
    irc_hears(w, "up");
    irc_hears(w, "self me");
    irc_hears(w, "tell Your account's password was not used: somebody else has the name of "
                 "NickServ at present.");
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_services, nobody_has_the_name)
{
    struct irc_world *w = begin(SERVICES);

    irc_gets(w, "USERHOST NickServ");
    irc_says(w, ":irc.test 302 me :");
    irc_hears(w, "up");
    irc_hears(w, "self me");
    irc_hears(w, "tell Your account's password was not used: this network has no NickServ at "
                 "present.");
    irc_world_free(w);
}

Test(irc_services, verdicts_of_others_do_not_count)
{
    struct irc_world *w = begin(SERVICES);

    irc_gets(w, "USERHOST NickServ");
    irc_says(w, ":irc.test 302 me :NickServ*=+x@services.test ");
    irc_gets(w, "PRIVMSG NickServ :IDENTIFY sesame");
    irc_says(w, ":NickServ!x@evil.test NOTICE me :Password incorrect");
    irc_hears(w, "tell NickServ: Password incorrect");
    irc_says(w, ":NickServ!x@evil.test NOTICE me :You are now identified");
    irc_hears(w, "tell NickServ: You are now identified");
    irc_says(w, ":NickServ!x@services.test NOTICE me :You are now identified");
    irc_hears(w, "up");
    irc_world_free(w);
}

Test(irc_services, the_servers_own_command)
{
    struct irc_world *w = begin(COMMAND);

    irc_gets(w, "NICKSERV IDENTIFY sesame");
    irc_says(w, ":NickServ!x@evil.test NOTICE me :Password incorrect");
    irc_hears(w, "tell NickServ: Password incorrect");
    irc_says(w, ":NickServ!x@services.test NOTICE me :You are now identified");
    irc_hears(w, "up");
    irc_world_free(w);
    w = begin(COMMAND);
    irc_gets(w, "NICKSERV IDENTIFY sesame");
    irc_says(w, ":irc.test 421 me NICKSERV :Unknown command");
    irc_hears(w, "up");
    irc_hears(w, "self me");
    irc_hears(w, "tell Your account's password was not used: this network has no NickServ at "
                 "present.");
    irc_world_free(w);
}

static void expect_no_secret(enum sj_log_level level, const char *line, void *ctx)
{
    (void)level;
    ++*(unsigned *)ctx;
    cr_expect_null(strstr(line, "sesame"), "logged: %s", line);
}

/* Services may have any name; their lines are hidden by the one that the configuration gives. */
Test(irc_services, the_log_has_no_password_whatever_their_name)
{
    unsigned lines = 0;

    sj_log_set_level(SJ_LOG_TRACE);
    struct irc_world *w = irc_world_new("nickserv=identify nickserv-mask=AuthBot!*@services.test");
    sj_log_set_sink(expect_no_secret, &lines);
    irc_account(w, "username=me password=sesame");
    for (int i = 0; i < 3; i++)
        irc_gets(w, NULL);
    irc_says(w, ":irc.test 001 me :Welcome");
    irc_says(w, ":irc.test 422 me :no motd");
    irc_gets(w, "USERHOST AuthBot");
    irc_says(w, ":irc.test 302 me :AuthBot=+x@services.test");
    irc_gets(w, "PRIVMSG AuthBot :IDENTIFY sesame");
    /* An echo spells the name in its own way. */
    irc_says(w, "@label=1 :me!me@h PRIVMSG authbot :IDENTIFY sesame");
    irc_settle(w);
    cr_expect_gt(lines, 8);
    irc_world_free(w);
}

/* Logged in as me_, because somebody has the nickname. */
static struct irc_world *without_nick(const char *options, const char *isupport, bool identified)
{
    struct irc_world *w = irc_world_new(options);
    char line[256];

    irc_start(w);
    irc_says(w, ":irc.test 433 * me :Nickname is already in use");
    irc_gets(w, "NICK me_");
    if (identified)
        irc_says(w, ":irc.test 900 me_ me_!me@h me :You are now logged in as me");
    irc_says(w, ":irc.test 001 me_ :Welcome");
    (void)snprintf(line, sizeof line, ":irc.test 005 me_ %s :are supported", isupport);
    irc_says(w, line);
    irc_says(w, ":irc.test 422 me_ :no motd");
    irc_gets(w, "USERHOST me_");
    irc_hears(w, "up");
    irc_hears(w, "self me_");
    irc_hears(w, "tell Your nickname here is me_, because the network did not give you me.");
    return w;
}

Test(irc_regain, takes_the_nickname_when_monitor_says_that_it_is_free)
{
    struct irc_world *w = without_nick("", "MONITOR=10", false);

    irc_gets(w, "MONITOR + me");
    irc_says(w, ":irc.test 730 me_ :me!x@h");
    irc_gets_nothing(w);
    irc_says(w, ":irc.test 731 me_ :me");
    irc_gets(w, "NICK me");
    /* Somebody was faster; and a server that repeats itself is not followed at once. */
    irc_says(w, ":irc.test 433 me_ me :Nickname is already in use");
    irc_says(w, ":irc.test 731 me_ :me");
    irc_gets_nothing(w);
    irc_advance(w, 6000);
    irc_says(w, ":irc.test 731 me_ :me");
    irc_gets(w, "NICK me");
    irc_says(w, ":me_!me@h NICK :me");
    irc_gets(w, "MONITOR - me");
    irc_hears(w, "self me");
    irc_hears(w, "tell Your nickname here is now me.");
    cr_expect_null(irc_world_link(w)->regain);
    cr_expect_eq(irc_world_link(w)->n_monitored, 0);
    irc_says(w, ":irc.test 731 me :me");
    irc_gets_nothing(w);
    irc_world_free(w);
}

/* Other lists of ours fill what the server watches, or it counts otherwise. */
Test(irc_regain, tries_now_and_then_when_the_server_watches_no_more)
{
    struct irc_world *w = without_nick("presence-interval=30s", "MONITOR=10", false);

    irc_gets(w, "MONITOR + me");
    irc_says(w, ":irc.test 734 me_ 10 other,ME :Monitor list is full");
    irc_gets_nothing(w);
    cr_expect_eq(irc_world_link(w)->n_monitored, 0);
    /* It is not said again for somebody who is not watched any more. */
    irc_says(w, ":irc.test 734 me_ 10 me :Monitor list is full");
    irc_settle(w);
    cr_expect_eq(irc_world_link(w)->n_monitored, 0);
    irc_advance(w, 30100);
    irc_gets(w, "NICK me");
    irc_says(w, ":me_!me@h NICK :me");
    irc_hears(w, "self me");
    irc_hears(w, "tell Your nickname here is now me.");
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_regain, tries_now_and_then_without_monitor)
{
    struct irc_world *w = without_nick("presence-interval=30s", "NICKLEN=30", false);

    irc_gets_nothing(w);
    for (int i = 0; i < 3; i++) {
        irc_advance(w, 30100);
        irc_gets(w, "NICK me");
        irc_says(w, ":irc.test 433 me_ me :Nickname is already in use");
    }
    irc_advance(w, 30100);
    irc_gets(w, "NICK me");
    irc_says(w, ":me_!me@h NICK :me");
    irc_hears(w, "self me");
    irc_hears(w, "tell Your nickname here is now me.");
    irc_advance(w, 31000);
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_regain, asks_services_when_logged_in_and_never_with_the_password)
{
    struct irc_world *w = without_nick(SERVICES, "MONITOR=10", true);

    irc_gets(w, "PRIVMSG NickServ :REGAIN me");
    irc_gets(w, "MONITOR + me");
    irc_world_free(w);
    w = without_nick(COMMAND " nickserv-regain=ghost", "MONITOR=10", true);
    irc_gets(w, "NICKSERV GHOST me");
    irc_world_free(w);
    w = without_nick(SERVICES " nickserv-regain=off", "MONITOR=10", true);
    irc_gets(w, "MONITOR + me");
    irc_world_free(w);
    w = without_nick(SERVICES, "MONITOR=10", false);
    irc_gets(w, "MONITOR + me");
    irc_world_free(w);
}

Test(irc_regain, gives_up_what_cannot_be_had)
{
    struct irc_world *w = without_nick("", "MONITOR=10", false);

    irc_gets(w, "MONITOR + me");
    irc_says(w, ":irc.test 731 me_ :me");
    irc_gets(w, "NICK me");
    irc_says(w, ":irc.test 432 me_ other :Erroneous nickname");
    irc_says(w, ":irc.test 432 me_ me :Erroneous nickname");
    irc_gets(w, "MONITOR - me");
    irc_hears_nothing(w);
    irc_leaves(w, NULL);
    irc_world_free(w);
    /* Longer than the server allows: it was cut, nobody has it. */
    w = without_nick("", "MONITOR=10 NICKLEN=1", false);
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_regain, a_contact_of_that_name_is_watched_once)
{
    struct irc_world *w = without_nick("", "MONITOR=10", false);

    irc_gets(w, "MONITOR + me");
    cr_assert_eq(irc_adds(w, "me"), SJ_OK);
    irc_gets(w, "MONITOR + me");
    irc_hears(w, "op 1 ok");
    cr_assert_eq(irc_removes(w, "me"), SJ_OK);
    irc_hears(w, "op 2 ok");
    irc_gets_nothing(w);
    irc_says(w, ":irc.test 731 me_ :me");
    irc_gets(w, "NICK me");
    irc_world_free(w);
}
