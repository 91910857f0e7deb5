/* SPDX-License-Identifier: MPL-2.0 */
/* Registration of a user: shows the form, merges what was submitted, and checks the credentials
 * by logging in before anything is stored (XEP-0100 §4.1, §4.2; XEP-0077). The link of a first
 * check becomes the session's. Unregistering is in removal.c. */
#include <string.h>

#include "command.h"
#include "position.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

void waiter_tell(struct sessions *all, const struct waiter *w, const struct sj_error *err)
{
    if (w->req)
        xmpp_answer(all->xmpp, w->req, err);
    if (w->run)
        command_outcome(all, w->run, err);
}

static void values_free(char **value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sj_secret_free(&value[i]);
}

static size_t field_index(const struct sj_backend *b, const char *var)
{
    size_t i;

    for (i = 0; i < b->n_fields; i++) {
        if (strcmp(b->fields[i].var, var) == 0)
            break;
    }
    return i;
}

struct values_load {
    const struct sj_backend *backend;
    char **value;
};

static void values_copy(const struct sj_registration *r, void *arg)
{
    struct values_load *load = arg;

    for (size_t i = 0; i < r->n_values; i++) {
        size_t at = field_index(load->backend, r->values[i].var);
        if (at < load->backend->n_fields)
            load->value[at] = sj_strdup(r->values[i].value);
    }
}

/* The values on file, parallel to the backend's fields; the caller wipes them. */
static enum sj_status values_load(const struct session *s, char **value, struct sj_error *err)
{
    struct values_load load = {s->network->backend, value};
    struct sj_owner owner;

    session_owner(s, &owner);
    return sj_store_registration_get(s->all->store, &owner, values_copy, &load, err);
}

/* Keeps what register_get lends, except secrets: those are never shown (G100-15). */
static void register_scratch(struct sessions *all, const struct sj_backend *b, char **value)
{
    for (size_t i = 0; i < XMPP_FIELDS_MAX; i++) {
        sj_secret_free(&all->scratch[i]);
        if (i >= b->n_fields)
            continue;
        if (b->fields[i].kind == SJ_FIELD_SECRET)
            sj_secret_free(&value[i]);
        all->scratch[i] = value[i];
        value[i] = NULL;
    }
}

#define CHECK_TEXT_MAX 1024u             /* what is said about an outcome */
#define REGISTER_TEXT_MAX (1024u * 1024u)      /* words of ours, not of a peer */
/* What every network's form says besides its own words (G100-62). */
#define REGISTER_STORED                                                                       \
    N_("The gateway stores what you give here, encrypted, and logs in with it as you.")

static const char *register_instructions(struct sessions *all, const struct sj_backend *b,
                                         const char *lang)
{
    struct sj_strbuf text;

    sj_strbuf_init(&text, REGISTER_TEXT_MAX);
    if (b->register_help && b->register_help[0])
        sj_strbuf_addf(&text, "%s ", sj_translate(lang, b->register_help));
    sj_strbuf_adds(&text, sj_translate(lang, REGISTER_STORED));
    sj_free(all->instructions);
    return all->instructions = sj_strbuf_take(&text);
}

enum sj_status register_fields(void *ctx, const struct xmpp_from *from, struct xmpp_form_out *out,
                            struct sj_error *err)
{
    struct sessions *all = ctx;
    struct network *network = &all->networks[from->host];
    const struct sj_backend *b = network->backend;
    char *value[SJ_FIELDS_MAX] = {NULL};
    struct session *s;

    if (!sessions_may_register(all, from->host, from->user))
        return sj_fail(err, SJ_DENIED, "You may not register with this gateway.");
    s = session_get(network, from->user, err);
    if (!s && err->status != SJ_UNREGISTERED)
        return err->status;
    if (s)
        session_release(s);
    out->registered = s && s->registered;
    if (out->registered && values_load(s, value, err) != SJ_OK)
        return err->status;
    register_scratch(all, b, value);
    out->instructions = register_instructions(all, b, from->lang);     /* G077-26 */
    out->n = b->n_fields;
    for (size_t i = 0; i < b->n_fields; i++) {
        const struct sj_field *f = &b->fields[i];
        bool secret = f->kind == SJ_FIELD_SECRET;
        const char *known = all->scratch[i] ? all->scratch[i] : f->fallback;
        out->field[i] = (struct xmpp_field){
            .var = f->var, .label = sj_translate(from->lang, f->label),
            .value = secret ? NULL : known,
            .secret = secret, .boolean = f->kind == SJ_FIELD_BOOL, .required = f->required};
    }
    return SJ_OK;
}

