/* SPDX-License-Identifier: MPL-2.0 */
/* sojournctl, the real program, against a control socket of the test's own. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sojourn/conn.h"
#include "sojourn/loop.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define OUTPUT_MAX 100000u
#define ARGS_MAX 8
#define TURNS_MAX 6000                 /* of 5 ms, or less when something happens */

extern char **environ;

/* A folder with a configuration, a control socket in it, and what one run of the program said. */
struct stage {
    char dir[64];
    char config[96], key[96], socket[96], out[96], err[96];
    struct sj_loop *loop;
    struct sj_listener *listener;
    struct sj_conn *conn;
    const char *answer;             /* NULL: closes without one */
    char request[256];
    char *text, *problem;           /* stdout and stderr */
    int status;
};

static void stage_on_data(void *arg)
{
    struct stage *s = arg;
    char *line;
    size_t n;
    if (sj_conn_line(s->conn, 255, &line, &n) != SJ_LINE_OK)
        return;
    sj_copy(s->request, sizeof s->request, line);
    if (s->answer)
        sj_conn_write(s->conn, s->answer, strlen(s->answer));
    sj_conn_finish(s->conn, 2000);
}

static void stage_on_nothing(void *arg)
{
    (void)arg;
}

static void stage_on_down(void *arg, const struct sj_error *why)
{
    struct stage *s = arg;
    (void)why;
    sj_conn_free(&s->conn);
}

static const struct sj_conn_events stage_events = {.up = stage_on_nothing,
                                                   .data = stage_on_data,
                                                   .drained = stage_on_nothing,
                                                   .down = stage_on_down};

static void stage_accept(void *arg, struct sj_conn *conn)
{
    struct stage *s = arg;
    sj_conn_free(&s->conn);
    s->conn = conn;
    sj_conn_adopt(conn, &stage_events, s);
}

static void stage_init(struct stage *s)
{
    *s = (struct stage){.dir = "/tmp/sojourn-test-XXXXXX"};
    cr_assert_not_null(mkdtemp(s->dir));
    snprintf(s->config, sizeof s->config, "%s/conf", s->dir);
    snprintf(s->key, sizeof s->key, "%s/key", s->dir);
    snprintf(s->socket, sizeof s->socket, "%s/control.sock", s->dir);
    snprintf(s->out, sizeof s->out, "%s/out", s->dir);
    snprintf(s->err, sizeof s->err, "%s/err", s->dir);
    FILE *file = fopen(s->config, "w");
    cr_assert_not_null(file);
    fprintf(file, "[gateway]\ndata-dir = %s/data\nkey-file = %s\ncontrol-socket = %s\n"
                  "[irc.example.org]\nbackend = irc\nsecret = s\nserver = irc.example.net\n",
            s->dir, s->key, s->socket);
    fclose(file);
    chmod(s->config, 0600);
    s->loop = sj_loop_new();
}

static void stage_listen(struct stage *s, const char *answer)
{
    s->answer = answer;
    cr_assert_eq(sj_listen_unix(&s->listener, s->loop, s->socket, stage_accept, s, NULL), SJ_OK);
}

static void stage_forget(struct stage *s)
{
    sj_free(s->text);
    sj_free(s->problem);
    s->text = s->problem = NULL;
}

static void stage_release(struct stage *s)
{
    stage_forget(s);
    sj_listener_free(&s->listener);
    sj_conn_free(&s->conn);
    sj_loop_free(&s->loop);
    unlink(s->config);
    unlink(s->key);
    unlink(s->out);
    unlink(s->err);
    rmdir(s->dir);
}

static char *stage_read(const char *path)
{
    char *text = sj_calloc(1, OUTPUT_MAX + 1);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    size_t n = fread(text, 1, OUTPUT_MAX, file);
    text[n] = '\0';
    fclose(file);
    return text;
}

