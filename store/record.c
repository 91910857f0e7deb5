/* SPDX-License-Identifier: MPL-2.0 */
/* Records: encoding and decoding of what the store keeps, before sealing and after opening.
 *
 * What they are made of is record_io.c's affair. Decoders trust nothing: lengths, flags and the end
 * are checked, trailing bytes are refused. The schema byte is not part of these bytes: it stands
 * before the sealed record (seal.c) and selects the decoder here. Entries of archives have a file
 * of their own (record_archive.c). */
#include "record.h"

#include <string.h>

#include "record_io.h"
#include "store_priv.h"

/* First bytes of the sealed header: whoever can open it and finds them has the right key. */
static const char record_known[RECORD_HEADER_LEN - STORE_PART_LEN + 1] = "sojourn\0data";

enum record_contact_flag {
    RECORD_TO = 1u << 0,
    RECORD_FROM = 1u << 1,
    RECORD_ASKED_OUT = 1u << 2,
    RECORD_ASKED_IN = 1u << 3,
    RECORD_SUGGESTED = 1u << 4,
    RECORD_HAS_NAME = 1u << 5,
    RECORD_HAS_GROUP = 1u << 6,
    RECORD_MORE = 1u << 7,               /* a second byte of flags follows; since schema 2 */
    RECORD_CONTACT_FLAGS = (1u << 7) - 1
};
/* The second byte; never 0. */
enum record_told_flag {
    RECORD_NAME_TOLD = 1u << 0,
    RECORD_HAS_TOLD_NAME = 1u << 1,      /* with NAME_TOLD: differs from the name */
    RECORD_GROUP_TOLD = 1u << 2,
    RECORD_HAS_TOLD_GROUP = 1u << 3,
    RECORD_NAMED = 1u << 4,
    RECORD_ASKED = 1u << 5,
    RECORD_CREATED = 1u << 6,
    RECORD_UNWANTED = 1u << 7,
    RECORD_TOLD_FLAGS = (1u << 8) - 1
};

/* First byte of a record of a message; the last bit says that it is one of reactions. */
enum record_message_flag {
    RECORD_OWN = 1u << 0,
    RECORD_LATER = 1u << 1,
    RECORD_HAS_OTHER = 1u << 2,
    RECORD_MARKABLE = 1u << 3,
    RECORD_HAS_RESOURCE = 1u << 4,
    RECORD_MESSAGE_FLAGS = (1u << 5) - 1,
    RECORD_REACTIONS = 1u << 7
};

/* --- checks ------------------------------------------------------------------------------- */

static enum sj_status record_check_text(const char *what, const char *text, size_t min,
                                        size_t max, struct sj_error *err)
{
    size_t n = text ? strnlen(text, max + 1) : 0;
    if (!text || n < min)
        return sj_fail(err, SJ_INVALID, "the %s is missing", what);
    if (n > max)
        return sj_fail(err, SJ_INVALID, "the %s is longer than %zu bytes", what, max);
    return SJ_OK;
}

enum sj_status record_check_owner(const struct sj_owner *o, struct sj_error *err)
{
    enum sj_status status = record_check_text("network's address", o->host, 1,
                                              SJ_STORE_TEXT_MAX, err);
    if (status == SJ_OK)
        status = record_check_text("user's address", o->user, 1, SJ_STORE_TEXT_MAX, err);
    if (status == SJ_OK)
        status = record_check_text("label", o->label, 0, SJ_STORE_TEXT_MAX, err);
    return status;
}

static enum sj_status record_check_values(const struct sj_store_value *values, size_t n,
                                          size_t max, struct sj_error *err)
{
    enum sj_status status = SJ_OK;
    if (n > max)
        status = sj_fail(err, SJ_INVALID, "more than %zu values", max);
    for (size_t i = 0; status == SJ_OK && i < n; i++) {
        status = record_check_text("name of a value", values[i].var, 1, RECORD_VAR_MAX, err);
        /* var is a constant of the program; the value is never shown. */
        if (status == SJ_OK)
            status = record_check_text(values[i].var, values[i].value, 0, SJ_STORE_VALUE_MAX,
                                       err);
    }
    return status;
}

enum sj_status record_check_registration(const struct sj_registration *r, struct sj_error *err)
{
    enum sj_status status = record_check_owner(&r->owner, err);
    return status == SJ_OK
               ? record_check_values(r->values, r->n_values, SJ_STORE_VALUES_MAX, err)
               : status;
}

enum sj_status record_check_preferences(const struct sj_preferences *p, struct sj_error *err)
{
    return record_check_values(p->values, p->n, SJ_STORE_PREFERENCES_MAX, err);
}

