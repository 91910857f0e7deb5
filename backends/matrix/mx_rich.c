/* SPDX-License-Identifier: MPL-2.0 */
/* The contents of messages: text, emote, notice, with styles; what one answers, and what one
 * replaces. An edit
 * carries its text twice, for clients that know edits (m.new_content) and for those that do not
 * ("* text"). An answer of older clients begins with a quotation, which is cut off: who is answered
 * is said by the id.
 * Source: Matrix client-server API, "Instant messaging", "Event replacements", "Rich replies",
 * "Threading". */
#include "mx_rich.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_html.h"
#include "mx_id.h"
#include "mx_json.h"
#include "mx_mention.h"
#include "sojourn/backend.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define RICH_FORMAT "org.matrix.custom.html"
#define RICH_BYTES_MAX 50000u            /* of text and HTML; beyond, it goes without styles */

/* The HTML of a text with styles, freed by the caller; NULL: it has none, or too much. */
static char *rich_html(const struct sj_message *m)
{
    struct sj_strbuf html;
    size_t times = m->replaces ? 2 : 1;
    if (m->n_spans == 0)
        return NULL;
    sj_strbuf_init(&html, RICH_BYTES_MAX);
    mx_html_write(m->body, m->spans, m->n_spans, &html);
    bool good = sj_strbuf_ok(&html) && times * (html.len + strlen(m->body)) <= RICH_BYTES_MAX;
    char *text = good ? sj_strbuf_take(&html) : NULL;
    sj_strbuf_release(&html);
    return text;
}

static void rich_put_text(struct json_object *o, const struct sj_message *m, const char *before,
                          const char *html)
{
    struct sj_strbuf text;
    sj_strbuf_init(&text, 2 * SJ_BODY_MAX);
    mx_json_put(o, "msgtype", m->action ? "m.emote" : m->notice ? "m.notice" : "m.text");
    sj_strbuf_addf(&text, "%s%s", before, m->body);
    mx_json_put(o, "body", text.s);
    if (html) {
        sj_strbuf_reset(&text);
        sj_strbuf_addf(&text, "%s%s", before, html);
        mx_json_put(o, "format", RICH_FORMAT);
        mx_json_put(o, "formatted_body", text.s);
    }
    sj_strbuf_release(&text);
}

/* In a thread an answer to nobody names its beginning, for clients without threads. */
void mx_rich_relate(struct json_object *content, const struct sj_message *m)
{
    const char *answers = m->reply_to ? m->reply_to : m->thread;
    if (!answers)
        return;
    struct json_object *relates = mx_json_put_object(content, "m.relates_to");
    if (m->thread) {
        mx_json_put(relates, "rel_type", "m.thread");
        mx_json_put(relates, "event_id", m->thread);
        mx_json_put_bool(relates, "is_falling_back", !m->reply_to);
    }
    mx_json_put(mx_json_put_object(relates, "m.in_reply_to"), "event_id", answers);
}

struct json_object *mx_rich_content(struct mx_link *l, const struct sj_message *m)
{
    struct json_object *content = json_object_new_object();
    char *html = rich_html(m);
    rich_put_text(content, m, m->replaces ? "* " : "", html);
    if (m->replaces) {
        rich_put_text(mx_json_put_object(content, "m.new_content"), m, "", html);
        struct json_object *relates = mx_json_put_object(content, "m.relates_to");
        mx_json_put(relates, "rel_type", "m.replace");
        mx_json_put(relates, "event_id", m->replaces);
    } else {
        mx_rich_relate(content, m);
    }
    sj_free(html);
    mx_mentions_put(l, m, content);
    return content;
}

/* ---- answers ---- */

const char *mx_rich_answers(struct json_object *content)
{
    struct json_object *relates = mx_json_object(content, "m.relates_to");
    const char *id = mx_json_text(mx_json_object(relates, "m.in_reply_to"), "event_id",
                                  MX_ID_MAX);
    return mx_id_is_event(id) && !mx_json_is_true(relates, "is_falling_back") ? id : NULL;
}

const char *mx_rich_thread(struct json_object *event)
{
    struct json_object *relates = mx_json_object(mx_json_object(event, "content"),
                                                 "m.relates_to");
    const char *type = mx_json_text(relates, "rel_type", MX_ID_MAX);
    const char *root = mx_json_text(relates, "event_id", MX_ID_MAX);
    return type && strcmp(type, "m.thread") == 0 && mx_id_is_event(root) ? root : NULL;
}

/* Beside whom the text names. */
static void rich_mention(struct json_object *content, const char *user)
{
    struct json_object *mentions = mx_json_object(content, "m.mentions");
    struct json_object *users = mx_json_array(mentions, "user_ids");
    for (size_t i = 0; i < mx_json_length(users); i++) {
        const char *known = mx_json_text_at(users, i, MX_ID_MAX);
        if (known && strcmp(known, user) == 0)
            return;
    }
    if (!mentions)
        mentions = mx_json_put_object(content, "m.mentions");
    if (!users)
        users = mx_json_put_array(mentions, "user_ids");
    mx_json_add(users, user);
}

char *mx_rich_answer(const char *content, const char *user, const char *sender, const char *root)
{
    struct json_object *o = json_tokener_parse(content);
    struct json_object *relates = mx_json_object(o, "m.relates_to");
    char *text = NULL;
    if (relates && root) {
        mx_json_put(relates, "rel_type", "m.thread");
        mx_json_put(relates, "event_id", root);
        mx_json_put_bool(relates, "is_falling_back", false);
    }
    if (relates && mx_id_is_user(sender) && strcmp(sender, user) != 0)
        rich_mention(o, sender);
    if (relates)
        text = sj_strdup(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
                                                               JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(o);
    return text;
}

/* ---- reading ---- */

static const char *rich_read_html(struct json_object *content)
{
    const char *format = mx_json_text(content, "format", MX_ID_MAX);
    return format && strcmp(format, RICH_FORMAT) == 0
               ? mx_json_text(content, "formatted_body", MX_HTML_MAX) : NULL;
}

size_t mx_rich_styles(const char *html, struct sj_strbuf *text, struct sj_span *spans)
{
    sj_strbuf_init(text, SJ_BODY_MAX);
    size_t n = mx_html_read(html, text, spans, SJ_SPANS_MAX);
    if (n == 0 || text->len == 0)
        sj_strbuf_release(text);
    return text->len ? n : 0;
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
        out->html = rich_read_html(now ? now : content);
        return now ? now : content;
    }
    /* In a thread every message names the one before, for clients without threads. */
    if (mx_id_is_event(reply) && !mx_json_is_true(relates, "is_falling_back"))
        out->reply_to = reply;
    out->html = rich_read_html(content);
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
