/* SPDX-License-Identifier: MPL-2.0 */
/* Entity capabilities (XEP-0115): what an entity can do, as one hash. */
#ifndef XMPP_CAPS_H
#define XMPP_CAPS_H

#include <stddef.h>
#include <strophe.h>

#include "sojourn/strbuf.h"
#include "stream.h"

#define CAPS_NODE "urn:sojourn"     /* names the software in <c/>; part of no contract */
/* A stanza's worth: the texts of an answer are never longer than the answer. */
#define CAPS_TEXT_MAX STREAM_STANZA_MAX
#define CAPS_VER_LEN 28u            /* of a SHA-1 as Base64 */
#define CAPS_VER_SIZE (CAPS_VER_LEN + 1)

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

/* Appends the text that is hashed. Different sets may have the same (XEP-0115 §8.1): whoever keeps
 * something under a hash reads it from the text. */
void caps_text(struct sj_strbuf *out, const struct caps_set *set);
/* SHA-1 and Base64 of such a text (XEP-0115 §5.1). */
void caps_hash(char out[CAPS_VER_SIZE], xmpp_ctx_t *ctx, const struct sj_strbuf *text);
/* Both in one. */
void caps_ver(char out[CAPS_VER_SIZE], xmpp_ctx_t *ctx, const struct caps_set *set);

#endif
