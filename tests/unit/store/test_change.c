/* SPDX-License-Identifier: MPL-2.0 */
/* Contacts and registrations that nobody waits for on the loop (store/change.c). The store is on
 * LMDB, with a gate before its writes. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>

#include <criterion/criterion.h>

#include "behind.h"
#include "gate.h"
#include "sojourn/store_message.h"

static struct fixture f;
static struct sj_store *store;
static struct {
    unsigned durable, failed;
    unsigned writes;                     /* that the first durable one took */
} settled;

static void on_settled(void *arg, enum sj_status status)
{
    (void)arg;
    settled.durable += status == SJ_OK;
    settled.failed += status != SJ_OK;
    if (settled.durable == 1 && settled.writes == 0)
        settled.writes = gate.writes;
}

static void open_store(void)
{
    struct sj_error err = {.status = SJ_OK};
    struct engine *lmdb = NULL;
    cr_assert_eq(engine_lmdb_open(&lmdb, &f.log, &(struct sj_store_options){.dir = f.dir},
                                  &err), SJ_OK, "%s", err.text);
    gate_build(lmdb);
    struct behind *b = behind_new(lmdb, f.loop, &f.log);
    cr_assert_eq(store_open_engine(&store, f.loop, &f.log, behind_engine(b), f.key_file, &err),
                 SJ_OK, "%s", err.text);
    store_watch(store, b);
    sj_store_on_settled(store, on_settled, NULL);
    f.store = store;
}

static void set_up(void)
{
    fixture_init(&f, FIXTURE_LMDB);
    open_store();
}

static void tear_down(void)
{
    gate_set(false);
    sj_store_close(&f.store);
    sj_loop_free(&f.loop);
    sj_log_set_sink(NULL, NULL);
    fixture_sweep(&f);
}

TestSuite(change, .init = set_up, .fini = tear_down, .timeout = 60);

static void reopen(void)
{
    sj_store_close(&f.store);
    open_store();
}

static void settle(unsigned durable, unsigned failed)
{
    for (unsigned i = 0; i < 1000 && (settled.durable < durable || settled.failed < failed); i++)
        sj_loop_turn(f.loop, 10);
    cr_assert_eq(settled.durable, durable);
    cr_assert_eq(settled.failed, failed);
}

static enum sj_status put_contact(unsigned i, const char *id)
{
    const struct sj_store_change c = {.owner = fixture_owner(i), .contact = {.id = id, .to = true}};
    return sj_store_changes_put(store, &c, 1, NULL);
}

static enum sj_status put_registration(unsigned i, const char *password, const char *state)
{
    struct sj_registration r = fixture_registration(i);
    const struct sj_store_change c = {.owner = r.owner, .registration = &r, .state = state,
                                      .state_len = state ? strlen(state) : 0};
    r.values[1].value = password;
    return sj_store_changes_put(store, &c, 1, NULL);
}

static bool count_one(const struct sj_store_contact *c, void *arg)
{
    (void)c;
    ++*(unsigned *)arg;
    return true;
}

/* How many contacts, or -1 when the owner is unknown. */
static int contacts(unsigned i)
{
    const struct sj_owner owner = fixture_owner(i);
    unsigned n = 0;
    enum sj_status status = sj_store_contact_each(store, &owner, NULL, count_one, &n, NULL);
    return status == SJ_OK ? (int)n : -1;
}

static void keep_password(const struct sj_registration *r, void *arg)
{
    snprintf(arg, 64, "%s", r->values[1].value);
}

/* "-": not registered. */
static const char *password(unsigned i)
{
    static char out[64];
    const struct sj_owner owner = fixture_owner(i);
    if (sj_store_registration_get(store, &owner, keep_password, out, NULL) != SJ_OK)
        return "-";
    return out;
}

static void keep_state(const void *blob, size_t len, void *arg)
{
    snprintf(arg, 64, "%.*s", (int)len, (const char *)blob);
}

