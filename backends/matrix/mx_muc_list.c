/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms that can be found, a room from outside, and what was said in a room before.
 *
 * The list has the user's own rooms first, then those that the home server publishes. History goes
 * backwards from a message (its place is asked for first) or from the end, a page at a time.
 * Source: Matrix client-server API, "Listing rooms", "Room summary", "Event context", "Getting
 * events for a room". */
#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_event.h"
#include "mx_id.h"
#include "mx_link.h"
#include "mx_muc.h"
#include "mx_poll.h"
#include "mx_room.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define LIST_PATIENCE_MS 60000
#define LIST_ANSWER_MAX (8u * 1024u * 1024u)
#define LIST_PAGES_MAX 5u                /* of history in which nothing was said */

static bool list_ask(struct mx_link *l, struct sj_strbuf *path, const struct mx_ask *ask,
                     void (*done)(struct mx_link *, const struct mx_answer *),
                     struct sj_error *err)
{
    const struct mx_call_spec spec = {
        .method = SJ_HTTP_GET, .path = path->s, .flags = MX_CALL_REPEAT, .max = LIST_ANSWER_MAX,
        .patience_ms = LIST_PATIENCE_MS, .ask = *ask, .done = done};
    bool asked = mx_call(l, &spec, err);
    sj_strbuf_release(path);
    return asked;
}

/* ---- rooms ---- */

/* A room as lists have it. */
static void list_tell(struct mx_link *l, sj_op op, struct json_object *o, bool looked)
{
    const char *room = mx_json_text(o, "room_id", MX_ID_MAX);
    const char *alias = mx_json_text(o, "canonical_alias", MX_ID_MAX);
    const char *name = mx_json_text(o, "name", SJ_BODY_MAX);
    const char *topic = mx_json_text(o, "topic", SJ_BODY_MAX);
    const char *rule = mx_json_text(o, "join_rule", MX_ID_MAX);
    const struct mx_room *known = mx_id_is_room(room) ? mx_room_find(l, room) : NULL;
    struct sj_strbuf id, title, about;
    int64_t n = 0;
    if (!mx_id_is_room(room))
        return;
    sj_strbuf_init(&id, SJ_ID_MAX);
    sj_strbuf_init(&title, SJ_NAME_MAX);
    sj_strbuf_init(&about, SJ_NAME_MAX);
    if (known)
        sj_strbuf_adds(&id, known->name_id);
    else
        mx_id_encode(&id, mx_id_is_alias(alias) ? alias : room);
    if (name)
        mx_text_clean(&title, name, SJ_NAME_MAX, false);
    if (topic)
        mx_text_clean(&about, topic, SJ_NAME_MAX, false);
    mx_json_int(o, "num_joined_members", 0, UINT32_MAX, &n);
    const struct sj_room told = {
        .id = id.s, .name = title.len ? title.s : mx_id_is_alias(alias) ? alias : NULL,
        .description = about.len ? about.s : NULL, .n_occupants = (uint32_t)n,
        .flags = (rule && strcmp(rule, "invite") == 0 ? (uint32_t)SJ_ROOM_MEMBERS_ONLY : 0) |
                 SJ_ROOM_PERSISTENT | SJ_ROOM_MEMBERSHIP,
        .known = (rule ? (uint32_t)SJ_ROOM_MEMBERS_ONLY : 0) | SJ_ROOM_PERSISTENT |
                 SJ_ROOM_MEMBERSHIP};
    if (looked)
        l->base.host->rooms->room(&l->base, &told);
    else
        l->base.host->rooms->listed(&l->base, op, &told);
    sj_strbuf_release(&id);
    sj_strbuf_release(&title);
    sj_strbuf_release(&about);
}

static bool list_matches(const struct mx_room *r, const char *words)
{
    size_t n = strlen(words);
    const char *texts[] = {r->name, r->alias, r->topic};
    for (size_t i = 0; n > 0 && i < sizeof texts / sizeof texts[0]; i++) {
        for (const char *p = texts[i]; p && *p; p++) {
            if (sj_ascii_ncasecmp(p, words, n) == 0)
                return true;
        }
    }
    return n == 0;
}

