/* SPDX-License-Identifier: MPL-2.0 */
/* What nobody could be told before the gateway stopped, for its next process to say. */
#ifndef SESSION_LATE_H
#define SESSION_LATE_H

#include <stdbool.h>

struct late;
struct network;
struct sessions;
struct sj_error;
struct xmpp_subscription_in;
struct xmpp_unanswered;

struct late *late_new(struct sessions *);
/* Reads what a former process left. */
void late_load(struct sessions *);
/* What is left goes to the store, for the next process. */
void late_free(struct sessions *);
/* Notes it. stranger: who is not registered, for whom there is less room. */
void late_add(struct sessions *, const struct xmpp_unanswered *, bool stranger);
/* What a user, or a stranger, asks for while the gateway stops. */
void late_subscription(struct sessions *, const struct xmpp_subscription_in *, bool stranger);
/* The network's stream is up: does what waits for it, but for subscriptions of who is about to be
 * logged in. */
void late_tell(struct network *);
/* Does those of this user: the network can hear of them, or the user asks for something else. */
void late_catch_up(struct network *, const char *user);
/* Whoever unregisters has none. */
void late_forget(struct network *, const char *user);
/* The store's. */
void late_settled(struct sessions *);

/* struct xmpp_in: what could not be answered. */
void late_unanswered(void *ctx, const struct xmpp_unanswered *, const struct sj_error *why);

#endif
