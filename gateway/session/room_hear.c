/* SPDX-License-Identifier: MPL-2.0 */
/* What is said in a room, from the network to the user's clients in it and into the archive.
 *
 * A message that the user sent from here comes back with its operation, and is shown to all of the
 * user's clients then, under the id that its client gave it (G045-51, G045-52): so the room's order
 * is the same for everybody. Ids of the network become those that clients know: the room's own for
 * what refers to messages, the senders' for corrections (GMSG-07). What is whispered reaches the
 * clients in the room, or the conversation with that person when there is none (G045-48).
 * Source: XEP-0045 §7.4, §7.5, §8.1; requirements §14, §16. */
#include <string.h>

#include "attachment.h"
#include "deliver.h"
#include "event.h"
#include "held.h"
#include "ids.h"
#include "mention.h"
#include "rich.h"
#include "room.h"
#include "room_picture.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/store_message.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"
#include "transfer.h"

/* Where a message is heard. */
struct ear {
    struct room *room;
    bool past;                   /* goes to its place in the archive, and nobody is told */
    enum sj_status status;       /* of what was heard last: as room_hear_past says */
};

/* Texts that one event may need, made here. */
struct hearing {
    struct room *room;
    struct event event;
    struct sj_strbuf id, first, target, nick, body, stanza_id, mentions, thread;
    struct ids_message known;
    char fresh[XMPP_NEW_ID_SIZE];
    bool unstored;               /* its client wants it kept nowhere (G334-04) */
};

static void hearing_begin(struct hearing *h, struct room *r, enum event_kind kind, sj_msec sent_at)
{
    struct sj_strbuf *all[] = {&h->id, &h->first, &h->target, &h->stanza_id, &h->thread};

    h->room = r;
    h->unstored = false;
    h->event = (struct event){.kind = kind, .delayed = sent_at != 0,
                              .at = sent_at ? sent_at : sj_loop_utc_ms(r->session->all->loop)};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        sj_strbuf_init(all[i], SJ_STORE_NAME_MAX);
    sj_strbuf_init(&h->nick, SJ_NICK_MAX);
    sj_strbuf_init(&h->mentions, XMPP_MENTIONS_BYTES_MAX);
    sj_strbuf_init(&h->body, SJ_BODY_MAX + SJ_NICK_MAX + 64);
    ids_init(&h->known);
}

static void hearing_end(struct hearing *h)
{
    struct sj_strbuf *all[] = {&h->id,   &h->first, &h->target,  &h->stanza_id,
                               &h->nick, &h->body,  &h->mentions, &h->thread};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        sj_strbuf_release(all[i]);
    ids_release(&h->known);
}

static void hear_fresh_id(struct hearing *h)
{
    xmpp_new_id(h->fresh);
    h->event.text[EVENT_ID] = h->fresh;
}

/* Who speaks need not be there: rooms may let others speak, and people go. Who spoke in the past
 * need not be the one who has the nick now. One whose nick can be part of no address is named in
 * the text. */
static void hear_speaker(struct hearing *h, const char *nick, bool past)
{
    struct room *r = h->room;
    struct event *e = &h->event;
    const struct occupant *o = nick ? occupant_find(r, nick) : NULL;

    if (o && past) {
        e->text[EVENT_NICK] = occupant_nick(o);
    } else if (o) {
        e->text[EVENT_NICK] = occupant_nick(o);
        e->text[EVENT_ACCOUNT] = occupant_account(r, o);
        e->text[EVENT_PERSON] = o->self ? NULL : o->id;
        e->flags |= o->self ? (uint32_t)EVENT_OWN : 0;
        occupant_picture_wanted(o);
    } else if (nick && xmpp_nick_ok(r->session->all->xmpp, nick) && !occupant_shown(r, nick)) {
        e->text[EVENT_NICK] = nick;
    } else if (nick && e->text[EVENT_BODY]) {
        sj_strbuf_addf(&h->body, "%s: ", nick);
        sj_strbuf_adds(&h->body, e->text[EVENT_BODY]);
        e->text[EVENT_BODY] = h->body.s;
    }
}

