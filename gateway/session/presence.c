/* SPDX-License-Identifier: MPL-2.0 */
/* Presence of the user: which resources are available, and what follows from it: log-in with the
 * first, log-out with the last (XEP-0100 §4.4, §4.5), the combined show for the network
 * (R6121-33), probes (R6121-20). Subscriptions are in subscription.c. */
#include <string.h>

#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

static struct network *presence_network(void *ctx, const struct xmpp_from *from)
{
    return &((struct sessions *)ctx)->networks[from->host];
}

struct resource *session_resource(const struct session *s, const char *name)
{
    struct sj_list *at;

    for (at = s->resources.next; at != &s->resources; at = at->next) {
        struct resource *r = SJ_CONTAINER(at, struct resource, link);
        if (strcmp(r->name, name) == 0)
            return r;
    }
    return NULL;
}

static struct resource *resource_add(struct session *s, const char *name)
{
    size_t n = strlen(name) + 1;
    struct resource *r;

    if (s->n_resources >= SESSION_RESOURCES_MAX)
        return NULL;
    r = sj_calloc(1, sizeof *r + n);
    memcpy(r->name, name, n);
    sj_list_init(&r->link);
    sj_list_append(&s->resources, &r->link);
    s->n_resources++;
    return r;
}

static void resource_remove(struct session *s, struct resource *r)
{
    sj_list_remove(&r->link);
    s->n_resources--;
    sj_free(r->status);
    sj_free(r);
}

void session_resources_clear(struct session *s)
{
    while (!sj_list_empty(&s->resources))
        resource_remove(s, SJ_CONTAINER(s->resources.next, struct resource, link));
}

static int show_rank(enum xmpp_show show)
{
    static const int rank[] = {[XMPP_OFFLINE] = 0, [XMPP_DND] = 1, [XMPP_XA] = 2,
                               [XMPP_AWAY] = 3, [XMPP_ONLINE] = 4, [XMPP_CHAT] = 5};

    return rank[show];
}

static bool resource_beats(const struct resource *a, const struct resource *b)
{
    if (!b)
        return true;
    if (a->priority != b->priority)
        return a->priority > b->priority;
    if (show_rank(a->show) != show_rank(b->show))
        return show_rank(a->show) > show_rank(b->show);
    return (int32_t)(a->seq - b->seq) > 0;
}

/* The resource that speaks for the user: highest priority that is not negative, then the most
 * available, then the latest; a negative one only when there is no other (R6121-32, -33). */
static const struct resource *resource_best(const struct session *s)
{
    const struct resource *best = NULL;
    const struct sj_list *at;

    for (at = s->resources.next; at != &s->resources; at = at->next) {
        const struct resource *r = SJ_CONTAINER(at, struct resource, link);
        if (resource_beats(r, best))
            best = r;
    }
    return best;
}

static bool text_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* The user wants to be logged in without a client, too. */
static bool presence_stays(const struct session *s)
{
    return s->wants_online && session_prefers(s, PREFERENCE_STAY_ONLINE);
}

/* Who does something at one client is active; else what was done last counts (G319-01). */
static uint32_t resources_idle(const struct session *s)
{
    const struct sj_list *at;
    uint32_t since = 0;

    for (at = s->resources.next; at != &s->resources; at = at->next) {
        const struct resource *r = SJ_CONTAINER(at, struct resource, link);
        if (r->idle_s == 0)
            return 0;
        if (r->idle_s > since)
            since = r->idle_s;
    }
    return since;
}

static void presence_apply_idle(struct session *s)
{
    uint32_t since = resources_idle(s);

    if (s->idle_told == since || !(s->network->backend->caps & SJ_CAP_IDLE))
        return;
    s->idle_told = since;
    s->network->backend->set_idle(s->link, (sj_msec)since * 1000);
}

/* Tells the network the combined presence when it changed; who stays without a client is away. */
void session_apply_presence(struct session *s)
{
    static const enum sj_show map[] = {
        [XMPP_OFFLINE] = SJ_SHOW_ONLINE, [XMPP_ONLINE] = SJ_SHOW_ONLINE,
        [XMPP_CHAT] = SJ_SHOW_CHAT, [XMPP_AWAY] = SJ_SHOW_AWAY,
        [XMPP_XA] = SJ_SHOW_XA, [XMPP_DND] = SJ_SHOW_DND};
    const struct resource *r = resource_best(s);
    enum sj_show show = r ? map[r->show] : SJ_SHOW_XA;
    const char *status = r ? r->status : NULL;
    struct sj_error err = {.status = SJ_OK};

    if (s->state != SESSION_ONLINE || !(s->network->backend->caps & SJ_CAP_PRESENCE) ||
        (!r && !presence_stays(s)))
        return;
    presence_apply_idle(s);
    if (s->last_show == show && text_same(s->last_status, status))
        return;
    s->last_show = show;
    contact_set(&s->last_status, status);
    if (s->network->backend->set_presence(s->link, s->last_show, s->last_status, &err) != SJ_OK)
        sj_log_debug(&s->log, "presence not passed on cause=%s", SJ_CLIP(err.text));
}

