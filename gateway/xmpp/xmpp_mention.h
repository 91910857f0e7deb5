/* SPDX-License-Identifier: MPL-2.0 */
/* Whom a text mentions (XEP-0372), as one text, so that it is copied, kept and archived like one: a
 * line for each, "start end kind name". Pure functions; part of the XMPP room's contract. */
#ifndef XMPP_MENTION_H
#define XMPP_MENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sj_strbuf;

#define XMPP_MENTIONS_MAX 32u
#define XMPP_MENTIONS_BYTES_MAX (XMPP_MENTIONS_MAX * 1100u)

enum xmpp_mention_kind {
    XMPP_MENTION_USER = 'u',             /* who reads it; the name is empty */
    XMPP_MENTION_CONTACT = 'c',          /* a contact's id */
    XMPP_MENTION_OCCUPANT = 'n'          /* of the room that the text is of: the nick, as shown */
};
struct xmpp_mention {
    uint32_t start, end;                 /* bytes of the text; both 0: it has no place there */
    enum xmpp_mention_kind kind;
    const char *name;                    /* not terminated */
    size_t n_name;
};

/* Appends one; names with line ends are nobody's, and left out. */
void xmpp_mention_put(struct sj_strbuf *out, const struct xmpp_mention *);
/* The next one of *at, which moves on. False: there is none, or what is there makes no sense. */
bool xmpp_mention_next(const char **at, struct xmpp_mention *out);

#endif
