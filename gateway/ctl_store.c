/* SPDX-License-Identifier: MPL-2.0 */
/* Commands of sojournctl that read the store: in this process, beside the daemon or without one, so
 * that the daemon's loop has no part in it, and the daemon needs no right to files elsewhere. What
 * is done stands in sojourn/store_tools.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "control.h"
#include "ctl.h"
#include "ctl_answer.h"
#include "sojourn/log.h"
#include "sojourn/store.h"
#include "sojourn/store_tools.h"
#include "sojourn/strbuf.h"

#define CTL_REPORT_MAX 65536u

void ctl_print(const struct ctl *ctl, struct sj_strbuf *text)
{
    if (ctl->json)
        ctl_answer_print_json(text->s);
    else
        ctl_answer_print_tables(text->s);
}

bool ctl_store_paths(const struct ctl *ctl, const struct config *config, const char **dir,
                     const char **key_file)
{
    *dir = sj_values_text(&config->gateway, "data-dir");
    *key_file = ctl->key_file ? ctl->key_file : sj_values_text(&config->gateway, "key-file");
    if (*key_file)
        return true;
    fputs("sojournctl: the configuration has no key-file: name it with --key-file FILE\n", stderr);
    return false;
}

bool ctl_become_owner(const char *dir, const char *key_file)
{
    struct stat data, key;
    if (geteuid() != 0 || stat(dir, &data) != 0 || data.st_uid == 0 ||
        stat(key_file, &key) != 0 || key.st_uid != data.st_uid)
        return true;
    if (setegid(data.st_gid) == 0 && seteuid(data.st_uid) == 0)
        return true;
    perror("sojournctl: cannot work as the owner of data-dir");
    return false;
}

/* Opened for reading; NULL: explained. */
static struct sj_store *ctl_open_reader(const struct ctl *ctl, const struct config *config)
{
    static const struct sj_log log = {.area = "sojournctl"};
    struct sj_store *store = NULL;
    struct sj_error err = {.status = SJ_OK};
    const char *dir, *key_file;
    sj_log_set_level(SJ_LOG_WARN);
    if (!ctl_store_paths(ctl, config, &dir, &key_file) || !ctl_become_owner(dir, key_file))
        return NULL;
    if (sj_store_open_reader(&store, &log, dir, key_file, &err) != SJ_OK)
        fprintf(stderr, "sojournctl: %s: %s\n", dir, err.text);
    return store;
}

/* ---- check-store ---- */

static void check_on_progress(uint64_t done, uint64_t all, void *arg)
{
    (void)arg;
    fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " records ", done, all);
}

static void check_add(struct sj_strbuf *out, const char *kind, const struct sj_store_report *r)
{
    sj_strbuf_adds(out, kind);
    if (r->table)
        control_text(out, "table", r->table);
    control_number(out, "records", (int64_t)r->records);
    control_number(out, "damaged", (int64_t)r->damaged);
    control_number(out, "orphaned", (int64_t)r->orphaned);
    control_number(out, "astray", (int64_t)r->astray);
    control_number(out, "leaving", (int64_t)r->leaving);
    sj_strbuf_addc(out, '\n');
}

/* Prints the report; the number of records that something is wrong with. */
static uint64_t check_print(const struct ctl *ctl, const struct sj_store_report *reports, size_t n)
{
    struct sj_store_report total = {.table = NULL};
    struct sj_strbuf text;
    sj_strbuf_init(&text, CTL_REPORT_MAX);
    for (size_t i = 0; i < n; i++) {
        check_add(&text, "table", &reports[i]);
        total.records += reports[i].records;
        total.damaged += reports[i].damaged;
        total.orphaned += reports[i].orphaned;
        total.astray += reports[i].astray;
        total.leaving += reports[i].leaving;
    }
    check_add(&text, "total", &total);
    ctl_print(ctl, &text);
    sj_strbuf_release(&text);
    return total.damaged + total.orphaned + total.astray;
}

static int check_store(const struct ctl *ctl, struct sj_store *store)
{
    struct sj_store_report reports[SJ_STORE_TABLES_MAX];
    struct sj_error err = {.status = SJ_OK};
    size_t n = 0;
    bool shows = isatty(STDERR_FILENO) && !ctl->json;
    enum sj_status status = sj_store_check(store, reports, &n, shows ? check_on_progress : NULL,
                                           NULL, &err);
    if (shows)
        fputc('\n', stderr);
    if (status != SJ_OK) {
        fprintf(stderr, "sojournctl: %s\n", err.text);
        return CTL_FAILED;
    }
    uint64_t wrong = check_print(ctl, reports, n);
    if (wrong == 0)
        return CTL_DONE;
    fprintf(stderr, "sojournctl: something is wrong with %" PRIu64 " records (docs/STORE.md says "
            "what each column means): look at the disk, and compare with a backup\n", wrong);
    return CTL_FAILED;
}

int ctl_check_store(const struct ctl *ctl)
{
    struct config *config = ctl_config(ctl);
    if (!config)
        return CTL_USAGE;
    struct sj_store *store = ctl_open_reader(ctl, config);
    int status = store ? check_store(ctl, store) : CTL_FAILED;
    sj_store_close(&store);
    config_free(&config);
    return status;
}

/* ---- backup ---- */

static void backup_print(const struct ctl *ctl, uint64_t bytes)
{
    struct sj_strbuf text;
    sj_strbuf_init(&text, CTL_REPORT_MAX);
    sj_strbuf_adds(&text, "backup");
    control_text(&text, "path", ctl->args[0]);
    control_number(&text, "bytes", (int64_t)bytes);
    sj_strbuf_addc(&text, '\n');
    ctl_print(ctl, &text);
    sj_strbuf_release(&text);
    fflush(stdout);
    fputs("The key is not in it: keep a copy of the key file in another place. Without it nobody "
          "can read the backup.\n", stderr);
}

int ctl_backup(const struct ctl *ctl)
{
    static const struct sj_log log = {.area = "sojournctl"};
    struct sj_error err = {.status = SJ_OK};
    uint64_t bytes = 0;
    struct config *config = ctl_config(ctl);
    if (!config)
        return CTL_USAGE;
    const char *dir = sj_values_text(&config->gateway, "data-dir");
    sj_log_set_level(SJ_LOG_WARN);
    enum sj_status status = sj_store_backup(&log, dir, ctl->args[0], &bytes, &err);
    if (status == SJ_OK)
        backup_print(ctl, bytes);
    else
        fprintf(stderr, "sojournctl: %s: %s\n",
                status == SJ_NOTFOUND ? dir : ctl->args[0], err.text);
    config_free(&config);
    return status == SJ_OK ? CTL_DONE : CTL_FAILED;
}
