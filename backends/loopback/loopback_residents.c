/* SPDX-License-Identifier: MPL-2.0 */
/* The residents of every loopback network: seven who are always there, to try things on.
 *
 *   echo      stands in everybody's list, is always online, does to the user whatever the user does
 *   parrot    says what it was told, and knows nothing of newer ways (SJ_CAPS_OF_CONTACT)
 *   twin      is another device of the user: what it is told, the user has said there
 *   wanderer  accepts requests; is online, away, offline in turn, and says so when it is back
 *   refuser   refuses every request and every message
 *   approver  accepts, and a little later asks to see the user itself
 *   warden    accepts; owns the rooms, and lets things happen at a word (loopback_warden.c)
 *
 * They have no account: a table says how they behave, and their entry in a user's list is all that
 * is kept about them. */
#include <assert.h>
#include <string.h>

#include "loopback_link.h"
#include "loopback_room.h"
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

/* A message of the user's to a resident. */
struct heard {
    const struct sj_message *m;
    uint64_t number;
    sj_op op;
};

struct resident {
    const char *id;
    const char *name;
    const char *status;              /* NULL: as wander_phases says */
    uint32_t lacks;
    bool listed;                     /* in everybody's list from the start */
    bool accepts;
    bool asks_back;
    bool mirrors;                    /* marks and typing */
    bool own;                        /* what it says is the user's own */
    const char *title;               /* in rooms; or NULL */
    enum sj_status (*message)(struct loopback_link *l, const struct heard *h, const char **why);
};

static enum sj_status resident_listens(struct loopback_link *l, const struct heard *h,
                                       const char **why)
{
    (void)why;
    loopback_queue_named(l, h->m->peer, h->number, h->op);
    return SJ_OK;
}

static enum sj_status resident_repeats(struct loopback_link *l, const struct heard *h,
                                       const char **why)
{
    const struct loopback_post post = {
        .from = h->m->peer,
        .number = h->number,
        .mirror = {l->id, h->m->peer},
    };
    loopback_queue_named(l, h->m->peer, h->number, h->op);
    if (loopback_queue_message(l, h->m, &post) == SJ_OK)
        return SJ_OK;
    *why = "echo has too much to say already";
    return SJ_LIMIT;
}

/* Answers, and has received and read it by then. */
static enum sj_status resident_reads(struct loopback_link *l, const struct heard *h,
                                     const char **why)
{
    char id[LOOPBACK_MESSAGE_ID_SIZE];
    const struct loopback_post post = {.from = h->m->peer};
    struct sj_mark mark = {.kind = SJ_MARK_RECEIVED, .target = id};
    enum sj_status status = resident_repeats(l, h, why);
    loopback_message_name(id, h->number, l->id);
    if (status == SJ_OK && loopback_queue_mark(l, &mark, &post) == SJ_OK) {
        mark.kind = SJ_MARK_DISPLAYED;
        (void)loopback_queue_mark(l, &mark, &post);
    }
    return status;
}

/* As the user, to itself. */
static enum sj_status resident_twins(struct loopback_link *l, const struct heard *h,
                                     const char **why)
{
    const struct loopback_post post = {
        .from = h->m->peer,
        .number = ++l->base.net->message,
        .own = true,
    };
    loopback_queue_named(l, h->m->peer, h->number, h->op);
    if (loopback_queue_message(l, h->m, &post) == SJ_OK)
        return SJ_OK;
    *why = "twin has too much to say already";
    return SJ_LIMIT;
}

static enum sj_status resident_wanders(struct loopback_link *l, const struct heard *h,
                                       const char **why)
{
    if (l->base.net->wander_at != WANDER_GONE)
        return resident_listens(l, h, why);
    *why = "this user is offline";
    return SJ_OFFLINE;
}

static enum sj_status resident_refuses(struct loopback_link *l, const struct heard *h,
                                       const char **why)
{
    (void)l, (void)h;
    *why = "this user wants no messages";
    return SJ_DENIED;
}

