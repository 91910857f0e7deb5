/* SPDX-License-Identifier: MPL-2.0 */
/* Rules of XEP-0077, XEP-0100, XEP-0144 and RFC 6121 that no other file here covers. */
#include <string.h>

#include "expect.h"
#include "session.h"

static enum sj_status submit(struct world *w, const char *name, const char *password, xmpp_req req)
{
    struct xmpp_from from = world_from(ROMEO, "another");
    struct xmpp_form_in form = {.n = 2, .field = {{"username", name}, {"password", password}}};
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = w->in->register_set(w->sessions, &from, &form, req, &err);

    world_advance(w, 20);
    return status;
}

Test(rules, an_empty_password_in_an_edit_keeps_the_old_one_G077_07_G100_18)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct sj_store_stats stats;

    submit(w, "romeo", "s3cret", 1);
    EXPECT(w, "net connect\nanswer 1 ok\nsub G -> " ROMEO " subscribe\n");
    cr_expect_eq(submit(w, "romeo", "", 2), SJ_OK);
    EXPECT(w, "answer 2 ok\n");
    cr_expect_eq(submit(w, "romeo", "other", 3), SJ_OK);
    cr_expect_eq(strncmp(world_lines(w), "net connect\nanswer 3 ok\n", 24), 0);
    sj_store_stats(w->store, &stats);
    cr_expect_eq(stats.registrations, 1);
    world_free(w);
}

Test(rules, an_edit_carries_all_that_is_required_G100_16)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    cr_expect_eq(submit(w, "", "s3cret", 2), SJ_UNACCEPTABLE);
    EXPECT(w, "");
    world_free(w);
}

Test(rules, unknown_fields_are_ignored_G077_23)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct xmpp_from from = world_from(ROMEO, "r");
    struct xmpp_form_in form = {.n = 2, .field = {{"username", "romeo"}, {"shoe_size", "42"}}};
    struct sj_error err = {.status = SJ_OK};

    cr_expect_eq(w->in->register_set(w->sessions, &from, &form, 4, &err), SJ_OK);
    world_advance(w, 20);
    EXPECT(w, "net connect\nanswer 4 ok\nsub G -> " ROMEO " subscribe\n");
    world_free(w);
}

Test(rules, who_never_approves_the_gateway_logs_in_by_directed_presence_G100_13)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_register(w, ROMEO, "romeo", 1);
    world_sub(w, NULL, XMPP_UNSUBSCRIBED);
    world_clear(w);
    world_presence(w, "r", "juliet", XMPP_ONLINE, 0);
    EXPECT(w, "presence G -> " ROMEO " online\n");
    cr_expect_eq(world_send(w, "juliet", "hi"), SJ_OK);
    world_free(w);
}

Test(rules, a_log_out_hides_who_was_shown_and_nobody_else_G100_34)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_sub(w, "nurse", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, false);
    world_contact(w, "nurse", SJ_SHOW_OFFLINE, false);
    world_clear(w);
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    EXPECT(w, "presence juliet -> " ROMEO " offline\n"
              "presence G -> " ROMEO " offline\n"
              "net disconnect\n"
              "presence G -> " ROMEO "/r offline\n");
    world_free(w);
}

Test(rules, a_user_who_is_back_during_the_log_out_is_logged_in_again_G100_24)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct xmpp_presence_in p = {.from = world_from(ROMEO, "r"), .show = XMPP_OFFLINE};
    struct sj_error err = {.status = SJ_OK};

    world_ready(w);
    p.from = world_from(ROMEO, "r");
    w->in->presence(w->sessions, &p, &err);
    p.show = XMPP_ONLINE;
    w->in->presence(w->sessions, &p, &err);
    world_advance(w, 50);
    EXPECT(w, "presence G -> " ROMEO " offline\n"
              "net disconnect\n"
              "presence G -> " ROMEO "/r offline\n"
              "net connect\n"
              "presence G -> " ROMEO " online\n");
    world_free(w);
}

Test(rules, a_network_that_never_confirms_the_log_out_is_left_G100_32)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    w->disconnect_waits = true;
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    cr_expect_eq(w->links, 1, "not while the old link is there");
    cr_expect_eq(world_send(w, "juliet", "hi"), SJ_OK, "held: the next link is wanted");
    world_clear(w);
    world_advance(w, SESSION_CLOSE_MS + 50);
    world_advance(w, 50);
    EXPECT(w, "net connect\npresence G -> " ROMEO " online\nnet send juliet hi\n");
    cr_expect_null(w->older);
    world_free(w);
}

