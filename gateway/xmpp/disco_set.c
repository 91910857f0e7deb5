/* SPDX-License-Identifier: MPL-2.0 */
/* What is advertised of whom: one set of features for each gateway, since its identity is part of
 * it, and one for each different set of abilities that a contact may have.
 *
 * Sets of contacts are made when they are first needed, hash and all, and shared by all contacts
 * that can do the same (G115-11); a bound keeps what networks report from filling memory. Nothing
 * stands here that does not work: the session room sets the bits. Source: XEP-0115 §5. */
#include "disco.h"

#include <assert.h>
#include <string.h>

#include "room.h"
#include "rsm.h"
#include "sojourn/memory.h"
#include "stanza.h"

#define DISCO_PUBSUB "http://jabber.org/protocol/pubsub"

struct disco_row {
    uint32_t bit;                        /* 0: always */
    const char *feature;
};
static const struct disco_row disco_gateway_rows[] = {
    {0, NS_INFO},
    {0, NS_ITEMS},
    {0, NS_CAPS},
    {0, NS_REGISTER},
    {0, NS_GATEWAY},
    {0, "jid\\20escaping"},
    {0, NS_VCARD},
    {0, NS_VERSION},
    {0, NS_LAST},
    {0, NS_PING},
    {0, NS_TIME},
    {0, NS_COMMANDS},
    {XMPP_FEATURE_PICTURES, NS_BOB},
    {XMPP_FEATURE_SEARCH, NS_SEARCH},
    {XMPP_FEATURE_SEARCH, NS_RSM},
};
static const struct disco_row disco_contact_rows[] = {
    {0, NS_INFO},
    {0, NS_ITEMS},
    {0, NS_CAPS},
    {0, NS_VCARD},
    {0, NS_PING},
    {0, NS_LAST},
    {XMPP_FEATURE_TYPING, "http://jabber.org/protocol/chatstates"},
    {XMPP_FEATURE_RECEIPTS, "urn:xmpp:receipts"},
    {XMPP_FEATURE_MARKERS, "urn:xmpp:chat-markers:0"},
    {XMPP_FEATURE_CORRECT, "urn:xmpp:message-correct:0"},
    {XMPP_FEATURE_RETRACT, "urn:xmpp:message-retract:1"},
    {XMPP_FEATURE_REACT, "urn:xmpp:reactions:0"},
    {XMPP_FEATURE_REPLY, "urn:xmpp:reply:0"},
    {XMPP_FEATURE_REPLY, "urn:xmpp:fallback:0"},
    {XMPP_FEATURE_ATTENTION, "urn:xmpp:attention:0"},
    {XMPP_FEATURE_STYLED, "urn:xmpp:styling:0"},
    {XMPP_FEATURE_FILES, NS_OOB},
    {XMPP_FEATURE_FILES, "urn:xmpp:sfs:0"},
    {XMPP_FEATURE_PEP, DISCO_PUBSUB "#access-presence"},
    {XMPP_FEATURE_PEP, DISCO_PUBSUB "#auto-subscribe"},
    {XMPP_FEATURE_PEP, DISCO_PUBSUB "#filtered-notifications"},
    {XMPP_FEATURE_PEP, DISCO_PUBSUB "#persistent-items"},
    {XMPP_FEATURE_PEP, DISCO_PUBSUB "#retrieve-items"},
    {XMPP_FEATURE_VCARD4, "urn:ietf:params:xml:ns:vcard-4.0"},
    {XMPP_FEATURE_NO_REPLY, NS_NOREPLY},
    {XMPP_FEATURE_INVITES, NS_CONFERENCE},
};
#define DISCO_ROWS(rows) (rows), sizeof(rows) / sizeof *(rows)

/* A contact's set in the cache. */
struct disco_kept {
    struct sj_list link;                 /* by last use */
    uint64_t key;
    struct disco_entity entity;
};
struct disco {
    struct sj_idmap by_key;
    struct sj_list by_use;
    size_t n_kept;
    struct disco_entity gateways[];      /* one a host */
};

static void disco_add_identity(struct disco_entity *e, const char *category, const char *type,
                               const char *name)
{
    assert(e->set.n_identities < DISCO_IDENTITIES_MAX);
    e->identities[e->set.n_identities++] =
        (struct caps_identity){.category = category, .type = type, .name = name};
}

static void disco_add_feature(struct disco_entity *e, const char *feature)
{
    assert(e->set.n_features < DISCO_FEATURES_MAX);
    e->features[e->set.n_features++] = feature;
}

static void disco_add_rows(struct disco_entity *e, const struct disco_row *rows, size_t n,
                           uint32_t features)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].bit == 0 || (features & rows[i].bit) != 0)
            disco_add_feature(e, rows[i].feature);
}

static void disco_finish(struct disco_entity *e, xmpp_ctx_t *ctx)
{
    e->set.identities = e->identities;
    e->set.features = e->features;
    e->set.forms = e->forms.form;
    e->set.n_forms = e->forms.n;
    caps_ver(e->ver, ctx, &e->set);
    struct sj_strbuf node;
    sj_strbuf_init(&node, sizeof e->node - 1);
    sj_strbuf_addf(&node, "%s#%s", CAPS_NODE, e->ver);
    sj_copy(e->node, sizeof e->node, node.s);
    sj_strbuf_release(&node);
}

