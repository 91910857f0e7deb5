/* SPDX-License-Identifier: MPL-2.0 */
/* Batches that are written on another thread (store/behind.c, overlay.c, writer.c). The inner
 * engine is LMDB's with a gate before its write: a closed one holds the writer, as a slow disk
 * does. */
#include "fixture.h"

#include <sys/resource.h>
#include <time.h>

#include <criterion/criterion.h>

#include "behind.h"
#include "gate.h"
#include "group.h"
#include "overlay.h"
#include "sojourn/memory.h"

#define KEYS 40u

static struct fixture f;
static struct behind *b;
static struct engine *e;                 /* b's */
static struct engine *inner;

static struct {
    unsigned times;
    enum sj_status status;
} settled;

static void on_settled(void *arg, enum sj_status status)
{
    (void)arg;
    settled.times++;
    settled.status = status;
}

static void set_up(void)
{
    struct sj_error err = {.status = SJ_OK};
    fixture_init(&f, FIXTURE_LMDB);
    cr_assert_eq(engine_lmdb_open(&inner, &f.log, &(struct sj_store_options){.dir = f.dir},
                                  &err), SJ_OK, "%s", err.text);
    gate_build(inner);
    b = behind_new(inner, f.loop, &f.log);
    behind_watch(b, on_settled, on_settled, NULL);
    e = behind_engine(b);
}

static void tear_down(void)
{
    gate_set(false);
    if (e)                               /* a store that was opened with it has freed it */
        e->ops->free(e);
    sj_loop_free(&f.loop);
    sj_log_set_sink(NULL, NULL);
    fixture_sweep(&f);
}

TestSuite(behind, .init = set_up, .fini = tear_down);

/* --- a small model: keys 0 to 39, values text ---------------------------------------------- */

static void key_of(unsigned i, uint8_t out[STORE_KEY_LEN])
{
    memset(out, 0, STORE_KEY_LEN);
    out[0] = (uint8_t)(i / 10);
    out[STORE_KEY_LEN - 1] = (uint8_t)(i % 10);
}

static void begin(struct engine *engine, enum engine_mode mode)
{
    struct sj_error err = {.status = SJ_OK};
    cr_assert_eq(engine->ops->begin(engine, mode, &err), SJ_OK, "%s", err.text);
}

static void commit(struct engine *engine)
{
    struct sj_error err = {.status = SJ_OK};
    cr_assert_eq(engine->ops->commit(engine, &err), SJ_OK, "%s", err.text);
}

static void put(struct engine *engine, unsigned i, const char *text)
{
    uint8_t key[STORE_KEY_LEN];
    key_of(i, key);
    struct store_bytes value = {(const uint8_t *)text, strlen(text)};
    cr_assert_eq(engine->ops->put(engine, STORE_STATE, key, value, NULL), SJ_OK);
}

static enum sj_status take(struct engine *engine, unsigned i)
{
    uint8_t key[STORE_KEY_LEN];
    key_of(i, key);
    return engine->ops->remove(engine, STORE_STATE, key, NULL);
}

/* All records in order, as "1=a 12=b ". */
static bool show_one(void *arg, const uint8_t key[STORE_KEY_LEN], struct store_bytes value)
{
    char *out = arg;
    size_t n = strlen(out);
    snprintf(out + n, 4096 - n, "%u=%.*s ", 10u * key[0] + key[STORE_KEY_LEN - 1], (int)value.n,
             (const char *)value.p);
    return true;
}

static const char *show(struct engine *engine)
{
    static char out[2][4096];
    static unsigned at;
    char *text = out[at++ % 2];
    text[0] = '\0';
    begin(engine, ENGINE_READS);
    cr_assert_eq(engine->ops->each(engine, STORE_STATE, NULL, 0, show_one, text, NULL), SJ_OK);
    engine->ops->abort(engine);
    return text;
}

static void note(unsigned i, const char *text)
{
    begin(e, ENGINE_BEHIND);
    put(e, i, text);
    commit(e);
}

