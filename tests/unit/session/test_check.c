/* SPDX-License-Identifier: MPL-2.0 */
/* What happens around a registration check: the session's own life goes on meanwhile. */
#include <string.h>

#include "expect.h"
#include "session.h"

Test(check, a_user_who_came_during_a_failed_check_is_logged_in_G100_24)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    world_advance(w, 100);
    w->connect_waits = true;
    world_register(w, ROMEO, "montague", 8);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    world_clear(w);
    w->connect_waits = false;
    world_down(w, SJ_END_AUTH);
    world_advance(w, 50);
    EXPECT(w, "answer 8 not acceptable\nnet connect\npresence G -> " ROMEO " online\n");
    world_free(w);
}

Test(check, a_back_off_that_ends_during_a_failed_check_goes_on)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    w->connect_waits = true;
    world_down(w, SJ_END_CLOSED);
    world_register(w, ROMEO, "montague", 8);
    world_advance(w, 3001);
    world_clear(w);
    w->connect_waits = false;
    world_down(w, SJ_END_AUTH);
    world_advance(w, 50);
    EXPECT(w, "answer 8 not acceptable\nnet connect\npresence G -> " ROMEO " online\n");
    world_free(w);
}

Test(check, the_live_link_may_drop_while_new_data_are_checked_G100_17)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct sj_link *live;

    world_ready(w);
    w->connect_waits = true;
    world_register(w, ROMEO, "montague", 8);
    live = w->older;
    cr_assert_not_null(live);
    live->host->link_state(live, SJ_LINK_DOWN, SJ_END_CLOSED, NULL);
    world_run(w);
    world_clear(w);
    w->connect_waits = false;
    world_up(w);
    world_advance(w, 50);
    EXPECT(w, "answer 8 ok\nnet connect\npresence G -> " ROMEO " online\n");
    world_free(w);
}

Test(check, unregistering_ends_it_with_an_answer_R6120_01)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    world_ready(w);
    w->connect_waits = true;
    world_register(w, ROMEO, "montague", 8);
    world_clear(w);
    cr_expect_eq(w->in->register_remove(w->sessions, &from, 9, &err), SJ_OK);
    world_run(w);
    EXPECT(w, "answer 8 not registered\n"
              "presence G -> " ROMEO " offline\n"
              "net disconnect\n"
              "answer 9 ok\n"
              "sub G -> " ROMEO " unsubscribe\n"
              "sub G -> " ROMEO " unsubscribed\n"
              "presence G -> " ROMEO " offline\n");
    cr_expect_null(w->link);
    cr_expect_null(w->older);
    world_free(w);
}

Test(check, one_that_takes_too_long_ends_before_the_request_does_R6120_01)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct xmpp_from from = world_from(ROMEO, "r");
    struct xmpp_form_out form = {.registered = true};
    struct sj_error err = {.status = SJ_OK};

    w->connect_waits = true;
    world_register(w, ROMEO, "romeo", 7);
    world_clear(w);
    world_advance(w, XMPP_REQUEST_TIMEOUT_MS - 1000);
    EXPECT(w, "answer 7 timed out\n");
    cr_expect_null(w->link);
    cr_expect_eq(w->in->register_get(w->sessions, &from, &form, &err), SJ_OK);
    cr_expect_not(form.registered);
    world_free(w);
}

Test(check, a_failed_first_one_leaves_nothing_behind_G100_07)
{
    struct world *w = world_new(CAPS_PLAIN);

    w->connect_waits = true;
    world_register(w, ROMEO, "romeo", 7);
    world_says(w, "juliet", "who are you?");
    world_down(w, SJ_END_AUTH);
    cr_expect_eq(w->sessions->n_sessions, 0);
    world_advance(w, 60000);
    EXPECT(w, "net connect\nanswer 7 not acceptable\n");
    world_free(w);
}

Test(check, the_right_to_see_the_gateway_is_kept_over_a_restart_G100_12)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct session *s;
    struct sj_error err = {.status = SJ_OK};

    world_sub(w, NULL, XMPP_SUBSCRIBE);
    world_register(w, ROMEO, "romeo", 7);
    world_restart(w);
    s = session_get(&w->sessions->networks[0], ROMEO, &err);
    cr_assert_not_null(s);
    cr_expect(s->seen_by_user);
    world_free(w);
}

Test(check, no_secret_is_lent_for_the_form_G100_15_G100_62)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct xmpp_from from = world_from(ROMEO, "r");
    struct xmpp_form_in in = {.n = 2, .field = {{"username", "romeo"}, {"password", "s3cret"}}};
    struct xmpp_form_out out = {.n = 0};
    struct sj_error err = {.status = SJ_OK};

    w->in->register_set(w->sessions, &from, &in, 3, &err);
    world_advance(w, 20);
    cr_assert_eq(w->in->register_get(w->sessions, &from, &out, &err), SJ_OK);
    for (size_t i = 0; i < XMPP_FIELDS_MAX; i++)
        cr_expect(!w->sessions->scratch[i] || strcmp(w->sessions->scratch[i], "s3cret") != 0);
    world_free(w);
}

Test(check, a_full_disk_refuses_and_forgets_nothing_that_was_asked_G100_12)
{
    struct world *w = world_new(CAPS_PLAIN);

    sj_log_set_sink(world_ignore_log, NULL);
    world_sub(w, NULL, XMPP_SUBSCRIBE);
    world_disk_full(w, true);
    world_register(w, ROMEO, "romeo", 7);
    EXPECT(w, "net connect\nanswer 7 limit reached\nnet disconnect\n");
    cr_expect_null(w->link);
    world_disk_full(w, false);
    world_register(w, ROMEO, "romeo", 8);
    EXPECT(w, "net connect\n"
              "answer 8 ok\n"
              "sub G -> " ROMEO " subscribed\n"
              "sub G -> " ROMEO " subscribe\n");
    sj_log_set_sink(NULL, NULL);
    world_free(w);
}
