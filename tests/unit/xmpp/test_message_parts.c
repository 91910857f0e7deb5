/* SPDX-License-Identifier: MPL-2.0 */
/* What messages carry beside their text, and what is said about earlier ones, both ways. */
#include <criterion/criterion.h>

#include "peer.h"
#include "sojourn/backend.h"

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

TestSuite(message_parts, .init = setup, .fini = teardown);

#define CHAT(content) \
    "<message type='chat' from='r@m.lit/o' to='bob@irc0.example.org' id='m'>" content "</message>"
#define BODY "<body>hi</body>"
#define HEARD "message 0 r@m.lit/o to bob: hi"
#define STATE(name) "<" name " xmlns='http://jabber.org/protocol/chatstates'/>"
#define REPLY "<reply xmlns='urn:xmpp:reply:0' to='bob@irc0.example.org' id='t'/>"
#define RANGE(start, end) \
    "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='" start \
    "' end='" end "'/></fallback>"
#define QUOTED "<body>&gt; one\nyes</body>"

struct row {
    const char *stanza, *heard;
};

static void expect_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        peer_say(p, 0, rows[i].stanza);
        if (rows[i].heard != NULL)
            peer_hears_at(p, rows[i].heard, rows[i].stanza, (int)i);
        peer_hears_nothing_at(p, rows[i].stanza, (int)i);
    }
}
#define EXPECT_ROWS(rows) expect_rows(rows, sizeof(rows) / sizeof *(rows))

/* G085-03, G085-05, G184-03, G184-07, G308-03, G359-02, G359-06, G224-01, GMSG-07. */
Test(message_parts, are_told_with_the_text)
{
    static const struct row rows[] = {
        {CHAT(BODY STATE("active")), HEARD " state=1"},
        {CHAT(BODY STATE("gone") STATE("active")), HEARD " state=5"},
        {CHAT(BODY "<thread parent='x'>t</thread>"), HEARD " thread=t"},
        {CHAT("<thread/>" BODY "<thread>t</thread>"), HEARD " thread=t"},
        {CHAT(BODY "<thread xmlns='urn:x'>t</thread><things>t</things>"), HEARD},
        {CHAT(BODY "<active xmlns='urn:x'/>"), HEARD},
        {CHAT(BODY "<request xmlns='urn:xmpp:receipts'/>"), HEARD " receipt"},
        {"<message type='chat' from='r@m.lit/o' to='bob@irc0.example.org'>" BODY
         "<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>"
         "</message>",
         HEARD},
        {CHAT(BODY "<markable xmlns='urn:xmpp:chat-markers:0'/>"), HEARD " markable"},
        {CHAT(BODY "<origin-id xmlns='urn:xmpp:sid:0' id='o'/>"), HEARD " origin=o"},
        {CHAT(BODY "<origin-id xmlns='urn:xmpp:sid:0' id='m'/>"), HEARD},
        {CHAT(BODY "<origin-id xmlns='urn:xmpp:sid:0' id=''/>"), HEARD},
        {CHAT(BODY "<replace xmlns='urn:xmpp:message-correct:0' id='m1'/>"), HEARD " replaces=m1"},
        {CHAT(BODY "<replace xmlns='urn:xmpp:message-correct:0'/>"), HEARD},
        {CHAT(BODY "<replace xmlns='urn:x' id='m1'/>"), HEARD},
        {CHAT(BODY "<attention xmlns='urn:xmpp:attention:0'/>"), HEARD " attention"},
        {CHAT("<attention xmlns='urn:xmpp:attention:0'/>"),
         "message 0 r@m.lit/o to bob:  attention"},
        {"<message type='headline' from='r@m.lit/o' to='bob@irc0.example.org' id='m'>"
         "<attention xmlns='urn:xmpp:attention:0'/></message>",
         "message 0 r@m.lit/o to bob:  attention"},
        {"<message type='headline' from='r@m.lit/o' to='bob@irc0.example.org' id='m'>"
         "<body> \n</body><attention xmlns='urn:xmpp:attention:0'/></message>",
         "message 0 r@m.lit/o to bob:  attention"},
        {"<message type='headline' from='r@m.lit/o' to='irc0.example.org' id='m'>"
         "<attention xmlns='urn:xmpp:attention:0'/></message>",
         NULL},
    };
    EXPECT_ROWS(rows);
}