static enum sj_status resident_obeys(struct loopback_link *l, const struct heard *h,
                                     const char **why)
{
    (void)why;
    loopback_queue_named(l, h->m->peer, h->number, h->op);
    loopback_warden_hears(l, NULL, h->m->body, h->number);
    return SJ_OK;
}

static const struct resident residents[] = {
    {
        .id = "echo",
        .name = "Echo",
        .status = "says what you say",
        .listed = true,
        .accepts = true,
        .mirrors = true,
        .title = "bot",
        .message = resident_reads,
    },
    {
        .id = "parrot",
        .name = "Parrot",
        .status = "says what you say, in plain words",
        .lacks = SJ_CAPS_OF_CONTACT,
        .accepts = true,
        .message = resident_repeats,
    },
    {
        .id = "twin",
        .name = "Twin",
        .status = "says what you say, as you",
        .accepts = true,
        .own = true,
        .message = resident_twins,
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
    {
        .id = LOOPBACK_WARDEN,
        .name = "Warden",
        .status = "does what it is told",
        .accepts = true,
        .title = "keeper of the rooms",
        .message = resident_obeys,
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

/* Of an id of which loopback_is_resident is true. */
static const struct resident *resident_get(const char *id)
{
    const struct resident *r = resident_find(id);
    assert(r);
    return r;
}

const char *loopback_resident_at(size_t i)
{
    return i < RESIDENTS ? residents[i].id : NULL;
}

bool loopback_is_resident(const char *id)
{
    return resident_find(id) != NULL;
}

bool loopback_resident_accepts(const char *id)
{
    const struct resident *r = resident_find(id);
    return r && r->accepts;
}

const char *const *loopback_resident_titles(const char *id, size_t *n)
{
    const struct resident *r = resident_find(id);
    *n = r && r->title;
    return *n ? &r->title : NULL;
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

bool loopback_resident_listens(const char *id)
{
    const struct resident *r = resident_find(id);
    return r && r->message == resident_listens;
}

uint32_t loopback_resident_lacks(const char *id)
{
    const struct resident *r = resident_find(id);
    return r ? r->lacks : 0;
}

/* Who takes the message has it named first: what is said about it must find it known. */
void loopback_resident_message(struct loopback_link *l, const struct sj_message *m, uint64_t number,
                               sj_op op)
{
    const struct heard heard = {m, number, op};
    const char *why = NULL;
    enum sj_status status = resident_get(m->peer)->message(l, &heard, &why);
    loopback_op_finish(l, op, status, why);
}

void loopback_resident_mark(struct loopback_link *l, const struct sj_mark *m)
{
    const struct resident *r = resident_get(m->peer);
    const struct loopback_post post = {
        .from = m->peer,
        .own = r->own,
        .mirror = {r->mirrors ? l->id : NULL, m->peer},
    };
    /* Reports are no deeds: they are not done in return. */
    if ((r->mirrors || r->own) && (m->kind == SJ_MARK_RETRACTED || m->kind == SJ_MARK_REACTIONS))
        (void)loopback_queue_mark(l, m, &post);
}

void loopback_resident_typing(struct loopback_link *l, const char *id, enum sj_typing typing)
{
    if (resident_get(id)->mirrors)
        loopback_queue_typing(l, id, typing);
}

void loopback_resident_asked(struct loopback_link *l, struct loopback_entry *e)
{
    const struct resident *r = resident_get(e->id);
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
    const struct loopback_post post = {.from = WANDERER, .number = ++net->message};
    struct loopback_entry *e = loopback_entry_find(l->account, WANDERER);
    if (!e || !(e->facts & LOOPBACK_TO) || l->account->link != l)
        return;
    loopback_queue_news(l->account, e, LOOPBACK_NEWS_CONTACT);
    if (net->wander_at == WANDER_HOME)           /* dropped when too much waits: a greeting */
        (void)loopback_queue_message(l, &greeting, &post);
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
