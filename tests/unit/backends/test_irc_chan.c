/* SPDX-License-Identifier: MPL-2.0 */
/* Channels: coming in, who is there, what is said, going; and servers that do it wrong. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "irc_ask.h"
#include "irc_chan.h"
#include "irc_world_room.h"

static const char prefixes[] = "PREFIX=(qaohv)~&@%+ CHANMODES=beI,k,l,imnpst CHANNELLEN=20 MODES=4";

static struct irc_world *world_online(const char *caps, const char *isupport)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, caps, isupport);
    return w;
}

/* Juliet is an operator of #verona, romeo has a voice. */
static struct irc_world *world_in_verona(const char *caps)
{
    struct irc_world *w = world_online(caps, prefixes);

    irc_in_channel(w, "#verona", "me @juliet +romeo");
    return w;
}

/* ---- coming in ---- */

Test(irc_chan, is_entered_in_one_piece)
{
    struct irc_world *w = world_online(NULL, prefixes);

    cr_assert_eq(irc_joins(w, "#verona", NULL), SJ_OK);
    irc_gets(w, "JOIN #verona");
    irc_says(w, ":me!me@host.example.org JOIN :#Verona");
    irc_says(w, ":irc.test 332 me #Verona :Two households");
    irc_says(w, ":irc.test 333 me #Verona juliet!j@capulet.test 1300000000");
    irc_says(w, ":irc.test 353 me = #Verona :me ~juliet");
    /* Others come and go meanwhile. */
    irc_says(w, ":paris!p@host.test JOIN #Verona");
    irc_says(w, ":juliet!j@capulet.test PRIVMSG #Verona :before you are in");
    irc_says(w, ":tybalt!t@host.test JOIN #Verona");
    irc_says(w, ":irc.test 353 me = #Verona :&nurse @friar %mercutio +romeo paris");
    irc_says(w, ":paris!p@host.test PART #Verona");
    irc_hears_nothing(w);
    irc_says(w, ":irc.test 366 me #Verona :End of /NAMES list");
    irc_hears(w, "occupant #verona juliet owner moderator online (Owner)");
    irc_hears(w, "occupant #verona tybalt none participant online");
    irc_hears(w, "occupant #verona nurse admin moderator online (Protected operator)");
    irc_hears(w, "occupant #verona friar admin moderator online (Operator)");
    irc_hears(w, "occupant #verona mercutio member moderator online (Half-operator)");
    irc_hears(w, "occupant #verona romeo member participant online (Voice)");
    irc_hears(w, "occupant #verona me self none participant online");
    irc_hears(w, "room #verona \"#Verona\" flags=0/40 n=7");
    irc_hears(w, "subject #verona juliet @1300000000000: Two households");
    irc_hears(w, "entered #verona");
    irc_hears(w, "op 1 ok");
    irc_gets(w, "MODE #verona");
    irc_says(w, ":irc.test 324 me #Verona +smtlk 12 key");
    irc_hears(w, "room #verona \"#Verona\" flags=1d/5f n=7 max=12");
    /* Who has no rank may not speak in it. */
    irc_hears(w, "occupant #verona me self none visitor online");
    irc_hears(w, "occupant #verona tybalt none visitor online");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_chan, is_entered_with_a_key_once)
{
    struct irc_world *w = world_online(NULL, prefixes);

    cr_assert_eq(irc_joins(w, "#verona", "se same"), SJ_AUTH);
    cr_assert_eq(irc_joins(w, "#verona", ":sesame"), SJ_AUTH);
    cr_assert_eq(irc_joins(w, "#verona", "sesame"), SJ_OK);
    irc_gets(w, "JOIN #verona sesame");
    cr_assert_eq(irc_joins(w, "#verona", NULL), SJ_EXISTS);
    irc_says(w, ":me!m@h JOIN #verona");
    irc_says(w, ":irc.test 366 me #verona :End");
    irc_hears(w, "occupant #verona me self none participant online");
    irc_skips_to(w, "op 3 ok");
    irc_gets(w, "MODE #verona");
    cr_assert_eq(irc_joins(w, "#verona", NULL), SJ_OK);
    irc_hears(w, "op 5 ok");
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_chan, takes_no_name_that_would_break_a_line)
{
    static const char *const bad[] = { "", "#", "verona", "#a b", "#a,b", "#a\r\nQUIT", "#a\x07",
                                       "#\xff", "#a-name-longer-than-this-network-takes" };
    struct irc_world *w = world_online(NULL, prefixes);

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_eq(irc_joins(w, bad[i], NULL), SJ_NOTFOUND, "%s", bad[i]);
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_chan, tells_rooms_and_people_apart_by_form)
{
    struct irc_world *w = world_online(NULL, NULL);
    const struct sj_net *net = irc_world_net(w);

    cr_assert(irc_backend_rooms.is_room(net, "#verona"));
    cr_assert(irc_backend_rooms.is_room(net, "&local"));
    cr_assert(irc_backend_rooms.is_room(net, "+modeless"));
    cr_assert(irc_backend_rooms.is_room(net, "!12345safe"));
    cr_assert_not(irc_backend_rooms.is_room(net, "juliet"));
    cr_assert_not(irc_backend_rooms.is_room(net, ""));
    irc_world_free(w);
}

