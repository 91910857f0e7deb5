/* SPDX-License-Identifier: MPL-2.0 */
/* Items of parcels as lines of the control socket, both ways. They may hold passwords: what held
 * them is wiped. What they mean is the store's affair. */
#include "control_item.h"

#include <assert.h>
#include <string.h>

#include "sojourn/memory.h"
#include "sojourn/store_parcel.h"
#include "sojourn/strbuf.h"

_Static_assert(CONTROL_ITEM_MAX == SJ_PARCEL_ITEM_MAX, "room for every item");

#define ITEM_WORD 5u                     /* "more ", "item " */

static int item_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void item_reserve(struct control_item *item, size_t n)
{
    uint8_t *p;

    if (n <= item->cap)
        return;
    p = sj_malloc(n);
    if (item->n > 0)
        memcpy(p, item->p, item->n);
    if (item->p)
        sj_wipe(item->p, item->cap);
    sj_free(item->p);
    item->p = p;
    item->cap = n;
}

enum control_part control_item_take(struct control_item *item, const char *line)
{
    bool last = strncmp(line, "item ", ITEM_WORD) == 0;
    const char *hex = line + ITEM_WORD;
    size_t n;

    if (!last && strncmp(line, "more ", ITEM_WORD) != 0)
        return CONTROL_PART_BAD;
    n = strlen(hex) / 2;
    if (n == 0 || strlen(hex) % 2 != 0 || n > CONTROL_ITEM_PART || n > CONTROL_ITEM_MAX - item->n)
        return CONTROL_PART_BAD;
    item_reserve(item, item->n + n);
    for (size_t i = 0; i < n; i++) {
        int high = item_digit(hex[2 * i]), low = item_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return CONTROL_PART_BAD;
        item->p[item->n++] = (uint8_t)(high * 16 + low);
    }
    return last ? CONTROL_PART_LAST : CONTROL_PART_MORE;
}

void control_item_clear(struct control_item *item)
{
    if (item->p)
        sj_wipe(item->p, item->cap);
    item->n = 0;
}

void control_item_release(struct control_item *item)
{
    control_item_clear(item);
    sj_free(item->p);
    *item = (struct control_item){NULL, 0, 0};
}

bool control_item_send(const uint8_t *p, size_t n,
                       bool (*send)(void *arg, const char *line, size_t n), void *arg)
{
    static const char digits[] = "0123456789abcdef";
    char line[CONTROL_ITEM_LINE + 1];
    bool sent = true;

    while (sent && n > 0) {
        size_t part = n < CONTROL_ITEM_PART ? n : CONTROL_ITEM_PART;
        memcpy(line, part == n ? "item " : "more ", ITEM_WORD);
        for (size_t i = 0; i < part; i++) {
            line[ITEM_WORD + 2 * i] = digits[p[i] >> 4];
            line[ITEM_WORD + 2 * i + 1] = digits[p[i] & 15];
        }
        line[ITEM_WORD + 2 * part] = '\n';
        sent = send(arg, line, ITEM_WORD + 2 * part + 1);
        p += part;
        n -= part;
    }
    sj_wipe(line, sizeof line);
    return sent;
}