enum sj_status record_check_contact(const struct sj_store_contact *c, struct sj_error *err)
{
    enum sj_status status = record_check_text("contact's id", c->id, 1, SJ_STORE_TEXT_MAX, err);
    if (status == SJ_OK && c->name)
        status = record_check_text("contact's name", c->name, 0, SJ_STORE_TEXT_MAX, err);
    if (status == SJ_OK && c->group)
        status = record_check_text("contact's group", c->group, 0, SJ_STORE_TEXT_MAX, err);
    if (status == SJ_OK && c->told_name)
        status = record_check_text("name in the roster", c->told_name, 0, SJ_STORE_TEXT_MAX, err);
    if (status == SJ_OK && c->told_group)
        status = record_check_text("group in the roster", c->told_group, 0, SJ_STORE_TEXT_MAX,
                                   err);
    return status;
}

bool record_check_message(const struct sj_store_message *m)
{
    return record_fits(m->network_id, SJ_ID_MAX) && record_fits(m->id, SJ_STORE_NAME_MAX) &&
           (!m->other_id || record_fits(m->other_id, SJ_STORE_NAME_MAX)) &&
           (!m->resource || strnlen(m->resource, SJ_STORE_NAME_MAX + 1) <= SJ_STORE_NAME_MAX);
}

bool record_check_reactions(const char *const *reactions, size_t n)
{
    bool fit = n <= SJ_REACTIONS_MAX;
    for (size_t i = 0; fit && i < n; i++)
        fit = record_fits(reactions[i], SJ_REACTION_MAX);
    return fit;
}

/* --- writing ------------------------------------------------------------------------------ */

static void record_add_owner(struct record_out *out, const struct sj_owner *o)
{
    record_add_text(out, o->host);
    record_add_text(out, o->user);
    record_add_text(out, o->label);
}

size_t record_encode_header(uint8_t *out, size_t cap, const uint8_t id[STORE_PART_LEN])
{
    struct record_out o = {out, 0, cap};
    record_add(&o, record_known, sizeof record_known - 1);
    record_add(&o, id, STORE_PART_LEN);
    return o.n;
}

size_t record_encode_key(uint8_t *out, size_t cap, const struct record_key *k)
{
    struct record_out o = {out, 0, cap};
    record_add(&o, k->key, SEAL_KEY_LEN);
    record_add_owner(&o, &k->owner);
    return o.n;
}

static void record_add_values(struct record_out *o, const struct sj_store_value *values, size_t n)
{
    record_add_uint(o, n, 1);
    for (size_t i = 0; i < n; i++) {
        record_add_text(o, values[i].var);
        record_add_text(o, values[i].value);
    }
}

size_t record_encode_registration(uint8_t *out, size_t cap, const struct sj_registration *r)
{
    struct record_out o = {out, 0, cap};
    record_add_uint(&o, (uint64_t)r->created_at, 8);
    record_add_owner(&o, &r->owner);
    record_add_values(&o, r->values, r->n_values);
    return o.n;
}

size_t record_encode_preferences(uint8_t *out, size_t cap, const struct sj_preferences *p)
{
    struct record_out o = {out, 0, cap};
    record_add_values(&o, p->values, p->n);
    return o.n;
}

size_t record_encode_flags(uint8_t *out, size_t cap, uint8_t flags)
{
    struct record_out o = {out, 0, cap};
    record_add_uint(&o, flags, 1);
    return o.n;
}

static unsigned record_told_flags(const struct sj_store_contact *c)
{
    return (c->name_told ? RECORD_NAME_TOLD : 0u) |
           (c->name_told && c->told_name ? RECORD_HAS_TOLD_NAME : 0u) |
           (c->group_told ? RECORD_GROUP_TOLD : 0u) |
           (c->group_told && c->told_group ? RECORD_HAS_TOLD_GROUP : 0u) |
           (c->named ? RECORD_NAMED : 0u) | (c->asked ? RECORD_ASKED : 0u) |
           (c->created ? RECORD_CREATED : 0u) | (c->unwanted ? RECORD_UNWANTED : 0u);
}

