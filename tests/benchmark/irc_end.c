/* SPDX-License-Identifier: MPL-2.0 */
/* The IRC server: lets everybody in, answers what clients ask, and hands every PRIVMSG to the
 * account of messages. RFC 2812 numerics; MONITOR, CAP 302 and labels as in the IRCv3
 * specifications. Channels exist only as far as a joiner sees them: each user is alone there. */
#include <string.h>

#include "world.h"

#define NICK_PREFIX 'u'
#define PEER_PREFIX "peer"
#define SERVER ":irc.test "
#define PARAMS_MAX 8u

/* struct wire.state */
enum {
    IRC_HAS_NICK = 1u << 0,
    IRC_HAS_USER = 1u << 1,
    IRC_IN_CAP = 1u << 2,
    IRC_WELCOMED = 1u << 3,
    IRC_CAP_SHIFT = 8
};

struct line {
    struct slice label, command, param[PARAMS_MAX];
    unsigned n;
};

static const struct {
    const char *name;
    uint32_t bit;
} caps[] = {{"server-time", CAP_TIME}, {"echo-message", CAP_ECHO}, {"labeled-response", CAP_LABEL},
            {"message-tags", CAP_TAGS}, {"batch", CAP_BATCH}};

static bool wire_has_cap(const struct wire *wire, uint32_t bit)
{
    return (wire->state >> IRC_CAP_SHIFT & bit) != 0;
}

static struct slice word_take(struct slice *rest)
{
    struct slice word = {rest->p, 0};
    const char *space = memchr(rest->p, ' ', rest->n);

    word.n = space ? (size_t)(space - rest->p) : rest->n;
    rest->p += word.n;
    rest->n -= word.n;
    while (rest->n > 0 && *rest->p == ' ') {
        rest->p++;
        rest->n--;
    }
    return word;
}

static struct line line_parse(const char *p, size_t n)
{
    struct slice rest = {p, n};
    struct line line = {0};

    if (n > 0 && *p == '@') {
        struct slice tags = word_take(&rest);
        const char *label = memmem(tags.p, tags.n, "label=", 6);

        if (label) {
            line.label = (struct slice){label + 6, (size_t)(tags.p + tags.n - label - 6)};
            const char *end = memchr(line.label.p, ';', line.label.n);
            if (end)
                line.label.n = (size_t)(end - line.label.p);
        }
    }
    if (rest.n > 0 && *rest.p == ':')
        word_take(&rest);
    line.command = word_take(&rest);
    while (rest.n > 0 && line.n < PARAMS_MAX) {
        if (*rest.p == ':' || line.n == PARAMS_MAX - 1) {
            size_t colon = *rest.p == ':';

            line.param[line.n++] = (struct slice){rest.p + colon, rest.n - colon};
            break;
        }
        line.param[line.n++] = word_take(&rest);
    }
    return line;
}

static uint32_t peer_parse(struct slice s)
{
    size_t n = sizeof PEER_PREFIX - 1;
    size_t used = 0;
    uint64_t number;

    if (s.n <= n || memcmp(s.p, PEER_PREFIX, n) != 0)
        return UINT32_MAX;
    number = number_parse(s.p + n, s.n - n, &used);
    return used == s.n - n && number < PEERS_MAX ? (uint32_t)number : UINT32_MAX;
}

static void put_slice(struct wire *wire, struct slice s)
{
    wire_put(wire, s.p, s.n);
}

static void put_nick(struct wire *wire)
{
    struct text t = {0};

    if (wire->user == WIRE_NOBODY) {
        wire_puts(wire, "*");
        return;
    }
    text_adds(&t, "u");
    text_addu(&t, wire->user);
    wire_put(wire, t.p, t.n);
    text_free(&t);
}

/* "[@label=x ]:irc.test 123 u5 TEXT" */
static void reply(struct wire *wire, const struct line *line, const char *numeric,
                  const char *text)
{
    if (line && line->label.p && wire_has_cap(wire, CAP_LABEL)) {
        wire_puts(wire, "@label=");
        put_slice(wire, line->label);
        wire_puts(wire, " ");
    }
    wire_puts(wire, SERVER);
    wire_puts(wire, numeric);
    wire_puts(wire, " ");
    put_nick(wire);
    wire_puts(wire, " ");
    wire_puts(wire, text);
    wire_puts(wire, "\r\n");
}

