/* SPDX-License-Identifier: MPL-2.0 */
/* What is said about earlier messages, both ways: reactions, and taking back. */
#ifndef IRC_MARK_H
#define IRC_MARK_H

#include <stdbool.h>

#include "sojourn/backend.h"

struct irc_line;
struct irc_link;

/* struct sj_backend.send_mark */
enum sj_status irc_send_mark(struct sj_link *base, const struct sj_mark *mark, sj_op op,
                             struct sj_error *err);

void irc_mark_handle_tagmsg(struct irc_link *l, struct irc_line *line);     /* TAGMSG */
void irc_mark_handle_redact(struct irc_link *l, struct irc_line *line);     /* REDACT */
/* FAIL REDACT ...: true when it is dealt with. */
bool irc_mark_on_fail(struct irc_link *l, const struct irc_line *line);
/* A text of a person with a reaction in its tags, from where msg says; text: without CTCP. True:
 * the text says nothing more. */
bool irc_mark_on_text(struct irc_link *l, const struct irc_line *line,
                      const struct sj_message *msg, const char *text);

#endif
