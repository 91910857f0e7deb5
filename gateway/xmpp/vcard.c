/* SPDX-License-Identifier: MPL-2.0 */
/* Business cards: the gateway's own, and a contact's name.
 *
 * Nobody may set one (G054-03). A contact that the asker may not see has none, in the same words as
 * an unknown one (G054-02). Pictures wait for networks that have them. Source: XEP-0054 §3. */
#include "handlers.h"
#include "router.h"
#include "sojourn/translate.h"

static void vcard_add_gateway(xmpp_stanza_t *card, const struct xmpp_host *host,
                              const char *lang)
{
    struct sj_strbuf url;
    sj_strbuf_init(&url, JID_MAX);
    sj_strbuf_addf(&url, "xmpp:%s", host->name);
    stanza_add_with_text(card, "FN", host->identity_name);
    stanza_add_with_text(card, "DESC",
                         sj_translate(lang, "A gateway to another network. Register with it to "
                                            "use your account there from here."));
    stanza_add_with_text(card, "URL", url.s);
    sj_strbuf_release(&url);
}

enum sj_status vcard_handle_get(struct inbound *in, struct sj_error *err)
{
    struct xmpp_peer peer = {.visible = false};
    if (in->peer != NULL) {
        in->x->in->peer(in->x->ctx, &in->from, in->peer, &peer);
        if (!peer.visible)
            return sj_fail(err, SJ_UNAVAILABLE, "%s", "");
    }
    xmpp_stanza_t *result = router_result(in);
    xmpp_stanza_t *card = stanza_add(result, "vCard", NS_VCARD);
    if (in->peer != NULL) {
        const char *name = peer.name != NULL ? peer.name : in->peer;
        stanza_add_with_text(card, "FN", name);
        stanza_add_with_text(card, "NICKNAME", name);
    } else {
        stanza_set(result, "xml:lang", sj_language(in->from.lang));
        vcard_add_gateway(card, &in->x->options->hosts[in->host], in->from.lang);
    }
    router_answer(in, result);
    return SJ_OK;
}

enum sj_status vcard_handle_set(struct inbound *in, struct sj_error *err)
{
    (void)in;
    return sj_fail(err, SJ_DENIED, "This business card cannot be changed.");
}
