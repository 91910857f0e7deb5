/* SPDX-License-Identifier: MPL-2.0 */
/* Subscriptions between one user and contacts: what the user's server asks (XEP-0100 §4.6, §4.7,
 * §5.1) and what the network answers. We are "the contact's server" (RFC 6121 §3): `to` is the
 * user's right to see the contact, `from` the contact's to see the user. */
#include <string.h>

#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

static void sub_send(struct session *s, const char *peer, enum xmpp_sub kind, const char *status,
                     const char *nick)
{
    xmpp_send_subscription(s->all->xmpp, s->network->index, peer, s->user, kind, status, nick,
                           NULL);
}

/* A network that reports presence says soon whether the contact is there; what the user is asked
 * in return follows that (host_presence), so that G100-37 keeps its order. */
static bool sub_presence_follows(const struct session *s)
{
    return s->state == SESSION_ONLINE && (s->network->backend->caps & SJ_CAP_CONTACTS);
}

/* The network says yes: subscribed, presence if it is there, subscribe in return (G100-37). */
void contact_approved(struct session *s, struct contact *c)
{
    bool ask = !c->from && !c->asked_in;             /* never twice */

    c->to = true;
    c->asked_out = false;
    c->asked_in = c->asked_in || ask;
    c->suggested = true;
    contact_changed(c);
    portrait_want(s, c);
    sub_send(s, c->id, XMPP_SUBSCRIBED, NULL, NULL);
    if (c->has_presence)
        contact_send_presence(s, c, s->user, NULL);
    nodes_tell_subscribed(s, c);
    if (ask) {
        c->question_sent = false;
        c->question_due = true;
        if (c->has_presence || !sub_presence_follows(s))
            contact_send_question(s, c, NULL);
    }
}

/* The network says no, or the person was never there (G100-39, G100-40). */
void contact_refused(struct session *s, struct contact *c, const struct sj_error *why)
{
    records_promise(s);
    c->asked_out = false;
    c->to = false;
    session_unsubscribed(s, c->id, why);
    contact_changed(c);
    contact_drop_unused(c);
}

/* Asks the network to add c; the answer comes as op or as an event. Not online: at the log-in. */
static void sub_ask_network(struct session *s, struct contact *c)
{
    struct op_ask ask = {.kind = OP_CONTACT_ADD, .peer = c->id};
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status;
    sj_op op;

    if (s->state != SESSION_ONLINE)
        return;
    if (!(s->network->backend->caps & SJ_CAP_CONTACTS)) {
        contact_approved(s, c);
        return;
    }
    op = op_new(s, &ask, &err);
    if (!op)
        return;
    status = s->network->backend->contact_add(s->link, c->id, op, &err);
    if (status == SJ_OK)
        return;
    op_forget(s->all, op);
    if (status != SJ_UNREACHABLE)
        contact_refused(s, c, &err);
}

static void sub_subscribe(struct session *s, const char *peer)
{
    struct contact *c = contact_add(s, peer);
    struct sj_error err = {.status = SJ_OK};

    if (!c) {
        sj_fail(&err, SJ_LIMIT, "You have as many contacts here as the gateway allows (%u).",
                s->all->options->contacts_max);
        session_unsubscribed(s, peer, &err);
        return;
    }
    if (c->to || c->listed) {                        /* R6121-02, G144-10 */
        contact_approved(s, c);
        return;
    }
    c->asked_out = true;
    c->unwanted = false;
    contact_changed(c);
    sub_ask_network(s, c);
}

static void sub_answer(struct session *s, struct contact *c, bool accept)
{
    const struct sj_backend *b = s->network->backend;
    struct sj_error err = {.status = SJ_OK};

    if (!(b->caps & SJ_CAP_APPROVAL) || s->state != SESSION_ONLINE)
        return;
    if (b->contact_answer(s->link, c->id, accept, 0, &err) != SJ_OK)
        sj_log_debug(&s->log, "answer to a contact not passed on peer=%s cause=%s",
                     SJ_CLIP(c->id), SJ_CLIP(err.text));
}

/* The contact may see the user (G100-41, G100-49). */
static void sub_subscribed(struct session *s, struct contact *c)
{
    if (c->from && !c->asked_in)
        return;
    c->from = true;
    c->asked_in = c->unwanted = false;
    contact_changed(c);
    sub_answer(s, c, true);
}