static void welcome(struct world *w, struct wire *wire)
{
    const uint32_t ready = IRC_HAS_NICK | IRC_HAS_USER;

    if ((wire->state & (ready | IRC_IN_CAP | IRC_WELCOMED)) != ready)
        return;
    wire->state |= IRC_WELCOMED;
    reply(wire, NULL, "001", ":Welcome to BenchNet");
    reply(wire, NULL, "002", ":Your host is irc.test");
    reply(wire, NULL, "003", ":This server was started a moment ago");
    reply(wire, NULL, "004", "irc.test bench-1 iowx bklmnopstv");
    reply(wire, NULL, "005",
          w->monitor ? "NETWORK=BenchNet CASEMAPPING=rfc1459 NICKLEN=30 CHANTYPES=# "
                       "PREFIX=(ov)@+ MONITOR=200 :are supported by this server"
                     : "NETWORK=BenchNet CASEMAPPING=rfc1459 NICKLEN=30 CHANTYPES=# "
                       "PREFIX=(ov)@+ :are supported by this server");
    reply(wire, NULL, "422", ":MOTD File is missing");
    w->users[wire->user].irc = wire;
}

static void handle_nick(struct world *w, struct wire *wire, const struct line *line)
{
    struct slice nick = line->n > 0 ? line->param[0] : (struct slice){"", 0};
    size_t used = 0;
    uint64_t number = 0;

    if (nick.n > 1 && nick.p[0] == NICK_PREFIX)
        number = number_parse(nick.p + 1, nick.n - 1, &used);
    if (used == 0 || used != nick.n - 1 || number >= USERS_MAX) {
        world_error(w, nick.p, nick.n);
        reply(wire, line, "432", "x :Erroneous nickname");
        return;
    }
    wire->user = (uint32_t)number;
    wire->state |= IRC_HAS_NICK;
    welcome(w, wire);
}

static void cap_list(struct world *w, struct wire *wire)
{
    wire_puts(wire, SERVER "CAP * LS :");
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++)
        if (w->caps_offered & caps[i].bit) {
            wire_puts(wire, caps[i].name);
            wire_puts(wire, " ");
        }
    wire_puts(wire, "\r\n");
}

static void cap_request(struct world *w, struct wire *wire, struct slice wanted)
{
    struct slice rest = wanted;
    uint32_t bits = 0;
    bool known = true;

    while (rest.n > 0) {
        struct slice word = word_take(&rest);
        uint32_t bit = 0;

        for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++)
            if (slice_is(word, caps[i].name))
                bit = caps[i].bit & w->caps_offered;
        known = known && bit != 0;
        bits |= bit;
    }
    if (known)
        wire->state |= bits << IRC_CAP_SHIFT;
    wire_puts(wire, known ? SERVER "CAP * ACK :" : SERVER "CAP * NAK :");
    put_slice(wire, wanted);
    wire_puts(wire, "\r\n");
}

static void handle_cap(struct world *w, struct wire *wire, const struct line *line)
{
    if (line->n == 0)
        return;
    if (slice_is(line->param[0], "END")) {
        wire->state &= ~(uint32_t)IRC_IN_CAP;
        welcome(w, wire);
        return;
    }
    if (!(wire->state & IRC_WELCOMED))
        wire->state |= IRC_IN_CAP;
    if (slice_is(line->param[0], "LS"))
        cap_list(w, wire);
    else if (slice_is(line->param[0], "REQ") && line->n > 1)
        cap_request(w, wire, line->param[1]);
}

