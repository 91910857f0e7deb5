/* SPDX-License-Identifier: MPL-2.0 */
/* What records are made of; for the files that know which record has which of them. */
#ifndef SOJOURN_RECORD_IO_H
#define SOJOURN_RECORD_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 1..max bytes? */
bool record_fits(const char *text, size_t max);

/* Counts in n what does not fit into cap as well. */
struct record_out {
    uint8_t *p;
    size_t n, cap;
};

void record_add(struct record_out *out, const void *p, size_t n);
void record_add_uint(struct record_out *out, uint64_t v, size_t bytes);
void record_add_text(struct record_out *out, const char *s);

/* What is left; bad is sticky, and everything read after it is empty. */
struct record_in {
    const uint8_t *p;
    size_t n;
    bool bad;
};

/* Older schemas are read as they are; a decoder whose record has changed branches on it. */
struct record_in record_start(uint8_t schema, const uint8_t *p, size_t n);
/* True when all was sound and nothing is left. */
bool record_end(const struct record_in *in);
/* n bytes; NULL: there are not that many. */
const uint8_t *record_take(struct record_in *in, size_t n);
uint64_t record_take_uint(struct record_in *in, size_t bytes);
/* 8 bits, no others than the known ones. */
uint8_t record_take_flags(struct record_in *in, unsigned known);
/* min..max bytes, without a NUL among them, and the NUL behind them. */
const char *record_take_text(struct record_in *in, size_t min, size_t max);

#endif
