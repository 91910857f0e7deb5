/* SPDX-License-Identifier: MPL-2.0 */
/* Who types, both ways (XEP-0085). Clients that have shown no sign of knowing chat states get
 * none (G085-06); each notification is told once in a row (G085-02); what the network begins and
 * does not end, we end (G085-07). */
#include <string.h>

#include "preference.h"
#include "session.h"
#include "sojourn/strbuf.h"
#include "talk.h"

static bool typing_is_possible(const struct session *s)
{
    return (s->network->backend->caps & SJ_CAP_TYPING) != 0 &&
           session_prefers(s, PREFERENCE_TYPING);        /* G085-09 */
}

/* ---- what clients can do ---- */

void typing_learn(struct session *s, const char *resource, enum xmpp_chat_state state)
{
    struct resource *r;

    if (!typing_is_possible(s) || (r = session_resource(s, resource)) == NULL)
        return;
    if (state != XMPP_STATE_NONE)
        r->chat_states = RESOURCE_STATES_YES;
    else if (r->chat_states == RESOURCE_STATES_UNKNOWN)
        r->chat_states = RESOURCE_STATES_NO;
}

bool typing_is_spoken(const struct session *s)
{
    const struct sj_list *at;

    if (!typing_is_possible(s))
        return false;
    for (at = s->resources.next; at != &s->resources; at = at->next) {
        if (SJ_CONTAINER(at, struct resource, link)->chat_states != RESOURCE_STATES_NO)
            return true;
    }
    return sj_list_empty(&s->resources);
}

/* ---- the user types ---- */

void typing_from_user(struct session *s, const struct xmpp_from *from, const char *peer,
                      enum xmpp_chat_state state)
{
    static const enum sj_typing table[] = {
        [XMPP_STATE_NONE] = SJ_TYPING_STOPPED,     [XMPP_STATE_ACTIVE] = SJ_TYPING_STOPPED,
        [XMPP_STATE_COMPOSING] = SJ_TYPING_ACTIVE, [XMPP_STATE_PAUSED] = SJ_TYPING_PAUSED,
        [XMPP_STATE_INACTIVE] = SJ_TYPING_STOPPED, [XMPP_STATE_GONE] = SJ_TYPING_STOPPED,
    };
    const struct talk *known = talk_find(s, peer);
    enum sj_typing told = known ? known->told : SJ_TYPING_STOPPED;

    typing_learn(s, from->resource, state);
    if (!typing_is_possible(s) || !(session_caps(s, peer) & SJ_CAP_TYPING) ||
        s->state != SESSION_ONLINE || told == table[state])
        return;
    talk_get(s, peer)->told = table[state];
    s->network->backend->set_typing(s->link, peer, table[state]);
}

/* ---- the peer types ---- */

static void typing_show(struct session *s, const char *peer, enum xmpp_chat_state state)
{
    const struct sj_list *at;
    struct sj_strbuf to;

    sj_strbuf_init(&to, 6143);
    for (at = s->resources.next; at != &s->resources; at = at->next) {
        const struct resource *r = SJ_CONTAINER(at, struct resource, link);
        if (r->chat_states != RESOURCE_STATES_YES)
            continue;
        sj_strbuf_reset(&to);
        sj_strbuf_addf(&to, "%s/%s", s->user, r->name);
        xmpp_send_chat_state(s->all->xmpp, s->network->index, peer, to.s, state);
    }
    sj_strbuf_release(&to);
}

static void typing_stop_watch(struct talk *t)
{
    t->peer_types = false;
    sj_list_remove(&t->typing);
}

static void typing_watch(struct talk *t)
{
    struct sessions *all = t->session->all;

    t->peer_types = true;
    t->typing_until_ms = sj_loop_now_ms(all->loop) + TALK_TYPING_MS;
    sj_list_remove(&t->typing);
    sj_list_append(&all->typing, &t->typing);
    sessions_sweep_later(all);
}

void typing_ends(struct session *s, const char *peer, bool the_user)
{
    struct talk *t = talk_find(s, peer);

    if (t && the_user)
        t->told = SJ_TYPING_STOPPED;
    else if (t && t->peer_types)
        typing_stop_watch(t);            /* the message says it all */
}

void typing_from_network(struct session *s, const char *peer, enum sj_typing typing)
{
    const struct contact *c = contact_find(s, peer);
    struct talk *t = talk_find(s, peer);
    bool types = t && t->peer_types;

    if (!typing_is_possible(s) || !c || !c->to || !s->announced || s->quiet)
        return;                          /* G085-09: who may not see the contact hears nothing */
    if (typing == SJ_TYPING_ACTIVE) {
        if (!types)
            typing_show(s, peer, XMPP_STATE_COMPOSING);
        typing_watch(talk_get(s, peer));
    } else if (types) {
        typing_stop_watch(t);
        typing_show(s, peer,
                    typing == SJ_TYPING_PAUSED ? XMPP_STATE_PAUSED : XMPP_STATE_ACTIVE);
    }
}

void typing_forget(struct talk *t)
{
    struct session *s = t->session;

    if (t->peer_types) {
        typing_stop_watch(t);
        typing_show(s, t->peer, XMPP_STATE_PAUSED);
    }
    if (t->told != SJ_TYPING_STOPPED && s->state == SESSION_ONLINE) {
        t->told = SJ_TYPING_STOPPED;
        s->network->backend->set_typing(s->link, t->peer, SJ_TYPING_STOPPED);
    }
}

void typing_sweep(struct sessions *all, int64_t now_ms)
{
    while (!sj_list_empty(&all->typing)) {
        struct talk *t = SJ_CONTAINER(all->typing.next, struct talk, typing);
        if (now_ms < t->typing_until_ms)
            return;
        typing_stop_watch(t);
        typing_show(t->session, t->peer, XMPP_STATE_PAUSED);
    }
}
