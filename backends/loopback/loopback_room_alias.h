/* SPDX-License-Identifier: MPL-2.0 */
/* Other addresses of rooms. Used by the files of this backend only. */
#ifndef LOOPBACK_ROOM_ALIAS_H
#define LOOPBACK_ROOM_ALIAS_H

#include "loopback_room.h"

struct loopback_room *loopback_room_by_alias(const struct sj_net *net, const char *id);
/* May they be those of a->room? */
enum sj_status loopback_room_aliases_judge(struct loopback_ask *a, const struct sj_room_change *c);
void loopback_room_aliases_set(struct loopback_room *r, const struct sj_room_change *c);
void loopback_room_aliases_clear(struct loopback_room *r);

#endif
