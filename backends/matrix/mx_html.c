/* SPDX-License-Identifier: MPL-2.0 */
/* Reads the HTML that home servers pass on from anybody: not a browser's parser, but one that takes
 * the elements which the specification allows, is not put out by anything else, and makes text and
 * spans of it. Nothing is ever run, fetched or shown as markup, so what is unknown is simply text.
 * Elements that were never closed end with what is around them; ends of what was never opened are
 * passed over. The quotation that older clients put before answers (mx-reply) is left out.
 * Writing is mx_html_write.c. Source: Matrix client-server API, "m.room.message msgtypes". */
#include "mx_html.h"

#include <string.h>

#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define HTML_NAME_MAX 15u
#define HTML_ENTITY_MAX 10u              /* bytes between & and ; */
#define HTML_URL_MAX SJ_URL_MAX
#define HTML_TAG_MAX 4096                /* bytes of a tag */
#define HTML_ALT_MAX 255u                /* bytes of what stands for a picture in the text */
#define HTML_ITEM_MAX 999999u            /* number of an item of a list */

enum html_kind {
    HTML_INLINE,                         /* has a style */
    HTML_BLOCK,                          /* begins and ends lines, may have a style */
    HTML_PARAGRAPH,                      /* the same with an empty line between two of them */
    HTML_LIST, HTML_ITEM, HTML_LINK, HTML_BREAK, HTML_RULE, HTML_IMAGE, HTML_CELL,
    HTML_SKIP                            /* neither it nor what it holds is text */
};
#define HTML_PLAIN (-1)

static const struct html_tag {
    const char *name;
    enum html_kind kind;
    int style;                           /* enum sj_style, or HTML_PLAIN */
} html_tags[] = {
    {"a", HTML_LINK, HTML_PLAIN},
    {"b", HTML_INLINE, SJ_STYLE_STRONG},
    {"blockquote", HTML_BLOCK, SJ_STYLE_QUOTE},
    {"br", HTML_BREAK, HTML_PLAIN},
    {"caption", HTML_BLOCK, HTML_PLAIN},
    {"code", HTML_INLINE, SJ_STYLE_CODE},
    {"del", HTML_INLINE, SJ_STYLE_STRIKE},
    {"details", HTML_BLOCK, HTML_PLAIN},
    {"div", HTML_BLOCK, HTML_PLAIN},
    {"em", HTML_INLINE, SJ_STYLE_EMPHASIS},
    {"h1", HTML_PARAGRAPH, SJ_STYLE_STRONG},
    {"h2", HTML_PARAGRAPH, SJ_STYLE_STRONG},
    {"h3", HTML_PARAGRAPH, SJ_STYLE_STRONG},
    {"h4", HTML_PARAGRAPH, SJ_STYLE_STRONG},
    {"h5", HTML_PARAGRAPH, SJ_STYLE_STRONG},
    {"h6", HTML_PARAGRAPH, SJ_STYLE_STRONG},
    {"hr", HTML_RULE, HTML_PLAIN},
    {"i", HTML_INLINE, SJ_STYLE_EMPHASIS},
    {"img", HTML_IMAGE, HTML_PLAIN},
    {"li", HTML_ITEM, HTML_PLAIN},
    {"mx-reply", HTML_SKIP, HTML_PLAIN},
    {"ol", HTML_LIST, HTML_PLAIN},
    {"p", HTML_PARAGRAPH, HTML_PLAIN},
    {"pre", HTML_BLOCK, SJ_STYLE_BLOCK},
    {"s", HTML_INLINE, SJ_STYLE_STRIKE},
    {"script", HTML_SKIP, HTML_PLAIN},
    {"strike", HTML_INLINE, SJ_STYLE_STRIKE},
    {"strong", HTML_INLINE, SJ_STYLE_STRONG},
    {"style", HTML_SKIP, HTML_PLAIN},
    {"summary", HTML_BLOCK, HTML_PLAIN},
    {"table", HTML_BLOCK, HTML_PLAIN},
    {"td", HTML_CELL, HTML_PLAIN},
    {"th", HTML_CELL, HTML_PLAIN},
    {"title", HTML_SKIP, HTML_PLAIN},
    {"tr", HTML_BLOCK, HTML_PLAIN},
    {"ul", HTML_LIST, HTML_PLAIN},
};

