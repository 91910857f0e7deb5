/* SPDX-License-Identifier: MPL-2.0 */
/* What was said in a room while nobody was there: networks that keep history are asked for it when
 * the room is entered, and it goes into the archive, where it belongs by its time.
 *
 * A hole is an entry of the archive, so that it outlives us. It is put right behind the newest
 * entry when the room is entered, before anything new is said: what was missed comes to stand
 * behind it, page by page from its newer end. It goes when the network tells nothing more that is
 * newer than what stands before it, or cannot tell; one that is not filled in one stay is found
 * again when the room is entered the next time. Of a room whose archive is empty the newest page is
 * fetched. A session asks one question at a time. Clients that enter wait a moment for the first
 * page, since history comes before the subject. Source: requirements G313-11, G313-14, G313-16. */
#include <string.h>

#include "event.h"
#include "room.h"
#include "room_fill.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/store_archive.h"
#include "sojourn/strbuf.h"

/* Owned by its room. */
struct room_fill {
    struct room *room;
    struct sj_timer timer;       /* while clients wait for the first page */
    bool awaited;
    bool over;                   /* what is older is here already, or is not kept */
    char hole[SJ_ARCHIVE_ID_SIZE];       /* ""; the archive was empty */
    int64_t hole_at;             /* UTC ms: the newest entry before it */
    char *after, *before;        /* the network's ids next to it, or NULL */
    char *oldest;                /* of the page that is being told */
    sj_op op;                    /* 0: its turn is to come */
    unsigned page, total, holes;
};

/* ---- holes ---- */

/* The newest entries of an archive, oldest first. */
struct fill_look {
    size_t n;
    int64_t at;                  /* the latest time */
    bool ends_in_hole;
    char hole[SJ_ARCHIVE_ID_SIZE];
    int64_t hole_at;
    char *last, *after, *before; /* ids of the network: the newest; next to the hole */
};

static void look_keep(const struct sj_archive_entry *entry, void *arg)
{
    struct fill_look *look = arg;
    struct event e;

    look->n++;
    if (entry->time > look->at)
        look->at = entry->time;
    look->ends_in_hole = event_decode(&e, entry->data, entry->n) && e.kind == EVENT_HOLE;
    if (look->ends_in_hole) {
        sj_copy(look->hole, sizeof look->hole, entry->id);
        look->hole_at = look->at;
        contact_set(&look->after, look->last);
        contact_set(&look->before, NULL);
    } else if (entry->network_id) {
        if (!look->before)
            contact_set(&look->before, entry->network_id);
        contact_set(&look->last, entry->network_id);
    }
}

static void fill_look(const struct room *r, struct fill_look *look)
{
    const struct sj_archive_page page = {.room = r->id, .since = -1, .until = -1, .back = true,
                                         .max = ROOM_FILL_LOOK};
    struct sj_owner owner;
    bool more;

    *look = (struct fill_look){.n = 0};
    session_owner(r->session, &owner);
    sj_store_archive_each(r->session->all->store, &owner, &page, look_keep, look, &more, NULL);
}

static void look_release(struct fill_look *look)
{
    sj_free(look->last);
    sj_free(look->after);
    sj_free(look->before);
}

/* Behind everything that is there, at the time of the last entry: what was said since then is to
 * follow it. */
static void hole_put(const struct room *r, struct fill_look *look)
{
    const struct event hole = {.kind = EVENT_HOLE};
    struct sj_archive_entry entry = {.time = look->at};
    struct sj_owner owner;
    struct sj_strbuf bytes;

    sj_strbuf_init(&bytes, SJ_ARCHIVE_DATA_MAX);
    event_encode(&hole, &bytes);
    entry.data = (const uint8_t *)bytes.s;
    entry.n = bytes.len;
    session_owner(r->session, &owner);
    if (sj_store_archive_put(r->session->all->store, &owner, r->id, &entry, true, look->hole,
                             NULL) == SJ_OK) {
        look->hole_at = look->at;
        contact_set(&look->after, look->last);
        contact_set(&look->before, NULL);
    }
    sj_strbuf_release(&bytes);
}

static void hole_remove(const struct room_fill *f)
{
    struct session *s = f->room->session;
    struct sj_owner owner;

    session_owner(s, &owner);
    if (f->hole[0])
        sj_store_archive_replace(s->all->store, &owner, f->room->id, f->hole, NULL, 0, NULL);
}

/* ---- asking, one room of the session after the other ---- */

static void fill_next(struct session *s);

/* Those who wait for the first page have waited for it long enough, or have it. */
static void fill_let_in(struct room_fill *f)
{
    sj_timer_stop(&f->timer);
    if (f->awaited) {
        f->awaited = false;
        room_clients_go_on(f->room);
    }
}

static void fill_late(void *arg)
{
    fill_let_in(arg);
}

void room_fill_free(struct room *r)
{
    struct room_fill *f = r->fill;

    if (!f)
        return;
    r->fill = NULL;
    sj_timer_stop(&f->timer);
    sj_free(f->after);
    sj_free(f->before);
    sj_free(f->oldest);
    sj_free(f);
}

static void fill_end(struct room_fill *f)
{
    struct room *r = f->room;

    sj_log_debug(&r->session->log, "history of a room room=%s messages=%u holes=%u",
                 SJ_CLIP(r->id), f->total, f->holes);
    fill_let_in(f);
    room_fill_free(r);
}

static bool fill_ask(struct room_fill *f, struct sj_error *err)
{
    struct session *s = f->room->session;
    const struct room_outcome ask = {.ask = ROOM_ASK_HISTORY, .room = f->room->id};

    f->page = 0;
    contact_set(&f->oldest, NULL);
    f->op = room_op(s, &ask, err);
    if (f->op && s->network->backend->rooms->history(s->link, f->room->id, f->before, f->after,
                                                     ROOM_FILL_PAGE, f->op, err) != SJ_OK) {
        op_forget(s->all, f->op);
        f->op = 0;
    }
    return f->op != 0;
}

