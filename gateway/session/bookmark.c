/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms that the network has put the user into, who may have joined them from elsewhere, reach the
 * user's clients as bookmarks, where their server lets us write some, or else as one invitation
 * each (G402-01, G402-04).
 *
 * Of each room that is done once: what the user makes of a bookmark, or that it was deleted, stays
 * (G402-02). Which rooms were told of is kept as a hidden preference, a short digest each; as
 * another one, which of their bookmarks are ours. Before anything is written the bookmarks are
 * read, and one that is there is left alone. A room that is left for good over there takes its
 * bookmark along; where that happened while the user was not logged in, only one of ours (G402-03).
 * Source: XEP-0402, XEP-0249. */
#include "bookmark.h"

#include <stdio.h>
#include <string.h>

#include "preference.h"
#include "room.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/sha1.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define TOLD_DIGITS 12u                  /* of a digest: enough for BOOKMARKS_TOLD_MAX rooms */

/* A bookmark that is to come or to go. Owned by struct bookmarks. */
struct bookmark {
    struct sj_list link;
    bool goes;
    bool there;                  /* the user has one already */
    bool sent;                   /* its write waits for an answer */
    char room[];
};

/* A list of rooms: TOLD_DIGITS of each, oldest first. */
struct told {
    struct sj_strbuf text;
    enum preference kept_as;
    bool changed;                /* differs from what is stored */
};

/* What is under way for one user. Owned by the session, made when needed. */
struct bookmarks {
    struct session *session;
    struct sj_list wanted;       /* struct bookmark, oldest first */
    unsigned n, n_sent;
    bool reading;                /* the answer to xmpp_bookmarks_read is awaited */
    bool read;                   /* it came, and holds for all that is wanted now */
    bool seeks;                  /* ours of rooms that the account is in no longer */
    struct told told;            /* rooms that were told of */
    struct told made;            /* those of them whose bookmarks we wrote */
    struct sj_defer run;
};

/* ---- what was told once ---- */

static void told_digest(char out[SJ_SHA1_HEX_SIZE], const char *room)
{
    uint8_t sha1[SJ_SHA1_LEN];

    sj_sha1(sha1, room, strlen(room));
    sj_sha1_hex(out, sha1);
    out[TOLD_DIGITS] = '\0';
}

static const char *told_find_digest(const char *told, const char *digest)
{
    const char *end = told + strlen(told);

    for (const char *at = told; end - at >= (ptrdiff_t)TOLD_DIGITS; at += TOLD_DIGITS) {
        if (memcmp(at, digest, TOLD_DIGITS) == 0)
            return at;
    }
    return NULL;
}

/* Where it stands in the text; NULL: nowhere. */
static const char *told_find(const char *told, const char *room)
{
    char digest[SJ_SHA1_HEX_SIZE];

    told_digest(digest, room);
    return told_find_digest(told, digest);
}

static const char *told_of(const struct session *s)
{
    return s->bookmarks ? s->bookmarks->told.text.s
                        : session_preference(s, PREFERENCE_TOLD_ROOMS);
}

static const char *made_of(const struct session *s)
{
    return s->bookmarks ? s->bookmarks->made.text.s
                        : session_preference(s, PREFERENCE_MADE_ROOMS);
}

static void told_init(struct told *t, const struct session *s, enum preference kept_as)
{
    *t = (struct told){.kept_as = kept_as};
    sj_strbuf_init(&t->text, (size_t)BOOKMARKS_TOLD_MAX * TOLD_DIGITS + TOLD_DIGITS);
    sj_strbuf_adds(&t->text, session_preference(s, kept_as));
}

/* at: in its text, or NULL. */
static void told_cut(struct told *t, const char *at)
{
    size_t offset;
    char *all;

    if (!at)
        return;
    offset = (size_t)(at - t->text.s);
    all = sj_strdup(t->text.s);
    sj_strbuf_reset(&t->text);
    sj_strbuf_add(&t->text, all, offset);
    sj_strbuf_adds(&t->text, all + offset + TOLD_DIGITS);
    sj_free(all);
    t->changed = true;
}

