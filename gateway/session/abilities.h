/* SPDX-License-Identifier: MPL-2.0 */
/* What a contact can do, as it is advertised to the user's clients. */
#ifndef SESSION_ABILITIES_H
#define SESSION_ABILITIES_H

#include <stdbool.h>
#include <stdint.h>

struct contact;
struct session;
struct sj_contact;

/* enum sj_cap: what the network can, less what this login lacks. */
uint32_t abilities_caps(const struct session *);
/* enum xmpp_feature: the same, less what this contact lacks. */
uint32_t abilities_of_contact(const struct session *, const struct contact *);
/* enum xmpp_feature of the gateway itself, by the network's enum sj_cap. */
uint32_t abilities_of_network(uint32_t caps);
/* The same of its rooms. */
uint32_t abilities_of_room(uint32_t caps);
/* Takes over what the network tells of this contact. True: clients are to be told
 * something else than before (G115-05). */
bool abilities_learn(struct session *, struct contact *, const struct sj_contact *);
/* This login lacks these: clients are told of contacts for whom that is news. */
void abilities_learn_link(struct session *, uint32_t lacks);
/* False: it is known that nobody reads what is written to this contact. Costs nothing in sessions
 * without such contacts. */
bool abilities_may_write(const struct session *, const char *id);

#endif
