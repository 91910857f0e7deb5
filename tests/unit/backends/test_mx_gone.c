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

/* An answer of `events` events of three values each, in a room. */
static struct json_object *make_answer(unsigned events)
{
    struct json_object *root = json_object_new_object();
    struct json_object *room = mx_json_put_object(mx_json_put_object(root, "rooms"), "!r:hs.test");
    struct json_object *list = mx_json_put_array(room, "state");

    for (unsigned i = 0; i < events; i++) {
        struct json_object *event = json_object_new_object();
        mx_json_put_int(event, "n", i);
        mx_json_put(mx_json_put_object(event, "content"), "body", "hello");
        json_object_array_add(list, i % 7 == 3 ? NULL : event);
        if (i % 7 == 3)
            json_object_put(event);
    }
    return root;
}

/* One that is cut short by a log-out is taken apart over several turns, and counts until then. */
Test(mx_gone, frees_an_answer_over_several_turns)
{
    struct sj_net net = {.loop = sj_loop_new(), .reading = 1000};
    unsigned turns = 0;

    mx_gone_init(&net);
    mx_gone_take_json(&net, make_answer(MX_GONE_SLICE), 600);
    cr_expect_eq(net.reading, 1000u);
    for (; turns < 20 && !sj_list_empty(&net.gone); turns++)
        sj_loop_turn(net.loop, 0);
    cr_expect(turns >= 4 && turns <= 7, "%u turns", turns);
    cr_expect_eq(net.reading, 400u);
    mx_gone_take_json(&net, NULL, 0);
    mx_gone_take_json(&net, json_object_new_int(5), 100);
    cr_expect(sj_list_empty(&net.gone));
    mx_gone_take_json(&net, make_answer(MX_GONE_SLICE), 300);
    sj_loop_turn(net.loop, 0);
    mx_gone_release(&net);
    cr_expect_eq(net.reading, 0u);
    sj_loop_free(&net.loop);
}

/* As deep as answers are read, and deeper. */
Test(mx_gone, frees_what_is_nested)
{
    struct sj_net net = {.loop = sj_loop_new()};

    mx_gone_init(&net);
    for (unsigned depth = MX_JSON_DEPTH - 1; depth < MX_JSON_DEPTH + 3; depth++) {
        struct json_object *root = json_object_new_object(), *at = root;
        for (unsigned i = 0; i < depth; i++) {
            at = i % 2 ? mx_json_put_object(at, "a") : mx_json_put_object(at, "b");
            mx_json_put(at, "x", "y");
        }
        mx_gone_take_json(&net, root, 0);
    }
    while (!sj_list_empty(&net.gone))
        sj_loop_turn(net.loop, 0);
    mx_gone_release(&net);
    sj_loop_free(&net.loop);
}
