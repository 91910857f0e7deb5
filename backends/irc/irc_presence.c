/* SPDX-License-Identifier: MPL-2.0 */
/* Contacts and presence: whom the server watches for us, whom we ask for, and our own AWAY.
 *
 * IRC keeps no contact list. The gateway adds its own at each login; MONITOR watches as many as the
 * server allows, and ISON asks for the others, within bounds, in a rhythm that irc_net.c beats.
 * Only changes are reported. Away is known only from servers with extended-monitor: asking for it
 * one by one would be a flood. IRCv3 monitor, extended-monitor, away-notify; RFC 2812 §4.1,
 * §4.9. */
#include "irc_presence.h"

#include <string.h>

#include "irc_link.h"
#include "irc_nick.h"
#include "irc_parse.h"
#include "irc_regain.h"
#include "irc_send.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* Nicknames in one ISON: its answer must fit in a line, too. */
#define ISON_TEXT_MAX 380u
/* Lines of one round of polling; the others wait for the next round. */
#define ISON_LINES_MAX 5u
#define AWAY_TEXT_DEFAULT "Away"

enum contact_flag {
    CONTACT_NEW = 1u << 0,           /* the server has not been told yet */
    CONTACT_MONITORED = 1u << 1,
    CONTACT_POLLED = 1u << 2,
    CONTACT_ASKED = 1u << 3,         /* in the ISON that is out */
    CONTACT_KNOWN = 1u << 4,         /* reported at least once */
    CONTACT_ONLINE = 1u << 5,
    CONTACT_AWAY = 1u << 6
};

struct irc_contact {
    uint32_t status;                 /* hash of the away text; 0: none */
    uint8_t flags;
    char id[];                       /* key in l->contacts */
};

static struct irc_contact *contact_find(const struct irc_link *l, const char *nick)
{
    char id[IRC_NICK_MAX + 1];

    if (l->contacts.used == 0 || strlen(nick) > IRC_NICK_MAX)
        return NULL;
    sj_copy(id, sizeof id, nick);
    irc_case_fold((enum irc_casemap)l->casemap, id);
    return sj_map_find(&l->contacts, id);
}

/* Tells the host, when it is new; then c may be gone, and the table may have changed: true. nick:
 * as the contact spells it, may be NULL. */
static bool contact_report(struct irc_link *l, struct irc_contact *c, unsigned flags,
                           const char *nick, const char *status)
{
    const unsigned state = CONTACT_KNOWN | CONTACT_ONLINE | CONTACT_AWAY;
    char id[IRC_NICK_MAX + 1];
    struct sj_contact contact = { .id = id, .has_presence = true };

    uint32_t hash = status ? irc_ops_hash(status, strlen(status)) : 0;
    flags |= CONTACT_KNOWN;
    if ((c->flags & state) == flags && c->status == hash)
        return false;
    c->status = hash;
    sj_copy(id, sizeof id, c->id);
    c->flags = (uint8_t)((c->flags & ~state) | flags);
    if (nick && sj_utf8_valid(nick, strlen(nick)))
        contact.name = nick;
    if (!(flags & CONTACT_ONLINE))
        contact.show = SJ_SHOW_OFFLINE;
    else
        contact.show = flags & CONTACT_AWAY ? SJ_SHOW_AWAY : SJ_SHOW_ONLINE;
    contact.status = status;
    l->base.host->contact(&l->base, &contact);
    return true;
}

void irc_presence_release(struct irc_link *l)
{
    struct irc_contact *c;

    for (uint32_t at = 0; (c = sj_map_next(&l->contacts, &at));)
        sj_free(c);
    sj_map_release(&l->contacts);
}

enum sj_status irc_contact_add(struct sj_link *base, const char *id, sj_op op,
                               struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);

    if (l->state != IRC_ONLINE)
        return sj_fail(err, SJ_UNREACHABLE, "not logged in there");
    if (!irc_nick_may_be_target(id))
        return sj_fail(err, SJ_INVALID, "no nickname of this network");
    if (!sj_map_find(&l->contacts, id)) {
        if (l->contacts.used >= base->net->contacts_max)
            return sj_fail(err, SJ_LIMIT, "no more than %u contacts are possible here",
                           (unsigned)base->net->contacts_max);
        size_t n = strlen(id);
        struct irc_contact *c = sj_malloc(sizeof *c + n + 1);
        *c = (struct irc_contact){ .flags = CONTACT_NEW };
        memcpy(c->id, id, n + 1);
        sj_map_put(&l->contacts, c->id, c);
        irc_link_defer(l, IRC_TODO_CONTACTS);
    }
    irc_link_done(l, op);
    return SJ_OK;
}

