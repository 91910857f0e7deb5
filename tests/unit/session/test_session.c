/* SPDX-License-Identifier: MPL-2.0 */
#include "expect.h"

Test(session, logs_in_with_the_first_presence_and_once_G100_24_G100_25)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    world_advance(w, 100);
    world_clear(w);
    world_presence(w, "r", "juliet", XMPP_ONLINE, 0);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    EXPECT(w, "net connect\npresence G -> " ROMEO " online\n");
    world_free(w);
}

/* Backends and networks see a number that nobody can reckon without the key. */
Test(session, users_are_keyed_numbers_that_stay_the_same)
{
    struct world *w = world_new(CAPS_PLAIN);
    uint64_t seen[4];
    static const char *const keys[] = { NULL, "secret", "other", "secret" };

    world_ready(w);
    for (int i = 0; i < 4; i++) {
        world_user_key(keys[i]);
        world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
        world_advance(w, 100);
        world_presence(w, "r", NULL, XMPP_ONLINE, 0);
        world_advance(w, 100);
        cr_assert_not_null(w->link);
        seen[i] = w->link->user;
    }
    cr_expect_neq(seen[0], seen[1]);
    cr_expect_neq(seen[1], seen[2]);
    cr_expect_eq(seen[1], seen[3]);
    world_free(w);
}

Test(session, logs_out_with_the_last_resource_G100_32)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_presence(w, "phone", NULL, XMPP_ONLINE, 0);
    EXPECT(w, "presence G -> " ROMEO "/phone online\n");
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    EXPECT(w, "");
    world_presence(w, "phone", NULL, XMPP_OFFLINE, 0);
    EXPECT(w, "presence G -> " ROMEO " offline\n"
              "net disconnect\n"
              "presence G -> " ROMEO "/phone offline\n");
    cr_expect_null(w->link);
    world_free(w);
}

Test(session, broadcast_unavailable_logs_out_once_in_any_order_G100_35)
{
    for (int first = 0; first < 2; first++) {
        struct world *w = world_new(CAPS_PLAIN);
        world_ready(w);
        world_presence(w, "r", first ? NULL : "juliet", XMPP_OFFLINE, 0);
        world_presence(w, "r", first ? "juliet" : NULL, XMPP_OFFLINE, 0);
        EXPECT(w, "presence G -> " ROMEO " offline\n"
                  "net disconnect\n"
                  "presence G -> " ROMEO "/r offline\n");
        world_free(w);
    }
}

Test(session, directed_unavailable_to_a_contact_is_no_log_out_G100_33)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_presence(w, "r", "juliet", XMPP_OFFLINE, 0);
    EXPECT(w, "");
    cr_expect_eq(world_send(w, "juliet", "hi"), SJ_OK);
    world_free(w);
}

Test(session, unavailable_from_the_bare_jid_is_no_log_out)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_presence(w, "", NULL, XMPP_OFFLINE, 0);
    world_advance(w, 60000);
    EXPECT(w, "");
    world_free(w);
}

Test(session, a_lost_link_is_made_again_with_one_error_an_outage_G100_26)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, false);
    world_clear(w);
    w->refuse = SJ_END_UNREACHABLE;
    world_down(w, SJ_END_CLOSED);
    EXPECT(w, "presence juliet -> " ROMEO " offline\n"
              "presence G -> " ROMEO " offline the network closed the connection\n"
              "error-presence G -> " ROMEO " no live link\n");
    world_advance(w, 3001);
    world_advance(w, 100);
    EXPECT(w, "net connect\n");
    w->refuse = SJ_END_ASKED;
    world_advance(w, 6001);
    world_advance(w, 100);
    EXPECT(w, "net connect\npresence G -> " ROMEO " online\nnet add juliet\n");
    world_contact(w, "juliet", SJ_SHOW_ONLINE, false);
    EXPECT(w, "presence juliet -> " ROMEO " online\n");
    world_free(w);
}

Test(session, refused_credentials_end_it_until_new_ones_come_G100_26_G100_30)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    world_advance(w, 100);
    world_clear(w);
    w->refuse = SJ_END_AUTH;
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    EXPECT(w, "net connect\n"
              "error-presence G -> " ROMEO " credentials refused\n"
              "message G -> " ROMEO " You are not logged in to Test: the network refused the "
              "credentials. I will not try again by myself; please change your registration with "
              "this gateway (register again in your client).\n");
    world_presence(w, "r", NULL, XMPP_AWAY, 0);
    world_presence(w, "r2", NULL, XMPP_ONLINE, 0);
    world_advance(w, 3600000);
    EXPECT(w, "");
    cr_expect_eq(world_send(w, "juliet", "hi"), SJ_UNREACHABLE);
    w->refuse = SJ_END_ASKED;
    world_register(w, ROMEO, "romeo", 8);
    world_advance(w, 100);
    EXPECT(w, "net connect\nanswer 8 ok\nnet connect\npresence G -> " ROMEO " online\n");
    world_free(w);
}

