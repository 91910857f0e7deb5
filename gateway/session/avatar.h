/* SPDX-License-Identifier: MPL-2.0 */
/* Pictures of people, named by their own SHA-1: one copy for all users and networks, as many as
 * the configured number of bytes holds, the least recently used dropped first. */
#ifndef SESSION_AVATAR_H
#define SESSION_AVATAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image.h"
#include "sojourn/sha1.h"
#include "sojourn/map.h"

#define AVATARS_MAX 16384u               /* pictures, however small */

/* Owned by struct avatars; valid until the next avatars_put. */
struct avatar {
    struct sj_list used;                 /* least recently used first */
    struct image image;
    uint8_t sha1[SJ_SHA1_LEN];
    char hex[SJ_SHA1_HEX_SIZE];          /* key */
    char *source;                        /* what was fetched for it last; key, or NULL */
    size_t len;
    uint8_t data[];
};

struct avatars {
    struct sj_map by_hash, by_source;
    struct sj_list used;
    size_t bytes, bytes_max;
};

void avatars_init(struct avatars *, size_t bytes_max);
void avatars_release(struct avatars *);
/* The picture, which now counts as used; NULL: not here (any more). */
const struct avatar *avatars_find(struct avatars *, const uint8_t sha1[SJ_SHA1_LEN]);
/* The picture that a fetch of source brought last. */
const struct avatar *avatars_find_source(struct avatars *, const char *source);
/* Takes a copy of a picture whose header image describes. source: what was fetched, or NULL.
 * NULL: it is larger than all that may be kept. */
const struct avatar *avatars_put(struct avatars *, const char *source, const struct image *image,
                                 const void *data, size_t len);

#endif
