/* SPDX-License-Identifier: MPL-2.0 */
/* What the user changes in a channel: ranks, bans, modes, and who is sent out.
 *
 * A list of changes becomes lines first, all of it or nothing; then they go out as one operation,
 * which fails with its first line that is refused. Whoever is banned is sent out, too. How ranks
 * and standing belong together is the mapping of irc_chan_mode.c, the other way round. RFC 2812
 * §3.2.3, §3.2.8; RFC 2811 §4.3. */
#include <stdio.h>
#include <string.h>

#include "irc_ask.h"
#include "irc_chan.h"
#include "irc_nick.h"
#include "irc_send.h"
#include "sojourn/memory.h"

#define PARAM_MAX 300u
/* Bytes of all lines of one operation. */
#define PLAN_MAX 32768u
/* Modes in one line, with or without parameters. */
#define LINE_MODES_MAX 20u

/* Lines under construction: "line NUL about NUL", one behind the other. */
struct plan {
    struct irc_link *l;
    struct irc_chan *c;
    struct sj_strbuf lines;
    size_t n_lines;
    char modes[2 * LINE_MODES_MAX + 1];
    size_t n_modes, n_params;
    bool sets;
    char about[PARAM_MAX + 1];       /* the first name of the open line */
    struct sj_strbuf params;
};

static void plan_line(struct plan *p, const char *line, const char *about)
{
    sj_strbuf_add(&p->lines, line, strlen(line) + 1);
    sj_strbuf_add(&p->lines, about, strlen(about) + 1);
    p->n_lines++;
}

/* Ends the open line of modes. */
static void plan_flush(struct plan *p)
{
    struct sj_strbuf line;

    if (*p->modes) {
        sj_strbuf_init(&line, PLAN_MAX);
        sj_strbuf_addf(&line, "MODE %s %s%s", p->c->id, p->modes, p->params.s);
        plan_line(p, line.s, p->about);
        sj_strbuf_release(&line);
    }
    p->modes[0] = p->about[0] = '\0';
    p->n_modes = p->n_params = 0;
    sj_strbuf_reset(&p->params);
}

static bool plan_is_full(const struct plan *p, const char *param)
{
    size_t length = strlen("MODE  ") + strlen(p->c->id) + strlen(p->modes) + p->params.len + 2;

    if (p->n_modes >= LINE_MODES_MAX)
        return true;
    return param && (p->n_params >= irc_rules_of(p->l)->modes_max ||
                     length + 1 + strlen(param) + 2 > p->l->line_max);
}

/* One mode; param: NULL none. name: it is a nickname. */
static void plan_mode(struct plan *p, bool sets, char mode, const char *param, bool name)
{
    size_t n;

    if (plan_is_full(p, param))
        plan_flush(p);
    n = strlen(p->modes);
    if (n == 0 || p->sets != sets)
        p->modes[n++] = sets ? '+' : '-';
    p->modes[n++] = mode;
    p->modes[n] = '\0';
    p->sets = sets;
    p->n_modes++;
    if (!param)
        return;
    p->n_params++;
    sj_strbuf_addf(&p->params, " %s", param);
    if (name && !*p->about)
        sj_copy(p->about, sizeof p->about, param);
}

static void plan_kick(struct plan *p, const char *nick, const char *reason)
{
    uint16_t length_max = irc_rules_of(p->l)->kick_length;
    struct irc_out o;

    plan_flush(p);
    irc_out_init(&o);
    irc_out_adds(&o, "KICK ");
    irc_out_adds(&o, p->c->id);
    irc_out_adds(&o, " ");
    irc_out_adds(&o, nick);
    if (reason && *reason) {
        irc_out_adds(&o, " :");
        irc_out_add_text(&o, reason, length_max && length_max < IRC_TEXT_MAX ? length_max
                                                                             : IRC_TEXT_MAX);
    }
    o.s[o.n] = '\0';
    plan_line(p, o.s, nick);
}

/* ---- people ---- */

