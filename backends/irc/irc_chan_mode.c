/* SPDX-License-Identifier: MPL-2.0 */
/* Modes of channels as the standing of members and as flags of the room.
 *
 * Ranks come from PREFIX, whatever the server calls them: q is the owner, a and o are admins, h
 * and v members; from h up they moderate. Who has none is a participant, in a moderated channel a
 * visitor (G045-70, "Mapping"). How many parameters a mode takes is known from CHANMODES; a mode
 * that nobody knows takes none, as servers do it. RFC 2811 §4; modern.ircdocs.horse, "Channel
 * Modes". */
#include <string.h>

#include "irc_bans.h"
#include "irc_chan.h"
#include "irc_parse.h"
#include "irc_self.h"
#include "sojourn/log.h"

/* Modes of one line that are looked at. */
#define MODES_LINE_MAX 128u

/* The mode of the highest rank; 0: none. */
static char top_mode(const struct irc_rules *r, uint8_t ranks)
{
    for (size_t i = 0; r->ranks[i]; i++) {
        if (ranks & 1u << i)
            return r->ranks[i];
    }
    return 0;
}

enum sj_affiliation irc_chan_affiliation(const struct irc_rules *r, const struct irc_member *m)
{
    switch (top_mode(r, m->ranks)) {
    case 0:
        return SJ_AFFILIATION_NONE;
    case 'v':
    case 'h':
        return SJ_AFFILIATION_MEMBER;
    case 'q':
        return SJ_AFFILIATION_OWNER;
    default:
        return SJ_AFFILIATION_ADMIN;
    }
}

enum sj_role irc_chan_role(const struct irc_rules *r, const struct irc_member *m)
{
    switch (top_mode(r, m->ranks)) {
    case 0:
        return m->chan->flags & SJ_ROOM_MODERATED ? SJ_ROLE_VISITOR : SJ_ROLE_PARTICIPANT;
    case 'v':
        return SJ_ROLE_PARTICIPANT;
    default:
        return SJ_ROLE_MODERATOR;
    }
}

static const char *rank_name(char mode)
{
    switch (mode) {
    case 'q':
        return "Owner";
    case 'a':
        return "Protected operator";
    case 'o':
        return "Operator";
    case 'h':
        return "Half-operator";
    case 'v':
        return "Voice";
    default:
        return NULL;
    }
}

size_t irc_chan_titles(const struct irc_rules *r, const struct irc_member *m,
                       const char *out[SJ_ROOM_TITLES_MAX])
{
    const char *rank = rank_name(top_mode(r, m->ranks));
    size_t n = 0;

    if (rank)
        out[n++] = rank;
    if (m->person->is_oper)
        out[n++] = "Network operator";
    if (m->person->is_bot)
        out[n++] = "Bot";
    return n;
}

/* ---- what comes in ---- */

/* Walks over "+ov-b" and its parameters. */
struct mode_walk {
    const struct irc_rules *rules;
    const char *at;
    char *const *param;
    size_t n_params, used, seen;
    bool sets;
    char mode;
    enum irc_mode_type type;
    const char *value;               /* NULL: takes none, or none is there */
};

static bool walk_next(struct mode_walk *w)
{
    for (; *w->at == '+' || *w->at == '-'; w->at++)
        w->sets = *w->at == '+';
    if (!*w->at || w->seen++ >= MODES_LINE_MAX)
        return false;
    w->mode = *w->at++;
    w->type = irc_rules_mode(w->rules, w->mode);
    bool takes = w->type == IRC_MODE_LIST || w->type == IRC_MODE_VALUE ||
                 w->type == IRC_MODE_RANK || (w->type == IRC_MODE_VALUE_SET && w->sets);
    w->value = takes && w->used < w->n_params ? w->param[w->used++] : NULL;
    return true;
}

/* The flag of a mode; 0: none of ours. */
static uint32_t mode_flag(char mode)
{
    switch (mode) {
    case 's':
        return SJ_ROOM_SECRET;
    case 'p':
        return IRC_CHAN_PRIVATE;
    case 'i':
        return SJ_ROOM_MEMBERS_ONLY;
    case 'm':
        return SJ_ROOM_MODERATED;
    case 'k':
        return SJ_ROOM_PASSWORD;
    case 't':
        return SJ_ROOM_SUBJECT_LOCKED;
    default:
        return 0;
    }
}

