/* SPDX-License-Identifier: MPL-2.0 */
/* What a message has beyond its text, and what is said about earlier messages, either way. Plain
 * messages have none of this, and cost nothing for it. */
#ifndef SESSION_RICH_H
#define SESSION_RICH_H

#include <stdbool.h>
#include <stddef.h>

#include "sojourn/message.h"
#include "xmpp.h"

/* Ids are those of the side that it came from. Borrowed, unless rich_dup made it. */
struct rich {
    bool is_mark;                /* kind, target, reactions; the body is a fallback text */
    enum sj_mark_kind kind;
    bool receipt;                /* the sender wants to know when it is received */
    bool markable;               /* and when it is read */
    bool attention, notice, own;
    bool unstored;               /* in no archive of a room */
    const char *other_id;        /* a second id of the sender's side, or NULL */
    const char *replaces, *reply_to;
    const char *reply_text;      /* to the network: the text without quotation; from it: what is
                                    quoted; or NULL */
    const char *mentions;        /* to the network: places in the whole text (xmpp_mention.h) */
    const char *thread;          /* as the client says, or the network's id of its beginning */
    const char *target;
    const char *const *reactions;
    size_t n_reactions;
};

/* A copy in one piece, for sj_free; NULL for NULL. */
struct rich *rich_dup(const struct rich *);
size_t rich_bytes(const struct rich *);
void rich_of_text(struct rich *out, const struct xmpp_message_in *);
void rich_of_mark(struct rich *out, const struct xmpp_mark_in *);
/* From the network, and back. What struct held has besides is the caller's. */
void rich_of_message(struct rich *out, const struct sj_message *);
void rich_to_message(struct sj_message *out, const struct rich *);
void rich_of_network_mark(struct rich *out, const struct sj_mark *);
void rich_to_network_mark(struct sj_mark *out, const struct rich *);

#endif
