/* SPDX-License-Identifier: MPL-2.0 */
/* Personal eventing on behalf of contacts: their picture, name and card as nodes that clients read
 * and are told of.
 *
 * The nodes have no store of their own: what they hold is what the session room knows of the
 * contact, and who may read is who may see it (access model "presence"). Nothing can be published
 * here. Pictures other than PNG stay in the vCard (G084-02). Who is notified, and when, is the
 * session room's business. Source: XEP-0163 §3 to §5, XEP-0060 §6.5, XEP-0084, XEP-0172,
 * XEP-0292. */
#include "pep.h"

#include <stdio.h>
#include <string.h>

#include "card.h"
#include "handlers.h"
#include "router.h"
#include "sojourn/sha1.h"

#define PEP_ID "node-"                   /* how ids of notifications begin */
/* Items that have no natural name. */
#define PEP_CURRENT "current"

static const char *const pep_nodes[XMPP_NODE_COUNT] = {
    [XMPP_NODE_AVATAR] = NS_AVATAR_METADATA,
    [XMPP_NODE_NICK] = NS_NICK,
    [XMPP_NODE_VCARD4] = NS_VCARD4_NODE,
};

bool pep_is_node(const char *name)
{
    for (size_t i = 0; i < XMPP_NODE_COUNT; i++)
        if (strcmp(name, pep_nodes[i]) == 0)
            return true;
    return strcmp(name, NS_AVATAR_DATA) == 0;
}

static void pep_add_node(xmpp_stanza_t *query, const char *address, const char *node)
{
    xmpp_stanza_t *item = stanza_add(query, "item", NULL);
    stanza_set(item, "jid", address);
    stanza_set(item, "node", node);
}

void pep_add_nodes(xmpp_stanza_t *query, const char *address)
{
    for (size_t i = 0; i < XMPP_NODE_COUNT; i++)
        pep_add_node(query, address, pep_nodes[i]);
    pep_add_node(query, address, NS_AVATAR_DATA);
}

/* XEP-0060 §5.3 */
void pep_add_info(xmpp_stanza_t *query)
{
    xmpp_stanza_t *identity = stanza_add(query, "identity", NULL);
    stanza_set(identity, "category", "pubsub");
    stanza_set(identity, "type", "leaf");
    stanza_set(stanza_add(query, "feature", NULL), "var", NS_INFO);
    stanza_set(stanza_add(query, "feature", NULL), "var", NS_PUBSUB);
}

/* ---- payloads ---- */

static bool pep_has_png(const struct xmpp_picture *p)
{
    return p->state == XMPP_PICTURE_KNOWN && strcmp(p->type, XMPP_PICTURE_PNG) == 0;
}

/* The id of the node's one item; NULL: it has none. */
static const char *pep_item_id(char hex[SJ_SHA1_HEX_SIZE], enum xmpp_node node,
                               const struct xmpp_person *p)
{
    if (node != XMPP_NODE_AVATAR)
        return PEP_CURRENT;
    if (pep_has_png(&p->picture)) {
        sj_sha1_hex(hex, p->picture.sha1);
        return hex;
    }
    return p->picture.state == XMPP_PICTURE_NONE ? PEP_CURRENT : NULL;
}

static void pep_set_number(xmpp_stanza_t *st, const char *attribute, size_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%zu", value);
    stanza_set(st, attribute, text);
}

/* G084-01, G084-04 */
static void pep_add_metadata(xmpp_stanza_t *item, const struct xmpp_picture *p)
{
    xmpp_stanza_t *metadata = stanza_add(item, "metadata", NS_AVATAR_METADATA);
    if (!pep_has_png(p))
        return;
    char hex[SJ_SHA1_HEX_SIZE];
    sj_sha1_hex(hex, p->sha1);
    xmpp_stanza_t *info = stanza_add(metadata, "info", NULL);
    pep_set_number(info, "bytes", p->bytes);
    stanza_set(info, "id", hex);
    stanza_set(info, "type", p->type);
    if (p->width > 0 && p->height > 0) {
        pep_set_number(info, "height", p->height);
        pep_set_number(info, "width", p->width);
    }
}

static xmpp_stanza_t *pep_add_item(xmpp_stanza_t *parent, const char *node, const char *id)
{
    xmpp_stanza_t *items = stanza_add(parent, "items", NULL);
    stanza_set(items, "node", node);
    if (id == NULL)
        return NULL;
    xmpp_stanza_t *item = stanza_add(items, "item", NULL);
    stanza_set(item, "id", id);
    return item;
}

