/* SPDX-License-Identifier: MPL-2.0 */
/* Messages of every type, to every target, and those we make. */
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

TestSuite(message, .init = setup, .fini = teardown);

#define TO_BOB "from='r@m.lit/o' to='bob@irc0.example.org' id='m'"
#define BODY "<body>hi</body>"
#define HEARD "message 0 r@m.lit/o to bob: hi"
#define FAILURE_FROM(from, type, condition) \
    "<message from='" from "' id='m' to='r@m.lit/o' type='error'><error type='" type "'><" \
    condition " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>*</error></message>"
#define FAILURE(type, condition) FAILURE_FROM("bob@irc0.example.org", type, condition)

/* R6121-40, R6121-45, R6121-46, XEP-0245, G380-01, R6120-08, R6120-10, GMSG-04. */
Test(message, is_read_by_type_and_content)
{
    static const struct {
        const char *stanza, *heard, *answer;
    } rows[] = {
        {"<message " TO_BOB ">" BODY "</message>", HEARD, NULL},
        {"<message type='chat' " TO_BOB ">" BODY "</message>", HEARD, NULL},
        {"<message type='normal' " TO_BOB ">" BODY "</message>", HEARD, NULL},
        {"<message type='nonsense' " TO_BOB ">" BODY "</message>", HEARD, NULL},
        {"<message type='chat' from='r@m.lit/o' to='bob@irc0.example.org/x'>" BODY "</message>",
         HEARD, NULL},
        {"<message type='chat' from='R@M.lit/o' to='Bob@IRC0.example.org'>" BODY "</message>",
         HEARD, NULL},
        {"<message type='headline' " TO_BOB ">" BODY "</message>", NULL, NULL},
        {"<message type='groupchat' " TO_BOB ">" BODY "</message>", NULL,
         FAILURE("cancel", "service-unavailable")},
        {"<message type='chat' " TO_BOB "/>", NULL, NULL},
        {"<message type='chat' " TO_BOB "><body/></message>", NULL, NULL},
        {"<message type='chat' " TO_BOB "><body> \n\t </body></message>", NULL, NULL},
        {"<message type='chat' " TO_BOB "><composing "
         "xmlns='http://jabber.org/protocol/chatstates'/></message>",
         "state r@m.lit/o to bob: 2", NULL},
        {"<message type='chat' " TO_BOB "><body xmlns='urn:x'>no</body></message>", NULL, NULL},
        {"<message type='chat' xml:lang='de' " TO_BOB "><body xml:lang='en'>en</body>"
         "<body xml:lang='de'>hi</body></message>",
         HEARD, NULL},
        {"<message " TO_BOB "><subject>s</subject>" BODY "<x xmlns='urn:unknown'/></message>",
         HEARD, NULL},
        {"<message " TO_BOB "><body>/me waves</body></message>",
         "message 0 r@m.lit/o to bob: *waves", NULL},
        {"<message " TO_BOB "><body>/me</body></message>", "message 0 r@m.lit/o to bob: /me", NULL},
        {"<message " TO_BOB "><body>/me </body></message>", "message 0 r@m.lit/o to bob: /me ",
         NULL},
        {"<message " TO_BOB "><body>/meow</body></message>", "message 0 r@m.lit/o to bob: /meow",
         NULL},
        {"<message " TO_BOB ">" BODY "<encryption xmlns='urn:xmpp:eme:0' namespace='x'/></message>",
         NULL, FAILURE("modify", "not-acceptable")},
        {"<message " TO_BOB ">" BODY
         "<encrypted xmlns='eu.siacs.conversations.axolotl'/></message>",
         NULL, FAILURE("modify", "not-acceptable")},
        {"<message " TO_BOB ">" BODY "<encrypted xmlns='urn:xmpp:omemo:1'/></message>", NULL,
         FAILURE("modify", "not-acceptable")},
        {"<message " TO_BOB "><encrypted xmlns='urn:xmpp:omemo:2'/></message>", NULL,
         FAILURE("modify", "not-acceptable")},
        {"<message type='headline' " TO_BOB ">" BODY "<attention xmlns='urn:xmpp:attention:0'/>"
         "<encrypted xmlns='urn:xmpp:omemo:2'/></message>",
         NULL, NULL},                    /* not passed on; headlines get no errors */
        {"<message " TO_BOB ">" BODY "<openpgp xmlns='urn:xmpp:openpgp:0'/></message>", NULL,
         FAILURE("modify", "not-acceptable")},
        {"<message " TO_BOB ">" BODY "<x xmlns='jabber:x:encrypted'>z</x></message>", NULL,
         FAILURE("modify", "not-acceptable")},
        {"<message " TO_BOB "><body>?OTR:AAMC</body></message>", NULL,
         FAILURE("modify", "not-acceptable")},
        /* to the gateway itself, G506-01 */
        {"<message from='r@m.lit/o' to='irc0.example.org' id='m'>" BODY "</message>",
         "talk r@m.lit/o: hi", NULL},
        {"<message from='r@m.lit/o' to='irc0.example.org/x' id='m'>" BODY "</message>",
         "talk r@m.lit/o: hi", NULL},
        {"<message from='r@m.lit/o' to='irc0.example.org' id='m'><active "
         "xmlns='http://jabber.org/protocol/chatstates'/></message>",
         NULL, NULL},
        /* errors end here */
        {"<message type='error' " TO_BOB ">" BODY "<error type='cancel'><gone "
         "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:x</gone></error></message>",
         "bounce r@m.lit/o to bob: m gone id=m", NULL},
        {"<message type='error' " TO_BOB "/>",
         "bounce r@m.lit/o to bob: m undefined-condition id=m", NULL},
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

/* G100-44, R6120-04. */
Test(message, comes_back_with_the_status_of_the_session_room)
{
    static const struct {
        enum sj_status status;
        const char *answer;
    } rows[] = {
        {SJ_NOTFOUND, FAILURE("cancel", "item-not-found")},
        {SJ_UNREGISTERED, FAILURE("auth", "registration-required")},
        {SJ_OFFLINE, FAILURE("cancel", "service-unavailable")},
        {SJ_UNREACHABLE, FAILURE("wait", "remote-server-timeout")},
        {SJ_AUTH, FAILURE("auth", "not-authorized")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        p->status = rows[i].status;
        p->text = "because";
        peer_say(p, 0, "<message type='chat' " TO_BOB ">" BODY "</message>");
        peer_hears(p, HEARD);
        char *got = peer_next(p, 0);
        cr_expect(peer_match(rows[i].answer, got), "%s", got);
        cr_expect_not_null(strstr(got, ">because</text>"));
        cr_expect_null(strstr(got, "code="));
        cr_expect_null(strstr(got, "body"));
        free(got);
    }
}

Test(message, without_an_id_is_answered_without_one)
{
    p->status = SJ_NOTFOUND;
    peer_say(p, 0, "<message from='r@m.lit' to='bob@irc0.example.org'>" BODY "</message>");
    peer_expect(p, "<message from='bob@irc0.example.org' to='r@m.lit' type='error'>*");
}

Test(message, too_long_is_refused)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 1 << 20);
    for (unsigned n = SJ_BODY_MAX; n <= SJ_BODY_MAX + 1; n++) {
        sj_strbuf_reset(&b);
        sj_strbuf_adds(&b, "<message " TO_BOB "><body>");
        for (unsigned i = 0; i < n; i++)
            sj_strbuf_addc(&b, 'x');
        sj_strbuf_adds(&b, "</body></message>");
        peer_say(p, 0, b.s);
        if (n == SJ_BODY_MAX)
            peer_hears(p, "message 0 r@m.lit/o to bob: xxx*");
        else
            peer_expect(p, FAILURE("modify", "not-acceptable"));
    }
    sj_strbuf_release(&b);
}

Test(message, too_large_for_the_stream_is_refused)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 4 << 20);
    sj_strbuf_adds(&b, "<message " TO_BOB "><body>");
    for (unsigned i = 0; i < 600000; i++)
        sj_strbuf_addc(&b, 'x');
    sj_strbuf_adds(&b, "</body></message>");
    peer_say(p, 0, b.s);
    peer_expect(p, FAILURE("modify", "policy-violation"));
    peer_hears_nothing(p);
    sj_strbuf_release(&b);
}

