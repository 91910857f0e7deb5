/* SPDX-License-Identifier: MPL-2.0 */
/* HTTP: the contract, the life of requests, their times, and the pump, which does from the loop top
 * what libcurl's callbacks may not do (adding, removing and resuming transfers) and tells the owner
 * of room and ends. The head and data events come straight from libcurl's callbacks, without a
 * copy; owners may do anything in them, since every call only notes what is wanted. */
#include "sojourn/http.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "http_priv.h"
#include "sojourn/memory.h"

#define HTTP_CA_FILE "/etc/ssl/certs/ca-certificates.crt"
#define HTTP_RUNNING_MAX 256u
#define HTTP_RUNNING_HOST_MAX 8u
#define HTTP_WAITING_MAX 4096u
#define HTTP_CONNECT_MS 15000
#define HTTP_TOTAL_MS 120000
#define HTTP_REPEAT_MS 2000     /* that a connection was dead shows within this time */

static void http_pump(void *arg);
static void http_on_timer(void *arg);

/* ---- life ---- */

struct sj_http *sj_http_new(struct sj_loop *loop, const struct sj_log *log,
                            const struct sj_http_options *options)
{
    struct sj_http *http = sj_calloc(1, sizeof *http);
    http->loop = loop;
    http->log = log;
    http->ca_file = sj_strdup(options->ca_file ? options->ca_file : HTTP_CA_FILE);
    http->running_max = options->running_max ? options->running_max : HTTP_RUNNING_MAX;
    http->running_host_max =
        options->running_host_max ? options->running_host_max : HTTP_RUNNING_HOST_MAX;
    http->waiting_max = options->waiting_max ? options->waiting_max : HTTP_WAITING_MAX;
    http->n_allowed = options->n_allowed;
    if (http->n_allowed) {
        http->allowed = sj_calloc(http->n_allowed, sizeof *http->allowed);
        memcpy(http->allowed, options->allowed, http->n_allowed * sizeof *http->allowed);
    }
    sj_idmap_init(&http->requests);
    sj_map_init(&http->hosts);
    sj_list_init(&http->ready);
    sj_list_init(&http->idle);
    sj_list_init(&http->work);
    sj_list_init(&http->dropped);
    sj_defer_init(&http->pump, http_pump, http);
    http_multi_open(http);
    return http;
}

static void http_request_free(struct http_request *r)
{
    sj_timer_stop(&r->timer);
    sj_list_remove(&r->work_link);
    sj_list_remove(&r->drop_link);
    http_transfer_drop(r);
    http_host_leave(r);
    sj_idmap_remove(&r->http->requests, r->id);
    http_url_release(&r->url);
    http_url_release(&r->hop);
    http_body_release(&r->body);
    curl_slist_free_all(r->headers);
    sj_free(r->error);
    sj_free(r);
}

static void http_destroy(struct sj_http *http)
{
    sj_defer_cancel(&http->pump);
    while (!sj_list_empty(&http->dropped))      /* that is all of them */
        http_request_free(SJ_CONTAINER(http->dropped.next, struct http_request, drop_link));
    uint32_t at = 0;
    for (struct http_host *h; (h = sj_map_next(&http->hosts, &at));)
        http_host_free(h);
    http_multi_close(http);
    sj_idmap_release(&http->requests);
    sj_map_release(&http->hosts);
    sj_free(http->allowed);
    sj_free(http->ca_file);
    sj_free(http);
}

void http_enter(struct sj_http *http)
{
    http->depth++;
}

void http_leave(struct sj_http *http)
{
    if (--http->depth == 0 && http->freed)
        http_destroy(http);
}

void sj_http_free(struct sj_http **http)
{
    if (!http || !*http)
        return;
    struct sj_http *h = *http;
    *http = NULL;
    assert(!h->freed);
    h->freed = true;
    uint32_t at = 0;
    for (struct http_request *r; (r = sj_idmap_next(&h->requests, &at));)
        sj_http_cancel(h, r->id);
    if (!h->depth)
        http_destroy(h);
}

struct sj_http_counts sj_http_counts(const struct sj_http *http)
{
    return (struct sj_http_counts){.running = http->running, .waiting = http->waiting};
}

