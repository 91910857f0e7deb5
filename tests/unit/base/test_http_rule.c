/* SPDX-License-Identifier: MPL-2.0 */
/* What may be asked for and of whom: http_check.c, redirects, and names (http_host.c). */
#include <criterion/criterion.h>
#include <dirent.h>

#include "httpd.h"
#include "sojourn/memory.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* ---- what is refused at once ---- */

static enum sj_status rule_start(struct web *w, struct sj_http_request q, struct fetch *f,
                                 struct sj_error *err)
{
    *err = (struct sj_error){0};
    q.events = &fetch_events;
    q.ctx = f;
    f->web = w;
    f->id = sj_http_start(w->http, &q, err);
    cr_expect_eq(f->id == 0, err->status != SJ_OK);
    cr_expect_eq(f->id == 0, err->text[0] != '\0');
    if (f->id)
        sj_http_cancel(w->http, f->id);
    return err->status;
}

static const struct {
    const char *url;
    bool allow_http;
    enum sj_status status;
} url_rows[] = {
    {"https://example.org", false, SJ_OK},
    {"https://example.org/", false, SJ_OK},
    {"HTTPS://EXAMPLE.org:8448/a?b#c", false, SJ_OK},
    {"https://example.org./", false, SJ_OK},
    {"https://xn--bcher-kva.example/\xC3\xA4?\xC3\xB6", false, SJ_OK},
    {"https://b\xC3\xBC" "cher.example/", false, SJ_INVALID},
    {"https://b%C3%BCcher.example/", false, SJ_INVALID},
    {"https://[2001:db8::1]:5443/", false, SJ_OK},
    {"https://192.0.2.1/", false, SJ_OK},
    {"https://0x7f.1/", false, SJ_OK},                 /* refused when it is connected to */
    {"http://example.org/", true, SJ_OK},
    {"http://example.org/", false, SJ_DENIED},
    {"ftp://example.org/", true, SJ_DENIED},
    {"file:///etc/passwd", true, SJ_DENIED},
    {"gopher://example.org/", true, SJ_DENIED},
    {"dict://example.org/", true, SJ_DENIED},
    {"ldap://example.org/", true, SJ_DENIED},
    {"scp://example.org/", true, SJ_DENIED},
    {"ws://example.org/", true, SJ_DENIED},
    {"javascript:alert(1)", true, SJ_DENIED},
    {"aesgcm://example.org/", true, SJ_DENIED},
    {"https://example.org:25/", false, SJ_DENIED},
    {"https://example.org:22/", false, SJ_DENIED},
    {"https://example.org:0/", false, SJ_DENIED},
    {"https://example.org:6667/", false, SJ_DENIED},
    {"https://example.org:5060/", false, SJ_DENIED},
    {"https://example.org:65535/", false, SJ_OK},
    {"https://example.org:65536/", false, SJ_INVALID},
    {"https://example.org:-1/", false, SJ_INVALID},
    {"https://example.org:x/", false, SJ_INVALID},
    {"https://romeo@example.org/", false, SJ_INVALID},
    {"https://romeo:secret@example.org/", false, SJ_INVALID},
    {"https://:@example.org/", false, SJ_INVALID},
    {"https://[fe80::1%25eth0]/", false, SJ_INVALID},
    {"https://[2001:db8::x]/", false, SJ_INVALID},
    {"https://exa mple.org/", false, SJ_INVALID},
    {"https://exa\rmple.org/", false, SJ_INVALID},
    {"https://example.org/\r\nHost: x", false, SJ_INVALID},
    {"https://example.org/\n", false, SJ_INVALID},
    {"https://example.org/\t", false, SJ_INVALID},
    {"https://exam%00ple.org/", false, SJ_INVALID},
    {"https://exam%0dple.org/", false, SJ_INVALID},
    {"https://exam,ple.org/", false, SJ_INVALID},
    {"https://*.example.org/", false, SJ_INVALID},
    {"https://121./", false, SJ_INVALID},              /* without its dot an address */
    {"https://.example.org/", false, SJ_INVALID},
    {"https:///path", false, SJ_OK},                   /* libcurl: a host "path" */
    {"https:////path", false, SJ_INVALID},
    {"https://", false, SJ_INVALID},
    {"//example.org/", false, SJ_INVALID},
    {"/path", false, SJ_INVALID},
    {"example.org", false, SJ_INVALID},
    {"", false, SJ_INVALID},
    {NULL, false, SJ_INVALID},
};

