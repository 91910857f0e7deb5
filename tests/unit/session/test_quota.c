/* SPDX-License-Identifier: MPL-2.0 */
/* What one user may ask of a network: at the limit, beyond it, and when it is free again. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "session.h"
#include "sojourn/strbuf.h"
#include "world_room.h"

#define ADMIN "admin@example.org"

static struct sj_error err;

static enum sj_status say(struct world *w, const char *body)
{
    struct xmpp_message_in m = {.from = world_from(ROMEO, "r"), .peer = "juliet", .body = body};

    err = (struct sj_error){.status = SJ_OK};
    enum sj_status status = w->in->message(w->sessions, &m, &err);
    world_run(w);
    return status;
}

static struct session *romeo(struct world *w)
{
    return session_find(&w->sessions->networks[0], ROMEO);
}

Test(quota, costs_nothing_where_nothing_is_limited)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    for (unsigned i = 0; i < 300; i++)
        cr_assert_eq(say(w, "word"), SJ_OK);
    cr_expect_null(romeo(w)->quota);
    world_free(w);
}

Test(quota, counts_messages_a_minute)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_quota(SESSIONS_MESSAGES, 6);
    world_ready(w);
    for (unsigned i = 0; i < 6; i++)
        cr_expect_eq(say(w, "word"), SJ_OK, "all at once");
    world_clear(w);
    cr_expect_eq(say(w, "word"), SJ_LIMIT);
    cr_expect_str_eq(err.text, "Your limit of messages a minute is 6. Send this again in 10 s.");
    EXPECT(w, "");
    world_advance(w, 9000);
    cr_expect_eq(say(w, "word"), SJ_LIMIT);
    cr_expect(strstr(err.text, "in 1 s."), "%s", err.text);
    world_advance(w, 1100);
    cr_expect_eq(say(w, "word"), SJ_OK, "one at a time then");
    cr_expect_eq(say(w, "word"), SJ_LIMIT);
    world_advance(w, 120000);
    for (unsigned i = 0; i < 6; i++)
        cr_expect_eq(say(w, "word"), SJ_OK, "never more than a minute's");
    cr_expect_eq(say(w, "word"), SJ_LIMIT);
    world_free(w);
}

Test(quota, counts_bytes_a_minute)
{
    struct world *w = world_new(CAPS_PLAIN);
    char body[2001];

    memset(body, 'x', sizeof body - 1);
    body[sizeof body - 1] = '\0';
    world_quota(SESSIONS_BYTES, 1000);
    world_quota(SESSIONS_MESSAGES, 60);
    world_ready(w);
    cr_expect_eq(say(w, body), SJ_OK, "more than a minute's can be said once in a minute");
    cr_expect_eq(say(w, "x"), SJ_LIMIT);
    cr_expect_str_eq(err.text, "Your limit of bytes of messages a minute is 1000. Send this "
                               "again in 1 s.");
    world_advance(w, 60000);
    body[600] = '\0';
    cr_expect_eq(say(w, body), SJ_OK);
    cr_expect_eq(say(w, body), SJ_LIMIT);
    cr_expect(strstr(err.text, "in 12 s."), "%s", err.text);
    world_advance(w, 12000);
    cr_expect_eq(say(w, body), SJ_OK);
    world_free(w);
}

/* Receipts are sent by clients, edits and reactions by people. */
Test(quota, counts_reactions_not_receipts)
{
    struct world *w = world_new(CAPS_PLAIN | SJ_CAP_REACT | SJ_CAP_MARKERS);

    world_quota(SESSIONS_MESSAGES, 1);
    world_ready(w);
    for (unsigned i = 0; i < 3; i++)
        cr_expect_neq(world_mark(w, XMPP_MARK_DISPLAYED, "n1", NULL), SJ_LIMIT);
    cr_expect_neq(world_mark(w, XMPP_MARK_REACTIONS, "n1", "!"), SJ_LIMIT);
    cr_expect_eq(world_mark(w, XMPP_MARK_REACTIONS, "n1", "!"), SJ_LIMIT);
    world_free(w);
}

