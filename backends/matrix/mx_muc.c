/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms of several people. The account is in its rooms whether anybody looks at them or not; the
 * gateway enters one when the user does (mx_muc_ops.c), for only then all members are asked for.
 * From then on until the link ends it hears what happens there.
 *
 * A nick is the display name, and the id where there is none; who has the name of somebody who was
 * there before is called "Name (@id)", as the specification wants it ("Calculating the display name
 * for a user"). */
#include "mx_muc.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_id.h"
#include "mx_json.h"
#include "mx_media.h"
#include "mx_power.h"
#include "mx_room.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define MUC_MEMBERS_MAX (16u * 1024u * 1024u)    /* bytes of a list of members */
#define MUC_PATIENCE_MS 60000

static bool muc_is_self(const struct mx_room *r, const struct mx_member *m)
{
    return strcmp(m->id, r->link->user) == 0;
}

/* ---- nicks ---- */

static void nick_wish(struct sj_strbuf *out, const struct mx_room *r, const struct mx_member *m,
                      bool shared)
{
    const char *name = mx_member_name(m);
    const struct mx_member *other;
    sj_strbuf_init(out, SJ_NICK_MAX + MX_ID_MAX + 4);
    sj_strbuf_add(out, name, sj_utf8_cut(name, strlen(name), SJ_NICK_MAX - MX_ID_MAX - 4));
    other = sj_map_find(&r->nicks, out->s);
    if (shared || (other && other != m))
        sj_strbuf_addf(out, " (%s)", m->id);
}

static void nick_drop(struct mx_room *r, struct mx_member *m)
{
    if (!m->nick)
        return;
    sj_map_remove(&r->nicks, m->nick);
    sj_free(m->nick);
    m->nick = NULL;
}

static void nick_take(struct mx_room *r, struct mx_member *m, bool shared)
{
    struct sj_strbuf wish;
    nick_wish(&wish, r, m, shared);
    nick_drop(r, m);
    m->nick = sj_strdup(wish.s);
    sj_map_put(&r->nicks, m->nick, m);
    sj_strbuf_release(&wish);
}

/* ---- telling ---- */

static uint8_t muc_standing(const struct mx_room *r, const struct mx_member *m)
{
    return (uint8_t)(mx_power_affiliation(r, m) << 4 | mx_power_role(r, m));
}

static void muc_tell_member(struct mx_room *r, struct mx_member *m)
{
    struct mx_link *l = r->link;
    struct sj_strbuf id;
    sj_strbuf_init(&id, SJ_ID_MAX);
    mx_id_encode(&id, m->id);
    const struct sj_occupant o = {
        .nick = m->nick,
        .id = id.s,
        .account = id.s,
        .avatar = mx_mxc_or_none(m->avatar),
        .affiliation = mx_power_affiliation(r, m),
        .role = mx_power_role(r, m),
        .show = SJ_SHOW_ONLINE,
        .self = muc_is_self(r, m),
    };
    m->told = muc_standing(r, m);
    l->base.host->rooms->occupant(&l->base, r->name_id, &o);
    sj_strbuf_release(&id);
}

/* The member as it is kept, made up if nobody knows it. */
static struct mx_member *muc_member(struct mx_room *r, const char *user)
{
    struct json_object *event = json_object_new_object();
    struct json_object *content = mx_json_put_object(event, "content");
    mx_json_put(event, "state_key", user);
    mx_json_put(content, "membership", "join");
    if (!mx_member_find(r, user))
        mx_room_member(r, event, content);
    json_object_put(event);
    return mx_member_find(r, user);
}

const char *mx_muc_nick(struct mx_room *r, const char *user)
{
    struct mx_member *m = mx_member_find(r, user);
    if (m && !m->nick && (m->membership == MX_OUT || m->membership == MX_BANNED))
        return m->name && *m->name && !sj_map_find(&r->nicks, m->name) ? m->name : m->id;
    if (!m)
        m = muc_member(r, user);         /* lazy: who speaks is there */
    return m && m->nick ? m->nick : user;
}

/* Names by the rules: the room's own, its address, else those who are in it. */
static void muc_name(struct sj_strbuf *out, const struct mx_room *r)
{
    sj_strbuf_init(out, SJ_NAME_MAX);
    if (r->name || r->alias) {
        sj_strbuf_adds(out, r->name ? r->name : r->alias);
        return;
    }
    for (size_t i = 0; i < MX_HEROES && r->hero[i]; i++) {
        const struct mx_member *m = mx_member_find(r, r->hero[i]);
        sj_strbuf_addf(out, "%s%s", i ? ", " : "", m ? mx_member_name(m) : r->hero[i]);
    }
    uint32_t others = r->n_joined + r->n_invited > 6 ? r->n_joined + r->n_invited - 6 : 0;
    if (others && out->len)
        sj_strbuf_addf(out, " +%u", (unsigned)others);
    if (!sj_strbuf_ok(out))
        sj_strbuf_reset(out);
}

void mx_muc_tell_room(struct mx_room *r, const char *const *aliases, size_t n)
{
    struct mx_link *l = r->link;
    struct sj_strbuf name;
    muc_name(&name, r);
    bool moderated = mx_power_to_send(r, "m.room.message", false) > 0;
    const struct sj_room told = {
        .id = r->name_id,
        .name = name.len ? name.s : NULL,
        .avatar = mx_mxc_or_none(r->avatar),
        .flags = (r->closed ? (uint32_t)SJ_ROOM_MEMBERS_ONLY : 0) |
                 (r->encrypted ? (uint32_t)SJ_ROOM_ENCRYPTED : 0) |
                 (moderated ? (uint32_t)SJ_ROOM_MODERATED : 0) |
                 (r->history_shared ? (uint32_t)SJ_ROOM_LOGGED : 0) | SJ_ROOM_MEMBERSHIP |
                 SJ_ROOM_PERSISTENT | SJ_ROOM_SUBJECT_LOCKED,
        .known = SJ_ROOM_MEMBERS_ONLY | SJ_ROOM_ENCRYPTED | SJ_ROOM_MODERATED | SJ_ROOM_LOGGED |
                 SJ_ROOM_MEMBERSHIP | SJ_ROOM_PERSISTENT | SJ_ROOM_ANONYMOUS |
                 SJ_ROOM_SUBJECT_LOCKED | SJ_ROOM_PASSWORD,
        .n_occupants = r->n_joined,
        .aliases = aliases,
        .n_aliases = n,
    };
    l->base.host->rooms->room(&l->base, &told);
    sj_strbuf_release(&name);
}

/* ---- entering ---- */

static bool muc_is_here(const struct mx_room *r)
{
    return mx_link_is_up(r->link) && r->entered;
}

/* Everybody who is there gets a nick; who shares a name with another has the id in it. */
static void muc_take_nicks(struct mx_room *r)
{
    struct sj_map names, shared;
    struct mx_member *m;
    uint32_t at = 0;
    sj_map_init(&names);
    sj_map_init(&shared);
    while ((m = sj_map_next(&r->members, &at)) != NULL) {
        if (m->membership == MX_JOINED && sj_map_put(&names, mx_member_name(m), m))
            sj_map_put(&shared, mx_member_name(m), m);
    }
    at = 0;
    while ((m = sj_map_next(&r->members, &at)) != NULL) {
        if (m->membership == MX_JOINED)
            nick_take(r, m, sj_map_find(&shared, mx_member_name(m)) != NULL);
    }
    sj_map_release(&names);
    sj_map_release(&shared);
}

void mx_muc_enter(struct mx_room *r)
{
    struct mx_link *l = r->link;
    struct mx_member *m, *self = muc_member(r, l->user);
    sj_op op = r->join_op;
    uint32_t at = 0;
    if (self)
        self->membership = MX_JOINED;
    r->entering = false;
    r->entered = true;
    r->kind = MX_KIND_ROOM;
    muc_take_nicks(r);
    while (muc_is_here(r) && (m = sj_map_next(&r->members, &at)) != NULL) {
        if (m->nick)
            muc_tell_member(r, m);
    }
    if (!muc_is_here(r))
        return;
    mx_muc_tell_room(r, NULL, 0);
    l->base.host->rooms->subject(&l->base, r->name_id, NULL, r->topic ? r->topic : "", 0);
    if (!muc_is_here(r))
        return;
    r->join_op = 0;
    l->base.host->rooms->entered(&l->base, r->name_id);
    mx_link_done(l, op, SJ_OK, NULL);
}

static void muc_on_members(struct mx_link *l, const struct mx_answer *a)
{
    struct mx_room *r = mx_room_find(l, a->ask->id);
    struct json_object *chunk = mx_json_array(a->json, "chunk");
    if (!r || !r->entering)
        return;
    for (size_t i = 0; i < mx_json_length(chunk); i++) {
        struct json_object *event = mx_json_at(chunk, i);
        const char *type = mx_json_text(event, "type", MX_ID_MAX);
        struct json_object *content = mx_json_object(event, "content");
        if (type && content && strcmp(type, "m.room.member") == 0)
            mx_room_member(r, event, content);
    }
    if (a->err.status != SJ_OK)          /* who is known is better than nothing */
        sj_log_debug(l->base.log, "members not told cause=%s", SJ_CLIP(a->err.text));
    mx_muc_enter(r);
}

void mx_muc_ask_members(struct mx_room *r)
{
    struct mx_link *l = r->link;
    struct sj_strbuf path;
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, "/_matrix/client/v3/rooms/*/members?membership=join", r->id);
    const struct mx_call_spec spec = {
        .method = SJ_HTTP_GET, .path = path.s, .flags = MX_CALL_REPEAT, .max = MUC_MEMBERS_MAX,
        .patience_ms = MUC_PATIENCE_MS, .ask = {.id = r->id}, .done = muc_on_members};
    r->entering = true;
    if (!mx_call(l, &spec, NULL))
        mx_muc_enter(r);
    sj_strbuf_release(&path);
}

