/* SPDX-License-Identifier: MPL-2.0 */
/* sojournctl: the admin's tool. Makes keys, checks the configuration, and asks the running daemon
 * through its control socket (its side is control.c); ctl_answer.c prints what it says. One request
 * a run, so it may block. Status 0: done, 1: failed, 2: wrong usage or configuration. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "config.h"
#include "ctl.h"
#include "ctl_answer.h"
#include "daemon.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/store.h"
#include "sojourn/strbuf.h"

#define CTL_CONFIG "/etc/sojourn/sojourn.conf"
#define CTL_ANSWER_MAX (2u * 1024 * 1024)
#define CTL_TIMEOUT_S 60

struct ctl_command {
    const char *name;
    int min_args, max_args;
    const char *usage;          /* NULL: not shown */
    const char *help;
    int (*run)(const struct ctl *ctl);
};

static void ctl_report(void *ctx, const char *text)
{
    (void)ctx;
    fprintf(stderr, "%s\n", text);
}

/* ---- the control socket ---- */

static void ctl_explain_connect(const char *path, int cause)
{
    if (cause == ENOENT || cause == ECONNREFUSED)
        fprintf(stderr, "sojournctl: the daemon is not running: nobody listens on %s\n"
                "Start it with \"systemctl start sojourn\", or run sojournd --config FILE; if it "
                "runs, compare control-socket in both configurations.\n", path);
    else if (cause == EACCES || cause == EPERM)
        fprintf(stderr, "sojournctl: you may not use %s: run this as root or as the daemon's "
                "user\n", path);
    else
        fprintf(stderr, "sojournctl: cannot connect to %s: %s\n", path, strerror(cause));
}

/* A connected socket, -1 when that failed; cause is errno then, 0 when it was explained. */
static int ctl_try_connect(const char *path, int *cause)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    if (n >= sizeof address.sun_path) {
        fprintf(stderr, "sojournctl: control-socket is too long for a socket: %s\n", path);
        *cause = 0;
        return -1;
    }
    memcpy(address.sun_path, path, n + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) {
        struct timeval timeout = {.tv_sec = CTL_TIMEOUT_S};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
        return fd;
    }
    *cause = errno;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* A connected socket, -1 when that failed and was explained. */
static int ctl_connect(const char *path)
{
    int cause = 0;
    int fd = ctl_try_connect(path, &cause);
    if (fd < 0 && cause)
        ctl_explain_connect(path, cause);
    return fd;
}

bool ctl_is_running(const char *path)
{
    int cause = 0;
    int fd = ctl_try_connect(path, &cause);
    if (fd >= 0)
        close(fd);
    return fd >= 0 || (cause != ENOENT && cause != ECONNREFUSED);
}

static bool ctl_send(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t done = send(fd, p, n, MSG_NOSIGNAL);
        if (done < 0 && errno != EINTR)
            return false;
        p += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return true;
}

/* Takes the lines of progress off the front of an answer. */
static void ctl_take_progress(struct sj_strbuf *answer, void (*progress)(const char *record))
{
    static const char word[] = "progress\t";
    char *end;
    while (strncmp(answer->s, word, sizeof word - 1) == 0 && (end = strchr(answer->s, '\n'))) {
        struct sj_strbuf rest;
        sj_strbuf_init(&rest, CTL_ANSWER_MAX);
        *end = '\0';
        if (progress)
            progress(answer->s + sizeof word - 1);
        sj_strbuf_adds(&rest, end + 1);
        sj_strbuf_reset(answer);
        sj_strbuf_adds(answer, rest.s);
        sj_strbuf_release(&rest);
    }
}

