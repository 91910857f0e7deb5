/* SPDX-License-Identifier: MPL-2.0 */
/* The user's messages: a queue in which each conversation has one message on its way at a time, so
 * that their order is kept whatever connections do. Each has a transaction id: sent once more after
 * a lost answer, it is the same message to the server.
 *
 * What needs a chat that is not there yet waits for it here (mx_chat.c), as does everything until
 * the first sync has told which chats there are.
 * Source: Matrix client-server API, "Sending events to a room", "Transaction identifiers". */
#include "mx_send.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_chat.h"
#include "mx_contact.h"
#include "mx_id.h"
#include "mx_link.h"
#include "mx_login.h"
#include "mx_room.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define SEND_TXN "sj."                   /* transactions of this gateway, of any link */
#define SEND_PATIENCE_MS 120000
#define SEND_TXN_MAX 40u

/* Owner: its link. */
struct mx_send {
    struct sj_list list;
    sj_op op;
    uint32_t number;
    bool under_way;
    char *to;                            /* contact */
    char *content;                       /* JSON; NULL: only the chat is wanted */
    char txn[SEND_TXN_MAX];
};

static void send_free(struct mx_link *l, struct mx_send *s)
{
    sj_list_remove(&s->list);
    l->n_sends--;
    sj_free(s->to);
    sj_free(s->content);
    sj_free(s);
}

void mx_send_drop(struct mx_link *l)
{
    while (!sj_list_empty(&l->sends))
        send_free(l, SJ_CONTAINER(l->sends.next, struct mx_send, list));
}

void mx_send_fail_all(struct mx_link *l)
{
    struct sj_error lost;
    sj_fail(&lost, SJ_UNREACHABLE, N_("logged out before the answer came"));
    while (!sj_list_empty(&l->sends)) {
        struct mx_send *s = SJ_CONTAINER(l->sends.next, struct mx_send, list);
        mx_link_done_err(l, s->op, &lost);
        send_free(l, s);
    }
}

static struct mx_send *send_find(const struct mx_link *l, uint64_t number)
{
    for (struct sj_list *at = l->sends.next; at != &l->sends; at = at->next) {
        struct mx_send *s = SJ_CONTAINER(at, struct mx_send, list);
        if (s->number == number)
            return s;
    }
    return NULL;
}

sj_op mx_send_find(const struct mx_link *l, const char *txn, bool *ours)
{
    *ours = strncmp(txn, SEND_TXN, sizeof SEND_TXN - 1) == 0;
    for (struct sj_list *at = l->sends.next; *ours && at != &l->sends; at = at->next) {
        const struct mx_send *s = SJ_CONTAINER(at, struct mx_send, list);
        if (strcmp(s->txn, txn) == 0)
            return s->op;
    }
    return 0;
}

static void send_end(struct mx_link *l, struct mx_send *s, const struct sj_error *err)
{
    mx_link_done_err(l, s->op, err);
    send_free(l, s);
}

/* ---- on the wire ---- */

static void send_on_answer(struct mx_link *l, const struct mx_answer *a)
{
    struct mx_send *s = send_find(l, a->ask->number);
    const char *id = mx_json_text(a->json, "event_id", MX_ID_MAX);
    struct mx_contact *c = mx_contact_find(l, a->ask->id);
    if (c)
        c->busy = false;
    mx_link_defer(l, MX_TODO_SEND);
    if (!s)
        return;
    s->under_way = false;
    if (a->http == 401) {                /* stays, and is sent with the new token */
        mx_login_renew(l);
        return;
    }
    sj_op op = s->op;
    if (a->err.status == SJ_OK && mx_id_is_event(id)) {
        send_end(l, s, NULL);
        if (op)
            l->base.host->message_id(&l->base, op, id);
    } else {
        struct sj_error err = a->err;
        if (a->err.status == SJ_OK)
            sj_fail(&err, SJ_REMOTE, "the home server did not say whether it took the message");
        send_end(l, s, &err);
    }
}

static void send_put(struct mx_link *l, struct mx_send *s, struct mx_contact *c)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_strbuf path;
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, "/_matrix/client/v3/rooms/*/send/m.room.message/*", c->room->id, s->txn);
    const struct mx_call_spec spec = {
        .method = SJ_HTTP_PUT, .path = path.s, .body = s->content, .flags = MX_CALL_REPEAT,
        .patience_ms = SEND_PATIENCE_MS, .ask = {.id = c->id, .number = s->number},
        .done = send_on_answer};
    bool asked = mx_call(l, &spec, &err);
    sj_strbuf_release(&path);
    s->under_way = c->busy = asked;
    if (!asked)
        send_end(l, s, &err);
}

