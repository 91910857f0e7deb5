/* SPDX-License-Identifier: MPL-2.0 */
/* Life of a room: it is wanted, asked for, entered, left; and what becomes of it when the link, the
 * stream or the user goes. Who is in it stands in room_occupant.c and room_client.c.
 *
 * A room lives as long as the network has the account in it, or somebody waits for that. When the
 * last client goes, the room is left, unless being in it outlasts the log-in over there. When the
 * link ends, everybody in the room is told, and may come back (G045-66): nothing is entered again
 * by itself. A log-out ends the room with its link, not before: what is said until then is heard.
 * Source: XEP-0045 §7.2, §7.14; requirements §16. */
#include "room.h"

#include <string.h>

#include "bookmark.h"
#include "preference.h"
#include "room_fill.h"
#include "room_picture.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

static const bool room_moves[ROOM_STATE_COUNT][ROOM_STATE_COUNT] = {
    [ROOM_WAITING] = {[ROOM_JOINING] = true},
    [ROOM_JOINING] = {[ROOM_IN] = true},
    [ROOM_IN] = {[ROOM_LEAVING] = true, [ROOM_JOINING] = true, [ROOM_WAITING] = true},
    [ROOM_LEAVING] = {[ROOM_JOINING] = true, [ROOM_WAITING] = true},
};

static const char *const room_names[ROOM_STATE_COUNT] = {"waiting", "joining", "in", "leaving"};

void room_enter(struct room *r, enum room_state state)
{
    if (!room_moves[r->state][state]) {
        sj_log_error(&r->session->log, "impossible move of a room from=%s to=%s room=%s",
                     room_names[r->state], room_names[state], SJ_CLIP(r->id));
        return;
    }
    sj_log_debug(&r->session->log, "room from=%s to=%s room=%s", room_names[r->state],
                 room_names[state], SJ_CLIP(r->id));
    r->state = state;
}

struct room *room_find(const struct session *s, const char *id)
{
    return s->rooms ? sj_map_find(&s->rooms->by_id, id) : NULL;
}

struct room *room_of(struct session *s, const char *typed, struct sj_error *err)
{
    struct sj_strbuf id;
    struct room *r = NULL;

    sj_strbuf_init(&id, SJ_ID_MAX);
    if (session_canon(s, typed, &id, err) != SJ_OK)
        sj_fail(err, SJ_NOTFOUND, "This is no address of a room on this network.");
    else if ((r = room_find(s, id.s)) == NULL)
        sj_fail(err, SJ_UNACCEPTABLE, "You are not in this room.");
    sj_strbuf_release(&id);
    return r;
}

struct room *room_new(struct session *s, const char *id, struct sj_error *err)
{
    size_t n = strlen(id) + 1;
    struct room *r;

    if (s->rooms && s->rooms->by_id.used >= ROOMS_MAX) {
        sj_fail(err, SJ_LIMIT, "You are in %u rooms here; leave one first.", ROOMS_MAX);
        return NULL;
    }
    if (!s->rooms) {
        s->rooms = sj_calloc(1, sizeof *s->rooms);
        sj_map_init(&s->rooms->by_id);
    }
    r = sj_calloc(1, sizeof *r + n);
    memcpy(r->id, id, n);
    r->session = s;
    sj_list_init(&r->due);
    sj_list_init(&r->occupants);
    sj_list_init(&r->clients);
    sj_map_init(&r->by_nick);
    sj_map_init(&r->by_shown);
    sj_map_put(&s->rooms->by_id, r->id, r);
    return r;
}

void room_free(struct room *r)
{
    struct session *s = r->session;
    char *const texts[] = {r->name, r->description, r->subject, r->subject_nick,
                           r->subject_account, r->subject_id, r->subject_asked, r->left_by};

    room_fill_free(r);
    room_picture_free(&r->picture);
    while (!sj_list_empty(&r->clients))
        room_client_free(SJ_CONTAINER(r->clients.next, struct room_client, link));
    occupants_clear(r);
    sj_map_release(&r->by_nick);
    sj_map_release(&r->by_shown);
    sj_list_remove(&r->due);
    sj_map_remove(&s->rooms->by_id, r->id);
    sj_secret_free(&r->password);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        sj_free(texts[i]);
    for (size_t i = 0; i < ROOM_INVITED_MAX; i++)
        sj_free(r->invited[i]);
    sj_free(r);
    if (s->rooms->by_id.used == 0) {
        sj_map_release(&s->rooms->by_id);
        sj_free(s->rooms);
        s->rooms = NULL;
        session_release(s);
    }
}