size_t record_encode_contact(uint8_t *out, size_t cap, const struct sj_store_contact *c)
{
    struct record_out o = {out, 0, cap};
    unsigned told = record_told_flags(c);
    record_add_uint(&o, (c->to ? RECORD_TO : 0u) | (c->from ? RECORD_FROM : 0u) |
                            (c->asked_out ? RECORD_ASKED_OUT : 0u) |
                            (c->asked_in ? RECORD_ASKED_IN : 0u) |
                            (c->suggested ? RECORD_SUGGESTED : 0u) |
                            (c->name ? RECORD_HAS_NAME : 0u) |
                            (c->group ? RECORD_HAS_GROUP : 0u) | (told ? RECORD_MORE : 0u), 1);
    if (told)
        record_add_uint(&o, told, 1);
    record_add_text(&o, c->id);
    if (c->name)
        record_add_text(&o, c->name);
    if (c->group)
        record_add_text(&o, c->group);
    if (told & RECORD_HAS_TOLD_NAME)
        record_add_text(&o, c->told_name);
    if (told & RECORD_HAS_TOLD_GROUP)
        record_add_text(&o, c->told_group);
    return o.n;
}

size_t record_encode_message(uint8_t *out, size_t cap, const struct sj_store_message *m)
{
    struct record_out o = {out, 0, cap};
    record_add_uint(&o, (m->own ? RECORD_OWN : 0u) | (m->later ? RECORD_LATER : 0u) |
                            (m->other_id ? RECORD_HAS_OTHER : 0u) |
                            (m->markable ? RECORD_MARKABLE : 0u) |
                            (m->resource ? RECORD_HAS_RESOURCE : 0u), 1);
    record_add_uint(&o, (uint64_t)m->at, 8);
    record_add_text(&o, m->network_id);
    record_add_text(&o, m->id);
    if (m->other_id)
        record_add_text(&o, m->other_id);
    if (m->resource)
        record_add_text(&o, m->resource);
    return o.n;
}

size_t record_encode_reactions(uint8_t *out, size_t cap, const char *const *reactions, size_t n)
{
    struct record_out o = {out, 0, cap};
    record_add_uint(&o, RECORD_REACTIONS, 1);
    record_add_uint(&o, n, 1);
    for (size_t i = 0; i < n; i++)
        record_add_text(&o, reactions[i]);
    return o.n;
}

size_t record_encode_state(uint8_t *out, size_t cap, const struct record_state *s)
{
    struct record_out o = {out, 0, cap};
    record_add_uint(&o, s->n, 4);
    record_add(&o, s->p, s->n);
    return o.n;
}

/* --- reading ------------------------------------------------------------------------------ */

static void record_take_owner(struct record_in *in, struct sj_owner *out)
{
    out->host = record_take_text(in, 1, SJ_STORE_TEXT_MAX);
    out->user = record_take_text(in, 1, SJ_STORE_TEXT_MAX);
    out->label = record_take_text(in, 0, SJ_STORE_TEXT_MAX);
}

bool record_decode_header(uint8_t id[STORE_PART_LEN], uint8_t schema, const uint8_t *p, size_t n)
{
    struct record_in in = {p, n, schema == 0 || schema > STORE_SCHEMA};
    const uint8_t *known = record_take(&in, sizeof record_known - 1);
    const uint8_t *from = record_take(&in, STORE_PART_LEN);
    if (!record_end(&in) || memcmp(known, record_known, sizeof record_known - 1) != 0)
        return false;
    memcpy(id, from, STORE_PART_LEN);
    return true;
}

bool record_decode_key(struct record_key *out, uint8_t schema, const uint8_t *p, size_t n)
{
    struct record_in in = record_start(schema, p, n);
    out->key = record_take(&in, SEAL_KEY_LEN);
    record_take_owner(&in, &out->owner);
    return record_end(&in);
}

static bool record_take_values(struct record_in *in, struct sj_store_value *values, size_t *n,
                               size_t max)
{
    *n = (size_t)record_take_uint(in, 1);
    if (*n > max)
        return false;
    for (size_t i = 0; i < *n; i++) {
        values[i].var = record_take_text(in, 1, RECORD_VAR_MAX);
        values[i].value = record_take_text(in, 0, SJ_STORE_VALUE_MAX);
    }
    return true;
}

bool record_decode_registration(struct sj_registration *out, uint8_t schema, const uint8_t *p,
                                size_t n)
{
    struct record_in in = record_start(schema, p, n);
    out->created_at = (int64_t)record_take_uint(&in, 8);
    out->sees_user = out->seen_by_user = out->online = false;
    record_take_owner(&in, &out->owner);
    return record_take_values(&in, out->values, &out->n_values, SJ_STORE_VALUES_MAX) &&
           record_end(&in);
}

bool record_decode_preferences(struct sj_preferences *out, uint8_t schema, const uint8_t *p,
                               size_t n)
{
    struct record_in in = record_start(schema, p, n);
    return record_take_values(&in, out->values, &out->n, SJ_STORE_PREFERENCES_MAX) &&
           record_end(&in);
}

