/* SPDX-License-Identifier: MPL-2.0 */
/* Big channels, and servers that send more than anybody can want. */
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "irc_chan.h"
#include "irc_world_room.h"
#include "sojourn/log.h"
#include "sojourn/strbuf.h"

#define PER_LINE 20u

static unsigned lines_logged;

static struct irc_world *world_entering(void)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, NULL, NULL);
    cr_assert_eq(irc_joins(w, "#big", NULL), SJ_OK);
    irc_gets(w, "JOIN #big");
    irc_says(w, ":me!m@h JOIN #big");
    return w;
}

/* Lines of names, n in all, from the number `from` on. */
static void say_names(struct irc_world *w, unsigned from, unsigned n)
{
    struct sj_strbuf all;

    sj_strbuf_init(&all, 64u * 1024u * 1024u);
    for (unsigned i = 0; i < n; i++) {
        if (i % PER_LINE == 0)
            sj_strbuf_adds(&all, i ? "\r\n:irc.test 353 me = #big :" : ":irc.test 353 me = #big :");
        sj_strbuf_addf(&all, "n%u ", from + i);
    }
    sj_strbuf_adds(&all, "\r\n");
    for (size_t at = 0; at < all.len;) {
        size_t piece = all.len - at > 65536 ? 65536 : all.len - at;
        irc_says_raw(w, all.s + at, piece);
        irc_settle(w);
        at += piece;
    }
    sj_strbuf_release(&all);
}

static unsigned count_until(struct irc_world *w, const char *event, const char *prefix)
{
    unsigned n = 0;
    const char *got;

    do {
        got = irc_event(w);
        cr_assert(*got, "never heard: %s", event);
        n += strncmp(got, prefix, strlen(prefix)) == 0;
    } while (strcmp(got, event) != 0);
    return n;
}

static int64_t cpu_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What two and a half thousand take, five thousand take about twice: no more than four times. */
Test(irc_chan_big, five_thousand_are_linear)
{
    struct irc_world *w = world_entering();
    int64_t start = cpu_ms();

    say_names(w, 0, 2500);
    int64_t first = cpu_ms() - start;
    start = cpu_ms();
    say_names(w, 2500, 2500);
    int64_t second = cpu_ms() - start;
    cr_assert_leq(second, 4 * first + 200);
    irc_says(w, ":irc.test 366 me #big :End");
    cr_assert_eq(count_until(w, "entered #big", "occupant "), 5001);
    irc_hears(w, "op 1 ok");
    irc_world_free(w);
}

static void count_lines(enum sj_log_level level, const char *line, void *ctx)
{
    (void)ctx;
    cr_assert_geq((int)level, (int)SJ_LOG_INFO, "%s", line);
    lines_logged += strstr(line, "network split") != NULL || strstr(line, "limit=") != NULL;
}

Test(irc_chan_big, a_split_of_thousands_is_logged_once)
{
    struct irc_world *w = world_entering();
    struct sj_strbuf all;

    say_names(w, 0, 3000);
    irc_says(w, ":irc.test 366 me #big :End");
    irc_skips_to(w, "op 1 ok");
    sj_log_set_sink(count_lines, NULL);
    sj_strbuf_init(&all, 1024u * 1024u);
    for (unsigned i = 0; i < 3000; i++)
        sj_strbuf_addf(&all, ":n%u!u@h QUIT :a.example.org b.example.org\r\n", i);
    irc_says_raw(w, all.s, all.len);
    sj_strbuf_release(&all);
    cr_assert_eq(count_until(w, "gone #big n2999 lost: a.example.org b.example.org", "gone "),
                 3000);
    cr_assert_eq(lines_logged, 1);
    cr_assert_eq(irc_world_link(w)->rooms->people.used, 1);
    irc_world_free(w);
}

Test(irc_chan_big, more_members_than_anybody_can_count_are_not_followed)
{
    struct irc_world *w = world_entering();

    sj_log_set_sink(count_lines, NULL);
    say_names(w, 0, IRC_MEMBERS_MAX + 500);
    irc_says(w, ":irc.test 366 me #big :End");
    cr_assert_eq(count_until(w, "entered #big", "occupant "), IRC_MEMBERS_MAX);
    irc_hears(w, "op 1 ok");
    cr_assert_eq(lines_logged, 1);
    /* One of the others speaks. */
    irc_says(w, ":n20400!u@h PRIVMSG #big :hello");
    irc_hears(w, "message #big/n20400 hello");
    irc_world_free(w);
}

Test(irc_chan_big, names_without_end_end_the_link)
{
    struct irc_world *w = world_entering();

    /* Always the same: it is their number that counts. */
    for (unsigned i = 0; i <= IRC_NAMES_MAX / 1000; i++)
        say_names(w, 0, 1000);
    irc_hears(w, "op 1 no live link: the session ended before the network answered");
    irc_hears(w, "down protocol: a list of names without end");
    irc_world_free(w);
}
