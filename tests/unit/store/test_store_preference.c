/* SPDX-License-Identifier: MPL-2.0 */
/* What users chose: kept, replaced, removed, damaged; on both engines. */
#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"
#include "record.h"
#include "sojourn/strbuf.h"

typedef int body(struct fixture *f);

static void both(body *run)
{
    static const enum fixture_engine kinds[] = {FIXTURE_LMDB, FIXTURE_MEM};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;
        fixture_init(&f, kinds[i]);
        fixture_open(&f);
        fixture_register(&f, 1);
        int errors = run(&f);
        fixture_done(&f, (unsigned)errors);
    }
}

static void copy(const struct sj_preferences *p, void *arg)
{
    struct sj_strbuf *b = arg;
    for (size_t i = 0; i < p->n; i++)
        sj_strbuf_addf(b, "%s=%s;", p->values[i].var, p->values[i].value);
}

/* The owner's preferences are these; NULL: none, with this status. */
static void expect(struct fixture *f, unsigned i, const char *text, enum sj_status status)
{
    const struct sj_owner owner = fixture_owner(i);
    struct sj_strbuf b;
    sj_strbuf_init(&b, 65536);
    cr_expect_eq(sj_store_preferences_get(f->store, &owner, copy, &b, NULL), status);
    cr_expect_str_eq(b.s, text);
    sj_strbuf_release(&b);
}

static enum sj_status put(struct fixture *f, unsigned i, size_t n, const char *value)
{
    const struct sj_owner owner = fixture_owner(i);
    struct sj_preferences p = {.n = n};
    for (size_t k = 0; k < n && k < SJ_STORE_PREFERENCES_MAX; k++)
        p.values[k] = (struct sj_store_value){k == 0 ? "a" : "b", value};
    return sj_store_preferences_put(f->store, &owner, &p, NULL);
}

static int keeps(struct fixture *f)
{
    fixture_register(f, 2);
    expect(f, 1, "", SJ_NOTFOUND);
    cr_expect_eq(put(f, 1, 2, "yes"), SJ_OK);
    cr_expect_eq(put(f, 2, 1, ""), SJ_OK);
    fixture_reopen(f);
    expect(f, 1, "a=yes;b=yes;", SJ_OK);
    expect(f, 2, "a=;", SJ_OK);
    cr_expect_eq(put(f, 1, 1, "no"), SJ_OK);
    expect(f, 1, "a=no;", SJ_OK);
    cr_expect_eq(put(f, 1, 0, ""), SJ_OK);
    expect(f, 1, "", SJ_NOTFOUND);
    expect(f, 2, "a=;", SJ_OK);
    return 0;
}

static int ends_with_the_registration(struct fixture *f)
{
    const struct sj_owner owner = fixture_owner(1);
    cr_expect_eq(put(f, 1, 1, "yes"), SJ_OK);
    cr_expect_eq(fixture_unregister(f->store, &owner, NULL), SJ_OK);
    expect(f, 1, "", SJ_NOTFOUND);
    cr_expect_eq(fixture_records(f), 0);
    cr_expect_eq(put(f, 1, 1, "yes"), SJ_NOTFOUND);
    fixture_register(f, 1);
    expect(f, 1, "", SJ_NOTFOUND);
    return 0;
}

static int bounds(struct fixture *f)
{
    char text[SJ_STORE_VALUE_MAX + 2];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    cr_expect_eq(put(f, 1, SJ_STORE_PREFERENCES_MAX + 1, "x"), SJ_INVALID);
    cr_expect_eq(put(f, 1, 1, text), SJ_INVALID);
    text[SJ_STORE_VALUE_MAX] = '\0';
    cr_expect_eq(put(f, 1, SJ_STORE_PREFERENCES_MAX, text), SJ_OK);
    return 0;
}

static void flip(unsigned char *p, size_t *n)
{
    p[*n - 1] ^= 1;
}

static int damaged(struct fixture *f)
{
    cr_expect_eq(put(f, 1, 1, "yes"), SJ_OK);
    cr_assert_eq(sj_store_flush(f->store, NULL), SJ_OK);
    fixture_tamper(f, STORE_PREFERENCE, flip);
    expect(f, 1, "", SJ_INTERNAL);
    cr_expect_eq(put(f, 1, 1, "again"), SJ_OK);
    expect(f, 1, "a=again;", SJ_OK);
    return 1;
}

Test(store_preference, are_kept_for_each_owner)
{
    both(keeps);
}

Test(store_preference, end_with_the_registration)
{
    both(ends_with_the_registration);
}

Test(store_preference, are_bounded)
{
    both(bounds);
}

Test(store_preference, are_lost_when_damaged_and_can_be_chosen_anew)
{
    both(damaged);
}

Test(store_preference, record_refuses_every_cut)
{
    const struct sj_preferences p = {.n = 2, .values = {{"stay-online", "1"}, {"x", ""}}};
    struct sj_preferences out;
    uint8_t bytes[128];
    size_t n = record_encode_preferences(bytes, sizeof bytes, &p);
    cr_assert(record_decode_preferences(&out, STORE_SCHEMA, bytes, n));
    cr_expect_str_eq(out.values[0].value, "1");
    for (size_t i = 0; i < n; i++)
        cr_expect_not(record_decode_preferences(&out, STORE_SCHEMA, bytes, i));
    cr_expect_not(record_decode_preferences(&out, STORE_SCHEMA, bytes, n + 1));
    cr_expect_not(record_decode_preferences(&out, STORE_SCHEMA + 1, bytes, n));
}