void mx_muc_synced(struct mx_room *r)
{
    bool first = !r->told;
    r->told = true;
    if (first && r->join_op && !r->entered && !r->entering)
        mx_muc_ask_members(r);
}

/* ---- what changes ---- */

static void muc_member_goes(struct mx_room *r, struct mx_member *m, struct json_object *event)
{
    struct mx_link *l = r->link;
    const char *sender = mx_json_text(event, "sender", MX_ID_MAX);
    const char *words = mx_json_text(mx_json_object(event, "content"), "reason", SJ_BODY_MAX);
    const struct mx_member *actor = sender ? mx_member_find(r, sender) : NULL;
    bool kicked = sender && strcmp(sender, m->id) != 0;
    struct sj_strbuf reason;
    char *nick = m->nick;
    if (!nick)
        return;
    sj_strbuf_init(&reason, SJ_REASON_MAX);
    if (words)
        mx_text_clean(&reason, words, SJ_REASON_MAX, false);
    const struct sj_exit exit = {
        .kind = m->membership == MX_BANNED ? SJ_EXIT_BANNED : kicked ? SJ_EXIT_KICKED
                                                                     : SJ_EXIT_LEFT,
        .actor = kicked && actor ? actor->nick : NULL,
        .reason = reason.len ? reason.s : NULL,
    };
    sj_map_remove(&r->nicks, nick);
    m->nick = NULL;
    l->base.host->rooms->occupant_gone(&l->base, r->name_id, nick, &exit);
    sj_free(nick);
    sj_strbuf_release(&reason);
}

