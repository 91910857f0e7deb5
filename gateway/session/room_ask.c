/* SPDX-License-Identifier: MPL-2.0 */
/* Requests to rooms whose answer comes from the network, in parts or as an outcome: what a room is
 * like, who has which affiliation, and whether a change was made. What is collected hangs at its
 * operation, and goes with it. Changes are made in room_change.c.
 * Source: XEP-0045 §6.4, §9, §10.5; requirements §16. */
#include <string.h>

#include "abilities.h"
#include "language.h"
#include "room.h"
#include "room_list.h"
#include "room_picture.h"
#include "rooms.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/store_archive.h"
#include "sojourn/strbuf.h"

#define COLLECT_MAX 2000u                /* people in one list; further ones are not shown */

/* What an operation has brought so far. Owned by sessions.room_asks. */
struct room_collect {
    sj_op op;
    uint64_t session;
    char *room;
    bool looked;
    char *name, *description;
    char **aliases;                      /* NULL: not told */
    size_t n_aliases;
    uint32_t flags, n_occupants, occupants_max;
    struct collected {
        char *id, *nick, *reason;
        int affiliation;
    } *people;
    size_t n, size;
};

static void collect_free_aliases(struct room_collect *c)
{
    for (size_t i = 0; i < c->n_aliases; i++)
        sj_free(c->aliases[i]);
    sj_free(c->aliases);
    c->aliases = NULL;
    c->n_aliases = 0;
}

static void collect_free(struct sessions *all, struct room_collect *c)
{
    sj_idmap_remove(&all->room_asks, c->op);
    collect_free_aliases(c);
    for (size_t i = 0; i < c->n; i++) {
        sj_free(c->people[i].id);
        sj_free(c->people[i].nick);
        sj_free(c->people[i].reason);
    }
    sj_free(c->people);
    sj_free(c->room);
    sj_free(c->name);
    sj_free(c->description);
    sj_free(c);
}

static struct room_collect *collect_find(const struct session *s, sj_op op)
{
    struct room_collect *c = sj_idmap_find(&s->all->room_asks, op);

    return c && c->session == s->id ? c : NULL;
}

/* Starts an operation that brings parts; 0 with err. */
static sj_op collect_start(struct session *s, const struct room_outcome *ask, struct sj_error *err)
{
    sj_op op = room_op(s, ask, err);
    struct room_collect *c;

    if (!op)
        return 0;
    c = sj_calloc(1, sizeof *c);
    c->op = op;
    c->session = s->id;
    c->room = sj_strdup(ask->room);
    sj_idmap_put(&s->all->room_asks, op, c);
    return op;
}

/* The backend refused at once. */
static enum sj_status collect_drop(struct session *s, sj_op op, const struct sj_error *err)
{
    struct room_collect *c = collect_find(s, op);

    if (c)
        collect_free(s->all, c);
    op_forget(s->all, op);
    return err->status;
}

struct room *room_asked(void *ctx, const struct xmpp_from *from, const char *typed,
                        struct sj_error *err)
{
    struct sessions *all = ctx;
    struct session *s = session_find(&all->networks[from->host], from->user);
    struct room *r = s && s->state == SESSION_ONLINE ? room_of(s, typed, err) : NULL;
    const struct room_client *c = r ? room_client_find(r, from->full) : NULL;

    if (c && c->state != ROOM_CLIENT_WAITS && r->state == ROOM_IN && r->self) {
        session_heard(s, from);
        return r;
    }
    sj_fail(err, SJ_DENIED, "You are not in this room.");
    return NULL;
}

static void answered_error(struct session *s, xmpp_req req, const struct sj_error *err)
{
    struct sj_error words = session_words(s, err);

    xmpp_answer(s->all->xmpp, req, &words);
}

/* ---- what a room is like ---- */

static void info_common(const struct session *s, struct xmpp_room_info *out)
{
    out->features = abilities_of_room(abilities_caps(s));
    out->history_max = ROOM_HISTORY_MAX;
    out->has_archive = sj_store_archive_on(s->all->store);
    out->has_titles = true;
}

