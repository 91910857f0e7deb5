/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms of the loopback network: what a server would know of them. Used by the files of this
 * backend only.
 *
 * A net owns its *rooms*, a room its *occupants*, its *affiliates* and its history. Occupants are
 * users, residents (loopback_residents.c), or guests, who are made up and have nothing but a nick.
 * Links are never pointed to: the link of an occupant is that of the account of its id. */
#ifndef LOOPBACK_ROOM_H
#define LOOPBACK_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loopback_net.h"
#include "sojourn/map.h"
#include "sojourn/room.h"

struct loopback_event;
struct loopback_link;
struct loopback_standing;
struct loopback_told;
struct sj_message;

#define LOOPBACK_NICK_MAX 64u            /* bytes; longer ones are cut */
/* Rooms that users have made; past it those that are empty are forgotten. */
#define LOOPBACK_ROOMS_MAX 200u
#define LOOPBACK_OCCUPANTS_MAX 20000u    /* of a room */
#define LOOPBACK_AFFILIATES_MAX 500u     /* of a room */
#define LOOPBACK_HISTORY_MAX 200u        /* messages that a room remembers... */
#define LOOPBACK_HISTORY_BYTES 131072u   /* ...and their bytes */
/* What may wait of rooms for one link, and how much of it of the past; past it, whoever does what
 * would add to it is refused. */
#define LOOPBACK_TOLD_MAX 40000u
#define LOOPBACK_PAST_MAX 2000u

/* An id of a message is its number and its room. Who wrote it is known from the history, and only
 * as long as it stands there. */
#define LOOPBACK_ROOM_MESSAGE_SIZE (20 + LOOPBACK_ID_MAX + 1)

enum loopback_kind { LOOPBACK_USER, LOOPBACK_RESIDENT, LOOPBACK_GUEST };

struct loopback_occupant {               /* owned by its room */
    struct sj_list order;                /* in the room, as they came */
    struct sj_list user;                 /* the same of users only */
    char nick[LOOPBACK_NICK_MAX + 1];    /* key in the room's map */
    char id[LOOPBACK_ID_MAX + 1];        /* of the account or resident; "" a guest */
    enum loopback_kind kind;
    enum sj_role role;
    enum sj_show show;                   /* of guests and residents */
    char *status;                        /* or NULL */
    bool gagged;                         /* what it says to all is refused, voice or not */
};

struct loopback_affiliate {              /* owned by its room */
    char id[LOOPBACK_ID_MAX + 1];        /* key in the room's map; or a pattern with * and ? */
    enum sj_affiliation affiliation;     /* never NONE */
    char *reason;                        /* or NULL */
};

struct loopback_past {                   /* owned by its room */
    struct sj_list list;
    uint64_t number;
    char author[LOOPBACK_ID_MAX + 1];    /* "" a guest */
    char to[LOOPBACK_ID_MAX + 1];        /* of a whisper; "" to all */
    size_t bytes;
    struct sj_message *message;          /* NULL: a whisper, or taken back */
};

/* What rooms that are always there have of their own (loopback_room_standing.c). */
enum loopback_habit {
    LOOPBACK_HABIT_LOCKED_NICKS = 1u << 0,   /* everybody is called as the account is */
    LOOPBACK_HABIT_REGISTERED = 1u << 1,     /* for accounts with a password */
    LOOPBACK_HABIT_PLAIN = 1u << 2,          /* knows of nothing but talking */
    LOOPBACK_HABIT_SLOW = 1u << 3,           /* never answers who wants in */
    LOOPBACK_HABIT_BIG = 1u << 4,            /* guests come when the first user does */
    LOOPBACK_HABIT_PICTURES = 1u << 5        /* has one, and shows those of its people */
};