static bool is_settled(void *arg)
{
    (void)arg;
    return !behind_busy(b);
}

static void settle(void)
{
    fixture_until(&f, is_settled, NULL);
}

static bool has_settled(void *times)
{
    return settled.times >= *(const unsigned *)times;
}

/* Until so many batches have had an outcome, well or not. */
static void wait_settled(unsigned times)
{
    fixture_until(&f, has_settled, &times);
}

/* --- tests ---------------------------------------------------------------------------------- */

Test(behind, shows_what_is_being_written)
{
    begin(e, ENGINE_WRITES);
    put(e, 1, "old");
    put(e, 2, "goes");
    put(e, 3, "stays");
    commit(e);
    gate_set(true);
    begin(e, ENGINE_BEHIND);
    put(e, 1, "new");
    cr_expect_eq(take(e, 2), SJ_OK);
    cr_expect_eq(take(e, 2), SJ_NOTFOUND);
    put(e, 12, "more");
    commit(e);
    cr_expect(behind_busy(b));
    cr_expect_str_eq(show(e), "1=new 3=stays 12=more ");
    cr_expect_str_eq(show(inner), "1=old 2=goes 3=stays ");
    cr_expect_eq(settled.times, 0);
    gate_set(false);
    settle();
    cr_expect_eq(settled.times, 1);
    cr_expect_eq(settled.status, SJ_OK);
    cr_expect_str_eq(show(inner), "1=new 3=stays 12=more ");
    cr_expect_str_eq(show(e), "1=new 3=stays 12=more ");
}

Test(behind, takes_parts_along_that_nobody_sees_before)
{
    note(1, "old");
    settle();
    begin(e, ENGINE_PART);
    put(e, 1, "new");
    put(e, 2, "more");
    commit(e);
    cr_expect_not(behind_busy(b), "nothing is under way");
    cr_expect_str_eq(show(e), "1=old ");
    begin(e, ENGINE_PART);
    cr_expect_eq(take(e, 2), SJ_OK, "the next part sees it");
    put(e, 3, "last");
    commit(e);
    cr_expect_str_eq(show(e), "1=old ");
    gate_set(true);
    begin(e, ENGINE_BEHIND);
    commit(e);
    cr_expect_str_eq(show(e), "1=new 3=last ");
    cr_expect_str_eq(show(inner), "1=old ");
    gate_set(false);
    settle();
    cr_expect_str_eq(show(inner), "1=new 3=last ");
}

Test(behind, forgets_all_parts_with_one_that_is_dropped)
{
    begin(e, ENGINE_PART);
    put(e, 1, "a");
    commit(e);
    begin(e, ENGINE_PART);
    put(e, 2, "b");
    e->ops->abort(e);
    begin(e, ENGINE_PART);
    put(e, 3, "c");
    commit(e);
    behind_forget_parts(b);
    note(4, "d");
    settle();
    cr_expect_str_eq(show(inner), "4=d ");
}

Test(behind, tells_the_loop_when_it_is_through)
{
    note(1, "a");
    wait_settled(1);
    cr_expect_str_eq(show(inner), "1=a ");
}

/* The system gives no thread: no descriptor that it could wake the loop with. */
Test(behind, tells_the_loop_also_without_a_thread)
{
    struct sj_error err = {.status = SJ_OK};
    const struct sj_store_options options = {.dir = f.dir};
    struct rlimit before, none;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    e->ops->free(e);
    cr_assert_eq(engine_lmdb_open(&inner, &f.log, &options, &err), SJ_OK, "%s", err.text);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    b = behind_new(inner, f.loop, &f.log);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    behind_watch(b, on_settled, on_settled, NULL);
    e = behind_engine(b);
    note(1, "a");
    wait_settled(1);
    cr_expect_str_eq(show(inner), "1=a ");
    cr_expect(strstr(f.lines, "no thread for writing"), "%s", f.lines);
}

