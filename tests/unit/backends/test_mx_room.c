/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms of several people: coming in, what happens there, what those who may can change. */
#include <criterion/criterion.h>

#include "mx_world.h"
#include "recorder_room.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

TestSuite(mx_room, .timeout = 60);

#define ROOM "!v:hs.test"
#define STATE(id, type, key, sender, content)                                             \
    "{\"type\":\"" type "\",\"event_id\":\"" id "\",\"state_key\":\"" key                    \
    "\",\"sender\":\"@" sender ":hs.test\",\"content\":" content "}"
#define MEMBER(id, who, sender, membership, more)                                         \
    STATE(id, "m.room.member", "@" who ":hs.test", sender,                                \
          "{\"membership\":\"" membership "\"" more "}")
#define TEXT(id, sender, body, more)                                                      \
    "{\"type\":\"m.room.message\",\"event_id\":\"" id "\",\"sender\":\"@" sender ":hs.test\"," \
    "\"content\":{\"msgtype\":\"m.text\",\"body\":\"" body "\"}" more "}"

static const char first[] =
    "{\"next_batch\":\"s1\",\"rooms\":{\"join\":{\"" ROOM "\":{"
    "\"summary\":{\"m.joined_member_count\":4,\"m.invited_member_count\":0},"
    "\"state\":{\"events\":["
    STATE("$c", "m.room.create", "", "juliet", "{}") ","
    STATE("$n", "m.room.name", "", "juliet", "{\"name\":\"Verona\"}") ","
    STATE("$t", "m.room.topic", "", "juliet", "{\"topic\":\"Two households\"}") ","
    STATE("$p", "m.room.power_levels", "", "juliet",
          "{\"users\":{\"@juliet:hs.test\":100,\"@nurse:hs.test\":50}}") "]},"
    "\"timeline\":{\"events\":[]}}}}}";

static const char members[] =
    "{\"chunk\":[" MEMBER("$1", "juliet", "juliet", "join", ",\"displayname\":\"Juliet\"") ","
    MEMBER("$2", "nurse", "nurse", "join", ",\"displayname\":\"Nurse\"") ","
    MEMBER("$3", "romeo", "romeo", "join", ",\"displayname\":\"Romeo\"") ","
    MEMBER("$4", "other", "other", "join", ",\"displayname\":\"Juliet\"") ","
    MEMBER("$5", "gone", "gone", "leave", "") ",7,null,{}]}";

static void open_room(struct mx_world *w)
{
    mx_world_open(w);
    fake_matrix_answer(w->server, "GET " MX_API "/rooms/%21v%3Ahs.test/members", 99, 200, "",
                       members);
    mx_world_log_in(w, first);
}

static void enter_room(struct mx_world *w)
{
    open_room(w);
    cr_assert_eq(recorder_join(w->r, 1, ROOM, "romeo", NULL), SJ_OK);
    recorder_wait_for_outcomes(w->r, 1);
    cr_assert(recorder_heard(w->r, "1 op 1 ok"));
    recorder_forget(w->r);
}

Test(mx_room, is_entered_in_one_piece_when_the_user_comes)
{
    struct mx_world w;
    open_room(&w);
    cr_expect_not(recorder_heard(w.r, "1 entered " ROOM), "nobody has asked yet");
    recorder_forget(w.r);
    cr_assert_eq(recorder_join(w.r, 1, ROOM, "romeo", NULL), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 occupant " ROOM " Juliet (@juliet:hs.test) owner moderator "
                                  "online "
                                  "id=juliet:hs.test picture="));
    cr_expect(recorder_heard(w.r, "1 occupant " ROOM " Nurse admin moderator online "
                                  "id=nurse:hs.test picture="));
    cr_expect(recorder_heard(w.r, "1 occupant " ROOM " Romeo self member participant online "
                                  "id=romeo:hs.test picture="));
    cr_expect(recorder_heard(w.r, "1 subject " ROOM ": Two households"));
    cr_expect(recorder_heard(w.r, "1 entered " ROOM));
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/join"), 0, "is in it already");
    mx_world_close(&w);
}

