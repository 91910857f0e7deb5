/* SPDX-License-Identifier: MPL-2.0 */
/* A server that reads slowly: who is told, and that it is not asked for more than it takes. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "component.h"
#include "congestion.h"
#include "peer.h"
#include "room.h"

static struct peer *p;

static unsigned relieved;

static void on_relieved(void *ctx, unsigned host)
{
    (void)ctx, (void)host;
    relieved++;
}

static void setup(void)
{
    int on = 1, little = 65536;

    p = peer_new(1);
    peer_start(p);
    setsockopt(p->link[0].fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(p->link[0].fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    relieved = 0;
    xmpp_on_relieved(p->xmpp, on_relieved);
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(congestion, .init = setup, .fini = teardown);

/* Sends until so much waits, the server reading nothing. Returns how many. */
static unsigned fill(size_t bytes)
{
    static char body[20001];
    struct xmpp_message_out m = {.peer = "bob", .to = "romeo@montague.lit", .body = body};
    unsigned sent = 0;

    memset(body, 'x', 20000);
    while (xmpp_queued(p->xmpp, 0) <= bytes && xmpp_send_message(p->xmpp, 0, &m)) {
        sent++;
        sj_loop_turn(p->loop, 0);
    }
    return sent;
}

static void drain(unsigned n)
{
    for (; n > 0; n--)
        free(peer_next(p, 0));
}

Test(congestion, is_there_long_before_stanzas_are_refused)
{
    unsigned sent = fill(CONGESTION_BYTES - 30000);

    cr_expect_not(xmpp_is_congested(p->xmpp, 0));
    sent += fill(CONGESTION_BYTES);
    cr_expect(xmpp_is_congested(p->xmpp, 0));
    cr_expect_lt(xmpp_queued(p->xmpp, 0), CONGESTION_BYTES + 30000);
    cr_expect_eq(relieved, 0);
    drain(sent);
    peer_settle(p);
    cr_expect_not(xmpp_is_congested(p->xmpp, 0));
    cr_expect_eq(relieved, 1);
    fill(CONGESTION_BYTES);
    cr_expect(xmpp_is_congested(p->xmpp, 0));
}

/* So a small queue is small for whoever is behind it. */
Test(congestion, is_not_hidden_in_the_kernel)
{
    size_t before = p->link[0].bytes;
    unsigned sent = fill(CONGESTION_BYTES);
    size_t kernel = 20000u * sent - xmpp_queued(p->xmpp, 0);

    /* what is unsent, and the buffer of the server that does not read */
    cr_expect_lt(kernel, 1024u * 1024, "%zu of %u", kernel, sent);
    cr_expect_eq(p->link[0].bytes, before);
}

#define ASKS 40

/* The server sends something that is answered, and does not read the answers. */
static uint64_t ask(void)
{
    static const char text[] = "<message from='romeo@montague.lit/r' to='bob@irc0.example.org' "
                               "type='chat' id='f'><body>x</body></message>";
    static char all[ASKS * (sizeof text - 1)];
    uint64_t before = p->xmpp->components[0].stanzas_in;

    for (unsigned i = 0; i < ASKS; i++)
        memcpy(all + i * (sizeof text - 1), text, sizeof text - 1);
    cr_assert_eq(send(p->link[0].fd, all, sizeof all, MSG_DONTWAIT), sizeof all);
    for (unsigned i = 0; i < 20; i++)
        sj_loop_turn(p->loop, 0);
    return p->xmpp->components[0].stanzas_in - before;
}

Test(congestion, keeps_the_server_waiting_when_too_many_answers_do)
{
    p->status = SJ_LIMIT;
    unsigned sent = fill(CONGESTION_BYTES);
    cr_expect_eq(ask(), ASKS, "what others wait for does not count so soon");
    sent += ASKS + fill(CONGESTION_DEAF_BYTES * 3 / 2);
    cr_expect_eq(ask(), 0);
    drain(sent + ASKS);
    peer_settle(p);
    cr_expect_eq(ask(), ASKS);
    drain(ASKS);
    peer_expect_nothing(p);
}

/* It may be that it reads when it has been heard only. */
Test(congestion, hears_a_server_again_that_takes_nothing)
{
    p->status = SJ_LIMIT;
    unsigned sent = fill(CONGESTION_DEAF_BYTES * 3 / 2);
    cr_expect_eq(ask(), 0);
    sj_loop_test_advance(p->loop, CONGESTION_DEAF_MS + 100);
    for (unsigned i = 0; i < 20; i++)
        sj_loop_turn(p->loop, 0);
    cr_expect_eq(p->xmpp->components[0].stanzas_in, ASKS);
    cr_expect_eq(ask(), ASKS);
    drain(sent + 2 * ASKS);
    peer_settle(p);
    sent = fill(CONGESTION_DEAF_BYTES * 3 / 2);
    cr_expect_eq(ask(), 0);
}

Test(congestion, is_over_with_the_stream)
{
    p->status = SJ_LIMIT;
    fill(CONGESTION_DEAF_BYTES * 3 / 2);
    cr_expect_eq(ask(), 0);
    shutdown(p->link[0].fd, SHUT_RDWR);
    sj_loop_test_advance(p->loop, CONGESTION_DEAF_MS + 100);
    for (unsigned i = 0; i < 100 && p->xmpp->components[0].state == COMPONENT_UP; i++)
        sj_loop_turn(p->loop, 5);
    cr_expect_neq(p->xmpp->components[0].state, COMPONENT_UP);
    cr_expect_not(xmpp_is_congested(p->xmpp, 0));
    cr_expect_eq(relieved, 1);
}
