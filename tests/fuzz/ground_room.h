/* SPDX-License-Identifier: MPL-2.0 */
/* Between ground.c and ground_room.c. */
#ifndef FUZZ_GROUND_ROOM_H
#define FUZZ_GROUND_ROOM_H

#include "ground.h"

/* A message of a room that the user is in. */
void ground_check_said(struct sj_link *, const struct sj_message *);

#endif
