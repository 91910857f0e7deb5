/* SPDX-License-Identifier: MPL-2.0 */
/* Hash maps by open addressing with linear probing: text keys under a keyed hash, ids by a
 * multiplication. Removal leaves graves, which the next growth sweeps out, so that removing never
 * moves entries (iteration relies on that). */
#include "sojourn/map.h"

#include <assert.h>
#include <string.h>

#include "random.h"
#include "sojourn/memory.h"

#define MAP_FIRST 8u
#define MAP_MAX (1u << 30)

/* key NULL: never used; value NULL with a key: a grave. Values are never NULL. */
struct sj_map_slot {
    const char *key;
    void *value;
    uint64_t hash;
};

struct sj_idmap_slot {
    uint64_t id;
    void *value;
};

/* Slots for a table that will hold `used` entries and is to be at most half full. */
static uint32_t map_size_for(uint32_t used)
{
    assert(used < MAP_MAX / 2);
    uint32_t size = MAP_FIRST;
    while (size < used * 2)
        size *= 2;
    return size;
}

/* Three quarters full, graves included: probing gets long. */
static bool map_is_full(uint32_t filled, uint32_t size)
{
    return filled >= size - size / 4;
}

void sj_map_init(struct sj_map *m)
{
    *m = (struct sj_map){0};
}

void sj_map_release(struct sj_map *m)
{
    sj_free(m->slots);
    sj_map_init(m);
}

static struct sj_map_slot *map_slot(const struct sj_map *m, const char *key, size_t n,
                                    uint64_t hash)
{
    for (uint32_t i = (uint32_t)hash;; i++) {
        struct sj_map_slot *slot = &m->slots[i & (m->size - 1)];
        if (!slot->key)
            return NULL;
        if (slot->hash == hash && slot->value && strlen(slot->key) == n &&
            memcmp(slot->key, key, n) == 0)
            return slot;
    }
}

void *sj_map_find_n(const struct sj_map *m, const char *key, size_t n)
{
    if (!m->used)
        return NULL;
    struct sj_map_slot *slot = map_slot(m, key, n, random_hash(key, n));
    return slot ? slot->value : NULL;
}

void *sj_map_find(const struct sj_map *m, const char *key)
{
    return sj_map_find_n(m, key, strlen(key));
}

/* Puts an entry that is known to be absent. */
static void map_place(struct sj_map *m, const struct sj_map_slot *entry)
{
    uint32_t i = (uint32_t)entry->hash;
    while (m->slots[i & (m->size - 1)].value)
        i++;
    struct sj_map_slot *slot = &m->slots[i & (m->size - 1)];
    m->filled += !slot->key;
    m->used++;
    *slot = *entry;
}

static void map_rebuild(struct sj_map *m)
{
    struct sj_map old = *m;
    sj_map_init(m);
    m->size = map_size_for(old.used + 1);
    m->slots = sj_calloc(m->size, sizeof *m->slots);
    for (uint32_t i = 0; i < old.size; i++) {
        if (old.slots[i].value)
            map_place(m, &old.slots[i]);
    }
    sj_free(old.slots);
}

void *sj_map_put(struct sj_map *m, const char *key, void *value)
{
    assert(key && value);
    size_t n = strlen(key);
    uint64_t hash = random_hash(key, n);
    struct sj_map_slot *slot = m->used ? map_slot(m, key, n, hash) : NULL;
    if (slot) {
        void *replaced = slot->value;
        slot->key = key;
        slot->value = value;
        return replaced;
    }
    if (map_is_full(m->filled, m->size))
        map_rebuild(m);
    map_place(m, &(struct sj_map_slot){.key = key, .value = value, .hash = hash});
    return NULL;
}

void *sj_map_remove(struct sj_map *m, const char *key)
{
    if (!m->used)
        return NULL;
    size_t n = strlen(key);
    struct sj_map_slot *slot = map_slot(m, key, n, random_hash(key, n));
    if (!slot)
        return NULL;
    void *value = slot->value;
    *slot = (struct sj_map_slot){.key = ""};
    m->used--;
    return value;
}

void *sj_map_next(const struct sj_map *m, uint32_t *at)
{
    while (*at < m->size) {
        void *value = m->slots[(*at)++].value;
        if (value)
            return value;
    }
    return NULL;
}

void sj_idmap_init(struct sj_idmap *m)
{
    *m = (struct sj_idmap){0};
}

void sj_idmap_release(struct sj_idmap *m)
{
    sj_free(m->slots);
    sj_idmap_init(m);
}

/* Ids are ours and count up, so nobody can choose collisions. */
static uint32_t idmap_start(uint64_t id)
{
    return (uint32_t)(id * UINT64_C(0x9E3779B97F4A7C15) >> 32);
}

static struct sj_idmap_slot *idmap_slot(const struct sj_idmap *m, uint64_t id)
{
    for (uint32_t i = idmap_start(id);; i++) {
        struct sj_idmap_slot *slot = &m->slots[i & (m->size - 1)];
        if (!slot->id)
            return NULL;
        if (slot->id == id && slot->value)
            return slot;
    }
}

void *sj_idmap_find(const struct sj_idmap *m, uint64_t id)
{
    struct sj_idmap_slot *slot = m->used && id ? idmap_slot(m, id) : NULL;
    return slot ? slot->value : NULL;
}

static void idmap_place(struct sj_idmap *m, uint64_t id, void *value)
{
    uint32_t i = idmap_start(id);
    while (m->slots[i & (m->size - 1)].value)
        i++;
    struct sj_idmap_slot *slot = &m->slots[i & (m->size - 1)];
    m->filled += !slot->id;
    m->used++;
    *slot = (struct sj_idmap_slot){.id = id, .value = value};
}

static void idmap_rebuild(struct sj_idmap *m)
{
    struct sj_idmap old = *m;
    sj_idmap_init(m);
    m->size = map_size_for(old.used + 1);
    m->slots = sj_calloc(m->size, sizeof *m->slots);
    for (uint32_t i = 0; i < old.size; i++) {
        if (old.slots[i].value)
            idmap_place(m, old.slots[i].id, old.slots[i].value);
    }
    sj_free(old.slots);
}

void sj_idmap_put(struct sj_idmap *m, uint64_t id, void *value)
{
    assert(id && value);
    struct sj_idmap_slot *slot = m->used ? idmap_slot(m, id) : NULL;
    if (slot) {
        slot->value = value;
        return;
    }
    if (map_is_full(m->filled, m->size))
        idmap_rebuild(m);
    idmap_place(m, id, value);
}

void *sj_idmap_remove(struct sj_idmap *m, uint64_t id)
{
    struct sj_idmap_slot *slot = m->used && id ? idmap_slot(m, id) : NULL;
    if (!slot)
        return NULL;
    void *value = slot->value;
    slot->value = NULL;
    m->used--;
    return value;
}

void *sj_idmap_next(const struct sj_idmap *m, uint32_t *at)
{
    while (*at < m->size) {
        void *value = m->slots[(*at)++].value;
        if (value)
            return value;
    }
    return NULL;
}