static const char *state(unsigned i)
{
    static char out[64];
    const struct sj_owner owner = fixture_owner(i);
    if (sj_store_state_get(store, &owner, keep_state, out, NULL) != SJ_OK)
        return "-";
    return out;
}

Test(change, a_contact_goes_to_the_disk_while_the_loop_goes_on)
{
    fixture_register(&f, 1);
    cr_expect(sj_store_is_settled(store));
    gate_set(true);
    cr_assert_eq(put_contact(1, "juliet"), SJ_OK);
    cr_expect_eq(contacts(1), 1, "readers see it at once");
    cr_expect_not(sj_store_is_settled(store));
    cr_expect_eq(put_contact(1, "nurse"), SJ_UNAVAILABLE, "one commit at a time");
    for (unsigned i = 0; i < 5; i++)
        sj_loop_turn(f.loop, 1);
    cr_expect_eq(settled.durable, 0);
    gate_set(false);
    settle(1, 0);
    cr_expect(sj_store_is_settled(store));
    reopen();
    cr_expect_eq(contacts(1), 1);
}

Test(change, a_registration_and_its_state_are_one_commit)
{
    const struct sj_owner owner = fixture_owner(2);
    gate_set(true);
    cr_assert_eq(put_registration(2, "s3cret", "token"), SJ_OK);
    cr_expect_str_eq(password(2), "s3cret");
    cr_expect_str_eq(state(2), "token");
    sj_store_online_put(store, &owner, true);    /* for the next one: the owner is known */
    gate_set(false);
    settle(1, 0);
    cr_expect_eq(settled.writes, 1);
    reopen();
    cr_expect_str_eq(password(2), "s3cret");
    cr_expect_str_eq(state(2), "token");
}

/* What is said of an owner before the commit that registers it belongs to it. */
Test(change, what_is_grouped_of_a_new_owner_comes_behind_the_registration)
{
    const struct sj_owner owner = fixture_owner(2);
    sj_store_state_put(store, &owner, "newer", 5);
    cr_assert_eq(put_registration(2, "s3cret", "token"), SJ_OK);
    settle(1, 0);
    reopen();
    cr_expect_str_eq(state(2), "newer");
}

Test(change, a_first_registration_that_cannot_be_written_is_taken_back)
{
    const struct sj_owner owner = fixture_owner(2);
    fixture_register(&f, 1);
    gate_set(true);
    gate_fail(1, ENOSPC);
    sj_store_state_put(store, &owner, "newer", 5);
    cr_assert_eq(put_registration(2, "s3cret", "token"), SJ_OK);
    gate_set(false);
    settle(0, 1);
    cr_expect_str_eq(password(2), "-");
    cr_expect_str_eq(state(2), "-");
    sj_loop_test_advance(f.loop, STORE_RETRY_MS + 2 * SJ_LOOP_TICK_MS);
    for (unsigned i = 0; i < 500 && !sj_store_is_settled(store); i++)
        sj_loop_turn(f.loop, 10);
    reopen();
    cr_expect_str_eq(password(2), "-");
    cr_expect_str_neq(password(1), "-");
    struct sj_store_stats stats;
    sj_store_stats(store, &stats);
    cr_expect_eq(stats.records, 3, "of the first owner: key, registration, flags");
}

Test(change, a_new_password_that_cannot_be_written_leaves_the_old_one)
{
    cr_assert_eq(put_registration(2, "old", "one"), SJ_OK);
    settle(1, 0);
    gate_fail(1, EIO);
    cr_assert_eq(put_registration(2, "new", "two"), SJ_OK);
    settle(1, 1);
    cr_expect_str_eq(password(2), "old");
    cr_expect_str_eq(state(2), "one");
    cr_assert_eq(sj_store_flush(store, NULL), SJ_OK);
    reopen();
    cr_expect_str_eq(password(2), "old");
    cr_expect_str_eq(state(2), "one");
}

