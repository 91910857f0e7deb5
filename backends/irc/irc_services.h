/* SPDX-License-Identifier: MPL-2.0 */
/* The network's services for nicknames, NickServ: a fallback for SASL, and the way to a nickname
 * that somebody else has. */
#ifndef IRC_SERVICES_H
#define IRC_SERVICES_H

#include <stdbool.h>

#include "sojourn/error.h"

struct irc_line;
struct irc_link;

#define IRC_SERVICES_NICK_MAX 63u

enum irc_nickserv {
    IRC_NICKSERV_OFF,
    IRC_NICKSERV_IDENTIFY,               /* by messages, to the mask of the configuration only */
    IRC_NICKSERV_COMMAND                 /* by a command that the server passes to services only */
};

/* How services are found: "NickServ!user@host", * and ? in user and host. */
struct irc_services {
    const char *mask;                    /* borrowed; NULL: not given */
    char nick[IRC_SERVICES_NICK_MAX + 1];    /* its first part; else "NickServ" */
};

/* SJ_INVALID when the mask is none, or there is none and services are to be used. */
enum sj_status irc_services_init(struct irc_services *out, enum irc_nickserv how, const char *mask,
                                 struct sj_error *err);
/* Are those the services? user and host may be NULL (unknown: no). Without a mask, nobody is. */
bool irc_services_is(const struct irc_services *services, const char *nick, const char *user,
                     const char *host);
/* Begins to log in with the password; the state is IDENTIFYING from then on. */
void irc_services_identify(struct irc_link *l);
/* The server says who has the services' nickname (302); user NULL: nobody. */
void irc_services_on_owner(struct irc_link *l, const char *user, const char *host);
/* A notice while we wait. True: services said it and the user need not read it. */
bool irc_services_on_notice(struct irc_link *l, const struct irc_line *line, const char *text);
/* Services are not there (401, 440), or the command is unknown (421). */
void irc_services_on_absence(struct irc_link *l);
void irc_services_handle_unknown(struct irc_link *l, struct irc_line *line);    /* 421 */
/* Asks for a nickname that belongs to the account we are logged in to. */
void irc_services_regain(struct irc_link *l, const char *nick);

#endif
