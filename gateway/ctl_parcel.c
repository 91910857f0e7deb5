/* SPDX-License-Identifier: MPL-2.0 */
/* sojournctl export and import: one user's accounts to and from a file that is sealed with a
 * passphrase (sojourn/store_parcel.h). Export reads the store beside the daemon. Import hands the
 * accounts to the daemon, which alone may write while it runs; without one it writes itself. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"
#include "control.h"
#include "control_item.h"
#include "ctl.h"
#include "importer.h"
#include "sojourn/backend.h"
#include "sojourn/log.h"
#include "sojourn/loop.h"
#include "sojourn/memory.h"
#include "sojourn/store.h"
#include "sojourn/store_parcel.h"
#include "sojourn/store_tools.h"
#include "sojourn/strbuf.h"

#define PARCEL_REPORT_MAX (1024u * 1024)

static const struct sj_log parcel_log = {.area = "sojournctl"};

/* Works as the owner of the data, and back. */
struct parcel_user {
    uid_t user;
    gid_t group;
};

static bool user_enter(struct parcel_user *u, const char *dir, const char *key_file)
{
    *u = (struct parcel_user){geteuid(), getegid()};
    return ctl_become_owner(dir, key_file);
}

static void user_leave(const struct parcel_user *u)
{
    if (geteuid() != u->user && (seteuid(u->user) != 0 || setegid(u->group) != 0))
        perror("sojournctl");
}

/* ---- export ---- */

struct export_run {
    const struct ctl *ctl;
    const struct config *config;
    const char *dir, *key_file;
    struct sj_export what;
    char *passphrase;
    int fd;
    struct sj_strbuf records;
    uint64_t damaged;
};

static const char *export_kind(void *arg, const char *host)
{
    const struct export_run *run = arg;
    for (size_t i = 0; i < run->config->n_networks; i++) {
        if (strcmp(run->config->networks[i].host, host) == 0)
            return run->config->networks[i].backend->name;
    }
    return "";
}

static void export_told(void *arg, const struct sj_export_count *count)
{
    struct export_run *run = arg;
    sj_strbuf_adds(&run->records, "account");
    control_text(&run->records, "user", run->what.user);
    control_text(&run->records, "host", count->host);
    control_number(&run->records, "contacts", (int64_t)count->contacts);
    control_number(&run->records, "rooms", (int64_t)count->rooms);
    control_number(&run->records, "entries", (int64_t)count->entries);
    control_number(&run->records, "damaged", (int64_t)count->damaged);
    sj_strbuf_addc(&run->records, '\n');
    run->damaged += count->damaged;
}

static enum sj_status export_write(struct export_run *run, struct sj_store *store,
                                   struct sj_error *err)
{
    struct sj_parcel *parcel = NULL;
    enum sj_status status = sj_parcel_create(&parcel, run->fd, run->passphrase, NULL, err);
    if (status == SJ_OK)
        status = sj_store_export(store, &run->what, parcel, export_told, run, err);
    if (status == SJ_OK)
        status = sj_parcel_finish(parcel, err);
    sj_parcel_free(&parcel);
    return status;
}

static enum sj_status export_read(struct export_run *run, struct sj_error *err)
{
    struct sj_store *store = NULL;
    struct parcel_user user;
    if (!user_enter(&user, run->dir, run->key_file))
        return sj_fail(err, SJ_DENIED, "the data cannot be read");
    enum sj_status status =
        sj_store_open_reader(&store, &parcel_log, run->dir, run->key_file, err);
    if (status == SJ_OK)
        status = export_write(run, store, err);
    sj_store_close(&store);
    user_leave(&user);
    return status;
}

/* Nothing is replaced. A file that is broken off cannot be read: no name is needed for it. */
static int export_to_file(struct export_run *run)
{
    struct sj_error err = {.status = SJ_OK};
    const char *path = run->ctl->to;
    run->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (run->fd < 0) {
        fprintf(stderr, "sojournctl: %s: %s\n", path,
                errno == EEXIST ? "it exists already and is not replaced" : strerror(errno));
        return CTL_FAILED;
    }
    enum sj_status status = export_read(run, &err);
    if (status == SJ_OK && fsync(run->fd) != 0)
        status = sj_fail(&err, SJ_INTERNAL, "%s: %s", path, strerror(errno));
    close(run->fd);
    if (status == SJ_OK)
        return CTL_DONE;
    unlink(path);
    fprintf(stderr, "sojournctl: %s\n", err.text);
    return CTL_FAILED;
}

static int export_print(struct export_run *run)
{
    ctl_print(run->ctl, &run->records);
    fflush(stdout);
    fprintf(stderr, "%s holds passwords: whoever has it and the passphrase can read them. Not in "
            "it are messages whose outcome is open, and ids by which older ones are corrected.\n",
            run->ctl->to);
    if (run->damaged == 0)
        return CTL_DONE;
    fputs("sojournctl: damaged records were left out: see check-store\n", stderr);
    return CTL_FAILED;
}

