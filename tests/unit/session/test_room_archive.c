/* SPDX-License-Identifier: MPL-2.0 */
/* Archives of rooms: queries and their pages, what is in them, and the history of joins. */
#include <stdio.h>
#include <string.h>

#include "room.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/store_archive.h"
#include "sojourn/strbuf.h"
#include "store_priv.h"
#include "world_room.h"

#define R "romeo@example.org/r"
#define S "romeo@example.org/s"
#define GOT(nick, text) "archived #a/" nick " -> " R " " text "\n"
#define LATE(nick, text) "message #a -> " S " " text " nick=" nick " id=new sid late\n"

/* In #a with juliet and the nurse, who have said a to f, a second each. */
static struct world *said_six(void)
{
    static const char *const words[] = {"a", "b", "c", "d", "e", "f"};
    struct world *w = wroom_ready(0, "juliet=juliet,nurse");

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        world_advance(w, 1000);
        wroom_says(w, "#a", i % 2 ? "nurse" : "juliet", words[i], NULL);
    }
    world_clear(w);
    return w;
}

/* Ids of all that is archived. */
static void all_ids(struct world *w, char ids[][SJ_ARCHIVE_ID_SIZE], size_t n)
{
    struct xmpp_archive_query q = {WROOM_ALL};

    cr_assert_eq(wroom_query(w, &q), SJ_OK);
    for (size_t i = 0; i < n; i++)
        snprintf(ids[i], SJ_ARCHIVE_ID_SIZE, "%s", wroom_page_id(i));
    world_clear(w);
}

Test(room_archive, gives_what_was_said_in_order_G313_02_G313_05)
{
    struct world *w = wroom_ready(0, "juliet");
    struct xmpp_archive_query q = {WROOM_ALL, .query_id = "q1"};
    char live[64];

    wroom_says(w, "#a", "juliet", "one", NULL);
    wroom_says(w, "#a", "juliet", "two", NULL);
    snprintf(live, sizeof live, "%s", world_last_stanza_id());
    world_clear(w);
    cr_assert_eq(wroom_query(w, &q), SJ_OK);
    EXPECT(w, GOT("juliet", "one q1") GOT("juliet", "two q1")
              "answer-archive 9 page count=2 complete\n");
    cr_expect_str_eq(wroom_page_id(1), live);
    cr_expect_str_eq(wroom_page_end(true), live);
    cr_expect_str_eq(wroom_page_end(false), wroom_page_id(0));
    world_free(w);
}

Test(room_archive, is_paged_both_ways_G313_10_G313_11)
{
    struct world *w = said_six();
    struct xmpp_archive_query q = {.start = -1, .end = -1, .page = {.wanted = true, .max = 4}};
    char ids[6][SJ_ARCHIVE_ID_SIZE];

    all_ids(w, ids, 6);
    wroom_query(w, &q);
    EXPECT(w, GOT("juliet", "a") GOT("nurse", "b") GOT("juliet", "c") GOT("nurse", "d")
              "answer-archive 9 page count=6\n");
    q.page.mark = ids[3];
    wroom_query(w, &q);
    EXPECT(w, GOT("juliet", "e") GOT("nurse", "f") "answer-archive 9 page count=6 complete\n");
    q.page = (struct xmpp_page){.wanted = true, .max = 4, .back = true};
    wroom_query(w, &q);
    EXPECT(w, GOT("juliet", "c") GOT("nurse", "d") GOT("juliet", "e") GOT("nurse", "f")
              "answer-archive 9 page count=6\n");
    q.page.mark = ids[2];
    wroom_query(w, &q);
    EXPECT(w, GOT("juliet", "a") GOT("nurse", "b") "answer-archive 9 page count=6 complete\n");
    cr_expect_str_eq(wroom_page_end(false), ids[0]);
    world_free(w);
}

Test(room_archive, turns_pages_over_only_as_they_are_sent_G313_10)
{
    struct world *w = said_six();
    struct xmpp_archive_query q = {.start = -1, .end = -1, .flip = true,
                                   .page = {.wanted = true, .max = 2, .back = true}};
    char ids[6][SJ_ARCHIVE_ID_SIZE];

    all_ids(w, ids, 6);
    wroom_query(w, &q);
    EXPECT(w, GOT("nurse", "f") GOT("juliet", "e") "answer-archive 9 page count=6\n");
    cr_expect_str_eq(wroom_page_end(false), ids[4]);
    cr_expect_str_eq(wroom_page_end(true), ids[5]);
    world_free(w);
}

