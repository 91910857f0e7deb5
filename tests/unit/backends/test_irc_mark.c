/* SPDX-License-Identifier: MPL-2.0 */
/* Answers, reactions and taking back by tags and REDACT (backends/irc). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "irc_link.h"
#include "irc_react.h"
#include "irc_world_room.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define ROSE "\xf0\x9f\x8c\xb9"
#define HEART "\xe2\x9d\xa4\xef\xb8\x8f"
#define TAGS "message-tags echo-message draft/message-redaction"
#define LABELS "batch labeled-response " TAGS

static struct irc_world *world_with(const char *caps, const char *isupport)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, caps, isupport);
    irc_hear_all(w);
    return w;
}

static struct sj_mark reactions(const char *peer, const char *target, const char *const set[2])
{
    return (struct sj_mark){ .kind = SJ_MARK_REACTIONS, .peer = peer, .target = target,
                             .in_room = *peer == '#', .reactions = set,
                             .n_reactions = !set[0] ? 0 : !set[1] ? 1 : 2 };
}

/* ---- what a login lacks ---- */

static void expect_lacks(const char *caps, const char *isupport, uint32_t lacks)
{
    struct irc_world *w = world_with(caps, isupport);

    cr_expect_eq(irc_world_link(w)->lacks & (SJ_CAP_REPLY | SJ_CAP_REACT | SJ_CAP_RETRACT), lacks,
                 "%s %s: %x", caps ? caps : "", isupport, (unsigned)irc_world_link(w)->lacks);
    irc_world_free(w);
}

Test(irc_mark, what_a_server_cannot_do_is_lacking)
{
    expect_lacks(NULL, "", SJ_CAP_REPLY | SJ_CAP_REACT | SJ_CAP_RETRACT);
    expect_lacks("echo-message draft/message-redaction", "",
                 SJ_CAP_REPLY | SJ_CAP_REACT | SJ_CAP_RETRACT);
    expect_lacks("message-tags draft/message-redaction", "", SJ_CAP_RETRACT);
    expect_lacks(TAGS, "", 0);
    expect_lacks(TAGS, "CLIENTTAGDENY=", 0);
    expect_lacks(TAGS, "CLIENTTAGDENY=*", SJ_CAP_REPLY | SJ_CAP_REACT);
    expect_lacks(TAGS, "CLIENTTAGDENY=*,-reply", SJ_CAP_REACT);
    expect_lacks(TAGS, "CLIENTTAGDENY=*,-reply,-draft/react,-draft/unreact", 0);
    expect_lacks(TAGS, "CLIENTTAGDENY=foo,draft/react", SJ_CAP_REACT);
    expect_lacks(TAGS, "CLIENTTAGDENY=reply", 0);
    expect_lacks(TAGS, "CLIENTTAGDENY=reply,draft/reply", SJ_CAP_REPLY | SJ_CAP_REACT);
    expect_lacks(TAGS, "CLIENTTAGDENY=,,-,*", 0);
}

Test(irc_mark, it_is_told_when_it_changes)
{
    struct irc_world *w = world_with(TAGS " cap-notify", NULL);

    irc_says(w, ":irc.test CAP me DEL :echo-message");
    irc_hears(w, "lacks retract read");
    irc_says(w, ":irc.test 005 me CLIENTTAGDENY=* :are supported");
    irc_hears(w, "lacks typing retract react reply read");
    irc_says(w, ":irc.test 005 me CLIENTTAGDENY=* :are supported");
    irc_says(w, ":irc.test 005 me -CLIENTTAGDENY :are supported");
    irc_hears(w, "lacks retract read");
    irc_says(w, ":irc.test CAP me ACK :echo-message");
    irc_hears(w, "lacks read");
    /* One that changes its mind all the time: what was lacking is lacking. */
    for (int i = 0; i < 10; i++) {
        irc_says(w, ":irc.test CAP me DEL :echo-message");
        irc_says(w, ":irc.test CAP me ACK :echo-message");
    }
    irc_hears(w, "lacks retract read");
    irc_hears(w, "lacks read");
    irc_hears(w, "lacks retract read");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_mark, without_ids_nothing_can_be_named)
{
    struct irc_world *w = world_with(TAGS, NULL);

    irc_says(w, ":irc.test NOTICE me :of the server");
    irc_hears(w, "tell of the server");
    irc_says(w, ":juliet!j@h PRIVMSG me :no id");
    irc_hears(w, "lacks retract react reply read");
    irc_hears(w, "message juliet no id");
    irc_says(w, "@msgid=a1 :juliet!j@h PRIVMSG me :one");
    irc_hears(w, "lacks read");
    irc_hears(w, "message juliet a1 @0 one");
    irc_says(w, ":juliet!j@h PRIVMSG me :played back by a bouncer");
    irc_hears(w, "message juliet played back by a bouncer");
    irc_hears_nothing(w);
    irc_world_free(w);
}

