/* SPDX-License-Identifier: MPL-2.0 */
/* Contacts: MONITOR, ISON, away; and the user's own presence (backends/irc/irc_presence.c). */
#include <criterion/criterion.h>
#include <string.h>

#include "irc_link.h"
#include "irc_world.h"
#include "sojourn/strbuf.h"

Test(irc_presence, monitor_watches_and_changes_are_told_once)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, NULL, "MONITOR=100 CASEMAPPING=rfc1459");
    cr_assert_eq(irc_adds(w, "bob"), SJ_OK);
    cr_assert_eq(irc_adds(w, "bob"), SJ_OK);
    irc_hears(w, "op 1 ok");
    irc_hears(w, "op 2 ok");
    irc_gets(w, "MONITOR + bob");
    irc_says(w, ":irc.test 730 me :Bob!b@h");
    irc_hears(w, "contact bob online Bob");
    irc_says(w, ":irc.test 730 me :Bob!b@h,stranger!x@y");
    irc_hears_nothing(w);
    irc_says(w, ":irc.test 731 me :BOB");
    irc_hears(w, "contact bob offline");
    irc_says(w, ":irc.test 731 me :bob");
    irc_hears_nothing(w);
    cr_assert_eq(irc_removes(w, "bob"), SJ_OK);
    irc_gets(w, "MONITOR - bob");
    irc_hears(w, "op 3 ok");
    irc_says(w, ":irc.test 730 me :Bob!b@h");
    irc_hears_nothing(w);
    cr_assert_eq(irc_removes(w, "bob"), SJ_OK);
    irc_hears(w, "op 4 ok");
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_presence, the_first_answer_is_always_told)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, NULL, "MONITOR");
    cr_assert_eq(irc_adds(w, "ghost"), SJ_OK);
    irc_hears(w, "op 1 ok");
    irc_gets(w, "MONITOR + ghost");
    irc_says(w, ":irc.test 731 me :ghost");
    irc_hears(w, "contact ghost offline");
    /* some servers spell it as we did: then the name says nothing */
    irc_says(w, ":irc.test 730 me :ghost");
    irc_hears(w, "contact ghost online");
    irc_world_free(w);
}

Test(irc_presence, many_contacts_take_few_lines)
{
    struct irc_world *w = irc_world_new("send-rate=0");
    unsigned named = 0;
    unsigned lines = 0;

    irc_online(w, NULL, "MONITOR=1000");
    for (unsigned i = 0; i < 200; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "contact%u", i);
        cr_assert_eq(irc_adds(w, id), SJ_OK);
    }
    while (named < 200) {
        const char *line = irc_gets(w, NULL);
        cr_assert_eq(strncmp(line, "MONITOR + ", 10), 0);
        cr_expect_leq(strlen(line), 510);
        for (const char *p = line; p; p = strchr(p + 1, ','))
            named++;
        lines++;
    }
    cr_expect_eq(named, 200);
    cr_expect_eq(lines, 5);
    for (unsigned i = 0; i < 200; i++)
        cr_expect_eq(strncmp(irc_event(w), "op ", 3), 0);
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_presence, ison_asks_where_there_is_no_monitor)
{
    struct irc_world *w = irc_world_new("presence-interval=60s");

    irc_online(w, NULL, NULL);
    cr_assert_eq(irc_adds(w, "bob"), SJ_OK);
    irc_hears(w, "op 1 ok");
    irc_gets(w, "ISON bob");
    irc_says(w, ":irc.test 303 me :Bob ");
    irc_hears(w, "contact bob online Bob");
    irc_advance(w, 50000);
    irc_gets_nothing(w);
    irc_advance(w, 12000);
    irc_gets(w, "ISON bob");
    irc_says(w, ":irc.test 303 me :Bob");
    irc_hears_nothing(w);
    irc_advance(w, 60000);
    irc_gets(w, "ISON bob");
    irc_says(w, ":irc.test 303 me :");
    irc_hears(w, "contact bob offline");
    cr_assert_eq(irc_removes(w, "bob"), SJ_OK);
    irc_hears(w, "op 2 ok");
    irc_advance(w, 60000);
    irc_gets_nothing(w);
    cr_expect_eq(irc_world_net(w)->n_polled, 0);
    irc_world_free(w);
}

