/* SPDX-License-Identifier: MPL-2.0 */
/* Bans that were set in a channel while we were there: is somebody who is kicked banned, too? */
#ifndef IRC_BANS_H
#define IRC_BANS_H

#include <stdbool.h>

#include "irc_case.h"

struct irc_chan;
struct irc_link;
struct irc_member;

/* Mode b with this mask was set or taken back. The last eight are remembered. */
void irc_bans_change(const struct irc_link *l, struct irc_chan *c, const char *mask, bool sets);
bool irc_bans_has(const struct irc_link *l, const struct irc_chan *c, const struct irc_member *m);
void irc_bans_release(struct irc_chan *c);
/* Does a mask, with * and ?, match the whole text? */
bool irc_bans_match(enum irc_casemap map, const char *mask, const char *text);

#endif
