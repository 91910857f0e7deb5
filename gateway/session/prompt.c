/* SPDX-License-Identifier: MPL-2.0 */
/* What a network asks while it logs a user in (struct sj_prompt), from the question to the answer.
 *
 * A question belongs to the session, not to one of the user's clients: it is there until it is
 * answered, replaced, or too old (prompt-timeout, or the network's own limit). While it is open the
 * log-in takes no place from others (governor.c) and no other limit runs. A command that waits for
 * the log-in shows it as its next form; else it comes as a message from the gateway, and the user's
 * next message is the answer. Answers are wiped where they are kept for a moment. */
#include "prompt_priv.h"

#include <string.h>

#include "command_list.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define PROMPT_MESSAGE_MAX 8192u

bool prompt_is_open(const struct session *s)
{
    return s->prompt && s->prompt->open;
}

static void prompt_clear(struct prompt *p)
{
    p->open = p->due = p->talked = false;
    prompt_picture_free(&p->put);
    prompt_form_free(p);
    sj_timer_stop(&p->deadline);
    sj_free(p->text);
    sj_free(p->url);
    sj_free((char *)p->picture.type);
    if (p->picture.bytes)
        sj_wipe((void *)p->picture.bytes, p->picture.n_bytes);
    sj_free((void *)p->picture.bytes);
    p->text = p->url = NULL;
    p->picture = (struct xmpp_media){.bytes = NULL};
}

void prompt_drop(struct session *s)
{
    struct prompt *p = s->prompt;

    if (!p)
        return;
    s->prompt = NULL;
    prompt_clear(p);
    sj_free(p);
}

bool prompt_over(struct session *s, const struct sj_error *err)
{
    struct sessions *all = s->all;
    bool waits = false;
    struct run *r;

    if (!s->prompt)
        return false;
    prompt_drop(s);
    for (uint64_t at = 0; (r = commands_next(all, s->network->index, s->user, at)) != NULL;) {
        at = r->id;
        if (r->command != &command_answer || r->state != RUN_BUSY)
            continue;
        waits = true;
        command_outcome(all, at, err);
    }
    return waits;
}

/* ---- saying ---- */

static const char *prompt_text(const struct session *s)
{
    return sj_translate(s->lang, s->prompt->text);
}

/* How the user goes on, in the message that has the question. */
static const char *prompt_advice(const struct prompt *p)
{
    switch (p->kind) {
    case SJ_PROMPT_TEXT:
        return N_("Your next message to me is the answer; type cancel to give up.");
    case SJ_PROMPT_SECRET:
        return N_("Your next message to me is the answer. It passes in clear text through your own "
                  "server, and may stay in your history; the command \"Answer\" of your client "
                  "avoids the latter. Type cancel to give up.");
    default:
        return N_("I go on by myself when that is done; type cancel to give up.");
    }
}

static void prompt_say(struct session *s)
{
    const struct prompt *p = s->prompt;
    struct sj_strbuf body;

    sj_strbuf_init(&body, PROMPT_MESSAGE_MAX);
    sj_strbuf_addf(&body, sj_translate(s->lang, "Before it lets you in, %s asks:"),
                   s->network->options->label);
    sj_strbuf_addf(&body, "\n%s\n", prompt_text(s));
    if (p->url)
        sj_strbuf_addf(&body, "%s\n", p->url);
    if (p->picture.bytes)
        sj_strbuf_addf(&body, "%s\n", sj_translate(s->lang,
                           "There is a picture with it: the command \"Answer\" of this gateway "
                           "shows it in your client."));
    sj_strbuf_adds(&body, sj_translate(s->lang, prompt_advice(p)));
    s->prompt->due = !session_say_translated(s, body.s) && session_is_blocked(s);
    sj_strbuf_release(&body);
    if (s->prompt->due)
        sessions_sweep_later(s->all);
}

/* The gateway stays unavailable, and says why. */
static void prompt_send_presence(struct session *s, const char *to)
{
    struct sj_error words;
    struct xmpp_presence_out out = {.to = to, .show = XMPP_OFFLINE};

    sj_fail(&words, SJ_UNAVAILABLE, "The network waits for your answer.");
    sj_error_translate(&words, s->lang);
    out.status = words.text;
    out.lang = words.lang;
    session_send_presence(s, &out);
}

void prompt_tell(struct session *s)
{
    struct prompt *p = s->prompt;

    if (p->tells >= PROMPT_TELLS_MAX)
        return;
    p->tells++;
    if (!p->shown && !s->check && s->registered)
        prompt_send_presence(s, s->user);
    p->shown = p->talked = true;
    prompt_say(s);
    if (p->picture.bytes && !p->put)
        p->put = prompt_picture_new(s, &p->picture);
}