/* What is known of a room that the user is in; borrows from it. */
static void room_info_of(const struct room *r, struct xmpp_room_info *out)
{
    const struct sj_backend_rooms *rooms = r->session->network->backend->rooms;
    bool may = r->self && r->self->affiliation >= SJ_AFFILIATION_ADMIN && rooms->change;
    const struct xmpp_picture picture = room_picture_shown(r->picture);

    *out = (struct xmpp_room_info){
        .room = r->id, .name = r->name, .description = r->description, .subject = r->subject,
        .flags = room_flags(r->flags),
        .occupants = r->full && r->n_told > r->by_nick.used ? r->n_told : r->by_nick.used,
        .occupants_max = r->occupants_max ? (int64_t)r->occupants_max : -1,
        .settable = may ? room_flags(rooms->flags_settable) : 0,
        .text_settable = may && rooms->text_settable, .max_settable = may && rooms->max_settable,
        .picture_settable = may && rooms->picture_settable, .avatar = picture.sha1};
    info_common(r->session, out);
}

/* Of a room that the user is not in: what the network said, and no secrets (G045-05). */
static void info_of_look(const struct session *s, const struct room_collect *c,
                         struct xmpp_room_info *out)
{
    bool secret = (c->flags & SJ_ROOM_SECRET) != 0;

    *out = (struct xmpp_room_info){
        .room = c->room, .name = c->name, .description = secret ? NULL : c->description,
        .flags = room_flags(c->flags),
        .occupants = secret || !c->n_occupants ? -1 : (int64_t)c->n_occupants,
        .occupants_max = c->occupants_max ? (int64_t)c->occupants_max : -1};
    info_common(s, out);
}

static void look_answer(struct session *s, const struct room_collect *c, xmpp_req req)
{
    struct xmpp_room_info info;

    info_of_look(s, c, &info);
    xmpp_answer_room_info(s->all->xmpp, req, &info);
}

/* Nobody is logged in over there, or the network cannot say: any room may be there. */
static void look_answer_unknown(struct session *s, const char *room, xmpp_req req)
{
    const struct room_collect nothing = {.room = (char *)(uintptr_t)room};

    look_answer(s, &nothing, req);
}

static enum sj_status look_start(struct session *s, const char *room, xmpp_req req,
                                 struct sj_error *err)
{
    const struct sj_backend_rooms *rooms = s->network->backend->rooms;
    const struct room_outcome ask = {.ask = ROOM_ASK_LOOK, .room = room, .req = req};
    sj_op op;

    if (s->state != SESSION_ONLINE || !rooms->look) {
        look_answer_unknown(s, room, req);
        return SJ_OK;
    }
    op = collect_start(s, &ask, err);
    if (op && rooms->look(s->link, room, op, err) != SJ_OK)
        return collect_drop(s, op, err);
    return op ? SJ_OK : err->status;
}

/* In the room: what is known. Else the network is asked. */
static enum sj_status info_get(struct session *s, const char *id, xmpp_req req,
                               struct sj_error *err)
{
    const struct room *r = room_find(s, id);
    struct xmpp_room_info info;

    if (!r || r->state != ROOM_IN)
        return look_start(s, id, req, err);
    room_info_of(r, &info);
    xmpp_answer_room_info(s->all->xmpp, req, &info);
    return SJ_OK;
}

enum sj_status rooms_info(void *ctx, const struct xmpp_from *from, const char *room, xmpp_req req,
                          struct sj_error *err)
{
    struct sessions *all = ctx;
    struct session *s = session_get(&all->networks[from->host], from->user, err);
    enum sj_status status;
    struct sj_strbuf id;

