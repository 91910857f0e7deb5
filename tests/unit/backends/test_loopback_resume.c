/* SPDX-License-Identifier: MPL-2.0 */
/* What the loopback network tells again. */
#include "loopback/loopback.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "loopback_link.h"
#include "loopback_net.h"
#include "recorder.h"

static uint64_t began;

/* romeo on 1, juliet on 2. */
static struct recorder *start(void)
{
    struct recorder *r = recorder_new(&loopback_backend, "", NULL, NULL);
    recorder_log_in(r, 1, "username=romeo");
    recorder_log_in(r, 2, "username=juliet");
    recorder_settle(r);
    recorder_forget(r);
    recorder_hear_positions(r);
    began = loopback_account_find(recorder_net(r), "juliet")->heard_at;
    return r;
}

static const char *position(uint64_t n)
{
    static char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)(began + n));
    return text;
}

static void hears_position(struct recorder *r, uint64_t n)
{
    char line[64];
    snprintf(line, sizeof line, "2 position %s", position(n));
    recorder_hears(r, line);
}

static void say(struct recorder *r, const char *body)
{
    cr_assert_eq(recorder_send(r, 1, "juliet", body), SJ_OK);
}

static void one_and_two(struct recorder *r)
{
    say(r, "one");
    say(r, "two");
    recorder_settle(r);
    recorder_forget(r);
}

Test(loopback_resume, says_its_position_behind_what_it_told)
{
    struct recorder *r = start();
    say(r, "one");
    say(r, "two");
    recorder_hears(r, "2 message romeo one");
    recorder_hears(r, "2 message romeo two");
    hears_position(r, 2);
    recorder_free(&r);
}

Test(loopback_resume, tells_again_what_lies_behind_a_position)
{
    struct recorder *r = start();
    one_and_two(r);
    loopback_backend.resume(recorder_link(r, 2), position(1));
    recorder_hears(r, "2 message romeo two");
    hears_position(r, 2);
    loopback_backend.resume(recorder_link(r, 2), NULL);
    recorder_hears(r, "2 message romeo one");
    recorder_hears(r, "2 message romeo two");
    hears_position(r, 2);
    loopback_backend.resume(recorder_link(r, 2), position(2));
    recorder_hears_nothing(r);
    recorder_free(&r);
}

Test(loopback_resume, tells_it_before_what_is_new)
{
    struct recorder *r = start();
    one_and_two(r);
    say(r, "three");
    loopback_backend.resume(recorder_link(r, 2), position(1));
    recorder_hears(r, "2 message romeo two");
    recorder_hears(r, "2 message romeo three");
    hears_position(r, 3);
    recorder_free(&r);
}

Test(loopback_resume, remembers_so_many)
{
    struct recorder *r = start();
    for (unsigned i = 0; i < LOOPBACK_HEARD_MAX + 10; i++)
        say(r, "again");
    recorder_settle(r);
    cr_expect_eq(loopback_account_find(recorder_net(r), "juliet")->n_heard, LOOPBACK_HEARD_MAX);
    recorder_free(&r);
}
