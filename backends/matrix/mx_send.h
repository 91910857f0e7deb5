/* SPDX-License-Identifier: MPL-2.0 */
/* Messages of the user's on their way to the home server, one at a time in each conversation. */
#ifndef MX_SEND_H
#define MX_SEND_H

#include <stdbool.h>

#include "sojourn/backend.h"
#include "sojourn/translate.h"

struct json_object;
struct mx_link;
struct mx_room;

#define MX_SENDS_MAX 1000u               /* of one link */
#define MX_SEND_BYTES_MAX 60000u         /* of an event's content: servers take 65,536 of all */

enum sj_status mx_send_message(struct sj_link *link, const struct sj_message *m, sj_op op,
                               struct sj_error *err);
#define MX_SEND_ENCRYPTED                                                                  \
    N_("This conversation is encrypted, which is not possible here; nothing was sent.")

/* Something to send: an event, a redaction (target), or nothing but the wish for a chat. */
struct mx_send_spec {
    const char *to;                      /* contact or room, as the gateway calls it */
    bool in_room;
    const char *type;                    /* of the event; NULL: only the chat is wanted */
    const char *target;                  /* redacted */
    const char *key;                     /* the user's own reaction to target is redacted */
    uint64_t txn;                        /* sj_message.txn, or 0 */
};
/* Queues it; content (consumed, may be NULL) is the event's. */
enum sj_status mx_send_add(struct mx_link *l, const struct mx_send_spec *spec,
                           struct json_object *content, sj_op op, struct sj_error *err);
/* Queues the content (consumed) of a message for a contact, under an operation that is accepted:
 * its outcome comes by op_done, unless another status than SJ_OK is returned. */
enum sj_status mx_send_content(struct mx_link *l, const char *peer, bool in_room,
                               struct json_object *content, sj_op op, struct sj_error *err);
/* Sends what can be sent now. From the loop top. */
void mx_send_pump(struct mx_link *l);
/* Which event the reaction was that is redacted under that number; NULL without err: there is none,
 * which is what the user wants. */
void mx_send_resolved(struct mx_link *l, uint32_t number, const char *event,
                      const struct sj_error *err);
/* Who said what is answered under that number, and the thread in which (NULL: none); sender NULL:
 * that is not to be known. */
void mx_send_looked(struct mx_link *l, uint32_t number, const char *sender, const char *root);
/* That is to be asked once more, with another token. */
void mx_send_later(struct mx_link *l, uint32_t number);
/* The chat with that contact is there, or cannot be made (err). */
void mx_send_chat_made(struct mx_link *l, const char *contact, const struct sj_error *err);
/* Is it a transaction of this gateway, of whichever link? */
bool mx_send_is_ours(const char *txn);
/* Its operation; 0: nobody waits for it. */
sj_op mx_send_op(const struct mx_link *l, const char *txn);
/* The sync has brought it under that id, perhaps before the answer: what comes behind it may refer
 * to it. In a room, where it has been told, that is its outcome. */
void mx_send_echoed(struct mx_link *l, const char *txn, const char *event);
/* A sync is through. What was accepted and is not in it is told all the same, the second time. */
void mx_send_synced(struct mx_link *l);
/* Every outcome that is owed (SJ_CAP_REPEAT): the link is lost. */
void mx_send_fail_all(struct mx_link *l, const struct sj_error *err);
void mx_send_drop(struct mx_link *l);

#endif
