/* SPDX-License-Identifier: MPL-2.0 */
/* Requests to rooms and occupants: discovery, lists, configuration, pings, cards. */
#include <criterion/criterion.h>

#include "peer_muc.h"
#include "sojourn/memory.h"
#include "sojourn/sha1.h"
#include "sojourn/strbuf.h"

static struct peer *p;

static void setup(void)
{
    p = peer_new_with_rooms();
    p->own_nick = "ro";
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(muc_iq, .init = setup, .fini = teardown);

#define IQ(type, to, payload) \
    "<iq type='" type "' id='i' from='" USER "' to='" to "'>" payload "</iq>"
#define RESULT(from, payload) \
    "<iq from='" from "' id='i' to='" USER "' type='result'>" payload "</iq>"
#define FAILURE(from, type, condition) \
    "<iq from='" from "' id='i' to='" USER "' type='error'><error by='" ROOM "' type='" type "'>" \
    CONDITION(condition) "*</error></iq>"
#define JULIET ROOM "/juliet"
#define PING "<ping xmlns='urn:xmpp:ping'/>"
#define INFO "<query xmlns='http://jabber.org/protocol/disco#info'/>"
#define ITEMS "<query xmlns='http://jabber.org/protocol/disco#items'/>"
#define VCARD "<vCard xmlns='vcard-temp'/>"

struct row {
    const char *said, *heard, *answer;
};

static void run(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        peer_say(p, 0, rows[i].said);
        if (rows[i].heard != NULL)
            peer_hears(p, rows[i].heard);
        if (rows[i].answer != NULL)
            peer_expect(p, rows[i].answer);
        peer_hears_nothing(p);
    }
}
#define RUN(rows) run(rows, sizeof(rows) / sizeof *(rows))

/* G410-01, G410-02, G045-11, G045-97. */
Test(muc_iq, is_answered_for_occupants_to_occupants_only)
{
    static const struct row inside[] = {
        {IQ("get", ROOM "/ro", PING), NULL,
         "<iq from='" ROOM "/ro' id='i' to='" USER "' type='result'/>"},
        {IQ("get", JULIET, PING), NULL,
         "<iq from='" JULIET "' id='i' to='" USER "' type='result'/>"},
        {IQ("get", ROOM "/nobody", PING), NULL,
         FAILURE(ROOM "/nobody", "cancel", "item-not-found")},
        {IQ("get", ROOM "/ro", INFO), NULL,
         FAILURE(ROOM "/ro", "cancel", "service-unavailable")},
        {IQ("get", JULIET, "<query xmlns='jabber:iq:version'/>"), NULL,
         FAILURE(JULIET, "cancel", "service-unavailable")},
        {IQ("set", JULIET, PING), NULL, FAILURE(JULIET, "cancel", "service-unavailable")},
        {IQ("get", JULIET, ITEMS), NULL,
         RESULT(JULIET, "<query xmlns='http://jabber.org/protocol/disco#items'/>")},
        {IQ("get", JULIET, "<query xmlns='http://jabber.org/protocol/disco#info' node='x'/>"), NULL,
         FAILURE(JULIET, "cancel", "item-not-found")},
        {IQ("get", JULIET, "<query xmlns='jabber:iq:last'/>"), NULL,
         FAILURE(JULIET, "cancel", "service-unavailable")},
    };
    static const struct row outside[] = {
        {IQ("get", ROOM "/ro", PING), NULL, FAILURE(ROOM "/ro", "cancel", "not-acceptable")},
        {IQ("get", JULIET, PING), NULL, FAILURE(JULIET, "cancel", "not-acceptable")},
        {IQ("get", JULIET, INFO), NULL, FAILURE(JULIET, "modify", "bad-request")},
        {IQ("get", JULIET, ITEMS), NULL, FAILURE(JULIET, "modify", "bad-request")},
        {IQ("get", JULIET, VCARD), NULL, FAILURE(JULIET, "cancel", "not-acceptable")},
        {IQ("set", JULIET, "<query xmlns='urn:unknown'/>"), NULL,
         FAILURE(JULIET, "cancel", "not-acceptable")},
    };
    RUN(inside);
    p->own_nick = NULL;
    RUN(outside);
}

Test(muc_iq, tells_what_is_known_of_an_occupant)
{
    p->place_info = (struct xmpp_place_info){.features = XMPP_FEATURE_TYPING | XMPP_FEATURE_PEP,
                                             .idle_since = sj_loop_utc_ms(p->loop) - 61000};
    static const struct row rows[] = {
        {IQ("get", JULIET, INFO), NULL,
         RESULT(JULIET, "<query xmlns='http://jabber.org/protocol/disco#info'>"
                        "<identity category='account' type='registered'/>"
                        "*<feature var='jabber:iq:last'/>"
                        "<feature var='http://jabber.org/protocol/chatstates'/></query>")},
        {IQ("get", JULIET, "<query xmlns='jabber:iq:last'/>"), NULL,
         RESULT(JULIET, "<query seconds='61' xmlns='jabber:iq:last'/>")},
    };
    RUN(rows);
}

