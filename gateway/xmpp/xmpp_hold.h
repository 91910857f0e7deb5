/* SPDX-License-Identifier: MPL-2.0 */
/* The contract of the XMPP room, continued: what a user is told waits until it is true. */
#ifndef SOJOURN_XMPP_HOLD_H
#define SOJOURN_XMPP_HOLD_H

#include <stdbool.h>
#include <stdint.h>

struct xmpp;

/* From here on all that host's stream says to this user (bare JID), in any resource, waits, and
 * counts as sent. Ends with xmpp_let_go; several of one user end in the order they began. Returns
 * its number, never 0. */
uint64_t xmpp_hold(struct xmpp *, unsigned host, const char *user);
/* What was said in it leaves, behind what was held before it. With `dropped` it is forgotten. A
 * number that is none is ignored. */
void xmpp_let_go(struct xmpp *, uint64_t hold, bool dropped);
/* Does anything said to this user now wait? */
bool xmpp_is_held(const struct xmpp *, unsigned host, const char *user);
/* While it is on, what is said passes by what waits. */
void xmpp_pass_holds(struct xmpp *, bool on);

/* More than XMPP_HELD_MAX bytes wait: crowded is called, once until there are fewer, from inside
 * the call that said something; it must not call this room. Whoever holds lets go soon. */
#define XMPP_HELD_MAX ((size_t)1024 * 1024)
void xmpp_on_crowded(struct xmpp *, void (*crowded)(void *ctx));

#endif
