/* SPDX-License-Identifier: MPL-2.0 */
/* Reads a passphrase: from the terminal, which shows nothing of it and is put back whatever comes,
 * or from a file that the caller has opened. Never from the command line, which others can see. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "ctl.h"
#include "sojourn/memory.h"
#include "sojourn/store_parcel.h"

/* A line of fd into out (SJ_PASSPHRASE_MAX + 1 bytes). */
static bool passphrase_line(int fd, char *out)
{
    size_t n = 0;
    for (;;) {
        char c;
        ssize_t got = read(fd, &c, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || (got == 0 && n == 0))
            return false;
        if (got == 0 || c == '\n')
            break;
        if (n == SJ_PASSPHRASE_MAX || c == '\0')
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return true;
}

static bool passphrase_say(int tty, const char *text)
{
    return write(tty, text, strlen(text)) == (ssize_t)strlen(text);
}

/* Waits for a line at the terminal, which gives whole ones; false: a signal came first. */
static bool passphrase_wait(int tty, int signals)
{
    struct pollfd fds[] = {{.fd = tty, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    int ready;
    while ((ready = poll(fds, 2, -1)) < 0 && errno == EINTR)
        continue;
    return ready > 0 && !(fds[1].revents & POLLIN) && (fds[0].revents & POLLIN);
}

static bool passphrase_hidden(int tty, int signals, const char *prompt, char *out)
{
    struct termios shown, hidden;
    if (tcgetattr(tty, &shown) != 0)
        return false;
    hidden = shown;
    hidden.c_lflag = (hidden.c_lflag & ~(tcflag_t)ECHO) | ECHONL;
    bool done = tcsetattr(tty, TCSAFLUSH, &hidden) == 0 && passphrase_say(tty, prompt) &&
                passphrase_wait(tty, signals) && passphrase_line(tty, out);
    tcsetattr(tty, TCSAFLUSH, &shown);
    return done;
}

/* Asks once. Signals wait until the terminal is put back; then they do what they do. */
static bool passphrase_ask(int tty, const char *prompt, char *out)
{
    sigset_t waiting, before;
    sigemptyset(&waiting);
    sigaddset(&waiting, SIGINT);
    sigaddset(&waiting, SIGTERM);
    sigaddset(&waiting, SIGHUP);
    sigaddset(&waiting, SIGQUIT);
    sigaddset(&waiting, SIGTSTP);
    sigprocmask(SIG_BLOCK, &waiting, &before);
    int signals = signalfd(-1, &waiting, SFD_CLOEXEC);
    bool done = signals >= 0 && passphrase_hidden(tty, signals, prompt, out);
    if (signals >= 0)
        close(signals);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return done;
}

static bool passphrase_typed(bool twice, char *out)
{
    char again[SJ_PASSPHRASE_MAX + 1];
    int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (tty < 0) {
        fputs("sojournctl: there is no terminal to ask for the passphrase: give it with "
              "--passphrase-fd NUMBER, as in --passphrase-fd 3 3<FILE\n", stderr);
        return false;
    }
    bool done = passphrase_ask(tty, "Passphrase: ", out);
    bool same = true;
    if (done && twice) {
        done = passphrase_ask(tty, "The same again: ", again);
        same = done && strcmp(out, again) == 0;
        sj_wipe(again, sizeof again);
    }
    close(tty);
    if (!done)
        fputs("sojournctl: no passphrase was read\n", stderr);
    else if (!same)
        fputs("sojournctl: that was not the same passphrase\n", stderr);
    return done && same;
}

char *ctl_passphrase(const struct ctl *ctl, bool twice)
{
    char text[SJ_PASSPHRASE_MAX + 1];
    char *out = NULL;
    bool read = ctl->passphrase_fd < 0 ? passphrase_typed(twice, text)
                                       : passphrase_line(ctl->passphrase_fd, text);
    if (!read && ctl->passphrase_fd >= 0)
        fprintf(stderr, "sojournctl: there is no passphrase of at most %u bytes at descriptor %d\n",
                SJ_PASSPHRASE_MAX, ctl->passphrase_fd);
    else if (read && twice && strlen(text) < SJ_PASSPHRASE_MIN)
        fprintf(stderr, "sojournctl: a passphrase needs at least %u bytes\n", SJ_PASSPHRASE_MIN);
    else if (read)
        out = sj_strdup(text);
    sj_wipe(text, sizeof text);
    return out;
}
