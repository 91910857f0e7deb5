/* SPDX-License-Identifier: MPL-2.0 */
/* The XMPP server: the component port (XEP-0114) and its users, each with one resource /r. It
 * does what a server and a patient client would: approves the gateway's subscription and asks for
 * its own, answers probes, pings (XEP-0199) and disco (XEP-0030), and hands every message body to
 * the account of messages. */
#include <openssl/sha.h>
#include <string.h>

#include "world.h"

#define STREAM_ID "bench-stream"
#define PING_NS "urn:xmpp:ping"
#define DISCO_NS "http://jabber.org/protocol/disco#info"
#define REGISTER_ID "reg-"
#define CONFIGURE_ID "cfg-"
#define SUBMIT_ID "sub-"

static void put(struct world *w, const char *s)
{
    wire_puts(w->component, s);
}

static void put_slice(struct world *w, struct slice s)
{
    if (s.p)
        wire_put(w->component, s.p, s.n);
}

static void put_number(struct world *w, uint64_t number)
{
    struct text t = {0};

    text_addu(&t, number);
    wire_put(w->component, t.p, t.n);
    text_free(&t);
}

static void put_bare(struct world *w, uint32_t user)
{
    put(w, "u");
    put_number(w, user);
    put(w, "@" USER_DOMAIN);
}

/* Index of the user in "u12@bench.test[/...]", or WIRE_NOBODY. */
static uint32_t user_parse(struct slice jid)
{
    const char domain[] = "@" USER_DOMAIN;
    size_t n = sizeof domain - 1;
    size_t used;
    uint64_t number;

    if (!jid.p || jid.n < 2 || jid.p[0] != 'u')
        return WIRE_NOBODY;
    number = number_parse(jid.p + 1, jid.n - 1, &used);
    if (used == 0 || jid.n < 1 + used + n || memcmp(jid.p + 1 + used, domain, n) != 0)
        return WIRE_NOBODY;
    if (jid.n > 1 + used + n && jid.p[1 + used + n] != '/')
        return WIRE_NOBODY;
    return number < USERS_MAX ? (uint32_t)number : WIRE_NOBODY;
}

/* Number of the contact in "peer3@irc.bench.test[/...]", or UINT32_MAX. */
static uint32_t peer_parse(struct slice jid)
{
    const char host[] = "@" GATEWAY_HOST;
    const char prefix[] = "peer";
    size_t n = sizeof prefix - 1;
    size_t used;
    uint64_t number;

    if (!jid.p || jid.n <= n || memcmp(jid.p, prefix, n) != 0)
        return UINT32_MAX;
    number = number_parse(jid.p + n, jid.n - n, &used);
    n += used;
    if (used == 0 || jid.n < n + sizeof host - 1 ||
        memcmp(jid.p + n, host, sizeof host - 1) != 0)
        return UINT32_MAX;
    return number < PEERS_MAX ? (uint32_t)number : UINT32_MAX;
}

/* Of the occupant in "#c1@irc.bench.test/peer3", or UINT32_MAX. */
static uint32_t occupant_parse(struct slice jid)
{
    const char *at = jid.n > 0 && jid.p[0] == '#' ? memmem(jid.p, jid.n, "/peer", 5) : NULL;
    uint64_t number;
    size_t used;

    if (!at)
        return UINT32_MAX;
    number = number_parse(at + 5, jid.n - (size_t)(at + 5 - jid.p), &used);
    return used > 0 && number < PEERS_MAX ? (uint32_t)number : UINT32_MAX;
}

static bool is_gateway(struct slice jid)
{
    return slice_is(jid, GATEWAY_HOST);
}

static void put_room(struct world *w, uint32_t user)
{
    put(w, "#c");
    put_number(w, user);
    put(w, "@" GATEWAY_HOST "/u");
    put_number(w, user);
}

void xmpp_room_enter(struct world *w, uint32_t user)
{
    put(w, "<presence from='");
    put_bare(w, user);
    put(w, "/r' to='");
    put_room(w, user);
    put(w, "'><x xmlns='http://jabber.org/protocol/muc'><history maxchars='0'/></x></presence>");
}

void xmpp_presence(struct world *w, uint32_t user, bool available)
{
    if (!w->component)
        return;
    if (available && w->manner == MANNER_ROOM) {
        xmpp_room_enter(w, user);
        return;
    }
    put(w, available ? "<presence from='" : "<presence type='unavailable' from='");
    put_bare(w, user);
    put(w, "/r' to='");
    if (w->manner == MANNER_ROOM)
        put_room(w, user);
    else
        put(w, GATEWAY_HOST);
    put(w, "'/>");
}

static void presence_typed(struct world *w, uint32_t user, const char *type, struct slice to)
{
    put(w, "<presence from='");
    put_bare(w, user);
    put(w, "' to='");
    put_slice(w, to);
    put(w, "' type='");
    put(w, type);
    put(w, "'/>");
}

