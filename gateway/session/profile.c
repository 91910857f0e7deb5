/* SPDX-License-Identifier: MPL-2.0 */
/* Requests of clients for cards and pictures of contacts, of people in rooms, and of rooms:
 * answered from what is kept, or when it was fetched, or with an error before clients give up
 * (G054-08).
 *
 * A request names its session by id and whom it is about by the network's, and looks again at each
 * step: either may be gone by then. Fetching is in fetch.c, what a picture means in portrait.c and
 * room_picture.c. */
#include "profile.h"

#include <string.h>

#include "command.h"
#include "room_picture.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

/* ---- requests ---- */

static void ask_free(struct card_ask *a)
{
    sj_free(a->room);
    sj_free(a->nick);
    sj_list_remove(&a->in_session);
    sj_list_remove(&a->by_age);
    sj_free(a);
}

static void ask_refuse(struct session *s, struct card_ask *a, enum sj_status status,
                       const char *text)
{
    struct sj_error err;
    uint64_t run = a->run;

    sj_fail(&err, status, "%s", text);
    if (!run)
        xmpp_answer(s->all->xmpp, a->req, &err);
    ask_free(a);
    if (run && s->all->commands)         /* not while everything is being freed */
        command_outcome(s->all, run, &err);
}

/* Whom a request is about, as things are now; borrowed. */
struct card_subject {
    const char *id, *name;
    const char *avatar;          /* the network's id of the picture; NULL: there is none */
    bool settled;                /* it was fetched once... */
    enum image_kind kind;        /* ...and is of this kind */
    const uint8_t *sha1;
    struct room_picture *picture;        /* it is known by a room; or NULL */
};

static bool subject_of_contact(const struct session *s, const char *id, struct card_subject *out)
{
    const struct contact *c = contact_find(s, id);
    const struct portrait *p = c ? c->portrait : NULL;

    if (!c || !c->to)
        return false;
    *out = (struct card_subject){.id = c->id, .name = c->name ? c->name : c->id};
    if (p) {
        out->avatar = p->id;
        out->settled = p->settled;
        out->kind = p->kind;
        out->sha1 = p->sha1;
    }
    return true;
}

static void subject_take_picture(struct card_subject *out, struct room_picture *p)
{
    out->picture = p;
    out->avatar = p->id;
    out->settled = p->settled;
    out->kind = p->kind;
    out->sha1 = p->sha1;
}

/* Somebody whose picture no room tells of may be a contact (G054-07). */
static bool subject_in_room(const struct session *s, const struct card_ask *a,
                            struct card_subject *out)
{
    const struct room *r = room_find(s, a->room);
    const struct occupant *o = r && a->nick ? occupant_shown(r, a->nick) : NULL;

    if (!r || r->state != ROOM_IN || (a->nick ? !o : !r->picture))
        return false;
    if (o && (!o->id || strcmp(o->id, a->peer) != 0))
        return false;
    if (o && !o->picture && subject_of_contact(s, o->id, out))
        return true;
    *out = (struct card_subject){.id = o ? o->id : r->id,
                                 .name = o ? occupant_nick(o) : r->name ? r->name : r->id};
    if (o ? o->picture : r->picture)
        subject_take_picture(out, o ? o->picture : r->picture);
    return true;
}

static bool ask_subject(const struct session *s, const struct card_ask *a,
                        struct card_subject *out)
{
    if (a->run) {
        *out = (struct card_subject){.id = a->peer, .name = a->peer};
        return true;
    }
    return a->room ? subject_in_room(s, a, out) : subject_of_contact(s, a->peer, out);
}

/* The bytes of what is shown; NULL: not here. */
static const struct avatar *ask_picture(struct session *s, const struct card_subject *of)
{
    return of->avatar && of->settled && of->kind
               ? avatars_find(&s->all->profiles->avatars, of->sha1)
               : NULL;
}

/* Could there be a picture at all? */
static bool ask_expects_picture(const struct card_subject *of)
{
    return of->avatar && (!of->settled || of->kind);
}