#define PRESENCE_LOG_BURST 5
#define PRESENCE_LOG_PERIOD_MS 60000
/* So much may always wait: the smallest bound that can be configured (queue-max). */
#define PRESENCE_QUEUE_FREE 65536u

bool session_is_blocked(const struct session *s)
{
    const struct xmpp *x = s->all->xmpp;
    unsigned host = s->network->index;

    return !xmpp_is_up(x, host) || xmpp_queued(x, host) >= PRESENCE_QUEUE_FREE;
}

bool session_send_presence(struct session *s, const struct xmpp_presence_out *out)
{
    bool sent = xmpp_send_presence(s->all->xmpp, s->network->index, out);

    if (!sent && session_is_blocked(s)) {
        s->stale = true;
        sessions_sweep_later(s->all);
    }
    return sent;
}

void session_show(struct session *s)
{
    s->stale = false;
    s->fresh = true;
    session_send_gateway_presence(s, s->user, NULL);
    if (s->announced) {
        contacts_send_all(s, s->user);
        contacts_send_questions(s);
        nodes_tell_new(s);
        s->fresh = s->stale;
    } else {
        contacts_unavailable(s, false);
    }
}

/* The gateway's own presence: available means logged in (requirements, pitfalls of §1). */
void session_send_gateway_presence(struct session *s, const char *to, const char *id)
{
    bool available = s->state == SESSION_ONLINE && s->announced;
    struct xmpp_presence_out out = {.to = to, .show = available ? XMPP_ONLINE : XMPP_OFFLINE,
                                    .id = available ? NULL : id};

    session_send_presence(s, &out);
}

/* A time to come means now (clocks differ). */
static uint32_t presence_idle_of(const struct session *s, const struct xmpp_presence_in *in)
{
    int64_t now_ms = sj_loop_utc_ms(s->all->loop);
    int64_t since = in->idle_since < now_ms ? in->idle_since : now_ms;

    return in->idle_since > 0 && since / 1000 <= UINT32_MAX ? (uint32_t)(since / 1000) : 0;
}

static bool resource_update(struct session *s, struct resource *r,
                            const struct xmpp_presence_in *in)
{
    bool to_gateway = in->peer == NULL;
    uint32_t idle_s = presence_idle_of(s, in);
    bool same = r->show == in->show && r->priority == in->priority && r->idle_s == idle_s &&
                text_same(r->status, in->status);

    if (!to_gateway && r->told_gateway)
        return false;                    /* what the gateway itself is told counts */
    r->told_gateway = r->told_gateway || to_gateway;
    if (same)
        return false;
    r->show = in->show;
    r->priority = in->priority;
    r->idle_s = idle_s;
    contact_set(&r->status, in->status);
    r->seq = ++s->seq;
    return true;
}

/* The user's own presence to a contact whose presence had bounced: it is not blocked any more
 * (XEP-0191 §3.3), and may be shown again. */
static void presence_unblocked(struct session *s, const char *peer)
{
    struct sj_error err = {.status = SJ_OK};
    struct contact *c = NULL;
    struct sj_strbuf id;

    sj_strbuf_init(&id, SJ_ID_MAX);
    if (session_canon(s, peer, &id, &err) == SJ_OK)
        c = contact_find(s, id.s);
    sj_strbuf_release(&id);
    if (!c || !c->quiet)
        return;
    c->quiet = false;
    if (c->to && s->announced)
        contact_send_presence(s, c, s->user, NULL);
}

static void presence_available(struct session *s, const struct xmpp_presence_in *in)
{
    struct resource *r = session_resource(s, in->from.resource);
    bool is_new = r == NULL, was_quiet = s->quiet;

    sj_timer_stop(&s->linger);
    s->quiet = false;
    s->wants_online = !session_prefers(s, PREFERENCE_STAY_OUT);
    if (in->peer && s->has_quiet)
        presence_unblocked(s, in->peer);
    if (was_quiet && s->announced)
        session_show(s);                 /* what changed while nobody was told */
    if (is_new && (r = resource_add(s, in->from.resource)) == NULL)
        return;
    if (is_new)
        r->seq = ++s->seq;
    if (resource_update(s, r, in))
        session_apply_presence(s);
    if (in->picture && !in->peer)
        own_profile_hear_hash(s, in->picture);
    if (is_new)
        suggest_resource(s, r);
    if (is_new && s->announced) {
        session_send_gateway_presence(s, in->from.full, NULL);       /* G100-29 */
        contacts_send_all(s, in->from.full);
        nodes_resource(s, r, in->caps);
        return;
    }
    if (is_new) {
        nodes_resource(s, r, in->caps);
        prompt_greet(s, in->from.full);
    }
    if (s->state == SESSION_ONLINE && !s->announced)
        session_announce(s);
    session_login(s);
}

