/* SPDX-License-Identifier: MPL-2.0 */
/* What the user wants changed in a room: roles and affiliations of others, its configuration, its
 * end, and what others said in it. All of one request goes to the network as one list of changes,
 * all or nothing as far as the network can (G045-78); whoever is told no gets the network's
 * reason. What changed comes back as news of the room, before the answer. Source: XEP-0045 §8.2 to
 * §10; requirements §16. */
#include <string.h>

#include "ids.h"
#include "image.h"
#include "room.h"
#include "rooms.h"
#include "session.h"
#include "sojourn/strbuf.h"

_Static_assert(XMPP_ROOM_ITEMS_MAX <= SJ_ROOM_CHANGES_MAX, "one request is one change");
_Static_assert(XMPP_ROOM_ALIASES_MAX <= SJ_ROOM_ALIASES_MAX, "one form is one change");

static enum sj_status change_start(struct room *r, const struct sj_room_change *changes, size_t n,
                                   xmpp_req req, struct sj_error *err)
{
    struct session *s = r->session;
    const struct room_outcome ask = {.ask = ROOM_ASK_CHANGE, .room = r->id, .req = req};
    enum sj_status status;
    sj_op op;

    if (!s->network->backend->rooms->change)
        return sj_fail(err, SJ_UNSUPPORTED, "Rooms on this network cannot be changed from here.");
    op = room_op(s, &ask, err);
    if (!op)
        return err->status;
    status = s->network->backend->rooms->change(s->link, r->id, changes, n, op, err);
    if (status != SJ_OK)
        op_forget(s->all, op);
    return status;
}

/* ---- people ---- */

static enum sj_status change_role(const struct room *r, const struct xmpp_room_item *i,
                                  struct sj_room_change *out, struct sj_error *err)
{
    const struct occupant *o = occupant_shown(r, i->nick);

    if (!o)
        return sj_fail(err, SJ_NOTFOUND, "Nobody in this room has that nickname.");
    *out = (struct sj_room_change){
        .kind = i->role == XMPP_ROLE_NONE ? SJ_CHANGE_KICK : SJ_CHANGE_ROLE, .nick = o->nick,
        .role = (enum sj_role)i->role, .text = i->reason};
    return SJ_OK;
}

/* What is no address over there is a pattern, which only the network can judge. id: what the
 * change borrows. */
static void change_whom(const struct room *r, const struct xmpp_room_item *i,
                        struct sj_room_change *out, struct sj_strbuf *id)
{
    const struct occupant *o = i->nick ? occupant_shown(r, i->nick) : NULL;
    struct sj_error none;

    if (!i->peer) {
        out->id = o ? o->id : NULL;
        out->nick = o ? o->nick : NULL;
    } else if (session_canon(r->session, i->peer, id, &none) == SJ_OK) {
        out->id = id->s;
        out->nick = o ? o->nick : NULL;
    } else {
        out->nick = i->peer;
    }
}

static bool change_is_own(const struct room *r, const struct xmpp_room_item *i,
                          const struct sj_room_change *c)
{
    const char *own = r->session->self_id;

    return (i->jid && strcmp(i->jid, r->session->user) == 0) ||
           (c->id && own && strcmp(c->id, own) == 0) ||
           (!i->peer && c->nick && strcmp(c->nick, r->self->nick) == 0);
}

static enum sj_status change_affiliation(const struct room *r, const struct xmpp_room_item *i,
                                         struct sj_room_change *out, struct sj_strbuf *id,
                                         struct sj_error *err)
{
    *out = (struct sj_room_change){.kind = SJ_CHANGE_AFFILIATION,
                                   .affiliation = (enum sj_affiliation)i->affiliation,
                                   .text = i->reason};
    change_whom(r, i, out, id);
    if (change_is_own(r, i, out)) {
        out->nick = r->self->nick;
        out->id = r->session->self_id;
        if (i->affiliation == XMPP_AFF_OUTCAST)
            return sj_fail(err, SJ_EXISTS, "You cannot ban yourself.");          /* G045-75 */
    }
    if (!out->id && !out->nick)
        return sj_fail(err, SJ_NOTFOUND, "This is nobody on this network.");
    return SJ_OK;
}

enum sj_status rooms_admin_set(void *ctx, const struct xmpp_from *from, const char *room,
                               const struct xmpp_room_item *items, size_t n, xmpp_req req,
                               struct sj_error *err)
{
    struct room *r = room_asked(ctx, from, room, err);
    struct sj_room_change changes[XMPP_ROOM_ITEMS_MAX];
    struct sj_strbuf ids[XMPP_ROOM_ITEMS_MAX];
    enum sj_status status = SJ_OK;
    size_t i;

