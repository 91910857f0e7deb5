/* SPDX-License-Identifier: MPL-2.0 */
/* Our own iq requests to users' clients. */
#ifndef XMPP_QUERIES_H
#define XMPP_QUERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <strophe.h>

#include "sojourn/loop.h"
#include "sojourn/map.h"

#define XMPP_QUERIES_MAX 10000u
#define XMPP_QUERY_TIMEOUT_MS 30000

struct xmpp;

/* Owner: struct xmpp. */
struct queries {
    struct xmpp *x;
    struct sj_map by_id;
    struct sj_list ordered;      /* by age */
    struct sj_timer timer;
    size_t count;
};

void queries_init(struct queries *q, struct xmpp *x);
void queries_release(struct queries *q);
/* A result or an error came from `from` (prepared, full). true: it was an answer to a query. */
bool queries_answer(struct queries *q, unsigned host, const char *from, xmpp_stanza_t *iq);

#endif
