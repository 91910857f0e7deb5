/* SPDX-License-Identifier: MPL-2.0 */
/* Parcels: an account comes to another store as it was, and what was changed, cut off or made up is
 * refused before anything is written. */
#include "full.h"

#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "parcel.h"
#include "said.h"
#include "sojourn/memory.h"

#define PASSPHRASE "correct horse battery"
#define HEAD 44u                         /* bytes in clear */
#define START (HEAD + 24u)
#define CHUNK (16384u + 17u)

static const struct sj_parcel_cost cheap = {1, 8};
static struct fixture from, to;
static struct full given;
static struct sj_import_count taken;
static unsigned accounts;                /* told of by an export */
static struct sj_export_count told;

static void sweep(void)
{
    fixture_sweep(&from);
    fixture_sweep(&to);
}

TestSuite(parcel, .fini = sweep, .timeout = 120);

/* --- short ways ----------------------------------------------------------------------------- */

static void open_store(struct fixture *f, enum fixture_engine kind)
{
    fixture_init(f, kind);
    f->archive_days = 30;
    fixture_open(f);
}

static int parcel_file(void)
{
    char path[] = "/tmp/sojourn-parcel-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(unlink(path), 0);
    return fd;
}

static const char *kind_of(void *arg, const char *host)
{
    (void)arg;
    (void)host;
    return "kind";
}

static void on_told(void *arg, const struct sj_export_count *count)
{
    (void)arg;
    accounts++;
    told = *count;
}

static enum sj_status export_to(int fd, const char *user, const char *host, bool archives)
{
    const struct sj_export what = {.user = user, .host = host, .archives = archives,
                                   .kind = kind_of};
    struct sj_error err = {.status = SJ_OK};
    struct sj_parcel *p = NULL;
    accounts = 0;
    cr_assert_eq(sj_parcel_create(&p, fd, PASSPHRASE, &cheap, &err), SJ_OK, "%s", err.text);
    enum sj_status status = sj_store_export(from.store, &what, p, on_told, NULL, &err);
    if (status == SJ_OK)
        cr_assert_eq(sj_parcel_finish(p, &err), SJ_OK, "%s", err.text);
    sj_parcel_free(&p);
    return status;
}

/* Owner i in a new file. */
static int exported(unsigned i, bool archives)
{
    const struct sj_owner owner = fixture_owner(i);
    int fd = parcel_file();
    cr_assert_eq(export_to(fd, owner.user, NULL, archives), SJ_OK);
    return fd;
}

static enum sj_status open_parcel(struct sj_parcel **p, int fd, const char *passphrase)
{
    struct sj_error err = {.status = SJ_OK};
    cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
    return sj_parcel_open(p, fd, passphrase, &err);
}

/* Takes all of a file into `to`; the first status that is not SJ_OK. */
static enum sj_status import_file(int fd, bool replace, const struct sj_import_calls *calls)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_parcel *p = NULL;
    struct sj_import *im = sj_import_new(to.store, replace, calls);
    const uint8_t *item;
    size_t n;
    enum sj_status status = open_parcel(&p, fd, PASSPHRASE);
    while (status == SJ_OK && (status = sj_parcel_next(p, &item, &n, &err)) == SJ_OK) {
        while ((status = sj_import_item(im, item, n, &err)) == SJ_UNAVAILABLE)
            fixture_turn(&to);
    }
    if (status == SJ_NOTFOUND)
        status = sj_import_done(im, &taken) ? SJ_OK : SJ_NOTFOUND;
    sj_import_free(&im);
    sj_parcel_free(&p);
    return status;
}

static void put_item(struct sj_import *im, const struct parcel_item *item, enum sj_status want)
{
    struct secret_buf bytes = {NULL, 0, 0};
    struct sj_error err = {.status = SJ_OK};
    parcel_item_encode(&bytes, item);
    cr_expect_eq(sj_import_item(im, bytes.p, bytes.n, &err), want, "%s", err.text);
    secret_buf_release(&bytes);
}

