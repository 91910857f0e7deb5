/* SPDX-License-Identifier: MPL-2.0 */
/* Entity capabilities (XEP-0115): what an entity can do, as one hash. */
#ifndef XMPP_CAPS_H
#define XMPP_CAPS_H

#include <stddef.h>
#include <strophe.h>

#define CAPS_NODE "urn:sojourn"     /* names the software in <c/>; part of no contract */
#define CAPS_VER_SIZE 32            /* 28 characters of Base64, and the NUL */

struct caps_identity {
    const char *category;
    const char *type;
    const char *lang;       /* or NULL */
    const char *name;       /* or NULL */
};
struct caps_field {
    const char *var;
    const char *const *values;
    size_t n_values;
    const char *type;       /* of the field, or NULL; not part of the hash */
};
struct caps_form {
    const char *form_type;
    const struct caps_field *fields;    /* without FORM_TYPE */
    size_t n_fields;
};
/* One entity's disco#info. Everything is borrowed. */
struct caps_set {
    const struct caps_identity *identities;
    size_t n_identities;
    const char *const *features;
    size_t n_features;
    const struct caps_form *forms;
    size_t n_forms;
};

/* The verification string, SHA-1 and Base64 (XEP-0115 §5.1). */
void caps_ver(char out[CAPS_VER_SIZE], xmpp_ctx_t *ctx, const struct caps_set *set);

#endif
