/* SPDX-License-Identifier: MPL-2.0 */
/* Writes spans as Message Styling, line by line, since a span never crosses one (XEP-0393 §6.2,
 * G393-01, G393-02).
 *
 * A directive is written only where a reader would take it as one: at the begin of a line, behind
 * a space or another opening directive, around text that does not begin or end with a space and
 * does not hold the same character. Otherwise the text stays and the style is lost. */
#include <string.h>

#include "sojourn/strbuf.h"
#include "xmpp_styling.h"

#define STYLING_FENCE "```"

struct styling_writer {
    const char *body;
    const struct sj_span *spans;
    size_t n;
    size_t first;                /* spans before it end before the present line */
    struct sj_strbuf *out;
    bool in_block;
    unsigned block_depth;        /* how deep its fence is quoted */
};

static char styling_directive(enum sj_style style)
{
    switch (style) {
    case SJ_STYLE_STRONG:
        return '*';
    case SJ_STYLE_EMPHASIS:
        return '_';
    case SJ_STYLE_STRIKE:
        return '~';
    case SJ_STYLE_CODE:
        return '`';
    default:
        return '\0';             /* a block */
    }
}

static bool styling_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Moves the borders of a span to where directives may stand; false: nothing is left. */
static bool styling_trim(const char *body, size_t *start, size_t *end)
{
    while (*start < *end && styling_is_blank(body[*start]))
        ++*start;
    while (*start < *end && styling_is_blank(body[*end - 1]))
        --*end;
    return *start < *end;
}

/* Text [at, end) with the spans from k on that lie in it. outer: the directive that was just
 * opened ('\0': none, a line begins when at is from). */
static void styling_write_range(struct styling_writer *w, size_t at, size_t end, size_t k,
                                char outer)
{
    const size_t from = at;

    for (; k < w->n && w->spans[k].start < end; k++) {
        size_t start = w->spans[k].start > at ? w->spans[k].start : at;
        size_t stop = w->spans[k].end < end ? w->spans[k].end : end;
        char mark = styling_directive(w->spans[k].style);
        if (!mark || start >= stop || !styling_trim(w->body, &start, &stop))
            continue;
        bool may_open = start == from ? mark != outer : styling_is_blank(w->body[start - 1]);
        if (!may_open || memchr(w->body + start, mark, stop - start))
            continue;                    /* what lies inside may still be expressed */
        sj_strbuf_add(w->out, w->body + at, start - at);
        sj_strbuf_addc(w->out, mark);
        if (mark == '`')
            sj_strbuf_add(w->out, w->body + start, stop - start);
        else
            styling_write_range(w, start, stop, k + 1, mark);
        sj_strbuf_addc(w->out, mark);
        at = stop;
    }
    sj_strbuf_add(w->out, w->body + at, end - at);
}

/* How deep the line at `at` is quoted, and whether it is preformatted. */
static unsigned styling_blocks_at(const struct styling_writer *w, size_t at, bool *block)
{
    unsigned depth = 0;

    *block = false;
    for (size_t k = w->first; k < w->n && w->spans[k].start <= at; k++) {
        if (w->spans[k].end <= at)
            continue;
        depth += w->spans[k].style == SJ_STYLE_QUOTE && depth < XMPP_STYLING_QUOTES_MAX;
        *block = *block || w->spans[k].style == SJ_STYLE_BLOCK;
    }
    return depth;
}

static void styling_write_quote_marks(struct styling_writer *w, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++)
        sj_strbuf_adds(w->out, "> ");
}

static void styling_write_fence(struct styling_writer *w, unsigned depth)
{
    styling_write_quote_marks(w, depth);
    sj_strbuf_adds(w->out, STYLING_FENCE "\n");
}

static void styling_write_line(struct styling_writer *w, size_t at, size_t end)
{
    bool block;
    unsigned depth = styling_blocks_at(w, at, &block);

    if (w->in_block && !block)
        styling_write_fence(w, w->block_depth);
    if (!w->in_block && block) {
        styling_write_fence(w, depth);
        w->block_depth = depth;
    }
    w->in_block = block;
    styling_write_quote_marks(w, depth);
    if (block)
        sj_strbuf_add(w->out, w->body + at, end - at);
    else
        styling_write_range(w, at, end, w->first, '\0');
}

void xmpp_styling_write(const char *body, const struct sj_span *spans, size_t n,
                        struct sj_strbuf *out)
{
    struct styling_writer w = {.body = body, .spans = spans, .n = n, .out = out};
    size_t length = strlen(body);

    for (size_t at = 0; at <= length; at++) {
        const char *stop = memchr(body + at, '\n', length - at);
        size_t end = stop ? (size_t)(stop - body) : length;
        while (w.first < n && spans[w.first].end <= at)
            w.first++;
        styling_write_line(&w, at, end);
        if (stop)
            sj_strbuf_addc(out, '\n');
        at = end;
    }
    if (w.in_block) {
        sj_strbuf_addc(out, '\n');
        styling_write_quote_marks(&w, w.block_depth);
        sj_strbuf_adds(out, STYLING_FENCE);
    }
}
