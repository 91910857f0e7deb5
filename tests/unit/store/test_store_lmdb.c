/* SPDX-License-Identifier: MPL-2.0 */
/* What only files can show: full disk and full map, kill -9, damage, locks, and secrecy. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <criterion/criterion.h>

#include "group.h"
#include "said.h"
#include "sojourn/memory.h"

static struct fixture f;
static struct copy copy;
static struct contacts contacts;
static unsigned char blob[SJ_STORE_BLOB_MAX];

static void sweep(void)
{
    fixture_sweep(&f);
}

TestSuite(store_lmdb, .fini = sweep);

static void data_path(char *out, size_t size, const char *name)
{
    snprintf(out, size, "%s/%s", f.dir, name);
}

/* --- growing ------------------------------------------------------------------------------ */

Test(store_lmdb, grows_the_map_as_it_fills)
{
    struct sj_store_stats stats;
    fixture_init(&f, FIXTURE_LMDB);
    f.map_bytes = 1;                     /* the least that is used is a quarter MiB */
    fixture_open(&f);
    sj_store_stats(f.store, &stats);
    cr_assert_leq(stats.map_bytes, 256u << 10);
    for (unsigned i = 0; i < 600; i++)
        fixture_register(&f, i);
    sj_store_stats(f.store, &stats);
    cr_expect_gt(stats.used_bytes, 256u << 10);
    cr_expect_eq(stats.registrations, 600);
    fixture_reopen(&f);
    for (unsigned i = 0; i < 600; i++)
        fixture_load(&f, i, &copy);
    fixture_done(&f, 0);
}

Test(store_lmdb, grows_the_map_in_the_middle_of_a_group)
{
    fixture_init(&f, FIXTURE_LMDB);
    f.map_bytes = 1;
    fixture_open(&f);
    for (unsigned i = 0; i < 40; i++)
        fixture_register(&f, i);
    sj_random_bytes(blob, sizeof blob);
    for (unsigned i = 0; i < 40; i++) {  /* 2.5 MiB in one transaction: map full, grown, again */
        const struct sj_owner owner = fixture_owner(i);
        sj_store_state_put(f.store, &owner, blob, sizeof blob);
    }
    cr_assert_eq(sj_store_flush(f.store, NULL), SJ_OK);
    cr_expect(strstr(f.lines, "store map grown"));
    for (unsigned i = 0; i < 40; i++)
        cr_expect_eq(fixture_state(&f, i, blob, sizeof blob), (long)sizeof blob);
    fixture_done(&f, 0);
}

