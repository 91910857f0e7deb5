/* SPDX-License-Identifier: MPL-2.0 */
/* Stanza to handler, and one answer for every request. */
#ifndef XMPP_ROUTER_H
#define XMPP_ROUTER_H

#include <stdbool.h>
#include <strophe.h>

#include "room.h"
#include "stanza.h"

/* One stanza while it is being handled; lives on the router's stack. */
struct inbound {
    struct xmpp *x;
    struct component *stream;     /* that it came on */
    unsigned host;                /* by the `to` domain */
    xmpp_stanza_t *stanza;
    xmpp_stanza_t *payload;       /* iq get and set: the one child; else NULL */
    const char *type;             /* type attribute or "" */
    const char *to;               /* address of ours, as to answer from it */
    const char *peer;             /* contact or room id; NULL: the gateway */
    const char *room;             /* peer is a room, and this its address; NULL: it is none */
    const char *nick;             /* the occupant of room that was written to, or NULL */
    bool to_resource;             /* the address carries a resource */
    struct xmpp_from from;
    struct xmpp_place_info place; /* iq to an occupant */
    bool joins;                   /* errors echo the muc element (G045-24) */
    const char *moved_to;         /* URI of where it is now, or NULL */
    /* set by the iq handler */
    bool answered;
    xmpp_req request;             /* the answer comes by xmpp_answer */
    bool has_condition;           /* condition overrides the one of the status returned */
    enum stanza_condition condition;
    const char *detail;           /* element of XEP-0050 beside the condition, or NULL */
    const char *unsupported;      /* feature of XEP-0060 that is not offered, or NULL */
    bool needs_presence;          /* the asker is not subscribed (XEP-0060) */
};

/* Handles one stanza that came on c. cut: it was too large, only answer it. */
void router_handle(struct component *c, xmpp_stanza_t *st, bool cut);

/* A result without payload yet: from, to and id are set. Ends in router_answer. */
xmpp_stanza_t *router_result(struct inbound *in);
/* Sends and releases it. */
void router_answer(struct inbound *in, xmpp_stanza_t *result);
/* Opens a request; SJ_LIMIT when there are too many. registers: errors by XEP-0077. */
enum sj_status router_defer(struct inbound *in, bool registers, struct sj_error *err);
/* The same for a request whose answer is a card in this form. */
enum sj_status router_defer_card(struct inbound *in, enum request_card card, struct sj_error *err);
/* Makes the error carry this condition whatever the status; returns SJ_INVALID. */
enum sj_status router_fail(struct inbound *in, enum stanza_condition condition,
                           struct sj_error *err, const char *text);

/* Sends the one error answer to what never gets to a handler. */
void router_refuse(struct inbound *in, enum stanza_condition condition,
                   const struct sj_error *words);

/* moved.c: is the stanza to an id as another gateway writes it? Then it is done with. kind:
 * 'p'resence, 'm'essage, 'i'q. */
bool moved_handle(struct inbound *in, char kind);

/* ---- the table, routes.c ---- */

#define ROUTE_GET 1u
#define ROUTE_SET 2u
#define ROUTE_GATEWAY 1u
#define ROUTE_CONTACT 2u
#define ROUTE_ROOM 4u
#define ROUTE_OCCUPANT 8u

/* An iq row. A status other than SJ_OK is answered by the router; so is SJ_OK without an answer or
 * a request, as an internal error. */
struct route_iq {
    const char *ns;
    const char *name;
    unsigned types;               /* ROUTE_GET, ROUTE_SET */
    unsigned targets;             /* ROUTE_GATEWAY to ROUTE_OCCUPANT */
    enum sj_status (*handle)(struct inbound *in, struct sj_error *err);
    bool registers;
    const char *source;
};
/* A message ('m') or presence ('p') row, by type. `answers`: the statuses that are answered, as
 * bits; 0: a failure is not answered. */
struct route {
    char kind;
    const char *type;             /* "": no type; NULL: any other */
    enum sj_status (*handle)(struct inbound *in, struct sj_error *err);
    unsigned long answers;
    const char *source;
};
const struct route_iq *routes_find_iq(const struct inbound *in);
/* of_room: the address is a room's or an occupant's. */
const struct route *routes_find(char kind, const char *type, bool of_room);
/* For tests: the whole iq table. */
const struct route_iq *routes_iq(size_t *n);

#endif
