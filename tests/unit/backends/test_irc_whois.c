/* SPDX-License-Identifier: MPL-2.0 */
/* What WHOIS tells of a person (backends/irc/irc_whois.c). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "irc_ask.h"
#include "irc_world.h"
#include "sojourn/strbuf.h"

static struct irc_world *w;

static void setup(void)
{
    w = irc_world_new("send-rate=0");
    irc_online(w, NULL, "CASEMAPPING=rfc1459");
}

static void teardown(void)
{
    irc_world_free(w);
}

TestSuite(irc_whois, .init = setup, .fini = teardown);

Test(irc_whois, becomes_a_profile)
{
    cr_assert_eq(irc_asks_who(w, "juliet"), SJ_OK);
    irc_gets(w, "WHOIS juliet");
    irc_says(w, ":srv 311 me Juliet ~j capulet.test * :\00304Juliet\003 \002Capulet\002 ");
    irc_says(w, ":srv 312 me Juliet irc.verona.test :Fair Verona");
    irc_says(w, ":srv 301 me Juliet :at the ball");
    irc_says(w, ":srv 313 me Juliet :is an IRC operator");
    irc_says(w, ":srv 330 me Juliet jcap :is logged in as");
    irc_says(w, ":srv 319 me Juliet :@#balcony +#ball ");
    irc_says(w, ":srv 319 me Juliet :#garden");
    irc_says(w, ":srv 671 me Juliet :is using a secure connection");
    irc_says(w, ":srv 338 me Juliet 192.0.2.7 :actually using host");
    irc_says(w, ":srv 317 me Juliet 12 1300000000 :seconds idle, signon time");
    irc_hears_nothing(w);
    irc_says(w, ":srv 318 me juliet :End of WHOIS");
    irc_hears(w, "profile 1 juliet|Juliet Capulet|Juliet|User and host=~j@capulet.test|"
                 "Account=jcap|"
                 "Server=irc.verona.test - Fair Verona|Channels=@#balcony +#ball #garden|"
                 "Away=at the ball|Logged in since=2011-03-13 07:06 UTC|"
                 "The server says=is an IRC operator; is using a secure connection");
    irc_hears(w, "op 1 ok");
    irc_gets_nothing(w);
}

Test(irc_whois, nobody_is_not_found)
{
    cr_assert_eq(irc_asks_who(w, "tybalt"), SJ_OK);
    irc_gets(w, "WHOIS tybalt");
    irc_says(w, ":srv 401 me tybalt :No such nick/channel");
    irc_hears(w, "op 1 not found: nobody has this nickname now (the network says: No such "
                 "nick/channel)");
    irc_says(w, ":srv 318 me tybalt :End of WHOIS");
    irc_hears_nothing(w);
    /* Some say nothing but the end. */
    cr_assert_eq(irc_asks_who(w, "tybalt"), SJ_OK);
    irc_gets(w, "WHOIS tybalt");
    irc_says(w, ":srv 318 me TYBALT :End of WHOIS");
    irc_hears(w, "op 2 not found: nobody has this nickname now");
    irc_says(w, ":srv 318 me tybalt :End of WHOIS");
    irc_hears_nothing(w);
}

/* One at a time; what is about somebody else is not taken for an answer. */
Test(irc_whois, questions_wait_for_each_other)
{
    cr_assert_eq(irc_asks_who(w, "juliet"), SJ_OK);
    cr_assert_eq(irc_asks_who(w, "nurse"), SJ_OK);
    irc_gets(w, "WHOIS juliet");
    irc_gets_nothing(w);
    irc_says(w, ":srv 311 me nurse n verona.test * :The Nurse");
    irc_says(w, ":srv 318 me nurse :End of WHOIS");
    irc_hears_nothing(w);
    irc_says(w, ":srv 311 me juliet j verona.test * :J");
    irc_says(w, ":srv 318 me juliet :End of WHOIS");
    irc_hears(w, "profile 1 juliet|J|juliet|User and host=j@verona.test");
    irc_hears(w, "op 1 ok");
    irc_gets(w, "WHOIS nurse");
    irc_says(w, ":srv 318 me nurse :End of WHOIS");
    irc_hears(w, "op 2 not found: nobody has this nickname now");
}

