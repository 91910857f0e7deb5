/* SPDX-License-Identifier: MPL-2.0 */
/* Marks, both ways, but for reactions (mx_react.c). A redaction takes a message back, or a
 * reaction. Receipts say what was read; in rooms nobody wants to know that of everybody. Typing is
 * told when it changes.
 * Source: Matrix client-server API, "Redactions", "Receipts", "Typing notifications", "Read and
 * unread markers". */
#include "mx_mark.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_contact.h"
#include "mx_id.h"
#include "mx_json.h"
#include "mx_link.h"
#include "mx_muc.h"
#include "mx_react.h"
#include "mx_room.h"
#include "mx_send.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define MARK_PATIENCE_MS 60000
#define MARK_TYPING_MS 30000             /* how long others are shown that the user types */
#define MARK_RECEIPTS_MAX 200u           /* of one event that are looked at */

/* ---- up ---- */

bool mx_mark_begin(struct mx_room *r, struct sj_mark *m, const char *sender)
{
    m->own = strcmp(sender, r->link->user) == 0;
    if (r->entered) {
        m->peer = r->name_id;
        m->in_room = true;
        m->nick = mx_muc_nick(r, sender);
        return true;
    }
    if (r->kind != MX_KIND_CHAT || (!m->own && strcmp(sender, r->contact->user) != 0))
        return false;
    m->peer = r->contact->id;
    return true;
}

int64_t mx_mark_time(const struct mx_link *l, struct json_object *event)
{
    int64_t ts = 0, now = sj_loop_utc_ms(l->base.loop);
    mx_json_int(event, "origin_server_ts", 0, INT64_MAX / 4, &ts);
    return ts > 0 && ts < now - 60000 ? ts : 0;
}

void mx_mark_redaction(struct mx_room *r, struct json_object *event, bool ours)
{
    struct mx_link *l = r->link;
    const char *target = mx_json_text(event, "redacts", MX_ID_MAX);
    const char *sender = mx_json_text(event, "sender", MX_ID_MAX);
    if (!target)                         /* from room version 11 on */
        target = mx_json_text(mx_json_object(event, "content"), "redacts", MX_ID_MAX);
    if (!mx_id_is_event(target) || !sender)
        return;
    if (mx_react_redacted(r, target, ours ? NULL : event))
        return;
    struct sj_mark m = {.kind = SJ_MARK_RETRACTED, .target = target,
                        .sent_at = mx_mark_time(l, event)};
    if (!ours && mx_mark_begin(r, &m, sender))
        l->base.host->mark(&l->base, &m);
}

static void mark_on_receipts(struct mx_room *r, struct json_object *content)
{
    struct mx_link *l = r->link;
    unsigned n = 0;
    if (r->kind != MX_KIND_CHAT || r->entered)
        return;
    json_object_object_foreach(content, target, kinds)
    {
        struct json_object *read = mx_json_object(kinds, "m.read");
        if (!read || !mx_id_is_event(target) || n++ >= MARK_RECEIPTS_MAX)
            continue;
        const char *who[] = {l->user, r->contact->user};
        for (size_t i = 0; i < 2 && mx_link_is_up(l) && r->contact; i++) {
            if (!mx_json_object(read, who[i]))
                continue;
            const struct sj_mark m = {.kind = SJ_MARK_DISPLAYED, .peer = r->contact->id,
                                      .target = target, .own = i == 0};
            l->base.host->mark(&l->base, &m);
        }
    }
}

static void mark_tell_typing(struct mx_room *r, const char *user, bool types)
{
    struct mx_link *l = r->link;
    enum sj_typing typing = types ? SJ_TYPING_ACTIVE : SJ_TYPING_STOPPED;
    if (strcmp(user, l->user) == 0)
        return;
    if (r->entered)
        l->base.host->rooms->typing(&l->base, r->name_id, mx_muc_nick(r, user), typing);
    else if (r->kind == MX_KIND_CHAT && strcmp(user, r->contact->user) == 0)
        l->base.host->typing(&l->base, r->contact->id, typing);
}

static bool mark_types(struct json_object *users, const char *user)
{
    for (size_t i = 0; i < mx_json_length(users) && i < MX_TYPING_MAX; i++) {
        const char *id = mx_json_text_at(users, i, MX_ID_MAX);
        if (id && strcmp(id, user) == 0)
            return true;
    }
    return false;
}

