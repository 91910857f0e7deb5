/* SPDX-License-Identifier: MPL-2.0 */
/* The form of a command in a conversation: asked field by field, filled from words that stood
 * behind the command, and submitted when nothing is open any more. Which words are commands, and
 * who is answered, is in dialogue.c. */
#include "dialogue_question.h"

#include <string.h>

#include "dialogue.h"
#include "prompt.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/translate.h"

void run_say(const struct run *r, const char *text)
{
    struct xmpp_message_out out = {.to = r->user, .body = text, .lang = r->lang};

    xmpp_send_message(r->all->xmpp, r->network->index, &out);
}

void run_say_text(const struct run *r, struct sj_strbuf *b)
{
    if (!sj_strbuf_ok(b)) {
        b->failed = false;
        b->max += 8;
        sj_strbuf_adds(b, " ...");
    }
    run_say(r, b->s);
}

void question_line(struct question *q, const char *text)
{
    if (text && *text)
        sj_strbuf_addf(&q->text, "%s%s", q->text.len > 0 ? "\n" : "", text);
}

static bool input_is_open(const struct run *r, const struct xmpp_input *in)
{
    return in->kind != XMPP_INPUT_FIXED && !in->unasked && !run_value(r, in->var);
}

static bool inputs_left_required(const struct run *r, const struct xmpp_form *form, size_t from)
{
    for (size_t i = from; i < form->n; i++) {
        if (input_is_open(r, &form->input[i]) && form->input[i].required)
            return true;
    }
    return false;
}

/* There is more to ask, and nothing of it is needed. */
static bool inputs_may_be_left(const struct run *r, const struct xmpp_form *form, size_t from)
{
    for (size_t i = from; i < form->n; i++) {
        if (input_is_open(r, &form->input[i]))
            return !inputs_left_required(r, form, from);
    }
    return false;
}

/* All is answered: as if the form had been submitted. */
static void question_submit(struct question *q)
{
    struct run *r = q->run;
    struct xmpp_values values = {.n = 0};
    enum xmpp_command_fault fault = XMPP_FAULT_NONE;
    struct sj_error err = {.status = SJ_OK};
    enum xmpp_action action = XMPP_EXECUTE;

    for (size_t i = 0; i < q->form.form.n; i++) {
        const char *var = q->form.form.input[i].var;
        const char *text = var ? run_value(r, var) : NULL;
        if (text) {
            values.item[values.n].var = var;
            values.item[values.n++].value = text;
        }
    }
    if (q->text.len > 0)
        run_say_text(r, &q->text);
    if (command_step(r, action, &values, 0, &fault, &err) == SJ_OK)
        return;
    run_fail(r, &err);
}

void question_next(struct question *q)
{
    struct run *r = q->run;
    const struct xmpp_form *form = &q->form.form;

    for (; r->asked_at < form->n; r->asked_at++) {
        const struct xmpp_input *in = &form->input[r->asked_at];
        if (!input_is_open(r, in)) {
            if (in->kind == XMPP_INPUT_FIXED)
                question_line(q, in->value);
            continue;
        }
        if (q->text.len > 0)
            sj_strbuf_addc(&q->text, '\n');
        dialogue_ask(&q->text, in, r->lang, inputs_may_be_left(r, form, r->asked_at + 1));
        prompt_hush(r);
        run_say_text(r, &q->text);
        return;
    }
    question_submit(q);
}

bool question_take(struct question *q, const struct xmpp_input *in, const char *typed)
{
    struct sj_error err = {.status = SJ_OK};
    char *value = dialogue_value(in, typed, q->run->lang, &err);
    bool good = value && run_keep(q->run, in->var, value, &err) == SJ_OK;

    sj_secret_free(&value);
    if (!good) {
        sj_error_translate(&err, q->run->lang);
        question_line(q, err.text);
    }
    return good;
}

void question_named(struct question *q, char *rest)
{
    const struct xmpp_form *form = &q->form.form;
    char *words[2];
    size_t n = rest ? words_cut(rest, words, 2) : 0;
    const struct xmpp_input *in = n > 0 ? dialogue_input(form, words[0]) : NULL;
    struct run *r = q->run;

    if (in && n > 1 && question_take(q, in, words[1])) {
        question_submit(q);
        return;
    }
    if (n > 0 && !in)
        question_line(q, run_words(r, N_("There is no such name.")));
    if (!in)
        dialogue_list(&q->text, form, r->lang);
    else if (n == 1)
        dialogue_ask(&q->text, in, r->lang, false);
    sj_strbuf_adds(&q->text, "\n\n");
    sj_strbuf_addf(&q->text, sj_translate(r->lang, "Type %s, a name, and a value."),
                   r->command->word);
    run_say_text(r, &q->text);
    run_end(r);
}

bool question_begin(struct question *q, struct run *r)
{
    struct sj_error err = {.status = SJ_OK};

    q->run = r;
    sj_strbuf_init(&q->text, DIALOGUE_TEXT_MAX);
    if (command_form_now(r, &q->form, &err) == SJ_OK)
        return true;
    run_fail(r, &err);
    return false;
}

void question_end(struct question *q)
{
    command_form_release(&q->form);
    sj_strbuf_release(&q->text);
}

/* What stands there stays. */
static bool question_leave(struct question *q)
{
    struct run *r = q->run;
    const struct xmpp_input *in = &q->form.form.input[r->asked_at++];
    struct sj_error err;

    return !in->value || in->kind == XMPP_INPUT_SECRET || !input_is_open(r, in) ||
           run_keep(r, in->var, in->value, &err) == SJ_OK;
}

void question_skip(struct question *q, const struct xmpp_input *in, const char *typed)
{
    const struct xmpp_form *form = &q->form.form;
    struct run *r = q->run;
    bool empty = strcmp(typed, "-") == 0, all = strcmp(typed, "..") == 0;

    if (in->required && (empty || !in->value || !*in->value)) {
        question_line(q, run_words(r, N_("This one is needed.")));
        return;
    }
    if (empty) {
        r->asked_at += question_take(q, in, "");
        return;
    }
    while (question_leave(q) && all && r->asked_at < form->n &&
           !inputs_left_required(r, form, r->asked_at))
        continue;
}

/* The last word may leave out what follows, or one: as the answer to a question does. */
static bool question_leaves(struct question *q, size_t i, const char *word)
{
    const struct xmpp_input *in = &q->form.form.input[i];

    if (in->required || (strcmp(word, "..") != 0 && strcmp(word, ".") != 0))
        return false;
    q->run->asked_at = i;
    question_skip(q, in, word);
    return true;
}

void question_take_rest(struct question *q, char *rest)
{
    const struct xmpp_form *form = &q->form.form;
    char *words[XMPP_INPUTS_MAX];
    size_t n, at = 0, inputs = 0;
    bool good = true;

    for (size_t i = 0; i < form->n; i++)
        inputs += form->input[i].kind != XMPP_INPUT_FIXED;
    n = words_cut(rest, words, inputs);
    for (size_t i = 0; i < form->n && at < n; i++) {
        const struct xmpp_input *in = &form->input[i];
        if (in->kind == XMPP_INPUT_FIXED)
            continue;
        if (good && at + 1 == n && question_leaves(q, i, words[at]))
            return;
        bool taken = question_take(q, in, words[at++]);
        good = good && taken;
        if (taken && in->kind == XMPP_INPUT_SECRET)
            question_line(q, run_words(q->run, dialogue_secret_words));
    }
}
