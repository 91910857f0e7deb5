/* SPDX-License-Identifier: MPL-2.0 */
/* A store that has reached sj_store_options.data_max_bytes (store/scarce.c, lmdb_open.c, behind.c):
 * on LMDB and in memory, and what only LMDB can do, a map that is full. */
#include "said.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "sojourn/memory.h"

#define FULL_BYTES ((uint64_t)1 << 20)
#define LETTERS 3000u
#define ROUND 20u

static struct fixture opened;
static unsigned char blob[SJ_STORE_JOURNAL_MAX];

static void sweep(void)
{
    fixture_sweep(&opened);
}

TestSuite(scarce, .fini = sweep);

#define BOTH(name)                                                            \
    static unsigned case_##name(struct fixture *);                            \
    ParameterizedTestParameters(scarce, name)                                 \
    {                                                                         \
        static int engines[] = {FIXTURE_LMDB, FIXTURE_MEM};                   \
        return cr_make_param_array(int, engines, 2, NULL);                    \
    }                                                                         \
    ParameterizedTest(int *kind, scarce, name, .timeout = 120, .fini = sweep) \
    {                                                                         \
        fixture_init(&opened, (enum fixture_engine)*kind);                    \
        opened.data_max_bytes = FULL_BYTES;                                   \
        fixture_open(&opened);                                                \
        unsigned errors = case_##name(&opened);                               \
        fixture_done(&opened, errors);                                        \
    }                                                                         \
    static unsigned case_##name(struct fixture *f)

static void flush(struct fixture *f)
{
    struct sj_error err = {.status = SJ_OK};
    cr_assert_eq(sj_store_flush(f->store, &err), SJ_OK, "%s\n%s", err.text, f->lines);
}

static bool is_over(struct fixture *f, uint64_t bytes)
{
    return f->store->engine->ops->over(f->store->engine, bytes);
}

/* n further messages of a room, each of some 3 KiB, in commits of ROUND; number: of the last. */
static void say(struct fixture *f, unsigned *number, unsigned n)
{
    static char text[LETTERS];
    memset(text, 'a', sizeof text);
    for (unsigned i = 1; i <= n; i++) {
        char id[SJ_ARCHIVE_ID_SIZE], network_id[16];
        snprintf(network_id, sizeof network_id, "$%u", ++*number);
        const struct sj_archive_entry e = {.time = said_now(f), .network_id = network_id,
                                           .data = (const uint8_t *)text, .n = sizeof text};
        cr_assert_eq(said_put(f, 0, SAID_ROOM, &e, true, id), SJ_OK);
        if (i % ROUND == 0)
            flush(f);
    }
    flush(f);
}

static void fill(struct fixture *f, unsigned *number)
{
    while (!f->store->scarce)
        say(f, number, ROUND);
}

static const char *last_id(unsigned number, char out[16])
{
    snprintf(out, 16, "$%u", number);
    return out;
}

BOTH(the_oldest_of_a_room_make_way)
{
    char id[16];
    unsigned number = 0;
    fixture_register(f, 0);
    fill(f, &number);
    cr_expect(is_over(f, FULL_BYTES));
    cr_expect(strstr(f->lines, "store has reached its size"), "%s", f->lines);
    cr_expect(strstr(f->lines, "data_max_mib=1"));
    uint64_t most = said_count(f, 0);
    cr_assert_gt(most, 6 * ROUND);
    say(f, &number, ROUND);
    cr_expect_eq(said_count(f, 0), most - ROUND, "two went for each that came");
    cr_expect_str_neq(said_find(f, 0, last_id(number, id)), "");
    cr_expect_str_eq(said_find(f, 0, "$1"), "");
    say(f, &number, 1000);
    cr_expect_str_neq(said_find(f, 0, last_id(number, id)), "");
    cr_expect_not(is_over(f, FULL_BYTES + FULL_BYTES / 8));
    cr_expect_leq(said_count(f, 0), most);
    cr_expect_gt(said_count(f, 0), most / 2);
    cr_expect(strstr(f->lines, "store has room again"), "%s", f->lines);
    return f->errors;
}

BOTH(what_comes_late_and_would_be_the_oldest_is_not_kept)
{
    char id[SJ_ARCHIVE_ID_SIZE];
    unsigned number = 0;
    const struct sj_archive_entry e = {.time = said_now(f) - 86400000, .network_id = "$old",
                                       .data = (const uint8_t *)"old", .n = 3};
    fixture_register(f, 0);
    fill(f, &number);
    cr_expect_eq(said_put(f, 0, SAID_ROOM, &e, false, id), SJ_UNSUPPORTED);
    return 1;
}

