/* SPDX-License-Identifier: MPL-2.0 */
/* What the users' servers let the gateway do in their users' names (XEP-0356), both versions of it.
 *
 * Permissions are heard of only from the server domains that the configuration trusts: any user can
 * send such a message (G356-02). They belong to one stream and one server domain, are replaced by
 * the next announcement, and end with the stream (G356-03, G356-05). A refusal takes them away.
 * With them this component is as powerful as the server, so everything that uses them stands here
 * and in roster.c and bookmark.c. Messages in the user's name go to our own contacts only
 * (G356-15), and carry an origin-id by which their echo is known, without any memory of it
 * (G356-14).
 * Source: XEP-0356 §4 to §7; version 0.2 for urn:xmpp:privilege:1. */
#include "privilege.h"

#include <stdio.h>
#include <string.h>

#include "component.h"
#include "router.h"
#include "sojourn/memory.h"
#include "xmpp.h"

#define NS_PRIVILEGE_1 "urn:xmpp:privilege:1"
#define NS_PRIVILEGE_2 "urn:xmpp:privilege:2"
#define PRIVILEGE_ECHO_PROOF 16u         /* characters of the keyed hash behind an own id */
#define PRIVILEGE_ALL                                                                         \
    (XMPP_MAY_READ_ROSTER | XMPP_MAY_SET_ROSTER | XMPP_MAY_SPEAK)

/* One namespace of the iq permission. */
struct privilege_ns {
    bool get, set;
    char *ns;
};
/* What one server grants. Owner: struct privileges. */
struct privilege {
    unsigned bits;
    bool second;                         /* version :2 */
    unsigned n_iq;
    struct privilege_ns iq[PRIVILEGE_IQ_MAX];
    char domain[];
};

/* ---- the table ---- */

static void privilege_clear(struct privilege *p)
{
    for (unsigned i = 0; i < p->n_iq; i++)
        sj_free(p->iq[i].ns);
    p->n_iq = 0;
    p->bits = 0;
}

static void privileges_clear(struct privileges *all)
{
    struct privilege *p;
    uint32_t at = 0;
    while ((p = sj_map_next(&all->servers, &at)) != NULL) {
        sj_map_remove(&all->servers, p->domain);
        privilege_clear(p);
        sj_free(p);
    }
}

/* Domain of a bare or full JID, not terminated. */
static struct sj_slice privilege_domain(const char *user)
{
    size_t bare = strcspn(user, "/");
    const char *at = memchr(user, '@', bare);
    const char *domain = at != NULL ? at + 1 : user;
    return (struct sj_slice){.p = domain, .n = bare - (size_t)(domain - user)};
}

static struct privilege *privilege_find(const struct xmpp *x, unsigned host, const char *user)
{
    struct sj_slice domain = privilege_domain(user);
    return sj_map_find_n(&x->components[host].privileges.servers, domain.p, domain.n);
}

unsigned xmpp_privileges(const struct xmpp *x, unsigned host, const char *user)
{
    const struct privilege *p = privilege_find(x, host, user);
    return p != NULL ? p->bits : 0;
}

static bool privilege_is_trusted(const struct xmpp *x, unsigned host, const char *domain)
{
    const struct xmpp_options *o = x->options;
    const char *parent = strchr(o->hosts[host].name, '.');
    if (o->n_privileged == 0)
        return parent != NULL && strcmp(parent + 1, domain) == 0;
    for (size_t i = 0; i < o->n_privileged; i++)
        if (strcmp(o->privileged[i], domain) == 0)
            return true;
    return false;
}

static void privileges_on_silence(void *arg)
{
    struct component *c = arg;
    if (c->privileges.silence_told || c->privileges.servers.used > 0)
        return;
    c->privileges.silence_told = true;
    sj_log_info(&c->log, "server grants no privileges, contacts are offered to clients instead "
                         "hint=docs/SERVERS.md");
}

