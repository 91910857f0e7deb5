/* SPDX-License-Identifier: MPL-2.0 */
/* What is said in channels, both ways. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "irc_chan.h"
#include "irc_world_room.h"
#include "sojourn/memory.h"

static struct irc_world *world_in_verona(const char *caps)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, caps, "PREFIX=(qaohv)~&@%+ STATUSMSG=~&@%+");
    irc_in_channel(w, "#verona", "me @juliet +romeo");
    return w;
}

Test(irc_chan_text, is_heard_from_everybody)
{
    struct irc_world *w = world_in_verona(NULL);

    irc_says(w, ":juliet!j@h PRIVMSG #Verona :\002O Romeo\002, Romeo");
    irc_hears(w, "message #verona/juliet O Romeo, Romeo");
    irc_says(w, ":Romeo!r@h PRIVMSG #verona :\001ACTION climbs\001");
    irc_hears(w, "action #verona/romeo climbs");
    irc_says(w, ":juliet!j@h NOTICE #verona :beep");
    irc_hears(w, "notice #verona/juliet beep");
    /* Of those who are not in it, and of services. */
    irc_says(w, ":paris!p@h PRIVMSG #verona :from outside");
    irc_hears(w, "message #verona/paris from outside");
    irc_says(w, ":juliet!j@h PRIVMSG #mantua :not ours");
    irc_says(w, ":juliet!j@h PRIVMSG #verona :\001VERSION\001");
    irc_says(w, ":juliet!j@h PRIVMSG #verona :");
    irc_hears_nothing(w);
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_chan_text, shows_who_types)
{
    struct irc_world *w = world_in_verona("message-tags");

    irc_says(w, "@+typing=active :juliet!j@h TAGMSG #verona");
    irc_hears(w, "typing #verona juliet active");
    irc_says(w, "@+typing=paused :juliet!j@h TAGMSG #verona");
    irc_hears(w, "typing #verona juliet paused");
    irc_says(w, "@+typing=done :juliet!j@h TAGMSG #verona");
    irc_hears(w, "typing #verona juliet stopped");
    irc_says(w, "@+typing=what :juliet!j@h TAGMSG #verona");
    irc_says(w, "@+typing=active :nobody!j@h TAGMSG #verona");
    irc_says(w, "@+typing=active :me!j@h TAGMSG #verona");
    irc_says(w, "@+typing=active :juliet!j@h TAGMSG #mantua");
    irc_says(w, ":juliet!j@h TAGMSG #verona");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_chan_text, says_whom_it_is_for)
{
    struct irc_world *w = world_in_verona(NULL);

    irc_says(w, ":juliet!j@h PRIVMSG @#verona :he comes");
    irc_hears(w, "message #verona/juliet (to the operators) he comes");
    irc_says(w, ":juliet!j@h NOTICE +#verona :hush");
    irc_hears(w, "notice #verona/juliet (to those with a voice) hush");
    irc_world_free(w);
}

Test(irc_chan_text, a_whisper_is_a_message_to_a_person)
{
    const struct sj_message whisper = { .peer = "#verona", .nick = "Juliet", .body = "psst" };
    struct irc_world *w = world_in_verona(NULL);

    cr_assert_eq(irc_sends_message(w, &whisper), SJ_OK);
    irc_gets(w, "PRIVMSG Juliet :psst");
    irc_says(w, ":Juliet!j@h PRIVMSG me :yes?");
    irc_hears(w, "message juliet yes?");
    irc_world_free(w);
}

/* Without echoes a PING behind the message says when the server had it. */
Test(irc_chan_text, is_told_once_when_the_server_had_it)
{
    struct irc_world *w = world_in_verona(NULL);

    cr_assert_eq(irc_says_in(w, "#verona", "hello"), SJ_OK);
    irc_gets(w, "PRIVMSG #verona :hello");
    irc_says(w, ":romeo!r@h PRIVMSG #verona :first");
    irc_hears(w, "message #verona/romeo first");
    irc_hears_nothing(w);
    irc_pongs(w);
    irc_hears(w, "echo 2 message #verona/me hello");
    irc_hears(w, "op 2 ok");
    cr_assert_eq(irc_says_in(w, "#verona", "two\nlines"), SJ_OK);
    irc_gets(w, "PRIVMSG #verona :two");
    irc_gets(w, "PRIVMSG #verona :lines");
    irc_pongs(w);
    irc_hears(w, "echo 3 message #verona/me two\nlines");
    irc_hears(w, "op 3 ok");
    irc_hears_nothing(w);
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_chan_text, is_not_told_when_it_was_refused)
{
    struct irc_world *w = world_in_verona(NULL);

    cr_assert_eq(irc_says_in(w, "#verona", "hello"), SJ_OK);
    irc_gets(w, "PRIVMSG #verona :hello");
    irc_says(w, ":irc.test 404 me #verona :Cannot send to channel");
    irc_hears(w, "op 2 not permitted: you may not speak in this room now (the network "
                 "says: Cannot send to channel)");
    irc_pongs(w);
    irc_hears_nothing(w);
    cr_assert_eq(irc_says_in(w, "#mantua", "hello"), SJ_UNACCEPTABLE);
    cr_assert_str_eq(irc_error(w), "you are not in this room");
    irc_world_free(w);
}