/* There is nothing left of it to try, so a disk that is still full is not said to work. */
Test(change, what_was_taken_back_is_not_tried_again)
{
    gate_fail(1, ENOSPC);
    cr_assert_eq(put_registration(2, "s3cret", "token"), SJ_OK);
    settle(0, 1);
    cr_expect(sj_store_is_settled(store));
    sj_loop_test_advance(f.loop, 3 * STORE_RETRY_MS);
    cr_expect_eq(gate.writes, 1);
    cr_expect_not(strstr(f.lines, "works again"), "%s", f.lines);
    cr_assert_eq(put_registration(2, "s3cret", "token"), SJ_OK);
    settle(1, 1);
    cr_expect(strstr(f.lines, "works again"), "%s", f.lines);
}

Test(change, a_contact_that_cannot_be_written_stays_and_is_tried_again)
{
    fixture_register(&f, 1);
    gate_fail(1, ENOSPC);
    cr_assert_eq(put_contact(1, "juliet"), SJ_OK);
    settle(0, 1);
    cr_expect_eq(contacts(1), 1);
    cr_expect_eq(put_contact(1, "nurse"), SJ_UNAVAILABLE);
    sj_loop_test_advance(f.loop, STORE_RETRY_MS + 2 * SJ_LOOP_TICK_MS);
    settle(1, 1);
    reopen();
    cr_expect_eq(contacts(1), 1);
}

Test(change, is_checked_before_anything_is_done)
{
    char long_id[SJ_STORE_TEXT_MAX + 2];
    memset(long_id, 'x', sizeof long_id - 1);
    long_id[sizeof long_id - 1] = '\0';
    fixture_register(&f, 1);
    cr_expect_eq(put_contact(1, long_id), SJ_INVALID);
    cr_expect_eq(put_contact(3, "juliet"), SJ_NOTFOUND);
    cr_expect_eq(put_contact(1, "juliet"), SJ_OK);
}

Test(change, a_mark_tells_when_what_was_grouped_is_durable)
{
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(&f, 1);
    settled.durable = 0;
    gate_set(true);
    cr_expect(sj_store_state_put(store, &owner, "one", 3));
    uint64_t one = sj_store_group(store);
    sj_loop_test_advance(f.loop, SJ_STORE_GROUP_MS + 2 * SJ_LOOP_TICK_MS);
    cr_expect(sj_store_state_put(store, &owner, "two", 3));
    uint64_t two = sj_store_group(store);
    cr_expect_neq(one, two, "that one is under way already");
    cr_expect_not(sj_store_durable(store) >= one);
    gate_set(false);
    settle(1, 0);
    cr_expect(sj_store_durable(store) >= one);
    cr_expect_not(sj_store_durable(store) >= two);
    gate_fail(1, ENOSPC);
    sj_loop_test_advance(f.loop, SJ_STORE_GROUP_MS + 2 * SJ_LOOP_TICK_MS);
    settle(1, 1);
    cr_expect_not(sj_store_durable(store) >= two);
    sj_loop_test_advance(f.loop, STORE_RETRY_MS + 2 * SJ_LOOP_TICK_MS);
    settle(2, 1);
    cr_expect(sj_store_durable(store) >= two);
}

/* A sweep (message_expiry.c, archive_expiry.c) looks again later when a commit is under way. */
Test(change, no_sweep_waits_for_a_commit_under_way)
{
    const struct sj_owner owner = fixture_owner(1);
    const struct sj_store_options options = {.message_days = 1, .archive_days = 1};
    fixture_register(&f, 1);
    sj_store_message_put(store, &owner, &(struct sj_store_message){
        .peer = "juliet", .network_id = "n1", .id = "x1", .own = true});
    cr_assert_eq(sj_store_flush(store, NULL), SJ_OK);
    settled.durable = 0;
    sj_loop_test_advance(f.loop, (int64_t)3 * 24 * 3600 * 1000);
    store_start(store, &options);
    gate_set(true);
    cr_assert_eq(put_contact(1, "juliet"), SJ_OK);
    sj_loop_test_advance(f.loop, 90000);         /* would never return */
    cr_expect_eq(settled.durable, 0);
    gate_set(false);
    settle(1, 0);
    sj_loop_test_advance(f.loop, 1000);          /* now it is its turn */
    settle(2, 0);
}

