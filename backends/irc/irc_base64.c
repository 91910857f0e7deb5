/* SPDX-License-Identifier: MPL-2.0 */
/* Base64, both ways: whole groups of four, "=" only at the end, nothing in between. RFC 4648 §4. */
#include "irc_base64.h"

#include <stdint.h>

size_t irc_base64(char *out, const unsigned char *s, size_t n)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *p = out;

    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)s[i] << 16;
        if (i + 1 < n)
            v |= (uint32_t)s[i + 1] << 8;
        if (i + 2 < n)
            v |= s[i + 2];
        *p++ = digits[v >> 18];
        *p++ = digits[v >> 12 & 63];
        *p++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
        *p++ = i + 2 < n ? digits[v & 63] : '=';
    }
    return (size_t)(p - out);
}

/* 64 and more: none of the digits. */
static unsigned digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

bool irc_base64_read(unsigned char *out, size_t *length, const char *s, size_t n)
{
    *length = 0;
    if (n % 4)
        return false;
    size_t pad = n && s[n - 1] == '=' ? 1 + (s[n - 2] == '=') : 0;
    for (size_t i = 0; i < n; i += 4) {
        size_t here = i + 4 == n ? 4 - pad : 4;
        uint32_t v = 0;
        for (size_t k = 0; k < 4; k++) {
            unsigned digit = k < here ? digit_of(s[i + k]) : 0;
            if (digit > 63)
                return false;
            v = v << 6 | digit;
        }
        for (size_t k = 0; k + 1 < here; k++)
            out[(*length)++] = (unsigned char)(v >> (16 - 8 * k));
    }
    return true;
}
