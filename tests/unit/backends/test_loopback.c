/* SPDX-License-Identifier: MPL-2.0 */
/* The loopback network as its users meet it: residents, each other, and what is kept. */
#include "loopback/loopback.h"

#include <criterion/criterion.h>

#include "loopback_net.h"
#include "recorder.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

static struct recorder *start(const char *options)
{
    return recorder_new(&loopback_backend, options, NULL, NULL);
}

/* romeo on 1, juliet on 2, strangers to each other. */
static struct recorder *start_pair(const char *options)
{
    struct recorder *r = start(options);
    recorder_log_in(r, 1, "username=romeo");
    recorder_log_in(r, 2, "username=juliet");
    recorder_advance(r, 6000);           /* whatever the latency */
    recorder_forget(r);
    return r;
}

/* romeo sees juliet, juliet does not see romeo. */
static struct recorder *start_acquainted(void)
{
    struct recorder *r = start_pair("");
    cr_assert_eq(recorder_add(r, 1, "juliet"), SJ_OK);
    recorder_settle(r);
    cr_assert_eq(recorder_answer(r, 2, "romeo", true), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    return r;
}

/* Each sees the other. */
static struct recorder *start_friends(void)
{
    struct recorder *r = start_acquainted();
    cr_assert_eq(recorder_add(r, 2, "romeo"), SJ_OK);
    recorder_settle(r);
    cr_assert_eq(recorder_answer(r, 1, "juliet", true), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    return r;
}

/* --- login -------------------------------------------------------------------------------- */

Test(loopback, logs_in_and_reports_the_list)
{
    struct recorder *r = start("");
    recorder_make(r, 1, "username=Romeo");
    cr_assert_eq(recorder_connect(r, 1), SJ_OK);
    recorder_hears(r, "1 up");
    recorder_hears(r, "1 self romeo");
    recorder_hears(r, "1 contact echo online Echo: says what you say");
    recorder_hears(r, "1 listed");
    recorder_hears(r, "1 save 11");
    recorder_hears_nothing(r);
    recorder_disconnect(r, 1);
    recorder_hears(r, "1 down asked");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

Test(loopback, refuses_a_wrong_password)
{
    static const char *const wrong[] = {
        "username=romeo", "username=romeo password=secreT", "username=romeo password=secret1",
        "username=romeo password=secre",
    };
    struct recorder *r = start("password=secret");
    for (unsigned i = 0; i < 4; i++) {
        recorder_make(r, 1, wrong[i]);
        cr_assert_eq(recorder_connect(r, 1), SJ_OK);
        recorder_hears(r, "1 down auth");
        recorder_hears_nothing(r);
        recorder_free_link(r, 1);
    }
    recorder_log_in(r, 1, "username=romeo password=secret");
    recorder_free(&r);
}

Test(loopback, refuses_the_name_of_a_resident)
{
    struct recorder *r = start("");
    recorder_make(r, 1, "username=ECHO");
    cr_assert_eq(recorder_connect(r, 1), SJ_OK);
    recorder_hears(r, "1 down auth");
    recorder_free(&r);
}

Test(loopback, checks_accounts_before_the_login)
{
    static const struct {
        const char *username, *password;
        enum sj_status status;
    } rows[] = {
        {"romeo", "x", SJ_OK},
        {"Ro.me-o_1", "x", SJ_OK},
        {NULL, "x", SJ_UNACCEPTABLE},
        {"", "x", SJ_UNACCEPTABLE},
        {"ro meo", "x", SJ_UNACCEPTABLE},
        {"rom\xc3\xa9o", "x", SJ_UNACCEPTABLE},
        {"abcdefghijklmnopqrstuvwxyz0123456", "x", SJ_UNACCEPTABLE},
        {"Echo", "x", SJ_UNACCEPTABLE},
        {"romeo", NULL, SJ_UNACCEPTABLE},
        {"romeo", "", SJ_UNACCEPTABLE},
    };
    struct recorder *r = start("password=secret");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const values[] = {rows[i].username, rows[i].password};
        const struct sj_account account = {values, 2};
        struct sj_error err = {.status = SJ_OK};
        cr_expect_eq(loopback_backend.account_check(recorder_net(r), &account, &err),
                     rows[i].status, "row %zu: %s", i, err.text);
    }
    recorder_free(&r);
}

Test(loopback, refuses_a_second_session_but_not_a_second_login_of_the_same)
{
    struct recorder *r = start("");
    recorder_log_in(r, 1, "username=romeo");
    recorder_make(r, 2, "username=ROMEO");
    cr_assert_eq(recorder_connect(r, 2), SJ_OK);
    recorder_hears(r, "2 down conflict");
    cr_assert_eq(recorder_send(r, 1, "echo", "still there"), SJ_OK);
    recorder_hears(r, "1 message echo still there");
    recorder_hears(r, "1 op 1 ok");
    recorder_forget(r);

    recorder_make_as(r, 3, 1, "username=romeo");
    cr_assert_eq(recorder_connect(r, 3), SJ_OK);
    recorder_hears(r, "3 up");
    recorder_free_link(r, 3);            /* the check is over; the first goes on, then ends */
    recorder_forget(r);
    cr_assert_eq(recorder_send(r, 1, "echo", "and still"), SJ_OK);
    recorder_hears(r, "1 message echo and still");
    recorder_disconnect(r, 1);
    recorder_settle(r);
    cr_expect(recorder_is_down(r, 1));
    recorder_free_link(r, 1);
    recorder_log_in(r, 1, "username=romeo");
    recorder_free(&r);
}

Test(loopback, answers_after_the_configured_time)
{
    struct recorder *r = start("latency=2s");
    recorder_make(r, 1, "username=romeo");
    cr_assert_eq(recorder_connect(r, 1), SJ_OK);
    recorder_advance(r, 1900);
    recorder_hears_nothing(r);
    recorder_advance(r, 200);
    recorder_hears(r, "1 up");
    recorder_advance(r, 2100);
    recorder_forget(r);
    cr_assert_eq(recorder_send(r, 1, "echo", "one"), SJ_OK);
    recorder_advance(r, 1000);
    cr_assert_eq(recorder_send(r, 1, "echo", "two"), SJ_OK);
    recorder_hears_nothing(r);
    recorder_advance(r, 1100);
    recorder_hears(r, "1 message echo one");
    recorder_hears(r, "1 op 1 ok");
    recorder_hears_nothing(r);
    recorder_advance(r, 1000);
    recorder_hears(r, "1 message echo two");
    recorder_hears(r, "1 op 2 ok");
    recorder_free(&r);
}

/* --- residents ---------------------------------------------------------------------------- */

Test(loopback, echo_repeats_texts_actions_and_notices)
{
    struct sj_message m = {.peer = "echo", .body = "waves", .action = true};
    struct recorder *r = start("");
    recorder_log_in(r, 1, "username=romeo");
    cr_assert_eq(recorder_send(r, 1, "echo", "two\nlines\tand \xf0\x9f\x8c\xb9"), SJ_OK);
    recorder_hears(r, "1 message echo two\nlines\tand \xf0\x9f\x8c\xb9");
    recorder_hears(r, "1 op 1 ok");
    cr_assert_eq(recorder_send_message(r, 1, &m), SJ_OK);
    recorder_hears(r, "1 action echo waves");
    recorder_hears(r, "1 op 2 ok");
    m.action = false;
    m.notice = true;
    cr_assert_eq(recorder_send_message(r, 1, &m), SJ_OK);
    recorder_hears(r, "1 notice echo waves");
    recorder_free(&r);
}

Test(loopback, echo_can_be_removed_and_added_again)
{
    struct recorder *r = start("");
    recorder_log_in(r, 1, "username=romeo");
    cr_assert_eq(recorder_remove(r, 1, "echo"), SJ_OK);
    recorder_hears(r, "1 save 3");
    recorder_hears(r, "1 op 1 ok");
    recorder_disconnect(r, 1);
    recorder_settle(r);
    recorder_free_link(r, 1);
    recorder_log_in(r, 1, "username=romeo");
    cr_assert_eq(recorder_add(r, 1, "echo"), SJ_OK);
    recorder_hears(r, "1 contact echo online Echo: says what you say");
    recorder_hears(r, "1 save 11");
    recorder_hears(r, "1 op 2 ok");
    recorder_free(&r);
}

Test(loopback, wanderer_goes_and_comes_back)
{
    struct recorder *r = start("residents-period=10s");
    recorder_log_in(r, 1, "username=romeo");
    recorder_log_in(r, 2, "username=juliet");
    cr_assert_eq(recorder_add(r, 1, "wanderer"), SJ_OK);
    recorder_hears(r, "1 contact wanderer online Wanderer: at home");
    recorder_settle(r);
    recorder_forget(r);
    recorder_advance(r, 10 * 1000);
    recorder_hears(r, "1 contact wanderer away Wanderer: gone for a walk");
    cr_assert_eq(recorder_send(r, 1, "wanderer", "hello"), SJ_OK);
    recorder_hears(r, "1 op 2 ok");
    recorder_advance(r, 10 * 1000);
    recorder_hears(r, "1 contact wanderer offline Wanderer: far away");
    cr_assert_eq(recorder_send(r, 1, "wanderer", "hello"), SJ_OK);
    recorder_hears(r, "1 op 3 peer is offline, nothing stored");
    recorder_advance(r, 10 * 1000);
    recorder_hears(r, "1 contact wanderer online Wanderer: at home");
    recorder_hears(r, "1 message wanderer I am back");
    recorder_hears_nothing(r);           /* nothing for juliet, who does not know the wanderer */
    recorder_free(&r);
}

Test(loopback, refuser_refuses)
{
    struct recorder *r = start("");
    recorder_log_in(r, 1, "username=romeo");
    cr_assert_eq(recorder_add(r, 1, "refuser"), SJ_OK);
    recorder_hears(r, "1 gone refuser: this user refuses everybody");
    recorder_hears(r, "1 op 1 ok");
    cr_assert_eq(recorder_send(r, 1, "refuser", "please"), SJ_OK);
    recorder_hears(r, "1 op 2 not permitted");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

Test(loopback, approver_accepts_and_asks_back)
{
    struct recorder *r = start("latency=1s");
    recorder_log_in(r, 1, "username=romeo");
    recorder_advance(r, 2000);
    recorder_forget(r);
    cr_assert_eq(recorder_add(r, 1, "approver"), SJ_OK);
    recorder_advance(r, 1100);
    recorder_hears(r, "1 contact approver online Approver: likes company");
    recorder_hears(r, "1 save 23");
    recorder_hears(r, "1 op 1 ok");
    recorder_hears_nothing(r);
    recorder_advance(r, 1100);
    recorder_hears(r, "1 request approver");
    recorder_hears(r, "1 save 23");
    cr_assert_eq(recorder_answer(r, 1, "approver", true), SJ_OK);
    recorder_advance(r, 1100);
    recorder_hears(r, "1 save 23");
    recorder_hears(r, "1 op 2 ok");
    cr_assert_eq(recorder_add(r, 1, "approver"), SJ_OK);     /* again: no second question */
    recorder_advance(r, 3000);
    recorder_hears(r, "1 contact approver online Approver: likes company");
    recorder_hears(r, "1 op 3 ok");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

/* --- users among themselves --------------------------------------------------------------- */

Test(loopback, passes_messages_between_users)
{
    struct recorder *r = start_pair("");
    cr_assert_eq(recorder_send(r, 1, "juliet", "hello"), SJ_OK);
    recorder_hears(r, "2 message romeo hello");
    recorder_hears(r, "1 op 1 ok");
    cr_assert_eq(recorder_send(r, 2, "romeo", "hello yourself"), SJ_OK);
    recorder_hears(r, "1 message juliet hello yourself");
    recorder_hears(r, "2 op 2 ok");
    cr_assert_eq(recorder_send(r, 1, "romeo", "to myself"), SJ_OK);
    recorder_hears(r, "1 message romeo to myself");
    recorder_hears(r, "1 op 3 ok");
    cr_assert_eq(recorder_send(r, 1, "nobody", "hello"), SJ_OK);
    recorder_hears(r, "1 op 4 not found");
    recorder_disconnect(r, 2);
    recorder_hears(r, "2 down asked");
    cr_assert_eq(recorder_send(r, 1, "juliet", "hello?"), SJ_OK);
    recorder_hears(r, "1 op 5 peer is offline, nothing stored");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

Test(loopback, tells_the_sender_when_the_reader_leaves_in_between)
{
    struct recorder *r = start_pair("");
    cr_assert_eq(recorder_send(r, 1, "juliet", "by disconnect"), SJ_OK);
    recorder_disconnect(r, 2);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 op 1 peer is offline, nothing stored"));
    cr_expect_not(recorder_heard(r, "2 message romeo by disconnect"));
    recorder_free_link(r, 2);
    recorder_log_in(r, 2, "username=juliet");
    cr_assert_eq(recorder_send(r, 1, "juliet", "by free"), SJ_OK);
    recorder_free_link(r, 2);
    recorder_hears(r, "1 op 2 peer is offline, nothing stored");
    recorder_free(&r);
}

Test(loopback, fails_what_is_owed_when_the_sender_leaves_first)
{
    struct recorder *r = start_pair("latency=5s");
    cr_assert_eq(recorder_send(r, 1, "juliet", "hello"), SJ_OK);
    recorder_disconnect(r, 1);
    recorder_hears(r, "1 op 1 no live link");
    recorder_hears(r, "1 down asked");
    recorder_free_link(r, 1);
    recorder_advance(r, 5100);
    recorder_hears(r, "2 message romeo hello");              /* it was accepted, so it is passed */
    recorder_hears_nothing(r);
    recorder_free(&r);
}

Test(loopback, asks_before_presence_is_seen)
{
    struct recorder *r = start_pair("");
    cr_assert_eq(recorder_add(r, 1, "juliet"), SJ_OK);
    recorder_hears(r, "2 request romeo");
    recorder_hears(r, "2 save 20");
    recorder_hears(r, "1 save 21");
    recorder_hears(r, "1 op 1 ok");
    cr_assert_eq(recorder_show(r, 2, SJ_SHOW_AWAY, "on the balcony"), SJ_OK);
    recorder_hears_nothing(r);           /* not granted yet */
    cr_assert_eq(recorder_answer(r, 2, "romeo", true), SJ_OK);
    recorder_hears(r, "2 save 20");
    recorder_hears(r, "2 op 2 ok");
    recorder_hears(r, "1 contact juliet away: on the balcony");
    recorder_hears(r, "1 save 21");
    cr_assert_eq(recorder_show(r, 1, SJ_SHOW_DND, NULL), SJ_OK);
    recorder_hears_nothing(r);           /* juliet has not asked to see romeo */
    cr_assert_eq(recorder_show(r, 2, SJ_SHOW_CHAT, ""), SJ_OK);
    recorder_hears(r, "1 contact juliet chat");
    recorder_disconnect(r, 2);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 contact juliet offline"));
    recorder_free(&r);
}

Test(loopback, shows_both_to_each_other_after_both_have_asked)
{
    struct recorder *r = start_friends();
    cr_assert_eq(recorder_show(r, 1, SJ_SHOW_XA, "away from Verona"), SJ_OK);
    recorder_hears(r, "2 contact romeo xa: away from Verona");
    cr_assert_eq(recorder_show(r, 2, SJ_SHOW_ONLINE, NULL), SJ_OK);
    recorder_hears(r, "1 contact juliet online");
    recorder_free_link(r, 1);            /* without a goodbye */
    recorder_hears(r, "2 contact romeo offline");
    recorder_log_in(r, 1, "username=romeo");
    recorder_free(&r);
}

Test(loopback, refuses_a_request)
{
    struct recorder *r = start_pair("");
    cr_assert_eq(recorder_add(r, 1, "juliet"), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    cr_assert_eq(recorder_answer(r, 2, "romeo", false), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 gone juliet: this user has refused"));
    recorder_forget(r);
    cr_assert_eq(recorder_answer(r, 2, "romeo", true), SJ_OK);   /* too late */
    recorder_hears(r, "2 op 3 not found");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

Test(loopback, ends_a_relation_both_ways_when_a_consent_is_withdrawn)
{
    struct recorder *r = start_friends();
    cr_assert_eq(recorder_answer(r, 2, "romeo", false), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 gone juliet: this user has withdrawn the consent"));
    cr_expect(recorder_heard(r, "2 gone romeo: you have withdrawn your consent"));
    recorder_forget(r);
    cr_assert_eq(recorder_show(r, 1, SJ_SHOW_AWAY, NULL), SJ_OK);
    cr_assert_eq(recorder_show(r, 2, SJ_SHOW_AWAY, NULL), SJ_OK);
    recorder_hears_nothing(r);
    recorder_free(&r);
}

Test(loopback, keeps_the_other_direction_when_a_contact_is_removed)
{
    struct recorder *r = start_friends();
    cr_assert_eq(recorder_remove(r, 1, "juliet"), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    cr_assert_eq(recorder_show(r, 2, SJ_SHOW_AWAY, NULL), SJ_OK);
    recorder_hears_nothing(r);
    cr_assert_eq(recorder_show(r, 1, SJ_SHOW_AWAY, NULL), SJ_OK);
    recorder_hears(r, "2 contact romeo away");
    cr_assert_eq(recorder_remove(r, 1, "juliet"), SJ_OK);    /* again: nothing to do, fine */
    recorder_settle(r);
    recorder_free(&r);
}

Test(loopback, delivers_a_request_at_the_next_login)
{
    struct recorder *r = start_pair("");
    recorder_disconnect(r, 2);
    recorder_settle(r);
    recorder_free_link(r, 2);
    recorder_forget(r);
    cr_assert_eq(recorder_add(r, 1, "juliet"), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    recorder_make(r, 2, "username=juliet");
    cr_assert_eq(recorder_connect(r, 2), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "2 request romeo"));
    recorder_free(&r);
}

Test(loopback, says_what_cannot_be_added)
{
    struct recorder *r = start_pair("");
    cr_assert_eq(recorder_add(r, 1, "nobody"), SJ_OK);
    recorder_hears(r, "1 op 1 not found");
    cr_expect_eq(recorder_add(r, 1, "romeo"), SJ_INVALID);
    cr_expect_eq(recorder_add(r, 1, "Juliet"), SJ_INVALID, "ids come down in canonical form");
    cr_assert_eq(recorder_answer(r, 1, "juliet", true), SJ_OK);
    recorder_hears(r, "1 op 4 not found");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

Test(loopback, tells_changes_together_however_many_they_are)
{
    struct recorder *r = start_acquainted();
    for (int i = 0; i < 5000; i++)
        cr_assert_eq(recorder_show(r, 2, i % 2 ? SJ_SHOW_AWAY : SJ_SHOW_DND, NULL), SJ_OK);
    recorder_hears(r, "1 contact juliet away");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

/* --- limits ------------------------------------------------------------------------------- */

Test(loopback, bounds_what_waits_for_a_reader)
{
    struct recorder *r = start_pair("latency=1s");
    struct sj_strbuf body;
    unsigned ok = 0, refused = 0;
    sj_strbuf_init(&body, SJ_BODY_MAX);
    while (body.len < SJ_BODY_MAX)
        sj_strbuf_addc(&body, 'x');
    for (int i = 0; i < 40; i++)
        cr_assert_eq(recorder_send(r, 1, "juliet", body.s), SJ_OK);
    recorder_advance(r, 3000);
    for (int op = 1; op <= 40; op++) {
        char good[32], bad[32];
        snprintf(good, sizeof good, "1 op %d ok", op);
        snprintf(bad, sizeof bad, "1 op %d limit reached", op);
        ok += recorder_heard(r, good);
        refused += recorder_heard(r, bad);
    }
    cr_expect_eq(ok, 15);                /* 1 MiB, with what a message has beside its text */
    cr_expect_eq(refused, 25);
    cr_expect(recorder_is_up(r, 2), "the reader is not to blame");
    sj_strbuf_release(&body);
    recorder_free(&r);
}

Test(loopback, bounds_operations_without_an_outcome)
{
    struct recorder *r = start("latency=1s");
    unsigned accepted = 0;
    recorder_log_in(r, 1, "username=romeo");
    while (accepted < 5000 && recorder_remove(r, 1, "nobody") == SJ_OK)
        accepted++;
    cr_expect_eq(accepted, 1000);
    recorder_wait_for_outcomes(r, 1);
    cr_expect_eq(recorder_remove(r, 1, "nobody"), SJ_OK);
    recorder_free(&r);
}

Test(loopback, bounds_lists_and_requests)
{
    struct loopback_account a = {.id = "romeo"};
    unsigned n = 0;
    char id[16];
    sj_map_init(&a.entries);
    for (; n < LOOPBACK_REQUESTS_MAX; n++) {
        snprintf(id, sizeof id, "asker%u", n);
        struct loopback_entry *e = loopback_entry_get_asked(&a, id);
        cr_assert(e);
        e->facts = LOOPBACK_ASKED_IN;
    }
    cr_expect_null(loopback_entry_get_asked(&a, "one-more"));
    cr_expect(loopback_entry_get_asked(&a, "asker5"), "who is there already is found");
    for (; n < LOOPBACK_LIST_MAX; n++) {
        snprintf(id, sizeof id, "friend%u", n);
        cr_assert(loopback_entry_get(&a, id));
    }
    cr_expect_null(loopback_entry_get(&a, "one-more"));
    struct loopback_entry *e;
    uint32_t at = 0;
    while ((e = sj_map_next(&a.entries, &at)) != NULL) {
        e->facts = 0;
        loopback_entry_tidy(&a, e);
    }
    cr_expect_eq(a.entries.used, 0);
    sj_map_release(&a.entries);
}

/* --- names -------------------------------------------------------------------------------- */

Test(loopback, keeps_names_and_groups_that_users_give)
{
    struct recorder *r = start("");
    recorder_log_in(r, 1, "username=romeo");
    recorder_forget(r);
    cr_assert_eq(recorder_name(r, 1, "echo", "My \xc3\xa9" "cho", "Friends"), SJ_OK);
    recorder_hears(r, "1 contact echo online My \xc3\xa9" "cho: says what you say +Friends");
    recorder_hears(r, "1 save 26");
    recorder_hears(r, "1 op 1 ok");
    recorder_hears_nothing(r);
    /* The same again is nothing new; NULL leaves as it is, "" takes away. */
    cr_assert_eq(recorder_name(r, 1, "echo", "My \xc3\xa9" "cho", NULL), SJ_OK);
    recorder_hears(r, "1 op 2 ok");
    recorder_hears_nothing(r);
    cr_assert_eq(recorder_name(r, 1, "echo", "", NULL), SJ_OK);
    recorder_hears(r, "1 contact echo online Echo: says what you say +Friends");
    recorder_settle(r);
    recorder_free_link(r, 1);
    recorder_forget(r);
    recorder_make(r, 1, "username=romeo");
    cr_assert_eq(recorder_connect(r, 1), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 contact echo online Echo: says what you say +Friends"));
    recorder_free(&r);
}

Test(loopback, refuses_names_that_it_cannot_keep)
{
    struct recorder *r = start("");
    char longest[LOOPBACK_NAME_MAX + 2];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    recorder_log_in(r, 1, "username=romeo");
    cr_expect_eq(recorder_name(r, 1, "echo", longest, NULL), SJ_UNACCEPTABLE);
    cr_expect_eq(recorder_name(r, 1, "echo", NULL, longest), SJ_UNACCEPTABLE);
    cr_expect_eq(recorder_name(r, 1, "echo", "a\tb", NULL), SJ_UNACCEPTABLE);
    cr_expect_eq(recorder_name(r, 1, "echo", "\xff", NULL), SJ_UNACCEPTABLE);
    recorder_forget(r);
    cr_assert_eq(recorder_name(r, 1, "nobody", "N", NULL), SJ_OK);
    recorder_hears(r, "1 op 5 not found");
    cr_assert_eq(recorder_name(r, 1, "echo", longest + 1, NULL), SJ_OK);
    recorder_settle(r);
    recorder_free(&r);
}

Test(loopback, restores_names_after_a_restart)
{
    static const uint8_t romeo[] = {2, 0, 1, LOOPBACK_TO, 4, 'e', 'c', 'h', 'o', 2, 'M', 'e',
                                    1, 'G'};
    struct recorder *r = start("");
    recorder_keep(r, 1, romeo, sizeof romeo);
    recorder_make(r, 1, "username=romeo");
    cr_assert_eq(recorder_connect(r, 1), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 contact echo online Me: says what you say +G"));
    recorder_free(&r);
}

/* --- what is kept ------------------------------------------------------------------------- */

Test(loopback, restores_lists_after_a_restart)
{
    /* What the gateway keeps for romeo: sees juliet and is seen by her, no echo. */
    static const uint8_t romeo[] = {1, 0, 1, LOOPBACK_TO | LOOPBACK_FROM, 6,
                                    'j', 'u', 'l', 'i', 'e', 't'};
    static const uint8_t juliet[] = {1, 0, 1, LOOPBACK_TO | LOOPBACK_FROM, 5,
                                     'r', 'o', 'm', 'e', 'o'};
    struct recorder *r = start("");
    recorder_keep(r, 1, romeo, sizeof romeo);
    recorder_keep(r, 2, juliet, sizeof juliet);
    recorder_make(r, 1, "username=romeo");
    cr_assert_eq(recorder_connect(r, 1), SJ_OK);
    recorder_hears(r, "1 up");
    recorder_hears(r, "1 self romeo");
    recorder_hears(r, "1 contact juliet offline");
    recorder_hears(r, "1 listed");
    recorder_hears(r, "1 save 13");
    cr_assert_eq(recorder_send(r, 1, "juliet", "there?"), SJ_OK);
    recorder_hears(r, "1 op 1 peer is offline, nothing stored");
    recorder_hears_nothing(r);
    recorder_make(r, 2, "username=juliet");
    cr_assert_eq(recorder_connect(r, 2), SJ_OK);
    recorder_hears(r, "2 up");
    recorder_hears(r, "2 self juliet");
    recorder_settle(r);
    cr_expect(recorder_heard(r, "2 contact romeo online"));
    cr_expect(recorder_heard(r, "1 contact juliet online"));
    recorder_free(&r);
}

Test(loopback, repeats_a_request_that_a_restart_made_forgotten)
{
    static const uint8_t romeo[] = {1, 0, 1, LOOPBACK_ASKED_OUT, 6, 'j', 'u', 'l', 'i', 'e', 't'};
    struct recorder *r = start("");
    recorder_keep(r, 1, romeo, sizeof romeo);
    recorder_log_in(r, 1, "username=romeo");
    recorder_make(r, 2, "username=juliet");
    cr_assert_eq(recorder_connect(r, 2), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "2 request romeo"));
    cr_expect(recorder_heard(r, "2 contact echo online Echo: says what you say"),
              "her list is new, so it has the echo");
    recorder_free(&r);
}

Test(loopback, starts_with_a_new_list_when_the_kept_one_is_damaged)
{
    static const struct {
        uint8_t bytes[12];
        size_t n;
    } rows[] = {
        {{0}, 0},
        {{1, 0}, 2},
        {{3, 0, 0}, 3},                          /* another version */
        {{2, 0, 1, 1, 1, 'a'}, 6},               /* no name */
        {{2, 0, 1, 1, 1, 'a', 0}, 7},            /* no group */
        {{2, 0, 1, 1, 1, 'a', 49, 0}, 8},        /* longer than there is */
        {{2, 0, 1, 1, 1, 'a', 1, 0xff, 0}, 9},   /* not UTF-8 */
        {{1, 0, 1}, 3},                          /* entry missing */
        {{1, 0, 0, 7}, 4},                       /* more than it says */
        {{1, 0, 1, 1, 5, 'a', 'b'}, 7},          /* cut */
        {{1, 0, 1, 0, 1, 'a'}, 6},               /* no fact */
        {{1, 0, 1, 0x11, 1, 'a'}, 6},            /* unknown fact */
        {{1, 0, 1, 1, 1, 'A'}, 6},               /* id not canonical */
        {{1, 0, 1, 1, 1, 0}, 6},
        {{1, 0, 1, 1, 0}, 5},
        {{1, 0xff, 0xff}, 3},
    };
    struct recorder *r = start("");
    recorder_expect_warnings(r);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char fields[32];
        snprintf(fields, sizeof fields, "username=user%zu", i);
        recorder_keep(r, 1, rows[i].bytes, rows[i].n);
        recorder_make(r, 1, fields);
        cr_assert_eq(recorder_connect(r, 1), SJ_OK);
        recorder_settle(r);
        cr_expect(recorder_heard(r, "1 contact echo online Echo: says what you say"), "row %zu",
                  i);
        recorder_forget(r);
        recorder_free_link(r, 1);
    }
    cr_expect_eq(recorder_warnings(r), sizeof rows / sizeof rows[0]);
    recorder_free(&r);
}

Test(loopback, keeps_the_largest_list)
{
    struct loopback_account a = {.id = "romeo"}, b = {.id = "romeo"};
    struct sj_strbuf blob;
    sj_map_init(&a.entries);
    sj_map_init(&b.entries);
    for (unsigned i = 0; i < LOOPBACK_LIST_MAX; i++) {
        char id[LOOPBACK_ID_MAX + 1];
        snprintf(id, sizeof id, "%032u", i);
        struct loopback_entry *e = loopback_entry_get(&a, id);
        e->facts = LOOPBACK_TO;
        e->name = sj_strdup("123456789012345678901234567890123456789012345678");
        e->group = sj_strdup("12345678901234567890123456789012");
    }
    sj_strbuf_init(&blob, SJ_STATE_MAX);
    loopback_state_encode(&blob, &a);
    cr_assert(sj_strbuf_ok(&blob));
    cr_assert(loopback_state_decode(&b, blob.s, blob.len));
    cr_expect_eq(b.entries.used, LOOPBACK_LIST_MAX);
    for (size_t n = 0; n < blob.len; n += 97)
        cr_assert_not(loopback_state_decode(&b, blob.s, n), "cut to %zu", n);
    struct loopback_account *both[] = {&a, &b};
    for (size_t i = 0; i < 2; i++) {
        struct loopback_entry *e;
        uint32_t at = 0;
        while ((e = sj_map_next(&both[i]->entries, &at)) != NULL)
            loopback_entry_free(e);
        sj_map_release(&both[i]->entries);
    }
    sj_strbuf_release(&blob);
}
