/* SPDX-License-Identifier: MPL-2.0 */
/* Writes text with spans as HTML: only tags that the specification allows, one for each style,
 * and everything that is not one of them escaped. Spans are nested or apart (sojourn/message.h), so
 * tags are closed in the order in which they have to be.
 * Source: Matrix client-server API, "m.room.message msgtypes". */
#include <string.h>

#include "mx_html.h"
#include "sojourn/strbuf.h"

#define WRITE_DEPTH 16u                  /* spans inside of each other; deeper ones are left out */

static const char *const write_open[] = {
    [SJ_STYLE_STRONG] = "<strong>", [SJ_STYLE_EMPHASIS] = "<em>", [SJ_STYLE_STRIKE] = "<del>",
    [SJ_STYLE_CODE] = "<code>", [SJ_STYLE_BLOCK] = "<pre><code>",
    [SJ_STYLE_QUOTE] = "<blockquote>",
};
static const char *const write_close[] = {
    [SJ_STYLE_STRONG] = "</strong>", [SJ_STYLE_EMPHASIS] = "</em>", [SJ_STYLE_STRIKE] = "</del>",
    [SJ_STYLE_CODE] = "</code>", [SJ_STYLE_BLOCK] = "</code></pre>",
    [SJ_STYLE_QUOTE] = "</blockquote>",
};

struct html_writer {
    const char *body;
    struct sj_strbuf *out;
    const struct sj_span *open[WRITE_DEPTH];
    size_t n_open;
    unsigned pre;
    bool after_block;                    /* a line end here is what ends the block */
};

static void write_char(struct html_writer *w, char c)
{
    bool swallow = w->after_block && c == '\n';
    w->after_block = false;
    if (swallow)
        return;
    if (c == '<')
        sj_strbuf_adds(w->out, "&lt;");
    else if (c == '>')
        sj_strbuf_adds(w->out, "&gt;");
    else if (c == '&')
        sj_strbuf_adds(w->out, "&amp;");
    else if (c == '"')
        sj_strbuf_adds(w->out, "&quot;");
    else if (c == '\n' && !w->pre)
        sj_strbuf_adds(w->out, "<br>");
    else
        sj_strbuf_addc(w->out, c);
}

static void write_close_until(struct html_writer *w, size_t at)
{
    while (w->n_open > 0 && w->open[w->n_open - 1]->end <= at) {
        enum sj_style style = w->open[--w->n_open]->style;
        sj_strbuf_adds(w->out, write_close[style]);
        w->pre -= style == SJ_STYLE_BLOCK;
        w->after_block = style == SJ_STYLE_BLOCK || style == SJ_STYLE_QUOTE;
    }
}

void mx_html_write(const char *body, const struct sj_span *spans, size_t n, struct sj_strbuf *out)
{
    struct html_writer w = {.body = body, .out = out};
    size_t length = strlen(body), k = 0;
    for (size_t at = 0; at <= length; at++) {
        write_close_until(&w, at);
        for (; k < n && spans[k].start <= at; k++) {
            bool good = spans[k].end > at && w.n_open < WRITE_DEPTH &&
                        (w.n_open == 0 || spans[k].end <= w.open[w.n_open - 1]->end);
            if (!good)
                continue;
            w.open[w.n_open++] = &spans[k];
            sj_strbuf_adds(out, write_open[spans[k].style]);
            w.pre += spans[k].style == SJ_STYLE_BLOCK;
        }
        if (at < length)
            write_char(&w, body[at]);
    }
    write_close_until(&w, SIZE_MAX);
}
