/* SPDX-License-Identifier: MPL-2.0 */
/* Draws a pattern that is the same left and right, in a colour by the name, as an uncompressed PNG.
 *
 * Only what a network without files needs to have pictures; other backends get theirs from their
 * servers. Sources: PNG (W3C) §5 and annex D (CRC), RFC 1950 §2.2 (Adler-32), RFC 1951 §3.2.4
 * (stored blocks). */
#include "loopback_picture.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sojourn/strbuf.h"

#define PICTURE_CELLS 8u                 /* a side; each has 4 by 4 pixels */
#define PICTURE_ROW (1u + LOOPBACK_PICTURE_SIDE)     /* a filter byte, then a byte a pixel */
#define PICTURE_RAW (PICTURE_ROW * LOOPBACK_PICTURE_SIDE)

static uint32_t picture_crc(const char *p, size_t n)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < n; i++) {
        crc ^= (uint8_t)p[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static uint32_t picture_adler(const uint8_t *p, size_t n)
{
    uint32_t a = 1;
    uint32_t b = 0;
    for (size_t i = 0; i < n; i++) {
        a = (a + p[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static void picture_add_big(struct sj_strbuf *out, uint32_t v)
{
    for (unsigned shift = 32; shift > 0; shift -= 8)
        sj_strbuf_addc(out, (char)(v >> (shift - 8) & 255));
}

/* Length, type, data, and the CRC of type and data. */
static void picture_add_chunk(struct sj_strbuf *out, const char *type, const void *data, size_t n)
{
    picture_add_big(out, (uint32_t)n);
    size_t start = out->len;
    sj_strbuf_add(out, type, 4);
    sj_strbuf_add(out, data, n);
    picture_add_big(out, picture_crc(out->s + start, out->len - start));
}

/* FNV-1a */
static uint64_t picture_seed(const char *name)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *name; name++)
        h = (h ^ (uint8_t)*name) * 0x100000001b3u;
    return h;
}

/* Pixels are 0 (background) or 1; a cell of the left half decides for its mirror image too. */
static void picture_draw(uint8_t raw[PICTURE_RAW], uint64_t seed)
{
    for (unsigned y = 0; y < LOOPBACK_PICTURE_SIDE; y++) {
        uint8_t *row = raw + y * PICTURE_ROW;
        row[0] = 0;                      /* no filter */
        for (unsigned x = 0; x < LOOPBACK_PICTURE_SIDE; x++) {
            unsigned column = x / 4 < PICTURE_CELLS / 2 ? x / 4 : PICTURE_CELLS - 1 - x / 4;
            row[1 + x] = (uint8_t)(seed >> (y / 4 * (PICTURE_CELLS / 2) + column) & 1);
        }
    }
}

/* One zlib stream with one stored block. */
static void picture_add_data(struct sj_strbuf *out, const uint8_t raw[PICTURE_RAW])
{
    struct sj_strbuf data;
    sj_strbuf_init(&data, LOOPBACK_PICTURE_BYTES_MAX);
    sj_strbuf_add(&data, "\x78\x01\x01", 3);
    sj_strbuf_addc(&data, (char)(PICTURE_RAW & 255));
    sj_strbuf_addc(&data, (char)(PICTURE_RAW >> 8));
    sj_strbuf_addc(&data, (char)(~PICTURE_RAW & 255));
    sj_strbuf_addc(&data, (char)(~PICTURE_RAW >> 8 & 255));
    sj_strbuf_add(&data, raw, PICTURE_RAW);
    picture_add_big(&data, picture_adler(raw, PICTURE_RAW));
    picture_add_chunk(out, "IDAT", data.s, data.len);
    sj_strbuf_release(&data);
}

void loopback_picture_png(struct sj_strbuf *out, const char *name)
{
    uint8_t raw[PICTURE_RAW];
    uint64_t seed = picture_seed(name);
    const uint8_t head[13] = {0, 0, 0, LOOPBACK_PICTURE_SIDE, 0, 0, 0, LOOPBACK_PICTURE_SIDE,
                              8, 3, 0, 0, 0};        /* 8 bits, palette */
    const uint8_t palette[6] = {0xf0, 0xf0, 0xf0, (uint8_t)(seed >> 56 & 0xbf),
                                (uint8_t)(seed >> 48 & 0xbf), (uint8_t)(seed >> 40 & 0xbf)};
    picture_draw(raw, seed);
    sj_strbuf_add(out, "\x89PNG\r\n\x1a\n", 8);
    picture_add_chunk(out, "IHDR", head, sizeof head);
    picture_add_chunk(out, "PLTE", palette, sizeof palette);
    picture_add_data(out, raw);
    picture_add_chunk(out, "IEND", NULL, 0);
}

void loopback_picture_gif(struct sj_strbuf *out)
{
    static const char gif[] = "GIF89a\1\0\1\0\x80\0\0\x33\x66\x99\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0"
                              ";";
    sj_strbuf_add(out, gif, sizeof gif - 1);
}
