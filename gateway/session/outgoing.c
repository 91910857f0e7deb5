/* SPDX-License-Identifier: MPL-2.0 */
/* What the user says to a contact, in the network's terms.
 *
 * A text goes as it is. A correction, a reply, a retraction or reactions name an earlier message;
 * the clients' id of it becomes the network's. Where the network or this contact cannot do such a
 * thing, or the message is not known (any more), the reader gets readable text instead; only a
 * retraction has none, and is refused, because nobody may believe that something was taken back
 * that was not. Source: XEP-0184, 0224, 0308, 0333, 0424, 0444, 0461 as in requirements §14. */
#include "outgoing.h"

#include <string.h>

#include "ids.h"
#include "mention.h"
#include "preference.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/store_message.h"
#include "sojourn/translate.h"
#include "talk.h"
#include "transfer.h"

uint32_t session_caps(const struct session *s, const char *peer)
{
    const struct contact *c = contact_find(s, peer);

    return abilities_caps(s) & ~(c ? c->lacks : 0);
}

bool outgoing_waits(const struct session *s, const struct outgoing *o)
{
    const struct rich *r = o->rich;
    const char *const named[] = {r ? r->replaces : NULL, r ? r->reply_to : NULL,
                                 r ? r->target : NULL};

    if (!r || !(abilities_caps(s) & SJ_CAPS_WITH_IDS))
        return false;
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (named[i] && op_is_open(s, o->peer, named[i]))
            return true;
    }
    return false;
}

/* With whom its text, as it goes out, mentions, where the network takes that (G372-02). */
static enum sj_status outgoing_hand_over(struct session *s, const struct outgoing *o,
                                         const struct sj_message *m, sj_op op,
                                         struct sj_error *err)
{
    struct sj_message named = *m;
    struct mentions found;
    enum sj_status status;

    if (m->file || !(session_caps(s, o->peer) & SJ_CAP_MENTIONS))
        return s->network->backend->send_message(s->link, m, op, err);
    mentions_find(s, o, m->body, &found);
    named.mentions = found.list;
    named.n_mentions = found.n;
    status = s->network->backend->send_message(s->link, &named, op, err);
    mentions_release(&found);
    return status;
}

/* A styled text goes without its directives, and with what they say. */
static enum sj_status outgoing_send_styled(struct session *s, const struct outgoing *o,
                                           const struct sj_message *m, sj_op op,
                                           struct sj_error *err)
{
    struct sj_span spans[SJ_SPANS_MAX];
    struct sj_message styled = *m;
    struct sj_strbuf plain;
    enum sj_status status;

    sj_strbuf_init(&plain, SJ_BODY_MAX);
    styled.n_spans = xmpp_styling_read(m->body, &plain, spans, SJ_SPANS_MAX);
    styled.spans = spans;
    styled.body = plain.s;
    if (plain.len == 0 || !sj_strbuf_ok(&plain))
        styled = *m;
    status = outgoing_hand_over(s, o, &styled, op, err);
    sj_strbuf_release(&plain);
    return status;
}

/* Nothing but a scan of the text for those that are not styled. */
static bool outgoing_is_styled(const struct session *s, const struct outgoing *o, const char *body)
{
    return (s->network->backend->caps & SJ_CAP_STYLED) && !o->unstyled &&
           xmpp_styling_is_accidental(body) && (session_caps(s, o->peer) & SJ_CAP_STYLED);
}

/* *op: its operation, when it was accepted. */
static enum sj_status outgoing_submit_op(struct session *s, const struct outgoing *o,
                                         const struct sj_message *m, const struct op_ask *ask,
                                         sj_op *op, struct sj_error *err)
{
    struct sj_message known;
    enum sj_status status;

    *op = op_new(s, ask, err);
    if (!*op)
        return SJ_LIMIT;
    if (s->network->backend->caps & SJ_CAP_REPEAT) {
        known = *m;
        known.txn = op_txn(s->all, *op);
        m = &known;
    }
    if (outgoing_is_styled(s, o, m->body))
        status = outgoing_send_styled(s, o, m, *op, err);
    else
        status = outgoing_hand_over(s, o, m, *op, err);
    if (status != SJ_OK)
        op_forget(s->all, *op);
    else
        s->network->to_network++;
    return status;
}

