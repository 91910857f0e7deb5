/* SPDX-License-Identifier: MPL-2.0 */
#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "session.h"

static void ready_with_juliet(struct world *w)
{
    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, false);
    world_clear(w);
}

Test(contact, an_unreachable_server_is_left_alone_and_told_afterwards_R6120_20_R6121_31)
{
    struct world *w = world_new(CAPS_PLAIN);

    ready_with_juliet(w);
    world_bounce(w, "juliet", "remote-server-not-found");
    world_contact(w, "juliet", SJ_SHOW_AWAY, false);
    world_contact(w, "juliet", SJ_SHOW_OFFLINE, false);
    EXPECT(w, "");
    world_presence(w, "r", NULL, XMPP_ONLINE, 1);
    EXPECT(w, "presence G -> " ROMEO " online\npresence juliet -> " ROMEO " offline\n");
    world_contact(w, "juliet", SJ_SHOW_ONLINE, false);
    EXPECT(w, "presence juliet -> " ROMEO " online\n");
    world_free(w);
}

Test(contact, a_blocked_one_is_silent_and_the_others_are_not_R6121_31_G191_03)
{
    struct world *w = world_new(CAPS_PLAIN);

    ready_with_juliet(w);
    world_sub(w, "nurse", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_clear(w);
    world_bounce(w, "juliet", "service-unavailable");
    world_contact(w, "juliet", SJ_SHOW_AWAY, false);
    world_contact(w, "nurse", SJ_SHOW_ONLINE, false);
    EXPECT(w, "presence nurse -> " ROMEO " online\nsub nurse -> " ROMEO " subscribe\n");
    cr_expect_eq(world_send(w, "juliet", "hi"), SJ_OK);
    world_free(w);
}

Test(contact, one_that_is_unblocked_is_shown_again_G191_01)
{
    struct world *w = world_new(CAPS_PLAIN);

    ready_with_juliet(w);
    world_bounce(w, "juliet", "service-unavailable");
    world_contact(w, "juliet", SJ_SHOW_AWAY, false);
    world_presence(w, "r", NULL, XMPP_AWAY, 0);
    world_presence(w, "r", "nurse", XMPP_AWAY, 0);
    world_presence(w, "r", "no id!", XMPP_AWAY, 0);
    world_clear(w);
    world_presence(w, "r", "JULIET", XMPP_AWAY, 0);
    EXPECT(w, "presence juliet -> " ROMEO " away\n");
    world_presence(w, "r", "juliet", XMPP_AWAY, 0);
    EXPECT(w, "");
    world_free(w);
}

Test(contact, a_request_that_the_network_refuses_at_the_log_in_is_answered_G100_39_G100_40)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    w->connect_waits = true;
    world_down(w, SJ_END_CLOSED);
    world_sub(w, "nobody", XMPP_SUBSCRIBE);
    world_clear(w);
    w->connect_waits = false;
    w->add_refused = SJ_NOTFOUND;
    world_advance(w, 3001);
    world_advance(w, 100);
    EXPECT(w, "net connect\n"
              "presence G -> " ROMEO " online\n"
              "net add nobody\n"
              "sub nobody -> " ROMEO " unsubscribed as the test says\n");
    world_free(w);
}

Test(contact, a_network_without_contacts_says_yes_also_after_the_log_in_G100_38)
{
    struct world *w = world_new(SJ_CAP_PRESENCE | SJ_CAP_ANONYMOUS);

    world_ready(w);
    w->connect_waits = true;
    world_down(w, SJ_END_CLOSED);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_clear(w);
    w->connect_waits = false;
    world_advance(w, 3001);
    world_advance(w, 100);
    EXPECT(w, "net connect\n"
              "presence G -> " ROMEO " online\n"
              "sub juliet -> " ROMEO " subscribed\n"
              "sub juliet -> " ROMEO " subscribe\n");
    world_free(w);
}

Test(contact, one_that_was_only_offered_goes_without_presence_R6121_24_G144_06)
{
    struct world *w = world_new(CAPS_FULL);

    world_ready(w);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    w->in->rosterx(w->sessions, 0, ROMEO "/r", true);
    world_advance(w, 6000);              /* no name comes */
    world_clear(w);
    w->link->host->contact_gone(w->link, "juliet", NULL);
    EXPECT(w, "items " ROMEO "/r delete juliet (iq)\n");
    world_free(w);
}

Test(contact, a_question_comes_once_a_log_in_R6121_10)
{
    struct world *w = world_new(CAPS_FULL);

    world_ready(w);
    for (int i = 0; i < 3; i++)
        w->link->host->contact_request(w->link, "juliet", "Juliet", NULL);
    EXPECT(w, "sub juliet -> " ROMEO " subscribe\n");
    world_down(w, SJ_END_CLOSED);
    world_advance(w, 3001);
    world_advance(w, 100);
    world_clear(w);
    w->link->host->contact_request(w->link, "juliet", "Juliet", NULL);
    EXPECT(w, "sub juliet -> " ROMEO " subscribe\n");
    world_free(w);
}

Test(contact, offers_of_long_ago_make_room_for_real_ones)
{
    struct world *w = world_new(CAPS_FULL);
    static const char *const old[] = {"a", "b", "c", "d"};

    world_ready(w);
    for (size_t i = 0; i < 4; i++)
        world_contact(w, old[i], SJ_SHOW_OFFLINE, true);
    w->in->rosterx(w->sessions, 0, ROMEO "/r", true);
    world_run(w);
    world_down(w, SJ_END_CLOSED);                    /* and the network lists nobody any more */
    world_advance(w, 3001);
    world_advance(w, 100);
    world_clear(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    EXPECT(w, "net add juliet\n");
    world_free(w);
}

Test(contact, changes_survive_a_disk_that_is_full_for_a_while)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct session *s;
    struct sj_error err = {.status = SJ_OK};

    sj_log_set_sink(world_ignore_log, NULL);
    ready_with_juliet(w);
    world_disk_full(w, true);
    world_sub(w, "juliet", XMPP_SUBSCRIBED);
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    world_advance(w, 5000);
    s = session_find(&w->sessions->networks[0], ROMEO);
    cr_assert_not_null(s, "a session with unwritten changes stays");
    world_disk_full(w, false);
    world_advance(w, 1100);
    cr_expect_null(session_find(&w->sessions->networks[0], ROMEO));
    s = session_get(&w->sessions->networks[0], ROMEO, &err);
    cr_assert_not_null(s);
    cr_expect(contact_find(s, "juliet")->from);
    sj_log_set_sink(NULL, NULL);
    world_free(w);
}

Test(contact, one_that_cannot_be_stored_does_not_stop_the_others)
{
    struct world *w = world_new(CAPS_PLAIN);
    static char name[SJ_STORE_TEXT_MAX + 100];

    sj_log_set_sink(world_ignore_log, NULL);
    ready_with_juliet(w);
    memset(name, 'x', sizeof name - 1);
    w->link->host->contact(w->link, &(struct sj_contact){.id = "juliet", .name = name});
    world_sub(w, "juliet", XMPP_SUBSCRIBED);
    world_sub(w, "nurse", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_advance(w, 3000);
    world_restart(w);
    world_advance(w, 50);
    {
        const char *got = world_lines(w);
        cr_expect_not_null(strstr(got, "net add nurse\n"), "%s", got);
    }
    sj_log_set_sink(NULL, NULL);
    world_free(w);
}
