/* SPDX-License-Identifier: MPL-2.0 */
/* Copies of what a component stream has been given and its server has not been seen to handle: they
 * go out again on the next stream. */
#ifndef XMPP_COPIES_H
#define XMPP_COPIES_H

#include <stddef.h>
#include <stdint.h>

#include "sojourn/loop.h"
#include "sojourn/map.h"

#define COPIES_BYTES_MAX ((size_t)4 * 1024 * 1024)   /* of one stream; beyond it the oldest go */
#define COPIES_AGE_MS 600000               /* older ones do not go out again */
#define COPIES_BLOCK_BYTES ((size_t)64 * 1024)
#define COPIES_ASK_MS 20                   /* what comes within it shares a question */
#define COPIES_ASK_BYTES ((size_t)64 * 1024)   /* so much more is asked about at once */
#define COPIES_RETRY_MS 5000
#define COPIES_DOMAIN_SIZE 256

struct component;

/* Owner: struct component. Without copies it has no memory of its own. */
struct copies {
    struct component *c;
    struct sj_list blocks;       /* struct copies_block, the oldest first */
    size_t bytes;                /* in them */
    uint64_t end;                /* how many bytes were ever added: a position */
    uint64_t asked;              /* the open question, or the last, covers what lies before it */
    uint64_t question;           /* its token; 0: none is open */
    int64_t asked_ms;
    unsigned unanswered;         /* in a row, by a domain that has answered, while nothing came */
    bool answers;                /* this domain has answered on this stream */
    bool overflows;              /* told, for this event */
    struct sj_timer timer;
    struct sj_defer ask;
    char domain[COPIES_DOMAIN_SIZE];     /* who is asked; "": whoever the next copy goes to */
};

void copies_init(struct copies *, struct component *);
void copies_release(struct copies *);
/* The n bytes of a message to `to` were written. */
void copies_add(struct copies *, const char *to, const char *text, size_t n);
/* Whoever is asked shall be the server of this address. */
void copies_choose_domain(struct copies *, const char *to);
/* A new stream is up: they go out on it, before anything else, with a delay (XEP-0203). */
void copies_send_again(struct copies *);
/* The stream is gone. */
void copies_lost(struct copies *);

#endif