void privileges_init(struct component *c)
{
    sj_map_init(&c->privileges.servers);
    sj_timer_init(&c->privileges.silence, privileges_on_silence, c);
}

void privileges_release(struct component *c)
{
    sj_timer_stop(&c->privileges.silence);
    privileges_clear(&c->privileges);
    sj_map_release(&c->privileges.servers);
}

void privileges_reset(struct component *c, bool up)
{
    privileges_clear(&c->privileges);
    sj_timer_stop(&c->privileges.silence);
    if (up)
        sj_timer_start(c->x->loop, &c->privileges.silence, PRIVILEGE_SILENCE_MS);
}

/* ---- the announcement ---- */

static bool privilege_allows(const char *type, const char *what)
{
    return strcmp(type, what) == 0 || strcmp(type, "both") == 0;
}

static void privilege_add_ns(struct privilege *p, xmpp_stanza_t *st)
{
    const char *ns = stanza_get(st, "ns");
    const char *type = stanza_get(st, "type");
    if (ns == NULL || type == NULL || strlen(ns) > PRIVILEGE_NS_MAX || p->n_iq == PRIVILEGE_IQ_MAX)
        return;
    p->iq[p->n_iq++] = (struct privilege_ns){
        .get = privilege_allows(type, "get"),
        .set = privilege_allows(type, "set"),
        .ns = sj_strdup(ns),
    };
}

/* Prosody nests them in each other, so the whole subtree counts; the stream bounds its depth. */
static void privilege_read_iq(struct privilege *p, xmpp_stanza_t *parent)
{
    for (xmpp_stanza_t *c = stanza_first(parent); c != NULL; c = stanza_next(c)) {
        if (strcmp(xmpp_stanza_get_name(c), "namespace") == 0)
            privilege_add_ns(p, c);
        privilege_read_iq(p, c);
    }
}

static bool privilege_allows_iq(const struct privilege *p, const char *ns, bool set)
{
    for (unsigned i = 0; p != NULL && i < p->n_iq; i++)
        if (strcmp(p->iq[i].ns, ns) == 0 && (set ? p->iq[i].set : p->iq[i].get))
            return true;
    return false;
}

static void privilege_read_roster(struct privilege *p, xmpp_stanza_t *perm, const char *type)
{
    bool get = privilege_allows(type, "get");
    const char *push = stanza_get(perm, "push");
    bool off = push != NULL && (strcmp(push, "false") == 0 || strcmp(push, "0") == 0);
    if (get)
        p->bits |= XMPP_MAY_READ_ROSTER;
    if (privilege_allows(type, "set"))
        p->bits |= XMPP_MAY_SET_ROSTER;
    if (get && p->second && !off)        /* G356-07; version :1 knows no pushes */
        p->bits |= XMPP_HEARS_ROSTER;
}

static void privilege_read(struct privilege *p, xmpp_stanza_t *st)
{
    for (xmpp_stanza_t *perm = stanza_first(st); perm != NULL; perm = stanza_next(perm)) {
        const char *access = stanza_get(perm, "access");
        const char *type = stanza_get(perm, "type");
        if (strcmp(xmpp_stanza_get_name(perm), "perm") != 0 || access == NULL)
            continue;
        if (type == NULL)
            type = "";
        if (strcmp(access, "roster") == 0)
            privilege_read_roster(p, perm, type);
        else if (strcmp(access, "message") == 0 && strcmp(type, "outgoing") == 0)
            p->bits |= XMPP_MAY_SPEAK;
        else if (strcmp(access, "presence") == 0 &&
                 (strcmp(type, "managed_entity") == 0 || strcmp(type, "roster") == 0))
            p->bits |= XMPP_SEES_PRESENCE;
        else if (strcmp(access, "iq") == 0 && p->second)
            privilege_read_iq(p, perm);
    }
    if (privilege_allows_iq(p, NS_PUBSUB, false) && privilege_allows_iq(p, NS_PUBSUB, true))
        p->bits |= XMPP_MAY_BOOKMARK;
}