/* ---- ids ---- */

Test(irc_mark, the_echo_tells_what_a_message_is_called)
{
    struct irc_world *w = world_with(LABELS, NULL);

    cr_assert_eq(irc_sends(w, "juliet", "hello"), SJ_OK);
    irc_gets(w, "@label=0 PRIVMSG juliet :hello");
    irc_says(w, "@label=0;msgid=m1 :me!me@h PRIVMSG juliet :hello");
    irc_hears(w, "id 1 m1");
    irc_hears(w, "op 1 ok");
    irc_world_free(w);
    w = world_with(TAGS, NULL);
    cr_assert_eq(irc_sends(w, "juliet", "hello"), SJ_OK);
    irc_gets(w, "PRIVMSG juliet :hello");
    irc_says(w, "@msgid=m2 :me!me@h PRIVMSG juliet :hello");
    irc_hears(w, "id 1 m2");
    irc_hears(w, "op 1 ok");
    irc_world_free(w);
}

Test(irc_mark, a_message_of_several_lines_has_all_their_ids)
{
    struct irc_world *w = world_with(TAGS, NULL);
    const char *const set[2] = { ROSE };
    struct sj_mark m = { .kind = SJ_MARK_RETRACTED, .peer = "juliet", .target = "m1 m2",
                         .target_own = true };

    cr_assert_eq(irc_sends(w, "juliet", "one\ntwo"), SJ_OK);
    irc_gets(w, "PRIVMSG juliet :one");
    irc_gets(w, "PRIVMSG juliet :two");
    irc_says(w, "@msgid=m1 :me!me@h PRIVMSG juliet :one");
    irc_hears_nothing(w);
    irc_says(w, "@msgid=m2 :me!me@h PRIVMSG juliet :two");
    irc_hears(w, "id 1 m1 m2");
    irc_hears(w, "op 1 ok");
    /* Others name one of the lines. */
    irc_says(w, "@msgid=x;+draft/reply=m2 :juliet!j@h PRIVMSG me :three");
    irc_hears(w, "message juliet x @0 (to m1 m2) three");
    irc_says(w, "@+reply=m1;+draft/react=" ROSE " :juliet!j@h TAGMSG me");
    irc_hears(w, "reactions juliet m1 m2 " ROSE);
    struct sj_mark r = reactions("juliet", "m1 m2", set);
    cr_assert_eq(irc_marks(w, &r), SJ_OK);
    irc_gets(w, "@+draft/react=" ROSE ";+draft/reply=m1;+reply=m1 TAGMSG juliet");
    cr_assert_eq(irc_marks(w, &m), SJ_OK);
    irc_gets(w, "REDACT juliet m1");
    irc_gets(w, "REDACT juliet m2");
    irc_world_free(w);
}