static enum sj_status outgoing_submit(struct session *s, const struct outgoing *o,
                                      const struct sj_message *m,
                                      const struct op_ask *ask, struct sj_error *err)
{
    sj_op op;

    return outgoing_submit_op(s, o, m, ask, &op, err);
}

static enum sj_status outgoing_plain(struct session *s, const struct outgoing *o,
                                     const char *body, bool action, struct sj_error *err)
{
    const struct sj_message m = {.peer = o->peer, .nick = o->nick, .in_room = o->in_room,
                                 .body = body, .id = o->id, .action = action};
    const struct op_ask ask = {.kind = OP_MESSAGE, .peer = o->peer, .nick = o->nick,
                               .in_room = o->in_room, .full = o->full, .id = o->id, .said = o};

    return outgoing_submit(s, o, &m, &ask, err);
}

/* ---- texts with more to them ---- */

/* The text of a correction, for readers who see it as a new message (G308-04). */
static void outgoing_mark_correction(const struct session *s, struct sj_message *m,
                                     struct sj_strbuf *text)
{
    sj_strbuf_addf(text, sj_translate(s->lang, "Correction: %s%s"),
                   m->action ? "/me " : "", m->body);
    if (!sj_strbuf_ok(text))
        return;                          /* it fills a message: then it goes unmarked */
    m->body = text->s;
    m->action = false;
}

/* The message that a client names: in rooms, by the room's own id of it or its sender's. */
static bool outgoing_find(struct session *s, const struct outgoing *o, const char *id,
                          struct ids_message *out)
{
    return (o->in_room && room_log_get(s, o->peer, id, out)) || ids_find(s, o->peer, id, out);
}

static void outgoing_correct(struct session *s, const struct outgoing *o, uint32_t caps,
                             struct ids_message *first, struct sj_message *m,
                             struct sj_strbuf *text)
{
    bool known = (caps & SJ_CAP_CORRECT) && outgoing_find(s, o, o->rich->replaces, first);

    if (known && first->own)
        m->replaces = first->network_id.s;
    else if (!known)
        outgoing_mark_correction(s, m, text);
    /* else: not theirs to correct, so it is a new message (G308-03) */
}

/* Without the quotation "/me " may stand at its beginning (G245-01). */
static void outgoing_take_text(struct sj_message *m, const char *text)
{
    static const char me[] = "/me ";
    const char *rest = text + sizeof me - 1;

    m->action = strncmp(text, me, sizeof me - 1) == 0 && rest[strspn(rest, " \t\r\n")];
    m->body = m->action ? rest : text;
}

static void outgoing_answer(struct session *s, const struct outgoing *o, uint32_t caps,
                            struct ids_message *target, struct sj_message *m)
{
    if (!(caps & SJ_CAP_REPLY) || !outgoing_find(s, o, o->rich->reply_to, target))
        return;                          /* the quotation stays in the text (G461-04) */
    m->reply_to = target->network_id.s;
    if (o->rich->reply_text)
        outgoing_take_text(m, o->rich->reply_text);
}

/* A thread that the network has told of, or that begins with a message of somebody's: then the
 * client repeats the name that it has from here (ids_name). Clients make up threads of their own
 * for whole conversations (RFC 6121 §5.2.5); such a one is known to nobody over there and goes no
 * further. */
static void outgoing_thread(struct session *s, const struct outgoing *o, uint32_t caps,
                            struct ids_message *root, struct sj_message *m)
{
    const char *thread = o->rich ? o->rich->thread : NULL;
    struct sj_strbuf name;

    if (!thread || !(caps & SJ_CAP_THREADS) || !ids_find(s, o->peer, thread, root))
        return;
    sj_strbuf_init(&name, SJ_STORE_NAME_MAX);
    ids_name(s, o->peer, root->network_id.s, false, NULL, &name);
    if (strcmp(name.s, thread) == 0)
        m->thread = root->network_id.s;
    sj_strbuf_release(&name);
}

