/* SPDX-License-Identifier: MPL-2.0 */
/* What a component stream that came up means for the registered users of its network, taken from
 * the store in slices: who was online before a restart is logged in again (DESIGN §5), who lets us
 * see their presence is probed (G100-60, R6121-23), and whoever has a session is shown the present
 * state, since the server forgot what we sent on the former stream (G114-10, R6121-28). */
#include <string.h>

#include "journal.h"
#include "session.h"
#include "sojourn/memory.h"

#define STARTUP_SLICE 200u
#define STARTUP_PAUSE_MS 20

struct startup {
    struct sj_list link;
    unsigned host;
    bool sees_user, log_in, first;
    char user[];
};

struct startup_collect {
    struct sessions *all;
    struct network *network;
    size_t online;
};

static bool startup_collect(const struct sj_registration *r, void *arg)
{
    struct startup_collect *c = arg;
    size_t n = strlen(r->owner.user) + 1;
    struct startup *u;

    if (strcmp(r->owner.host, c->network->options->host) != 0)
        return true;
    u = sj_calloc(1, sizeof *u + n);
    memcpy(u->user, r->owner.user, n);
    u->host = c->network->index;
    u->sees_user = r->sees_user;
    u->first = !c->network->was_up;
    u->log_in = r->online && u->first;
    sj_list_init(&u->link);
    sj_list_append(&c->all->roll, &u->link);
    c->online += u->log_in;
    return true;
}

static void startup_log_in(struct network *n, const char *user)
{
    struct sj_error err = {.status = SJ_OK};
    struct session *s = session_get(n, user, &err);

    if (!s) {
        sj_log_error(&n->log, "session not restored cause=%s", SJ_CLIP(err.text));
        return;
    }
    s->wants_online = true;
    s->fresh = true;
    if (s->sees_user)                    /* it is probed: somebody who is there answers */
        sj_timer_start(s->all->loop, &s->linger, SESSION_PROBE_MS);
    session_login(s);
    session_release(s);
}

static void startup_user(struct sessions *all, const struct startup *u)
{
    struct network *n = &all->networks[u->host];
    struct session *s = session_find(n, u->user);

    if (s)
        s->unseen = false;
    if (u->log_in)
        startup_log_in(n, u->user);
    if (u->first)
        journal_recover(n, u->user, u->log_in);
    if (!u->log_in && s)
        session_show(s);
    if (s)
        held_in_flush(s);
    if (u->sees_user)
        xmpp_send_probe(all->xmpp, u->host, u->user);
}

static void startup_run(void *arg)
{
    struct sessions *all = arg;

    for (unsigned i = 0; i < STARTUP_SLICE && !sj_list_empty(&all->roll); i++) {
        struct startup *u = SJ_CONTAINER(all->roll.next, struct startup, link);
        sj_list_remove(&u->link);
        if (!all->stopping)
            startup_user(all, u);
        sj_free(u);
    }
    if (!sj_list_empty(&all->roll))
        sj_timer_start(all->loop, &all->roll_timer, STARTUP_PAUSE_MS);
}

void startup_init(struct sessions *all)
{
    sj_list_init(&all->roll);
    sj_timer_init(&all->roll_timer, startup_run, all);
}

static void startup_mark(struct network *n, bool unseen)
{
    struct session *s;
    uint32_t at = 0;

    while ((s = sj_map_next(&n->by_user, &at)) != NULL)
        s->unseen = unseen && s->registered;
}

void startup_lost(struct network *n)
{
    startup_mark(n, true);
}

void startup_begin(struct sessions *all, struct network *n)
{
    struct startup_collect c = {.all = all, .network = n};
    struct sj_error err = {.status = SJ_OK};
    size_t damaged = 0;
    enum sj_status status =
        sj_store_registration_each(all->store, &damaged, startup_collect, &c, &err);

    if (status != SJ_OK)
        sj_log_error(&n->log, "registrations not read cause=%s", SJ_CLIP(err.text));
    if (status != SJ_OK || damaged > 0)
        startup_mark(n, false);          /* not everybody has a turn: nobody waits for it */
    if (damaged > 0)
        sj_log_error(&n->log, "damaged registrations passed over n=%zu", damaged);
    if (c.online > 0)
        sj_log_info(&n->log, "logging in again who was online before n=%zu", c.online);
    n->was_up = true;
    sj_timer_start(all->loop, &all->roll_timer, 0);
}

void startup_clear(struct sessions *all)
{
    sj_timer_stop(&all->roll_timer);
    while (!sj_list_empty(&all->roll)) {
        struct startup *u = SJ_CONTAINER(all->roll.next, struct startup, link);
        sj_list_remove(&u->link);
        sj_free(u);
    }
}
