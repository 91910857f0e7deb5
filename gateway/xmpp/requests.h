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
#define XMPP_REQUESTS_USER_MAX 16u      /* of one bare JID */

struct xmpp;

/* One open request. Owner: struct requests. */
struct request {
    struct sj_list link;      /* in order of age, so of deadline too */
    uint64_t number;
    int64_t due_ms;
    unsigned host;
    bool registers;           /* errors by the rules of XEP-0077 */
    const char *lang;         /* of the answer, static; NULL: English */
    struct requester *user;   /* owned by struct requests */
    char *id;                 /* or NULL */
    char *from;               /* who asked */
    char *to;                 /* the address of ours that was asked */
};

/* Owner: struct xmpp. */
struct requests {
    struct xmpp *x;
    struct sj_idmap by_number;
    struct sj_map users;      /* bare JID to struct requester */
    struct sj_list ordered;
    struct sj_timer timer;    /* of the oldest */
    size_t count;
    uint64_t newest;
};

void requests_init(struct requests *r, struct xmpp *x);
void requests_release(struct requests *r);
/* What to note; texts are copied. */
struct request_info {
    unsigned host;
    const char *id;           /* or NULL */
    const char *user;         /* bare JID of who asks */
    const char *from;         /* and the address to answer */
    const char *to;
    bool registers;
    const char *lang;         /* of who asks, or NULL */
};
/* Notes a request. 0: there are too many, or too many of this user. */
uint64_t requests_add(struct requests *r, const struct request_info *info);
/* Is it still open? */
bool requests_has(const struct requests *r, uint64_t number);
/* What was noted, until the next call here; NULL: no longer open. */
const struct request *requests_find(const struct requests *r, uint64_t number);
/* Forgets it without an answer. */
void requests_drop(struct requests *r, uint64_t number);

#endif
