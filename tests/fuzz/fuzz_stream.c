/* SPDX-License-Identifier: MPL-2.0 */
/* The component stream: any bytes, cut anywhere; every stanza is within the limits, what we would
 * write of it is taken by our own parser again, and the router and its handlers take it too and
 * hand only clean texts to the session room. */
#include "address.h"
#include "component.h"
#include "output.h"
#include "room.h"
#include "router.h"
#include "sojourn/backend.h"
#include "sojourn/memory.h"
#include "stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOST "irc.example.org"
#define HEADER                                                                              \
    "<stream:stream xmlns='jabber:component:accept' "                                       \
    "xmlns:stream='http://etherx.jabber.org/streams' id='1'>"

struct run {
    struct output output;
    struct xmpp *room;         /* never connected: what it sends goes nowhere */
};

/* ---- a session room that trusts nothing ---- */

static void check_text(const char *text)
{
    assert(text == NULL || sj_utf8_valid(text, strlen(text)));
}

static void check_from(const struct xmpp_from *f)
{
    assert(f->host == 0 && f->user[0] != '\0' && strncmp(f->full, f->user, strlen(f->user)) == 0);
    check_text(f->full);
    check_text(f->id);
    check_text(f->lang);
}

static void check_peer(const char *peer)
{
    struct sj_strbuf local;
    sj_strbuf_init(&local, 4096);
    assert(peer == NULL || address_escape(&local, peer) == SJ_OK);
    sj_strbuf_release(&local);
}

static void on_state(void *ctx, unsigned host)
{
    (void)ctx, (void)host;
}

static enum sj_status on_get(void *ctx, const struct xmpp_from *f, struct xmpp_form_out *out,
                             struct sj_error *err)
{
    (void)ctx, (void)err;
    check_from(f);
    out->n = 1;
    out->field[0] = (struct xmpp_field){.var = "username", .label = "u"};
    return SJ_OK;
}

static enum sj_status on_set(void *ctx, const struct xmpp_from *f, const struct xmpp_form_in *form,
                             xmpp_req req, struct sj_error *err)
{
    check_from(f);
    assert(form->n <= XMPP_FIELDS_MAX && req != 0);
    for (size_t i = 0; i < form->n; i++) {
        check_text(form->field[i].value);
        assert(form->field[i].var[0] != '\0' && strlen(form->field[i].value) <= SJ_FIELD_MAX);
    }
    if (form->n % 2 == 0)
        return sj_fail(err, SJ_AUTH, "no");
    xmpp_answer(((struct run *)ctx)->room, req, NULL);
    return SJ_OK;
}

static enum sj_status on_remove(void *ctx, const struct xmpp_from *f, xmpp_req req,
                                struct sj_error *err)
{
    (void)err;
    check_from(f);
    xmpp_answer(((struct run *)ctx)->room, req, NULL);
    return SJ_OK;
}

static enum sj_status on_presence(void *ctx, const struct xmpp_presence_in *in,
                                  struct sj_error *err)
{
    (void)ctx;
    check_from(&in->from);
    check_peer(in->peer);
    check_text(in->status);
    assert(in->priority >= -128 && in->priority <= 127);
    return sj_fail(err, SJ_UNREGISTERED, "no");
}

static enum sj_status on_subscription(void *ctx, const struct xmpp_subscription_in *in,
                                      struct sj_error *err)
{
    (void)ctx, (void)err;
    check_from(&in->from);
    check_peer(in->peer);
    check_text(in->text);
    return SJ_OK;
}

static void on_probe(void *ctx, const struct xmpp_from *f, const char *peer)
{
    (void)ctx;
    check_from(f);
    check_peer(peer);
}

static void on_bounce(void *ctx, const struct xmpp_from *f, const char *peer, char kind,
                      const char *condition)
{
    (void)ctx;
    check_from(f);
    check_peer(peer);
    check_text(condition);
    assert(strchr("pmi", kind) != NULL && condition[0] != '\0');
}

static enum sj_status on_message(void *ctx, const struct xmpp_message_in *m, struct sj_error *err)
{
    (void)ctx;
    check_from(&m->from);
    check_peer(m->peer);
    check_text(m->body);
    check_text(m->nick);
    check_text(m->origin_id);
    assert(m->peer != NULL && strlen(m->body) <= SJ_BODY_MAX);
    assert(m->body[0] != '\0' || m->attention);
    assert((m->in_room || m->nick != NULL) == (m->peer[0] == '#'));
    return sj_fail(err, SJ_NOTFOUND, "%s", m->body);
}

