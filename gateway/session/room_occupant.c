/* SPDX-License-Identifier: MPL-2.0 */
/* Who is in a room, as the network tells it, and their presences to the user's clients.
 *
 * A nick that can be part of no address, or that another one is shown as already, is shown
 * differently (R7622-03). Networks repeat themselves: what is no change is not sent. Where a person
 * is known as a contact, clients are told so, and can start a conversation (G045-18).
 * Source: XEP-0045 §7.2.3, §7.6, §7.14, §9.1, §10; requirements §16. */
#include <stdio.h>
#include <string.h>

#include "room.h"
#include "room_picture.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

_Static_assert((int)SJ_AFFILIATION_OWNER == (int)XMPP_AFF_OWNER &&
                   (int)SJ_AFFILIATION_OUTCAST == (int)XMPP_AFF_OUTCAST &&
                   (int)SJ_AFFILIATION_MEMBER == (int)XMPP_AFF_MEMBER &&
                   (int)SJ_ROLE_MODERATOR == (int)XMPP_ROLE_MODERATOR &&
                   (int)SJ_ROLE_VISITOR == (int)XMPP_ROLE_VISITOR,
               "both contracts know the same ladder");

struct occupant *occupant_find(const struct room *r, const char *nick)
{
    return sj_map_find(&r->by_nick, nick);
}

struct occupant *occupant_shown(const struct room *r, const char *shown)
{
    struct occupant *o = sj_map_find(&r->by_shown, shown);

    if (o)
        return o;
    o = occupant_find(r, shown);
    return o && !o->shown ? o : NULL;
}

const char *occupant_nick(const struct occupant *o)
{
    return o->shown ? o->shown : o->nick;
}

const char *occupant_account(const struct room *r, const struct occupant *o)
{
    return o->self ? r->session->user : o->account ? o->account : o->id;
}

/* ---- nicks in addresses ---- */

/* What can stand in every address: ASCII without what separates. */
static void nick_simplify(const char *nick, struct sj_strbuf *out)
{
    for (const unsigned char *p = (const unsigned char *)nick; *p && out->len < 60; p++) {
        if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
            strchr("-_.[]{}|^", *p) != NULL)
            sj_strbuf_addc(out, (char)*p);
        else if (*p < 0x80 || *p >= 0xc0)
            sj_strbuf_addc(out, '_');    /* one for each code point */
    }
}

static bool nick_is_free(const struct room *r, const struct occupant *o, const char *nick)
{
    const struct occupant *other = occupant_shown(r, nick);

    return !other || other == o;
}

/* Gives o the nick that it is shown by; o->nick is set, and o->shown NULL. Its number makes the
 * second try unique, unless somebody is called like that. */
static void occupant_choose_shown(struct room *r, struct occupant *o)
{
    bool taken = sj_map_find(&r->by_shown, o->nick) != NULL;
    struct sj_strbuf stem, shown;

    if (!taken && xmpp_nick_ok(r->session->all->xmpp, o->nick))
        return;
    sj_strbuf_init(&stem, 80);
    sj_strbuf_init(&shown, 120);
    nick_simplify(o->nick, &stem);
    sj_strbuf_adds(&shown, stem.len > 0 ? stem.s : "_");
    for (unsigned i = 0; !nick_is_free(r, o, shown.s); i++) {
        sj_strbuf_reset(&shown);
        sj_strbuf_addf(&shown, "%s_%llu", stem.s, (unsigned long long)o->number + i);
    }
    sj_strbuf_release(&stem);
    o->shown = sj_strbuf_take(&shown);
    sj_map_put(&r->by_shown, o->shown, o);
}

static void occupant_forget_nick(struct room *r, struct occupant *o)
{
    sj_map_remove(&r->by_nick, o->nick);
    if (o->shown)
        sj_map_remove(&r->by_shown, o->shown);
    sj_free(o->shown);
    sj_free(o->nick);
    o->nick = o->shown = NULL;
}

