/* SPDX-License-Identifier: MPL-2.0 */
/* Reads INI text: a line is blank, a comment (# or ; first), a [section], or key = value, whose
 * value may stand in double quotes (then all between the first and the last quote counts). No
 * continuation lines, no comments behind values: a password may hold any character. What names and
 * values mean is left to config.c. */
#include "config_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define READ_PROBLEM_MAX 1024u

struct config_problem {
    unsigned line;
    size_t order;
    char *text;
};

void config_problem_add(struct config_problems *p, unsigned line, const char *fmt, ...)
{
    if (p->n == CONFIG_PROBLEMS_MAX) {
        p->more = true;
        return;
    }
    char text[READ_PROBLEM_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (!p->list)
        p->list = sj_calloc(CONFIG_PROBLEMS_MAX, sizeof *p->list);
    p->list[p->n] = (struct config_problem){.line = line, .order = p->n, .text = sj_strdup(text)};
    p->n++;
}

static int problem_compare(const void *a, const void *b)
{
    const struct config_problem *x = a;
    const struct config_problem *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

void config_problems_report(struct config_problems *p, const char *name, config_report *report,
                            void *ctx)
{
    struct sj_strbuf text;
    sj_strbuf_init(&text, SIZE_MAX - 1);
    if (p->n)
        qsort(p->list, p->n, sizeof *p->list, problem_compare);
    for (size_t i = 0; i < p->n; i++) {
        sj_strbuf_reset(&text);
        if (p->list[i].line)
            sj_strbuf_addf(&text, "%s:%u: %s", name, p->list[i].line, p->list[i].text);
        else
            sj_strbuf_addf(&text, "%s: %s", name, p->list[i].text);
        report(ctx, text.s);
        sj_free(p->list[i].text);
    }
    if (p->more) {
        sj_strbuf_reset(&text);
        sj_strbuf_addf(&text, "%s:%u: there are more problems than these %u", name,
                       p->list[p->n - 1].line, CONFIG_PROBLEMS_MAX);
        report(ctx, text.s);
    }
    sj_strbuf_release(&text);
    sj_free(p->list);
    *p = (struct config_problems){0};
}

static bool read_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Cuts blanks off both ends. */
static char *read_trim(char *s)
{
    while (read_is_blank(*s))
        s++;
    size_t n = strlen(s);
    while (n && read_is_blank(s[n - 1]))
        n--;
    s[n] = '\0';
    return s;
}

static bool read_is_key(const char *s)
{
    for (const char *c = s; *c; c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
        if (!letter && !(*c >= '0' && *c <= '9') && *c != '-' && *c != '_')
            return false;
    }
    return *s != '\0';
}

/* One line as text, n bytes with a NUL behind; says what is wrong with it as a whole. */
static bool read_is_text(const char *s, size_t n, unsigned line, struct config_problems *p)
{
    if (!sj_utf8_valid(s, n)) {
        config_problem_add(p, line, "this line is not UTF-8 text");
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F) {
            config_problem_add(p, line, "a control character (0x%02x) stands in this line", c);
            return false;
        }
    }
    return true;
}

static void read_section(struct config_ini *ini, char *s, unsigned line, struct config_problems *p)
{
    char *end = strchr(s, ']');
    if (!end || end[1] != '\0') {
        config_problem_add(p, line, "a section is written as [NAME], with nothing behind it");
        /* It was meant as a section all the same: what follows belongs to it. */
        if (end)
            *end = '\0';
    } else {
        *end = '\0';
    }
    size_t i = ini->n_sections++;
    if ((i & (i - 1)) == 0)     /* a power of two is full: double */
        ini->sections = sj_realloc(ini->sections, (i ? i * 2 : 1) * sizeof *ini->sections);
    ini->sections[i] =
        (struct config_section){.name = read_trim(s + 1), .line = line, .first = ini->n_entries};
}

static bool read_unquote(struct config_entry *e, char *value, struct config_problems *p)
{
    size_t n = strlen(value);
    if (value[0] == '"') {
        if (n < 2 || value[n - 1] != '"') {
            config_problem_add(p, e->line, "%s: the closing double quote is missing", e->key);
            return false;
        }
        value[n - 1] = '\0';
        value++;
        e->quoted = true;
    }
    e->value = value;
    return true;
}

static void read_entry(struct config_ini *ini, char *s, unsigned line, struct config_problems *p)
{
    char *equals = strchr(s, '=');
    if (!equals) {
        config_problem_add(p, line, "expected KEY = VALUE, [SECTION], or a comment that starts "
                                    "with # or ;");
        return;
    }
    *equals = '\0';
    struct config_entry e = {.key = read_trim(s), .line = line};
    if (!read_is_key(e.key)) {
        config_problem_add(p, line, "\"%s\" cannot be a key: letters, digits and hyphens make one",
                           SJ_CLIP(e.key));
        return;
    }
    if (!ini->n_sections) {
        config_problem_add(p, line, "%s: stands before any [SECTION]", SJ_CLIP(e.key));
        return;
    }
    if (!read_unquote(&e, read_trim(equals + 1), p))
        return;
    size_t i = ini->n_entries++;
    if ((i & (i - 1)) == 0)
        ini->entries = sj_realloc(ini->entries, (i ? i * 2 : 1) * sizeof *ini->entries);
    ini->entries[i] = e;
    ini->sections[ini->n_sections - 1].n++;
}

void config_ini_read(struct config_ini *out, char *text, size_t n, struct config_problems *p)
{
    *out = (struct config_ini){0};
    char *end = text + n;
    char *s = text;
    if (n >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0)    /* some editors put a byte order mark */
        s += 3;
    for (unsigned line = 1; s < end; line++) {
        char *eol = memchr(s, '\n', (size_t)(end - s));
        char *next = eol ? eol + 1 : end;
        size_t len = (size_t)((eol ? eol : end) - s);
        if (len && s[len - 1] == '\r')
            len--;
        s[len] = '\0';
        if (read_is_text(s, len, line, p)) {
            char *start = read_trim(s);
            if (*start == '[')
                read_section(out, start, line, p);
            else if (*start && *start != '#' && *start != ';')
                read_entry(out, start, line, p);
        }
        s = next;
    }
}

void config_ini_release(struct config_ini *ini)
{
    sj_free(ini->sections);
    sj_free(ini->entries);
    *ini = (struct config_ini){0};
}
