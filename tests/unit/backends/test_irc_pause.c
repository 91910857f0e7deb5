/* SPDX-License-Identifier: MPL-2.0 */
/* While the net is paused nothing is read, and nobody is given up for it. */
#include <criterion/criterion.h>
#include <string.h>

#include "irc_link.h"
#include "irc_net.h"
#include "irc_world.h"

static struct irc_world *world_paused(void)
{
    struct irc_world *w = irc_world_new("send-rate=0 ping-interval=60s ping-timeout=20s");

    irc_online(w, NULL, NULL);
    irc_net_pause(irc_world_net(w), true);
    irc_says(w, ":juliet!j@h PRIVMSG me :one");
    irc_says(w, ":juliet!j@h PRIVMSG me :two");
    irc_settle(w);
    return w;
}

Test(irc_pause, reads_on_where_it_stopped)
{
    struct irc_world *w = world_paused();

    irc_hears_nothing(w);
    irc_net_pause(irc_world_net(w), false);
    irc_hears(w, "message juliet one");
    irc_hears(w, "message juliet two");
    irc_says(w, ":juliet!j@h PRIVMSG me :three");
    irc_hears(w, "message juliet three");
    irc_world_free(w);
}

/* Without an answer that was read the link would end after 80 s. */
Test(irc_pause, is_no_silence_of_the_server)
{
    struct irc_world *w = world_paused();

    irc_advance(w, 90000);
    irc_settle(w);
    irc_gets_nothing(w);
    irc_net_pause(irc_world_net(w), false);
    irc_hears(w, "message juliet one");
    irc_hears(w, "message juliet two");
    irc_hears_nothing(w);
    irc_advance(w, 61000);
    cr_assert_str_eq(irc_gets(w, NULL), "PING :00000000");
    irc_world_free(w);
}

/* The PONG that confirms a message may be among what is not read. */
Test(irc_pause, keeps_outcomes_open)
{
    struct irc_world *w = world_paused();

    cr_assert_eq(irc_sends(w, "juliet", "hello"), SJ_OK);
    irc_gets(w, "PRIVMSG juliet :hello");
    irc_gets(w, "PING :00000001");
    irc_says(w, "PONG irc :00000001");
    irc_advance(w, 30000);
    irc_hears_nothing(w);
    irc_net_pause(irc_world_net(w), false);
    irc_hears(w, "message juliet one");
    irc_hears(w, "message juliet two");
    irc_hears(w, "op 1 ok");
    irc_world_free(w);
}

Test(irc_pause, ends_with_the_link)
{
    struct irc_world *w = world_paused();

    irc_leaves(w, "bye");
    irc_gets(w, "QUIT :bye");
    irc_says(w, "ERROR :Closing link");
    irc_hangs_up(w);
    irc_hears(w, "message juliet one");
    irc_hears(w, "message juliet two");
    irc_hears(w, "down asked");
    cr_assert(sj_list_empty(&irc_world_net(w)->parked));
    irc_world_free(w);
}

Test(irc_pause, can_be_freed_meanwhile)
{
    struct irc_world *w = world_paused();

    irc_frees(w);
    cr_assert(sj_list_empty(&irc_world_net(w)->parked));
    irc_net_pause(irc_world_net(w), false);
    irc_world_free(w);
}

/* Others get their turn sooner. */
Test(irc_pause, reads_little_at_a_time_afterwards)
{
    struct irc_world *w = world_paused();

    irc_net_pause(irc_world_net(w), false);
    irc_hears(w, "message juliet one");
    irc_hears(w, "message juliet two");
    irc_net_pause(irc_world_net(w), true);
    static const char word[] = ":juliet!j@h PRIVMSG me :word\r\n";
    char words[2 * IRC_LINES_PRESSED * (sizeof word - 1)];
    for (unsigned i = 0; i < 2 * IRC_LINES_PRESSED; i++)
        memcpy(words + i * (sizeof word - 1), word, sizeof word - 1);
    irc_says_raw(w, words, sizeof words);
    irc_settle(w);
    irc_net_pause(irc_world_net(w), false);
    sj_loop_turn(irc_world_loop(w), 0);
    irc_net_pause(irc_world_net(w), true);
    irc_settle(w);
    for (unsigned i = 0; i < IRC_LINES_PRESSED; i++)
        irc_hears(w, "message juliet word");
    irc_hears_nothing(w);
    irc_world_free(w);
}
