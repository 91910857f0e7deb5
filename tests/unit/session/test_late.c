/* SPDX-License-Identifier: MPL-2.0 */
/* What crosses the goodbye, but for messages of users (test_stop.c), and how much of it is kept. */
#include "expect.h"

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
