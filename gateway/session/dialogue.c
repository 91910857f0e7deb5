/* SPDX-License-Identifier: MPL-2.0 */
/* Conversations with users: one message in, one answer out, to the bare JID, so that a user may go
 * on from another client. What is asked and done is the commands' business (command.h); here words
 * find their command; the fields of its forms are asked in dialogue_question.c.
 *
 * Machines must not talk to machines: servers and gateways are not answered, and nobody more often
 * than a person can type. What was not understood is never repeated: it may be a password. */
#include "dialogue.h"

#include <string.h>

#include "dialogue_question.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/translate.h"

/* What is remembered of a user who wrote. Owned by struct talks. */
struct talk {
    struct sj_list by_use;
    uint64_t run;                        /* that asks something, 0: none */
    char *rest;                          /* what stands behind the command, while it begins */
    int64_t window_ms;
    unsigned heard;
    char key[];
};
struct talks {
    struct sj_map by_key;
    struct sj_list by_use;               /* the one unused for longest first */
};

static const struct command_front dialogue_front;

struct talks *talks_new(void)
{
    struct talks *t = sj_calloc(1, sizeof *t);

    sj_map_init(&t->by_key);
    sj_list_init(&t->by_use);
    return t;
}

static void talk_forget(struct talks *t, struct talk *k)
{
    sj_map_remove(&t->by_key, k->key);
    sj_list_remove(&k->by_use);
    sj_free(k);
}

void talks_free(struct talks **at)
{
    struct talks *t = at ? *at : NULL;

    if (!t)
        return;
    while (!sj_list_empty(&t->by_use))
        talk_forget(t, SJ_CONTAINER(t->by_use.next, struct talk, by_use));
    sj_map_release(&t->by_key);
    sj_free(t);
    *at = NULL;
}

static struct talk *talk_get(struct sessions *all, unsigned host, const char *user)
{
    struct talks *t = all->talks;
    struct sj_strbuf key;
    struct talk *k;

    sj_strbuf_init(&key, SJ_STORE_TEXT_MAX + 16u);
    sj_strbuf_addf(&key, "%u %s", host, user);
    k = sj_map_find(&t->by_key, key.s);
    if (!k) {
        if (t->by_key.used >= DIALOGUE_TALKS_MAX)
            talk_forget(t, SJ_CONTAINER(t->by_use.next, struct talk, by_use));
        k = sj_calloc(1, sizeof *k + key.len + 1);
        memcpy(k->key, key.s, key.len + 1);
        sj_list_init(&k->by_use);
        sj_map_put(&t->by_key, k->key, k);
    }
    sj_list_remove(&k->by_use);
    sj_list_append(&t->by_use, &k->by_use);
    sj_strbuf_release(&key);
    return k;
}

/* ---- the front end of commands ---- */

static void dialogue_show_form(struct run *r, const struct command_turn *turn)
{
    struct talk *k = talk_get(r->all, r->network->index, r->user);
    char *rest = k->rest;
    struct question q;

    k->rest = NULL;
    k->run = r->id;
    r->asked_at = 0;
    if (question_begin(&q, r)) {
        question_line(&q, turn->note);
        if (r->command->flags & COMMAND_NAMED) {
            question_named(&q, rest);
        } else {
            if (rest)
                question_take_rest(&q, rest);
            else
                question_line(&q, q.form.form.instructions);
            question_next(&q);
        }
    }
    question_end(&q);
}

static void dialogue_show(struct run *r, const struct command_turn *turn)
{
    struct sj_strbuf text;

    if (turn->status == XMPP_EXECUTING) {
        dialogue_show_form(r, turn);
        return;
    }
    sj_strbuf_init(&text, DIALOGUE_TEXT_MAX);
    dialogue_result(&text, turn, r->lang);
    run_say_text(r, &text);
    sj_strbuf_release(&text);
}

static void dialogue_waiting(struct run *r)
{
    run_say(r, run_words(r, N_("One moment ...")));
}

static void dialogue_expired(struct run *r)
{
    struct sj_strbuf text;

    sj_strbuf_init(&text, DIALOGUE_TEXT_MAX);
    sj_strbuf_addf(&text, sj_translate(r->lang, "I no longer wait for an answer: \"%s\" is "
                                       "cancelled."), r->command->word);
    run_say(r, text.s);
    sj_strbuf_release(&text);
}

