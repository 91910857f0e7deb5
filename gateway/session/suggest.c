/* SPDX-License-Identifier: MPL-2.0 */
/* Offers contacts that the network's own list has to the user's client (XEP-0144, G144-*), where
 * the roster is not in our own hands (roster.c): once each, by iq to a resource that supports it,
 * else by one message; and what has changed since. What the user does with an offer comes back as
 * subscriptions. */
#include <string.h>

#include "roster.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define SUGGEST_CHANGES_MS 60000         /* from one stanza of changes to the next (G144-08) */

static bool suggest_possible(const struct session *s)
{
    return (s->network->backend->caps & SJ_CAP_CONTACT_LIST) != 0;
}

static bool suggest_is_new(const struct session *s, const struct contact *c)
{
    return c->listed && !c->suggested && !c->to && !c->asked_out && roster_has_name(s, c);
}

static bool suggest_is_changed(const struct contact *c)
{
    return c->listed && c->suggested && c->name_told && !c->named && !contact_is_told(c);
}

void suggest_later(struct session *s)
{
    if (!suggest_possible(s) || s->suggest_due)
        return;
    s->suggest_due = true;
    session_release(s);                  /* puts it on the list of chores */
}

static void suggest_ask(struct session *s, const struct resource *r)
{
    struct sj_strbuf full;

    sj_strbuf_init(&full, 3072);
    sj_strbuf_addf(&full, "%s/%s", s->user, r->name);
    xmpp_query_rosterx(s->all->xmpp, s->network->index, full.s);
    sj_strbuf_release(&full);
}

void suggest_resource(struct session *s, const struct resource *r)
{
    if (suggest_possible(s) && r->name[0] != '\0' && !roster_is_writable(s))
        suggest_ask(s, r);
}

void suggest_features(struct session *s)
{
    struct sj_list *at;

    if (s->features_known) {
        suggest_later(s);
        return;
    }
    for (at = s->resources.next; at != &s->resources; at = at->next)
        suggest_resource(s, SJ_CONTAINER(at, struct resource, link));
}

void suggest_answer(struct session *s, const char *resource, bool supported)
{
    struct sj_list *at;

    for (at = s->resources.next; at != &s->resources; at = at->next) {
        struct resource *r = SJ_CONTAINER(at, struct resource, link);
        if (strcmp(r->name, resource) == 0)
            r->takes_items = supported;
    }
    s->features_known = true;
    suggest_later(s);
}

void suggest_refused(struct session *s)
{
    s->offer_refused = true;
}

static const struct resource *suggest_target(const struct session *s)
{
    struct sj_list *at;

    for (at = s->resources.next; at != &s->resources; at = at->next) {
        const struct resource *r = SJ_CONTAINER(at, struct resource, link);
        if (r->takes_items)
            return r;
    }
    return NULL;
}

bool suggest_is_understood(const struct session *s)
{
    return suggest_target(s) != NULL;
}

static size_t suggest_collect(struct session *s, struct xmpp_item *items, bool changes)
{
    struct contact *c;
    uint32_t at = 0;
    size_t n = 0;

    while (n < XMPP_ROSTERX_MAX && (c = sj_map_next(&s->contacts, &at)) != NULL) {
        if (changes ? suggest_is_changed(c) : suggest_is_new(s, c))
            items[n++] = (struct xmpp_item){.peer = c->id, .name = c->name, .group = c->group};
    }
    return n;
}

static void suggest_mark(struct session *s, const struct xmpp_item *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct contact *c = contact_find(s, items[i].peer);
        c->suggested = true;
        contact_tell_all(c);
        contact_changed(c);
    }
}

static bool suggest_send(struct session *s, enum xmpp_rosterx action, const struct xmpp_item *items,
                         size_t n)
{
    const struct resource *r = suggest_target(s);
    struct sj_strbuf to;
    bool sent;

    sj_strbuf_init(&to, 3072);
    sj_strbuf_adds(&to, s->user);
    if (r)
        sj_strbuf_addf(&to, "/%s", r->name);
    sent = xmpp_send_rosterx(s->all->xmpp, s->network->index, to.s, action, items, n, r != NULL);
    sj_strbuf_release(&to);
    return sent;
}

static void suggest_new(struct session *s)
{
    struct xmpp_item items[XMPP_ROSTERX_MAX];
    size_t n = suggest_collect(s, items, false);

    if (n > 0)
        records_promise(s);
    if (n == 0 || !suggest_send(s, XMPP_ROSTERX_ADD, items, n))
        return;
    suggest_mark(s, items, n);
    if (n == XMPP_ROSTERX_MAX)
        suggest_later(s);                /* the next batch (G144-07) */
}

/* Names and groups that are no longer what was offered (G144-06), not too often. */
static void suggest_changes(struct session *s)
{
    struct xmpp_item items[XMPP_ROSTERX_MAX];
    size_t n = suggest_collect(s, items, true);
    bool sent;

    if (n == 0 || roster_rests(s, SUGGEST_CHANGES_MS))
        return;
    records_promise(s);
    sent = suggest_send(s, XMPP_ROSTERX_MODIFY, items, n);
    if (sent)
        suggest_mark(s, items, n);
    if (!sent || n == XMPP_ROSTERX_MAX)
        roster_rests(s, SUGGEST_CHANGES_MS);     /* the rest is looked at when that is over */
}

void suggest_run(struct session *s)
{
    s->suggest_due = false;
    if (!s->announced || s->n_resources == 0 || s->offer_refused || roster_takes_over(s))
        return;
    if (s->features_known) {
        suggest_new(s);
        suggest_changes(s);
    }
    if (s->features_known && !suggest_is_understood(s))
        roster_offered(s);
}

/* The network removed a contact that was offered (G144-06). Of one that was taken up, only a client
 * that understands it need hear: the subscriptions have ended already. */
void suggest_gone(struct session *s, const struct contact *c)
{
    struct xmpp_item item = {.peer = c->id, .name = c->name, .group = c->group};

    if (suggest_possible(s) && c->suggested && s->announced && !s->offer_refused &&
        !roster_takes_over(s) && (!c->to || suggest_is_understood(s)))
        suggest_send(s, XMPP_ROSTERX_DELETE, &item, 1);
}
