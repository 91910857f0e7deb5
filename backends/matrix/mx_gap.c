/* SPDX-License-Identifier: MPL-2.0 */
/* What a sync left out of a timeline because there was too much (`limited`): asked for page by
 * page, from the position before the sync up to where its timeline begins, and told before that
 * timeline, in order. Meanwhile the answer waits, so the position stays behind what was told. A
 * server that cannot say it now ends the link, which begins at that position again; one that does
 * not let us read it is taken at its word. Rooms that nobody is in are left to their archives
 * (mx_muc_history).
 * Source: Matrix client-server API, "Syncing", "GET /rooms/{roomId}/messages". */
#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_event.h"
#include "mx_id.h"
#include "mx_link.h"
#include "mx_login.h"
#include "mx_net.h"
#include "mx_poll.h"
#include "mx_room.h"
#include "mx_work.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define GAP_PAGES_MAX 20u                /* of one room and answer */
#define GAP_PAGE 100
#define GAP_PATIENCE_MS (2 * 60 * 1000)

/* No state: what there is of it, the sync has told already. */
static const char gap_filter[] =
    "{\"lazy_load_members\":true,\"types\":[\"m.room.message\",\"m.room.encrypted\","
    "\"m.room.redaction\",\"m.reaction\",\"m.sticker\"," MX_POLL_TYPES "]}";

static void gap_drop_page(const struct mx_link *l, struct mx_work *w)
{
    json_object_put(w->gap);
    w->gap = NULL;
    l->base.net->reading -= w->gap_bytes;
    w->gap_bytes = 0;
}

static void gap_on_page(struct mx_link *l, const struct mx_answer *a);

void mx_gap_end(struct mx_link *l, struct mx_work *w)
{
    if (w->waits)
        mx_calls_cancel(l, gap_on_page);
    w->waits = false;
    gap_drop_page(l, w);
    mx_set(&w->gap_from, NULL);
    mx_set(&w->gap_to, NULL);
    mx_set(&w->gap_stop, NULL);
    w->gap_pages = 0;
}

void mx_gap_begin(const struct mx_link *l, struct mx_work *w)
{
    const struct mx_room *r = mx_room_find(l, w->room_id);
    struct json_object *timeline = mx_json_object(w->room, "timeline");
    struct json_object *first = mx_json_at(mx_json_array(timeline, "events"), 0);
    bool wanted = r && (r->kind == MX_KIND_CHAT || r->entered);
    if (!wanted || w->old || !l->since || !mx_json_is_true(timeline, "limited"))
        return;
    mx_set(&w->gap_from, l->since);
    mx_set(&w->gap_to, mx_json_text(timeline, "prev_batch", MX_SINCE_MAX));
    mx_set(&w->gap_stop, mx_json_text(first, "event_id", MX_ID_MAX));
}

/* ---- pages ---- */

static void gap_take_page(struct mx_link *l, struct mx_work *w, const struct mx_answer *a)
{
    const char *end = mx_json_text(a->json, "end", MX_SINCE_MAX);
    bool on = end && *end && strcmp(end, w->gap_from) != 0 &&
              !(w->gap_to && strcmp(end, w->gap_to) == 0);
    mx_set(&w->gap_from, on ? end : NULL);
    w->gap = json_object_get(mx_json_array(a->json, "chunk"));
    w->gap_bytes = a->bytes;
    l->base.net->reading += a->bytes;
    w->at = 0;
}

static void gap_on_page(struct mx_link *l, const struct mx_answer *a)
{
    struct mx_work *w = l->work;
    w->waits = false;
    if (a->http == 401) {                /* asked again with the new token */
        mx_login_renew(l);
        return;
    }
    if (a->err.status == SJ_OK) {
        gap_take_page(l, w, a);
    } else if (a->http >= 400 && a->http < 500 && a->http != 429) {
        sj_log_warn(l->base.log, "gap stays, the home server does not tell what is in it room=%s "
                    "cause=%s", SJ_CLIP(w->room_id), SJ_CLIP(a->err.text));
        mx_gap_end(l, w);
    } else {
        mx_link_end(l, mx_answer_end(a), a->err.text);
        return;
    }
    mx_link_defer(l, MX_TODO_WORK);
}

static void gap_ask(struct mx_link *l, struct mx_work *w)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_strbuf path;
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, "/_matrix/client/v3/rooms/*/messages?dir=f&filter=*&from=*", w->room_id,
            gap_filter, w->gap_from);
    if (w->gap_to)
        mx_path(&path, "&to=*", w->gap_to);
    sj_strbuf_addf(&path, "&limit=%d", GAP_PAGE);
    const struct mx_call_spec spec = {
        .method = SJ_HTTP_GET, .path = path.s, .flags = MX_CALL_REPEAT | MX_CALL_PATIENT,
        .max = MX_SYNC_MAX, .patience_ms = GAP_PATIENCE_MS, .done = gap_on_page};
    w->waits = mx_call(l, &spec, &err);
    sj_strbuf_release(&path);
    if (!w->waits)
        mx_link_end(l, SJ_END_OVERFLOW, err.text);
}

/* One event of the page at hand. */
static void gap_tell(struct mx_link *l, struct mx_work *w, struct mx_room *r)
{
    bool end;
    struct json_object *event = mx_work_event(w, w->gap, &end);
    const char *id = mx_json_text(event, "event_id", MX_ID_MAX);
    if (id && w->gap_stop && strcmp(id, w->gap_stop) == 0) {
        mx_gap_end(l, w);                /* the timeline begins here, whatever the server thinks */
        w->at = 0;
    } else if (event && !mx_json_text(event, "state_key", MX_ID_MAX)) {
        mx_event(r, event, false);       /* w may be gone */
    } else if (end) {
        gap_drop_page(l, w);
    }
    json_object_put(event);
}

void mx_gap_step(struct mx_link *l, struct mx_work *w, struct mx_room *r)
{
    if (w->gap) {
        gap_tell(l, w, r);
    } else if (w->gap_from && w->gap_pages < GAP_PAGES_MAX) {
        w->gap_pages++;
        gap_ask(l, w);
    } else {
        if (w->gap_from)
            sj_log_warn(l->base.log, "gap is not filled to its end, it is too long room=%s",
                        SJ_CLIP(w->room_id));
        mx_gap_end(l, w);
        w->part = MX_PART_TIMELINE;
    }
}
