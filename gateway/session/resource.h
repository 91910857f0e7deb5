/* SPDX-License-Identifier: MPL-2.0 */
/* The user's clients that are available, as their presence tells of them. */
#ifndef SESSION_RESOURCE_H
#define SESSION_RESOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "sojourn/map.h"
#include "xmpp.h"

struct session;

/* One client of the user that is available. Owned by the session. */
struct resource {
    struct sj_list link;
    enum xmpp_show show;
    int priority;
    uint32_t seq;                /* order of the last change */
    bool told_gateway;           /* its presence reached the gateway itself, not only a contact */
    bool takes_items;            /* supports XEP-0144 */
    uint8_t nodes;               /* bits of enum xmpp_node: what it wants to be told of */
    bool nodes_told;
    uint8_t chat_states;         /* enum resource_states */
    uint32_t idle_s;             /* UTC seconds since when nothing is done there; 0: active */
    char *status;
    char name[];
};

/* presence.c */
void session_resources_clear(struct session *);
/* NULL: it is not available, or not known. */
struct resource *session_resource(const struct session *, const char *name);

#endif