static void told_add(struct told *t, const char *room)
{
    char digest[SJ_SHA1_HEX_SIZE];

    if (told_find(t->text.s, room))
        return;
    if (t->text.len >= (size_t)BOOKMARKS_TOLD_MAX * TOLD_DIGITS)
        told_cut(t, t->text.s);
    told_digest(digest, room);
    sj_strbuf_adds(&t->text, digest);
    t->changed = true;
}

static void told_store(struct session *s, struct told *t)
{
    struct sj_error err = {.status = SJ_OK};

    if (!t->changed)
        return;
    t->changed = false;
    if (session_prefer(s, t->kept_as, t->text.len > 0 ? t->text.s : NULL, &err) != SJ_OK)
        sj_log_warn(&s->log, "rooms that were told of are not kept cause=%s", SJ_CLIP(err.text));
}

/* Digests of all rooms that there are. */
static void told_rooms(const struct session *s, struct sj_strbuf *out)
{
    const struct room *r;
    char digest[SJ_SHA1_HEX_SIZE];
    uint32_t at = 0;

    sj_strbuf_init(out, (size_t)ROOMS_MAX * TOLD_DIGITS);
    while (s->rooms && (r = sj_map_next(&s->rooms->by_id, &at)) != NULL) {
        told_digest(digest, r->id);
        sj_strbuf_adds(out, digest);
    }
}

/* The first of ours whose room is none that there is, from `at` on; NULL: no more. */
static const char *made_lost(const char *at, const struct sj_strbuf *rooms)
{
    const char *end = at + strlen(at);

    while (end - at >= (ptrdiff_t)TOLD_DIGITS && told_find_digest(rooms->s, at))
        at += TOLD_DIGITS;
    return end - at >= (ptrdiff_t)TOLD_DIGITS ? at : NULL;
}

/* ---- what is wanted ---- */

static struct bookmark *bookmark_find(const struct bookmarks *b, const char *room)
{
    const struct sj_list *at;

    for (at = b->wanted.next; at != &b->wanted; at = at->next) {
        struct bookmark *m = SJ_CONTAINER(at, struct bookmark, link);
        if (strcmp(m->room, room) == 0)
            return m;
    }
    return NULL;
}

static void bookmark_drop(struct bookmarks *b, struct bookmark *m)
{
    b->n--;
    b->n_sent -= m->sent;
    sj_list_remove(&m->link);
    sj_free(m);
}

/* For clients whose server knows nothing of it. */
static void bookmark_invite(struct bookmarks *b, const struct bookmark *m)
{
    struct session *s = b->session;
    const struct xmpp_invite_out out = {
        .room = m->room, .to = s->user, .direct = true,
        .reason = sj_translate(s->lang, N_("You are in this room on the other network."))};

    if (xmpp_send_invite(s->all->xmpp, s->network->index, &out) || !session_is_blocked(s))
        told_add(&b->told, m->room);
}

/* There is no way to read or write bookmarks. */
static void bookmarks_do_without(struct bookmarks *b)
{
    struct sj_list *at = b->wanted.next;

    b->seeks = false;                    /* until the next log-in */
    while (at != &b->wanted) {
        struct bookmark *m = SJ_CONTAINER(at, struct bookmark, link);
        at = at->next;
        if (m->sent)
            continue;
        if (!m->goes)
            bookmark_invite(b, m);
        bookmark_drop(b, m);
    }
}

static bool bookmark_send(struct bookmarks *b, const struct bookmark *m)
{
    struct session *s = b->session;
    const struct room *r = room_find(s, m->room);
    const struct xmpp_bookmark out = {.room = m->room, .name = r ? r->name : NULL,
                                      .nick = r && r->self ? occupant_nick(r->self) : NULL};

    return m->goes ? xmpp_bookmark_remove(s->all->xmpp, s->network->index, s->user, m->room)
                   : xmpp_bookmark_add(s->all->xmpp, s->network->index, s->user, &out);
}