Test(http_rule, takes_web_links_only)
{
    struct web w = {0};
    web_init(&w);
    for (size_t i = 0; i < sizeof url_rows / sizeof url_rows[0]; i++) {
        struct fetch f = {0};
        struct sj_error err;
        struct sj_http_request q = {.url = url_rows[i].url, .allow_http = url_rows[i].allow_http};
        cr_expect_eq(rule_start(&w, q, &f, &err), url_rows[i].status, "%s: %s", url_rows[i].url,
                     err.text);
        cr_expect_null(strstr(err.text, "secret"));
    }
    web_release(&w);
}

Test(http_rule, refuses_long_links)
{
    struct web w = {0};
    struct fetch f = {0};
    struct sj_error err;
    web_init(&w);
    char *url = sj_malloc(SJ_HTTP_URL_MAX + 2);
    memset(url, 'x', SJ_HTTP_URL_MAX + 1);
    memcpy(url, "https://example.org/", 20);
    url[SJ_HTTP_URL_MAX] = '\0';
    cr_assert_eq(rule_start(&w, (struct sj_http_request){.url = url}, &f, &err), SJ_OK);
    url[SJ_HTTP_URL_MAX] = 'x';
    url[SJ_HTTP_URL_MAX + 1] = '\0';
    cr_assert_eq(rule_start(&w, (struct sj_http_request){.url = url}, &f, &err), SJ_INVALID);
    url[SJ_HTTP_URL_MAX] = '\0';
    memset(url + 5000, ' ', 3000);          /* triples when it is escaped */
    cr_assert_eq(rule_start(&w, (struct sj_http_request){.url = url}, &f, &err), SJ_INVALID);
    memset(url, 'x', 300);
    memcpy(url, "https://", 8);
    memcpy(url + 300, "/", 2);
    cr_assert_eq(rule_start(&w, (struct sj_http_request){.url = url}, &f, &err), SJ_INVALID);
    sj_free(url);
    web_release(&w);
}

static const struct {
    const char *name, *value;
    bool good;
} header_rows[] = {
    {"X-Test", "value", true},       {"X-Test", "", true},
    {"X-Test", " a\tb ", true},      {"X-Test", "\xC3\xA4", true},
    {"Authorization", "Bearer secret", true},
    {"X-Test", "a\r\nX-Evil: 1", false}, {"X-Test", "a\nX-Evil: 1", false},
    {"X-Test", "a\rb", false},       {"X-Test", "a\x01", false},
    {"X-Test", "a\x7F", false},      {"X-Test", NULL, false},
    {NULL, "value", false},          {"", "value", false},
    {"X Test", "value", false},      {"X-Test:", "value", false},
    {"X-Test\r\n", "value", false},  {"X-T\xC3\xA4st", "value", false},
    {"Host", "x", false},            {"content-length", "5", false},
    {"Transfer-Encoding", "chunked", false}, {"Connection", "close", false},
    {"Expect", "100-continue", false}, {"Upgrade", "h2c", false},
    {"Proxy-Authorization", "x", false}, {"Accept-Encoding", "br", false},
};