static void on_unanswered(void *ctx, const struct xmpp_unanswered *u, const struct sj_error *why)
{
    (void)ctx;
    check_from(&u->from);
    check_peer(u->peer);
    assert(u->kind == 'm' && u->peer != NULL && u->to != NULL);
    assert((u->nick == NULL || !u->in_room) && why->status != SJ_OK);
}

static enum sj_status on_mark(void *ctx, const struct xmpp_mark_in *m, struct sj_error *err)
{
    (void)ctx;
    check_from(&m->from);
    check_peer(m->peer);
    check_text(m->nick);
    assert(m->target[0] != '\0' && m->n_reactions <= XMPP_REACTIONS_MAX);
    assert((m->in_room || m->nick != NULL) == (m->peer[0] == '#'));
    for (size_t i = 0; i < m->n_reactions; i++)
        check_text(m->reactions[i]);
    return sj_fail(err, SJ_NOTFOUND, "no");
}

static void on_chat_state(void *ctx, const struct xmpp_from *f, const char *peer,
                          enum xmpp_chat_state state)
{
    (void)ctx, (void)state;
    check_from(f);
    check_peer(peer);
}

static enum sj_status on_search_form(void *ctx, const struct xmpp_from *f, struct xmpp_form *out,
                                     struct sj_error *err)
{
    (void)ctx, (void)out;
    check_from(f);
    return sj_fail(err, SJ_UNAVAILABLE, "no");
}

static enum sj_status on_search(void *ctx, const struct xmpp_search_in *in, uint64_t req,
                                struct sj_error *err)
{
    const struct xmpp_search_out out = {.as_form = in->as_form, .page = in->page};
    (void)err;
    check_from(in->from);
    xmpp_answer_search(((struct run *)ctx)->room, req, &out);
    return SJ_OK;
}

static enum xmpp_moved on_moved(void *ctx, const char *id, unsigned *host, struct sj_strbuf *out)
{
    const char *mark = strchr(id, '%');
    (void)ctx, (void)host;
    check_text(id);
    if (mark == NULL)
        return XMPP_MOVED_NOT;
    sj_strbuf_add(out, id, (size_t)(mark - id));
    return mark[1] != '\0' ? XMPP_MOVED_TO : XMPP_MOVED_NOWHERE;
}

static enum sj_status on_prompt(void *ctx, const struct xmpp_from *f, const char *typed,
                                struct sj_strbuf *id, struct sj_error *err)
{
    (void)ctx, (void)err;
    check_from(f);
    check_text(typed);
    sj_strbuf_adds(id, typed);
    return SJ_OK;
}

static void on_peer(void *ctx, const struct xmpp_from *f, const char *peer, struct xmpp_peer *out)
{
    (void)ctx;
    check_from(f);
    check_peer(peer);
    *out = (struct xmpp_peer){.visible = strlen(peer) % 2, .name = peer, .seen_at = 1};
}

static void on_rosterx(void *ctx, unsigned host, const char *full, bool supported)
{
    (void)ctx, (void)host, (void)full, (void)supported;
}

static void on_list(void *ctx, const struct xmpp_from *f,
                    void (*each)(void *arg, const char *node, const char *title), void *arg)
{
    (void)ctx;
    check_from(f);
    each(arg, "status", "Status");
}

static enum sj_status on_info(void *ctx, const struct xmpp_from *f, const char *node,
                              const char **title, struct sj_error *err)
{
    (void)ctx;
    check_from(f);
    check_text(node);
    *title = "Status";
    return strlen(node) % 2 ? SJ_OK : sj_fail(err, SJ_NOTFOUND, "no");
}

static enum sj_status on_step(void *ctx, const struct xmpp_command_in *in, uint64_t req,
                              enum xmpp_command_fault *fault, struct sj_error *err)
{
    (void)ctx, (void)fault;
    check_from(in->from);
    assert(req != 0);
    return sj_fail(err, SJ_INVALID, "no");
}

static enum sj_status on_talk(void *ctx, const struct xmpp_from *f, const char *body,
                              struct sj_error *err)
{
    (void)ctx, (void)err;
    check_from(f);
    check_text(body);
    return SJ_OK;
}

static void on_slot(void *ctx, unsigned host, const struct xmpp_slot *slot)
{
    (void)ctx, (void)host, (void)slot;
}

