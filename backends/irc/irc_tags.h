/* SPDX-License-Identifier: MPL-2.0 */
/* What this server lets clients say by tags, and tags of lines that go out. */
#ifndef IRC_TAGS_H
#define IRC_TAGS_H

#include <stdbool.h>
#include <stdint.h>

struct irc_line;
struct irc_link;
struct irc_out;

/* Bytes of all tags of one line of ours; servers take 4094. */
#define IRC_TAGS_MAX 1024u

/* Do messages have ids there? */
enum irc_ids_given { IRC_IDS_UNKNOWN, IRC_IDS_GIVEN, IRC_IDS_MISSING };

/* ISUPPORT CLIENTTAGDENY: tags that the server does not pass on; "": none. */
void irc_tags_deny(struct irc_link *l, const char *value);
/* Tells the host what this login lacks, when that has changed. From events only. */
void irc_tags_settle(struct irc_link *l);
/* A message of a person came: by that it is known whether messages have ids. */
void irc_tags_note(struct irc_link *l, const struct irc_line *line);
/* enum sj_cap that this login has not. */
uint32_t irc_tags_lacks(const struct irc_link *l);

/* Tags are added one by one in front of a line: add, ..., end. */
void irc_tag_add(struct irc_out *o, const char *key, const char *value);
void irc_tag_end(struct irc_out *o);
/* The same with the value's length; NULL: no value. */
void irc_tag_add_n(struct irc_out *o, const char *key, const char *value, size_t n);
/* The tags by which a message answers the one of that id (irc_ids.h). */
void irc_tag_add_reply(const struct irc_link *l, struct irc_out *o, const char *id);
/* The label by which the answer names line `number` of l->ops, where servers do that. */
void irc_tag_add_label(const struct irc_link *l, struct irc_out *o, uint32_t number);

#endif
