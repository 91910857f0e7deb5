/* SPDX-License-Identifier: MPL-2.0 */
/* See world_room.h. */
#include "world_room.h"

#include <string.h>

#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "world_profile.h"

static const char *const affiliations[] = {"none", "outcast", "member", "admin", "owner"};
static const char *const roles[] = {"none", "visitor", "participant", "moderator"};
static const char *const shows[] = {
    [XMPP_OFFLINE] = "offline", [XMPP_ONLINE] = "online", [XMPP_CHAT] = "chat",
    [XMPP_AWAY] = "away", [XMPP_XA] = "xa", [XMPP_DND] = "dnd"};

static char page_ids[XMPP_PAGE_MAX][64], page_ends[2][64];
static size_t n_page;

static void note(struct sj_strbuf *b)
{
    world_note("%s", b->s);
    sj_strbuf_release(b);
}

static void fact(struct sj_strbuf *out, const char *name, const char *value)
{
    if (value)
        sj_strbuf_addf(out, " %s=%s", name, value);
}

/* ---- what is sent to the user ---- */

bool xmpp_nick_ok(const struct xmpp *x, const char *nick)
{
    (void)x;
    return strchr(nick, ' ') == NULL;
}

void xmpp_new_id(char out[XMPP_NEW_ID_SIZE])
{
    snprintf(out, XMPP_NEW_ID_SIZE, "new");
}

static void codes(struct sj_strbuf *out, uint32_t statuses)
{
    static const char *const names[] = {"100", "110", "170", "201", "210", "301", "303", "307",
                                        "321", "322", "332", "333", "101", "104", "170+", "171",
                                        "172", "173"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (statuses & 1u << i)
            sj_strbuf_addf(out, " %s", names[i]);
    }
}

/* Of people who may have none, nothing is said while it is not known. */
static void picture(struct sj_strbuf *b, const struct xmpp_picture *p)
{
    char text[WORLD_PICTURE_SIZE];

    world_picture_text(text, p);
    if (p->state != XMPP_PICTURE_UNKNOWN)
        sj_strbuf_adds(b, p->state == XMPP_PICTURE_KNOWN ? text : " photo -");
}

bool xmpp_send_occupant(struct xmpp *x, unsigned host, const struct xmpp_occupant_out *o)
{
    struct sj_strbuf b;

    (void)host;
    if (!world_takes(x))
        return false;
    sj_strbuf_init(&b, 1 << 16);
    sj_strbuf_addf(&b, "occupant %s/%s -> %s %s %s/%s", o->room, o->nick, o->to, shows[o->show],
                   affiliations[o->affiliation], roles[o->role]);
    codes(&b, o->statuses);
    fact(&b, "peer", o->peer);
    fact(&b, "jid", o->jid);
    fact(&b, "new", o->new_nick);
    fact(&b, "by", o->actor);
    fact(&b, "why", o->reason);
    fact(&b, "account", o->account);
    fact(&b, "status", o->status);
    for (size_t i = 0; i < o->n_titles; i++)
        fact(&b, "title", o->titles[i]);
    picture(&b, &o->picture);
    sj_strbuf_adds(&b, o->closed ? " closed" : "");
    note(&b);
    return true;
}

bool xmpp_send_room_error(struct xmpp *x, unsigned host, const char *room, const char *nick,
                          const char *to, const char *id, bool joins, const struct sj_error *err)
{
    (void)host;
    if (!world_takes(x))
        return false;
    world_note("refused %s/%s -> %s %s %s%s", room, nick, to, id ? id : "-",
               sj_status_text(err->status), joins ? " joins" : "");
    return true;
}

bool xmpp_send_room_message_error(struct xmpp *x, unsigned host, const char *room,
                                  const char *nick, const char *to, const char *id,
                                  const struct sj_error *err)
{
    (void)host;
    if (!world_takes(x))
        return false;
    world_note("error-room %s%s%s -> %s %s %s", room, nick ? "/" : "", nick ? nick : "", to,
               id ? id : "-", sj_status_text(err->status));
    return true;
}

bool xmpp_send_subject(struct xmpp *x, unsigned host, const struct xmpp_subject_out *s)
{
    (void)host;
    if (!world_takes(x))
        return false;
    world_note("subject %s%s%s -> %s '%s' %s%s", s->room, s->nick ? "/" : "",
               s->nick ? s->nick : "", s->to, s->text, s->id ? s->id : "-",
               s->set_at ? " dated" : "");
    return true;
}

