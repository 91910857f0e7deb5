/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms of several people, as the gateway hears of them: entered, and what changes in them. */
#ifndef MX_MUC_H
#define MX_MUC_H

#include <stdbool.h>
#include <stddef.h>

#include "sojourn/backend.h"

struct json_object;
struct mx_link;
struct mx_member;
struct mx_room;

/* Members are known: the gateway enters. From the loop top, like all of these. */
void mx_muc_enter(struct mx_room *r);
/* Asks for the members of a room that is to be entered. */
void mx_muc_ask_members(struct mx_room *r);
/* The sync has brought news of it. */
void mx_muc_synced(struct mx_room *r);
/* A member of an entered room has changed by that event. */
void mx_muc_member(struct mx_room *r, struct mx_member *m, struct json_object *event);
void mx_muc_power(struct mx_room *r);
void mx_muc_subject(struct mx_room *r, struct json_object *event);
/* aliases: or NULL, they are not known. */
void mx_muc_tell_room(struct mx_room *r, const char *const *aliases, size_t n);
/* The user is in it no longer. event: the one that says so, or NULL. */
void mx_muc_left(struct mx_room *r, struct json_object *event);
/* The room is being forgotten: pays what is owed. */
void mx_muc_gone(struct mx_room *r);
/* Under which nick somebody speaks there; members who are not known yet get one. */
const char *mx_muc_nick(struct mx_room *r, const char *user);
/* An invitation to a room. */
void mx_muc_invited(struct mx_link *l, const char *room, const char *by, const char *reason);
/* An invitation to a space, which is no room: the user is told. name may be NULL. */
void mx_muc_invited_to_space(struct mx_link *l, const char *space, const char *by,
                             const char *name);

/* mx_muc_door.c: asking to be let in where a join was refused (why); ends in op_done. */
void mx_muc_knock(struct mx_link *l, const char *room, sj_op op, const struct sj_error *why);
/* A member of an entered room has another picture. */
void mx_muc_pictured(struct mx_room *r, struct mx_member *m);
/* Somebody else asks. */
void mx_muc_knocked(struct mx_room *r, const struct mx_member *m);
/* It was replaced by r->successor, says sender. */
void mx_muc_moved(struct mx_room *r, const char *sender);

/* mx_muc_ops.c, mx_muc_change.c, mx_muc_list.c: operations. */
enum sj_status mx_muc_join(struct sj_link *link, const char *room, const char *nick,
                           const char *password, sj_op op, struct sj_error *err);
enum sj_status mx_muc_leave(struct sj_link *link, const char *room, const char *reason, sj_op op,
                            struct sj_error *err);
enum sj_status mx_muc_set_nick(struct sj_link *link, const char *room, const char *nick, sj_op op,
                               struct sj_error *err);
enum sj_status mx_muc_set_subject(struct sj_link *link, const char *room, const char *text,
                                  sj_op op, struct sj_error *err);
enum sj_status mx_muc_change(struct sj_link *link, const char *room,
                             const struct sj_room_change *change, size_t n, sj_op op,
                             struct sj_error *err);
enum sj_status mx_muc_affiliates(struct sj_link *link, const char *room,
                                 enum sj_affiliation affiliation, sj_op op, struct sj_error *err);
enum sj_status mx_muc_invite(struct sj_link *link, const char *room, const char *id,
                             const char *reason, sj_op op, struct sj_error *err);
enum sj_status mx_muc_look(struct sj_link *link, const char *room, sj_op op,
                           struct sj_error *err);
enum sj_status mx_muc_list(struct sj_link *link, const char *words, unsigned max, sj_op op,
                           struct sj_error *err);
enum sj_status mx_muc_history(struct sj_link *link, const char *room, const char *before,
                              const char *after, unsigned max, sj_op op, struct sj_error *err);

#endif
