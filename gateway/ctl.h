/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of sojournctl share. */
#ifndef SOJOURN_CTL_H
#define SOJOURN_CTL_H

#include <stdbool.h>
#include <stddef.h>

struct config;
struct sj_strbuf;

/* Exit statuses: done; failed, or something is wrong; wrong usage or configuration. */
enum { CTL_DONE = 0, CTL_FAILED = 1, CTL_USAGE = 2 };

/* Options that only some commands take. */
enum ctl_given {
    CTL_JSON = 1u << 0,
    CTL_KEY_FILE = 1u << 1,
    CTL_TO = 1u << 2,
    CTL_NO_ARCHIVES = 1u << 3,
    CTL_REPLACE = 1u << 4,
    CTL_PASSPHRASE_FD = 1u << 5
};

struct ctl {
    const char *config_path;
    const char *key_file;       /* or NULL: the configuration's */
    unsigned given;             /* options: enum ctl_given */
    bool json;
    const char *to;             /* export: the new file */
    bool no_archives;           /* export */
    bool replace;               /* import */
    int passphrase_fd;          /* where a passphrase is read; -1: the terminal */
    char **args;                /* of the command */
    int n_args;
};

/* The configuration, for everything but the check of it; NULL: explained. */
struct config *ctl_config(const struct ctl *ctl);

#define CTL_ANSWER_MAX (2u * 1024 * 1024)

/* ctl_socket.c. Does a daemon listen there? */
bool ctl_is_running(const char *path);
enum ctl_outcome {
    CTL_ANSWERED,               /* answer holds the records */
    CTL_REFUSED,                /* answer holds the reason */
    CTL_BROKEN                  /* explained */
};
/* Asks the daemon; progress (may be NULL) is told each line of what takes a while. */
enum ctl_outcome ctl_request(const char *path, const char *request, struct sj_strbuf *answer,
                             void (*progress)(const char *record));

/* A connected socket, -1 when that failed and was explained. */
int ctl_connect(const char *path);
bool ctl_send(int fd, const char *p, size_t n);
/* Reads up to the empty line that ends an answer. False: errno says why. */
bool ctl_receive(int fd, struct sj_strbuf *answer, void (*progress)(const char *record));
/* Leaves in answer what follows "ok", or the reason for a refusal. */
enum ctl_outcome ctl_judge(struct sj_strbuf *answer);
/* Says why ctl_receive failed. */
void ctl_explain_silence(int cause);

/* ctl_store.c: the store, beside the daemon that runs. */
/* Prints records, which are cut in place, as tables or JSON. */
void ctl_print(const struct ctl *ctl, struct sj_strbuf *records);
/* Where data and key are; false: explained. */
bool ctl_store_paths(const struct ctl *ctl, const struct config *config, const char **dir,
                     const char **key_file);
/* Root works as the user whose data and key they are; where the key is root's own, as root. */
bool ctl_become_owner(const char *dir, const char *key_file);
int ctl_check_store(const struct ctl *ctl);
int ctl_backup(const struct ctl *ctl);

/* ctl_rekey.c */
int ctl_rekey(const struct ctl *ctl);

/* ctl_passphrase.c: reads one of at most SJ_PASSPHRASE_MAX bytes from the terminal without showing
 * it (twice: to be sure), or a line of passphrase_fd. A new string that the caller frees with
 * sj_secret_free; NULL: explained. */
char *ctl_passphrase(const struct ctl *ctl, bool twice);

/* ctl_parcel.c */
int ctl_export(const struct ctl *ctl);
int ctl_import(const struct ctl *ctl);

#endif