static void occupant_take_nick(struct room *r, struct occupant *o, const char *nick)
{
    o->nick = sj_strdup(nick);
    occupant_choose_shown(r, o);
    sj_map_put(&r->by_nick, o->nick, o);
}

/* ---- presences ---- */

static void occupant_titles(const struct occupant *o, const char *out[SJ_ROOM_TITLES_MAX])
{
    const char *at = o->titles;

    for (size_t i = 0; i < o->n_titles; i++) {
        out[i] = at;
        at += strlen(at) + 1;
    }
}

static void occupant_fill(const struct room *r, const struct occupant *o,
                          const struct room_client *c, struct xmpp_occupant_out *out)
{
    *out = (struct xmpp_occupant_out){
        .room = r->id, .nick = occupant_nick(o), .to = c->full,
        .affiliation = (enum xmpp_affiliation)o->affiliation, .role = (enum xmpp_role)o->role,
        .peer = o->self ? NULL : o->id, .jid = o->self ? c->full : NULL,
        .account = occupant_account(r, o)};
}

bool occupant_show(const struct room *r, const struct occupant *o, const struct room_client *c,
                   uint32_t statuses)
{
    static const int map[] = {
        [SJ_SHOW_OFFLINE] = XMPP_XA, [SJ_SHOW_ONLINE] = XMPP_ONLINE, [SJ_SHOW_CHAT] = XMPP_CHAT,
        [SJ_SHOW_AWAY] = XMPP_AWAY, [SJ_SHOW_XA] = XMPP_XA, [SJ_SHOW_DND] = XMPP_DND};
    const char *titles[SJ_ROOM_TITLES_MAX];
    struct xmpp_occupant_out out;
    struct session *s = r->session;

    occupant_fill(r, o, c, &out);
    occupant_titles(o, titles);
    out.show = map[o->show];
    out.status = o->status;
    out.picture = o->self ? out.picture : room_picture_shown(o->picture);
    out.titles = titles;
    out.n_titles = o->n_titles;
    out.statuses = statuses | (o->self ? (uint32_t)XMPP_STATUS_SELF : 0);
    return xmpp_send_occupant(s->all->xmpp, s->network->index, &out) || !session_is_blocked(s);
}

static uint32_t occupant_exit_status(const struct sj_exit *exit)
{
    switch (exit->kind) {
    case SJ_EXIT_KICKED:
        return XMPP_STATUS_KICKED;
    case SJ_EXIT_BANNED:
        return XMPP_STATUS_BANNED;
    case SJ_EXIT_REMOVED:
        return XMPP_STATUS_REMOVED;
    case SJ_EXIT_LOST:
        return XMPP_STATUS_LOST;
    case SJ_EXIT_LEFT:
    case SJ_EXIT_CLOSED:
        break;
    }
    return 0;
}

bool occupant_show_exit(const struct room *r, const struct occupant *o,
                        const struct room_client *c, const struct sj_exit *exit,
                        uint32_t statuses)
{
    bool forced = exit->kind != SJ_EXIT_LEFT && exit->kind != SJ_EXIT_LOST;
    struct xmpp_occupant_out out;
    struct session *s = r->session;

    occupant_fill(r, o, c, &out);
    out.show = XMPP_OFFLINE;
    out.role = XMPP_ROLE_NONE;
    if (exit->kind == SJ_EXIT_BANNED)
        out.affiliation = XMPP_AFF_OUTCAST;
    else if (exit->kind == SJ_EXIT_REMOVED || exit->kind == SJ_EXIT_CLOSED)
        out.affiliation = XMPP_AFF_NONE;
    out.closed = exit->kind == SJ_EXIT_CLOSED;
    out.actor = exit->actor;
    out.reason = forced ? exit->reason : NULL;
    out.status = forced ? NULL : exit->reason;
    out.statuses = statuses | occupant_exit_status(exit) |
                   (o->self ? (uint32_t)XMPP_STATUS_SELF : 0);
    return xmpp_send_occupant(s->all->xmpp, s->network->index, &out) || !session_is_blocked(s);
}

