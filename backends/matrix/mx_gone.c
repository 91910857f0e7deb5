/* SPDX-License-Identifier: MPL-2.0 */
/* Frees the rooms of links that have ended, and the answers that they were working off, some in
 * each turn of the loop, from a list of the network: the links are gone by then. What a room holds
 * is freed by mx_room.c. An answer is taken apart from its leaves on; nobody else may hold a part
 * of it. */
#include "mx_gone.h"

#include <json-c/json.h>

#include "mx_json.h"
#include "mx_net.h"
#include "mx_room.h"
#include "sojourn/memory.h"

/* The rooms of one link, those before `at` are freed; or an answer. */
struct mx_gone {
    struct sj_list list;
    struct sj_map rooms;
    uint32_t at;
    struct json_object *path[MX_JSON_DEPTH];     /* containers inside of each other, ours */
    unsigned depth;              /* of them; 0: rooms */
    uint64_t bytes;              /* in net->reading */
};

/* ---- answers ---- */

/* The last member of a container, taken out of it, ours; NULL: null, or none is left (*empty). */
static struct json_object *gone_take(struct json_object *container, bool *empty)
{
    struct json_object *taken;
    size_t n = json_object_is_type(container, json_type_array)
                   ? json_object_array_length(container)
                   : (size_t)json_object_object_length(container);
    *empty = n == 0;
    if (n == 0)
        return NULL;
    if (json_object_is_type(container, json_type_array)) {
        taken = json_object_get(json_object_array_get_idx(container, n - 1));
        json_object_array_del_idx(container, n - 1, 1);
        return taken;
    }
    struct json_object_iterator it = json_object_iter_begin(container);
    taken = json_object_get(json_object_iter_peek_value(&it));
    json_object_object_del(container, json_object_iter_peek_name(&it));
    return taken;
}

static bool gone_is_container(struct json_object *o)
{
    return json_object_is_type(o, json_type_array) || json_object_is_type(o, json_type_object);
}

/* Deeper than answers are read goes in one piece. False: it is all freed. */
static bool gone_step_json(struct mx_gone *g, uint32_t most)
{
    for (uint32_t n = 0; n < most && g->depth > 0; n++) {
        bool empty;
        struct json_object *o = gone_take(g->path[g->depth - 1], &empty);
        if (empty)
            json_object_put(g->path[--g->depth]);
        else if (gone_is_container(o) && g->depth < MX_JSON_DEPTH)
            g->path[g->depth++] = o;
        else
            json_object_put(o);
    }
    return g->depth > 0;
}

/* ---- rooms ---- */

/* Frees rooms until so many members are. False: none is left. */
static bool gone_step(struct mx_gone *g, uint32_t most)
{
    struct mx_room *r = NULL;
    for (uint32_t n = 0; n < most && (r = sj_map_next(&g->rooms, &g->at));)
        n += 1 + mx_room_free(r);
    return r != NULL;
}

static void gone_end(struct sj_net *net, struct mx_gone *g)
{
    net->reading -= g->bytes;
    sj_list_remove(&g->list);
    sj_map_release(&g->rooms);
    sj_free(g);
}

static void gone_on_turn(void *arg)
{
    struct sj_net *net = arg;
    struct mx_gone *g = SJ_CONTAINER(net->gone.next, struct mx_gone, list);
    if (!(g->depth > 0 ? gone_step_json : gone_step)(g, MX_GONE_SLICE))
        gone_end(net, g);
    if (!sj_list_empty(&net->gone))
        sj_loop_defer_next(net->loop, &net->gone_turn);
}

void mx_gone_init(struct sj_net *net)
{
    sj_list_init(&net->gone);
    sj_defer_init(&net->gone_turn, gone_on_turn, net);
}

static struct mx_gone *gone_new(struct sj_net *net)
{
    struct mx_gone *g = sj_calloc(1, sizeof *g);
    sj_map_init(&g->rooms);
    sj_list_init(&g->list);
    sj_list_append(&net->gone, &g->list);
    sj_loop_defer(net->loop, &net->gone_turn);
    return g;
}

void mx_gone_take(struct mx_link *l)
{
    struct sj_net *net = l->base.net;
    if (l->n_rooms == 0)
        return;
    struct mx_gone *g = gone_new(net);
    g->rooms = l->rooms;
    sj_map_init(&l->rooms);
    sj_map_release(&l->names);
    l->n_rooms = 0;
}

void mx_gone_take_json(struct sj_net *net, struct json_object *root, uint64_t bytes)
{
    if (!gone_is_container(root)) {
        json_object_put(root);
        net->reading -= bytes;
        return;
    }
    struct mx_gone *g = gone_new(net);
    g->path[g->depth++] = root;
    g->bytes = bytes;
}

void mx_gone_release(struct sj_net *net)
{
    sj_defer_cancel(&net->gone_turn);
    while (!sj_list_empty(&net->gone)) {
        struct mx_gone *g = SJ_CONTAINER(net->gone.next, struct mx_gone, list);
        while ((g->depth > 0 ? gone_step_json : gone_step)(g, MX_GONE_SLICE))
            continue;
        gone_end(net, g);
    }
}
