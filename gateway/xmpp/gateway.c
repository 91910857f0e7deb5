/* SPDX-License-Identifier: MPL-2.0 */
/* jabber:iq:gateway: a user types an address of the network, we say which JID that is.
 *
 * The session room knows what an address of the network looks like; this file makes the JID, the
 * same as in every stanza from that contact (G100-56). Source: XEP-0100 §6. */
#include <string.h>

#include "handlers.h"
#include "router.h"
#include "sojourn/translate.h"

#define GATEWAY_TYPED_MAX 1023u

enum sj_status gateway_handle_get(struct inbound *in, struct sj_error *err)
{
    (void)err;
    const struct xmpp_host *host = &in->x->options->hosts[in->host];
    xmpp_stanza_t *result = router_result(in);
    const char *lang = sj_language(in->from.lang);
    stanza_set(result, "xml:lang", lang != NULL ? lang : "en");
    xmpp_stanza_t *query = stanza_add(result, "query", NS_GATEWAY);
    if (host->prompt_text != NULL)
        stanza_add_with_text(query, "desc", sj_translate(lang, host->prompt_text));
    stanza_add_with_text(query, "prompt", sj_translate(lang, host->prompt_name));
    router_answer(in, result);
    return SJ_OK;
}

static enum sj_status gateway_find(struct inbound *in, const char *typed, struct sj_strbuf *jid,
                                   struct sj_error *err)
{
    struct sj_strbuf id;
    sj_strbuf_init(&id, JID_PART_MAX);
    enum sj_status status = in->x->in->prompt(in->x->ctx, &in->from, typed, &id, err);
    if (status == SJ_OK && !xmpp_peer_jid(in->x, in->host, id.s, jid))
        status = sj_fail(err, SJ_UNACCEPTABLE, "This cannot be an address here.");
    sj_strbuf_release(&id);
    return status;
}

enum sj_status gateway_handle_set(struct inbound *in, struct sj_error *err)
{
    xmpp_stanza_t *prompt = stanza_child(in->payload, "prompt", NS_GATEWAY);
    if (prompt == NULL)
        return sj_fail(err, SJ_INVALID, "No prompt was given.");
    const char *typed = stanza_text(prompt);
    if (typed[0] == '\0' || strlen(typed) > GATEWAY_TYPED_MAX)
        return sj_fail(err, SJ_UNACCEPTABLE, "The address is empty or too long.");
    struct sj_strbuf jid;
    sj_strbuf_init(&jid, JID_MAX);
    enum sj_status status = gateway_find(in, typed, &jid, err);
    if (status == SJ_OK) {
        xmpp_stanza_t *result = router_result(in);
        stanza_add_with_text(stanza_add(result, "query", NS_GATEWAY), "jid", jid.s);
        router_answer(in, result);
    }
    sj_strbuf_release(&jid);
    return status;
}