static void list_tell_own(struct mx_link *l, sj_op op, const char *words, unsigned max)
{
    uint32_t at = 0;
    for (struct mx_room *r; max > 0 && mx_link_is_up(l) && (r = sj_map_next(&l->rooms, &at));) {
        bool moved = r->successor && mx_room_find(l, r->successor);
        if (r->kind != MX_KIND_ROOM || moved || !list_matches(r, words))
            continue;
        const struct sj_room told = {.id = r->name_id, .name = r->name ? r->name : r->alias,
                                     .description = NULL, .n_occupants = r->n_joined};
        l->base.host->rooms->listed(&l->base, op, &told);
        max--;
    }
}

static void list_on_public(struct mx_link *l, const struct mx_answer *a)
{
    const struct mx_ask *ask = a->ask;
    struct json_object *chunk = mx_json_array(a->json, "chunk");
    list_tell_own(l, ask->op, ask->text, (unsigned)ask->number);
    for (size_t i = 0; i < mx_json_length(chunk) && i < ask->number && mx_link_is_up(l); i++) {
        struct json_object *o = mx_json_at(chunk, i);
        const char *id = mx_json_text(o, "room_id", MX_ID_MAX);
        const char *kind = mx_json_text(o, "room_type", MX_ID_MAX);
        const struct mx_room *r = id ? mx_room_find(l, id) : NULL;
        if (kind && strcmp(kind, "m.space") == 0)
            continue;
        if (!r || r->kind != MX_KIND_ROOM)       /* else told already */
            list_tell(l, ask->op, o, false);
    }
    /* A server without a public list still has the user's own rooms. */
    bool good = a->err.status == SJ_OK || a->http == 403 || a->http == 404;
    mx_link_done_err(l, ask->op, good ? NULL : &a->err);
}

enum sj_status mx_muc_list(struct sj_link *link, const char *words, unsigned max, sj_op op,
                           struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    struct json_object *body;
    if (!mx_link_is_up(l))
        return sj_fail(err, SJ_UNREACHABLE, "not logged in");
    body = json_object_new_object();
    mx_json_put_int(body, "limit", max);
    if (*words)
        mx_json_put(mx_json_put_object(body, "filter"), "generic_search_term", words);
    struct mx_call_spec spec = {
        .method = SJ_HTTP_POST, .path = "/_matrix/client/v3/publicRooms", .flags = MX_CALL_REPEAT,
        .patience_ms = LIST_PATIENCE_MS, .ask = {.op = op, .text = words, .number = max},
        .done = list_on_public};
    return mx_call_json(l, &spec, body, err) ? SJ_OK : SJ_LIMIT;
}

/* ---- one room from outside ---- */

static void list_on_alias(struct mx_link *l, const struct mx_answer *a)
{
    if (a->err.status == SJ_OK) {
        const struct sj_room told = {.id = a->ask->id};
        l->base.host->rooms->room(&l->base, &told);
    }
    mx_link_done_err(l, a->ask->op, a->err.status == SJ_OK ? NULL : &a->err);
}

/* Servers of before v1.15 tell of an address only that it leads to a room. */
static void list_on_summary(struct mx_link *l, const struct mx_answer *a)
{
    const struct mx_ask *ask = a->ask;
    struct sj_error err = a->err;
    struct sj_strbuf path, id;
    if (a->err.status == SJ_OK) {
        list_tell(l, ask->op, a->json, true);
    } else if (ask->id[0] == '#' && a->http == 404) {
        sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
        sj_strbuf_init(&id, MX_ID_MAX);
        mx_id_decode(&id, ask->id, NULL);
        mx_path(&path, "/_matrix/client/v3/directory/room/*", id.s);
        sj_strbuf_release(&id);
        if (list_ask(l, &path, ask, list_on_alias, &err))
            return;
    }
    mx_link_done_err(l, ask->op, err.status == SJ_OK ? NULL : &err);
}

enum sj_status mx_muc_look(struct sj_link *link, const char *room, sj_op op,
                           struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    struct mx_room *r = mx_room_find_name(l, room);
    struct sj_strbuf path, id;
    const struct mx_ask ask = {.op = op, .id = room};
    if (!mx_link_is_up(l))
        return sj_fail(err, SJ_UNREACHABLE, "not logged in");
    if (r && r->told) {
        mx_link_look(l, op, room);
        return SJ_OK;
    }
    sj_strbuf_init(&id, MX_ID_MAX);
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    bool good = mx_id_decode(&id, room, mx_id_server(l->user)) && id.s[0] != '@';
    mx_path(&path, "/_matrix/client/v1/room_summary/*", id.s);
    sj_strbuf_release(&id);
    if (good)
        return list_ask(l, &path, &ask, list_on_summary, err) ? SJ_OK : SJ_LIMIT;
    sj_strbuf_release(&path);
    return sj_fail(err, SJ_NOTFOUND, "no address of this network");
}

