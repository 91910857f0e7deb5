/* SPDX-License-Identifier: MPL-2.0 */
/* What the user says and does, on its way: a queue in which each conversation has one thing
 * under way at a time, so that their order is kept whatever connections do. Each has a
 * transaction id: sent once more after a lost answer, it is the same to the server. That of a
 * message is the gateway's own number of it, so this holds over links and restarts, too.
 *
 * What needs a chat that is not there yet waits for it here (mx_chat.c), as does everything
 * until the first sync has told which chats there are. A message into a room has its outcome
 * when the sync brings it back, in the room's order. Source: Matrix client-server API, "Sending
 * events to a room", "Transaction identifiers". */
#include "mx_send.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_chat.h"
#include "mx_contact.h"
#include "mx_id.h"
#include "mx_link.h"
#include "mx_login.h"
#include "mx_media.h"
#include "mx_muc.h"
#include "mx_react.h"
#include "mx_reply.h"
#include "mx_rich.h"
#include "mx_room.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define SEND_TXN "sj."                   /* transactions of this gateway, of any link */
#define SEND_PATIENCE_MS 120000
#define SEND_TXN_MAX 40u
#define SEND_SYNCS 2u                    /* without the event: told all the same */

/* Owner: its link. */
struct mx_send {
    struct sj_list list;
    sj_op op;
    uint32_t number;
    bool in_room;
    bool again;                          /* the gateway sends it again over the next link */
    bool under_way;
    bool echoed;                         /* the sync was faster than the answer */
    uint8_t syncs;                       /* since it was accepted */
    char *to;                            /* contact or room */
    char *type;                          /* of the event; NULL: only the chat is wanted */
    char *target;                        /* event that is redacted, or NULL */
    char *key;                           /* the own reaction to target is, its event unknown */
    char *content;                       /* JSON */
    char *answers;                       /* event; who said it where is not known; or NULL */
    char *event;                         /* its id, once accepted (in_room) */
    char txn[SEND_TXN_MAX];
};

static void send_free(struct mx_link *l, struct mx_send *s)
{
    char *texts[] = {s->to, s->type, s->target, s->key, s->content,
                     s->answers, s->event};
    sj_list_remove(&s->list);
    l->n_sends--;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        sj_free(texts[i]);
    sj_free(s);
}

void mx_send_drop(struct mx_link *l)
{
    while (!sj_list_empty(&l->sends))
        send_free(l, SJ_CONTAINER(l->sends.next, struct mx_send, list));
}

