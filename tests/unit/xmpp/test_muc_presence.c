/* SPDX-License-Identifier: MPL-2.0 */
/* Presence to rooms and of occupants. */
#include <criterion/criterion.h>

#include "peer_muc.h"
#include "sojourn/sha1.h"

static struct peer *p;

static void setup(void)
{
    p = peer_new_with_rooms();
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(muc_presence, .init = setup, .fini = teardown);

#define TO_RO "from='" USER "' to='" ROOM "/ro' id='j'"
#define JOIN(inside) \
    "<presence " TO_RO "><x xmlns='http://jabber.org/protocol/muc'>" inside "</x></presence>"
#define JOINED "join " USER " to #garden as ro password="
#define REFUSED_FROM(from, type, condition) \
    "<presence from='" from "' id='j' to='" USER "' type='error'>" MUC_X \
    "<error by='" ROOM "' type='" type "'>" CONDITION(condition) "*</error></presence>"
#define REFUSED(type, condition) REFUSED_FROM(ROOM "/ro", type, condition)

/* G045-12. */
Test(muc_presence, tells_a_join_from_presence)
{
    static const struct {
        const char *stanza, *heard;
    } rows[] = {
        {JOIN(""), JOINED "- history=-1,-1,-1,-1 show=1 -"},
        {JOIN("<password>pw</password>"), JOINED "pw history=-1,-1,-1,-1 show=1 -"},
        {JOIN("<history maxchars='0'/>"), JOINED "- history=0,-1,-1,-1 show=1 -"},
        {JOIN("<history maxstanzas='20' seconds='180' since='1970-01-01T00:00:01.5Z'/>"),
         JOINED "- history=-1,20,180,1500 show=1 -"},
        {JOIN("<history maxchars='-1' maxstanzas='x' seconds='' since='yesterday'/>"),
         JOINED "- history=-1,-1,-1,-1 show=1 -"},
        {JOIN("<mav since='x' xmlns='urn:xmpp:muc:affiliations:1'/>"),
         JOINED "- history=-1,-1,-1,-1 show=1 -"},
        {"<presence " TO_RO "><show>away</show><status>tea</status>" MUC_X "</presence>",
         JOINED "- history=-1,-1,-1,-1 show=3 tea"},
        {"<presence " TO_RO "><show>dnd</show><status>no</status></presence>",
         "room-presence " USER " to #garden as ro: 5 no"},
        {"<presence " TO_RO "/>", "room-presence " USER " to #garden as ro: 1 -"},
        {"<presence " TO_RO " type='unavailable'><status>bye</status></presence>",
         "leave " USER " to #garden as ro: bye"},
        {"<presence " TO_RO " type='unavailable'>" MUC_X "</presence>",
         "leave " USER " to #garden as ro: -"},
        {"<presence from='" USER "' to='" ROOM "' type='unavailable'/>",
         "leave " USER " to #garden as -: -"},
        {"<presence from='" USER "' to='" ROOM "/a b'/>",
         "room-presence " USER " to #garden as a b: 1 -"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer_say(p, 0, rows[i].stanza);
        peer_hears(p, rows[i].heard);
        peer_hears_nothing(p);
    }
}

/* G045-12, G045-67: presence with another type is no join, and a room is nobody's contact. */
Test(muc_presence, of_other_types_means_nothing)
{
    static const char *const types[] = {"probe", "subscribed", "unsubscribe", "unsubscribed"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char stanza[512];
        snprintf(stanza, sizeof stanza,
                 "<presence type='%s' from='r@m.lit' to='" ROOM "'>" MUC_X "</presence>", types[i]);
        peer_say(p, 0, stanza);
        peer_hears_nothing(p);
    }
    peer_say(p, 0, "<presence type='subscribe' from='r@m.lit' to='" ROOM "'/>");
    peer_expect(p, "<presence from='" ROOM "' id='*' to='r@m.lit' type='unsubscribed'/>");
    peer_say(p, 0, "<presence type='subscribe' from='r@m.lit' to='" ROOM "/ro'/>");
    peer_say(p, 0, "<presence from='" USER "' to='" ROOM "'/>");
    peer_hears_nothing(p);
    peer_say(p, 0, "<presence type='odd' from='" USER "' to='" ROOM "/ro' id='j'/>");
    peer_expect(p, "<presence from='" ROOM "/ro' id='j' to='" USER "' type='error'>"
                   "<error by='" ROOM "' type='modify'>" CONDITION("bad-request") "*");
}

/* G045-13, G045-29. */
Test(muc_presence, wants_a_nick)
{
    peer_say(p, 0, "<presence from='" USER "' to='" ROOM "' id='j'>" MUC_X "</presence>");
    peer_expect(p, REFUSED_FROM(ROOM, "modify", "jid-malformed"));
    peer_say(p, 0, "<presence from='" USER "' to='" ROOM "/  ' id='j'>" MUC_X "</presence>");
    peer_expect(p, REFUSED_FROM(ROOM "/  ", "modify", "not-acceptable"));
    peer_hears_nothing(p);
}

/* G045-24. */
Test(muc_presence, says_why_a_join_was_refused)
{
    static const struct {
        enum sj_status status;
        const char *answer;
    } rows[] = {
        {SJ_AUTH, REFUSED("auth", "not-authorized")},
        {SJ_UNREGISTERED, REFUSED("auth", "registration-required")},
        {SJ_DENIED, REFUSED("auth", "forbidden")},
        {SJ_EXISTS, REFUSED("cancel", "conflict")},
        {SJ_LIMIT, REFUSED("wait", "service-unavailable")},
        {SJ_NOTFOUND, REFUSED("cancel", "item-not-found")},
        {SJ_NOTALLOWED, REFUSED("cancel", "not-allowed")},
        {SJ_TIMEOUT, REFUSED("wait", "remote-server-timeout")},
        {SJ_UNREACHABLE, REFUSED("wait", "remote-server-timeout")},
    };
    p->text = "Because.";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct sj_error err = {.status = rows[i].status, .text = "Because."};
        p->status = rows[i].status;
        peer_say(p, 0, JOIN(""));
        peer_hears(p, JOINED "*");
        peer_expect(p, rows[i].answer);
        cr_assert(xmpp_send_room_error(p->xmpp, 0, "#garden", "ro", USER, "j", true, &err));
        peer_expect(p, rows[i].answer);
        peer_expect_nothing(p);
    }
    /* The network has a nick for the user, and no other will do. */
    const struct sj_error nick = {.status = SJ_UNACCEPTABLE};
    cr_assert(xmpp_send_room_error(p->xmpp, 0, "#garden", "ro", USER, "j", true, &nick));
    peer_expect(p, REFUSED("cancel", "not-acceptable"));
    p->status = SJ_OK;
    peer_say(p, 0, JOIN("<password>" /* 256 */
                        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                        "</password>"));
    peer_expect(p, REFUSED("auth", "not-authorized"));
    peer_hears_nothing(p);
}

Test(muc_presence, says_why_a_nick_was_refused)
{
    struct sj_error err = {.status = SJ_EXISTS, .text = "Taken."};
    cr_assert(xmpp_send_room_error(p->xmpp, 0, "#garden", "ro", USER, NULL, false, &err));
    peer_expect(p, "<presence from='" ROOM "/ro' to='" USER "' type='error'><error by='" ROOM
                   "' type='cancel'>" CONDITION("conflict") "*</error></presence>");
}

Test(muc_presence, notices_clients_that_are_gone)
{
    static const struct {
        const char *condition;
        bool lost;
    } rows[] = {
        {"gone", true},          {"item-not-found", true},
        {"redirect", true},      {"recipient-unavailable", true},
        {"forbidden", false},    {"remote-server-not-found", true},
        {"not-allowed", false},  {"remote-server-timeout", true},
        {"conflict", false},     {"service-unavailable", true},
    };
    static const char *const kinds[] = {"message", "presence", "iq"};
    for (size_t i = 0; i < 3 * sizeof rows / sizeof *rows; i++) {
        char stanza[512];
        snprintf(stanza, sizeof stanza,
                 "<%s type='error' id='e' from='" USER "' to='" ROOM "/juliet'>"
                 "<error type='cancel'><%s xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
                 "</%s>",
                 kinds[i % 3], rows[i / 3].condition, kinds[i % 3]);
        peer_say(p, 0, stanza);
        if (rows[i / 3].lost && i % 3 != 2)
            peer_hears(p, "lost " USER " in #garden");
        peer_hears_nothing(p);
    }
}

/* ---- out ---- */

#define PRESENCE(attributes, content) "<presence from='" ROOM attributes ">" content "</presence>"

static struct xmpp_occupant_out juliet(void)
{
    return (struct xmpp_occupant_out){.room = "#garden",
                                      .nick = "juliet",
                                      .to = USER,
                                      .show = XMPP_ONLINE,
                                      .affiliation = XMPP_AFF_MEMBER,
                                      .role = XMPP_ROLE_PARTICIPANT,
                                      .account = "juliet!home"};
}

static void expect_occupant(const struct xmpp_occupant_out *o, const char *expected)
{
    cr_assert(xmpp_send_occupant(p->xmpp, 0, o));
    peer_expect(p, expected);
}

/* G045-14, G045-63, G421-01. */
Test(muc_presence, of_occupants_says_what_they_are)
{
    struct xmpp_occupant_out o = juliet();
    expect_occupant(&o, PRESENCE("/juliet' id='*' to='" USER "'",
                                 USER_X("<item affiliation='member' role='participant'/>")
                                     OCCUPANT));
    o.peer = "juliet";
    o.show = XMPP_AWAY;
    o.status = "tea";
    expect_occupant(&o, PRESENCE("/juliet' id='*' to='" USER "'",
                                 "<show>away</show><status>tea</status>"
                                 USER_X("<item affiliation='member' jid='juliet@irc0.example.org' "
                                        "role='participant'/>") OCCUPANT));
    o = (struct xmpp_occupant_out){.room = "#garden", .nick = "ro", .to = USER, .jid = USER,
                                   .show = XMPP_ONLINE, .affiliation = XMPP_AFF_OWNER,
                                   .role = XMPP_ROLE_MODERATOR,
                                   .statuses = XMPP_STATUS_SELF | XMPP_STATUS_NOT_ANONYMOUS |
                                               XMPP_STATUS_LOGGED | XMPP_STATUS_CREATED |
                                               XMPP_STATUS_NICK_ALTERED};
    expect_occupant(&o, PRESENCE("/ro' id='*' to='" USER "'",
                                 USER_X("<item affiliation='owner' jid='" USER "' "
                                        "role='moderator'/>"
                                        "<status code='100'/><status code='110'/>"
                                        "<status code='170'/><status code='201'/>"
                                        "<status code='210'/>") OCCUPANT));
}

/* G045-63. */
Test(muc_presence, of_leaving_says_why)
{
    struct xmpp_occupant_out o = juliet();
    o.show = XMPP_OFFLINE;
    o.new_nick = "julia";
    o.statuses = XMPP_STATUS_RENAMED;
    expect_occupant(&o, PRESENCE("/juliet' id='*' to='" USER "' type='unavailable'",
                                 USER_X("<item affiliation='member' nick='julia' "
                                        "role='participant'/><status code='303'/>") OCCUPANT));
    o.role = XMPP_ROLE_NONE;
    o.new_nick = NULL;
    o.statuses = XMPP_STATUS_KICKED;
    o.actor = "nurse";
    o.reason = "late";
    expect_occupant(&o, PRESENCE("/juliet' id='*' to='" USER "' type='unavailable'",
                                 USER_X("<item affiliation='member' role='none'>"
                                        "<actor nick='nurse'/><reason>late</reason></item>"
                                        "<status code='307'/>") OCCUPANT));
    o = juliet();
    o.show = XMPP_OFFLINE;
    o.role = XMPP_ROLE_NONE;
    o.affiliation = XMPP_AFF_NONE;
    o.statuses = XMPP_STATUS_SELF | XMPP_STATUS_KICKED | XMPP_STATUS_LOST;
    expect_occupant(&o, "*" USER_X("<item affiliation='none' role='none'/><status code='110'/>"
                                   "<status code='307'/><status code='333'/>") "*");
    o.statuses = XMPP_STATUS_BANNED | XMPP_STATUS_REMOVED | XMPP_STATUS_NOW_MEMBERS_ONLY |
                 XMPP_STATUS_CLOSING;
    expect_occupant(&o, "*<status code='301'/><status code='321'/><status code='322'/>"
                        "<status code='332'/></x>*");
    o.statuses = 0;
    o.closed = true;
    o.reason = "over";
    expect_occupant(&o, "*" USER_X("<item affiliation='none' role='none'/>"
                                   "<destroy><reason>over</reason></destroy>") "*");
}

/* G317-01. */
Test(muc_presence, shows_titles_and_pictures)
{
    static const char *const titles[] = {"IRC operator", "b\xc3\xb6t", "3", "4", "5", "6", "7", "8",
                                         "9"};
    struct xmpp_occupant_out o = juliet();
    uint8_t sha1[SJ_SHA1_LEN] = {0xab};
    o.titles = titles;
    o.n_titles = 9;
    o.picture = (struct xmpp_picture){.state = XMPP_PICTURE_KNOWN, .sha1 = sha1};
    expect_occupant(&o, "*<hats xmlns='urn:xmpp:hats:0'>"
                        "<hat title='IRC operator' uri='xmpp:irc0.example.org#IRC%20operator'/>"
                        "<hat title='b\xc3\xb6t' uri='xmpp:irc0.example.org#b%C3%B6t'/>*"
                        "<hat title='8' uri='xmpp:irc0.example.org#8'/></hats>"
                        "<x xmlns='vcard-temp:x:update'><photo>ab000*</photo></x></presence>");
}

static char *occupant_id(const char *room, const char *nick, const char *account)
{
    struct xmpp_occupant_out o = juliet();
    o.room = room;
    o.nick = nick;
    o.account = account;
    cr_assert(xmpp_send_occupant(p->xmpp, 0, &o));
    char *got = peer_next(p, 0);
    char *id = strstr(got, "<occupant-id id='");
    cr_assert_not_null(id);
    memmove(got, id, strcspn(id, ">"));
    got[strcspn(id, ">")] = '\0';
    return got;
}

/* G421-02, G421-03. */
Test(muc_presence, gives_the_same_person_the_same_id_in_one_room_only)
{
    char *first = occupant_id("#garden", "juliet", "account");
    static const struct {
        const char *room, *nick, *account;
        bool same;
    } rows[] = {
        {"#garden", "other", "account", true},
        {"#garden", "juliet", NULL, false},
        {"#garden", "account", NULL, false},
        {"#house", "juliet", "account", false},
        {"#garden", "juliet", "accounts", false},
    };
    cr_assert_eq(strlen(first), strlen("<occupant-id id='' xmlns='urn:xmpp:occupant-id:0'/") + 64);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *other = occupant_id(rows[i].room, rows[i].nick, rows[i].account);
        cr_assert_eq(strcmp(first, other) == 0, rows[i].same, "row %zu", i);
        free(other);
    }
    free(first);
}