/* G461-04, G461-05, G461-06, G426-01, G308-05: offsets are code points, the end is exclusive. */
Test(message_parts, cut_the_quotation_out_of_a_reply)
{
    static const struct row rows[] = {
        {CHAT(QUOTED REPLY RANGE("0", "6")),
         "message 0 r@m.lit/o to bob: > one\nyes reply=t cut=yes"},
        {CHAT(QUOTED REPLY), "message 0 r@m.lit/o to bob: > one\nyes reply=t"},
        {CHAT("<body>\xc3\xa9\xf0\x9f\x8c\xb9\nyes</body>" REPLY RANGE("0", "3")),
         "message 0 r@m.lit/o to bob: \xc3\xa9\xf0\x9f\x8c\xb9\nyes reply=t cut=yes"},
        {CHAT("<body>a&amp;b yes</body>" REPLY RANGE("0", "4")),
         "message 0 r@m.lit/o to bob: a&b yes reply=t cut=yes"},
        {CHAT("<body>so: one yes</body>" REPLY RANGE("4", "8")),
         "message 0 r@m.lit/o to bob: so: one yes reply=t cut=so: yes"},
        /* out of range, reversed, no numbers: the element is ignored */
        {CHAT(QUOTED REPLY RANGE("0", "10")), "message 0 r@m.lit/o to bob: > one\nyes reply=t"},
        {CHAT(QUOTED REPLY RANGE("7", "6")), "message 0 r@m.lit/o to bob: > one\nyes reply=t"},
        {CHAT(QUOTED REPLY RANGE("-1", "6")), "message 0 r@m.lit/o to bob: > one\nyes reply=t"},
        {CHAT(QUOTED REPLY RANGE("0", "x")), "message 0 r@m.lit/o to bob: > one\nyes reply=t"},
        {CHAT(QUOTED REPLY RANGE("0", "99999999999999999999")),
         "message 0 r@m.lit/o to bob: > one\nyes reply=t"},
        /* the whole body: nothing would be left */
        {CHAT(QUOTED REPLY RANGE("0", "9")), "message 0 r@m.lit/o to bob: > one\nyes reply=t"},
        {CHAT(QUOTED REPLY "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'/>"),
         "message 0 r@m.lit/o to bob: > one\nyes reply=t"},
        /* of the subject only, or for something else */
        {CHAT(QUOTED REPLY "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'>"
                           "<subject/></fallback>"),
         "message 0 r@m.lit/o to bob: > one\nyes reply=t"},
        {CHAT(QUOTED REPLY "<fallback xmlns='urn:xmpp:fallback:0' for='urn:x'>"
                           "<body start='0' end='6'/></fallback>"),
         "message 0 r@m.lit/o to bob: > one\nyes reply=t"},
        /* a fallback without a reply changes nothing */
        {CHAT(QUOTED RANGE("0", "6")), "message 0 r@m.lit/o to bob: > one\nyes"},
        {CHAT("<body>/me nods</body>" REPLY), "message 0 r@m.lit/o to bob: *nods reply=t"},
    };
    EXPECT_ROWS(rows);
}

#define RETRACT "<retract xmlns='urn:xmpp:message-retract:1' id='t'/>"
#define RECEIVED "<received xmlns='urn:xmpp:receipts' id='t'/>"
#define DISPLAYED "<displayed xmlns='urn:xmpp:chat-markers:0' id='t'/>"
#define REACTIONS(content) "<reactions xmlns='urn:xmpp:reactions:0' id='t'>" content "</reactions>"
#define REACTION(text) "<reaction>" text "</reaction>"
#define MARK "mark r@m.lit/o to bob: "

