/* SPDX-License-Identifier: MPL-2.0 */
/* tools DIRECTORY [ENTRIES]: what the admin's tools do in a second (docs/STORE.md).
 *
 * Makes a store in a new directory inside of DIRECTORY: 1,000 users with 20 contacts each, and the
 * rest of 200,000 records (unless told otherwise) entries of archives. Then opens and judges every
 * record, copies it, exports one user, and gives it a new key; wall time and CPU of each. */
#include <fcntl.h>
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
#include "sojourn/store_parcel.h"
#include "sojourn/store_tools.h"

#define USERS 1000u
#define CONTACTS 20u
#define DATA_BYTES 250u
#define PATH_SIZE 512

struct tools {
    char root[PATH_SIZE], dir[PATH_SIZE + 32], key[PATH_SIZE + 32], copy[PATH_SIZE + 32];
    struct sj_loop *loop;
    struct sj_store *store;
    uint64_t records;
};

static const struct sj_log tools_log = {.area = "bench"};

static void fail(const char *what, const struct sj_error *err)
{
    fprintf(stderr, "%s: %s\n", what, err->text);
    exit(2);
}

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double wall, cpu;

static void start(void)
{
    wall = seconds(CLOCK_MONOTONIC);
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
}

static void tell(const char *what, uint64_t n)
{
    double w = seconds(CLOCK_MONOTONIC) - wall;
    double c = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("%-12s %8llu records in %6.2f s, %7.0f a second; %5.2f us of CPU each\n", what,
           (unsigned long long)n, w, (double)n / w, c * 1e6 / (double)n);
}

static void owner_of(struct sj_owner *out, char user[64], unsigned i)
{
    snprintf(user, 64, "user%u@example.org", i);
    *out = (struct sj_owner){.host = "net.example.org", .user = user, .label = ""};
}

static void fill_user(struct tools *t, unsigned i)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_store_change changes[1 + CONTACTS] = {{.remove = false}};
    char user[64], ids[CONTACTS][32];
    struct sj_registration r = {.created_at = 1, .n_values = 2,
                                .values = {{"username", "name"}, {"password", "password"}}};
    owner_of(&r.owner, user, i);
    changes[0] = (struct sj_store_change){.owner = r.owner, .registration = &r};
    for (unsigned n = 0; n < CONTACTS; n++) {
        snprintf(ids[n], sizeof ids[n], "contact%u", n);
        changes[1 + n] = (struct sj_store_change){.owner = r.owner, .contact = {.id = ids[n]}};
    }
    if (sj_store_changes_put(t->store, changes, 1 + CONTACTS, &err) != SJ_OK ||
        sj_store_flush(t->store, &err) != SJ_OK)
        fail("user", &err);
}

static void fill(struct tools *t, unsigned long entries)
{
    static uint8_t data[DATA_BYTES];
    struct sj_error err = {.status = SJ_OK};
    struct sj_store_stats stats;
    for (unsigned i = 0; i < USERS; i++)
        fill_user(t, i);
    for (unsigned long n = 0; n < entries; n++) {
        struct sj_archive_entry e = {.time = sj_loop_utc_ms(t->loop), .data = data,
                                     .n = sizeof data};
        char user[64], id[SJ_ARCHIVE_ID_SIZE], network_id[32];
        struct sj_owner owner;
        owner_of(&owner, user, (unsigned)(n % USERS));
        snprintf(network_id, sizeof network_id, "id%lu", n);
        e.network_id = network_id;
        if (sj_store_archive_put(t->store, &owner, "#verona", &e, true, id, &err) != SJ_OK)
            fail("archive", &err);
    }
    if (sj_store_flush(t->store, &err) != SJ_OK)
        fail("flush", &err);
    sj_store_stats(t->store, &stats);
    t->records = stats.records;
}

