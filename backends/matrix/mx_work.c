/* SPDX-License-Identifier: MPL-2.0 */
/* Works an answer to a sync off, one event or room a step: account data, presence, invitations,
 * rooms (their state, what is missing before their timeline, the timeline, what passes), and rooms
 * that were left. Each event is freed when it is done with. When steps are taken, and what follows
 * the last one, is mx_sync.c.
 * Source: Matrix client-server API, "Syncing". */
#include "mx_work.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_contact.h"
#include "mx_event.h"
#include "mx_gone.h"
#include "mx_id.h"
#include "mx_json.h"
#include "mx_link.h"
#include "mx_mark.h"
#include "mx_muc.h"
#include "mx_net.h"
#include "mx_room.h"
#include "sojourn/memory.h"

#define WORK_INVITE_MAX 200u             /* events of an invitation that are looked at */

void mx_work_free(struct mx_link *l)
{
    struct mx_work *w = l->work;
    if (!w)
        return;
    mx_gap_end(l, w);
    l->work = NULL;
    if (w->stage != MX_STAGE_END) {      /* cut short: others are not to wait for the rest */
        mx_gone_take_json(l->base.net, w->room, 0);
        mx_gone_take_json(l->base.net, w->root, w->bytes);
    } else {
        l->base.net->reading -= w->bytes;
        json_object_put(w->root);
    }
    sj_free(w->next);
    sj_free(w->room_id);
    sj_free(w);
}

/* ---- lists of events ---- */

struct json_object *mx_work_event(struct mx_work *w, struct json_object *list, bool *end)
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
    struct json_object *event = mx_work_event(w, work_events(w->root, "account_data"), &end);
    const char *type = mx_json_text(event, "type", MX_ID_MAX);
    struct json_object *content = mx_json_object(event, "content");
    if (type && strcmp(type, "m.direct") == 0 && content)
        mx_rooms_direct(l, content);
    json_object_put(event);
    if (end)
        w->stage = MX_STAGE_PRESENCE;
}

static void work_presence(struct mx_link *l, struct mx_work *w)
{
    bool end;
    struct json_object *event = mx_work_event(w, work_events(w->root, "presence"), &end);
    if (event)
        mx_contact_presence(l, event);
    json_object_put(event);
    if (end)
        w->stage = MX_STAGE_INVITE;
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

/* What an invitation says: from whom, why, and to what. Texts are the event's. */
struct invitation {
    const char *by, *by_name, *reason, *room_name;
    bool is_direct, is_space;
};

static void invitation_read(struct invitation *v, struct mx_link *l, struct json_object *e)
{
    struct json_object *content = mx_json_object(e, "content");
    const char *type = mx_json_text(e, "type", MX_ID_MAX);
    const char *key = mx_json_text(e, "state_key", MX_ID_MAX);
    if (!type || !key)
        return;
    if (strcmp(type, "m.room.name") == 0) {
        v->room_name = mx_json_text(content, "name", SJ_BODY_MAX);
    } else if (strcmp(type, "m.room.create") == 0) {
        const char *kind = mx_json_text(content, "type", MX_ID_MAX);
        v->is_space = kind && strcmp(kind, "m.space") == 0;
    } else if (strcmp(type, "m.room.member") == 0 && strcmp(key, l->user) == 0) {
        v->by = mx_json_text(e, "sender", MX_ID_MAX);
        v->is_direct = mx_json_is_true(content, "is_direct");
        v->reason = mx_json_text(content, "reason", SJ_BODY_MAX);
    }
}

static void work_on_invite(struct mx_link *l, struct json_object *room, const char *id)
{
    struct json_object *events = work_events(room, "invite_state");
    struct invitation v = {0};
    for (size_t i = 0; i < mx_json_length(events) && i < WORK_INVITE_MAX; i++)
        invitation_read(&v, l, mx_json_at(events, i));
    for (size_t i = 0; v.by && i < mx_json_length(events) && i < WORK_INVITE_MAX; i++) {
        struct json_object *e = mx_json_at(events, i);
        const char *key = mx_json_text(e, "state_key", MX_ID_MAX);
        if (key && strcmp(key, v.by) == 0 && !v.by_name)
            v.by_name = mx_json_text(mx_json_object(e, "content"), "displayname", SJ_BODY_MAX);
    }
    if (!v.by || !mx_id_is_user(v.by) || !mx_id_is_room(id))
        return;
    if (v.is_direct)
        mx_contact_invited(l, id, v.by, v.by_name);
    else if (v.is_space)
        mx_muc_invited_to_space(l, id, v.by, v.room_name);
    else
        mx_muc_invited(l, id, v.by, v.reason);
}

static void work_invite(struct mx_link *l, struct mx_work *w)
{
    char *id = NULL;
    struct json_object *room = work_take_room(w, "invite", &id);
    if (id)
        work_on_invite(l, room, id);
    else
        w->stage = MX_STAGE_JOIN;
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
        w->news = true;                  /* w may be gone behind what is told */
        mx_contact_uninvited(l, id);
        if (r)
            mx_muc_left(r, work_own_end(l, room));
        r = mx_room_find(l, id);
        if (r)
            mx_room_remove(r);
    } else {
        w->stage = MX_STAGE_END;
    }
    json_object_put(room);
    sj_free(id);
}

