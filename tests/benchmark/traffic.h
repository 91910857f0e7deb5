/* SPDX-License-Identifier: MPL-2.0 */
/* Every message that is sent, and what became of it at the far end. */
#ifndef BENCH_TRAFFIC_H
#define BENCH_TRAFFIC_H

#include "common.h"

#define TRAFFIC_MAX 8000000u     /* messages of one phase and direction */

enum direction { TO_IRC, TO_XMPP };

struct world;

struct parcel {
    int64_t sent_at;
    uint32_t latency_ns;     /* at the first arrival; at most UINT32_MAX */
    uint32_t user;
    uint16_t peer;
    uint8_t copies;
    bool refused;            /* the sender got an error */
};

struct traffic {
    enum direction direction;
    unsigned phase;          /* messages of an earlier phase are strays */
    struct parcel *parcel;
    size_t n, cap;
    size_t arrived;          /* counted once each */
    size_t closed;           /* arrived or refused: what the window waits for */
    int64_t first_sent, last_arrived;
    /* faults */
    size_t doubled, misrouted, disordered, garbled, strays, refused;
    uint32_t *last;          /* by user * peers + peer: newest that arrived, + 1 */
    uint32_t n_users, n_peers;
    char *filler;
    size_t filler_n;
};

/* What is known of a phase when it is over. */
struct traffic_tally {
    size_t sent, arrived, lost, doubled, misrouted, disordered, garbled, strays, refused;
};

void traffic_init(struct traffic *t, enum direction direction, size_t body_bytes,
                  uint32_t n_peers);
void traffic_release(struct traffic *t);
void traffic_begin(struct traffic *t, uint32_t n_users);
void traffic_send(struct world *w, struct traffic *t, uint32_t user, uint32_t peer);
size_t traffic_outstanding(const struct traffic *t);
/* A body came out at the far end, for that user, from or to that peer (UINT32_MAX: unknown). */
void traffic_arrive(struct traffic *t, uint32_t user, uint32_t peer, const char *p, size_t n);
/* The sender of the message with this stanza id got an error. True when it is one of ours. */
bool traffic_refuse(struct traffic *t, const char *id, size_t n);
void traffic_tally_add(struct traffic_tally *sum, const struct traffic *t);
/* Appends the latencies in us to out (room for t->n); returns how many. */
size_t traffic_latencies(const struct traffic *t, double *out);

#endif