/* Nobody known is there any more, but the user did not say so: wait a little (probe answers and
 * bounces race with clients that reconnect). */
void session_linger(struct session *s)
{
    if (s->n_resources == 0 && !rooms_have_clients(s) && s->state != SESSION_OFFLINE &&
        s->state != SESSION_REFUSED)
        sj_timer_start(s->all->loop, &s->linger, SESSION_LINGER_MS);
}

void session_linger_over(void *session)
{
    struct session *s = session;

    if (s->n_resources > 0 || rooms_have_clients(s) || presence_stays(s))
        return;
    s->wants_online = false;
    if (s->state != SESSION_ASKING)      /* the question survives a restart of the user's client */
        session_logout(s, "");
}

static void presence_unavailable(struct session *s, const struct xmpp_presence_in *in)
{
    struct resource *r = session_resource(s, in->from.resource);
    struct xmpp_presence_out bye = {.to = in->from.full, .show = XMPP_OFFLINE};

    if (in->from.resource[0] == '\0') {              /* an answer to a probe, or not approved yet */
        session_linger(s);
        return;
    }
    if (in->peer && (!r || r->told_gateway))
        return;                                      /* G100-33, G100-35, G191-02 */
    if (r)
        resource_remove(s, r);
    if (s->n_resources > 0 || presence_stays(s)) {
        session_apply_presence(s);
        return;
    }
    s->wants_online = false;
    if (s->state == SESSION_OFFLINE || s->state == SESSION_CLOSING)
        return;
    if (s->state != SESSION_ASKING)
        session_logout(s, in->status ? in->status : "");
    xmpp_send_presence(s->all->xmpp, s->network->index, &bye);       /* G100-32 */
}

/* An admin has shut the user out (G133-04): each resource is told once. */
static void presence_refuse(struct session *s, const struct xmpp_presence_in *in)
{
    struct sj_error why;

    session_heard(s, &in->from);
    sj_fail(&why, SJ_DENIED, SESSION_DISABLED_TEXT);
    why = session_words(s, &why);
    if (strangers_tell(s->all->strangers, in->from.host, in->from.full))
        xmpp_send_presence_error(s->all->xmpp, s->network->index, NULL, in->from.full, &why);
    session_release(s);
}

enum sj_status presence_in(void *ctx, const struct xmpp_presence_in *in, struct sj_error *err)
{
    struct sessions *all = ctx;
    struct session *s = session_get(presence_network(ctx, &in->from), in->from.user, err);
    unsigned dropped;

    if (s && s->registered && session_prefers(s, PREFERENCE_DISABLED) &&
        in->show != XMPP_OFFLINE) {
        presence_refuse(s, in);
        return SJ_OK;
    }
    if (s && s->registered && !s->removal.wanted) {
        session_heard(s, &in->from);
        if (in->show == XMPP_OFFLINE)
            presence_unavailable(s, in);
        else
            presence_available(s, in);
        session_release(s);
        return SJ_OK;
    }
    if (!s && err->status != SJ_UNREGISTERED) {
        if (sj_log_allow(&all->load_limit, sj_loop_now_ms(all->loop), PRESENCE_LOG_BURST,
                         PRESENCE_LOG_PERIOD_MS, &dropped))
            sj_log_error(&all->log, "presence not handled, the store failed cause=%s "
                         "suppressed=%u", SJ_CLIP(err->text), dropped);
        return in->show == XMPP_OFFLINE ? SJ_OK : err->status;
    }
    if (in->show == XMPP_OFFLINE) {
        strangers_forget(all->strangers, in->from.host, in->from.full);
        return SJ_OK;
    }
    /* What the server tells us of everybody is nobody's wish (G356-23). */
    if (!s && xmpp_privileges(all->xmpp, in->from.host, in->from.user) & XMPP_SEES_PRESENCE)
        return SJ_OK;
    if (s || !strangers_tell(all->strangers, in->from.host, in->from.full))
        return SJ_OK;                                /* G100-31: once per resource */
    return sj_fail(err, SJ_UNREGISTERED, "You are not registered with this gateway.");
}

/* Adopts what the user's roster says when the contact can exist (R6121-09). */
struct contact *contact_adopt(struct session *s, const char *id)
{
    struct contact *c = contact_find(s, id);
    struct sj_error err = {.status = SJ_OK};

