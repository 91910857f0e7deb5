/* SPDX-License-Identifier: MPL-2.0 */
/* An account that comes into a store whose disk is slow, or takes nothing (store/import.c): who
 * brings it is told to come again, and what cannot be written has never been there. The store is
 * on LMDB, with a gate before its writes. */
#include "said.h"

#include <errno.h>

#include <criterion/criterion.h>

#include "behind.h"
#include "gate.h"
#include "parcel.h"

static struct fixture f;
static struct sj_import *im;
static unsigned asked;                   /* whether the account may be taken now */
static struct sj_import_count count;

static void open_store(void)
{
    struct sj_error err = {.status = SJ_OK};
    const struct sj_store_options options = {.dir = f.dir, .archive_days = 30};
    struct engine *lmdb = NULL;
    cr_assert_eq(engine_lmdb_open(&lmdb, &f.log, &options, &err), SJ_OK, "%s", err.text);
    gate_build(lmdb);
    struct behind *b = behind_new(lmdb, f.loop, &f.log);
    cr_assert_eq(store_open_engine(&f.store, f.loop, &f.log, behind_engine(b), f.key_file, &err),
                 SJ_OK, "%s", err.text);
    store_watch(f.store, b);
    store_start(f.store, &options);
}

static void reopen(void)
{
    sj_import_free(&im);
    sj_store_close(&f.store);
    open_store();
}

static enum sj_status may(void *arg, const struct sj_parcel_account *account, bool now,
                          struct sj_error *err)
{
    (void)arg;
    (void)account;
    (void)err;
    asked += now;
    return SJ_OK;
}

static void set_up(void)
{
    static const struct sj_import_calls calls = {.may = may};
    fixture_init(&f, FIXTURE_LMDB);
    open_store();
    im = sj_import_new(f.store, true, &calls);
}

static void tear_down(void)
{
    gate_set(false);
    sj_import_free(&im);
    sj_store_close(&f.store);
    sj_loop_free(&f.loop);
    sj_log_set_sink(NULL, NULL);
    fixture_sweep(&f);
}

TestSuite(import, .init = set_up, .fini = tear_down, .timeout = 60);

/* --- short ways ----------------------------------------------------------------------------- */

static enum sj_status put(const struct parcel_item *item)
{
    struct secret_buf bytes = {NULL, 0, 0};
    parcel_item_encode(&bytes, item);
    enum sj_status status = sj_import_item(im, bytes.p, bytes.n, NULL);
    secret_buf_release(&bytes);
    return status;
}

static enum sj_status put_kind(enum parcel_kind kind)
{
    return put(&(struct parcel_item){.kind = kind});
}

/* Owner 1 with a contact, as far as the order to write it. */
static void bring(const char *contact)
{
    const struct parcel_item account = {.kind = PARCEL_ACCOUNT, .network = "", .archives = true,
                                        .registration = fixture_registration(1)};
    cr_assert_eq(put(&account), SJ_OK);
    cr_assert_eq(put(&(struct parcel_item){.kind = PARCEL_CONTACT, .contact = {.id = contact}}),
                 SJ_OK);
}

/* Until the item is taken, or refused. */
static enum sj_status wait_for(enum parcel_kind kind)
{
    enum sj_status status;
    unsigned turns = 0;
    while ((status = put_kind(kind)) == SJ_UNAVAILABLE && turns++ < 1000)
        fixture_turn(&f);
    return status;
}

static enum sj_status say(unsigned i)
{
    char text[16];
    snprintf(text, sizeof text, "%u", i);
    return put(&(struct parcel_item){.kind = PARCEL_ENTRY, .place_ms = said_now(&f) - 100000 + i,
                                     .entry = {.time = said_now(&f) - 100000 + i,
                                               .data = (const uint8_t *)text,
                                               .n = strlen(text)}});
}

static const char *contacts(void)
{
    static struct contacts out;
    return fixture_contacts(&f, 1, &out) == SJ_OK ? out.text : "nobody";
}

/* --- a slow disk ------------------------------------------------------------------------------ */

Test(import, waits_for_a_slow_disk_and_holds_up_nobody)
{
    gate_set(true);
    bring("juliet");
    cr_expect_eq(put_kind(PARCEL_ALL), SJ_UNAVAILABLE);
    cr_expect_eq(put_kind(PARCEL_ALL), SJ_UNAVAILABLE);
    cr_expect_not(sj_import_is_written(im));
    cr_expect_eq(put_kind(PARCEL_END), SJ_INVALID, "the same item is expected");
    gate_set(false);
    sj_import_settle(im);
    cr_expect(sj_import_is_written(im));
}

Test(import, is_taken_when_it_is_on_the_disk)
{
    bring("juliet");
    cr_assert_eq(wait_for(PARCEL_ALL), SJ_OK);
    cr_expect(sj_import_is_written(im));
    cr_expect_eq(asked, 1);
    cr_assert_eq(put(&(struct parcel_item){.kind = PARCEL_ROOM, .room = SAID_ROOM}), SJ_OK);
    cr_assert_eq(say(1), SJ_OK);
    gate_set(true);
    cr_expect_eq(put_kind(PARCEL_END), SJ_UNAVAILABLE);
    fixture_turn(&f);
    cr_expect_eq(put_kind(PARCEL_END), SJ_UNAVAILABLE);
    cr_expect_not(sj_import_done(im, &count));
    gate_set(false);
    cr_assert_eq(wait_for(PARCEL_END), SJ_OK);
    cr_expect(sj_import_done(im, &count));
    cr_expect_eq(count.entries, 1);
    reopen();
    cr_expect_str_eq(contacts(), "juliet|-|-|\n");
    cr_expect_str_eq(said_all(&f, 1), "1 ");
}