static void pep_add_payload(xmpp_stanza_t *item, enum xmpp_node node, const struct xmpp_person *p)
{
    if (node == XMPP_NODE_AVATAR)
        pep_add_metadata(item, &p->picture);
    else if (node == XMPP_NODE_NICK)
        stanza_add_text(stanza_add(item, "nick", NS_NICK), p->name);
}

void pep_add_vcard4(struct xmpp *x, xmpp_stanza_t *result, const struct xmpp_card *card)
{
    xmpp_stanza_t *pubsub = stanza_add(result, "pubsub", NS_PUBSUB);
    vcard4_add_contact(x, pep_add_item(pubsub, NS_VCARD4_NODE, PEP_CURRENT), card);
}

void pep_add_data(xmpp_stanza_t *result, const struct xmpp_card *card)
{
    char hex[SJ_SHA1_HEX_SIZE];
    sj_sha1_hex(hex, card->sha1);
    xmpp_stanza_t *pubsub = stanza_add(result, "pubsub", NS_PUBSUB);
    xmpp_stanza_t *item = pep_add_item(pubsub, NS_AVATAR_DATA, hex);
    card_add_base64(stanza_add(item, "data", NS_AVATAR_DATA), card->data, card->len);
}

/* ---- requests ---- */

/* What is asked for: a node, and one item of it or (NULL) whichever there is. */
struct pep_wish {
    const char *node, *item;
};

static bool pep_read_wish(xmpp_stanza_t *items, struct pep_wish *out)
{
    *out = (struct pep_wish){.node = stanza_get(items, "node")};
    xmpp_stanza_t *item = stanza_first(items);
    if (item != NULL)
        out->item = stanza_get(item, "id");
    return out->node != NULL && (item == NULL || out->item != NULL);
}

/* The node is there and has no item: nothing is wrong unless one was named. */
static enum sj_status pep_answer_empty(struct inbound *in, const struct pep_wish *wish,
                                       struct sj_error *err)
{
    if (wish->item != NULL)
        return sj_fail(err, SJ_NOTFOUND, "%s", "");
    xmpp_stanza_t *result = router_result(in);
    pep_add_item(stanza_add(result, "pubsub", NS_PUBSUB), wish->node, NULL);
    router_answer(in, result);
    return SJ_OK;
}

static enum sj_status pep_ask_card(struct inbound *in, enum request_card form,
                                   const struct xmpp_card_ask *ask, struct sj_error *err)
{
    enum sj_status status = router_defer_card(in, form, err);
    if (status != SJ_OK)
        return status;
    return in->x->in->profile.card(in->x->ctx, &in->from, in->peer, ask, in->request, err);
}

/* G084-02 */
static enum sj_status pep_get_data(struct inbound *in, const struct pep_wish *wish,
                                   const struct xmpp_person *p, struct sj_error *err)
{
    uint8_t wanted[SJ_SHA1_LEN];
    if (!pep_has_png(&p->picture))
        return pep_answer_empty(in, wish, err);
    if (wish->item != NULL && (!sj_sha1_parse(wanted, wish->item) ||
                               memcmp(wanted, p->picture.sha1, sizeof wanted) != 0))
        return sj_fail(err, SJ_NOTFOUND, "%s", "");
    memcpy(wanted, p->picture.sha1, sizeof wanted);
    return pep_ask_card(in, REQUEST_AVATAR,
                        &(struct xmpp_card_ask){.wants = XMPP_CARD_PICTURE, .sha1 = wanted}, err);
}

static enum sj_status pep_get_node(struct inbound *in, enum xmpp_node node,
                                   const struct pep_wish *wish, const struct xmpp_person *p,
                                   struct sj_error *err)
{
    char hex[SJ_SHA1_HEX_SIZE];
    const char *id = pep_item_id(hex, node, p);
    if (id == NULL)
        return pep_answer_empty(in, wish, err);
    if (wish->item != NULL && strcmp(wish->item, id) != 0)
        return sj_fail(err, SJ_NOTFOUND, "%s", "");
    if (node == XMPP_NODE_VCARD4)
        return pep_ask_card(in, REQUEST_VCARD4,
                            &(struct xmpp_card_ask){.wants = XMPP_CARD_PROFILE}, err);
    xmpp_stanza_t *result = router_result(in);
    pep_add_payload(pep_add_item(stanza_add(result, "pubsub", NS_PUBSUB), wish->node, id), node,
                    p);
    router_answer(in, result);
    return SJ_OK;
}

