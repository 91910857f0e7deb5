/* SPDX-License-Identifier: MPL-2.0 */
/* One component stream (XEP-0114): its life, and the way onto it. */
#ifndef XMPP_COMPONENT_H
#define XMPP_COMPONENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "copies.h"
#include "output.h"
#include "privilege.h"
#include "sojourn/log.h"
#include "sojourn/loop.h"

struct sj_conn;
struct stream;
struct xmpp;
struct xmpp_host;

#define COMPONENT_STATES(X)                                                    \
    X(IDLE, "idle")             /* not started */                              \
    X(CONNECTING, "connecting")                                                \
    X(OPENING, "opening")       /* our header is out */                        \
    X(HANDSHAKE, "handshake")   /* the digest is out */                        \
    X(UP, "up")                                                                \
    X(WAITING, "waiting")       /* for the next attempt */                     \
    X(ENDING, "ending")         /* goodbye is said, output drains */           \
    X(STOPPED, "stopped")
enum component_state {
#define COMPONENT_ENUM(name, text) COMPONENT_##name,
    COMPONENT_STATES(COMPONENT_ENUM)
#undef COMPONENT_ENUM
    COMPONENT_STATE_COUNT
};

#define COMPONENT_SETUP_MS 20000           /* connect, header and handshake */
#define COMPONENT_FIRST_WAIT_MS 3000u      /* after a loss: random up to this */
#define COMPONENT_WAIT_MAX_MS 15000u       /* a server that is back is found soon */
#define COMPONENT_SLOW_WAIT_MS 30000u      /* refused: this and up to as much again */
#define COMPONENT_STEADY_MS 10000          /* up for so long: the back-off starts anew */
#define COMPONENT_IDLE_MS 300000           /* silence after which we ask (G114-11) */
#define COMPONENT_PING_MS 60000            /* and how long we wait for an answer */
#define COMPONENT_TURN_BYTES ((size_t)16 * 1024)     /* handled before others get a turn */
#define COMPONENT_PIECE_BYTES ((size_t)32 * 1024)

/* Owner: struct xmpp. */
struct component {
    struct xmpp *x;
    unsigned index;
    const struct xmpp_host *host;
    struct sj_log log;
    enum component_state state;
    struct sj_conn *conn;
    struct stream *stream;
    struct sj_timer timer;           /* of the state: deadline, retry or liveness */
    struct sj_defer relief;
    struct sj_defer goodbye;
    bool leaving;                    /* component_stop was called, the goodbye is yet to be said */
    bool goodbye_held;               /* it waits for answers that are held (hold.c) */
    int64_t stop_by_ms;
    const char *broken;              /* why the stream must end, set from inside an event */
    char reason[64];                 /* of the last loss, to log it once */
    unsigned attempts;               /* without a steady stream */
    int64_t up_ms;
    char ping_id[OUTPUT_ID_SIZE];    /* "" when none is out */
    int64_t ping_ms;
    bool ping_works;                 /* the server routes to ourselves, so silence means death */
    bool congested;                  /* much waits for the server; until it is relieved */
    struct sj_timer deaf;            /* runs while the server is not read */
    bool deaf_in_vain;               /* it was, and took nothing; until it is relieved */
    struct privileges privileges;
    struct copies copies;
    uint64_t stanzas_in, stanzas_out, refused_out, reconnects;
};

void component_init(struct component *c, struct xmpp *x, unsigned index);
void component_release(struct component *c);
void component_start(struct component *c);
/* Says goodbye once a server has answered a ping, so that what it sent before is heard and
 * answered, and what is open. What comes behind that goes to in->unanswered, until the server has
 * said goodbye; STOPPED at the latest after timeout_ms. */
void component_stop(struct component *c, int64_t timeout_ms);
/* Nothing is held any more (hold.c): goodbyes that waited for that are said. */
void components_let_go(struct xmpp *x);
/* congestion.c. Queues bytes that output_format made. SJ_UNREACHABLE: not up; SJ_LIMIT: queue
 * full. */
enum sj_status component_write(struct component *c, const char *text, size_t n);
/* SJ_OK when a stanza would be taken. */
enum sj_status component_check(struct component *c);
/* A secret passed: the parts of this stream forget past texts. */
void component_wipe(struct component *c);
/* Ends the stream, not from inside an event of it; it reconnects. reason: static text. */
void component_fail(struct component *c, const char *reason);

#endif
