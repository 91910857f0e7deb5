/* SPDX-License-Identifier: MPL-2.0 */
/* Finding an upload service, asking it for slots, and what is made of its answers. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "peer.h"
#include "upload.h"

static struct peer *p;
static char id[64];

static void setup(void)
{
    p = peer_new(1);
    peer_start(p);
    sj_loop_test_advance(p->loop, 0);
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(upload, .init = setup, .fini = teardown);

#define G "irc0.example.org"
#define ITEMS "<iq from='" G "' id='*' to='example.org' type='get'>" \
    "<query xmlns='http://jabber.org/protocol/disco#items'/></iq>"
#define INFO_OF(who) "<iq from='" G "' id='*' to='" who "' type='get'>" \
    "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
#define REQUEST(attributes) "<iq from='" G "' id='*' to='up.example.org' type='get'>" \
    "<request " attributes " xmlns='urn:xmpp:http:upload:0'/></iq>"
#define IDENTITY "<identity category='store' type='file' name='x'/>"
#define FEATURE "<feature var='urn:xmpp:http:upload:0'/>"
#define FORM "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>" \
    "<value>urn:xmpp:http:upload:0</value></field><field var='max-file-size'>" \
    "<value>1000</value></field></x>"
#define SLOT "<slot xmlns='urn:xmpp:http:upload:0'><put url='https://up.example.org/p'>%s</put>" \
    "<get url='https://up.example.org/g'/></slot>"
#define DENIED_XML "<error type='auth'><forbidden " STANZAS "/></error>"
#define STANZAS "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'"
#define GIVEN "put=https://up.example.org/p get=https://up.example.org/g"

static void turn(int64_t ms)
{
    sj_loop_test_advance(p->loop, ms);
    peer_settle(p);
}

static void ask(uint64_t ticket, uint64_t size, const char *user)
{
    const struct xmpp_slot_ask a = {.user = user, .name = "../a b.png", .media_type = "image/png",
                                    .size = size, .ticket = ticket};
    xmpp_slot_get(p->xmpp, 0, &a);
    turn(0);
}

/* The next stanza is like this; its id is kept. */
static void sent_at(const char *pattern, int line)
{
    char *got = peer_next(p, 0);
    cr_assert(got != NULL, "line %d: nothing came, expected %s", line, pattern);
    cr_assert(peer_match(pattern, got), "line %d:\ngot      %s\nexpected %s", line, got, pattern);
    const char *at = strstr(got, " id='");
    cr_assert(at != NULL && sscanf(at, " id='%63[^']'", id) == 1);
    free(got);
}
#define sent(pattern) sent_at(pattern, __LINE__)

static void answer(const char *type, const char *from, const char *content)
{
    char text[4096];
    snprintf(text, sizeof text, "<iq type='%s' id='%s' from='%s' to='" G "'>%s</iq>", type, id,
             from, content);
    peer_say(p, 0, text);
    turn(0);
}

static void answer_items(const char *items)
{
    char text[2048];
    snprintf(text, sizeof text, "<query xmlns='http://jabber.org/protocol/disco#items'>%s</query>",
             items);
    answer("result", "example.org", text);
}

static void answer_info(const char *from, const char *content)
{
    char text[2048];
    snprintf(text, sizeof text, "<query xmlns='http://jabber.org/protocol/disco#info'>%s</query>",
             content);
    answer("result", from, text);
}

/* Finds up.example.org as the service; the slot is asked for next. */
static void find(const char *info)
{
    char server[64];
    sent(ITEMS);
    answer_items("<item jid='UP.example.org'/>");
    sent(INFO_OF("example.org"));
    snprintf(server, sizeof server, "%s", id);
    sent(INFO_OF("up.example.org"));
    answer_info("up.example.org", info);
    snprintf(id, sizeof id, "%s", server);
    answer("error", "example.org", "<error type='cancel'><service-unavailable " STANZAS
           "/></error>");
}

