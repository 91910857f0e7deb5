/* SPDX-License-Identifier: MPL-2.0 */
/* Events of a timeline, in their order: changes of the state, and what was said. An event that came
 * before is not told twice; what cannot be read here is told as readable text, never dropped.
 * Source: Matrix client-server API, "Room events", "Instant messaging". */
#include "mx_event.h"

#include <string.h>

#include "mx_contact.h"
#include "mx_id.h"
#include "mx_json.h"
#include "mx_mark.h"
#include "mx_media.h"
#include "mx_mention.h"
#include "mx_muc.h"
#include "mx_poll.h"
#include "mx_react.h"
#include "mx_rich.h"
#include "mx_room.h"
#include "mx_send.h"
#include "sojourn/log.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define EVENT_LIVE_MS 60000              /* younger than that needs no time of its own */

/* An event of the room's that is at hand. */
struct at_hand {
    struct mx_room *room;
    struct json_object *event, *content;
    const char *id, *sender;
    bool own;                            /* the user is the sender */
    const char *txn;                     /* it was sent from here */
    int64_t sent_at;                     /* 0: now */
    sj_op past;                          /* which asked for what was said before; 0: news */
    bool *told;
};

/* When it was said, if that is another time than now. What servers claim may be anything. */
static int64_t event_time(const struct mx_link *l, int64_t ts)
{
    int64_t now = sj_loop_utc_ms(l->base.loop);
    return ts > 0 && ts < now - EVENT_LIVE_MS ? ts : 0;
}

/* The transaction of this gateway by which it was sent; NULL: it was not sent from here. */
static const char *event_txn(const struct at_hand *e)
{
    const char *txn = mx_json_text(mx_json_object(e->event, "unsigned"), "transaction_id",
                                   MX_ID_MAX);
    return e->own && txn && mx_send_is_ours(txn) ? txn : NULL;
}

static void event_tell(const struct at_hand *e, struct sj_message *m)
{
    struct mx_link *l = e->room->link;
    m->id = e->id;
    m->own = e->own;
    m->sent_at = e->sent_at;
    m->thread = mx_rich_thread(e->event);
    if (e->room->entered) {
        m->peer = e->room->name_id;
        m->in_room = true;
        m->nick = mx_muc_nick(e->room, e->sender);
        if (e->past) {
            *e->told = true;
            l->base.host->rooms->past(&l->base, e->past, m);
            return;
        }
        m->echo = e->txn ? mx_send_op(l, e->txn) : 0;
        m->own = e->own && !m->echo;
        l->base.host->message(&l->base, m);
        return;
    }
    if (e->room->kind != MX_KIND_CHAT || e->txn)
        return;                          /* sent from here: known by its outcome */
    /* In a chat that somebody else joined for a moment, only the contact's words are its words. */
    if (!e->own && strcmp(e->sender, e->room->contact->user) != 0)
        return;
    m->peer = e->room->contact->id;
    l->base.host->message(&l->base, m);
}

static void event_tell_text(const struct at_hand *e, const char *text)
{
    struct sj_message m = {.body = text};
    event_tell(e, &m);
}

/* What media are called until they can be fetched: their name, and what kind they are. */
static const char *event_media_kind(const char *msgtype)
{
    static const char *const rows[][2] = {
        {"m.image", N_("(a picture)")}, {"m.video", N_("(a video)")},
        {"m.audio", N_("(a sound)")},   {"m.file", N_("(a file)")},
        {"m.location", N_("(a place)")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i][0], msgtype) == 0)
            return rows[i][1];
    }
    return NULL;
}

/* A file that can be read here. */
static bool event_tell_file(const struct at_hand *e)
{
    struct sj_file file;
    struct sj_strbuf caption;
    const char *text;
    if (!mx_media_read(e->content, &file, &text))
        return false;
    sj_strbuf_init(&caption, SJ_BODY_MAX);
    mx_text_clean(&caption, text, SJ_BODY_MAX, true);
    struct sj_message m = {.body = caption.s, .file = &file};
    event_tell(e, &m);
    sj_strbuf_release(&caption);
    return true;
}

/* Of the past: the last of its edits, where the server has it with the event. */
static struct json_object *event_latest(const struct at_hand *e)
{
    struct json_object *relations = mx_json_object(mx_json_object(e->event, "unsigned"),
                                                   "m.relations");
    struct json_object *last = mx_json_object(mx_json_object(relations, "m.replace"), "content");
    struct json_object *now = e->past ? mx_json_object(last, "m.new_content") : NULL;
    return now ? now : e->content;
}

/* Where it is, for programs that show maps, unless the words say so. */
static void event_add_place(struct sj_strbuf *text, struct json_object *content)
{
    const char *uri = mx_json_text(content, "geo_uri", SJ_URL_MAX);
    if (!uri || strncmp(uri, "geo:", 4) != 0 || strstr(text->s, uri) ||
        text->len + strlen(uri) + 1 > SJ_BODY_MAX)
        return;
    sj_strbuf_addc(text, ' ');
    mx_text_clean(text, uri, SJ_URL_MAX, false);
}

