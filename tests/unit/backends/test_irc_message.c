/* SPDX-License-Identifier: MPL-2.0 */
/* Messages both ways, and how their outcome is known (backends/irc). */
#include <criterion/criterion.h>
#include <string.h>

#include "irc_link.h"
#include "irc_send.h"
#include "irc_world.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define LABELS "batch echo-message labeled-response message-tags server-time"

Test(irc_message, comes_in)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, NULL, "CASEMAPPING=rfc1459");
    irc_says(w, ":Bob[1]!b@h PRIVMSG me :hello  there ");
    irc_hears(w, "message bob{1} hello  there ");
    irc_says(w, ":bob!b@h NOTICE ME :automatic");
    irc_hears(w, "notice bob automatic");
    irc_says(w, ":bob!b@h PRIVMSG me :\001ACTION waves\001");
    irc_hears(w, "action bob waves");
    irc_says(w, ":bob!b@h PRIVMSG me :\001ACTION no end");
    irc_hears(w, "action bob no end");
    irc_says(w, "@time=2011-10-19T16:40:51.620Z;msgid=x1 :bob!b@h PRIVMSG me :\x02then\x02");
    irc_hears(w, "message bob x1 @1319042451620 then");
    irc_says(w, ":bob!b@h PRIVMSG me :caf\xe9");
    irc_hears(w, "message bob caf\xc3\xa9");
    irc_says(w, ":*status!znc@znc.in PRIVMSG me :You have no modules");
    irc_hears(w, "message *status You have no modules");
    irc_world_free(w);
}

Test(irc_message, utf8only_knows_no_fallback)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, NULL, "UTF8ONLY");
    irc_says(w, ":bob!b@h PRIVMSG me :caf\xe9");
    irc_hears(w, "message bob caf\xef\xbf\xbd");
    irc_says(w, ":irc.test 005 me -UTF8ONLY :are supported");
    irc_says(w, ":bob!b@h PRIVMSG me :caf\xe9");
    irc_hears(w, "message bob caf\xc3\xa9");
    irc_world_free(w);
}

Test(irc_message, what_is_not_a_message_from_a_person)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, NULL, NULL);
    irc_says(w, ":bob!b@h PRIVMSG #room :to a room");
    irc_says(w, ":bob!b@h NOTICE @#room :to its operators");
    irc_says(w, ":bob!b@h PRIVMSG me :");
    irc_says(w, ":bob!b@h PRIVMSG me :\x02\x02");
    irc_says(w, ":bob!b@h PRIVMSG me");
    irc_says(w, ":bob!b@h TAGMSG me");
    irc_hears_nothing(w);
    irc_says(w, ":irc.test NOTICE me :Server says");
    irc_hears(w, "tell Server says");
    irc_says(w, ":Global NOTICE me :Restart soon");
    irc_hears(w, "tell Global: Restart soon");
    irc_says(w, ":oper!o@h NOTICE $*.test :to everybody");
    irc_hears(w, "tell oper: to everybody");
    irc_says(w, ":bob PRIVMSG me :without a mask");
    irc_hears(w, "message bob without a mask");
    irc_says(w, ":a#b!b@h PRIVMSG me :odd name");
    irc_hears(w, "tell a#b: odd name");
    irc_says(w, ":irc.test NOTICE me :*** You are connected to irc.test using TLS");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_message, ctcp_queries_are_answered_within_a_rate)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, NULL, NULL);
    irc_says(w, ":bob!b@h PRIVMSG me :\001VERSION\001");
    irc_gets(w, "NOTICE bob :\001VERSION Sojourn " SOJOURN_VERSION "\001");
    irc_says(w, ":bob!b@h PRIVMSG me :\001PING 123 4\001");
    irc_gets(w, "NOTICE bob :\001PING 123 4\001");
    irc_says(w, ":bob!b@h PRIVMSG me :\001time\001");
    const char *line = irc_gets(w, NULL);
    cr_expect_eq(strncmp(line, "NOTICE bob :\001TIME 20", 20), 0, "%s", line);
    irc_says(w, ":bob!b@h PRIVMSG me :\001PING 5\001");
    irc_says(w, ":bob!b@h PRIVMSG me :\001DCC SEND x 1 2 3\001");
    irc_says(w, ":bob!b@h PRIVMSG me :\001\001");
    irc_says(w, ":bob!b@h NOTICE me :\001VERSION other client\001");
    irc_gets_nothing(w);
    irc_advance(w, 11000);
    irc_says(w, ":bob!b@h PRIVMSG me :\001PING 6\001");
    irc_gets(w, "NOTICE bob :\001PING 6\001");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_message, ctcp_version_is_what_the_configuration_says)
{
    struct irc_world *w = irc_world_new("ctcp-version=off");

    irc_online(w, NULL, NULL);
    irc_says(w, ":bob!b@h PRIVMSG me :\001VERSION\001");
    irc_gets_nothing(w);
    irc_says(w, ":bob!b@h PRIVMSG me :\001CLIENTINFO\001");
    irc_gets(w, "NOTICE bob :\001CLIENTINFO ACTION CLIENTINFO PING TIME\001");
    irc_world_free(w);
    w = irc_world_new("ctcp-version=the+best+client+ask+admin@example.org+if+it+is+not+nice");
    irc_online(w, NULL, NULL);
    irc_says(w, ":bob!b@h PRIVMSG me :\001VERSION\001");
    irc_gets(w, "NOTICE bob :\001VERSION the best client ask admin@example.org if it is not nice"
                "\001");
    irc_says(w, ":bob!b@h PRIVMSG me :\001clientinfo VERSION\001");
    irc_gets(w, "NOTICE bob :\001CLIENTINFO ACTION CLIENTINFO PING TIME VERSION\001");
    irc_world_free(w);
}

