/* SPDX-License-Identifier: MPL-2.0 */
/* Messages of the loopback network, what is said about them, and who types. Used by the files of
 * this backend only. */
#ifndef LOOPBACK_MESSAGE_H
#define LOOPBACK_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loopback_net.h"
#include "sojourn/message.h"

struct loopback_event;
struct loopback_link;

/* An id of a message is its number, a dash and its author: so who may correct it or take it back
 * can be told from it, also after a restart. Numbers start at the time, so they come once only. */
#define LOOPBACK_MESSAGE_ID_SIZE (20 + 1 + LOOPBACK_ID_MAX + 1)
void loopback_message_name(char out[LOOPBACK_MESSAGE_ID_SIZE], uint64_t number, const char *author);
/* NULL: no id of this network. Points into id. */
const char *loopback_message_author(const char *id);

/* Copies in one piece, for sj_free. Ids within are as they are, or those of the same messages on
 * the other side of a mirror: romeo's fifth is echo's fifth, and the other way round. */
struct loopback_mirror {
    const char *one, *other;         /* NULL, NULL: no mirror */
};
struct sj_message *loopback_message_copy(const struct sj_message *m,
                                         const struct loopback_mirror *mirror);
struct sj_mark *loopback_mark_copy(const struct sj_mark *m, const struct loopback_mirror *mirror);
size_t loopback_message_bytes(const struct sj_message *m);
size_t loopback_mark_bytes(const struct sj_mark *m);

/* What comes down is what this network carries; SJ_INVALID, SJ_NOTFOUND or SJ_DENIED else. */
enum sj_status loopback_message_check(const struct loopback_link *l, const struct sj_message *m,
                                      struct sj_error *err);
enum sj_status loopback_mark_check(const struct loopback_link *l, const struct sj_mark *m,
                                   struct sj_error *err);

/* From the queue to the host. */
/* Which of its mentions mean l's user. */
void loopback_mentions_see(const struct loopback_link *l, struct sj_message *m);
void loopback_message_tell(struct loopback_link *l, const struct loopback_event *e);
void loopback_mark_tell(struct loopback_link *l, const struct loopback_event *e);
void loopback_named_tell(struct loopback_link *l, const struct loopback_event *e);

/* The operations of the table. */
enum sj_status loopback_send_message(struct sj_link *base, const struct sj_message *m, sj_op op,
                                     struct sj_error *err);
enum sj_status loopback_send_mark(struct sj_link *base, const struct sj_mark *m, sj_op op,
                                  struct sj_error *err);
void loopback_set_typing(struct sj_link *base, const char *id, enum sj_typing typing);

extern const struct sj_reaction_rules loopback_reactions;

#endif
