/* SPDX-License-Identifier: MPL-2.0 */
/* The contract of sojourn/store_archive.h but for pages (test_store_archive_page.c): the same cases
 * on LMDB and in memory. */
#include "both.h"
#include "group.h"
#include "said.h"

#include <criterion/criterion.h>

#define BOTH(name) BOTH_ENGINES(store_archive, name)

#define HOUR_MS INT64_C(3600000)
#define DAY_MS ((int64_t)ARCHIVE_DAY_MS)

static void flush(struct fixture *f)
{
    cr_assert_eq(sj_store_flush(f->store, NULL), SJ_OK);
}

static struct sj_archive_entry entry(int64_t time, const char *network_id, const char *text)
{
    return (struct sj_archive_entry){.time = time, .network_id = network_id,
                                     .data = (const uint8_t *)text, .n = strlen(text)};
}

/* --- engines -------------------------------------------------------------------------------- */

static uint64_t sought(struct fixture *f, bool back, uint64_t position)
{
    static const uint8_t prefix[ARCHIVE_PREFIX_LEN] = {7};
    struct engine *e = f->store->engine;
    struct store_found found;
    uint8_t key[STORE_KEY_LEN];
    archive_key(key, prefix, position);
    enum sj_status status = back ? e->ops->seek_back(e, STORE_ARCHIVE, key, &found, NULL)
                                 : e->ops->seek(e, STORE_ARCHIVE, key, &found, NULL);
    if (status != SJ_OK) {
        cr_assert_eq(status, SJ_NOTFOUND);
        return 0;
    }
    cr_assert_eq(found.value.n, 1);
    cr_assert_eq(found.value.p[0], archive_position(found.key));
    return archive_position(found.key);
}

BOTH(seeks_both_ways)
{
    static const uint8_t prefix[ARCHIVE_PREFIX_LEN] = {7};
    struct engine *e = f->store->engine;
    for (uint8_t n = 10; n <= 30; n = (uint8_t)(n + 10)) {
        uint8_t key[STORE_KEY_LEN];
        archive_key(key, prefix, n);
        cr_assert_eq(e->ops->begin(e, ENGINE_WRITES, NULL), SJ_OK);
        cr_assert_eq(sought(f, true, UINT64_MAX), n - 10u, "also while it writes");
        cr_assert_eq(e->ops->put(e, STORE_ARCHIVE, key, (struct store_bytes){&n, 1}, NULL), SJ_OK);
        cr_assert_eq(e->ops->commit(e, NULL), SJ_OK);
    }
    cr_assert_eq(e->ops->begin(e, ENGINE_READS, NULL), SJ_OK);
    for (unsigned n = 0; n < 40; n++) {
        cr_expect_eq(sought(f, true, n), n / 10 > 3 ? 30 : n / 10 * 10, "back from %u", n);
        cr_expect_eq(sought(f, false, n), n > 30 ? 0 : n > 20 ? 30 : n > 10 ? 20 : 10,
                     "on from %u", n);
    }
    e->ops->abort(e);
    return 0;
}

/* --- order ---------------------------------------------------------------------------------- */

BOTH(keeps_the_order_in_which_entries_came_whatever_clocks_say)
{
    int64_t now = said_now(f);
    fixture_register(f, 1);
    said_last(f, 1, now - 1000, "a");
    said_last(f, 1, now - 1000, "b");            /* the same millisecond */
    said_last(f, 1, now - 5000, "c");            /* a clock that went back */
    flush(f);
    said_last(f, 1, now - 9000, "d");
    said_last(f, 1, now + 99 * DAY_MS, "e");     /* one that is ahead */
    said_last(f, 1, now - 99 * 365 * DAY_MS, "f");
    said_last(f, 1, -5, "g");
    for (int round = 0; round < 2; round++) {
        cr_expect_str_eq(said_all(f, 1), "a b c d e f g ");
        fixture_reopen(f);
    }
    return 0;
}

