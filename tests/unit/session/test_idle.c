/* SPDX-License-Identifier: MPL-2.0 */
/* Since when the user does nothing, as their clients say, on its way to the network (G319-01). */
#include "expect.h"
#include "session.h"

#define CAPS (SJ_CAP_CONTACTS | SJ_CAP_PRESENCE | SJ_CAP_IDLE)

static struct world *w;

static void setup(void)
{
    w = world_new(CAPS);
    world_ready(w);
}

static void teardown(void)
{
    world_free(w);
}

TestSuite(idle, .init = setup, .fini = teardown);

static void idle(const char *resource, int64_t since)
{
    struct xmpp_presence_in p = {.from = world_from(ROMEO, resource), .show = XMPP_ONLINE,
                                 .idle_since = since};
    struct sj_error err = {.status = SJ_OK};

    w->in->presence(w->sessions, &p, &err);
    world_run(w);
}

Test(idle, begins_and_ends_once)
{
    idle("r", 5000);
    EXPECT(w, "net idle 5000\n");
    idle("r", 5000);
    EXPECT(w, "");
    idle("r", 0);
    EXPECT(w, "net idle 0\n");
    idle("r", 0);
    EXPECT(w, "");
}

/* Who does something at one client is active. */
Test(idle, is_of_all_clients)
{
    idle("r", 5000);
    world_clear(w);
    world_presence(w, "phone", NULL, XMPP_ONLINE, 0);
    cr_expect_not_null(strstr(world_lines(w), "net idle 0\n"));
    idle("phone", 7000);
    EXPECT(w, "net idle 7000\n");
    idle("phone", 3000);
    EXPECT(w, "net idle 5000\n");
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    cr_expect_not_null(strstr(world_lines(w), "net idle 3000\n"));
}

Test(idle, is_told_to_a_new_link)
{
    idle("r", 5000);
    world_down(w, SJ_END_CLOSED);
    world_clear(w);
    world_advance(w, 60000);
    cr_expect_not_null(strstr(world_lines(w), "net idle 5000\n"));
}

/* What clients with other clocks, or worse, say. */
Test(idle, is_never_in_the_future)
{
    int64_t now_s = sj_loop_utc_ms(w->loop) / 1000;
    char line[64];

    idle("r", INT64_MAX);
    snprintf(line, sizeof line, "net idle %lld\n", (long long)now_s * 1000);
    EXPECT(w, line);
    idle("r", -1);
    EXPECT(w, "net idle 0\n");
    idle("r", INT64_MIN);
    EXPECT(w, "");
}
