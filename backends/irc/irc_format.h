/* SPDX-License-Identifier: MPL-2.0 */
/* Formatting codes of IRC to spans and back. */
#ifndef IRC_FORMAT_H
#define IRC_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "sojourn/message.h"

struct irc_charset;
struct sj_strbuf;

/* Appends the n bytes of s to out as irc_text_clean does; bold, italics, strikethrough and
 * monospace become spans (offsets of out->s), in the order that struct sj_span asks for. Returns
 * how many; what would be more than max has no span. */
size_t irc_format_read(struct sj_strbuf *out, const struct irc_charset *cs, const char *s, size_t n,
                       struct sj_span *spans, size_t max);

/* Appends body with codes for its spans; each line opens and closes its own, quotations begin with
 * "> ". */
void irc_format_write(struct sj_strbuf *out, const char *body, const struct sj_span *spans,
                      size_t n);

/* Codes that are still open at the end of a part, as bits; open: before it. */
#define IRC_FORMAT_OPEN_MAX 4u
unsigned irc_format_open(unsigned open, const char *part, size_t n);
/* Those codes as text, at most IRC_FORMAT_OPEN_MAX bytes; returns how many. */
size_t irc_format_codes(unsigned open, char out[IRC_FORMAT_OPEN_MAX]);

#endif
