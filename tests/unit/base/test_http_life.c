/* SPDX-License-Identifier: MPL-2.0 */
/* http.c: ends at every stage, times, queues, certificates. */
#include <criterion/criterion.h>

#include "certificate.h"
#include "httpd.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* Slowly: a head, then a chunk each turn, for ever. */
static void drip(struct httpd *d)
{
    for (struct sj_list *at = d->peers.next; at != &d->peers; at = at->next) {
        struct httpd_peer *p = SJ_CONTAINER(at, struct httpd_peer, link);
        if (p->requests)
            httpd_sends(p, "5\r\nhello\r\n");
    }
}

static void serve_drip(struct httpd *d, struct httpd_peer *p)
{
    (void)d;
    httpd_sends(p, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    httpd_next(p);
}

static void serve_nothing(struct httpd *d, struct httpd_peer *p)
{
    (void)d;
    (void)p;
}

static unsigned heard(const struct fetch *f)
{
    return f->heads + f->datas + f->writables + f->dones;
}

/* ---- cancel and free ---- */

static void cancel_now(struct fetch *f)
{
    sj_http_cancel(f->web->http, f->id);
}

static void cancel_with_room(struct fetch *f, size_t room)
{
    (void)room;
    cancel_now(f);
}

static void free_now(struct fetch *f)
{
    sj_http_free(&f->web->http);
}

static void free_with_room(struct fetch *f, size_t room)
{
    (void)room;
    free_now(f);
}

static struct sj_http_request stage_request(struct web *w, int variant)
{
    struct sj_http_request q = fetch_request(w, "/");
    if (variant & 1) {
        q.method = SJ_HTTP_PUT;
        q.streamed = true;
        q.body_size = 1000000;
    }
    if (variant & 2)
        q.url = "http://slow.example.org/";
    return q;
}

/* After so many turns, from outside: what = 0 cancels, 1 frees. */
static void stage_check(int variant, unsigned turns, int what)
{
    struct web w = {0};
    struct fetch f = {0};
    web_init(&w);
    w.names.v4[0] = "127.0.0.1";
    w.names.silent = variant & 2;
    w.httpd.serve = serve_drip;
    fetch_start(&f, &w, stage_request(&w, variant));
    for (unsigned i = 0; i < turns; i++) {
        web_turn(&w);
        drip(&w.httpd);
    }
    unsigned before = heard(&f);
    if (what)
        sj_http_free(&w.http);
    else
        sj_http_cancel(w.http, f.id);
    if (!what && variant & 1)
        cr_assert_eq(sj_http_write(w.http, f.id, "x", 1), SJ_NOTFOUND);
    web_turns(&w, 5);
    cr_expect_eq(heard(&f), before, "variant %d after %u turns", variant, turns);
    if (!what)
        cr_expect_eq(sj_http_counts(w.http).running + sj_http_counts(w.http).waiting, 0);
    fetch_release(&f);
    web_release(&w);
}

Test(http_life, can_be_given_up_at_every_stage)
{
    for (int variant = 0; variant < 4; variant++) {
        for (unsigned turns = 0; turns < 12; turns++) {
            stage_check(variant, turns, 0);
            stage_check(variant, turns, 1);
        }
    }
}

static void inside_check(struct fetch f, bool upload)
{
    struct web w = {0};
    web_init(&w);
    w.httpd.serve = serve_drip;
    fetch_start(&f, &w, stage_request(&w, upload ? 1 : 0));
    unsigned want = f.on_data ? 2 : 1;
    for (int i = 0; i < HTTPD_TURNS && heard(&f) < want; i++)
        web_turn(&w);
    cr_expect_eq(heard(&f), want);
    for (int i = 0; i < 10; i++) {
        web_turn(&w);
        drip(&w.httpd);
    }
    cr_expect_eq(heard(&f), want);
    fetch_release(&f);
    web_release(&w);
}

Test(http_life, can_be_given_up_inside_events)
{
    inside_check((struct fetch){.on_headers = cancel_now}, false);
    inside_check((struct fetch){.on_data = cancel_now}, false);
    inside_check((struct fetch){.on_writable = cancel_with_room}, true);
    inside_check((struct fetch){.on_headers = free_now}, false);
    inside_check((struct fetch){.on_data = free_now}, false);
    inside_check((struct fetch){.on_writable = free_with_room}, true);
}

static void start_another(struct fetch *f)
{
    struct fetch *next = f->web->httpd.ctx;
    sj_http_cancel(f->web->http, f->id);            /* nothing is left to cancel */
    cr_expect_eq(sj_http_room(f->web->http, f->id), 0u);
    fetch_get(next, f->web, "/");
}

Test(http_life, may_go_on_or_end_when_a_request_is_done)
{
    struct web w = {0};
    struct fetch first = {.on_done = start_another}, second = {.on_done = free_now};
    web_init(&w);
    w.httpd.answer = OK;
    w.httpd.ctx = &second;
    fetch_get(&first, &w, "/");
    fetch_wait(&first);
    fetch_wait(&second);
    cr_assert_eq(second.err.status, SJ_OK, "%s", second.err.text);
    cr_assert_null(w.http);
    web_turns(&w, 3);
    fetch_release(&first);
    fetch_release(&second);
    web_release(&w);
}

Test(http_life, drops_many_open_requests_at_once)
{
    struct web w = {0};
    static struct fetch f[200];
    web_init(&w);
    w.httpd.serve = serve_drip;
    w.names.v4[0] = "127.0.0.1";
    for (int i = 0; i < 200; i++) {
        struct sj_http_request q = stage_request(&w, i % 2);
        char url[100];
        snprintf(url, sizeof url, "http://h%d.example.org:%u/", i % 40, (unsigned)w.httpd.port);
        q.url = i % 3 ? url : q.url;
        fetch_start(&f[i], &w, q);
    }
    web_turns(&w, 6);
    sj_http_free(&w.http);
    for (int i = 0; i < 200; i++)
        fetch_release(&f[i]);
    web_release(&w);
}

/* ---- times ---- */

static void wait_for_head(struct web *w, const struct fetch *f)
{
    for (int i = 0; i < HTTPD_TURNS && !f->heads; i++)
        web_turn(w);
    cr_assert_eq(f->heads, 1);
}

static void expect_timeout(struct fetch *f, const char *text)
{
    fetch_wait(f);
    cr_expect_eq(f->err.status, SJ_TIMEOUT, "%s", f->err.text);
    cr_expect_str_eq(f->err.text, text);
    fetch_release(f);
}

Test(http_life, ends_in_time)
{
    struct web w = {0};
    struct fetch f = {0};
    web_init(&w);
    w.httpd.serve = serve_nothing;
    struct sj_http_request q = fetch_request(&w, "/");
    q.total_ms = 30000;
    fetch_start(&f, &w, q);
    web_turns(&w, 10);
    sj_loop_test_advance(w.loop, 29900);
    web_turns(&w, 3);
    cr_assert_eq(f.dones, 0);
    sj_loop_test_advance(w.loop, 100 + SJ_LOOP_TICK_MS);
    expect_timeout(&f, "127.0.0.1 did not answer in time");
    web_release(&w);
}

Test(http_life, counts_the_wait_for_a_turn)
{
    struct web w = {0};
    struct fetch a = {0}, b = {0};
    web_init_with(&w, (struct sj_http_options){.running_max = 1});
    w.httpd.serve = serve_nothing;
    struct sj_http_request q = fetch_request(&w, "/");
    q.total_ms = 60000;
    fetch_start(&a, &w, q);
    web_turns(&w, 5);
    q.total_ms = 20000;
    fetch_start(&b, &w, q);
    web_turns(&w, 5);
    cr_assert_eq(sj_http_counts(w.http).waiting, 1);
    sj_loop_test_advance(w.loop, 20000 + SJ_LOOP_TICK_MS);
    expect_timeout(&b, "127.0.0.1 did not answer in time");
    cr_assert_eq(w.httpd.accepted, 1);
    cr_assert_eq(sj_http_counts(w.http).waiting, 0);
    fetch_release(&a);
    web_release(&w);
}

Test(http_life, does_not_wait_for_a_connection_for_ever)
{
    struct web w = {0};
    struct fetch f = {0};
    web_secure(&w, "IP:127.0.0.1", DAY_S);
    web_init(&w);
    struct sj_http_request q = fetch_request(&w, "/");
    q.connect_ms = 5000;
    fetch_start(&f, &w, q);
    for (int i = 0; i < 5; i++)         /* nobody shakes hands with us */
        sj_loop_turn(w.loop, 1);
    sj_loop_test_advance(w.loop, 5000 + SJ_LOOP_TICK_MS);
    expect_timeout(&f, "cannot connect to 127.0.0.1: timed out");
    web_release(&w);
}

static struct sj_http_request stall_request(struct web *w)
{
    struct sj_http_request q = fetch_request(w, "/");
    q.total_ms = 3600000;
    q.stall_ms = 10000;
    q.stall_bytes = 100;
    return q;
}

Test(http_life, ends_what_is_too_slow)
{
    struct web w = {0};
    struct fetch f = {0};
    web_init(&w);
    w.httpd.serve = serve_drip;
    fetch_start(&f, &w, stall_request(&w));
    wait_for_head(&w, &f);
    for (int i = 0; i < 3; i++) {       /* enough in each window */
        sj_loop_test_advance(w.loop, 9000);
        for (int k = 0; k < 30; k++) {
            drip(&w.httpd);
            web_turn(&w);
        }
        sj_loop_test_advance(w.loop, 1000);
        web_turns(&w, 2);
        cr_assert_eq(f.dones, 0, "%s", f.err.text);
    }
    drip(&w.httpd);                     /* five bytes are not enough */
    web_turns(&w, 3);
    sj_loop_test_advance(w.loop, 20000);
    expect_timeout(&f, "127.0.0.1 is too slow");
    web_release(&w);
}

Test(http_life, does_not_blame_the_server_for_our_own_pauses)
{
    struct web w = {0};
    struct fetch get = {0}, put = {0};
    web_init(&w);
    w.httpd.serve = serve_drip;
    fetch_start(&get, &w, stall_request(&w));
    wait_for_head(&w, &get);
    sj_http_pause(w.http, get.id);
    struct sj_http_request q = stall_request(&w);
    q.method = SJ_HTTP_PUT;
    q.streamed = true;
    q.body_size = 1000000;
    w.httpd.serve = serve_nothing;
    fetch_start(&put, &w, q);
    for (int i = 0; i < HTTPD_TURNS && !put.writables; i++)
        web_turn(&w);
    for (int i = 0; i < 5; i++) {
        sj_loop_test_advance(w.loop, 10000);
        web_turns(&w, 2);
    }
    cr_assert_eq(get.dones + put.dones, 0);
    sj_http_resume(w.http, get.id);
    web_turns(&w, 2);
    sj_loop_test_advance(w.loop, 21000);
    expect_timeout(&get, "127.0.0.1 is too slow");
    cr_assert_eq(put.dones, 0);
    fetch_release(&put);
    web_release(&w);
}

static void write_room(struct fetch *f, size_t room)
{
    char *bytes = sj_calloc(1, room);
    cr_assert_eq(sj_http_write(f->web->http, f->id, bytes, room), SJ_OK);
    f->to_write += room;
    sj_free(bytes);
}

static void accept_deaf(struct web *w)
{
    for (struct sj_list *at = w->httpd.peers.next; at != &w->httpd.peers; at = at->next)
        SJ_CONTAINER(at, struct httpd_peer, link)->deaf = true;
}

Test(http_life, does_not_wait_for_a_server_that_stops_reading)
{
    struct web w = {0};
    struct fetch f = {.on_writable = write_room};
    web_init(&w);
    w.httpd.serve = serve_nothing;
    struct sj_http_request q = stall_request(&w);
    q.method = SJ_HTTP_PUT;
    q.streamed = true;
    q.body_size = 1u << 30;
    fetch_start(&f, &w, q);
    for (int i = 0; i < HTTPD_TURNS && !f.writables; i++)
        web_turn(&w);
    accept_deaf(&w);
    unsigned quiet = 0;
    for (unsigned before = f.writables; quiet < 20; before = f.writables) {
        web_turn(&w);
        quiet = f.writables == before ? quiet + 1 : 0;
    }
    cr_assert_lt(f.to_write, 1u << 29, "what waits is bounded");
    sj_loop_test_advance(w.loop, 21000);
    expect_timeout(&f, "127.0.0.1 is too slow");
    web_release(&w);
}

/* ---- queues ---- */

Test(http_life, works_on_a_thousand_requests_within_its_bounds)
{
    struct web w = {0};
    static struct fetch f[1000];
    web_init_with(&w, (struct sj_http_options){
                          .running_max = 50, .running_host_max = 40, .waiting_max = 950});
    w.httpd.answer = OK;
    for (int i = 0; i < 1000; i++)
        fetch_get(&f[i], &w, "/");
    struct sj_error err = {0};
    struct sj_http_request q = fetch_request(&w, "/");
    q.events = &fetch_events;
    cr_assert_eq(sj_http_start(w.http, &q, &err), 0u);
    cr_assert_eq(err.status, SJ_LIMIT);
    for (int i = 0; i < 1000; i++) {
        cr_assert_leq(sj_http_counts(w.http).running, 40u);
        fetch_wait(&f[i]);
        cr_assert_eq(f[i].err.status, SJ_OK, "%s", f[i].err.text);
        cr_assert_str_eq(f[i].body.s, "ok");
        fetch_release(&f[i]);
    }
    cr_assert_leq(w.httpd.most_open, 41u, "%u", w.httpd.most_open);
    cr_assert_eq(w.httpd.requests, 1000);
    web_release(&w);
}

static void serve_crowd(struct httpd *d, struct httpd_peer *p)
{
    char host[200];
    (void)d;
    if (strstr(httpd_header(p, "Host", host, sizeof host), "crowd"))
        return;
    httpd_sends(p, OK);
    httpd_next(p);
}

Test(http_life, lets_no_host_stop_the_others)
{
    struct web w = {0};
    static struct fetch crowd[50];
    struct fetch other = {0};
    char url[100];
    web_init(&w);
    w.httpd.serve = serve_crowd;
    w.names.v4[0] = "127.0.0.1";
    struct sj_http_request q = fetch_request(&w, "/");
    q.url = url;
    snprintf(url, sizeof url, "http://crowd.example.org:%u/", (unsigned)w.httpd.port);
    for (int i = 0; i < 50; i++)
        fetch_start(&crowd[i], &w, q);
    snprintf(url, sizeof url, "http://other.example.org:%u/", (unsigned)w.httpd.port);
    fetch_start(&other, &w, q);
    fetch_wait(&other);
    cr_assert_eq(other.err.status, SJ_OK, "%s", other.err.text);
    cr_assert_eq(sj_http_counts(w.http).running, 8u);
    cr_assert_eq(sj_http_counts(w.http).waiting, 42u);
    for (int i = 0; i < 50; i++)
        fetch_release(&crowd[i]);
    fetch_release(&other);
    web_release(&w);
}

Test(http_life, forgets_hosts_that_it_has_no_use_for)
{
    struct web w = {0};
    web_init(&w);
    w.httpd.answer = OK;
    w.names.v4[0] = "127.0.0.1";
    for (int i = 0; i < 300; i++) {
        struct fetch f = {0};
        char url[100];
        snprintf(url, sizeof url, "http://h%d.example.org:%u/", i, (unsigned)w.httpd.port);
        struct sj_http_request q = fetch_request(&w, "/");
        q.url = url;
        fetch_start(&f, &w, q);
        fetch_wait(&f);
        cr_assert_eq(f.err.status, SJ_OK, "%s", f.err.text);
        fetch_release(&f);
    }
    cr_assert_eq(w.names.asked, 600);
    struct fetch f = {0};
    struct sj_http_request q = fetch_request(&w, "/");
    char url[100];
    q.url = url;
    for (int i = 299; i >= 0; i -= 299) {       /* the last is known, the first is not */
        f = (struct fetch){0};
        snprintf(url, sizeof url, "http://h%d.example.org:%u/", i, (unsigned)w.httpd.port);
        fetch_start(&f, &w, q);
        fetch_wait(&f);
        fetch_release(&f);
    }
    cr_assert_eq(w.names.asked, 602, "%u", w.names.asked);
    web_release(&w);
}

/* ---- certificates ---- */

static const struct {
    const char *names;
    long to_s;
    bool trusted;
    enum sj_status status;
    const char *text;
} tls_rows[] = {
    {"IP:127.0.0.1", DAY_S, true, SJ_OK, ""},
    {"IP:127.0.0.2", DAY_S, true, SJ_DENIED, "the certificate of 127.0.0.1 is refused: it is for"},
    {"DNS:127.0.0.1.example", DAY_S, true, SJ_DENIED, "it is for another name"},
    {"IP:127.0.0.1", -3600, true, SJ_DENIED, "certificate has expired"},
    {"IP:127.0.0.1", DAY_S, false, SJ_DENIED, "unable to get local issuer certificate"},
};

static void tls_check(const char *names, long to_s, const char *ca_file, enum sj_status status,
                      const char *text)
{
    struct web w = {0};
    web_secure(&w, names, to_s);
    web_init_with(&w, (struct sj_http_options){.ca_file = ca_file});
    w.httpd.answer = OK;
    fetch_expect(&w, "/", status, text);
    fetch_expect(&w, "/", status, text);
    web_release(&w);
}

Test(http_life, accepts_only_certificates_of_the_name)
{
    for (size_t i = 0; i < sizeof tls_rows / sizeof tls_rows[0]; i++)
        tls_check(tls_rows[i].names, tls_rows[i].to_s,
                  tls_rows[i].trusted ? NULL : "/etc/ssl/certs/ca-certificates.crt",
                  tls_rows[i].status, tls_rows[i].text);
}

Test(http_life, refuses_old_protocols)
{
    static const int versions[] = {TLS1_1_VERSION, TLS1_2_VERSION};
    certificate_allow_all();
    for (size_t i = 0; i < 2; i++) {
        struct web w = {0};
        web_secure(&w, "IP:127.0.0.1", DAY_S);
        SSL_CTX_set_security_level(w.httpd.tls, 0);
        SSL_CTX_set_min_proto_version(w.httpd.tls, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(w.httpd.tls, versions[i]);
        web_init(&w);
        w.httpd.answer = OK;
        fetch_expect(&w, "/", i == 0 ? SJ_UNREACHABLE : SJ_OK, i == 0 ? "TLS with" : "");
        web_release(&w);
    }
}

static void note_line(enum sj_log_level level, const char *line, void *ctx)
{
    unsigned *errors = ctx;
    *errors += level == SJ_LOG_ERROR && strstr(line, "trusted certificates cannot be read");
}

Test(http_life, tells_the_operator_when_trust_is_unusable)
{
    unsigned errors = 0;
    sj_log_set_sink(note_line, &errors);
    tls_check("IP:127.0.0.1", DAY_S, "/nonexistent/ca.pem", SJ_INTERNAL, "cannot check");
    cr_assert_eq(errors, 1, "twice within a minute is told once");
    sj_log_set_sink(NULL, NULL);
}

static void serve_downgrade(struct httpd *d, struct httpd_peer *p)
{
    httpd_sends(p, d->ctx);
    httpd_next(p);
}

Test(http_life, does_not_follow_from_https_to_http)
{
    struct web w = {0};
    struct fetch f = {0};
    char answer[200];
    web_secure(&w, "IP:127.0.0.1", DAY_S);
    web_init(&w);
    w.httpd.serve = serve_downgrade;
    w.httpd.ctx = answer;
    snprintf(answer, sizeof answer, "HTTP/1.1 302 x\r\nLocation: http://127.0.0.1:%u/\r\n\r\n",
             (unsigned)w.httpd.port);
    struct sj_http_request q = fetch_request(&w, "/");
    q.redirects_max = 3;
    fetch_start(&f, &w, q);
    fetch_wait(&f);
    cr_assert_eq(f.err.status, SJ_DENIED);
    cr_assert_not_null(strstr(f.err.text, "only links that begin with https://"), "%s",
                       f.err.text);
    fetch_release(&f);
    web_release(&w);
}

/* ---- secrets ---- */

static void collect_lines(enum sj_log_level level, const char *line, void *ctx)
{
    (void)level;
    sj_strbuf_adds(ctx, line);
}

Test(http_life, logs_no_path_query_or_header)
{
    static const struct sj_http_header headers[] = {{"Authorization", "Bearer hidden-1"}};
    struct web w = {0};
    struct fetch f = {0};
    struct sj_strbuf lines;
    sj_strbuf_init(&lines, 100000);
    sj_log_set_sink(collect_lines, &lines);
    sj_log_set_level(SJ_LOG_TRACE);
    web_init(&w);
    w.httpd.answer = OK;
    struct sj_http_request q = fetch_request(&w, "/hidden-2?hidden-3");
    q.headers = headers;
    q.n_headers = 1;
    fetch_start(&f, &w, q);
    fetch_wait(&f);
    cr_assert_not_null(strstr(lines.s, "request done id=1 host=127.0.0.1"), "%s", lines.s);
    cr_assert_null(strstr(lines.s, "hidden"), "%s", lines.s);
    sj_log_set_level(SJ_LOG_INFO);
    sj_log_set_sink(NULL, NULL);
    fetch_release(&f);
    web_release(&w);
    sj_strbuf_release(&lines);
}
