/* SPDX-License-Identifier: MPL-2.0 */
/* Judges every record of a store, table by table, in slices.
 *
 * Each slice is a read transaction of its own and goes on behind the last key, because an open one
 * keeps the writer, in whichever process, from using pages again. What a record is made of and
 * what it refers to stands in table.c; damaged ones are logged by sealed.c. */
#include <string.h>

#include "sojourn/store_tools.h"
#include "table.h"

#define CHECK_SLICE 500u
#define CHECK_SLICE_BYTES (1u << 20)

_Static_assert(STORE_TABLE_COUNT <= SJ_STORE_TABLES_MAX, "room for a report of each table");

struct check_job {
    struct sj_store *s;
    enum store_table table;
    uint8_t at[STORE_KEY_LEN];           /* the next key to look at */
    struct sj_store_report *out;
    struct secret_buf plain;
    uint64_t done, all;
};

bool store_next_key(uint8_t key[STORE_KEY_LEN], size_t n)
{
    memset(key + n, 0, STORE_KEY_LEN - n);
    while (n > 0 && ++key[n - 1] == 0)
        n--;
    return n > 0;
}

static void check_count(struct sj_store_report *out, enum table_verdict verdict)
{
    out->records++;
    out->damaged += verdict == TABLE_DAMAGED;
    out->orphaned += verdict == TABLE_ORPHANED;
    out->astray += verdict == TABLE_ASTRAY;
    out->leaving += verdict == TABLE_LEAVING;
}

/* SJ_NOTFOUND: the table is through. */
static enum sj_status check_slice(struct check_job *job, struct sj_error *err)
{
    struct engine *engine = job->s->engine;
    size_t bytes = 0;
    enum sj_status status = store_read_begin(job->s, err);
    if (status != SJ_OK)
        return status;
    for (unsigned i = 0; i < CHECK_SLICE && bytes < CHECK_SLICE_BYTES; i++) {
        struct store_found found;
        status = engine->ops->seek(engine, job->table, job->at, &found, err);
        if (status != SJ_OK)
            break;
        check_count(job->out, table_judge(job->s, job->table, found.key, found.value,
                                          &job->plain));
        bytes += found.value.n;
        job->done++;
        memcpy(job->at, found.key, STORE_KEY_LEN);
        if (!store_next_key(job->at, STORE_KEY_LEN)) {
            status = SJ_NOTFOUND;
            break;
        }
    }
    store_read_end(job->s);
    return status;
}

static enum sj_status check_table(struct check_job *job,
                                  void (*progress)(uint64_t done, uint64_t all, void *arg),
                                  void *arg, struct sj_error *err)
{
    enum sj_status status = SJ_OK;
    memset(job->at, 0, sizeof job->at);
    *job->out = (struct sj_store_report){.table = store_table_name(job->table)};
    while (status == SJ_OK) {
        status = check_slice(job, err);
        if (progress)
            progress(job->done, job->all, arg);
    }
    return status == SJ_NOTFOUND ? SJ_OK : status;
}

enum sj_status sj_store_check(struct sj_store *s, struct sj_store_report out[SJ_STORE_TABLES_MAX],
                              size_t *n, void (*progress)(uint64_t done, uint64_t all, void *arg),
                              void *arg, struct sj_error *err)
{
    struct check_job job = {.s = s};
    enum sj_status status = SJ_OK;
    for (int t = 0; t < STORE_TABLE_COUNT; t++)
        job.all += s->engine->ops->count(s->engine, (enum store_table)t);
    *n = 0;
    for (int t = 0; status == SJ_OK && t < STORE_TABLE_COUNT; t++) {
        job.table = (enum store_table)t;
        job.out = &out[(*n)++];
        status = check_table(&job, progress, arg, err);
    }
    secret_buf_release(&job.plain);
    return status;
}
