/* SPDX-License-Identifier: MPL-2.0 */
/* The store: ids of messages, so that edits, reactions and receipts work after a restart. What
 * sojourn/store.h says of owners, durability and errors holds here too.
 *
 * A message has the network's id, unique within the conversation with one peer, and a name on the
 * other side, where users live. A message that the network gave us gets its name from here: the
 * sealed id itself, so it needs no record, never expires, and tells nobody else anything. A message
 * that the user sent was named by its client: that pair is recorded, as is the user's last set of
 * reactions to a message. Records go after message_days, the oldest of an owner beyond
 * SJ_STORE_MESSAGES_MAX earlier. */
#ifndef SOJOURN_STORE_MESSAGE_H
#define SOJOURN_STORE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "sojourn/message.h"
#include "sojourn/store.h"

#define SJ_STORE_MESSAGES_MAX 20000u     /* records of one owner; the oldest go */
#define SJ_STORE_NAME_MAX 1023u          /* bytes of a name */
#define SJ_STORE_DAYS 30u                /* records are kept so long unless the options say other */

struct sj_strbuf;

/* Appends the name of a message that the network knows by network_id: the same for the same
 * arguments, different for each owner and peer. own: the user is its author. version: NULL, or
 * what tells a later form of the message (its text) from the first; both names lead to the
 * message. Of an id over SJ_STORE_SEALED_ID_MAX bytes a record is kept (grouped). */
#define SJ_STORE_SEALED_ID_MAX 255u
void sj_store_message_name(struct sj_store *, const struct sj_owner *, const char *peer,
                           const char *network_id, bool own, const char *version,
                           struct sj_strbuf *out);

struct sj_store_message {
    const char *peer;
    const char *network_id;
    const char *id;              /* its name on the other side */
    const char *other_id;        /* a second name there, or NULL */
    const char *resource;        /* of the client that wants a receipt, at most SJ_STORE_NAME_MAX
                                    bytes; NULL: none does */
    sj_msec at;                  /* UTC, when it was sent */
    bool own;                    /* the user is the author */
    bool markable;               /* its client wants to know when it was read */
    bool later;                  /* id names a correction: network_id leads to the first name */
};
/* Grouped. Takes the place of what is recorded under the same ids. */
void sj_store_message_put(struct sj_store *, const struct sj_owner *,
                          const struct sj_store_message *);
/* By a name (made by sj_store_message_name or recorded); SJ_NOTFOUND: unknown here, or expired.
 * id and other_id are NULL, and at is 0, when the name says it all. */
enum sj_status sj_store_message_find(struct sj_store *, const struct sj_owner *, const char *peer,
                                     const char *id,
                                     void (*fn)(const struct sj_store_message *, void *arg),
                                     void *arg, struct sj_error *);
/* By the network's id, among what is recorded; SJ_NOTFOUND: none of those that the user sent. */
enum sj_status sj_store_message_find_network(struct sj_store *, const struct sj_owner *,
                                             const char *peer, const char *network_id,
                                             void (*fn)(const struct sj_store_message *, void *arg),
                                             void *arg, struct sj_error *);
/* Is id one that sj_store_message_name made for a message of the user's own? No access to data. */
bool sj_store_message_is_own_name(const struct sj_store *, const struct sj_owner *,
                                  const char *peer, const char *id);

/* Grouped. The user's reactions to a message, all of them; n 0 removes. */
void sj_store_reactions_put(struct sj_store *, const struct sj_owner *, const char *peer,
                            const char *network_id, const char *const *reactions, size_t n);
enum sj_status sj_store_reactions_get(struct sj_store *, const struct sj_owner *, const char *peer,
                                      const char *network_id,
                                      void (*fn)(const char *const *reactions, size_t n, void *arg),
                                      void *arg, struct sj_error *);

#endif
