/* SPDX-License-Identifier: MPL-2.0 */
/* A new master key: nothing is lost on the way, wherever it is broken off, and nothing is left that
 * the old key opens. */
#include "full.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "keyfile.h"
#include "rekey.h"
#include "said.h"
#include "sojourn/memory.h"

#define OWNERS 40u
#define STEPS_MAX 1000u

static struct fixture f, crash;
static struct full given[OWNERS + 1], other;
static struct sj_store_report reports[SJ_STORE_TABLES_MAX];
static char next_key[128];

static void sweep(void)
{
    fixture_sweep(&f);
    fixture_sweep(&crash);
}

TestSuite(rekey, .fini = sweep, .timeout = 300);

static void begin(enum fixture_engine kind, unsigned owners)
{
    fixture_init(&f, kind);
    snprintf(next_key, sizeof next_key, "%s.new", f.key_file);
    fixture_open(&f);
    for (unsigned i = 1; i <= owners; i++)
        full_put(&f, i, &given[i]);
}

static void start(void)
{
    struct sj_error err = {.status = SJ_OK};
    cr_assert_eq(sj_store_new_key_make(f.key_file, &err), SJ_OK, "%s", err.text);
    cr_assert_eq(sj_store_rekey(f.store, &err), SJ_OK, "%s", err.text);
    fixture_settle(&f);
}

static bool running(const struct fixture *at)
{
    struct sj_store_rekeying state;
    sj_store_rekeying(at->store, &state);
    cr_expect_leq(state.done, state.all + 1000);
    return state.running;
}

static void step(struct fixture *at)
{
    sj_loop_test_advance(at->loop, SJ_LOOP_TICK_MS);
    fixture_settle(at);
}

static void finish(struct fixture *at)
{
    for (unsigned i = 0; running(at); i++) {
        cr_assert_lt(i, STEPS_MAX);
        step(at);
    }
}

static void expect_all(struct fixture *at, unsigned owners)
{
    for (unsigned i = 1; i <= owners; i++)
        full_expect(at, i, &given[i]);
}

static void expect_sound(struct fixture *at)
{
    size_t n = 0;
    cr_assert_eq(sj_store_check(at->store, reports, &n, NULL, NULL, NULL), SJ_OK);
    for (size_t i = 0; i < n; i++)
        cr_expect_eq(reports[i].damaged + reports[i].orphaned + reports[i].astray +
                     reports[i].leaving, 0, "%s: %d %d %d", reports[i].table,
                     (int)reports[i].damaged, (int)reports[i].orphaned, (int)reports[i].astray);
}

/* --- the veil ------------------------------------------------------------------------------- */

Test(rekey, the_veil_comes_off_again_and_is_of_one_key)
{
    uint8_t master[SEAL_KEY_LEN] = {1}, part[STORE_PART_LEN], was[STORE_PART_LEN];
    struct seal *old = NULL, *now = NULL, *third = NULL;
    struct sj_log log = {.area = "test"};
    cr_assert_eq(seal_new(&old, master, &log, NULL), SJ_OK);
    master[0] = 2;
    cr_assert_eq(seal_new(&now, master, &log, NULL), SJ_OK);
    master[0] = 3;
    cr_assert_eq(seal_new(&third, master, &log, NULL), SJ_OK);
    seal_take_roots(now, old);
    seal_take_roots(third, now);
    for (size_t n = STORE_PART_LEN / 2; n <= STORE_PART_LEN; n += STORE_PART_LEN / 2) {
        for (unsigned i = 0; i < 200; i++) {
            sj_random_bytes(was, sizeof was);
            memcpy(part, was, sizeof was);
            seal_veil(old, part, n);
            cr_assert_arr_eq(part, was, sizeof was, "the first key has none");
            seal_veil(now, part, n);
            cr_expect_neq(memcmp(part, was, n), 0);
            seal_unveil(third, part, n);
            cr_expect_neq(memcmp(part, was, n), 0);
            seal_veil(third, part, n);
            seal_unveil(now, part, n);
            cr_expect_arr_eq(part, was, sizeof was);
        }
    }
    seal_free(&old);
    seal_free(&now);
    seal_free(&third);
}

