/* SPDX-License-Identifier: MPL-2.0 */
/* What users change reaches the store without a wait on the loop (records.c). Changes of contacts
 * are told by contact_changed (contact.h). */
#ifndef SESSION_RECORDS_H
#define SESSION_RECORDS_H

#include "sojourn/error.h"

struct network;
struct session;
struct sessions;

void records_init(struct sessions *);
void records_release(struct sessions *);
/* A change of this user's contacts follows in this turn: what they are told from here on waits
 * until it is durable. contact_changed does it by itself; this is for what is said before. */
void records_promise(struct session *);
/* What was put into a group of the store last is a change of this user's, who is told nothing more
 * until it is durable. session: of the user, who is told if it cannot be stored, or 0. */
void records_grouped(struct network *, const char *user, uint64_t session);
/* Somebody else made the change for which records_grouped was called last, if that is under way. */
void records_grouped_by(struct network *, const char *user);
/* The registration that the session's check has found right is to be stored; check_stored follows,
 * not before the loop top. */
void records_register(struct session *);
/* Waits for the disk: everything is stored, or was refused, when it returns. Not for calls that
 * come often. */
void records_flush(struct sessions *);
/* The store's, and the XMPP room's. */
void records_settled(struct sessions *, enum sj_status status);
void records_crowded(void *sessions);

#endif
