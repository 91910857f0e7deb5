/* SPDX-License-Identifier: MPL-2.0 */
/* People of channels: who leaves, is kicked, quits, changes nick, goes away, logs in; invitations.
 *
 * What is said of people whom nobody shares a channel with is no business of channels. A quit whose
 * reason is two names of servers is a split of the network, which thousands may suffer at once. Two
 * people with one nickname cannot be: the one who had it is a ghost and goes. RFC 2812 §3.1.2,
 * §3.1.7, §3.2.2, §3.2.7, §3.2.8; RFC 1459 §4.1.6 (splits); IRCv3 away-notify, account-notify,
 * chghost, invite-notify. */
#include <string.h>

#include "irc_bans.h"
#include "irc_chan.h"
#include "irc_nick.h"
#include "irc_parse.h"
#include "irc_presence.h"
#include "irc_self.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"

/* Between two lines in the log about splits. */
#define SPLIT_LOG_MS 60000

static bool is_self(const struct irc_link *l, const char *nick)
{
    return l->nick && irc_case_equal((enum irc_casemap)l->casemap, nick, l->nick);
}

/* Goes everywhere; p is gone, too. */
static void person_gone(struct irc_link *l, struct irc_person *p, const struct sj_exit *why)
{
    for (bool last = false; !last;) {
        struct irc_member *m = p->first;
        last = !m->next;
        irc_chan_tell_gone(l, m, why);
        irc_member_remove(l, m);
    }
}

/* The user, or somebody else, is out of a channel. */
static void member_out(struct irc_link *l, struct irc_chan *c, const char *nick,
                       const struct sj_exit *why)
{
    struct sj_error err;

    if (is_self(l, nick)) {
        sj_fail(&err, why->kind == SJ_EXIT_LEFT ? SJ_CANCELED : SJ_DENIED, "%s",
                why->kind == SJ_EXIT_LEFT ? N_("left while entering")
                                          : N_("removed while entering"));
        irc_chan_leave(l, c, why, &err);
        return;
    }
    struct irc_member *m = irc_member_find(l, c, nick);
    if (!m)
        return;
    irc_chan_tell_gone(l, m, why);
    irc_member_remove(l, m);
}

/* :nick!user@host PART <channel> [:<reason>] */
void irc_chan_handle_part(struct irc_link *l, struct irc_line *line)
{
    struct irc_chan *c = irc_chan_find(l, line->param[0]);

    if (!c || c->state == IRC_CHAN_ASKED)
        return;
    char *reason = irc_chan_clean(l, line->n_params > 1 ? line->param[1] : "", SJ_REASON_MAX);
    const struct sj_exit why = { .kind = SJ_EXIT_LEFT, .reason = *reason ? reason : NULL };
    member_out(l, c, line->nick, &why);
    sj_free(reason);
}

/* :nick!user@host KICK <channel> <nick> [:<reason>] */
void irc_chan_handle_kick(struct irc_link *l, struct irc_line *line)
{
    struct irc_chan *c = irc_chan_find(l, line->param[0]);

    if (!c || c->state == IRC_CHAN_ASKED)
        return;
    char *reason = irc_chan_clean(l, line->n_params > 2 ? line->param[2] : "", SJ_REASON_MAX);
    char *actor = irc_chan_nick(l, line->nick);
    const struct irc_member *m = irc_member_find(l, c, line->param[1]);
    const struct sj_exit why = {
        .kind = m && irc_bans_has(l, c, m) ? SJ_EXIT_BANNED : SJ_EXIT_KICKED,
        .actor = actor, .reason = *reason ? reason : NULL,
    };
    member_out(l, c, line->param[1], &why);
    sj_free(actor);
    sj_free(reason);
}

/* A server's name, as it stands in the reason of a split: words with dots, maybe a star. */
static size_t server_name(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-*");
    const char *dot = memchr(s, '.', n);

    return dot && dot > s && dot + 1 < s + n && s[n - 1] != '.' ? n : 0;
}

static bool is_split(const char *reason)
{
    size_t n = server_name(reason);

    if (n == 0 || reason[n] != ' ')
        return false;
    size_t m = server_name(reason + n + 1);
    return m > 0 && reason[n + 1 + m] == '\0';
}

static void log_split(struct irc_link *l, const char *servers)
{
    int64_t now_ms = sj_loop_now_ms(l->base.loop);
    struct irc_rooms *rooms = l->rooms;

    if (rooms->split_ms && now_ms - rooms->split_ms < SPLIT_LOG_MS)
        return;
    rooms->split_ms = now_ms;
    sj_log_info(l->base.log, "network split servers=%s", SJ_CLIP(servers));
}

