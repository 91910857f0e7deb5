/* SPDX-License-Identifier: MPL-2.0 */
/* Cards, nodes and notifications of contacts on the wire, and answers of clients about theirs. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "peer.h"
#include "room.h"
#include "sojourn/contact.h"
#include "sojourn/memory.h"
#include "sojourn/sha1.h"

static struct peer *p;
static uint8_t sha1[SJ_SHA1_LEN];

#define ABC "a9993e364706816aba3e25717850c26c9cd0d89d"
#define BOB "bob@irc0.example.org"
#define PUBSUB "http://jabber.org/protocol/pubsub"
#define NICK "http://jabber.org/protocol/nick"
#define RESULT "<iq from='" BOB "' id='e' to='r@m.lit/o' type='result'"
#define FAILURE(type, condition)                                                                   \
    "<iq from='" BOB "' id='e' to='r@m.lit/o' type='error'><error type='" type "'><" condition     \
    " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>*</error></iq>"
#define INFO "http://jabber.org/protocol/disco#info"

static void setup(void)
{
    p = peer_new(1);
    p->hosts[0].has_profiles = p->hosts[0].takes_profile = true;
    peer_start(p);
    p->contact.name = "Bob";
    sj_sha1(sha1, "abc", 3);
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(pep, .init = setup, .fini = teardown);

static void known(const char *type)
{
    p->person.picture = (struct xmpp_picture){.state = XMPP_PICTURE_KNOWN, .sha1 = sha1,
                                              .type = type, .bytes = 3, .width = 4, .height = 5};
}

static void ask(const char *type, const char *payload)
{
    char text[4096];
    snprintf(text, sizeof text, "<iq type='%s' id='e' from='r@m.lit/o' to='" BOB "'>%s</iq>", type,
             payload);
    peer_say(p, 0, text);
}

static void ask_item(const char *node, const char *item)
{
    char text[1024];
    snprintf(text, sizeof text, "<pubsub xmlns='" PUBSUB "'><items node='%s'>%s</items></pubsub>",
             node, item);
    ask("get", text);
}

/* G153-01, G319-01 */
Test(pep, presence_tells_of_the_picture)
{
    struct xmpp_presence_out out = {.peer = "bob", .to = "r@m.lit", .show = XMPP_AWAY};
    xmpp_send_presence(p->xmpp, 0, &out);
    peer_expect(p, "<presence from='" BOB "'*><show>away</show><c *>"
                   "<x xmlns='vcard-temp:x:update'/>"
                   "</presence>");
    out.picture.state = XMPP_PICTURE_NONE;
    xmpp_send_presence(p->xmpp, 0, &out);
    peer_expect(p, "*<x xmlns='vcard-temp:x:update'><photo/></x></presence>");
    out.picture = (struct xmpp_picture){.state = XMPP_PICTURE_KNOWN, .sha1 = sha1};
    out.idle_since = 1000;
    xmpp_send_presence(p->xmpp, 0, &out);
    peer_expect(p, "*<x xmlns='vcard-temp:x:update'><photo>" ABC "</photo></x>"
                   "<idle since='1970-01-01T00:00:01Z' xmlns='urn:xmpp:idle:1'/></presence>");
}

/* G054-01, G054-04, G153-02 */
Test(pep, a_card_has_what_is_known)
{
    struct sj_profile profile = {.value = {
        [SJ_PROFILE_FULL_NAME] = "Robert", [SJ_PROFILE_EMAIL] = "b@e", [SJ_PROFILE_PHONE] = "1 2",
        [SJ_PROFILE_ORGANISATION] = "<O>", [SJ_PROFILE_COUNTRY] = "", [SJ_PROFILE_NOTE] = NULL}};
    struct xmpp_card card = {.name = "Bob", .profile = &profile, .data = "abc", .len = 3,
                             .type = "image/png", .sha1 = sha1};
    p->card = &card;
    ask("get", "<vCard xmlns='vcard-temp'/>");
    peer_hears(p, "card r@m.lit/o bob wants=3");
    peer_expect(p, RESULT "><vCard xmlns='vcard-temp'><FN>Robert</FN><NICKNAME>Bob</NICKNAME>"
                   "<PHOTO><TYPE>image/png</TYPE><BINVAL>YWJj</BINVAL></PHOTO>"
                   "<TEL><NUMBER>1 2</NUMBER></TEL><EMAIL><USERID>b@e</USERID></EMAIL>"
                   "<ORG><ORGNAME><O></ORGNAME></ORG></vCard></iq>");
    peer_expect_nothing(p);
}

