/* SPDX-License-Identifier: MPL-2.0 */
/* What those who may change in a room: kicks and bans, who may do what (power levels), its name and
 * rules; and the lists of who has which standing. Whether the user may is the server's to say. */
#include <json-c/json.h>
#include <string.h>

#include "mx_alias.h"
#include "mx_call.h"
#include "mx_id.h"
#include "mx_link.h"
#include "mx_muc.h"
#include "mx_power.h"
#include "mx_room.h"
#include "mx_steps.h"
#include "sojourn/strbuf.h"

#define CHANGE_LIST_MAX (16u * 1024u * 1024u)
#define CHANGE_MUTED (-1)                /* below what speaking needs */
#define CHANGE_PATIENCE_MS 60000

/* Whom a change is about: "@bob:example.org", borrowed from the room or in id. NULL: nobody. */
static const char *change_user(const struct mx_room *r, const struct sj_room_change *c,
                               struct sj_strbuf *id)
{
    const struct mx_member *m = c->nick ? sj_map_find(&r->nicks, c->nick) : NULL;
    if (c->id && mx_id_decode(id, c->id, mx_id_server(r->link->user)) && id->s[0] == '@')
        return id->s;
    return m ? m->id : NULL;
}

static void change_level(struct mx_steps *s, const struct mx_room *r, const char *user,
                         int64_t level)
{
    int64_t now = mx_power_of(r, user);
    if (now != level && (now != MX_POWER_CREATOR || level < MX_POWER_OWNER))
        mx_steps_add_state(s, "m.room.power_levels", "", mx_power_with(r, user, level));
}

static void change_affiliation(struct mx_steps *s, const struct mx_room *r, const char *user,
                               const struct sj_room_change *c)
{
    const struct mx_member *m = mx_member_find(r, user);
    bool banned = m && m->membership == MX_BANNED;
    bool there = m && (m->membership == MX_JOINED || m->membership == MX_INVITED);
    bool knocks = m && m->membership == MX_KNOCKS;
    switch (c->affiliation) {
    case SJ_AFFILIATION_OUTCAST:
        mx_steps_add_user(s, "ban", user, c->text);
        break;
    case SJ_AFFILIATION_OWNER:
        change_level(s, r, user, MX_POWER_OWNER);
        break;
    case SJ_AFFILIATION_ADMIN:
        change_level(s, r, user, MX_POWER_MODERATOR);
        break;
    case SJ_AFFILIATION_MEMBER:
        if (banned)
            mx_steps_add_user(s, "unban", user, c->text);
        else if (mx_power_of(r, user) >= MX_POWER_MODERATOR)
            change_level(s, r, user, 0);
        if (!there)
            mx_steps_add_user(s, "invite", user, c->text);
        break;
    case SJ_AFFILIATION_NONE:
        if (mx_power_of(r, user) >= MX_POWER_MODERATOR)
            change_level(s, r, user, 0);
        if (knocks || (there && r->closed))
            mx_steps_add_user(s, "kick", user, c->text);
        else if (!there)                 /* bans of those whom nobody has told us of, too */
            mx_steps_add_user(s, "unban", user, c->text);
        break;
    }
}

static void change_role(struct mx_steps *s, const struct mx_room *r, const char *user,
                        const struct sj_room_change *c)
{
    int64_t speak = mx_power_to_send(r, "m.room.message", false);
    if (c->role == SJ_ROLE_NONE)
        mx_steps_add_user(s, "kick", user, c->text);
    else if (c->role == SJ_ROLE_VISITOR)
        change_level(s, r, user, speak > 0 ? 0 : CHANGE_MUTED);
    else if (c->role == SJ_ROLE_PARTICIPANT)
        change_level(s, r, user, speak > 0 ? speak : 0);
    else
        change_level(s, r, user, MX_POWER_MODERATOR);
}

static void change_text_state(struct mx_steps *s, const char *type, const char *member,
                              const char *value)
{
    struct json_object *body = json_object_new_object();
    mx_json_put(body, member, value);
    mx_steps_add_state(s, type, "", body);
}

static void change_flags(struct mx_steps *s, const struct mx_room *r,
                         const struct sj_room_change *c)
{
    if (c->known & SJ_ROOM_MEMBERS_ONLY)
        change_text_state(s, "m.room.join_rules", "join_rule",
                          c->flags & SJ_ROOM_MEMBERS_ONLY ? "invite" : "public");
    if (c->known & SJ_ROOM_LOGGED)
        change_text_state(s, "m.room.history_visibility", "history_visibility",
                          c->flags & SJ_ROOM_LOGGED ? "world_readable" : "shared");
    if (c->known & SJ_ROOM_MODERATED)
        mx_steps_add_state(s, "m.room.power_levels", "",
                           mx_power_to_speak(r, c->flags & SJ_ROOM_MODERATED
                                                    ? MX_POWER_MODERATOR : 0));
}

static bool change_add(struct mx_steps *s, const struct mx_room *r,
                       const struct sj_room_change *c)
{
    struct sj_strbuf id;
    sj_strbuf_init(&id, MX_ID_MAX);
    const char *user = change_user(r, c, &id);
    bool about_user = c->kind == SJ_CHANGE_KICK || c->kind == SJ_CHANGE_ROLE ||
                      c->kind == SJ_CHANGE_AFFILIATION;
    bool good = user || !about_user;
    if (!good)
        ;
    else if (c->kind == SJ_CHANGE_KICK)
        mx_steps_add_user(s, "kick", user, c->text);
    else if (c->kind == SJ_CHANGE_ROLE)
        change_role(s, r, user, c);
    else if (c->kind == SJ_CHANGE_AFFILIATION)
        change_affiliation(s, r, user, c);
    else if (c->kind == SJ_CHANGE_FLAGS)
        change_flags(s, r, c);
    else if (c->kind == SJ_CHANGE_NAME)
        change_text_state(s, "m.room.name", "name", c->text);
    else if (c->kind == SJ_CHANGE_DESCRIPTION)
        change_text_state(s, "m.room.topic", "topic", c->text);
    sj_strbuf_release(&id);
    return good;
}

