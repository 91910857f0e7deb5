/* SPDX-License-Identifier: MPL-2.0 */
/* What records are made of: integers, texts and bytes, written and read within bounds.
 *
 * Integers are big-endian. A text is its length (16 bits), its bytes and a NUL, so that decoded
 * records can lend pointers into the buffer. Which record has which of them is left to record.c and
 * record_archive.c. */
#include "record_io.h"

#include <string.h>

#include "store_priv.h"

bool record_fits(const char *text, size_t max)
{
    size_t n = text ? strnlen(text, max + 1) : 0;
    return n > 0 && n <= max;
}

/* --- writing ------------------------------------------------------------------------------ */

void record_add(struct record_out *out, const void *p, size_t n)
{
    if (n > 0 && out->n <= out->cap && n <= out->cap - out->n)
        memcpy(out->p + out->n, p, n);
    out->n += n;
}

void record_add_uint(struct record_out *out, uint64_t v, size_t bytes)
{
    uint8_t b[8];
    for (size_t i = 0; i < bytes; i++)
        b[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
    record_add(out, b, bytes);
}

void record_add_text(struct record_out *out, const char *s)
{
    size_t n = strlen(s);
    record_add_uint(out, n, 2);
    record_add(out, s, n + 1);
}

/* --- reading ------------------------------------------------------------------------------ */

const uint8_t *record_take(struct record_in *in, size_t n)
{
    if (in->bad || n > in->n) {
        in->bad = true;
        return NULL;
    }
    const uint8_t *p = in->p;
    in->p += n;
    in->n -= n;
    return p;
}

uint64_t record_take_uint(struct record_in *in, size_t bytes)
{
    const uint8_t *p = record_take(in, bytes);
    uint64_t v = 0;
    for (size_t i = 0; p && i < bytes; i++)
        v = v << 8 | p[i];
    return v;
}

uint8_t record_take_flags(struct record_in *in, unsigned known)
{
    uint8_t flags = (uint8_t)record_take_uint(in, 1);
    if (flags & ~known)
        in->bad = true;
    return flags;
}

const char *record_take_text(struct record_in *in, size_t min, size_t max)
{
    size_t n = (size_t)record_take_uint(in, 2);
    if (n < min || n > max)
        in->bad = true;
    const uint8_t *p = record_take(in, n + 1);
    if (!p)
        return "";
    if (memchr(p, '\0', n + 1) != p + n) {
        in->bad = true;
        return "";
    }
    return (const char *)p;
}

struct record_in record_start(uint8_t schema, const uint8_t *p, size_t n)
{
    return (struct record_in){p, n, schema == 0 || schema > STORE_SCHEMA};
}

bool record_end(const struct record_in *in)
{
    return !in->bad && in->n == 0;
}
