/* SPDX-License-Identifier: MPL-2.0 */
/* iq requests whose answer comes later. */
#ifndef XMPP_REQUESTS_H
#define XMPP_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <strophe.h>

#include "sojourn/loop.h"
#include "sojourn/map.h"

#define XMPP_REQUESTS_MAX 10000u
#define XMPP_REQUESTS_USER_MAX 16u      /* of one bare JID */
/* Requests for cards are counted apart: a client may ask for those of all contacts at once. */
#define XMPP_REQUESTS_CARDS_MAX (XMPP_REQUESTS_MAX / 2)
#define XMPP_REQUESTS_USER_CARDS_MAX 256u

struct xmpp;

/* In which form a card is the answer (XEP-0054, XEP-0292, XEP-0084), or what is said of a room: all
 * that clients ask for of many at once. */
enum request_card {
    REQUEST_NO_CARD,
    REQUEST_VCARD,
    REQUEST_VCARD4,
    REQUEST_AVATAR,
    REQUEST_ROOM_INFO,           /* disco#info */
    REQUEST_ROOM_NICK            /* x-roomuser-item */
};

/* Who has open requests, as long as there are any. Owner: struct requests. */
struct requester {
    unsigned open, cards;
    char user[];              /* bare JID */
};

/* One open request. Owner: struct requests. */
struct request {
    struct sj_list link;      /* in order of age, so of deadline too */
    uint64_t number;
    int64_t due_ms;
    unsigned host;
    bool registers;           /* errors by the rules of XEP-0077 */
    const char *lang;         /* of the answer, static; NULL: English */
    enum request_card card;
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
    size_t count, cards;
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
    enum request_card card;
};
/* Notes a request. 0: there are too many, or too many of this user. */
uint64_t requests_add(struct requests *r, const struct request_info *info);
/* Is it still open? */
bool requests_has(const struct requests *r, uint64_t number);
/* What was noted, until the next call here; NULL: no longer open. */
const struct request *requests_find(const struct requests *r, uint64_t number);
/* A result without payload for it, to be sent on *host before it is dropped; NULL: not open. */
xmpp_stanza_t *requests_result(const struct requests *r, uint64_t number, unsigned *host,
                               enum request_card *card);
/* Forgets it without an answer. */
void requests_drop(struct requests *r, uint64_t number);

#endif
