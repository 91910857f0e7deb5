/* SPDX-License-Identifier: MPL-2.0 */
/* The user's own nick and picture: what the user's server tells the gateway of them, and how the
 * picture is fetched.
 *
 * Only the bare address of a user speaks for that user's nodes (G163-08): their server checks who
 * publishes there. What is fetched must have the digest that was told; size and meaning are
 * checked before anything goes to a network. Whether the user wants that at all is the session
 * room's business. Source: XEP-0163 §4.3, XEP-0084 §4, XEP-0153 §3.2, XEP-0172 §4.4. */
#include <string.h>

#include "card.h"
#include "handlers.h"
#include "router.h"
#include "sojourn/contact.h"
#include "sojourn/memory.h"
#include "sojourn/sha1.h"

/* ---- events ---- */

static bool own_is_png(xmpp_stanza_t *info)
{
    const char *type = stanza_get(info, "type");
    return stanza_is(info, "info", NS_AVATAR_METADATA) && stanza_get(info, "url") == NULL &&
           type != NULL && strcmp(type, XMPP_PICTURE_PNG) == 0;
}

/* The one that is in the node of data: PNG and without url (XEP-0084 §4.2). */
static void own_hear_metadata(struct inbound *in, xmpp_stanza_t *metadata)
{
    struct xmpp_own_picture p = {.sha1 = NULL};
    uint8_t sha1[SJ_SHA1_LEN];
    int64_t bytes = 0;
    xmpp_stanza_t *info = stanza_first(metadata);
    while (info != NULL && !own_is_png(info))
        info = stanza_next(info);
    if (info == NULL && stanza_first(metadata) != NULL)
        return;                          /* there is a picture, but none for us */
    if (info != NULL) {
        const char *id = stanza_get(info, "id");
        const char *size = stanza_get(info, "bytes");
        if (id == NULL || !sj_sha1_parse(sha1, id) || size == NULL ||
            !sj_parse_int(size, 1, SJ_AVATAR_MAX, &bytes))
            return;
        p = (struct xmpp_own_picture){.sha1 = sha1, .bytes = (size_t)bytes};
    }
    in->x->in->profile.own_picture(in->x->ctx, &in->from, &p);
}

static void own_hear_item(struct inbound *in, const char *node, xmpp_stanza_t *item)
{
    xmpp_stanza_t *nick = stanza_child(item, "nick", NS_NICK);
    xmpp_stanza_t *metadata = stanza_child(item, "metadata", NS_AVATAR_METADATA);
    if (strcmp(node, NS_NICK) == 0 && nick != NULL && strlen(stanza_text(nick)) <= SJ_NAME_MAX)
        in->x->in->profile.own_nick(in->x->ctx, &in->from, stanza_text(nick));
    else if (strcmp(node, NS_AVATAR_METADATA) == 0 && metadata != NULL)
        own_hear_metadata(in, metadata);
}

enum sj_status own_handle_event(struct inbound *in, struct sj_error *err)
{
    (void)err;
    xmpp_stanza_t *event = stanza_child(in->stanza, "event", NS_PUBSUB_EVENT);
    xmpp_stanza_t *items = event != NULL ? stanza_child(event, "items", NS_PUBSUB_EVENT) : NULL;
    const char *node = items != NULL ? stanza_get(items, "node") : NULL;
    xmpp_stanza_t *item = items != NULL ? stanza_child(items, "item", NS_PUBSUB_EVENT) : NULL;
    if (node != NULL && item != NULL && in->from.resource[0] == '\0' &&
        in->x->options->hosts[in->host].takes_profile)
        own_hear_item(in, node, item);
    return SJ_OK;
}

/* ---- fetching ---- */

/* Digests that were asked for, so that the answer can be told by them: token to struct own_ask. */
struct own_ask {
    uint8_t sha1[SJ_SHA1_LEN];
    bool by_card;
};

/* <data/> or <BINVAL/>, somewhere below the payload. NULL: there is none. */
static xmpp_stanza_t *own_find_data(xmpp_stanza_t *iq, bool by_card)
{
    if (by_card) {
        xmpp_stanza_t *card = stanza_child(iq, "vCard", NS_VCARD);
        xmpp_stanza_t *photo = card != NULL ? stanza_child(card, "PHOTO", NS_VCARD) : NULL;
        return photo != NULL ? stanza_child(photo, "BINVAL", NS_VCARD) : NULL;
    }
    xmpp_stanza_t *pubsub = stanza_child(iq, "pubsub", NS_PUBSUB);
    xmpp_stanza_t *items = pubsub != NULL ? stanza_child(pubsub, "items", NS_PUBSUB) : NULL;
    xmpp_stanza_t *item = items != NULL ? stanza_child(items, "item", NS_PUBSUB) : NULL;
    return item != NULL ? stanza_child(item, "data", NS_AVATAR_DATA) : NULL;
}

static void own_on_answer(struct xmpp *x, const struct query_reply *reply)
{
    struct own_ask *ask = sj_idmap_remove(&x->own_asks, reply->token);
    xmpp_stanza_t *data = reply->ok ? own_find_data(reply->iq, ask->by_card) : NULL;
    xmpp_ctx_t *ctx = x->output.ctx;
    uint8_t sha1[SJ_SHA1_LEN];
    size_t len = 0;
    unsigned char *bytes = data != NULL ? card_read_base64(ctx, stanza_text(data), &len) : NULL;
    if (bytes != NULL)
        sj_sha1(sha1, bytes, len);
    bool right = bytes != NULL && len <= SJ_AVATAR_MAX && memcmp(sha1, ask->sha1, sizeof sha1) == 0;
    x->in->profile.own_data(x->ctx, reply->host, reply->to, ask->sha1, right ? bytes : NULL,
                            right ? len : 0);
    if (bytes != NULL)
        xmpp_free(ctx, bytes);
    sj_free(ask);
}

bool xmpp_fetch_own_picture(struct xmpp *x, unsigned host, const char *user,
                            const struct xmpp_own_picture *p)
{
    xmpp_stanza_t *iq = room_stanza_new(x, host, "iq", "get", NULL, user, NULL);
    if (p->by_card) {
        stanza_add(iq, "vCard", NS_VCARD);
    } else {
        char hex[SJ_SHA1_HEX_SIZE];
        sj_sha1_hex(hex, p->sha1);
        xmpp_stanza_t *items = stanza_add(stanza_add(iq, "pubsub", NS_PUBSUB), "items", NULL);
        stanza_set(items, "node", NS_AVATAR_DATA);
        stanza_set(stanza_add(items, "item", NULL), "id", hex);
    }
    struct own_ask *ask = sj_calloc(1, sizeof *ask);
    uint64_t token = ++x->own_newest;
    memcpy(ask->sha1, p->sha1, sizeof ask->sha1);
    ask->by_card = p->by_card;
    sj_idmap_put(&x->own_asks, token, ask);
    if (query_send(x, host, iq, own_on_answer, token))
        return true;
    sj_idmap_remove(&x->own_asks, token);
    sj_free(ask);
    return false;
}

void own_release(struct xmpp *x)
{
    struct own_ask *ask;
    uint32_t at = 0;
    while ((ask = sj_idmap_next(&x->own_asks, &at)) != NULL)
        sj_free(ask);
    sj_idmap_release(&x->own_asks);
}
