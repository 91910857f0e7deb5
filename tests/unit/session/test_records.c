/* SPDX-License-Identifier: MPL-2.0 */
/* Nobody waits for the disk but whose change it is (gateway/session/records.c). The disk is a real
 * one that can be stopped; "hold" and "let go" stand around what its user does not hear meanwhile
 * (tests/unit/xmpp/test_hold.c). */
#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "group.h"
#include "session.h"

#define JULIA "julia@example.org"

static struct world *w;

static void set_up(void)
{
    sj_log_set_sink(world_ignore_log, NULL);
    w = world_ready_on_disk(CAPS_PLAIN);
    w->shows_holds = true;
}

static void tear_down(void)
{
    world_disk_stops(false);
    world_free(w);
    sj_log_set_sink(NULL, NULL);
}

TestSuite(records, .init = set_up, .fini = tear_down, .timeout = 60);

static struct session *session_of(const char *user)
{
    return session_find(&w->sessions->networks[0], user);
}

Test(records, an_answer_waits_for_the_disk_and_others_do_not)
{
    world_disk_stops(true);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    EXPECT(w, "hold " ROMEO "\nnet add juliet\n");
    world_done(w, SJ_OK);
    EXPECT(w, "hold " ROMEO "\nsub juliet -> " ROMEO " subscribed\n");      /* a change more */
    cr_expect_not(sj_store_is_settled(w->store));
    cr_expect_eq(world_send(w, "nurse", "the loop goes on"), SJ_OK);
    EXPECT(w, "net send nurse the loop goes on\n");
    world_disk_stops(false);
    world_settle(w);
    EXPECT(w, "let go\nlet go\n");
    world_restart(w);
    struct sj_error err = {.status = SJ_OK};
    const struct session *s = session_get(&w->sessions->networks[0], ROMEO, &err);
    cr_assert_not_null(s);
    cr_expect(contact_find(s, "juliet")->to);
}

/* While one commit is under way the next changes wait for it, all together. */
Test(records, changes_of_a_user_are_kept_in_order)
{
    world_disk_stops(true);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_sub(w, "nurse", XMPP_SUBSCRIBE);
    world_sub(w, "tybalt", XMPP_SUBSCRIBE);
    EXPECT(w, "hold " ROMEO "\nnet add juliet\nhold " ROMEO "\nnet add nurse\nnet add tybalt\n");
    cr_expect_eq(session_of(ROMEO)->n_dirty, 2);
    world_disk_stops(false);
    world_settle(w);
    EXPECT(w, "let go\nlet go\n");
    cr_expect_eq(session_of(ROMEO)->n_dirty, 0);
}

/* Where the change follows what is said of it, that waits as well. */
Test(records, what_is_said_before_the_change_waits_as_well)
{
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_settle(w);
    world_clear(w);
    world_disk_stops(true);
    world_sub(w, "juliet", XMPP_UNSUBSCRIBE);
    EXPECT(w, "hold " ROMEO "\nsub juliet -> " ROMEO " unsubscribed\nnet remove juliet\n");
    world_gone(w, "juliet");
    world_disk_stops(false);
    world_settle(w);
    cr_expect_eq(w->n_held, 0);
}

Test(records, who_cannot_be_told_the_truth_is_told_that)
{
    world_disk_fails(1);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_settle(w);
    EXPECT(w, "hold " ROMEO "\nnet add juliet\nlet go\n"
              "message G -> " ROMEO " The gateway could not store the last changes that "
              "you made yet. It keeps trying; should it be started again before that, please "
              "make them once more.\n");
    world_sub(w, "nurse", XMPP_SUBSCRIBE);
    world_disk_fails(1);
    world_advance(w, 1100);
    world_settle(w);
    EXPECT(w, "hold " ROMEO "\nnet add nurse\nlet go\n");           /* told already */
    world_advance(w, 1100);
    world_settle(w);
    world_advance(w, 1100);
    world_settle(w);
    cr_expect(sj_store_is_settled(w->store));
    cr_expect_eq(session_of(ROMEO)->n_dirty, 0);
    cr_expect_eq(w->n_held, 0);
    world_sub(w, "tybalt", XMPP_SUBSCRIBE);
    world_settle(w);
    EXPECT(w, "hold " ROMEO "\nnet add tybalt\nlet go\n");
    cr_expect_not(session_of(ROMEO)->disk_told);
    world_restart(w);
    struct sj_error err = {.status = SJ_OK};
    const struct session *s = session_get(&w->sessions->networks[0], ROMEO, &err);
    cr_expect(contact_find(s, "juliet")->asked_out);
    cr_expect(contact_find(s, "nurse")->asked_out);
}

