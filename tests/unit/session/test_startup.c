/* SPDX-License-Identifier: MPL-2.0 */
#include "expect.h"
#include "session.h"

Test(startup, two_streams_that_come_up_at_once_are_both_served, .timeout = 10)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    w->in->up(w->sessions, 0);
    sj_loop_test_advance(w->loop, 1);
    w->in->up(w->sessions, 0);
    world_advance(w, 50);
    EXPECT(w, "presence G -> " ROMEO " online\n"
              "probe " ROMEO "\n"
              "presence G -> " ROMEO " online\n"
              "probe " ROMEO "\n");
    world_free(w);
}

Test(startup, a_room_whose_streams_never_came_up_can_be_freed)
{
    struct world *w = world_new(CAPS_PLAIN);
    static const struct sessions_options none = {.n_networks = 0};
    struct sessions *unused = sessions_new(w->loop, NULL, w->store, &none);

    sessions_free(&unused);
    cr_expect_null(unused);
    world_free(w);
}

/* The user has a contact that was shown as available. */
static void ready_with_juliet(struct world *w)
{
    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, false);
    world_clear(w);
}

Test(startup, unavailable_that_the_stream_lost_is_sent_with_the_next_R6121_27_R6121_28)
{
    struct world *w = world_new(CAPS_PLAIN);

    ready_with_juliet(w);
    world_stream(w, false);
    w->connect_waits = true;
    world_down(w, SJ_END_CLOSED);
    world_clear(w);
    world_stream(w, true);
    EXPECT(w, "presence G -> " ROMEO " offline\n"
              "presence juliet -> " ROMEO " offline\n"
              "probe " ROMEO "\n");
    world_free(w);
}

Test(startup, a_contact_that_the_network_no_longer_reports_is_no_ghost_R6121_28)
{
    struct world *w = world_new(CAPS_PLAIN);

    ready_with_juliet(w);
    world_stream(w, false);
    world_down(w, SJ_END_CLOSED);
    world_advance(w, 3001);
    world_advance(w, 100);
    world_clear(w);
    world_stream(w, true);
    EXPECT(w, "presence G -> " ROMEO " online\n"
              "presence juliet -> " ROMEO " offline\n"
              "probe " ROMEO "\n");
    world_free(w);
}

Test(startup, a_log_in_that_fails_after_a_restart_leaves_no_ghosts_R6121_28)
{
    struct world *w = world_new(CAPS_PLAIN);

    ready_with_juliet(w);
    w->refuse = SJ_END_UNREACHABLE;
    world_restart(w);
    world_advance(w, 50);
    EXPECT(w, "probe " ROMEO "\n"
              "net connect\n"
              "presence juliet -> " ROMEO " offline\n"
              "error-presence G -> " ROMEO " no live link\n");
    world_advance(w, 3001);
    world_advance(w, 100);
    EXPECT(w, "net connect\n");
    world_free(w);
}

Test(startup, what_came_while_the_stream_was_away_is_not_lost_by_a_log_out)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_stream(w, false);
    world_says(w, "juliet", "while nobody listened");
    w->connect_waits = true;
    world_down(w, SJ_END_CLOSED);
    world_clear(w);
    world_stream(w, true);
    EXPECT(w, "presence G -> " ROMEO " offline\n"
              "message juliet -> " ROMEO " while nobody listened\n"
              "probe " ROMEO "\n");
    world_free(w);
}

/* A message that comes between the stream and the user's turn waits for the presence, too. */
Test(startup, presence_is_shown_before_new_traffic_G114_10)
{
    const struct sj_message live = {.peer = "nurse", .body = "just now"};
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_stream(w, false);
    world_says(w, "juliet", "while nobody listened");
    world_clear(w);
    w->stream_down = false;
    w->in->up(w->sessions, 0);
    w->link->host->message(w->link, &live);
    held_sweep(w->sessions, sj_loop_now_ms(w->loop));
    EXPECT(w, "");
    world_advance(w, 100);
    EXPECT(w, "presence G -> " ROMEO " online\n"
              "message juliet -> " ROMEO " while nobody listened\n"
              "message nurse -> " ROMEO " just now\n"
              "probe " ROMEO "\n");
    world_free(w);
}

Test(startup, an_asked_question_that_the_stream_lost_is_asked_again_R6121_10)
{
    struct world *w = world_new(CAPS_FULL);

    world_ready(w);
    world_stream(w, false);
    w->link->host->contact_request(w->link, "juliet", "Juliet", "it is me");
    world_clear(w);
    world_stream(w, true);
    EXPECT(w, "presence G -> " ROMEO " online\n"
              "sub juliet -> " ROMEO " subscribe\n"
              "probe " ROMEO "\n");
    world_stream(w, true);
    EXPECT(w, "presence G -> " ROMEO " online\nprobe " ROMEO "\n");
    world_free(w);
}

Test(startup, who_does_not_answer_the_probe_is_logged_out_in_time)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_restart(w);
    world_advance(w, 50);
    EXPECT(w, "probe " ROMEO "\nnet connect\npresence G -> " ROMEO " online\n");
    world_advance(w, 121000);
    EXPECT(w, "presence G -> " ROMEO " offline\nnet disconnect\n");
    world_free(w);
}

Test(startup, who_was_never_asked_for_presence_stays)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_register(w, ROMEO, "romeo", 1);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    world_restart(w);
    world_advance(w, 3600000);
    EXPECT(w, "net connect\npresence G -> " ROMEO " online\n");
    world_free(w);
}
