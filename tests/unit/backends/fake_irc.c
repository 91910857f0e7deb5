/* SPDX-License-Identifier: MPL-2.0 */
/* The small IRC server of the contract tests; see fake_irc.h. */
#include "fake_irc.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define FAKE_IRC_CLIENTS 8u
#define FAKE_IRC_INPUT 65536u
#define FAKE_IRC_SEEN (1u << 20)
#define FAKE_IRC_PARAMS 15u

struct fake_client {
    int fd;                      /* -1: free */
    char nick[64];
    bool has_user, negotiating, welcomed, closing;
    struct sj_strbuf in, out;
};

struct fake_irc {
    int listener;
    unsigned port;
    bool frozen;
    struct fake_client client[FAKE_IRC_CLIENTS];
    struct sj_strbuf seen;       /* commands, each between spaces */
};

struct fake_line {
    const char *command;
    const char *param[FAKE_IRC_PARAMS];
    unsigned n;
};

static void fake_say(struct fake_client *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void fake_say(struct fake_client *c, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    sj_strbuf_adds(&c->out, text);
    sj_strbuf_adds(&c->out, "\r\n");
}

static bool fake_is_here(const char *nick)
{
    return sj_ascii_casecmp(nick, "echo") == 0 || sj_ascii_casecmp(nick, "friend") == 0;
}

static void fake_welcome(struct fake_client *c)
{
    if (c->welcomed || c->negotiating || !c->has_user || !c->nick[0])
        return;
    c->welcomed = true;
    fake_say(c, ":irc.example.org 001 %s :Welcome", c->nick);
    fake_say(c, ":irc.example.org 004 %s irc.example.org fake i n", c->nick);
    fake_say(c, ":irc.example.org 005 %s CASEMAPPING=ascii NICKLEN=30 :are supported", c->nick);
    fake_say(c, ":irc.example.org 422 %s :no message of the day", c->nick);
}

static void fake_on_cap(struct fake_client *c, const struct fake_line *l)
{
    const char *nick = c->nick[0] ? c->nick : "*";
    if (l->n > 0 && strcmp(l->param[0], "LS") == 0) {
        c->negotiating = true;
        fake_say(c, ":irc.example.org CAP %s LS :", nick);
    } else if (l->n > 1 && strcmp(l->param[0], "REQ") == 0) {
        fake_say(c, ":irc.example.org CAP %s NAK :%s", nick, l->param[1]);
    } else if (l->n > 0 && strcmp(l->param[0], "END") == 0) {
        c->negotiating = false;
        fake_welcome(c);
    }
}

static void fake_on_privmsg(struct fake_client *c, const struct fake_line *l)
{
    if (l->n < 2)
        return;
    if (!fake_is_here(l->param[0]))
        fake_say(c, ":irc.example.org 401 %s %s :No such nick", c->nick, l->param[0]);
    else if (sj_ascii_casecmp(l->param[0], "echo") == 0)
        fake_say(c, ":echo!e@example.org PRIVMSG %s :%s", c->nick, l->param[1]);
}

static void fake_on_ison(struct fake_client *c, const struct fake_line *l)
{
    struct sj_strbuf names;
    sj_strbuf_init(&names, 512);
    for (unsigned i = 0; i < l->n; i++) {
        const char *p = l->param[i];
        while (*p) {             /* nicknames as parameters, or in one */
            char nick[64];
            size_t n = strcspn(p, " ");
            snprintf(nick, sizeof nick, "%.*s", (int)n, p);
            if (fake_is_here(nick))
                sj_strbuf_addf(&names, "%s ", nick);
            p += n + (p[n] == ' ');
        }
    }
    fake_say(c, ":irc.example.org 303 %s :%s", c->nick, names.s);
    sj_strbuf_release(&names);
}

static void fake_on_line(struct fake_client *c, const struct fake_line *l)
{
    if (strcmp(l->command, "CAP") == 0) {
        fake_on_cap(c, l);
    } else if (strcmp(l->command, "NICK") == 0 && l->n > 0) {
        sj_copy(c->nick, sizeof c->nick, l->param[0]);
        fake_welcome(c);
    } else if (strcmp(l->command, "USER") == 0) {
        c->has_user = true;
        fake_welcome(c);
    } else if (strcmp(l->command, "PING") == 0 && l->n > 0) {
        fake_say(c, ":irc.example.org PONG irc.example.org :%s", l->param[0]);
    } else if (strcmp(l->command, "PRIVMSG") == 0) {
        fake_on_privmsg(c, l);
    } else if (strcmp(l->command, "ISON") == 0) {
        fake_on_ison(c, l);
    } else if (strcmp(l->command, "USERHOST") == 0) {
        fake_say(c, ":irc.example.org 302 %s :%s=+u@example.org", c->nick, c->nick);
    } else if (strcmp(l->command, "QUIT") == 0) {
        fake_say(c, "ERROR :bye");
        c->closing = true;
    }
}

/* Cuts one line into command and parameters, in place. */
static void fake_parse(struct fake_line *l, char *s)
{
    *l = (struct fake_line){.command = s};
    char *p = s + strcspn(s, " ");
    while (*p && l->n < FAKE_IRC_PARAMS) {
        *p++ = '\0';
        p += strspn(p, " ");
        if (*p == ':') {
            l->param[l->n++] = p + 1;
            break;
        }
        if (*p)
            l->param[l->n++] = p;
        p += strcspn(p, " ");
    }
}

static void fake_client_close(struct fake_client *c)
{
    if (c->fd < 0)
        return;
    close(c->fd);
    sj_strbuf_release(&c->in);
    sj_strbuf_release(&c->out);
    *c = (struct fake_client){.fd = -1};
}

static void fake_read_lines(struct fake_irc *f, struct fake_client *c)
{
    char *end;
    size_t at = 0;
    while ((end = strchr(c->in.s + at, '\n')) != NULL) {
        struct fake_line line;
        char *start = c->in.s + at;
        at = (size_t)(end - c->in.s) + 1;
        *end = '\0';
        if (end > start && end[-1] == '\r')
            end[-1] = '\0';
        fake_parse(&line, start);
        sj_strbuf_addf(&f->seen, " %s ", line.command);
        fake_on_line(c, &line);
    }
    char *rest = sj_strdup(c->in.s + at);
    sj_strbuf_reset(&c->in);
    sj_strbuf_adds(&c->in, rest);
    sj_free(rest);
}

static void fake_serve(struct fake_irc *f, struct fake_client *c)
{
    char bytes[4096];
    ssize_t n;
    while ((n = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        sj_strbuf_add(&c->in, bytes, (size_t)n);
    cr_assert(sj_strbuf_ok(&c->in), "a client sends without line ends");
    bool gone = n == 0;
    fake_read_lines(f, c);
    if (c->out.len > 0 && !gone) {
        /* All at once: what a test says fits into the socket's buffer. */
        gone = send(c->fd, c->out.s, c->out.len, MSG_DONTWAIT | MSG_NOSIGNAL) !=
               (ssize_t)c->out.len;
        sj_strbuf_reset(&c->out);
    }
    if (gone || c->closing)
        fake_client_close(c);
}

static void fake_accept(struct fake_irc *f)
{
    int fd = accept(f->listener, NULL, NULL);
    if (fd < 0)
        return;
    for (unsigned i = 0; i < FAKE_IRC_CLIENTS; i++) {
        struct fake_client *c = &f->client[i];
        if (c->fd >= 0)
            continue;
        c->fd = fd;
        sj_strbuf_init(&c->in, FAKE_IRC_INPUT);
        sj_strbuf_init(&c->out, FAKE_IRC_INPUT);
        return;
    }
    close(fd);
}

void fake_irc_pump(void *arg)
{
    struct fake_irc *f = arg;
    if (f->frozen)
        return;
    fake_accept(f);
    for (unsigned i = 0; i < FAKE_IRC_CLIENTS; i++) {
        if (f->client[i].fd >= 0)
            fake_serve(f, &f->client[i]);
    }
}

struct fake_irc *fake_irc_new(void)
{
    struct fake_irc *f = sj_calloc(1, sizeof *f);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t n = sizeof address;
    for (unsigned i = 0; i < FAKE_IRC_CLIENTS; i++)
        f->client[i].fd = -1;
    sj_strbuf_init(&f->seen, FAKE_IRC_SEEN);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    cr_assert_geq(f->listener, 0);
    cr_assert_eq(bind(f->listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(f->listener, 8), 0);
    cr_assert_eq(getsockname(f->listener, (struct sockaddr *)&address, &n), 0);
    f->port = ntohs(address.sin_port);
    return f;
}

void fake_irc_hang_up(struct fake_irc *f)
{
    for (unsigned i = 0; i < FAKE_IRC_CLIENTS; i++)
        fake_client_close(&f->client[i]);
}

void fake_irc_freeze(struct fake_irc *f)
{
    f->frozen = true;
}

bool fake_irc_saw(const struct fake_irc *f, const char *command)
{
    char text[64];
    snprintf(text, sizeof text, " %s ", command);
    return strstr(f->seen.s, text) != NULL;
}

unsigned fake_irc_port(const struct fake_irc *f)
{
    return f->port;
}

void fake_irc_free(struct fake_irc **f)
{
    fake_irc_hang_up(*f);
    close((*f)->listener);
    sj_strbuf_release(&(*f)->seen);
    sj_free(*f);
    *f = NULL;
}