/* As soon as the writer is at the gate, or after ten seconds without one. */
static void *open_soon(void *arg)
{
    struct timespec end;
    (void)arg;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 10;
    pthread_mutex_lock(&gate.lock);
    for (int late = 0; gate.writes == 0 && !late;)
        late = pthread_cond_timedwait(&gate.changed, &gate.lock, &end);
    pthread_mutex_unlock(&gate.lock);
    gate_set(false);
    return NULL;
}

Test(behind, keeps_the_order_of_changes)
{
    pthread_t opener;
    gate_set(true);
    note(1, "first");
    cr_assert_eq(pthread_create(&opener, NULL, open_soon, NULL), 0);
    begin(e, ENGINE_WRITES);             /* waits for the batch */
    put(e, 1, "second");
    commit(e);
    pthread_join(opener, NULL);
    cr_expect_str_eq(show(inner), "1=second ");
    note(1, "third");
    note(1, "fourth");                   /* likewise */
    settle();
    cr_expect_str_eq(show(inner), "1=fourth ");
}

Test(behind, drops_what_is_not_committed)
{
    note(1, "a");
    settle();
    begin(e, ENGINE_BEHIND);
    put(e, 1, "b");
    cr_expect_eq(take(e, 1), SJ_OK);
    e->ops->abort(e);
    cr_expect_not(behind_busy(b));
    cr_expect_str_eq(show(e), "1=a ");
    begin(e, ENGINE_BEHIND);             /* nothing in it: no write */
    commit(e);
    cr_expect_not(behind_busy(b));
    cr_expect_eq(gate.writes, 1);
}

Test(behind, tries_again_what_could_not_be_written)
{
    gate_fail(2, EIO);
    note(1, "a");
    wait_settled(1);
    cr_expect_neq(settled.status, SJ_OK);
    cr_expect(behind_busy(b));
    cr_expect_str_eq(show(e), "1=a ", "nothing is forgotten");
    cr_expect_neq(e->ops->begin(e, ENGINE_BEHIND, NULL), SJ_OK, "one batch at a time");
    for (unsigned i = 2; i <= 3; i++) {
        sj_loop_test_advance(f.loop, STORE_RETRY_MS + SJ_LOOP_TICK_MS);
        wait_settled(i);
    }
    cr_expect_eq(settled.status, SJ_OK);
    cr_expect_str_eq(show(inner), "1=a ");
}

Test(behind, brings_in_what_could_not_be_written)
{
    begin(e, ENGINE_WRITES);
    put(e, 2, "goes");
    commit(e);
    gate_fail(1, ENOSPC);
    begin(e, ENGINE_BEHIND);
    put(e, 1, "a");
    cr_expect_eq(take(e, 2), SJ_OK);
    commit(e);
    wait_settled(1);
    cr_expect_eq(settled.status, SJ_LIMIT);
    begin(e, ENGINE_WRITES);
    put(e, 3, "b");
    commit(e);
    cr_expect_not(behind_busy(b));
    cr_expect_eq(settled.times, 2);
    cr_expect_eq(settled.status, SJ_OK);
    cr_expect_str_eq(show(inner), "1=a 3=b ");
}

Test(behind, lets_somebody_go_whose_changes_could_not_be_written)
{
    uint8_t prefix[1] = {1};
    note(11, "old");
    settle();
    gate_fail(1, ENOSPC);
    begin(e, ENGINE_BEHIND);
    put(e, 1, "another's");
    put(e, 11, "new");
    put(e, 12, "new");
    commit(e);
    wait_settled(2);
    begin(e, ENGINE_ALONE);
    cr_expect_eq(e->ops->remove_prefix(e, STORE_STATE, prefix, 1, NULL), SJ_OK);
    commit(e);
    behind_drop(b, OVERLAY_ALL_TABLES, prefix, 1);
    cr_expect_str_eq(show(inner), "");
    cr_expect_str_eq(show(e), "1=another's ");
    sj_loop_test_advance(f.loop, STORE_RETRY_MS + SJ_LOOP_TICK_MS);
    settle();
    cr_expect_str_eq(show(inner), "1=another's ");
}