void mx_send_fail_all(struct mx_link *l, const struct sj_error *err)
{
    while (!sj_list_empty(&l->sends)) {
        struct mx_send *s = SJ_CONTAINER(l->sends.next, struct mx_send, list);
        if (!s->again)
            mx_link_done_err(l, s->op, err);
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

static struct mx_send *send_find_txn(const struct mx_link *l, const char *txn)
{
    for (struct sj_list *at = l->sends.next; at != &l->sends; at = at->next) {
        struct mx_send *s = SJ_CONTAINER(at, struct mx_send, list);
        if (strcmp(s->txn, txn) == 0)
            return s;
    }
    return NULL;
}

bool mx_send_is_ours(const char *txn)
{
    return strncmp(txn, SEND_TXN, sizeof SEND_TXN - 1) == 0;
}

sj_op mx_send_op(const struct mx_link *l, const char *txn)
{
    const struct mx_send *s = send_find_txn(l, txn);
    return s ? s->op : 0;
}

static void send_end(struct mx_link *l, struct mx_send *s, const struct sj_error *err)
{
    mx_link_done_err(l, s->op, err);
    send_free(l, s);
}

/* ---- echoes ---- */

void mx_send_echoed(struct mx_link *l, const char *txn, const char *event)
{
    struct mx_send *s = send_find_txn(l, txn);
    if (!s || s->echoed)
        return;
    s->echoed = true;
    if (!s->in_room) {
        if (s->op && strcmp(s->type, "m.room.message") == 0)
            l->base.host->message_id(&l->base, s->op, event);
        return;
    }
    if (!s->under_way)
        send_end(l, s, NULL);
}

/* The server took it and does not repeat it. */
static void send_tell(struct mx_link *l, const struct mx_send *s)
{
    struct mx_room *r = mx_room_find_name(l, s->to);
    struct json_object *content = json_tokener_parse(s->content);
    struct sj_file file;
    const char *caption;
    if (r && r->entered && content && strcmp(s->type, "m.room.message") == 0) {
        struct sj_message m = {
            .peer = s->to, .in_room = true, .own = s->op == 0, .echo = s->op, .id = s->event,
            .nick = mx_muc_nick(r, l->user), .body = mx_json_text(content, "body", SJ_BODY_MAX)};
        if (mx_media_read(content, &file, &caption)) {
            m.file = &file;
            m.body = caption;
        }
        if (m.body)
            l->base.host->message(&l->base, &m);
    }
    json_object_put(content);
}

void mx_send_synced(struct mx_link *l)
{
    for (struct sj_list *at = l->sends.next, *next; at != &l->sends; at = next) {
        struct mx_send *s = SJ_CONTAINER(at, struct mx_send, list);
        next = at->next;
        if (!s->event || ++s->syncs < SEND_SYNCS)
            continue;
        mx_link_has_seen(l, s->event);
        send_tell(l, s);
        if (!mx_link_is_up(l))
            return;
        send_end(l, s, NULL);
    }
}

/* ---- on the wire ---- */

static void send_set_busy(struct mx_link *l, const struct mx_send *s, bool busy)
{
    struct mx_room *r = s->in_room ? mx_room_find_name(l, s->to) : NULL;
    struct mx_contact *c = s->in_room ? NULL : mx_contact_find(l, s->to);
    if (r)
        r->busy = busy;
    if (c)
        c->busy = busy;
}

static bool send_waits_for_echo(const struct mx_send *s)
{
    return s->in_room && !s->echoed && strcmp(s->type, "m.room.message") == 0;
}

static void send_remember(struct mx_link *l, const struct mx_send *s, const char *event)
{
    const struct mx_contact *c = s->in_room ? NULL : mx_contact_find(l, s->to);
    struct mx_room *r = s->in_room ? mx_room_find_name(l, s->to) : c ? c->room : NULL;
    if (r)
        mx_react_sent(r, event, s->content);
}

static void send_on_answer(struct mx_link *l, const struct mx_answer *a)
{
    struct mx_send *s = send_find(l, a->ask->number);
    const char *id = mx_json_text(a->json, "event_id", MX_ID_MAX);
    mx_link_defer(l, MX_TODO_SEND);
    if (!s)
        return;
    send_set_busy(l, s, false);
    s->under_way = false;
    if (a->http == 401) {                /* stays, and is sent with the new token */
        mx_login_renew(l);
        return;
    }
    if (a->err.status == SJ_OK && mx_id_is_event(id) && strcmp(s->type, "m.reaction") == 0)
        send_remember(l, s, id);
    if (a->err.status == SJ_OK && s->target)
        mx_react_gone(l, s->target);
    sj_op op = s->op;
    bool named = !s->in_room && !s->echoed && strcmp(s->type, "m.room.message") == 0;
    if (a->err.status == SJ_OK && mx_id_is_event(id) && send_waits_for_echo(s)) {
        s->event = sj_strdup(id);
    } else if (a->err.status == SJ_OK && mx_id_is_event(id)) {
        send_end(l, s, NULL);
        if (op && named)
            l->base.host->message_id(&l->base, op, id);
    } else {
        struct sj_error err = a->err;
        if (a->err.status == SJ_OK)
            sj_fail(&err, SJ_REMOTE, "the home server did not say whether it took the message");
        send_end(l, s, &err);
    }
}

static void send_put(struct mx_link *l, struct mx_send *s, const char *room)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_strbuf path;
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    if (s->target)
        mx_path(&path, "/_matrix/client/v3/rooms/*/redact/*/*", room, s->target, s->txn);
    else
        mx_path(&path, "/_matrix/client/v3/rooms/*/send/*/*", room, s->type, s->txn);
    const struct mx_call_spec spec = {
        .method = SJ_HTTP_PUT, .path = path.s, .body = s->content, .flags = MX_CALL_REPEAT,
        .patience_ms = SEND_PATIENCE_MS, .ask = {.number = s->number}, .done = send_on_answer};
    bool asked = mx_call(l, &spec, &err);
    sj_strbuf_release(&path);
    s->under_way = asked;
    send_set_busy(l, s, asked);
    if (!asked)
        send_end(l, s, &err);
}

static void send_fail(struct mx_link *l, struct mx_send *s, enum sj_status status,
                      const char *text)
{
    struct sj_error err;
    sj_fail(&err, status, "%s", text);
    send_end(l, s, &err);
}

/* ---- reactions that are taken back ---- */

static void send_resolve(struct mx_link *l, struct mx_send *s, struct mx_room *r)
{
    struct sj_error err = {.status = SJ_OK};
    bool asked = mx_react_find(r, s->target, s->key, s->number, &err);
    s->under_way = asked;
    send_set_busy(l, s, asked);
    if (!asked)
        send_end(l, s, &err);
}

void mx_send_later(struct mx_link *l, uint32_t number)
{
    struct mx_send *s = send_find(l, number);
    mx_link_defer(l, MX_TODO_SEND);
    if (!s)
        return;
    send_set_busy(l, s, false);
    s->under_way = false;
}

void mx_send_resolved(struct mx_link *l, uint32_t number, const char *event,
                      const struct sj_error *err)
{
    struct mx_send *s = send_find(l, number);
    mx_send_later(l, number);
    if (s && event) {
        mx_set(&s->target, event);
        mx_set(&s->key, NULL);
    } else if (s) {
        send_end(l, s, err);
    }
}

static void send_look(struct mx_link *l, struct mx_send *s, const struct mx_room *r)
{
    struct sj_error err = {.status = SJ_OK};
    bool asked = mx_reply_look(r, s->answers, s->number, &err);
    s->under_way = asked;
    send_set_busy(l, s, asked);
    if (!asked)
        send_end(l, s, &err);
}

void mx_send_looked(struct mx_link *l, uint32_t number, const char *sender, const char *root)
{
    struct mx_send *s = send_find(l, number);
    char *content = s && sender ? mx_rich_answer(s->content, l->user, sender, root) : NULL;
    mx_send_later(l, number);
    if (s)
        mx_set(&s->answers, NULL);
    if (s && content)
        mx_set(&s->content, content);
    sj_free(content);
}

/* What is encrypted takes what needs no key: redactions, and nothing that holds words. */
static void send_into(struct mx_link *l, struct mx_send *s, struct mx_room *r)
{
    const char *reaction = s->key ? mx_react_own(l, s->target, s->key) : NULL;
    if (reaction) {
        mx_set(&s->target, reaction);
        mx_set(&s->key, NULL);
    }
    if (s->key)
        send_resolve(l, s, r);
    else if (r->encrypted && !s->target)
        send_fail(l, s, SJ_UNSUPPORTED, MX_SEND_ENCRYPTED);
    else if (s->answers)
        send_look(l, s, r);
    else
        send_put(l, s, r->id);
}

static void send_one(struct mx_link *l, struct mx_send *s)
{
    struct mx_room *r = s->in_room ? mx_room_find_name(l, s->to) : NULL;
    struct mx_contact *c = s->in_room ? NULL : mx_contact_find(l, s->to);
    if (s->event || (r && r->busy) || (c && c->busy))
        return;
    if (s->in_room && (!r || !r->entered))
        send_fail(l, s, SJ_NOTFOUND, N_("you are in this room no longer"));
    else if (s->in_room)
        send_into(l, s, r);
    else if (!c->room)
        mx_chat_make(l, c);
    else if (!s->type)
        send_end(l, s, NULL);
    else
        send_into(l, s, c->room);
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
        if (!s->in_room && strcmp(s->to, contact) == 0)
            send_end(l, s, err);
    }
    mx_link_defer(l, MX_TODO_SEND);
}

