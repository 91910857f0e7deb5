/* SPDX-License-Identifier: MPL-2.0 */
/* What is said to a user waits until it is let go (gateway/xmpp/hold.c). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "component.h"
#include "peer.h"
#include "room.h"
#include "sojourn/memory.h"

#define ROMEO "romeo@m.lit"

static struct peer *p;
static unsigned crowds;

static void set_up(void)
{
    p = peer_new(2);
    peer_start(p);
}

static void tear_down(void)
{
    peer_free(&p);
}

TestSuite(hold, .init = set_up, .fini = tear_down);

static bool says(unsigned host, const char *to, const char *body)
{
    const struct xmpp_message_out m = {.peer = "bob", .to = to, .body = body, .id = body};

    return xmpp_send_message(p->xmpp, host, &m);
}

/* What comes is this message. */
static void comes(unsigned host, const char *to, const char *body)
{
    char text[256];

    snprintf(text, sizeof text, "<message * id='%s' to='%s' *><body>%s</body>*", body, to, body);
    peer_expect_at(p, host, text, __FILE__, __LINE__);
}

static bool held(const char *user)
{
    return xmpp_is_held(p->xmpp, 0, user);
}

Test(hold, keeps_what_is_said_to_one_user_and_nobody_else)
{
    uint64_t hold = xmpp_hold(p->xmpp, 0, ROMEO);

    cr_expect(says(0, ROMEO, "one"));
    cr_expect(says(0, "juliet@m.lit", "hers"));
    cr_expect(says(0, ROMEO "/orchard", "two"));
    cr_expect(says(1, ROMEO, "another network"));
    cr_expect(xmpp_send_subscription(p->xmpp, 0, "bob", ROMEO, XMPP_SUBSCRIBED, NULL, NULL, NULL));
    comes(0, "juliet@m.lit", "hers");
    comes(1, ROMEO, "another network");
    peer_expect_nothing(p);
    cr_expect(held(ROMEO));
    cr_expect(held(ROMEO "/orchard"));
    cr_expect_not(held("juliet@m.lit"));
    xmpp_let_go(p->xmpp, hold, false);
    comes(0, ROMEO, "one");
    comes(0, ROMEO "/orchard", "two");
    peer_expect(p, "<presence * to='" ROMEO "' type='subscribed'/>");
    cr_expect_not(held(ROMEO));
    cr_expect_eq(p->xmpp->holds.bytes, 0);
    cr_expect(says(0, ROMEO, "three"));
    comes(0, ROMEO, "three");
}

Test(hold, those_of_one_user_end_in_order)
{
    uint64_t first = xmpp_hold(p->xmpp, 0, ROMEO);
    says(0, ROMEO, "one");
    uint64_t second = xmpp_hold(p->xmpp, 0, ROMEO);
    says(0, ROMEO, "two");
    xmpp_let_go(p->xmpp, second, false);
    peer_expect_nothing(p);
    says(0, ROMEO, "three");
    xmpp_let_go(p->xmpp, first, false);
    comes(0, ROMEO, "one");
    comes(0, ROMEO, "two");
    comes(0, ROMEO, "three");
    xmpp_let_go(p->xmpp, second, false);         /* long gone */
    xmpp_let_go(p->xmpp, 0, false);
    peer_expect_nothing(p);
}

Test(hold, what_turned_out_not_to_be_true_is_never_said)
{
    uint64_t hold = xmpp_hold(p->xmpp, 0, ROMEO);
    says(0, ROMEO, "you are registered");
    xmpp_pass_holds(p->xmpp, true);
    says(0, ROMEO, "you are not");
    xmpp_pass_holds(p->xmpp, false);
    comes(0, ROMEO, "you are not");
    xmpp_let_go(p->xmpp, hold, true);
    peer_expect_nothing(p);
    cr_expect_eq(p->xmpp->holds.bytes, 0);
}

/* Messages are not lost with the stream; presence is, as on the wire. */
Test(hold, outlives_the_stream)
{
    uint64_t hold = xmpp_hold(p->xmpp, 0, ROMEO);
    says(0, ROMEO, "one");
    xmpp_send_subscription(p->xmpp, 0, "bob", ROMEO, XMPP_SUBSCRIBED, NULL, NULL, NULL);
    close(p->link[0].fd);
    p->link[0].fd = -1;
    sj_loop_test_advance(p->loop, 0);
    for (int i = 0; i < 100 && p->xmpp->components[0].state != COMPONENT_WAITING; i++)
        sj_loop_turn(p->loop, 50);
    cr_assert_eq(p->xmpp->components[0].state, COMPONENT_WAITING);
    cr_expect_not(says(0, ROMEO, "the stream is down"));
    xmpp_let_go(p->xmpp, hold, false);
    sj_loop_test_advance(p->loop, COMPONENT_FIRST_WAIT_MS + 100);
    peer_accept(p, 0);
    peer_handshake(p, 0);
    peer_settle(p);
    comes(0, ROMEO, "one");
    peer_expect_nothing(p);
}

static void on_crowded(void *ctx)
{
    (void)ctx;
    crowds++;
}

Test(hold, says_when_too_much_waits)
{
    static char body[60000];
    unsigned n = 0;

    memset(body, 'x', sizeof body - 1);
    xmpp_on_crowded(p->xmpp, on_crowded);
    uint64_t hold = xmpp_hold(p->xmpp, 0, ROMEO);
    const struct xmpp_message_out m = {.peer = "bob", .to = ROMEO, .body = body, .id = "x"};
    while (crowds == 0 && n++ < 30)
        xmpp_send_message(p->xmpp, 0, &m);
    cr_expect_eq(n, 18);
    xmpp_send_message(p->xmpp, 0, &m);
    cr_expect_eq(crowds, 1);
    xmpp_let_go(p->xmpp, hold, true);
    hold = xmpp_hold(p->xmpp, 0, ROMEO);
    for (n = 0; n < 18; n++)
        xmpp_send_message(p->xmpp, 0, &m);
    cr_expect_eq(crowds, 2);
    xmpp_let_go(p->xmpp, hold, true);
}

Test(hold, is_freed_with_the_room)
{
    xmpp_hold(p->xmpp, 0, ROMEO);
    says(0, ROMEO, "one");
    xmpp_hold(p->xmpp, 0, ROMEO);
    xmpp_hold(p->xmpp, 1, ROMEO);
}