/* --- coming over ---------------------------------------------------------------------------- */

static void move(enum fixture_engine kind, bool archives)
{
    open_store(&from, kind);
    open_store(&to, kind);
    full_put(&from, 1, &given);
    full_put(&from, 2, &given);
    int fd = exported(1, archives);
    cr_expect_eq(accounts, 1);
    cr_expect_eq(told.contacts, FULL_CONTACTS);
    cr_expect_eq(told.rooms, archives ? 1 : 0);
    cr_expect_eq(told.entries, archives ? FULL_ENTRIES : 0);
    cr_assert_eq(import_file(fd, false, NULL), SJ_OK);
    cr_expect_eq(taken.contacts, FULL_CONTACTS);
    cr_expect_eq(taken.entries, archives ? FULL_ENTRIES : 0);
    cr_expect_not(taken.replaced);
    full_expect_moved(&to, 1, archives);
    fixture_reopen(&to);
    full_expect_moved(&to, 1, archives);
    full_expect(&from, 1, NULL);
    struct sj_store_stats stats;
    sj_store_stats(to.store, &stats);
    cr_expect_eq(stats.registrations, 1);
    close(fd);
    fixture_done(&from, 0);
    fixture_done(&to, 0);
}

Test(parcel, comes_to_a_store_under_another_key)
{
    move(FIXTURE_LMDB, true);
}

Test(parcel, comes_to_a_store_in_memory_too)
{
    move(FIXTURE_MEM, true);
}

Test(parcel, leaves_archives_out_when_asked)
{
    move(FIXTURE_LMDB, false);
}

Test(parcel, takes_all_networks_of_a_user_or_one)
{
    struct sj_registration r = fixture_registration(1);
    struct sj_error err = {.status = SJ_OK};
    open_store(&from, FIXTURE_MEM);
    fixture_register(&from, 1);
    r.owner.host = "other.example.org";
    cr_assert_eq(fixture_put(from.store, &r, &err), SJ_OK);
    int fd = parcel_file();
    cr_expect_eq(export_to(fd, r.owner.user, NULL, true), SJ_OK);
    cr_expect_eq(accounts, 2);
    cr_expect_eq(export_to(fd, r.owner.user, r.owner.host, true), SJ_OK);
    cr_expect_eq(accounts, 1);
    cr_expect_str_eq(told.host, "other.example.org");
    cr_expect_eq(export_to(fd, r.owner.user, "no.example.org", true), SJ_NOTFOUND);
    cr_expect_eq(export_to(fd, "tybalt@example.org", NULL, true), SJ_NOTFOUND);
    close(fd);
    fixture_done(&from, 0);
}

Test(parcel, replaces_an_account_only_when_asked)
{
    open_store(&from, FIXTURE_LMDB);
    open_store(&to, FIXTURE_LMDB);
    full_put(&from, 1, &given);
    int fd = exported(1, true);
    fixture_register(&to, 1);
    fixture_add_contact(&to, 1, "tybalt");
    said_last(&to, 1, said_now(&to), "before");
    cr_expect_eq(import_file(fd, false, NULL), SJ_EXISTS);
    cr_expect_str_eq(said_all(&to, 1), "before ");
    cr_expect_eq(import_file(fd, true, NULL), SJ_OK);
    cr_expect(taken.replaced);
    full_expect_moved(&to, 1, true);
    cr_expect_eq(import_file(fd, true, NULL), SJ_OK);
    full_expect_moved(&to, 1, true);
    close(fd);
    fixture_done(&from, 0);
    fixture_done(&to, 0);
}

