/* SPDX-License-Identifier: MPL-2.0 */
/* The contents of messages: text, emote, notice.
 * Source: Matrix client-server API, "Instant messaging". */
#include "mx_rich.h"

#include <json-c/json.h>

#include "mx_json.h"
#include "sojourn/backend.h"

struct json_object *mx_rich_content(const struct mx_link *l, const struct sj_message *m)
{
    struct json_object *content = json_object_new_object();
    (void)l;
    mx_json_put(content, "msgtype", m->action ? "m.emote" : m->notice ? "m.notice" : "m.text");
    mx_json_put(content, "body", m->body);
    return content;
}
