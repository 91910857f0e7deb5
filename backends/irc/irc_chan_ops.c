/* SPDX-License-Identifier: MPL-2.0 */
/* What the user does in channels: comes and goes, changes nick and topic, invites.
 *
 * Each is a line in the ring of irc_ops.c, so that a refusal finds its operation and a PONG behind
 * it is its success; coming in is done when the host was told. Changes of modes stand in
 * irc_chan_change.c, lists in irc_chan_list.c. Coming back after the link broke is the gateway's
 * business: a new link is in no channel, but where a bouncer says so. RFC 2812 §3.1.2, §3.2. */
#include <string.h>

#include "irc_ask.h"
#include "irc_chan.h"
#include "irc_nick.h"
#include "irc_regain.h"
#include "irc_send.h"
#include "sojourn/memory.h"

static enum sj_status check(const struct irc_link *l, const char *room, struct sj_error *err)
{
    if (l->state != IRC_ONLINE)
        return sj_fail(err, SJ_UNREACHABLE, "not logged in there");
    if (!irc_chan_is_name(room))
        return sj_fail(err, SJ_NOTFOUND, "there can be no room of this name");
    return SJ_OK;
}

enum sj_status irc_chan_check_in(const struct irc_link *l, const char *room, struct irc_chan **out,
                                 struct sj_error *err)
{
    enum sj_status status = check(l, room, err);

    if (status != SJ_OK)
        return status;
    *out = irc_chan_find(l, room);
    if (!*out || (*out)->state != IRC_CHAN_IN)
        return sj_fail(err, SJ_UNACCEPTABLE, "you are not in this room");
    return SJ_OK;
}

enum sj_status irc_chan_command(struct irc_link *l, const struct irc_out *o, const char *room,
                                const char *other, sj_op op, unsigned flags,
                                struct sj_error *err)
{
    enum irc_casemap map = (enum irc_casemap)l->casemap;
    struct irc_out line;

    if (o->failed || o->n + 2 > l->line_max)
        return sj_fail(err, SJ_UNACCEPTABLE, "that is too long for this network");
    if (!irc_ops_have_room(&l->ops, 1) || !irc_send_has_room(l, o->n + 32, 1))
        return sj_fail(err, SJ_LIMIT, "too much waits for the network; try again later");
    uint32_t hurry = l->ops.hurry;
    uint32_t number = irc_ops_add_command(&l->ops, op, !(flags & IRC_COMMAND_MORE),
                                          room ? irc_case_hash(map, room) : 0,
                                          other ? irc_case_hash(map, other) : 0,
                                          flags & IRC_COMMAND_FORGIVING);
    if (flags & IRC_COMMAND_ECHOED)
        l->ops.hurry = hurry;
    irc_out_init(&line);
    if (!(flags & IRC_COMMAND_PLAIN))
        irc_tag_add_label(l, &line, number);
    irc_tag_end(&line);
    irc_out_add(&line, o->s, o->n);
    bool sent = irc_send(l, &line, IRC_PACED_OP);
    assert(sent);
    (void)sent;
    return SJ_OK;
}

static enum sj_status join(struct sj_link *base, const char *room, const char *nick,
                           const char *password, sj_op op, struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);
    uint16_t length_max = irc_rules_of(l)->channel_length;
    enum sj_status status = check(l, room, err);
    struct irc_out o;

    /* One nickname for the whole network: the one that is wanted here is not taken. */
    (void)nick;
    if (status != SJ_OK)
        return status;
    if (length_max && strlen(room) > length_max)
        return sj_fail(err, SJ_NOTFOUND, "names of rooms have at most %u bytes here",
                       (unsigned)length_max);
    if (password && (!*password || strpbrk(password, " ,") || *password == ':'))
        return sj_fail(err, SJ_AUTH, "this cannot be the password of a room here");
    struct irc_chan *c = irc_chan_find(l, room);
    if (c && c->state == IRC_CHAN_IN) {
        irc_link_done(l, op);
        return SJ_OK;
    }
    if (c && c->join_op)
        return sj_fail(err, SJ_EXISTS, "the room is being entered already");
    if (c) {
        c->join_op = op;
        return SJ_OK;
    }
    irc_out_init(&o);
    irc_out_adds(&o, "JOIN ");
    irc_out_adds(&o, room);
    if (password) {
        irc_out_adds(&o, " ");
        irc_out_adds(&o, password);
    }
    if (o.n + 2 > l->line_max || !irc_send_has_room(l, o.n, 1))
        return sj_fail(err, SJ_LIMIT, "too much waits for the network; try again later");
    c = irc_chan_add(l, room);
    if (!c)
        return sj_fail(err, SJ_LIMIT, "no more than %u rooms are possible; leave one first",
                       IRC_CHANS_MAX);
    c->join_op = op;
    irc_send(l, &o, IRC_PACED);
    sj_wipe(&o, sizeof o);
    return SJ_OK;
}

