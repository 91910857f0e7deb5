/* SPDX-License-Identifier: MPL-2.0 */
/* Ping, version, time, last activity, vCard, and addresses typed by users. */
#include <criterion/criterion.h>

#include "peer.h"

static struct peer *p;

static void setup(void)
{
    p = peer_new(1);
    peer_start(p);
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(entity, .init = setup, .fini = teardown);

#define PING "<ping xmlns='urn:xmpp:ping'/>"
#define VERSION "<query xmlns='jabber:iq:version'/>"
#define TIME "<time xmlns='urn:xmpp:time'/>"
#define LAST "<query xmlns='jabber:iq:last'/>"
#define VCARD "<vCard xmlns='vcard-temp'/>"
#define G "irc0.example.org"
#define BOB "bob@irc0.example.org"
#define RESULT(from) "<iq from='" from "' id='e' to='r@m.lit/o' type='result'"
#define FAILURE(from, type, condition)                                                             \
    "<iq from='" from "' id='e' to='r@m.lit/o' type='error'><error type='" type "'><" condition    \
    " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>*</error></iq>"
#define GONE FAILURE(BOB, "cancel", "service-unavailable")

static void ask(const char *type, const char *to, const char *payload)
{
    char text[2048];
    snprintf(text, sizeof text, "<iq type='%s' id='e' from='r@m.lit/o' to='%s'>%s</iq>", type, to,
             payload);
    peer_say(p, 0, text);
}

/* G199-01. */
Test(entity, answers_pings)
{
    ask("get", G, PING);
    peer_expect(p, RESULT(G) "/>");
    ask("get", G "/x", PING);
    peer_expect(p, RESULT(G "/x") "/>");
    ask("get", BOB, PING);
    peer_expect(p, RESULT(BOB) "/>");
    ask("get", BOB "/x", PING);
    peer_expect(p, FAILURE(BOB "/x", "cancel", "service-unavailable"));
    p->contact.visible = false;
    ask("get", BOB, PING);
    peer_expect(p, GONE);
}

/* G092-01. */
Test(entity, tells_its_version_but_no_contacts)
{
    ask("get", G, VERSION);
    peer_expect(p, RESULT(G) "><query xmlns='jabber:iq:version'><name>Sojourn</name>"
                   "<version>0.1</version></query></iq>");
    ask("get", BOB, VERSION);
    peer_expect(p, GONE);
}

/* G202-01. */
Test(entity, tells_the_time)
{
    ask("get", G, TIME);
    peer_expect(p, RESULT(G) "><time xmlns='urn:xmpp:time'><tzo>+00:00</tzo>"
                   "<utc>20*-*T*:*:*Z</utc></time></iq>");
    ask("get", BOB, TIME);
    peer_expect(p, GONE);
    ask("get", G, "<query xmlns='jabber:iq:time'/>");
    peer_expect(p, FAILURE(G, "cancel", "service-unavailable"));
}

/* G012-01, G012-02. */
Test(entity, tells_last_activity)
{
    sj_loop_test_advance(p->loop, 0);
    ask("get", G, LAST);
    peer_expect(p, RESULT(G) "><query seconds='*' xmlns='jabber:iq:last'/></iq>");
    ask("get", BOB, LAST);
    peer_expect(p, RESULT(BOB) "><query seconds='0' xmlns='jabber:iq:last'/></iq>");
    p->contact.show = XMPP_OFFLINE;
    p->contact.seen_at = sj_loop_utc_ms(p->loop) - 90500;
    p->contact.status = "gone home";
    ask("get", BOB, LAST);
    peer_expect(p, RESULT(BOB) "><query seconds='90' xmlns='jabber:iq:last'>gone home</query>"
                   "</iq>");
    p->contact.seen_at = 0;
    ask("get", BOB, LAST);
    peer_expect(p, GONE);
    p->contact.visible = false;
    ask("get", BOB, LAST);
    peer_expect(p, "<iq * type='error'><error type='auth'><forbidden *");
    ask("get", BOB "/x", LAST);
    peer_expect(p, "<iq * type='error'><error type='cancel'><service-unavailable *");
}

/* G054-01 to G054-03, G054-06, R6120-07. */
Test(entity, shows_business_cards)
{
    ask("get", G, VCARD);
    peer_expect(p, RESULT(G) "><vCard xmlns='vcard-temp'><FN>Example IRC</FN><DESC>*</DESC>"
                   "<URL>xmpp:" G "</URL></vCard></iq>");
    ask("get", BOB, VCARD);
    peer_expect(p, RESULT(BOB) "><vCard xmlns='vcard-temp'><FN>bob</FN><NICKNAME>bob</NICKNAME>"
                   "</vCard></iq>");
    p->contact.name = "Bob <B>";
    ask("get", BOB, VCARD);
    peer_expect(p, RESULT(BOB) "><vCard xmlns='vcard-temp'><FN>Bob <B></FN>*");
    ask("set", G, VCARD);
    peer_expect(p, FAILURE(G, "auth", "forbidden"));
    ask("set", BOB, VCARD);
    peer_expect(p, FAILURE(BOB, "auth", "forbidden"));
    p->contact.visible = false;
    ask("get", BOB, VCARD);
    peer_expect(p, GONE);
}

/* ---- jabber:iq:gateway, G100-54 to G100-57 ---- */

#define GATEWAY(content) "<query xmlns='jabber:iq:gateway'>" content "</query>"

Test(entity, asks_for_an_address)
{
    ask("get", G, GATEWAY(""));
    peer_expect(p, "<iq from='" G "' id='e' to='r@m.lit/o' type='result' xml:lang='en'>"
                   "<query xmlns='jabber:iq:gateway'><desc>Nickname of the person</desc>"
                   "<prompt>nickname</prompt></query></iq>");
    ask("get", BOB, GATEWAY(""));
    peer_expect(p, GONE);
}

Test(entity, makes_a_jid_of_an_address)
{
    p->prompt_id = "some nick@x";
    ask("set", G, GATEWAY("<prompt>Some Nick@X</prompt>"));
    peer_hears(p, "prompt r@m.lit: Some Nick@X");
    peer_expect(p, RESULT(G) "><query xmlns='jabber:iq:gateway'>"
                   "<jid>some\\20nick\\40x@" G "</jid></query></iq>");
}

Test(entity, refuses_an_address_that_is_none)
{
    ask("set", G, GATEWAY(""));
    peer_expect(p, FAILURE(G, "modify", "bad-request"));
    ask("set", G, GATEWAY("<prompt/>"));
    peer_expect(p, FAILURE(G, "modify", "not-acceptable"));
    peer_hears_nothing(p);
    p->prompt_id = "Not Canonical";
    ask("set", G, GATEWAY("<prompt>x</prompt>"));
    peer_expect(p, FAILURE(G, "modify", "not-acceptable"));
    p->status = SJ_UNACCEPTABLE;
    p->text = "No nickname.";
    ask("set", G, GATEWAY("<prompt>!</prompt>"));
    peer_expect(p, FAILURE(G, "modify", "not-acceptable"));
    p->status = SJ_OK;
    static char text[1200];
    memcpy(text, "<query xmlns='jabber:iq:gateway'><prompt>", 41);
    memset(text + 41, 'x', 1024);
    memcpy(text + 41 + 1024, "</prompt></query>", 18);
    ask("set", G, text);
    peer_expect(p, FAILURE(G, "modify", "not-acceptable"));
}
