/* SPDX-License-Identifier: MPL-2.0 */
/* Back-pressure from the XMPP server, and the disk, to the networks. */
#ifndef SOJOURN_PRESSURE_H
#define SOJOURN_PRESSURE_H

#include <stdbool.h>

#include "sojourn/error.h"
#include "sojourn/loop.h"

struct network;
struct sessions;

/* A server, or a disk, that has taken nothing for so long is waited for no longer. */
#define PRESSURE_MAX_MS 20000

enum pressure_state {
    PRESSURE_NONE,
    PRESSURE_PAUSED,             /* the network waits */
    PRESSURE_STUCK               /* it waited in vain, and says on what it has */
};

/* Owner: struct network. */
struct pressure {
    enum pressure_state state;
    struct sj_timer timer;       /* PAUSED: until STUCK */
};

void pressure_init(struct network *);
void pressure_release(struct network *);
/* The network tells something: do server and disk follow? */
void pressure_look(struct network *);
/* The server has taken what waited, or the stream is lost: struct xmpp calls it. */
void pressure_relieved(void *sessions, unsigned host);
/* The same for the store, of all networks. */
void pressure_committed(void *sessions, enum sj_status status);

#endif
