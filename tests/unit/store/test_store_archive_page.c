/* SPDX-License-Identifier: MPL-2.0 */
/* Pages of archives (sojourn/store_archive.h): the same cases on LMDB and in memory, and each with
 * entries that are stored, that wait, and some of both. */
#include "both.h"
#include "said.h"

#include <criterion/criterion.h>

#include "sojourn/memory.h"

#define BOTH(name) BOTH_ENGINES(store_archive_page, name)

#define PAGE(...) (struct sj_archive_page){.since = -1, .until = -1, __VA_ARGS__}

static void flush(struct fixture *f)
{
    cr_assert_eq(sj_store_flush(f->store, NULL), SJ_OK);
}

/* Eight entries, 10 ms apart: "a" to "h"; ids and times in tables. */
static const char *ids[8];
static int64_t times[8];

static void eight(struct fixture *f)
{
    int64_t t = said_now(f) - 3600000;
    fixture_register(f, 1);
    for (unsigned i = 0; i < 8; i++) {
        const char text[2] = {(char)('a' + i), '\0'};
        times[i] = t + 10 * (int64_t)i;
        ids[i] = said_last(f, 1, times[i], text);
        if (i == 3)
            flush(f);                    /* the first half is stored, the second waits */
    }
}

BOTH(gives_the_first_and_the_last_of_a_range)
{
    eight(f);
    for (int round = 0; round < 2; round++) {
        cr_expect_str_eq(said_page(f, 1, PAGE(.max = 3)), "a b c +");
        cr_expect_str_eq(said_page(f, 1, PAGE(.max = 3, .after = ids[2])), "d e f +");
        cr_expect_str_eq(said_page(f, 1, PAGE(.max = 3, .after = ids[5])), "g h ");
        cr_expect_str_eq(said_page(f, 1, PAGE(.max = 3, .after = ids[7])), "");
        cr_expect_str_eq(said_page(f, 1, PAGE(.max = 3, .back = true)), "f g h +");
        cr_expect_str_eq(said_page(f, 1, PAGE(.max = 3, .back = true, .before = ids[5])),
                         "c d e +");
        cr_expect_str_eq(said_page(f, 1, PAGE(.max = 3, .back = true, .before = ids[2])), "a b ");
        cr_expect_str_eq(said_page(f, 1, PAGE(.max = 3, .back = true, .before = ids[0])), "");
        cr_expect_str_eq(said_page(f, 1, PAGE(.after = ids[1], .before = ids[6])), "c d e f ");
        cr_expect_str_eq(said_page(f, 1, PAGE(.after = ids[6], .before = ids[1])), "");
        cr_expect_str_eq(said_page(f, 1, PAGE(.after = ids[3], .before = ids[4])), "");
        cr_expect_str_eq(said_page(f, 1, PAGE(.after = ids[3], .before = ids[3])), "");
        fixture_reopen(f);
    }
    return 0;
}

BOTH(says_exactly_whether_there_is_more)
{
    eight(f);
    for (int round = 0; round < 2; round++) {
        for (unsigned max = 1; max <= 9; max++) {
            const char *on = said_page(f, 1, PAGE(.max = max));
            cr_expect_eq(strchr(on, '+') != NULL, max < 8, "first %u: %s", max, on);
            const char *back = said_page(f, 1, PAGE(.max = max, .back = true));
            cr_expect_eq(strchr(back, '+') != NULL, max < 8, "last %u: %s", max, back);
        }
        cr_expect_str_eq(said_page(f, 1, PAGE(.max = 2, .before = ids[2])), "a b ");
        cr_expect_str_eq(said_page(f, 1, PAGE(.max = 2, .before = ids[3])), "a b +");
        cr_expect_str_eq(said_page(f, 1, PAGE(.max = 2, .back = true, .after = ids[5])), "g h ");
        cr_expect_str_eq(said_page(f, 1, PAGE(.max = 2, .back = true, .after = ids[4])), "g h +");
        fixture_reopen(f);
    }
    return 0;
}

