/* SPDX-License-Identifier: MPL-2.0 */
/* Who is answered is to be told so (m.mentions), and an answer to something in a thread belongs
 * into that thread. The gateway knows neither, and remembering both of all that is said would cost
 * every user memory; so the message is asked for when it is answered. An answer goes without, when
 * the home server does not say.
 * Source: Matrix client-server API, "User and room mentions", "Rich replies", "Threading". */
#include "mx_reply.h"

#include "mx_call.h"
#include "mx_id.h"
#include "mx_link.h"
#include "mx_login.h"
#include "mx_rich.h"
#include "mx_room.h"
#include "mx_send.h"
#include "sojourn/strbuf.h"

#define REPLY_PATIENCE_MS 10000
#define REPLY_TOTAL_MS 10000

static void reply_on_event(struct mx_link *l, const struct mx_answer *a)
{
    uint32_t number = (uint32_t)a->ask->number;
    bool good = a->err.status == SJ_OK;
    if (a->http == 401) {
        mx_send_later(l, number);
        mx_login_renew(l);
        return;
    }
    mx_send_looked(l, number, good ? mx_json_text(a->json, "sender", MX_ID_MAX) : NULL,
                   good ? mx_rich_thread(a->json) : NULL);
}

bool mx_reply_look(const struct mx_room *r, const char *event, uint32_t number,
                   struct sj_error *err)
{
    struct sj_strbuf path;
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, "/_matrix/client/v3/rooms/*/event/*", r->id, event);
    const struct mx_call_spec spec = {
        .method = SJ_HTTP_GET, .path = path.s, .flags = MX_CALL_REPEAT,
        .total_ms = REPLY_TOTAL_MS, .patience_ms = REPLY_PATIENCE_MS,
        .ask = {.number = number}, .done = reply_on_event};
    bool asked = mx_call(r->link, &spec, err);
    sj_strbuf_release(&path);
    return asked;
}
