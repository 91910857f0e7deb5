/* SPDX-License-Identifier: MPL-2.0 */
/* Sets each gateway up for the same work: plain TCP on loopback, no throttle, no history, logs
 * only for warnings. What differs between them stands here and in the manners of xmpp_end.c. */
#include "gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"

#define START_TIMEOUT_NS (20 * SECOND_NS)
#define STOP_TIMEOUT_NS (15 * SECOND_NS)
#define STOP_TIMEOUT_PEER_NS (2 * SECOND_NS)
#define LOG_TAIL_BYTES 3000

static void path_format(char *out, const struct gateway *g, const char *name)
{
    int n = snprintf(out, GATEWAY_PATH_MAX + 32, "%s/%s", g->dir, name);

    if (n < 0)
        die("a path is too long");
}

void gateway_init(struct gateway *g, const char *what, const char *base)
{
    int n;

    *g = (struct gateway){.kind = GATEWAY_SOJOURND, .name = "sojournd", .program = what};
    if (strcmp(what, "floor") == 0 || strcmp(what, "floor-faulty") == 0) {
        g->kind = GATEWAY_FLOOR;
        g->name = what;
        g->faulty = strcmp(what, "floor") != 0;
        g->program = "/proc/self/exe";
    } else if (strcmp(what, "biboumi") == 0) {
        g->kind = GATEWAY_BIBOUMI;
        g->name = "biboumi";
        g->program = "/usr/bin/biboumi";
    }
    if (g->kind != GATEWAY_FLOOR && access(g->program, X_OK) != 0)
        die("%s: %s", g->program, strerror(errno));
    n = snprintf(g->dir, sizeof g->dir, "%s/%s", base, g->name);
    if (n < 0 || (size_t)n >= sizeof g->dir || (mkdir(g->dir, 0700) < 0 && errno != EEXIST))
        die("cannot make a directory below %s: %s", base, strerror(errno));
}

enum manner gateway_manner(const struct gateway *g)
{
    return g->kind == GATEWAY_BIBOUMI ? MANNER_ROOM : MANNER_TRANSPORT;
}

static int entry_remove(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st;
    (void)kind;
    (void)walk;
    return remove(path);
}

