/* SPDX-License-Identifier: MPL-2.0 */
/* The payloads of a message, found in one walk over its children. */
#ifndef XMPP_MESSAGE_PARTS_H
#define XMPP_MESSAGE_PARTS_H

#include <strophe.h>

#include "xmpp_message.h"

#define NS_ATTENTION "urn:xmpp:attention:0"
#define NS_CHATSTATES "http://jabber.org/protocol/chatstates"
#define NS_CORRECT "urn:xmpp:message-correct:0"
#define NS_HINTS "urn:xmpp:hints"
#define NS_MARKERS "urn:xmpp:chat-markers:0"
#define NS_MODERATE "urn:xmpp:message-moderate:1"
#define NS_REACTIONS "urn:xmpp:reactions:0"
#define NS_RECEIPTS "urn:xmpp:receipts"
#define NS_REPLY "urn:xmpp:reply:0"
#define NS_RETRACT "urn:xmpp:message-retract:1"
#define NS_STYLING "urn:xmpp:styling:0"

/* Payloads that are understood; the first of each counts. */
enum message_part {
    PART_STATE,
    PART_REQUEST,
    PART_RECEIVED,
    PART_MARKABLE,
    PART_DISPLAYED,
    PART_REPLACE,
    PART_RETRACT,
    PART_REACTIONS,
    PART_REPLY,
    PART_ORIGIN,
    PART_ATTENTION,
    PART_UNSTYLED,
    PART_INVITATION,
    PART_REFERENCE,
    PART_COUNT
};
struct message_parts {
    xmpp_stanza_t *part[PART_COUNT];     /* NULL: not there */
    enum xmpp_chat_state state;
    const char *thread;                  /* RFC 6121 §5.2.5, an id that can be one; or NULL */
};
void message_parts_read(struct message_parts *out, xmpp_stanza_t *st);
/* The id attribute of a part that names a message; NULL: no part, or no such id. */
const char *message_part_id(const struct message_parts *p, enum message_part part);

/* The piece of body that is only there for clients without the extension ns (XEP-0428): bytes from
 * *start to *end. False: there is none, or it makes no sense (G461-06). */
bool message_fallback(xmpp_stanza_t *st, const char *ns, const char *body, size_t *start,
                      size_t *end);

#endif