/* While the network asks something about a registration, that is its form (G077-25). */
enum sj_status register_get(void *ctx, const struct xmpp_from *from, struct xmpp_form_out *out,
                            struct sj_error *err)
{
    struct sessions *all = ctx;
    struct session *s = session_find(&all->networks[from->host], from->user);

    if (!s || !s->check || !prompt_is_open(s))
        return register_fields(ctx, from, out, err);
    out->registered = s->registered;
    out->question = prompt_as_form(s, from->lang);
    out->instructions = out->question->instructions;
    return SJ_OK;
}

/* A yes or no as it is kept: what is the default is not, so that all ways to say it are one. */
static char *value_bool(const struct sj_field *f, const char *given)
{
    const char *value = given;

    if (strcmp(given, "true") == 0 || strcmp(given, "1") == 0)
        value = "1";
    else if (strcmp(given, "false") == 0 || strcmp(given, "0") == 0 || !*given)
        value = "0";
    return f->fallback && strcmp(value, f->fallback) == 0 ? NULL : sj_strdup(value);
}

static void values_merge(const struct sj_backend *b, char **value, const struct xmpp_form_in *form,
                         bool registered)
{
    for (size_t i = 0; i < form->n; i++) {
        size_t at = field_index(b, form->field[i].var);
        const char *given = form->field[i].value ? form->field[i].value : "";
        if (at == b->n_fields)
            continue;                                /* unknown fields are ignored (G077-23) */
        if (*given == '\0' && registered && b->fields[at].kind == SJ_FIELD_SECRET)
            continue;                                /* the old password is kept (G077-07) */
        sj_secret_free(&value[at]);
        if (b->fields[at].kind == SJ_FIELD_BOOL)
            value[at] = value_bool(&b->fields[at], given);
        else
            value[at] = *given ? sj_strdup(given) : NULL;
    }
}

/* What was submitted for var, "" also; NULL: nothing. */
static const char *form_value(const struct xmpp_form_in *form, const char *var)
{
    for (size_t i = 0; i < form->n; i++) {
        if (strcmp(form->field[i].var, var) == 0)
            return form->field[i].value;
    }
    return NULL;
}

/* G077-06, G100-16: the required ones stand in the submission itself, except secrets on file. */
static enum sj_status values_check(const struct session *s, char **value,
                                   const struct xmpp_form_in *form, struct sj_error *err)
{
    const struct sj_backend *b = s->network->backend;
    struct sj_account account = {(const char *const *)value, b->n_fields};

    for (size_t i = 0; i < b->n_fields; i++) {
        const struct sj_field *f = &b->fields[i];
        const char *given = form_value(form, f->var);
        bool on_file = s->registered && f->kind == SJ_FIELD_SECRET && value[i];
        if (f->required && !on_file && !(given && *given))
            return sj_fail(err, SJ_UNACCEPTABLE, "Please fill in \"%s\".", f->label);
        if (f->kind == SJ_FIELD_BOOL && value[i] && strcmp(value[i], "0") != 0 &&
            strcmp(value[i], "1") != 0)
            return sj_fail(err, SJ_UNACCEPTABLE, "%s: yes or no.", f->label);
        if (value[i] && strlen(value[i]) > SJ_FIELD_MAX)
            return sj_fail(err, SJ_UNACCEPTABLE, "\"%s\" is too long.", f->label);
    }
    return b->account_check(s->network->options->net, &account, err);
}

static bool values_same(char *const *a, char *const *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!a[i] != !b[i] || (a[i] && strcmp(a[i], b[i]) != 0))
            return false;
    }
    return true;
}

