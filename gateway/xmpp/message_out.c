/* SPDX-License-Identifier: MPL-2.0 */
/* Messages from contacts, the gateway and occupants of rooms to users, and what is said about
 * earlier ones.
 *
 * Each has one id in both places where clients look (GMSG-01), so ids of ours serve every extension
 * alike. What servers should keep for clients that are away, and what not, is hinted (G334-01).
 * What is said is left to the session room. Source: RFC 6121 §5, XEP-0100 §5.3, XEP-0085, 0184,
 * 0203, 0224, 0245, 0308, 0333, 0334, 0359, 0372, 0393, 0424, 0428, 0444, 0461. */
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "mention.h"
#include "message_parts.h"
#include "muc.h"
#include "sojourn/translate.h"

#define MESSAGE_LIVE_MS 60000            /* younger ones carry no delay (G203-03) */
#define MESSAGE_ACTION "/me "

static void message_add_hint(xmpp_stanza_t *st, const char *hint)
{
    stanza_add(st, hint, NS_HINTS);
}

/* The bare address that st comes from. */
static void message_bare_from(xmpp_stanza_t *st, struct sj_strbuf *out)
{
    const char *from = stanza_get(st, "from");
    sj_strbuf_init(out, JID_MAX);
    sj_strbuf_add(out, from, strcspn(from, "/"));
}

static void message_add_late(struct xmpp *x, xmpp_stanza_t *st, const struct xmpp_speaker *speaker,
                             int64_t sent_at)
{
    struct sj_strbuf room;
    bool late = speaker != NULL && speaker->late;
    if (sent_at == 0 || (!late && sj_loop_utc_ms(x->loop) - sent_at <= MESSAGE_LIVE_MS))
        return;
    if (speaker == NULL) {
        stanza_add_delay(st, stanza_get(st, "from"), sent_at);
        return;
    }
    message_bare_from(st, &room);        /* G045-31 */
    stanza_add_delay(st, room.s, sent_at);
    sj_strbuf_release(&room);
}

/* In a room only what the client itself has given (G359-02). */
static void message_add_origin(xmpp_stanza_t *st, const struct xmpp_speaker *speaker)
{
    const char *id = speaker == NULL || !speaker->in_room ? stanza_get(st, "id")
                                                          : speaker->origin_id;
    if (id != NULL)
        stanza_set(stanza_add(st, "origin-id", NS_SID), "id", id);
}

/* By whom it is, and its id in the room (G359-01, G421-01); what is for one alone is marked as of a
 * room (G045-46, G280-05). */
static void message_add_speaker(struct xmpp *x, unsigned host, xmpp_stanza_t *st, const char *room,
                                const struct xmpp_speaker *s)
{
    if (s->in_room && s->stanza_id != NULL) {
        struct sj_strbuf by;
        message_bare_from(st, &by);
        xmpp_stanza_t *id = stanza_add(st, "stanza-id", NS_SID);
        stanza_set(id, "by", by.s);
        stanza_set(id, "id", s->stanza_id);
        sj_strbuf_release(&by);
    }
    if (!s->in_room)
        muc_add_user(st);
    if (s->nick != NULL)
        occupant_id_add(x, host, st, room, s->nick, s->account);
}

