/* SPDX-License-Identifier: MPL-2.0 */
/* What was said in a room while nobody was there, asked of the network (room_fill.c). */
#ifndef SESSION_ROOM_FILL_H
#define SESSION_ROOM_FILL_H

#include "room.h"

/* Limits: what they bound, and what happens beyond them. */
#define ROOM_FILL_PAGE 100u              /* messages of the past that the network is asked for */
#define ROOM_FILL_MAX 1000u              /* in one stay; the rest is missed until the next one */
#define ROOM_FILL_LOOK 300u              /* newest entries among which holes are looked for */
#define ROOM_FILL_HOLES_MAX 8u           /* in one stay */
#define ROOM_FILL_WAIT_MS 2000           /* joins wait so long for the first page */

/* The room was entered: what was missed is asked for, where the network can tell. */
void room_fill_begin(struct room *);
void room_fill_free(struct room *);
/* The outcome of a question. */
void room_fill_told(struct session *, const struct room_outcome *, const struct sj_error *err);
/* Should a join wait before it shows history? Not for long. */
bool room_fill_is_awaited(const struct room *);
void room_past(struct session *, sj_op, const struct sj_message *);
/* May what the archive says of the past still change (G313-11)? */
bool room_is_filling(const struct session *, const char *room);

#endif
