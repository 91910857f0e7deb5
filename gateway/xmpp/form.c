/* SPDX-License-Identifier: MPL-2.0 */
/* Builds and reads data forms: XEP-0004, with FORM_TYPE by XEP-0068, media by XEP-0221.
 *
 * What the fields mean, and which values they take, is the caller's business: here several values
 * become one text of lines and back (G004-05). */
#include "form.h"

#include <stdio.h>
#include <string.h>

#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "stanza.h"

xmpp_stanza_t *form_add(xmpp_stanza_t *parent, const char *form_type_value, const char *title,
                        const char *instructions)
{
    xmpp_stanza_t *x = stanza_add(parent, "x", NS_DATA);
    stanza_set(x, "type", "form");
    if (title != NULL)
        stanza_add_with_text(x, "title", title);
    if (instructions != NULL)
        stanza_add_with_text(x, "instructions", instructions);
    form_add_field(x, &(struct form_field){
                          .type = "hidden",
                          .var = "FORM_TYPE",
                          .value = form_type_value,
                      });
    return x;
}

void form_add_field(xmpp_stanza_t *form, const struct form_field *field)
{
    xmpp_stanza_t *f = stanza_add(form, "field", NULL);
    stanza_set(f, "type", field->type);
    stanza_set(f, "var", field->var);
    stanza_set(f, "label", field->label);
    if (field->required)
        stanza_add(f, "required", NULL);
    if (field->value != NULL)
        stanza_add_with_text(f, "value", field->value);
}

xmpp_stanza_t *form_add_result(xmpp_stanza_t *parent, const char *form_type_value)
{
    xmpp_stanza_t *x = stanza_add(parent, "x", NS_DATA);
    stanza_set(x, "type", "result");
    form_add_values(x, "hidden", "FORM_TYPE", &form_type_value, 1);
    return x;
}

void form_add_values(xmpp_stanza_t *form, const char *type, const char *var,
                     const char *const *values, size_t n)
{
    xmpp_stanza_t *f = stanza_add(form, "field", NULL);
    stanza_set(f, "type", type);
    stanza_set(f, "var", var);
    for (size_t i = 0; i < n; i++)
        stanza_add_with_text(f, "value", values[i]);
}

/* ---- whole forms ---- */

static const char *const form_kinds[XMPP_INPUT_KINDS] = {
    [XMPP_INPUT_TEXT] = "text-single",   [XMPP_INPUT_SECRET] = "text-private",
    [XMPP_INPUT_BOOL] = "boolean",       [XMPP_INPUT_LIST] = "list-single",
    [XMPP_INPUT_LIST_MULTI] = "list-multi", [XMPP_INPUT_LINES] = "text-multi",
    [XMPP_INPUT_JID] = "jid-single",     [XMPP_INPUT_JIDS] = "jid-multi",
    [XMPP_INPUT_FIXED] = "fixed",
};

/* Adds one element for each line of text. */
static void form_add_lines(xmpp_stanza_t *parent, const char *name, const char *text)
{
    for (;;) {
        size_t n = strcspn(text, "\n");
        char *line = sj_strndup(text, n);
        stanza_add_with_text(parent, name, line);
        sj_free(line);
        if (text[n] == '\0')
            return;
        text += n + 1;
    }
}

static bool form_has_lines(enum xmpp_input_kind kind)
{
    return kind == XMPP_INPUT_LINES || kind == XMPP_INPUT_LIST_MULTI || kind == XMPP_INPUT_JIDS ||
           kind == XMPP_INPUT_FIXED;
}

static void form_add_value(xmpp_stanza_t *field, const struct xmpp_input *in)
{
    if (in->value == NULL || in->kind == XMPP_INPUT_SECRET)
        return;
    if (!form_has_lines(in->kind))
        stanza_add_with_text(field, "value", in->value);
    else if (in->value[0] != '\0')
        form_add_lines(field, "value", in->value);
}

static void form_set_number(xmpp_stanza_t *st, const char *attribute, unsigned number)
{
    char text[16];
    if (number == 0)
        return;
    snprintf(text, sizeof text, "%u", number);
    stanza_set(st, attribute, text);
}

static void form_add_media(xmpp_stanza_t *field, const struct xmpp_media *m)
{
    if (m == NULL || m->uri == NULL)
        return;
    xmpp_stanza_t *media = stanza_add(field, "media", NS_MEDIA);
    form_set_number(media, "width", m->width);
    form_set_number(media, "height", m->height);
    stanza_set(stanza_add_with_text(media, "uri", m->uri), "type", m->type);
}

static xmpp_stanza_t *form_add_head(xmpp_stanza_t *parent, const struct xmpp_input *in)
{
    xmpp_stanza_t *f = stanza_add(parent, "field", NULL);
    stanza_set(f, "type", form_kinds[in->kind]);
    stanza_set(f, "var", in->var);
    stanza_set(f, "label", in->label);
    return f;
}

static void form_add_input(xmpp_stanza_t *x, const struct xmpp_input *in, bool result)
{
    xmpp_stanza_t *f = form_add_head(x, in);
    if (!result && in->help != NULL)
        stanza_add_with_text(f, "desc", in->help);
    if (!result && in->required)
        stanza_add(f, "required", NULL);
    form_add_value(f, in);
    for (size_t i = 0; !result && i < in->n_choices; i++) {
        xmpp_stanza_t *option = stanza_add(f, "option", NULL);
        stanza_set(option, "label", in->choices[i].label);
        stanza_add_with_text(option, "value", in->choices[i].value);
    }
    form_add_media(f, in->media);
}

