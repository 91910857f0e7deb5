/* SPDX-License-Identifier: MPL-2.0 */
/* What happens at a word of the warden's: everything that can happen to a user in a room. */
#include "loopback/loopback.h"

#include <criterion/criterion.h>

#include "loopback_link.h"
#include "loopback_room.h"
#include "recorder.h"
#include "recorder_room.h"

#define ROSE "\xf0\x9f\x8c\xb9"

/* romeo on 1 and juliet on 2 in the lobby; the next message is number 1001. */
static struct recorder *start(void)
{
    struct recorder *r = recorder_new(&loopback_backend, "", NULL, NULL);
    recorder_log_in(r, 1, "username=romeo");
    recorder_log_in(r, 2, "username=juliet");
    cr_assert_eq(recorder_join(r, 1, "#lobby", NULL, NULL), SJ_OK);
    cr_assert_eq(recorder_join(r, 2, "#lobby", NULL, NULL), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    recorder_net(r)->message = 1000;
    return r;
}

/* romeo whispers the word, so that it stands in nobody's way. */
static void say(struct recorder *r, const char *word)
{
    recorder_forget(r);
    cr_assert_eq(recorder_whisper(r, 1, "#lobby", "warden", word), SJ_OK);
    recorder_settle(r);
}

#define HEARD(...) cr_expect(recorder_heard(r, __VA_ARGS__), __VA_ARGS__)

Test(loopback_warden, hears_in_the_room_too)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_say(r, 1, "#lobby", "!say warden hello"), SJ_OK);
    recorder_hears(r, "1 echo 3 #lobby/romeo !say warden hello");
    recorder_hears(r, "1 op 3 ok");
    recorder_hears(r, "1 message #lobby/warden hello");
    recorder_hears(r, "2 message #lobby/romeo !say warden hello");
    recorder_hears(r, "2 message #lobby/warden hello");
    say(r, "dance");
    HEARD("1 whisper #lobby/warden I do not understand; try: words");
    say(r, "kick");
    HEARD("1 whisper #lobby/warden I do not understand; try: words");
    say(r, "kick nobody");
    HEARD("1 whisper #lobby/warden I do not understand; try: words");
    recorder_free(&r);
}

Test(loopback_warden, puts_people_out)
{
    struct recorder *r = start();
    say(r, "kick juliet bad words");
    HEARD("2 left #lobby kicked by warden: bad words");
    HEARD("1 gone #lobby juliet kicked by warden: bad words");
    say(r, "ban me now");
    HEARD("1 left #lobby banned by warden: now");
    recorder_free(&r);
    r = start();
    say(r, "remove juliet");
    HEARD("2 left #lobby removed by warden");
    say(r, "lose me the line");
    HEARD("1 left #lobby lost: the line");
    recorder_free(&r);
    r = start();
    say(r, "close for today");
    HEARD("1 left #lobby closed by warden: for today");
    HEARD("2 left #lobby closed by warden: for today");
    cr_assert_eq(recorder_join(r, 2, "#lobby", NULL, NULL), SJ_OK);      /* it begins anew */
    cr_assert_eq(recorder_join(r, 1, "#lobby", NULL, NULL), SJ_OK);
    say(r, "crash");
    HEARD("1 left #lobby lost");
    HEARD("2 left #lobby lost");
    recorder_free(&r);
}

Test(loopback_warden, gives_and_takes_power)
{
    struct recorder *r = start();
    say(r, "op me");
    HEARD("2 occupant #lobby romeo none moderator online id=romeo");
    say(r, "mute me");
    HEARD("1 occupant #lobby romeo self none visitor online id=romeo");
    say(r, "voice me");
    say(r, "gag me");
    cr_assert_eq(recorder_say(r, 1, "#lobby", "hello"), SJ_OK);
    recorder_settle(r);
    HEARD("1 op 7 not permitted");
    say(r, "ungag me");
    say(r, "owner me");
    HEARD("1 occupant #lobby romeo self owner moderator online id=romeo");
    say(r, "nobody me");
    HEARD("1 occupant #lobby romeo self none participant online id=romeo");
    say(r, "set members");
    HEARD("1 left #lobby removed: this room is for members only now");
    recorder_free(&r);
}

Test(loopback_warden, moves_guests)
{
    struct recorder *r = start();
    say(r, "join Tybalt");
    HEARD("1 occupant #lobby Tybalt none participant online");
    say(r, "away Tybalt asleep");
    HEARD("1 occupant #lobby Tybalt none participant away: asleep");
    say(r, "rename Tybalt Paris");
    HEARD("1 rename #lobby Tybalt Paris");
    say(r, "rename me Montague");
    HEARD("2 rename #lobby romeo Montague");
    say(r, "say Paris good night");
    HEARD("1 message #lobby/Paris good night");
    say(r, "act Paris bows");
    HEARD("1 action #lobby/Paris bows");
    say(r, "whisper Paris psst");
    HEARD("1 whisper #lobby/Paris psst");
    cr_expect_not(recorder_heard(r, "2 whisper #lobby/Paris psst"));
    say(r, "typing Paris");
    HEARD("2 typing #lobby Paris active");
    say(r, "part Paris bye");
    HEARD("1 gone #lobby Paris left: bye");
    say(r, "say me from my telephone");
    HEARD("1 own message #lobby/Montague from my telephone");
    HEARD("2 message #lobby/Montague from my telephone");
    recorder_free(&r);
}