BOTH(takes_times_that_cannot_be_for_now)
{
    int64_t now = said_now(f);
    struct sj_archive_page page = {.since = now, .until = now};
    fixture_register(f, 1);
    said_last(f, 1, now - 99 * DAY_MS, "a");
    said_last(f, 1, now + 99 * DAY_MS, "b");
    said_at(f, 1, now + HOUR_MS, "c");
    cr_expect_str_eq(said_page(f, 1, page), "a b c ");
    fixture_advance(f, 2 * HOUR_MS);
    cr_expect_str_eq(said_page(f, 1, page), "a b c ", "none is old");
    return 0;
}

/* The machine's own clock jumps back to the real time; the store is opened anew. */
static void clock_goes_back(struct fixture *f)
{
    struct sj_loop *ahead = f->loop;
    f->loop = sj_loop_new();
    fixture_reopen(f);
    sj_loop_free(&ahead);
}

BOTH(keeps_the_order_when_its_own_clock_goes_back)
{
    fixture_register(f, 1);
    fixture_advance(f, 5 * HOUR_MS);
    said_last(f, 1, said_now(f), "a");
    clock_goes_back(f);
    said_last(f, 1, said_now(f), "b");
    said_last(f, 1, said_now(f), "c");
    for (int round = 0; round < 2; round++) {
        cr_expect_str_eq(said_all(f, 1), "a b c ");
        fixture_reopen(f);
    }
    return 0;
}

BOTH(puts_what_comes_late_between_the_others)
{
    int64_t now = said_now(f), t = now - HOUR_MS;
    fixture_register(f, 1);
    said_last(f, 1, t, "b");
    said_last(f, 1, t + 10, "d");
    for (int round = 0; round < 2; round++) {
        said_at(f, 1, t, round ? "b3" : "b2");   /* behind those of its millisecond */
        said_at(f, 1, t + 5, round ? "c2" : "c1");
        said_at(f, 1, t - 5, round ? "a2" : "a1");
        flush(f);
    }
    cr_expect_str_eq(said_all(f, 1), "a1 a2 b b2 b3 c1 c2 d ");
    said_at(f, 1, now + HOUR_MS, "z");           /* not before its time */
    said_last(f, 1, now, "z2");
    cr_expect_str_eq(said_all(f, 1), "a1 a2 b b2 b3 c1 c2 d z z2 ");
    return 0;
}

BOTH(keeps_rooms_and_owners_apart)
{
    int64_t now = said_now(f);
    char id[SJ_ARCHIVE_ID_SIZE];
    const struct sj_archive_entry other = entry(now, "n1", "other");
    fixture_register(f, 1);
    fixture_register(f, 2);
    said_last(f, 1, now, "a");
    said_last(f, 2, now, "b");
    cr_assert_eq(said_put(f, 1, "mantua", &other, true, id), SJ_OK);
    for (int round = 0; round < 2; round++) {
        cr_expect_str_eq(said_all(f, 1), "a ");
        cr_expect_str_eq(said_all(f, 2), "b ");
        cr_expect_eq(said_count(f, 1), 1);
        cr_expect_str_eq(said_get(f, 1, id), "");
        cr_expect_str_eq(said_find(f, 1, "n1"), "");
        cr_expect_str_eq(said_page(f, 1, (struct sj_archive_page){.room = "mantua", .since = -1,
                                                                  .until = -1}), "other ");
        cr_expect_str_eq(said_page(f, 1, (struct sj_archive_page){.room = "padua", .since = -1,
                                                                  .until = -1}), "");
        fixture_reopen(f);
    }
    return 0;
}

/* --- ids ------------------------------------------------------------------------------------ */

