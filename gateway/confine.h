/* SPDX-License-Identifier: MPL-2.0 */
/* Takes from the running process what it no longer needs: files outside a few directories, other
 * programs, other processes. What cannot be taken is said in one log line. */
#ifndef SOJOURN_CONFINE_H
#define SOJOURN_CONFINE_H

#include <stddef.h>

struct config;
struct sj_log;

enum confine_use {
    CONFINE_READ,       /* files below it are read */
    CONFINE_WRITE,      /* ... read, written, made and removed */
    CONFINE_REMOVE      /* files in it are removed */
};

struct confine_path {
    const char *path;   /* a directory, or a file that is read; passed over when it is not there */
    enum confine_use use;
};

/* For good, for this process and its children: opens files below these directories only (files that
 * are open stay open), listens on no TCP port, starts no program, traces or reads no other process,
 * loads nothing into the kernel, mounts nothing. Call it with a single thread. A kernel without
 * Landlock (before 5.13, or switched off) leaves files as they are. */
void confine_process(const struct confine_path *paths, size_t n, const struct sj_log *log);

/* The same with what the gateway of this configuration needs while it runs. */
void confine_to_config(const struct config *config, const struct sj_log *log);

#endif
