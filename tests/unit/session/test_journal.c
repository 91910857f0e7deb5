/* SPDX-License-Identifier: MPL-2.0 */
/* What the user sent and nobody has confirmed: over a crash it is sent again or answered. */
#include "journal.h"

#include <string.h>

#include "expect.h"
#include "outgoing.h"
#include "session.h"
#include "sojourn/strbuf.h"

#define CAPS_REPEAT (CAPS_PLAIN | SJ_CAP_REPEAT)
#define UNKNOWN "error-message juliet -> " ROMEO "/r i1 timed out\n"

/* What was sent after a crash, without the log-in itself. */
static bool tells(struct world *w, const char *line)
{
    const char *lines;
    bool found;

    world_restart(w);
    world_advance(w, 1000);
    lines = world_lines(w);
    found = strstr(lines, line) != NULL;
    if (!found)
        cr_log_error("%s", lines);
    return found;
}

static size_t records(struct world *w)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_store_stats stats;

    cr_assert_eq(sj_store_flush(w->store, &err), SJ_OK);
    sj_store_stats(w->store, &stats);
    return (size_t)stats.records;
}

static struct world *ready(uint32_t caps)
{
    struct world *w = world_new(caps);

    world_ready(w);
    w->messages_wait = true;
    return w;
}

Test(journal, what_is_confirmed_soon_is_never_written)
{
    struct world *w = ready(CAPS_PLAIN);
    size_t before = records(w);

    world_send(w, "juliet", "hi");
    world_done(w, SJ_OK);
    cr_expect_eq(w->sessions->n_journal, 0u);
    world_advance(w, 100);
    cr_expect_eq(records(w), before);
    world_free(w);
}

Test(journal, what_is_not_is_written_until_it_is)
{
    struct world *w = ready(CAPS_PLAIN);
    size_t before = records(w);

    world_send(w, "juliet", "hi");
    world_advance(w, 100);
    cr_expect_eq(w->sessions->n_journal, 1u);
    cr_expect_eq(records(w), before + 1);
    world_done(w, SJ_OK);
    cr_expect_eq(w->sessions->n_journal, 0u);
    cr_expect_eq(records(w), before);
    cr_expect_not(strstr(world_lines(w), "error") != NULL);
    world_free(w);
}

Test(journal, what_a_link_had_is_answered_after_a_crash)
{
    struct world *w = ready(CAPS_PLAIN);
    size_t before = records(w);

    world_send(w, "juliet", "hi");
    world_advance(w, 100);
    cr_expect(tells(w, UNKNOWN));
    cr_expect_eq(records(w), before);
    world_restart(w);
    world_advance(w, 1000);
    cr_expect_null(strstr(world_lines(w), "error"));
    world_free(w);
}

Test(journal, what_waited_for_a_link_is_sent_after_a_crash)
{
    struct world *w = ready(CAPS_PLAIN);

    w->connect_waits = true;
    world_down(w, SJ_END_CLOSED);
    world_send(w, "juliet", "one");
    world_send(w, "juliet", "two");
    world_advance(w, 100);
    w->connect_waits = false;
    w->messages_wait = false;
    cr_expect(tells(w, "net send juliet one\nnet send juliet two\n"));
    world_free(w);
}

Test(journal, what_the_network_knows_again_is_sent_again_after_a_crash)
{
    struct world *w = ready(CAPS_REPEAT);
    size_t before = records(w);

    world_send(w, "juliet", "hi");
    world_advance(w, 100);
    w->messages_wait = false;
    cr_expect(tells(w, "net send juliet hi"));
    world_advance(w, 1000);
    cr_expect_eq(records(w), before);
    world_free(w);
}

Test(journal, what_the_network_knows_again_waits_for_the_next_link)
{
    struct world *w = ready(CAPS_REPEAT);

    world_send(w, "juliet", "one");
    world_send(w, "juliet", "two");
    world_advance(w, 100);
    world_clear(w);
    w->messages_wait = false;
    world_down(w, SJ_END_CLOSED);
    world_advance(w, 5000);
    const char *lines = world_lines(w);
    cr_expect_not_null(strstr(lines, "net send juliet one\nnet send juliet two\n"), "%s", lines);
    cr_expect_null(strstr(lines, "error-message"), "%s", lines);
    world_free(w);
}

Test(journal, of_what_waited_and_was_confirmed_nothing_is_left)
{
    struct world *w = ready(CAPS_PLAIN);
    size_t before = records(w);

    w->connect_waits = true;
    world_down(w, SJ_END_CLOSED);
    world_send(w, "juliet", "one");
    world_advance(w, 100);
    cr_expect_eq(records(w), before + 1);
    w->connect_waits = false;
    world_advance(w, 5000);
    world_up(w);
    cr_expect_eq(w->sessions->n_journal, 1u);
    world_done(w, SJ_OK);
    cr_expect_eq(w->sessions->n_journal, 0u);
    cr_expect_eq(records(w), before);
    world_free(w);
}

/* While the link is away; in the end one is being made. */
static void let_wait(struct world *w, const char *text)
{
    w->connect_waits = true;
    world_down(w, SJ_END_CLOSED);
    world_send(w, "juliet", text);
    world_advance(w, 5000);
    world_clear(w);
}

Test(journal, what_waited_goes_when_the_disk_knows_that_it_goes)
{
    struct world *w = ready(CAPS_PLAIN);

    let_wait(w, "one");
    world_up(w);
    world_send(w, "juliet", "two");
    world_send(w, "nurse", "not behind them");
    const char *lines = world_lines(w);
    cr_expect_null(strstr(lines, "net send juliet"), "%s", lines);
    cr_expect_not_null(strstr(lines, "net send nurse"), "%s", lines);
    world_advance(w, 100);
    lines = world_lines(w);
    cr_expect_not_null(strstr(lines, "net send juliet one\nnet send juliet two\n"), "%s", lines);
    world_crash(w);
    world_advance(w, 5000);
    world_up(w);
    world_advance(w, 1000);
    lines = world_lines(w);
    cr_expect_not_null(strstr(lines, UNKNOWN), "%s", lines);
    cr_expect_null(strstr(lines, "net send"), "%s", lines);
    world_free(w);
}

