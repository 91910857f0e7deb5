/* SPDX-License-Identifier: MPL-2.0 */
/* What a message says beyond its text: as the content of an event, and back. */
#ifndef MX_RICH_H
#define MX_RICH_H

struct json_object;
struct mx_link;
struct sj_message;

/* The content of an m.room.message; owned by the caller. */
struct json_object *mx_rich_content(const struct mx_link *l, const struct sj_message *m);

struct mx_rich {                         /* borrowed from the content */
    const char *replaces;                /* event, or NULL */
    const char *reply_to;                /* event, or NULL */
};
/* Reads what a content refers to; the content that counts (of an edit: the new one). */
struct json_object *mx_rich_read(struct json_object *content, struct mx_rich *out);
/* body without the quotation that older clients put before an answer. */
const char *mx_rich_skip_quote(const char *body);

#endif