/* An element that is open. */
struct html_open {
    const struct html_tag *tag;
    bool begun;                          /* there was text in it, from `start` on */
    bool spans;                          /* it has the span `span` */
    size_t start, span;
    unsigned item;                       /* HTML_LIST: number of the next; 0: they have none */
    const char *href;                    /* HTML_LINK: in the input, or NULL */
    size_t href_len;
};

struct html_reader {
    const char *p, *end;
    struct sj_strbuf *text;
    struct sj_span *spans;
    size_t n_spans, max_spans;
    struct html_open open[MX_HTML_DEPTH];
    size_t n_open;
    unsigned lines;                      /* that end before the next text */
    bool space;                          /* a space stands before the next text */
    unsigned pre;                        /* open elements in which blanks count */
    bool full;
};

/* ---- text ---- */

/* The elements that are open and had no text so far begin here, the outer ones first. */
static void html_begin(struct html_reader *r)
{
    for (size_t i = 0; i < r->n_open; i++) {
        struct html_open *o = &r->open[i];
        if (o->begun)
            continue;
        o->begun = true;
        o->start = r->text->len;
        bool same = false;               /* <b> in <b> says nothing new; nested quotations do */
        for (size_t k = 0; k < i; k++)
            same = same || (r->open[k].spans && r->open[k].tag->style == o->tag->style);
        if (o->tag->style == HTML_PLAIN || (same && o->tag->style != SJ_STYLE_QUOTE) ||
            (o->tag->style == SJ_STYLE_CODE && r->pre) || r->n_spans == r->max_spans)
            continue;
        o->spans = true;
        o->span = r->n_spans++;
        r->spans[o->span] = (struct sj_span){.style = (enum sj_style)o->tag->style,
                                             .start = (uint32_t)o->start};
    }
}

/* All or nothing, so that no character is cut. */
static void html_put(struct html_reader *r, const char *s, size_t n)
{
    size_t before = r->text->len;
    if (r->full || before + n > r->text->max) {
        r->full = true;
        return;
    }
    sj_strbuf_add(r->text, s, n);
}

/* What stands between the text so far and that which follows now. */
static void html_separate(struct html_reader *r)
{
    bool first = r->text->len == 0;
    for (; r->lines > 0; r->lines--) {
        if (!first)
            html_put(r, "\n", 1);
        r->space = false;
    }
    if (r->space && !first)
        html_put(r, " ", 1);
    r->space = false;
    html_begin(r);
}

static void html_text(struct html_reader *r, const char *s, size_t n)
{
    html_separate(r);
    html_put(r, s, n);
}

static bool html_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void html_blank(struct html_reader *r, char c)
{
    if (r->pre && c == '\n')
        r->lines++;
    else if (r->pre && (c == ' ' || c == '\t'))
        html_text(r, &c, 1);
    else if (!r->pre && r->lines == 0)
        r->space = true;
}

/* At least so many lines end here. */
static void html_end_lines(struct html_reader *r, unsigned n)
{
    if (r->lines < n)
        r->lines = n;
}

/* ---- entities ---- */

static size_t html_code_point(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c);
    return n;
}

