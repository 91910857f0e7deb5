/* SPDX-License-Identifier: MPL-2.0 */
/* The contents of messages: text, emote, notice; what one answers, and what one replaces. An edit
 * carries its text twice, for clients that know edits (m.new_content) and for those that do not
 * ("* text"). An answer of older clients begins with a quotation, which is cut off: who is answered
 * is said by the id.
 * Source: Matrix client-server API, "Instant messaging", "Event replacements", "Rich replies",
 * "Threading". */
#include "mx_rich.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_id.h"
#include "mx_json.h"
#include "sojourn/backend.h"
#include "sojourn/strbuf.h"

static void rich_put_text(struct json_object *o, const struct sj_message *m)
{
    mx_json_put(o, "msgtype", m->action ? "m.emote" : m->notice ? "m.notice" : "m.text");
    mx_json_put(o, "body", m->body);
}

struct json_object *mx_rich_content(const struct mx_link *l, const struct sj_message *m)
{
    struct json_object *content = json_object_new_object();
    (void)l;
    rich_put_text(content, m);
    if (m->replaces) {
        struct sj_strbuf body;
        sj_strbuf_init(&body, SJ_BODY_MAX + 2);
        sj_strbuf_addf(&body, "* %s", m->body);
        mx_json_put(content, "body", body.s);
        sj_strbuf_release(&body);
        rich_put_text(mx_json_put_object(content, "m.new_content"), m);
        struct json_object *relates = mx_json_put_object(content, "m.relates_to");
        mx_json_put(relates, "rel_type", "m.replace");
        mx_json_put(relates, "event_id", m->replaces);
    } else if (m->reply_to) {
        struct json_object *relates = mx_json_put_object(content, "m.relates_to");
        mx_json_put(mx_json_put_object(relates, "m.in_reply_to"), "event_id", m->reply_to);
    }
    return content;
}

struct json_object *mx_rich_read(struct json_object *content, struct mx_rich *out)
{
    struct json_object *relates = mx_json_object(content, "m.relates_to");
    const char *type = mx_json_text(relates, "rel_type", MX_ID_MAX);
    const char *of = mx_json_text(relates, "event_id", MX_ID_MAX);
    const char *reply = mx_json_text(mx_json_object(relates, "m.in_reply_to"), "event_id",
                                     MX_ID_MAX);
    *out = (struct mx_rich){.replaces = NULL};
    if (type && strcmp(type, "m.replace") == 0 && mx_id_is_event(of)) {
        struct json_object *now = mx_json_object(content, "m.new_content");
        out->replaces = of;
        return now ? now : content;
    }
    /* In a thread every message names the one before, for clients without threads. */
    if (mx_id_is_event(reply) && !mx_json_is_true(relates, "is_falling_back"))
        out->reply_to = reply;
    return content;
}

const char *mx_rich_skip_quote(const char *body)
{
    const char *p = body;
    while (p[0] == '>' && p[1] == ' ') {
        size_t n = strcspn(p, "\n");
        if (!p[n])
            return body;
        p += n + 1;
    }
    return p > body && *p == '\n' && p[1] ? p + 1 : body;
}