void mx_muc_member(struct mx_room *r, struct mx_member *m, struct json_object *event)
{
    struct mx_link *l = r->link;
    if (m->membership != MX_JOINED) {
        if (!muc_is_self(r, m))          /* the user's own end comes with the room's */
            muc_member_goes(r, m, event);
        if (m->membership == MX_KNOCKS && muc_is_here(r))
            mx_muc_knocked(r, m);
        return;
    }
    char *before = sj_strdup(m->nick);
    nick_take(r, m, false);
    char *now = sj_strdup(m->nick);
    if (before && strcmp(before, now) != 0)
        l->base.host->rooms->occupant_renamed(&l->base, r->name_id, before, now);
    if (!before && muc_is_here(r))
        muc_tell_member(r, m);
    sj_free(before);
    sj_free(now);
}

void mx_muc_pictured(struct mx_room *r, struct mx_member *m)
{
    if (m->nick && muc_is_here(r))
        muc_tell_member(r, m);
}

void mx_muc_power(struct mx_room *r)
{
    uint32_t at = 0;
    for (struct mx_member *m; muc_is_here(r) && (m = sj_map_next(&r->members, &at));) {
        if (m->nick && m->told != muc_standing(r, m))
            muc_tell_member(r, m);
    }
    if (muc_is_here(r))
        mx_muc_tell_room(r, NULL, 0);
}