/* &#60; &#x3c; without & and ;. 0: none that text may hold. */
static uint32_t html_number(const char *s, size_t n)
{
    uint32_t c = 0, base = n > 2 && (s[1] == 'x' || s[1] == 'X') ? 16 : 10;
    for (size_t i = base == 16 ? 2 : 1; i < n; i++) {
        uint32_t digit = s[i] >= '0' && s[i] <= '9'   ? (uint32_t)(s[i] - '0')
                         : s[i] >= 'a' && s[i] <= 'f' ? (uint32_t)(s[i] - 'a') + 10
                         : s[i] >= 'A' && s[i] <= 'F' ? (uint32_t)(s[i] - 'A') + 10 : 99;
        if (digit >= base || c > 0x10ffff)
            return 0;
        c = c * base + digit;
    }
    bool good = (c >= 0x20 && c < 0x7f) || (c >= 0xa0 && c < 0xd800) ||
                (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
    return good ? c : 0;
}

/* The bytes that an entity stands for; 0: it is none. n: of the name. */
static size_t html_entity(const char *s, size_t n, char out[4])
{
    static const struct {
        const char *name;
        uint32_t c;
    } rows[] = {
        {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}, {"nbsp", 0xa0},
        {"hellip", 0x2026}, {"ndash", 0x2013}, {"mdash", 0x2014}, {"copy", 0xa9},
    };
    uint32_t c = n > 1 && s[0] == '#' ? html_number(s, n) : 0;
    for (size_t i = 0; !c && i < sizeof rows / sizeof rows[0]; i++) {
        if (strlen(rows[i].name) == n && memcmp(rows[i].name, s, n) == 0)
            c = rows[i].c;
    }
    return c ? html_code_point(c, out) : 0;
}

/* At an &: its bytes, and *n how many of the input that took. */
static size_t html_take_entity(const char *p, const char *end, char out[4], size_t *n)
{
    size_t most = (size_t)(end - p) < HTML_ENTITY_MAX + 2 ? (size_t)(end - p)
                                                          : HTML_ENTITY_MAX + 2;
    const char *semicolon = memchr(p, ';', most);
    size_t bytes = semicolon ? html_entity(p + 1, (size_t)(semicolon - p) - 1, out) : 0;
    *n = bytes ? (size_t)(semicolon - p) + 1 : 1;
    if (bytes)
        return bytes;
    out[0] = '&';
    return 1;
}

/* An attribute's value, with its entities. */
static void html_put_value(struct sj_strbuf *out, const char *s, size_t n)
{
    for (const char *p = s; p < s + n;) {
        char bytes[4] = {*p};
        size_t took = 1, len = *p == '&' ? html_take_entity(p, s + n, bytes, &took) : 1;
        if ((unsigned char)bytes[0] >= 0x20 && bytes[0] != 0x7f)
            sj_strbuf_add(out, bytes, len);
        p += took;
    }
}

/* ---- tags ---- */

struct html_at {                         /* a tag that is at hand */
    const struct html_tag *tag;          /* NULL: unknown */
    bool closes;
    const char *attributes, *end;
};

/* name="value", of any tag; NULL: it has none. */
static const char *html_attribute(const struct html_at *t, const char *name, size_t *n)
{
    const char *p = t->attributes;
    while (p < t->end) {
        while (p < t->end && (html_is_blank(*p) || *p == '/'))
            p++;
        const char *key = p;
        while (p < t->end && !html_is_blank(*p) && *p != '=' && *p != '/')
            p++;
        size_t key_len = (size_t)(p - key);
        while (p < t->end && html_is_blank(*p))
            p++;
        if (p == t->end || *p != '=') {
            p += key_len == 0 && p < t->end;
            continue;
        }
        for (p++; p < t->end && html_is_blank(*p); p++)
            ;
        char quote = p < t->end && (*p == '"' || *p == '\'') ? *p++ : '\0';
        const char *value = p;
        while (p < t->end && (quote ? *p != quote : !html_is_blank(*p)))
            p++;
        *n = (size_t)(p - value);
        p += quote && p < t->end;
        if (key_len == strlen(name) && sj_ascii_ncasecmp(key, name, key_len) == 0)
            return value;
    }
    *n = 0;
    return NULL;
}

/* Behind the end of the tag that begins at p; NULL: it is none, or has no end. Quoted values may
 * hold a >. It is looked for nearby only, or many beginnings would cost their square. */
static const char *html_tag_end(const char *p, const char *end)
{
    char quote = '\0';
    if (end - p > HTML_TAG_MAX)
        end = p + HTML_TAG_MAX;
    for (; p < end && (quote || *p != '<'); p++) {
        if (quote)
            quote = *p == quote ? '\0' : quote;
        else if ((*p == '"' || *p == '\'') && p[-1] == '=')
            quote = *p;
        else if (*p == '>')
            return p + 1;
    }
    return NULL;
}

static const struct html_tag *html_find_tag(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof html_tags / sizeof html_tags[0]; i++) {
        if (strlen(html_tags[i].name) == n && sj_ascii_ncasecmp(html_tags[i].name, name, n) == 0)
            return &html_tags[i];
    }
    return NULL;
}

