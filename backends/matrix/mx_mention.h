/* SPDX-License-Identifier: MPL-2.0 */
/* Whom a message names, both ways. */
#ifndef MX_MENTION_H
#define MX_MENTION_H

#include <stddef.h>

#include "sojourn/message.h"

struct json_object;
struct mx_link;
struct mx_room;

struct mx_mentions {
    struct sj_mention list[SJ_MENTIONS_MAX];
    char *id[SJ_MENTIONS_MAX];           /* ours; list borrows them */
    size_t n;
};
/* What the content of a message says, with the places in body where their names stand. */
void mx_mentions_read(struct mx_mentions *out, struct mx_room *r, struct json_object *content,
                      const char *body);
void mx_mentions_release(struct mx_mentions *m);
/* Adds whom m names to the content. */
void mx_mentions_put(struct mx_link *l, const struct sj_message *m, struct json_object *content);

#endif
