/* SPDX-License-Identifier: MPL-2.0 */
/* Text as it comes over IRC to clean UTF-8: encodings and formatting codes. */
#ifndef IRC_CHARSET_H
#define IRC_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

struct sj_strbuf;
struct irc_charset;

/* Names for the configuration, divided by '|'; the first is the default. */
#define IRC_CHARSET_CHOICES                                                                    \
    "windows-1252|iso-8859-1|iso-8859-15|iso-8859-2|windows-1251|koi8-r|none"
/* Charset by name; NULL for "none" and for names that are not in the list. */
const struct irc_charset *irc_charset_find(const char *name);

/* True when the n bytes of s need no cleaning: valid UTF-8 without control characters. */
bool irc_text_is_clean(const char *s, size_t n);
/* Appends the n bytes of s to out as clean text: what is no UTF-8 is taken as cs (NULL: becomes
 * U+FFFD), formatting codes (bold, colours, ...) and other controls but tab vanish. */
void irc_text_clean(struct sj_strbuf *out, const struct irc_charset *cs, const char *s, size_t n);

#endif
