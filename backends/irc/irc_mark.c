/* SPDX-License-Identifier: MPL-2.0 */
/* TAGMSG and REDACT: reactions, who types, and messages that are taken back.
 *
 * The host gives and takes whole sets of reactions, IRC says each by itself: what goes out is the
 * difference to the set before, what comes in is put together by irc_react.c. A reaction that is no
 * emoji is shown as an answer with that text. A message of several lines is taken back line by line
 * (irc_ids.c). Who may take back what the server decides. Our own lines come back where the server
 * echoes them; those of the user's other clients (a bouncer's) look the same and belong to no line
 * of ours. IRCv3 message-tags, reply, react (draft), typing, message-redaction (draft). */
#include "irc_mark.h"

#include <string.h>

#include "irc_ask.h"
#include "irc_charset.h"
#include "irc_chan.h"
#include "irc_ids.h"
#include "irc_nick.h"
#include "irc_parse.h"
#include "irc_react.h"
#include "irc_read.h"
#include "irc_self.h"
#include "irc_send.h"
#include "irc_text.h"

/* ---- out ---- */

/* Where a mark goes: a channel that we are in, or a person. */
static enum sj_status mark_check(const struct irc_link *l, const struct sj_mark *m,
                                 struct sj_error *err)
{
    struct irc_chan *c;

    if (l->state != IRC_ONLINE)
        return sj_fail(err, SJ_UNREACHABLE, "not logged in there");
    if (m->in_room)
        return irc_chan_check_in(l, m->peer, &c, err);
    if (!irc_nick_may_be_target(m->peer))
        return sj_fail(err, SJ_INVALID, "no nickname of this network");
    return SJ_OK;
}

static enum sj_status mark_check_id(const char *target, size_t *n_ids, struct sj_error *err)
{
    const char *word;
    size_t n;

    *n_ids = 0;
    while ((word = irc_ids_next(&target, &n)) != NULL) {
        if (!irc_id_is_fit(word, n))
            return sj_fail(err, SJ_NOTFOUND, "the network has no such message");
        ++*n_ids;
    }
    return *n_ids ? SJ_OK : sj_fail(err, SJ_NOTFOUND, "the network has no such message");
}

static enum sj_status mark_check_room(const struct irc_link *l, size_t lines, size_t bytes,
                                      struct sj_error *err)
{
    if (irc_ops_have_room(&l->ops, (uint32_t)lines) && irc_send_has_room(l, lines * bytes, lines))
        return SJ_OK;
    return sj_fail(err, SJ_LIMIT, "too much waits for the network; try again later");
}

/* REDACT <target> <id> */
static enum sj_status send_redact(struct irc_link *l, const struct sj_mark *m, sj_op op,
                                  struct sj_error *err)
{
    const char *at = m->target;
    const char *word;
    size_t n, left;
    enum sj_status status = mark_check_id(m->target, &left, err);

    if (irc_tags_lacks(l) & SJ_CAP_RETRACT)
        return sj_fail(err, SJ_UNSUPPORTED, "on this network nothing can be taken back");
    if (status == SJ_OK)
        status = mark_check_room(l, left, l->line_max, err);
    while (status == SJ_OK && (word = irc_ids_next(&at, &n)) != NULL) {
        char id[IRC_ID_MAX + 1];
        struct irc_out o;
        memcpy(id, word, n);
        id[n] = '\0';
        irc_out_init(&o);
        irc_out_adds(&o, "REDACT ");
        irc_out_adds(&o, m->peer);
        irc_out_adds(&o, " ");
        irc_out_adds(&o, id);
        status = irc_chan_command(l, &o, m->peer, id, op,
                                  IRC_COMMAND_ECHOED | (--left ? IRC_COMMAND_MORE : 0), err);
    }
    return status;
}

/* Stands for one reaction in l->ops. */
static uint32_t reaction_hash(const char *emoji, const char *id, size_t n, bool take_back)
{
    return irc_ops_hash(emoji, strlen(emoji)) * 31 + irc_ops_hash(id, n) + take_back;
}