void occupant_show_all(struct room *r, const struct occupant *o)
{
    struct sj_list *at = r->clients.next;

    while (at != &r->clients) {
        struct room_client *c = SJ_CONTAINER(at, struct room_client, link);
        at = at->next;
        if (room_client_knows(c, o) && !occupant_show(r, o, c, 0))
            room_client_missed(c);
    }
}

/* ---- what the network tells ---- */

static bool text_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool occupant_set_text(char **field, const char *text)
{
    if (text_same(*field, text))
        return false;
    sj_free(*field);
    *field = sj_strdup(text);
    return true;
}

static size_t titles_size(const char *const *titles, size_t n)
{
    size_t bytes = 0;

    for (size_t i = 0; i < n; i++)
        bytes += strlen(titles[i]) + 1;
    return bytes;
}

static bool occupant_same_titles(const struct occupant *o, const char *const *titles, size_t n)
{
    const char *have[SJ_ROOM_TITLES_MAX];

    if (o->n_titles != n)
        return false;
    occupant_titles(o, have);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(have[i], titles[i]) != 0)
            return false;
    }
    return true;
}

static bool occupant_set_titles(struct occupant *o, const char *const *titles, size_t n)
{
    char *at;

    if (n > SJ_ROOM_TITLES_MAX)
        n = SJ_ROOM_TITLES_MAX;
    if (occupant_same_titles(o, titles, n))
        return false;
    sj_free(o->titles);
    o->titles = at = n ? sj_malloc(titles_size(titles, n)) : NULL;
    o->n_titles = (uint8_t)n;
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(titles[i]) + 1;
        memcpy(at, titles[i], len);
        at += len;
    }
    return true;
}

/* True: clients are to be told. */
static bool occupant_learn(struct room *r, struct occupant *o, const struct sj_occupant *in)
{
    bool changed = o->affiliation != in->affiliation || o->role != in->role || o->show != in->show;

    o->affiliation = (uint8_t)in->affiliation;
    o->role = (uint8_t)in->role;
    o->show = (uint8_t)in->show;
    changed = occupant_set_text(&o->status, in->status) || changed;
    if (!text_same(o->id, in->id))
        room_picture_free(&o->picture);  /* of somebody else, for all that is known */
    changed = occupant_set_text(&o->id, in->id) || changed;
    changed = occupant_set_text(&o->account, in->account) || changed;
    changed = occupant_set_titles(o, in->titles, in->n_titles) || changed;
    if (in->self && r->self != o) {
        if (r->self)
            r->self->self = false;       /* a network that names two: the last one holds */
        r->self = o;
        o->self = changed = true;
    }
    return occupant_picture_told(r, o, in->avatar) || changed;
}

static struct occupant *occupant_new(struct room *r, const char *nick)
{
    struct occupant *o;
    unsigned dropped;

    if (r->by_nick.used >= ROOM_OCCUPANTS_MAX) {
        if (!r->full && sj_log_allow(&r->session->all->drop_limit,
                                     sj_loop_now_ms(r->session->all->loop), 5, 60000, &dropped))
            sj_log_warn(&r->session->log, "more occupants than are shown room=%s max=%u",
                        SJ_CLIP(r->id), ROOM_OCCUPANTS_MAX);
        r->full = true;
        return NULL;
    }
    o = sj_calloc(1, sizeof *o);
    o->number = ++r->last_number;
    sj_list_init(&o->link);
    sj_list_append(&r->occupants, &o->link);
    occupant_take_nick(r, o, nick);
    return o;
}