/* G363-01, G363-02, G363-03 */
Test(upload, finds_the_service_once_and_asks_it_for_slots)
{
    ask(7, 1000, "r@m.lit");
    find(IDENTITY FEATURE FORM);
    sent(REQUEST("content-type='image/png' filename='a b.png' size='1000'"));
    answer("result", "up.example.org",
           "<slot xmlns='urn:xmpp:http:upload:0'><put url='https://up.example.org/p'>"
           "<header name='authorization'>Basic\r\n QQ==</header><header name='Cookie'>a=1</header>"
           "<header name='X-Evil'>no</header><header name='Cookie'>b=2</header>"
           "<header name='Exp&#10;ires'>later</header><header>none</header></put>"
           "<get url='https://up.example.org/g'/></slot>");
    peer_hears(p, "slot 0 7 ok max=0 " GIVEN " trusted Authorization: Basic QQ== Cookie: a=1 "
               "Cookie: b=2 Expires: later");
    ask(8, 1, "r@m.lit");
    sent(REQUEST("content-type='image/png' filename='a b.png' size='1'"));
    answer("result", "up.example.org", "<slot xmlns='urn:xmpp:http:upload:0'>"
           "<put url='https://up.example.org/p'/><get url='https://up.example.org/g'/></slot>");
    peer_hears(p, "slot 0 8 ok max=0 " GIVEN " trusted");
    peer_hears_nothing(p);
}

/* G363-02: what it is for is told to those who ask. */
Test(upload, tells_the_purpose_to_whom_it_matters)
{
    ask(7, 5, "r@m.lit");
    find(IDENTITY FEATURE "<feature var='urn:xmpp:http:upload:purpose:0#message'/>");
    sent("<iq from='" G "' id='*' to='up.example.org' type='get'><request "
         "content-type='image/png' filename='a b.png' size='5' xmlns='urn:xmpp:http:upload:0'>"
         "<message xmlns='urn:xmpp:http:upload:purpose:0'/></request></iq>");
}

/* G363-01, G363-04: known to be too large, it is not asked for at all; the limit may change. */
Test(upload, tells_what_is_too_large)
{
    ask(7, 1001, "r@m.lit");
    find(IDENTITY FEATURE FORM);
    sent("<iq from='" G "' id='*' to='m.lit' type='get'>*</iq>");
    answer("error", "m.lit", DENIED_XML);
    peer_hears(p, "slot 0 7 limit reached max=1000 put=- get=-");
    ask(8, 900, "r@example.org");
    sent(REQUEST("content-type='image/png' filename='a b.png' size='900'"));
    answer("error", "up.example.org", "<error type='modify'><not-acceptable " STANZAS "/>"
           "<file-too-large xmlns='urn:xmpp:http:upload:0'><max-file-size>500</max-file-size>"
           "</file-too-large></error>");
    peer_hears(p, "slot 0 8 limit reached max=500 put=- get=-");
    ask(9, 501, "r@example.org");
    peer_hears(p, "slot 0 9 limit reached max=500 put=- get=-");
}

/* G363-03, G363-05 */
Test(upload, refuses_slots_that_are_not_safe)
{
    static const char *const slots[] = {
        "<put url='http://up.example.org/p'/><get url='https://up.example.org/g'/>",
        "<put url='https://up.example.org/p'/><get url='http://up.example.org/g'/>",
        "<put url='ftp://up.example.org/p'/><get url='https://up.example.org/g'/>",
        "<put url='https://up.example.org/p'/>",
        "<get url='https://up.example.org/g'/>",
        "<put/><get/>",
        "<put url='https://up.example.org/p&#10;x'/><get url='https://up.example.org/g'/>",
    };
    ask(7, 5, "r@example.org");
    find(IDENTITY FEATURE);
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        char text[512];
        if (i > 0)
            ask(7, 5, "r@example.org");
        sent(REQUEST("content-type='image/png' filename='a b.png' size='5'"));
        snprintf(text, sizeof text, "<slot xmlns='urn:xmpp:http:upload:0'>%s</slot>", slots[i]);
        answer("result", "up.example.org", text);
        peer_hears_at(p, "slot 0 7 refused by the network max=0 put=- get=-", slots[i], (int)i);
    }
    p->options.upload.allow_http = true;
    ask(8, 5, "r@example.org");
    sent(REQUEST("content-type='image/png' filename='a b.png' size='5'"));
    answer("result", "up.example.org", "<slot xmlns='urn:xmpp:http:upload:0'>"
           "<put url='http://h/p'/><get url='http://h/g'/></slot>");
    peer_hears(p, "slot 0 8 ok max=0 put=http://h/p get=http://h/g trusted");
}