/* --- all of it ------------------------------------------------------------------------------ */

static void keeps_everything(enum fixture_engine kind)
{
    struct sj_error err = {.status = SJ_OK};
    uint8_t id_key[SJ_STORE_ID_KEY_LEN], id_key_now[SJ_STORE_ID_KEY_LEN];
    uint8_t first[SEAL_KEY_LEN], key[SEAL_KEY_LEN];
    begin(kind, 5);
    sj_store_id_key(f.store, id_key);
    cr_assert_eq(keyfile_read(f.key_file, first, &err), SJ_OK);
    for (unsigned round = 0; round < 3; round++) {
        uint64_t records = fixture_records(&f);
        start();
        cr_expect(running(&f));
        finish(&f);
        cr_expect_eq(fixture_records(&f), records);
        expect_all(&f, 5);
        expect_sound(&f);
        cr_expect_neq(access(next_key, F_OK), 0, "it has taken the old one's place");
        fixture_reopen(&f);
        expect_all(&f, 5);
    }
    sj_store_id_key(f.store, id_key_now);
    cr_expect_arr_eq(id_key, id_key_now, sizeof id_key);
    cr_assert_eq(keyfile_read(f.key_file, key, &err), SJ_OK);
    cr_expect_neq(memcmp(first, key, sizeof key), 0);
    fixture_done(&f, 0);
}

Test(rekey, keeps_everything_on_files)
{
    keeps_everything(FIXTURE_LMDB);
}

Test(rekey, keeps_everything_in_memory)
{
    keeps_everything(FIXTURE_MEM);
}

struct old_look {
    const struct seal *old;
    unsigned found, opened;
    uint8_t user[STORE_PART_LEN];
    struct seal_key data;
};

static bool look_with_old(void *arg, const uint8_t key[STORE_KEY_LEN], struct store_bytes value)
{
    struct old_look *look = arg;
    uint8_t out[8192];
    size_t n;
    look->found += memcmp(key, look->user, STORE_PART_LEN) == 0;
    for (int t = 0; t < STORE_TABLE_COUNT; t++) {
        const struct seal_place where = {store_table_name((enum store_table)t), key};
        const struct seal_key *keys[] = {seal_wrap_key(look->old), seal_header_key(look->old),
                                         &look->data};
        for (size_t k = 0; k < 3 && value.n < sizeof out; k++)
            look->opened += seal_open(out, &n, keys[k], &where, value.p, value.n);
    }
    return true;
}

/* Whoever has the old key, and even the old data key, finds and opens nothing. */
Test(rekey, leaves_nothing_to_the_old_key)
{
    struct sj_error err = {.status = SJ_OK};
    struct old_look look = {.found = 0};
    struct seal *old = NULL;
    uint8_t master[SEAL_KEY_LEN];
    const struct sj_owner owner = fixture_owner(1);
    begin(FIXTURE_LMDB, 3);
    cr_assert_eq(keyfile_read(f.key_file, master, &err), SJ_OK);
    cr_assert_eq(seal_new(&old, master, &f.log, &err), SJ_OK);
    look.old = old;
    seal_user_part(old, &owner, look.user);
    cr_assert_eq(store_read_begin(f.store, NULL), SJ_OK);
    cr_assert_eq(sealed_data_key(f.store, look.user, &look.data, &err), SJ_OK);
    store_read_end(f.store);
    for (unsigned round = 0; round < 2; round++) {
        look.found = look.opened = 0;
        struct engine *e = f.store->engine;
        cr_assert_eq(e->ops->begin(e, ENGINE_READS, NULL), SJ_OK);
        for (int t = 0; t < STORE_TABLE_COUNT; t++)
            e->ops->each(e, (enum store_table)t, NULL, 0, look_with_old, &look, NULL);
        e->ops->abort(e);
        cr_expect_eq(look.found > 0, round == 0);
        cr_expect_eq(look.opened > 0, round == 0);
        if (round == 0) {
            start();
            finish(&f);
        }
    }
    seal_free(&old);
    sj_store_close(&f.store);
    unlink(f.key_file);
    cr_assert_eq(sj_store_genkey(f.key_file, NULL), SJ_OK);
    fixture_refused(&f, SJ_DENIED, "not the key");
    fixture_done(&f, 0);
}

