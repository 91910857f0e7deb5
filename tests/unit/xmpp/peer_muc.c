/* SPDX-License-Identifier: MPL-2.0 */
/* What the fake session room hears of rooms; see peer_muc.h. */
#include "peer_muc.h"

#include "sojourn/memory.h"

static enum sj_status answer(struct peer *p, struct sj_error *err)
{
    return p->status == SJ_OK ? SJ_OK : sj_fail(err, p->status, "%s", p->text ? p->text : "");
}

static enum sj_status request(struct peer *p, xmpp_req req, struct sj_error *err)
{
    p->request = req;
    if (p->answer_at_once)
        xmpp_answer(p->xmpp, req, p->answer);
    return answer(p, err);
}

static const char *or_dash(const char *s)
{
    return s != NULL ? s : "-";
}

bool peer_is_room(void *ctx, unsigned host, const char *id)
{
    struct peer *p = ctx;
    p->rooms_asked++;
    return host == 0 && id[0] == '#';
}

enum sj_status peer_on_join(void *ctx, const struct xmpp_from *f, const struct xmpp_join_in *in,
                            struct sj_error *err)
{
    peer_heard(ctx, "join %s to %s as %s password=%s history=%lld,%lld,%lld,%lld show=%d %s",
               f->full, in->room, in->nick, or_dash(in->password), (long long)in->history_chars,
               (long long)in->history_stanzas, (long long)in->history_seconds,
               (long long)in->history_since, in->show, or_dash(in->status));
    return answer(ctx, err);
}

void peer_on_room_presence(void *ctx, const struct xmpp_from *f, const struct xmpp_occupant_in *in)
{
    peer_heard(ctx, "room-presence %s to %s as %s: %d %s", f->full, in->room, in->nick, in->show,
               or_dash(in->status));
}

void peer_on_leave(void *ctx, const struct xmpp_from *f, const char *room, const char *nick,
                   const char *status)
{
    peer_heard(ctx, "leave %s to %s as %s: %s", f->full, room, or_dash(nick), or_dash(status));
}

void peer_on_lost(void *ctx, const struct xmpp_from *f, const char *room)
{
    peer_heard(ctx, "lost %s in %s", f->full, room);
}

enum sj_status peer_on_subject(void *ctx, const struct xmpp_from *f, const char *room,
                               const char *text, struct sj_error *err)
{
    peer_heard(ctx, "subject %s to %s: '%s' id=%s", f->full, room, text, or_dash(f->id));
    return answer(ctx, err);
}

void peer_on_room_state(void *ctx, const struct xmpp_from *f, const char *room, const char *nick,
                        enum xmpp_chat_state state)
{
    peer_heard(ctx, "room-state %s to %s %s: %d", f->full, room, or_dash(nick), (int)state);
}

enum sj_status peer_on_invite(void *ctx, const struct xmpp_from *f,
                              const struct xmpp_invite_in *in, size_t n, struct sj_error *err)
{
    for (size_t i = 0; i < n; i++)
        peer_heard(ctx, "invite %s to %s: peer=%s jid=%s reason=%s%s%s", f->full, in[i].room,
                   or_dash(in[i].peer), or_dash(in[i].jid), or_dash(in[i].reason),
                   in[i].declines ? " declines" : "", in[i].direct ? " direct" : "");
    return answer(ctx, err);
}

enum xmpp_place peer_place(void *ctx, const struct xmpp_from *f, const char *room,
                           const char *nick, struct xmpp_place_info *out)
{
    struct peer *p = ctx;
    (void)f, (void)room;
    *out = p->place_info;
    if (p->own_nick == NULL)
        return XMPP_PLACE_OUTSIDE;
    if (strcmp(nick, p->own_nick) == 0)
        return XMPP_PLACE_SELF;
    return strcmp(nick, "nobody") == 0 ? XMPP_PLACE_EMPTY : XMPP_PLACE_OTHER;
}

enum sj_status peer_on_room_card(void *ctx, const struct xmpp_from *f, const char *room,
                                 const char *nick, const struct xmpp_card_ask *ask, xmpp_req req,
                                 struct sj_error *err)
{
    struct peer *p = ctx;
    peer_heard(p, "room-card %s %s %s wants=%u", f->full, room, or_dash(nick), ask->wants);
    if (p->card != NULL)
        xmpp_answer_card(p->xmpp, req, p->card);
    return request(p, req, err);
}

enum sj_status peer_on_room_picture(void *ctx, const struct xmpp_from *f, const char *room,
                                    const void *data, size_t len, xmpp_req req,
                                    struct sj_error *err)
{
    peer_heard(ctx, "room-picture %s %s '%.*s'", f->full, room, (int)len,
               len != 0 ? (const char *)data : "");
    return request(ctx, req, err);
}

enum sj_status peer_on_admin_get(void *ctx, const struct xmpp_from *f, const char *room,
                                 int affiliation, int role, xmpp_req req, struct sj_error *err)
{
    peer_heard(ctx, "admin-get %s %s affiliation=%d role=%d", f->full, room, affiliation, role);
    return request(ctx, req, err);
}