/* --- who leaves --------------------------------------------------------------------------- */

static struct {
    unsigned told;
    enum sj_status status;               /* of the last */
} left;

static void on_left(void *arg, uint64_t ticket, const struct sj_error *err)
{
    (void)arg;
    cr_expect_eq(ticket, 7);
    left.told++;
    left.status = err ? err->status : SJ_OK;
}

static void leave(unsigned i)
{
    const struct sj_owner owner = fixture_owner(i);
    sj_store_registration_remove(store, &owner, on_left, NULL, 7);
}

static void wait_left(unsigned times)
{
    for (unsigned i = 0; i < 1000 && left.told < times; i++)
        sj_loop_turn(f.loop, 10);
    cr_assert_eq(left.told, times);
}

static uint64_t records(void)
{
    struct sj_store_stats stats;
    sj_store_stats(store, &stats);
    return stats.records;
}

Test(change, who_leaves_is_there_until_it_is_durable)
{
    fixture_register(&f, 1);
    fixture_register(&f, 2);
    cr_assert_eq(fixture_add_contact(&f, 1, "juliet"), SJ_OK);
    gate_set(true);
    leave(1);
    for (unsigned i = 0; i < 5; i++)
        sj_loop_turn(f.loop, 1);
    cr_expect_eq(left.told, 0);
    cr_expect_eq(contacts(1), 1);
    cr_expect_eq(put_contact(2, "nurse"), SJ_UNAVAILABLE, "one commit at a time");
    gate_set(false);
    wait_left(1);
    cr_expect_eq(left.status, SJ_OK);
    cr_expect_eq(contacts(1), -1);
    cr_assert_eq(put_contact(2, "nurse"), SJ_OK);
    reopen();
    cr_expect_eq(contacts(1), -1);
    cr_expect_eq(contacts(2), 1);
    cr_expect_eq(records(), 4);
    leave(1);
    wait_left(2);
    cr_expect_eq(left.status, SJ_NOTFOUND);
}

Test(change, who_cannot_leave_has_all_as_before)
{
    fixture_register(&f, 1);
    cr_assert_eq(fixture_add_contact(&f, 1, "juliet"), SJ_OK);
    gate_fail(1, EIO);
    leave(1);
    wait_left(1);
    cr_expect_eq(left.status, SJ_INTERNAL);
    cr_expect(sj_store_is_settled(store));
    cr_expect_eq(contacts(1), 1);
    reopen();
    cr_expect_eq(contacts(1), 1);
}

Test(change, several_leave_in_one_commit)
{
    for (unsigned i = 1; i <= 5; i++)
        fixture_register(&f, i);
    gate_set(true);
    cr_assert_eq(put_contact(5, "nurse"), SJ_OK);
    unsigned before = gate.writes;
    for (unsigned i = 1; i <= 4; i++)
        leave(i);
    gate_set(false);
    wait_left(4);
    cr_expect_leq(gate.writes, before + 2);
    reopen();
    cr_expect_eq(records(), 4);
}

Test(change, somebody_leaves_while_others_find_no_room)
{
    const struct sj_store_change both[] = {
        {.owner = fixture_owner(1), .contact = {.id = "juliet"}},
        {.owner = fixture_owner(2), .contact = {.id = "juliet"}},
    };
    fixture_register(&f, 1);
    fixture_register(&f, 2);
    settled.failed = settled.durable = 0;
    gate_fail(1, ENOSPC);
    cr_assert_eq(sj_store_changes_put(store, both, 2, NULL), SJ_OK);
    settle(0, 1);
    leave(1);
    wait_left(1);
    cr_expect_eq(left.status, SJ_OK);
    cr_expect_not(sj_store_is_settled(store), "the other's change waits still");
    cr_expect_eq(contacts(2), 1);
    sj_loop_test_advance(f.loop, STORE_RETRY_MS + 2 * SJ_LOOP_TICK_MS);
    settle(1, 1);
    reopen();
    cr_expect_eq(contacts(1), -1);
    cr_expect_eq(contacts(2), 1);
    cr_expect_eq(records(), 4);
}

