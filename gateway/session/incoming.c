/* SPDX-License-Identifier: MPL-2.0 */
/* What a network says, in the clients' terms: the network's ids become those that the user's
 * clients know, and reports about messages are shown as far as the user asked for them.
 *
 * What the user did from elsewhere comes here as well. A message appears as sent by the user where
 * the user's own server lets us do that (G356-13), else as a copy that says so (G280-02); marks are
 * noted. Source: requirements §11, §14. */
#include "incoming.h"

#include <string.h>

#include "ids.h"
#include "mention.h"
#include "outgoing.h"
#include "preference.h"
#include "session.h"
#include "sojourn/store_message.h"
#include "sojourn/translate.h"
#include "talk.h"

/* ---- messages ---- */

/* It has an id of its own here, and is a part of the network's message (deliver_caption). */
static bool incoming_is_part(const struct sj_message *m, const struct xmpp_message_out *out)
{
    return out->network_id != m->id && m->id && out->network_id &&
           strcmp(out->network_id, m->id) != 0;
}

/* Ids of a message: its own, and of the first version when it is a correction (G308-02). */
static void incoming_names(struct session *s, const struct sj_message *m, struct sj_strbuf *id,
                           struct sj_strbuf *first, struct xmpp_message_out *out)
{
    if (m->replaces) {
        ids_name(s, m->peer, m->replaces, m->own, NULL, first);
        ids_name(s, m->peer, m->replaces, m->own, m->body, id);
        out->replaces = first->s;
        out->id = id->s;
    } else if (m->id) {
        ids_name(s, m->peer, m->id, m->own, incoming_is_part(m, out) ? out->network_id : NULL, id);
        out->id = id->s;
    }
}

/* The message that is answered: the user's, by the origin-id if there is one, else the peer's. */
static void incoming_reply(struct session *s, const struct sj_message *m,
                           struct ids_message *target, struct xmpp_message_out *out)
{
    if (ids_find_network(s, m->peer, m->reply_to, target)) {
        out->reply_to = target->other_id.len > 0 ? target->other_id.s : target->id.s;
        out->reply_own = target->own;
    } else {
        ids_name(s, m->peer, m->reply_to, false, NULL, &target->id);
        out->reply_to = target->id.s;
    }
    out->reply_quote = m->reply_text;
}

/* So that reactions and replies to it are known as such to one of the user's own (they would be
 * taken for the peer's message else). */
static void incoming_record_own(struct session *s, const struct sj_message *m,
                                const struct xmpp_message_out *out, const char *id)
{
    struct sj_owner owner;

    if (!m->id || !id || !(s->network->backend->caps & SJ_CAPS_WITH_IDS))
        return;
    session_owner(s, &owner);
    sj_store_message_put(s->all->store, &owner, &(struct sj_store_message){
        .peer = m->peer, .network_id = m->replaces ? m->replaces : m->id, .id = id, .own = true,
        .at = sj_loop_utc_ms(s->all->loop), .later = m->replaces || incoming_is_part(m, out)});
}

/* The user wrote it from elsewhere: as the user's own server shows what the user sends. Corrections
 * name the first version as the client knows it that sent it (G308-02). */
static enum sj_status incoming_as_user(struct session *s, const struct sj_message *m,
                                       struct xmpp_message_out out)
{
    unsigned host = s->network->index;
    char id[XMPP_OWN_ID_SIZE];
    struct ids_message first;
    enum sj_status status;

    if (!(xmpp_privileges(s->all->xmpp, host, s->user) & XMPP_MAY_SPEAK))
        return SJ_DENIED;
    ids_init(&first);
    if (m->replaces && ids_find_network(s, m->peer, m->replaces, &first))
        out.replaces = first.id.s;
    out.id = NULL;
    status = xmpp_send_as_user(s->all->xmpp, host, &out, id);
    if (status == SJ_OK)
        incoming_record_own(s, m, &out, id);
    ids_release(&first);
    return status;
}

