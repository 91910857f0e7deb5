/* SPDX-License-Identifier: MPL-2.0 */
/* Formatting both ways: whatever is read as styled text or as codes of IRC, spans lie within their
 * text and nest, and writing them again stays within its bound (XEP-0393). */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "irc_charset.h"
#include "irc_format.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "xmpp_styling.h"

#define TEXT_MAX 4096u
#define WRITTEN_MAX (64u * TEXT_MAX)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_spans(const char *text, const struct sj_span *spans, size_t n)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < n; i++) {
        assert(spans[i].start <= spans[i].end && spans[i].end <= length);
        assert(i == 0 || spans[i].start >= spans[i - 1].start);
        for (size_t j = 0; j < i; j++)
            assert(spans[j].end <= spans[i].start || spans[j].end >= spans[i].end);
    }
}

static void check_write(const char *text, const struct sj_span *spans, size_t n)
{
    struct sj_strbuf styled, codes;
    sj_strbuf_init(&styled, WRITTEN_MAX);
    sj_strbuf_init(&codes, WRITTEN_MAX);
    xmpp_styling_write(text, spans, n, &styled);
    irc_format_write(&codes, text, spans, n);
    assert(sj_strbuf_ok(&styled) && styled.len >= strlen(text));
    assert(sj_strbuf_ok(&codes) && codes.len >= strlen(text));
    sj_strbuf_release(&styled);
    sj_strbuf_release(&codes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sj_span spans[SJ_SPANS_MAX];
    struct sj_strbuf plain, clean;
    if (size > TEXT_MAX || memchr(data, '\0', size))
        return 0;
    char *body = sj_strndup((const char *)data, size);
    sj_strbuf_init(&plain, TEXT_MAX);
    sj_strbuf_init(&clean, 3 * TEXT_MAX);
    size_t n = xmpp_styling_read(body, &plain, spans, SJ_SPANS_MAX);
    assert(sj_strbuf_ok(&plain));
    assert((n > 0) == xmpp_styling_is_accidental(body));
    check_spans(plain.s, spans, n);
    check_write(plain.s, spans, n);
    n = irc_format_read(&clean, irc_charset_find("windows-1252"), body, size, spans, SJ_SPANS_MAX);
    assert(sj_strbuf_ok(&clean));
    check_spans(clean.s, spans, n);
    check_write(clean.s, spans, n);
    sj_strbuf_release(&plain);
    sj_strbuf_release(&clean);
    sj_free(body);
    return 0;
}