static void message_echo(struct wire *wire, const struct line *line)
{
    bool label = line->label.p && wire_has_cap(wire, CAP_LABEL);
    bool time = wire_has_cap(wire, CAP_TIME);

    if (label || time)
        wire_puts(wire, "@");
    if (label) {
        wire_puts(wire, "label=");
        put_slice(wire, line->label);
    }
    if (time)
        wire_puts(wire, label ? ";time=2030-01-01T00:00:00.000Z" : "time=2030-01-01T00:00:00.000Z");
    wire_puts(wire, label || time ? " :" : ":");
    put_nick(wire);
    wire_puts(wire, "!u@bench.test PRIVMSG ");
    put_slice(wire, line->param[0]);
    wire_puts(wire, " :");
    put_slice(wire, line->param[1]);
    wire_puts(wire, "\r\n");
}

static void handle_privmsg(struct world *w, struct wire *wire, const struct line *line)
{
    if (line->n < 2)
        return;
    traffic_arrive(&w->traffic[TO_IRC], wire->user, peer_parse(line->param[0]), line->param[1].p,
                   line->param[1].n);
    if (wire_has_cap(wire, CAP_ECHO)) {
        message_echo(wire, line);
    } else if (line->label.p && wire_has_cap(wire, CAP_LABEL)) {
        wire_puts(wire, "@label=");
        put_slice(wire, line->label);
        wire_puts(wire, " " SERVER "ACK\r\n");
    }
}

static void handle_ping(struct wire *wire, const struct line *line)
{
    if (line->label.p && wire_has_cap(wire, CAP_LABEL)) {
        wire_puts(wire, "@label=");
        put_slice(wire, line->label);
        wire_puts(wire, " ");
    }
    wire_puts(wire, SERVER "PONG irc.test :");
    if (line->n > 0)
        put_slice(wire, line->param[0]);
    wire_puts(wire, "\r\n");
}

static void handle_ison(struct wire *wire, const struct line *line)
{
    wire_puts(wire, SERVER "303 ");
    put_nick(wire);
    wire_puts(wire, " :");
    for (unsigned i = 0; i < line->n; i++) {
        put_slice(wire, line->param[i]);
        wire_puts(wire, " ");
    }
    wire_puts(wire, "\r\n");
}

/* MONITOR + a,b,c: all of them are online. */
static void handle_monitor(struct wire *wire, const struct line *line)
{
    struct slice rest;
    bool first = true;

    if (line->n < 2 || !slice_is(line->param[0], "+"))
        return;
    rest = line->param[1];
    wire_puts(wire, SERVER "730 ");
    put_nick(wire);
    wire_puts(wire, " :");
    while (rest.n > 0) {
        const char *comma = memchr(rest.p, ',', rest.n);
        struct slice nick = {rest.p, comma ? (size_t)(comma - rest.p) : rest.n};

        wire_puts(wire, first ? "" : ",");
        put_slice(wire, nick);
        wire_puts(wire, "!p@bench.test");
        first = false;
        rest.p += nick.n + (comma != NULL);
        rest.n -= nick.n + (comma != NULL);
    }
    wire_puts(wire, "\r\n");
}

static void handle_join(struct wire *wire, const struct line *line)
{
    struct text t = {0};

    if (line->n == 0)
        return;
    wire_puts(wire, ":");
    put_nick(wire);
    wire_puts(wire, "!u@bench.test JOIN ");
    put_slice(wire, line->param[0]);
    wire_puts(wire, "\r\n");
    text_adds(&t, "= ");
    text_add(&t, line->param[0].p, line->param[0].n);
    text_adds(&t, " :@u");
    text_addu(&t, wire->user);
    text_add(&t, "", 1);
    reply(wire, line, "353", t.p);
    t.n = 0;
    text_add(&t, line->param[0].p, line->param[0].n);
    text_adds(&t, " :End of /NAMES list.");
    text_add(&t, "", 1);
    reply(wire, line, "366", t.p);
    text_free(&t);
}

static void handle_part(struct wire *wire, const struct line *line)
{
    if (line->n == 0)
        return;
    wire_puts(wire, ":");
    put_nick(wire);
    wire_puts(wire, "!u@bench.test PART ");
    put_slice(wire, line->param[0]);
    wire_puts(wire, "\r\n");
}

static void handle_userhost(struct wire *wire)
{
    wire_puts(wire, SERVER "302 ");
    put_nick(wire);
    wire_puts(wire, " :");
    put_nick(wire);
    wire_puts(wire, "=+u@bench.test\r\n");
}

