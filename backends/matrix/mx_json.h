/* SPDX-License-Identifier: MPL-2.0 */
/* JSON as home servers send it: a body read piece by piece under limits, and typed access. What has
 * the wrong type, is out of range or too long is as good as missing; nothing is ever converted.
 * Trees belong to json-c; what the getters return is borrowed from the tree. */
#ifndef MX_JSON_H
#define MX_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;
struct json_tokener;
struct sj_strbuf;

#define MX_JSON_DEPTH 64                 /* levels of nesting; events have far fewer */

/* A body on its way in. Owner: whoever asked for it. */
struct mx_body {
    struct json_tokener *tokener;
    struct json_object *root;            /* complete */
    bool failed;                         /* no JSON, or too deep */
};
void mx_body_init(struct mx_body *b);
void mx_body_release(struct mx_body *b);
void mx_body_add(struct mx_body *b, const char *p, size_t n);
/* The object that the body was, owned by the caller (json_object_put); NULL: it was none. */
struct json_object *mx_body_take(struct mx_body *b);

/* Members of o (which may be NULL); NULL or false: missing, or not fit. Texts are at most max bytes
 * and hold no NUL. */
const char *mx_json_text(struct json_object *o, const char *key, size_t max);
struct json_object *mx_json_object(struct json_object *o, const char *key);
struct json_object *mx_json_array(struct json_object *o, const char *key);
bool mx_json_int(struct json_object *o, const char *key, int64_t min, int64_t max, int64_t *out);
bool mx_json_is_true(struct json_object *o, const char *key);
/* Elements of an array (which may be NULL). */
size_t mx_json_length(struct json_object *array);
struct json_object *mx_json_at(struct json_object *array, size_t i);      /* an object, or NULL */
const char *mx_json_text_at(struct json_object *array, size_t i, size_t max);
/* The text of o itself. */
const char *mx_json_value(struct json_object *o, size_t max);

/* Overwrites a secret text inside the tree. */
void mx_json_wipe(struct json_object *o, const char *key);

/* Writing: adds a member; NULL values are left out. */
void mx_json_put(struct json_object *o, const char *key, const char *value);
void mx_json_put_int(struct json_object *o, const char *key, int64_t value);
void mx_json_put_bool(struct json_object *o, const char *key, bool value);
/* A new object as the member; borrowed. */
struct json_object *mx_json_put_object(struct json_object *o, const char *key);
struct json_object *mx_json_put_array(struct json_object *o, const char *key);
void mx_json_add(struct json_object *array, const char *value);
/* s between quotation marks; false: out (size bytes) is too small. For secrets, which are not to
 * pass through buffers that grow. */
bool mx_json_quote(char *out, size_t size, const char *s);

/* Text for people, as the contract wants it: no C0 controls but tab and newline (CR LF is one), cut
 * to max bytes on a code point. lines false: newlines and tabs become spaces. */
void mx_text_clean(struct sj_strbuf *out, const char *s, size_t max, bool lines);

#endif
