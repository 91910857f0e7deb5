/* SPDX-License-Identifier: MPL-2.0 */
/* Registration of a user: shows the form, and merges what was submitted with what is on file
 * (XEP-0077, XEP-0100 §4.1, §4.2). Nothing is stored here: check.c tries the credentials first.
 * Unregistering is in removal.c. */
#include "register.h"

#include <string.h>

#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

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

#define REGISTER_TEXT_MAX (1024u * 1024u)    /* words of ours, not of a peer */
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
        return check_answer(s, form_value(form, "answer"), waiter.req, err);
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
