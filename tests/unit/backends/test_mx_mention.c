/* SPDX-License-Identifier: MPL-2.0 */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <string.h>

#include "matrix.h"
#include "mx_gone.h"
#include "mx_json.h"
#include "mx_link.h"
#include "mx_mention.h"
#include "mx_net.h"
#include "mx_rich.h"
#include "mx_room.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"

/* A room that romeo is in, with Juliet and a Juliette. */
struct hall {
    struct sj_log log;
    struct sj_net net;
    struct sj_link *link;
    struct mx_room *room;
};

static void add_member(struct mx_room *r, const char *user, const char *name)
{
    struct json_object *event = json_object_new_object();
    struct json_object *content = mx_json_put_object(event, "content");
    mx_json_put(event, "state_key", user);
    mx_json_put(content, "membership", "join");
    mx_json_put(content, "displayname", name);
    mx_room_member(r, event, content);
    json_object_put(event);
}

static void hall_open(struct hall *h)
{
    const struct sj_account account = {NULL, 0};
    h->log = (struct sj_log){.area = "test"};
    h->net = (struct sj_net){.loop = sj_loop_new()};
    mx_gone_init(&h->net);
    const struct sj_link base = {.backend = &matrix_backend, .log = &h->log, .net = &h->net,
                                 .loop = h->net.loop};
    h->link = matrix_backend.link_new(&base, &account, NULL, 0);
    mx_link_of(h->link)->user = sj_strdup("@romeo:hs.test");
    h->room = mx_room_add(mx_link_of(h->link), "!hall:hs.test");
    add_member(h->room, "@juliet:hs.test", "Juliet");
    add_member(h->room, "@juliette:hs.test", "Juliette");
    add_member(h->room, "@romeo:hs.test", "Romeo");
}

static void hall_close(struct hall *h)
{
    matrix_backend.link_free(&h->link);
    mx_gone_release(&h->net);
    sj_loop_free(&h->net.loop);
}

Test(mx_mention, finds_names_in_the_text)
{
    static const struct {
        const char *mentions, *body;
        size_t n;
        struct sj_mention list[3];
    } rows[] = {
        {"{\"user_ids\":[\"@juliet:hs.test\"]}", "Juliette and Juliet: hi", 1,
         {{.start = 13, .end = 19, .id = "juliet:hs.test"}}},
        {"{\"user_ids\":[\"@romeo:hs.test\",\"@juliet:hs.test\"]}", "Juliet, Romeo", 2,
         {{.start = 0, .end = 6, .id = "juliet:hs.test"},
          {.start = 8, .end = 13, .id = "romeo:hs.test", .self = true}}},
        {"{\"user_ids\":[\"@tybalt:hs.test\"]}", "you, @tybalt:hs.test!", 1,
         {{.start = 5, .end = 20, .id = "tybalt:hs.test"}}},
        {"{\"user_ids\":[\"@tybalt:hs.test\"]}", "nobody", 1, {{.id = "tybalt:hs.test"}}},
        {"{\"room\":true}", "all", 1, {{.self = true}}},
        {"{\"user_ids\":[5,\"x\",null,{}],\"room\":\"yes\"}", "nonsense", 0, {{.start = 0}}},
        {"{\"user_ids\":[\"@juliet:hs.test\",\"@juliet:hs.test\"]}", "Juliet", 2,
         {{.start = 0, .end = 6, .id = "juliet:hs.test"}, {.id = "juliet:hs.test"}}},
        {"[]", "nonsense", 0, {{.start = 0}}},
    };
    struct hall h;
    hall_open(&h);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct json_object *content = json_object_new_object();
        struct mx_mentions got;
        json_object_object_add(content, "m.mentions", json_tokener_parse(rows[i].mentions));
        mx_mentions_read(&got, h.room, content, rows[i].body);
        cr_assert_eq(got.n, rows[i].n, "row %zu: %zu", i, got.n);
        for (size_t k = 0; k < got.n; k++) {
            const struct sj_mention *a = &got.list[k], *b = &rows[i].list[k];
            cr_expect(a->start == b->start && a->end == b->end && a->self == b->self &&
                      (a->id == b->id || (a->id && b->id && strcmp(a->id, b->id) == 0)),
                      "row %zu, %zu: %u-%u %s", i, k, a->start, a->end, a->id ? a->id : "-");
        }
        mx_mentions_release(&got);
        json_object_put(content);
    }
    hall_close(&h);
}

Test(mx_mention, takes_at_most_so_many)
{
    struct json_object *content = json_object_new_object();
    struct json_object *users = mx_json_put_array(mx_json_put_object(content, "m.mentions"),
                                                  "user_ids");
    struct mx_mentions got;
    struct hall h;
    hall_open(&h);
    for (unsigned i = 0; i < 1000; i++)
        mx_json_add(users, "@juliet:hs.test");
    mx_mentions_read(&got, h.room, content, "Juliet");
    cr_expect_eq(got.n, SJ_MENTIONS_MAX);
    mx_mentions_release(&got);
    json_object_put(content);
    hall_close(&h);
}

Test(mx_mention, is_written_beside_the_text_and_whom_one_answers)
{
    static const struct sj_mention list[] = {{.start = 0, .end = 6, .id = "juliet:hs.test"},
                                             {.id = "#no:hs.test"}, {.nick = "nobody"}};
    const struct sj_message m = {.peer = "juliet:hs.test", .body = "Juliet?", .mentions = list,
                                 .n_mentions = 3, .reply_to = "$1"};
    struct hall h;
    hall_open(&h);
    struct json_object *content = mx_rich_content(mx_link_of(h.link), &m);
    const char *text = json_object_to_json_string_ext(content, JSON_C_TO_STRING_PLAIN);
    cr_expect(strstr(text, "\"m.mentions\":{\"user_ids\":[\"@juliet:hs.test\"]}"), "%s", text);
    char *answer = mx_rich_answer(text, "@romeo:hs.test", "@tybalt:hs.test", NULL);
    cr_expect(strstr(answer, "[\"@juliet:hs.test\",\"@tybalt:hs.test\"]"), "%s", answer);
    sj_free(answer);
    answer = mx_rich_answer(text, "@romeo:hs.test", "@juliet:hs.test", "$root");
    cr_expect(strstr(answer, "[\"@juliet:hs.test\"]"), "%s", answer);
    cr_expect(strstr(answer, "\"rel_type\":\"m.thread\""), "%s", answer);
    sj_free(answer);
    answer = mx_rich_answer(text, "@juliet:hs.test", "@romeo:hs.test", NULL);
    cr_expect_not_null(answer);
    sj_free(answer);
    json_object_put(content);
    hall_close(&h);
}