Test(http_rule, takes_well_formed_headers_only)
{
    struct web w = {0};
    web_init(&w);
    for (size_t i = 0; i < sizeof header_rows / sizeof header_rows[0]; i++) {
        struct fetch f = {0};
        struct sj_error err;
        struct sj_http_header header = {header_rows[i].name, header_rows[i].value};
        struct sj_http_request q = {
            .url = "https://example.org/", .headers = &header, .n_headers = 1};
        cr_expect_eq(rule_start(&w, q, &f, &err), header_rows[i].good ? SJ_OK : SJ_INVALID,
                     "row %zu: %s", i, err.text);
        cr_expect_null(strstr(err.text, "secret"));
    }
    struct sj_http_header many[SJ_HTTP_HEADERS_MAX + 1];
    char *value = sj_calloc(1, SJ_HTTP_HEADER_MAX + 1);
    for (size_t i = 0; i <= SJ_HTTP_HEADERS_MAX; i++)
        many[i] = (struct sj_http_header){"X", value};
    struct fetch f = {0};
    struct sj_error err;
    struct sj_http_request q = {.url = "https://example.org/", .headers = many};
    q.n_headers = SJ_HTTP_HEADERS_MAX;
    cr_expect_eq(rule_start(&w, q, &f, &err), SJ_OK);
    q.n_headers++;
    cr_expect_eq(rule_start(&w, q, &f, &err), SJ_INVALID);
    q.n_headers = 1;
    memset(value, 'x', SJ_HTTP_HEADER_MAX - 1);
    cr_expect_eq(rule_start(&w, q, &f, &err), SJ_OK);
    value[SJ_HTTP_HEADER_MAX - 1] = 'x';
    cr_expect_eq(rule_start(&w, q, &f, &err), SJ_INVALID);
    sj_free(value);
    web_release(&w);
}

static const struct {
    struct sj_http_request q;
    enum sj_status status;
} body_rows[] = {
    {{.method = SJ_HTTP_GET}, SJ_OK},
    {{.method = SJ_HTTP_GET, .body = "x", .body_size = 1}, SJ_INVALID},
    {{.method = SJ_HTTP_HEAD, .body = "x", .body_size = 1}, SJ_INVALID},
    {{.method = SJ_HTTP_DELETE, .body = "x", .body_size = 1}, SJ_INVALID},
    {{.method = SJ_HTTP_PUT, .body = "x", .body_size = 1}, SJ_OK},
    {{.method = SJ_HTTP_POST}, SJ_OK},
    {{.method = SJ_HTTP_POST, .body = "x", .body_size = SJ_HTTP_BODY_MAX + 1}, SJ_INVALID},
    {{.method = SJ_HTTP_PUT, .kind = SJ_HTTP_TRANSFER, .streamed = true, .body_size = 1u << 31},
     SJ_OK},
    {{.method = SJ_HTTP_PUT, .kind = SJ_HTTP_TRANSFER, .streamed = true, .body_size = UINT64_MAX},
     SJ_INVALID},
    {{.method = SJ_HTTP_PUT, .kind = SJ_HTTP_TRANSFER, .streamed = true, .body = "x"}, SJ_INVALID},
    {{.method = SJ_HTTP_PUT, .kind = SJ_HTTP_CALL, .streamed = true}, SJ_INVALID},
    {{.method = SJ_HTTP_GET, .kind = SJ_HTTP_TRANSFER, .streamed = true}, SJ_INVALID},
};

Test(http_rule, takes_bodies_where_they_belong)
{
    struct web w = {0};
    web_init(&w);
    for (size_t i = 0; i < sizeof body_rows / sizeof body_rows[0]; i++) {
        struct fetch f = {0};
        struct sj_error err;
        struct sj_http_request q = body_rows[i].q;
        q.url = "https://example.org/";
        cr_expect_eq(rule_start(&w, q, &f, &err), body_rows[i].status, "row %zu: %s", i, err.text);
    }
    web_release(&w);
}

static void serve_headers(struct httpd *d, struct httpd_peer *p)
{
    char text[200];
    (void)d;
    cr_expect_str_eq(httpd_header(p, "X-Empty", text, sizeof text), "");
    cr_expect_str_eq(httpd_header(p, "X-Semi", text, sizeof text), "a;b: c");
    cr_expect_str_eq(httpd_header(p, "Authorization", text, sizeof text), "Bearer secret");
    cr_expect_str_eq(httpd_header(p, "User-Agent", text, sizeof text), "sojourn");
    cr_expect_str_eq(httpd_path(p, text, sizeof text), "/a%20b?c=%c3%a4");
    cr_expect_not_null(strstr(p->in.s, "X-Empty:"));
    cr_expect_null(strstr(p->in.s, "fragment"));
    httpd_sends(p, OK);
    httpd_next(p);
}

