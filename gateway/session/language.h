/* SPDX-License-Identifier: MPL-2.0 */
/* What the gateway says to one user, in the user's language. */
#ifndef SESSION_LANGUAGE_H
#define SESSION_LANGUAGE_H

#include <stdbool.h>

#include "sojourn/error.h"
#include "xmpp.h"

struct session;

/* The language of what came in is the user's from now on. */
void session_heard(struct session *, const struct xmpp_from *);
/* A line to the user from the gateway itself, translated if it is a text of ours. */
bool session_say(struct session *, const char *text);
/* The same for a text that was put together in the user's language. */
bool session_say_translated(struct session *, const char *text);
/* err in the user's language. */
struct sj_error session_words(const struct session *, const struct sj_error *err);
/* The user may not see the contact any more, and why (or NULL). */
void session_unsubscribed(struct session *, const char *peer, const struct sj_error *why);

#endif