/* ---- times ---- */

static int64_t http_earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Waits for what comes first of the request's times. */
static void http_arm(struct http_request *r)
{
    int64_t now_ms = sj_loop_now_ms(r->http->loop);
    int64_t due_ms = r->start_ms + r->total_ms;
    if (r->at_work && !r->connected)
        due_ms = http_earlier(due_ms, r->connect_by_ms);
    else if (r->connected && r->stall_ms)
        due_ms = http_earlier(due_ms, r->window_ms + r->stall_ms);
    sj_timer_start(r->http->loop, &r->timer, due_ms - now_ms);
}

static bool http_is_held(const struct http_request *r)
{
    return r->paused || r->body.starved;
}

static void http_open_window(struct http_request *r, int64_t now_ms)
{
    r->window_ms = now_ms;
    r->window_moved = r->moved;
    r->window_held = http_is_held(r);
}

/* libcurl repeats by itself what was lost on a connection that others had used before. That is
 * right when a kept connection was dead already; once, and not for a POST, which the server may
 * have acted on. A poll that is lost later is the owner's to repeat: all that shared its connection
 * were lost with it, and are not to come back in the same moment. */
bool http_on_connected(struct http_request *r)
{
    int64_t now_ms = sj_loop_now_ms(r->http->loop);
    if (r->connected && (r->method == SJ_HTTP_POST || r->repeated ||
                         now_ms - r->connected_ms > HTTP_REPEAT_MS)) {
        http_fail(r, SJ_UNREACHABLE, "the connection to %s was lost", r->url.host);
        return false;
    }
    r->repeated = r->connected;
    r->connected = true;
    r->connected_ms = now_ms;
    http_open_window(r, now_ms);
    http_arm(r);
    http_host_on_connected(r);
    return true;
}

static void http_on_timer(void *arg)
{
    struct http_request *r = arg;
    int64_t now_ms = sj_loop_now_ms(r->http->loop);
    const char *host = r->url.host;
    if (now_ms >= r->start_ms + r->total_ms) {
        http_fail(r, SJ_TIMEOUT, "%s did not answer in time", host);
    } else if (r->at_work && !r->connected && now_ms >= r->connect_by_ms) {
        if (r->state == HTTP_LOOKING)
            http_fail(r, SJ_TIMEOUT, "cannot look up %s: timed out", host);
        else
            http_fail(r, SJ_TIMEOUT, "cannot connect to %s: timed out", host);
    } else if (r->connected && r->stall_ms && now_ms >= r->window_ms + r->stall_ms) {
        if (!r->window_held && r->moved - r->window_moved < r->stall_bytes)
            http_fail(r, SJ_TIMEOUT, "%s is too slow", host);
        http_open_window(r, now_ms);
    }
    if (!http_is_over(r))
        http_arm(r);
}

/* ---- starting ---- */

static enum sj_status http_check_body(const struct sj_http_request *q, struct sj_error *err)
{
    bool may = q->method == SJ_HTTP_PUT || q->method == SJ_HTTP_POST;
    bool wants = q->streamed || q->body_size > 0;
    if (wants && !may)
        return sj_fail(err, SJ_INVALID, "this kind of web request has no body");
    if (q->streamed && (q->kind != SJ_HTTP_TRANSFER || q->body))
        return sj_fail(err, SJ_INVALID, "this kind of web request cannot be streamed to");
    if (q->body_size > (q->streamed ? (uint64_t)INT64_MAX : SJ_HTTP_BODY_MAX))
        return sj_fail(err, SJ_INVALID, "the body of the web request is too large");
    return SJ_OK;
}

static void http_copy_body(struct http_request *r, const struct sj_http_request *q)
{
    struct http_body *b = &r->body;
    b->streamed = q->streamed;
    b->size = q->body_size;
    if (q->streamed) {
        b->cap = q->body_size < SJ_HTTP_ROOM_MAX ? (size_t)q->body_size : SJ_HTTP_ROOM_MAX;
    } else if (q->body_size) {
        b->cap = (size_t)q->body_size;
        http_body_add(b, q->body, b->cap);
    }
}

