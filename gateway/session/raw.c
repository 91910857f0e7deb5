/* SPDX-License-Identifier: MPL-2.0 */
/* See raw.h. One line of a user is out at a time; what the network says until its outcome, or until
 * the deadline, is one answer, within bounds. In the conversation with the network itself what
 * nobody asked for is shown too, for a while after the user's last line. What users write here is
 * never logged: it may hold passwords. What may be sent at all is the backend's business. */
#include "raw.h"

#include <string.h>

#include "command.h"
#include "language.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

/* Owned by the session. */
struct raw {
    struct session *session;
    sj_op op;                            /* 0: none is out */
    uint64_t run;                        /* of a command that waits; 0: the conversation */
    struct sj_timer timer;
    struct sj_strbuf answer;
    unsigned lines;
    bool more;                           /* there was more than that */
    char *rest;                          /* lines of the user; secret; NULL: none */
    size_t rest_at;                      /* the next one */
    int64_t listen_ms;                   /* unasked lines are shown until then */
    int64_t window_ms;
    unsigned unasked;                    /* shown since window_ms */
};

static void raw_late(void *arg);

static struct raw *raw_get(struct session *s)
{
    struct raw *r = s->raw;

    if (r)
        return r;
    r = s->raw = sj_calloc(1, sizeof *r);
    r->session = s;
    sj_timer_init(&r->timer, raw_late, r);
    sj_strbuf_init(&r->answer, RAW_BYTES_MAX);
    return r;
}

void raw_free(struct session *s)
{
    struct raw *r = s->raw;

    if (!r)
        return;
    sj_timer_stop(&r->timer);
    sj_strbuf_release(&r->answer);
    sj_secret_free(&r->rest);
    sj_free(r);
    s->raw = NULL;
}

/* ---- asking ---- */

static enum sj_status raw_send(struct session *s, const char *line, uint64_t run,
                               struct sj_error *err)
{
    const struct op_ask ask = {.kind = OP_RAW};
    struct raw *r = raw_get(s);
    sj_op op;

    if (s->state != SESSION_ONLINE)
        return sj_fail(err, SJ_UNREACHABLE, "You are not logged in to the network; show yourself "
                       "as available first.");
    if (r->op)
        return sj_fail(err, SJ_LIMIT, "The last line is not answered yet; wait a moment.");
    if (strlen(line) > SJ_RAW_MAX)
        return sj_fail(err, SJ_UNACCEPTABLE, "This line is too long.");
    op = op_new(s, &ask, err);
    if (!op)
        return err->status;
    r->op = op;
    r->run = run;
    r->lines = 0;
    r->more = false;
    sj_strbuf_reset(&r->answer);
    if (s->network->backend->raw(s->link, line, op, err) != SJ_OK) {
        op_forget(s->all, op);
        r->op = 0;
        return err->status;
    }
    sj_timer_start(s->all->loop, &r->timer, RAW_MS);
    return SJ_OK;
}

/* The next line of the rest; NULL: there is none. To be freed as a secret. */
static char *raw_next_line(struct raw *r)
{
    while (r->rest && r->rest[r->rest_at]) {
        const char *from = r->rest + r->rest_at;
        size_t n = strcspn(from, "\n");
        r->rest_at += n + (from[n] == '\n');
        if (n > 0)
            return sj_strndup(from, n);
    }
    sj_secret_free(&r->rest);
    return NULL;
}

static bool raw_too_many(const char *body)
{
    unsigned n = 1;

    for (; *body; body++)
        n += *body == '\n' && body[1] != '\0' && body[1] != '\n';
    return n > RAW_AT_ONCE;
}

bool raw_is_for(const struct network *n, const struct xmpp_message_in *in)
{
    const char *id = n->backend->server_id;

    return id && in->peer && in->peer[0] == id[0] && !in->nick && strcmp(in->peer, id) == 0;
}

static enum sj_status raw_say_next(struct session *s, struct sj_error *err)
{
    char *line = raw_next_line(s->raw);
    enum sj_status status = line ? raw_send(s, line, 0, err) : SJ_OK;

    sj_secret_free(&line);
    return status;
}

enum sj_status raw_say(struct session *s, const struct xmpp_message_in *in, struct sj_error *err)
{
    struct raw *r;

