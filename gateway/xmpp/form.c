/* SPDX-License-Identifier: MPL-2.0 */
/* Builds and reads data forms: XEP-0004, with FORM_TYPE by XEP-0068.
 *
 * What the fields mean is the caller's business. Multi-line values are not needed yet: of several
 * values the first counts. */
#include "form.h"

#include <string.h>

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