static enum sj_status leave(struct sj_link *base, const char *room, const char *reason, sj_op op,
                            struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);
    enum sj_status status = check(l, room, err);
    struct irc_out o;

    if (status != SJ_OK)
        return status;
    if (!irc_chan_find(l, room)) {
        irc_link_done(l, op);
        return SJ_OK;
    }
    irc_out_init(&o);
    irc_out_adds(&o, "PART ");
    irc_out_adds(&o, room);
    if (reason && *reason) {
        irc_out_adds(&o, " :");
        irc_out_add_text(&o, reason, IRC_TEXT_MAX);
    }
    return irc_chan_command(l, &o, room, NULL, op, IRC_COMMAND_FORGIVING, err);
}

static enum sj_status set_nick(struct sj_link *base, const char *room, const char *nick, sj_op op,
                               struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);
    enum sj_status status = check(l, room, err);
    struct irc_out o;

    if (status != SJ_OK)
        return status;
    if (!irc_nick_may_be_target(nick) || strchr("0123456789-", *nick))
        return sj_fail(err, SJ_UNACCEPTABLE, "this network does not take such a nickname");
    if (l->nick_length && strlen(nick) > l->nick_length)
        return sj_fail(err, SJ_UNACCEPTABLE, "nicknames have at most %u bytes here",
                       (unsigned)l->nick_length);
    if (l->nick && strcmp(nick, l->nick) == 0) {
        irc_link_done(l, op);
        return SJ_OK;
    }
    irc_out_init(&o);
    irc_out_adds(&o, "NICK ");
    irc_out_adds(&o, nick);
    /* The answer to one with a label comes from the new nickname (InspIRCd 3). */
    status = irc_chan_command(l, &o, NULL, nick, op, IRC_COMMAND_PLAIN, err);
    /* The user wants this one now. */
    if (status == SJ_OK)
        irc_regain_stop(l);
    return status;
}

static enum sj_status set_subject(struct sj_link *base, const char *room, const char *text,
                                  sj_op op, struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);
    uint16_t length_max = irc_rules_of(l)->topic_length;
    struct irc_chan *c;
    enum sj_status status = irc_chan_check_in(l, room, &c, err);
    struct irc_out o;

    if (status != SJ_OK)
        return status;
    if (length_max && strlen(text) > length_max)
        return sj_fail(err, SJ_UNACCEPTABLE, "a subject has at most %u bytes here",
                       (unsigned)length_max);
    irc_out_init(&o);
    irc_out_adds(&o, "TOPIC ");
    irc_out_adds(&o, room);
    irc_out_adds(&o, " :");
    irc_out_add_text(&o, text, IRC_LINE_MAX);
    return irc_chan_command(l, &o, room, NULL, op, 0, err);
}

static enum sj_status invite(struct sj_link *base, const char *room, const char *id,
                             const char *reason, sj_op op, struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);
    struct irc_chan *c;
    enum sj_status status = irc_chan_check_in(l, room, &c, err);
    struct irc_out o;

    /* INVITE has no room for a reason. */
    (void)reason;
    if (status != SJ_OK)
        return status;
    if (!irc_nick_may_be_target(id))
        return sj_fail(err, SJ_NOTFOUND, "no nickname of this network");
    irc_out_init(&o);
    irc_out_adds(&o, "INVITE ");
    irc_out_adds(&o, id);
    irc_out_adds(&o, " ");
    irc_out_adds(&o, room);
    return irc_chan_command(l, &o, room, id, op, 0, err);
}

const struct sj_backend_rooms irc_backend_rooms = {
    .is_room = irc_chan_is_room,
    .join = join,
    .leave = leave,
    .set_nick = set_nick,
    .set_subject = set_subject,
    .change = irc_chan_change,
    .affiliates = irc_chan_affiliates,
    .invite = invite,
    .look = irc_chan_look,
    .list = irc_chan_list,
    .history = irc_chan_history,
    .flags_settable = SJ_ROOM_SECRET | SJ_ROOM_MEMBERS_ONLY | SJ_ROOM_MODERATED |
                      SJ_ROOM_PASSWORD | SJ_ROOM_SUBJECT_LOCKED,
    .max_settable = true,
};
