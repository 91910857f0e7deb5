/* SPDX-License-Identifier: MPL-2.0 */
/* The sockets of both ends. Plain epoll rather than libevent, so that the driver costs little
 * beside what it measures. Reading goes through one shared buffer; a wire keeps bytes of its own
 * only while a line or stanza is incomplete. */
#include "loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define LOOP_SCRATCH_BYTES (1024u * 1024u)
#define LOOP_EVENTS_MAX 256
#define LISTEN_BACKLOG 4096

struct loop {
    const struct loop_handler *handler;
    void *ctx;
    int epoll_fd, timer_fd;
    struct wire *dirty, *dead;
    struct wire **all;
    size_t n_all, cap_all;
    uint64_t received;
    char *scratch;
    size_t sip;              /* most bytes of one read */
};

static void loop_bury(struct loop *l);

struct loop *loop_new(const struct loop_handler *handler, void *ctx)
{
    struct loop *l = mem_zeroed(1, sizeof *l);
    struct epoll_event ev = {.events = EPOLLIN, .data = {.ptr = NULL}};

    l->handler = handler;
    l->ctx = ctx;
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    l->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (l->epoll_fd < 0 || l->timer_fd < 0 ||
        epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->timer_fd, &ev) < 0)
        die("epoll: %s", strerror(errno));
    l->scratch = mem_resize(NULL, LOOP_SCRATCH_BYTES, 1);
    l->sip = LOOP_SCRATCH_BYTES;
    return l;
}

void loop_sip(struct loop *l, size_t bytes)
{
    l->sip = bytes;
}

static void wire_destroy(struct wire *w)
{
    if (w->fd >= 0)
        close(w->fd);
    text_free(&w->in);
    text_free(&w->out);
    free(w);
}

void loop_free(struct loop **l)
{
    if (!*l)
        return;
    loop_bury(*l);
    for (size_t i = 0; i < (*l)->n_all; i++)
        if ((*l)->all[i])
            wire_destroy((*l)->all[i]);
    close((*l)->epoll_fd);
    close((*l)->timer_fd);
    free((*l)->all);
    free((*l)->scratch);
    free(*l);
    *l = NULL;
}

uint64_t loop_received(const struct loop *l)
{
    return l->received;
}

/* The loop finds its wires by descriptor when it ends. */
static struct wire *wire_new(struct loop *l, int fd, enum wire_kind kind, uint32_t end)
{
    struct wire *w = mem_zeroed(1, sizeof *w);
    struct epoll_event ev = {.events = EPOLLIN, .data = {.ptr = w}};
    size_t at = (size_t)fd;

    *w = (struct wire){.fd = fd, .kind = kind, .end = end, .user = WIRE_NOBODY, .loop = l};
    if (at >= l->cap_all) {
        size_t cap = (at + 1) * 2;

        l->all = mem_resize(l->all, cap, sizeof(struct wire *));
        memset(l->all + l->cap_all, 0, (cap - l->cap_all) * sizeof(struct wire *));
        l->cap_all = cap;
    }
    l->all[at] = w;
    if (at >= l->n_all)
        l->n_all = at + 1;
    if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
        die("epoll: %s", strerror(errno));
    return w;
}

static int socket_open(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        die("socket: %s", strerror(errno));
    return fd;
}

static struct sockaddr_in address_loopback(uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
}

static void socket_nodelay(int fd)
{
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

struct wire *wire_listen(struct loop *l, uint32_t end, uint16_t *port)
{
    struct sockaddr_in a = address_loopback(*port);
    socklen_t n = sizeof a;
    int fd = socket_open();
    int on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, LISTEN_BACKLOG) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) < 0)
        die("cannot listen on loopback: %s", strerror(errno));
    *port = ntohs(a.sin_port);
    return wire_new(l, fd, WIRE_LISTENER, end);
}

struct wire *wire_connect(struct loop *l, uint32_t end, uint16_t port)
{
    struct sockaddr_in a = address_loopback(port);
    int fd = socket_open();

    socket_nodelay(fd);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0 && errno != EINPROGRESS) {
        close(fd);
        return NULL;
    }
    return wire_new(l, fd, WIRE_STREAM, end);
}

static void wire_watch(struct wire *w, bool write)
{
    struct epoll_event ev = {.data = {.ptr = w}};

    if (!w->deaf && (!w->limited || w->allowance > 0))
        ev.events |= EPOLLIN;
    if (write)
        ev.events |= EPOLLOUT;
    w->wants_write = write;
    epoll_ctl(w->loop->epoll_fd, EPOLL_CTL_MOD, w->fd, &ev);
}

void wire_deafen(struct wire *w, bool deaf)
{
    w->deaf = deaf;
    wire_watch(w, w->wants_write);
}

