/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms: places over there where several people talk, each under a nick. The part of the backend
 * contract for networks with SJ_CAP_ROOMS (sojourn/backend.h, whose rules hold here too).
 *
 * What a backend tells is what the user's own account sees; two users in one room are two views.
 * A room is entered in one piece: after room_join was accepted (or when the network puts the
 * account into a room by itself) come occupant for everybody, the user too (self), room and
 * subject as far as known, and then entered; only what is told after it is news. left ends it, as
 * does the end of the link (no left then).
 *
 * Nicks are unique within a room at any one time, and compared with strcmp. Messages of rooms are
 * struct sj_message with in_room and nick; a message that the user sent comes up once, by
 * host->message with echo set to its operation, in the room's order, whether or not the network
 * repeats it; op_done alone shows nobody a room message. */
#ifndef SOJOURN_ROOM_H
#define SOJOURN_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/contact.h"
#include "sojourn/error.h"
#include "sojourn/message.h"

/* Limits, in bytes without the NUL, or in entries. */
#define SJ_NICK_MAX 1023u
#define SJ_SUBJECT_MAX 8191u
#define SJ_REASON_MAX 1023u
#define SJ_ROOM_PASSWORD_MAX 255u
#define SJ_ROOM_TITLES_MAX 8u
#define SJ_ROOM_CHANGES_MAX 64u          /* of one room_change */
#define SJ_ROOM_ALIASES_MAX 32u          /* addresses of one room beside its id */
#define SJ_ROOM_HISTORY_MAX 1000u        /* messages of one room_history */

struct sj_link;
struct sj_net;

/* Standing in a room, for as long as it lasts (XEP-0045 §5.2 has the same ladder). */
enum sj_affiliation {
    SJ_AFFILIATION_NONE,
    SJ_AFFILIATION_OUTCAST,
    SJ_AFFILIATION_MEMBER,
    SJ_AFFILIATION_ADMIN,
    SJ_AFFILIATION_OWNER
};
/* What an occupant may do now. */
enum sj_role { SJ_ROLE_NONE, SJ_ROLE_VISITOR, SJ_ROLE_PARTICIPANT, SJ_ROLE_MODERATOR };

struct sj_occupant {
    const char *nick;
    const char *id;              /* the person as a contact; NULL: not to be known */
    const char *account;         /* the most lasting name that is known of the person; NULL: nick */
    enum sj_affiliation affiliation;
    enum sj_role role;
    enum sj_show show;           /* ONLINE where the network says nothing */
    const char *status;          /* or NULL */
    const char *avatar;          /* as in struct sj_contact, of the person id; NULL: unchanged */
    const char *const *titles;   /* ranks for people to read ("bot"), beyond the above */
    size_t n_titles;
    bool self;                   /* the user */
};

/* Why somebody is no longer there. */
enum sj_exit_kind {
    SJ_EXIT_LEFT,                /* went by themselves; reason: their words */
    SJ_EXIT_KICKED,
    SJ_EXIT_BANNED,
    SJ_EXIT_REMOVED,             /* lost the membership of a room for members */
    SJ_EXIT_CLOSED,              /* the room is no more */
    SJ_EXIT_LOST                 /* technical: connection lost, split of the network */
};
struct sj_exit {
    enum sj_exit_kind kind;
    const char *actor;           /* nick, or NULL */
    const char *reason;          /* or NULL */
};

enum sj_room_flag {
    SJ_ROOM_SECRET = 1u << 0,            /* not in public lists */
    SJ_ROOM_MEMBERS_ONLY = 1u << 1,
    SJ_ROOM_MODERATED = 1u << 2,         /* visitors may not speak */
    SJ_ROOM_PASSWORD = 1u << 3,
    SJ_ROOM_SUBJECT_LOCKED = 1u << 4,    /* only moderators set the subject */
    SJ_ROOM_PERSISTENT = 1u << 5,        /* stays when empty */
    SJ_ROOM_ANONYMOUS = 1u << 6,         /* occupants are not told who the others are */
    SJ_ROOM_LOGGED = 1u << 7,            /* its history is public */
    SJ_ROOM_ENCRYPTED = 1u << 8,         /* what is said cannot be read here */
    SJ_ROOM_MEMBERSHIP = 1u << 9         /* being in it outlasts the log-in: never left because the
                                            user's clients went away */
};

/* A room as the network tells it. NULL members: unknown, unchanged. */
struct sj_room {
    const char *id;              /* canonical */
    const char *name;
    const char *description;
    const char *avatar;          /* as in struct sj_contact; avatar_get takes the room's id */
    uint32_t flags;              /* of enum sj_room_flag */
    uint32_t known;              /* which flags are known */
    uint32_t n_occupants;        /* 0: unknown */
    uint32_t occupants_max;      /* 0: no limit, or, of a room that one is not in, unknown */
    /* Addresses by which people find it, the main one first, in the network's own writing, as
     * people know it; at most SJ_ROOM_ALIASES_MAX. NULL: unknown. */
    const char *const *aliases;
    size_t n_aliases;
};

