/* SPDX-License-Identifier: MPL-2.0 */
/* Reads Message Styling: blocks first, then spans, left to right, each closed by the first
 * directive that may close it (XEP-0393 §5 and §6, G393-02). No Markdown (G393-05).
 *
 * The text is hostile: every search for a closing directive that fails is remembered for the rest
 * of its line, so that the whole takes time in proportion to the length. Writing is
 * styling_write.c. */
#include <assert.h>
#include <string.h>

#include "sojourn/strbuf.h"
#include "xmpp_styling.h"

#define STYLING_DIRECTIVES "*_~`"
#define STYLING_FENCE "```"

struct styling_reader {
    struct sj_strbuf *out;       /* NULL: only counts */
    size_t base;                 /* length of out before */
    size_t length;               /* of what was appended */
    struct sj_span *spans;
    size_t n, max;
};

/* A line between two pointers, and the rest behind its line end. */
struct styling_line {
    const char *p;
    size_t n;
};

static enum sj_style styling_style(char directive)
{
    switch (directive) {
    case '*':
        return SJ_STYLE_STRONG;
    case '_':
        return SJ_STYLE_EMPHASIS;
    case '~':
        return SJ_STYLE_STRIKE;
    default:
        return SJ_STYLE_CODE;
    }
}

static void styling_append(struct styling_reader *r, const char *p, size_t n)
{
    if (r->out)
        sj_strbuf_add(r->out, p, n);
    r->length += n;
}

/* The place of a span that begins here; its end is filled in later. */
static size_t styling_open(struct styling_reader *r, enum sj_style style)
{
    assert(r->n < r->max);
    r->spans[r->n] = (struct sj_span){.style = style, .start = (uint32_t)r->length};
    return r->n++;
}

static void styling_close(struct styling_reader *r, size_t at)
{
    r->spans[at].end = (uint32_t)r->length;
}

static bool styling_is_space(const char *p, const char *end)
{
    uint32_t cp;

    if (*p == ' ' || *p == '\t')
        return true;
    if ((unsigned char)*p < 0x80 || !sj_utf8_decode(p, (size_t)(end - p), &cp))
        return false;
    return cp == 0x00a0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 ||
           cp == 0x2029 || cp == 0x202f || cp == 0x205f || cp == 0x3000;
}

static bool styling_is_space_before(const char *start, const char *p)
{
    const char *end = p;

    do
        p--;
    while (p > start && ((unsigned char)*p & 0xc0) == 0x80);
    return styling_is_space(p, end);
}

/* May the directive at p open a span? start: where its context begins, just behind the opening
 * directive outer ('\0': the block's begin). */
static bool styling_may_open(const char *start, const char *p, const char *end, char outer)
{
    /* Two of a kind are no directive, but somebody's Markdown, or a row of stars. */
    if (p + 1 >= end || p[1] == *p || styling_is_space(p + 1, end))
        return false;
    if (p == start)
        return *p != outer;
    return styling_is_space_before(start, p);
}

/* The directive that closes what opens at p; NULL: none. */
static const char *styling_find_end(const char *p, const char *end)
{
    for (const char *q = p + 2; q < end; q++) {
        if (*q == *p && !styling_is_space_before(p + 1, q))
            return q;
    }
    return NULL;
}

/* Spans nest at most four deep: a span holds no directive that could have closed it. */
static void styling_read_spans(struct styling_reader *r, const char *p, const char *end, char outer)
{
    const char *start = p;
    bool hopeless[4] = {false};

    while (p < end) {
        const char *kind = *p ? strchr(STYLING_DIRECTIVES, *p) : NULL;
        size_t which = kind ? (size_t)(kind - STYLING_DIRECTIVES) : 0;
        const char *close = NULL;
        if (kind && !hopeless[which] && r->n < r->max && styling_may_open(start, p, end, outer)) {
            close = styling_find_end(p, end);
            hopeless[which] = close == NULL;
        }
        if (!close) {
            styling_append(r, p, 1);
            p++;
            continue;
        }
        size_t at = styling_open(r, styling_style(*p));
        if (*p == '`')
            styling_append(r, p + 1, (size_t)(close - p - 1));
        else
            styling_read_spans(r, p + 1, close, *p);
        styling_close(r, at);
        p = close + 1;
    }
}

