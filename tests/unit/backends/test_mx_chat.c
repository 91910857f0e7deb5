/* SPDX-License-Identifier: MPL-2.0 */
/* Chats with people: contacts, messages both ways, invitations. */
#include <criterion/criterion.h>

#include "mx_world.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

TestSuite(mx_chat, .timeout = 60);

#define TEXT(id, sender, body)                                                           \
    "{\"type\":\"m.room.message\",\"event_id\":\"" id "\",\"sender\":\"@" sender ":hs.test\"," \
    "\"content\":{\"msgtype\":\"m.text\",\"body\":\"" body "\"}}"

static void open_chat(struct mx_world *w)
{
    mx_world_open(w);
    mx_world_log_in(w, mx_first_chat());
}

Test(mx_chat, tells_who_there_is_and_nothing_old)
{
    struct mx_world w;
    open_chat(&w);
    cr_expect(recorder_heard(w.r, "1 contact juliet:hs.test away Juliet: on the balcony"));
    cr_expect(recorder_heard(w.r, "1 listed"));
    cr_expect_not(recorder_heard(w.r, "1 message juliet:hs.test from long ago"));
    mx_world_close(&w);
}

Test(mx_chat, brings_what_was_said_once)
{
    struct mx_world w;
    open_chat(&w);
    recorder_forget(w.r);
    mx_world_say(&w, "s2", "!r:hs.test",
                 TEXT("$1", "juliet", "hello") "," TEXT("$1", "juliet", "hello") ","
                 TEXT("$2", "romeo", "from my phone") ","
                 "{\"type\":\"m.room.message\",\"event_id\":\"$3\",\"sender\":\"@juliet:hs.test\","
                 "\"content\":{\"msgtype\":\"m.emote\",\"body\":\"waves\"}},"
                 "{\"type\":\"m.room.message\",\"event_id\":\"$4\",\"sender\":\"@juliet:hs.test\","
                 "\"content\":{\"msgtype\":\"m.notice\",\"body\":\"beep\"}}");
    mx_world_say(&w, "s3", "!r:hs.test", TEXT("$1", "juliet", "hello"));
    recorder_hears(w.r, "1 message juliet:hs.test hello");
    recorder_hears(w.r, "1 own message juliet:hs.test from my phone");
    recorder_hears(w.r, "1 action juliet:hs.test waves");
    recorder_hears(w.r, "1 notice juliet:hs.test beep");
    cr_expect_not(recorder_heard(w.r, "1 message juliet:hs.test hello hello"));
    mx_world_close(&w);
}

