/* SPDX-License-Identifier: MPL-2.0 */
/* The inside of HTTP: http.c (contract, life of requests, the pump), http_host.c (queues and
 * look-ups for each host), http_check.c (what may be asked), http_transfer.c (one request in
 * libcurl), http_multi.c (libcurl on the loop), http_error.c (texts).
 *
 * Way of a request: WAITING in its host's queue; LOOKING for addresses; RUNNING in libcurl; ENDED,
 * its done event is due; a redirect leads back to WAITING. libcurl's callbacks only note what is to
 * be done (http_work); the pump does it, from the loop top. */
#ifndef SOJOURN_HTTP_PRIV_H
#define SOJOURN_HTTP_PRIV_H

#include <curl/curl.h>

#include "loop_priv.h"
#include "sojourn/http.h"
#include "sojourn/log.h"
#include "sojourn/map.h"

struct event;
struct http_host;
struct http_lookup;

/* A URL that may be asked for. */
struct http_url {
    char *text;             /* may hold secrets: for libcurl only */
    char *host;             /* lower case; a name in ASCII, or an address without brackets */
    uint16_t port;
    bool https;
    bool numeric;           /* host is an address */
};

enum http_state { HTTP_WAITING, HTTP_LOOKING, HTTP_RUNNING, HTTP_ENDED };

/* What the pump has to do with a request. */
enum {
    HTTP_WORK_CONNECT = 1u << 0,    /* addresses are known */
    HTTP_WORK_RESUME = 1u << 1,     /* libcurl waits for us no longer */
    HTTP_WORK_WRITABLE = 1u << 2,
    HTTP_WORK_END = 1u << 3,        /* done, or another hop */
    HTTP_WORK_DROP = 1u << 4        /* canceled */
};

/* A body on its way out. */
struct http_body {
    char *p;                /* memory: all of it; streamed: SJ_HTTP_ROOM_MAX at most, a ring */
    uint64_t size;          /* Content-Length */
    uint64_t given;         /* by the owner */
    uint64_t sent;          /* taken by libcurl */
    size_t cap;
    bool streamed;
    bool starved;           /* libcurl waits for bytes */
    bool stopped;           /* the server has answered and takes no more */
};

/* Owner: struct sj_http. */
struct http_request {
    uint64_t id;
    struct sj_http *http;
    struct http_host *host;
    struct sj_list link;            /* in host->waiting or ->looking */
    struct sj_list work_link;       /* in http->work */
    struct sj_list drop_link;       /* in http->dropped, once canceled */
    struct sj_timer timer;
    unsigned work;
    enum http_state state;
    enum sj_http_method method;
    enum sj_http_kind kind;
    const struct sj_http_events *events;
    void *ctx;
    struct http_url url, hop;       /* hop.text: where a redirect leads */
    struct curl_slist *headers, *resolve;
    CURL *easy;
    struct http_body body;
    unsigned redirects_max, redirects_left;
    uint64_t response_max, received;
    uint64_t moved;                 /* bytes both ways, for stall */
    size_t head_bytes;
    int status;
    bool allow_http;
    bool at_work;                   /* has one of running_max places */
    bool canceled;
    bool connecting;                /* counts in host->connecting */
    bool connected;                 /* since connected_ms */
    bool repeated;                  /* on a second connection, since the first was dead */
    bool headed;                    /* the final head is there */
    bool in_headers;                /* the headers event is under way */
    bool paused;                    /* by the owner */
    bool held;                      /* libcurl holds bytes back for it */
    bool refused;                   /* an address was not permitted */
    int64_t start_ms, total_ms, connect_ms, stall_ms;
    uint64_t stall_bytes;
    int64_t connect_by_ms, connected_ms, window_ms;
    uint64_t window_moved;
    bool window_held;               /* we were not ready at some time in this window */
    CURLcode result;
    struct sj_error *error;         /* ours; goes before result */
};

/* One name or address. Owner: struct sj_http; forgotten when it is idle for long. */
struct http_host {
    struct sj_http *http;
    char *name;                     /* key */
    struct sj_list link;            /* in http->ready, http->idle or none */
    struct sj_list waiting, looking;
    unsigned running, connecting;
    bool numeric;
    char *addresses;                /* "192.0.2.1,[2001:db8::1]"; NULL: not known */
    int64_t expires_ms;
    struct http_lookup *lookup;
};

