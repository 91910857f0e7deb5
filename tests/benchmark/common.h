/* SPDX-License-Identifier: MPL-2.0 */
/* What every file of the benchmark uses: time, memory that never fails, growing text, numbers. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECOND_NS INT64_C(1000000000)
#define MILLI_NS INT64_C(1000000)

int64_t clock_now_ns(void);

/* Ends the program with status 2: the measurement could not be made. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));   /* progress, stderr */

void *mem_resize(void *p, size_t count, size_t size);
void *mem_zeroed(size_t count, size_t size);

/* Bytes that grow; p is NULL while nothing was added. */
struct text {
    char *p;
    size_t n, cap;
};
void text_add(struct text *t, const char *p, size_t n);
void text_adds(struct text *t, const char *s);
void text_addu(struct text *t, uint64_t number);
void text_drop(struct text *t, size_t n);      /* the first n bytes */
void text_free(struct text *t);

/* Reads digits at p; *used 0 when there are none. */
uint64_t number_parse(const char *p, size_t n, size_t *used);

/* Sorts v; q in 0..1. 0 when n is 0. */
double quantile(double *v, size_t n, double q);

#endif
