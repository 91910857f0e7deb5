/* SPDX-License-Identifier: MPL-2.0 */
/* Requests to occupants, and the small ones to rooms.
 *
 * Whoever is not in the room gets one answer to everything (G045-11, G410-02). Occupants are people
 * of the network, so they are answered for here, never asked (G045-96); of the user's own place
 * only the ping that clients check it with is answered (G410-01), since the user's other clients
 * are reached under their own addresses. Nothing is kept here, so after a restart every check fails
 * and clients join again (G410-04). Source: XEP-0045 §6.6, XEP-0410 §3, XEP-0486 §3, XEP-0012
 * §4. */
#include <stdio.h>
#include <string.h>

#include "card.h"
#include "disco.h"
#include "handlers.h"
#include "muc.h"
#include "sojourn/contact.h"

enum sj_status muc_admit(struct inbound *in, struct sj_error *err)
{
    struct xmpp *x = in->x;
    const char *ns = xmpp_stanza_get_ns(in->payload);
    bool disco = ns != NULL && (strcmp(ns, NS_INFO) == 0 || strcmp(ns, NS_ITEMS) == 0);
    switch (x->in->muc.place(x->ctx, &in->from, in->peer, in->nick, &in->place)) {
    case XMPP_PLACE_OUTSIDE:
        if (disco)
            return sj_fail(err, SJ_INVALID, "You are not in this room.");
        return sj_fail(err, SJ_UNACCEPTABLE, "You are not in this room.");
    case XMPP_PLACE_EMPTY:
        return sj_fail(err, SJ_NOTFOUND, "Nobody here has this nickname.");
    case XMPP_PLACE_SELF:
        if (!stanza_is(in->payload, "ping", NS_PING))
            return sj_fail(err, SJ_UNAVAILABLE, "%s", "");
        return SJ_OK;
    case XMPP_PLACE_OTHER:
        return SJ_OK;
    }
    return sj_fail(err, SJ_UNAVAILABLE, "%s", "");
}

enum sj_status muc_handle_ping(struct inbound *in, struct sj_error *err)
{
    (void)err;
    router_answer(in, router_result(in));
    return SJ_OK;
}

enum sj_status muc_handle_occupant_info(struct inbound *in, struct sj_error *err)
{
    if (stanza_get(in->payload, "node") != NULL)
        return sj_fail(err, SJ_NOTFOUND, "%s", "");
    xmpp_stanza_t *result = router_result(in);
    xmpp_stanza_t *query = stanza_add(result, "query", NS_INFO);
    xmpp_stanza_t *identity = stanza_add(query, "identity", NULL);
    stanza_set(identity, "category", "account");
    stanza_set(identity, "type", "registered");
    static const char *const always[] = {NS_INFO, NS_ITEMS, NS_VCARD, NS_PING, NS_LAST};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        stanza_set(stanza_add(query, "feature", NULL), "var", always[i]);
    disco_add_abilities(query, in->place.features);
    router_answer(in, result);
    return SJ_OK;
}

enum sj_status muc_handle_last(struct inbound *in, struct sj_error *err)
{
    char number[24];
    if (in->place.idle_since == 0)
        return sj_fail(err, SJ_UNAVAILABLE, "%s", "");
    int64_t ago = (sj_loop_utc_ms(in->x->loop) - in->place.idle_since) / 1000;
    snprintf(number, sizeof number, "%lld", (long long)(ago > 0 ? ago : 0));
    xmpp_stanza_t *result = router_result(in);
    stanza_set(stanza_add(result, "query", NS_LAST), "seconds", number);
    router_answer(in, result);
    return SJ_OK;
}

enum sj_status muc_handle_card(struct inbound *in, struct sj_error *err)
{
    struct xmpp *x = in->x;
    const struct xmpp_card_ask ask = {
        .wants = XMPP_CARD_PICTURE | (in->nick != NULL ? XMPP_CARD_PROFILE : 0)};
    enum sj_status status = router_defer_card(in, REQUEST_VCARD, err);
    if (status != SJ_OK)
        return status;
    return x->in->muc.card(x->ctx, &in->from, in->peer, in->nick, &ask, in->request, err);
}

static enum sj_status muc_set_picture(struct inbound *in, const void *data, size_t len,
                                      struct sj_error *err)
{
    struct xmpp *x = in->x;
    if (len > xmpp_picture_max(x))
        return sj_fail(err, SJ_UNACCEPTABLE, "The picture is too large.");
    enum sj_status status = router_defer(in, false, err);
    if (status != SJ_OK)
        return status;
    return x->in->muc.picture(x->ctx, &in->from, in->peer, data, len, in->request, err);
}

/* A card without a picture takes it away (G486-02); all else in it is of no interest. */
enum sj_status muc_handle_card_set(struct inbound *in, struct sj_error *err)
{
    xmpp_ctx_t *ctx = in->x->output.ctx;
    xmpp_stanza_t *photo = stanza_child(in->payload, "PHOTO", NS_VCARD);
    xmpp_stanza_t *bytes = photo != NULL ? stanza_child(photo, "BINVAL", NS_VCARD) : NULL;
    size_t len = 0;
    if (photo == NULL)
        return muc_set_picture(in, NULL, 0, err);
    if (bytes == NULL)
        return sj_fail(err, SJ_UNACCEPTABLE, "Send the picture itself, not where it is.");
    unsigned char *data = card_read_base64(ctx, stanza_text(bytes), &len);
    if (data == NULL || len == 0) {
        if (data != NULL)
            xmpp_free(ctx, data);
        return sj_fail(err, SJ_INVALID, "This is no picture.");
    }
    enum sj_status status = muc_set_picture(in, data, len, err);
    xmpp_free(ctx, data);
    return status;
}
