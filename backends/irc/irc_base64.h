/* SPDX-License-Identifier: MPL-2.0 */
/* Base64 (RFC 4648 §4) as AUTHENTICATE carries it. */
#ifndef IRC_BASE64_H
#define IRC_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* Base64 of n bytes; out has room for (n + 2) / 3 * 4. Returns the length; not terminated. */
size_t irc_base64(char *out, const unsigned char *s, size_t n);
/* The bytes behind n characters, *length of them; out has room for n / 4 * 3. False: that is no
 * base64. */
bool irc_base64_read(unsigned char *out, size_t *length, const char *s, size_t n);

#endif
