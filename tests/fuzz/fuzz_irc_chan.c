/* SPDX-License-Identifier: MPL-2.0 */
/* What an IRC server may send about channels to a link that is logged in, while its user does
 * things there.
 *
 * The first byte chooses what the server offers. Then each line is one from the server ("$" stands
 * for our own source), or one of these: "+#room key", "-#room reason", "*nick", "=#room subject",
 * ">#room text", "!K#room nick" (a change; K: k kick, b ban, u unban, o v h ranks, p key, m modes),
 * "?K#room" (K: b m o lists, l one room, L all, h past), "&#room nick" invites,
 * "%K#room id emoji" (a mark: R takes back, + and - react), "^#room xx" (types), "~": a
 * minute goes.
 * The host keeps its own book of rooms and checks each call against it: who is told to be there,
 * and that nothing is told of rooms that were not entered. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "irc_chan.h"
#include "irc_ground.h"
#include "irc_net.h"
#include "sojourn/map.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum start {
    START_CAPS = 1u << 0,
    START_RANKS = 1u << 1,
    START_WHOX = 1u << 2,
    START_ASCII = 1u << 3,
    START_PACED = 1u << 4,
    START_ENDS = 1u << 5
};

struct fuzz {
    struct ground ground;
    struct sj_map rooms;             /* struct seen_room by id */
};

/* The host's own book. */
struct seen_room {
    bool is_entered;
    struct sj_map nicks;             /* texts, each its own key */
    char id[];
};

static struct fuzz *fuzz_of(const struct sj_link *link)
{
    return SJ_CONTAINER(ground_of(link), struct fuzz, ground);
}

static struct seen_room *room_of(struct sj_link *link, const char *id)
{
    ground_check_call(link);
    ground_check_id(link, id);
    assert(irc_backend_rooms.is_room(link->net, id));
    return sj_map_find(&fuzz_of(link)->rooms, id);
}

static struct seen_room *room_entered(struct sj_link *link, const char *id)
{
    struct seen_room *r = room_of(link, id);

    assert(r && r->is_entered);
    return r;
}

static struct seen_room *room_made(struct sj_link *link, const char *id)
{
    struct seen_room *r = room_of(link, id);
    size_t n = strlen(id) + 1;

    if (r)
        return r;
    r = sj_calloc(1, sizeof *r + n);
    memcpy(r->id, id, n);
    sj_map_init(&r->nicks);
    sj_map_put(&fuzz_of(link)->rooms, r->id, r);
    return r;
}

static void room_forget(struct fuzz *f, struct seen_room *r)
{
    char *nick;

    sj_map_remove(&f->rooms, r->id);
    for (uint32_t at = 0; (nick = sj_map_next(&r->nicks, &at));)
        sj_free(nick);
    sj_map_release(&r->nicks);
    sj_free(r);
}

static void nick_add(struct seen_room *r, const char *nick)
{
    char *copy = sj_strdup(nick);

    sj_free(sj_map_remove(&r->nicks, nick));
    sj_map_put(&r->nicks, copy, copy);
}

static void nick_remove(struct seen_room *r, const char *nick)
{
    char *there = sj_map_remove(&r->nicks, nick);

    assert(there);
    sj_free(there);
}

/* ---- the host ---- */

static void on_message(struct sj_link *link, const struct sj_message *m)
{
    ground_on_message(link, m);
    if (!m->in_room)
        return;
    room_entered(link, m->peer);
    assert(!m->nick || *m->nick);
    if (m->echo)
        ground_check_owed(link, m->echo);
}

static void on_entered(struct sj_link *link, const char *room)
{
    struct seen_room *r = room_made(link, room);

    assert(!r->is_entered);
    r->is_entered = true;
}

static void check_exit(const struct sj_exit *e)
{
    if (e->actor)
        ground_check_text(e->actor, SJ_NICK_MAX, false);
    if (e->reason)
        ground_check_text(e->reason, SJ_REASON_MAX, true);
}

