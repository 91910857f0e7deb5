/* SPDX-License-Identifier: MPL-2.0 */
/* What the gateway leaves to its next process: kept, replaced, removed; under a new key, too. */
#include <stdio.h>
#include <string.h>

#include "both.h"
#include "rekey.h"

static char seen[64];

static void on_memo(const void *blob, size_t len, void *arg)
{
    (void)arg;
    snprintf(seen, sizeof seen, "%.*s", (int)len, (const char *)blob);
}

static void expect(struct fixture *f, const char *text)
{
    struct sj_store_report reports[SJ_STORE_TABLES_MAX];
    size_t n = 0;
    seen[0] = '\0';
    cr_expect_eq(sj_store_memo_get(f->store, on_memo, NULL, NULL), text ? SJ_OK : SJ_NOTFOUND);
    cr_expect_str_eq(seen, text ? text : "");
    cr_assert_eq(sj_store_check(f->store, reports, &n, NULL, NULL, NULL), SJ_OK);
    for (size_t i = 0; i < n; i++)
        cr_expect_eq(reports[i].damaged + reports[i].orphaned + reports[i].astray, 0);
}

static void put(struct fixture *f, const char *text)
{
    struct sj_error err = {.status = SJ_OK};
    cr_assert_eq(sj_store_flush(f->store, &err), SJ_OK, "%s", err.text);
    cr_assert_eq(sj_store_memo_put(f->store, text, strlen(text), &err), SJ_OK, "%s", err.text);
}

BOTH_ENGINES(memo, is_kept_replaced_and_removed)
{
    static const char large[SJ_STORE_BLOB_MAX + 1];
    expect(f, NULL);
    put(f, "");
    put(f, "first");
    fixture_reopen(f);
    expect(f, "first");
    put(f, "second, and longer");
    expect(f, "second, and longer");
    cr_expect_eq(sj_store_memo_put(f->store, large, sizeof large, NULL), SJ_INVALID);
    sj_store_flush(f->store, NULL);
    cr_expect_eq(sj_store_memo_put(f->store, large, sizeof large - 1, NULL), SJ_OK);
    put(f, "");
    fixture_reopen(f);
    expect(f, NULL);
    return 0;
}

static bool is_rekeyed(void *arg)
{
    const struct fixture *f = arg;
    struct sj_store_rekeying state;
    sj_store_rekeying(f->store, &state);
    return !state.running;
}

Test(memo, moves_to_a_new_key)
{
    struct sj_error err = {.status = SJ_OK};
    struct fixture f;
    fixture_init(&f, FIXTURE_LMDB);
    fixture_open(&f);
    fixture_register(&f, 1);
    put(&f, "left");
    for (unsigned i = 0; i < 2; i++) {
        cr_assert_eq(sj_store_new_key_make(f.key_file, &err), SJ_OK, "%s", err.text);
        cr_assert_eq(sj_store_rekey(f.store, &err), SJ_OK, "%s", err.text);
        seen[0] = '\0';
        cr_expect_eq(sj_store_memo_get(f.store, on_memo, NULL, NULL), SJ_OK);
        cr_expect_str_eq(seen, "left", "meanwhile");
        fixture_reopen(&f);              /* broken off */
        fixture_until(&f, is_rekeyed, &f);
        fixture_reopen(&f);
        expect(&f, "left");
    }
    fixture_done(&f, 0);
}
