/* SPDX-License-Identifier: MPL-2.0 */
/* Addresses of rooms: which there are, and changing them. */
#ifndef MX_ALIAS_H
#define MX_ALIAS_H

#include "sojourn/backend.h"

struct json_object;
struct mx_link;
struct mx_room;
struct mx_steps;

/* Of the table (sojourn/room.h). */
enum sj_status mx_muc_aliases(struct sj_link *link, const char *room, sj_op op,
                              struct sj_error *err);

/* The addresses of a change as ids, an array that the caller owns; NULL with err: one is none. */
struct json_object *mx_alias_read(const struct mx_link *l, const struct sj_room_change *c,
                                  struct sj_error *err);
/* Adds to s what it takes that the room has these addresses (consumed), and runs it; s is
 * consumed. SJ_LIMIT with err: it cannot be begun. */
enum sj_status mx_alias_change(struct mx_room *r, struct mx_steps *s, struct json_object *wanted,
                               struct sj_error *err);

#endif
