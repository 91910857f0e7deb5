/* SPDX-License-Identifier: MPL-2.0 */
/* Lines in the network's own language: one at a time, bounded, and what becomes of answers. */
#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "raw.h"
#include "session.h"

#define SERVER "message *server -> " ROMEO " "

static struct world *ready(void)
{
    struct world *w = world_new(CAPS_PLAIN | SJ_CAP_RAW);

    world_ready(w);
    return w;
}

static void say(struct world *w, const char *line)
{
    cr_expect_eq(world_send(w, "*server", line), SJ_OK);
}

static void tell(struct world *w, sj_op op, const char *line)
{
    w->link->host->raw(w->link, op, line);
}

Test(raw, brings_lines_and_answers)
{
    struct world *w = ready();
    sj_op op;

    say(w, "VERSION");
    EXPECT(w, "net raw VERSION\n");
    tell(w, w->op, "one");
    tell(w, w->op, "two");
    cr_expect_eq(world_send(w, "*server", "again"), SJ_LIMIT);
    EXPECT(w, "");
    world_done(w, SJ_OK);
    EXPECT(w, SERVER "one\ntwo\n");
    say(w, "HUSH");
    world_clear(w);
    op = w->op;
    world_done(w, SJ_OK);
    EXPECT(w, SERVER "The network said nothing to that.\n");
    tell(w, op, "late");                 /* it is no answer any more */
    EXPECT(w, SERVER "late\n");
    world_done(w, SJ_OK);
    EXPECT(w, "");
    cr_expect_eq(world_send(w, "*server", "no"), SJ_UNACCEPTABLE);
    world_free(w);
}

/* Lines of one message go one after the other; a refusal or the end of the link ends them. */
Test(raw, sends_several_lines_in_order)
{
    struct world *w = ready();

    say(w, "\none\n\ntwo\nno\nthree");
    EXPECT(w, "net raw one\n");
    world_done(w, SJ_OK);
    EXPECT(w, SERVER "The network said nothing to that.\nnet raw two\n");
    world_done(w, SJ_REMOTE);
    EXPECT(w, SERVER "as the test says\n" SERVER "not that\n");
    cr_expect_eq(world_send(w, "*server", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11"), SJ_UNACCEPTABLE);
    say(w, "a\nb");
    world_clear(w);
    world_down(w, SJ_END_UNREACHABLE);
    cr_expect(strstr(world_lines(w), SERVER));
    cr_expect_eq(world_send(w, "*server", "c"), SJ_UNREACHABLE);
    world_free(w);
}

/* An answer without end, one that never comes, and a network that talks without being asked. */
Test(raw, is_bounded)
{
    struct world *w = ready();
    char line[SJ_RAW_MAX + 2];
    unsigned shown = 0;

    tell(w, 0, "nobody listens");
    EXPECT(w, "");
    say(w, "COUNT");
    world_clear(w);
    for (unsigned i = 0; i < 2 * RAW_LINES_MAX; i++)
        tell(w, w->op, "x");
    world_done(w, SJ_OK);
    cr_expect_leq(strlen(world_lines(w)), 200);
    say(w, "LONG");
    memset(line, 'y', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    for (unsigned i = 0; i < 20; i++)
        tell(w, w->op, line);
    world_clear(w);
    world_done(w, SJ_OK);
    cr_expect_leq(strlen(world_lines(w)), RAW_BYTES_MAX + 200);
    cr_expect_eq(world_send(w, "*server", line), SJ_UNACCEPTABLE);
    say(w, "NEVER");
    world_clear(w);
    world_advance(w, RAW_MS + 1000);
    EXPECT(w, SERVER "The network said nothing to that.\n");
    for (unsigned i = 0; i < 2 * RAW_UNASKED_MAX; i++)
        tell(w, 0, "z");
    for (const char *at = world_lines(w); (at = strstr(at, " z\n")) != NULL; at++)
        shown++;
    cr_expect_eq(shown, RAW_UNASKED_MAX);
    world_advance(w, RAW_LISTEN_MS + 1000);
    world_clear(w);
    tell(w, 0, "nobody listens any more");
    cr_expect_null(strstr(world_lines(w), "nobody"));
    world_free(w);
}

Test(raw, is_only_there_where_the_network_takes_lines)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_send(w, "*server", "VERSION");
    cr_expect_null(strstr(world_lines(w), "net raw"));
    world_free(w);
}
