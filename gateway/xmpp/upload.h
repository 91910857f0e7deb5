/* SPDX-License-Identifier: MPL-2.0 */
/* Places for files: which services there are (upload_find.c), and slots on them (upload.c). */
#ifndef XMPP_UPLOAD_H
#define XMPP_UPLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <strophe.h>

#include "sojourn/error.h"
#include "sojourn/loop.h"
#include "sojourn/map.h"
#include "xmpp_file.h"

#define NS_UPLOAD "urn:xmpp:http:upload:0"
#define NS_UPLOAD_PURPOSE "urn:xmpp:http:upload:purpose:0"

#define UPLOAD_SERVICES_MAX 64u          /* servers that are remembered; the oldest is forgotten */
#define UPLOAD_ITEMS_MAX 20u             /* items of one server that are looked at */
#define UPLOAD_ASKS_MAX 1024u            /* slots being asked for */

struct xmpp;
struct upload;

enum upload_state {
    UPLOAD_SEARCHING,
    UPLOAD_FOUND,
    UPLOAD_NONE                  /* this server has no service, or none that can be reached */
};

/* What is known of one server. Owner: struct upload. */
struct upload_service {
    struct sj_list link;         /* oldest use first */
    uint64_t number;             /* names it in queries */
    enum upload_state state;
    int64_t until_ms;            /* then it is looked for anew */
    unsigned open;               /* questions without an answer */
    bool trusted;
    bool named;                  /* the admin gave its address: it is taken for what it is */
    bool purposes;               /* wants to know what for (XEP-0363 §6) */
    uint64_t size_max;           /* 0: not told */
    char *jid;                   /* FOUND */
    char domain[];
};

/* Owner: struct xmpp. */
struct upload {
    struct xmpp *x;
    struct sj_map by_domain;     /* struct upload_service */
    struct sj_idmap by_number;
    struct sj_list services;
    struct sj_list asks;         /* struct upload_ask, upload.c */
    struct sj_idmap asks_by_number;
    struct sj_defer defer;
    uint64_t newest;
    unsigned n_services, n_asks;
};

struct upload *upload_new(struct xmpp *x);
void upload_free(struct upload **u);

/* upload_find.c: what is known of domain; a search begins when nothing is. NULL: no room, all are
 * being searched for. named: domain is the service itself. */
struct upload_service *upload_service_get(struct upload *u, unsigned host, const char *domain,
                                          bool trusted, bool named);
struct upload_service *upload_service_by_number(const struct upload *u, uint64_t number);
/* It did not do what it is for: looked for anew with the next file. */
void upload_service_doubt(struct upload *u, struct upload_service *s);
void upload_services_free(struct upload *u);
/* upload.c: the search for s has ended. */
void upload_service_known(struct upload *u, struct upload_service *s);

#endif