/* Shows it to everybody in the room; network_id: or NULL. False: the network says it again. */
static bool hear_tell(struct hearing *h, const char *network_id)
{
    struct room *r = h->room;
    struct sj_list *at = r->clients.next;
    bool whispers = h->event.kind == EVENT_WHISPER;

    if (h->unstored)
        room_log_name(r, network_id, &h->stanza_id);
    else if (!whispers && !room_log_put(r, &h->event, network_id, &h->stanza_id))
        return false;
    while (at != &r->clients) {
        struct room_client *c = SJ_CONTAINER(at, struct room_client, link);
        at = at->next;
        room_client_tell(c, &h->event, whispers ? NULL : h->stanza_id.s);
    }
    return true;
}

/* ---- messages ---- */

/* The user said it from here, and how it went was not heard then. */
static bool hear_known_name(struct hearing *h, const struct sj_message *m)
{
    if (!ids_find_network(h->room->session, m->peer, m->id, &h->known) || h->known.id.len == 0)
        return false;
    sj_strbuf_adds(&h->id, h->known.id.s);
    if (h->known.other_id.len > 0)
        h->event.text[EVENT_ORIGIN_ID] = h->known.other_id.s;
    return true;
}

/* Its own id, and that of the first version when it is a correction (G308-02). */
static void hear_names(struct hearing *h, const struct sj_message *m, bool past)
{
    struct session *s = h->room->session;
    bool own = (h->event.flags & EVENT_OWN) != 0;
    struct op_sender sender;

    if (m->replaces) {
        if (ids_find_network(s, m->peer, m->replaces, &h->known) && h->known.id.len > 0)
            sj_strbuf_adds(&h->first, h->known.id.s);
        else
            ids_name(s, m->peer, m->replaces, own, NULL, &h->first);
        h->event.text[EVENT_REPLACES] = h->first.s;
    }
    if (m->echo && op_sender(s, m->echo, &sender) && sender.id) {
        sj_strbuf_adds(&h->id, sender.id);
        h->event.text[EVENT_ORIGIN_ID] = sender.other_id;
        h->unstored = sender.unstored && m->in_room;
    } else if (m->replaces) {
        ids_name(s, m->peer, m->replaces, own, m->body, &h->id);
    } else if (m->id && !(past && own && hear_known_name(h, m))) {
        ids_name(s, m->peer, m->id, own, NULL, &h->id);
    }
    if (h->id.len > 0)
        h->event.text[EVENT_ID] = h->id.s;
    else
        hear_fresh_id(h);
}

/* The room's own id of a message, or what clients know it by else. */
static const char *hear_target(struct hearing *h, const char *network_id)
{
    struct session *s = h->room->session;
    struct ids_message own;

    if (room_log_find(h->room, network_id, &h->target))
        return h->target.s;
    ids_init(&own);
    if (ids_find_network(s, h->room->id, network_id, &own) && own.id.len > 0)
        sj_strbuf_adds(&h->target, own.other_id.len > 0 ? own.other_id.s : own.id.s);
    else
        ids_name(s, h->room->id, network_id, false, NULL, &h->target);
    ids_release(&own);
    return h->target.s;
}

static void hear_reply(struct hearing *h, const struct sj_message *m)
{
    const struct occupant *self = h->room->self;

    h->event.text[EVENT_REPLY_TO] = hear_target(h, m->reply_to);
    h->event.text[EVENT_REPLY_QUOTE] = m->reply_text;
    room_log_speaker(h->room, h->target.s, &h->nick);
    if (h->nick.len == 0)
        return;
    h->event.text[EVENT_REPLY_NICK] = h->nick.s;
    if (self && strcmp(occupant_nick(self), h->nick.s) == 0)
        h->event.flags |= EVENT_REPLY_OWN;
}

static void hear_file(struct event *e, const struct sj_file *f)
{
    e->text[EVENT_BODY] = e->text[EVENT_URL] = f->url;
    e->text[EVENT_FILE_NAME] = f->name;
    e->text[EVENT_FILE_TYPE] = f->media_type;
    e->size = f->size;
    e->width = f->width;
    e->height = f->height;
    e->length_ms = f->length_ms;
    e->sha256 = f->sha256;
}