/* G054-04: what has no place of its own stands in the note, in the language of who asks. */
Test(pep, a_card_says_in_words_what_has_no_place)
{
    static const struct sj_fact facts[] = {{"Account", "<robert>"}, {"Nickname", "bob"}};
    struct sj_profile profile = {.value = {[SJ_PROFILE_NOTE] = "Hello."},
                                 .facts = facts, .n_facts = 2};
    struct xmpp_card card = {.name = "Bob", .profile = &profile};
    p->card = &card;
    ask("get", "<vCard xmlns='vcard-temp'/>");
    peer_hears(p, "card r@m.lit/o bob wants=3");
    peer_expect(p, RESULT "><vCard xmlns='vcard-temp'><FN>Bob</FN><NICKNAME>Bob</NICKNAME>"
                   "<DESC>Hello.\nAccount: <robert>\nNickname: bob</DESC></vCard></iq>");
    profile.value[SJ_PROFILE_NOTE] = NULL;
    ask_item("urn:xmpp:vcard4", "");
    peer_hears(p, "card r@m.lit/o bob wants=1");
    peer_expect(p, "*<note><text>Account: <robert>\nNickname: bob</text></note></vcard>*");
}

Test(pep, a_card_without_profiles_is_the_name)
{
    p->hosts[0].has_profiles = false;
    ask("get", "<vCard xmlns='vcard-temp'/>");
    peer_expect(p, RESULT "><vCard xmlns='vcard-temp'><FN>Bob</FN><NICKNAME>Bob</NICKNAME></vCard>"
                   "</iq>");
    ask_item("urn:xmpp:vcard4", "");
    peer_expect(p, FAILURE("cancel", "service-unavailable"));
    ask("set", "<pubsub xmlns='" PUBSUB "'><publish node='x'/></pubsub>");
    peer_expect(p, FAILURE("cancel", "service-unavailable"));
}