enum sj_status irc_contact_remove(struct sj_link *base, const char *id, sj_op op,
                                  struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);
    struct irc_out o;

    if (l->state != IRC_ONLINE)
        return sj_fail(err, SJ_UNREACHABLE, "not logged in there");
    struct irc_contact *c = sj_map_remove(&l->contacts, id);
    if (c && c->flags & CONTACT_MONITORED)
        l->n_monitored--;
    if (c && c->flags & CONTACT_MONITORED && !irc_regain_watches(l, c->id)) {
        irc_out_init(&o);
        irc_out_adds(&o, "MONITOR - ");
        irc_out_adds(&o, c->id);
        irc_send(l, &o, IRC_PACED);
    }
    if (c && c->flags & CONTACT_POLLED && --l->n_polled == 0)
        irc_net_poll(l, false);
    sj_free(c);
    irc_link_done(l, op);
    return SJ_OK;
}

/* Adds id to the line, divided by sep from the one before; first the line itself, if it is empty.
 * False: the line is full. */
static bool list_add(struct irc_out *o, const char *command, const char *id, char sep, size_t max)
{
    size_t n = strlen(id);

    if (o->n == 0)
        irc_out_adds(o, command);
    else if (o->n + 1 + n > max)
        return false;
    else
        irc_out_add(o, &sep, 1);
    irc_out_add(o, id, n);
    return true;
}

static void monitor_flush(struct irc_link *l, struct irc_out *o)
{
    if (o->n)
        irc_send(l, o, IRC_PACED);
    irc_out_init(o);
}

void irc_presence_watch(struct irc_link *l)
{
    const size_t max = IRC_LINE_MIN - 2;
    uint32_t polled_before = l->n_polled;
    struct irc_contact *c;
    struct irc_out o;

    irc_out_init(&o);
    for (uint32_t at = 0; (c = sj_map_next(&l->contacts, &at));) {
        if (!(c->flags & CONTACT_NEW))
            continue;
        c->flags &= (uint8_t)~CONTACT_NEW;
        if (l->monitor_max == 0 || l->n_monitored >= l->monitor_max) {
            c->flags |= CONTACT_POLLED;
            l->n_polled++;
            continue;
        }
        c->flags |= CONTACT_MONITORED;
        l->n_monitored++;
        if (!list_add(&o, "MONITOR + ", c->id, ',', max)) {
            monitor_flush(l, &o);
            list_add(&o, "MONITOR + ", c->id, ',', max);
        }
    }
    monitor_flush(l, &o);
    if (l->n_polled > polled_before) {
        irc_net_poll(l, true);
        if (!l->asked_ison)
            irc_presence_poll(l);
    }
}

/* Sends one ISON for the next contacts; false: nobody is left to ask in this round. */
static bool ison_ask(struct irc_link *l)
{
    struct irc_contact *c;
    struct irc_out o;

    if (l->poll_lines >= ISON_LINES_MAX)
        return false;
    irc_out_init(&o);
    uint32_t before = l->poll_at;
    while ((c = sj_map_next(&l->contacts, &l->poll_at))) {
        if (!(c->flags & CONTACT_POLLED))
            continue;
        if (!list_add(&o, "ISON ", c->id, ' ', ISON_TEXT_MAX)) {
            l->poll_at = before;
            break;
        }
        c->flags |= CONTACT_ASKED;
        before = l->poll_at;
    }
    if (!c)
        l->poll_at = 0;
    if (o.n == 0 || !irc_send(l, &o, IRC_PACED))
        return false;
    l->asked_ison = true;
    l->poll_lines = (uint8_t)(c ? l->poll_lines + 1u : ISON_LINES_MAX);
    return true;
}

void irc_presence_poll(struct irc_link *l)
{
    struct irc_contact *c;

    if (l->state != IRC_ONLINE)
        return;
    if (l->asked_ison) {
        /* The last question has had a whole interval: its answer no longer counts. */
        for (uint32_t at = 0; (c = sj_map_next(&l->contacts, &at));)
            c->flags &= (uint8_t)~CONTACT_ASKED;
        l->asked_ison = false;
    }
    l->poll_lines = 0;
    ison_ask(l);
}

/* 730 <me> :nick!user@host,nick..., 731 <me> :nick,nick... */
void irc_presence_handle_monitor(struct irc_link *l, struct irc_line *line)
{
    bool is_online = line->numeric == 730;
    char *item = line->param[line->n_params - 1];

    while (*item && l->state == IRC_ONLINE) {
        char *next = item + strcspn(item, ",");
        if (*next)
            *next++ = '\0';
        char *bang = strchr(item, '!');
        if (bang)
            *bang = '\0';
        if (!is_online)
            irc_regain_on_gone(l, item);
        struct irc_contact *c = contact_find(l, item);
        /* Who is online already may be away: that stays as it is. Without a mask, some servers
         * spell the nickname as we did. */
        if (c && (!is_online || !(c->flags & CONTACT_ONLINE)))
            contact_report(l, c, is_online ? CONTACT_ONLINE : 0, bang ? item : NULL, NULL);
        item = next;
    }
}

