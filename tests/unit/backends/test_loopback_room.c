/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms of the loopback network: the order of joining, who hears what of whom, what a room refuses,
 * what is said, and what it remembers. What happens at a word of the warden's is in
 * test_loopback_warden.c. */
#include "loopback/loopback.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "loopback_link.h"
#include "loopback_room.h"
#include "recorder.h"
#include "recorder_room.h"
#include "sojourn/strbuf.h"

/* romeo on 1, juliet on 2; the next message is number 1001. */
static struct recorder *start(void)
{
    struct recorder *r = recorder_new(&loopback_backend, "", NULL, NULL);
    recorder_log_in(r, 1, "username=romeo");
    recorder_log_in(r, 2, "username=juliet password=x");
    recorder_settle(r);
    recorder_forget(r);
    recorder_net(r)->message = 1000;
    return r;
}

/* Both are in a room that romeo has made. */
static struct recorder *start_together(void)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_join(r, 1, "#verona", NULL, NULL), SJ_OK);
    cr_assert_eq(recorder_join(r, 2, "#verona", "Julia", NULL), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    return r;
}

static sj_op last(const struct recorder *r)
{
    return recorder_next_op(r) - 1;
}

/* The outcome of the last operation is what comes next. */
static void hears_outcome(struct recorder *r, unsigned n, const char *outcome)
{
    char line[64];
    snprintf(line, sizeof line, "%u op %llu %s", n, (unsigned long long)last(r), outcome);
    recorder_hears(r, line);
}

static void changes(struct recorder *r, unsigned n, struct sj_room_change c, const char *outcome)
{
    cr_assert_eq(recorder_change(r, n, "#verona", &c, 1), SJ_OK);
    if (outcome)
        hears_outcome(r, n, outcome);
}

/* --- joining ------------------------------------------------------------------------------ */

Test(loopback_room, is_entered_in_one_piece)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_join(r, 1, "#lobby", "Romeo", NULL), SJ_OK);
    recorder_hears(r, "1 occupant #lobby warden owner moderator online id=warden "
                      "(keeper of the rooms)");
    recorder_hears(r, "1 occupant #lobby echo none participant online id=echo (bot)");
    recorder_hears(r, "1 occupant #lobby Romeo self none participant online id=romeo");
    recorder_hears(r, "1 room #lobby name \"Lobby\" description \"Everybody may come in\" "
                      "flags=20/3ff n=3");
    recorder_hears(r, "1 subject #lobby warden: Say \"!words\" to learn what happens at a word");
    recorder_hears(r, "1 entered #lobby");
    hears_outcome(r, 1, "ok");
    cr_assert_eq(recorder_join(r, 1, "#lobby", "Other", NULL), SJ_OK);
    hears_outcome(r, 1, "ok");                   /* idempotent */
    recorder_hears_nothing(r);
    recorder_free(&r);
}

Test(loopback_room, comes_and_goes_with_its_users)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_join(r, 1, "#verona", NULL, NULL), SJ_OK);
    recorder_hears(r, "1 occupant #verona romeo self owner moderator online id=romeo");
    recorder_hears(r, "1 room #verona name \"\" description \"\" flags=0/3ff n=1");
    recorder_hears(r, "1 entered #verona");
    hears_outcome(r, 1, "ok");
    cr_assert_eq(recorder_join(r, 2, "#verona", "Julia", NULL), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 occupant #verona Julia none participant online id=juliet"));
    cr_expect(recorder_heard(r, "2 occupant #verona romeo owner moderator online id=romeo"));
    recorder_forget(r);
    cr_assert_eq(recorder_leave(r, 2, "#verona", "good night"), SJ_OK);
    recorder_hears(r, "2 left #verona left: good night");
    hears_outcome(r, 2, "ok");
    recorder_hears(r, "1 gone #verona Julia left: good night");
    cr_assert_eq(recorder_leave(r, 1, "#verona", NULL), SJ_OK);
    recorder_hears(r, "1 left #verona left");
    hears_outcome(r, 1, "ok");
    cr_expect_null(loopback_room_find(recorder_net(r), "#verona"));
    cr_assert_eq(recorder_leave(r, 1, "#verona", NULL), SJ_OK);
    hears_outcome(r, 1, "ok");
    recorder_free(&r);
}