BOTH(gives_ids_that_last_and_tell_nothing)
{
    char copy[SJ_ARCHIVE_ID_SIZE];
    int64_t now = said_now(f);
    fixture_register(f, 1);
    fixture_register(f, 2);
    const char *a = said_last(f, 1, now, "a");
    const char *b = said_last(f, 1, now, "b");
    const char *same = said_last(f, 2, now, "a");
    cr_expect_str_neq(a, b);
    cr_expect_str_neq(a, same);
    for (size_t i = 0; i < 8; i += 4)            /* neighbours have nothing in common */
        cr_expect(memcmp(a + i, b + i, 4) != 0 || memcmp(a + i + 8, b + i + 8, 4) != 0);
    for (int round = 0; round < 2; round++) {
        cr_expect_str_eq(said_get(f, 1, a), "a ");
        cr_expect_str_eq(said_get(f, 1, b), "b ");
        cr_expect_str_eq(said_get(f, 2, a), "");
        cr_expect_str_eq(said_get(f, 3, a), "");
        for (size_t i = 0; i < strlen(a); i++) {
            memcpy(copy, a, sizeof copy);
            copy[i] = copy[i] == 'A' ? 'B' : 'A';
            cr_expect_str_eq(said_get(f, 1, copy), "", "letter %zu", i);
            cr_expect_eq(said_replace(f, 1, copy, "forged"), SJ_NOTFOUND);
        }
        cr_expect_str_eq(said_get(f, 1, ""), "");
        cr_expect_str_eq(said_get(f, 1, "a"), "");
        cr_expect_str_eq(said_get(f, 1, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "");
        cr_expect_str_eq(said_get(f, 1, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "");
        cr_expect_str_eq(said_get(f, 1, "\xc3\xa9*************************"), "");
        fixture_reopen(f);
    }
    return 0;
}

BOTH(never_gives_an_id_again)
{
    int64_t t = said_now(f) - HOUR_MS;
    fixture_register(f, 1);
    const char *first = said_at(f, 1, t, "a");
    flush(f);
    cr_assert_eq(said_replace(f, 1, first, ""), SJ_OK);
    const char *second = said_at(f, 1, t, "b");  /* at the same place, while all of it waits */
    cr_expect_str_neq(first, second);
    for (int round = 0; round < 2; round++) {
        cr_expect_str_eq(said_get(f, 1, first), "");
        cr_expect_str_eq(said_get(f, 1, second), "b ");
        cr_expect_eq(said_replace(f, 1, first, "x"), SJ_NOTFOUND);
        cr_expect_str_eq(said_page(f, 1, (struct sj_archive_page){.since = -1, .until = -1,
                                                                  .after = first}),
                         sj_status_text(SJ_NOTFOUND));
        cr_expect_eq(said_count(f, 1), 1);
        fixture_reopen(f);
    }
    cr_assert_eq(said_replace(f, 1, second, ""), SJ_OK);
    flush(f);
    cr_expect_str_neq(said_at(f, 1, t, "c"), second);
    return 0;
}

BOTH(finds_entries_by_the_networks_id)
{
    int64_t now = said_now(f);
    char id[SJ_ARCHIVE_ID_SIZE], again[SJ_ARCHIVE_ID_SIZE];
    const struct sj_archive_entry e = entry(now, "n1", "a"), twice = entry(now, "n1", "b");
    const struct sj_archive_entry late = entry(now - HOUR_MS, "n1", "b");
    fixture_register(f, 1);
    uint64_t none = fixture_records(f);
    cr_assert_eq(said_put(f, 1, SAID_ROOM, &e, true, id), SJ_OK);
    for (int round = 0; round < 2; round++) {
        cr_expect_str_eq(said_find(f, 1, "n1"), id);
        cr_expect_str_eq(said_find(f, 1, "n2"), "");
        cr_expect_str_eq(said_find(f, 1, ""), "");
        cr_expect_eq(said_put(f, 1, SAID_ROOM, &twice, true, again), SJ_EXISTS);
        cr_expect_str_eq(again, id);
        cr_expect_eq(said_put(f, 1, SAID_ROOM, &late, false, again), SJ_EXISTS);
        cr_expect_str_eq(again, id);
        cr_expect_str_eq(said_all(f, 1), "a ");
        fixture_reopen(f);
    }
    cr_expect_eq(fixture_records(f), none + 3);      /* room, entry, what leads to it */
    cr_assert_eq(said_replace(f, 1, id, ""), SJ_OK);
    cr_expect_str_eq(said_find(f, 1, "n1"), "");
    cr_expect_eq(said_put(f, 1, SAID_ROOM, &twice, true, again), SJ_OK);
    cr_expect_str_neq(again, id);
    for (int round = 0; round < 2; round++) {
        cr_expect_str_eq(said_find(f, 1, "n1"), again);
        cr_expect_str_eq(said_all(f, 1), "b ");
        fixture_reopen(f);
    }
    cr_expect_eq(fixture_records(f), none + 3);
    return 0;
}

BOTH(leaves_no_lead_to_what_stood_there_before)
{
    int64_t t = said_now(f) - HOUR_MS;
    char id[SJ_ARCHIVE_ID_SIZE];
    const struct sj_archive_entry first = entry(t, "n1", "a"), second = entry(t, "n2", "b");
    fixture_register(f, 1);
    uint64_t none = fixture_records(f);
    cr_assert_eq(said_put(f, 1, SAID_ROOM, &first, false, id), SJ_OK);
    flush(f);
    cr_assert_eq(said_replace(f, 1, id, ""), SJ_OK);
    cr_assert_eq(said_put(f, 1, SAID_ROOM, &second, false, id), SJ_OK);
    for (int round = 0; round < 2; round++) {
        cr_expect_str_eq(said_find(f, 1, "n1"), "");
        cr_expect_str_eq(said_find(f, 1, "n2"), id);
        fixture_reopen(f);
    }
    cr_expect_eq(fixture_records(f), none + 3);
    return 0;
}

/* --- replacing and removing ------------------------------------------------------------------ */

BOTH(replaces_and_removes_in_place)
{
    int64_t now = said_now(f);
    char id[SJ_ARCHIVE_ID_SIZE];
    const struct sj_archive_entry e = entry(now, "n1", "b");
    fixture_register(f, 1);
    uint64_t none = fixture_records(f);
    const char *a = said_last(f, 1, now, "a");
    cr_assert_eq(said_put(f, 1, SAID_ROOM, &e, true, id), SJ_OK);
    const char *c = said_last(f, 1, now, "c");
    for (int round = 0; round < 3; round++) {    /* all wait; stored; both */
        cr_assert_eq(said_replace(f, 1, id, round ? "gone" : "edited"), SJ_OK);
        cr_expect_str_eq(said_all(f, 1), round ? "a gone c " : "a edited c ");
        cr_expect_str_eq(said_get(f, 1, id), round ? "gone " : "edited ");
        cr_expect_str_eq(said_find(f, 1, "n1"), id);
        cr_expect_eq(said_count(f, 1), 3);
        if (round < 2)
            fixture_reopen(f);
    }
    cr_assert_eq(said_replace(f, 1, a, ""), SJ_OK);
    for (int round = 0; round < 2; round++) {
        cr_expect_str_eq(said_all(f, 1), "gone c ");
        cr_expect_str_eq(said_get(f, 1, a), "");
        cr_expect_eq(said_count(f, 1), 2);
        cr_expect_eq(said_replace(f, 1, a, "again"), SJ_NOTFOUND);
        fixture_reopen(f);
    }
    cr_assert_eq(said_replace(f, 1, id, ""), SJ_OK);
    cr_assert_eq(said_replace(f, 1, c, ""), SJ_OK);
    cr_expect_eq(said_count(f, 1), 0);
    fixture_reopen(f);
    cr_expect_str_eq(said_all(f, 1), "");
    cr_expect_eq(fixture_records(f), none);
    return 0;
}

BOTH(removes_what_was_never_written)
{
    fixture_register(f, 1);
    uint64_t none = fixture_records(f);
    const char *a = said_last(f, 1, said_now(f), "a");
    cr_assert_eq(said_replace(f, 1, a, ""), SJ_OK);
    cr_expect_str_eq(said_all(f, 1), "");
    cr_expect_eq(said_count(f, 1), 0);
    flush(f);
    cr_expect_eq(fixture_records(f), none);
    return 0;
}

/* --- what is refused ------------------------------------------------------------------------ */

BOTH(refuses_what_it_cannot_keep)
{
    static char huge[SJ_ARCHIVE_DATA_MAX + 2], wide[SJ_ID_MAX + 2];
    int64_t now = said_now(f);
    char id[SJ_ARCHIVE_ID_SIZE];
    memset(huge, 'x', sizeof huge - 1);
    memset(wide, 'x', sizeof wide - 1);
    struct sj_archive_entry e = entry(now, NULL, huge);
    cr_expect_eq(said_put(f, 1, SAID_ROOM, &e, true, id), SJ_LIMIT);
    e.n = SJ_ARCHIVE_DATA_MAX;
    cr_expect_eq(said_put(f, 1, SAID_ROOM, &e, true, id), SJ_NOTFOUND);  /* not registered */
    fixture_register(f, 1);
    cr_expect_eq(said_put(f, 1, SAID_ROOM, &e, true, id), SJ_OK);
    cr_expect_eq(said_replace(f, 1, id, huge), SJ_LIMIT);
    cr_expect_eq(said_put(f, 1, "", &e, true, id), SJ_INVALID);
    cr_expect_eq(said_put(f, 1, wide, &e, true, id), SJ_INVALID);
    e.network_id = wide;
    cr_expect_eq(said_put(f, 1, SAID_ROOM, &e, true, id), SJ_INVALID);
    cr_expect_str_eq(said_find(f, 1, wide), "");
    e.network_id = "";
    cr_expect_eq(said_put(f, 1, SAID_ROOM, &e, true, id), SJ_INVALID);
    e = entry(now, NULL, "");
    cr_expect_eq(said_put(f, 1, SAID_ROOM, &e, true, id), SJ_INVALID);
    e = entry(now - 31 * DAY_MS, NULL, "old");
    cr_expect_eq(said_put(f, 1, SAID_ROOM, &e, false, id), SJ_UNSUPPORTED);
    fixture_reopen(f);
    cr_expect_eq(said_count(f, 1), 1);
    cr_expect_eq(strlen(said_all(f, 1)), SJ_ARCHIVE_DATA_MAX + 1);
    return 0;
}

BOTH(keeps_nothing_when_it_is_off)
{
    char id[SJ_ARCHIVE_ID_SIZE];
    const struct sj_archive_entry e = entry(said_now(f), NULL, "a");
    cr_expect(sj_store_archive_on(f->store));
    fixture_register(f, 1);
    uint64_t none = fixture_records(f);
    cr_assert_eq(said_put(f, 1, SAID_ROOM, &e, true, id), SJ_OK);
    f->archive_days = 0;
    fixture_reopen(f);
    cr_expect_not(sj_store_archive_on(f->store));
    cr_expect_eq(said_put(f, 1, SAID_ROOM, &e, true, id), SJ_UNSUPPORTED);
    fixture_advance(f, 70000);
    fixture_advance(f, 1000);
    cr_expect_eq(fixture_records(f), none, "what was there goes");
    return 0;
}

/* --- bounds --------------------------------------------------------------------------------- */

BOTH(keeps_nothing_longer_because_its_own_clock_was_ahead)
{
    fixture_register(f, 1);
    fixture_advance(f, 400 * DAY_MS);
    said_last(f, 1, said_now(f), "a");
    said_last(f, 1, said_now(f), "b");
    clock_goes_back(f);
    said_last(f, 1, said_now(f), "c");
    cr_expect_str_eq(said_all(f, 1), "a b c ");
    fixture_advance(f, 2 * HOUR_MS);
    cr_expect_str_eq(said_all(f, 1), "a b c ", "which of the two times is right?");
    fixture_advance(f, DAY_MS);
    cr_expect_str_eq(said_all(f, 1), "c ", "nobody knows when the others were said");
    said_last(f, 1, said_now(f), "d");
    fixture_advance(f, 28 * DAY_MS);
    cr_expect_str_eq(said_all(f, 1), "c d ");
    fixture_advance(f, 3 * DAY_MS);
    cr_expect_str_eq(said_all(f, 1), "");
    return 0;
}

static void say_many(struct fixture *f, unsigned i, unsigned from, unsigned n)
{
    char text[16], network_id[16], id[SJ_ARCHIVE_ID_SIZE];
    for (unsigned k = from; k < from + n; k++) {
        snprintf(text, sizeof text, "%u", k);
        snprintf(network_id, sizeof network_id, "n%u", k);
        const struct sj_archive_entry e = entry(said_now(f), network_id, text);
        cr_assert_eq(said_put(f, i, SAID_ROOM, &e, true, id), SJ_OK);
    }
    flush(f);
}

BOTH(keeps_a_bounded_number_for_each_room)
{
    int64_t now = said_now(f);
    char id[SJ_ARCHIVE_ID_SIZE];
    f->archive_messages = 5;
    fixture_reopen(f);
    fixture_register(f, 1);
    fixture_register(f, 2);
    uint64_t none = fixture_records(f);
    say_many(f, 1, 0, 4);
    say_many(f, 2, 0, 1);
    cr_expect_str_eq(said_all(f, 1), "0 1 2 3 ");
    say_many(f, 1, 4, 3);
    cr_expect_str_eq(said_all(f, 1), "2 3 4 5 6 ");
    cr_expect_str_eq(said_find(f, 1, "n1"), "");
    cr_expect_str_neq(said_find(f, 1, "n2"), "");
    say_many(f, 1, 7, 50);
    cr_expect_str_eq(said_all(f, 1), "52 53 54 55 56 ");
    cr_expect_eq(said_count(f, 1), 5);
    cr_expect_str_eq(said_all(f, 2), "0 ");
    cr_expect_eq(fixture_records(f), none + 11 + 3);
    const struct sj_archive_entry old = entry(now - HOUR_MS, NULL, "old");
    cr_expect_eq(said_put(f, 1, SAID_ROOM, &old, false, id), SJ_UNSUPPORTED);
    cr_expect_eq(said_put(f, 2, SAID_ROOM, &old, false, id), SJ_OK);
    f->archive_messages = 2;                     /* lowered: the sweep takes out the rest */
    fixture_reopen(f);
    fixture_advance(f, 70000);
    cr_expect_str_eq(said_all(f, 1), "55 56 ");
    cr_expect_eq(said_count(f, 1), 2);
    return 0;
}

BOTH(takes_out_what_is_too_old_and_nothing_else)
{
    for (unsigned i = 1; i <= 3; i++)
        fixture_register(f, i);
    uint64_t none = fixture_records(f);
    say_many(f, 1, 0, 600);
    say_many(f, 3, 0, 5);
    fixture_advance(f, 20 * DAY_MS);
    say_many(f, 1, 600, 4);
    say_many(f, 2, 0, 10);
    fixture_advance(f, 10 * DAY_MS - 2 * HOUR_MS);
    cr_expect_eq(fixture_records(f), none + 2 * 619 + 3);        /* 30 days are not over */
    fixture_advance(f, 4 * HOUR_MS);
    cr_expect_eq(fixture_records(f), none + 2 * 14 + 2);
    cr_expect_str_eq(said_all(f, 1), "600 601 602 603 ");
    cr_expect_eq(said_count(f, 1), 4);
    cr_expect_str_eq(said_find(f, 1, "n599"), "");
    cr_expect_str_eq(said_all(f, 3), "");
    cr_expect_eq(said_count(f, 3), 0);
    cr_expect_eq(said_count(f, 2), 10);
    return 0;
}

/* A clock that was wrong for some hours costs nobody an archive. */
BOTH(believes_a_jump_of_the_clock_after_a_day)
{
    fixture_register(f, 1);
    say_many(f, 1, 0, 5);
    uint64_t all = fixture_records(f);
    sj_loop_test_advance(f->loop, HOUR_MS);
    sj_loop_test_jump(f->loop, 400 * DAY_MS);
    sj_loop_test_advance(f->loop, 23 * HOUR_MS);
    cr_expect_eq(fixture_records(f), all);
    sj_loop_test_jump(f->loop, -400 * DAY_MS);
    sj_loop_test_advance(f->loop, 24 * HOUR_MS);
    cr_expect_eq(fixture_records(f), all);
    sj_loop_test_jump(f->loop, 400 * DAY_MS);    /* this one is meant */
    sj_loop_test_advance(f->loop, 30 * HOUR_MS);
    cr_expect_lt(fixture_records(f), all);
    return 2;
}

/* What was said while the clock was ahead is not newer than what history brings later. */
BOTH(places_what_is_said_by_the_time_before_a_jump)
{
    fixture_register(f, 1);
    sj_loop_test_jump(f->loop, 3 * DAY_MS);
    said_last(f, 1, said_now(f), "a");
    sj_loop_test_jump(f->loop, -3 * DAY_MS);
    sj_loop_test_advance(f->loop, HOUR_MS);
    said_last(f, 1, said_now(f), "c");
    said_at(f, 1, said_now(f) - HOUR_MS / 2, "b");
    cr_expect_str_eq(said_all(f, 1), "a b c ");
    return 1;
}

/* A machine that does not know the time yet has one long past. */
BOTH(keeps_what_lies_ahead_of_a_clock_that_is_behind)
{
    fixture_register(f, 1);
    say_many(f, 1, 0, 5);
    uint64_t all = fixture_records(f);
    sj_loop_test_jump(f->loop, -400 * DAY_MS);
    sj_loop_test_advance(f->loop, 23 * HOUR_MS);
    say_many(f, 1, 5, 5);
    cr_expect_eq(fixture_records(f), all + 10);
    sj_loop_test_jump(f->loop, 400 * DAY_MS);
    sj_loop_test_advance(f->loop, 23 * HOUR_MS);
    cr_expect_str_eq(said_all(f, 1), "0 1 2 3 4 5 6 7 8 9 ");
    return 1;
}

BOTH(forgets_all_with_the_registration)
{
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    fixture_register(f, 2);
    say_many(f, 2, 0, 1);
    uint64_t none = fixture_records(f);
    say_many(f, 1, 0, 20);
    const char *waiting = said_last(f, 1, said_now(f), "waits");
    cr_assert_eq(fixture_unregister(f->store, &owner, NULL), SJ_OK);
    cr_expect_eq(fixture_records(f), none - 3);
    cr_expect_str_eq(said_all(f, 1), sj_status_text(SJ_NOTFOUND));
    fixture_register(f, 1);
    for (int round = 0; round < 2; round++) {
        cr_expect_str_eq(said_all(f, 1), "");
        cr_expect_str_eq(said_get(f, 1, waiting), "");
        cr_expect_str_eq(said_find(f, 1, "n1"), "");
        cr_expect_eq(said_count(f, 1), 0);
        cr_expect_str_eq(said_all(f, 2), "0 ");
        fixture_reopen(f);
    }
    return 0;
}

BOTH(takes_its_time_to_remove_a_large_archive_of_who_leaves)
{
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    fixture_register(f, 2);
    say_many(f, 2, 0, 3);
    uint64_t none = fixture_records(f) - 3;
    for (unsigned round = 0; round < 2; round++) {
        say_many(f, 1, 0, 2500);
        cr_assert_eq(fixture_unregister(f->store, &owner, NULL), SJ_OK);
        cr_expect_eq(fixture_records(f), none + 2 * 501, "2000, the room's own record with them");
        fixture_register(f, 1);          /* at once: nothing of before is seen */
        cr_expect_eq(fixture_records(f), none + 3);
        cr_expect_str_eq(said_all(f, 1), "");
        cr_expect_eq(said_count(f, 1), 0);
    }
    say_many(f, 1, 0, 3500);
    cr_assert_eq(fixture_unregister(f->store, &owner, NULL), SJ_OK);
    cr_expect_gt(fixture_records(f), none + 2 * 1500 - 1);
    fixture_advance(f, 20000);
    cr_expect_eq(fixture_records(f), none);
    cr_expect_str_eq(said_all(f, 2), "0 1 2 ");
    return 0;
}

/* --- waiting -------------------------------------------------------------------------------- */

BOTH(bounds_what_waits)
{
    static char large[60000];
    char id[SJ_ARCHIVE_ID_SIZE];
    memset(large, 'x', sizeof large - 1);
    fixture_register(f, 1);
    for (unsigned i = 0; i < 200; i++) {
        const struct sj_archive_entry e = entry(said_now(f), NULL, large);
        cr_assert_eq(said_put(f, 1, SAID_ROOM, &e, true, id), SJ_OK);
        cr_assert_leq(f->store->pending_bytes, STORE_PENDING_BYTES_MAX);
    }
    for (unsigned i = 0; i < 3 * STORE_PENDING_MAX; i++) {
        said_last(f, 1, said_now(f), "y");
        cr_assert_leq(group_waiting(f->store), STORE_PENDING_MAX);
    }
    cr_expect_eq(said_count(f, 1), 200 + 3 * STORE_PENDING_MAX);
    fixture_settle(f);
    sj_loop_test_advance(f->loop, SJ_STORE_GROUP_MS + 2 * SJ_LOOP_TICK_MS);
    cr_expect_eq(group_waiting(f->store), 0);
    cr_expect_eq(f->store->pending_bytes, 0);
    cr_expect_eq(said_count(f, 1), 200 + 3 * STORE_PENDING_MAX);
    return 0;
}

/* --- damage --------------------------------------------------------------------------------- */

static unsigned tampered;

/* Every second record, beginning with the room's own. */
static void flip_some(unsigned char *p, size_t *n)
{
    if (tampered++ % 2 == 0)
        p[*n - 1] ^= 1;
}

static void flip_hash(unsigned char *p, size_t *n)
{
    if (*n > ARCHIVE_HASH_LEN)
        p[0] ^= 1;
}

static void cut_short(unsigned char *p, size_t *n)
{
    (void)p;
    *n = 5;
}

static void point_elsewhere(unsigned char *p, size_t *n)
{
    p[*n - 1] ^= 3;
}

BOTH(passes_over_damaged_records_and_counts_again)
{
    fixture_register(f, 1);
    uint64_t none = fixture_records(f);
    say_many(f, 1, 0, 6);
    const char *id = said_find(f, 1, "n1");
    fixture_tamper(f, STORE_ARCHIVE, flip_some);
    cr_expect_str_eq(said_all(f, 1), "0 2 4 ");
    cr_expect_str_eq(said_page(f, 1, (struct sj_archive_page){.since = -1, .until = -1,
                                                              .back = true, .max = 2}), "2 4 +");
    cr_expect_str_eq(said_page(f, 1, (struct sj_archive_page){.since = -1, .until = -1,
                                                              .after = id}), "2 4 ",
                     "one that is damaged is a place all the same");
    cr_expect_eq(said_count(f, 1), 6);
    cr_expect_str_eq(said_get(f, 1, id), "");
    cr_expect_str_eq(said_find(f, 1, "n1"), "");
    say_many(f, 1, 1, 1);                        /* takes the lead over */
    cr_expect_str_eq(said_get(f, 1, said_find(f, 1, "n1")), "1 ");
    fixture_reopen(f);
    cr_expect_eq(said_count(f, 1), 7);
    cr_assert_eq(said_replace(f, 1, id, ""), SJ_OK);
    cr_expect_str_eq(said_all(f, 1), "0 2 4 1 ");
    fixture_reopen(f);
    cr_expect_eq(said_count(f, 1), 6);
    cr_expect_neq(said_find(f, 1, "n1")[0], '\0', "the new one has its lead still");
    fixture_advance(f, 31 * DAY_MS);
    fixture_advance(f, 2 * HOUR_MS);
    cr_expect_eq(fixture_records(f), none, "damaged ones go when their time has come");
    return f->errors;
}

BOTH(believes_no_lead_that_is_wrong)
{
    fixture_register(f, 1);
    uint64_t none = fixture_records(f);
    say_many(f, 1, 0, 4);
    fixture_tamper(f, STORE_ARCHIVE_ID, point_elsewhere);
    for (unsigned i = 0; i < 4; i++) {
        char network_id[8];
        snprintf(network_id, sizeof network_id, "n%u", i);
        cr_expect_str_eq(said_find(f, 1, network_id), "", "%s", network_id);
    }
    fixture_tamper(f, STORE_ARCHIVE_ID, cut_short);
    cr_expect_str_eq(said_find(f, 1, "n1"), "");
    fixture_tamper(f, STORE_ARCHIVE, flip_hash);
    cr_expect_str_eq(said_all(f, 1), "0 1 2 3 ");
    fixture_tamper(f, STORE_ARCHIVE, cut_short);
    cr_expect_str_eq(said_all(f, 1), "");
    fixture_advance(f, 31 * DAY_MS);
    fixture_advance(f, 2 * HOUR_MS);
    cr_expect_eq(fixture_records(f), none, "also leads that lead nowhere");
    return f->errors;
}
