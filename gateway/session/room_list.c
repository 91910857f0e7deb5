/* SPDX-License-Identifier: MPL-2.0 */
/* Which rooms a network shows to this user (G045-02), all or those that some words find, for
 * requests and for runs of a command. The network is asked once, everybody who asks the same
 * meanwhile waits for that, and what it said is kept for a minute, so that pages belong together.
 * Source: XEP-0045 §6.3, XEP-0059. */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "language.h"
#include "room.h"
#include "room_list.h"
#include "rooms.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define ROOM_LIST_MAX 5000u              /* further ones are not shown */
#define ROOM_LIST_WAITS_MAX 8u           /* requests at once: resource-constraint */
#define ROOM_LIST_MS 60000
#define ROOM_LIST_ABOUT_MAX 140u         /* bytes of a description that are kept */

/* Owned by the session. */
struct room_list {
    struct session *session;
    sj_op op;                            /* 0: it is complete */
    char *words;                         /* what was asked for; "": all */
    struct sj_timer over;
    size_t n, size;
    struct listed_room {
        char *id, *name, *about;
        uint32_t people;
    } *rooms;
    unsigned n_waits;
    struct list_wait {
        uint64_t run;                    /* of a command; 0: a request */
        xmpp_req req;
        struct xmpp_page page;
        char *mark;                      /* page.mark, owned */
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
        sj_free(l->rooms[i].about);
    }
    for (unsigned i = 0; i < l->n_waits; i++)
        sj_free(l->wait[i].mark);
    sj_free(l->rooms);
    sj_free(l->words);
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

/* Most people first, as is worth most to somebody who looks around; else by id. */
static int list_compare(const void *a, const void *b)
{
    const struct listed_room *const *x = a, *const *y = b;

    if ((*x)->people != (*y)->people)
        return (*x)->people > (*y)->people ? -1 : 1;
    return strcmp((*x)->id, (*y)->id);
}

size_t room_list_rows(const struct session *s, struct room_row *out, size_t max, size_t *total)
{
    const struct room_list *l = s->room_list;
    const struct listed_room **sorted;
    size_t n;

    *total = l ? l->n : 0;
    if (*total == 0)
        return 0;
    sorted = sj_calloc(l->n, sizeof *sorted);
    for (size_t i = 0; i < l->n; i++)
        sorted[i] = &l->rooms[i];
    qsort(sorted, l->n, sizeof *sorted, list_compare);
    for (n = 0; n < l->n && n < max; n++)
        out[n] = (struct room_row){sorted[n]->id, sorted[n]->name, sorted[n]->about,
                                   sorted[n]->people};
    sj_free(sorted);
    return n;
}

void room_listed(struct session *s, sj_op op, const struct sj_room *in)
{
    struct room_list *l = s->room_list;
    const char *about = in->description ? in->description : "";

    if (!l || l->op != op || op == 0 || l->n == ROOM_LIST_MAX)
        return;
    if (l->n == l->size) {
        l->size = l->size ? 2 * l->size : 32;
        l->rooms = sj_realloc(l->rooms, l->size * sizeof *l->rooms);
    }
    l->rooms[l->n++] = (struct listed_room){
        .id = sj_strdup(in->id), .name = sj_strdup(in->name), .people = in->n_occupants,
        .about = sj_strndup(about, sj_utf8_cut(about, strlen(about), ROOM_LIST_ABOUT_MAX))};
}

static void list_tell(const struct room_list *l, const struct list_wait *w,
                      const struct sj_error *err)
{
    struct sessions *all = l->session->all;
    struct sj_error words;

    if (w->run) {
        command_outcome(all, w->run, err);
    } else if (err) {
        words = session_words(l->session, err);
        xmpp_answer(all->xmpp, w->req, &words);
    } else {
        list_answer(l, w->req, &w->page);
    }
}

void room_list_done(struct session *s, sj_op op, const struct sj_error *err)
{
    struct room_list *l = s->room_list;

    if (!l || l->op != op || op == 0)
        return;
    l->op = 0;
    for (unsigned i = 0; i < l->n_waits; i++) {
        list_tell(l, &l->wait[i], err);
        sj_free(l->wait[i].mark);
    }
    l->n_waits = 0;
    if (err)
        room_list_free(s);
    else
        sj_timer_start(s->all->loop, &l->over, ROOM_LIST_MS);
}

static enum sj_status list_start(struct session *s, const char *words, struct sj_error *err)
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
    l->words = sj_strdup(words);
    sj_timer_init(&l->over, list_over, s);
    enum sj_status status = rooms->list(s->link, words, ROOM_LIST_MAX, op, err);
    if (status != SJ_OK) {
        op_forget(s->all, op);
        room_list_free(s);
    }
    return status;
}

/* The network is asked unless it just was; w->page.mark is lent. */
static enum sj_status list_ask(struct session *s, const char *words, const struct list_wait *w,
                               struct sj_error *err)
{
    struct room_list *l = s->room_list;
    struct list_wait *slot;
    bool other = l && strcmp(l->words, words) != 0;

    if (l && l->op == 0 && !other) {
        list_tell(l, w, NULL);
        return SJ_OK;
    }
    if (l && l->op == 0)
        room_list_free(s);
    else if (l && (other || l->n_waits == ROOM_LIST_WAITS_MAX))
        return sj_fail(err, SJ_LIMIT, "The list of rooms is on its way; try again later.");
    if (!s->room_list && list_start(s, words, err) != SJ_OK)
        return err->status;
    l = s->room_list;
    slot = &l->wait[l->n_waits++];
    *slot = *w;
    slot->page.mark = slot->mark = sj_strdup(w->page.mark);
    return SJ_OK;
}

enum sj_status room_list_for_run(struct session *s, const char *words, uint64_t run,
                                 struct sj_error *err)
{
    return list_ask(s, words, &(struct list_wait){.run = run}, err);
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
    return list_ask(s, "", &(struct list_wait){.req = req, .page = *page}, err);
}
