/* SPDX-License-Identifier: MPL-2.0 */
/* Messages from users: to contacts, to rooms, and to occupants of rooms.
 *
 * A message becomes a plain struct: one with text, one about an earlier message, a chat state. What
 * nobody could read over there is refused (message_refuse.c); what carries nothing that we know is
 * left alone (GMSG-04). Delays that users claim are not believed (G203-05), hints change nothing
 * (G280-08, G334-03). Payloads are found by message_parts.c and file_find.c, what only rooms have
 * by muc_message.c; message_out.c writes.
 * Source: RFC 6121 §5, XEP-0100 §4.8, XEP-0085, 0184, 0224, 0245, 0308, 0333, 0359, 0372, 0393,
 * 0424, 0428, 0444, 0461. */
#include <string.h>

#include "component.h"
#include "file.h"
#include "handlers.h"
#include "mention.h"
#include "message_parts.h"
#include "message_refuse.h"
#include "muc.h"
#include "sojourn/backend.h"

#define MESSAGE_ACTION "/me "

static bool message_is_blank(const char *body)
{
    return body[strspn(body, " \t\r\n")] == '\0';
}

static const char *message_body(struct inbound *in)
{
    xmpp_stanza_t *body = stanza_child_in(in->stanza, "body", in->from.lang);
    return body != NULL ? stanza_text(body) : NULL;
}

/* To the gateway itself: a conversation, in which people type passwords. */
static enum sj_status message_talk(struct inbound *in, const char *body, struct sj_error *err)
{
    enum sj_status status = in->x->in->command.talk(in->x->ctx, &in->from, body, err);
    stanza_wipe(in->stanza);
    component_wipe(in->stream);
    return status;
}

/* "/me " is told as a fact (XEP-0245). */
static void message_read_action(struct xmpp_message_in *m)
{
    size_t skip = sizeof MESSAGE_ACTION - 1;
    if (strncmp(m->body, MESSAGE_ACTION, skip) != 0 || message_is_blank(m->body + skip))
        return;
    m->action = true;
    m->body += skip;
}

/* For everybody in a room. */
static bool message_is_public(const struct inbound *in)
{
    return in->room != NULL && in->nick == NULL;
}

