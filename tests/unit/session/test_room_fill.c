/* SPDX-License-Identifier: MPL-2.0 */
/* What was said in rooms while nobody was there: holes in archives, and how they are filled. */
#include <stdio.h>
#include <string.h>

#include "room_fill.h"
#include "session.h"
#include "store_priv.h"
#include "world_room.h"

#define R "romeo@example.org/r"
#define GOT(nick, text) "archived #a/" nick " -> " R " " text "\n"

/* A network with history, and the room #a joined; the network was asked. */
static struct world *joined(void)
{
    struct world *w = world_new(CAPS_ROOMS | SJ_CAP_REPLY);

    world_keeps_history();
    world_ready(w);
    cr_assert_eq(wroom_join(w, "r", "#a", "me"), SJ_OK);
    world_clear(w);
    return w;
}

/* The network lets the user in; how the join went comes later than what was asked meanwhile. */
static void enters(struct world *w, const char *others)
{
    wroom_enters(w, "#a", "me", others);
    world_run(w);
}

static void past(struct world *w, const char *nick, const char *body, const char *id,
                 int64_t sent_at)
{
    const struct sj_message m = {.peer = "#a", .nick = nick, .in_room = true, .body = body,
                                 .id = id, .sent_at = sent_at};

    w->link->host->rooms->past(w->link, w->op, &m);
}

/* All that is archived, as a query shows it. */
static const char *archive(struct world *w)
{
    struct xmpp_archive_query q = {WROOM_ALL};

    world_clear(w);
    cr_assert_eq(wroom_query(w, &q), SJ_OK);
    return world_lines(w);
}

/* The user goes, and comes back after a while. */
static void outage(struct world *w)
{
    world_down(w, SJ_END_CLOSED);
    world_advance(w, 60000);
    cr_assert_eq(wroom_join(w, "r", "#a", "me"), SJ_OK);
    world_advance(w, 10000);
    world_clear(w);
}

Test(room_fill, gives_a_first_join_the_history_of_the_network_G313_16)
{
    struct world *w = joined();
    int64_t now = sj_loop_utc_ms(w->loop);
    const char *lines, *self, *one, *two, *subject;

    enters(w, "juliet");
    lines = world_lines(w);
    cr_expect(strstr(lines, "net history #a - - 100\n"));
    cr_expect(strstr(lines, "occupant #a/juliet -> "), "people are shown meanwhile");
    cr_expect_null(strstr(lines, "subject #a"));
    past(w, "juliet", "one", "n1", now - 5000);
    past(w, "nurse", "two", "n2", now - 4000);
    cr_expect_null(strstr(lines, "message"));
    world_done(w, SJ_OK);
    world_advance(w, 100);
    lines = world_lines(w);
    self = strstr(lines, "occupant #a/me -> " R);
    one = strstr(lines, "message #a -> " R " one nick=juliet");
    two = strstr(lines, "message #a -> " R " two nick=nurse");
    subject = strstr(lines, "subject #a -> " R);
    cr_assert(self && one && two && subject && self < one && one < two && two < subject, "%s",
              lines);
    cr_expect(strstr(lines, " late\n"));
    cr_expect_str_eq(archive(w), GOT("juliet", "one") GOT("nurse", "two")
                     "answer-archive 9 page count=2 complete\n");
    world_free(w);
}

Test(room_fill, lets_joins_wait_for_a_moment_only)
{
    struct world *w = joined();
    int64_t now = sj_loop_utc_ms(w->loop);

    enters(w, "juliet");
    world_clear(w);
    world_advance(w, ROOM_FILL_WAIT_MS - 100);
    EXPECT(w, "");
    world_advance(w, 200);
    cr_expect(strstr(world_lines(w), "subject #a -> " R));
    cr_expect(strstr(archive(w), "empty count=0 complete unstable\n"), "G313-11");
    past(w, "juliet", "one", "n1", now);
    world_done(w, SJ_OK);
    EXPECT(w, "");
    cr_expect_str_eq(archive(w), GOT("juliet", "one") "answer-archive 9 page count=1 complete\n");
    world_free(w);
}

