/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms: their state as the home server tells it, and what each is to the gateway.
 *
 * A room is a chat when the user's account data say so (m.direct) and at most two are in it, or
 * when exactly two are in it and it has no name of its own; the contact stands for it then
 * (mx_contact.c).
 * Everything else is a room. Spaces hold rooms and no talk, and are not shown.
 * Source: Matrix client-server API, "Room events", "Direct messaging". */
#include "mx_room.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_contact.h"
#include "mx_id.h"
#include "mx_json.h"
#include "mx_muc.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define ROOM_VERSION_CREATORS 12          /* the first in which creators stand above all */
#define ROOM_DIRECT_MAX 20000u           /* chats in m.direct that are looked at */

bool mx_set(char **to, const char *text)
{
    if (*to == text || (*to && text && strcmp(*to, text) == 0))
        return false;
    sj_free(*to);
    *to = sj_strdup(text);
    return true;
}

/* The same with text of strangers; "" is none. */
static bool room_set(char **to, const char *text, size_t max, bool lines)
{
    struct sj_strbuf clean;
    sj_strbuf_init(&clean, max);
    if (text)
        mx_text_clean(&clean, text, max, lines);
    bool changed = mx_set(to, clean.len ? clean.s : NULL);
    sj_strbuf_release(&clean);
    return changed;
}

/* ---- members ---- */

struct mx_member *mx_member_find(const struct mx_room *r, const char *id)
{
    return sj_map_find(&r->members, id);
}

const char *mx_member_name(const struct mx_member *m)
{
    return m->name && *m->name ? m->name : m->id;
}

static void member_free(struct mx_member *m)
{
    sj_free(m->name);
    sj_free(m->avatar);
    sj_free(m->nick);
    sj_free(m);
}

static struct mx_member *member_add(struct mx_room *r, const char *id)
{
    struct mx_member *m = mx_member_find(r, id);
    if (m || r->n_members >= MX_MEMBERS_MAX)
        return m;
    size_t n = strlen(id) + 1;
    m = sj_calloc(1, sizeof *m + n);
    memcpy(m->id, id, n);
    sj_map_put(&r->members, m->id, m);
    r->n_members++;
    return m;
}

static enum mx_membership member_state(const char *text)
{
    static const struct {
        const char *text;
        enum mx_membership membership;
    } rows[] = {
        {"join", MX_JOINED}, {"invite", MX_INVITED}, {"ban", MX_BANNED}, {"knock", MX_KNOCKS},
    };
    for (size_t i = 0; text && i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(text, rows[i].text) == 0)
            return rows[i].membership;
    }
    return MX_OUT;
}

/* Applies what an event says of a member. */
void mx_room_member(struct mx_room *r, struct json_object *event, struct json_object *content)
{
    const char *id = mx_json_text(event, "state_key", MX_ID_MAX);
    enum mx_membership state = member_state(mx_json_text(content, "membership", MX_ID_MAX));
    struct mx_member *m = mx_id_is_user(id) ? mx_member_find(r, id) : NULL;
    if (!m && mx_id_is_user(id) && state != MX_OUT)
        m = member_add(r, id);
    if (!m)
        return;
    r->is_new = r->is_new || m->membership != state;
    m->membership = (uint8_t)state;
    if (state == MX_OUT || state == MX_BANNED) {
        if (r->entered)
            mx_muc_member(r, m, event);
        return;                          /* the name it went by stays */
    }
    bool named = room_set(&m->name, mx_json_text(content, "displayname", SJ_BODY_MAX), SJ_NAME_MAX,
                          false);
    bool pictured = room_set(&m->avatar, mx_json_text(content, "avatar_url", SJ_URL_MAX),
                             SJ_URL_MAX, false);
    r->is_new = r->is_new || named || pictured;
    if (r->entered)
        mx_muc_member(r, m, event);
    if (r->entered && pictured)
        mx_muc_pictured(r, m);
}

/* ---- rooms ---- */

struct mx_room *mx_room_find(const struct mx_link *l, const char *id)
{
    return sj_map_find(&l->rooms, id);
}

