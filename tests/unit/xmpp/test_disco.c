/* SPDX-License-Identifier: MPL-2.0 */
/* Service discovery: what is advertised, to whom, and that the hash fits. */
#include <criterion/criterion.h>

#include "disco.h"
#include "peer.h"

static struct peer *p;

static void again(void)
{
    xmpp_room_free(&p->xmpp);
    p->xmpp = xmpp_new(p->loop, &p->log, &p->options, &peer_session, p);
    peer_start(p);
}

static void setup(void)
{
    p = peer_new(2);
    p->hosts[1].contacts_suggested = false;
    again();
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
            F("jabber:iq:last") F("urn:xmpp:ping") F("urn:xmpp:time")                              \
                F("http://jabber.org/protocol/commands")
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
    ask("irc0.example.org", ITEMS, "urn:sojourn:nothing");
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

/* G045-10: which rooms a contact is in is told to nobody. */
Test(disco, tells_no_rooms_of_contacts)
{
    ask("bob@irc0.example.org", ITEMS, "http://jabber.org/protocol/muc#rooms");
    peer_expect(p, "<iq * type='result'><query node='http://jabber.org/protocol/muc#rooms' xmlns='"
                   ITEMS "'/></iq>");
    ask("irc0.example.org", ITEMS, "http://jabber.org/protocol/muc#rooms");
    peer_expect(p, "<iq * type='error'>*<item-not-found *");
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
    cr_expect_str_eq(gateway, "z0UuK5czatX7kn27mpvKJbj/V6Q=");
    snprintf(node, sizeof node, "urn:sojourn#%s", gateway);
    ask("irc0.example.org", INFO, node);
    peer_expect(p, "<iq * type='result'><query node='urn:sojourn#*' xmlns='" INFO "'>*");
    ask("bob@irc0.example.org", INFO, node);
    peer_expect(p, "<iq *<item-not-found *");
    snprintf(node, sizeof node, "urn:sojourn#%s", bob);
    ask("bob@irc0.example.org", INFO, node);
    peer_expect(p, "<iq * type='result'><query node='urn:sojourn#*' xmlns='" INFO "'>*");
}

/* The ver that presence of a contact with these features carries. */
static void contact_ver(unsigned host, uint32_t features, char ver[64])
{
    struct xmpp_presence_out out = {
        .peer = "bob", .to = "r@m.lit", .show = XMPP_ONLINE, .features = features};
    cr_assert(xmpp_send_presence(p->xmpp, host, &out));
    char *got = peer_next(p, host);
    const char *at = strstr(got, "ver='");
    cr_assert(at != NULL && sscanf(at, "ver='%63[^']'", ver) == 1, "%s", got);
    free(got);
}

/* G115-05, G115-11, G030-02, G506-01. */
Test(disco, tells_what_each_contact_can_do)
{
    char plain[64], rich[64], again_rich[64], silent[64], node[128];
    contact_ver(0, 0, plain);
    contact_ver(0, XMPP_FEATURE_TYPING | XMPP_FEATURE_REPLY, rich);
    contact_ver(1, XMPP_FEATURE_TYPING | XMPP_FEATURE_REPLY, again_rich);
    contact_ver(0, XMPP_FEATURE_NO_REPLY, silent);
    cr_expect_str_eq(rich, again_rich);
    cr_expect_str_neq(plain, rich);
    cr_expect_str_neq(plain, silent);
    p->contact.features = XMPP_FEATURE_TYPING | XMPP_FEATURE_REPLY;
    snprintf(node, sizeof node, "urn:sojourn#%s", rich);
    ask("bob@irc0.example.org", INFO, node);
    peer_expect(p, "<iq * type='result'><query node='urn:sojourn#*' xmlns='" INFO "'>" CONTACT_INFO
                   F("http://jabber.org/protocol/chatstates") F("urn:xmpp:reply:0")
                   F("urn:xmpp:fallback:0") "</query></iq>");
    snprintf(node, sizeof node, "urn:sojourn#%s", plain);          /* what it was before */
    ask("bob@irc0.example.org", INFO, node);
    peer_expect(p, "<iq *<item-not-found *");
    p->contact.features = XMPP_FEATURE_NO_REPLY;
    ask("bob@irc0.example.org", INFO, NULL);
    peer_expect(p, "<iq *" CONTACT_INFO F("urn:xmpp:noreply:0") "</query></iq>");
}

/* Every ability has its name; G163-01: nodes come with an identity of their own, and G030-08: none
 * of both has a name. */
Test(disco, names_all_abilities)
{
    static const char *const names[] = {
        "http://jabber.org/protocol/chatstates", "urn:xmpp:receipts", "urn:xmpp:chat-markers:0",
        "urn:xmpp:message-correct:0", "urn:xmpp:message-retract:1", "urn:xmpp:reactions:0",
        "urn:xmpp:reply:0", "urn:xmpp:fallback:0", "urn:xmpp:attention:0", "urn:xmpp:styling:0",
        "jabber:x:oob", "http://jabber.org/protocol/pubsub#retrieve-items",
        "urn:ietf:params:xml:ns:vcard-4.0", "<identity category='pubsub' type='pep'/>",
    };
    p->contact.features = ~(uint32_t)0;
    ask("bob@irc0.example.org", INFO, NULL);
    char *got = peer_next(p, 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect(strstr(got, names[i]) != NULL, "%s", names[i]);
    cr_expect(strstr(got, "jabber:iq:search") == NULL);
    free(got);
}

#define RESTRICTIONS "urn:xmpp:reactions:0:restrictions"

/* G444-01, G128-01. The hash was computed apart. */
Test(disco, tells_which_reactions_a_network_takes)
{
    static const char *const allowed[] = {"\xf0\x9f\x91\x8d", "\xe2\x9d\xa4"};
    char with_rules[64], without[64];
    p->hosts[0].reactions = (struct xmpp_reaction_rules){1, {allowed, 2}};
    again();
    contact_ver(0, XMPP_FEATURE_REACT, with_rules);
    contact_ver(1, XMPP_FEATURE_REACT, without);
    cr_expect_str_eq(with_rules, "FUsfqOIH7J8ks0bPpfWv0FCoGmM=");
    cr_expect_str_neq(with_rules, without);
    p->contact.features = XMPP_FEATURE_REACT;
    ask("bob@irc0.example.org", INFO, NULL);
    peer_expect(p, "<iq *" F("urn:xmpp:reactions:0") "<x type='result' xmlns='jabber:x:data'>"
                   "<field type='hidden' var='FORM_TYPE'><value>" RESTRICTIONS "</value></field>"
                   "<field type='text-single' var='max_reactions_per_user'><value>1</value></field>"
                   "<field type='list-multi' var='allowlist'><value>\xf0\x9f\x91\x8d</value>"
                   "<value>\xe2\x9d\xa4</value></field></x></query></iq>");
    p->contact.features = 0;                           /* no reactions, no rules */
    ask("bob@irc0.example.org", INFO, NULL);
    peer_expect(p, "<iq *" CONTACT_INFO "</query></iq>");
}

/* A network that reports thousands of different contacts fills no memory. */
Test(disco, keeps_a_bounded_number_of_sets)
{
    char first[64], last[64];
    for (uint32_t i = 0; i < 3 * DISCO_SETS_MAX; i++)
        contact_ver(0, i & 0xfff, i == 1 ? first : last);
    contact_ver(0, 1, last);
    cr_expect_str_eq(first, last);
}

/* G115-08: what looks like an entity is hashed as it is. */
Test(disco, hashes_texts_as_they_are)
{
    char ver[64];
    p->hosts[0].identity_name = "a&lt;b";
    again();
    presence_ver(0, NULL, ver);
    cr_expect_str_eq(ver, "OOX8iX/hHd560JxeLxI2jsoAABw=");
}

#define ADMINS "mailto:admin@example.org"
static const char *const admins[] = {ADMINS, "xmpp:admin@example.org"};
static const char *const abuse[] = {"mailto:abuse@example.org"};
static const struct xmpp_policy policy = {
    .takes_secrets = true,
    .transport = XMPP_TRANSPORT_TLS,
    .tos = "https://example.org/tos",
    .info = "Ask us.",
    .network_tos = "https://irc.example/tos",
};
#define FORM(type, fields)                                                                         \
    "<x type='result' xmlns='jabber:x:data'><field type='hidden' var='FORM_TYPE'><value>" type     \
    "</value></field>" fields "</x>"
#define ONE(kind, var, value)                                                                      \
    "<field type='" kind "' var='" var "'><value>" value "</value></field>"

/* G157-01, G504-01, G128-01, G115-07. The hash was computed apart. */
Test(disco, tells_who_runs_it_and_what_happens_to_data)
{
    char ver[64];
    p->options.addresses[XMPP_ADDRESS_ADMIN] = (struct xmpp_texts){admins, 2};
    p->options.addresses[XMPP_ADDRESS_ABUSE] = (struct xmpp_texts){abuse, 1};
    p->hosts[0].policy = &policy;
    again();
    presence_ver(0, NULL, ver);
    cr_expect_str_eq(ver, "H8Wl+FzC0ZWhbQLO70J/tysIQ/k=");
    ask("irc0.example.org", INFO, NULL);
    peer_expect(p, "<iq *" F("http://jabber.org/protocol/rosterx")
        FORM("http://jabber.org/network/serverinfo",
             ONE("list-multi", "abuse-addresses", "mailto:abuse@example.org")
             "<field type='list-multi' var='admin-addresses'><value>" ADMINS "</value>"
             "<value>xmpp:admin@example.org</value></field>")
        FORM("urn:xmpp:data-policy:0",
             ONE("list-single", "auth_data", "plain")
             ONE("list-single", "data_transmission", "encrypted")
             ONE("text-single", "encryption_algorithm", "TLS, 1.2 or later")
             ONE("text-single", "data_retention", "0") ONE("boolean", "data_deletion", "true")
             ONE("boolean", "encryption_at_rest", "true") ONE("boolean", "full_erasure", "true")
             ONE("list-multi", "access_policy", "admins")
             ONE("text-single", "tos", "https://example.org/tos")
             "<field type='text-multi' var='extra_info'><value>What *</value><value>Whoever *"
             "</value><value>Ask us.</value></field>")
        FORM("urn:xmpp:data-policy:identity:gateway:irc:0",
             ONE("text-single", "data_retention", "unknown")
             ONE("text-single", "tos", "https://irc.example/tos")) "</query></iq>");
}

/* G504-01: a network inside of the gateway is no other service. */
Test(disco, says_nothing_of_a_network_that_is_none)
{
    static const struct xmpp_policy inside = {.transport = XMPP_TRANSPORT_NONE};
    p->hosts[0].policy = &inside;
    again();
    ask("irc0.example.org", INFO, NULL);
    char *got = peer_next(p, 0);
    cr_expect(strstr(got, "<value>no_auth</value>") != NULL);
    cr_expect(strstr(got, "data_transmission") == NULL);
    cr_expect(strstr(got, "identity:gateway") == NULL);
    cr_expect(strstr(got, "serverinfo") == NULL);
    free(got);
}

/* G055-01: search is advertised where it is. */
Test(disco, tells_where_one_can_search)
{
    p->hosts[0].features = XMPP_FEATURE_SEARCH;
    again();
    ask("irc0.example.org", INFO, NULL);
    peer_expect(p, "<iq *" F("jabber:iq:search") F("http://jabber.org/protocol/rsm") "*");
}
