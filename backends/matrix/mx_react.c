/* SPDX-License-Identifier: MPL-2.0 */
/* Reactions: single events over there, whole sets of a person here. Those that were heard are
 * remembered, the newest of a link, so that a set can be told, and so that one's own can be taken
 * back: its event has an id, which the answer to its sending says. One that is not remembered any
 * more, or is from before this link, is looked for among what refers to the message.
 * Source: Matrix client-server API, "Event annotations and reactions", "Relationships API". */
#include "mx_react.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_id.h"
#include "mx_json.h"
#include "mx_link.h"
#include "mx_login.h"
#include "mx_mark.h"
#include "mx_room.h"
#include "mx_send.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define REACT_PATIENCE_MS 60000
#define REACT_PAGES_MAX 10u              /* of reactions to one message that are looked through */
#define REACT_PAGE 100

/* Owner: its link. */
struct mx_reaction {
    struct sj_list list;                 /* oldest first */
    char *event, *room, *target, *sender, *key;
};

static void reaction_free(struct mx_link *l, struct mx_reaction *x)
{
    char *texts[] = {x->event, x->room, x->target, x->sender, x->key};
    sj_list_remove(&x->list);
    l->n_reactions--;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        sj_free(texts[i]);
    sj_free(x);
}

void mx_reacts_drop(struct mx_link *l)
{
    while (!sj_list_empty(&l->reactions))
        reaction_free(l, SJ_CONTAINER(l->reactions.next, struct mx_reaction, list));
}

static struct mx_reaction *reaction_find(const struct mx_link *l, const char *event)
{
    for (struct sj_list *at = l->reactions.next; at != &l->reactions; at = at->next) {
        struct mx_reaction *x = SJ_CONTAINER(at, struct mx_reaction, list);
        if (strcmp(x->event, event) == 0)
            return x;
    }
    return NULL;
}

/* ---- up ---- */

/* The set of that person's reactions to that message, as it is now. */
static void react_tell(struct mx_room *r, const char *target, const char *sender,
                       struct json_object *event)
{
    struct mx_link *l = r->link;
    const char *keys[SJ_REACTIONS_MAX];
    struct sj_mark m = {.kind = SJ_MARK_REACTIONS, .target = target, .reactions = keys,
                        .sent_at = mx_mark_time(l, event)};
    for (struct sj_list *at = l->reactions.next; at != &l->reactions; at = at->next) {
        const struct mx_reaction *x = SJ_CONTAINER(at, struct mx_reaction, list);
        if (m.n_reactions < SJ_REACTIONS_MAX && strcmp(x->target, target) == 0 &&
            strcmp(x->sender, sender) == 0)
            keys[m.n_reactions++] = x->key;
    }
    if (mx_mark_begin(r, &m, sender))
        l->base.host->mark(&l->base, &m);
}

void mx_react(struct mx_room *r, struct json_object *event, bool ours)
{
    struct mx_link *l = r->link;
    struct json_object *relates = mx_json_object(mx_json_object(event, "content"),
                                                 "m.relates_to");
    const char *target = mx_json_text(relates, "event_id", MX_ID_MAX);
    const char *key = mx_json_text(relates, "key", SJ_REACTION_MAX);
    const char *id = mx_json_text(event, "event_id", MX_ID_MAX);
    const char *sender = mx_json_text(event, "sender", MX_ID_MAX);
    struct sj_strbuf clean;
    if (!mx_id_is_event(target) || !key || !id || !sender || reaction_find(l, id))
        return;
    sj_strbuf_init(&clean, SJ_REACTION_MAX);
    mx_text_clean(&clean, key, SJ_REACTION_MAX, false);
    if (clean.len > 0) {
        struct mx_reaction *x = sj_calloc(1, sizeof *x);
        x->event = sj_strdup(id);
        x->room = sj_strdup(r->id);
        x->target = sj_strdup(target);
        x->sender = sj_strdup(sender);
        x->key = sj_strdup(clean.s);
        sj_list_init(&x->list);
        sj_list_append(&l->reactions, &x->list);
        if (++l->n_reactions > MX_REACTIONS_MAX)
            reaction_free(l, SJ_CONTAINER(l->reactions.next, struct mx_reaction, list));
        if (!ours)
            react_tell(r, target, sender, event);
    }
    sj_strbuf_release(&clean);
}

void mx_react_sent(struct mx_room *r, const char *event, const char *content)
{
    struct json_object *made = json_object_new_object();
    mx_json_put(made, "event_id", event);
    mx_json_put(made, "sender", r->link->user);
    json_object_object_add(made, "content", json_tokener_parse(content));
    mx_react(r, made, true);
    json_object_put(made);
}

bool mx_react_redacted(struct mx_room *r, const char *reaction, struct json_object *tell)
{
    struct mx_reaction *x = reaction_find(r->link, reaction);
    if (!x)
        return false;
    char *target = sj_strdup(x->target), *sender = sj_strdup(x->sender);
    reaction_free(r->link, x);
    if (tell)
        react_tell(r, target, sender, tell);
    sj_free(target);
    sj_free(sender);
    return true;
}

void mx_react_gone(struct mx_link *l, const char *reaction)
{
    struct mx_reaction *x = reaction_find(l, reaction);
    if (x)
        reaction_free(l, x);
}

/* ---- down ---- */

static bool react_has(const char *const *set, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(set[i], key) == 0)
            return true;
    }
    return false;
}

const char *mx_react_own(const struct mx_link *l, const char *target, const char *key)
{
    for (struct sj_list *at = l->reactions.next; at != &l->reactions; at = at->next) {
        const struct mx_reaction *x = SJ_CONTAINER(at, struct mx_reaction, list);
        if (strcmp(x->target, target) == 0 && strcmp(x->key, key) == 0 &&
            strcmp(x->sender, l->user) == 0)
            return x->event;
    }
    return NULL;
}