/* Said before, missed, and said since: in this order, each once (G313-14). */
Test(room_fill, fills_a_hole_page_by_page_G313_11_G313_14)
{
    struct world *w = joined();
    int64_t before, missed;
    char id[16], body[16];
    const char *lines;

    enters(w, "juliet");
    world_done(w, SJ_OK);
    world_advance(w, 1000);
    before = sj_loop_utc_ms(w->loop);
    wroom_says(w, "#a", "juliet", "before", "n0");
    outage(w);
    missed = before + 1000;
    enters(w, "juliet");
    cr_expect(strstr(world_lines(w), "net history #a - n0 100\n"));
    wroom_says(w, "#a", "juliet", "since", "n300");
    for (int i = 0; i < 99; i++) {
        snprintf(id, sizeof id, "n%d", 101 + i);
        snprintf(body, sizeof body, "m%d", 101 + i);
        past(w, "juliet", body, id, missed + 101 + i);
    }
    past(w, "juliet", "since", "n300", missed + 50000);
    world_clear(w);
    world_done(w, SJ_OK);
    world_advance(w, 100);
    lines = world_lines(w);
    cr_expect(strstr(lines, "net history #a n101 n0 100\n"), "%s", lines);
    cr_expect(strstr(lines, " m199 nick=juliet"), "the first page is what the join shows");
    cr_expect(strstr(archive(w), "unstable\n"));
    past(w, "juliet", "m99", "n99", missed + 99);
    past(w, "juliet", "m100", "n100", missed + 100);
    world_clear(w);
    world_done(w, SJ_OK);
    EXPECT(w, "net history #a n99 n0 100\n");
    world_done(w, SJ_OK);
    lines = archive(w);
    cr_expect(strstr(lines, GOT("juliet", "before") GOT("juliet", "m99") GOT("juliet", "m100")
                            GOT("juliet", "m101")), "%s", lines);
    cr_expect(strstr(lines, GOT("juliet", "m199") GOT("juliet", "since")
                            "answer-archive 9 page count=103 complete\n"), "%s", lines);
    world_free(w);
}

Test(room_fill, goes_on_with_a_hole_that_an_earlier_stay_left_G313_14)
{
    struct world *w = joined();
    int64_t before;

    enters(w, "juliet");
    world_done(w, SJ_OK);
    world_advance(w, 1000);
    before = sj_loop_utc_ms(w->loop);
    wroom_says(w, "#a", "juliet", "before", "n0");
    outage(w);
    enters(w, "juliet");
    past(w, "juliet", "five", "n5", before + 5000);
    world_done(w, SJ_OK);
    outage(w);                           /* while the second page is on its way */
    enters(w, "juliet");
    cr_expect(strstr(world_lines(w), "net history #a - n5 100\n"));
    past(w, "juliet", "nine", "n9", before + 50000);
    world_done(w, SJ_OK);
    cr_expect(strstr(world_lines(w), "net history #a n9 n5 100\n"));
    world_done(w, SJ_OK);
    EXPECT(w, "net history #a n5 n0 100\n");
    past(w, "juliet", "four", "n4", before + 4000);
    world_done(w, SJ_OK);
    world_done(w, SJ_OK);
    cr_expect_str_eq(archive(w), GOT("juliet", "before") GOT("juliet", "four")
                     GOT("juliet", "five") GOT("juliet", "nine")
                     "answer-archive 9 page count=4 complete\n");
    world_free(w);
}