Test(quota, counts_rooms_that_are_entered)
{
    struct world *w = world_new(CAPS_ROOMS);
    struct xmpp_join_in in = {.room = "#c", .nick = "me"};
    struct xmpp_from from;

    world_quota(SESSIONS_JOINS, 2);
    world_ready(w);
    from = world_from(ROMEO, "r");
    cr_expect_eq(wroom_join(w, "r", "#a", "me"), SJ_OK);
    cr_expect_eq(wroom_join(w, "r", "#b", "me"), SJ_OK);
    cr_expect_eq(wroom_join(w, "r", "#b", "me"), SJ_OK, "it is in there");
    err = (struct sj_error){.status = SJ_OK};
    cr_expect_eq(w->in->muc.join(w->sessions, &from, &in, &err), SJ_LIMIT);
    cr_expect_str_eq(err.text, "Your limit of rooms entered a minute is 2. Try again in 30 s.");
    cr_expect_null(room_find(romeo(w), "#c"));
    world_advance(w, 30000);
    cr_expect_eq(wroom_join(w, "r", "#c", "me"), SJ_OK);
    world_free(w);
}

static void come_and_go(struct world *w)
{
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    world_advance(w, 100);
    world_clear(w);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    world_run(w);
}

Test(quota, counts_log_ins_that_the_user_causes)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_quota(SESSIONS_LOGINS, 4);
    world_ready(w);                      /* the first */
    for (unsigned i = 0; i < 3; i++) {
        come_and_go(w);
        EXPECT(w, "net connect\npresence G -> " ROMEO " online\n");
    }
    come_and_go(w);
    EXPECT(w, "error-presence G -> " ROMEO " limit reached\n");
    cr_expect_eq(romeo(w)->state, SESSION_OFFLINE);
    cr_expect_eq(say(w, "word"), SJ_LIMIT);
    cr_expect(strstr(err.text, "Your limit of log-ins an hour is 4. The next one is "), "%s",
              err.text);
    /* Who leaves does not begin anew. */
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    world_advance(w, 1000);
    come_and_go(w);
    cr_expect_null(w->link);
    /* It is made by itself when it may be. */
    world_clear(w);
    world_advance(w, 15 * 60000);
    EXPECT(w, "net connect\npresence G -> " ROMEO " online\n");
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    world_advance(w, 2 * 3600 * 1000);
    cr_expect_null(romeo(w), "nothing is left to remember");
    world_free(w);
}

/* The command; how it ends. */
static const char *log_in(struct world *w)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct xmpp_command_in in = {.from = &from, .node = "login"};
    enum xmpp_command_fault fault = XMPP_FAULT_NONE;

    world_clear(w);
    cr_assert_eq(w->in->command.step(w->sessions, &in, 9, &fault, &err), SJ_OK);
    world_advance(w, 20);
    return world_lines(w);
}

/* Whoever waits for it is told at once that it has to wait. */
Test(quota, says_so_to_who_asks_for_a_log_in)
{
    struct world *w = world_new(CAPS_PLAIN);
    const char *lines;

    world_quota(SESSIONS_LOGINS, 1);
    world_ready(w);
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    world_run(w);
    lines = log_in(w);
    cr_expect(strstr(lines, "login completed ! error: Your limit of log-ins an hour is 1."), "%s",
              lines);
    cr_expect_null(strstr(lines, "net connect"), "%s", lines);
    world_free(w);
}

