/* SPDX-License-Identifier: MPL-2.0 */
/* One request in libcurl: options, bodies out, heads and bodies in, redirects. Everything that
 * libcurl could do for strangers' benefit is off: other protocols, redirects, proxies from the
 * environment, .netrc, cookies, its resolver. What an answer may bring is bounded here: bytes of
 * the head, bytes of the body by announcement and by count. The end of requests is http.c. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "http_priv.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define TRANSFER_CALL_BUFFER 1024L      /* of each call: thousands of them only wait */
#define TRANSFER_FILE_BUFFER 32768L
#define TRANSFER_ADDRESSES_S 300L       /* longer than any request waits for a connection */
#define TRANSFER_KEEPALIVE_S 60L

/* ---- bodies ---- */

size_t http_body_room(const struct http_body *b)
{
    if (!b->streamed || b->stopped)
        return 0;
    uint64_t room = b->cap - (b->given - b->sent);
    uint64_t missing = b->size - b->given;
    return (size_t)(room < missing ? room : missing);
}

/* A ring of cap bytes: byte number i of the body stands at i % cap. */
void http_body_add(struct http_body *b, const void *p, size_t n)
{
    size_t at = (size_t)(b->given % b->cap);
    size_t first = n < b->cap - at ? n : b->cap - at;
    if (!b->p)
        b->p = sj_malloc(b->cap);
    memcpy(b->p + at, p, first);
    memcpy(b->p, (const char *)p + first, n - first);
    b->given += n;
}

static size_t body_take(struct http_body *b, char *out, size_t n)
{
    uint64_t there = b->given - b->sent;
    n = there < n ? (size_t)there : n;
    if (!n)
        return 0;
    size_t at = (size_t)(b->sent % b->cap);
    size_t first = n < b->cap - at ? n : b->cap - at;
    memcpy(out, b->p + at, first);
    memcpy(out + first, b->p, n - first);
    b->sent += n;
    return n;
}

void http_body_release(struct http_body *b)
{
    if (b->p)
        sj_wipe(b->p, b->cap);
    sj_free(b->p);
    *b = (struct http_body){0};
}

static size_t transfer_on_read(char *out, size_t size, size_t count, void *arg)
{
    struct http_request *r = arg;
    struct http_body *b = &r->body;
    if (http_is_over(r))
        return CURL_READFUNC_ABORT;
    size_t n = body_take(b, out, size * count);
    r->moved += n;
    size_t room = http_body_room(b);
    if (room && (room >= b->cap / 2 || room == b->size - b->given))
        http_work(r, HTTP_WORK_WRITABLE);
    if (n || b->sent == b->size || b->stopped)
        return n;
    b->starved = true;
    r->window_held = true;
    return CURL_READFUNC_PAUSE;
}

/* libcurl asks for this when a connection turned out to be dead and it starts anew. */
static int transfer_on_seek(void *arg, curl_off_t offset, int origin)
{
    struct http_request *r = arg;
    if ((r->body.streamed && r->body.sent > 0) || origin != SEEK_SET || offset != 0)
        return CURL_SEEKFUNC_FAIL;
    r->body.sent = 0;
    return CURL_SEEKFUNC_OK;
}

/* ---- heads ---- */

