/* SPDX-License-Identifier: MPL-2.0 */
/* What a home server may send: the first byte says in what pieces the body comes, the rest is the
 * body. It is read as JSON, and then as state, summary and account data of a room, by the functions
 * that do so in a link; ids in it go into names and back. */
#include <assert.h>
#include <json-c/json.h>
#include <string.h>

#include "mx_html.h"
#include "mx_gone.h"
#include "mx_id.h"
#include "mx_json.h"
#include "mx_link.h"
#include "mx_net.h"
#include "mx_power.h"
#include "mx_rich.h"
#include "mx_room.h"
#include "matrix.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_id(const char *id)
{
    struct sj_strbuf name, back;
    if (!id || (!mx_id_is_user(id) && !mx_id_is_room(id) && !mx_id_is_alias(id)))
        return;
    sj_strbuf_init(&name, 4 * MX_ID_MAX);
    sj_strbuf_init(&back, 4 * MX_ID_MAX);
    mx_id_encode(&name, id);
    if (mx_id_decode(&back, name.s, NULL))
        assert(strcmp(back.s, id) == 0);
    sj_strbuf_release(&name);
    sj_strbuf_release(&back);
}

static void fuzz_event(struct mx_room *r, struct json_object *event)
{
    struct mx_rich rich;
    struct json_object *content = mx_json_object(event, "content");
    const char *body = mx_json_text(content, "body", SJ_BODY_MAX);
    mx_room_state(r, event);
    mx_rich_read(content, &rich);
    if (rich.html) {
        struct sj_span spans[SJ_SPANS_MAX];
        struct sj_strbuf text, again;
        sj_strbuf_init(&again, 16 * SJ_BODY_MAX);
        size_t n = mx_rich_styles(rich.html, &text, spans);
        if (n)
            mx_html_write(text.s, spans, n, &again);
        sj_strbuf_release(&again);
        if (n)
            sj_strbuf_release(&text);
    }
    (void)mx_rich_thread(event);
    if (body)
        assert(strlen(mx_rich_skip_quote(body)) <= strlen(body));
    fuzz_id(mx_json_text(event, "state_key", MX_ID_MAX));
    fuzz_id(mx_json_text(event, "sender", MX_ID_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sj_log log = {.area = "fuzz"};
    struct sj_net net = {.loop = sj_loop_new()};
    mx_gone_init(&net);
    const struct sj_link base = {.backend = &matrix_backend, .log = &log, .net = &net,
                                 .loop = net.loop};
    const struct sj_account account = {NULL, 0};
    struct mx_body b;
    size_t step = size ? data[0] + 1u : 1;
    struct sj_link *link = matrix_backend.link_new(&base, &account, NULL, 0);
    struct mx_link *l = mx_link_of(link);
    mx_body_init(&b);
    for (size_t at = 1; at < size; at += step)
        mx_body_add(&b, (const char *)data + at, size - at < step ? size - at : step);
    struct json_object *root = mx_body_take(&b);
    l->user = sj_strdup("@romeo:hs.test");
    struct mx_room *r = mx_room_add(l, "!r:hs.test");
    struct json_object *events = mx_json_array(root, "events");
    for (size_t i = 0; i < mx_json_length(events); i++)
        fuzz_event(r, mx_json_at(events, i));
    mx_room_summary(r, mx_json_object(root, "summary"));
    (void)mx_power_of(r, "@romeo:hs.test");
    (void)mx_power_to_send(r, "m.room.message", false);
    json_object_put(root);
    mx_body_release(&b);
    matrix_backend.link_free(&link);
    mx_gone_release(&net);
    sj_loop_free(&net.loop);
    return 0;
}