static bool message_same_id(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* For a contact it says nothing new when it is the id; what a room reflects has it as it came: some
 * clients know their own messages by nothing else (G359-02). */
static const char *message_origin_id(const struct inbound *in, const struct message_parts *p)
{
    const char *id = message_part_id(p, PART_ORIGIN);
    return in->room == NULL && message_same_id(id, in->from.id) ? NULL : id;
}

/* G334-04: only archives of rooms ask. */
static bool message_is_unstored(xmpp_stanza_t *st)
{
    return stanza_child(st, "no-store", NS_HINTS) != NULL ||
           stanza_child(st, "no-permanent-store", NS_HINTS) != NULL;
}

static void message_read_parts(const struct inbound *in, struct xmpp_message_in *m,
                               const struct message_parts *p)
{
    m->state = p->state;
    m->wants_receipt =
        p->part[PART_REQUEST] != NULL && m->from.id != NULL && !m->in_room;      /* G184-06 */
    m->markable = p->part[PART_MARKABLE] != NULL && m->from.id != NULL;
    m->attention = p->part[PART_ATTENTION] != NULL;
    m->unstyled = p->part[PART_UNSTYLED] != NULL;
    m->unstored = m->in_room && message_is_unstored(in->stanza);
    m->origin_id = message_origin_id(in, p);
    m->replaces = message_part_id(p, PART_REPLACE);
    m->reply_to = message_part_id(p, PART_REPLY);
    m->thread = p->thread;
}

/* The text of a reply without the quotation: cut is filled when that is another text (G461-04). */
static void message_read_reply(struct inbound *in, struct xmpp_message_in *m, struct sj_strbuf *cut)
{
    size_t start;
    size_t end;
    if (m->reply_to == NULL || !message_fallback(in->stanza, NS_REPLY, m->body, &start, &end))
        return;
    sj_strbuf_add(cut, m->body, start);
    sj_strbuf_adds(cut, m->body + end);
    if (!message_is_blank(cut->s))
        m->reply_body = cut->s;
}

/* mentions: of the whole body, or NULL. */
static enum sj_status message_tell_text(struct inbound *in, struct xmpp_message_in *m,
                                        struct sj_strbuf *mentions, struct sj_error *err)
{
    const char *whole = m->body;
    if (m->reply_body == NULL)
        message_read_action(m);
    if (mentions != NULL) {
        mentions_shift(mentions, (size_t)(m->body - whole));
        m->mentions = mentions->len > 0 && sj_strbuf_ok(mentions) ? mentions->s : NULL;
    }
    return in->x->in->message(in->x->ctx, m, err);
}

static enum sj_status message_tell_reply(struct inbound *in, struct xmpp_message_in *m,
                                         struct sj_strbuf *mentions, struct sj_error *err)
{
    struct sj_strbuf cut;
    sj_strbuf_init(&cut, SJ_BODY_MAX);
    message_read_reply(in, m, &cut);
    enum sj_status status = message_tell_text(in, m, mentions, err);
    sj_strbuf_release(&cut);
    return status;
}

/* One that names people (G372-02). */
static enum sj_status message_tell_mentions(struct inbound *in, struct xmpp_message_in *m,
                                            struct sj_error *err)
{
    struct sj_strbuf mentions;
    sj_strbuf_init(&mentions, XMPP_MENTIONS_BYTES_MAX);
    mentions_read(in, m->body, &mentions);
    enum sj_status status = m->reply_to != NULL ? message_tell_reply(in, m, &mentions, err)
                                                : message_tell_text(in, m, &mentions, err);
    sj_strbuf_release(&mentions);
    return status;
}

/* Of type chat or normal, or a headline that calls for attention. file: what body is about, or
 * NULL. */
static enum sj_status message_tell(struct inbound *in, const struct message_parts *parts,
                                   const char *body, const struct xmpp_file *file,
                                   struct sj_error *err)
{
    struct xmpp_message_in m = {.from = in->from, .peer = in->peer, .nick = in->nick,
                                .in_room = message_is_public(in), .body = body, .file = file};
    if (strlen(body) > SJ_BODY_MAX)
        return sj_fail(err, SJ_UNACCEPTABLE, "The message is too long.");
    message_read_parts(in, &m, parts);
    if (file != NULL)
        return in->x->in->message(in->x->ctx, &m, err);
    if (parts->part[PART_REFERENCE] != NULL)
        return message_tell_mentions(in, &m, err);
    if (m.reply_to != NULL)
        return message_tell_reply(in, &m, NULL, err);
    return message_tell_text(in, &m, NULL, err);
}

/* GFIL-09: a message about one file; of several the links go as text. *told: it was one. */
static enum sj_status message_tell_file(struct inbound *in, const struct message_parts *parts,
                                        const char *body, bool *told, struct sj_error *err)
{
    struct file_in file;
    enum file_found found;
    enum sj_status status = file_find(in->stanza, body, &found, &file, err);
    *told = status != SJ_OK || found != FILE_NONE;
    if (status != SJ_OK || found == FILE_NONE)
        return status;
    if (sj_strbuf_ok(&file.text))
        status = message_tell(in, parts, file.text.s, found == FILE_ONE ? &file.file : NULL, err);
    else
        status = sj_fail(err, SJ_UNACCEPTABLE, "The message is too long.");
    file_in_release(&file);
    return status;
}

/* ---- about earlier messages ---- */

/* The set of a reactions element, without doubles (G444-02). */
static enum sj_status message_read_reactions(xmpp_stanza_t *reactions, struct xmpp_mark_in *m,
                                             const char *set[XMPP_REACTIONS_MAX],
                                             struct sj_error *err)
{
    for (xmpp_stanza_t *c = stanza_first(reactions); c != NULL; c = stanza_next(c)) {
        if (!stanza_is(c, "reaction", NS_REACTIONS))
            continue;
        const char *text = stanza_text(c);
        size_t i = 0;
        while (i < m->n_reactions && strcmp(set[i], text) != 0)
            i++;
        if (i < m->n_reactions)
            continue;
        if (i == XMPP_REACTIONS_MAX)
            return sj_fail(err, SJ_UNACCEPTABLE, "At most %u reactions fit one message.",
                           XMPP_REACTIONS_MAX);
        if (text[0] == '\0' || strlen(text) > XMPP_REACTION_MAX || strpbrk(text, " \t\r\n") != NULL)
            return sj_fail(err, SJ_UNACCEPTABLE, "A reaction is one emoji.");
        set[m->n_reactions++] = text;
    }
    m->reactions = set;
    return SJ_OK;
}

/* Receipts and markers: never answered, whatever becomes of them. */
static void message_tell_receipts(struct inbound *in, const struct message_parts *parts)
{
    static const struct {
        enum message_part part;
        enum xmpp_mark kind;
    } rows[] = {{PART_RECEIVED, XMPP_MARK_RECEIVED}, {PART_DISPLAYED, XMPP_MARK_DISPLAYED}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sj_error ignored = {.status = SJ_OK};
        struct xmpp_mark_in m = {.from = in->from, .peer = in->peer, .nick = in->nick,
                                 .in_room = message_is_public(in), .kind = rows[i].kind,
                                 .target = message_part_id(parts, rows[i].part)};
        if (m.target != NULL)
            (void)in->x->in->messages.mark(in->x->ctx, &m, &ignored);
    }
}

/* A retraction or reactions; *told: it was one of them, and the text is not to be sent
 * (G424-03). */
static enum sj_status message_tell_mark(struct inbound *in, const struct message_parts *parts,
                                        const char *body, bool *told, struct sj_error *err)
{
    const char *set[XMPP_REACTIONS_MAX];
    struct xmpp_mark_in m = {.from = in->from, .peer = in->peer, .nick = in->nick,
                             .in_room = message_is_public(in), .kind = XMPP_MARK_RETRACTED,
                             .target = message_part_id(parts, PART_RETRACT),
                             .origin_id = message_origin_id(in, parts), .body = body};
    enum sj_status status = SJ_OK;
    if (m.target == NULL) {
        m.kind = XMPP_MARK_REACTIONS;
        m.target = message_part_id(parts, PART_REACTIONS);
        if (m.target != NULL)
            status = message_read_reactions(parts->part[PART_REACTIONS], &m, set, err);
    }
    *told = m.target != NULL;
    if (!*told || status != SJ_OK)
        return status;
    return in->x->in->messages.mark(in->x->ctx, &m, err);
}

/* ---- handlers ---- */

static void message_tell_state(struct inbound *in, enum xmpp_chat_state state)
{
    struct xmpp *x = in->x;
    if (in->room != NULL)
        x->in->muc.state(x->ctx, &in->from, in->peer, in->nick, state);
    else
        x->in->messages.state(x->ctx, &in->from, in->peer, state);
}

/* G249-02: one of our rooms, or the address of another one as text. */
static enum sj_status message_tell_invitation(struct inbound *in,
                                              const struct message_parts *parts, const char *body,
                                              bool *told, struct sj_error *err)
{
    struct sj_strbuf uri;
    sj_strbuf_init(&uri, MUC_URI_MAX);
    enum sj_status status = muc_invite_contact(in, parts->part[PART_INVITATION], &uri, told, err);
    if (!*told && body == NULL && uri.len > 0 && sj_strbuf_ok(&uri)) {
        *told = true;
        status = message_tell(in, parts, uri.s, NULL, err);
    }
    sj_strbuf_release(&uri);
    return status;
}

/* To a contact, with everything that may come in one stanza. */
static enum sj_status message_handle_parts(struct inbound *in, const struct message_parts *parts,
                                           const char *body, struct sj_error *err)
{
    bool told = false;
    enum sj_status status = SJ_OK;
    if (parts->part[PART_RECEIVED] != NULL || parts->part[PART_DISPLAYED] != NULL)
        message_tell_receipts(in, parts);
    if (parts->part[PART_RETRACT] != NULL || parts->part[PART_REACTIONS] != NULL)
        status = message_tell_mark(in, parts, body, &told, err);
    if (!told && parts->part[PART_INVITATION] != NULL && in->room == NULL)
        status = message_tell_invitation(in, parts, body, &told, err);
    if (!told)
        status = message_tell_file(in, parts, body, &told, err);
    if (told)
        return status;
    if (body != NULL)
        return message_tell(in, parts, body, NULL, err);
    if (parts->part[PART_ATTENTION] != NULL)
        return message_tell(in, parts, "", NULL, err);
    if (parts->state != XMPP_STATE_NONE)
        message_tell_state(in, parts->state);
    return SJ_OK;                        /* not understood: left alone (GMSG-04) */
}

enum sj_status message_handle_chat(struct inbound *in, struct sj_error *err)
{
    const char *body = message_body(in);
    struct message_parts parts;
    enum sj_status refused = message_refuse(in, body, err);
    if (refused != SJ_OK)
        return refused;
    if (body != NULL && message_is_blank(body))
        body = NULL;
    if (in->peer != NULL) {
        message_parts_read(&parts, in->stanza);
        return message_handle_parts(in, &parts, body, err);
    }
    if (body == NULL)
        return SJ_OK;
    if (strlen(body) > SJ_BODY_MAX)
        return sj_fail(err, SJ_UNACCEPTABLE, "The message is too long.");
    return message_talk(in, body, err);
}

enum sj_status message_handle_headline(struct inbound *in, struct sj_error *err)
{
    struct message_parts parts;
    if (in->peer == NULL)
        return own_handle_event(in, err);
    message_parts_read(&parts, in->stanza);
    if (parts.part[PART_ATTENTION] == NULL)
        return SJ_OK;
    const char *body = message_body(in);
    enum sj_status refused = message_refuse(in, body, err);
    if (refused != SJ_OK)
        return refused;
    if (body == NULL || message_is_blank(body))
        body = "";
    return message_tell(in, &parts, body, NULL, err);    /* G224-01 */
}

enum sj_status message_handle_groupchat(struct inbound *in, struct sj_error *err)
{
    (void)in;
    return sj_fail(err, SJ_UNAVAILABLE, "This is no room.");
}
