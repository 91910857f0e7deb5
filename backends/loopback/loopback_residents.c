/* SPDX-License-Identifier: MPL-2.0 */
/* The residents of every loopback network: four who are always there, to try things on.
 *
 *   echo      stands in everybody's list, is always online, answers with what it was told
 *   wanderer  accepts requests; is online, away, offline in turn, and says so when it is back
 *   refuser   refuses every request and every message
 *   approver  accepts, and a little later asks to see the user itself
 *
 * They have no account: a table says how they behave, and their entry in a user's list is all that
 * is kept about them. */
#include <string.h>

#include "loopback_link.h"
#include "sojourn/strbuf.h"

/* The ways of the wanderer, each for the configured period. */
enum wander { WANDER_HOME, WANDER_AWAY, WANDER_GONE, WANDER_PHASES };
static const struct {
    enum sj_show show;
    const char *status;
} wander_phases[WANDER_PHASES] = {
    [WANDER_HOME] = {SJ_SHOW_ONLINE, "at home"},
    [WANDER_AWAY] = {SJ_SHOW_AWAY, "gone for a walk"},
    [WANDER_GONE] = {SJ_SHOW_OFFLINE, "far away"},
};
#define WANDERER "wanderer"
static const char wander_greeting[] = "I am back";

struct resident {
    const char *id;
    const char *name;
    const char *status;              /* NULL: as wander_phases says */
    bool listed;                     /* in everybody's list from the start */
    bool accepts;
    bool asks_back;
    void (*message)(struct loopback_link *l, const struct sj_message *m, sj_op op);
};

static void resident_listens(struct loopback_link *l, const struct sj_message *m, sj_op op)
{
    (void)m;
    loopback_op_finish(l, op, SJ_OK, NULL);
}

static void resident_repeats(struct loopback_link *l, const struct sj_message *m, sj_op op)
{
    if (loopback_queue_message(l, m->peer, m, NULL, 0) == SJ_OK)
        loopback_op_finish(l, op, SJ_OK, NULL);
    else
        loopback_op_finish(l, op, SJ_LIMIT, "echo has too much to say already");
}

static void resident_wanders(struct loopback_link *l, const struct sj_message *m, sj_op op)
{
    (void)m;
    if (l->base.net->wander_at == WANDER_GONE)
        loopback_op_finish(l, op, SJ_OFFLINE, "this user is offline");
    else
        loopback_op_finish(l, op, SJ_OK, NULL);
}

static void resident_refuses(struct loopback_link *l, const struct sj_message *m, sj_op op)
{
    (void)m;
    loopback_op_finish(l, op, SJ_DENIED, "this user wants no messages");
}

static const struct resident residents[] = {
    {
        .id = "echo",
        .name = "Echo",
        .status = "says what you say",
        .listed = true,
        .accepts = true,
        .message = resident_repeats,
    },
    {
        .id = WANDERER,
        .name = "Wanderer",
        .accepts = true,
        .message = resident_wanders,
    },
    {
        .id = "refuser",
        .name = "Refuser",
        .status = "wants to be left alone",
        .message = resident_refuses,
    },
    {
        .id = "approver",
        .name = "Approver",
        .status = "likes company",
        .accepts = true,
        .asks_back = true,
        .message = resident_listens,
    },
};
#define RESIDENTS (sizeof residents / sizeof residents[0])

static const struct resident *resident_find(const char *id)
{
    for (size_t i = 0; i < RESIDENTS; i++) {
        if (strcmp(residents[i].id, id) == 0)
            return &residents[i];
    }
    return NULL;
}

const char *loopback_resident_at(size_t i)
{
    return i < RESIDENTS ? residents[i].id : NULL;
}

bool loopback_is_resident(const char *id)
{
    return resident_find(id) != NULL;
}

bool loopback_resident_presence(const struct sj_net *net, const char *id,
                                struct loopback_presence *out)
{
    const struct resident *r = resident_find(id);
    if (!r)
        return false;
    *out = (struct loopback_presence){.show = SJ_SHOW_ONLINE, .name = r->name,
                                      .status = r->status};
    if (!r->status) {
        out->idle_since = net->wander_at == WANDER_AWAY ? net->wander_since : 0;
        out->show = wander_phases[net->wander_at].show;
        out->status = wander_phases[net->wander_at].status;
    }
    return true;
}

void loopback_resident_message(struct loopback_link *l, const struct sj_message *m, sj_op op)
{
    resident_find(m->peer)->message(l, m, op);
}

void loopback_resident_asked(struct loopback_link *l, struct loopback_entry *e)
{
    const struct resident *r = resident_find(e->id);
    if (!r->accepts) {
        e->why = "this user refuses everybody";
        loopback_queue_news(l->account, e, LOOPBACK_NEWS_GONE);
        return;
    }
    e->facts |= LOOPBACK_TO;
    loopback_queue_news(l->account, e, LOOPBACK_NEWS_CONTACT);
    loopback_queue_save(l->account);
    if (r->asks_back)
        sj_copy(loopback_queue_add(l, LOOPBACK_EVENT_ASK)->id, sizeof e->id, e->id);
}

void loopback_residents_join(struct loopback_account *a)
{
    for (size_t i = 0; i < RESIDENTS; i++) {
        struct loopback_entry *e = residents[i].listed ? loopback_entry_get(a, residents[i].id)
                                                       : NULL;
        if (e)
            e->facts |= LOOPBACK_TO;
    }
}

/* --- the wanderer's time ------------------------------------------------------------------ */

static void wander_tell(struct sj_net *net, struct loopback_link *l)
{
    const struct sj_message greeting = {.body = wander_greeting};
    struct loopback_entry *e = loopback_entry_find(l->account, WANDERER);
    if (!e || !(e->facts & LOOPBACK_TO) || l->account->link != l)
        return;
    loopback_queue_news(l->account, e, LOOPBACK_NEWS_CONTACT);
    if (net->wander_at == WANDER_HOME)           /* dropped when too much waits: a greeting */
        (void)loopback_queue_message(l, WANDERER, &greeting, NULL, 0);
}

static void wander_on_timer(void *arg)
{
    struct sj_net *net = arg;
    struct loopback_link *l;
    uint32_t at = 0;
    net->wander_at = (uint8_t)((net->wander_at + 1) % WANDER_PHASES);
    net->wander_since = sj_loop_utc_ms(net->loop);
    net->wander_round += net->wander_at == WANDER_HOME;      /* and has another picture */
    while ((l = sj_idmap_next(&net->links, &at)) != NULL)
        wander_tell(net, l);
    sj_timer_start(net->loop, &net->wander, net->period_ms);
}

void loopback_residents_init(struct sj_net *net)
{
    sj_timer_init(&net->wander, wander_on_timer, net);
}

void loopback_residents_start(struct sj_net *net)
{
    if (!sj_timer_running(&net->wander))
        sj_timer_start(net->loop, &net->wander, net->period_ms);
}

void loopback_residents_stop(struct sj_net *net)
{
    sj_timer_stop(&net->wander);
}
