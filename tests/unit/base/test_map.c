/* SPDX-License-Identifier: MPL-2.0 */
/* map.c and the list of map.h. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sojourn/map.h"
#include "sojourn/memory.h"

#define MANY 5000

struct item {
    char key[16];
    unsigned seen;
};

Test(map, finds_nothing_when_empty)
{
    struct sj_map m;
    uint32_t at = 0;
    sj_map_init(&m);
    cr_assert_null(sj_map_find(&m, "a"));
    cr_assert_null(sj_map_remove(&m, "a"));
    cr_assert_null(sj_map_next(&m, &at));
    sj_map_release(&m);
}

Test(map, adds_replaces_and_removes)
{
    struct sj_map m;
    int one = 1;
    int two = 2;
    sj_map_init(&m);
    cr_assert_null(sj_map_put(&m, "key", &one));
    cr_assert_null(sj_map_put(&m, "", &two));
    cr_assert_eq(sj_map_find(&m, "key"), &one);
    cr_assert_eq(sj_map_find(&m, ""), &two);
    cr_assert_eq(sj_map_put(&m, "key", &two), &one);
    cr_assert_eq(m.used, 2);
    cr_assert_eq(sj_map_find_n(&m, "keyhole", 3), &two);
    cr_assert_null(sj_map_find_n(&m, "keyhole", 4));
    cr_assert_null(sj_map_find_n(&m, "key\0x", 5));
    cr_assert_eq(sj_map_remove(&m, "key"), &two);
    cr_assert_null(sj_map_remove(&m, "key"));
    cr_assert_null(sj_map_find(&m, "key"));
    sj_map_release(&m);
    cr_assert_null(sj_map_find(&m, ""));
}

Test(map, keeps_many_entries_through_growth_and_graves)
{
    struct item *items = sj_calloc(MANY, sizeof *items);
    struct sj_map m;
    sj_map_init(&m);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < MANY; i++) {
            snprintf(items[i].key, sizeof items[i].key, "k%u", i);
            cr_assert_null(sj_map_put(&m, items[i].key, &items[i]));
        }
        for (unsigned i = 0; i < MANY; i++)
            cr_assert_eq(sj_map_find(&m, items[i].key), &items[i]);
        for (unsigned i = 0; i < MANY; i++)
            cr_assert_eq(sj_map_remove(&m, items[i].key), &items[i]);
        cr_assert_eq(m.used, 0);
    }
    cr_assert_leq(m.size, 4 * MANY, "graves are swept");
    sj_map_release(&m);
    sj_free(items);
}

Test(map, iterates_once_over_each_while_removing)
{
    struct item items[100] = {0};
    struct sj_map m;
    sj_map_init(&m);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(items[i].key, sizeof items[i].key, "k%u", i);
        sj_map_put(&m, items[i].key, &items[i]);
    }
    uint32_t at = 0;
    for (struct item *item; (item = sj_map_next(&m, &at));) {
        item->seen++;
        cr_assert_eq(sj_map_remove(&m, item->key), item);
    }
    for (unsigned i = 0; i < 100; i++)
        cr_assert_eq(items[i].seen, 1);
    cr_assert_eq(m.used, 0);
    sj_map_release(&m);
}

Test(idmap, keeps_many_entries)
{
    struct sj_idmap m;
    static int values[MANY];
    sj_idmap_init(&m);
    cr_assert_null(sj_idmap_find(&m, 1));
    cr_assert_null(sj_idmap_remove(&m, 1));
    for (uint64_t i = 1; i <= MANY; i++)
        sj_idmap_put(&m, i << 20, &values[i - 1]);
    cr_assert_eq(m.used, MANY);
    cr_assert_null(sj_idmap_find(&m, 0));
    for (uint64_t i = 1; i <= MANY; i++)
        cr_assert_eq(sj_idmap_find(&m, i << 20), &values[i - 1]);
    sj_idmap_put(&m, 1 << 20, &values[7]);
    cr_assert_eq(sj_idmap_find(&m, 1 << 20), &values[7]);
    cr_assert_eq(m.used, MANY);
    for (uint64_t i = 2; i <= MANY; i++)
        cr_assert_eq(sj_idmap_remove(&m, i << 20), &values[i - 1]);
    uint32_t at = 0;
    cr_assert_eq(sj_idmap_next(&m, &at), &values[7]);
    cr_assert_null(sj_idmap_next(&m, &at));
    sj_idmap_release(&m);
}

Test(idmap, does_not_grow_while_entries_come_and_go)
{
    struct sj_idmap m;
    int value;
    sj_idmap_init(&m);
    for (uint64_t i = 1; i <= 100000; i++) {
        sj_idmap_put(&m, i, &value);
        if (i > 3)
            cr_assert_eq(sj_idmap_remove(&m, i - 3), &value);
    }
    cr_assert_leq(m.size, 64);
    sj_idmap_release(&m);
}

Test(list, keeps_order_and_forgets)
{
    struct sj_list head;
    struct item {
        int n;
        struct sj_list link;
    } items[3] = {{.n = 0}, {.n = 1}, {.n = 2}};
    sj_list_init(&head);
    cr_assert(sj_list_empty(&head));
    for (int i = 0; i < 3; i++) {
        sj_list_init(&items[i].link);
        sj_list_append(&head, &items[i].link);
    }
    int n = 0;
    for (struct sj_list *at = head.next; at != &head; at = at->next)
        cr_assert_eq(SJ_CONTAINER(at, struct item, link)->n, n++);
    sj_list_remove(&items[1].link);
    sj_list_remove(&items[1].link);
    cr_assert(sj_list_empty(&items[1].link));
    cr_assert_eq(head.next->next, &items[2].link);
}
