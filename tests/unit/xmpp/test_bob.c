/* SPDX-License-Identifier: MPL-2.0 */
/* Pictures in forms (XEP-0221) and their bytes (XEP-0231): for whom, how many, how long. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "bob.h"
#include "peer.h"
#include "room.h"
#include "sojourn/memory.h"

static struct peer *p;

static void setup(void)
{
    p = peer_new(2);
    peer_start(p);
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(bob, .init = setup, .fini = teardown);

/* sha1("abc") */
#define CID "sha1+a9993e364706816aba3e25717850c26c9cd0d89d@bob.xmpp.org"
#define GET_AT(host, from, cid)                                                                   \
    "<iq type='get' id='b' from='" from "' to='irc" #host ".example.org'>"                         \
    "<data xmlns='urn:xmpp:bob' " cid "/></iq>"
#define GET(from, cid) GET_AT(0, from, "cid='" cid "'")
#define NOT_FOUND "<iq *<error type='cancel'><item-not-found *"

static bool keep(const char *user, const char *bytes, size_t n, const char *type)
{
    char cid[BOB_CID_SIZE];
    return bob_keep(p->xmpp, 0, user,
                    &(struct xmpp_media){.type = type, .bytes = bytes, .n_bytes = n}, cid);
}

/* G004-13, G221-01, G231-01, G231-02. */
Test(bob, shows_a_picture_in_a_form_and_serves_it)
{
    const struct xmpp_media picture = {.type = "image/png", .bytes = "abc", .n_bytes = 3,
                                       .width = 16, .height = 8};
    const struct xmpp_form form = {
        .n = 1, .input[0] = {.kind = XMPP_INPUT_FIXED, .var = "picture", .label = "Look",
                             .media = &picture}};
    const struct xmpp_command_out out = {.run = 1, .node = "answer", .form = &form,
                                         .status = XMPP_EXECUTING, .may_complete = true};

    p->command = &out;
    peer_say(p, 0, "<iq type='set' id='s' from='r@m.lit/o' to='irc0.example.org'><command "
                   "xmlns='http://jabber.org/protocol/commands' node='answer'/></iq>");
    peer_expect(p, "<iq *<field label='Look' type='fixed' var='picture'>"
                   "<media height='8' width='16' xmlns='urn:xmpp:media-element'>"
                   "<uri type='image/png'>cid:" CID "</uri></media></field>*");
    peer_say(p, 0, GET("r@m.lit/other", CID));
    peer_expect(p, "<iq from='irc0.example.org' id='b' to='r@m.lit/other' type='result'><data cid='"
                   CID "' max-age='1*' type='image/png' xmlns='urn:xmpp:bob'>YWJj</data></iq>");
}

/* G231-03: a picture may let whoever has it into an account. */
Test(bob, is_for_the_user_it_was_shown_to_only)
{
    cr_expect(keep("r@m.lit", "abc", 3, "image/png"));
    peer_say(p, 0, GET("x@m.lit/o", CID));
    peer_expect(p, NOT_FOUND);
    peer_say(p, 1, GET_AT(1, "r@m.lit/o", "cid='" CID "'"));
    peer_expect_at(p, 1, NOT_FOUND, __FILE__, __LINE__);
    peer_say(p, 0, GET("r@m.lit/o", "sha1+a9993e364706816aba3e25717850c26c9cd0d89d"));
    peer_expect(p, NOT_FOUND);
    peer_say(p, 0, GET("r@m.lit/o", ""));
    peer_expect(p, NOT_FOUND);
    peer_say(p, 0, GET_AT(0, "r@m.lit/o", ""));
    peer_expect(p, "<iq *<error type='modify'><bad-request *");
    peer_say(p, 0, "<iq type='set' id='b' from='r@m.lit/o' to='irc0.example.org'>"
                   "<data xmlns='urn:xmpp:bob' cid='" CID "'/></iq>");
    peer_expect(p, "<iq *type='error'*");
    peer_say(p, 0, "<iq type='get' id='b' from='r@m.lit/o' to='bob@irc0.example.org'>"
                   "<data xmlns='urn:xmpp:bob' cid='" CID "'/></iq>");
    peer_expect(p, "<iq *type='error'*");
    peer_say(p, 0, GET("r@m.lit/o", CID));
    peer_expect(p, "<iq *>YWJj</data></iq>");
}

