/* SPDX-License-Identifier: MPL-2.0 */
/* The list of a loopback account as bytes: what the gateway keeps for the link (state_save) and
 * gives back in link_new after a restart.
 *
 * A version byte, the number of entries (16 bits, big-endian), then for each: facts, length of the
 * id, id. The bytes come from a disk: the decoder checks everything, and takes all or nothing. A
 * backend that changes its format raises the version and goes on reading the old one. */
#include <string.h>

#include "loopback_net.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define STATE_VERSION 1
#define STATE_HEAD 3u
_Static_assert(STATE_HEAD + LOOPBACK_LIST_MAX * (2 + LOOPBACK_ID_MAX) <= SJ_STATE_MAX,
               "the largest list must fit");

void loopback_state_encode(struct sj_strbuf *out, const struct loopback_account *a)
{
    const struct loopback_entry *e;
    unsigned n = 0;
    uint32_t at = 0;
    while ((e = sj_map_next(&a->entries, &at)) != NULL)
        n += e->facts != 0;
    sj_strbuf_addc(out, STATE_VERSION);
    sj_strbuf_addc(out, (char)(n >> 8));
    sj_strbuf_addc(out, (char)(n & 255));
    for (at = 0; (e = sj_map_next(&a->entries, &at)) != NULL;) {
        if (e->facts == 0)
            continue;                /* only waits to be told as gone */
        sj_strbuf_addc(out, (char)e->facts);
        sj_strbuf_addc(out, (char)strlen(e->id));
        sj_strbuf_adds(out, e->id);
    }
}

/* One entry of the bytes; false: not ours. */
struct state_item {
    uint8_t facts;
    char id[LOOPBACK_ID_MAX + 1];
};

static bool state_item_take(const uint8_t **p, const uint8_t *end, struct state_item *out)
{
    char id[LOOPBACK_ID_MAX + 1];
    if (end - *p < 2)
        return false;
    size_t n = (*p)[1];
    out->facts = (*p)[0];
    *p += 2;
    if (n > LOOPBACK_ID_MAX || (size_t)(end - *p) < n)
        return false;
    memcpy(id, *p, n);
    id[n] = '\0';
    *p += n;
    return out->facts != 0 && (out->facts & ~(unsigned)LOOPBACK_FACTS) == 0 &&
           strlen(id) == n && loopback_id_fold(out->id, id) && strcmp(out->id, id) == 0;
}

/* Walks the bytes; a NULL: only checks them. */
static bool state_walk(struct loopback_account *a, const uint8_t *p, size_t len)
{
    const uint8_t *end = p + len;
    struct state_item item;
    if (len < STATE_HEAD || p[0] != STATE_VERSION)
        return false;
    unsigned n = (unsigned)p[1] << 8 | p[2];
    p += STATE_HEAD;
    if (n > LOOPBACK_LIST_MAX)
        return false;
    while (n-- > 0) {
        if (!state_item_take(&p, end, &item))
            return false;
        struct loopback_entry *e = a ? loopback_entry_get(a, item.id) : NULL;
        if (e)
            e->facts |= item.facts;
    }
    return p == end;
}

bool loopback_state_decode(struct loopback_account *a, const void *blob, size_t len)
{
    return state_walk(NULL, blob, len) && state_walk(a, blob, len);
}