/* Gives m the rank of this mode as its highest (0: none), keeping what is below. */
static void plan_rank(struct plan *p, const struct irc_member *m, char rank)
{
    const struct irc_rules *r = irc_rules_of(p->l);
    uint8_t wanted = irc_rules_rank(r, rank);

    for (size_t i = 0; r->ranks[i] && (!rank || r->ranks[i] != rank); i++) {
        if (m->ranks & 1u << i)
            plan_mode(p, false, r->ranks[i], m->person->nick, true);
    }
    if (rank && !(m->ranks & wanted))
        plan_mode(p, true, rank, m->person->nick, true);
}

static bool has_rank(const struct irc_link *l, char rank)
{
    return irc_rules_rank(irc_rules_of(l), rank) != 0;
}

/* Who is to be changed; NULL: err says why not. */
static struct irc_member *plan_member(const struct plan *p, const char *name, struct sj_error *err)
{
    struct irc_member *m = name ? irc_member_find(p->l, p->c, name) : NULL;

    if (!m) {
        sj_fail(err, SJ_NOTFOUND, "nobody in this room has this nickname");
        return NULL;
    }
    if (m->person->is_repaired || !irc_nick_may_be_target(m->person->nick)) {
        sj_fail(err, SJ_UNSUPPORTED, "nothing can be sent about this nickname from here");
        return NULL;
    }
    return m;
}

static enum sj_status plan_role(struct plan *p, const struct sj_room_change *c,
                                struct sj_error *err)
{
    const struct irc_rules *r = irc_rules_of(p->l);
    const struct irc_member *m = plan_member(p, c->nick, err);

    if (!m)
        return err->status;
    if (irc_chan_role(r, m) == c->role)
        return SJ_OK;
    switch (c->role) {
    case SJ_ROLE_MODERATOR:
        plan_rank(p, m, has_rank(p->l, 'h') ? 'h' : 'o');
        return SJ_OK;
    case SJ_ROLE_PARTICIPANT:
        if (!has_rank(p->l, 'v'))
            return sj_fail(err, SJ_UNSUPPORTED, "this network cannot do that");
        plan_rank(p, m, p->c->flags & SJ_ROOM_MODERATED || m->ranks & irc_rules_rank(r, 'v')
                            ? 'v' : 0);
        return SJ_OK;
    case SJ_ROLE_VISITOR:
        if (!(p->c->flags & SJ_ROOM_MODERATED))
            return sj_fail(err, SJ_NOTALLOWED,
                           "only in a moderated room can somebody be kept from speaking");
        plan_rank(p, m, 0);
        return SJ_OK;
    default:
        plan_kick(p, m->person->nick, c->text);
        return SJ_OK;
    }
}

/* A mask of the network, not a nickname. */
static bool is_mask(const char *s)
{
    return strpbrk(s, "!@*?") || strchr("$~", *s);
}

static bool mask_is_fit(const char *s)
{
    size_t n = strlen(s);

    return n > 0 && n <= PARAM_MAX && *s != ':' && !strpbrk(s, " ,\r\n");
}

/* The mask that stands for somebody: the host where it is known, else the nickname. */
static void mask_for(char *out, size_t size, const struct irc_member *m, const char *name)
{
    const char *host = m && m->person->mask ? strchr(m->person->mask, '@') : NULL;

    if (is_mask(name))
        sj_copy(out, size, name);
    else if (host && host[1])
        (void)snprintf(out, size, "*!*%s", host);
    else
        (void)snprintf(out, size, "%s!*@*", name);
}

/* Whom no ban is to keep out. */
static enum sj_status plan_exception(struct plan *p, const char *mask,
                                     enum sj_affiliation affiliation, struct sj_error *err)
{
    const char excepts = irc_rules_of(p->l)->excepts;

    if (!mask_is_fit(mask) ||
        (affiliation != SJ_AFFILIATION_MEMBER && affiliation != SJ_AFFILIATION_NONE))
        return sj_fail(err, SJ_UNACCEPTABLE, "the network does not take this value");
    if (!excepts)
        return sj_fail(err, SJ_UNSUPPORTED, "this network cannot do that");
    plan_mode(p, affiliation == SJ_AFFILIATION_MEMBER, excepts, mask, false);
    return SJ_OK;
}

