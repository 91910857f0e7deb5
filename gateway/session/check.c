/* SPDX-License-Identifier: MPL-2.0 */
/* The check of a registration: a log-in with what was submitted, by a link of its own, before
 * anything is stored (XEP-0100 §4.1, §4.2; G100-06). Whoever asked is told the outcome once; the
 * link of a first check becomes the session's. What a submission holds is register.c's. */
#include "check.h"

#include <string.h>

#include "command.h"
#include "position.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define CHECK_TEXT_MAX 1024u             /* what is said about an outcome */

void waiter_tell(struct sessions *all, const struct waiter *w, const struct sj_error *err)
{
    if (w->req)
        xmpp_answer(all->xmpp, w->req, err);
    if (w->run)
        command_outcome(all, w->run, err);
}

void values_free(char **value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sj_secret_free(&value[i]);
}

void check_describe(const struct check *k, struct sj_registration *r, struct sj_store_change *out)
{
    const struct session *s = k->session;
    const struct sj_backend *b = s->network->backend;

    *r = (struct sj_registration){.created_at = s->created_at, .sees_user = s->sees_user,
                                  .seen_by_user = s->seen_by_user, .online = s->online_stored};
    session_owner(s, &r->owner);
    for (size_t i = 0; i < b->n_fields; i++) {
        if (k->value[i])
            r->values[r->n_values++] = (struct sj_store_value){b->fields[i].var, k->value[i]};
    }
    *out = (struct sj_store_change){.owner = r->owner, .registration = r, .state = k->state,
                                    .state_len = k->state_len};
}

static void check_drop_state(struct check *k)
{
    if (k->state)
        sj_wipe(k->state, k->state_len);
    sj_free(k->state);
    k->state = NULL;
}

void check_save_state(struct session *s, const void *blob, size_t len)
{
    struct check *k = s->check;

    check_drop_state(k);
    k->late = k->handed;
    if (len > SJ_STATE_MAX)
        return;
    k->state = sj_malloc(len + 1);
    k->state_len = len;
    memcpy(k->state, blob, len);
}

void check_free(struct session *s)
{
    struct check *k = s->check;
    struct sj_error gone;

    if (!k)
        return;
    s->check = NULL;
    sj_fail(&gone, SJ_CANCELED, "The registration was given up.");
    prompt_over(s, &gone);               /* who waits for it in another way */
    sj_timer_stop(&k->deadline);
    sj_list_remove(&k->record);
    xmpp_let_go(s->all->xmpp, k->hold, false);
    governor_leave(&s->network->governor, &k->ticket);
    sessions_bury(s->all, &k->link);
    values_free(k->value, k->n_values);
    check_drop_state(k);
    if (k->expected) {
        struct sj_owner owner;
        session_owner(s, &owner);
        sj_store_expect(s->all->store, &owner, false);
    }
    sj_free(k);
    session_release(s);
}

/* Who began it may be gone when the network asked for something meanwhile: then the user gets a
 * message. */
static void check_tell(struct session *s, const struct sj_error *err)
{
    struct check *k = s->check;
    const struct run *r = command_find(s->all, k->waiter.run);
    bool heard = k->waiter.req || (r && r->state == RUN_BUSY);
    struct sj_strbuf text;

    waiter_tell(s->all, &k->waiter, err);
    k->waiter = (struct waiter){.req = 0};
    heard = prompt_over(s, err) || heard;
    if (heard || !k->was_asked)
        return;
    sj_strbuf_init(&text, CHECK_TEXT_MAX);
    if (err)
        sj_strbuf_addf(&text, sj_translate(s->lang, "You could not be registered with %s: %s."),
                       s->network->options->label, session_words(s, err).text);
    else
        sj_strbuf_addf(&text, sj_translate(s->lang, "You are registered with %s now."),
                       s->network->options->label);
    session_say_translated(s, text.s);
    sj_strbuf_release(&text);
}

/* Nothing is stored. */
static void check_end(struct session *s)
{
    check_free(s);
    if (!s->registered)
        held_clear(s);                   /* nothing is stored, nobody waits for it (G100-07) */
    session_login(s);
}

static void check_refuse(struct session *s, const struct sj_error *err)
{
    sj_log_info(&s->log, "registration refused cause=%s", SJ_CLIP(err->text));
    check_tell(s, err);
    check_end(s);
}