/* --- while the key is changed -------------------------------------------------------------- */

static bool rekeying(void)
{
    struct sj_store_rekeying now;
    sj_store_rekeying(store, &now);
    return now.running;
}

/* Nothing has moved yet. */
static void order_rekey(void)
{
    struct sj_error err = {.status = SJ_OK};
    cr_assert_eq(sj_store_new_key_make(f.key_file, &err), SJ_OK, "%s", err.text);
    cr_assert_eq(sj_store_rekey(store, &err), SJ_OK, "%s", err.text);
    cr_assert(rekeying());
}

static void begin_rekey(void)
{
    order_rekey();
    fixture_settle(&f);
}

static void end_rekey(void)
{
    for (unsigned i = 0; i < 1000 && rekeying(); i++) {
        sj_loop_test_advance(f.loop, SJ_LOOP_TICK_MS);
        sj_loop_turn(f.loop, 1);
    }
    cr_assert_not(rekeying());
    reopen();
}

Test(change, a_new_key_is_taken_while_the_loop_goes_on)
{
    fixture_register(&f, 1);
    begin_rekey();
    gate_set(true);
    for (unsigned i = 0; i < 10; i++)
        sj_loop_test_advance(f.loop, SJ_LOOP_TICK_MS);
    cr_expect(rekeying(), "a slice is on its way, and nobody waits");
    cr_expect_str_neq(password(1), "-");
    gate_set(false);
    end_rekey();
    cr_expect_str_neq(password(1), "-");
}

Test(change, a_slice_that_the_disk_refuses_is_tried_again)
{
    struct sj_store_rekeying now;
    fixture_register(&f, 1);
    cr_assert_eq(fixture_add_contact(&f, 1, "juliet"), SJ_OK);
    fixture_settle(&f);
    order_rekey();
    gate_fail(2, ENOSPC);
    for (unsigned i = 0; i < 1000 && gate.failed < 2; i++) {
        sj_loop_test_advance(f.loop, 100);
        sj_loop_turn(f.loop, 1);
        sj_store_rekeying(store, &now);
    }
    cr_expect_eq(gate.failed, 2);
    cr_expect_eq(now.done, 0);
    cr_expect(now.failing);
    cr_expect_eq(contacts(1), 1);
    end_rekey();
    cr_expect_eq(contacts(1), 1);
    cr_expect_eq(records(), 4);
}

/* What is taken back, or dropped, then stands under two keys. */
Test(change, what_is_taken_back_during_a_rekey_is_as_it_was)
{
    cr_assert_eq(put_registration(2, "old", "one"), SJ_OK);
    settle(1, 0);
    begin_rekey();
    settled.failed = settled.durable = 0;
    gate_fail(1, EIO);
    cr_assert_eq(put_registration(2, "new", "two"), SJ_OK);
    settle(0, 1);
    cr_expect_str_eq(password(2), "old");
    cr_expect_str_eq(state(2), "one");
    end_rekey();
    cr_expect_str_eq(password(2), "old");
    cr_expect_str_eq(state(2), "one");
}

Test(change, who_leaves_during_a_rekey_leaves_nothing)
{
    fixture_register(&f, 1);
    fixture_register(&f, 2);
    cr_assert_eq(fixture_add_contact(&f, 1, "nurse"), SJ_OK);
    begin_rekey();
    settled.failed = settled.durable = 0;
    gate_fail(1, ENOSPC);
    cr_assert_eq(put_contact(1, "nurse"), SJ_OK);    /* takes the old one's place */
    settle(0, 1);
    leave(1);
    wait_left(1);
    cr_expect_eq(left.status, SJ_OK);
    cr_expect_eq(contacts(1), -1);
    end_rekey();
    cr_expect_eq(contacts(1), -1);
    cr_expect_str_neq(password(2), "-");
    cr_expect_eq(records(), 3);
}
