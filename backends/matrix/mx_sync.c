/* SPDX-License-Identifier: MPL-2.0 */
/* The sync: a filter that asks for what is used and nothing else, the long poll, and its answers.
 *
 * An answer may be large (the whole state of thousands of rooms): it is worked off in slices of so
 * many events, from the loop, each event freed when it is done with, so that others are served in
 * between (the steps are mx_work.c). The position moves on behind the last event of an answer
 * only. A new link knows nothing of rooms; where it goes on from an earlier position it asks for
 * the whole state once more beside the news (full_state).
 * Source: Matrix client-server API, "Syncing", "Filtering", "Lazy-loading room members". */
#include "mx_sync.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_contact.h"
#include "mx_id.h"
#include "mx_link.h"
#include "mx_login.h"
#include "mx_net.h"
#include "mx_poll.h"
#include "mx_room.h"
#include "mx_send.h"
#include "mx_work.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define SYNC_SLICE 48u                   /* events of one slice: about a millisecond */
#define SYNC_FIRST_MS (10 * 60 * 1000)   /* servers take long for a large first answer */
#define SYNC_GRACE_MS 30000              /* beyond the time that the server may hold a poll */
#define SYNC_PATIENCE_MS (2 * 60 * 1000)
#define SYNC_SAVE_MS (5 * 60 * 1000)     /* a position without news is kept so seldom */
#define SYNC_SIGN_SIZE 17u               /* of the account, in a position */

#define SYNC_STATE_TYPES                                                                     \
    "\"m.room.create\",\"m.room.name\",\"m.room.topic\",\"m.room.avatar\","                  \
    "\"m.room.canonical_alias\",\"m.room.member\",\"m.room.power_levels\","                  \
    "\"m.room.join_rules\",\"m.room.encryption\",\"m.room.tombstone\","                      \
    "\"m.room.history_visibility\""

static const char sync_filter[] =
    "{\"presence\":{\"types\":[\"m.presence\"]},"
    "\"account_data\":{\"types\":[\"m.direct\"]},"
    "\"room\":{\"account_data\":{\"types\":[]},"
    "\"ephemeral\":{\"types\":[\"m.typing\",\"m.receipt\"]},"
    "\"state\":{\"lazy_load_members\":true,\"types\":[" SYNC_STATE_TYPES "]},"
    "\"timeline\":{\"limit\":50,\"lazy_load_members\":true,\"types\":[" SYNC_STATE_TYPES
    ",\"m.room.message\",\"m.room.encrypted\",\"m.room.redaction\",\"m.reaction\","
    "\"m.sticker\"," MX_POLL_TYPES "]}}}";

static void sync_poll(struct mx_link *l);

void mx_sync_drop(struct mx_link *l)
{
    sj_list_remove(&l->parked);
    mx_work_free(l);
}

/* ---- slices ---- */

/* Behind a sign of the account: a position of another one is of no use. */
static void sync_sign(const struct mx_link *l, char out[SYNC_SIGN_SIZE])
{
    for (size_t i = 0; i < (SYNC_SIGN_SIZE - 1) / 2; i++)
        snprintf(out + 2 * i, 3, "%02x", (unsigned)l->account[i]);
}

static void sync_tell_position(struct mx_link *l)
{
    struct sj_strbuf position;
    char sign[SYNC_SIGN_SIZE];
    sync_sign(l, sign);
    sj_strbuf_init(&position, SJ_POSITION_MAX);
    sj_strbuf_addf(&position, "%s:%s", sign, l->since);
    l->saved_ms = sj_loop_now_ms(l->base.loop);
    if (sj_strbuf_ok(&position))
        l->base.host->position(&l->base, position.s);
    sj_strbuf_release(&position);
}

/* Everything in the answer has been told: the position moves on. */
static void sync_end_work(struct mx_link *l)
{
    struct mx_work *w = l->work;
    bool first = w->first, news = w->news;
    int64_t now_ms = sj_loop_now_ms(l->base.loop);
    bool moved = mx_set(&l->since, w->next);
    mx_work_free(l);
    l->synced = true;
    if (first) {
        mx_rooms_check(l);
        if (mx_link_is_up(l))
            mx_contacts_listed(l);
    }
    if (!l->begin)
        l->begin = sj_strdup(l->since);
    if (mx_link_is_up(l) && moved && (news || first || now_ms - l->saved_ms > SYNC_SAVE_MS))
        sync_tell_position(l);
    if (mx_link_is_up(l))
        mx_send_synced(l);
    if (mx_link_is_up(l) && first)
        mx_link_defer(l, MX_TODO_SEND);
}

void mx_sync_pause(struct sj_net *net, bool paused)
{
    net->paused = paused;
    while (!paused && !sj_list_empty(&net->parked)) {
        struct mx_link *l = SJ_CONTAINER(net->parked.next, struct mx_link, parked);
        sj_list_remove(&l->parked);
        mx_link_defer_next(l, MX_TODO_WORK);
    }
}