    if (!r)
        return err->status;
    for (i = 0; i < n && status == SJ_OK; i++) {
        sj_strbuf_init(&ids[i], SJ_ID_MAX);
        status = items[i].role >= 0
                     ? change_role(r, &items[i], &changes[i], err)
                     : change_affiliation(r, &items[i], &changes[i], &ids[i], err);
    }
    if (status == SJ_OK)
        status = change_start(r, changes, n, req, err);
    while (i > 0)
        sj_strbuf_release(&ids[--i]);
    return status;
}

/* ---- configuration ---- */

static struct room *change_owned(void *ctx, const struct xmpp_from *from, const char *room,
                                 struct sj_error *err)
{
    struct room *r = room_asked(ctx, from, room, err);

    if (!r || r->self->affiliation >= SJ_AFFILIATION_ADMIN)
        return r;
    sj_fail(err, SJ_DENIED, "Only who runs this room may configure it.");        /* G045-89 */
    return NULL;
}

enum sj_status rooms_config_get(void *ctx, const struct xmpp_from *from, const char *room,
                                xmpp_req req, struct sj_error *err)
{
    struct room *r = change_owned(ctx, from, room, err);

    return r ? room_ask_config(r, req, err) : err->status;
}

static uint32_t change_flags_of(uint32_t shown)
{
    uint32_t flags = 0;

    for (uint32_t bit = 1; bit <= SJ_ROOM_LOGGED; bit <<= 1) {
        if (room_flags(bit) & shown)
            flags |= bit;
    }
    return flags;
}

static bool change_differs(const char *wanted, const char *present)
{
    return wanted && strcmp(wanted, present ? present : "") != 0;
}

static bool change_locks(const struct xmpp_room_config *c)
{
    return (c->flags & XMPP_ROOM_PASSWORD) && c->password && *c->password;
}

/* NULL: the password stays as it is. Forms never show it, so one that is not given is kept. */
static const char *change_password(const struct room *r, const struct xmpp_room_config *c)
{
    if (!(r->session->network->backend->rooms->flags_settable & SJ_ROOM_PASSWORD))
        return NULL;
    if (change_locks(c))
        return c->password;
    return (c->known & XMPP_ROOM_PASSWORD) && !(c->flags & XMPP_ROOM_PASSWORD) &&
                   (r->flags & SJ_ROOM_PASSWORD)
               ? ""
               : NULL;
}

static enum sj_status change_check(const struct room *r, const struct xmpp_room_config *c,
                                   struct sj_error *err)
{
    if ((c->flags & XMPP_ROOM_PASSWORD) && !change_locks(c) && !(r->flags & SJ_ROOM_PASSWORD))
        return sj_fail(err, SJ_UNACCEPTABLE, "Say which password the room shall have.");
    return SJ_OK;
}

/* Only what differs is asked of the network. Returns how many changes there are. */
static size_t change_list(const struct room *r, const struct xmpp_room_config *c,
                          struct sj_room_change changes[SJ_ROOM_CHANGES_MAX])
{
    const struct sj_backend_rooms *rooms = r->session->network->backend->rooms;
    uint32_t known = change_flags_of(c->known) & rooms->flags_settable &
                     ~(uint32_t)SJ_ROOM_PASSWORD;
    uint32_t flags = change_flags_of(c->flags);
    const char *password = change_password(r, c);
    size_t n = 0;

    known &= flags ^ r->flags;
    if (known)
        changes[n++] = (struct sj_room_change){.kind = SJ_CHANGE_FLAGS, .flags = flags & known,
                                               .known = known};
    if (rooms->text_settable && change_differs(c->name, r->name))
        changes[n++] = (struct sj_room_change){.kind = SJ_CHANGE_NAME, .text = c->name};
    if (rooms->text_settable && change_differs(c->description, r->description))
        changes[n++] = (struct sj_room_change){.kind = SJ_CHANGE_DESCRIPTION,
                                               .text = c->description};
    if (password)
        changes[n++] = (struct sj_room_change){.kind = SJ_CHANGE_PASSWORD, .text = password};
    if (rooms->max_settable && c->occupants_max >= 0 &&
        c->occupants_max != (int64_t)r->occupants_max)
        changes[n++] = (struct sj_room_change){.kind = SJ_CHANGE_OCCUPANTS_MAX,
                                               .number = (uint32_t)c->occupants_max};
    if (rooms->aliases && c->aliases)    /* what differs, the network knows */
        changes[n++] = (struct sj_room_change){.kind = SJ_CHANGE_ALIASES, .aliases = c->aliases,
                                               .n_aliases = c->n_aliases};
    return n;
}

