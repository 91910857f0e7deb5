/* SPDX-License-Identifier: MPL-2.0 */
/* What irc_sasl.c is made of, for its test. */
#ifndef IRC_SASL_H
#define IRC_SASL_H

#include <stddef.h>

/* Bytes of one AUTHENTICATE (IRCv3 SASL 3.1). */
#define IRC_SASL_PIECE 400u

/* Base64 of n bytes; out has room for (n + 2) / 3 * 4. Returns the length; not terminated. */
size_t irc_base64(char *out, const unsigned char *s, size_t n);

#endif
