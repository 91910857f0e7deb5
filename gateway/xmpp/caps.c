/* SPDX-License-Identifier: MPL-2.0 */
/* Computes the verification string of XEP-0115 §5.1.
 *
 * Order is by octet; every piece ends in '<'; the three slashes of an identity are always there.
 * Computed once for each set of features, never for each contact (G115-11). */
#include "caps.h"

#include <stdlib.h>
#include <string.h>

#include "sojourn/memory.h"
#include "sojourn/sha1.h"

static int caps_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts the n texts and appends them, each with its end; frees them. */
static void caps_add_sorted(struct sj_strbuf *out, char **texts, size_t n)
{
    if (n > 0)
        qsort(texts, n, sizeof *texts, caps_compare);
    for (size_t i = 0; i < n; i++) {
        sj_strbuf_adds(out, texts[i]);
        sj_free(texts[i]);
    }
    sj_free(texts);
}

static char *caps_identity_text(const struct caps_identity *id)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, CAPS_TEXT_MAX);
    sj_strbuf_addf(&b, "%s/%s/%s/%s<", id->category, id->type, id->lang != NULL ? id->lang : "",
                   id->name != NULL ? id->name : "");
    return sj_strbuf_take(&b);
}

static char *caps_value_text(const char *value)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, CAPS_TEXT_MAX);
    sj_strbuf_addf(&b, "%s<", value);
    return sj_strbuf_take(&b);
}

static char *caps_field_text(const struct caps_field *field)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, CAPS_TEXT_MAX);
    sj_strbuf_addf(&b, "%s<", field->var);
    char **values = sj_calloc(field->n_values, sizeof *values);
    for (size_t i = 0; i < field->n_values; i++)
        values[i] = caps_value_text(field->values[i]);
    caps_add_sorted(&b, values, field->n_values);
    return sj_strbuf_take(&b);
}

static char *caps_form_text(const struct caps_form *form)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, CAPS_TEXT_MAX);
    sj_strbuf_addf(&b, "%s<", form->form_type);
    char **fields = sj_calloc(form->n_fields, sizeof *fields);
    for (size_t i = 0; i < form->n_fields; i++)
        fields[i] = caps_field_text(&form->fields[i]);
    caps_add_sorted(&b, fields, form->n_fields);
    return sj_strbuf_take(&b);
}

void caps_text(struct sj_strbuf *out, const struct caps_set *set)
{
    char **identities = sj_calloc(set->n_identities, sizeof *identities);
    for (size_t i = 0; i < set->n_identities; i++)
        identities[i] = caps_identity_text(&set->identities[i]);
    caps_add_sorted(out, identities, set->n_identities);
    char **features = sj_calloc(set->n_features, sizeof *features);
    for (size_t i = 0; i < set->n_features; i++)
        features[i] = caps_value_text(set->features[i]);
    caps_add_sorted(out, features, set->n_features);
    char **forms = sj_calloc(set->n_forms, sizeof *forms);
    for (size_t i = 0; i < set->n_forms; i++)
        forms[i] = caps_form_text(&set->forms[i]);
    caps_add_sorted(out, forms, set->n_forms);
}

void caps_hash(char out[CAPS_VER_SIZE], xmpp_ctx_t *ctx, const struct sj_strbuf *text)
{
    uint8_t digest[SJ_SHA1_LEN];
    sj_sha1(digest, text->s, text->len);
    char *ver = xmpp_base64_encode(ctx, digest, sizeof digest);
    sj_copy(out, CAPS_VER_SIZE, ver);
    xmpp_free(ctx, ver);
}

void caps_ver(char out[CAPS_VER_SIZE], xmpp_ctx_t *ctx, const struct caps_set *set)
{
    struct sj_strbuf text;
    sj_strbuf_init(&text, CAPS_TEXT_MAX);
    caps_text(&text, set);
    caps_hash(out, ctx, &text);
    sj_strbuf_release(&text);
}