static void on_left(struct sj_link *link, const char *room, const struct sj_exit *e)
{
    struct seen_room *r = room_entered(link, room);

    check_exit(e);
    room_forget(fuzz_of(link), r);
}

static void on_occupant(struct sj_link *link, const char *room, const struct sj_occupant *o)
{
    struct seen_room *r = room_made(link, room);

    assert(*o->nick);
    ground_check_text(o->nick, SJ_NICK_MAX, false);
    if (o->id)
        ground_check_id(link, o->id);
    if (o->account)
        ground_check_text(o->account, SJ_ID_MAX, true);
    if (o->status)
        ground_check_text(o->status, SJ_STATUS_MAX, true);
    assert(o->n_titles <= SJ_ROOM_TITLES_MAX && o->role != SJ_ROLE_NONE);
    nick_add(r, o->nick);
}

static void on_gone(struct sj_link *link, const char *room, const char *nick,
                    const struct sj_exit *e)
{
    check_exit(e);
    nick_remove(room_entered(link, room), nick);
}

static void on_renamed(struct sj_link *link, const char *room, const char *nick, const char *to)
{
    struct seen_room *r = room_entered(link, room);

    ground_check_text(to, SJ_NICK_MAX, false);
    nick_remove(r, nick);
    assert(!sj_map_find(&r->nicks, to));
    nick_add(r, to);
}

static void on_room(struct sj_link *link, const struct sj_room *room)
{
    (void)room_of(link, room->id);
    assert(!(room->flags & ~room->known));
    if (room->description)
        ground_check_text(room->description, SJ_SUBJECT_MAX, true);
}

static void on_subject(struct sj_link *link, const char *room, const char *nick, const char *text,
                       sj_msec set_at)
{
    (void)room_of(link, room);
    assert(set_at >= 0);
    if (nick)
        ground_check_text(nick, SJ_NICK_MAX, false);
    ground_check_text(text, SJ_SUBJECT_MAX, true);
}

static void on_invited(struct sj_link *link, const char *room, const char *by, const char *reason,
                       const char *password)
{
    (void)reason;
    (void)password;
    (void)room_of(link, room);
    if (by)
        ground_check_id(link, by);
}

static void on_typing(struct sj_link *link, const char *room, const char *nick, enum sj_typing t)
{
    (void)t;
    (void)room_entered(link, room);
    ground_check_text(nick, SJ_NICK_MAX, false);
}

static void on_listed(struct sj_link *link, sj_op op, const struct sj_room *room)
{
    ground_check_owed(link, op);
    on_room(link, room);
}

static void on_affiliate(struct sj_link *link, sj_op op, const struct sj_affiliate *a)
{
    ground_check_owed(link, op);
    assert(*a->id);
    ground_check_text(a->id, SJ_ID_MAX, true);
}

static void on_past(struct sj_link *link, sj_op op, const struct sj_message *m)
{
    ground_check_owed(link, op);
    ground_check_id(link, m->peer);
    ground_check_text(m->body, SJ_BODY_MAX, true);
}

static const struct sj_host_rooms fuzz_rooms = {
    .entered = on_entered,
    .left = on_left,
    .occupant = on_occupant,
    .occupant_gone = on_gone,
    .occupant_renamed = on_renamed,
    .room = on_room,
    .subject = on_subject,
    .invited = on_invited,
    .typing = on_typing,
    .listed = on_listed,
    .affiliate = on_affiliate,
    .past = on_past,
};

/* ---- the link ---- */

