/* SPDX-License-Identifier: MPL-2.0 */
/* Changes of contacts on their way to the store: those of one turn of the loop are written at its
 * end in one commit for all users, before anything that was said in that turn leaves. So what a
 * user was told is durable, and nobody's roster work costs more than one commit a turn. When the
 * store refuses (full disk) they stay, their sessions with them, and are tried again. */
#include "session.h"
#include "sojourn/memory.h"

#define RECORDS_RETRY_MS 1000
#define RECORDS_LOG_BURST 3
#define RECORDS_LOG_PERIOD_MS 60000

static void records_describe(const struct contact *c, struct sj_store_change *out)
{
    *out = (struct sj_store_change){
        .contact = {.id = c->id, .name = c->name, .group = c->group, .to = c->to, .from = c->from,
                    .asked_out = c->asked_out, .asked_in = c->asked_in,
                    .suggested = c->suggested, .told_name = c->told_name,
                    .told_group = c->told_group, .name_told = c->name_told,
                    .group_told = c->group_told, .named = c->named, .asked = c->asked,
                    .created = c->created},
        .remove = c->gone};
    session_owner(c->session, &out->owner);
}

static size_t records_collect(const struct sessions *all, struct sj_store_change *changes,
                              size_t max)
{
    const struct sj_list *at;
    size_t n = 0;

    for (at = all->dirty.next; at != &all->dirty && n < max; at = at->next)
        records_describe(SJ_CONTAINER(at, struct contact, dirty), &changes[n++]);
    return n;
}

static void records_written(struct sessions *all, size_t n)
{
    while (n-- > 0) {
        struct contact *c = SJ_CONTAINER(all->dirty.next, struct contact, dirty);
        struct session *s = c->session;
        contact_clean(c);
        if (c->gone)
            contact_free(c);
        if (s->n_dirty == 0)
            session_release(s);          /* it stayed for these */
    }
}

/* What the store finds wrong with a record will not get better: the others are not to wait. */
static bool records_is_final(enum sj_status status)
{
    return status == SJ_OK || status == SJ_NOTFOUND || status == SJ_INVALID;
}

/* Writes the first changes, at most max, all or none. SJ_INVALID: one of them is at fault. */
static enum sj_status records_write(struct sessions *all, size_t max)
{
    struct sj_store_change changes[SJ_STORE_CHANGES_MAX] = {{.remove = false}};
    struct sj_error err = {.status = SJ_OK};
    size_t n = records_collect(all, changes, max);
    enum sj_status status = sj_store_contacts_write(all->store, changes, n, &err);
    unsigned dropped;

    if (status == SJ_INVALID && n > 1)
        return status;
    if (status != SJ_OK && status != SJ_NOTFOUND &&
        sj_log_allow(&all->records_limit, sj_loop_now_ms(all->loop), RECORDS_LOG_BURST,
                     RECORDS_LOG_PERIOD_MS, &dropped))
        sj_log_error(&all->log, "changes of contacts not stored n=%zu cause=%s suppressed=%u", n,
                     SJ_CLIP(err.text), dropped);
    if (!records_is_final(status))
        return status;
    records_written(all, n);
    return SJ_OK;
}

void records_flush(struct sessions *all)
{
    size_t max = SJ_STORE_CHANGES_MAX;

    sj_timer_stop(&all->records_retry);
    while (!sj_list_empty(&all->dirty)) {
        enum sj_status status = records_write(all, max);
        if (status == SJ_INVALID) {
            max = 1;                     /* one by one: only the one at fault is dropped */
        } else if (status != SJ_OK) {
            sj_timer_start(all->loop, &all->records_retry, RECORDS_RETRY_MS);
            return;
        }
    }
}

static void records_due(void *arg)
{
    records_flush(arg);
}

void records_init(struct sessions *all)
{
    sj_list_init(&all->dirty);
    sj_defer_init(&all->records, records_due, all);
    sj_timer_init(&all->records_retry, records_due, all);
}

void records_release(struct sessions *all)
{
    sj_defer_cancel(&all->records);
    sj_timer_stop(&all->records_retry);
}

void contact_changed(struct contact *c)
{
    struct sessions *all = c->session->all;

    if (sj_list_empty(&c->dirty)) {
        sj_list_append(&all->dirty, &c->dirty);
        c->session->n_dirty++;
    }
    if (!sj_timer_running(&all->records_retry))
        sj_loop_defer(all->loop, &all->records);
}

void contact_clean(struct contact *c)
{
    if (sj_list_empty(&c->dirty))
        return;
    sj_list_remove(&c->dirty);
    c->session->n_dirty--;
}
