/* SPDX-License-Identifier: MPL-2.0 */
/* What a message says beyond its text: as the content of an event, and back. */
#ifndef MX_RICH_H
#define MX_RICH_H

struct json_object;
struct mx_link;
struct sj_message;

/* The content of an m.room.message; owned by the caller. */
struct json_object *mx_rich_content(const struct mx_link *l, const struct sj_message *m);

#endif