/* The room whose turn it is: first those that somebody waits for. NULL: none, or one is asked. */
static struct room_fill *fill_first(const struct session *s)
{
    struct room_fill *first = NULL;
    const struct room *r;
    uint32_t at = 0;

    while (s->rooms && (r = sj_map_next(&s->rooms->by_id, &at)) != NULL) {
        if (!r->fill)
            continue;
        if (r->fill->op)
            return NULL;
        if (!first || (r->fill->awaited && !first->awaited))
            first = r->fill;
    }
    return first;
}

/* Will the network never tell? */
static bool fill_is_refused(const struct sj_error *err)
{
    return err->status == SJ_UNSUPPORTED || err->status == SJ_NOTFOUND ||
           err->status == SJ_DENIED || err->status == SJ_NOTALLOWED || err->status == SJ_INVALID;
}

/* An id of what stands before the hole may be forgotten over there: it is known when it comes. */
static void fill_failed(struct room_fill *f, const struct sj_error *err)
{
    if (err->status == SJ_NOTFOUND && f->after) {
        contact_set(&f->after, NULL);
        return;
    }
    if (fill_is_refused(err))
        hole_remove(f);
    fill_end(f);
}

static void fill_next(struct session *s)
{
    struct room_fill *f;
    struct sj_error err = {.status = SJ_OK};

    while (s->state == SESSION_ONLINE && (f = fill_first(s)) != NULL) {
        if (fill_ask(f, &err))
            return;
        fill_failed(f, &err);
    }
}

/* ---- what comes ---- */

static struct room_fill *fill_of(const struct session *s, const char *room, sj_op op)
{
    const struct room *r = room_find(s, room);

    return r && r->fill && op != 0 && r->fill->op == op ? r->fill : NULL;
}

/* Without an id or a time it has no place; without a message before the hole that the network
 * knows, what is as old as that was heard then. */
static bool past_is_wanted(struct room_fill *f, const struct sj_message *m)
{
    bool old = f->hole[0] && !f->after && m->sent_at <= f->hole_at;

    f->over = f->over || old;
    return !old && m->sent_at > 0 && (m->id || f->hole[0] == '\0') && m->in_room;
}

void room_past(struct session *s, sj_op op, const struct sj_message *m)
{
    struct room_fill *f = fill_of(s, m->peer, op);
    enum sj_status status;

    if (!f || f->page == ROOM_FILL_PAGE)
        return;
    if (f->page++ == 0)
        contact_set(&f->oldest, m->id);
    if (!past_is_wanted(f, m))
        return;
    status = room_hear_past(f->room, m);
    f->over = f->over || status == SJ_UNSUPPORTED ||
              (status == SJ_EXISTS && m->sent_at <= f->hole_at);
}

static bool fill_page_is_last(const struct room_fill *f)
{
    return f->over || f->page == 0 || !f->hole[0] || !f->oldest ||
           (f->before && strcmp(f->before, f->oldest) == 0);
}

/* The next older one, left by an earlier stay. */
static bool fill_take_hole(struct room_fill *f)
{
    struct fill_look look;
    bool found;

    fill_look(f->room, &look);
    found = look.hole[0] != '\0' && ++f->holes < ROOM_FILL_HOLES_MAX;
    if (found) {
        sj_copy(f->hole, sizeof f->hole, look.hole);
        f->hole_at = look.hole_at;
        f->over = false;
        contact_set(&f->after, look.after);
        contact_set(&f->before, look.before);
    }
    look_release(&look);
    return found;
}

static void fill_go_on(struct room_fill *f)
{
    bool closed = fill_page_is_last(f);

    f->total += f->page;
    if (closed)
        hole_remove(f);
    if (f->total >= ROOM_FILL_MAX || (closed && (!f->hole[0] || !fill_take_hole(f))))
        fill_end(f);
    else if (!closed)
        contact_set(&f->before, f->oldest);
}

void room_fill_told(struct session *s, const struct room_outcome *o, const struct sj_error *err)
{
    struct room_fill *f = fill_of(s, o->room, o->op);

    if (f) {
        f->op = 0;
        if (err)
            fill_failed(f, err);
        else
            fill_go_on(f);
        f = room_find(s, o->room)->fill;
        if (f && !err)
            fill_let_in(f);
    }
    fill_next(s);
}

void room_fill_begin(struct room *r)
{
    struct session *s = r->session;
    struct room_fill *f;
    struct fill_look look;

    room_fill_free(r);
    if (!s->network->backend->rooms->history || !sj_store_archive_on(s->all->store))
        return;
    fill_look(r, &look);
    if (look.n > 0 && !look.ends_in_hole)
        hole_put(r, &look);
    f = sj_calloc(1, sizeof *f);
    f->room = r;
    f->holes = look.hole[0] != '\0';
    sj_copy(f->hole, sizeof f->hole, look.hole);
    f->hole_at = look.hole_at;
    contact_set(&f->after, look.after);
    contact_set(&f->before, look.hole[0] ? look.before : NULL);
    look_release(&look);
    r->fill = f;
    f->awaited = true;
    sj_timer_init(&f->timer, fill_late, f);
    sj_timer_start(s->all->loop, &f->timer, ROOM_FILL_WAIT_MS);
    fill_next(s);
}

bool room_fill_is_awaited(const struct room *r)
{
    return r->fill && r->fill->awaited;
}

bool room_is_filling(const struct session *s, const char *room)
{
    const struct room *r = room_find(s, room);

    return r && r->fill;
}
