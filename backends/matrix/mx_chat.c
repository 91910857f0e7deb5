/* SPDX-License-Identifier: MPL-2.0 */
/* Chats with people: made (is there such a person? a room for two, and the account data that say
 * what it is for), entered when the user accepts an invitation, left when the contact is removed.
 * And the user's own presence, which is one more small call.
 * Source: Matrix client-server API, "Direct messaging", "createRoom", "Presence". */
#include "mx_chat.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_contact.h"
#include "mx_id.h"
#include "mx_link.h"
#include "mx_room.h"
#include "mx_send.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define CHAT_PATIENCE_MS 60000

static bool chat_ask(struct mx_link *l, enum sj_http_method method, struct sj_strbuf *path,
                     struct json_object *body, const struct mx_ask *ask,
                     void (*done)(struct mx_link *, const struct mx_answer *),
                     struct sj_error *err)
{
    struct mx_call_spec spec = {
        .method = method, .path = path->s, .patience_ms = CHAT_PATIENCE_MS, .ask = *ask,
        .flags = method == SJ_HTTP_POST ? 0 : MX_CALL_REPEAT, .done = done};
    bool asked = body ? mx_call_json(l, &spec, body, err) : mx_call(l, &spec, err);
    sj_strbuf_release(path);
    return asked;
}

static void chat_on_done(struct mx_link *l, const struct mx_answer *a)
{
    mx_link_done_err(l, a->ask->op, a->err.status == SJ_OK ? NULL : &a->err);
}

/* ---- which rooms are chats ---- */

/* The account data as they are, with room added to those of user, or taken out (user NULL). */
static struct json_object *chat_direct_with(const struct mx_link *l, const char *user,
                                            const char *room)
{
    struct json_object *out = json_object_new_object();
    struct json_object *rooms = NULL;
    if (l->direct) {
        json_object_object_foreach(l->direct, key, list)
        {
            struct json_object *copy = json_object_new_array();
            for (size_t i = 0; i < mx_json_length(list); i++) {
                const char *id = mx_json_text_at(list, i, MX_ID_MAX);
                if (id && strcmp(id, room) != 0)
                    mx_json_add(copy, id);
            }
            json_object_object_add(out, key, copy);
        }
    }
    if (!user)
        return out;
    rooms = mx_json_array(out, user);
    if (!rooms)
        rooms = mx_json_put_array(out, user);
    mx_json_add(rooms, room);
    return out;
}

static void chat_on_direct(struct mx_link *l, const struct mx_answer *a)
{
    (void)l;
    (void)a;                             /* it is a chat by its two members, too */
}

static void chat_set_direct(struct mx_link *l, const char *user, const char *room)
{
    static const struct mx_ask nobody = {.op = 0};
    struct json_object *direct = chat_direct_with(l, user, room);
    struct sj_strbuf path;
    mx_rooms_direct(l, direct);
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, "/_matrix/client/v3/user/*/account_data/m.direct", l->user);
    chat_ask(l, SJ_HTTP_PUT, &path, direct, &nobody, chat_on_direct, NULL);
}

/* ---- making one ---- */

/* The other one is invited, which a sync that came before this may not have told. */
static void chat_count_two(struct mx_room *r)
{
    if (r->counted && r->n_joined + r->n_invited >= 2)
        return;
    r->counted = true;
    r->n_joined = 1;
    r->n_invited = 1;
}

/* A room that is no chat, for whatever reason, ends the matter: no second one is made. */
static void chat_on_created(struct mx_link *l, const struct mx_answer *a)
{
    struct mx_contact *c = mx_contact_find(l, a->ask->id);
    const char *id = mx_json_text(a->json, "room_id", MX_ID_MAX);
    struct mx_room *r = a->err.status == SJ_OK && c ? mx_room_add(l, id) : NULL;
    struct sj_error err = a->err;
    if (r) {
        chat_set_direct(l, c->user, r->id);
        chat_count_two(r);
        mx_room_check(r);
        c = mx_contact_find(l, a->ask->id);
    }
    bool made = r && c && c->room;
    if (a->err.status == SJ_OK && !made)
        sj_fail(&err, SJ_REMOTE, "the home server did not make the conversation");
    mx_send_chat_made(l, a->ask->id, made ? NULL : &err);
}

static void chat_create(struct mx_link *l, const struct mx_contact *c)
{
    const struct mx_ask ask = {.id = c->id};
    struct json_object *body = json_object_new_object();
    struct sj_error err = {.status = SJ_OK};
    struct sj_strbuf path;
    mx_json_put(body, "preset", "trusted_private_chat");
    mx_json_put(body, "visibility", "private");
    mx_json_put_bool(body, "is_direct", true);
    mx_json_add(mx_json_put_array(body, "invite"), c->user);
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    sj_strbuf_adds(&path, "/_matrix/client/v3/createRoom");
    if (!chat_ask(l, SJ_HTTP_POST, &path, body, &ask, chat_on_created, &err))
        mx_send_chat_made(l, c->id, &err);
}

