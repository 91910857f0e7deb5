/* SPDX-License-Identifier: MPL-2.0 */
/* Frees the rooms of links that have ended, some in each turn of the loop, from a list of the
 * network: the links are gone by then. What a room holds is freed by mx_room.c. */
#include "mx_gone.h"

#include "mx_net.h"
#include "mx_room.h"
#include "sojourn/memory.h"

/* The rooms of one link; those before `at` are freed. */
struct mx_gone {
    struct sj_list list;
    struct sj_map rooms;
    uint32_t at;
};

/* Frees rooms until so many members are. False: none is left. */
static bool gone_step(struct mx_gone *g, uint32_t most)
{
    struct mx_room *r = NULL;
    for (uint32_t n = 0; n < most && (r = sj_map_next(&g->rooms, &g->at));)
        n += 1 + mx_room_free(r);
    return r != NULL;
}

static void gone_end(struct mx_gone *g)
{
    sj_list_remove(&g->list);
    sj_map_release(&g->rooms);
    sj_free(g);
}

static void gone_on_turn(void *arg)
{
    struct sj_net *net = arg;
    struct mx_gone *g = SJ_CONTAINER(net->gone.next, struct mx_gone, list);
    if (!gone_step(g, MX_GONE_SLICE))
        gone_end(g);
    if (!sj_list_empty(&net->gone))
        sj_loop_defer_next(net->loop, &net->gone_turn);
}

void mx_gone_init(struct sj_net *net)
{
    sj_list_init(&net->gone);
    sj_defer_init(&net->gone_turn, gone_on_turn, net);
}

void mx_gone_take(struct mx_link *l)
{
    struct sj_net *net = l->base.net;
    if (l->n_rooms == 0)
        return;
    struct mx_gone *g = sj_calloc(1, sizeof *g);
    g->rooms = l->rooms;
    sj_map_init(&l->rooms);
    sj_map_release(&l->names);
    l->n_rooms = 0;
    sj_list_init(&g->list);
    sj_list_append(&net->gone, &g->list);
    sj_loop_defer(net->loop, &net->gone_turn);
}

void mx_gone_release(struct sj_net *net)
{
    sj_defer_cancel(&net->gone_turn);
    while (!sj_list_empty(&net->gone)) {
        struct mx_gone *g = SJ_CONTAINER(net->gone.next, struct mx_gone, list);
        while (gone_step(g, MX_GONE_SLICE))
            continue;
        gone_end(g);
    }
}