static void work_begin_room(struct mx_link *l, struct mx_work *w)
{
    sj_free(w->room_id);
    w->room_id = NULL;
    w->room = work_take_room(w, "join", &w->room_id);
    w->part = MX_PART_STATE;
    w->at = 0;
    if (!w->room_id) {
        w->stage = MX_STAGE_LEAVE;
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
    struct json_object *event = mx_work_event(w, work_events(w->room, "state"), &end);
    if (event)
        mx_room_state(r, event);
    json_object_put(event);
    if (end) {
        w->part = MX_PART_GAP;
        if (r->is_new)
            mx_room_check(r);            /* before something is said in it */
        if (l->work == w)
            mx_gap_begin(l, w);
    }
}

static void work_timeline(struct mx_work *w, struct mx_room *r)
{
    bool end;
    struct json_object *event = mx_work_event(w, work_events(w->room, "timeline"), &end);
    if (event)
        mx_event(r, event, w->old);
    json_object_put(event);
    if (end)
        w->part = MX_PART_EPHEMERAL;
}

static void work_ephemeral(struct mx_work *w, struct mx_room *r)
{
    bool end;
    struct json_object *event = mx_work_event(w, work_events(w->room, "ephemeral"), &end);
    if (event && !w->first)
        mx_mark_ephemeral(r, event);
    json_object_put(event);
    if (end)
        w->part = MX_PART_END;
}

static void work_join(struct mx_link *l, struct mx_work *w)
{
    struct mx_room *r = w->room_id ? mx_room_find(l, w->room_id) : NULL;
    if (!w->room) {
        work_begin_room(l, w);
        return;
    }
    if (!r || w->part == MX_PART_END)
        work_end_room(l, w);
    else if (w->part == MX_PART_STATE)
        work_state(l, w, r);
    else if (w->part == MX_PART_GAP)
        mx_gap_step(l, w, r);
    else if (w->part == MX_PART_TIMELINE)
        work_timeline(w, r);
    else
        work_ephemeral(w, r);
}

void mx_work_step(struct mx_link *l)
{
    static void (*const stages[])(struct mx_link *l, struct mx_work *w) = {
        [MX_STAGE_ACCOUNT] = work_account, [MX_STAGE_PRESENCE] = work_presence,
        [MX_STAGE_INVITE] = work_invite,   [MX_STAGE_JOIN] = work_join,
        [MX_STAGE_LEAVE] = work_leave,
    };
    stages[l->work->stage](l, l->work);
}
