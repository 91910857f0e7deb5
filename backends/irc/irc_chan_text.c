/* SPDX-License-Identifier: MPL-2.0 */
/* What is said in channels: PRIVMSG and NOTICE whose target is one.
 *
 * Our own lines come back where the server echoes them, and are told by irc_said.c; those of the
 * user's other clients (a bouncer's) are told here. A message for those with a rank only
 * ("@#channel") says so in its text. Whispers are messages to a person and have nothing to do with
 * channels. RFC 2812 §3.3; IRCv3 echo-message, labeled-response; modern.ircdocs.horse,
 * STATUSMSG. */
#include <string.h>

#include "irc_ask.h"
#include "irc_chan.h"
#include "irc_ids.h"
#include "irc_mark.h"
#include "irc_parse.h"
#include "irc_self.h"
#include "irc_text.h"
#include "sojourn/log.h"

/* Who is addressed, in words, before a message to a rank. */
#define STATUS_TEXT_MAX 32u

struct irc_chan *irc_chan_target(const struct irc_link *l, const char *target, char *sign)
{
    const struct irc_rules *rules = irc_rules_of(l);

    *sign = 0;
    while (*target && strchr(rules->status_signs, *target)) {
        if (!*sign)
            *sign = *target;
        target++;
    }
    return irc_chan_find(l, target);
}

static const char *audience(const struct irc_rules *rules, char sign)
{
    const char *p = sign ? strchr(rules->signs, sign) : NULL;

    switch (p ? rules->ranks[p - rules->signs] : 0) {
    case 'q':
        return "(to the owners) ";
    case 'a':
    case 'o':
        return "(to the operators) ";
    case 'h':
        return "(to the half-operators) ";
    case 'v':
        return "(to those with a voice) ";
    default:
        return "";
    }
}

/* Our own line: true when it was one that is waited for. */
static bool is_echo(struct irc_link *l, struct irc_line *line, const char *text)
{
    struct irc_rooms *rooms = l->rooms;
    uint32_t number;
    bool found = irc_text_answered(l, line, &number);

    if (!found && irc_cap_has(l, IRC_CAP_ECHO_MESSAGE) &&
        !irc_cap_has(l, IRC_CAP_LABELED_RESPONSE))
        found = irc_ops_find_echo(&l->ops,
                                  irc_case_hash((enum irc_casemap)l->casemap, line->param[0]),
                                  irc_ops_hash(text, strlen(text)), &number);
    if (!found)
        return false;
    int64_t at = 0;
    if (line->tags.time && !irc_parse_time(line->tags.time, &at))
        at = 0;
    rooms->echo.id = irc_ids_learn(l, number, irc_id_of(line));
    rooms->echo.at = at;
    rooms->echo.number = number;
    rooms->echo.is_set = true;
    bool confirmed = irc_ops_confirm_one(l, number);
    rooms->echo.is_set = false;
    rooms->echo.id = NULL;
    return confirmed;
}

/* IRCv3 bot mode: the tag tells of who was not asked about by WHO; not within batches, which may be
 * of long ago. Its absence tells nothing: not all servers that know bots set it. */
static void learn_bot(struct irc_link *l, struct irc_person *p)
{
    if (p->is_bot)
        return;
    p->is_bot = true;
    irc_chan_tell_person(l, p);
}

void irc_chan_on_text(struct irc_link *l, struct irc_line *line, bool is_notice)
{
    char *text = line->param[1];
    bool own = irc_self_is(l, line->nick);
    char sign;
    sj_op past = 0;
    struct irc_nickname name;
    struct irc_chan *c = irc_chan_target(l, line->param[0], &sign);

    if (own)
        irc_self_learn(l, line->user, line->host);
    if (!c || c->state != IRC_CHAN_IN || !irc_rooms_heard(l))
        return;
    bool is_action = irc_text_take_action(&text);
    if (!is_action && *text == '\001')
        return;
    text[strcspn(text, "\001")] = '\0';
    bool is_past = irc_history_is_past(l, line, &past);
    if (own && !is_past && is_echo(l, line, text))
        return;
    struct sj_message msg = {
        .peer = c->id, .in_room = true, .action = is_action, .notice = is_notice, .own = own,
    };
    const struct irc_member *m = irc_member_find(l, c, line->nick);
    if (m && line->tags.bot && !line->tags.batch)
        learn_bot(l, m->person);
    if (m)
        msg.nick = m->person->nick;
    else if (*line->nick && irc_nickname_of(&name, l, line->nick))
        msg.nick = name.nick;
    if (!is_past && irc_mark_on_text(l, line, &msg, text))
        return;
    if (is_past && past)
        irc_text_report_past(l, line, &msg, text, past);
    else if (!is_past)
        irc_text_report(l, line, &msg, audience(irc_rules_of(l), sign), text);
}