/* R7622-07. */
Test(message, to_a_malformed_localpart_is_refused)
{
    static const char *const locals[] = {"\\20a", "a\\20", "foo\\5cbar", "\xe2\x99\x9a"};
    for (size_t i = 0; i < sizeof locals / sizeof *locals; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "<message from='r@m.lit/o' to='%s@irc0.example.org' id='m'>" BODY "</message>",
                 locals[i]);
        peer_say(p, 0, text);
        peer_expect(p, "<message from='*@irc0.example.org' id='m' to='r@m.lit/o' type='error'>"
                       "<error type='modify'><jid-malformed *");
        snprintf(text, sizeof text,
                 "<message type='error' from='r@m.lit/o' to='%s@irc0.example.org'/>", locals[i]);
        peer_say(p, 0, text);
        peer_hears_nothing(p);
    }
}

/* R6121-47 and what no server should send. G114-13. */
Test(message, from_our_own_domain_or_nobody_is_dropped)
{
    static const char *const stanzas[] = {
        "<message from='x@irc0.example.org/r' to='bob@irc0.example.org'>" BODY "</message>",
        "<message from='irc0.example.org' to='bob@irc0.example.org'>" BODY "</message>",
        "<message from='IRC0.example.org' to='bob@irc0.example.org'>" BODY "</message>",
        "<message to='bob@irc0.example.org'>" BODY "</message>",
        "<message from='' to='bob@irc0.example.org'>" BODY "</message>",
        "<message from='@x' to='bob@irc0.example.org'>" BODY "</message>",
        "<message from='r@m.lit'>" BODY "</message>",
        "<message from='r@m.lit' to='bob@irc9.example.org'>" BODY "</message>",
        "<message from='r@m.lit' to='bob@example.org'>" BODY "</message>",
        "<message xmlns='urn:x' from='r@m.lit' to='bob@irc0.example.org'>" BODY "</message>",
        "<massage from='r@m.lit' to='bob@irc0.example.org'>" BODY "</massage>",
    };
    for (size_t i = 0; i < sizeof stanzas / sizeof *stanzas; i++) {
        peer_say(p, 0, stanzas[i]);
        peer_hears_nothing_at(p, stanzas[i], (int)i);
    }
}