struct mx_room *mx_room_find_name(const struct mx_link *l, const char *name)
{
    return sj_map_find(&l->names, name);
}

struct mx_room *mx_room_add(struct mx_link *l, const char *id)
{
    struct mx_room *r = mx_id_is_room(id) ? mx_room_find(l, id) : NULL;
    if (r || !mx_id_is_room(id))
        return r;
    if (l->n_rooms >= MX_ROOMS_MAX) {
        sj_log_debug(l->base.log, "room is not shown, too many room=%s", SJ_CLIP(id));
        return NULL;
    }
    struct sj_strbuf name;
    size_t n = strlen(id) + 1;
    r = sj_calloc(1, sizeof *r + n);
    r->link = l;
    r->is_new = true;
    memcpy(r->id, id, n);
    sj_strbuf_init(&name, SJ_ID_MAX);
    mx_id_encode(&name, id);
    r->name_id = sj_strbuf_take(&name);
    sj_map_init(&r->members);
    sj_map_init(&r->nicks);
    sj_map_put(&l->rooms, r->id, r);
    sj_map_put(&l->names, r->name_id, r);
    l->n_rooms++;
    return r;
}

uint32_t mx_room_free(struct mx_room *r)
{
    char *texts[] = {r->name_id, r->name,   r->alias, r->topic,
                     r->avatar,  r->before, r->last,  r->creator, r->successor};
    uint32_t at = 0, n = 0;
    for (struct mx_member *m; (m = sj_map_next(&r->members, &at)); n++)
        member_free(m);
    sj_map_release(&r->members);
    sj_map_release(&r->nicks);
    json_object_put(r->power);
    json_object_put(r->creators);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        sj_free(texts[i]);
    for (size_t i = 0; i < MX_HEROES; i++)
        sj_free(r->hero[i]);
    for (size_t i = 0; i < sizeof r->typing / sizeof r->typing[0]; i++)
        sj_free(r->typing[i]);
    sj_free(r);
    return n;
}

void mx_room_remove(struct mx_room *r)
{
    struct mx_link *l = r->link;
    struct mx_contact *c = r->contact;
    mx_muc_gone(r);
    sj_map_remove(&l->rooms, r->id);
    sj_map_remove(&l->names, r->name_id);
    l->n_rooms--;
    r->kind = MX_KIND_NONE;
    r->contact = NULL;
    if (c)
        mx_contact_loses(c, r);
    mx_room_free(r);
}

/* ---- state ---- */

static void room_on_name(struct mx_room *r, struct json_object *event, struct json_object *content)
{
    (void)event;
    if (!room_set(&r->name, mx_json_text(content, "name", SJ_BODY_MAX), SJ_NAME_MAX, false))
        return;
    r->is_new = true;
    if (r->entered)
        mx_muc_tell_room(r, NULL, 0);
}

static void room_on_alias(struct mx_room *r, struct json_object *event,
                          struct json_object *content)
{
    const char *alias = mx_json_text(content, "alias", MX_ID_MAX);
    (void)event;
    if (room_set(&r->alias, mx_id_is_alias(alias) ? alias : NULL, MX_ID_MAX, false))
        r->is_new = true;
}

static void room_on_topic(struct mx_room *r, struct json_object *event,
                          struct json_object *content)
{
    if (room_set(&r->topic, mx_json_text(content, "topic", SJ_BODY_MAX), SJ_SUBJECT_MAX, true) &&
        r->entered)
        mx_muc_subject(r, event);
}

static void room_on_avatar(struct mx_room *r, struct json_object *event,
                           struct json_object *content)
{
    (void)event;
    if (room_set(&r->avatar, mx_json_text(content, "url", SJ_URL_MAX), SJ_URL_MAX, false) &&
        r->entered)
        mx_muc_tell_room(r, NULL, 0);
}

static void room_on_encryption(struct mx_room *r, struct json_object *event,
                               struct json_object *content)
{
    (void)event;
    (void)content;
    bool news = !r->encrypted;
    r->encrypted = true;                 /* never taken back, by the specification */
    if (news && r->entered)
        mx_muc_tell_room(r, NULL, 0);
}