/* G486-01. */
Test(muc_iq, gives_cards_of_rooms_and_occupants)
{
    const struct xmpp_card card = {.name = "Juliet"};
    static const struct row rows[] = {
        {IQ("get", JULIET, VCARD), "room-card " USER " #garden juliet wants=3",
         RESULT(JULIET, "<vCard xmlns='vcard-temp'><FN>Juliet</FN><NICKNAME>Juliet</NICKNAME>"
                        "</vCard>")},
        {IQ("get", ROOM, VCARD), "room-card " USER " #garden - wants=2", RESULT(ROOM, "<vCard *")},
    };
    p->card = &card;
    RUN(rows);
    p->card = NULL;
    p->status = SJ_NOTFOUND;
    peer_say(p, 0, IQ("get", ROOM, VCARD));
    peer_hears(p, "room-card *");
    peer_expect(p, FAILURE(ROOM, "cancel", "item-not-found"));
}

#define PHOTO(inside) "<vCard xmlns='vcard-temp'><FN>x</FN><PHOTO>" inside "</PHOTO></vCard>"

/* G486-02. */
Test(muc_iq, takes_a_picture_for_a_room)
{
    char big[20000];
    struct sj_strbuf text;
    static const struct row rows[] = {
        {IQ("set", ROOM, PHOTO("<TYPE>image/png</TYPE><BINVAL>cGlj\n dHVyZQ==</BINVAL>")),
         "room-picture " USER " #garden 'picture'", NULL},
        {IQ("set", ROOM, VCARD), "room-picture " USER " #garden ''", NULL},
        {IQ("set", ROOM, PHOTO("<EXTVAL>http://example.org/p.png</EXTVAL>")), NULL,
         FAILURE(ROOM, "modify", "not-acceptable")},
        {IQ("set", ROOM, PHOTO("<BINVAL/>")), NULL, FAILURE(ROOM, "modify", "bad-request")},
        {IQ("set", ROOM, PHOTO("<BINVAL>*</BINVAL>")), NULL,
         FAILURE(ROOM, "modify", "bad-request")},
        {IQ("set", JULIET, VCARD), NULL, FAILURE(JULIET, "cancel", "service-unavailable")},
    };
    RUN(rows);
    memset(big, 'A', sizeof big);
    sj_strbuf_init(&text, sizeof big + 500);
    p->options.stanza_max = 20480;       /* three quarters of what half of that leaves */
    sj_strbuf_addf(&text, IQ("set", ROOM, PHOTO("<BINVAL>%.*s</BINVAL>")), (int)sizeof big, big);
    peer_say(p, 0, text.s);
    peer_expect(p, FAILURE(ROOM, "modify", "not-acceptable"));
    sj_strbuf_release(&text);
}

/* ---- discovery ---- */

#define ANSWERED(answer_call) \
    do { \
        answer_call; \
        peer_settle(p); \
    } while (0)