struct loopback_room {                   /* owned by its net */
    char id[LOOPBACK_ID_MAX + 1];        /* key in the net's map */
    const struct loopback_standing *standing;    /* or NULL: a user made it */
    unsigned habits;                     /* enum loopback_habit */
    uint32_t flags;                      /* enum sj_room_flag; PASSWORD: when there is one */
    uint32_t occupants_max;              /* 0: none */
    char *name, *description, *password, *subject;   /* or NULL */
    char subject_by[LOOPBACK_NICK_MAX + 1];
    sj_msec subject_at;
    struct sj_map nicks;                 /* struct loopback_occupant by nick */
    struct sj_map people;                /* those with an id, by it */
    struct sj_list order, users;
    unsigned n_users;
    struct sj_map affiliates;
    struct sj_list history;              /* struct loopback_past, oldest first */
    unsigned n_history;
    size_t history_bytes;
    unsigned guests;                     /* number of the last one made up in numbers */
    unsigned absent;                     /* guests that are lost and may come back */
    uint64_t spoken;                     /* number of the warden's last message */
    unsigned picture;                    /* number of its picture; 0: none */
    unsigned pictures;                   /* number of the last one that it had */
    void *picture_data;                  /* that an owner gave; NULL: made up */
    size_t picture_len;
    char *aliases[SJ_ROOM_ALIASES_MAX];  /* other addresses, the main one first */
    size_t n_aliases;
};

/* --- loopback_room.c: rooms of a net --- */
/* Folds "#" and 1..LOOPBACK_ID_MAX - 1 characters of usernames; false: no id of a room. */
bool loopback_room_fold(char out[LOOPBACK_ID_MAX + 1], const char *id);
bool loopback_is_room(const struct sj_net *net, const char *id);
struct loopback_room *loopback_room_find(const struct sj_net *net, const char *id);
/* Makes it; NULL: there are too many. */
struct loopback_room *loopback_room_new(struct sj_net *net, const char *id);
void loopback_room_free(struct sj_net *net, struct loopback_room *r);
/* Forgets it when nobody needs it. */
void loopback_room_tidy(struct sj_net *net, struct loopback_room *r);
void loopback_rooms_release(struct sj_net *net);
void loopback_room_set(char **field, const char *text);
/* Affiliations. */
enum sj_affiliation loopback_affiliation_of(const struct loopback_room *r, const char *id);
bool loopback_room_bans(const struct loopback_room *r, const char *id, const char *nick);
/* NONE takes it off the list; false: the list is full. reason may be NULL. */
bool loopback_room_affiliate(struct loopback_room *r, const char *id,
                             enum sj_affiliation affiliation, const char *reason);

/* --- loopback_room_standing.c: those that are always there --- */
void loopback_rooms_open(struct sj_net *net);
/* As it was at the start. */
void loopback_room_open(struct sj_net *net, const struct loopback_standing *s);
/* The first user is about to come. */
void loopback_room_fill(struct sj_net *net, struct loopback_room *r);
/* SJ_OK: a user may make a room of this id. */
enum sj_status loopback_room_makeable(const char *id, const char **why);

/* --- loopback_room_people.c: who is in them --- */
struct loopback_occupant *loopback_occupant_find(const struct loopback_room *r, const char *nick);
struct loopback_occupant *loopback_occupant_of(const struct loopback_room *r, const char *id);
/* The link that hears for an occupant; NULL: none. */
struct loopback_link *loopback_occupant_link(const struct sj_net *net,
                                             const struct loopback_occupant *o);
/* Has everybody's queue room for n more? */
bool loopback_room_has_space(const struct sj_net *net, const struct loopback_room *r, size_t n);
/* Comes in, and those who are there hear of it. The nick is free. */
struct loopback_occupant *loopback_occupant_enter(struct sj_net *net, struct loopback_room *r,
                                                  enum loopback_kind kind, const char *id,
                                                  const char *nick);
/* Goes: the others hear of it, the user too (told: left). The occupant is gone then. */
void loopback_occupant_exit(struct sj_net *net, struct loopback_room *r,
                            struct loopback_occupant *o, const struct sj_exit *exit);
void loopback_occupant_rename(struct sj_net *net, struct loopback_room *r,
                              struct loopback_occupant *o, const char *nick);
void loopback_occupant_set_role(struct sj_net *net, struct loopback_room *r,
                                struct loopback_occupant *o, enum sj_role role);
