/* SPDX-License-Identifier: MPL-2.0 */
/* Memory for libstrophe objects that live as long as one stanza. */
#ifndef XMPP_ARENA_H
#define XMPP_ARENA_H

#include <stddef.h>
#include <strophe.h>

/* Owner: a stream (what comes in) or the room's output (what goes out). */
struct arena {
    xmpp_mem_t mem;               /* hand this to xmpp_ctx_new; must not move */
    struct arena_chunk *first;    /* kept between stanzas */
    struct arena_chunk *last;     /* where allocations come from */
    size_t live;                  /* allocations not freed yet */
    size_t bytes;                 /* held in chunks */
};

void arena_init(struct arena *a);
void arena_release(struct arena *a);
/* A context whose stanzas live in a; the context itself does not. */
xmpp_ctx_t *arena_ctx_new(struct arena *a);

#endif
