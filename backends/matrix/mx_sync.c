/* SPDX-License-Identifier: MPL-2.0 */
/* The sync: a filter that asks for what is used and nothing else, the long poll, and its answers.
 *
 * An answer may be large (the whole state of thousands of rooms): it is worked off in slices of so
 * many events, from the loop, each event freed when it is done with, so that others are served in
 * between. The position moves on behind the last event of an answer only. A new link knows nothing
 * of rooms; where it goes on from an earlier position it asks for the whole state once more beside
 * the news (full_state).
 * Source: Matrix client-server API, "Syncing", "Filtering", "Lazy-loading room members". */
#include "mx_sync.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_contact.h"
#include "mx_event.h"
#include "mx_id.h"
#include "mx_link.h"
#include "mx_login.h"
#include "mx_mark.h"
#include "mx_muc.h"
#include "mx_net.h"
#include "mx_room.h"
#include "mx_send.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define SYNC_SLICE 48u                   /* events of one slice: about a millisecond */
#define SYNC_FIRST_MS (10 * 60 * 1000)   /* servers take long for a large first answer */
#define SYNC_GRACE_MS 30000              /* beyond the time that the server may hold a poll */
#define SYNC_PATIENCE_MS (2 * 60 * 1000)
#define SYNC_SAVE_MS (5 * 60 * 1000)     /* a position without news is kept so seldom */
#define SYNC_SIGN_SIZE 17u               /* of the account, in a position */
#define SYNC_INVITE_MAX 200u             /* events of an invitation that are looked at */

enum stage { STAGE_ACCOUNT, STAGE_PRESENCE, STAGE_INVITE, STAGE_JOIN, STAGE_LEAVE, STAGE_END };
enum part { PART_STATE, PART_TIMELINE, PART_EPHEMERAL, PART_END };

/* An answer that is being worked off. Owner: its link. */
struct mx_work {
    struct json_object *root;
    char *next;                          /* next_batch */
    uint64_t bytes;                      /* in net->reading */
    enum stage stage;
    struct json_object *room;            /* of rooms.join: the one at hand, ours */
    char *room_id;
    enum part part;
    size_t at;                           /* event of the present list */
    bool first;                          /* of this link */
    bool old;                            /* from before the first login */
    bool news;                           /* there was an event */
};

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
    "\"m.sticker\"]}}}";

static void sync_poll(struct mx_link *l);

static void work_free(struct mx_link *l)
{
    struct mx_work *w = l->work;
    if (!w)
        return;
    l->work = NULL;
    l->base.net->reading -= w->bytes;
    json_object_put(w->room);
    json_object_put(w->root);
    sj_free(w->next);
    sj_free(w->room_id);
    sj_free(w);
}

void mx_sync_drop(struct mx_link *l)
{
    work_free(l);
}

/* ---- lists of events ---- */

/* The next event of list, taken out of it, owned by the caller; NULL: there is none. *end: the list
 * is through. */
static struct json_object *work_event(struct mx_work *w, struct json_object *list, bool *end)
{
    size_t n = mx_json_length(list);
    *end = w->at >= n;
    if (*end) {
        w->at = 0;
        return NULL;
    }
    struct json_object *event = mx_json_at(list, w->at);
    json_object_get(event);
    json_object_array_put_idx(list, w->at, NULL);
    w->at++;
    w->news = true;
    return event;
}

static struct json_object *work_events(struct json_object *o, const char *key)
{
    return mx_json_array(mx_json_object(o, key), "events");
}

static void work_account(struct mx_link *l, struct mx_work *w)
{
    bool end;
    struct json_object *event = work_event(w, work_events(w->root, "account_data"), &end);
    const char *type = mx_json_text(event, "type", MX_ID_MAX);
    struct json_object *content = mx_json_object(event, "content");
    if (type && strcmp(type, "m.direct") == 0 && content)
        mx_rooms_direct(l, content);
    json_object_put(event);
    if (end)
        w->stage = STAGE_PRESENCE;
}

