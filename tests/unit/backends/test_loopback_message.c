/* SPDX-License-Identifier: MPL-2.0 */
/* Messages of the loopback network beyond their text: ids, corrections, reactions, reports, typing,
 * and what it refuses. */
#include "loopback/loopback.h"

#include <criterion/criterion.h>

#include "loopback_link.h"
#include "loopback_message.h"
#include "loopback_net.h"
#include "recorder.h"
#include "sojourn/strbuf.h"

#define ROSE "\xf0\x9f\x8c\xb9"

/* romeo on 1, juliet on 2; the first message is number 1. */
static struct recorder *start(void)
{
    struct recorder *r = recorder_new(&loopback_backend, "", NULL, NULL);
    recorder_log_in(r, 1, "username=romeo");
    recorder_log_in(r, 2, "username=juliet");
    recorder_settle(r);
    recorder_forget(r);
    recorder_hear_all(r);
    recorder_net(r)->message = 0;
    return r;
}

static enum sj_status mark(struct recorder *r, unsigned n, enum sj_mark_kind kind, const char *peer,
                           const char *target)
{
    const struct sj_mark m = {.kind = kind, .peer = peer, .target = target};
    return recorder_mark(r, n, &m);
}

Test(loopback_message, has_an_id_that_both_sides_hear)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_send(r, 1, "juliet", "hello"), SJ_OK);
    recorder_hears(r, "2 message romeo hello [id=1-romeo confirm]");
    recorder_hears(r, "1 id 1 1-romeo");
    recorder_hears(r, "1 op 1 ok");
    cr_assert_eq(mark(r, 2, SJ_MARK_RECEIVED, "romeo", "1-romeo"), SJ_OK);
    recorder_hears(r, "1 received juliet 1-romeo");
    recorder_hears(r, "2 op 2 ok");
    cr_assert_eq(mark(r, 2, SJ_MARK_DISPLAYED, "romeo", "1-romeo"), SJ_OK);
    recorder_hears(r, "1 displayed juliet 1-romeo");
    recorder_hears(r, "2 op 3 ok");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

