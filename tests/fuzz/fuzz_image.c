/* SPDX-License-Identifier: MPL-2.0 */
/* Headers of pictures: nothing outside of the bytes is read, and what is recognised has a size
 * within bounds. The copy is as long as the bytes, so that a sanitizer sees the first step too
 * far. */
#include "image.h"
#include "sojourn/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image image;
    uint8_t *copy = sj_malloc(size ? size : 1);
    if (size > 0)
        memcpy(copy, data, size);
    if (image_read(&image, copy, size)) {
        assert(image.kind != IMAGE_NONE && image_type(image.kind)[0] == 'i');
        assert(image.width >= 1 && image.width <= IMAGE_SIDE_MAX);
        assert(image.height >= 1 && image.height <= IMAGE_SIDE_MAX);
    } else {
        assert(image.kind == IMAGE_NONE && image.width == 0 && image.height == 0);
    }
    sj_free(copy);
    return 0;
}
