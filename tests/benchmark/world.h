/* SPDX-License-Identifier: MPL-2.0 */
/* The world around one gateway process: the XMPP server with its users (xmpp_end.c), the IRC
 * server (irc_end.c), and what is known about each user (users.c). */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include "loop.h"
#include "scan.h"
#include "traffic.h"

#define USER_DOMAIN "bench.test"
#define GATEWAY_HOST "irc.bench.test"
#define COMPONENT_SECRET "benchmark"
#define USERS_MAX 16384u
#define PEERS_MAX 1024u

/* Roles of wires (struct wire.end). */
enum { END_XMPP, END_IRC };

/* How users of a gateway come and go. */
enum manner {
    MANNER_TRANSPORT,    /* XEP-0100: register, presence to the gateway (sojournd, floor) */
    MANNER_ROOM,         /* configure by command, join a room of one's own (biboumi) */
};

enum cap { CAP_TIME = 1, CAP_ECHO = 2, CAP_LABEL = 4, CAP_TAGS = 8, CAP_BATCH = 16 };

struct user {
    struct wire *irc;        /* newest connection, NULL: none */
    bool registered;         /* MANNER_ROOM: configured */
    bool asked;              /* its own subscription request is out */
    bool present;            /* has an available resource, as far as the server says */
    bool online;             /* the gateway said so, and the IRC server has seen the log-in */
    bool has_contacts;       /* they were added */
    uint32_t contacts_on;    /* contacts whose presence came */
};

struct world {
    struct loop *loop;
    enum manner manner;
    uint16_t xmpp_port, irc_port;
    struct wire *component;  /* NULL: none, or not through its handshake */
    bool attached;
    int64_t attached_at;

    struct user *users;      /* USERS_MAX of them */
    uint32_t n_users;        /* in use: highest index + 1 */
    uint32_t n_registered, n_online, n_irc, n_contacts_on;

    uint32_t caps_offered;   /* enum cap */
    bool monitor;            /* the IRC server has MONITOR */
    uint32_t contacts;       /* each user's */

    struct traffic traffic[2];   /* by enum direction */
    bool in_rooms;           /* lines go to the room of the user, but for the first user's */
    bool refusals;           /* are to be expected */
    uint64_t errors;         /* error stanzas and refusals that nothing counts elsewhere */
    char first_error[512];

    struct text line;        /* being composed */
};

struct world *world_new(enum manner manner, uint16_t irc_port);
void world_free(struct world **w);
void world_error(struct world *w, const char *p, size_t n);
/* Turns the loop until *count reaches goal (or stays below it: at_most). */
bool world_wait(struct world *w, const uint32_t *count, uint32_t goal, int64_t timeout_ns);
bool world_wait_down(struct world *w, const uint32_t *count, uint32_t goal, int64_t timeout_ns);
/* Turns the loop for that long. */
void world_run(struct world *w, int64_t ns);
/* Turns the loop until nothing has come in for quiet_ns; false after timeout_ns. */
bool world_settle(struct world *w, int64_t quiet_ns, int64_t timeout_ns);

/* xmpp_end.c */
void xmpp_accepted(struct world *w, struct wire *wire);
size_t xmpp_data(struct world *w, struct wire *wire, char *p, size_t n);
void xmpp_closed(struct world *w, struct wire *wire);
void xmpp_register(struct world *w, uint32_t user);
void xmpp_presence(struct world *w, uint32_t user, bool available);
/* The user's own room: #cN. */
void xmpp_room_enter(struct world *w, uint32_t user);
void xmpp_contact_add(struct world *w, uint32_t user, uint32_t peer);
void xmpp_message(struct world *w, uint32_t user, uint32_t peer, const char *token, size_t n,
                  const char *filler, size_t filler_n);

/* irc_end.c */
void irc_accepted(struct world *w, struct wire *wire);
size_t irc_data(struct world *w, struct wire *wire, char *p, size_t n);
void irc_closed(struct world *w, struct wire *wire);
void irc_message(struct world *w, uint32_t user, uint32_t peer, const char *token, size_t n,
                 const char *filler, size_t filler_n);
void irc_ping(struct world *w, uint32_t user);

/* users.c: each returns false when not all got there in time. */
bool users_register(struct world *w, uint32_t n);
bool users_online(struct world *w, uint32_t n, uint32_t window, int64_t timeout_ns);
bool users_offline(struct world *w, int64_t timeout_ns);
void users_mark_online(struct world *w, uint32_t user, bool online);

#endif
