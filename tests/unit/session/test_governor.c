/* SPDX-License-Identifier: MPL-2.0 */
#include <criterion/criterion.h>

#include "governor.h"

struct login {
    struct ticket ticket;
    int *count;
    int order;
};

static void login_go(void *arg)
{
    struct login *l = arg;

    l->order = ++*l->count;
}

static void run(struct sj_loop *loop, int64_t ms)
{
    sj_loop_test_advance(loop, ms);
    sj_loop_turn(loop, 0);
}

Test(governor, keeps_the_rate_after_the_burst)
{
    struct sj_loop *loop = sj_loop_new();
    struct governor g;
    struct login l[20];
    int count = 0;

    sj_loop_test_advance(loop, 1000);
    governor_init(&g, loop, 5, 3, 100);
    for (int i = 0; i < 20; i++) {
        l[i] = (struct login){.count = &count};
        ticket_init(&l[i].ticket, login_go, &l[i]);
        governor_ask(&g, &l[i].ticket, false);
    }
    cr_expect_eq(count, 0, "never from inside");
    run(loop, 20);
    cr_expect_eq(count, 3);
    for (int ms = 0; ms < 1000; ms += 20)
        run(loop, 20);
    cr_expect(count >= 7 && count <= 9, "%d", count);
    governor_release(&g);
    sj_loop_free(&loop);
}

Test(governor, bounds_those_at_once_and_serves_the_present_first)
{
    struct sj_loop *loop = sj_loop_new();
    struct governor g;
    struct login l[4];
    int count = 0;

    sj_loop_test_advance(loop, 1000);
    governor_init(&g, loop, 0, 1, 2);
    for (int i = 0; i < 4; i++) {
        l[i] = (struct login){.count = &count};
        ticket_init(&l[i].ticket, login_go, &l[i]);
        governor_ask(&g, &l[i].ticket, i == 3);
    }
    run(loop, 20);
    cr_expect_eq(count, 2);
    cr_expect_eq(l[3].order, 1);
    cr_expect_eq(l[0].order, 2);
    governor_leave(&g, &l[3].ticket);
    governor_leave(&g, &l[1].ticket);
    run(loop, 20);
    cr_expect_eq(l[1].order, 0);
    cr_expect_eq(l[2].order, 3);
    governor_release(&g);
    sj_loop_free(&loop);
}

Test(governor, who_shows_up_while_waiting_overtakes_the_others)
{
    struct sj_loop *loop = sj_loop_new();
    struct governor g;
    struct login l[4];
    int count = 0;

    sj_loop_test_advance(loop, 1000);
    governor_init(&g, loop, 0, 1, 1);
    for (int i = 0; i < 4; i++) {
        l[i] = (struct login){.count = &count};
        ticket_init(&l[i].ticket, login_go, &l[i]);
        governor_ask(&g, &l[i].ticket, false);
    }
    governor_ask(&g, &l[3].ticket, true);
    governor_ask(&g, &l[2].ticket, true);
    governor_ask(&g, &l[3].ticket, true);
    run(loop, 20);
    cr_expect_eq(l[3].order, 1);
    governor_leave(&g, &l[3].ticket);
    run(loop, 20);
    cr_expect_eq(l[2].order, 2);
    governor_release(&g);
    sj_loop_free(&loop);
}
