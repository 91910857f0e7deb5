/* SPDX-License-Identifier: MPL-2.0 */
/* Addresses of rooms ("#verona:example.org"): those that the room publishes, the main one and
 * others (m.room.canonical_alias), and those of the user's own home server that lead there,
 * published or not. Both are asked for when somebody wants to see or change them, so nothing is
 * remembered.
 *
 * A change is a list of all that there shall be. New ones of the own server are made before the
 * room publishes them, as servers refuse to publish what leads nowhere; those that go are taken off
 * the server afterwards. Those of other servers can be published and not made.
 * Source: Matrix client-server API, "Room aliases", "m.room.canonical_alias". */
#include "mx_alias.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_id.h"
#include "mx_json.h"
#include "mx_link.h"
#include "mx_muc.h"
#include "mx_power.h"
#include "mx_room.h"
#include "mx_steps.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define ALIAS_STATE "m.room.canonical_alias"

/* Addresses, borrowed from trees that outlive it. */
struct aliases {
    const char *list[SJ_ROOM_ALIASES_MAX];
    size_t n;
};

static bool aliases_have(const struct aliases *a, const char *alias)
{
    for (size_t i = 0; i < a->n; i++) {
        if (strcmp(a->list[i], alias) == 0)
            return true;
    }
    return false;
}

static bool aliases_equal(const struct aliases *a, const struct aliases *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++)
        same = strcmp(a->list[i], b->list[i]) == 0;
    return same;
}

/* What is no address, is there already, or is one too many is passed over. */
static void aliases_add(struct aliases *a, const char *alias)
{
    bool clean = mx_id_is_alias(alias) && sj_utf8_valid(alias, strlen(alias));
    for (const char *p = alias; clean && *p; p++)
        clean = (unsigned char)*p > 0x20 && *p != 0x7f;
    if (clean && a->n < SJ_ROOM_ALIASES_MAX && !aliases_have(a, alias))
        a->list[a->n++] = alias;
}

static void aliases_add_array(struct aliases *a, struct json_object *array)
{
    for (size_t i = 0; i < mx_json_length(array); i++)
        aliases_add(a, mx_json_text_at(array, i, MX_ID_MAX));
}

static struct json_object *aliases_json(const struct aliases *a, size_t from)
{
    struct json_object *array = json_object_new_array();
    for (size_t i = from; i < a->n; i++)
        mx_json_add(array, a->list[i]);
    return array;
}

/* ---- changing ---- */

static bool alias_is_local(const struct mx_link *l, const char *alias)
{
    return strcmp(mx_id_server(alias), mx_id_server(l->user)) == 0;
}

/* The content of the state as it shall be; of those that were known and not published, none is. */
static struct json_object *alias_state(const struct aliases *wanted, const struct aliases *before,
                                       const struct aliases *published)
{
    struct json_object *state = json_object_new_object();
    struct aliases others = {.n = 0};
    for (size_t i = 1; i < wanted->n; i++) {
        if (aliases_have(published, wanted->list[i]) || !aliases_have(before, wanted->list[i]))
            aliases_add(&others, wanted->list[i]);
    }
    mx_json_put(state, "alias", wanted->n ? wanted->list[0] : NULL);
    if (others.n)
        json_object_object_add(state, "alt_aliases", aliases_json(&others, 0));
    return state;
}

/* Does that publish the same, in the same order, with the same main one? */
static bool alias_state_is(struct json_object *state, const struct aliases *published, bool main)
{
    struct aliases now = {.n = 0};
    aliases_add(&now, mx_json_text(state, "alias", MX_ID_MAX));
    aliases_add_array(&now, mx_json_array(state, "alt_aliases"));
    return aliases_equal(&now, published) && main == (published->n > 0);
}