/* A text that stands for a file that only the network's own clients can fetch. */
static void hear_describe(const struct room *r, const struct sj_message *m,
                          struct sj_strbuf *text)
{
    struct attachment *f = attachment_of_network(m->file, NULL);

    sj_strbuf_init(text, SJ_BODY_MAX + 1024);
    sj_strbuf_adds(text, sj_translate(r->session->lang,
                                      "(a file that can be fetched over there only)"));
    sj_strbuf_addc(text, ' ');
    attachment_describe(text, f);
    if (*m->body)
        sj_strbuf_addf(text, "\n%s", m->body);
    sj_free(f);
}

/* A correction may be called what it corrects; then it has no id of its own. */
static const char *hear_network_id(const struct sj_message *m)
{
    return m->id && m->replaces && strcmp(m->id, m->replaces) == 0 ? NULL : m->id;
}

/* body: as clients get it. */
static void hear_text(struct ear *ear, const struct sj_message *m, const char *body, bool unstyled)
{
    const char *network_id = hear_network_id(m);
    struct hearing h;

    hearing_begin(&h, ear->room, m->in_room ? EVENT_MESSAGE : EVENT_WHISPER, m->sent_at);
    h.event.text[EVENT_BODY] = body;
    h.event.flags = (m->action ? (uint32_t)EVENT_ACTION : 0) |
                    (unstyled ? (uint32_t)EVENT_UNSTYLED : 0) |
                    (m->own || m->echo ? (uint32_t)EVENT_OWN : 0);
    hear_speaker(&h, m->nick, ear->past);
    hear_names(&h, m, ear->past);
    if (m->reply_to)
        hear_reply(&h, m);
    if (m->thread) {                     /* one name, whoever began it (outgoing_thread) */
        ids_name(ear->room->session, m->peer, m->thread, false, NULL, &h.thread);
        h.event.text[EVENT_THREAD] = h.thread.s;
    }
    if (m->file && m->file->url)
        hear_file(&h.event, m->file);
    else if (m->n_mentions > 0)
        h.event.text[EVENT_MENTIONS] = mentions_tell(ear->room->session, ear->room, m,
                                                     h.event.text[EVENT_BODY], &h.mentions);
    if (ear->past)
        ear->status = room_log_put_past(ear->room, &h.event, network_id);
    else
        ear->status = hear_tell(&h, network_id) ? SJ_OK : SJ_EXISTS;
    hearing_end(&h);
}

static void hear_styled(struct ear *ear, const struct sj_message *m)
{
    struct sj_strbuf text;

    deliver_write_styles(m, &text);
    hear_text(ear, m, text.s, false);
    sj_strbuf_release(&text);
}

/* The user's own, from here: what the client sent, not what the network made of it (G045-52). */
static bool hear_own_file(struct ear *ear, const struct sj_message *m)
{
    const char *body;
    const struct attachment *sent = transfer_sent(ear->room->session, m->echo, &body);
    struct sj_message own = *m;
    struct sj_file file;

    if (!sent)
        return false;
    file = attachment_to_network(sent);
    own.file = sent->caption ? NULL : &file;
    own.n_mentions = 0;
    own.body = sent->caption ? body : file.url;
    hear_text(ear, &own, own.body, xmpp_styling_is_accidental(own.body) && !own.file);
    return true;
}

/* The file, then what is said beside it (GFIL-03), which has no id of its own. */
static void hear_with_file(struct ear *ear, const struct sj_message *m)
{
    struct sj_message caption = *m;
    struct sj_strbuf text;

    if (m->echo && hear_own_file(ear, m))
        return;
    if (m->file->url) {
        hear_text(ear, m, m->file->url, false);
        caption.file = NULL;
        caption.id = caption.replaces = caption.reply_to = NULL;
        caption.echo = 0;
        if (*m->body && ear->status == SJ_OK)
            hear_text(ear, &caption, m->body, xmpp_styling_is_accidental(m->body));
        return;
    }
    hear_describe(ear->room, m, &text);
    caption.file = NULL;
    hear_text(ear, &caption, text.s, true);
    sj_strbuf_release(&text);
}