/* The largest picture with the longest words fits into a stanza. */
Test(pep, the_largest_card_fits)
{
    char words[SJ_PROFILE_VALUE_MAX + 1];
    struct sj_fact facts[SJ_FACTS_MAX];
    struct sj_profile profile = {.id = "bob", .facts = facts, .n_facts = SJ_FACTS_MAX};
    memset(words, '&', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    for (size_t i = 0; i < SJ_PROFILE_COUNT; i++)
        profile.value[i] = words;
    for (size_t i = 0; i < SJ_FACTS_MAX; i++)
        facts[i] = (struct sj_fact){words, words};
    size_t max = xmpp_picture_max(p->xmpp);
    cr_expect_gt(max, 180000);
    char *data = sj_calloc(1, max);
    struct xmpp_card card = {.name = "Bob", .profile = &profile, .data = data, .len = max,
                             .type = "image/png", .sha1 = sha1};
    p->card = &card;
    ask("get", "<vCard xmlns='vcard-temp'/>");
    peer_hears(p, "card r@m.lit/o bob wants=3");
    peer_expect(p, RESULT "><vCard xmlns='vcard-temp'><FN>&*</vCard></iq>");
    sj_free(data);
}

/* A picture that got too large all the same is an error, once. */
Test(pep, an_answer_that_does_not_fit_is_an_error)
{
    size_t len = p->options.stanza_max;
    char *data = sj_calloc(1, len);
    struct xmpp_card card = {.name = "Bob", .data = data, .len = len, .type = "image/png",
                             .sha1 = sha1};
    p->card = &card;
    ask("get", "<vCard xmlns='vcard-temp'/>");
    peer_hears(p, "card r@m.lit/o bob wants=3");
    peer_expect(p, FAILURE("wait", "resource-constraint"));
    peer_expect_nothing(p);
    sj_free(data);
}

/* G084-01, G084-02, G163-06 */
Test(pep, serves_metadata_and_data_of_a_png)
{
    struct xmpp_card card = {.name = "Bob", .data = "abc", .len = 3, .type = "image/png",
                             .sha1 = sha1};
    known(XMPP_PICTURE_PNG);
    p->card = &card;
    ask_item("urn:xmpp:avatar:metadata", "");
    peer_expect(p, RESULT "><pubsub xmlns='" PUBSUB "'><items node='urn:xmpp:avatar:metadata'>"
                   "<item id='" ABC "'><metadata xmlns='urn:xmpp:avatar:metadata'>"
                   "<info bytes='3' height='5' id='" ABC "' type='image/png' width='4'/></metadata>"
                   "</item></items></pubsub></iq>");
    ask_item("urn:xmpp:avatar:data", "<item id='A9993E364706816ABA3E25717850C26C9CD0D89D'/>");
    peer_hears(p, "card r@m.lit/o bob wants=2 sha1");
    peer_expect(p, RESULT "><pubsub xmlns='" PUBSUB "'><items node='urn:xmpp:avatar:data'>"
                   "<item id='" ABC "'><data xmlns='urn:xmpp:avatar:data'>YWJj</data></item>"
                   "</items></pubsub></iq>");
    ask_item("urn:xmpp:avatar:data", "<item id='da39a3ee5e6b4b0d3255bfef95601890afd80709'/>");
    peer_expect(p, FAILURE("cancel", "item-not-found"));
    ask_item("urn:xmpp:avatar:metadata", "<item id='current'/>");
    peer_expect(p, FAILURE("cancel", "item-not-found"));
    peer_hears_nothing(p);
}

/* G163-01, XEP-0060 §5.3: what items list is there for info, too. */
Test(pep, its_nodes_are_leaves)
{
    static const char *const nodes[] = {"urn:xmpp:avatar:metadata", "urn:xmpp:avatar:data", NICK,
                                        "urn:xmpp:vcard4"};
    char text[512];
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
        snprintf(text, sizeof text, "<query xmlns='" INFO "' node='%s'/>", nodes[i]);
        p->contact.features = XMPP_FEATURE_PEP;
        ask("get", text);
        snprintf(text, sizeof text, RESULT "><query node='%s' xmlns='" INFO "'>"
                 "<identity category='pubsub' type='leaf'/><feature var='" INFO "'/>"
                 "<feature var='" PUBSUB "'/></query></iq>", nodes[i]);
        peer_expect(p, text);
        p->contact.features = 0;
        snprintf(text, sizeof text, "<query xmlns='" INFO "' node='%s'/>", nodes[i]);
        ask("get", text);
        peer_expect(p, FAILURE("cancel", "item-not-found"));
    }
    p->contact.features = XMPP_FEATURE_PEP;
    ask("get", "<query xmlns='" INFO "' node='urn:xmpp:other'/>");
    peer_expect(p, FAILURE("cancel", "item-not-found"));
    p->contact.visible = false;
    ask("get", "<query xmlns='" INFO "' node='" NICK "'/>");
    peer_expect(p, FAILURE("cancel", "service-unavailable"));
}

