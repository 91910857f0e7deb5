/* SPDX-License-Identifier: MPL-2.0 */
/* See httpd.h. */
#include "httpd.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/socket.h>
#include <unistd.h>

#include "certificate.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"

#define HTTPD_IN_MAX (64u * 1024 * 1024)

/* ---- server ---- */

void httpd_open(struct httpd *d)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sj_list_init(&d->peers);
    d->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    cr_assert_eq(bind(d->listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(d->listener, 1024), 0);
    cr_assert_eq(getsockname(d->listener, (struct sockaddr *)&address, &len), 0);
    d->port = ntohs(address.sin_port);
}

static void peer_free(struct httpd_peer *p)
{
    if (p->reset_after) {
        struct linger hard = {.l_onoff = 1};
        setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    } else if (p->ssl) {
        SSL_shutdown(p->ssl);
    }
    SSL_free(p->ssl);
    close(p->fd);
    p->httpd->open--;
    sj_list_remove(&p->link);
    sj_strbuf_release(&p->in);
    sj_free(p->out);
    sj_free(p);
}

void httpd_release(struct httpd *d)
{
    while (!sj_list_empty(&d->peers))
        peer_free(SJ_CONTAINER(d->peers.next, struct httpd_peer, link));
    close(d->listener);
    SSL_CTX_free(d->tls);
}

static void httpd_accept(struct httpd *d)
{
    for (int fd; (fd = accept(d->listener, NULL, NULL)) >= 0;) {
        struct httpd_peer *p = sj_calloc(1, sizeof *p);
        fcntl(fd, F_SETFL, O_NONBLOCK);
        p->httpd = d;
        p->fd = fd;
        sj_strbuf_init(&p->in, HTTPD_IN_MAX);
        sj_list_append(&d->peers, &p->link);
        if (d->tls) {
            p->ssl = SSL_new(d->tls);
            SSL_set_fd(p->ssl, fd);
            SSL_set_accept_state(p->ssl);
        }
        d->accepted++;
        d->open++;
        if (d->open > d->most_open)
            d->most_open = d->open;
    }
}

