/* SPDX-License-Identifier: MPL-2.0 */
/* Message Styling (XEP-0393) to and from spans. Pure functions; part of the XMPP room's contract,
 * so that a message is converted when it is sent, and held as it came. */
#ifndef XMPP_STYLING_H
#define XMPP_STYLING_H

#include <stdbool.h>
#include <stddef.h>

#include "sojourn/message.h"

struct sj_strbuf;

/* How deep quotations are followed; the marks of deeper ones stay text. */
#define XMPP_STYLING_QUOTES_MAX 8u

/* Reads body as styled text: appends it to plain without directives, marks of quotations and
 * fences, and fills spans (offsets of plain from where it was) in the order that struct sj_span
 * asks for. Returns how many; what would be more than max stays text. Linear in the length. */
size_t xmpp_styling_read(const char *body, struct sj_strbuf *plain, struct sj_span *spans,
                         size_t max);

/* Would a client show this text differently, although nobody styled it (G393-03)? */
bool xmpp_styling_is_accidental(const char *body);

/* Appends body with directives for its spans. What XEP-0393 cannot express at its place (inside a
 * word, across lines, around spaces) is moved inwards, divided by lines, or left out. */
void xmpp_styling_write(const char *body, const struct sj_span *spans, size_t n,
                        struct sj_strbuf *out);

#endif
