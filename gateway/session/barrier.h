/* SPDX-License-Identifier: MPL-2.0 */
/* Have users' servers handled what was sent to them? Asked once for all who wait. */
#ifndef SESSION_BARRIER_H
#define SESSION_BARRIER_H

#include <stdbool.h>
#include <stdint.h>

#include "sojourn/map.h"

#define BARRIER_RETRY_MS 5000          /* after no answer, which itself takes its time */

struct barrier;
struct network;
struct session;
struct sessions;

/* A place among those who wait for a server's answer. */
struct barrier_wait {
    struct sj_list link;
    struct barrier *barrier;     /* NULL: it does not wait */
    struct session *session;
};
void barrier_wait_init(struct barrier_wait *, struct session *);
/* position_handled(session) follows once the server of the session's user has handled all that was
 * sent on this stream before this call; not at all if the stream is lost first. */
void barrier_join(struct barrier_wait *);
void barrier_leave(struct barrier_wait *);

/* xmpp_in */
void barrier_answered(void *ctx, unsigned host, uint64_t token, bool ok);
/* The stream is lost: nobody waits any more. */
void barriers_lost(struct network *);
void barriers_release(struct sessions *);

#endif
