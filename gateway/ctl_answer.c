/* SPDX-License-Identifier: MPL-2.0 */
/* What the daemon answers to sojournctl, as tables for people or as JSON for programs. An answer is
 * lines of tab-separated fields: the kind of record, then key=value, where %XX stands for bytes
 * that would break the line (control.c). */
#include "ctl_answer.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define CTL_FIELDS_MAX 64u

struct ctl_field {
    char *key, *value;
};

struct ctl_record {
    char *kind;
    struct ctl_field fields[CTL_FIELDS_MAX];
    size_t n;
};

static int ctl_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = sj_ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes %XX in place; NUL is left alone. */
static void ctl_unescape(char *s)
{
    char *out = s;
    while (*s) {
        int high = s[0] == '%' ? ctl_hex(s[1]) : -1;
        int low = high >= 0 ? ctl_hex(s[2]) : -1;
        if (low >= 0 && high * 16 + low > 0) {
            *out++ = (char)(high * 16 + low);
            s += 3;
        } else {
            *out++ = *s++;
        }
    }
    *out = '\0';
}

/* One line, cut in place. */
static void ctl_parse_record(struct ctl_record *r, char *line)
{
    *r = (struct ctl_record){.kind = line};
    char *next = strchr(line, '\t');
    while (next && r->n < CTL_FIELDS_MAX) {
        *next++ = '\0';
        char *field = next;
        next = strchr(field, '\t');
        if (next)
            *next = '\0';
        char *equals = strchr(field, '=');
        if (equals) {
            *equals = '\0';
            ctl_unescape(equals + 1);
            r->fields[r->n++] = (struct ctl_field){.key = field, .value = equals + 1};
        }
    }
}

static const char *ctl_record_get(const struct ctl_record *r, const char *key)
{
    for (size_t i = 0; i < r->n; i++) {
        if (strcmp(r->fields[i].key, key) == 0)
            return r->fields[i].value;
    }
    return "-";
}

/* Cuts text into records, a new array of *n. */
static struct ctl_record *ctl_parse_answer(char *text, size_t *n)
{
    size_t max = 0;
    for (const char *c = text; *c; c++)
        max += *c == '\n';
    struct ctl_record *records = sj_calloc(max + 1, sizeof *records);
    *n = 0;
    while (*text) {
        char *end = text + strcspn(text, "\n");
        bool last = *end == '\0';
        *end = '\0';
        if (*text)
            ctl_parse_record(&records[(*n)++], text);
        text = last ? end : end + 1;
    }
    return records;
}

static size_t ctl_width(const char *s)
{
    size_t width = 0;
    for (; *s; s++)
        width += ((unsigned char)*s & 0xC0u) != 0x80u;
    return width;
}

static void ctl_print_cell(const char *s, size_t width, bool last)
{
    printf("%s", s);
    if (last)
        putchar('\n');
    else
        printf("%*s", (int)(width - ctl_width(s)) + 2, "");
}

/* All records of one kind as a table; the columns are the keys of the first of them. */
static void ctl_print_table(const struct ctl_record *records, size_t n, const char *kind)
{
    const struct ctl_record *head = NULL;
    size_t widths[CTL_FIELDS_MAX] = {0};
    for (size_t i = 0; i < n; i++) {
        if (strcmp(records[i].kind, kind) != 0)
            continue;
        head = head ? head : &records[i];
        for (size_t f = 0; f < head->n; f++) {
            size_t name = ctl_width(head->fields[f].key);
            size_t value = ctl_width(SJ_CLIP(ctl_record_get(&records[i], head->fields[f].key)));
            size_t wider = name > value ? name : value;
            widths[f] = wider > widths[f] ? wider : widths[f];
        }
    }
    for (size_t f = 0; head && f < head->n; f++)
        ctl_print_cell(head->fields[f].key, widths[f], f + 1 == head->n);
    for (size_t i = 0; head && i < n; i++) {
        if (strcmp(records[i].kind, kind) != 0)
            continue;
        for (size_t f = 0; f < head->n; f++)
            ctl_print_cell(SJ_CLIP(ctl_record_get(&records[i], head->fields[f].key)), widths[f],
                           f + 1 == head->n);
    }
}

static bool ctl_is_first_of_kind(const struct ctl_record *records, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (strcmp(records[j].kind, records[i].kind) == 0)
            return false;
    }
    return true;
}

void ctl_answer_print_tables(char *text)
{
    size_t n;
    struct ctl_record *records = ctl_parse_answer(text, &n);
    for (size_t i = 0; i < n; i++) {
        if (!ctl_is_first_of_kind(records, i))
            continue;
        if (i > 0)
            putchar('\n');
        ctl_print_table(records, n, records[i].kind);
    }
    sj_free(records);
}

static struct json_object *ctl_json_value(const struct ctl_field *f)
{
    int64_t number;
    bool is_text = strcmp(f->key, "host") == 0 || strcmp(f->key, "version") == 0;
    if (!is_text && sj_parse_int(f->value, INT64_MIN, INT64_MAX, &number))
        return json_object_new_int64(number);
    return json_object_new_string(f->value);
}

/* Of these there is one; of all other kinds there may be any number. */
static bool ctl_is_single(const char *kind)
{
    static const char *const single[] = {"daemon", "total", "backup", "rekey"};
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++) {
        if (strcmp(kind, single[i]) == 0)
            return true;
    }
    return false;
}

static void ctl_json_add(struct json_object *root, const struct ctl_record *r)
{
    struct json_object *o = json_object_new_object();
    for (size_t f = 0; f < r->n; f++)
        json_object_object_add(o, r->fields[f].key, ctl_json_value(&r->fields[f]));
    if (ctl_is_single(r->kind)) {
        json_object_object_add(root, r->kind, o);
        return;
    }
    char plural[64];
    struct json_object *list;
    snprintf(plural, sizeof plural, "%ss", r->kind);
    if (!json_object_object_get_ex(root, plural, &list)) {
        list = json_object_new_array();
        json_object_object_add(root, plural, list);
    }
    json_object_array_add(list, o);
}

/* Adds the records to root, prints it, frees it. */
static void ctl_json_print(struct json_object *root, char *text)
{
    size_t n;
    struct ctl_record *records = ctl_parse_answer(text, &n);
    for (size_t i = 0; i < n; i++)
        ctl_json_add(root, &records[i]);
    puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
                                                  JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(root);
    sj_free(records);
}

void ctl_answer_print_json(char *text)
{
    ctl_json_print(json_object_new_object(), text);
}

/* {"daemon": {...}, "networks": [{...}, ...]} */
void ctl_answer_print_status(char *text)
{
    struct json_object *root = json_object_new_object();
    json_object_object_add(root, "daemon", NULL);
    json_object_object_add(root, "networks", json_object_new_array());
    ctl_json_print(root, text);
}
