/* SPDX-License-Identifier: MPL-2.0 */
/* Our own iq requests: one answer for each, from whom was asked, and bounds. */
#include <criterion/criterion.h>

#include "peer.h"
#include "queries.h"
#include "room.h"
#include "stanza.h"

static struct peer *p;
static char told[8][128];
static unsigned n_told;
static bool again;

static void setup(void)
{
    p = peer_new(2);
    p->shows_questions = true;
    peer_start(p);
    sj_loop_test_advance(p->loop, 0);
    n_told = 0;
    again = false;
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(queries, .init = setup, .fini = teardown);

static bool ask(const char *peer, const char *to, uint64_t token);

static void on_answer(struct xmpp *x, const struct query_reply *r)
{
    cr_assert(x == p->xmpp);
    if (n_told < 8)
        snprintf(told[n_told], sizeof told[0], "%u %s %llu %s%s", r->host, r->to,
                 (unsigned long long)r->token, r->iq ? stanza_get(r->iq, "type") : "none",
                 r->ok ? " ok" : "");
    n_told++;
    if (again)
        ask(NULL, r->to, r->token + 1);
}

static bool ask(const char *peer, const char *to, uint64_t token)
{
    xmpp_stanza_t *iq = room_stanza_new(p->xmpp, 0, "iq", "get", peer, to, NULL);
    stanza_add(iq, "ping", NS_PING);
    return query_send(p->xmpp, 0, iq, on_answer, token);
}

static void next_id(char id[64])
{
    char *got = peer_next(p, 0);
    const char *at = got != NULL ? strstr(got, " id='") : NULL;
    cr_assert(at != NULL && sscanf(at, " id='%63[^']'", id) == 1);
    free(got);
}

static void answer(const char *type, const char *id, const char *from, const char *to)
{
    char text[512];
    snprintf(text, sizeof text, "<iq type='%s' id='%s' from='%s' to='%s'/>", type, id, from, to);
    peer_say(p, 0, text);
}

#define G "irc0.example.org"

/* Any answer says that what was sent before it was handled. */
Test(queries, a_server_says_that_it_has_handled_everything)
{
    char id[64];
    cr_assert(xmpp_ask_handled(p->xmpp, 0, "m.lit", 7));
    next_id(id);
    answer("result", id, "m.lit", G);
    peer_hears(p, "handled 0 7 1");
    cr_assert(xmpp_ask_handled(p->xmpp, 0, "m.lit", 8));
    next_id(id);
    answer("result", id, "elsewhere.lit", G);
    answer("error", id, "m.lit", G);
    peer_hears(p, "handled 0 8 1");
    cr_assert(xmpp_ask_handled(p->xmpp, 0, "m.lit", 9));
    sj_loop_test_advance(p->loop, XMPP_QUERY_TIMEOUT_MS + 100);
    peer_hears(p, "handled 0 9 0");
}

/* R6120-01: once, with what came, and the asker's own number. */
Test(queries, tells_the_answer_once)
{
    char id[64];
    cr_assert(ask(NULL, "r@m.lit", 7));
    next_id(id);
    answer("result", id, "r@m.lit", G);
    cr_assert_eq(n_told, 1u);
    cr_assert_str_eq(told[0], "0 r@m.lit 7 result ok");
    answer("result", id, "r@m.lit", G);
    cr_assert(ask(NULL, "m.lit", 8));
    next_id(id);
    answer("error", id, "m.lit", G);
    cr_assert_eq(n_told, 2u);
    cr_assert_str_eq(told[1], "0 m.lit 8 error");
}

Test(queries, asks_as_a_contact_too)
{
    char id[64];
    cr_assert(ask("ann smith", "r@m.lit/o", 1));
    next_id(id);
    answer("result", id, "r@m.lit/o", G);
    answer("result", id, "r@m.lit/o", "bob@" G);
    cr_assert_eq(n_told, 0u);
    answer("result", id, "r@m.lit/o", "ann\\20smith@" G);
    cr_assert_eq(n_told, 1u);
}

Test(queries, takes_no_answer_of_others)
{
    char id[64];
    cr_assert(ask(NULL, "r@m.lit", 1));
    next_id(id);
    answer("result", id, "r@m.lit/o", G);
    answer("result", id, "j@m.lit", G);
    answer("result", id, "m.lit", G);
    answer("result", id, "r@m.lit", "irc1.example.org");
    answer("result", "x", "r@m.lit", G);
    cr_assert_eq(n_told, 0u);
    answer("result", id, "R@M.lit", G);
    cr_assert_eq(n_told, 1u);
}

Test(queries, stops_waiting)
{
    char id[64];
    cr_assert(ask(NULL, "r@m.lit", 1));
    next_id(id);
    sj_loop_test_advance(p->loop, XMPP_QUERY_TIMEOUT_MS - 1000);
    cr_assert_eq(n_told, 0u);
    sj_loop_test_advance(p->loop, 1100);
    cr_assert_eq(n_told, 1u);
    cr_assert_str_eq(told[0], "0 r@m.lit 1 none");
    answer("result", id, "r@m.lit", G);
    cr_assert_eq(n_told, 1u);
}

/* The outcome comes from the loop top, before older ones that still wait, and asking again from
 * there does not spin. */
Test(queries, tells_later_what_cannot_be_sent)
{
    char id[64];
    cr_assert(ask(NULL, "r@m.lit", 1));
    next_id(id);
    cr_assert(ask(NULL, "r@m.lit/\x01", 2));
    cr_assert_eq(n_told, 0u);
    again = true;
    sj_loop_test_advance(p->loop, 100);
    cr_assert(n_told >= 1 && n_told <= 20, "%u", n_told);
    cr_assert_str_eq(told[0], "0 r@m.lit/\x01 2 none");
}

Test(queries, bounds_those_to_one_user)
{
    char id[64];
    for (unsigned i = 0; i < XMPP_QUERIES_USER_MAX; i++)
        cr_assert(ask(NULL, i % 2 == 0 ? "r@m.lit" : "r@m.lit/o", i));
    cr_expect_not(ask(NULL, "r@m.lit/p", 99));
    cr_expect(ask(NULL, "j@m.lit", 1));
    for (unsigned i = 0; i < XMPP_QUERIES_USER_MAX + 10; i++)
        cr_assert(ask(NULL, "m.lit", i), "servers are asked for many users");
    next_id(id);
    answer("result", id, "r@m.lit", G);
    cr_expect(ask(NULL, "r@m.lit/p", 99));
    cr_expect_not(query_send(p->xmpp, 0, NULL, on_answer, 0));
}

Test(queries, bounds_all)
{
    char to[64];
    p->options.queue_max = 64 << 20;
    for (unsigned i = 0; i < XMPP_QUERIES_MAX; i++) {
        snprintf(to, sizeof to, "u%u@m.lit", i);
        cr_assert(ask(NULL, to, i));
    }
    cr_expect_not(ask(NULL, "another@m.lit", 0));
    cr_expect_not(ask(NULL, "m.lit", 0));
    sj_loop_test_advance(p->loop, XMPP_QUERY_TIMEOUT_MS + 1100);
    cr_assert_eq(n_told, XMPP_QUERIES_MAX);
    cr_expect(ask(NULL, "another@m.lit", 0));
}
