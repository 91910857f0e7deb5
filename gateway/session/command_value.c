/* SPDX-License-Identifier: MPL-2.0 */
/* What the user gave to a run, from form to form: bounded for each run and in all, and wiped. What
 * a value must be is in command_form.c. */
#include "command_priv.h"

#include <string.h>

#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/translate.h"

static struct run_value *run_find_value(const struct run *r, const char *var)
{
    for (size_t i = 0; i < r->n_values; i++) {
        if (strcmp(r->values[i].var, var) == 0)
            return &r->values[i];
    }
    return NULL;
}

const char *run_value(const struct run *r, const char *var)
{
    const struct run_value *v = run_find_value(r, var);

    return v ? v->text : NULL;
}

const char *run_words(const struct run *r, const char *text)
{
    return sj_translate(r->lang, text);
}

bool run_says_yes(const struct run *r, const char *var)
{
    const char *text = run_value(r, var);

    return text && strcmp(text, "1") == 0;
}

void run_forget(struct run *r, const char *var)
{
    struct run_value *v = run_find_value(r, var);
    size_t n;

    if (!v)
        return;
    n = strlen(v->text);
    r->n_bytes -= n;
    r->all->commands->n_bytes -= n;
    sj_free(v->var);
    sj_secret_free(&v->text);
    *v = r->values[--r->n_values];
}

enum sj_status run_keep(struct run *r, const char *var, const char *text, struct sj_error *err)
{
    struct commands *k = r->all->commands;
    struct run_value *v = run_find_value(r, var);
    size_t more = strlen(text), less = v ? strlen(v->text) : 0;

    if (k->n_bytes - less + more > COMMAND_BYTES_MAX ||
        r->n_bytes - less + more > XMPP_VALUES_BYTES_MAX)
        return sj_fail(err, SJ_LIMIT, "The gateway is too busy to keep this; try again later.");
    if (!v) {
        r->values = sj_realloc(r->values, (r->n_values + 1) * sizeof *r->values);
        v = &r->values[r->n_values++];
        *v = (struct run_value){.var = sj_strdup(var)};
    }
    sj_secret_free(&v->text);
    v->text = sj_strdup(text);
    r->n_bytes = r->n_bytes - less + more;
    k->n_bytes = k->n_bytes - less + more;
    return SJ_OK;
}

enum sj_status run_take(struct run *r, const struct xmpp_form *form,
                        const struct xmpp_values *given, enum xmpp_command_fault *fault,
                        struct sj_error *err)
{
    char *text[XMPP_INPUTS_MAX] = {NULL};
    enum sj_status status = command_values_take(form, given, text, fault, err);

    for (size_t i = 0; i < form->n; i++) {
        if (status == SJ_OK && text[i])
            status = run_keep(r, form->input[i].var, text[i], err);
        sj_secret_free(&text[i]);
    }
    return status;
}

void run_forget_all(struct run *r)
{
    for (size_t i = 0; i < r->n_values; i++) {
        sj_free(r->values[i].var);
        sj_secret_free(&r->values[i].text);
    }
    r->all->commands->n_bytes -= r->n_bytes;
    sj_free(r->values);
    r->values = NULL;
    r->n_values = r->n_bytes = 0;
}
