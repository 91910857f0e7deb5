/* SPDX-License-Identifier: MPL-2.0 */
/* Entries of archives that are noted for their commit some at a turn (store/part.c): nobody sees
 * it, and what is written is what would be without. */
#include "said.h"

#include <criterion/criterion.h>

#include "behind.h"
#include "group.h"
#include "sojourn/memory.h"

#define MANY 100u
#define BOUND 60u
#define ROUNDS 1500u

static struct fixture f, plain;          /* plain: in memory, where nothing is noted */
static int64_t start;                    /* UTC ms before all entries */
static unsigned number;

static void open_one(struct fixture *one, enum fixture_engine kind)
{
    fixture_init(one, kind);
    one->archive_messages = BOUND;
    fixture_open(one);
    fixture_register(one, 0);
    fixture_register(one, 1);
    fixture_settle(one);
}

static void set_up(void)
{
    open_one(&f, FIXTURE_LMDB);
    start = said_now(&f) - 1000 * 3600;
    number = 0;
}

static void tear_down(void)
{
    fixture_sweep(&f);
    fixture_sweep(&plain);
}

TestSuite(part, .init = set_up, .fini = tear_down, .timeout = 120);

/* The next turn, in which deferred work is done; the clock goes on by 1 ms. */
static void turn(void)
{
    sj_loop_test_advance(f.loop, 1);
}

/* n more, "1 2 3 " and so on. */
static void say(unsigned n)
{
    char text[16];
    for (; n > 0; n--) {
        snprintf(text, sizeof text, "%u", ++number);
        said_last(&f, 0, start + number, text);
    }
}

static const char *from_to(unsigned first, unsigned last)
{
    static char out[16000];
    size_t n = 0;
    out[0] = '\0';
    for (unsigned i = first; i <= last; i++)
        n += (size_t)snprintf(out + n, sizeof out - n, "%u ", i);
    return out;
}

/* What is on the disk, in a store that is opened anew. */
static const char *stored(void)
{
    fixture_reopen(&f);
    return said_all(&f, 0);
}

/* Some are noted, and some are not. */
static void note_some(void)
{
    turn();
    turn();
    cr_assert_gt(f.store->n_archive_noted, 0);
    cr_assert_lt(f.store->n_archive_noted, f.store->n_archive);
}

static void expect_no_notes(void)
{
    cr_expect_eq(f.store->n_archive_noted, 0);
}

/* --- one at a time -------------------------------------------------------------------------- */

Test(part, notes_some_a_turn_and_shows_each_once)
{
    size_t noted = 0;
    say(50);
    for (unsigned i = 0; i < 4; i++) {
        turn();
        cr_assert_leq(f.store->n_archive_noted, noted + 25);
        noted = f.store->n_archive_noted;
        cr_assert_eq(group_waiting(f.store), 50, "all of them wait");
        cr_assert_eq(said_count(&f, 0), 50);
        cr_assert_str_eq(said_all(&f, 0), from_to(1, 50));
        cr_assert(sj_store_is_settled(f.store));
    }
    cr_assert_gt(noted, 30);
    sj_loop_test_advance(f.loop, SJ_STORE_GROUP_MS + 2 * SJ_LOOP_TICK_MS);
    cr_expect_eq(group_waiting(f.store), 0);
    fixture_settle(&f);
    cr_expect_eq(said_count(&f, 0), 50);
    cr_expect_str_eq(stored(), from_to(1, 50));
    fixture_done(&f, 0);
}

/* --- what makes notes void ------------------------------------------------------------------- */

Test(part, goes_at_once_when_what_is_noted_is_corrected)
{
    char first[SJ_ARCHIVE_ID_SIZE];
    snprintf(first, sizeof first, "%s", said_last(&f, 0, start, "first"));
    say(50);
    note_some();
    cr_assert_eq(said_replace(&f, 0, first, "better"), SJ_OK);
    expect_no_notes();
    turn();
    expect_no_notes();
    cr_expect_eq(said_count(&f, 0), 51);
    sj_loop_test_advance(f.loop, SJ_STORE_GROUP_MS + 2 * SJ_LOOP_TICK_MS);
    cr_expect_eq(group_waiting(f.store), 0);
    fixture_settle(&f);
    cr_expect_eq(strncmp(stored(), "better 1 2 ", 11), 0);
    cr_expect_eq(said_count(&f, 0), 51);
    say(50);
    note_some();                         /* the next group is noted again */
    fixture_done(&f, 0);
}

