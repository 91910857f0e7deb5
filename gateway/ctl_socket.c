/* SPDX-License-Identifier: MPL-2.0 */
/* sojournctl's side of the control socket (control.c has the daemon's): connecting, sending, and
 * what an answer says. It may block: one request a run. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl.h"
#include "sojourn/strbuf.h"

#define CTL_TIMEOUT_S 60

static void ctl_explain_connect(const char *path, int cause)
{
    if (cause == ENOENT || cause == ECONNREFUSED)
        fprintf(stderr, "sojournctl: the daemon is not running: nobody listens on %s\n"
                "Start it with \"systemctl start sojourn\", or run sojournd --config FILE; if it "
                "runs, compare control-socket in both configurations.\n", path);
    else if (cause == EACCES || cause == EPERM)
        fprintf(stderr, "sojournctl: you may not use %s: run this as root or as the daemon's "
                "user\n", path);
    else
        fprintf(stderr, "sojournctl: cannot connect to %s: %s\n", path, strerror(cause));
}

/* A connected socket, -1 when that failed; cause is errno then, 0 when it was explained. */
static int ctl_try_connect(const char *path, int *cause)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    if (n >= sizeof address.sun_path) {
        fprintf(stderr, "sojournctl: control-socket is too long for a socket: %s\n", path);
        *cause = 0;
        return -1;
    }
    memcpy(address.sun_path, path, n + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) {
        struct timeval timeout = {.tv_sec = CTL_TIMEOUT_S};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
        return fd;
    }
    *cause = errno;
    if (fd >= 0)
        close(fd);
    return -1;
}

int ctl_connect(const char *path)
{
    int cause = 0;
    int fd = ctl_try_connect(path, &cause);
    if (fd < 0 && cause)
        ctl_explain_connect(path, cause);
    return fd;
}

bool ctl_is_running(const char *path)
{
    int cause = 0;
    int fd = ctl_try_connect(path, &cause);
    if (fd >= 0)
        close(fd);
    return fd >= 0 || (cause != ENOENT && cause != ECONNREFUSED);
}

bool ctl_send(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t done = send(fd, p, n, MSG_NOSIGNAL);
        if (done < 0 && errno != EINTR)
            return false;
        p += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return true;
}

/* Takes the lines of progress off the front of an answer. */
static void ctl_take_progress(struct sj_strbuf *answer, void (*progress)(const char *record))
{
    static const char word[] = "progress\t";
    char *end;
    while (strncmp(answer->s, word, sizeof word - 1) == 0 && (end = strchr(answer->s, '\n'))) {
        struct sj_strbuf rest;
        sj_strbuf_init(&rest, CTL_ANSWER_MAX);
        *end = '\0';
        if (progress)
            progress(answer->s + sizeof word - 1);
        sj_strbuf_adds(&rest, end + 1);
        sj_strbuf_reset(answer);
        sj_strbuf_adds(answer, rest.s);
        sj_strbuf_release(&rest);
    }
}

bool ctl_receive(int fd, struct sj_strbuf *answer, void (*progress)(const char *record))
{
    char part[4096];
    while (answer->len < 2 || memcmp(answer->s + answer->len - 2, "\n\n", 2) != 0) {
        ssize_t got = recv(fd, part, sizeof part, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        sj_strbuf_add(answer, part, (size_t)got);
        if (!sj_strbuf_ok(answer) || memchr(part, '\0', (size_t)got))
            return false;
        ctl_take_progress(answer, progress);
    }
    return true;
}

enum ctl_outcome ctl_judge(struct sj_strbuf *answer)
{
    struct sj_strbuf rest;
    bool done = strncmp(answer->s, "ok\n", 3) == 0;
    bool refused = strncmp(answer->s, "error ", 6) == 0;
    if (!done)
        answer->s[strcspn(answer->s, "\n")] = '\0';
    for (char *c = answer->s; *c && !done; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = '?';
    }
    sj_strbuf_init(&rest, CTL_ANSWER_MAX);
    sj_strbuf_adds(&rest, done ? answer->s + 3 : refused ? answer->s + 6
                                               : "the daemon's answer makes no sense");
    sj_strbuf_reset(answer);
    sj_strbuf_adds(answer, rest.s);
    sj_strbuf_release(&rest);
    return done ? CTL_ANSWERED : CTL_REFUSED;
}

void ctl_explain_silence(int cause)
{
    bool late = cause == EAGAIN || cause == EWOULDBLOCK;
    fprintf(stderr, "sojournctl: the daemon %s\n",
            late ? "does not answer" : "broke off its answer; its log may say why");
}

enum ctl_outcome ctl_request(const char *path, const char *request, struct sj_strbuf *answer,
                             void (*progress)(const char *record))
{
    int fd = ctl_connect(path);
    if (fd < 0)
        return CTL_BROKEN;
    bool whole = ctl_send(fd, request, strlen(request)) && ctl_receive(fd, answer, progress);
    int cause = errno;
    close(fd);
    if (whole)
        return ctl_judge(answer);
    ctl_explain_silence(cause);
    return CTL_BROKEN;
}