BOTH(nobody_new_is_registered)
{
    unsigned number = 0;
    struct sj_error err = {.status = SJ_OK};
    fixture_register(f, 0);
    fill(f, &number);
    const struct sj_registration fresh = fixture_registration(1), known = fixture_registration(0);
    cr_expect_eq(fixture_put(f->store, &fresh, &err), SJ_LIMIT, "%s", err.text);
    cr_expect(strstr(err.text, "no room for more users"), "%s", err.text);
    const struct sj_store_change change = {.owner = fresh.owner, .registration = &fresh};
    fixture_settle(f);
    cr_expect_eq(sj_store_changes_put(f->store, &change, 1, &err), SJ_LIMIT, "%s", err.text);
    cr_expect_eq(fixture_put(f->store, &known, &err), SJ_OK, "%s", err.text);
    cr_expect_eq(fixture_add_contact(f, 0, "juliet"), SJ_OK, "who is there goes on");
    cr_expect_eq(fixture_unregister(f->store, &known.owner, &err), SJ_OK);
    cr_expect_not(f->store->scarce, "who leaves makes room");
    cr_expect_eq(fixture_put(f->store, &fresh, &err), SJ_OK, "%s", err.text);
    return 1;
}

static void put_ids(struct fixture *f, unsigned from, unsigned n)
{
    const struct sj_owner owner = fixture_owner(0);
    for (unsigned i = from; i < from + n; i++) {
        char id[32], network_id[32];
        snprintf(id, sizeof id, "id-%u", i);
        snprintf(network_id, sizeof network_id, "net-%u", i);
        sj_store_message_put(f->store, &owner, &(struct sj_store_message){
            .peer = "juliet", .network_id = network_id, .id = id, .at = 1700000000000,
            .own = true});
    }
    flush(f);
}

BOTH(the_oldest_ids_make_way)
{
    unsigned number = 0;
    const struct sj_owner owner = fixture_owner(0);
    struct sj_error err = {.status = SJ_OK};
    fixture_register(f, 0);
    put_ids(f, 0, 50);
    fill(f, &number);
    uint64_t before = fixture_records(f);
    put_ids(f, 50, 10);
    cr_expect_lt(fixture_records(f), before, "two went for each that came");
    cr_expect_eq(sj_store_reactions_get(f->store, &owner, "juliet", "net-59", NULL, NULL, &err),
                 SJ_NOTFOUND);
    return 1;
}

/* --- the map of LMDB -------------------------------------------------------------------------- */

static void open_small(struct fixture *f)
{
    fixture_init(f, FIXTURE_LMDB);
    f->data_max_bytes = FULL_BYTES;
    fixture_open(f);
    sj_random_bytes(blob, sizeof blob);
    for (unsigned i = 0; i < 4; i++)
        fixture_register(f, i);
}

static void journal(struct fixture *f, uint64_t number, size_t n)
{
    const struct sj_owner owner = fixture_owner((unsigned)(number % 4));
    sj_store_journal_put(f->store, &owner, number, n > 0 ? blob : NULL, n);
}

static void wait_for(struct fixture *f, const char *text)
{
    for (unsigned i = 0; !strstr(f->lines, text) && i < 500; i++) {
        sj_loop_test_advance(f->loop, SJ_STORE_GROUP_MS + 2 * SJ_LOOP_TICK_MS);
        sj_loop_turn(f->loop, 10);
    }
    cr_assert(strstr(f->lines, text), "%s", f->lines);
}

static void count_one(uint64_t number, const void *data, size_t n, void *arg)
{
    (void)number;
    (void)data;
    (void)n;
    ++*(unsigned *)arg;
}

static unsigned journaled(struct fixture *f)
{
    unsigned n = 0;
    for (unsigned i = 0; i < 4; i++) {
        const struct sj_owner owner = fixture_owner(i);
        enum sj_status status = sj_store_journal_each(f->store, &owner, count_one, &n, NULL);
        cr_assert(status == SJ_OK || status == SJ_NOTFOUND);
    }
    return n;
}