Test(parcel, keeps_archives_that_it_has_nothing_for)
{
    open_store(&from, FIXTURE_MEM);
    open_store(&to, FIXTURE_MEM);
    full_put(&from, 1, &given);
    int fd = exported(1, false);
    fixture_register(&to, 1);
    said_last(&to, 1, said_now(&to), "before");
    cr_expect_eq(import_file(fd, true, NULL), SJ_OK);
    cr_expect_str_eq(said_all(&to, 1), "before ");
    close(fd);
    fixture_done(&from, 0);
    fixture_done(&to, 0);
}

Test(parcel, leaves_out_entries_that_are_too_old)
{
    open_store(&from, FIXTURE_MEM);
    open_store(&to, FIXTURE_MEM);
    full_put(&from, 1, &given);
    int fd = exported(1, true);
    sj_loop_test_advance(to.loop, (int64_t)31 * 86400000);
    cr_expect_eq(import_file(fd, false, NULL), SJ_OK);
    cr_expect_eq(taken.left_out, FULL_ENTRIES);
    cr_expect_str_eq(said_all(&to, 1), "");
    close(fd);
    fixture_done(&from, 0);
    fixture_done(&to, 0);
}

static unsigned asked, asked_now;

static enum sj_status refuse_now(void *arg, const struct sj_parcel_account *account, bool now,
                                 struct sj_error *err)
{
    (void)arg;
    cr_expect_str_eq(account->kind, "kind");
    asked++;
    asked_now += now;
    return now ? sj_fail(err, SJ_LIMIT, "not now") : SJ_OK;
}

Test(parcel, asks_before_it_writes)
{
    static const struct sj_import_calls calls = {.may = refuse_now};
    static struct copy copy;
    open_store(&from, FIXTURE_MEM);
    open_store(&to, FIXTURE_MEM);
    full_put(&from, 1, &given);
    int fd = exported(1, true);
    cr_expect_eq(import_file(fd, false, &calls), SJ_LIMIT);
    cr_expect_eq(asked, 2);
    cr_expect_eq(asked_now, 1);
    cr_expect_eq(fixture_get(&to, 1, &copy), SJ_NOTFOUND);
    close(fd);
    fixture_done(&from, 0);
    fixture_done(&to, 0);
}

/* --- hostile files -------------------------------------------------------------------------- */

static bool holds(const char *bytes, size_t n, const char *word)
{
    size_t length = strlen(word);
    for (size_t i = 0; i + length <= n; i++) {
        if (memcmp(bytes + i, word, length) == 0)
            return true;
    }
    return false;
}

Test(parcel, hides_what_is_in_it)
{
    static char bytes[4 * CHUNK];
    open_store(&from, FIXTURE_MEM);
    full_put(&from, 1, &given);
    int fd = exported(1, true);
    ssize_t n = pread(fd, bytes, sizeof bytes, 0);
    cr_assert_eq((size_t)n, START + CHUNK, "sizes tell the number of chunks, no more");
    cr_expect_not(holds(bytes, (size_t)n, "romeo"));
    cr_expect_not(holds(bytes, (size_t)n, "secret"));
    close(fd);
    fixture_done(&from, 0);
}

Test(parcel, needs_the_passphrase)
{
    struct sj_parcel *p = NULL;
    struct sj_error err = {.status = SJ_OK};
    char long_one[SJ_PASSPHRASE_MAX + 2];
    open_store(&from, FIXTURE_MEM);
    full_put(&from, 1, &given);
    int fd = exported(1, true);
    memset(long_one, 'x', sizeof long_one - 1);
    long_one[sizeof long_one - 1] = '\0';
    cr_expect_eq(open_parcel(&p, fd, "correct horse batterz"), SJ_DENIED);
    cr_expect_eq(open_parcel(&p, fd, ""), SJ_DENIED);
    cr_expect_eq(open_parcel(&p, fd, long_one), SJ_DENIED);
    cr_expect_null(p);
    cr_expect_eq(sj_parcel_create(&p, fd, "1234567", &cheap, &err), SJ_INVALID);
    cr_expect_eq(sj_parcel_create(&p, fd, long_one, &cheap, &err), SJ_INVALID);
    cr_expect_null(p);
    close(fd);
    fixture_done(&from, 0);
}

