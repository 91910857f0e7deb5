/* SPDX-License-Identifier: MPL-2.0 */
/* Bytes of items on the control socket: lines "more HEX" and, for the last part, "item HEX". */
#ifndef SOJOURN_CONTROL_ITEM_H
#define SOJOURN_CONTROL_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTROL_ITEM_MAX 131072u         /* bytes of one: SJ_PARCEL_ITEM_MAX */
#define CONTROL_ITEM_PART 24000u         /* bytes in a line */
#define CONTROL_ITEM_LINE (2u * CONTROL_ITEM_PART + 5u)

struct sj_strbuf;

/* An item that comes in. Zero-initialised is empty. */
struct control_item {
    uint8_t *p;
    size_t n, cap;
};
enum control_part { CONTROL_PART_BAD, CONTROL_PART_MORE, CONTROL_PART_LAST };
/* Takes a line; the item is whole with CONTROL_PART_LAST. */
enum control_part control_item_take(struct control_item *item, const char *line);
void control_item_clear(struct control_item *item);
void control_item_release(struct control_item *item);        /* wipes */

/* Sends an item by lines, each handed to send; false: that failed. */
bool control_item_send(const uint8_t *p, size_t n,
                       bool (*send)(void *arg, const char *line, size_t n), void *arg);

#endif
