/* SPDX-License-Identifier: MPL-2.0 */
/* A server that does not follow stops its network, but not for ever. */
#include <criterion/criterion.h>

#include "expect.h"
#include "pressure.h"
#include "session.h"
#include "world.h"

static struct world *world_behind(bool can_pause)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_pausable(can_pause);
    world_ready(w);
    w->congested = true;
    world_says(w, "juliet", "one");
    return w;
}

static void relieve(struct world *w)
{
    w->congested = false;
    w->relieved(w->sessions, 0);
    world_run(w);
}

Test(pressure, stops_the_network_until_the_server_has_caught_up)
{
    struct world *w = world_behind(true);

    EXPECT(w, "net pause\nmessage juliet -> romeo@example.org one\n");
    world_says(w, "juliet", "two");
    EXPECT(w, "message juliet -> romeo@example.org two\n");
    relieve(w);
    EXPECT(w, "net go on\n");
    world_says(w, "juliet", "three");
    EXPECT(w, "message juliet -> romeo@example.org three\n");
    relieve(w);
    EXPECT(w, "");
    world_free(w);
}

Test(pressure, does_not_wait_for_ever)
{
    struct world *w = world_behind(true);

    world_clear(w);
    sj_log_set_sink(world_ignore_log, NULL);
    world_advance(w, PRESSURE_MAX_MS - 1000);
    EXPECT(w, "");
    world_advance(w, 1100);
    EXPECT(w, "net go on\n");
    world_says(w, "juliet", "two");
    EXPECT(w, "message juliet -> romeo@example.org two\n");
    relieve(w);
    EXPECT(w, "");
    w->congested = true;
    world_says(w, "juliet", "three");
    EXPECT(w, "net pause\nmessage juliet -> romeo@example.org three\n");
    world_free(w);
}

Test(pressure, passes_over_networks_that_cannot_wait)
{
    struct world *w = world_behind(false);

    EXPECT(w, "message juliet -> romeo@example.org one\n");
    relieve(w);
    EXPECT(w, "");
    world_free(w);
}