static void outgoing_nudge(const struct session *s, const struct outgoing *o, uint32_t caps,
                           struct sj_message *m)
{
    if (caps & SJ_CAP_ATTENTION) {
        m->attention = true;
    } else if (o->body[0] == '\0') {
        m->body = sj_translate(s->lang, "asks for your attention");
        m->action = true;
    }
}

static enum sj_status outgoing_text(struct session *s, const struct outgoing *o,
                                    struct sj_error *err)
{
    const struct rich *r = o->rich;
    struct sj_message m = {.peer = o->peer, .nick = o->nick, .in_room = o->in_room,
                           .body = o->body, .id = o->id, .action = o->action};
    struct op_ask ask = {.kind = OP_MESSAGE, .peer = o->peer, .nick = o->nick,
                         .in_room = o->in_room, .full = o->full, .id = o->id, .said = o,
                         .other_id = r->other_id, .receipt = r->receipt, .markable = r->markable,
                         .unstored = r->unstored};
    uint32_t caps = session_caps(s, o->peer);
    struct ids_message first, target, root;
    struct sj_strbuf text;
    enum sj_status status;

    ids_init(&first);
    ids_init(&target);
    ids_init(&root);
    sj_strbuf_init(&text, SJ_BODY_MAX);
    if (r->attention)
        outgoing_nudge(s, o, caps, &m);
    if (r->reply_to)
        outgoing_answer(s, o, caps, &target, &m);
    if (r->replaces)
        outgoing_correct(s, o, caps, &first, &m, &text);
    if (r->thread)
        outgoing_thread(s, o, caps, &root, &m);
    ask.target = m.replaces;
    status = outgoing_submit(s, o, &m, &ask, err);
    typing_ends(s, o->peer, true);
    sj_strbuf_release(&text);
    ids_release(&root);
    ids_release(&target);
    ids_release(&first);
    return status;
}

enum sj_status outgoing_offer(struct session *s, const struct outgoing *o,
                              const struct sj_file *file, const char *caption, sj_op *op,
                              struct sj_error *err)
{
    struct sj_message m = {.peer = o->peer, .in_room = o->in_room, .id = o->id, .body = caption,
                           .file = file};
    struct op_ask ask = {.kind = OP_FILE, .peer = o->peer, .in_room = o->in_room,
                         .full = o->full, .id = o->id, .said = o};
    uint32_t caps = session_caps(s, o->peer);
    struct ids_message target, root;
    enum sj_status status;

    ids_init(&target);
    ids_init(&root);
    outgoing_thread(s, o, caps, &root, &m);
    if (o->rich) {
        ask.other_id = o->rich->other_id;
        ask.receipt = o->rich->receipt;
        ask.markable = o->rich->markable;
        ask.unstored = o->rich->unstored;
    }
    if (o->rich && o->rich->reply_to && (caps & SJ_CAP_REPLY) &&
        outgoing_find(s, o, o->rich->reply_to, &target))
        m.reply_to = target.network_id.s;
    status = outgoing_submit_op(s, o, &m, &ask, op, err);
    ids_release(&root);
    ids_release(&target);
    return status;
}

/* ---- what is said about earlier messages ---- */

struct outgoing_set {
    const char *reaction[SJ_REACTIONS_MAX];
    char *text;                  /* owned; all of them */
    size_t n;
};

static void outgoing_keep_set(const char *const *reactions, size_t n, void *arg)
{
    struct outgoing_set *set = arg;
    size_t bytes = 0, at = 0;

    for (size_t i = 0; i < n; i++)
        bytes += strlen(reactions[i]) + 1;
    set->text = sj_malloc(bytes);
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(reactions[i]) + 1;
        memcpy(set->text + at, reactions[i], len);
        set->reaction[i] = set->text + at;
        at += len;
    }
    set->n = n;
}