static struct http_request *http_request_new(struct sj_http *http, const struct sj_http_request *q)
{
    struct http_request *r = sj_calloc(1, sizeof *r);
    r->http = http;
    r->id = ++http->last_id;
    r->method = q->method;
    r->kind = q->kind;
    r->events = q->events;
    r->ctx = q->ctx;
    r->allow_http = q->allow_http;
    r->redirects_max =
        q->redirects_max < SJ_HTTP_REDIRECTS_MAX ? q->redirects_max : SJ_HTTP_REDIRECTS_MAX;
    r->redirects_left = r->redirects_max;
    r->response_max = q->response_max;
    r->connect_ms = q->connect_ms ? q->connect_ms : HTTP_CONNECT_MS;
    r->total_ms = q->total_ms ? q->total_ms : HTTP_TOTAL_MS;
    r->stall_ms = q->stall_ms;
    r->stall_bytes = q->stall_bytes;
    r->start_ms = sj_loop_now_ms(http->loop);
    sj_list_init(&r->link);
    sj_list_init(&r->work_link);
    sj_list_init(&r->drop_link);
    sj_timer_init(&r->timer, http_on_timer, r);
    http_copy_body(r, q);
    return r;
}

uint64_t sj_http_start(struct sj_http *http, const struct sj_http_request *q, struct sj_error *err)
{
    struct http_url url = {0};
    struct curl_slist *headers = NULL;
    if (http->freed || http->waiting >= http->waiting_max + (http->running_max - http->running)) {
        sj_fail(err, SJ_LIMIT, "too many web requests wait at the moment");
        return 0;
    }
    if (http_check_body(q, err) != SJ_OK ||
        http_headers_build(&headers, q->headers, q->n_headers, err) != SJ_OK)
        return 0;
    if (http_url_parse(&url, NULL, q->url, q->allow_http, err) != SJ_OK) {
        curl_slist_free_all(headers);
        return 0;
    }
    struct http_request *r = http_request_new(http, q);
    r->url = url;
    if (r->method == SJ_HTTP_PUT || r->method == SJ_HTTP_POST)
        headers = curl_slist_append(headers, "Expect:");    /* no waiting for "100 Continue" */
    r->headers = headers;
    sj_idmap_put(&http->requests, r->id, r);
    http_host_wait(r);
    http_arm(r);
    sj_loop_defer(http->loop, &http->pump);
    return r->id;
}

/* ---- calls by id ---- */

void http_work(struct http_request *r, unsigned what)
{
    struct sj_http *http = r->http;
    r->work |= what;
    if (sj_list_empty(&r->work_link))
        sj_list_append(&http->work, &r->work_link);
    sj_loop_defer(http->loop, &http->pump);
    if (what & HTTP_WORK_END)
        r->state = HTTP_ENDED;
    if (http_is_over(r) && !r->at_work)
        http_host_leave(r);
}

struct sj_error *http_failing(struct http_request *r)
{
    if (http_is_over(r))
        return NULL;
    r->error = sj_calloc(1, sizeof *r->error);
    http_work(r, HTTP_WORK_END);
    return r->error;
}

/* The request of that id while something can still be done for it. */
static struct http_request *http_find(const struct sj_http *http, uint64_t id)
{
    struct http_request *r = sj_idmap_find(&http->requests, id);
    return r && !http_is_over(r) ? r : NULL;
}

void sj_http_cancel(struct sj_http *http, uint64_t id)
{
    struct http_request *r = sj_idmap_remove(&http->requests, id);
    if (!r)
        return;
    r->canceled = true;
    sj_timer_stop(&r->timer);
    sj_list_append(&http->dropped, &r->drop_link);
    http_work(r, HTTP_WORK_DROP);
}

void sj_http_pause(struct sj_http *http, uint64_t id)
{
    struct http_request *r = http_find(http, id);
    if (!r)
        return;
    assert(r->kind == SJ_HTTP_TRANSFER);
    r->paused = true;
    r->window_held = true;
}