void wire_allow(struct wire *w, size_t n)
{
    bool was_open = !w->limited || w->allowance > 0;

    w->allowance = w->limited ? w->allowance + n : n;
    w->limited = true;
    if (was_open != (w->allowance > 0))
        wire_watch(w, w->wants_write);
}

void wire_allow_all(struct wire *w)
{
    w->limited = false;
    wire_watch(w, w->wants_write);
}

void wire_close(struct wire *w)
{
    if (w->dead)
        return;
    w->dead = true;
    epoll_ctl(w->loop->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
    w->loop->all[w->fd] = NULL;
    close(w->fd);
    w->fd = -1;
    w->next_dead = w->loop->dead;
    w->loop->dead = w;
}

void wire_flush(struct wire *w)
{
    if (w->dead || w->wants_write)
        return;
    while (w->out.n > 0) {
        ssize_t n = send(w->fd, w->out.p, w->out.n, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            if (errno == EAGAIN || errno == ENOTCONN)
                wire_watch(w, true);
            return;          /* any other error shows at the next read */
        }
        text_drop(&w->out, (size_t)n);
    }
}

void wire_put(struct wire *w, const char *p, size_t n)
{
    if (w->dead)
        return;
    text_add(&w->out, p, n);
    if (!w->dirty) {
        w->dirty = true;
        w->next_dirty = w->loop->dirty;
        w->loop->dirty = w;
    }
}

void wire_puts(struct wire *w, const char *s)
{
    wire_put(w, s, strlen(s));
}

static void wire_read(struct loop *l, struct wire *w)
{
    size_t kept = w->in.n;
    size_t most = LOOP_SCRATCH_BYTES - kept;
    size_t used;
    ssize_t n;

    if (kept >= LOOP_SCRATCH_BYTES)
        die("the gateway sent one stanza or line of more than %u bytes", LOOP_SCRATCH_BYTES);
    if (kept > 0)
        memcpy(l->scratch, w->in.p, kept);
    most = most < l->sip ? most : l->sip;
    if (w->limited && w->allowance < most)
        most = w->allowance;
    n = recv(w->fd, l->scratch + kept, most, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        wire_close(w);
        l->handler->closed(l->ctx, w);
        return;
    }
    l->received += (uint64_t)n;
    if (w->limited) {
        w->allowance -= (size_t)n;
        if (w->allowance == 0)
            wire_watch(w, w->wants_write);
    }
    used = l->handler->data(l->ctx, w, l->scratch, kept + (size_t)n);
    w->in.n = 0;
    if (used < kept + (size_t)n)
        text_add(&w->in, l->scratch + used, kept + (size_t)n - used);
    else if (w->in.cap > 0)
        text_free(&w->in);
}

static void wire_accept(struct loop *l, struct wire *listener)
{
    for (;;) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0 && errno == EAGAIN)
            return;
        if (fd < 0)
            die("accept: %s", strerror(errno));
        socket_nodelay(fd);
        l->handler->accepted(l->ctx, listener, wire_new(l, fd, WIRE_STREAM, listener->end));
    }
}

static void loop_send_dirty(struct loop *l)
{
    struct wire *w = l->dirty;

    l->dirty = NULL;
    while (w) {
        struct wire *next = w->next_dirty;

        w->dirty = false;
        wire_flush(w);
        w = next;
    }
}

static void loop_bury(struct loop *l)
{
    while (l->dead) {
        struct wire *w = l->dead;

        l->dead = w->next_dead;
        wire_destroy(w);
    }
}

static void timer_set(struct loop *l, int64_t until)
{
    struct itimerspec t = {.it_value = {.tv_sec = (time_t)(until / SECOND_NS),
                                        .tv_nsec = (long)(until % SECOND_NS)}};

    timerfd_settime(l->timer_fd, TFD_TIMER_ABSTIME, &t, NULL);
}

static void event_handle(struct loop *l, const struct epoll_event *ev)
{
    struct wire *w = ev->data.ptr;

    if (!w || w->dead)
        return;
    if (w->kind == WIRE_LISTENER) {
        wire_accept(l, w);
        return;
    }
    if (w->wants_write && (ev->events & EPOLLOUT)) {
        wire_watch(w, false);
        wire_flush(w);
    }
    if (ev->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        wire_read(l, w);
}

void loop_turn(struct loop *l, int64_t until)
{
    struct epoll_event ev[LOOP_EVENTS_MAX];
    int timeout = 0;
    int n;

    loop_send_dirty(l);
    if (until > clock_now_ns()) {
        timer_set(l, until);
        timeout = -1;
    }
    n = epoll_wait(l->epoll_fd, ev, LOOP_EVENTS_MAX, timeout);
    for (int i = 0; i < n; i++)
        event_handle(l, &ev[i]);
    loop_send_dirty(l);
    loop_bury(l);
}