/* By a mask: those who are not there, or always. */
static enum sj_status plan_mask(struct plan *p, const struct irc_member *m, const char *name,
                                enum sj_affiliation affiliation, struct sj_error *err)
{
    const char invex = irc_rules_of(p->l)->invex;
    const size_t n = strlen(IRC_BAN_EXCEPTION);
    char mask[PARAM_MAX + 1];

    if (strncmp(name, IRC_BAN_EXCEPTION, n) == 0)
        return plan_exception(p, name + n, affiliation, err);
    mask_for(mask, sizeof mask, m, name);
    if (!mask_is_fit(mask))
        return sj_fail(err, SJ_UNACCEPTABLE, "the network does not take this value");
    switch (affiliation) {
    case SJ_AFFILIATION_OUTCAST:
        plan_mode(p, true, 'b', mask, false);
        return SJ_OK;
    case SJ_AFFILIATION_NONE:
        plan_mode(p, false, 'b', mask, false);
        if (invex)
            plan_mode(p, false, invex, mask, false);
        return SJ_OK;
    case SJ_AFFILIATION_MEMBER:
        if (invex) {
            plan_mode(p, true, invex, mask, false);
            return SJ_OK;
        }
        break;
    default:
        break;
    }
    return sj_fail(err, SJ_NOTFOUND, "only who is in the room can be that");
}

static enum sj_status plan_affiliation(struct plan *p, const struct sj_room_change *c,
                                       struct sj_error *err)
{
    static const char ranks[] = {
        [SJ_AFFILIATION_NONE] = 0, [SJ_AFFILIATION_MEMBER] = 'v', [SJ_AFFILIATION_ADMIN] = 'o',
        [SJ_AFFILIATION_OWNER] = 'q',
    };
    const char *name = c->id ? c->id : c->nick;
    const struct irc_member *m = name ? irc_member_find(p->l, p->c, name) : NULL;

    if (!name)
        return sj_fail(err, SJ_NOTFOUND, "nobody in this room has this nickname");
    if (!m || c->affiliation == SJ_AFFILIATION_OUTCAST) {
        enum sj_status status = plan_mask(p, m, name, c->affiliation, err);
        if (status == SJ_OK && m && c->affiliation == SJ_AFFILIATION_OUTCAST)
            plan_kick(p, m->person->nick, c->text);
        return status;
    }
    m = plan_member(p, name, err);
    if (!m)
        return err->status;
    char rank = ranks[c->affiliation];
    if (irc_chan_affiliation(irc_rules_of(p->l), m) == c->affiliation)
        return SJ_OK;
    if (rank && !has_rank(p->l, rank))
        return sj_fail(err, SJ_UNSUPPORTED, "this network cannot do that");
    plan_rank(p, m, rank);
    return SJ_OK;
}

/* ---- the room ---- */

static enum sj_status plan_flag(struct plan *p, uint32_t flag, char mode, bool sets,
                                struct sj_error *err)
{
    bool is_known = p->c->known & flag;

    if (is_known && !(p->c->flags & flag) == !sets)
        return SJ_OK;
    if (irc_rules_mode(irc_rules_of(p->l), mode) != IRC_MODE_FLAG)
        return sj_fail(err, SJ_UNSUPPORTED, "this network cannot do that");
    plan_mode(p, sets, mode, NULL, false);
    return SJ_OK;
}

static enum sj_status plan_flags(struct plan *p, const struct sj_room_change *c,
                                 struct sj_error *err)
{
    static const struct {
        uint32_t flag;
        char mode;
    } rows[] = {
        { SJ_ROOM_SECRET, 's' },
        { SJ_ROOM_MEMBERS_ONLY, 'i' },
        { SJ_ROOM_MODERATED, 'm' },
        { SJ_ROOM_SUBJECT_LOCKED, 't' },
    };
    enum sj_status status = SJ_OK;

    if (c->known & ~irc_backend_rooms.flags_settable)
        return sj_fail(err, SJ_UNSUPPORTED, "this network cannot do that");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && status == SJ_OK; i++) {
        if (c->known & rows[i].flag)
            status = plan_flag(p, rows[i].flag, rows[i].mode, c->flags & rows[i].flag, err);
    }
    bool shows = c->known & SJ_ROOM_SECRET && !(c->flags & SJ_ROOM_SECRET);
    if (status == SJ_OK && shows && p->c->flags & IRC_CHAN_PRIVATE)
        status = plan_flag(p, IRC_CHAN_PRIVATE, 'p', false, err);
    return status;
}

