/* SPDX-License-Identifier: MPL-2.0 */
/* archive DIRECTORY [ENTRIES]: what archives of rooms cost (docs/PERFORMANCE.md, "Archives").
 *
 * Makes a store in a new directory inside of DIRECTORY, fills the archive of one room (100,000
 * entries unless told otherwise), reads pages of 50 at random places, searches, fills a room that
 * is full and the rooms of many users at once, lets everything expire, and says what each of that
 * took: CPU of this process, and wall time where the disk matters. Status 1: a page took more than
 * its budget; 2: nothing could be measured. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sojourn/log.h"
#include "sojourn/loop.h"
#include "sojourn/memory.h"
#include "sojourn/store.h"
#include "sojourn/store_archive.h"

#define PAGE 50u
#define PAGES 2000u
#define PAGE_BUDGET_US 5000.0
#define GROUP 250u               /* messages in the 10 ms of one commit, at 25,000 a second */
#define USERS 1000u
#define DATA_BYTES 250u
#define ROOM "#verona"
#define SPAN_MS 2000             /* between two messages */
#define DAY_MS INT64_C(86400000)

struct bench {
    struct sj_loop *loop;
    struct sj_store *store;
    struct sj_store_options options;
    unsigned entries;
    char (*ids)[SJ_ARCHIVE_ID_SIZE];
    double us[PAGES];
    bool missed;                 /* a budget */
};

static _Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
static _Noreturn void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("archive: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(2);
}

static void must(enum sj_status status, const char *what, const struct sj_error *err)
{
    if (status != SJ_OK)
        die("%s: %s", what, err->text);
}

static double clock_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

struct meter {
    double cpu, wall;
};

static struct meter meter_start(void)
{
    return (struct meter){clock_us(CLOCK_PROCESS_CPUTIME_ID), clock_us(CLOCK_MONOTONIC)};
}

static struct meter meter_stop(struct meter m)
{
    return (struct meter){clock_us(CLOCK_PROCESS_CPUTIME_ID) - m.cpu,
                          clock_us(CLOCK_MONOTONIC) - m.wall};
}

static void say_each(const char *what, struct meter m, unsigned n)
{
    printf("%-46s %9.2f µs CPU each %9.2f µs wall each\n", what, m.cpu / n, m.wall / n);
}

static void say_all(const char *what, struct meter m)
{
    printf("%-46s %9.2f ms CPU      %9.2f ms wall\n", what, m.cpu / 1e3, m.wall / 1e3);
}

/* --- the store ------------------------------------------------------------------------------ */

static struct sj_owner owner_of(unsigned i, char user[64])
{
    snprintf(user, 64, "user%u@example.org", i);
    return (struct sj_owner){"irc.example.org", user, ""};
}

static void store_open(struct bench *b)
{
    struct sj_error err = {.status = SJ_OK};
    must(sj_store_open(&b->store, b->loop, NULL, &b->options, &err), "open", &err);
}

static void store_register(struct bench *b, unsigned n)
{
    struct sj_error err = {.status = SJ_OK};
    for (unsigned i = 0; i < n; i++) {
        char user[64];
        const struct sj_registration r = {.owner = owner_of(i, user)};
        const struct sj_store_change change = {.owner = r.owner, .registration = &r};
        must(sj_store_changes_put(b->store, &change, 1, &err), "register", &err);
        must(sj_store_flush(b->store, &err), "register", &err);
    }
}

static void store_flush(struct bench *b)
{
    struct sj_error err = {.status = SJ_OK};
    must(sj_store_flush(b->store, &err), "flush", &err);
}

/* Entry number k of user i; network ids on demand. */
static void put(struct bench *b, unsigned i, unsigned k, int64_t time, bool last, bool named,
                char id[SJ_ARCHIVE_ID_SIZE])
{
    char user[64], network_id[32];
    uint8_t data[DATA_BYTES] = {0};
    struct sj_error err = {.status = SJ_OK};
    const struct sj_owner owner = owner_of(i, user);
    memcpy(data, &k, sizeof k);
    snprintf(network_id, sizeof network_id, "msgid-%u", k);
    const struct sj_archive_entry e = {.time = time, .network_id = named ? network_id : NULL,
                                       .data = data, .n = sizeof data};
    must(sj_store_archive_put(b->store, &owner, ROOM, &e, last, id, &err), "put", &err);
}

/* --- writing -------------------------------------------------------------------------------- */

static void bench_fill(struct bench *b, bool named, unsigned user)
{
    int64_t start = sj_loop_utc_ms(b->loop) - (int64_t)b->entries * SPAN_MS;
    struct meter m = meter_start();
    for (unsigned k = 0; k < b->entries; k++) {
        put(b, user, k, start + (int64_t)k * SPAN_MS, true, named, b->ids[k]);
        if (k % GROUP == GROUP - 1)
            store_flush(b);
    }
    store_flush(b);
    say_each(named ? "message in one room, ids of the network" : "message in one room",
             meter_stop(m), b->entries);
}

