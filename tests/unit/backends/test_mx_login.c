/* SPDX-License-Identifier: MPL-2.0 */
/* Logging in and staying in: tokens, refusals, waiting as long as the server asks. */
#include <criterion/criterion.h>

#include "matrix/matrix.h"
#include "mx_world.h"
#include "sojourn/strbuf.h"

TestSuite(mx_login, .timeout = 60);

static void log_in_until_down(struct mx_world *w)
{
    recorder_make(w->r, 1, MX_ROMEO);
    cr_assert_eq(recorder_connect(w->r, 1), SJ_OK);
    recorder_wait_for_down(w->r, 1);
}

Test(mx_login, logs_in_by_password_once_and_then_by_token)
{
    struct mx_world w;
    mx_world_open(&w);
    mx_world_log_in(&w, NULL);
    cr_expect(recorder_heard(w.r, "1 up"));
    cr_expect(recorder_heard(w.r, "1 self romeo:hs.test"));
    mx_world_told(&w, "POST " MX_API "/login", "\"password\":\"sesame\"");
    mx_world_told(&w, "POST " MX_API "/login", "\"initial_device_display_name\":\"Sojourn (");
    mx_world_told(&w, "POST " MX_API "/login", "\"device_id\":\"SOJOURN");
    cr_expect(strstr(fake_matrix_headers(w.server), "Bearer token-romeo"));
    recorder_disconnect(w.r, 1);
    recorder_wait_for_down(w.r, 1);
    recorder_free_link(w.r, 1);
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/logout"), 0);
    mx_world_log_in(&w, NULL);
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/login"), 1);
    cr_expect_eq(fake_matrix_count(w.server, "GET " MX_API "/account/whoami"), 1);
    mx_world_close(&w);
}

Test(mx_login, proves_another_password_anew)
{
    struct mx_world w;
    mx_world_open(&w);
    mx_world_log_in(&w, NULL);
    recorder_free_link(w.r, 1);
    recorder_make(w.r, 1, "username=@romeo:hs.test password=other");
    cr_assert_eq(recorder_connect(w.r, 1), SJ_OK);
    recorder_wait_for_login(w.r, 1);
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/login"), 2);
    mx_world_close(&w);
}