Test(session, a_restart_brings_back_who_was_online_with_contacts)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_restart(w);
    world_advance(w, 50);
    EXPECT(w, "probe " ROMEO "\n"
              "net connect\n"
              "presence G -> " ROMEO " online\n"
              "net add juliet\n");
    world_contact(w, "juliet", SJ_SHOW_ONLINE, false);
    EXPECT(w, "presence juliet -> " ROMEO " online\n");
    world_contact(w, "juliet", SJ_SHOW_OFFLINE, false);
    EXPECT(w, "presence juliet -> " ROMEO " offline\n");
    world_free(w);
}

Test(session, a_restart_does_not_log_in_who_was_offline)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    world_advance(w, 100);
    world_restart(w);
    world_advance(w, 50);
    EXPECT(w, "probe " ROMEO "\n");
    cr_expect_null(w->link);
    world_free(w);
}

Test(session, a_user_who_is_gone_after_a_restart_is_logged_out_in_time)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_restart(w);
    world_advance(w, 50);
    world_clear(w);
    world_presence(w, "", NULL, XMPP_OFFLINE, 0);
    EXPECT(w, "");
    world_advance(w, 31000);
    EXPECT(w, "presence G -> " ROMEO " offline\nnet disconnect\n");
    world_free(w);
}

Test(session, a_new_component_stream_shows_the_present_state_G114_10)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_contact(w, "juliet", SJ_SHOW_AWAY, false);
    w->stream_down = true;
    w->in->down(w->sessions, 0);
    world_says(w, "juliet", "while you were away");
    world_clear(w);
    w->stream_down = false;
    w->in->up(w->sessions, 0);
    world_advance(w, 50);
    EXPECT(w, "presence G -> " ROMEO " online\n"
              "presence juliet -> " ROMEO " away\n"
              "message juliet -> " ROMEO " while you were away\n"
              "probe " ROMEO "\n");
    world_free(w);
}

static void stopped(void *arg)
{
    *(bool *)arg = true;
}

Test(session, the_stop_tells_everybody_and_keeps_the_mark_G100_61)
{
    struct world *w = world_new(CAPS_PLAIN);
    bool done = false;

    world_ready(w);
    sessions_stop(w->sessions, 1000, stopped, &done);
    world_advance(w, 20);
    EXPECT(w, "presence G -> " ROMEO " offline The gateway is being stopped.\nnet disconnect\n");
    cr_expect(done);
    world_restart(w);
    world_advance(w, 50);
    EXPECT(w, "probe " ROMEO "\nnet connect\npresence G -> " ROMEO " online\n");
    world_free(w);
}

Test(session, the_combined_presence_goes_to_the_network_R6121_33)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_presence(w, "r", NULL, XMPP_AWAY, 0);
    EXPECT(w, "net show 3\n");
    world_presence(w, "r", NULL, XMPP_AWAY, 0);
    world_presence(w, "r", "juliet", XMPP_DND, 0);
    EXPECT(w, "");
    world_presence(w, "desk", NULL, XMPP_ONLINE, 0);
    EXPECT(w, "net show 1\npresence G -> " ROMEO "/desk online\n");
    world_presence(w, "desk", NULL, XMPP_OFFLINE, 0);
    EXPECT(w, "net show 3\n");
    world_free(w);
}

Test(session, strangers_are_told_once_a_resource_G100_31)
{
    struct world *w = world_new(CAPS_PLAIN);

    cr_expect_eq(world_presence(w, "r", NULL, XMPP_ONLINE, 0), SJ_UNREGISTERED);
    cr_expect_eq(world_presence(w, "r", "juliet", XMPP_ONLINE, 0), SJ_OK);
    cr_expect_eq(world_presence(w, "q", NULL, XMPP_ONLINE, 0), SJ_UNREGISTERED);
    cr_expect_eq(world_presence(w, "r", NULL, XMPP_OFFLINE, 0), SJ_OK);
    cr_expect_eq(world_presence(w, "r", NULL, XMPP_ONLINE, 0), SJ_UNREGISTERED);
    EXPECT(w, "");
    world_free(w);
}

Test(session, probes_are_answered_by_right_R6121_20_R6121_21)
{
    struct world *w = world_new(CAPS_FULL);
    struct xmpp_from from = world_from(ROMEO, "");

    w->in->probe(w->sessions, &from, NULL);
    EXPECT(w, "sub G -> " ROMEO " unsubscribed\n");
    world_ready(w);
    from = world_from(ROMEO, "");
    w->in->probe(w->sessions, &from, NULL);
    w->in->probe(w->sessions, &from, "stranger");
    EXPECT(w, "presence G -> " ROMEO " online\nsub stranger -> " ROMEO " unsubscribed\n");
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    world_clear(w);
    from = world_from(ROMEO, "");
    w->in->probe(w->sessions, &from, "juliet");
    world_run(w);
    EXPECT(w, "net add juliet\npresence juliet -> " ROMEO " online\n");
    world_free(w);
}

Test(session, a_bounced_presence_forgets_the_resource_R6121_31)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct xmpp_from from;

    world_ready(w);
    from = world_from(ROMEO, "r");
    w->in->bounce(w->sessions, &from, NULL, 'p', "service-unavailable");
    world_advance(w, 31000);
    EXPECT(w, "presence G -> " ROMEO " offline\nnet disconnect\n");
    world_free(w);
}