/* It used to be yes or no; a file from then is not to tell people "no". */
Test(irc_message, ctcp_version_is_a_text)
{
    struct irc_world *w = irc_world_new("");
    struct sj_net *net = NULL;
    struct sj_error err;

    cr_expect_eq(irc_world_other_net(w, &net, "ctcp-version=no", &err), SJ_INVALID);
    cr_expect_eq(irc_world_other_net(w, &net, "ctcp-version=yes", &err), SJ_INVALID);
    cr_expect_not_null(strstr(err.text, "ctcp-version"), "%s", err.text);
    cr_expect_null(net);
    irc_world_free(w);
}

Test(irc_message, goes_out_and_is_confirmed_by_a_pong)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, NULL, NULL);
    cr_assert_eq(irc_sends(w, "bob", "one"), SJ_OK);
    cr_assert_eq(irc_sends(w, "bob", "two"), SJ_OK);
    irc_gets(w, "PRIVMSG bob :one");
    irc_gets(w, "PRIVMSG bob :two");
    irc_gets(w, "PING :00000002");
    irc_hears_nothing(w);
    /* one is out at a time */
    cr_assert_eq(irc_sends(w, "bob", "three"), SJ_OK);
    irc_gets(w, "PRIVMSG bob :three");
    irc_advance(w, IRC_CONFIRM_MS + 50);
    irc_gets_nothing(w);
    irc_says(w, ":irc.test PONG irc.test :00000002");
    irc_hears(w, "op 1 ok");
    irc_hears(w, "op 2 ok");
    irc_hears_nothing(w);
    irc_gets(w, "PING :00000003");
    irc_says(w, ":irc.test PONG irc.test");
    irc_hears(w, "op 3 ok");
    /* and none when nothing waits */
    irc_advance(w, IRC_CONFIRM_MS + 50);
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_message, what_echoes_or_labels_confirm_gets_its_ping_later)
{
    static const char *const caps[] = { "echo-message", LABELS };

    for (size_t i = 0; i < 2; i++) {
        struct irc_world *w = irc_world_new("send-rate=0");
        irc_online(w, caps[i], NULL);
        cr_assert_eq(irc_sends(w, "bob", "one"), SJ_OK);
        irc_gets(w, i ? "@label=0 PRIVMSG bob :one" : "PRIVMSG bob :one");
        irc_gets_nothing(w);
        irc_advance(w, IRC_CONFIRM_MS + 50);
        irc_gets(w, "PING :00000001");
        irc_says(w, ":irc.test PONG irc.test");
        irc_hears(w, "op 1 ok");
        irc_world_free(w);
    }
}

/* A PING counts as a line with servers that count lines. */
Test(irc_message, a_ping_is_paid_for)
{
    struct irc_world *w = irc_world_new("send-rate=2000 send-burst=5");

    irc_online(w, NULL, NULL);
    cr_assert_eq(irc_sends(w, "bob", "one"), SJ_OK);
    irc_gets(w, "PRIVMSG bob :one");
    irc_gets(w, "PING :00000001");
    irc_says(w, ":irc.test PONG irc.test");
    irc_hears(w, "op 1 ok");
    /* two of five are used: the others are the user's */
    for (unsigned i = 0; i < 4; i++)
        cr_assert_eq(irc_sends(w, "bob", "more"), SJ_OK);
    for (unsigned i = 0; i < 3; i++)
        irc_gets(w, "PRIVMSG bob :more");
    irc_gets_nothing(w);
    irc_advance(w, 2050);
    irc_gets(w, "PRIVMSG bob :more");
    irc_advance(w, IRC_CONFIRM_MS + 50);
    irc_gets(w, "PING :00000005");
    irc_says(w, ":irc.test PONG irc.test");
    for (unsigned i = 2; i <= 5; i++)
        irc_hears(w, i == 2 ? "op 2 ok" : i == 3 ? "op 3 ok" : i == 4 ? "op 4 ok" : "op 5 ok");
    irc_world_free(w);
}

