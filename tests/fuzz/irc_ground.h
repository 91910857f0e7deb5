/* SPDX-License-Identifier: MPL-2.0 */
/* A link of the IRC backend without a socket, on the ground of ground.h. */
#ifndef FUZZ_IRC_GROUND_H
#define FUZZ_IRC_GROUND_H

#include "ground.h"
#include "irc.h"
#include "irc_link.h"
#include "irc_net.h"

/* A network without TLS, whose settings take long. */
void irc_ground_begin(struct ground *, uint8_t flags);
/* A link of "me", whose server welcomes nobody yet. password may be NULL. */
void irc_ground_link(struct ground *, const char *password);
void irc_ground_server(struct ground *, const char *line);
/* ends: a link that is still there ends. */
void irc_ground_end(struct ground *, bool ends);

#endif