/* G084-02, G084-04: nothing but PNG in the node; none is said by empty metadata. */
Test(pep, serves_no_other_picture_in_the_node)
{
    known("image/jpeg");
    ask_item("urn:xmpp:avatar:metadata", "");
    peer_expect(p, RESULT "><pubsub xmlns='" PUBSUB "'><items node='urn:xmpp:avatar:metadata'/>"
                   "</pubsub></iq>");
    ask_item("urn:xmpp:avatar:data", "<item id='" ABC "'/>");
    peer_expect(p, FAILURE("cancel", "item-not-found"));
    p->person.picture.state = XMPP_PICTURE_NONE;
    ask_item("urn:xmpp:avatar:metadata", "");
    peer_expect(p, RESULT "><pubsub xmlns='" PUBSUB "'><items node='urn:xmpp:avatar:metadata'>"
                   "<item id='current'><metadata xmlns='urn:xmpp:avatar:metadata'/></item></items>"
                   "</pubsub></iq>");
    p->person.picture.state = XMPP_PICTURE_UNKNOWN;
    ask_item("urn:xmpp:avatar:metadata", "<item id='current'/>");
    peer_expect(p, FAILURE("cancel", "item-not-found"));
}

/* G163-06: in the same words for who is unknown, and who may not be seen. */
Test(pep, a_stranger_gets_nothing)
{
    p->contact.visible = false;
    ask_item("urn:xmpp:avatar:metadata", "");
    peer_expect(p, "<iq *><error type='auth'><not-authorized "
                   "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><presence-subscription-required "
                   "xmlns='" PUBSUB "#errors'/></error></iq>");
    ask("get", "<vCard xmlns='vcard-temp'/>");
    peer_expect(p, FAILURE("cancel", "service-unavailable"));
    peer_hears_nothing(p);
}

/* G163-02, G172-03, G292-01 */
Test(pep, notifies_by_headline)
{
    struct xmpp_person person = {.name = "Bob", .picture = {.state = XMPP_PICTURE_KNOWN,
                                                            .sha1 = sha1, .bytes = 3,
                                                            .type = XMPP_PICTURE_PNG}};
#define EVENT "<message from='" BOB "' id='node-*' to='r@m.lit/o' type='headline'>" \
              "<event xmlns='" PUBSUB "#event'><items node='"
    cr_assert(xmpp_send_node(p->xmpp, 0, "bob", "r@m.lit/o", XMPP_NODE_AVATAR, &person));
    peer_expect(p, EVENT "urn:xmpp:avatar:metadata'><item id='" ABC "'>"
                   "<metadata xmlns='urn:xmpp:avatar:metadata'>"
                   "<info bytes='3' id='" ABC "' type='image/png'/></metadata></item></items>"
                   "</event></message>");
    person.picture.type = "image/gif";
    cr_assert(xmpp_send_node(p->xmpp, 0, "bob", "r@m.lit/o", XMPP_NODE_AVATAR, &person));
    peer_expect(p, EVENT "urn:xmpp:avatar:metadata'><item id='current'>"
                   "<metadata xmlns='urn:xmpp:avatar:metadata'/></item></items></event></message>");
    cr_assert(xmpp_send_node(p->xmpp, 0, "bob", "r@m.lit/o", XMPP_NODE_NICK, &person));
    peer_expect(p, EVENT NICK "'><item id='current'><nick xmlns='" NICK "'>Bob</nick></item>"
                   "</items></event></message>");
    cr_assert(xmpp_send_node(p->xmpp, 0, "bob", "r@m.lit/o", XMPP_NODE_VCARD4, &person));
    peer_expect(p, EVENT "urn:xmpp:vcard4'><item id='current'/></items></event></message>");
    cr_expect(xmpp_is_node_id("node-1"));
    cr_expect_not(xmpp_is_node_id("nod"));
    cr_expect_not(xmpp_is_node_id(NULL));
}

/* ---- what clients want ---- */

#define ANSWER "<identity category='client' type='pc' name='Exodus 0.9.1'/>" \
               "<feature var='http://jabber.org/protocol/caps'/><feature var='" INFO "'/>" \
               "<feature var='http://jabber.org/protocol/disco#items'/>" \
               "<feature var='http://jabber.org/protocol/muc'/>"

