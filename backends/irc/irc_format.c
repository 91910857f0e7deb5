/* SPDX-License-Identifier: MPL-2.0 */
/* Formatting: bold, italics, strikethrough and monospace are toggles that may cross each other;
 * spans nest. Colours and the rest have no counterpart and vanish (irc_charset.c knows how long
 * they are). Source: the formatting conventions of clients, modern.ircdocs.horse/formatting. */
#include "irc_format.h"

#include <stdlib.h>
#include <string.h>

#include "irc_charset.h"
#include "sojourn/strbuf.h"

#define CODE_RESET 0x0f

static const struct {
    char code;
    enum sj_style style;
} codes[IRC_FORMAT_OPEN_MAX] = {
    { 0x02, SJ_STYLE_STRONG },
    { 0x1d, SJ_STYLE_EMPHASIS },
    { 0x1e, SJ_STYLE_STRIKE },
    { 0x11, SJ_STYLE_CODE },
};

/* Index into codes; IRC_FORMAT_OPEN_MAX: another byte. */
static unsigned code_index(char c)
{
    unsigned i = 0;

    while (i < IRC_FORMAT_OPEN_MAX && codes[i].code != c)
        i++;
    return i;
}

/* ---- reading ---- */

struct reader {
    struct sj_strbuf *out;
    struct sj_span *spans;
    size_t n, max;
    struct {
        unsigned code;
        size_t span;                 /* max: had no room */
    } open[IRC_FORMAT_OPEN_MAX];
    unsigned n_open;
};

static void open_code(struct reader *r, unsigned code)
{
    size_t at = r->max;

    if (r->n < r->max) {
        at = r->n++;
        r->spans[at] = (struct sj_span){ codes[code].style, (uint32_t)r->out->len, 0 };
    }
    r->open[r->n_open].code = code;
    r->open[r->n_open].span = at;
    r->n_open++;
}

static void close_last(struct reader *r)
{
    size_t at = r->open[--r->n_open].span;

    if (at < r->max)
        r->spans[at].end = (uint32_t)r->out->len;
}

/* What was opened after it is closed with it and opened again. */
static void toggle(struct reader *r, unsigned code)
{
    unsigned again[IRC_FORMAT_OPEN_MAX];
    unsigned at = 0, n_again = 0;

    while (at < r->n_open && r->open[at].code != code)
        at++;
    if (at == r->n_open) {
        open_code(r, code);
        return;
    }
    while (r->n_open > at + 1) {
        again[n_again++] = r->open[r->n_open - 1].code;
        close_last(r);
    }
    close_last(r);
    while (n_again > 0)
        open_code(r, again[--n_again]);
}

/* Takes out spans of nothing. */
static size_t compact(struct sj_span *spans, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (spans[i].end > spans[i].start)
            spans[kept++] = spans[i];
    }
    return kept;
}

size_t irc_format_read(struct sj_strbuf *out, const struct irc_charset *cs, const char *s, size_t n,
                       struct sj_span *spans, size_t max)
{
    struct reader r = { .out = out, .spans = spans, .max = max };
    size_t from = 0;

    for (size_t i = 0; i <= n; i++) {
        unsigned code = i < n ? code_index(s[i]) : IRC_FORMAT_OPEN_MAX;
        if (i < n && code == IRC_FORMAT_OPEN_MAX && s[i] != CODE_RESET)
            continue;
        irc_text_clean(out, cs, s + from, i - from);
        from = i + 1;
        if (code < IRC_FORMAT_OPEN_MAX)
            toggle(&r, code);
        else
            while (r.n_open > 0)
                close_last(&r);
    }
    return compact(spans, r.n);
}

/* ---- writing ---- */

/* Where a style begins or ends. */
struct edge {
    uint32_t at;
    unsigned code;
    int step;
};

static int compare_edges(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;

    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->step - y->step;                /* what ends goes first */
}

static unsigned style_code(enum sj_style style)
{
    unsigned i = 0;

    if (style == SJ_STYLE_BLOCK)
        style = SJ_STYLE_CODE;
    while (i < IRC_FORMAT_OPEN_MAX && codes[i].style != style)
        i++;
    return i;
}

static size_t collect_edges(struct edge *edges, const struct sj_span *spans, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n && i < SJ_SPANS_MAX; i++) {
        unsigned code = style_code(spans[i].style);
        if (code == IRC_FORMAT_OPEN_MAX || spans[i].end <= spans[i].start)
            continue;
        edges[count++] = (struct edge){ spans[i].start, code, 1 };
        edges[count++] = (struct edge){ spans[i].end, code, -1 };
    }
    qsort(edges, count, sizeof *edges, compare_edges);
    return count;
}

static void add_quote_marks(struct sj_strbuf *out, size_t at, const struct sj_span *spans, size_t n)
{
    for (size_t i = 0; i < n && spans[i].start <= at; i++) {
        if (spans[i].style == SJ_STYLE_QUOTE && spans[i].end > at)
            sj_strbuf_adds(out, "> ");
    }
}

static void add_codes(struct sj_strbuf *out, const int depth[IRC_FORMAT_OPEN_MAX])
{
    for (unsigned i = 0; i < IRC_FORMAT_OPEN_MAX; i++) {
        if (depth[i] > 0)
            sj_strbuf_addc(out, codes[i].code);
    }
}

void irc_format_write(struct sj_strbuf *out, const char *body, const struct sj_span *spans,
                      size_t n)
{
    struct edge edges[2 * SJ_SPANS_MAX];
    size_t n_edges = collect_edges(edges, spans, n);
    int depth[IRC_FORMAT_OPEN_MAX] = { 0 };
    size_t next = 0;

    add_quote_marks(out, 0, spans, n);
    for (size_t at = 0; body[at]; at++) {
        for (; next < n_edges && edges[next].at <= at; next++) {
            int before = depth[edges[next].code];
            depth[edges[next].code] += edges[next].step;
            if (!before != !depth[edges[next].code])
                sj_strbuf_addc(out, codes[edges[next].code].code);
        }
        if (body[at] != '\n') {
            sj_strbuf_addc(out, body[at]);
            continue;
        }
        add_codes(out, depth);               /* IRC lines begin without formatting */
        sj_strbuf_addc(out, '\n');
        add_quote_marks(out, at + 1, spans, n);
        add_codes(out, depth);
    }
}

unsigned irc_format_open(unsigned open, const char *part, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned code = (unsigned char)part[i] < 0x20 ? code_index(part[i]) : IRC_FORMAT_OPEN_MAX;
        if (code < IRC_FORMAT_OPEN_MAX)
            open ^= 1u << code;
    }
    return open;
}

size_t irc_format_codes(unsigned open, char out[IRC_FORMAT_OPEN_MAX])
{
    size_t n = 0;

    for (unsigned i = 0; i < IRC_FORMAT_OPEN_MAX; i++) {
        if (open & 1u << i)
            out[n++] = codes[i].code;
    }
    return n;
}
