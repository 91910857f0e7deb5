/* SPDX-License-Identifier: MPL-2.0 */
/* What the user does with rooms: come in (and make one by coming in), go, be called something else,
 * set the subject, invite. Changes by those who may are mx_muc_change.c.
 *
 * A room that is joined over there already is entered without asking; an address leads to a room by
 * the server, and the room goes by that address from then on in this link. */
#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_id.h"
#include "mx_link.h"
#include "mx_muc.h"
#include "mx_room.h"
#include "mx_steps.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define OPS_PATIENCE_MS 60000

/* The room of that name, for an operation inside of it. */
static struct mx_room *ops_room(struct mx_link *l, const char *name, struct sj_error *err)
{
    struct mx_room *r = mx_room_find_name(l, name);
    if (!mx_link_is_up(l))
        sj_fail(err, SJ_UNREACHABLE, "not logged in");
    else if (!r)
        sj_fail(err, SJ_NOTFOUND, "you are in this room no longer");
    return mx_link_is_up(l) ? r : NULL;
}

/* ---- coming in ---- */

static void ops_create(struct mx_link *l, const char *name, sj_op op);

/* It goes by the address that the user gave; who was in it under another is told to go. */
static void ops_name(struct mx_room *r, const char *name)
{
    if (strcmp(r->name_id, name) == 0)
        return;
    mx_muc_left(r, NULL);
    mx_room_rename(r, name);
}

static void ops_on_join(struct mx_link *l, const struct mx_answer *a)
{
    const struct mx_ask ask = *a->ask;
    bool alias = ask.id[0] == '#';
    bool ours = alias && strcmp(mx_id_server(ask.id), mx_id_server(l->user)) == 0;
    struct mx_room *r = NULL;
    if (a->http == 404 && ours && ask.number == 0) {
        ops_create(l, ask.id, ask.op);
        return;
    }
    if (mx_answer_is(a, "M_FORBIDDEN") && ask.number == 0) {
        mx_muc_knock(l, ask.id, ask.op, &a->err);
        return;
    }
    if (a->err.status == SJ_OK)
        r = mx_room_add(l, mx_json_text(a->json, "room_id", MX_ID_MAX));
    if (!r || r->kind == MX_KIND_CHAT || r->join_op) {
        struct sj_error err = a->err;
        if (r)
            sj_fail(&err, SJ_NOTALLOWED, "this is a conversation with one person: write to them");
        else if (err.status == SJ_OK)
            sj_fail(&err, SJ_REMOTE, "the home server did not say which room this is");
        mx_link_done_err(l, ask.op, &err);
        return;
    }
    ops_name(r, ask.id);
    r->join_op = ask.op;
    if (r->told && !r->entering)         /* else the sync brings it */
        mx_muc_ask_members(r);
}

/* An address of the user's own server that nobody has: coming in makes the room, as users of
 * the other side expect it. */
static void ops_create(struct mx_link *l, const char *name, sj_op op)
{
    struct json_object *body = json_object_new_object();
    struct sj_error err = {.status = SJ_OK};
    struct sj_strbuf id;
    char *local;
    sj_strbuf_init(&id, MX_ID_MAX);
    mx_id_decode(&id, name, NULL);
    local = sj_strndup(id.s + 1, strcspn(id.s, ":") - 1);
    mx_json_put(body, "room_alias_name", local);
    mx_json_put(body, "name", local);
    mx_json_put(body, "preset", "private_chat");
    struct mx_call_spec spec = {
        .method = SJ_HTTP_POST, .path = "/_matrix/client/v3/createRoom",
        .patience_ms = OPS_PATIENCE_MS, .ask = {.op = op, .id = name, .number = 1},
        .done = ops_on_join};
    if (!mx_call_json(l, &spec, body, &err))
        mx_link_done_err(l, op, &err);
    sj_free(local);
    sj_strbuf_release(&id);
}

static enum sj_status ops_join_new(struct mx_link *l, const char *room, sj_op op,
                                   struct sj_error *err)
{
    struct sj_strbuf id, path;
    const char *server;
    sj_strbuf_init(&id, MX_ID_MAX);
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    bool good = mx_id_decode(&id, room, mx_id_server(l->user)) && id.s[0] != '@';
    server = good ? mx_id_server(id.s) : "";
    mx_path(&path, "/_matrix/client/v3/join/*", id.s);
    if (good && id.s[0] == '!' && *server)
        mx_path(&path, "?via=*&server_name=*", server, server);
    const struct mx_call_spec spec = {
        .method = SJ_HTTP_POST, .path = path.s, .flags = MX_CALL_REPEAT,
        .patience_ms = OPS_PATIENCE_MS, .ask = {.op = op, .id = room}, .done = ops_on_join};
    if (good)
        good = mx_call(l, &spec, err);
    else
        sj_fail(err, SJ_INVALID, "no address of this network");
    sj_strbuf_release(&id);
    sj_strbuf_release(&path);
    return good ? SJ_OK : err ? err->status : SJ_INVALID;
}

