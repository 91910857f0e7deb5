/* SPDX-License-Identifier: MPL-2.0 */
/* How far the user has read, for the user's other clients (draft/read-marker). */
#ifndef IRC_READ_H
#define IRC_READ_H

#include "sojourn/error.h"
#include "sojourn/message.h"

struct irc_line;
struct irc_link;

#define IRC_READ_KNOWN 256u              /* messages whose time is known; others have none */

/* A message of somebody's was told, with its id and time. */
void irc_read_note(struct irc_link *l, const struct sj_message *msg);
/* SJ_MARK_DISPLAYED. */
enum sj_status irc_read_send(struct irc_link *l, const struct sj_mark *mark, sj_op op,
                             struct sj_error *err);
void irc_read_handle(struct irc_link *l, struct irc_line *line);

#endif
