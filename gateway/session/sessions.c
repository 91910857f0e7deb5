/* SPDX-License-Identifier: MPL-2.0 */
/* All sessions: the table, making and dropping them, order at the stop (G100-61), and the table
 * that the XMPP room calls. What a session does is in session.c and its neighbours. */
#include "sessions.h"

#include <string.h>

#include "barrier.h"
#include "bookmark.h"
#include "command.h"
#include "dialogue.h"
#include "journal.h"
#include "late.h"
#include "position.h"
#include "raw.h"
#include "room_list.h"
#include "roster.h"
#include "save.h"
#include "search.h"
#include "session.h"
#include "talk.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "transfer.h"

struct session *session_find(struct network *n, const char *user)
{
    return sj_map_find(&n->by_user, user);
}

struct session *session_by_id(struct sessions *all, uint64_t id)
{
    return sj_idmap_find(&all->by_id, id);
}

void session_owner(const struct session *s, struct sj_owner *out)
{
    *out = (struct sj_owner){.host = s->network->options->host, .user = s->user, .label = ""};
}

struct session *session_new(struct network *n, const char *user)
{
    struct session *s = sj_calloc(1, sizeof *s);

    s->all = n->all;
    s->network = n;
    s->id = ++n->all->next_id;
    s->user = sj_strdup(user);
    s->log = (struct sj_log){.parent = &n->log, .key = "user", .value = s->user};
    s->last_show = SJ_SHOW_ONLINE;
    preferences_init(s);
    sj_list_init(&s->resources);
    sj_list_init(&s->held_out);
    sj_list_init(&s->held_in);
    sj_list_init(&s->refusals);
    sj_list_init(&s->ops);
    sj_list_init(&s->reap);
    sj_list_init(&s->transfers);
    sj_map_init(&s->contacts);
    sj_timer_init(&s->timer, NULL, s);
    sj_timer_init(&s->linger, session_linger_over, s);
    sj_list_init(&s->ticket.link);
    quota_load(s);
    sj_map_put(&n->by_user, s->user, s);
    sj_idmap_put(&n->all->by_id, s->id, s);
    n->all->n_sessions++;
    return s;
}

static void graves_clear(struct sessions *all);

void session_free(struct session **at)
{
    struct session *s = at ? *at : NULL;
    struct sj_error gone;

    if (!s)
        return;
    sj_fail(&gone, SJ_UNREACHABLE, "The session has ended.");
    sj_timer_stop(&s->timer);
    sj_timer_stop(&s->linger);
    prompt_drop(s);
    position_free(s);
    check_free(s);
    search_free(s);
    transfers_drop(s, NULL);
    governor_leave(&s->network->governor, &s->ticket);
    sessions_bury(s->all, &s->link);
    graves_clear(s->all);                /* a link borrows the session's log */
    portfolio_free(s);
    own_profile_free(s);
    ops_fail(s, &gone);
    rooms_free(s);
    room_list_free(s);
    bookmarks_free(s);
    raw_free(s);
    held_clear(s);
    talks_clear(s);
    refusals_clear(s);
    session_resources_clear(s);
    roster_free(s);
    contacts_clear(s);
    sj_map_release(&s->contacts);
    sj_list_remove(&s->reap);
    sj_map_remove(&s->network->by_user, s->user);
    sj_idmap_remove(&s->all->by_id, s->id);
    s->all->n_sessions--;
    xmpp_let_go(s->all->xmpp, s->removal.hold, false);
    preferences_release(s);
    quota_free(s);
    sj_free(s->self_id);
    sj_free(s->trouble);
    sj_free(s->last_status);
    sj_free(s->user);
    sj_free(s);
    *at = NULL;
}

struct session_load {
    struct session *s;
    struct network *network;
    const char *user;
};

static void session_load(const struct sj_registration *r, void *arg)
{
    struct session_load *load = arg;
    struct session *s = session_new(load->network, load->user);

    s->registered = true;
    s->created_at = r->created_at;
    s->sees_user = r->sees_user;
    s->seen_by_user = r->seen_by_user;
    s->online_stored = r->online;
    load->s = s;
}

