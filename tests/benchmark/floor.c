/* SPDX-License-Identifier: MPL-2.0 */
/* The floor: the least that any gateway must do for the same traffic. A component that logs users
 * in and relays bodies, without XML rules, storage, limits or checks. It shows how much of a
 * figure is the kernel's and the driver's share; it is no gateway. */
#include <openssl/sha.h>
#include <string.h>

#include "gateway.h"

#define STREAM_HEADER                                                                    \
    "<stream:stream xmlns='jabber:component:accept' "                                    \
    "xmlns:stream='http://etherx.jabber.org/streams' to='" GATEWAY_HOST "'>"

struct floor {
    struct loop *loop;
    struct wire *component;
    struct wire *irc[USERS_MAX];
    uint16_t irc_port;
    uint64_t faulty;             /* messages seen, when each FAULT_EVERY-th goes wrong; else 0 */
    struct text line;            /* being composed */
    struct text held;            /* a line that waits until the next fault, for user held_user */
    uint32_t held_user;
    bool over;
};

/* What goes wrong in turn, to prove that the driver's account notices. */
enum fault {
    FAULT_NONE, FAULT_LOSE, FAULT_DOUBLE, FAULT_MISROUTE, FAULT_CHANGE, FAULT_DELAY, FAULT_KINDS
};
#define FAULT_EVERY 1000u

static enum fault floor_fault(struct floor *f)
{
    if (f->faulty == 0 || f->faulty++ % FAULT_EVERY != 0)
        return FAULT_NONE;
    return (enum fault)(1 + f->faulty / FAULT_EVERY % (FAULT_KINDS - 1));
}

static uint32_t floor_user(struct slice jid)
{
    size_t used;
    uint64_t number = jid.n > 1 ? number_parse(jid.p + 1, jid.n - 1, &used) : USERS_MAX;

    return number < USERS_MAX ? (uint32_t)number : 0;
}

static void floor_number(struct wire *wire, uint64_t number)
{
    struct text t = {0};

    text_addu(&t, number);
    wire_put(wire, t.p, t.n);
    text_free(&t);
}

static void floor_handshake(struct floor *f, struct slice header)
{
    static const char hex[] = "0123456789abcdef";
    const char *id = memmem(header.p, header.n, " id='", 5);
    const char *end = id ? memchr(id + 5, '\'', header.n - (size_t)(id + 5 - header.p)) : NULL;
    unsigned char digest[SHA_DIGEST_LENGTH];
    struct text key = {0};

    if (!end)
        die("the floor met another server than the driver");
    text_add(&key, id + 5, (size_t)(end - id - 5));
    text_adds(&key, COMPONENT_SECRET);
    SHA1((const unsigned char *)key.p, key.n, digest);
    text_free(&key);
    wire_puts(f->component, "<handshake>");
    for (size_t i = 0; i < sizeof digest; i++) {
        wire_put(f->component, &hex[digest[i] >> 4], 1);
        wire_put(f->component, &hex[digest[i] & 15], 1);
    }
    wire_puts(f->component, "</handshake>");
}

static void floor_presence(struct floor *f, const struct stanza *s)
{
    uint32_t user = floor_user(s->from);

    if (!s->type.p && !f->irc[user]) {
        struct wire *irc = wire_connect(f->loop, END_IRC, f->irc_port);

        if (!irc)
            return;
        irc->user = user;
        f->irc[user] = irc;
        wire_puts(irc, "NICK u");
        floor_number(irc, user);
        wire_puts(irc, "\r\nUSER u 0 * :u\r\n");
    } else if (slice_is(s->type, "unavailable") && f->irc[user]) {
        wire_puts(f->irc[user], "QUIT\r\n");
    }
}

static void line_format(struct text *out, struct slice nick, struct slice body)
{
    text_adds(out, "PRIVMSG ");
    text_add(out, nick.p, nick.n);
    text_adds(out, " :");
    text_add(out, body.p, body.n);
    text_adds(out, "\r\n");
}