/* 734 <me> <limit> <nick>,<nick> :Monitor list is full */
void irc_presence_handle_full(struct irc_link *l, struct irc_line *line)
{
    char *item = line->param[2];

    while (*item) {
        char *next = item + strcspn(item, ",");
        if (*next)
            *next++ = '\0';
        irc_regain_on_full(l, item);
        struct irc_contact *c = contact_find(l, item);
        if (c && c->flags & CONTACT_MONITORED) {
            c->flags = (uint8_t)((c->flags & ~CONTACT_MONITORED) | CONTACT_POLLED);
            l->n_monitored--;
            l->n_polled++;
        }
        item = next;
    }
    /* What it takes now is its limit. With none at all, MONITOR is of no use. */
    l->monitor_max = (uint16_t)(l->n_monitored < UINT16_MAX ? l->n_monitored : UINT16_MAX);
    if (l->n_polled) {
        irc_net_poll(l, true);
        if (!l->asked_ison)
            irc_presence_poll(l);
    }
}

/* 303 <me> :nick nick: those of the asked who are there. */
void irc_presence_handle_ison(struct irc_link *l, struct irc_line *line)
{
    char *item = line->param[line->n_params - 1];
    struct irc_contact *c;

    if (!l->asked_ison)
        return;
    l->asked_ison = false;
    while (*item && l->state == IRC_ONLINE) {
        char *next = item + strcspn(item, " ");
        if (*next)
            *next++ = '\0';
        c = contact_find(l, item);
        if (c && c->flags & CONTACT_ASKED) {
            c->flags &= (uint8_t)~CONTACT_ASKED;
            contact_report(l, c, CONTACT_ONLINE, item, NULL);
        }
        item = next;
    }
    for (uint32_t at = 0; l->state == IRC_ONLINE && (c = sj_map_next(&l->contacts, &at));) {
        if (!(c->flags & CONTACT_ASKED))
            continue;
        c->flags &= (uint8_t)~CONTACT_ASKED;
        if (contact_report(l, c, 0, NULL, NULL))
            at = 0;
    }
    if (l->state == IRC_ONLINE)
        ison_ask(l);
}

static void contact_away(struct irc_link *l, const char *nick, const char *text)
{
    struct irc_contact *c = contact_find(l, nick);

    if (!c || !irc_cap_has(l, IRC_CAP_EXTENDED_MONITOR | IRC_CAP_AWAY_NOTIFY))
        return;
    if (!(c->flags & CONTACT_MONITORED))
        return;
    if (text && *text)
        contact_report(l, c, CONTACT_ONLINE | CONTACT_AWAY, nick, IRC_WORDS(l, text));
    else
        contact_report(l, c, CONTACT_ONLINE, nick, NULL);
}

/* :nick!user@host AWAY [:text] (away-notify) */
void irc_presence_handle_away(struct irc_link *l, struct irc_line *line)
{
    contact_away(l, line->nick, line->n_params ? line->param[0] : NULL);
}

/* 301 <me> <nick> :text, the answer to a message. Only where we would hear of the return. */
void irc_presence_handle_rpl_away(struct irc_link *l, struct irc_line *line)
{
    const char *text = line->param[2];

    contact_away(l, line->param[1], *text ? text : AWAY_TEXT_DEFAULT);
}

enum sj_status irc_set_presence(struct sj_link *base, enum sj_show show, const char *status,
                                struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);
    struct irc_out o;
    bool is_away = show == SJ_SHOW_AWAY || show == SJ_SHOW_XA || show == SJ_SHOW_DND;

    if (l->state != IRC_ONLINE)
        return sj_fail(err, SJ_UNREACHABLE, "not logged in there");
    irc_out_init(&o);
    irc_out_adds(&o, "AWAY");
    if (is_away) {
        if (!status || !*status)
            status = show == SJ_SHOW_DND ? "Do not disturb" : AWAY_TEXT_DEFAULT;
        irc_out_adds(&o, " :");
        irc_out_add_text(&o, status, IRC_TEXT_MAX);
    }
    uint32_t hash = is_away ? irc_ops_hash(o.s, o.n) : 0;
    if (hash == l->away)
        return SJ_OK;
    if (!irc_send(l, &o, IRC_PACED))
        return sj_fail(err, SJ_LIMIT, "too much waits for the network; try again later");
    l->away = hash;
    return SJ_OK;
}
