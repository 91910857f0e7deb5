/* SPDX-License-Identifier: MPL-2.0 */
/* sojournctl: the admin's tool. Makes keys, checks the configuration, and asks the running daemon
 * through its control socket (its side is control.c); ctl_answer.c prints what it says. One request
 * a run, so it may block. Status 0: done, 1: failed, 2: wrong usage or configuration. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

struct ctl_command {
    const char *name;
    int min_args, max_args;
    const char *usage;          /* NULL: not shown */
    const char *help;
    unsigned takes;             /* enum ctl_given */
    int (*run)(const struct ctl *ctl);
};

static void ctl_report(void *ctx, const char *text)
{
    (void)ctx;
    fprintf(stderr, "%s\n", text);
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
     .takes = CTL_JSON | CTL_KEY_FILE,
     .help = "open and judge every record of the store, also while the daemon runs"},
    {.name = "backup", .min_args = 1, .max_args = 1, .run = ctl_backup, .usage = "backup PATH",
     .takes = CTL_JSON,
     .help = "copy the store to a new file, also while the daemon runs; the key is not in it"},
    {.name = "rekey", .run = ctl_rekey, .usage = "rekey [--json]",
     .takes = CTL_JSON | CTL_KEY_FILE,
     .help = "give the store a new key, also while the daemon runs; may be broken off"},
    {.name = "export", .min_args = 1, .max_args = 2, .run = ctl_export,
     .usage = "export JID [HOST] --to FILE",
     .takes = CTL_JSON | CTL_KEY_FILE | CTL_TO | CTL_NO_ARCHIVES | CTL_PASSPHRASE_FD,
     .help = "put what one user has, at one network or all, into a file sealed with a passphrase"},
    {.name = "import", .min_args = 1, .max_args = 1, .run = ctl_import,
     .usage = "import FILE [--replace]",
     .takes = CTL_JSON | CTL_KEY_FILE | CTL_REPLACE | CTL_PASSPHRASE_FD,
     .help = "take in what such a file holds, also while the daemon runs"},
    {.name = "status", .run = ctl_status, .usage = "status [--json]",
     .takes = CTL_JSON,
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
            fprintf(out, "  %-27s %s\n", ctl_commands[i].usage, ctl_commands[i].help);
    }
    fputs("\n  --config FILE               the daemon's configuration, " CTL_CONFIG " by default\n"
          "  --json                      print JSON in place of tables\n"
          "  --key-file FILE             the key of the store, where the configuration names none\n"
          "  --to FILE                   export: the new file\n"
          "  --no-archives               export: leave out what was said in rooms\n"
          "  --replace                   import: in place of an account that is there\n"
          "  --passphrase-fd NUMBER      export, import: read the passphrase there, not from the "
          "terminal\n"
          "  --help, --version\n\n"
          "Exit status: 0 done, 1 failed or something is wrong, 2 wrong usage or configuration.\n"
          "Files, keys, backups and what each check means: docs/STORE.md.\n",
          out);
}

/* An option that the command does not know might mean something to whoever gave it. */
static bool ctl_takes(const struct ctl_command *c, unsigned given)
{
    static const char *const names[] = {"json", "key-file", "to", "no-archives", "replace",
                                        "passphrase-fd"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!(given & ~c->takes & 1u << i))
            continue;
        fprintf(stderr, "sojournctl: %s takes no --%s\n", c->name, names[i]);
        return false;
    }
    return true;
}

static int ctl_run(const struct ctl *ctl, const char *name)
{
    for (size_t i = 0; i < CTL_COMMANDS; i++) {
        const struct ctl_command *c = &ctl_commands[i];
        if (strcmp(c->name, name) != 0)
            continue;
        if (!ctl_takes(c, ctl->given))
            return CTL_USAGE;
        if (ctl->n_args >= c->min_args && ctl->n_args <= c->max_args)
            return c->run(ctl);
        fprintf(stderr, "usage: sojournctl %s\n", c->usage ? c->usage : c->name);
        return CTL_USAGE;
    }
    fprintf(stderr, "sojournctl: unknown command \"%s\"; sojournctl --help lists all\n",
            SJ_CLIP(name));
    return CTL_USAGE;
}

/* A descriptor of --passphrase-fd; -1: it is none. */
static int ctl_descriptor(const char *text)
{
    int64_t fd;
    return sj_parse_int(text, 0, 65535, &fd) ? (int)fd : -1;
}

/* CTL_DONE: go on; anything else with *leave set is the exit status. */
static int ctl_option(struct ctl *ctl, int c, bool *leave)
{
    switch (c) {
    case 'c':
        ctl->config_path = optarg;
        return CTL_DONE;
    case 'j':
        ctl->json = true;
        ctl->given |= CTL_JSON;
        return CTL_DONE;
    case 'k':
        ctl->key_file = optarg;
        ctl->given |= CTL_KEY_FILE;
        return CTL_DONE;
    case 't':
        ctl->to = optarg;
        ctl->given |= CTL_TO;
        return CTL_DONE;
    case 'n':
        ctl->no_archives = true;
        ctl->given |= CTL_NO_ARCHIVES;
        return CTL_DONE;
    case 'r':
        ctl->replace = true;
        ctl->given |= CTL_REPLACE;
        return CTL_DONE;
    case 'p':
        ctl->passphrase_fd = ctl_descriptor(optarg);
        ctl->given |= CTL_PASSPHRASE_FD;
        if (ctl->passphrase_fd >= 0)
            return CTL_DONE;
        fputs("sojournctl: --passphrase-fd needs the number of an open file\n", stderr);
        break;
    case 'h':
        ctl_usage(stdout);
        break;
    case 'v':
        puts("sojournctl " SOJOURN_VERSION);
        break;
    default:                            /* getopt has said which */
        fputs("sojournctl --help lists all options\n", stderr);
        break;
    }
    *leave = true;
    return c == 'h' || c == 'v' ? CTL_DONE : CTL_USAGE;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"json", no_argument, NULL, 'j'},
        {"key-file", required_argument, NULL, 'k'}, {"to", required_argument, NULL, 't'},
        {"no-archives", no_argument, NULL, 'n'},  {"replace", no_argument, NULL, 'r'},
        {"passphrase-fd", required_argument, NULL, 'p'},
        {"help", no_argument, NULL, 'h'},         {"version", no_argument, NULL, 'v'},
        {0},
    };
    struct ctl ctl = {.config_path = CTL_CONFIG, .passphrase_fd = -1};
    bool leave = false;
    for (int c; (c = getopt_long(argc, argv, "c:jh", options, NULL)) != -1;) {
        int status = ctl_option(&ctl, c, &leave);
        if (leave)
            return status;
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