Test(mx_room, calls_two_people_of_one_name_differently)
{
    struct mx_world w;
    enter_room(&w);
    mx_world_say(&w, "s2", ROOM,
                 TEXT("$6", "juliet", "one", "") "," TEXT("$7", "other", "two", ""));
    cr_expect(recorder_heard(w.r, "1 message " ROOM "/Juliet (@juliet:hs.test) one"));
    cr_expect(recorder_heard(w.r, "1 message " ROOM "/Juliet (@other:hs.test) two"));
    mx_world_close(&w);
}

Test(mx_room, brings_what_is_said_and_the_users_own_words_once)
{
    struct mx_world w;
    enter_room(&w);
    cr_assert_eq(recorder_say(w.r, 1, ROOM, "hello"), SJ_OK);
    mx_world_asked(&w, "PUT " MX_API "/rooms/%21v%3Ahs.test/send/m.room.message/", 1);
    cr_expect_not(recorder_heard(w.r, "1 op 2 ok"), "not before the room has it");
    const char *put = fake_matrix_last(w.server, "PUT " MX_API "/rooms/");
    char *txn = sj_strndup(strstr(put, "/sj.") + 1, strcspn(strstr(put, "/sj.") + 1, "\n"));
    struct sj_strbuf events;
    sj_strbuf_init(&events, 4096);
    sj_strbuf_addf(&events, "%s,{\"type\":\"m.room.message\",\"event_id\":\"$own\",\"sender\":"
                   "\"@romeo:hs.test\",\"content\":{\"msgtype\":\"m.text\",\"body\":\"hello\"},"
                   "\"unsigned\":{\"transaction_id\":\"%s\"}},%s",
                   TEXT("$8", "nurse", "before", ""), txn, TEXT("$9", "nurse", "after", ""));
    mx_world_say(&w, "s2", ROOM, events.s);
    recorder_hears(w.r, "1 message " ROOM "/Nurse before");
    recorder_hears(w.r, "1 echo 2 " ROOM "/Romeo hello");
    cr_expect(recorder_heard(w.r, "1 message " ROOM "/Nurse after"));
    cr_expect(recorder_heard(w.r, "1 op 2 ok"));
    sj_strbuf_release(&events);
    sj_free(txn);
    mx_world_close(&w);
}

Test(mx_room, tells_the_users_words_that_the_server_does_not_repeat)
{
    struct mx_world w;
    enter_room(&w);
    cr_assert_eq(recorder_say(w.r, 1, ROOM, "hello"), SJ_OK);
    mx_world_asked(&w, "PUT " MX_API "/rooms/%21v%3Ahs.test/send/m.room.message/", 1);
    mx_world_sync(&w, "s2", "");
    mx_world_sync(&w, "s3", "");
    cr_expect(recorder_heard(w.r, "1 echo 2 " ROOM "/Romeo hello"));
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 op 2 ok"));
    mx_world_close(&w);
}

Test(mx_room, tells_who_comes_goes_and_is_renamed)
{
    struct mx_world w;
    enter_room(&w);
    mx_world_say(&w, "s2", ROOM,
                 MEMBER("$10", "paris", "paris", "join", ",\"displayname\":\"Paris\"") ","
                 MEMBER("$11", "paris", "paris", "join", ",\"displayname\":\"Count\"") ","
                 MEMBER("$12", "paris", "juliet", "leave", ",\"reason\":\"enough\"") ","
                 MEMBER("$13", "nurse", "nurse", "leave", "") ","
                 STATE("$14", "m.room.topic", "", "juliet", "{\"topic\":\"new\"}"));
    cr_expect(recorder_heard(w.r, "1 occupant " ROOM " Paris member participant online "
                                  "id=paris:hs.test picture="));
    cr_expect(recorder_heard(w.r, "1 rename " ROOM " Paris Count"));
    cr_expect(recorder_heard(w.r, "1 gone " ROOM " Nurse left"));
    mx_world_close(&w);
}

