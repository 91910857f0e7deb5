/* SPDX-License-Identifier: MPL-2.0 */
/* Judging every record (sj_store_check), and opening beside a writer (sj_store_open_reader). */
#include "full.h"

#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "header.h"
#include "sojourn/store_tools.h"
#include "table.h"

static struct fixture f;
static struct sj_store_report reports[SJ_STORE_TABLES_MAX];

static void sweep(void)
{
    fixture_sweep(&f);
}

TestSuite(check, .fini = sweep, .timeout = 120);

static void open_full(unsigned owners)
{
    struct full given;
    fixture_init(&f, FIXTURE_LMDB);
    fixture_open(&f);
    for (unsigned i = 1; i <= owners; i++)
        full_put(&f, i, &given);
}

static struct sj_store *open_reader(void)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_store *store = NULL;
    cr_assert_eq(sj_store_open_reader(&store, &f.log, f.dir, f.key_file, &err), SJ_OK, "%s",
                 err.text);
    return store;
}

/* Of all tables together. */
static struct sj_store_report check(struct sj_store *store)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_store_report sum = {.table = NULL};
    size_t n = 0;
    cr_assert_eq(sj_store_check(store, reports, &n, NULL, NULL, &err), SJ_OK, "%s", err.text);
    cr_assert_eq(n, (size_t)STORE_TABLE_COUNT);
    for (size_t i = 0; i < n; i++) {
        cr_assert_str_eq(reports[i].table, store_table_name((enum store_table)i));
        sum.records += reports[i].records;
        sum.damaged += reports[i].damaged;
        sum.orphaned += reports[i].orphaned;
        sum.astray += reports[i].astray;
        sum.leaving += reports[i].leaving;
    }
    return sum;
}

/* The daemon's store is closed and a reader opened on its files. */
static struct sj_store_report check_files(void)
{
    sj_store_close(&f.store);
    struct sj_store *reader = open_reader();
    struct sj_store_report sum = check(reader);
    sj_store_close(&reader);
    return sum;
}

Test(check, every_table_has_a_row)
{
    for (int t = 0; t < STORE_TABLE_COUNT; t++) {
        const struct table_row *row = table_row((enum store_table)t);
        cr_expect_eq(row->sealed == TABLE_CLEAR, !row->decode, "%s",
                     store_table_name((enum store_table)t));
    }
}

Test(check, finds_nothing_wrong_with_what_the_store_writes)
{
    open_full(3);
    uint64_t records = fixture_records(&f) + 1;      /* and the header */
    struct sj_store_report sum = check_files();
    cr_expect_eq(sum.records, records);
    cr_expect_eq(sum.damaged + sum.orphaned + sum.astray + sum.leaving, 0);
    for (int t = 0; t < STORE_TABLE_COUNT; t++)
        cr_expect_gt(reports[t].records, 0, "the test has no record of %s", reports[t].table);
    fixture_done(&f, 0);
}

static void flip(unsigned char *p, size_t *n)
{
    p[*n - 1] ^= 1;
}

Test(check, finds_a_changed_bit_in_every_table_that_is_sealed)
{
    unsigned damaged = 0;
    open_full(1);
    for (int t = STORE_REGISTRATION; t < STORE_TABLE_COUNT; t++) {
        const struct table_row *row = table_row((enum store_table)t);
        fixture_tamper(&f, (enum store_table)t, flip);
        struct sj_store_report sum = check(f.store);
        const struct sj_store_report *r = &reports[t];
        if (row->sealed == TABLE_CLEAR)
            cr_expect_gt(r->astray, 0, "%s", r->table);
        else
            cr_expect_gt(r->damaged, 0, "%s", r->table);
        damaged += (unsigned)r->damaged;
        cr_expect_geq(sum.records, sum.damaged + sum.orphaned + sum.astray + sum.leaving);
        fixture_tamper(&f, (enum store_table)t, flip);
    }
    cr_expect_eq(check(f.store).damaged, 0, "all is as before");
    fixture_done(&f, damaged);
}

Test(check, finds_that_nothing_of_an_owner_opens_without_the_key)
{
    open_full(1);
    fixture_tamper(&f, STORE_KEY, flip);
    struct sj_store_report sum = check(f.store);
    cr_expect_eq(reports[STORE_KEY].damaged, 1);
    cr_expect_eq(reports[STORE_CONTACT].damaged, FULL_CONTACTS);
    cr_expect_eq(reports[STORE_HEADER].damaged, 0);
    cr_expect_gt(sum.damaged, 10);
    fixture_done(&f, 1);
}

static void newer(unsigned char *p, size_t *n)
{
    (void)n;
    p[0] = STORE_SCHEMA + 1;
}

Test(check, finds_a_schema_that_nobody_knows)
{
    open_full(1);
    fixture_tamper(&f, STORE_CONTACT, newer);
    check(f.store);
    cr_expect_eq(reports[STORE_CONTACT].damaged, FULL_CONTACTS);
    fixture_done(&f, FULL_CONTACTS);
}

struct moving {
    enum store_table from;
    uint8_t key[STORE_KEY_LEN];
    uint8_t value[4096];
    size_t n;
};

static bool take(void *arg, const uint8_t key[STORE_KEY_LEN], struct store_bytes value)
{
    struct moving *m = arg;
    memcpy(m->key, key, STORE_KEY_LEN);
    memcpy(m->value, value.p, value.n);
    m->n = value.n;
    return false;
}