/* *out: of the last such change, owned by the caller; NULL: there is none. */
static bool change_read_aliases(const struct mx_link *l, const struct sj_room_change *change,
                                size_t n, struct json_object **out, struct sj_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (change[i].kind != SJ_CHANGE_ALIASES)
            continue;
        json_object_put(*out);
        *out = mx_alias_read(l, &change[i], err);
        if (!*out)
            return false;
    }
    return true;
}

enum sj_status mx_muc_change(struct sj_link *link, const char *room,
                             const struct sj_room_change *change, size_t n, sj_op op,
                             struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    struct mx_room *r = mx_room_find_name(l, room);
    if (!mx_link_is_up(l))
        return sj_fail(err, SJ_UNREACHABLE, "not logged in");
    if (!r || !r->entered)
        return sj_fail(err, SJ_NOTFOUND, "you are in this room no longer");
    for (size_t i = 0; i < n; i++) {
        if (change[i].kind == SJ_CHANGE_PASSWORD || change[i].kind == SJ_CHANGE_OCCUPANTS_MAX)
            return sj_fail(err, SJ_UNSUPPORTED, "rooms of this network have no such thing");
    }
    struct json_object *aliases = NULL;
    if (!change_read_aliases(l, change, n, &aliases, err))
        return SJ_UNACCEPTABLE;
    struct mx_steps *s = mx_steps_new(r, op);
    bool good = true;
    for (size_t i = 0; i < n && good; i++)
        good = change_add(s, r, &change[i]);
    if (good)
        return aliases ? mx_alias_change(r, s, aliases, err) : mx_steps_run(s, err);
    json_object_put(aliases);
    mx_steps_free(&s);
    return sj_fail(err, SJ_NOTFOUND, "there is nobody of this name");
}

/* ---- lists ---- */

static void change_tell_affiliate(struct mx_link *l, sj_op op, const struct mx_room *r,
                                  struct json_object *event, enum sj_affiliation wanted)
{
    struct json_object *content = mx_json_object(event, "content");
    const char *user = mx_json_text(event, "state_key", MX_ID_MAX);
    const char *words = mx_json_text(content, "reason", SJ_BODY_MAX);
    const struct mx_member *m = user ? mx_member_find(r, user) : NULL;
    int64_t level = user ? mx_power_of(r, user) : 0;
    enum sj_affiliation is = wanted == SJ_AFFILIATION_OUTCAST ? SJ_AFFILIATION_OUTCAST
                             : level >= MX_POWER_OWNER        ? SJ_AFFILIATION_OWNER
                             : level >= MX_POWER_MODERATOR    ? SJ_AFFILIATION_ADMIN
                                                              : SJ_AFFILIATION_MEMBER;
    struct sj_strbuf id, reason;
    if (!mx_id_is_user(user) || is != wanted)
        return;
    sj_strbuf_init(&id, SJ_ID_MAX);
    sj_strbuf_init(&reason, SJ_REASON_MAX);
    mx_id_encode(&id, user);
    if (words)
        mx_text_clean(&reason, words, SJ_REASON_MAX, false);
    const struct sj_affiliate told = {.id = id.s, .nick = m ? m->nick : NULL,
                                      .reason = reason.len ? reason.s : NULL, .affiliation = is};
    l->base.host->rooms->affiliate(&l->base, op, &told);
    sj_strbuf_release(&id);
    sj_strbuf_release(&reason);
}

static void change_on_list(struct mx_link *l, const struct mx_answer *a)
{
    const struct mx_ask *ask = a->ask;
    struct json_object *chunk = mx_json_array(a->json, "chunk");
    for (size_t i = 0; a->err.status == SJ_OK && i < mx_json_length(chunk); i++) {
        const struct mx_room *r = mx_room_find(l, ask->id);
        if (!r || !mx_link_is_up(l))
            break;
        change_tell_affiliate(l, ask->op, r, mx_json_at(chunk, i),
                              (enum sj_affiliation)ask->number);
    }
    mx_link_done_err(l, ask->op, a->err.status == SJ_OK ? NULL : &a->err);
}

enum sj_status mx_muc_affiliates(struct sj_link *link, const char *room,
                                 enum sj_affiliation affiliation, sj_op op, struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    const struct mx_room *r = mx_room_find_name(l, room);
    bool banned = affiliation == SJ_AFFILIATION_OUTCAST;
    struct sj_strbuf path;
    if (!mx_link_is_up(l))
        return sj_fail(err, SJ_UNREACHABLE, "not logged in");
    if (!r)
        return sj_fail(err, SJ_NOTFOUND, "you are in this room no longer");
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, "/_matrix/client/v3/rooms/*/members?membership=*", r->id,
            banned ? "ban" : "join");
    const struct mx_call_spec spec = {
        .method = SJ_HTTP_GET, .path = path.s, .flags = MX_CALL_REPEAT, .max = CHANGE_LIST_MAX,
        .patience_ms = CHANGE_PATIENCE_MS,
        .ask = {.op = op, .id = r->id, .number = affiliation}, .done = change_on_list};
    bool asked = mx_call(l, &spec, err);
    sj_strbuf_release(&path);
    return asked ? SJ_OK : SJ_LIMIT;
}
