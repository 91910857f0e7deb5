/* SPDX-License-Identifier: MPL-2.0 */
/* How far a network was heard: kept once the user's server has handled it, told again otherwise. */
#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "position.h"

#define CAPS_RESUME (CAPS_PLAIN | SJ_CAP_RESUME)
#define ASKED "handled? example.org\n"
#define FROM_JULIET(body) "message juliet -> " ROMEO " " body "\n"
#define SHOWN "presence G -> " ROMEO " online\nprobe " ROMEO "\n"

static void says(struct world *w, const char *id)
{
    struct sj_message m = {.body = id, .id = id};

    world_tells(w, &m);
}

static struct world *ready(uint32_t caps)
{
    struct world *w = world_new(caps);

    world_ready(w);
    return w;
}

/* The next log-in goes on there. */
static void restarts_at(struct world *w, const char *position)
{
    char want[200];
    const char *lines;

    world_restart(w);
    world_advance(w, 1000);
    lines = world_lines(w);
    snprintf(want, sizeof want, "%s%s%snet connect\n", position ? "net resume " : "",
             position ? position : "", position ? "\n" : "");
    cr_expect_not_null(strstr(lines, want), "%s", lines);
    cr_expect_eq(!strstr(lines, "net resume"), !position, "%s", lines);
}

Test(position, is_kept_once_the_users_server_has_handled_all_before_it)
{
    struct world *w = ready(CAPS_RESUME);

    says(w, "one");
    world_position(w, "p1");
    EXPECT(w, FROM_JULIET("one") ASKED);
    restarts_at(w, NULL);
    world_free(w);

    w = ready(CAPS_RESUME);
    says(w, "one");
    world_position(w, "p1");
    world_handled(w, true);
    restarts_at(w, "p1");
    world_free(w);
}

Test(position, is_asked_about_once_at_a_time)
{
    struct world *w = ready(CAPS_RESUME);

    world_position(w, "p1");
    EXPECT(w, ASKED);
    world_position(w, "p2");
    world_position(w, "p3");
    EXPECT(w, "");
    world_handled(w, true);
    EXPECT(w, ASKED);
    world_handled(w, true);
    EXPECT(w, "");
    restarts_at(w, "p3");
    world_free(w);
}

Test(position, waits_for_what_is_held)
{
    struct world *w = ready(CAPS_RESUME);

    w->queued = WORLD_QUEUE_MAX;
    says(w, "one");
    world_position(w, "p1");
    EXPECT(w, "");
    w->queued = 0;
    world_advance(w, 1100);
    EXPECT(w, FROM_JULIET("one") ASKED);
    world_free(w);
}

Test(position, without_an_answer_is_asked_about_again)
{
    struct world *w = ready(CAPS_RESUME);

    world_position(w, "p1");
    EXPECT(w, ASKED);
    world_handled(w, false);
    EXPECT(w, "");
    world_advance(w, 5100);
    EXPECT(w, ASKED);
    world_handled(w, true);
    world_advance(w, 60000);
    EXPECT(w, "");
    restarts_at(w, "p1");
    world_free(w);
}

Test(position, behind_a_lost_stream_is_told_again)
{
    struct world *w = ready(CAPS_RESUME);
    uint64_t late;

    world_position(w, "p1");
    world_handled(w, true);
    says(w, "one");
    world_position(w, "p2");
    late = w->asked;
    world_clear(w);
    world_stream(w, false);
    says(w, "two");
    world_position(w, "p3");
    EXPECT(w, "");
    world_stream(w, true);
    EXPECT(w, "presence G -> " ROMEO " online\nnet resume p1\nprobe " ROMEO "\n");
    w->in->handled(w->sessions, 0, late, true);
    says(w, "one");
    says(w, "two");
    world_position(w, "p3");
    EXPECT(w, FROM_JULIET("one") FROM_JULIET("two") ASKED);
    restarts_at(w, "p1");
    world_free(w);
}

Test(position, of_nothing_is_told_from_the_links_begin)
{
    struct world *w = ready(CAPS_RESUME);

    says(w, "one");
    world_clear(w);
    world_stream(w, false);
    world_stream(w, true);
    EXPECT(w, "presence G -> " ROMEO " online\nnet resume -\nprobe " ROMEO "\n");
    world_free(w);
}

Test(position, of_a_stream_lost_with_nothing_on_its_way_stands)
{
    struct world *w = ready(CAPS_RESUME);

    says(w, "one");
    world_position(w, "p1");
    world_handled(w, true);
    world_clear(w);
    world_stream(w, false);
    says(w, "two");
    world_stream(w, true);
    EXPECT(w, "presence G -> " ROMEO " online\n" FROM_JULIET("two") "probe " ROMEO "\n");
    world_free(w);
}

Test(position, is_where_the_next_link_goes_on_and_what_was_sent_is_not_sent_twice)
{
    struct world *w = ready(CAPS_RESUME);

    says(w, "one");
    world_position(w, "p1");
    world_handled(w, true);
    says(w, "two");
    world_clear(w);
    world_down(w, SJ_END_CLOSED);
    world_clear(w);
    world_advance(w, 5000);
    EXPECT(w, "net resume p1\nnet connect\npresence G -> " ROMEO " online\n");
    says(w, "two");
    says(w, "three");
    EXPECT(w, FROM_JULIET("three"));
    world_free(w);
}

Test(position, more_than_can_be_held_is_told_again)
{
    struct world *w = ready(CAPS_RESUME);
    char id[16];

    w->queued = WORLD_QUEUE_MAX;
    for (unsigned i = 0; i < 250; i++) {
        snprintf(id, sizeof id, "m%u", i);
        says(w, id);
    }
    EXPECT(w, "");
    w->queued = 0;
    world_advance(w, 1100);
    EXPECT(w, "net resume -\n");
    says(w, "m0");
    EXPECT(w, FROM_JULIET("m0"));
    world_free(w);
}

Test(position, of_another_account_does_not_hold)
{
    struct world *w = ready(CAPS_RESUME);

    world_position(w, "p1");
    world_handled(w, true);
    world_register(w, ROMEO, "montague", 2);
    world_advance(w, 5000);
    restarts_at(w, NULL);
    world_free(w);
}

Test(position, is_nothing_to_networks_that_have_none)
{
    struct world *w = ready(CAPS_PLAIN);

    says(w, "one");
    world_position(w, "p1");
    says(w, "one");
    EXPECT(w, FROM_JULIET("one") FROM_JULIET("one"));
    world_free(w);
}

static void ignore(enum sj_log_level level, const char *line, void *ctx)
{
    (void)level, (void)line, (void)ctx;
}

Test(position, of_impossible_length_is_ignored)
{
    struct world *w = ready(CAPS_RESUME);
    char text[SJ_POSITION_MAX + 2];

    sj_log_set_sink(ignore, NULL);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    world_position(w, text);
    world_position(w, "");
    EXPECT(w, "");
    world_position(w, text + 1);
    EXPECT(w, ASKED);
    world_free(w);
}
