/* SPDX-License-Identifier: MPL-2.0 */
/* Presence and subscriptions, both ways. */
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

TestSuite(presence, .init = setup, .fini = teardown);

#define TO_G "from='r@m.lit/o' to='irc0.example.org'"
#define TO_BOB "from='r@m.lit/o' to='bob@irc0.example.org' id='p'"
#define CAPS "<c hash='sha-1' node='urn:sojourn' ver='*' xmlns='http://jabber.org/protocol/caps'/>"
#define UPDATE "<x xmlns='vcard-temp:x:update'/>"

/* R6121-03, R6121-32, R7622-08. */
Test(presence, is_read_by_type_and_content)
{
    static const struct {
        const char *stanza, *heard, *answer;
    } rows[] = {
        {"<presence " TO_G "/>", "presence r@m.lit/o to -: online 0 -", NULL},
        {"<presence " TO_G "><show>chat</show><priority>-5</priority></presence>",
         "presence r@m.lit/o to -: chat -5 -", NULL},
        {"<presence " TO_G "><show>xa</show><status>zz</status></presence>",
         "presence r@m.lit/o to -: xa 0 zz", NULL},
        {"<presence " TO_G "><show>dnd</show><status/></presence>",
         "presence r@m.lit/o to -: dnd 0 -", NULL},
        {"<presence " TO_G "><show>bogus</show><priority>300</priority></presence>",
         "presence r@m.lit/o to -: online 0 -", NULL},
        {"<presence " TO_G "><show xmlns='urn:x'>dnd</show></presence>",
         "presence r@m.lit/o to -: online 0 -", NULL},
        {"<presence xml:lang='de' " TO_G "><status xml:lang='en'>en</status>"
         "<status xml:lang='de'>de</status></presence>",
         "presence r@m.lit/o to -: online 0 de", NULL},
        {"<presence " TO_BOB "/>", "presence r@m.lit/o to bob: online 0 -", NULL},
        {"<presence type='unavailable' " TO_BOB "><status>bye</status><priority>5</priority>"
         "</presence>",
         "presence r@m.lit/o to bob: offline 0 bye", NULL},
        {"<presence type='probe' " TO_BOB "/>", "probe r@m.lit/o to bob", NULL},
        {"<presence type='probe' from='r@m.lit' to='irc0.example.org'/>",
         "probe r@m.lit to -", NULL},
        {"<presence type='subscribe' " TO_BOB "><status>pls</status></presence>",
         "subscribe r@m.lit to bob: pls", NULL},
        {"<presence type='subscribed' " TO_G "/>", "subscribed r@m.lit to -: -", NULL},
        {"<presence type='unsubscribe' " TO_BOB "/>", "unsubscribe r@m.lit to bob: -", NULL},
        {"<presence type='unsubscribed' " TO_BOB "/>", "unsubscribed r@m.lit to bob: -", NULL},
        {"<presence type='error' " TO_BOB "><error><remote-server-not-found "
         "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
         "bounce r@m.lit/o to bob: p remote-server-not-found id=p", NULL},
        /* R6121-30 */
        {"<presence type='available' " TO_BOB "/>", NULL,
         "<presence from='bob@irc0.example.org' id='p' to='r@m.lit/o' type='error'>"
         "<error type='modify'><bad-request *"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer_say(p, 0, rows[i].stanza);
        if (rows[i].answer != NULL)
            peer_expect_at(p, 0, rows[i].answer, rows[i].stanza, (int)i);
        if (rows[i].heard != NULL)
            peer_hears_at(p, rows[i].heard, rows[i].stanza, (int)i);
        peer_hears_nothing_at(p, rows[i].stanza, (int)i);
    }
}

/* G100-31: only the missing registration is answered, and only what asks for service. */
Test(presence, of_the_unregistered_is_answered)
{
    static const struct {
        const char *type;
        enum sj_status status;
        bool answered;
    } rows[] = {
        {"", SJ_UNREGISTERED, true},
        {"type='subscribe'", SJ_UNREGISTERED, true},
        {"type='unavailable'", SJ_UNREGISTERED, false},
        {"type='subscribed'", SJ_UNREGISTERED, false},
        {"type='unsubscribe'", SJ_UNREGISTERED, false},
        {"type='unsubscribed'", SJ_UNREGISTERED, false},
        {"", SJ_DENIED, false},
        {"", SJ_AUTH, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        p->status = rows[i].status;
        snprintf(text, sizeof text, "<presence %s " TO_G "/>", rows[i].type);
        peer_say(p, 0, text);
        if (rows[i].answered)
            peer_expect(p, "<presence from='irc0.example.org' to='r@m.lit/o' type='error'>"
                           "<error type='auth'><registration-required *");
        peer_expect_nothing_at(p, 0, rows[i].type, (int)i);
    }
}

Test(presence, to_a_malformed_localpart_is_answered_unless_it_ends)
{
    peer_say(p, 0, "<presence from='r@m.lit/o' to='\\20a@irc0.example.org'/>");
    peer_expect(p, "<presence *type='error'><error type='modify'><jid-malformed *");
    peer_say(p, 0, "<presence type='unavailable' from='r@m.lit/o' to='\\20a@irc0.example.org'/>");
    peer_hears_nothing(p);
}

/* ---- out ---- */

static void send(const char *peer, enum xmpp_show show, const char *status, int64_t seen_at)
{
    cr_assert(xmpp_send_presence(p->xmpp, 0, &(struct xmpp_presence_out){
                                                 .peer = peer,
                                                 .to = "r@m.lit",
                                                 .show = show,
                                                 .status = status,
                                                 .seen_at = seen_at,
                                             }));
}

/* R6121-25, G115-01, G153-01, R6121-20. */
Test(presence, of_the_gateway_and_contacts_is_complete)
{
    send(NULL, XMPP_ONLINE, NULL, 0);
    peer_expect(p, "<presence from='irc0.example.org' id='*' to='r@m.lit'>" CAPS "</presence>");
    send("bob", XMPP_ONLINE, "", 0);
    peer_expect(p, "<presence from='bob@irc0.example.org' id='*' to='r@m.lit'>" CAPS UPDATE
                   "</presence>");
    send("bob", XMPP_CHAT, "hey", 0);
    peer_expect(p, "<presence *><show>chat</show><status>hey</status>" CAPS UPDATE "</presence>");
    send("bob", XMPP_AWAY, NULL, 0);
    peer_expect(p, "<presence *><show>away</show>" CAPS UPDATE "</presence>");
    send("bob", XMPP_XA, NULL, 0);
    peer_expect(p, "<presence *><show>xa</show>" CAPS UPDATE "</presence>");
    send("bob", XMPP_OFFLINE, "bye", 0);
    peer_expect(p, "<presence from='bob@irc0.example.org' id='*' to='r@m.lit' type='unavailable'>"
                   "<status>bye</status></presence>");
    send("bob", XMPP_OFFLINE, NULL, 1709210096789);
    peer_expect(p, "<presence from='bob@irc0.example.org' id='*' to='r@m.lit' type='unavailable'>"
                   "<delay from='bob@irc0.example.org' stamp='2024-02-29T12:34:56.789Z' "
                   "xmlns='urn:xmpp:delay'/></presence>");
}

Test(presence, keeps_the_id_it_is_given)
{
    cr_assert(xmpp_send_presence(
        p->xmpp, 0,
        &(struct xmpp_presence_out){.to = "r@m.lit", .show = XMPP_OFFLINE, .id = "probe1"}));
    peer_expect(p, "<presence from='irc0.example.org' id='probe1' to='r@m.lit' "
                   "type='unavailable'/>");
}

/* R6121-12, G172-01. */
Test(presence, asks_and_answers_for_subscriptions)
{
    cr_assert(xmpp_send_subscription(p->xmpp, 0, "bob", "r@m.lit", XMPP_SUBSCRIBE, "let me",
                                     "Bobby", NULL));
    peer_expect(p, "<presence from='bob@irc0.example.org' id='*' to='r@m.lit' type='subscribe'>"
                   "<status>let me</status><nick xmlns='http://jabber.org/protocol/nick'>Bobby"
                   "</nick></presence>");
    cr_assert(xmpp_send_subscription(p->xmpp, 0, NULL, "r@m.lit", XMPP_SUBSCRIBED, NULL, "x",
                                     NULL));
    peer_expect(p, "<presence from='irc0.example.org' id='*' to='r@m.lit' type='subscribed'/>");
    cr_assert(xmpp_send_subscription(p->xmpp, 0, "bob", "r@m.lit", XMPP_UNSUBSCRIBE, NULL, NULL,
                                     "i1"));
    peer_expect(p, "<presence from='bob@irc0.example.org' id='i1' to='r@m.lit' "
                   "type='unsubscribe'/>");
    cr_assert(xmpp_send_subscription(p->xmpp, 0, "bob", "r@m.lit", XMPP_UNSUBSCRIBED, "no such",
                                     NULL, NULL));
    peer_expect(p, "<presence * type='unsubscribed'><status>no such</status></presence>");
    cr_expect_not(xmpp_send_subscription(p->xmpp, 0, "a\nb", "r@m.lit", XMPP_UNSUBSCRIBED, NULL,
                                         NULL, NULL));
}

/* G100-26. */
Test(presence, tells_failures)
{
    struct sj_error err;
    sj_fail(&err, SJ_AUTH, "Wrong password.");
    cr_assert(xmpp_send_presence_error(p->xmpp, 0, NULL, "r@m.lit", &err));
    peer_expect(p, "<presence from='irc0.example.org' id='*' to='r@m.lit' type='error'>"
                   "<error type='auth'><not-authorized *>Wrong password.</text></error>"
                   "</presence>");
    sj_fail(&err, SJ_UNREACHABLE, "%s", "");
    cr_assert(xmpp_send_presence_error(p->xmpp, 0, "bob", "r@m.lit", &err));
    peer_expect(p, "<presence from='bob@irc0.example.org' *<error type='wait'>"
                   "<remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
                   "</presence>");
    cr_expect_not(xmpp_send_presence_error(p->xmpp, 0, "A", "r@m.lit", &err));
}