/* G045-03, G045-05, G313-01, G410-03, G421-04, G444-01, G486-01. */
Test(muc_iq, tells_what_a_room_is_like)
{
    static const uint8_t sha1[SJ_SHA1_LEN] = {0xab, 0xcd};
    const struct xmpp_room_info info = {
        .room = "#garden", .name = "The Garden", .description = "d", .subject = "s",
        .avatar = sha1, .features = XMPP_FEATURE_REACT | XMPP_FEATURE_RECEIPTS, .occupants = 3,
        .occupants_max = -1, .history_max = 20, .has_archive = true, .has_titles = true,
        .flags = XMPP_ROOM_SECRET | XMPP_ROOM_MODERATED | XMPP_ROOM_SUBJECT_LOCKED};
    const struct xmpp_room_info bare = {
        .room = "#garden", .occupants = -1, .occupants_max = -1, .history_max = -1,
        .flags = XMPP_ROOM_MEMBERS_ONLY | XMPP_ROOM_PASSWORD | XMPP_ROOM_PERSISTENT |
                 XMPP_ROOM_ANONYMOUS};
    p->hosts[0].reactions.max_per_user = 1;
    peer_say(p, 0, IQ("get", ROOM, INFO));
    peer_hears(p, "room-info " USER " #garden");
    ANSWERED(xmpp_answer_room_info(p->xmpp, p->request, &info));
    peer_expect(p, RESULT(ROOM,
        "<query xmlns='http://jabber.org/protocol/disco#info'>"
        "<identity category='conference' name='The Garden' type='text'/>"
        "<feature var='http://jabber.org/protocol/disco#info'/>"
        "<feature var='http://jabber.org/protocol/disco#items'/>"
        "<feature var='http://jabber.org/protocol/muc'/>"
        "<feature var='http://jabber.org/protocol/muc#stable_id'/>"
        "<feature var='http://jabber.org/protocol/muc#self-ping-optimization'/>"
        "<feature var='urn:xmpp:occupant-id:0'/><feature var='urn:xmpp:sid:0'/>"
        "<feature var='urn:xmpp:ping'/>"
        "<feature var='urn:xmpp:reactions:0'/>"
        "<feature var='urn:xmpp:mam:2'/><feature var='urn:xmpp:mam:2#extended'/>"
        "<feature var='urn:xmpp:hats:0'/><feature var='vcard-temp'/>"
        "<feature var='muc_hidden'/><feature var='muc_open'/><feature var='muc_moderated'/>"
        "<feature var='muc_nonanonymous'/><feature var='muc_unsecured'/>"
        "<feature var='muc_temporary'/>"
        "<x type='result' xmlns='jabber:x:data'><field type='hidden' var='FORM_TYPE'>"
        "<value>http://jabber.org/protocol/muc#roominfo</value></field>"
        "<field type='text-single' var='muc#roominfo_description'><value>d</value></field>"
        "<field type='text-single' var='muc#roominfo_subject'><value>s</value></field>"
        "<field type='boolean' var='muc#roominfo_subjectmod'><value>0</value></field>"
        "<field type='boolean' var='muc#roomconfig_changesubject'><value>0</value></field>"
        "<field type='text-single' var='muc#roominfo_occupants'><value>3</value></field>"
        "<field type='text-single' var='muc#maxhistoryfetch'><value>20</value></field>"
        "<field type='text-multi' var='muc#roominfo_avatarhash'>"
        "<value>abcd000000000000000000000000000000000000</value></field></x>"
        "<x type='result' xmlns='jabber:x:data'><field type='hidden' var='FORM_TYPE'>"
        "<value>urn:xmpp:reactions:0:restrictions</value></field>*</x></query>"));
    peer_say(p, 0, IQ("get", ROOM, INFO));
    peer_hears(p, "room-info *");
    ANSWERED(xmpp_answer_room_info(p->xmpp, p->request, &bare));
    peer_expect(p, "*<identity category='conference' name='#garden' type='text'/>*"
        "<feature var='muc_public'/><feature var='muc_membersonly'/>"
        "<feature var='muc_unmoderated'/><feature var='muc_semianonymous'/>"
        "<feature var='muc_passwordprotected'/><feature var='muc_persistent'/><x *</field>"
        "<field type='boolean' var='muc#roominfo_subjectmod'><value>1</value></field>"
        "<field type='boolean' var='muc#roomconfig_changesubject'><value>1</value></field></x>"
        "</query></iq>");
    p->status = SJ_NOTFOUND;             /* G045-07 */
    peer_say(p, 0, IQ("get", ROOM, INFO));
    peer_hears(p, "room-info *");
    peer_expect(p, FAILURE(ROOM, "cancel", "item-not-found"));
}

#define NODE_INFO(node) \
    "<query node='" node "' xmlns='http://jabber.org/protocol/disco#info'/>"

/* G045-06, G045-08, G045-09. */
Test(muc_iq, knows_the_nodes_of_a_room)
{
    const struct xmpp_room_info locked = {.room = "#garden", .reserved_nick = "ro"};
    const struct xmpp_room_info open = {.room = "#garden"};
    static const struct row rows[] = {
        {IQ("get", ROOM, NODE_INFO("http://jabber.org/protocol/muc#traffic")), NULL,
         FAILURE(ROOM, "cancel", "service-unavailable")},
        {IQ("get", ROOM, NODE_INFO("x")), NULL, FAILURE(ROOM, "cancel", "item-not-found")},
        {IQ("get", ROOM, ITEMS), NULL,
         RESULT(ROOM, "<query xmlns='http://jabber.org/protocol/disco#items'/>")},
        {IQ("get", ROOM, "<query node='x' xmlns='http://jabber.org/protocol/disco#items'/>"), NULL,
         FAILURE(ROOM, "cancel", "item-not-found")},
        {IQ("get", ROOM, PING), NULL,
         "<iq from='" ROOM "' id='i' to='" USER "' type='result'/>"},
        {IQ("get", ROOM, "<query xmlns='jabber:iq:register'/>"), NULL,
         FAILURE(ROOM, "cancel", "service-unavailable")},
    };
    RUN(rows);
    peer_say(p, 0, IQ("get", ROOM, NODE_INFO("x-roomuser-item")));
    peer_hears(p, "room-info *");
    ANSWERED(xmpp_answer_room_info(p->xmpp, p->request, &locked));
    peer_expect(p, RESULT(ROOM, "<query node='x-roomuser-item' "
                                "xmlns='http://jabber.org/protocol/disco#info'><identity "
                                "category='conference' name='ro' type='text'/></query>"));
    peer_say(p, 0, IQ("get", ROOM, NODE_INFO("x-roomuser-item")));
    peer_hears(p, "room-info *");
    ANSWERED(xmpp_answer_room_info(p->xmpp, p->request, &open));
    peer_expect(p, RESULT(ROOM, "<query node='x-roomuser-item' "
                                "xmlns='http://jabber.org/protocol/disco#info'/>"));
}

