/* SPDX-License-Identifier: MPL-2.0 */
/* Which rooms a network shows to this user (G045-02). The network is asked once, everybody who asks
 * meanwhile waits for that, and what it said is kept for a minute, so that pages belong together.
 * Source: XEP-0045 §6.3, XEP-0059. */
#include <string.h>

#include "language.h"
#include "room.h"
#include "rooms.h"
#include "session.h"
#include "sojourn/memory.h"

#define ROOM_LIST_MAX 5000u              /* further ones are not shown */
#define ROOM_LIST_WAITS_MAX 8u           /* requests at once: resource-constraint */
#define ROOM_LIST_MS 60000

/* Owned by the session. */
struct room_list {
    struct session *session;
    sj_op op;                            /* 0: it is complete */
    struct sj_timer over;
    size_t n, size;
    struct listed_room {
        char *id, *name;
    } *rooms;
    unsigned n_waits;
    struct {
        xmpp_req req;
        struct xmpp_page page;
        char *mark;                      /* of page */
    } wait[ROOM_LIST_WAITS_MAX];
};

void room_list_free(struct session *s)
{
    struct room_list *l = s->room_list;

    if (!l)
        return;
    sj_timer_stop(&l->over);
    for (size_t i = 0; i < l->n; i++) {
        sj_free(l->rooms[i].id);
        sj_free(l->rooms[i].name);
    }
    for (unsigned i = 0; i < l->n_waits; i++)
        sj_free(l->wait[i].mark);
    sj_free(l->rooms);
    sj_free(l);
    s->room_list = NULL;
}

static void list_over(void *session)
{
    room_list_free(session);
}

/* Rows first to end of l are the page; false: it starts at no row (G059-03). */
static bool list_choose(const struct room_list *l, const struct xmpp_page *page, size_t *first,
                        size_t *end)
{
    size_t at = page->back ? l->n : 0;

    if (page->mark) {
        for (at = 0; at < l->n && strcmp(l->rooms[at].id, page->mark) != 0; at++)
            continue;
        if (at == l->n)
            return false;
        at += page->back ? 0 : 1;
    }
    *first = at;
    *end = page->wanted && l->n - at > page->max ? at + page->max : l->n;
    if (page->back) {
        *first = at > page->max ? at - page->max : 0;
        *end = at;
    }
    return true;
}

static void list_answer(const struct room_list *l, xmpp_req req, const struct xmpp_page *page)
{
    struct xmpp *x = l->session->all->xmpp;
    struct xmpp_page_out shown = {.index = -1, .count = (int64_t)l->n};
    struct xmpp_room_listed *rows;
    struct sj_error err;
    size_t first, end;

    if (!list_choose(l, page, &first, &end)) {
        sj_fail(&err, SJ_NOTFOUND, "There is no such room in the list (any more).");
        err = session_words(l->session, &err);
        xmpp_answer(x, req, &err);
        return;
    }
    rows = sj_calloc(end > first ? end - first : 1, sizeof *rows);
    for (size_t i = first; i < end; i++)
        rows[i - first] = (struct xmpp_room_listed){l->rooms[i].id, l->rooms[i].name};
    if (end > first) {
        shown.first = l->rooms[first].id;
        shown.last = l->rooms[end - 1].id;
        shown.index = (int64_t)first;
    }
    xmpp_answer_room_list(x, req, rows, end - first, page->wanted ? &shown : NULL);
    sj_free(rows);
}

void room_listed(struct session *s, sj_op op, const struct sj_room *in)
{
    struct room_list *l = s->room_list;

    if (!l || l->op != op || op == 0 || l->n == ROOM_LIST_MAX)
        return;
    if (l->n == l->size) {
        l->size = l->size ? 2 * l->size : 32;
        l->rooms = sj_realloc(l->rooms, l->size * sizeof *l->rooms);
    }
    l->rooms[l->n++] = (struct listed_room){sj_strdup(in->id), sj_strdup(in->name)};
}

void room_list_done(struct session *s, sj_op op, const struct sj_error *err)
{
    struct room_list *l = s->room_list;
    struct sj_error words;

    if (!l || l->op != op || op == 0)
        return;
    l->op = 0;
    for (unsigned i = 0; i < l->n_waits; i++) {
        struct xmpp_page page = l->wait[i].page;
        page.mark = l->wait[i].mark;
        words = err ? session_words(s, err) : (struct sj_error){.status = SJ_OK};
        if (err)
            xmpp_answer(s->all->xmpp, l->wait[i].req, &words);
        else
            list_answer(l, l->wait[i].req, &page);
        sj_free(l->wait[i].mark);
    }
    l->n_waits = 0;
    if (err)
        room_list_free(s);
    else
        sj_timer_start(s->all->loop, &l->over, ROOM_LIST_MS);
}

static enum sj_status list_start(struct session *s, struct sj_error *err)
{
    const struct sj_backend_rooms *rooms = s->network->backend->rooms;
    const struct room_outcome ask = {.ask = ROOM_ASK_LIST, .room = ""};
    sj_op op = room_op(s, &ask, err);
    struct room_list *l;

    if (!op)
        return err->status;
    l = s->room_list = sj_calloc(1, sizeof *l);
    l->session = s;
    l->op = op;
    sj_timer_init(&l->over, list_over, s);
    if (rooms->list(s->link, "", ROOM_LIST_MAX, op, err) == SJ_OK)
        return SJ_OK;
    op_forget(s->all, op);
    room_list_free(s);
    return err->status;
}

static enum sj_status list_wait(struct room_list *l, const struct xmpp_page *page, xmpp_req req,
                                struct sj_error *err)
{
    if (l->n_waits == ROOM_LIST_WAITS_MAX)
        return sj_fail(err, SJ_LIMIT, "The list of rooms is on its way; try again later.");
    l->wait[l->n_waits].req = req;
    l->wait[l->n_waits].page = *page;
    l->wait[l->n_waits++].mark = sj_strdup(page->mark);
    return SJ_OK;
}

enum sj_status rooms_list(void *ctx, const struct xmpp_from *from, const struct xmpp_page *page,
                          xmpp_req req, struct sj_error *err)
{
    struct sessions *all = ctx;
    struct session *s = session_find(&all->networks[from->host], from->user);
    struct xmpp_page_out nothing = {.index = -1, .count = 0};

    /* Who is not logged in sees none. */
    if (!s || s->state != SESSION_ONLINE || !s->network->backend->rooms->list) {
        xmpp_answer_room_list(all->xmpp, req, NULL, 0, page->wanted ? &nothing : NULL);
        return SJ_OK;
    }
    session_heard(s, from);
    if (s->room_list && s->room_list->op == 0) {
        list_answer(s->room_list, req, page);
        return SJ_OK;
    }
    if (!s->room_list && list_start(s, err) != SJ_OK)
        return err->status;
    return list_wait(s->room_list, page, req, err);
}