Test(loopback_room, refuses_who_may_not_come_in)
{
    static const struct {
        const char *room, *password, *outcome;
    } rows[] = {
        {"#members", NULL, "not registered"},
        {"#registered", NULL, "not registered"},
        {"#locked", NULL, "credentials refused"},
        {"#locked", "Sesame", "credentials refused"},
        {"#banned", NULL, "not permitted"},
        {"#full", NULL, "limit reached"},
        {"#void", NULL, "not found"},
        {"#private", NULL, "not permitted to anybody"},
    };
    struct recorder *r = start();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_assert_eq(recorder_join(r, 1, rows[i].room, "Romeo", rows[i].password), SJ_OK);
        hears_outcome(r, 1, rows[i].outcome);
    }
    cr_expect_eq(recorder_join(r, 1, "romeo", NULL, NULL), SJ_INVALID);
    cr_expect_eq(recorder_join(r, 1, "#Lobby", NULL, NULL), SJ_INVALID);
    cr_expect_eq(recorder_join(r, 1, "#", NULL, NULL), SJ_INVALID);
    cr_assert_eq(recorder_join(r, 1, "#lobby", "  ", NULL), SJ_OK);
    hears_outcome(r, 1, "not acceptable");
    cr_assert_eq(recorder_join(r, 1, "#lobby", "echo", NULL), SJ_OK);
    hears_outcome(r, 1, "exists already");
    recorder_hears_nothing(r);
    cr_assert_eq(recorder_join(r, 1, "#locked", NULL, "sesame"), SJ_OK);
    cr_assert_eq(recorder_join(r, 2, "#registered", NULL, NULL), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 entered #locked"));
    cr_expect(recorder_heard(r, "2 entered #registered"));
    recorder_free(&r);
}

Test(loopback_room, shortens_and_locks_nicks)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_join(r, 1, "#names", "Somebody", NULL), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 occupant #names romeo self none participant online id=romeo"));
    recorder_forget(r);
    cr_assert_eq(recorder_nick(r, 1, "#names", "Somebody"), SJ_OK);
    hears_outcome(r, 1, "not acceptable");
    cr_assert_eq(recorder_join(r, 1, "#verona", "  0123456789012345678901234567890123456789"
                                                "012345678901234567890123\xc3\xa9", NULL), SJ_OK);
    recorder_hears(r, "1 occupant #verona 0123456789012345678901234567890123456789"
                      "012345678901234567890123 self owner moderator online id=romeo");
    recorder_free(&r);
}

Test(loopback_room, that_never_answers_can_be_given_up)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_join(r, 1, "#slow", NULL, NULL), SJ_OK);
    recorder_hears_nothing(r);
    cr_assert_eq(recorder_leave(r, 1, "#slow", NULL), SJ_OK);
    recorder_hears(r, "1 op 1 canceled");
    recorder_hears(r, "1 op 2 ok");
    cr_assert_eq(recorder_join(r, 1, "#slow", NULL, NULL), SJ_OK);
    recorder_disconnect(r, 1);
    recorder_hears(r, "1 op 3 no live link");
    recorder_hears(r, "1 down asked");
    recorder_free(&r);
}

Test(loopback_room, hides_who_is_who_from_all_but_moderators)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_join(r, 1, "#anonymous", "Mask", NULL), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 occupant #anonymous echo none participant online account=echo "
                                "(bot)"));
    cr_expect(recorder_heard(r, "1 occupant #anonymous Mask self none participant online "
                                "id=romeo"));
    recorder_free(&r);
}

Test(loopback_room, of_many_thousands_is_told_in_pieces)
{
    struct recorder *r = recorder_new(&loopback_backend, "big-room=7000", NULL, NULL);
    recorder_log_in(r, 1, "username=romeo");
    recorder_log_in(r, 2, "username=juliet");
    recorder_forget(r);
    cr_assert_eq(recorder_join(r, 1, "#big", NULL, NULL), SJ_OK);
    cr_assert_eq(recorder_send(r, 2, "echo", "hello"), SJ_OK);
    for (int i = 0; i < 200; i++)
        recorder_settle(r);
    cr_expect(recorder_heard(r, "1 entered #big"));
    cr_expect(recorder_heard(r, "1 occupant #big guest6999 none participant online"));
    cr_expect(recorder_heard(r, "2 message echo hello"));
    cr_expect_eq(recorder_heard_count(r), 7001 + 3 + 2);
    recorder_free(&r);
}

/* --- in the room -------------------------------------------------------------------------- */