/* @+draft/react=<emoji>;+draft/reply=<id>;+reply=<id> TAGMSG <target> */
static void send_reaction(struct irc_link *l, const struct sj_mark *m, const char *emoji,
                          bool take_back, sj_op op, bool last)
{
    const char *at = m->target;
    struct irc_out o;
    size_t n;
    const char *id = irc_ids_next(&at, &n);
    uint32_t hurry = l->ops.hurry;
    uint32_t number =
        irc_ops_add_command(&l->ops, op, last, irc_case_hash((enum irc_casemap)l->casemap, m->peer),
                            reaction_hash(emoji, id, n, take_back), false);

    if (irc_cap_has(l, IRC_CAP_ECHO_MESSAGE))
        l->ops.hurry = hurry;
    irc_out_init(&o);
    irc_tag_add_label(l, &o, number);
    irc_tag_add(&o, take_back ? "+draft/unreact" : "+draft/react", emoji);
    irc_tag_add_reply(l, &o, m->target);
    irc_tag_end(&o);
    irc_out_adds(&o, "TAGMSG ");
    irc_out_adds(&o, m->peer);
    bool sent = irc_send(l, &o, IRC_PACED_OP);
    assert(sent);
    (void)sent;
}

static bool set_has(const char *const *set, size_t n, const char *emoji)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(set[i], emoji) == 0)
            return true;
    }
    return false;
}

/* Sends what of `set` is not in `other`; left: lines of the operation that are yet to come. */
static size_t send_difference(struct irc_link *l, const struct sj_mark *m, bool take_back,
                              sj_op op, size_t left, bool count_only)
{
    const char *const *set = take_back ? m->before : m->reactions;
    const char *const *other = take_back ? m->reactions : m->before;
    size_t n = take_back ? m->n_before : m->n_reactions;
    size_t n_other = take_back ? m->n_reactions : m->n_before;
    size_t lines = 0;

    for (size_t i = 0; i < n; i++) {
        if (set_has(other, n_other, set[i]))
            continue;
        lines++;
        if (!count_only)
            send_reaction(l, m, set[i], take_back, op, lines == left);
    }
    return lines;
}

static enum sj_status send_reactions(struct irc_link *l, const struct sj_mark *m, sj_op op,
                                     struct sj_error *err)
{
    size_t n_ids;
    enum sj_status status = mark_check_id(m->target, &n_ids, err);

    if (irc_tags_lacks(l) & SJ_CAP_REACT)
        return sj_fail(err, SJ_UNSUPPORTED, "this network knows no reactions");
    size_t lines = send_difference(l, m, true, op, 0, true) +
                   send_difference(l, m, false, op, 0, true);
    if (status == SJ_OK)
        status = mark_check_room(l, lines, IRC_LINE_MIN + IRC_TAGS_MAX, err);
    if (status != SJ_OK)
        return status;
    if (lines == 0)
        irc_link_done(l, op);
    lines -= send_difference(l, m, true, op, lines, false);
    send_difference(l, m, false, op, lines, false);
    irc_react_replace(l, m);
    return SJ_OK;
}

enum sj_status irc_send_mark(struct sj_link *base, const struct sj_mark *mark, sj_op op,
                             struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);
    enum sj_status status = mark_check(l, mark, err);

    if (status != SJ_OK)
        return status;
    switch (mark->kind) {
    case SJ_MARK_RETRACTED:
        return send_redact(l, mark, op, err);
    case SJ_MARK_REACTIONS:
        return send_reactions(l, mark, op, err);
    case SJ_MARK_DISPLAYED:
        return irc_read_send(l, mark, op, err);
    default:
        return sj_fail(err, SJ_UNSUPPORTED, "this network cannot do that");
    }
}

/* ---- in ---- */

/* Where something was said, and by whom. */
struct scene {
    struct sj_mark mark;             /* peer, nick, in_room, own, sent_at */
    const struct irc_member *member; /* of a room, or NULL */
    bool to_rank;                    /* of the room only those with a rank are addressed */
    struct irc_nickname name;
    char peer[IRC_NICK_MAX + 1];
};

