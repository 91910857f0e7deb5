/* SPDX-License-Identifier: MPL-2.0 */
/* Events of a timeline: what was said and done in a conversation. */
#ifndef MX_EVENT_H
#define MX_EVENT_H

#include <stdbool.h>

#include "sojourn/message.h"

struct json_object;
struct mx_room;

/* One event, told to the gateway. old: said before the user ever logged in: state only. */
void mx_event(struct mx_room *r, struct json_object *event, bool old);

/* One event of the past, as an answer to op. False: nothing was said in it. */
bool mx_event_past(struct mx_room *r, struct json_object *event, sj_op op);

#endif
