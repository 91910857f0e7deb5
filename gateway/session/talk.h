/* SPDX-License-Identifier: MPL-2.0 */
/* What is remembered of a conversation while it goes on: who types, what was read. Made when it is
 * first needed, on networks that know such things; bounded, the least recently used forgotten. */
#ifndef SESSION_TALK_H
#define SESSION_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "sojourn/map.h"
#include "sojourn/message.h"
#include "xmpp.h"

struct session;
struct sessions;

#define TALKS_MAX 64u                    /* of one session */
#define TALK_RECENT 16u                  /* messages whose order is known */
#define TALK_TYPING_MS 30000             /* somebody types so long without a sign of it (G085-07) */

/* Has a client shown that it knows chat states? (XEP-0085 §5.1) */
enum resource_states { RESOURCE_STATES_UNKNOWN, RESOURCE_STATES_YES, RESOURCE_STATES_NO };

struct talk {                    /* owned by its session's talks */
    struct sj_list by_use;
    struct sj_list typing;       /* in sessions.typing while the peer is shown as typing */
    struct session *session;     /* borrowed */
    int64_t typing_until_ms;
    bool peer_types;             /* the user was shown so */
    enum sj_typing told;         /* the network, of the user */
    sj_msec read_at;             /* when the newest message was sent that the peer has read; of a
                                    room: the user */
    uint32_t recent[TALK_RECENT];        /* hashes of ids of the peer's last messages */
    uint64_t n_recent;           /* messages so far */
    uint64_t n_read;             /* the user has read that many of them */
    uint32_t confirmed;          /* bits: the user's clients have received recent[i] */
    char peer[];
};
struct talks {
    struct sj_map by_peer;
    struct sj_list by_use;       /* least recently used first */
};

/* NULL: none yet. */
struct talk *talk_find(const struct session *, const char *peer);
struct talk *talk_get(struct session *, const char *peer);
void talks_clear(struct session *);

/* A message of the peer's came. */
void talk_note(struct session *, const char *peer, const char *network_id);
/* The user has read, or received, this message of the peer's: true if that is news (G333-03,
 * G184-04). */
bool talk_read(struct session *, const char *peer, const char *network_id);
/* The same in a room, of a message that was sent at that time. */
bool talk_read_room(struct session *, const char *room, sj_msec at);
bool talk_received(struct session *, const char *peer, const char *network_id);

/* typing.c */
void typing_from_user(struct session *, const struct xmpp_from *, const char *peer,
                      enum xmpp_chat_state);
/* A message came from this resource, with that state in it or none. */
void typing_learn(struct session *, const char *resource, enum xmpp_chat_state);
/* A message goes to, or came from the peer: it does not type any more. */
void typing_ends(struct session *, const char *peer, bool the_user);
void typing_from_network(struct session *, const char *peer, enum sj_typing);
/* May messages carry <active/>? (G085-04, G085-06) */
bool typing_is_spoken(const struct session *);
/* The conversation is being forgotten: nobody types in it, for either side. */
void typing_forget(struct talk *);
void typing_sweep(struct sessions *, int64_t now_ms);

#endif
