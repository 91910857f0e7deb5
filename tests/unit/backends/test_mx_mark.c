/* SPDX-License-Identifier: MPL-2.0 */
/* What refers to earlier messages, both ways: edits, answers, redactions, reactions, what was read,
 * and who types. */
#include <criterion/criterion.h>

#include "matrix/matrix.h"
#include "mx_world.h"
#include "recorder_room.h"

TestSuite(mx_mark, .timeout = 60);

#define EVENT(type, id, sender, content)                                                  \
    "{\"type\":\"" type "\",\"event_id\":\"" id "\",\"sender\":\"@" sender ":hs.test\","  \
    "\"content\":" content "}"
#define RELATES(type, id) "\"m.relates_to\":{\"rel_type\":\"" type "\",\"event_id\":\"" id "\""

static void open_chat(struct mx_world *w)
{
    mx_world_open(w);
    mx_world_log_in(w, mx_first_chat());
    recorder_hear_all(w->r);
    recorder_forget(w->r);
}

Test(mx_mark, brings_edits_answers_redactions_and_reactions)
{
    struct mx_world w;
    open_chat(&w);
    mx_world_say(&w, "s2", "!r:hs.test",
                 EVENT("m.room.message", "$1", "juliet", "{\"msgtype\":\"m.text\",\"body\":\"on\"}")
                 "," EVENT("m.room.message", "$2", "juliet",
                           "{\"msgtype\":\"m.text\",\"body\":\"* one\",\"m.new_content\":{"
                           "\"msgtype\":\"m.text\",\"body\":\"one\"}," RELATES("m.replace", "$1")
                           "}}")
                 "," EVENT("m.room.message", "$3", "juliet",
                           "{\"msgtype\":\"m.text\",\"body\":\"> <@romeo:hs.test> hi\\n> you\\n\\n"
                           "yes\",\"m.relates_to\":{\"m.in_reply_to\":{\"event_id\":\"$0\"}}}")
                 "," EVENT("m.reaction", "$4", "juliet", "{" RELATES("m.annotation", "$0")
                           ",\"key\":\"\xf0\x9f\x8c\xb9\"}}")
                 "," EVENT("m.room.redaction", "$5", "juliet", "{\"redacts\":\"$4\"}")
                 "," EVENT("m.room.redaction", "$6", "juliet", "{\"redacts\":\"$3\"}")
                 "," EVENT("m.reaction", "$7", "juliet", "{\"m.relates_to\":7}"));
    recorder_hears(w.r, "1 message juliet:hs.test on [id=$1]");
    recorder_hears(w.r, "1 message juliet:hs.test one [id=$2 replaces=$1]");
    recorder_hears(w.r, "1 message juliet:hs.test yes [id=$3 reply=$0]");
    recorder_hears(w.r, "1 reactions juliet:hs.test $0 \xf0\x9f\x8c\xb9");
    recorder_hears(w.r, "1 reactions juliet:hs.test $0");
    recorder_hears(w.r, "1 retracted juliet:hs.test $3");
    recorder_hears_nothing(w.r);
    mx_world_close(&w);
}