static bool incoming_was_copied(struct session *s, const struct sj_message *m)
{
    struct sj_owner owner;
    struct ids_message first;
    bool copied;

    session_owner(s, &owner);
    ids_init(&first);
    copied = ids_find_network(s, m->peer, m->replaces, &first) &&
             sj_store_message_is_own_name(s->all->store, &owner, m->peer, first.id.s);
    ids_release(&first);
    return copied;
}

/* Else a copy from the contact that says so. */
static bool incoming_copy(struct session *s, const struct sj_message *m,
                          struct xmpp_message_out *out,
                          bool (*send)(struct session *, struct xmpp_message_out *))
{
    struct sj_strbuf body;
    bool sent;

    if (!session_prefers(s, PREFERENCE_OWN_COPIES))
        return true;
    if (m->replaces && !incoming_was_copied(s, m))
        out->replaces = NULL;            /* a client sent it: a contact cannot correct that */
    sj_strbuf_init(&body, SJ_BODY_MAX + 64);
    sj_strbuf_addf(&body, sj_translate(s->lang, "You, elsewhere: %s%s"),
                   m->action ? "/me " : "", out->body);
    out->body = body.s;
    out->mentions = NULL;
    out->action = false;
    sent = send(s, out);
    if (sent)
        incoming_record_own(s, m, out, out->id);
    sj_strbuf_release(&body);
    return sent;
}

static bool incoming_own(struct session *s, const struct sj_message *m,
                         struct xmpp_message_out *out,
                         bool (*send)(struct session *, struct xmpp_message_out *))
{
    enum sj_status status = incoming_as_user(s, m, *out);

    if (status == SJ_OK)
        return true;
    if (session_is_blocked(s))
        return false;
    return incoming_copy(s, m, out, send);
}

/* Reports and states are asked of messages of people only (a notice must start nothing). */
static void incoming_asks(struct session *s, const struct sj_message *m,
                          struct xmpp_message_out *out)
{
    uint32_t caps = session_caps(s, m->peer);
    const struct contact *c = contact_find(s, m->peer);

    typing_ends(s, m->peer, false);
    if (m->notice)
        return;
    out->active = (caps & SJ_CAP_TYPING) && typing_is_spoken(s);
    out->request = (caps & SJ_CAP_RECEIPTS) && m->confirm && out->id;
    out->markable = (caps & (SJ_CAP_MARKERS | SJ_CAP_READ_SYNC)) && out->id && c &&
                    c->to;               /* G333-08 */
}

bool incoming_complete(struct session *s, const struct sj_message *m, struct xmpp_message_out *out,
                       bool (*send)(struct session *, struct xmpp_message_out *))
{
    uint32_t caps = s->network->backend->caps;
    struct ids_message target;
    struct sj_strbuf id, first, mentions, thread;
    bool sent;

    ids_init(&target);
    sj_strbuf_init(&thread, SJ_STORE_NAME_MAX);
    sj_strbuf_init(&id, SJ_STORE_NAME_MAX);
    sj_strbuf_init(&first, SJ_STORE_NAME_MAX);
    sj_strbuf_init(&mentions, XMPP_MENTIONS_BYTES_MAX);
    if (m->n_mentions > 0)
        out->mentions = mentions_tell(s, NULL, m, out->body, &mentions);
    if (caps & SJ_CAPS_WITH_IDS)
        incoming_names(s, m, &id, &first, out);
    if (m->reply_to)
        incoming_reply(s, m, &target, out);
    if (m->thread) {                     /* one name, whoever began it (outgoing_thread) */
        ids_name(s, m->peer, m->thread, false, NULL, &thread);
        out->thread = thread.s;
    }
    out->attention = m->attention;
    if (m->own) {
        sent = incoming_own(s, m, out, send);
    } else {
        incoming_asks(s, m, out);
        sent = send(s, out);
    }
    if (sent && !m->own && m->id &&
        (caps & (SJ_CAP_MARKERS | SJ_CAP_READ_SYNC | SJ_CAP_RECEIPTS)) &&
        !incoming_is_part(m, out))
        talk_note(s, m->peer, m->id);
    sj_strbuf_release(&thread);
    sj_strbuf_release(&mentions);
    sj_strbuf_release(&first);
    sj_strbuf_release(&id);
    ids_release(&target);
    return sent;
}