Test(room_archive, only_counts_when_no_row_is_asked_for_G313_10)
{
    struct world *w = said_six();
    struct xmpp_archive_query q = {.start = -1, .end = -1, .page = {.wanted = true, .max = 0}};

    wroom_query(w, &q);
    EXPECT(w, "answer-archive 9 empty count=6\n");
    world_free(w);
}

Test(room_archive, is_filtered_by_time_and_ids)
{
    struct world *w = said_six();
    int64_t now = sj_loop_utc_ms(w->loop);
    struct xmpp_archive_query by_time = {WROOM_ALL};
    struct xmpp_archive_query by_ids = {WROOM_ALL};
    char ids[6][SJ_ARCHIVE_ID_SIZE];

    all_ids(w, ids, 6);
    by_time.start = now - 3000;
    by_time.end = now - 2000;
    wroom_query(w, &by_time);
    EXPECT(w, GOT("juliet", "c") GOT("nurse", "d") "answer-archive 9 page count=-1 complete\n");
    by_ids.after = ids[1];
    by_ids.before = ids[4];
    wroom_query(w, &by_ids);
    EXPECT(w, GOT("juliet", "c") GOT("nurse", "d") "answer-archive 9 page count=-1 complete\n");
    by_ids.before = ids[1];
    wroom_query(w, &by_ids);
    EXPECT(w, "answer-archive 9 empty count=-1 complete\n");
    world_free(w);
}

Test(room_archive, pages_within_the_bounds_of_the_form)
{
    struct world *w = said_six();
    struct xmpp_archive_query q = {WROOM_ALL};
    char ids[6][SJ_ARCHIVE_ID_SIZE];

    all_ids(w, ids, 6);
    q.after = ids[1];
    q.page.max = 2;
    wroom_query(w, &q);
    EXPECT(w, GOT("juliet", "c") GOT("nurse", "d") "answer-archive 9 page count=-1\n");
    q.page.mark = ids[3];
    wroom_query(w, &q);
    EXPECT(w, GOT("juliet", "e") GOT("nurse", "f") "answer-archive 9 page count=-1 complete\n");
    q = (struct xmpp_archive_query){WROOM_ALL, .after = ids[0], .before = ids[4]};
    q.page.back = true;
    q.page.max = 2;
    wroom_query(w, &q);
    EXPECT(w, GOT("juliet", "c") GOT("nurse", "d") "answer-archive 9 page count=-1\n");
    q.page.mark = ids[2];
    wroom_query(w, &q);
    EXPECT(w, GOT("nurse", "b") "answer-archive 9 page count=-1 complete\n");
    world_free(w);
}

/* A search has an end, which is no end of what there is: the next page goes on there. */
Test(room_archive, goes_on_where_a_search_was_given_up)
{
    struct world *w = wroom_ready(0, "juliet,nurse");
    struct xmpp_archive_query q = {WROOM_ALL, .with_nick = "nurse"};
    char mark[64];

    wroom_says(w, "#a", "nurse", "first", NULL);
    for (unsigned i = 0; i < SJ_ARCHIVE_LOOK_MAX; i++)
        wroom_says(w, "#a", "juliet", "word", NULL);
    wroom_says(w, "#a", "nurse", "last", NULL);
    world_clear(w);
    wroom_query(w, &q);
    EXPECT(w, GOT("nurse", "first") "answer-archive 9 page count=-1\n");
    snprintf(mark, sizeof mark, "%s", wroom_page_end(true));
    cr_expect_str_neq(mark, wroom_page_id(0));
    q.page.mark = mark;
    wroom_query(w, &q);
    EXPECT(w, GOT("nurse", "last") "answer-archive 9 page count=-1 complete\n");
    q.page.mark = NULL;
    q.with_nick = "nobody";
    q.page.back = true;
    wroom_query(w, &q);
    EXPECT(w, "answer-archive 9 page count=-1\n");
    snprintf(mark, sizeof mark, "%s", wroom_page_end(false));
    q.page.mark = mark;
    wroom_query(w, &q);
    EXPECT(w, "answer-archive 9 empty count=-1 complete\n");
    world_free(w);
}

