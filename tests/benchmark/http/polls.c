/* SPDX-License-Identifier: MPL-2.0 */
/* polls URL CA-FILE NUMBER: holds so many requests open and says what each costs.
 *
 * One request goes first, so that what is there once (trusted certificates, tables of libraries) is
 * not counted. Then the others start; when nothing has moved for a second the difference is taken:
 * RSS, heap in use, descriptors, CPU. Leaves the server to run.py. */
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "sojourn/http.h"
#include "sojourn/log.h"
#include "sojourn/loop.h"

struct figures {
    double rss, heap, cpu_us;
    unsigned descriptors;
};

static unsigned long failed;

static double read_rss(void)
{
    char line[200];
    double kib = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "Rss:", 4) == 0)
            kib = strtod(line + 4, NULL);
    }
    if (file)
        fclose(file);
    return kib;
}

static unsigned count_descriptors(void)
{
    unsigned n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

static struct figures take_figures(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    double us = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e6 +
                (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
    return (struct figures){.rss = read_rss(),
                            .heap = (double)mallinfo2().uordblks / 1024,
                            .cpu_us = us,
                            .descriptors = count_descriptors()};
}

static void on_headers(void *ctx, uint64_t id, int status, const char *type, int64_t length)
{
    (void)ctx, (void)id, (void)status, (void)type, (void)length;
}

static void on_data(void *ctx, uint64_t id, const void *p, size_t n)
{
    (void)ctx, (void)id, (void)p, (void)n;
}

static void on_writable(void *ctx, uint64_t id, size_t room)
{
    (void)ctx, (void)id, (void)room;
}

static void on_done(void *ctx, uint64_t id, int status, const struct sj_error *err)
{
    (void)ctx, (void)id, (void)status;
    if (!failed++)
        fprintf(stderr, "a poll ended: %s\n", err ? err->text : "answered");
}

static const struct sj_http_events events = {
    .headers = on_headers, .data = on_data, .writable = on_writable, .done = on_done};

static void start(struct sj_http *http, const char *url, unsigned number)
{
    char token[64];
    snprintf(token, sizeof token, "Bearer token-of-user-%08u", number);
    struct sj_http_header header = {"Authorization", token};
    struct sj_http_request q = {.url = url,
                                .allow_http = true,
                                .headers = &header,
                                .n_headers = 1,
                                .response_max = 1u << 20,
                                .total_ms = 3600000,
                                .connect_ms = 600000,
                                .events = &events};
    struct sj_error err;
    if (!sj_http_start(http, &q, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

/* Until all are at work and no CPU was used for a second. */
static void settle(struct sj_loop *loop, struct sj_http *http)
{
    double before, now = take_figures().cpu_us;
    do {
        before = now;
        int64_t end_ms = sj_loop_now_ms(loop) + 1000;
        do
            sj_loop_turn(loop, 100);
        while (sj_loop_now_ms(loop) < end_ms || sj_http_counts(http).waiting);
        now = take_figures().cpu_us;
    } while (now - before > 3000);
}

int main(int argc, char **argv)
{
    static const struct sj_log log = {.area = "bench"};
    if (argc != 4)
        return 2;
    unsigned n = (unsigned)strtoul(argv[3], NULL, 10);
    struct sj_subnet loopback;
    sj_subnet_parse(&loopback, "127.0.0.0/8", NULL);
    struct sj_http_options options = {.ca_file = argv[2],
                                      .running_max = n + 1,
                                      .running_host_max = n + 1,
                                      .waiting_max = n + 1,
                                      .allowed = &loopback,
                                      .n_allowed = 1};
    struct sj_loop *loop = sj_loop_new();
    struct sj_http *http = sj_http_new(loop, &log, &options);
    start(http, argv[1], 0);
    settle(loop, http);
    struct figures a = take_figures();
    for (unsigned i = 1; i <= n; i++)
        start(http, argv[1], i);
    settle(loop, http);
    struct figures b = take_figures();
    printf("polls %u: RSS %.1f KiB, heap %.1f KiB, CPU %.0f us each; %u connections\n", n,
           (b.rss - a.rss) / n, (b.heap - a.heap) / n, (b.cpu_us - a.cpu_us) / n,
           b.descriptors - a.descriptors);
    sj_http_free(&http);
    sj_loop_free(&loop);
    return failed ? 1 : 0;
}