Test(irc_chan, says_why_it_cannot_be_entered)
{
    static const struct {
        const char *line;
        const char *event;
    } rows[] = {
        { "403 me #verona :No such channel",
          "not found: there is no such room (the network says: No such channel)" },
        { "405 me #verona :You have joined too many channels",
          "limit reached: the network lets you into no more rooms; leave one first "
          "(the network says: You have joined too many channels)" },
        { "437 me #verona :Nick/channel is temporarily unavailable",
          "service unavailable: the room is closed for now; try again later "
          "(the network says: Nick/channel is temporarily unavailable)" },
        { "471 me #verona :Cannot join channel (+l)",
          "limit reached: the room is full; try again later "
          "(the network says: Cannot join channel (+l))" },
        { "473 me #verona :Cannot join channel (+i)",
          "not registered: only who is invited may enter; ask somebody in the room "
          "(the network says: Cannot join channel (+i))" },
        { "474 me #verona :Cannot join channel (+b)",
          "not permitted: you are banned from this room "
          "(the network says: Cannot join channel (+b))" },
        { "475 me #verona :Cannot join channel (+k)",
          "credentials refused: the room has a password, and this is not it "
          "(the network says: Cannot join channel (+k))" },
        { "476 me #verona :Bad Channel Mask",
          "not found: there can be no such room (the network says: Bad Channel Mask)" },
        { "477 me #verona :Cannot join channel (+r)",
          "not registered: only who is logged in to an account of the network may enter "
          "(the network says: Cannot join channel (+r))" },
        { "489 me #verona :Cannot join channel (SSL is required)",
          "not permitted: only encrypted connections may enter this room "
          "(the network says: Cannot join channel (SSL is required))" },
        { "470 me #verona ##overflow :Forwarding to another channel",
          "not permitted: the network sends you to another room instead "
          "(the network says: Forwarding to another channel)" },
    };
    struct irc_world *w = world_online(NULL, prefixes);
    char text[512];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_assert_eq(irc_joins(w, "#verona", NULL), SJ_OK);
        irc_gets(w, "JOIN #verona");
        (void)snprintf(text, sizeof text, ":irc.test %s", rows[i].line);
        irc_says(w, text);
        (void)snprintf(text, sizeof text, "op %zu %s", i + 1, rows[i].event);
        irc_hears(w, text);
    }
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_chan, is_entered_unasked)
{
    struct irc_world *w = world_online(NULL, prefixes);

    irc_says(w, ":me!m@h JOIN ##overflow");
    irc_says(w, ":irc.test 353 me = ##overflow :me");
    irc_says(w, ":irc.test 366 me ##overflow :End");
    irc_hears(w, "occupant ##overflow me self none participant online");
    irc_skips_to(w, "entered ##overflow");
    irc_hears_nothing(w);
    irc_world_free(w);
}

