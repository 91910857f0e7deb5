/* SPDX-License-Identifier: MPL-2.0 */
/* What a room is: its name, description, picture, flags, as the network tells them. Clients in it
 * hear of changes (G045-90). Source: XEP-0045 §10.2.1, §15.6.2; requirements §16. */
#include <string.h>

#include "event.h"
#include "room.h"
#include "room_picture.h"
#include "rooms.h"
#include "session.h"
#include "sojourn/translate.h"

static const struct {
    uint32_t flag;                       /* enum sj_room_flag */
    uint32_t shown;                      /* enum xmpp_room_flag */
} told_flags[] = {
    {SJ_ROOM_SECRET, XMPP_ROOM_SECRET},
    {SJ_ROOM_MEMBERS_ONLY, XMPP_ROOM_MEMBERS_ONLY},
    {SJ_ROOM_MODERATED, XMPP_ROOM_MODERATED},
    {SJ_ROOM_PASSWORD, XMPP_ROOM_PASSWORD},
    {SJ_ROOM_SUBJECT_LOCKED, XMPP_ROOM_SUBJECT_LOCKED},
    {SJ_ROOM_PERSISTENT, XMPP_ROOM_PERSISTENT},
    {SJ_ROOM_ANONYMOUS, XMPP_ROOM_ANONYMOUS},
    {SJ_ROOM_LOGGED, XMPP_ROOM_LOGGED},
};

uint32_t room_flags(uint32_t flags)
{
    uint32_t shown = 0;

    for (size_t i = 0; i < sizeof told_flags / sizeof told_flags[0]; i++) {
        if (flags & told_flags[i].flag)
            shown |= told_flags[i].shown;
    }
    return shown;
}

static bool told_text(char **field, const char *text)
{
    if (!text || (*field && strcmp(*field, text) == 0))
        return false;
    contact_set(field, text);
    return true;
}

/* Which of XEP-0045's codes say that these flags changed. */
static uint32_t told_statuses(uint32_t was, uint32_t flags)
{
    uint32_t changed = was ^ flags, statuses = 0;

    if (changed & SJ_ROOM_LOGGED)
        statuses |= flags & SJ_ROOM_LOGGED ? XMPP_STATUS_NOW_LOGGED : XMPP_STATUS_NOT_LOGGED;
    if (changed & SJ_ROOM_ANONYMOUS)
        statuses |= flags & SJ_ROOM_ANONYMOUS ? XMPP_STATUS_NOW_ANONYMOUS
                                              : XMPP_STATUS_NOW_NOT_ANONYMOUS;
    if (changed & ~(uint32_t)(SJ_ROOM_LOGGED | SJ_ROOM_ANONYMOUS))
        statuses |= XMPP_STATUS_CHANGED;
    return statuses;
}

void room_changed(struct room *r, uint32_t statuses)
{
    const struct session *s = r->session;
    const struct sj_list *at;

    if (statuses == 0 || r->state != ROOM_IN)
        return;
    for (at = r->clients.next; at != &r->clients; at = at->next) {
        const struct room_client *c = SJ_CONTAINER(at, struct room_client, link);
        if (c->state == ROOM_CLIENT_IN)
            xmpp_send_room_changed(s->all->xmpp, s->network->index, r->id, c->full, statuses,
                                   NULL);
    }
}

/* Each client that comes in is told, and it is no part of the room's history. */
bool room_warn(const struct room_client *c)
{
    struct session *s = c->room->session;
    struct event e = {.kind = EVENT_MESSAGE};

    if (!(c->room->flags & SJ_ROOM_ENCRYPTED))
        return true;
    e.text[EVENT_BODY] = sj_translate(s->lang, "This room is encrypted: what is said in it cannot "
                                               "be read here, and nothing can be said from here.");
    return event_send(s, c->room->id, &e, c->full, NULL, false) || !session_is_blocked(s);
}

static void room_warn_all(const struct room *r)
{
    const struct sj_list *at;

    for (at = r->clients.next; r->state == ROOM_IN && at != &r->clients; at = at->next) {
        const struct room_client *c = SJ_CONTAINER(at, struct room_client, link);
        if (c->state == ROOM_CLIENT_IN)
            (void)room_warn(c);
    }
}

/* A room that nobody is in is of no interest here: room_ask.c has looked at it. */
void room_told(struct session *s, const struct sj_room *in)
{
    struct room *r = room_find(s, in->id);
    uint32_t statuses, was;
    bool changed;

    room_looked(s, in);
    if (!r || r->state == ROOM_WAITING)
        return;
    was = r->flags;
    r->flags = (r->flags & ~in->known) | (in->flags & in->known);
    changed = told_text(&r->name, in->name);
    changed = told_text(&r->description, in->description) || changed;
    changed = in->occupants_max != r->occupants_max || changed;
    r->occupants_max = in->occupants_max;
    /* What becomes known is no change. */
    statuses = told_statuses(was & r->known, r->flags & r->known) |
               (changed ? (uint32_t)XMPP_STATUS_CHANGED : 0);
    r->known |= in->known;
    if (in->n_occupants)
        r->n_told = in->n_occupants;
    room_changed(r, statuses);
    if (~was & r->flags & SJ_ROOM_ENCRYPTED)
        room_warn_all(r);
    room_picture_told(r, in->avatar);
}
