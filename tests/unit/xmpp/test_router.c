/* SPDX-License-Identifier: MPL-2.0 */
/* The promise of the router: every request is answered exactly once, and nothing else is. */
#include <criterion/criterion.h>

#include "peer.h"
#include "router.h"

static struct peer *p;

static void setup(void)
{
    p = peer_new(1);
    p->form = (struct xmpp_form_out){.n = 1, .field = {{.var = "username", .label = "u"}}};
    peer_start(p);
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(router, .init = setup, .fini = teardown);

static const char *const targets[] = {
    "irc0.example.org",
    "irc0.example.org/x",
    "bob@irc0.example.org",
    "bob@irc0.example.org/x",
    "\\20bad@irc0.example.org",
    "d\\27artagnan@irc0.example.org",
};
static const char *const names[] = {"query", "metadata", "vCard", "ping", "time", "garbage"};
static const char *const contents[] = {
    "",
    "<x xmlns='jabber:x:data' type='submit'/>",
    "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'/></x>",
    "<remove/>",
    "<username/><password>x</password>",
    "<prompt>bob</prompt>",
    "<prompt/>",
    "text<a/>text<b xmlns='urn:b'/>",
};
static const char *const namespaces[] = {
    "http://jabber.org/protocol/disco#info",
    "http://jabber.org/protocol/disco#items",
    "http://jabber.org/protocol/muc#admin",
    "http://jabber.org/protocol/muc#owner",
    "jabber:iq:register",
    "jabber:iq:gateway",
    "vcard-temp",
    "urn:xmpp:ping",
    "jabber:iq:version",
    "urn:xmpp:time",
    "jabber:iq:last",
    "jabber:iq:private",
    "urn:xmpp:mam:2",
    "",
};
#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Requests that are said together, and what must come back for each. */
struct batch {
    struct sj_strbuf text;
    struct sj_strbuf expected[1024];
    size_t n;
};

static void batch_add(struct batch *b, const char *type, const char *to, const char *payload)
{
    static unsigned number;
    number++;
    sj_strbuf_addf(&b->text, "<iq type='%s' id='n%u' from='r@m.lit/o' to='%s'>%s</iq>", type,
                   number, to, payload);
    sj_strbuf_init(&b->expected[b->n], 1024);
    sj_strbuf_addf(&b->expected[b->n++], "<iq from='%s' id='n%u' to='r@m.lit/o' type='*", to,
                   number);
}

/* Answers come in the order of the requests: nothing here waits. */
static void batch_run(struct batch *b)
{
    peer_say(p, 0, b->text.s);
    for (size_t i = 0; i < b->n; i++) {
        char *got = peer_next(p, 0);
        cr_assert(got != NULL && peer_match(b->expected[i].s, got) &&
                      (strstr(got, "type='result'") || strstr(got, "type='error'")),
                  "%s: %s", b->expected[i].s, got != NULL ? got : "nothing");
        free(got);
        sj_strbuf_release(&b->expected[i]);
    }
    peer_expect_nothing(p);
    while (p->heard.first != p->heard.end)
        free(p->heard.line[p->heard.first++]);
    p->heard.first = p->heard.end = 0;
    sj_strbuf_release(&b->text);
    b->n = 0;
}

static void ask_all(const char *type, const char *to)
{
    static struct batch b;
    sj_strbuf_init(&b.text, 16 << 20);
    for (size_t ns = 0; ns < COUNT(namespaces); ns++)
        for (size_t name = 0; name < COUNT(names); name++)
            for (size_t c = 0; c < COUNT(contents); c++) {
                char payload[1024];
                snprintf(payload, sizeof payload, "<%s xmlns='%s'>%s</%s>", names[name],
                         namespaces[ns], contents[c], names[name]);
                batch_add(&b, type, to, payload);
            }
    batch_run(&b);
}

/* G030-01, G030-14, R6120-01, R6120-09. */
Test(router, answers_every_request_once)
{
    p->answer_at_once = true;
    for (size_t t = 0; t < COUNT(targets); t++) {
        ask_all("get", targets[t]);
        ask_all("set", targets[t]);
    }
}

/* R6120-01, G045-95, G045-97. */
Test(router, answers_every_request_to_rooms_and_occupants_once)
{
    static const char *const places[] = {"#garden@irc0.example.org", "#garden@irc0.example.org/ro",
                                         "#garden@irc0.example.org/juliet",
                                         "#garden@irc0.example.org/nobody"};
    p->answer_at_once = true;
    p->hosts[0].has_rooms = true;
    for (size_t inside = 0; inside < 2; inside++) {
        p->own_nick = inside != 0 ? "ro" : NULL;
        for (size_t i = 0; i < COUNT(places); i++) {
            ask_all("get", places[i]);
            ask_all("set", places[i]);
        }
    }
}

Test(router, answers_every_request_once_when_the_session_room_fails)
{
    static struct batch b;
    p->contact.visible = false;
    p->hosts[0].has_rooms = true;
    p->own_nick = "ro";
    for (int status = SJ_OK + 1; status < SJ_STATUS_COUNT; status++) {
        p->status = (enum sj_status)status;
        p->answer_at_once = status % 2 == 0;
        sj_strbuf_init(&b.text, 16 << 20);
        for (size_t i = 0, n; routes_iq(&n), i < n; i++) {
            const struct route_iq *r = &routes_iq(&n)[i];
            char payload[256];
            snprintf(payload, sizeof payload, "<%s xmlns='%s'><prompt>x</prompt></%s>", r->name,
                     r->ns, r->name);
            batch_add(&b, (r->types & ROUTE_GET) != 0 ? "get" : "set", targets[0], payload);
            batch_add(&b, (r->types & ROUTE_GET) != 0 ? "get" : "set", targets[2], payload);
            batch_add(&b, (r->types & ROUTE_GET) != 0 ? "get" : "set", "#g@irc0.example.org",
                      payload);
            batch_add(&b, (r->types & ROUTE_GET) != 0 ? "get" : "set", "#g@irc0.example.org/n",
                      payload);
        }
        batch_run(&b);
    }
}

/* R6120-01. */
Test(router, wants_one_child)
{
    static const char *const payloads[] = {
        "",
        "text",
        "<a xmlns='urn:a'/><b xmlns='urn:b'/>",
        "<ping xmlns='urn:xmpp:ping'/><ping xmlns='urn:xmpp:ping'/>",
    };
    for (size_t i = 0; i < COUNT(payloads); i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "<iq type='get' id='c' from='r@m.lit/o' to='irc0.example.org'>%s</iq>",
                 payloads[i]);
        peer_say(p, 0, text);
        peer_expect(p, "<iq from='irc0.example.org' id='c' to='r@m.lit/o' type='error'>"
                       "<error type='modify'><bad-request "
                       "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }
    peer_say(p, 0, "<iq type='bogus' id='c' from='r@m.lit/o' to='irc0.example.org'/>"
                   "<iq id='c' from='r@m.lit/o' to='irc0.example.org'/>");
    peer_expect(p, "<iq *<bad-request *");
    peer_expect(p, "<iq *<bad-request *");
    peer_say(p, 0, "<iq type='get' from='r@m.lit/o' to='irc0.example.org'><ping "
                   "xmlns='urn:xmpp:ping'/></iq>");
    peer_expect(p, "<iq from='irc0.example.org' to='r@m.lit/o' type='result'/>");
}

/* R6120-02, R6120-03. */
Test(router, answers_no_answer)
{
    static const char *const kinds[] = {"iq", "message", "presence"};
    static const char *const errors[] = {
        "",
        "<error/>",
        "<error type='cancel'><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>x</text></error>",
        "<error><bogus xmlns='urn:bogus'/></error><error/>",
        "<ping xmlns='urn:xmpp:ping'/>",
    };
    for (size_t t = 0; t < COUNT(targets); t++)
        for (size_t k = 0; k < COUNT(kinds); k++)
            for (size_t e = 0; e < COUNT(errors); e++) {
                char text[512];
                snprintf(text, sizeof text,
                         "<%s type='error' id='a' from='r@m.lit/o' to='%s'>%s</%s>",
                         kinds[k], targets[t], errors[e], kinds[k]);
                peer_say(p, 0, text);
                snprintf(text, sizeof text,
                         "<iq type='result' id='a' from='r@m.lit/o' to='%s'>%s</iq>",
                         targets[t], errors[e]);
                peer_say(p, 0, text);
            }
    peer_expect_nothing(p);
}

static void add_times(struct sj_strbuf *b, const char *text, unsigned times)
{
    while (times-- > 0)
        sj_strbuf_adds(b, text);
}

/* Beyond the limits of the stream: refused, but answered. */
Test(router, answers_requests_that_were_cut)
{
    static const struct {
        const char *name, *type;
        bool answered;
    } rows[] = {
        {"iq", "get", true},        {"iq", "set", true},          {"iq", "result", false},
        {"iq", "error", false},     {"message", "chat", true},    {"message", "error", false},
        {"presence", "", false},    {"presence", "error", false},
    };
    struct sj_strbuf b;
    sj_strbuf_init(&b, 1 << 20);
    for (size_t i = 0; i < COUNT(rows); i++) {
        sj_strbuf_reset(&b);
        sj_strbuf_addf(&b, "<%s type='%s' id='c' from='r@m.lit/o' to='irc0.example.org'>",
                       rows[i].name, rows[i].type);
        add_times(&b, "<a>", 100);
        add_times(&b, "</a>", 100);
        sj_strbuf_addf(&b, "</%s>", rows[i].name);
        peer_say(p, 0, b.s);
        if (rows[i].answered)
            peer_expect_at(p, 0, "<* id='c' *type='error'><error type='modify'><policy-violation *",
                           rows[i].name, (int)i);
        peer_hears_nothing_at(p, rows[i].name, (int)i);
    }
    sj_strbuf_release(&b);
}

Test(router, refuses_ids_that_nobody_needs)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 1 << 20);
    for (unsigned n = 1023; n <= 1024; n++) {
        sj_strbuf_reset(&b);
        sj_strbuf_adds(&b, "<message from='r@m.lit/o' to='bob@irc0.example.org' id='");
        add_times(&b, "x", n);
        sj_strbuf_adds(&b, "'><body>hi</body></message>");
        peer_say(p, 0, b.s);
        if (n == 1023)
            peer_hears(p, "message 0 r@m.lit/o to bob: hi");
        else
            peer_expect(p, "<message *<policy-violation *");
        peer_hears_nothing(p);
    }
    sj_strbuf_release(&b);
}