/* :nick!user@host QUIT [:<reason>] */
void irc_chan_handle_quit(struct irc_link *l, struct irc_line *line)
{
    struct irc_person *p = irc_person_find(l, line->nick);

    /* Of ourselves ERROR follows. */
    if (!p || irc_person_is_self(l, p))
        return;
    char *reason = irc_chan_clean(l, line->n_params ? line->param[0] : "", SJ_REASON_MAX);
    struct sj_exit why = { .kind = SJ_EXIT_LEFT, .reason = *reason ? reason : NULL };
    if (is_split(reason)) {
        why.kind = SJ_EXIT_LOST;
        log_split(l, reason);
    }
    person_gone(l, p, &why);
    sj_free(reason);
}

static void rename_person(struct irc_link *l, struct irc_person *p, const struct irc_nickname *to)
{
    const struct sj_host_rooms *host = irc_rooms_host(l);
    char *before = sj_strdup(p->nick);

    irc_person_rename(l, p, to);
    for (const struct irc_member *m = p->first; m; m = m->next) {
        if (m->chan->state != IRC_CHAN_IN || !irc_rooms_told(l) || strcmp(before, p->nick) == 0)
            continue;
        host->occupant_renamed(&l->base, m->chan->id, before, p->nick);
        /* The nickname is the address, too. */
        if (!irc_person_is_self(l, p))
            irc_chan_tell_member(l, m);
    }
    sj_free(before);
}

/* :nick!user@host NICK <new nick> */
void irc_chan_handle_nick(struct irc_link *l, struct irc_line *line)
{
    static const struct sj_exit lost = { .kind = SJ_EXIT_LOST };
    struct irc_person *p = irc_person_find(l, line->nick);
    bool self = is_self(l, line->nick);
    struct irc_nickname to;

    if (p && (!self || irc_nick_may_be_target(line->param[0]))) {
        bool is_name = irc_nickname_of(&to, l, line->param[0]);
        struct irc_person *other = is_name ? sj_map_find(&l->rooms->people, to.id) : NULL;
        bool is_ours = other && other != p && irc_person_is_self(l, other);
        if (!is_name || is_ours) {
            sj_log_debug(l->base.log, "nick refused nick=%s", SJ_CLIP(line->param[0]));
            person_gone(l, p, &lost);
            return;
        }
        if (other && other != p)
            person_gone(l, other, &lost);
        irc_self_handle_nick(l, line);
        if (l->state != IRC_DOWN)
            rename_person(l, p, &to);
        return;
    }
    irc_self_handle_nick(l, line);
}

/* :nick!user@host AWAY [:<text>] (away-notify) */
void irc_chan_handle_away(struct irc_link *l, struct irc_line *line)
{
    const char *text = line->n_params && *line->param[0] ? line->param[0] : NULL;
    struct irc_person *p = irc_person_find(l, line->nick);

    if (p && irc_person_set(l, &p->away, text, SJ_STATUS_MAX))
        irc_chan_tell_person(l, p);
    if (l->state == IRC_ONLINE)
        irc_presence_handle_away(l, line);
}

/* :nick!user@host ACCOUNT <account or *> (account-notify) */
void irc_chan_handle_account(struct irc_link *l, struct irc_line *line)
{
    const char *account = strcmp(line->param[0], "*") == 0 ? NULL : line->param[0];
    struct irc_person *p = irc_person_find(l, line->nick);

    if (p && irc_person_set(l, &p->account, account, IRC_NICK_MAX))
        irc_chan_tell_person(l, p);
}

/* :nick!user@host CHGHOST <user> <host> */
void irc_chan_handle_chghost(struct irc_link *l, struct irc_line *line)
{
    struct irc_person *p = irc_person_find(l, line->nick);

    if (p)
        irc_person_learn(l, p, line->param[0], line->param[1]);
    irc_self_handle_chghost(l, line);
}

/* :nick!user@host INVITE <nick> <channel>; with invite-notify also of others, which is their
 * business. */
void irc_chan_handle_invite(struct irc_link *l, struct irc_line *line)
{
    char id[IRC_CHANNEL_MAX + 1];
    char by[IRC_NICK_MAX + 1];

    if (!irc_rooms_told(l) || !is_self(l, line->param[0]) || !irc_chan_is_name(line->param[1]))
        return;
    sj_copy(id, sizeof id, line->param[1]);
    irc_case_fold((enum irc_casemap)l->casemap, id);
    bool is_person = irc_nick_may_be_target(line->nick) && !strchr(line->nick, '.');
    if (is_person) {
        sj_copy(by, sizeof by, line->nick);
        irc_case_fold((enum irc_casemap)l->casemap, by);
    }
    irc_rooms_host(l)->invited(&l->base, id, is_person ? by : NULL, NULL, NULL);
}
