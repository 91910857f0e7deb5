/* SPDX-License-Identifier: MPL-2.0 */
/* Tells the user's resources of contacts' nodes: what each client asks for by its capabilities, the
 * last items once when it comes, changes as they happen (G163-02 to G163-07, G084-06). Only of
 * contacts that the user may see, and nothing more of one whose notification bounced. */
#include <string.h>

#include "session.h"
#include "sojourn/strbuf.h"

static bool nodes_may_tell(const struct session *s, const struct contact *c)
{
    return c->to && !c->quiet && !c->node_quiet && s->announced && !s->quiet;
}

static bool nodes_send(struct session *s, const struct contact *c, const struct resource *r,
                       enum xmpp_node node)
{
    struct xmpp_person p = {.name = c->name ? c->name : c->id, .picture = portrait_picture(s, c)};
    struct sj_strbuf full;
    bool sent;

    sj_strbuf_init(&full, 3072);
    sj_strbuf_addf(&full, "%s/%s", s->user, r->name);
    sent = xmpp_send_node(s->all->xmpp, s->network->index, c->id, full.s, node, &p);
    sj_strbuf_release(&full);
    return sent;
}

void nodes_tell(struct session *s, struct contact *c, enum xmpp_node node)
{
    const struct sj_list *at;

    if (!nodes_may_tell(s, c))
        return;
    for (at = s->resources.next; at != &s->resources; at = at->next) {
        const struct resource *r = SJ_CONTAINER(at, struct resource, link);
        if (r->nodes_told && (r->nodes & 1u << node))
            nodes_send(s, c, r, node);
    }
}

/* Is there an item to tell a newcomer of? Only PNG is in the node (G084-02). */
static bool nodes_has_item(const struct contact *c, enum xmpp_node node)
{
    const struct portrait *p = c->portrait;

    if (node == XMPP_NODE_AVATAR)
        return p && p->settled && p->kind == IMAGE_PNG;
    return c->name != NULL;
}

/* False: the stream takes no more. */
static bool nodes_tell_contact(struct session *s, const struct contact *c, const struct resource *r)
{
    for (unsigned node = 0; node < XMPP_NODE_COUNT; node++) {
        if ((r->nodes & 1u << node) && nodes_has_item(c, (enum xmpp_node)node) &&
            !nodes_send(s, c, r, (enum xmpp_node)node) && session_is_blocked(s))
            return false;
    }
    return true;
}

static void nodes_tell_resource(struct session *s, struct resource *r)
{
    struct contact *c;
    uint32_t at = 0;

    r->nodes_told = true;                /* G163-03: never repeated */
    while ((c = sj_map_next(&s->contacts, &at)) != NULL) {
        if (nodes_may_tell(s, c) && !nodes_tell_contact(s, c, r))
            return;
    }
}

void nodes_tell_subscribed(struct session *s, const struct contact *c)
{
    const struct sj_list *at;

    if (!nodes_may_tell(s, c))
        return;
    for (at = s->resources.next; at != &s->resources; at = at->next) {
        const struct resource *r = SJ_CONTAINER(at, struct resource, link);
        if (r->nodes_told && !nodes_tell_contact(s, c, r))
            return;
    }
}

void nodes_tell_new(struct session *s)
{
    struct sj_list *at;

    if (!s->announced || s->quiet || session_is_blocked(s))
        return;
    for (at = s->resources.next; at != &s->resources; at = at->next) {
        struct resource *r = SJ_CONTAINER(at, struct resource, link);
        if (r->nodes && !r->nodes_told)
            nodes_tell_resource(s, r);
    }
}

void nodes_resource(struct session *s, struct resource *r, const struct xmpp_caps_in *caps)
{
    struct sj_strbuf full;
    unsigned nodes = 0;

    if (!(s->network->backend->caps & SJ_CAP_PROFILES) || !s->network->backend->avatar_get ||
        r->name[0] == '\0')
        return;                          /* nothing there changes that would be told */
    sj_strbuf_init(&full, 3072);
    sj_strbuf_addf(&full, "%s/%s", s->user, r->name);
    if (xmpp_query_wants(s->all->xmpp, s->network->index, full.s, caps, &nodes)) {
        r->nodes = (uint8_t)nodes;
        nodes_tell_new(s);
    }
    sj_strbuf_release(&full);
}

void nodes_wanted(void *ctx, unsigned host, const char *full, unsigned nodes)
{
    struct sessions *all = ctx;
    const char *slash = strchr(full, '/');
    struct sj_strbuf bare;
    struct session *s;
    struct resource *r;

    if (!slash)
        return;
    sj_strbuf_init(&bare, 3072);
    sj_strbuf_add(&bare, full, (size_t)(slash - full));
    s = session_find(&all->networks[host], bare.s);
    r = s ? session_resource(s, slash + 1) : NULL;
    sj_strbuf_release(&bare);
    if (!r)
        return;
    r->nodes = (uint8_t)nodes;
    nodes_tell_new(s);
}

void nodes_bounced(struct session *s, const char *peer)
{
    struct contact *c = contact_find(s, peer);

    if (c)
        c->node_quiet = true;
}