static void room_due(struct room *r, int64_t ms)
{
    struct sessions *all = r->session->all;

    r->due_ms = sj_loop_now_ms(all->loop) + ms;
    sj_list_remove(&r->due);
    sj_list_append(&all->rooms_due, &r->due);
    sessions_sweep_later(all);
}

void room_wait(struct room *r)
{
    room_due(r, ROOM_LOGIN_MS);
}

/* ---- operations ---- */

sj_op room_op(struct session *s, const struct room_outcome *ask, struct sj_error *err)
{
    return op_new(s, &(struct op_ask){.kind = OP_ROOM, .peer = ask->room, .full = ask->full,
                                      .id = ask->id, .target = ask->text, .room_ask = ask->ask,
                                      .run = ask->req}, err);
}

/* What clients asked for by a join is refused; they are in no room (G045-24). */
static void room_refuse_clients(struct room *r, const struct sj_error *err)
{
    const struct session *s = r->session;
    const struct sj_error words = session_words(s, err);
    struct sj_list *at = r->clients.next;

    while (at != &r->clients) {
        struct room_client *c = SJ_CONTAINER(at, struct room_client, link);
        at = at->next;
        if (c->state != ROOM_CLIENT_WAITS)
            continue;
        xmpp_send_room_error(s->all->xmpp, s->network->index, r->id, c->nick, c->full, c->id,
                             true, &words);
        room_client_free(c);
    }
}

/* Nobody gets in: those who wait are told why, and the room ends. */
static void room_refuse(struct room *r, const struct sj_error *err)
{
    room_refuse_clients(r, err);
    room_free(r);
}

void room_join(struct room *r, const char *nick)
{
    struct session *s = r->session;
    struct sj_error err = {.status = SJ_OK};
    const struct room_outcome ask = {.ask = ROOM_ASK_JOIN, .room = r->id};
    sj_op op = room_op(s, &ask, &err);

    room_enter(r, ROOM_JOINING);
    sj_list_remove(&r->due);
    if (op && s->network->backend->rooms->join(s->link, r->id, nick, r->password, op, &err) !=
                  SJ_OK)
        op_forget(s->all, op);
    sj_secret_free(&r->password);
    if (err.status != SJ_OK)
        room_refuse(r, &err);
}

static const char *room_wanted_nick(const struct room *r)
{
    return r->n_clients == 0 ? NULL
                             : SJ_CONTAINER(r->clients.next, struct room_client, link)->nick;
}

/* It was left, and somebody came back meanwhile. */
static bool room_comes_back(struct room *r)
{
    if (r->state != ROOM_LEAVING || !r->again || r->n_clients == 0 || !r->session->link)
        return false;
    r->again = false;
    occupants_clear(r);
    room_join(r, room_wanted_nick(r));
    return true;
}

static void room_leave_now(struct room *r, const char *reason)
{
    struct session *s = r->session;
    const struct room_outcome ask = {.ask = ROOM_ASK_LEAVE, .room = r->id};
    struct sj_error err = {.status = SJ_OK};
    sj_op op;

    sj_list_remove(&r->due);
    room_fill_free(r);
    room_enter(r, ROOM_LEAVING);
    op = room_op(s, &ask, &err);
    if (op && s->network->backend->rooms->leave(s->link, r->id, reason, op, &err) != SJ_OK)
        op_forget(s->all, op);
    if (err.status != SJ_OK)
        room_free(r);                    /* the network does not have us there */
}

void room_leave_later(struct room *r, int64_t ms, const char *reason)
{
    if (r->state != ROOM_IN || r->n_clients > 0 || (r->flags & SJ_ROOM_MEMBERSHIP) ||
        r->session->state != SESSION_ONLINE)
        return;
    if (ms > 0)
        room_due(r, ms);
    else
        room_leave_now(r, reason);
}

static void room_ask_failed(struct room *r, const struct room_outcome *o,
                            const struct sj_error *err)
{
    struct session *s = r->session;
    struct sj_error words = session_words(s, err);

    if (o->ask == ROOM_ASK_NICK)
        xmpp_send_room_error(s->all->xmpp, s->network->index, r->id,
                             r->self ? occupant_nick(r->self) : o->text, o->full, o->id, false,
                             &words);
    else if (o->full)
        refusal_send(s, &(struct refused){.peer = r->id, .full = o->full, .id = o->id,
                                          .in_room = true}, err);
}