Test(irc_presence, a_full_monitor_list_leaves_the_rest_to_ison)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, NULL, "MONITOR=2");
    cr_assert_eq(irc_adds(w, "a"), SJ_OK);
    irc_gets(w, "MONITOR + a");
    cr_assert_eq(irc_adds(w, "b"), SJ_OK);
    irc_gets(w, "MONITOR + b");
    cr_assert_eq(irc_adds(w, "c"), SJ_OK);
    irc_gets(w, "ISON c");
    irc_says(w, ":irc.test 734 me 1 b :Monitor list is full");
    irc_says(w, ":irc.test 303 me :c");
    for (int i = 0; i < 3; i++)
        cr_expect_eq(strncmp(irc_event(w), "op ", 3), 0);
    irc_hears(w, "contact c online c");
    cr_expect_eq(irc_world_link(w)->n_monitored, 1);
    cr_expect_eq(irc_world_link(w)->n_polled, 2);
    irc_advance(w, 61000);
    const char *line = irc_gets(w, NULL);
    cr_expect(strcmp(line, "ISON b c") == 0 || strcmp(line, "ISON c b") == 0, "%s", line);
    irc_world_free(w);
}

Test(irc_presence, polling_is_bounded_and_gets_to_everybody)
{
    struct irc_world *w = irc_world_new("send-rate=0 contacts-max=500 ping-interval=30m");
    bool seen[300] = { false };
    unsigned n_seen = 0;
    unsigned rounds;

    irc_online(w, NULL, NULL);
    for (unsigned i = 0; i < 300; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "contact-%03u", i);
        cr_assert_eq(irc_adds(w, id), SJ_OK);
    }
    for (rounds = 0; rounds < 10 && n_seen < 300; rounds++) {
        for (unsigned lines = 0; lines < 5 && n_seen < 300; lines++) {
            const char *line = irc_gets(w, NULL);
            cr_assert_eq(strncmp(line, "ISON ", 5), 0, "%s", line);
            cr_expect_leq(strlen(line), 400);
            for (const char *p = strstr(line, "contact-"); p; p = strstr(p + 1, "contact-")) {
                unsigned i = (unsigned)strtoul(p + 8, NULL, 10);
                n_seen += !seen[i];
                seen[i] = true;
            }
            irc_says(w, ":irc.test 303 me :");
        }
        irc_gets_nothing(w);
        irc_advance(w, 61000);
    }
    cr_expect_eq(n_seen, 300);
    cr_expect_eq(rounds, 2);
    irc_world_free(w);
}

Test(irc_presence, a_lost_answer_does_not_stop_the_polls)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, NULL, NULL);
    cr_assert_eq(irc_adds(w, "bob"), SJ_OK);
    irc_hears(w, "op 1 ok");
    irc_gets(w, "ISON bob");
    irc_advance(w, 61000);
    irc_gets(w, "ISON bob");
    irc_says(w, ":irc.test 303 me :bob");
    irc_hears(w, "contact bob online bob");
    irc_says(w, ":irc.test 303 me :");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_presence, away_where_the_server_reports_it)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, "away-notify extended-monitor", "MONITOR=9");
    cr_assert_eq(irc_adds(w, "bob"), SJ_OK);
    irc_hears(w, "op 1 ok");
    irc_gets(w, "MONITOR + bob");
    irc_says(w, ":irc.test 730 me :bob!b@h");
    irc_hears(w, "contact bob online bob");
    irc_says(w, ":bob!b@h AWAY :lunch \xe9");
    irc_hears(w, "contact bob away bob : lunch \xc3\xa9");
    irc_says(w, ":irc.test 730 me :bob!b@h");
    irc_hears_nothing(w);
    irc_says(w, ":bob!b@h AWAY");
    irc_hears(w, "contact bob online bob");
    irc_says(w, ":stranger!b@h AWAY :x");
    irc_hears_nothing(w);
    irc_says(w, ":irc.test 301 me bob :still away");
    irc_hears(w, "contact bob away bob : still away");
    irc_says(w, ":irc.test 301 me bob :still away");
    irc_hears_nothing(w);
    irc_says(w, ":irc.test 731 me :bob");
    irc_hears(w, "contact bob offline");
    irc_world_free(w);
}

/* Host, account and real name of a contact say nothing about whether it is there, and nothing about
 * who it is here: that is the nickname. Whole or broken, such lines end nothing. */
