/* SPDX-License-Identifier: MPL-2.0 */
/* Kicks behind bans, and what a mask matches. */
#include <criterion/criterion.h>

#include "irc_bans.h"
#include "irc_world_room.h"

static struct irc_world *world_in_verona(void)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, NULL, "PREFIX=(qaohv)~&@%+ CHANMODES=beI,k,l,imnpst");
    irc_in_channel(w, "#verona", "me ~juliet paris tybalt");
    return w;
}

static void romeo_comes(struct irc_world *w)
{
    irc_says(w, ":romeo!~r@montague.test JOIN #verona");
    irc_hears(w, "occupant #verona romeo none participant online");
}

/* G045-72 */
Test(irc_bans, a_kick_behind_a_ban_is_a_ban)
{
    struct irc_world *w = world_in_verona();

    romeo_comes(w);
    irc_says(w, ":juliet!j@h MODE #verona +b *!~R@*.Test");
    irc_says(w, ":juliet!j@h KICK #verona romeo :banished");
    irc_hears(w, "gone #verona romeo banned by juliet: banished");
    irc_says(w, ":juliet!j@h KICK #verona paris");
    irc_hears(w, "gone #verona paris kicked by juliet");
    irc_says(w, ":juliet!j@h MODE #verona -b+b *!~r@*.test ty?alt!*@*");
    romeo_comes(w);
    irc_says(w, ":juliet!j@h KICK #verona romeo");
    irc_hears(w, "gone #verona romeo kicked by juliet");
    /* Whose host is not known is banned by the nickname alone. */
    irc_says(w, ":juliet!j@h KICK #verona tybalt");
    irc_hears(w, "gone #verona tybalt banned by juliet");
    irc_says(w, ":juliet!j@h MODE #verona +b ME!*@*");
    irc_says(w, ":juliet!j@h KICK #verona me");
    irc_hears(w, "left #verona banned by juliet");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_bans, the_newest_eight_are_remembered)
{
    struct irc_world *w = world_in_verona();

    irc_says(w, ":juliet!j@h MODE #verona +bb paris!*@* tybalt!*@*");
    irc_says(w, ":juliet!j@h MODE #verona +bbbb m1!a@b m2!a@b m3!a@b m4!a@b");
    for (int i = 0; i < 9; i++)
        irc_says(w, ":juliet!j@h MODE #verona +bbb m5!a@b m6!a@b m7!a@b");
    irc_says(w, ":juliet!j@h KICK #verona tybalt");
    irc_hears(w, "gone #verona tybalt banned by juliet");
    irc_says(w, ":juliet!j@h KICK #verona paris");
    irc_hears(w, "gone #verona paris kicked by juliet");
    irc_world_free(w);
}

Test(irc_bans, masks_match)
{
    static const struct {
        const char *mask, *text;
        bool matches;
    } rows[] = {
        { "*!*@*", "romeo!r@h", true },          { "romeo!*@*", "Romeo!r@h", true },
        { "r*o!*@*", "romeo!r@h", true },        { "r?meo!?@?", "romeo!r@h", true },
        { "?romeo!*@*", "romeo!r@h", false },    { "romeo", "romeo!r@h", false },
        { "romeo!*@", "romeo!r@h", false },      { "*!*@*.test", "a!b@c.test.d.test", true },
        { "*a*a*a*a*b", "aaaaaaaaaaaa", false }, { "", "romeo!r@h", false },
        { "***", "romeo!r@h", true },            { "[x]!*@*", "{x}!r@h", true },
        { "romeo!*@*?", "romeo!r@", false },     { "m:romeo!*@*", "romeo!r@h", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(irc_bans_match(IRC_CASEMAP_RFC1459, rows[i].mask, rows[i].text),
                     rows[i].matches, "%s %s", rows[i].mask, rows[i].text);
}