BOTH(bounds_a_page_by_time)
{
    eight(f);
    for (int round = 0; round < 2; round++) {
        struct sj_archive_page page = PAGE(.max = 0);
        page.since = times[2];
        page.until = times[5];
        cr_expect_str_eq(said_page(f, 1, page), "c d e f ");
        page.since++, page.until--;
        cr_expect_str_eq(said_page(f, 1, page), "d e ");
        page.max = 1;
        cr_expect_str_eq(said_page(f, 1, page), "d +");
        page.back = true;
        cr_expect_str_eq(said_page(f, 1, page), "e +");
        page = PAGE(.max = 0);
        page.since = 0;
        cr_expect_str_eq(said_page(f, 1, page), "a b c d e f g h ");
        page.since = INT64_MAX;
        cr_expect_str_eq(said_page(f, 1, page), "");
        page.since = INT64_MIN, page.until = INT64_MAX;
        cr_expect_str_eq(said_page(f, 1, page), "a b c d e f g h ");
        page.until = INT64_MIN;
        cr_expect_str_eq(said_page(f, 1, page), "");
        page.until = 0;
        cr_expect_str_eq(said_page(f, 1, page), "");
        page = PAGE(.after = ids[0], .before = ids[7]);
        page.since = times[6];
        cr_expect_str_eq(said_page(f, 1, page), "g ");
        fixture_reopen(f);
    }
    return 0;
}

BOTH(cuts_times_by_place_where_a_clock_went_back)
{
    int64_t t = said_now(f) - 3600000;
    struct sj_archive_page page = PAGE(.max = 0);
    fixture_register(f, 1);
    said_last(f, 1, t, "a");
    said_last(f, 1, t - 60000, "b");
    said_last(f, 1, t + 60000, "c");
    page.since = t;
    cr_expect_str_eq(said_page(f, 1, page), "a b c ", "nothing is lost behind a");
    page.since = -1, page.until = t;
    cr_expect_str_eq(said_page(f, 1, page), "a b ");
    page.until = t - 1;
    cr_expect_str_eq(said_page(f, 1, page), "");
    return 0;
}

BOTH(says_that_an_id_is_unknown)
{
    char forged[SJ_ARCHIVE_ID_SIZE];
    const char *unknown = sj_status_text(SJ_NOTFOUND);
    eight(f);
    snprintf(forged, sizeof forged, "%s", ids[3]);
    forged[7] = forged[7] == 'A' ? 'B' : 'A';
    for (int round = 0; round < 2; round++) {
        cr_expect_str_eq(said_page(f, 1, PAGE(.after = forged)), unknown);
        cr_expect_str_eq(said_page(f, 1, PAGE(.before = forged)), unknown);
        cr_expect_str_eq(said_page(f, 1, PAGE(.after = "")), unknown);
        cr_expect_str_eq(said_page(f, 1, PAGE(.after = ids[1], .room = "mantua")), unknown);
        struct sj_archive_page nothing = PAGE(.after = ids[1], .before = forged);
        nothing.since = INT64_MAX;
        cr_expect_str_eq(said_page(f, 1, nothing), unknown, "also when nothing can be in it");
        fixture_reopen(f);
    }
    fixture_register(f, 2);
    cr_expect_str_eq(said_page(f, 2, PAGE(.after = ids[1])), unknown);
    cr_assert_eq(said_replace(f, 1, ids[3], ""), SJ_OK);
    for (int round = 0; round < 2; round++) {
        cr_expect_str_eq(said_page(f, 1, PAGE(.after = ids[3])), unknown);
        cr_expect_str_eq(said_page(f, 1, PAGE(.after = ids[2], .max = 1)), "e +");
        cr_expect_str_eq(said_page(f, 1, PAGE(.before = ids[4], .max = 1, .back = true)), "c +");
        fixture_reopen(f);
    }
    return 0;
}

/* --- searching ------------------------------------------------------------------------------ */

static bool is_vowel(const struct sj_archive_entry *e, void *arg)
{
    (void)arg;
    cr_assert_eq(strlen(e->id), SJ_ARCHIVE_ID_SIZE - 1);
    return e->n == 1 && strchr("aeiou", e->data[0]);
}

