/* SPDX-License-Identifier: MPL-2.0 */
/* The user's clients come into rooms, show themselves there, change the nick, and go.
 *
 * A join waits for the log-in when there is none yet, and for the network, which tells everybody
 * there is in one piece (G045-25, G045-27). A client that believes to be in a room and is not, is
 * told so at once (G045-22, G410-02). One account has one nick in a room: a further client gets in
 * under that, whatever it asked for (G045-16, G045-23).
 * Source: XEP-0045 §7.2, §7.6, §7.7, §7.14; XEP-0410. */
#include <string.h>

#include "abilities.h"
#include "language.h"
#include "preference.h"
#include "room.h"
#include "rooms.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

bool rooms_is_room(void *ctx, unsigned host, const char *id)
{
    const struct network *n = &((const struct sessions *)ctx)->networks[host];

    return n->backend->rooms && n->backend->rooms->is_room(n->options->net, id);
}

static struct session *in_session(void *ctx, const struct xmpp_from *from)
{
    struct sessions *all = ctx;
    struct session *s = session_find(&all->networks[from->host], from->user);

    return s && s->registered && !s->removal.wanted ? s : NULL;
}

static struct room *in_room(struct session *s, const char *typed)
{
    struct sj_error ignored = {.status = SJ_OK};

    return s ? room_of(s, typed, &ignored) : NULL;
}

/* ---- joins ---- */

/* Is there, or will there be, a link? */
static enum sj_status join_await(struct session *s, struct sj_error *err)
{
    if (s->all->stopping)
        return sj_fail(err, SJ_UNAVAILABLE, "The gateway is being stopped; try again later.");
    if (s->state == SESSION_ONLINE && !s->announced) {
        s->wants_online = true;          /* registered just now */
        session_announce(s);
    }
    if (s->state == SESSION_ONLINE)
        return SJ_OK;
    if (s->state == SESSION_ASKING)
        return sj_fail(err, SJ_TIMEOUT, "The network waits for your answer to a question before "
                       "it lets you in; see what the gateway wrote to you.");
    if (s->state == SESSION_REFUSED)
        return sj_fail(err, SJ_TIMEOUT, "The network refused your log-in; register again with "
                       "the right data.");
    if (session_prefers(s, PREFERENCE_STAY_OUT))
        return sj_fail(err, SJ_TIMEOUT, "You are logged out of the network, as you asked; type "
                       "login to the gateway first.");
    s->wants_online = true;
    session_login(s);
    if (s->state == SESSION_OFFLINE)
        return sj_fail(err, SJ_TIMEOUT, "You cannot be logged in to the network now; try again "
                       "later.");
    return SJ_OK;
}

static void join_keep(struct room_client *c, const struct xmpp_from *from,
                      const struct xmpp_join_in *in)
{
    contact_set(&c->nick, in->nick);
    contact_set(&c->id, from->id);
    c->chars = in->history_chars;
    c->stanzas = in->history_stanzas;
    c->seconds = in->history_seconds;
    c->since = in->history_since;
}

static void join_keep_password(struct room *r, const struct xmpp_join_in *in)
{
    sj_secret_free(&r->password);
    r->password = sj_strdup(in->password);
}

static void join_go_on(struct room *r, struct room_client *c, const struct xmpp_join_in *in)
{
    switch (r->state) {
    case ROOM_WAITING:
        join_keep_password(r, in);
        if (r->session->state == SESSION_ONLINE)
            room_join(r, in->nick);
        else
            room_wait(r);
        break;
    case ROOM_JOINING:
        break;
    case ROOM_IN:
        if (c->state == ROOM_CLIENT_WAITS && r->session->state != SESSION_ONLINE)
            join_keep_password(r, in);   /* for the next log-in: the room ends with this one */
        else
            room_client_enter(c);
        break;
    case ROOM_LEAVING:
        join_keep_password(r, in);
        r->again = r->session->state == SESSION_ONLINE;
        break;
    case ROOM_STATE_COUNT:
        break;
    }
}

static enum sj_status join_room(struct session *s, const char *id, const struct xmpp_from *from,
                                const struct xmpp_join_in *in, struct sj_error *err)
{
    struct room *r = room_find(s, id);
    struct room_client *c = r ? room_client_find(r, from->full) : NULL;
    enum sj_status status = join_await(s, err);

    if (status != SJ_OK)
        return status;
    if (!c)
        status = quota_take(s, SESSIONS_JOINS, 1, err);
    if (status != SJ_OK || (!r && (r = room_new(s, id, err)) == NULL))
        return err->status;
    if (!c)
        c = room_client_add(r, from->full, err);
    if (!c)
        return err->status;
    join_keep(c, from, in);
    join_go_on(r, c, in);
    return SJ_OK;
}

enum sj_status rooms_join(void *ctx, const struct xmpp_from *from, const struct xmpp_join_in *in,
                          struct sj_error *err)
{
    struct sessions *all = ctx;
    struct session *s = session_get(&all->networks[from->host], from->user, err);
    enum sj_status status;
    struct sj_strbuf id;

    if (s && (!s->registered || s->removal.wanted)) {
        session_release(s);
        s = NULL;
        err->status = SJ_UNREGISTERED;
    }
    if (!s && err->status == SJ_UNREGISTERED)
        return sj_fail(err, SJ_UNREGISTERED, "You are not registered with %s.",
                       all->networks[from->host].options->host);
    if (!s)
        return err->status;
    session_heard(s, from);
    if (session_prefers(s, PREFERENCE_DISABLED)) {
        session_release(s);
        return sj_fail(err, SJ_DENIED, SESSION_DISABLED_TEXT);
    }
    sj_strbuf_init(&id, SJ_ID_MAX);
    status = session_canon(s, in->room, &id, err);
    if (status != SJ_OK)
        status = sj_fail(err, SJ_NOTFOUND, "This is no address of a room on this network.");
    else
        status = join_room(s, id.s, from, in, err);
    sj_strbuf_release(&id);
    session_release(s);
    return status;
}