    if (c && c->to)
        return c;
    if ((s->network->backend->caps & SJ_CAP_APPROVAL) && (!c || !c->listed))
        return NULL;
    c = contact_add(s, id);
    if (!c)
        return NULL;
    c->to = true;
    c->unwanted = false;
    contact_changed(c);
    portrait_want(s, c);
    nodes_tell_subscribed(s, c);
    if (s->state == SESSION_ONLINE && (s->network->backend->caps & SJ_CAP_CONTACTS))
        (void)s->network->backend->contact_add(s->link, c->id, 0, &err);
    return c;
}

static void probe_contact(struct session *s, const struct xmpp_from *from, const char *peer)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_strbuf id;
    struct contact *c = NULL;

    sj_strbuf_init(&id, SJ_ID_MAX);
    if (session_canon(s, peer, &id, &err) == SJ_OK)
        c = contact_adopt(s, id.s);
    if (c)
        contact_send_presence(s, c, *from->resource ? from->full : s->user, from->id);
    else
        xmpp_send_subscription(s->all->xmpp, from->host, peer, from->user, XMPP_UNSUBSCRIBED, NULL,
                               NULL, from->id);
    sj_strbuf_release(&id);
}

void presence_probe(void *ctx, const struct xmpp_from *from, const char *peer)
{
    struct sessions *all = ctx;
    struct sj_error err = {.status = SJ_OK};
    struct session *s = session_get(presence_network(ctx, from), from->user, &err);

    if (!s && err.status != SJ_UNREGISTERED)
        return;
    if (!s || !s->registered) {
        xmpp_send_subscription(all->xmpp, from->host, peer, from->user, XMPP_UNSUBSCRIBED, NULL,
                               NULL, from->id);      /* R6121-21 */
        return;
    }
    if (peer)
        probe_contact(s, from, peer);
    else
        session_send_gateway_presence(s, from->full, from->id);
    session_release(s);
}

/* Does the user's server say that there is nobody to send to (R6120-20)? */
static bool bounce_is_final(const char *condition)
{
    static const char *const final[] = {"remote-server-not-found", "remote-server-timeout", "gone",
                                        "item-not-found"};

    for (size_t i = 0; i < sizeof final / sizeof final[0]; i++) {
        if (strcmp(condition, final[i]) == 0)
            return true;
    }
    return false;
}

/* Presence of one contact came back: the user is unreachable, or has blocked that contact. */
static void bounce_contact(struct session *s, const char *peer, const char *condition)
{
    struct contact *c = contact_find(s, peer);

    if (bounce_is_final(condition))
        s->quiet = true;
    else if (c)
        c->quiet = s->has_quiet = true;
}

/* R6121-31, R6120-20, G163-07: what bounces is not sent again in this session; messages were
 * answered to nobody, so the foreign side is not told (R6120-21). */
void presence_bounce(void *ctx, const struct xmpp_from *from, const char *peer, char kind,
                     const char *condition)
{
    struct session *s = session_find(presence_network(ctx, from), from->user);
    struct resource *r;

    if (!s)
        return;
    sj_log_debug(&s->log, "stanza came back kind=%c condition=%s peer=%s", kind,
                 SJ_CLIP(condition), SJ_CLIP(peer));
    if (kind == 'p' && peer && from->resource[0] == '\0')
        bounce_contact(s, peer, condition);
    if (kind == 'i' && !peer && from->resource[0] != '\0')
        suggest_refused(s);
    /* A resource that is there and refuses has blocked the contact (G163-05). */
    if (kind == 'm' && peer && xmpp_is_node_id(from->id) && session_resource(s, from->resource))
        nodes_bounced(s, peer);
    if (kind != 'p' || peer)
        return;
    r = session_resource(s, from->resource);
    if (r)
        resource_remove(s, r);
    else if (from->resource[0] == '\0')
        s->quiet = true;
    session_linger(s);
}

void presence_peer(void *ctx, const struct xmpp_from *from, const char *peer,
                   struct xmpp_peer *out)
{
    struct sj_error err = {.status = SJ_OK};
    struct session *s = session_get(presence_network(ctx, from), from->user, &err);
    struct sj_strbuf id;
    struct contact *c = NULL;

    *out = (struct xmpp_peer){.show = XMPP_OFFLINE};
    if (!s || !s->registered)
        return;
    sj_strbuf_init(&id, SJ_ID_MAX);
    if (session_canon(s, peer, &id, &err) == SJ_OK)
        c = contact_find(s, id.s);
    sj_strbuf_release(&id);
    session_release(s);
    if (!c)
        return;
    out->known = true;
    out->visible = c->to;
    out->name = c->name ? c->name : c->id;
    out->seen_at = c->seen_at;
    out->status = c->status;
    out->features = abilities_of_contact(s, c);
    if (s->state == SESSION_ONLINE && c->has_presence && c->show != SJ_SHOW_OFFLINE)
        out->show = XMPP_ONLINE;
}
