/* SPDX-License-Identifier: MPL-2.0 */
/* sojournd: options, hardening of the process, configuration, exit status. Status 0: clean stop
 * or sound configuration; 2: the configuration (or key) is at fault; 1: anything else. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "config.h"
#include "daemon.h"
#include "sojourn/log.h"

#define MAIN_BAD_CONFIG 2

static void main_report(void *ctx, const char *text)
{
    (void)ctx;
    fprintf(stderr, "%s\n", text);
}

/* Secrets live in this process: nobody may trace it or find them in a core file. */
static void main_harden(void)
{
    struct rlimit none = {0, 0};

    umask(077);
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        setrlimit(RLIMIT_CORE, &none) != 0)
        fprintf(stderr, "sojournd: the process could not be hardened fully\n");
}

static int main_run(const struct config *config)
{
    struct sj_error err = {.status = SJ_OK};
    struct daemon *daemon = NULL;
    enum sj_status status = daemon_new(&daemon, config, &err);

    if (status != SJ_OK) {
        fprintf(stderr, "%s: %s\n", config->path, err.text);
        return status == SJ_INVALID || status == SJ_DENIED ? MAIN_BAD_CONFIG : EXIT_FAILURE;
    }
    daemon_run(daemon);
    daemon_free(&daemon);
    return EXIT_SUCCESS;
}

static int main_check(const struct config *config)
{
    struct sj_error err = {.status = SJ_OK};

    if (daemon_check(config, &err) != SJ_OK) {
        fprintf(stderr, "%s\n", err.text);
        return MAIN_BAD_CONFIG;
    }
    printf("%s: the configuration is sound, %zu network%s enabled\n", config->path,
           config->n_networks, config->n_networks == 1 ? "" : "s");
    return EXIT_SUCCESS;
}

static void main_usage(FILE *out)
{
    fputs("usage: sojournd --config FILE [--check]\n"
          "  --config FILE   the configuration (docs/CONFIG.md)\n"
          "  --check         check the configuration and stop; status 2 when it is at fault\n"
          "  --version, --help\n", out);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},
        {"version", no_argument, NULL, 'v'},      {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    const char *path = NULL;
    bool check = false;
    struct config *config;
    enum sj_log_level level;
    int status, o;

    while ((o = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (o) {
        case 'c':
            path = optarg;
            break;
        case 'k':
            check = true;
            break;
        case 'v':
            puts("sojournd " SOJOURN_VERSION);
            return EXIT_SUCCESS;
        case 'h':
            main_usage(stdout);
            return EXIT_SUCCESS;
        default:
            main_usage(stderr);
            return MAIN_BAD_CONFIG;
        }
    }
    if (!path || optind < argc) {
        main_usage(stderr);
        return MAIN_BAD_CONFIG;
    }
    main_harden();
    config = config_load(path, main_report, NULL);
    if (!config)
        return MAIN_BAD_CONFIG;
    if (sj_log_level_parse(sj_values_text(&config->gateway, "log-level"), &level))
        sj_log_set_level(level);
    status = check ? main_check(config) : main_run(config);
    config_free(&config);
    return status;
}