Test(loopback_message, is_corrected_answered_and_styled)
{
    struct recorder *r = start();
    const struct sj_span span = {SJ_STYLE_STRONG, 1, 3};
    struct sj_message m = {.peer = "juliet", .body = "helo"};
    cr_assert_eq(recorder_send_message(r, 1, &m), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    m = (struct sj_message){.peer = "juliet", .body = "hello", .replaces = "1-romeo",
                            .spans = &span, .n_spans = 1};
    cr_assert_eq(recorder_send_message(r, 1, &m), SJ_OK);
    recorder_hears(r, "2 message romeo hello [id=2-romeo confirm replaces=1-romeo style=0:1-3]");
    recorder_hears(r, "1 id 2 2-romeo");
    recorder_hears(r, "1 op 2 ok");
    m = (struct sj_message){.peer = "romeo", .body = "yes", .reply_to = "1-romeo"};
    cr_assert_eq(recorder_send_message(r, 2, &m), SJ_OK);
    recorder_hears(r, "1 message juliet yes [id=3-juliet confirm reply=1-romeo]");
    recorder_hears(r, "2 id 3 3-juliet");
    recorder_hears(r, "2 op 3 ok");
    m = (struct sj_message){.peer = "romeo", .body = "", .attention = true};
    cr_assert_eq(recorder_send_message(r, 2, &m), SJ_OK);
    recorder_hears(r, "1 message juliet  [id=4-juliet confirm attention]");
    recorder_free(&r);
}

Test(loopback_message, is_taken_back_and_reacted_to)
{
    static const char *const set[] = {ROSE, "\xf0\x9f\x91\x8d"};
    struct recorder *r = start();
    struct sj_mark m = {.kind = SJ_MARK_REACTIONS, .peer = "juliet", .target = "7-juliet",
                        .reactions = set, .n_reactions = 2};
    cr_assert_eq(recorder_mark(r, 1, &m), SJ_OK);
    recorder_hears(r, "2 reactions romeo 7-juliet " ROSE " \xf0\x9f\x91\x8d");
    recorder_hears(r, "1 op 1 ok");
    m.n_reactions = 0;
    cr_assert_eq(recorder_mark(r, 1, &m), SJ_OK);
    recorder_hears(r, "2 reactions romeo 7-juliet");
    recorder_hears(r, "1 op 2 ok");
    cr_assert_eq(mark(r, 1, SJ_MARK_RETRACTED, "juliet", "6-romeo"), SJ_OK);
    recorder_hears(r, "2 retracted romeo 6-romeo");
    recorder_hears(r, "1 op 3 ok");
    recorder_free(&r);
}

Test(loopback_message, judges_who_may_do_what)
{
    static const char *const set[] = {"1", "2", "3", "4"};
    struct recorder *r = start();
    const struct {
        struct sj_mark mark;
        enum sj_status status;
    } rows[] = {
        {{.kind = SJ_MARK_RETRACTED, .peer = "juliet", .target = "1-juliet"}, SJ_DENIED},
        {{.kind = SJ_MARK_RECEIVED, .peer = "juliet", .target = "1-romeo"}, SJ_DENIED},
        {{.kind = SJ_MARK_DISPLAYED, .peer = "juliet", .target = "1-echo"}, SJ_DENIED},
        {{.kind = SJ_MARK_REACTIONS, .peer = "juliet", .target = "juliet"}, SJ_NOTFOUND},
        {{.kind = SJ_MARK_REACTIONS, .peer = "juliet", .target = ""}, SJ_NOTFOUND},
        {{.kind = SJ_MARK_REACTIONS, .peer = "juliet", .target = "1-"}, SJ_NOTFOUND},
        {{.kind = SJ_MARK_REACTIONS, .peer = "juliet", .target = "1-Juliet"}, SJ_NOTFOUND},
        {{.kind = SJ_MARK_REACTIONS, .peer = "juliet",
          .target = "123456789012345678901-juliet"}, SJ_NOTFOUND},
        {{.kind = SJ_MARK_REACTIONS, .peer = "juliet", .target = "1-juliet", .reactions = set,
          .n_reactions = 4}, SJ_LIMIT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(recorder_mark(r, 1, &rows[i].mark), rows[i].status, "row %zu", i);
    struct sj_message m = {.peer = "juliet", .body = "x", .replaces = "1-juliet"};
    cr_expect_eq(recorder_send_message(r, 1, &m), SJ_DENIED);
    m = (struct sj_message){.peer = "juliet", .body = "x", .reply_to = "?"};
    cr_expect_eq(recorder_send_message(r, 1, &m), SJ_NOTFOUND);
    m = (struct sj_message){.peer = "juliet", .body = ""};
    cr_expect_eq(recorder_send_message(r, 1, &m), SJ_INVALID);
    const struct sj_span outside = {SJ_STYLE_CODE, 0, 2};
    m = (struct sj_message){.peer = "juliet", .body = "x", .spans = &outside, .n_spans = 1};
    cr_expect_eq(recorder_send_message(r, 1, &m), SJ_INVALID);
    recorder_hears_nothing(r);
    recorder_free(&r);
}

Test(loopback_message, of_echo_does_what_the_user_does)
{
    static const char *const set[] = {ROSE};
    struct recorder *r = start();
    cr_assert_eq(recorder_send(r, 1, "echo", "helo"), SJ_OK);
    recorder_hears(r, "1 id 1 1-romeo");
    recorder_hears(r, "1 message echo helo [id=1-echo confirm]");
    recorder_hears(r, "1 received echo 1-romeo");
    recorder_hears(r, "1 displayed echo 1-romeo");
    recorder_hears(r, "1 op 1 ok");
    const struct sj_message m = {.peer = "echo", .body = "hello", .replaces = "1-romeo",
                                 .reply_to = "1-echo"};
    cr_assert_eq(recorder_send_message(r, 1, &m), SJ_OK);
    recorder_hears(r, "1 id 2 2-romeo");
    recorder_hears(r, "1 message echo hello [id=2-echo confirm replaces=1-echo reply=1-romeo]");
    recorder_settle(r);
    recorder_forget(r);
    const struct sj_mark roses = {.kind = SJ_MARK_REACTIONS, .peer = "echo", .target = "1-echo",
                                  .reactions = set, .n_reactions = 1};
    cr_assert_eq(recorder_mark(r, 1, &roses), SJ_OK);
    recorder_hears(r, "1 reactions echo 1-romeo " ROSE);
    recorder_hears(r, "1 op 3 ok");
    cr_assert_eq(mark(r, 1, SJ_MARK_RETRACTED, "echo", "1-romeo"), SJ_OK);
    recorder_hears(r, "1 retracted echo 1-echo");
    recorder_hears(r, "1 op 4 ok");
    cr_assert_eq(mark(r, 1, SJ_MARK_DISPLAYED, "echo", "1-echo"), SJ_OK);
    recorder_hears(r, "1 op 5 ok");
    loopback_backend.set_typing(recorder_link(r, 1), "echo", SJ_TYPING_ACTIVE);
    recorder_hears(r, "1 typing echo active");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

Test(loopback_message, of_twin_is_the_users_own)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_send(r, 1, "twin", "hello"), SJ_OK);
    recorder_hears(r, "1 id 1 1-romeo");
    recorder_hears(r, "1 own message twin hello [id=2-romeo]");
    recorder_hears(r, "1 op 1 ok");
    cr_assert_eq(mark(r, 1, SJ_MARK_RETRACTED, "twin", "2-romeo"), SJ_OK);
    recorder_hears(r, "1 own retracted twin 2-romeo");
    recorder_free(&r);
}

Test(loopback_message, of_the_refuser_has_no_id)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_send(r, 1, "refuser", "hello"), SJ_OK);
    recorder_hears(r, "1 op 1 not permitted");
    recorder_free(&r);
}

