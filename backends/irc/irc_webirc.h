/* SPDX-License-Identifier: MPL-2.0 */
/* WEBIRC: a server that trusts the gateway shows each user with an address and a host of their own,
 * so that its limits, bans and cloaks are about users and not about the gateway. */
#ifndef IRC_WEBIRC_H
#define IRC_WEBIRC_H

#include <stdint.h>

#include "sojourn/error.h"

struct irc_link;

struct irc_webirc {
    const char *password;                /* borrowed; NULL: not used */
    const char *host;                    /* what users' hosts end in; NULL: the address */
    uint8_t prefix[8];                   /* of the addresses */
};

/* SJ_INVALID: the prefix is no IPv6 network of at most 64 bits. */
enum sj_status irc_webirc_init(struct irc_webirc *out, const char *password, const char *host,
                               const char *prefix, struct sj_error *err);
/* The first line of a connection, if it is used. */
void irc_webirc_send(struct irc_link *l);

#endif