static unsigned seeks;
static enum sj_status (*real_seek)(struct engine *, enum store_table,
                                   const uint8_t key[STORE_KEY_LEN], struct store_found *,
                                   struct sj_error *);

static enum sj_status counted_seek(struct engine *engine, enum store_table table,
                                   const uint8_t key[STORE_KEY_LEN], struct store_found *out,
                                   struct sj_error *err)
{
    seeks++;
    return real_seek(engine, table, key, out, err);
}

static void numbered(uint8_t key[STORE_KEY_LEN], unsigned n)
{
    memset(key, 0, STORE_KEY_LEN);
    key[STORE_KEY_LEN - 2] = (uint8_t)(n >> 8);
    key[STORE_KEY_LEN - 1] = (uint8_t)n;
}

static void put_number(unsigned n)
{
    uint8_t key[STORE_KEY_LEN];
    numbered(key, n);
    cr_assert_eq(e->ops->put(e, STORE_STATE, key, (struct store_bytes){key, 1}, NULL), SJ_OK);
}

Test(behind, finds_the_oldest_without_passing_all_that_have_gone)
{
    uint8_t first[STORE_KEY_LEN], key[STORE_KEY_LEN];
    struct store_found found;
    numbered(first, 0);
    begin(e, ENGINE_WRITES);
    for (unsigned i = 1; i <= 1000; i++)
        put_number(i);
    commit(e);
    real_seek = gate.ops.seek;
    gate.ops.seek = counted_seek;
    begin(e, ENGINE_BEHIND);
    for (unsigned i = 1; i <= 1000; i++) {
        put_number(1000 + i);
        cr_assert_eq(e->ops->seek(e, STORE_STATE, first, &found, NULL), SJ_OK);
        numbered(key, i);
        cr_assert_arr_eq(found.key, key, STORE_KEY_LEN, "%u", i);
        cr_assert_eq(e->ops->remove(e, STORE_STATE, key, NULL), SJ_OK);
    }
    cr_expect_leq(seeks, 3000, "%u", seeks);
    put_number(500);                     /* into the gap */
    cr_assert_eq(e->ops->seek(e, STORE_STATE, first, &found, NULL), SJ_OK);
    numbered(key, 500);
    cr_expect_arr_eq(found.key, key, STORE_KEY_LEN);
    commit(e);
}

static void on_relieved(void *arg, enum sj_status status)
{
    cr_expect_eq(status, SJ_OK);
    ++*(unsigned *)arg;
}

static bool is_relieved(void *arg)
{
    return *(const unsigned *)arg > 0;
}

static struct sj_store *open_store(void)
{
    struct sj_store *store;
    struct sj_error err = {.status = SJ_OK};
    cr_assert_eq(store_open_engine(&store, f.loop, &f.log, e, f.key_file, &err), SJ_OK);
    store_watch(store, b);
    f.store = store;
    fixture_register(&f, 1);
    return store;
}

static void close_store(void)
{
    sj_store_close(&f.store);
    e = NULL;
}

/* As session/pressure.c uses it: half full while the one before is under way. */
Test(behind, tells_when_others_should_wait)
{
    unsigned relieved = 0;
    struct sj_store *store = open_store();
    const struct sj_owner owner = fixture_owner(1);
    sj_store_on_settled(store, on_relieved, &relieved);
    gate_set(true);
    sj_store_journal_put(store, &owner, 1, "a", 1);
    sj_loop_test_advance(f.loop, SJ_STORE_GROUP_MS + 2 * SJ_LOOP_TICK_MS);
    cr_assert(store_busy(store));
    for (unsigned i = 0; i < STORE_PENDING_MAX / 2; i++) {
        cr_expect_not(sj_store_is_pressed(store), "%u wait", i);
        sj_store_journal_put(store, &owner, 2 + i, "b", 1);
    }
    cr_expect(sj_store_is_pressed(store));
    cr_expect_eq(relieved, 0);
    gate_set(false);
    fixture_until(&f, is_relieved, &relieved);
    cr_expect_eq(relieved, 1);
    cr_expect_not(sj_store_is_pressed(store));
    close_store();
}