Test(loopback_message, typing_reaches_who_is_there)
{
    struct recorder *r = start();
    loopback_backend.set_typing(recorder_link(r, 1), "juliet", SJ_TYPING_PAUSED);
    loopback_backend.set_typing(recorder_link(r, 1), "nobody", SJ_TYPING_PAUSED);
    loopback_backend.set_typing(recorder_link(r, 1), "refuser", SJ_TYPING_PAUSED);
    recorder_hears(r, "2 typing romeo paused");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

/* What waits for a slow reader is bounded, marks and typing included. */
Test(loopback_message, thousands_of_reports_have_an_end)
{
    struct recorder *r = recorder_new(&loopback_backend, "latency=1s", NULL, NULL);
    recorder_log_in(r, 1, "username=romeo");
    recorder_log_in(r, 2, "username=juliet");
    for (int i = 0; i < 5000; i++) {
        const struct sj_mark m = {.kind = SJ_MARK_REACTIONS, .peer = "juliet", .target = "1-romeo"};
        struct sj_error err = {.status = SJ_OK};
        cr_assert_eq(loopback_backend.send_mark(recorder_link(r, 1), &m, 0, &err), SJ_OK);
        loopback_backend.set_typing(recorder_link(r, 1), "juliet", SJ_TYPING_ACTIVE);
    }
    const struct loopback_link *juliet = loopback_link_of(recorder_link(r, 2));
    cr_expect_eq(juliet->n_messages, LOOPBACK_MESSAGES_MAX);
    cr_expect_leq(juliet->n_bytes, LOOPBACK_BYTES_MAX);
    recorder_disconnect(r, 2);
    recorder_free_link(r, 2);
    recorder_free(&r);
}
