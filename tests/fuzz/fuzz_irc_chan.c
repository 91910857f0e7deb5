/* SPDX-License-Identifier: MPL-2.0 */
/* What an IRC server may send about channels to a link that is logged in, while its user does
 * things there.
 *
 * The first byte chooses what the server offers. Then each line is one from the server ("$" stands
 * for our own source), or one of these: "+#room key", "-#room reason", "*nick", "=#room subject",
 * ">#room text", "!K#room nick" (a change; K: k kick, b ban, u unban, e exception, o a v h s ranks,
 * p key, n limit, m modes), "?K#room" (K: b m o lists, l one room, L all, h past), "&#room nick"
 * invites, "%K#room id emoji" (a mark: R takes back, + and - react, r has read), "^#room xx"
 * (types), "~": a minute goes.
 * The ground keeps its own book of rooms and checks each call against it: who is told to be there,
 * and that nothing is told of rooms that were not entered. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "irc_chan.h"
#include "irc_ground.h"
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

static void fuzz_link(struct ground *g, unsigned start)
{
    irc_ground_link(g, "", NULL, 0);
    irc_ground_server(g, ":s 001 me :Welcome me!u@h");
    if (start & START_RANKS)
        irc_ground_server(g, ":s 005 me PREFIX=(qaohv)~&@%+ CHANMODES=beI,k,l,imnpst STATUSMSG=@+ "
                         "INVEX MODES=2 ELIST=MU BOT=B KICKLEN=9 TOPICLEN=30 CHANNELLEN=30 :are");
    if (start & START_WHOX)
        irc_ground_server(g, ":s 005 me WHOX :are");
    if (start & START_ASCII)
        irc_ground_server(g, ":s 005 me CASEMAPPING=ascii :are");
    if (start & START_CAPS)
        irc_link_of(g->link)->caps = (uint32_t)((UINT64_C(1) << IRC_CAP_COUNT) - 1);
    irc_ground_server(g, ":s 422 me :no motd");
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
    if (what == 'r')
        m.kind = SJ_MARK_DISPLAYED;
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
    if (!ground_is_clean(rest) || !ground_canonical(g, room, sizeof room))
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
        status = ground_change(g, what, room, rest, op, &err);
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
        irc_ground_server(g, own);
    } else {
        irc_link_line(irc_link_of(g->link), s, n);
    }
    sj_loop_turn(g->loop, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ground g;

    if (size < 2 || size > 1 << 16 || ground_holds(data, size, IRC_GROUND_SECRET))
        return 0;
    irc_ground_begin(&g, data[0], "");
    if (!(data[0] & START_PACED))
        g.net->send_rate_ms = 0;
    fuzz_link(&g, data[0]);
    ground_lines(&g, data + 1, size - 1, fuzz_line);
    irc_ground_end(&g, data[0] & START_ENDS);
    return 0;
}