/* While lines wait for their turn a PING takes the turn of one: behind eight, or after a while. */
Test(irc_message, pings_are_few_while_lines_wait)
{
    struct irc_world *w = irc_world_new("send-rate=1000 send-burst=1");
    unsigned lines = 0;

    irc_online(w, NULL, NULL);
    cr_assert_eq(irc_sends(w, "bob", "1\n2\n3\n4\n5\n6\n7\n8\n9\na\nb\nc"), SJ_OK);
    irc_settle(w);
    for (unsigned second = 0; second < 20; second++) {
        const char *line;
        while ((line = irc_line_if_any(w)) != NULL) {
            if (strncmp(line, "PING ", 5) != 0) {
                lines++;
                continue;
            }
            cr_expect(lines == 8 || lines == 9 || lines == 12, "%u", lines);
            irc_says(w, ":irc.test PONG irc.test");
        }
        irc_advance(w, 1000);
    }
    cr_expect_eq(lines, 12);
    irc_hears(w, "op 1 ok");
    irc_world_free(w);
    w = irc_world_new("send-rate=20000 send-burst=1");
    irc_online(w, NULL, NULL);
    cr_assert_eq(irc_sends(w, "bob", "1\n2\n3\n4"), SJ_OK);
    irc_gets(w, "PRIVMSG bob :1");
    for (unsigned round = 0; round < IRC_CONFIRM_ROUNDS - 2; round++)
        irc_advance(w, IRC_CONFIRM_MS);
    irc_gets(w, "PRIVMSG bob :2");
    irc_gets_nothing(w);
    for (unsigned round = 0; round < 3; round++)
        irc_advance(w, IRC_CONFIRM_MS);
    irc_gets(w, "PING :00000002");
    irc_world_free(w);
}

Test(irc_message, refusals_name_their_target)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, NULL, NULL);
    cr_assert_eq(irc_sends(w, "bob", "one"), SJ_OK);
    cr_assert_eq(irc_sends(w, "ghost", "two"), SJ_OK);
    cr_assert_eq(irc_sends(w, "bob", "three"), SJ_OK);
    irc_says(w, ":irc.test 401 me Ghost :No such nick/channel");
    irc_hears(w, "op 1 ok");
    irc_hears(w, "op 2 peer is offline, nothing stored: not online there at present; this "
             "network keeps no messages for later");
    irc_says(w, ":irc.test 401 me ghost :No such nick/channel");
    irc_says(w, ":irc.test 404 me other :Cannot send");
    irc_hears_nothing(w);
    irc_says(w, ":irc.test 716 me bob :is in +g mode");
    irc_hears(w, "op 3 not permitted: is in +g mode");
    irc_world_free(w);
}

