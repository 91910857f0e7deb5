/* SPDX-License-Identifier: MPL-2.0 */
/* See mx_world.h. */
#include "mx_world.h"

#include <criterion/criterion.h>

#include "matrix/matrix.h"
#include "sojourn/strbuf.h"

#define WORLD_TURNS 2000u
#define WORLD_SETTLE 20u

void mx_world_open(struct mx_world *w)
{
    char options[128];
    w->server = fake_matrix_new();
    snprintf(options, sizeof options, "homeserver=http://127.0.0.1:%u",
             fake_matrix_port(w->server));
    w->r = recorder_new(&matrix_backend, options, fake_matrix_pump, w->server);
}

void mx_world_close(struct mx_world *w)
{
    recorder_free(&w->r);
    fake_matrix_free(&w->server);
}

void mx_world_asked(struct mx_world *w, const char *request, unsigned times)
{
    for (unsigned i = 0; i < WORLD_TURNS && fake_matrix_count(w->server, request) < times; i++)
        recorder_advance(w->r, 16);
    for (unsigned i = 0; i < WORLD_SETTLE; i++)
        recorder_settle(w->r);           /* its answer comes */
    cr_assert_eq(fake_matrix_count(w->server, request), times, "%s", request);
}

void mx_world_told(struct mx_world *w, const char *request, const char *text)
{
    cr_expect(strstr(fake_matrix_last(w->server, request), text), "%s: no %s in %s", request, text,
              fake_matrix_last(w->server, request));
}

void mx_world_log_in(struct mx_world *w, const char *first)
{
    unsigned polls = fake_matrix_count(w->server, "GET " MX_API "/sync");
    if (first)
        fake_matrix_sync(w->server, first);
    recorder_make(w->r, 1, MX_ROMEO);
    recorder_resume(w->r, 1);
    cr_assert_eq(recorder_connect(w->r, 1), SJ_OK);
    mx_world_asked(w, "GET " MX_API "/sync", polls + 2);
}

void mx_world_sync(struct mx_world *w, const char *position, const char *rest)
{
    struct sj_strbuf json;
    unsigned polls = fake_matrix_count(w->server, "GET " MX_API "/sync");
    sj_strbuf_init(&json, 1u << 20);
    sj_strbuf_addf(&json, "{\"next_batch\":\"%s\"%s%s}", position, *rest ? "," : "", rest);
    fake_matrix_sync(w->server, json.s);
    mx_world_asked(w, "GET " MX_API "/sync", polls + 1);
    sj_strbuf_release(&json);
}

void mx_world_say(struct mx_world *w, const char *position, const char *room, const char *events)
{
    struct sj_strbuf json;
    sj_strbuf_init(&json, 1u << 20);
    sj_strbuf_addf(&json, "\"rooms\":{\"join\":{\"%s\":{\"timeline\":{\"events\":[%s]}}}}", room,
                   events);
    mx_world_sync(w, position, json.s);
    sj_strbuf_release(&json);
}

const char *mx_first_chat(void)
{
    return "{\"next_batch\":\"s1\","
           "\"account_data\":{\"events\":[{\"type\":\"m.direct\",\"content\":"
           "{\"@juliet:hs.test\":[\"!r:hs.test\"]}}]},"
           "\"presence\":{\"events\":[{\"type\":\"m.presence\",\"sender\":\"@juliet:hs.test\","
           "\"content\":{\"presence\":\"unavailable\",\"status_msg\":\"on the balcony\"}}]},"
           "\"rooms\":{\"join\":{\"!r:hs.test\":{"
           "\"summary\":{\"m.joined_member_count\":2,\"m.invited_member_count\":0},"
           "\"state\":{\"events\":["
           "{\"type\":\"m.room.member\",\"state_key\":\"@juliet:hs.test\","
           "\"sender\":\"@juliet:hs.test\",\"content\":{\"membership\":\"join\","
           "\"displayname\":\"Juliet\"}}]},"
           "\"timeline\":{\"prev_batch\":\"p1\",\"events\":[{\"type\":\"m.room.message\","
           "\"sender\":\"@juliet:hs.test\",\"event_id\":\"$old\",\"content\":{\"msgtype\":"
           "\"m.text\",\"body\":\"from long ago\"}}]}}}}}";
}
