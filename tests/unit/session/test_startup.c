/* SPDX-License-Identifier: MPL-2.0 */
#include "expect.h"

Test(startup, two_streams_that_come_up_at_once_are_both_served, .timeout = 10)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    w->in->up(w->sessions, 0);
    sj_loop_test_advance(w->loop, 1);
    w->in->up(w->sessions, 0);
    world_advance(w, 50);
    EXPECT(w, "presence G -> " ROMEO " online\n"
              "probe " ROMEO "\n"
              "presence G -> " ROMEO " online\n"
              "probe " ROMEO "\n");
    world_free(w);
}

Test(startup, a_room_whose_streams_never_came_up_can_be_freed)
{
    struct world *w = world_new(CAPS_PLAIN);
    static const struct sessions_options none = {.n_networks = 0};
    struct sessions *unused = sessions_new(w->loop, NULL, w->store, &none);

    sessions_free(&unused);
    cr_expect_null(unused);
    world_free(w);
}