/* Servers invite people who do not exist, too; who has no profile is nobody. Where profiles are not
 * shown (403), there is no telling. */
static void chat_on_profile(struct mx_link *l, const struct mx_answer *a)
{
    struct mx_contact *c = mx_contact_find(l, a->ask->id);
    struct sj_error err = a->err;
    if (!c || a->http == 404) {
        sj_fail(&err, SJ_NOTFOUND, "there is nobody of this name");
        mx_send_chat_made(l, a->ask->id, &err);
    } else if (a->err.status != SJ_OK && a->http != 403) {
        mx_send_chat_made(l, a->ask->id, &err);
    } else {
        chat_create(l, c);
    }
}

void mx_chat_make(struct mx_link *l, struct mx_contact *c)
{
    const struct mx_ask ask = {.id = c->id};
    struct sj_error err = {.status = SJ_OK};
    struct sj_strbuf path;
    c->busy = true;
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, "/_matrix/client/v3/profile/*", c->user);
    if (!chat_ask(l, SJ_HTTP_GET, &path, NULL, &ask, chat_on_profile, &err))
        mx_send_chat_made(l, c->id, &err);
}

/* ---- contacts ---- */

enum sj_status mx_contact_answer(struct sj_link *link, const char *id, bool accept, sj_op op,
                                 struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    struct mx_contact *c = mx_contact_find(l, id);
    struct sj_strbuf path, user;
    if (!mx_link_is_up(l))
        return sj_fail(err, SJ_UNREACHABLE, "not logged in");
    sj_strbuf_init(&user, MX_ID_MAX);
    bool good = mx_id_decode(&user, id, mx_id_server(l->user));
    sj_strbuf_release(&user);
    if (!good)
        return sj_fail(err, SJ_INVALID, "no address of this network");
    if (!c || !c->invite) {              /* who sees whom follows from being in a room together */
        mx_link_done(l, op, SJ_OK, NULL);
        return SJ_OK;
    }
    const struct mx_ask ask = {.op = op, .id = id};
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, accept ? "/_matrix/client/v3/rooms/*/join" : "/_matrix/client/v3/rooms/*/leave",
            c->invite);
    if (!chat_ask(l, SJ_HTTP_POST, &path, NULL, &ask, chat_on_done, err))
        return SJ_LIMIT;
    if (accept)
        chat_set_direct(l, c->user, c->invite);
    mx_set(&c->invite, NULL);
    return SJ_OK;
}

/* The outcome is that of the last chat that is left. */
enum sj_status mx_contact_drop(struct sj_link *link, const char *id, sj_op op,
                               struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    struct mx_contact *c = mx_contact_find(l, id);
    uint32_t at = 0, left = 0, all = c ? c->n_rooms : 0;
    if (!mx_link_is_up(l))
        return sj_fail(err, SJ_UNREACHABLE, "not logged in");
    if (c)
        c->listed = c->asked = false;    /* the gateway knows */
    for (struct mx_room *r; left < all && (r = sj_map_next(&l->rooms, &at));) {
        struct sj_strbuf path;
        if (r->contact != c)
            continue;
        const struct mx_ask ask = {.op = ++left == all ? op : 0};
        sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
        mx_path(&path, "/_matrix/client/v3/rooms/*/leave", r->id);
        if (!chat_ask(l, SJ_HTTP_POST, &path, NULL, &ask, chat_on_done, err))
            return SJ_LIMIT;
    }
    if (left == 0)
        mx_link_done(l, op, SJ_OK, NULL);
    return SJ_OK;
}

/* ---- the user's presence ---- */

static void chat_on_presence(struct mx_link *l, const struct mx_answer *a)
{
    (void)l;
    (void)a;                             /* servers may have none */
}

enum sj_status mx_set_presence(struct sj_link *link, enum sj_show show, const char *status,
                               struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    static const struct mx_ask nobody = {.op = 0};
    bool online = show == SJ_SHOW_ONLINE || show == SJ_SHOW_CHAT;
    struct sj_strbuf path, text;
    if (!mx_link_is_up(l))
        return sj_fail(err, SJ_UNREACHABLE, "not logged in");
    l->show = (uint8_t)show;
    sj_strbuf_init(&text, SJ_STATUS_MAX);
    mx_text_clean(&text, status ? status : "", SJ_STATUS_MAX, true);
    struct json_object *body = json_object_new_object();
    mx_json_put(body, "presence", online ? "online" : "unavailable");
    mx_json_put(body, "status_msg", text.s);
    sj_strbuf_release(&text);
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, "/_matrix/client/v3/presence/*/status", l->user);
    return chat_ask(l, SJ_HTTP_PUT, &path, body, &nobody, chat_on_presence, err) ? SJ_OK
                                                                                : SJ_LIMIT;
}