static void work_presence(struct mx_link *l, struct mx_work *w)
{
    bool end;
    struct json_object *event = work_event(w, work_events(w->root, "presence"), &end);
    if (event)
        mx_contact_presence(l, event);
    json_object_put(event);
    if (end)
        w->stage = STAGE_INVITE;
}

/* ---- rooms ---- */

/* The first room of a section, taken out of it, owned by the caller; NULL: none is left. */
static struct json_object *work_take_room(struct mx_work *w, const char *section, char **id)
{
    struct json_object *rooms = mx_json_object(mx_json_object(w->root, "rooms"), section);
    if (!rooms || json_object_object_length(rooms) == 0)
        return NULL;
    struct json_object_iterator it = json_object_iter_begin(rooms);
    struct json_object *room = json_object_get(json_object_iter_peek_value(&it));
    *id = sj_strdup(json_object_iter_peek_name(&it));
    json_object_object_del(rooms, *id);
    return room ? room : json_object_new_null();
}

/* What an invitation says: who, and whether it is to a chat. */
static void work_on_invite(struct mx_link *l, struct json_object *room, const char *id)
{
    struct json_object *events = work_events(room, "invite_state");
    const char *by = NULL, *name = NULL, *reason = NULL;
    bool direct = false;
    for (size_t i = 0; i < mx_json_length(events) && i < SYNC_INVITE_MAX; i++) {
        struct json_object *e = mx_json_at(events, i), *content = mx_json_object(e, "content");
        const char *type = mx_json_text(e, "type", MX_ID_MAX);
        const char *key = mx_json_text(e, "state_key", MX_ID_MAX);
        if (!type || !key || strcmp(type, "m.room.member") != 0)
            continue;
        if (strcmp(key, l->user) == 0) {
            by = mx_json_text(e, "sender", MX_ID_MAX);
            direct = mx_json_is_true(content, "is_direct");
            reason = mx_json_text(content, "reason", SJ_BODY_MAX);
        }
    }
    for (size_t i = 0; by && i < mx_json_length(events) && i < SYNC_INVITE_MAX; i++) {
        struct json_object *e = mx_json_at(events, i);
        const char *key = mx_json_text(e, "state_key", MX_ID_MAX);
        if (key && strcmp(key, by) == 0 && !name)
            name = mx_json_text(mx_json_object(e, "content"), "displayname", SJ_BODY_MAX);
    }
    if (!by || !mx_id_is_user(by) || !mx_id_is_room(id))
        return;
    if (direct)
        mx_contact_invited(l, id, by, name);
    else
        mx_muc_invited(l, id, by, reason);
}

static void work_invite(struct mx_link *l, struct mx_work *w)
{
    char *id = NULL;
    struct json_object *room = work_take_room(w, "invite", &id);
    if (id)
        work_on_invite(l, room, id);
    else
        w->stage = STAGE_JOIN;
    json_object_put(room);
    sj_free(id);
}

/* The event that says why the user is no longer in it, or NULL. */
static struct json_object *work_own_end(const struct mx_link *l, struct json_object *room)
{
    static const char *const lists[] = {"timeline", "state"};
    for (size_t i = 0; i < 2; i++) {
        struct json_object *events = work_events(room, lists[i]);
        for (size_t n = mx_json_length(events); n > 0; n--) {
            struct json_object *e = mx_json_at(events, n - 1);
            const char *type = mx_json_text(e, "type", MX_ID_MAX);
            const char *key = mx_json_text(e, "state_key", MX_ID_MAX);
            if (type && key && strcmp(type, "m.room.member") == 0 && strcmp(key, l->user) == 0)
                return e;
        }
    }
    return NULL;
}

static void work_leave(struct mx_link *l, struct mx_work *w)
{
    char *id = NULL;
    struct json_object *room = work_take_room(w, "leave", &id);
    if (id) {
        struct mx_room *r = mx_room_find(l, id);
        mx_contact_uninvited(l, id);
        if (r)
            mx_muc_left(r, work_own_end(l, room));
        r = mx_room_find(l, id);
        if (r)
            mx_room_remove(r);
        w->news = true;
    } else {
        w->stage = STAGE_END;
    }
    json_object_put(room);
    sj_free(id);
}