/* Reads up to the empty line that ends an answer. */
static bool ctl_receive(int fd, struct sj_strbuf *answer, void (*progress)(const char *record))
{
    char part[4096];
    while (answer->len < 2 || memcmp(answer->s + answer->len - 2, "\n\n", 2) != 0) {
        ssize_t got = recv(fd, part, sizeof part, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        sj_strbuf_add(answer, part, (size_t)got);
        if (!sj_strbuf_ok(answer) || memchr(part, '\0', (size_t)got))
            return false;
        ctl_take_progress(answer, progress);
    }
    return true;
}

/* Leaves in answer what follows "ok", or the reason for a refusal. */
static enum ctl_outcome ctl_judge(struct sj_strbuf *answer)
{
    struct sj_strbuf rest;
    bool done = strncmp(answer->s, "ok\n", 3) == 0;
    bool refused = strncmp(answer->s, "error ", 6) == 0;
    if (!done)
        answer->s[strcspn(answer->s, "\n")] = '\0';
    for (char *c = answer->s; *c && !done; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = '?';
    }
    sj_strbuf_init(&rest, CTL_ANSWER_MAX);
    sj_strbuf_adds(&rest, done ? answer->s + 3 : refused ? answer->s + 6
                                               : "the daemon's answer makes no sense");
    sj_strbuf_reset(answer);
    sj_strbuf_adds(answer, rest.s);
    sj_strbuf_release(&rest);
    return done ? CTL_ANSWERED : CTL_REFUSED;
}

enum ctl_outcome ctl_request(const char *path, const char *request, struct sj_strbuf *answer,
                             void (*progress)(const char *record))
{
    int fd = ctl_connect(path);
    if (fd < 0)
        return CTL_BROKEN;
    bool whole = ctl_send(fd, request, strlen(request)) && ctl_receive(fd, answer, progress);
    int cause = errno;
    close(fd);
    if (whole)
        return ctl_judge(answer);
    bool late = cause == EAGAIN || cause == EWOULDBLOCK;
    fprintf(stderr, "sojournctl: the daemon %s\n",
            late ? "does not answer" : "broke off its answer; its log may say why");
    return CTL_BROKEN;
}

/* Sends request and leaves in answer what follows "ok"; false: failed and explained. */
static bool ctl_ask(const char *path, const char *request, struct sj_strbuf *answer)
{
    enum ctl_outcome outcome = ctl_request(path, request, answer, NULL);
    if (outcome == CTL_REFUSED)
        fprintf(stderr, "sojournctl: %s\n", answer->s);
    return outcome == CTL_ANSWERED;
}

/* ---- commands ---- */

/* The configuration, for everything but the check of it; NULL: explained. */
struct config *ctl_config(const struct ctl *ctl)
{
    return config_load_plain(ctl->config_path, ctl_report, NULL);
}

static int ctl_status(const struct ctl *ctl)
{
    struct config *config = ctl_config(ctl);
    if (!config)
        return CTL_USAGE;
    struct sj_strbuf answer;
    sj_strbuf_init(&answer, CTL_ANSWER_MAX);
    bool done = ctl_ask(sj_values_text(&config->gateway, "control-socket"), "status\n", &answer);
    if (done) {
        if (ctl->json)
            ctl_answer_print_status(answer.s);
        else
            ctl_answer_print_tables(answer.s);
    }
    sj_strbuf_release(&answer);
    config_free(&config);
    return done ? CTL_DONE : CTL_FAILED;
}

static int ctl_unregister(const struct ctl *ctl)
{
    if (strpbrk(ctl->args[0], " \t\r\n") || strpbrk(ctl->args[1], " \t\r\n")) {
        fputs("sojournctl: neither a JID nor a hostname holds blanks\n", stderr);
        return CTL_USAGE;
    }
    struct config *config = ctl_config(ctl);
    if (!config)
        return CTL_USAGE;
    struct sj_strbuf request;
    struct sj_strbuf answer;
    sj_strbuf_init(&request, CTL_ANSWER_MAX);
    sj_strbuf_init(&answer, CTL_ANSWER_MAX);
    sj_strbuf_addf(&request, "unregister %s %s\n", ctl->args[0], ctl->args[1]);
    bool done =
        ctl_ask(sj_values_text(&config->gateway, "control-socket"), request.s, &answer);
    if (done)
        printf("%s is no longer registered at %s\n", ctl->args[0], ctl->args[1]);
    sj_strbuf_release(&request);
    sj_strbuf_release(&answer);
    config_free(&config);
    return done ? CTL_DONE : CTL_FAILED;
}

/* Root works for the daemon's user, who is known by what it owns: the data directory. False when
 * we are not root, or there is none. */
static bool ctl_find_owner(const char *data_dir, struct stat *st)
{
    return geteuid() == 0 && data_dir && stat(data_dir, st) == 0 && st->st_uid != 0;
}

static int ctl_genkey(const struct ctl *ctl)
{
    struct config *config = ctl->n_args ? NULL : ctl_config(ctl);
    if (!ctl->n_args && !config)
        return CTL_USAGE;
    const char *path =
        config ? sj_values_text(&config->gateway, "key-file") : ctl->args[0];
    struct sj_error err;
    struct stat owner;
    if (!path) {
        fputs("sojournctl: the configuration has no key-file; say genkey PATH\n", stderr);
        config_free(&config);
        return CTL_USAGE;
    }
    bool done = sj_store_genkey(path, &err) == SJ_OK;
    if (!done) {
        fprintf(stderr, "sojournctl: %s: %s\n", path, err.text);
    } else {
        bool given = config && ctl_find_owner(sj_values_text(&config->gateway, "data-dir"), &owner);
        if (given && chown(path, owner.st_uid, owner.st_gid) != 0)
            fprintf(stderr, "sojournctl: %s: cannot give it to the owner of data-dir: %s\n", path,
                    strerror(errno));
        printf("%s: a new key; without it the data cannot be read, so keep a copy in a safe "
               "place, apart from the data\n", path);
        if (geteuid() == 0 && !given)
            printf("It belongs to root: give it to the user who runs the daemon (chown).\n");
    }
    config_free(&config);
    return done ? CTL_DONE : CTL_FAILED;
}

static int ctl_check(const struct ctl *ctl)
{
    struct config *config = ctl_config(ctl);
    if (!config)
        return CTL_USAGE;
    struct stat owner;
    bool other = ctl_find_owner(sj_values_text(&config->gateway, "data-dir"), &owner);
    config_free(&config);
    /* What the daemon may read is not what root may read. */
    if (other && (setegid(owner.st_gid) != 0 || seteuid(owner.st_uid) != 0)) {
        fprintf(stderr, "sojournctl: cannot check as the owner of data-dir: %s\n",
                strerror(errno));
        return CTL_FAILED;
    }
    config = config_load(ctl->config_path, ctl_report, NULL);
    if (!config)
        return CTL_USAGE;
    struct sj_error err;
    bool sound = daemon_check(config, &err) == SJ_OK;
    if (sound)
        printf("%s: OK, %zu network%s enabled\n", ctl->config_path, config->n_networks,
               config->n_networks == 1 ? "" : "s");
    else
        fprintf(stderr, "%s\n", err.text);
    config_free(&config);
    return sound ? CTL_DONE : CTL_USAGE;
}

static int ctl_docs(const struct ctl *ctl)
{
    (void)ctl;
    config_write_docs(stdout);
    return CTL_DONE;
}

static int ctl_sample(const struct ctl *ctl)
{
    (void)ctl;
    config_write_sample(stdout);
    return CTL_DONE;
}

static const struct ctl_command ctl_commands[] = {
    {.name = "genkey", .max_args = 1, .run = ctl_genkey, .usage = "genkey [PATH]",
     .help = "make the key of the store, at PATH or at the configuration's key-file"},
    {.name = "check", .run = ctl_check, .usage = "check",
     .help = "check the configuration and the key"},
    {.name = "check-store", .run = ctl_check_store, .usage = "check-store [--json]",
     .help = "open and judge every record of the store, also while the daemon runs"},
    {.name = "backup", .min_args = 1, .max_args = 1, .run = ctl_backup, .usage = "backup PATH",
     .help = "copy the store to a new file, also while the daemon runs; the key is not in it"},
    {.name = "rekey", .run = ctl_rekey, .usage = "rekey [--json]",
     .help = "give the store a new key, also while the daemon runs; may be broken off"},
    {.name = "status", .run = ctl_status, .usage = "status [--json]",
     .help = "show what the running daemon does"},
    {.name = "unregister", .min_args = 2, .max_args = 2, .run = ctl_unregister,
     .usage = "unregister JID HOST", .help = "remove a user's registration with a network"},
    {.name = "docs", .run = ctl_docs},          /* docs/CONFIG.md */
    {.name = "sample", .run = ctl_sample},      /* a configuration to start from */
};
#define CTL_COMMANDS (sizeof ctl_commands / sizeof ctl_commands[0])

static void ctl_usage(FILE *out)
{
    fputs("usage: sojournctl [--config FILE] COMMAND\n\n", out);
    for (size_t i = 0; i < CTL_COMMANDS; i++) {
        if (ctl_commands[i].usage)
            fprintf(out, "  %-21s %s\n", ctl_commands[i].usage, ctl_commands[i].help);
    }
    fputs("\n  --config FILE         the daemon's configuration, " CTL_CONFIG " by default\n"
          "  --json                print JSON in place of tables\n"
          "  --key-file FILE       the key of the store, where the configuration names none\n"
          "  --help, --version\n",
          out);
}

static int ctl_run(const struct ctl *ctl, const char *name)
{
    for (size_t i = 0; i < CTL_COMMANDS; i++) {
        const struct ctl_command *c = &ctl_commands[i];
        if (strcmp(c->name, name) != 0)
            continue;
        if (ctl->n_args >= c->min_args && ctl->n_args <= c->max_args)
            return c->run(ctl);
        fprintf(stderr, "usage: sojournctl %s\n", c->usage ? c->usage : c->name);
        return CTL_USAGE;
    }
    fprintf(stderr, "sojournctl: unknown command \"%s\"\n\n", SJ_CLIP(name));
    ctl_usage(stderr);
    return CTL_USAGE;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"json", no_argument, NULL, 'j'},
        {"key-file", required_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},         {"version", no_argument, NULL, 'v'},
        {0},
    };
    struct ctl ctl = {.config_path = CTL_CONFIG};
    for (int c; (c = getopt_long(argc, argv, "c:jh", options, NULL)) != -1;) {
        if (c == 'c') {
            ctl.config_path = optarg;
        } else if (c == 'j') {
            ctl.json = true;
        } else if (c == 'k') {
            ctl.key_file = optarg;
        } else if (c == 'h') {
            ctl_usage(stdout);
            return CTL_DONE;
        } else if (c == 'v') {
            puts("sojournctl " SOJOURN_VERSION);
            return CTL_DONE;
        } else {
            ctl_usage(stderr);
            return CTL_USAGE;
        }
    }
    if (optind == argc) {
        ctl_usage(stderr);
        return CTL_USAGE;
    }
    ctl.args = argv + optind + 1;
    ctl.n_args = argc - optind - 1;
    int status = ctl_run(&ctl, argv[optind]);
    if (fflush(stdout) != 0 && status == CTL_DONE) {
        fprintf(stderr, "sojournctl: cannot write: %s\n", strerror(errno));
        status = CTL_FAILED;
    }
    return status;
}
