/* SPDX-License-Identifier: MPL-2.0 */
/* One-to-one messages from contacts and the gateway to users, and what is said about earlier ones.
 *
 * Each has one id in both places where clients look (GMSG-01), so ids of ours serve every extension
 * alike. What servers should keep for clients that are away, and what not, is hinted (G334-01).
 * What is said is left to the session room. Source: RFC 6121 §5, XEP-0100 §5.3, XEP-0085, 0184,
 * 0203, 0224, 0245, 0308, 0333, 0334, 0359, 0393, 0424, 0428, 0444, 0461. */
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "message_parts.h"
#include "room.h"
#include "sojourn/translate.h"
#include "stanza.h"

#define MESSAGE_LIVE_MS 60000            /* younger ones carry no delay (G203-03) */
#define MESSAGE_ACTION "/me "

static void message_add_hint(xmpp_stanza_t *st, const char *hint)
{
    stanza_add(st, hint, NS_HINTS);
}

static void message_add_late(struct xmpp *x, xmpp_stanza_t *st, int64_t sent_at)
{
    if (sent_at != 0 && sj_loop_utc_ms(x->loop) - sent_at > MESSAGE_LIVE_MS)
        stanza_add_delay(st, stanza_get(st, "from"), sent_at);
}

static void message_add_origin(xmpp_stanza_t *st)
{
    stanza_set(stanza_add(st, "origin-id", NS_SID), "id", stanza_get(st, "id"));
}

/* ---- text ---- */

/* Each line of text behind "> "; returns the number of code points added. */
static size_t message_quote(struct sj_strbuf *out, const char *text)
{
    size_t start = out->len;
    size_t n = 0;
    while (*text != '\0') {
        size_t line = strcspn(text, "\n");
        sj_strbuf_adds(out, "> ");
        sj_strbuf_add(out, text, line);
        sj_strbuf_addc(out, '\n');
        text += line + (text[line] != '\0');
    }
    for (size_t i = start; i < out->len; i++)
        n += ((unsigned char)out->s[i] & 0xc0) != 0x80;
    return n;
}

/* <fallback/> for ns; to 0: the whole body. */
static void message_add_fallback(xmpp_stanza_t *st, const char *ns, size_t to)
{
    char end[24];
    xmpp_stanza_t *fallback = stanza_add(st, "fallback", NS_FALLBACK);
    stanza_set(fallback, "for", ns);
    if (to == 0)
        return;
    xmpp_stanza_t *body = stanza_add(fallback, "body", NULL);
    snprintf(end, sizeof end, "%zu", to);
    stanza_set(body, "start", "0");
    stanza_set(body, "end", end);
}

static void message_add_body(xmpp_stanza_t *st, const struct xmpp_message_out *m)
{
    size_t quoted = 0;
    if (!m->action && m->reply_quote == NULL) {
        if (m->body[0] != '\0')
            stanza_add_with_text(st, "body", m->body);
        return;
    }
    struct sj_strbuf text;
    sj_strbuf_init(&text, SIZE_MAX / 2);
    if (m->reply_quote != NULL)
        quoted = message_quote(&text, m->reply_quote);
    if (m->action)
        sj_strbuf_adds(&text, MESSAGE_ACTION);
    sj_strbuf_adds(&text, m->body);
    stanza_add_with_text(st, "body", text.s);
    sj_strbuf_release(&text);
    if (quoted > 0)
        message_add_fallback(st, NS_REPLY, quoted);      /* G461-03 */
}

/* The author's address; in 1:1 the bare one will do (G461-02). */
static void message_add_reply(xmpp_stanza_t *st, const struct xmpp_message_out *m)
{
    xmpp_stanza_t *reply = stanza_add(st, "reply", NS_REPLY);
    stanza_set(reply, "to", m->reply_own ? m->to : stanza_get(st, "from"));
    stanza_set(reply, "id", m->reply_to);
}

static void message_add_parts(xmpp_stanza_t *st, const struct xmpp_message_out *m)
{
    if (m->replaces != NULL)
        stanza_set(stanza_add(st, "replace", NS_CORRECT), "id", m->replaces);
    if (m->reply_to != NULL)
        message_add_reply(st, m);
    if (m->request)
        stanza_add(st, "request", NS_RECEIPTS);
    if (m->markable)
        stanza_add(st, "markable", NS_MARKERS);
    if (m->active)
        stanza_add(st, "active", NS_CHATSTATES);
    if (m->attention)
        stanza_add(st, "attention", NS_ATTENTION);
    if (m->unstyled)
        stanza_add(st, "unstyled", NS_STYLING);      /* G393-03 */
}