static void privilege_text(struct sj_strbuf *out, const struct privilege *p)
{
    static const struct {
        unsigned bit;
        const char *text;
    } names[] = {
        {XMPP_MAY_READ_ROSTER, "read roster"},
        {XMPP_MAY_SET_ROSTER, "change roster"},
        {XMPP_HEARS_ROSTER, "roster pushes"},
        {XMPP_MAY_SPEAK, "message"},
        {XMPP_SEES_PRESENCE, "presence"},
        {XMPP_MAY_BOOKMARK, "bookmarks"},
    };
    size_t before = out->len;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if ((p->bits & names[i].bit) != 0)
            sj_strbuf_addf(out, "%s%s", out->len > before ? ", " : "", names[i].text);
    if (p->n_iq > 0)
        sj_strbuf_addf(out, "%sof %u kinds of requests", out->len > before ? ", " : "", p->n_iq);
    if (out->len == before)
        sj_strbuf_adds(out, "nothing");
}

/* One line for each announcement, with what we could use and did not get. */
static void privilege_log(struct component *c, const struct privilege *p)
{
    struct sj_strbuf text;
    sj_strbuf_init(&text, 512);
    privilege_text(&text, p);
    unsigned missing = PRIVILEGE_ALL & ~p->bits;
    sj_log_info(&c->log,
                "privileges granted server=%s version=%d granted=\"%s\" missing=\"%s%s%s\"",
                SJ_CLIP(p->domain), p->second ? 2 : 1, text.s,
                (missing & XMPP_MAY_READ_ROSTER) != 0 ? "read roster " : "",
                (missing & XMPP_MAY_SET_ROSTER) != 0 ? "change roster " : "",
                (missing & XMPP_MAY_SPEAK) != 0 ? "message" : "");
    sj_strbuf_release(&text);
}

static void privilege_take(struct inbound *in, xmpp_stanza_t *st, bool second)
{
    struct component *c = &in->x->components[in->host];
    struct privilege *p = privilege_find(in->x, in->host, in->from.full);
    if (p == NULL) {
        size_t n = strlen(in->from.full) + 1;
        p = sj_calloc(1, sizeof *p + n);
        memcpy(p->domain, in->from.full, n);
        sj_map_put(&c->privileges.servers, p->domain, p);
    }
    privilege_clear(p);
    p->second = second;
    privilege_read(p, st);
    privilege_log(c, p);
    in->x->in->privilege.changed(in->x->ctx, in->host, p->domain);
}

static bool privilege_is_announcement(struct inbound *in)
{
    xmpp_stanza_t *second = stanza_child(in->stanza, "privilege", NS_PRIVILEGE_2);
    xmpp_stanza_t *st =
        second != NULL ? second : stanza_child(in->stanza, "privilege", NS_PRIVILEGE_1);
    if (st == NULL)
        return false;
    /* A user's address has a localpart or a resource, so it never equals a trusted domain. */
    if (!privilege_is_trusted(in->x, in->host, in->from.full)) {
        room_log_drop(in->x, "privileges announced by somebody who is not trusted", in->from.full,
                      in->to);
        return false;
    }
    privilege_take(in, st, second != NULL);
    return true;
}

void privilege_drop(struct xmpp *x, unsigned host, const char *user, unsigned bits)
{
    struct privilege *p = privilege_find(x, host, user);
    if (p == NULL || (p->bits & bits) == 0)
        return;
    p->bits &= ~bits;
    privilege_log(&x->components[host], p);
    x->in->privilege.changed(x->ctx, host, p->domain);
}

void privilege_handle_refusal(struct inbound *in, const char *condition)
{
    if (privilege_find(in->x, in->host, in->from.full) == NULL ||
        strchr(in->from.full, '@') != NULL || strchr(in->from.full, '/') != NULL)
        return;
    sj_log_info(&in->x->components[in->host].log,
                "server refused a message in a user's name server=%s condition=%s",
                SJ_CLIP(in->from.full), SJ_CLIP(condition));
    if (strcmp(condition, "forbidden") == 0)
        privilege_drop(in->x, in->host, in->from.full, XMPP_MAY_SPEAK);
}