/* --- in use meanwhile ----------------------------------------------------------------------- */

static void write_something(unsigned i, unsigned n)
{
    struct sj_error err = {.status = SJ_OK};
    char id[32], network_id[32];
    const struct sj_owner owner = fixture_owner(i);
    const struct sj_archive_entry e = {.time = said_now(&f), .data = (const uint8_t *)"later",
                                       .n = 5, .network_id = network_id};
    char entry[SJ_ARCHIVE_ID_SIZE];
    snprintf(id, sizeof id, "late-%u", n);
    snprintf(network_id, sizeof network_id, "late-net-%u", n);
    cr_assert_eq(fixture_add_contact(&f, i, id), SJ_OK);
    sj_store_message_put(f.store, &owner, &(struct sj_store_message){
        .peer = "juliet", .network_id = network_id, .id = id, .own = true});
    cr_assert_eq(said_put(&f, i, SAID_ROOM, &e, true, entry), SJ_OK);
    cr_assert_eq(sj_store_flush(f.store, &err), SJ_OK, "%s", err.text);
}

static unsigned found;

static void on_message(const struct sj_store_message *m, void *arg)
{
    (void)arg;
    found += m->own;
}

static void expect_something(unsigned i, unsigned n)
{
    char id[32], network_id[32];
    const struct sj_owner owner = fixture_owner(i);
    static struct contacts contacts;
    snprintf(id, sizeof id, "late-%u", n);
    snprintf(network_id, sizeof network_id, "late-net-%u", n);
    found = 0;
    sj_store_message_find(f.store, &owner, "juliet", id, on_message, NULL, NULL);
    sj_store_message_find_network(f.store, &owner, "juliet", network_id, on_message, NULL, NULL);
    cr_expect_eq(found, 2, "message %u of %u", n, i);
    cr_expect_neq(said_find(&f, i, network_id)[0], '\0', "entry %u of %u", n, i);
    fixture_contacts(&f, i, &contacts);
    cr_expect(strstr(contacts.text, id), "contact %u of %u: %s", n, i, contacts.text);
}

Test(rekey, is_not_noticed_by_who_reads_and_writes)
{
    static struct copy copy;
    unsigned n = 0;
    begin(FIXTURE_LMDB, OWNERS);
    start();
    for (; running(&f); n++) {
        cr_assert_lt(n, STEPS_MAX);
        for (unsigned i = 9; i <= OWNERS; i++)
            full_expect(&f, i, &given[i]);
        write_something(5 + n % 4, n);
        expect_something(5 + n % 4, n);
        const struct sj_owner leaves = fixture_owner(1 + n % 4);
        if (n < 4)
            cr_expect_eq(fixture_unregister(f.store, &leaves, NULL), SJ_OK);
        memset(&copy, 0, sizeof copy);
        size_t damaged = 0;
        cr_assert_eq(sj_store_registration_each(f.store, &damaged, copy_each, &copy, NULL), SJ_OK);
        cr_expect_eq(damaged, 0);
        cr_expect_eq(copy.count, OWNERS - (n < 4 ? n + 1 : 4) + (n > 2));
        if (n == 2)
            full_put(&f, OWNERS + 20, &other);
        step(&f);
    }
    cr_expect_gt(n, 4, "the test has enough for some steps");
    for (unsigned i = 0; i < n; i++)
        expect_something(5 + i % 4, i);
    for (unsigned i = 9; i <= OWNERS; i++)
        full_expect(&f, i, &given[i]);
    full_expect(&f, OWNERS + 20, &other);
    for (unsigned i = 1; i <= 4; i++)
        cr_expect_eq(fixture_get(&f, i, &copy), SJ_NOTFOUND);
    expect_sound(&f);
    fixture_reopen(&f);
    for (unsigned i = 0; i < n; i++)
        expect_something(5 + i % 4, i);
    fixture_done(&f, 0);
}