Test(irc_message, refusals_by_numeric)
{
    static const char absent[] = "op 1 peer is offline, nothing stored: not online there at "
                                 "present; this network keeps no messages for later";
    static const struct {
        const char *line, *event;
    } rows[] = {
        { ":s 401 me bob :x", absent },
        { ":s 403 me bob :x", "op 1 refused by the network: x" },
        { ":s 404 me bob :x", "op 1 not permitted: x" },
        { ":s 406 me bob :x", absent },
        { ":s 407 me bob :x", "op 1 refused by the network: x" },
        { ":s 411 me :x", "op 1 refused by the network: x" },
        { ":s 412 me :x", "op 1 refused by the network: x" },
        { ":s 415 me bob :x", "op 1 refused by the network: x" },
        { ":s 417 me :x", "op 1 refused by the network: x" },
        { ":s 437 me bob :x", "op 1 refused by the network: x" },
        { ":s 439 me bob :x", "op 1 refused by the network: x" },
        { ":s 440 me bob :x", "op 1 refused by the network: x" },
        { ":s 477 me bob :x", "op 1 not permitted: x" },
        { ":s 486 me bob :x", "op 1 not permitted: x" },
        { ":s 531 me bob :x", "op 1 not permitted: x" },
        { ":s 716 me bob :x\xe9\r\001", "op 1 not permitted: x\xc3\xa9" },
        { ":s FAIL PRIVMSG CANNOT_SEND bob :x", "op 1 refused by the network: x" },
        { ":s FAIL * INVALID_UTF8 :x", "tell x" },
        { ":s WARN * SLOW_DOWN :x", "tell x" },
        { ":s NOTE * MOTD_CHANGED some context :x", "tell x" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct irc_world *w = irc_world_new("");
        irc_online(w, NULL, NULL);
        cr_assert_eq(irc_sends(w, "bob", "one"), SJ_OK);
        irc_gets(w, "PRIVMSG bob :one");
        irc_says(w, rows[i].line);
        irc_hears(w, rows[i].event);
        irc_world_free(w);
    }
}

Test(irc_message, labels_decide_where_the_server_has_them)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, LABELS, NULL);
    cr_assert_eq(irc_sends(w, "bob", "one"), SJ_OK);
    cr_assert_eq(irc_sends(w, "ghost", "two"), SJ_OK);
    cr_assert_eq(irc_sends(w, "bob", "three"), SJ_OK);
    irc_gets(w, "@label=0 PRIVMSG bob :one");
    irc_gets(w, "@label=1 PRIVMSG ghost :two");
    irc_gets(w, "@label=2 PRIVMSG bob :three");
    irc_says(w, "@label=0;msgid=a :me!me@h PRIVMSG bob :one, but changed");
    irc_hears(w, "op 1 ok");
    irc_says(w, "@label=1 :irc.test 401 me ghost :No such nick");
    irc_hears(w, "op 2 peer is offline, nothing stored: not online there at present; this "
             "network keeps no messages for later");
    irc_says(w, "@label=9 :irc.test ACK");
    irc_says(w, "@label=x :irc.test ACK");
    irc_hears_nothing(w);
    irc_says(w, "@label=2 :irc.test ACK");
    irc_hears(w, "op 3 ok");
    /* the same text from the user's other client */
    irc_says(w, ":me!me@h PRIVMSG bob :three");
    irc_hears(w, "own message bob three");
    irc_world_free(w);
}

Test(irc_message, a_labelled_batch_answers_once)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, LABELS, NULL);
    cr_assert_eq(irc_sends(w, "bob", "one"), SJ_OK);
    irc_gets(w, "@label=0 PRIVMSG bob :one");
    irc_says(w, "@label=0 :irc.test BATCH +ref1 labeled-response");
    irc_says(w, "@batch=ref1 :irc.test 301 me bob :gone");
    irc_says(w, "@batch=other :me!me@h PRIVMSG bob :not this");
    irc_hears(w, "own message bob not this");
    irc_says(w, "@batch=ref1 :me!me@h PRIVMSG bob :one");
    irc_hears(w, "op 1 ok");
    irc_says(w, ":irc.test BATCH -ref1");
    cr_assert_eq(irc_sends(w, "bob", "two"), SJ_OK);
    irc_says(w, "@label=1 :irc.test BATCH +ref2 labeled-response");
    irc_says(w, "@batch=ref2 :irc.test 404 me bob :not allowed");
    irc_hears(w, "op 2 not permitted: not allowed");
    irc_says(w, ":irc.test BATCH -ref2");
    cr_assert_eq(irc_sends(w, "bob", "three"), SJ_OK);
    irc_says(w, "@label=2 :irc.test BATCH +ref3 labeled-response");
    irc_says(w, ":irc.test BATCH -ref3");
    irc_hears(w, "op 3 ok");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_message, echoes_decide_where_there_are_no_labels)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, "echo-message", NULL);
    cr_assert_eq(irc_sends(w, "bob", "one"), SJ_OK);
    cr_assert_eq(irc_sends(w, "eve", "two"), SJ_OK);
    irc_gets(w, "PRIVMSG bob :one");
    irc_gets(w, "PRIVMSG eve :two");
    irc_says(w, ":me!me@h PRIVMSG Bob :one");
    irc_hears(w, "op 1 ok");
    irc_says(w, ":me!me@h PRIVMSG eve :censored");
    irc_hears(w, "op 2 ok");
    irc_says(w, ":me!me@h PRIVMSG bob :from elsewhere");
    irc_hears(w, "own message bob from elsewhere");
    irc_says(w, ":me!me@h PRIVMSG bob :\001ACTION waves\001");
    irc_hears(w, "own action bob waves");
    const struct sj_message action = { .peer = "bob", .body = "dances", .action = true };
    cr_assert_eq(irc_sends_message(w, &action), SJ_OK);
    irc_gets(w, "PRIVMSG bob :\001ACTION dances\001");
    irc_says(w, ":me!me@h PRIVMSG bob :\001ACTION dances\001");
    irc_hears(w, "op 3 ok");
    irc_says(w, ":me!me@h NOTICE bob :\001VERSION x\001");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_message, to_oneself_arrives_once)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, "echo-message", NULL);
    cr_assert_eq(irc_sends(w, "me", "note"), SJ_OK);
    irc_gets(w, "PRIVMSG me :note");
    irc_says(w, ":me!me@h PRIVMSG me :note");
    irc_hears(w, "op 1 ok");
    irc_says(w, ":me!me@h PRIVMSG me :note");
    irc_hears(w, "message me note");
    irc_says(w, ":me!me@h PRIVMSG me :\001ACTION sleeps\001");
    irc_hears(w, "action me sleeps");
    irc_world_free(w);
}