/* Tells everybody of it anew. */
void loopback_occupant_tell(const struct sj_net *net, const struct loopback_room *r,
                            const struct loopback_occupant *o);
/* Somebody's affiliation, and what follows from it for who is in the room. false: the list is
 * full. by: nick or NULL. */
bool loopback_room_appoint(struct sj_net *net, struct loopback_room *r, const char *id,
                           enum sj_affiliation affiliation, const char *by, const char *reason);
/* All users are out, and told so. Residents and guests stay. */
void loopback_room_empty(struct sj_net *net, struct loopback_room *r,
                         const struct sj_exit *exit);
/* The same, and the room is no more. One that is always there begins anew. */
void loopback_room_end(struct sj_net *net, struct loopback_room *r, const struct sj_exit *exit);
/* A link that enters hears all that is there. */
void loopback_room_tell_all(struct loopback_link *l, const struct loopback_room *r);
/* Everybody hears the same but one, who may be NULL. */
void loopback_room_tell(const struct sj_net *net, const struct loopback_room *r,
                        const struct loopback_told *t, const struct loopback_occupant *except);
void loopback_room_tell_room(const struct sj_net *net, const struct loopback_room *r);
void loopback_room_set_subject(struct sj_net *net, struct loopback_room *r, const char *by,
                               const char *text);
/* A nick as this network has it: without spaces at the ends, not too long. false: nothing is
 * left. */
bool loopback_nick_fold(char out[LOOPBACK_NICK_MAX + 1], const char *nick);

/* A login comes and goes. */
void loopback_rooms_login(struct loopback_link *l);
void loopback_rooms_logout(struct sj_net *net, const char *id, const struct sj_exit *exit);
void loopback_rooms_presence(struct sj_net *net, const struct loopback_account *a);

/* --- loopback_room_told.c: what waits to be told --- */
enum loopback_told_kind {
    LOOPBACK_TOLD_ENTERED,
    LOOPBACK_TOLD_LEFT,                  /* exit, OTHER by whom, WORDS why */
    LOOPBACK_TOLD_OCCUPANT,              /* NICK, ID, OTHER the account, WORDS the status,
                                          * AVATAR */
    LOOPBACK_TOLD_GONE,                  /* NICK, and as LEFT */
    LOOPBACK_TOLD_RENAMED,               /* NICK, OTHER the new one */
    LOOPBACK_TOLD_ROOM,                  /* as it is when it is told, like: */
    LOOPBACK_TOLD_LISTED,
    LOOPBACK_TOLD_SUBJECT,               /* NICK, WORDS, at */
    LOOPBACK_TOLD_INVITED,               /* ID by whom, WORDS why, flag: with the password */
    LOOPBACK_TOLD_TYPING,                /* NICK, typing */
    LOOPBACK_TOLD_AFFILIATE              /* ID, NICK, WORDS why, affiliation */
};
enum loopback_told_text {
    LOOPBACK_NICK,
    LOOPBACK_ID,
    LOOPBACK_OTHER,
    LOOPBACK_WORDS,
    LOOPBACK_AVATAR,
    LOOPBACK_TEXTS
};
struct loopback_told {
    enum loopback_told_kind kind;
    enum sj_affiliation affiliation;
    enum sj_role role;
    enum sj_show show;
    enum sj_exit_kind exit;
    enum sj_typing typing;
    sj_msec at;
    sj_op op;                            /* LISTED, AFFILIATE */
    bool flag;                           /* OCCUPANT: self; INVITED */
    const char *const *titles;           /* constants */
    size_t n_titles;
    const char *text[LOOPBACK_TEXTS];    /* or NULL */
};
/* Copied, and stands in the queue. */
void loopback_told_add(struct loopback_link *l, const char *room, const struct loopback_told *t);
/* From the queue to the host. */
void loopback_told_tell(struct loopback_link *l, const struct loopback_event *e);

