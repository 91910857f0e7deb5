/* SPDX-License-Identifier: MPL-2.0 */
/* A contact's card as XML of vCard 4 (RFC 6351), the payload of a node (XEP-0292 §4).
 *
 * Each property holds its value in an element that names the value's type. The picture is not in
 * it: that is what the node of pictures is for. */
#include "card.h"
#include "sojourn/contact.h"
#include "sojourn/strbuf.h"
#include "stanza.h"

#define VCARD4_URI_MAX 2048u

static void vcard4_add(xmpp_stanza_t *card, const char *property, const char *type,
                       const char *value)
{
    if (value != NULL)
        stanza_add_with_text(stanza_add(card, property, NULL), type, value);
}

static void vcard4_add_phone(xmpp_stanza_t *card, const char *number)
{
    if (number == NULL)
        return;
    struct sj_strbuf uri;
    sj_strbuf_init(&uri, VCARD4_URI_MAX);
    sj_strbuf_adds(&uri, "tel:");
    for (const char *p = number; *p != '\0'; p++)
        if (*p != ' ')
            sj_strbuf_addc(&uri, *p);
    vcard4_add(card, "tel", "uri", uri.s);
    sj_strbuf_release(&uri);
}

/* All parts must be there (RFC 6351 §5, RFC 6350 §6.3.1). */
static void vcard4_add_address(xmpp_stanza_t *card, const char *locality, const char *country)
{
    if (locality == NULL && country == NULL)
        return;
    xmpp_stanza_t *adr = stanza_add(card, "adr", NULL);
    stanza_add(adr, "pobox", NULL);
    stanza_add(adr, "ext", NULL);
    stanza_add(adr, "street", NULL);
    stanza_add_with_text(adr, "locality", locality);
    stanza_add(adr, "region", NULL);
    stanza_add(adr, "code", NULL);
    stanza_add_with_text(adr, "country", country);
}

void vcard4_add_contact(struct xmpp *x, xmpp_stanza_t *parent, const struct xmpp_card *card)
{
    struct card_room room = card_room_of(x);
    xmpp_stanza_t *vcard = stanza_add(parent, "vcard", NS_VCARD4);
    const char *full = card_value(&room, card, SJ_PROFILE_FULL_NAME);
    const char *nick = card_value(&room, card, SJ_PROFILE_NICK);
    vcard4_add(vcard, "fn", "text", full != NULL ? full : card->name);
    vcard4_add(vcard, "nickname", "text", nick != NULL ? nick : card->name);
    vcard4_add(vcard, "bday", "date", card_value(&room, card, SJ_PROFILE_BIRTHDAY));
    vcard4_add_phone(vcard, card_value(&room, card, SJ_PROFILE_PHONE));
    vcard4_add(vcard, "email", "text", card_value(&room, card, SJ_PROFILE_EMAIL));
    vcard4_add(vcard, "title", "text", card_value(&room, card, SJ_PROFILE_TITLE));
    vcard4_add(vcard, "org", "text", card_value(&room, card, SJ_PROFILE_ORGANISATION));
    struct sj_strbuf note;
    card_note(&note, &room, card);
    vcard4_add(vcard, "note", "text", note.s[0] != '\0' ? note.s : NULL);
    sj_strbuf_release(&note);
    vcard4_add(vcard, "url", "uri", card_value(&room, card, SJ_PROFILE_URL));
    const char *locality = card_value(&room, card, SJ_PROFILE_LOCALITY);
    vcard4_add_address(vcard, locality, card_value(&room, card, SJ_PROFILE_COUNTRY));
}