Test(loopback_room, says_everything_in_one_order)
{
    struct recorder *r = start_together();
    cr_assert_eq(recorder_say(r, 1, "#verona", "hello"), SJ_OK);
    recorder_hears(r, "1 echo 3 #verona/romeo hello");
    recorder_hears(r, "1 op 3 ok");
    recorder_hears(r, "2 message #verona/romeo hello");
    recorder_hear_all(r);
    const struct sj_message m = {.peer = "#verona", .in_room = true, .body = "hallo",
                                 .action = true, .replaces = "1001#verona",
                                 .reply_to = "1001#verona"};
    cr_assert_eq(recorder_send_message(r, 1, &m), SJ_OK);
    recorder_hears(r, "1 id 4 1002#verona");
    recorder_hears(r, "1 echo 4 #verona/romeo hallo "
                      "[id=1002#verona replaces=1001#verona reply=1001#verona]");
    recorder_hears(r, "1 op 4 ok");
    recorder_hears(r, "2 action #verona/romeo hallo "
                      "[id=1002#verona replaces=1001#verona reply=1001#verona]");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

Test(loopback_room, whispers_to_one_alone)
{
    struct recorder *r = start_together();
    recorder_log_in(r, 3, "username=mercutio");
    cr_assert_eq(recorder_join(r, 3, "#verona", NULL, NULL), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    cr_assert_eq(recorder_whisper(r, 1, "#verona", "Julia", "psst"), SJ_OK);
    hears_outcome(r, 1, "ok");
    recorder_hears(r, "2 whisper #verona/romeo psst");
    const struct sj_mark rose = {.kind = SJ_MARK_RETRACTED, .peer = "#verona", .in_room = true,
                                 .target = "1001#verona"};
    cr_assert_eq(recorder_mark(r, 1, &rose), SJ_OK);
    recorder_hears(r, "2 retracted #verona/romeo 1001#verona");
    hears_outcome(r, 1, "ok");
    cr_assert_eq(recorder_whisper(r, 1, "#verona", "Nobody", "psst"), SJ_OK);
    hears_outcome(r, 1, "not found");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

Test(loopback_room, judges_who_says_what)
{
    struct recorder *r = start_together();
    cr_assert_eq(recorder_say(r, 1, "#lobby", "hello"), SJ_OK);
    hears_outcome(r, 1, "not acceptable");
    cr_assert_eq(recorder_say(r, 1, "#nowhere", "hello"), SJ_OK);
    hears_outcome(r, 1, "not found");
    cr_assert_eq(recorder_join(r, 1, "#moderated", NULL, NULL), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 occupant #moderated romeo self none visitor online id=romeo"));
    recorder_forget(r);
    cr_assert_eq(recorder_say(r, 1, "#moderated", "hello"), SJ_OK);
    hears_outcome(r, 1, "not permitted");
    cr_assert_eq(recorder_subject(r, 1, "#moderated", "mine"), SJ_OK);
    hears_outcome(r, 1, "not permitted");
    cr_assert_eq(recorder_say(r, 1, "#verona", "hello"), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    struct sj_message m = {.peer = "#verona", .in_room = true, .body = "x",
                           .replaces = "1001#verona"};
    cr_assert_eq(recorder_send_message(r, 2, &m), SJ_OK);
    hears_outcome(r, 2, "not permitted");
    m.replaces = "1#verona";
    cr_assert_eq(recorder_send_message(r, 2, &m), SJ_OK);
    hears_outcome(r, 2, "not found");
    m.replaces = NULL;
    m.reply_to = "1001#lobby";
    cr_assert_eq(recorder_send_message(r, 2, &m), SJ_OK);
    hears_outcome(r, 2, "not found");
    struct sj_mark mark = {.kind = SJ_MARK_RETRACTED, .peer = "#verona", .target = "1001#verona"};
    cr_assert_eq(recorder_mark(r, 2, &mark), SJ_OK);
    hears_outcome(r, 2, "not permitted");
    mark.target = "1001-romeo";
    cr_assert_eq(recorder_mark(r, 2, &mark), SJ_OK);
    hears_outcome(r, 2, "not found");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

Test(loopback_room, tells_the_others_of_marks_and_typing)
{
    static const char *const set[] = {"\xf0\x9f\x8c\xb9"};
    struct recorder *r = start_together();
    const struct sj_mark rose = {.kind = SJ_MARK_REACTIONS, .peer = "#verona", .in_room = true,
                                 .target = "1001#verona", .reactions = set, .n_reactions = 1};
    cr_assert_eq(recorder_mark(r, 2, &rose), SJ_OK);
    recorder_hears(r, "1 reactions #verona/Julia 1001#verona \xf0\x9f\x8c\xb9");
    hears_outcome(r, 2, "ok");
    loopback_backend.set_typing(recorder_link(r, 2), "#verona", SJ_TYPING_ACTIVE);
    loopback_backend.set_typing(recorder_link(r, 2), "#lobby", SJ_TYPING_ACTIVE);
    recorder_hears(r, "1 typing #verona Julia active");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

Test(loopback_room, changes_nicks_subjects_and_presence)
{
    struct recorder *r = start_together();
    cr_assert_eq(recorder_nick(r, 2, "#verona", "Giulietta"), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 rename #verona Julia Giulietta"));
    cr_expect(recorder_heard(r, "2 rename #verona Julia Giulietta"));
    recorder_forget(r);
    cr_assert_eq(recorder_nick(r, 2, "#verona", "romeo"), SJ_OK);
    hears_outcome(r, 2, "exists already");
    cr_assert_eq(recorder_subject(r, 2, "#verona", "love"), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 subject #verona Giulietta: love"));
    cr_expect(recorder_heard(r, "2 subject #verona Giulietta: love"));
    recorder_forget(r);
    cr_assert_eq(recorder_show(r, 1, SJ_SHOW_AWAY, "exiled"), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "2 occupant #verona romeo owner moderator away id=romeo: "
                                "exiled"));
    recorder_disconnect(r, 1);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "2 gone #verona romeo left: leaving"));
    recorder_free(&r);
}

Test(loopback_room, remembers_what_was_said)
{
    struct recorder *r = start();
    recorder_net(r)->message = 0;
    cr_assert_eq(recorder_join(r, 1, "#verona", NULL, NULL), SJ_OK);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(recorder_say(r, 1, "#verona", i % 2 ? "odd" : "even"), SJ_OK);
    cr_assert_eq(recorder_whisper(r, 1, "#verona", "romeo", "psst"), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    cr_assert_eq(recorder_history(r, 1, "#verona", NULL, NULL, 2), SJ_OK);
    recorder_hears(r, "1 past 7 romeo even [id=3#verona]");
    recorder_hears(r, "1 past 7 romeo odd [id=4#verona]");
    hears_outcome(r, 1, "ok");
    cr_assert_eq(recorder_history(r, 1, "#verona", "3#verona", NULL, 1), SJ_OK);
    recorder_hears(r, "1 past 8 romeo odd [id=2#verona]");
    hears_outcome(r, 1, "ok");
    cr_assert_eq(recorder_history(r, 1, "#verona", "4#verona", "2#verona", 9), SJ_OK);
    recorder_hears(r, "1 past 9 romeo even [id=3#verona]");
    hears_outcome(r, 1, "ok");
    const struct sj_mark gone = {.kind = SJ_MARK_RETRACTED, .peer = "#verona",
                                 .target = "4#verona"};
    cr_assert_eq(recorder_mark(r, 1, &gone), SJ_OK);
    hears_outcome(r, 1, "ok");
    cr_assert_eq(recorder_history(r, 1, "#verona", NULL, "3#verona", 9), SJ_OK);
    hears_outcome(r, 1, "ok");
    cr_expect_eq(recorder_history(r, 1, "#verona", "x", NULL, 9), SJ_NOTFOUND);
    cr_assert_eq(recorder_history(r, 2, "#verona", NULL, NULL, 9), SJ_OK);
    hears_outcome(r, 2, "not acceptable");
    recorder_hears_nothing(r);
    recorder_forget(r);
    cr_assert_eq(recorder_history(r, 2, "#archive", NULL, NULL, 100), SJ_OK);
    recorder_settle(r);
    cr_expect_eq(recorder_heard_count(r), 50 + 1);
    recorder_free(&r);
}

Test(loopback_room, forgets_the_oldest_when_much_is_said)
{
    struct recorder *r = start();
    char big[60001];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    cr_assert_eq(recorder_join(r, 1, "#verona", NULL, NULL), SJ_OK);
    const struct loopback_room *room = loopback_room_find(recorder_net(r), "#verona");
    for (unsigned i = 0; i < LOOPBACK_HISTORY_MAX + 5; i++) {
        cr_assert_eq(recorder_say(r, 1, "#verona", "x"), SJ_OK);
        recorder_settle(r);
    }
    cr_expect_eq(room->n_history, LOOPBACK_HISTORY_MAX);
    struct sj_message m = {.peer = "#verona", .in_room = true, .body = big};
    struct sj_error err = {.status = SJ_OK};
    for (int i = 0; i < 4; i++)
        cr_assert_eq(loopback_backend.send_message(recorder_link(r, 1), &m, 0, &err), SJ_OK);
    cr_expect_leq(room->history_bytes, LOOPBACK_HISTORY_BYTES);
    cr_expect_leq(room->n_history, 3);
    recorder_free(&r);
}

/* --- power -------------------------------------------------------------------------------- */

Test(loopback_room, moderators_kick_and_give_voice)
{
    struct recorder *r = start_together();
    changes(r, 2, (struct sj_room_change){.kind = SJ_CHANGE_KICK, .nick = "romeo"},
            "not permitted");
    changes(r, 1, (struct sj_room_change){.kind = SJ_CHANGE_KICK, .nick = "nobody"}, "not found");
    changes(r, 1, (struct sj_room_change){.kind = SJ_CHANGE_ROLE, .nick = "Julia",
                                          .role = SJ_ROLE_VISITOR}, NULL);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "2 occupant #verona Julia self none visitor online id=juliet"));
    recorder_forget(r);
    cr_assert_eq(recorder_say(r, 2, "#verona", "hello"), SJ_OK);
    hears_outcome(r, 2, "not permitted");
    changes(r, 1, (struct sj_room_change){.kind = SJ_CHANGE_KICK, .nick = "Julia",
                                          .text = "enough"}, NULL);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "2 left #verona kicked by romeo: enough"));
    cr_expect(recorder_heard(r, "1 gone #verona Julia kicked by romeo: enough"));
    recorder_free(&r);
}

Test(loopback_room, admins_ban_by_name_and_by_pattern)
{
    struct recorder *r = start_together();
    changes(r, 1, (struct sj_room_change){.kind = SJ_CHANGE_AFFILIATION, .nick = "jul*",
                                          .affiliation = SJ_AFFILIATION_OUTCAST,
                                          .text = "out"}, NULL);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "2 left #verona banned by romeo: out"));
    cr_expect(recorder_heard(r, "1 gone #verona Julia banned by romeo: out"));
    recorder_forget(r);
    cr_assert_eq(recorder_join(r, 2, "#verona", NULL, NULL), SJ_OK);
    hears_outcome(r, 2, "not permitted");
    changes(r, 1, (struct sj_room_change){.kind = SJ_CHANGE_AFFILIATION, .id = "juliet",
                                          .affiliation = SJ_AFFILIATION_MEMBER}, "ok");
    cr_assert_eq(recorder_affiliates(r, 1, "#verona", SJ_AFFILIATION_OUTCAST), SJ_OK);
    recorder_hears(r, "1 affiliate 6 jul* outcast: out");
    hears_outcome(r, 1, "ok");
    cr_assert_eq(recorder_affiliates(r, 1, "#verona", SJ_AFFILIATION_OWNER), SJ_OK);
    recorder_hears(r, "1 affiliate 7 romeo romeo owner");
    hears_outcome(r, 1, "ok");
    cr_assert_eq(recorder_join(r, 2, "#verona", NULL, NULL), SJ_OK);     /* by name counts more */
    recorder_settle(r);
    cr_expect(recorder_heard(r, "2 entered #verona"));
    recorder_forget(r);
    cr_assert_eq(recorder_affiliates(r, 2, "#verona", SJ_AFFILIATION_OUTCAST), SJ_OK);
    hears_outcome(r, 2, "not permitted");
    changes(r, 1, (struct sj_room_change){.kind = SJ_CHANGE_AFFILIATION, .id = "romeo",
                                          .affiliation = SJ_AFFILIATION_OUTCAST},
            "exists already");
    changes(r, 1, (struct sj_room_change){.kind = SJ_CHANGE_AFFILIATION, .id = "romeo",
                                          .affiliation = SJ_AFFILIATION_NONE}, "exists already");
    recorder_free(&r);
}

Test(loopback_room, changes_come_all_or_none)
{
    struct recorder *r = start_together();
    const struct sj_room_change both[] = {
        {.kind = SJ_CHANGE_AFFILIATION, .id = "juliet", .affiliation = SJ_AFFILIATION_OWNER},
        {.kind = SJ_CHANGE_KICK, .nick = "nobody"},
    };
    cr_assert_eq(recorder_change(r, 1, "#verona", both, 2), SJ_OK);
    hears_outcome(r, 1, "not found");
    recorder_hears_nothing(r);
    cr_assert_eq(recorder_change(r, 1, "#verona", both, 1), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "2 occupant #verona Julia self owner moderator online "
                                "id=juliet"));
    recorder_forget(r);
    const struct sj_room_change swap[] = {          /* now somebody is left to own it */
        {.kind = SJ_CHANGE_AFFILIATION, .id = "romeo", .affiliation = SJ_AFFILIATION_ADMIN},
    };
    cr_assert_eq(recorder_change(r, 1, "#verona", swap, 1), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "2 occupant #verona romeo admin moderator online id=romeo"));
    recorder_forget(r);
    changes(r, 1, (struct sj_room_change){.kind = SJ_CHANGE_AFFILIATION, .id = "juliet",
                                          .affiliation = SJ_AFFILIATION_NONE},
            "not permitted to anybody");
    changes(r, 1, (struct sj_room_change){.kind = SJ_CHANGE_NAME, .text = "Mantua"},
            "not permitted");
    recorder_free(&r);
}