void form_add_all(xmpp_stanza_t *parent, const struct xmpp_form *form, bool result)
{
    xmpp_stanza_t *x = stanza_add(parent, "x", NS_DATA);
    stanza_set(x, "type", result ? "result" : "form");
    if (form->title != NULL)
        stanza_add_with_text(x, "title", form->title);
    if (form->instructions != NULL)
        form_add_lines(x, "instructions", form->instructions);       /* G004-12 */
    if (form->form_type != NULL)
        form_add_field(x, &(struct form_field){
                              .type = "hidden", .var = "FORM_TYPE", .value = form->form_type});
    for (size_t i = 0; i < form->n; i++)
        form_add_input(x, &form->input[i], result);
}

void form_add_table(xmpp_stanza_t *parent, const struct xmpp_table *t)
{
    xmpp_stanza_t *x = stanza_add(parent, "x", NS_DATA);
    stanza_set(x, "type", "result");
    if (t->title != NULL)
        stanza_add_with_text(x, "title", t->title);
    if (t->form_type != NULL)
        form_add_field(x, &(struct form_field){
                              .type = "hidden", .var = "FORM_TYPE", .value = t->form_type});
    xmpp_stanza_t *reported = stanza_add(x, "reported", NULL);       /* G004-08 */
    for (size_t i = 0; i < t->n_columns; i++)
        form_add_head(reported, &t->columns[i]);
    for (size_t row = 0; row < t->n_rows; row++) {
        xmpp_stanza_t *item = stanza_add(x, "item", NULL);
        for (size_t i = 0; i < t->n_columns; i++) {
            xmpp_stanza_t *f = stanza_add(item, "field", NULL);
            stanza_set(f, "var", t->columns[i].var);
            stanza_add_with_text(f, "value", t->cells[row * t->n_columns + i]);
        }
    }
}

/* ---- reading ---- */

static xmpp_stanza_t *form_skip(xmpp_stanza_t *node)
{
    while (node != NULL && !stanza_is(node, "field", NS_DATA))
        node = stanza_next(node);
    return node;
}

xmpp_stanza_t *form_first(xmpp_stanza_t *form)
{
    return form_skip(stanza_first(form));
}

xmpp_stanza_t *form_next(xmpp_stanza_t *field)
{
    return form_skip(stanza_next(field));
}

const char *form_value(xmpp_stanza_t *field)
{
    xmpp_stanza_t *value = stanza_child(field, "value", NS_DATA);
    return value != NULL ? stanza_text(value) : NULL;
}

const char *form_type(xmpp_stanza_t *form)
{
    for (xmpp_stanza_t *f = form_first(form); f != NULL; f = form_next(f)) {
        const char *var = stanza_get(f, "var");
        if (var != NULL && strcmp(var, "FORM_TYPE") == 0)
            return form_value(f);
    }
    return NULL;
}

/* Joins the values of a field by line feeds; one alone is borrowed from the stanza. */
static const char *form_join(struct form_values *out, xmpp_stanza_t *field)
{
    xmpp_stanza_t *first = stanza_child(field, "value", NS_DATA);
    size_t n = 0;
    size_t values = 0;
    for (xmpp_stanza_t *c = first; c != NULL; c = stanza_next(c))
        if (stanza_is(c, "value", NS_DATA)) {
            n += strlen(stanza_text(c)) + 1;
            values++;
        }
    if (values <= 1)
        return first != NULL ? stanza_text(first) : "";
    char *text = sj_malloc(n);
    char *at = text;
    for (xmpp_stanza_t *c = first; c != NULL; c = stanza_next(c))
        if (stanza_is(c, "value", NS_DATA)) {
            size_t len = strlen(stanza_text(c));
            memcpy(at, stanza_text(c), len);
            at += len;
            *at++ = '\n';
        }
    at[-1] = '\0';
    out->joined[out->n_joined++] = text;
    return text;
}

static bool form_knows(const struct xmpp_values *v, const char *var)
{
    for (size_t i = 0; i < v->n; i++)
        if (strcmp(v->item[i].var, var) == 0)
            return true;
    return false;
}

bool form_read(struct form_values *out, xmpp_stanza_t *form)
{
    struct xmpp_values *v = &out->values;
    size_t bytes = 0;
    *out = (struct form_values){.n_joined = 0};
    for (xmpp_stanza_t *f = form_first(form); f != NULL; f = form_next(f)) {
        const char *var = stanza_get(f, "var");
        if (var == NULL || strcmp(var, "FORM_TYPE") == 0)
            continue;
        if (v->n == XMPP_VALUES_MAX || form_knows(v, var))
            return false;
        const char *value = form_join(out, f);
        v->item[v->n].var = var;
        v->item[v->n++].value = value;
        bytes += strlen(value);
        if (bytes > XMPP_VALUES_BYTES_MAX)
            return false;
    }
    return true;
}

void form_values_wipe(struct form_values *v)
{
    for (size_t i = 0; i < v->n_joined; i++)
        sj_secret_free(&v->joined[i]);
    v->n_joined = 0;
    v->values.n = 0;
}