Test(part, goes_at_once_when_what_is_noted_is_removed)
{
    char first[SJ_ARCHIVE_ID_SIZE];
    snprintf(first, sizeof first, "%s", said_last(&f, 0, start, "first"));
    say(50);
    note_some();
    cr_assert_eq(said_replace(&f, 0, first, ""), SJ_OK);
    expect_no_notes();
    cr_expect_eq(said_count(&f, 0), 50);
    cr_expect_str_eq(stored(), from_to(1, 50));
    fixture_done(&f, 0);
}

Test(part, goes_at_once_when_one_comes_late)
{
    say(50);
    note_some();
    said_at(&f, 0, start + 1, "late");
    expect_no_notes();
    cr_expect_eq(strncmp(stored(), "1 late 2 3 ", 11), 0);
    cr_expect_eq(said_count(&f, 0), 51);
    fixture_done(&f, 0);
}

Test(part, notes_on_when_what_is_not_noted_changes)
{
    say(49);
    const char *last = said_last(&f, 0, start + 50, "last");
    note_some();
    size_t noted = f.store->n_archive_noted;
    cr_assert_eq(said_replace(&f, 0, last, "better"), SJ_OK);
    cr_expect_eq(f.store->n_archive_noted, noted);
    cr_expect(strstr(stored(), "48 49 better "));
    cr_expect_eq(said_count(&f, 0), 50);
    fixture_done(&f, 0);
}

Test(part, lets_other_writes_pass)
{
    struct sj_error err = {.status = SJ_OK};
    say(50);
    note_some();
    cr_assert_eq(fixture_add_contact(&f, 1, "juliet"), SJ_OK);
    expect_no_notes();
    say(50);
    fixture_settle(&f);
    note_some();
    const struct sj_owner other = fixture_owner(1);
    cr_assert_eq(fixture_unregister(f.store, &other, &err), SJ_OK, "%s", err.text);
    expect_no_notes();
    cr_expect_str_eq(stored(), from_to(number - BOUND + 1, number));
    fixture_done(&f, 0);
}

Test(part, forgets_who_leaves)
{
    struct sj_error err = {.status = SJ_OK};
    uint64_t before = fixture_records(&f);
    say(50);
    note_some();
    const struct sj_owner owner = fixture_owner(0);
    cr_assert_eq(fixture_unregister(f.store, &owner, &err), SJ_OK, "%s", err.text);
    expect_no_notes();
    fixture_advance(&f, 1000);
    cr_expect_lt(fixture_records(&f), before);
    fixture_register(&f, 0);
    cr_expect_eq(said_count(&f, 0), 0);
    cr_expect_eq(fixture_records(&f), before);
    fixture_done(&f, 0);
}

/* --- bounds ----------------------------------------------------------------------------------- */

Test(part, keeps_the_bound_of_a_room)
{
    for (unsigned i = 0; i < 10; i++) {
        say(20);
        turn();
    }
    sj_loop_test_advance(f.loop, SJ_STORE_GROUP_MS + 2 * SJ_LOOP_TICK_MS);
    fixture_settle(&f);
    cr_expect_str_eq(stored(), from_to(number - BOUND + 1, number));
    cr_expect_eq(said_count(&f, 0), BOUND);
    fixture_done(&f, 0);
}

/* Two go for each that comes, and none of those that come together. */
Test(part, makes_way_in_a_store_that_is_full)
{
    say(20);
    cr_assert_eq(sj_store_flush(f.store, NULL), SJ_OK);
    f.store->scarce = true;
    say(40);
    note_some();
    cr_expect_str_eq(stored(), from_to(21, 60));
    f.store->scarce = true;
    say(4);
    cr_assert_eq(sj_store_flush(f.store, NULL), SJ_OK);
    f.store->scarce = true;
    say(17);
    note_some();
    cr_expect_str_eq(stored(), from_to(21 + 8 + 34, 81));
    fixture_done(&f, 0);
}