    if (!s || !s->registered) {
        if (s)
            session_release(s);
        return sj_fail(err, SJ_UNREGISTERED, "You are not registered with this gateway.");
    }
    session_heard(s, from);
    sj_strbuf_init(&id, SJ_ID_MAX);
    status = session_canon(s, room, &id, err);
    if (status == SJ_OK)
        status = info_get(s, id.s, req, err);
    else
        status = sj_fail(err, SJ_NOTFOUND, "This is no address of a room on this network.");
    sj_strbuf_release(&id);
    session_release(s);
    return status;
}

static void collect_set(char **field, const char *text)
{
    if (!text)
        return;
    sj_free(*field);
    *field = sj_strdup(text);
}

static void collect_aliases(struct room_collect *c, const struct sj_room *in)
{
    size_t n = in->n_aliases < SJ_ROOM_ALIASES_MAX ? in->n_aliases : SJ_ROOM_ALIASES_MAX;

    if (!in->aliases)
        return;
    collect_free_aliases(c);
    c->aliases = sj_calloc(n ? n : 1, sizeof *c->aliases);
    for (c->n_aliases = 0; c->n_aliases < n; c->n_aliases++)
        c->aliases[c->n_aliases] = sj_strdup(in->aliases[c->n_aliases]);
}

/* Whoever asked for this room hears it. */
void room_looked(struct session *s, const struct sj_room *in)
{
    struct room_collect *c;
    uint32_t at = 0;

    while ((c = sj_idmap_next(&s->all->room_asks, &at)) != NULL) {
        if (c->session != s->id || strcmp(c->room, in->id) != 0)
            continue;
        c->looked = true;
        c->flags = (c->flags & ~in->known) | (in->flags & in->known);
        c->n_occupants = in->n_occupants ? in->n_occupants : c->n_occupants;
        c->occupants_max = in->occupants_max ? in->occupants_max : c->occupants_max;
        collect_set(&c->name, in->name);
        collect_set(&c->description, in->description);
        collect_aliases(c, in);
    }
}

/* ---- the form for who runs it ---- */

/* c: what was asked for it, or NULL. */
static void config_answer(const struct room *r, const struct room_collect *c, xmpp_req req)
{
    struct xmpp_room_info info;

    room_info_of(r, &info);
    info.aliases = c ? (const char *const *)c->aliases : NULL;
    info.n_aliases = c ? c->n_aliases : 0;
    xmpp_answer_room_config(r->session->all->xmpp, req, &info);
}

enum sj_status room_ask_config(struct room *r, xmpp_req req, struct sj_error *err)
{
    struct session *s = r->session;
    const struct sj_backend_rooms *rooms = s->network->backend->rooms;
    const struct room_outcome ask = {.ask = ROOM_ASK_CONFIG, .room = r->id, .req = req};
    sj_op op;

    if (!rooms->aliases) {
        config_answer(r, NULL, req);
        return SJ_OK;
    }
    op = collect_start(s, &ask, err);
    if (op && rooms->aliases(s->link, r->id, op, err) != SJ_OK)
        return collect_drop(s, op, err);
    return op ? SJ_OK : err->status;
}

/* Where the network does not say its addresses, the form is without them. */
static void config_asked(struct session *s, const struct room_collect *c,
                         const struct room_outcome *o, const struct sj_error *err)
{
    const struct room *r = room_find(s, o->room);
    struct sj_error gone;

    if (err)
        sj_log_info(&s->log, "addresses of a room are not known cause=%s", SJ_CLIP(err->text));
    if (r && r->state == ROOM_IN && r->self) {
        config_answer(r, c, o->req);
        return;
    }
    sj_fail(&gone, SJ_DENIED, "You are not in this room.");
    answered_error(s, o->req, &gone);
}

/* ---- lists of people ---- */

/* Roles are those of occupants, whom one sees anyway; full: of the client that asks, whose place
 * it is (G045-76). */