static int export_run(struct export_run *run)
{
    int status = CTL_FAILED;
    run->passphrase = ctl_passphrase(run->ctl, true);
    if (!run->passphrase)
        return CTL_FAILED;
    sj_strbuf_init(&run->records, PARCEL_REPORT_MAX);
    sj_log_set_level(SJ_LOG_WARN);
    status = export_to_file(run);
    if (status == CTL_DONE)
        status = export_print(run);
    sj_strbuf_release(&run->records);
    sj_secret_free(&run->passphrase);
    return status;
}

int ctl_export(const struct ctl *ctl)
{
    struct export_run run = {.ctl = ctl};
    struct sj_strbuf jid;
    int status = CTL_USAGE;
    if (!ctl->to) {
        fputs("sojournctl: say where to: --to FILE\n", stderr);
        return CTL_USAGE;
    }
    struct config *config = ctl_config(ctl);
    if (!config)
        return CTL_USAGE;
    sj_strbuf_init(&jid, SJ_STORE_TEXT_MAX);
    run.config = config;
    if (!importer_user(ctl->args[0], &jid)) {
        fprintf(stderr, "sojournctl: %s is no bare JID, as romeo@example.org is one\n",
                SJ_CLIP(ctl->args[0]));
    } else if (ctl_store_paths(ctl, config, &run.dir, &run.key_file)) {
        run.what = (struct sj_export){.user = jid.s, .archives = !ctl->no_archives,
                                      .host = ctl->n_args > 1 ? ctl->args[1] : NULL,
                                      .kind = export_kind, .arg = &run};
        status = export_run(&run);
    }
    sj_strbuf_release(&jid);
    config_free(&config);
    return status;
}

/* ---- import ---- */

struct import_run {
    const struct ctl *ctl;
    const struct config *config;
    const char *dir, *key_file, *socket;
    struct sj_parcel *parcel;
    /* Where accounts go: one of these. */
    bool online;
    struct sj_store *store;
    int fd;                      /* online: the request of this account, -1: none */
    struct importer *importer;   /* offline: this account's, or NULL */
    bool answered;               /* nothing more of this account is wanted */
    struct sj_strbuf records, answer;
    unsigned failed, done;
    char name[512];              /* of the account, for messages */
};

static void import_fail(struct import_run *run, const char *why)
{
    fprintf(stderr, "sojournctl: %s: %s\n", run->name, why);
    run->failed++;
    run->answered = true;
}

/* With the daemon. */

static bool import_send_line(void *arg, const char *line, size_t n)
{
    struct import_run *run = arg;
    char early;
    /* An error may come before everything is sent. */
    if (recv(run->fd, &early, 1, MSG_PEEK | MSG_DONTWAIT) >= 0)
        return false;
    return ctl_send(run->fd, line, n);
}

static void import_answer(struct import_run *run)
{
    sj_strbuf_reset(&run->answer);
    if (!ctl_receive(run->fd, &run->answer, NULL)) {
        ctl_explain_silence(errno);
        import_fail(run, "it may be there in part: look with export, or import it with --replace");
    } else if (ctl_judge(&run->answer) == CTL_ANSWERED) {
        sj_strbuf_adds(&run->records, run->answer.s);
        run->done++;
        run->answered = true;
    } else {
        import_fail(run, run->answer.s);
    }
    close(run->fd);
    run->fd = -1;
}

static void import_online(struct import_run *run, const uint8_t *item, size_t n, bool first,
                          bool last)
{
    const char *request = run->ctl->replace ? "import replace\n" : "import\n";
    if (first) {
        run->fd = ctl_connect(run->socket);
        if (run->fd < 0) {
            import_fail(run, "not imported");
            return;
        }
        (void)ctl_send(run->fd, request, strlen(request));
    }
    bool sent = control_item_send(item, n, import_send_line, run);
    if (!sent || last)
        import_answer(run);
}

/* Without. */

static void import_offline(struct import_run *run, const uint8_t *item, size_t n, bool first,
                           bool last)
{
    struct sj_error err = {.status = SJ_OK};
    if (first)
        run->importer = importer_new(run->config, &parcel_log, run->store, NULL,
                                     run->ctl->replace);
    if (importer_item(run->importer, item, n, &run->records, &err) != SJ_OK)
        import_fail(run, err.text);
    else if (last)
        run->done++;
    if (last || run->answered)
        importer_free(&run->importer);
}

