/* SPDX-License-Identifier: MPL-2.0 */
/* The HTML of formatted messages, both ways. Pure functions. */
#ifndef MX_HTML_H
#define MX_HTML_H

#include <stddef.h>

#include "sojourn/message.h"

struct sj_strbuf;

#define MX_HTML_MAX (2u * SJ_BODY_MAX)   /* bytes that are looked at */
#define MX_HTML_DEPTH 32u                /* elements inside of each other; deeper ones are plain */

/* Appends the text of html to text, which is empty, and fills spans, at most max, in the order that
 * struct sj_span asks for; returns how many. What follows beyond text's own maximum is left out;
 * whatever else html holds, there is some text. Linear in the length. */
size_t mx_html_read(const char *html, struct sj_strbuf *text, struct sj_span *spans, size_t max);

/* Appends body with tags for its spans, everything else escaped. */
void mx_html_write(const char *body, const struct sj_span *spans, size_t n, struct sj_strbuf *out);

#endif