static const struct command_front dialogue_front = {
    .rows = DIALOGUE_ROWS,
    .show = dialogue_show,
    .waiting = dialogue_waiting,
    .expired = dialogue_expired,
};

/* ---- hearing ---- */

/* One message while it is being answered. */
struct hearing {
    struct sessions *all;
    const struct xmpp_from *from;
    struct talk *talk;
    const char *lang;
    struct command_rights rights;
};

/* text is a text of ours, or has been put together in the user's language. */
static void hearing_say(const struct hearing *h, const char *text)
{
    struct xmpp_message_out out = {.to = h->from->user, .body = sj_translate(h->lang, text),
                                   .lang = h->lang};

    xmpp_send_message(h->all->xmpp, h->from->host, &out);
}

/* The command that a word, or its beginning, stands for. *several: it could be more than one. */
static const struct command *hearing_find(const struct hearing *h, const char *word, bool *several)
{
    const struct network *network = &h->all->networks[h->from->host];
    const struct command *found = NULL;
    struct sj_error err;
    size_t n, hits = 0;
    const struct command *const *table = commands_table(&n);

    for (size_t i = 0; i < n && *word; i++) {
        if ((table[i]->flags & COMMAND_FORM_ONLY) ||
            sj_ascii_ncasecmp(table[i]->word, word, strlen(word)) != 0 ||
            command_may(table[i], network, &h->rights, &err) != SJ_OK)
            continue;
        found = table[i];
        hits++;
        if (sj_ascii_casecmp(found->word, word) == 0)
            return found;
    }
    *several = hits > 1;
    return hits == 1 ? found : NULL;
}

/* The log-in is over and only the user can change that: said whenever they write (peers: users
 * are not told that the log-in broke). */
static void hearing_add_trouble(const struct hearing *h, struct sj_strbuf *text)
{
    const struct session *s = session_find(&h->all->networks[h->from->host], h->from->user);

    if (s && prompt_is_open(s))
        sj_strbuf_adds(text, sj_translate(h->lang, "The network has asked you something; type "
                                          "answer to see it."));
    else if (s && s->registered && s->state == SESSION_REFUSED && s->trouble)
        sj_strbuf_addf(text, sj_translate(h->lang, "You are not logged in: %s."),
                       sj_translate(h->lang, s->trouble));
}

static void hearing_not_understood(const struct hearing *h, bool several)
{
    struct sj_strbuf text;

    sj_strbuf_init(&text, DIALOGUE_TEXT_MAX);
    hearing_add_trouble(h, &text);
    sj_strbuf_addf(&text, "%s%s", text.len > 0 ? "\n" : "", sj_translate(h->lang, several ?
                   N_("That is the beginning of more than one word. Type help to see what I "
                      "understand.") :
                   N_("I do not know this word. Type help to see what I understand.")));
    hearing_say(h, text.s);
    sj_strbuf_release(&text);
}

static const char *word_of(const char *text)
{
    return *text == '/' ? text + 1 : text;
}

/* Quotation marks make it an answer. */
static bool is_cancel(const char *text)
{
    return word_is(word_of(text), "cancel");
}

static void hearing_command(struct hearing *h, char *text)
{
    enum xmpp_command_fault fault = XMPP_FAULT_NONE;
    struct command_start start = {.from = h->from, .front = &dialogue_front};
    struct sj_error why = {.status = SJ_OK};
    bool several = false;
    size_t n = strcspn(text, " \t\r\n");
    char *rest = words_strip(text + n);

    text[n] = '\0';
    if (is_cancel(text)) {
        hearing_say(h, N_("There is nothing to cancel."));
        return;
    }
    text[word_length(text)] = '\0';
    start.command = hearing_find(h, word_of(text), &several);
    if (!start.command) {
        hearing_not_understood(h, several);
        return;
    }
    h->talk->rest = *rest ? rest : NULL;
    if (command_begin(h->all, &start, &fault, &why) != SJ_OK) {
        sj_error_translate(&why, h->lang);
        hearing_say(h, why.text);
    }
    talk_get(h->all, h->from->host, h->from->user)->rest = NULL;
}

static bool is_skip(const char *typed)
{
    return strcmp(typed, ".") == 0 || strcmp(typed, "..") == 0 || strcmp(typed, "-") == 0;
}