/* G231-04 */
Test(bob, keeps_pictures_of_bounded_size)
{
    static char bytes[BOB_SIZE_MAX + 1];

    cr_expect(keep("r@m.lit", bytes, BOB_SIZE_MAX, "image/png"));
    cr_expect_not(keep("r@m.lit", bytes, BOB_SIZE_MAX + 1, "image/png"));
    cr_expect_not(keep("r@m.lit", bytes, 0, "image/png"));
    cr_expect_not(keep("r@m.lit", bytes, 1, NULL));
    cr_expect_not(keep("r@m.lit", bytes, 1, "text/html"));
    cr_expect_not(keep("r@m.lit", bytes, 1, "image/"));
    cr_expect_not(keep("r@m.lit", bytes, 1, "image/png' x='"));
    cr_expect(keep("r@m.lit", bytes, 1, "image/svg+xml"));
}

static bool has(const char *user, const char *bytes)
{
    struct sj_strbuf get;
    const struct xmpp_media m = {.type = "image/png", .bytes = bytes, .n_bytes = strlen(bytes)};
    char cid[BOB_CID_SIZE], *got;
    bool found;

    bob_cid(cid, &m);
    sj_strbuf_init(&get, 4096);
    sj_strbuf_addf(&get, "<iq type='get' id='b' from='%s/o' to='irc0.example.org'>"
                   "<data xmlns='urn:xmpp:bob' cid='%s'/></iq>", user, cid);
    peer_say(p, 0, get.s);
    while ((got = peer_next(p, 0)) != NULL && !peer_match("*id='b'*", got))
        sj_free(got);                    /* the stream asks whether the server is there */
    cr_assert_not_null(got);
    found = peer_match("*type='result'*", got);
    sj_free(got);
    sj_strbuf_release(&get);
    return found;
}

/* The oldest of the same user goes; and of all, when many users have some. */
Test(bob, keeps_so_many)
{
    char name[32], bytes[2] = "a";

    for (; bytes[0] < 'a' + (int)BOB_USER_MAX; bytes[0]++)
        cr_expect(keep("r@m.lit", bytes, 1, "image/png"));
    cr_expect(keep("r@m.lit", "a", 1, "image/png"));     /* the newest now, and once only */
    cr_expect(has("r@m.lit", "b"));
    cr_expect(keep("r@m.lit", "z", 1, "image/png"));
    cr_expect_not(has("r@m.lit", "b"));
    cr_expect(has("r@m.lit", "a"));
    for (unsigned i = 0; i < BOB_ITEMS_MAX; i++) {
        snprintf(name, sizeof name, "u%u@m.lit", i);
        cr_expect(keep(name, "x", 1, "image/png"));
    }
    cr_expect_not(has("r@m.lit", "z"));
    cr_expect(has("u0@m.lit", "x"));
    cr_expect(keep("last@m.lit", "x", 1, "image/png"));
    cr_expect_not(has("u0@m.lit", "x"));
}

Test(bob, keeps_them_for_a_while)
{
    cr_expect(keep("r@m.lit", "abc", 3, "image/png"));
    sj_loop_test_advance(p->loop, BOB_LIFE_MS / 2);
    cr_expect(has("r@m.lit", "abc"));
    sj_loop_test_advance(p->loop, BOB_LIFE_MS / 2);
    cr_expect_not(has("r@m.lit", "abc"));
}

/* One that is too large is left out of the form. */
Test(bob, leaves_out_what_it_cannot_keep)
{
    static const char bytes[BOB_SIZE_MAX + 1];
    const struct xmpp_media large = {.type = "image/png", .bytes = bytes, .n_bytes = sizeof bytes};
    const struct xmpp_media linked = {.type = "image/png", .uri = "https://m.lit/x"};
    struct bob_form out;
    struct xmpp_form form = {.n = 2, .input[0].media = &large, .input[1].media = &linked};
    const struct xmpp_form *got = bob_in_form(&out, p->xmpp, 0, "r@m.lit", &form);

    cr_expect_null(got->input[0].media->uri);
    cr_expect_str_eq(got->input[1].media->uri, "https://m.lit/x");
    form.input[0].media = NULL;
    cr_expect_eq(bob_in_form(&out, p->xmpp, 0, "r@m.lit", &form), &form);
}
