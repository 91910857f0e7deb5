/* SPDX-License-Identifier: MPL-2.0 */
/* A link of the IRC backend without a socket, on the ground of ground.h. */
#ifndef FUZZ_IRC_GROUND_H
#define FUZZ_IRC_GROUND_H

#include "ground.h"
#include "irc.h"
#include "irc_link.h"
#include "irc_net.h"

/* What admin and user have set, a letter each; "" is a network on this machine without TLS, whose
 * settings take long. Of the network: w its password for WEBIRC, h hosts for it, f the server is
 * far away (and may have a policy for TLS), c passwords may be sent in clear, P a server password,
 * n names of its servers, s addresses of our own, g GHOST, N NickServ by command, I by message, i
 * ident, real name and goodbye, v no version, u no fallback for text.
 * Of the user: k a password, p another server password, a account, b bot. t: the connection
 * has TLS. */
#define IRC_GROUND_LETTERS "whfcPnsgNIivukpabt"

/* All secrets of network and user hold this. */
#define IRC_GROUND_SECRET "sesame"

void irc_ground_begin(struct ground *, uint8_t flags, const char *set);
/* A link of "me", connected; its server has said nothing yet. blob: what an earlier link saved. */
void irc_ground_link(struct ground *, const char *set, const void *blob, size_t len);
void irc_ground_server(struct ground *, const char *line);
/* The server asked for another connection: there it is. */
void irc_ground_again(struct ground *);
/* ends: a link that is still there ends. */
void irc_ground_end(struct ground *, bool ends);

#endif