void check_settle(struct session *s)
{
    if (s->check && s->check->storing)
        records_flush(s->all);
}

void check_fail(struct session *s, const struct sj_error *err)
{
    check_settle(s);
    if (s->check)
        check_refuse(s, err);
}

void check_abandon(struct session *s)
{
    check_settle(s);
    if (s->check)
        check_end(s);
}

/* The request cannot wait as long as a person may need. It gets an error that says how to go on,
 * since nothing is stored before the network has let the user in (G100-06); the check goes on, and
 * its outcome comes as a message. */
static void check_leave(struct session *s)
{
    struct sj_error unfinished;

    sj_fail(&unfinished, SJ_TIMEOUT, "This is not finished: the network has asked you something. "
            "Answer what the gateway wrote to you; it registers you when that is done.");
    xmpp_answer(s->all->xmpp, s->check->waiter.req, &unfinished);
    s->check->waiter.req = 0;
    if (!prompt_is_open(s))
        check_resume(s);
}

/* Later than this the router would have told the user a failure that may yet turn out well. */
static void check_over(void *arg)
{
    struct session *s = arg;
    struct sj_error late;

    if (s->prompt && s->check->waiter.req) {
        check_leave(s);
        return;
    }
    sj_fail(&late, SJ_TIMEOUT, "The network did not answer in time.");
    check_fail(s, &late);
}

/* Who answered in the registration form has one answer for each form: it is opened again. */
static void check_ask_again(struct session *s)
{
    struct sj_error err;

    sj_fail(&err, SJ_UNACCEPTABLE, "Please open this form again. The network asks: %s",
            prompt_question(s));
    xmpp_answer(s->all->xmpp, s->check->waiter.req, &err);
    s->check->waiter.req = 0;
}

void check_pause(struct session *s)
{
    struct check *k = s->check;

    k->was_asked = true;
    if (k->by_form && k->waiter.req)
        check_ask_again(s);
    governor_leave(&s->network->governor, &k->ticket);
    if (!k->waiter.req)
        sj_timer_stop(&k->deadline);
}

void check_resume(struct session *s)
{
    if (!s->check->waiter.req)
        sj_timer_start(s->all->loop, &s->check->deadline, SESSION_CHECK_MS);
}

/* The first log-in stays. So does one that had to answer questions, when there is no other: nobody
 * wants to answer them twice. */
static bool check_is_to_stay(const struct session *s)
{
    const struct check *k = s->check;

    return k->first ||
           (k->was_asked && (s->state == SESSION_OFFLINE || s->state == SESSION_REFUSED));
}

static void check_hand_over(struct session *s)
{
    struct check *k = s->check;

    if (s->state == SESSION_REFUSED)
        session_enter(s, SESSION_OFFLINE, "registration changed");
    s->tries = 0;
    s->failure_told = false;
    s->lacks = k->lacks;
    struct sj_link *link = k->link;
    k->link = NULL;
    session_adopt(s, link);
}

/* What was to be done with the account before is nothing to this one. */
static void check_leave_account(struct session *s)
{
    position_forget(s);
    contacts_keep(s);
}

/* The network let the account in: store, answer, then ask for presence (G100-06, G100-09). A link
 * that stays is the session's at once, so that nothing it tells is missed; what the user would hear
 * of that waits until the answer is out. */
static void check_pass(struct session *s)
{
    struct check *k = s->check;
    bool first = k->first;

    k->storing = true;
    sj_timer_stop(&k->deadline);
    k->asked = first && strangers_take_asked(s->all->strangers, s->network->index, s->user);
    s->seen_by_user = s->seen_by_user || k->asked;   /* G100-12 */
    if (first)
        s->created_at = sj_loop_utc_ms(s->all->loop);
    records_register(s);
    if (!check_is_to_stay(s)) {
        sessions_bury(s->all, &k->link);
        return;
    }
    k->adopted = s->registered = true;
    k->hold = xmpp_hold(s->all->xmpp, s->network->index, s->user);
    if (k->other)
        check_leave_account(s);
    check_hand_over(s);
}

/* What the link has saved since the commit. */
static void check_store_late(const struct session *s)
{
    const struct check *k = s->check;
    struct sj_owner owner;

    session_owner(s, &owner);
    if (k->late)
        sj_store_state_put(s->all->store, &owner, k->state, k->state ? k->state_len : 0);
}

