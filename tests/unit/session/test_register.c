/* SPDX-License-Identifier: MPL-2.0 */
#include <string.h>

#include "expect.h"
#include "preference.h"
#include "session.h"
#include "sojourn/strbuf.h"

Test(register, checks_by_logging_in_then_answers_then_subscribes_G100_06_G100_09)
{
    struct world *w = world_new(CAPS_PLAIN);

    cr_expect_eq(world_register(w, ROMEO, "romeo", 7), SJ_OK);
    EXPECT(w, "net connect\n"
              "answer 7 ok\n"
              "sub G -> " ROMEO " subscribe\n");
    world_free(w);
}

Test(register, refused_credentials_store_nothing_G100_07)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct xmpp_from from = world_from(ROMEO, "r");
    struct xmpp_form_out form = {.registered = true};
    struct sj_error err = {.status = SJ_OK};

    w->refuse = SJ_END_AUTH;
    cr_expect_eq(world_register(w, ROMEO, "romeo", 7), SJ_OK);
    EXPECT(w, "net connect\nanswer 7 not acceptable\n");
    cr_expect_eq(w->in->register_get(w->sessions, &from, &form, &err), SJ_OK);
    cr_expect_not(form.registered);
    cr_expect_null(w->link);
    world_free(w);
}

Test(register, an_unreachable_network_is_said_so_G100_06)
{
    struct world *w = world_new(CAPS_PLAIN);

    w->refuse = SJ_END_UNREACHABLE;
    world_register(w, ROMEO, "romeo", 7);
    EXPECT(w, "net connect\nanswer 7 no live link\n");
    world_free(w);
}

Test(register, a_missing_required_field_is_not_acceptable_G077_06)
{
    struct world *w = world_new(CAPS_PLAIN);

    cr_expect_eq(world_register(w, ROMEO, "", 7), SJ_UNACCEPTABLE);
    EXPECT(w, "");
    world_free(w);
}

Test(register, only_who_is_allowed_may_G077_16)
{
    struct world *w = world_new(CAPS_PLAIN);

    cr_expect_eq(world_register(w, "romeo@elsewhere.org", "romeo", 7), SJ_DENIED);
    EXPECT(w, "");
    world_free(w);
}

Test(register, the_form_shows_what_is_on_file_but_no_secret_G100_15)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct xmpp_from from = world_from(ROMEO, "other");
    struct xmpp_form_in in = {.n = 2, .field = {{"username", "romeo"}, {"password", "s3cret"}}};
    struct xmpp_form_out out = {.n = 0};
    struct sj_error err = {.status = SJ_OK};

    cr_assert_eq(w->in->register_set(w->sessions, &from, &in, 3, &err), SJ_OK);
    world_advance(w, 20);
    cr_assert_eq(w->in->register_get(w->sessions, &from, &out, &err), SJ_OK);
    cr_expect(out.registered);
    cr_expect_eq(out.n, 3);
    cr_expect_str_eq(out.field[0].value, "romeo");
    cr_expect_null(out.field[1].value);
    cr_expect(out.field[1].secret);
    cr_expect_str_eq(out.field[2].value, "nobody");
    world_free(w);
}

Test(register, an_edit_that_changes_nothing_is_answered_at_once_G100_18)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    cr_expect_eq(world_register(w, ROMEO, "romeo", 8), SJ_OK);
    EXPECT(w, "answer 8 ok\n");
    world_free(w);
}

Test(register, a_refused_edit_leaves_the_session_alone_G100_17)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    w->refuse = SJ_END_AUTH;
    world_register(w, ROMEO, "tybalt", 8);
    EXPECT(w, "net connect\nanswer 8 not acceptable\n");
    cr_expect_eq(world_send(w, "juliet", "still here"), SJ_OK);
    EXPECT(w, "net send juliet still here\n");
    world_free(w);
}

Test(register, an_accepted_edit_logs_in_anew_G100_17)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_register(w, ROMEO, "montague", 8);
    world_advance(w, 100);
    EXPECT(w, "net connect\n"
              "answer 8 ok\n"
              "presence G -> " ROMEO " offline\n"
              "net disconnect\n"
              "net connect\n"
              "presence G -> " ROMEO " online\n");
    world_free(w);
}

Test(register, one_check_at_a_time)
{
    struct world *w = world_new(CAPS_PLAIN);

    w->connect_waits = true;
    cr_expect_eq(world_register(w, ROMEO, "romeo", 7), SJ_OK);
    cr_expect_eq(world_register(w, ROMEO, "tybalt", 8), SJ_LIMIT);
    world_up(w);
    EXPECT(w, "net connect\nanswer 7 ok\nsub G -> " ROMEO " subscribe\n");
    world_free(w);
}