bool xmpp_send_room_state(struct xmpp *x, unsigned host, const char *room, const char *nick,
                          const char *to, const char *account, enum xmpp_chat_state state,
                          bool whispers)
{
    static const char *const names[] = {"none", "active", "composing", "paused", "inactive",
                                        "gone"};

    (void)host, (void)account;
    if (!world_takes(x))
        return false;
    world_note("state %s/%s -> %s %s%s", room, nick, to, names[state],
               whispers ? " whispers" : "");
    return true;
}

bool xmpp_send_invite(struct xmpp *x, unsigned host, const struct xmpp_invite_out *i)
{
    struct sj_strbuf b;

    (void)host;
    if (!world_takes(x))
        return false;
    sj_strbuf_init(&b, 1 << 16);
    sj_strbuf_addf(&b, "invite %s -> %s", i->room, i->to);
    fact(&b, "peer", i->peer);
    fact(&b, "inviter", i->inviter);
    fact(&b, "password", i->password);
    fact(&b, "why", i->reason);
    sj_strbuf_adds(&b, i->declines ? " declines" : i->direct ? " direct" : "");
    note(&b);
    return true;
}

bool xmpp_bookmarks_read(struct xmpp *x, unsigned host, const char *user)
{
    if (!(xmpp_privileges(x, host, user) & XMPP_MAY_BOOKMARK))
        return false;
    world_note("bookmarks-read %s", user);
    return true;
}

bool xmpp_bookmark_add(struct xmpp *x, unsigned host, const char *user,
                       const struct xmpp_bookmark *b)
{
    if (!(xmpp_privileges(x, host, user) & XMPP_MAY_BOOKMARK))
        return false;
    world_note("bookmark %s %s/%s", b->room, b->name ? b->name : "-", b->nick ? b->nick : "-");
    return true;
}

bool xmpp_bookmark_remove(struct xmpp *x, unsigned host, const char *user, const char *room)
{
    if (!(xmpp_privileges(x, host, user) & XMPP_MAY_BOOKMARK))
        return false;
    world_note("bookmark-remove %s", room);
    return true;
}

bool xmpp_room_uri(const struct xmpp *x, unsigned host, const char *room, struct sj_strbuf *out)
{
    (void)x, (void)host;
    sj_strbuf_addf(out, "uri:%s", room);
    return strcmp(room, "#no\177") != 0;
}

bool xmpp_send_room_changed(struct xmpp *x, unsigned host, const char *room, const char *to,
                            uint32_t statuses, const struct xmpp_room_item *item)
{
    struct sj_strbuf b;

    (void)host;
    if (!world_takes(x))
        return false;
    sj_strbuf_init(&b, 1 << 16);
    sj_strbuf_addf(&b, "changed %s -> %s", room, to);
    if (item)
        sj_strbuf_addf(&b, " %s/%d/%d%s%s", item->jid, item->affiliation, item->role,
                       item->reason ? " why=" : "", item->reason ? item->reason : "");
    codes(&b, statuses);
    note(&b);
    return true;
}

static void info_facts(struct sj_strbuf *b, const struct xmpp_room_info *r)
{
    fact(b, "name", r->name);
    fact(b, "description", r->description);
    fact(b, "subject", r->subject);
    sj_strbuf_addf(b, " flags=%x occupants=%lld settable=%x", r->flags, (long long)r->occupants,
                   r->settable);
    if (r->occupants_max >= 0)
        sj_strbuf_addf(b, " max=%lld", (long long)r->occupants_max);
    if (r->avatar)
        picture(b, &(struct xmpp_picture){.state = XMPP_PICTURE_KNOWN, .sha1 = r->avatar});
    for (size_t i = 0; i < r->n_aliases; i++)
        sj_strbuf_addf(b, " alias=%s", r->aliases[i]);
    if (r->aliases && !r->n_aliases)
        sj_strbuf_adds(b, " no-alias");
}

void xmpp_answer_room_info(struct xmpp *x, xmpp_req req, const struct xmpp_room_info *r)
{
    struct sj_strbuf b;

    (void)x;
    sj_strbuf_init(&b, 1 << 16);
    sj_strbuf_addf(&b, "answer-info %llu %s", (unsigned long long)req, r->room);
    info_facts(&b, r);
    note(&b);
}

void xmpp_answer_room_config(struct xmpp *x, xmpp_req req, const struct xmpp_room_info *r)
{
    struct sj_strbuf b;

    (void)x;
    sj_strbuf_init(&b, 1 << 16);
    sj_strbuf_addf(&b, "answer-config %llu %s", (unsigned long long)req, r->room);
    info_facts(&b, r);
    note(&b);
}

