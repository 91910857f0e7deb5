/* SPDX-License-Identifier: MPL-2.0 */
/* Listens on a Unix socket or a TCP port and hands over clients as conns. What they may ask is
 * decided by the owner; who may connect, by the mode of the socket file, or the firewall. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "conn_priv.h"
#include "sojourn/memory.h"

#define LISTEN_BACKLOG 16
#define LISTEN_BACKLOG_TCP 64
#define LISTEN_BATCH 16u            /* clients taken in one turn */
#define LISTEN_RETRY_MS 1000        /* after the process ran out of descriptors */

struct sj_listener {
    struct sj_loop *loop;
    int fd;
    char *path;                 /* NULL: TCP */
    struct event *event;
    struct sj_timer retry;
    void (*accepted)(void *arg, struct sj_conn *conn);
    void *arg;
};

static int listener_accept(int fd)
{
    int client = accept(fd, NULL, NULL);
    if (client >= 0) {
        fcntl(client, F_SETFD, FD_CLOEXEC);
        fcntl(client, F_SETFL, O_NONBLOCK);
    }
    return client;
}

static void listener_on_client(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    struct sj_listener *l = arg;
    for (unsigned i = 0; i < LISTEN_BATCH; i++) {
        int client = listener_accept(fd);
        if (client < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (client < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (client < 0) {           /* the socket stays readable: do not spin on it */
            event_del(l->event);
            sj_timer_start(l->loop, &l->retry, LISTEN_RETRY_MS);
            return;
        }
        l->accepted(l->arg, conn_new_fd(l->loop, client));
    }
}

static void listener_on_retry(void *arg)
{
    struct sj_listener *l = arg;
    event_add(l->event, NULL);
}

/* Makes way for a new socket: removes one that nobody listens on. */
static enum sj_status listener_clear(const struct sockaddr_un *address, struct sj_error *err)
{
    struct stat st;
    if (lstat(address->sun_path, &st) < 0)
        return SJ_OK;
    if (!S_ISSOCK(st.st_mode))
        return sj_fail(err, SJ_EXISTS, "a file that is no socket is in the way");
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool alive = fd >= 0 &&
                 (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ||
                  errno == EAGAIN);
    if (fd >= 0)
        close(fd);
    if (alive)
        return sj_fail(err, SJ_EXISTS, "another process listens on this socket");
    unlink(address->sun_path);
    return SJ_OK;
}

/* A listening descriptor, -1 with errno. The file never has a wider mode than 0600. */
static int listener_open(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    mode_t old = umask(0177);
    int bound = bind(fd, (const struct sockaddr *)address, sizeof *address);
    int cause = errno;
    umask(old);
    if (bound == 0 && listen(fd, LISTEN_BACKLOG) == 0)
        return fd;
    errno = bound == 0 ? errno : cause;
    cause = errno;
    close(fd);
    errno = cause;
    return -1;
}

static struct sj_listener *listener_new(struct sj_loop *loop, int fd, const char *path,
                                        void (*accepted)(void *arg, struct sj_conn *conn),
                                        void *arg)
{
    struct sj_listener *l = sj_calloc(1, sizeof *l);
    l->loop = loop;
    l->fd = fd;
    l->path = sj_strdup(path);
    l->accepted = accepted;
    l->arg = arg;
    sj_timer_init(&l->retry, listener_on_retry, l);
    l->event = event_new(loop->base, fd, EV_READ | EV_PERSIST, listener_on_client, l);
    event_add(l->event, NULL);
    return l;
}

enum sj_status sj_listen_unix(struct sj_listener **out, struct sj_loop *loop, const char *path,
                              void (*accepted)(void *arg, struct sj_conn *conn), void *arg,
                              struct sj_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof address.sun_path)
        return sj_fail(err, SJ_INVALID, "the path of the socket is empty or too long");
    memcpy(address.sun_path, path, n + 1);
    enum sj_status status = listener_clear(&address, err);
    if (status != SJ_OK)
        return status;
    int fd = listener_open(&address);
    if (fd < 0)
        return sj_fail(err, SJ_UNAVAILABLE, "cannot listen on the socket: %s", strerror(errno));
    *out = listener_new(loop, fd, path, accepted, arg);
    return SJ_OK;
}

static int listener_open_tcp(const struct sockaddr *address, socklen_t len)
{
    int on = 1;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, address, len) == 0 && listen(fd, LISTEN_BACKLOG_TCP) == 0)
        return fd;
    int cause = errno;
    close(fd);
    errno = cause;
    return -1;
}

enum sj_status sj_listen_tcp(struct sj_listener **out, struct sj_loop *loop, const char *address,
                             uint16_t port,
                             void (*accepted)(void *arg, struct sj_conn *conn), void *arg,
                             struct sj_error *err)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    int fd;

    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
        fd = listener_open_tcp((const struct sockaddr *)&v4, sizeof v4);
    else if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1)
        fd = listener_open_tcp((const struct sockaddr *)&v6, sizeof v6);
    else
        return sj_fail(err, SJ_INVALID, "the address to listen on is not numeric");
    if (fd < 0)
        return sj_fail(err, SJ_UNAVAILABLE, "cannot listen on %s port %u: %s", address,
                       (unsigned)port, strerror(errno));
    *out = listener_new(loop, fd, NULL, accepted, arg);
    return SJ_OK;
}

void sj_listener_free(struct sj_listener **l)
{
    if (!l || !*l)
        return;
    sj_timer_stop(&(*l)->retry);
    event_free((*l)->event);
    close((*l)->fd);
    if ((*l)->path)
        unlink((*l)->path);
    sj_free((*l)->path);
    sj_free(*l);
    *l = NULL;
}
