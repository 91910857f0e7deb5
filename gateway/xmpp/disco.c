/* SPDX-License-Identifier: MPL-2.0 */
/* Answers service discovery for the gateways and their contacts, and nothing but what works.
 *
 * Every network's gateway has its own set, since its identity is part of it; all contacts share
 * one. A contact that the asker may not see does not exist: info is refused in the same words as
 * for an unknown one, items are empty (G030-10, R6120-07). Source: XEP-0030 §3 and §4, XEP-0115 §5
 * and §6.2. */
#include "disco.h"

#include <string.h>

#include "caps.h"
#include "handlers.h"
#include "router.h"
#include "sojourn/memory.h"

#define DISCO_NODE_SIZE (sizeof CAPS_NODE + CAPS_VER_SIZE)

static const char *const disco_gateway_features[] = {
    NS_INFO,    NS_ITEMS, NS_CAPS, NS_REGISTER, NS_GATEWAY, "jid\\20escaping", NS_VCARD,
    NS_VERSION, NS_LAST,  NS_PING, NS_TIME,     NS_NOREPLY,
    NS_ROSTERX,    /* last: only with contacts_suggested */
};
#define DISCO_GATEWAY_FEATURES (sizeof disco_gateway_features / sizeof *disco_gateway_features)

static const char *const disco_contact_features[] = {
    NS_INFO, NS_ITEMS, NS_CAPS, NS_VCARD, NS_PING, NS_LAST,
};
/* No name: it would differ for each contact, and the hash with it. vCard has the name. */
static const struct caps_identity disco_contact_identity = {
    .category = "account",
    .type = "registered",
};
static const struct caps_set disco_contact_set = {
    .identities = &disco_contact_identity,
    .n_identities = 1,
    .features = disco_contact_features,
    .n_features = sizeof disco_contact_features / sizeof *disco_contact_features,
};

struct disco_entity {
    struct caps_identity identity;
    struct caps_set set;
    char ver[CAPS_VER_SIZE];
    char node[DISCO_NODE_SIZE];          /* CAPS_NODE#ver */
};
struct disco {
    struct disco_entity contact;
    struct disco_entity gateways[];      /* one a host */
};

static void disco_finish(struct disco_entity *e, xmpp_ctx_t *ctx)
{
    caps_ver(e->ver, ctx, &e->set);
    struct sj_strbuf node;
    sj_strbuf_init(&node, sizeof e->node - 1);
    sj_strbuf_addf(&node, "%s#%s", CAPS_NODE, e->ver);
    sj_copy(e->node, sizeof e->node, node.s);
    sj_strbuf_release(&node);
}

struct disco *disco_new(struct xmpp *x)
{
    unsigned n = x->options->n_hosts;
    struct disco *d = sj_calloc(1, sizeof *d + n * sizeof d->gateways[0]);
    d->contact.set = disco_contact_set;
    disco_finish(&d->contact, x->output.ctx);
    for (unsigned i = 0; i < n; i++) {
        const struct xmpp_host *host = &x->options->hosts[i];
        struct disco_entity *e = &d->gateways[i];
        e->identity = (struct caps_identity){
            .category = "gateway",
            .type = host->identity_type,
            .name = host->identity_name,
        };
        e->set = (struct caps_set){
            .identities = &e->identity,
            .n_identities = 1,
            .features = disco_gateway_features,
            .n_features = DISCO_GATEWAY_FEATURES - (host->contacts_suggested ? 0 : 1),
        };
        disco_finish(e, x->output.ctx);
    }
    return d;
}

void disco_free(struct disco **d)
{
    if (d == NULL)
        return;
    sj_free(*d);
    *d = NULL;
}

void disco_add_caps(struct xmpp *x, unsigned host, bool contact, xmpp_stanza_t *presence)
{
    const struct disco_entity *e = contact ? &x->disco->contact : &x->disco->gateways[host];
    xmpp_stanza_t *c = stanza_add(presence, "c", NS_CAPS);
    stanza_set(c, "hash", "sha-1");
    stanza_set(c, "node", CAPS_NODE);
    stanza_set(c, "ver", e->ver);
}

static bool disco_is_visible(struct inbound *in)
{
    if (in->peer == NULL)
        return true;
    struct xmpp_peer peer = {.visible = false};
    in->x->in->peer(in->x->ctx, &in->from, in->peer, &peer);
    return peer.visible;
}

/* A result with a query that mirrors the node of the request (G030-03). */
static xmpp_stanza_t *disco_query_new(struct inbound *in, xmpp_stanza_t **result)
{
    *result = router_result(in);
    xmpp_stanza_t *query = stanza_add(*result, "query", xmpp_stanza_get_ns(in->payload));
    stanza_set(query, "node", stanza_get(in->payload, "node"));
    return query;
}

enum sj_status disco_handle_info(struct inbound *in, struct sj_error *err)
{
    const struct disco *d = in->x->disco;
    const struct disco_entity *e = in->peer != NULL ? &d->contact : &d->gateways[in->host];
    if (!disco_is_visible(in))
        return sj_fail(err, SJ_UNAVAILABLE, "%s", "");
    const char *node = stanza_get(in->payload, "node");
    if (node != NULL && strcmp(node, e->node) != 0)
        return sj_fail(err, SJ_NOTFOUND, "%s", "");        /* G030-04 */
    xmpp_stanza_t *result;
    xmpp_stanza_t *query = disco_query_new(in, &result);
    for (size_t i = 0; i < e->set.n_identities; i++) {
        xmpp_stanza_t *identity = stanza_add(query, "identity", NULL);
        stanza_set(identity, "category", e->set.identities[i].category);
        stanza_set(identity, "type", e->set.identities[i].type);
        stanza_set(identity, "name", e->set.identities[i].name);
    }
    for (size_t i = 0; i < e->set.n_features; i++)
        stanza_set(stanza_add(query, "feature", NULL), "var", e->set.features[i]);
    router_answer(in, result);
    return SJ_OK;
}

enum sj_status disco_handle_items(struct inbound *in, struct sj_error *err)
{
    /* Nothing is listed (G030-05, G030-11); to whom a contact is invisible, no node exists. */
    if (stanza_get(in->payload, "node") != NULL && disco_is_visible(in))
        return sj_fail(err, SJ_NOTFOUND, "%s", "");
    xmpp_stanza_t *result;
    disco_query_new(in, &result);
    router_answer(in, result);
    return SJ_OK;
}