/* The line at p without the marks of depth quotations; false: it is quoted less deep, or the text
 * is over. */
static bool styling_peel(const char *p, const char *end, unsigned depth, struct styling_line *line)
{
    if (p >= end)
        return false;
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    if (!stop)
        stop = end;
    for (unsigned i = 0; i < depth; i++) {
        if (p == stop || *p != '>')
            return false;
        p++;
        if (p < stop && (*p == ' ' || *p == '\t'))
            p++;
    }
    *line = (struct styling_line){p, (size_t)(stop - p)};
    return true;
}

static const char *styling_next_line(const struct styling_line *line, const char *end)
{
    const char *stop = line->p + line->n;
    return stop < end ? stop + 1 : end;
}

static bool styling_is_fence(const struct styling_line *line)
{
    return line->n >= 3 && memcmp(line->p, STYLING_FENCE, 3) == 0;
}

/* Starts a new line of the plain text, unless it is the first. */
static void styling_line_break(struct styling_reader *r, bool *first)
{
    if (!*first)
        styling_append(r, "\n", 1);
    *first = false;
}

/* A preformatted block whose opening fence is the line at p: to its closing fence or the end of
 * the block around it. Returns what follows. A fence around nothing is text. */
static const char *styling_read_block(struct styling_reader *r, const char *p, const char *end,
                                      unsigned depth, bool *first)
{
    struct styling_line line;
    size_t at = 0;
    bool any = false;

    styling_peel(p, end, depth, &line);
    struct styling_line fence = line;
    for (p = styling_next_line(&line, end); styling_peel(p, end, depth, &line);
         p = styling_next_line(&line, end)) {
        if (styling_is_fence(&line) && line.n == 3) {
            p = styling_next_line(&line, end);
            break;
        }
        styling_line_break(r, first);
        if (!any)
            at = styling_open(r, SJ_STYLE_BLOCK);
        any = true;
        styling_append(r, line.p, line.n);
    }
    if (any) {
        styling_close(r, at);
        return p;
    }
    styling_line_break(r, first);
    styling_append(r, fence.p, fence.n);
    return styling_next_line(&fence, end);
}

/* All blocks at this depth of quotation, as long as lines are quoted so deep. Returns where the
 * first that is not begins. */
static const char *styling_read_blocks(struct styling_reader *r, const char *p, const char *end,
                                       unsigned depth, bool *first)
{
    struct styling_line line;

    while (styling_peel(p, end, depth, &line)) {
        bool quoted = line.n > 0 && *line.p == '>' && depth < XMPP_STYLING_QUOTES_MAX;
        if (r->n < r->max && quoted) {
            styling_line_break(r, first);
            size_t at = styling_open(r, SJ_STYLE_QUOTE);
            bool begin = true;
            p = styling_read_blocks(r, p, end, depth + 1, &begin);
            styling_close(r, at);
        } else if (r->n < r->max && styling_is_fence(&line)) {
            p = styling_read_block(r, p, end, depth, first);
        } else {
            styling_line_break(r, first);
            styling_read_spans(r, line.p, line.p + line.n, '\0');
            p = styling_next_line(&line, end);
        }
    }
    return p;
}

/* Most texts hold none of the characters that could style them. */
static bool styling_may_matter(const char *body)
{
    return strpbrk(body, STYLING_DIRECTIVES ">") != NULL;
}

size_t xmpp_styling_read(const char *body, struct sj_strbuf *plain, struct sj_span *spans,
                         size_t max)
{
    struct styling_reader r = {.out = plain, .spans = spans, .max = max};
    bool first = true;

    if (!styling_may_matter(body)) {
        sj_strbuf_adds(plain, body);
        return 0;
    }
    /* A line end at the very end divides nothing from nothing: it stays as it is. */
    size_t n = strlen(body);
    styling_read_blocks(&r, body, body + n, 0, &first);
    if (n > 0 && body[n - 1] == '\n')
        styling_append(&r, "\n", 1);
    return r.n;
}

bool xmpp_styling_is_accidental(const char *body)
{
    struct sj_span span;
    struct styling_reader r = {.spans = &span, .max = 1};
    bool first = true;

    if (!styling_may_matter(body))
        return false;
    styling_read_blocks(&r, body, body + strlen(body), 0, &first);
    return r.n > 0;
}