Test(irc_message, several_lines_are_one_operation)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, NULL, NULL);
    cr_assert_eq(irc_sends(w, "bob", "one\n\ntwo\r\nthree"), SJ_OK);
    cr_assert_eq(irc_sends(w, "bob", "four"), SJ_OK);
    irc_gets(w, "PRIVMSG bob :one");
    irc_gets(w, "PRIVMSG bob :two");
    irc_gets(w, "PRIVMSG bob :three");
    irc_gets(w, "PRIVMSG bob :four");
    irc_says(w, ":irc.test 401 me bob :No such nick");
    irc_hears(w, "op 1 peer is offline, nothing stored: not online there at present; this "
             "network keeps no messages for later");
    irc_says(w, ":irc.test 401 me bob :No such nick");
    irc_says(w, ":irc.test 401 me bob :No such nick");
    irc_hears_nothing(w);
    irc_says(w, ":irc.test 401 me bob :No such nick");
    irc_hears(w, "op 2 peer is offline, nothing stored: not online there at present; this "
             "network keeps no messages for later");
    irc_world_free(w);
}

Test(irc_message, notices_and_actions_keep_their_kind)
{
    struct irc_world *w = irc_world_new("");
    const struct sj_message notice = { .peer = "bob", .body = "auto", .notice = true };
    const struct sj_message action = { .peer = "bob", .body = "a\nb\001c", .action = true };

    irc_online(w, NULL, NULL);
    cr_assert_eq(irc_sends_message(w, &notice), SJ_OK);
    cr_assert_eq(irc_sends_message(w, &action), SJ_OK);
    irc_gets(w, "NOTICE bob :auto");
    irc_gets(w, "PRIVMSG bob :\001ACTION a\001");
    irc_gets(w, "PRIVMSG bob :\001ACTION bc\001");
    irc_world_free(w);
}

Test(irc_message, nothing_becomes_a_line_of_its_own)
{
    struct irc_world *w = irc_world_new("send-rate=0");
    static const char *const targets[] = {
        "bob\r\nQUIT", "bob\nQUIT", "bob QUIT", "", ":bob", "#room", "bob,eve", "bob\rQUIT",
        "b@h", "$*", "+x",
    };

    irc_online(w, NULL, NULL);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        cr_expect_eq(irc_sends(w, targets[i], "x"), SJ_INVALID, "%s", targets[i]);
        cr_expect_eq(irc_adds(w, targets[i]), SJ_INVALID, "%s", targets[i]);
    }
    irc_gets_nothing(w);
    cr_assert_eq(irc_sends(w, "bob", "a\r\nQUIT :x\nNICK y\rOPER z"), SJ_OK);
    irc_gets(w, "PRIVMSG bob :a");
    irc_gets(w, "PRIVMSG bob :QUIT :x");
    irc_gets(w, "PRIVMSG bob :NICK y");
    irc_gets(w, "PRIVMSG bob :OPER z");
    irc_gets(w, "PING :00000004");
    cr_assert_eq(irc_shows(w, SJ_SHOW_AWAY, "a\r\nQUIT"), SJ_OK);
    irc_gets(w, "AWAY :a  QUIT");
    irc_says(w, ":bob!b@h PRIVMSG me :\001PING a\rQUIT\001");
    irc_gets(w, "NOTICE bob :\001PING a QUIT\001");
    irc_leaves(w, "bye\r\nJOIN #x");
    irc_gets(w, "QUIT :bye  JOIN #x");
    irc_world_free(w);
}