void xmpp_privileges_text(const struct xmpp *x, unsigned host, struct sj_strbuf *out)
{
    const struct privileges *all = &x->components[host].privileges;
    const struct privilege *p;
    uint32_t at = 0;
    bool first = true;
    while ((p = sj_map_next(&all->servers, &at)) != NULL) {
        if (all->servers.used > 1)
            sj_strbuf_addf(out, "%s%s: ", first ? "" : "; ", p->domain);
        privilege_text(out, p);
        first = false;
    }
    if (first)
        sj_strbuf_adds(out, "nothing");
}

/* ---- messages in the user's name ---- */

/* What shows that an own id is ours: keyed by the component's secret, for one pair of addresses. */
static void privilege_proof(struct xmpp *x, unsigned host, char out[PRIVILEGE_ECHO_PROOF + 1],
                            const char *user, const char *peer_jid, const char *id)
{
    const struct xmpp_host *h = &x->options->hosts[host];
    char hash[OUTPUT_STABLE_ID_SIZE];
    output_stable_id(&x->output, hash, h->secret,
                     (const char *const[]){"own", h->name, user, peer_jid, id}, 5);
    sj_copy(out, PRIVILEGE_ECHO_PROOF + 1, hash);
}

static void privilege_new_id(struct xmpp *x, unsigned host, const struct xmpp_message_out *m,
                             const char *peer_jid, char out[XMPP_OWN_ID_SIZE])
{
    const struct xmpp_host *h = &x->options->hosts[host];
    char id[OUTPUT_STABLE_ID_SIZE];
    char proof[PRIVILEGE_ECHO_PROOF + 1];
    if (m->network_id != NULL)
        output_stable_id(&x->output, id, h->secret,
                         (const char *const[]){h->name, m->to, m->peer, m->network_id}, 4);
    else
        output_new_id(id);
    privilege_proof(x, host, proof, m->to, peer_jid, id);
    snprintf(out, XMPP_OWN_ID_SIZE, "%s-%s", id, proof);
}

_Static_assert(OUTPUT_STABLE_ID_SIZE + 1 + PRIVILEGE_ECHO_PROOF <= XMPP_OWN_ID_SIZE, "id fits");

static bool privilege_is_echo(struct inbound *in)
{
    xmpp_stanza_t *origin = stanza_child(in->stanza, "origin-id", NS_SID);
    const char *text = origin != NULL ? stanza_get(origin, "id") : NULL;
    size_t n = text != NULL ? strlen(text) : 0;
    if (n <= PRIVILEGE_ECHO_PROOF + 1 || n >= XMPP_OWN_ID_SIZE ||
        text[n - PRIVILEGE_ECHO_PROOF - 1] != '-')
        return false;
    char id[XMPP_OWN_ID_SIZE];
    char proof[PRIVILEGE_ECHO_PROOF + 1];
    memcpy(id, text, n - PRIVILEGE_ECHO_PROOF - 1);
    id[n - PRIVILEGE_ECHO_PROOF - 1] = '\0';
    privilege_proof(in->x, in->host, proof, in->from.user, in->to, id);
    return sj_equal_secret(proof, text + n - PRIVILEGE_ECHO_PROOF, PRIVILEGE_ECHO_PROOF);
}

bool privilege_takes_message(struct inbound *in)
{
    return in->peer == NULL ? privilege_is_announcement(in) : privilege_is_echo(in);
}

/* <message from=G to=S><privilege><forwarded><message from=U to=C/></...>: the inner one. */
static xmpp_stanza_t *privilege_wrap_message(struct xmpp *x, unsigned host,
                                             const struct privilege *p, xmpp_stanza_t **outer)
{
    *outer = room_stanza_new(x, host, "message", NULL, NULL, p->domain, NULL);
    xmpp_stanza_t *wrap =
        stanza_add(*outer, "privilege", p->second ? NS_PRIVILEGE_2 : NS_PRIVILEGE_1);
    return stanza_add(stanza_add(wrap, "forwarded", NS_FORWARD), "message", NS_CLIENT);
}