bool record_decode_flags(uint8_t *out, uint8_t schema, const uint8_t *p, size_t n)
{
    struct record_in in = record_start(schema, p, n);
    *out = record_take_flags(&in, RECORD_FLAGS_ALL);
    return record_end(&in);
}

/* The second byte of a contact's flags. */
static uint8_t record_take_told(struct record_in *in)
{
    uint8_t told = record_take_flags(in, RECORD_TOLD_FLAGS);
    bool sound = told != 0 && (!(told & RECORD_HAS_TOLD_NAME) || told & RECORD_NAME_TOLD) &&
                 (!(told & RECORD_HAS_TOLD_GROUP) || told & RECORD_GROUP_TOLD);
    if (!sound)
        in->bad = true;
    return told;
}

bool record_decode_contact(struct sj_store_contact *out, uint8_t schema, const uint8_t *p,
                           size_t n)
{
    struct record_in in = record_start(schema, p, n);
    uint8_t flags = record_take_flags(&in, RECORD_CONTACT_FLAGS | (schema > 1 ? RECORD_MORE : 0u));
    uint8_t told = flags & RECORD_MORE ? record_take_told(&in) : 0;
    *out = (struct sj_store_contact){
        .name_told = (told & RECORD_NAME_TOLD) != 0, .group_told = (told & RECORD_GROUP_TOLD) != 0,
        .named = (told & RECORD_NAMED) != 0, .asked = (told & RECORD_ASKED) != 0,
        .created = (told & RECORD_CREATED) != 0, .unwanted = (told & RECORD_UNWANTED) != 0};
    out->to = (flags & RECORD_TO) != 0;
    out->from = (flags & RECORD_FROM) != 0;
    out->asked_out = (flags & RECORD_ASKED_OUT) != 0;
    out->asked_in = (flags & RECORD_ASKED_IN) != 0;
    out->suggested = (flags & RECORD_SUGGESTED) != 0;
    out->id = record_take_text(&in, 1, SJ_STORE_TEXT_MAX);
    if (flags & RECORD_HAS_NAME)
        out->name = record_take_text(&in, 0, SJ_STORE_TEXT_MAX);
    if (flags & RECORD_HAS_GROUP)
        out->group = record_take_text(&in, 0, SJ_STORE_TEXT_MAX);
    if (told & RECORD_HAS_TOLD_NAME)
        out->told_name = record_take_text(&in, 0, SJ_STORE_TEXT_MAX);
    if (told & RECORD_HAS_TOLD_GROUP)
        out->told_group = record_take_text(&in, 0, SJ_STORE_TEXT_MAX);
    return record_end(&in);
}

bool record_decode_message(struct sj_store_message *out, uint8_t schema, const uint8_t *p,
                           size_t n)
{
    struct record_in in = record_start(schema, p, n);
    uint8_t flags = record_take_flags(&in, RECORD_MESSAGE_FLAGS);
    *out = (struct sj_store_message){.own = (flags & RECORD_OWN) != 0,
                                     .later = (flags & RECORD_LATER) != 0,
                                     .markable = (flags & RECORD_MARKABLE) != 0};
    out->at = (int64_t)record_take_uint(&in, 8);
    out->network_id = record_take_text(&in, 1, SJ_ID_MAX);
    out->id = record_take_text(&in, 1, SJ_STORE_NAME_MAX);
    if (flags & RECORD_HAS_OTHER)
        out->other_id = record_take_text(&in, 1, SJ_STORE_NAME_MAX);
    if (flags & RECORD_HAS_RESOURCE)
        out->resource = record_take_text(&in, 0, SJ_STORE_NAME_MAX);
    return record_end(&in);
}

bool record_decode_reactions(struct record_reactions *out, uint8_t schema, const uint8_t *p,
                             size_t n)
{
    struct record_in in = record_start(schema, p, n);
    bool known = record_take_uint(&in, 1) == RECORD_REACTIONS;
    out->n = (size_t)record_take_uint(&in, 1);
    if (!known || out->n == 0 || out->n > SJ_REACTIONS_MAX)
        return false;
    for (size_t i = 0; i < out->n; i++)
        out->text[i] = record_take_text(&in, 1, SJ_REACTION_MAX);
    return record_end(&in);
}

bool record_decode_state(struct record_state *out, uint8_t schema, const uint8_t *p, size_t n)
{
    struct record_in in = record_start(schema, p, n);
    out->n = (size_t)record_take_uint(&in, 4);
    if (out->n == 0 || out->n > SJ_STORE_BLOB_MAX)
        return false;
    out->p = record_take(&in, out->n);
    return record_end(&in);
}