static void items_of_occupants(const struct room *r, const char *full, int affiliation, int role,
                               xmpp_req req)
{
    struct xmpp_room_item *items =
        sj_calloc(r->by_nick.used ? r->by_nick.used : 1, sizeof *items);
    const struct sj_list *at;
    size_t n = 0;

    for (at = r->occupants.next; at != &r->occupants; at = at->next) {
        const struct occupant *o = SJ_CONTAINER(at, struct occupant, link);
        if ((role >= 0 && o->role != role) || (role < 0 && o->affiliation != affiliation))
            continue;
        items[n++] = (struct xmpp_room_item){
            .nick = occupant_nick(o), .peer = o->self ? NULL : o->id,
            .jid = !o->self ? NULL : role >= 0 ? full : r->session->user,
            .affiliation = o->affiliation,
            .role = role >= 0 ? o->role : -1};
    }
    xmpp_answer_room_items(r->session->all->xmpp, req, items, n);
    sj_free(items);
}

enum sj_status rooms_admin_get(void *ctx, const struct xmpp_from *from, const char *room,
                               int affiliation, int role, xmpp_req req, struct sj_error *err)
{
    struct room *r = room_asked(ctx, from, room, err);
    struct session *s = r ? r->session : NULL;
    struct room_outcome ask = {.ask = ROOM_ASK_AFFILIATES, .req = req};
    sj_op op;

    if (!r)
        return err->status;
    if (role >= 0 || !s->network->backend->rooms->affiliates) {
        items_of_occupants(r, from->full, affiliation, role, req);
        return SJ_OK;
    }
    ask.room = r->id;
    op = collect_start(s, &ask, err);
    if (op && s->network->backend->rooms->affiliates(s->link, r->id,
                                                     (enum sj_affiliation)affiliation, op, err) !=
                  SJ_OK)
        return collect_drop(s, op, err);
    return op ? SJ_OK : err->status;
}

void room_affiliate(struct session *s, sj_op op, const struct sj_affiliate *in)
{
    struct room_collect *c = collect_find(s, op);

    if (!c || c->n == COLLECT_MAX)
        return;
    if (c->n == c->size) {
        c->size = c->size ? 2 * c->size : 16;
        c->people = sj_realloc(c->people, c->size * sizeof *c->people);
    }
    c->people[c->n++] = (struct collected){sj_strdup(in->id), sj_strdup(in->nick),
                                           sj_strdup(in->reason), (int)in->affiliation};
}

static void items_answer(struct session *s, const struct room_collect *c, xmpp_req req)
{
    struct xmpp_room_item *items = sj_calloc(c->n ? c->n : 1, sizeof *items);

    for (size_t i = 0; i < c->n; i++) {
        bool own = s->self_id && strcmp(c->people[i].id, s->self_id) == 0;
        items[i] = (struct xmpp_room_item){.nick = c->people[i].nick,
                                           .peer = own ? NULL : c->people[i].id,
                                           .jid = own ? s->user : NULL,
                                           .reason = c->people[i].reason,
                                           .affiliation = c->people[i].affiliation, .role = -1};
    }
    xmpp_answer_room_items(s->all->xmpp, req, items, c->n);
    sj_free(items);
}

/* ---- outcomes ---- */

void room_answered(struct session *s, const struct room_outcome *o, const struct sj_error *err)
{
    struct room_collect *c = collect_find(s, o->op);

    if (o->ask == ROOM_ASK_LIST)
        room_list_done(s, o->op, err);
    else if (o->ask == ROOM_ASK_CONFIG)
        config_asked(s, c, o, err);
    else if (err && o->req)
        answered_error(s, o->req, err);
    else if (o->ask == ROOM_ASK_MODERATE)
        room_moderated(s, o);
    else if (o->ask == ROOM_ASK_CHANGE)
        xmpp_answer(s->all->xmpp, o->req, NULL);
    else if (c && o->ask == ROOM_ASK_AFFILIATES)
        items_answer(s, c, o->req);
    else if (c && o->ask == ROOM_ASK_LOOK && c->looked)
        look_answer(s, c, o->req);
    else if (c && o->ask == ROOM_ASK_LOOK)
        look_answer_unknown(s, c->room, o->req);
    if (c)
        collect_free(s->all, c);
}
