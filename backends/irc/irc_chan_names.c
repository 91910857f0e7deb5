/* SPDX-License-Identifier: MPL-2.0 */
/* Coming into a channel: JOIN, the list of names, the topic; and topics that change later.
 *
 * The answer to JOIN is: JOIN, the topic if there is one, names in many lines, their end. Lines
 * about others may stand between, and are taken as they come. A list that makes no progress is
 * over, one that grows without end ends the link. RFC 2812 §3.2.1, §3.2.4, §5.1; IRCv3
 * extended-join, multi-prefix, userhost-in-names. */
#include <string.h>

#include "irc_ask.h"
#include "irc_chan.h"
#include "irc_parse.h"
#include "irc_self.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"

/* Between two looks at the deadlines. */
#define TIMER_MS 5000
/* When channels were made, in seconds; later is nonsense. */
#define TIME_MAX 253402300799

static bool is_self(const struct irc_link *l, const char *nick)
{
    return l->nick && irc_case_equal((enum irc_casemap)l->casemap, nick, l->nick);
}

static struct irc_chan *join_self(struct irc_link *l, const struct irc_line *line)
{
    struct irc_chan *c = irc_chan_find(l, line->param[0]);

    irc_self_learn(l, line->user, line->host);
    if (!c)
        c = irc_chan_add(l, line->param[0]);
    if (!c || c->state != IRC_CHAN_ASKED)
        return NULL;
    c->state = IRC_CHAN_ENTERING;
    c->since_ms = sj_loop_now_ms(l->base.loop);
    if (irc_chan_is_name(line->param[0])) {
        sj_free(c->name);
        c->name = sj_strdup(line->param[0]);
    }
    return c;
}

/* :nick!user@host JOIN <channel> [<account or *> :<real name>] */
void irc_chan_handle_join(struct irc_link *l, struct irc_line *line)
{
    struct irc_chan *c = is_self(l, line->nick) ? join_self(l, line)
                                                : irc_chan_find(l, line->param[0]);

    if (!c || c->state == IRC_CHAN_ASKED)
        return;
    uint32_t before = c->n_members;
    struct irc_member *m = irc_member_add(l, c, line->nick);
    if (!m || c->n_members == before)
        return;
    irc_person_learn(l, m->person, line->user, line->host);
    if (line->n_params > 1 && irc_cap_has(l, IRC_CAP_EXTENDED_JOIN)) {
        const char *account = line->param[1];
        irc_person_set(l, &m->person->account, strcmp(account, "*") == 0 ? NULL : account,
                       IRC_NICK_MAX);
    }
    m->person->is_bot |= line->tags.bot;
    irc_chan_tell_member(l, m);
}

/* One of them: signs, nickname, and its mask if the server tells it. */
static void take_name(struct irc_link *l, struct irc_chan *c, char *name)
{
    const struct irc_rules *rules = irc_rules_of(l);
    uint8_t ranks = 0;

    for (uint8_t bit; (bit = irc_rules_sign(rules, *name)) != 0; name++)
        ranks |= bit;
    char *user = strchr(name, '!');
    char *host = user ? strchr(user, '@') : NULL;
    if (user)
        *user++ = '\0';
    if (host)
        *host++ = '\0';
    struct irc_member *m = irc_member_add(l, c, name);
    if (!m)
        return;
    m->ranks = ranks;
    irc_person_learn(l, m->person, user, host);
}

/* 353 <me> <= or @ or *> <channel> :<names> */
void irc_chan_handle_names(struct irc_link *l, struct irc_line *line)
{
    struct irc_chan *c = irc_chan_find(l, line->param[2]);
    char *name = line->param[3];

    if (!c || c->state != IRC_CHAN_ENTERING || c->has_names)
        return;
    c->since_ms = sj_loop_now_ms(l->base.loop);
    while (*name) {
        char *next = name + strcspn(name, " ");
        if (*next)
            *next++ = '\0';
        if (*name)
            take_name(l, c, name);
        if (++c->n_names > IRC_NAMES_MAX) {
            irc_link_end(l, SJ_END_PROTOCOL, "a list of names without end");
            return;
        }
        name = next;
    }
}

