/* SPDX-License-Identifier: MPL-2.0 */
/* libcurl's multi interface on the loop: one libevent event for each socket, one for libcurl's
 * timer. Its clock is the real one, whatever tests do to the loop's. libcurl's memory comes from
 * here and is wiped when it is given back, since copies of tokens and bodies stand in it (copies
 * inside the TLS and HTTP/2 libraries are out of reach). */
#include <event2/event.h>
#include <event2/event_struct.h>
#include <string.h>

#include "http_priv.h"
#include "sojourn/memory.h"

#define MULTI_TLS_SESSIONS 16L

/* Owner: struct sj_http; libcurl knows it by curl_multi_assign. */
struct http_socket {
    struct sj_list link;            /* in http->sockets */
    struct event event;
};

/* ---- memory ---- */

static void multi_free(void *p)
{
    if (p)
        sj_wipe(p, malloc_usable_size(p));
    sj_free(p);
}

static void *multi_realloc(void *p, size_t n)
{
    void *q = sj_malloc(n);
    if (p) {
        size_t have = malloc_usable_size(p);
        memcpy(q, p, have < n ? have : n);
    }
    multi_free(p);
    return q;
}

/* ---- events ---- */

static void multi_collect(const struct http_multi *m)
{
    int left;
    for (CURLMsg *msg; (msg = curl_multi_info_read(m->multi, &left));) {
        struct http_request *r = NULL;
        if (msg->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &r);
        r->result = msg->data.result;
        http_work(r, HTTP_WORK_END);
    }
}

static void multi_act(const struct http_multi *m, curl_socket_t fd, int what)
{
    struct sj_http *http = m->http;
    int running;
    http_enter(http);
    curl_multi_socket_action(m->multi, fd, what, &running);
    multi_collect(m);
    http_leave(http);
}

static void multi_on_event(evutil_socket_t fd, short what, void *arg)
{
    int flags = ((what & EV_READ) ? CURL_CSELECT_IN : 0) |
                ((what & EV_WRITE) ? CURL_CSELECT_OUT : 0);
    multi_act(arg, fd, flags);
}

static void multi_on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    multi_act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int multi_on_timeout(CURLM *multi, long timeout_ms, void *arg)
{
    const struct http_multi *m = arg;
    (void)multi;
    if (timeout_ms < 0) {
        event_del(m->timer);
    } else {
        struct timeval tv = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
        event_add(m->timer, &tv);
    }
    return 0;
}

static void socket_free(struct http_socket *s)
{
    event_del(&s->event);
    sj_list_remove(&s->link);
    sj_free(s);
}

static int multi_on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket)
{
    struct http_multi *m = arg;
    struct http_socket *s = socket;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s)
            socket_free(s);
        return 0;
    }
    if (!s) {
        s = sj_calloc(1, sizeof *s);
        sj_list_init(&s->link);
        sj_list_append(&m->http->sockets, &s->link);
        curl_multi_assign(m->multi, fd, s);
    } else {
        event_del(&s->event);
    }
    short wanted = (short)(((what & CURL_POLL_IN) ? EV_READ : 0) |
                           ((what & CURL_POLL_OUT) ? EV_WRITE : 0) | EV_PERSIST);
    event_assign(&s->event, m->http->loop->base, fd, wanted, multi_on_event, m);
    event_add(&s->event, NULL);
    return 0;
}

/* ---- life ---- */

CURLM *http_multi_of(const struct http_request *r)
{
    return r->http->pools[r->kind == SJ_HTTP_CALL ? HTTP_POOL_SHARED : HTTP_POOL_OWN].multi;
}

static void multi_open(struct sj_http *http, struct http_multi *m)
{
    m->http = http;
    m->timer = evtimer_new(http->loop->base, multi_on_timer, m);
    m->multi = curl_multi_init();
    curl_multi_setopt(m->multi, CURLMOPT_SOCKETFUNCTION, multi_on_socket);
    curl_multi_setopt(m->multi, CURLMOPT_SOCKETDATA, m);
    curl_multi_setopt(m->multi, CURLMOPT_TIMERFUNCTION, multi_on_timeout);
    curl_multi_setopt(m->multi, CURLMOPT_TIMERDATA, m);
    curl_multi_setopt(m->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    curl_multi_setopt(m->multi, CURLMOPT_MAXCONNECTS, (long)http->running_max);
}

void http_multi_open(struct sj_http *http)
{
    sj_list_init(&http->sockets);
    curl_global_init_mem(CURL_GLOBAL_DEFAULT, sj_malloc, multi_free, multi_realloc, sj_strdup,
                         sj_calloc);
    http->share = curl_share_init();
    curl_share_setopt(http->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    for (unsigned i = 0; i < HTTP_POOLS; i++)
        multi_open(http, &http->pools[i]);
}

void http_multi_close(struct sj_http *http)
{
    for (unsigned i = 0; i < HTTP_POOLS; i++)
        curl_multi_cleanup(http->pools[i].multi);
    curl_share_cleanup(http->share);
    while (!sj_list_empty(&http->sockets))
        socket_free(SJ_CONTAINER(http->sockets.next, struct http_socket, link));
    for (unsigned i = 0; i < HTTP_POOLS; i++)
        event_free(http->pools[i].timer);
    curl_global_cleanup();
}
