/* SPDX-License-Identifier: MPL-2.0 */
/* Whom messages mention: what clients claim, and what they are told. */
#include <criterion/criterion.h>

#include "peer_muc.h"
#include "sojourn/strbuf.h"
#include "xmpp_mention.h"

static struct peer *p;

static void setup(void)
{
    p = peer_new_with_rooms();
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(mention, .init = setup, .fini = teardown);

#define SAID(body, more) \
    "<message from='" USER "' to='" ROOM "' id='m' type='groupchat'><body>" body "</body>" more \
    "</message>"
#define REF(begin, end, uri) \
    "<reference xmlns='urn:xmpp:reference:0' type='mention' begin='" begin "' end='" end \
    "' uri='" uri "'/>"
#define HEARD(body) "message 0 " USER " to #garden: " body " in-room"
#define NURSE "xmpp:nurse@irc0.example.org"

/* G372-02, G372-03, G426-01 */
Test(mention, is_read_as_far_as_it_makes_sense)
{
    static const struct {
        const char *stanza, *heard;
    } rows[] = {
        {SAID("hi nurse", REF("3", "8", NURSE)), HEARD("hi nurse") " mentions=3 8 c nurse\n"},
        {SAID("\xc3\xa9 nurse", REF("2", "7", NURSE)),
         HEARD("\xc3\xa9 nurse") " mentions=3 8 c nurse\n"},
        {SAID("hi Old N", REF("3", "8", "xmpp:" ROOM "/Old%20N")),
         HEARD("hi Old N") " mentions=3 8 n Old N\n"},
        {SAID("hi Old N", REF("3", "8", "XMPP:%23garden@irc0.example.org/Old%20N")),
         HEARD("hi Old N") " mentions=3 8 n Old N\n"},
        {SAID("hi", "<reference xmlns='urn:xmpp:reference:0' type='mention' uri='" NURSE "'/>"),
         HEARD("hi") " mentions=0 0 c nurse\n"},
        {SAID("a b", REF("0", "1", NURSE) REF("2", "3", NURSE "?message")),
         HEARD("a b") " mentions=0 1 c nurse\n2 3 c nurse\n"},
        {SAID("/me pats nurse", REF("9", "14", NURSE)),
         HEARD("*pats nurse") " mentions=5 10 c nurse\n"},
        {SAID("/me pats nurse", REF("0", "3", NURSE)),
         HEARD("*pats nurse") " mentions=0 0 c nurse\n"},
        /* out of order, overlapping, beyond the text, upside down, no number */
        {SAID("a b", REF("2", "3", NURSE) REF("0", "1", NURSE) REF("2", "3", NURSE)),
         HEARD("a b") " mentions=2 3 c nurse\n"},
        {SAID("a b", REF("0", "4", NURSE)), HEARD("a b")},
        {SAID("a b", REF("2", "2", NURSE)), HEARD("a b")},
        {SAID("a b", REF("2", "1", NURSE)), HEARD("a b")},
        {SAID("a b", REF("-1", "1", NURSE)), HEARD("a b")},
        {SAID("a b", REF("0", "99999999999999999999", NURSE)), HEARD("a b")},
        {SAID("a b", REF("x", "1", NURSE)), HEARD("a b")},
        /* nobody of ours */
        {SAID("a b", REF("0", "1", "xmpp:nurse@elsewhere.test")), HEARD("a b")},
        {SAID("a b", REF("0", "1", "mailto:nurse@irc0.example.org")), HEARD("a b")},
        {SAID("a b", REF("0", "1", "xmpp:irc0.example.org")), HEARD("a b")},
        {SAID("a b", REF("0", "1", "xmpp:" ROOM)), HEARD("a b")},
        {SAID("a b", REF("0", "1", NURSE "/x")), HEARD("a b")},
        {SAID("a b", REF("0", "1", "xmpp:nurse%0a@irc0.example.org")), HEARD("a b")},
        {SAID("a b", REF("0", "1", "xmpp:nurse%c3@irc0.example.org")), HEARD("a b")},
        {SAID("a b", REF("0", "1", "xmpp:%")), HEARD("a b")},
        {SAID("a b", "<reference xmlns='urn:xmpp:reference:0' type='data' uri='" NURSE "'/>"),
         HEARD("a b")},
        {SAID("a b", "<reference xmlns='urn:xmpp:reference:0'/>"), HEARD("a b")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer_say(p, 0, rows[i].stanza);
        peer_hears(p, rows[i].heard);
        peer_hears_nothing(p);
    }
}

Test(mention, as_many_as_there_may_be_are_read)
{
    struct sj_strbuf stanza, want;

    sj_strbuf_init(&stanza, 1 << 16);
    sj_strbuf_init(&want, 1 << 16);
    sj_strbuf_adds(&want, HEARD("nurse nurse nurse nurse nurse nurse nurse nurse nurse")
                   " mentions=");
    for (unsigned i = 0; i < XMPP_MENTIONS_MAX; i++)
        sj_strbuf_addf(&want, "%u %u c nurse\n", i, i + 1);
    sj_strbuf_adds(&stanza, "<message from='" USER "' to='" ROOM "' id='m' type='groupchat'>"
                            "<body>nurse nurse nurse nurse nurse nurse nurse nurse nurse</body>");
    for (unsigned i = 0; i < XMPP_MENTIONS_MAX + 8; i++)
        sj_strbuf_addf(&stanza, "<reference xmlns='urn:xmpp:reference:0' type='mention' begin='%u' "
                                "end='%u' uri='" NURSE "'/>", i, i + 1);
    sj_strbuf_adds(&stanza, "</message>");
    peer_say(p, 0, stanza.s);
    peer_hears(p, want.s);
    sj_strbuf_release(&want);
    sj_strbuf_release(&stanza);
}

/* G372-01, G426-01 */
Test(mention, is_a_reference_of_the_text_as_it_is_sent)
{
    const struct xmpp_speaker in = {.in_room = true, .nick = "juliet", .account = "juliet"};
    struct xmpp_message_out m = {.peer = "#garden", .to = USER, .speaker = &in, .action = true,
                                 .body = "\xc3\xa9 r nurse", .id = "m1",
                                 .mentions = "3 4 u \n5 10 c nurse\n0 0 n Old N\n5 99 c nobody\n"};

    xmpp_send_message(p->xmpp, 0, &m);
    peer_expect(p, "<message *id='m1'*><body>/me \xc3\xa9 r nurse</body>"
                   "<reference begin='6' end='7' type='mention' uri='xmpp:r@m.lit' "
                   "xmlns='urn:xmpp:reference:0'/>"
                   "<reference begin='8' end='13' type='mention' uri='xmpp:nurse@irc0.example.org' "
                   "xmlns='urn:xmpp:reference:0'/>"
                   "<reference type='mention' uri='xmpp:%23garden@irc0.example.org/Old%20N' "
                   "xmlns='urn:xmpp:reference:0'/>*</message>");
}

Test(mention, text_is_what_was_put_and_anything_else_ends_it)
{
    static const char *const bad[] = {"",      "x",        "1",       "1 2",      "1 2 ",
                                      "1 2 x n\n", "2 1 c n\n", " 1 2 c n\n", "1 2 cn\n",
                                      "9999999999 2 c n\n", "1  c n\n"};
    const struct xmpp_mention in = {.start = 1, .end = 7, .kind = XMPP_MENTION_OCCUPANT,
                                    .name = "a b", .n_name = 3};
    const struct xmpp_mention split = {.kind = XMPP_MENTION_CONTACT, .name = "a\nb", .n_name = 3};
    struct xmpp_mention out;
    struct sj_strbuf text;

    sj_strbuf_init(&text, 100);
    xmpp_mention_put(&text, &in);
    xmpp_mention_put(&text, &split);
    const char *at = text.s;
    cr_assert(xmpp_mention_next(&at, &out));
    cr_expect(out.start == 1 && out.end == 7 && out.kind == XMPP_MENTION_OCCUPANT &&
              out.n_name == 3 && memcmp(out.name, "a b", 3) == 0);
    cr_expect_not(xmpp_mention_next(&at, &out));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        at = bad[i];
        cr_expect_not(xmpp_mention_next(&at, &out), "%s", bad[i]);
    }
    at = NULL;
    cr_expect_not(xmpp_mention_next(&at, &out));
    sj_strbuf_release(&text);
}