Test(rekey, moves_a_large_archive_in_pieces_that_keep_their_order)
{
    char text[16];
    unsigned steps = 0;
    begin(FIXTURE_LMDB, 1);
    for (unsigned i = 0; i < 990; i++) {
        snprintf(text, sizeof text, "%u", i);
        said_last(&f, 1, said_now(&f), text);
    }
    cr_assert_eq(sj_store_flush(f.store, NULL), SJ_OK);
    char *before = sj_strdup(said_all(&f, 1));
    const struct sj_archive_page back = {.since = -1, .until = -1, .max = 1000, .back = true};
    start();
    for (; running(&f); steps++) {
        cr_expect_str_eq(said_all(&f, 1), before, "step %u", steps);
        cr_expect_str_eq(said_page(&f, 1, back), before, "step %u", steps);
        cr_expect_eq(said_count(&f, 1), 995);
        step(&f);
    }
    cr_expect_gt(steps, 4);
    cr_expect_str_eq(said_all(&f, 1), before);
    sj_free(before);
    fixture_done(&f, 0);
}

/* --- broken off ----------------------------------------------------------------------------- */

static void copy_file(const char *from, const char *to)
{
    static unsigned char bytes[8 << 20];
    unlink(to);
    int in = open(from, O_RDONLY);
    if (in < 0)
        return;
    ssize_t n = read(in, bytes, sizeof bytes);
    close(in);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0600);
    cr_assert_eq(write(out, bytes, (size_t)n), n);
    close(out);
}

/* What a crash at this moment would leave behind, in a place of its own. */
static void crash_here(void)
{
    char from[160], to[160];
    fixture_init(&crash, FIXTURE_LMDB);
    cr_assert_eq(mkdir(crash.dir, 0700), 0);
    snprintf(from, sizeof from, "%s/data.mdb", f.dir);
    snprintf(to, sizeof to, "%s/data.mdb", crash.dir);
    copy_file(from, to);
    copy_file(f.key_file, crash.key_file);
    snprintf(to, sizeof to, "%s.new", crash.key_file);
    copy_file(next_key, to);
}

Test(rekey, goes_on_from_wherever_it_was_broken_off)
{
    unsigned steps = 0, early = 0;
    begin(FIXTURE_LMDB, OWNERS);
    start();
    for (bool on = true; on; steps++) {
        on = running(&f);
        crash_here();
        fixture_open(&crash);
        if (on && !running(&crash))
            early++;                     /* on the disk it is over a moment before that is said */
        cr_expect(on || !running(&crash), "step %u", steps);
        expect_all(&crash, OWNERS);
        finish(&crash);
        expect_all(&crash, OWNERS);
        expect_sound(&crash);
        fixture_done(&crash, 0);
        step(&f);
    }
    cr_expect_gt(steps, 4);
    cr_expect_leq(early, 1);
    expect_all(&f, OWNERS);
    sj_log_set_sink(NULL, NULL);
    fixture_done(&f, 0);
}

/* In a child that is killed at any moment, or ends by itself after a minute; the data directory
 * outlives it. It tells Criterion nothing: what is cut off in the middle would confuse that. */
static void child_rekeys(void)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_store_rekeying state;
    const struct sj_store_options options = {.dir = f.dir, .key_file = f.key_file};
    if (sj_store_open(&f.store, f.loop, &f.log, &options, &err) != SJ_OK)
        _exit(1);
    sj_store_rekeying(f.store, &state);
    if (!state.running) {
        sj_store_new_key_make(f.key_file, &err);
        sj_store_rekey(f.store, &err);
    }
    for (unsigned i = 0; i < 60000; i++)
        sj_loop_turn(f.loop, 1);
    _exit(0);
}

Test(rekey, survives_kill_9_at_any_moment)
{
    begin(FIXTURE_LMDB, OWNERS);
    sj_store_close(&f.store);
    for (unsigned round = 0; round < 25; round++) {
        pid_t pid = fork();
        cr_assert_geq(pid, 0);
        if (pid == 0)
            child_rekeys();
        struct timespec pause = {.tv_nsec = 1000000 * (long)(5 + sj_random_below(250))};
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
        kill(pid, SIGKILL);
        cr_assert_eq(waitpid(pid, NULL, 0), pid);
        fixture_open(&f);
        expect_all(&f, OWNERS);
        sj_store_close(&f.store);
    }
    fixture_open(&f);
    finish(&f);
    expect_all(&f, OWNERS);
    expect_sound(&f);
    fixture_done(&f, 0);
}

