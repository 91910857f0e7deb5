/* SPDX-License-Identifier: MPL-2.0 */
/* Channels, people and members of one link: the data, and their limits.
 *
 * Looking somebody up in a channel goes by the person, who knows its memberships: a channel needs
 * no table of its own, and who quits or changes nick is found everywhere at once. What the changes
 * mean is decided in irc_chan_names.c, irc_chan_people.c and irc_chan_mode.c. RFC 2811 §2.1; RFC
 * 2812 §1.3. */
#include "irc_chan.h"

#include <stdio.h>
#include <string.h>

#include "irc_ask.h"
#include "irc_bans.h"
#include "irc_nick.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"

/* Bytes of user name and host. */
#define MASK_MAX 301u

struct irc_rooms *irc_rooms_get(struct irc_link *l)
{
    struct irc_rooms *rooms = l->rooms;

    if (rooms)
        return rooms;
    rooms = sj_calloc(1, sizeof *rooms);
    rooms->link = l;
    sj_list_init(&rooms->chans);
    sj_list_init(&rooms->asks);
    sj_list_init(&rooms->said);
    sj_map_init(&rooms->by_id);
    sj_map_init(&rooms->people);
    sj_timer_init(&rooms->timer, irc_chan_on_timer, l);
    l->rooms = rooms;
    return rooms;
}

void irc_rooms_release(struct irc_link *l)
{
    struct irc_rooms *rooms = l->rooms;

    if (!rooms)
        return;
    while (!sj_list_empty(&rooms->chans))
        irc_chan_remove(l, SJ_CONTAINER(rooms->chans.next, struct irc_chan, link));
    irc_said_release(l);
    irc_ask_fail_all(l, NULL);
    sj_timer_stop(&rooms->timer);
    sj_map_release(&rooms->by_id);
    sj_map_release(&rooms->people);
    sj_free(rooms);
    l->rooms = NULL;
}

static void log_limit(struct irc_link *l, const char *what)
{
    if (!l->rooms->logged_limit)
        sj_log_info(l->base.log, "rooms limit=%s more are not followed", what);
    l->rooms->logged_limit = true;
}

char *irc_chan_clean(const struct irc_link *l, const char *text, size_t max)
{
    struct sj_strbuf b;

    sj_strbuf_init(&b, (size_t)IRC_INPUT_LINE_MAX * 3);
    irc_text_clean(&b, irc_link_charset(l), text, strlen(text));
    char *clean = sj_strndup(b.s, sj_utf8_cut(b.s, b.len, max));
    sj_strbuf_release(&b);
    return clean;
}

char *irc_chan_nick(const struct irc_link *l, const char *mask)
{
    char raw[IRC_NICK_MAX + 1];
    struct irc_nickname name;
    size_t n = strcspn(mask, "!");

    if (n > IRC_NICK_MAX || memchr(mask, '.', n))
        return NULL;
    memcpy(raw, mask, n);
    raw[n] = '\0';
    return irc_nickname_of(&name, l, raw) ? sj_strdup(name.nick) : NULL;
}

/* ---- channels ---- */

bool irc_chan_is_name(const char *s)
{
    size_t n = strlen(s);

    if (n < 2 || n > IRC_CHANNEL_MAX || !strchr("#&+!", *s) || !sj_utf8_valid(s, n))
        return false;
    for (; *s; s++) {
        if ((unsigned char)*s <= 0x20 || *s == 0x7f || *s == ',')
            return false;
    }
    return true;
}

bool irc_chan_is_room(const struct sj_net *net, const char *id)
{
    (void)net;
    return *id && strchr("#&+!", *id);
}

struct irc_chan *irc_chan_find(const struct irc_link *l, const char *name)
{
    char id[IRC_CHANNEL_MAX + 1];

    if (!l->rooms || strlen(name) > IRC_CHANNEL_MAX)
        return NULL;
    memcpy(id, name, strlen(name) + 1);
    irc_case_fold((enum irc_casemap)l->casemap, id);
    return sj_map_find(&l->rooms->by_id, id);
}

struct irc_chan *irc_chan_add(struct irc_link *l, const char *name)
{
    struct irc_rooms *rooms = irc_rooms_get(l);
    size_t n = strlen(name);

    if (!irc_chan_is_name(name))
        return NULL;
    if (rooms->by_id.used >= IRC_CHANS_MAX) {
        log_limit(l, "channels");
        return NULL;
    }
    struct irc_chan *c = sj_calloc(1, sizeof *c + n + 1);
    memcpy(c->id, name, n + 1);
    irc_case_fold((enum irc_casemap)l->casemap, c->id);
    c->name = sj_strdup(name);
    c->since_ms = sj_loop_now_ms(l->base.loop);
    sj_list_init(&c->link);
    sj_list_init(&c->members);
    sj_list_append(&rooms->chans, &c->link);
    sj_map_put(&rooms->by_id, c->id, c);
    if (!sj_timer_running(&rooms->timer))
        sj_timer_start(l->base.loop, &rooms->timer, IRC_JOIN_MS);
    return c;
}

void irc_chan_remove(struct irc_link *l, struct irc_chan *c)
{
    while (!sj_list_empty(&c->members))
        irc_member_remove(l, SJ_CONTAINER(c->members.next, struct irc_member, in_chan));
    if (sj_map_find(&l->rooms->by_id, c->id) == c)
        sj_map_remove(&l->rooms->by_id, c->id);
    sj_list_remove(&c->link);
    irc_bans_release(c);
    sj_free(c->topic);
    sj_free(c->topic_nick);
    sj_free(c->name);
    sj_free(c);
}

