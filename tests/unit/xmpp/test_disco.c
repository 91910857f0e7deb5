/* SPDX-License-Identifier: MPL-2.0 */
/* Service discovery: what is advertised, to whom, and that the hash fits. */
#include <criterion/criterion.h>

#include "peer.h"

static struct peer *p;

static void setup(void)
{
    p = peer_new(2);
    p->hosts[1].contacts_suggested = false;
    xmpp_room_free(&p->xmpp);
    p->xmpp = xmpp_new(p->loop, &p->log, &p->options, &peer_session, p);
    peer_start(p);
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(disco, .init = setup, .fini = teardown);

#define INFO "http://jabber.org/protocol/disco#info"
#define ITEMS "http://jabber.org/protocol/disco#items"
#define F(var) "<feature var='" var "'/>"
#define GATEWAY_FEATURES                                                                           \
    F(INFO) F(ITEMS) F("http://jabber.org/protocol/caps") F("jabber:iq:register")                  \
        F("jabber:iq:gateway") F("jid\\20escaping") F("vcard-temp") F("jabber:iq:version")         \
            F("jabber:iq:last") F("urn:xmpp:ping") F("urn:xmpp:time") F("urn:xmpp:noreply:0")
#define CONTACT_INFO                                                                               \
    "<identity category='account' type='registered'/>" F(INFO) F(ITEMS)                            \
        F("http://jabber.org/protocol/caps") F("vcard-temp") F("urn:xmpp:ping") F("jabber:iq:last")
#define UNAVAILABLE                                                                                \
    "<iq from='bob@irc0.example.org' id='d' to='r@m.lit/o' type='error'><error type='cancel'>"     \
    "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"

static void ask(const char *to, const char *ns, const char *node)
{
    char text[512];
    snprintf(text, sizeof text,
             "<iq type='get' id='d' from='r@m.lit/o' to='%s'><query xmlns='%s'%s%s%s/></iq>", to,
             ns, node != NULL ? " node='" : "", node != NULL ? node : "", node != NULL ? "'" : "");
    peer_say(p, 0, text);
}

/* G100-01, G030-02, G106-08, G144-01, G077-21. */
Test(disco, tells_what_a_gateway_is)
{
    ask("irc0.example.org", INFO, NULL);
    peer_expect(p, "<iq from='irc0.example.org' id='d' to='r@m.lit/o' type='result'><query xmlns='"
                   INFO "'><identity category='gateway' name='Example IRC' type='irc'/>"
                   GATEWAY_FEATURES F("http://jabber.org/protocol/rosterx") "</query></iq>");
    ask("irc0.example.org/x", INFO, NULL);
    peer_expect(p, "<iq from='irc0.example.org/x' id='d' * type='result'>*");
    ask("irc1.example.org", INFO, NULL);
    peer_expect_at(p, 1, "<iq from='irc1.example.org' *" GATEWAY_FEATURES "</query></iq>", __FILE__,
                   __LINE__);
}

/* G030-07, G030-09, G030-10, G054-05, G380-02. */
Test(disco, tells_what_a_contact_is_to_those_who_see_it)
{
    ask("bob@irc0.example.org", INFO, NULL);
    peer_expect(p, "<iq from='bob@irc0.example.org' id='d' to='r@m.lit/o' type='result'>"
                   "<query xmlns='" INFO "'>" CONTACT_INFO "</query></iq>");
    p->contact.show = XMPP_OFFLINE;                    /* the identity stays */
    ask("bob@irc0.example.org", INFO, NULL);
    peer_expect(p, "<iq *" CONTACT_INFO "</query></iq>");
    p->contact.visible = false;
    ask("bob@irc0.example.org", INFO, NULL);
    peer_expect(p, UNAVAILABLE);
    ask("bob@irc0.example.org", INFO, "x");
    peer_expect(p, UNAVAILABLE);
}

/* G030-05, G030-10, G030-11, G115-04. */
Test(disco, lists_nothing)
{
    ask("irc0.example.org", ITEMS, NULL);
    peer_expect(p, "<iq * type='result'><query xmlns='" ITEMS "'/></iq>");
    ask("bob@irc0.example.org", ITEMS, NULL);
    peer_expect(p, "<iq * type='result'><query xmlns='" ITEMS "'/></iq>");
    ask("irc0.example.org", ITEMS, "http://jabber.org/protocol/commands");
    peer_expect(p, "<iq * type='error'><error type='cancel'><item-not-found *");
    p->contact.visible = false;
    ask("bob@irc0.example.org", ITEMS, NULL);
    peer_expect(p, "<iq * type='result'><query xmlns='" ITEMS "'/></iq>");
    ask("bob@irc0.example.org", ITEMS, "n");
    peer_expect(p, "<iq * type='result'><query node='n' xmlns='" ITEMS "'/></iq>");
}

/* G030-04, G030-03. */
Test(disco, knows_no_other_node)
{
    static const char *const nodes[] = {"", "x", "urn:sojourn", "urn:sojourn#", "urn:sojourn#old"};
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
        ask("irc0.example.org", INFO, nodes[i]);
        peer_expect(p, "<iq * type='error'><error type='cancel'><item-not-found *");
        ask("bob@irc0.example.org", INFO, nodes[i]);
        peer_expect(p, "<iq * type='error'><error type='cancel'><item-not-found *");
    }
}

/* The ver that presence of peer carries. */
static void presence_ver(unsigned host, const char *peer, char ver[64])
{
    cr_assert(xmpp_send_presence(
        p->xmpp, host,
        &(struct xmpp_presence_out){.peer = peer, .to = "r@m.lit", .show = XMPP_ONLINE}));
    char *got = peer_next(p, host);
    const char *at = strstr(got, "ver='");
    cr_assert(at != NULL && sscanf(at, "ver='%63[^']'", ver) == 1, "%s", got);
    free(got);
}

/* G115-02, G115-05, G115-11. The hashes were computed apart, from the sets above. G115-03. */
Test(disco, answers_the_node_of_its_presence)
{
    char gateway[64], other[64], bob[64], ann[64], node[128];
    presence_ver(0, NULL, gateway);
    presence_ver(1, NULL, other);
    presence_ver(0, "bob", bob);
    presence_ver(1, "ann", ann);
    cr_expect_str_eq(bob, ann);
    cr_expect_str_neq(gateway, other);
    cr_expect_str_neq(gateway, bob);
    cr_expect_str_eq(bob, "AR9dDbsY3IcqTcEjpKd+ub523RA=");
    cr_expect_str_eq(gateway, "DJFipIdT8UU9s4xVqRnmAv+Jl4w=");
    snprintf(node, sizeof node, "urn:sojourn#%s", gateway);
    ask("irc0.example.org", INFO, node);
    peer_expect(p, "<iq * type='result'><query node='urn:sojourn#*' xmlns='" INFO "'>*");
    ask("bob@irc0.example.org", INFO, node);
    peer_expect(p, "<iq *<item-not-found *");
    snprintf(node, sizeof node, "urn:sojourn#%s", bob);
    ask("bob@irc0.example.org", INFO, node);
    peer_expect(p, "<iq * type='result'><query node='urn:sojourn#*' xmlns='" INFO "'>*");
}