Test(mx_room, tells_that_the_user_was_kicked)
{
    struct mx_world w;
    enter_room(&w);
    mx_world_sync(&w, "s2", "\"rooms\":{\"leave\":{\"" ROOM "\":{\"timeline\":{\"events\":["
                  MEMBER("$15", "romeo", "nurse", "leave", ",\"reason\":\"out\"") "]}}}}");
    cr_expect(recorder_heard(w.r, "1 left " ROOM " kicked by Nurse: out"));
    cr_expect_neq(recorder_say(w.r, 1, ROOM, "hello"), SJ_OK);
    mx_world_close(&w);
}

Test(mx_room, joins_what_the_user_is_not_in)
{
    struct mx_world w;
    mx_world_open(&w);
    mx_world_log_in(&w, "{\"next_batch\":\"s1\"}");
    fake_matrix_answer(w.server, "GET " MX_API "/rooms/%21joined", 1, 200, "", members);
    cr_assert_eq(recorder_join(w.r, 1, "#verona:hs.test", "romeo", NULL), SJ_OK);
    mx_world_asked(&w, "POST " MX_API "/join/%23verona%3Ahs.test", 1);
    mx_world_sync(&w, "s2", "\"rooms\":{\"join\":{\"!joined:hs.test\":{}}}");
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 entered #verona:hs.test"), "by the name that the user gave");
    cr_expect(recorder_heard(w.r, "1 op 1 ok"));
    mx_world_close(&w);
}

