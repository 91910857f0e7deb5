/* SPDX-License-Identifier: MPL-2.0 */
/* The running gateway: owns loop, store, networks, sessions, component streams and the control
 * socket, and their order of start and stop. */
#ifndef SOJOURN_DAEMON_H
#define SOJOURN_DAEMON_H

#include "sojourn/error.h"

struct config;
struct daemon;

/* Opens the store and makes every enabled network; nothing is connected yet. config is borrowed
 * for the daemon's life. SJ_INVALID and SJ_DENIED: the configuration or the key is at fault. */
enum sj_status daemon_new(struct daemon **out, const struct config *config, struct sj_error *err);
/* Makes and drops every enabled network, to find contradictions (--check); text has file:line. */
enum sj_status daemon_check(const struct config *config, struct sj_error *err);
/* Connects, and returns when SIGTERM or SIGINT ended it in good order. */
void daemon_run(struct daemon *daemon);
void daemon_free(struct daemon **daemon);

#endif