Test(loopback_room, owners_give_it_other_addresses)
{
    struct recorder *r = start_together();
    static const char *const two[] = {"#City", "#town"}, *const bad[] = {"#town", "no room"},
                      *const twice[] = {"#city", "#CITY"}, *const lobby[] = {"#lobby"};
    changes(r, 1, (struct sj_room_change){.kind = SJ_CHANGE_ALIASES, .aliases = two,
                                          .n_aliases = 2}, NULL);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 room #verona name \"\" description \"\" flags=0/3ff n=2 "
                                "alias=#city alias=#town"));
    recorder_forget(r);
    cr_assert_eq(recorder_join(r, 2, "#city", NULL, NULL), SJ_OK);
    hears_outcome(r, 2, "not permitted to anybody");
    changes(r, 1, (struct sj_room_change){.kind = SJ_CHANGE_ALIASES, .aliases = bad,
                                          .n_aliases = 2}, "not acceptable");
    changes(r, 1, (struct sj_room_change){.kind = SJ_CHANGE_ALIASES, .aliases = twice,
                                          .n_aliases = 2}, "not acceptable");
    changes(r, 1, (struct sj_room_change){.kind = SJ_CHANGE_ALIASES, .aliases = lobby,
                                          .n_aliases = 1}, "exists already");
    changes(r, 2, (struct sj_room_change){.kind = SJ_CHANGE_ALIASES, .aliases = two},
            "not permitted");
    cr_assert_eq(recorder_aliases(r, 1, "#verona"), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 room #verona name \"\" description \"\" flags=0/3ff n=2 "
                                "alias=#city alias=#town"));
    recorder_forget(r);
    changes(r, 1, (struct sj_room_change){.kind = SJ_CHANGE_ALIASES, .aliases = &two[1],
                                          .n_aliases = 1}, NULL);
    recorder_settle(r);
    recorder_forget(r);
    cr_assert_eq(recorder_join(r, 2, "#city", NULL, NULL), SJ_OK);       /* free again */
    recorder_settle(r);
    cr_expect(recorder_heard(r, "2 entered #city"));
    recorder_free(&r);
}

