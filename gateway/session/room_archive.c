/* SPDX-License-Identifier: MPL-2.0 */
/* Queries of the archive of a room, by the user whose archive it is: what the user saw of the room
 * is the user's to read, in it or not (G313-07). A page is sent in one piece; there are at most
 * XMPP_PAGE_MAX messages in it. Source: XEP-0313 §4, §5; requirements G313-*. */
#include <string.h>

#include "event.h"
#include "language.h"
#include "room.h"
#include "room_fill.h"
#include "rooms.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/store_archive.h"
#include "sojourn/strbuf.h"

/* A page while it is read. */
struct archive_reading {
    struct session *session;
    const struct xmpp_archive_query *query;
    const char *room;                    /* canonical */
    const char *full;
    const char *peer;                    /* query->with_peer, canonical */
    char looked[SJ_ARCHIVE_ID_SIZE];     /* the entry that was looked at last */
    size_t n;
    struct archived_item {
        char *id;
        uint8_t *data;
        size_t n;
        int64_t at;
    } item[XMPP_PAGE_MAX];
};

static bool text_is(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* Everything that was said but holes, by the person that is asked for. */
static bool archive_wants(const struct sj_archive_entry *entry, void *arg)
{
    struct archive_reading *a = arg;
    const struct xmpp_archive_query *q = a->query;
    struct event e;

    sj_copy(a->looked, sizeof a->looked, entry->id);
    if (!event_decode(&e, entry->data, entry->n) || e.kind == EVENT_HOLE)
        return false;
    if (q->with_nick)
        return text_is(e.text[EVENT_NICK], q->with_nick);
    if (q->with_peer)
        return text_is(e.text[EVENT_PERSON], a->peer);
    if (q->with_jid)
        return (e.flags & EVENT_OWN) && strcmp(a->session->user, q->with_jid) == 0;
    return true;
}

static void archive_keep(const struct sj_archive_entry *entry, void *arg)
{
    struct archive_reading *a = arg;
    struct archived_item *i = &a->item[a->n];

    if (a->n == XMPP_PAGE_MAX)
        return;
    i->id = sj_strdup(entry->id);
    i->data = sj_malloc(entry->n ? entry->n : 1);
    memcpy(i->data, entry->data, entry->n);
    i->n = entry->n;
    i->at = entry->time;
    a->n++;
}

static bool archive_send_one(const struct archive_reading *a, const struct archived_item *i)
{
    struct event e;

    if (!event_decode(&e, i->data, i->n))
        return true;
    e.at = i->at;
    return event_send_archived(a->session, a->room, &e, a->full, a->query->query_id, i->id) ||
           !session_is_blocked(a->session);
}

static bool archive_send(const struct archive_reading *a)
{
    bool sent = true;

    for (size_t i = 0; i < a->n && sent; i++)
        sent = archive_send_one(a, &a->item[a->query->flip ? a->n - 1 - i : i]);
    return sent;
}

static void archive_drop_last(struct archive_reading *a)
{
    a->n--;
    sj_free(a->item[a->n].id);
    sj_free(a->item[a->n].data);
}

/* What came last goes to its place by time; once, if it was asked for twice (G313-02). */
static void archive_sort_last(struct archive_reading *a)
{
    struct archived_item last = a->item[a->n - 1];
    size_t at = a->n - 1;

    for (size_t i = 0; i < a->n - 1; i++) {
        if (strcmp(a->item[i].id, last.id) == 0) {
            archive_drop_last(a);
            return;
        }
    }
    for (; at > 0 && a->item[at - 1].at > last.at; at--)
        a->item[at] = a->item[at - 1];
    a->item[at] = last;
}

static void archive_keep_asked(const struct sj_archive_entry *entry, void *arg)
{
    struct archive_reading *a = arg;

    if (a->n < XMPP_PAGE_MAX && archive_wants(entry, a)) {
        archive_keep(entry, a);
        archive_sort_last(a);
    }
}

static enum sj_status archive_read_ids(struct archive_reading *a, struct sj_error *err)
{
    struct sj_owner owner;

    session_owner(a->session, &owner);
    for (size_t i = 0; i < a->query->n_ids; i++) {
        if (sj_store_archive_get(a->session->all->store, &owner, a->room, a->query->ids[i],
                                 archive_keep_asked, a, err) != SJ_OK)
            return sj_fail(err, SJ_NOTFOUND, "There is no such message.");       /* G313-09 */
    }
    return SJ_OK;
}

static enum sj_status archive_read(struct archive_reading *a, bool *more, struct sj_error *err)
{
    const struct xmpp_archive_query *q = a->query;
    struct sj_archive_page page = {.room = a->room, .since = q->start, .until = q->end,
                                   .after = q->after, .before = q->before, .back = q->page.back,
                                   .max = q->page.max, .wanted = archive_wants};
    struct sj_owner owner;
    enum sj_status status;

    *more = false;
    if (q->n_ids > 0)
        return archive_read_ids(a, err);
    if (q->page.mark && q->page.back)
        page.before = q->page.mark;
    else if (q->page.mark)
        page.after = q->page.mark;
    if (page.max == 0)
        return SJ_OK;
    session_owner(a->session, &owner);
    status = sj_store_archive_each(a->session->all->store, &owner, &page, archive_keep, a, more,
                                   err);
    if (status == SJ_NOTFOUND)
        return sj_fail(err, SJ_NOTFOUND, "There is no such message.");
    return status;
}

/* How many there are is only known of all (G313-10). */
static int64_t archive_count(const struct archive_reading *a)
{
    const struct xmpp_archive_query *q = a->query;
    bool whole = !q->with_nick && !q->with_peer && !q->with_jid && q->start < 0 && q->end < 0 &&
                 !q->after && !q->before && q->n_ids == 0;
    struct sj_owner owner;
    uint64_t n = 0;

    session_owner(a->session, &owner);
    if (!whole || sj_store_archive_count(a->session->all->store, &owner, a->room, &n, NULL) !=
                      SJ_OK)
        return -1;
    return (int64_t)n;
}

/* The ends of what was sent. Where the search was given up before the page was full, that is what
 * was looked at last, so that the next page goes on from there. */
static void archive_ends(const struct archive_reading *a, bool more, struct xmpp_page_out *page)
{
    bool early = more && a->n < a->query->page.max && a->looked[0];

    if (a->n > 0) {
        page->first = a->item[0].id;
        page->last = a->item[a->n - 1].id;
    }
    if (early && (a->n == 0 || a->query->page.back))
        page->first = a->looked;
    if (early && (a->n == 0 || !a->query->page.back))
        page->last = a->looked;
}

static void archive_answer(const struct archive_reading *a, xmpp_req req, bool more)
{
    struct xmpp_page_out page = {.index = -1, .count = archive_count(a)};
    struct sj_error err;

    archive_ends(a, more, &page);
    if (archive_send(a)) {
        xmpp_answer_archive(a->session->all->xmpp, req, &page, !more && a->query->page.max > 0,
                            !room_is_filling(a->session, a->room));
        return;
    }
    sj_fail(&err, SJ_LIMIT, "Too much is waiting to be sent to you; try again later.");
    err = session_words(a->session, &err);
    xmpp_answer(a->session->all->xmpp, req, &err);
}

/* The user's session, and the room by its canonical id; NULL with err. */
static struct session *archive_session(void *ctx, const struct xmpp_from *from, const char *room,
                                       struct sj_strbuf *id, struct sj_error *err)
{
    struct sessions *all = ctx;
    struct session *s = session_get(&all->networks[from->host], from->user, err);

    if (!s && err->status != SJ_UNREGISTERED)
        return NULL;
    if (!s || !s->registered || s->removal.wanted) {
        sj_fail(err, SJ_DENIED, "You are not registered with this gateway.");   /* G313-07 */
    } else if (!sj_store_archive_on(all->store)) {
        sj_fail(err, SJ_UNAVAILABLE, "Nothing is archived here.");
    } else if (session_canon(s, room, id, err) != SJ_OK) {
        sj_fail(err, SJ_NOTFOUND, "This is no address of a room on this network.");
    } else {
        return s;
    }
    if (s)
        session_release(s);
    return NULL;
}

/* Nobody is called what cannot be an id of a contact. */
static void archive_name_peer(struct archive_reading *a, struct sj_strbuf *peer)
{
    struct sj_error err;

    if (a->query->with_peer &&
        session_canon(a->session, a->query->with_peer, peer, &err) == SJ_OK)
        a->peer = peer->s;
}

enum sj_status rooms_archive_query(void *ctx, const struct xmpp_from *from,
                                   const struct xmpp_archive_query *query, xmpp_req req,
                                   struct sj_error *err)
{
    struct archive_reading *a;
    enum sj_status status;
    struct sj_strbuf id, peer;
    struct session *s;
    bool more;

    sj_strbuf_init(&id, SJ_ID_MAX);
    sj_strbuf_init(&peer, SJ_ID_MAX);
    s = archive_session(ctx, from, query->room, &id, err);
    if (!s) {
        sj_strbuf_release(&id);
        return err->status;
    }
    a = sj_calloc(1, sizeof *a);
    a->session = s;
    a->query = query;
    a->room = id.s;
    a->full = from->full;
    archive_name_peer(a, &peer);
    status = archive_read(a, &more, err);
    if (status == SJ_OK)
        archive_answer(a, req, more);
    while (a->n > 0)
        archive_drop_last(a);
    sj_free(a);
    sj_strbuf_release(&peer);
    sj_strbuf_release(&id);
    session_release(s);
    return status;
}

/* ---- its two ends ---- */

static bool ends_wants(const struct sj_archive_entry *entry, void *arg)
{
    struct event e;

    (void)arg;
    return event_decode(&e, entry->data, entry->n) && e.kind != EVENT_HOLE;
}

static void ends_keep(const struct sj_archive_entry *entry, void *arg)
{
    struct archived_item *end = arg;

    end->id = sj_strdup(entry->id);
    end->at = entry->time;
}

enum sj_status rooms_archive_ends(void *ctx, const struct xmpp_from *from, const char *room,
                                  xmpp_req req, struct sj_error *err)
{
    struct archived_item end[2] = {{.id = NULL}, {.id = NULL}};
    struct sj_owner owner;
    struct sj_strbuf id;
    struct session *s;
    bool more;

    sj_strbuf_init(&id, SJ_ID_MAX);
    s = archive_session(ctx, from, room, &id, err);
    if (s) {
        session_owner(s, &owner);
        for (int i = 0; i < 2; i++) {
            const struct sj_archive_page page = {.room = id.s, .since = -1, .until = -1,
                                                 .back = i == 1, .max = 1, .wanted = ends_wants};
            sj_store_archive_each(s->all->store, &owner, &page, ends_keep, &end[i], &more, NULL);
        }
        xmpp_answer_archive_ends(s->all->xmpp, req, end[1].id ? end[0].id : NULL, end[0].at,
                                 end[1].id, end[1].at);
        session_release(s);
    }
    sj_free(end[0].id);
    sj_free(end[1].id);
    sj_strbuf_release(&id);
    return s ? SJ_OK : err->status;
}
