/* SPDX-License-Identifier: MPL-2.0 */
/* What was said in a channel before, where the server keeps it. */
#include <criterion/criterion.h>

#include "irc_chan.h"
#include "irc_world_room.h"

#define CAPS "draft/chathistory batch message-tags server-time echo-message"

static struct irc_world *world_in_verona(const char *caps)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, caps, NULL);
    irc_in_channel(w, "#verona", "me juliet");
    return w;
}

Test(irc_chan_history, is_told_oldest_first)
{
    struct irc_world *w = world_in_verona(CAPS);

    cr_assert_eq(irc_histories(w, "#verona", NULL, NULL, 50), SJ_OK);
    irc_gets(w, "CHATHISTORY LATEST #verona * 50");
    irc_says(w, "BATCH +b1 chathistory #Verona");
    irc_says(w, "@batch=b1;msgid=a;time=2011-03-13T07:06:40.000Z :romeo!r@h PRIVMSG #verona :one");
    irc_hears(w, "past #verona op=2 romeo [a @1300000000000] one");
    /* What is said meanwhile is said now. */
    irc_says(w, "@msgid=x :juliet!j@h PRIVMSG #verona :now");
    irc_hears(w, "message #verona/juliet x @0 now");
    irc_says(w, "@batch=b1;msgid=b;time=2011-03-13T07:06:41.000Z :me!m@h PRIVMSG #verona "
                ":\001ACTION waves\001");
    irc_hears(w, "past #verona op=2 me [b @1300000001000] action waves");
    irc_says(w, "BATCH -b1");
    irc_hears(w, "op 2 ok");
    irc_world_free(w);
}

Test(irc_chan_history, passes_over_who_came_and_went_then)
{
    struct irc_world *w = world_in_verona(CAPS " draft/event-playback");

    cr_assert_eq(irc_histories(w, "#verona", NULL, NULL, 50), SJ_OK);
    irc_gets(w, "CHATHISTORY LATEST #verona * 50");
    irc_says(w, "BATCH +b1 chathistory #verona");
    irc_says(w, "@batch=b1;msgid=a;time=2011-03-13T07:06:40.000Z :romeo!r@h JOIN #verona");
    irc_says(w, "@batch=b1;msgid=b;time=2011-03-13T07:06:40.000Z :juliet!j@h QUIT :bye");
    irc_says(w, "@batch=b1;msgid=c;time=2011-03-13T07:06:40.000Z :juliet!j@h KICK #verona me :no");
    irc_says(w, "@batch=b1;msgid=d;time=2011-03-13T07:06:40.000Z :juliet!j@h TOPIC #verona :old");
    irc_says(w, "@batch=b1;msgid=e;time=2011-03-13T07:06:40.000Z :me!m@h NICK other");
    irc_says(w, "BATCH -b1");
    irc_hears(w, "op 2 ok");
    /* They happen now, outside of it. */
    irc_says(w, ":romeo!r@h JOIN #verona");
    irc_hears(w, "occupant #verona romeo none participant online");
    irc_world_free(w);
}

Test(irc_chan_history, asks_by_its_bounds)
{
    struct irc_world *w = world_in_verona(CAPS);

    cr_assert_eq(irc_histories(w, "#verona", "m1", NULL, 9999), SJ_OK);
    cr_assert_eq(irc_histories(w, "#verona", NULL, "m2", 10), SJ_OK);
    cr_assert_eq(irc_histories(w, "#verona", "m1", "m2", 10), SJ_OK);
    /* Messages of several lines. */
    cr_assert_eq(irc_histories(w, "#verona", "a1 a2", "b1 b2", 10), SJ_OK);
    cr_assert_eq(irc_histories(w, "#verona", "m,1", NULL, 10), SJ_NOTFOUND);
    cr_assert_eq(irc_histories(w, "#verona", "", NULL, 10), SJ_NOTFOUND);
    cr_assert_eq(irc_histories(w, "#mantua", NULL, NULL, 10), SJ_UNACCEPTABLE);
    irc_gets(w, "CHATHISTORY BEFORE #verona msgid=m1 1000");
    irc_gets_nothing(w);
    irc_says(w, "BATCH +x chathistory #verona");
    irc_says(w, "BATCH -x");
    irc_hears(w, "op 2 ok");
    irc_gets(w, "CHATHISTORY LATEST #verona msgid=m2 10");
    irc_says(w, "FAIL CHATHISTORY MESSAGE_ERROR LATEST #verona :Messages could not be retrieved");
    irc_hears(w, "op 3 refused by the network: Messages could not be retrieved");
    irc_gets(w, "CHATHISTORY BETWEEN #verona msgid=m1 msgid=m2 10");
    irc_says(w, "BATCH +x chathistory #verona");
    irc_says(w, "BATCH -x");
    irc_hears(w, "op 4 ok");
    irc_gets(w, "CHATHISTORY BETWEEN #verona msgid=a1 msgid=b2 10");
    irc_world_free(w);
}

Test(irc_chan_history, is_not_there_on_other_servers)
{
    struct irc_world *w = world_in_verona("batch message-tags server-time");

    cr_assert_eq(irc_histories(w, "#verona", NULL, NULL, 50), SJ_UNSUPPORTED);
    /* A batch that nobody asked for is what its lines are. */
    irc_says(w, "BATCH +b1 chathistory #verona");
    irc_says(w, "@batch=b1 :juliet!j@h PRIVMSG #verona :played back");
    irc_hears(w, "message #verona/juliet played back");
    irc_says(w, "BATCH -b1");
    irc_hears_nothing(w);
    irc_world_free(w);
}
