/* SPDX-License-Identifier: MPL-2.0 */
/* The list of a loopback account as bytes: what the gateway keeps for the link (state_save) and
 * gives back in link_new after a restart.
 *
 * A version byte, the number of entries (16 bits, big-endian), then for each: facts; id, name and
 * group, each behind a byte with its length. Version 1 has neither name nor group. The bytes come
 * from a disk: the decoder checks everything, and takes all or nothing. A backend that changes its
 * format raises the version and goes on reading the old one. */
#include <string.h>

#include "loopback_net.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define STATE_VERSION 2
#define STATE_HEAD 3u
#define STATE_ITEM_MAX (4 + LOOPBACK_ID_MAX + LOOPBACK_NAME_MAX + LOOPBACK_GROUP_MAX)
_Static_assert(STATE_HEAD + LOOPBACK_LIST_MAX * STATE_ITEM_MAX <= SJ_STATE_MAX,
               "the largest list must fit");

static void state_add(struct sj_strbuf *out, const char *text)
{
    const char *t = text ? text : "";
    sj_strbuf_addc(out, (char)strlen(t));
    sj_strbuf_adds(out, t);
}

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
        state_add(out, e->id);
        state_add(out, e->name);
        state_add(out, e->group);
    }
}

struct state_item {
    uint8_t facts;
    char id[LOOPBACK_ID_MAX + 1];
    char name[LOOPBACK_NAME_MAX + 1];
    char group[LOOPBACK_GROUP_MAX + 1];
};

static bool state_take(const uint8_t **p, const uint8_t *end, char *out, size_t max)
{
    if (*p == end)
        return false;
    size_t n = *(*p)++;
    if (n > max || (size_t)(end - *p) < n)
        return false;
    memcpy(out, *p, n);
    out[n] = '\0';
    *p += n;
    return strlen(out) == n;
}

/* One entry of the bytes; false: not ours. */
static bool state_item_take(const uint8_t **p, const uint8_t *end, uint8_t version,
                            struct state_item *out)
{
    char id[LOOPBACK_ID_MAX + 1];
    *out = (struct state_item){.facts = 0};
    if (*p == end)
        return false;
    out->facts = *(*p)++;
    if (out->facts == 0 || (out->facts & ~(unsigned)LOOPBACK_FACTS) != 0)
        return false;
    if (!state_take(p, end, id, LOOPBACK_ID_MAX) || !loopback_id_fold(out->id, id) ||
        strcmp(out->id, id) != 0)
        return false;
    return version == 1 || (state_take(p, end, out->name, LOOPBACK_NAME_MAX) &&
                            state_take(p, end, out->group, LOOPBACK_GROUP_MAX) &&
                            sj_utf8_valid(out->name, strlen(out->name)) &&
                            sj_utf8_valid(out->group, strlen(out->group)));
}

static void state_item_put(struct loopback_account *a, const struct state_item *item)
{
    struct loopback_entry *e = loopback_entry_get(a, item->id);
    if (!e)
        return;
    e->facts |= item->facts;
    if (!e->name && item->name[0])
        e->name = sj_strdup(item->name);
    if (!e->group && item->group[0])
        e->group = sj_strdup(item->group);
}

/* Walks the bytes; a NULL: only checks them. */
static bool state_walk(struct loopback_account *a, const uint8_t *p, size_t len)
{
    const uint8_t *end = p + len;
    struct state_item item;
    if (len < STATE_HEAD || p[0] < 1 || p[0] > STATE_VERSION)
        return false;
    uint8_t version = p[0];
    unsigned n = (unsigned)p[1] << 8 | p[2];
    p += STATE_HEAD;
    if (n > LOOPBACK_LIST_MAX)
        return false;
    while (n-- > 0) {
        if (!state_item_take(&p, end, version, &item))
            return false;
        if (a)
            state_item_put(a, &item);
    }
    return p == end;
}

bool loopback_state_decode(struct loopback_account *a, const void *blob, size_t len)
{
    return state_walk(NULL, blob, len) && state_walk(a, blob, len);
}