void sj_http_resume(struct sj_http *http, uint64_t id)
{
    struct http_request *r = http_find(http, id);
    if (!r || !r->paused)
        return;
    r->paused = false;
    if (r->held)
        http_work(r, HTTP_WORK_RESUME);
}

enum sj_status sj_http_write(struct sj_http *http, uint64_t id, const void *p, size_t n)
{
    struct http_request *r = http_find(http, id);
    if (!r || !r->body.streamed || r->body.stopped)
        return SJ_NOTFOUND;
    struct http_body *b = &r->body;
    if (n > b->size - b->given)
        return SJ_INVALID;
    if (n > http_body_room(b))
        return SJ_LIMIT;
    if (!n)
        return SJ_OK;
    http_body_add(b, p, n);
    if (b->starved)
        http_work(r, HTTP_WORK_RESUME);
    return SJ_OK;
}

size_t sj_http_room(const struct sj_http *http, uint64_t id)
{
    const struct http_request *r = http_find(http, id);
    return r ? http_body_room(&r->body) : 0;
}

/* ---- the pump ---- */

static void http_log_end(const struct http_request *r, const struct sj_error *err)
{
    sj_log_debug(r->http->log,
                 "request done id=%" PRIu64 " host=%s port=%u status=%d bytes=%" PRIu64
                 " ms=%" PRId64 " error=%s",
                 r->id, SJ_CLIP(r->url.host), (unsigned)r->url.port, r->status, r->received,
                 sj_loop_now_ms(r->http->loop) - r->start_ms, err ? sj_status_text(err->status)
                                                                  : "-");
}

static void http_finish(struct http_request *r)
{
    struct sj_error err;
    bool failed = http_error_get(r, &err);
    const struct sj_http_events *events = r->events;
    void *ctx = r->ctx;
    uint64_t id = r->id;
    int status = r->status;
    if (failed && !r->connected && r->host)
        http_host_distrust(r->host);
    http_log_end(r, failed ? &err : NULL);
    http_request_free(r);
    events->done(ctx, id, status, failed ? &err : NULL);
}

/* On to where the answer pointed; headers go to their own origin only. */
static void http_hop(struct http_request *r)
{
    http_transfer_drop(r);
    http_host_leave(r);
    if (!http_url_same_origin(&r->url, &r->hop)) {
        curl_slist_free_all(r->headers);
        r->headers = NULL;
    }
    http_url_release(&r->url);
    r->url = r->hop;
    r->hop = (struct http_url){0};
    r->work = 0;
    r->result = CURLE_OK;
    r->status = 0;
    r->head_bytes = 0;
    r->connected = false;
    r->repeated = false;
    r->headed = false;
    r->held = false;
    r->refused = false;
    http_host_wait(r);
    http_arm(r);
}

static void http_serve(struct http_request *r)
{
    unsigned work = r->work;
    r->work = 0;
    if (work & HTTP_WORK_DROP) {
        http_request_free(r);
    } else if (work & HTTP_WORK_END) {
        if (r->hop.text && !r->error)
            http_hop(r);
        else
            http_finish(r);
    } else {
        if (work & HTTP_WORK_CONNECT)
            http_transfer_begin(r);
        if (work & HTTP_WORK_RESUME)
            http_transfer_resume(r);
        size_t room = http_is_over(r) ? 0 : http_body_room(&r->body);
        if ((work & HTTP_WORK_WRITABLE) && room)
            r->events->writable(r->ctx, r->id, room);
    }
}

static void http_start_waiting(struct sj_http *http)
{
    for (struct http_request *r; (r = http_host_next(http));) {
        r->connect_by_ms = sj_loop_now_ms(http->loop) + r->connect_ms;
        http_arm(r);
        http_host_resolve(r);
    }
}

static void http_pump(void *arg)
{
    struct sj_http *http = arg;
    struct sj_list due;
    sj_list_init(&due);
    loop_list_move(&due, &http->work);
    http_enter(http);
    while (!http->freed && !sj_list_empty(&due)) {
        struct http_request *r = SJ_CONTAINER(due.next, struct http_request, work_link);
        sj_list_remove(&r->work_link);
        http_serve(r);
    }
    if (!http->freed)
        http_start_waiting(http);
    http_leave(http);
}