Test(mx_mark, sends_edits_and_answers)
{
    const struct sj_message edit = {.peer = "juliet:hs.test", .body = "one", .replaces = "$1"};
    const struct sj_message answer = {.peer = "juliet:hs.test", .body = "yes", .reply_to = "$2"};
    struct mx_world w;
    open_chat(&w);
    cr_assert_eq(recorder_send_message(w.r, 1, &edit), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    mx_world_told(&w, "PUT " MX_API "/rooms/",
                  "{\"msgtype\":\"m.text\",\"body\":\"* one\",\"m.new_content\":{\"msgtype\":"
                  "\"m.text\",\"body\":\"one\"},\"m.relates_to\":{\"rel_type\":\"m.replace\","
                  "\"event_id\":\"$1\"}}");
    cr_assert_eq(recorder_send_message(w.r, 1, &answer), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    mx_world_told(&w, "PUT " MX_API "/rooms/",
                  "\"m.relates_to\":{\"m.in_reply_to\":{\"event_id\":\"$2\"}}");
    mx_world_close(&w);
}

Test(mx_mark, sends_marks)
{
    static const char *const rose[] = {"\xf0\x9f\x8c\xb9"};
    const struct sj_mark react = {.kind = SJ_MARK_REACTIONS, .peer = "juliet:hs.test",
                                  .target = "$1", .reactions = rose, .n_reactions = 1};
    const struct sj_mark unreact = {.kind = SJ_MARK_REACTIONS, .peer = "juliet:hs.test",
                                    .target = "$1", .before = rose, .n_before = 1};
    const struct sj_mark old = {.kind = SJ_MARK_REACTIONS, .peer = "juliet:hs.test",
                                .target = "$8", .before = rose, .n_before = 1};
    const struct sj_mark read = {.kind = SJ_MARK_DISPLAYED, .peer = "juliet:hs.test",
                                 .target = "$1"};
    const struct sj_mark retract = {.kind = SJ_MARK_RETRACTED, .peer = "juliet:hs.test",
                                    .target = "$7", .target_own = true};
    struct mx_world w;
    open_chat(&w);
    fake_matrix_answer(w.server, "PUT " MX_API "/rooms/%21r%3Ahs.test/redact/", 9, 200, "",
                       "{\"event_id\":\"$r\"}");
    cr_assert_eq(recorder_mark(w.r, 1, &react), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    mx_world_told(&w, "PUT " MX_API "/rooms/%21r%3Ahs.test/send/m.reaction/",
                  "{\"m.relates_to\":{\"rel_type\":\"m.annotation\",\"event_id\":\"$1\","
                  "\"key\":\"\xf0\x9f\x8c\xb9\"}}");
    cr_assert_eq(recorder_mark(w.r, 1, &unreact), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect_eq(fake_matrix_count(w.server,
                                   "PUT " MX_API "/rooms/%21r%3Ahs.test/redact/%241/"), 1);
    cr_assert_eq(recorder_mark(w.r, 1, &read), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    mx_world_told(&w, "POST " MX_API "/rooms/%21r%3Ahs.test/read_markers",
                  "{\"m.fully_read\":\"$1\",\"m.read\":\"$1\"}");
    cr_assert_eq(recorder_mark(w.r, 1, &retract), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect_eq(fake_matrix_count(w.server,
                                   "PUT " MX_API "/rooms/%21r%3Ahs.test/redact/%247/"), 1);
    fake_matrix_answer(w.server, "GET /_matrix/client/v1/rooms/", 1, 200, "",
                       "{\"chunk\":[{\"event_id\":\"$9\",\"sender\":\"@romeo:hs.test\","
                       "\"content\":{\"m.relates_to\":{\"key\":\"\xf0\x9f\x8c\xb9\"}}}]}");
    cr_assert_eq(recorder_mark(w.r, 1, &old), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    mx_world_told(&w, "GET /_matrix/client/v1/rooms/",
                  "/relations/%248/m.annotation/m.reaction?limit=100");
    cr_expect_eq(fake_matrix_count(w.server,
                                   "PUT " MX_API "/rooms/%21r%3Ahs.test/redact/%249/"), 1);
    mx_world_close(&w);
}

#define EPHEMERAL(type, content)                                                          \
    "\"rooms\":{\"join\":{\"!r:hs.test\":{\"ephemeral\":{\"events\":[{\"type\":\"" type       \
    "\",\"content\":" content "}]}}}}"

Test(mx_mark, tells_who_types_and_what_was_read)
{
    struct mx_world w;
    open_chat(&w);
    mx_world_sync(&w, "s2", EPHEMERAL("m.typing", "{\"user_ids\":[\"@juliet:hs.test\",7]}"));
    mx_world_sync(&w, "s3", EPHEMERAL("m.typing", "{\"user_ids\":[\"@juliet:hs.test\"]}"));
    mx_world_sync(&w, "s4", EPHEMERAL("m.typing", "{\"user_ids\":[]}"));
    mx_world_sync(&w, "s5", EPHEMERAL("m.receipt", "{\"$1\":{\"m.read\":{\"@juliet:hs.test\":{}}},"
                                      "\"$2\":{\"m.read\":{\"@romeo:hs.test\":{}}},\"x\":5}"));
    recorder_hears(w.r, "1 typing juliet:hs.test active");
    recorder_hears(w.r, "1 typing juliet:hs.test stopped");
    recorder_hears(w.r, "1 displayed juliet:hs.test $1");
    recorder_hears(w.r, "1 own displayed juliet:hs.test $2");
    recorder_hears_nothing(w.r);
    matrix_backend.set_typing(recorder_link(w.r, 1), "juliet:hs.test", SJ_TYPING_ACTIVE);
    mx_world_asked(&w, "PUT " MX_API "/rooms/%21r%3Ahs.test/typing/%40romeo%3Ahs.test", 1);
    mx_world_close(&w);
}

Test(mx_mark, tells_again_what_came_behind_a_position)
{
    struct mx_world w;
    open_chat(&w);
    recorder_hear_positions(w.r);
    mx_world_say(&w, "s2", "!r:hs.test",
                 EVENT("m.room.message", "$1", "juliet",
                       "{\"msgtype\":\"m.text\",\"body\":\"on\"}"));
    cr_expect(recorder_heard(w.r, "1 message juliet:hs.test on [id=$1]"));
    recorder_forget(w.r);
    matrix_backend.resume(recorder_link(w.r, 1), NULL);
    mx_world_asked(&w, "GET " MX_API "/sync", 4);
    mx_world_told(&w, "GET " MX_API "/sync", "since=s1");
    mx_world_say(&w, "s2", "!r:hs.test",
                 EVENT("m.room.message", "$1", "juliet",
                       "{\"msgtype\":\"m.text\",\"body\":\"on\"}"));
    cr_expect(recorder_heard(w.r, "1 message juliet:hs.test on [id=$1]"));
    mx_world_close(&w);
}

/* Two answers of one server may come in any order: the sync, and that to what was sent. */
Test(mx_mark, names_a_message_when_the_sync_is_faster_than_the_answer)
{
    struct mx_world w;
    char events[1024];
    open_chat(&w);
    fake_matrix_answer(w.server, "PUT " MX_API "/rooms/", 1, 429, "Retry-After: 5\r\n", "{}");
    cr_assert_eq(recorder_send(w.r, 1, "juliet:hs.test", "hello"), SJ_OK);
    mx_world_asked(&w, "PUT " MX_API "/rooms/", 1);
    const char *txn = strstr(fake_matrix_last(w.server, "PUT " MX_API "/rooms/"), "/sj.") + 1;
    snprintf(events, sizeof events,
             "{\"type\":\"m.room.message\",\"event_id\":\"$mine\",\"sender\":\"@romeo:hs.test\","
             "\"content\":{\"msgtype\":\"m.text\",\"body\":\"hello\"},\"unsigned\":{"
             "\"transaction_id\":\"%.*s\"}},%s", (int)strcspn(txn, "\n"), txn,
             EVENT("m.reaction", "$4", "juliet", "{" RELATES("m.annotation", "$mine")
                   ",\"key\":\"\xf0\x9f\x8c\xb9\"}}"));
    mx_world_say(&w, "s2", "!r:hs.test", events);
    recorder_hears(w.r, "1 id 1 $mine");
    recorder_hears(w.r, "1 reactions juliet:hs.test $mine \xf0\x9f\x8c\xb9");
    recorder_wait_for_outcomes(w.r, 1);
    recorder_hears(w.r, "1 op 1 ok");
    mx_world_close(&w);
}
