/* SPDX-License-Identifier: MPL-2.0 */
/* Files on the loopback network: asked for piece by piece, kept for a while, given back. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "loopback/loopback.h"
#include "loopback/loopback_file.h"
#include "loopback/loopback_net.h"
#include "recorder.h"
#include "sojourn/memory.h"
#include "sojourn/message.h"

static struct recorder *start(void)
{
    struct recorder *r = recorder_new(&loopback_backend, "", NULL, NULL);
    recorder_log_in(r, 1, "username=romeo");
    recorder_log_in(r, 2, "username=juliet");
    recorder_forget(r);
    return r;
}

static enum sj_status send(struct recorder *r, const char *peer, uint64_t size)
{
    const struct sj_file file = {.name = "cat.png", .media_type = "image/png", .size = size};
    const struct sj_message m = {.peer = peer, .body = "look", .id = "m1", .file = &file};
    return recorder_send_message(r, 1, &m);
}

static void give(struct recorder *r, sj_op op, size_t n)
{
    static const uint8_t bytes[SJ_FILE_CHUNK_MAX];
    for (; n > 0; n -= n < sizeof bytes ? n : sizeof bytes) {
        recorder_give_file(r, 1, op, bytes, n < sizeof bytes ? n : sizeof bytes);
        recorder_settle(r);
    }
}

Test(loopback_file, passes_a_file_on_and_gives_it_to_the_reader)
{
    struct recorder *r = start();
    cr_assert_eq(send(r, "juliet", 70000), SJ_OK);
    recorder_settle(r);
    recorder_hears(r, "1 wants 1 65536");
    recorder_hears_nothing(r);
    give(r, 1, 65536);
    recorder_hears(r, "1 wants 1 65536");
    give(r, 1, 4464);
    recorder_hears(r, "1 wants 1 65536");
    recorder_hears_nothing(r);
    recorder_give_file(r, 1, 1, NULL, 0);
    recorder_settle(r);
    cr_assert(recorder_heard(r, "2 message romeo look<cat.png 70000>"));
    cr_assert(recorder_heard(r, "1 op 1 ok"));
    recorder_forget(r);
    cr_assert_eq(recorder_read_file(r, 2), SJ_OK);
    recorder_settle(r);
    recorder_hears(r, "2 chunk 2 65536");
    recorder_hears_nothing(r);           /* the next only when it is asked for */
    recorder_next_chunk(r, 2, 2);
    recorder_settle(r);
    recorder_hears(r, "2 chunk 2 4464");
    recorder_next_chunk(r, 2, 2);
    recorder_settle(r);
    recorder_hears(r, "2 op 2 ok");
    recorder_free(&r);
}

Test(loopback_file, refuses_what_is_too_large_before_or_while_it_comes)
{
    struct recorder *r = start();
    cr_assert_eq(send(r, "echo", LOOPBACK_FILE_MAX + 1), SJ_LIMIT);
    cr_assert_eq(send(r, "echo", 0), SJ_OK);
    recorder_settle(r);
    give(r, 2, LOOPBACK_FILE_MAX);
    recorder_forget(r);
    give(r, 2, 1);
    cr_assert_eq(recorder_heard_count(r), 1);
    cr_assert_eq(recorder_owed(r, 1), 0);
    recorder_free(&r);
}

/* approver only listens: nothing of it is kept. */
Test(loopback_file, counts_what_nobody_will_ask_for)
{
    struct recorder *r = start();
    cr_assert_eq(send(r, "approver", 3 * LOOPBACK_FILE_MAX), SJ_OK);
    recorder_settle(r);
    give(r, 1, 3 * LOOPBACK_FILE_MAX);
    recorder_give_file(r, 1, 1, NULL, 0);
    recorder_settle(r);
    cr_assert(recorder_heard(r, "1 op 1 ok"));
    recorder_free(&r);
}

Test(loopback_file, forgets_the_oldest)
{
    struct recorder *r = start();
    for (unsigned i = 0; i <= LOOPBACK_FILES_BYTES_MAX / LOOPBACK_FILE_MAX; i++) {
        sj_op op = recorder_next_op(r);
        cr_assert_eq(send(r, "juliet", LOOPBACK_FILE_MAX), SJ_OK);
        recorder_settle(r);
        give(r, op, LOOPBACK_FILE_MAX);
        recorder_give_file(r, 1, op, NULL, 0);
        recorder_settle(r);
        recorder_forget(r);
    }
    cr_assert_eq(recorder_read_file(r, 2), SJ_OK);
    recorder_settle(r);
    cr_assert_eq(recorder_heard_count(r), 1);    /* the newest is there */
    recorder_free(&r);
}

/* An empty file takes no bytes of the limit, but memory all the same. */
Test(loopback_file, forgets_the_oldest_of_many_empty_ones)
{
    struct recorder *r = start();
    for (unsigned i = 0; i < LOOPBACK_FILES_MAX + 10; i++) {
        sj_op op = recorder_next_op(r);
        cr_assert_eq(send(r, "juliet", 0), SJ_OK);
        recorder_settle(r);
        recorder_give_file(r, 1, op, NULL, 0);
        recorder_settle(r);
        recorder_forget(r);
    }
    unsigned kept = 0;
    const struct sj_list *files = &recorder_net(r)->files;
    for (const struct sj_list *at = files->next; at != files; at = at->next)
        kept++;
    cr_expect_eq(kept, LOOPBACK_FILES_MAX);
    sj_op op = recorder_next_op(r);
    cr_assert_eq(recorder_read_file(r, 2), SJ_OK);
    recorder_settle(r);
    char expected[32];
    (void)snprintf(expected, sizeof expected, "2 op %u ok", (unsigned)op);
    recorder_hears(r, expected);         /* the newest is there, and empty */
    recorder_free(&r);
}

Test(loopback_file, ends_when_it_is_aborted_or_the_link_goes)
{
    struct recorder *r = start();
    cr_assert_eq(send(r, "echo", 100), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    recorder_abort_file(r, 1, 1);
    recorder_settle(r);
    recorder_hears(r, "1 op 1 canceled");
    give(r, 1, 10);                      /* it is over */
    recorder_abort_file(r, 1, 1);
    recorder_hears_nothing(r);
    for (unsigned i = 0; i < LOOPBACK_STREAMS_MAX; i++)
        cr_assert_eq(send(r, "echo", 100), SJ_OK);
    cr_assert_eq(send(r, "echo", 100), SJ_LIMIT);
    recorder_settle(r);
    recorder_disconnect(r, 1);
    recorder_settle(r);
    cr_assert_eq(recorder_owed(r, 1), 0);
    recorder_free(&r);
}

Test(loopback_file, is_not_found_when_nobody_has_it)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_read_file(r, 1), SJ_OK);
    recorder_settle(r);
    recorder_hears(r, "1 op 1 not found");
    recorder_free(&r);
}