enum sj_status mx_muc_join(struct sj_link *link, const char *room, const char *nick,
                           const char *password, sj_op op, struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    struct mx_room *r = mx_room_find_name(l, room);
    (void)nick;                          /* the display name is the account's */
    (void)password;                      /* rooms have none */
    if (!mx_link_is_up(l))
        return sj_fail(err, SJ_UNREACHABLE, "not logged in");
    if (r && r->entered) {
        mx_link_done(l, op, SJ_OK, NULL);
        return SJ_OK;
    }
    if (r && r->kind == MX_KIND_CHAT)
        return sj_fail(err, SJ_NOTALLOWED, "this is a conversation with one person: write to them");
    if (r && r->is_space)
        return sj_fail(err, SJ_NOTALLOWED,
                       "this is a space: it holds rooms, and nobody talks in it");
    if (r && r->join_op)
        return sj_fail(err, SJ_LIMIT, "you are on your way into this room already");
    if (!r || !r->told)
        return ops_join_new(l, room, op, err);
    r->join_op = op;
    mx_muc_ask_members(r);
    return SJ_OK;
}

/* ---- going ---- */

static void ops_on_leave(struct mx_link *l, const struct mx_answer *a)
{
    struct mx_room *r = mx_room_find_name(l, a->ask->id);
    if (r && a->err.status == SJ_OK)
        r->entered = false;              /* the gateway knows; the sync says so to others */
    mx_link_done_err(l, a->ask->op, a->err.status == SJ_OK ? NULL : &a->err);
}

enum sj_status mx_muc_leave(struct sj_link *link, const char *room, const char *reason, sj_op op,
                            struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    const struct mx_room *r = mx_room_find_name(l, room);
    struct json_object *body = json_object_new_object();
    struct sj_strbuf id, path;
    sj_strbuf_init(&id, MX_ID_MAX);
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    if (r)
        sj_strbuf_adds(&id, r->id);
    bool good = mx_link_is_up(l) && (r || mx_id_decode(&id, room, NULL)) && id.s[0] == '!';
    mx_json_put(body, "reason", reason && *reason ? reason : NULL);
    mx_path(&path, "/_matrix/client/v3/rooms/*/leave", id.s);
    struct mx_call_spec spec = {
        .method = SJ_HTTP_POST, .path = path.s, .flags = MX_CALL_REPEAT,
        .patience_ms = OPS_PATIENCE_MS, .ask = {.op = op, .id = room}, .done = ops_on_leave};
    sj_strbuf_release(&id);
    if (good) {
        good = mx_call_json(l, &spec, body, err);
    } else {
        json_object_put(body);
        sj_fail(err, mx_link_is_up(l) ? SJ_NOTFOUND : SJ_UNREACHABLE, "you are not in this room");
    }
    sj_strbuf_release(&path);
    return good ? SJ_OK : err ? err->status : SJ_NOTFOUND;
}

/* ---- the rest ---- */

enum sj_status mx_muc_set_nick(struct sj_link *link, const char *room, const char *nick, sj_op op,
                               struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    struct mx_room *r = ops_room(l, room, err);
    struct json_object *body = json_object_new_object();
    const struct mx_member *self = r ? mx_member_find(r, l->user) : NULL;
    mx_json_put(body, "membership", "join");
    mx_json_put(body, "displayname", nick);
    mx_json_put(body, "avatar_url", self ? self->avatar : NULL);
    if (r)
        return mx_steps_state(r, "m.room.member", l->user, body, op, err);
    json_object_put(body);
    return err ? err->status : SJ_NOTFOUND;
}

enum sj_status mx_muc_set_subject(struct sj_link *link, const char *room, const char *text,
                                  sj_op op, struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    struct mx_room *r = ops_room(l, room, err);
    struct json_object *body = json_object_new_object();
    mx_json_put(body, "topic", text);
    if (r)
        return mx_steps_state(r, "m.room.topic", "", body, op, err);
    json_object_put(body);
    return err ? err->status : SJ_NOTFOUND;
}

enum sj_status mx_muc_invite(struct sj_link *link, const char *room, const char *id,
                             const char *reason, sj_op op, struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    struct mx_room *r = ops_room(l, room, err);
    struct sj_strbuf user;
    if (!r)
        return err ? err->status : SJ_NOTFOUND;
    sj_strbuf_init(&user, MX_ID_MAX);
    if (!mx_id_decode(&user, id, mx_id_server(l->user)) || user.s[0] != '@') {
        sj_strbuf_release(&user);
        return sj_fail(err, SJ_INVALID, "no address of this network");
    }
    enum sj_status status = mx_steps_user(r, "invite", user.s, reason, op, err);
    sj_strbuf_release(&user);
    return status;
}