/* A bouncer puts its user into the channels before the welcome is over. */
Test(irc_chan, is_told_when_the_link_is_up)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_start(w);
    irc_says(w, ":irc.test 001 me :Welcome me!me@host.example.org");
    irc_says(w, ":me!m@h JOIN #verona");
    irc_says(w, ":irc.test 353 me = #verona :me @juliet");
    irc_says(w, ":irc.test 366 me #verona :End");
    irc_hears_nothing(w);
    irc_says(w, ":irc.test 422 me :no message of the day");
    irc_hears(w, "up");
    irc_hears(w, "self me");
    irc_hears(w, "occupant #verona juliet admin moderator online (Operator)");
    irc_skips_to(w, "entered #verona");
    irc_world_free(w);
}

Test(irc_chan, a_join_without_an_answer_fails_in_time)
{
    struct irc_world *w = irc_world_new("send-rate=0 ping-interval=60m");

    irc_online(w, NULL, NULL);
    cr_assert_eq(irc_joins(w, "#verona", NULL), SJ_OK);
    cr_assert_eq(irc_joins(w, "#mantua", NULL), SJ_OK);
    irc_says(w, ":me!m@h JOIN #mantua");
    irc_says(w, ":irc.test 353 me = #mantua :me romeo");
    irc_hears_nothing(w);
    irc_advance(w, IRC_JOIN_MS + 6000);
    irc_hears(w, "op 1 timed out: the network did not answer");
    /* Names that stop coming are taken for all. */
    irc_hears(w, "occupant #mantua romeo none participant online");
    irc_skips_to(w, "entered #mantua");
    irc_hears(w, "op 2 ok");
    irc_world_free(w);
}

Test(irc_chan, joins_fail_with_the_link)
{
    struct irc_world *w = world_online(NULL, NULL);

    cr_assert_eq(irc_joins(w, "#verona", NULL), SJ_OK);
    irc_gets(w, "JOIN #verona");
    irc_hangs_up(w);
    irc_hears(w, "op 1 no live link: the session ended before the network answered");
    irc_hears(w, "down closed: connection closed by the other side");
    irc_world_free(w);
}

Test(irc_chan, there_is_a_limit_of_channels)
{
    struct irc_world *w = world_online(NULL, NULL);
    char name[32];

    for (unsigned i = 0; i < IRC_CHANS_MAX; i++) {
        (void)snprintf(name, sizeof name, "#c%u", i);
        cr_assert_eq(irc_joins(w, name, NULL), SJ_OK);
    }
    cr_assert_eq(irc_joins(w, "#more", NULL), SJ_LIMIT);
    cr_assert_str_eq(irc_error(w), "no more than 200 rooms are possible; leave one first");
    irc_world_free(w);
}

/* ---- people ---- */

Test(irc_chan, people_come_and_go)
{
    struct irc_world *w = world_in_verona(NULL);

    irc_says(w, ":nurse!n@capulet.test JOIN #verona");
    irc_hears(w, "occupant #verona nurse none participant online");
    irc_says(w, ":nurse!n@capulet.test JOIN #verona");
    irc_says(w, ":NURSE!n@capulet.test PART #VERONA :to find \002him\002");
    irc_hears(w, "gone #verona nurse left: to find him");
    irc_says(w, ":nurse!n@capulet.test PART #verona");
    irc_says(w, ":romeo!r@montague.test QUIT :Quit: banished");
    irc_hears(w, "gone #verona romeo left: Quit: banished");
    irc_says(w, ":juliet!j@capulet.test KICK #verona paris :not here");
    irc_says(w, ":juliet!j@capulet.test KICK #mantua romeo :not there");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_chan, a_split_is_no_departure)
{
    struct irc_world *w = world_in_verona(NULL);

    irc_says(w, ":romeo!r@montague.test QUIT :hub.example.org leaf.example.org");
    irc_hears(w, "gone #verona romeo lost: hub.example.org leaf.example.org");
    irc_says(w, ":juliet!j@capulet.test QUIT :see example.org now");
    irc_hears(w, "gone #verona juliet left: see example.org now");
    irc_world_free(w);
}

