/* SPDX-License-Identifier: MPL-2.0 */
/* Examines an LMDB file, because LMDB trusts it: a page number beyond the end is a SIGBUS there, a
 * node that overlaps another an assertion, a free page that is also in use a slow corruption. A
 * damaged disk or a bad copy must end in a clear refusal to start, not in a daemon that dies.
 *
 * Reads the newest header and walks all that it reaches: numbers, kinds and bounds of pages,
 * order and extent of nodes, overflow pages, counts, and that each page is used once. Follows the
 * format of data version 1 as LMDB 0.9 writes it (struct MDB_meta, MDB_db, MDB_page and MDB_node
 * of its mdb.c), in the byte order and word size of this machine. No LMDB call is made. */
#include "lmdb_check.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sojourn/memory.h"
#include "store_priv.h"

#define CHECK_MAGIC 0xbeefc0deu
#define CHECK_VERSION 1u
#define CHECK_METAS 2u
#define CHECK_NONE (~(size_t)0)          /* root of an empty tree */
#define CHECK_DEPTH_MAX 32u              /* LMDB's own bound */
#define CHECK_PAGE_MIN 512u
#define CHECK_PAGE_MAX 65536u
#define CHECK_KEY_MAX 511u

enum check_page_flag { CHECK_BRANCH = 1, CHECK_LEAF = 2, CHECK_OVERFLOW = 4, CHECK_META = 8 };
enum check_node_flag { CHECK_BIG = 1, CHECK_SUB = 2 };

struct check_head {                      /* of every page */
    size_t number;
    uint16_t pad, flags;
    union {
        struct {
            uint16_t lower, upper;       /* of the free space */
        } b;
        uint32_t pages;                  /* overflow: length */
    } u;
};
struct check_db {                        /* a tree */
    uint32_t pad;                        /* in the first one: page size */
    uint16_t flags, depth;
    size_t branch, leaf, overflow, entries, root;
};
struct check_meta {
    uint32_t magic, version;
    size_t address, map_bytes;
    struct check_db free_pages, main;
    size_t last_page, txn;
};

/* What a tree holds. */
enum check_kind {
    CHECK_FREE,                          /* lists of free pages by transaction */
    CHECK_MAIN,                          /* names and trees of the tables */
    CHECK_TABLE                          /* our records */
};

struct check {
    int fd;
    size_t page_bytes;
    size_t in_file;                      /* whole pages in the file */
    size_t n_pages;                      /* pages that exist; free ones may lie beyond the file */
    uint8_t *used;                       /* a byte for each page in the file */
};

struct check_walk {                      /* one tree */
    struct check *c;
    enum check_kind kind;
    const struct check_db *db;
    size_t branch, leaf, overflow, entries;      /* found so far */
};

struct check_node {
    const uint8_t *key, *data;
    size_t key_n, data_n;
    size_t child;
    size_t extent;                       /* bytes that it takes in the page */
    unsigned flags;
};

static bool check_tree(struct check *c, enum check_kind kind, const struct check_db *db);

static bool check_read(const struct check *c, size_t page, void *out, size_t n)
{
    off_t offset = (off_t)page * (off_t)c->page_bytes;
    return pread(c->fd, out, n, offset) == (ssize_t)n;
}

/* Marks a page as used; false when it does not exist or is used already. */
static bool check_claim(struct check *c, size_t page)
{
    if (page < CHECK_METAS || page >= c->n_pages || page >= c->in_file || c->used[page])
        return false;
    c->used[page] = 1;
    return true;
}

/* --- nodes -------------------------------------------------------------------------------- */