static void handle_rest(struct world *w, struct wire *wire, const struct line *line)
{
    struct slice c = line->command;

    if (slice_is(c, "USERHOST")) {
        handle_userhost(wire);
    } else if (slice_is(c, "JOIN")) {
        handle_join(wire, line);
    } else if (slice_is(c, "PART")) {
        handle_part(wire, line);
    } else if (slice_is(c, "AWAY")) {
        reply(wire, line, line->n > 0 && line->param[0].n > 0 ? "306" : "305", ":Noted");
    } else if (slice_is(c, "MODE")) {
        if (line->n == 1)
            reply(wire, line, "324", "#x +n");
    } else if (slice_is(c, "WHO")) {
        reply(wire, line, "315", "* :End of /WHO list.");
    } else if (slice_is(c, "QUIT")) {
        wire_puts(wire, "ERROR :Closing link\r\n");
        wire_flush(wire);
        irc_closed(w, wire);
        wire_close(wire);
    } else if (!slice_is(c, "PASS") && !slice_is(c, "PONG") && !slice_is(c, "NOTICE")) {
        reply(wire, line, "421", "? :Unknown command");
    }
}

static void line_handle(struct world *w, struct wire *wire, const char *p, size_t n)
{
    struct line line = line_parse(p, n);
    struct slice c = line.command;

    if (slice_is(c, "PRIVMSG") && (wire->state & IRC_WELCOMED)) {
        handle_privmsg(w, wire, &line);
    } else if (slice_is(c, "PING")) {
        handle_ping(wire, &line);
    } else if (slice_is(c, "ISON")) {
        handle_ison(wire, &line);
    } else if (slice_is(c, "MONITOR")) {
        handle_monitor(wire, &line);
    } else if (slice_is(c, "CAP")) {
        handle_cap(w, wire, &line);
    } else if (slice_is(c, "NICK")) {
        handle_nick(w, wire, &line);
    } else if (slice_is(c, "USER")) {
        wire->state |= IRC_HAS_USER;
        welcome(w, wire);
    } else {
        handle_rest(w, wire, &line);
    }
}

void irc_accepted(struct world *w, struct wire *wire)
{
    (void)wire;
    w->n_irc++;
}

size_t irc_data(struct world *w, struct wire *wire, char *p, size_t n)
{
    size_t at = 0;

    while (at < n && !wire->dead) {
        char *end = memchr(p + at, '\n', n - at);
        size_t length;

        if (!end)
            break;
        length = (size_t)(end - p) - at;
        line_handle(w, wire, p + at, length > 0 && end[-1] == '\r' ? length - 1 : length);
        at = (size_t)(end - p) + 1;
    }
    return wire->dead ? n : at;
}

void irc_closed(struct world *w, struct wire *wire)
{
    w->n_irc--;
    if (wire->user != WIRE_NOBODY && w->users[wire->user].irc == wire) {
        w->users[wire->user].irc = NULL;
        users_mark_online(w, wire->user, false);
    }
}

void irc_message(struct world *w, uint32_t user, uint32_t peer, const char *token, size_t n,
                 const char *filler, size_t filler_n)
{
    struct wire *wire = w->users[user].irc;
    struct text *t = &w->line;

    if (!wire)
        return;
    t->n = 0;
    if (wire_has_cap(wire, CAP_TIME))
        text_adds(t, "@time=2030-01-01T00:00:00.000Z ");
    text_adds(t, ":" PEER_PREFIX);
    text_addu(t, peer);
    text_adds(t, w->in_rooms && user > 0 ? "!p@bench.test PRIVMSG #c" : "!p@bench.test PRIVMSG u");
    text_addu(t, user);
    text_adds(t, " :");
    text_add(t, token, n);
    text_add(t, filler, filler_n);
    text_adds(t, "\r\n");
    wire_put(wire, t->p, t->n);
}

void irc_ping(struct world *w, uint32_t user)
{
    if (w->users[user].irc)
        wire_puts(w->users[user].irc, "PING :irc.test\r\n");
}