Test(http_rule, sends_headers_as_they_are)
{
    static const struct sj_http_header headers[] = {
        {"X-Empty", ""}, {"X-Semi", "a;b: c"}, {"Authorization", "Bearer secret"}};
    struct web w = {0};
    struct fetch f = {0};
    web_init(&w);
    w.httpd.serve = serve_headers;
    struct sj_http_request q = fetch_request(&w, "/a b?c=\xC3\xA4#fragment");
    q.headers = headers;
    q.n_headers = 3;
    fetch_start(&f, &w, q);
    fetch_wait(&f);
    cr_assert_eq(f.err.status, SJ_OK, "%s", f.err.text);
    fetch_release(&f);
    web_release(&w);
}

/* ---- addresses ---- */

/* Only 127.0.0.1 is allowed. */
static void rule_init(struct web *w)
{
    struct sj_subnet one;
    sj_subnet_parse(&one, "127.0.0.1", NULL);
    web_init_with(w, (struct sj_http_options){.allowed = &one, .n_allowed = 1});
}

static const struct {
    const char *host;
    enum sj_status status;
} address_rows[] = {
    {"127.0.0.1", SJ_OK},               /* and the same address, oddly spelled */
    {"127.1", SJ_OK},
    {"0x7f000001", SJ_OK},
    {"2130706433", SJ_OK},
    {"0177.0.0.1", SJ_OK},
    {"127.0.0.2", SJ_DENIED},
    {"127.2", SJ_DENIED},
    {"0x7f000002", SJ_DENIED},
    {"0x7F.0.0.2", SJ_DENIED},
    {"2130706434", SJ_DENIED},
    {"0177.0.0.2", SJ_DENIED},
    {"017700000002", SJ_DENIED},
    {"0", SJ_DENIED},
    {"0.0.0.0", SJ_DENIED},
    {"10.0.0.1", SJ_DENIED},
    {"172.16.0.1", SJ_DENIED},
    {"192.168.0.1", SJ_DENIED},
    {"169.254.169.254", SJ_DENIED},
    {"100.64.0.1", SJ_DENIED},
    {"224.0.0.1", SJ_DENIED},
    {"255.255.255.255", SJ_DENIED},
    {"[::1]", SJ_DENIED},
    {"[::]", SJ_DENIED},
    {"[::127.0.0.1]", SJ_DENIED},
    {"[::ffff:127.0.0.2]", SJ_DENIED},
    {"[::ffff:10.0.0.1]", SJ_DENIED},
    {"[64:ff9b::7f00:1]", SJ_DENIED},
    {"[2002:7f00:1::1]", SJ_DENIED},
    {"[fe80::1]", SJ_DENIED},
    {"[fd00::1]", SJ_DENIED},
    {"[ff02::1]", SJ_DENIED},
    {"[2001:db8::1]", SJ_DENIED},
};

static void address_check(struct web *w, const char *host, enum sj_status status, bool redirected)
{
    struct fetch f = {0};
    char target[300], answer[600];
    snprintf(target, sizeof target, "http://%s:%u/ok", host, (unsigned)w->httpd.port);
    struct sj_http_request q = fetch_request(w, "/go");
    w->httpd.answer = OK;
    if (redirected) {
        snprintf(answer, sizeof answer,
                 "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", target);
        w->httpd.answer = answer;
        q.redirects_max = 1;
    } else {
        q.url = target;
    }
    unsigned before = w->httpd.accepted;
    fetch_start(&f, w, q);
    fetch_wait(&f);
    if (redirected && status == SJ_OK)
        status = SJ_REMOTE;             /* it got there, and further it may not go */
    cr_expect_eq(f.err.status, status, "%s: %s", host, f.err.text);
    unsigned reached = w->httpd.accepted - before;
    cr_expect_eq(reached, (redirected ? 1u : 0u) + (status == SJ_DENIED ? 0u : 1u), "%s: %u", host,
                 reached);
    if (status == SJ_DENIED)
        cr_expect_not_null(strstr(f.err.text, "is not in the public internet"), "%s", f.err.text);
    fetch_release(&f);
}

