/* SPDX-License-Identifier: MPL-2.0 */
/* The nickname that the user wants and somebody else has. */
#ifndef IRC_REGAIN_H
#define IRC_REGAIN_H

#include <stdbool.h>
#include <stdint.h>

struct irc_line;
struct irc_link;
struct sj_list;

/* The link is up with another nickname than `wanted`: asks services if we are logged in to them,
 * and takes it when it becomes free. */
void irc_regain_start(struct irc_link *l, const char *wanted, bool identified);
/* Gives up; also after we have it. */
void irc_regain_stop(struct irc_link *l);
/* Our nickname is another one now. */
void irc_regain_on_nick(struct irc_link *l);
/* MONITOR: somebody is not there (any more). */
void irc_regain_on_gone(struct irc_link *l, const char *nick);
/* MONITOR: the server does not watch that one, its list is full. */
void irc_regain_on_full(struct irc_link *l, const char *nick);
/* Is the server watching that nickname for this? Then contacts need not have it watched. */
bool irc_regain_watches(const struct irc_link *l, const char *id);
/* Tries again those whose turn it is; returns when the next turn is. */
int64_t irc_regain_sweep(struct sj_list *list, int64_t now_ms, int64_t interval_ms);

/* 432 433 436 437 once online: still taken, or not to be had at all. */
void irc_regain_handle_refused(struct irc_link *l, struct irc_line *line);

#endif
