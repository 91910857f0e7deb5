/* SPDX-License-Identifier: MPL-2.0 */
/* A contact's card in its three forms. */
#ifndef XMPP_CARD_H
#define XMPP_CARD_H

#include <strophe.h>

#include "sojourn/strbuf.h"
#include "xmpp.h"

/* A picture leaves this much of a stanza to everything else, or half of it where stanzas are
 * small; what is said in words takes at most half of that, as bytes on the wire. */
#define CARD_RESERVE 16384u

/* Bytes of words that a card may still take. */
struct card_room {
    size_t left;
};
struct card_room card_room_of(const struct xmpp *x);
/* The value of a profile (enum sj_profile_key) when it is known and fits; else NULL. */
const char *card_value(struct card_room *room, const struct xmpp_card *card, unsigned key);
/* What is said in words beyond the keys: the note, and the facts in the asker's language, a line
 * each, as far as they fit; to be released. */
void card_note(struct sj_strbuf *out, struct card_room *room, const struct xmpp_card *card);
/* The bytes as Base64, as the text of parent. */
void card_add_base64(xmpp_stanza_t *parent, const void *data, size_t len);
/* Reads at most SJ_AVATAR_MAX bytes, with the line breaks that many put into it; xmpp_free frees
 * them. NULL: it is none, or too much. */
unsigned char *card_read_base64(xmpp_ctx_t *ctx, const char *text, size_t *len);

/* vcard.c: <vCard/> (XEP-0054) */
void vcard_add_contact(struct xmpp *x, xmpp_stanza_t *parent, const struct xmpp_card *card);
/* vcard4.c: <vcard/> (XEP-0292) */
void vcard4_add_contact(struct xmpp *x, xmpp_stanza_t *parent, const struct xmpp_card *card);
/* pep.c: the answer to an items get of the node with that card */
void pep_add_vcard4(struct xmpp *x, xmpp_stanza_t *result, const struct xmpp_card *card);
void pep_add_data(xmpp_stanza_t *result, const struct xmpp_card *card);

#endif
