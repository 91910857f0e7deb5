/* SPDX-License-Identifier: MPL-2.0 */
/* Pictures are recognised by their bytes alone, and sizes that bombs claim are refused. */
#include <criterion/criterion.h>
#include <string.h>

#include "image.h"
#include "sojourn/memory.h"

#define BYTES(s) s, sizeof(s) - 1
#define PNG(width, height) \
    BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR" width height "\x8\0\0\0\0\0\0\0\0")
#define APP0 "\xff\xe0\0\x6" "abcd"
#define FRAME(marker) "\xff" marker "\0\xb\x8\0\x20\0\x30\1\1\x11\0"

struct row {
    const char *what, *bytes;
    size_t n;
    enum image_kind kind;
    unsigned width, height;
};

static void expect(const struct row *row)
{
    struct image image;
    /* Not a byte longer, so that a sanitizer sees what is read behind the end. */
    void *copy = sj_malloc(row->n);

    memcpy(copy, row->bytes, row->n);
    cr_expect_eq(image_read(&image, copy, row->n), row->kind != IMAGE_NONE, "%s", row->what);
    cr_expect_eq(image.kind, row->kind, "%s", row->what);
    cr_expect_eq(image.width, row->width, "%s: %u", row->what, image.width);
    cr_expect_eq(image.height, row->height, "%s: %u", row->what, image.height);
    sj_free(copy);
}

Test(image, reads_kind_and_size_of_what_it_knows)
{
    static const struct row rows[] = {
        {"png", PNG("\0\0\1\0", "\0\0\0\x40"), IMAGE_PNG, 256, 64},
        {"largest png", PNG("\0\0\x10\0", "\0\0\x10\0"), IMAGE_PNG, 4096, 4096},
        {"jpeg", BYTES("\xff\xd8" APP0 FRAME("\xc0")), IMAGE_JPEG, 48, 32},
        {"progressive jpeg", BYTES("\xff\xd8" APP0 FRAME("\xc2")), IMAGE_JPEG, 48, 32},
        {"jpeg with fill bytes", BYTES("\xff\xd8\xff" APP0 "\xff" FRAME("\xc1")), IMAGE_JPEG, 48,
         32},
        {"gif 87", BYTES("GIF87a\x2\1\x3\0\0\0\0"), IMAGE_GIF, 258, 3},
        {"gif 89", BYTES("GIF89a\x1\0\x1\0\0\0\0"), IMAGE_GIF, 1, 1},
        {"webp", BYTES("RIFF\x16\0\0\0WEBPVP8 \xa\0\0\0\x30\1\0\x9d\1\x2a\x10\0\x9\x40"),
         IMAGE_WEBP, 16, 9},
        {"lossless webp",
         BYTES("RIFF\x16\0\0\0WEBPVP8L\xa\0\0\0\x2f\x3f\xc0\x7\0\0\0\0\0\0"), IMAGE_WEBP, 64, 32},
        {"extended webp",
         BYTES("RIFF\x16\0\0\0WEBPVP8X\xa\0\0\0\0\0\0\0\x5f\0\0\x2f\0\0"), IMAGE_WEBP, 96, 48},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(&rows[i]);
}

/* G054-08: a header of a few bytes may claim gigabytes of pixels. */
Test(image, refuses_what_is_none_or_would_be_too_large)
{
    static const struct row rows[] = {
        {"png bomb", PNG("\x7f\xff\xff\xff", "\x7f\xff\xff\xff"), IMAGE_NONE, 0, 0},
        {"png a pixel too wide", PNG("\0\0\x10\1", "\0\0\0\1"), IMAGE_NONE, 0, 0},
        {"png without area", PNG("\0\0\0\0", "\0\0\0\1"), IMAGE_NONE, 0, 0},
        {"png cut", BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0"), IMAGE_NONE, 0, 0},
        {"png with another chunk first",
         BYTES("\x89PNG\r\n\x1a\n\0\0\0\rtEXt\0\0\0\1\0\0\0\1\x8\0\0\0\0\0\0\0\0"), IMAGE_NONE, 0,
         0},
        {"jpeg without a frame", BYTES("\xff\xd8" APP0 "\xff\xda\0\2"), IMAGE_NONE, 0, 0},
        {"jpeg with a table only", BYTES("\xff\xd8" FRAME("\xc4")), IMAGE_NONE, 0, 0},
        {"jpeg with an empty segment", BYTES("\xff\xd8\xff\xe0\0\0\xff\xe0\0\0"), IMAGE_NONE, 0, 0},
        {"jpeg with a segment beyond its end", BYTES("\xff\xd8\xff\xe0\xff\xff" "ab"), IMAGE_NONE,
         0, 0},
        {"jpeg cut in the frame", BYTES("\xff\xd8\xff\xc0\0\xb\x8\0\x20"), IMAGE_NONE, 0, 0},
        {"jpeg of fill bytes", BYTES("\xff\xd8\xff\xff\xff\xff\xff\xff"), IMAGE_NONE, 0, 0},
        {"gif 90", BYTES("GIF90a\1\0\1\0\0\0\0"), IMAGE_NONE, 0, 0},
        {"gif cut", BYTES("GIF89a\1\0\1"), IMAGE_NONE, 0, 0},
        {"webp of an unknown kind",
         BYTES("RIFF\x16\0\0\0WEBPVP8Z\xa\0\0\0\0\0\0\0\x5f\0\0\x2f\0\0"), IMAGE_NONE, 0, 0},
        {"extended webp too wide",
         BYTES("RIFF\x16\0\0\0WEBPVP8X\xa\0\0\0\0\0\0\0\xff\xff\xff\x2f\0\0"), IMAGE_NONE, 0, 0},
        {"another riff", BYTES("RIFF\x16\0\0\0WAVEfmt \xa\0\0\0\0\0\0\0\0\0\0\0\0\0"), IMAGE_NONE,
         0, 0},
        {"svg", BYTES("<svg xmlns='http://www.w3.org/2000/svg'/>"), IMAGE_NONE, 0, 0},
        {"a letter", BYTES("G"), IMAGE_NONE, 0, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(&rows[i]);
}

Test(image, names_types)
{
    cr_expect_str_eq(image_type(IMAGE_PNG), "image/png");
    cr_expect_str_eq(image_type(IMAGE_WEBP), "image/webp");
    cr_expect_str_eq(image_type(IMAGE_NONE), "");
    cr_expect_str_eq(image_type((enum image_kind)99), "");
}