Test(mx_room, makes_a_room_by_coming_in)
{
    struct mx_world w;
    mx_world_open(&w);
    mx_world_log_in(&w, "{\"next_batch\":\"s1\"}");
    fake_matrix_answer(w.server, "POST " MX_API "/join/", 2, 404, "",
                       "{\"errcode\":\"M_NOT_FOUND\",\"error\":\"No such room\"}");
    cr_assert_eq(recorder_join(w.r, 1, "#new:elsewhere.test", "romeo", NULL), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 op 1 not found"));
    cr_assert_eq(recorder_join(w.r, 1, "#new:hs.test", "romeo", NULL), SJ_OK);
    mx_world_asked(&w, "POST " MX_API "/createRoom", 1);
    mx_world_told(&w, "POST " MX_API "/createRoom", "\"room_alias_name\":\"new\"");
    mx_world_sync(&w, "s2", "\"rooms\":{\"join\":{\"!new:hs.test\":{}}}");
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 entered #new:hs.test"));
    mx_world_close(&w);
}

Test(mx_room, asks_for_what_moderators_do)
{
    static const struct {
        struct sj_room_change change;
        const char *request, *text;
    } rows[] = {
        {{.kind = SJ_CHANGE_KICK, .nick = "Nurse", .text = "why"},
         "POST " MX_API "/rooms/%21v%3Ahs.test/kick",
         "{\"user_id\":\"@nurse:hs.test\",\"reason\":\"why\"}"},
        {{.kind = SJ_CHANGE_AFFILIATION, .id = "paris:hs.test",
          .affiliation = SJ_AFFILIATION_OUTCAST},
         "POST " MX_API "/rooms/%21v%3Ahs.test/ban", "{\"user_id\":\"@paris:hs.test\"}"},
        {{.kind = SJ_CHANGE_ROLE, .nick = "Nurse", .role = SJ_ROLE_PARTICIPANT},
         "PUT " MX_API "/rooms/%21v%3Ahs.test/state/m.room.power_levels/",
         "\"@nurse:hs.test\":0"},
        {{.kind = SJ_CHANGE_NAME, .text = "Mantua"},
         "PUT " MX_API "/rooms/%21v%3Ahs.test/state/m.room.name/", "{\"name\":\"Mantua\"}"},
        {{.kind = SJ_CHANGE_FLAGS, .flags = SJ_ROOM_MEMBERS_ONLY, .known = SJ_ROOM_MEMBERS_ONLY},
         "PUT " MX_API "/rooms/%21v%3Ahs.test/state/m.room.join_rules/",
         "{\"join_rule\":\"invite\"}"},
    };
    struct mx_world w;
    enter_room(&w);
    fake_matrix_answer(w.server, "PUT " MX_API "/rooms/%21v%3Ahs.test/state", 99, 200, "",
                       "{\"event_id\":\"$x\"}");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_assert_eq(recorder_change(w.r, 1, ROOM, &rows[i].change, 1), SJ_OK, "row %zu", i);
        recorder_wait_for_outcomes(w.r, 1);
        mx_world_told(&w, rows[i].request, rows[i].text);
    }
    fake_matrix_answer(w.server, "POST " MX_API "/rooms/%21v%3Ahs.test/invite", 1, 403, "",
                       "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"No\"}");
    recorder_forget(w.r);
    cr_assert_eq(recorder_invite(w.r, 1, ROOM, "paris:hs.test", NULL), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 op 7 not permitted"));
    mx_world_close(&w);
}

#define ALIAS_STATE "GET " MX_API "/rooms/%21v%3Ahs.test/state/m.room.canonical_alias/"
#define ALIAS_LIST "GET " MX_API "/rooms/%21v%3Ahs.test/aliases"
#define ALIAS_AT "/directory/room/%23"

static void give_aliases(struct mx_world *w, const char *state, const char *list)
{
    fake_matrix_answer(w->server, ALIAS_STATE, 1, state ? 200 : 404, "",
                       state ? state : "{\"errcode\":\"M_NOT_FOUND\"}");
    fake_matrix_answer(w->server, ALIAS_LIST, 1, 200, "", list);
}

static void change_aliases(struct mx_world *w, const char *const *aliases, size_t n,
                           const char *outcome)
{
    struct sj_room_change c = {.kind = SJ_CHANGE_ALIASES, .aliases = aliases, .n_aliases = n};
    recorder_forget(w->r);
    cr_assert_eq(recorder_change(w->r, 1, ROOM, &c, 1), SJ_OK);
    recorder_wait_for_outcomes(w->r, 1);
    cr_expect(recorder_heard(w->r, outcome), "%s", outcome);
}

Test(mx_room, tells_the_addresses_published_ones_first)
{
    struct mx_world w;
    enter_room(&w);
    give_aliases(&w, "{\"alias\":\"#v:hs.test\",\"alt_aliases\":[\"#v:other.test\",7,\"x\","
                     "\"#a b:hs.test\",\"#v:hs.test\"]}",
                 "{\"aliases\":[\"#hidden:hs.test\",\"#v:hs.test\",{}]}");
    cr_assert_eq(recorder_aliases(w.r, 1, ROOM), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 op 2 ok"));
    cr_expect(recorder_heard(w.r, "1 room " ROOM " name \"Verona\" flags=230/3fe n=4 "
                                  "alias=#v:hs.test alias=#v:other.test alias=#hidden:hs.test"));
    fake_matrix_answer(w.server, ALIAS_STATE, 1, 403, "", "{\"errcode\":\"M_FORBIDDEN\"}");
    cr_assert_eq(recorder_aliases(w.r, 1, ROOM), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 op 3 not permitted"));
    mx_world_close(&w);
}

Test(mx_room, changes_the_addresses_by_what_differs)
{
    static const char *const wanted[] = {" piazza ", "#v:hs.test", "#v:other.test"};
    static const char *const same[] = {"#v:hs.test", "#hidden:hs.test"};
    struct mx_world w;
    enter_room(&w);
    mx_world_say(&w, "s2", ROOM,
                 "{\"type\":\"m.room.power_levels\",\"state_key\":\"\",\"event_id\":\"$pl\","
                 "\"sender\":\"@juliet:hs.test\",\"content\":{\"users\":{"
                 "\"@romeo:hs.test\":50}}}");
    fake_matrix_answer(w.server, "PUT " MX_API "/rooms/%21v%3Ahs.test/state", 9, 200, "",
                       "{\"event_id\":\"$x\"}");
    fake_matrix_answer(w.server, "PUT " MX_API ALIAS_AT, 9, 200, "", "{}");
    give_aliases(&w, "{\"alias\":\"#v:hs.test\"}",
                 "{\"aliases\":[\"#v:hs.test\",\"#hidden:hs.test\"]}");
    change_aliases(&w, same, 2, "1 op 2 ok");
    cr_expect_eq(fake_matrix_count(w.server, "PUT " MX_API ALIAS_AT), 0);
    give_aliases(&w, "{\"alias\":\"#v:hs.test\"}",
                 "{\"aliases\":[\"#v:hs.test\",\"#hidden:hs.test\"]}");
    fake_matrix_answer(w.server, "DELETE " MX_API ALIAS_AT, 1, 404, "",
                       "{\"errcode\":\"M_NOT_FOUND\"}");       /* gone already: so it shall be */
    change_aliases(&w, wanted, 3, "1 op 3 ok");
    mx_world_told(&w, "PUT " MX_API ALIAS_AT "piazza%3Ahs.test", "{\"room_id\":\"!v:hs.test\"}");
    mx_world_told(&w, "PUT " MX_API "/rooms/%21v%3Ahs.test/state/m.room.canonical_alias/",
                  "{\"alias\":\"#piazza:hs.test\",\"alt_aliases\":[\"#v:hs.test\","
                  "\"#v:other.test\"]}");
    cr_expect_eq(fake_matrix_count(w.server, "PUT " MX_API ALIAS_AT), 1, "not of other servers");
    cr_expect_eq(fake_matrix_count(w.server, "DELETE " MX_API ALIAS_AT "hidden%3Ahs.test"), 1);
    give_aliases(&w, "{\"alias\":\"#v:hs.test\"}", "{\"aliases\":[\"#v:hs.test\"]}");
    change_aliases(&w, NULL, 0, "1 op 4 ok");
    mx_world_told(&w, "PUT " MX_API "/rooms/%21v%3Ahs.test/state/m.room.canonical_alias/", "{}");
    mx_world_asked(&w, "DELETE " MX_API ALIAS_AT "v%3Ahs.test", 1);
    mx_world_close(&w);
}

Test(mx_room, stops_at_the_first_address_that_is_refused)
{
    static const char *const wanted[] = {"#taken:hs.test", "#free:hs.test"};
    static const char *const bad[] = {"#no room:hs.test"};
    struct mx_world w;
    enter_room(&w);
    struct sj_room_change c = {.kind = SJ_CHANGE_ALIASES, .aliases = bad, .n_aliases = 1};
    cr_expect_eq(recorder_change(w.r, 1, ROOM, &c, 1), SJ_UNACCEPTABLE);
    give_aliases(&w, NULL, "{\"aliases\":[]}");
    change_aliases(&w, wanted, 2, "1 op 3 not permitted");       /* needs 50, and nothing is done */
    cr_expect_eq(fake_matrix_count(w.server, "PUT " MX_API ALIAS_AT), 0);
    mx_world_say(&w, "s2", ROOM,
                 "{\"type\":\"m.room.power_levels\",\"state_key\":\"\",\"event_id\":\"$pl\","
                 "\"sender\":\"@juliet:hs.test\",\"content\":{\"users\":{"
                 "\"@romeo:hs.test\":50}}}");
    give_aliases(&w, NULL, "{\"aliases\":[]}");
    fake_matrix_answer(w.server, "PUT " MX_API ALIAS_AT "taken", 1, 409, "",
                       "{\"errcode\":\"M_UNKNOWN\",\"error\":\"Room alias already exists\"}");
    change_aliases(&w, wanted, 2, "1 op 4 exists already");
    cr_expect_eq(fake_matrix_count(w.server, "PUT " MX_API ALIAS_AT "free"), 0);
    mx_world_close(&w);
}

Test(mx_room, pays_for_addresses_when_the_link_ends)
{
    static const char *const wanted[] = {"#v:hs.test"};
    struct sj_room_change c = {.kind = SJ_CHANGE_ALIASES, .aliases = wanted, .n_aliases = 1};
    struct mx_world w;
    enter_room(&w);
    cr_assert_eq(recorder_aliases(w.r, 1, ROOM), SJ_OK);
    cr_assert_eq(recorder_change(w.r, 1, ROOM, &c, 1), SJ_OK);
    recorder_disconnect(w.r, 1);
    recorder_wait_for_down(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 op 2 no live link"));
    cr_expect(recorder_heard(w.r, "1 op 3 no live link"));
    mx_world_close(&w);
}

Test(mx_room, tells_the_past_oldest_first)
{
    struct mx_world w;
    enter_room(&w);
    fake_matrix_answer(w.server, "GET " MX_API "/rooms/%21v%3Ahs.test/context/%24m3", 1, 200, "",
                       "{\"start\":\"t3\"}");
    fake_matrix_answer(w.server, "GET " MX_API "/rooms/%21v%3Ahs.test/messages?dir=b", 1, 200, "",
                       "{\"chunk\":[" TEXT("$m2", "nurse", "second", ",\"origin_server_ts\":2000")
                       "," TEXT("$m1", "juliet", "first", ",\"origin_server_ts\":1000") ","
                       TEXT("$m0", "juliet", "known", ",\"origin_server_ts\":500") "]}");
    cr_assert_eq(recorder_history(w.r, 1, ROOM, "$m3", "$m0", 50), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    mx_world_told(&w, "GET " MX_API "/rooms/%21v%3Ahs.test/messages", "&from=t3");
    cr_expect(recorder_heard(w.r, "1 past 2 Nurse second [id=$m2]"));
    cr_expect_not(recorder_heard(w.r, "1 past 2 Juliet known [id=$m0]"));
    cr_expect(recorder_heard(w.r, "1 op 2 ok"));
    mx_world_close(&w);
}

Test(mx_room, lists_the_users_own_rooms_and_public_ones)
{
    struct mx_world w;
    open_room(&w);
    fake_matrix_answer(w.server, "POST " MX_API "/publicRooms", 1, 200, "",
                       "{\"chunk\":[{\"room_id\":\"!p:hs.test\",\"canonical_alias\":"
                       "\"#plaza:hs.test\",\"name\":\"Plaza\",\"num_joined_members\":7},5,{}]}");
    cr_assert_eq(recorder_list(w.r, 1, "", 50), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 listed 1 " ROOM " name \"Verona\" n=4"));
    cr_expect(recorder_heard(w.r, "1 op 1 ok"));
    mx_world_close(&w);
}

Test(mx_room, passes_invitations_on)
{
    struct mx_world w;
    open_room(&w);
    mx_world_sync(&w, "s2", "\"rooms\":{\"invite\":{\"!i:hs.test\":{\"invite_state\":{\"events\":["
                  MEMBER("$16", "romeo", "nurse", "invite", ",\"reason\":\"come\"") "]}}}}");
    cr_expect(recorder_heard(w.r, "1 invited !i:hs.test by nurse:hs.test: come"));
    cr_assert_eq(recorder_leave(w.r, 1, "!i:hs.test", NULL), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/rooms/%21i%3Ahs.test/leave"), 1,
                 "refused by leaving");
    mx_world_close(&w);
}

Test(mx_room, pays_what_is_owed_when_the_link_ends)
{
    struct mx_world w;
    mx_world_open(&w);
    mx_world_log_in(&w, "{\"next_batch\":\"s1\"}");
    cr_assert_eq(recorder_join(w.r, 1, "#verona:hs.test", "romeo", NULL), SJ_OK);
    mx_world_asked(&w, "POST " MX_API "/join/%23verona%3Ahs.test", 1);
    cr_assert_eq(recorder_list(w.r, 1, "", 50), SJ_OK);
    recorder_disconnect(w.r, 1);
    recorder_wait_for_down(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 op 1 no live link"));
    cr_expect(recorder_heard(w.r, "1 op 2 no live link"));
    mx_world_close(&w);
}
