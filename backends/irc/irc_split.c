/* SPDX-License-Identifier: MPL-2.0 */
/* Splits a message into lines that fit the wire.
 *
 * Line ends (CR LF, LF, CR) divide, and empty lines vanish: IRC has no empty message. A longer
 * line is divided before a space when one stands in its second half, else where a character ends:
 * not within a code point, nor before a mark that belongs to the character in front of it. The
 * space stays at the start of its part, so that nothing is lost when the parts are put together:
 * at the end of a line some servers (ngIRCd) cut it off. How many bytes fit is computed in
 * irc_message.c. */
#include "irc_split.h"

#include <stdint.h>

#include "sojourn/strbuf.h"

/* A character of more marks than this is divided all the same. */
#define SPLIT_MARKS_MAX 16u

void irc_split_init(struct irc_split *s, const char *text, size_t n, size_t max)
{
    s->at = text;
    s->end = text + n;
    s->max = max;
    s->keeps_empty = s->goes_on = s->in_line = s->is_done = false;
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* Marks that change the character before them: combining diacritics, joiners, variation
 * selectors, skin tones, tags. */
static bool is_mark(uint32_t cp)
{
    static const uint32_t range[][2] = {
        { 0x0300, 0x036f },   { 0x0483, 0x0489 },   { 0x0591, 0x05bd },   { 0x064b, 0x065f },
        { 0x093a, 0x094f },   { 0x0e31, 0x0e3a },   { 0x1ab0, 0x1aff },   { 0x1dc0, 0x1dff },
        { 0x200c, 0x200d },   { 0x20d0, 0x20ff },   { 0x3099, 0x309a },   { 0xfe00, 0xfe0f },
        { 0xfe20, 0xfe2f },   { 0x1f3fb, 0x1f3ff }, { 0xe0020, 0xe007f }, { 0xe0100, 0xe01ef },
    };

    for (size_t i = 0; i < sizeof range / sizeof range[0]; i++) {
        if (cp >= range[i][0] && cp <= range[i][1])
            return true;
    }
    return false;
}

/* Start of the code point before p. */
static const char *step_back(const char *start, const char *p)
{
    do
        p--;
    while (p > start && ((unsigned char)*p & 0xc0) == 0x80);
    return p;
}

/* True when the text may be divided between what ends at p and what starts there. */
static bool is_boundary(const char *start, const char *p, const char *end)
{
    uint32_t cp;

    if (sj_utf8_decode(p, (size_t)(end - p), &cp) && is_mark(cp))
        return false;
    /* What follows a joiner belongs to it: families and flags among the emoji. */
    const char *before = step_back(start, p);
    return !(sj_utf8_decode(before, (size_t)(p - before), &cp) && cp == 0x200d);
}

/* Bytes of the first part of a line that is too long. */
static size_t split_at(const char *p, size_t n, size_t max)
{
    const char *end = p + n;
    size_t hard = sj_utf8_cut(p, n, max);

    for (size_t i = hard; i > 0 && i >= hard / 2; i--) {
        if (p[i] == ' ' && p[i - 1] != ' ')
            return i;
    }
    const char *cut = p + hard;
    for (unsigned i = 0; i < SPLIT_MARKS_MAX && cut > p; i++) {
        if (is_boundary(p, cut, end))
            return (size_t)(cut - p);
        cut = step_back(p, cut);
    }
    return hard;
}

/* Behind the last part of a line: to the next one, if there is one. */
static void split_end_line(struct irc_split *s)
{
    s->is_done = s->at == s->end;
    if (!s->is_done && s->keeps_empty)
        s->at += *s->at == '\r' && s->at + 1 < s->end && s->at[1] == '\n' ? 2 : 1;
}

bool irc_split_next(struct irc_split *s, const char **part, size_t *n)
{
    while (!s->keeps_empty && s->at < s->end && is_line_end(*s->at))
        s->at++;
    if (s->keeps_empty ? s->is_done : s->at == s->end)
        return false;
    const char *stop = s->at;
    while (stop < s->end && !is_line_end(*stop))
        stop++;
    size_t length = (size_t)(stop - s->at);
    *part = s->at;
    *n = length <= s->max ? length : split_at(s->at, length, s->max);
    s->at += *n;
    s->goes_on = s->in_line;
    s->in_line = *n < length;
    if (!s->in_line)
        split_end_line(s);
    return true;
}
