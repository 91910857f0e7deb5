/* SPDX-License-Identifier: MPL-2.0 */
/* Answers requests whose card was fetched, in the form that was asked for, and keeps each within
 * what a stanza holds (G478-01). The forms are in vcard.c, vcard4.c and pep.c; who may ask and what
 * is fetched is the session room's business. */
#include "card.h"

#include <string.h>

#include "room.h"
#include "sojourn/contact.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"
#include "stanza.h"

static size_t card_reserve(const struct xmpp *x)
{
    size_t half = x->options->stanza_max / 2;
    return half < CARD_RESERVE ? half : CARD_RESERVE;
}

/* Base64 makes four bytes of three. */
size_t xmpp_picture_max(const struct xmpp *x)
{
    size_t max = (x->options->stanza_max - card_reserve(x)) / 4 * 3;
    return max < SJ_AVATAR_MAX ? max : SJ_AVATAR_MAX;
}

struct card_room card_room_of(const struct xmpp *x)
{
    return (struct card_room){.left = card_reserve(x) / 2};
}

/* Does the text still fit? Then it counts. */
static bool card_take(struct card_room *room, const char *text)
{
    size_t n = 0;
    for (const char *p = text; *p != '\0'; p++)
        n += strchr("<>&\"'", *p) != NULL ? 6 : 1;
    if (n > room->left)
        return false;
    room->left -= n;
    return true;
}

const char *card_value(struct card_room *room, const struct xmpp_card *card, unsigned key)
{
    const char *value = card->profile != NULL ? card->profile->value[key] : NULL;
    if (value == NULL || value[0] == '\0' || !card_take(room, value))
        return NULL;
    return value;
}

void card_note(struct sj_strbuf *out, struct card_room *room, const struct xmpp_card *card)
{
    const struct sj_profile *p = card->profile;
    const char *note = card_value(room, card, SJ_PROFILE_NOTE);
    sj_strbuf_init(out, CARD_RESERVE);
    if (note != NULL)
        sj_strbuf_adds(out, note);
    for (size_t i = 0; p != NULL && i < p->n_facts; i++) {
        const char *label = sj_translate(card->lang, p->facts[i].label);
        if (!card_take(room, label) || !card_take(room, p->facts[i].value))
            return;
        sj_strbuf_addf(out, "%s%s: %s", out->len > 0 ? "\n" : "", label, p->facts[i].value);
    }
}

void card_add_base64(xmpp_stanza_t *parent, const void *data, size_t len)
{
    xmpp_ctx_t *ctx = xmpp_stanza_get_context(parent);
    char *text = xmpp_base64_encode(ctx, data, len);
    stanza_add_text(parent, text);
    xmpp_free(ctx, text);
}

unsigned char *card_read_base64(xmpp_ctx_t *ctx, const char *text, size_t *len)
{
    struct sj_strbuf clean;
    unsigned char *data = NULL;
    sj_strbuf_init(&clean, (SJ_AVATAR_MAX + 2) / 3 * 4);
    for (const char *p = text; *p != '\0'; p++)
        if (strchr(" \t\r\n", *p) == NULL)
            sj_strbuf_addc(&clean, *p);
    if (sj_strbuf_ok(&clean) && clean.len > 0 && clean.len % 4 == 0)
        xmpp_base64_decode_bin(ctx, clean.s, clean.len, &data, len);
    sj_strbuf_release(&clean);
    return data;
}

static void card_add(struct xmpp *x, xmpp_stanza_t *result, enum request_card form,
                     const struct xmpp_card *card)
{
    if (form == REQUEST_VCARD)
        vcard_add_contact(x, result, card);
    else if (form == REQUEST_VCARD4)
        pep_add_vcard4(x, result, card);
    else if (form == REQUEST_AVATAR)
        pep_add_data(result, card);
}

void xmpp_answer_card(struct xmpp *x, xmpp_req req, const struct xmpp_card *card)
{
    unsigned host = 0;
    enum request_card form = REQUEST_NO_CARD;
    struct xmpp_card own = *card;
    xmpp_stanza_t *result = requests_result(&x->requests, req, &host, &form);
    if (result == NULL)
        return;
    own.lang = requests_find(&x->requests, req)->lang;
    card_add(x, result, form, &own);
    if (room_send_status(x, host, result) == SJ_UNACCEPTABLE) {
        struct sj_error err;
        sj_fail(&err, SJ_LIMIT, "The answer is too large.");
        xmpp_answer(x, req, &err);
        return;
    }
    requests_drop(&x->requests, req);
}
