/* SPDX-License-Identifier: MPL-2.0 */
/* Pictures of rooms and of the people in them: what is known of each, when it is fetched, and who
 * hears of it.
 *
 * Clients know a picture by the digest of its bytes, so it is fetched first, like those of contacts
 * and within the same budget (fetch.c); what others fetched already is found in their cache. A
 * room's picture is told of by a code (G486-03), that of a person in their presence (G153-06). The
 * user's own is not: their clients show what they have themselves. Cards of both are asked for here
 * and answered by profile.c. Source: XEP-0486 §3, XEP-0153 §3, XEP-0054 §3.3. */
#include "room_picture.h"

#include <string.h>

#include "profile.h"
#include "room.h"
#include "rooms.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

void room_picture_free(struct room_picture **at)
{
    if (!*at)
        return;
    sj_list_remove(&(*at)->link);
    sj_free(*at);
    *at = NULL;
}

struct xmpp_picture room_picture_shown(const struct room_picture *p)
{
    if (!p || !p->settled)
        return (struct xmpp_picture){.state = XMPP_PICTURE_UNKNOWN};
    if (!p->kind)
        return (struct xmpp_picture){.state = XMPP_PICTURE_NONE};
    return (struct xmpp_picture){.state = XMPP_PICTURE_KNOWN, .sha1 = p->sha1,
                                 .type = image_type(p->kind)};
}

/* Over there: whose picture is it? */
static const char *picture_peer(const struct room_picture *p)
{
    return p->occupant ? p->occupant->id : p->room->id;
}

static bool picture_has(const struct room_picture *p, const struct avatar *a)
{
    return p->settled && p->kind && a && memcmp(p->sha1, a->sha1, sizeof p->sha1) == 0;
}

/* Takes over what was fetched; true: it is another one, or none any more. */
static bool picture_take(struct room_picture *p, const struct avatar *a)
{
    bool had = p->settled && p->kind, same = picture_has(p, a);

    p->settled = true;
    p->kind = a ? a->image.kind : IMAGE_NONE;
    if (a)
        memcpy(p->sha1, a->sha1, sizeof p->sha1);
    return !same && (had || a);
}

static const struct avatar *picture_cached(struct session *s, const struct room_picture *p)
{
    const struct avatar *a;
    struct sj_strbuf key;

    fetch_picture_key(&key, s, picture_peer(p), p->id);
    a = avatars_find_source(&s->all->profiles->avatars, key.s);
    sj_strbuf_release(&key);
    return a;
}

static void picture_want(struct room_picture *p)
{
    struct session *s = p->room->session;

    sj_list_remove(&p->link);
    sj_list_append(&portfolio_get(s)->pictures_wanted, &p->link);
    portfolio_later(s);
}

/* The picture of that id; true: *at is a new one, of which nothing is known yet. */
static bool picture_learn(struct room_picture **at, struct room *r, struct occupant *o,
                          const char *avatar)
{
    size_t n = strlen(avatar) + 1;

    if (*at && strcmp((*at)->id, avatar) == 0)
        return false;
    room_picture_free(at);
    *at = sj_calloc(1, sizeof **at + n);
    memcpy((*at)->id, avatar, n);
    (*at)->room = r;
    (*at)->occupant = o;
    sj_list_init(&(*at)->link);
    return true;
}

static bool picture_possible(const struct room *r, const char *avatar)
{
    return avatar && (r->session->network->backend->caps & SJ_CAP_PROFILES) &&
           r->session->network->backend->avatar_get &&
           strlen(avatar) <= SJ_AVATAR_ID_MAX;
}

/* ---- what the network tells ---- */

void room_picture_told(struct room *r, const char *avatar)
{
    struct room_picture *p = r->picture;
    bool had = p && p->settled && p->kind;
    const struct avatar *a;

    if (!picture_possible(r, avatar))
        return;
    if (!*avatar) {
        room_picture_free(&r->picture);
        if (had)
            room_changed(r, XMPP_STATUS_CHANGED);
        return;
    }
    if (!picture_learn(&r->picture, r, NULL, avatar))
        return;
    a = picture_cached(r->session, r->picture);
    if (!a)                              /* told of when it is there */
        picture_want(r->picture);
    else if (picture_take(r->picture, a))
        room_changed(r, XMPP_STATUS_CHANGED);
}

