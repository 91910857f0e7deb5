/* SPDX-License-Identifier: MPL-2.0 */
/* Searching the loopback network. */
#include <criterion/criterion.h>

#include "loopback/loopback.h"
#include "recorder.h"
#include "sojourn/message.h"

static struct recorder *start(void)
{
    struct recorder *r = recorder_new(&loopback_backend, "", NULL, NULL);
    recorder_log_in(r, 1, "username=romeo");
    recorder_log_in(r, 2, "username=juliet");
    recorder_forget(r);
    return r;
}

/* Results come before the outcome, residents first. */
Test(loopback_search, finds_by_a_part_of_the_name)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_search(r, 1, "E", NULL), SJ_OK);
    recorder_settle(r);
    recorder_hears(r, "1 found 1 echo");
    recorder_hears(r, "1 found 1 wanderer");
    recorder_hears(r, "1 found 1 refuser");
    recorder_hears(r, "1 found 1 approver");
    recorder_hears(r, "1 found 1 warden");
    recorder_hears(r, "1 found 1 juliet");
    recorder_hears(r, "1 op 1 ok");
    recorder_hears_nothing(r);
    cr_assert_eq(recorder_search(r, 1, "xyz", NULL), SJ_OK);
    recorder_settle(r);
    recorder_hears(r, "1 op 2 ok");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

/* Presence is for those who may see it. */
Test(loopback_search, tells_no_presence_to_strangers)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_search(r, 1, "juliet", "1"), SJ_OK);
    recorder_settle(r);
    recorder_hears(r, "1 op 1 ok");
    cr_assert_eq(recorder_add(r, 1, "juliet"), SJ_OK);
    recorder_settle(r);
    cr_assert_eq(recorder_answer(r, 2, "romeo", true), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    cr_assert_eq(recorder_search(r, 1, "juliet", "1"), SJ_OK);
    recorder_settle(r);
    recorder_hears(r, "1 found 4 juliet");
    recorder_hears(r, "1 op 4 ok");
    recorder_disconnect(r, 2);
    recorder_settle(r);
    recorder_forget(r);
    cr_assert_eq(recorder_search(r, 1, "juliet", "1"), SJ_OK);
    recorder_settle(r);
    recorder_hears(r, "1 op 5 ok");
    recorder_free(&r);
}

/* However many searches wait, what waits of them is bounded, and every outcome comes. */
Test(loopback_search, keeps_a_bounded_number_of_results)
{
    struct recorder *r = recorder_new(&loopback_backend, "latency=1000ms", NULL, NULL);
    unsigned n = 0;
    recorder_log_in(r, 1, "username=romeo");
    recorder_advance(r, 6000);
    recorder_forget(r);
    for (unsigned i = 0; i < 600; i++)
        cr_assert_eq(recorder_search(r, 1, "", NULL), SJ_OK);
    recorder_advance(r, 6000);
    n = recorder_heard_count(r);
    cr_expect_eq(n, 600 + 1000, "%u", n);
    recorder_free(&r);
}

/* The link ends first. */
Test(loopback_search, ends_with_the_link)
{
    struct recorder *r = recorder_new(&loopback_backend, "latency=1000ms", NULL, NULL);
    recorder_log_in(r, 1, "username=romeo");
    recorder_advance(r, 6000);
    recorder_forget(r);
    cr_assert_eq(recorder_search(r, 1, "e", NULL), SJ_OK);
    recorder_disconnect(r, 1);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 op 1 ok") || recorder_heard(r, "1 op 1 *"));
    cr_expect_eq(recorder_owed(r, 1), 0);
    cr_expect_neq(recorder_search(r, 1, "e", NULL), SJ_OK);
    recorder_free(&r);
}