static enum sj_status pep_get_items(struct inbound *in, xmpp_stanza_t *items,
                                    const struct xmpp_person *p, struct sj_error *err)
{
    struct pep_wish wish;
    if (!pep_read_wish(items, &wish))
        return sj_fail(err, SJ_INVALID, "%s", "");
    if (strcmp(wish.node, NS_AVATAR_DATA) == 0)
        return pep_get_data(in, &wish, p, err);
    for (size_t i = 0; i < XMPP_NODE_COUNT; i++)
        if (strcmp(wish.node, pep_nodes[i]) == 0)
            return pep_get_node(in, (enum xmpp_node)i, &wish, p, err);
    return sj_fail(err, SJ_NOTFOUND, "%s", "");
}

/* The feature of XEP-0060 that an operation would need; NULL: no operation of it. */
static const char *pep_feature_of(const char *name)
{
    static const struct {
        const char *name, *feature;
    } rows[] = {
        {"affiliations", "retrieve-affiliations"},
        {"configure", "config-node"},
        {"create", "create-nodes"},
        {"default", "retrieve-default"},
        {"delete", "delete-nodes"},
        {"options", "subscription-options"},
        {"purge", "purge-nodes"},
        {"redirect", "delete-nodes"},
        {"retract", "delete-items"},
        {"subscribe", "subscribe"},
        {"subscriptions", "retrieve-subscriptions"},
        {"unsubscribe", "subscribe"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(name, rows[i].name) == 0)
            return rows[i].feature;
    return NULL;
}

static enum sj_status pep_refuse(struct inbound *in, xmpp_stanza_t *operation,
                                 struct sj_error *err)
{
    in->unsupported = operation != NULL ? pep_feature_of(xmpp_stanza_get_name(operation)) : NULL;
    if (in->unsupported == NULL)
        return sj_fail(err, SJ_INVALID, "%s", "");
    return sj_fail(err, SJ_UNSUPPORTED, "%s", "");
}

enum sj_status pep_handle_get(struct inbound *in, struct sj_error *err)
{
    struct xmpp *x = in->x;
    struct xmpp_person person;
    if (!x->options->hosts[in->host].has_profiles)
        return sj_fail(err, SJ_UNAVAILABLE, "%s", "");
    if (!x->in->profile.person(x->ctx, &in->from, in->peer, &person)) {
        in->needs_presence = true;
        return sj_fail(err, SJ_AUTH, "%s", "");
    }
    xmpp_stanza_t *operation = stanza_first(in->payload);
    if (operation != NULL && stanza_is(operation, "items", NS_PUBSUB))
        return pep_get_items(in, operation, &person, err);
    return pep_refuse(in, operation, err);
}

/* Nobody may write (G163-06); who asks, and about whom, makes no difference. */
enum sj_status pep_handle_set(struct inbound *in, struct sj_error *err)
{
    xmpp_stanza_t *operation = stanza_first(in->payload);
    if (!in->x->options->hosts[in->host].has_profiles)
        return sj_fail(err, SJ_UNAVAILABLE, "%s", "");
    if (operation != NULL && strcmp(xmpp_stanza_get_name(operation), "publish") == 0)
        return sj_fail(err, SJ_DENIED, "Nothing can be published for a contact.");
    return pep_refuse(in, operation, err);
}

/* ---- notifications ---- */

bool xmpp_is_node_id(const char *id)
{
    return id != NULL && strncmp(id, PEP_ID, sizeof PEP_ID - 1) == 0;
}

/* G163-02; the vCard's payload is asked for by whoever wants it (G292-01). */
bool xmpp_send_node(struct xmpp *x, unsigned host, const char *peer, const char *to,
                    enum xmpp_node node, const struct xmpp_person *p)
{
    char hex[SJ_SHA1_HEX_SIZE];
    char id[sizeof PEP_ID + OUTPUT_ID_SIZE] = PEP_ID;
    const char *item_id = pep_item_id(hex, node, p);
    output_new_id(id + sizeof PEP_ID - 1);
    xmpp_stanza_t *st = room_stanza_new(x, host, "message", "headline", peer, to, id);
    if (st == NULL)
        return false;
    xmpp_stanza_t *event = stanza_add(st, "event", NS_PUBSUB_EVENT);
    xmpp_stanza_t *item = pep_add_item(event, pep_nodes[node],
                                       item_id != NULL ? item_id : PEP_CURRENT);
    pep_add_payload(item, node, p);
    return room_send(x, host, st);
}
