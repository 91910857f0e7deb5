/* SPDX-License-Identifier: MPL-2.0 */
/* What the tests of archives share: short ways to put entries in and to read pages as text. */
#ifndef TEST_STORE_SAID_H
#define TEST_STORE_SAID_H

#include "archive.h"
#include "fixture.h"

#define SAID_ROOM "verona"

/* Now, by the loop's clock. */
int64_t said_now(const struct fixture *f);
/* Puts an entry of owner i into SAID_ROOM; its id, in one of a few static texts. */
const char *said_last(struct fixture *f, unsigned i, int64_t time, const char *text);
const char *said_at(struct fixture *f, unsigned i, int64_t time, const char *text);
/* The status of any put; id receives what it gave, "" when nothing. */
enum sj_status said_put(struct fixture *f, unsigned i, const char *room,
                        const struct sj_archive_entry *e, bool last, char id[SJ_ARCHIVE_ID_SIZE]);

/* A page of owner i as text: entries in order, each with a blank behind it, then "+" when there is
 * more; the status when it is not SJ_OK. room NULL: SAID_ROOM. max 0: as many as can be. */
const char *said_page(struct fixture *f, unsigned i, struct sj_archive_page page);
/* All of SAID_ROOM. */
const char *said_all(struct fixture *f, unsigned i);
/* One entry's text by id; "" when it is not found. */
const char *said_get(struct fixture *f, unsigned i, const char *id);
/* Id by the network's; "" when it is not found. */
const char *said_find(struct fixture *f, unsigned i, const char *network_id);
enum sj_status said_replace(struct fixture *f, unsigned i, const char *id, const char *text);
uint64_t said_count(struct fixture *f, unsigned i);

#endif
