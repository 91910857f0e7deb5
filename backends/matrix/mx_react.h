/* SPDX-License-Identifier: MPL-2.0 */
/* Reactions to messages, both ways. */
#ifndef MX_REACT_H
#define MX_REACT_H

#include <stdbool.h>
#include <stdint.h>

#include "sojourn/backend.h"

struct json_object;
struct mx_link;
struct mx_room;

#define MX_REACTIONS_MAX 1000u           /* of a link that are remembered */

/* An m.reaction of a timeline. ours: sent from here, and known by its outcome. */
void mx_react(struct mx_room *r, struct json_object *event, bool ours);
/* The server took the user's reaction, whose content is JSON. */
void mx_react_sent(struct mx_room *r, const char *event, const char *content);
/* It was redacted, which is told by that event, if there is one; false: it is not known. */
bool mx_react_redacted(struct mx_room *r, const char *reaction, struct json_object *tell);
/* The server took the user's redaction of it. */
void mx_react_gone(struct mx_link *l, const char *reaction);
/* The event of the user's own reaction to target; NULL: not known. */
const char *mx_react_own(const struct mx_link *l, const char *target, const char *key);
/* Asks the server for it: ends in mx_send_resolved or mx_send_later, with number. */
bool mx_react_find(struct mx_room *r, const char *target, const char *key, uint32_t number,
                   struct sj_error *err);
/* SJ_MARK_REACTIONS */
enum sj_status mx_react_set(struct mx_link *l, const struct sj_mark *m, sj_op op,
                            struct sj_error *err);
void mx_reacts_drop(struct mx_link *l);

#endif