static void event_on_message(const struct at_hand *e)
{
    struct mx_rich rich;
    struct sj_span spans[SJ_SPANS_MAX];
    struct json_object *content = mx_rich_read(event_latest(e), &rich);
    const char *type = mx_json_text(content, "msgtype", MX_ID_MAX);
    const char *body = mx_json_text(content, "body", SJ_BODY_MAX * 2);
    const char *kind = type ? event_media_kind(type) : NULL;
    struct sj_strbuf text;
    if (kind && event_tell_file(e))
        return;
    if (!type || !body)
        return;                          /* redacted, or nothing that can be shown */
    if (e->past && rich.replaces)
        return;                          /* stands with what it replaced */
    if (rich.reply_to)
        body = mx_rich_skip_quote(body);
    size_t n_spans = rich.html && !kind ? mx_rich_styles(rich.html, &text, spans) : 0;
    if (n_spans == 0)
        sj_strbuf_init(&text, SJ_BODY_MAX);
    if (kind)
        sj_strbuf_addf(&text, "%s ", kind);
    if (n_spans == 0)
        mx_text_clean(&text, body, SJ_BODY_MAX - text.len, true);
    if (strcmp(type, "m.location") == 0)
        event_add_place(&text, content);
    struct sj_message m = {.body = text.s, .spans = spans, .n_spans = n_spans,
                           .action = strcmp(type, "m.emote") == 0,
                           .notice = strcmp(type, "m.notice") == 0,
                           .replaces = rich.replaces, .reply_to = rich.reply_to};
    struct mx_mentions mentions;
    mx_mentions_read(&mentions, e->room, content, text.s);
    m.mentions = mentions.list;
    m.n_mentions = mentions.n;
    if (text.len)
        event_tell(e, &m);
    mx_mentions_release(&mentions);
    sj_strbuf_release(&text);
}

static void event_on_encrypted(const struct at_hand *e)
{
    event_tell_text(e, N_("(an encrypted message, which cannot be read here)"));
}

static void event_on_sticker(const struct at_hand *e)
{
    const char *body = mx_json_text(e->content, "body", SJ_BODY_MAX);
    struct sj_strbuf text;
    if (event_tell_file(e))
        return;
    sj_strbuf_init(&text, SJ_BODY_MAX + 16);
    sj_strbuf_adds(&text, N_("(a sticker)"));
    if (body) {
        sj_strbuf_addc(&text, ' ');
        mx_text_clean(&text, body, SJ_BODY_MAX - 32, true);
    }
    event_tell_text(e, text.s);
    sj_strbuf_release(&text);
}

static void event_on_poll(const struct at_hand *e)
{
    struct sj_strbuf text;
    sj_strbuf_init(&text, SJ_BODY_MAX);
    if (mx_poll_read(e->content, &text))
        event_tell_text(e, text.s);
    sj_strbuf_release(&text);
}

static void event_on_reaction(const struct at_hand *e)
{
    if (!e->past)
        mx_react(e->room, e->event, e->txn != NULL);
}

static void event_on_redaction(const struct at_hand *e)
{
    if (!e->past)
        mx_mark_redaction(e->room, e->event, e->txn != NULL);
}

static const struct {
    const char *type;
    void (*fn)(const struct at_hand *e);
} event_rows[] = {
    {"m.room.message", event_on_message},
    {"m.room.encrypted", event_on_encrypted},
    {"m.sticker", event_on_sticker},
    {"m.poll.start", event_on_poll},
    {"m.poll.end", event_on_poll},
    {"org.matrix.msc3381.poll.start", event_on_poll},
    {"org.matrix.msc3381.poll.end", event_on_poll},
    {"m.reaction", event_on_reaction},
    {"m.room.redaction", event_on_redaction},
};

static void event_dispatch(const struct at_hand *e, const char *type)
{
    for (size_t i = 0; i < sizeof event_rows / sizeof event_rows[0]; i++) {
        if (strcmp(event_rows[i].type, type) == 0)
            event_rows[i].fn(e);
    }
}

bool mx_event_past(struct mx_room *r, struct json_object *event, sj_op op)
{
    bool told = false;
    struct at_hand e = {.room = r, .event = event, .past = op, .told = &told,
                        .id = mx_json_text(event, "event_id", MX_ID_MAX),
                        .sender = mx_json_text(event, "sender", MX_ID_MAX),
                        .content = mx_json_object(event, "content")};
    const char *type = mx_json_text(event, "type", MX_ID_MAX);
    if (!type || !e.content || !mx_id_is_event(e.id) || !mx_id_is_user(e.sender) ||
        !mx_json_int(event, "origin_server_ts", 1, INT64_MAX / 4, &e.sent_at))
        return false;
    e.own = strcmp(e.sender, r->link->user) == 0;
    event_dispatch(&e, type);
    return told;
}

void mx_event(struct mx_room *r, struct json_object *event, bool old)
{
    struct mx_link *l = r->link;
    struct at_hand e = {.room = r, .event = event,
                        .id = mx_json_text(event, "event_id", MX_ID_MAX),
                        .sender = mx_json_text(event, "sender", MX_ID_MAX),
                        .content = mx_json_object(event, "content")};
    const char *type = mx_json_text(event, "type", MX_ID_MAX);
    int64_t ts = 0;
    if (!type || !e.content || !mx_id_is_event(e.id) || !mx_id_is_user(e.sender)) {
        sj_log_debug(l->base.log, "event dropped, it is malformed room=%s", SJ_CLIP(r->id));
        return;
    }
    if (mx_json_text(event, "state_key", MX_ID_MAX)) {
        mx_room_state(r, event);
        if (r->is_new)
            mx_room_check(r);
        if (!old && mx_link_is_up(l) && strcmp(type, "m.room.tombstone") == 0)
            mx_muc_moved(r, e.sender);
    }
    if (mx_json_int(event, "origin_server_ts", 0, INT64_MAX / 4, &ts) && ts > r->active_ms)
        r->active_ms = ts;
    mx_set(&r->last, e.id);
    if (old || mx_link_has_seen(l, e.id))
        return;
    e.own = strcmp(e.sender, l->user) == 0;
    e.sent_at = event_time(l, ts);
    e.txn = event_txn(&e);
    event_dispatch(&e, type);
    if (e.txn && mx_link_is_up(l))
        mx_send_echoed(l, e.txn, e.id);
}