static void fuzz_link(struct ground *g, const struct sj_host *host, unsigned start)
{
    ground_link(g, host, NULL);
    ground_server(g, ":s 001 me :Welcome me!u@h");
    if (start & START_RANKS)
        ground_server(g, ":s 005 me PREFIX=(qaohv)~&@%+ CHANMODES=beI,k,l,imnpst STATUSMSG=@+ "
                         "INVEX MODES=2 ELIST=MU BOT=B KICKLEN=9 TOPICLEN=30 CHANNELLEN=30 :are");
    if (start & START_WHOX)
        ground_server(g, ":s 005 me WHOX :are");
    if (start & START_ASCII)
        ground_server(g, ":s 005 me CASEMAPPING=ascii :are");
    if (start & START_CAPS)
        irc_link_of(g->link)->caps = (uint32_t)((UINT64_C(1) << IRC_CAP_COUNT) - 1);
    ground_server(g, ":s 422 me :no motd");
}

/* ---- the user ---- */

static void fuzz_change(struct ground *g, char what, const char *room, const char *rest, sj_op op,
                        enum sj_status *status, struct sj_error *err)
{
    struct sj_room_change c = { .kind = SJ_CHANGE_AFFILIATION, .id = rest, .nick = rest };

    switch (what) {
    case 'k':
        c.kind = SJ_CHANGE_KICK;
        c.text = "out";
        break;
    case 'b':
        c.affiliation = SJ_AFFILIATION_OUTCAST;
        break;
    case 'u':
        c.affiliation = SJ_AFFILIATION_NONE;
        break;
    case 'o':
        c.affiliation = SJ_AFFILIATION_OWNER;
        break;
    case 'v':
        c.kind = SJ_CHANGE_ROLE;
        c.role = SJ_ROLE_PARTICIPANT;
        break;
    case 'h':
        c.kind = SJ_CHANGE_ROLE;
        c.role = SJ_ROLE_MODERATOR;
        break;
    case 'p':
        c.kind = SJ_CHANGE_PASSWORD;
        c.text = rest;
        break;
    default:
        c.kind = SJ_CHANGE_FLAGS;
        c.known = irc_backend_rooms.flags_settable;
        c.flags = (uint32_t)strlen(rest);
        break;
    }
    *status = irc_backend_rooms.change(g->link, room, &c, 1, op, err);
}

static enum sj_status fuzz_ask(struct ground *g, char what, const char *room, const char *rest,
                               sj_op op, struct sj_error *err)
{
    switch (what) {
    case 'b':
        return irc_backend_rooms.affiliates(g->link, room, SJ_AFFILIATION_OUTCAST, op, err);
    case 'm':
        return irc_backend_rooms.affiliates(g->link, room, SJ_AFFILIATION_MEMBER, op, err);
    case 'o':
        return irc_backend_rooms.affiliates(g->link, room, SJ_AFFILIATION_OWNER, op, err);
    case 'h':
        return irc_backend_rooms.history(g->link, room, *rest ? rest : NULL, NULL, 5, op, err);
    case 'w':
        return irc_backend.profile_get(g->link, room, op, err);
    case 'l':
        return irc_backend_rooms.look(g->link, room, op, err);
    default:
        return irc_backend_rooms.list(g->link, rest, 3, op, err);
    }
}

/* What comes down is clean: the gateway has seen to it. */
static bool is_clean(const char *s)
{
    for (const char *p = s; *p; p++) {
        if ((unsigned char)*p < 0x20)
            return false;
    }
    return sj_utf8_valid(s, strlen(s));
}

/* The id that the gateway would use. False: none. */
static bool canonical(struct ground *g, char *room, size_t size)
{
    struct sj_strbuf id;
    bool ok;

    sj_strbuf_init(&id, SJ_ID_MAX);
    ok = sj_utf8_valid(room, strlen(room)) &&
         irc_backend.id_canon(&id, g->net, g->link, room, NULL) == SJ_OK && id.len < size;
    if (ok)
        memcpy(room, id.s, id.len + 1);
    sj_strbuf_release(&id);
    return ok;
}

/* rest: id, and an emoji (any text). "-": that one was there before. */
static enum sj_status fuzz_mark(struct ground *g, char what, const char *peer, char *rest, sj_op op,
                                struct sj_error *err)
{
    char *emoji = strchr(rest, ' ');
    const char *set[1];
    struct sj_mark m = { .kind = what == 'R' ? SJ_MARK_RETRACTED : SJ_MARK_REACTIONS,
                         .peer = peer, .in_room = irc_backend_rooms.is_room(g->net, peer),
                         .target = rest, .target_own = true };