/* A room that all users are in: each message goes into the archive of each. */
static void bench_users(struct bench *b)
{
    char id[SJ_ARCHIVE_ID_SIZE];
    unsigned rounds = b->entries / USERS;
    int64_t now = sj_loop_utc_ms(b->loop);
    struct meter m = meter_start();
    for (unsigned k = 0; k < rounds; k++) {
        for (unsigned i = 0; i < USERS; i++)
            put(b, i, b->entries + k, now, true, false, id);
        store_flush(b);
    }
    say_each("message, 1000 users in one room, for each", meter_stop(m), rounds * USERS);
}

/* Each message makes the oldest one go. */
static void bench_full(struct bench *b)
{
    char id[SJ_ARCHIVE_ID_SIZE];
    unsigned n = b->entries / 10;
    sj_store_close(&b->store);
    b->options.archive_messages = b->entries;
    store_open(b);
    struct meter m = meter_start();
    for (unsigned k = 0; k < n; k++) {
        put(b, 0, 2 * b->entries + k, sj_loop_utc_ms(b->loop), true, false, id);
        if (k % GROUP == GROUP - 1)
            store_flush(b);
    }
    store_flush(b);
    say_each("message in a room that is full", meter_stop(m), n);
}

/* --- reading -------------------------------------------------------------------------------- */

static void on_entry(const struct sj_archive_entry *e, void *arg)
{
    unsigned *n = arg;
    *n += e->n == DATA_BYTES;
}

static bool one_in_ten(const struct sj_archive_entry *e, void *arg)
{
    unsigned k;
    (void)arg;
    memcpy(&k, e->data, sizeof k);
    return k % 10 == 0;
}