static void count_one(void *arg, enum sj_status status)
{
    (void)status;
    ++*(unsigned *)arg;
}

static enum sj_status (*real_begin)(struct engine *, enum engine_mode, struct sj_error *);

static enum sj_status refuse_writes(struct engine *engine, enum engine_mode mode,
                                    struct sj_error *err)
{
    if (mode == ENGINE_READS)
        return real_begin(engine, mode, err);
    return sj_fail(err, SJ_LIMIT, "the disk of the store is full");
}

/* A disk that refuses takes no more however long others wait. */
Test(behind, lets_nobody_wait_for_a_disk_that_refuses)
{
    static uint8_t much[16384];
    struct sj_store *store = open_store();
    const struct sj_owner owner = fixture_owner(1);
    unsigned tries = 0;
    sj_store_on_settled(store, count_one, &tries);
    gate_fail(1000, ENOSPC);
    for (unsigned round = 0, n = 0; round < 10; round++) {
        for (unsigned i = 0; i < STORE_PENDING_BYTES_MAX / sizeof much - 1; i++)
            sj_store_journal_put(store, &owner, n++, much, sizeof much);
        cr_expect(round != 1 || sj_store_is_pressed(store), "it can go along");
        tries = 0;
        sj_loop_test_advance(f.loop, STORE_RETRY_MS + 2 * SJ_LOOP_TICK_MS);
        fixture_until(&f, is_relieved, &tries);
    }
    cr_expect(group_is_half_full(store));
    cr_expect(store_busy(store));
    cr_expect_not(sj_store_is_pressed(store));
    gate_fail(0, 0);
    close_store();
}

Test(behind, says_at_the_end_how_much_the_disk_refused)
{
    struct sj_store *store = open_store();
    const struct sj_owner owner = fixture_owner(1);
    unsigned tries = 0;
    sj_store_on_settled(store, count_one, &tries);
    gate_fail(1000, ENOSPC);
    sj_store_journal_put(store, &owner, 1, "a", 1);
    sj_loop_test_advance(f.loop, SJ_STORE_GROUP_MS + 2 * SJ_LOOP_TICK_MS);
    fixture_until(&f, is_relieved, &tries);
    sj_store_journal_put(store, &owner, 2, "b", 1);
    real_begin = gate.ops.begin;
    gate.ops.begin = refuse_writes;
    sj_store_close(&f.store);
    cr_expect(strstr(f.lines, "grouped values lost at close values=2"), "%s", f.lines);
    e = NULL;
}

static unsigned refused;                 /* so many of the next transactions cannot begin */

static enum sj_status begin_after_all(struct engine *engine, enum engine_mode mode,
                                      struct sj_error *err)
{
    if (refused == 0)
        return real_begin(engine, mode, err);
    refused--;
    return sj_fail(err, SJ_INTERNAL, "the store failed");
}

/* What the inner engine does to begin again (lmdb_ready) must find no writer at work. */
Test(behind, reads_on_after_a_failure_only_behind_the_writer)
{
    pthread_t opener;
    real_begin = gate.ops.begin;
    gate.ops.begin = begin_after_all;
    gate_set(true);
    note(1, "a");
    cr_assert_eq(pthread_create(&opener, NULL, open_soon, NULL), 0);
    refused = 1;
    cr_expect_str_eq(show(e), "1=a ");
    cr_expect_eq(settled.times, 1);
    pthread_join(opener, NULL);
    refused = 1;                         /* without a writer it is as it was */
    cr_expect_eq(e->ops->begin(e, ENGINE_READS, NULL), SJ_INTERNAL);
}

/* --- against the engine in memory ------------------------------------------------------------- */