Test(loopback_room, owners_configure_it)
{
    struct recorder *r = start_together();
    const struct sj_room_change c[] = {
        {.kind = SJ_CHANGE_NAME, .text = "Verona"},
        {.kind = SJ_CHANGE_DESCRIPTION, .text = "A city"},
        {.kind = SJ_CHANGE_PASSWORD, .text = "balcony"},
        {.kind = SJ_CHANGE_FLAGS, .flags = SJ_ROOM_MEMBERS_ONLY | SJ_ROOM_PASSWORD,
         .known = SJ_ROOM_MEMBERS_ONLY | SJ_ROOM_PASSWORD | SJ_ROOM_SECRET},
        {.kind = SJ_CHANGE_OCCUPANTS_MAX, .number = 10},
    };
    cr_assert_eq(recorder_change(r, 1, "#verona", c, sizeof c / sizeof c[0]), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "2 left #verona removed: this room is for members only now"));
    cr_expect(recorder_heard(r, "1 room #verona name \"Verona\" description \"A city\" "
                                "flags=a/3ff n=1 max=10"));
    recorder_forget(r);
    changes(r, 1, (struct sj_room_change){.kind = SJ_CHANGE_FLAGS, .flags = SJ_ROOM_ENCRYPTED,
                                          .known = SJ_ROOM_ENCRYPTED}, "not acceptable");
    cr_assert_eq(recorder_invite(r, 1, "#verona", "juliet", "come"), SJ_OK);
    recorder_hears(r, "2 invited #verona by romeo: come (balcony)");
    hears_outcome(r, 1, "ok");
    cr_assert_eq(recorder_join(r, 2, "#verona", NULL, "balcony"), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "2 occupant #verona juliet self member participant online "
                                "id=juliet"));
    recorder_free(&r);
}