void prompt_greet(struct session *s, const char *full)
{
    if (!prompt_is_open(s) || s->check)
        return;
    prompt_send_presence(s, full);
    if (!s->prompt->talked)
        prompt_tell(s);
}

void prompt_flush(struct session *s)
{
    if (!prompt_is_due(s) || session_is_blocked(s))
        return;
    if (s->prompt->due)
        prompt_say(s);
    prompt_picture_flush(s->prompt->put);
}

bool prompt_is_due(const struct session *s)
{
    return s->prompt && (s->prompt->due || prompt_picture_is_due(s->prompt->put));
}

/* ---- the question comes and goes ---- */

/* Does it wait for the log-in that asks? */
static bool prompt_is_awaited(const struct session *s, const struct run *r)
{
    if (r->state != RUN_BUSY)
        return false;
    if (r->command == &command_answer)
        return true;
    return s->check ? r->id == s->check->waiter.run : r->command == &command_login;
}

/* Shows it to the commands that wait, as their next form. false: nobody looks at a form. */
static bool prompt_show_forms(struct session *s)
{
    struct sessions *all = s->all;
    bool watched = false;
    struct run *r;

    for (uint64_t at = 0; (r = commands_next(all, s->network->index, s->user, at)) != NULL;) {
        bool asks = r->state == RUN_ASKING && r->extra == &prompt_stage;
        at = r->id;
        watched = watched || asks;       /* it shows the new one when it is sent in */
        if (!prompt_is_awaited(s, r) || r->question == s->prompt->number)
            continue;
        watched = true;
        r->question = s->prompt->number;
        command_ask(r, &prompt_stage, XMPP_NOTE_INFO, NULL);
    }
    return watched;
}

static void prompt_show(struct session *s)
{
    if (s->prompt->tells >= PROMPT_TELLS_MAX)
        return;
    if (prompt_show_forms(s))
        s->prompt->tells++;
    else
        prompt_tell(s);
}

/* Nobody did what was asked, or the user does not want to. */
static void prompt_give_up(struct session *s, const struct sj_error *why)
{
    if (s->check)
        check_fail(s, why);
    else
        session_give_up(s, why);
}

static void prompt_late(void *arg)
{
    struct prompt *p = arg;
    struct session *s = p->session;
    struct sj_error late;

    sj_log_info(&s->log, "question not answered in time");
    sj_fail(&late, SJ_TIMEOUT, "the question of the network was not answered in time");
    prompt_give_up(s, &late);
}

/* The network's own limit if it has one; and however often it asks anew, a user who does nothing is
 * waited for only so long. */
static int64_t prompt_life_ms(const struct prompt *p, const struct sj_prompt *in)
{
    const struct sessions *all = p->session->all;
    int64_t life = p->since_ms + all->options->prompt_ms - sj_loop_now_ms(all->loop), own;

    if (in->expires_at) {
        own = in->expires_at - sj_loop_utc_ms(all->loop) + PROMPT_GRACE_MS;
        if (own > PROMPT_LIFE_MAX_MS)
            own = PROMPT_LIFE_MAX_MS;
        if (p->n_asked == 1)
            life = own;                  /* the first may take longer than ours */
        else if (own < life)
            life = own;
    }
    return life > 0 ? life : 0;
}

static void prompt_take(struct prompt *p, const struct sj_prompt *in)
{
    size_t n = in->text ? strlen(in->text) : 0;

    prompt_clear(p);
    p->kind = in->kind;
    p->text = sj_strndup(in->text ? in->text : "",
                         n > SJ_PROMPT_TEXT_MAX ? sj_utf8_cut(in->text, n, SJ_PROMPT_TEXT_MAX) : n);
    if (in->url && strlen(in->url) <= SJ_PROMPT_URL_MAX)
        p->url = sj_strdup(in->url);
    if (in->picture && in->picture_type && in->picture_len > 0 &&
        in->picture_len <= SJ_PROMPT_PICTURE_MAX) {
        void *bytes = sj_malloc(in->picture_len);
        memcpy(bytes, in->picture, in->picture_len);
        p->picture = (struct xmpp_media){.type = sj_strdup(in->picture_type), .bytes = bytes,
                                         .n_bytes = in->picture_len};
    }
}

/* The time of the log-in runs again: what follows is the network's to say. */
static void prompt_close(struct session *s)
{
    struct prompt *p = s->prompt;

    if (!prompt_is_open(s))
        return;
    prompt_clear(p);
    if (s->check)
        check_resume(s);
    else if (s->state == SESSION_ASKING)
        session_enter(s, SESSION_CONNECTING, "answered");
}