/* ---- presence ---- */

/* G045-22 */
static void in_nowhere(struct sessions *all, const struct xmpp_from *from,
                       const struct xmpp_occupant_in *in)
{
    const struct xmpp_occupant_out out = {
        .room = in->room, .nick = in->nick, .to = from->full, .show = XMPP_OFFLINE,
        .affiliation = XMPP_AFF_NONE, .role = XMPP_ROLE_NONE, .account = from->user,
        .statuses = XMPP_STATUS_SELF | XMPP_STATUS_KICKED | XMPP_STATUS_LOST};

    xmpp_send_occupant(all->xmpp, from->host, &out);
}

/* G045-56: networks know one presence of the account, which the gateway itself is told. */
static void in_show(struct room *r, const struct xmpp_occupant_in *in)
{
    static const enum sj_show map[] = {
        [XMPP_OFFLINE] = SJ_SHOW_ONLINE, [XMPP_ONLINE] = SJ_SHOW_ONLINE,
        [XMPP_CHAT] = SJ_SHOW_CHAT, [XMPP_AWAY] = SJ_SHOW_AWAY,
        [XMPP_XA] = SJ_SHOW_XA, [XMPP_DND] = SJ_SHOW_DND};

    r->self->show = (uint8_t)map[in->show];
    contact_set(&r->self->status, in->status);
    occupant_show_all(r, r->self);
}

/* G045-57, G045-58 */
static void in_change_nick(struct room *r, const struct xmpp_from *from, const char *nick)
{
    const struct sj_backend_rooms *rooms = r->session->network->backend->rooms;
    const struct room_outcome ask = {.ask = ROOM_ASK_NICK, .full = from->full, .id = from->id,
                                     .room = r->id, .text = nick};
    struct sj_error err = {.status = SJ_OK};
    sj_op op = 0;

    if (!rooms->set_nick)
        sj_fail(&err, SJ_UNACCEPTABLE, "On this network your nickname cannot be changed.");
    else
        op = room_op(r->session, &ask, &err);
    if (op && rooms->set_nick(r->session->link, r->id, nick, op, &err) != SJ_OK)
        op_forget(r->session->all, op);
    if (err.status != SJ_OK)
        room_outcome(r->session, &ask, &err);
}

void rooms_presence(void *ctx, const struct xmpp_from *from, const struct xmpp_occupant_in *in)
{
    struct session *s = in_session(ctx, from);
    struct room *r = in_room(s, in->room);
    const struct room_client *c = r ? room_client_find(r, from->full) : NULL;

    if (!c) {
        in_nowhere(ctx, from, in);
        return;
    }
    session_heard(s, from);
    if (c->state == ROOM_CLIENT_WAITS || !r->self || s->state != SESSION_ONLINE)
        return;
    if (strcmp(in->nick, occupant_nick(r->self)) == 0)
        in_show(r, in);
    else
        in_change_nick(r, from, in->nick);
}

/* ---- going ---- */

/* One client less; what follows from it. */
static void in_gone(struct room *r, struct room_client *c, const char *status)
{
    struct session *s = r->session;
    bool stays = session_prefers(s, PREFERENCE_STAY_ONLINE);

    contact_set(&r->left_by, c->full);
    room_client_free(c);
    if (r->n_clients > 0)
        return;
    if (r->state == ROOM_WAITING)
        room_free(r);
    else
        room_leave_later(r, stays ? ROOM_AWAY_MS : 0, status);
    session_linger(s);
}

void rooms_leave(void *ctx, const struct xmpp_from *from, const char *room, const char *nick,
                 const char *status)
{
    struct room *r = in_room(in_session(ctx, from), room);
    struct room_client *c = r ? room_client_find(r, from->full) : NULL;
    const struct sj_exit left = {.kind = SJ_EXIT_LEFT, .reason = status};

    (void)nick;
    if (!c)
        return;                          /* G045-61 */
    if (c->state != ROOM_CLIENT_WAITS && r->self)
        occupant_show_exit(r, r->self, c, &left, 0);
    in_gone(r, c, status);
}

void rooms_lost(void *ctx, const struct xmpp_from *from, const char *room)
{
    struct room *r = in_room(in_session(ctx, from), room);
    struct room_client *c = r ? room_client_find(r, from->full) : NULL;

    if (c)
        in_gone(r, c, NULL);
}

enum xmpp_place rooms_place(void *ctx, const struct xmpp_from *from, const char *room,
                            const char *nick, struct xmpp_place_info *out)
{
    struct session *s = in_session(ctx, from);
    const struct room *r = in_room(s, room);
    const struct room_client *c = r ? room_client_find(r, from->full) : NULL;
    const struct occupant *o;

    if (!c || c->state == ROOM_CLIENT_WAITS || r->state != ROOM_IN)
        return XMPP_PLACE_OUTSIDE;
    o = occupant_shown(r, nick);
    if (!o)
        return XMPP_PLACE_EMPTY;
    if (o->self)
        return XMPP_PLACE_SELF;
    *out = (struct xmpp_place_info){.features = abilities_of_room(abilities_caps(s))};
    return XMPP_PLACE_OTHER;
}