Test(mx_chat, sends_in_order_one_at_a_time_and_hears_no_echo)
{
    struct mx_world w;
    open_chat(&w);
    recorder_hear_all(w.r);
    recorder_forget(w.r);
    for (unsigned i = 0; i < 3; i++)
        cr_assert_eq(recorder_send(w.r, 1, "juliet:hs.test", i ? "more" : "hello"), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 id 1 $1"));
    cr_expect(recorder_heard(w.r, "1 op 3 ok"));
    mx_world_told(&w, "PUT " MX_API "/rooms/%21r%3Ahs.test/send/m.room.message/sj.",
                  "{\"msgtype\":\"m.text\",\"body\":\"more\"}");
    mx_world_close(&w);
}

Test(mx_chat, sends_once_more_under_the_same_transaction)
{
    struct mx_world w;
    char *first;
    open_chat(&w);
    fake_matrix_answer(w.server, "PUT " MX_API "/rooms", 1, 0, "", "");
    fake_matrix_answer(w.server, "PUT " MX_API "/rooms", 1, 503, "", "busy");
    cr_assert_eq(recorder_send(w.r, 1, "juliet:hs.test", "hello"), SJ_OK);
    mx_world_asked(&w, "PUT " MX_API "/rooms", 1);
    first = sj_strdup(fake_matrix_last(w.server, "PUT " MX_API "/rooms"));
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 op 1 ok"));
    cr_expect_eq(fake_matrix_count(w.server, "PUT " MX_API "/rooms"), 3);
    cr_expect_str_eq(fake_matrix_last(w.server, "PUT " MX_API "/rooms"), first);
    sj_free(first);
    mx_world_close(&w);
}

Test(mx_chat, says_why_a_message_was_refused)
{
    struct mx_world w;
    open_chat(&w);
    fake_matrix_answer(w.server, "PUT " MX_API "/rooms", 1, 403, "",
                       "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"You are not in this room\"}");
    cr_assert_eq(recorder_send(w.r, 1, "juliet:hs.test", "hello"), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 op 1 not permitted"));
    mx_world_close(&w);
}

Test(mx_chat, makes_a_chat_when_there_is_none)
{
    struct mx_world w;
    open_chat(&w);
    recorder_forget(w.r);
    cr_assert_eq(recorder_send(w.r, 1, "nurse:hs.test", "one"), SJ_OK);
    cr_assert_eq(recorder_send(w.r, 1, "nurse:hs.test", "two"), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 op 2 ok"));
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/createRoom"), 1);
    mx_world_told(&w, "POST " MX_API "/createRoom", "\"is_direct\":true");
    mx_world_told(&w, "POST " MX_API "/createRoom", "\"invite\":[\"@nurse:hs.test\"]");
    mx_world_told(&w, "PUT " MX_API "/user/%40romeo%3Ahs.test/account_data/m.direct",
                  "\"@juliet:hs.test\":[\"!r:hs.test\"],\"@nurse:hs.test\":[\"!new:hs.test\"]");
    mx_world_told(&w, "PUT " MX_API "/rooms/%21new%3Ahs.test/send", "\"body\":\"two\"");
    cr_expect_not(recorder_heard(w.r, "1 contact nurse:hs.test online"), "not before she joins");
    mx_world_say(&w, "s2", "!new:hs.test",
                 "{\"type\":\"m.room.member\",\"state_key\":\"@nurse:hs.test\",\"event_id\":\"$9\","
                 "\"sender\":\"@nurse:hs.test\",\"content\":{\"membership\":\"join\","
                 "\"displayname\":\"Nurse\"}}");
    cr_expect(recorder_heard(w.r, "1 contact nurse:hs.test offline Nurse"));
    mx_world_close(&w);
}

Test(mx_chat, tells_that_an_invitation_was_refused)
{
    struct mx_world w;
    open_chat(&w);
    cr_assert_eq(recorder_add(w.r, 1, "nurse:hs.test"), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 op 1 ok"));
    recorder_forget(w.r);
    mx_world_say(&w, "s2", "!new:hs.test",
                 "{\"type\":\"m.room.member\",\"state_key\":\"@nurse:hs.test\",\"event_id\":\"$9\","
                 "\"sender\":\"@nurse:hs.test\",\"content\":{\"membership\":\"invite\"}},"
                 "{\"type\":\"m.room.member\",\"state_key\":\"@nurse:hs.test\",\"event_id\":\"$8\","
                 "\"sender\":\"@nurse:hs.test\",\"content\":{\"membership\":\"leave\"}}");
    cr_expect(recorder_heard(w.r, "1 gone nurse:hs.test: refused, or left the conversation"));
    mx_world_close(&w);
}

#define INVITE                                                                                  \
    "\"rooms\":{\"invite\":{\"!i:hs.test\":{\"invite_state\":{\"events\":["                     \
    "{\"type\":\"m.room.member\",\"state_key\":\"@nurse:hs.test\",\"sender\":\"@nurse:hs.test\"," \
    "\"content\":{\"membership\":\"join\",\"displayname\":\"Nurse\"}},"                         \
    "{\"type\":\"m.room.member\",\"state_key\":\"@romeo:hs.test\",\"sender\":\"@nurse:hs.test\"," \
    "\"content\":{\"membership\":\"invite\",\"is_direct\":true}}]}}}}"

Test(mx_chat, passes_invitations_to_chats_on_as_requests)
{
    struct mx_world w;
    open_chat(&w);
    recorder_forget(w.r);
    mx_world_sync(&w, "s2", INVITE);
    mx_world_sync(&w, "s3", INVITE);
    recorder_hears(w.r, "1 request nurse:hs.test");
    cr_assert_eq(recorder_answer(w.r, 1, "nurse:hs.test", true), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 op 1 ok"));
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/rooms/%21i%3Ahs.test/join"), 1);
    mx_world_told(&w, "PUT " MX_API "/user/", "\"@nurse:hs.test\":[\"!i:hs.test\"]");
    mx_world_close(&w);
}

Test(mx_chat, refuses_invitations)
{
    struct mx_world w;
    open_chat(&w);
    mx_world_sync(&w, "s2", INVITE);
    cr_assert_eq(recorder_answer(w.r, 1, "nurse:hs.test", false), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/rooms/%21i%3Ahs.test/leave"), 1);
    mx_world_close(&w);
}

Test(mx_chat, leaves_the_chat_of_a_contact_who_is_removed)
{
    struct mx_world w;
    open_chat(&w);
    cr_assert_eq(recorder_remove(w.r, 1, "juliet:hs.test"), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/rooms/%21r%3Ahs.test/leave"), 1);
    recorder_forget(w.r);
    mx_world_sync(&w, "s2", "\"rooms\":{\"leave\":{\"!r:hs.test\":{}}}");
    cr_expect_not(recorder_heard(w.r, "1 gone juliet:hs.test"), "the gateway knows");
    mx_world_close(&w);
}

Test(mx_chat, says_what_is_encrypted_and_sends_nothing_into_it)
{
    struct mx_world w;
    open_chat(&w);
    recorder_forget(w.r);
    mx_world_say(&w, "s2", "!r:hs.test",
                 "{\"type\":\"m.room.encryption\",\"state_key\":\"\",\"event_id\":\"$1\","
                 "\"sender\":\"@juliet:hs.test\",\"content\":{\"algorithm\":\"m.megolm\"}},"
                 "{\"type\":\"m.room.encrypted\",\"event_id\":\"$2\","
                 "\"sender\":\"@juliet:hs.test\","
                 "\"content\":{\"algorithm\":\"m.megolm\",\"ciphertext\":\"x\"}}");
    cr_expect(recorder_heard(w.r, "1 message juliet:hs.test (an encrypted message, which cannot be "
                                  "read here)"));
    cr_assert_eq(recorder_send(w.r, 1, "juliet:hs.test", "hello"), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 op 1 not supported"));
    cr_expect_eq(fake_matrix_count(w.server, "PUT " MX_API "/rooms"), 0);
    mx_world_close(&w);
}

/* A question and answers that fill more than a message are cut; the recorder checks the length. */
Test(mx_chat, cuts_polls_to_a_message)
{
    struct mx_world w;
    struct sj_strbuf event;
    open_chat(&w);
    for (size_t n = 65000; n <= 65600; n += 100) {
        recorder_forget(w.r);
        sj_strbuf_init(&event, 1 << 20);
        sj_strbuf_addf(&event, "{\"type\":\"m.poll.start\",\"event_id\":\"$p%zu\",\"sender\":"
                       "\"@juliet:hs.test\",\"content\":{\"m.poll\":{\"question\":{\"m.text\":"
                       "[{\"body\":\"", n);
        for (size_t i = 0; i < n; i++)
            sj_strbuf_addc(&event, 'q');
        sj_strbuf_adds(&event, "\"}]},\"answers\":[");
        for (int i = 0; i < 40; i++)
            sj_strbuf_adds(&event, "{\"org.matrix.msc1767.text\":\"answer\"},");
        sj_strbuf_adds(&event, "{}]}}}");
        mx_world_say(&w, "s2", "!r:hs.test", event.s);
        cr_expect_eq(recorder_heard_count(w.r), n <= SJ_BODY_MAX ? 1 : 0, "%zu", n);
        sj_strbuf_release(&event);
    }
    mx_world_close(&w);
}

Test(mx_chat, goes_on_where_it_stopped)
{
    struct mx_world w;
    open_chat(&w);
    recorder_free_link(w.r, 1);
    recorder_forget(w.r);
    mx_world_log_in(&w, "{\"next_batch\":\"s2\",\"rooms\":{\"join\":{\"!r:hs.test\":{"
                        "\"summary\":{\"m.joined_member_count\":2},\"state\":{\"events\":["
                        "{\"type\":\"m.room.member\",\"state_key\":\"@juliet:hs.test\","
                        "\"sender\":\"@juliet:hs.test\",\"content\":{\"membership\":\"join\"}}]},"
                        "\"timeline\":{\"events\":[" TEXT("$5", "juliet", "missed you") "]}}}}}");
    cr_expect(recorder_heard(w.r, "1 message juliet:hs.test missed you"));
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/login"), 1);
    mx_world_close(&w);
}

/* What a home server may send instead: nothing of it ends more than the sync that brings it. */
Test(mx_chat, survives_what_makes_no_sense)
{
    static const char *const rests[] = {
        "\"rooms\":7", "\"rooms\":{\"join\":[]}", "\"rooms\":{\"join\":{\"!r:hs.test\":null}}",
        "\"rooms\":{\"join\":{\"x\":{},\"\":{},\"!\":{},\"!r:hs.test\":{\"timeline\":{\"events\":"
        "[null,1,\"x\",[],{},{\"type\":5},{\"type\":\"m.room.message\"},{\"type\":"
        "\"m.room.message\",\"event_id\":\"$x\",\"sender\":\"@juliet:hs.test\","
        "\"content\":{}}]}}}}",
        "\"account_data\":{\"events\":[{\"type\":\"m.direct\",\"content\":{\"x\":1,"
        "\"@a:b\":[1,null,{}],\"@juliet:hs.test\":\"!r:hs.test\"}}]}",
        "\"presence\":{\"events\":[{\"type\":\"m.presence\"},{\"sender\":\"@juliet:hs.test\","
        "\"content\":{\"presence\":7,\"last_active_ago\":1e300}}]}",
        "\"rooms\":{\"invite\":{\"!i:hs.test\":{\"invite_state\":{\"events\":[{\"type\":"
        "\"m.room.member\",\"state_key\":\"@romeo:hs.test\"}]}},\"x\":5}}",
        "\"rooms\":{\"join\":{\"!r:hs.test\":{\"summary\":{\"m.heroes\":7,"
        "\"m.joined_member_count\":-5}}},\"leave\":{\"!none:hs.test\":{},\"x\":null}}",
    };
    struct mx_world w;
    char position[16];
    open_chat(&w);
    for (size_t i = 0; i < sizeof rests / sizeof rests[0]; i++) {
        snprintf(position, sizeof position, "t%zu", i);
        mx_world_sync(&w, position, rests[i]);
        cr_assert(recorder_is_up(w.r, 1), "row %zu", i);
    }
    recorder_forget(w.r);
    fake_matrix_sync(w.server, "{\"rooms\":{}}");
    recorder_wait_for_down(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 down protocol: a sync of the home server has no position"));
    mx_world_close(&w);
}

/* The sync brings the new chat before the answer to createRoom, and half made. */
Test(mx_chat, makes_one_chat_also_when_the_sync_is_faster)
{
    struct mx_world w;
    open_chat(&w);
    fake_matrix_answer(w.server, "POST " MX_API "/createRoom", 1, 429, "Retry-After: 1\r\n", "{}");
    cr_assert_eq(recorder_send(w.r, 1, "nurse:hs.test", "one"), SJ_OK);
    mx_world_asked(&w, "POST " MX_API "/createRoom", 1);
    mx_world_sync(&w, "s2", "\"rooms\":{\"join\":{\"!new:hs.test\":{\"summary\":{"
                  "\"m.joined_member_count\":1,\"m.invited_member_count\":0}}}}");
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 op 1 ok"));
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/createRoom"), 2);
    mx_world_close(&w);
}

/* Nothing of a file reaches the home server either. */
Test(mx_chat, takes_no_file_for_an_encrypted_chat)
{
    const struct sj_file file = {.name = "cat.png", .media_type = "image/png", .size = 3};
    const struct sj_message m = {.peer = "juliet:hs.test", .body = "", .file = &file};
    struct mx_world w;
    open_chat(&w);
    mx_world_say(&w, "s2", "!r:hs.test",
                 "{\"type\":\"m.room.encryption\",\"state_key\":\"\",\"event_id\":\"$1\","
                 "\"sender\":\"@juliet:hs.test\",\"content\":{\"algorithm\":"
                 "\"m.megolm.v1.aes-sha2\"}}");
    cr_expect_eq(recorder_send_message(w.r, 1, &m), SJ_UNSUPPORTED);
    mx_world_asked(&w, "POST /_matrix/media/", 0);
    mx_world_close(&w);
}