static void prompt_open(struct session *s, const struct sj_prompt *in)
{
    static const char *const kinds[] = {
        [SJ_PROMPT_TEXT] = "text", [SJ_PROMPT_SECRET] = "secret", [SJ_PROMPT_ACTION] = "action",
    };
    struct prompt *p = s->prompt;

    if (!p) {
        p = s->prompt = sj_calloc(1, sizeof *p);
        p->session = s;
        p->since_ms = sj_loop_now_ms(s->all->loop);
        sj_timer_init(&p->deadline, prompt_late, p);
    }
    prompt_take(p, in);
    p->open = true;
    p->number = ++s->all->n_questions;
    p->n_asked += p->n_asked < 2;
    sj_timer_start(s->all->loop, &p->deadline, prompt_life_ms(p, in));
    if (s->check)
        check_pause(s);
    else if (s->state == SESSION_CONNECTING)
        session_enter(s, SESSION_ASKING, "question");
    sj_log_debug(&s->log, "the network asks kind=%s", kinds[p->kind]);
    prompt_show(s);
}

void prompt_heard(struct session *s, const struct sj_prompt *in)
{
    if (!(s->network->backend->caps & SJ_CAP_PROMPTS))
        return;
    if (in)
        prompt_open(s, in);
    else
        prompt_close(s);
}

/* ---- answers ---- */

static struct sj_link *prompt_link(const struct session *s)
{
    return s->check ? s->check->link : s->link;
}

/* An answer says that the user wants to be in; whether a client is there is asked. */
static void prompt_welcome(struct session *s)
{
    if (s->check || s->wants_online)
        return;
    s->wants_online = true;
    if (s->n_resources == 0 && s->sees_user)
        xmpp_send_probe(s->all->xmpp, s->network->index, s->user);
}

enum sj_status prompt_answer(struct session *s, const char *value, struct sj_error *err)
{
    struct prompt *p = s->prompt;
    struct sj_link *link = prompt_link(s);
    enum sj_status status;

    if (!p || !p->open || !link)
        return sj_fail(err, SJ_NOTFOUND, "Nothing is being asked any more.");
    if (!value || !*value || strlen(value) > PROMPT_ANSWER_MAX)
        return sj_fail(err, SJ_UNACCEPTABLE, "An answer has 1 to %u bytes.", PROMPT_ANSWER_MAX);
    for (const char *c = value; *c; c++) {
        if ((unsigned char)*c < ' ')
            return sj_fail(err, SJ_UNACCEPTABLE, "An answer is one line of text.");
    }
    status = s->network->backend->prompt_answer(link, value, err);
    if (status != SJ_OK)
        return status;
    p->since_ms = sj_loop_now_ms(s->all->loop);
    p->tells = 0;
    prompt_welcome(s);
    prompt_close(s);
    return SJ_OK;
}

/* Words that are for the commands, not for the network. */
static bool talk_is_word(const struct prompt *p, const char *text)
{
    if (sj_ascii_ncasecmp(text, "answer", 6) == 0 && (text[6] == '\0' || text[6] == ' '))
        return true;
    return p->kind != SJ_PROMPT_SECRET && (*text == '/' || sj_ascii_casecmp(text, "help") == 0);
}

void prompt_refuse(struct session *s)
{
    struct sj_error err;

    sj_fail(&err, SJ_CANCELED, "the log-in was given up");
    prompt_give_up(s, &err);
}

bool prompt_talk(struct session *s, const char *text)
{
    struct prompt *p = s->prompt;
    struct sj_error err = {.status = SJ_OK};

    if (!p || !p->open || !p->talked)
        return false;
    if (sj_ascii_casecmp(text, "cancel") == 0 || sj_ascii_casecmp(text, "/cancel") == 0) {
        prompt_refuse(s);
        return true;
    }
    if (p->kind == SJ_PROMPT_ACTION || talk_is_word(p, text))
        return false;
    if (prompt_answer(s, text, &err) != SJ_OK) {
        sj_error_translate(&err, s->lang);
        session_say_translated(s, err.text);
    }
    return true;
}

void prompt_hush(const struct run *r)
{
    struct session *s = session_find(r->network, r->user);

    if (s && s->prompt)
        s->prompt->talked = false;
}

struct prompt_picture *prompt_picture(const struct session *s)
{
    return s->prompt ? s->prompt->put : NULL;
}

const char *prompt_question(const struct session *s)
{
    return prompt_is_open(s) ? prompt_text(s) : NULL;
}