/* A slash makes a word a command, but not while a secret is asked for: it may begin so. */
static bool answer_is_command(const struct hearing *h, const struct xmpp_input *in,
                              const char *typed)
{
    bool several = false;
    size_t n = strcspn(typed, " \t\r\n");
    char *word;
    bool found;

    if (*typed != '/' || in->kind == XMPP_INPUT_SECRET)
        return false;
    word = sj_strndup(typed + 1, n - 1);
    word[word_length(word)] = '\0';
    found = hearing_find(h, word, &several) != NULL;
    sj_free(word);
    return found;
}

/* A secret may look like it, with a stop or a slash. */
static bool answer_is_cancel(const struct question *q, const char *typed)
{
    size_t at = q->run->asked_at;
    bool secret = at < q->form.form.n && q->form.form.input[at].kind == XMPP_INPUT_SECRET;

    return secret ? sj_ascii_casecmp(typed, "cancel") == 0 : is_cancel(typed);
}

static void hearing_answer(const struct hearing *h, struct run *r, char *text)
{
    struct question q;
    const struct xmpp_input *in;

    if (!question_begin(&q, r)) {
        question_end(&q);
        return;
    }
    if (answer_is_cancel(&q, text)) {
        question_end(&q);
        if (!prompt_cancel(r))
            run_cancel(r);
        return;
    }
    in = r->asked_at < q.form.form.n ? &q.form.form.input[r->asked_at] : NULL;
    if (in && answer_is_command(h, in, text))
        question_line(&q, run_words(r, N_("Please answer first, or type cancel.")));
    else if (in && is_skip(text))
        question_skip(&q, in, text);
    else if (in && question_take(&q, in, words_unquote(text)))
        r->asked_at++;
    run_touch(r);
    question_next(&q);
    question_end(&q);
}

/* The answer to a question of the network that came as a message, after all others. */
static bool hearing_is_for_network(const struct hearing *h, const char *text)
{
    struct session *s = session_find(&h->all->networks[h->from->host], h->from->user);

    return s && prompt_talk(s, text);
}

static void hearing_text(struct hearing *h, char *text)
{
    struct run *r = command_find(h->all, h->talk->run);

    if (hearing_is_for_network(h, text))
        return;
    if (!r || r->front != &dialogue_front)
        hearing_command(h, text);
    else if (r->state == RUN_ASKING)
        hearing_answer(h, r, text);
    else if (is_cancel(text))
        run_cancel(r);
    else
        hearing_say(h, N_("I am still working on it. Type cancel to stop that."));
}

/* More than a person types: the last answer says so, then there is silence. */
static bool hearing_is_too_much(struct hearing *h)
{
    int64_t now = sj_loop_now_ms(h->all->loop);
    struct talk *k = h->talk;

    if (now - k->window_ms >= DIALOGUE_ANSWERS_MS || k->heard == 0) {
        k->window_ms = now;
        k->heard = 0;
    }
    k->heard++;
    if (k->heard == DIALOGUE_ANSWERS_MAX)
        hearing_say(h, N_("That was a lot at once. I read on in a minute."));
    return k->heard >= DIALOGUE_ANSWERS_MAX;
}

enum sj_status dialogue_hear(void *ctx, const struct xmpp_from *from, const char *body,
                             struct sj_error *err)
{
    struct hearing h = {.all = ctx, .from = from};
    enum sj_status status;
    char *copy;
    size_t n;

    if (!strchr(from->user, '@'))
        return SJ_OK;                    /* a server, or another gateway */
    h.talk = talk_get(h.all, from->host, from->user);
    h.lang = command_language(&h.all->networks[from->host], from);
    if (hearing_is_too_much(&h))
        return SJ_OK;
    status = command_rights(&h.rights, h.all, from, err);
    if (status != SJ_OK)
        return status;
    if (!h.rights.registered && !h.rights.may_register && !h.rights.admin) {
        hearing_say(&h, N_("This gateway is not open to you: its admin decides who may use it."));
        return SJ_OK;
    }
    if (h.rights.disabled && !h.rights.admin) {
        hearing_say(&h, N_(SESSION_DISABLED_TEXT));
        return SJ_OK;
    }
    n = strlen(body);
    copy = sj_strndup(body, n);
    hearing_text(&h, words_strip(copy));
    sj_wipe(copy, n);                    /* it was cut: longer than it looks */
    sj_free(copy);
    return SJ_OK;
}