Test(http_rule, connects_to_permitted_addresses_only)
{
    struct web w = {0};
    rule_init(&w);
    for (size_t i = 0; i < sizeof address_rows / sizeof address_rows[0]; i++) {
        address_check(&w, address_rows[i].host, address_rows[i].status, false);
        address_check(&w, address_rows[i].host, address_rows[i].status, true);
    }
    web_release(&w);
}

Test(http_rule, permits_nothing_but_public_addresses_by_default)
{
    struct web w = {0};
    struct sj_subnet unused = {{0}, 128};
    web_init_with(&w, (struct sj_http_options){.allowed = &unused});     /* none of them */
    w.httpd.answer = OK;
    fetch_expect(&w, "/", SJ_DENIED, "127.0.0.1 is not in the public internet");
    cr_assert_eq(w.httpd.accepted, 0);
    web_release(&w);
}

/* ---- names ---- */

static void fetch_name(struct fetch *f, struct web *w, const char *name, enum sj_http_kind kind)
{
    char url[400];
    snprintf(url, sizeof url, "http://%s:%u/", name, (unsigned)w->httpd.port);
    struct sj_http_request q = fetch_request(w, "/");
    q.url = url;
    q.kind = kind;
    fetch_start(f, w, q);
}

static void name_check(struct web *w, const char *name, enum sj_status status, const char *text)
{
    struct fetch f = {0};
    fetch_name(&f, w, name, SJ_HTTP_TRANSFER);
    fetch_wait(&f);
    cr_expect_eq(f.err.status, status, "%s: %s", name, f.err.text);
    cr_expect_not_null(strstr(f.err.text, text), "%s: %s", name, f.err.text);
    fetch_release(&f);
}

Test(http_rule, judges_addresses_and_not_names)
{
    struct web w = {0};
    rule_init(&w);
    w.httpd.answer = OK;
    w.names.v4[0] = "127.0.0.1";
    name_check(&w, "good.example.org", SJ_OK, "");
    name_check(&w, "GOOD.example.org.", SJ_OK, "");
    w.names.v4[0] = "10.0.0.1";
    name_check(&w, "evil.example.org", SJ_DENIED, "evil.example.org is not in the public internet");
    w.names.v4[1] = "127.0.0.1";
    name_check(&w, "both.example.org", SJ_OK, "");
    w.names.v6[0] = "::1";
    w.names.v6[1] = "::ffff:127.0.0.2";
    name_check(&w, "all.example.org", SJ_OK, "");
    name_check(&w, "localhost", SJ_OK, "");         /* from the hosts file; 127.0.0.1 is allowed */
    web_release(&w);
}

Test(http_rule, judges_again_when_a_name_moves)
{
    struct web w = {0};
    rule_init(&w);
    w.httpd.answer = OK;
    w.names.v4[0] = "127.0.0.1";
    name_check(&w, "moving.example.org", SJ_OK, "");
    cr_assert_eq(w.names.asked, 2);
    w.names.v4[0] = "127.0.0.2";
    name_check(&w, "moving.example.org", SJ_OK, "");
    cr_assert_eq(w.names.asked, 2, "addresses are kept for a while");
    sj_loop_test_advance(w.loop, 61000);
    name_check(&w, "moving.example.org", SJ_DENIED, "not in the public internet");
    cr_assert_eq(w.names.asked, 4);
    web_release(&w);
}

Test(http_rule, looks_up_anew_what_could_not_be_connected_to)
{
    struct web w = {0};
    web_init(&w);
    w.httpd.answer = OK;
    w.names.v4[0] = "127.0.0.9";        /* nobody listens there */
    name_check(&w, "moving.example.org", SJ_UNREACHABLE, "Connection refused");
    w.names.v4[0] = "127.0.0.1";
    name_check(&w, "moving.example.org", SJ_OK, "");
    web_release(&w);
}