static void mark_on_typing(struct mx_room *r, struct json_object *users)
{
    char *before[MX_TYPING_MAX];
    memcpy(before, r->typing, sizeof before);
    memset(r->typing, 0, sizeof r->typing);
    for (size_t i = 0, n = 0; i < mx_json_length(users) && i < MX_TYPING_MAX; i++) {
        const char *id = mx_json_text_at(users, i, MX_ID_MAX);
        bool known = false;
        for (size_t k = 0; k < MX_TYPING_MAX; k++)
            known = known || (id && before[k] && strcmp(before[k], id) == 0);
        if (!mx_id_is_user(id))
            continue;
        r->typing[n++] = sj_strdup(id);
        if (!known && mx_link_is_up(r->link))
            mark_tell_typing(r, id, true);
    }
    for (size_t k = 0; k < MX_TYPING_MAX; k++) {
        if (before[k] && !mark_types(users, before[k]) && mx_link_is_up(r->link))
            mark_tell_typing(r, before[k], false);
        sj_free(before[k]);
    }
}

void mx_mark_ephemeral(struct mx_room *r, struct json_object *event)
{
    const char *type = mx_json_text(event, "type", MX_ID_MAX);
    struct json_object *content = mx_json_object(event, "content");
    if (type && content && strcmp(type, "m.receipt") == 0)
        mark_on_receipts(r, content);
    else if (type && content && strcmp(type, "m.typing") == 0)
        mark_on_typing(r, mx_json_array(content, "user_ids"));
}

/* ---- down ---- */

/* The room of a conversation; NULL: there is none yet. */
static struct mx_room *mark_room(struct mx_link *l, const char *id, bool in_room)
{
    const struct mx_contact *c = in_room ? NULL : mx_contact_find(l, id);
    return in_room ? mx_room_find_name(l, id) : c ? c->room : NULL;
}

static enum sj_status mark_redact(struct mx_link *l, const struct sj_mark *m, const char *event,
                                  sj_op op, struct sj_error *err)
{
    const struct mx_send_spec spec = {.to = m->peer, .in_room = m->in_room,
                                      .type = "m.room.redaction", .target = event};
    return mx_send_add(l, &spec, NULL, op, err);
}

static void mark_on_done(struct mx_link *l, const struct mx_answer *a)
{
    mx_link_done_err(l, a->ask->op, a->err.status == SJ_OK ? NULL : &a->err);
}

static enum sj_status mark_read(struct mx_link *l, const struct sj_mark *m,
                                const struct mx_room *r, sj_op op, struct sj_error *err)
{
    struct json_object *body = json_object_new_object();
    struct sj_strbuf path;
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, "/_matrix/client/v3/rooms/*/read_markers", r->id);
    mx_json_put(body, "m.fully_read", m->target);
    mx_json_put(body, "m.read", m->target);
    struct mx_call_spec spec = {
        .method = SJ_HTTP_POST, .path = path.s, .flags = MX_CALL_REPEAT,
        .patience_ms = MARK_PATIENCE_MS, .ask = {.op = op}, .done = mark_on_done};
    bool asked = mx_call_json(l, &spec, body, err);
    sj_strbuf_release(&path);
    return asked ? SJ_OK : SJ_LIMIT;
}

enum sj_status mx_send_mark(struct sj_link *link, const struct sj_mark *m, sj_op op,
                            struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    const struct mx_room *r = mark_room(l, m->peer, m->in_room);
    if (!mx_link_is_up(l))
        return sj_fail(err, SJ_UNREACHABLE, "not logged in");
    if (!r || !mx_id_is_event(m->target))
        return sj_fail(err, SJ_NOTFOUND, "there is no such message");
    switch (m->kind) {
    case SJ_MARK_DISPLAYED:
        return mark_read(l, m, r, op, err);
    case SJ_MARK_RETRACTED:
        return mark_redact(l, m, m->target, op, err);
    case SJ_MARK_REACTIONS:
        return mx_react_set(l, m, op, err);
    case SJ_MARK_RECEIVED:
        break;
    }
    return sj_fail(err, SJ_UNSUPPORTED, "this network has no receipts of delivery");
}

static void mark_on_told(struct mx_link *l, const struct mx_answer *a)
{
    (void)l;
    (void)a;                             /* no outcome: what cannot be told is dropped */
}

void mx_set_typing(struct sj_link *link, const char *id, enum sj_typing typing)
{
    struct mx_link *l = mx_link_of(link);
    const struct mx_room *r = mx_link_is_up(l) ? mark_room(l, id, id[0] == '#' || id[0] == '!')
                                               : NULL;
    struct json_object *body;
    struct sj_strbuf path;
    if (!r || r->encrypted)
        return;
    body = json_object_new_object();
    mx_json_put_bool(body, "typing", typing == SJ_TYPING_ACTIVE);
    if (typing == SJ_TYPING_ACTIVE)
        mx_json_put_int(body, "timeout", MARK_TYPING_MS);
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, "/_matrix/client/v3/rooms/*/typing/*", r->id, l->user);
    struct mx_call_spec spec = {.method = SJ_HTTP_PUT, .path = path.s, .done = mark_on_told};
    mx_call_json(l, &spec, body, NULL);
    sj_strbuf_release(&path);
}
