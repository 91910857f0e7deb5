/* SPDX-License-Identifier: MPL-2.0 */
/* Growing text with a bound, and small locale-free string helpers. UTF-8 is in utf8.c. */
#include "sojourn/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sojourn/memory.h"

#define STRBUF_FIRST 64u

/* Stands for every buffer that has allocated nothing; never written to, since cap is 0. */
static char *strbuf_nothing(void)
{
    return (char *)"";
}

void sj_strbuf_init(struct sj_strbuf *b, size_t max)
{
    *b = (struct sj_strbuf){.s = strbuf_nothing(), .max = max};
}

void sj_strbuf_release(struct sj_strbuf *b)
{
    if (b->cap)
        sj_free(b->s);
    sj_strbuf_init(b, b->max);
}

void sj_strbuf_reset(struct sj_strbuf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->cap)
        b->s[0] = '\0';
}

bool sj_strbuf_ok(const struct sj_strbuf *b)
{
    return !b->failed;
}

/* Makes room for n more bytes and the terminator; false (and failed) past max. */
static bool strbuf_reserve(struct sj_strbuf *b, size_t n)
{
    if (b->failed || n > b->max - b->len) {
        b->failed = true;
        return false;
    }
    size_t need = b->len + n + 1;
    if (need <= b->cap)
        return true;
    size_t cap = b->cap ? b->cap : STRBUF_FIRST;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    if (cap > b->max && b->max < SIZE_MAX)
        cap = b->max + 1;
    b->s = b->cap ? sj_realloc(b->s, cap) : sj_malloc(cap);
    b->cap = cap;
    b->s[b->len] = '\0';
    return true;
}

void sj_strbuf_add(struct sj_strbuf *b, const void *p, size_t n)
{
    if (!strbuf_reserve(b, n) || !n)
        return;
    memcpy(b->s + b->len, p, n);
    b->len += n;
    b->s[b->len] = '\0';
}

void sj_strbuf_adds(struct sj_strbuf *b, const char *s)
{
    sj_strbuf_add(b, s, strlen(s));
}

void sj_strbuf_addc(struct sj_strbuf *b, char c)
{
    sj_strbuf_add(b, &c, 1);
}

void sj_strbuf_addf(struct sj_strbuf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) {
        b->failed = true;
        return;
    }
    if (!strbuf_reserve(b, (size_t)n))
        return;
    va_start(ap, fmt);
    vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)n;
}

char *sj_strbuf_take(struct sj_strbuf *b)
{
    char *s = b->cap ? b->s : sj_strdup("");
    sj_strbuf_init(b, b->max);
    return s;
}

char sj_ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int sj_ascii_ncasecmp(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char x = (unsigned char)sj_ascii_lower(a[i]);
        unsigned char y = (unsigned char)sj_ascii_lower(b[i]);
        if (x != y)
            return x < y ? -1 : 1;
        if (x == '\0')
            break;
    }
    return 0;
}

int sj_ascii_casecmp(const char *a, const char *b)
{
    return sj_ascii_ncasecmp(a, b, SIZE_MAX);
}

void sj_copy(char *out, size_t size, const char *s)
{
    if (!size)
        return;
    size_t n = sj_utf8_cut(s, strnlen(s, size + 3), size - 1);
    memmove(out, s, n);
    out[n] = '\0';
}

bool sj_parse_int(const char *s, int64_t min, int64_t max, int64_t *out)
{
    bool negative = *s == '-';
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t value = 0;
    s += negative;
    if (*s == '\0')
        return false;
    for (; *s; s++) {
        if (*s < '0' || *s > '9')
            return false;
        unsigned digit = (unsigned)(*s - '0');
        if (value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    int64_t number = negative ? (int64_t)(0 - value) : (int64_t)value;
    if (number < min || number > max)
        return false;
    *out = number;
    return true;
}
