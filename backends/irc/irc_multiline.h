/* SPDX-License-Identifier: MPL-2.0 */
/* Messages of several lines in one batch. */
#ifndef IRC_MULTILINE_H
#define IRC_MULTILINE_H

#include <stdbool.h>
#include <stddef.h>

struct irc_line;
struct irc_link;
struct irc_talk;
struct sj_net;

/* Batches of one link that are open at once: the oldest ends when there is one more. */
#define IRC_MULTILINES_MAX 4u
/* Lines of one; what is more is left out, as is what is more than SJ_BODY_MAX bytes. */
#define IRC_MULTILINE_LINES_MAX 1000u

/* What the server takes: the value of draft/multiline, n bytes. */
void irc_multiline_learn(struct sj_net *net, const char *value, size_t n);
/* Does a message of so many lines and bytes, line ends included, go out in one batch? */
bool irc_multiline_fits(const struct irc_link *l, size_t lines, size_t bytes);

/* BATCH: true when it is about one of these. */
bool irc_multiline_on_batch(struct irc_link *l, const struct irc_line *line);
/* PRIVMSG or NOTICE: true when it is a part of one. */
bool irc_multiline_on_text(struct irc_link *l, const struct irc_line *line, bool is_notice);
/* FAIL BATCH: true when it is dealt with. */
bool irc_multiline_on_fail(struct irc_link *l, const struct irc_line *line);
void irc_multiline_release(struct irc_talk *t);

#endif
