/* SPDX-License-Identifier: MPL-2.0 */
/* What the server says about the connection and about ourselves. */
#ifndef IRC_SELF_H
#define IRC_SELF_H

#include <stdbool.h>

struct irc_link;
struct irc_line;

/* Is it our nickname? */
bool irc_self_is(const struct irc_link *l, const char *nick);
/* Takes the lengths of our own user name and host from "nick!user@host"; anything else is
 * ignored. */
void irc_self_learn_mask(struct irc_link *l, const char *mask);
/* The same from its parts; NULL: unknown. */
void irc_self_learn(struct irc_link *l, const char *user, const char *host);

void irc_self_handle_ping(struct irc_link *l, struct irc_line *line);
void irc_self_handle_pong(struct irc_link *l, struct irc_line *line);
void irc_self_handle_error(struct irc_link *l, struct irc_line *line);
void irc_self_handle_kill(struct irc_link *l, struct irc_line *line);
void irc_self_handle_nick(struct irc_link *l, struct irc_line *line);
void irc_self_handle_mode(struct irc_link *l, struct irc_line *line);
void irc_self_handle_userhost(struct irc_link *l, struct irc_line *line);   /* 302 */
void irc_self_handle_host(struct irc_link *l, struct irc_line *line);       /* 396 */
void irc_self_handle_chghost(struct irc_link *l, struct irc_line *line);
void irc_self_handle_logged_out(struct irc_link *l, struct irc_line *line); /* 901 */

/* irc_isupport.c */
void irc_isupport_handle(struct irc_link *l, struct irc_line *line);        /* 005 */

#endif