static void occupant_free(struct room *r, struct occupant *o)
{
    room_clients_skip(r, o);
    room_picture_free(&o->picture);
    sj_list_remove(&o->link);
    occupant_forget_nick(r, o);
    if (r->self == o)
        r->self = NULL;
    sj_free(o->status);
    sj_free(o->id);
    sj_free(o->account);
    sj_free(o->titles);
    sj_free(o);
}

void occupants_clear(struct room *r)
{
    while (!sj_list_empty(&r->occupants))
        occupant_free(r, SJ_CONTAINER(r->occupants.next, struct occupant, link));
    r->full = false;
}

void occupant_tell_absent(const struct room *r, enum sj_affiliation affiliation, const char *reason)
{
    const struct session *s = r->session;
    const struct xmpp_room_item item = {.affiliation = (int)affiliation,
                                        .role = XMPP_ROLE_NONE, .jid = s->user,
                                        .reason = reason};

    if (r->state == ROOM_IN && r->n_clients == 0)
        xmpp_send_room_changed(s->all->xmpp, s->network->index, r->id, s->user,
                               XMPP_STATUS_ABSENT, &item);
}

void occupant_told(struct room *r, const struct sj_occupant *in)
{
    struct occupant *o = occupant_find(r, in->nick);
    bool moves = o && o->self && in->self && o->affiliation != in->affiliation;

    if (!o)
        o = occupant_new(r, in->nick);
    if (!o || !occupant_learn(r, o, in) || r->state != ROOM_IN)
        return;
    occupant_show_all(r, o);
    if (moves)
        occupant_tell_absent(r, in->affiliation, NULL);
}

void occupant_gone(struct room *r, const char *nick, const struct sj_exit *exit)
{
    struct occupant *o = occupant_find(r, nick);
    struct sj_list *at = r->clients.next;

    if (!o || o->self)                   /* one's own end is told by left */
        return;
    while (r->state == ROOM_IN && at != &r->clients) {
        struct room_client *c = SJ_CONTAINER(at, struct room_client, link);
        at = at->next;
        if (room_client_knows(c, o) && !occupant_show_exit(r, o, c, exit, 0))
            room_client_missed(c);
    }
    occupant_free(r, o);
}

/* The old address says goodbye under the old nick, and where to (G045-57). */
static bool occupant_show_rename(const struct room *r, const struct occupant *o,
                                 const struct room_client *c, const char *old)
{
    struct xmpp_occupant_out out;
    struct session *s = r->session;

    occupant_fill(r, o, c, &out);
    out.nick = old;
    out.new_nick = occupant_nick(o);
    out.show = XMPP_OFFLINE;
    out.statuses = XMPP_STATUS_RENAMED | (o->self ? (uint32_t)XMPP_STATUS_SELF : 0);
    if (!xmpp_send_occupant(s->all->xmpp, s->network->index, &out) && session_is_blocked(s))
        return false;
    return occupant_show(r, o, c, 0);
}

void occupant_renamed(struct room *r, const char *nick, const char *new_nick)
{
    struct occupant *o = occupant_find(r, nick);
    struct occupant *other = occupant_find(r, new_nick);
    struct sj_list *at = r->clients.next;
    const struct sj_exit lost = {.kind = SJ_EXIT_LOST};
    char *old;

    if (!o || strcmp(nick, new_nick) == 0 || (other && other->self))
        return;
    if (other)                           /* a ghost: nicks are unique */
        occupant_gone(r, new_nick, &lost);
    old = sj_strdup(occupant_nick(o));
    occupant_forget_nick(r, o);
    occupant_take_nick(r, o, new_nick);
    while (r->state == ROOM_IN && at != &r->clients) {
        struct room_client *c = SJ_CONTAINER(at, struct room_client, link);
        at = at->next;
        if (room_client_knows(c, o) && strcmp(old, occupant_nick(o)) != 0 &&
            !occupant_show_rename(r, o, c, old))
            room_client_missed(c);
    }
    sj_free(old);
}
