/* SPDX-License-Identifier: MPL-2.0 */
/* Power levels of rooms, and what they are as affiliations and roles. */
#ifndef MX_POWER_H
#define MX_POWER_H

#include <stdbool.h>
#include <stdint.h>

#include "sojourn/room.h"

struct json_object;
struct mx_member;
struct mx_room;

#define MX_POWER_OWNER 100
#define MX_POWER_MODERATOR 50
#define MX_POWER_CREATOR INT64_MAX       /* more than any level */
#define MX_POWER_CREATORS_MAX 100u       /* of one room that are looked at */

int64_t mx_power_of(const struct mx_room *r, const char *user);
/* What is needed for an action ("kick", "ban", "invite", "redact"), and for an event. */
int64_t mx_power_for(const struct mx_room *r, const char *action);
int64_t mx_power_to_send(const struct mx_room *r, const char *type, bool state);
enum sj_affiliation mx_power_affiliation(const struct mx_room *r, const struct mx_member *m);
enum sj_role mx_power_role(const struct mx_room *r, const struct mx_member *m);
/* The levels with that of one user changed; owned by the caller. */
struct json_object *mx_power_with(const struct mx_room *r, const char *user, int64_t level);
/* The same with what is needed to speak. */
struct json_object *mx_power_to_speak(const struct mx_room *r, int64_t level);

#endif