static void room_on_create(struct mx_room *r, struct json_object *event,
                           struct json_object *content)
{
    const char *type = mx_json_text(content, "type", MX_ID_MAX);
    const char *version = mx_json_text(content, "room_version", MX_ID_MAX);
    int64_t number = 0;
    r->is_space = type && strcmp(type, "m.space") == 0;
    mx_set(&r->creator, mx_json_text(event, "sender", MX_ID_MAX));
    r->creators_rule = version && sj_parse_int(version, 0, INT32_MAX, &number) &&
                       number >= ROOM_VERSION_CREATORS;
    json_object_put(r->creators);
    r->creators = r->creators_rule
                      ? json_object_get(mx_json_array(content, "additional_creators")) : NULL;
}

static void room_on_power(struct mx_room *r, struct json_object *event,
                          struct json_object *content)
{
    (void)event;
    json_object_put(r->power);
    r->power = json_object_get(content);
    if (r->entered)
        mx_muc_power(r);
}

static void room_on_join_rules(struct mx_room *r, struct json_object *event,
                               struct json_object *content)
{
    const char *rule = mx_json_text(content, "join_rule", MX_ID_MAX);
    (void)event;
    r->closed = rule && strcmp(rule, "public") != 0;
    if (r->entered)
        mx_muc_tell_room(r, NULL, 0);
}

static void room_on_history(struct mx_room *r, struct json_object *event,
                            struct json_object *content)
{
    const char *who = mx_json_text(content, "history_visibility", MX_ID_MAX);
    (void)event;
    r->history_shared = who && strcmp(who, "world_readable") == 0;
}

static void room_on_tombstone(struct mx_room *r, struct json_object *event,
                              struct json_object *content)
{
    const char *id = mx_json_text(content, "replacement_room", MX_ID_MAX);
    (void)event;
    mx_set(&r->successor, mx_id_is_room(id) ? id : NULL);
}

bool mx_room_rename(struct mx_room *r, const char *name)
{
    struct mx_link *l = r->link;
    if (strcmp(r->name_id, name) == 0)
        return true;
    if (mx_room_find_name(l, name))
        return false;
    sj_map_remove(&l->names, r->name_id);
    mx_set(&r->name_id, name);
    sj_map_put(&l->names, r->name_id, r);
    return true;
}

void mx_room_state(struct mx_room *r, struct json_object *event)
{
    static const struct {
        const char *type;
        void (*fn)(struct mx_room *r, struct json_object *event, struct json_object *content);
    } rows[] = {
        {"m.room.member", mx_room_member},         {"m.room.name", room_on_name},
        {"m.room.canonical_alias", room_on_alias}, {"m.room.topic", room_on_topic},
        {"m.room.avatar", room_on_avatar},         {"m.room.encryption", room_on_encryption},
        {"m.room.create", room_on_create},         {"m.room.power_levels", room_on_power},
        {"m.room.join_rules", room_on_join_rules},
        {"m.room.history_visibility", room_on_history},
        {"m.room.tombstone", room_on_tombstone},
    };
    const char *type = mx_json_text(event, "type", MX_ID_MAX);
    struct json_object *content = mx_json_object(event, "content");
    for (size_t i = 0; type && content && i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].type, type) == 0)
            rows[i].fn(r, event, content);
    }
}

void mx_room_summary(struct mx_room *r, struct json_object *summary)
{
    struct json_object *heroes = mx_json_array(summary, "m.heroes");
    int64_t joined = r->n_joined, invited = r->n_invited;
    bool j = mx_json_int(summary, "m.joined_member_count", 0, INT32_MAX, &joined);
    bool i = mx_json_int(summary, "m.invited_member_count", 0, INT32_MAX, &invited);
    if (j || i) {
        r->counted = true;
        r->is_new = r->is_new || r->n_joined != joined || r->n_invited != invited;
        r->n_joined = (uint32_t)joined;
        r->n_invited = (uint32_t)invited;
    }
    for (size_t n = 0; heroes && n < MX_HEROES; n++) {
        const char *id = mx_json_text_at(heroes, n, MX_ID_MAX);
        if (mx_set(&r->hero[n], mx_id_is_user(id) ? id : NULL))
            r->is_new = true;
    }
}

