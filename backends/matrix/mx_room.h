/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms that the user is in, and what they are to the gateway: a chat with one contact, or a room.
 * Used by the files of this backend only.
 *
 * Home servers tell members lazily: of a large room only those who speak are known, until somebody
 * wants to see them all (mx_member.h). */
#ifndef MX_ROOM_H
#define MX_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "mx_link.h"
#include "sojourn/map.h"

struct json_object;
struct mx_contact;

#define MX_ROOMS_MAX 5000u               /* of one user; others are not shown */
#define MX_MEMBERS_MAX 20000u            /* of one room */
#define MX_HEROES 5u

enum mx_kind {
    MX_KIND_NONE,                        /* not decided, or nothing to show: nobody else is there */
    MX_KIND_CHAT,                        /* with one contact */
    MX_KIND_ROOM
};
enum mx_membership { MX_OUT, MX_INVITED, MX_JOINED, MX_BANNED, MX_KNOCKS };

/* Owner: its room. */
struct mx_member {
    char *name;                          /* display name, or NULL */
    char *avatar;                        /* mxc URI, or NULL */
    char *nick;                          /* in an entered room: as the gateway knows it, or NULL */
    uint8_t membership;                  /* enum mx_membership */
    uint8_t told;                        /* affiliation and role that the gateway knows */
    char id[];                           /* "@bob:example.org" */
};

/* Owner: its link. */
struct mx_room {
    struct mx_link *link;
    char *name_id;                       /* what the gateway calls it, key in link->names */
    char *name, *alias, *topic, *avatar; /* from the state, or NULL */
    char *hero[MX_HEROES];               /* ids of members who give it a name, or NULL */
    char *before;                        /* token for what is older, or NULL */
    char *last;                          /* id of the newest event, or NULL */
    struct mx_contact *contact;          /* of a chat */
    struct sj_map members;               /* struct mx_member by id */
    struct sj_map nicks;                 /* the same by nick, while the room is entered */
    struct json_object *power;           /* content of m.room.power_levels, or NULL */
    char *creator;                       /* or NULL */
    struct json_object *creators;        /* ids beside it that stand above all, or NULL */
    char *successor;                     /* room by which it was replaced, or NULL */
    char *typing[8];                     /* ids of those who type (MX_TYPING_MAX) */
    sj_op join_op;                       /* 0: nobody waits to get in */
    int64_t active_ms;                   /* UTC: time of the newest event */
    uint32_t n_joined, n_invited;        /* as the server counts, with the user */
    uint32_t n_members;
    uint8_t kind;                        /* enum mx_kind */
    bool counted : 1;                    /* n_joined and n_invited are known */
    bool encrypted : 1;
    bool is_space : 1;
    bool is_new : 1;                     /* changed since it was last checked */
    bool busy : 1;                       /* a message is on its way into it */
    bool told : 1;                       /* the sync has brought it */
    bool entering : 1;                   /* the gateway wants to be in it; members are asked for */
    bool entered : 1;                    /* the gateway is in it */
    bool closed : 1;                     /* only who is invited may join */
    bool creators_rule : 1;              /* creators stand above all levels */
    bool history_shared : 1;             /* everybody may read what was said */
    char id[];                           /* "!opaque:example.org" */
};

struct mx_room *mx_room_find(const struct mx_link *l, const char *id);
/* By what the gateway calls it. */
struct mx_room *mx_room_find_name(const struct mx_link *l, const char *name);
/* NULL: no room id, or there are too many. */
struct mx_room *mx_room_add(struct mx_link *l, const char *id);
void mx_room_remove(struct mx_room *r);
/* The memory of one that no link has any more; how many members it had. */
uint32_t mx_room_free(struct mx_room *r);

/* The gateway knows it under another name from now on; false: that is taken. */
bool mx_room_rename(struct mx_room *r, const char *name);

struct mx_member *mx_member_find(const struct mx_room *r, const char *id);
/* The name under which a member speaks in r: its display name, else its id. */
const char *mx_member_name(const struct mx_member *m);

/* What an event says of a member: applied, and told where the room is entered. */
void mx_room_member(struct mx_room *r, struct json_object *event, struct json_object *content);
/* One event of the state, as it is now. */
void mx_room_state(struct mx_room *r, struct json_object *event);
void mx_room_summary(struct mx_room *r, struct json_object *summary);

/* Decides what r is, and tells the gateway when that has changed. From the loop top. */
void mx_room_check(struct mx_room *r);
/* The same for all that have changed. */
void mx_rooms_check(struct mx_link *l);
/* The account data say anew which rooms are chats. */
void mx_rooms_direct(struct mx_link *l, struct json_object *content);
/* Of a chat: is the other one there, or only asked? */
enum mx_membership mx_room_partner(const struct mx_room *r);

/* Sets *to to a cleaned copy of text (NULL: none); true when that changes it. */
bool mx_set(char **to, const char *text);

#endif
