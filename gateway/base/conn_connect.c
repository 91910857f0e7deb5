/* SPDX-License-Identifier: MPL-2.0 */
/* From a target to a connected socket: look-up with evdns (which reads /etc/hosts and
 * /etc/resolv.conf, the latter again when it changes), then one address after the other, IPv6
 * first, each with its share of the time that is left. TLS is started here and done elsewhere. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <event2/dns.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "conn_priv.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define CONNECT_NAME_MAX 300u

struct conn_address {
    socklen_t len;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    } u;
};

/* Outlives a canceled attempt: evdns answers a cancellation later. */
struct conn_lookup {
    struct sj_conn *conn;       /* NULL: nobody waits */
    struct evdns_getaddrinfo_request *request;
};

/* What is needed until the conn is up. Owner: the conn. */
struct conn_attempt {
    char *host;
    char *name;                 /* for people */
    char *tls_name;
    struct sj_tls *tls;
    struct sj_identity *identity;
    struct conn_address source[2];      /* len 0: none */
    struct conn_address *addresses;
    size_t n_addresses, next;
    int64_t deadline_ms;
    unsigned unsent_max, unread_max;
    uint16_t port;
    char ident[SJ_IDENT_MAX + 1];
    int cause;                  /* errno of the last failure */
    struct conn_lookup *lookup;
};

static void connect_next(struct sj_conn *c);

void conn_attempt_free(struct sj_conn *c)
{
    struct conn_attempt *a = c->attempt;
    if (!a)
        return;
    c->attempt = NULL;
    if (a->lookup) {
        a->lookup->conn = NULL;
        evdns_getaddrinfo_cancel(a->lookup->request);
    }
    sj_free(a->host);
    sj_free(a->name);
    sj_free(a->tls_name);
    sj_identity_free(&a->identity);
    sj_free(a->addresses);
    sj_free(a);
}

const char *conn_attempt_name(const struct sj_conn *c)
{
    return c->attempt->name;
}

/* Numeric text to address; false: it is a name. */
static bool connect_parse_numeric(struct conn_address *out, const char *text, uint16_t port)
{
    *out = (struct conn_address){0};
    if (inet_pton(AF_INET, text, &out->u.v4.sin_addr) == 1) {
        out->u.v4.sin_family = AF_INET;
        out->u.v4.sin_port = htons(port);
        out->len = sizeof out->u.v4;
    } else if (inet_pton(AF_INET6, text, &out->u.v6.sin6_addr) == 1) {
        out->u.v6.sin6_family = AF_INET6;
        out->u.v6.sin6_port = htons(port);
        out->len = sizeof out->u.v6;
    }
    return out->len > 0;
}

static bool connect_parse_local(struct conn_address *out, const char *path)
{
    *out = (struct conn_address){.len = sizeof out->u.local};
    out->u.local.sun_family = AF_UNIX;
    size_t n = strlen(path);
    if (n >= sizeof out->u.local.sun_path)
        return false;
    memcpy(out->u.local.sun_path, path, n + 1);
    return true;
}