/* Passwords and settings change, names are who one is. */
static bool values_same_account(const struct sj_backend *b, char *const *x, char *const *y)
{
    for (size_t i = 0; i < b->n_fields; i++) {
        if (b->fields[i].kind == SJ_FIELD_TEXT && !values_same(&x[i], &y[i], 1))
            return false;
    }
    return true;
}

static enum sj_status register_store(struct session *s, char *const *value, struct sj_error *err)
{
    const struct sj_backend *b = s->network->backend;
    struct sj_registration r = {.created_at = s->created_at, .sees_user = s->sees_user,
                                .seen_by_user = s->seen_by_user, .online = s->online_stored};

    session_owner(s, &r.owner);
    for (size_t i = 0; i < b->n_fields; i++) {
        if (value[i])
            r.values[r.n_values++] = (struct sj_store_value){b->fields[i].var, value[i]};
    }
    return sj_store_registration_put(s->all->store, &r, err);
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
    if (len > SJ_STATE_MAX)
        return;
    k->state = sj_malloc(len + 1);
    k->state_len = len;
    memcpy(k->state, blob, len);
}

static void check_store_state(const struct session *s)
{
    struct sj_error ignored = {.status = SJ_OK};
    struct sj_owner owner;

    if (!s->check->state)
        return;
    session_owner(s, &owner);
    sj_store_state_put(s->all->store, &owner, s->check->state, s->check->state_len);
    (void)sj_store_flush(s->all->store, &ignored);       /* see host_state_save */
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
    governor_leave(&s->network->governor, &k->ticket);
    sessions_bury(s->all, &k->link);
    values_free(k->value, k->n_values);
    check_drop_state(k);
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

void check_fail(struct session *s, const struct sj_error *err)
{
    sj_log_info(&s->log, "registration refused cause=%s", SJ_CLIP(err->text));
    check_tell(s, err);
    check_abandon(s);
}

void check_abandon(struct session *s)
{
    check_free(s);
    if (!s->registered)
        held_clear(s);                   /* nothing is stored, nobody waits for it (G100-07) */
    session_login(s);
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
static bool check_hand_over(struct session *s)
{
    struct check *k = s->check;

    if (!k->first && (!k->was_asked ||
                      (s->state != SESSION_OFFLINE && s->state != SESSION_REFUSED)))
        return false;
    if (s->state == SESSION_REFUSED)
        session_enter(s, SESSION_OFFLINE, "registration changed");
    s->tries = 0;
    s->failure_told = false;
    s->lacks = k->lacks;
    session_adopt(s, k->link);
    k->link = NULL;
    return true;
}

/* The network let the account in: store, answer, then ask for presence (G100-06, G100-09). */
static void check_pass(struct session *s)
{
    struct check *k = s->check;
    struct sj_error err = {.status = SJ_OK};
    unsigned host = s->network->index;
    bool first = k->first, adopted;

    bool asked = first && strangers_take_asked(s->all->strangers, host, s->user);

    if (first)
        s->created_at = sj_loop_utc_ms(s->all->loop);
    s->seen_by_user = s->seen_by_user || asked;      /* G100-12 */
    if (register_store(s, k->value, &err) != SJ_OK) {
        if (asked)
            strangers_asked(s->all->strangers, host, s->user);
        check_fail(s, &err);
        return;
    }
    s->registered = true;
    if (k->other)
        position_forget(s);
    check_store_state(s);
    sj_log_info(&s->log, "%s", first ? "registered" : "registration changed");
    check_tell(s, NULL);
    if (asked)
        xmpp_send_subscription(s->all->xmpp, host, NULL, s->user, XMPP_SUBSCRIBED, NULL, NULL,
                               NULL);
    if (first)
        xmpp_send_subscription(s->all->xmpp, host, NULL, s->user, XMPP_SUBSCRIBE, NULL, NULL,
                               NULL);
    adopted = check_hand_over(s);
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

static void check_start(struct session *s, char **value, bool other, struct waiter waiter)
{
    struct check *k = sj_calloc(1, sizeof *k);

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

/* The network has asked something, and nobody waits at this moment. */
static bool check_is_left(const struct session *s)
{
    const struct check *k = s->check;
    const struct run *r = command_find(s->all, k->waiter.run);

    return k->was_asked && !k->waiter.req && !(r && r->state == RUN_BUSY);
}

/* An answer in the form that register_get gave. */
static enum sj_status register_answer(struct session *s, const char *value, xmpp_req req,
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

static enum sj_status register_submit(struct session *s, const struct xmpp_form_in *form,
                                      struct waiter waiter, struct sj_error *err)
{
    const struct sj_backend *b = s->network->backend;
    char *value[SJ_FIELDS_MAX] = {NULL}, *old[SJ_FIELDS_MAX] = {NULL};
    enum sj_status status = SJ_OK;

    if (s->registered)
        status = values_load(s, old, err);
    if (status == SJ_OK) {
        for (size_t i = 0; i < b->n_fields; i++)
            value[i] = sj_strdup(old[i]);
        values_merge(b, value, form, s->registered);
        status = values_check(s, value, form, err);
    }
    if (status == SJ_OK && s->registered && s->state != SESSION_REFUSED &&
        values_same(value, old, b->n_fields))
        waiter_tell(s->all, &waiter, NULL);          /* nothing to check, nothing to change */
    else if (status == SJ_OK && (status = quota_take(s, SESSIONS_LOGINS, 1, err)) == SJ_OK)
        check_start(s, value, s->registered && !values_same_account(b, value, old), waiter);
    values_free(value, b->n_fields);
    values_free(old, b->n_fields);
    return status;
}

enum sj_status register_set(void *ctx, const struct xmpp_from *from,
                            const struct xmpp_form_in *form, xmpp_req req, struct sj_error *err)
{
    return register_begin(ctx, from, form, (struct waiter){.req = req}, err);
}

enum sj_status register_begin(struct sessions *all, const struct xmpp_from *from,
                              const struct xmpp_form_in *form, struct waiter waiter,
                              struct sj_error *err)
{
    struct network *network = &all->networks[from->host];
    struct session *s;

    if (!sessions_may_register(all, from->host, from->user))
        return sj_fail(err, SJ_DENIED, "You may not register with this gateway.");
    if (all->stopping)
        return sj_fail(err, SJ_UNAVAILABLE, "The gateway is being stopped; try again later.");
    s = session_get(network, from->user, err);
    if (!s && err->status != SJ_UNREGISTERED)
        return err->status;
    if (!s && all->n_sessions >= all->options->sessions_max)
        return sj_fail(err, SJ_LIMIT, "The gateway is full; try again later.");
    if (!s)
        s = session_new(network, from->user);
    session_release(s);                  /* whatever the answer is */
    session_heard(s, from);
    if (s->registered && session_prefers(s, PREFERENCE_DISABLED))
        return sj_fail(err, SJ_DENIED, SESSION_DISABLED_TEXT);
    if (s->check && waiter.req && prompt_is_open(s) && form_value(form, "answer"))
        return register_answer(s, form_value(form, "answer"), waiter.req, err);
    if (s->check && check_is_left(s))
        check_free(s);                   /* begun anew instead of answering what it asks */
    if (s->check || s->removal.wanted)
        return sj_fail(err, SJ_LIMIT, "Another change of your registration is being checked.");
    return register_submit(s, form, waiter, err);
}

enum sj_status register_remove(void *ctx, const struct xmpp_from *from, xmpp_req req,
                               struct sj_error *err)
{
    struct sessions *all = ctx;
    struct session *s = session_get(&all->networks[from->host], from->user, err);

    if (!s)
        return err->status;                          /* G077-16, G100-23 */
    session_release(s);
    if (!s->registered)
        return sj_fail(err, SJ_UNREGISTERED, "You are not registered with this gateway.");
    session_heard(s, from);
    if (session_prefers(s, PREFERENCE_DISABLED))     /* to register anew is no way back */
        return sj_fail(err, SJ_DENIED, SESSION_DISABLED_TEXT);
    if (s->removal.wanted)
        return sj_fail(err, SJ_LIMIT, "You are being unregistered already.");
    s->removal = (struct removal){.wanted = true, .req = req};
    session_remove(s);
    return SJ_OK;
}
