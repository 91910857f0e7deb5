/* SPDX-License-Identifier: MPL-2.0 */
/* Calls: the request with its token, the answer read piece by piece, the standard error response
 * (errcode, error), and repetitions: after 429 as the server asks (Retry-After, else
 * retry_after_ms), after 5xx and lost connections later and later, where asking twice does no harm.
 * Source: Matrix client-server API, "Standard error response", "Rate limiting"; RFC 9110 §10.2.3.
 *
 * Owner of a call: its link. Bytes that are being read count against the budget of the net. */
#include "mx_call.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_link.h"
#include "mx_net.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define CALL_TOTAL_MS 60000
#define CALL_BACKOFF_MS 1000
#define CALL_BACKOFF_MAX_MS 60000
#define CALL_LIMITED_MS 5000             /* 429 that does not say how long */
#define CALL_REDIRECTS 5u

struct mx_call {
    struct sj_list list;                 /* in link->calls */
    struct mx_link *link;
    uint64_t id;                         /* of the request; 0: waits for its repetition */
    struct sj_timer timer;               /* until it is repeated */
    struct sj_defer defer;               /* until it is begun */
    enum sj_http_method method;
    char *path;
    char *body;                          /* wiped */
    unsigned flags;
    unsigned tries;
    uint64_t max;
    int64_t total_ms, until_ms;
    struct mx_ask ask;
    char *ask_id, *ask_text;
    struct mx_body in;
    uint64_t read;                       /* bytes of it, in net->reading */
    int64_t retry_after_ms;              /* from the header; -1: none */
    void (*done)(struct mx_link *l, const struct mx_answer *answer);
};

static void call_forget_answer(struct mx_call *c)
{
    c->link->base.net->reading -= c->read;
    c->read = 0;
    mx_body_release(&c->in);
}

static void call_free(struct mx_call *c)
{
    sj_list_remove(&c->list);
    sj_timer_stop(&c->timer);
    sj_defer_cancel(&c->defer);
    call_forget_answer(c);
    c->link->n_calls--;
    sj_free(c->path);
    sj_secret_free(&c->body);
    sj_free(c->ask_id);
    sj_free(c->ask_text);
    sj_free(c);
}

static void call_drop(struct mx_call *c)
{
    if (c->id)
        sj_http_cancel(c->link->base.net->http, c->id);
    call_free(c);
}

void mx_calls_drop(struct mx_link *l)
{
    while (!sj_list_empty(&l->calls))
        call_drop(SJ_CONTAINER(l->calls.next, struct mx_call, list));
}

void mx_calls_cancel(struct mx_link *l,
                     void (*done)(struct mx_link *l, const struct mx_answer *answer))
{
    for (struct sj_list *at = l->calls.next, *next; at != &l->calls; at = next) {
        struct mx_call *c = SJ_CONTAINER(at, struct mx_call, list);
        next = at->next;
        if (c->done == done)
            call_drop(c);
    }
}

void mx_calls_fail(struct mx_link *l, const struct sj_error *err)
{
    for (struct sj_list *at = l->calls.next; at != &l->calls; at = at->next)
        mx_link_done_err(l, SJ_CONTAINER(at, struct mx_call, list)->ask.op, err);
    mx_calls_drop(l);
}

/* ---- answers ---- */

static void answer_read_error(struct mx_answer *a)
{
    const char *code = mx_json_text(a->json, "errcode", MX_ERRCODE_MAX);
    const char *words = mx_json_text(a->json, "error", SJ_HTTP_HEAD_MAX);
    struct sj_strbuf text;
    if (code && code[strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.abcdefghijklmnopqrstuvwxyz"
                                  )] == '\0')
        sj_copy(a->errcode, sizeof a->errcode, code);
    if (!words)
        return;
    sj_strbuf_init(&text, SJ_ERROR_TEXT_MAX);
    mx_text_clean(&text, words, SJ_ERROR_TEXT_MAX - 1, false);
    enum sj_status status = a->err.status;
    if (text.len)
        sj_fail(&a->err, status, "%s", text.s);
    sj_strbuf_release(&text);
}

/* What the server's code says more exactly than the status of HTTP. */
static enum sj_status answer_status(const struct mx_answer *a)
{
    static const struct {
        const char *code;
        enum sj_status status;
    } rows[] = {
        {"M_FORBIDDEN", SJ_DENIED},       {"M_UNKNOWN_TOKEN", SJ_AUTH},
        {"M_MISSING_TOKEN", SJ_AUTH},     {"M_NOT_FOUND", SJ_NOTFOUND},
        {"M_LIMIT_EXCEEDED", SJ_LIMIT},   {"M_UNRECOGNIZED", SJ_UNSUPPORTED},
        {"M_ROOM_IN_USE", SJ_EXISTS},     {"M_TOO_LARGE", SJ_LIMIT},
        {"M_GUEST_ACCESS_FORBIDDEN", SJ_DENIED}, {"M_BAD_STATE", SJ_DENIED},
        {"M_BAD_ALIAS", SJ_UNACCEPTABLE},
        {"M_UNSUPPORTED_ROOM_VERSION", SJ_UNSUPPORTED},
        {"M_INCOMPATIBLE_ROOM_VERSION", SJ_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].code, a->errcode) == 0)
            return rows[i].status;
    }
    if (a->http == 409)                  /* an address of a room that is taken has no code */
        return SJ_EXISTS;
    return a->err.status;
}