Test(loopback_room, is_closed_by_its_owner)
{
    struct recorder *r = start_together();
    cr_assert_eq(recorder_destroy(r, 2, "#verona", "no"), SJ_OK);
    hears_outcome(r, 2, "not permitted");
    cr_assert_eq(recorder_destroy(r, 1, "#verona", "exile"), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 left #verona closed: exile"));
    cr_expect(recorder_heard(r, "2 left #verona closed: exile"));
    cr_expect_null(loopback_room_find(recorder_net(r), "#verona"));
    recorder_free(&r);
}

Test(loopback_room, invites_residents_and_users)
{
    struct recorder *r = start_together();
    cr_assert_eq(recorder_invite(r, 1, "#verona", "parrot", NULL), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "2 occupant #verona parrot none participant online id=parrot"));
    recorder_forget(r);
    cr_assert_eq(recorder_invite(r, 1, "#verona", "refuser", NULL), SJ_OK);
    hears_outcome(r, 1, "not permitted");
    cr_assert_eq(recorder_invite(r, 1, "#verona", "tybalt", NULL), SJ_OK);
    hears_outcome(r, 1, "not found");
    cr_assert_eq(recorder_invite(r, 1, "#verona", "juliet", NULL), SJ_OK);
    hears_outcome(r, 1, "exists already");
    cr_assert_eq(recorder_invite(r, 1, "#lobby", "juliet", NULL), SJ_OK);
    hears_outcome(r, 1, "not acceptable");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

/* --- from outside ------------------------------------------------------------------------- */

Test(loopback_room, is_looked_at_and_listed)
{
    struct recorder *r = start_together();
    cr_assert_eq(recorder_look(r, 1, "#secret"), SJ_OK);
    recorder_hears(r, "1 room #secret name \"Secret\" description \"In no list\" flags=21/3ff n=1");
    hears_outcome(r, 1, "ok");
    cr_assert_eq(recorder_look(r, 1, "#nowhere"), SJ_OK);
    hears_outcome(r, 1, "not found");
    cr_assert_eq(recorder_list(r, 1, "COME IN", 2), SJ_OK);
    recorder_hears(r, "1 listed 5 #banned name \"Banned\" description \"Nobody may come in\" "
                      "flags=20/3ff n=1");
    recorder_hears(r, "1 listed 5 #lobby name \"Lobby\" description \"Everybody may come in\" "
                      "flags=20/3ff n=2");
    hears_outcome(r, 1, "ok");
    cr_assert_eq(recorder_list(r, 1, "", 1000), SJ_OK);
    recorder_settle(r);
    cr_expect_eq(recorder_heard_count(r), 23);
    recorder_free(&r);
}

Test(loopback_room, that_is_plain_says_so)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_join(r, 1, "#plain", NULL, NULL), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    cr_assert_eq(recorder_nick(r, 1, "#plain", "x"), SJ_OK);
    hears_outcome(r, 1, "not supported");
    cr_assert_eq(recorder_subject(r, 1, "#plain", "x"), SJ_OK);
    hears_outcome(r, 1, "not supported");
    cr_assert_eq(recorder_affiliates(r, 1, "#plain", SJ_AFFILIATION_OWNER), SJ_OK);
    hears_outcome(r, 1, "not supported");
    cr_assert_eq(recorder_history(r, 1, "#plain", NULL, NULL, 10), SJ_OK);
    hears_outcome(r, 1, "not supported");
    recorder_free(&r);
}

