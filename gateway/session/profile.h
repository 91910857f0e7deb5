/* SPDX-License-Identifier: MPL-2.0 */
/* What users' clients learn of contacts, and of people in rooms, beyond presence: pictures, cards,
 * nodes; how it is fetched from the networks, and what of it is kept. */
#ifndef SESSION_PROFILE_H
#define SESSION_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "avatar.h"
#include "governor.h"
#include "sojourn/backend.h"
#include "sojourn/log.h"
#include "sojourn/loop.h"
#include "sojourn/map.h"
#include "xmpp.h"

/* Fetches from one network: so many a second, so many at once. */
#define FETCH_RATE 20u
#define FETCH_BURST 40u
#define FETCH_AT_ONCE 16u
#define FETCH_SESSION_MAX 4u             /* of one user, those that wait for the budget included */
#define FETCH_BACKGROUND_MAX 2u          /* of these, what nobody has asked for */
/* Profiles are kept for a while, so that a client that asks for each contact again and again costs
 * the network one question; a failure is kept as well. */
#define KEPT_BYTES_MAX ((size_t)2 << 20)
#define KEPT_MS 600000
#define KEPT_FAILED_MS 30000

struct contact;
struct network;
struct resource;
struct session;
struct sessions;
struct sj_strbuf;

/* A contact's picture, as far as it is known. Owned by the contact, made with its first id. */
struct portrait {
    bool settled;                /* it was fetched once: what follows is known */
    bool wanted;                 /* waits to be fetched */
    bool failed;                 /* not tried again by itself while this link is up */
    enum image_kind kind;        /* settled; NONE: nothing that could be shown */
    uint8_t sha1[SJ_SHA1_LEN];   /* with a kind, as all that follows */
    uint16_t width, height;
    uint32_t bytes;
    char id[];                   /* the network's */
};

/* A profile that was fetched. Owned by struct profiles. */
struct kept {
    struct sj_list used;         /* least recently used first */
    int64_t until_ms;
    size_t bytes;
    char *key;
    char *value[SJ_PROFILE_COUNT];
    struct sj_fact *facts;       /* with what they point to; NULL: none */
    size_t n_facts;
    bool absent;                 /* the network knows nobody of that id, or nothing of them */
};

/* A request for a card that waits. Owned by its session's portfolio. */
struct card_ask {
    struct sj_list in_session, by_age;
    uint64_t session;
    xmpp_req req;
    uint64_t run;                /* of a command that waits, in place of req; or 0 */
    int64_t due_ms;
    unsigned wants;
    bool no_picture, no_profile; /* not to be had now */
    bool exact;                  /* sha1 counts */
    uint8_t sha1[SJ_SHA1_LEN];
    char *room, *nick;           /* of somebody there, or (nick NULL) of the room; room NULL: of a
                                    contact */
    char peer[];
};

/* What a session has under way about profiles. Made when needed, freed when nothing is left. */
struct portfolio {
    struct sj_list shares;       /* struct fetch_share, fetch.c */
    unsigned n_shares;
    struct sj_list asks;         /* struct card_ask */
    unsigned n_wanted;           /* portraits of contacts that wait to be fetched */
    struct sj_list pictures_wanted, pictures_asked;  /* struct room_picture, room_picture.c */
    struct sj_defer run;
};

/* All users together. Owned by struct sessions. */
struct profiles {
    struct sessions *all;        /* borrowed */
    struct avatars avatars;
    struct governor *governors;  /* one a network */
    struct sj_map fetches;       /* struct fetch by what is fetched */
    struct sj_idmap by_op;
    struct sj_map kept;
    struct sj_list kept_used;
    size_t kept_bytes;
    struct sj_list asks;         /* by age */
    struct sj_timer deadline;    /* of the oldest */
    struct sj_log_limit limit;   /* of lines about pictures */
};

/* profile.c: cards, and what is under way */
struct profiles *profiles_new(struct sessions *, size_t avatar_bytes);
void profiles_free(struct profiles **);
struct portfolio *portfolio_get(struct session *);
void portfolio_later(struct session *);
void portfolio_free(struct session *);
bool profile_person(void *ctx, const struct xmpp_from *, const char *peer, struct xmpp_person *);
enum sj_status profile_card(void *ctx, const struct xmpp_from *, const char *peer,
                            const struct xmpp_card_ask *, xmpp_req, struct sj_error *);
/* The card of who has that nick in a room, or (nick NULL) of the room, peer over there: answered
 * later, or at once. */
void profile_card_in_room(struct session *, const char *peer, const char *room, const char *nick,
                          const struct xmpp_card_ask *, xmpp_req);
/* The profile of whoever it is for a run of a command, whose outcome comes by command_outcome;
 * kept_find has it then. */
void profile_for_run(struct session *, const char *peer, uint64_t run);
/* A fetch about this contact, person or room has ended. */
void profile_fetched(struct session *, const char *peer, bool picture, bool failed);

/* kept.c */
const struct kept *kept_find(struct profiles *, const struct session *, const char *contact);
/* profile NULL: there is none, or (failed) it was not to be had. */
void kept_put(struct profiles *, const struct session *, const char *contact,
              const struct sj_profile *profile, bool failed);
void kept_release(struct profiles *);

/* portrait.c */
/* Takes over what the network tells; true: clients are to be told something else than before. */
bool portrait_learn(struct session *, struct contact *, const struct sj_contact *);
/* The user may see c from now on: its picture is fetched when nobody knows it. */
void portrait_want(struct session *, struct contact *);
/* Another one to fetch in the background; NULL: none. */
struct contact *portrait_next(struct session *);
/* A fetch of c's picture has ended. image NULL: there is none that could be shown. */
struct avatar;
void portrait_set(struct session *, struct contact *, const struct avatar *);
void portrait_failed(struct contact *);
void portrait_free(struct contact *);
/* For presence and nodes; the digest is borrowed. */
struct xmpp_picture portrait_picture(const struct session *, const struct contact *);
/* A new link may know what the old one did not. */
void portraits_retry(struct session *);

/* fetch.c */
/* Under which name the cache knows the picture avatar (the network's id) of a contact, a person in
 * a room, or a room; out is initialised here. */
void fetch_picture_key(struct sj_strbuf *out, const struct session *, const char *peer,
                       const char *avatar);
/* Starts to fetch, or waits with whoever does already. false: as much as may be is under way. */
bool fetch_picture(struct session *, const char *peer, const char *avatar, bool interactive);
bool fetch_profile(struct session *, const char *peer);
void fetch_op_done(struct profiles *, sj_op, const struct sj_error *);
void fetch_on_avatar(struct session *, sj_op, const struct sj_avatar *);
void fetch_on_profile(struct session *, sj_op, const struct sj_profile *);
/* The session goes: whoever waits with it goes on alone. */
void fetch_leave(struct session *);
void fetches_release(struct profiles *);

/* nodes.c */
void nodes_resource(struct session *, struct resource *, const struct xmpp_caps_in *);
void nodes_wanted(void *ctx, unsigned host, const char *full, unsigned nodes);
void nodes_tell(struct session *, struct contact *, enum xmpp_node);
/* The user sees c from now on: its last items, to who is there (XEP-0060 §6.1.7). */
void nodes_tell_subscribed(struct session *, const struct contact *);
/* To the resources that were not told yet, the last item of every contact. */
void nodes_tell_new(struct session *);
/* A notification bounced. */
void nodes_bounced(struct session *, const char *peer);

#endif