static enum sj_status plan_password(struct plan *p, const struct sj_room_change *c,
                                    struct sj_error *err)
{
    const char *key = c->text ? c->text : "";

    if (*key && (!mask_is_fit(key) || strlen(key) > SJ_ROOM_PASSWORD_MAX))
        return sj_fail(err, SJ_UNACCEPTABLE, "this cannot be the password of a room here");
    /* One that is set must go first; which one it was does not matter to servers. */
    if (p->c->flags & SJ_ROOM_PASSWORD)
        plan_mode(p, false, 'k', "*", false);
    if (*key)
        plan_mode(p, true, 'k', key, false);
    return SJ_OK;
}

static void plan_limit(struct plan *p, uint32_t number)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%u", (unsigned)number);
    if (number != p->c->limit)
        plan_mode(p, number != 0, 'l', number ? text : NULL, false);
}

static enum sj_status plan_add(struct plan *p, const struct sj_room_change *c,
                               struct sj_error *err)
{
    const struct irc_member *m;

    switch (c->kind) {
    case SJ_CHANGE_KICK:
        m = plan_member(p, c->nick, err);
        if (!m)
            return err->status;
        plan_kick(p, m->person->nick, c->text);
        return SJ_OK;
    case SJ_CHANGE_ROLE:
        return plan_role(p, c, err);
    case SJ_CHANGE_AFFILIATION:
        return plan_affiliation(p, c, err);
    case SJ_CHANGE_FLAGS:
        return plan_flags(p, c, err);
    case SJ_CHANGE_PASSWORD:
        return plan_password(p, c, err);
    case SJ_CHANGE_OCCUPANTS_MAX:
        plan_limit(p, c->number);
        return SJ_OK;
    default:
        return sj_fail(err, SJ_UNSUPPORTED, "rooms of this network have no name or description of "
                                            "their own; set the subject");
    }
}

/* Sends what was planned; there must be room for all of it. */
static enum sj_status plan_send(const struct plan *p, sj_op op, struct sj_error *err)
{
    struct irc_link *l = p->l;
    struct irc_out o;
    const char *line = p->lines.s;
    enum sj_status status = SJ_OK;

    if (!sj_strbuf_ok(&p->lines) || !irc_ops_have_room(&l->ops, (uint32_t)p->n_lines) ||
        !irc_send_has_room(l, p->lines.len + p->n_lines * 32, p->n_lines))
        return sj_fail(err, SJ_LIMIT, "too much waits for the network; try again later");
    for (size_t i = 0; i < p->n_lines && status == SJ_OK; i++) {
        const char *about = line + strlen(line) + 1;
        irc_out_init(&o);
        irc_out_adds(&o, line);
        status = irc_chan_command(l, &o, p->c->id, *about ? about : NULL, op,
                                  i + 1 < p->n_lines ? IRC_COMMAND_MORE : 0, err);
        line = about + strlen(about) + 1;
    }
    sj_wipe(&o, sizeof o);
    return status;
}

enum sj_status irc_chan_change(struct sj_link *base, const char *room,
                               const struct sj_room_change *changes, size_t n, sj_op op,
                               struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);
    struct plan p = { .l = l };
    enum sj_status status = irc_chan_check_in(l, room, &p.c, err);

    if (status != SJ_OK)
        return status;
    sj_strbuf_init(&p.lines, PLAN_MAX);
    sj_strbuf_init(&p.params, PLAN_MAX);
    for (size_t i = 0; i < n && status == SJ_OK; i++)
        status = plan_add(&p, &changes[i], err);
    plan_flush(&p);
    if (status == SJ_OK && p.n_lines == 0)
        irc_link_done(l, op);
    else if (status == SJ_OK)
        status = plan_send(&p, op, err);
    /* A key may be among it. */
    sj_wipe(p.lines.s, p.lines.len);
    sj_wipe(p.params.s, p.params.len);
    sj_strbuf_release(&p.lines);
    sj_strbuf_release(&p.params);
    return status;
}