/* The bookmarks were read: what is missing is written, what has to go is taken out. */
static void bookmarks_write(struct bookmarks *b)
{
    struct sj_list *at = b->wanted.next;

    while (at != &b->wanted && b->n_sent < BOOKMARKS_AT_ONCE) {
        struct bookmark *m = SJ_CONTAINER(at, struct bookmark, link);
        at = at->next;
        if (m->sent)
            continue;
        if (m->there != m->goes) {       /* nothing to do */
            if (!m->goes)
                told_add(&b->told, m->room);
            bookmark_drop(b, m);
        } else if (bookmark_send(b, m)) {
            m->sent = true;
            b->n_sent++;
        } else {
            bookmarks_do_without(b);
            return;
        }
    }
}

static void bookmarks_run(void *arg)
{
    struct bookmarks *b = arg;
    struct session *s = b->session;
    struct xmpp *x = s->all->xmpp;

    if (b->reading)
        return;
    if ((b->n > b->n_sent || b->seeks) && !b->read)
        b->reading = xmpp_bookmarks_read(x, s->network->index, s->user);
    if (b->read)
        bookmarks_write(b);
    else if (!b->reading)
        bookmarks_do_without(b);
    told_store(s, &b->told);
    told_store(s, &b->made);
    if (b->n == 0 && !b->reading)
        bookmarks_free(s);
}

static struct bookmarks *bookmarks_get(struct session *s)
{
    struct bookmarks *b = s->bookmarks;

    if (b)
        return b;
    b = sj_calloc(1, sizeof *b);
    b->session = s;
    sj_list_init(&b->wanted);
    sj_defer_init(&b->run, bookmarks_run, b);
    told_init(&b->told, s, PREFERENCE_TOLD_ROOMS);
    told_init(&b->made, s, PREFERENCE_MADE_ROOMS);
    return s->bookmarks = b;
}

void bookmarks_free(struct session *s)
{
    struct bookmarks *b = s->bookmarks;

    if (!b)
        return;
    while (!sj_list_empty(&b->wanted))
        bookmark_drop(b, SJ_CONTAINER(b->wanted.next, struct bookmark, link));
    sj_defer_cancel(&b->run);
    sj_strbuf_release(&b->told.text);
    sj_strbuf_release(&b->made.text);
    sj_free(b);
    s->bookmarks = NULL;
}

/* NULL: there are too many. */
static struct bookmark *bookmark_new(struct bookmarks *b, const char *room, bool goes)
{
    size_t n = strlen(room) + 1;
    struct bookmark *m;

    if (b->n >= ROOMS_MAX)
        return NULL;
    m = sj_calloc(1, sizeof *m + n);
    memcpy(m->room, room, n);
    m->goes = goes;
    sj_list_init(&m->link);
    sj_list_append(&b->wanted, &m->link);
    b->n++;
    return m;
}

static void bookmark_want(struct session *s, const char *room, bool goes)
{
    struct bookmarks *b = bookmarks_get(s);
    struct bookmark *m = bookmark_find(b, room);

    if (m && m->sent)                    /* its answer comes first; a rare race is left as it is */
        return;
    if (m)
        bookmark_drop(b, m);
    bookmark_new(b, room, goes);
    b->read = false;
    sj_loop_defer(s->all->loop, &b->run);
}

/* ---- from the room ---- */

bool bookmarks_fit(const struct network *n)
{
    return (n->backend->caps & SJ_CAP_ROOMS) != 0;
}

void bookmark_room(const struct room *r)
{
    struct session *s = r->session;

    if (session_prefers(s, PREFERENCE_BOOKMARKS) && !told_find(told_of(s), r->id))
        bookmark_want(s, r->id, false);
}

void bookmark_known(const struct room *r)
{
    struct session *s = r->session;
    struct bookmarks *b;

    if (!(r->flags & SJ_ROOM_MEMBERSHIP) || told_find(told_of(s), r->id))
        return;
    b = bookmarks_get(s);
    told_add(&b->told, r->id);
    sj_loop_defer(s->all->loop, &b->run);
}

/* It is to be told anew when the account is there again. */
static void bookmark_forget(struct bookmarks *b, const char *room)
{
    told_cut(&b->told, told_find(b->told.text.s, room));
    told_cut(&b->made, told_find(b->made.text.s, room));
}