static void work_begin_room(struct mx_link *l, struct mx_work *w)
{
    sj_free(w->room_id);
    w->room_id = NULL;
    w->room = work_take_room(w, "join", &w->room_id);
    w->part = PART_STATE;
    w->at = 0;
    if (!w->room_id) {
        w->stage = STAGE_LEAVE;
        return;
    }
    struct mx_room *r = mx_room_add(l, w->room_id);
    struct json_object *timeline = mx_json_object(w->room, "timeline");
    if (!r)
        return;
    mx_contact_uninvited(l, w->room_id);
    mx_room_summary(r, mx_json_object(w->room, "summary"));
    if (!r->before || mx_json_is_true(timeline, "limited"))
        mx_set(&r->before, mx_json_text(timeline, "prev_batch", MX_SINCE_MAX));
}

static void work_end_room(struct mx_link *l, struct mx_work *w)
{
    struct mx_room *r = mx_room_find(l, w->room_id);
    json_object_put(w->room);
    w->room = NULL;
    if (r && r->is_new)
        mx_room_check(r);
    if (r)
        mx_muc_synced(r);
}

static void work_state(struct mx_link *l, struct mx_work *w, struct mx_room *r)
{
    bool end;
    struct json_object *event = work_event(w, work_events(w->room, "state"), &end);
    if (event)
        mx_room_state(r, event);
    json_object_put(event);
    (void)l;
    if (end) {
        w->part = PART_TIMELINE;
        if (r->is_new)
            mx_room_check(r);            /* before something is said in it */
    }
}

static void work_timeline(struct mx_work *w, struct mx_room *r)
{
    bool end;
    struct json_object *event = work_event(w, work_events(w->room, "timeline"), &end);
    if (event)
        mx_event(r, event, w->old);
    json_object_put(event);
    if (end)
        w->part = PART_EPHEMERAL;
}

static void work_ephemeral(struct mx_work *w, struct mx_room *r)
{
    bool end;
    struct json_object *event = work_event(w, work_events(w->room, "ephemeral"), &end);
    if (event && !w->first)
        mx_mark_ephemeral(r, event);
    json_object_put(event);
    if (end)
        w->part = PART_END;
}

static void work_join(struct mx_link *l, struct mx_work *w)
{
    struct mx_room *r = w->room_id ? mx_room_find(l, w->room_id) : NULL;
    if (!w->room) {
        work_begin_room(l, w);
        return;
    }
    if (!r || w->part == PART_END)
        work_end_room(l, w);
    else if (w->part == PART_STATE)
        work_state(l, w, r);
    else if (w->part == PART_TIMELINE)
        work_timeline(w, r);
    else
        work_ephemeral(w, r);
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
static void work_end(struct mx_link *l)
{
    struct mx_work *w = l->work;
    bool first = w->first, news = w->news;
    int64_t now_ms = sj_loop_now_ms(l->base.loop);
    bool moved = mx_set(&l->since, w->next);
    work_free(l);
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

void mx_sync_work(struct mx_link *l)
{
    static void (*const stages[])(struct mx_link *l, struct mx_work *w) = {
        [STAGE_ACCOUNT] = work_account, [STAGE_PRESENCE] = work_presence,
        [STAGE_INVITE] = work_invite,   [STAGE_JOIN] = work_join,
        [STAGE_LEAVE] = work_leave,
    };
    for (unsigned i = 0; l->work && i < SYNC_SLICE && mx_link_is_up(l); i++) {
        if (l->work->stage == STAGE_END)
            work_end(l);
        else
            stages[l->work->stage](l, l->work);
    }
    if (!mx_link_is_up(l))
        return;
    if (l->work)
        mx_link_defer(l, MX_TODO_WORK);
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
        .method = SJ_HTTP_GET, .path = path.s, .flags = MX_CALL_REPEAT | MX_CALL_PATIENT,
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
