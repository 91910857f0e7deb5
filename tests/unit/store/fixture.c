/* SPDX-License-Identifier: MPL-2.0 */
/* Shared parts of the store's tests; see fixture.h. */
#include "fixture.h"

#include <dirent.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#include <criterion/criterion.h>

#include "sojourn/memory.h"

#define FIXTURE_PATIENCE_S 10

static void fixture_on_line(enum sj_log_level level, const char *line, void *ctx)
{
    struct fixture *f = ctx;
    size_t n = strlen(f->lines);
    if (level <= SJ_LOG_WARN)
        f->errors++;
    snprintf(f->lines + n, sizeof f->lines - n, "%s\n", line);
}

void fixture_init(struct fixture *f, enum fixture_engine kind)
{
    memset(f, 0, sizeof *f);
    f->kind = kind;
    sj_log_set_sink(fixture_on_line, f);
    snprintf(f->root, sizeof f->root, "/tmp/sojourn-store-XXXXXX");
    cr_assert(mkdtemp(f->root), "temporary directory");
    snprintf(f->dir, sizeof f->dir, "%s/data", f->root);
    snprintf(f->key_file, sizeof f->key_file, "%s/store.key", f->root);
    f->loop = sj_loop_new();
    f->archive_days = 30;
}

static struct sj_store_options fixture_options(const struct fixture *f)
{
    return (struct sj_store_options){
        .dir = f->kind == FIXTURE_LMDB ? f->dir : NULL,
        .key_file = f->key_file,
        .map_bytes = f->map_bytes,
        .archive_days = f->archive_days,
        .archive_messages = f->archive_messages,
        .data_max_bytes = f->data_max_bytes,
    };
}

static enum sj_status fixture_try(struct fixture *f, struct sj_error *err)
{
    const struct sj_store_options options = fixture_options(f);
    return sj_store_open(&f->store, f->loop, &f->log, &options, err);
}

void fixture_open(struct fixture *f)
{
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = fixture_try(f, &err);
    cr_assert_eq(status, SJ_OK, "open: %s", err.text);
    cr_assert(f->store);
}

void fixture_refused(struct fixture *f, enum sj_status status, const char *text)
{
    struct sj_error err = {.status = SJ_OK};
    enum sj_status got = fixture_try(f, &err);
    cr_assert_eq(got, status, "status %s, text %s", sj_status_text(got), err.text);
    cr_assert_eq(err.status, status);
    cr_assert(strstr(err.text, text), "text: %s", err.text);
    cr_assert_null(f->store);
    cr_assert_null(strstr(err.text, f->root), "a path in: %s", err.text);
}

void fixture_reopen(struct fixture *f)
{
    struct sj_error err = {.status = SJ_OK};
    if (f->kind == FIXTURE_LMDB) {
        sj_store_close(&f->store);
        fixture_open(f);
        return;
    }
    struct engine *engine = store_release(&f->store);
    cr_assert_eq(store_open_engine(&f->store, f->loop, &f->log, engine, f->key_file, &err), SJ_OK,
                 "%s", err.text);
    const struct sj_store_options options = fixture_options(f);
    store_start(f->store, &options);
}

void fixture_remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char name[4096];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        if (unlink(name) != 0)
            fixture_remove_tree(name);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

void fixture_sweep(struct fixture *f)
{
    if (f->root[0] == '\0')
        return;
    umount2(f->dir, MNT_DETACH);         /* the tests of full disks mount one there */
    fixture_remove_tree(f->root);
    f->root[0] = '\0';
}

void fixture_done(struct fixture *f, unsigned errors)
{
    char root[sizeof f->root];
    snprintf(root, sizeof root, "%s", f->root);
    sj_store_close(&f->store);
    cr_expect_null(f->store);
    sj_loop_free(&f->loop);
    sj_log_set_sink(NULL, NULL);
    fixture_sweep(f);
    cr_expect_eq(f->errors, errors, "%u lines at warn or error, log:\n%s", f->errors, f->lines);
    /* Nothing in this room ever logs an address or a value. */
    cr_expect_null(strstr(f->lines, "example.org"), "log:\n%s", f->lines);
    cr_expect_null(strstr(f->lines, "romeo"), "log:\n%s", f->lines);
    cr_expect_null(strstr(f->lines, "password-of"), "log:\n%s", f->lines);
    cr_expect_null(strstr(f->lines, root), "a path in the log:\n%s", f->lines);
}

#define FIXTURE_TEXTS 64u
static const char *fixture_text(const char *format_before, unsigned i, const char *after)
{
    static char texts[FIXTURE_TEXTS][64];
    static unsigned next;
    char *out = texts[next++ % FIXTURE_TEXTS];
    snprintf(out, sizeof texts[0], "%s%u%s", format_before, i, after);
    return out;
}

