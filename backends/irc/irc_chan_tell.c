/* SPDX-License-Identifier: MPL-2.0 */
/* What the host is told of channels: members as occupants, modes as flags, coming in and going.
 *
 * A channel is told in one piece at the end of its names; what comes between JOIN and that end
 * only changes the data. Before the link is up nothing is told: a bouncer puts its users into
 * their channels during the welcome. */
#include <stdio.h>
#include <string.h>

#include "irc_ask.h"
#include "irc_chan.h"
#include "irc_nick.h"
#include "irc_send.h"
#include "sojourn/memory.h"

void irc_chan_tell_member(struct irc_link *l, const struct irc_member *m)
{
    const struct irc_rules *rules = irc_rules_of(l);
    const struct irc_person *p = m->person;
    const char *titles[SJ_ROOM_TITLES_MAX];
    char account[IRC_NICK_MAX + 8];

    if (m->chan->state != IRC_CHAN_IN || !irc_rooms_told(l))
        return;
    /* As ban masks have it: nobody else's nickname can look like that. */
    (void)snprintf(account, sizeof account, "$a:%s", p->account ? p->account : "");
    const struct sj_occupant o = {
        .nick = p->nick,
        .id = !p->is_repaired && irc_nick_may_be_target(p->id) ? p->id : NULL,
        .account = p->account ? account : NULL,
        .affiliation = irc_chan_affiliation(rules, m),
        .role = irc_chan_role(rules, m),
        .show = p->away ? SJ_SHOW_AWAY : SJ_SHOW_ONLINE,
        .status = p->away && *p->away ? p->away : NULL,
        .titles = titles,
        .n_titles = irc_chan_titles(rules, m, titles),
        .self = irc_person_is_self(l, p),
    };
    irc_rooms_host(l)->occupant(&l->base, m->chan->id, &o);
}

void irc_chan_tell_person(struct irc_link *l, const struct irc_person *p)
{
    for (const struct irc_member *m = p->first; m; m = m->next)
        irc_chan_tell_member(l, m);
}

void irc_chan_tell_gone(struct irc_link *l, const struct irc_member *m, const struct sj_exit *why)
{
    if (m->chan->state == IRC_CHAN_IN && irc_rooms_told(l))
        irc_rooms_host(l)->occupant_gone(&l->base, m->chan->id, m->person->nick, why);
}

static uint32_t flags_of(uint32_t bits)
{
    if (bits & IRC_CHAN_PRIVATE)
        bits |= SJ_ROOM_SECRET;
    return bits & ~IRC_CHAN_PRIVATE;
}

void irc_chan_tell_room(struct irc_link *l, const struct irc_chan *c)
{
    const struct sj_room room = {
        .id = c->id,
        .name = c->name,
        .flags = flags_of(c->flags),
        .known = flags_of(c->known) | SJ_ROOM_ANONYMOUS,
        .n_occupants = c->n_members + c->n_missed,
        .occupants_max = c->limit,
    };

    if (c->state == IRC_CHAN_IN && irc_rooms_told(l))
        irc_rooms_host(l)->room(&l->base, &room);
}

static void tell_members(struct irc_link *l, struct irc_chan *c)
{
    const struct irc_member *self = l->nick ? irc_member_find(l, c, l->nick) : NULL;

    for (const struct sj_list *at = c->members.next; at != &c->members; at = at->next) {
        const struct irc_member *m = SJ_CONTAINER(at, struct irc_member, in_chan);
        if (m != self)
            irc_chan_tell_member(l, m);
    }
    if (self)
        irc_chan_tell_member(l, self);
}

static void ask_modes(struct irc_link *l, const struct irc_chan *c)
{
    struct irc_out o;

    irc_out_init(&o);
    irc_out_adds(&o, "MODE ");
    irc_out_adds(&o, c->id);
    irc_send(l, &o, IRC_PACED);
}

static void join_done(struct irc_link *l, struct irc_chan *c, const struct sj_error *err)
{
    sj_op op = c->join_op;

    c->join_op = 0;
    if (op)
        l->base.host->op_done(&l->base, op, err);
}

void irc_chan_enter(struct irc_link *l, struct irc_chan *c)
{
    const struct sj_host_rooms *host = irc_rooms_host(l);
    char *topic = c->topic;
    char *nick = c->topic_nick;

    c->topic = c->topic_nick = NULL;
    c->state = IRC_CHAN_IN;
    tell_members(l, c);
    irc_chan_tell_room(l, c);
    if (irc_rooms_told(l))
        host->subject(&l->base, c->id, nick, topic ? topic : "", c->topic_at);
    if (irc_rooms_told(l))
        host->entered(&l->base, c->id);
    sj_free(topic);
    sj_free(nick);
    join_done(l, c, NULL);
    if (!irc_rooms_told(l))
        return;
    ask_modes(l, c);
    irc_ask_who(l, c);
}

void irc_chan_leave(struct irc_link *l, struct irc_chan *c, const struct sj_exit *why,
                    const struct sj_error *err)
{
    bool was_in = c->state == IRC_CHAN_IN;

    /* Out of the table first: who hears of it may join anew. */
    sj_map_remove(&l->rooms->by_id, c->id);
    sj_list_remove(&c->link);
    if (was_in && why && irc_rooms_told(l))
        irc_rooms_host(l)->left(&l->base, c->id, why);
    join_done(l, c, err);
    irc_chan_remove(l, c);
}

void irc_chan_on_up(struct irc_link *l)
{
    struct irc_rooms *rooms = l->rooms;

    if (!rooms)
        return;
    for (struct sj_list *at = rooms->chans.next; at != &rooms->chans; at = at->next) {
        struct irc_chan *c = SJ_CONTAINER(at, struct irc_chan, link);
        if (c->state == IRC_CHAN_ENTERING && c->has_names && irc_rooms_told(l))
            irc_chan_enter(l, c);
    }
}

void irc_chan_fail_all(struct irc_link *l)
{
    struct irc_rooms *rooms = l->rooms;
    struct sj_error err;

    if (!rooms)
        return;
    sj_timer_stop(&rooms->timer);
    sj_fail(&err, SJ_UNREACHABLE, "the session ended before the network answered");
    for (struct sj_list *at = rooms->chans.next; at != &rooms->chans; at = at->next)
        join_done(l, SJ_CONTAINER(at, struct irc_chan, link), &err);
    irc_ask_fail_all(l, &err);
}
