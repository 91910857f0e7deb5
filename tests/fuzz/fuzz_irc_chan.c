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
#include <stdlib.h>
#include <string.h>

#include "irc.h"
#include "irc_chan.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OPS_MAX 4096

enum start {
    START_CAPS = 1u << 0,
    START_RANKS = 1u << 1,
    START_WHOX = 1u << 2,
    START_ASCII = 1u << 3,
    START_PACED = 1u << 4,
    START_ENDS = 1u << 5
};

struct fuzz {
    struct sj_loop *loop;
    struct sj_net *net;
    struct sj_link *link;
    struct sj_log log;
    bool in_operation, is_down;
    sj_op next_op;
    uint8_t owed[OPS_MAX];
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
    return SJ_CONTAINER(link->log, struct fuzz, log);
}

static void check_call(const struct sj_link *link)
{
    assert(!fuzz_of(link)->in_operation);
    assert(!fuzz_of(link)->is_down);
}

static void check_text(const char *s, size_t max, bool may_have_lines)
{
    size_t n = strlen(s);

    assert(n <= max);
    assert(sj_utf8_valid(s, n));
    for (size_t i = 0; i < n; i++)
        assert((unsigned char)s[i] >= 0x20 || (may_have_lines && strchr("\t\n", s[i])));
}

static void check_id(const struct sj_link *link, const char *id)
{
    struct sj_strbuf out;
    struct sj_error err;

    check_text(id, SJ_ID_MAX, false);
    sj_strbuf_init(&out, SJ_ID_MAX);
    assert(irc_backend.id_canon(&out, link->net, link, id, &err) == SJ_OK);
    assert(strcmp(out.s, id) == 0);
    sj_strbuf_release(&out);
}