void room_outcome(struct session *s, const struct room_outcome *o, const struct sj_error *err)
{
    struct room *r = room_find(s, o->room);
    const struct sj_exit left = {.kind = SJ_EXIT_LEFT};

    if (o->ask == ROOM_ASK_HISTORY)
        room_fill_told(s, o, err);
    else if (o->ask >= ROOM_ASK_CHANGE)
        room_answered(s, o, err);
    if (!r || o->ask >= ROOM_ASK_CHANGE)
        return;
    if (o->ask == ROOM_ASK_JOIN && err && r->state == ROOM_JOINING)
        room_refuse(r, err);
    else if (o->ask == ROOM_ASK_LEAVE && r->state == ROOM_LEAVING)
        room_end(r, &left, 0);
    else if (err && o->ask != ROOM_ASK_JOIN && o->ask != ROOM_ASK_LEAVE)
        room_ask_failed(r, o, err);
}

/* ---- entered and left ---- */

/* The network put the account there, and none of the user's clients knows. */
static bool room_is_unknown(const struct room *r)
{
    return r->state == ROOM_IN && r->unasked && r->n_clients == 0;
}

void rooms_announce(const struct session *s)
{
    const struct room *r;
    uint32_t at = 0;

    while (s->rooms && (r = sj_map_next(&s->rooms->by_id, &at)) != NULL) {
        if (room_is_unknown(r))
            bookmark_room(r);
    }
}

void room_entered(struct room *r)
{
    struct sj_list *at = r->clients.next;

    if (r->state == ROOM_LEAVING)
        return;
    if (r->state != ROOM_IN) {
        room_enter(r, ROOM_IN);
        room_fill_begin(r);
    }
    while (at != &r->clients) {
        struct room_client *c = SJ_CONTAINER(at, struct room_client, link);
        at = at->next;
        if (c->state == ROOM_CLIENT_WAITS)
            room_client_enter(c);
    }
    if (!room_is_unknown(r)) {
        bookmark_known(r);
        room_leave_later(r, 0, NULL);    /* who asked for it has gone meanwhile */
    } else if (r->session->announced) {
        bookmark_room(r);
    }
}

/* The same end, for those who have not been let in yet. */
static void room_end_wait(struct room *r, const struct sj_exit *exit)
{
    struct sj_error err;

    switch (exit->kind) {
    case SJ_EXIT_BANNED:
        sj_fail(&err, SJ_DENIED, "You are banned from this room.");
        break;
    case SJ_EXIT_REMOVED:
        sj_fail(&err, SJ_UNREGISTERED, "This room is for members, and you are none.");
        break;
    case SJ_EXIT_CLOSED:
        sj_fail(&err, SJ_NOTFOUND, "This room is no more.");
        break;
    default:
        sj_fail(&err, SJ_TIMEOUT, "You did not get into the room; try again later.");
        break;
    }
    room_refuse_clients(r, &err);
}

static void room_tell_end(struct room *r, const struct sj_exit *exit, uint32_t statuses)
{
    struct sj_list *at;

    for (at = r->clients.next; at != &r->clients; at = at->next) {
        const struct room_client *c = SJ_CONTAINER(at, struct room_client, link);
        if (c->state != ROOM_CLIENT_WAITS && r->self)
            occupant_show_exit(r, r->self, c, exit, statuses);
    }
    if (exit->kind == SJ_EXIT_BANNED)
        occupant_tell_absent(r, SJ_AFFILIATION_OUTCAST, exit->reason);
    else if (exit->kind == SJ_EXIT_REMOVED && r->self && r->self->affiliation)
        occupant_tell_absent(r, SJ_AFFILIATION_NONE, exit->reason);
}

void room_end(struct room *r, const struct sj_exit *exit, uint32_t statuses)
{
    room_tell_end(r, exit, statuses);
    if (room_comes_back(r))
        return;
    room_end_wait(r, exit);
    room_free(r);
}

/* ---- the link, the stream, the user ---- */

static struct room *rooms_next(const struct session *s, uint32_t *at)
{
    return s->rooms ? sj_map_next(&s->rooms->by_id, at) : NULL;
}

void rooms_link_up(struct session *s)
{
    struct room *r;
    uint32_t at = 0;

    while ((r = rooms_next(s, &at)) != NULL) {
        if (r->state == ROOM_WAITING)
            room_join(r, room_wanted_nick(r));
    }
}

