/* SPDX-License-Identifier: MPL-2.0 */
/* Messages of several lines in one batch, both ways (backends/irc). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "irc_link.h"
#include "irc_multiline.h"
#include "irc_world_room.h"
#include "sojourn/strbuf.h"

#define CAPS \
    "batch message-tags echo-message server-time draft/multiline=max-bytes=4000,max-lines=5"
#define LABELS "labeled-response " CAPS

static struct irc_world *world_with(const char *caps)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    /* irc_online answers with what was asked for, which has no values. */
    irc_start(w);
    char line[400];
    (void)snprintf(line, sizeof line, ":irc.test CAP * LS :%s", caps);
    irc_says(w, line);
    const char *request = irc_gets(w, NULL);
    (void)snprintf(line, sizeof line, ":irc.test CAP me ACK %s", strchr(request, ':'));
    irc_says(w, line);
    irc_gets(w, "CAP END");
    irc_says(w, ":irc.test 001 me :Welcome me!me@host.example.org");
    irc_says(w, ":irc.test 422 me :no message of the day");
    irc_gets(w, "USERHOST me");
    irc_hears(w, "up");
    irc_hears(w, "self me");
    irc_says(w, "@msgid=z :nurse!n@h PRIVMSG me :messages have ids here");
    irc_hears(w, "message nurse z @0 messages have ids here");
    irc_hear_all(w);
    return w;
}

Test(irc_multiline, goes_out_as_one_message)
{
    struct irc_world *w = world_with(LABELS);
    struct sj_message msg = { .peer = "juliet", .body = "\none\n\ntwo\n", .reply_to = "a1" };

    cr_assert_eq(irc_sends_message(w, &msg), SJ_OK);
    irc_gets(w, "@label=0;+draft/reply=a1;+reply=a1 BATCH +0 draft/multiline juliet");
    irc_gets(w, "@batch=0 PRIVMSG juliet :one");
    irc_gets(w, "@batch=0 PRIVMSG juliet :");
    irc_gets(w, "@batch=0 PRIVMSG juliet :two");
    irc_gets(w, "BATCH -0");
    irc_says(w, "@label=0;msgid=m1 :me!me@h BATCH +x draft/multiline juliet");
    irc_says(w, "@batch=x :me!me@h PRIVMSG juliet :one");
    irc_says(w, "@batch=x :me!me@h PRIVMSG juliet :");
    irc_says(w, "@batch=x :me!me@h PRIVMSG juliet :two");
    irc_hears_nothing(w);
    irc_says(w, "BATCH -x");
    irc_hears(w, "id 1 m1");
    irc_hears(w, "op 1 ok");
    irc_world_free(w);
}

Test(irc_multiline, long_lines_are_put_together_again)
{
    struct irc_world *w = world_with(CAPS);
    struct sj_strbuf body, got;

    sj_strbuf_init(&body, 2000);
    sj_strbuf_init(&got, 2000);
    while (body.len < 1200)
        sj_strbuf_adds(&body, "wherefore art thou ");
    cr_assert_eq(irc_sends(w, "juliet", body.s), SJ_OK);
    irc_gets(w, "BATCH +0 draft/multiline juliet");
    for (int i = 0; i < 3; i++) {
        const char *line = irc_gets(w, NULL);
        cr_assert_eq(strncmp(line, i ? "@batch=0;draft/multiline-concat PRIVMSG juliet :"
                                     : "@batch=0 PRIVMSG juliet :", i ? 48 : 25), 0, "%s", line);
        sj_strbuf_adds(&got, line + (i ? 48 : 25));
    }
    irc_gets(w, "BATCH -0");
    cr_assert_str_eq(got.s, body.s);
    sj_strbuf_release(&got);
    sj_strbuf_release(&body);
    irc_world_free(w);
}

Test(irc_multiline, what_is_too_much_for_it_goes_line_by_line)
{
    struct irc_world *w = world_with(CAPS);
    struct sj_message act = { .peer = "juliet", .body = "one\ntwo", .action = true };
    char body[4200];

    cr_assert_eq(irc_sends(w, "juliet", "1\n2\n3\n4\n5\n6"), SJ_OK);
    for (int i = 0; i < 6; i++)
        cr_assert_eq(strncmp(irc_gets(w, NULL), "PRIVMSG", 7), 0);
    memset(body, 'x', sizeof body);
    body[sizeof body - 1] = '\0';
    cr_assert_eq(irc_sends(w, "juliet", body), SJ_OK);
    cr_assert_eq(strncmp(irc_gets(w, NULL), "PRIVMSG", 7), 0);
    irc_world_free(w);
    w = world_with(CAPS);
    cr_assert_eq(irc_sends_message(w, &act), SJ_OK);
    irc_gets(w, "PRIVMSG juliet :\001ACTION one\001");
    irc_gets(w, "PRIVMSG juliet :\001ACTION two\001");
    cr_assert_eq(irc_sends(w, "juliet", "one"), SJ_OK);
    irc_gets(w, "PRIVMSG juliet :one");
    irc_world_free(w);
}

