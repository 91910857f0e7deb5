/* SPDX-License-Identifier: MPL-2.0 */
/* How far a network that tells things again (SJ_CAP_RESUME) was heard: what the user's server has
 * handled is kept, the rest comes again after a loss. */
#ifndef SESSION_POSITION_H
#define SESSION_POSITION_H

#include <stdbool.h>

struct network;
struct session;
struct sj_link;
struct sj_message;

#define POSITION_KNOWN_MAX 512u          /* ids; a network that repeats more says it twice */

/* A message to the user comes from the network. true: it is not to be shown, because it was told
 * already, or because it will be told again. */
bool position_passes_over(struct session *, const struct sj_message *);
/* host->position */
void position_told(struct session *, const char *position);
/* What was held has been sent. */
void position_go_on(struct session *);
/* The user's server has handled what it was asked about (barrier.c). */
void position_handled(struct session *);

/* Some of what came from the network was lost: it is asked for again when it can be shown. false:
 * this network, or what it told so far, does not come again. */
bool position_lose(struct session *);
/* The same for everybody of whom something is on its way, because the stream is lost. */
void positions_lost(struct network *);
/* Something was lost and is yet to be asked for. */
bool position_is_due(const struct session *);
/* Asks for it, if this is the time. */
void position_resume(struct session *);
/* The link is gone. */
void position_link_down(struct session *);
/* A new link, before it connects, goes on where an earlier one was. */
void position_resume_link(struct session *, struct sj_link *);
/* Other credentials, another account: what is known of the former one does not hold. */
void position_forget(struct session *);
void position_free(struct session *);

#endif