static void on_granted(void *ctx, unsigned host, const char *domain)
{
    (void)ctx, (void)host;
    check_text(domain);
}

static void on_item(void *ctx, unsigned host, const char *user, const struct xmpp_roster_item *i)
{
    (void)ctx, (void)host;
    check_text(user);
    check_peer(i->peer);
    check_text(i->name);
    assert(i->n_groups <= XMPP_GROUPS_MAX);
}

static void on_read(void *ctx, unsigned host, const char *user, bool ok)
{
    (void)ctx, (void)host, (void)user, (void)ok;
}

static void on_written(void *ctx, unsigned host, const char *user, const char *peer, bool ok)
{
    (void)ctx, (void)host, (void)user, (void)peer, (void)ok;
}

static void on_bookmark(void *ctx, unsigned host, const char *user, const char *room)
{
    (void)ctx, (void)host;
    check_text(user);
    check_peer(room);
}

static bool on_person(void *ctx, const struct xmpp_from *f, const char *peer,
                      struct xmpp_person *out)
{
    static const uint8_t sha1[20] = "abcdefghijklmnopqrs";
    (void)ctx;
    check_from(f);
    check_peer(peer);
    *out = (struct xmpp_person){.name = peer, .picture = {.state = XMPP_PICTURE_KNOWN,
                                                          .sha1 = sha1, .bytes = 3,
                                                          .type = XMPP_PICTURE_PNG}};
    return strlen(peer) % 2;
}

static enum sj_status on_card(void *ctx, const struct xmpp_from *f, const char *peer,
                              const struct xmpp_card_ask *ask, xmpp_req req, struct sj_error *err)
{
    (void)ctx, (void)req;
    check_from(f);
    check_peer(peer);
    assert(ask->wants != 0);
    return sj_fail(err, SJ_NOTFOUND, "%s", "");
}

static void on_wants(void *ctx, unsigned host, const char *full, unsigned nodes)
{
    (void)ctx, (void)host;
    check_text(full);
    assert(nodes != 0);
}

static void on_own_nick(void *ctx, const struct xmpp_from *f, const char *nick)
{
    (void)ctx;
    check_from(f);
    check_text(nick);
}

static void on_own_picture(void *ctx, const struct xmpp_from *f, const struct xmpp_own_picture *p)
{
    (void)ctx;
    check_from(f);
    assert(p->bytes <= SJ_AVATAR_MAX);
}

static void on_own_data(void *ctx, unsigned host, const char *user, const uint8_t sha1[20],
                        const void *data, size_t len)
{
    (void)ctx, (void)host, (void)user, (void)sha1;
    assert((data != NULL) == (len > 0));
}

static bool on_is_room(void *ctx, unsigned host, const char *id)
{
    (void)ctx;
    assert(host == 0);
    check_peer(id);
    return id[0] == '#';
}

/* What all events of rooms have in common. nick: or NULL. */
static void check_room(const struct xmpp_from *f, const char *room, const char *nick)
{
    check_from(f);
    check_peer(room);
    check_text(nick);
    assert(room[0] == '#' && (nick == NULL || (nick[0] != '\0' && strlen(nick) <= XMPP_NICK_MAX)));
}

static enum sj_status on_join(void *ctx, const struct xmpp_from *f, const struct xmpp_join_in *in,
                              struct sj_error *err)
{
    (void)ctx;
    check_room(f, in->room, in->nick);
    check_text(in->password);
    check_text(in->status);
    assert(in->nick != NULL && in->show != XMPP_OFFLINE && in->history_chars >= -1 &&
           in->history_since >= -1);
    assert(in->password == NULL || strlen(in->password) <= XMPP_ROOM_PASSWORD_MAX);
    return sj_fail(err, SJ_LIMIT, "no");
}

static void on_room_presence(void *ctx, const struct xmpp_from *f,
                             const struct xmpp_occupant_in *in)
{
    (void)ctx;
    check_room(f, in->room, in->nick);
    check_text(in->status);
    assert(in->nick != NULL && in->show != XMPP_OFFLINE);
}

static void on_leave(void *ctx, const struct xmpp_from *f, const char *room, const char *nick,
                     const char *status)
{
    (void)ctx;
    check_room(f, room, nick);
    check_text(status);
}

static void on_lost(void *ctx, const struct xmpp_from *f, const char *room)
{
    (void)ctx;
    check_room(f, room, NULL);
}

