/* SPDX-License-Identifier: MPL-2.0 */
/* What every backend shares: the list of endings, access to option values, and the check of a
 * backend's table, which is run at start so that a wrong table never gets to serve anybody. */
#include "sojourn/backend.h"

#include <assert.h>
#include <string.h>

#include "sojourn/strbuf.h"

#define BACKEND_NAME_MAX 16u
#define BACKEND_VAR_MAX 31u
#define BACKEND_CAPS ((SJ_CAP_THREADS << 1) - 1u)

struct end_row {
    const char *text;
    bool is_error;
    bool may_retry;
};

static const struct end_row end_table[] = {
#define END_ROW(name, text_, error, retry) \
    [SJ_END_##name] = {.text = (text_), .is_error = (error), .may_retry = (retry)},
    SJ_END_LIST(END_ROW)
#undef END_ROW
};

static const char *const end_names[] = {
    [SJ_END_ASKED] = "asked",
    [SJ_END_CLOSED] = "closed",
    [SJ_END_UNREACHABLE] = "unreachable",
    [SJ_END_TIMEOUT] = "timeout",
    [SJ_END_TLS] = "tls",
    [SJ_END_THROTTLED] = "throttled",
    [SJ_END_PROTOCOL] = "protocol",
    [SJ_END_OVERFLOW] = "overflow",
    [SJ_END_RESTART] = "restart",
    [SJ_END_AUTH] = "auth",
    [SJ_END_BANNED] = "banned",
    [SJ_END_CONFLICT] = "conflict",
};
_Static_assert(sizeof end_names / sizeof end_names[0] == SJ_END_COUNT, "a name for each ending");

const char *sj_end_name(enum sj_end end)
{
    assert((size_t)end < SJ_END_COUNT);
    return end_names[end];
}

const char *sj_end_text(enum sj_end end)
{
    assert((size_t)end < SJ_END_COUNT);
    return end_table[end].text;
}

bool sj_end_is_error(enum sj_end end)
{
    assert((size_t)end < SJ_END_COUNT);
    return end_table[end].is_error;
}

bool sj_end_may_retry(enum sj_end end)
{
    assert((size_t)end < SJ_END_COUNT);
    return end_table[end].may_retry;
}

const struct sj_value *sj_values_get(const struct sj_values *v, const char *name)
{
    size_t i = 0;
    while (i < v->n && strcmp(v->table[i].name, name) != 0)
        i++;
    assert(i < v->n);
    return &v->value[i];
}

const char *sj_values_text(const struct sj_values *v, const char *name)
{
    return sj_values_get(v, name)->text;
}

int64_t sj_values_number(const struct sj_values *v, const char *name)
{
    return sj_values_get(v, name)->number;
}

/* First a letter (any_first: or another of the set), then letters and those of `more`. */
static bool backend_is_word(const char *s, size_t max, const char *more, bool any_first)
{
    size_t n = s ? strlen(s) : 0;
    if (n == 0 || n > max)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool letter = s[i] >= 'a' && s[i] <= 'z';
        if (!letter && !((i > 0 || any_first) && strchr(more, s[i])))
            return false;
    }
    return true;
}

static bool backend_is_text(const char *s)
{
    return s && *s && sj_utf8_valid(s, strlen(s));
}

static const char *backend_check_texts(const struct sj_backend *b)
{
    if (b->abi != SJ_BACKEND_ABI)
        return "abi is not SJ_BACKEND_ABI";
    if (!backend_is_word(b->name, BACKEND_NAME_MAX, "0123456789-", true))
        return "name is not [a-z0-9-]{1,16}";
    if (!backend_is_text(b->network_type) || !backend_is_text(b->network_name))
        return "network_type or network_name is missing";
    if (!backend_is_text(b->id_name) || !backend_is_text(b->id_help) ||
        !backend_is_text(b->register_help))
        return "id_name, id_help or register_help is missing";
    return NULL;
}

/* Functions of capabilities, each there exactly when one of its bits is. */
static const char *backend_check_functions(const struct sj_backend *b)
{
    const struct {
        uint32_t caps;
        bool there;
        const char *text;
    } rows[] = {
        {SJ_CAP_CONTACTS, b->contact_add, "contact_add goes with SJ_CAP_CONTACTS"},
        {SJ_CAP_CONTACTS, b->contact_remove, "contact_remove goes with SJ_CAP_CONTACTS"},
        {SJ_CAP_PRESENCE, b->set_presence, "set_presence goes with SJ_CAP_PRESENCE"},
        {SJ_CAP_IDLE, b->set_idle, "set_idle goes with SJ_CAP_IDLE"},
        {SJ_CAP_APPROVAL, b->contact_answer, "contact_answer goes with SJ_CAP_APPROVAL"},
        {SJ_CAP_CONTACT_NAMES, b->contact_name, "contact_name goes with SJ_CAP_CONTACT_NAMES"},
        {SJ_CAP_TYPING, b->set_typing, "set_typing goes with SJ_CAP_TYPING"},
        {SJ_CAP_RECEIPTS | SJ_CAP_MARKERS | SJ_CAP_READ_SYNC | SJ_CAP_RETRACT | SJ_CAP_REACT,
         b->send_mark,
         "send_mark goes with SJ_CAP_RECEIPTS, _MARKERS, _READ_SYNC, _RETRACT and _REACT"},
        {SJ_CAP_FILES, b->file_data, "file_data goes with SJ_CAP_FILES"},
        {SJ_CAP_FILES, b->file_read, "file_read goes with SJ_CAP_FILES"},
        {SJ_CAP_FILES, b->file_next, "file_next goes with SJ_CAP_FILES"},
        {SJ_CAP_FILES, b->file_abort, "file_abort goes with SJ_CAP_FILES"},
        {SJ_CAP_PROFILES, b->profile_get, "profile_get goes with SJ_CAP_PROFILES"},
        {SJ_CAP_OWN_PROFILE, b->own_profile_set, "own_profile_set goes with SJ_CAP_OWN_PROFILE"},
        {SJ_CAP_SEARCH, b->search, "search goes with SJ_CAP_SEARCH"},
        {SJ_CAP_SEARCH, b->search_fields, "search_fields go with SJ_CAP_SEARCH"},
        {SJ_CAP_PROMPTS, b->prompt_answer, "prompt_answer goes with SJ_CAP_PROMPTS"},
        {SJ_CAP_ROOMS, b->rooms, "rooms goes with SJ_CAP_ROOMS"},
        {SJ_CAP_RAW, b->raw, "raw goes with SJ_CAP_RAW"},
        {SJ_CAP_RESUME, b->resume, "resume goes with SJ_CAP_RESUME"},
        {SJ_CAP_RAW, b->server_id, "server_id goes with SJ_CAP_RAW"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!(b->caps & rows[i].caps) != !rows[i].there)
            return rows[i].text;
    }
    return NULL;
}

