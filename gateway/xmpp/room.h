/* SPDX-License-Identifier: MPL-2.0 */
/* The room's own object, and what its files offer each other. */
#ifndef XMPP_ROOM_H
#define XMPP_ROOM_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <strophe.h>

#include "hold.h"
#include "jid.h"
#include "output.h"
#include "queries.h"
#include "requests.h"
#include "sojourn/log.h"
#include "sojourn/loop.h"
#include "sojourn/map.h"
#include "sojourn/strbuf.h"
#include "wants.h"
#include "xmpp.h"

struct bob;
struct component;
struct disco;
struct upload;

/* Owner: the daemon. Owns everything below. */
struct xmpp {
    struct sj_loop *loop;
    struct sj_log log;
    const struct xmpp_options *options;
    const struct xmpp_in *in;
    void *ctx;
    void (*relieved)(void *ctx, unsigned host);
    struct output output;
    struct component *components;        /* options->n_hosts, same index */
    struct sj_map hosts;                 /* name to component */
    struct requests requests;
    struct queries queries;
    struct wants wants;
    struct holds holds;
    struct sj_idmap own_asks;            /* own.c, by token */
    uint64_t own_newest;
    struct disco *disco;
    struct upload *upload;
    struct bob *bob;
    locale_t fold;
    int64_t started_ms;
    char command_key[33];                /* seals the ids of running commands (adhoc.c) */
    struct sj_log_limit drops;           /* log lines that outsiders can cause */
    /* stop */
    bool stopping;
    void (*stopped)(void *arg);
    void *stopped_arg;
    struct sj_defer stop_done;
};

/* Sends st on host's stream and releases it. false: not queued (stream down, queue full, too
 * large, wrong address). */
bool room_send(struct xmpp *x, unsigned host, xmpp_stanza_t *st);
/* The same for a message that goes out again if the stream is lost before the server has handled it
 * (copies.h). answer: it is an error, which no network tells again. */
bool room_send_kept(struct xmpp *x, unsigned host, xmpp_stanza_t *st, bool answer);
/* The same, telling why: SJ_UNREACHABLE, SJ_LIMIT (queue), SJ_UNACCEPTABLE (size), SJ_INVALID. */
enum sj_status room_send_status(struct xmpp *x, unsigned host, xmpp_stanza_t *st);
/* A log line about something that outsiders caused, at most a few in a minute. */
void room_log_drop(struct xmpp *x, const char *what, const char *from, const char *to);
/* own.c */
void own_release(struct xmpp *x);
/* A stream has stopped: tells whoever waits when it was the last. */
void room_check_stopped(struct xmpp *x);

/* A stanza from a contact (peer NULL: the gateway) to `to`; id NULL: a new one. NULL when the peer
 * cannot be an address. */
xmpp_stanza_t *room_stanza_new(struct xmpp *x, unsigned host, const char *name, const char *type,
                               const char *peer, const char *to, const char *id);

/* Appends ID@G, or ID@G/nick; false: that is no address. */
bool room_address(const struct xmpp *x, unsigned host, const char *peer, const char *nick,
                  struct sj_strbuf *out);
/* A stanza as above from an occupant of a room, nick NULL: from the room itself. */
xmpp_stanza_t *room_stanza_of(struct xmpp *x, unsigned host, const char *name, const char *type,
                              const char *room, const char *nick, const char *to, const char *id);

/* Puts what m says into a message whose addresses, type and id are set (message_out.c). */
void message_add_content(struct xmpp *x, unsigned host, xmpp_stanza_t *st,
                         const struct xmpp_message_out *m);
/* The same of a mark. */
void message_add_mark(struct xmpp *x, unsigned host, xmpp_stanza_t *st,
                      const struct xmpp_mark_out *m);

#endif
