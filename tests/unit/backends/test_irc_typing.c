/* SPDX-License-Identifier: MPL-2.0 */
/* Who types, both ways (backends/irc). */
#include <criterion/criterion.h>
#include <stdio.h>

#include "irc_link.h"
#include "irc_typing.h"
#include "irc_world_room.h"

static struct irc_world *world_with(const char *caps, const char *isupport)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, caps, isupport);
    irc_hear_all(w);
    return w;
}

static void types(struct irc_world *w, const char *id, enum sj_typing typing)
{
    irc_set_typing(&irc_world_link(w)->base, id, typing);
}

Test(irc_typing, is_told_again_while_it_lasts)
{
    struct irc_world *w = world_with("message-tags", NULL);

    types(w, "juliet", SJ_TYPING_ACTIVE);
    irc_gets(w, "@+typing=active TAGMSG juliet");
    types(w, "juliet", SJ_TYPING_ACTIVE);
    irc_gets_nothing(w);
    for (int i = 0; i < 7; i++) {
        irc_advance(w, 4050);
        irc_gets(w, "@+typing=active TAGMSG juliet");
    }
    irc_advance(w, 20000);               /* half a minute: enough */
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_typing, is_told_every_three_seconds_at_most)
{
    struct irc_world *w = world_with("message-tags", NULL);

    types(w, "juliet", SJ_TYPING_ACTIVE);
    irc_gets(w, "@+typing=active TAGMSG juliet");
    irc_advance(w, 1000);
    types(w, "juliet", SJ_TYPING_PAUSED);
    types(w, "juliet", SJ_TYPING_ACTIVE);
    types(w, "juliet", SJ_TYPING_STOPPED);
    irc_gets_nothing(w);
    irc_advance(w, 2050);
    irc_gets(w, "@+typing=done TAGMSG juliet");
    types(w, "juliet", SJ_TYPING_ACTIVE);
    irc_gets_nothing(w);
    irc_advance(w, 3050);
    irc_gets(w, "@+typing=active TAGMSG juliet");
    /* A message says it all. */
    cr_assert_eq(irc_sends(w, "juliet", "hello"), SJ_OK);
    irc_gets(w, "PRIVMSG juliet :hello");
    irc_gets(w, "PING :00000001");
    types(w, "juliet", SJ_TYPING_STOPPED);
    irc_says(w, ":irc.test PONG irc.test :00000001");
    irc_advance(w, 500);
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_typing, goes_where_it_can)
{
    struct irc_world *w = world_with("message-tags echo-message", NULL);
    char id[16];

    irc_in_channel(w, "#verona", "me @juliet");
    types(w, "#verona", SJ_TYPING_ACTIVE);
    irc_gets(w, "@+typing=active TAGMSG #verona");
    irc_says(w, "@+typing=active :me!me@h TAGMSG #verona");
    types(w, "#mantua", SJ_TYPING_ACTIVE);
    types(w, "two words", SJ_TYPING_ACTIVE);
    types(w, "nurse", SJ_TYPING_STOPPED);
    types(w, "nurse", SJ_TYPING_PAUSED);
    irc_gets_nothing(w);
    irc_hears_nothing(w);
    irc_says(w, ":juliet!j@h KICK #verona me :out");
    irc_hears(w, "left #verona kicked by juliet: out");
    types(w, "#verona", SJ_TYPING_STOPPED);
    irc_gets_nothing(w);
    for (unsigned i = 0; i < IRC_TYPING_MAX + 3; i++) {
        (void)snprintf(id, sizeof id, "n%u", i);
        types(w, id, SJ_TYPING_ACTIVE);
    }
    for (unsigned i = 0; i < IRC_TYPING_MAX - 1; i++)
        irc_gets(w, NULL);
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_typing, is_not_told_where_the_server_does_not_pass_it_on)
{
    static const char *const rows[][2] = {
        { NULL, NULL }, { "echo-message", NULL }, { "message-tags", "CLIENTTAGDENY=*" },
        { "message-tags", "CLIENTTAGDENY=typing" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct irc_world *w = world_with(rows[i][0], rows[i][1]);
        cr_expect(irc_world_link(w)->lacks & SJ_CAP_TYPING);
        types(w, "juliet", SJ_TYPING_ACTIVE);
        irc_gets_nothing(w);
        irc_world_free(w);
    }
}

/* What waits for its turn is not made to wait longer. */
Test(irc_typing, is_dropped_when_lines_wait)
{
    struct irc_world *w = irc_world_new("send-rate=2000ms send-burst=1");

    irc_online(w, "message-tags", NULL);
    cr_assert_eq(irc_sends(w, "juliet", "hello"), SJ_OK);
    irc_gets(w, "PRIVMSG juliet :hello");
    types(w, "juliet", SJ_TYPING_ACTIVE);
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_typing, of_others_is_heard)
{
    struct irc_world *w = world_with("message-tags", NULL);

    irc_says(w, "@+typing=active :juliet!j@h TAGMSG me");
    irc_hears(w, "typing juliet active");
    irc_says(w, "@+typing=paused :juliet!j@h TAGMSG me");
    irc_hears(w, "typing juliet paused");
    irc_says(w, "@+typing=done :juliet!j@h TAGMSG me");
    irc_hears(w, "typing juliet stopped");
    irc_says(w, "@+typing=what :juliet!j@h TAGMSG me");
    irc_says(w, "@+typing=active :juliet!j@h TAGMSG nurse");
    irc_says(w, "@+typing=active :me!j@h TAGMSG juliet");
    irc_hears_nothing(w);
    irc_world_free(w);
}
