/* SPDX-License-Identifier: MPL-2.0 */
/* The contract of the XMPP room, continued: rooms (XEP-0045), what is said of them and by them.
 * Included by xmpp_muc.h.
 *
 * Order is the session room's: stanzas go on the stream in the order of the calls (G045-15,
 * G045-34). `account` is what occupant ids are derived from (G421-03): what the network knows of
 * the person beyond the nick, NULL: the nick; an address of a user of ours where it is one.
 * Messages are xmpp_send_message, xmpp_send_mark and xmpp_send_room_state. */
#ifndef SOJOURN_XMPP_MUC_OUT_H
#define SOJOURN_XMPP_MUC_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"
#include "xmpp_archive.h"
#include "xmpp_message.h"
#include "xmpp_profile.h"

#define XMPP_TITLES_MAX 8u

struct sj_strbuf;

/* -1: not said. */
enum xmpp_affiliation {
    XMPP_AFF_NONE,
    XMPP_AFF_OUTCAST,
    XMPP_AFF_MEMBER,
    XMPP_AFF_ADMIN,
    XMPP_AFF_OWNER
};
enum xmpp_role {
    XMPP_ROLE_NONE,
    XMPP_ROLE_VISITOR,
    XMPP_ROLE_PARTICIPANT,
    XMPP_ROLE_MODERATOR
};

/* One item of muc#admin, in either direction. Members that are absent: NULL, or -1. Out: lists of
 * affiliations have role -1 (G045-76). */
struct xmpp_room_item {
    const char *nick;
    const char *peer;            /* the person as a contact of the host... */
    const char *jid;             /* ...or as an address, when it is nobody's of the host */
    const char *reason;
    int affiliation, role;       /* enum xmpp_affiliation, enum xmpp_role */
};

enum xmpp_room_flag {
    XMPP_ROOM_SECRET = 1u << 0,
    XMPP_ROOM_MEMBERS_ONLY = 1u << 1,
    XMPP_ROOM_MODERATED = 1u << 2,
    XMPP_ROOM_PASSWORD = 1u << 3,        /* settable: with a password in the configuration */
    XMPP_ROOM_SUBJECT_LOCKED = 1u << 4,
    XMPP_ROOM_PERSISTENT = 1u << 5,
    XMPP_ROOM_ANONYMOUS = 1u << 6,
    XMPP_ROOM_LOGGED = 1u << 7
};
#define XMPP_ROOM_FLAGS 8u

/* What the session room says of a room, for service discovery and forms. To outsiders a secret
 * room tells neither subject nor number of occupants (G045-05). */
struct xmpp_room_info {
    const char *room;
    const char *name, *description, *subject;    /* or NULL */
    const uint8_t *avatar;       /* SHA-1 of its picture, or NULL */
    uint32_t flags;              /* enum xmpp_room_flag; unset: the open, public, ... of a pair */
    uint32_t features;           /* enum xmpp_feature: what works in this room */
    int64_t occupants;           /* -1 unknown */
    int64_t occupants_max;       /* 0 none, -1 unknown */
    int64_t history_max;         /* messages that a join may ask for; -1 unknown */
    const char *reserved_nick;   /* where nicks are locked to the account; or NULL */
    bool has_archive;            /* XEP-0313 */
    bool has_titles;             /* XEP-0317 */
    /* what this user may change (muc#roomconfig) */
    uint32_t settable;           /* enum xmpp_room_flag */
    bool text_settable;          /* name and description */
    bool max_settable;
    bool picture_settable;
    /* Addresses of the room over there, the main one first; NULL: the form is without them. */
    const char *const *aliases;
    size_t n_aliases;
};

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
    XMPP_STATUS_NOW_MEMBERS_ONLY = 1u << 9,  /* 322 */
    XMPP_STATUS_CLOSING = 1u << 10,          /* 332 */
    XMPP_STATUS_LOST = 1u << 11,             /* 333 */
    /* of messages: xmpp_send_room_changed */
    XMPP_STATUS_ABSENT = 1u << 12,           /* 101 */
    XMPP_STATUS_CHANGED = 1u << 13,          /* 104 */
    XMPP_STATUS_NOW_LOGGED = 1u << 14,       /* 170 */
    XMPP_STATUS_NOT_LOGGED = 1u << 15,       /* 171 */
    XMPP_STATUS_NOW_NOT_ANONYMOUS = 1u << 16,    /* 172 */
    XMPP_STATUS_NOW_ANONYMOUS = 1u << 17     /* 173 */
};

