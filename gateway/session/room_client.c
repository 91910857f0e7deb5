/* SPDX-License-Identifier: MPL-2.0 */
/* The user's resources in a room: how each is shown the room when it enters, in the order of
 * XEP-0045 §7.2.2 (the others, oneself, history, the subject, what came meanwhile), some hundred
 * presences a turn and none while much waits for the stream; and what becomes of one that cannot
 * follow: it loses its place and is told so (G045-65), and may come back. */
#include <string.h>

#include "event.h"
#include "room.h"
#include "room_fill.h"
#include "rooms.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* An event that waits until the client has seen the room. */
struct room_backlog {
    struct sj_list link;
    int64_t at;
    bool delayed;
    char *stanza_id;
    size_t n;
    uint8_t data[];
};

struct room_client *room_client_find(const struct room *r, const char *full)
{
    const struct sj_list *at;

    for (at = r->clients.next; at != &r->clients; at = at->next) {
        struct room_client *c = SJ_CONTAINER(at, struct room_client, link);
        if (c->state != ROOM_CLIENT_LOST && strcmp(c->full, full) == 0)
            return c;
    }
    return NULL;
}

/* What it was to be told of its last stay is of no use any more. */
static void room_client_forget_lost(struct room *r, const char *full)
{
    struct sj_list *at = r->clients.next;

    while (at != &r->clients) {
        struct room_client *c = SJ_CONTAINER(at, struct room_client, link);
        at = at->next;
        if (c->state == ROOM_CLIENT_LOST && strcmp(c->full, full) == 0)
            room_client_free(c);
    }
}

struct room_client *room_client_add(struct room *r, const char *full, struct sj_error *err)
{
    size_t n = strlen(full) + 1;
    struct room_client *c;

    room_client_forget_lost(r, full);
    if (r->n_clients >= ROOM_CLIENTS_MAX) {
        sj_fail(err, SJ_LIMIT, "Too many of your clients are in this room.");
        return NULL;
    }
    c = sj_calloc(1, sizeof *c + n);
    memcpy(c->full, full, n);
    c->room = r;
    sj_list_init(&c->link);
    sj_list_init(&c->turn);
    sj_list_init(&c->backlog);
    sj_list_append(&r->clients, &c->link);
    r->n_clients++;
    sj_list_remove(&r->due);             /* it is wanted */
    r->unasked = false;
    return c;
}

static void backlog_free(struct room_client *c, struct room_backlog *b)
{
    sj_list_remove(&b->link);
    c->n_backlog--;
    c->backlog_bytes -= b->n;
    sj_free(b->stanza_id);
    sj_free(b);
}

static void backlog_clear(struct room_client *c)
{
    while (c->n_backlog > 0)
        backlog_free(c, SJ_CONTAINER(c->backlog.next, struct room_backlog, link));
}

void room_client_free(struct room_client *c)
{
    backlog_clear(c);
    sj_list_remove(&c->turn);
    sj_list_remove(&c->link);
    c->room->n_clients--;
    sj_free(c->nick);
    sj_free(c->id);
    sj_free(c);
}

bool room_client_knows(const struct room_client *c, const struct occupant *o)
{
    const struct room *r = c->room;

    if (c->state == ROOM_CLIENT_IN)
        return true;
    if (c->state != ROOM_CLIENT_ENTERS || o->self)
        return false;
    return c->next == &r->occupants ||
           o->number < SJ_CONTAINER(c->next, struct occupant, link)->number;
}

void room_clients_skip(struct room *r, const struct occupant *o)
{
    struct sj_list *at;

    for (at = r->clients.next; at != &r->clients; at = at->next) {
        struct room_client *c = SJ_CONTAINER(at, struct room_client, link);
        if (c->state == ROOM_CLIENT_ENTERS && c->next == &o->link)
            c->next = o->link.next;
    }
}

/* ---- what came meanwhile ---- */

