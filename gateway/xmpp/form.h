/* SPDX-License-Identifier: MPL-2.0 */
/* Data forms (XEP-0004): built from the contract's structs, and read. */
#ifndef XMPP_FORM_H
#define XMPP_FORM_H

#include <stdbool.h>
#include <strophe.h>

#include "xmpp.h"

/* ---- building ---- */

/* <x type='form'> with a hidden FORM_TYPE (G004-11). */
xmpp_stanza_t *form_add(xmpp_stanza_t *parent, const char *form_type, const char *title,
                        const char *instructions);
struct form_field {
    const char *type;          /* text-single, text-private, boolean, ... */
    const char *var;
    const char *label;         /* or NULL */
    const char *value;         /* or NULL */
    int required;
};
void form_add_field(xmpp_stanza_t *form, const struct form_field *field);
/* <x type='result'> with a hidden FORM_TYPE. */
xmpp_stanza_t *form_add_result(xmpp_stanza_t *parent, const char *form_type);
/* A field with any number of values (G004-03, G004-05); type NULL: none. */
void form_add_values(xmpp_stanza_t *form, const char *type, const char *var,
                     const char *const *values, size_t n);
/* A whole form to fill in, or one that tells a result. */
void form_add_all(xmpp_stanza_t *parent, const struct xmpp_form *form, bool result);
/* A result of rows. */
void form_add_table(xmpp_stanza_t *parent, const struct xmpp_table *table);

/* ---- reading ---- */

/* First <field/> of a form, and the next; NULL: none. */
xmpp_stanza_t *form_first(xmpp_stanza_t *form);
xmpp_stanza_t *form_next(xmpp_stanza_t *field);
/* The first value of a field: NULL when it has no <value/>, "" when that is empty. */
const char *form_value(xmpp_stanza_t *field);
/* Value of FORM_TYPE or NULL. */
const char *form_type(xmpp_stanza_t *form);

/* Everything that a submitted form says. Owner of the texts of several values: form_values_wipe. */
struct form_values {
    struct xmpp_values values;
    char *joined[XMPP_VALUES_MAX];
    size_t n_joined;
};
/* false: the form makes no sense (a field twice, too many, too long); *out may be partly filled and
 * is to be wiped all the same. */
bool form_read(struct form_values *out, xmpp_stanza_t *form);
void form_values_wipe(struct form_values *v);

#endif