Test(register, messages_during_the_check_come_after_the_log_in_G100_08)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_register(w, ROMEO, "romeo", 7);
    world_says(w, "juliet", "one");
    world_says(w, "juliet", "two");
    world_clear(w);
    world_sub(w, NULL, XMPP_SUBSCRIBED);
    EXPECT(w, "probe " ROMEO "\n");
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    EXPECT(w, "presence G -> " ROMEO " online\n"
              "message juliet -> " ROMEO " one\n"
              "message juliet -> " ROMEO " two\n");
    world_free(w);
}

Test(register, who_asked_before_registering_is_answered_at_it_G100_12)
{
    struct world *w = world_new(CAPS_PLAIN);

    cr_expect_eq(world_sub(w, NULL, XMPP_SUBSCRIBE), SJ_OK);
    EXPECT(w, "");
    world_register(w, ROMEO, "romeo", 7);
    EXPECT(w, "net connect\n"
              "answer 7 ok\n"
              "sub G -> " ROMEO " subscribed\n"
              "sub G -> " ROMEO " subscribe\n");
    world_free(w);
}

Test(register, unregistering_keeps_the_order_G100_19_G100_20)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_sub(w, "juliet", XMPP_SUBSCRIBED);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, false);
    world_clear(w);
    cr_expect_eq(w->in->register_remove(w->sessions, &from, 9, &err), SJ_OK);
    world_run(w);
    EXPECT(w, "presence juliet -> " ROMEO " offline\n"
              "sub juliet -> " ROMEO " unsubscribe\n"
              "sub juliet -> " ROMEO " unsubscribed\n"
              "presence G -> " ROMEO " offline\n"
              "net disconnect\n"
              "answer 9 ok\n"
              "sub G -> " ROMEO " unsubscribe\n"
              "sub G -> " ROMEO " unsubscribed\n"
              "presence G -> " ROMEO " offline\n");
    cr_expect_eq(world_send(w, "juliet", "hi"), SJ_UNREGISTERED);
    from = world_from(ROMEO, "r");
    cr_expect_eq(w->in->register_remove(w->sessions, &from, 10, &err), SJ_UNREGISTERED);
    world_free(w);
}

Test(register, prompts_give_the_canonical_id_G100_56_G100_57)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};
    struct sj_strbuf id;

    sj_strbuf_init(&id, SJ_ID_MAX);
    cr_expect_eq(w->in->prompt(w->sessions, &from, "Juliet", &id, &err), SJ_OK);
    cr_expect_str_eq(id.s, "juliet");
    cr_expect_eq(w->in->prompt(w->sessions, &from, "", &id, &err), SJ_UNACCEPTABLE);
    sj_strbuf_release(&id);
    world_free(w);
}

/* Whatever the answer is: a session that was loaded for it goes again. */
Test(register, keeps_no_session_for_a_refusal)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct network *n = &w->sessions->networks[0];
    struct xmpp_from from = world_from(ROMEO, "r");
    struct xmpp_form_in form = {.n = 1, .field = {{"username", "montague"}}};
    struct sj_error err = {.status = SJ_OK};

    world_ready(w);
    cr_assert_eq(session_prefer(session_find(n, ROMEO), PREFERENCE_DISABLED, "1", &err), SJ_OK);
    world_restart(w);
    n = &w->sessions->networks[0];
    world_advance(w, SESSION_PROBE_MS + 60000);
    cr_assert_null(session_find(n, ROMEO));
    cr_expect_eq(w->in->register_set(w->sessions, &from, &form, 8, &err), SJ_DENIED);
    world_run(w);
    cr_expect_null(session_find(n, ROMEO), "changing");
    cr_expect_eq(w->in->register_remove(w->sessions, &from, 9, &err), SJ_DENIED);
    world_run(w);
    cr_expect_null(session_find(n, ROMEO), "removing");
    world_free(w);
}

Test(register, the_state_that_a_first_check_saves_is_kept)
{
    struct world *w = world_new(CAPS_PLAIN);

    w->connect_waits = true;
    world_register(w, ROMEO, "romeo", 7);
    w->link->host->state_save(w->link, "old", 3);
    w->link->host->state_save(w->link, "token", 5);
    world_up(w);
    world_restart(w);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    cr_expect_str_eq(w->state, "token");
    world_free(w);
}
