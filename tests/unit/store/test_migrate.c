/* SPDX-License-Identifier: MPL-2.0 */
/* Stores of older schemas, as they were written then (tests/data/store-schema-N): opened, upgraded,
 * and every record read. */
#include "full.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "header.h"
#include "said.h"
#include "sojourn/store_tools.h"

static struct fixture f;
static struct copy copy;
static struct contacts contacts;


static void sweep(void)
{
    fixture_sweep(&f);
}

static void copy_file(unsigned schema, const char *name, const char *to)
{
    char path[1024];
    static unsigned char bytes[1 << 20];
    snprintf(path, sizeof path, TEST_DATA "/../../data/store-schema-%u/%s", schema, name);
    int in = open(path, O_RDONLY);
    cr_assert_geq(in, 0, "%s", path);
    ssize_t n = read(in, bytes, sizeof bytes);
    close(in);
    cr_assert_gt(n, 0);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0600);
    cr_assert_geq(out, 0);
    cr_assert_eq(write(out, bytes, (size_t)n), n);
    close(out);
}

static void open_sample(unsigned schema)
{
    char path[160];
    fixture_init(&f, FIXTURE_LMDB);
    f.archive_days = 36500;
    cr_assert_eq(mkdir(f.dir, 0700), 0);
    snprintf(path, sizeof path, "%s/data.mdb", f.dir);
    copy_file(schema, "data.mdb", path);
    copy_file(schema, "store.key", f.key_file);
    fixture_open(&f);
}

static void expect_owner(unsigned i)
{
    char text[64];
    unsigned char state[64];
    fixture_load(&f, i, &copy);
    snprintf(text, sizeof text, "password=password-of-%u-secret", i);
    cr_expect(strstr(copy.text, text), "%s", copy.text);
    cr_expect_eq(copy.r.created_at, 1700000000000 + i);
    cr_expect_eq(copy.r.online, i == 1);
    cr_expect(copy.r.sees_user);
    cr_expect_eq(fixture_contacts(&f, i, &contacts), SJ_OK);
    cr_expect_eq(contacts.count, 3);
    cr_expect_eq(contacts.damaged, 0);
    snprintf(text, sizeof text, "juliet-%u-2|Juliet|Verona|to", i);
    cr_expect(strstr(contacts.text, text), "%s", contacts.text);
    cr_expect_eq(fixture_state(&f, i, state, sizeof state), (long)sizeof "state of the link");
    cr_expect_str_eq((const char *)state, "state of the link");
}

static unsigned messages;

static void on_message(const struct sj_store_message *m, void *arg)
{
    (void)arg;
    messages += strcmp(m->network_id, "net-1") == 0 && m->own;
}

static void on_preferences(const struct sj_preferences *p, void *arg)
{
    unsigned *n = arg;
    *n += strcmp(p->values[0].var, "stay-online") == 0 && strcmp(p->values[0].value, "yes") == 0;
}

/* What came with schema 2. */
static void expect_said(unsigned i)
{
    static const char *const ids[] = {"id-1", "id-2"};
    const struct sj_owner owner = fixture_owner(i);
    messages = 0;
    for (size_t n = 0; n < 2; n++)
        sj_store_message_find(f.store, &owner, "juliet", ids[n], on_message, NULL, NULL);
    sj_store_message_find_network(f.store, &owner, "juliet", "net-1", on_message, NULL, NULL);
    cr_expect_eq(messages, 3);
    cr_expect_str_eq(said_all(&f, i), "hello ");
    cr_expect_neq(said_find(&f, i, "said-1")[0], '\0');
}

/* Every record, by the tool that judges them. */
static void expect_sound(void)
{
    static struct sj_store_report reports[SJ_STORE_TABLES_MAX];
    size_t n = 0;
    cr_assert_eq(sj_store_check(f.store, reports, &n, NULL, NULL, NULL), SJ_OK);
    for (size_t i = 0; i < n; i++)
        cr_expect_eq(reports[i].damaged + reports[i].orphaned + reports[i].astray, 0, "%s",
                     reports[i].table);
}

ParameterizedTestParameters(migrate, opens_every_kept_sample)
{
    static unsigned schemas[] = {1, 2};
    return cr_make_param_array(unsigned, schemas, sizeof schemas / sizeof schemas[0], NULL);
}

ParameterizedTest(unsigned *schema, migrate, opens_every_kept_sample, .fini = sweep)
{
    uint8_t now = 0;
    unsigned chosen = 0;
    if (sizeof(size_t) != 8 || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
        cr_skip_test("the samples are of another kind of machine");
    open_sample(*schema);
    for (unsigned round = 0; round < 2; round++) {
        cr_assert_eq(store_read_begin(f.store, NULL), SJ_OK);
        cr_expect_eq(header_check(f.store, &now, NULL), SJ_OK);
        store_read_end(f.store);
        cr_expect_eq(now, STORE_SCHEMA);
        for (unsigned i = 1; i <= 2; i++) {
            const struct sj_owner owner = fixture_owner(i);
            expect_owner(i);
            sj_store_preferences_get(f.store, &owner, on_preferences, &chosen, NULL);
            if (*schema > 1)
                expect_said(i);
        }
        expect_sound();
        cr_expect_eq(fixture_add_contact(&f, 1, "juliet-1-0"), SJ_OK, "written anew");
        fixture_reopen(&f);
    }
    cr_expect_eq(chosen, 4);
    fixture_done(&f, 0);
}

/* A schema that is raised must leave a sample behind: of each one below ours there is one. */
Test(migrate, has_a_sample_of_every_schema)
{
    for (unsigned schema = 1; schema < STORE_SCHEMA; schema++) {
        char path[1024];
        snprintf(path, sizeof path, TEST_DATA "/../../data/store-schema-%u/data.mdb", schema);
        cr_expect_eq(access(path, R_OK), 0, "%s", path);
    }
}