/* Takes one record of a table out; with a place, puts it there. */
static void displace(enum store_table table, const uint8_t *place)
{
    struct engine *e = f.store->engine;
    struct moving m = {.from = table};
    cr_assert_eq(e->ops->begin(e, ENGINE_WRITES, NULL), SJ_OK);
    cr_assert_eq(e->ops->each(e, table, NULL, 0, take, &m, NULL), SJ_OK);
    cr_assert_gt(m.n, 0);
    cr_assert_eq(e->ops->remove(e, table, m.key, NULL), SJ_OK);
    if (place)
        cr_assert_eq(e->ops->put(e, table, place, (struct store_bytes){m.value, m.n}, NULL), SJ_OK);
    cr_assert_eq(e->ops->commit(e, NULL), SJ_OK);
}

Test(check, finds_what_is_left_of_an_account_that_is_gone)
{
    open_full(2);
    displace(STORE_REGISTRATION, NULL);
    check(f.store);
    cr_expect_eq(reports[STORE_KEY].orphaned, 1);
    cr_expect_eq(reports[STORE_CONTACT].orphaned, FULL_CONTACTS);
    cr_expect_eq(reports[STORE_MESSAGE_ORDER].orphaned, FULL_MESSAGES + 1);
    cr_expect_eq(reports[STORE_ARCHIVE].leaving, FULL_ENTRIES + 1, "swept out by and by");
    cr_expect_eq(reports[STORE_ARCHIVE].orphaned, 0);
    fixture_done(&f, 0);
}

Test(check, finds_what_leads_nowhere)
{
    open_full(1);
    displace(STORE_MESSAGE_ORDER, NULL);
    displace(STORE_ARCHIVE_ID, NULL);
    check(f.store);
    cr_expect_geq(reports[STORE_MESSAGE].astray, 2);
    cr_expect_eq(reports[STORE_ARCHIVE].astray, 1);
    fixture_done(&f, 0);
}

Test(check, does_not_open_what_was_moved)
{
    uint8_t place[STORE_KEY_LEN];
    const struct sj_owner owner = fixture_owner(1);
    open_full(1);
    seal_user_part(f.store->seal, &owner, place);
    memset(place + STORE_PART_LEN, 7, STORE_PART_LEN);
    displace(STORE_CONTACT, place);
    check(f.store);
    cr_expect_eq(reports[STORE_CONTACT].damaged, 1);
    fixture_done(&f, 1);
}

/* --- readers ------------------------------------------------------------------------------ */

static void refuse(enum sj_status status, const char *text)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_store *store = NULL;
    cr_expect_eq(sj_store_open_reader(&store, &f.log, f.dir, f.key_file, &err), status, "%s",
                 err.text);
    cr_expect(strstr(err.text, text), "%s", err.text);
    cr_assert_null(store);
}

Test(check, a_reader_makes_nothing)
{
    fixture_init(&f, FIXTURE_LMDB);
    refuse(SJ_NOTFOUND, "does not exist yet");
    cr_expect_neq(access(f.dir, F_OK), 0);
    fixture_open(&f);
    sj_store_close(&f.store);
    unlink(f.key_file);
    refuse(SJ_DENIED, "key-file does not exist");
    cr_expect_neq(access(f.key_file, F_OK), 0);
    cr_assert_eq(sj_store_genkey(f.key_file, NULL), SJ_OK);
    refuse(SJ_DENIED, "not the key");
    fixture_done(&f, 0);
}

Test(check, a_reader_does_not_upgrade)
{
    open_full(1);
    cr_assert_eq(f.store->engine->ops->begin(f.store->engine, ENGINE_WRITES, NULL), SJ_OK);
    cr_assert_eq(header_write(f.store, 1, NULL), SJ_OK);
    cr_assert_eq(f.store->engine->ops->commit(f.store->engine, NULL), SJ_OK);
    sj_store_close(&f.store);
    refuse(SJ_INVALID, "older version");
    fixture_done(&f, 0);
}

/* In a process of its own, as sojournctl is: 0 when nothing was wrong. */
static int child_checks(void)
{
    pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0) {
        struct sj_error err = {.status = SJ_OK};
        struct sj_store *store = NULL;
        size_t n = 0;
        uint64_t wrong = 0, records = 0;
        if (sj_store_open_reader(&store, &f.log, f.dir, f.key_file, &err) != SJ_OK ||
            sj_store_check(store, reports, &n, NULL, NULL, &err) != SJ_OK)
            _exit(100);
        for (size_t i = 0; i < n; i++) {
            wrong += reports[i].damaged + reports[i].orphaned + reports[i].astray;
            records += reports[i].records;
        }
        _exit(records == 0 ? 101 : wrong > 99 ? 99 : (int)wrong);
    }
    int status = 0;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

Test(check, reads_beside_a_store_that_is_open)
{
    struct full given;
    fixture_init(&f, FIXTURE_LMDB);
    f.map_bytes = 1;
    fixture_open(&f);
    for (unsigned i = 1; i < 30; i++) {
        full_put(&f, i, &given);         /* the map grows between */
        if (i % 10 == 0)
            cr_expect_eq(child_checks(), 0);
    }
    full_expect(&f, 29, &given);
    cr_expect(strstr(f.lines, "store map grown"));
    fixture_done(&f, 0);
}
