/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of sojournctl share. */
#ifndef SOJOURN_CTL_H
#define SOJOURN_CTL_H

#include <stdbool.h>

struct config;

/* Exit statuses: done; failed, or something is wrong; wrong usage or configuration. */
enum { CTL_DONE = 0, CTL_FAILED = 1, CTL_USAGE = 2 };

struct ctl {
    const char *config_path;
    const char *key_file;       /* or NULL: the configuration's */
    bool json;
    char **args;                /* of the command */
    int n_args;
};

/* The configuration, for everything but the check of it; NULL: explained. */
struct config *ctl_config(const struct ctl *ctl);

/* ctl_store.c: the store, beside the daemon that runs. */
int ctl_check_store(const struct ctl *ctl);
int ctl_backup(const struct ctl *ctl);

#endif