/* The log-out is over. Who came meanwhile waits for the next log-in. */
static void room_log_out(struct room *r)
{
    const struct sj_exit out = {.kind = SJ_EXIT_LEFT};
    struct sj_list *at = r->clients.next;

    room_tell_end(r, &out, r->session->all->stopping ? XMPP_STATUS_CLOSING : XMPP_STATUS_LOST);
    while (at != &r->clients) {
        struct room_client *c = SJ_CONTAINER(at, struct room_client, link);
        at = at->next;
        if (c->state != ROOM_CLIENT_WAITS)
            room_client_free(c);
    }
    if (r->n_clients == 0) {
        room_free(r);
        return;
    }
    room_fill_free(r);
    occupants_clear(r);
    room_enter(r, ROOM_WAITING);
    room_wait(r);
}

/* Those who wait for a log-in go on waiting. */
void rooms_link_down(struct session *s, const struct sj_error *why)
{
    const struct sj_error none = {.status = SJ_OK};
    const struct sj_error words = why ? session_words(s, why) : none;
    const struct sj_exit lost = {.kind = SJ_EXIT_LOST, .reason = words.text};
    struct room *r;
    uint32_t at = 0;

    while ((r = rooms_next(s, &at)) != NULL) {
        r->again = false;
        if (r->state != ROOM_WAITING && why)
            room_end(r, &lost, 0);
        else if (r->state != ROOM_WAITING)
            room_log_out(r);
    }
}

void rooms_give_up(struct session *s, const struct sj_error *why)
{
    struct room *r;
    uint32_t at = 0;

    while ((r = rooms_next(s, &at)) != NULL) {
        if (r->state == ROOM_WAITING)
            room_refuse(r, why);
    }
}

void rooms_log_out(struct session *s)
{
    struct sj_error gone;
    struct room *r;
    uint32_t at = 0;

    sj_fail(&gone, SJ_UNREACHABLE, "You are logged out of the network.");
    while ((r = rooms_next(s, &at)) != NULL) {
        r->again = false;
        if (r->state == ROOM_WAITING || r->state == ROOM_JOINING)
            room_refuse(r, &gone);
        else
            room_refuse_clients(r, &gone);
    }
}

static void rooms_forget_clients(struct session *s)
{
    struct room *r;
    uint32_t at = 0;

    while ((r = rooms_next(s, &at)) != NULL) {
        while (!sj_list_empty(&r->clients))
            room_client_free(SJ_CONTAINER(r->clients.next, struct room_client, link));
        if (r->state == ROOM_WAITING)
            room_free(r);
        else
            room_leave_later(r, ROOM_UNSEEN_MS, NULL);
    }
}

void rooms_stream_lost(struct network *n)
{
    struct session *s;
    uint32_t at = 0;

    while ((s = sj_map_next(&n->by_user, &at)) != NULL) {
        if (s->rooms)
            rooms_forget_clients(s);
    }
}

void rooms_free(struct session *s)
{
    struct room *r;
    uint32_t at = 0;

    while ((r = rooms_next(s, &at)) != NULL)
        room_free(r);
}

bool rooms_have_clients(const struct session *s)
{
    const struct room *r;
    uint32_t at = 0;

    while ((r = rooms_next(s, &at)) != NULL) {
        if (r->n_clients > 0)
            return true;
    }
    return false;
}

/* Who wants to stay on-line without a client stays in rooms as well, when that client went
 * off-line; one that is still there has left the room. */
static bool room_stays(const struct room *r)
{
    const char *slash = r->left_by ? strchr(r->left_by, '/') : NULL;

    return session_prefers(r->session, PREFERENCE_STAY_ONLINE) && slash &&
           !session_resource(r->session, slash + 1);
}

static void room_overdue(struct room *r)
{
    struct sj_error late;

    sj_list_remove(&r->due);
    sj_fail(&late, SJ_TIMEOUT, "The log-in to the network takes too long; try again later.");
    if (r->state == ROOM_WAITING)
        room_refuse(r, &late);
    else if (!room_stays(r))
        room_leave_later(r, 0, NULL);
}

void rooms_sweep(struct sessions *all, int64_t now_ms)
{
    struct sj_list *at = all->rooms_due.next;

    while (at != &all->rooms_due) {
        struct room *r = SJ_CONTAINER(at, struct room, due);
        at = at->next;
        if (now_ms >= r->due_ms)
            room_overdue(r);
    }
}