Test(irc_mark, when_a_line_has_no_id_the_message_has_none)
{
    struct irc_world *w = world_with(TAGS, NULL);
    char line[600];

    cr_assert_eq(irc_sends(w, "juliet", "one\ntwo\nthree"), SJ_OK);
    for (int i = 0; i < 3; i++)
        irc_gets(w, NULL);
    irc_says(w, "@msgid=m1 :me!me@h PRIVMSG juliet :one");
    irc_says(w, ":me!me@h PRIVMSG juliet :two");
    irc_says(w, "@msgid=m3 :me!me@h PRIVMSG juliet :three");
    irc_hears(w, "op 1 ok");
    /* None, either, when an id is too long, or none at all. */
    (void)snprintf(line, sizeof line, "@msgid=%0250d :juliet!j@h PRIVMSG me :hi", 7);
    irc_says(w, line);
    irc_hears(w, "message juliet hi");
    irc_says(w, "@msgid=a\\sb :juliet!j@h PRIVMSG me :hi");
    irc_hears(w, "message juliet hi");
    irc_says(w, "@msgid=\\:x :juliet!j@h PRIVMSG me :hi");
    irc_hears(w, "message juliet ;x @0 hi");
    irc_says(w, "@msgid=:x :juliet!j@h PRIVMSG me :hi");
    irc_hears(w, "message juliet hi");
    irc_world_free(w);
}

/* ---- answers ---- */

Test(irc_mark, an_answer_goes_by_both_tags)
{
    struct irc_world *w = world_with(LABELS, NULL);
    struct sj_message msg = { .peer = "juliet", .body = "one\ntwo", .reply_to = "a;1" };

    cr_assert_eq(irc_sends_message(w, &msg), SJ_OK);
    irc_gets(w, "@label=0;+draft/reply=a\\:1;+reply=a\\:1 PRIVMSG juliet :one");
    irc_gets(w, "@label=1 PRIVMSG juliet :two");
    irc_world_free(w);
    w = world_with(TAGS, "CLIENTTAGDENY=reply");
    cr_assert_eq(irc_sends_message(w, &msg), SJ_OK);
    irc_gets(w, "@+draft/reply=a\\:1 PRIVMSG juliet :one");
    irc_world_free(w);
}

/* ---- reactions ---- */

Test(irc_mark, reactions_go_out_as_differences)
{
    struct irc_world *w = world_with(TAGS, NULL);
    const char *const both[2] = { ROSE, HEART };
    const char *const one[2] = { HEART };
    const char *const none[2] = { NULL };
    struct sj_mark m = reactions("juliet", "a1", both);

    cr_assert_eq(irc_marks(w, &m), SJ_OK);
    irc_gets(w, "@+draft/react=" ROSE ";+draft/reply=a1;+reply=a1 TAGMSG juliet");
    irc_gets(w, "@+draft/react=" HEART ";+draft/reply=a1;+reply=a1 TAGMSG juliet");
    irc_says(w, "@+draft/react=" ROSE ";+reply=a1 :me!me@h TAGMSG juliet");
    irc_hears_nothing(w);
    irc_says(w, "@+draft/react=" HEART ";+reply=a1 :me!me@h TAGMSG juliet");
    irc_hears(w, "op 1 ok");
    m = reactions("juliet", "a1", one);
    m.before = both;
    m.n_before = 2;
    cr_assert_eq(irc_marks(w, &m), SJ_OK);
    irc_gets(w, "@+draft/unreact=" ROSE ";+draft/reply=a1;+reply=a1 TAGMSG juliet");
    irc_advance(w, 2000);                            /* not every server echoes it */
    irc_pongs(w);
    irc_hears(w, "op 2 ok");
    m.before = one;
    m.n_before = 1;
    cr_assert_eq(irc_marks(w, &m), SJ_OK);           /* nothing is to be said */
    irc_hears(w, "op 3 ok");
    m = reactions("juliet", "a1", none);
    m.before = one;
    m.n_before = 1;
    cr_assert_eq(irc_marks(w, &m), SJ_OK);
    irc_gets(w, "@+draft/unreact=" HEART ";+draft/reply=a1;+reply=a1 TAGMSG juliet");
    irc_says(w, ":irc.test 401 me juliet :No such nick");
    irc_hears(w, "op 4 not found: nobody has this nickname now (the network says: "
                 "No such nick)");
    irc_world_free(w);
}