Test(scarce, a_full_map_says_so_once_and_empties_by_itself)
{
    struct fixture *f = &opened;
    open_small(f);
    for (uint64_t i = 1; i <= 40; i++)   /* 2.5 MiB; the map takes 2 */
        journal(f, i, sizeof blob);
    wait_for(f, "store full");
    cr_expect(strstr(f->lines, "hint=raise-data-max-bytes"));
    cr_expect(store_busy(f->store), "what could not be written is tried again");
    journal(f, 41, 10);
    for (uint64_t i = 1; i <= 40; i++)   /* they were confirmed */
        journal(f, i, 0);
    wait_for(f, "store works again");
    fixture_settle(f);
    cr_expect_eq(journaled(f), 1);
    const char *first = strstr(f->lines, "store full");
    cr_expect_null(strstr(first + 1, "store full"), "one line for it:\n%s", f->lines);
    fixture_reopen(f);
    cr_expect_eq(journaled(f), 1);
    fixture_done(f, 1);
}

Test(scarce, what_was_confirmed_goes_when_the_store_is_closed)
{
    struct fixture *f = &opened;
    open_small(f);
    for (uint64_t i = 1; i <= 12; i++)
        journal(f, i, sizeof blob);
    flush(f);
    for (uint64_t i = 13; i <= 40; i++)
        journal(f, i, sizeof blob);
    wait_for(f, "store full");
    for (uint64_t i = 1; i <= 40; i++)
        journal(f, i, 0);
    fixture_reopen(f);
    cr_expect_eq(journaled(f), 0);
    fixture_done(f, 1);
}

/* The pages that a removal needs are lent to it; so are those of who leaves. */
Test(scarce, a_map_that_is_full_with_what_is_stored_can_be_emptied)
{
    struct fixture *f = &opened;
    struct sj_error err = {.status = SJ_OK};
    uint64_t n = 0;
    open_small(f);
    do {                                 /* small ones, until not even one fits */
        journal(f, ++n, 2000);
    } while (sj_store_flush(f->store, &err) == SJ_OK);
    cr_expect_eq(err.status, SJ_LIMIT);
    cr_assert_gt(n, 200);
    journal(f, n, 0);                    /* it never got there */
    const struct sj_owner leaves = fixture_owner(3);
    cr_expect_eq(fixture_unregister(f->store, &leaves, &err), SJ_OK, "%s", err.text);
    for (uint64_t i = 1; i < n; i++)
        journal(f, i, 0);
    journal(f, n + 1, 10);
    wait_for(f, "store works again");
    fixture_settle(f);
    cr_expect_eq(journaled(f), (n + 1) % 4 == 3 ? 0 : 1);
    cr_expect_not(is_over(f, FULL_BYTES / 2));
    fixture_reopen(f);
    cr_expect_eq(journaled(f), (n + 1) % 4 == 3 ? 0 : 1);
    fixture_done(f, 2);                  /* of its size, and full */
}

Test(scarce, a_full_map_goes_on_when_the_bound_is_raised)
{
    struct fixture *f = &opened;
    struct sj_error err = {.status = SJ_OK};
    struct copy *copy = sj_malloc(sizeof *copy);
    open_small(f);
    for (uint64_t i = 1; i <= 12; i++)
        journal(f, i, sizeof blob);
    flush(f);
    for (uint64_t i = 13; i <= 40; i++)
        journal(f, i, sizeof blob);
    cr_expect_eq(sj_store_flush(f->store, &err), SJ_LIMIT);
    cr_expect_eq(fixture_get(f, 1, copy), SJ_OK, "reading goes on");
    sj_free(copy);
    cr_expect_eq(journaled(f), 12);
    f->data_max_bytes = 8 * FULL_BYTES;
    fixture_reopen(f);
    cr_expect_eq(journaled(f), 12);
    for (uint64_t i = 13; i <= 40; i++)
        journal(f, i, sizeof blob);
    flush(f);
    cr_expect_eq(journaled(f), 40);
    fixture_done(f, 2);                  /* full, and what is lost at the close */
}

Test(scarce, a_file_larger_than_the_bound_is_opened_and_shrinks)
{
    struct fixture *f = &opened;
    unsigned number = 0;
    open_small(f);
    f->data_max_bytes = 0;
    fixture_reopen(f);
    say(f, &number, 800);
    cr_expect(is_over(f, 2 * FULL_BYTES));
    f->data_max_bytes = FULL_BYTES;
    fixture_reopen(f);
    cr_expect(f->store->scarce);
    say(f, &number, 800);
    cr_expect_not(is_over(f, FULL_BYTES + FULL_BYTES / 8));
    cr_expect(strstr(f->lines, "store has room again"), "%s", f->lines);
    fixture_done(f, 1);
}