/* The address of a link stands behind its text, unless it is that text, or nobody's to follow. */
static void html_end_link(struct html_reader *r, const struct html_open *o)
{
    struct sj_strbuf url;
    if (!o->href || !o->begun)
        return;
    sj_strbuf_init(&url, HTML_URL_MAX);
    html_put_value(&url, o->href, o->href_len);
    size_t said = r->text->len - o->start;
    const char *bare = strncmp(url.s, "mailto:", 7) == 0 ? url.s + 7 : url.s;
    bool web = strncmp(url.s, "https://", 8) == 0 || strncmp(url.s, "http://", 7) == 0 ||
               bare != url.s;
    bool person = strncmp(url.s, "https://matrix.to/#/", 20) == 0;
    bool same = said == strlen(bare) && memcmp(r->text->s + o->start, bare, said) == 0;
    if (sj_strbuf_ok(&url) && web && !person && !same && !r->full &&
        r->text->len + url.len + 3 <= r->text->max) {
        html_put(r, " <", 2);
        html_put(r, bare, strlen(bare));
        html_put(r, ">", 1);
    }
    sj_strbuf_release(&url);
}

static void html_close_top(struct html_reader *r)
{
    struct html_open *o = &r->open[--r->n_open];
    if (o->tag->kind == HTML_LINK)
        html_end_link(r, o);
    if (o->spans)
        r->spans[o->span].end = (uint32_t)r->text->len;
    r->pre -= o->tag->style == SJ_STYLE_BLOCK;
    if (o->tag->style == SJ_STYLE_BLOCK)
        r->lines = 0;                    /* empty lines at its end */
    if (o->tag->kind == HTML_BLOCK || o->tag->kind == HTML_LIST || o->tag->kind == HTML_ITEM)
        html_end_lines(r, 1);
    else if (o->tag->kind == HTML_PARAGRAPH)
        html_end_lines(r, 2);
}

static void html_close(struct html_reader *r, const struct html_tag *tag)
{
    size_t at = r->n_open;
    while (at > 0 && r->open[at - 1].tag != tag)
        at--;
    while (at > 0 && r->n_open >= at)
        html_close_top(r);
}

static void html_begin_item(struct html_reader *r)
{
    char mark[16];
    struct html_open *list = NULL;
    for (size_t i = 0; i < r->n_open; i++) {
        if (r->open[i].tag->kind == HTML_LIST)
            list = &r->open[i];
    }
    if (list && list->item)
        snprintf(mark, sizeof mark, "%u. ", list->item);
    else
        snprintf(mark, sizeof mark, "- ");
    if (list && list->item && list->item < HTML_ITEM_MAX)
        list->item++;
    html_text(r, mark, strlen(mark));
}

static unsigned html_list_start(const struct html_at *t)
{
    size_t n = 0;
    const char *value = html_attribute(t, "start", &n);
    unsigned start = 0;
    if (strcmp(t->tag->name, "ol") != 0)
        return 0;
    for (size_t i = 0; value && i < n && i < 6 && value[i] >= '0' && value[i] <= '9'; i++)
        start = start * 10 + (unsigned)(value[i] - '0');
    return start ? start : 1;
}

static void html_open_element(struct html_reader *r, const struct html_at *t)
{
    if (t->tag->kind != HTML_INLINE && t->tag->kind != HTML_LINK)
        html_end_lines(r, t->tag->kind == HTML_PARAGRAPH && r->lines ? 2 : 1);
    if (t->tag->kind == HTML_ITEM)
        html_begin_item(r);
    if (r->n_open == MX_HTML_DEPTH)
        return;
    struct html_open *o = &r->open[r->n_open++];
    *o = (struct html_open){.tag = t->tag};
    if (t->tag->kind == HTML_LIST)
        o->item = html_list_start(t);
    if (t->tag->kind == HTML_LINK)
        o->href = html_attribute(t, "href", &o->href_len);
    r->pre += t->tag->style == SJ_STYLE_BLOCK;
}

