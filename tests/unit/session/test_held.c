/* SPDX-License-Identifier: MPL-2.0 */
/* Messages that cannot go on at once. */
#include <string.h>

#include "expect.h"
#include "session.h"

Test(held, a_sender_without_an_address_does_not_stop_the_others)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_says(w, WORLD_NO_ADDRESS "odd", "hear me");
    world_says(w, "juliet", "hello");
    world_advance(w, 1100);
    EXPECT(w, "message G -> " ROMEO " " WORLD_NO_ADDRESS "odd: hear me\n"
              "message juliet -> " ROMEO " hello\n");
    cr_expect_eq(session_find(&w->sessions->networks[0], ROMEO)->held_count, 0);
    world_free(w);
}

Test(held, a_text_that_is_too_long_for_a_stanza_comes_in_pieces_R6120_27)
{
    struct world *w = world_new(CAPS_PLAIN);
    char text[3001];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    world_ready(w);
    w->body_max = 2000;
    world_says(w, "juliet", text);
    world_says(w, "juliet", "end");
    world_advance(w, 1100);
    {
        const char *got = world_lines(w);
        size_t x = 0;
        for (const char *at = got; *at; at++)
            x += *at == 'x' && at[1] != 'a';         /* not that of "example" */
        cr_expect_eq(x, 3000, "%zu", x);
        cr_expect_not_null(strstr(got, "message juliet -> " ROMEO " end\n"));
    }
    world_free(w);
}

Test(held, a_full_queue_is_waited_for_in_order_R6120_22)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    w->queued = WORLD_QUEUE_MAX;
    world_says(w, "juliet", "one");
    world_says(w, "juliet", "two");
    world_advance(w, 5000);
    EXPECT(w, "");
    w->queued = 0;
    world_advance(w, 1100);
    EXPECT(w, "message juliet -> " ROMEO " one\nmessage juliet -> " ROMEO " two\n");
    world_free(w);
}

Test(held, presence_that_a_full_queue_refused_is_sent_later_R6121_24)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, false);
    world_clear(w);
    w->queued = WORLD_QUEUE_MAX;
    world_contact(w, "juliet", SJ_SHOW_OFFLINE, false);
    world_advance(w, 5000);
    EXPECT(w, "");
    w->queued = 0;
    world_advance(w, 1100);
    EXPECT(w, "presence G -> " ROMEO " online\npresence juliet -> " ROMEO " offline\n");
    world_advance(w, 5000);
    EXPECT(w, "");
    world_free(w);
}

Test(held, an_error_that_a_full_queue_refused_is_sent_later_G100_44)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    w->messages_wait = true;
    world_send(w, "juliet", "hi");
    world_clear(w);
    w->queued = WORLD_QUEUE_MAX;
    world_done(w, SJ_NOTFOUND);
    EXPECT(w, "");
    w->queued = 0;
    world_advance(w, 1100);
    EXPECT(w, "error-message juliet -> " ROMEO "/r i1 not found\n");
    world_free(w);
}

Test(held, an_error_that_the_router_could_not_send_is_sent_later_G100_44)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct xmpp_unanswered u = {.kind = 'm', .peer = "juliet"};

    world_ready(w);
    world_unanswered(w, &u);
    world_advance(w, 1100);
    EXPECT(w, "");                       /* it can never be sent */
    w->queued = WORLD_QUEUE_MAX;
    world_unanswered(w, &u);
    u.from = world_from("nobody@example.org", "n");
    world_unanswered(w, &u);
    world_advance(w, 1100);
    EXPECT(w, "");
    w->queued = 0;
    world_advance(w, 1100);
    EXPECT(w, "error-message juliet -> " ROMEO "/r i1 not found\n");
    world_free(w);
}

Test(held, a_log_out_returns_what_waits_for_the_link_G100_44)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    w->connect_waits = true;
    world_down(w, SJ_END_CLOSED);
    world_send(w, "juliet", "one");
    world_clear(w);
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    EXPECT(w, "error-message juliet -> " ROMEO "/r i1 no live link\n"
              "presence G -> " ROMEO "/r offline\n");
    world_free(w);
}