/* ---- what it is ---- */

static uint32_t room_count(const struct mx_room *r)
{
    uint32_t at = 0, n = 0;
    if (r->counted)
        return r->n_joined + r->n_invited;
    for (const struct mx_member *m; (m = sj_map_next(&r->members, &at));)
        n += m->membership == MX_JOINED || m->membership == MX_INVITED;
    return n;
}

/* The one who is in it beside the user, as far as that is known. */
static const char *room_other(const struct mx_room *r)
{
    uint32_t at = 0;
    for (const struct mx_member *m; (m = sj_map_next(&r->members, &at));) {
        bool there = m->membership == MX_JOINED || m->membership == MX_INVITED;
        if (there && strcmp(m->id, r->link->user) != 0)
            return m->id;
    }
    return r->hero[0] && strcmp(r->hero[0], r->link->user) != 0 ? r->hero[0] : NULL;
}

static enum mx_kind room_judge(const struct mx_room *r, const char **user)
{
    uint32_t n = room_count(r);
    const char *other = sj_map_find(&r->link->direct_of, r->id);
    if (r->is_space)
        return MX_KIND_NONE;
    if (other && n <= 2) {
        const struct mx_member *m = mx_member_find(r, other);
        bool gone = m && m->membership != MX_JOINED && m->membership != MX_INVITED;
        *user = other;
        return gone || (r->counted && n < 2) ? MX_KIND_NONE : MX_KIND_CHAT;
    }
    *user = n == 2 && !r->name && !r->alias ? room_other(r) : NULL;
    return *user ? MX_KIND_CHAT : MX_KIND_ROOM;
}

enum mx_membership mx_room_partner(const struct mx_room *r)
{
    const struct mx_member *m = r->contact ? mx_member_find(r, r->contact->user) : NULL;
    if (m)
        return (enum mx_membership)m->membership;
    return r->counted && r->n_invited > 0 ? MX_INVITED : MX_JOINED;
}

static void room_name_contact(const struct mx_room *r)
{
    const struct mx_member *m = mx_member_find(r, r->contact->user);
    if (m && m->name)
        mx_set(&r->contact->name, m->name);
}

void mx_room_check(struct mx_room *r)
{
    const char *user = NULL;
    enum mx_kind kind = room_judge(r, &user);
    struct mx_contact *before = r->contact;
    struct mx_contact *c = kind == MX_KIND_CHAT ? mx_contact_add(r->link, user) : NULL;
    r->is_new = false;
    if (r->entered || r->entering)       /* as long as the gateway is in it, it is a room */
        return;
    if (kind == MX_KIND_CHAT && !c)
        kind = MX_KIND_NONE;
    r->kind = (uint8_t)kind;
    r->contact = c;
    if (before && before != c)
        mx_contact_loses(before, r);
    if (!c)
        return;
    room_name_contact(r);
    if (before != c)
        mx_contact_gains(c, r);
    else
        mx_contact_tell(c);
}

void mx_rooms_check(struct mx_link *l)
{
    uint32_t at = 0;
    for (struct mx_room *r; mx_link_is_up(l) && (r = sj_map_next(&l->rooms, &at));) {
        if (r->is_new)
            mx_room_check(r);
    }
}

void mx_rooms_direct(struct mx_link *l, struct json_object *content)
{
    unsigned n = 0;
    sj_map_release(&l->direct_of);       /* its texts are the tree's */
    sj_map_init(&l->direct_of);
    json_object *before = l->direct;
    l->direct = json_object_get(content);
    json_object_put(before);
    json_object_object_foreach(content, user, list)
    {
        for (size_t i = 0; mx_id_is_user(user) && i < mx_json_length(list); i++) {
            const char *id = mx_json_text_at(list, i, MX_ID_MAX);
            if (mx_id_is_room(id) && n++ < ROOM_DIRECT_MAX)
                sj_map_put(&l->direct_of, id, user);
        }
    }
    uint32_t at = 0;
    for (struct mx_room *r; (r = sj_map_next(&l->rooms, &at));)
        r->is_new = true;
    mx_link_defer(l, MX_TODO_CHECK);
}
