/* SPDX-License-Identifier: MPL-2.0 */
/* Pictures of rooms, and of people because of them. */
#ifndef LOOPBACK_ROOM_PICTURE_H
#define LOOPBACK_ROOM_PICTURE_H

#include <stdbool.h>

#include "loopback_profile.h"
#include "sojourn/error.h"

struct loopback_ask;
struct loopback_link;
struct loopback_room;
struct sj_avatar;
struct sj_strbuf;

/* Writes the id of its picture; "" when there is none. */
void loopback_room_avatar(const struct loopback_room *r, char out[LOOPBACK_AVATAR_SIZE]);
void loopback_room_picture_release(struct sj_net *net, struct loopback_room *r);
/* It has another one, which is made up. */
void loopback_room_picture_next(struct sj_net *net, struct loopback_room *r);
/* May this be its picture, as far as the size goes? */
enum sj_status loopback_room_picture_judge(struct loopback_ask *a, const struct sj_avatar *p);
void loopback_room_picture_set(struct sj_net *net, struct loopback_room *r,
                               const struct sj_avatar *p);
/* false: there is none of that id (any more), or the user is not in the room. */
bool loopback_room_picture_fill(const struct loopback_link *l, const char *room,
                                const char *avatar, struct sj_strbuf *out);
/* Is the user in a room that says who this is? */
bool loopback_rooms_show(const struct loopback_link *l, const char *id);

#endif