/* G363-04: patience, once, and not for long. */
Test(upload, waits_when_it_is_asked_to)
{
    char stamp[64];
    char text[512];
    ask(7, 5, "r@example.org");
    find(IDENTITY FEATURE);
    sent(REQUEST("content-type='image/png' filename='a b.png' size='5'"));
    time_t then = (time_t)(sj_loop_utc_ms(p->loop) / 1000 + 20);
    struct tm tm;
    gmtime_r(&then, &tm);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &tm);
    snprintf(text, sizeof text, "<error type='wait'><resource-constraint " STANZAS "/>"
             "<retry xmlns='urn:xmpp:http:upload:0' stamp='%s'/></error>", stamp);
    answer("error", "up.example.org", text);
    turn(10000);
    peer_expect_nothing(p);
    turn(12000);
    sent(REQUEST("content-type='image/png' filename='a b.png' size='5'"));
    answer("error", "up.example.org", text);
    peer_hears(p, "slot 0 7 timed out max=0 put=- get=-");
    ask(8, 5, "r@example.org");
    sent(REQUEST("content-type='image/png' filename='a b.png' size='5'"));
    answer("error", "up.example.org", "<error type='wait'><resource-constraint " STANZAS "/>"
           "<retry xmlns='urn:xmpp:http:upload:0' stamp='2099-01-01T00:00:00+01:00'/></error>");
    peer_hears(p, "slot 0 8 timed out max=0 put=- get=-");
}

/* What is no time asks for nothing. */
Test(upload, waits_for_no_nonsense)
{
    static const char *const rest[] = {"", "+", "Zulu", "+1:2", "+01:00x", "Z Z"};
    char stamp[64];
    char text[512];
    ask(7, 5, "r@example.org");
    find(IDENTITY FEATURE);
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
        if (i > 0)
            ask(7, 5, "r@example.org");
        sent(REQUEST("content-type='image/png' filename='a b.png' size='5'"));
        time_t then = (time_t)(sj_loop_utc_ms(p->loop) / 1000 + 20);
        struct tm tm;
        gmtime_r(&then, &tm);
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(text, sizeof text, "<error type='wait'><resource-constraint " STANZAS "/>"
                 "<retry xmlns='urn:xmpp:http:upload:0' stamp='%s%s'/></error>", stamp, rest[i]);
        answer("error", "up.example.org", text);
        peer_hears(p, "slot 0 7 timed out max=0 put=- get=-");
    }
}

/* G363-04: who is refused by one server tries the user's own. */
Test(upload, goes_to_the_users_own_server_when_ours_refuses)
{
    ask(7, 5, "r@m.lit");
    find(IDENTITY FEATURE);
    sent(REQUEST("content-type='image/png' filename='a b.png' size='5'"));
    answer("error", "up.example.org", DENIED_XML);
    sent("<iq from='" G "' id='*' to='m.lit' type='get'>"
         "<query xmlns='http://jabber.org/protocol/disco#items'/></iq>");
    answer("result", "m.lit", "<query xmlns='http://jabber.org/protocol/disco#items'/>");
    sent(INFO_OF("m.lit"));
    answer_info("m.lit", IDENTITY FEATURE);
    sent("<iq from='" G "' id='*' to='m.lit' type='get'><request *");
    answer("result", "m.lit", "<slot xmlns='urn:xmpp:http:upload:0'>"
           "<put url='https://m.lit/p'/><get url='https://m.lit/g'/></slot>");
    /* not trusted: it may not lead us into the admin's network */
    peer_hears(p, "slot 0 7 ok max=0 put=https://m.lit/p get=https://m.lit/g");
}

