/* SPDX-License-Identifier: MPL-2.0 */
/* Time, memory, growing text and order statistics for the benchmark. Running out of memory or
 * of anything else that a measurement needs ends the program: a wrong number is worse than none. */
#include "common.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NUMBER_DIGITS_MAX 20u

int64_t clock_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * SECOND_NS + t.tv_nsec;
}

static void __attribute__((format(printf, 1, 0))) message_write(const char *fmt, va_list args)
{
    fputs("bench: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    fflush(stderr);
}

_Noreturn void die(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    message_write(fmt, args);
    va_end(args);
    exit(2);
}

void note(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    message_write(fmt, args);
    va_end(args);
}

void *mem_resize(void *p, size_t count, size_t size)
{
    void *q;

    if (size != 0 && count > SIZE_MAX / size)
        die("out of memory");
    q = realloc(p, count * size + 1);
    if (!q)
        die("out of memory");
    return q;
}

void *mem_zeroed(size_t count, size_t size)
{
    void *p = mem_resize(NULL, count, size);

    memset(p, 0, count * size);
    return p;
}

void text_add(struct text *t, const char *p, size_t n)
{
    if (t->n + n > t->cap) {
        t->cap = (t->n + n) * 2;
        t->p = mem_resize(t->p, t->cap, 1);
    }
    if (n > 0)
        memcpy(t->p + t->n, p, n);
    t->n += n;
}

void text_adds(struct text *t, const char *s)
{
    text_add(t, s, strlen(s));
}

void text_addu(struct text *t, uint64_t number)
{
    char digits[NUMBER_DIGITS_MAX];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    text_add(t, digits + at, sizeof digits - at);
}

void text_drop(struct text *t, size_t n)
{
    memmove(t->p, t->p + n, t->n - n);
    t->n -= n;
}

void text_free(struct text *t)
{
    free(t->p);
    *t = (struct text){0};
}

uint64_t number_parse(const char *p, size_t n, size_t *used)
{
    uint64_t value = 0;
    size_t i = 0;

    while (i < n && i < NUMBER_DIGITS_MAX - 1 && p[i] >= '0' && p[i] <= '9')
        value = value * 10 + (uint64_t)(p[i++] - '0');
    *used = i;
    return value;
}

static int double_compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

double quantile(double *v, size_t n, double q)
{
    double at, rest;
    size_t low;

    if (n == 0)
        return 0;
    qsort(v, n, sizeof *v, double_compare);
    at = q * (double)(n - 1);
    low = (size_t)at;
    rest = at - (double)low;
    return low + 1 < n ? v[low] * (1 - rest) + v[low + 1] * rest : v[low];
}