enum sj_status xmpp_send_as_user(struct xmpp *x, unsigned host, const struct xmpp_message_out *m,
                                 char out[XMPP_OWN_ID_SIZE])
{
    const struct privilege *p = privilege_find(x, host, m->to);
    if (p == NULL || (p->bits & XMPP_MAY_SPEAK) == 0 || strchr(m->to, '/') != NULL)
        return SJ_DENIED;
    struct sj_strbuf jid;
    sj_strbuf_init(&jid, JID_MAX);
    enum sj_status status = SJ_INVALID;
    if (m->peer != NULL && xmpp_peer_jid(x, host, m->peer, &jid)) {
        xmpp_stanza_t *outer;
        xmpp_stanza_t *inner = privilege_wrap_message(x, host, p, &outer);
        privilege_new_id(x, host, m, jid.s, out);
        stanza_set(inner, "from", m->to);
        stanza_set(inner, "to", jid.s);
        stanza_set(inner, "type", "chat");
        stanza_set(inner, "id", out);
        message_add_content(x, host, inner, m);
        status = room_send_status(x, host, outer);
    }
    sj_strbuf_release(&jid);
    return status;
}

/* ---- requests in the user's name ---- */

bool privilege_send_iq(struct xmpp *x, const struct privilege_request *r)
{
    const char *ns = xmpp_stanza_get_ns(r->payload);
    const char *type = r->set ? "set" : "get";
    if (ns == NULL || strchr(r->user, '/') != NULL ||
        !privilege_allows_iq(privilege_find(x, r->host, r->user), ns, r->set)) {
        xmpp_stanza_release(r->payload);
        return false;
    }
    xmpp_stanza_t *iq = room_stanza_new(x, r->host, "iq", type, NULL, r->user, NULL);
    xmpp_stanza_t *inner =
        stanza_add(stanza_add(iq, "privileged_iq", NS_PRIVILEGE_2), "iq", NS_CLIENT);
    stanza_set(inner, "type", type);
    stanza_set(inner, "id", stanza_get(iq, "id"));
    stanza_set(inner, "to", r->to != NULL ? r->to : r->user);
    xmpp_stanza_add_child_ex(inner, r->payload, 0);
    return query_ask(x, &(struct query_ask){
                            .host = r->host,
                            .iq = iq,
                            .answer = r->answer,
                            .note = r->note,
                            .token = r->token,
                            .privileged = true,
                        });
}

xmpp_stanza_t *privilege_open_answer(xmpp_stanza_t *iq, const char *id)
{
    const char *type = stanza_get(iq, "type");
    if (type != NULL && strcmp(type, "error") == 0)
        return iq;
    xmpp_stanza_t *wrap = stanza_child(iq, "privilege", NS_PRIVILEGE_2);
    xmpp_stanza_t *forwarded = wrap != NULL ? stanza_child(wrap, "forwarded", NS_FORWARD) : NULL;
    xmpp_stanza_t *inner = forwarded != NULL ? stanza_child(forwarded, "iq", NS_CLIENT) : NULL;
    const char *inner_id = inner != NULL ? stanza_get(inner, "id") : NULL;
    type = inner != NULL ? stanza_get(inner, "type") : NULL;
    bool sound = inner_id != NULL && strcmp(inner_id, id) == 0 && type != NULL &&
                 (strcmp(type, "result") == 0 || strcmp(type, "error") == 0);
    return sound ? inner : NULL;
}

bool privilege_reply_is(const struct query_reply *r, const char *condition)
{
    xmpp_stanza_t *error = r->iq != NULL ? xmpp_stanza_get_child_by_name(r->iq, "error") : NULL;
    return error != NULL && stanza_child(error, condition, NS_STANZAS) != NULL;
}
