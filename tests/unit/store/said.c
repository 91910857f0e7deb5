/* SPDX-License-Identifier: MPL-2.0 */
/* Shared parts of the tests of archives; see said.h. */
#include "said.h"

#include <criterion/criterion.h>

#define SAID_TEXTS 32u

static char *said_text(void)
{
    static char texts[SAID_TEXTS][SJ_ARCHIVE_ID_SIZE];
    static unsigned next;
    return texts[next++ % SAID_TEXTS];
}

int64_t said_now(const struct fixture *f)
{
    return sj_loop_utc_ms(f->loop);
}

enum sj_status said_put(struct fixture *f, unsigned i, const char *room,
                        const struct sj_archive_entry *e, bool last, char id[SJ_ARCHIVE_ID_SIZE])
{
    struct sj_error err = {.status = SJ_OK};
    const struct sj_owner owner = fixture_owner(i);
    id[0] = '\0';
    enum sj_status status = sj_store_archive_put(f->store, &owner, room, e, last, id, &err);
    cr_assert(status == SJ_OK || status == err.status);
    return status;
}

static const char *said_any(struct fixture *f, unsigned i, int64_t time, const char *text,
                            bool last)
{
    char *id = said_text();
    const struct sj_archive_entry e = {.time = time, .data = (const uint8_t *)text,
                                       .n = strlen(text)};
    enum sj_status status = said_put(f, i, SAID_ROOM, &e, last, id);
    cr_assert_eq(status, SJ_OK, "%s: %s", text, sj_status_text(status));
    cr_assert_eq(strlen(id), SJ_ARCHIVE_ID_SIZE - 1);
    return id;
}

const char *said_last(struct fixture *f, unsigned i, int64_t time, const char *text)
{
    return said_any(f, i, time, text, true);
}

const char *said_at(struct fixture *f, unsigned i, int64_t time, const char *text)
{
    return said_any(f, i, time, text, false);
}

struct said {
    char text[80000];
};
static struct said page_text, entry_text;

static void said_keep(const struct sj_archive_entry *e, void *arg)
{
    struct said *out = arg;
    size_t n = strlen(out->text);
    cr_assert_eq(strlen(e->id), SJ_ARCHIVE_ID_SIZE - 1);
    snprintf(out->text + n, sizeof out->text - n, "%.*s ", (int)e->n, (const char *)e->data);
}

const char *said_page(struct fixture *f, unsigned i, struct sj_archive_page page)
{
    struct sj_error err = {.status = SJ_OK};
    const struct sj_owner owner = fixture_owner(i);
    bool more = false;
    page.room = page.room ? page.room : SAID_ROOM;
    page.max = page.max ? page.max : SJ_ARCHIVE_PAGE_MAX;
    page_text.text[0] = '\0';
    enum sj_status status = sj_store_archive_each(f->store, &owner, &page, said_keep, &page_text,
                                                  &more, &err);
    cr_assert(status == SJ_OK || status == err.status);
    if (status != SJ_OK)
        return sj_status_text(status);
    size_t n = strlen(page_text.text);
    snprintf(page_text.text + n, sizeof page_text.text - n, "%s", more ? "+" : "");
    return page_text.text;
}

const char *said_all(struct fixture *f, unsigned i)
{
    return said_page(f, i, (struct sj_archive_page){.since = -1, .until = -1});
}

const char *said_get(struct fixture *f, unsigned i, const char *id)
{
    const struct sj_owner owner = fixture_owner(i);
    entry_text.text[0] = '\0';
    sj_store_archive_get(f->store, &owner, SAID_ROOM, id, said_keep, &entry_text, NULL);
    return entry_text.text;
}

const char *said_find(struct fixture *f, unsigned i, const char *network_id)
{
    const struct sj_owner owner = fixture_owner(i);
    char *id = said_text();
    id[0] = '\0';
    sj_store_archive_find(f->store, &owner, SAID_ROOM, network_id, id, NULL);
    return id;
}

enum sj_status said_replace(struct fixture *f, unsigned i, const char *id, const char *text)
{
    const struct sj_owner owner = fixture_owner(i);
    return sj_store_archive_replace(f->store, &owner, SAID_ROOM, id, text, strlen(text), NULL);
}

uint64_t said_count(struct fixture *f, unsigned i)
{
    uint64_t n = 99;
    const struct sj_owner owner = fixture_owner(i);
    cr_assert_eq(sj_store_archive_count(f->store, &owner, SAID_ROOM, &n, NULL), SJ_OK);
    return n;
}
