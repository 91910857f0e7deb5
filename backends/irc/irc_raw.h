/* SPDX-License-Identifier: MPL-2.0 */
/* Lines that users write to the server themselves. */
#ifndef IRC_RAW_H
#define IRC_RAW_H

#include <stdbool.h>

#include "sojourn/backend.h"

/* Stands for the server in addresses. */
#define IRC_SERVER_ID "*server"

struct irc_line;
struct irc_link;

/* struct sj_backend.raw */
enum sj_status irc_raw(struct sj_link *base, const char *line, sj_op op, struct sj_error *err);
/* Shows the user a line of the server if it may answer theirs, or if nothing else makes anything
 * of it (not is_handled). Changes neither the line nor the link. */
void irc_raw_hear(struct irc_link *l, const struct irc_line *line, bool is_handled);

#endif
