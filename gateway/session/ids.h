/* SPDX-License-Identifier: MPL-2.0 */
/* Ids of messages of one conversation: which message a client means, and how clients are told of
 * one (GMSG-02, GMSG-07). Only networks with one of SJ_CAPS_WITH_IDS come here. */
#ifndef SESSION_IDS_H
#define SESSION_IDS_H

#include <stdbool.h>

#include "sojourn/message.h"
#include "sojourn/strbuf.h"

struct session;

/* A message that both sides know. */
struct ids_message {
    struct sj_strbuf network_id;
    struct sj_strbuf id, other_id;       /* clients' ids of it; "": none was recorded */
    struct sj_strbuf resource;           /* with wants_receipt: who asked for it */
    sj_msec at;
    bool own, markable, wants_receipt;
};
void ids_init(struct ids_message *);
void ids_release(struct ids_message *);

/* The message that a client names; false: unknown. out is initialised. */
bool ids_find(struct session *, const char *peer, const char *id, struct ids_message *out);
/* One that the user sent, by the network's id; false: none of the user's, or forgotten. */
bool ids_find_network(struct session *, const char *peer, const char *network_id,
                      struct ids_message *out);
/* Appends the id under which clients know a message of the network's. version: NULL or what tells a
 * later form of it. */
void ids_name(struct session *, const char *peer, const char *network_id, bool own,
              const char *version, struct sj_strbuf *out);

#endif