void xmpp_answer_room_items(struct xmpp *x, xmpp_req req, const struct xmpp_room_item *items,
                            size_t n)
{
    struct sj_strbuf b;

    (void)x;
    sj_strbuf_init(&b, 1 << 16);
    sj_strbuf_addf(&b, "answer-items %llu", (unsigned long long)req);
    for (size_t i = 0; i < n; i++)
        sj_strbuf_addf(&b, " %s(%s,%s%s%s)",
                       items[i].nick ? items[i].nick : items[i].peer ? items[i].peer : "-",
                       affiliations[items[i].affiliation],
                       items[i].role < 0 ? "-" : roles[items[i].role],
                       items[i].jid ? "," : "", items[i].jid ? items[i].jid : "");
    note(&b);
}

void xmpp_answer_room_list(struct xmpp *x, xmpp_req req, const struct xmpp_room_listed *rooms,
                           size_t n, const struct xmpp_page_out *page)
{
    struct sj_strbuf b;

    (void)x;
    sj_strbuf_init(&b, 1 << 16);
    sj_strbuf_addf(&b, "answer-list %llu", (unsigned long long)req);
    for (size_t i = 0; i < n; i++)
        sj_strbuf_addf(&b, " %s", rooms[i].room);
    if (page)
        sj_strbuf_addf(&b, " index=%lld count=%lld", (long long)page->index,
                       (long long)page->count);
    note(&b);
}

bool xmpp_send_archived(struct xmpp *x, unsigned host, const struct xmpp_archived *a)
{
    const char *nick = a->message ? a->message->speaker->nick
                                  : a->mark ? a->mark->speaker->nick : a->subject->nick;

    (void)host;
    if (!world_takes(x))
        return false;
    world_note("archived %s/%s -> %s %s%s%s", a->room, nick ? nick : "", a->to,
               a->message ? a->message->body : a->mark ? "mark" : a->subject->text,
               a->query_id ? " " : "", a->query_id ? a->query_id : "");
    if (n_page < sizeof page_ids / sizeof page_ids[0])
        snprintf(page_ids[n_page], sizeof page_ids[0], "%s", a->id);
    n_page++;
    return true;
}

void xmpp_answer_archive(struct xmpp *x, xmpp_req req, const struct xmpp_page_out *page,
                         bool complete, bool stable)
{
    (void)x;
    snprintf(page_ends[0], sizeof page_ends[0], "%s", page->first ? page->first : "");
    snprintf(page_ends[1], sizeof page_ends[1], "%s", page->last ? page->last : "");
    world_note("answer-archive %llu%s count=%lld%s%s", (unsigned long long)req,
               page->first ? " page" : " empty", (long long)page->count,
               complete ? " complete" : "", stable ? "" : " unstable");
}

void xmpp_answer_archive_ends(struct xmpp *x, xmpp_req req, const char *first_id,
                              int64_t first_at, const char *last_id, int64_t last_at)
{
    (void)x, (void)last_id;
    world_note("answer-archive-ends %llu%s", (unsigned long long)req,
               !first_id ? " empty" : first_at < last_at ? " two" : " one");
}

/* ---- what is asked of the network ---- */

static enum sj_status asked(struct sj_link *link, sj_op op)
{
    if (op)
        world_later(link, op);
    return SJ_OK;
}

static bool net_is_room(const struct sj_net *net, const char *id)
{
    (void)net;
    return id[0] == '#';
}

static enum sj_status net_join(struct sj_link *link, const char *room, const char *nick,
                               const char *password, sj_op op, struct sj_error *err)
{
    (void)err, (void)link;
    world_note("net join %s %s%s%s", room, nick ? nick : "-", password ? " " : "",
               password ? password : "");
    world_op(op);
    return SJ_OK;
}

static enum sj_status net_leave(struct sj_link *link, const char *room, const char *reason,
                                sj_op op, struct sj_error *err)
{
    (void)err;
    world_note("net leave %s%s%s", room, reason ? " " : "", reason ? reason : "");
    return asked(link, op);
}

static enum sj_status net_nick(struct sj_link *link, const char *room, const char *nick, sj_op op,
                               struct sj_error *err)
{
    (void)err, (void)link;
    world_note("net nick %s %s", room, nick);
    world_op(op);
    return SJ_OK;
}

static enum sj_status net_subject(struct sj_link *link, const char *room, const char *text,
                                  sj_op op, struct sj_error *err)
{
    (void)err, (void)link;
    world_note("net subject %s %s", room, text);
    world_op(op);
    return SJ_OK;
}