/* The command reads what is kept. */
static void ask_answer_run(struct session *s, struct card_ask *a)
{
    uint64_t run = a->run;

    if (a->no_profile) {
        ask_refuse(s, a, SJ_UNREACHABLE, N_("The network did not say."));
        return;
    }
    ask_free(a);
    command_outcome(s->all, run, NULL);
}

static void ask_answer(struct session *s, struct card_ask *a, const struct card_subject *of)
{
    const struct kept *kept = kept_find(s->all->profiles, s, of->id);
    const struct avatar *picture = a->wants & XMPP_CARD_PICTURE ? ask_picture(s, of) : NULL;
    struct sj_profile profile = {.id = of->id};
    struct xmpp_card card = {.name = of->name, .profile = &profile};

    /* A card without the picture that presence promises would say that there is none (G153-02). */
    if ((a->wants & XMPP_CARD_PICTURE) && !picture && ask_expects_picture(of) &&
        (a->exact || of->settled)) {
        ask_refuse(s, a, SJ_UNREACHABLE, N_("The picture cannot be fetched now."));
        return;
    }
    if (a->exact && (!picture || memcmp(picture->sha1, a->sha1, sizeof a->sha1) != 0)) {
        ask_refuse(s, a, SJ_NOTFOUND, "");
        return;
    }
    for (size_t i = 0; kept && i < SJ_PROFILE_COUNT; i++)
        profile.value[i] = kept->value[i];
    profile.facts = kept ? kept->facts : NULL;
    profile.n_facts = kept ? kept->n_facts : 0;
    if (picture) {
        card.data = picture->data;
        card.len = picture->len;
        card.sha1 = picture->sha1;
        card.type = image_type(picture->image.kind);
    }
    xmpp_answer_card(s->all->xmpp, a->req, &card);
    ask_free(a);
}

/* Starts what is missing; true: something is on its way, or will be when there is room. */
static bool ask_needs(struct session *s, struct card_ask *a, const struct card_subject *of)
{
    bool picture = (a->wants & XMPP_CARD_PICTURE) && !a->no_picture && ask_expects_picture(of) &&
                   !ask_picture(s, of);
    bool profile = (a->wants & XMPP_CARD_PROFILE) && !a->no_profile &&
                   !kept_find(s->all->profiles, s, of->id);

    if (s->state != SESSION_ONLINE || !(s->network->backend->caps & SJ_CAP_PROFILES))
        return false;
    if (picture && of->picture)
        room_picture_ask(s, of->picture);
    else if (picture)
        fetch_picture(s, of->id, of->avatar, true);
    if (profile)
        fetch_profile(s, of->id);
    return picture || profile;
}

static void ask_step(struct session *s, struct card_ask *a)
{
    struct card_subject of;

    if (!ask_subject(s, a, &of))
        ask_refuse(s, a, a->room ? SJ_NOTFOUND : SJ_UNAVAILABLE, "");
    else if (ask_needs(s, a, &of))
        return;
    else if (a->run)
        ask_answer_run(s, a);
    else
        ask_answer(s, a, &of);
}

/* Of one contact, or (NULL) of all. */
static void asks_step(struct session *s, const char *peer)
{
    struct sj_list *at, *next;

    for (at = s->portfolio->asks.next; at != &s->portfolio->asks; at = next) {
        struct card_ask *a = SJ_CONTAINER(at, struct card_ask, in_session);
        next = at->next;
        if (!peer || strcmp(a->peer, peer) == 0)
            ask_step(s, a);
    }
}

void profile_fetched(struct session *s, const char *peer, bool picture, bool failed)
{
    struct sj_list *at;

    for (at = s->portfolio->asks.next; failed && at != &s->portfolio->asks; at = at->next) {
        struct card_ask *a = SJ_CONTAINER(at, struct card_ask, in_session);
        if (strcmp(a->peer, peer) != 0)
            continue;
        if (picture)
            a->no_picture = true;
        else
            a->no_profile = true;
    }
    asks_step(s, peer);
}