static enum sj_status on_subject(void *ctx, const struct xmpp_from *f, const char *room,
                                 const char *text, struct sj_error *err)
{
    (void)ctx;
    check_room(f, room, NULL);
    check_text(text);
    assert(strlen(text) <= XMPP_SUBJECT_MAX);
    return sj_fail(err, SJ_DENIED, "no");
}

static void on_room_state(void *ctx, const struct xmpp_from *f, const char *room,
                          const char *nick, enum xmpp_chat_state state)
{
    (void)ctx, (void)state;
    check_room(f, room, nick);
}

static enum sj_status on_invite(void *ctx, const struct xmpp_from *f,
                                const struct xmpp_invite_in *in, size_t n, struct sj_error *err)
{
    (void)ctx, (void)err;
    assert(n > 0 && n <= XMPP_INVITES_MAX);
    for (size_t i = 0; i < n; i++) {
        check_room(f, in[i].room, NULL);
        check_peer(in[i].peer);
        check_text(in[i].jid);
        check_text(in[i].reason);
        assert((in[i].peer == NULL) != (in[i].jid == NULL));
    }
    return SJ_OK;
}

static enum xmpp_place on_place(void *ctx, const struct xmpp_from *f, const char *room,
                                const char *nick, struct xmpp_place_info *out)
{
    (void)ctx;
    check_room(f, room, nick);
    *out = (struct xmpp_place_info){.features = ~0u, .idle_since = 1};
    return (enum xmpp_place)(strlen(nick) % (XMPP_PLACE_OTHER + 1));
}

static enum sj_status on_room_card(void *ctx, const struct xmpp_from *f, const char *room,
                                   const char *nick, const struct xmpp_card_ask *ask,
                                   xmpp_req req, struct sj_error *err)
{
    (void)err;
    check_room(f, room, nick);
    assert(ask->wants != 0);
    xmpp_answer_card(((struct run *)ctx)->room, req, &(struct xmpp_card){.name = room});
    return SJ_OK;
}

static enum sj_status on_room_picture(void *ctx, const struct xmpp_from *f, const char *room,
                                      const void *data, size_t len, xmpp_req req,
                                      struct sj_error *err)
{
    (void)err;
    check_room(f, room, NULL);
    assert((data == NULL) == (len == 0) && len <= SJ_AVATAR_MAX);
    xmpp_answer(((struct run *)ctx)->room, req, NULL);
    return SJ_OK;
}

static enum sj_status on_admin_get(void *ctx, const struct xmpp_from *f, const char *room,
                                   int affiliation, int role, xmpp_req req, struct sj_error *err)
{
    const struct xmpp_room_item item = {.nick = "n", .affiliation = affiliation, .role = role};
    (void)err;
    check_room(f, room, NULL);
    assert((affiliation < 0) != (role < 0));
    xmpp_answer_room_items(((struct run *)ctx)->room, req, &item, 1);
    return SJ_OK;
}

static enum sj_status on_admin_set(void *ctx, const struct xmpp_from *f, const char *room,
                                   const struct xmpp_room_item *items, size_t n, xmpp_req req,
                                   struct sj_error *err)
{
    (void)ctx;
    check_room(f, room, NULL);
    assert(n > 0 && n <= XMPP_ROOM_ITEMS_MAX && req != 0);
    for (size_t i = 0; i < n; i++) {
        check_peer(items[i].peer);
        check_text(items[i].jid);
        check_text(items[i].reason);
        check_text(items[i].nick);
        assert((items[i].affiliation < 0) != (items[i].role < 0));
        assert(items[i].role < 0 || items[i].nick != NULL);
    }
    return sj_fail(err, SJ_NOTALLOWED, "no");
}

static enum sj_status on_config_get(void *ctx, const struct xmpp_from *f, const char *room,
                                    xmpp_req req, struct sj_error *err)
{
    const struct xmpp_room_info info = {.room = room, .settable = ~0u, .text_settable = true,
                                        .aliases = &room, .n_aliases = 1};
    (void)err;
    check_room(f, room, NULL);
    xmpp_answer_room_config(((struct run *)ctx)->room, req, &info);
    return SJ_OK;
}