static enum sj_status net_change(struct sj_link *link, const char *room,
                                 const struct sj_room_change *changes, size_t n, sj_op op,
                                 struct sj_error *err)
{
    static const char *const kinds[] = {"kick", "role", "affiliation", "flags", "name",
                                        "description", "password", "max", "picture",
                                        "aliases"};
    struct sj_strbuf b;

    (void)err, (void)link;
    sj_strbuf_init(&b, 1 << 16);
    sj_strbuf_addf(&b, "net change %s", room);
    for (size_t i = 0; i < n; i++) {
        sj_strbuf_addf(&b, " %s", kinds[changes[i].kind]);
        fact(&b, "nick", changes[i].nick);
        fact(&b, "id", changes[i].id);
        fact(&b, "text", changes[i].text);
        if (changes[i].kind == SJ_CHANGE_ROLE)
            fact(&b, "role", roles[changes[i].role]);
        if (changes[i].kind == SJ_CHANGE_AFFILIATION)
            fact(&b, "affiliation", affiliations[changes[i].affiliation]);
        if (changes[i].kind == SJ_CHANGE_FLAGS)
            sj_strbuf_addf(&b, " %x/%x", changes[i].flags, changes[i].known);
        if (changes[i].kind == SJ_CHANGE_OCCUPANTS_MAX)
            sj_strbuf_addf(&b, " %u", changes[i].number);
        if (changes[i].kind == SJ_CHANGE_PICTURE)
            sj_strbuf_addf(&b, " %zu", changes[i].picture->len);
        for (size_t k = 0; k < changes[i].n_aliases; k++)
            sj_strbuf_addf(&b, " %s", changes[i].aliases[k]);
    }
    note(&b);
    world_op(op);
    return SJ_OK;
}

static enum sj_status net_affiliates(struct sj_link *link, const char *room,
                                     enum sj_affiliation affiliation, sj_op op,
                                     struct sj_error *err)
{
    (void)err, (void)link;
    world_note("net affiliates %s %s", room, affiliations[affiliation]);
    world_op(op);
    return SJ_OK;
}

static enum sj_status net_invite(struct sj_link *link, const char *room, const char *id,
                                 const char *reason, sj_op op, struct sj_error *err)
{
    (void)err, (void)link;
    world_note("net invite %s %s%s%s", room, id, reason ? " " : "", reason ? reason : "");
    world_op(op);
    return SJ_OK;
}

static enum sj_status net_destroy(struct sj_link *link, const char *room, const char *reason,
                                  sj_op op, struct sj_error *err)
{
    (void)err, (void)link;
    world_note("net destroy %s%s%s", room, reason ? " " : "", reason ? reason : "");
    world_op(op);
    return SJ_OK;
}

static enum sj_status net_look(struct sj_link *link, const char *room, sj_op op,
                               struct sj_error *err)
{
    (void)err, (void)link;
    world_note("net look %s", room);
    world_op(op);
    return SJ_OK;
}

static enum sj_status net_aliases(struct sj_link *link, const char *room, sj_op op,
                                  struct sj_error *err)
{
    (void)err, (void)link;
    world_note("net aliases %s", room);
    world_op(op);
    return SJ_OK;
}

static enum sj_status net_list(struct sj_link *link, const char *words, unsigned max, sj_op op,
                               struct sj_error *err)
{
    (void)err, (void)link, (void)max;
    world_note("net list '%s'", words);
    world_op(op);
    return SJ_OK;
}

static enum sj_status net_history(struct sj_link *link, const char *room, const char *before,
                                  const char *after, unsigned max, sj_op op, struct sj_error *err)
{
    (void)err, (void)link;
    world_note("net history %s %s %s %u", room, before ? before : "-", after ? after : "-", max);
    world_op(op);
    return SJ_OK;
}

const struct sj_backend_rooms world_past_rooms = {
    .is_room = net_is_room, .join = net_join, .leave = net_leave, .set_nick = net_nick,
    .set_subject = net_subject, .history = net_history};

const struct sj_backend_rooms world_rooms = {
    .is_room = net_is_room, .join = net_join, .leave = net_leave, .set_nick = net_nick,
    .set_subject = net_subject, .change = net_change, .affiliates = net_affiliates,
    .invite = net_invite, .destroy = net_destroy, .look = net_look, .aliases = net_aliases,
    .list = net_list,
    .flags_settable = SJ_ROOM_SECRET | SJ_ROOM_MODERATED | SJ_ROOM_PASSWORD,
    .text_settable = true, .max_settable = true, .picture_settable = true};

