/* SPDX-License-Identifier: MPL-2.0 */
/* What a message says beyond its text: as the content of an event, and back. */
#ifndef MX_RICH_H
#define MX_RICH_H

#include <stddef.h>

struct json_object;
struct mx_link;
struct sj_message;
struct sj_span;
struct sj_strbuf;

/* The content of an m.room.message; owned by the caller. */
struct json_object *mx_rich_content(struct mx_link *l, const struct sj_message *m);

struct mx_rich {                         /* borrowed from the content */
    const char *replaces;                /* event, or NULL */
    const char *reply_to;                /* event, or NULL */
    const char *html;                    /* of the content that counts, or NULL */
};
/* Reads what a content refers to; the content that counts (of an edit: the new one). */
struct json_object *mx_rich_read(struct json_object *content, struct mx_rich *out);
/* Text and spans of a formatted message, as mx_html_read; 0: html has no styles, and the plain body
 * says what there is to say. */
size_t mx_rich_styles(const char *html, struct sj_strbuf *text, struct sj_span *spans);
/* Says of a content which thread the message is in, and what it answers. */
void mx_rich_relate(struct json_object *content, const struct sj_message *m);
/* The event that the content answers; borrowed, NULL: none. */
const char *mx_rich_answers(struct json_object *content);
/* The content (JSON; freed by the caller) of an answer to what sender said, in the thread that
 * begins with root (NULL: none). user is not told of itself. NULL: it stays as it is. */
char *mx_rich_answer(const char *content, const char *user, const char *sender, const char *root);
/* The event with which the thread of that event begins; borrowed, NULL: none. */
const char *mx_rich_thread(struct json_object *event);
/* body without the quotation that older clients put before an answer. */
const char *mx_rich_skip_quote(const char *body);

#endif