Test(mx_login, ends_with_what_the_user_must_know)
{
    static const struct {
        const char *request;
        int status;
        const char *body, *heard;
    } rows[] = {
        {"POST " MX_API "/login", 403, "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"Wrong\"}",
         "1 down auth: Wrong"},
        {"POST " MX_API "/login", 403, "{\"errcode\":\"M_USER_DEACTIVATED\",\"error\":\"Gone\"}",
         "1 down banned: Gone"},
        {"POST " MX_API "/login", 200, "{\"user_id\":\"@romeo:hs.test\"}",
         "1 down protocol: the home server's answer to the login is incomplete"},
        {"POST " MX_API "/login", 200, "{\"user_id\":5,\"access_token\":\"x\"}",
         "1 down protocol: the home server's answer to the login is incomplete"},
        {"POST " MX_API "/login", 200, "<html>",
         "1 down protocol: the home server gave an answer that is not understood"},
        {"GET " MX_API "/login", 200, "{\"flows\":[{\"type\":\"m.login.unheard-of\"},7,null]}",
         "1 down auth: This home server has no way to log in that is possible "
         "here."},
        {"GET /_matrix/client/versions", 404, "nothing",
         "1 down unreachable: There is no home server at this address."},
        {"GET /_matrix/client/versions", 302, "{}", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mx_world w;
        mx_world_open(&w);
        fake_matrix_answer(w.server, rows[i].request, 1, rows[i].status, "", rows[i].body);
        log_in_until_down(&w);
        cr_expect(!rows[i].heard || recorder_heard(w.r, rows[i].heard), "row %zu", i);
        mx_world_close(&w);
    }
}

Test(mx_login, waits_as_long_as_the_server_asks)
{
    struct mx_world w;
    mx_world_open(&w);
    fake_matrix_answer(w.server, "POST " MX_API "/login", 1, 429, "Retry-After: 3\r\n",
                       "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"retry_after_ms\":1}");
    fake_matrix_answer(w.server, "POST " MX_API "/login", 1, 429, "",
                       "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"retry_after_ms\":5000}");
    recorder_make(w.r, 1, MX_ROMEO);
    cr_assert_eq(recorder_connect(w.r, 1), SJ_OK);
    mx_world_asked(&w, "POST " MX_API "/login", 1);
    recorder_advance(w.r, 2000);
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/login"), 1);
    recorder_advance(w.r, 1400);
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/login"), 2);
    recorder_advance(w.r, 3000);
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/login"), 2);
    recorder_wait_for_login(w.r, 1);
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/login"), 3);
    mx_world_close(&w);
}

Test(mx_login, comes_back_later_when_the_server_asks_for_too_long)
{
    struct mx_world w;
    mx_world_open(&w);
    fake_matrix_answer(w.server, "POST " MX_API "/login", 1, 429, "Retry-After: 3600\r\n",
                       "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"error\":\"Too many\"}");
    log_in_until_down(&w);
    cr_expect(recorder_heard(w.r, "1 down throttled: Too many"));
    mx_world_close(&w);
}

Test(mx_login, refreshes_a_token_that_has_expired)
{
    struct mx_world w;
    mx_world_open(&w);
    fake_matrix_answer(w.server, "POST " MX_API "/login", 1, 200, "",
                       "{\"user_id\":\"@romeo:hs.test\",\"access_token\":\"token-old\","
                       "\"refresh_token\":\"again\"}");
    fake_matrix_answer(w.server, "POST " MX_API "/refresh", 1, 200, "",
                       "{\"access_token\":\"token-romeo\",\"refresh_token\":\"once more\"}");
    mx_world_log_in(&w, NULL);
    fake_matrix_answer(w.server, "PUT " MX_API "/rooms", 1, 401, "",
                       "{\"errcode\":\"M_UNKNOWN_TOKEN\",\"soft_logout\":true}");
    cr_assert_eq(recorder_send(w.r, 1, "echo:hs.test", "hello"), SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 op 1 ok"), "the message is sent with the new token");
    mx_world_told(&w, "POST " MX_API "/refresh", "{\"refresh_token\":\"again\"}");
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/login"), 1);
    mx_world_close(&w);
}

#define MX_REFRESH "POST " MX_API "/refresh"
#define MX_PUT "PUT " MX_API "/rooms"

/* Logged in, a message was refused, and a token that is good once has brought a new one, which the
 * disk has not got yet. */
static void refresh_unsaved(struct mx_world *w)
{
    mx_world_open(w);
    fake_matrix_answer(w->server, "POST " MX_API "/login", 1, 200, "",
                       "{\"user_id\":\"@romeo:hs.test\",\"access_token\":\"token-old\","
                       "\"refresh_token\":\"again\"}");
    fake_matrix_answer(w->server, MX_REFRESH, 1, 200, "",
                       "{\"access_token\":\"token-romeo\",\"refresh_token\":\"once more\"}");
    mx_world_log_in(w, NULL);
    recorder_hold_saves(w->r);
    fake_matrix_answer(w->server, MX_PUT, 1, 401, "",
                       "{\"errcode\":\"M_UNKNOWN_TOKEN\",\"soft_logout\":true}");
    cr_assert_eq(recorder_send(w->r, 1, "echo:hs.test", "hello"), SJ_OK);
    mx_world_asked(w, MX_REFRESH, 1);
}

Test(mx_login, uses_no_refreshed_token_before_it_is_kept)
{
    struct mx_world w;
    refresh_unsaved(&w);
    cr_assert_eq(recorder_send(w.r, 1, "echo:hs.test", "hello again"), SJ_OK);
    recorder_advance(w.r, 2000);
    cr_expect_eq(fake_matrix_count(w.server, MX_PUT), 1, "both wait");
    recorder_saved(w.r, 1, SJ_OK);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 op 1 ok"));
    cr_expect(recorder_heard(w.r, "1 op 2 ok"));
    mx_world_told(&w, MX_PUT, "hello again");
    cr_expect_eq(fake_matrix_count(w.server, MX_REFRESH), 1);
    mx_world_close(&w);
}

Test(mx_login, goes_on_when_the_token_cannot_be_kept)
{
    struct mx_world w;
    refresh_unsaved(&w);
    recorder_expect_warnings(w.r);
    recorder_saved(w.r, 1, SJ_LIMIT);
    recorder_wait_for_outcomes(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 op 1 ok"));
    cr_expect_eq(recorder_warnings(w.r), 1);
    mx_world_close(&w);
}

Test(mx_login, may_be_closed_while_a_token_is_being_kept)
{
    struct mx_world w;
    refresh_unsaved(&w);
    recorder_disconnect(w.r, 1);
    recorder_wait_for_down(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 down asked"));
    recorder_saved(w.r, 1, SJ_OK);       /* nobody is there any more */
    recorder_free_link(w.r, 1);
    recorder_log_in(w.r, 1, MX_ROMEO);
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/login"), 1, "the new token is kept");
    mx_world_close(&w);
}

/* What is ended over there is the login as it is now. */
Test(mx_login, logs_out_with_a_token_that_is_not_kept_yet)
{
    struct mx_world w;
    refresh_unsaved(&w);
    matrix_backend.log_out(recorder_link(w.r, 1));
    recorder_disconnect(w.r, 1);
    recorder_wait_for_down(w.r, 1);
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/logout"), 1);
    cr_expect(strstr(fake_matrix_headers(w.server), "Bearer token-romeo"));
    mx_world_close(&w);
}

Test(mx_login, is_not_up_before_its_token_is_kept)
{
    struct mx_world w;
    mx_world_open(&w);
    recorder_hold_saves(w.r);
    recorder_make(w.r, 1, MX_ROMEO);
    cr_assert_eq(recorder_connect(w.r, 1), SJ_OK);
    mx_world_asked(&w, "POST " MX_API "/login", 1);
    recorder_advance(w.r, 500);
    cr_expect_not(recorder_is_up(w.r, 1));
    recorder_saved(w.r, 1, SJ_OK);
    recorder_wait_for_login(w.r, 1);
    cr_expect(recorder_is_up(w.r, 1));
    mx_world_close(&w);
}

Test(mx_login, logs_in_anew_when_the_login_was_ended_elsewhere)
{
    struct mx_world w;
    mx_world_open(&w);
    mx_world_log_in(&w, NULL);
    fake_matrix_answer(w.server, "PUT " MX_API "/rooms", 1, 401, "",
                       "{\"errcode\":\"M_UNKNOWN_TOKEN\"}");
    cr_assert_eq(recorder_send(w.r, 1, "echo:hs.test", "hello"), SJ_OK);
    recorder_wait_for_down(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 op 1 no live link"));
    cr_expect(recorder_heard(w.r, "1 down restart: The home server has ended the login."));
    recorder_free_link(w.r, 1);
    mx_world_log_in(&w, NULL);
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/login"), 2);
    mx_world_told(&w, "GET " MX_API "/sync", "since=s0");
    mx_world_close(&w);
}

Test(mx_login, looks_at_addresses_before_it_uses_them)
{
    static const struct {
        const char *user;
        enum sj_status status;
    } rows[] = {
        {"@romeo:hs.test", SJ_OK}, {"romeo", SJ_OK}, {"", SJ_UNACCEPTABLE},
        {"@romeo", SJ_UNACCEPTABLE}, {"a b", SJ_UNACCEPTABLE}, {"@:x", SJ_UNACCEPTABLE},
        {"@romeo:hs test", SJ_UNACCEPTABLE}, {"@romeo:hs/test", SJ_UNACCEPTABLE},
    };
    struct mx_world w;
    mx_world_open(&w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *values[] = {rows[i].user, "sesame"};
        const struct sj_account account = {values, 2};
        struct sj_error err;
        enum sj_status status = matrix_backend.account_check(recorder_net(w.r), &account, &err);
        cr_expect_eq(status, rows[i].status, "%s", rows[i].user);
    }
    mx_world_close(&w);
}

/* The registration ends. */
Test(mx_login, gives_its_device_back_when_the_account_is_given_up)
{
    struct mx_world w;
    mx_world_open(&w);
    mx_world_log_in(&w, NULL);
    matrix_backend.log_out(recorder_link(w.r, 1));
    recorder_disconnect(w.r, 1);
    recorder_wait_for_down(w.r, 1);
    cr_expect(recorder_heard(w.r, "1 down asked"));
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/logout"), 1);
    mx_world_close(&w);
}

Test(mx_login, gives_its_device_back_without_having_been_connected)
{
    struct mx_world w;
    mx_world_open(&w);
    mx_world_log_in(&w, NULL);
    recorder_free_link(w.r, 1);
    recorder_make(w.r, 1, MX_ROMEO);
    matrix_backend.log_out(recorder_link(w.r, 1));
    recorder_disconnect(w.r, 1);
    recorder_wait_for_down(w.r, 1);
    cr_expect_eq(fake_matrix_count(w.server, "POST " MX_API "/logout"), 1);
    mx_world_close(&w);
}
