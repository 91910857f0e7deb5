/* SPDX-License-Identifier: MPL-2.0 */
/* Business cards: the gateway's own, and those of contacts with their picture.
 *
 * Nobody may set one (G054-03). A contact that the asker may not see has none, in the same words as
 * an unknown one (G054-02). Where the network has profiles the session room fetches what is not at
 * hand and the answer comes later; elsewhere the name is all. Source: XEP-0054 §3, XEP-0153 §3. */
#include "card.h"
#include "handlers.h"
#include "router.h"
#include "sojourn/contact.h"
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

/* Values that are the text of one element (G054-04), in the order of the DTD. */
static const struct {
    unsigned key;
    const char *name, *inside;           /* inside NULL: the text stands in name itself */
} vcard_values[] = {
    {SJ_PROFILE_BIRTHDAY, "BDAY", NULL},
    {SJ_PROFILE_PHONE, "TEL", "NUMBER"},
    {SJ_PROFILE_EMAIL, "EMAIL", "USERID"},
    {SJ_PROFILE_TITLE, "TITLE", NULL},
    {SJ_PROFILE_ORGANISATION, "ORG", "ORGNAME"},
    {SJ_PROFILE_NOTE, "DESC", NULL},
    {SJ_PROFILE_URL, "URL", NULL},
};

static void vcard_add_address(xmpp_stanza_t *vcard, const char *locality, const char *country)
{
    if (locality == NULL && country == NULL)
        return;
    xmpp_stanza_t *adr = stanza_add(vcard, "ADR", NULL);
    if (locality != NULL)
        stanza_add_with_text(adr, "LOCALITY", locality);
    if (country != NULL)
        stanza_add_with_text(adr, "CTRY", country);
}

static void vcard_add_values(xmpp_stanza_t *vcard, struct card_room *room,
                             const struct xmpp_card *card)
{
    struct sj_strbuf note;
    card_note(&note, room, card);
    for (size_t i = 0; i < sizeof vcard_values / sizeof *vcard_values; i++) {
        const char *value = vcard_values[i].key == SJ_PROFILE_NOTE
                                ? note.s : card_value(room, card, vcard_values[i].key);
        if (value == NULL || value[0] == '\0')
            continue;
        if (vcard_values[i].inside == NULL)
            stanza_add_with_text(vcard, vcard_values[i].name, value);
        else
            stanza_add_with_text(stanza_add(vcard, vcard_values[i].name, NULL),
                                 vcard_values[i].inside, value);
    }
    sj_strbuf_release(&note);
    vcard_add_address(vcard, card_value(room, card, SJ_PROFILE_LOCALITY),
                      card_value(room, card, SJ_PROFILE_COUNTRY));
}

void vcard_add_contact(struct xmpp *x, xmpp_stanza_t *parent, const struct xmpp_card *card)
{
    struct card_room room = card_room_of(x);
    xmpp_stanza_t *vcard = stanza_add(parent, "vCard", NS_VCARD);
    const char *full = card_value(&room, card, SJ_PROFILE_FULL_NAME);
    const char *nick = card_value(&room, card, SJ_PROFILE_NICK);
    stanza_add_with_text(vcard, "FN", full != NULL ? full : card->name);
    stanza_add_with_text(vcard, "NICKNAME", nick != NULL ? nick : card->name);
    if (card->data != NULL) {
        xmpp_stanza_t *photo = stanza_add(vcard, "PHOTO", NULL);
        stanza_add_with_text(photo, "TYPE", card->type);
        card_add_base64(stanza_add(photo, "BINVAL", NULL), card->data, card->len);
    }
    vcard_add_values(vcard, &room, card);
}

static enum sj_status vcard_get_contact(struct inbound *in, struct sj_error *err)
{
    struct xmpp *x = in->x;
    struct xmpp_person person;
    if (!x->in->profile.person(x->ctx, &in->from, in->peer, &person))
        return sj_fail(err, SJ_UNAVAILABLE, "%s", "");
    if (!x->options->hosts[in->host].has_profiles) {
        xmpp_stanza_t *result = router_result(in);
        vcard_add_contact(x, result, &(struct xmpp_card){.name = person.name});
        router_answer(in, result);
        return SJ_OK;
    }
    const struct xmpp_card_ask ask = {.wants = XMPP_CARD_PROFILE | XMPP_CARD_PICTURE};
    enum sj_status status = router_defer_card(in, REQUEST_VCARD, err);
    if (status != SJ_OK)
        return status;
    return x->in->profile.card(x->ctx, &in->from, in->peer, &ask, in->request, err);
}

enum sj_status vcard_handle_get(struct inbound *in, struct sj_error *err)
{
    if (in->peer != NULL)
        return vcard_get_contact(in, err);
    xmpp_stanza_t *result = router_result(in);
    stanza_set(result, "xml:lang", sj_language(in->from.lang));
    vcard_add_gateway(stanza_add(result, "vCard", NS_VCARD), &in->x->options->hosts[in->host],
                      in->from.lang);
    router_answer(in, result);
    return SJ_OK;
}

enum sj_status vcard_handle_set(struct inbound *in, struct sj_error *err)
{
    (void)in;
    return sj_fail(err, SJ_DENIED, "This business card cannot be changed.");
}