void bookmark_left(const struct room *r)
{
    struct session *s = r->session;
    const struct bookmark *m = s->bookmarks ? bookmark_find(s->bookmarks, r->id) : NULL;

    if (!told_find(told_of(s), r->id) && !m)
        return;
    bookmark_forget(bookmarks_get(s), r->id);
    bookmark_want(s, r->id, true);
}

void bookmarks_listed(struct session *s)
{
    struct sj_strbuf rooms;
    struct bookmarks *b;

    if (!*made_of(s))
        return;
    told_rooms(s, &rooms);
    if (made_lost(made_of(s), &rooms)) {
        b = bookmarks_get(s);
        b->seeks = true;
        b->read = false;
        sj_loop_defer(s->all->loop, &b->run);
    }
    sj_strbuf_release(&rooms);
}

/* One of the user's bookmarks: it is ours, of a room that the account is in no longer. */
static bool bookmark_is_lost(const struct bookmarks *b, const char *room)
{
    return b->seeks && told_find(b->made.text.s, room) && !room_find(b->session, room);
}

/* What was to be found has been: of all others the user has taken the bookmark out. */
static void bookmarks_found(struct bookmarks *b)
{
    struct sj_strbuf rooms;
    const char *at = b->made.text.s;
    char digest[TOLD_DIGITS + 1];
    size_t offset;

    told_rooms(b->session, &rooms);
    while ((at = made_lost(at, &rooms)) != NULL) {
        offset = (size_t)(at - b->made.text.s);
        memcpy(digest, at, TOLD_DIGITS);
        told_cut(&b->told, told_find_digest(b->told.text.s, digest));
        told_cut(&b->made, at);
        at = b->made.text.s + offset;
    }
    sj_strbuf_release(&rooms);
    b->seeks = false;
}

/* ---- from the user's server ---- */

static struct bookmarks *bookmarks_of(void *ctx, unsigned host, const char *user)
{
    struct sessions *all = ctx;
    const struct session *s = session_find(&all->networks[host], user);

    return s ? s->bookmarks : NULL;
}

void bookmark_item(void *ctx, unsigned host, const char *user, const char *room)
{
    struct bookmarks *b = bookmarks_of(ctx, host, user);
    struct sj_error ignored;
    struct bookmark *m = NULL;
    struct sj_strbuf id;

    if (!b || !b->reading)
        return;
    sj_strbuf_init(&id, SJ_ID_MAX);
    if (session_canon(b->session, room, &id, &ignored) == SJ_OK) {
        m = bookmark_find(b, id.s);
        if (!m && bookmark_is_lost(b, id.s))
            m = bookmark_new(b, id.s, true);
    }
    if (m)
        m->there = true;
    sj_strbuf_release(&id);
}

void bookmarks_read(void *ctx, unsigned host, const char *user, bool ok)
{
    struct bookmarks *b = bookmarks_of(ctx, host, user);

    if (!b || !b->reading)
        return;
    b->reading = false;
    b->read = ok;
    if (!ok)
        bookmarks_do_without(b);
    else if (b->seeks)
        bookmarks_found(b);
    sj_loop_defer(b->session->all->loop, &b->run);
}

/* Whether a stay that ends by itself is over is known at once; the others outlast log-ins. */
static void bookmark_made(struct bookmarks *b, const char *room)
{
    const struct room *r = room_find(b->session, room);

    told_add(&b->told, room);
    if (r && (r->flags & SJ_ROOM_MEMBERSHIP))
        told_add(&b->made, room);
}

void bookmark_written(void *ctx, unsigned host, const char *user, const char *room, bool ok)
{
    struct bookmarks *b = bookmarks_of(ctx, host, user);
    struct bookmark *m = b ? bookmark_find(b, room) : NULL;

    if (!m || !m->sent)
        return;
    if (ok && !m->goes)
        bookmark_made(b, room);
    else if (!m->goes)
        bookmark_invite(b, m);
    bookmark_drop(b, m);
    sj_loop_defer(b->session->all->loop, &b->run);
}
