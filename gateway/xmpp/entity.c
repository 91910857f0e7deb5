/* SPDX-License-Identifier: MPL-2.0 */
/* Small questions about an entity: ping, version, time, last activity.
 *
 * To the gateway all are answered; of a contact only what its presence tells already, and for a
 * contact that the asker may not see nothing but an error, the same as for none (G199-01, G012-02,
 * G092-01).
 * Source: XEP-0199 §4, XEP-0092 §2, XEP-0202 §2, XEP-0012 §3 to §5. */
#include <stdio.h>

#include "handlers.h"
#include "router.h"

enum sj_status entity_handle_ping(struct inbound *in, struct sj_error *err)
{
    if (in->peer != NULL) {
        struct xmpp_peer peer = {.visible = false};
        in->x->in->peer(in->x->ctx, &in->from, in->peer, &peer);
        if (!peer.visible)
            return sj_fail(err, SJ_UNAVAILABLE, "%s", "");
    }
    router_answer(in, router_result(in));
    return SJ_OK;
}

enum sj_status entity_handle_version(struct inbound *in, struct sj_error *err)
{
    (void)err;
    xmpp_stanza_t *result = router_result(in);
    xmpp_stanza_t *query = stanza_add(result, "query", NS_VERSION);
    stanza_add_with_text(query, "name", "Sojourn");
    stanza_add_with_text(query, "version", in->x->options->version);
    router_answer(in, result);
    return SJ_OK;
}

enum sj_status entity_handle_time(struct inbound *in, struct sj_error *err)
{
    (void)err;
    char now[STANZA_TIME_SIZE];
    stanza_format_time(now, sj_loop_utc_ms(in->x->loop) / 1000 * 1000);
    xmpp_stanza_t *result = router_result(in);
    xmpp_stanza_t *time = stanza_add(result, "time", NS_TIME);
    stanza_add_with_text(time, "tzo", "+00:00");
    stanza_add_with_text(time, "utc", now);
    router_answer(in, result);
    return SJ_OK;
}

/* Seconds of idleness and the last status text. Who may not see the contact is told so in the same
 * words whether there is such a contact or not (XEP-0012 §4). */
static enum sj_status entity_last(struct inbound *in, int64_t *seconds, const char **text,
                                  struct sj_error *err)
{
    *text = NULL;
    *seconds = 0;
    if (in->peer == NULL) {
        *seconds = (sj_loop_now_ms(in->x->loop) - in->x->started_ms) / 1000;
        return SJ_OK;
    }
    struct xmpp_peer peer = {.visible = false};
    in->x->in->peer(in->x->ctx, &in->from, in->peer, &peer);
    if (!peer.visible)
        return sj_fail(err, SJ_DENIED, "%s", "");
    if (peer.show != XMPP_OFFLINE)
        return SJ_OK;
    if (peer.seen_at == 0)
        return sj_fail(err, SJ_UNAVAILABLE, "%s", "");
    int64_t ago = (sj_loop_utc_ms(in->x->loop) - peer.seen_at) / 1000;
    *seconds = ago > 0 ? ago : 0;
    *text = peer.status;
    return SJ_OK;
}

enum sj_status entity_handle_last(struct inbound *in, struct sj_error *err)
{
    int64_t seconds;
    const char *text;
    enum sj_status status = entity_last(in, &seconds, &text, err);
    if (status != SJ_OK)
        return status;
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)seconds);
    xmpp_stanza_t *result = router_result(in);
    xmpp_stanza_t *query = stanza_add(result, "query", NS_LAST);
    stanza_set(query, "seconds", number);
    if (text != NULL)
        stanza_add_text(query, text);
    router_answer(in, result);
    return SJ_OK;
}
