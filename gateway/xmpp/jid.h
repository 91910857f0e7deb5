/* SPDX-License-Identifier: MPL-2.0 */
/* Addresses (RFC 7622): split, check, prepare. */
#ifndef XMPP_JID_H
#define XMPP_JID_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>

#define JID_PART_MAX 1023u     /* bytes of each part */
#define JID_MAX 3071u          /* bytes of the whole */

/* A prepared JID. Big: lives on the stack, is not cleared. */
struct jid {
    char full[JID_MAX + 1];
    char bare[2 * JID_PART_MAX + 2];
    char local[JID_PART_MAX + 1];    /* "" when there is none */
    const char *domain;              /* inside bare */
    const char *resource;            /* inside full; "" when there is none */
};

/* Splits text, checks the parts and lower-cases local and domain part. fold: a UTF-8 locale for
 * letters beyond ASCII, or (locale_t)0: those are left as they are. false: malformed. */
bool jid_parse(struct jid *out, const char *text, locale_t fold);

/* The locale for jid_parse, (locale_t)0 when the system has none. */
locale_t jid_fold_new(void);
void jid_fold_free(locale_t fold);

#endif
