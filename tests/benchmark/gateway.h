/* SPDX-License-Identifier: MPL-2.0 */
/* The gateways that can be measured: sojournd, biboumi, and the floor (a bare relay). */
#ifndef BENCH_GATEWAY_H
#define BENCH_GATEWAY_H

#include <sys/types.h>

#include "world.h"

enum gateway_kind { GATEWAY_SOJOURND, GATEWAY_BIBOUMI, GATEWAY_FLOOR };

#define GATEWAY_PATH_MAX 1024u

struct gateway {
    enum gateway_kind kind;
    const char *name;                /* for people */
    const char *program;
    char dir[GATEWAY_PATH_MAX];      /* its configuration, data and log */
    uint16_t irc_port;               /* kept where the gateway stores it */
    bool faulty;                     /* the floor: with faults, to try the account of messages */
    pid_t pid;                       /* 0: not running */
    int64_t started_at;
};

/* what: "floor", "floor-faulty", "biboumi", or the path of a sojournd. Makes a directory below
 * base. */
void gateway_init(struct gateway *g, const char *what, const char *base);
enum manner gateway_manner(const struct gateway *g);
/* Forgets what a sojournd has stored; a biboumi keeps its users' settings. */
void gateway_forget(struct gateway *g);
/* Writes the configuration for this world, starts, waits for the handshake. False: not attached. */
bool gateway_start(struct gateway *g, struct world *w);
/* Starts the same again within the world that the earlier process has left. */
bool gateway_restart(struct gateway *g, struct world *w);
/* SIGTERM, then SIGKILL when that takes too long: false for a sojournd. (biboumi with thousands
 * of users needs minutes.) */
bool gateway_stop(struct gateway *g, struct world *w);
bool gateway_alive(struct gateway *g);
/* Prints the end of its log. */
void gateway_log_show(const struct gateway *g);
void directory_remove(const char *path);

/* After biboumi's users are configured and it was stopped: indexes for their settings. */
void gateway_tune(struct gateway *g);
/* biboumi.c: false when the database could not be changed. */
bool biboumi_index(const char *path);

/* floor.c: runs the relay; returns its exit status. faulty: it loses, doubles, misroutes and
 * changes a few messages to IRC. */
int floor_run(uint16_t xmpp_port, uint16_t irc_port, bool faulty);

#endif