static enum sj_status outgoing_submit_mark(struct session *s, const struct outgoing *o,
                                           const struct sj_mark *mark, struct sj_error *err)
{
    const struct op_ask ask = {.kind = OP_MARK, .peer = o->peer, .nick = o->nick,
                               .in_room = o->in_room, .full = o->full, .id = o->id, .said = o,
                               .other_id = o->rich->other_id, .mark = mark->kind,
                               .target = mark->target,
                               .before = mark->before, .n_before = mark->n_before};
    sj_op op = op_new(s, &ask, err);
    enum sj_status status;

    if (!op)
        return SJ_LIMIT;
    status = s->network->backend->send_mark(s->link, mark, op, err);
    if (status != SJ_OK)
        op_forget(s->all, op);
    return status;
}

/* G444-07: says the rule that was broken. */
static enum sj_status outgoing_check_reactions(const struct session *s, const struct rich *r,
                                               struct sj_error *err)
{
    const struct sj_reaction_rules *rules = s->network->backend->reactions;

    if (!rules)
        return SJ_OK;
    if (rules->max_per_user && r->n_reactions > rules->max_per_user)
        return sj_fail(err, SJ_UNACCEPTABLE,
                       "Reactions of one person to a message are limited on this network: at most "
                       "%u.",
                       rules->max_per_user);
    for (size_t i = 0; rules->allowed && i < r->n_reactions; i++) {
        size_t k = 0;
        while (k < rules->n_allowed && strcmp(rules->allowed[k], r->reactions[i]) != 0)
            k++;
        if (k == rules->n_allowed)
            return sj_fail(err, SJ_UNACCEPTABLE, "This network does not know the reaction %s.",
                           r->reactions[i]);
    }
    return SJ_OK;
}

static enum sj_status outgoing_react(struct session *s, const struct outgoing *o,
                                     const struct ids_message *target, struct sj_error *err)
{
    const struct rich *r = o->rich;
    struct outgoing_set before = {.n = 0};
    struct sj_owner owner;
    struct sj_mark mark = {.kind = SJ_MARK_REACTIONS, .peer = o->peer, .in_room = o->in_room,
                           .target = target->network_id.s, .target_own = target->own,
                           .reactions = r->reactions, .n_reactions = r->n_reactions};
    enum sj_status status = outgoing_check_reactions(s, r, err);

    if (status != SJ_OK)
        return status;
    session_owner(s, &owner);
    sj_store_reactions_get(s->all->store, &owner, o->peer, mark.target, outgoing_keep_set, &before,
                           NULL);
    mark.before = before.reaction;
    mark.n_before = before.n;
    status = outgoing_submit_mark(s, o, &mark, err);
    if (status == SJ_OK)                 /* op.c puts the former set back if it fails */
        sj_store_reactions_put(s->all->store, &owner, o->peer, mark.target, r->reactions,
                               r->n_reactions);
    sj_free(before.text);
    return status;
}

/* For readers whose network has no reactions (GMSG-06). */
static enum sj_status outgoing_tell_reactions(struct session *s, const struct outgoing *o,
                                              struct sj_error *err)
{
    struct sj_strbuf text;
    enum sj_status status;

    if (o->body && *o->body)             /* the client has words of its own (GMSG-03) */
        return outgoing_plain(s, o, o->body, false, err);
    sj_strbuf_init(&text, SJ_BODY_MAX);
    if (o->rich->n_reactions == 0)
        sj_strbuf_adds(&text, sj_translate(s->lang, "takes a reaction back"));
    else
        sj_strbuf_adds(&text, sj_translate(s->lang, "reacts with"));
    for (size_t i = 0; i < o->rich->n_reactions; i++)
        sj_strbuf_addf(&text, " %s", o->rich->reactions[i]);
    status = outgoing_plain(s, o, text.s, true, err);
    sj_strbuf_release(&text);
    return status;
}

