/* SPDX-License-Identifier: MPL-2.0 */
/* The contract of the XMPP room, continued: rooms (XEP-0045), what is heard of them. Included by
 * xmpp.h, whose rules hold here too; what is said of them is in xmpp_muc_out.h.
 *
 * This room keeps nothing about rooms: who is in them is the session room's business. Messages of
 * rooms and to single occupants, and what is said about them, come with the structs and functions
 * of xmpp_message.h (`nick`, `in_room`): everything that contacts can be sent works there too. An
 * address ID@G is a room's when in->muc.is_room says so; nothing else that is heard for it reaches
 * the functions for contacts. Hosts without has_rooms have none, and are never asked.
 *
 * Which status means what to somebody in a room, as a condition of XEP-0045:
 *   SJ_DENIED forbidden (banned; no voice; lacks the right), SJ_NOTALLOWED not-allowed (the other
 *   stands above; rooms cannot be made), SJ_UNACCEPTABLE not-acceptable (not in the room; must use
 *   the reserved nick), SJ_UNREGISTERED registration-required (not a member, or not registered),
 *   SJ_AUTH not-authorized (password), SJ_EXISTS conflict (nick taken; last owner), SJ_NOTFOUND
 *   item-not-found (no such room, no such occupant), SJ_UNSUPPORTED feature-not-implemented,
 *   SJ_LIMIT resource-constraint, but of a join: service-unavailable, wait (the room is full). */
#ifndef SOJOURN_XMPP_MUC_H
#define SOJOURN_XMPP_MUC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"
#include "xmpp_archive.h"
#include "xmpp_message.h"
#include "xmpp_muc_out.h"
#include "xmpp_profile.h"

#define XMPP_NICK_MAX 1023u
#define XMPP_ROOM_PASSWORD_MAX 255u      /* longer: not-authorized */
#define XMPP_ROOM_REASON_MAX 1023u       /* longer: not-acceptable */
#define XMPP_SUBJECT_MAX 8191u           /* longer: not-acceptable */
#define XMPP_ROOM_ITEMS_MAX 64u          /* of one admin request; more: not-acceptable */
#define XMPP_INVITES_MAX 16u             /* of one message; more: not-acceptable */
#define XMPP_ROOM_ALIASES_MAX 32u        /* of one form; more: not-acceptable */

/* G045-12. history: the smallest that satisfies all is given (G045-32); -1: not said. Characters
 * are those of whole stanzas, so a little more than those of the texts. */
struct xmpp_join_in {
    const char *room, *nick;
    const char *password;        /* wiped by this room after the call; or NULL */
    int64_t history_chars, history_stanzas, history_seconds;
    int64_t history_since;       /* UTC ms; -1 */
    int show;                    /* enum xmpp_show, never XMPP_OFFLINE */
    const char *status;          /* or NULL */
};

/* Presence without the muc element: of an occupant, or of somebody who believes to be one. It is
 * a change of nick when nick differs from the client's (G045-22, G045-56, G045-57). */
struct xmpp_occupant_in {
    const char *room, *nick;
    int show;
    const char *status;          /* or NULL */
};

/* Somebody is asked into a room: by a message to the room (G045-83), or, when the invitation went
 * to a contact, directly (G249-02). */
struct xmpp_invite_in {
    const char *room;
    const char *peer;            /* who is invited, as a contact of the host... */
    const char *jid;             /* ...or as a bare address, when it is nobody's of the host */
    const char *reason;          /* or NULL */
    bool declines;               /* it is the answer to an invitation by that person (G045-85) */
    bool direct;
};

/* What R/nick is to a client. */
enum xmpp_place {
    XMPP_PLACE_OUTSIDE,          /* the client (a full address) is not in the room */
    XMPP_PLACE_EMPTY,            /* it is, and nobody has that nick */
    XMPP_PLACE_SELF,             /* it is its own */
    XMPP_PLACE_OTHER
};
/* Filled of OTHER. */
struct xmpp_place_info {
    uint32_t features;           /* enum xmpp_feature */
    int64_t idle_since;          /* UTC ms; 0 unknown */
};

/* muc#roomconfig as submitted: texts NULL and number -1 where absent, flags only where known. */
struct xmpp_room_config {
    const char *name, *description;
    const char *password;        /* "": none any more; wiped by this room after the call */
    uint32_t flags, known;       /* enum xmpp_room_flag */
    int64_t occupants_max;       /* 0: no limit */
    /* Addresses over there, none of them blank, as they were typed; NULL: not in the form. */
    const char *const *aliases;
    size_t n_aliases;
    bool cancel;                 /* the first configuration is given up: the room goes (G045-88) */
    bool instant;                /* an empty form: the room is taken as it is (G045-88) */
};

