/* SPDX-License-Identifier: MPL-2.0 */
/* The data directory as such: making, judging and locking it; is its disk full? */
#ifndef SOJOURN_DATA_DIR_H
#define SOJOURN_DATA_DIR_H

#include <stdbool.h>

#include "sojourn/error.h"

struct sj_log;

struct data_dir {
    char *path;                  /* owned */
    int fd;                      /* owned; -1: none */
    int lock_fd;                 /* owned; the lock lives with it */
};

/* Makes dir (0700, not its parents) when missing, and locks it. tool: root may use another user's.
 * SJ_DENIED: not usable or open to others' writing; SJ_EXISTS: another process has it. On failure
 * out is as after release. */
enum sj_status data_dir_open(struct data_dir *out, const char *path, bool tool,
                             const struct sj_log *log, struct sj_error *err);
/* Opens one that another process may be using; no lock. SJ_NOTFOUND: there is none. */
enum sj_status data_dir_look(struct data_dir *out, const char *path, const struct sj_log *log,
                             struct sj_error *err);
/* Locks it if nobody uses it: a descriptor to close, else -1. */
int data_dir_try_lock(const struct data_dir *d);
/* Root, working for the user whose directory it is, must not leave files of its own there. */
void data_dir_give(const struct data_dir *d);
void data_dir_release(struct data_dir *d);
/* Makes new names in it durable. */
bool data_dir_sync(const struct data_dir *d);
/* Path of a file in it; the caller frees it. */
char *data_dir_file(const struct data_dir *d, const char *name);
/* Can nothing more be written, be it for lack of space, by a quota or by a limit on the size of
 * the named file? Found out by writing. */
bool data_dir_full(const struct data_dir *d, const char *name);

#endif
