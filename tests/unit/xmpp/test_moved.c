/* SPDX-License-Identifier: MPL-2.0 */
/* Addresses of other gateways: what is answered, how, and what is not. */
#include <criterion/criterion.h>

#include "peer.h"

#define USER "r@m.lit/orchard"
#define AT "@irc0.example.org"
#define FROM "from='" USER "' to='"
#define BODY "<body>hi</body>"
#define MUC "<x xmlns='http://jabber.org/protocol/muc'/>"
#define ANSWER(name, from, id) "<" name " from='" from "' id='" id "' to='" USER "' type='error'>"
#define GONE(uri) "*<error *type='cancel'><gone *>" uri "</gone><text *"

static struct peer *p;

static void setup(void)
{
    p = peer_new(2);
    for (unsigned i = 0; i < 2; i++) {
        p->hosts[i].moved_marks = "-";
        p->hosts[i].has_rooms = true;
    }
    peer_start(p);
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(moved, .init = setup, .fini = teardown);

/* RFC 6120 §8.3.3.5 */
Test(moved, is_answered_with_the_new_address)
{
    static const struct {
        const char *stanza, *answer;
    } rows[] = {
        {"<message " FROM "old-juliet" AT "' id='m' type='chat'>" BODY "</message>",
         ANSWER("message", "old-juliet" AT, "m") GONE("xmpp:juliet@irc0.example.org")},
        {"<iq " FROM "old-juliet" AT "/x' id='i' type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
         ANSWER("iq", "old-juliet" AT "/x", "i") GONE("xmpp:juliet@irc0.example.org")},
        {"<presence " FROM "old-juliet" AT "' id='s' type='subscribe'/>",
         ANSWER("presence", "old-juliet" AT, "s") GONE("xmpp:juliet@irc0.example.org")},
        {"<presence " FROM "old-juliet" AT "' id='b' type='probe'/>",
         ANSWER("presence", "old-juliet" AT, "b") GONE("xmpp:juliet@irc0.example.org")},
        {"<presence " FROM "old-#garden" AT "/ro' id='j'>" MUC "</presence>",
         ANSWER("presence", "old-#garden" AT "/ro", "j") MUC
             GONE("xmpp:%23garden@irc0.example.org")},
        {"<message " FROM "other-juliet" AT "' id='o' type='chat'>" BODY "</message>",
         ANSWER("message", "other-juliet" AT, "o") GONE("xmpp:juliet@irc1.example.org")},
        {"<message " FROM "old-" AT "' id='g' type='chat'>" BODY "</message>",
         ANSWER("message", "old-" AT, "g") GONE("xmpp:irc0.example.org")},
        {"<message " FROM "far-juliet" AT "' id='f' type='chat'>" BODY "</message>",
         ANSWER("message", "far-juliet" AT, "f") "<error type='cancel'><item-not-found */><text *"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer_say(p, 0, rows[i].stanza);
        peer_expect(p, rows[i].answer);
    }
    peer_hears_nothing(p);
}

/* R6120-03 */
Test(moved, what_wants_nothing_is_not_answered)
{
    static const char *const stanzas[] = {
        "<presence " FROM "old-juliet" AT "' type='unavailable'/>",
        "<presence " FROM "old-juliet" AT "'/>",
        "<presence " FROM "old-juliet" AT "' type='unsubscribe'/>",
        "<presence " FROM "old-juliet" AT "' type='unsubscribed'/>",
        "<presence " FROM "old-juliet" AT "' type='subscribed'/>",
        "<presence " FROM "old-juliet" AT "' type='error'/>",
        "<message " FROM "old-juliet" AT "' type='error'>" BODY "</message>",
        "<iq " FROM "old-juliet" AT "' id='r' type='result'/>",
        "<iq " FROM "old-juliet" AT "' id='e' type='error'/>",
    };
    for (size_t i = 0; i < sizeof stanzas / sizeof *stanzas; i++)
        peer_say(p, 0, stanzas[i]);
    peer_expect_nothing(p);
    peer_hears_nothing(p);
}

Test(moved, ids_without_a_mark_are_not_asked_about)
{
    p->hosts[0].moved_marks = NULL;
    peer_say(p, 0, "<message " FROM "old-juliet" AT "' id='m' type='chat'>" BODY "</message>");
    peer_hears(p, "message 0 " USER " to old-juliet: hi");
    p->hosts[0].moved_marks = "-";
    peer_say(p, 0, "<message " FROM "juliet" AT "' id='m' type='chat'>" BODY "</message>");
    peer_hears(p, "message 0 " USER " to juliet: hi");
}
