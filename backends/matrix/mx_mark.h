/* SPDX-License-Identifier: MPL-2.0 */
/* What happens to messages that were said: taken back, reacted to, read; and who types. */
#ifndef MX_MARK_H
#define MX_MARK_H

#include <stdbool.h>

#include "sojourn/backend.h"

struct json_object;
struct mx_link;
struct mx_room;

#define MX_REACTIONS_MAX 1000u           /* of a link that are remembered, to be taken back */
#define MX_TYPING_MAX 8u                 /* of one room who are told */

/* Events of a timeline. ours: done from here, and known by its outcome. */
void mx_mark_reaction(struct mx_room *r, struct json_object *event, bool ours);
void mx_mark_redaction(struct mx_room *r, struct json_object *event, bool ours);
/* The server took the user's reaction: remembered, to be taken back. */
void mx_mark_sent(struct mx_room *r, const char *event, const char *content);
/* An ephemeral event. */
void mx_mark_ephemeral(struct mx_room *r, struct json_object *event);
void mx_marks_drop(struct mx_link *l);

enum sj_status mx_send_mark(struct sj_link *link, const struct sj_mark *m, sj_op op,
                            struct sj_error *err);
void mx_set_typing(struct sj_link *link, const char *id, enum sj_typing typing);

#endif