Test(room_archive, is_filtered_by_who_spoke_G313_13)
{
    struct world *w = wroom_ready(0, "juliet=juliet,nurse");
    struct xmpp_archive_query q = {WROOM_ALL};

    wroom_says(w, "#a", "juliet", "a", NULL);
    wroom_says(w, "#a", "nurse", "b", NULL);
    w->messages_wait = true;
    wroom_send(w, "r", "#a", NULL, "c", "m1");
    wroom_echo(w, "#a", "me", "c", NULL);
    world_clear(w);
    q.with_nick = "nurse";
    wroom_query(w, &q);
    EXPECT(w, GOT("nurse", "b") "answer-archive 9 page count=-1 complete\n");
    q.with_nick = NULL;
    q.with_peer = "Juliet";
    wroom_query(w, &q);
    EXPECT(w, GOT("juliet", "a") "answer-archive 9 page count=-1 complete\n");
    q.with_peer = "nurse";
    wroom_query(w, &q);
    EXPECT(w, "answer-archive 9 empty count=-1 complete\n");
    q.with_peer = "no address";
    wroom_query(w, &q);
    EXPECT(w, "answer-archive 9 empty count=-1 complete\n");
    q.with_peer = NULL;
    q.with_jid = ROMEO;
    wroom_query(w, &q);
    EXPECT(w, GOT("me", "c") "answer-archive 9 page count=-1 complete\n");
    q.with_jid = "mercutio@example.org";
    wroom_query(w, &q);
    EXPECT(w, "answer-archive 9 empty count=-1 complete\n");
    world_free(w);
}

Test(room_archive, gives_what_is_asked_for_by_id)
{
    struct world *w = said_six();
    struct xmpp_archive_query q = {WROOM_ALL};
    char ids[6][SJ_ARCHIVE_ID_SIZE];
    const char *asked[] = {ids[4], ids[1], ids[4]};

    all_ids(w, ids, 6);
    q.ids = asked;
    q.n_ids = 3;
    wroom_query(w, &q);
    EXPECT(w, GOT("nurse", "b") GOT("juliet", "e") "answer-archive 9 page count=-1 complete\n");
    world_free(w);
}