Test(irc_message, the_writer_refuses_line_ends_and_nul)
{
    struct irc_world *w = irc_world_new("");
    struct irc_out o;

    irc_online(w, NULL, NULL);
    irc_expects_warnings(w);
    static const struct {
        const char *s;
        size_t n;
    } rows[] = {
        { "A\rB", 3 }, { "A\nB", 3 }, { "A\0B", 3 }, { "A\r", 2 }, { "\n", 1 }, { "", 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        irc_out_init(&o);
        irc_out_add(&o, rows[i].s, rows[i].n);
        cr_expect_not(irc_send(irc_world_link(w), &o, IRC_NOW));
        cr_expect_not(irc_send(irc_world_link(w), &o, IRC_PACED));
    }
    irc_out_init(&o);
    for (int i = 0; i < 100; i++)
        irc_out_adds(&o, "0123456789012345678901234567890123456789");
    cr_expect(o.failed);
    cr_expect_not(irc_send(irc_world_link(w), &o, IRC_NOW));
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_message, empty_and_too_long_ones_are_refused)
{
    struct irc_world *w = irc_world_new("max-lines=3 send-rate=0");
    char text[3000];

    irc_online(w, NULL, NULL);
    cr_expect_eq(irc_sends(w, "bob", "\n\r\n"), SJ_UNACCEPTABLE);
    cr_expect_eq(irc_sends(w, "bob", "1\n2\n3\n4"), SJ_UNACCEPTABLE);
    cr_expect_str_eq(irc_error(w), "the message is too long for this network: it would take 4 "
                                   "lines, 3 are the most");
    cr_expect_eq(irc_sends(w, "bob", "1\n2\n3"), SJ_OK);
    for (int i = 0; i < 3; i++)
        irc_gets(w, NULL);
    irc_gets(w, "PING :00000003");
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    cr_expect_eq(irc_sends(w, "bob", text), SJ_UNACCEPTABLE);
    irc_gets_nothing(w);
    irc_world_free(w);
}

/* Sends text and checks every line, as others get it, against the limit; the parts add up. */
static void expect_fits(struct irc_world *w, const char *nick, const char *mask,
                        const char *target, const char *text, bool action, size_t limit)
{
    const struct sj_message msg = { .peer = target, .body = text, .action = action };
    struct sj_strbuf got;
    char head[600];
    size_t lines = 0;

    sj_strbuf_init(&got, 100000);
    cr_assert_eq(irc_sends_message(w, &msg), SJ_OK, "%s", irc_error(w));
    int n = snprintf(head, sizeof head, "PRIVMSG %s :%s", target, action ? "\001ACTION " : "");
    while (got.len < strlen(text)) {
        const char *line = irc_gets(w, NULL);
        cr_assert_eq(strncmp(line, head, (size_t)n), 0, "%s", line);
        size_t relayed = 1 + strlen(nick) + 1 + strlen(mask) + 1 + strlen(line) + 2;
        cr_expect_leq(relayed, limit, "%zu: %s", relayed, line);
        size_t length = strlen(line + n) - (action ? 1 : 0);
        cr_assert(sj_utf8_valid(line + n, length));
        sj_strbuf_add(&got, line + n, length);
        lines++;
    }
    cr_expect_eq(strncmp(irc_gets(w, NULL), "PING ", 5), 0);
    irc_says(w, ":irc.test PONG irc.test");
    irc_settle(w);
    cr_expect_str_eq(got.s, text);
    /* Nor are lines much shorter than they could be. */
    cr_expect_leq(lines, strlen(text) / (limit / 4) + 2);
    sj_strbuf_release(&got);
}

static void fill(char *out, size_t n, const char *with)
{
    size_t length = strlen(with);

    out[0] = '\0';
    for (size_t at = 0; at + length < n; at += length)
        memcpy(out + at, with, length + 1);
}

Test(irc_message, relayed_lines_keep_within_the_limit)
{
    static const char *const with[] = { "x", "\xc3\xa9", "\xf0\x9f\x98\x80", "word ",
                                        "l\xc3\xa4nger " };
    char worst[10 + 1 + 63 + 1] = "~averyuser@";
    char text[4000];
    char target[65];

    memset(worst + 11, 'h', 63);
    worst[74] = '\0';
    memset(target, 't', 64);
    target[64] = '\0';
    for (size_t i = 0; i < sizeof with / sizeof with[0]; i++) {
        struct irc_world *w = irc_world_new("send-rate=0 max-lines=100");
        fill(text, sizeof text, with[i]);
        /* the mask is not known: the worst is assumed */
        irc_start(w);
        irc_says(w, ":irc.test 001 me :Welcome");
        irc_says(w, ":irc.test 422 me :no motd");
        irc_gets(w, "USERHOST me");
        irc_hears(w, "up");
        expect_fits(w, "me", worst, "bob", text, false, 512);
        expect_fits(w, "me", worst, target, text, true, 512);
        /* it is known, from the answer to USERHOST */
        irc_says(w, ":irc.test 302 me :me=+~me@h.example");
        irc_settle(w);
        expect_fits(w, "me", "~me@h.example", "bob", text, false, 512);
        cr_expect_eq(irc_world_link(w)->host_length, 9);
        /* a cloak makes it longer, and a shorter one not shorter */
        irc_says(w, ":irc.test 396 me a.much.longer.cloak.example.org :is now your host");
        irc_says(w, ":irc.test 396 me x :is now your host");
        irc_settle(w);
        expect_fits(w, "me", "~me@a.much.longer.cloak.example.org", "bob", text, true, 512);
        /* the server allows more */
        irc_says(w, ":irc.test 005 me LINELEN=1024 :are supported");
        irc_settle(w);
        expect_fits(w, "me", "~me@a.much.longer.cloak.example.org", "bob", text, false, 1024);
        irc_world_free(w);
    }
}

Test(irc_message, bursts_are_paced)
{
    struct irc_world *w = irc_world_new("send-rate=2000 send-burst=3");

    irc_online(w, NULL, NULL);
    cr_assert_eq(irc_sends(w, "bob", "1\n2\n3\n4\n5"), SJ_OK);
    irc_gets(w, "PRIVMSG bob :1");
    irc_gets(w, "PRIVMSG bob :2");
    irc_gets(w, "PRIVMSG bob :3");
    irc_gets_nothing(w);
    irc_advance(w, 1900);
    irc_gets_nothing(w);
    irc_advance(w, 200);
    irc_gets(w, "PRIVMSG bob :4");
    irc_gets_nothing(w);
    irc_advance(w, 2000);
    irc_gets(w, "PRIVMSG bob :5");
    irc_hears_nothing(w);
    irc_advance(w, 1100);
    irc_gets(w, "PING :00000005");
    irc_says(w, "PONG x");
    irc_hears(w, "op 1 ok");
    cr_expect_null(irc_world_link(w)->queue);
    irc_world_free(w);
}

Test(irc_message, the_queue_is_bounded)
{
    struct irc_world *w = irc_world_new("");
    enum sj_status status = SJ_OK;
    unsigned taken = 0;

    irc_online(w, NULL, NULL);
    while (taken < 1000 && (status = irc_sends(w, "bob", "x")) == SJ_OK)
        taken++;
    cr_expect_eq(status, SJ_LIMIT);
    cr_expect_eq(taken, 5 + IRC_QUEUE_MS / 2000);
    /* pings go around it */
    for (unsigned i = 0; i < 5; i++)
        irc_gets(w, NULL);
    irc_says(w, "PING :x");
    irc_gets(w, "PONG :x");
    irc_hangs_up(w);
    for (unsigned i = 1; i <= taken; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "op %u no live link: %s", i, i <= 5
                       ? "the connection broke before the network confirmed the message; it may "
                         "or may not have arrived"
                       : "the session ended before the message was sent");
        irc_hears(w, text);
    }
    cr_expect_eq(strncmp(irc_event(w), "down closed", 11), 0);
    irc_world_free(w);
}