Test(rules, who_was_asked_and_asks_in_return_gets_presence_G100_50_R6121_05)
{
    struct world *w = world_new(CAPS_FULL);

    world_ready(w);
    w->link->host->contact_request(w->link, "juliet", NULL, NULL);
    world_sub(w, "juliet", XMPP_SUBSCRIBED);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    world_clear(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    EXPECT(w, "sub juliet -> " ROMEO " subscribed\npresence juliet -> " ROMEO " online\n");
    world_free(w);
}

Test(rules, nothing_is_subscribed_unasked_G100_48_G100_58_R6121_04_R6121_11)
{
    struct world *w = world_new(CAPS_FULL);

    world_ready(w);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    world_contact(w, "tybalt", SJ_SHOW_ONLINE, false);
    w->link->host->contact_request(w->link, "paris", NULL, NULL);
    EXPECT(w, "sub paris -> " ROMEO " subscribe\n");
    world_free(w);
}

Test(rules, presence_is_for_those_who_may_see_it_R6121_24)
{
    struct world *w = world_new(CAPS_FULL);

    world_ready(w);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    world_contact(w, "juliet", SJ_SHOW_AWAY, true);
    EXPECT(w, "");
    world_free(w);
}

Test(rules, a_negative_priority_is_available_too_R6121_32_R6121_33)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    world_advance(w, 100);
    world_clear(w);
    world_presence(w, "bot", NULL, XMPP_DND, -5);
    EXPECT(w, "net connect\npresence G -> " ROMEO " online\nnet show 5\n");
    world_presence(w, "r", NULL, XMPP_AWAY, 0);
    EXPECT(w, "net show 3\npresence G -> " ROMEO "/r online\n");
    world_free(w);
}

Test(rules, an_allowed_probe_of_somebody_offline_says_so_R6121_20)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct xmpp_from from;

    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_contact(w, "juliet", SJ_SHOW_OFFLINE, false);
    world_clear(w);
    from = world_from(ROMEO, "");
    w->in->probe(w->sessions, &from, "juliet");
    EXPECT(w, "presence juliet -> " ROMEO " offline\n");
    world_free(w);
}

Test(rules, an_offer_that_was_made_is_not_repeated_at_the_next_log_in_G144_06_G144_11)
{
    struct world *w = world_new(CAPS_FULL);

    world_ready(w);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    w->in->rosterx(w->sessions, 0, ROMEO "/r", true);
    world_run(w);
    world_restart(w);
    world_advance(w, 50);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    world_clear(w);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    w->in->rosterx(w->sessions, 0, ROMEO "/r", true);
    world_run(w);
    EXPECT(w, "");
    world_free(w);
}

Test(rules, the_bare_domain_registers_nobody_and_allow_takes_bare_jids_G077_16)
{
    static const char *const rules[] = {"verona.org", "paris@example.com"};
    static const struct {
        const char *user;
        bool may;
    } table[] = {{"romeo@verona.org", true},   {"verona.org", false},
                 {"paris@example.com", true},  {"tybalt@example.com", false},
                 {"romeo@sub.verona.org", false}, {"verona.org@example.com", false}};
    struct world *w = world_new(CAPS_PLAIN);
    struct sessions_options options = *w->sessions->options;

    options.allow = rules;
    options.n_allow = 2;
    w->sessions->options = &options;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        cr_expect_eq(sessions_may_register(w->sessions, 0, table[i].user), table[i].may, "%s",
                     table[i].user);
    world_free(w);
}

Test(rules, a_removal_that_the_store_refuses_is_answered_G100_19)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    sj_log_set_sink(world_ignore_log, NULL);
    world_ready(w);
    world_disk_full(w, true);
    w->in->register_remove(w->sessions, &from, 9, &err);
    world_run(w);
    EXPECT(w, "presence G -> " ROMEO " offline\nnet disconnect\nanswer 9 limit reached\n");
    world_disk_full(w, false);
    from = world_from(ROMEO, "r");
    cr_expect_eq(w->in->register_remove(w->sessions, &from, 10, &err), SJ_OK);
    world_run(w);
    cr_expect_not_null(strstr(world_lines(w), "answer 10 ok\n"));
    sj_log_set_sink(NULL, NULL);
    world_free(w);
}
