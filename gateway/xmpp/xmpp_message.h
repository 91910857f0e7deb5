/* SPDX-License-Identifier: MPL-2.0 */
/* The contract of the XMPP room, continued: messages, what is said about earlier messages, and who
 * types. Included by xmpp.h, whose rules hold here too.
 *
 * Ids of messages are the senders': a client names a message by its id, or by its origin-id, which
 * may differ (GMSG-07). What a client asks for beyond the text stands in the structs as it was
 * asked; what becomes of it is decided by the session room. Trust nothing: any user can send any
 * of it, with any id. */
#ifndef SOJOURN_XMPP_MESSAGE_H
#define SOJOURN_XMPP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"

struct xmpp;
struct xmpp_file;

#define XMPP_MESSAGE_ID_MAX 1023u        /* bytes; a longer id is none */
#define XMPP_REACTIONS_MAX 32u           /* of one message; more: not-acceptable */
#define XMPP_REACTION_MAX 63u            /* bytes of one; more: not-acceptable */

/* Who sent it: always a user of some server, never one of our own addresses. */
struct xmpp_from {
    unsigned host;             /* network that was addressed (by the `to` domain) */
    const char *user;          /* bare JID */
    const char *resource;      /* "" when the stanza came from the bare JID */
    const char *full;          /* as to answer it */
    const char *id;            /* stanza id, at most 1023 bytes, or NULL */
    const char *lang;          /* xml:lang, at most 63 bytes, or NULL */
};

/* XEP-0085. NONE: the message says nothing of it. */
enum xmpp_chat_state {
    XMPP_STATE_NONE,
    XMPP_STATE_ACTIVE,
    XMPP_STATE_COMPOSING,
    XMPP_STATE_PAUSED,
    XMPP_STATE_INACTIVE,
    XMPP_STATE_GONE
};

/* Message of type chat or normal with a body, addressed to a contact; or one that calls for
 * attention (XEP-0224), then also without: "". Of a room (in->muc.is_room): in_room, to everybody
 * there, of type groupchat; or to the occupant nick alone. */
struct xmpp_message_in {
    struct xmpp_from from;
    const char *peer;          /* contact or room */
    const char *nick;
    bool in_room;
    const char *body;          /* "/me " already cut off when action */
    bool action;               /* XEP-0245 */
    const struct xmpp_file *file;    /* it is about this file, and body has its link; or NULL */
    bool wants_receipt;        /* XEP-0184 */
    bool markable;             /* XEP-0333 */
    bool attention;            /* XEP-0224 */
    bool unstyled;             /* XEP-0393: directives in body are plain text */
    bool unstored;             /* XEP-0334: is to be kept nowhere */
    enum xmpp_chat_state state;
    const char *origin_id;     /* XEP-0359; NULL: none, or to a contact the same as from.id */
    const char *replaces;      /* XEP-0308: id of the first version, or NULL */
    const char *reply_to;      /* XEP-0461: id of the message that it answers, or NULL */
    const char *reply_body;    /* with reply_to: body without the quotation, or NULL: as body */
    const char *mentions;      /* XEP-0372: places in body (xmpp_mention.h), or NULL */
    const char *thread;        /* RFC 6121 §5.2.5, at most XMPP_MESSAGE_ID_MAX bytes, or NULL */
};

/* What is said about an earlier message. */
enum xmpp_mark {
    XMPP_MARK_RECEIVED,        /* XEP-0184 */
    XMPP_MARK_DISPLAYED,       /* XEP-0333 */
    XMPP_MARK_RETRACTED,       /* XEP-0424 */
    XMPP_MARK_REACTIONS        /* XEP-0444 */
};
struct xmpp_mark_in {
    struct xmpp_from from;
    const char *peer;          /* with nick and in_room as in xmpp_message_in */
    const char *nick;
    bool in_room;
    enum xmpp_mark kind;
    const char *target;        /* id of the message, never empty; rooms: GMSG-07 */
    const char *origin_id;     /* as in xmpp_message_in */
    const char *body;          /* a fallback text that came along, or NULL */
    const char *const *reactions;      /* the whole set, none twice; n 0: all are taken back */
    size_t n_reactions;
};

