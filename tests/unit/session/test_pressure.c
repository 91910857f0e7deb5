/* SPDX-License-Identifier: MPL-2.0 */
/* A server, or a disk, that does not follow stops the networks, but not for ever. */
#include <string.h>

#include <criterion/criterion.h>

#include "expect.h"
#include "pressure.h"
#include "session.h"
#include "world.h"

bool __wrap_sj_store_is_pressed(const struct sj_store *store);

static bool disk_is_slow;
static char warned[200];

/* In place of the store's (tests/CMakeLists.txt). */
bool __wrap_sj_store_is_pressed(const struct sj_store *store)
{
    (void)store;
    return disk_is_slow;
}

static void keep_line(enum sj_log_level level, const char *line, void *ctx)
{
    (void)ctx;
    if (level <= SJ_LOG_WARN)
        snprintf(warned, sizeof warned, "%s", line);
}

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
    sj_log_set_level(SJ_LOG_WARN);
    sj_log_set_sink(keep_line, NULL);
    world_advance(w, PRESSURE_MAX_MS - 1000);
    EXPECT(w, "");
    world_advance(w, 1100);
    EXPECT(w, "net go on\n");
    cr_expect(strstr(warned, "server takes nothing, messages are held for each user seconds=20"),
              "%s", warned);
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

static struct world *world_on_a_slow_disk(void)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_pausable(true);
    world_ready(w);
    world_advance(w, 100);               /* what was grouped is written */
    disk_is_slow = true;
    world_says(w, "juliet", "one");
    EXPECT(w, "net pause\nmessage juliet -> romeo@example.org one\n");
    return w;
}

static void commit(struct world *w)
{
    disk_is_slow = false;
    pressure_committed(w->sessions, SJ_OK);
    world_run(w);
}

Test(pressure, stops_the_network_until_the_disk_has_caught_up)
{
    struct world *w = world_on_a_slow_disk();

    w->congested = true;
    commit(w);
    EXPECT(w, "");                       /* now it waits for the server */
    disk_is_slow = true;
    relieve(w);
    EXPECT(w, "");                       /* and for the disk again */
    commit(w);
    EXPECT(w, "net go on\n");
    world_free(w);
}

Test(pressure, does_not_wait_for_the_disk_for_ever_either)
{
    struct world *w = world_on_a_slow_disk();

    sj_log_set_level(SJ_LOG_WARN);
    sj_log_set_sink(keep_line, NULL);
    world_advance(w, PRESSURE_MAX_MS + 100);
    EXPECT(w, "net go on\n");
    cr_expect(strstr(warned, "disk takes nothing, everybody waits for it seconds=20"), "%s",
              warned);
    commit(w);
    disk_is_slow = true;
    world_says(w, "juliet", "two");
    EXPECT(w, "net pause\nmessage juliet -> romeo@example.org two\n");
    world_free(w);
}