static bool is_nothing(const struct sj_archive_entry *e, void *arg)
{
    (void)e, (void)arg;
    return false;
}

BOTH(gives_only_what_is_wanted)
{
    eight(f);
    for (int round = 0; round < 2; round++) {
        cr_expect_str_eq(said_page(f, 1, PAGE(.wanted = is_vowel)), "a e ");
        cr_expect_str_eq(said_page(f, 1, PAGE(.wanted = is_vowel, .max = 2)), "a e ");
        cr_expect_str_eq(said_page(f, 1, PAGE(.wanted = is_vowel, .max = 1)), "a +");
        cr_expect_str_eq(said_page(f, 1, PAGE(.wanted = is_vowel, .max = 1, .back = true)),
                         "e +");
        cr_expect_str_eq(said_page(f, 1, PAGE(.wanted = is_vowel, .max = 1, .back = true,
                                              .before = ids[4])), "a ");
        cr_expect_str_eq(said_page(f, 1, PAGE(.wanted = is_nothing)), "");
        fixture_reopen(f);
    }
    return 0;
}

BOTH(looks_at_a_bounded_number_of_entries)
{
    char text[16];
    fixture_register(f, 1);
    int64_t now = said_now(f);
    said_last(f, 1, now, "a");
    for (unsigned i = 1; i < SJ_ARCHIVE_LOOK_MAX; i++) {
        snprintf(text, sizeof text, "%u", i);
        said_last(f, 1, now, text);
    }
    cr_expect_str_eq(said_page(f, 1, PAGE(.wanted = is_vowel)), "a ");
    cr_expect_str_eq(said_page(f, 1, PAGE(.wanted = is_vowel, .back = true)), "a ");
    cr_expect_str_eq(said_page(f, 1, PAGE(.wanted = is_nothing)), "");
    said_last(f, 1, now, "e");
    cr_expect_str_eq(said_page(f, 1, PAGE(.wanted = is_vowel)), "a +");
    cr_expect_str_eq(said_page(f, 1, PAGE(.wanted = is_vowel, .back = true)), "e +");
    cr_expect_str_eq(said_page(f, 1, PAGE(.wanted = is_nothing)), "+");
    cr_expect_eq(said_count(f, 1), SJ_ARCHIVE_LOOK_MAX + 1);
    return 0;
}

/* --- against a model ------------------------------------------------------------------------- */

#define MODEL_MAX 400u
/* What the archive must hold, in order. */
struct model {
    struct model_entry {
        char id[SJ_ARCHIVE_ID_SIZE];
        char text[16];
        char network_id[16];             /* or "" */
        int64_t place;                   /* its time, or that of the one before */
    } entry[MODEL_MAX];
    unsigned n, serial;
};
static struct model model;

static void model_insert(unsigned at, const char *id, const struct sj_archive_entry *said,
                         int64_t place)
{
    memmove(model.entry + at + 1, model.entry + at,
            (model.n - at) * sizeof model.entry[0]);
    struct model_entry *e = &model.entry[at];
    snprintf(e->id, sizeof e->id, "%s", id);
    snprintf(e->text, sizeof e->text, "%.*s", (int)said->n, (const char *)said->data);
    snprintf(e->network_id, sizeof e->network_id, "%s", said->network_id ? said->network_id : "");
    e->place = place;
    model.n++;
}

/* NULL: none. */
static const struct model_entry *model_named(const char *network_id)
{
    for (unsigned i = 0; i < model.n; i++) {
        if (strcmp(model.entry[i].network_id, network_id) == 0)
            return &model.entry[i];
    }
    return NULL;
}