/* --- logins ------------------------------------------------------------------------------- */

Test(loopback_room, of_the_club_outlasts_the_login)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_join(r, 1, "#club", NULL, NULL), SJ_OK);
    cr_assert_eq(recorder_join(r, 2, "#club", NULL, NULL), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    recorder_disconnect(r, 1);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "2 occupant #club romeo member participant xa id=romeo"));
    recorder_free_link(r, 1);
    recorder_make(r, 1, "username=romeo");
    cr_assert_eq(recorder_connect(r, 1), SJ_OK);
    recorder_wait_for_login(r, 1);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 entered #club"));
    cr_expect(recorder_heard(r, "2 occupant #club romeo member participant online id=romeo"));
    recorder_forget(r);
    cr_assert_eq(recorder_leave(r, 1, "#club", NULL), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "2 gone #club romeo left"));
    recorder_free(&r);
}

/* A link that goes without a word leaves nobody behind. */
Test(loopback_room, has_no_ghosts)
{
    struct recorder *r = start_together();
    recorder_free_link(r, 1);
    recorder_hears(r, "2 gone #verona romeo lost");
    recorder_free_link(r, 2);
    cr_expect_null(loopback_room_find(recorder_net(r), "#verona"));
    recorder_free(&r);
}

/* --- limits ------------------------------------------------------------------------------- */

Test(loopback_room, there_are_not_too_many_of)
{
    struct recorder *r = start();
    char room[16];
    unsigned made = 0;
    for (unsigned i = 0; i < LOOPBACK_ROOMS_MAX; i++) {
        snprintf(room, sizeof room, "#r%u", i);
        cr_assert_eq(recorder_join(r, 1, room, NULL, NULL), SJ_OK);
        recorder_settle(r);
        made += loopback_room_find(recorder_net(r), room) != NULL;
    }
    cr_expect_eq(made, LOOPBACK_ROOMS_MAX - 16);
    cr_expect(recorder_heard(r, "1 op 200 not permitted to anybody"));
    recorder_free(&r);
}