Test(room_archive, refuses_ids_that_are_unknown_G313_09)
{
    struct world *w = said_six();
    const char *none[] = {"4ad0c3"};
    const struct xmpp_archive_query rows[] = {
        {WROOM_ALL, .after = "4ad0c3"},
        {WROOM_ALL, .before = "4ad0c3"},
        {WROOM_ALL, .ids = none, .n_ids = 1},
        {.start = -1, .end = -1, .page = {.wanted = true, .max = 5, .mark = "4ad0c3"}},
        {.start = -1, .end = -1, .page = {.wanted = true, .max = 5, .mark = "x", .back = true}},
        {WROOM_ALL, .after = "4ad0c3", .room = "#empty"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct xmpp_archive_query q = rows[i];
        cr_expect_eq(wroom_query(w, &q), SJ_NOTFOUND, "row %zu", i);
        EXPECT(w, "");
    }
    world_free(w);
}

Test(room_archive, may_be_empty_G313_09_G313_12)
{
    struct world *w = wroom_ready(0, "");
    struct xmpp_archive_query q = {WROOM_ALL};
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err;

    cr_expect_eq(wroom_query(w, &q), SJ_OK);
    EXPECT(w, "answer-archive 9 empty count=0 complete\n");
    cr_expect_eq(w->in->archive.ends(w->sessions, &from, "#a", 9, &err), SJ_OK);
    EXPECT(w, "answer-archive-ends 9 empty\n");
    wroom_says(w, "#a", NULL, "one", NULL);
    world_advance(w, 1000);
    wroom_says(w, "#a", NULL, "two", NULL);
    world_clear(w);
    cr_expect_eq(w->in->archive.ends(w->sessions, &from, "#A", 9, &err), SJ_OK);
    EXPECT(w, "answer-archive-ends 9 two\n");
    world_free(w);
}

/* Users see their own archives only, in the room or not (G313-07). */
Test(room_archive, is_for_registered_users_alone_G313_07)
{
    struct world *w = said_six();
    struct xmpp_archive_query q = {WROOM_ALL, .room = "#a"};
    struct xmpp_from from = world_from("mercutio@example.org", "r");
    struct sj_error err = {.status = SJ_OK};

    cr_expect_neq(w->in->archive.query(w->sessions, &from, &q, 9, &err), SJ_OK);
    cr_expect_neq(w->in->archive.ends(w->sessions, &from, "#a", 9, &err), SJ_OK);
    world_register(w, "mercutio@example.org", "mercutio", 3);
    world_clear(w);
    cr_expect_eq(w->in->archive.query(w->sessions, &from, &q, 9, &err), SJ_OK);
    EXPECT(w, "answer-archive 9 empty count=0 complete\n");
    wroom_leave(w, "r", "#a", NULL);
    world_clear(w);
    cr_expect_eq(wroom_query(w, &q), SJ_OK);
    cr_expect(strstr(world_lines(w), GOT("nurse", "f") "answer-archive 9 page count=6 complete\n"));
    q.room = "no room";
    cr_expect_eq(wroom_query(w, &q), SJ_NOTFOUND);
    world_free(w);
}

Test(room_archive, says_when_nothing_is_archived)
{
    struct world *w = wroom_ready(0, "juliet");
    struct xmpp_archive_query q = {WROOM_ALL};
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err;

    w->store->archive_days = 0;
    cr_assert_not(sj_store_archive_on(w->store));
    cr_expect_eq(wroom_query(w, &q), SJ_UNAVAILABLE);
    cr_expect_eq(w->in->archive.ends(w->sessions, &from, "#a", 9, &err), SJ_UNAVAILABLE);
    wroom_says(w, "#a", "juliet", "hark", NULL);
    EXPECT(w, "message #a -> " R " hark nick=juliet id=new sid\n");
    cr_assert_eq(wroom_join(w, "r", "#a", "me"), SJ_OK);
    cr_expect_null(strstr(world_lines(w), "hark"));
    world_free(w);
}

Test(room_archive, says_so_when_a_page_cannot_be_sent)
{
    struct world *w = said_six();
    struct xmpp_archive_query q = {WROOM_ALL};

    w->queued = WORLD_QUEUE_MAX;
    cr_expect_eq(wroom_query(w, &q), SJ_OK);
    EXPECT(w, "answer 9 limit reached\n");
    world_free(w);
}

/* G313-06: what is said about messages, and subjects; nothing that was whispered or refused. */
Test(room_archive, has_marks_and_subjects_G313_06)
{
    struct world *w = wroom_ready(SJ_CAP_REACT | SJ_CAP_RETRACT | SJ_CAP_CORRECT, "juliet");
    struct xmpp_archive_query q = {WROOM_ALL};
    static const char *const thumb[] = {"+"};
    struct sj_mark m = {.kind = SJ_MARK_REACTIONS, .peer = "#a", .nick = "juliet",
                        .in_room = true, .target = "n1", .reactions = thumb, .n_reactions = 1};

    wroom_says(w, "#a", "juliet", "hark", "n1");
    w->link->host->mark(w->link, &m);
    w->link->host->rooms->subject(w->link, "#a", "juliet", "night", 0);
    w->link->host->message(w->link, &(struct sj_message){.peer = "#a", .nick = "juliet",
                                                         .body = "psst"});
    w->link->host->message(w->link, &(struct sj_message){.peer = "#a", .nick = "juliet",
                                                         .in_room = true, .body = "what light",
                                                         .id = "n2", .replaces = "n1"});
    w->messages_wait = true;
    wroom_send(w, "r", "#a", NULL, "refused", "m1");
    world_done(w, SJ_DENIED);
    world_clear(w);
    wroom_query(w, &q);
    EXPECT(w, GOT("juliet", "hark") GOT("juliet", "mark") GOT("juliet", "night")
              GOT("juliet", "what light") "answer-archive 9 page count=4 complete\n");
    world_free(w);
}

/* Networks may call a correction what it corrects (struct sj_message). */
Test(room_archive, has_corrections_that_have_no_id_of_their_own)
{
    struct world *w = wroom_ready(SJ_CAP_CORRECT, "juliet");
    struct xmpp_archive_query q = {WROOM_ALL};
    struct sj_message m = {.peer = "#a", .nick = "juliet", .in_room = true, .id = "n1",
                           .replaces = "n1"};

    wroom_says(w, "#a", "juliet", "hark", "n1");
    m.body = "hark!";
    w->link->host->message(w->link, &m);
    m.body = "hark!!";
    w->link->host->message(w->link, &m);
    world_clear(w);
    wroom_query(w, &q);
    EXPECT(w, GOT("juliet", "hark") GOT("juliet", "hark!") GOT("juliet", "hark!!")
              "answer-archive 9 page count=3 complete\n");
    world_free(w);
}

/* ---- history of joins ---- */

static void join_again(struct world *w, struct xmpp_join_in in)
{
    in.room = "#a";
    in.nick = "me";
    in.show = XMPP_ONLINE;
    cr_assert_eq(wroom_join_with(w, "s", &in), SJ_OK);
}

/* What a join of another client shows of history. */
static const char *history(struct world *w, struct xmpp_join_in in)
{
    static char lines[8192];
    const char *all, *self, *end;

    world_clear(w);
    w->sessions->entering_turn++;        /* so many joins fit no turn, and no time is to pass */
    w->sessions->entering_shown = 0;
    join_again(w, in);
    all = world_lines(w);
    self = strstr(all, "occupant #a/me -> " S);
    cr_assert(self);
    self = strchr(self, '\n') + 1;
    end = strstr(self, "subject #a");
    cr_assert(end, "exactly one subject ends it");
    snprintf(lines, sizeof lines, "%.*s", (int)(end - self), self);
    return lines;
}

#define NO_LIMIT .history_chars = -1, .history_stanzas = -1, .history_seconds = -1, \
                 .history_since = -1

Test(room_archive, limits_the_history_of_joins_G045_32)
{
    struct world *w = said_six();
    int64_t now = sj_loop_utc_ms(w->loop) + 500;
    const struct {
        int64_t chars, stanzas, seconds, since;
        unsigned n;
    } rows[] = {
        {-1, -1, -1, -1, 6}, {-1, 0, -1, -1, 0},       {-1, 2, -1, -1, 2},
        {-1, 9, -1, -1, 6},  {0, -1, -1, -1, 0},       {350, -1, -1, -1, 0},
        {351, -1, -1, -1, 1}, {2 * 351, -1, -1, -1, 2}, {-1, -1, 0, -1, 0},
        {-1, -1, 2, -1, 2},  {-1, -1, INT64_MAX, -1, 6}, {-1, -1, -1, now - 2000, 2},
        {-1, -1, -1, now + 1, 0}, {-1, -1, -1, 0, 6},  {-1, 2, 4, now - 3000, 2},
        {3 * 351, 5, 60, now - 4000, 3}, {-1, 4, 1, 0, 1},
    };
    static const char *const all[] = {LATE("juliet", "a"), LATE("nurse", "b"), LATE("juliet", "c"),
                                      LATE("nurse", "d"), LATE("juliet", "e"), LATE("nurse", "f")};
    world_presence(w, "s", NULL, XMPP_ONLINE, 0);
    world_advance(w, 500);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char want[1024] = "";
        for (unsigned k = 6 - rows[i].n; k < 6; k++)
            snprintf(want + strlen(want), sizeof want - strlen(want), "%s", all[k]);
        cr_expect_str_eq(history(w, (struct xmpp_join_in){.history_chars = rows[i].chars,
                                                          .history_stanzas = rows[i].stanzas,
                                                          .history_seconds = rows[i].seconds,
                                                          .history_since = rows[i].since}),
                         want, "row %zu", i);
    }
    world_free(w);
}