/* Events; part of struct xmpp_in, every member non-NULL. A status other than SJ_OK is answered as a
 * presence, message or iq error from the address that was written to. SJ_OK for what has a
 * request: accepted, xmpp_answer or the answer function named there follows (maybe already
 * called). nick: never empty or blank. */
struct xmpp_in_muc {
    /* By the form of the id alone; asked once for every stanza to a host with rooms. */
    bool (*is_room)(void *ctx, unsigned host, const char *id);
    /* SJ_OK: the join was noted, all presences or xmpp_send_room_error follow. */
    enum sj_status (*join)(void *ctx, const struct xmpp_from *, const struct xmpp_join_in *,
                           struct sj_error *);
    /* Never answered here: xmpp_send_room_error says when a nick was refused (G045-58). */
    void (*presence)(void *ctx, const struct xmpp_from *, const struct xmpp_occupant_in *);
    /* nick NULL: whatever it is. status: or NULL. */
    void (*leave)(void *ctx, const struct xmpp_from *, const char *room, const char *nick,
                  const char *status);
    /* Stanzas of the room do not reach this client any more: it is gone (G045-64). */
    void (*lost)(void *ctx, const struct xmpp_from *, const char *room);
    /* from->id: kept by the reflection. text "": none. */
    enum sj_status (*subject)(void *ctx, const struct xmpp_from *, const char *room,
                              const char *text, struct sj_error *);
    /* A chat state that came alone; nick NULL: to everybody. */
    void (*state)(void *ctx, const struct xmpp_from *, const char *room, const char *nick,
                  enum xmpp_chat_state);
    enum sj_status (*invite)(void *ctx, const struct xmpp_from *, const struct xmpp_invite_in *,
                             size_t n, struct sj_error *);
    /* Fills out of OTHER; G045-11, G410-01. */
    enum xmpp_place (*place)(void *ctx, const struct xmpp_from *, const char *room,
                             const char *nick, struct xmpp_place_info *out);
    /* The card of an occupant (place was OTHER), or nick NULL: the room's picture (G486-01).
     * Answered by xmpp_answer_card; SJ_NOTFOUND: there is none. */
    enum sj_status (*card)(void *ctx, const struct xmpp_from *, const char *room,
                           const char *nick, const struct xmpp_card_ask *, xmpp_req,
                           struct sj_error *);
    /* The room's picture; len 0: none any more (G486-02). Lent. */
    enum sj_status (*picture)(void *ctx, const struct xmpp_from *, const char *room,
                              const void *data, size_t len, xmpp_req, struct sj_error *);

    /* A list: of everybody with that affiliation or role, the other one is -1. Answered by
     * xmpp_answer_room_items. */
    enum sj_status (*admin_get)(void *ctx, const struct xmpp_from *, const char *room,
                                int affiliation, int role, xmpp_req, struct sj_error *);
    /* n 1 to XMPP_ROOM_ITEMS_MAX, all or none (G045-78). Each either has a role and a nick, or an
     * affiliation and one of peer, jid, nick. */
    enum sj_status (*admin_set)(void *ctx, const struct xmpp_from *, const char *room,
                                const struct xmpp_room_item *, size_t n, xmpp_req,
                                struct sj_error *);
    /* Answered by xmpp_answer_room_config. */
    enum sj_status (*config_get)(void *ctx, const struct xmpp_from *, const char *room, xmpp_req,
                                 struct sj_error *);
    enum sj_status (*config_set)(void *ctx, const struct xmpp_from *, const char *room,
                                 const struct xmpp_room_config *, xmpp_req, struct sj_error *);
    /* reason: or NULL. */
    enum sj_status (*destroy)(void *ctx, const struct xmpp_from *, const char *room,
                              const char *reason, xmpp_req, struct sj_error *);
    /* A moderator takes back what somebody said (XEP-0425); target: the room's own id of it, never
     * empty; reason: or NULL. */
    enum sj_status (*moderate)(void *ctx, const struct xmpp_from *, const char *room,
                               const char *target, const char *reason, xmpp_req,
                               struct sj_error *);
    /* What service discovery and x-roomuser-item ask. Answered by xmpp_answer_room_info. */
    enum sj_status (*info)(void *ctx, const struct xmpp_from *, const char *room, xmpp_req,
                           struct sj_error *);
    /* Public rooms. Answered by xmpp_answer_room_list. */
    enum sj_status (*list)(void *ctx, const struct xmpp_from *, const struct xmpp_page *, xmpp_req,
                           struct sj_error *);
};

/* Can this nick stand in an address just as it is, whatever server it passes? Where not, the
 * session room shows another one (R7622-03). Errs to false. */
bool xmpp_nick_ok(const struct xmpp *, const char *nick);

#endif
