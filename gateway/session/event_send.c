/* SPDX-License-Identifier: MPL-2.0 */
/* Events of rooms as stanzas, to one client at a time. A text that fits no stanza goes in pieces,
 * of which the first has the ids (R6120-27); a nick that can be part of no address was replaced
 * before (room_nick.c). Source: XEP-0045 §7.2.13, §7.4, §7.5, §8.1, XEP-0359. */
#include "event.h"

#include <string.h>

#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define EVENT_PIECE_MAX 1200u            /* fits 10000 bytes with every character escaped */
#define EVENT_DROP_BURST 5
#define EVENT_DROP_PERIOD_MS 60000

/* What an event is to the XMPP room; it borrows from the event. */
struct event_out {
    struct xmpp_speaker speaker;
    struct xmpp_file file;
    struct xmpp_message_out message;
    struct xmpp_mark_out mark;
    struct xmpp_subject_out subject;
};

static void event_fill_message(const struct event *e, struct event_out *out)
{
    struct xmpp_message_out *m = &out->message;

    m->body = e->text[EVENT_BODY];
    m->id = e->text[EVENT_ID];
    m->action = (e->flags & EVENT_ACTION) != 0;
    m->unstyled = (e->flags & EVENT_UNSTYLED) != 0;
    m->replaces = e->text[EVENT_REPLACES];
    m->reply_to = e->text[EVENT_REPLY_TO];
    m->reply_quote = e->text[EVENT_REPLY_QUOTE];
    m->reply_nick = e->text[EVENT_REPLY_NICK];
    m->reply_own = (e->flags & EVENT_REPLY_OWN) != 0;
    m->mentions = e->text[EVENT_MENTIONS];
    m->thread = e->text[EVENT_THREAD];
    if (!e->text[EVENT_URL])
        return;
    out->file = (struct xmpp_file){
        .url = e->text[EVENT_URL], .name = e->text[EVENT_FILE_NAME],
        .media_type = e->text[EVENT_FILE_TYPE], .size = e->size, .width = e->width,
        .height = e->height, .length_ms = e->length_ms, .hash = e->sha256,
        .hash_kind = e->sha256 ? SJ_DIGEST_SHA256 : SJ_DIGEST_NONE};
    m->file = &out->file;
}

static void event_fill(const struct session *s, const char *room, const struct event *e,
                       const char *to, const char *stanza_id, bool late, struct event_out *out)
{
    int64_t sent_at = late || e->delayed ? e->at : 0;

    *out = (struct event_out){
        .speaker = {.in_room = e->kind != EVENT_WHISPER, .nick = e->text[EVENT_NICK],
                    .account = e->text[EVENT_ACCOUNT], .stanza_id = stanza_id,
                    .origin_id = e->text[EVENT_ORIGIN_ID], .late = late},
        .message = {.peer = room, .to = to, .sent_at = sent_at},
        .mark = {.peer = room, .to = to, .sent_at = sent_at, .id = e->text[EVENT_ID],
                 .kind = e->mark, .target = e->text[EVENT_TARGET], .lang = s->lang,
                 .reactions = e->reactions, .n_reactions = e->n_reactions,
                 .moderated = (e->flags & EVENT_MODERATED) != 0,
                 .reason = e->text[EVENT_REASON]},
        .subject = {.room = room, .nick = e->text[EVENT_NICK], .to = to,
                    .text = e->text[EVENT_BODY], .account = e->text[EVENT_ACCOUNT],
                    .id = e->text[EVENT_ID], .stanza_id = stanza_id, .set_at = sent_at}};
    out->message.speaker = &out->speaker;
    out->mark.speaker = &out->speaker;
    event_fill_message(e, out);
}

/* Ids belong to the first piece; the others are messages of their own. */
static bool event_send_pieces(struct session *s, const struct event_out *whole)
{
    const char *at = whole->message.body;
    size_t left = strlen(at);
    bool first = true, sent = true;

    while (left > 0 && sent) {
        size_t n = sj_utf8_cut(at, left, EVENT_PIECE_MAX);
        char *text = sj_strndup(at, n ? n : left);
        struct event_out piece = *whole;
        piece.message.speaker = &piece.speaker;
        piece.message.body = text;
        piece.message.reply_quote = piece.message.mentions = NULL;
        piece.message.file = NULL;
        if (!first) {
            piece.speaker.stanza_id = piece.speaker.origin_id = NULL;
            piece.message.id = piece.message.replaces = NULL;
            piece.message.action = false;
        }
        sent = xmpp_send_message(s->all->xmpp, s->network->index, &piece.message);
        sj_free(text);
        first = false;
        at += n ? n : left;
        left -= n ? n : left;
    }
    return sent;
}

/* The stream would take a stanza, but not this one. False: it takes nothing now. */
static bool event_degrade(struct session *s, const char *room, const struct event *e,
                          const struct event_out *out)
{
    unsigned dropped;

    if (session_is_blocked(s))
        return false;
    if ((e->kind == EVENT_MESSAGE || e->kind == EVENT_WHISPER) &&
        strlen(e->text[EVENT_BODY]) > EVENT_PIECE_MAX && event_send_pieces(s, out))
        return true;
    if (sj_log_allow(&s->all->drop_limit, sj_loop_now_ms(s->all->loop), EVENT_DROP_BURST,
                     EVENT_DROP_PERIOD_MS, &dropped))
        sj_log_warn(&s->log, "message of a room dropped, it fits no stanza room=%s suppressed=%u",
                    SJ_CLIP(room), dropped);
    return true;
}

bool event_send(struct session *s, const char *room, const struct event *e, const char *to,
                const char *stanza_id, bool late)
{
    struct event_out out;
    unsigned host = s->network->index;
    bool sent = true;

    event_fill(s, room, e, to, stanza_id, late, &out);
    switch (e->kind) {
    case EVENT_MESSAGE:
    case EVENT_WHISPER:
        sent = xmpp_send_message(s->all->xmpp, host, &out.message);
        break;
    case EVENT_MARK:
        sent = xmpp_send_mark(s->all->xmpp, host, &out.mark);
        break;
    case EVENT_SUBJECT:
        sent = xmpp_send_subject(s->all->xmpp, host, &out.subject);
        break;
    case EVENT_HOLE:
        break;
    }
    return sent || event_degrade(s, room, e, &out);
}

bool event_send_archived(struct session *s, const char *room, const struct event *e,
                         const char *to, const char *query_id, const char *id)
{
    struct event_out out;
    struct xmpp_archived archived = {.room = room, .to = to, .query_id = query_id, .id = id,
                                     .sent_at = e->at, .peer = e->text[EVENT_PERSON]};

    event_fill(s, room, e, to, NULL, true, &out);
    if (e->flags & EVENT_OWN) {
        archived.peer = NULL;
        archived.jid = s->user;
    }
    if (e->kind == EVENT_MESSAGE)
        archived.message = &out.message;
    else if (e->kind == EVENT_MARK)
        archived.mark = &out.mark;
    else
        archived.subject = &out.subject;
    return xmpp_send_archived(s->all->xmpp, s->network->index, &archived);
}