Test(room_archive, has_limits_of_its_own_for_history_G045_32)
{
    struct world *w = wroom_ready(0, "juliet");
    const char *lines;
    unsigned n = 0;

    for (unsigned i = 0; i < ROOM_HISTORY_MAX + 10; i++)
        wroom_says(w, "#a", "juliet", "word", NULL);
    world_presence(w, "s", NULL, XMPP_ONLINE, 0);
    lines = history(w, (struct xmpp_join_in){NO_LIMIT});
    for (const char *at = lines; (at = strchr(at, '\n')) != NULL; at++)
        n++;
    cr_expect_eq(n, ROOM_HISTORY_DEFAULT);
    world_clear(w);
    join_again(w, (struct xmpp_join_in){.history_chars = -1, .history_stanzas = INT64_MAX,
                                        .history_seconds = -1, .history_since = -1});
    n = 0;
    lines = world_lines(w);
    for (const char *at = lines; (at = strstr(at, " late\n")) != NULL; at++)
        n++;
    cr_expect_eq(n, ROOM_HISTORY_MAX);
    world_free(w);
}

Test(room_archive, shows_no_subjects_marks_and_what_was_taken_back_in_history_G045_36_G424_04)
{
    struct world *w = wroom_ready(SJ_CAP_REACT | SJ_CAP_RETRACT, "juliet");
    struct xmpp_archive_query q = {WROOM_ALL};
    struct sj_mark m = {.kind = SJ_MARK_RETRACTED, .peer = "#a", .nick = "juliet",
                        .in_room = true, .target = "n1"};

    wroom_says(w, "#a", "juliet", "rash", "n1");
    wroom_says(w, "#a", "juliet", "kind", "n2");
    w->link->host->rooms->subject(w->link, "#a", "juliet", "night", 0);
    w->link->host->mark(w->link, &m);
    world_presence(w, "s", NULL, XMPP_ONLINE, 0);
    world_clear(w);
    join_again(w, (struct xmpp_join_in){NO_LIMIT});
    const char *lines = world_lines(w);
    cr_expect(strstr(lines, " kind nick=juliet"));
    cr_expect_null(strstr(lines, "rash"));
    cr_expect_null(strstr(lines, "mark "));
    wroom_query(w, &q);
    lines = world_lines(w);
    cr_expect(strstr(lines, GOT("juliet", "mark")), "archives keep the retraction");
    world_free(w);
}