Test(held, unregistering_hands_over_and_returns_what_waits)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    world_register(w, ROMEO, "romeo", 1);
    world_says(w, "juliet", "hello");
    world_clear(w);
    cr_expect_eq(w->in->register_remove(w->sessions, &from, 9, &err), SJ_OK);
    world_run(w);
    EXPECT(w, "message juliet -> " ROMEO " hello\n"
              "net disconnect\n"
              "answer 9 ok\n"
              "sub G -> " ROMEO " unsubscribe\n"
              "sub G -> " ROMEO " unsubscribed\n"
              "presence G -> " ROMEO " offline\n");
    cr_expect_eq(w->sessions->n_sessions, 0);
    world_free(w);
}

Test(held, a_refused_log_in_returns_what_waits_G100_44)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    w->refuse = SJ_END_AUTH;
    world_down(w, SJ_END_CLOSED);
    world_send(w, "juliet", "one");
    world_clear(w);
    world_advance(w, 3001);
    world_advance(w, 100);
    cr_expect_not_null(strstr(world_lines(w), "error-message juliet -> " ROMEO
                              "/r i1 no live link\n"));
    world_free(w);
}

/* theirs: the id under which the user's clients know a message of juliet's. */
static struct world *reports_world(const char **theirs)
{
    struct world *w = world_new(CAPS_PLAIN | SJ_CAPS_WITH_IDS);

    world_ready(w);
    w->ids = true;
    world_tells(w, &(struct sj_message){.id = "4711", .body = "hello"});
    *theirs = world_last_id();
    world_clear(w);
    return w;
}

/* Reports are no messages: nobody waits for them, and no error answers them (G184-04, G333-03). */
Test(held, reports_that_could_not_go_on_end_in_silence)
{
    const char *theirs;
    struct world *w = reports_world(&theirs);

    w->messages_wait = true;
    world_send_rich(w, "m1", &(struct xmpp_message_in){.body = "one"});
    world_done(w, SJ_OK);
    world_send_rich(w, "m1", &(struct xmpp_message_in){.body = "one"});
    world_send_rich(w, "m2", &(struct xmpp_message_in){.body = "two", .replaces = "m1"});
    cr_expect_eq(world_mark(w, XMPP_MARK_RECEIVED, theirs, NULL), SJ_OK);    /* behind m2 */
    cr_expect_eq(world_mark(w, XMPP_MARK_DISPLAYED, theirs, NULL), SJ_OK);
    w->connect_waits = true;
    world_down(w, SJ_END_CLOSED);
    world_clear(w);
    world_advance(w, 62000);
    EXPECT(w, "net connect\nerror-message juliet -> " ROMEO "/r m2 no live link\n");
    world_up(w);
    w->messages_wait = true;
    world_send_rich(w, "m3", &(struct xmpp_message_in){.body = "three"});
    for (unsigned i = 0; i < SESSION_HELD_MAX; i++)
        world_send_rich(w, "m4", &(struct xmpp_message_in){.body = "x", .replaces = "m3"});
    world_clear(w);
    cr_expect_eq(world_mark(w, XMPP_MARK_DISPLAYED, theirs, NULL), SJ_OK);
    cr_expect_eq(world_mark(w, XMPP_MARK_REACTIONS, theirs, "+"), SJ_LIMIT);
    EXPECT(w, "");
    world_free(w);
}

Test(held, reports_to_whom_nothing_may_be_written_end_in_silence_G506_01)
{
    const char *theirs;
    struct world *w = reports_world(&theirs);

    w->link->host->contact(w->link, &(struct sj_contact){.id = "juliet", .listed = true,
                                                         .has_lacks = true, .no_reply = true});
    world_clear(w);
    cr_expect_eq(world_mark(w, XMPP_MARK_DISPLAYED, theirs, NULL), SJ_OK);
    cr_expect_eq(world_mark(w, XMPP_MARK_REACTIONS, theirs, "+"), SJ_UNACCEPTABLE);
    EXPECT(w, "");
    world_free(w);
}
