/* SPDX-License-Identifier: MPL-2.0 */
/* Messages to rooms and occupants, and those of rooms. */
#include <criterion/criterion.h>

#include "peer_muc.h"
#include "sojourn/memory.h"

static struct peer *p;

static void setup(void)
{
    p = peer_new_with_rooms();
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(muc_message, .init = setup, .fini = teardown);

#define TO_ALL "from='" USER "' to='" ROOM "' id='m' type='groupchat'"
#define TO_ONE "from='" USER "' to='" ROOM "/juliet' id='m' type='chat'"
#define BODY "<body>hi</body>"
#define HEARD "message 0 " USER " to #garden: hi"
#define FAILURE(from, type, condition) \
    "<message from='" from "' id='m' to='" USER "' type='error'><error by='" ROOM "' type='" type \
    "'>" CONDITION(condition) "*</error></message>"

static void say_and_hear(const char *stanza, const char *heard, const char *answer)
{
    peer_say(p, 0, stanza);
    if (heard != NULL)
        peer_hears(p, heard);
    if (answer != NULL)
        peer_expect(p, answer);
    peer_hears_nothing(p);
}

/* G045-35, G045-44, G045-45, G045-49, G045-82, G184-06, G380-01, GMSG-04. */
Test(muc_message, is_read_by_type_and_content)
{
    static const struct {
        const char *stanza, *heard, *answer;
    } rows[] = {
        {"<message " TO_ALL ">" BODY "</message>", HEARD " in-room", NULL},
        {"<message " TO_ALL "><body>/me waves</body></message>",
         "message 0 " USER " to #garden: *waves in-room", NULL},
        {"<message " TO_ALL ">" BODY "<request xmlns='urn:xmpp:receipts'/>"
         "<markable xmlns='urn:xmpp:chat-markers:0'/>"
         "<origin-id xmlns='urn:xmpp:sid:0' id='o'/>"
         "<stanza-id xmlns='urn:xmpp:sid:0' id='forged' by='" ROOM "'/>"
         "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='forged'/>"
         USER_X("<item affiliation='owner' role='moderator'/>") "</message>",
         HEARD " in-room markable origin=o", NULL},
        {"<message " TO_ALL ">" BODY "<origin-id xmlns='urn:xmpp:sid:0' id='m'/></message>",
         HEARD " in-room origin=m", NULL},
        {"<message " TO_ALL ">" BODY "<replace xmlns='urn:xmpp:message-correct:0' id='m0'/>"
         "<active xmlns='http://jabber.org/protocol/chatstates'/></message>",
         HEARD " in-room state=1 replaces=m0", NULL},
        {"<message " TO_ALL "><body>&gt; a\nhi</body>"
         "<reply xmlns='urn:xmpp:reply:0' id='s1' to='" ROOM "/juliet'/>"
         "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'>"
         "<body start='0' end='4'/></fallback></message>",
         "message 0 " USER " to #garden: *hi in-room reply=s1 cut=hi", NULL},
        {"<message " TO_ALL "><reactions xmlns='urn:xmpp:reactions:0' id='s1'>"
         "<reaction>\xf0\x9f\x91\x8b</reaction></reactions></message>",
         "mark " USER " to #garden: reactions s1 \xf0\x9f\x91\x8b body=- in-room", NULL},
        {"<message " TO_ALL "><body>x</body><retract xmlns='urn:xmpp:message-retract:1' id='s1'>"
         "<moderated xmlns='urn:xmpp:message-moderate:1'/></retract></message>",
         "mark " USER " to #garden: retracted s1 body=x in-room", NULL},
        {"<message " TO_ALL "><displayed xmlns='urn:xmpp:chat-markers:0' id='s1'/></message>",
         "mark " USER " to #garden: displayed s1 body=- in-room", NULL},
        {"<message " TO_ALL "><composing xmlns='http://jabber.org/protocol/chatstates'/>"
         "</message>",
         "room-state " USER " to #garden -: 2", NULL},
        {"<message " TO_ALL "><subject>topic</subject></message>",
         "subject " USER " to #garden: 'topic' id=m", NULL},
        {"<message " TO_ALL "><subject/></message>", "subject " USER " to #garden: '' id=m", NULL},
        {"<message " TO_ALL "><subject>topic</subject>" BODY "</message>", HEARD " in-room", NULL},
        {"<message " TO_ALL "><subject>topic</subject><body/></message>", NULL, NULL},
        {"<message " TO_ALL "><subject>topic</subject><thread>t</thread></message>", NULL, NULL},
        {"<message " TO_ALL "><body> </body></message>", NULL, NULL},
        {"<message " TO_ALL "><what xmlns='urn:unknown'/></message>", NULL, NULL},
        {"<message " TO_ALL ">" BODY "<encrypted xmlns='urn:xmpp:omemo:2'/></message>", NULL,
         FAILURE(ROOM, "modify", "not-acceptable")},
        {"<message from='" USER "' to='" ROOM "/juliet' id='m' type='groupchat'>" BODY "</message>",
         NULL, FAILURE(ROOM "/juliet", "modify", "bad-request")},
        {"<message from='" USER "' to='" ROOM "' id='m' type='chat'>" BODY "</message>", NULL,
         FAILURE(ROOM, "modify", "bad-request")},
        {"<message from='" USER "' to='" ROOM "' id='m'>" BODY "</message>", NULL,
         FAILURE(ROOM, "modify", "bad-request")},
        {"<message from='" USER "' to='" ROOM "' id='m'><x xmlns='jabber:x:data' type='submit'>"
         "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#request</value></field></x>"
         "</message>",
         NULL, FAILURE(ROOM, "cancel", "feature-not-implemented")},
        {"<message from='" USER "' to='" ROOM "' id='m'/>", NULL, NULL},
        {"<message from='" USER "' to='" ROOM "' id='m' type='headline'>" BODY "</message>", NULL,
         NULL},
        {"<message " TO_ONE ">" BODY USER_X("") "</message>", HEARD " nick=juliet", NULL},
        {"<message " TO_ONE ">" BODY "<request xmlns='urn:xmpp:receipts'/></message>",
         HEARD " nick=juliet receipt", NULL},
        {"<message from='" USER "' to='" ROOM "/juliet' id='m'>" BODY "</message>",
         HEARD " nick=juliet", NULL},
        {"<message " TO_ONE "><composing xmlns='http://jabber.org/protocol/chatstates'/>"
         "</message>",
         "room-state " USER " to #garden juliet: 2", NULL},
        {"<message " TO_ONE "><received xmlns='urn:xmpp:receipts' id='s1'/></message>",
         "mark " USER " to #garden: received s1 body=- nick=juliet", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        say_and_hear(rows[i].stanza, rows[i].heard, rows[i].answer);
}

Test(muc_message, is_refused_where_it_was_sent)
{
    static const struct {
        enum sj_status status;
        const char *type, *condition;
    } rows[] = {
        {SJ_UNACCEPTABLE, "modify", "not-acceptable"}, {SJ_DENIED, "auth", "forbidden"},
        {SJ_NOTFOUND, "cancel", "item-not-found"},     {SJ_LIMIT, "wait", "resource-constraint"},
        {SJ_UNREGISTERED, "auth", "registration-required"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char expected[512];
        const struct sj_error err = {.status = rows[i].status, .text = "No."};
        p->status = rows[i].status;
        peer_say(p, 0, "<message " TO_ALL ">" BODY "</message>");
        peer_hears(p, HEARD "*");
        snprintf(expected, sizeof expected,
                 "<message from='" ROOM "' id='m' to='" USER "' type='error'><error by='" ROOM
                 "' type='%s'><%s *</error></message>",
                 rows[i].type, rows[i].condition);
        peer_expect(p, expected);
        cr_assert(xmpp_send_room_message_error(p->xmpp, 0, "#garden", NULL, USER, "m", &err));
        peer_expect(p, expected);
        peer_say(p, 0, "<message " TO_ONE ">" BODY "</message>");
        peer_hears(p, HEARD "*");
        snprintf(expected, sizeof expected,
                 "<message from='" ROOM "/juliet' id='m' to='" USER "' type='error'><error by='"
                 ROOM "' type='%s'><%s *</error></message>",
                 rows[i].type, rows[i].condition);
        peer_expect(p, expected);
        cr_assert(xmpp_send_room_message_error(p->xmpp, 0, "#garden", "juliet", USER, "m", &err));
        peer_expect(p, expected);
        peer_hears_nothing(p);
    }
}

Test(muc_message, has_a_bounded_subject)
{
    struct sj_strbuf text;
    sj_strbuf_init(&text, 1 << 20);
    for (size_t over = 0; over < 2; over++) {
        sj_strbuf_reset(&text);
        sj_strbuf_adds(&text, "<message " TO_ALL "><subject>");
        for (size_t i = 0; i < XMPP_SUBJECT_MAX + over; i++)
            sj_strbuf_addc(&text, 's');
        sj_strbuf_adds(&text, "</subject></message>");
        say_and_hear(text.s, over == 0 ? "subject *" : NULL,
                     over == 0 ? NULL : FAILURE(ROOM, "modify", "not-acceptable"));
    }
    sj_strbuf_release(&text);
}

/* Contacts are contacts on a host with rooms, and is_room is asked once for a stanza; without rooms
 * never. */
Test(muc_message, to_contacts_costs_one_question)
{
    say_and_hear("<message type='chat' from='" USER "' to='bob@irc0.example.org'>" BODY
                 "</message>",
                 "message 0 " USER " to bob: hi", NULL);
    cr_assert_eq(p->rooms_asked, 1);
    p->hosts[0].has_rooms = false;
    say_and_hear("<message type='chat' from='" USER "' to='" ROOM "'>" BODY "</message>",
                 "message 0 " USER " to #garden: hi", NULL);
    cr_assert_eq(p->rooms_asked, 1);
}

/* ---- out ---- */

#define FROM_JULIET "<message from='" ROOM "/juliet' id='m1' to='" USER "' type='groupchat'>"
#define STANZA_ID "<stanza-id by='" ROOM "' id='s1' xmlns='urn:xmpp:sid:0'/>"

static const struct xmpp_speaker juliet = {
    .in_room = true, .nick = "juliet", .account = "juliet!home", .stanza_id = "s1"};

static void expect_message(const struct xmpp_message_out *m, const char *expected)
{
    cr_assert(xmpp_send_message(p->xmpp, 0, m));
    peer_expect(p, expected);
}

/* G045-31, G045-33, G359-01, G280-05, G461-02. */
Test(muc_message, says_who_speaks)
{
    struct xmpp_message_out m = {
        .peer = "#garden", .to = USER, .body = "hi", .speaker = &juliet, .id = "m1"};
    expect_message(&m, FROM_JULIET BODY STANZA_ID OCCUPANT "</message>");
    m.action = true;
    expect_message(&m, FROM_JULIET "<body>/me hi</body>" STANZA_ID OCCUPANT "</message>");
    m.action = false;
    m.replaces = "m0";
    m.reply_to = "s0";
    m.reply_nick = "ro";
    m.reply_quote = "a";
    m.markable = true;
    expect_message(&m, FROM_JULIET "<body>> a\nhi</body>*"
                       "<replace id='m0' xmlns='urn:xmpp:message-correct:0'/>"
                       "<reply id='s0' to='" ROOM "/ro' xmlns='urn:xmpp:reply:0'/>"
                       "<markable xmlns='urn:xmpp:chat-markers:0'/>" STANZA_ID OCCUPANT
                       "</message>");
    struct xmpp_speaker s = juliet;
    m = (struct xmpp_message_out){
        .peer = "#garden", .to = USER, .body = "hi", .speaker = &s, .id = "m1",
        .sent_at = 86400000};
    s.origin_id = "o1";
    s.late = true;
    expect_message(&m, FROM_JULIET BODY "<origin-id id='o1' xmlns='urn:xmpp:sid:0'/>"
                       "<delay from='" ROOM "' stamp='1970-01-02T00:00:00Z' "
                       "xmlns='urn:xmpp:delay'/>" STANZA_ID OCCUPANT "</message>");
    m.sent_at = sj_loop_utc_ms(p->loop);
    expect_message(&m, FROM_JULIET BODY "*<delay from='" ROOM "' *");
    s.late = false;
    s.in_room = false;
    expect_message(&m, "<message from='" ROOM "/juliet' id='m1' to='" USER "' type='chat'>" BODY
                       "<origin-id id='m1' xmlns='urn:xmpp:sid:0'/>" EMPTY_USER_X OCCUPANT
                       "</message>");
    m.reply_to = "s0";
    expect_message(&m, "*<reply id='s0' xmlns='urn:xmpp:reply:0'/>*");
    s = (struct xmpp_speaker){.in_room = true};
    m = (struct xmpp_message_out){.peer = "#garden", .to = USER, .body = "hi", .speaker = &s};
    expect_message(&m, "<message from='" ROOM "' id='*' to='" USER "' type='groupchat'>" BODY
                       "</message>");
    s.nick = "a\nb";
    cr_assert(!xmpp_send_message(p->xmpp, 0, &m));
}

static char *network_message_id(const char *to)
{
    const struct xmpp_message_out m = {.peer = "#garden", .to = to, .body = "hi",
                                       .speaker = &juliet, .network_id = "n1"};
    cr_assert(xmpp_send_message(p->xmpp, 0, &m));
    char *got = peer_next(p, 0);
    char *id = strstr(got, " id='");
    cr_assert_not_null(id);
    char *copy = sj_strndup(id + 5, strcspn(id + 5, "'"));
    free(got);
    return copy;
}

/* All clients know it by one id. */
Test(muc_message, has_one_id_for_all)
{
    char *a = network_message_id("r@m.lit/o");
    char *b = network_message_id("r@m.lit/phone");
    cr_assert_str_eq(a, b);
    cr_assert_eq(strlen(a), 40);
    sj_free(a);
    sj_free(b);
}

Test(muc_message, can_be_given_a_new_id)
{
    char a[XMPP_NEW_ID_SIZE];
    char b[XMPP_NEW_ID_SIZE];
    xmpp_new_id(a);
    xmpp_new_id(b);
    cr_assert_eq(strlen(a), XMPP_NEW_ID_SIZE - 1);
    cr_assert_str_neq(a, b);
}

static void expect_mark(const struct xmpp_mark_out *m, const char *expected)
{
    cr_assert(xmpp_send_mark(p->xmpp, 0, m));
    peer_expect(p, expected);
}

/* G333-07, G425-02. */
Test(muc_message, is_marked_by_occupants_and_the_room)
{
    static const char *const set[] = {"x"};
    struct xmpp_mark_out m = {.peer = "#garden", .to = USER, .speaker = &juliet, .id = "m1",
                              .kind = XMPP_MARK_REACTIONS, .target = "s0", .reactions = set,
                              .n_reactions = 1};
    expect_mark(&m, FROM_JULIET "<reactions id='s0' xmlns='urn:xmpp:reactions:0'>"
                    "<reaction>x</reaction></reactions>" STANZA_ID OCCUPANT "</message>");
    m.kind = XMPP_MARK_DISPLAYED;
    expect_mark(&m, FROM_JULIET "<displayed id='s0' xmlns='urn:xmpp:chat-markers:0'/>" STANZA_ID
                    OCCUPANT "</message>");
    m.kind = XMPP_MARK_RETRACTED;
    expect_mark(&m, FROM_JULIET "<body>*</body><retract id='s0' "
                    "xmlns='urn:xmpp:message-retract:1'/>*" STANZA_ID OCCUPANT "</message>");
    m.moderated = true;
    m.reason = "spam";
    expect_mark(&m, "<message from='" ROOM "' id='m1' to='" USER "' type='groupchat'>"
                    "<retract id='s0' xmlns='urn:xmpp:message-retract:1'>"
                    "<moderated by='" ROOM "/juliet' xmlns='urn:xmpp:message-moderate:1'>" OCCUPANT
                    "</moderated><reason>spam</reason></retract>" STANZA_ID "</message>");
    const struct xmpp_speaker room = {.in_room = true};
    m.speaker = &room;
    m.reason = NULL;
    expect_mark(&m, "*<retract id='s0' xmlns='urn:xmpp:message-retract:1'>"
                    "<moderated xmlns='urn:xmpp:message-moderate:1'/></retract></message>");
    const struct xmpp_speaker whisper = {.nick = "juliet"};
    m = (struct xmpp_mark_out){.peer = "#garden", .to = USER, .speaker = &whisper, .id = "m1",
                               .kind = XMPP_MARK_RECEIVED, .target = "s0"};
    expect_mark(&m, "<message from='" ROOM "/juliet' id='m1' to='" USER "' type='chat'>"
                    "<received id='s0' xmlns='urn:xmpp:receipts'/><store xmlns='urn:xmpp:hints'/>"
                    EMPTY_USER_X OCCUPANT "</message>");
}

/* G085-10. */
Test(muc_message, tells_who_types)
{
    cr_assert(xmpp_send_room_state(p->xmpp, 0, "#garden", "juliet", USER, NULL,
                                   XMPP_STATE_COMPOSING, false));
    peer_expect(p, "<message from='" ROOM "/juliet' id='*' to='" USER "' type='groupchat'>"
                   "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
                   "<no-store xmlns='urn:xmpp:hints'/>" OCCUPANT "</message>");
    cr_assert(xmpp_send_room_state(p->xmpp, 0, "#garden", "juliet", USER, NULL, XMPP_STATE_PAUSED,
                                   true));
    peer_expect(p, "<message * type='chat'><paused *" EMPTY_USER_X OCCUPANT "</message>");
}

/* G045-35. */
Test(muc_message, tells_the_subject)
{
    struct xmpp_subject_out s = {.room = "#garden", .nick = "juliet", .to = USER, .text = "topic",
                                 .id = "m1", .stanza_id = "s1", .set_at = 86400000};
    cr_assert(xmpp_send_subject(p->xmpp, 0, &s));
    peer_expect(p, FROM_JULIET "<subject>topic</subject><delay from='" ROOM "' "
                   "stamp='1970-01-02T00:00:00Z' xmlns='urn:xmpp:delay'/>" STANZA_ID OCCUPANT
                   "</message>");
    s = (struct xmpp_subject_out){.room = "#garden", .to = USER, .text = ""};
    cr_assert(xmpp_send_subject(p->xmpp, 0, &s));
    peer_expect(p, "<message from='" ROOM "' id='*' to='" USER "' type='groupchat'><subject/>"
                   "</message>");
}

/* ---- invitations ---- */

#define TO_ROOM "<message from='" USER "' to='" ROOM "' id='m'>"
#define INVITED "invite " USER " to #garden: "

Test(muc_message, invites_through_the_room)
{
    static const struct {
        const char *stanza, *heard, *answer;
    } rows[] = {
        {TO_ROOM USER_X("<invite to='bob@irc0.example.org'><reason>come</reason></invite>")
         "</message>",
         INVITED "peer=bob jid=- reason=come", NULL},
        {TO_ROOM USER_X("<invite to='Nurse@M.lit/x'/>") "<body>come</body></message>",
         INVITED "peer=- jid=nurse@m.lit reason=-", NULL},
        {TO_ROOM USER_X("<decline to='nurse@m.lit'/>") "</message>",
         INVITED "peer=- jid=nurse@m.lit reason=- declines", NULL},
        {TO_ROOM USER_X("<invite/>") "</message>", NULL, FAILURE(ROOM, "modify", "jid-malformed")},
        {TO_ROOM USER_X("<invite to='@'/>") "</message>", NULL,
         FAILURE(ROOM, "modify", "jid-malformed")},
        {TO_ROOM USER_X("<invite to='irc0.example.org'/>") "</message>", NULL,
         FAILURE(ROOM, "modify", "jid-malformed")},
        {TO_ROOM USER_X("<invite to='" ROOM "/juliet'/>") "</message>", NULL,
         FAILURE(ROOM, "modify", "jid-malformed")},
        {TO_ROOM USER_X("") "</message>", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        say_and_hear(rows[i].stanza, rows[i].heard, rows[i].answer);
    p->status = SJ_DENIED;
    say_and_hear(rows[0].stanza, rows[0].heard, FAILURE(ROOM, "auth", "forbidden"));
}

Test(muc_message, invites_a_bounded_number_at_once)
{
    struct sj_strbuf text;
    sj_strbuf_init(&text, 1 << 20);
    for (unsigned over = 0; over < 2; over++) {
        sj_strbuf_reset(&text);
        sj_strbuf_adds(&text, TO_ROOM "<x xmlns='http://jabber.org/protocol/muc#user'>");
        for (unsigned i = 0; i < XMPP_INVITES_MAX + over; i++)
            sj_strbuf_addf(&text, "<invite to='u%u@m.lit'/>", i);
        sj_strbuf_adds(&text, "</x></message>");
        peer_say(p, 0, text.s);
        for (unsigned i = 0; over == 0 && i < XMPP_INVITES_MAX; i++)
            peer_hears(p, INVITED "*");
        if (over != 0)
            peer_expect(p, FAILURE(ROOM, "modify", "not-acceptable"));
        peer_hears_nothing(p);
    }
    sj_strbuf_release(&text);
}

#define TO_BOB "<message from='" USER "' to='bob@irc0.example.org' id='m'>"

Test(muc_message, invites_a_contact_directly)
{
    static const struct {
        const char *stanza, *heard, *answer;
    } rows[] = {
        {TO_BOB "<x xmlns='jabber:x:conference' jid='" ROOM "' reason='come'/></message>",
         INVITED "peer=bob jid=- reason=come direct", NULL},
        {TO_BOB "<body>come</body><x xmlns='jabber:x:conference' jid='" ROOM "'/></message>",
         INVITED "peer=bob jid=- reason=- direct", NULL},
        {TO_BOB "<x xmlns='jabber:x:conference' jid='a b@muc.example.net'/></message>", NULL, NULL},
        {TO_BOB "<x xmlns='jabber:x:conference' jid='a%b@muc.example.net'/></message>",
         "message 0 " USER " to bob: xmpp:a%25b@muc.example.net?join", NULL},
        {TO_BOB "<body>come</body><x xmlns='jabber:x:conference' jid='a@muc.example.net'/>"
         "</message>",
         "message 0 " USER " to bob: come", NULL},
        {TO_BOB "<x xmlns='jabber:x:conference' jid='nurse@irc0.example.org'/></message>", NULL,
         NULL},
        {TO_BOB "<x xmlns='jabber:x:conference' jid='muc.example.net'/></message>", NULL, NULL},
        {TO_BOB "<x xmlns='jabber:x:conference'/></message>", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        say_and_hear(rows[i].stanza, rows[i].heard, rows[i].answer);
    p->status = SJ_NOTFOUND;
    say_and_hear(rows[0].stanza, rows[0].heard,
                 "<message from='bob@irc0.example.org' id='m' to='" USER "' type='error'>*"
                 CONDITION("item-not-found") "*");
}

/* XEP-0147 §8, RFC 5122 §2.2. */
Test(muc_message, writes_links_to_rooms)
{
    struct sj_strbuf uri;

    sj_strbuf_init(&uri, 200);
    cr_expect(xmpp_room_uri(p->xmpp, 0, "#a b", &uri));
    cr_expect_str_eq(uri.s, "xmpp:%23a%5C20b@irc0.example.org?join");
    cr_expect_not(xmpp_room_uri(p->xmpp, 0, "", &uri));
    sj_strbuf_release(&uri);
}

/* G249-01. */
Test(muc_message, brings_invitations)
{
    struct xmpp_invite_out i = {.room = "#garden", .to = "r@m.lit", .peer = "bob"};
    cr_assert(xmpp_send_invite(p->xmpp, 0, &i));
    peer_expect(p, "<message from='bob@irc0.example.org' id='*' to='r@m.lit'>"
                   "<x jid='" ROOM "' xmlns='jabber:x:conference'/></message>");
    i.password = "pw";
    i.reason = "come";
    cr_assert(xmpp_send_invite(p->xmpp, 0, &i));
    peer_expect(p, "*<x jid='" ROOM "' password='pw' reason='come' xmlns='jabber:x:conference'/>*");
    i.peer = NULL;
    i.inviter = "nurse@m.lit";
    cr_assert(xmpp_send_invite(p->xmpp, 0, &i));
    peer_expect(p, "<message from='" ROOM "' id='*' to='r@m.lit'>"
                   USER_X("<invite from='nurse@m.lit'><reason>come</reason></invite>"
                          "<password>pw</password>") "</message>");
    i.declines = true;
    cr_assert(xmpp_send_invite(p->xmpp, 0, &i));
    peer_expect(p, "*" USER_X("<decline from='nurse@m.lit'><reason>come</reason></decline>") "*");
}

Test(muc_message, tells_what_of_the_room_changed)
{
    cr_assert(xmpp_send_room_changed(p->xmpp, 0, "#garden", USER,
                                     XMPP_STATUS_CHANGED | XMPP_STATUS_NOT_LOGGED, NULL));
    peer_expect(p, "<message from='" ROOM "' id='*' to='" USER "' type='groupchat'>"
                   USER_X("<status code='104'/><status code='171'/>") "</message>");
    const struct xmpp_room_item item = {.peer = "bob", .affiliation = XMPP_AFF_MEMBER, .role = -1};
    cr_assert(xmpp_send_room_changed(p->xmpp, 0, "#garden", "r@m.lit", XMPP_STATUS_ABSENT, &item));
    peer_expect(p, "<message from='" ROOM "' id='*' to='r@m.lit'>"
                   USER_X("<item affiliation='member' jid='bob@irc0.example.org'/>"
                          "<status code='101'/>") "</message>");
}