enum sj_end mx_answer_end(const struct mx_answer *a)
{
    if (a->http == 429 || strcmp(a->errcode, "M_LIMIT_EXCEEDED") == 0)
        return SJ_END_THROTTLED;
    if (a->http == 0 && a->err.status == SJ_DENIED)
        return SJ_END_TLS;
    if (a->http >= 500 || a->err.status == SJ_UNREACHABLE)
        return SJ_END_UNREACHABLE;
    if (a->err.status == SJ_TIMEOUT)
        return SJ_END_TIMEOUT;
    return SJ_END_PROTOCOL;
}

/* ---- repetitions ---- */

static void call_start(struct mx_call *c);

static void call_again(void *arg)
{
    struct mx_call *c = arg;
    call_start(c);
}

/* How long to wait before it is asked again; -1: it is not. */
static int64_t call_wait_ms(const struct mx_call *c, const struct mx_answer *a)
{
    int64_t wait_ms = c->retry_after_ms;
    bool limited = a->http == 429 || strcmp(a->errcode, "M_LIMIT_EXCEEDED") == 0;
    bool lost = a->http == 0 || a->http >= 500;
    if (limited) {
        if (wait_ms < 0 && !mx_json_int(a->json, "retry_after_ms", 0, INT64_MAX / 2, &wait_ms))
            wait_ms = CALL_LIMITED_MS;
    } else if (lost && (c->flags & MX_CALL_REPEAT) && a->err.status != SJ_DENIED &&
               a->err.status != SJ_LIMIT) {
        unsigned shift = c->tries < 6 ? c->tries : 6;
        int64_t back_ms = (int64_t)CALL_BACKOFF_MS << shift;
        back_ms = back_ms < CALL_BACKOFF_MAX_MS ? back_ms : CALL_BACKOFF_MAX_MS;
        back_ms = back_ms / 2 + sj_random_below((uint32_t)back_ms / 2 + 1);
        wait_ms = wait_ms > back_ms ? wait_ms : back_ms;
    } else {
        return -1;
    }
    int64_t now_ms = sj_loop_now_ms(c->link->base.loop);
    bool patient = (limited && c->flags & MX_CALL_PATIENT) || now_ms + wait_ms <= c->until_ms;
    return patient && wait_ms <= MX_WAIT_MAX_MS ? wait_ms : -1;
}

static void call_end(struct mx_call *c, struct mx_answer *a)
{
    struct mx_link *l = c->link;
    struct json_object *json = a->json;
    int64_t wait_ms = a->err.status == SJ_OK ? -1 : call_wait_ms(c, a);
    if (wait_ms >= 0) {
        sj_log_debug(l->base.log, "call waits status=%d code=%s wait_ms=%lld", a->http,
                     SJ_CLIP(a->errcode), (long long)wait_ms);
        call_forget_answer(c);
        json_object_put(json);
        c->tries++;
        sj_timer_start(l->base.loop, &c->timer, wait_ms);
        return;
    }
    a->ask = &c->ask;
    a->bytes = c->read;
    a->keep = &json;
    sj_list_remove(&c->list);            /* the link may end, and drop what it has */
    c->done(l, a);
    json_object_put(json);
    call_free(c);
}

/* ---- HTTP ---- */

static void call_on_headers(void *ctx, uint64_t id, int status, const char *type, int64_t length)
{
    struct mx_call *c = ctx;
    const char *after = sj_http_response_header(c->link->base.net->http, id, "Retry-After");
    int64_t seconds;
    (void)status;
    (void)type;
    (void)length;
    c->retry_after_ms = -1;
    if (after && sj_parse_int(after, 0, INT32_MAX, &seconds))
        c->retry_after_ms = seconds * 1000;
}

static void call_on_data(void *ctx, uint64_t id, const void *p, size_t n)
{
    struct mx_call *c = ctx;
    struct sj_net *net = c->link->base.net;
    (void)id;
    if (c->in.failed)
        return;
    if (net->reading + n > MX_NET_READING_MAX) {
        sj_log_warn(net->log, "answer given up, too much is being read bytes=%llu",
                    (unsigned long long)net->reading);
        c->in.failed = true;
        return;
    }
    net->reading += n;
    c->read += n;
    mx_body_add(&c->in, p, n);
}

static void call_on_writable(void *ctx, uint64_t id, size_t room)
{
    (void)ctx;
    (void)id;
    (void)room;
}

