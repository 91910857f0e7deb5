/* SPDX-License-Identifier: MPL-2.0 */
/* UTF-8: decoding, checking, repair and cutting (RFC 3629), and the characters of XML 1.0 §2.2.
 * Normalisation and case folding are not done here. */
#include <string.h>

#include "sojourn/strbuf.h"

static bool utf8_continues(char c)
{
    return ((unsigned char)c & 0xC0u) == 0x80u;
}

size_t sj_utf8_cut(const char *s, size_t n, size_t max)
{
    if (n <= max)
        return n;
    size_t cut = max;
    while (cut > 0 && max - cut < 3 && utf8_continues(s[cut]))
        cut--;
    /* Four continuation bytes in a row are no code point: any place is as good. */
    return utf8_continues(s[cut]) ? max : cut;
}

size_t sj_utf8_decode(const char *s, size_t n, uint32_t *out)
{
    unsigned char lead = (unsigned char)s[0];
    if (lead < 0x80) {
        *out = lead;
        return 1;
    }
    size_t len = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || len > n)
        return 0;
    uint32_t cp = lead & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if (!utf8_continues(s[i]))
            return 0;
        cp = cp << 6 | ((unsigned char)s[i] & 0x3Fu);
    }
    bool overlong = (len == 3 && cp < 0x800) || (len == 4 && cp < 0x10000);
    if (overlong || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        return 0;
    *out = cp;
    return len;
}

/* Bytes at the start of s that are ASCII, eight at a time. */
static size_t utf8_ascii(const char *s, size_t n)
{
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        uint64_t word;
        memcpy(&word, s + i, sizeof word);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    while (i < n && (unsigned char)s[i] < 0x80)
        i++;
    return i;
}

/* Bytes at the start of s that are valid. */
static size_t utf8_valid_prefix(const char *s, size_t n)
{
    size_t i = 0;
    for (;;) {
        i += utf8_ascii(s + i, n - i);
        uint32_t cp;
        size_t len = i < n ? sj_utf8_decode(s + i, n - i, &cp) : 0;
        if (!len)
            return i;
        i += len;
    }
}

bool sj_utf8_valid(const char *s, size_t n)
{
    return utf8_valid_prefix(s, n) == n;
}

/* Bytes of the longest start of a sequence at s that is not complete or not valid: they become one
 * U+FFFD (Unicode, "maximal subpart"). */
static size_t utf8_broken(const char *s, size_t n)
{
    unsigned char lead = (unsigned char)s[0];
    if (lead < 0xC2 || lead > 0xF4 || n < 2)
        return 1;
    unsigned char second = (unsigned char)s[1];
    bool fits = utf8_continues(s[1]) && !(lead == 0xE0 && second < 0xA0) &&
                !(lead == 0xED && second > 0x9F) && !(lead == 0xF0 && second < 0x90) &&
                !(lead == 0xF4 && second > 0x8F);
    if (!fits)
        return 1;
    return lead >= 0xF0 && n > 2 && utf8_continues(s[2]) ? 3 : 2;
}

void sj_utf8_repair(struct sj_strbuf *out, const char *s, size_t n)
{
    while (n) {
        size_t good = utf8_valid_prefix(s, n);
        sj_strbuf_add(out, s, good);
        s += good;
        n -= good;
        if (!n)
            break;
        size_t bad = utf8_broken(s, n);
        sj_strbuf_add(out, "\xEF\xBF\xBD", 3);
        s += bad;
        n -= bad;
    }
}

bool sj_xml_char(uint32_t cp)
{
    if (cp < 0x20)
        return cp == 0x09 || cp == 0x0A || cp == 0x0D;
    return cp < 0xD800 || (cp >= 0xE000 && cp < 0xFFFE) || (cp >= 0x10000 && cp <= 0x10FFFF);
}