Test(irc_chan, people_change_nicknames)
{
    struct irc_world *w = world_in_verona(NULL);

    irc_says(w, ":romeo!r@montague.test NICK :Montague");
    irc_hears(w, "rename #verona romeo Montague");
    irc_hears(w, "occupant #verona Montague member participant online id=montague (Voice)");
    irc_says(w, ":montague!r@montague.test NICK MONTAGUE");
    irc_hears(w, "rename #verona Montague MONTAGUE");
    irc_hears(w, "occupant #verona MONTAGUE member participant online id=montague (Voice)");
    irc_says(w, ":nobody!n@h NICK somebody");
    irc_hears_nothing(w);
    /* Whoever had the nickname must have gone. */
    irc_says(w, ":montague!r@montague.test NICK juliet");
    irc_hears(w, "gone #verona juliet lost");
    irc_hears(w, "rename #verona MONTAGUE juliet");
    irc_hears(w, "occupant #verona juliet member participant online (Voice)");
    irc_says(w, ":juliet!r@montague.test PRIVMSG #verona :I am she");
    irc_hears(w, "message #verona/juliet I am she");
    irc_world_free(w);
}

Test(irc_chan, our_nickname_changes_everywhere)
{
    struct irc_world *w = world_in_verona(NULL);

    irc_in_channel(w, "#mantua", "me");
    cr_assert_eq(irc_renames(w, "#verona", "not a nick"), SJ_UNACCEPTABLE);
    cr_assert_eq(irc_renames(w, "#verona", "#verona"), SJ_UNACCEPTABLE);
    cr_assert_eq(irc_renames(w, "#verona", "Romeo"), SJ_OK);
    irc_gets(w, "NICK Romeo");
    irc_says(w, ":irc.test 433 me Romeo :Nickname is already in use.");
    irc_hears(w, "op 5 exists already: somebody has this nickname already (the network says: "
                 "Nickname is already in use.)");
    irc_pongs(w);
    cr_assert_eq(irc_renames(w, "#verona", "Me2"), SJ_OK);
    irc_gets(w, "NICK Me2");
    irc_says(w, ":me!m@h NICK :Me2");
    irc_hears(w, "self me2");
    irc_hears(w, "rename #mantua me Me2");
    irc_hears(w, "rename #verona me Me2");
    irc_pongs(w);
    irc_hears(w, "op 6 ok");
    cr_assert_eq(irc_renames(w, "#verona", "Me2"), SJ_OK);
    irc_hears(w, "op 7 ok");
    irc_world_free(w);
}

Test(irc_chan, nobody_takes_our_nickname)
{
    struct irc_world *w = world_in_verona(NULL);

    irc_says(w, ":romeo!r@montague.test NICK ME");
    irc_hears(w, "gone #verona romeo lost");
    irc_says(w, ":juliet!j@h NICK :a nick of words");
    irc_hears(w, "gone #verona juliet lost");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_chan, the_user_is_kicked_and_leaves)
{
    struct irc_world *w = world_in_verona(NULL);

    irc_says(w, ":juliet!j@h KICK #verona me :parting is such sweet sorrow");
    irc_hears(w, "left #verona kicked by juliet: parting is such sweet sorrow");
    irc_says(w, ":juliet!j@h PRIVMSG #verona :gone?");
    irc_hears_nothing(w);
    irc_in_channel(w, "#verona", "me");
    cr_assert_eq(irc_parts(w, "#verona", "good night"), SJ_OK);
    irc_gets(w, "PART #verona :good night");
    irc_says(w, ":me!m@h PART #verona :good night");
    irc_hears(w, "left #verona left: good night");
    irc_pongs(w);
    irc_hears(w, "op 3 ok");
    cr_assert_eq(irc_parts(w, "#verona", NULL), SJ_OK);
    irc_hears(w, "op 4 ok");
    irc_world_free(w);
}

Test(irc_chan, leaving_what_one_is_not_in_is_no_failure)
{
    struct irc_world *w = world_in_verona(NULL);

    cr_assert_eq(irc_parts(w, "#verona", NULL), SJ_OK);
    irc_gets(w, "PART #verona");
    irc_says(w, ":irc.test 442 me #verona :You're not on that channel");
    irc_hears(w, "left #verona lost");
    irc_hears(w, "op 2 ok");
    irc_world_free(w);
}