/* Bytes of address space that this process uses. */
static rlim_t address_space(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    cr_assert(file);
    cr_assert_eq(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

Test(store_lmdb, says_limit_when_the_map_cannot_grow_and_goes_on)
{
    struct rlimit limit;
    struct sj_error err = {.status = SJ_OK};
    if (FIXTURE_ASAN)
        return;                          /* its shadow memory leaves no limit to set */
    fixture_init(&f, FIXTURE_LMDB);
    f.map_bytes = 1;
    fixture_open(&f);
    for (unsigned i = 0; i < 4; i++)
        fixture_register(&f, i);
    sj_random_bytes(blob, sizeof blob);
    cr_assert_eq(getrlimit(RLIMIT_AS, &limit), 0);
    const struct rlimit tight = {address_space() + (32u << 20), limit.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_AS, &tight), 0);
    for (unsigned i = 0; i < 4; i++) {
        const struct sj_owner owner = fixture_owner(i);
        sj_store_state_put(f.store, &owner, blob, sizeof blob);
    }
    enum sj_status full = sj_store_flush(f.store, &err);
    enum sj_status read = fixture_get(&f, 1, &copy);
    cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
    cr_expect_eq(full, SJ_LIMIT, "%s", err.text);
    cr_expect_eq(read, SJ_OK);
    cr_expect_eq(sj_store_flush(f.store, &err), SJ_OK, "%s", err.text);
    fixture_reopen(&f);
    for (unsigned i = 0; i < 4; i++)
        cr_expect_eq(fixture_state(&f, i, blob, sizeof blob), (long)sizeof blob);
    fixture_done(&f, 1);
}

/* --- full disk ---------------------------------------------------------------------------- */

/* Makes a small disk at f.dir: a tmpfs, or where that is not permitted a limit on file sizes,
 * which fails writes in the same places. True: a tmpfs. */
static bool small_disk(void)
{
    const struct rlimit limit = {1u << 20, RLIM_INFINITY};
    cr_assert_eq(mkdir(f.dir, 0700), 0);
    if (mount("tmpfs", f.dir, "tmpfs", 0, "size=1m,mode=0700") == 0)
        return true;
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    return false;
}

static void large_disk(bool is_tmpfs)
{
    const struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    if (is_tmpfs)
        cr_assert_eq(mount("tmpfs", f.dir, "tmpfs", MS_REMOUNT, "size=16m,mode=0700"), 0);
    else
        cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Registers users until the disk is full; their number. */
static unsigned fill_disk(void)
{
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = SJ_OK;
    unsigned n = 0;
    while (status == SJ_OK && n < 20000) {
        const struct sj_registration r = fixture_registration(n);
        status = fixture_put(f.store, &r, &err);
        n += status == SJ_OK;
    }
    cr_assert_eq(status, SJ_LIMIT, "%u: %s %s", n, sj_status_text(status), err.text);
    return n;
}

Test(store_lmdb, survives_a_full_disk, .timeout = 120)
{
    fixture_init(&f, FIXTURE_LMDB);
    bool is_tmpfs = small_disk();
    fixture_open(&f);
    unsigned n = fill_disk();
    const struct sj_registration late = fixture_registration(n);
    cr_expect_gt(n, 50);
    for (int i = 0; i < 5; i++)          /* still full, still alive, logged once */
        cr_expect_eq(fixture_put(f.store, &late, NULL), SJ_LIMIT);
    for (unsigned i = 0; i < n; i++)
        fixture_load(&f, i, &copy);
    cr_expect_eq(fixture_get(&f, n, &copy), SJ_NOTFOUND);
    large_disk(is_tmpfs);
    fixture_register(&f, n);
    cr_expect(strstr(f.lines, "store works again"));
    fixture_reopen(&f);
    for (unsigned i = 0; i <= n; i++)
        fixture_load(&f, i, &copy);
    sj_store_close(&f.store);
    fixture_done(&f, 1);
}

Test(store_lmdb, lets_users_leave_and_keeps_grouped_values_while_the_disk_is_full, .timeout = 120)
{
    fixture_init(&f, FIXTURE_LMDB);
    bool is_tmpfs = small_disk();
    fixture_open(&f);
    unsigned n = fill_disk();
    const struct sj_owner stays = fixture_owner(0), leaves = fixture_owner(1);
    sj_random_bytes(blob, sizeof blob);
    sj_store_state_put(f.store, &stays, blob, sizeof blob);
    cr_expect_eq(sj_store_flush(f.store, NULL), SJ_LIMIT);
    cr_expect_eq(fixture_state(&f, 0, blob, sizeof blob), (long)sizeof blob);
    cr_expect_eq(fixture_unregister(f.store, &leaves, NULL), SJ_OK);
    cr_expect_eq(fixture_get(&f, 1, &copy), SJ_NOTFOUND);
    large_disk(is_tmpfs);
    sj_loop_test_advance(f.loop, STORE_RETRY_MS + 2 * SJ_LOOP_TICK_MS);
    cr_expect(sj_list_empty(&f.store->pending_order), "the timer has written what waited");
    fixture_reopen(&f);
    cr_expect_eq(fixture_state(&f, 0, blob, sizeof blob), (long)sizeof blob);
    cr_expect_eq(fixture_get(&f, n - 1, &copy), SJ_OK);
    sj_store_close(&f.store);
    fixture_done(&f, is_tmpfs ? f.errors : 1);
    cr_expect_leq(f.errors, 2);          /* the full disk; once more if a removal ended the row */
}

Test(store_lmdb, keeps_archives_in_order_while_the_disk_is_full, .timeout = 120)
{
    struct sj_error err = {.status = SJ_OK};
    char id[SJ_ARCHIVE_ID_SIZE], first[SJ_ARCHIVE_ID_SIZE] = "";
    unsigned n = 0;
    fixture_init(&f, FIXTURE_LMDB);
    bool is_tmpfs = small_disk();
    fixture_open(&f);
    fill_disk();
    const struct sj_owner owner = fixture_owner(0);
    sj_random_bytes(blob, sizeof blob);
    enum sj_status status = SJ_OK;
    while (status == SJ_OK && n < 2000) {
        const struct sj_archive_entry e = {.time = said_now(&f), .data = blob, .n = 30000};
        status = sj_store_archive_put(f.store, &owner, SAID_ROOM, &e, true, id, &err);
        if (n == 0)
            memcpy(first, id, sizeof first);
        n += status == SJ_OK;
    }
    cr_expect_eq(status, SJ_LIMIT, "%u: %s", n, err.text);
    cr_expect_gt(n, 100);
    cr_expect_eq(said_count(&f, 0), n, "what waits is seen");
    large_disk(is_tmpfs);
    sj_loop_test_advance(f.loop, STORE_RETRY_MS + 2 * SJ_LOOP_TICK_MS);
    cr_expect_eq(group_waiting(f.store), 0, "the timer has written what waited");
    said_last(&f, 0, said_now(&f), "last");
    fixture_reopen(&f);
    cr_expect_eq(said_count(&f, 0), n + 1);
    const struct sj_archive_page page = {.since = -1, .until = -1, .max = 1, .back = true};
    cr_expect_str_eq(said_page(&f, 0, page), "last +");
    cr_expect_neq(said_get(&f, 0, first)[0], '\0');
    sj_store_close(&f.store);
    fixture_done(&f, f.errors);
    cr_expect_leq(f.errors, 3);          /* the full disk, twice at most; the list */
}

/* --- writes that fail in ways that no disk here can be made to -------------------------------- */

/* LMDB's calls go through these; the switches make them fail. */
static bool break_sync, break_header;
static unsigned syncs;

int fdatasync(int fd);
int fdatasync(int fd)
{
    if (break_sync) {
        errno = EIO;
        return -1;
    }
    syncs++;
    return fsync(fd);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t offset)
{
    if (break_header && offset < 8192) { /* the header pages of LMDB */
        errno = EIO;
        return -1;
    }
    if (lseek(fd, offset, SEEK_SET) != offset)
        return -1;
    return write(fd, p, n);
}

Test(store_lmdb, reports_a_disk_that_fails_and_goes_on)
{
    struct sj_error err = {.status = SJ_OK};
    fixture_init(&f, FIXTURE_LMDB);
    fixture_open(&f);
    fixture_register(&f, 1);
    const struct sj_registration r = fixture_registration(2);
    break_sync = true;
    cr_expect_eq(fixture_put(f.store, &r, &err), SJ_INTERNAL, "%s", err.text);
    cr_expect_eq(fixture_put(f.store, &r, &err), SJ_INTERNAL);
    break_sync = false;
    fixture_load(&f, 1, &copy);
    cr_expect_eq(fixture_get(&f, 2, &copy), SJ_NOTFOUND);
    cr_expect_eq(fixture_put(f.store, &r, &err), SJ_OK, "%s", err.text);
    fixture_done(&f, 1);
}

Test(store_lmdb, opens_again_after_its_header_could_not_be_written)
{
    struct sj_error err = {.status = SJ_OK};
    fixture_init(&f, FIXTURE_LMDB);
    fixture_open(&f);
    fixture_register(&f, 1);
    const struct sj_registration r = fixture_registration(2);
    break_header = true;
    cr_expect_eq(fixture_put(f.store, &r, &err), SJ_INTERNAL, "%s", err.text);
    break_header = false;
    enum sj_status status = SJ_INTERNAL; /* one call may find out, the next one works */
    for (int i = 0; i < 2 && status != SJ_OK; i++)
        status = fixture_put(f.store, &r, &err);
    cr_expect_eq(status, SJ_OK, "%s", err.text);
    fixture_load(&f, 1, &copy);
    fixture_load(&f, 2, &copy);
    fixture_done(&f, 2);                 /* failed; opened again */
}

Test(store_lmdb, commits_no_message_alone_for_readers_of_a_busy_room)
{
    char expected[2000] = "", text[8];
    fixture_init(&f, FIXTURE_LMDB);
    fixture_open(&f);
    fixture_register(&f, 0);
    syncs = 0;
    for (unsigned i = 0; i < 200; i++) {
        size_t n = strlen(expected);
        snprintf(text, sizeof text, "%u", i);
        snprintf(expected + n, sizeof expected - n, "%s ", text);
        const char *id = said_last(&f, 0, said_now(&f), text);
        cr_assert_neq(said_get(&f, 0, id)[0], '\0');
        cr_assert_str_eq(said_all(&f, 0), expected);
    }
    cr_expect_eq(syncs, 0);
    cr_assert_eq(sj_store_flush(f.store, NULL), SJ_OK);
    cr_expect_leq(syncs, 2);
    cr_expect_str_eq(said_all(&f, 0), expected);
    fixture_done(&f, 0);
}

/* --- crash -------------------------------------------------------------------------------- */

/* Registers users from `first` on and reports each acknowledged one; ends by a signal only. */
static _Noreturn void crash_child(int fd, unsigned first)
{
    struct sj_error err;
    const struct sj_store_options options = {.dir = f.dir, .key_file = f.key_file,
                                             .archive_days = 30};
    struct sj_store *store = NULL;
    sj_log_set_sink(NULL, NULL);
    if (sj_store_open(&store, f.loop, NULL, &options, &err) != SJ_OK)
        _exit(3);
    for (unsigned i = first;; i++) {
        struct sj_registration r = fixture_registration(i);
        struct sj_store_contact c = {.id = "juliet"};
        char id[SJ_ARCHIVE_ID_SIZE];
        const struct sj_archive_entry e = {.time = (int64_t)i, .network_id = "n1",
                                           .data = (const uint8_t *)"said", .n = 4};
        if (fixture_put(store, &r, NULL) != SJ_OK ||
            sj_store_archive_put(store, &r.owner, SAID_ROOM, &e, true, id, NULL) != SJ_OK ||
            fixture_contact_put(store, &r.owner, &c, NULL) != SJ_OK ||
            write(fd, &i, sizeof i) != sizeof i)
            _exit(4);
        sj_store_online_put(store, &r.owner, true);
    }
}

Test(store_lmdb, loses_nothing_acknowledged_by_kill_9, .timeout = 120)
{
    unsigned acknowledged = 0;
    fixture_init(&f, FIXTURE_LMDB);
    for (unsigned round = 0; round < 8; round++) {
        int fds[2], status = 0;
        unsigned index = 0, seen = 0;
        cr_assert_eq(pipe(fds), 0);
        pid_t child = fork();
        if (child == 0)
            crash_child(fds[1], acknowledged);
        close(fds[1]);
        while (seen < 20 + 7 * round && read(fds[0], &index, sizeof index) == sizeof index)
            seen++;
        kill(child, SIGKILL);
        while (read(fds[0], &index, sizeof index) == sizeof index)
            continue;                    /* acknowledged before the signal came */
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %d", status);
        close(fds[0]);
        acknowledged = index + 1;
        fixture_open(&f);
        for (unsigned i = 0; i < acknowledged; i++) {
            fixture_load(&f, i, &copy);
            cr_assert_eq(fixture_contacts(&f, i, &contacts), SJ_OK);
            cr_assert_eq(contacts.count, 1);
            /* It was grouped, and the contact behind it is there. */
            cr_assert_eq(said_count(&f, i), 1);
            cr_assert_str_eq(said_get(&f, i, said_find(&f, i, "n1")), "said ");
        }
        sj_store_close(&f.store);
    }
    cr_expect_gt(acknowledged, 200);
    fixture_done(&f, 0);
}

/* --- damaged files ------------------------------------------------------------------------ */

static void write_at(const char *name, long offset, const void *p, size_t n)
{
    char path[256];
    data_path(path, sizeof path, name);
    FILE *file = fopen(path, "r+b");
    cr_assert(file);
    cr_assert_eq(fseek(file, offset, offset < 0 ? SEEK_END : SEEK_SET), 0);
    cr_assert_eq(fwrite(p, 1, n, file), n);
    fclose(file);
}

static void fill_and_close(void)
{
    fixture_init(&f, FIXTURE_LMDB);
    fixture_open(&f);
    for (unsigned i = 0; i < 100; i++)
        fixture_register(&f, i);
    sj_store_close(&f.store);
}

Test(store_lmdb, refuses_a_file_that_was_cut)
{
    char path[256];
    struct stat st;
    fill_and_close();
    data_path(path, sizeof path, "data.mdb");
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(truncate(path, st.st_size / 2), 0);
    fixture_refused(&f, SJ_INTERNAL, "restore a backup");
    cr_assert_eq(truncate(path, 100), 0);
    fixture_refused(&f, SJ_INTERNAL, "restore a backup");
    fixture_done(&f, 0);
}

Test(store_lmdb, refuses_a_file_that_is_something_else)
{
    char junk[4096];
    fill_and_close();
    memset(junk, 'x', sizeof junk);
    write_at("data.mdb", 0, junk, sizeof junk);
    write_at("data.mdb", 4096, junk, sizeof junk);
    fixture_refused(&f, SJ_INTERNAL, "restore a backup");
    fixture_done(&f, 0);
}

/* A use of the store that reads all and touches most pages. */
static void use_all(void)
{
    size_t damaged = 0;
    memset(&copy, 0, sizeof copy);
    cr_expect_eq(sj_store_registration_each(f.store, &damaged, copy_each, &copy, NULL), SJ_OK);
    for (unsigned i = 0; i < 100; i += 7) {
        const struct sj_owner owner = fixture_owner(i);
        if (i % 2 == 0)
            fixture_unregister(f.store, &owner, NULL);
        else
            fixture_register(&f, i);
    }
}

/* Whatever page is overwritten: opening says so, or what opens can be used. */
static void try_all_pages(void (*damage)(unsigned char *page, const unsigned char *file, size_t n))
{
    static unsigned char good[4 << 20], page[4096];
    char path[256];
    unsigned refused = 0;
    fill_and_close();
    data_path(path, sizeof path, "data.mdb");
    FILE *file = fopen(path, "rb");
    cr_assert(file);
    size_t size = fread(good, 1, sizeof good, file);
    fclose(file);
    cr_assert_lt(size, sizeof good);
    for (size_t offset = 0; offset < size; offset += sizeof page) {
        struct sj_error err = {.status = SJ_OK};
        const struct sj_store_options options = {.dir = f.dir, .key_file = f.key_file};
        write_at("data.mdb", 0, good, size);
        memcpy(page, good + offset, sizeof page);
        damage(page, good, size);
        write_at("data.mdb", (long)offset, page, sizeof page);
        if (sj_store_open(&f.store, f.loop, NULL, &options, &err) == SJ_OK) {
            use_all();
            sj_store_close(&f.store);
        } else {
            refused++;
        }
    }
    cr_expect_gt(refused, 10);
    fixture_done(&f, f.errors);
}

static void damage_noise(unsigned char *page, const unsigned char *file, size_t n)
{
    (void)file;
    (void)n;
    sj_random_bytes(page, 4096);
}

static void damage_head(unsigned char *page, const unsigned char *file, size_t n)
{
    (void)file;
    (void)n;
    page[sj_random_below(64)] ^= (unsigned char)(1u << sj_random_below(8));
}

static void damage_swap(unsigned char *page, const unsigned char *file, size_t n)
{
    memcpy(page, file + 4096 * (size_t)sj_random_below((uint32_t)(n / 4096)), 4096);
}

Test(store_lmdb, survives_pages_of_noise, .timeout = 120)
{
    try_all_pages(damage_noise);
}

Test(store_lmdb, survives_flipped_bits_in_page_headers, .timeout = 120)
{
    try_all_pages(damage_head);
}

Test(store_lmdb, survives_pages_that_were_mixed_up, .timeout = 120)
{
    try_all_pages(damage_swap);
}

Test(store_lmdb, opens_its_own_files_whatever_was_done, .timeout = 120)
{
    fixture_init(&f, FIXTURE_LMDB);
    f.map_bytes = 1;
    for (unsigned round = 0; round < 40; round++) {
        fixture_open(&f);                /* refuses what it takes for damaged */
        for (unsigned i = 0; i < 15; i++) {
            const struct sj_owner owner = fixture_owner(sj_random_below(50));
            if (sj_random_below(4) == 0)
                fixture_unregister(f.store, &owner, NULL);
            else
                sj_store_state_put(f.store, &owner, blob, 1 + sj_random_below(sizeof blob));
            fixture_register(&f, sj_random_below(50));
        }
        sj_store_close(&f.store);
    }
    fixture_done(&f, 0);
}

/* --- locks and files ---------------------------------------------------------------------- */

Test(store_lmdb, keeps_a_second_process_out)
{
    struct sj_store *first;
    char text[64];
    fixture_init(&f, FIXTURE_LMDB);
    fixture_open(&f);
    first = f.store;
    f.store = NULL;
    snprintf(text, sizeof text, "in use by process %ld", (long)getpid());
    fixture_refused(&f, SJ_EXISTS, text);
    sj_store_close(&first);
    fixture_open(&f);
    fixture_done(&f, 0);
}

Test(store_lmdb, makes_private_files_only)
{
    static const struct {
        const char *name;
        unsigned mode;
    } rows[] = {{"", 0700}, {"data.mdb", 0600}, {"lock.mdb", 0600}, {"in-use.lock", 0600}};
    char path[256];
    struct stat st;
    umask(0);
    fixture_init(&f, FIXTURE_LMDB);
    fixture_open(&f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        data_path(path, sizeof path, rows[i].name);
        cr_assert_eq(stat(path, &st), 0, "%s", path);
        cr_expect_eq(st.st_mode & 07777, rows[i].mode, "%s %04o", path, st.st_mode & 07777u);
    }
    cr_assert_eq(stat(f.key_file, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0600);
    cr_expect_eq(st.st_size, 32);
    fixture_done(&f, 0);
}

Test(store_lmdb, judges_the_data_directory)
{
    fixture_init(&f, FIXTURE_LMDB);
    cr_assert_eq(mkdir(f.dir, 0700), 0);
    cr_assert_eq(chmod(f.dir, 0770), 0);
    fixture_refused(&f, SJ_DENIED, "chmod 700");
    cr_assert_eq(chmod(f.dir, 0755), 0);
    fixture_open(&f);                    /* warns */
    sj_store_close(&f.store);
    snprintf(f.dir, sizeof f.dir, "%s/no/such", f.root);
    fixture_refused(&f, SJ_DENIED, "data-dir cannot be made");
    snprintf(f.dir, sizeof f.dir, "%s", f.key_file);
    fixture_refused(&f, SJ_DENIED, "data-dir cannot be opened");
    fixture_done(&f, 1);
}

/* --- secrecy ------------------------------------------------------------------------------ */

static bool found(const unsigned char *p, size_t size, const void *needle, size_t n)
{
    for (size_t i = 0; i + n <= size; i++) {
        if (memcmp(p + i, needle, n) == 0)
            return true;
    }
    return false;
}

/* Is needle in any file of the data directory? */
static bool found_in_files(const void *needle, size_t n)
{
    static const char *const names[] = {"data.mdb", "lock.mdb", "in-use.lock"};
    static unsigned char bytes[8 << 20];
    for (size_t i = 0; i < 3; i++) {
        char path[256];
        data_path(path, sizeof path, names[i]);
        FILE *file = fopen(path, "rb");
        cr_assert(file, "%s", path);
        size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        cr_assert_lt(size, sizeof bytes);
        if (found(bytes, size, needle, n))
            return true;
    }
    return false;
}

Test(store_lmdb, writes_no_plain_text_and_no_key_to_the_data_files)
{
    static const char *const needles[] = {
        "romeo", "example.org", "montague", "password", "-secret", "juliet", "Giulietta",
        "capulets", "token-of-the-link", "username", SAID_ROOM, "o-happy-dagger", "msgid-of-it",
    };
    const struct sj_owner owner = fixture_owner(1);
    const struct sj_store_contact c = {.id = "juliet", .name = "Giulietta", .group = "capulets"};
    unsigned char key[32];
    fixture_init(&f, FIXTURE_LMDB);
    fixture_open(&f);
    for (unsigned i = 0; i < 20; i++)
        fixture_register(&f, i);
    cr_assert_eq(fixture_contact_put(f.store, &owner, &c, NULL), SJ_OK);
    sj_store_state_put(f.store, &owner, "token-of-the-link", 17);
    const struct sj_archive_entry e = {.time = said_now(&f), .network_id = "msgid-of-it",
                                       .data = (const uint8_t *)"o-happy-dagger", .n = 14};
    char id[SJ_ARCHIVE_ID_SIZE];
    cr_assert_eq(said_put(&f, 1, SAID_ROOM, &e, true, id), SJ_OK);
    sj_store_close(&f.store);
    for (size_t i = 0; i < sizeof needles / sizeof needles[0]; i++)
        cr_expect_not(found_in_files(needles[i], strlen(needles[i])), "%s", needles[i]);
    FILE *file = fopen(f.key_file, "rb");
    cr_assert_eq(fread(key, 1, sizeof key, file), sizeof key);
    fclose(file);
    cr_expect_not(found_in_files(key, sizeof key));
    cr_expect(found_in_files("contact", 7), "the search works: names of tables are plain");
    fixture_done(&f, 0);
}

/* --- key file ----------------------------------------------------------------------------- */

Test(store_lmdb, refuses_to_start_without_the_key_of_existing_data)
{
    char kept[128];
    fixture_init(&f, FIXTURE_LMDB);
    fixture_open(&f);
    sj_store_close(&f.store);            /* the header alone counts as data */
    snprintf(kept, sizeof kept, "%s.kept", f.key_file);
    cr_assert_eq(rename(f.key_file, kept), 0);
    fixture_refused(&f, SJ_DENIED, "put the key back");
    cr_expect_neq(access(f.key_file, F_OK), 0, "no new key was made");
    cr_assert_eq(rename(kept, f.key_file), 0);
    fixture_open(&f);
    fixture_done(&f, 0);
}

Test(store_lmdb, refuses_a_key_that_others_can_read)
{
    static const mode_t modes[] = {0604, 0640, 0660, 0602, 0601, 0777};
    fixture_init(&f, FIXTURE_LMDB);
    fixture_open(&f);
    sj_store_close(&f.store);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        cr_assert_eq(chmod(f.key_file, modes[i]), 0);
        fixture_refused(&f, SJ_DENIED, "chmod 600");
    }
    cr_assert_eq(chmod(f.key_file, 0400), 0);
    fixture_open(&f);
    fixture_done(&f, 0);
}
