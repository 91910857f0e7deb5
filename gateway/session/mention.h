/* SPDX-License-Identifier: MPL-2.0 */
/* Whom a message names: between clients' addresses and the network's people. */
#ifndef SESSION_MENTION_H
#define SESSION_MENTION_H

#include <stddef.h>

#include "sojourn/message.h"

struct outgoing;
struct room;
struct session;
struct sj_strbuf;

/* Those of a message from the network, for the text that clients get; r: the room that it is of, or
 * NULL. Returns out's text (xmpp_mention.h), or NULL when there are none. */
const char *mentions_tell(struct session *, const struct room *r, const struct sj_message *,
                          const char *text, struct sj_strbuf *out);

/* A copy in one piece of *bytes bytes, for sj_free; NULL for none. */
struct sj_mention *mentions_dup(const struct sj_mention *, size_t n, size_t *bytes);

/* Those of what the user says, in the text that goes out. */
struct mentions {
    struct sj_mention list[SJ_MENTIONS_MAX];
    size_t n;
    char *kept[SJ_MENTIONS_MAX];         /* owned: ids that are nobody else's */
};
void mentions_find(struct session *, const struct outgoing *, const char *text,
                   struct mentions *out);
void mentions_release(struct mentions *);

#endif
