/* SPDX-License-Identifier: MPL-2.0 */
/* Messages that come in, and what the server says about those that went out. */
#ifndef IRC_TEXT_H
#define IRC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/message.h"

struct irc_link;
struct irc_line;

void irc_text_handle_privmsg(struct irc_link *l, struct irc_line *line);
void irc_text_handle_notice(struct irc_link *l, struct irc_line *line);
void irc_text_handle_batch(struct irc_link *l, struct irc_line *line);
void irc_text_handle_ack(struct irc_link *l, struct irc_line *line);
void irc_text_handle_fail(struct irc_link *l, struct irc_line *line);       /* FAIL */
void irc_text_handle_remark(struct irc_link *l, struct irc_line *line);     /* WARN, NOTE */
void irc_text_handle_refusal(struct irc_link *l, struct irc_line *line);    /* 401 and others */

/* The number of the line of ours (l->ops) that this one answers, by its label or its batch's. */
bool irc_text_answered(const struct irc_link *l, const struct irc_line *line, uint32_t *out);
/* By its form: a channel, or those with a status there ("@#channel"). */
bool irc_text_is_to_channel(const struct irc_link *l, const char *target);
/* True when the text is an action; then text moves on to what is done. */
bool irc_text_take_action(char **text);
/* Reports one message; text is as it came, without CTCP around it; before: clean, stands in front
 * of it. */
void irc_text_report(struct irc_link *l, const struct irc_line *line, struct sj_message *msg,
                     const char *before, const char *text);
/* The same as a part of the answer to op. */
void irc_text_report_past(struct irc_link *l, const struct irc_line *line, struct sj_message *msg,
                          const char *text, sj_op op);
/* The text in lower case without control characters, to look for words in it. */
void irc_text_lower(char *out, size_t size, const char *text);
/* Does such a text hold one of the words, a list that ends in NULL? */
bool irc_text_has_word(const char *lower, const char *const *words);

/* irc_ctcp.c: a query (not ACTION) from nick; text without its \001. Answers what we know, within
 * a rate. */
void irc_ctcp_answer(struct irc_link *l, const char *nick, char *text);

#endif