static void check_tell_success(struct session *s)
{
    const struct check *k = s->check;
    unsigned host = s->network->index;
    bool first = k->first, asked = k->asked;

    xmpp_pass_holds(s->all->xmpp, true);
    check_tell(s, NULL);
    if (asked)
        xmpp_send_subscription(s->all->xmpp, host, NULL, s->user, XMPP_SUBSCRIBED, NULL, NULL,
                               NULL);
    if (first)
        xmpp_send_subscription(s->all->xmpp, host, NULL, s->user, XMPP_SUBSCRIBE, NULL, NULL,
                               NULL);
    xmpp_pass_holds(s->all->xmpp, false);
}

/* Nobody is registered, and nobody has heard that they were. */
static void check_take_back(struct session *s)
{
    struct check *k = s->check;

    xmpp_let_go(s->all->xmpp, k->hold, true);
    k->hold = 0;
    if (k->asked)
        strangers_asked(s->all->strangers, s->network->index, s->user);
    position_free(s);
    own_profile_free(s);
    contacts_clear(s);
    s->registered = s->online_stored = s->sees_user = s->seen_by_user = false;
    s->wants_online = false;
}

void check_stored(struct session *s, const struct sj_error *err)
{
    struct check *k = s->check;
    bool first = k->first, adopted = k->adopted;

    k->storing = false;
    if (err) {
        if (first)
            check_take_back(s);
        check_refuse(s, err);
        if (first)
            session_logout(s, "");
        else if (adopted)
            session_restart(s);
        return;
    }
    s->registered = true;
    if (k->other && !adopted)
        check_leave_account(s);
    check_store_late(s);
    sj_log_info(&s->log, "%s", first ? "registered" : "registration changed");
    check_tell_success(s);
    check_free(s);
    if (!adopted)
        session_restart(s);
}

void check_link_state(struct session *s, enum sj_link_state state, enum sj_end end,
                      const struct sj_error *why)
{
    struct sj_error err;

    governor_leave(&s->network->governor, &s->check->ticket);
    if (state == SJ_LINK_UP) {
        check_pass(s);
        return;
    }
    session_cause(&err, end, why);
    switch (end) {
    case SJ_END_AUTH:
    case SJ_END_BANNED:
    case SJ_END_CONFLICT:                            /* G100-07: not-acceptable, nothing stored */
        err.status = SJ_UNACCEPTABLE;
        break;
    case SJ_END_THROTTLED:
        err.status = SJ_LIMIT;
        break;
    default:
        err.status = SJ_UNREACHABLE;
        break;
    }
    check_fail(s, &err);
}

static void check_go(void *arg)
{
    struct session *s = arg;
    struct sj_error err = {.status = SJ_OK};

    s->check->link = session_link_new(s, s->check->value, s->check->n_values, &err);
    if (!s->check->link || s->network->backend->connect(s->check->link, &err) != SJ_OK)
        check_fail(s, &err);
}

void check_start(struct session *s, char **value, bool other, struct waiter waiter)
{
    struct check *k = sj_calloc(1, sizeof *k);

    k->session = s;
    sj_list_init(&k->record);
    k->waiter = waiter;
    k->other = other;
    k->first = !s->registered;
    k->n_values = s->network->backend->n_fields;
    memcpy(k->value, value, sizeof k->value);
    memset(value, 0, sizeof k->value);
    ticket_init(&k->ticket, check_go, s);
    if (s->state == SESSION_ASKING)      /* one question at a time, and this is the newer matter */
        session_logout(s, "");
    s->check = k;
    sj_timer_init(&k->deadline, check_over, s);
    sj_timer_start(s->all->loop, &k->deadline, SESSION_CHECK_MS);
    governor_ask(&s->network->governor, &k->ticket, true);
}

bool check_is_left(const struct session *s)
{
    const struct check *k = s->check;
    const struct run *r = command_find(s->all, k->waiter.run);

    return k->was_asked && !k->storing && !k->waiter.req && !(r && r->state == RUN_BUSY);
}

enum sj_status check_answer(struct session *s, const char *value, xmpp_req req,
                            struct sj_error *err)
{
    enum sj_status status = prompt_reply(s, value, err);

    if (status != SJ_OK)
        return status;
    if (s->check->waiter.req)
        check_leave(s);
    s->check->waiter.req = req;
    s->check->by_form = true;
    sj_timer_start(s->all->loop, &s->check->deadline, SESSION_CHECK_MS);
    return SJ_OK;
}