static void send_one(struct mx_link *l, struct mx_send *s)
{
    struct mx_contact *c = mx_contact_find(l, s->to);
    if (!c || c->busy)
        return;
    if (!c->room) {
        mx_chat_make(l, c);
    } else if (!s->content) {
        send_end(l, s, NULL);
    } else if (c->room->encrypted) {
        struct sj_error err;
        sj_fail(&err, SJ_UNSUPPORTED, N_("This conversation is encrypted, which is not possible "
                                         "here; nothing was sent."));
        send_end(l, s, &err);
    } else {
        send_put(l, s, c);
    }
}

void mx_send_pump(struct mx_link *l)
{
    if (!l->synced || l->refreshing)
        return;
    for (struct sj_list *at = l->sends.next, *next; at != &l->sends; at = next) {
        struct mx_send *s = SJ_CONTAINER(at, struct mx_send, list);
        next = at->next;
        if (!s->under_way)
            send_one(l, s);
    }
}

void mx_send_chat_made(struct mx_link *l, const char *contact, const struct sj_error *err)
{
    struct mx_contact *c = mx_contact_find(l, contact);
    if (c)
        c->busy = false;
    for (struct sj_list *at = l->sends.next, *next; err && at != &l->sends; at = next) {
        struct mx_send *s = SJ_CONTAINER(at, struct mx_send, list);
        next = at->next;
        if (strcmp(s->to, contact) == 0)
            send_end(l, s, err);
    }
    mx_link_defer(l, MX_TODO_SEND);
}

/* ---- operations ---- */

static enum sj_status send_add(struct mx_link *l, const char *to, struct json_object *content,
                               sj_op op, struct sj_error *err)
{
    struct sj_strbuf user;
    sj_strbuf_init(&user, MX_ID_MAX);
    bool good = mx_id_decode(&user, to, mx_id_server(l->user)) && user.s[0] == '@';
    struct mx_contact *c = good ? mx_contact_add(l, user.s) : NULL;
    sj_strbuf_release(&user);
    if (!c) {
        json_object_put(content);
        return sj_fail(err, SJ_NOTFOUND, "there is nobody of this name");
    }
    struct mx_send *s = sj_calloc(1, sizeof *s);
    s->op = op;
    s->to = sj_strdup(c->id);
    s->number = ++l->txn;
    if (content)
        s->content = sj_strdup(json_object_to_json_string_ext(
            content, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(content);
    snprintf(s->txn, sizeof s->txn, SEND_TXN "%s.%u", l->txn_base, (unsigned)s->number);
    sj_list_init(&s->list);
    sj_list_append(&l->sends, &s->list);
    l->n_sends++;
    mx_link_defer(l, MX_TODO_SEND);
    return SJ_OK;
}

static enum sj_status send_check(const struct mx_link *l, struct sj_error *err)
{
    if (!mx_link_is_up(l))
        return sj_fail(err, SJ_UNREACHABLE, "not logged in");
    if (l->n_sends >= MX_SENDS_MAX)
        return sj_fail(err, SJ_LIMIT, "too much waits for the network");
    return SJ_OK;
}

static struct json_object *send_content(const struct sj_message *m)
{
    struct json_object *content = json_object_new_object();
    mx_json_put(content, "msgtype", m->action ? "m.emote" : m->notice ? "m.notice" : "m.text");
    mx_json_put(content, "body", m->body);
    return content;
}

enum sj_status mx_send_message(struct sj_link *link, const struct sj_message *m, sj_op op,
                               struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    enum sj_status status = send_check(l, err);
    if (status != SJ_OK)
        return status;
    if (!*m->body)
        return sj_fail(err, SJ_INVALID, "there is nothing to send");
    if (strlen(m->body) > MX_SEND_BYTES_MAX)
        return sj_fail(err, SJ_LIMIT, "the message is too long for the network");
    return send_add(l, m->peer, send_content(m), op, err);
}

enum sj_status mx_send_content(struct mx_link *l, const char *peer, bool in_room,
                               struct json_object *content, sj_op op, struct sj_error *err)
{
    enum sj_status status = send_check(l, err);
    (void)in_room;
    if (status == SJ_OK)
        return send_add(l, peer, content, op, err);
    json_object_put(content);
    return status;
}

enum sj_status mx_contact_request(struct sj_link *link, const char *id, sj_op op,
                                  struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    enum sj_status status = send_check(l, err);
    return status == SJ_OK ? send_add(l, id, NULL, op, err) : status;
}