Test(journal, what_waited_is_sent_once_over_a_crash_in_between)
{
    struct world *w = ready(CAPS_PLAIN);

    let_wait(w, "one");
    world_up(w);
    cr_expect_null(strstr(world_lines(w), "net send"));
    w->connect_waits = false;
    world_crash(w);
    world_advance(w, 5000);
    cr_expect_not_null(strstr(world_lines(w), "net send juliet one"));
    world_free(w);
}

Test(journal, what_was_about_to_go_waits_for_the_next_link)
{
    struct world *w = ready(CAPS_PLAIN);

    let_wait(w, "one");
    world_up(w);
    world_down(w, SJ_END_CLOSED);
    world_advance(w, 100);
    w->connect_waits = false;
    world_crash(w);
    world_advance(w, 5000);
    const char *lines = world_lines(w);
    cr_expect_not_null(strstr(lines, "net send juliet one"), "%s", lines);
    cr_expect_null(strstr(lines, "error-message"), "%s", lines);
    world_free(w);
}

Test(journal, what_waited_does_not_wait_for_a_disk_that_refuses)
{
    struct world *w = ready(CAPS_PLAIN);

    sj_log_set_sink(world_ignore_log, NULL);
    let_wait(w, "one");
    world_disk_full(w, true);
    world_up(w);
    world_advance(w, 1000);
    cr_expect_null(strstr(world_lines(w), "net send"));
    world_advance(w, 1500);
    cr_expect_not_null(strstr(world_lines(w), "net send juliet one"));
    world_disk_full(w, false);
    world_done(w, SJ_OK);
    world_advance(w, 5000);
    cr_expect_eq(w->sessions->n_journal, 0u);
    world_free(w);
}

Test(journal, of_what_went_before_the_disk_knew_nothing_is_left)
{
    struct world *w = ready(CAPS_PLAIN);
    size_t before = records(w);

    sj_log_set_sink(world_ignore_log, NULL);
    let_wait(w, "one");
    cr_expect_eq(records(w), before + 1);
    world_disk_full(w, true);
    world_up(w);
    world_advance(w, 2500);
    cr_expect_not_null(strstr(world_lines(w), "net send juliet one"));
    world_done(w, SJ_OK);                /* its renewed record still waits for the disk */
    world_disk_full(w, false);
    cr_expect_eq(records(w), before);
    world_restart(w);
    world_advance(w, 5000);
    cr_expect_null(strstr(world_lines(w), "net send juliet"));
    world_free(w);
}

Test(journal, the_network_knows_what_waited_again_after_a_crash)
{
    struct world *w = ready(CAPS_REPEAT);

    let_wait(w, "one");
    world_up(w);
    world_advance(w, 100);
    uint64_t txn = w->txn;
    cr_expect_not_null(strstr(world_lines(w), "net send juliet one"));
    cr_expect_neq(txn, 0u);
    w->connect_waits = false;
    world_crash(w);
    world_advance(w, 5000);
    cr_expect_not_null(strstr(world_lines(w), "net send juliet one"));
    cr_expect_eq(w->txn, txn);
    world_free(w);
}

Test(journal, goes_with_the_registration)
{
    struct world *w = ready(CAPS_PLAIN);
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    world_send(w, "juliet", "hi");
    world_advance(w, 100);
    w->in->register_remove(w->sessions, &from, 3, &err);
    world_advance(w, 5000);
    world_restart(w);
    world_advance(w, 1000);
    EXPECT(w, "");
    world_free(w);
}

Test(journal, knows_what_is_to_be_stored_nowhere)
{
    const struct rich rich = {.unstored = true, .thread = "t1"};
    struct journal_record r;

    journal_describe(&r, &(struct outgoing){.peer = "#a", .body = "hi", .rich = &rich}, false);
    cr_expect(r.flags & JOURNAL_UNSTORED);
    cr_expect_str_eq(r.text[JOURNAL_THREAD], "t1");
}

Test(journal, records_are_what_was_encoded)
{
    struct journal_record in = {.flags = JOURNAL_SENT | JOURNAL_RICH, .text = {
        [JOURNAL_PEER] = "juliet", [JOURNAL_FULL] = ROMEO "/r", [JOURNAL_BODY] = "",
        [JOURNAL_REPLY_TEXT] = "text"}};
    struct journal_record out;
    struct sj_strbuf bytes;

    sj_strbuf_init(&bytes, 1000);
    journal_encode(&in, &bytes);
    cr_assert(journal_decode(&out, bytes.s, bytes.len));
    cr_expect_eq(out.flags, in.flags);
    for (unsigned i = 0; i < JOURNAL_TEXTS; i++)
        cr_expect(!in.text[i] ? !out.text[i] : strcmp(in.text[i], out.text[i]) == 0, "%u", i);
    for (size_t n = 0; n < bytes.len; n++)
        cr_expect_not(journal_decode(&out, bytes.s, n), "%zu", n);
    sj_strbuf_addc(&bytes, 'x');
    cr_expect_not(journal_decode(&out, bytes.s, bytes.len));
    in.text[JOURNAL_FULL] = NULL;
    sj_strbuf_reset(&bytes);
    journal_encode(&in, &bytes);
    cr_expect_not(journal_decode(&out, bytes.s, bytes.len));
    sj_strbuf_release(&bytes);
}