static bool one_in_many(const struct sj_archive_entry *e, void *arg)
{
    unsigned k;
    (void)arg;
    memcpy(&k, e->data, sizeof k);
    return k % 1000 == 0;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void say_pages(struct bench *b, const char *what, unsigned n, double budget)
{
    double sum = 0;
    qsort(b->us, n, sizeof b->us[0], compare);
    for (unsigned i = 0; i < n; i++)
        sum += b->us[i];
    double most = b->us[n - n / 100 - 1];
    bool kept = budget == 0 || most < budget;
    printf("%-46s %9.2f µs CPU mean %9.2f p99%s\n", what, sum / n, most,
           kept ? "" : "  BUDGET MISSED");
    b->missed = b->missed || !kept;
}

/* Pages at random places; each must be full. */
static void bench_pages(struct bench *b, const char *what, bool back,
                        bool (*wanted)(const struct sj_archive_entry *, void *), unsigned pages,
                        double budget)
{
    char user[64];
    struct sj_error err = {.status = SJ_OK};
    const struct sj_owner owner = owner_of(0, user);
    for (unsigned i = 0; i < pages; i++) {
        unsigned n = 0, middle = b->entries / 2;
        bool more = false;
        const char *id = b->ids[back ? middle + sj_random_below(middle) : sj_random_below(middle)];
        const struct sj_archive_page page = {.room = ROOM, .since = -1, .until = -1,
                                             .after = back ? NULL : id, .before = back ? id : NULL,
                                             .back = back, .max = PAGE, .wanted = wanted};
        struct meter m = meter_start();
        must(sj_store_archive_each(b->store, &owner, &page, on_entry, &n, &more, &err), "page",
             &err);
        b->us[i] = meter_stop(m).cpu;
        if (wanted != one_in_many && (n != PAGE || !more))
            die("a page has %u entries", n);
    }
    say_pages(b, what, pages, budget);
}

static void bench_times(struct bench *b)
{
    char user[64];
    struct sj_error err = {.status = SJ_OK};
    const struct sj_owner owner = owner_of(0, user);
    int64_t end = sj_loop_utc_ms(b->loop) - (int64_t)b->entries / 2 * SPAN_MS;
    for (unsigned i = 0; i < PAGES; i++) {
        unsigned n = 0;
        bool more = false;
        int64_t since = end - (int64_t)sj_random_below(b->entries / 3) * SPAN_MS;
        const struct sj_archive_page page = {.room = ROOM, .since = since, .until = -1,
                                             .max = PAGE};
        struct meter m = meter_start();
        must(sj_store_archive_each(b->store, &owner, &page, on_entry, &n, &more, &err), "page",
             &err);
        b->us[i] = meter_stop(m).cpu;
        if (n != PAGE)
            die("a page by time has %u entries", n);
    }
    say_pages(b, "page of 50 by time", PAGES, PAGE_BUDGET_US);
}

static void bench_single(struct bench *b)
{
    char user[64], id[SJ_ARCHIVE_ID_SIZE], network_id[32];
    struct sj_error err = {.status = SJ_OK};
    const struct sj_owner owner = owner_of(0, user);
    unsigned n = 0;
    uint64_t count = 0;
    struct meter m = meter_start();
    for (unsigned i = 0; i < PAGES; i++)
        must(sj_store_archive_get(b->store, &owner, ROOM, b->ids[sj_random_below(b->entries)],
                                  on_entry, &n, &err), "get", &err);
    say_each("entry by its id", meter_stop(m), PAGES);
    m = meter_start();
    for (unsigned i = 0; i < PAGES; i++)
        must(sj_store_archive_count(b->store, &owner, ROOM, &count, &err), "count", &err);
    say_each("number of entries", meter_stop(m), PAGES);
    const struct sj_owner named = owner_of(1, user);
    m = meter_start();
    for (unsigned i = 0; i < PAGES; i++) {
        snprintf(network_id, sizeof network_id, "msgid-%u", sj_random_below(b->entries));
        must(sj_store_archive_find(b->store, &named, ROOM, network_id, id, &err), "find", &err);
    }
    say_each("entry by the network's id", meter_stop(m), PAGES);
}

static void bench_read(struct bench *b)
{
    bench_pages(b, "page of 50, on", false, NULL, PAGES, PAGE_BUDGET_US);
    bench_pages(b, "page of 50, back", true, NULL, PAGES, PAGE_BUDGET_US);
    bench_times(b);
    bench_pages(b, "page of 50, one in ten is wanted", false, one_in_ten, PAGES / 10,
                PAGE_BUDGET_US);
    bench_pages(b, "page of 50, back, one in ten is wanted", true, one_in_ten, PAGES / 10,
                PAGE_BUDGET_US);
    bench_pages(b, "search through 5000 entries", false, one_in_many, PAGES / 20, 0);
    bench_single(b);
}

/* --- going ---------------------------------------------------------------------------------- */

static uint64_t records(struct bench *b)
{
    struct sj_store_stats stats;
    sj_store_stats(b->store, &stats);
    return stats.records;
}

static void bench_going(struct bench *b)
{
    char user[64];
    struct sj_error err = {.status = SJ_OK};
    const struct sj_owner owner = owner_of(1, user);
    struct meter m = meter_start();
    sj_store_registration_remove(b->store, &owner, NULL, NULL, 0);
    must(sj_store_flush(b->store, &err), "remove", &err);
    say_all("a user leaves, with as many entries", meter_stop(m));
    uint64_t before = records(b);
    m = meter_start();
    sj_loop_test_advance(b->loop, 31 * DAY_MS);
    say_each("an entry expires, with 744 sweeps", meter_stop(m), (unsigned)(before - records(b)));
}

static void bench_files(struct bench *b)
{
    struct sj_store_stats stats;
    struct meter m = meter_start();
    sj_store_close(&b->store);
    store_open(b);
    say_all("closing and opening the store", meter_stop(m));
    sj_store_stats(b->store, &stats);
    printf("%-46s %9llu records %9llu MiB\n", "store", (unsigned long long)stats.records,
           (unsigned long long)stats.used_bytes >> 20);
}

static void directory_remove(const char *dir)
{
    static const char *const names[] = {"data/data.mdb", "data/lock.mdb", "data/in-use.lock",
                                        "store.key", "data"};
    char path[600];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        if (unlink(path) != 0)
            rmdir(path);
    }
    rmdir(dir);
}

int main(int argc, char **argv)
{
    static struct bench b = {.entries = 100000};
    char dir[400], data[500], key[500];
    if (argc < 2 || argc > 3 || (argc == 3 && (b.entries = (unsigned)strtoul(argv[2], NULL, 10)) <
                                                  10 * SJ_ARCHIVE_LOOK_MAX))
        die("usage: sojourn-bench-archive DIRECTORY [ENTRIES, from %u]", 10 * SJ_ARCHIVE_LOOK_MAX);
    snprintf(dir, sizeof dir, "%s/archive-XXXXXX", argv[1]);
    if (!mkdtemp(dir))
        die("%s: %s", argv[1], strerror(errno));
    snprintf(data, sizeof data, "%s/data", dir);
    snprintf(key, sizeof key, "%s/store.key", dir);
    b.options = (struct sj_store_options){.dir = data, .key_file = key, .archive_days = 30,
                                          .archive_messages = 1000000};
    b.ids = sj_calloc(b.entries, sizeof *b.ids);
    b.loop = sj_loop_new();
    store_open(&b);
    store_register(&b, USERS);
    bench_fill(&b, true, 1);
    bench_fill(&b, false, 0);
    bench_read(&b);
    bench_users(&b);
    bench_files(&b);
    bench_full(&b);
    bench_going(&b);
    sj_store_close(&b.store);
    sj_loop_free(&b.loop);
    sj_free(b.ids);
    directory_remove(dir);
    return b.missed ? 1 : 0;
}
