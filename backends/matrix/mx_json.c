/* SPDX-License-Identifier: MPL-2.0 */
/* Reading and writing JSON (RFC 8259) with json-c, whose defaults are too kind: it accepts
 * trailing text, converts types silently, and lets strings hold NUL. How large a body may be is
 * said where it is asked for (mx_call.c); depth and UTF-8 are checked here, the latter when a
 * text is looked at: json-c's own check forgets at the end of a piece that it is inside of a
 * character. */
#include "mx_json.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* ---- bodies ---- */

void mx_body_init(struct mx_body *b)
{
    *b = (struct mx_body){.tokener = NULL};
}

void mx_body_release(struct mx_body *b)
{
    if (b->tokener)
        json_tokener_free(b->tokener);
    json_object_put(b->root);
    mx_body_init(b);
}

static bool body_is_blank(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!strchr(" \t\r\n", p[i]) || p[i] == '\0')
            return false;
    }
    return true;
}

void mx_body_add(struct mx_body *b, const char *p, size_t n)
{
    if (b->failed || n == 0)
        return;
    if (b->root) {
        b->failed = !body_is_blank(p, n);
        return;
    }
    if (!b->tokener) {
        b->tokener = json_tokener_new_ex(MX_JSON_DEPTH);
        if (!b->tokener) {
            b->failed = true;
            return;
        }
        json_tokener_set_flags(b->tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
    }
    b->root = json_tokener_parse_ex(b->tokener, p, (int)n);
    enum json_tokener_error state = json_tokener_get_error(b->tokener);
    if (state == json_tokener_continue)
        return;
    size_t end = json_tokener_get_parse_end(b->tokener);
    b->failed = state != json_tokener_success || !b->root || !body_is_blank(p + end, n - end);
}

struct json_object *mx_body_take(struct mx_body *b)
{
    if (b->failed || !json_object_is_type(b->root, json_type_object))
        return NULL;
    struct json_object *root = b->root;
    b->root = NULL;
    return root;
}

/* ---- reading ---- */

static struct json_object *json_member(struct json_object *o, const char *key, json_type type)
{
    struct json_object *value = NULL;
    if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, key, &value))
        return NULL;
    return json_object_is_type(value, type) ? value : NULL;
}

const char *mx_json_value(struct json_object *o, size_t max)
{
    if (!json_object_is_type(o, json_type_string))
        return NULL;
    const char *s = json_object_get_string(o);
    size_t n = (size_t)json_object_get_string_len(o);
    return n <= max && strlen(s) == n && sj_utf8_valid(s, n) ? s : NULL;
}

const char *mx_json_text(struct json_object *o, const char *key, size_t max)
{
    return mx_json_value(json_member(o, key, json_type_string), max);
}

struct json_object *mx_json_object(struct json_object *o, const char *key)
{
    return json_member(o, key, json_type_object);
}

struct json_object *mx_json_array(struct json_object *o, const char *key)
{
    return json_member(o, key, json_type_array);
}

/* Some servers write whole numbers as 1.5e12; what json-c cannot hold it makes the largest, which
 * is out of every range here. */
bool mx_json_int(struct json_object *o, const char *key, int64_t min, int64_t max, int64_t *out)
{
    struct json_object *value = json_member(o, key, json_type_int);
    int64_t number;
    if (value) {
        number = json_object_get_int64(value);
    } else {
        value = json_member(o, key, json_type_double);
        double d = value ? json_object_get_double(value) : NAN;
        if (!(d >= -9007199254740992.0 && d <= 9007199254740992.0) || d != floor(d))
            return false;
        number = (int64_t)d;
    }
    if (number < min || number > max)
        return false;
    *out = number;
    return true;
}

bool mx_json_is_true(struct json_object *o, const char *key)
{
    struct json_object *value = json_member(o, key, json_type_boolean);
    return value && json_object_get_boolean(value);
}

size_t mx_json_length(struct json_object *array)
{
    return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

struct json_object *mx_json_at(struct json_object *array, size_t i)
{
    struct json_object *o = i < mx_json_length(array) ? json_object_array_get_idx(array, i) : NULL;
    return json_object_is_type(o, json_type_object) ? o : NULL;
}

const char *mx_json_text_at(struct json_object *array, size_t i, size_t max)
{
    return i < mx_json_length(array) ? mx_json_value(json_object_array_get_idx(array, i), max)
                                     : NULL;
}

void mx_json_wipe(struct json_object *o, const char *key)
{
    struct json_object *value = json_member(o, key, json_type_string);
    if (value)                           /* the tree is ours alone */
        sj_wipe((char *)json_object_get_string(value),
                (size_t)json_object_get_string_len(value));
}

/* ---- writing ---- */

void mx_json_put(struct json_object *o, const char *key, const char *value)
{
    if (value)
        json_object_object_add(o, key, json_object_new_string(value));
}

void mx_json_put_int(struct json_object *o, const char *key, int64_t value)
{
    json_object_object_add(o, key, json_object_new_int64(value));
}

void mx_json_put_bool(struct json_object *o, const char *key, bool value)
{
    json_object_object_add(o, key, json_object_new_boolean(value));
}

struct json_object *mx_json_put_object(struct json_object *o, const char *key)
{
    struct json_object *child = json_object_new_object();
    json_object_object_add(o, key, child);
    return child;
}

struct json_object *mx_json_put_array(struct json_object *o, const char *key)
{
    struct json_object *child = json_object_new_array();
    json_object_object_add(o, key, child);
    return child;
}

void mx_json_add(struct json_object *array, const char *value)
{
    json_object_array_add(array, json_object_new_string(value));
}

bool mx_json_quote(char *out, size_t size, const char *s)
{
    size_t n = 0;
    if (size < 3)
        return false;
    out[n++] = '"';
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (n + 8 > size)
            return false;
        if (c == '"' || c == '\\') {
            out[n++] = '\\';
            out[n++] = *s;
        } else if (c < 0x20) {
            n += (size_t)snprintf(out + n, size - n, "\\u%04x", (unsigned)c);
        } else {
            out[n++] = *s;
        }
    }
    out[n++] = '"';
    out[n] = '\0';
    return true;
}

/* ---- text ---- */

void mx_text_clean(struct sj_strbuf *out, const char *s, size_t max, bool lines)
{
    size_t n = sj_utf8_cut(s, strlen(s), max);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '\r' && (i + 1 >= n || s[i + 1] != '\n'))
            sj_strbuf_addc(out, lines ? '\n' : ' ');
        else if (c == '\n' || c == '\t')
            sj_strbuf_addc(out, lines ? s[i] : ' ');
        else if (c >= 0x20 && c != 0x7f)
            sj_strbuf_addc(out, s[i]);
    }
}