static bool session_load_contact(const struct sj_store_contact *r, void *arg)
{
    struct session *s = arg;
    struct contact *c = contact_new(s, r->id);

    contact_set(&c->name, r->name);
    contact_set(&c->group, r->group);
    c->to = r->to;
    c->from = r->from;
    c->asked_out = r->asked_out;
    c->asked_in = r->asked_in;
    c->suggested = r->suggested;
    c->name_told = r->name_told;
    c->group_told = r->group_told;
    contact_set(&c->told_name, r->told_name);
    contact_set(&c->told_group, r->told_group);
    c->named = r->named;
    c->asked = r->asked;
    c->created = r->created;
    c->unwanted = r->unwanted;
    return true;
}

struct session *session_get(struct network *n, const char *user, struct sj_error *err)
{
    struct session_load load = {.network = n, .user = user};
    struct sj_owner owner = {.host = n->options->host, .user = user, .label = ""};
    struct session *s = session_find(n, user);
    enum sj_status status;

    if (s)
        return s;
    status = sj_store_registration_get(n->all->store, &owner, session_load, &load, err);
    if (status == SJ_OK)
        status = sj_store_contact_each(n->all->store, &owner, NULL, session_load_contact, load.s,
                                       err);
    if (status == SJ_OK) {
        preferences_load(load.s);
        return load.s;
    }
    if (load.s)
        session_free(&load.s);
    if (status == SJ_NOTFOUND)
        sj_fail(err, SJ_UNREGISTERED, "You are not registered with this gateway.");
    return NULL;
}

/* A link that was given up, until the loop top. */
struct grave {
    struct sj_list list;
    struct sj_link *link;
};

void sessions_bury(struct sessions *all, struct sj_link **link)
{
    struct grave *g;

    if (!*link)
        return;
    g = sj_malloc(sizeof *g);
    g->link = *link;
    *link = NULL;
    sj_list_init(&g->list);
    sj_list_append(&all->graves, &g->list);
    sj_loop_defer(all->loop, &all->chores);
}

static void graves_clear(struct sessions *all)
{
    while (!sj_list_empty(&all->graves)) {
        struct grave *g = SJ_CONTAINER(all->graves.next, struct grave, list);
        sj_list_remove(&g->list);
        g->link->backend->link_free(&g->link);
        sj_free(g);
    }
}

void session_release(struct session *s)
{
    if (!sj_list_empty(&s->reap))
        return;
    sj_list_append(&s->all->reap, &s->reap);
    sj_loop_defer(s->all->loop, &s->all->chores);
}

static bool session_is_unused(const struct session *s)
{
    bool rests = s->state == SESSION_OFFLINE ||
                 (s->state == SESSION_REFUSED && !s->registered);
    bool waits = s->check || s->removal.wanted || s->held_count > 0 || s->n_refusals > 0 ||
                 s->n_dirty > 0 || !sj_list_empty(&s->transfers);

    return rests && !waits && !s->rooms && s->n_resources == 0 && !s->wants_online;
}

/* What a user has used up is not forgotten by leaving. */
static void session_forget_later(struct session *s, int64_t ms)
{
    sj_timer_stop(&s->timer);
    sj_timer_init(&s->timer, session_rest_over, s);
    sj_timer_start(s->all->loop, &s->timer, ms);
}

static bool sessions_all_quiet(const struct sessions *all)
{
    const struct session *s;
    uint32_t at = 0;

    while ((s = sj_idmap_next(&all->by_id, &at)) != NULL) {
        if (s->link)
            return false;
    }
    return true;
}

static void sessions_stopped(void *arg)
{
    struct sessions *all = arg;
    void (*done)(void *) = all->stopped;

    sj_timer_stop(&all->stop_timer);
    all->stopped = NULL;
    if (done)
        done(all->stopped_arg);
}

static void sessions_chores(void *arg)
{
    struct sessions *all = arg;

    graves_clear(all);
    while (!sj_list_empty(&all->reap)) {
        struct session *s = SJ_CONTAINER(all->reap.next, struct session, reap);
        sj_list_remove(&s->reap);
        if (s->suggest_due)
            suggest_run(s);
        if (session_is_unused(s) && quota_busy_ms(s) > 0)
            session_forget_later(s, quota_busy_ms(s));
        else if (session_is_unused(s))
            session_free(&s);
    }
    if (all->stopping && all->stopped && sessions_all_quiet(all))
        sessions_stopped(all);
}