/* Who does not listen does not let others down: they are refused, and it hears all it was owed. */
Test(loopback_room, a_slow_reader_stops_the_others)
{
    struct recorder *r = recorder_new(&loopback_backend, "latency=1s", NULL, NULL);
    recorder_log_in(r, 1, "username=romeo");
    recorder_log_in(r, 2, "username=juliet");
    cr_assert_eq(recorder_join(r, 1, "#verona", NULL, NULL), SJ_OK);
    cr_assert_eq(recorder_join(r, 2, "#verona", NULL, NULL), SJ_OK);
    recorder_advance(r, 3000);
    recorder_forget(r);
    struct sj_error err = {.status = SJ_OK};
    const struct sj_message m = {.peer = "#verona", .in_room = true, .body = "x"};
    for (unsigned i = 0; i < LOOPBACK_MESSAGES_MAX; i++)
        cr_assert_eq(loopback_backend.send_message(recorder_link(r, 1), &m, 0, &err), SJ_OK);
    cr_assert_eq(recorder_say(r, 1, "#verona", "once more"), SJ_OK);
    recorder_advance(r, 3000);
    cr_expect(recorder_heard(r, "1 op 3 limit reached"));
    recorder_forget(r);
    for (unsigned i = 0; i < LOOPBACK_TOLD_MAX + 10; i++)
        (void)loopback_backend.rooms->set_subject(recorder_link(r, 1), "#verona", "x", 0, &err);
    const struct loopback_link *juliet = loopback_link_of(recorder_link(r, 2));
    cr_expect_eq(juliet->n_told, LOOPBACK_TOLD_MAX);
    for (unsigned n = 1; n <= 2; n++) {
        recorder_disconnect(r, n);
        recorder_free_link(r, n);
    }
    recorder_free(&r);
}

/* What the gateway would never pass down is refused all the same. */
Test(loopback_room, refuses_what_nobody_should_say)
{
    struct recorder *r = start_together();
    char big[SJ_SUBJECT_MAX + 2];
    struct sj_room_change many[SJ_ROOM_CHANGES_MAX + 1] = {{.kind = SJ_CHANGE_KICK}};
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    cr_expect_eq(recorder_subject(r, 1, "#verona", big), SJ_UNACCEPTABLE);
    cr_expect_eq(recorder_subject(r, 1, "#verona", "\xff"), SJ_UNACCEPTABLE);
    cr_expect_eq(recorder_leave(r, 1, "#verona", big), SJ_UNACCEPTABLE);
    cr_expect_eq(recorder_invite(r, 1, "#verona", "juliet", big), SJ_UNACCEPTABLE);
    cr_expect_eq(recorder_invite(r, 1, "#verona", "Juliet", NULL), SJ_INVALID);
    cr_expect_eq(recorder_destroy(r, 1, "#verona", big), SJ_UNACCEPTABLE);
    cr_expect_eq(recorder_change(r, 1, "#verona", many, SJ_ROOM_CHANGES_MAX + 1), SJ_LIMIT);
    struct sj_room_change c = {.kind = SJ_CHANGE_NAME, .text = big};
    cr_expect_eq(recorder_change(r, 1, "#verona", &c, 1), SJ_UNACCEPTABLE);
    cr_expect_eq(recorder_say(r, 1, "#Verona", "x"), SJ_INVALID);
    cr_expect_eq(recorder_say(r, 1, "#", "x"), SJ_INVALID);
    cr_expect_eq(recorder_say(r, 1, "#verona", ""), SJ_INVALID);
    changes(r, 1, (struct sj_room_change){.kind = SJ_CHANGE_AFFILIATION, .nick = "a b",
                                          .affiliation = SJ_AFFILIATION_OUTCAST}, "not found");
    changes(r, 1, (struct sj_room_change){.kind = SJ_CHANGE_AFFILIATION, .nick = "a*",
                                          .affiliation = SJ_AFFILIATION_OWNER}, "not found");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

/* A file for everybody: its bytes are asked for first, then it is a message like any other. */
Test(loopback_room, takes_files)
{
    struct recorder *r = start_together();
    const struct sj_file file = {.name = "poem.txt", .size = 4};
    const struct sj_message m = {.peer = "#verona", .in_room = true, .body = "read",
                                 .file = &file};
    cr_assert_eq(recorder_send_message(r, 1, &m), SJ_OK);
    recorder_hears(r, "1 wants 3 65536");
    recorder_give_file(r, 1, 3, "rose", 4);
    recorder_hears(r, "1 wants 3 65536");
    recorder_give_file(r, 1, 3, NULL, 0);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 echo 3 #verona/romeo read<poem.txt 4>"));
    cr_expect(recorder_heard(r, "2 message #verona/romeo read<poem.txt 4>"));
    cr_expect(recorder_heard(r, "1 op 3 ok"));
    recorder_forget(r);
    cr_assert_eq(recorder_read_file(r, 2), SJ_OK);
    recorder_hears(r, "2 chunk 4 4");
    recorder_free(&r);
}