static void backlog_add(struct room_client *c, const struct event *e, const char *stanza_id)
{
    struct sj_strbuf bytes;
    struct room_backlog *b;

    sj_strbuf_init(&bytes, ROOM_BACKLOG_BYTES_MAX);
    event_encode(e, &bytes);
    if (!sj_strbuf_ok(&bytes) || c->n_backlog >= ROOM_BACKLOG_MAX ||
        c->backlog_bytes + bytes.len > ROOM_BACKLOG_BYTES_MAX) {
        sj_strbuf_release(&bytes);
        room_client_missed(c);
        return;
    }
    b = sj_malloc(sizeof *b + bytes.len);
    memcpy(b->data, bytes.s, bytes.len);
    b->n = bytes.len;
    b->at = e->at;
    b->delayed = e->delayed;
    b->stanza_id = sj_strdup(stanza_id);
    sj_list_init(&b->link);
    sj_list_append(&c->backlog, &b->link);
    c->n_backlog++;
    c->backlog_bytes += b->n;
    sj_strbuf_release(&bytes);
}

static bool backlog_send(struct room_client *c)
{
    struct room *r = c->room;

    while (c->n_backlog > 0) {
        struct room_backlog *b = SJ_CONTAINER(c->backlog.next, struct room_backlog, link);
        struct event e;
        if (event_decode(&e, b->data, b->n)) {
            e.at = b->at;
            e.delayed = b->delayed;
            if (!event_send(r->session, r->id, &e, c->full, b->stanza_id, false))
                return false;
        }
        backlog_free(c, b);
    }
    return true;
}

/* What was whispered, or could not be archived, is in no history. */
const char *room_client_waits_for(const struct room_client *c)
{
    const struct sj_list *at;

    for (at = c->backlog.next; at != &c->backlog; at = at->next) {
        const struct room_backlog *b = SJ_CONTAINER(at, struct room_backlog, link);
        if (b->stanza_id && room_log_has(c->room, b->stanza_id))
            return b->stanza_id;
    }
    return NULL;
}

void room_client_tell(struct room_client *c, const struct event *e, const char *stanza_id)
{
    struct room *r = c->room;

    if (c->state == ROOM_CLIENT_LOST)
        return;
    if (c->state != ROOM_CLIENT_IN)
        backlog_add(c, e, stanza_id);
    else if (!event_send(r->session, r->id, e, c->full, stanza_id, false))
        room_client_missed(c);
}

/* ---- entering ---- */

static void entering_later(struct sessions *all)
{
    if (!sj_timer_running(&all->entering_timer))
        sj_timer_start(all->loop, &all->entering_timer, ROOM_TURN_MS);
}

/* Has this user been given enough for now, or have all together? However many rooms one enters at
 * once, what is for others goes out between the turns. */
static bool turn_is_over(const struct session *s)
{
    struct rooms *rooms = s->rooms;

    if (rooms->turn != s->all->entering_turn) {
        rooms->turn = s->all->entering_turn;
        rooms->shown = 0;
    }
    return rooms->shown >= ROOM_TURN_STANZAS || s->all->entering_shown >= ROOM_TURN_ALL;
}

static void turn_spend(struct session *s, unsigned n)
{
    s->rooms->shown += n;
    s->all->entering_shown += n;
    entering_later(s->all);              /* when the next one begins */
}

/* XEP-0045 §7.2.2: everybody else. True: that is done. */
static bool client_show_others(struct room_client *c)
{
    struct room *r = c->room;

    while (c->next != &r->occupants) {
        const struct occupant *o = SJ_CONTAINER(c->next, struct occupant, link);
        if (turn_is_over(r->session) || session_is_blocked(r->session))
            return false;
        if (!o->self && !occupant_show(r, o, c, 0))
            return false;
        c->next = c->next->next;
        turn_spend(r->session, 1);
    }
    return true;
}

/* G045-15, G045-16, G045-17, G045-19. */
static bool client_show_self(const struct room_client *c)
{
    const struct room *r = c->room;
    uint32_t statuses = 0;

    if (!r->self)
        return true;
    if (!(r->flags & SJ_ROOM_ANONYMOUS))
        statuses |= XMPP_STATUS_NOT_ANONYMOUS;
    if (r->flags & SJ_ROOM_LOGGED)
        statuses |= XMPP_STATUS_LOGGED;
    if (c->nick && strcmp(c->nick, occupant_nick(r->self)) != 0)
        statuses |= XMPP_STATUS_NICK_ALTERED;
    return occupant_show(r, r->self, c, statuses);
}

/* G045-34: always, clients wait for it. */
static bool client_show_subject(const struct room_client *c)
{
    const struct room *r = c->room;
    struct session *s = r->session;
    const struct xmpp_subject_out out = {
        .room = r->id, .nick = r->subject_nick, .to = c->full, .text = r->subject ? r->subject : "",
        .account = r->subject_account, .set_at = r->subject_at};

    return xmpp_send_subject(s->all->xmpp, s->network->index, &out) || !session_is_blocked(s);
}