Test(irc_message, a_long_message_alone_may_take_its_time)
{
    struct irc_world *w = irc_world_new("send-rate=10000 max-lines=20");

    irc_online(w, NULL, NULL);
    cr_expect_eq(irc_sends(w, "bob", "1\n2\n3\n4\n5\n6\n7\n8\n9\na\nb\nc\nd\ne\nf\ng\nh"), SJ_OK);
    cr_expect_eq(irc_sends(w, "bob", "x"), SJ_LIMIT);
    irc_world_free(w);
}

Test(irc_message, a_flood_without_pacing_is_confirmed_as_it_goes)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, NULL, NULL);
    for (unsigned i = 0; i < 2000; i++)
        cr_assert_eq(irc_sends(w, "bob", "x"), SJ_OK);
    for (unsigned i = 0; i < 2000; i++)
        irc_gets(w, "PRIVMSG bob :x");
    irc_gets(w, "PING :000007d0");
    irc_says(w, ":irc.test PONG irc.test x");
    for (unsigned i = 1; i <= 2000; i++) {
        char want[32];
        (void)snprintf(want, sizeof want, "op %u ok", i);
        irc_hears(w, want);
    }
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_message, unconfirmed_lines_are_bounded)
{
    struct irc_world *w = irc_world_new("send-rate=0");
    enum sj_status status = SJ_OK;
    unsigned taken = 0;

    irc_online(w, NULL, NULL);
    while (taken < IRC_OPS_MAX + 10 && (status = irc_sends(w, "bob", "x")) == SJ_OK) {
        taken++;
        if (taken % 100 == 0)
            irc_settle(w);
    }
    cr_expect_eq(status, SJ_LIMIT);
    cr_expect_eq(taken, IRC_OPS_MAX);
    irc_world_free(w);
}

