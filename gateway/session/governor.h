/* SPDX-License-Identifier: MPL-2.0 */
/* Log-in budget of one network: so many a second, so many at once, users who are there first
 * (DESIGN §5). Who waits holds a ticket. */
#ifndef SOJOURN_GOVERNOR_H
#define SOJOURN_GOVERNOR_H

#include <stdbool.h>
#include <stdint.h>

#include "sojourn/loop.h"

/* Embedded in the one who waits. */
struct ticket {
    struct sj_list link;
    bool interactive;            /* waits among the first */
    bool running;                /* counts among those at once until governor_leave */
    void (*go)(void *arg);       /* from the loop top: the log-in may begin */
    void *arg;
};

struct governor {
    struct sj_loop *loop;        /* borrowed */
    unsigned rate, burst, at_once;       /* rate 0: no limit */
    unsigned running;
    double tokens;
    int64_t filled_ms;
    struct sj_list first, second;        /* interactive, background */
    struct sj_timer timer;
};

void governor_init(struct governor *, struct sj_loop *, unsigned rate, unsigned burst,
                   unsigned at_once);
void governor_release(struct governor *);
void ticket_init(struct ticket *, void (*go)(void *arg), void *arg);
/* Queues; go comes later, never from inside. A ticket that runs is left as it is, one that waits
 * moves up when its user has shown up meanwhile. */
void governor_ask(struct governor *, struct ticket *, bool interactive);
/* The log-in is over (either way), or is no longer wanted. */
void governor_leave(struct governor *, struct ticket *);

#endif
