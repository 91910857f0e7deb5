/* SPDX-License-Identifier: MPL-2.0 */
/* The whole room from socket to contract and back: what every user sees. */
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

TestSuite(thread, .init = setup, .fini = teardown);

Test(thread, passes_a_message_to_the_network)
{
    peer_say(p, 0,
             "<message from='romeo@montague.lit/orchard' to='nurse\\20ann@irc0.example.org' "
             "type='chat' id='m1'><body>Hi &amp; bye</body></message>");
    peer_hears(p, "message 0 romeo@montague.lit/orchard to nurse ann: Hi & bye");
    peer_expect_nothing(p);
}

Test(thread, passes_a_message_to_the_user)
{
    cr_assert(xmpp_send_message(p->xmpp, 0,
                                &(struct xmpp_message_out){
                                    .peer = "nurse ann",
                                    .to = "romeo@montague.lit",
                                    .body = "a < b",
                                }));
    peer_expect(p, "<message from='nurse\\20ann@irc0.example.org' id='*' to='romeo@montague.lit' "
                   "type='chat'><body>a < b</body><origin-id id='*' xmlns='urn:xmpp:sid:0'/>"
                   "</message>");
}

Test(thread, registers)
{
    peer_say(p, 0,
             "<iq from='romeo@montague.lit/orchard' to='irc0.example.org' type='set' id='r1'>"
             "<query xmlns='jabber:iq:register'><username>romeo</username><password>pw</password>"
             "</query></iq>");
    peer_hears(p, "register-set romeo@montague.lit username=romeo password=pw");
    peer_expect_nothing(p);
    xmpp_answer(p->xmpp, p->request, NULL);
    peer_expect(p, "<iq from='irc0.example.org' id='r1' to='romeo@montague.lit/orchard' "
                   "type='result'/>");
}

Test(thread, carries_presence_and_subscriptions)
{
    peer_say(p, 0,
             "<presence from='romeo@montague.lit/orchard' to='irc0.example.org'><show>away</show>"
             "<priority>5</priority><status>brb</status></presence>"
             "<presence type='subscribe' from='romeo@montague.lit' to='bob@irc0.example.org'/>");
    peer_hears(p, "presence romeo@montague.lit/orchard to -: away 5 brb");
    peer_hears(p, "subscribe romeo@montague.lit to bob: -");
    cr_assert(xmpp_send_subscription(p->xmpp, 0, "bob", "romeo@montague.lit", XMPP_SUBSCRIBED, NULL,
                                     NULL, NULL));
    cr_assert(xmpp_send_presence(p->xmpp, 0,
                                 &(struct xmpp_presence_out){
                                     .peer = "bob",
                                     .to = "romeo@montague.lit",
                                     .show = XMPP_DND,
                                     .status = "busy",
                                 }));
    peer_expect(p, "<presence from='bob@irc0.example.org' id='*' to='romeo@montague.lit' "
                   "type='subscribed'/>");
    peer_expect(p, "<presence from='bob@irc0.example.org' id='*' to='romeo@montague.lit'>"
                   "<show>dnd</show><status>busy</status><c hash='sha-1' node='urn:sojourn' "
                   "ver='*' xmlns='http://jabber.org/protocol/caps'/>"
                   "<x xmlns='vcard-temp:x:update'/></presence>");
}