enum sj_status rooms_config_set(void *ctx, const struct xmpp_from *from, const char *room,
                                const struct xmpp_room_config *config, xmpp_req req,
                                struct sj_error *err)
{
    struct room *r = change_owned(ctx, from, room, err);
    struct sj_room_change changes[SJ_ROOM_CHANGES_MAX];
    size_t n;

    if (!r || (!config->cancel && change_check(r, config, err) != SJ_OK))
        return err->status;
    n = config->cancel || config->instant ? 0 : change_list(r, config, changes);
    if (n == 0) {
        xmpp_answer(r->session->all->xmpp, req, NULL);
        return SJ_OK;
    }
    return change_start(r, changes, n, req, err);
}

/* G486-02. What it is, its bytes decide; how large it may be, the network. */
enum sj_status rooms_picture(void *ctx, const struct xmpp_from *from, const char *room,
                             const void *data, size_t len, xmpp_req req, struct sj_error *err)
{
    struct room *r = change_owned(ctx, from, room, err);
    const struct sj_avatar picture = {.data = data, .len = len};
    struct image image;

    if (!r)
        return err->status;
    if (!r->session->network->backend->rooms->picture_settable)
        return sj_fail(err, SJ_UNAVAILABLE,
                       "Rooms on this network get no picture from here.");
    if (len > 0 && !image_read(&image, data, len))
        return sj_fail(err, SJ_UNACCEPTABLE, "This is no picture of a known kind.");
    return change_start(r, &(struct sj_room_change){.kind = SJ_CHANGE_PICTURE,
                                                    .picture = &picture}, 1, req, err);
}

enum sj_status rooms_destroy(void *ctx, const struct xmpp_from *from, const char *room,
                             const char *reason, xmpp_req req, struct sj_error *err)
{
    struct room *r = change_owned(ctx, from, room, err);
    struct session *s = r ? r->session : NULL;
    struct room_outcome ask = {.ask = ROOM_ASK_CHANGE, .req = req};
    enum sj_status status;
    sj_op op;

    if (!r)
        return err->status;
    if (!s->network->backend->rooms->destroy)
        return sj_fail(err, SJ_UNSUPPORTED, "Rooms on this network end when the last one leaves.");
    ask.room = r->id;
    op = room_op(s, &ask, err);
    if (!op)
        return err->status;
    status = s->network->backend->rooms->destroy(s->link, r->id, reason, op, err);
    if (status != SJ_OK)
        op_forget(s->all, op);
    return status;
}

/* ---- what others said ---- */

static enum sj_status moderate_start(struct room *r, const struct sj_mark *mark,
                                     const char *reason, xmpp_req req, struct sj_error *err)
{
    struct session *s = r->session;
    const struct room_outcome ask = {.ask = ROOM_ASK_MODERATE, .room = r->id, .req = req,
                                     .id = mark->target, .text = reason};
    sj_op op = room_op(s, &ask, err);
    enum sj_status status;

    if (!op)
        return err->status;
    status = s->network->backend->send_mark(s->link, mark, op, err);
    if (status != SJ_OK)
        op_forget(s->all, op);
    return status;
}

/* G425-01, G425-03. What is not archived, or was private, cannot be named by the room's id. */
enum sj_status rooms_moderate(void *ctx, const struct xmpp_from *from, const char *room,
                              const char *target, const char *reason, xmpp_req req,
                              struct sj_error *err)
{
    struct room *r = room_asked(ctx, from, room, err);
    struct ids_message known;
    enum sj_status status;

    if (!r)
        return err->status;
    if (!(abilities_caps(r->session) & SJ_CAP_RETRACT))
        return sj_fail(err, SJ_UNSUPPORTED, "On this network nothing can be taken back.");
    if (r->self->role != SJ_ROLE_MODERATOR)
        return sj_fail(err, SJ_DENIED, "Only moderators take back what others said.");
    ids_init(&known);
    if (room_log_get(r->session, r->id, target, &known)) {
        const struct sj_mark mark = {.kind = SJ_MARK_RETRACTED, .peer = r->id, .in_room = true,
                                     .target = known.network_id.s, .target_own = known.own};
        status = moderate_start(r, &mark, reason, req, err);
    } else {
        status = sj_fail(err, SJ_NOTFOUND, "There is no such message in this room.");
    }
    ids_release(&known);
    return status;
}

/* Everybody hears of it first, then the one who asked (G425-01). */
void room_moderated(struct session *s, const struct room_outcome *o)
{
    room_hear_moderated(s, o->room, o->id, o->text);
    xmpp_answer(s->all->xmpp, o->req, NULL);
}