static bool scene_in_room(struct scene *s, const struct irc_link *l, const struct irc_line *line)
{
    char sign;
    struct irc_chan *c = irc_chan_target(l, line->param[0], &sign);

    if (!c || c->state != IRC_CHAN_IN || !irc_rooms_told(l))
        return false;
    s->to_rank = sign != 0;
    s->mark.peer = c->id;
    s->mark.in_room = true;
    s->member = irc_member_find(l, c, line->nick);
    if (s->member)
        s->mark.nick = s->member->person->nick;
    else if (*line->nick && irc_nickname_of(&s->name, l, line->nick))
        s->mark.nick = s->name.nick;
    return true;
}

/* False: not for us, or for nobody that the host knows. */
static bool scene_of(struct scene *s, const struct irc_link *l, const struct irc_line *line)
{
    const char *target = line->param[0];
    bool own = irc_self_is(l, line->nick);
    int64_t at;

    *s = (struct scene){ .mark = { .own = own } };
    if (line->tags.time && irc_parse_time(line->tags.time, &at))
        s->mark.sent_at = at;
    if (irc_text_is_to_channel(l, target))
        return scene_in_room(s, l, line);
    const char *peer = own ? target : line->nick;
    if ((!own && !irc_self_is(l, target)) || !irc_nick_may_be_target(peer))
        return false;
    sj_copy(s->peer, sizeof s->peer, peer);
    irc_case_fold((enum irc_casemap)l->casemap, s->peer);
    s->mark.peer = s->peer;
    return true;
}

/* Is it a line of ours that comes back, a command about both? */
static bool is_echo(struct irc_link *l, const struct irc_line *line, uint32_t other)
{
    uint32_t number;

    if (irc_text_answered(l, line, &number) && irc_ops_confirm_one(l, number))
        return true;
    return !irc_cap_has(l, IRC_CAP_LABELED_RESPONSE) &&
           irc_ops_find_command(&l->ops,
                                irc_case_hash((enum irc_casemap)l->casemap, line->param[0]), other,
                                &number) &&
           irc_ops_confirm_one(l, number);
}

/* A reaction of a person to the message that the tags name. */
static void hear_reaction(struct irc_link *l, const struct irc_line *line, struct sj_mark *mark)
{
    const char *emoji = line->tags.react ? line->tags.react : line->tags.unreact;

    mark->kind = SJ_MARK_REACTIONS;
    mark->target = irc_ids_whole(l, line->tags.reply);
    if (irc_react_apply(l, mark, emoji, !line->tags.react))
        l->base.host->mark(&l->base, mark);
}

static bool has_reaction(const struct irc_line *line)
{
    const char *reply = line->tags.reply;

    return (line->tags.react || line->tags.unreact) && reply &&
           irc_id_is_fit(reply, strlen(reply));
}

static bool is_emoji_reaction(const struct irc_line *line)
{
    return has_reaction(line) &&
           irc_react_is_emoji(line->tags.react ? line->tags.react : line->tags.unreact);
}

bool irc_mark_on_text(struct irc_link *l, const struct irc_line *line,
                      const struct sj_message *msg, const char *text)
{
    struct sj_mark mark = { .peer = msg->peer, .nick = msg->nick, .in_room = msg->in_room,
                            .own = msg->own };
    int64_t at;

    if (!is_emoji_reaction(line))
        return false;
    if (line->tags.time && irc_parse_time(line->tags.time, &at))
        mark.sent_at = at;
    hear_reaction(l, line, &mark);
    return strcmp(text, line->tags.react ? line->tags.react : line->tags.unreact) == 0;
}

/* Words instead of an emoji: an answer, as far as it is no answer taken back. */
static void hear_words(struct irc_link *l, const struct irc_line *line, const struct scene *s)
{
    struct sj_message msg = { .peer = s->mark.peer, .nick = s->mark.nick,
                              .in_room = s->mark.in_room, .own = s->mark.own };

    if (line->tags.react)
        irc_text_report(l, line, &msg, "", line->tags.react);
}