static void apply_to_room(struct irc_chan *c, const struct mode_walk *w)
{
    int64_t limit;

    if (w->type == IRC_MODE_LIST || w->type == IRC_MODE_RANK)
        return;
    if (w->mode == 'l') {
        c->limit = w->sets && w->value && sj_parse_int(w->value, 1, UINT32_MAX, &limit)
                       ? (uint32_t)limit : 0;
        return;
    }
    c->known |= mode_flag(w->mode);
    if (w->sets)
        c->flags |= mode_flag(w->mode);
    else
        c->flags &= ~mode_flag(w->mode);
}

/* True when somebody's rank changed. */
static bool apply_rank(struct irc_link *l, struct irc_chan *c, const struct mode_walk *w)
{
    struct irc_member *m = w->value ? irc_member_find(l, c, w->value) : NULL;
    uint8_t bit = irc_rules_rank(w->rules, w->mode);

    if (!m || !(m->ranks & bit) == !w->sets)
        return false;
    m->ranks = (uint8_t)(w->sets ? m->ranks | bit : m->ranks & ~bit);
    irc_chan_tell_member(l, m);
    return true;
}

/* Whoever has no rank speaks, or no longer does. */
static void tell_rankless(struct irc_link *l, const struct irc_chan *c)
{
    for (const struct sj_list *at = c->members.next; at != &c->members; at = at->next) {
        const struct irc_member *m = SJ_CONTAINER(at, struct irc_member, in_chan);
        if (m->ranks == 0)
            irc_chan_tell_member(l, m);
    }
}

static void modes_changed(struct irc_link *l, struct irc_chan *c, const struct irc_chan *before)
{
    if (c->state != IRC_CHAN_IN)
        return;
    if (c->flags != before->flags || c->known != before->known || c->limit != before->limit)
        irc_chan_tell_room(l, c);
    if ((c->flags ^ before->flags) & SJ_ROOM_MODERATED)
        tell_rankless(l, c);
}

/* MODE <channel or own nick> <modes> [<parameters>...] */
void irc_chan_handle_mode(struct irc_link *l, struct irc_line *line)
{
    struct irc_chan *c = irc_chan_find(l, line->param[0]);
    struct mode_walk w = {
        .rules = irc_rules_of(l), .at = line->param[1], .param = line->param + 2,
        .n_params = line->n_params - 2, .sets = true,
    };

    if (!c) {
        irc_self_handle_mode(l, line);
        return;
    }
    if (c->state == IRC_CHAN_ASKED)
        return;
    const struct irc_chan before = { .flags = c->flags, .known = c->known, .limit = c->limit };
    while (walk_next(&w) && l->state != IRC_DOWN) {
        if (w.type == IRC_MODE_RANK)
            apply_rank(l, c, &w);
        else if (w.type == IRC_MODE_LIST && w.mode == 'b' && w.value)
            irc_bans_change(l, c, w.value, w.sets);
        else
            apply_to_room(c, &w);
    }
    modes_changed(l, c, &before);
}

/* 324 <me> <channel> <modes> [<parameters>...]: all that are set. */
void irc_chan_handle_modes_are(struct irc_link *l, struct irc_line *line)
{
    struct irc_chan *c = irc_chan_find(l, line->param[1]);
    struct mode_walk w = {
        .rules = irc_rules_of(l), .at = line->param[2], .param = line->param + 3,
        .n_params = line->n_params - 3, .sets = true,
    };

    if (!c || c->state == IRC_CHAN_ASKED)
        return;
    const struct irc_chan before = { .flags = c->flags, .known = c->known, .limit = c->limit };
    c->flags = 0;
    c->known = SJ_ROOM_SECRET | IRC_CHAN_PRIVATE | SJ_ROOM_MEMBERS_ONLY | SJ_ROOM_MODERATED |
               SJ_ROOM_PASSWORD | SJ_ROOM_SUBJECT_LOCKED;
    c->limit = 0;
    while (walk_next(&w)) {
        if (w.sets)
            apply_to_room(c, &w);
    }
    modes_changed(l, c, &before);
}