/* Also from where the gateway would not try again by itself, or not yet. */
Test(quota, counts_log_ins_that_are_asked_for)
{
    struct world *w = world_new(CAPS_PLAIN);
    const char *lines;

    world_quota(SESSIONS_LOGINS, 3);
    world_ready(w);
    w->refuse = SJ_END_AUTH;
    world_down(w, SJ_END_AUTH);
    cr_expect_eq(romeo(w)->state, SESSION_REFUSED);
    for (unsigned i = 0; i < 2; i++) {
        lines = log_in(w);
        cr_expect(strstr(lines, "net connect\n"), "%u: %s", i, lines);
    }
    lines = log_in(w);
    cr_expect(strstr(lines, "error: Your limit of log-ins an hour is 3."), "%s", lines);
    cr_expect_null(strstr(lines, "net connect"), "%s", lines);
    cr_expect_eq(romeo(w)->state, SESSION_REFUSED);
    world_free(w);
}

/* The gateway's own next try comes all the same. */
Test(quota, takes_no_try_of_the_gateway_away)
{
    struct world *w = world_new(CAPS_PLAIN);
    const char *lines;

    world_quota(SESSIONS_LOGINS, 1);
    world_ready(w);
    w->refuse = SJ_END_UNREACHABLE;
    world_down(w, SJ_END_CLOSED);
    world_advance(w, 10000);
    cr_expect_eq(romeo(w)->state, SESSION_BACKOFF);
    lines = log_in(w);
    cr_expect(strstr(lines, "error: Your limit of log-ins an hour is 1."), "%s", lines);
    w->refuse = 0;
    world_advance(w, 60000);
    cr_expect_eq(romeo(w)->state, SESSION_ONLINE);
    world_free(w);
}

Test(quota, counts_registrations_that_are_tried)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_quota(SESSIONS_LOGINS, 2);
    w->refuse = SJ_END_AUTH;
    cr_expect_eq(world_register(w, ROMEO, "romeo", 1), SJ_OK);
    world_advance(w, 100);
    cr_expect_eq(world_register(w, ROMEO, "romeo", 2), SJ_OK);
    world_advance(w, 100);
    cr_expect_eq(world_register(w, ROMEO, "romeo", 3), SJ_LIMIT);
    world_advance(w, 1800 * 1000);
    cr_expect_eq(world_register(w, ROMEO, "romeo", 4), SJ_OK);
    world_free(w);
}

/* The admin's command, all of its form filled in. */
static void limit(struct world *w, const char *messages, const char *logins)
{
    struct xmpp_from from = world_from(ADMIN, "r");
    struct xmpp_values values = {.n = 3, .item = {{"accountjids", ROMEO}, {"messages", messages},
                                                  {"logins", logins}}};
    struct xmpp_command_in in = {.from = &from, .node = "limits"};
    enum xmpp_command_fault fault = XMPP_FAULT_NONE;
    unsigned long long run = 0;

    world_clear(w);
    cr_assert_eq(w->in->command.step(w->sessions, &in, 9, &fault, &err), SJ_OK);
    world_advance(w, 20);
    cr_assert_eq(sscanf(world_lines(w), "command 9 %llu", &run), 1);
    in.run = run;
    in.values = &values;
    cr_assert_eq(w->in->command.step(w->sessions, &in, 9, &fault, &err), SJ_OK);
    world_advance(w, 20);
}

Test(quota, is_set_for_one_user_by_an_admin)
{
    struct world *w = world_new(CAPS_PLAIN);
    const char *lines;

    world_quota(SESSIONS_MESSAGES, 1);
    world_ready(w);
    limit(w, "3", "");
    lines = world_lines(w);
    cr_expect(strstr(lines, "Users for whom it is done: 1 of 1."), "%s", lines);
    for (unsigned i = 0; i < 3; i++)
        cr_expect_eq(say(w, "word"), SJ_OK, "%s", err.text);
    cr_expect_eq(say(w, "word"), SJ_LIMIT);
    cr_expect_str_eq(session_preference(romeo(w), PREFERENCE_QUOTA), "3,-,-,-");
    limit(w, "many", "");
    lines = world_lines(w);
    cr_expect(strstr(lines, "Please give numbers of at most 1000000000."), "%s", lines);
    world_restart(w);
    world_stream(w, true);
    world_advance(w, 1000);
    cr_assert_not_null(romeo(w));
    cr_expect_eq(romeo(w)->quota->max[SESSIONS_MESSAGES], 3, "it outlives a restart");
    limit(w, "0", "");
    cr_expect_null(romeo(w)->quota, "no limit");
    limit(w, "", "");
    cr_expect_eq(romeo(w)->quota->max[SESSIONS_MESSAGES], 1, "that of the network");
    cr_expect_str_eq(session_preference(romeo(w), PREFERENCE_QUOTA), "");
    world_free(w);
}

