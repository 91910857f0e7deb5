/* SPDX-License-Identifier: MPL-2.0 */
/* Polls as text: the question and what can be answered. Votes are not shown, and cannot be given
 * from here. Other clients send them under the names of the proposal; both are read.
 * Source: Matrix client-server API, "Polls" (MSC3381), "Extensible events" (MSC1767). */
#include "mx_poll.h"

#include <string.h>

#include "mx_json.h"
#include "sojourn/message.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define POLL_ANSWERS_MAX 20u             /* by the specification; further ones are none */
#define POLL_TEXTS_MAX 10u               /* representations of one text that are looked at */

/* A text of extensible events: the plain one of m.text, or that of the proposal. */
static const char *poll_text(struct json_object *o)
{
    struct json_object *texts = mx_json_array(o, "m.text");
    for (size_t i = 0; i < mx_json_length(texts) && i < POLL_TEXTS_MAX; i++) {
        struct json_object *one = mx_json_at(texts, i);
        const char *type = mx_json_text(one, "mimetype", SJ_BODY_MAX);
        const char *body = mx_json_text(one, "body", SJ_BODY_MAX);
        if (body && (!type || strcmp(type, "text/plain") == 0))
            return body;
    }
    return mx_json_text(o, "org.matrix.msc1767.text", SJ_BODY_MAX);
}

static void poll_add(struct sj_strbuf *out, const char *text)
{
    mx_text_clean(out, text, SJ_BODY_MAX - 1 - out->len, false);
}

/* Each on a line of its own, as long as there is room. */
static void poll_add_answers(struct sj_strbuf *out, struct json_object *answers)
{
    unsigned n = 0;
    for (size_t i = 0; i < mx_json_length(answers) && i < POLL_ANSWERS_MAX; i++) {
        const char *answer = poll_text(mx_json_at(answers, i));
        if (!answer || out->len + 16 > SJ_BODY_MAX)
            continue;
        sj_strbuf_addf(out, "\n%u. ", ++n);
        poll_add(out, answer);
    }
}

bool mx_poll_read(struct json_object *content, struct sj_strbuf *out)
{
    struct json_object *poll = mx_json_object(content, "m.poll");
    if (!poll)
        poll = mx_json_object(content, "org.matrix.msc3381.poll.start");
    const char *words = poll_text(poll ? mx_json_object(poll, "question") : content);
    if (!words)
        return false;
    sj_strbuf_adds(out, N_("(a poll)"));
    sj_strbuf_addc(out, ' ');
    poll_add(out, words);
    poll_add_answers(out, mx_json_array(poll, "answers"));
    return true;
}