Test(import, waits_for_what_is_under_way)
{
    const struct sj_owner other = fixture_owner(2);
    fixture_register(&f, 2);
    gate_set(true);
    const struct sj_store_change change = {.owner = other, .contact = {.id = "nurse"}};
    cr_assert_eq(sj_store_changes_put(f.store, &change, 1, NULL), SJ_OK);
    bring("juliet");
    cr_expect_eq(put_kind(PARCEL_ALL), SJ_UNAVAILABLE);
    cr_expect_eq(asked, 0, "not yet");
    cr_expect_str_eq(contacts(), "nobody");
    gate_set(false);
    cr_expect_eq(wait_for(PARCEL_ALL), SJ_OK);
    cr_expect_eq(asked, 1);
    cr_expect_str_eq(contacts(), "juliet|-|-|\n");
}

Test(import, lets_archives_wait_when_too_many_do)
{
    enum sj_status status = SJ_OK;
    unsigned n = 0;
    bring("juliet");
    cr_assert_eq(wait_for(PARCEL_ALL), SJ_OK);
    cr_assert_eq(put(&(struct parcel_item){.kind = PARCEL_ROOM, .room = SAID_ROOM}), SJ_OK);
    cr_assert_eq(say(n++), SJ_OK);
    gate_set(true);
    for (unsigned i = 0; i < 1000 && !store_busy(f.store); i++)
        fixture_turn(&f);
    while (n < 5000 && (status = say(n)) == SJ_OK)
        n++;
    cr_expect_eq(status, SJ_UNAVAILABLE);
    cr_expect_lt(n, 1000);
    gate_set(false);
    while ((status = say(n)) == SJ_UNAVAILABLE)
        fixture_turn(&f);
    cr_expect_eq(status, SJ_OK);
    cr_assert_eq(wait_for(PARCEL_END), SJ_OK);
    cr_assert(sj_import_done(im, &count));
    cr_expect_eq(count.entries, n + 1);
    cr_expect_eq(said_count(&f, 1), n + 1);
}

Test(import, broken_off_while_it_is_written_is_there)
{
    bring("juliet");
    gate_set(true);
    cr_assert_eq(put_kind(PARCEL_ALL), SJ_UNAVAILABLE);
    gate_set(false);
    sj_import_free(&im);
    reopen();
    cr_expect_str_eq(contacts(), "juliet|-|-|\n");
}

/* --- a disk that takes nothing -------------------------------------------------------------- */

Test(import, that_cannot_be_written_was_never_there)
{
    bring("juliet");
    gate_fail(1, ENOSPC);
    cr_expect_eq(wait_for(PARCEL_ALL), SJ_LIMIT);
    cr_expect_not(sj_import_is_written(im));
    cr_expect_str_eq(contacts(), "nobody");
    cr_expect_eq(asked, 2, "what was given of it since goes");
    cr_expect_eq(put_kind(PARCEL_ALL), SJ_INVALID);
    reopen();
    cr_expect_str_eq(contacts(), "nobody");
}

Test(import, that_cannot_be_written_leaves_what_it_was_to_replace)
{
    fixture_register(&f, 1);
    cr_assert_eq(fixture_add_contact(&f, 1, "nurse"), SJ_OK);
    said_last(&f, 1, said_now(&f) - 1000, "said");
    cr_assert_eq(sj_store_flush(f.store, NULL), SJ_OK);
    bring("juliet");
    gate_fail(1, ENOSPC);
    cr_expect_eq(wait_for(PARCEL_ALL), SJ_LIMIT);
    cr_expect_str_eq(contacts(), "nurse|-|-|t\n");
    cr_expect_str_eq(said_all(&f, 1), "said ");
    reopen();
    cr_expect_str_eq(contacts(), "nurse|-|-|t\n");
    cr_expect_str_eq(said_all(&f, 1), "said ");
}

/* Nobody is kept waiting for room on it. */
Test(import, is_refused_when_the_disk_takes_no_more_archives)
{
    enum sj_status status = SJ_OK;
    bring("juliet");
    cr_assert_eq(wait_for(PARCEL_ALL), SJ_OK);
    cr_assert_eq(put(&(struct parcel_item){.kind = PARCEL_ROOM, .room = SAID_ROOM}), SJ_OK);
    gate_fail(1000, ENOSPC);
    cr_assert_eq(say(0), SJ_OK);
    for (unsigned i = 0; i < 1000 && !f.store->pending_failed; i++)
        fixture_turn(&f);
    cr_assert(f.store->pending_failed);
    for (unsigned n = 1; n < 5000 && status == SJ_OK; n++)
        status = say(n);
    cr_expect_eq(status, SJ_LIMIT);
    gate_fail(0, 0);
}

/* The commit before has failed: it is tried, and the outcome is told at once. */
Test(import, is_tried_on_a_disk_that_refused_the_last_commit)
{
    fixture_register(&f, 2);
    const struct sj_store_change change = {.owner = fixture_owner(2), .contact = {.id = "nurse"}};
    gate_fail(1, ENOSPC);
    cr_assert_eq(sj_store_changes_put(f.store, &change, 1, NULL), SJ_OK);
    for (unsigned i = 0; i < 1000 && !f.store->pending_failed; i++)
        fixture_turn(&f);
    bring("juliet");
    cr_expect_eq(put_kind(PARCEL_ALL), SJ_OK);
    cr_expect_eq(put_kind(PARCEL_END), SJ_OK);
    reopen();
    cr_expect_str_eq(contacts(), "juliet|-|-|\n");
}