Test(irc_chan, people_are_away_and_logged_in)
{
    struct irc_world *w =
        world_online("extended-join account-notify away-notify chghost", "WHOX BOT=B");

    irc_in_channel(w, "#verona", "me @juliet romeo");
    irc_gets(w, "WHO #verona %tcuhnfa,711");
    irc_says(w, ":irc.test 354 me 711 #verona j capulet.test juliet G*@ jcapulet");
    irc_hears(w, "occupant #verona juliet admin moderator away account=$a:jcapulet (Operator) "
                 "(Network operator)");
    irc_says(w, ":irc.test 354 me 711 #verona r montague.test romeo HB 0");
    irc_hears(w, "occupant #verona romeo none participant online (Bot)");
    irc_says(w, ":irc.test 315 me #verona :End of WHO list");
    irc_says(w, ":juliet!j@h AWAY");
    irc_hears(w, "occupant #verona juliet admin moderator online account=$a:jcapulet (Operator) "
                 "(Network operator)");
    irc_says(w, ":romeo!r@h AWAY :at the \002ball\002");
    irc_hears(w, "occupant #verona romeo none participant away (Bot): at the ball");
    irc_says(w, ":romeo!r@h ACCOUNT montague");
    irc_hears(w, "occupant #verona romeo none participant away account=$a:montague (Bot): "
                 "at the ball");
    irc_says(w, ":romeo!r@h ACCOUNT *");
    irc_hears(w, "occupant #verona romeo none participant away (Bot): at the ball");
    irc_says(w, ":nurse!n@h JOIN #verona nurse :Angelica");
    irc_hears(w, "occupant #verona nurse none participant online account=$a:nurse");
    irc_says(w, ":paris!n@h JOIN #verona * :Paris");
    irc_hears(w, "occupant #verona paris none participant online");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_chan, one_person_in_two_channels_is_one)
{
    struct irc_world *w = world_online("away-notify", NULL);

    irc_in_channel(w, "#verona", "me");
    irc_in_channel(w, "#mantua", "me");
    irc_says(w, ":romeo!r@h JOIN #verona");
    irc_says(w, ":romeo!r@h JOIN #mantua");
    irc_skips_to(w, "occupant #mantua romeo none participant online");
    irc_says(w, ":romeo!r@h AWAY :banished");
    irc_hears(w, "occupant #mantua romeo none participant away: banished");
    irc_hears(w, "occupant #verona romeo none participant away: banished");
    irc_says(w, ":romeo!r@h PART #mantua");
    irc_hears(w, "gone #mantua romeo left");
    irc_says(w, ":romeo!r@h QUIT");
    irc_hears(w, "gone #verona romeo left");
    cr_assert_eq(irc_world_link(w)->rooms->people.used, 1);
    irc_world_free(w);
}

Test(irc_chan, names_that_are_no_utf8_are_repaired)
{
    struct irc_world *w = world_in_verona(NULL);

    irc_says(w, ":ren\xe9!r@h JOIN #verona");
    irc_hears(w, "occupant #verona ren\xc3\xa9 none participant online id=-");
    irc_says(w, ":ren\xe9!r@h PRIVMSG #verona :caf\xe9");
    irc_hears(w, "message #verona/ren\xc3\xa9 caf\xc3\xa9");
    irc_says(w, ":ren\xe9!r@h PART #verona");
    irc_hears(w, "gone #verona ren\xc3\xa9 left");
    irc_says(w, ":b\tob!r@h JOIN #verona");
    irc_says(w, ":\002\002!r@h JOIN #verona");
    irc_says(w, ":me!m@h JOIN #caf\xe9");
    irc_says(w, ":me!m@h JOIN #a\x07" "b");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_chan, our_nickname_is_asked_for_without_a_label)
{
    struct irc_world *w = world_in_verona("labeled-response batch message-tags");

    cr_assert_eq(irc_topics(w, "#verona", "x"), SJ_OK);
    irc_gets(w, "@label=0 TOPIC #verona :x");
    irc_pongs(w);
    irc_hears(w, "op 2 ok");
    cr_assert_eq(irc_renames(w, "#verona", "Me2"), SJ_OK);
    irc_gets(w, "NICK Me2");
    irc_world_free(w);
}

