/* SPDX-License-Identifier: MPL-2.0 */
/* Changes of contacts, registrations, and what users choose, on their way to the disk.
 *
 * What one turn of the loop changes goes to the store at its end, for all users together, and the
 * store's thread waits for the disk. Until it is durable all that its user is told waits with it
 * (xmpp_hold): so what a user was told is durable, nobody else waits for that, and nobody's roster
 * work costs more than its share of a commit. When the store refuses (full disk) registrations are
 * refused and their data taken back; contacts stay, and are tried again, and their user is told. */
#include "records.h"

#include "check.h"
#include "position.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/translate.h"

#define RECORDS_RETRY_MS 1000
#define RECORDS_GROUP_MS 2000            /* beyond it a group is not waited for */
#define RECORDS_LOG_BURST 3
#define RECORDS_LOG_PERIOD_MS 60000
#define RECORDS_CHECKS_MAX 64u           /* registrations of one commit */
#define RECORDS_LATE                                                                              \
    N_("The gateway could not store the last changes that you made yet. It keeps trying; "       \
       "should it be started again before that, please make them once more.")

/* A user is told nothing until their changes are durable. Owner: sessions.promises. */
struct promise {
    struct sj_list link;
    uint64_t session, hold;
    uint64_t group;              /* of the store, which has the change; 0: it is one of contacts */
    int64_t since_ms;
    bool handed;                 /* all changes of contacts are in the commit under way */
};

/* ---- promises ---- */

/* Is there one that all of the turn's changes go into? The last is looked at: a second one does no
 * harm. */
static bool promise_is_open(const struct session *s)
{
    const struct sj_list *last = s->all->promises.prev;
    const struct promise *p = SJ_CONTAINER(last, struct promise, link);

    return last != &s->all->promises && p->session == s->id && !p->handed && p->group == 0;
}

static struct promise *promise_new(struct network *n, const char *user, uint64_t session)
{
    struct promise *p = sj_calloc(1, sizeof *p);

    p->session = session;
    p->hold = xmpp_hold(n->all->xmpp, n->index, user);
    sj_list_init(&p->link);
    sj_list_append(&n->all->promises, &p->link);
    return p;
}

void records_promise(struct session *s)
{
    struct sessions *all = s->all;

    if (!sj_timer_running(&all->records_retry))
        sj_loop_defer(all->loop, &all->records);
    if (s->n_dirty == 0 && !promise_is_open(s))
        promise_new(s->network, s->user, s->id);
}

static void promise_of_group(struct network *n, const char *user, uint64_t session,
                             uint64_t group)
{
    struct sessions *all = n->all;
    struct promise *p = promise_new(n, user, session);

    p->group = group;
    p->since_ms = sj_loop_now_ms(all->loop);
    if (!sj_timer_running(&all->records_late))
        sj_timer_start(all->loop, &all->records_late, RECORDS_GROUP_MS);
}

void records_grouped(struct network *n, const char *user, uint64_t session)
{
    promise_of_group(n, user, session, sj_store_group(n->all->store));
}

void records_grouped_by(struct network *n, const char *user)
{
    const struct sj_list *last = n->all->promises.prev;
    uint64_t group = 0;

    if (last != &n->all->promises)
        group = SJ_CONTAINER(last, const struct promise, link)->group;
    if (group > 0)
        promise_of_group(n, user, 0, group);
}

static void promise_end(struct sessions *all, struct promise *p, bool kept)
{
    struct session *s = session_by_id(all, p->session);

    xmpp_let_go(all->xmpp, p->hold, false);
    sj_list_remove(&p->link);
    sj_free(p);
    if (!s)
        return;
    if (!kept && !s->disk_told)
        session_say_translated(s, sj_translate(s->lang, RECORDS_LATE));
    s->disk_told = !kept;
    position_go_on(s);
}

/* The next commit has all that these waited for. */
static void promises_hand_over(struct sessions *all)
{
    for (struct sj_list *l = all->promises.next; l != &all->promises; l = l->next) {
        struct promise *p = SJ_CONTAINER(l, struct promise, link);
        const struct session *s = session_by_id(all, p->session);
        p->handed = p->handed || !s || s->n_dirty == 0;
    }
}

/* settled: nothing is on its way to the disk. */
static bool promise_is_kept(const struct sessions *all, const struct promise *p, bool settled)
{
    return p->group > 0 ? p->group <= sj_store_durable(all->store) : settled && p->handed;
}

