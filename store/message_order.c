/* SPDX-License-Identifier: MPL-2.0 */
/* Records of messages in the order in which an owner's were written, so that the oldest can be
 * found without looking at the others.
 *
 * A record stands in the table `message`: its number in clear, then the sealed bytes. Items that
 * lead to it hold the number and the record's item. The table `message-order` has an entry for
 * each number of an owner: the day, then the items. Whoever removes a number removes the items that
 * still carry it: one that was written anew since has another number and stays. */
#include <string.h>

#include "message.h"
#include "sojourn/memory.h"

#define ORDER_DAY_LEN 4u

static void order_put_uint(uint8_t *out, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

static uint64_t order_get_uint(const uint8_t *p, size_t bytes)
{
    uint64_t v = 0;
    for (size_t i = 0; i < bytes; i++)
        v = v << 8 | p[i];
    return v;
}

static void order_key(uint8_t out[STORE_KEY_LEN], const uint8_t user[STORE_PART_LEN], uint64_t seq)
{
    memset(out, 0, STORE_KEY_LEN);
    memcpy(out, user, STORE_PART_LEN);
    order_put_uint(out + STORE_PART_LEN, seq, MESSAGE_SEQ_LEN);
}

static uint64_t order_seq(const uint8_t key[STORE_KEY_LEN])
{
    return order_get_uint(key + STORE_PART_LEN, MESSAGE_SEQ_LEN);
}

bool order_day(const struct store_found *at, uint32_t *day)
{
    size_t n = at->value.n;
    if (n < ORDER_DAY_LEN + STORE_PART_LEN || (n - ORDER_DAY_LEN) % STORE_PART_LEN != 0 ||
        n > ORDER_DAY_LEN + MESSAGE_ITEMS_MAX * STORE_PART_LEN)
        return false;
    *day = (uint32_t)order_get_uint(at->value.p, ORDER_DAY_LEN);
    return true;
}

static void order_place(uint8_t out[STORE_KEY_LEN], const uint8_t user[STORE_PART_LEN],
                        const uint8_t item[STORE_PART_LEN])
{
    memcpy(out, user, STORE_PART_LEN);
    memcpy(out + STORE_PART_LEN, item, STORE_PART_LEN);
}

/* Number that an item carries; 0: there is no such item. */
static uint64_t order_seq_of(struct sj_store *s, const uint8_t key[STORE_KEY_LEN])
{
    struct store_bytes value;
    if (s->engine->ops->get(s->engine, STORE_MESSAGE, key, &value, NULL) != SJ_OK ||
        value.n < MESSAGE_SEQ_LEN)
        return 0;
    return order_get_uint(value.p, MESSAGE_SEQ_LEN);
}

enum sj_status order_drop(struct sj_store *s, const struct store_found *at, struct sj_error *err)
{
    const struct engine_ops *ops = s->engine->ops;
    uint8_t items[MESSAGE_ITEMS_MAX][STORE_PART_LEN];
    struct store_found entry = *at;
    uint32_t day;
    size_t n = order_day(at, &day) ? (at->value.n - ORDER_DAY_LEN) / STORE_PART_LEN : 0;
    if (n > 0)                           /* a copy: what is borrowed ends with the first write */
        memcpy(items, at->value.p + ORDER_DAY_LEN, n * STORE_PART_LEN);
    for (size_t i = 0; i < n; i++) {
        uint8_t key[STORE_KEY_LEN];
        order_place(key, entry.key, items[i]);
        if (order_seq_of(s, key) != order_seq(entry.key))
            continue;
        enum sj_status status = ops->remove(s->engine, STORE_MESSAGE, key, err);
        if (status != SJ_OK)
            return status;
    }
    return ops->remove(s->engine, STORE_MESSAGE_ORDER, entry.key, err);
}

/* Removes what stands where w is to stand. */
static enum sj_status order_make_way(struct sj_store *s, const struct message_wait *w,
                                     struct sj_error *err)
{
    for (size_t i = 0; i < w->n_items; i++) {
        struct store_found old;
        uint8_t key[STORE_KEY_LEN];
        order_place(key, w->user, w->item[i]);
        uint64_t seq = order_seq_of(s, key);
        order_key(old.key, w->user, seq);
        if (seq == 0 || s->engine->ops->get(s->engine, STORE_MESSAGE_ORDER, old.key, &old.value,
                                            NULL) != SJ_OK)
            continue;
        enum sj_status status = order_drop(s, &old, err);
        if (status != SJ_OK)
            return status;
    }
    return SJ_OK;
}

/* The oldest entry goes when the owner has as many as allowed; two when the store is full. */
static enum sj_status order_cut(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                                uint64_t seq, struct sj_error *err)
{
    enum sj_status status = SJ_OK;
    for (unsigned drops = s->scarce ? 2 : 1; status == SJ_OK && drops > 0; drops--) {
        struct store_found found;
        uint8_t first[STORE_KEY_LEN];
        order_key(first, user, 0);
        status = s->engine->ops->seek(s->engine, STORE_MESSAGE_ORDER, first, &found, err);
        if (status == SJ_NOTFOUND ||
            (status == SJ_OK && memcmp(found.key, user, STORE_PART_LEN) != 0))
            return SJ_OK;
        if (status == SJ_OK && (s->scarce || seq - order_seq(found.key) >= SJ_STORE_MESSAGES_MAX))
            status = order_drop(s, &found, err);
    }
    return status;
}

/* The next number; what is too old by then goes. */
static enum sj_status order_next(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                                 uint64_t *seq, struct sj_error *err)
{
    struct store_found found;
    enum sj_status status = s->engine->ops->last(s->engine, STORE_MESSAGE_ORDER, user,
                                                 STORE_PART_LEN, &found, err);
    *seq = status == SJ_OK ? order_seq(found.key) + 1 : 1;
    if (status != SJ_OK)
        return status == SJ_NOTFOUND ? SJ_OK : status;
    return order_cut(s, user, *seq, err);
}

static enum sj_status order_put_record(struct sj_store *s, const struct message_wait *w,
                                       uint64_t seq, const struct seal_key *key,
                                       struct sj_error *err)
{
    uint8_t at[STORE_KEY_LEN];
    const struct seal_place where = {store_table_name(STORE_MESSAGE), at};
    struct store_bytes value = {NULL, MESSAGE_SEQ_LEN + seal_size(w->n)};
    uint8_t *bytes = sj_malloc(value.n);
    order_place(at, w->user, w->item[0]);
    order_put_uint(bytes, seq, MESSAGE_SEQ_LEN);
    seal_close(bytes + MESSAGE_SEQ_LEN, key, &where, STORE_SCHEMA, w->plain, w->n);
    value.p = bytes;
    enum sj_status status = s->engine->ops->put(s->engine, STORE_MESSAGE, at, value, err);
    sj_free(bytes);
    return status;
}

static enum sj_status order_put_entry(struct sj_store *s, const struct message_wait *w,
                                      uint64_t seq, struct sj_error *err)
{
    uint8_t key[STORE_KEY_LEN];
    uint8_t value[ORDER_DAY_LEN + MESSAGE_ITEMS_MAX * STORE_PART_LEN];
    order_key(key, w->user, seq);
    order_put_uint(value, w->day, ORDER_DAY_LEN);
    memcpy(value + ORDER_DAY_LEN, w->item, w->n_items * STORE_PART_LEN);
    return s->engine->ops->put(s->engine, STORE_MESSAGE_ORDER, key,
                               (struct store_bytes){value, ORDER_DAY_LEN +
                                                               w->n_items * STORE_PART_LEN},
                               err);
}

/* The further items, which lead to the record. */
static enum sj_status order_put_leads(struct sj_store *s, const struct message_wait *w,
                                      uint64_t seq, struct sj_error *err)
{
    uint8_t value[MESSAGE_SEQ_LEN + STORE_PART_LEN];
    enum sj_status status = SJ_OK;
    order_put_uint(value, seq, MESSAGE_SEQ_LEN);
    memcpy(value + MESSAGE_SEQ_LEN, w->item[0], STORE_PART_LEN);
    for (size_t i = 1; status == SJ_OK && i < w->n_items; i++) {
        uint8_t key[STORE_KEY_LEN];
        order_place(key, w->user, w->item[i]);
        status = s->engine->ops->put(s->engine, STORE_MESSAGE, key,
                                     (struct store_bytes){value, sizeof value}, err);
    }
    return status;
}

enum sj_status order_put(struct sj_store *s, const struct message_wait *w,
                         const struct seal_key *key, struct sj_error *err)
{
    uint64_t seq = 0;
    enum sj_status status = order_make_way(s, w, err);
    if (status != SJ_OK || w->n == 0)    /* it was to be removed, and is */
        return status;
    status = order_next(s, w->user, &seq, err);
    if (status == SJ_OK)
        status = order_put_record(s, w, seq, key, err);
    if (status == SJ_OK)
        status = order_put_leads(s, w, seq, err);
    if (status == SJ_OK)
        status = order_put_entry(s, w, seq, err);
    return status;
}