    if (!in->body || !*in->body)
        return sj_fail(err, SJ_UNACCEPTABLE, "Only text can be sent here.");
    if (raw_too_many(in->body))
        return sj_fail(err, SJ_UNACCEPTABLE, "At most %u lines can be sent at once.", RAW_AT_ONCE);
    session_heard(s, &in->from);
    r = raw_get(s);
    if (r->op)
        return sj_fail(err, SJ_LIMIT, "The last line is not answered yet; wait a moment.");
    r->listen_ms = sj_loop_now_ms(s->all->loop) + RAW_LISTEN_MS;
    sj_secret_free(&r->rest);
    r->rest = sj_strdup(in->body);
    r->rest_at = 0;
    if (raw_say_next(s, err) == SJ_OK)
        return SJ_OK;
    sj_secret_free(&r->rest);
    return err->status;
}

enum sj_status raw_for_run(struct session *s, const char *line, uint64_t run, struct sj_error *err)
{
    return raw_send(s, line, run, err);
}

void raw_abandon(struct session *s, uint64_t run)
{
    struct raw *r = s->raw;

    if (!r || !r->op || r->run != run)
        return;
    sj_timer_stop(&r->timer);
    op_forget(s->all, r->op);
    r->op = 0;
}

/* ---- hearing ---- */

static bool raw_show(struct session *s, const char *text)
{
    const struct xmpp_message_out out = {.peer = s->network->backend->server_id, .to = s->user,
                                         .body = text, .lang = s->lang};

    return xmpp_send_message(s->all->xmpp, s->network->index, &out);
}

/* Nobody asked: shown to who talks to the network, and not endlessly. */
static void raw_unasked(struct session *s, const char *line)
{
    int64_t now = sj_loop_now_ms(s->all->loop);
    struct raw *r = s->raw;

    if (!r || now >= r->listen_ms)
        return;
    if (now - r->window_ms >= 60000) {
        r->window_ms = now;
        r->unasked = 0;
    }
    if (r->unasked++ < RAW_UNASKED_MAX)
        raw_show(s, line);
}

void raw_told(struct session *s, sj_op op, const char *line)
{
    struct raw *r = s->raw;

    if (!r || !r->op || r->op != op) {
        raw_unasked(s, line);
        return;
    }
    if (r->lines == RAW_LINES_MAX || r->answer.len + strlen(line) + 1 > RAW_BYTES_MAX) {
        r->more = true;
        return;
    }
    sj_strbuf_addf(&r->answer, "%s%s", r->lines++ > 0 ? "\n" : "", line);
}

static void answer_line(struct sj_strbuf *out, const char *text)
{
    sj_strbuf_addf(out, "%s%s", out->len > 0 ? "\n" : "", text);
}

void raw_answer(const struct session *s, struct sj_strbuf *out)
{
    const struct raw *r = s->raw;

    if (!r)
        return;
    sj_strbuf_adds(out, r->answer.s);
    if (r->more)
        answer_line(out, sj_translate(s->lang, "There was more, which is not shown."));
}

/* In the conversation. */
static void raw_show_answer(struct session *s, const struct sj_error *err)
{
    struct sj_error words = err ? session_words(s, err) : (struct sj_error){.status = SJ_OK};
    struct sj_strbuf text;

    sj_strbuf_init(&text, RAW_BYTES_MAX + 1024u);
    raw_answer(s, &text);
    if (err && words.text[0])
        answer_line(&text, words.text);
    else if (text.len == 0)
        answer_line(&text, sj_translate(s->lang, "The network said nothing to that."));
    raw_show(s, text.s);
    sj_strbuf_release(&text);
}

static void raw_end(struct session *s, const struct sj_error *err)
{
    struct raw *r = s->raw;
    uint64_t run = r->run;
    struct sj_error refused = {.status = SJ_OK};

    sj_timer_stop(&r->timer);
    r->op = 0;
    r->run = 0;
    if (run) {
        /* What it said counts, also if that was a refusal. */
        command_outcome(s->all, run, r->lines > 0 ? NULL : err);
        return;
    }
    raw_show_answer(s, err);
    if (err && err->status == SJ_UNREACHABLE)
        sj_secret_free(&r->rest);
    if (raw_say_next(s, &refused) == SJ_OK)
        return;
    sj_secret_free(&r->rest);
    sj_strbuf_reset(&r->answer);
    r->more = false;
    raw_show_answer(s, &refused);
}

void raw_done(struct session *s, sj_op op, const struct sj_error *err)
{
    if (s->raw && s->raw->op && s->raw->op == op)
        raw_end(s, err);
}

static void raw_late(void *arg)
{
    struct raw *r = arg;

    op_forget(r->session->all, r->op);
    raw_end(r->session, NULL);
}
