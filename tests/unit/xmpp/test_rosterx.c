/* SPDX-License-Identifier: MPL-2.0 */
/* Suggested contacts, and asking a client whether it takes them by iq. */
#include <criterion/criterion.h>

#include "peer.h"
#include "queries.h"
#include "requests.h"

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

TestSuite(rosterx, .init = setup, .fini = teardown);

static const struct xmpp_item items[] = {
    {.peer = "bob", .name = "Bob", .group = "Friends"},
    {.peer = "Not Canonical", .name = "nobody"},
    {.peer = "ann smith"},
};

/* G144-02 to G144-05, G106-09, G144-03, G144-04, G106-01. */
Test(rosterx, suggests_by_message_or_iq)
{
    cr_assert(xmpp_send_rosterx(p->xmpp, 0, "r@m.lit", XMPP_ROSTERX_ADD, items, 3, false));
    peer_expect(p, "<message from='irc0.example.org' id='*' to='r@m.lit'>"
                   "<x xmlns='http://jabber.org/protocol/rosterx'>"
                   "<item action='add' jid='bob@irc0.example.org' name='Bob'><group>Friends</group>"
                   "</item><item action='add' jid='ann\\20smith@irc0.example.org'/></x></message>");
    cr_assert(xmpp_send_rosterx(p->xmpp, 0, "r@m.lit/o", XMPP_ROSTERX_DELETE, items, 1, true));
    peer_expect(p, "<iq from='irc0.example.org' id='*' to='r@m.lit/o' type='set'>"
                   "<x xmlns='http://jabber.org/protocol/rosterx'><item action='delete' *");
    cr_assert(xmpp_send_rosterx(p->xmpp, 0, "r@m.lit/o", XMPP_ROSTERX_MODIFY, items, 1, true));
    peer_expect(p, "<iq *<item action='modify' *");
    cr_expect_not(xmpp_send_rosterx(p->xmpp, 0, "r@m.lit", XMPP_ROSTERX_ADD, items + 1, 1, false));
    cr_expect_not(xmpp_send_rosterx(p->xmpp, 0, "r@m.lit", XMPP_ROSTERX_ADD, items, 0, false));
    peer_expect_nothing(p);
}