static enum sj_status on_config_set(void *ctx, const struct xmpp_from *f, const char *room,
                                    const struct xmpp_room_config *c, xmpp_req req,
                                    struct sj_error *err)
{
    (void)ctx, (void)req;
    check_room(f, room, NULL);
    check_text(c->name);
    check_text(c->description);
    check_text(c->password);
    for (size_t i = 0; i < c->n_aliases; i++)
        check_text(c->aliases[i]);
    assert(c->n_aliases <= XMPP_ROOM_ALIASES_MAX);
    assert((c->flags & ~c->known) == 0 && c->occupants_max >= -1);
    return sj_fail(err, SJ_DENIED, "no");
}

static enum sj_status on_destroy(void *ctx, const struct xmpp_from *f, const char *room,
                                 const char *reason, xmpp_req req, struct sj_error *err)
{
    (void)err;
    check_room(f, room, NULL);
    check_text(reason);
    xmpp_answer(((struct run *)ctx)->room, req, NULL);
    return SJ_OK;
}

static enum sj_status on_moderate(void *ctx, const struct xmpp_from *f, const char *room,
                                  const char *target, const char *reason, xmpp_req req,
                                  struct sj_error *err)
{
    (void)err;
    check_room(f, room, NULL);
    check_text(target);
    assert(target[0] != '\0' && strlen(target) <= SJ_ID_MAX);
    check_text(reason);
    xmpp_answer(((struct run *)ctx)->room, req, NULL);
    return SJ_OK;
}

static enum sj_status on_room_info(void *ctx, const struct xmpp_from *f, const char *room,
                                   xmpp_req req, struct sj_error *err)
{
    const struct xmpp_room_info info = {
        .room = room, .subject = room, .features = ~0u, .reserved_nick = "n"};
    (void)err;
    check_room(f, room, NULL);
    xmpp_answer_room_info(((struct run *)ctx)->room, req, &info);
    return SJ_OK;
}

static void check_page(const struct xmpp_page *page)
{
    check_text(page->mark);
    assert(page->max <= XMPP_PAGE_MAX);
}

static enum sj_status on_room_list(void *ctx, const struct xmpp_from *f,
                                   const struct xmpp_page *page, xmpp_req req,
                                   struct sj_error *err)
{
    const struct xmpp_page_out out = {.first = page->mark, .last = page->mark, .count = -1};
    (void)err;
    check_from(f);
    check_page(page);
    xmpp_answer_room_list(((struct run *)ctx)->room, req, NULL, 0, &out);
    return SJ_OK;
}

static enum sj_status on_archive(void *ctx, const struct xmpp_from *f,
                                 const struct xmpp_archive_query *q, xmpp_req req,
                                 struct sj_error *err)
{
    const struct xmpp_page_out out = {.index = -1, .count = -1};
    (void)err;
    check_room(f, q->room, q->with_nick);
    check_text(q->query_id);
    check_peer(q->with_peer);
    check_text(q->with_jid);
    check_page(&q->page);
    assert(q->start >= -1 && q->end >= -1 && q->n_ids <= XMPP_ARCHIVE_IDS_MAX);
    for (size_t i = 0; i < q->n_ids; i++)
        assert(q->ids[i][0] != '\0');
    xmpp_answer_archive(((struct run *)ctx)->room, req, &out, true, true);
    return SJ_OK;
}

static enum sj_status on_archive_ends(void *ctx, const struct xmpp_from *f, const char *room,
                                      xmpp_req req, struct sj_error *err)
{
    (void)err;
    check_room(f, room, NULL);
    xmpp_answer_archive_ends(((struct run *)ctx)->room, req, "a", 0, "b", 1);
    return SJ_OK;
}

static void on_handled(void *ctx, unsigned host, uint64_t token, bool ok)
{
    (void)ctx, (void)host, (void)token, (void)ok;
}