/* A copy of the first n bytes. */
static int first_of(int fd, size_t n)
{
    static uint8_t bytes[8 * CHUNK];
    int out = parcel_file();
    cr_assert_leq(n, sizeof bytes);
    cr_assert_eq(pread(fd, bytes, n, 0), (ssize_t)n);
    cr_assert_eq(write(out, bytes, n), (ssize_t)n);
    return out;
}

/* Reads to the end; what that says. */
static enum sj_status read_all(int fd)
{
    struct sj_parcel *p = NULL;
    struct sj_error err = {.status = SJ_OK};
    const uint8_t *item;
    size_t n;
    enum sj_status status = open_parcel(&p, fd, PASSPHRASE);
    while (status == SJ_OK)
        status = sj_parcel_next(p, &item, &n, &err);
    if (p) {                             /* it stays as it is */
        cr_expect_neq(sj_parcel_next(p, &item, &n, &err), SJ_OK);
    }
    sj_parcel_free(&p);
    return status;
}

/* Three chunks of one item each, about. */
static int long_parcel(size_t *n)
{
    static uint8_t item[20000];
    struct sj_error err = {.status = SJ_OK};
    struct sj_parcel *p = NULL;
    int fd = parcel_file();
    cr_assert_eq(sj_parcel_create(&p, fd, PASSPHRASE, &cheap, &err), SJ_OK);
    for (unsigned i = 0; i < 2; i++)
        cr_assert_eq(parcel_add(p, item, sizeof item, &err), SJ_OK);
    cr_assert_eq(sj_parcel_finish(p, &err), SJ_OK);
    cr_expect_eq(parcel_add(p, item, 1, &err), SJ_INTERNAL, "nothing comes behind the end");
    sj_parcel_free(&p);
    *n = (size_t)lseek(fd, 0, SEEK_END);
    cr_assert_eq(*n, START + 3 * CHUNK);
    return fd;
}

Test(parcel, notices_what_is_cut_off)
{
    size_t n;
    int fd = long_parcel(&n);
    cr_expect_eq(read_all(fd), SJ_NOTFOUND);
    const size_t cuts[] = {0, 1, HEAD - 1, HEAD, START - 1, START, START + 1, START + CHUNK - 1,
                           START + CHUNK, START + CHUNK + 1, START + 2 * CHUNK, n - 1};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        int cut = first_of(fd, cuts[i]);
        cr_expect_eq(read_all(cut), SJ_INVALID, "cut to %zu", cuts[i]);
        close(cut);
    }
    int more = first_of(fd, n);
    cr_assert_eq(write(more, "x", 1), 1);
    cr_expect_eq(read_all(more), SJ_INVALID, "a byte behind the end");
    close(more);
    close(fd);
}

Test(parcel, notices_what_was_changed)
{
    size_t n;
    int fd = long_parcel(&n);
    for (size_t at = 0; at < n; at += at < START + 40 ? 1 : 997) {
        int copy = first_of(fd, n);
        uint8_t b = 0;
        if (at >= 20 && at < 28)         /* of the cost: would take its time */
            continue;
        cr_assert_eq(pread(copy, &b, 1, (off_t)at), 1);
        b ^= 0x40;
        cr_assert_eq(pwrite(copy, &b, 1, (off_t)at), 1);
        enum sj_status status = read_all(copy);
        cr_expect(status == SJ_INVALID || status == SJ_DENIED, "byte %zu: %d", at, (int)status);
        close(copy);
    }
    close(fd);
}