void message_add_content(struct xmpp *x, xmpp_stanza_t *st, const struct xmpp_message_out *m)
{
    if (m->file != NULL)
        file_add(st, m->file);
    else
        message_add_body(st, m);
    message_add_origin(st);
    message_add_parts(st, m);
    message_add_late(x, st, m->sent_at);
}

bool xmpp_send_message(struct xmpp *x, unsigned host, const struct xmpp_message_out *m)
{
    const struct xmpp_host *h = &x->options->hosts[host];
    char stable[OUTPUT_STABLE_ID_SIZE];
    const char *id = m->id;
    if (id == NULL && m->network_id != NULL) {
        output_stable_id(&x->output, stable, h->secret,
                         (const char *const[]){h->name, m->peer != NULL ? m->peer : "", m->to,
                                               m->network_id},
                         4);
        id = stable;
    }
    const char *type = m->headline ? "headline" : "chat";
    xmpp_stanza_t *st = room_stanza_new(x, host, "message", type, m->peer, m->to, id);
    if (st == NULL)
        return false;
    stanza_set(st, "xml:lang", m->lang);
    message_add_content(x, st, m);
    return room_send(x, host, st);
}

bool xmpp_send_message_error(struct xmpp *x, unsigned host, const char *peer, const char *to,
                             const char *id, const struct sj_error *err)
{
    xmpp_stanza_t *st = room_stanza_new(x, host, "message", "error", peer, to, id);
    if (st == NULL)
        return false;
    if (id == NULL)
        xmpp_stanza_del_attribute(st, "id");
    stanza_add_error(st, stanza_condition_of(err->status), err, false);
    return room_send(x, host, st);
}

/* ---- about earlier messages ---- */

/* The text is for servers, which keep messages with one, and for clients without the extension
 * (G424-01). */
static void message_add_retraction(xmpp_stanza_t *st, const struct xmpp_mark_out *m)
{
    stanza_set(st, "xml:lang", m->lang);
    stanza_add_with_text(st, "body",
                         sj_translate(m->lang, "A message was taken back, but your client cannot "
                                               "do that."));
    message_add_origin(st);
    stanza_set(stanza_add(st, "retract", NS_RETRACT), "id", m->target);
    message_add_fallback(st, NS_RETRACT, 0);
}

static void message_add_reactions(xmpp_stanza_t *st, const struct xmpp_mark_out *m)
{
    message_add_origin(st);
    xmpp_stanza_t *reactions = stanza_add(st, "reactions", NS_REACTIONS);
    stanza_set(reactions, "id", m->target);
    for (size_t i = 0; i < m->n_reactions; i++)
        stanza_add_with_text(reactions, "reaction", m->reactions[i]);
}

bool xmpp_send_mark(struct xmpp *x, unsigned host, const struct xmpp_mark_out *m)
{
    xmpp_stanza_t *st = room_stanza_new(x, host, "message", "chat", m->peer, m->to, NULL);
    if (st == NULL)
        return false;
    switch (m->kind) {
    case XMPP_MARK_RECEIVED:             /* that one child, and no request (G184-02) */
        stanza_set(stanza_add(st, "received", NS_RECEIPTS), "id", m->target);
        break;
    case XMPP_MARK_DISPLAYED:
        stanza_set(stanza_add(st, "displayed", NS_MARKERS), "id", m->target);
        break;
    case XMPP_MARK_RETRACTED:
        message_add_retraction(st, m);
        break;
    case XMPP_MARK_REACTIONS:
        message_add_reactions(st, m);
        break;
    }
    message_add_hint(st, "store");
    message_add_late(x, st, m->sent_at);
    return room_send(x, host, st);
}

bool xmpp_send_chat_state(struct xmpp *x, unsigned host, const char *peer, const char *to,
                          enum xmpp_chat_state state)
{
    static const char *const names[] = {
        [XMPP_STATE_NONE] = "active",       [XMPP_STATE_ACTIVE] = "active",
        [XMPP_STATE_COMPOSING] = "composing", [XMPP_STATE_PAUSED] = "paused",
        [XMPP_STATE_INACTIVE] = "inactive", [XMPP_STATE_GONE] = "gone",
    };
    xmpp_stanza_t *st = room_stanza_new(x, host, "message", "chat", peer, to, NULL);
    if (st == NULL)
        return false;
    stanza_add(st, names[state], NS_CHATSTATES);
    message_add_hint(st, "no-store");    /* G085-10 */
    return room_send(x, host, st);
}
