/* SPDX-License-Identifier: MPL-2.0 */
/* What crosses the goodbye, but for messages of users (test_stop.c), and how much of it is kept. */
#include "expect.h"
#include "late.h"
#include "session.h"

static void stopped(void *arg)
{
    *(bool *)arg = true;
}

static struct world *stopping(void)
{
    struct world *w = world_new(CAPS_PLAIN);
    static bool done;

    world_ready(w);
    sessions_stop(w->sessions, 1000, stopped, &done);
    world_advance(w, 20);
    world_clear(w);
    return w;
}

static void ask(struct world *w, const char *user, const char *id)
{
    struct xmpp_unanswered u = {.kind = 'i', .from = world_from(user, "r")};

    u.from.id = id;
    world_unanswered(w, &u);
}

/* How often the next process says something like it. */
static unsigned count(const char *lines, const char *what)
{
    unsigned n = 0;

    for (const char *at = lines; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

static const char *next_process(struct world *w)
{
    world_clear(w);
    world_restart(w);
    world_advance(w, 1000);
    return world_lines(w);
}

Test(late, the_next_process_answers_once_R6120_01)
{
    struct world *w = stopping();
    struct xmpp_unanswered stranger = {.kind = 'm', .peer = "juliet"};

    ask(w, ROMEO, "q1");
    ask(w, "nobody@example.org", "q2");
    world_unanswered(w, &(struct xmpp_unanswered){.kind = 'm'});
    world_unanswered(w, &(struct xmpp_unanswered){.kind = 'p', .to = "#verona@" HOST "/romeo"});
    stranger.from = world_from("nobody@example.org", "r");
    world_unanswered(w, &stranger);
    EXPECT(w, "");
    for (unsigned i = 0; i < 2; i++) {
        const char *lines = next_process(w);
        unsigned once = i == 0;
        cr_expect_eq(count(lines, "error-late i " HOST " -> " ROMEO "/r q1 no live link\n"), once,
                     "%s", lines);
        cr_expect_eq(count(lines, "error-late i " HOST " -> nobody@example.org/r q2 no live"), once,
                     "%s", lines);
        cr_expect_eq(count(lines, "error-late m " HOST " -> " ROMEO "/r i1 no live link\n"), once,
                     "%s", lines);
        cr_expect_eq(count(lines, "error-late p #verona@" HOST "/romeo -> " ROMEO "/r i1"), once,
                     "%s", lines);
        cr_expect_eq(count(lines, "error-late m juliet@" HOST " -> nobody@example.org/r i1 "), once,
                     "%s", lines);
        cr_expect_eq(count(lines, "error-"), once ? 5 : 0, "%s", lines);
    }
    world_free(w);
}

Test(late, only_what_comes_at_the_end_is_noted)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    ask(w, ROMEO, "q1");
    cr_expect_eq(count(next_process(w), "error-"), 0);
    world_free(w);
}

Test(late, what_the_stream_does_not_take_waits_for_the_next)
{
    struct world *w = stopping();

    ask(w, ROMEO, "q1");
    w->queued = WORLD_QUEUE_MAX;
    cr_expect_eq(count(next_process(w), "error-"), 0);
    w->queued = 0;
    world_clear(w);
    w->in->up(w->sessions, 0);
    world_advance(w, 100);
    cr_expect_eq(count(world_lines(w), "error-late i"), 1, "%s", world_lines(w));
    world_free(w);
}

Test(late, strangers_and_single_users_get_a_bounded_part)
{
    struct world *w = stopping();
    char user[64], id[1024];

    memset(id, 'x', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    for (unsigned i = 0; i < 40; i++)
        ask(w, "juliet@example.org", "few");
    for (unsigned i = 0; i < 100; i++) {
        snprintf(user, sizeof user, "u%u@example.org", i);
        ask(w, user, id);
    }
    for (unsigned i = 0; i < 40; i++)
        ask(w, ROMEO, "mine");
    const char *lines = next_process(w);
    cr_expect_eq(count(lines, " few "), 16, "%u", count(lines, " few "));
    cr_expect_lt(count(lines, "xxx no live"), 32768 / 1024);
    cr_expect_gt(count(lines, "xxx no live"), 20);
    cr_expect_eq(count(lines, " mine "), 16);
    world_free(w);
}

Test(late, a_note_is_of_no_use_after_a_day)
{
    struct world *w = stopping();

    ask(w, ROMEO, "q1");
    world_advance(w, 25 * 3600 * 1000);
    cr_expect_eq(count(next_process(w), "error-"), 0);
    world_free(w);
}

Test(late, a_full_disk_costs_the_notes)
{
    struct world *w = stopping();

    ask(w, ROMEO, "q1");
    world_disk_full(w, true);
    cr_expect_eq(count(next_process(w), "error-"), 0);
    world_disk_full(w, false);
    cr_expect_eq(count(next_process(w), "error-"), 0);
    world_free(w);
}

/* What was said while the disk was full is removed as soon as it is not. */
Test(late, what_was_said_is_forgotten_when_there_is_room)
{
    struct world *w = stopping();

    ask(w, ROMEO, "q1");
    w->queued = WORLD_QUEUE_MAX;
    next_process(w);
    w->queued = 0;
    world_disk_full(w, true);
    w->in->up(w->sessions, 0);
    world_advance(w, 100);
    cr_expect_eq(count(world_lines(w), "error-late i"), 1, "%s", world_lines(w));
    world_disk_full(w, false);
    cr_expect_eq(count(next_process(w), "error-"), 0);
    world_free(w);
}

/* ---- subscriptions ---- */

static struct world *stopping_with_juliet(uint32_t caps)
{
    struct world *w = world_new(caps);

    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_sub(w, "juliet", XMPP_SUBSCRIBED);
    sessions_stop(w->sessions, 1000, NULL, NULL);
    world_advance(w, 20);
    world_clear(w);
    return w;
}

/* In their order, when the network can hear of them, once. */
Test(late, a_subscription_is_done_by_the_next_process_G100_42)
{
    struct world *w = stopping_with_juliet(CAPS_PLAIN);

    cr_expect_eq(world_sub(w, "juliet", XMPP_UNSUBSCRIBE), SJ_OK);
    world_sub(w, "juliet", XMPP_UNSUBSCRIBED);
    world_sub(w, "nurse", XMPP_SUBSCRIBE);
    world_sub(w, NULL, XMPP_SUBSCRIBE);
    EXPECT(w, "");
    w->connect_waits = true;
    next_process(w);
    world_up(w);
    EXPECT(w, "presence G -> " ROMEO " online\n"
              "net add juliet\n"
              "sub juliet -> " ROMEO " unsubscribed\n"
              "net remove juliet\n"
              "net add nurse\n"
              "sub G -> " ROMEO " subscribed\n"
              "presence G -> " ROMEO " online\n");
    w->connect_waits = false;
    cr_expect_eq(count(next_process(w), "remove"), 0);
    cr_expect_null(contact_find(session_find(&w->sessions->networks[0], ROMEO), "juliet"));
    world_free(w);
}

/* A network with a list of its own knows whom it has when it has told that. */
Test(late, a_list_is_told_before_somebody_is_taken_out_of_it)
{
    struct world *w = stopping_with_juliet(CAPS_FULL);

    world_sub(w, "juliet", XMPP_UNSUBSCRIBE);
    cr_expect_eq(count(next_process(w), "remove"), 0);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    world_clear(w);
    w->link->host->list_told(w->link);
    world_run(w);
    EXPECT(w, "presence juliet -> " ROMEO " offline\n"
              "sub juliet -> " ROMEO " unsubscribed\n"
              "net remove juliet\n");
    world_free(w);
}

Test(late, what_the_user_asks_later_comes_later)
{
    struct world *w = stopping_with_juliet(CAPS_PLAIN);

    world_sub(w, "juliet", XMPP_UNSUBSCRIBE);
    w->connect_waits = true;
    next_process(w);
    world_clear(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    EXPECT(w, "sub juliet -> " ROMEO " unsubscribed\n");
    world_up(w);
    EXPECT(w, "presence G -> " ROMEO " online\nnet add juliet\n");
    world_free(w);
}

/* Nobody is logged in for it; and the user's server has done its part long ago. */
Test(late, a_subscription_of_who_is_out_is_done_at_once_and_after_days)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_sub(w, "juliet", XMPP_SUBSCRIBED);
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    sessions_stop(w->sessions, 1000, NULL, NULL);
    world_sub(w, "juliet", XMPP_UNSUBSCRIBED);
    world_advance(w, 25 * 3600 * 1000);
    world_clear(w);
    world_restart(w);
    world_advance(w, 1000);
    struct sj_error err = {.status = SJ_OK};
    const struct session *s = session_get(&w->sessions->networks[0], ROMEO, &err);
    cr_assert_not_null(s);
    cr_expect_not(contact_find(s, "juliet")->from);
    world_free(w);
}

Test(late, who_is_not_registered_is_told_so_G100_31)
{
    struct world *w = stopping();
    struct xmpp_subscription_in in = {.from = world_from("nobody@example.org", ""),
                                      .peer = "juliet", .kind = XMPP_SUBSCRIBE};
    struct sj_error err = {.status = SJ_OK};

    cr_expect_eq(w->in->subscription(w->sessions, &in, &err), SJ_OK);
    in.kind = XMPP_UNSUBSCRIBE;
    cr_expect_eq(w->in->subscription(w->sessions, &in, &err), SJ_OK);
    const char *lines = next_process(w);
    cr_expect_eq(count(lines, "error-late s juliet@" HOST " -> nobody@example.org i1 not reg"), 1,
                 "%s", lines);
    cr_expect_eq(count(lines, "error-"), 1, "%s", lines);
    world_free(w);
}

Test(late, whoever_unregisters_leaves_no_subscription)
{
    struct world *w = stopping_with_juliet(CAPS_PLAIN);
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    world_sub(w, "nurse", XMPP_SUBSCRIBE);
    w->connect_waits = true;
    next_process(w);
    cr_assert_eq(w->in->register_remove(w->sessions, &from, 7, &err), SJ_OK);
    world_advance(w, 100);
    w->connect_waits = false;
    world_register(w, ROMEO, "romeo", 8);
    world_clear(w);
    world_sub(w, NULL, XMPP_SUBSCRIBED);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    world_restart(w);
    world_advance(w, 1000);
    cr_expect_eq(count(world_lines(w), "nurse"), 0);
    world_free(w);
}

Test(late, subscriptions_of_a_user_are_bounded)
{
    struct world *w = stopping();
    char peer[32];

    for (unsigned i = 0; i < 200; i++) {
        snprintf(peer, sizeof peer, "p%u!", i);
        world_sub(w, peer, XMPP_UNSUBSCRIBE);
    }
    ask(w, ROMEO, "q1");
    const char *lines = next_process(w);
    cr_expect_eq(count(lines, " unsubscribed\n"), 128, "%u", count(lines, " unsubscribed\n"));
    cr_expect_eq(count(lines, "error-late i"), 1);
    world_free(w);
}

static void on_notes(const void *blob, size_t len, void *arg)
{
    (void)blob;
    *(size_t *)arg = len;
}

static size_t notes_kept(struct world *w)
{
    size_t len = 0;

    sj_store_memo_get(w->store, on_notes, &len, NULL);
    return len;
}

/* What was done is on the disk before its note is removed, and nobody waits for either. */
Test(late, a_note_goes_when_what_it_says_is_durable)
{
    struct world *w = world_ready_on_disk(CAPS_PLAIN);

    sessions_stop(w->sessions, 1000, NULL, NULL);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_restart(w);
    cr_expect_gt(notes_kept(w), 0);
    world_settle(w);
    cr_expect_gt(notes_kept(w), 0);
    world_disk_stops(true);
    world_advance(w, 1000);
    cr_expect_eq(count(world_lines(w), "net add juliet\n"), 1);
    for (unsigned i = 0; i < 3; i++)
        world_advance(w, 50);
    cr_expect_not(sj_store_is_settled(w->store));
    cr_expect_gt(notes_kept(w), 0);
    world_disk_stops(false);
    for (unsigned i = 0; i < 5; i++)
        world_settle(w);
    cr_expect_eq(notes_kept(w), 0);
    world_free(w);
}