/* published: by the state of the room, local: by the directory of the server. */
static enum sj_status alias_plan(struct mx_steps *s, const struct mx_room *r,
                                 const struct aliases *wanted, const struct aliases *published,
                                 const struct aliases *local, bool main, struct sj_error *err)
{
    const struct mx_link *l = r->link;
    struct aliases before = *published;
    for (size_t i = 0; i < local->n; i++)
        aliases_add(&before, local->list[i]);
    if (aliases_equal(&before, wanted))
        return SJ_OK;
    struct json_object *state = alias_state(wanted, &before, published);
    bool publish = !alias_state_is(state, published, main);
    if (publish && mx_power_of(r, l->user) < mx_power_to_send(r, ALIAS_STATE, true)) {
        json_object_put(state);
        return sj_fail(err, SJ_DENIED, "you may not change the addresses of this room");
    }
    for (size_t i = 0; i < wanted->n; i++) {
        if (!aliases_have(&before, wanted->list[i]) && alias_is_local(l, wanted->list[i]))
            mx_steps_add_alias(s, wanted->list[i], true);
    }
    if (publish)
        mx_steps_add_state(s, ALIAS_STATE, "", state);
    else
        json_object_put(state);
    for (size_t i = 0; i < local->n; i++) {
        if (aliases_have(&before, local->list[i]) && !aliases_have(wanted, local->list[i]))
            mx_steps_add_alias(s, local->list[i], false);
    }
    return SJ_OK;
}

/* ---- asking ---- */

/* What is asked for, with what is known so far: "room", "state", and of a change "wanted". It goes
 * along as text. */
static bool alias_ask(struct mx_link *l, struct json_object *todo, const char *pattern,
                      const struct mx_ask *ask,
                      void (*done)(struct mx_link *l, const struct mx_answer *a),
                      struct sj_error *err)
{
    struct mx_ask with = *ask;
    struct sj_strbuf path;
    with.text = json_object_to_json_string_ext(todo, JSON_C_TO_STRING_PLAIN);
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, pattern, mx_json_text(todo, "room", MX_ID_MAX));
    const struct mx_call_spec spec = {.method = SJ_HTTP_GET, .path = path.s,
                                      .flags = MX_CALL_REPEAT, .ask = with, .done = done};
    bool asked = mx_call(l, &spec, err);
    sj_strbuf_release(&path);
    return asked;
}

/* number: of the steps that wait; 0: the addresses are only to be told. */
static void alias_fail(struct mx_link *l, const struct mx_ask *ask, const struct sj_error *err)
{
    if (ask->number)
        mx_steps_give_up(l, (uint32_t)ask->number, err);
    else
        mx_link_done_err(l, ask->op, err);
}

static void alias_on_both(struct mx_link *l, struct mx_room *r, struct json_object *todo,
                          struct json_object *directory, const struct mx_ask *ask)
{
    struct json_object *state = mx_json_object(todo, "state");
    struct aliases published = {.n = 0}, local = {.n = 0}, wanted = {.n = 0};
    struct sj_error err = {.status = SJ_OK};
    aliases_add(&published, mx_json_text(state, "alias", MX_ID_MAX));
    bool main = published.n > 0;
    aliases_add_array(&published, mx_json_array(state, "alt_aliases"));
    aliases_add_array(&local, mx_json_array(directory, "aliases"));
    aliases_add_array(&wanted, mx_json_array(todo, "wanted"));
    if (!ask->number) {
        for (size_t i = 0; i < local.n; i++)
            aliases_add(&published, local.list[i]);
        mx_muc_tell_room(r, published.list, published.n);
        mx_link_done_err(l, ask->op, NULL);
        return;
    }
    struct mx_steps *s = mx_steps_held(l, (uint32_t)ask->number);
    if (s && alias_plan(s, r, &wanted, &published, &local, main, &err) == SJ_OK)
        mx_steps_go_on(s);
    else if (s)
        mx_steps_give_up(l, (uint32_t)ask->number, &err);
}