static void model_put(struct fixture *f, int64_t base)
{
    char text[16], network_id[16], id[SJ_ARCHIVE_ID_SIZE];
    bool last = sj_random_below(3) > 0, named = sj_random_below(2) == 0;
    int64_t newest = model.n ? model.entry[model.n - 1].place : 0;
    struct sj_archive_entry e = {.time = base + sj_random_below(40),
                                 .network_id = named ? network_id : NULL,
                                 .data = (const uint8_t *)text};
    unsigned at = model.n;
    e.n = (size_t)snprintf(text, sizeof text, "%u", model.serial++);
    snprintf(network_id, sizeof network_id, "n%u", sj_random_below(2 * MODEL_MAX));
    const struct model_entry *there = named ? model_named(network_id) : NULL;
    cr_assert_eq(said_put(f, 1, SAID_ROOM, &e, last, id), there ? SJ_EXISTS : SJ_OK);
    if (there) {
        cr_assert_str_eq(id, there->id);
        return;
    }
    while (!last && at > 0 && model.entry[at - 1].place > e.time)
        at--;
    model_insert(at, id, &e, last && newest > e.time ? newest : e.time);
}

static void model_change(struct fixture *f)
{
    char text[16] = "";
    if (model.n == 0)
        return;
    unsigned at = sj_random_below(model.n);
    struct model_entry *e = &model.entry[at];
    bool remove = sj_random_below(2) == 0;
    /* The last one stays: behind it, what follows would have another place in the model. */
    if (remove && at + 1 == model.n)
        return;
    if (!remove)
        snprintf(text, sizeof text, "%u", model.serial++);
    cr_assert_eq(said_replace(f, 1, e->id, text), SJ_OK);
    if (!remove) {
        snprintf(e->text, sizeof e->text, "%s", text);
        return;
    }
    model.n--;
    memmove(e, e + 1, (model.n - at) * sizeof *e);
}

static bool model_has(const struct sj_archive_page *page, unsigned i, unsigned after,
                      unsigned before)
{
    int64_t place = model.entry[i].place;
    return (page->since == -1 || place >= page->since) &&
           (page->until == -1 || place <= page->until) && (!page->after || i > after) &&
           (!page->before || i < before);
}

static const char *model_page(const struct sj_archive_page *page, unsigned after, unsigned before)
{
    static char out[16 * MODEL_MAX];
    unsigned matching = 0, skip = 0, n = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < model.n; i++)
        matching += model_has(page, i, after, before);
    if (page->back && matching > page->max)
        skip = matching - page->max;
    for (unsigned i = 0, seen = 0; i < model.n && n < page->max; i++) {
        if (!model_has(page, i, after, before) || seen++ < skip)
            continue;
        snprintf(out + strlen(out), sizeof out - strlen(out), "%s ", model.entry[i].text);
        n++;
    }
    if (matching > page->max)
        snprintf(out + strlen(out), sizeof out - strlen(out), "+");
    return out;
}

static void model_compare(struct fixture *f, int64_t base)
{
    unsigned after = sj_random_below(model.n + 1), before = sj_random_below(model.n + 1);
    struct sj_archive_page page = PAGE(.max = 1 + sj_random_below(20));
    page.back = sj_random_below(2) == 0;
    if (sj_random_below(3) == 0)
        page.since = base + sj_random_below(40);
    if (sj_random_below(3) == 0)
        page.until = base + sj_random_below(40);
    if (after < model.n && sj_random_below(2) == 0)
        page.after = model.entry[after].id;
    if (before < model.n && sj_random_below(2) == 0)
        page.before = model.entry[before].id;
    cr_assert_str_eq(said_page(f, 1, page), model_page(&page, after, before));
    cr_assert_eq(said_count(f, 1), model.n);
    char network_id[16];
    snprintf(network_id, sizeof network_id, "n%u", sj_random_below(2 * MODEL_MAX));
    const struct model_entry *named = model_named(network_id);
    cr_assert_str_eq(said_find(f, 1, network_id), named ? named->id : "");
}

BOTH(agrees_with_a_model_whatever_is_done)
{
    fixture_register(f, 1);
    int64_t base = said_now(f) - 3600000;
    memset(&model, 0, sizeof model);
    for (unsigned turn = 0; turn < 3000; turn++) {
        uint32_t what = sj_random_below(100);
        if (what < 35 && model.n < MODEL_MAX)
            model_put(f, base);
        else if (what < 60)
            model_change(f);
        else if (what < 63)
            flush(f);
        else if (what < 64)
            fixture_reopen(f);
        else
            model_compare(f, base);
    }
    return 0;
}