Test(irc_mark, reactions_come_in_one_by_one)
{
    struct irc_world *w = world_with(TAGS, NULL);

    irc_in_channel(w, "#verona", "me @juliet");
    irc_says(w, "@+draft/react=" ROSE ";+draft/reply=a1 :juliet!j@h TAGMSG me");
    irc_hears(w, "reactions juliet a1 " ROSE);
    irc_says(w, "@+draft/react=" HEART ";+draft/reply=a1 :juliet!j@h TAGMSG me");
    irc_hears(w, "reactions juliet a1 " ROSE " " HEART);
    irc_says(w, "@+draft/react=" HEART ";+draft/reply=a1 :juliet!j@h TAGMSG me");
    irc_says(w, "@+draft/unreact=" ROSE ";+draft/reply=a1 :juliet!j@h TAGMSG me");
    irc_hears(w, "reactions juliet a1 " HEART);
    irc_says(w, "@+draft/unreact=" HEART ";+draft/reply=a1 :juliet!j@h TAGMSG me");
    irc_hears(w, "reactions juliet a1");
    irc_says(w, "@+draft/react=" ROSE ";+draft/reply=a1 :juliet!j@h TAGMSG #verona");
    irc_hears(w, "reactions #verona/juliet a1 " ROSE);
    /* The user's own, from elsewhere. */
    irc_says(w, "@+draft/react=" ROSE ";+draft/reply=a1 :me!j@h TAGMSG #verona");
    irc_hears(w, "own reactions #verona/me a1 " ROSE);
    irc_says(w, "@+draft/react=" ROSE ";+draft/reply=a1 :me!j@h TAGMSG juliet");
    irc_hears(w, "own reactions juliet a1 " ROSE);
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_mark, a_reaction_that_is_no_emoji_is_an_answer)
{
    struct irc_world *w = world_with(TAGS, NULL);

    irc_says(w, "@msgid=x;+draft/react=lol;+draft/reply=a1 :juliet!j@h TAGMSG me");
    irc_hears(w, "message juliet x @0 (to a1) lol");
    irc_says(w, "@+draft/unreact=lol;+draft/reply=a1 :juliet!j@h TAGMSG me");
    irc_says(w, "@+draft/react=lol :juliet!j@h TAGMSG me");
    irc_says(w, "@+draft/reply=a1 :juliet!j@h TAGMSG me");
    irc_says(w, ":juliet!j@h TAGMSG me");
    irc_hears_nothing(w);
    /* With words beside it. */
    irc_says(w, "@+draft/react=" ROSE ";+draft/reply=a1 :juliet!j@h PRIVMSG me :" ROSE);
    irc_hears(w, "reactions juliet a1 " ROSE);
    irc_says(w, "@msgid=y;+draft/react=" HEART ";+draft/reply=a1 :juliet!j@h PRIVMSG me "
                ":for you");
    irc_hears(w, "reactions juliet a1 " ROSE " " HEART);
    irc_hears(w, "message juliet y @0 (to a1) for you");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_mark, what_an_emoji_is)
{
    static const struct {
        const char *s;
        bool is;
    } rows[] = {
        { ROSE, true },
        { HEART, true },
        { "\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", true },                            /* skin tone */
        { "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80", true },                /* joined */
        { "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa", true },                            /* flag */
        { "1\xef\xb8\x8f\xe2\x83\xa3", true },                                   /* keycap */
        { ROSE ROSE, false },
        { "\xf0\x9f\x91\xa9\xe2\x80\x8d", false },
        { "\xe2\x80\x8d", false },
        { "\xf0\x9f\x8f\xbd\xf0\x9f\x8f\xbd\xff", false },
        { "a", false },
        { "1", false },
        { "", false },
        { ":)", false },
        { "\xc3\xa4", false },
        { ROSE " ", false },
        { "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa\xf0\x9f\x87\xaa", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(irc_react_is_emoji(rows[i].s), rows[i].is, "row %zu", i);
}

Test(irc_mark, what_is_remembered_of_reactions_has_a_bound)
{
    struct irc_world *w = world_with(TAGS, NULL);
    char line[256], event[256];

    for (unsigned i = 0; i <= IRC_REACTED_MAX; i++) {
        (void)snprintf(line, sizeof line,
                       "@+draft/react=" ROSE ";+draft/reply=a%u :juliet!j@h TAGMSG me", i);
        irc_says(w, line);
        (void)snprintf(event, sizeof event, "reactions juliet a%u " ROSE, i);
        irc_hears(w, event);
    }
    irc_says(w, "@+draft/react=" HEART ";+draft/reply=a1 :juliet!j@h TAGMSG me");
    irc_hears(w, "reactions juliet a1 " ROSE " " HEART);
    irc_says(w, "@+draft/react=" HEART ";+draft/reply=a0 :juliet!j@h TAGMSG me");
    irc_hears(w, "reactions juliet a0 " HEART);
    /* Of one person to one message, as many as the host takes. */
    for (unsigned i = 0; i < SJ_REACTIONS_MAX + 4; i++) {
        (void)snprintf(line, sizeof line,
                       "@+draft/react=\xf0\x9f\x8d%c;+draft/reply=b :juliet!j@h TAGMSG me",
                       (char)(0x80 + i));
        irc_says(w, line);
    }
    for (unsigned i = 0; i < SJ_REACTIONS_MAX; i++)
        cr_assert_eq(strncmp(irc_event(w), "reactions juliet b ", 19), 0);
    irc_hears_nothing(w);
    irc_world_free(w);
}

/* ---- taking back ---- */

Test(irc_mark, taking_back_is_REDACT)
{
    struct irc_world *w = world_with(LABELS, NULL);
    struct sj_mark m = { .kind = SJ_MARK_RETRACTED, .peer = "juliet", .target = "m1",
                         .target_own = true };

    cr_assert_eq(irc_marks(w, &m), SJ_OK);
    irc_gets(w, "@label=0 REDACT juliet m1");
    irc_says(w, "@label=0 :me!me@h REDACT juliet m1");
    irc_hears(w, "op 1 ok");
    cr_assert_eq(irc_marks(w, &m), SJ_OK);
    irc_gets(w, "@label=1 REDACT juliet m1");
    irc_says(w, "@label=1 FAIL REDACT REDACT_FORBIDDEN juliet m1 :You may not");
    irc_hears(w, "op 2 not permitted: You may not");
    irc_world_free(w);
}

Test(irc_mark, why_it_was_not_taken_back)
{
    static const struct {
        const char *fail, *event;
    } rows[] = {
        { "FAIL REDACT INVALID_TARGET juliet :No", "op 1 not permitted to anybody: No" },
        { "FAIL REDACT REDACT_FORBIDDEN juliet m1 :No", "op 1 not permitted: No" },
        { "FAIL REDACT REDACT_WINDOW_EXPIRED juliet m1 60 :No",
          "op 1 not permitted to anybody: No" },
        { "FAIL REDACT UNKNOWN_MSGID juliet m1 :No", "op 1 not found: No" },
        { "FAIL REDACT WHATEVER juliet m1 :No", "op 1 refused by the network: No" },
        { "FAIL REDACT WHATEVER :No", "tell No" },
    };
    struct sj_mark m = { .kind = SJ_MARK_RETRACTED, .peer = "juliet", .target = "m1",
                         .target_own = true };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct irc_world *w = world_with(TAGS, NULL);
        cr_assert_eq(irc_marks(w, &m), SJ_OK);
        irc_gets(w, "REDACT juliet m1");
        irc_says(w, rows[i].fail);
        irc_hears(w, rows[i].event);
        irc_world_free(w);
    }
}

Test(irc_mark, others_take_back)
{
    struct irc_world *w = world_with(TAGS, NULL);

    irc_in_channel(w, "#verona", "me @juliet");
    irc_says(w, ":juliet!j@h REDACT me a1");
    irc_hears(w, "retracted juliet a1");
    irc_says(w, ":juliet!j@h REDACT #Verona a1 :spam");
    irc_hears(w, "retracted #verona/juliet a1");
    irc_says(w, ":irc.test REDACT #verona a2 :spam");
    irc_hears(w, "retracted #verona/irc.test a2");
    irc_says(w, ":me!j@h REDACT #verona a3");            /* the user, elsewhere */
    irc_hears(w, "own retracted #verona/me a3");
    irc_says(w, ":me!j@h REDACT juliet a3");
    irc_hears(w, "own retracted juliet a3");
    /* Of conversations that are none of ours, and what is no id. */
    irc_says(w, ":juliet!j@h REDACT #mantua a1");
    irc_says(w, ":juliet!j@h REDACT paris a1");
    irc_says(w, ":juliet!j@h REDACT me :a 1");
    irc_says(w, ":juliet!j@h REDACT me :");
    irc_says(w, ":juliet!j@h REDACT me");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_mark, in_a_room_it_is_shown_when_the_network_has_it)
{
    struct irc_world *w = world_with(TAGS, NULL);
    const char *const set[2] = { ROSE };
    struct sj_mark m = reactions("#verona", "a1", set);

    irc_in_channel(w, "#verona", "me @juliet");
    cr_assert_eq(irc_marks(w, &m), SJ_OK);
    irc_gets(w, "@+draft/react=" ROSE ";+draft/reply=a1;+reply=a1 TAGMSG #verona");
    irc_says(w, "@+draft/react=" ROSE ";+reply=a1 :me!me@h TAGMSG #verona");
    irc_hears(w, "op 2 ok");
    m.kind = SJ_MARK_RETRACTED;
    cr_assert_eq(irc_marks(w, &m), SJ_OK);
    irc_gets(w, "REDACT #verona a1");
    irc_says(w, ":me!me@h REDACT #verona a1");
    irc_hears(w, "op 3 ok");
    m.peer = "#mantua";
    cr_assert_eq(irc_marks(w, &m), SJ_UNACCEPTABLE);
    irc_world_free(w);
}

Test(irc_mark, what_cannot_be_said_is_refused)
{
    struct irc_world *w = world_with("message-tags", NULL);
    const char *const set[2] = { ROSE };
    struct sj_mark m = reactions("juliet", ":x", set);
    char id[300];

    cr_assert_eq(irc_marks(w, &m), SJ_NOTFOUND);
    m.target = "";
    cr_assert_eq(irc_marks(w, &m), SJ_NOTFOUND);
    memset(id, 'x', sizeof id);
    id[sizeof id - 1] = '\0';
    m.target = id;
    cr_assert_eq(irc_marks(w, &m), SJ_NOTFOUND);
    m.peer = "two words";
    cr_assert_eq(irc_marks(w, &m), SJ_INVALID);
    m = (struct sj_mark){ .kind = SJ_MARK_RETRACTED, .peer = "juliet", .target = "m1" };
    cr_assert_eq(irc_marks(w, &m), SJ_UNSUPPORTED);
    m.kind = SJ_MARK_RECEIVED;
    cr_assert_eq(irc_marks(w, &m), SJ_UNSUPPORTED);
    irc_gets_nothing(w);
    irc_world_free(w);
    w = world_with(NULL, NULL);
    m = reactions("juliet", "a1", set);
    cr_assert_eq(irc_marks(w, &m), SJ_UNSUPPORTED);
    irc_world_free(w);
}

/* Tags of 8,191 bytes (IRCv3 message-tags), with whatever is in them. */
Test(irc_mark, tags_may_be_as_long_as_they_like)
{
    struct irc_world *w = world_with(TAGS, NULL);
    struct sj_strbuf line;

    sj_strbuf_init(&line, 16000);
    sj_strbuf_adds(&line, "@msgid=a1;+draft/reply=");
    while (line.len < 4000)
        sj_strbuf_addc(&line, 'x');
    sj_strbuf_adds(&line, ";+draft/react=");
    while (line.len < 8100)
        sj_strbuf_adds(&line, ROSE);
    sj_strbuf_adds(&line, " :juliet!j@h PRIVMSG me :hello");
    irc_says(w, line.s);
    irc_hears(w, "message juliet a1 @0 hello");
    irc_hears_nothing(w);
    sj_strbuf_release(&line);
    irc_world_free(w);
}
