/* SPDX-License-Identifier: MPL-2.0 */
/* In-band registration (XEP-0077) as XEP-0100 §4.1 to §4.3 uses it.
 *
 * Offers the backend's fields as a data form, and as legacy elements where they suffice (G077-12);
 * reads either, never both (G077-11). Which values are needed, and whether the network takes them,
 * the session room decides. Errors carry legacy codes and echo nothing (G077-19, G077-20); values
 * are wiped after use, since any of them may be a password. */
#include <stdio.h>
#include <string.h>

#include "bob.h"
#include "component.h"
#include "form.h"
#include "handlers.h"
#include "router.h"
#include "sojourn/memory.h"
#include "sojourn/translate.h"

#define REGISTER_VALUE_MAX 4095u
#define REGISTER_VAR_MAX 64u

/* Backend names that are legacy elements too, under the same name. */
static const char *const register_standard[] = {"username", "password", "name", "email"};

/* Other legacy elements of XEP-0077 §3.1.2: known, of no use to us. `key`, `registered` and
 * `instructions` carry nothing that a user gives. */
static const char *const register_unused[] = {"nick", "first", "last", "address", "city",
                                              "state", "zip", "phone", "url", "date", "misc",
                                              "text"};

static bool register_is_listed(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}
#define REGISTER_IN(name, list) register_is_listed(name, list, sizeof(list) / sizeof *(list))

/* ---- get ---- */

/* The form's name of a backend field: standard ones as they are, others x-... (G077-10). */
static void register_form_var(struct sj_strbuf *out, const char *var)
{
    if (!REGISTER_IN(var, register_standard)) {
        sj_strbuf_adds(out, "x-");
        for (const char *p = var; *p != '\0'; p++)
            sj_strbuf_addc(out, *p == '_' ? '-' : *p);
        return;
    }
    sj_strbuf_adds(out, var);
}

static void register_add_form(xmpp_stanza_t *query, const struct xmpp_form_out *form,
                              const char *title)
{
    xmpp_stanza_t *x = form_add(query, NS_REGISTER, title, form->instructions);
    for (size_t i = 0; i < form->n; i++) {
        const struct xmpp_field *f = &form->field[i];
        struct sj_strbuf var;
        sj_strbuf_init(&var, REGISTER_VAR_MAX);
        register_form_var(&var, f->var);
        form_add_field(x, &(struct form_field){
                              .type = f->secret    ? "text-private"
                                      : f->boolean ? "boolean"
                                                   : "text-single",
                              .var = var.s,
                              .label = f->label,
                              .value = f->secret ? NULL : f->value,
                              .required = f->required,
                          });
        sj_strbuf_release(&var);
    }
}

/* A question in the place of the fields; what clients cannot know is named x-... (G077-10). */
static void register_add_question(struct inbound *in, xmpp_stanza_t *query,
                                  const struct xmpp_form *question)
{
    struct xmpp_form form = *question;
    struct bob_form kept;
    char var[XMPP_INPUTS_MAX][REGISTER_VAR_MAX];
    for (size_t i = 0; i < form.n; i++) {
        snprintf(var[i], REGISTER_VAR_MAX, "x-%s", form.input[i].var);
        form.input[i].var = var[i];
    }
    form.form_type = NS_REGISTER;
    form_add_all(query, bob_in_form(&kept, in->x, in->host, in->from.user, &form), false);
}

/* Can a client that knows no forms register? */
static bool register_legacy_suffices(const struct xmpp_form_out *form)
{
    for (size_t i = 0; i < form->n; i++)
        if (form->field[i].required && !REGISTER_IN(form->field[i].var, register_standard))
            return false;
    return true;
}

enum sj_status register_handle_get(struct inbound *in, struct sj_error *err)
{
    struct xmpp_form_out form = {.registered = false};
    enum sj_status status = in->x->in->register_get(in->x->ctx, &in->from, &form, err);
    if (status != SJ_OK)
        return status;
    xmpp_stanza_t *result = router_result(in);
    stanza_set(result, "xml:lang", sj_language(in->from.lang));
    xmpp_stanza_t *query = stanza_add(result, "query", NS_REGISTER);
    if (form.registered)
        stanza_add(query, "registered", NULL);
    stanza_add_with_text(query, "instructions", form.instructions);
    if (form.question != NULL) {
        register_add_question(in, query, form.question);
        router_answer(in, result);
        return SJ_OK;
    }
    if (register_legacy_suffices(&form))
        for (size_t i = 0; i < form.n; i++) {
            const struct xmpp_field *f = &form.field[i];
            if (REGISTER_IN(f->var, register_standard))
                stanza_add_with_text(query, f->var, f->secret ? NULL : f->value);
        }
    register_add_form(query, &form, in->x->options->hosts[in->host].identity_name);
    router_answer(in, result);
    return SJ_OK;
}

/* ---- set ---- */

struct register_input {
    struct xmpp_form_in form;
    char var[XMPP_FIELDS_MAX][REGISTER_VAR_MAX];
};

static enum sj_status register_add_value(struct register_input *input, const char *var,
                                         const char *value, struct sj_error *err)
{
    if (strlen(value) > REGISTER_VALUE_MAX)
        return sj_fail(err, SJ_UNACCEPTABLE, "The value of %s is too long.", var);
    for (size_t i = 0; i < input->form.n; i++)
        if (strcmp(input->form.field[i].var, var) == 0)
            return sj_fail(err, SJ_INVALID, "The field %s was given twice.", var);
    if (input->form.n == XMPP_FIELDS_MAX)
        return sj_fail(err, SJ_INVALID, "There are too many fields.");
    size_t i = input->form.n++;
    sj_copy(input->var[i], REGISTER_VAR_MAX, var);
    input->form.field[i].var = input->var[i];
    input->form.field[i].value = value;
    return SJ_OK;
}