static const char *backend_check_caps(const struct sj_backend *b)
{
    if (b->caps & ~(uint32_t)BACKEND_CAPS)
        return "caps holds unknown bits";
    if ((b->caps & (SJ_CAP_CONTACT_LIST | SJ_CAP_APPROVAL)) && !(b->caps & SJ_CAP_CONTACTS))
        return "SJ_CAP_CONTACT_LIST and SJ_CAP_APPROVAL need SJ_CAP_CONTACTS";
    if ((b->caps & SJ_CAP_IDLE) && !(b->caps & SJ_CAP_PRESENCE))
        return "SJ_CAP_IDLE needs SJ_CAP_PRESENCE";
    if (!b->net_new || !b->net_free || !b->wire || !b->id_canon || !b->account_check ||
        !b->link_new || !b->link_free || !b->connect || !b->disconnect || !b->send_message)
        return "a mandatory function is missing";
    if (b->avatar_get && !(b->caps & SJ_CAP_PROFILES))
        return "avatar_get needs SJ_CAP_PROFILES";
    if (!b->moved_marks != !b->id_moved)
        return "moved_marks and id_moved go together";
    if (b->rooms && (!b->rooms->is_room || !b->rooms->join || !b->rooms->leave ||
                     !b->rooms->set_nick || !b->rooms->set_subject))
        return "a mandatory function of rooms is missing";
    if (b->rooms && b->rooms->aliases && !b->rooms->change)
        return "aliases of rooms need change";
    return backend_check_functions(b);
}

static const char *backend_check_fields(const struct sj_field *fields, size_t n)
{
    if (n > SJ_FIELDS_MAX)
        return "more than SJ_FIELDS_MAX fields";
    if (n && !fields)
        return "fields is missing";
    for (size_t i = 0; i < n; i++) {
        const struct sj_field *f = &fields[i];
        if (!backend_is_word(f->var, BACKEND_VAR_MAX, "_", false))
            return "a field's var is not [a-z][a-z_]{0,30}";
        if (!backend_is_text(f->label))
            return "a field has no label";
        if (f->kind == SJ_FIELD_SECRET && f->fallback)
            return "a secret field has a default";
        for (size_t j = 0; j < i; j++) {
            if (strcmp(fields[j].var, f->var) == 0)
                return "two fields have the same var";
        }
    }
    return NULL;
}

static const char *backend_check_option(const struct sj_option *o)
{
    if (!backend_is_word(o->name, BACKEND_VAR_MAX, "0123456789-", false))
        return "an option's name is not [a-z][a-z0-9-]{0,30}";
    if (!backend_is_text(o->help))
        return "an option has no help";
    if (o->required && o->fallback)
        return "a required option has a default";
    bool ranged = o->kind == SJ_OPTION_INT || o->kind == SJ_OPTION_DURATION;
    if (ranged && o->min > o->max)
        return "an option's range is empty";
    if ((o->kind == SJ_OPTION_CHOICE) != !!o->choices)
        return "choices go with SJ_OPTION_CHOICE";
    if (o->kind == SJ_OPTION_SECRET && o->fallback)
        return "a secret option has a default";
    return NULL;
}

static const char *backend_check_options(const struct sj_backend *b)
{
    if (b->n_options && !b->options)
        return "options is missing";
    for (size_t i = 0; i < b->n_options; i++) {
        const char *wrong = backend_check_option(&b->options[i]);
        if (wrong)
            return wrong;
        for (size_t j = 0; j < i; j++) {
            if (strcmp(b->options[j].name, b->options[i].name) == 0)
                return "two options have the same name";
        }
    }
    return NULL;
}

const char *sj_backend_check(const struct sj_backend *b)
{
    const char *wrong = backend_check_texts(b);
    if (!wrong)
        wrong = backend_check_caps(b);
    if (!wrong)
        wrong = backend_check_fields(b->fields, b->n_fields);
    if (!wrong)
        wrong = backend_check_fields(b->search_fields, b->n_search_fields);
    if (!wrong)
        wrong = backend_check_options(b);
    return wrong;
}