/* What the place of rooms offers: all of them are alike in this (G045-01, G045-04, G421-04). */
static void disco_add_rooms(struct disco_entity *e, const struct xmpp_host *host)
{
    disco_add_identity(e, "conference", "text", host->identity_name);
    disco_add_feature(e, NS_MUC);
    disco_add_feature(e, NS_MUC "#stable_id");
    disco_add_feature(e, NS_OCCUPANT_ID);
    if ((host->features & XMPP_FEATURE_SEARCH) == 0)     /* else it stands there already */
        disco_add_feature(e, NS_RSM);                    /* G059-03 */
}

struct disco *disco_new(struct xmpp *x)
{
    unsigned n = x->options->n_hosts;
    struct disco *d = sj_calloc(1, sizeof *d + n * sizeof d->gateways[0]);
    sj_idmap_init(&d->by_key);
    sj_list_init(&d->by_use);
    for (unsigned i = 0; i < n; i++) {
        const struct xmpp_host *host = &x->options->hosts[i];
        struct disco_entity *e = &d->gateways[i];
        disco_add_identity(e, "gateway", host->identity_type, host->identity_name);
        disco_add_rows(e, DISCO_ROWS(disco_gateway_rows), host->features);
        if (host->takes_profile) {           /* G163-08 */
            disco_add_feature(e, NS_AVATAR_METADATA "+notify");
            disco_add_feature(e, NS_NICK "+notify");
        }
        if (host->contacts_suggested)
            disco_add_feature(e, NS_ROSTERX);
        if (host->has_rooms)
            disco_add_rooms(e, host);
        info_forms_gateway(&e->forms, x->options, i);
        disco_finish(e, x->output.ctx);
    }
    return d;
}

static void disco_drop(struct disco *d, struct disco_kept *kept)
{
    sj_idmap_remove(&d->by_key, kept->key);
    sj_list_remove(&kept->link);
    d->n_kept--;
    sj_free(kept);
}

void disco_free(struct disco **d)
{
    if (d == NULL || *d == NULL)
        return;
    while (!sj_list_empty(&(*d)->by_use))
        disco_drop(*d, SJ_CONTAINER((*d)->by_use.next, struct disco_kept, link));
    sj_idmap_release(&(*d)->by_key);
    sj_free(*d);
    *d = NULL;
}

const struct disco_entity *disco_gateway(const struct xmpp *x, unsigned host)
{
    return &x->disco->gateways[host];
}

/* No name: it would differ for each contact, and the hash with it. vCard has the name. */
static void disco_contact_fill(struct disco_entity *e, const struct xmpp *x, unsigned host,
                               uint32_t features)
{
    disco_add_identity(e, "account", "registered", NULL);
    if ((features & XMPP_FEATURE_PEP) != 0)
        disco_add_identity(e, "pubsub", "pep", NULL);
    disco_add_rows(e, DISCO_ROWS(disco_contact_rows), features);
    info_forms_contact(&e->forms, &x->options->hosts[host], features);
    disco_finish(e, x->output.ctx);
}

const struct disco_entity *disco_contact(struct xmpp *x, unsigned host, uint32_t features)
{
    struct disco *d = x->disco;
    /* The host counts only where its rules are part of the set; 0 is no key. */
    uint64_t place = (features & XMPP_FEATURE_REACT) != 0 ? host + 2u : 1u;
    uint64_t key = place << 32 | features;
    struct disco_kept *kept = sj_idmap_find(&d->by_key, key);
    if (kept == NULL) {
        if (d->n_kept == DISCO_SETS_MAX)
            disco_drop(d, SJ_CONTAINER(d->by_use.next, struct disco_kept, link));
        kept = sj_calloc(1, sizeof *kept);
        kept->key = key;
        sj_list_init(&kept->link);
        disco_contact_fill(&kept->entity, x, host, features);
        sj_idmap_put(&d->by_key, key, kept);
        d->n_kept++;
    }
    sj_list_remove(&kept->link);
    sj_list_append(&d->by_use, &kept->link);
    return &kept->entity;
}

void disco_add_abilities(xmpp_stanza_t *query, uint32_t features)
{
    features &= XMPP_FEATURE_TYPING | XMPP_FEATURE_RECEIPTS | XMPP_FEATURE_MARKERS |
                XMPP_FEATURE_CORRECT | XMPP_FEATURE_RETRACT | XMPP_FEATURE_REACT |
                XMPP_FEATURE_REPLY | XMPP_FEATURE_ATTENTION | XMPP_FEATURE_STYLED |
                XMPP_FEATURE_FILES;
    for (size_t i = 0; i < sizeof disco_contact_rows / sizeof *disco_contact_rows; i++)
        if ((features & disco_contact_rows[i].bit) != 0)
            stanza_set(stanza_add(query, "feature", NULL), "var", disco_contact_rows[i].feature);
}

void disco_add_caps(struct xmpp *x, unsigned host, const uint32_t *features,
                    xmpp_stanza_t *presence)
{
    const struct disco_entity *e =
        features != NULL ? disco_contact(x, host, *features) : disco_gateway(x, host);
    xmpp_stanza_t *c = stanza_add(presence, "c", NS_CAPS);
    stanza_set(c, "hash", "sha-1");
    stanza_set(c, "node", CAPS_NODE);
    stanza_set(c, "ver", e->ver);
}