static const char *transfer_header(const struct http_request *r, const char *name)
{
    struct curl_header *h;
    return curl_easy_header(r->easy, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK ? h->value : NULL;
}

const char *sj_http_response_header(const struct sj_http *http, uint64_t id, const char *name)
{
    const struct http_request *r = sj_idmap_find(&http->requests, id);
    return r && r->in_headers ? transfer_header(r, name) : NULL;
}

/* Contradicting lengths leave the end of the body to chance (RFC 9112 §6.3). */
static bool transfer_lengths_agree(const struct http_request *r)
{
    struct curl_header *first, *other;
    if (curl_easy_header(r->easy, "Content-Length", 0, CURLH_HEADER, -1, &first) != CURLHE_OK)
        return true;
    char *value = sj_strdup(first->value);
    bool agree = true;
    for (size_t i = 1; agree && i < first->amount; i++) {
        agree = curl_easy_header(r->easy, "Content-Length", i, CURLH_HEADER, -1, &other) ==
                    CURLHE_OK && strcmp(value, other->value) == 0;
    }
    sj_free(value);
    return agree;
}

/* What Content-Length says; -1: nothing. More than fits is more than anybody wants. */
static int64_t transfer_announced(const struct http_request *r)
{
    const char *text = transfer_header(r, "Content-Length");
    int64_t length = -1;
    if (!text || transfer_header(r, "Transfer-Encoding"))
        return -1;
    bool digits = *text && text[strspn(text, "0123456789")] == '\0';
    if (digits && !sj_parse_int(text, 0, INT64_MAX, &length))
        length = INT64_MAX;
    return length;
}

static bool transfer_is_redirect(const struct http_request *r)
{
    bool code = r->status == 301 || r->status == 302 || r->status == 303 || r->status == 307 ||
                r->status == 308;
    return code && r->redirects_max && (r->method == SJ_HTTP_GET || r->method == SJ_HTTP_HEAD) &&
           transfer_header(r, "Location");
}

/* Notes where to go; never through libcurl, so that the next hop is a request like any other. */
static void transfer_redirect(struct http_request *r)
{
    struct sj_error err;
    if (!r->redirects_left) {
        http_fail(r, SJ_REMOTE, "%s: too many redirects", r->url.host);
        return;
    }
    r->redirects_left--;
    bool allow_http = r->allow_http && !r->url.https;
    if (http_url_parse(&r->hop, &r->url, transfer_header(r, "Location"), allow_http, &err) == SJ_OK)
        http_work(r, HTTP_WORK_END);
    else
        http_fail(r, SJ_DENIED, "%s redirects to an address that is not used: %s", r->url.host,
                  err.text);
}

/* False: the transfer is to be given up. */
static bool transfer_on_final_head(struct http_request *r)
{
    r->headed = true;
    if (transfer_is_redirect(r)) {
        transfer_redirect(r);
        return false;
    }
    if (!transfer_lengths_agree(r)) {
        http_fail(r, SJ_REMOTE, "%s gave an answer that contradicts itself", r->url.host);
        return false;
    }
    int64_t announced = transfer_announced(r);
    bool bodyless = r->method == SJ_HTTP_HEAD || r->status == 204 || r->status == 304;
    if (!bodyless && announced >= 0 && (uint64_t)announced > r->response_max) {
        http_fail(r, SJ_LIMIT, "the answer of %s is too large", r->url.host);
        return false;
    }
    if (r->status >= 300 && r->body.streamed && r->body.sent < r->body.size) {
        r->body.stopped = true;         /* libcurl, too, stops sending */
        if (r->body.starved)
            http_work(r, HTTP_WORK_RESUME);
    }
    bool coded = r->kind == SJ_HTTP_CALL && transfer_header(r, "Content-Encoding");
    int64_t length = r->status == 204 || r->status == 304 ? 0 : coded ? -1 : announced;
    r->in_headers = true;
    r->events->headers(r->ctx, r->id, r->status, transfer_header(r, "Content-Type"), length);
    r->in_headers = false;
    return !http_is_over(r);
}

static size_t transfer_on_header(char *p, size_t size, size_t count, void *arg)
{
    struct http_request *r = arg;
    size_t n = size * count;
    if (http_is_over(r))
        return 0;
    r->head_bytes += n;
    r->moved += n;
    if (r->head_bytes > SJ_HTTP_HEAD_MAX) {
        http_fail(r, SJ_LIMIT, "the answer of %s is too large", r->url.host);
        return 0;
    }
    bool blank = n <= 2 && (p[0] == '\r' || p[0] == '\n');
    if (!blank || r->headed)            /* behind the body: trailers, which nobody asked for */
        return n;
    long status = 0;
    curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 100 && status < 200 && status != 101)
        return n;
    if (status < 200 || status > 599) {
        http_fail(r, SJ_REMOTE, "%s answered something that is not understood", r->url.host);
        return 0;
    }
    r->status = (int)status;
    return transfer_on_final_head(r) ? n : 0;
}

