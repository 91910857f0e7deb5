/* SPDX-License-Identifier: MPL-2.0 */
/* Preferences: the command in both front ends, what is kept, and what those do that stand here. */
#include <string.h>

#include "expect.h"
#include "session.h"

#define SAID "message G -> " ROMEO " "

static enum sj_status preference_step(struct world *w, uint64_t run, const char *value)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct xmpp_values values = {.n = value != NULL, .item = {{"stay-online", value}}};
    struct xmpp_command_in in = {.from = &from, .node = "preferences", .run = run,
                                 .values = run ? &values : NULL};
    enum xmpp_command_fault fault;
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = w->in->command.step(w->sessions, &in, 9, &fault, &err);

    world_advance(w, 20);
    return status;
}

static void say(struct world *w, const char *text)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    cr_expect_eq(w->in->command.talk(w->sessions, &from, text, &err), SJ_OK);
    world_advance(w, 20);
}

/* G050-17, G004-04, G004-06. */
Test(preference, is_set_by_form_and_kept)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    cr_expect_eq(preference_step(w, 0, NULL), SJ_OK);
    EXPECT(w, "command 9 1 preferences executing complete | stay-online=0\n");
    cr_expect_eq(preference_step(w, 1, "true"), SJ_OK);
    EXPECT(w, "command 9 1 preferences completed ! info: It is set.\n");
    world_restart(w);
    world_advance(w, 100);
    world_clear(w);
    preference_step(w, 0, NULL);
    EXPECT(w, "command 9 1 preferences executing complete | stay-online=1\n");
    cr_expect_eq(preference_step(w, 1, NULL), SJ_OK);        /* absent: unchanged */
    world_clear(w);
    preference_step(w, 0, NULL);
    EXPECT(w, "command 9 2 preferences executing complete | stay-online=1\n");
    cr_expect_eq(preference_step(w, 2, ""), SJ_OK);          /* emptied: the default */
    world_clear(w);
    preference_step(w, 0, NULL);
    EXPECT(w, "command 9 3 preferences executing complete | stay-online=0\n");
    world_free(w);
}

Test(preference, is_set_by_words)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    say(w, "set");
    EXPECT(w, SAID "stay-online = no (Stay logged in when my last client goes offline)\n\n"
                   "Type set, a name, and a value.\n");
    say(w, "set stay yes");
    EXPECT(w, SAID "It is set.\n");
    say(w, "set stay");
    cr_expect(strstr(world_lines(w), "(yes or no)"));
    say(w, "set stay perhaps");
    cr_expect(strstr(world_lines(w), "Please answer yes or no."));
    say(w, "set nothing 1");
    cr_expect(strstr(world_lines(w), "There is no such name.\nstay-online = yes"));
    say(w, "set stay-out yes");                              /* that one is not for the form */
    cr_expect(strstr(world_lines(w), "There is no such name."));
    world_free(w);
}

Test(preference, is_told_and_kept_when_the_disk_is_full)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    sj_log_set_sink(world_ignore_log, NULL);
    world_disk_full(w, true);
    say(w, "set stay yes");
    world_advance(w, 100);
    const char *lines = world_lines(w);
    cr_expect(strstr(lines, "could not store the last changes"), "%s", lines);
    world_disk_full(w, false);
    world_advance(w, 5000);
    world_restart(w);
    world_advance(w, 1000);
    say(w, "set");
    cr_expect(strstr(world_lines(w), "stay-online = yes"));
    sj_log_set_sink(NULL, NULL);
    world_free(w);
}

/* Instead of G100-32, for who asked for it. */
Test(preference, stay_online_keeps_the_log_in_without_a_client)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    say(w, "set stay yes");
    world_clear(w);
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    world_run(w);
    EXPECT(w, "net show 4\n");
    world_says(w, "juliet", "are you there?");
    EXPECT(w, "message juliet -> " ROMEO " are you there?\n");
    world_restart(w);
    world_stream(w, true);
    world_advance(w, 600000);
    cr_expect_not(strstr(world_lines(w), "net disconnect"));
    cr_expect_not_null(w->link);
    say(w, "set stay no");
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    world_run(w);
    cr_expect(strstr(world_lines(w), "net disconnect"));
    world_free(w);
}

/* Logged out until asked, whatever presence comes, and over a restart. */
Test(preference, logout_stays_out_until_login)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    say(w, "logout");
    EXPECT(w, "presence G -> " ROMEO " offline\nnet disconnect\n" SAID
              "You are logged out and stay so until you ask for a log-in.\n");
    world_presence(w, "other", NULL, XMPP_ONLINE, 0);
    world_advance(w, 1000);
    EXPECT(w, "");
    world_restart(w);
    world_stream(w, true);
    world_advance(w, 1000);
    world_clear(w);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    world_advance(w, 1000);
    EXPECT(w, "");
    cr_expect_neq(world_send(w, "juliet", "hello"), SJ_OK);
    world_clear(w);
    say(w, "login");
    EXPECT(w, SAID "One moment ...\nnet connect\npresence G -> " ROMEO " online\n" SAID
              "You are logged in.\n");
    world_free(w);
}