/* ---- the user ---- */

enum sj_status wroom_join_with(struct world *w, const char *resource, struct xmpp_join_in *in)
{
    struct xmpp_from from = world_from(ROMEO, resource);
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = w->in->muc.join(w->sessions, &from, in, &err);

    world_run(w);
    return status;
}

enum sj_status wroom_join(struct world *w, const char *resource, const char *room, const char *nick)
{
    struct xmpp_join_in in = {.room = room, .nick = nick, .history_chars = -1,
                              .history_stanzas = -1, .history_seconds = -1, .history_since = -1,
                              .show = XMPP_ONLINE};

    return wroom_join_with(w, resource, &in);
}

void wroom_present(struct world *w, const char *resource, const char *room, const char *nick,
                  int show)
{
    struct xmpp_from from = world_from(ROMEO, resource);
    struct xmpp_occupant_in in = {.room = room, .nick = nick, .show = show};

    w->in->muc.presence(w->sessions, &from, &in);
    world_run(w);
}

void wroom_leave(struct world *w, const char *resource, const char *room, const char *status)
{
    struct xmpp_from from = world_from(ROMEO, resource);

    w->in->muc.leave(w->sessions, &from, room, "me", status);
    world_run(w);
}

enum sj_status wroom_send(struct world *w, const char *resource, const char *room,
                         const char *nick, const char *body, const char *id)
{
    struct xmpp_message_in m = {.from = world_from(ROMEO, resource), .peer = room, .nick = nick,
                                .in_room = nick == NULL, .body = body};
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status;

    m.from.id = id;
    status = w->in->message(w->sessions, &m, &err);
    world_run(w);
    return status;
}

enum sj_status wroom_query(struct world *w, struct xmpp_archive_query *q)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    n_page = 0;
    page_ends[0][0] = page_ends[1][0] = '\0';
    q->room = q->room ? q->room : "#a";
    return w->in->archive.query(w->sessions, &from, q, 9, &err);
}

const char *wroom_page_id(size_t i)
{
    return i < n_page ? page_ids[i] : "";
}

const char *wroom_page_end(bool last)
{
    return page_ends[last];
}

/* ---- the network ---- */

void wroom_occupant(struct world *w, const char *room, const char *who, bool self)
{
    struct sj_occupant o = {.role = SJ_ROLE_PARTICIPANT, .show = SJ_SHOW_ONLINE, .self = self};
    char *text = sj_strdup(who), *nick = text, *equals = strchr(text, '=');

    if (*nick == '@') {
        o.role = SJ_ROLE_MODERATOR;
        o.affiliation = SJ_AFFILIATION_OWNER;
    }
    if (*nick == '-')
        o.role = SJ_ROLE_VISITOR;
    nick += strchr("@+-", *nick) != NULL;
    if (equals) {
        *equals = '\0';
        o.id = equals + 1;
    }
    o.nick = nick;
    w->link->host->rooms->occupant(w->link, room, &o);
    sj_free(text);
}

void wroom_enters(struct world *w, const char *room, const char *self, const char *others)
{
    sj_op op = w->op;
    char *text = sj_strdup(others), *at = text;

    while (*at) {
        size_t n = strcspn(at, ",");
        char rest = at[n];
        at[n] = '\0';
        wroom_occupant(w, room, at, false);
        at += n + (rest != '\0');
    }
    sj_free(text);
    wroom_occupant(w, room, self, true);
    w->link->host->rooms->entered(w->link, room);
    w->link->host->op_done(w->link, op, NULL);
    world_run(w);
}

void wroom_says(struct world *w, const char *room, const char *nick, const char *body,
               const char *id)
{
    struct sj_message m = {.peer = room, .nick = nick, .in_room = true, .body = body, .id = id};

    w->link->host->message(w->link, &m);
    world_run(w);
}

void wroom_echo(struct world *w, const char *room, const char *nick, const char *body,
               const char *id)
{
    struct sj_message m = {.peer = room, .nick = nick, .in_room = true, .body = body, .id = id,
                           .echo = w->op};

    w->link->host->message(w->link, &m);
    world_run(w);
}

struct world *wroom_ready(uint32_t caps, const char *others)
{
    struct world *w = world_new(CAPS_ROOMS | caps);

    world_ready(w);
    cr_assert_eq(wroom_join(w, "r", "#a", "me"), SJ_OK);
    wroom_enters(w, "#a", "me", others);
    world_clear(w);
    return w;
}
