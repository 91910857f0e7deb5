/* SPDX-License-Identifier: MPL-2.0 */
/* What a nickname may look like. */
#ifndef IRC_NICK_H
#define IRC_NICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IRC_USER_IDENT_MAX 9u

/* A nickname that we may ask for. Source: RFC 2812 §2.3.1. */
bool irc_nick_is_valid(const char *s);
/* A person that a message may go to: servers allow more than the RFC does, so only what has a
 * meaning of its own in a target (channels, masks, lists, servers), what breaks a line and what is
 * no UTF-8 is refused. Source: RFC 2812 §3.3.1. */
bool irc_nick_may_be_target(const char *s);
/* The nickname to try after `attempt` refusals (from 1): nick_, nick__, then digits; cut to
 * max bytes. out has size bytes, more than max. */
void irc_nick_alternative(char *out, size_t size, const char *nick, unsigned attempt, size_t max);
/* A user name (ident) for USER from what was configured: letters and digits, at most 9. */
void irc_nick_ident(char *out, size_t size, const char *from);
/* The same for an identd: stands for one user, the same at every login. */
void irc_nick_user_ident(char out[IRC_USER_IDENT_MAX + 1], uint64_t user);

#endif
