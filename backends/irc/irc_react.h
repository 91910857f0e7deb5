/* SPDX-License-Identifier: MPL-2.0 */
/* Reactions: on IRC each is said and taken back by itself, for the host they are sets. */
#ifndef IRC_REACT_H
#define IRC_REACT_H

#include <stdbool.h>
#include <stddef.h>

#include "sojourn/message.h"

struct irc_link;

/* Sets of one link that are remembered, each of one person to one message. */
#define IRC_REACTED_MAX 64u

/* Is it one emoji, as the host takes them? (UTS 51, as far as its form tells) */
bool irc_react_is_emoji(const char *s);
/* Says or takes back one reaction. Fills mark with the set as it is now; what it points to lives
 * until the next call. mark: peer, nick, own, target. False: nothing changed. */
bool irc_react_apply(struct irc_link *l, struct sj_mark *mark, const char *emoji, bool take_back);
/* The user's set is this now (from here). */
void irc_react_replace(struct irc_link *l, const struct sj_mark *mark);
void irc_react_release(struct irc_link *l);

#endif