/* What was sent before counts against the new limit, and no more than that. */
Test(quota, that_changes_leaves_what_was_used)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_quota(SESSIONS_MESSAGES, 2);
    world_ready(w);
    for (unsigned i = 0; i < 2; i++)
        cr_expect_eq(say(w, "word"), SJ_OK);
    cr_expect_eq(say(w, "word"), SJ_LIMIT);
    limit(w, "5", "");
    for (unsigned i = 0; i < 3; i++)
        cr_expect_eq(say(w, "word"), SJ_OK, "%s", err.text);
    cr_expect_eq(say(w, "word"), SJ_LIMIT);
    limit(w, "1", "");
    cr_expect_eq(say(w, "word"), SJ_LIMIT);
    cr_expect(strstr(err.text, "in 60 s."), "%s", err.text);
    world_advance(w, 60000);
    cr_expect_eq(say(w, "word"), SJ_OK);
    world_free(w);
}

Test(quota, a_limit_of_an_odd_number_never_gives_more)
{
    struct world *w = world_new(CAPS_PLAIN);
    unsigned sent = 0;

    world_quota(SESSIONS_MESSAGES, 7);
    world_ready(w);
    for (unsigned i = 0; i < 600; i++) {         /* ten minutes */
        while (say(w, "word") == SJ_OK)
            sent++;
        world_advance(w, 1000);
    }
    cr_expect_geq(sent, 76);
    cr_expect_leq(sent, 77);
    world_free(w);
}

/* ---- the network comes back ---- */

Test(recovery, whoever_waits_is_queued_when_the_network_is_back)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct session *benvolio;

    world_ready(w);
    cr_assert_eq(world_register(w, "benvolio@example.org", "benvolio", 2), SJ_OK);
    world_advance(w, 100);
    benvolio = session_find(&w->sessions->networks[0], "benvolio@example.org");
    benvolio->wants_online = true;
    w->refuse = SJ_END_UNREACHABLE;
    world_down(w, SJ_END_UNREACHABLE);           /* benvolio's link is the newest */
    w->link = w->older;
    world_down(w, SJ_END_UNREACHABLE);
    cr_expect_eq(benvolio->state, SESSION_BACKOFF);
    cr_expect_eq(romeo(w)->state, SESSION_BACKOFF);
    cr_expect_eq(w->sessions->networks[0].n_online, 0);
    /* One has long to wait, the other one finds that the network is back. */
    benvolio->tries = 9;
    sj_timer_start(w->loop, &benvolio->timer, 600000);
    w->refuse = SJ_END_ASKED;
    world_advance(w, 3100);
    world_run(w);
    cr_expect_eq(romeo(w)->state, SESSION_ONLINE);
    cr_expect_eq(benvolio->state, SESSION_ONLINE);
    world_free(w);
}

Test(recovery, whom_the_network_throttles_waits_on)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct session *benvolio;

    world_ready(w);
    cr_assert_eq(world_register(w, "benvolio@example.org", "benvolio", 2), SJ_OK);
    world_advance(w, 100);
    benvolio = session_find(&w->sessions->networks[0], "benvolio@example.org");
    benvolio->wants_online = true;
    world_down(w, SJ_END_THROTTLED);
    w->link = w->older;
    world_down(w, SJ_END_UNREACHABLE);
    world_advance(w, 3100);
    world_run(w);
    cr_expect_eq(romeo(w)->state, SESSION_ONLINE);
    cr_expect_eq(benvolio->state, SESSION_BACKOFF);
    world_free(w);
}