void xmpp_contact_add(struct world *w, uint32_t user, uint32_t peer)
{
    put(w, "<presence from='");
    put_bare(w, user);
    put(w, "' to='peer");
    put_number(w, peer);
    put(w, "@" GATEWAY_HOST "' type='subscribe'/>");
}

static void iq_open(struct world *w, uint32_t user, const char *type, const char *id)
{
    put(w, "<iq from='");
    put_bare(w, user);
    put(w, "/r' to='" GATEWAY_HOST "' type='");
    put(w, type);
    put(w, "' id='");
    put(w, id);
    put_number(w, user);
    put(w, "'>");
}

void xmpp_register(struct world *w, uint32_t user)
{
    if (w->manner == MANNER_ROOM) {
        iq_open(w, user, "set", CONFIGURE_ID);
        put(w, "<command xmlns='http://jabber.org/protocol/commands' node='server-configure' "
               "action='execute'/></iq>");
        return;
    }
    iq_open(w, user, "set", REGISTER_ID);
    put(w, "<query xmlns='jabber:iq:register'><username>u");
    put_number(w, user);
    put(w, "</username></query></iq>");
}

/* biboumi's settings of this user: our port, no TLS, no throttle. */
static void configure_submit(struct world *w, uint32_t user, struct slice session)
{
    iq_open(w, user, "set", SUBMIT_ID);
    put(w, "<command xmlns='http://jabber.org/protocol/commands' node='server-configure' "
           "action='complete' sessionid='");
    put_slice(w, session);
    put(w, "'><x xmlns='jabber:x:data' type='submit'><field var='ports'><value>");
    put_number(w, w->irc_port);
    put(w, "</value></field><field var='tls_ports'/><field var='throttle_limit'>"
           "<value>-1</value></field></x></command></iq>");
}

void xmpp_message(struct world *w, uint32_t user, uint32_t peer, const char *token, size_t n,
                  const char *filler, size_t filler_n)
{
    struct text *t = &w->line;

    if (!w->component)
        return;
    t->n = 0;
    text_adds(t, "<message type='chat' id='");
    text_add(t, token, n - 1);
    text_adds(t, "' from='u");
    text_addu(t, user);
    text_adds(t, "@" USER_DOMAIN "/r' to='peer");
    text_addu(t, peer);
    text_adds(t, "@" GATEWAY_HOST "'><body>");
    text_add(t, token, n);
    text_add(t, filler, filler_n);
    text_adds(t, "</body></message>");
    wire_put(w->component, t->p, t->n);
}

static void contact_came(struct world *w, uint32_t user)
{
    if (w->users[user].contacts_on < w->contacts) {
        w->users[user].contacts_on++;
        w->n_contacts_on++;
    }
}

static void available_handle(struct world *w, const struct stanza *s, uint32_t user)
{
    bool room = w->manner == MANNER_ROOM && s->from.p && s->from.p[0] == '#';

    if (room ? slice_has(s->all, "110") : is_gateway(s->from))
        users_mark_online(w, user, w->users[user].irc != NULL);
    else if (peer_parse(s->from) != UINT32_MAX)
        contact_came(w, user);
}

static void subscribe_handle(struct world *w, const struct stanza *s, uint32_t user)
{
    struct user *u = &w->users[user];

    presence_typed(w, user, "subscribed", s->from);
    if (!is_gateway(s->from))
        return;
    if (!u->asked) {
        u->asked = true;
        presence_typed(w, user, "subscribe", s->from);
    }
    if (u->present)
        xmpp_presence(w, user, true);
}

static void handle_presence(struct world *w, const struct stanza *s)
{
    uint32_t user = user_parse(s->to);

    if (user == WIRE_NOBODY || slice_is(s->type, "error")) {
        world_error(w, s->all.p, s->all.n);
        return;
    }
    if (!s->type.p)
        available_handle(w, s, user);
    else if (slice_is(s->type, "subscribe"))
        subscribe_handle(w, s, user);
    else if (slice_is(s->type, "probe"))
        xmpp_presence(w, user, w->users[user].present);
    else if (slice_is(s->type, "unavailable") &&
             (w->manner == MANNER_ROOM || is_gateway(s->from)))
        users_mark_online(w, user, false);
}

static void user_registered(struct world *w, uint32_t user)
{
    if (user != WIRE_NOBODY && !w->users[user].registered) {
        w->users[user].registered = true;
        w->n_registered++;
    }
}

static bool slice_starts(struct slice s, const char *prefix)
{
    return s.p && s.n >= strlen(prefix) && memcmp(s.p, prefix, strlen(prefix)) == 0;
}

/* sessionid of a command's answer (biboumi writes attributes in either kind of quotes). */
static struct slice session_find(const struct stanza *s)
{
    const char *at = memmem(s->all.p, s->all.n, "sessionid=", 10);
    const char *end = s->all.p + s->all.n;
    const char *close;

    if (!at || end - at < 12)
        return (struct slice){0};
    at += 11;
    close = memchr(at, at[-1], (size_t)(end - at));
    return close ? (struct slice){at, (size_t)(close - at)} : (struct slice){0};
}