struct sj_owner fixture_owner(unsigned i)
{
    return (struct sj_owner){"net.example.org", fixture_text("romeo", i, "@example.org"), ""};
}

struct sj_registration fixture_registration(unsigned i)
{
    struct sj_registration r = {.owner = fixture_owner(i), .created_at = 1700000000000 + i,
                                .sees_user = true, .n_values = 2};
    r.values[0] = (struct sj_store_value){"username", fixture_text("montague", i, "")};
    r.values[1] = (struct sj_store_value){"password", fixture_text("password-of-", i, "-secret")};
    return r;
}

static void on_written(void *arg, enum sj_status status)
{
    enum sj_status *first = arg;
    if (*first == SJ_OK)
        *first = status;
}

enum sj_status fixture_write(struct sj_store *store, const struct sj_store_change *changes,
                             size_t n, struct sj_error *err)
{
    enum sj_status written = SJ_OK;
    enum sj_status status = sj_store_flush(store, err);
    if (status != SJ_OK)
        return status;
    void (*settled)(void *, enum sj_status) = store->settled;
    void *arg = store->settled_arg;
    sj_store_on_settled(store, on_written, &written);
    status = sj_store_changes_put(store, changes, n, err);
    if (status == SJ_OK)
        status = sj_store_flush(store, err);
    sj_store_on_settled(store, settled, arg);
    return status != SJ_OK || written == SJ_OK ? status
                                               : sj_fail(err, written, "could not be written");
}

enum sj_status fixture_put(struct sj_store *store, const struct sj_registration *r,
                           struct sj_error *err)
{
    const struct sj_store_change change = {.owner = r->owner, .registration = r};
    return fixture_write(store, &change, 1, err);
}

static void on_left(void *arg, uint64_t ticket, const struct sj_error *err)
{
    (void)ticket;
    *(struct sj_error *)arg = err ? *err : (struct sj_error){.status = SJ_OK};
}

enum sj_status fixture_unregister(struct sj_store *store, const struct sj_owner *owner,
                                  struct sj_error *err)
{
    struct sj_error left = {.status = SJ_UNAVAILABLE};
    sj_store_registration_remove(store, owner, on_left, &left, 0);
    (void)sj_store_flush(store, NULL);   /* others' changes may find no room */
    if (err)
        *err = left;
    return left.status;
}

void fixture_register(struct fixture *f, unsigned i)
{
    struct sj_error err = {.status = SJ_OK};
    const struct sj_registration r = fixture_registration(i);
    cr_assert_eq(fixture_put(f->store, &r, &err), SJ_OK, "%s", err.text);
}

void copy_registration(const struct sj_registration *r, void *arg)
{
    struct copy *c = arg;
    size_t n = (size_t)snprintf(c->text, sizeof c->text, "%s\n%s\n%s\n", r->owner.host,
                                r->owner.user, r->owner.label);
    c->count++;
    c->r = *r;
    for (size_t i = 0; i < r->n_values && n < sizeof c->text; i++)
        n += (size_t)snprintf(c->text + n, sizeof c->text - n, "%s=%s\n", r->values[i].var,
                              r->values[i].value);
}

bool copy_each(const struct sj_registration *r, void *arg)
{
    copy_registration(r, arg);
    return true;
}

enum sj_status fixture_get(struct fixture *f, unsigned i, struct copy *out)
{
    struct sj_error err = {.status = SJ_OK};
    const struct sj_owner owner = fixture_owner(i);
    memset(out, 0, sizeof *out);
    return sj_store_registration_get(f->store, &owner, copy_registration, out, &err);
}

void fixture_load(struct fixture *f, unsigned i, struct copy *out)
{
    cr_assert_eq(fixture_get(f, i, out), SJ_OK, "owner %u", i);
    cr_assert_eq(out->count, 1);
}

static bool contacts_add(const struct sj_store_contact *c, void *arg)
{
    struct contacts *out = arg;
    size_t n = strlen(out->text);
    out->count++;
    snprintf(out->text + n, sizeof out->text - n, "%s|%s|%s|%s%s%s%s%s%s%s%s%s", c->id,
             c->name ? c->name : "-", c->group ? c->group : "-", c->to ? "t" : "",
             c->from ? "f" : "", c->asked_out ? "o" : "", c->asked_in ? "i" : "",
             c->suggested ? "s" : "", c->named ? "n" : "", c->asked ? "a" : "",
             c->created ? "c" : "", c->unwanted ? "u" : "");
    n = strlen(out->text);
    if (c->name_told)
        snprintf(out->text + n, sizeof out->text - n, "|%s", c->told_name ? c->told_name : "=");
    n = strlen(out->text);
    if (c->group_told)
        snprintf(out->text + n, sizeof out->text - n, "/%s", c->told_group ? c->told_group : "=");
    n = strlen(out->text);
    snprintf(out->text + n, sizeof out->text - n, "\n");
    return true;
}