static void check(struct tools *t)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_store_report reports[SJ_STORE_TABLES_MAX];
    struct sj_store *reader = NULL;
    size_t n;
    start();
    if (sj_store_open_reader(&reader, &tools_log, t->dir, t->key, &err) != SJ_OK ||
        sj_store_check(reader, reports, &n, NULL, NULL, &err) != SJ_OK)
        fail("check", &err);
    sj_store_close(&reader);
    tell("check-store", t->records);
}

static void copy(struct tools *t)
{
    struct sj_error err = {.status = SJ_OK};
    uint64_t bytes = 0;
    start();
    if (sj_store_backup(&tools_log, t->dir, t->copy, &bytes, &err) != SJ_OK)
        fail("backup", &err);
    tell("backup", t->records);
    unlink(t->copy);
}

static const char *kind_of(void *arg, const char *host)
{
    (void)arg, (void)host;
    return "";
}

static void on_told(void *arg, const struct sj_export_count *count)
{
    *(uint64_t *)arg += count->contacts + count->entries;
}

static void export_one(struct tools *t)
{
    struct sj_error err = {.status = SJ_OK};
    const struct sj_export what = {.user = "user7@example.org", .archives = true,
                                   .kind = kind_of};
    struct sj_store *reader = NULL;
    struct sj_parcel *parcel = NULL;
    uint64_t n = 0;
    int fd = open(t->copy, O_RDWR | O_CREAT | O_EXCL, 0600);
    start();
    if (sj_store_open_reader(&reader, &tools_log, t->dir, t->key, &err) != SJ_OK ||
        sj_parcel_create(&parcel, fd, "a passphrase", NULL, &err) != SJ_OK ||
        sj_store_export(reader, &what, parcel, on_told, &n, &err) != SJ_OK ||
        sj_parcel_finish(parcel, &err) != SJ_OK)
        fail("export", &err);
    sj_parcel_free(&parcel);
    sj_store_close(&reader);
    tell("export", n);
    close(fd);
    unlink(t->copy);
}

static void rekey(struct tools *t)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_store_rekeying state;
    start();
    if (sj_store_new_key_make(t->key, &err) != SJ_OK || sj_store_rekey(t->store, &err) != SJ_OK)
        fail("rekey", &err);
    do {
        sj_loop_turn(t->loop, 1000);
        sj_store_rekeying(t->store, &state);
    } while (state.running);
    tell("rekey", t->records);
}

int main(int argc, char **argv)
{
    struct tools t = {.records = 0};
    struct sj_error err = {.status = SJ_OK};
    unsigned long all = argc > 2 ? strtoul(argv[2], NULL, 10) : 200000;
    unsigned long small = USERS * (CONTACTS + 3u);
    if (argc < 2) {
        fputs("usage: sojourn-bench-tools DIRECTORY [RECORDS]\n", stderr);
        return 2;
    }
    sj_log_set_level(SJ_LOG_ERROR);
    snprintf(t.root, sizeof t.root, "%s/tools-XXXXXX", argv[1]);
    if (!mkdtemp(t.root)) {
        perror(t.root);
        return 2;
    }
    snprintf(t.dir, sizeof t.dir, "%s/data", t.root);
    snprintf(t.key, sizeof t.key, "%s/key", t.root);
    snprintf(t.copy, sizeof t.copy, "%s/copy", t.root);
    t.loop = sj_loop_new();
    const struct sj_store_options options = {.dir = t.dir, .key_file = t.key, .archive_days = 30,
                                             .archive_messages = 1000000};
    if (sj_store_open(&t.store, t.loop, &tools_log, &options, &err) != SJ_OK)
        fail("open", &err);
    fill(&t, all > small ? (all - small) / 2 : 0);     /* an entry, and what it is found by */
    check(&t);
    copy(&t);
    export_one(&t);
    rekey(&t);
    check(&t);
    sj_store_close(&t.store);
    sj_loop_free(&t.loop);
    printf("left in %s\n", t.root);
    return 0;
}