static void same_places(struct engine *model)
{
    for (unsigned i = 0; i < KEYS; i++) {
        uint8_t key[STORE_KEY_LEN], prefix[1] = {(uint8_t)(i / 10)};
        struct store_found is, should;
        struct store_bytes one, other;
        key_of(i, key);
#define SAME(call, ...)                                                                           \
    do {                                                                                          \
        enum sj_status want = model->ops->call(model, STORE_STATE, __VA_ARGS__, &should, NULL);   \
        cr_assert_eq(e->ops->call(e, STORE_STATE, __VA_ARGS__, &is, NULL), want, #call " %u", i); \
        if (want == SJ_OK) {                                                                      \
            cr_assert_arr_eq(is.key, should.key, STORE_KEY_LEN, #call " %u", i);                  \
            cr_assert_eq(is.value.n, should.value.n);                                             \
            cr_assert_arr_eq(is.value.p, should.value.p, is.value.n);                             \
        }                                                                                         \
    } while (0)
        SAME(seek, key);
        SAME(seek_back, key);
        SAME(last, prefix, 1);
        enum sj_status want = model->ops->get(model, STORE_STATE, key, &other, NULL);
        cr_assert_eq(e->ops->get(e, STORE_STATE, key, &one, NULL), want);
        cr_assert(want != SJ_OK || one.n == other.n);
    }
}

static void change_some(struct engine *model, unsigned round)
{
    for (unsigned n = sj_random_below(8); n > 0; n--) {
        unsigned i = sj_random_below(KEYS);
        uint8_t prefix[1] = {(uint8_t)(i / 10)};
        char text[32];
        snprintf(text, sizeof text, "%u.%u", round, n);
        switch (sj_random_below(8)) {
        case 0:
            cr_assert_eq(e->ops->remove_prefix(e, STORE_STATE, prefix, 1, NULL), SJ_OK);
            cr_assert_eq(model->ops->remove_prefix(model, STORE_STATE, prefix, 1, NULL), SJ_OK);
            break;
        case 1:
        case 2:
            cr_assert_eq(take(e, i), take(model, i));
            break;
        default:
            put(e, i, text);
            put(model, i, text);
        }
        if (sj_random_below(4) == 0)
            same_places(model);
    }
}

static void change_both(struct engine *model, enum engine_mode mode, unsigned round)
{
    begin(e, mode);
    begin(model, ENGINE_WRITES);
    change_some(model, round);
    commit(e);
    commit(model);
}

/* Nobody sees the parts before the last one, and not when they are forgotten. */
static void change_in_parts(struct engine *model, unsigned round)
{
    const char *before = show(model);
    gate_set(false);
    settle();
    begin(model, ENGINE_WRITES);
    for (unsigned n = sj_random_below(4); n > 0; n--) {
        begin(e, ENGINE_PART);
        change_some(model, round);
        commit(e);
        cr_assert_str_eq(show(e), before, "round %u", round);
    }
    bool forgets = sj_random_below(3) == 0;
    if (forgets) {
        behind_forget_parts(b);
        model->ops->abort(model);
        return;
    }
    gate_set(sj_random_below(2) == 0);
    begin(e, ENGINE_BEHIND);
    change_some(model, round);
    bool drops = sj_random_below(4) == 0;
    if (drops) {
        e->ops->abort(e);
        model->ops->abort(model);
        return;
    }
    commit(e);
    commit(model);
}

Test(behind, is_like_an_engine_that_does_not_wait)
{
    struct engine *model = engine_mem_new();
    for (unsigned round = 0; round < 600; round++) {
        gate_set(sj_random_below(2) == 0);
        if (behind_busy(b))
            gate_set(false);
        if (sj_random_below(3) == 0)
            change_in_parts(model, round);
        else
            change_both(model, sj_random_below(4) == 0 ? ENGINE_WRITES : ENGINE_BEHIND, round);
        cr_assert_str_eq(show(e), show(model), "round %u", round);
        begin(e, ENGINE_READS);
        same_places(model);
        e->ops->abort(e);
        if (sj_random_below(3) == 0)
            sj_loop_turn(f.loop, 0);
    }
    gate_set(false);
    settle();
    cr_expect_str_eq(show(inner), show(model));
    model->ops->free(model);
}
