/* SPDX-License-Identifier: MPL-2.0 */
/* The contract of the XMPP room, continued: rooms (XEP-0045). Included by xmpp.h, whose rules hold
 * here too.
 *
 * This room keeps nothing about rooms: who is in them is the session room's business. What is said
 * in a room, to an occupant, or about either is told with the structs of xmpp_message.h (`in_room`
 * and `nick`); the structs here are for what only rooms have. An address ID@G is a room's when
 * in->muc.is_room says so; nothing else that is heard for it reaches the functions for contacts.
 *
 * Order is the session room's: xmpp_send_* puts stanzas on the stream in the order of the calls
 * (G045-15, G045-34). */
#ifndef SOJOURN_XMPP_MUC_H
#define SOJOURN_XMPP_MUC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"
#include "xmpp_message.h"

#define XMPP_NICK_MAX 1023u
#define XMPP_ROOM_PASSWORD_MAX 255u
#define XMPP_ROOM_ITEMS_MAX 64u          /* of one admin request; more: not-acceptable */
#define XMPP_INVITES_MAX 16u             /* of one message; more: not-acceptable */
#define XMPP_TITLES_MAX 8u

enum xmpp_affiliation { XMPP_AFF_NONE, XMPP_AFF_OUTCAST, XMPP_AFF_MEMBER, XMPP_AFF_ADMIN,
                        XMPP_AFF_OWNER };
enum xmpp_role { XMPP_ROLE_NONE, XMPP_ROLE_VISITOR, XMPP_ROLE_PARTICIPANT, XMPP_ROLE_MODERATOR };

/* G045-12. history: the smallest that satisfies all is given (G045-32); -1: not said. */
struct xmpp_join_in {
    const char *room, *nick;
    const char *password;        /* wiped by this room after the call; or NULL */
    int64_t history_chars, history_stanzas, history_seconds;
    int64_t history_since;       /* UTC ms; -1 */
};

/* One item of muc#admin, in either direction. Members that were absent: NULL, or -1. */
struct xmpp_room_item {
    const char *nick;
    const char *peer;            /* the jid as a contact of ours... */
    const char *jid;             /* ...or as it stands, when it is nobody's of this network */
    const char *reason;
    int affiliation, role;       /* enum xmpp_affiliation, enum xmpp_role */
};

/* muc#user invite (G045-83), or the invitation of a contact to a room (G249-02). */
struct xmpp_invite_in {
    const char *room;
    const char *peer, *jid;      /* who is invited, as in struct xmpp_room_item */
    const char *reason;          /* or NULL */
    bool declines;               /* it is an answer to an invitation (G045-85) */
};

/* What the session room knows of a room, for service discovery and forms. Strings live until the
 * next call into the session room. */
struct xmpp_room_info {
    const char *name, *description, *subject, *avatar_hash;     /* or NULL */
    uint32_t flags, known;       /* enum xmpp_room_flag */
    uint32_t settable;           /* flags that the network lets somebody change */
    int64_t occupants, occupants_max;    /* -1 unknown */
    const char *reserved_nick;   /* where nicks are locked to the account; or NULL */
    bool has_archive;            /* XEP-0313 */
    bool text_settable;          /* name and description can be changed */
};
enum xmpp_room_flag {
    XMPP_ROOM_SECRET = 1u << 0,
    XMPP_ROOM_MEMBERS_ONLY = 1u << 1,
    XMPP_ROOM_MODERATED = 1u << 2,
    XMPP_ROOM_PASSWORD = 1u << 3,
    XMPP_ROOM_SUBJECT_LOCKED = 1u << 4,
    XMPP_ROOM_PERSISTENT = 1u << 5,
    XMPP_ROOM_ANONYMOUS = 1u << 6,
    XMPP_ROOM_LOGGED = 1u << 7
};

/* muc#roomconfig as submitted: texts NULL and number -1 where absent. */
struct xmpp_room_config {
    const char *name, *description;
    const char *password;        /* wiped by this room after the call */
    uint32_t flags, known;
    int64_t occupants_max;
    bool cancel;                 /* G045-88 */
};

/* A page of XEP-0059, as asked for. */
struct xmpp_page {
    const char *after, *before;  /* ids, NULL: not given */
    bool last;                   /* empty <before/>: the last page */
    int64_t max;                 /* -1: not said */
    bool given;                  /* there is a <set/> at all */
};

/* A query of XEP-0313. */
struct xmpp_archive_query {
    const char *room;
    const char *query_id;        /* or NULL */
    const char *with;            /* nick, or NULL: anybody */
    int64_t start, end;          /* UTC ms; -1 */
    const char *after, *before;  /* the form's after-id and before-id, or NULL */
    const char *const *ids;      /* the form's ids */
    size_t n_ids;
    struct xmpp_page page;
    bool flip;                   /* the page is sent newest first */
};

/* Events; part of struct xmpp_in, every member non-NULL. Statuses are answered as presence, message
 * or iq errors by this room; those of join with the muc element (G045-24). SJ_OK for what has a
 * request: xmpp_answer or one of xmpp_answer_room_* follows. */
