/* SPDX-License-Identifier: MPL-2.0 */
/* iq requests whose answer comes later. */
#ifndef XMPP_REQUESTS_H
#define XMPP_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/loop.h"
#include "sojourn/map.h"

#define XMPP_REQUESTS_MAX 10000u

struct xmpp;

/* One open request. Owner: struct requests. */
struct request {
    struct sj_list link;      /* in order of age, so of deadline too */
    uint64_t number;
    int64_t due_ms;
    unsigned host;
    bool registers;           /* errors by the rules of XEP-0077 */
    char *id;                 /* or NULL */
    char *from;               /* who asked */
    char *to;                 /* the address of ours that was asked */
};

/* Owner: struct xmpp. */
struct requests {
    struct xmpp *x;
    struct sj_idmap by_number;
    struct sj_list ordered;
    struct sj_timer timer;    /* of the oldest */
    size_t count;
    uint64_t newest;
};

void requests_init(struct requests *r, struct xmpp *x);
void requests_release(struct requests *r);
/* Notes a request; texts are copied. 0: there are too many. */
uint64_t requests_add(struct requests *r, unsigned host, const char *id, const char *from,
                      const char *to, bool registers);
/* Is it still open? */
bool requests_has(const struct requests *r, uint64_t number);
/* Forgets it without an answer. */
void requests_drop(struct requests *r, uint64_t number);

#endif