/* A message of a contact, of this type, or of a room. */
static xmpp_stanza_t *message_new(struct xmpp *x, unsigned host, const char *peer,
                                  const struct xmpp_speaker *s, const char *type, const char *to,
                                  const char *id)
{
    if (s == NULL)
        return room_stanza_new(x, host, "message", type, peer, to, id);
    return room_stanza_of(x, host, "message", s->in_room ? "groupchat" : "chat", peer, s->nick, to,
                          id);
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

/* Returns how many code points of the text stand before m->body. */
static size_t message_add_body(xmpp_stanza_t *st, const struct xmpp_message_out *m)
{
    size_t quoted = 0;
    if (!m->action && m->reply_quote == NULL) {
        if (m->body[0] != '\0')
            stanza_add_with_text(st, "body", m->body);
        return 0;
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
    return quoted + (m->action ? sizeof MESSAGE_ACTION - 1 : 0);
}

/* The author's address; in 1:1 the bare one will do, in a room it is the occupant's (G461-02). */
static void message_add_reply(xmpp_stanza_t *st, const struct xmpp_message_out *m)
{
    struct sj_strbuf author;
    xmpp_stanza_t *reply = stanza_add(st, "reply", NS_REPLY);
    if (m->speaker == NULL) {
        stanza_set(reply, "to", m->reply_own ? m->to : stanza_get(st, "from"));
    } else if (m->reply_nick != NULL) {
        message_bare_from(st, &author);
        sj_strbuf_addf(&author, "/%s", m->reply_nick);
        stanza_set(reply, "to", author.s);
        sj_strbuf_release(&author);
    }
    stanza_set(reply, "id", m->reply_to);
}

static void message_add_parts(xmpp_stanza_t *st, const struct xmpp_message_out *m)
{
    if (m->thread != NULL)
        stanza_add_with_text(st, "thread", m->thread);
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

void message_add_content(struct xmpp *x, unsigned host, xmpp_stanza_t *st,
                         const struct xmpp_message_out *m)
{
    size_t before = 0;
    if (m->file != NULL)
        file_add(st, m->file);
    else
        before = message_add_body(st, m);
    if (m->mentions != NULL && m->file == NULL)
        mentions_add(x, host, st, m, before);        /* G372-01 */
    message_add_origin(st, m->speaker);
    message_add_parts(st, m);
    message_add_late(x, st, m->speaker, m->sent_at);
    if (m->speaker != NULL)
        message_add_speaker(x, host, st, m->peer, m->speaker);
}

/* In a room all copies of a message have one id. */
static void message_stable_id(struct xmpp *x, unsigned host, const struct xmpp_message_out *m,
                              char out[OUTPUT_STABLE_ID_SIZE])
{
    const struct xmpp_host *h = &x->options->hosts[host];
    output_stable_id(&x->output, out, h->secret,
                     (const char *const[]){h->name, m->peer != NULL ? m->peer : "",
                                           m->speaker != NULL ? "" : m->to, m->network_id},
                     4);
}

bool xmpp_send_message(struct xmpp *x, unsigned host, const struct xmpp_message_out *m)
{
    char stable[OUTPUT_STABLE_ID_SIZE];
    const char *id = m->id;
    if (id == NULL && m->network_id != NULL) {
        message_stable_id(x, host, m, stable);
        id = stable;
    }
    const char *type = m->headline ? "headline" : "chat";
    xmpp_stanza_t *st = message_new(x, host, m->peer, m->speaker, type, m->to, id);
    if (st == NULL)
        return false;
    stanza_set(st, "xml:lang", m->lang);
    message_add_content(x, host, st, m);
    if (m->speaker != NULL && m->speaker->in_room)
        return room_send(x, host, st);   /* it is in the archive */
    return room_send_kept(x, host, st, false);
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
    return room_send_kept(x, host, st, true);
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
    message_add_origin(st, m->speaker);
    stanza_set(stanza_add(st, "retract", NS_RETRACT), "id", m->target);
    message_add_fallback(st, NS_RETRACT, 0);
}

/* The room says that somebody else has done it (G425-01, G425-04). */
static void message_add_moderation(struct xmpp *x, unsigned host, xmpp_stanza_t *st,
                                   const struct xmpp_mark_out *m)
{
    struct sj_strbuf by;
    xmpp_stanza_t *retract = stanza_add(st, "retract", NS_RETRACT);
    stanza_set(retract, "id", m->target);
    xmpp_stanza_t *moderated = stanza_add(retract, "moderated", NS_MODERATE);
    if (m->speaker->nick != NULL) {
        message_bare_from(st, &by);
        sj_strbuf_addf(&by, "/%s", m->speaker->nick);
        stanza_set(moderated, "by", by.s);
        sj_strbuf_release(&by);
        occupant_id_add(x, host, moderated, m->peer, m->speaker->nick, m->speaker->account);
    }
    if (m->reason != NULL && m->reason[0] != '\0')
        stanza_add_with_text(retract, "reason", m->reason);
}

static void message_add_reactions(xmpp_stanza_t *st, const struct xmpp_mark_out *m)
{
    message_add_origin(st, m->speaker);
    xmpp_stanza_t *reactions = stanza_add(st, "reactions", NS_REACTIONS);
    stanza_set(reactions, "id", m->target);
    for (size_t i = 0; i < m->n_reactions; i++)
        stanza_add_with_text(reactions, "reaction", m->reactions[i]);
}

/* Whoever did it, the room itself speaks. */
static bool message_is_moderation(const struct xmpp_mark_out *m)
{
    return m->kind == XMPP_MARK_RETRACTED && m->moderated && m->speaker != NULL;
}

void message_add_mark(struct xmpp *x, unsigned host, xmpp_stanza_t *st,
                      const struct xmpp_mark_out *m)
{
    struct xmpp_speaker speaker;
    if (m->speaker != NULL)
        speaker = *m->speaker;
    switch (m->kind) {
    case XMPP_MARK_RECEIVED:             /* that one child, and no request (G184-02) */
        stanza_set(stanza_add(st, "received", NS_RECEIPTS), "id", m->target);
        break;
    case XMPP_MARK_DISPLAYED:
        stanza_set(stanza_add(st, "displayed", NS_MARKERS), "id", m->target);
        break;
    case XMPP_MARK_RETRACTED:
        if (message_is_moderation(m)) {
            message_add_moderation(x, host, st, m);
            speaker.nick = NULL;
        } else {
            message_add_retraction(st, m);
        }
        break;
    case XMPP_MARK_REACTIONS:
        message_add_reactions(st, m);
        break;
    }
    /* What is said to everybody is kept by the room, and by no server. */
    if (m->speaker == NULL || !m->speaker->in_room)
        message_add_hint(st, "store");
    message_add_late(x, st, m->speaker, m->sent_at);
    if (m->speaker != NULL)
        message_add_speaker(x, host, st, m->peer, &speaker);
}

bool xmpp_send_mark(struct xmpp *x, unsigned host, const struct xmpp_mark_out *m)
{
    xmpp_stanza_t *st =
        message_is_moderation(m)
            ? room_stanza_new(x, host, "message", "groupchat", m->peer, m->to, m->id)
            : message_new(x, host, m->peer, m->speaker, "chat", m->to, m->id);
    if (st == NULL)
        return false;
    message_add_mark(x, host, st, m);
    if ((m->speaker != NULL && m->speaker->in_room) || message_is_moderation(m))
        return room_send(x, host, st);
    return room_send_kept(x, host, st, false);
}

/* ---- chat states ---- */

static const char *message_state_name(enum xmpp_chat_state state)
{
    static const char *const names[] = {
        [XMPP_STATE_NONE] = "active",       [XMPP_STATE_ACTIVE] = "active",
        [XMPP_STATE_COMPOSING] = "composing", [XMPP_STATE_PAUSED] = "paused",
        [XMPP_STATE_INACTIVE] = "inactive", [XMPP_STATE_GONE] = "gone",
    };
    return names[state];
}

bool xmpp_send_chat_state(struct xmpp *x, unsigned host, const char *peer, const char *to,
                          enum xmpp_chat_state state)
{
    xmpp_stanza_t *st = room_stanza_new(x, host, "message", "chat", peer, to, NULL);
    if (st == NULL)
        return false;
    stanza_add(st, message_state_name(state), NS_CHATSTATES);
    message_add_hint(st, "no-store");    /* G085-10 */
    return room_send(x, host, st);
}

bool xmpp_send_room_state(struct xmpp *x, unsigned host, const char *room, const char *nick,
                          const char *to, const char *account, enum xmpp_chat_state state,
                          bool whispers)
{
    const struct xmpp_speaker s = {.in_room = !whispers, .nick = nick, .account = account};
    xmpp_stanza_t *st = message_new(x, host, room, &s, "chat", to, NULL);
    if (st == NULL)
        return false;
    stanza_add(st, message_state_name(state), NS_CHATSTATES);
    message_add_hint(st, "no-store");
    message_add_speaker(x, host, st, room, &s);
    return room_send(x, host, st);
}

/* ---- subjects ---- */

/* Always with the element, also when there is none (G045-34). */
void muc_add_subject(struct xmpp *x, unsigned host, xmpp_stanza_t *st,
                     const struct xmpp_subject_out *s)
{
    const struct xmpp_speaker speaker = {.in_room = true, .nick = s->nick, .account = s->account,
                                         .stanza_id = s->stanza_id, .late = true};
    stanza_add_with_text(st, "subject", s->text);
    message_add_late(x, st, &speaker, s->set_at);
    message_add_speaker(x, host, st, s->room, &speaker);
}

bool xmpp_send_subject(struct xmpp *x, unsigned host, const struct xmpp_subject_out *s)
{
    xmpp_stanza_t *st =
        room_stanza_of(x, host, "message", "groupchat", s->room, s->nick, s->to, s->id);
    if (st == NULL)
        return false;
    muc_add_subject(x, host, st, s);
    return room_send(x, host, st);
}