/* Bytes, 0: end, -1: nothing now. */
static int peer_read(struct httpd_peer *p, void *out, int n)
{
    if (!p->ssl) {
        ssize_t got = recv(p->fd, out, (size_t)n, 0);
        return got < 0 && errno != EAGAIN ? 0 : (int)got;
    }
    ERR_clear_error();
    int got = SSL_read(p->ssl, out, n);
    if (got > 0)
        return got;
    int code = SSL_get_error(p->ssl, got);
    return code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

static int peer_write(struct httpd_peer *p, const void *bytes, size_t n)
{
    if (!p->ssl)
        return (int)send(p->fd, bytes, n, MSG_NOSIGNAL);
    ERR_clear_error();
    return SSL_write(p->ssl, bytes, n > 16384 ? 16384 : (int)n);
}

void httpd_send(struct httpd_peer *p, const void *bytes, size_t n)
{
    p->out = sj_realloc(p->out, p->n_out + n);
    memcpy(p->out + p->n_out, bytes, n);
    p->n_out += n;
}

void httpd_sends(struct httpd_peer *p, const char *text)
{
    httpd_send(p, text, strlen(text));
}

static const char *peer_head_end(const struct httpd_peer *p)
{
    return strstr(p->in.s + p->read, "\r\n\r\n");
}

const char *httpd_path(const struct httpd_peer *p, char *out, size_t size)
{
    const char *at = strchr(p->in.s + p->read, ' ');
    size_t n = at ? strcspn(at + 1, " \r\n") : 0;
    out[0] = '\0';
    if (n && n < size) {
        memcpy(out, at + 1, n);
        out[n] = '\0';
    }
    return out;
}

const char *httpd_header(const struct httpd_peer *p, const char *name, char *out, size_t size)
{
    const char *end = peer_head_end(p);
    size_t n = strlen(name);
    out[0] = '\0';
    for (const char *at = strstr(p->in.s + p->read, "\r\n"); at && at < end;
         at = strstr(at + 2, "\r\n")) {
        if (sj_ascii_ncasecmp(at + 2, name, n) == 0 && at[2 + n] == ':') {
            const char *value = at + 2 + n + 1;
            value += *value == ' ';
            size_t len = strcspn(value, "\r");
            cr_assert_lt(len, size);
            memcpy(out, value, len);
            out[len] = '\0';
        }
    }
    return out;
}

size_t httpd_body(const struct httpd_peer *p, const char **body)
{
    const char *end = peer_head_end(p);
    *body = end ? end + 4 : "";
    return end ? (size_t)(p->in.s + p->in.len - *body) : 0;
}

void httpd_next(struct httpd_peer *p)
{
    p->read = p->in.len;
    p->requests++;
    p->httpd->requests++;
}

static void peer_serve(struct httpd_peer *p)
{
    struct httpd *d = p->httpd;
    if (d->serve2) {
        httpd_h2_read(p);
        return;
    }
    if (!peer_head_end(p))
        return;
    if (d->serve) {
        d->serve(d, p);
    } else {
        httpd_sends(p, d->answer);
        p->close_after = d->close;
        httpd_next(p);
    }
}

/* False: the connection is gone. */
static bool peer_turn(struct httpd_peer *p)
{
    char bytes[16384];
    int got = -1;
    while (!p->deaf && (got = peer_read(p, bytes, sizeof bytes)) > 0) {
        sj_strbuf_add(&p->in, bytes, (size_t)got);
        cr_assert(sj_strbuf_ok(&p->in));
        peer_serve(p);
    }
    int sent = 1;
    while (p->at_out < p->n_out && sent > 0) {
        sent = peer_write(p, p->out + p->at_out, p->n_out - p->at_out);
        p->at_out += sent > 0 ? (size_t)sent : 0;
    }
    if (p->at_out == p->n_out)
        p->at_out = p->n_out = 0;
    if (got == 0 || ((p->close_after || p->reset_after) && !p->n_out)) {
        peer_free(p);
        return false;
    }
    return true;
}

void httpd_serve(struct httpd *d)
{
    httpd_accept(d);
    struct sj_list *next;
    for (struct sj_list *at = d->peers.next; at != &d->peers; at = next) {
        next = at->next;
        peer_turn(SJ_CONTAINER(at, struct httpd_peer, link));
    }
}

/* ---- client ---- */

static const struct sj_log web_log = {.area = "http"};

void web_secure(struct web *w, const char *names, long to_s)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *authority = certificate_new(key, NULL, NULL, 1, -DAY_S, DAY_S);
    X509 *certificate = certificate_new(key, authority, names, 2, -DAY_S, to_s);
    sj_copy(w->ca_path, sizeof w->ca_path, "/tmp/sojourn-test-XXXXXX");
    FILE *file = fdopen(mkstemp(w->ca_path), "w");
    PEM_write_X509(file, authority);
    fclose(file);
    w->httpd.tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(w->httpd.tls, certificate);
    SSL_CTX_use_PrivateKey(w->httpd.tls, key);
    SSL_CTX_set_mode(w->httpd.tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    X509_free(certificate);
    X509_free(authority);
    EVP_PKEY_free(key);
}

void web_init_with(struct web *w, struct sj_http_options options)
{
    struct sj_subnet loopback;
    sj_subnet_parse(&loopback, "127.0.0.0/8", NULL);
    if (!options.allowed) {
        options.allowed = &loopback;
        options.n_allowed = 1;
    }
    if (w->ca_path[0] && !options.ca_file)
        options.ca_file = w->ca_path;
    w->loop = sj_loop_new();
    names_init(&w->names, w->loop);
    httpd_open(&w->httpd);
    w->http = sj_http_new(w->loop, &web_log, &options);
}

void web_init(struct web *w)
{
    web_init_with(w, (struct sj_http_options){0});
}

void web_release(struct web *w)
{
    sj_http_free(&w->http);
    httpd_release(&w->httpd);
    names_release(&w->names);
    sj_loop_free(&w->loop);
    if (w->ca_path[0])
        unlink(w->ca_path);
}

const char *web_url(struct web *w, const char *path)
{
    snprintf(w->url, sizeof w->url, "%s://127.0.0.1:%u%s", w->httpd.tls ? "https" : "http",
             (unsigned)w->httpd.port, path);
    return w->url;
}

void web_turn(struct web *w)
{
    names_serve(&w->names);
    httpd_serve(&w->httpd);
    sj_loop_turn(w->loop, 1);
}

void web_turns(struct web *w, unsigned n)
{
    while (n--)
        web_turn(w);
}

/* ---- requests ---- */

static void fetch_on_headers(void *ctx, uint64_t id, int status, const char *type, int64_t length)
{
    struct fetch *f = ctx;
    cr_assert_eq(id, f->id, "no event before sj_http_start has returned");
    cr_assert_eq(f->datas + f->dones + f->heads, 0);
    f->heads++;
    f->head_status = status;
    f->length = length;
    sj_copy(f->type, sizeof f->type, type ? type : "");
    if (f->on_headers)
        f->on_headers(f);
}

static void fetch_on_data(void *ctx, uint64_t id, const void *p, size_t n)
{
    struct fetch *f = ctx;
    cr_assert(id == f->id && f->heads == 1 && f->dones == 0);
    cr_assert(n > 0 && n <= SJ_HTTP_DATA_MAX);
    f->datas++;
    f->received += n;
    if (!f->count_only)
        sj_strbuf_add(&f->body, p, n);
    if (f->on_data)
        f->on_data(f);
}

static void fetch_on_writable(void *ctx, uint64_t id, size_t room)
{
    struct fetch *f = ctx;
    cr_assert(id == f->id && f->dones == 0);
    cr_assert_eq(room, sj_http_room(f->web->http, id));
    f->writables++;
    if (f->on_writable)
        f->on_writable(f, room);
}

static void fetch_on_done(void *ctx, uint64_t id, int status, const struct sj_error *err)
{
    struct fetch *f = ctx;
    cr_assert(id == f->id && f->dones == 0);
    f->dones++;
    f->status = status;
    if (err)
        f->err = *err;
    cr_assert(err || f->heads == 1);
    if (f->on_done)
        f->on_done(f);
}

const struct sj_http_events fetch_events = {.headers = fetch_on_headers,
                                            .data = fetch_on_data,
                                            .writable = fetch_on_writable,
                                            .done = fetch_on_done};

struct sj_http_request fetch_request(struct web *w, const char *path)
{
    return (struct sj_http_request){.method = SJ_HTTP_GET,
                                    .kind = SJ_HTTP_TRANSFER,
                                    .url = web_url(w, path),
                                    .allow_http = true,
                                    .response_max = 1024 * 1024};
}

void fetch_start(struct fetch *f, struct web *w, struct sj_http_request q)
{
    struct sj_error err = {0};
    f->web = w;
    sj_strbuf_init(&f->body, HTTPD_IN_MAX);
    q.events = &fetch_events;
    q.ctx = f;
    f->id = sj_http_start(w->http, &q, &err);
    cr_assert_neq(f->id, 0, "%s", err.text);
    cr_assert_eq(f->dones, 0);
}

void fetch_get(struct fetch *f, struct web *w, const char *path)
{
    fetch_start(f, w, fetch_request(w, path));
}

void fetch_wait(struct fetch *f)
{
    for (int i = 0; i < HTTPD_TURNS && !f->dones; i++)
        web_turn(f->web);
    cr_assert_eq(f->dones, 1, "waited in vain");
}

void fetch_release(struct fetch *f)
{
    sj_strbuf_release(&f->body);
}

void fetch_expect(struct web *w, const char *path, enum sj_status status, const char *text)
{
    struct fetch f = {0};
    fetch_get(&f, w, path);
    fetch_wait(&f);
    cr_expect_eq(f.err.status, status, "%s: %s", path, f.err.text);
    cr_expect_not_null(strstr(f.err.text, text), "%s: %s", path, f.err.text);
    fetch_release(&f);
}