/* G045-01, G045-04, G059-03, G421-04. */
Test(muc_iq, tells_that_the_host_has_rooms)
{
    peer_say(p, 0, IQ("get", "irc0.example.org", INFO));
    peer_expect(p, "*<identity category='gateway' *<identity category='conference' "
                   "name='Example IRC' type='text'/>*"
                   "<feature var='http://jabber.org/protocol/muc'/>"
                   "<feature var='http://jabber.org/protocol/muc#stable_id'/>"
                   "<feature var='urn:xmpp:occupant-id:0'/>"
                   "<feature var='http://jabber.org/protocol/rsm'/>*");
}

#define LIST(set) "<query xmlns='http://jabber.org/protocol/disco#items'>" set "</query>"
#define SET(content) "<set xmlns='http://jabber.org/protocol/rsm'>" content "</set>"
#define HOST_FAILURE(type, condition) \
    "<iq from='irc0.example.org' id='i' to='" USER "' type='error'><error type='" type "'>" \
    CONDITION(condition) "*</error></iq>"

#define ROOMS \
    "<item jid='" ROOM "' name='The Garden'/><item jid='#house@irc0.example.org'/>"

/* G059-01, G059-02. */
Test(muc_iq, lists_rooms_in_pages)
{
    static const struct {
        const char *set, *page, *failure;
    } rows[] = {
        {"", "all - max=200", NULL},
        {SET(""), "wanted - max=200", NULL},
        {SET("<max>10</max>"), "wanted - max=10", NULL},
        {SET("<max>0</max>"), "wanted - max=0", NULL},
        {SET("<max>10</max><after>#a</after>"), "wanted #a max=10", NULL},
        {SET("<before>#a</before>"), "wanted back #a max=200", NULL},
        {SET("<max>5</max><before/>"), "wanted back - max=5", NULL},
        {SET("<max>5</max><index>3</index>"), NULL,
         HOST_FAILURE("cancel", "feature-not-implemented")},
        {SET("<max>-1</max>"), NULL, HOST_FAILURE("modify", "bad-request")},
        {SET("<max>many</max>"), NULL, HOST_FAILURE("modify", "bad-request")},
        {SET("<after>a</after><before/>"), NULL, HOST_FAILURE("modify", "bad-request")},
    };
    const struct xmpp_room_listed rooms[] = {
        {.room = "#garden", .name = "The Garden"}, {.room = " ", .name = "none"},
        {.room = "#house"}};
    const struct xmpp_page_out page = {
        .first = "#garden", .last = "#house", .index = 0, .count = 2};
    const struct xmpp_page_out empty = {.index = -1, .count = -1};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text, IQ("get", "irc0.example.org", LIST("%s")), rows[i].set);
        peer_say(p, 0, text);
        if (rows[i].failure != NULL) {
            peer_expect(p, rows[i].failure);
            continue;
        }
        snprintf(text, sizeof text, "room-list " USER " page=%s", rows[i].page);
        peer_hears(p, text);
        xmpp_answer_room_list(p->xmpp, p->request, rooms, i == 3 ? 0 : 3,
                              i == 0 ? NULL : i == 3 ? &empty : &page);
        peer_expect(p, i == 3   ? RESULT("irc0.example.org", LIST("<set *rsm'/>"))
                       : i == 0 ? RESULT("irc0.example.org", LIST(ROOMS))
                                : RESULT("irc0.example.org",
                                         LIST(ROOMS SET("<first index='0'>#garden</first>"
                                                        "<last>#house</last><count>2</count>"))));
    }
    p->hosts[0].has_rooms = false;
    peer_say(p, 0, IQ("get", "irc0.example.org", LIST("")));
    peer_expect(p, RESULT("irc0.example.org", "<query *disco#items'/>"));
    peer_hears_nothing(p);
}