static void hear_typing(struct irc_link *l, const struct irc_line *line, const struct scene *s)
{
    const char *what = line->tags.typing;
    enum sj_typing typing;

    if (s->to_rank || (s->mark.in_room && !s->member))
        return;
    if (strcmp(what, "active") == 0)
        typing = SJ_TYPING_ACTIVE;
    else if (strcmp(what, "paused") == 0)
        typing = SJ_TYPING_PAUSED;
    else if (strcmp(what, "done") == 0)
        typing = SJ_TYPING_STOPPED;
    else
        return;
    if (s->mark.in_room)
        irc_rooms_host(l)->typing(&l->base, s->mark.peer, s->mark.nick, typing);
    else
        l->base.host->typing(&l->base, s->mark.peer, typing);
}

/* Our own reaction comes back. */
static bool is_echoed_reaction(struct irc_link *l, const struct irc_line *line)
{
    const char *emoji = line->tags.react ? line->tags.react : line->tags.unreact;

    return irc_self_is(l, line->nick) && has_reaction(line) &&
           is_echo(l, line, reaction_hash(emoji, line->tags.reply, strlen(line->tags.reply),
                                          !line->tags.react));
}

/* @+draft/react=..., @+typing=... :nick!user@host TAGMSG <target> */
void irc_mark_handle_tagmsg(struct irc_link *l, struct irc_line *line)
{
    struct scene s;
    sj_op past;

    if (is_echoed_reaction(l, line))
        return;
    if (irc_history_is_past(l, line, &past) || !scene_of(&s, l, line))
        return;
    if (is_emoji_reaction(line))
        hear_reaction(l, line, &s.mark);
    else if (has_reaction(line))
        hear_words(l, line, &s);
    else if (line->tags.typing && !s.mark.own)
        hear_typing(l, line, &s);
}

/* :nick!user@host REDACT <target> <id> [:reason] */
void irc_mark_handle_redact(struct irc_link *l, struct irc_line *line)
{
    const char *id = line->param[1];
    struct scene s;

    if (irc_self_is(l, line->nick) &&
        is_echo(l, line, irc_case_hash((enum irc_casemap)l->casemap, id)))
        return;
    if (!irc_id_is_fit(id, strlen(id)) || !scene_of(&s, l, line))
        return;
    s.mark.kind = SJ_MARK_RETRACTED;
    s.mark.target = irc_ids_whole(l, id);
    l->base.host->mark(&l->base, &s.mark);
}

/* FAIL REDACT <code> <target> [<id>] :text; nobody waits for what becomes of MARKREAD. */
bool irc_mark_on_fail(struct irc_link *l, const struct irc_line *line)
{
    static const struct {
        const char *code;
        enum sj_status status;
    } codes[] = {
        { "INVALID_TARGET", SJ_NOTALLOWED },
        { "REDACT_FORBIDDEN", SJ_DENIED },
        { "REDACT_WINDOW_EXPIRED", SJ_NOTALLOWED },
        { "UNKNOWN_MSGID", SJ_NOTFOUND },
    };
    enum sj_status status = SJ_REMOTE;
    struct sj_error err;
    uint32_t number;

    if (strcmp(line->param[0], "MARKREAD") == 0)
        return true;
    if (strcmp(line->param[0], "REDACT") != 0)
        return false;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (strcmp(line->param[1], codes[i].code) == 0)
            status = codes[i].status;
    }
    sj_fail(&err, status, "%s", IRC_WORDS(l, line->param[line->n_params - 1]));
    if (irc_text_answered(l, line, &number))
        return irc_ops_fail_command(l, number, &err);
    for (size_t i = line->n_params - 1; i-- > 2;) {
        if (irc_ops_fail_about(l, irc_case_hash((enum irc_casemap)l->casemap, line->param[i]),
                               &err))
            return true;
    }
    return false;
}