Test(upload, tells_when_there_is_none)
{
    ask(7, 5, "r@example.org");
    sent(ITEMS);
    answer("error", "example.org", DENIED_XML);
    peer_hears(p, "slot 0 7 not found max=0 put=- get=-");
    ask(8, 5, "r@example.org");              /* remembered */
    peer_hears(p, "slot 0 8 not found max=0 put=- get=-");
    peer_expect_nothing(p);
    char *ping;
    turn(11 * 60 * 1000);
    while ((ping = peer_next(p, 0)) != NULL)
        free(ping);
    ask(9, 5, "r@example.org");              /* and looked for anew after a while */
    find("<feature var='urn:xmpp:http:upload:0'/>");
    peer_hears(p, "slot 0 9 not found max=0 put=- get=-");
}

Test(upload, that_fails_is_looked_for_anew)
{
    ask(7, 5, "r@example.org");
    find(IDENTITY FEATURE);
    sent(REQUEST("content-type='image/png' filename='a b.png' size='5'"));
    answer("error", "up.example.org",
           "<error type='cancel'><item-not-found " STANZAS "/></error>");
    find(IDENTITY FEATURE);
    sent(REQUEST("content-type='image/png' filename='a b.png' size='5'"));
    answer("error", "up.example.org",
           "<error type='cancel'><item-not-found " STANZAS "/></error>");
    peer_hears(p, "slot 0 7 refused by the network max=0 put=- get=-");
    ask(8, 5, "r@example.org");
    sent(ITEMS);
    turn(31000);
    peer_hears(p, "slot 0 8 not found max=0 put=- get=-");
}

/* The admin's word: no search, no other server, no identity needed; or none at all. */
Test(upload, is_the_one_that_the_admin_named)
{
    p->options.upload.service = "files.test";
    ask(7, 5, "r@m.lit");
    sent(INFO_OF("files.test"));
    answer_info("files.test", FEATURE);
    sent("<iq from='" G "' id='*' to='files.test' type='get'><request *");
    answer("error", "files.test", DENIED_XML);
    peer_hears(p, "slot 0 7 not permitted max=0 put=- get=-");
    p->options.upload.none = true;
    ask(8, 5, "r@m.lit");
    peer_hears(p, "slot 0 8 not found max=0 put=- get=-");
    peer_expect_nothing(p);
}

/* Who forgets hears nothing; bounds hold; nothing is left behind. */
Test(upload, forgets_and_is_bounded)
{
    unsigned told = 0;
    ask(7, 5, "r@example.org");
    xmpp_slot_forget(p->xmpp, 0, 7);
    find(IDENTITY FEATURE);
    peer_hears_nothing(p);
    for (uint64_t i = 0; i < UPLOAD_ASKS_MAX + 10; i++) {
        const struct xmpp_slot_ask a = {.user = "r@example.org", .size = 5, .ticket = 100 + i};
        xmpp_slot_get(p->xmpp, 0, &a);
    }
    turn(0);
    for (uint64_t i = 0; i < 10; i++) {
        char text[100];
        snprintf(text, sizeof text, "slot 0 %llu timed out max=0 put=- get=-",
                 (unsigned long long)(100 + UPLOAD_ASKS_MAX + i));
        peer_hears_at(p, text, __FILE__, __LINE__), told++;
    }
    cr_expect_eq(told, 10u);
}

/* A stranger's item may be any address; ours, nodes and nonsense are left alone, and no more than
 * a few are asked. */
Test(upload, looks_at_a_few_items_only)
{
    struct sj_strbuf items;
    unsigned asked = 0;
    char *got;
    sj_strbuf_init(&items, 65536);
    sj_strbuf_adds(&items, "<item jid='" G "'/><item jid='@'/><item/><item jid='x' node='y'/>");
    for (int i = 0; i < 100; i++)
        sj_strbuf_addf(&items, "<item jid='s%d.example.org'/>", i);
    ask(7, 5, "r@example.org");
    sent(ITEMS);
    char text[8192];
    snprintf(text, sizeof text, "<iq type='result' id='%s' from='example.org' to='" G "'>"
             "<query xmlns='http://jabber.org/protocol/disco#items'>%s</query></iq>", id, items.s);
    peer_say(p, 0, text);
    while ((got = peer_next(p, 0)) != NULL) {
        asked++;
        free(got);
    }
    cr_expect_eq(asked, UPLOAD_ITEMS_MAX + 1);
    sj_strbuf_release(&items);
    turn(31000);
    peer_hears(p, "slot 0 7 not found max=0 put=- get=-");
}