/* G144-09. */
Test(rosterx, hands_refusals_on)
{
    peer_say(p, 0, "<iq type='error' id='x' from='r@m.lit/o' to='irc0.example.org'><error "
                   "type='cancel'><service-unavailable "
                   "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    peer_hears(p, "bounce r@m.lit/o to -: i service-unavailable id=x");
    peer_say(p, 0, "<iq type='result' id='x' from='r@m.lit/o' to='irc0.example.org'/>");
    peer_hears_nothing(p);
}

/* Asks r@m.lit/o and gives the id of the question. */
static void query(char id[64])
{
    xmpp_query_rosterx(p->xmpp, 0, "r@m.lit/o");
    char *got = peer_next(p, 0);
    cr_assert_eq(sscanf(got, "<iq from='irc0.example.org' id='%63[^']' to='r@m.lit/o' type='get'>",
                        id),
                 1, "%s", got);
    cr_assert_not_null(strstr(got, "<query xmlns='http://jabber.org/protocol/disco#info'/>"));
    free(got);
}

static void answer(unsigned host, const char *type, const char *id, const char *from,
                   const char *feature)
{
    char text[1024];
    snprintf(text, sizeof text,
             "<iq type='%s' id='%s' from='%s' to='irc%u.example.org'>"
             "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='client' "
             "type='pc'/><feature var='x'/><feature var='%s'/></query></iq>",
             type, id, from, host, feature);
    peer_say(p, 0, text);
}

#define ROSTERX "http://jabber.org/protocol/rosterx"

/* G144-02; G030-15: the answer does not even name disco#info. */
Test(rosterx, learns_what_a_client_takes)
{
    char id[64];
    query(id);
    answer(0, "result", id, "r@m.lit/o", ROSTERX);
    peer_hears(p, "rosterx 0 r@m.lit/o 1");
    query(id);
    answer(0, "result", id, "r@m.lit/o", "other");
    peer_hears(p, "rosterx 0 r@m.lit/o 0");
    query(id);
    answer(0, "error", id, "r@m.lit/o", ROSTERX);
    peer_hears(p, "rosterx 0 r@m.lit/o 0");
    answer(0, "result", id, "r@m.lit/o", ROSTERX);
    peer_hears_nothing(p);
}

/* Nobody else can answer for the client. */
Test(rosterx, takes_the_answer_only_from_whom_it_asked)
{
    char id[64];
    query(id);
    answer(0, "result", id, "j@m.lit/o", ROSTERX);
    answer(0, "result", id, "r@m.lit/p", ROSTERX);
    answer(0, "result", id, "r@m.lit", ROSTERX);
    answer(1, "result", id, "r@m.lit/o", ROSTERX);
    answer(0, "result", "other", "r@m.lit/o", ROSTERX);
    peer_hears_nothing(p);
    answer(0, "result", id, "r@m.lit/o", ROSTERX);
    peer_hears(p, "rosterx 0 r@m.lit/o 1");
}

Test(rosterx, stops_waiting)
{
    char id[64];
    sj_loop_test_advance(p->loop, 0);
    query(id);
    sj_loop_test_advance(p->loop, XMPP_QUERY_TIMEOUT_MS - 1000);
    peer_hears_nothing(p);
    sj_loop_test_advance(p->loop, 1100);
    peer_hears(p, "rosterx 0 r@m.lit/o 0");
    answer(0, "result", id, "r@m.lit/o", ROSTERX);
    peer_hears_nothing(p);
}

Test(rosterx, asks_boundedly)
{
    sj_loop_test_advance(p->loop, 0);
    p->options.queue_max = 64 << 20;
    for (unsigned i = 0; i < XMPP_QUERIES_MAX + 10; i++) {
        char full[64];
        snprintf(full, sizeof full, "u%u@m.lit/o", i);
        xmpp_query_rosterx(p->xmpp, 0, full);
    }
    for (size_t i = 0; i < XMPP_QUERIES_MAX; i++)
        free(peer_next(p, 0));
    peer_expect_nothing(p);
}

#define REMOVE(from)                                                  \
    "<iq type='set' id='s' from='" from "' to='irc0.example.org'>"    \
    "<query xmlns='jabber:iq:register'><remove/></query></iq>"

/* One user cannot take all places in the table of open requests. */
Test(rosterx, bounds_open_requests_of_one_user)
{
    for (unsigned i = 0; i < XMPP_REQUESTS_USER_MAX; i++) {
        peer_say(p, 0, i % 2 == 0 ? REMOVE("r@m.lit/a") : REMOVE("r@m.lit/b"));
        peer_hears(p, "register-remove r@m.lit");
    }
    peer_say(p, 0, REMOVE("r@m.lit/c"));
    peer_expect(p, "<iq *<error code='500' type='wait'><resource-constraint *");
    peer_say(p, 0, REMOVE("j@m.lit/c"));
    peer_hears(p, "register-remove j@m.lit");
    xmpp_answer(p->xmpp, p->request, NULL);
    peer_expect(p, "<iq * to='j@m.lit/c' type='result'/>");
    xmpp_answer(p->xmpp, p->request - 1, NULL);
    peer_expect(p, "<iq * to='r@m.lit/b' type='result'/>");
    peer_say(p, 0, REMOVE("r@m.lit/c"));
    peer_hears(p, "register-remove r@m.lit");
    peer_expect_nothing(p);
}

/* The table of open requests is bounded too. */
Test(rosterx, bounds_open_requests)
{
    sj_loop_test_advance(p->loop, 0);
    struct xmpp_stats stats;
    for (unsigned i = 0; i < XMPP_REQUESTS_MAX; i += 500) {
        struct sj_strbuf b;
        sj_strbuf_init(&b, 1 << 20);
        for (unsigned k = 0; k < 500; k++)
            sj_strbuf_addf(&b, REMOVE("r%u@m.lit/o"), (i + k) / XMPP_REQUESTS_USER_MAX);
        peer_say(p, 0, b.s);
        sj_strbuf_release(&b);
        for (unsigned k = 0; k < 500; k++)
            peer_hears(p, "register-remove r*@m.lit");
    }
    xmpp_stats(p->xmpp, 0, &stats);
    cr_expect_eq(stats.requests, XMPP_REQUESTS_MAX);
    peer_say(p, 0, REMOVE("new@m.lit/o"));
    peer_expect(p, "<iq *<error code='500' type='wait'><resource-constraint *");
    peer_hears_nothing(p);
    xmpp_answer(p->xmpp, p->request, NULL);
    peer_expect(p, "<iq from='irc0.example.org' id='s' to='r*@m.lit/o' type='result'/>");
    xmpp_stats(p->xmpp, 0, &stats);
    cr_expect_eq(stats.requests, XMPP_REQUESTS_MAX - 1);
}