Test(rekey, takes_the_new_key_when_only_its_place_was_missing)
{
    struct sj_error err = {.status = SJ_OK};
    char kept[128];
    begin(FIXTURE_LMDB, 1);
    snprintf(kept, sizeof kept, "%s.kept", f.key_file);
    copy_file(f.key_file, kept);
    start();
    finish(&f);
    cr_assert_eq(rename(f.key_file, next_key), 0);
    copy_file(kept, f.key_file);
    cr_expect_eq(sj_store_rekey(f.store, &err), SJ_OK, "it is over");
    cr_expect_not(running(&f));
    fixture_reopen(&f);
    full_expect(&f, 1, &given[1]);
    cr_expect_neq(access(next_key, F_OK), 0);
    fixture_reopen(&f);
    full_expect(&f, 1, &given[1]);
    fixture_done(&f, 0);
}

Test(rekey, refuses_to_open_half_way_without_the_new_key)
{
    char kept[128];
    begin(FIXTURE_LMDB, OWNERS);
    snprintf(kept, sizeof kept, "%s.kept", f.key_file);
    start();
    step(&f);
    cr_assert(running(&f));
    sj_store_close(&f.store);
    cr_assert_eq(rename(next_key, kept), 0);
    fixture_refused(&f, SJ_DENIED, "half way to a new key");
    cr_assert_eq(sj_store_new_key_make(f.key_file, NULL), SJ_OK);
    fixture_refused(&f, SJ_DENIED, "not the key that these data were moving to");
    cr_assert_eq(rename(kept, next_key), 0);
    fixture_open(&f);
    finish(&f);
    expect_all(&f, OWNERS);
    fixture_done(&f, 0);
}

/* --- refusals ------------------------------------------------------------------------------- */

Test(rekey, says_what_is_missing)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_store *reader = NULL;
    uint64_t bytes;
    char target[128];
    uint8_t key[SEAL_KEY_LEN], again[SEAL_KEY_LEN];
    begin(FIXTURE_LMDB, OWNERS);
    snprintf(target, sizeof target, "%s/backup", f.root);
    cr_expect_eq(sj_store_rekey(f.store, &err), SJ_NOTFOUND, "%s", err.text);
    start();
    cr_expect_eq(sj_store_rekey(f.store, &err), SJ_EXISTS, "%s", err.text);
    cr_assert_eq(keyfile_read_new(f.key_file, key, NULL), SJ_OK);
    cr_expect_eq(sj_store_new_key_make(f.key_file, NULL), SJ_OK);
    cr_assert_eq(keyfile_read_new(f.key_file, again, NULL), SJ_OK);
    cr_expect_arr_eq(key, again, sizeof key, "a key that data may be under is never replaced");
    step(&f);
    sj_store_close(&f.store);
    cr_expect_eq(sj_store_open_reader(&reader, &f.log, f.dir, f.key_file, &err), SJ_EXISTS);
    cr_expect(strstr(err.text, "wait until"), "%s", err.text);
    cr_expect_eq(sj_store_backup(&f.log, f.dir, target, &bytes, &err), SJ_EXISTS);
    cr_expect(strstr(err.text, "wait until"), "%s", err.text);
    cr_expect_neq(access(target, F_OK), 0);
    fixture_open(&f);
    finish(&f);
    fixture_done(&f, 0);
}

static void flip(unsigned char *p, size_t *n)
{
    p[*n - 1] ^= 1;
}

Test(rekey, drops_what_nobody_could_read)
{
    struct sj_store_rekeying state;
    begin(FIXTURE_LMDB, 2);
    fixture_tamper(&f, STORE_STATE, flip);
    start();
    finish(&f);
    sj_store_rekeying(f.store, &state);
    cr_expect_eq(state.dropped, 2);
    expect_sound(&f);
    fixture_done(&f, 2);
}