static void connect_set_options(const struct conn_attempt *a, int fd)
{
    int on = 1, most = (int)a->unsent_max, unread = (int)a->unread_max;
    if (most > 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most, sizeof most);
    if (unread > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &unread, sizeof unread);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

/* False with errno: there are addresses to connect from, but none of that family, or it is not
 * this machine's. */
static bool connect_bind(const struct conn_attempt *a, int fd, int family)
{
    bool any = true;
    for (size_t i = 0; i < 2 && family != AF_UNIX; i++) {
        const struct conn_address *source = &a->source[i];
        if (source->len && source->u.any.sa_family == family)
            return bind(fd, &source->u.any, source->len) == 0;
        any = any && !source->len;
    }
    if (!any)
        errno = EAFNOSUPPORT;
    return any;
}

/* A socket that is connecting to address; -1 with errno. */
static int connect_open(const struct conn_attempt *a, const struct conn_address *address)
{
    int family = address->u.any.sa_family;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (family != AF_UNIX)
        connect_set_options(a, fd);
    if (connect_bind(a, fd, family) &&
        (connect(fd, &address->u.any, address->len) == 0 || errno == EINPROGRESS))
        return fd;
    int cause = errno;
    close(fd);
    errno = cause;
    return -1;
}

/* The share of the time left that the present address gets. */
static void connect_start_timer(struct sj_conn *c)
{
    struct conn_attempt *a = c->attempt;
    int64_t left_ms = a->deadline_ms - sj_loop_now_ms(c->loop);
    int64_t shares = (int64_t)(a->n_addresses - a->next) + 1;
    sj_timer_start(c->loop, &c->timer, left_ms / shares);
}

static void connect_end_failed(struct sj_conn *c)
{
    const struct conn_attempt *a = c->attempt;
    if (a->cause == ETIMEDOUT)
        conn_end(c, SJ_TIMEOUT, "cannot connect to %s: timed out", a->name);
    else
        conn_end(c, SJ_UNREACHABLE, "cannot connect to %s: %s", a->name, strerror(a->cause));
}

static void connect_next(struct sj_conn *c)
{
    struct conn_attempt *a = c->attempt;
    while (a->next < a->n_addresses) {
        int fd = connect_open(a, &a->addresses[a->next++]);
        if (fd < 0) {
            a->cause = errno;
            continue;
        }
        conn_set_fd(c, fd);
        conn_ident_add(c, a->ident, &a->addresses[a->next - 1].u.any);
        conn_watch_write(c, true);
        connect_start_timer(c);
        return;
    }
    connect_end_failed(c);
}

void conn_on_connected(struct sj_conn *c)
{
    struct conn_attempt *a = c->attempt;
    int cause = 0;
    socklen_t len = sizeof cause;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &cause, &len) < 0)
        cause = errno;
    if (cause) {
        a->cause = cause;
        conn_close_fd(c);
        connect_next(c);
        return;
    }
    if (!a->tls) {
        conn_enter_up(c);
        return;
    }
    c->state = CONN_HANDSHAKE;
    sj_timer_start(c->loop, &c->timer, a->deadline_ms - sj_loop_now_ms(c->loop));
    conn_tls_start(c, a->tls, a->tls_name, a->identity);
    conn_tls_handshake(c);
}

void conn_on_timeout(struct sj_conn *c)
{
    struct conn_attempt *a = c->attempt;
    if (c->state == CONN_HANDSHAKE) {
        conn_end(c, SJ_TIMEOUT, "TLS with %s: timed out", a->name);
    } else if (!a->n_addresses) {
        conn_end(c, SJ_TIMEOUT, "cannot look up %s: timed out", a->host);
    } else {
        a->cause = ETIMEDOUT;
        conn_close_fd(c);
        connect_next(c);
    }
}

/* ---- look-up ---- */