static unsigned check_u16(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Node i of a page, within bounds from the page's upper to its end. */
static bool check_node_at(const struct check *c, const uint8_t *page, size_t i, bool leaf,
                          struct check_node *out)
{
    struct check_head head;
    memcpy(&head, page, sizeof head);
    size_t at = check_u16(page + sizeof head + 2 * i);
    if (at < head.u.b.upper || at % 2 != 0 || at + 8 > c->page_bytes)
        return false;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    size_t low = check_u16(page + at), high = check_u16(page + at + 2);
#else
    size_t high = check_u16(page + at), low = check_u16(page + at + 2);
#endif
    unsigned flags = check_u16(page + at + 4);
    *out = (struct check_node){.key = page + at + 8, .key_n = check_u16(page + at + 6)};
    out->data = out->key + out->key_n;
    size_t inside = 0;                   /* bytes of data within the page */
    if (leaf) {
        out->flags = flags;
        out->data_n = low | high << 16;
        inside = flags & CHECK_BIG ? sizeof(size_t) : out->data_n;
    } else {
        out->child = low | high << 16;
#if SIZE_MAX > UINT32_MAX
        out->child |= (size_t)flags << 32;
#endif
    }
    out->extent = (8 + out->key_n + inside + 1) / 2 * 2;
    return out->key_n <= CHECK_KEY_MAX && inside <= c->page_bytes &&
           at + 8 + out->key_n + inside <= c->page_bytes;
}

static bool check_in_order(enum check_kind kind, const struct check_node *a,
                           const struct check_node *b)
{
    size_t n = a->key_n < b->key_n ? a->key_n : b->key_n;
    if (kind == CHECK_FREE) {
        size_t x, y;
        if (a->key_n != sizeof x || b->key_n != sizeof y)
            return false;
        memcpy(&x, a->key, sizeof x);
        memcpy(&y, b->key, sizeof y);
        return x < y;
    }
    int order = memcmp(a->key, b->key, n);
    return order < 0 || (order == 0 && a->key_n < b->key_n);
}

/* --- leaves ------------------------------------------------------------------------------- */

/* Data on pages of their own: claims them. out: where it starts, or NULL when not wanted; the
 * caller frees it. */
static bool check_overflow(struct check_walk *w, const struct check_node *node, uint8_t **out)
{
    struct check *c = w->c;
    struct check_head head;
    size_t first;
    memcpy(&first, node->data, sizeof first);
    if (first >= c->in_file || !check_read(c, first, &head, sizeof head))
        return false;
    size_t need = (sizeof head - 1 + node->data_n) / c->page_bytes + 1;
    if (head.number != first || head.flags != CHECK_OVERFLOW || head.u.pages < need)
        return false;
    for (size_t i = 0; i < head.u.pages; i++) {
        if (!check_claim(c, first + i))
            return false;
    }
    w->overflow += head.u.pages;
    if (!out)
        return true;
    *out = sj_malloc(node->data_n + 1);
    off_t offset = (off_t)first * (off_t)c->page_bytes + (off_t)sizeof head;
    return pread(c->fd, *out, node->data_n, offset) == (ssize_t)node->data_n;
}

/* A count, then so many page numbers in falling order; LMDB may leave room behind them. */
static bool check_free_list(struct check *c, const uint8_t *p, size_t n)
{
    size_t count, id, before = c->n_pages;
    if (n < sizeof count)
        return false;
    memcpy(&count, p, sizeof count);
    if (count > n / sizeof id - 1)
        return false;
    for (size_t i = 1; i <= count; i++) {
        memcpy(&id, p + i * sizeof id, sizeof id);
        if (id >= before || id < CHECK_METAS || (id < c->in_file && !check_claim(c, id)))
            return false;
        before = id;
    }
    return true;
}

static bool check_subtree(struct check *c, const struct check_node *node)
{
    struct check_db db;
    if (node->flags != CHECK_SUB || node->data_n != sizeof db)
        return false;
    memcpy(&db, node->data, sizeof db);
    return db.flags == 0 && check_tree(c, CHECK_TABLE, &db);
}

static bool check_record(struct check_walk *w, const struct check_node *node)
{
    uint8_t *list = NULL;
    bool sound = false;
    w->entries++;
    switch (w->kind) {
    case CHECK_MAIN:
        return check_subtree(w->c, node);
    case CHECK_TABLE:
        if (node->key_n != STORE_KEY_LEN || (node->flags & ~(unsigned)CHECK_BIG))
            return false;
        return !(node->flags & CHECK_BIG) || check_overflow(w, node, NULL);
    case CHECK_FREE:
        if (node->flags == 0)
            return check_free_list(w->c, node->data, node->data_n);
        sound = node->flags == CHECK_BIG && check_overflow(w, node, &list) &&
                check_free_list(w->c, list, node->data_n);
        sj_free(list);
        return sound;
    }
    return false;
}

/* --- pages and trees ---------------------------------------------------------------------- */

static bool check_page(struct check_walk *w, size_t number, unsigned level);

/* All nodes of a page, and what hangs below them. */
static bool check_nodes(struct check_walk *w, const uint8_t *page, unsigned level, bool leaf)
{
    struct check_head head;
    struct check_node node, before = {.key = NULL};
    memcpy(&head, page, sizeof head);
    size_t n = (head.u.b.lower - sizeof head) / 2;
    size_t extent = 0;
    for (size_t i = 0; i < n; i++) {
        if (!check_node_at(w->c, page, i, leaf, &node))
            return false;
        /* The first key of a branch page is not used. */
        if (i > (leaf ? 0u : 1u) && !check_in_order(w->kind, &before, &node))
            return false;
        if (leaf ? !check_record(w, &node) : !check_page(w, node.child, level + 1))
            return false;
        extent += node.extent;
        before = node;
    }
    /* Nodes lie without gaps at the end of the page, so they do not overlap either. */
    return n > 0 && extent == w->c->page_bytes - head.u.b.upper;
}

static bool check_page(struct check_walk *w, size_t number, unsigned level)
{
    struct check *c = w->c;
    struct check_head head;
    bool leaf = level + 1 == w->db->depth;
    if (level >= w->db->depth || !check_claim(c, number))
        return false;
    uint8_t *page = sj_malloc(c->page_bytes);
    bool sound = check_read(c, number, page, c->page_bytes);
    if (sound) {
        memcpy(&head, page, sizeof head);
        sound = head.number == number && head.flags == (leaf ? CHECK_LEAF : CHECK_BRANCH) &&
                head.u.b.lower >= sizeof head && head.u.b.lower % 2 == 0 &&
                head.u.b.lower <= head.u.b.upper && head.u.b.upper <= c->page_bytes &&
                check_nodes(w, page, level, leaf);
    }
    sj_free(page);
    if (leaf)
        w->leaf++;
    else
        w->branch++;
    return sound;
}

static bool check_tree(struct check *c, enum check_kind kind, const struct check_db *db)
{
    struct check_walk w = {.c = c, .kind = kind, .db = db};
    if (db->root == CHECK_NONE)
        return db->depth == 0 && db->entries == 0;
    if (db->depth == 0 || db->depth > CHECK_DEPTH_MAX || !check_page(&w, db->root, 0))
        return false;
    return w.branch == db->branch && w.leaf == db->leaf && w.overflow == db->overflow &&
           w.entries == db->entries;
}

/* --- headers ------------------------------------------------------------------------------ */

static bool check_meta_at(int fd, off_t offset, struct check_meta *out)
{
    struct check_head head;
    size_t page_bytes;
    if (pread(fd, &head, sizeof head, offset) != (ssize_t)sizeof head ||
        pread(fd, out, sizeof *out, offset + (off_t)sizeof head) != (ssize_t)sizeof *out)
        return false;
    page_bytes = out->free_pages.pad;
    return head.flags == CHECK_META && out->magic == CHECK_MAGIC &&
           out->version == CHECK_VERSION && page_bytes >= CHECK_PAGE_MIN &&
           page_bytes <= CHECK_PAGE_MAX && (page_bytes & (page_bytes - 1)) == 0 &&
           out->main.flags == 0;
}

/* The newest of the two headers, as LMDB chooses it. */
static bool check_newest(int fd, struct check_meta *out)
{
    struct check_meta second;
    if (!check_meta_at(fd, 0, out) || !check_meta_at(fd, (off_t)out->free_pages.pad, &second) ||
        second.free_pages.pad != out->free_pages.pad)
        return false;
    if (second.txn > out->txn)
        *out = second;
    return true;
}

bool lmdb_check_file(int fd)
{
    struct check c = {.fd = fd};
    struct check_meta meta;
    struct stat st;
    if (!check_newest(fd, &meta) || fstat(fd, &st) != 0)
        return false;
    c.page_bytes = meta.free_pages.pad;
    c.in_file = (size_t)st.st_size / c.page_bytes;
    c.n_pages = meta.last_page + 1;
    c.used = sj_calloc(c.in_file + 1, 1);
    bool sound = meta.last_page < CHECK_NONE / c.page_bytes &&
                 check_tree(&c, CHECK_FREE, &meta.free_pages) &&
                 check_tree(&c, CHECK_MAIN, &meta.main);
    sj_free(c.used);
    return sound;
}