static void hear_message(struct ear *ear, const struct sj_message *m)
{
    if (m->file)
        hear_with_file(ear, m);
    else if (m->n_spans > 0)
        hear_styled(ear, m);
    else
        hear_text(ear, m, m->body, xmpp_styling_is_accidental(m->body));
}

enum sj_status room_hear_past(struct room *r, const struct sj_message *m)
{
    struct ear ear = {.room = r, .past = true};

    hear_message(&ear, m);
    return ear.status;
}

/* Nobody of the user's is in the room: it is a message of that person's, if one knows who it is. */
static void hear_stray_whisper(struct session *s, const struct room *r, const struct sj_message *m)
{
    const struct occupant *o = r ? occupant_find(r, m->nick) : NULL;
    struct sj_message direct = *m;

    direct.peer = o && o->id ? o->id : m->nick;
    direct.nick = NULL;
    session_deliver(s, &direct);
}

void room_hear(struct session *s, const struct sj_message *m)
{
    struct room *r = room_find(s, m->peer);
    struct ear ear = {.room = r};

    s->network->from_network++;
    if (!m->in_room && (!r || r->n_clients == 0)) {
        s->network->from_network--;
        hear_stray_whisper(s, r, m);
    } else if (r && r->state != ROOM_WAITING && m->file && transfer_receive_in_room(s, m)) {
        s->network->from_network--;      /* it is told when it can be fetched */
    } else if (r && r->state != ROOM_WAITING) {
        hear_message(&ear, m);
    }
}

/* ---- marks ---- */

/* Taken back by somebody else than who said it: by a moderator (G425-04). */
static void hear_moderation(struct hearing *h)
{
    const char *nick = h->event.text[EVENT_NICK];

    room_log_speaker(h->room, h->target.s, &h->nick);
    if (!nick || (h->nick.len > 0 && strcmp(nick, h->nick.s) != 0))
        h->event.flags |= EVENT_MODERATED;
}

void room_hear_moderated(struct session *s, const char *room, const char *network_id,
                         const char *reason)
{
    struct room *r = room_find(s, room);
    struct hearing h;

    if (!r || !r->self)
        return;
    hearing_begin(&h, r, EVENT_MARK, 0);
    h.event.mark = XMPP_MARK_RETRACTED;
    h.event.flags = EVENT_OWN | EVENT_MODERATED;
    hear_speaker(&h, r->self->nick, false);
    hear_fresh_id(&h);
    h.event.text[EVENT_TARGET] = hear_target(&h, network_id);
    h.event.text[EVENT_REASON] = reason;
    room_log_retract(r, h.target.s);
    hear_tell(&h, NULL);
    hearing_end(&h);
}

static void hear_mark(struct room *r, const struct sj_mark *m, const char *id,
                      const char *other_id)
{
    struct hearing h;

    hearing_begin(&h, r, EVENT_MARK, m->sent_at);
    h.event.mark = (enum xmpp_mark)m->kind;
    h.event.flags = m->own ? EVENT_OWN : 0;
    hear_speaker(&h, m->nick, false);
    if (id)
        h.event.text[EVENT_ID] = id;
    else
        hear_fresh_id(&h);
    h.event.text[EVENT_ORIGIN_ID] = other_id;
    h.event.text[EVENT_TARGET] = hear_target(&h, m->target);
    for (size_t i = 0; i < m->n_reactions && i < SJ_REACTIONS_MAX; i++)
        h.event.reactions[h.event.n_reactions++] = m->reactions[i];
    if (m->kind == SJ_MARK_RETRACTED) {
        hear_moderation(&h);
        room_log_retract(r, h.target.s);
    }
    hear_tell(&h, NULL);
    hearing_end(&h);
}