Test(irc_multiline, limits_are_what_the_server_says)
{
    static const struct {
        const char *value;
        unsigned bytes, lines;
    } rows[] = {
        { "max-bytes=4096,max-lines=24", 4096, 24 },
        { "max-lines=3,foo,max-bytes=10", 10, 3 },
        { "max-bytes=4096", 4096, IRC_MULTILINE_LINES_MAX },
        { "max-lines=3", 0, 3 },
        { "max-bytes=", 0, IRC_MULTILINE_LINES_MAX },
        { "max-bytes=999999999999", 9999999, IRC_MULTILINE_LINES_MAX },
        { ",,=,", 0, IRC_MULTILINE_LINES_MAX },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sj_net net = { .multiline_bytes = 7 };
        irc_multiline_learn(&net, rows[i].value, strlen(rows[i].value));
        cr_expect_eq(net.multiline_bytes, rows[i].bytes, "row %zu: %u", i, net.multiline_bytes);
        cr_expect_eq(net.multiline_lines, rows[i].lines, "row %zu", i);
    }
}

Test(irc_multiline, a_refused_one_is_told)
{
    struct irc_world *w = world_with(CAPS);

    cr_assert_eq(irc_sends(w, "juliet", "one\ntwo"), SJ_OK);
    for (int i = 0; i < 4; i++)
        irc_gets(w, NULL);
    irc_says(w, "FAIL BATCH MULTILINE_MAX_BYTES 10 :Too long");
    irc_hears(w, "op 1 refused by the network: Too long");
    irc_says(w, "FAIL BATCH MULTILINE_INVALID :What?");
    irc_hears(w, "tell What?");
    irc_world_free(w);
}

Test(irc_multiline, its_lines_leave_together)
{
    struct irc_world *w = irc_world_new("send-rate=1000ms send-burst=1");

    irc_online(w, "batch message-tags echo-message draft/multiline", NULL);
    irc_multiline_learn(irc_world_net(w), "max-bytes=100", 13);
    cr_assert_eq(irc_sends(w, "juliet", "first"), SJ_OK);
    irc_gets(w, "PRIVMSG juliet :first");
    cr_assert_eq(irc_sends(w, "juliet", "one\ntwo"), SJ_OK);
    irc_gets_nothing(w);
    irc_advance(w, 1050);
    irc_gets(w, "BATCH +1 draft/multiline juliet");
    irc_gets(w, "@batch=1 PRIVMSG juliet :one");
    irc_gets(w, "@batch=1 PRIVMSG juliet :two");
    irc_gets(w, "BATCH -1");
    irc_world_free(w);
}