/* The stop that an admin wants. */
static void sessions_shutdown(void *arg)
{
    const struct sessions *all = arg;

    all->options->shutdown(all->options->shutdown_arg);
}

struct sessions *sessions_new(struct sj_loop *loop, const struct sj_log *log,
                              struct sj_store *store, const struct sessions_options *options)
{
    struct sessions *all = sj_calloc(1, sizeof *all);

    all->host = session_host;
    all->loop = loop;
    all->log = (struct sj_log){.parent = log, .area = "session"};
    all->store = store;
    all->options = options;
    all->n_networks = options->n_networks;
    all->networks = sj_calloc(options->n_networks ? options->n_networks : 1,
                              sizeof *all->networks);
    all->strangers = strangers_new();
    all->late = late_new(all);
    all->transfers = transfers_new(all);
    all->commands = commands_new();
    all->talks = talks_new();
    all->profiles = profiles_new(all, options->avatar_bytes);
    sj_idmap_init(&all->by_id);
    sj_idmap_init(&all->ops);
    sj_idmap_init(&all->room_asks);
    sj_idmap_init(&all->barriers);
    sj_list_init(&all->ops_by_age);
    records_init(all);
    saves_init(all);
    sweep_init(all);
    journal_init(all);
    sj_list_init(&all->typing);
    sj_list_init(&all->rooms_due);
    room_clients_init(all);
    sj_list_init(&all->graves);
    sj_list_init(&all->reap);
    startup_init(all);
    sj_defer_init(&all->chores, sessions_chores, all);
    for (unsigned i = 0; i < options->n_networks; i++) {
        struct network *n = &all->networks[i];
        n->all = all;
        n->index = i;
        n->options = &options->networks[i];
        n->backend = n->options->backend;
        n->rich = (n->backend->caps & SESSION_RICH_CAPS) != 0;
        n->log = (struct sj_log){.parent = &all->log, .key = "net", .value = n->options->host};
        governor_init(&n->governor, loop, n->options->login_rate, n->options->login_burst,
                      n->options->logins_at_once);
        sj_map_init(&n->by_user);
        sj_map_init(&n->barriers);
        pressure_init(n);
    }
    sj_timer_init(&all->stop_timer, sessions_stopped, all);
    sj_timer_init(&all->shutdown, sessions_shutdown, all);
    return all;
}

void sessions_free(struct sessions **at)
{
    struct sessions *all = at ? *at : NULL;

    if (!all)
        return;
    records_flush(all);
    sj_store_on_settled(all->store, NULL, NULL);
    all->freeing = true;
    commands_free(&all->commands);
    talks_free(&all->talks);
    for (uint32_t next = 0; all->by_id.used > 0; next = 0) {
        struct session *s = sj_idmap_next(&all->by_id, &next);
        session_free(&s);
    }
    graves_clear(all);
    barriers_release(all);
    startup_clear(all);
    for (unsigned i = 0; i < all->n_networks; i++) {
        governor_release(&all->networks[i].governor);
        pressure_release(&all->networks[i]);
        sj_map_release(&all->networks[i].by_user);
    }
    for (size_t i = 0; i < XMPP_FIELDS_MAX; i++)
        sj_secret_free(&all->scratch[i]);
    sj_free(all->instructions);
    sj_defer_cancel(&all->chores);
    sj_timer_stop(&all->sweep);
    journal_release(all);
    room_clients_release(all);
    records_release(all);
    saves_release(all);
    sj_timer_stop(&all->stop_timer);
    sj_timer_stop(&all->shutdown);
    strangers_free(&all->strangers);
    late_free(all);
    profiles_free(&all->profiles);
    transfers_free(&all->transfers);
    sj_idmap_release(&all->by_id);
    sj_idmap_release(&all->ops);
    sj_idmap_release(&all->room_asks);
    sj_free(all->networks);
    sj_free(all);
    *at = NULL;
}

static void sessions_settled(void *sessions, enum sj_status status)
{
    pressure_committed(sessions, status);
    records_settled(sessions, status);
    journal_settled(sessions);
    saves_settled(sessions, status);
    late_settled(sessions);
}

void sessions_set_xmpp(struct sessions *all, struct xmpp *xmpp)
{
    all->xmpp = xmpp;
    xmpp_on_relieved(xmpp, pressure_relieved);
    xmpp_on_crowded(xmpp, records_crowded);
    sj_store_on_settled(all->store, sessions_settled, all);
}