/* R7622-03, G045-29. */
Test(muc_presence, is_not_sent_for_what_is_no_nick)
{
    static const struct {
        const char *nick;
        bool ok;
    } rows[] = {
        {"juliet", true},
        {"Juliet [away]", true},
        {"`|\\^@/&<>\"'", true},
        {"Zo\xc3\xab", true},
        {"\xc3\x89mile", true},                  /* É */
        {"\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd", true},
        {"\xf0\x9f\x8c\xb9", true},              /* a rose */
        {"\xe2\x98\x95\xef\xb8\x8f", false},      /* tea, with a selector */
        {"", false},
        {" ", false},
        {"a\nb", false},
        {"a\x7f", false},
        {"\xff", false},
        {"\xef\xac\x81", false},                 /* a ligature */
        {"\xe2\x84\xaa", false},                 /* the Kelvin sign */
        {"e\xcc\x81", false},                    /* not composed */
        {"\xe2\x80\xae" "tac", false},           /* direction turned */
    };
    struct xmpp_occupant_out o = juliet();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        o.nick = rows[i].nick;
        cr_expect_eq(xmpp_nick_ok(p->xmpp, o.nick), rows[i].ok, "row %zu", i);
        cr_expect_eq(xmpp_send_occupant(p->xmpp, 0, &o), rows[i].ok, "row %zu", i);
    }
    char nick[XMPP_NICK_MAX + 2];
    memset(nick, 'n', sizeof nick - 1);
    nick[sizeof nick - 1] = '\0';
    cr_expect(!xmpp_nick_ok(p->xmpp, nick));
    nick[XMPP_NICK_MAX] = '\0';
    cr_expect(xmpp_nick_ok(p->xmpp, nick));
}