Test(records, a_registration_waits_for_the_disk_and_others_do_not_G100_06)
{
    world_disk_stops(true);
    world_register(w, JULIA, "julia", 9);
    EXPECT(w, "net connect\nhold " JULIA "\n");
    cr_expect_eq(session_of(JULIA)->state, SESSION_ONLINE, "what its network tells is not missed");
    cr_expect_eq(world_send(w, "nurse", "the loop goes on"), SJ_OK);
    world_disk_stops(false);
    world_settle(w);
    EXPECT(w, "net send nurse the loop goes on\n"
              "answer 9 ok\nsub G -> " JULIA " subscribe\nlet go\n");
    world_restart(w);
    struct sj_error err = {.status = SJ_OK};
    const struct session *s = session_get(&w->sessions->networks[0], JULIA, &err);
    cr_assert_not_null(s);
    cr_expect(s->registered);
}

Test(records, a_registration_that_is_not_stored_was_none_G100_06)
{
    struct sj_error err = {.status = SJ_OK};

    world_disk_fails(1);
    world_register(w, JULIA, "julia", 9);
    world_settle(w);
    EXPECT(w, "net connect\nhold " JULIA "\nunsaid\nanswer 9 limit reached\nnet disconnect\n");
    world_advance(w, 3000);
    world_settle(w);
    cr_expect_null(session_of(JULIA));
    cr_expect_null(session_get(&w->sessions->networks[0], JULIA, &err));
    cr_expect_eq(err.status, SJ_UNREGISTERED);
    world_clear(w);
    world_register(w, JULIA, "julia", 10);
    world_settle(w);
    EXPECT(w, "net connect\nhold " JULIA "\nanswer 10 ok\nsub G -> " JULIA " subscribe\nlet go\n");
}

static void count_journal(uint64_t number, const void *data, size_t n, void *arg)
{
    (void)data, (void)n;
    *(unsigned *)arg += number == 77;
}

/* Its link is the session's at once, so there may be something to keep before that is stored. */
Test(records, what_is_grouped_before_the_registration_waits_for_it)
{
    const struct sj_owner owner = {HOST, JULIA, ""};
    unsigned seen = 0;

    world_disk_stops(true);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);          /* under way */
    world_register(w, JULIA, "julia", 9);            /* waits for that */
    sj_store_journal_put(w->store, &owner, 77, "m", 1);
    world_disk_stops(false);
    cr_assert_eq(sj_store_flush(w->store, NULL), SJ_OK);     /* another commit comes between */
    world_settle(w);
    world_advance(w, 100);
    world_settle(w);
    cr_assert_eq(sj_store_flush(w->store, NULL), SJ_OK);
    cr_assert_eq(sj_store_journal_each(w->store, &owner, count_journal, &seen, NULL), SJ_OK);
    cr_expect_eq(seen, 1);
}

/* Right behind it another commit may turn out well. */
Test(records, a_failure_is_not_taken_for_the_success_of_the_next_commit)
{
    world_disk_stops(true);
    world_register(w, JULIA, "julia", 9);
    world_clear(w);
    records_settled(w->sessions, SJ_LIMIT);
    records_settled(w->sessions, SJ_OK);
    world_run(w);
    cr_expect(strstr(world_lines(w), "answer 9 limit reached"), "%s", world_lines(w));
    cr_expect_null(strstr(world_lines(w), "answer 9 ok"), "%s", world_lines(w));
}

Test(records, a_change_that_is_not_stored_leaves_the_log_in_alone_G100_17)
{
    world_disk_fails(1);
    world_register(w, ROMEO, "montague", 9);
    world_settle(w);
    EXPECT(w, "net connect\nanswer 9 limit reached\n");
    cr_expect_eq(session_of(ROMEO)->state, SESSION_ONLINE);
    cr_expect_eq(world_send(w, "nurse", "still here"), SJ_OK);
}

Test(records, who_leaves_while_a_registration_is_stored_has_left)
{
    struct xmpp_from from = world_from(JULIA, "r");
    struct sj_error err = {.status = SJ_OK};

    world_disk_stops(true);
    world_register(w, JULIA, "julia", 9);
    world_clear(w);
    cr_expect_eq(w->in->register_set(w->sessions, &from, &(struct xmpp_form_in){.n = 0}, 10, &err),
                 SJ_LIMIT, "one at a time");
    world_disk_stops(false);
    cr_expect_eq(w->in->register_remove(w->sessions, &from, 11, &err), SJ_OK);
    world_settle(w);
    cr_expect_null(session_of(JULIA));
    cr_expect_null(session_get(&w->sessions->networks[0], JULIA, &err));
    cr_expect(strstr(world_lines(w), "answer 9 ok") && !strstr(world_lines(w), "answer 10"));
}

Test(records, all_is_told_when_the_gateway_stops)
{
    world_register(w, JULIA, "julia", 9);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    sessions_stop(w->sessions, 1000, NULL, NULL);
    const char *lines = world_lines(w);
    cr_expect(strstr(lines, "answer 9 ok"), "%s", lines);
    cr_expect_eq(w->n_held, 0);
}

