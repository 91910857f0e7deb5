/* SPDX-License-Identifier: MPL-2.0 */
/* Who gives state to keep is told when it is on the disk, and the loop waits for nothing
 * (gateway/session/save.c). */
#include <string.h>

#include "expect.h"
#include "session.h"

static struct world *w;

static void set_up(void)
{
    sj_log_set_sink(world_ignore_log, NULL);
    w = world_ready_on_disk(CAPS_PLAIN);
}

static void tear_down(void)
{
    world_disk_stops(false);
    world_free(w);
    sj_log_set_sink(NULL, NULL);
}

TestSuite(save, .init = set_up, .fini = tear_down, .timeout = 60);

static void save(const char *text)
{
    w->link->host->state_save(w->link, text, strlen(text));
}

static void come_back(void)
{
    world_restart(w);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
}

Test(save, is_told_when_it_is_on_the_disk)
{
    world_disk_stops(true);
    save("one");
    world_advance(w, 100);
    EXPECT(w, "");
    cr_expect_eq(world_send(w, "nurse", "the loop goes on"), SJ_OK);
    EXPECT(w, "net send nurse the loop goes on\n");
    world_disk_stops(false);
    world_settle(w);
    EXPECT(w, "net saved\n");
    come_back();
    cr_expect_str_eq(w->state, "one");
}

Test(save, one_word_stands_for_two_in_a_row)
{
    world_disk_stops(true);
    save("one");
    world_advance(w, 100);               /* on its way */
    save("two");
    world_disk_stops(false);
    world_settle(w);
    EXPECT(w, "");
    world_advance(w, 100);
    world_settle(w);
    EXPECT(w, "net saved\n");
    come_back();
    cr_expect_str_eq(w->state, "two");
}

/* Else the login would be lost: the old token is of no use any more. */
Test(save, is_told_that_the_disk_refuses_and_it_is_tried_again)
{
    world_disk_fails(1);
    save("one");
    world_advance(w, 100);
    world_settle(w);
    EXPECT(w, "net saved: the store cannot keep it at this moment\n");
    world_advance(w, 1100);
    world_settle(w);
    EXPECT(w, "");
    come_back();
    cr_expect_str_eq(w->state, "one");
}

/* It is the same when the store finds that out before it hands anything over. */
Test(save, is_told_that_the_store_takes_no_group)
{
    world_disk_full(w, true);
    save("one");
    world_advance(w, 100);
    EXPECT(w, "net saved: the store cannot keep it at this moment\n");
    world_disk_full(w, false);
    world_advance(w, 1100);
    world_settle(w);
    EXPECT(w, "");
    come_back();
    cr_expect_str_eq(w->state, "one");
}

Test(save, nobody_is_told_who_was_closed_meanwhile)
{
    world_disk_stops(true);
    save("one");
    world_advance(w, 100);
    session_dismiss(session_find(&w->sessions->networks[0], ROMEO));
    world_run(w);
    world_clear(w);
    world_disk_stops(false);
    world_settle(w);
    world_advance(w, 100);
    EXPECT(w, "");
    cr_expect(sj_list_empty(&w->sessions->saves));
}

Test(save, the_login_of_a_new_registration_does_not_wait)
{
    w->connect_waits = true;
    world_register(w, "julia@example.org", "julia", 7);
    world_disk_stops(true);
    world_clear(w);
    save("one");
    world_run(w);
    EXPECT(w, "net saved\n");
}