/* ---- history ---- */

static const char list_filter[] =
    "{\"lazy_load_members\":true,\"types\":[\"m.room.message\",\"m.room.encrypted\","
    "\"m.sticker\"," MX_POLL_TYPES "]}";

static void list_on_page(struct mx_link *l, const struct mx_answer *a);

/* number: how many, and above 16 bits the pages so far. text: the message to stop at. */
static bool list_ask_page(struct mx_link *l, const struct mx_ask *ask, const char *from,
                          struct sj_error *err)
{
    struct sj_strbuf path;
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, "/_matrix/client/v3/rooms/*/messages?dir=b&filter=*", ask->id, list_filter);
    sj_strbuf_addf(&path, "&limit=%u", (unsigned)(ask->number & 0xffff));
    if (from)
        mx_path(&path, "&from=*", from);
    return list_ask(l, &path, ask, list_on_page, err);
}

/* Newest first in the answer, oldest first to the gateway; the number that was told. */
static unsigned list_tell_page(struct mx_link *l, const struct mx_ask *ask,
                               struct json_object *chunk, bool *stopped)
{
    size_t n = mx_json_length(chunk), end = 0;
    unsigned told = 0;
    for (; end < n && end < (ask->number & 0xffff); end++) {
        const char *id = mx_json_text(mx_json_at(chunk, end), "event_id", MX_ID_MAX);
        if (id && ask->text && strcmp(id, ask->text) == 0) {
            *stopped = true;
            break;
        }
    }
    for (size_t i = end; i > 0; i--) {
        struct mx_room *r = mx_room_find(l, ask->id);
        if (!r || !r->entered || !mx_link_is_up(l))
            break;
        told += mx_event_past(r, mx_json_at(chunk, i - 1), ask->op);
    }
    return told;
}

static void list_on_page(struct mx_link *l, const struct mx_answer *a)
{
    struct mx_ask ask = *a->ask;
    struct sj_error err = a->err;
    bool stopped = false;
    const char *end = mx_json_text(a->json, "end", MX_SINCE_MAX);
    if (a->err.status == SJ_OK &&
        list_tell_page(l, &ask, mx_json_array(a->json, "chunk"), &stopped) == 0 && !stopped &&
        end && ask.number >> 16 < LIST_PAGES_MAX && mx_link_is_up(l)) {
        ask.number += 1u << 16;
        if (list_ask_page(l, &ask, end, &err))
            return;
    }
    mx_link_done_err(l, ask.op, err.status == SJ_OK ? NULL : &err);
}

static void list_on_context(struct mx_link *l, const struct mx_answer *a)
{
    struct sj_error err = a->err;
    const char *start = mx_json_text(a->json, "start", MX_SINCE_MAX);
    if (a->err.status == SJ_OK && !start)
        sj_fail(&err, SJ_REMOTE, "the home server does not say where this was");
    if (err.status != SJ_OK || !list_ask_page(l, a->ask, start, &err))
        mx_link_done_err(l, a->ask->op, &err);
}

enum sj_status mx_muc_history(struct sj_link *link, const char *room, const char *before,
                              const char *after, unsigned max, sj_op op, struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    const struct mx_room *r = mx_room_find_name(l, room);
    struct sj_strbuf path;
    if (!mx_link_is_up(l))
        return sj_fail(err, SJ_UNREACHABLE, "not logged in");
    if (!r || !r->entered || max == 0)
        return sj_fail(err, SJ_NOTFOUND, "you are in this room no longer");
    const struct mx_ask ask = {.op = op, .id = r->id, .text = after,
                               .number = max < SJ_ROOM_HISTORY_MAX ? max : SJ_ROOM_HISTORY_MAX};
    if (!before)
        return list_ask_page(l, &ask, NULL, err) ? SJ_OK : SJ_LIMIT;
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, "/_matrix/client/v3/rooms/*/context/*?limit=0", r->id, before);
    return list_ask(l, &path, &ask, list_on_context, err) ? SJ_OK : SJ_LIMIT;
}