static bool sessions_count(const struct sj_registration *r, void *arg)
{
    size_t *n = arg;

    n[0]++;
    n[1] += r->online;
    return true;
}

enum sj_status sessions_load(struct sessions *all, struct sj_error *err)
{
    size_t n[2] = {0, 0}, damaged = 0;
    enum sj_status status =
        sj_store_registration_each(all->store, &damaged, sessions_count, n, err);

    late_load(all);
    if (status == SJ_OK)
        sj_log_info(&all->log, "store read registrations=%zu were_online=%zu damaged=%zu", n[0],
                    n[1], damaged);
    return status;
}

/* Requests get their answer, messages their error or their reader, before the stream closes. */
static void session_stop(struct session *s)
{
    struct sj_error stopping, gone;

    sj_fail(&gone, SJ_UNAVAILABLE, "The gateway is being stopped.");
    sj_fail(&stopping, SJ_UNAVAILABLE, "The gateway is being stopped; try again later.");
    if (s->check)
        check_fail(s, &stopping);
    held_in_send(s);
    session_unannounce(s, &gone);
    session_logout(s, "The gateway is being stopped.");
}

void sessions_stop(struct sessions *all, int64_t timeout_ms, void (*done)(void *arg), void *arg)
{
    struct session *s;
    uint32_t at = 0;

    sj_timer_stop(&all->shutdown);
    all->stopping = true;
    all->stopped = done;
    all->stopped_arg = arg;
    records_flush(all);
    while ((s = sj_idmap_next(&all->by_id, &at)) != NULL)
        session_stop(s);
    commands_stop(all);
    sj_timer_start(all->loop, &all->stop_timer, timeout_ms);
    sj_loop_defer(all->loop, &all->chores);
}

void sessions_unregister(struct sessions *all, unsigned host, const char *user,
                         sessions_done *done, void *arg, uint64_t ticket)
{
    struct sj_error err = {.status = SJ_OK};
    struct session *s = session_get(&all->networks[host], user, &err);

    if (s && !s->registered)
        sj_fail(&err, SJ_UNREGISTERED, "not registered");
    else if (s && s->removal.wanted)
        sj_fail(&err, SJ_LIMIT, "is being unregistered already");
    if (!s || err.status != SJ_OK) {
        done(arg, ticket, &err);
        return;
    }
    s->removal = (struct removal){.wanted = true, .done = done, .arg = arg, .ticket = ticket};
    session_remove(s);
}

static bool allow_matches(const char *rule, const char *user)
{
    const char *domain = strchr(user, '@');

    return strcmp(rule, "*") == 0 || strcmp(rule, user) == 0 ||
           (domain && strcmp(rule, domain + 1) == 0);
}

/* Default: users of the domain that the component's own is part of. */
bool sessions_may_register(const struct sessions *all, unsigned host, const char *user)
{
    const struct sessions_options *o = all->options;
    const char *parent = strchr(o->networks[host].host, '.');

    if (!strchr(user, '@'))
        return false;
    if (o->n_allow == 0)
        return parent && allow_matches(parent + 1, user);
    for (size_t i = 0; i < o->n_allow; i++) {
        if (allow_matches(o->allow[i], user))
            return true;
    }
    return false;
}

bool sessions_is_admin(const struct sessions *all, const char *user)
{
    for (size_t i = 0; i < all->options->n_admins; i++) {
        if (strcmp(all->options->admins[i], user) == 0)
            return true;
    }
    return false;
}

void sessions_stats(const struct sessions *all, unsigned host, struct sessions_stats *out)
{
    const struct network *n = &all->networks[host];
    const struct session *s;
    uint32_t at = 0;

    *out = (struct sessions_stats){.to_network = n->to_network, .from_network = n->from_network};
    while ((s = sj_map_next(&n->by_user, &at)) != NULL) {
        out->sessions++;
        out->online += s->state == SESSION_ONLINE;
        out->connecting += s->state == SESSION_CONNECTING;
        out->asking += s->state == SESSION_ASKING;
        out->waiting += s->state == SESSION_QUEUED || s->state == SESSION_BACKOFF;
        out->refused += s->state == SESSION_REFUSED;
        out->operations += s->n_ops;
        out->held += s->held_count;
    }
}