bool occupant_picture_told(struct room *r, struct occupant *o, const char *avatar)
{
    const struct room_picture *p = o->picture;
    bool had = p && p->settled && p->kind;
    const struct avatar *a;

    if (!picture_possible(r, avatar) || !o->id || o->self)
        return false;
    if (!*avatar) {
        room_picture_free(&o->picture);
        return had;
    }
    if (!picture_learn(&o->picture, r, o, avatar))
        return false;
    a = picture_cached(r->session, o->picture);
    if (a)
        return picture_take(o->picture, a);
    if (r->by_nick.used <= ROOM_PICTURES_MAX)
        picture_want(o->picture);
    return false;
}

void occupant_picture_wanted(const struct occupant *o)
{
    if (o->picture && !o->picture->settled && sj_list_empty(&o->picture->link))
        picture_want(o->picture);
}

/* ---- fetching ---- */

static void picture_settle(struct room_picture *p, const struct avatar *a)
{
    struct room *r = p->room;

    if (!picture_take(p, a))
        return;
    if (!p->occupant)
        room_changed(r, XMPP_STATUS_CHANGED);
    else if (r->state == ROOM_IN)
        occupant_show_all(r, p->occupant);
}

bool room_picture_ask(struct session *s, struct room_picture *p)
{
    if (!fetch_picture(s, picture_peer(p), p->id, true))
        return false;
    sj_list_remove(&p->link);
    sj_list_append(&s->portfolio->pictures_asked, &p->link);
    return true;
}

bool room_pictures_fetch_next(struct session *s)
{
    struct sj_list *wanted = &s->portfolio->pictures_wanted;
    struct room_picture *p;
    const struct avatar *a;

    if (sj_list_empty(wanted))
        return false;
    p = SJ_CONTAINER(wanted->next, struct room_picture, link);
    a = picture_cached(s, p);
    if (!a && !fetch_picture(s, picture_peer(p), p->id, false))
        return false;
    sj_list_remove(&p->link);
    if (a)
        picture_settle(p, a);
    else
        sj_list_append(&s->portfolio->pictures_asked, &p->link);
    return true;
}

/* One that was asked for by these names, now alone; NULL: no more. */
static struct room_picture *picture_take_asked(struct session *s, const char *peer,
                                               const char *avatar)
{
    struct sj_list *asked = &s->portfolio->pictures_asked;
    struct sj_list *at;

    for (at = asked->next; at != asked; at = at->next) {
        struct room_picture *p = SJ_CONTAINER(at, struct room_picture, link);
        if (strcmp(picture_peer(p), peer) != 0 || strcmp(p->id, avatar) != 0)
            continue;
        sj_list_remove(&p->link);
        return p;
    }
    return NULL;
}

/* What failed is tried again when the network tells of it anew, or somebody asks. */
void room_pictures_fetched(struct session *s, const char *peer, const char *avatar,
                           const struct avatar *a, bool failed)
{
    struct room_picture *p;

    while ((p = picture_take_asked(s, peer, avatar)) != NULL) {
        if (!failed)
            picture_settle(p, a);
    }
}

static void pictures_leave(struct sj_list *list)
{
    while (!sj_list_empty(list))
        sj_list_remove(list->next);
}

void room_pictures_forget(struct session *s)
{
    pictures_leave(&s->portfolio->pictures_wanted);
    pictures_leave(&s->portfolio->pictures_asked);
}

/* ---- requests ---- */

enum sj_status rooms_card(void *ctx, const struct xmpp_from *from, const char *room,
                          const char *nick, const struct xmpp_card_ask *ask, xmpp_req req,
                          struct sj_error *err)
{
    struct room *r = room_asked(ctx, from, room, err);
    const struct occupant *o = r && nick ? occupant_shown(r, nick) : NULL;

    if (!r)
        return err->status;
    if (nick ? !o || !o->id : !r->picture)
        return sj_fail(err, SJ_NOTFOUND, "Nothing more is known here.");
    profile_card_in_room(r->session, o ? o->id : r->id, r->id, nick, ask, req);
    return SJ_OK;
}