/* Those that are kept; or none can be. */
static void promises_end(struct sessions *all, bool settled, bool kept)
{
    struct sj_list *next;

    for (struct sj_list *l = all->promises.next; l != &all->promises; l = next) {
        struct promise *p = SJ_CONTAINER(l, struct promise, link);
        next = l->next;
        if (!kept || promise_is_kept(all, p, settled))
            promise_end(all, p, kept);
    }
}

/* A disk that refuses does not silence anybody. */
static void promises_late(void *arg)
{
    struct sessions *all = arg;
    int64_t now_ms = sj_loop_now_ms(all->loop);
    struct sj_list *next;

    for (struct sj_list *l = all->promises.next; l != &all->promises; l = next) {
        struct promise *p = SJ_CONTAINER(l, struct promise, link);
        int64_t wait = p->since_ms + RECORDS_GROUP_MS - now_ms;
        next = l->next;
        if (p->group == 0)
            continue;
        if (wait > 0) {
            sj_timer_start(all->loop, &all->records_late, wait);
            return;
        }
        promise_end(all, p, promise_is_kept(all, p, false));
    }
}

/* ---- registrations ---- */

static void checks_end(struct sessions *all, const struct sj_error *err)
{
    struct sj_list *next;

    for (struct sj_list *l = all->registering.next; l != &all->registering; l = next) {
        const struct check *k = SJ_CONTAINER(l, struct check, record);
        next = l->next;
        if (k->handed || err)
            check_stored(k->session, err);
    }
}

void records_register(struct session *s)
{
    struct sj_owner owner;

    session_owner(s, &owner);
    sj_store_expect(s->all->store, &owner, true);
    s->check->expected = true;
    sj_list_append(&s->all->registering, &s->check->record);
    if (!sj_timer_running(&s->all->records_retry))
        sj_loop_defer(s->all->loop, &s->all->records);
}

/* ---- changes ---- */

