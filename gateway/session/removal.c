/* SPDX-License-Identifier: MPL-2.0 */
/* Unregistering, in the order of XEP-0100 §4.3 and G100-19, G100-20: contacts go, the network is
 * told, the data are deleted, the request is answered, then the gateway's own presence ends. All
 * that the user is told of it waits until the data are gone from the disk (xmpp_hold): a crash
 * before that leaves everything as it was, and nobody has heard anything else. */
#include "command.h"
#include "late.h"
#include "position.h"
#include "records.h"
#include "roster.h"
#include "session.h"
#include "sojourn/memory.h"
#include "transfer.h"

static void removal_sub(struct session *s, const char *peer, enum xmpp_sub kind)
{
    xmpp_send_subscription(s->all->xmpp, s->network->index, peer, s->user, kind, NULL, NULL, NULL);
}

static void removal_contacts(struct session *s)
{
    struct contact *c;
    uint32_t at = 0;

    contacts_unavailable(s, true);
    roster_remove_created(s);
    while ((c = sj_map_next(&s->contacts, &at)) != NULL) {
        if (c->from || c->asked_in)
            removal_sub(s, c->id, XMPP_UNSUBSCRIBE);
        if (c->to || c->asked_out)
            removal_sub(s, c->id, XMPP_UNSUBSCRIBED);
    }
}

void session_remove(struct session *s)
{
    struct sj_error gone;

    check_settle(s);
    s->removal.hold = xmpp_hold(s->all->xmpp, s->network->index, s->user);
    sj_fail(&gone, SJ_UNREGISTERED, "You have unregistered from this gateway.");
    s->wants_online = false;
    position_free(s);
    if (s->check) {
        waiter_tell(s->all, &s->check->waiter, &gone);
        check_free(s);
    }
    transfers_drop(s, &gone);
    held_out_bounce(s, &gone);
    held_in_send(s);
    removal_contacts(s);
    if (s->state == SESSION_REFUSED) {
        session_enter(s, SESSION_OFFLINE, "unregistered");
    } else {
        if (s->link && s->state != SESSION_CLOSING)
            session_log_out(s);
        session_logout(s, "");
    }
    if (s->state == SESSION_OFFLINE && !session_log_out(s))
        session_removed(s);
}

static void removal_answer(struct session *s, const struct sj_error *err)
{
    struct removal r = s->removal;

    s->removal = (struct removal){.wanted = false};
    if (r.req)
        xmpp_answer(s->all->xmpp, r.req, err);
    if (r.done)
        r.done(r.arg, r.ticket, err);
}

static void removal_end(struct session *s)
{
    struct xmpp_presence_out bye = {.to = s->user, .show = XMPP_OFFLINE};

    own_profile_free(s);
    preferences_release(s);
    preferences_init(s);
    s->registered = s->online_stored = s->sees_user = s->seen_by_user = false;
    late_forget(s->network, s->user);
    contacts_clear(s);
    session_resources_clear(s);
    held_clear(s);
    sj_log_info(&s->log, "unregistered");
    removal_answer(s, NULL);
    commands_end_user(s->all, s->network->index, s->user);
    removal_sub(s, NULL, XMPP_UNSUBSCRIBE);
    removal_sub(s, NULL, XMPP_UNSUBSCRIBED);
    xmpp_send_presence(s->all->xmpp, s->network->index, &bye);
}

/* The store's. */
static void removal_stored(void *sessions, uint64_t session, const struct sj_error *err)
{
    struct sessions *all = sessions;
    struct session *s = session_by_id(all, session);
    uint64_t hold;

    if (!s)
        return;
    hold = s->removal.hold;
    if (err && err->status != SJ_NOTFOUND) {
        sj_log_error(&s->log, "unregistering failed cause=%s", SJ_CLIP(err->text));
        removal_answer(s, err);
    } else {
        removal_end(s);
    }
    xmpp_let_go(all->xmpp, hold, false);
    session_release(s);
}

void session_removed(struct session *s)
{
    struct sessions *all = s->all;
    struct sj_owner owner;

    session_owner(s, &owner);
    sj_store_registration_remove(all->store, &owner, removal_stored, all, s->id);
    if (all->stopping)
        records_flush(all);              /* it has to be said before the stream ends */
}