static void floor_message(struct floor *f, const struct stanza *s)
{
    struct slice body = slice_text(s->all, "body");
    uint32_t user = floor_user(s->from);
    const char *at = memchr(s->to.p, '@', s->to.n);
    enum fault fault = floor_fault(f);
    struct slice nick;

    if (fault != FAULT_NONE && f->held.n > 0 && f->irc[f->held_user]) {
        wire_put(f->irc[f->held_user], f->held.p, f->held.n);
        f->held.n = 0;
    }
    if (fault == FAULT_MISROUTE)
        user = user > 0 ? user - 1 : 1;
    if (!body.p || !at || !f->irc[user] || fault == FAULT_LOSE)
        return;
    if (fault == FAULT_CHANGE)
        body.n--;
    nick = (struct slice){s->to.p, (size_t)(at - s->to.p)};
    if (fault == FAULT_DELAY) {
        f->held_user = user;
        line_format(&f->held, nick, body);
        return;
    }
    for (int copies = fault == FAULT_DOUBLE ? 2 : 1; copies > 0; copies--) {
        f->line.n = 0;
        line_format(&f->line, nick, body);
        wire_put(f->irc[user], f->line.p, f->line.n);
    }
}

static void floor_stanza(struct floor *f, const struct stanza *s)
{
    if (slice_is(s->name, "message")) {
        floor_message(f, s);
    } else if (slice_is(s->name, "presence")) {
        floor_presence(f, s);
    } else if (slice_is(s->name, "iq") && slice_is(s->type, "set")) {
        wire_puts(f->component, "<iq type='result' from='" GATEWAY_HOST "' to='");
        wire_put(f->component, s->from.p, s->from.n);
        wire_puts(f->component, "' id='");
        wire_put(f->component, s->id.p, s->id.n);
        wire_puts(f->component, "'/>");
    }
}

static size_t floor_xmpp(struct floor *f, const char *p, size_t n)
{
    size_t at = 0;

    while (at < n) {
        struct stanza s;
        size_t used;
        enum scan_kind kind = scan_next(p + at, n - at, &used, &s);

        if (kind == SCAN_MORE)
            break;
        if (kind == SCAN_HEADER)
            floor_handshake(f, s.all);
        else if (kind == SCAN_STANZA)
            floor_stanza(f, &s);
        at += used;
    }
    return at;
}

static void floor_line(struct floor *f, struct wire *irc, const char *p, size_t n)
{
    const char *text = memmem(p, n, " :", 2);
    const char *nick_end = memchr(p, '!', n);

    if (memmem(p, n, " PRIVMSG ", 9) && text && nick_end) {
        wire_puts(f->component, "<message type='chat' from='");
        wire_put(f->component, p + 1, (size_t)(nick_end - p) - 1);
        wire_puts(f->component, "@" GATEWAY_HOST "' to='u");
        floor_number(f->component, irc->user);
        wire_puts(f->component, "@" USER_DOMAIN "'><body>");
        wire_put(f->component, text + 2, n - (size_t)(text - p) - 2);
        wire_puts(f->component, "</body></message>");
    } else if (n > 5 && memcmp(p, "PING ", 5) == 0) {
        wire_puts(irc, "PONG ");
        wire_put(irc, p + 5, n - 5);
        wire_puts(irc, "\r\n");
    } else if (memmem(p, n, " 001 ", 5)) {
        wire_puts(f->component, "<presence from='" GATEWAY_HOST "' to='u");
        floor_number(f->component, irc->user);
        wire_puts(f->component, "@" USER_DOMAIN "'/>");
    }
}

static size_t floor_data(void *ctx, struct wire *wire, char *p, size_t n)
{
    struct floor *f = ctx;
    size_t at = 0;

    if (wire->end == END_XMPP)
        return floor_xmpp(f, p, n);
    while (at < n) {
        char *end = memchr(p + at, '\n', n - at);

        if (!end)
            break;
        if (end - p > (ptrdiff_t)at)
            floor_line(f, wire, p + at, (size_t)(end - p) - at - 1);
        at = (size_t)(end - p) + 1;
    }
    return at;
}

static void floor_closed(void *ctx, struct wire *wire)
{
    struct floor *f = ctx;

    if (wire->end == END_XMPP)
        f->over = true;
    else
        f->irc[wire->user] = NULL;
}

int floor_run(uint16_t xmpp_port, uint16_t irc_port, bool faulty)
{
    static const struct loop_handler handler = {.data = floor_data, .closed = floor_closed};
    struct floor *f = mem_zeroed(1, sizeof *f);

    f->loop = loop_new(&handler, f);
    f->irc_port = irc_port;
    f->faulty = faulty ? 1 : 0;
    f->component = wire_connect(f->loop, END_XMPP, xmpp_port);
    if (!f->component)
        die("the floor cannot reach the driver");
    wire_puts(f->component, STREAM_HEADER);
    while (!f->over)
        loop_turn(f->loop, clock_now_ns() + 3600 * SECOND_NS);
    return 0;
}
