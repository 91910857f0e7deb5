/* SPDX-License-Identifier: MPL-2.0 */
#include <stdio.h>

#include "expect.h"

Test(message, goes_to_the_canonical_peer_and_is_silent_when_delivered_G100_43)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    cr_expect_eq(world_send(w, "Juliet", "hi"), SJ_OK);
    world_advance(w, 600000);
    EXPECT(w, "net send juliet hi\n");
    world_free(w);
}

Test(message, a_failure_is_answered_with_the_same_id_G100_44)
{
    static const enum sj_status table[] = {SJ_NOTFOUND, SJ_OFFLINE, SJ_UNREACHABLE, SJ_DENIED};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct world *w = world_new(CAPS_PLAIN);
        char want[200];
        world_ready(w);
        w->messages_wait = true;
        world_send(w, "juliet", "hi");
        world_clear(w);
        world_done(w, table[i]);
        snprintf(want, sizeof want, "error-message juliet -> " ROMEO "/r i1 %s\n",
                 sj_status_text(table[i]));
        EXPECT(w, want);
        world_done(w, table[i]);
        EXPECT(w, "");
        world_free(w);
    }
}

Test(message, to_an_impossible_address_G100_44)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    cr_expect_eq(world_send(w, "no such", "hi"), SJ_NOTFOUND);
    EXPECT(w, "");
    world_free(w);
}

Test(message, from_somebody_not_registered_G100_22)
{
    struct world *w = world_new(CAPS_PLAIN);

    cr_expect_eq(world_send(w, "juliet", "hi"), SJ_UNREGISTERED);
    world_free(w);
}

Test(message, waits_for_a_link_and_bounces_when_none_comes)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    w->connect_waits = true;
    world_down(w, SJ_END_CLOSED);
    cr_expect_eq(world_send(w, "juliet", "one"), SJ_OK);
    cr_expect_eq(world_send(w, "juliet", "two"), SJ_OK);
    world_clear(w);
    world_advance(w, 3001);
    world_advance(w, 100);
    world_up(w);
    world_advance(w, 100);               /* the disk knows that they go */
    EXPECT(w, "net connect\n"
              "presence G -> " ROMEO " online\n"
              "net send juliet one\n"
              "net send juliet two\n");
    world_down(w, SJ_END_CLOSED);
    world_send(w, "juliet", "three");
    world_advance(w, 6001);
    world_advance(w, 100);
    world_clear(w);
    world_advance(w, 31000);
    EXPECT(w, "error-message juliet -> " ROMEO "/r i1 no live link\n");
    world_free(w);
}

Test(message, a_lost_link_answers_what_is_open_once)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    w->messages_wait = true;
    world_send(w, "juliet", "hi");
    world_clear(w);
    world_down(w, SJ_END_TIMEOUT);
    EXPECT(w, "error-message juliet -> " ROMEO "/r i1 no live link\n"
              "presence G -> " ROMEO " offline the network no longer answers\n"
              "error-presence G -> " ROMEO " no live link\n");
    world_free(w);
}

Test(message, an_outcome_that_never_comes_is_a_timeout)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    w->messages_wait = true;
    world_send(w, "juliet", "hi");
    world_clear(w);
    world_advance(w, 122000);
    EXPECT(w, "error-message juliet -> " ROMEO "/r i1 timed out\n");
    world_free(w);
}

Test(message, open_operations_are_bounded)
{
    struct world *w = world_new(CAPS_PLAIN);
    enum sj_status last = SJ_OK;
    int n = 0;

    world_ready(w);
    w->messages_wait = true;
    for (; n < 600 && last == SJ_OK; n++)
        last = world_send(w, "juliet", "hi");
    cr_expect_eq(last, SJ_LIMIT);
    cr_expect_eq(n, 513);
    world_free(w);
}

Test(message, from_the_network_to_the_bare_jid_G100_45_R6121_42)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_says(w, "juliet", "hello");
    EXPECT(w, "message juliet -> " ROMEO " hello\n");
    world_free(w);
}

Test(message, held_ones_keep_their_order_when_the_stream_is_away_R6120_22)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    w->stream_down = true;
    world_says(w, "juliet", "one");
    w->stream_down = false;
    world_says(w, "juliet", "two");
    world_advance(w, 1100);
    EXPECT(w, "message juliet -> " ROMEO " one\nmessage juliet -> " ROMEO " two\n");
    world_free(w);
}