/* A change that the user asks for in a room. */
enum sj_room_change_kind {
    SJ_CHANGE_KICK,              /* nick; reason */
    SJ_CHANGE_ROLE,              /* nick, role */
    SJ_CHANGE_AFFILIATION,       /* id (contact) or, if NULL, nick: an occupant, or a pattern of the
                                    network (a ban mask); affiliation; reason */
    SJ_CHANGE_FLAGS,             /* flags within known */
    SJ_CHANGE_NAME,              /* text */
    SJ_CHANGE_DESCRIPTION,       /* text */
    SJ_CHANGE_PASSWORD,          /* text, "" none; only lent, wiped by nobody */
    SJ_CHANGE_OCCUPANTS_MAX,     /* number, 0 none */
    SJ_CHANGE_PICTURE,           /* picture, len 0 none */
    SJ_CHANGE_ALIASES            /* aliases: all that it shall have, the main one first */
};
struct sj_room_change {
    enum sj_room_change_kind kind;
    const char *nick, *id;
    const char *text;            /* reason or value, or NULL */
    enum sj_affiliation affiliation;
    enum sj_role role;
    uint32_t flags, known;
    uint32_t number;
    const struct sj_avatar *picture;     /* data and len alone; some image (contact NULL) */
    const char *const *aliases;  /* as people typed them: not checked, each at most SJ_ID_MAX bytes,
                                    of one line; at most SJ_ROOM_ALIASES_MAX */
    size_t n_aliases;
};

/* One person of a list of affiliations. */
struct sj_affiliate {
    const char *id;              /* contact id, or a pattern of the network (a ban mask) */
    const char *nick, *reason;   /* or NULL */
    enum sj_affiliation affiliation;
};

/* The gateway's half; every member non-NULL. */
struct sj_host_rooms {
    void (*entered)(struct sj_link *, const char *room);
    void (*left)(struct sj_link *, const char *room, const struct sj_exit *);
    /* New, or changed as a whole. */
    void (*occupant)(struct sj_link *, const char *room, const struct sj_occupant *);
    void (*occupant_gone)(struct sj_link *, const char *room, const char *nick,
                          const struct sj_exit *);
    void (*occupant_renamed)(struct sj_link *, const char *room, const char *nick,
                             const char *new_nick);
    void (*room)(struct sj_link *, const struct sj_room *);
    /* nick: who set it, or NULL; text "": none; set_at 0: now or unknown. */
    void (*subject)(struct sj_link *, const char *room, const char *nick, const char *text,
                    sj_msec set_at);
    /* Somebody (contact id, or NULL) asks the user in. */
    void (*invited)(struct sj_link *, const char *room, const char *by, const char *reason,
                    const char *password);

    void (*typing)(struct sj_link *, const char *room, const char *nick, enum sj_typing);

    /* Parts of operations, whose op_done ends them. */
    void (*listed)(struct sj_link *, sj_op, const struct sj_room *);
    void (*affiliate)(struct sj_link *, sj_op, const struct sj_affiliate *);
    /* Oldest first; each with its id and sent_at, own where the user said it, and no echo. */
    void (*past)(struct sj_link *, sj_op, const struct sj_message *);
};

/* The backend's half. NULL members: the network cannot (said to the user as such), except for the
 * first five. Outcomes by op_done; SJ_DENIED: the user may not; SJ_EXISTS: the nick is taken. */
struct sj_backend_rooms {
    /* By the form of a canonical id alone: a room's, or a contact's? */
    bool (*is_room)(const struct sj_net *, const char *id);
    /* Idempotent. nick and password may be NULL. Done after entered. */
    enum sj_status (*join)(struct sj_link *, const char *room, const char *nick,
                           const char *password, sj_op, struct sj_error *);
    enum sj_status (*leave)(struct sj_link *, const char *room, const char *reason, sj_op,
                            struct sj_error *);
    enum sj_status (*set_nick)(struct sj_link *, const char *room, const char *nick, sj_op,
                               struct sj_error *);
    enum sj_status (*set_subject)(struct sj_link *, const char *room, const char *text, sj_op,
                                  struct sj_error *);
    /* All or nothing as far as the network can. */
    enum sj_status (*change)(struct sj_link *, const char *room, const struct sj_room_change *,
                             size_t n, sj_op, struct sj_error *);
    enum sj_status (*affiliates)(struct sj_link *, const char *room, enum sj_affiliation, sj_op,
                                 struct sj_error *);
    enum sj_status (*invite)(struct sj_link *, const char *room, const char *id,
                             const char *reason, sj_op, struct sj_error *);
    enum sj_status (*destroy)(struct sj_link *, const char *room, const char *reason, sj_op,
                              struct sj_error *);
    /* One room that need not be joined: answered by host->rooms->room. */
    enum sj_status (*look)(struct sj_link *, const char *room, sj_op, struct sj_error *);
    /* Which addresses a room that the user is in has beside its id: answered by host->rooms->room,
     * with the whole room. NULL: none, and then there is no SJ_CHANGE_ALIASES. */
    enum sj_status (*aliases)(struct sj_link *, const char *room, sj_op, struct sj_error *);
    /* Public rooms whose name or description holds `words` ("" all), at most max. */
    enum sj_status (*list)(struct sj_link *, const char *words, unsigned max, sj_op,
                           struct sj_error *);
    /* Messages before the message `before` (NULL: the newest) and after `after` (NULL: the oldest),
     * at most max, the latest of them. */
    enum sj_status (*history)(struct sj_link *, const char *room, const char *before,
                              const char *after, unsigned max, sj_op, struct sj_error *);
    uint32_t flags_settable;     /* by change, of enum sj_room_flag */
    bool text_settable;          /* likewise NAME and DESCRIPTION */
    bool max_settable;           /* likewise OCCUPANTS_MAX */
    bool picture_settable;       /* likewise PICTURE; SJ_CAP_PROFILES */
};

#endif