/* ---- modes and topics ---- */

Test(irc_chan, modes_change_standing)
{
    struct irc_world *w = world_in_verona(NULL);

    irc_says(w, ":juliet!j@h MODE #verona +o-v+bl-k+vZ romeo romeo *!*@spam.test 5 * me");
    irc_hears(w, "occupant #verona romeo admin moderator online (Operator)");
    irc_hears(w, "occupant #verona romeo admin moderator online (Operator)");
    irc_hears(w, "occupant #verona me self member participant online (Voice)");
    irc_hears(w, "room #verona \"#verona\" flags=0/48 n=3 max=5");
    /* What is not there, twice the same, and without the names that it needs. */
    irc_says(w, ":juliet!j@h MODE #verona +ovv nobody me");
    irc_says(w, ":juliet!j@h MODE #verona +ooo");
    irc_says(w, ":juliet!j@h MODE #verona :");
    irc_hears_nothing(w);
    irc_says(w, ":juliet!j@h MODE #verona +m");
    irc_hears(w, "room #verona \"#verona\" flags=4/4c n=3 max=5");
    irc_says(w, ":juliet!j@h MODE #verona +s-pm");
    irc_hears(w, "room #verona \"#verona\" flags=1/4d n=3 max=5");
    irc_world_free(w);
}

Test(irc_chan, topics_change)
{
    struct irc_world *w = world_in_verona("server-time");

    irc_says(w, "@time=2011-03-13T07:06:40.000Z :juliet!j@h TOPIC #verona :What's in a name");
    irc_hears(w, "subject #verona juliet @1300000000000: What's in a name");
    irc_says(w, ":services.example.org TOPIC #verona :");
    irc_hears(w, "subject #verona: ");
    cr_assert_eq(irc_topics(w, "#verona", "A rose\r\nQUIT"), SJ_OK);
    irc_gets(w, "TOPIC #verona :A rose  QUIT");
    irc_says(w, ":irc.test 482 me #verona :You're not channel operator");
    irc_hears(w, "op 2 not permitted: only operators of the room may do that (the network says: "
                 "You're not channel operator)");
    irc_pongs(w);
    cr_assert_eq(irc_topics(w, "#verona", ""), SJ_OK);
    irc_gets(w, "TOPIC #verona :");
    irc_says(w, ":me!m@h TOPIC #verona :");
    irc_hears(w, "subject #verona me: ");
    irc_pongs(w);
    irc_hears(w, "op 3 ok");
    cr_assert_eq(irc_topics(w, "#mantua", "x"), SJ_UNACCEPTABLE);
    irc_world_free(w);
}

Test(irc_chan, people_are_invited)
{
    struct irc_world *w = world_in_verona("invite-notify");

    irc_says(w, ":Juliet!j@h INVITE me :#Balcony");
    irc_hears(w, "invited #balcony by juliet");
    irc_says(w, ":juliet!j@h INVITE romeo :#balcony");
    irc_hears_nothing(w);
    cr_assert_eq(irc_invites(w, "#verona", "nurse"), SJ_OK);
    irc_gets(w, "INVITE nurse #verona");
    irc_says(w, ":irc.test 341 me nurse #verona");
    irc_pongs(w);
    irc_hears(w, "op 2 ok");
    cr_assert_eq(irc_invites(w, "#verona", "nobody"), SJ_OK);
    irc_gets(w, "INVITE nobody #verona");
    irc_says(w, ":irc.test 401 me nobody :No such nick");
    irc_hears(w, "op 3 not found: nobody has this nickname now (the network says: No such nick)");
    irc_pongs(w);
    cr_assert_eq(irc_invites(w, "#verona", "romeo"), SJ_OK);
    irc_gets(w, "INVITE romeo #verona");
    irc_says(w, ":irc.test 443 me romeo #verona :is already on channel");
    irc_hears(w, "op 4 exists already: this person is in the room already (the network says: "
                 "is already on channel)");
    irc_world_free(w);
}