/* Runs sojournctl --config CONF with the words of args, serving the socket meanwhile. */
static void stage_run(struct stage *s, const char *args)
{
    char words[256];
    char *argv[ARGS_MAX + 4] = {(char *)SOJOURNCTL, (char *)"--config", s->config};
    size_t n = 3;
    char *rest;
    sj_copy(words, sizeof words, args);
    for (char *at = words, *w; n < ARGS_MAX + 3 && (w = strtok_r(at, " ", &rest)); at = NULL)
        argv[n++] = w;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, s->out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&actions, 2, s->err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    pid_t pid;
    cr_assert_eq(posix_spawn(&pid, SOJOURNCTL, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    bool ended = false;
    for (int i = 0; i < TURNS_MAX && !(ended = waitpid(pid, &status, WNOHANG) != 0); i++)
        sj_loop_turn(s->loop, 5);
    if (!ended)
        kill(pid, SIGKILL);
    cr_assert(ended, "sojournctl did not end");
    cr_assert(WIFEXITED(status), "sojournctl died");
    s->status = WEXITSTATUS(status);
    stage_forget(s);
    s->text = stage_read(s->out);
    s->problem = stage_read(s->err);
}

#define STATUS_ANSWER                                                                            \
    "ok\ndaemon\tversion=0.1.0\tuptime_s=12\n"                                                   \
    "network\thost=irc.example.org\tstream=up\tsessions=3\tnote=a%0Ab%25\n"                      \
    "network\thost=i2.example.org\tstream=down\tsessions=10000\tnote=\n\n"

Test(ctl, prints_status_as_tables)
{
    struct stage s;
    stage_init(&s);
    stage_listen(&s, STATUS_ANSWER);
    stage_run(&s, "status");
    cr_assert_eq(s.status, 0, "%s", s.problem);
    cr_assert_str_eq(s.request, "status");
    cr_assert_str_eq(s.text, "version  uptime_s\n"
                             "0.1.0    12\n"
                             "\n"
                             "host             stream  sessions  note\n"
                             "irc.example.org  up      3         a\\nb%\n"
                             "i2.example.org   down    10000     \n");
    cr_assert_str_eq(s.problem, "");
    stage_release(&s);
}

Test(ctl, prints_status_as_json)
{
    struct stage s;
    stage_init(&s);
    stage_listen(&s, STATUS_ANSWER);
    stage_run(&s, "status --json");
    cr_assert_eq(s.status, 0, "%s", s.problem);
    static const char *const parts[] = {"\"daemon\":{", "\"version\":\"0.1.0\"",
                                        "\"uptime_s\":12", "\"networks\":[",
                                        "\"sessions\":10000", "\"note\":\"a\\nb%\""};
    const char *at = s.text;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        cr_expect_not_null(strstr(at, parts[i]), "%s in %s", parts[i], at);
    stage_release(&s);
}

Test(ctl, says_when_the_daemon_does_not_run)
{
    struct stage s;
    stage_init(&s);
    stage_run(&s, "status");
    cr_assert_eq(s.status, 1);
    cr_assert_not_null(strstr(s.problem, "the daemon is not running"), "%s", s.problem);
    cr_assert_not_null(strstr(s.problem, s.socket), "%s", s.problem);
    cr_assert_str_eq(s.text, "");
    stage_release(&s);
}

Test(ctl, reports_answers_that_are_no_good)
{
    static const struct {
        const char *answer, *problem;
    } rows[] = {
        {"error no such network\n\n", "sojournctl: no such network\n"},
        {"error \x1B[31m\n\n", "sojournctl: ?[31m\n"},
        {"what?\n\n", "sojournctl: the daemon's answer makes no sense\n"},
        {"ok\ndaemon", "sojournctl: the daemon broke off its answer; its log may say why\n"},
        {NULL, "sojournctl: the daemon broke off its answer; its log may say why\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct stage s;
        stage_init(&s);
        stage_listen(&s, rows[i].answer);
        stage_run(&s, "unregister romeo@example.org irc.example.org");
        cr_expect_eq(s.status, 1, "row %zu", i);
        cr_expect_str_eq(s.request, "unregister romeo@example.org irc.example.org");
        cr_expect_str_eq(s.problem, rows[i].problem, "row %zu", i);
        stage_release(&s);
    }
}

Test(ctl, unregisters)
{
    struct stage s;
    stage_init(&s);
    stage_listen(&s, "ok\n\n");
    stage_run(&s, "unregister romeo@example.org irc.example.org");
    cr_assert_eq(s.status, 0, "%s", s.problem);
    cr_assert_str_eq(s.text, "romeo@example.org is no longer registered at irc.example.org\n");
    stage_release(&s);
}

Test(ctl, makes_a_key_once)
{
    struct stage s;
    struct stat st;
    stage_init(&s);
    stage_run(&s, "genkey");
    cr_assert_eq(s.status, 0, "%s", s.problem);
    cr_assert_eq(stat(s.key, &st), 0);
    cr_assert_eq(st.st_size, 32);
    cr_assert_eq(st.st_mode & 07777, 0600);
    stage_run(&s, "genkey");
    cr_assert_eq(s.status, 1);
    cr_assert_not_null(strstr(s.problem, "exists already"), "%s", s.problem);
    stage_run(&s, "check");
    cr_assert_eq(s.status, 0, "%s", s.problem);
    cr_assert_not_null(strstr(s.text, ": OK, 1 network enabled\n"), "%s", s.text);
    stage_release(&s);
}

Test(ctl, refuses_a_wrong_configuration)
{
    struct stage s;
    stage_init(&s);
    FILE *file = fopen(s.config, "a");
    fputs("prot = 1\n", file);
    fclose(file);
    static const char *const commands[] = {"check", "status", "genkey", "unregister a@b c"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        stage_run(&s, commands[i]);
        cr_expect_eq(s.status, 2, "%s", commands[i]);
        cr_expect_not_null(strstr(s.problem, ":9: prot: no such key; did you mean port?"), "%s",
                           s.problem);
    }
    stage_release(&s);
}

Test(ctl, explains_its_usage)
{
    static const struct {
        const char *args;
        int status;
        const char *says;       /* on stdout for status 0, else on stderr */
    } rows[] = {
        {"--help", 0, "usage: sojournctl "},  {"--version", 0, "sojournctl "},
        {"", 2, "usage: sojournctl "},        {"frob", 2, "unknown command \"frob\""},
        {"unregister", 2, "usage: sojournctl unregister JID HOST"},
        {"check now", 2, "usage: sojournctl check"},
        {"--frob check", 2, "sojournctl --help lists all options"},
        {"sample", 0, "[gateway]"},           {"docs", 0, "# Configuration of Sojourn"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct stage s;
        stage_init(&s);
        stage_run(&s, rows[i].args);
        const char *said = rows[i].status == 0 ? s.text : s.problem;
        cr_expect_eq(s.status, rows[i].status, "%s", rows[i].args);
        cr_expect_not_null(strstr(said, rows[i].says), "%s: %s", rows[i].args, said);
        stage_release(&s);
    }
}

Test(ctl, says_what_an_export_or_import_lacks)
{
    struct stage s;
    stage_init(&s);
    stage_run(&s, "export romeo@example.org");
    cr_expect_eq(s.status, 2);
    cr_expect(strstr(s.problem, "--to FILE"), "%s", s.problem);
    stage_forget(&s);
    stage_run(&s, "export example.org --to /nowhere/file");
    cr_expect_eq(s.status, 2);
    cr_expect(strstr(s.problem, "is no bare JID"), "%s", s.problem);
    stage_forget(&s);
    stage_run(&s, "export romeo@example.org --to file --passphrase-fd x");
    cr_expect_eq(s.status, 2);
    cr_expect(strstr(s.problem, "number of an open file"), "%s", s.problem);
    stage_forget(&s);
    stage_run(&s, "import /nowhere/file");
    cr_expect_eq(s.status, 1);
    cr_expect(strstr(s.problem, "No such file"), "%s", s.problem);
    stage_forget(&s);
    stage_run(&s, "--help");
    cr_expect_eq(s.status, 0);
    cr_expect(strstr(s.text, "export JID [HOST] --to FILE"), "%s", s.text);
    stage_release(&s);
}

Test(ctl, refuses_options_that_mean_nothing_to_a_command)
{
    struct stage s;
    stage_init(&s);
    stage_run(&s, "backup /nowhere/file --replace");
    cr_expect_eq(s.status, 2);
    cr_expect_str_eq(s.problem, "sojournctl: backup takes no --replace\n");
    stage_forget(&s);
    stage_run(&s, "unregister --json romeo@example.org irc.example.org");
    cr_expect_eq(s.status, 2);
    cr_expect_str_eq(s.problem, "sojournctl: unregister takes no --json\n");
    stage_release(&s);
}