Test(parcel, notices_chunks_in_another_order)
{
    static uint8_t a[CHUNK], b[CHUNK];
    size_t n;
    int fd = long_parcel(&n);
    cr_assert_eq(pread(fd, a, CHUNK, START), CHUNK);
    cr_assert_eq(pread(fd, b, CHUNK, START + CHUNK), CHUNK);
    cr_assert_eq(pwrite(fd, b, CHUNK, START), CHUNK);
    cr_assert_eq(pwrite(fd, a, CHUNK, START + CHUNK), CHUNK);
    cr_expect_eq(read_all(fd), SJ_DENIED);
    close(fd);
}

/* Heads are judged before anything is computed for them. */
Test(parcel, refuses_heads_that_cost_too_much)
{
    static const struct {
        size_t at;
        uint8_t bytes[4];
        size_t n;
    } rows[] = {
        {16, {2}, 1}, {16, {0}, 1}, {17, {STORE_SCHEMA + 1}, 1}, {17, {2}, 1}, {18, {1}, 1},
        {20, {0, 0, 0, 0}, 4}, {20, {0, 0, 0, 11}, 4}, {20, {255, 255, 255, 255}, 4},
        {24, {0, 0, 0, 7}, 4}, {24, {0, 16, 0, 1}, 4}, {24, {255, 255, 255, 255}, 4},
    };
    size_t n;
    int fd = long_parcel(&n);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int copy = first_of(fd, n);
        cr_assert_eq(pwrite(copy, rows[i].bytes, rows[i].n, (off_t)rows[i].at),
                     (ssize_t)rows[i].n);
        cr_expect_eq(read_all(copy), SJ_INVALID, "row %zu", i);
        close(copy);
    }
    close(fd);
}

static enum sj_status read_plain(const void *plain, size_t n)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_parcel *p = NULL;
    int fd = parcel_file();
    cr_assert_eq(sj_parcel_create(&p, fd, PASSPHRASE, &cheap, &err), SJ_OK);
    cr_assert_eq(parcel_add_bytes(p, plain, n, &err), SJ_OK);
    cr_assert_eq(sj_parcel_finish(p, &err), SJ_OK);
    sj_parcel_free(&p);
    enum sj_status status = read_all(fd);
    close(fd);
    return status;
}

Test(parcel, refuses_lengths_that_make_no_sense)
{
    static const uint8_t zeros[40000];
    cr_expect_eq(read_plain("", 0), SJ_NOTFOUND);
    cr_expect_eq(read_plain("\0\2\0\1", 4), SJ_INVALID, "an item over the limit");
    cr_expect_eq(read_plain("\xff\xff\xff\xff", 4), SJ_INVALID);
    cr_expect_eq(read_plain("\0\0\0\1x\0\0\0\0x", 10), SJ_INVALID, "something behind the end");
    cr_expect_eq(read_plain(zeros, sizeof zeros), SJ_INVALID, "an end before the last chunk");
    cr_expect_eq(read_plain("\0\0\xff\xffx", 5), SJ_INVALID, "an item that is cut off");
}

/* --- items that may not come ---------------------------------------------------------------- */

Test(parcel, takes_items_in_their_order_only)
{
    static struct copy copy;
    const struct parcel_item account = {.kind = PARCEL_ACCOUNT, .network = "",
                                        .registration = fixture_registration(1)};
    const struct parcel_item contact = {.kind = PARCEL_CONTACT, .contact = {.id = "juliet"}};
    const struct parcel_item state = {.kind = PARCEL_STATE, .state = {(const uint8_t *)"s", 1}};
    const struct parcel_item room = {.kind = PARCEL_ROOM, .room = "verona"};
    const struct parcel_item entry = {.kind = PARCEL_ENTRY,
                                      .entry = {.data = (const uint8_t *)"x", .n = 1}};
    const struct parcel_item all = {.kind = PARCEL_ALL}, end = {.kind = PARCEL_END};
    const struct parcel_item *const rows[][5] = {
        {&contact}, {&all}, {&end}, {&room},
        {&account, &account}, {&account, &room}, {&account, &end}, {&account, &entry},
        {&account, &state, &state},
        {&account, &contact, &all, &contact}, {&account, &all, &all}, {&account, &all, &entry},
        {&account, &all, &room},                             /* it said: without archives */
        {&account, &all, &end, &end}, {&account, &all, &end, &account},
    };
    open_store(&to, FIXTURE_MEM);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sj_import *im = sj_import_new(to.store, true, NULL);
        size_t last = 0;
        while (last < 4 && rows[i][last + 1])
            last++;
        for (size_t n = 0; n <= last; n++)
            put_item(im, rows[i][n], n == last ? SJ_INVALID : SJ_OK);
        put_item(im, &end, SJ_INVALID);
        cr_expect_eq(sj_import_done(im, &taken), false, "row %zu", i);
        if (!sj_import_is_written(im)) {
            cr_expect_eq(fixture_get(&to, 1, &copy), SJ_NOTFOUND, "row %zu", i);
        }
        sj_import_free(&im);
        fixture_unregister(to.store, &account.registration.owner, NULL);
    }
    fixture_done(&to, 0);
}

