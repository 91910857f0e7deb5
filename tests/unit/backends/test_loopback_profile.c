/* SPDX-License-Identifier: MPL-2.0 */
/* Profiles and pictures on the loopback network, and who may see them. */
#include <criterion/criterion.h>

#include "loopback/loopback.h"
#include "loopback_picture.h"
#include "loopback_profile.h"
#include "recorder.h"
#include "sojourn/strbuf.h"

static struct recorder *start(void)
{
    struct recorder *r = recorder_new(&loopback_backend, "residents-period=10s", NULL, NULL);
    recorder_log_in(r, 1, "username=romeo");
    recorder_log_in(r, 2, "username=juliet");
    recorder_settle(r);
    recorder_forget(r);
    return r;
}

/* romeo sees juliet. */
static struct recorder *start_acquainted(void)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_add(r, 1, "juliet"), SJ_OK);
    recorder_settle(r);
    cr_assert_eq(recorder_answer(r, 2, "romeo", true), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    return r;
}

static enum sj_status show_picture(struct recorder *r, const void *data, size_t len)
{
    const struct sj_avatar picture = {.data = data, .len = len};
    const struct sj_own_profile own = {.avatar = &picture};
    return recorder_own_profile(r, 2, &own);
}

Test(loopback_profile, tells_of_residents)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_profile(r, 1, "echo"), SJ_OK);
    cr_assert_eq(recorder_avatar(r, 1, "echo", "echo-1"), SJ_OK);
    recorder_hears(r, "1 profile echo Echo of the Mountain");
    recorder_hears(r, "1 avatar echo echo-1 1142");
    recorder_hears(r, "1 op 1 ok");
    recorder_hears(r, "1 op 2 ok");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

Test(loopback_profile, tells_nothing_of_who_is_not_in_the_list)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_profile(r, 1, "juliet"), SJ_OK);
    cr_assert_eq(recorder_profile(r, 1, "nobody"), SJ_OK);
    cr_assert_eq(recorder_avatar(r, 1, "wanderer", "wanderer-1"), SJ_OK);
    recorder_hears(r, "1 op 1 not found");
    recorder_hears(r, "1 op 2 not found");
    recorder_hears(r, "1 op 3 not found");
    recorder_hears_nothing(r);
    recorder_free(&r);
}

Test(loopback_profile, an_id_of_another_picture_finds_nothing)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_avatar(r, 1, "echo", "echo-2"), SJ_OK);
    cr_assert_eq(recorder_avatar(r, 1, "echo", ""), SJ_OK);
    recorder_hears(r, "1 op 1 not found");
    recorder_hears(r, "1 op 2 not found");
    recorder_free(&r);
}

Test(loopback_profile, the_wanderer_comes_back_with_another_picture)
{
    struct recorder *r = start();
    cr_assert_eq(recorder_add(r, 1, "wanderer"), SJ_OK);
    recorder_settle(r);
    cr_assert_eq(recorder_avatar(r, 1, "wanderer", "wanderer-1"), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 avatar wanderer wanderer-1 1142"));
    recorder_advance(r, 31000);
    recorder_forget(r);
    cr_assert_eq(recorder_avatar(r, 1, "wanderer", "wanderer-2"), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 avatar wanderer wanderer-2 1142"));
    recorder_free(&r);
}

Test(loopback_profile, users_show_their_own_picture_and_nick)
{
    const struct sj_own_profile named = {.nick = "Juliet C."};
    struct recorder *r = start_acquainted();
    cr_assert_eq(recorder_own_profile(r, 2, &named), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 contact juliet online Juliet C."));
    cr_assert_eq(show_picture(r, "abc", 3), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    cr_assert_eq(recorder_avatar(r, 1, "juliet", "juliet-1"), SJ_OK);
    recorder_hears(r, "1 avatar juliet juliet-1 3");
    recorder_settle(r);
    recorder_forget(r);
    cr_assert_eq(show_picture(r, NULL, 0), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    cr_assert_eq(recorder_avatar(r, 1, "juliet", "juliet-1"), SJ_OK);
    recorder_settle(r);
    cr_expect_not(recorder_heard(r, "1 avatar juliet juliet-1 3"));
    recorder_free(&r);
}

Test(loopback_profile, pictures_are_bounded)
{
    static char big[LOOPBACK_PICTURE_MAX + 1];
    struct recorder *r = start();
    cr_expect_eq(show_picture(r, big, sizeof big), SJ_UNACCEPTABLE);
    cr_expect_eq(show_picture(r, big, sizeof big - 1), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    char nick[SJ_NAME_MAX + 2];
    memset(nick, 'x', sizeof nick);
    nick[sizeof nick - 1] = '\0';
    cr_expect_eq(recorder_own_profile(r, 2, &(struct sj_own_profile){.nick = nick}), SJ_INVALID);
    recorder_hears_nothing(r);
    recorder_free(&r);
}

/* Outcomes are owed also when the link ends first (the recorder checks that they come). */
Test(loopback_profile, a_log_out_ends_open_questions)
{
    struct recorder *r = recorder_new(&loopback_backend, "latency=1s", NULL, NULL);
    recorder_log_in(r, 1, "username=romeo");
    recorder_advance(r, 3000);
    recorder_forget(r);
    cr_assert_eq(recorder_profile(r, 1, "echo"), SJ_OK);
    cr_assert_eq(recorder_avatar(r, 1, "echo", "echo-1"), SJ_OK);
    recorder_disconnect(r, 1);
    recorder_hears(r, "1 op 1 no live link");
    recorder_hears(r, "1 op 2 no live link");
    recorder_hears(r, "1 down asked");
    cr_expect_eq(recorder_profile(r, 1, "echo"), SJ_UNREACHABLE);
    recorder_free(&r);
}

Test(loopback_profile, pictures_are_small_and_always_the_same)
{
    struct sj_strbuf one;
    struct sj_strbuf two;
    sj_strbuf_init(&one, LOOPBACK_PICTURE_BYTES_MAX);
    sj_strbuf_init(&two, LOOPBACK_PICTURE_BYTES_MAX);
    loopback_picture_png(&one, "echo-1");
    loopback_picture_png(&two, "echo-1");
    cr_assert(sj_strbuf_ok(&one));
    cr_expect_eq(one.len, two.len);
    cr_expect_arr_eq(one.s, two.s, one.len);
    sj_strbuf_reset(&two);
    loopback_picture_png(&two, "echo-2");
    cr_expect_neq(memcmp(one.s, two.s, one.len), 0);
    sj_strbuf_release(&one);
    sj_strbuf_release(&two);
}