static void iq_answer(struct world *w, const struct stanza *s)
{
    bool ping = slice_has(s->all, PING_NS);
    bool disco = slice_has(s->all, DISCO_NS);

    put(w, ping || disco ? "<iq type='result' from='" : "<iq type='error' from='");
    put_slice(w, s->to);
    put(w, "' to='");
    put_slice(w, s->from);
    put(w, "' id='");
    put_slice(w, s->id);
    if (ping)
        put(w, "'/>");
    else if (disco)
        put(w, "'><query xmlns='" DISCO_NS "'><identity category='client' type='pc'/>"
               "<feature var='" DISCO_NS "'/></query></iq>");
    else
        put(w, "'><error type='cancel'><service-unavailable "
               "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
}

static void handle_iq(struct world *w, const struct stanza *s)
{
    if (slice_is(s->type, "get") || slice_is(s->type, "set"))
        iq_answer(w, s);
    else if (slice_is(s->type, "error"))
        world_error(w, s->all.p, s->all.n);
    else if (slice_starts(s->id, REGISTER_ID) || slice_starts(s->id, SUBMIT_ID))
        user_registered(w, user_parse(s->to));
    else if (slice_starts(s->id, CONFIGURE_ID) && user_parse(s->to) != WIRE_NOBODY)
        configure_submit(w, user_parse(s->to), session_find(s));
}

static void handle_message(struct world *w, const struct stanza *s)
{
    uint32_t user, peer;
    struct slice body;

    if (slice_is(s->type, "error")) {
        if (!s->id.p || !traffic_refuse(&w->traffic[TO_IRC], s->id.p, s->id.n))
            world_error(w, s->all.p, s->all.n);
        else if (w->first_error[0] == '\0' && !w->refusals)
            world_error(w, s->all.p, s->all.n);
        return;
    }
    peer = peer_parse(s->from);
    if (peer == UINT32_MAX)
        peer = occupant_parse(s->from);
    if (peer == UINT32_MAX)
        return;                  /* the gateway's own words, a room's subject */
    user = user_parse(s->to);
    body = slice_text(s->all, "body");
    if (body.p)
        traffic_arrive(&w->traffic[TO_XMPP], user, peer, body.p, body.n);
}

static void handshake_check(struct world *w, struct wire *wire, const struct stanza *s)
{
    static const char hex[] = "0123456789abcdef";
    const char key[] = STREAM_ID COMPONENT_SECRET;
    unsigned char digest[SHA_DIGEST_LENGTH];
    char wanted[2 * SHA_DIGEST_LENGTH + 1] = "";
    struct slice given = slice_text(s->all, "handshake");

    SHA1((const unsigned char *)key, sizeof key - 1, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        wanted[2 * i] = hex[digest[i] >> 4];
        wanted[2 * i + 1] = hex[digest[i] & 15];
    }
    if (!slice_is(given, wanted))
        die("the gateway's handshake is wrong");
    w->component = wire;
    put(w, "<handshake/>");
    wire_flush(wire);
    w->attached = true;
    w->attached_at = clock_now_ns();
}

static void stanza_handle(struct world *w, struct wire *wire, const struct stanza *s)
{
    if (slice_is(s->name, "handshake"))
        handshake_check(w, wire, s);
    else if (wire != w->component)
        die("the gateway spoke before its handshake");
    else if (slice_is(s->name, "message"))
        handle_message(w, s);
    else if (slice_is(s->name, "presence"))
        handle_presence(w, s);
    else if (slice_is(s->name, "iq"))
        handle_iq(w, s);
    else
        world_error(w, s->all.p, s->all.n);
}

static void stream_open(struct wire *wire)
{
    wire_puts(wire, "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
                    "xmlns:stream='http://etherx.jabber.org/streams' id='" STREAM_ID
                    "' from='" GATEWAY_HOST "'>");
    wire_flush(wire);
}

static void stream_close(struct world *w, struct wire *wire)
{
    wire_puts(wire, "</stream:stream>");
    wire_flush(wire);
    xmpp_closed(w, wire);
    wire_close(wire);
}

void xmpp_accepted(struct world *w, struct wire *wire)
{
    (void)w;
    (void)wire;
}

size_t xmpp_data(struct world *w, struct wire *wire, char *p, size_t n)
{
    size_t at = 0;

    while (at < n) {
        struct stanza s;
        size_t used;

        switch (scan_next(p + at, n - at, &used, &s)) {
        case SCAN_MORE:
            return at;
        case SCAN_HEADER:
            stream_open(wire);
            break;
        case SCAN_STANZA:
            stanza_handle(w, wire, &s);
            break;
        case SCAN_SPACE:
            break;
        case SCAN_END:
            stream_close(w, wire);
            return n;
        case SCAN_BAD:
            die("the gateway sent bytes between stanzas: %.*s", (int)(n - at < 80 ? n - at : 80),
                p + at);
        }
        at += used;
    }
    return at;
}

void xmpp_closed(struct world *w, struct wire *wire)
{
    if (w->component != wire)
        return;
    w->component = NULL;
    w->attached = false;
}