Test(parcel, refuses_an_account_that_is_too_large)
{
    static char name[3000];
    struct sj_registration r = fixture_registration(1);
    const struct parcel_item account = {.kind = PARCEL_ACCOUNT, .network = "", .registration = r};
    static struct copy copy;
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = SJ_OK;
    unsigned n = 0;
    open_store(&to, FIXTURE_MEM);
    memset(name, 'n', sizeof name - 1);
    struct sj_import *im = sj_import_new(to.store, false, NULL);
    put_item(im, &account, SJ_OK);
    while (status == SJ_OK && n < 10000) {
        struct secret_buf bytes = {NULL, 0, 0};
        char id[32];
        snprintf(id, sizeof id, "contact-%u", n++);
        const struct parcel_item contact = {.kind = PARCEL_CONTACT,
                                            .contact = {.id = id, .name = name}};
        parcel_item_encode(&bytes, &contact);
        status = sj_import_item(im, bytes.p, bytes.n, &err);
        secret_buf_release(&bytes);
    }
    cr_expect_eq(status, SJ_LIMIT);
    cr_expect_gt(n, 2000);
    cr_expect_eq(fixture_get(&to, 1, &copy), SJ_NOTFOUND);
    sj_import_free(&im);
    fixture_done(&to, 0);
}

Test(parcel, refuses_an_item_of_any_other_length)
{
    struct secret_buf bytes = {NULL, 0, 0};
    struct parcel_item out;
    const struct parcel_item items[] = {
        {.kind = PARCEL_ACCOUNT, .network = "kind", .registration = fixture_registration(1)},
        {.kind = PARCEL_CONTACT, .contact = {.id = "juliet", .name = "Juliet"}},
        {.kind = PARCEL_STATE, .state = {(const uint8_t *)"state", 5}},
        {.kind = PARCEL_ALL},
        {.kind = PARCEL_ROOM, .room = "verona"},
        {.kind = PARCEL_ENTRY, .place_ms = 7, .entry = {.data = (const uint8_t *)"x", .n = 1}},
        {.kind = PARCEL_END},
    };
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        parcel_item_encode(&bytes, &items[i]);
        cr_assert(parcel_item_decode(&out, bytes.p, bytes.n), "item %zu", i);
        cr_expect_eq(out.kind, items[i].kind);
        for (size_t n = 0; n < bytes.n; n++) {
            uint8_t *cut = sj_malloc(n + 1);
            memcpy(cut, bytes.p, n);
            cr_expect_not(parcel_item_decode(&out, cut, n), "item %zu cut to %zu", i, n);
            sj_free(cut);
        }
        uint8_t *more = sj_calloc(1, bytes.n + 1);
        memcpy(more, bytes.p, bytes.n);
        cr_expect_not(parcel_item_decode(&out, more, bytes.n + 1), "item %zu and a byte", i);
        sj_free(more);
    }
    secret_buf_release(&bytes);
}
