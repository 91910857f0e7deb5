/* SPDX-License-Identifier: MPL-2.0 */
/* What nobody could be told before the gateway stopped, for its next process to say. */
#ifndef SESSION_LATE_H
#define SESSION_LATE_H

#include <stdbool.h>

struct late;
struct network;
struct sessions;
struct sj_error;
struct xmpp_unanswered;

struct late *late_new(void);
/* Reads what a former process left. */
void late_load(struct sessions *);
/* What is left goes to the store, for the next process. */
void late_free(struct sessions *);
/* Notes it. stranger: who is not registered, for whom there is less room. */
void late_add(struct sessions *, const struct xmpp_unanswered *, bool stranger);
/* The network's stream is up: sends what waits for it. */
void late_tell(struct network *);

/* struct xmpp_in: what could not be answered. */
void late_unanswered(void *ctx, const struct xmpp_unanswered *, const struct sj_error *why);

#endif
