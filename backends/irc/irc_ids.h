/* SPDX-License-Identifier: MPL-2.0 */
/* Ids of messages (IRCv3 message-ids), and those of messages that went out in several lines. */
#ifndef IRC_IDS_H
#define IRC_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct irc_line;
struct irc_link;

/* Bytes of one id; a message with a longer one has none. */
#define IRC_ID_MAX 200u

/* May it be a parameter, and part of an id of several? */
bool irc_id_is_fit(const char *id, size_t n);
/* The network's id of a message; NULL: none. */
const char *irc_id_of(const struct irc_line *line);

/* The line of ours with that number (l->ops) came back under this id (NULL: without one). Tells the
 * host what its message is called once all its lines came back. Returns that, until the next call,
 * or NULL. */
const char *irc_ids_learn(struct irc_link *l, uint32_t number, const char *id);
/* What the host calls the message of that id: others name a message of several lines by one. */
const char *irc_ids_whole(const struct irc_link *l, const char *id);
/* The next of the ids that the host's id is made of: *n bytes; NULL: that was the last. */
const char *irc_ids_next(const char **at, size_t *n);

#endif
