/* SPDX-License-Identifier: MPL-2.0 */
/* A small IRC server on a loopback port, for tests that need one to log in to and nothing more. It
 * lets everybody in, answers what a client asks, and knows two nicknames that are always there,
 * "echo" (which answers messages) and "friend". Scripted conversations: irc_world.h. */
#ifndef TEST_FAKE_IRC_H
#define TEST_FAKE_IRC_H

#include <stdbool.h>

struct fake_irc;

struct fake_irc *fake_irc_new(void);
void fake_irc_free(struct fake_irc **f);
unsigned fake_irc_port(const struct fake_irc *f);
/* Accepts, reads, answers; never waits. arg is the struct fake_irc. */
void fake_irc_pump(void *arg);
/* Ends all connections without a word. */
void fake_irc_hang_up(struct fake_irc *f);
/* From here on it reads nothing and answers nothing. */
void fake_irc_freeze(struct fake_irc *f);
/* Did a line with this command come, from anybody, so far? */
bool fake_irc_saw(const struct fake_irc *f, const char *command);

#endif