/* ---- marks ---- */

static bool incoming_send_mark(struct session *s, const struct xmpp_mark_out *out)
{
    return xmpp_send_mark(s->all->xmpp, s->network->index, out) || !session_is_blocked(s);
}

/* To the client that asked (G184-02), by the id attribute. */
static bool incoming_received(struct session *s, const struct ids_message *target,
                              struct xmpp_mark_out *out)
{
    struct sj_strbuf to;
    bool sent;

    if (!target->wants_receipt)
        return true;                     /* G184-03 */
    sj_strbuf_init(&to, 6143);
    sj_strbuf_adds(&to, s->user);
    if (target->resource.len > 0)
        sj_strbuf_addf(&to, "/%s", target->resource.s);
    out->to = to.s;
    sent = incoming_send_mark(s, out);
    sj_strbuf_release(&to);
    return sent;
}

/* One marker for the newest message, never back (G333-04), only where it was asked for (G333-06)
 * and where the user may see the peer (G333-08). */
static bool incoming_displayed(struct session *s, const struct ids_message *target,
                               const struct xmpp_mark_out *out)
{
    const struct contact *c = contact_find(s, out->peer);
    struct talk *t = talk_get(s, out->peer);

    if (!target->markable || !c || !c->to || target->at <= t->read_at)
        return true;
    if (!incoming_send_mark(s, out))
        return false;
    t->read_at = target->at;
    return true;
}

/* Done by the user, elsewhere: later differences start from there. */
static void incoming_own_mark(struct session *s, const struct sj_mark *m)
{
    struct sj_owner owner;

    if (m->kind != SJ_MARK_REACTIONS)
        return;
    session_owner(s, &owner);
    sj_store_reactions_put(s->all->store, &owner, m->peer, m->target, m->reactions,
                           m->n_reactions);
}

static bool incoming_about_own(struct session *s, const struct sj_mark *m,
                               const struct ids_message *target, struct xmpp_mark_out *out)
{
    out->target = target->id.s;
    switch (m->kind) {
    case SJ_MARK_RECEIVED:
        return incoming_received(s, target, out);
    case SJ_MARK_DISPLAYED:
        return incoming_displayed(s, target, out);
    case SJ_MARK_REACTIONS:
        if (target->other_id.len > 0)
            out->target = target->other_id.s;
        return incoming_send_mark(s, out);
    case SJ_MARK_RETRACTED:
        break;                           /* the peer cannot take back what the user said */
    }
    return true;
}

bool incoming_mark(struct session *s, const struct sj_mark *m)
{
    struct xmpp_mark_out out = {.peer = m->peer, .to = s->user, .kind = (enum xmpp_mark)m->kind,
                                .sent_at = m->sent_at, .lang = s->lang,
                                .reactions = m->reactions, .n_reactions = m->n_reactions};
    struct ids_message target;
    bool sent = true;

    if (m->own) {
        incoming_own_mark(s, m);
        return true;
    }
    ids_init(&target);
    if (ids_find_network(s, m->peer, m->target, &target)) {
        sent = incoming_about_own(s, m, &target, &out);
    } else if (m->kind == SJ_MARK_RETRACTED || m->kind == SJ_MARK_REACTIONS) {
        ids_name(s, m->peer, m->target, false, NULL, &target.id);
        out.target = target.id.s;        /* about a message of their own */
        sent = incoming_send_mark(s, &out);
    }
    ids_release(&target);
    return sent;
}