static void profiles_arm(struct profiles *p)
{
    const struct card_ask *oldest;
    int64_t wait;

    sj_timer_stop(&p->deadline);
    if (sj_list_empty(&p->asks))
        return;
    oldest = SJ_CONTAINER(p->asks.next, struct card_ask, by_age);
    wait = oldest->due_ms - sj_loop_now_ms(p->all->loop);
    sj_timer_start(p->all->loop, &p->deadline, wait > 0 ? wait : 0);
}

static void profiles_on_deadline(void *arg)
{
    struct profiles *p = arg;
    int64_t now_ms = sj_loop_now_ms(p->all->loop);

    while (!sj_list_empty(&p->asks)) {
        struct card_ask *a = SJ_CONTAINER(p->asks.next, struct card_ask, by_age);
        struct session *s = session_by_id(p->all, a->session);
        if (a->due_ms > now_ms)
            break;
        ask_refuse(s, a, SJ_TIMEOUT, N_("The network did not answer in time."));
        portfolio_later(s);
    }
    profiles_arm(p);
}

/* ---- what a session has under way ---- */

/* Contacts first, then rooms. False: nothing waits, or there is no place for it now. */
static bool portfolio_fetch_next(struct session *s)
{
    struct contact *c = portrait_next(s);

    if (!c)
        return room_pictures_fetch_next(s);
    if (fetch_picture(s, c->id, c->portrait->id, false))
        return true;
    portrait_want(s, c);
    return false;
}

static void portfolio_run(void *arg)
{
    struct session *s = arg;
    struct portfolio *f = s->portfolio;

    asks_step(s, NULL);
    while (s->state == SESSION_ONLINE && s->announced && f->n_shares < FETCH_BACKGROUND_MAX &&
           portfolio_fetch_next(s))
        continue;
    if (f->n_shares > 0 || f->n_wanted > 0 || !sj_list_empty(&f->asks) ||
        !sj_list_empty(&f->pictures_wanted) || !sj_list_empty(&f->pictures_asked))
        return;
    s->portfolio = NULL;
    sj_free(f);
}

struct portfolio *portfolio_get(struct session *s)
{
    struct portfolio *f = s->portfolio;

    if (f)
        return f;
    f = s->portfolio = sj_calloc(1, sizeof *f);
    sj_list_init(&f->shares);
    sj_list_init(&f->asks);
    sj_list_init(&f->pictures_wanted);
    sj_list_init(&f->pictures_asked);
    sj_defer_init(&f->run, portfolio_run, s);
    return f;
}

void portfolio_later(struct session *s)
{
    if (s->portfolio)
        sj_loop_defer(s->all->loop, &s->portfolio->run);
}

void portfolio_free(struct session *s)
{
    if (!s->portfolio)
        return;
    while (!sj_list_empty(&s->portfolio->asks))
        ask_refuse(s, SJ_CONTAINER(s->portfolio->asks.next, struct card_ask, in_session),
                   SJ_UNREACHABLE, N_("The session has ended."));
    fetch_leave(s);
    room_pictures_forget(s);
    sj_defer_cancel(&s->portfolio->run);
    sj_free(s->portfolio);
    s->portfolio = NULL;
}

struct profiles *profiles_new(struct sessions *all, size_t avatar_bytes)
{
    struct profiles *p = sj_calloc(1, sizeof *p);
    unsigned n = all->n_networks;

    p->all = all;
    avatars_init(&p->avatars, avatar_bytes);
    p->governors = sj_calloc(n ? n : 1, sizeof *p->governors);
    for (unsigned i = 0; i < n; i++)
        governor_init(&p->governors[i], all->loop, FETCH_RATE, FETCH_BURST, FETCH_AT_ONCE);
    sj_map_init(&p->fetches);
    sj_idmap_init(&p->by_op);
    sj_map_init(&p->kept);
    sj_list_init(&p->kept_used);
    sj_list_init(&p->asks);
    sj_timer_init(&p->deadline, profiles_on_deadline, p);
    return p;
}