static void import_item(struct import_run *run, const uint8_t *item, size_t n)
{
    struct sj_parcel_account account;
    bool first = sj_parcel_account(&account, item, n);
    bool last = sj_parcel_is_end(item, n);
    if (first) {
        run->answered = false;
        snprintf(run->name, sizeof run->name, "%s at %s", SJ_CLIP(account.owner.user),
                 SJ_CLIP(account.owner.host));
    }
    if (run->answered)
        return;
    if (run->online)
        import_online(run, item, n, first, last);
    else
        import_offline(run, item, n, first, last);
}

/* Through the whole file: first only to see that it is whole, then for good. */
static enum sj_status import_pass(struct import_run *run, bool for_good, struct sj_error *err)
{
    const uint8_t *item;
    size_t n;
    enum sj_status status;
    while ((status = sj_parcel_next(run->parcel, &item, &n, err)) == SJ_OK) {
        if (for_good)
            import_item(run, item, n);
    }
    return status == SJ_NOTFOUND ? SJ_OK : status;
}

static bool import_accounts(struct import_run *run)
{
    struct sj_error err = {.status = SJ_OK};
    run->fd = -1;
    run->answered = true;
    enum sj_status status = import_pass(run, false, &err);
    if (status == SJ_OK)
        status = sj_parcel_rewind(run->parcel, &err);
    if (status == SJ_OK)
        status = import_pass(run, true, &err);
    if (run->fd >= 0)
        close(run->fd);
    importer_free(&run->importer);
    if (status == SJ_OK)
        return true;
    fprintf(stderr, "sojournctl: %s: %s\n", run->ctl->args[0], err.text);
    return false;
}

static bool import_with_store(struct import_run *run)
{
    const struct sj_values *v = &run->config->gateway;
    const struct sj_store_options options = {
        .dir = run->dir, .key_file = run->key_file, .tool = true,
        .message_days = (unsigned)sj_values_number(v, "message-ids-days"),
        .archive_days = (unsigned)sj_values_number(v, "archive-days"),
        .archive_messages = (unsigned)sj_values_number(v, "archive-messages")};
    struct sj_error err = {.status = SJ_OK};
    struct parcel_user user;
    bool done = false;
    if (access(run->dir, F_OK) != 0 || access(run->key_file, F_OK) != 0) {
        fprintf(stderr, "sojournctl: there is no store at %s, or no key at %s: start the daemon "
                "once, it makes them\n", run->dir, run->key_file);
        return false;
    }
    if (!user_enter(&user, run->dir, run->key_file))
        return false;
    struct sj_loop *loop = sj_loop_new();
    if (sj_store_open(&run->store, loop, &parcel_log, &options, &err) == SJ_OK)
        done = import_accounts(run);
    else
        fprintf(stderr, "sojournctl: %s: %s\n", run->dir, err.text);
    sj_store_close(&run->store);
    sj_loop_free(&loop);
    user_leave(&user);
    return done;
}

static int import_run(struct import_run *run)
{
    run->online = ctl_is_running(run->socket);
    sj_strbuf_init(&run->records, PARCEL_REPORT_MAX);
    sj_strbuf_init(&run->answer, CTL_ANSWER_MAX);
    bool read = run->online ? import_accounts(run) : import_with_store(run);
    if (run->done > 0)
        ctl_print(run->ctl, &run->records);
    fflush(stdout);
    if (run->done > 0)
        fputs("Unregister the user where this comes from, or stop that gateway: two must not be "
              "logged in with the same account.\n", stderr);
    sj_strbuf_release(&run->records);
    sj_strbuf_release(&run->answer);
    return read && run->failed == 0 ? CTL_DONE : CTL_FAILED;
}

/* Opens the file with the passphrase; false: explained. */
static bool import_open(struct import_run *run, int fd)
{
    struct sj_error err = {.status = SJ_OK};
    char *passphrase = ctl_passphrase(run->ctl, false);
    if (!passphrase)
        return false;
    enum sj_status status = sj_parcel_open(&run->parcel, fd, passphrase, &err);
    sj_secret_free(&passphrase);
    if (status != SJ_OK)
        fprintf(stderr, "sojournctl: %s: %s\n", run->ctl->args[0], err.text);
    return status == SJ_OK;
}

int ctl_import(const struct ctl *ctl)
{
    struct import_run run = {.ctl = ctl};
    int status = CTL_FAILED;
    struct config *config = ctl_config(ctl);
    if (!config)
        return CTL_USAGE;
    sj_log_set_level(SJ_LOG_WARN);
    run.config = config;
    run.socket = sj_values_text(&config->gateway, "control-socket");
    int fd = open(ctl->args[0], O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        fprintf(stderr, "sojournctl: %s: %s\n", ctl->args[0], strerror(errno));
    else if (ctl_store_paths(ctl, config, &run.dir, &run.key_file) && import_open(&run, fd))
        status = import_run(&run);
    sj_parcel_free(&run.parcel);
    if (fd >= 0)
        close(fd);
    config_free(&config);
    return status;
}
