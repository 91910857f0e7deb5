/* SPDX-License-Identifier: MPL-2.0 */
/* The cache of pictures: by content, bounded, least recently used goes first. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "avatar.h"
#include "sojourn/memory.h"

static const struct image image = {IMAGE_PNG, 4, 4};

/* A picture of that number, of n bytes. */
static const struct avatar *put(struct avatars *a, const char *source, unsigned number, size_t n)
{
    char *bytes = sj_calloc(1, n);
    const struct avatar *p;

    snprintf(bytes, n, "%u", number);
    p = avatars_put(a, source, &image, bytes, n);
    sj_free(bytes);
    return p;
}

/* G153-01: lower-case SHA-1 of the raw bytes. */
Test(avatar, is_named_by_its_digest)
{
    struct avatars a;
    const struct avatar *p;

    avatars_init(&a, 100000);
    p = avatars_put(&a, NULL, &image, "abc", 3);
    cr_expect_str_eq(p->hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
    cr_expect_eq(avatars_find(&a, p->sha1), p);
    cr_expect_eq(p->len, 3);
    cr_expect_eq(memcmp(p->data, "abc", 3), 0);
    avatars_release(&a);
}

Test(avatar, keeps_the_same_bytes_once)
{
    struct avatars a;
    const struct avatar *p;

    avatars_init(&a, 100000);
    p = put(&a, "one", 1, 100);
    size_t bytes = a.bytes;
    cr_expect_eq(put(&a, "two", 1, 100), p);
    cr_expect_eq(a.bytes, bytes);
    cr_expect_eq(avatars_find_source(&a, "two"), p);
    cr_expect_null(avatars_find_source(&a, "one"), "one source, the latest");
    avatars_release(&a);
}

Test(avatar, a_source_names_its_latest_picture)
{
    struct avatars a;
    const struct avatar *p;

    avatars_init(&a, 100000);
    put(&a, "one", 1, 100);
    p = put(&a, "one", 2, 100);
    cr_expect_eq(avatars_find_source(&a, "one"), p);
    cr_expect_eq(put(&a, "one", 2, 100), p);
    avatars_release(&a);
}

/* G054-08: bounded, whatever strangers show. */
Test(avatar, drops_what_was_not_used_for_longest)
{
    struct avatars a;
    uint8_t first[SJ_SHA1_LEN], second[SJ_SHA1_LEN];

    avatars_init(&a, 3 * (sizeof(struct avatar) + 100));
    memcpy(first, put(&a, "one", 1, 100)->sha1, sizeof first);
    memcpy(second, put(&a, "two", 2, 100)->sha1, sizeof second);
    put(&a, "three", 3, 100);
    cr_expect_not_null(avatars_find(&a, first), "and now it was used");
    put(&a, "four", 4, 100);
    cr_expect_not_null(avatars_find(&a, first));
    cr_expect_null(avatars_find(&a, second));
    cr_expect_null(avatars_find_source(&a, "two"));
    cr_expect_leq(a.bytes, a.bytes_max);
    avatars_release(&a);
    cr_expect_eq(a.bytes, 0);
}

Test(avatar, refuses_what_alone_is_too_large)
{
    struct avatars a;

    avatars_init(&a, 1000);
    cr_expect_null(put(&a, "one", 1, 1000));
    cr_expect_null(avatars_find_source(&a, "one"));
    cr_expect_eq(a.bytes, 0);
    avatars_release(&a);
}

Test(avatar, small_pictures_are_bounded_in_number)
{
    struct avatars a;

    avatars_init(&a, (size_t)64 << 20);
    for (unsigned i = 0; i < AVATARS_MAX + 10; i++)
        put(&a, NULL, i, 12);
    cr_expect_eq(a.by_hash.used, AVATARS_MAX);
    avatars_release(&a);
}
