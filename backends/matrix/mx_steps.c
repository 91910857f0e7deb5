/* SPDX-License-Identifier: MPL-2.0 */
/* Changes of a room: a row of calls, each begun when the one before it succeeded, so that what the
 * user asked for stops where the server says no. Source: Matrix client-server API, "Sending events
 * to a room" (state), "Room membership". */
#include "mx_steps.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_id.h"
#include "mx_link.h"
#include "mx_room.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define STEPS_MAX (2u * SJ_ROOM_CHANGES_MAX + 2u * SJ_ROOM_ALIASES_MAX + 1u)
#define STEPS_PATIENCE_MS 60000

struct step {
    char *path;
    char *body;                          /* or NULL */
    enum sj_http_method method;
};

/* Owner: its link, once it runs. */
struct mx_steps {
    struct sj_list list;
    struct mx_link *link;
    char *room;
    sj_op op;
    uint32_t number;
    size_t n, at;
    struct step step[STEPS_MAX];
};

static void steps_free(struct mx_steps *s)
{
    sj_list_remove(&s->list);
    for (size_t i = 0; i < s->n; i++) {
        sj_free(s->step[i].path);
        sj_free(s->step[i].body);
    }
    sj_free(s->room);
    sj_free(s);
}

void mx_steps_free(struct mx_steps **s)
{
    steps_free(*s);
    *s = NULL;
}

void mx_steps_drop(struct mx_link *l)
{
    while (!sj_list_empty(&l->steps))
        steps_free(SJ_CONTAINER(l->steps.next, struct mx_steps, list));
}

void mx_steps_fail(struct mx_link *l, const struct sj_error *err)
{
    for (struct sj_list *at = l->steps.next; at != &l->steps; at = at->next)
        mx_link_done_err(l, SJ_CONTAINER(at, struct mx_steps, list)->op, err);
    mx_steps_drop(l);
}

struct mx_steps *mx_steps_new(struct mx_room *r, sj_op op)
{
    struct mx_steps *s = sj_calloc(1, sizeof *s);
    sj_list_init(&s->list);
    s->link = r->link;
    s->room = sj_strdup(r->id);
    s->op = op;
    return s;
}

static void steps_add(struct mx_steps *s, enum sj_http_method method, struct sj_strbuf *path,
                      struct json_object *body)
{
    if (s->n < STEPS_MAX) {
        struct step *t = &s->step[s->n++];
        t->path = sj_strdup(path->s);
        t->method = method;
        if (body)
            t->body = sj_strdup(json_object_to_json_string_ext(
                body, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    }
    json_object_put(body);
    sj_strbuf_release(path);
}

void mx_steps_add_state(struct mx_steps *s, const char *type, const char *key,
                        struct json_object *body)
{
    struct sj_strbuf path;
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, "/_matrix/client/v3/rooms/*/state/*/*", s->room, type, key);
    steps_add(s, SJ_HTTP_PUT, &path, body);
}

void mx_steps_add_user(struct mx_steps *s, const char *what, const char *user,
                       const char *reason)
{
    struct json_object *body = json_object_new_object();
    struct sj_strbuf path;
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, "/_matrix/client/v3/rooms/*/*", s->room, what);
    mx_json_put(body, "user_id", user);
    mx_json_put(body, "reason", reason && *reason ? reason : NULL);
    steps_add(s, SJ_HTTP_POST, &path, body);
}

void mx_steps_add_alias(struct mx_steps *s, const char *alias, bool made)
{
    struct json_object *body = made ? json_object_new_object() : NULL;
    struct sj_strbuf path;
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, "/_matrix/client/v3/directory/room/*", alias);
    if (made)
        mx_json_put(body, "room_id", s->room);
    steps_add(s, made ? SJ_HTTP_PUT : SJ_HTTP_DELETE, &path, body);
}

uint32_t mx_steps_hold(struct mx_steps *s)
{
    s->number = ++s->link->txn;
    sj_list_append(&s->link->steps, &s->list);
    return s->number;
}

struct mx_steps *mx_steps_held(const struct mx_link *l, uint32_t number)
{
    for (struct sj_list *at = l->steps.next; at != &l->steps; at = at->next) {
        struct mx_steps *s = SJ_CONTAINER(at, struct mx_steps, list);
        if (s->number == number)
            return s;
    }
    return NULL;
}

void mx_steps_give_up(struct mx_link *l, uint32_t number, const struct sj_error *err)
{
    struct mx_steps *s = mx_steps_held(l, number);
    if (!s)
        return;
    mx_link_done_err(l, s->op, err);
    steps_free(s);
}

static bool steps_next(struct mx_steps *s, struct sj_error *err);

void mx_steps_go_on(struct mx_steps *s)
{
    struct sj_error err = {.status = SJ_OK};
    if (s->n > 0 && steps_next(s, &err))
        return;
    mx_link_done_err(s->link, s->op, s->n ? &err : NULL);
    steps_free(s);
}

static void steps_on_answer(struct mx_link *l, const struct mx_answer *a)
{
    struct mx_steps *s = mx_steps_held(l, (uint32_t)a->ask->number);
    struct sj_error err = a->err;
    if (!s)
        return;
    /* What is to go may be gone: another client was faster, or an answer was lost. */
    if (a->http == 404 && s->step[s->at].method == SJ_HTTP_DELETE)
        err.status = SJ_OK;
    if (err.status == SJ_OK && ++s->at < s->n && steps_next(s, &err))
        return;
    mx_link_done_err(l, s->op, err.status == SJ_OK ? NULL : &err);
    steps_free(s);
}

static bool steps_next(struct mx_steps *s, struct sj_error *err)
{
    const struct step *t = &s->step[s->at];
    const struct mx_call_spec spec = {
        .method = t->method, .path = t->path, .body = t->body,
        .flags = MX_CALL_REPEAT, .patience_ms = STEPS_PATIENCE_MS,
        .ask = {.number = s->number}, .done = steps_on_answer};
    return mx_call(s->link, &spec, err);
}

enum sj_status mx_steps_run(struct mx_steps *s, struct sj_error *err)
{
    struct mx_link *l = s->link;
    mx_steps_hold(s);
    if (s->n > 0 && steps_next(s, err))
        return SJ_OK;
    if (s->n == 0)
        mx_link_done(l, s->op, SJ_OK, NULL);
    bool nothing = s->n == 0;
    steps_free(s);
    return nothing ? SJ_OK : SJ_LIMIT;
}

enum sj_status mx_steps_state(struct mx_room *r, const char *type, const char *key,
                              struct json_object *body, sj_op op, struct sj_error *err)
{
    struct mx_steps *s = mx_steps_new(r, op);
    mx_steps_add_state(s, type, key, body);
    return mx_steps_run(s, err);
}

enum sj_status mx_steps_user(struct mx_room *r, const char *what, const char *user,
                             const char *reason, sj_op op, struct sj_error *err)
{
    struct mx_steps *s = mx_steps_new(r, op);
    mx_steps_add_user(s, what, user, reason);
    return mx_steps_run(s, err);
}
