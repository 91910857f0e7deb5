/* SPDX-License-Identifier: MPL-2.0 */
/* Recognises PNG, JPEG, GIF and WebP by their first bytes and reads the size in pixels.
 *
 * What a network says about a picture's type is not trusted: the bytes come from strangers and go
 * to clients, which decide by the type that we name. Only fixed fields are read, every access is
 * checked, the search within a JPEG ends with the bytes. Sources: PNG (W3C) §5.2 and §11.2.2, JPEG
 * (ITU T.81) annex B, GIF89a §18, WebP container specification. */
#include "image.h"

#include <string.h>

static const char *const image_types[IMAGE_KINDS] = {
    [IMAGE_NONE] = "",
    [IMAGE_PNG] = "image/png",
    [IMAGE_JPEG] = "image/jpeg",
    [IMAGE_GIF] = "image/gif",
    [IMAGE_WEBP] = "image/webp",
};

const char *image_type(enum image_kind kind)
{
    return (unsigned)kind < IMAGE_KINDS ? image_types[kind] : "";
}

/* The bytes, and where reading has come to. */
struct image_bytes {
    const uint8_t *p;
    size_t n;
};

static bool image_begins(struct image_bytes b, size_t at, const char *with, size_t len)
{
    return b.n >= at + len && memcmp(b.p + at, with, len) == 0;
}

/* The caller has checked that they are there. */
static uint32_t image_big(const uint8_t *p, size_t bytes)
{
    uint32_t v = 0;

    for (size_t i = 0; i < bytes; i++)
        v = v << 8 | p[i];
    return v;
}

static uint32_t image_little(const uint8_t *p, size_t bytes)
{
    uint32_t v = 0;

    for (size_t i = bytes; i > 0; i--)
        v = v << 8 | p[i - 1];
    return v;
}

static bool image_set(struct image *out, enum image_kind kind, uint32_t width, uint32_t height)
{
    if (width == 0 || height == 0 || width > IMAGE_SIDE_MAX || height > IMAGE_SIDE_MAX)
        return false;
    *out = (struct image){kind, (uint16_t)width, (uint16_t)height};
    return true;
}

/* Signature, then IHDR as the first chunk: 13 bytes of data. */
static bool image_read_png(struct image *out, struct image_bytes b)
{
    if (b.n < 33 || !image_begins(b, 8, "\0\0\0\15IHDR", 8))
        return false;
    return image_set(out, IMAGE_PNG, image_big(b.p + 16, 4), image_big(b.p + 20, 4));
}

/* The marker of a frame header: SOF0 to SOF15 without DHT, JPG and DAC. */
static bool image_is_frame(uint8_t marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/* Walks the segments up to the frame header. Each step takes at least two bytes. */
static bool image_read_jpeg(struct image *out, struct image_bytes b)
{
    size_t at = 2;

    while (b.n - at >= 4 && b.p[at] == 0xff) {
        uint8_t marker = b.p[at + 1];
        size_t len = image_big(b.p + at + 2, 2);

        if (marker == 0xff) {                        /* fill bytes before a marker */
            at++;
            continue;
        }
        if (marker == 0xd8 || marker == 0xd9 || marker == 0xda || len < 2)
            return false;                            /* no frame before the data, or nonsense */
        if (image_is_frame(marker))
            return len >= 8 && b.n - at >= 9 &&
                   image_set(out, IMAGE_JPEG, image_big(b.p + at + 7, 2),
                             image_big(b.p + at + 5, 2));
        if (b.n - at < 2 + len)
            return false;
        at += 2 + len;
    }
    return false;
}

static bool image_read_gif(struct image *out, struct image_bytes b)
{
    if (b.n < 13 || (!image_begins(b, 3, "87a", 3) && !image_begins(b, 3, "89a", 3)))
        return false;
    return image_set(out, IMAGE_GIF, image_little(b.p + 6, 2), image_little(b.p + 8, 2));
}

/* One of three kinds of first chunk: lossy, lossless, extended. */
static bool image_read_webp(struct image *out, struct image_bytes b)
{
    uint32_t bits;

    if (b.n < 30 || !image_begins(b, 8, "WEBPVP8", 7))
        return false;
    if (b.p[15] == ' ' && image_begins(b, 23, "\x9d\x01\x2a", 3))
        return image_set(out, IMAGE_WEBP, image_little(b.p + 26, 2) & 0x3fff,
                         image_little(b.p + 28, 2) & 0x3fff);
    if (b.p[15] == 'L' && b.p[20] == 0x2f) {
        bits = image_little(b.p + 21, 4);
        return image_set(out, IMAGE_WEBP, (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
    }
    if (b.p[15] == 'X')
        return image_set(out, IMAGE_WEBP, image_little(b.p + 24, 3) + 1,
                         image_little(b.p + 27, 3) + 1);
    return false;
}

bool image_read(struct image *out, const void *data, size_t n)
{
    struct image_bytes b = {data, n};

    *out = (struct image){IMAGE_NONE, 0, 0};
    if (image_begins(b, 0, "\x89PNG\r\n\x1a\n", 8))
        return image_read_png(out, b);
    if (image_begins(b, 0, "\xff\xd8\xff", 3))
        return image_read_jpeg(out, b);
    if (image_begins(b, 0, "GIF", 3))
        return image_read_gif(out, b);
    if (image_begins(b, 0, "RIFF", 4))
        return image_read_webp(out, b);
    return false;
}