/* ---- bodies in ---- */

static size_t transfer_on_write(char *p, size_t size, size_t count, void *arg)
{
    struct http_request *r = arg;
    size_t n = size * count;
    if (http_is_over(r))
        return 0;
    if (r->paused) {
        r->held = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    r->moved += n;
    if (n > r->response_max - r->received) {
        http_fail(r, SJ_LIMIT, "the answer of %s is too large", r->url.host);
        return 0;
    }
    r->received += n;
    for (size_t at = 0; at < n && !http_is_over(r); at += SJ_HTTP_DATA_MAX) {
        size_t part = n - at < SJ_HTTP_DATA_MAX ? n - at : SJ_HTTP_DATA_MAX;
        r->events->data(r->ctx, r->id, p + at, part);
    }
    return http_is_over(r) ? 0 : n;
}

void http_transfer_resume(struct http_request *r)
{
    struct http_body *b = &r->body;
    if (!r->easy)
        return;
    r->held = r->held && r->paused;
    b->starved = b->starved && b->given == b->sent && b->sent < b->size && !b->stopped;
    int mask = (r->held ? CURLPAUSE_RECV : 0) | (b->starved ? CURLPAUSE_SEND : 0);
    CURLcode code = curl_easy_pause(r->easy, mask);
    if (code != CURLE_OK && !http_is_over(r)) {
        r->result = code;
        http_work(r, HTTP_WORK_END);
    }
}

/* ---- connections ---- */

static curl_socket_t transfer_on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct http_request *r = arg;
    char text[SJ_IPADDR_TEXT_MAX];
    if (purpose != CURLSOCKTYPE_IPCXN || !http_address_allowed(r->http, &a->addr)) {
        r->refused = true;
        sj_log_debug(r->http->log, "address refused id=%" PRIu64 " host=%s address=%s", r->id,
                     SJ_CLIP(r->url.host), sj_ipaddr_text(text, &a->addr));
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->protocol);
}

static int transfer_on_lookup(void *state, void *reserved, void *arg)
{
    const struct http_request *r = arg;
    (void)state;
    (void)reserved;
    return r->url.numeric ? 0 : 1;      /* names are given with the request */
}

static int transfer_on_connected(void *arg, char *to, char *from, int to_port, int from_port)
{
    struct http_request *r = arg;
    (void)to;
    (void)from;
    (void)to_port;
    (void)from_port;
    if (http_is_over(r) || !http_on_connected(r))
        return CURL_PREREQFUNC_ABORT;
    return CURL_PREREQFUNC_OK;
}

/* ---- options ---- */

#define SET(option, value) (good = curl_easy_setopt(r->easy, option, value) == CURLE_OK && good)

/* What holds for every request. */
static bool transfer_set_rules(struct http_request *r)
{
    bool good = true;
    SET(CURLOPT_PROTOCOLS_STR, r->url.https ? "https" : "http");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_CAINFO, r->http->ca_file);
    SET(CURLOPT_CAPATH, NULL);      /* Debian's default costs 888 KiB and 16 ms a connection */
    SET(CURLOPT_SHARE, r->http->share);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_TCP_KEEPIDLE, TRANSFER_KEEPALIVE_S);
    SET(CURLOPT_TCP_KEEPINTVL, TRANSFER_KEEPALIVE_S);
    SET(CURLOPT_DNS_CACHE_TIMEOUT, TRANSFER_ADDRESSES_S);
    SET(CURLOPT_USERAGENT, "sojourn");
    return good;
}