/* G184-04, G333-03, G424-03, G424-05, G444-02, GMSG-04, G490-03. */
Test(message_parts, about_earlier_messages_are_told_as_such)
{
    static const struct row rows[] = {
        {CHAT(RECEIVED), MARK "received t body=-"},
        {CHAT(DISPLAYED), MARK "displayed t body=-"},
        {CHAT(DISPLAYED "<displayed xmlns='urn:xmpp:mds:displayed:0'/>"),
         MARK "displayed t body=-"},
        {CHAT(RETRACT), MARK "retracted t body=-"},
        {CHAT("<body>unsupported</body>" RETRACT "<fallback xmlns='urn:xmpp:fallback:0' "
              "for='urn:xmpp:message-retract:1'/>"),
         MARK "retracted t body=unsupported"},
        {CHAT(REACTIONS(REACTION("a") REACTION("b"))), MARK "reactions t a b body=-"},
        {CHAT(REACTIONS(REACTION("a") REACTION("b") REACTION("a"))),
         MARK "reactions t a b body=-"},
        {CHAT(REACTIONS("")), MARK "reactions t body=-"},
        {CHAT(BODY REACTIONS(REACTION("a"))), MARK "reactions t a body=hi"},
        /* without a target, or of another kind */
        {CHAT("<received xmlns='urn:xmpp:receipts'/>"), NULL},
        {CHAT("<displayed xmlns='urn:xmpp:chat-markers:0' id=''/>"), NULL},
        {CHAT("<retract xmlns='urn:xmpp:message-retract:1'/>"), NULL},
        {CHAT("<retract xmlns='urn:xmpp:message-retract:0' id='t'/>"), NULL},
        {CHAT("<reactions xmlns='urn:xmpp:reactions:0'>" REACTION("a") "</reactions>"), NULL},
        {CHAT("<received xmlns='urn:xmpp:chat-markers:0' id='t'/>"), NULL},
        {CHAT("<acknowledged xmlns='urn:xmpp:chat-markers:0' id='t'/>"), NULL},
        {CHAT(BODY "<reactions xmlns='urn:xmpp:reactions:0'/>"), HEARD},
        {CHAT(BODY "<retract xmlns='urn:xmpp:message-retract:1'/>"), HEARD},
        {CHAT(STATE("paused")), "state r@m.lit/o to bob: 3"},
        {CHAT(STATE("nonsense")), NULL},
        {CHAT("<store xmlns='urn:xmpp:hints'/>"), NULL},
    };
    EXPECT_ROWS(rows);
}

Test(message_parts, that_are_no_reactions_are_refused)               /* G444-07 */
{
    struct sj_strbuf many;
    sj_strbuf_init(&many, 1 << 16);
    sj_strbuf_adds(&many, "<message type='chat' from='r@m.lit/o' to='bob@irc0.example.org' "
                          "id='m'><reactions xmlns='urn:xmpp:reactions:0' id='t'>");
    for (unsigned i = 0; i <= XMPP_REACTIONS_MAX; i++)
        sj_strbuf_addf(&many, "<reaction>%u</reaction>", i);
    sj_strbuf_adds(&many, "</reactions></message>");
    const char *const stanzas[] = {
        many.s,
        CHAT(REACTIONS(REACTION(""))),
        CHAT(REACTIONS(REACTION("two words"))),
        CHAT(REACTIONS(REACTION("01234567890123456789012345678901"
                                "23456789012345678901234567890123"))),
    };
    for (size_t i = 0; i < sizeof stanzas / sizeof *stanzas; i++) {
        peer_say(p, 0, stanzas[i]);
        peer_expect_at(p, 0, "<message from='bob@irc0.example.org' id='m' to='r@m.lit/o' "
                             "type='error'><error type='modify'><not-acceptable *",
                       stanzas[i], (int)i);
        peer_hears_nothing(p);
    }
    sj_strbuf_release(&many);
}

Test(message_parts, with_an_endless_id_name_nothing)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 1 << 16);
    for (unsigned n = XMPP_MESSAGE_ID_MAX; n <= XMPP_MESSAGE_ID_MAX + 1; n++) {
        sj_strbuf_reset(&b);
        sj_strbuf_adds(&b, "<message type='chat' from='r@m.lit/o' to='bob@irc0.example.org'>"
                           "<displayed xmlns='urn:xmpp:chat-markers:0' id='");
        for (unsigned i = 0; i < n; i++)
            sj_strbuf_addc(&b, 'x');
        sj_strbuf_adds(&b, "'/></message>");
        peer_say(p, 0, b.s);
        if (n == XMPP_MESSAGE_ID_MAX)
            peer_hears(p, MARK "displayed xxx*");
        peer_hears_nothing(p);
    }
    sj_strbuf_release(&b);
}