/* ---- out ---- */

/* GMSG-01, G100-45, G100-46. R6121-42, R6121-43. */
Test(message, to_the_user_has_one_unguessable_id_twice)
{
    char first[64] = "";
    for (int i = 0; i < 3; i++) {
        cr_assert(xmpp_send_message(p->xmpp, 0, &(struct xmpp_message_out){
                                                    .peer = "#dev@x",
                                                    .to = "r@m.lit",
                                                    .body = "hi",
                                                }));
        char *got = peer_next(p, 0);
        char id[2][64];
        cr_assert_eq(sscanf(got, "<message from='#dev\\40x@irc0.example.org' id='%63[^']' "
                                 "to='r@m.lit' type='chat'><body>hi</body><origin-id id='%63[^']' "
                                 "xmlns='urn:xmpp:sid:0'/></message>",
                            id[0], id[1]),
                     2, "%s", got);
        cr_expect_str_eq(id[0], id[1]);
        cr_expect_str_neq(id[0], first);
        snprintf(first, sizeof first, "%s", id[0]);
        free(got);
    }
}

static char *id_of(unsigned host, const char *peer, const char *to, const char *network_id)
{
    cr_assert(xmpp_send_message(p->xmpp, host, &(struct xmpp_message_out){
                                                   .peer = peer,
                                                   .to = to,
                                                   .body = "hi",
                                                   .network_id = network_id,
                                               }));
    char *got = peer_next(p, host);
    char *id = strstr(got, "id='") + 4;
    memmove(got, id, strcspn(id, "'") + 1);
    got[strcspn(got, "'")] = '\0';
    return got;
}

/* The same foreign message has the same id after a restart, and tells nothing. */
Test(message, derives_its_id_from_the_network)
{
    char *ids[] = {
        id_of(0, "bob", "r@m.lit", "n1"), id_of(0, "bob", "r@m.lit", "n2"),
        id_of(0, "ann", "r@m.lit", "n1"), id_of(0, "bob", "j@m.lit", "n1"),
        id_of(0, "bob", "r@m.lit", "n1"),
    };
    cr_expect_str_eq(ids[0], ids[4]);
    for (size_t i = 1; i < 4; i++)
        cr_expect_str_neq(ids[0], ids[i]);
    cr_expect_eq(strlen(ids[0]), 40);
    for (size_t i = 0; i < 5; i++)
        free(ids[i]);
}

/* G203-01, G203-03. */
Test(message, carries_a_delay_only_when_it_is_old)
{
    sj_loop_test_advance(p->loop, 0);
    int64_t now = sj_loop_utc_ms(p->loop);
    struct xmpp_message_out m = {.peer = "bob", .to = "r@m.lit", .body = "hi"};
    static const int64_t live[] = {0, 1000, 60000, -5000};
    for (size_t i = 0; i < sizeof live / sizeof *live; i++) {
        m.sent_at = live[i] == 0 ? 0 : now - live[i];
        cr_assert(xmpp_send_message(p->xmpp, 0, &m));
        peer_expect(p, "<message *<origin-id id='*' xmlns='urn:xmpp:sid:0'/></message>");
    }
    m.sent_at = 1709210096789;
    cr_assert(xmpp_send_message(p->xmpp, 0, &m));
    peer_expect(p, "<message *<delay from='bob@irc0.example.org' stamp='2024-02-29T12:34:56.789Z' "
                   "xmlns='urn:xmpp:delay'/></message>");
}

Test(message, says_actions_as_text)
{
    cr_assert(xmpp_send_message(p->xmpp, 0, &(struct xmpp_message_out){
                                                .peer = NULL,
                                                .to = "r@m.lit",
                                                .body = "waves",
                                                .action = true,
                                            }));
    peer_expect(p, "<message from='irc0.example.org' *<body>/me waves</body>*");
}

Test(message, from_an_id_that_is_no_address_is_not_sent)
{
    cr_expect_not(xmpp_send_message(p->xmpp, 0, &(struct xmpp_message_out){
                                                    .peer = "Bob",
                                                    .to = "r@m.lit",
                                                    .body = "hi",
                                                }));
    peer_expect_nothing(p);
}

Test(message, errors_come_from_the_contact)
{
    struct sj_error err;
    sj_fail(&err, SJ_OFFLINE, "gone");
    cr_assert(xmpp_send_message_error(p->xmpp, 0, "bob", "r@m.lit/o", "m", &err));
    peer_expect(p, FAILURE("cancel", "service-unavailable"));
    cr_assert(xmpp_send_message_error(p->xmpp, 0, "bob", "r@m.lit/o", NULL, &err));
    peer_expect(p, "<message from='bob@irc0.example.org' to='r@m.lit/o' type='error'>*");
    cr_expect_not(xmpp_send_message_error(p->xmpp, 0, " ", "r@m.lit/o", NULL, &err));
}
