/* SPDX-License-Identifier: MPL-2.0 */
/* The HTML of a message, as anybody may write it. The first two bytes say how much room there is
 * for text. Spans are sorted, nested or apart, and stand on borders of characters; what is written
 * of them is read as well. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "mx_html.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool fuzz_is_border(const struct sj_strbuf *text, size_t at)
{
    return at == text->len || ((unsigned char)text->s[at] & 0xc0) != 0x80;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sj_span spans[SJ_SPANS_MAX], again[SJ_SPANS_MAX];
    struct sj_strbuf clean, text, html, back;
    if (size < 2)
        return 0;
    sj_strbuf_init(&clean, MX_HTML_MAX);
    sj_strbuf_init(&text, (size_t)data[0] << 8 | data[1]);
    sj_strbuf_init(&html, 64 * SJ_BODY_MAX);
    sj_strbuf_init(&back, 2 * SJ_BODY_MAX);
    sj_utf8_repair(&clean, (const char *)data + 2, size - 2);
    size_t n = mx_html_read(clean.s, &text, spans, SJ_SPANS_MAX);
    assert(n <= SJ_SPANS_MAX && sj_strbuf_ok(&text) && sj_utf8_valid(text.s, text.len));
    for (size_t i = 0; i < n; i++) {
        assert(spans[i].start < spans[i].end && spans[i].end <= text.len);
        assert(fuzz_is_border(&text, spans[i].start) && fuzz_is_border(&text, spans[i].end));
        for (size_t k = 0; k < i; k++)
            assert(spans[k].start <= spans[i].start &&
                   (spans[k].end <= spans[i].start || spans[i].end <= spans[k].end));
    }
    mx_html_write(text.s, spans, n, &html);
    if (sj_strbuf_ok(&html))
        mx_html_read(html.s, &back, again, SJ_SPANS_MAX);
    sj_strbuf_release(&clean);
    sj_strbuf_release(&text);
    sj_strbuf_release(&html);
    sj_strbuf_release(&back);
    return 0;
}