static void alias_on_directory(struct mx_link *l, const struct mx_answer *a)
{
    struct json_object *todo = json_tokener_parse(a->ask->text);
    const char *id = mx_json_text(todo, "room", MX_ID_MAX);
    struct mx_room *r = id ? mx_room_find(l, id) : NULL;
    struct sj_error err = a->err;
    if (err.status == SJ_OK && r && r->entered) {
        alias_on_both(l, r, todo, a->json, a->ask);
    } else {
        if (err.status == SJ_OK)
            sj_fail(&err, SJ_NOTFOUND, "you are in this room no longer");
        alias_fail(l, a->ask, &err);
    }
    json_object_put(todo);
}

static void alias_on_state(struct mx_link *l, const struct mx_answer *a)
{
    struct json_object *todo = json_tokener_parse(a->ask->text);
    struct sj_error err = a->err;
    if (a->http == 404)
        err.status = SJ_OK;              /* nothing is published */
    else if (err.status == SJ_OK)
        json_object_object_add(todo, "state", json_object_get(a->json));
    if (err.status != SJ_OK ||
        !alias_ask(l, todo, "/_matrix/client/v3/rooms/*/aliases", a->ask, alias_on_directory, &err))
        alias_fail(l, a->ask, &err);
    json_object_put(todo);
}

static bool alias_begin(struct mx_room *r, struct json_object *wanted, const struct mx_ask *ask,
                        struct sj_error *err)
{
    struct json_object *todo = json_object_new_object();
    mx_json_put(todo, "room", r->id);
    if (wanted)
        json_object_object_add(todo, "wanted", wanted);
    bool asked = alias_ask(r->link, todo, "/_matrix/client/v3/rooms/*/state/" ALIAS_STATE "/", ask,
                           alias_on_state, err);
    json_object_put(todo);
    return asked;
}

enum sj_status mx_muc_aliases(struct sj_link *link, const char *room, sj_op op,
                              struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    struct mx_room *r = mx_room_find_name(l, room);
    const struct mx_ask ask = {.op = op};
    if (!mx_link_is_up(l))
        return sj_fail(err, SJ_UNREACHABLE, "not logged in");
    if (!r || !r->entered)
        return sj_fail(err, SJ_NOTFOUND, "you are in this room no longer");
    return alias_begin(r, NULL, &ask, err) ? SJ_OK : SJ_LIMIT;
}

/* ---- what people type ---- */

/* "verona" and "#verona" are of the own server. */
static bool alias_read(struct sj_strbuf *out, const struct mx_link *l, const char *typed)
{
    size_t n;
    typed += strspn(typed, " ");
    for (n = strlen(typed); n > 0 && typed[n - 1] == ' ';)
        n--;
    sj_strbuf_init(out, MX_ID_MAX);
    if (typed[0] != '#')
        sj_strbuf_addc(out, '#');
    sj_strbuf_add(out, typed, n);
    if (!memchr(typed, ':', n))
        sj_strbuf_addf(out, ":%s", mx_id_server(l->user));
    struct aliases good = {.n = 0};
    if (sj_strbuf_ok(out))
        aliases_add(&good, out->s);
    return good.n > 0;
}

struct json_object *mx_alias_read(const struct mx_link *l, const struct sj_room_change *c,
                                  struct sj_error *err)
{
    struct json_object *wanted = json_object_new_array();
    for (size_t i = 0; i < c->n_aliases; i++) {
        struct sj_strbuf alias;
        bool good = alias_read(&alias, l, c->aliases[i]);
        if (good)
            mx_json_add(wanted, alias.s);
        sj_strbuf_release(&alias);
        if (good)
            continue;
        json_object_put(wanted);
        sj_fail(err, SJ_UNACCEPTABLE, "addresses of rooms look like #verona:example.org");
        return NULL;
    }
    return wanted;
}

enum sj_status mx_alias_change(struct mx_room *r, struct mx_steps *s, struct json_object *wanted,
                               struct sj_error *err)
{
    const struct mx_ask ask = {.number = mx_steps_hold(s)};
    if (alias_begin(r, wanted, &ask, err))
        return SJ_OK;
    mx_steps_free(&s);
    return SJ_LIMIT;
}