static struct seen_room *room_of(struct sj_link *link, const char *id)
{
    check_call(link);
    check_id(link, id);
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

static void on_state(struct sj_link *link, enum sj_link_state state, enum sj_end end,
                     const struct sj_error *why)
{
    check_call(link);
    assert(end < SJ_END_COUNT);
    if (why)
        check_text(why->text, SJ_ERROR_TEXT_MAX, true);
    fuzz_of(link)->is_down = state == SJ_LINK_DOWN;
}

static void on_op_done(struct sj_link *link, sj_op op, const struct sj_error *err)
{
    struct fuzz *f = fuzz_of(link);

    check_call(link);
    assert(op && op < f->next_op && f->owed[op] == 1);
    f->owed[op] = 2;
    if (err) {
        assert(err->status != SJ_OK);
        check_text(err->text, SJ_ERROR_TEXT_MAX, true);
    }
}

static void on_message(struct sj_link *link, const struct sj_message *m)
{
    check_call(link);
    check_id(link, m->peer);
    assert(*m->body);
    check_text(m->body, SJ_BODY_MAX, true);
    if (m->id)
        check_text(m->id, SJ_ID_MAX, true);
    if (!m->in_room)
        return;
    room_entered(link, m->peer);
    assert(!m->nick || *m->nick);
    assert(!m->echo || fuzz_of(link)->owed[m->echo] == 1);
}

static void on_contact(struct sj_link *link, const struct sj_contact *c)
{
    check_call(link);
    check_id(link, c->id);
}

static void on_notice(struct sj_link *link, const char *text)
{
    check_call(link);
    check_text(text, SJ_BODY_MAX, true);
}

static void on_self(struct sj_link *link, const char *id)
{
    check_call(link);
    check_id(link, id);
}

static void on_mark(struct sj_link *link, const struct sj_mark *m)
{
    check_call(link);
    check_id(link, m->peer);
    check_text(m->target, SJ_ID_MAX, false);
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
        check_text(e->actor, SJ_NICK_MAX, false);
    if (e->reason)
        check_text(e->reason, SJ_REASON_MAX, true);
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
    check_text(o->nick, SJ_NICK_MAX, false);
    if (o->id)
        check_id(link, o->id);
    if (o->account)
        check_text(o->account, SJ_ID_MAX, true);
    if (o->status)
        check_text(o->status, SJ_STATUS_MAX, true);
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

    check_text(to, SJ_NICK_MAX, false);
    nick_remove(r, nick);
    assert(!sj_map_find(&r->nicks, to));
    nick_add(r, to);
}

static void on_room(struct sj_link *link, const struct sj_room *room)
{
    (void)room_of(link, room->id);
    assert(!(room->flags & ~room->known));
    if (room->description)
        check_text(room->description, SJ_SUBJECT_MAX, true);
}

static void on_subject(struct sj_link *link, const char *room, const char *nick, const char *text,
                       sj_msec set_at)
{
    (void)room_of(link, room);
    assert(set_at >= 0);
    if (nick)
        check_text(nick, SJ_NICK_MAX, false);
    check_text(text, SJ_SUBJECT_MAX, true);
}

static void on_invited(struct sj_link *link, const char *room, const char *by, const char *reason,
                       const char *password)
{
    (void)reason;
    (void)password;
    (void)room_of(link, room);
    if (by)
        check_id(link, by);
}

static void on_typing(struct sj_link *link, const char *room, const char *nick, enum sj_typing t)
{
    (void)t;
    (void)room_entered(link, room);
    check_text(nick, SJ_NICK_MAX, false);
}

static void on_contact_typing(struct sj_link *link, const char *id, enum sj_typing t)
{
    (void)t;
    check_call(link);
    check_id(link, id);
}

static void on_message_id(struct sj_link *link, sj_op op, const char *id)
{
    check_call(link);
    assert(fuzz_of(link)->owed[op] == 1);
    assert(*id);
    check_text(id, SJ_ID_MAX, false);
}

static void on_lacks(struct sj_link *link, uint32_t caps)
{
    check_call(link);
    assert(!(caps & ~(SJ_CAPS_OF_CONTACT & irc_backend.caps)));
}

static void on_listed(struct sj_link *link, sj_op op, const struct sj_room *room)
{
    assert(fuzz_of(link)->owed[op] == 1);
    on_room(link, room);
}

static void on_affiliate(struct sj_link *link, sj_op op, const struct sj_affiliate *a)
{
    check_call(link);
    assert(fuzz_of(link)->owed[op] == 1);
    assert(*a->id);
    check_text(a->id, SJ_ID_MAX, true);
}

static void on_past(struct sj_link *link, sj_op op, const struct sj_message *m)
{
    check_call(link);
    assert(fuzz_of(link)->owed[op] == 1);
    check_id(link, m->peer);
    check_text(m->body, SJ_BODY_MAX, true);
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

static void on_profile(struct sj_link *link, sj_op op, const struct sj_profile *p)
{
    check_call(link);
    assert(fuzz_of(link)->owed[op] == 1 && p->n_facts <= SJ_FACTS_MAX);
    for (size_t i = 0; i < SJ_PROFILE_COUNT; i++)
        check_text(p->value[i] ? p->value[i] : "", SJ_PROFILE_VALUE_MAX, true);
    for (size_t i = 0; i < p->n_facts; i++)
        check_text(p->facts[i].value, SJ_PROFILE_VALUE_MAX, true);
}
static void on_raw(struct sj_link *link, sj_op op, const char *line)
{
    (void)op;
    check_call(link);
    check_text(line, SJ_RAW_MAX, true);
    assert(!strchr(line, '\n'));
}

static void on_position(struct sj_link *l, const char *position)
{
    (void)l;
    assert(*position && strlen(position) <= SJ_POSITION_MAX);
}

static const struct sj_host fuzz_host = {
    .position = on_position,
    .link_state = on_state,
    .op_done = on_op_done,
    .message = on_message,
    .contact = on_contact,
    .notice = on_notice,
    .raw = on_raw,
    .profile = on_profile,
    .self = on_self,
    .mark = on_mark,
    .typing = on_contact_typing,
    .lacks = on_lacks,
    .message_id = on_message_id,
    .rooms = &fuzz_rooms,
};

static void no_log(enum sj_log_level level, const char *line, void *ctx)
{
    (void)level;
    (void)line;
    (void)ctx;
}

/* ---- the link ---- */

static void fuzz_net(struct fuzz *f, unsigned start)
{
    struct sj_value values[IRC_OPTIONS] = { 0 };
    struct sj_values table = { irc_options, values, IRC_OPTIONS };

    for (size_t i = 0; i < IRC_OPTIONS; i++) {
        values[i].text = irc_options[i].fallback;
        if (irc_options[i].kind == SJ_OPTION_INT && irc_options[i].fallback)
            values[i].number = strtol(irc_options[i].fallback, NULL, 10);
        if (irc_options[i].kind == SJ_OPTION_DURATION && irc_options[i].fallback)
            values[i].number = strtol(irc_options[i].fallback, NULL, 10) * 1000;
        if (irc_options[i].required)
            values[i].text = "127.0.0.1";
    }
    if (irc_backend.net_new(&f->net, f->loop, &f->log, &table, NULL) != SJ_OK)
        abort();
    if (!(start & START_PACED))
        f->net->send_rate_ms = 0;
}

static void from_server(struct fuzz *f, const char *text)
{
    char *line = sj_strdup(text);

    irc_link_line(irc_link_of(f->link), line, strlen(line));
    sj_free(line);
}

static void fuzz_link(struct fuzz *f, unsigned start)
{
    const char *values[IRC_FIELDS] = { "me" };
    const struct sj_account account = { values, IRC_FIELDS };
    const struct sj_link base = {
        .backend = &irc_backend, .host = &fuzz_host, .session = 1, .net = f->net,
        .loop = f->loop, .log = &f->log,
    };

    f->link = irc_backend.link_new(&base, &account, NULL, 0);
    struct irc_link *l = irc_link_of(f->link);
    irc_link_enter(l, IRC_CONNECTING);
    irc_link_enter(l, IRC_LOGIN);
    from_server(f, ":s 001 me :Welcome me!u@h");
    if (start & START_RANKS)
        from_server(f, ":s 005 me PREFIX=(qaohv)~&@%+ CHANMODES=beI,k,l,imnpst STATUSMSG=@+ "
                       "INVEX MODES=2 ELIST=MU BOT=B KICKLEN=9 TOPICLEN=30 CHANNELLEN=30 :are");
    if (start & START_WHOX)
        from_server(f, ":s 005 me WHOX :are");
    if (start & START_ASCII)
        from_server(f, ":s 005 me CASEMAPPING=ascii :are");
    if (start & START_CAPS)
        l->caps = (uint32_t)((UINT64_C(1) << IRC_CAP_COUNT) - 1);
    from_server(f, ":s 422 me :no motd");
}

/* ---- the user ---- */

static void fuzz_change(struct fuzz *f, char what, const char *room, const char *rest, sj_op op,
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
    *status = irc_backend_rooms.change(f->link, room, &c, 1, op, err);
}

static enum sj_status fuzz_ask(struct fuzz *f, char what, const char *room, const char *rest,
                               sj_op op, struct sj_error *err)
{
    switch (what) {
    case 'b':
        return irc_backend_rooms.affiliates(f->link, room, SJ_AFFILIATION_OUTCAST, op, err);
    case 'm':
        return irc_backend_rooms.affiliates(f->link, room, SJ_AFFILIATION_MEMBER, op, err);
    case 'o':
        return irc_backend_rooms.affiliates(f->link, room, SJ_AFFILIATION_OWNER, op, err);
    case 'h':
        return irc_backend_rooms.history(f->link, room, *rest ? rest : NULL, NULL, 5, op, err);
    case 'w':
        return irc_backend.profile_get(f->link, room, op, err);
    case 'l':
        return irc_backend_rooms.look(f->link, room, op, err);
    default:
        return irc_backend_rooms.list(f->link, rest, 3, op, err);
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
static bool canonical(struct fuzz *f, char *room, size_t size)
{
    struct sj_strbuf id;
    bool ok;

    sj_strbuf_init(&id, SJ_ID_MAX);
    ok = sj_utf8_valid(room, strlen(room)) &&
         irc_backend.id_canon(&id, f->net, f->link, room, NULL) == SJ_OK && id.len < size;
    if (ok)
        memcpy(room, id.s, id.len + 1);
    sj_strbuf_release(&id);
    return ok;
}

/* rest: id, and an emoji (any text). "-": that one was there before. */
static enum sj_status fuzz_mark(struct fuzz *f, char what, const char *peer, char *rest, sj_op op,
                                struct sj_error *err)
{
    char *emoji = strchr(rest, ' ');
    const char *set[1];
    struct sj_mark m = { .kind = what == 'R' ? SJ_MARK_RETRACTED : SJ_MARK_REACTIONS,
                         .peer = peer, .in_room = irc_backend_rooms.is_room(f->net, peer),
                         .target = rest, .target_own = true };

    if (emoji)
        *emoji++ = '\0';
    set[0] = emoji && strlen(emoji) <= SJ_REACTION_MAX ? emoji : "x";
    m.reactions = m.before = set;
    m.n_reactions = what != '-';
    m.n_before = what == '-';
    return irc_backend.send_mark(f->link, &m, op, err);
}

static void fuzz_user(struct fuzz *f, char *s)
{
    char what = strchr("!?%", *s) && s[1] ? s[1] : 0;
    char *name = s + (what ? 2 : 1);
    char *rest = strchr(name, ' ');
    char room[SJ_ID_MAX + 1];
    sj_op op = f->next_op++;
    enum sj_status status = SJ_INVALID;
    struct sj_error err = { .status = SJ_OK };

    if (rest)
        *rest++ = '\0';
    else
        rest = name + strlen(name);
    sj_copy(room, sizeof room, name);
    if (!is_clean(rest) || !canonical(f, room, sizeof room))
        return;
    const struct sj_message msg = { .peer = room, .in_room = true, .body = rest };
    switch (*s) {
    case '+':
        status = irc_backend_rooms.join(f->link, room, "me", *rest ? rest : NULL, op, &err);
        break;
    case '-':
        status = irc_backend_rooms.leave(f->link, room, rest, op, &err);
        break;
    case '*':
        status = irc_backend_rooms.set_nick(f->link, "#a", room, op, &err);
        break;
    case '=':
        status = irc_backend_rooms.set_subject(f->link, room, rest, op, &err);
        break;
    case '&':
        status = irc_backend_rooms.invite(f->link, room, rest, NULL, op, &err);
        break;
    case '^':
        irc_backend.set_typing(f->link, room, (enum sj_typing)(strlen(rest) % 3));
        break;
    case '%':
        status = fuzz_mark(f, what, room, rest, op, &err);
        break;
    case '!':
        fuzz_change(f, what, room, rest, op, &status, &err);
        break;
    case '?':
        status = fuzz_ask(f, what, room, rest, op, &err);
        break;
    default:
        if (*rest)
            status = irc_backend.send_message(f->link, &msg, op, &err);
        break;
    }
    f->owed[op] = status == SJ_OK;
}

static void fuzz_line(struct fuzz *f, char *s, size_t n)
{
    char own[512];

    if (*s && strchr("+-*=>!?&%^", *s)) {
        if (f->next_op >= OPS_MAX - 1)
            return;
        f->in_operation = true;
        fuzz_user(f, s);
        f->in_operation = false;
    } else if (*s == '~') {
        sj_loop_test_advance(f->loop, 61000);
    } else if (*s == '$' && n < 400 && irc_link_of(f->link)->nick) {
        (void)snprintf(own, sizeof own, ":%s!u@h %s", irc_link_of(f->link)->nick, s + 1);
        from_server(f, own);
    } else {
        irc_link_line(irc_link_of(f->link), s, n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz f = { .log = { .area = "irc" }, .next_op = 1 };
    struct seen_room *r;

    if (size < 2 || size > 1 << 16)
        return 0;
    sj_log_set_sink(no_log, NULL);
    sj_log_set_level(data[0] & 64 ? SJ_LOG_TRACE : SJ_LOG_INFO);
    f.loop = sj_loop_new();
    sj_map_init(&f.rooms);
    sj_loop_test_advance(f.loop, 1);
    fuzz_net(&f, data[0]);
    fuzz_link(&f, data[0]);
    for (size_t at = 1; at < size && !f.is_down;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t n = end ? (size_t)(end - data) - at : size - at;
        /* A buffer of just the right size: reading past the end is a fault that is seen. */
        char *line = sj_malloc(n + 1);
        memcpy(line, data + at, n);
        line[n] = '\0';
        fuzz_line(&f, line, n);
        sj_free(line);
        at += n + 1;
        sj_loop_turn(f.loop, 0);
    }
    if (!f.is_down && data[0] & START_ENDS)
        irc_link_end(irc_link_of(f.link), SJ_END_CLOSED, "end of input");
    for (sj_op op = 1; f.is_down && op < f.next_op; op++)
        assert(f.owed[op] != 1);
    irc_backend.link_free(&f.link);
    irc_backend.net_free(&f.net);
    sj_loop_free(&f.loop);
    for (uint32_t at = 0; (r = sj_map_next(&f.rooms, &at)); at = 0)
        room_forget(&f, r);
    sj_map_release(&f.rooms);
    return 0;
}