/* ---- administration ---- */

#define ADMIN(content) "<query xmlns='http://jabber.org/protocol/muc#admin'>" content "</query>"
#define SETS(content) IQ("set", ROOM, ADMIN(content))
#define GETS(content) IQ("get", ROOM, ADMIN(content))
#define DONE "<iq from='" ROOM "' id='i' to='" USER "' type='result'/>"
#define CHANGES "admin-set " USER " #garden "

/* G045-74. */
Test(muc_iq, changes_roles_and_affiliations)
{
    static const struct row rows[] = {
        {SETS("<item nick='juliet' role='none'><reason>late</reason></item>"),
         CHANGES "nick=juliet peer=- jid=- affiliation=-1 role=0 reason=late", DONE},
        {SETS("<item nick='juliet' jid='bob@irc0.example.org' role='moderator'/>"),
         CHANGES "nick=juliet peer=- jid=- affiliation=-1 role=3 reason=-", DONE},
        {SETS("<item jid='bob@irc0.example.org' affiliation='outcast'/>"),
         CHANGES "nick=- peer=bob jid=- affiliation=1 role=-1 reason=-", DONE},
        {SETS("<item jid='Nurse@m.lit/x' affiliation='owner'/>"),
         CHANGES "nick=- peer=- jid=nurse@m.lit affiliation=4 role=-1 reason=-", DONE},
        {SETS("<item nick='juliet' affiliation='member'/>"),
         CHANGES "nick=juliet peer=- jid=- affiliation=2 role=-1 reason=-", DONE},
        {SETS("<item jid='" JULIET "' affiliation='admin'/>"),
         CHANGES "nick=juliet peer=- jid=- affiliation=3 role=-1 reason=-", DONE},
        {SETS("<item jid='#house@irc0.example.org/juliet' affiliation='admin'/>"), NULL,
         FAILURE(ROOM, "modify", "jid-malformed")},
        {SETS("<item jid='" ROOM "' affiliation='admin'/>"), NULL,
         FAILURE(ROOM, "modify", "jid-malformed")},
        {SETS("<item jid='irc0.example.org' affiliation='admin'/>"), NULL,
         FAILURE(ROOM, "modify", "jid-malformed")},
        {SETS("<item jid='@' affiliation='admin'/>"), NULL,
         FAILURE(ROOM, "modify", "jid-malformed")},
        {SETS("<item nick='juliet' role='none' affiliation='none'/>"), NULL,
         FAILURE(ROOM, "modify", "bad-request")},
        {SETS("<item nick='juliet'/>"), NULL, FAILURE(ROOM, "modify", "bad-request")},
        {SETS("<item nick='juliet' role='king'/>"), NULL, FAILURE(ROOM, "modify", "bad-request")},
        {SETS("<item nick='juliet' affiliation=''/>"), NULL,
         FAILURE(ROOM, "modify", "bad-request")},
        {SETS("<item role='none'/>"), NULL, FAILURE(ROOM, "modify", "bad-request")},
        {SETS("<item jid='bob@irc0.example.org' role='none'/>"), NULL,
         FAILURE(ROOM, "modify", "bad-request")},
        {SETS("<item nick='' role='none'/>"), NULL, FAILURE(ROOM, "cancel", "item-not-found")},
        {SETS("<item nick='a' role='none'/><item nick='b' role='king'/>"), NULL,
         FAILURE(ROOM, "modify", "bad-request")},
        {SETS(""), NULL, FAILURE(ROOM, "modify", "bad-request")},
        {GETS("<item affiliation='outcast'/>"), "admin-get " USER " #garden affiliation=1 role=-1",
         DONE},
        {GETS("<item role='moderator'/>"), "admin-get " USER " #garden affiliation=-1 role=3",
         DONE},
        {GETS("<item/>"), NULL, FAILURE(ROOM, "modify", "bad-request")},
        {GETS("<item role='moderator' affiliation='owner'/>"), NULL,
         FAILURE(ROOM, "modify", "bad-request")},
        {GETS("<item role='moderator'/><item role='visitor'/>"), NULL,
         FAILURE(ROOM, "modify", "bad-request")},
        {GETS(""), NULL, FAILURE(ROOM, "modify", "bad-request")},
    };
    p->answer_at_once = true;
    RUN(rows);
}