void directory_remove(const char *path)
{
    nftw(path, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}

void gateway_forget(struct gateway *g)
{
    char path[GATEWAY_PATH_MAX + 32];

    if (g->kind != GATEWAY_SOJOURND)
        return;
    path_format(path, g, "data");
    directory_remove(path);
    path_format(path, g, "store.key");
    unlink(path);
}

static void sojournd_configure(const struct gateway *g, const struct world *w, FILE *f)
{
    fprintf(f,
            "[gateway]\n"
            "server = 127.0.0.1\n"
            "port = %u\n"
            "data-dir = %s/data\n"
            "key-file = %s/store.key\n"
            "control-socket = %s/control.sock\n"
            "allow = " USER_DOMAIN "\n"
            "log-level = warn\n\n"
            "[" GATEWAY_HOST "]\n"
            "backend = irc\n"
            "secret = " COMPONENT_SECRET "\n"
            "server = 127.0.0.1\n"
            "port = %u\n"
            "tls = no\n"
            "login-rate = 0\n"
            "logins-at-once = 1000\n"
            "send-rate = 0\n",
            (unsigned)w->xmpp_port, g->dir, g->dir, g->dir, (unsigned)w->irc_port);
}

static void biboumi_configure(const struct gateway *g, const struct world *w, FILE *f)
{
    fprintf(f,
            "hostname=" GATEWAY_HOST "\n"
            "password=" COMPONENT_SECRET "\n"
            "xmpp_server_ip=127.0.0.1\n"
            "port=%u\n"
            "db_name=%s/biboumi.sqlite\n"
            "fixed_irc_server=127.0.0.1\n"
            "persistent_by_default=false\n"
            "identd_port=0\n"
            "log_level=3\n"
            "log_file=%s/gateway.log\n",
            (unsigned)w->xmpp_port, g->dir, g->dir);
}

static void configuration_write(const struct gateway *g, const struct world *w)
{
    char path[GATEWAY_PATH_MAX + 32];
    FILE *f;

    path_format(path, g, "config");
    f = fopen(path, "we");
    if (!f)
        die("%s: %s", path, strerror(errno));
    if (g->kind == GATEWAY_SOJOURND)
        sojournd_configure(g, w, f);
    else if (g->kind == GATEWAY_BIBOUMI)
        biboumi_configure(g, w, f);
    if (fclose(f) != 0 || chmod(path, 0600) != 0)
        die("%s: %s", path, strerror(errno));
}

void gateway_tune(struct gateway *g)
{
    char path[GATEWAY_PATH_MAX + 32];

    path_format(path, g, "biboumi.sqlite");
    if (g->kind == GATEWAY_BIBOUMI && !biboumi_index(path))
        note("biboumi's database has no index: its figures are worse than they could be");
}

static pid_t program_start(const struct gateway *g, const struct world *w)
{
    char config[GATEWAY_PATH_MAX + 32];
    char log[GATEWAY_PATH_MAX + 32];
    char ports[2][16];
    const char *sojournd[] = {g->program, "--config", config, NULL};
    const char *biboumi[] = {g->program, config, NULL};
    const char *floor[] = {g->program, "--floor", ports[0], ports[1], g->faulty ? "faulty" : "",
                           NULL};

    path_format(config, g, "config");
    path_format(log, g, "gateway.log");
    snprintf(ports[0], sizeof ports[0], "%u", (unsigned)w->xmpp_port);
    snprintf(ports[1], sizeof ports[1], "%u", (unsigned)w->irc_port);
    if (g->kind == GATEWAY_FLOOR)
        return process_start(floor, log);
    return process_start(g->kind == GATEWAY_BIBOUMI ? biboumi : sojournd, log);
}

bool gateway_alive(struct gateway *g)
{
    if (g->pid > 0 && !process_alive(g->pid))
        g->pid = 0;
    return g->pid > 0;
}

bool gateway_restart(struct gateway *g, struct world *w)
{
    int64_t deadline;

    g->started_at = clock_now_ns();
    g->pid = program_start(g, w);
    deadline = g->started_at + START_TIMEOUT_NS;
    while (!w->attached && gateway_alive(g) && clock_now_ns() < deadline)
        loop_turn(w->loop, clock_now_ns() + 100 * MILLI_NS);
    return w->attached;
}

bool gateway_start(struct gateway *g, struct world *w)
{
    g->irc_port = w->irc_port;
    configuration_write(g, w);
    return gateway_restart(g, w);
}

bool gateway_stop(struct gateway *g, struct world *w)
{
    bool ours = g->kind == GATEWAY_SOJOURND;
    int64_t deadline = clock_now_ns() + (ours ? STOP_TIMEOUT_NS : STOP_TIMEOUT_PEER_NS);
    bool in_time = true;

    if (!gateway_alive(g))
        return false;
    process_signal(g->pid, SIGTERM);
    while (gateway_alive(g)) {
        if (clock_now_ns() > deadline) {
            process_signal(g->pid, SIGKILL);
            in_time = !ours;
        }
        loop_turn(w->loop, clock_now_ns() + 2 * MILLI_NS);
    }
    return in_time;
}

void gateway_log_show(const struct gateway *g)
{
    char path[GATEWAY_PATH_MAX + 32];
    char tail[LOG_TAIL_BYTES];
    size_t n;
    FILE *f;

    path_format(path, g, "gateway.log");
    f = fopen(path, "re");
    if (!f)
        return;
    if (fseek(f, -LOG_TAIL_BYTES, SEEK_END) != 0)
        rewind(f);
    n = fread(tail, 1, sizeof tail, f);
    fclose(f);
    fprintf(stderr, "--- end of the log of %s\n%.*s---\n", g->name, (int)n, tail);
}
