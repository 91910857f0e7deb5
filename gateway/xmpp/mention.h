/* SPDX-License-Identifier: MPL-2.0 */
/* References to people in messages (XEP-0372). */
#ifndef XMPP_MENTION_IN_OUT_H
#define XMPP_MENTION_IN_OUT_H

#include <strophe.h>

#include "router.h"
#include "xmpp_mention.h"

#define NS_REFERENCE "urn:xmpp:reference:0"

/* Appends those of the message in->stanza with this body. */
void mentions_read(const struct inbound *in, const char *body, struct sj_strbuf *out);
/* The text lost this many bytes at its begin. */
void mentions_shift(struct sj_strbuf *mentions, size_t skipped);
/* Adds those of m to st; `before`: code points of the text that stand before m->body. */
void mentions_add(struct xmpp *x, unsigned host, xmpp_stanza_t *st,
                  const struct xmpp_message_out *m, size_t before);

#endif