/* Everything that follows the others' presences is a few stanzas, so they go in one piece; only
 * when much waits already they wait, too. */
static bool client_finish(struct room_client *c)
{
    if (session_is_blocked(c->room->session) || turn_is_over(c->room->session))
        return false;
    turn_spend(c->room->session, ROOM_TURN_END);
    c->state = ROOM_CLIENT_IN;
    sj_list_remove(&c->turn);
    if (!client_show_self(c) || !room_log_show(c) || !client_show_subject(c) || !room_warn(c) ||
        !backlog_send(c)) {
        room_client_missed(c);
        return true;
    }
    return true;
}

/* As much as may be now. True: it needs no turn any more, or none until room_clients_go_on. */
static bool client_proceed(struct room_client *c)
{
    if (!client_show_others(c))
        return false;
    if (room_fill_is_awaited(c->room)) {
        sj_list_remove(&c->turn);
        return true;
    }
    return client_finish(c);
}

void room_clients_go_on(struct room *r)
{
    struct sessions *all = r->session->all;
    struct sj_list *at;

    for (at = r->clients.next; at != &r->clients; at = at->next) {
        struct room_client *c = SJ_CONTAINER(at, struct room_client, link);
        if (c->state != ROOM_CLIENT_ENTERS)
            continue;
        sj_list_remove(&c->turn);
        sj_list_append(&all->entering, &c->turn);
        entering_later(all);
    }
}

void room_client_enter(struct room_client *c)
{
    struct sessions *all = c->room->session->all;

    if (c->state != ROOM_CLIENT_WAITS)   /* again: as if it were new (G045-21) */
        backlog_clear(c);
    c->state = ROOM_CLIENT_ENTERS;
    c->next = c->room->occupants.next;
    sj_list_remove(&c->turn);
    sj_list_append(&all->entering, &c->turn);
    if (!client_proceed(c))
        entering_later(all);
}

/* G045-65. True: it is told, and gone. */
static bool client_say_goodbye(struct room_client *c)
{
    const struct sj_exit lost = {.kind = SJ_EXIT_LOST};
    struct room *r = c->room;

    if (r->self && !occupant_show_exit(r, r->self, c, &lost, 0))
        return false;
    room_client_free(c);
    if (r->n_clients == 0)
        room_leave_later(r, ROOM_UNSEEN_MS, NULL);
    return true;
}

void room_client_missed(struct room_client *c)
{
    struct sessions *all = c->room->session->all;

    if (c->state == ROOM_CLIENT_LOST)
        return;
    sj_log_info(&c->room->session->log, "a client in a room could not follow, it is taken out "
                "room=%s", SJ_CLIP(c->room->id));
    backlog_clear(c);
    c->state = ROOM_CLIENT_LOST;
    sj_list_remove(&c->turn);
    sj_list_append(&all->entering, &c->turn);
    entering_later(all);
}

static void entering_move(struct sj_list *to, struct sj_list *from)
{
    while (!sj_list_empty(from)) {
        struct sj_list *first = from->next;
        sj_list_remove(first);
        sj_list_append(to, first);
    }
}

/* Each gets its turn, those that are not through come again behind those for whom there was no time
 * in this one. */
static void entering_run(void *arg)
{
    struct sessions *all = arg;
    struct sj_list todo;

    all->entering_turn++;
    all->entering_shown = 0;
    sj_list_init(&todo);
    entering_move(&todo, &all->entering);
    while (!sj_list_empty(&todo) && all->entering_shown < ROOM_TURN_ALL) {
        struct room_client *c = SJ_CONTAINER(todo.next, struct room_client, turn);
        sj_list_remove(&c->turn);
        sj_list_append(&all->entering, &c->turn);
        if (c->state == ROOM_CLIENT_LOST)
            client_say_goodbye(c);
        else
            client_proceed(c);
    }
    entering_move(&todo, &all->entering);
    entering_move(&all->entering, &todo);
    if (!sj_list_empty(&all->entering))
        entering_later(all);
}

void room_clients_init(struct sessions *all)
{
    sj_list_init(&all->entering);
    sj_timer_init(&all->entering_timer, entering_run, all);
}

void room_clients_release(struct sessions *all)
{
    sj_timer_stop(&all->entering_timer);
}