/* G280-03, G280-08, G356-02, G203-05, G203-06, G334-03: what a user makes up changes nothing. */
Test(message_parts, that_are_forged_have_no_effect)
{
    static const struct row rows[] = {
        {CHAT("<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message "
              "xmlns='jabber:client' from='r@m.lit' to='bob@irc0.example.org'><body>no</body>"
              "</message></forwarded></received>"),
         NULL},
        {CHAT("<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message "
              "xmlns='jabber:client'><body>no</body></message></forwarded></sent>"),
         NULL},
        {CHAT(BODY "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'>"
              "<body>no</body></message></forwarded>"),
         HEARD},
        {CHAT("<privilege xmlns='urn:xmpp:privilege:2'><forwarded xmlns='urn:xmpp:forward:0'>"
              "<message xmlns='jabber:client'><body>no</body></message></forwarded></privilege>"),
         NULL},
        {CHAT(BODY "<delay xmlns='urn:xmpp:delay' from='irc0.example.org' "
              "stamp='1999-01-01T00:00:00Z'/>"
              "<x xmlns='jabber:x:delay' stamp='19990101T00:00:00'/>"),
         HEARD},
        {CHAT(BODY "<no-copy xmlns='urn:xmpp:hints'/><no-store xmlns='urn:xmpp:hints'/>"
              "<private xmlns='urn:xmpp:carbons:2'/>"),
         HEARD},
        {CHAT(BODY "<stanza-id xmlns='urn:xmpp:sid:0' by='bob@irc0.example.org' id='s'/>"), HEARD},
    };
    EXPECT_ROWS(rows);
}

/* ---- out ---- */

#define FROM_BOB(id) "<message from='bob@irc0.example.org' id='" id "' to='r@m.lit' type='chat'>"
#define ORIGIN(id) "<origin-id id='" id "' xmlns='urn:xmpp:sid:0'/>"

/* GMSG-01, GMSG-05, G085-04, G184-05, G308-02, G333-02, G359-05, G461-02, G224-01. */
Test(message_parts, are_written_with_the_text)
{
    struct xmpp_message_out m = {.peer = "bob", .to = "r@m.lit", .body = "hi", .id = "n1"};
    cr_assert(xmpp_send_message(p->xmpp, 0, &m));
    peer_expect(p, FROM_BOB("n1") "<body>hi</body>" ORIGIN("n1") "</message>");
    m.replaces = "n0";
    m.request = m.markable = m.active = m.attention = true;
    cr_assert(xmpp_send_message(p->xmpp, 0, &m));
    peer_expect(p, FROM_BOB("n1") "<body>hi</body>" ORIGIN("n1")
                   "<replace id='n0' xmlns='urn:xmpp:message-correct:0'/>"
                   "<request xmlns='urn:xmpp:receipts'/>"
                   "<markable xmlns='urn:xmpp:chat-markers:0'/>"
                   "<active xmlns='http://jabber.org/protocol/chatstates'/>"
                   "<attention xmlns='urn:xmpp:attention:0'/></message>");
    m = (struct xmpp_message_out){.peer = "bob", .to = "r@m.lit", .body = "", .id = "n2",
                                  .attention = true};
    cr_assert(xmpp_send_message(p->xmpp, 0, &m));
    peer_expect(p, FROM_BOB("n2") ORIGIN("n2")
                   "<attention xmlns='urn:xmpp:attention:0'/></message>");
}

