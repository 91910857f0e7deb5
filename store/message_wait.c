/* SPDX-License-Identifier: MPL-2.0 */
/* Records of messages that wait for a grouped commit (group.c has its clock and its bounds).
 *
 * They come in large numbers and are found by up to three items, so they have a list of their own.
 * Two for the same item may wait: lookups see the newer, the commit writes both in order. */
#include <string.h>

#include "message.h"
#include "group.h"
#include "sojourn/memory.h"

void waits_init(struct sj_store *s)
{
    sj_map_init(&s->waits);
    sj_list_init(&s->waits_order);
}

static void wait_name(char out[MESSAGE_NAME_SIZE], const uint8_t item[STORE_PART_LEN])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < STORE_PART_LEN; i++) {
        out[2 * i] = digits[item[i] >> 4];
        out[2 * i + 1] = digits[item[i] & 15];
    }
    out[MESSAGE_NAME_SIZE - 1] = '\0';
}

const struct message_wait *waits_find(const struct sj_store *s, const uint8_t item[STORE_PART_LEN])
{
    char name[MESSAGE_NAME_SIZE];
    if (s->n_waits == 0)
        return NULL;
    wait_name(name, item);
    return sj_map_find(&s->waits, name);
}

void waits_add(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
               uint8_t (*items)[STORE_PART_LEN], size_t n_items, const uint8_t *plain, size_t n)
{
    if (!group_room(s, n))
        return;
    struct message_wait *w = sj_calloc(1, sizeof *w);
    memcpy(w->user, user, STORE_PART_LEN);
    memcpy(w->item, items, n_items * STORE_PART_LEN);
    w->n_items = n_items;
    w->day = (uint32_t)(sj_loop_utc_ms(s->loop) / MESSAGE_DAY_MS);
    w->n = n;
    if (n > 0) {
        w->plain = sj_malloc(n);
        memcpy(w->plain, plain, n);
    }
    for (size_t i = 0; i < n_items; i++) {
        wait_name(w->name[i], w->item[i]);
        /* The map's key is the entry's own text: the older one must not lend it any more. */
        sj_map_remove(&s->waits, w->name[i]);
        sj_map_put(&s->waits, w->name[i], w);
    }
    sj_list_append(&s->waits_order, &w->link);
    s->n_waits++;
    s->pending_bytes += n;
}

static void wait_free(struct sj_store *s, struct message_wait *w)
{
    for (size_t i = 0; i < w->n_items; i++) {
        if (sj_map_find(&s->waits, w->name[i]) == w)
            sj_map_remove(&s->waits, w->name[i]);
    }
    sj_list_remove(&w->link);
    s->n_waits--;
    s->pending_bytes -= w->n;
    if (w->plain)
        sj_wipe(w->plain, w->n);
    sj_free(w->plain);
    sj_free(w);
}

void waits_clear(struct sj_store *s, bool owners_too)
{
    struct sj_list *l = s->waits_order.next;
    while (l != &s->waits_order) {
        struct message_wait *w = SJ_CONTAINER(l, struct message_wait, link);
        l = l->next;
        if (owners_too || !w->early)
            wait_free(s, w);
    }
}

void waits_drop(struct sj_store *s, const uint8_t user[STORE_PART_LEN])
{
    struct sj_list *l = s->waits_order.next;
    while (l != &s->waits_order) {
        struct message_wait *w = SJ_CONTAINER(l, struct message_wait, link);
        l = l->next;
        if (memcmp(w->user, user, STORE_PART_LEN) == 0)
            wait_free(s, w);
    }
}

/* Most of a group come from few users, one behind the other: each one's key is opened once for
 * such a run. */
enum sj_status waits_apply(struct sj_store *s, struct sj_error *err)
{
    const uint8_t *user = NULL;          /* whose key it is */
    enum sj_status status = SJ_OK;
    struct seal_key key;
    for (struct sj_list *l = s->waits_order.next; l != &s->waits_order; l = l->next) {
        struct message_wait *w = SJ_CONTAINER(l, struct message_wait, link);
        if (!user || memcmp(user, w->user, STORE_PART_LEN) != 0) {
            status = sealed_owner_key(s, w->user, &key, err);
            user = status == SJ_OK ? w->user : NULL;
        }
        w->early = !user && status == SJ_NOTFOUND && group_expects(s, w->user);
        if (user)
            status = order_put(s, w, &key, err);
        /* Owners that are unknown or damaged must not hold up the others. */
        if (status != SJ_OK && status != SJ_NOTFOUND && status != SJ_INTERNAL)
            break;
        status = SJ_OK;
    }
    seal_key_wipe(&key);
    return status;
}
