/* SPDX-License-Identifier: MPL-2.0 */
/* Changes of contacts on their way to the store: those of one turn of the loop are written at its
 * end in one commit for all users, before anything that was said in that turn leaves. So what a
 * user was told is durable, and nobody's roster work costs more than one commit a turn. When the
 * store refuses (full disk) they stay and are tried again. */
#include "session.h"
#include "sojourn/memory.h"

#define RECORDS_RETRY_MS 1000

static void records_describe(const struct contact *c, struct sj_store_change *out)
{
    *out = (struct sj_store_change){
        .contact = {.id = c->id, .name = c->name, .group = c->group, .to = c->to, .from = c->from,
                    .asked_out = c->asked_out, .asked_in = c->asked_in,
                    .suggested = c->suggested},
        .remove = c->gone};
    session_owner(c->session, &out->owner);
}

static size_t records_collect(const struct sessions *all, struct sj_store_change *changes)
{
    const struct sj_list *at;
    size_t n = 0;

    for (at = all->dirty.next; at != &all->dirty && n < SJ_STORE_CHANGES_MAX; at = at->next)
        records_describe(SJ_CONTAINER(at, struct contact, dirty), &changes[n++]);
    return n;
}

static void records_written(struct sessions *all, size_t n)
{
    while (n-- > 0) {
        struct contact *c = SJ_CONTAINER(all->dirty.next, struct contact, dirty);
        sj_list_remove(&c->dirty);
        if (c->gone)
            contact_free(c);
    }
}

static bool records_write(struct sessions *all)
{
    struct sj_store_change changes[SJ_STORE_CHANGES_MAX] = {{.remove = false}};
    struct sj_error err = {SJ_OK, ""};
    size_t n = records_collect(all, changes);
    enum sj_status status = sj_store_contacts_write(all->store, changes, n, &err);

    if (status != SJ_OK && status != SJ_NOTFOUND) {
        sj_log_error(&all->log, "changes of contacts not stored, trying again n=%zu cause=%s", n,
                     SJ_CLIP(err.text));
        return false;
    }
    records_written(all, n);
    return true;
}

void records_flush(struct sessions *all)
{
    sj_timer_stop(&all->records_retry);
    while (!sj_list_empty(&all->dirty)) {
        if (!records_write(all)) {
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

    if (sj_list_empty(&c->dirty))
        sj_list_append(&all->dirty, &c->dirty);
    if (!sj_timer_running(&all->records_retry))
        sj_loop_defer(all->loop, &all->records);
}
