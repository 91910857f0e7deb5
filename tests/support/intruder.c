/* SPDX-License-Identifier: MPL-2.0 */
/* A library that is preloaded into a real sojournd (tests/e2e/test_confinement.py) and plays code
 * of an intruder: at SIGUSR1 it tries what INTRUDER_TRIES names, lines "read PATH", "write PATH",
 * "exec PATH", "trace PID", "kill PID", "listen PORT", and writes "LINE: ERRNO" for each, 0 when it
 * worked, to INTRUDER_REPORT, which it opened at start; and for "know dumpable", "know core" and
 * "know umask" what the process has. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int report = -1;
static char tries[4096];

static int try_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

/* The program's own exit status must not be 99: that is what a failing exec gives. */
static int try_exec(const char *path)
{
    char *const argv[] = {(char *)path, NULL}, *const envp[] = {NULL};
    int status = 0;
    pid_t child = fork();

    if (child < 0)
        return errno;
    if (child == 0) {
        execve(path, argv, envp);
        _exit(errno);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int try_listen(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int failed = fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ? errno : 0;

    if (fd >= 0)
        close(fd);
    return failed;
}

/* What the process has; -1: that is not known here. */
static int know(const char *what)
{
    struct rlimit core = {1, 1};
    int mask;

    if (strcmp(what, "dumpable") == 0)
        return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    if (strcmp(what, "core") == 0)
        return getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0 ? 0 : 1;
    if (strcmp(what, "umask") != 0)
        return -1;
    mask = (int)umask(077);
    umask((mode_t)mask);
    return mask;
}

static int try_one(const char *what, const char *which)
{
    if (strcmp(what, "read") == 0)
        return try_open(which, O_RDONLY);
    if (strcmp(what, "write") == 0)
        return try_open(which, O_WRONLY | O_CREAT);
    if (strcmp(what, "exec") == 0)
        return try_exec(which);
    if (strcmp(what, "trace") == 0)
        return ptrace(PTRACE_SEIZE, atoi(which), NULL, NULL) == 0 ? 0 : errno;
    if (strcmp(what, "kill") == 0)
        return kill(atoi(which), 0) == 0 ? 0 : errno;
    if (strcmp(what, "listen") == 0)
        return try_listen(atoi(which));
    if (strcmp(what, "know") == 0)
        return know(which);
    return -1;
}

static void on_signal(int signo)
{
    char copy[sizeof tries], *rest = NULL;

    (void)signo;
    memcpy(copy, tries, sizeof copy);
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char what[16] = "", which[1024] = "";

        if (sscanf(line, "%15s %1023s", what, which) == 2)
            dprintf(report, "%s: %d\n", line, try_one(what, which));
    }
    dprintf(report, "end\n");
}

__attribute__((constructor)) static void intruder_start(void)
{
    const char *path = getenv("INTRUDER_REPORT"), *list = getenv("INTRUDER_TRIES");
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    if (!path || !list || strlen(list) >= sizeof tries)
        return;
    memcpy(tries, list, strlen(list) + 1);
    report = open(path, O_WRONLY | O_CLOEXEC);
    sigaction(SIGUSR1, &action, NULL);
}
