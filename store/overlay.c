/* SPDX-License-Identifier: MPL-2.0 */
/* Changes of records that are not in the engine yet: a skip list over all tables.
 *
 * Keys are hashes, or a hash and a number, so the order of arrival says nothing and a list with
 * random levels stays balanced. Nodes and values lie in blocks that go all at once: what was handed
 * out stays valid until then, also when it is replaced. Values are sealed, nothing is wiped. */
#include "overlay.h"

#include <string.h>

#include "sojourn/memory.h"

#define OVERLAY_BLOCK ((size_t)16 << 10)

struct overlay_block {
    struct overlay_block *before;
    size_t used, size;
    _Alignas(max_align_t) uint8_t bytes[];
};

static void *overlay_alloc(struct overlay *o, size_t n)
{
    struct overlay_block *b = o->blocks;
    n = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    if (!b || b->size - b->used < n) {
        size_t size = n > OVERLAY_BLOCK ? n : OVERLAY_BLOCK;
        b = sj_malloc(sizeof *b + size);
        o->bytes += sizeof *b + size;
        b->before = o->blocks;
        b->used = 0;
        b->size = size;
        o->blocks = b;
    }
    b->used += n;
    return b->bytes + b->used - n;
}

static void overlay_place(uint8_t at[1 + STORE_KEY_LEN], enum store_table table,
                          const uint8_t key[STORE_KEY_LEN])
{
    at[0] = (uint8_t)table;
    memcpy(at + 1, key, STORE_KEY_LEN);
}

/* The last node before `at`, or NULL. With links: at each level the link that leads beyond it. */
static struct overlay_node *overlay_before(const struct overlay *o,
                                           const uint8_t at[1 + STORE_KEY_LEN],
                                           struct overlay_node *before[OVERLAY_LEVELS])
{
    struct overlay_node *node = NULL;
    for (size_t level = OVERLAY_LEVELS; level-- > 0;) {
        struct overlay_node *next = node ? node->next[level] : o->first[level];
        while (next && memcmp(next->at, at, sizeof next->at) < 0) {
            node = next;
            next = node->next[level];
        }
        if (before)
            before[level] = node;
    }
    return node;
}

static struct overlay_node *overlay_after(const struct overlay *o, const struct overlay_node *node)
{
    return node ? node->next[0] : o->first[0];
}

/* One of four nodes is in the next level. Which ones need not be a secret: nobody outside knows
 * where a record lies in the list. */
static size_t overlay_levels(uint64_t n)
{
    size_t levels = 1;
    n = (n + 1) * 0x9e3779b97f4a7c15u;
    for (n ^= n >> 29; levels < OVERLAY_LEVELS && (n & 3) == 0; n >>= 2)
        levels++;
    return levels;
}

static struct overlay_node *overlay_add(struct overlay *o, const uint8_t at[1 + STORE_KEY_LEN],
                                        struct overlay_node *const before[OVERLAY_LEVELS])
{
    size_t levels = overlay_levels(o->n);
    struct overlay_node *node = overlay_alloc(o, sizeof *node + levels * sizeof node->next[0]);
    memcpy(node->at, at, sizeof node->at);
    for (size_t i = 0; i < levels; i++) {
        struct overlay_node **link = before[i] ? &before[i]->next[i] : &o->first[i];
        node->next[i] = *link;
        *link = node;
    }
    o->n++;
    return node;
}

void overlay_put(struct overlay *o, enum store_table table, const uint8_t key[STORE_KEY_LEN],
                 const struct store_bytes *value)
{
    uint8_t at[1 + STORE_KEY_LEN];
    struct overlay_node *before[OVERLAY_LEVELS];
    uint8_t *copy = NULL;
    overlay_place(at, table, key);
    struct overlay_node *node = overlay_after(o, overlay_before(o, at, before));
    if (value) {                         /* first: it may be what is replaced */
        copy = overlay_alloc(o, value->n);
        if (value->n > 0)
            memcpy(copy, value->p, value->n);
    }
    if (!node || memcmp(node->at, at, sizeof at) != 0)
        node = overlay_add(o, at, before);
    node->removed = !value;
    node->value = (struct store_bytes){copy, value ? value->n : 0};
}

const struct overlay_node *overlay_from(const struct overlay *o, enum store_table table,
                                        const uint8_t key[STORE_KEY_LEN])
{
    uint8_t at[1 + STORE_KEY_LEN];
    if (o->n == 0)
        return NULL;
    overlay_place(at, table, key);
    const struct overlay_node *node = overlay_after(o, overlay_before(o, at, NULL));
    return node && overlay_table(node) == table ? node : NULL;
}

const struct overlay_node *overlay_get(const struct overlay *o, enum store_table table,
                                       const uint8_t key[STORE_KEY_LEN])
{
    const struct overlay_node *node = overlay_from(o, table, key);
    return node && memcmp(overlay_key(node), key, STORE_KEY_LEN) == 0 ? node : NULL;
}

const struct overlay_node *overlay_back(const struct overlay *o, enum store_table table,
                                        const uint8_t key[STORE_KEY_LEN])
{
    uint8_t at[1 + STORE_KEY_LEN];
    if (o->n == 0)
        return NULL;
    overlay_place(at, table, key);
    const struct overlay_node *before = overlay_before(o, at, NULL);
    const struct overlay_node *node = overlay_after(o, before);
    if (!node || memcmp(node->at, at, sizeof at) != 0)
        node = before;
    return node && overlay_table(node) == table ? node : NULL;
}

static void overlay_unlink(struct overlay *o, const struct overlay_node *node)
{
    struct overlay_node *before[OVERLAY_LEVELS];
    overlay_before(o, node->at, before);
    for (size_t i = 0; i < OVERLAY_LEVELS; i++) {
        struct overlay_node **link = before[i] ? &before[i]->next[i] : &o->first[i];
        if (*link == node)
            *link = node->next[i];
    }
    o->n--;
}

void overlay_drop(struct overlay *o, uint32_t tables, const uint8_t *prefix, size_t n)
{
    const struct overlay_node *next;
    for (const struct overlay_node *node = o->first[0]; node; node = next) {
        next = node->next[0];
        if ((tables >> overlay_table(node) & 1) != 0 && memcmp(overlay_key(node), prefix, n) == 0)
            overlay_unlink(o, node);
    }
}

void overlay_copy(struct overlay *to, const struct overlay *from)
{
    const struct overlay_node *node = overlay_first(from);
    for (; node; node = overlay_next(node))
        overlay_put(to, overlay_table(node), overlay_key(node),
                    node->removed ? NULL : &node->value);
}

void overlay_clear(struct overlay *o)
{
    while (o->blocks) {
        struct overlay_block *b = o->blocks;
        o->blocks = b->before;
        sj_free(b);
    }
    *o = (struct overlay){.n = 0};
}