/* A client in #big gets its history when it has seen everybody; what is said meanwhile comes
 * behind the subject, and once. */
static struct world *enters_big(void)
{
    struct world *w = world_new(CAPS_ROOMS);
    struct sj_strbuf many;

    world_ready(w);
    wroom_join(w, "r", "#a", "me");
    sj_strbuf_init(&many, 1 << 20);
    for (unsigned i = 0; i < ROOM_TURN_STANZAS + 50; i++)
        sj_strbuf_addf(&many, "%sn%u", i ? "," : "", i);
    wroom_enters(w, "#a", "me", many.s);
    sj_strbuf_release(&many);
    world_advance(w, 50);
    wroom_says(w, "#a", "n1", "before", NULL);
    world_presence(w, "s", NULL, XMPP_ONLINE, 0);
    join_again(w, (struct xmpp_join_in){NO_LIMIT});
    world_clear(w);
    return w;
}

static unsigned count(const char *lines, const char *what)
{
    unsigned n = 0;

    for (const char *at = lines; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

Test(room_archive, shows_history_before_what_is_said_meanwhile_G045_33)
{
    struct world *w = enters_big();
    const char *lines, *before, *subject, *after;

    wroom_says(w, "#a", "n2", "meanwhile", NULL);
    world_clear(w);
    world_advance(w, 50);
    lines = world_lines(w);
    before = strstr(lines, LATE("n1", "before"));
    subject = strstr(lines, "subject #a");
    after = strstr(lines, "message #a -> " S " meanwhile nick=n2 id=new sid\n");
    cr_assert(before && subject && after && before < subject && subject < after, "%s", lines);
    cr_expect_eq(count(lines, "meanwhile"), 1);
    world_free(w);
}

/* What is whispered, or was too long to be archived, stands in no archive. */
Test(room_archive, shows_nothing_twice_after_what_is_not_archived)
{
    struct world *w = enters_big();
    const struct sj_message whisper = {.peer = "#a", .nick = "n3", .body = "psst"};
    const char *lines;

    w->link->host->message(w->link, &whisper);
    wroom_says(w, "#a", "n2", "meanwhile", NULL);
    world_clear(w);
    world_advance(w, 50);
    lines = world_lines(w);
    cr_expect_eq(count(lines, "psst"), 1);
    cr_expect_eq(count(lines, "meanwhile"), 1, "%s", lines);
    cr_expect_eq(count(lines, LATE("n1", "before")), 1);
    world_free(w);
}

/* The network has it that the user was there, and no client of theirs heard it. */
Test(room_archive, has_what_was_said_until_the_link_of_a_log_out_was_down)
{
    struct world *w = wroom_ready(0, "juliet");
    struct xmpp_archive_query q = {WROOM_ALL, .query_id = "q1"};

    w->disconnect_waits = true;
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    wroom_says(w, "#a", "juliet", "wait", NULL);
    world_down(w, SJ_END_ASKED);
    world_clear(w);
    cr_assert_eq(wroom_query(w, &q), SJ_OK);
    EXPECT(w, GOT("juliet", "wait q1") "answer-archive 9 page count=1 complete\n");
    world_free(w);
}
