/* SPDX-License-Identifier: MPL-2.0 */
/* Items that end: because the network removed the contact, because the user unregisters, or because
 * the contact has a new id, under which it goes on with the user's own name and groups. A new item
 * is there before the old one goes. */
#include <string.h>

#include "roster.h"
#include "session.h"
#include "sojourn/memory.h"

static struct roster_move *move_find(const struct session *s, const char *from, const char *to)
{
    struct sj_list *at;

    if (!s->roster)
        return NULL;
    for (at = s->roster->moves.next; at != &s->roster->moves; at = at->next) {
        struct roster_move *m = SJ_CONTAINER(at, struct roster_move, link);
        if ((from && strcmp(m->from, from) == 0) || (to && strcmp(m->to, to) == 0))
            return m;
    }
    return NULL;
}

static void move_free(struct roster *r, struct roster_move *m)
{
    sj_list_remove(&m->link);
    r->n_moves--;
    sj_free(m->from);
    sj_free(m->to);
    sj_free(m);
}

void roster_moves_clear(struct roster *r)
{
    while (!sj_list_empty(&r->moves))
        move_free(r, SJ_CONTAINER(r->moves.next, struct roster_move, link));
}

static void move_add(struct session *s, const char *from, const char *to)
{
    struct roster *r = roster_get(s);
    struct roster_move *m;

    if (r->n_moves >= ROSTER_MOVES_MAX)
        return;                          /* the old item stays; the new one is told as any other */
    m = sj_calloc(1, sizeof *m);
    m->from = sj_strdup(from);
    m->to = sj_strdup(to);
    sj_list_append(&r->moves, &m->link);
    r->n_moves++;
}

static void move_text(char **to, char **from)
{
    sj_free(*to);
    *to = *from;
    *from = NULL;
}

struct contact *roster_move(struct session *s, struct contact *c, const char *new_id)
{
    struct contact *n = contact_find(s, new_id) ? NULL : contact_add(s, new_id);

    if (!n)
        return NULL;
    move_text(&n->name, &c->name);
    move_text(&n->group, &c->group);
    move_text(&n->status, &c->status);
    move_text(&n->told_name, &c->told_name);
    move_text(&n->told_group, &c->told_group);
    n->name_told = c->name_told;
    n->group_told = c->group_told;
    n->named = c->named;
    n->asked = c->asked;
    n->show = c->show;
    n->has_presence = c->has_presence;
    n->lacks = c->lacks;
    n->no_reply = c->no_reply;
    n->listed = c->listed;
    if (c->in_roster && roster_is_writable(s))
        move_add(s, c->id, new_id);
    return n;
}

struct contact *roster_moved(struct session *s, const char *id)
{
    const struct roster_move *m = move_find(s, id, NULL);
    struct contact *c = m ? contact_find(s, m->to) : NULL;

    return c && c->writing == CONTACT_WRITES_NOTHING ? c : NULL;
}

void roster_finish_move(struct session *s, const char *id, bool ok)
{
    struct roster_move *m = move_find(s, NULL, id);

    if (!m)
        return;
    if (ok)
        xmpp_roster_remove(s->all->xmpp, s->network->index, s->user, m->from);
    move_free(s->roster, m);
}

void roster_gone(struct session *s, const struct contact *c)
{
    bool unread = !s->roster || !s->roster->known;

    if (s->roster && s->roster->state == ROSTER_READING)
        s->roster->stale = true;         /* the answer may still have it */
    if (roster_is_writable(s) && (c->in_roster || (unread && (c->to || c->suggested))))
        xmpp_roster_remove(s->all->xmpp, s->network->index, s->user, c->id);
}

void roster_remove_created(struct session *s)
{
    struct contact *c;
    uint32_t at = 0;

    if (!roster_is_writable(s))
        return;
    while ((c = sj_map_next(&s->contacts, &at)) != NULL) {
        if (c->created)
            xmpp_roster_remove(s->all->xmpp, s->network->index, s->user, c->id);
    }
}