/* What is too large to be sent is answered with an error, not with silence. */
Test(router, answers_when_the_answer_is_too_large)
{
    static char words[300000];
    memset(words, 'x', sizeof words - 1);
    p->form.instructions = words;
    peer_say(p, 0, "<iq type='get' id='l' from='r@m.lit/o' to='irc0.example.org'>"
                   "<query xmlns='jabber:iq:register'/></iq>");
    peer_expect(p, "<iq from='irc0.example.org' id='l' to='r@m.lit/o' type='error'>"
                   "<error type='wait'><resource-constraint *");
}

/* A session room that sends from inside its events. */
static void chatter(struct peer *room, const struct xmpp_message_in *m)
{
    xmpp_send_message(room->xmpp, 0, &(struct xmpp_message_out){
                                         .peer = m->peer,
                                         .to = m->from.user,
                                         .body = m->body,
                                     });
}

Test(router, lets_the_session_room_send_from_its_events)
{
    p->on_message = chatter;
    for (int i = 0; i < 20; i++) {
        peer_say(p, 0, "<message from='r@m.lit/o' to='bob@irc0.example.org'><body>a &lt; b</body>"
                       "</message>");
        peer_expect(p, "<message from='bob@irc0.example.org' *<body>a < b</body>*");
        peer_hears(p, "message *");
    }
}