static int64_t dns_stamp_read(const struct sj_loop *loop)
{
    struct stat st;
    if (stat(loop->dns_file, &st) < 0)
        return 0;
    return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

/* evdns's own start-up flag would refuse to start without a resolver; names from /etc/hosts are
 * worth having then, too. */
struct evdns_base *conn_dns_get(struct sj_loop *loop)
{
    int64_t stamp = dns_stamp_read(loop);
    if (!loop->dns) {
        loop->dns = evdns_base_new(loop->base, 0);
        evdns_base_resolv_conf_parse(loop->dns, DNS_OPTIONS_ALL, loop->dns_file);
    } else if (stamp != loop->dns_stamp) {
        evdns_base_clear_nameservers_and_suspend(loop->dns);
        evdns_base_search_clear(loop->dns);
        evdns_base_resolv_conf_parse(loop->dns,
                                     DNS_OPTION_SEARCH | DNS_OPTION_NAMESERVERS | DNS_OPTION_MISC,
                                     loop->dns_file);
        evdns_base_resume(loop->dns);
    }
    loop->dns_stamp = stamp;
    return loop->dns;
}

/* Canceled look-ups are answered by deferred calls of libevent; they get their turn here. */
void conn_dns_free(struct sj_loop *loop)
{
    if (loop->dns) {
        evdns_base_free(loop->dns, 1);
        event_base_loop(loop->base, EVLOOP_NONBLOCK);
        loop->dns = NULL;
    }
}

static size_t dns_count(const struct evutil_addrinfo *list, int family)
{
    size_t n = 0;
    for (; list; list = list->ai_next)
        n += list->ai_family == family;
    return n;
}

static void dns_take(struct conn_attempt *a, const struct evutil_addrinfo *list, int family,
                     size_t max)
{
    for (; list && a->n_addresses < max; list = list->ai_next) {
        struct conn_address *address = &a->addresses[a->n_addresses];
        if (list->ai_family != family || list->ai_addrlen > sizeof address->u)
            continue;
        address->len = list->ai_addrlen;
        memcpy(&address->u, list->ai_addr, list->ai_addrlen);
        a->n_addresses++;
    }
}

static void dns_on_answer(int result, struct evutil_addrinfo *list, void *arg)
{
    struct conn_lookup *lookup = arg;
    struct sj_conn *c = lookup->conn;
    sj_free(lookup);
    if (!c) {
        if (list)
            evutil_freeaddrinfo(list);
        return;
    }
    struct conn_attempt *a = c->attempt;
    a->lookup = NULL;
    size_t n6 = dns_count(list, AF_INET6);
    size_t n4 = dns_count(list, AF_INET);
    if (result != 0 || n6 + n4 == 0) {
        conn_end(c, SJ_UNREACHABLE, "cannot look up %s: %s", a->host,
                 result ? evutil_gai_strerror(result) : "no address");
    } else {
        /* however many addresses one family has, the other gets its half */
        size_t half = CONN_ADDRESSES_MAX / 2;
        a->addresses = sj_calloc(CONN_ADDRESSES_MAX, sizeof *a->addresses);
        dns_take(a, list, AF_INET6, n4 > half ? half : CONN_ADDRESSES_MAX - n4);
        dns_take(a, list, AF_INET, CONN_ADDRESSES_MAX);
        connect_next(c);
    }
    if (list)
        evutil_freeaddrinfo(list);
}

static void dns_start(struct sj_conn *c)
{
    struct conn_attempt *a = c->attempt;
    struct conn_lookup *lookup = sj_calloc(1, sizeof *lookup);
    lookup->conn = c;
    a->lookup = lookup;
    struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char port[8];
    snprintf(port, sizeof port, "%u", (unsigned)a->port);
    struct evdns_getaddrinfo_request *request =
        evdns_getaddrinfo(conn_dns_get(c->loop), a->host, port, &hints, dns_on_answer, lookup);
    if (request)            /* otherwise the answer has been given, and lookup is gone */
        lookup->request = request;
}

void sj_conn_connect(struct sj_conn *c, const struct sj_conn_target *target)
{
    assert(c->magic == CONN_MAGIC && c->state == CONN_NEW);
    struct conn_attempt *a = sj_calloc(1, sizeof *a);
    char name[CONNECT_NAME_MAX];
    snprintf(name, sizeof name, "%.255s port %u", target->host, (unsigned)target->port);
    a->host = sj_strdup(target->host);
    a->name = sj_strdup(target->port ? name : "the local socket");
    a->tls_name = sj_strdup(target->tls_name ? target->tls_name : target->host);
    a->tls = target->tls;
    a->identity = conn_identity_copy(target->identity);
    a->port = target->port;
    a->unsent_max = target->unsent_max;
    a->unread_max = target->unread_max;
    if (target->ident)
        sj_copy(a->ident, sizeof a->ident, target->ident);
    a->deadline_ms = sj_loop_now_ms(c->loop) + target->timeout_ms;
    c->attempt = a;
    c->state = CONN_CONNECTING;
    sj_timer_start(c->loop, &c->timer, target->timeout_ms);

    for (size_t i = 0; i < 2; i++) {
        if (!target->source[i] || connect_parse_numeric(&a->source[i], target->source[i], 0))
            continue;
        conn_end(c, SJ_UNREACHABLE, "the address to connect from is not numeric");
        return;
    }
    struct conn_address only;
    bool known = target->port ? connect_parse_numeric(&only, a->host, a->port)
                              : connect_parse_local(&only, a->host);
    if (!known && target->port) {
        dns_start(c);
    } else if (!known) {
        conn_end(c, SJ_UNREACHABLE, "the path of the local socket is too long");
    } else {
        a->addresses = sj_malloc(sizeof *a->addresses);
        a->addresses[0] = only;
        a->n_addresses = 1;
        connect_next(c);
    }
}