/* --- loopback_room_ops.c: what the operations of the table share --- */
/* What an operation is about, and why it fails (a constant). */
struct loopback_ask {
    struct loopback_link *l;
    struct loopback_room *room;          /* or NULL: there is none */
    struct loopback_occupant *self;      /* or NULL: not in it */
    const char *why;
};
/* Another status than SJ_OK is the operation's: it has not begun. */
enum sj_status loopback_ask_begin(struct loopback_ask *a, struct sj_link *base, const char *room,
                                  sj_op op, struct sj_error *err);
/* Is the user in a room that knows of more than talking, and have the others space for n more? */
enum sj_status loopback_ask_inside(struct loopback_ask *a, size_t n);
/* A text for others to read; NULL is one. */
enum sj_status loopback_ask_text(const char *text, size_t max, struct sj_error *err);

/* --- loopback_room_change.c --- */
#define LOOPBACK_FLAGS_SETTABLE                                                                \
    (SJ_ROOM_SECRET | SJ_ROOM_MEMBERS_ONLY | SJ_ROOM_MODERATED | SJ_ROOM_PASSWORD |            \
     SJ_ROOM_SUBJECT_LOCKED | SJ_ROOM_PERSISTENT | SJ_ROOM_ANONYMOUS | SJ_ROOM_LOGGED)
enum sj_status loopback_room_change(struct sj_link *base, const char *room,
                                    const struct sj_room_change *changes, size_t n, sj_op op,
                                    struct sj_error *err);
enum sj_status loopback_room_affiliates(struct sj_link *base, const char *room,
                                        enum sj_affiliation affiliation, sj_op op,
                                        struct sj_error *err);
/* Flags within known, and what follows from them; nobody is told of the room. */
void loopback_room_set_flags(struct sj_net *net, struct loopback_room *r, uint32_t flags,
                             uint32_t known);
/* "" or NULL: none. */
void loopback_room_set_password(struct loopback_room *r, const char *password);

/* --- loopback_room_message.c: what is said --- */
enum sj_status loopback_room_history(struct sj_link *base, const char *room, const char *before,
                                     const char *after, unsigned max, sj_op op,
                                     struct sj_error *err);
void loopback_past_tell(struct loopback_link *l, const struct loopback_event *e);
void loopback_room_message_name(char out[LOOPBACK_ROOM_MESSAGE_SIZE], uint64_t number,
                                const char *room);
/* What somebody says to all, or whispers to one. */
struct loopback_speech {
    const struct loopback_occupant *by;
    const struct loopback_occupant *to;  /* NULL: to all */
    struct loopback_link *sender;        /* gets it as an echo of op; or NULL */
    sj_op op;
    bool own;                            /* it is the user's own, said from elsewhere */
};
/* Returns the message's number. What finds no space in a queue is not heard there. */
uint64_t loopback_room_say(struct sj_net *net, struct loopback_room *r, const struct sj_message *m,
                           const struct loopback_speech *s);
/* To all but who did it. */
void loopback_room_mark(struct sj_net *net, struct loopback_room *r, const struct sj_mark *m,
                        const struct loopback_occupant *by);
void loopback_room_typing(struct sj_net *net, const struct loopback_room *r,
                          const struct loopback_occupant *by, enum sj_typing typing);
void loopback_room_remember(struct loopback_room *r, const char *author, const char *to,
                            uint64_t number, const struct sj_message *m);
void loopback_room_forget(struct loopback_room *r);
/* The parts of the table's send_message, send_mark, set_typing for rooms. */
void loopback_room_send(struct loopback_link *l, const struct sj_message *m, sj_op op);
enum sj_status loopback_room_send_mark(struct loopback_link *l, const struct sj_mark *m, sj_op op,
                                       struct sj_error *err);
void loopback_room_set_typing(struct loopback_link *l, const char *room, enum sj_typing typing);

/* --- loopback_warden.c: what happens at a word --- */
/* The words of the user's message of that number, which was said in the room, or (NULL) to the
 * warden as a contact. */
void loopback_warden_hears(struct loopback_link *l, struct loopback_room *r, const char *words,
                           uint64_t number);
#define LOOPBACK_WARDEN "warden"

extern const struct sj_backend_rooms loopback_rooms;

#endif
