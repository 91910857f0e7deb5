/* SPDX-License-Identifier: MPL-2.0 */
/* sojournctl rekey: makes the new key file, has the daemon move the store to it, or does that here
 * when none runs, and puts the new file into the old one's place when the store is under it.
 *
 * Key files are this program's part, since a confined daemon may write nowhere but in its data
 * directory. It may be broken off and run again at any moment: a new key that is there is never
 * replaced, and where the store stands the store knows. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "control.h"
#include "ctl.h"
#include "sojourn/log.h"
#include "sojourn/loop.h"
#include "sojourn/store.h"
#include "sojourn/store_tools.h"
#include "sojourn/strbuf.h"

#define REKEY_ANSWER_MAX 65536u
#define REKEY_TURN_MS 100

static const char rekey_no_key[] = "no new key";     /* what the daemon says (control.c) */

static bool rekey_make(const char *key_file)
{
    struct sj_error err = {.status = SJ_OK};
    if (sj_store_new_key_make(key_file, &err) == SJ_OK)
        return true;
    fprintf(stderr, "sojournctl: %s.new: %s\nRun this as root, or as a user who may write there.\n",
            key_file, err.text);
    return false;
}

/* The daemon takes it itself if it may. */
static bool rekey_take(const char *key_file)
{
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = sj_store_new_key_take(key_file, &err);
    if (status == SJ_OK || status == SJ_NOTFOUND)
        return true;
    fprintf(stderr, "sojournctl: %s\nThe data are under the new key: move %s.new to %s before the "
            "daemon is started again.\n", err.text, key_file, key_file);
    return false;
}

static void rekey_print(const struct ctl *ctl, struct sj_strbuf *records, const char *key_file)
{
    ctl_print(ctl, records);
    fflush(stdout);
    fprintf(stderr, "%s is a new key: keep a copy of it in a safe place, apart from the data. "
            "Backups from before need the old one.\n", key_file);
}

/* ---- with the daemon ---- */

static void rekey_on_progress(const char *record)
{
    fprintf(stderr, "\r%s ", record);
}

static enum ctl_outcome rekey_ask(const char *path, struct sj_strbuf *answer)
{
    bool shows = isatty(STDERR_FILENO) != 0;
    sj_strbuf_reset(answer);
    return ctl_request(path, "rekey\n", answer, shows ? rekey_on_progress : NULL);
}

static int rekey_online(const struct ctl *ctl, const char *path, const char *key_file)
{
    struct sj_strbuf answer;
    sj_strbuf_init(&answer, REKEY_ANSWER_MAX);
    enum ctl_outcome outcome = rekey_ask(path, &answer);
    if (outcome == CTL_REFUSED && strcmp(answer.s, rekey_no_key) == 0 && rekey_make(key_file))
        outcome = rekey_ask(path, &answer);
    if (outcome == CTL_REFUSED && strcmp(answer.s, rekey_no_key) == 0)
        fprintf(stderr, "sojournctl: the daemon does not find %s.new: it may not look there, or "
                "its key is handed over by the service manager. Stop it, run this again, and "
                "start it.\n", key_file);
    else if (outcome == CTL_REFUSED)
        fprintf(stderr, "sojournctl: %s\n", answer.s);
    bool done = outcome == CTL_ANSWERED && rekey_take(key_file);
    if (done)
        rekey_print(ctl, &answer, key_file);
    sj_strbuf_release(&answer);
    return done ? CTL_DONE : CTL_FAILED;
}

/* ---- without ---- */

static void rekey_run(struct sj_loop *loop, struct sj_store *store, struct sj_strbuf *records)
{
    struct sj_store_rekeying state;
    bool shows = isatty(STDERR_FILENO) != 0;
    for (;;) {
        sj_store_rekeying(store, &state);
        if (!state.running)
            break;
        if (shows)
            fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " records%s ", state.done, state.all,
                    state.failing ? ", waiting for the disk" : "");
        sj_loop_turn(loop, REKEY_TURN_MS);
    }
    if (shows)
        fputc('\n', stderr);
    sj_strbuf_adds(records, "rekey");
    control_text(records, "state", "done");
    control_number(records, "done", (int64_t)state.done);
    control_number(records, "all", (int64_t)state.all);
    control_number(records, "dropped", (int64_t)state.dropped);
    sj_strbuf_addc(records, '\n');
}

/* Opens the store as the user whose it is, and works until it is under the new key. */
static bool rekey_store(const char *dir, const char *key_file, struct sj_strbuf *records)
{
    static const struct sj_log log = {.area = "sojournctl"};
    const struct sj_store_options options = {.dir = dir, .key_file = key_file, .tool = true};
    struct sj_error err = {.status = SJ_OK};
    struct sj_store_rekeying state = {.running = false};
    struct sj_store *store = NULL;
    struct sj_loop *loop = sj_loop_new();
    enum sj_status status = sj_store_open(&store, loop, &log, &options, &err);
    if (status == SJ_OK)
        sj_store_rekeying(store, &state);
    if (status == SJ_OK && !state.running)           /* else it goes on where it was */
        status = sj_store_rekey(store, &err);
    if (status == SJ_OK)
        rekey_run(loop, store, records);
    else
        fprintf(stderr, "sojournctl: %s: %s\n", dir, err.text);
    sj_store_close(&store);
    sj_loop_free(&loop);
    return status == SJ_OK;
}

static int rekey_offline(const struct ctl *ctl, const char *dir, const char *key_file)
{
    struct sj_strbuf records;
    uid_t user = geteuid();
    gid_t group = getegid();
    sj_log_set_level(SJ_LOG_WARN);
    if (access(dir, F_OK) != 0 || access(key_file, F_OK) != 0) {
        fprintf(stderr, "sojournctl: there is no store at %s, or no key at %s: nothing to "
                "change\n", dir, key_file);
        return CTL_FAILED;
    }
    if (!rekey_make(key_file) || !ctl_become_owner(dir, key_file))
        return CTL_FAILED;
    sj_strbuf_init(&records, REKEY_ANSWER_MAX);
    bool done = rekey_store(dir, key_file, &records);
    if (geteuid() != user && (seteuid(user) != 0 || setegid(group) != 0))
        perror("sojournctl");
    done = done && rekey_take(key_file);
    if (done)
        rekey_print(ctl, &records, key_file);
    sj_strbuf_release(&records);
    return done ? CTL_DONE : CTL_FAILED;
}

int ctl_rekey(const struct ctl *ctl)
{
    const char *dir, *key_file;
    struct config *config = ctl_config(ctl);
    if (!config)
        return CTL_USAGE;
    const char *path = sj_values_text(&config->gateway, "control-socket");
    int status = CTL_FAILED;
    if (ctl_store_paths(ctl, config, &dir, &key_file))
        status = ctl_is_running(path) ? rekey_online(ctl, path, key_file)
                                      : rekey_offline(ctl, dir, key_file);
    config_free(&config);
    return status;
}