static void names_over(struct irc_link *l, struct irc_chan *c)
{
    c->has_names = true;
    /* Some servers hide even us from the list. */
    if (l->nick)
        irc_member_add(l, c, l->nick);
    if (irc_rooms_told(l))
        irc_chan_enter(l, c);
}

/* 366 <me> <channel> :End of /NAMES list */
void irc_chan_handle_names_end(struct irc_link *l, struct irc_line *line)
{
    struct irc_chan *c = irc_chan_find(l, line->param[1]);

    if (c && c->state == IRC_CHAN_ENTERING && !c->has_names)
        names_over(l, c);
}

/* 332 <me> <channel> :<topic>; 331 <me> <channel> :No topic is set */
void irc_chan_handle_topic_is(struct irc_link *l, struct irc_line *line)
{
    struct irc_chan *c = irc_chan_find(l, line->param[1]);

    if (!c || c->state != IRC_CHAN_ENTERING)
        return;
    sj_free(c->topic);
    c->topic = line->numeric == 332
                   ? irc_chan_clean(l, line->param[line->n_params - 1], SJ_SUBJECT_MAX)
                   : NULL;
}

/* 333 <me> <channel> <nick or mask> <seconds since 1970> */
void irc_chan_handle_topic_by(struct irc_link *l, struct irc_line *line)
{
    struct irc_chan *c = irc_chan_find(l, line->param[1]);
    int64_t seconds;

    if (!c || c->state != IRC_CHAN_ENTERING)
        return;
    sj_free(c->topic_nick);
    c->topic_nick = irc_chan_nick(l, line->param[2]);
    if (line->n_params > 3 && sj_parse_int(line->param[3], 1, TIME_MAX, &seconds))
        c->topic_at = seconds * 1000;
}

/* :nick!user@host TOPIC <channel> :<topic> */
void irc_chan_handle_topic(struct irc_link *l, struct irc_line *line)
{
    struct irc_chan *c = irc_chan_find(l, line->param[0]);
    int64_t at = 0;

    if (!c || c->state == IRC_CHAN_ASKED)
        return;
    char *topic = irc_chan_clean(l, line->param[1], SJ_SUBJECT_MAX);
    char *nick = irc_chan_nick(l, line->nick);
    if (line->tags.time && !irc_parse_time(line->tags.time, &at))
        at = 0;
    if (c->state == IRC_CHAN_IN) {
        irc_rooms_host(l)->subject(&l->base, c->id, nick, topic, at);
        sj_free(topic);
        sj_free(nick);
        return;
    }
    sj_free(c->topic);
    sj_free(c->topic_nick);
    c->topic = topic;
    c->topic_nick = nick;
    c->topic_at = at;
}

/* One channel that may wait for too long; true: it still waits. */
static bool is_waiting(struct irc_link *l, struct irc_chan *c, int64_t now_ms)
{
    bool is_over = now_ms - c->since_ms >= IRC_JOIN_MS;
    struct sj_error err;

    if (c->state == IRC_CHAN_IN || (c->state == IRC_CHAN_ENTERING && c->has_names))
        return false;
    if (!is_over)
        return true;
    sj_log_info(l->base.log, "room unanswered id=%s names=%u", SJ_CLIP(c->id),
                (unsigned)c->n_names);
    if (c->state == IRC_CHAN_ASKED) {
        sj_fail(&err, SJ_TIMEOUT, "the network did not answer");
        irc_chan_leave(l, c, NULL, &err);
    } else {
        names_over(l, c);
    }
    return false;
}

void irc_chan_on_timer(void *arg)
{
    struct irc_link *l = arg;
    struct irc_rooms *rooms = l->rooms;
    int64_t now_ms = sj_loop_now_ms(l->base.loop);
    bool again = false;

    for (struct sj_list *at = rooms->chans.next, *next; at != &rooms->chans; at = next) {
        struct irc_chan *c = SJ_CONTAINER(at, struct irc_chan, link);
        next = at->next;
        if (l->state < IRC_CLOSING && is_waiting(l, c, now_ms))
            again = true;
    }
    if (irc_ask_on_timer(l, now_ms))
        again = true;
    if (again)
        sj_timer_start(l->base.loop, &rooms->timer, TIMER_MS);
}