/* Asks r@m.lit/o by these capabilities, and answers with content. */
static void query(const struct xmpp_caps_in *caps, const char *content)
{
    unsigned nodes = 0;
    char *sent;
    char id[64] = "";
    char text[8192];
    cr_assert_not(xmpp_query_wants(p->xmpp, 0, "r@m.lit/o", caps, &nodes));
    peer_settle(p);
    sent = peer_next(p, 0);
    cr_assert_not_null(sent);
    cr_assert_eq(sscanf(strstr(sent, "id='"), "id='%63[^']", id), 1);
    snprintf(text, sizeof text, "<iq type='result' id='%s' from='r@m.lit/o' to='irc0.example.org'>"
             "<query xmlns='" INFO "'>%s</query></iq>", id, content);
    peer_say(p, 0, text);
    sj_free(sent);
}

/* G115-09, G115-10: kept by the hash that the answer itself has. */
Test(pep, learns_what_a_client_wants)
{
    const struct xmpp_caps_in caps = {"http://c.im", "9AjZ1MTzAsBd0sSwyrEVlE7RP2Y="};
    unsigned nodes = 0;
    query(&caps, "<identity category='client' type='pc'/>"
                 "<feature var='urn:xmpp:avatar:metadata+notify'/>"
                 "<feature var='urn:xmpp:vcard4+notify'/><feature var='" NICK "+notify'/>");
    peer_hears(p, "wants 0 r@m.lit/o 7");
    query(NULL, ANSWER);
    peer_hears_nothing(p);
    cr_expect(xmpp_query_wants(p->xmpp, 0, "x@m.lit/o",
                               &(struct xmpp_caps_in){"n", "QgayPKawpkPSDYmwT/WM94uAlu0="},
                               &nodes));
    cr_expect_eq(nodes, 0);
    cr_expect_not(xmpp_query_wants(p->xmpp, 0, "x@m.lit/o", &caps, &nodes),
                  "an answer with another hash is not kept under that one");
}

/* XEP-0115 §8.1: another set whose hash is the same, since the text that is hashed is ("<" within a
 * name, a form in place of a feature). It must not hide what honest clients with that hash want. */