void profiles_free(struct profiles **at)
{
    struct profiles *p = at ? *at : NULL;

    if (!p)
        return;
    sj_timer_stop(&p->deadline);
    fetches_release(p);
    kept_release(p);
    avatars_release(&p->avatars);
    for (unsigned i = 0; i < p->all->n_networks; i++)
        governor_release(&p->governors[i]);
    sj_free(p->governors);
    sj_free(p);
    *at = NULL;
}

/* ---- inbound ---- */

/* The contact, if the asker may see it. *out is the session either way, or NULL. */
static struct contact *profile_contact(void *ctx, const struct xmpp_from *from, const char *peer,
                                       struct session **out)
{
    struct sessions *all = ctx;
    struct sj_error err = {.status = SJ_OK};
    struct session *s = session_get(&all->networks[from->host], from->user, &err);
    struct contact *c = NULL;
    struct sj_strbuf id;

    *out = s;
    if (!s || !s->registered)
        return NULL;
    sj_strbuf_init(&id, SJ_ID_MAX);
    if (session_canon(s, peer, &id, &err) == SJ_OK)
        c = contact_find(s, id.s);
    sj_strbuf_release(&id);
    session_release(s);
    return c && c->to ? c : NULL;
}

bool profile_person(void *ctx, const struct xmpp_from *from, const char *peer,
                    struct xmpp_person *out)
{
    struct session *s;
    struct contact *c = profile_contact(ctx, from, peer, &s);

    if (!c)
        return false;
    *out = (struct xmpp_person){.name = c->name ? c->name : c->id,
                                .picture = portrait_picture(s, c)};
    return true;
}

static struct card_ask *card_ask_new(struct session *s, const char *peer,
                                     const struct xmpp_card_ask *ask, xmpp_req req)
{
    size_t n = strlen(peer) + 1;
    struct card_ask *a = sj_calloc(1, sizeof *a + n);

    memcpy(a->peer, peer, n);
    a->session = s->id;
    a->req = req;
    a->wants = ask->wants;
    a->due_ms = sj_loop_now_ms(s->all->loop) + XMPP_CARD_MS;
    a->exact = ask->sha1 != NULL;
    if (a->exact)
        memcpy(a->sha1, ask->sha1, sizeof a->sha1);
    sj_list_init(&a->in_session);
    sj_list_init(&a->by_age);
    return a;
}

static void profile_begin(struct session *s, struct card_ask *a)
{
    sj_list_append(&portfolio_get(s)->asks, &a->in_session);
    sj_list_append(&s->all->profiles->asks, &a->by_age);
    ask_step(s, a);
    profiles_arm(s->all->profiles);
    portfolio_later(s);
}

enum sj_status profile_card(void *ctx, const struct xmpp_from *from, const char *peer,
                            const struct xmpp_card_ask *ask, xmpp_req req, struct sj_error *err)
{
    struct session *s;
    struct contact *c = profile_contact(ctx, from, peer, &s);

    if (!c)
        return sj_fail(err, SJ_UNAVAILABLE, "%s", "");
    profile_begin(s, card_ask_new(s, c->id, ask, req));
    return SJ_OK;
}

void profile_card_in_room(struct session *s, const char *peer, const char *room, const char *nick,
                          const struct xmpp_card_ask *ask, xmpp_req req)
{
    struct card_ask *a = card_ask_new(s, peer, ask, req);

    a->room = sj_strdup(room);
    a->nick = sj_strdup(nick);
    profile_begin(s, a);
}

void profile_for_run(struct session *s, const char *peer, uint64_t run)
{
    const struct xmpp_card_ask ask = {.wants = XMPP_CARD_PROFILE};
    struct card_ask *a = card_ask_new(s, peer, &ask, 0);

    a->run = run;
    profile_begin(s, a);
}