/* --- against a store that notes nothing ------------------------------------------------------ */

static char ids[2][4096][SJ_ARCHIVE_ID_SIZE];
static unsigned n_ids;

static void both_say(int64_t time, bool last)
{
    char text[16];
    snprintf(text, sizeof text, "%u", ++number);
    const struct sj_archive_entry e = {.time = time, .data = (const uint8_t *)text,
                                       .n = strlen(text)};
    enum sj_status one = said_put(&f, 0, SAID_ROOM, &e, last, ids[0][n_ids % 4096]);
    enum sj_status other = said_put(&plain, 0, SAID_ROOM, &e, last, ids[1][n_ids % 4096]);
    cr_assert_eq(one, other, "%u: %s, not %s", number, sj_status_text(one), sj_status_text(other));
    n_ids += one == SJ_OK;
}

static void both_replace(const char *text)
{
    if (n_ids < 100)
        return;
    unsigned i = (n_ids - 1 - sj_random_below(90)) % 4096;
    cr_assert_eq(said_replace(&f, 0, ids[0][i], text), said_replace(&plain, 0, ids[1][i], text));
}

/* Only the one has a clock that goes on; when it writes, so does the other. */
static void both_advance(int64_t ms)
{
    uint64_t groups = f.store->n_groups;
    sj_loop_test_advance(f.loop, ms);
    fixture_settle(&f);
    if (f.store->n_groups > groups)
        cr_assert_eq(sj_store_flush(plain.store, NULL), SJ_OK);
}

static void both_leave_and_come(unsigned i)
{
    const struct sj_owner owner = fixture_owner(i);
    cr_assert_eq(fixture_unregister(f.store, &owner, NULL), SJ_OK);
    cr_assert_eq(fixture_unregister(plain.store, &owner, NULL), SJ_OK);
    fixture_register(&f, i);
    fixture_register(&plain, i);
}

static void both_do(unsigned choice, unsigned round)
{
    char text[16];
    snprintf(text, sizeof text, "r%u", round);
    if (choice < 40) {
        for (unsigned n = sj_random_below(30); n > 0; n--)
            both_say(start + number, true);
    } else if (choice < 44) {
        both_say(start + (number > 20 ? number - sj_random_below(20) : 0), false);
    } else if (choice < 50) {
        both_replace(text);
    } else if (choice < 53) {
        both_replace("");
    } else if (choice < 85) {
        both_advance(1);
    } else if (choice < 91) {
        both_advance(SJ_STORE_GROUP_MS + 2 * SJ_LOOP_TICK_MS);
    } else if (choice < 94) {
        cr_assert_eq(sj_store_flush(f.store, NULL), SJ_OK);
        cr_assert_eq(sj_store_flush(plain.store, NULL), SJ_OK);
    } else if (choice < 97) {
        cr_assert_eq(fixture_add_contact(&f, 1, text), fixture_add_contact(&plain, 1, text));
    } else {
        both_leave_and_come(choice == 97 ? 0 : 1);
    }
}

Test(part, is_like_a_store_that_notes_nothing)
{
    unsigned noted = 0;
    char all[16000];
    open_one(&plain, FIXTURE_MEM);
    for (unsigned round = 0; round < ROUNDS; round++) {
        both_do(sj_random_below(100), round);
        noted += f.store->n_archive_noted > 0;
        snprintf(all, sizeof all, "%s", said_all(&plain, 0));
        const char *noting = said_all(&f, 0);
        cr_assert_str_eq(noting, all, "round %u: %s\nnot %s", round, noting, all);
        cr_assert_eq(said_count(&f, 0), said_count(&plain, 0), "round %u", round);
    }
    cr_expect_gt(noted, ROUNDS / 20);
    cr_assert_eq(sj_store_flush(plain.store, NULL), SJ_OK);
    snprintf(all, sizeof all, "%s", said_all(&plain, 0));
    cr_expect_str_eq(stored(), all);
    cr_expect_eq(fixture_records(&f), fixture_records(&plain));
    fixture_done(&plain, 0);
    fixture_done(&f, 0);
}
