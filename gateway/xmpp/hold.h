/* SPDX-License-Identifier: MPL-2.0 */
/* What is said to users whose answers wait (hold.c). */
#ifndef XMPP_HOLD_H
#define XMPP_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/map.h"
#include "sojourn/strbuf.h"

struct component;
struct xmpp;

/* Owner: struct xmpp. Without holds it has no memory of its own but the scratch. */
struct holds {
    struct sj_map users;         /* struct held_user by host and bare JID */
    struct sj_idmap holds;       /* struct hold by number */
    struct sj_strbuf key;        /* scratch */
    uint64_t newest;
    size_t bytes;
    bool passed;                 /* nothing is held at this moment */
    bool crowded;                /* told */
    void (*on_crowded)(void *ctx);
};

void holds_init(struct holds *);
void holds_release(struct holds *);
/* Takes the n bytes of a stanza to `to` when it has to wait. kept: copies.h is to have it. */
bool hold_take(struct component *c, const char *to, const char *text, size_t n, bool kept);

#endif
