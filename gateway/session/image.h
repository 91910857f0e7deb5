/* SPDX-License-Identifier: MPL-2.0 */
/* What kind of picture some bytes are, by their header; nothing is ever decoded. */
#ifndef SESSION_IMAGE_H
#define SESSION_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pixels of one side. A picture whose header says more is none: a few bytes can claim an area that
 * would take a client gigabytes to unpack. */
#define IMAGE_SIDE_MAX 4096u

/* The numbers stand in the store: never change them. */
enum image_kind { IMAGE_NONE = 0, IMAGE_PNG = 1, IMAGE_JPEG = 2, IMAGE_GIF = 3, IMAGE_WEBP = 4 };
#define IMAGE_KINDS 5

struct image {
    enum image_kind kind;
    uint16_t width, height;      /* 1..IMAGE_SIDE_MAX */
};

/* Reads the header of n bytes. false: no picture of a known kind, or one that is too large. */
bool image_read(struct image *out, const void *data, size_t n);
/* "image/png"; "" for IMAGE_NONE. */
const char *image_type(enum image_kind kind);

#endif