static void records_describe(const struct contact *c, struct sj_store_change *out)
{
    *out = (struct sj_store_change){
        .contact = {.id = c->id, .name = c->name, .group = c->group, .to = c->to, .from = c->from,
                    .asked_out = c->asked_out, .asked_in = c->asked_in,
                    .suggested = c->suggested, .told_name = c->told_name,
                    .told_group = c->told_group, .name_told = c->name_told,
                    .group_told = c->group_told, .named = c->named, .asked = c->asked,
                    .created = c->created, .unwanted = c->unwanted},
        .remove = c->gone};
    session_owner(c->session, &out->owner);
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

static void records_log(struct sessions *all, size_t n, const char *cause)
{
    unsigned dropped;

    if (sj_log_allow(&all->records_limit, sj_loop_now_ms(all->loop), RECORDS_LOG_BURST,
                     RECORDS_LOG_PERIOD_MS, &dropped))
        sj_log_error(&all->log, "changes of contacts not stored n=%zu cause=%s suppressed=%u", n,
                     SJ_CLIP(cause), dropped);
}

/* Hands the first contacts over, at most max, all or none. What the store finds wrong with a record
 * will not get better: it is dropped. SJ_INVALID: one of several is at fault. */
static enum sj_status records_put_contacts(struct sessions *all, size_t max, struct sj_error *err)
{
    struct sj_store_change changes[SJ_STORE_CHANGES_MAX] = {{.remove = false}};
    const struct sj_list *at = all->dirty.next;
    size_t n = 0;

    for (; at != &all->dirty && n < max; at = at->next)
        records_describe(SJ_CONTAINER(at, struct contact, dirty), &changes[n++]);
    enum sj_status status = sj_store_changes_put(all->store, changes, n, err);
    if (status == SJ_INVALID && n > 1)
        return status;
    if (status != SJ_OK && status != SJ_NOTFOUND && status != SJ_UNAVAILABLE)
        records_log(all, n, err->text);
    if (status != SJ_OK && status != SJ_NOTFOUND && status != SJ_INVALID)
        return status;
    records_written(all, n);
    return SJ_OK;
}

static enum sj_status records_put_checks(struct sessions *all, struct sj_error *err)
{
    struct sj_registration registrations[RECORDS_CHECKS_MAX];
    struct sj_store_change changes[RECORDS_CHECKS_MAX] = {{.remove = false}};
    struct check *checks[RECORDS_CHECKS_MAX];
    struct sj_list *at = all->registering.next;
    size_t n = 0;

    for (; at != &all->registering && n < RECORDS_CHECKS_MAX; at = at->next) {
        checks[n] = SJ_CONTAINER(at, struct check, record);
        check_describe(checks[n], &registrations[n], &changes[n]);
        n++;
    }
    enum sj_status status = sj_store_changes_put(all->store, changes, n, err);
    for (size_t i = 0; status == SJ_OK && i < n; i++)
        checks[i]->handed = true;
    return status;
}

/* The next commit. */
static enum sj_status records_put(struct sessions *all, struct sj_error *err)
{
    size_t max = SJ_STORE_CHANGES_MAX;
    enum sj_status status;

    if (!sj_list_empty(&all->registering))
        return records_put_checks(all, err);
    status = records_put_contacts(all, max, err);
    while (status == SJ_INVALID)         /* one by one: only the one at fault is dropped */
        status = records_put_contacts(all, 1, err);
    return status;
}

static bool records_wait(const struct sessions *all)
{
    return !sj_list_empty(&all->dirty) || !sj_list_empty(&all->registering);
}

/* Whoever waits is told so, but contacts are tried again. */
static void records_fail(struct sessions *all, enum sj_status status)
{
    struct sj_error err;

    sj_fail(&err, status, "The gateway cannot store anything at this moment; please try again "
            "later.");
    checks_end(all, &err);
    promises_end(all, false, false);
}

/* Is nothing on its way? What has come of it is told. */
static bool records_are_settled(struct sessions *all)
{
    bool settled = sj_store_is_settled(all->store);
    bool failed = all->records_known && all->records_status != SJ_OK;

    all->records_known = false;
    if (failed) {
        records_fail(all, all->records_status);
    } else {
        if (settled)
            checks_end(all, NULL);
        promises_end(all, settled, true);
    }
    return settled;
}

/* SJ_OK: all is on its way, or waits for what is. */
static enum sj_status records_run(struct sessions *all)
{
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = SJ_OK;

    sj_timer_stop(&all->records_retry);
    promises_hand_over(all);             /* some may have changed nothing in the end */
    while (records_are_settled(all) && records_wait(all)) {
        bool checks = !sj_list_empty(&all->registering);
        status = records_put(all, &err);
        if (status == SJ_UNAVAILABLE)
            break;
        if (status != SJ_OK && checks) {
            checks_end(all, &err);       /* contacts may find room all the same */
            continue;
        }
        if (status != SJ_OK) {
            records_fail(all, status);
            if (records_wait(all))
                sj_timer_start(all->loop, &all->records_retry, RECORDS_RETRY_MS);
            break;
        }
        promises_hand_over(all);
    }
    return status;
}

void records_flush(struct sessions *all)
{
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status;

    do {
        status = sj_store_flush(all->store, &err);
        if (status == SJ_OK)
            status = records_run(all);
    } while (status == SJ_OK &&
             (records_wait(all) || !sj_list_empty(&all->promises)));
    if (status != SJ_OK)
        records_fail(all, status);
}

/* Nobody is left to wait for anything when the gateway is being stopped. */
static void records_due(void *arg)
{
    struct sessions *all = arg;

    if (all->stopping)
        records_flush(all);
    else
        records_run(all);
}

static void records_now(void *arg)
{
    records_flush(arg);
}

void records_settled(struct sessions *all, enum sj_status status)
{
    if (sj_list_empty(&all->promises) && !records_wait(all))
        return;
    /* A failure counts until it was looked at: what follows it may be another's success. */
    if (!all->records_known || status != SJ_OK)
        all->records_status = status;
    all->records_known = true;
    sj_loop_defer(all->loop, &all->records);
}

void records_crowded(void *sessions)
{
    struct sessions *all = sessions;

    sj_loop_defer(all->loop, &all->records_now);
}

void records_init(struct sessions *all)
{
    sj_list_init(&all->dirty);
    sj_list_init(&all->promises);
    sj_list_init(&all->registering);
    sj_defer_init(&all->records, records_due, all);
    sj_defer_init(&all->records_now, records_now, all);
    sj_timer_init(&all->records_retry, records_due, all);
    sj_timer_init(&all->records_late, promises_late, all);
}

void records_release(struct sessions *all)
{
    sj_defer_cancel(&all->records);
    sj_defer_cancel(&all->records_now);
    sj_timer_stop(&all->records_retry);
    sj_timer_stop(&all->records_late);
    while (!sj_list_empty(&all->promises)) {
        struct promise *p = SJ_CONTAINER(all->promises.next, struct promise, link);
        sj_list_remove(&p->link);
        sj_free(p);
    }
}

void contact_changed(struct contact *c)
{
    struct sessions *all = c->session->all;

    records_promise(c->session);
    if (!sj_list_empty(&c->dirty))
        return;
    sj_list_append(&all->dirty, &c->dirty);
    c->session->n_dirty++;
}

void contact_clean(struct contact *c)
{
    if (sj_list_empty(&c->dirty))
        return;
    sj_list_remove(&c->dirty);
    c->session->n_dirty--;
}
