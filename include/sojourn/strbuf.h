/* SPDX-License-Identifier: MPL-2.0 */
/* Growing text with a bound, borrowed slices, and UTF-8 helpers. Not for secrets. */
#ifndef SOJOURN_STRBUF_H
#define SOJOURN_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that are not terminated; borrowed, valid inside one function's reach. */
struct sj_slice {
    const char *p;
    size_t n;
};

struct sj_strbuf {
    char *s;        /* never NULL, always terminated */
    size_t len;
    size_t cap;     /* internal */
    size_t max;     /* len never exceeds it */
    bool failed;    /* sticky: an append would have passed max */
};

/* Prepares b with an upper bound of max bytes (without the terminator); allocates nothing. */
void sj_strbuf_init(struct sj_strbuf *b, size_t max);
void sj_strbuf_release(struct sj_strbuf *b);       /* frees; b is as after init */
void sj_strbuf_reset(struct sj_strbuf *b);         /* empty, keeps memory, clears failed */
bool sj_strbuf_ok(const struct sj_strbuf *b);
/* Appends; past max nothing is appended and the buffer has failed. */
void sj_strbuf_add(struct sj_strbuf *b, const void *p, size_t n);
void sj_strbuf_adds(struct sj_strbuf *b, const char *s);
void sj_strbuf_addc(struct sj_strbuf *b, char c);
void sj_strbuf_addf(struct sj_strbuf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Takes the text (caller frees with sj_free); b is as after init. */
char *sj_strbuf_take(struct sj_strbuf *b);

/* Length of the longest prefix of s (n bytes) of at most max bytes that ends on a code point. */
size_t sj_utf8_cut(const char *s, size_t n, size_t max);
/* True when the n bytes are valid UTF-8 (no surrogates, no overlong forms, at most U+10FFFF). */
bool sj_utf8_valid(const char *s, size_t n);
/* Decodes one code point at s (n > 0 bytes); returns its bytes, 0 when invalid. */
size_t sj_utf8_decode(const char *s, size_t n, uint32_t *out);
/* Appends the n bytes to out as UTF-8: invalid sequences become U+FFFD. Control characters pass. */
void sj_utf8_repair(struct sj_strbuf *out, const char *s, size_t n);
/* True for code points that XML 1.0 allows in text: tab, LF, CR, U+0020.. but U+FFFE, U+FFFF. */
bool sj_xml_char(uint32_t cp);

/* ASCII only, locale-free. */
int sj_ascii_casecmp(const char *a, const char *b);
int sj_ascii_ncasecmp(const char *a, const char *b, size_t n);
char sj_ascii_lower(char c);
/* Copies s to out (size bytes) cut on a code point, always terminated. */
void sj_copy(char *out, size_t size, const char *s);
/* Parses a whole decimal number within [min, max]; false otherwise. */
bool sj_parse_int(const char *s, int64_t min, int64_t max, int64_t *out);

#endif