/* ---- operations ---- */

static struct mx_contact *send_contact(struct mx_link *l, const char *to)
{
    struct sj_strbuf user;
    sj_strbuf_init(&user, MX_ID_MAX);
    bool good = mx_id_decode(&user, to, mx_id_server(l->user)) && user.s[0] == '@';
    struct mx_contact *c = good ? mx_contact_add(l, user.s) : NULL;
    sj_strbuf_release(&user);
    return c;
}

enum sj_status mx_send_add(struct mx_link *l, const struct mx_send_spec *spec,
                           struct json_object *content, sj_op op, struct sj_error *err)
{
    const struct mx_contact *c = NULL;
    enum sj_status status = SJ_OK;
    if (!mx_link_is_up(l))
        status = sj_fail(err, SJ_UNREACHABLE, "not logged in");
    else if (l->n_sends >= MX_SENDS_MAX)
        status = sj_fail(err, SJ_LIMIT, "too much waits for the network");
    else if (spec->in_room && !mx_room_find_name(l, spec->to))
        status = sj_fail(err, SJ_NOTFOUND, "you are in this room no longer");
    else if (!spec->in_room && (c = send_contact(l, spec->to)) == NULL)
        status = sj_fail(err, SJ_NOTFOUND, "there is nobody of this name");
    if (status != SJ_OK) {
        json_object_put(content);
        return status;
    }
    struct mx_send *s = sj_calloc(1, sizeof *s);
    s->op = op;
    s->in_room = spec->in_room;
    s->again = spec->txn != 0;
    s->to = sj_strdup(c ? c->id : spec->to);
    s->type = sj_strdup(spec->type);
    s->target = sj_strdup(spec->target);
    s->key = sj_strdup(spec->key);
    s->number = ++l->txn;
    s->answers = sj_strdup(mx_rich_answers(content));
    if (content)
        s->content = sj_strdup(json_object_to_json_string_ext(
            content, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(content);
    if (spec->txn)
        snprintf(s->txn, sizeof s->txn, SEND_TXN "%016llx", (unsigned long long)spec->txn);
    else
        snprintf(s->txn, sizeof s->txn, SEND_TXN "%s.%u", l->txn_base, (unsigned)s->number);
    sj_list_init(&s->list);
    sj_list_append(&l->sends, &s->list);
    l->n_sends++;
    mx_link_defer(l, MX_TODO_SEND);
    return SJ_OK;
}

enum sj_status mx_send_content(struct mx_link *l, const char *peer, bool in_room,
                               struct json_object *content, sj_op op, struct sj_error *err)
{
    const struct mx_send_spec spec = {.to = peer, .in_room = in_room, .type = "m.room.message"};
    return mx_send_add(l, &spec, content, op, err);
}

enum sj_status mx_send_message(struct sj_link *link, const struct sj_message *m, sj_op op,
                               struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    bool whisper = m->nick && !m->in_room;
    if (!mx_link_is_up(l))
        return sj_fail(err, SJ_UNREACHABLE, "not logged in");
    if (m->file && !whisper)
        return mx_media_send(l, m, op, err);
    if (!*m->body)
        return sj_fail(err, SJ_INVALID, "there is nothing to send");
    if (strlen(m->body) > MX_SEND_BYTES_MAX)
        return sj_fail(err, SJ_LIMIT, "the message is too long for the network");
    if (whisper)
        return sj_fail(err, SJ_UNSUPPORTED, "write to the person's own address: rooms here have "
                                            "no private messages");
    const struct mx_send_spec spec = {.to = m->peer, .in_room = m->in_room,
                                      .type = "m.room.message", .txn = m->txn};
    return mx_send_add(l, &spec, mx_rich_content(l, m), op, err);
}

enum sj_status mx_contact_request(struct sj_link *link, const char *id, sj_op op,
                                  struct sj_error *err)
{
    const struct mx_send_spec spec = {.to = id};
    return mx_send_add(mx_link_of(link), &spec, NULL, op, err);
}