void mx_muc_subject(struct mx_room *r, struct json_object *event)
{
    struct mx_link *l = r->link;
    const char *sender = mx_json_text(event, "sender", MX_ID_MAX);
    const struct mx_member *m = sender ? mx_member_find(r, sender) : NULL;
    int64_t at = 0;
    mx_json_int(event, "origin_server_ts", 0, INT64_MAX / 4, &at);
    l->base.host->rooms->subject(&l->base, r->name_id, m ? m->nick : NULL,
                                 r->topic ? r->topic : "", at);
}

/* ---- the end ---- */

void mx_muc_left(struct mx_room *r, struct json_object *event)
{
    struct mx_link *l = r->link;
    struct json_object *content = mx_json_object(event, "content");
    const char *sender = mx_json_text(event, "sender", MX_ID_MAX);
    const char *state = mx_json_text(content, "membership", MX_ID_MAX);
    const char *words = mx_json_text(content, "reason", SJ_BODY_MAX);
    const struct mx_member *actor = sender ? mx_member_find(r, sender) : NULL;
    bool kicked = sender && strcmp(sender, l->user) != 0;
    struct sj_strbuf reason;
    if (!r->entered)
        return;
    sj_strbuf_init(&reason, SJ_REASON_MAX);
    if (words)
        mx_text_clean(&reason, words, SJ_REASON_MAX, false);
    const struct sj_exit exit = {
        .kind = state && strcmp(state, "ban") == 0 ? SJ_EXIT_BANNED
                : kicked                           ? SJ_EXIT_KICKED : SJ_EXIT_LEFT,
        .actor = kicked && actor ? actor->nick : NULL,
        .reason = reason.len ? reason.s : NULL,
    };
    r->entered = false;
    l->base.host->rooms->left(&l->base, r->name_id, &exit);
    sj_strbuf_release(&reason);
}

void mx_muc_gone(struct mx_room *r)
{
    mx_link_done(r->link, r->join_op, SJ_DENIED, N_("you are in this room no longer"));
    r->join_op = 0;
    mx_muc_left(r, NULL);
}

void mx_muc_invited(struct mx_link *l, const char *room, const char *by, const char *reason)
{
    struct sj_strbuf name, id, words;
    if (mx_link_has_seen(l, room))
        return;                          /* servers repeat it in each first sync of a link */
    sj_strbuf_init(&name, SJ_ID_MAX);
    sj_strbuf_init(&id, SJ_ID_MAX);
    sj_strbuf_init(&words, SJ_REASON_MAX);
    mx_id_encode(&name, room);
    mx_id_encode(&id, by);
    if (reason)
        mx_text_clean(&words, reason, SJ_REASON_MAX, false);
    l->base.host->rooms->invited(&l->base, name.s, id.s, words.len ? words.s : NULL, NULL);
    sj_strbuf_release(&name);
    sj_strbuf_release(&id);
    sj_strbuf_release(&words);
}

void mx_muc_invited_to_space(struct mx_link *l, const char *space, const char *by,
                             const char *name)
{
    struct sj_strbuf text, clean;
    if (mx_link_has_seen(l, space))
        return;
    sj_strbuf_init(&text, SJ_BODY_MAX);
    sj_strbuf_init(&clean, SJ_NAME_MAX);
    if (name)
        mx_text_clean(&clean, name, SJ_NAME_MAX, false);
    sj_strbuf_addf(&text,
                   "%s invites you to the space \"%s\". Spaces have no place here: accept or "
                   "refuse it in a Matrix client; its rooms can be joined here one by one.",
                   by, clean.len ? clean.s : space);
    l->base.host->notice(&l->base, text.s);
    sj_strbuf_release(&text);
    sj_strbuf_release(&clean);
}
