/* SPDX-License-Identifier: MPL-2.0 */
/* What a network asks, as a form: the next one of the command that waits for the log-in, that of
 * the command "answer", and the registration form while a registration is being checked. What the
 * question is and what becomes of the answer is in prompt.c. Source: XEP-0050, XEP-0221. */
#include "prompt_priv.h"

#include "command_list.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/translate.h"

void prompt_form_free(struct prompt *p)
{
    if (p->form)
        command_form_release(p->form);
    sj_free(p->form);
    p->form = NULL;
}

static struct session *prompt_session(const struct run *r)
{
    return session_find(r->network, r->user);
}

static void prompt_fill(struct command_form *out, const struct prompt *p, const char *lang)
{
    out->form.instructions = command_form_keep(out, sj_strdup(sj_translate(lang, p->text)));
    if (p->url)
        command_form_add(out, &(struct xmpp_input){
            .kind = XMPP_INPUT_FIXED, .var = "link", .label = N_("Open this link"),
            .value = command_form_keep(out, sj_strdup(p->url))});
    if (p->picture.bytes)
        command_form_add(out, &(struct xmpp_input){
            .kind = XMPP_INPUT_FIXED, .var = "picture", .label = N_("Look at this picture"),
            .media = &p->picture});
    if (p->kind != SJ_PROMPT_ACTION)
        command_form_add(out, &(struct xmpp_input){
            .kind = p->kind == SJ_PROMPT_SECRET ? XMPP_INPUT_SECRET : XMPP_INPUT_TEXT,
            .var = "answer", .label = N_("Your answer"), .required = true});
}

static enum sj_status prompt_form(struct run *r, struct command_form *out, struct sj_error *err)
{
    struct session *s = prompt_session(r);

    (void)err;
    if (s && prompt_is_open(s))
        prompt_fill(out, s->prompt, r->lang);
    else
        out->form.instructions = N_("Nothing is being asked any more.");
    return SJ_OK;
}

const struct xmpp_form *prompt_as_form(struct session *s, const char *lang)
{
    struct prompt *p = s->prompt;

    prompt_form_free(p);
    p->form = sj_calloc(1, sizeof *p->form);
    prompt_fill(p->form, p, lang);
    if (p->kind == SJ_PROMPT_ACTION)     /* something must come back when it is submitted */
        command_form_add(p->form, &(struct xmpp_input){
            .kind = XMPP_INPUT_BOOL, .var = "answer", .label = N_("I have done this"),
            .value = "1"});
    p->form->form.title = s->network->options->label;
    command_form_translate(p->form, lang);
    return &p->form->form;
}

enum sj_status prompt_reply(struct session *s, const char *value, struct sj_error *err)
{
    return s->prompt->kind == SJ_PROMPT_ACTION ? SJ_OK : prompt_answer(s, value, err);
}

/* The form came back after the log-in was over. */
static void prompt_answered_late(struct run *r, const struct session *s)
{
    struct sj_error gone;

    sj_fail(&gone, SJ_NOTFOUND, "Nothing is being asked any more.");
    if (s && s->registered && s->state == SESSION_ONLINE)
        command_done_note(r, XMPP_NOTE_INFO, "You are logged in.");
    else
        command_done_error(r, &gone);
}

static void prompt_ask_again(struct run *r, struct session *s, enum xmpp_note kind,
                             const char *note)
{
    r->question = s->prompt->number;
    command_ask(r, &prompt_stage, kind, note);
}

static void prompt_answered(struct run *r)
{
    struct session *s = prompt_session(r);
    struct prompt *p = s ? s->prompt : NULL;
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = SJ_OK;

    if (!p) {
        prompt_answered_late(r, s);
        return;
    }
    if (p->open && r->question != p->number) {
        run_forget(r, "answer");
        prompt_ask_again(r, s, XMPP_NOTE_WARN, run_words(r, N_("The question has changed.")));
        return;
    }
    if (p->open && p->kind != SJ_PROMPT_ACTION)
        status = prompt_answer(s, run_value(r, "answer"), &err);
    run_forget(r, "answer");
    if (status == SJ_OK) {
        command_wait(r);
    } else if (status == SJ_UNACCEPTABLE) {
        sj_error_translate(&err, r->lang);
        prompt_ask_again(r, s, XMPP_NOTE_ERROR, err.text);
    } else {
        command_done_error(r, &err);
    }
}

/* From now on the outcome comes by message. */
static void prompt_detach(struct session *s, const struct run *r)
{
    if (s->check && s->check->waiter.run == r->id)
        s->check->waiter.run = 0;
}

/* The network has not said anything for as long as a request may take. */
static bool prompt_waited(struct run *r)
{
    struct session *s = prompt_session(r);

    if (!s || !prompt_is_open(s))
        return false;
    prompt_detach(s, r);
    s->prompt->talked = true;
    command_done_note(r, XMPP_NOTE_INFO, "The network has not noticed yet. I tell you when it has; "
                      "the command \"Answer\" shows the question again.");
    return true;
}

/* Clients cancel when their user closes the window: who has scanned a picture is through with it,
 * and a question at a log-in stays. Who closes the form of a first registration gives it up. */
static bool prompt_left(struct run *r, bool canceled)
{
    struct session *s = prompt_session(r);
    bool registers = s && s->check && s->check->waiter.run == r->id;

    if (!s || !prompt_is_open(s) ||
        (canceled && registers && s->prompt->kind != SJ_PROMPT_ACTION))
        return false;
    prompt_detach(s, r);
    if (!s->prompt->talked)
        prompt_tell(s);
    return true;
}

bool prompt_cancel(struct run *r)
{
    struct session *s = prompt_session(r);

    if (r->extra != &prompt_stage || !s || !prompt_is_open(s))
        return false;
    run_end(r);
    prompt_refuse(s);
    return true;
}

const struct command_stage prompt_stage = {
    .form = prompt_form,
    .answered = prompt_answered,
    .waited = prompt_waited,
    .left = prompt_left,
};

/* ---- the command ---- */

static bool answer_fits(const struct network *n)
{
    return (n->backend->caps & SJ_CAP_PROMPTS) != 0;
}

static void answer_do(struct run *r)
{
    struct session *s = prompt_session(r);

    if (!s || !prompt_is_open(s))
        command_done_note(r, XMPP_NOTE_INFO, "Nothing is being asked.");
    else
        prompt_ask_again(r, s, XMPP_NOTE_INFO, NULL);
}

static void answer_outcome(struct run *r, const struct sj_error *err)
{
    if (err)
        command_done_error(r, err);
    else
        command_done_note(r, XMPP_NOTE_INFO, "You are logged in.");
}

const struct command command_answer = {
    .node = "answer",
    .word = "answer",
    .title = N_("Answer"),
    .help = N_("answer what the network asks while it logs you in"),
    .fits = answer_fits,
    .do_it = answer_do,
    .outcome = answer_outcome,
};
