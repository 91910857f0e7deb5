/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of message records share: records, their place in an owner's order, and those
 * that wait to be written. */
#ifndef SOJOURN_MESSAGE_PRIV_H
#define SOJOURN_MESSAGE_PRIV_H

#include <stdint.h>

#include "sojourn/store_message.h"
#include "store_priv.h"

#define MESSAGE_ITEMS_MAX 3u             /* the record, and what leads to it */
#define MESSAGE_DAY_MS 86400000
#define MESSAGE_SEQ_LEN 8u
#define MESSAGE_NAME_SIZE (2 * STORE_PART_LEN + 1)

/* A record by one of its items. */
enum message_item { MESSAGE_BY_ID = 'i', MESSAGE_BY_NETWORK = 'n', MESSAGE_REACTIONS = 'r' };
void message_item_of(const struct sj_store *s, uint8_t out[STORE_PART_LEN],
                     const uint8_t user[STORE_PART_LEN], enum message_item kind, const char *peer,
                     const char *id);

/* One record that waits. Owned by the list. */
struct message_wait {
    struct sj_list link;
    uint8_t user[STORE_PART_LEN];
    uint8_t item[MESSAGE_ITEMS_MAX][STORE_PART_LEN];     /* the first is the record's own */
    char name[MESSAGE_ITEMS_MAX][MESSAGE_NAME_SIZE];     /* the same in hex: the map's keys */
    size_t n_items;
    uint32_t day;
    bool early;                          /* its owner's registration follows */
    uint8_t *plain;                      /* wiped after; NULL: the record is to be removed */
    size_t n;
};
/* Takes a copy; no room: dropped (logged). items: n_items of STORE_PART_LEN bytes. */
void waits_add(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
               uint8_t (*items)[STORE_PART_LEN], size_t n_items, const uint8_t *plain, size_t n);
const struct message_wait *waits_find(const struct sj_store *s,
                                      const uint8_t item[STORE_PART_LEN]);

/* message_order.c, inside a write frame: puts a record in, as the owner's newest; what it takes
 * the place of goes, and the oldest when there are too many. */
enum sj_status order_put(struct sj_store *s, const struct message_wait *w,
                         const struct seal_key *key, struct sj_error *err);
/* Removes the record that stands at this key of the order, and the key. */
enum sj_status order_drop(struct sj_store *s, const struct store_found *at, struct sj_error *err);
/* Day of an entry of the order. False: the entry makes no sense. */
bool order_day(const struct store_found *at, uint32_t *day);

#endif