static enum sj_status outgoing_reactions(struct session *s, const struct outgoing *o,
                                         uint32_t caps, struct sj_error *err)
{
    struct ids_message target;
    enum sj_status status = SJ_OK;

    if (!(caps & SJ_CAP_REACT))
        return outgoing_tell_reactions(s, o, err);
    ids_init(&target);
    if (outgoing_find(s, o, o->rich->target, &target))
        status = outgoing_react(s, o, &target, err);
    else if (o->body && *o->body)
        status = outgoing_plain(s, o, o->body, false, err);      /* GMSG-03 */
    ids_release(&target);
    return status;
}

static enum sj_status outgoing_retract(struct session *s, const struct outgoing *o, uint32_t caps,
                                       struct sj_error *err)
{
    struct ids_message target;
    enum sj_status status;

    if (!(caps & SJ_CAP_RETRACT))
        return sj_fail(err, SJ_UNSUPPORTED, "On this network nothing can be taken back; the other "
                       "side has your message.");
    ids_init(&target);
    if (!outgoing_find(s, o, o->rich->target, &target)) {
        status = sj_fail(err, SJ_UNSUPPORTED, "This message is too old, or was not sent from here; "
                         "it was not taken back.");
    } else if (!target.own) {            /* G424-02 */
        status = sj_fail(err, SJ_DENIED, "Only your own messages can be taken back.");
    } else {
        const struct sj_mark mark = {.kind = SJ_MARK_RETRACTED, .peer = o->peer,
                                     .in_room = o->in_room, .target = target.network_id.s,
                                     .target_own = true};
        status = outgoing_submit_mark(s, o, &mark, err);
    }
    ids_release(&target);
    return status;
}

/* Is it news? (G184-04, G333-03) */
static bool outgoing_is_news(struct session *s, const struct outgoing *o,
                             const struct ids_message *target)
{
    if (o->rich->kind == SJ_MARK_RECEIVED)
        return talk_received(s, o->peer, target->network_id.s);
    if (o->in_room)
        return talk_read_room(s, o->peer, target->at);
    return talk_read(s, o->peer, target->network_id.s);
}

/* Receipts and displayed markers: news about a message of the peer's are passed on, all else is
 * ignored. What nobody else is to know is for networks that keep it for the user alone. Nobody
 * waits for an outcome. */
static void outgoing_report(struct session *s, const struct outgoing *o, uint32_t caps)
{
    bool read = o->rich->kind == SJ_MARK_DISPLAYED;
    bool tells = (caps & (uint32_t)(read ? SJ_CAP_MARKERS : SJ_CAP_RECEIPTS)) &&
                 (!read || session_prefers(s, PREFERENCE_TELL_READ));
    struct ids_message target;
    struct sj_error ignored = {.status = SJ_OK};

    if (!tells && !(read && (caps & SJ_CAP_READ_SYNC)))
        return;
    ids_init(&target);
    if (outgoing_find(s, o, o->rich->target, &target) && !target.own &&
        outgoing_is_news(s, o, &target)) {
        const struct sj_mark mark = {.kind = o->rich->kind, .peer = o->peer,
                                     .in_room = o->in_room, .target = target.network_id.s,
                                     .target_at = target.at, .quiet = read && !tells};
        (void)s->network->backend->send_mark(s->link, &mark, 0, &ignored);
    }
    ids_release(&target);
}

enum sj_status outgoing_send(struct session *s, const struct outgoing *o, struct sj_error *err)
{
    uint32_t caps;

    if (o->file && !o->nick && !(o->rich && o->rich->replaces) &&
        transfer_send(s, o))
        return SJ_OK;
    if (!o->rich)
        return outgoing_plain(s, o, o->body, o->action, err);
    if (!o->rich->is_mark)
        return outgoing_text(s, o, err);
    caps = session_caps(s, o->peer);
    switch (o->rich->kind) {
    case SJ_MARK_RETRACTED:
        return outgoing_retract(s, o, caps, err);
    case SJ_MARK_REACTIONS:
        return outgoing_reactions(s, o, caps, err);
    case SJ_MARK_RECEIVED:
    case SJ_MARK_DISPLAYED:
        outgoing_report(s, o, caps);
        break;
    }
    return SJ_OK;
}