/* Everything below returns false when the stanza was not queued: stream down, queue full, or an id
 * or nick that cannot be part of an address (xmpp_nick_ok). */

/* Presence of an occupant to one client in the room. Role NONE goes with XMPP_OFFLINE only, but
 * somebody who changes nick keeps the role. */
struct xmpp_occupant_out {
    const char *room, *nick;
    const char *to;              /* full */
    int show;                    /* enum xmpp_show; XMPP_OFFLINE: it leaves, or changes its nick */
    const char *status;          /* text, or NULL */
    enum xmpp_affiliation affiliation;
    enum xmpp_role role;
    const char *peer;            /* who it is, as a contact of the host, or... */
    const char *jid;             /* ...as an address; both NULL: not told */
    const char *new_nick;        /* with RENAMED */
    const char *actor, *reason;  /* who did it, a nick, and why; or NULL */
    uint32_t statuses;           /* enum xmpp_room_status */
    const char *account;
    const char *const *titles;   /* ranks in words (XEP-0317); at most XMPP_TITLES_MAX count */
    size_t n_titles;
    struct xmpp_picture picture; /* XEP-0153; UNKNOWN says nothing */
    bool closed;                 /* the room is no more (G045-92); reason says why */
    const char *id;              /* or NULL: a new one */
};
bool xmpp_send_occupant(struct xmpp *, unsigned host, const struct xmpp_occupant_out *);
/* A join or a change of nick was refused (G045-24, G045-58); `joins` echoes the muc element. id:
 * that of the request, or NULL. */
bool xmpp_send_room_error(struct xmpp *, unsigned host, const char *room, const char *nick,
                          const char *to, const char *id, bool joins, const struct sj_error *);
/* The one error answer to a message that was accepted earlier; nick as it was written to, NULL:
 * the room. */
bool xmpp_send_room_message_error(struct xmpp *, unsigned host, const char *room,
                                  const char *nick, const char *to, const char *id,
                                  const struct sj_error *);

/* G045-34, G045-37. */
struct xmpp_subject_out {
    const char *room;
    const char *nick;            /* who set it; NULL: not known */
    const char *to;
    const char *text;            /* "": none */
    const char *account;
    const char *id;              /* or NULL: a new one */
    const char *stanza_id;       /* or NULL */
    int64_t set_at;              /* UTC ms; 0: now, or not known */
};
bool xmpp_send_subject(struct xmpp *, unsigned host, const struct xmpp_subject_out *);
/* A chat state of an occupant to one client; whispers: to the user alone. */
bool xmpp_send_room_state(struct xmpp *, unsigned host, const char *room, const char *nick,
                          const char *to, const char *account, enum xmpp_chat_state,
                          bool whispers);

/* An invitation to an address. From peer, directly (G249-01, G045-86), or from the gateway itself;
 * else from the room, for inviter, who is an address (G045-83). declines: inviter does not come
 * (G045-85). */
struct xmpp_invite_out {
    const char *room, *to;
    const char *peer, *inviter;
    const char *password, *reason;       /* or NULL */
    bool declines;
    bool direct;                 /* peer NULL: from the gateway */
};
bool xmpp_send_invite(struct xmpp *, unsigned host, const struct xmpp_invite_out *);
/* Appends the link by which clients join a room (XEP-0147 §8). */
bool xmpp_room_uri(const struct xmpp *, unsigned host, const char *room, struct sj_strbuf *out);
/* G045-90: what of the room changed. With item also: of whom (G045-81, ABSENT). */
bool xmpp_send_room_changed(struct xmpp *, unsigned host, const char *room, const char *to,
                            uint32_t statuses, const struct xmpp_room_item *item);

/* Answers of requests. */
void xmpp_answer_room_info(struct xmpp *, xmpp_req, const struct xmpp_room_info *);
void xmpp_answer_room_items(struct xmpp *, xmpp_req, const struct xmpp_room_item *, size_t n);
void xmpp_answer_room_config(struct xmpp *, xmpp_req, const struct xmpp_room_info *);
struct xmpp_room_listed {
    const char *room, *name;     /* name: or NULL */
};
/* page NULL: none was asked for, and these are all. */
void xmpp_answer_room_list(struct xmpp *, xmpp_req, const struct xmpp_room_listed *, size_t n,
                           const struct xmpp_page_out *);

#endif