static void call_on_done(void *ctx, uint64_t id, int status, const struct sj_error *err)
{
    struct mx_call *c = ctx;
    struct mx_answer a = {.http = err ? 0 : status};
    (void)id;
    c->id = 0;
    if (err) {
        a.err = *err;
    } else {
        a.json = mx_body_take(&c->in);
        sj_http_status_check(status, &a.err);
        a.err.status = sj_http_status_check(status, NULL);
        if (a.err.status != SJ_OK) {
            answer_read_error(&a);
            a.err.status = answer_status(&a);
        } else if (!a.json) {
            sj_fail(&a.err, SJ_REMOTE, "the home server gave an answer that is not understood");
        }
    }
    call_end(c, &a);
}

static const struct sj_http_events call_events = {
    .headers = call_on_headers,
    .data = call_on_data,
    .writable = call_on_writable,
    .done = call_on_done,
};

char *mx_call_bearer(const struct mx_link *l)
{
    static const char prefix[] = "Bearer ";
    size_t size = sizeof prefix + strlen(l->token);
    char *value = sj_malloc(size);
    snprintf(value, size, "%s%s", prefix, l->token);
    return value;
}

static void call_start(struct mx_call *c)
{
    struct mx_link *l = c->link;
    bool outside = c->flags & MX_CALL_OUTSIDE;
    bool open = outside || (c->flags & MX_CALL_ANONYMOUS) || !l->token;
    char *bearer = open ? NULL : mx_call_bearer(l);
    const char *type = c->flags & MX_CALL_FORM ? "application/x-www-form-urlencoded"
                                               : "application/json";
    struct sj_http_header headers[] = {{"Accept", "application/json"},
                                       {"Content-Type", type},
                                       {"Authorization", bearer}};
    struct sj_strbuf url;
    struct sj_error err = {.status = SJ_OK};
    sj_strbuf_init(&url, SJ_HTTP_URL_MAX);
    if (!outside)
        sj_strbuf_adds(&url, l->url);
    sj_strbuf_adds(&url, c->path);
    const struct sj_http_request q = {
        .method = c->method, .url = url.s,
        .kind = (c->flags & MX_CALL_LARGE) ? SJ_HTTP_LARGE : SJ_HTTP_CALL,
        .allow_http = l->base.net->plain && !outside,
        .redirects_max = outside && c->method == SJ_HTTP_GET ? CALL_REDIRECTS : 0,
        .headers = headers, .n_headers = bearer ? 3 : 2,
        .body = c->body, .body_size = c->body ? strlen(c->body) : 0,
        .response_max = c->max, .total_ms = c->total_ms, .events = &call_events, .ctx = c,
    };
    c->id = sj_strbuf_ok(&url) ? sj_http_start(l->base.net->http, &q, &err) : 0;
    if (c->id == 0 && err.status == SJ_OK)
        sj_fail(&err, SJ_INVALID, "the request is too long");
    sj_secret_free(&bearer);
    sj_strbuf_release(&url);
    if (c->id == 0) {
        struct mx_answer a = {.err = err};
        call_end(c, &a);
    }
}

bool mx_call(struct mx_link *l, const struct mx_call_spec *spec, struct sj_error *err)
{
    if (l->n_calls >= MX_CALLS_MAX) {
        sj_fail(err, SJ_LIMIT, "too much waits for the network");
        return false;
    }
    struct mx_call *c = sj_calloc(1, sizeof *c);
    bool sends = spec->method == SJ_HTTP_PUT || spec->method == SJ_HTTP_POST;
    c->link = l;
    c->method = spec->method;
    c->path = sj_strdup(spec->path);
    c->body = sj_strdup(spec->body ? spec->body : sends ? "{}" : NULL);
    c->flags = spec->flags;
    c->max = spec->max ? spec->max : MX_ANSWER_MAX;
    c->total_ms = spec->total_ms ? spec->total_ms : CALL_TOTAL_MS;
    c->until_ms = sj_loop_now_ms(l->base.loop) + spec->patience_ms;
    c->ask = spec->ask;
    c->ask.id = c->ask_id = sj_strdup(spec->ask.id);
    c->ask.text = c->ask_text = sj_strdup(spec->ask.text);
    c->retry_after_ms = -1;
    c->done = spec->done;
    mx_body_init(&c->in);
    sj_timer_init(&c->timer, call_again, c);
    sj_defer_init(&c->defer, call_again, c);
    sj_list_init(&c->list);
    sj_list_append(&l->calls, &c->list);
    l->n_calls++;
    /* What cannot even be begun ends like the rest: from the loop top. */
    sj_loop_defer(l->base.loop, &c->defer);
    return true;
}

bool mx_call_json(struct mx_link *l, struct mx_call_spec *spec, struct json_object *body,
                  struct sj_error *err)
{
    spec->body = json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN |
                                                          JSON_C_TO_STRING_NOSLASHESCAPE);
    bool started = mx_call(l, spec, err);
    json_object_put(body);
    return started;
}