Test(irc_multiline, comes_in_as_one_message)
{
    struct irc_world *w = world_with(CAPS);

    irc_in_channel(w, "#verona", "me @juliet");
    irc_says(w, "@msgid=a1;time=2011-10-19T16:40:51.620Z;+reply=q1 :juliet!j@h BATCH +7 "
                "draft/multiline me");
    irc_says(w, "@batch=7 :juliet!j@h PRIVMSG me :one ");
    irc_says(w, "@batch=7;draft/multiline-concat :juliet!j@h PRIVMSG me :more");
    irc_says(w, "@batch=7 :juliet!j@h PRIVMSG me :");
    irc_says(w, "@msgid=b1 :nurse!n@h PRIVMSG me :between");
    irc_hears(w, "message nurse b1 @0 between");
    irc_says(w, "@batch=7 :nurse!n@h PRIVMSG me :not hers");
    irc_says(w, "@batch=7 :juliet!j@h NOTICE me :not such");
    irc_says(w, "@batch=7 :juliet!j@h PRIVMSG #verona :not there");
    irc_says(w, "@batch=7 :juliet!j@h PRIVMSG ME :\002two\002");
    irc_hears_nothing(w);
    irc_says(w, "BATCH -7");
    irc_hears(w, "message juliet a1 @1319042451620 (to q1) one more\n\ntwo");
    irc_says(w, ":juliet!j@h BATCH +8 draft/multiline #verona");
    irc_says(w, "@batch=8 :juliet!j@h NOTICE #verona :one");
    irc_says(w, "@batch=8 :juliet!j@h NOTICE #verona :caf\xe9");
    irc_says(w, "BATCH -8");
    irc_hears(w, "notice #verona/juliet one\ncaf\xc3\xa9");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_multiline, batches_without_an_end_or_a_beginning)
{
    struct irc_world *w = world_with(CAPS);
    char line[128];

    irc_says(w, "BATCH -7");
    irc_says(w, "BATCH");
    irc_says(w, "BATCH +");
    irc_says(w, "BATCH + draft/multiline me");
    irc_says(w, "BATCH +7 draft/multiline");
    irc_says(w, "BATCH +e draft/multiline me");
    irc_says(w, "BATCH -e");
    irc_hears_nothing(w);
    /* One more than may be open ends the oldest, a second of its name ends it. */
    for (unsigned i = 0; i <= IRC_MULTILINES_MAX; i++) {
        (void)snprintf(line, sizeof line, ":juliet!j@h BATCH +%u draft/multiline me", i);
        irc_says(w, line);
        (void)snprintf(line, sizeof line, "@batch=%u :juliet!j@h PRIVMSG me :text %u", i, i);
        irc_says(w, line);
    }
    irc_hears(w, "message juliet text 0");
    irc_says(w, ":juliet!j@h BATCH +2 draft/multiline me");
    irc_hears(w, "message juliet text 2");
    /* One within another is one of its own. */
    irc_says(w, "@batch=3 :juliet!j@h BATCH +9 draft/multiline me");
    irc_hears(w, "message juliet text 1");
    irc_says(w, "@batch=9 :juliet!j@h PRIVMSG me :inner");
    irc_says(w, "BATCH -3");
    irc_hears(w, "message juliet text 3");
    irc_says(w, "BATCH -9");
    irc_hears(w, "message juliet inner");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_multiline, is_bounded)
{
    struct irc_world *w = world_with(CAPS);
    struct sj_strbuf line;

    sj_strbuf_init(&line, 9000);
    sj_strbuf_adds(&line, "@batch=7 :juliet!j@h PRIVMSG me :");
    while (line.len < 8000)
        sj_strbuf_addc(&line, 'x');
    irc_says(w, "BATCH +7 draft/multiline me");
    for (int i = 0; i < 40; i++)
        irc_says(w, line.s);
    irc_says(w, "BATCH -7");
    size_t n = strlen(irc_event(w));
    cr_expect_gt(n, 10000);
    cr_expect_leq(n, SJ_BODY_MAX + 20);
    irc_says(w, "BATCH +7 draft/multiline me");
    for (unsigned i = 0; i < IRC_MULTILINE_LINES_MAX + 20; i++)
        irc_says(w, "@batch=7 :juliet!j@h PRIVMSG me :y");
    irc_says(w, "BATCH -7");
    cr_expect_eq(strlen(irc_event(w)), strlen("message juliet ") + 2 * IRC_MULTILINE_LINES_MAX - 1);
    sj_strbuf_release(&line);
    irc_world_free(w);
}

Test(irc_multiline, of_the_past_is_the_past)
{
    struct irc_world *w = world_with(CAPS " draft/chathistory");

    irc_in_channel(w, "#verona", "me @juliet");
    cr_assert_eq(irc_histories(w, "#verona", NULL, NULL, 10), SJ_OK);
    irc_gets(w, "CHATHISTORY LATEST #verona * 10");
    irc_says(w, "BATCH +h chathistory #verona");
    irc_says(w, "@batch=h;msgid=a1;time=2011-10-19T16:40:51.620Z :juliet!j@h BATCH +m "
                "draft/multiline #verona");
    irc_says(w, "@batch=m :juliet!j@h PRIVMSG #verona :one");
    irc_says(w, "@batch=m :juliet!j@h PRIVMSG #verona :two");
    irc_says(w, "BATCH -m");
    irc_hears(w, "past #verona op=2 juliet [a1 @1319042451620] one\ntwo");
    irc_says(w, "BATCH -h");
    irc_hears(w, "op 2 ok");
    irc_world_free(w);
}