void mx_sync_work(struct mx_link *l)
{
    if (l->base.net->paused) {
        if (sj_list_empty(&l->parked))
            sj_list_append(&l->base.net->parked, &l->parked);
        return;
    }
    for (unsigned i = 0; l->work && i < SYNC_SLICE && mx_link_is_up(l); i++) {
        if (l->work->waits || l->refreshing)
            return;                      /* for what is missing, for a new token */
        if (l->work->stage == MX_STAGE_END)
            sync_end_work(l);
        else
            mx_work_step(l);
    }
    if (!mx_link_is_up(l))
        return;
    if (l->work)
        mx_link_defer_next(l, MX_TODO_WORK);
    else
        sync_poll(l);
}

/* ---- the poll ---- */

static void sync_begin_work(struct mx_link *l, const struct mx_answer *a)
{
    const char *next = mx_json_text(a->json, "next_batch", MX_SINCE_MAX);
    if (!next || !*next) {
        mx_link_end(l, SJ_END_PROTOCOL, "a sync of the home server has no position");
        return;
    }
    struct mx_work *w = sj_calloc(1, sizeof *w);
    w->root = a->json;
    *a->keep = NULL;
    w->next = sj_strdup(next);
    w->bytes = a->bytes;
    l->base.net->reading += w->bytes;
    w->first = !l->synced;
    w->old = w->first && !l->resumed;
    l->work = w;
    mx_sync_work(l);
}

static void sync_on_answer(struct mx_link *l, const struct mx_answer *a)
{
    l->polling = false;
    if (a->err.status == SJ_OK) {
        sync_begin_work(l, a);
    } else if (a->http == 401) {
        mx_login_renew(l);
    } else if (a->http == 400 && l->resumed && !l->synced) {
        sj_log_warn(l->base.log, "position is not known any more, begins anew cause=%s",
                    SJ_CLIP(a->err.text));
        l->resumed = false;
        mx_set(&l->since, NULL);
        sync_poll(l);
    } else {
        mx_link_end(l, mx_answer_end(a), a->err.text);
    }
}

static const char *sync_presence(const struct mx_link *l)
{
    return l->show == SJ_SHOW_ONLINE || l->show == SJ_SHOW_CHAT ? "online" : "unavailable";
}

static void sync_poll(struct mx_link *l)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_strbuf path;
    int64_t poll_ms = l->synced ? l->base.net->poll_ms : 0;
    if (l->polling || l->refreshing || l->work)
        return;
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, "/_matrix/client/v3/sync?filter=*&set_presence=*", sync_filter,
            sync_presence(l));
    sj_strbuf_addf(&path, "&timeout=%lld", (long long)poll_ms);
    if (l->since)
        mx_path(&path, "&since=*", l->since);
    if (l->since && !l->synced)
        sj_strbuf_adds(&path, "&full_state=true");
    const struct mx_call_spec spec = {
        .method = SJ_HTTP_GET, .path = path.s,
        .flags = MX_CALL_REPEAT | MX_CALL_PATIENT | (l->synced ? 0 : (unsigned)MX_CALL_LARGE),
        .max = MX_SYNC_MAX, .total_ms = l->synced ? poll_ms + SYNC_GRACE_MS : SYNC_FIRST_MS,
        .patience_ms = poll_ms + SYNC_PATIENCE_MS, .done = sync_on_answer};
    l->polling = mx_call(l, &spec, &err);
    sj_strbuf_release(&path);
    if (!l->polling)
        mx_link_end(l, SJ_END_OVERFLOW, err.text);
}

void mx_sync_start(struct mx_link *l)
{
    l->resumed = l->since != NULL;
    mx_set(&l->begin, l->since);
    sync_poll(l);
}

void mx_sync_resume(struct sj_link *link, const char *position)
{
    struct mx_link *l = mx_link_of(link);
    char sign[SYNC_SIGN_SIZE];
    const char *to = l->begin;
    sync_sign(l, sign);
    if (position && strncmp(position, sign, SYNC_SIGN_SIZE - 1) == 0 &&
        position[SYNC_SIGN_SIZE - 1] == ':' && position[SYNC_SIGN_SIZE])
        to = position + SYNC_SIGN_SIZE;
    else if (position)
        return;
    if (l->state == MX_NEW) {
        mx_set(&l->since, to);
        return;
    }
    /* What the first answer of a link holds is told anyway, and what it began with is not known. */
    if (!mx_link_is_up(l) || !to || !l->synced)
        return;
    mx_set(&l->since, to);
    sj_free(l->seen);
    l->seen = NULL;
    mx_calls_cancel(l, sync_on_answer);
    l->polling = false;
    mx_sync_drop(l);
    mx_link_defer(l, MX_TODO_WORK);
}