/* An element that holds nothing. */
static void html_void(struct html_reader *r, const struct html_at *t)
{
    size_t n = 0;
    const char *alt;
    struct sj_strbuf value;
    switch (t->tag->kind) {
    case HTML_BREAK:
        r->lines++;
        break;
    case HTML_RULE:
        html_end_lines(r, 1);
        html_text(r, "---", 3);
        html_end_lines(r, 1);
        break;
    case HTML_CELL:
        if (r->lines == 0)
            r->space = true;
        break;
    default:                             /* a picture in the text: what stands for it */
        alt = html_attribute(t, "alt", &n);
        sj_strbuf_init(&value, HTML_ALT_MAX);
        html_put_value(&value, alt ? alt : "", n < HTML_ALT_MAX ? n : 0);
        if (sj_strbuf_ok(&value) && value.len)
            html_text(r, value.s, value.len);
        sj_strbuf_release(&value);
    }
}

/* Behind the end of an element of which nothing is text; its like may stand in it. */
static const char *html_skip(const char *p, const char *end, const struct html_tag *tag)
{
    size_t n = strlen(tag->name);
    unsigned depth = 1;
    while (depth > 0 && (p = memchr(p, '<', (size_t)(end - p))) != NULL) {
        bool closes = p + 1 < end && p[1] == '/';
        const char *name = p + 1 + closes;
        if ((size_t)(end - name) > n && sj_ascii_ncasecmp(name, tag->name, n) == 0 &&
            (name[n] == '>' || html_is_blank(name[n]))) {
            depth += closes ? -1u : 1u;
            const char *close = memchr(name, '>', (size_t)(end - name));
            p = close ? close + 1 : end;
        } else {
            p++;
        }
    }
    return p ? p : end;
}

/* At a <: takes the tag, or the character. */
static void html_take_tag(struct html_reader *r)
{
    struct html_at t = {.closes = r->p + 1 < r->end && r->p[1] == '/'};
    const char *name = r->p + 1 + t.closes, *after;
    size_t n = 0;
    while (name + n < r->end && n <= HTML_NAME_MAX && !html_is_blank(name[n]) &&
           !strchr("<>/=\"'&", name[n]))
        n++;
    bool letter = n > 0 && ((name[0] | 0x20) >= 'a' && (name[0] | 0x20) <= 'z');
    after = letter || (n > 0 && name[0] == '!') ? html_tag_end(name + n, r->end) : NULL;
    if (name[0] == '!' && r->end - name > 3 && memcmp(name, "!--", 3) == 0) {
        const char *close = strstr(name + 3, "-->");
        after = close && close + 3 < r->end ? close + 3 : r->end;
        letter = false;
    }
    if (!after) {
        html_text(r, r->p++, 1);
        return;
    }
    t.attributes = name + n;
    t.end = after - 1;
    t.tag = letter ? html_find_tag(name, n) : NULL;
    r->p = after;
    if (t.tag && t.tag->kind == HTML_SKIP)
        r->p = t.closes ? after : html_skip(after, r->end, t.tag);
    else if (t.tag && t.tag->kind >= HTML_BREAK && !t.closes)
        html_void(r, &t);
    else if (t.tag && t.closes)
        html_close(r, t.tag);
    else if (t.tag)
        html_open_element(r, &t);
}

size_t mx_html_read(const char *html, struct sj_strbuf *text, struct sj_span *spans, size_t max)
{
    struct html_reader r = {.p = html, .end = html + strnlen(html, MX_HTML_MAX), .text = text,
                            .spans = spans, .max_spans = max};
    while (r.p < r.end && !r.full) {
        char bytes[4];
        size_t n = 1;
        if (*r.p == '<') {
            html_take_tag(&r);
        } else if (*r.p == '&') {
            size_t len = html_take_entity(r.p, r.end, bytes, &n);
            html_text(&r, bytes, len);
            r.p += n;
        } else if (html_is_blank(*r.p)) {
            html_blank(&r, *r.p++);
        } else if ((unsigned char)*r.p < 0x20 || *r.p == 0x7f) {
            r.p++;
        } else {
            while (r.p + n < r.end && ((unsigned char)r.p[n] & 0xc0) == 0x80)
                n++;
            html_text(&r, r.p, n);
            r.p += n;
        }
    }
    while (r.n_open > 0)
        html_close_top(&r);
    size_t n_spans = 0;
    for (size_t i = 0; i < r.n_spans; i++) {
        if (spans[i].start < spans[i].end)       /* nothing found room in the others */
            spans[n_spans++] = spans[i];
    }
    return n_spans;
}