static enum sj_status react_add(struct mx_link *l, const struct sj_mark *m,
                                        const char *key, sj_op op, struct sj_error *err)
{
    const struct mx_send_spec spec = {.to = m->peer, .in_room = m->in_room,
                                      .type = "m.reaction"};
    struct json_object *content = json_object_new_object();
    struct json_object *relates = mx_json_put_object(content, "m.relates_to");
    mx_json_put(relates, "rel_type", "m.annotation");
    mx_json_put(relates, "event_id", m->target);
    mx_json_put(relates, "key", key);
    return mx_send_add(l, &spec, content, op, err);
}

/* Which event that was, is looked for when it is its turn: what is before it may be that. */
static enum sj_status react_take_back(struct mx_link *l, const struct sj_mark *m, const char *key,
                                      sj_op op, struct sj_error *err)
{
    const struct mx_send_spec spec = {.to = m->peer, .in_room = m->in_room,
                                      .type = "m.room.redaction", .target = m->target,
                                      .key = key};
    return mx_send_add(l, &spec, NULL, op, err);
}

/* What is new is added, what is missing taken back; the outcome is that of the last of them. */
enum sj_status mx_react_set(struct mx_link *l, const struct sj_mark *m, sj_op op,
                            struct sj_error *err)
{
    size_t left = 0;
    enum sj_status status = SJ_OK;
    for (size_t i = 0; i < m->n_reactions; i++)
        left += !react_has(m->before, m->n_before, m->reactions[i]);
    for (size_t i = 0; i < m->n_before; i++)
        left += !react_has(m->reactions, m->n_reactions, m->before[i]);
    if (left == 0)
        mx_link_done(l, op, SJ_OK, NULL);
    for (size_t i = 0; i < m->n_before && status == SJ_OK; i++) {
        if (!react_has(m->reactions, m->n_reactions, m->before[i]))
            status = react_take_back(l, m, m->before[i], --left ? 0 : op, err);
    }
    for (size_t i = 0; i < m->n_reactions && status == SJ_OK; i++) {
        if (!react_has(m->before, m->n_before, m->reactions[i]))
            status = react_add(l, m, m->reactions[i], --left ? 0 : op, err);
    }
    return status;
}

/* ---- looking for one's own ---- */

static bool react_ask_page(struct mx_link *l, const struct mx_ask *ask, const char *from,
                           struct sj_error *err);

/* The event in a page by which the user reacted so; NULL: none. */
static const char *react_in_page(const struct mx_link *l, struct json_object *chunk,
                                 const char *key)
{
    for (size_t i = 0; i < mx_json_length(chunk); i++) {
        struct json_object *event = mx_json_at(chunk, i);
        struct json_object *relates = mx_json_object(mx_json_object(event, "content"),
                                                     "m.relates_to");
        const char *id = mx_json_text(event, "event_id", MX_ID_MAX);
        const char *sender = mx_json_text(event, "sender", MX_ID_MAX);
        const char *is = mx_json_text(relates, "key", SJ_REACTION_MAX);
        if (mx_id_is_event(id) && sender && is && strcmp(sender, l->user) == 0 &&
            strcmp(is, key) == 0)
            return id;
    }
    return NULL;
}

/* number: of what waits for it, and above 32 bits the pages so far. text: target and key. */
static void react_on_page(struct mx_link *l, const struct mx_answer *a)
{
    struct mx_ask ask = *a->ask;
    struct sj_error err = a->err;
    const char *key = strchr(ask.text, ' ') + 1;
    const char *next = mx_json_text(a->json, "next_batch", MX_SINCE_MAX);
    uint32_t number = (uint32_t)ask.number;
    if (a->http == 401) {
        mx_send_later(l, number);
        mx_login_renew(l);
        return;
    }
    const char *event = err.status == SJ_OK ? react_in_page(l, mx_json_array(a->json, "chunk"), key)
                                            : NULL;
    if (err.status == SJ_OK && !event && next && ask.number >> 32 < REACT_PAGES_MAX - 1) {
        ask.number += UINT64_C(1) << 32;
        if (react_ask_page(l, &ask, next, &err))
            return;
    }
    mx_send_resolved(l, number, event, err.status == SJ_OK ? NULL : &err);
}

static bool react_ask_page(struct mx_link *l, const struct mx_ask *ask, const char *from,
                           struct sj_error *err)
{
    struct sj_strbuf path;
    char *target = sj_strndup(ask->text, strcspn(ask->text, " "));
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, "/_matrix/client/v1/rooms/*/relations/*/m.annotation/m.reaction", ask->id,
            target);
    sj_strbuf_addf(&path, "?limit=%d", REACT_PAGE);
    if (from)
        mx_path(&path, "&from=*", from);
    const struct mx_call_spec spec = {
        .method = SJ_HTTP_GET, .path = path.s, .flags = MX_CALL_REPEAT,
        .patience_ms = REACT_PATIENCE_MS, .ask = *ask, .done = react_on_page};
    bool asked = mx_call(l, &spec, err);
    sj_strbuf_release(&path);
    sj_free(target);
    return asked;
}

bool mx_react_find(struct mx_room *r, const char *target, const char *key, uint32_t number,
                   struct sj_error *err)
{
    struct sj_strbuf both;
    sj_strbuf_init(&both, MX_ID_MAX + SJ_REACTION_MAX + 1);
    sj_strbuf_addf(&both, "%s %s", target, key);
    const struct mx_ask ask = {.id = r->id, .text = both.s, .number = number};
    bool asked = react_ask_page(r->link, &ask, NULL, err);
    sj_strbuf_release(&both);
    return asked;
}
