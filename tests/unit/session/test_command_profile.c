/* SPDX-License-Identifier: MPL-2.0 */
/* The command that shows what a network knows of somebody: whom it asks, and what it says. */
#include <string.h>

#include "command.h"
#include "expect.h"
#include "session.h"
#include "world_profile.h"

#define SAID "message G -> " ROMEO " "

static struct world *w;

static void setup(void)
{
    world_profile_reset();
    w = world_new(CAPS_PLAIN | SJ_CAP_PROFILES);
    world_ready(w);
}

static void teardown(void)
{
    world_free(w);
}

TestSuite(command_profile, .init = setup, .fini = teardown);

static void talk(const char *text)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    cr_expect_eq(w->in->command.talk(w->sessions, &from, text, &err), SJ_OK);
    world_run(w);
    world_advance(w, WORLD_BUDGET_MS);
}

/* Values, then facts, of somebody who is no contact; a second time from what is kept. */
Test(command_profile, shows_what_the_network_says)
{
    static const struct sj_fact facts[] = {
        {"Account", "jcap"}, {"Server", NULL}, {"Host", ""}, {"", "of what?"},
        {"Away", "at the ball"}};
    static const struct sj_profile p = {
        .id = "juliet", .facts = facts, .n_facts = 5,
        .value = {[SJ_PROFILE_FULL_NAME] = "Juliet Capulet", [SJ_PROFILE_NOTE] = ""}};
    static const char shown[] = SAID "Name: Juliet Capulet\nAccount: jcap\n"
                                "Away: at the ball\n";

    talk("profile Juliet@" HOST);
    EXPECT(w, SAID "One moment ...\nnet profile juliet\n");
    world_call_states(w, 0, &p);
    EXPECT(w, shown);
    talk("prof juliet");
    cr_expect_str_eq(world_lines(w) + strlen(SAID "One moment ...\n"), shown);
}

Test(command_profile, says_why_there_is_none)
{
    talk("profile nobody");
    world_clear(w);
    world_call_fails(w, 0, SJ_NOTFOUND);
    EXPECT(w, SAID "The network knows nobody of this address now.\n");
    talk("profile tybalt");
    world_clear(w);
    world_call_tells(w, 0, "");
    EXPECT(w, SAID "The network says nothing about tybalt.\n");
    talk("profile nurse");
    world_clear(w);
    world_call_fails(w, 0, SJ_TIMEOUT);
    EXPECT(w, SAID "The network did not say.\n");
    talk("profile \"two words\"");
    EXPECT(w, SAID "no such address can exist\n");
}

/* Who waits hears of the end: of the time, of the session, of everything. */
Test(command_profile, ends_in_time)
{
    talk("profile juliet");
    world_clear(w);
    world_advance(w, XMPP_CARD_MS + 1000);
    EXPECT(w, SAID "The network did not answer in time.\n");
    talk("profile nurse");
    world_clear(w);
    world_down(w, SJ_END_UNREACHABLE);
    cr_expect_not_null(strstr(world_lines(w), SAID), "nobody is told");
    world_advance(w, 60000);
    talk("profile paris");
}

Test(command_profile, is_only_there_where_it_is_of_use)
{
    world_free(w);
    w = world_new(CAPS_PLAIN);
    world_ready(w);
    talk("help");
    cr_expect_null(strstr(world_lines(w), "profile"));
}