static const struct xmpp_in session = {
    .up = on_state,
    .down = on_state,
    .register_get = on_get,
    .register_set = on_set,
    .register_remove = on_remove,
    .presence = on_presence,
    .subscription = on_subscription,
    .probe = on_probe,
    .bounce = on_bounce,
    .message = on_message,
    .messages = {.mark = on_mark, .state = on_chat_state},
    .unanswered = on_unanswered,
    .search = {.form = on_search_form, .start = on_search},
    .moved = on_moved,
    .prompt = on_prompt,
    .peer = on_peer,
    .rosterx = on_rosterx,
    .handled = on_handled,
    .command = {.list = on_list, .info = on_info, .step = on_step, .talk = on_talk},
    .file = {.slot = on_slot},
    .privilege = {.changed = on_granted, .item = on_item, .read = on_read, .written = on_written,
                  .pushed = on_item, .bookmark = on_bookmark, .bookmarks_read = on_read,
                  .bookmarked = on_written},
    .muc = {.is_room = on_is_room, .join = on_join, .presence = on_room_presence,
            .leave = on_leave, .lost = on_lost, .subject = on_subject, .state = on_room_state,
            .invite = on_invite, .place = on_place, .card = on_room_card,
            .picture = on_room_picture,
            .admin_get = on_admin_get, .admin_set = on_admin_set, .config_get = on_config_get,
            .config_set = on_config_set, .destroy = on_destroy, .moderate = on_moderate,
            .info = on_room_info, .list = on_room_list},
    .archive = {.query = on_archive, .ends = on_archive_ends},
    .profile = {.person = on_person, .card = on_card, .wants = on_wants, .own_nick = on_own_nick,
                .own_picture = on_own_picture, .own_data = on_own_data},
};

/* ---- the streams ---- */

static unsigned count_nodes(xmpp_stanza_t *st, unsigned depth)
{
    unsigned n = 1;
    assert(depth <= STREAM_DEPTH_MAX + 1);       /* a text may hang below the deepest element */
    for (xmpp_stanza_t *c = xmpp_stanza_get_children(st); c != NULL; c = xmpp_stanza_get_next(c))
        n += count_nodes(c, depth + 1);
    return n;
}

static void on_opened(void *arg, const char *id)
{
    (void)arg, (void)id;
}

static void on_closed(void *arg)
{
    (void)arg;
}

static void on_again(void *arg, xmpp_stanza_t *st, bool cut)
{
    (void)st, (void)cut;
    (*(unsigned *)arg)++;
}

/* Writes st and reads it back. */
static void check_output(struct run *run, xmpp_stanza_t *st)
{
    static const struct stream_events events = {on_opened, on_again, on_closed};
    const char *text = NULL;
    size_t n = 0;
    unsigned seen = 0;
    xmpp_stanza_t *copy = xmpp_stanza_copy(st);
    xmpp_stanza_set_from(copy, HOST);
    xmpp_stanza_set_to(copy, "u@example.org");
    if (output_format(&run->output, HOST, copy, &text, &n) == SJ_OK) {
        struct stream *again = stream_new(&events, &seen);
        assert(stream_feed(again, HEADER, sizeof HEADER - 1) == NULL);
        assert(stream_feed(again, text, n) == NULL);
        assert(seen == 1);
        stream_free(&again);
    }
    xmpp_stanza_release(copy);
}

static void on_stanza(void *arg, xmpp_stanza_t *st, bool cut)
{
    struct run *run = arg;
    if (!cut) {
        assert(count_nodes(st, 1) <= STREAM_NODES_MAX + 1);
        check_output(run, st);
    }
    router_handle(&run->room->components[0], st, cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct stream_events events = {on_opened, on_stanza, on_closed};
    static const struct xmpp_host host = {
        .name = HOST,
        .secret = "s",
        .server = "127.0.0.1",
        .port = 1,
        .identity_type = "irc",
        .identity_name = "Example",
        .prompt_name = "nickname",
        .has_profiles = true,
        .takes_profile = true,
        .takes_idle = true,
        .has_rooms = true,
        .moved_marks = "%",
    };
    static const struct xmpp_options options = {
        .hosts = &host, .n_hosts = 1, .version = "0", .stanza_max = 65536, .queue_max = 65536};
    static const struct sj_log log = {.area = "fuzz"};
    struct run run = {.room = NULL};
    if (size < 1)
        return 0;
    struct sj_loop *loop = sj_loop_new();
    run.room = xmpp_new(loop, &log, &options, &session, &run);
    output_init(&run.output, (size_t)1 << 20);
    struct stream *s = stream_new(&events, &run);
    /* The first byte: with or without a header in front, and the length of the pieces. */
    size_t piece = data[0] & 0x7f ? data[0] & 0x7f : size;
    if (data[0] & 0x80)
        stream_feed(s, HEADER, sizeof HEADER - 1);
    for (size_t at = 1; at < size; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        if (stream_feed(s, (const char *)data + at, n) != NULL)
            break;
    }
    stream_free(&s);
    output_release(&run.output);
    xmpp_room_free(&run.room);
    sj_loop_free(&loop);
    return 0;
}