Test(muc_iq, says_why_a_change_was_refused)
{
    static const struct {
        enum sj_status status;
        const char *answer;
    } rows[] = {
        {SJ_DENIED, FAILURE(ROOM, "auth", "forbidden")},
        {SJ_NOTALLOWED, FAILURE(ROOM, "cancel", "not-allowed")},
        {SJ_EXISTS, FAILURE(ROOM, "cancel", "conflict")},
        {SJ_UNSUPPORTED, FAILURE(ROOM, "cancel", "feature-not-implemented")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        p->status = rows[i].status;
        peer_say(p, 0, SETS("<item nick='juliet' role='none'/>"));
        peer_hears(p, CHANGES "*");
        peer_expect(p, rows[i].answer);
    }
}

static void say_items(unsigned n)
{
    struct sj_strbuf text;
    sj_strbuf_init(&text, 1 << 20);
    sj_strbuf_adds(&text, "<iq type='set' id='i' from='" USER "' to='" ROOM "'>"
                          "<query xmlns='http://jabber.org/protocol/muc#admin'>");
    for (unsigned i = 0; i < n; i++)
        sj_strbuf_addf(&text, "<item affiliation='member' jid='" ROOM "/n%u'/>", i);
    sj_strbuf_adds(&text, "</query></iq>");
    peer_say(p, 0, text.s);
    sj_strbuf_release(&text);
}

Test(muc_iq, takes_a_bounded_number_of_changes)
{
    p->answer_at_once = true;
    say_items(XMPP_ROOM_ITEMS_MAX);
    for (unsigned i = 0; i < XMPP_ROOM_ITEMS_MAX; i++) {
        char expected[128];
        snprintf(expected, sizeof expected, CHANGES "nick=n%u *", i);
        peer_hears(p, expected);
    }
    peer_expect(p, DONE);
    say_items(XMPP_ROOM_ITEMS_MAX + 1);
    peer_expect(p, FAILURE(ROOM, "modify", "not-acceptable"));
    peer_hears_nothing(p);
}

#define MODERATES(attributes, content) \
    IQ("set", ROOM, "<moderate " attributes " xmlns='urn:xmpp:message-moderate:1'>" content \
                    "</moderate>")
#define RETRACT "<retract xmlns='urn:xmpp:message-retract:1'/>"

Test(muc_iq, hears_what_a_moderator_takes_back_G425_01)
{
    static const struct row rows[] = {
        {MODERATES("id='s7'", RETRACT "<reason>not here</reason>"),
         "moderate " USER " #garden s7: not here", DONE},
        {MODERATES("id='s7'", RETRACT), "moderate " USER " #garden s7: -", DONE},
        {MODERATES("id='s7'", ""), NULL, FAILURE(ROOM, "modify", "bad-request")},
        {MODERATES("id=''", RETRACT), NULL, FAILURE(ROOM, "modify", "bad-request")},
        {MODERATES("", RETRACT), NULL, FAILURE(ROOM, "modify", "bad-request")},
    };
    p->answer_at_once = true;
    RUN(rows);
}

/* G045-76. */
Test(muc_iq, answers_with_lists)
{
    const struct xmpp_room_item items[] = {
        {.peer = "bob", .nick = "bobby", .affiliation = XMPP_AFF_OUTCAST, .role = -1,
         .reason = "spam"},
        {.jid = USER, .nick = "ro", .affiliation = XMPP_AFF_OWNER, .role = XMPP_ROLE_MODERATOR},
    };
    peer_say(p, 0, GETS("<item role='moderator'/>"));
    peer_hears(p, "admin-get *");
    xmpp_answer_room_items(p->xmpp, p->request, items, 2);
    peer_expect(p, RESULT(ROOM, ADMIN("<item affiliation='outcast' jid='bob@irc0.example.org' "
                                      "nick='bobby'><reason>spam</reason></item>"
                                      "<item affiliation='owner' jid='" USER "' nick='ro' "
                                      "role='moderator'/>")));
    xmpp_answer_room_items(p->xmpp, p->request, items, 2);
    peer_expect_nothing(p);
}

/* The list is too long for a stanza: it is still answered. */
Test(muc_iq, answers_also_what_is_too_long)
{
    static struct xmpp_room_item items[20000];
    for (size_t i = 0; i < 20000; i++)
        items[i] = (struct xmpp_room_item){.peer = "bob", .affiliation = 2, .role = -1};
    peer_say(p, 0, GETS("<item affiliation='member'/>"));
    peer_hears(p, "admin-get *");
    xmpp_answer_room_items(p->xmpp, p->request, items, 20000);
    peer_expect(p, "<iq * type='error'><error type='wait'>" CONDITION("resource-constraint") "*");
}

/* ---- configuration ---- */

#define OWNER(content) "<query xmlns='http://jabber.org/protocol/muc#owner'>" content "</query>"
#define FORM(content) "<x xmlns='jabber:x:data' type='submit'>" content "</x>"
#define TYPE \
    "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"
#define FIELD(name, value) "<field var='muc#roomconfig_" name "'><value>" value "</value></field>"
#define ALIASES(values) "<field var='x-aliases'>" values "</field>"
#define OWNS(content) IQ("set", ROOM, OWNER(content))
#define SETTING "config-set " USER " #garden "

Test(muc_iq, configures_rooms)
{
    static const struct row rows[] = {
        {OWNS(FORM("")), SETTING "name=- description=- password=- flags=0/0 max=-1 instant", DONE},
        {OWNS("<x xmlns='jabber:x:data' type='cancel'/>"),
         SETTING "name=- description=- password=- flags=0/0 max=-1 cancel", DONE},
        {OWNS(FORM(TYPE)), SETTING "name=- description=- password=- flags=0/0 max=-1", DONE},
        {OWNS(FORM(TYPE FIELD("roomname", "n") FIELD("roomdesc", "d") FIELD("roomsecret", "pw")
                   FIELD("passwordprotectedroom", "1") FIELD("publicroom", "0")
                   FIELD("changesubject", "true") FIELD("whois", "moderators")
                   FIELD("maxusers", "30") FIELD("unknown", "x"))),
         SETTING "name=n description=d password=pw flags=49/59 max=30", DONE},
        {OWNS(FORM(TYPE FIELD("membersonly", "1") FIELD("moderatedroom", "true")
                   FIELD("persistentroom", "1") FIELD("enablelogging", "false")
                   FIELD("whois", "anyone") FIELD("maxusers", "none"))),
         SETTING "name=- description=- password=- flags=26/e6 max=0", DONE},
        {OWNS(FORM(TYPE ALIASES("<value>#a</value><value> </value><value>b c</value>"))),
         SETTING "name=- description=- password=- flags=0/0 max=-1 aliases=#a,b c", DONE},
        {OWNS(FORM(TYPE ALIASES(""))),
         SETTING "name=- description=- password=- flags=0/0 max=-1 aliases=", DONE},
        {OWNS(FORM(TYPE ALIASES("<value>a\nb</value>"))), NULL,
         FAILURE(ROOM, "modify", "not-acceptable")},
        {OWNS(FORM(TYPE FIELD("membersonly", "maybe"))), NULL,
         FAILURE(ROOM, "modify", "not-acceptable")},
        {OWNS(FORM(TYPE FIELD("whois", "me"))), NULL, FAILURE(ROOM, "modify", "not-acceptable")},
        {OWNS(FORM(TYPE FIELD("maxusers", "-3"))), NULL,
         FAILURE(ROOM, "modify", "not-acceptable")},
        {OWNS(FORM(FIELD("roomname", "n"))), NULL, FAILURE(ROOM, "modify", "bad-request")},
        {OWNS("<x xmlns='jabber:x:data' type='form'/>"), NULL,
         FAILURE(ROOM, "modify", "bad-request")},
        {OWNS("<x xmlns='jabber:x:data'/>"), NULL, FAILURE(ROOM, "modify", "bad-request")},
        {OWNS(""), NULL, FAILURE(ROOM, "modify", "bad-request")},
        {OWNS(FORM("") "<destroy/>"), NULL, FAILURE(ROOM, "modify", "bad-request")},
        {OWNS("<destroy jid='x@y'><reason>over</reason></destroy>"),
         "destroy " USER " #garden: over", DONE},
        {OWNS("<destroy/>"), "destroy " USER " #garden: -", DONE},
    };
    p->answer_at_once = true;
    RUN(rows);
}

#define ASKED(type, name, label, value) \
    "<field label='" label "' type='" type "' var='muc#roomconfig_" name "'>" value "</field>"
#define VALUE(v) "<value>" v "</value>"

/* G045-89. */
Test(muc_iq, offers_what_can_be_changed)
{
    struct xmpp_room_info info = {
        .room = "#garden", .name = "The Garden", .occupants_max = 30,
        .flags = XMPP_ROOM_PASSWORD | XMPP_ROOM_SECRET | XMPP_ROOM_ANONYMOUS,
        .settable = (1u << XMPP_ROOM_FLAGS) - 1, .text_settable = true, .max_settable = true};
    peer_say(p, 0, IQ("get", ROOM, OWNER("")));
    peer_hears(p, "config-get " USER " #garden");
    xmpp_answer_room_config(p->xmpp, p->request, &info);
    peer_expect(p, RESULT(ROOM, OWNER(
        "<x type='form' xmlns='jabber:x:data'><title>The Garden</title>"
        "<field type='hidden' var='FORM_TYPE'>"
        "<value>http://jabber.org/protocol/muc#roomconfig</value></field>"
        ASKED("text-single", "roomname", "*", VALUE("The Garden"))
        "<field label='*' type='text-single' var='muc#roomconfig_roomdesc'/>"
        ASKED("boolean", "publicroom", "*", VALUE("0"))
        ASKED("boolean", "membersonly", "*", VALUE("0"))
        ASKED("boolean", "moderatedroom", "*", VALUE("0"))
        ASKED("boolean", "passwordprotectedroom", "*", VALUE("1"))
        "<field label='*' type='text-private' var='muc#roomconfig_roomsecret'/>"
        ASKED("boolean", "changesubject", "*", VALUE("1"))
        ASKED("boolean", "persistentroom", "*", VALUE("0"))
        ASKED("boolean", "enablelogging", "*", VALUE("0"))
        ASKED("list-single", "whois", "*", VALUE("moderators")
              "<option label='*'><value>moderators</value></option>"
              "<option label='*'><value>anyone</value></option>")
        ASKED("text-single", "maxusers", "*", VALUE("30")) "</x>")));
    info = (struct xmpp_room_info){.room = "#garden", .name = "The Garden"};
    peer_say(p, 0, IQ("get", ROOM, OWNER("")));
    peer_hears(p, "config-get *");
    xmpp_answer_room_config(p->xmpp, p->request, &info);
    peer_expect(p, RESULT(ROOM, "<query xmlns='http://jabber.org/protocol/muc#owner'/>"));
    p->status = SJ_DENIED;
    peer_say(p, 0, IQ("get", ROOM, OWNER("")));
    peer_hears(p, "config-get *");
    peer_expect(p, FAILURE(ROOM, "auth", "forbidden"));
}

Test(muc_iq, offers_the_addresses_where_they_are_known)
{
    static const char *const aliases[] = {"#main:hs", "#other:hs"};
    struct xmpp_room_info info = {.room = "#garden", .aliases = aliases, .n_aliases = 2};
    peer_say(p, 0, IQ("get", ROOM, OWNER("")));
    peer_hears(p, "config-get *");
    xmpp_answer_room_config(p->xmpp, p->request, &info);
    peer_expect(p, RESULT(ROOM, OWNER(
        "<x type='form' xmlns='jabber:x:data'>"
        "<field type='hidden' var='FORM_TYPE'>"
        "<value>http://jabber.org/protocol/muc#roomconfig</value></field>"
        "<field label='*' type='text-multi' var='x-aliases'><value>#main:hs</value>"
        "<value>#other:hs</value></field></x>")));
    info.n_aliases = 0;                              /* none, but there can be */
    peer_say(p, 0, IQ("get", ROOM, OWNER("")));
    peer_hears(p, "config-get *");
    xmpp_answer_room_config(p->xmpp, p->request, &info);
    peer_expect(p, "<iq * type='result'*>*<field label='*' type='text-multi' var='x-aliases'/>*");
}

/* More, or longer ones, than the network is asked for refuse the form. */
Test(muc_iq, takes_so_many_addresses_and_no_more)
{
    struct sj_strbuf form;
    for (size_t n = XMPP_ROOM_ALIASES_MAX; n <= XMPP_ROOM_ALIASES_MAX + 1; n++) {
        sj_strbuf_init(&form, 1 << 16);
        sj_strbuf_adds(&form, "<iq type='set' id='i' from='" USER "' to='" ROOM "'>"
                              "<query xmlns='http://jabber.org/protocol/muc#owner'>"
                              "<x xmlns='jabber:x:data' type='submit'>" TYPE
                              "<field var='x-aliases'>");
        for (size_t i = 0; i < n; i++)
            sj_strbuf_addf(&form, "<value>#%zu</value>", i);
        sj_strbuf_adds(&form, "</field></x></query></iq>");
        p->answer_at_once = true;
        peer_say(p, 0, form.s);
        if (n == XMPP_ROOM_ALIASES_MAX)
            peer_hears(p, "config-set * aliases=#0,*,#31");
        peer_expect(p, n == XMPP_ROOM_ALIASES_MAX ? DONE
                                                  : FAILURE(ROOM, "modify", "not-acceptable"));
        sj_strbuf_release(&form);
    }
}

Test(muc_iq, translates_the_configuration)
{
    const struct xmpp_room_info info = {.room = "#garden", .settable = XMPP_ROOM_MEMBERS_ONLY};
    peer_say(p, 0, "<iq type='get' xml:lang='de' id='i' from='" USER "' to='" ROOM "'>"
                   OWNER("") "</iq>");
    peer_hears(p, "config-get *");
    xmpp_answer_room_config(p->xmpp, p->request, &info);
    peer_expect(p, "<iq * type='result'*>*muc#roomconfig_membersonly*");
}