static bool transfer_set_callbacks(struct http_request *r)
{
    bool good = true;
    SET(CURLOPT_PRIVATE, r);
    SET(CURLOPT_OPENSOCKETFUNCTION, transfer_on_socket);
    SET(CURLOPT_OPENSOCKETDATA, r);
    SET(CURLOPT_RESOLVER_START_FUNCTION, transfer_on_lookup);
    SET(CURLOPT_RESOLVER_START_DATA, r);
    SET(CURLOPT_PREREQFUNCTION, transfer_on_connected);
    SET(CURLOPT_PREREQDATA, r);
    SET(CURLOPT_HEADERFUNCTION, transfer_on_header);
    SET(CURLOPT_HEADERDATA, r);
    SET(CURLOPT_WRITEFUNCTION, transfer_on_write);
    SET(CURLOPT_WRITEDATA, r);
    return good;
}

static bool transfer_set_kind(struct http_request *r)
{
    bool good = true;
    if (r->kind == SJ_HTTP_CALL) {
        /* Waiting for the first connection to tell whether it has streams ends with the TLS
         * handshake. Without TLS it would end with the first answer: never, behind a poll. */
        SET(CURLOPT_HTTP_VERSION,
            r->url.https ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
        SET(CURLOPT_PIPEWAIT, r->url.https ? 1L : 0L);
        SET(CURLOPT_BUFFERSIZE, TRANSFER_CALL_BUFFER);
        SET(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    } else {
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        SET(CURLOPT_FRESH_CONNECT, 1L);
        SET(CURLOPT_FORBID_REUSE, 1L);
        SET(CURLOPT_BUFFERSIZE,
            r->kind == SJ_HTTP_LARGE ? TRANSFER_CALL_BUFFER : TRANSFER_FILE_BUFFER);
    }
    return good;
}

static bool transfer_set_request(struct http_request *r)
{
    bool good = true;
    SET(CURLOPT_URL, r->url.text);
    SET(CURLOPT_HTTPHEADER, r->headers);
    if (r->method == SJ_HTTP_HEAD) {
        SET(CURLOPT_NOBODY, 1L);
    } else if (r->method == SJ_HTTP_DELETE) {
        SET(CURLOPT_CUSTOMREQUEST, "DELETE");
    } else if (r->method != SJ_HTTP_GET) {
        SET(CURLOPT_UPLOAD, 1L);        /* for POST, too: a form is only one kind of body */
        if (r->method == SJ_HTTP_POST)
            SET(CURLOPT_CUSTOMREQUEST, "POST");
        SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->body.size);
        SET(CURLOPT_READFUNCTION, transfer_on_read);
        SET(CURLOPT_READDATA, r);
        SET(CURLOPT_SEEKFUNCTION, transfer_on_seek);
        SET(CURLOPT_SEEKDATA, r);
    }
    return good;
}

static bool transfer_set_addresses(struct http_request *r)
{
    bool good = true;
    int64_t left_ms = r->connect_by_ms - sj_loop_now_ms(r->http->loop);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(left_ms > 0 ? left_ms : 1));
    if (r->url.numeric)
        return good;
    struct sj_strbuf text;
    sj_strbuf_init(&text, SJ_HTTP_HEADER_MAX);
    sj_strbuf_addf(&text, "+%s:%u:%s", r->url.host, (unsigned)r->url.port, r->host->addresses);
    curl_slist_free_all(r->resolve);
    r->resolve = curl_slist_append(NULL, text.s);
    sj_strbuf_release(&text);
    SET(CURLOPT_RESOLVE, r->resolve);
    return good;
}

void http_transfer_begin(struct http_request *r)
{
    r->easy = curl_easy_init();
    bool good = r->easy && transfer_set_rules(r) && transfer_set_callbacks(r) &&
                transfer_set_kind(r) && transfer_set_request(r) && transfer_set_addresses(r);
    if (good && curl_multi_add_handle(http_multi_of(r), r->easy) == CURLM_OK)
        r->state = HTTP_RUNNING;
    else
        http_fail(r, SJ_INTERNAL, "the web request cannot be set up");
}

void http_transfer_drop(struct http_request *r)
{
    if (r->easy) {
        curl_multi_remove_handle(http_multi_of(r), r->easy);    /* harmless when never added */
        curl_easy_cleanup(r->easy);
        r->easy = NULL;
    }
    curl_slist_free_all(r->resolve);
    r->resolve = NULL;
}
