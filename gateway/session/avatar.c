/* SPDX-License-Identifier: MPL-2.0 */
/* The cache of pictures. Whoever shows the same picture shares its bytes, because the key is their
 * digest, which clients ask by as well (XEP-0153 §3, XEP-0084 §3). What is dropped is fetched from
 * its network again when somebody asks (fetch.c); contacts keep the digest only. */
#include "avatar.h"

#include <string.h>

#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* What a picture counts for: its bytes and what keeping it costs. */
static size_t avatar_cost(size_t len)
{
    return sizeof(struct avatar) + len;
}

void avatars_init(struct avatars *a, size_t bytes_max)
{
    *a = (struct avatars){.bytes_max = bytes_max};
    sj_map_init(&a->by_hash);
    sj_map_init(&a->by_source);
    sj_list_init(&a->used);
}

static void avatar_drop(struct avatars *a, struct avatar *p)
{
    sj_list_remove(&p->used);
    sj_map_remove(&a->by_hash, p->hex);
    if (p->source)
        sj_map_remove(&a->by_source, p->source);
    a->bytes -= avatar_cost(p->len);
    sj_free(p->source);
    sj_free(p);
}

void avatars_release(struct avatars *a)
{
    while (!sj_list_empty(&a->used))
        avatar_drop(a, SJ_CONTAINER(a->used.next, struct avatar, used));
    sj_map_release(&a->by_hash);
    sj_map_release(&a->by_source);
}

static struct avatar *avatar_touch(struct avatars *a, struct avatar *p)
{
    if (p) {
        sj_list_remove(&p->used);
        sj_list_append(&a->used, &p->used);
    }
    return p;
}

const struct avatar *avatars_find(struct avatars *a, const uint8_t sha1[SJ_SHA1_LEN])
{
    char hex[SJ_SHA1_HEX_SIZE];

    sj_sha1_hex(hex, sha1);
    return avatar_touch(a, sj_map_find(&a->by_hash, hex));
}

const struct avatar *avatars_find_source(struct avatars *a, const char *source)
{
    return avatar_touch(a, sj_map_find(&a->by_source, source));
}

/* One source for a picture, one picture for a source: the latest. */
static void avatar_set_source(struct avatars *a, struct avatar *p, const char *source)
{
    struct avatar *old = sj_map_find(&a->by_source, source);

    if (old == p)
        return;
    if (old) {
        sj_map_remove(&a->by_source, source);
        sj_free(old->source);
        old->source = NULL;
    }
    if (p->source) {
        sj_map_remove(&a->by_source, p->source);
        sj_free(p->source);
    }
    p->source = sj_strdup(source);
    sj_map_put(&a->by_source, p->source, p);
}

static struct avatar *avatar_new(struct avatars *a, const struct image *image, const char *hex,
                                 const void *data, size_t len)
{
    struct avatar *p = sj_malloc(sizeof *p + len);

    *p = (struct avatar){.image = *image, .len = len};
    memcpy(p->data, data, len);
    sj_copy(p->hex, sizeof p->hex, hex);
    sj_sha1_parse(p->sha1, hex);
    sj_list_init(&p->used);
    sj_list_append(&a->used, &p->used);
    sj_map_put(&a->by_hash, p->hex, p);
    a->bytes += avatar_cost(len);
    return p;
}

const struct avatar *avatars_put(struct avatars *a, const char *source, const struct image *image,
                                 const void *data, size_t len)
{
    uint8_t sha1[SJ_SHA1_LEN];
    char hex[SJ_SHA1_HEX_SIZE];
    struct avatar *p;

    if (avatar_cost(len) > a->bytes_max)
        return NULL;
    sj_sha1(sha1, data, len);
    sj_sha1_hex(hex, sha1);
    p = avatar_touch(a, sj_map_find(&a->by_hash, hex));
    while (!p && (a->bytes + avatar_cost(len) > a->bytes_max || a->by_hash.used >= AVATARS_MAX))
        avatar_drop(a, SJ_CONTAINER(a->used.next, struct avatar, used));
    if (!p)
        p = avatar_new(a, image, hex, data, len);
    if (source)
        avatar_set_source(a, p, source);
    return p;
}