Test(pep, cannot_be_lied_to_about_other_clients)
{
#define CLIENT "<identity category='client' type='pc'/>"
    static const struct {
        const char *lie, *ver;
        unsigned wants;
    } rows[] = {
        {CLIENT "<feature var='urn:xmpp:avatar:metadata+notify&lt;urn:xmpp:ping'/>",
         "GAx5Q2PUvvZxzvirX77uurE1v24=", 1},
        {CLIENT "<feature var='a'/><x xmlns='jabber:x:data' type='result'>"
                "<field var='FORM_TYPE' type='hidden'>"
                "<value>urn:xmpp:avatar:metadata+notify</value></field></x>",
         "cH2qw4CK3cKe+eOF41tUbdhxbgA=", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned nodes = 0;
        query(NULL, rows[i].lie);
        cr_expect(xmpp_query_wants(p->xmpp, 0, "x@m.lit/o",
                                   &(struct xmpp_caps_in){"n", rows[i].ver}, &nodes), "%zu", i);
        cr_expect_eq(nodes, rows[i].wants, "%zu", i);
    }
}

/* The second example of XEP-0115, with a form. */
Test(pep, reckons_forms_into_the_hash)
{
    unsigned nodes = 0;
    query(NULL, "<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>"
                "<identity xml:lang='el' category='client' name='\xce\xa8 0.11' type='pc'/>"
                "<feature var='http://jabber.org/protocol/caps'/><feature var='" INFO "'/>"
                "<feature var='http://jabber.org/protocol/disco#items'/>"
                "<feature var='http://jabber.org/protocol/muc'/>"
                "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>"
                "<value>urn:xmpp:dataforms:softwareinfo</value></field>"
                "<field var='ip_version'><value>ipv4</value><value>ipv6</value></field>"
                "<field var='os'><value>Mac</value></field>"
                "<field var='os_version'><value>10.5.1</value></field>"
                "<field var='software'><value>Psi</value></field>"
                "<field var='software_version'><value>0.11</value></field></x>");
    cr_expect(xmpp_query_wants(p->xmpp, 0, "x@m.lit/o",
                               &(struct xmpp_caps_in){"n", "q07IKJEyjvHSyhy//CH0CxmKi8w="},
                               &nodes));
}

/* G115-09: of an ill-formed answer nothing counts. */
Test(pep, rejects_ill_formed_capabilities)
{
#define NOTIFY "<feature var='urn:xmpp:avatar:metadata+notify'/>"
#define FORM(type) "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>" \
                   "<value>" type "</value></field></x>"
    static const char *const wrong[] = {
        NOTIFY NOTIFY,
        NOTIFY "<identity category='a' type='b'/><identity category='a' type='b'/>",
        NOTIFY FORM("urn:x") FORM("urn:x"),
        NOTIFY "<feature/>",
        NOTIFY "<identity type='b'/>",
        NOTIFY "<x xmlns='jabber:x:data'><field var='FORM_TYPE' type='hidden'><value>1</value>"
               "<value>2</value></field></x>",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        query(NULL, wrong[i]);
        peer_hears_nothing(p);
    }
    query(NULL, NOTIFY "<x xmlns='jabber:x:data'><field var='FORM_TYPE'><value>1</value></field>"
                "</x>" FORM("urn:x") FORM("urn:y"));
    peer_hears(p, "wants 0 r@m.lit/o 1");
}

/* ---- the user's own ---- */

#define OWN_EVENT(from, node, payload) \
    "<message type='headline' from='" from "' to='irc0.example.org'>" \
    "<event xmlns='" PUBSUB "#event'><items node='" node "'><item id='1'>" payload \
    "</item></items></event></message>"
#define METADATA "urn:xmpp:avatar:metadata"
#define INFO_OF(bytes, id, type, more) \
    "<metadata xmlns='" METADATA "'><info bytes='" bytes "' id='" id "' type='" type "'" more \
    "/></metadata>"

/* G163-08 */
Test(pep, hears_of_the_users_own_profile)
{
    peer_say(p, 0, OWN_EVENT("r@m.lit", NICK, "<nick xmlns='" NICK "'>Romeo M.</nick>"));
    peer_hears(p, "own-nick r@m.lit Romeo M.");
    peer_say(p, 0, OWN_EVENT("r@m.lit", METADATA, INFO_OF("3", ABC, "image/png", "")));
    peer_hears(p, "own-picture r@m.lit " ABC " 3");
    peer_say(p, 0, OWN_EVENT("r@m.lit", METADATA, "<metadata xmlns='" METADATA "'/>"));
    peer_hears(p, "own-picture r@m.lit none 0");
}

#define IDLE(since) \
    "<presence from='r@m.lit/o' to='irc0.example.org'>" \
    "<idle xmlns='urn:xmpp:idle:1' since='" since "'/></presence>"

/* G319-01: what is no time is none, and who does not want it is not told. */
Test(pep, hears_since_when_the_user_does_nothing)
{
    static const char *const wrong[] = {IDLE(""), IDLE("yesterday"), IDLE("2026-11-21"),
                                        IDLE("99999999999999999999-01-01T00:00:00Z")};
    p->hosts[0].takes_idle = true;
    peer_say(p, 0, IDLE("2026-11-21T15:04:05Z"));
    peer_hears(p, "presence r@m.lit/o to -: online 0 -");
    peer_hears(p, "idle since 1795273445000");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        peer_say(p, 0, wrong[i]);
        peer_hears(p, "presence r@m.lit/o to -: online 0 -");
        peer_hears_nothing(p);
    }
    p->hosts[0].takes_idle = false;
    peer_say(p, 0, IDLE("2026-11-21T15:04:05Z"));
    peer_hears(p, "presence r@m.lit/o to -: online 0 -");
    peer_hears_nothing(p);
}