Test(http_rule, tells_names_that_are_not_there_from_silence)
{
    struct web w = {0};
    struct fetch f = {0};
    web_init(&w);
    name_check(&w, "nowhere.example.org", SJ_UNREACHABLE, "cannot look up nowhere.example.org: ");
    w.names.silent = true;
    fetch_name(&f, &w, "silent.example.org", SJ_HTTP_TRANSFER);
    web_turns(&w, 5);
    sj_loop_test_advance(w.loop, 15000 + SJ_LOOP_TICK_MS);
    fetch_wait(&f);
    cr_assert_eq(f.err.status, SJ_TIMEOUT);
    cr_assert_str_eq(f.err.text, "cannot look up silent.example.org: timed out");
    fetch_release(&f);
    web_release(&w);
}

static unsigned count_threads(void)
{
    unsigned n = 0;
    DIR *tasks = opendir("/proc/self/task");
    while (readdir(tasks))
        n++;
    closedir(tasks);
    return n;
}

Test(http_rule, starts_no_threads_and_shares_lookups)
{
    struct web w = {0};
    struct fetch f[30] = {{0}};
    web_init(&w);
    w.httpd.answer = OK;
    w.names.v4[0] = "127.0.0.1";
    unsigned before = count_threads();
    for (int i = 0; i < 30; i++)
        fetch_name(&f[i], &w, i < 15 ? "one.example.org" : "two.example.org",
                   i % 2 ? SJ_HTTP_TRANSFER : SJ_HTTP_CALL);
    for (int i = 0; i < 30; i++) {
        fetch_wait(&f[i]);
        cr_expect_eq(f[i].err.status, SJ_OK, "%s", f[i].err.text);
        cr_expect_eq(count_threads(), before);
        fetch_release(&f[i]);
    }
    cr_assert_eq(w.names.asked, 4);
    web_release(&w);
}

/* ---- redirects ---- */

/* /N leads to /N-1, /0 is there; /loop leads to itself; others to what d->ctx says. */
static void serve_hops(struct httpd *d, struct httpd_peer *p)
{
    char path[500], answer[1000], text[100];
    const char *to = httpd_path(p, path, sizeof path);
    int64_t n = 0;
    if (sj_parse_int(path + 1, 0, 100, &n)) {
        cr_expect_str_eq(httpd_header(p, "Authorization", text, sizeof text), "Bearer secret");
        snprintf(path, sizeof path, "%d", (int)n - 1);
    } else if (strcmp(path, "/loop") != 0) {
        to = d->ctx;
    }
    snprintf(answer, sizeof answer,
             "HTTP/1.1 30%d x\r\nLocation: %s\r\nContent-Length: 4\r\n\r\nbody",
             (int)(n % 2 ? 1 : 7), to);
    httpd_sends(p, path[0] == '-' ? OK : answer);
    httpd_next(p);
}

static const struct sj_http_header token[] = {{"Authorization", "Bearer secret"}};

static void hop_check(struct web *w, const char *path, unsigned max, enum sj_status status,
                      const char *text)
{
    for (int kind = SJ_HTTP_CALL; kind <= SJ_HTTP_TRANSFER; kind++) {
        struct fetch f = {0};
        struct sj_http_request q = fetch_request(w, path);
        q.kind = (enum sj_http_kind)kind;
        q.redirects_max = max;
        q.headers = token;
        q.n_headers = 1;
        fetch_start(&f, w, q);
        fetch_wait(&f);
        cr_expect_eq(f.err.status, status, "%s: %s", path, f.err.text);
        cr_expect_not_null(strstr(f.err.text, text), "%s: %s", path, f.err.text);
        if (status == SJ_OK)
            cr_expect_str_eq(f.body.s, "ok");
        else
            cr_expect_eq(f.heads, 0);
        fetch_release(&f);
    }
}