Test(irc_presence, contacts_may_change_what_does_not_matter_here)
{
    static const char *const lines[] = {
        ":bob!b@h CHGHOST bb other.example.org", ":bob!bb@other.example.org ACCOUNT bobsaccount",
        ":bob!bb@other.example.org ACCOUNT *", ":bob!bb@other.example.org SETNAME :Robert B.",
        "@account=bobsaccount :bob!bb@other.example.org SETNAME :",
        ":bob!bb@other.example.org JOIN #x bobsaccount :Robert B.",
        ":bob!b@h CHGHOST", ":bob!b@h CHGHOST x", ":bob CHGHOST \xff \xff", ":bob!b@h ACCOUNT",
        ":bob!b@h SETNAME", "CHGHOST a b", "ACCOUNT a", "SETNAME a", ":stranger!b@h CHGHOST c d",
        ":stranger!b@h ACCOUNT x", ":stranger!b@h SETNAME x", ":me!me@h ACCOUNT x",
        ":me!me@h ACCOUNT *", ":me!me@h SETNAME :x",
    };
    struct irc_world *w = irc_world_new("");

    irc_online(w, "message-tags account-notify account-tag away-notify chghost setname "
               "extended-join extended-monitor", "MONITOR=9");
    cr_assert_eq(irc_adds(w, "bob"), SJ_OK);
    irc_hears(w, "op 1 ok");
    irc_gets(w, "MONITOR + bob");
    irc_says(w, ":irc.test 730 me :bob!b@h");
    irc_hears(w, "contact bob online bob");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        irc_says(w, lines[i]);
    irc_hears_nothing(w);
    irc_says(w, "@account=bobsaccount :bob!bb@other.example.org PRIVMSG me :it is still me");
    irc_hears(w, "message bob it is still me");
    irc_says(w, ":bob!bb@other.example.org AWAY :lunch");
    irc_hears(w, "contact bob away bob : lunch");
    cr_assert_eq(irc_sends(w, "bob", "hello"), SJ_OK);
    irc_gets(w, "PRIVMSG bob :hello");
    irc_world_free(w);
}

Test(irc_presence, away_is_not_guessed)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, "away-notify", "MONITOR=9");
    cr_assert_eq(irc_adds(w, "bob"), SJ_OK);
    irc_hears(w, "op 1 ok");
    irc_gets(w, "MONITOR + bob");
    irc_says(w, ":irc.test 730 me :bob!b@h");
    irc_hears(w, "contact bob online bob");
    /* nobody would tell us of the return */
    irc_says(w, ":irc.test 301 me bob :away");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_presence, own_presence_becomes_away)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, NULL, NULL);
    cr_assert_eq(irc_shows(w, SJ_SHOW_ONLINE, "here"), SJ_OK);
    irc_gets_nothing(w);
    cr_assert_eq(irc_shows(w, SJ_SHOW_AWAY, "lunch\nback soon"), SJ_OK);
    irc_gets(w, "AWAY :lunch back soon");
    cr_assert_eq(irc_shows(w, SJ_SHOW_AWAY, "lunch\nback soon"), SJ_OK);
    irc_gets_nothing(w);
    cr_assert_eq(irc_shows(w, SJ_SHOW_XA, NULL), SJ_OK);
    irc_gets(w, "AWAY :Away");
    cr_assert_eq(irc_shows(w, SJ_SHOW_DND, ""), SJ_OK);
    irc_gets(w, "AWAY :Do not disturb");
    cr_assert_eq(irc_shows(w, SJ_SHOW_CHAT, NULL), SJ_OK);
    irc_gets(w, "AWAY");
    cr_assert_eq(irc_shows(w, SJ_SHOW_ONLINE, NULL), SJ_OK);
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_presence, contacts_are_bounded)
{
    struct irc_world *w = irc_world_new("contacts-max=2");

    irc_online(w, NULL, "MONITOR");
    cr_assert_eq(irc_adds(w, "a"), SJ_OK);
    cr_assert_eq(irc_adds(w, "b"), SJ_OK);
    cr_assert_eq(irc_adds(w, "b"), SJ_OK);
    cr_assert_eq(irc_adds(w, "c"), SJ_LIMIT);
    cr_expect_str_eq(irc_error(w), "no more than 2 contacts are possible here");
    for (int i = 0; i < 3; i++)
        cr_expect_eq(strncmp(irc_event(w), "op ", 3), 0);
    cr_assert_eq(irc_removes(w, "a"), SJ_OK);
    cr_assert_eq(irc_adds(w, "c"), SJ_OK);
    irc_world_free(w);
}

Test(irc_presence, removed_before_the_server_was_told)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, NULL, "MONITOR");
    cr_assert_eq(irc_adds(w, "a"), SJ_OK);
    cr_assert_eq(irc_removes(w, "a"), SJ_OK);
    irc_hears(w, "op 1 ok");
    irc_hears(w, "op 2 ok");
    irc_gets_nothing(w);
    irc_world_free(w);
}
