/* SPDX-License-Identifier: MPL-2.0 */
/* Commands about the log-in: how it stands, log in again (also after the network refused, G100-30),
 * and log out until the user asks for it again. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "command_list.h"
#include "session.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

/* ---- status ---- */

static const char *const status_states[SESSION_STATE_COUNT] = {
    [SESSION_OFFLINE] = N_("not logged in"),
    [SESSION_QUEUED] = N_("waiting for its turn to log in"),
    [SESSION_CONNECTING] = N_("logging in"),
    [SESSION_ASKING] = N_("waiting for your answer to a question of the network"),
    [SESSION_ONLINE] = N_("logged in"),
    [SESSION_BACKOFF] = N_("trying again soon"),
    [SESSION_CLOSING] = N_("logging out"),
    [SESSION_REFUSED] = N_("refused by the network; change your registration, or log in again"),
};

/* UTC, as people read it. */
static void status_time(char out[32], int64_t utc_ms)
{
    time_t seconds = (time_t)(utc_ms / 1000);
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) || strftime(out, 32, "%Y-%m-%d %H:%M UTC", &tm) == 0)
        sj_copy(out, 32, "-");
}

static unsigned status_count(const struct session *s, bool online)
{
    const struct contact *c;
    uint32_t at = 0;
    unsigned n = 0;

    while ((c = sj_map_next(&s->contacts, &at)) != NULL)
        n += c->to && (!online || (c->has_presence && c->show != SJ_SHOW_OFFLINE));
    return n;
}

static void status_add(struct xmpp_form *form, const char *var, const char *label,
                       const char *value)
{
    form->input[form->n++] = (struct xmpp_input){
        .kind = XMPP_INPUT_TEXT, .var = var, .label = label, .value = value};
}

/* A registration that the network has a question about. false: there is none. */
static bool status_asked(struct run *r)
{
    const struct session *s = session_find(r->network, r->user);
    const char *question = s ? prompt_question(s) : NULL;

    if (question)
        command_done_note(r, XMPP_NOTE_INFO, "You are not registered with %s yet. It asks: %s",
                          r->network->options->label, question);
    return question != NULL;
}

static void status_do(struct run *r)
{
    const struct session *s = run_session(r);
    struct xmpp_form form = {.title = r->network->options->label};
    char since[32], registered[32], contacts[48], held[24];

    if (!s && status_asked(r))
        return;
    if (!s) {
        command_done_note(r, XMPP_NOTE_INFO, "You are not registered with %s.",
                          r->network->options->label);
        return;
    }
    status_time(since, s->since_ms);
    status_time(registered, s->created_at);
    snprintf(contacts, sizeof contacts, run_words(r, N_("%u, online: %u")), status_count(s, false),
             status_count(s, true));
    snprintf(held, sizeof held, "%zu", s->held_count);
    status_add(&form, "state", N_("State"), run_words(r, status_states[s->state]));
    status_add(&form, "since", N_("Since"), since);
    if (prompt_question(s))
        status_add(&form, "question", N_("The network asks"), prompt_question(s));
    if (s->trouble)
        status_add(&form, "trouble", N_("Last error"), run_words(r, s->trouble));
    if (s->self_id)
        status_add(&form, "self", N_("You are"), s->self_id);
    status_add(&form, "contacts", N_("Contacts"), contacts);
    if (s->held_count > 0)
        status_add(&form, "held", N_("Messages that wait"), held);
    status_add(&form, "registered", N_("Registered since"), registered);
    command_done(r, &(struct command_reply){.result = &form});
}

const struct command command_status = {
    .node = "status",
    .word = "status",
    .title = N_("Status of the log-in"),
    .help = N_("how your log-in stands"),
    .do_it = status_do,
};

/* ---- login ---- */

static void login_do(struct run *r)
{
    struct session *s = run_session(r);
    struct sj_error err = {.status = SJ_OK};

    if (!s) {
        command_done_note(r, XMPP_NOTE_ERROR, "You are not registered with this gateway.");
        return;
    }
    if (session_prefer(s, PREFERENCE_STAY_OUT, "0", &err) != SJ_OK) {
        command_done_error(r, &err);
        return;
    }
    if (s->check) {
        command_done_note(r, XMPP_NOTE_WARN, "Your new registration data are being checked.");
        return;
    }
    command_wait(r);
    s->awaited = true;
    if (session_login_again(s))
        command_login_over(s, NULL);
}

static void login_outcome(struct run *r, const struct sj_error *err)
{
    const struct session *s = run_session(r);

    if (err)
        command_done_error(r, err);
    else if (s && s->self_id)
        command_done_note(r, XMPP_NOTE_INFO, "You are logged in as %s.", s->self_id);
    else
        command_done_note(r, XMPP_NOTE_INFO, "You are logged in.");
}

const struct command command_login = {
    .node = "login",
    .word = "login",
    .title = N_("Log in"),
    .help = N_("log in, or try again"),
    .flags = COMMAND_REGISTERED | COMMAND_ALONE,
    .do_it = login_do,
    .outcome = login_outcome,
};

/* A log-in that somebody waits for has an end. */
void command_login_over(struct session *s, const struct sj_error *err)
{
    s->awaited = false;
    commands_outcome_of(s->all, s->network->index, s->user, &command_login, err);
}

/* ---- logout ---- */

static void logout_do(struct run *r)
{
    struct session *s = run_session(r);
    struct sj_error err = {.status = SJ_OK};

    if (!s)
        sj_fail(&err, SJ_UNREGISTERED, "You are not registered with this gateway.");
    else
        session_stay_out(s, &err);
    if (err.status != SJ_OK)
        command_done_error(r, &err);
    else
        command_done_note(r, XMPP_NOTE_INFO,
                          "You are logged out and stay so until you ask for a log-in.");
}

const struct command command_logout = {
    .node = "logout",
    .word = "logout",
    .title = N_("Log out and stay out"),
    .help = N_("log out until you type login"),
    .flags = COMMAND_REGISTERED,
    .do_it = logout_do,
};
