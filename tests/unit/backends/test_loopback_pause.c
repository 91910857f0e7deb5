/* SPDX-License-Identifier: MPL-2.0 */
/* While the net is paused nothing is told; what waits has the bounds of a queue, and is told in
 * order afterwards. */
#include "loopback/loopback.h"

#include <criterion/criterion.h>

#include "loopback_link.h"
#include "loopback_net.h"
#include "recorder.h"

/* romeo on 1, juliet on 2; paused. */
static struct recorder *start_paused(void)
{
    struct recorder *r = recorder_new(&loopback_backend, "", NULL, NULL);
    recorder_log_in(r, 1, "username=romeo");
    recorder_log_in(r, 2, "username=juliet");
    recorder_settle(r);
    recorder_forget(r);
    loopback_net_pause(recorder_net(r), true);
    return r;
}

Test(loopback_pause, tells_afterwards_in_order)
{
    struct recorder *r = start_paused();
    cr_assert_eq(recorder_send(r, 1, "juliet", "one"), SJ_OK);
    cr_assert_eq(recorder_send(r, 1, "juliet", "two"), SJ_OK);
    recorder_settle(r);
    recorder_hears_nothing(r);
    loopback_net_pause(recorder_net(r), false);
    recorder_hears(r, "2 message romeo one");
    recorder_hears(r, "2 message romeo two");
    recorder_forget(r);
    cr_assert_eq(recorder_send(r, 2, "romeo", "three"), SJ_OK);
    recorder_hears(r, "1 message juliet three");
    recorder_free(&r);
}

/* Nobody whose message cannot be kept is told that it arrived. */
Test(loopback_pause, refuses_what_is_too_much)
{
    struct recorder *r = start_paused();
    unsigned taken = 0;
    while (taken < 2 * LOOPBACK_MESSAGES_MAX && recorder_send(r, 1, "juliet", "x") == SJ_OK)
        taken++;
    cr_assert_gt(taken, 0);
    cr_assert_leq(taken, LOOPBACK_MESSAGES_MAX);
    recorder_settle(r);
    recorder_hears_nothing(r);
    loopback_net_pause(recorder_net(r), false);
    recorder_settle(r);
    cr_expect_eq(recorder_heard_count(r), 2 * taken, "each message, and that it arrived");
    recorder_forget(r);
    cr_expect_eq(recorder_send(r, 1, "juliet", "y"), SJ_OK);
    recorder_hears(r, "2 message romeo y");
    recorder_free(&r);
}

Test(loopback_pause, does_not_hold_up_who_comes_and_goes)
{
    struct recorder *r = start_paused();
    recorder_make(r, 3, "username=nurse");
    cr_assert_eq(recorder_connect(r, 3), SJ_OK);
    recorder_hears(r, "3 up");
    recorder_hears(r, "3 self nurse");
    cr_assert_eq(recorder_send(r, 1, "juliet", "lost"), SJ_OK);
    recorder_disconnect(r, 2);
    recorder_hears(r, "2 down asked");
    recorder_free_link(r, 1);
    recorder_hears_nothing(r);           /* her list waits */
    loopback_net_pause(recorder_net(r), false);
    recorder_hears(r, "3 contact echo online Echo: says what you say");
    recorder_free(&r);
}
