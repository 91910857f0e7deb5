/* SPDX-License-Identifier: MPL-2.0 */
/* Migration: brings the records of an older schema to ours at open, one function a step.
 *
 * All steps and the new header go into one transaction, so that a crash leaves the old store as it
 * was. A newer schema is refused by header.c before this runs; nothing is ever guessed. To add a
 * step: raise STORE_SCHEMA, write migrate_from_N, put it at index N. */
#include "header.h"

/* Schema 2 lets the record of a contact hold what the user's roster was told, and that of a message
 * more about it. Contacts of schema 1 are read as they are and get their new form when they are
 * next written; messages there are none of, since no daemon of schema 1 ever kept any. So nothing
 * is to be done but to raise the header: an older daemon must not take the new ones for damage. */
static enum sj_status migrate_from_1(struct sj_store *s, struct sj_error *err)
{
    (void)s, (void)err;
    return SJ_OK;
}

/* Schema 3 is what an older daemon must not open once the master key was changed: lookup keys are
 * veiled from then on. Until then nothing is different. */
static enum sj_status migrate_from_2(struct sj_store *s, struct sj_error *err)
{
    (void)s, (void)err;
    return SJ_OK;
}

/* Schema 1 is the first one; nothing leads to it. */
static enum sj_status (*const migrate_table[STORE_SCHEMA])(struct sj_store *, struct sj_error *) = {
    [0] = NULL,
    [1] = migrate_from_1,
    [2] = migrate_from_2,
};
const struct migrate_steps migrate_ours = {migrate_table, STORE_SCHEMA};

struct migrate_job {
    const struct migrate_steps *steps;
    uint8_t from;
};

static enum sj_status migrate_change(struct sj_store *s, void *arg, struct sj_error *err)
{
    const struct migrate_job *job = arg;
    for (size_t schema = job->from; schema < job->steps->n; schema++) {
        enum sj_status status = job->steps->step[schema](s, err);
        if (status != SJ_OK)
            return status;
    }
    return header_write(s, (uint8_t)job->steps->n, err);
}

enum sj_status migrate_run(struct sj_store *s, uint8_t schema, const struct migrate_steps *steps,
                           struct sj_error *err)
{
    struct migrate_job job = {steps, schema};
    if (schema >= steps->n)
        return SJ_OK;
    sj_log_info(&s->log, "store is upgraded schema=%u->%zu", schema, steps->n);
    return store_write(s, STORE_ALONE, migrate_change, &job, err);
}
