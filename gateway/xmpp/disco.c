/* SPDX-License-Identifier: MPL-2.0 */
/* Answers service discovery for the gateways and their contacts.
 *
 * What is advertised is put together in disco_set.c. A contact that the asker may not see does not
 * exist: info is refused in the same words as for an unknown one, items are empty (G030-10,
 * R6120-07). Source: XEP-0030 §3 and §4, XEP-0115 §6.2, XEP-0128 §2. */
#include "disco.h"

#include <string.h>

#include "adhoc.h"
#include "form.h"
#include "handlers.h"
#include "pep.h"
#include "router.h"
#include "sojourn/translate.h"

static bool disco_is_visible(struct inbound *in, uint32_t *features)
{
    *features = 0;
    if (in->peer == NULL)
        return true;
    struct xmpp_peer peer = {.visible = false};
    in->x->in->peer(in->x->ctx, &in->from, in->peer, &peer);
    *features = peer.features;
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

static void disco_add_form(xmpp_stanza_t *query, const struct caps_form *form)
{
    xmpp_stanza_t *x = form_add_result(query, form->form_type);
    for (size_t i = 0; i < form->n_fields; i++) {
        const struct caps_field *field = &form->fields[i];
        form_add_values(x, field->type, field->var, field->values, field->n_values);
    }
}

void disco_add_forms(xmpp_stanza_t *query, const struct caps_form *forms, size_t n)
{
    for (size_t i = 0; i < n; i++)
        disco_add_form(query, &forms[i]);
}

static void disco_add_set(xmpp_stanza_t *query, const struct caps_set *set)
{
    for (size_t i = 0; i < set->n_identities; i++) {
        xmpp_stanza_t *identity = stanza_add(query, "identity", NULL);
        stanza_set(identity, "category", set->identities[i].category);
        stanza_set(identity, "type", set->identities[i].type);
        stanza_set(identity, "name", set->identities[i].name);
    }
    for (size_t i = 0; i < set->n_features; i++)
        stanza_set(stanza_add(query, "feature", NULL), "var", set->features[i]);
    disco_add_forms(query, set->forms, set->n_forms);
}

/* A node that is not the hash of caps: the commands' ones, or unknown (G030-04). */
static enum sj_status disco_command_info(struct inbound *in, const char *node,
                                         struct sj_error *err)
{
    xmpp_stanza_t *result;
    if (in->peer != NULL)
        return sj_fail(err, SJ_NOTFOUND, "%s", "");
    xmpp_stanza_t *query = disco_query_new(in, &result);
    enum sj_status status = adhoc_add_info(in, query, node, err);
    if (status == SJ_OK)
        router_answer(in, result);
    else
        xmpp_stanza_release(result);
    return status;
}

/* Does a contact that can do this have the node? (G163-01) */
static bool disco_has_node(uint32_t features, const char *node)
{
    return (features & XMPP_FEATURE_PEP) != 0 && pep_is_node(node);
}

enum sj_status disco_handle_info(struct inbound *in, struct sj_error *err)
{
    uint32_t features;
    if (!disco_is_visible(in, &features))
        return sj_fail(err, SJ_UNAVAILABLE, "%s", "");
    const struct disco_entity *e = in->peer != NULL ? disco_contact(in->x, in->host, features)
                                                    : disco_gateway(in->x, in->host);
    const char *node = stanza_get(in->payload, "node");
    xmpp_stanza_t *result;
    if (node != NULL && in->peer != NULL && disco_has_node(features, node)) {
        pep_add_info(disco_query_new(in, &result));
        router_answer(in, result);
        return SJ_OK;
    }
    if (node != NULL && strcmp(node, e->node) != 0)
        return disco_command_info(in, node, err);
    disco_add_set(disco_query_new(in, &result), &e->set);
    router_answer(in, result);
    return SJ_OK;
}

enum sj_status disco_handle_items(struct inbound *in, struct sj_error *err)
{
    uint32_t features;
    const char *node = stanza_get(in->payload, "node");
    if (in->peer == NULL && node == NULL && in->x->options->hosts[in->host].has_rooms)
        return muc_handle_list(in, err);
    bool visible = disco_is_visible(in, &features);
    bool nodes = visible && in->peer != NULL && (features & XMPP_FEATURE_PEP) != 0;
    bool commands = in->peer == NULL && node != NULL && strcmp(node, NS_COMMANDS) == 0;
    bool known = node == NULL || commands || (in->peer == NULL && adhoc_has_node(in, node)) ||
                 (nodes && pep_is_node(node)) ||
                 (in->peer != NULL && strcmp(node, NS_MUC "#rooms") == 0);  /* G045-10 */
    /* Nothing but commands and nodes of contacts is listed (G030-05, G030-11, G163-01); to whom a
     * contact is invisible, no node exists. */
    if (!known && visible)
        return sj_fail(err, SJ_NOTFOUND, "%s", "");
    xmpp_stanza_t *result;
    xmpp_stanza_t *query = disco_query_new(in, &result);
    if (commands) {
        stanza_set(result, "xml:lang", sj_language(in->from.lang));
        adhoc_add_items(in, query);
    }
    if (node == NULL && nodes)
        pep_add_nodes(query, in->to);
    router_answer(in, result);
    return SJ_OK;
}