    if (emoji)
        *emoji++ = '\0';
    set[0] = emoji && strlen(emoji) <= SJ_REACTION_MAX ? emoji : "x";
    m.reactions = m.before = set;
    m.n_reactions = what != '-';
    m.n_before = what == '-';
    return irc_backend.send_mark(g->link, &m, op, err);
}

static void fuzz_user(struct ground *g, char *s)
{
    char what = strchr("!?%", *s) && s[1] ? s[1] : 0;
    char *name = s + (what ? 2 : 1);
    char *rest = strchr(name, ' ');
    char room[SJ_ID_MAX + 1];
    sj_op op = g->next_op++;
    enum sj_status status = SJ_INVALID;
    struct sj_error err = { .status = SJ_OK };

    if (rest)
        *rest++ = '\0';
    else
        rest = name + strlen(name);
    sj_copy(room, sizeof room, name);
    if (!is_clean(rest) || !canonical(g, room, sizeof room))
        return;
    const struct sj_message msg = { .peer = room, .in_room = true, .body = rest };
    switch (*s) {
    case '+':
        status = irc_backend_rooms.join(g->link, room, "me", *rest ? rest : NULL, op, &err);
        break;
    case '-':
        status = irc_backend_rooms.leave(g->link, room, rest, op, &err);
        break;
    case '*':
        status = irc_backend_rooms.set_nick(g->link, "#a", room, op, &err);
        break;
    case '=':
        status = irc_backend_rooms.set_subject(g->link, room, rest, op, &err);
        break;
    case '&':
        status = irc_backend_rooms.invite(g->link, room, rest, NULL, op, &err);
        break;
    case '^':
        irc_backend.set_typing(g->link, room, (enum sj_typing)(strlen(rest) % 3));
        break;
    case '%':
        status = fuzz_mark(g, what, room, rest, op, &err);
        break;
    case '!':
        fuzz_change(g, what, room, rest, op, &status, &err);
        break;
    case '?':
        status = fuzz_ask(g, what, room, rest, op, &err);
        break;
    default:
        if (*rest)
            status = irc_backend.send_message(g->link, &msg, op, &err);
        break;
    }
    g->owed[op] = status == SJ_OK;
}

static void fuzz_line(struct ground *g, char *s, size_t n)
{
    char own[512];

    if (*s && strchr("+-*=>!?&%^", *s)) {
        if (g->next_op >= GROUND_OPS_MAX - 1)
            return;
        g->in_operation = true;
        fuzz_user(g, s);
        g->in_operation = false;
    } else if (*s == '~') {
        sj_loop_test_advance(g->loop, 61000);
    } else if (*s == '$' && n < 400 && irc_link_of(g->link)->nick) {
        (void)snprintf(own, sizeof own, ":%s!u@h %s", irc_link_of(g->link)->nick, s + 1);
        ground_server(g, own);
    } else {
        irc_link_line(irc_link_of(g->link), s, n);
    }
    sj_loop_turn(g->loop, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sj_host host = ground_host();
    struct fuzz f;
    struct seen_room *r;

    if (size < 2 || size > 1 << 16)
        return 0;
    host.message = on_message;
    host.rooms = &fuzz_rooms;
    ground_begin(&f.ground, data[0]);
    sj_map_init(&f.rooms);
    if (!(data[0] & START_PACED))
        f.ground.net->send_rate_ms = 0;
    fuzz_link(&f.ground, &host, data[0]);
    ground_lines(&f.ground, data + 1, size - 1, fuzz_line);
    ground_end(&f.ground, data[0] & START_ENDS);
    for (uint32_t at = 0; (r = sj_map_next(&f.rooms, &at)); at = 0)
        room_forget(&f, r);
    sj_map_release(&f.rooms);
    return 0;
}