/* A thousand contacts at once: several commits, and one answer behind the last. */
Test(records, what_is_chosen_is_told_when_it_is_durable)
{
    struct sj_error err = {.status = SJ_OK};

    world_disk_stops(true);
    cr_assert_eq(session_prefer(session_of(ROMEO), PREFERENCE_STAY_ONLINE, "1", &err), SJ_OK);
    records_grouped_by(&w->sessions->networks[0], JULIA);        /* an admin did it */
    EXPECT(w, "hold " ROMEO "\nhold " JULIA "\n");
    world_advance(w, 100);
    EXPECT(w, "");
    cr_expect_eq(world_send(w, "nurse", "the loop goes on"), SJ_OK);
    EXPECT(w, "net send nurse the loop goes on\n");
    world_disk_stops(false);
    world_settle(w);
    EXPECT(w, "let go\nlet go\n");
    cr_assert_eq(session_prefer(session_of(ROMEO), PREFERENCE_STAY_ONLINE, "1", &err), SJ_OK);
    records_grouped_by(&w->sessions->networks[0], JULIA);
    EXPECT(w, "");                       /* nothing has changed, nobody waits */
}

/* Nobody waits for a group that has nothing. */
Test(records, what_is_chosen_and_taken_back_keeps_nobody_waiting)
{
    struct session *s = session_of(ROMEO);
    struct sj_error err = {.status = SJ_OK};
    struct sj_owner owner;
    uint8_t user[STORE_PART_LEN];

    cr_assert_eq(session_prefer(s, PREFERENCE_STAY_ONLINE, "1", &err), SJ_OK);
    EXPECT(w, "hold " ROMEO "\n");
    session_owner(s, &owner);
    seal_user_part(w->store->seal, &owner, user);
    group_drop(w->store, user);
    world_advance(w, 100);
    EXPECT(w, "let go\n");
}

Test(records, many_changes_are_several_commits)
{
    char id[16];

    world_contacts_max(2000);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(id, sizeof id, "c%u", i);
        const struct xmpp_subscription_in in = {.from = world_from(ROMEO, ""), .peer = id,
                                                .kind = XMPP_SUBSCRIBE};
        struct sj_error err = {.status = SJ_OK};
        cr_assert_eq(w->in->subscription(w->sessions, &in, &err), SJ_OK);
    }
    for (unsigned i = 0; i < 8; i++)
        world_settle(w);
    const char *lines = world_lines(w);
    cr_expect_eq(strncmp(lines, "hold ", 5), 0);
    cr_expect_str_eq(lines + strlen(lines) - 7, "let go\n");
    cr_expect_eq(w->n_held, 0);
    cr_expect_eq(session_of(ROMEO)->n_dirty, 0);
}

/* What the XMPP room has to keep is bounded: then everybody waits for the disk. */
Test(records, who_is_told_too_much_ends_the_wait)
{
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    w->crowded(w->sessions);
    world_run(w);
    cr_expect_eq(w->n_held, 0);
    cr_expect(sj_store_is_settled(w->store));
}

/* A crash before that would leave all as it was, so nobody has heard anything else. */
Test(records, unregistering_is_told_when_it_is_durable_G100_19)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    world_disk_stops(true);
    cr_expect_eq(w->in->register_remove(w->sessions, &from, 9, &err), SJ_OK);
    world_run(w);
    world_advance(w, 100);
    EXPECT(w, "hold " ROMEO "\npresence G -> " ROMEO " offline\nnet disconnect\n");
    cr_expect_eq(w->in->register_remove(w->sessions, &from, 10, &err), SJ_LIMIT, "once");
    cr_expect(session_of(ROMEO)->registered);
    world_disk_stops(false);
    world_settle(w);
    EXPECT(w, "answer 9 ok\nsub G -> " ROMEO " unsubscribe\nsub G -> " ROMEO " unsubscribed\n"
              "presence G -> " ROMEO " offline\nlet go\n");
    world_restart(w);
    cr_expect_null(session_get(&w->sessions->networks[0], ROMEO, &err));
    cr_expect_eq(err.status, SJ_UNREGISTERED);
}

Test(records, unregistering_that_is_not_stored_leaves_the_account)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    world_disk_fails(1);
    cr_expect_eq(w->in->register_remove(w->sessions, &from, 9, &err), SJ_OK);
    world_settle(w);
    EXPECT(w, "hold " ROMEO "\npresence G -> " ROMEO " offline\nnet disconnect\n"
              "answer 9 limit reached\nlet go\n");
    cr_expect(session_of(ROMEO)->registered);
    world_restart(w);
    cr_expect_not_null(session_get(&w->sessions->networks[0], ROMEO, &err));
}

Test(records, unregistering_is_told_when_the_gateway_stops_meanwhile)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    world_disk_stops(true);
    cr_expect_eq(w->in->register_remove(w->sessions, &from, 9, &err), SJ_OK);
    world_run(w);
    world_clear(w);
    world_disk_stops(false);
    sessions_stop(w->sessions, 1000, NULL, NULL);
    cr_expect(strstr(world_lines(w), "answer 9 ok"), "%s", world_lines(w));
    cr_expect_eq(w->n_held, 0);
}