/* The contact may no longer, or was denied (G100-51, R6121-08). */
static void sub_unsubscribed(struct session *s, struct contact *c)
{
    if (!c->from && !c->asked_in)
        return;
    c->from = c->asked_in = false;
    contact_changed(c);
    sub_answer(s, c, false);
    contact_drop_unused(c);
}

/* The network removes it, too. False: not now, as nobody is logged in. */
static bool sub_remove_over_there(struct session *s, struct contact *c)
{
    struct sj_error err = {.status = SJ_UNREACHABLE};
    enum sj_status status = SJ_UNREACHABLE;

    if (s->state == SESSION_ONLINE)
        status = s->network->backend->contact_remove(s->link, c->id, 0, &err);
    if (status != SJ_OK && status != SJ_UNREACHABLE)
        sj_log_debug(&s->log, "contact not removed over there peer=%s cause=%s", SJ_CLIP(c->id),
                     SJ_CLIP(err.text));
    return status != SJ_UNREACHABLE;
}

/* Now, or at the next log-in: else somebody would go on to see the user (G100-42). A list that is
 * ours alone needs no removal then. */
static void sub_remove(struct session *s, struct contact *c)
{
    uint32_t caps = s->network->backend->caps;

    if ((caps & SJ_CAP_CONTACTS) && !sub_remove_over_there(s, c))
        c->unwanted = (caps & SJ_CAP_CONTACT_LIST) != 0;
}

void contact_let_go(struct session *s, struct contact *c)
{
    if (!sub_remove_over_there(s, c))
        return;
    records_promise(s);
    c->unwanted = false;
    contact_changed(c);
    contact_drop_unused(c);
}

void contacts_keep(struct session *s)
{
    struct contact *c;
    uint32_t at = 0;

    while ((c = sj_map_next(&s->contacts, &at)) != NULL) {
        if (!c->unwanted)
            continue;
        c->unwanted = false;
        contact_changed(c);
        contact_drop_unused(c);
    }
}

/* The user no longer wants to see the contact (G100-42, R6121-07). */
static void sub_unsubscribe(struct session *s, struct contact *c)
{
    bool was = c->to || c->asked_out;

    records_promise(s);
    if (c->shown)
        contact_show_unavailable(s, c, s->user);
    c->shown = c->to = c->asked_out = c->listed = false;
    sub_send(s, c->id, XMPP_UNSUBSCRIBED, NULL, NULL);
    if (was) {
        sub_remove(s, c);
        contact_changed(c);
    }
    contact_drop_unused(c);
}

void contact_wanted(struct session *s, const char *id)
{
    sub_subscribe(s, id);
}

void contact_granted(struct session *s, struct contact *c)
{
    sub_subscribed(s, c);
}

void contact_removed(struct session *s, struct contact *c)
{
    bool was = c->to || c->asked_out || c->listed;

    records_promise(s);
    if (c->shown)
        contact_show_unavailable(s, c, s->user);
    c->shown = c->to = c->from = c->asked_out = c->asked_in = c->listed = c->in_roster = false;
    if (was)
        sub_remove(s, c);
    contact_changed(c);
    contact_drop_unused(c);
}

enum sj_status contact_subscription(struct session *s, const struct xmpp_subscription_in *in,
                                    struct sj_error *err)
{
    struct sj_strbuf id;
    struct contact *c;
    enum sj_status status;

    sj_strbuf_init(&id, SJ_ID_MAX);
    status = session_canon(s, in->peer, &id, err);
    if (status != SJ_OK) {
        if (in->kind == XMPP_SUBSCRIBE)
            session_unsubscribed(s, in->peer, err);    /* G100-40 */
        sj_strbuf_release(&id);
        return SJ_OK;
    }
    c = contact_find(s, id.s);
    if (in->kind == XMPP_SUBSCRIBE)
        sub_subscribe(s, id.s);
    else if (!c && in->kind == XMPP_UNSUBSCRIBE)
        sub_send(s, id.s, XMPP_UNSUBSCRIBED, NULL, NULL);
    else if (c && in->kind == XMPP_SUBSCRIBED)
        sub_subscribed(s, c);
    else if (c && in->kind == XMPP_UNSUBSCRIBED)
        sub_unsubscribed(s, c);
    else if (c)
        sub_unsubscribe(s, c);
    sj_strbuf_release(&id);
    return SJ_OK;
}
