/* SPDX-License-Identifier: MPL-2.0 */
/* Doors of rooms: where coming in is refused, but asking is allowed, the user has asked by wanting
 * to come in, and is told so; who is let in gets an invitation. Who may invite is told of those who
 * ask. A room that was replaced is followed: the account goes into the new one, the old one is
 * closed here, and an invitation says where it goes on.
 * Source: Matrix client-server API, "Knocking on rooms", "Room upgrades". */
#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_id.h"
#include "mx_link.h"
#include "mx_muc.h"
#include "mx_power.h"
#include "mx_room.h"
#include "sojourn/log.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define DOOR_PATIENCE_MS 60000

/* ---- knocks ---- */

static void door_on_knock(struct mx_link *l, const struct mx_answer *a)
{
    struct sj_error err;
    if (a->err.status == SJ_OK)
        sj_fail(&err, SJ_DENIED, N_("You have asked to be let in. When somebody there agrees, you "
                                    "get an invitation."));
    else
        sj_fail(&err, SJ_DENIED, "%s", a->ask->text);
    mx_link_done_err(l, a->ask->op, &err);
}

void mx_muc_knock(struct mx_link *l, const char *room, sj_op op, const struct sj_error *why)
{
    struct sj_strbuf id, path;
    sj_strbuf_init(&id, MX_ID_MAX);
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    bool good = mx_id_decode(&id, room, mx_id_server(l->user));
    const char *server = mx_id_server(id.s);
    mx_path(&path, "/_matrix/client/v3/knock/*", id.s);
    if (id.s[0] == '!' && *server)
        mx_path(&path, "?via=*&server_name=*", server, server);
    const struct mx_call_spec spec = {
        .method = SJ_HTTP_POST, .path = path.s, .flags = MX_CALL_REPEAT,
        .patience_ms = DOOR_PATIENCE_MS, .ask = {.op = op, .id = room, .text = why->text},
        .done = door_on_knock};
    if (!good || !mx_call(l, &spec, NULL))
        mx_link_done_err(l, op, why);
    sj_strbuf_release(&id);
    sj_strbuf_release(&path);
}

/* What the room itself says to the user. */
static void door_say(struct mx_room *r, const char *text)
{
    const struct sj_message m = {.peer = r->name_id, .in_room = true, .body = text,
                                 .notice = true};
    r->link->base.host->message(&r->link->base, &m);
}

void mx_muc_knocked(struct mx_room *r, const struct mx_member *m)
{
    struct sj_strbuf text;
    if (mx_power_of(r, r->link->user) < mx_power_for(r, "invite"))
        return;
    sj_strbuf_init(&text, SJ_BODY_MAX);
    sj_strbuf_addf(&text, "%s (%s) asks to be let in: invite them, or remove them from the room.",
                   mx_member_name(m), m->id);
    door_say(r, text.s);
    sj_strbuf_release(&text);
}

/* ---- rooms that were replaced ---- */

static void door_tell_moved(struct mx_room *r, const char *to)
{
    static const char why[] = N_("This room was replaced by another one, to which you are "
                                 "invited.");
    struct mx_link *l = r->link;
    const struct sj_exit exit = {.kind = SJ_EXIT_CLOSED, .reason = why};
    struct sj_strbuf name;
    sj_strbuf_init(&name, SJ_ID_MAX);
    mx_id_encode(&name, to);
    if (r->entered) {
        r->entered = false;
        l->base.host->rooms->left(&l->base, r->name_id, &exit);
    }
    if (mx_link_is_up(l))
        l->base.host->rooms->invited(&l->base, name.s, NULL, why, NULL);
    sj_strbuf_release(&name);
}

static void door_on_moved(struct mx_link *l, const struct mx_answer *a)
{
    struct mx_room *r = mx_room_find(l, a->ask->id);
    const char *to = mx_json_text(a->json, "room_id", MX_ID_MAX);
    if (!r)
        return;
    if (a->err.status == SJ_OK && mx_id_is_room(to)) {
        door_tell_moved(r, to);
        return;
    }
    sj_log_debug(l->base.log, "room is not followed room=%s cause=%s", SJ_CLIP(r->id),
                 SJ_CLIP(a->err.text));
    if (r->entered)
        door_say(r, "This room was replaced by another one, into which you were not let.");
}

void mx_muc_moved(struct mx_room *r, const char *sender)
{
    struct mx_link *l = r->link;
    struct sj_strbuf path;
    if (!r->successor || strcmp(r->successor, r->id) == 0 || mx_room_find(l, r->successor))
        return;
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, "/_matrix/client/v3/join/*?via=*&server_name=*", r->successor,
            mx_id_server(sender), mx_id_server(sender));
    const struct mx_call_spec spec = {
        .method = SJ_HTTP_POST, .path = path.s, .flags = MX_CALL_REPEAT,
        .patience_ms = DOOR_PATIENCE_MS, .ask = {.id = r->id}, .done = door_on_moved};
    (void)mx_call(l, &spec, NULL);
    sj_strbuf_release(&path);
}