enum sj_status peer_on_admin_set(void *ctx, const struct xmpp_from *f, const char *room,
                                 const struct xmpp_room_item *items, size_t n, xmpp_req req,
                                 struct sj_error *err)
{
    for (size_t i = 0; i < n; i++)
        peer_heard(ctx, "admin-set %s %s nick=%s peer=%s jid=%s affiliation=%d role=%d reason=%s",
                   f->full, room, or_dash(items[i].nick), or_dash(items[i].peer),
                   or_dash(items[i].jid), items[i].affiliation, items[i].role,
                   or_dash(items[i].reason));
    return request(ctx, req, err);
}

enum sj_status peer_on_config_get(void *ctx, const struct xmpp_from *f, const char *room,
                                  xmpp_req req, struct sj_error *err)
{
    peer_heard(ctx, "config-get %s %s", f->full, room);
    return request(ctx, req, err);
}

enum sj_status peer_on_config_set(void *ctx, const struct xmpp_from *f, const char *room,
                                  const struct xmpp_room_config *c, xmpp_req req,
                                  struct sj_error *err)
{
    struct sj_strbuf aliases;
    sj_strbuf_init(&aliases, 1 << 16);
    if (c->aliases)
        sj_strbuf_adds(&aliases, " aliases=");
    for (size_t i = 0; i < c->n_aliases; i++)
        sj_strbuf_addf(&aliases, "%s%s", i ? "," : "", c->aliases[i]);
    peer_heard(ctx, "config-set %s %s name=%s description=%s password=%s flags=%x/%x max=%lld"
               "%s%s%s",
               f->full, room, or_dash(c->name), or_dash(c->description), or_dash(c->password),
               c->flags, c->known, (long long)c->occupants_max, c->cancel ? " cancel" : "",
               c->instant ? " instant" : "", aliases.s);
    sj_strbuf_release(&aliases);
    return request(ctx, req, err);
}

enum sj_status peer_on_destroy(void *ctx, const struct xmpp_from *f, const char *room,
                               const char *reason, xmpp_req req, struct sj_error *err)
{
    peer_heard(ctx, "destroy %s %s: %s", f->full, room, or_dash(reason));
    return request(ctx, req, err);
}

enum sj_status peer_on_moderate(void *ctx, const struct xmpp_from *f, const char *room,
                                const char *target, const char *reason, xmpp_req req,
                                struct sj_error *err)
{
    peer_heard(ctx, "moderate %s %s %s: %s", f->full, room, target, or_dash(reason));
    return request(ctx, req, err);
}

enum sj_status peer_on_room_info(void *ctx, const struct xmpp_from *f, const char *room,
                                 xmpp_req req, struct sj_error *err)
{
    peer_heard(ctx, "room-info %s %s", f->full, room);
    return request(ctx, req, err);
}

static void page_text(struct sj_strbuf *out, const struct xmpp_page *page)
{
    sj_strbuf_addf(out, "page=%s%s %s max=%u", page->wanted ? "wanted" : "all",
                   page->back ? " back" : "", or_dash(page->mark), page->max);
}

enum sj_status peer_on_room_list(void *ctx, const struct xmpp_from *f,
                                 const struct xmpp_page *page, xmpp_req req, struct sj_error *err)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 8192);
    page_text(&b, page);
    peer_heard(ctx, "room-list %s %s", f->full, b.s);
    sj_strbuf_release(&b);
    return request(ctx, req, err);
}

enum sj_status peer_on_archive(void *ctx, const struct xmpp_from *f,
                               const struct xmpp_archive_query *q, xmpp_req req,
                               struct sj_error *err)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 1 << 20);
    sj_strbuf_addf(&b, "archive %s %s q=%s with=%s,%s,%s time=%lld,%lld ids=%s,%s", f->full,
                   q->room, or_dash(q->query_id), or_dash(q->with_nick), or_dash(q->with_peer),
                   or_dash(q->with_jid), (long long)q->start, (long long)q->end,
                   or_dash(q->after), or_dash(q->before));
    for (size_t i = 0; i < q->n_ids; i++)
        sj_strbuf_addf(&b, " +%s", q->ids[i]);
    sj_strbuf_adds(&b, q->flip ? " flip " : " ");
    page_text(&b, &q->page);
    peer_heard(ctx, "%s", b.s);
    sj_strbuf_release(&b);
    return request(ctx, req, err);
}

enum sj_status peer_on_archive_ends(void *ctx, const struct xmpp_from *f, const char *room,
                                    xmpp_req req, struct sj_error *err)
{
    peer_heard(ctx, "archive-ends %s %s", f->full, room);
    return request(ctx, req, err);
}

struct peer *peer_new_with_rooms(void)
{
    struct peer *p = peer_new(1);
    xmpp_room_free(&p->xmpp);
    p->hosts[0].has_rooms = true;
    memcpy(p->options.occupant_key, "0123456789abcdef0123456789abcdef", XMPP_OCCUPANT_KEY_SIZE);
    p->xmpp = xmpp_new(p->loop, &p->log, &p->options, &peer_session, p);
    peer_start(p);
    return p;
}
