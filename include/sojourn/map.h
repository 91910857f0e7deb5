/* SPDX-License-Identifier: MPL-2.0 */
/* Hash map from text to pointer (keyed hash, so that outsiders cannot build collisions) and an
 * intrusive doubly linked list. Neither owns what it points to. */
#ifndef SOJOURN_MAP_H
#define SOJOURN_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Open addressing; allocates at the first put. The key text is borrowed: it must live, unchanged,
 * as long as its entry (usually it is a member of the value). */
struct sj_map {
    struct sj_map_slot *slots;
    uint32_t size;      /* 0 or a power of two */
    uint32_t used;      /* entries */
    uint32_t filled;    /* entries and graves */
};

void sj_map_init(struct sj_map *m);
void sj_map_release(struct sj_map *m);             /* frees the table, not the values */
void *sj_map_find(const struct sj_map *m, const char *key);             /* NULL: none */
void *sj_map_find_n(const struct sj_map *m, const char *key, size_t n); /* key not terminated */
/* Adds or replaces; returns the replaced value or NULL. */
void *sj_map_put(struct sj_map *m, const char *key, void *value);
void *sj_map_remove(struct sj_map *m, const char *key);                 /* the value or NULL */
/* Next value after *at (start with 0), NULL at the end. Removing the value just returned is
 * allowed while iterating, adding is not. */
void *sj_map_next(const struct sj_map *m, uint32_t *at);

/* The same, keyed by a non-zero 64-bit id. */
struct sj_idmap {
    struct sj_idmap_slot *slots;
    uint32_t size, used, filled;
};
void sj_idmap_init(struct sj_idmap *m);
void sj_idmap_release(struct sj_idmap *m);
void *sj_idmap_find(const struct sj_idmap *m, uint64_t id);
void sj_idmap_put(struct sj_idmap *m, uint64_t id, void *value);
void *sj_idmap_remove(struct sj_idmap *m, uint64_t id);
void *sj_idmap_next(const struct sj_idmap *m, uint32_t *at);

/* Intrusive list; a head points to itself when empty, a node outside of any list to itself. */
struct sj_list {
    struct sj_list *next, *prev;
};
static inline void sj_list_init(struct sj_list *l)
{
    l->next = l->prev = l;
}
static inline bool sj_list_empty(const struct sj_list *l)
{
    return l->next == l;
}
static inline void sj_list_remove(struct sj_list *n)
{
    n->prev->next = n->next;
    n->next->prev = n->prev;
    n->next = n->prev = n;
}
/* n must be in no list. */
static inline void sj_list_append(struct sj_list *head, struct sj_list *n)
{
    n->prev = head->prev;
    n->next = head;
    head->prev->next = n;
    head->prev = n;
}
#define SJ_CONTAINER(ptr, type, member) \
    ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

#endif
