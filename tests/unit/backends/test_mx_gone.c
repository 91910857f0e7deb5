/* SPDX-License-Identifier: MPL-2.0 */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>

#include "matrix.h"
#include "mx_gone.h"
#include "mx_json.h"
#include "mx_link.h"
#include "mx_net.h"
#include "mx_room.h"
#include "sojourn/log.h"

#define ROOMS 3u

static void add_members(struct mx_room *r, unsigned n)
{
    char user[64];

    for (unsigned i = 0; i < n; i++) {
        struct json_object *event = json_object_new_object();
        struct json_object *content = mx_json_put_object(event, "content");
        snprintf(user, sizeof user, "@user%u:hs.test", i);
        mx_json_put(event, "state_key", user);
        mx_json_put(content, "membership", "join");
        mx_room_member(r, event, content);
        json_object_put(event);
    }
}

static void make_link(struct sj_net *net, const struct sj_log *log, struct sj_link **link)
{
    const struct sj_account account = {NULL, 0};
    const struct sj_link base = {.backend = &matrix_backend, .log = log, .net = net,
                                 .loop = net->loop};
    char id[64];

    *net = (struct sj_net){.loop = sj_loop_new()};
    mx_gone_init(net);
    *link = matrix_backend.link_new(&base, &account, NULL, 0);
    for (unsigned i = 0; i < ROOMS; i++) {
        snprintf(id, sizeof id, "!r%u:hs.test", i);
        add_members(mx_room_add(mx_link_of(*link), id), MX_GONE_SLICE);
    }
}

/* Whoever is in rooms of hundreds of thousands logs out: nobody else waits for that. */
Test(mx_gone, frees_the_rooms_of_a_link_over_several_turns)
{
    const struct sj_log log = {.area = "test"};
    struct sj_net net;
    struct sj_link *link;
    unsigned turns = 0;

    make_link(&net, &log, &link);
    matrix_backend.link_free(&link);
    cr_assert(!sj_list_empty(&net.gone));
    for (; turns < 2 * ROOMS && !sj_list_empty(&net.gone); turns++)
        sj_loop_turn(net.loop, 0);
    cr_expect(turns >= ROOMS && turns <= ROOMS + 1, "%u turns", turns);
    mx_gone_release(&net);
    sj_loop_free(&net.loop);
}

Test(mx_gone, frees_the_rest_with_the_network)
{
    const struct sj_log log = {.area = "test"};
    struct sj_net net;
    struct sj_link *link;

    make_link(&net, &log, &link);
    matrix_backend.link_free(&link);
    sj_loop_turn(net.loop, 0);
    mx_gone_release(&net);
    cr_expect(sj_list_empty(&net.gone));
    sj_loop_free(&net.loop);
}
