/* SPDX-License-Identifier: MPL-2.0 */
/* Logging in: registration of the connection (RFC 2812 §3.1), SASL, NickServ, nicknames. */
#ifndef IRC_LOGIN_H
#define IRC_LOGIN_H

#include <stdbool.h>

#include "sojourn/backend.h"

struct irc_link;
struct irc_line;
struct irc_login;

/* Copies what the account says; secrets into locked memory. */
struct irc_login *irc_login_new(struct irc_link *l, const struct sj_account *account);
void irc_login_free(struct irc_login **login);       /* wipes passwords */
/* The server does not offer the TLS without which nothing can be said: ends the link. */
void irc_login_end_unsafe(struct irc_link *l);
/* Forgets what this server said, for another connection. */
void irc_login_restart(struct irc_login *login);
/* A line came while the link logs in. One that takes the log-in further gives it the whole of
 * login-timeout again, up to IRC_LOGIN_TIMEOUTS of them in all. */
#define IRC_LOGIN_TIMEOUTS 5
void irc_login_step(struct irc_link *l, const struct irc_line *line);
/* The connection is up: sends the first lines. */
void irc_login_start(struct irc_link *l);
/* The welcome is complete: identifies, or reports the link as up. */
void irc_login_welcomed(struct irc_link *l);
/* Tells the user what came out otherwise than asked, and the server that the user is a bot. */
void irc_login_report(struct irc_link *l, const struct irc_login *login);
/* Asks the server for our own mask. */
void irc_login_ask_mask(struct irc_link *l);
/* The password is accepted (900, MODE +r). */
void irc_login_identified(struct irc_link *l);
/* What the server's words on closing mean. */
enum sj_end irc_login_classify(const char *text);

void irc_login_handle_welcome(struct irc_link *l, struct irc_line *line);       /* 001 */
void irc_login_handle_nick_in_use(struct irc_link *l, struct irc_line *line);   /* 433 436 437 */
void irc_login_handle_bad_nick(struct irc_link *l, struct irc_line *line);      /* 432 */
void irc_login_handle_bad_password(struct irc_link *l, struct irc_line *line);  /* 464 */
void irc_login_handle_banned(struct irc_link *l, struct irc_line *line);        /* 463 465 466 */
void irc_login_handle_logged_in(struct irc_link *l, struct irc_line *line);     /* 900 */

#endif