enum sj_status fixture_contacts(struct fixture *f, unsigned i, struct contacts *out)
{
    struct sj_error err = {.status = SJ_OK};
    const struct sj_owner owner = fixture_owner(i);
    memset(out, 0, sizeof *out);
    return sj_store_contact_each(f->store, &owner, &out->damaged, contacts_add, out, &err);
}

enum sj_status fixture_add_contact(struct fixture *f, unsigned i, const char *id)
{
    struct sj_error err = {.status = SJ_OK};
    const struct sj_owner owner = fixture_owner(i);
    const struct sj_store_contact c = {.id = id, .to = true};
    return fixture_contact_put(f->store, &owner, &c, &err);
}

struct state_copy {
    unsigned char *out;
    size_t size;
    long len;
};

static void state_take(const void *blob, size_t len, void *arg)
{
    struct state_copy *c = arg;
    c->len = (long)len;
    cr_assert_leq(len, c->size);
    memcpy(c->out, blob, len);
}

long fixture_state(struct fixture *f, unsigned i, unsigned char *out, size_t size)
{
    struct sj_error err = {.status = SJ_OK};
    struct state_copy c = {out, size, -1};
    const struct sj_owner owner = fixture_owner(i);
    enum sj_status status = sj_store_state_get(f->store, &owner, state_take, &c, &err);
    cr_assert(status == SJ_OK || status == SJ_NOTFOUND || status == SJ_INTERNAL, "%s", err.text);
    cr_assert_eq(status == SJ_OK, c.len >= 0);
    return c.len;
}

/* Of the real clock: the loop's may stand still. */
static bool is_later(const struct timespec *end)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > end->tv_sec || (now.tv_sec == end->tv_sec && now.tv_nsec > end->tv_nsec);
}

void fixture_until(struct fixture *f, bool (*done)(void *arg), void *arg)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += FIXTURE_PATIENCE_S;
    while (!done(arg)) {
        cr_assert_not(is_later(&end), "waited in vain");
        sj_loop_turn(f->loop, 100);
    }
}

static bool is_settled(void *arg)
{
    const struct fixture *f = arg;
    return !store_busy(f->store);
}

void fixture_settle(struct fixture *f)
{
    fixture_until(f, is_settled, f);
}

void fixture_turn(struct fixture *f)
{
    sj_loop_turn(f->loop, 10);
}

void fixture_advance(struct fixture *f, int64_t ms)
{
    sj_loop_test_advance(f->loop, ms);
    for (int i = 0; i < 20; i++) {
        fixture_settle(f);
        sj_loop_test_advance(f->loop, 250);
    }
}

uint64_t fixture_records(struct fixture *f)
{
    struct sj_store_stats stats;
    fixture_settle(f);
    sj_store_stats(f->store, &stats);
    return stats.records;
}

struct tamper {
    unsigned char key[256][STORE_KEY_LEN];
    unsigned char *value[256];
    size_t n[256];
    size_t count;
};

static bool tamper_take(void *arg, const uint8_t key[STORE_KEY_LEN], struct store_bytes value)
{
    struct tamper *t = arg;
    cr_assert_lt(t->count, 256);
    memcpy(t->key[t->count], key, STORE_KEY_LEN);
    t->value[t->count] = sj_malloc(value.n + 1);
    memcpy(t->value[t->count], value.p, value.n);
    t->n[t->count++] = value.n;
    return true;
}

void fixture_tamper(struct fixture *f, enum store_table table,
                    void (*change)(unsigned char *p, size_t *n))
{
    struct sj_error err = {.status = SJ_OK};
    struct engine *e = f->store->engine;
    struct tamper *t = sj_calloc(1, sizeof *t);
    cr_assert_eq(e->ops->begin(e, ENGINE_WRITES, &err), SJ_OK);
    cr_assert_eq(e->ops->each(e, table, NULL, 0, tamper_take, t, &err), SJ_OK);
    for (size_t i = 0; i < t->count; i++) {
        change(t->value[i], &t->n[i]);
        const struct store_bytes value = {t->value[i], t->n[i]};
        cr_assert_eq(e->ops->put(e, table, t->key[i], value, &err), SJ_OK);
        sj_free(t->value[i]);
    }
    cr_assert_eq(e->ops->commit(e, &err), SJ_OK);
    sj_free(t);
}

enum sj_status fixture_contact_put(struct sj_store *store, const struct sj_owner *owner,
                                   const struct sj_store_contact *contact, struct sj_error *err)
{
    const struct sj_store_change change = {.owner = *owner, .contact = *contact};

    return fixture_write(store, &change, 1, err);
}

enum sj_status fixture_contact_remove(struct sj_store *store, const struct sj_owner *owner,
                                      const char *id, struct sj_error *err)
{
    const struct sj_store_change change = {.owner = *owner, .contact = {.id = id}, .remove = true};

    return fixture_write(store, &change, 1, err);
}