/* Events; part of struct xmpp_in, every member non-NULL. */
struct xmpp_in_messages {
    /* A status other than SJ_OK is answered to the sender. */
    enum sj_status (*mark)(void *ctx, const struct xmpp_mark_in *, struct sj_error *);
    /* A chat state that came alone; those of rooms go to in->muc.state. */
    void (*state)(void *ctx, const struct xmpp_from *, const char *peer, enum xmpp_chat_state);
};

/* A new id for a message, for one that is sent to several clients: unguessable, and never given
 * again. */
#define XMPP_NEW_ID_SIZE 17u
void xmpp_new_id(char out[XMPP_NEW_ID_SIZE]);

/* ---- out; as everything there: false when the stanza was not queued ---- */

/* Who speaks in a room, beyond `peer`, which is the room then: for messages, and marks. */
struct xmpp_speaker {
    bool in_room;                /* to everybody there (groupchat), this is the copy of one client;
                                    else whispered by nick to the user alone (G045-48) */
    const char *nick;            /* NULL: nobody, or the room itself */
    const char *account;         /* as in xmpp_muc_out.h */
    const char *stanza_id;       /* in_room: the room's own id of it (G359-01), or NULL */
    const char *origin_id;       /* that the user's client has given, or NULL */
    bool late;                   /* history: carries its time, said by the room (G045-31) */
};

struct xmpp_message_out {
    const char *peer;            /* NULL: from the gateway */
    const char *to;
    const struct xmpp_speaker *speaker;      /* of a room; NULL: peer is a contact */
    const char *body;
    const char *lang;            /* xml:lang of body, or NULL */
    int64_t sent_at;             /* XEP-0203 delay when non-zero */
    const char *network_id;      /* the network's id of it or NULL: our id derives from it */
    bool action;                 /* XEP-0245 */
    bool headline;               /* is no part of a conversation */
    const struct xmpp_file *file;    /* the message is this file; body is not sent. Or NULL */
    bool request;                /* XEP-0184: the network wants to know when it is received */
    bool markable;               /* XEP-0333 */
    bool active;                 /* XEP-0085 */
    bool attention;              /* XEP-0224 */
    bool unstyled;               /* XEP-0393: nothing in body is a directive */
    const char *id;              /* our id of it, before network_id; or NULL */
    const char *replaces;        /* XEP-0308: our id of the first version */
    const char *reply_to;        /* XEP-0461: id of the message that it answers */
    const char *reply_quote;     /* what is quoted of that for clients without XEP-0461, or NULL */
    bool reply_own;              /* the user is the author of that message */
    const char *reply_nick;      /* in a room: the author, or NULL: not known */
    const char *mentions;        /* XEP-0372: places in body (xmpp_mention.h), or NULL */
    const char *thread;          /* RFC 6121 §5.2.5, or NULL */
};
bool xmpp_send_message(struct xmpp *, unsigned host, const struct xmpp_message_out *);
/* The one error answer to a message that was accepted earlier: from peer to `to`, same id. */
bool xmpp_send_message_error(struct xmpp *, unsigned host, const char *peer, const char *to,
                             const char *id, const struct sj_error *err);

struct xmpp_mark_out {
    const char *peer;
    const char *to;              /* RECEIVED, and in rooms: full; else bare */
    const struct xmpp_speaker *speaker;      /* as in xmpp_message_out */
    const char *id;              /* or NULL: a new one */
    enum xmpp_mark kind;
    const char *target;          /* REACTIONS: the origin-id where there is one (section 14.0) */
    int64_t sent_at;             /* as in xmpp_message_out */
    const char *lang;            /* the user's, for texts that clients may show, or NULL */
    const char *const *reactions;
    size_t n_reactions;
    /* RETRACTED in a room by somebody else than the author: nick is who did it, and why, or NULL
     * (XEP-0425). */
    bool moderated;
    const char *reason;
};
bool xmpp_send_mark(struct xmpp *, unsigned host, const struct xmpp_mark_out *);
/* A chat state alone (XEP-0085); `to` is the full JID of a client that knows them. */
bool xmpp_send_chat_state(struct xmpp *, unsigned host, const char *peer, const char *to,
                          enum xmpp_chat_state);

#endif
