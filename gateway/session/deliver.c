/* SPDX-License-Identifier: MPL-2.0 */
/* One message from the network to the user, as stanzas: a text with its styles, a file and its
 * caption, and what fits no stanza, in pieces or under the gateway's name. When it is sent, and
 * what waits, is in held.c. Source: XEP-0100 §4.8, XEP-0393, requirements §17. */
#include "deliver.h"

#include <string.h>

#include "incoming.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define DELIVER_PIECE_MAX 1200u          /* fits 10000 bytes with every character escaped */
#define DELIVER_DROP_BURST 5
#define DELIVER_DROP_PERIOD_MS 60000

/* The text in pieces that fit any stanza (R6120-27, G478-01). */
static bool deliver_pieces(struct session *s, const struct xmpp_message_out *whole)
{
    const char *at = whole->body;
    size_t left = strlen(at);
    bool sent = true;

    while (left > 0 && sent) {
        size_t n = sj_utf8_cut(at, left, DELIVER_PIECE_MAX);
        char *piece = sj_strndup(at, n ? n : left);
        struct xmpp_message_out out = {.peer = whole->peer, .to = whole->to, .body = piece,
                                       .sent_at = whole->sent_at, .unstyled = whole->unstyled,
                                       .action = whole->action && at == whole->body};
        sent = xmpp_send_message(s->all->xmpp, s->network->index, &out);
        sj_free(piece);
        at += n ? n : left;
        left -= n ? n : left;
    }
    return sent;
}

/* The server would take a stanza, but not this one: the text is too long for one, or the sender's
 * id is no possible address. Nobody else's message waits for it. False: it is to be held. */
static bool deliver_degraded(struct session *s, const struct xmpp_message_out *m)
{
    struct xmpp_message_out named = {.to = m->to, .sent_at = m->sent_at};
    struct sj_strbuf body;
    unsigned dropped;
    bool sent;

    if (session_is_blocked(s))
        return false;
    sent = strlen(m->body) > DELIVER_PIECE_MAX && deliver_pieces(s, m);
    if (!sent) {
        sj_strbuf_init(&body, SJ_ID_MAX + SJ_BODY_MAX + 2);
        sj_strbuf_addf(&body, "%s: %s", m->peer, m->body);
        named.body = body.s;
        sent = deliver_pieces(s, &named);
        sj_strbuf_release(&body);
    }
    if (!sent && sj_log_allow(&s->all->drop_limit, sj_loop_now_ms(s->all->loop), DELIVER_DROP_BURST,
                              DELIVER_DROP_PERIOD_MS, &dropped))
        sj_log_warn(&s->log, "message from the network dropped, it fits no stanza peer=%s "
                    "suppressed=%u", SJ_CLIP(m->peer), dropped);
    return true;
}

static bool deliver_stanza(struct session *s, struct xmpp_message_out *out)
{
    return xmpp_send_message(s->all->xmpp, s->network->index, out) || deliver_degraded(s, out);
}

static bool deliver_complete(struct session *s, const struct sj_message *m,
                          struct xmpp_message_out *out)
{
    if (s->network->rich || m->own)
        return incoming_complete(s, m, out, deliver_stanza);
    return deliver_stanza(s, out);
}

/* GFIL-01. What the user sent from elsewhere is a copy that says so, and so no file but a text. */
static bool deliver_file(struct session *s, const struct sj_message *m)
{
    struct xmpp_file file = {
        .url = m->file->url, .name = m->file->name, .media_type = m->file->media_type,
        .size = m->file->size, .width = m->file->width, .height = m->file->height,
        .length_ms = m->file->length_ms, .hash = m->file->sha256,
        .hash_kind = m->file->sha256 ? SJ_DIGEST_SHA256 : SJ_DIGEST_NONE};
    struct xmpp_message_out out = {.peer = m->peer, .to = s->user, .body = m->file->url,
                                   .sent_at = m->sent_at, .network_id = m->id,
                                   .file = m->own ? NULL : &file};
    struct sj_message link = *m;

    link.body = m->file->url;
    link.reply_text = NULL;              /* the body is the address and nothing else */
    if (*m->body)
        link.reply_to = NULL;            /* the caption answers */
    return deliver_complete(s, &link, &out);
}

/* body: as clients get it. network_id: what our id derives from. */
static bool deliver_text(struct session *s, const struct sj_message *m, const char *body,
                         bool unstyled, const char *network_id)
{
    struct xmpp_message_out out = {.peer = m->peer, .to = s->user, .body = body,
                                   .sent_at = m->sent_at, .network_id = network_id,
                                   .action = m->action, .unstyled = unstyled};

    return deliver_complete(s, m, &out);
}

void deliver_write_styles(const struct sj_message *m, struct sj_strbuf *text)
{
    sj_strbuf_init(text, SJ_BODY_MAX);
    xmpp_styling_write(m->body, m->spans, m->n_spans, text);
    if (sj_strbuf_ok(text))
        return;
    sj_strbuf_reset(text);               /* they do not fit any more: without them */
    sj_strbuf_adds(text, m->body);
}

static bool deliver_words(struct session *s, const struct sj_message *m, const char *network_id)
{
    struct sj_strbuf text;
    bool done;

    if (m->n_spans == 0)
        return deliver_text(s, m, m->body, xmpp_styling_is_accidental(m->body), network_id);
    deliver_write_styles(m, &text);
    done = deliver_text(s, m, text.s, false, network_id);
    sj_strbuf_release(&text);
    return done;
}

bool deliver_message(struct session *s, const struct sj_message *m)
{
    return m->file ? deliver_file(s, m) : deliver_words(s, m, m->id);
}

/* The network has one id for both, by which the words are named, too. */
bool deliver_caption(struct session *s, const struct sj_message *m)
{
    struct sj_message words = *m;
    struct sj_strbuf id;
    bool sent;

    sj_strbuf_init(&id, SJ_ID_MAX + sizeof "/caption");
    if (m->id)
        sj_strbuf_addf(&id, "%s/caption", m->id);
    words.file = NULL;
    words.attention = words.confirm = false;
    words.replaces = NULL;
    if (m->replaces)
        words.id = m->replaces;
    sent = deliver_words(s, &words, m->id ? id.s : NULL);
    sj_strbuf_release(&id);
    return sent;
}

bool deliver_again(struct session *s, struct sj_message *m, bool caption)
{
    struct sj_span spans[SJ_SPANS_MAX];
    struct sj_strbuf plain;
    bool done;

    sj_strbuf_init(&plain, SJ_BODY_MAX);
    m->n_spans = xmpp_styling_read(m->body, &plain, spans, SJ_SPANS_MAX);
    m->spans = spans;
    m->body = plain.s;
    done = caption ? deliver_caption(s, m) : deliver_message(s, m);
    sj_strbuf_release(&plain);
    return done;
}