Test(irc_chan_text, echoes_give_place_id_and_time)
{
    struct irc_world *w = world_in_verona("echo-message message-tags server-time");

    cr_assert_eq(irc_says_in(w, "#verona", "two\nlines"), SJ_OK);
    irc_gets(w, "PRIVMSG #verona :two");
    irc_gets(w, "PRIVMSG #verona :lines");
    irc_says(w, ":romeo!r@h PRIVMSG #verona :first");
    irc_says(w, "@msgid=a1;time=2011-03-13T07:06:40.000Z :me!m@h PRIVMSG #verona :two");
    irc_hears(w, "message #verona/romeo first");
    irc_hears_nothing(w);
    irc_says(w, "@msgid=a2;time=2011-03-13T07:06:41.000Z :me!m@h PRIVMSG #verona :lines");
    irc_hears(w, "echo 2 message #verona/me a1 a2 @1300000000000 two\nlines");
    irc_hears(w, "op 2 ok");
    /* Said by another client of the user, through a bouncer. */
    irc_says(w, "@msgid=a3 :me!m@h PRIVMSG #verona :elsewhere");
    irc_hears(w, "own message #verona/me a3 @0 elsewhere");
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_chan_text, labels_name_the_line)
{
    struct irc_world *w = world_in_verona("echo-message message-tags labeled-response batch");

    cr_assert_eq(irc_says_in(w, "#verona", "same"), SJ_OK);
    cr_assert_eq(irc_says_in(w, "#verona", "same"), SJ_OK);
    irc_gets(w, "@label=0 PRIVMSG #verona :same");
    irc_gets(w, "@label=1 PRIVMSG #verona :same");
    irc_says(w, "@msgid=x :me!m@h PRIVMSG #verona :same");
    irc_hears(w, "own message #verona/me x @0 same");
    irc_says(w, "@msgid=a;label=0 :me!m@h PRIVMSG #verona :same");
    irc_hears(w, "echo 2 message #verona/me a @0 same");
    irc_hears(w, "op 2 ok");
    irc_says(w, "@label=1 :irc.test 404 me #verona :Cannot send to channel");
    irc_hears(w, "op 3 not permitted: you may not speak in this room now (the network "
                 "says: Cannot send to channel)");
    irc_world_free(w);
}

Test(irc_chan_text, what_was_said_is_lost_with_the_link)
{
    struct irc_world *w = world_in_verona(NULL);

    cr_assert_eq(irc_says_in(w, "#verona", "hello"), SJ_OK);
    irc_gets(w, "PRIVMSG #verona :hello");
    irc_hangs_up(w);
    irc_hears(w, "op 2 no live link: the connection broke before the network confirmed the "
                 "message; it may or may not have arrived");
    irc_hears(w, "down closed: connection closed by the other side");
    irc_world_free(w);
}

/* IRCv3 bot mode: the tag tells what WHO was not asked for; old messages tell nothing of now. */
Test(irc_chan_text, the_tag_of_bots_is_heard)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, "batch message-tags server-time draft/chathistory", "BOT=B");
    irc_in_channel(w, "#verona", "me romeo nurse");
    irc_says(w, "@bot :romeo!r@h PRIVMSG #verona :beep");
    irc_hears(w, "occupant #verona romeo none participant online (Bot)");
    irc_hears(w, "message #verona/romeo beep");
    irc_says(w, "@bot=x :romeo!r@h PRIVMSG #verona :beep");
    irc_hears(w, "message #verona/romeo beep");
    irc_says(w, ":romeo!r@h PRIVMSG #verona :beep");
    irc_hears(w, "message #verona/romeo beep");
    irc_says(w, "@bot :paris!r@h JOIN #verona");
    irc_hears(w, "occupant #verona paris none participant online (Bot)");
    irc_says(w, "@bot :nobody!r@h NOTICE #verona :beep");
    irc_hears(w, "notice #verona/nobody beep");
    irc_says(w, "@bot :juliet!j@h PRIVMSG me :beep");
    irc_hears(w, "message juliet beep");
    irc_says(w, ":irc.test BATCH +h chathistory #verona");
    irc_says(w, "@batch=h;bot :nurse!n@h PRIVMSG #verona :then");
    irc_says(w, ":irc.test BATCH -h");
    irc_settle(w);
    cr_assert_null(strstr(irc_event(w), "(Bot)"));
    irc_world_free(w);
}

Test(irc_chan_text, only_so_much_waits)
{
    struct irc_world *w = irc_world_new("send-rate=0 max-lines=500");
    char *body = sj_calloc(1, 50001);
    unsigned sent = 0;

    irc_online(w, NULL, NULL);
    irc_in_channel(w, "#verona", "me");
    memset(body, 'a', 50000);
    for (; sent < 100 && irc_says_in(w, "#verona", body) == SJ_OK; sent++)
        ;
    cr_assert(sent == 5, "%u", sent);
    cr_assert_str_eq(irc_error(w), "too many messages wait for the network; try again later");
    sj_free(body);
    irc_world_free(w);
}