Test(loopback_warden, splits_and_heals_the_network)
{
    struct recorder *r = start();
    say(r, "crowd 30");
    HEARD("1 occupant #lobby guest30 none participant online");
    say(r, "split 20");
    HEARD("1 gone #lobby guest30 lost: split of the network");
    HEARD("1 gone #lobby guest11 lost: split of the network");
    cr_expect_not(recorder_heard(r, "1 gone #lobby guest10 lost: split of the network"));
    say(r, "heal");
    HEARD("2 occupant #lobby guest30 none participant online");
    say(r, "crowd 100000");
    say(r, "crowd -1");
    say(r, "split 99");
    cr_expect_eq(loopback_room_find(recorder_net(r), "#lobby")->nicks.used, 4);
    recorder_free(&r);
}

Test(loopback_warden, changes_the_room)
{
    struct recorder *r = start();
    say(r, "subject Today: nothing");
    HEARD("2 subject #lobby warden: Today: nothing");
    say(r, "subject");
    HEARD("2 subject #lobby warden: ");
    say(r, "name Hall");
    say(r, "describe A large one");
    say(r, "password open");
    say(r, "set moderated");
    HEARD("1 room #lobby name \"Hall\" description \"A large one\" flags=2c/3ff n=4");
    say(r, "unset moderated");
    HEARD("1 room #lobby name \"Hall\" description \"A large one\" flags=28/3ff n=4");
    recorder_free(&r);
}

Test(loopback_warden, says_something_about_messages)
{
    struct recorder *r = start();
    recorder_hear_all(r);
    say(r, "say warden helo");               /* 1001 the whisper, 1002 what it says */
    say(r, "correct hello");
    HEARD("2 message #lobby/warden hello [id=1004#lobby replaces=1002#lobby]");
    say(r, "retract");
    HEARD("2 retracted #lobby/warden 1002#lobby");
    recorder_forget(r);
    cr_assert_eq(recorder_say(r, 1, "#lobby", "!react " ROSE), SJ_OK);
    recorder_settle(r);
    HEARD("1 reactions #lobby/warden 1006#lobby " ROSE);
    HEARD("2 reactions #lobby/warden 1006#lobby " ROSE);
    cr_assert_eq(recorder_say(r, 1, "#lobby", "!reply yes"), SJ_OK);
    recorder_settle(r);
    HEARD("2 message #lobby/warden yes [id=1008#lobby reply=1007#lobby]");
    cr_assert_eq(recorder_say(r, 1, "#lobby", "!read"), SJ_OK);
    recorder_settle(r);
    HEARD("1 displayed #lobby/warden 1009#lobby");
    say(r, "repeat 3 again");
    cr_expect(recorder_heard(r, "2 message #lobby/warden again [id=1013#lobby]"));
    cr_assert_eq(recorder_say(r, 1, "#lobby", "!moderate"), SJ_OK);
    recorder_settle(r);
    HEARD("1 retracted #lobby/warden 1014#lobby");
    recorder_free(&r);
}

Test(loopback_warden, echo_answers_who_speaks_to_it)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_say(r, 1, "#lobby", "echo: hello"), SJ_OK);
    cr_assert_eq(recorder_say(r, 1, "#lobby", "echo"), SJ_OK);
    cr_assert_eq(recorder_whisper(r, 1, "#lobby", "echo", "psst"), SJ_OK);
    recorder_settle(r);
    HEARD("2 message #lobby/echo hello");
    HEARD("1 whisper #lobby/echo psst");
    cr_expect_eq(recorder_heard_count(r), 5 + 3 + 2);
    recorder_free(&r);
}

Test(loopback_warden, invites_and_ends_links)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_send(r, 1, "warden", "invite #members come in"), SJ_OK);
    recorder_settle(r);
    HEARD("1 invited #members by warden: come in");
    cr_assert_eq(recorder_join(r, 1, "#members", NULL, NULL), SJ_OK);
    recorder_settle(r);
    HEARD("1 entered #members");
    cr_assert_eq(recorder_send(r, 1, "warden", "invite #locked"), SJ_OK);
    recorder_settle(r);
    HEARD("1 invited #locked by warden (sesame)");
    cr_assert_eq(recorder_send(r, 1, "warden", "kick me"), SJ_OK);
    recorder_settle(r);
    HEARD("1 message warden I do not understand; try: words");
    cr_assert_eq(recorder_send(r, 1, "warden", "outage"), SJ_OK);
    cr_assert_eq(recorder_send(r, 1, "warden", "words"), SJ_OK);
    recorder_settle(r);
    HEARD("1 down closed");
    HEARD("2 gone #lobby romeo lost");
    cr_expect(recorder_is_down(r, 1));
    cr_assert_eq(recorder_send(r, 2, "warden", "restart"), SJ_OK);
    recorder_settle(r);
    HEARD("2 down restart");
    recorder_free(&r);
}