/* ---- people ---- */

bool irc_nickname_of(struct irc_nickname *out, const struct irc_link *l, const char *raw)
{
    size_t n = strlen(raw);

    out->is_repaired = !irc_text_is_clean(raw, n);
    if (n == 0 || n > IRC_NICK_MAX || strpbrk(raw, " \t"))
        return false;
    if (out->is_repaired)
        sj_copy(out->nick, sizeof out->nick, IRC_WORDS(l, raw));
    else
        memcpy(out->nick, raw, n + 1);
    memcpy(out->id, out->nick, strlen(out->nick) + 1);
    irc_case_fold((enum irc_casemap)l->casemap, out->id);
    return *out->nick != '\0';
}

struct irc_person *irc_person_find(const struct irc_link *l, const char *raw)
{
    struct irc_nickname name;

    if (!l->rooms || l->rooms->people.used == 0 || !irc_nickname_of(&name, l, raw))
        return NULL;
    return sj_map_find(&l->rooms->people, name.id);
}

bool irc_person_is_self(const struct irc_link *l, const struct irc_person *p)
{
    return l->nick && irc_case_equal((enum irc_casemap)l->casemap, p->nick, l->nick);
}

/* One piece of memory for both names. */
static void person_name(struct irc_person *p, const struct irc_nickname *name)
{
    size_t n = strlen(name->id) + 1;
    size_t m = strlen(name->nick) + 1;

    p->id = sj_malloc(n + m);
    p->nick = p->id + n;
    memcpy(p->id, name->id, n);
    memcpy(p->nick, name->nick, m);
    p->is_repaired = name->is_repaired;
}

static struct irc_person *person_get(struct irc_link *l, const char *raw)
{
    struct irc_nickname name;

    if (!irc_nickname_of(&name, l, raw))
        return NULL;
    struct irc_person *p = sj_map_find(&l->rooms->people, name.id);
    if (p)
        return p;
    bool self = l->nick && irc_case_equal((enum irc_casemap)l->casemap, name.nick, l->nick);
    if (l->rooms->people.used >= IRC_PEOPLE_MAX && !self) {
        log_limit(l, "people");
        return NULL;
    }
    p = sj_calloc(1, sizeof *p);
    person_name(p, &name);
    sj_map_put(&l->rooms->people, p->id, p);
    return p;
}

static void person_free(struct irc_link *l, struct irc_person *p)
{
    sj_map_remove(&l->rooms->people, p->id);
    sj_free(p->account);
    sj_free(p->mask);
    sj_free(p->away);
    sj_free(p->id);
    sj_free(p);
}

void irc_person_rename(struct irc_link *l, struct irc_person *p, const struct irc_nickname *to)
{
    char *before = p->id;

    sj_map_remove(&l->rooms->people, p->id);
    person_name(p, to);
    sj_free(before);
    sj_map_put(&l->rooms->people, p->id, p);
}

bool irc_person_set(const struct irc_link *l, char **slot, const char *value, size_t max)
{
    struct irc_words words;
    char text[SJ_STATUS_MAX + 1];

    if (value) {
        if (!irc_text_is_clean(value, strlen(value)))
            value = irc_words_of(&words, l, value);
        sj_copy(text, max < sizeof text ? max + 1 : sizeof text, value);
        value = text;
    }
    if (value == *slot || (value && *slot && strcmp(value, *slot) == 0))
        return false;
    sj_free(*slot);
    *slot = sj_strdup(value);
    return true;
}

void irc_person_learn(const struct irc_link *l, struct irc_person *p, const char *user,
                      const char *host)
{
    char mask[MASK_MAX + 1];

    if (!user || !host || strlen(user) + strlen(host) + 1 > MASK_MAX)
        return;
    (void)snprintf(mask, sizeof mask, "%.100s@%.200s", user, host);
    irc_person_set(l, &p->mask, mask, MASK_MAX);
}

/* ---- members ---- */

static struct irc_member *member_of(const struct irc_person *p, const struct irc_chan *c)
{
    struct irc_member *m = p->first;

    while (m && m->chan != c)
        m = m->next;
    return m;
}

struct irc_member *irc_member_find(const struct irc_link *l, const struct irc_chan *c,
                                   const char *raw)
{
    const struct irc_person *p = irc_person_find(l, raw);

    return p ? member_of(p, c) : NULL;
}

struct irc_member *irc_member_add(struct irc_link *l, struct irc_chan *c, const char *raw)
{
    struct irc_person *p = c->n_members < IRC_MEMBERS_MAX ? person_get(l, raw)
                                                          : irc_person_find(l, raw);
    struct irc_member *m = p ? member_of(p, c) : NULL;

    if (m)
        return m;
    if (!p || c->n_members >= IRC_MEMBERS_MAX) {
        c->n_missed++;
        if (c->n_members >= IRC_MEMBERS_MAX)
            log_limit(l, "members");
        return NULL;
    }
    m = sj_malloc(sizeof *m);
    *m = (struct irc_member){ .next = p->first, .person = p, .chan = c };
    p->first = m;
    sj_list_init(&m->in_chan);
    sj_list_append(&c->members, &m->in_chan);
    c->n_members++;
    return m;
}

void irc_member_remove(struct irc_link *l, struct irc_member *m)
{
    struct irc_person *p = m->person;
    struct irc_member **at = &p->first;

    while (*at != m)
        at = &(*at)->next;
    *at = m->next;
    sj_list_remove(&m->in_chan);
    m->chan->n_members--;
    sj_free(m);
    if (!p->first)
        person_free(l, p);
}
