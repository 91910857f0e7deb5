/* SPDX-License-Identifier: MPL-2.0 */
#include "expect.h"

static void stopped(void *arg)
{
    *(bool *)arg = true;
}

Test(stop, answers_a_registration_that_is_being_checked_R6120_01)
{
    struct world *w = world_new(CAPS_PLAIN);
    bool done = false;

    w->connect_waits = true;
    world_register(w, ROMEO, "romeo", 7);
    world_clear(w);
    sessions_stop(w->sessions, 1000, stopped, &done);
    world_advance(w, 20);
    EXPECT(w, "answer 7 service unavailable\n");
    cr_expect(done);
    cr_expect_null(w->link);
    cr_expect_eq(world_register(w, ROMEO, "romeo", 8), SJ_UNAVAILABLE);
    EXPECT(w, "");
    world_free(w);
}

Test(stop, answers_an_edit_that_is_being_checked_and_logs_out_R6120_01)
{
    struct world *w = world_new(CAPS_PLAIN);
    bool done = false;

    world_ready(w);
    w->connect_waits = true;
    world_register(w, ROMEO, "montague", 8);
    world_clear(w);
    sessions_stop(w->sessions, 1000, stopped, &done);
    world_advance(w, 20);
    EXPECT(w, "answer 8 service unavailable\n"
              "presence G -> " ROMEO " offline The gateway is being stopped.\n"
              "net disconnect\n");
    cr_expect(done);
    world_free(w);
}

Test(stop, returns_the_messages_that_wait_for_a_link_G100_44)
{
    struct world *w = world_new(CAPS_PLAIN);
    bool done = false;

    world_ready(w);
    w->connect_waits = true;
    world_down(w, SJ_END_CLOSED);
    cr_expect_eq(world_send(w, "juliet", "one"), SJ_OK);
    world_clear(w);
    sessions_stop(w->sessions, 1000, stopped, &done);
    world_advance(w, 20);
    EXPECT(w, "error-message juliet -> " ROMEO "/r i1 no live link\n");
    cr_expect(done);
    world_free(w);
}

/* A message that crossed our goodbye is answered by the next process, once. */
Test(stop, leaves_what_cannot_be_answered_any_more_to_the_next_process_G100_44)
{
    struct world *w = world_new(CAPS_PLAIN);
    bool done = false;

    world_ready(w);
    sessions_stop(w->sessions, 1000, stopped, &done);
    world_advance(w, 20);
    world_unanswered(w, &(struct xmpp_unanswered){.kind = 'm', .peer = "juliet"});
    world_unanswered(w, &(struct xmpp_unanswered){.kind = 'm', .peer = "#verona",
                                                  .nick = "nurse"});
    world_unanswered(w, &(struct xmpp_unanswered){.kind = 'm', .peer = "#verona",
                                                  .in_room = true});
    world_clear(w);
    for (int i = 0; i < 2; i++) {
        world_restart(w);
        world_advance(w, 1000);
        const char *lines = world_lines(w);
        cr_expect_eq(strstr(lines, "error-message juliet -> " ROMEO "/r i1 no live link\n") != NULL,
                     i == 0, "%s", lines);
        cr_expect_eq(strstr(lines, "#verona") != NULL, i == 0, "%s", lines);
    }
    world_free(w);
}

Test(stop, hands_over_what_was_held_for_the_user_G100_08)
{
    struct world *w = world_new(CAPS_PLAIN);
    bool done = false;

    world_register(w, ROMEO, "romeo", 7);
    world_says(w, "juliet", "one");
    world_clear(w);
    sessions_stop(w->sessions, 1000, stopped, &done);
    world_advance(w, 20);
    EXPECT(w, "message juliet -> " ROMEO " one\nnet disconnect\n");
    world_free(w);
}

Test(stop, finishes_a_removal_that_is_under_way_G100_19)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};
    bool done = false;

    world_ready(w);
    cr_expect_eq(w->in->register_remove(w->sessions, &from, 9, &err), SJ_OK);
    sessions_stop(w->sessions, 1000, stopped, &done);
    world_advance(w, 20);
    EXPECT(w, "presence G -> " ROMEO " offline\n"
              "net disconnect\n"
              "answer 9 ok\n"
              "sub G -> " ROMEO " unsubscribe\n"
              "sub G -> " ROMEO " unsubscribed\n"
              "presence G -> " ROMEO " offline\n");
    cr_expect(done);
    world_free(w);
}

Test(stop, a_user_who_comes_meanwhile_is_not_logged_in)
{
    struct world *w = world_new(CAPS_PLAIN);
    bool done = false;

    world_ready(w);
    sessions_stop(w->sessions, 1000, stopped, &done);
    world_clear(w);
    world_presence(w, "r2", NULL, XMPP_ONLINE, 0);
    world_advance(w, 60000);
    EXPECT(w, "");
    cr_expect_null(w->link);
    world_free(w);
}

/* What crosses the log-out on its way belongs to the user still. */
Test(stop, passes_on_what_comes_until_the_link_is_down)
{
    struct world *w = world_new(CAPS_PLAIN);
    bool done = false;

    world_ready(w);
    w->disconnect_waits = true;
    sessions_stop(w->sessions, 1000, stopped, &done);
    world_says(w, "juliet", "wait");
    world_says(w, "juliet", "one word");
    world_down(w, SJ_END_ASKED);
    cr_expect(strstr(world_lines(w), "message juliet -> " ROMEO " wait\n"
                                     "message juliet -> " ROMEO " one word\n"));
    cr_expect(done);
    world_free(w);
}