/* What the network will never tell is no hole; what it cannot tell now is asked for later. */
Test(room_fill, gives_up_as_the_network_does)
{
    static const struct {
        enum sj_status status;
        const char *asked;
    } rows[] = {
        {SJ_UNSUPPORTED, "net history #a - n0 100\n"}, {SJ_DENIED, "net history #a - n0 100\n"},
        {SJ_TIMEOUT, "net history #a - n0 100\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world *w = joined();
        enters(w, "juliet");
        world_done(w, SJ_OK);
        wroom_says(w, "#a", "juliet", "before", "n0");
        outage(w);
        enters(w, "juliet");
        cr_expect(strstr(world_lines(w), rows[i].asked), "row %zu", i);
        world_done(w, rows[i].status);
        world_advance(w, 100);
        cr_expect(strstr(world_lines(w), "subject #a -> "), "row %zu", i);
        cr_expect(strstr(archive(w), rows[i].status == SJ_TIMEOUT ? "count=2 complete\n"
                                                                  : "count=1 complete\n"),
                  "row %zu", i);
        world_free(w);
    }
}

/* The network forgot what we know: its newest messages are taken as far as they are new. */
Test(room_fill, asks_without_an_id_that_the_network_forgot)
{
    struct world *w = joined();
    int64_t before;

    enters(w, "juliet");
    world_done(w, SJ_OK);
    world_advance(w, 1000);
    before = sj_loop_utc_ms(w->loop);
    wroom_says(w, "#a", "juliet", "before", "n0");
    outage(w);
    enters(w, "juliet");
    world_clear(w);
    world_done(w, SJ_NOTFOUND);
    EXPECT(w, "net history #a - - 100\n");
    past(w, "juliet", "old", "x1", before - 500);
    past(w, "juliet", "new", "x2", before + 500);
    world_done(w, SJ_OK);
    world_advance(w, 100);
    cr_expect_str_eq(archive(w), GOT("juliet", "before") GOT("juliet", "new")
                     "answer-archive 9 page count=2 complete\n");
    world_free(w);
}

/* Without a time, an id, or a question: nobody asked for it, or it has no place. */
Test(room_fill, takes_only_what_has_a_place)
{
    struct world *w = joined();
    int64_t now = sj_loop_utc_ms(w->loop);
    sj_op op;

    enters(w, "juliet");
    op = w->op;
    past(w, "juliet", "no time", "n1", 0);
    past(w, "a b", "blank", "n2", now);
    past(w, "juliet", "twice", "n3", now);
    past(w, "juliet", "twice", "n3", now);
    w->op = op + 17;
    past(w, "juliet", "not asked for", "n4", now);
    w->op = op;
    for (unsigned i = 0; i < 2 * ROOM_FILL_PAGE; i++)
        past(w, "juliet", "twice", "n3", now);
    past(w, "juliet", "too many", "n5", now);
    world_done(w, SJ_OK);
    past(w, "juliet", "late", "n6", now);
    cr_expect_str_eq(archive(w), "archived #a/ -> " R " a b: blank\n" GOT("juliet", "twice")
                     "answer-archive 9 page count=2 complete\n");
    world_free(w);
}

Test(room_fill, asks_one_question_at_a_time)
{
    struct world *w = joined();
    const char *lines;
    sj_op first;

    enters(w, "juliet");
    first = w->op;
    cr_assert_eq(wroom_join(w, "r", "#b", "me"), SJ_OK);
    world_clear(w);
    wroom_enters(w, "#b", "me", "");
    lines = world_lines(w);
    cr_expect_null(strstr(lines, "net history #b"), "%s", lines);
    w->op = first;
    world_done(w, SJ_OK);
    cr_expect(strstr(world_lines(w), "net history #b - - 100\n"));
    world_free(w);
}

/* A stay brings so much; the hole stays for the next one. */
Test(room_fill, bounds_what_one_stay_brings)
{
    struct world *w = joined();
    unsigned pages = 0;
    int64_t at;
    char id[16];

    enters(w, "juliet");
    world_done(w, SJ_OK);
    world_advance(w, 1000);
    at = sj_loop_utc_ms(w->loop) + 2000;
    wroom_says(w, "#a", "juliet", "before", "n0");
    outage(w);
    enters(w, "juliet");
    while (strstr(world_lines(w), "net history #a ")) {
        for (unsigned i = 0; i < ROOM_FILL_PAGE; i++) {
            snprintf(id, sizeof id, "p%u-%u", pages, i);
            past(w, "juliet", "word", id, at - pages + i);
        }
        pages++;
        cr_assert_leq(pages, ROOM_FILL_MAX / ROOM_FILL_PAGE);
        world_done(w, SJ_OK);
    }
    cr_expect_eq(pages, ROOM_FILL_MAX / ROOM_FILL_PAGE);
    outage(w);
    enters(w, "juliet");
    cr_expect(strstr(world_lines(w), "net history #a - p"));
    world_free(w);
}

Test(room_fill, asks_nothing_where_nothing_is_archived)
{
    struct world *w = joined();

    w->store->archive_days = 0;
    enters(w, "juliet");
    cr_expect_null(strstr(world_lines(w), "net history"));
    world_free(w);
}
