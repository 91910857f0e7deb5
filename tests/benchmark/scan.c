/* SPDX-License-Identifier: MPL-2.0 */
/* A scanner for well-formed stanzas: counts depth by tags, honours quotes, checks nothing else.
 * The gateway's XML is judged by the tests, not by the benchmark. */
#include "scan.h"

#include <string.h>

bool slice_is(struct slice s, const char *text)
{
    size_t n = strlen(text);

    return s.p && s.n == n && memcmp(s.p, text, n) == 0;
}

bool slice_has(struct slice s, const char *text)
{
    return s.p && memmem(s.p, s.n, text, strlen(text)) != NULL;
}

struct slice slice_text(struct slice s, const char *name)
{
    const char *end = s.p + s.n;
    const char *at = s.p;
    size_t n = strlen(name);

    while ((at = memchr(at, '<', (size_t)(end - at))) != NULL) {
        const char *from, *to;

        at++;
        if ((size_t)(end - at) <= n || memcmp(at, name, n) != 0 || !strchr(" >/\t\n", at[n]))
            continue;
        from = memchr(at, '>', (size_t)(end - at));
        if (!from || from[-1] == '/')
            return (struct slice){0};
        to = memchr(from, '<', (size_t)(end - from));
        return to ? (struct slice){from + 1, (size_t)(to - from - 1)} : (struct slice){0};
    }
    return (struct slice){0};
}

/* Length of the tag that starts at p, with its brackets; 0: incomplete. */
static size_t tag_length(const char *p, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (p[i] == '>')
            return i + 1;
        if (p[i] == '"' || p[i] == '\'') {
            const char *q = memchr(p + i + 1, p[i], n - i - 1);

            if (!q)
                return 0;
            i = (size_t)(q - p);
        }
    }
    return 0;
}

static size_t name_length(const char *p, size_t n)
{
    size_t i = 0;

    while (i < n && !strchr(" \t\r\n/>=", p[i]))
        i++;
    return i;
}

static void attribute_keep(struct stanza *out, struct slice name, struct slice value)
{
    if (slice_is(name, "from"))
        out->from = value;
    else if (slice_is(name, "to"))
        out->to = value;
    else if (slice_is(name, "type"))
        out->type = value;
    else if (slice_is(name, "id"))
        out->id = value;
}

static void tag_read(const char *p, size_t n, struct stanza *out)
{
    size_t i = 1 + name_length(p + 1, n - 1);

    out->name = (struct slice){p + 1, i - 1};
    while (i < n) {
        struct slice name, value;
        const char *end;

        while (i < n && strchr(" \t\r\n/>", p[i]))
            i++;
        name = (struct slice){p + i, name_length(p + i, n - i)};
        i += name.n;
        while (i < n && p[i] != '"' && p[i] != '\'')
            i++;
        if (i >= n || !(end = memchr(p + i + 1, p[i], n - i - 1)))
            return;
        value = (struct slice){p + i + 1, (size_t)(end - p) - i - 1};
        attribute_keep(out, name, value);
        i = (size_t)(end - p) + 1;
    }
}

static bool tag_is_header(const struct stanza *s)
{
    return slice_is(s->name, "stream:stream");
}

/* Finds the end of the element whose start tag (first bytes) is open. */
static size_t element_length(const char *p, size_t n, size_t first)
{
    size_t at = first;
    unsigned depth = 1;

    while (at < n) {
        const char *open = memchr(p + at, '<', n - at);
        size_t length;

        if (!open)
            return 0;
        at = (size_t)(open - p);
        length = tag_length(open, n - at);
        if (length == 0)
            return 0;
        if (open[1] == '/')
            depth--;
        else if (open[length - 2] != '/')
            depth++;
        at += length;
        if (depth == 0)
            return at;
    }
    return 0;
}

enum scan_kind scan_next(const char *p, size_t n, size_t *used, struct stanza *out)
{
    size_t length;

    *used = 0;
    if (n == 0)
        return SCAN_MORE;
    if (p[0] != '<') {
        *used = 1;
        return strchr(" \t\r\n", p[0]) ? SCAN_SPACE : SCAN_BAD;
    }
    length = tag_length(p, n);
    if (length == 0)
        return SCAN_MORE;
    if (p[1] == '?') {
        *used = length;
        return SCAN_SPACE;
    }
    if (p[1] == '/') {
        *used = length;
        return SCAN_END;
    }
    *out = (struct stanza){0};
    tag_read(p, length, out);
    if (tag_is_header(out) || p[length - 2] == '/')
        *used = length;
    else
        *used = element_length(p, n, length);
    if (*used == 0)
        return SCAN_MORE;
    out->all = (struct slice){p, *used};
    return tag_is_header(out) ? SCAN_HEADER : SCAN_STANZA;
}
