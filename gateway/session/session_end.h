/* SPDX-License-Identifier: MPL-2.0 */
/* When a link ends, or a log-in fails (session_end.c). */
#ifndef SOJOURN_SESSION_END_H
#define SOJOURN_SESSION_END_H

#include "sojourn/backend.h"

struct session;

void session_link_down(struct session *, enum sj_end, const struct sj_error *why);
/* The timer of a session that waits for a network: it asks the budget again. */
void session_wait_over(void *session);
/* The user did not do what the network asked for. */
void session_give_up(struct session *, const struct sj_error *why);
/* Why a link ended, in words: the network's own, or those of end. */
void session_cause(struct sj_error *out, enum sj_end end, const struct sj_error *why);
/* Keeps why a log-in failed, and tells the command that waits for it. */
void session_note_trouble(struct session *, enum sj_status, const struct sj_error *cause);
/* One error to the user for each outage (G100-26), not one for each try. */
void session_tell_failure(struct session *, enum sj_status, const struct sj_error *cause);

#endif