struct xmpp_in_muc {
    /* By the form of the id alone; may be asked for every stanza. */
    bool (*is_room)(void *ctx, unsigned host, const char *id);
    enum sj_status (*join)(void *ctx, const struct xmpp_from *, const struct xmpp_join_in *,
                           struct sj_error *);
    /* Presence without the muc element: of an occupant, or of somebody who believes to be one
     * (G045-22, G045-56, G045-57). */
    void (*presence)(void *ctx, const struct xmpp_from *, const char *room, const char *nick,
                     int show, const char *status);
    void (*leave)(void *ctx, const struct xmpp_from *, const char *room, const char *nick,
                  const char *status);
    enum sj_status (*subject)(void *ctx, const struct xmpp_from *, const char *room,
                              const char *text, struct sj_error *);
    enum sj_status (*invite)(void *ctx, const struct xmpp_from *, const struct xmpp_invite_in *,
                             size_t n, struct sj_error *);
    /* Is this full JID in the room, under this nick (NULL: any)? (G410-01, G045-11) */
    bool (*is_in)(void *ctx, const struct xmpp_from *, const char *room, const char *nick);
    /* The occupant as a contact of the user's: NULL unknown, or not to be known. */
    const char *(*occupant)(void *ctx, const struct xmpp_from *, const char *room,
                            const char *nick);

    enum sj_status (*admin_get)(void *ctx, const struct xmpp_from *, const char *room,
                                const struct xmpp_room_item *, xmpp_req, struct sj_error *);
    enum sj_status (*admin_set)(void *ctx, const struct xmpp_from *, const char *room,
                                const struct xmpp_room_item *, size_t n, xmpp_req,
                                struct sj_error *);
    enum sj_status (*config_get)(void *ctx, const struct xmpp_from *, const char *room, xmpp_req,
                                 struct sj_error *);
    enum sj_status (*config_set)(void *ctx, const struct xmpp_from *, const char *room,
                                 const struct xmpp_room_config *, xmpp_req, struct sj_error *);
    enum sj_status (*destroy)(void *ctx, const struct xmpp_from *, const char *room,
                              const char *reason, xmpp_req, struct sj_error *);
    /* disco: of one room, and the list of public ones. */
    enum sj_status (*info)(void *ctx, const struct xmpp_from *, const char *room, xmpp_req,
                           struct sj_error *);
    enum sj_status (*list)(void *ctx, const struct xmpp_from *, const struct xmpp_page *, xmpp_req,
                           struct sj_error *);
    enum sj_status (*archive)(void *ctx, const struct xmpp_from *,
                              const struct xmpp_archive_query *, xmpp_req, struct sj_error *);
    enum sj_status (*archive_ends)(void *ctx, const struct xmpp_from *, const char *room, xmpp_req,
                                   struct sj_error *);
};

/* ---- out; as everything there: false when the stanza was not queued ---- */

/* Status codes of XEP-0045, as bits. */
enum xmpp_room_status {
    XMPP_STATUS_NOT_ANONYMOUS = 1u << 0,     /* 100 */
    XMPP_STATUS_SELF = 1u << 1,              /* 110 */
    XMPP_STATUS_LOGGED = 1u << 2,            /* 170 */
    XMPP_STATUS_CREATED = 1u << 3,           /* 201 */
    XMPP_STATUS_NICK_ALTERED = 1u << 4,      /* 210 */
    XMPP_STATUS_BANNED = 1u << 5,            /* 301 */
    XMPP_STATUS_RENAMED = 1u << 6,           /* 303 */
    XMPP_STATUS_KICKED = 1u << 7,            /* 307 */
    XMPP_STATUS_REMOVED = 1u << 8,           /* 321 */
    XMPP_STATUS_CLOSING = 1u << 9,           /* 332 */
    XMPP_STATUS_LOST = 1u << 10              /* 333 */
};

/* Presence of an occupant to one client in the room. */
struct xmpp_occupant_out {
    const char *room, *nick;
    const char *to;              /* full */
    int show;                    /* enum xmpp_show; XMPP_OFFLINE: it leaves */
    const char *status;          /* text, or NULL */
    enum xmpp_affiliation affiliation;
    enum xmpp_role role;
    const char *peer;            /* who it is, as a contact of ours, or... */
    const char *jid;             /* ...as an address; both NULL: not told */
    const char *new_nick;        /* with RENAMED */
    const char *actor, *reason;  /* or NULL */
    uint32_t statuses;           /* enum xmpp_room_status */
    const char *account;         /* what the occupant-id is derived from (G421-03) */
    const char *const *titles;   /* XEP-0317 */
    size_t n_titles;
    bool closed;                 /* the room is destroyed (G045-92) */
};
bool xmpp_send_occupant(struct xmpp *, unsigned host, const struct xmpp_occupant_out *);
/* A join or a change of nick was refused (G045-24, G045-58); `joins` echoes the muc element. */
bool xmpp_send_room_error(struct xmpp *, unsigned host, const char *room, const char *nick,
                          const char *to, const char *id, bool joins, const struct sj_error *);
/* G045-34, G045-37. nick: NULL: the room; set_at: 0 live. */
bool xmpp_send_subject(struct xmpp *, unsigned host, const char *room, const char *nick,
                       const char *to, const char *text, const char *account, int64_t set_at);
/* Direct invitation (G249-01) from peer. */
bool xmpp_send_invite(struct xmpp *, unsigned host, const char *peer, const char *to,
                      const char *room, const char *password, const char *reason);
/* G045-90: codes is up to 4 numbers (104, 170 to 173). */
bool xmpp_send_room_changed(struct xmpp *, unsigned host, const char *room, const char *to,
                            const unsigned *codes, size_t n);
/* Answers of requests. */
void xmpp_answer_room_info(struct xmpp *, xmpp_req, const struct xmpp_room_info *);
void xmpp_answer_room_items(struct xmpp *, xmpp_req, const struct xmpp_room_item *, size_t n);
void xmpp_answer_room_config(struct xmpp *, xmpp_req, const struct xmpp_room_info *);

#endif