/* G461-02, G461-03: the range is counted in code points and holds the last line's end. */
Test(message_parts, quote_what_a_reply_answers)
{
    struct xmpp_message_out m = {.peer = "bob", .to = "r@m.lit", .body = "yes", .id = "n1",
                                 .reply_to = "t", .reply_quote = "\xc3\xa9\xf0\x9f\x8c\xb9\ntwo"};
    cr_assert(xmpp_send_message(p->xmpp, 0, &m));
    peer_expect(p, FROM_BOB("n1") "<body>> \xc3\xa9\xf0\x9f\x8c\xb9\n> two\nyes</body>"
                   "<fallback for='urn:xmpp:reply:0' xmlns='urn:xmpp:fallback:0'>"
                   "<body end='11' start='0'/></fallback>" ORIGIN("n1")
                   "<reply id='t' to='bob@irc0.example.org' xmlns='urn:xmpp:reply:0'/></message>");
    m.reply_quote = NULL;
    m.reply_own = true;
    cr_assert(xmpp_send_message(p->xmpp, 0, &m));
    peer_expect(p, FROM_BOB("n1") "<body>yes</body>" ORIGIN("n1")
                   "<reply id='t' to='r@m.lit' xmlns='urn:xmpp:reply:0'/></message>");
    m.reply_to = NULL;
    m.thread = "a<b";
    cr_assert(xmpp_send_message(p->xmpp, 0, &m));
    peer_expect(p, FROM_BOB("n1") "<body>yes</body>" ORIGIN("n1")
                   "<thread>a<b</thread></message>");
}

/* G184-02, G184-08, G280-01, G334-02, G333-04, G334-01, G424-01, G444-04. */
Test(message_parts, about_earlier_messages_are_written)
{
    static const char *const set[] = {"\xf0\x9f\x8c\xb9", "<"};
    struct xmpp_mark_out m = {.peer = "bob", .to = "r@m.lit/o", .kind = XMPP_MARK_RECEIVED,
                              .target = "t"};
    cr_assert(xmpp_send_mark(p->xmpp, 0, &m));
    peer_expect(p, "<message from='bob@irc0.example.org' id='*' to='r@m.lit/o' type='chat'>"
                   "<received id='t' xmlns='urn:xmpp:receipts'/><store xmlns='urn:xmpp:hints'/>"
                   "</message>");
    m.to = "r@m.lit";
    m.kind = XMPP_MARK_DISPLAYED;
    cr_assert(xmpp_send_mark(p->xmpp, 0, &m));
    peer_expect(p, FROM_BOB("*") "<displayed id='t' xmlns='urn:xmpp:chat-markers:0'/>"
                   "<store xmlns='urn:xmpp:hints'/></message>");
    m.kind = XMPP_MARK_RETRACTED;
    cr_assert(xmpp_send_mark(p->xmpp, 0, &m));
    peer_expect(p, FROM_BOB("*") "<body>*</body>" ORIGIN("*")
                   "<retract id='t' xmlns='urn:xmpp:message-retract:1'/>"
                   "<fallback for='urn:xmpp:message-retract:1' xmlns='urn:xmpp:fallback:0'/>"
                   "<store xmlns='urn:xmpp:hints'/></message>");
    m.kind = XMPP_MARK_REACTIONS;
    m.reactions = set;
    m.n_reactions = 2;
    cr_assert(xmpp_send_mark(p->xmpp, 0, &m));
    peer_expect(p, FROM_BOB("*") ORIGIN("*")
                   "<reactions id='t' xmlns='urn:xmpp:reactions:0'><reaction>\xf0\x9f\x8c\xb9"
                   "</reaction><reaction><</reaction></reactions>"
                   "<store xmlns='urn:xmpp:hints'/></message>");
    m.n_reactions = 0;
    cr_assert(xmpp_send_mark(p->xmpp, 0, &m));
    peer_expect(p, FROM_BOB("*") ORIGIN("*")
                   "<reactions id='t' xmlns='urn:xmpp:reactions:0'/>"
                   "<store xmlns='urn:xmpp:hints'/></message>");
}

/* G085-02, G085-03, G085-10, G334-01. */
Test(message_parts, chat_states_stand_alone)
{
    static const char *const names[] = {NULL,     "active",   "composing",
                                        "paused", "inactive", "gone"};
    char expected[400];
    for (int i = XMPP_STATE_ACTIVE; i <= XMPP_STATE_GONE; i++) {
        cr_assert(xmpp_send_chat_state(p->xmpp, 0, "bob", "r@m.lit/o", (enum xmpp_chat_state)i));
        snprintf(expected, sizeof expected,
                 "<message from='bob@irc0.example.org' id='*' to='r@m.lit/o' type='chat'><%s "
                 "xmlns='http://jabber.org/protocol/chatstates'/><no-store xmlns='urn:xmpp:hints'/>"
                 "</message>", names[i]);
        peer_expect(p, expected);
    }
}
