/* SPDX-License-Identifier: MPL-2.0 */
/* Cuts the component stream into stanzas: just enough XML to measure with. */
#ifndef BENCH_SCAN_H
#define BENCH_SCAN_H

#include "common.h"

/* Bytes inside the buffer that was scanned. */
struct slice {
    const char *p;
    size_t n;
};

/* A top-level element; absent attributes have p NULL. Values are as on the wire (not unescaped). */
struct stanza {
    struct slice all, name, from, to, type, id;
};

enum scan_kind {
    SCAN_MORE,       /* incomplete */
    SCAN_HEADER,     /* the stream's start tag, in out->all */
    SCAN_STANZA,
    SCAN_SPACE,      /* white space or the XML declaration */
    SCAN_END,        /* the stream's end tag */
    SCAN_BAD
};

/* Takes the next piece of n bytes at p; *used is its length (0 with SCAN_MORE). */
enum scan_kind scan_next(const char *p, size_t n, size_t *used, struct stanza *out);

bool slice_is(struct slice s, const char *text);
bool slice_has(struct slice s, const char *text);
/* Character data of the first element <name> within s; p NULL when there is none. */
struct slice slice_text(struct slice s, const char *name);

#endif