/* The backend's name of a form field; false: unknown, to be ignored (G004-06, G077-23). */
static bool register_backend_var(char out[REGISTER_VAR_MAX], const char *var)
{
    if (REGISTER_IN(var, register_standard)) {
        sj_copy(out, REGISTER_VAR_MAX, var);
        return true;
    }
    if (strncmp(var, "x-", 2) != 0 || var[2] == '\0' || strlen(var) >= REGISTER_VAR_MAX)
        return false;
    sj_copy(out, REGISTER_VAR_MAX, var + 2);
    for (char *p = out; *p != '\0'; p++)
        if (*p == '-')
            *p = '_';
    return true;
}

static enum sj_status register_read_form(struct inbound *in, struct register_input *input,
                                         xmpp_stanza_t *x, struct sj_error *err)
{
    const char *kind = form_type(x);
    if (kind != NULL && strcmp(kind, "jabber:iq:register:changepassword") == 0)
        return router_fail(in, STANZA_NOT_ALLOWED, err,
                           "Submit the registration form to change the password.");
    if (kind != NULL && strcmp(kind, NS_REGISTER) != 0)
        return sj_fail(err, SJ_INVALID, "This is another form.");
    for (xmpp_stanza_t *f = form_first(x); f != NULL; f = form_next(f)) {
        const char *var = stanza_get(f, "var");
        char own[REGISTER_VAR_MAX];
        if (var == NULL || !register_backend_var(own, var))
            continue;
        const char *value = form_value(f);
        enum sj_status status = register_add_value(input, own, value != NULL ? value : "", err);
        if (status != SJ_OK)
            return status;
    }
    return SJ_OK;
}

static enum sj_status register_read_legacy(struct register_input *input, xmpp_stanza_t *query,
                                           struct sj_error *err)
{
    for (xmpp_stanza_t *c = stanza_first(query); c != NULL; c = stanza_next(c)) {
        const char *name = xmpp_stanza_get_name(c);
        if (!stanza_is(c, name, NS_REGISTER) || !REGISTER_IN(name, register_standard))
            continue;
        enum sj_status status = register_add_value(input, name, stanza_text(c), err);
        if (status != SJ_OK)
            return status;
    }
    return SJ_OK;
}

/* What a set holds, counted. */
struct register_shape {
    unsigned forms, legacy, removes, children;
    xmpp_stanza_t *form;
};

static struct register_shape register_shape_of(xmpp_stanza_t *query)
{
    struct register_shape shape = {.form = NULL};
    for (xmpp_stanza_t *c = stanza_first(query); c != NULL; c = stanza_next(c)) {
        const char *name = xmpp_stanza_get_name(c);
        shape.children++;
        if (stanza_is(c, "x", NS_DATA)) {
            shape.forms++;
            shape.form = c;
        } else if (stanza_is(c, "remove", NS_REGISTER)) {
            shape.removes++;
        } else if (stanza_is(c, name, NS_REGISTER) &&
                   (REGISTER_IN(name, register_standard) || REGISTER_IN(name, register_unused))) {
            shape.legacy++;
        }
    }
    return shape;
}

static enum sj_status register_remove(struct inbound *in, struct sj_error *err)
{
    enum sj_status status = router_defer(in, true, err);
    if (status == SJ_OK)
        status = in->x->in->register_remove(in->x->ctx, &in->from, in->request, err);
    return status;
}

static enum sj_status register_submit(struct inbound *in, const struct register_shape *shape,
                                      struct sj_error *err)
{
    struct register_input input = {.form.n = 0};
    enum sj_status status = shape->form != NULL
                                ? register_read_form(in, &input, shape->form, err)
                                : register_read_legacy(&input, in->payload, err);
    if (status == SJ_OK)
        status = router_defer(in, true, err);
    if (status != SJ_OK)
        return status;
    status = in->x->in->register_set(in->x->ctx, &in->from, &input.form, in->request, err);
    /* G100-07: refused credentials are unacceptable data, not a refused asker. */
    if (status != SJ_AUTH)
        return status;
    if (err->status == SJ_AUTH)
        err->status = SJ_UNACCEPTABLE;
    return SJ_UNACCEPTABLE;
}

static enum sj_status register_read_set(struct inbound *in, struct sj_error *err)
{
    struct register_shape shape = register_shape_of(in->payload);
    if (shape.removes > 0) {
        if (shape.children != 1)
            return sj_fail(err, SJ_INVALID, "Nothing may stand beside remove.");
        return register_remove(in, err);
    }
    if (shape.forms > 1 || (shape.forms == 1 && shape.legacy > 0))
        return sj_fail(err, SJ_INVALID, "Use either the form or the plain fields.");
    if (shape.form == NULL)
        return register_submit(in, &shape, err);
    const char *type = stanza_get(shape.form, "type");
    if (type != NULL && strcmp(type, "cancel") == 0) {        /* G077-22 */
        router_answer(in, router_result(in));
        return SJ_OK;
    }
    if (type == NULL || strcmp(type, "submit") != 0)
        return sj_fail(err, SJ_INVALID, "The form was not submitted.");
    return register_submit(in, &shape, err);
}

enum sj_status register_handle_set(struct inbound *in, struct sj_error *err)
{
    enum sj_status status = register_read_set(in, err);
    stanza_wipe(in->payload);
    component_wipe(in->stream);
    return status;
}