void room_hear_mark(struct session *s, const struct sj_mark *m)
{
    struct room *r = room_find(s, m->peer);
    struct sj_owner owner;

    if (!r || r->state == ROOM_WAITING ||
        (m->kind != SJ_MARK_RETRACTED && m->kind != SJ_MARK_REACTIONS))
        return;
    if (m->own && m->kind == SJ_MARK_REACTIONS) {
        session_owner(s, &owner);        /* later differences start from there */
        sj_store_reactions_put(s->all->store, &owner, m->peer, m->target, m->reactions,
                               m->n_reactions);
    }
    hear_mark(r, m, NULL, NULL);
}

static void hear_keep_set(const char *const *reactions, size_t n, void *arg)
{
    *(struct rich **)arg = rich_dup(&(struct rich){.reactions = reactions, .n_reactions = n});
}

void room_hear_own_mark(struct session *s, const struct sj_mark *m, const char *id,
                        const char *other_id)
{
    struct room *r = room_find(s, m->peer);
    struct sj_mark own = *m;
    struct rich *set = NULL;
    struct sj_owner owner;

    if (!r || !r->self || (m->kind != SJ_MARK_RETRACTED && m->kind != SJ_MARK_REACTIONS))
        return;
    own.own = true;
    own.nick = r->self->nick;
    session_owner(s, &owner);
    if (m->kind == SJ_MARK_REACTIONS &&
        sj_store_reactions_get(s->all->store, &owner, m->peer, m->target, hear_keep_set, &set,
                               NULL) == SJ_OK && set) {
        own.reactions = set->reactions;
        own.n_reactions = set->n_reactions;
    }
    hear_mark(r, &own, id, other_id);
    sj_free(set);
}

/* ---- the subject, and who types ---- */

static void subject_keep(struct room *r, const char *nick, const char *text, sj_msec set_at)
{
    const struct occupant *o = nick ? occupant_find(r, nick) : NULL;
    const char *shown = o ? occupant_nick(o) : nick;

    if (shown && !o && !xmpp_nick_ok(r->session->all->xmpp, shown))
        shown = NULL;
    contact_set(&r->subject, text);
    contact_set(&r->subject_nick, shown);
    contact_set(&r->subject_account, o ? occupant_account(r, o) : NULL);
    r->subject_at = set_at;
}

void room_hear_subject(struct room *r, const char *nick, const char *text, sj_msec set_at)
{
    bool asked = r->subject_asked && strcmp(r->subject_asked, text) == 0;
    struct hearing h;

    subject_keep(r, nick, text, set_at);
    if (r->state != ROOM_IN)
        return;
    if (!r->subject_at)
        r->subject_at = sj_loop_utc_ms(r->session->all->loop);
    hearing_begin(&h, r, EVENT_SUBJECT, 0);
    h.event.text[EVENT_BODY] = r->subject;
    h.event.text[EVENT_NICK] = r->subject_nick;
    h.event.text[EVENT_ACCOUNT] = r->subject_account;
    if (asked && r->subject_id)
        h.event.text[EVENT_ID] = r->subject_id;
    else
        hear_fresh_id(&h);
    hear_tell(&h, NULL);
    hearing_end(&h);
    if (asked) {
        contact_set(&r->subject_asked, NULL);
        contact_set(&r->subject_id, NULL);
    }
}

void room_hear_typing(struct room *r, const char *nick, enum sj_typing typing)
{
    static const enum xmpp_chat_state map[] = {[SJ_TYPING_STOPPED] = XMPP_STATE_ACTIVE,
                                               [SJ_TYPING_PAUSED] = XMPP_STATE_PAUSED,
                                               [SJ_TYPING_ACTIVE] = XMPP_STATE_COMPOSING};
    const struct occupant *o = occupant_find(r, nick);
    struct session *s = r->session;
    struct sj_list *at;

    if (!o || o->self || r->state != ROOM_IN)
        return;
    for (at = r->clients.next; at != &r->clients; at = at->next) {
        const struct room_client *c = SJ_CONTAINER(at, struct room_client, link);
        if (c->state == ROOM_CLIENT_IN)  /* of no use later */
            xmpp_send_room_state(s->all->xmpp, s->network->index, r->id, occupant_nick(o),
                                 c->full, occupant_account(r, o), map[typing], false);
    }
}