Test(irc_whois, refuses_what_is_nobody)
{
    static const char *const ids[] = { "#verona", "*", "jul*", "j?", "*server", "a,b", "", "a b",
                                       "juliet\r\nQUIT" };

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        cr_expect_eq(irc_asks_who(w, ids[i]), SJ_NOTFOUND, "%s", ids[i]);
    irc_gets_nothing(w);
    for (unsigned i = 0; i < IRC_ASKS_MAX; i++)
        cr_assert_eq(irc_asks_who(w, "juliet"), SJ_OK);
    cr_expect_eq(irc_asks_who(w, "juliet"), SJ_LIMIT);
    irc_gets(w, "WHOIS juliet");
    irc_gets_nothing(w);
}

/* What never ends, is out of range or out of bounds. */
Test(irc_whois, hostile_answers_are_bounded)
{
    struct sj_strbuf long_line;
    const char *event;

    cr_assert_eq(irc_asks_who(w, "juliet"), SJ_OK);
    irc_gets(w, "WHOIS juliet");
    irc_says(w, ":srv 311 me juliet");
    irc_says(w, ":srv 311 me juliet j");
    irc_says(w, ":srv 312 me juliet");
    irc_says(w, ":srv 317 me juliet");
    irc_says(w, ":srv 317 me juliet -5 99999999999999999999 :x");
    irc_says(w, ":srv 317 me juliet 999999999999 -1 :x");
    irc_says(w, ":srv 330 me juliet :is logged in as");
    irc_says(w, ":srv 311 me juliet j h * :\001\002\003\017\037");
    irc_says(w, ":srv 311 me juliet j\xff h * :J\xc3\xa9");
    sj_strbuf_init(&long_line, 8192);
    sj_strbuf_adds(&long_line, ":srv 319 me juliet :");
    for (unsigned i = 0; i < 50; i++)
        sj_strbuf_adds(&long_line, "#\xc3\xa9\xc3\xa9\xc3\xa9 ");
    for (unsigned i = 0; i < 200; i++) {
        irc_says(w, long_line.s);
        irc_says(w, ":srv 320 me juliet :is somebody");
    }
    sj_strbuf_release(&long_line);
    irc_says(w, ":srv 318 me juliet :End");
    event = irc_event(w);
    cr_expect_not_null(strstr(event, "profile 1 juliet|J\xc3\xa9|juliet|User and host=j\xc3\xbf@h|"
                                     "Channels=#"), "%s", event);
    cr_expect_null(strstr(event, "since"), "%s", event);
    cr_expect_lt(strlen(event), 2 * SJ_PROFILE_VALUE_MAX + 200);
    irc_hears(w, "op 1 ok");
}

/* Chatter is no answer: the deadline counts from the question. */
Test(irc_whois, an_answer_without_end_is_over)
{
    cr_assert_eq(irc_asks_who(w, "juliet"), SJ_OK);
    irc_gets(w, "WHOIS juliet");
    irc_says(w, ":srv 311 me juliet j h * :J");
    irc_advance(w, IRC_ASK_MS / 2);
    irc_says(w, ":srv 320 me juliet :is still talking");
    irc_advance(w, IRC_ASK_MS / 2 + 1000);
    irc_hears(w, "op 1 timed out: the network did not answer");
    irc_says(w, ":srv 318 me juliet :End");
    irc_hears_nothing(w);
}

Test(irc_whois, a_lost_link_answers)
{
    cr_assert_eq(irc_asks_who(w, "juliet"), SJ_OK);
    irc_gets(w, "WHOIS juliet");
    irc_says(w, ":srv 311 me juliet j h * :J");
    irc_hangs_up(w);
    cr_expect_eq(strncmp(irc_event(w), "op 1 ", 5), 0);
}

Test(irc_whois, nobody_is_asked_about_unasked)
{
    cr_assert_eq(irc_adds(w, "juliet"), SJ_OK);
    cr_assert_eq(irc_adds(w, "nurse"), SJ_OK);
    irc_settle(w);
    for (const char *line; (line = irc_line_if_any(w)) != NULL;)
        cr_expect_null(strstr(line, "WHOIS"), "%s", line);
}