Test(irc_message, needs_a_link_that_is_up)
{
    struct irc_world *w = irc_world_new("");

    irc_start(w);
    cr_expect_eq(irc_sends(w, "bob", "x"), SJ_UNREACHABLE);
    cr_expect_eq(irc_adds(w, "bob"), SJ_UNREACHABLE);
    cr_expect_eq(irc_removes(w, "bob"), SJ_UNREACHABLE);
    cr_expect_eq(irc_shows(w, SJ_SHOW_AWAY, NULL), SJ_UNREACHABLE);
    irc_says(w, "ERROR :bye");
    irc_hears(w, "down closed: bye");
    cr_expect_eq(irc_sends(w, "bob", "x"), SJ_UNREACHABLE);
    irc_world_free(w);
}

/* Sends n messages and counts those that leave at once; pings are answered. */
static unsigned at_once(struct irc_world *w, unsigned n)
{
    const char *line;
    unsigned sent = 0;

    for (unsigned i = 0; i < n; i++)
        cr_assert_eq(irc_sends(w, "bob", "x"), SJ_OK);
    irc_settle(w);
    while ((line = irc_line_if_any(w)) != NULL) {
        sent += strcmp(line, "PRIVMSG bob :x") == 0;
        if (strncmp(line, "PING ", 5) == 0)
            irc_says(w, ":irc.test PONG irc.test");
    }
    return sent;
}

Test(irc_pace, slows_down_when_the_server_complains)
{
    static const char *const complaints[] = {
        ":irc.test 263 me PRIVMSG :Please wait a while and try again",
        ":irc.test 439 me bob :Target change too fast",
    };

    for (size_t i = 0; i < 2; i++) {
        struct irc_world *w = irc_world_new("send-rate=1000 send-burst=4");
        irc_online(w, NULL, NULL);
        irc_says(w, complaints[i]);
        irc_settle(w);
        cr_expect_eq(at_once(w, 3), 0, "%zu", i);
        irc_advance(w, 4100);
        cr_expect_eq(at_once(w, 0), 1);
        irc_advance(w, 2000);
        cr_expect_eq(at_once(w, 0), 0);
        irc_advance(w, 2100);
        cr_expect_eq(at_once(w, 0), 1);
        irc_advance(w, 4100);
        cr_expect_eq(at_once(w, 0), 1);
        /* A quiet minute, and all is as before. */
        for (unsigned second = 0; second < 75; second++) {
            irc_advance(w, 1000);
            cr_expect_eq(at_once(w, 0), 0);
        }
        cr_expect_eq(at_once(w, 5), 4);
        irc_world_free(w);
    }
}

Test(irc_pace, who_is_not_limited_slows_down_too)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, NULL, NULL);
    cr_expect_eq(at_once(w, 30), 30);
    irc_says(w, ":irc.test 263 me WHO :Server load is too high");
    irc_settle(w);
    cr_expect_eq(at_once(w, 3), 0);
    irc_advance(w, 2100);
    cr_expect_eq(at_once(w, 0), 1);
    irc_world_free(w);
}

Test(irc_pace, sessions_ended_for_flooding_slow_the_whole_net_down)
{
    static const struct {
        const char *error;
        unsigned gentle;
    } rows[] = {
        { "ERROR :Closing Link: me[h] (Excess Flood)", 1 },
        { "ERROR :Closing link: (me@h) [RecvQ exceeded]", 1 },
        { "ERROR :Closing Link: me (flooding)", 1 },
        { "ERROR :Closing Link: me (Ping timeout)", 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct irc_world *w = irc_world_new("send-rate=1000 send-burst=4");
        irc_expects_warnings(w);
        irc_online(w, NULL, NULL);
        irc_says(w, rows[i].error);
        cr_expect_eq(strncmp(irc_event(w), "down ", 5), 0);
        cr_expect_eq(irc_world_net(w)->gentle, rows[i].gentle, "%s", rows[i].error);
        irc_world_free(w);
    }
    struct irc_world *w = irc_world_new("send-rate=1000 send-burst=4");
    irc_online(w, NULL, NULL);
    irc_world_net(w)->gentle = 1;
    cr_expect_eq(at_once(w, 4), 2);
    irc_advance(w, 2100);
    cr_expect_eq(at_once(w, 0), 1);
    irc_advance(w, 1000);
    cr_expect_eq(at_once(w, 0), 0);
    irc_expects_warnings(w);
    for (unsigned i = 0; i < 10; i++)
        irc_send_be_gentle(irc_world_link(w));
    cr_expect_eq(irc_world_net(w)->gentle, 3);
    irc_world_free(w);
}