/* Where libcurl looks for a connection that may be used again. */
enum http_pool {
    HTTP_POOL_SHARED,               /* of calls: streams of few connections */
    HTTP_POOL_OWN,                  /* one for each request, over HTTP/1.1: in the same pool it
                                       would tell libcurl that the server has no streams */
    HTTP_POOLS
};
struct http_multi {
    struct sj_http *http;
    CURLM *multi;
    struct event *timer;            /* libcurl's */
};

struct sj_http {
    struct sj_loop *loop;
    const struct sj_log *log;
    char *ca_file;
    unsigned running_max, running_host_max, waiting_max;
    struct sj_subnet *allowed;
    size_t n_allowed;
    struct http_multi pools[HTTP_POOLS];
    CURLSH *share;                  /* TLS sessions */
    struct sj_list sockets;         /* struct http_socket */
    struct sj_idmap requests;
    uint64_t last_id;
    struct sj_map hosts;
    struct sj_list ready;           /* hosts with requests that may start, in turn */
    struct sj_list idle;            /* hosts without requests, oldest first */
    unsigned n_idle, running, waiting;
    struct sj_list work;
    struct sj_list dropped;         /* canceled requests, not yet out of libcurl */
    struct sj_defer pump;
    struct sj_log_limit ca_limit;
    unsigned depth;                 /* entries from the loop on the stack */
    bool freed;                     /* by its owner, inside an event */
};

/* http.c. Every entry from the loop is framed by these; leave may destroy http. */
void http_enter(struct sj_http *http);
void http_leave(struct sj_http *http);
void http_work(struct http_request *r, unsigned what);
/* Ends r with an error of ours, if nothing ended it before. */
#define http_fail(r, status, ...)                                    \
    do {                                                             \
        struct sj_error *http_fail_err = http_failing(r);            \
        if (http_fail_err)                                           \
            sj_fail(http_fail_err, (status), __VA_ARGS__);           \
    } while (0)
/* Where the reason goes; NULL: r is over already. */
struct sj_error *http_failing(struct http_request *r);
/* The request is about to be sent; false: it may not be (http_fail was called). */
bool http_on_connected(struct http_request *r);
static inline bool http_is_over(const struct http_request *r)
{
    return r->canceled || r->state == HTTP_ENDED;
}

/* http_host.c */
void http_host_wait(struct http_request *r);           /* into the queue of r->url.host */
struct http_request *http_host_next(struct sj_http *http);     /* takes one that may start */
void http_host_resolve(struct http_request *r);        /* CONNECT or END follows as work */
void http_host_leave(struct http_request *r);          /* out of the queue, or gives its place up */
void http_host_on_connected(struct http_request *r);
void http_host_distrust(struct http_host *h);          /* looks up anew next time */
void http_host_free(struct http_host *h);

/* http_check.c. base: what text may be relative to, or NULL. SJ_INVALID, SJ_DENIED. */
enum sj_status http_url_parse(struct http_url *out, const struct http_url *base, const char *text,
                              bool allow_http, struct sj_error *err);
void http_url_release(struct http_url *url);
bool http_url_same_origin(const struct http_url *a, const struct http_url *b);
enum sj_status http_headers_build(struct curl_slist **out, const struct sj_http_header *headers,
                                  size_t n, struct sj_error *err);
bool http_address_allowed(const struct sj_http *http, const struct sockaddr *address);

/* http_transfer.c */
void http_transfer_begin(struct http_request *r);
void http_transfer_resume(struct http_request *r);
void http_transfer_drop(struct http_request *r);       /* out of libcurl */
size_t http_body_room(const struct http_body *b);
void http_body_add(struct http_body *b, const void *p, size_t n);
void http_body_release(struct http_body *b);

/* http_multi.c */
void http_multi_open(struct sj_http *http);
void http_multi_close(struct sj_http *http);
CURLM *http_multi_of(const struct http_request *r);

/* http_error.c: fills err from r->error, r->result; false: r was successful. */
bool http_error_get(const struct http_request *r, struct sj_error *err);

#endif