Test(http_rule, follows_redirects_up_to_a_number)
{
    struct web w = {0};
    web_init(&w);
    w.httpd.serve = serve_hops;
    hop_check(&w, "/3", 3, SJ_OK, "");
    hop_check(&w, "/4", 3, SJ_REMOTE, "too many redirects");
    hop_check(&w, "/loop", 10, SJ_REMOTE, "too many redirects");
    hop_check(&w, "/loop", 1000000, SJ_REMOTE, "too many redirects");
    web_release(&w);
}

Test(http_rule, refuses_redirects_that_break_the_rules)
{
    static const char *const targets[] = {
        "ftp://example.org/", "file:///etc/passwd", "https://romeo:secret@example.org/",
        "https://example.org:25/", "//romeo@example.org/", "http://[::1%25lo]/", "http://",
        "gopher://127.0.0.1:70/_x", "javascript:alert(1)",
    };
    struct web w = {0};
    web_init(&w);
    w.httpd.serve = serve_hops;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        w.httpd.ctx = (void *)targets[i];
        hop_check(&w, "/go", 3, SJ_DENIED, "127.0.0.1 redirects to an address that is not used");
    }
    web_release(&w);
}

Test(http_rule, gives_redirects_as_they_are_when_none_is_wanted)
{
    static const enum sj_http_method methods[] = {SJ_HTTP_GET, SJ_HTTP_PUT, SJ_HTTP_POST};
    struct web w = {0};
    web_init(&w);
    w.httpd.answer = "HTTP/1.1 302 x\r\nLocation: /x\r\nContent-Length: 4\r\n\r\nbody";
    for (size_t i = 0; i < 3; i++) {
        struct fetch f = {0};
        struct sj_http_request q = fetch_request(&w, "/");
        q.method = methods[i];
        q.redirects_max = i ? 5 : 0;    /* what has a body is never sent elsewhere */
        q.body = "x";
        q.body_size = i ? 1 : 0;
        fetch_start(&f, &w, q);
        fetch_wait(&f);
        cr_expect_eq(f.err.status, SJ_OK, "%s", f.err.text);
        cr_expect_eq(f.status, 302);
        cr_expect_str_eq(f.body.s, "body");
        fetch_release(&f);
    }
    cr_assert_eq(w.httpd.requests, 3);
    web_release(&w);
}

static void serve_elsewhere(struct httpd *d, struct httpd_peer *p)
{
    char host[200], text[200], answer[500];
    httpd_header(p, "Host", host, sizeof host);
    if (strstr(host, "other.example.org")) {
        cr_expect_str_eq(httpd_header(p, "Authorization", text, sizeof text), "");
        cr_expect_str_eq(httpd_header(p, "X-Private", text, sizeof text), "");
        cr_expect_null(strstr(p->in.s, "Referer"));
        httpd_sends(p, OK);
    } else {
        cr_expect_str_eq(httpd_header(p, "Authorization", text, sizeof text), "Bearer secret");
        snprintf(answer, sizeof answer,
                 "HTTP/1.1 303 See Other\r\nLocation: //other.example.org:%u/\r\n\r\n",
                 (unsigned)d->port);
        httpd_sends(p, answer);
    }
    httpd_next(p);
}

Test(http_rule, keeps_headers_from_other_origins)
{
    static const struct sj_http_header headers[] = {{"Authorization", "Bearer secret"},
                                                    {"X-Private", "1"}};
    struct web w = {0};
    struct fetch f = {0};
    web_init(&w);
    w.httpd.serve = serve_elsewhere;
    w.names.v4[0] = "127.0.0.1";
    struct sj_http_request q = fetch_request(&w, "/");
    q.redirects_max = 2;
    q.headers = headers;
    q.n_headers = 2;
    fetch_start(&f, &w, q);
    fetch_wait(&f);
    cr_assert_eq(f.err.status, SJ_OK, "%s", f.err.text);
    cr_assert_eq(w.httpd.requests, 2);
    fetch_release(&f);
    web_release(&w);
}