/* Only the account speaks for itself, and only of what could be fetched. */
Test(pep, ignores_what_is_not_the_users_own)
{
    static const char *const wrong[] = {
        OWN_EVENT("r@m.lit/o", METADATA, INFO_OF("3", ABC, "image/png", "")),
        OWN_EVENT("r@m.lit", METADATA, INFO_OF("99999999", ABC, "image/png", "")),
        OWN_EVENT("r@m.lit", METADATA, INFO_OF("0", ABC, "image/png", "")),
        OWN_EVENT("r@m.lit", METADATA, INFO_OF("3", "zzz", "image/png", "")),
        OWN_EVENT("r@m.lit", METADATA, INFO_OF("3", ABC, "image/jpeg", "")),
        OWN_EVENT("r@m.lit", METADATA, INFO_OF("3", ABC, "image/png", " url='http://x'")),
        OWN_EVENT("r@m.lit", METADATA, "<nick xmlns='" NICK "'>x</nick>"),
        OWN_EVENT("r@m.lit", "storage:bookmarks", "<nick xmlns='" NICK "'>x</nick>"),
        "<message type='headline' from='r@m.lit' to='irc0.example.org'><event xmlns='" PUBSUB
        "#event'><items node='" METADATA "'><retract id='x'/></items></event></message>",
        "<message type='headline' from='r@m.lit' to='irc0.example.org'/>",
        "<message type='headline' from='r@m.lit' to='" BOB "'><event xmlns='" PUBSUB
        "#event'><items node='" NICK "'><item><nick xmlns='" NICK "'>x</nick></item></items>"
        "</event></message>",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        peer_say(p, 0, wrong[i]);
        peer_hears_nothing(p);
    }
    p->hosts[0].takes_profile = false;
    peer_say(p, 0, OWN_EVENT("r@m.lit", NICK, "<nick xmlns='" NICK "'>Romeo M.</nick>"));
    peer_hears_nothing(p);
}

/* Fetches the user's picture, answers with content. */
static void fetch(bool by_card, const char *content)
{
    const struct xmpp_own_picture own = {.sha1 = sha1, .bytes = 3, .by_card = by_card};
    char id[64] = "";
    char text[4096];
    char *sent;
    cr_assert(xmpp_fetch_own_picture(p->xmpp, 0, "r@m.lit", &own));
    peer_settle(p);
    sent = peer_next(p, 0);
    cr_assert_not_null(sent);
    cr_expect(peer_match(by_card ? "<iq *><vCard xmlns='vcard-temp'/></iq>"
                                 : "<iq *><pubsub xmlns='" PUBSUB "'><items "
                                   "node='urn:xmpp:avatar:data'><item id='" ABC "'/></items>"
                                   "</pubsub></iq>", sent), "%s", sent);
    cr_assert_eq(sscanf(strstr(sent, "id='"), "id='%63[^']", id), 1);
    snprintf(text, sizeof text, "<iq type='result' id='%s' from='r@m.lit' to='irc0.example.org'>"
             "%s</iq>", id, content);
    peer_say(p, 0, text);
    sj_free(sent);
}

#define DATA(base64) "<pubsub xmlns='" PUBSUB "'><items node='urn:xmpp:avatar:data'>" \
                     "<item id='" ABC "'><data xmlns='urn:xmpp:avatar:data'>" base64 \
                     "</data></item></items></pubsub>"

/* G163-08: what does not fit its hash is not taken. */
Test(pep, fetches_the_users_picture_and_checks_it)
{
    fetch(false, DATA("YW\n Jj"));
    peer_hears(p, "own-data 0 r@m.lit " ABC " right 3");
    fetch(true, "<vCard xmlns='vcard-temp'><PHOTO><TYPE>x</TYPE><BINVAL>YWJj</BINVAL></PHOTO>"
                "</vCard>");
    peer_hears(p, "own-data 0 r@m.lit " ABC " right 3");
    static const char *const wrong[] = {DATA("YWJk"), DATA("YWJ"), DATA("****"), DATA(""), "",
                                        "<vCard xmlns='vcard-temp'/>"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        fetch(false, wrong[i]);
        peer_hears(p, "own-data 0 r@m.lit " ABC " none 0");
    }
    fetch(true, "<vCard xmlns='vcard-temp'><PHOTO/></vCard>");
    peer_hears(p, "own-data 0 r@m.lit " ABC " none 0");
}
