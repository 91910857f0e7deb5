/* SPDX-License-Identifier: MPL-2.0 */
/* What happens to messages that were said: taken back, reacted to, read; and who types. */
#ifndef MX_MARK_H
#define MX_MARK_H

#include <stdbool.h>

#include "sojourn/backend.h"

struct json_object;
struct mx_link;
struct mx_room;

#define MX_TYPING_MAX 8u                 /* of one room who are told */

/* An event of a timeline. ours: done from here, and known by its outcome. */
void mx_mark_redaction(struct mx_room *r, struct json_object *event, bool ours);
/* An ephemeral event. */
void mx_mark_ephemeral(struct mx_room *r, struct json_object *event);

enum sj_status mx_send_mark(struct sj_link *link, const struct sj_mark *m, sj_op op,
                            struct sj_error *err);
void mx_set_typing(struct sj_link *link, const char *id, enum sj_typing typing);

/* What marks have in common: fills who did it where; false: nobody is to know. */
bool mx_mark_begin(struct mx_room *r, struct sj_mark *m, const char *sender);
/* When it was done, if that is another time than now. */
int64_t mx_mark_time(const struct mx_link *l, struct json_object *event);

#endif
