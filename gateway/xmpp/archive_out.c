/* SPDX-License-Identifier: MPL-2.0 */
/* What archives of rooms answer: each thing as it was said, wrapped, and then the end of the page.
 *
 * The wrapped message is written by the same code as live ones, so nothing that clients know of is
 * lost; it has no `to` (G313-03), and who said it stands there only for readers who may know
 * (G313-04). Source: XEP-0313 §4.3, §5.1 and §5.2, XEP-0297. */
#include <stdio.h>
#include <string.h>

#include "muc.h"
#include "rsm.h"

/* <message xmlns='jabber:client'/> inside <forwarded/> inside <result/>. */
static xmpp_stanza_t *archive_wrap(xmpp_stanza_t *outer, const struct xmpp_archived *a)
{
    char stamp[STANZA_TIME_SIZE];
    xmpp_stanza_t *result = stanza_add(outer, "result", NS_MAM);
    stanza_set(result, "queryid", a->query_id);
    stanza_set(result, "id", a->id);
    xmpp_stanza_t *forwarded = stanza_add(result, "forwarded", NS_FORWARD);
    stanza_format_time(stamp, a->sent_at);
    stanza_set(stanza_add(forwarded, "delay", NS_DELAY), "stamp", stamp);
    return stanza_add(forwarded, "message", NS_CLIENT);
}

/* What the message inside is, so that its time and id in the room are not said twice. */
static void archive_add_message(struct xmpp *x, unsigned host, xmpp_stanza_t *inner,
                                const struct xmpp_message_out *message)
{
    struct xmpp_speaker speaker = *message->speaker;
    struct xmpp_message_out m = *message;
    speaker.stanza_id = NULL;
    m.speaker = &speaker;
    m.sent_at = 0;
    stanza_set(inner, "xml:lang", m.lang);
    message_add_content(x, host, inner, &m);
}

static void archive_add_mark(struct xmpp *x, unsigned host, xmpp_stanza_t *inner,
                             const struct xmpp_mark_out *mark)
{
    struct xmpp_speaker speaker = *mark->speaker;
    struct xmpp_mark_out m = *mark;
    speaker.stanza_id = NULL;
    m.speaker = &speaker;
    m.sent_at = 0;
    message_add_mark(x, host, inner, &m);
}

static void archive_add_subject(struct xmpp *x, unsigned host, xmpp_stanza_t *inner,
                                const struct xmpp_subject_out *subject)
{
    struct xmpp_subject_out s = *subject;
    s.stanza_id = NULL;
    s.set_at = 0;
    muc_add_subject(x, host, inner, &s);
}

static const char *archive_nick(const struct xmpp_archived *a)
{
    if (a->message != NULL)
        return a->message->speaker->nick;
    if (a->mark != NULL)
        return a->mark->moderated ? NULL : a->mark->speaker->nick;
    return a->subject->nick;
}

static const char *archive_id(const struct xmpp_archived *a)
{
    if (a->message != NULL)
        return a->message->id;
    return a->mark != NULL ? a->mark->id : a->subject->id;
}

static void archive_add_what(struct xmpp *x, unsigned host, xmpp_stanza_t *inner,
                             const struct xmpp_archived *a)
{
    if (a->message != NULL)
        archive_add_message(x, host, inner, a->message);
    else if (a->mark != NULL)
        archive_add_mark(x, host, inner, a->mark);
    else
        archive_add_subject(x, host, inner, a->subject);
    if (a->peer == NULL && a->jid == NULL)
        return;
    muc_set_person(x, host, stanza_add(muc_add_user(inner), "item", NULL), "jid", a->peer,
                   a->jid);
}

bool xmpp_send_archived(struct xmpp *x, unsigned host, const struct xmpp_archived *a)
{
    struct sj_strbuf from;
    xmpp_stanza_t *outer = room_stanza_new(x, host, "message", NULL, a->room, a->to, NULL);
    if (outer == NULL)
        return false;
    sj_strbuf_init(&from, JID_MAX);
    bool ok = room_address(x, host, a->room, archive_nick(a), &from);
    if (ok) {
        xmpp_stanza_t *inner = archive_wrap(outer, a);
        stanza_set(inner, "type", "groupchat");
        stanza_set(inner, "from", from.s);
        stanza_set(inner, "id", archive_id(a));
        archive_add_what(x, host, inner, a);
        ok = room_send(x, host, outer);
    } else {
        xmpp_stanza_release(outer);
    }
    sj_strbuf_release(&from);
    return ok;
}

void xmpp_answer_archive(struct xmpp *x, xmpp_req req, const struct xmpp_page_out *page,
                         bool complete, bool stable)
{
    unsigned host;
    enum request_card kind;
    xmpp_stanza_t *result = muc_result(x, req, &host, &kind);
    if (result == NULL)
        return;
    xmpp_stanza_t *fin = stanza_add(result, "fin", NS_MAM);
    if (complete)
        stanza_set(fin, "complete", "true");
    if (!stable)
        stanza_set(fin, "stable", "false");
    rsm_add_page(fin, page);
    muc_answer(x, req, host, result);
}

static void archive_add_end(xmpp_stanza_t *metadata, const char *name, const char *id, int64_t at)
{
    char stamp[STANZA_TIME_SIZE];
    stanza_format_time(stamp, at);
    xmpp_stanza_t *end = stanza_add(metadata, name, NULL);
    stanza_set(end, "id", id);
    stanza_set(end, "timestamp", stamp);
}

void xmpp_answer_archive_ends(struct xmpp *x, xmpp_req req, const char *first_id,
                              int64_t first_at, const char *last_id, int64_t last_at)
{
    unsigned host;
    enum request_card kind;
    xmpp_stanza_t *result = muc_result(x, req, &host, &kind);
    if (result == NULL)
        return;
    xmpp_stanza_t *metadata = stanza_add(result, "metadata", NS_MAM);
    if (first_id != NULL) {
        archive_add_end(metadata, "start", first_id, first_at);
        archive_add_end(metadata, "end", last_id, last_at);
    }
    muc_answer(x, req, host, result);
}
