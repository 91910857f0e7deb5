/* SPDX-License-Identifier: MPL-2.0 */
/* log.c: form of a line, clipping, limiter. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sojourn/log.h"

struct sink {
    char line[4096];
    enum sj_log_level level;
    unsigned n;
};

static void sink_take(enum sj_log_level level, const char *line, void *ctx)
{
    struct sink *s = ctx;
    s->n++;
    s->level = level;
    snprintf(s->line, sizeof s->line, "%s", line);
}

static struct sink *sink_start(struct sink *s)
{
    *s = (struct sink){0};
    sj_log_set_sink(sink_take, s);
    return s;
}

Test(log, writes_level_area_message_and_the_fields_of_the_chain)
{
    struct sink s;
    sink_start(&s);
    struct sj_log root = {.area = "daemon"};
    struct sj_log net = {.parent = &root, .area = "irc", .key = "net", .value = "irc.example.org"};
    struct sj_log user = {.parent = &net, .key = "user", .value = "romeo@example.org"};
    sj_log_info(&user, "link down reason=%s", "timeout");
    cr_assert_str_eq(s.line, "info irc: link down reason=timeout net=irc.example.org "
                             "user=romeo@example.org");
    sj_log_warn(&root, "something");
    cr_assert_str_eq(s.line, "warn daemon: something");
    cr_assert_eq(s.level, SJ_LOG_WARN);
    sj_log_error(NULL, "nobody");
    cr_assert_str_eq(s.line, "error sojourn: nobody");
}

Test(log, leaves_out_what_is_below_the_level)
{
    struct sink s;
    sink_start(&s);
    sj_log_debug(NULL, "not wanted");
    cr_assert_eq(s.n, 0);
    sj_log_set_level(SJ_LOG_TRACE);
    sj_log_trace(NULL, "wanted");
    cr_assert_eq(s.n, 1);
    sj_log_set_level(SJ_LOG_ERROR);
    cr_assert_eq(sj_log_level(), SJ_LOG_ERROR);
    sj_log_warn(NULL, "not wanted");
    cr_assert_eq(s.n, 1);
}

Test(log, knows_the_names_of_levels)
{
    enum sj_log_level level;
    cr_assert(sj_log_level_parse("error", &level) && level == SJ_LOG_ERROR);
    cr_assert(sj_log_level_parse("trace", &level) && level == SJ_LOG_TRACE);
    cr_assert_not(sj_log_level_parse("Info", &level));
    cr_assert_not(sj_log_level_parse("", &level));
}

Test(log, keeps_one_line_whatever_is_in_it)
{
    struct sink s;
    sink_start(&s);
    struct sj_log node = {.key = "user", .value = "a\nb\xE2\x80\xAE"};
    sj_log_info(&node, "first\nsecond\r\x1B[31m \xFF \xC2\x85 caf\xC3\xA9");
    cr_assert_str_eq(s.line, "info sojourn: first\\nsecond\\r\\x1b[31m \\xff \\x85 caf\xC3\xA9 "
                             "user=a\\nb\\u202e");
}

Test(log, cuts_long_lines_but_not_their_fields)
{
    struct sink s;
    sink_start(&s);
    struct sj_log node = {.key = "user", .value = "romeo@example.org"};
    sj_log_info(&node, "%3000s", "x");
    cr_assert_lt(strlen(s.line), 2048);
    cr_assert_not_null(strstr(s.line, " user=romeo@example.org"));
    char controls[1500];
    memset(controls, 1, sizeof controls - 1);
    controls[sizeof controls - 1] = '\0';
    sj_log_info(&node, "%s", controls);
    cr_assert_lt(strlen(s.line), 2048);
    cr_assert_not_null(strstr(s.line, " user=romeo@example.org"));
}

/* Writes one line to a pipe in place of stderr; journal: as if that were the journal's socket. */
static void write_one_line(char *out, size_t size, bool journal)
{
    int ends[2];
    struct stat st;
    char stream[64];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(fstat(ends[1], &st), 0);
    snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev,
             (uintmax_t)st.st_ino + !journal);
    setenv("JOURNAL_STREAM", stream, 1);
    int saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    errno = ENOTTY;
    sj_log_warn(NULL, "link down");
    cr_assert_eq(errno, ENOTTY, "errno is kept");
    dup2(saved, STDERR_FILENO);
    ssize_t n = read(ends[0], out, size - 1);
    cr_assert_gt(n, 0);
    out[n] = '\0';
}

Test(log, puts_the_time_before_lines_on_stderr)
{
    char line[200];
    write_one_line(line, sizeof line, false);
    int year, month, day, hour, minute, second, ms;
    int end = 0;
    sscanf(line, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %n", &year, &month, &day, &hour, &minute, &second,
           &ms, &end);
    cr_assert_eq(end, 25, "%s", line);
    cr_assert_str_eq(line + end, "warn sojourn: link down\n");
}

Test(log, puts_the_priority_before_lines_for_the_journal)
{
    char line[200];
    write_one_line(line, sizeof line, true);
    cr_assert_str_eq(line, "<4>warn sojourn: link down\n");
}

Test(clip, escapes_and_cuts)
{
    char longer[300];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    cr_assert_str_eq(SJ_CLIP(NULL), "-");
    cr_assert_str_eq(SJ_CLIP(""), "");
    cr_assert_str_eq(SJ_CLIP("a\tb"), "a\\tb");
    cr_assert_str_eq(SJ_CLIP_N("abcdef", 3), "abc");
    cr_assert_str_eq(SJ_CLIP_N("ab\0cd", 5), "ab");
    cr_assert_eq(strlen(SJ_CLIP(longer)), SJ_CLIP_MAX + 3);
    longer[SJ_CLIP_MAX] = '\0';
    cr_assert_str_eq(SJ_CLIP(longer), longer, "what fits is whole");
    cr_assert_null(strstr(SJ_CLIP(longer), "..."));
}

Test(clip, does_not_cut_inside_a_code_point_or_an_escape)
{
    for (size_t pad = 90; pad <= 100; pad++) {
        char text[200];
        memset(text, 'x', pad);
        snprintf(text + pad, sizeof text - pad, "\xF0\x9F\x98\x80 and more of it");
        const char *clipped = SJ_CLIP(text);
        cr_assert_null(strstr(clipped, "\\x"), "%s", clipped);
        memset(text, 'x', pad);
        snprintf(text + pad, sizeof text - pad, "\x01\x01\x01\x01\x01");
        clipped = SJ_CLIP(text);
        size_t n = strlen(clipped);
        cr_assert(n <= SJ_CLIP_MAX + 3);
        cr_assert_eq((n - pad - (clipped[n - 1] == '.' ? 3u : 0u)) % 4, 0, "%s", clipped);
    }
}

Test(limiter, allows_a_burst_in_a_period_and_counts_the_rest)
{
    struct sj_log_limit l = {0};
    unsigned dropped = 99;
    cr_assert(sj_log_allow(&l, 1000, 2, 500, &dropped));
    cr_assert_eq(dropped, 0);
    cr_assert(sj_log_allow(&l, 1100, 2, 500, &dropped));
    for (int i = 0; i < 5; i++)
        cr_assert_not(sj_log_allow(&l, 1200, 2, 500, &dropped));
    cr_assert(sj_log_allow(&l, 1500, 2, 500, &dropped));
    cr_assert_eq(dropped, 5);
    cr_assert(sj_log_allow(&l, 1501, 2, 500, &dropped));
    cr_assert_eq(dropped, 0);
    cr_assert_not(sj_log_allow(&l, 1502, 2, 500, &dropped));
}
