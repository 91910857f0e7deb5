/* SPDX-License-Identifier: MPL-2.0 */
/* Bump allocation behind libstrophe's xmpp_mem_t.
 *
 * A stanza costs libstrophe some 40 to 80 small allocations that all die together. Here they are
 * cut from a chunk one after the other, freeing only counts, and when the last one is freed the
 * chunk starts anew. Under AddressSanitizer everything goes to the heap, so that leaks and overruns
 * stay visible. Limits on what a stanza may cost are the stream's business (stream.c). */
#include "arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "sojourn/memory.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_HEAP_ONLY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_HEAP_ONLY 1
#endif
#endif
#ifndef ARENA_HEAP_ONLY
#define ARENA_HEAP_ONLY 0
#endif

#define ARENA_FIRST_BYTES ((size_t)16 * 1024)
#define ARENA_MORE_BYTES ((size_t)64 * 1024)

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
    size_t used;
    unsigned char data[];
};

/* In front of each allocation. size is needed by realloc. */
struct arena_head {
    size_t size : sizeof(size_t) * 8 - 1;
    size_t heap : 1;
};

static struct arena_chunk *arena_grow(struct arena *a, size_t need)
{
    size_t size = a->first == NULL ? ARENA_FIRST_BYTES : ARENA_MORE_BYTES;
    if (size < need)
        size = need;
    struct arena_chunk *chunk = sj_malloc(sizeof *chunk + size);
    chunk->next = NULL;
    chunk->size = size;
    chunk->used = 0;
    if (a->first == NULL)
        a->first = chunk;
    else
        a->last->next = chunk;
    a->last = chunk;
    a->bytes += size;
    return chunk;
}

/* Everything was freed: back to one empty chunk. */
static void arena_reset(struct arena *a)
{
    struct arena_chunk *chunk = a->first->next;
    while (chunk != NULL) {
        struct arena_chunk *next = chunk->next;
        sj_free(chunk);
        chunk = next;
    }
    a->first->next = NULL;
    a->first->used = 0;
    a->last = a->first;
    a->bytes = a->first->size;
}

static void *arena_heap_alloc(size_t size)
{
    struct arena_head *head = sj_malloc(sizeof *head + size);
    head->size = size & (SIZE_MAX >> 1);
    head->heap = 1;
    return head + 1;
}

static void *arena_alloc(size_t size, void *arg)
{
    struct arena *a = arg;
    size_t need = sizeof(struct arena_head) + size;
    need = (need + alignof(struct arena_head) - 1) & ~(alignof(struct arena_head) - 1);
    struct arena_chunk *chunk = a->last;
    if (chunk == NULL || chunk->size - chunk->used < need)
        chunk = arena_grow(a, need);
    struct arena_head *head = (void *)(chunk->data + chunk->used);
    chunk->used += need;
    a->live++;
    head->size = size & (SIZE_MAX >> 1);
    head->heap = 0;
    return head + 1;
}

static void *arena_alloc_kept(size_t size, void *arg)
{
    (void)arg;
    return arena_heap_alloc(size);
}

static void arena_free(void *p, void *arg)
{
    if (p == NULL)
        return;
    struct arena *a = arg;
    struct arena_head *head = (struct arena_head *)p - 1;
    if (head->heap)
        sj_free(head);
    else if (--a->live == 0)
        arena_reset(a);
}

static void *arena_realloc(void *p, size_t size, void *arg)
{
    struct arena *a = arg;
    void *to = a->mem.alloc(size, arg);
    if (p != NULL) {
        const struct arena_head *head = (const struct arena_head *)p - 1;
        memcpy(to, p, head->size < size ? head->size : size);
        arena_free(p, arg);
    }
    return to;
}

void arena_init(struct arena *a)
{
    *a = (struct arena){
        .mem = {.alloc = arena_alloc_kept, .free = arena_free, .realloc = arena_realloc},
    };
    a->mem.userdata = a;
}

xmpp_ctx_t *arena_ctx_new(struct arena *a)
{
    a->mem.alloc = arena_alloc_kept;
    xmpp_ctx_t *ctx = xmpp_ctx_new(&a->mem, NULL);
    if (!ARENA_HEAP_ONLY)
        a->mem.alloc = arena_alloc;
    return ctx;
}

void arena_release(struct arena *a)
{
    while (a->first != NULL) {
        struct arena_chunk *next = a->first->next;
        sj_free(a->first);
        a->first = next;
    }
    a->last = NULL;
    a->live = a->bytes = 0;
}
