/* SPDX-License-Identifier: MPL-2.0 */
/* http_transfer.c: answers that are cut, wrong, hostile or slow. */
#include <criterion/criterion.h>

#include "httpd.h"
#include "sojourn/memory.h"

#define OK "HTTP/1.1 200 OK\r\n"

/* What the server says before it closes, what comes of it, and the body (NULL: not looked at). */
static const struct {
    const char *answer;
    enum sj_status status;
    const char *text;
    const char *body;
    int64_t length;
} answer_rows[] = {
    {OK "Content-Length: 5\r\n\r\nhello", SJ_OK, "", "hello", 5},
    {OK "Content-Length: 0\r\n\r\n", SJ_OK, "", "", 0},
    {OK "\r\nuntil the end", SJ_OK, "", "until the end", -1},
    {OK "\r\n", SJ_OK, "", "", -1},
    {"HTTP/1.0 200 OK\r\n\r\nold", SJ_OK, "", "old", -1},
    {OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", SJ_OK, "",
     "abcde", -1},
    {OK "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Trailer: 1\r\n\r\n", SJ_OK, "", "a",
     -1},
    {OK "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n3\r\nabc\r\n0\r\n\r\n", SJ_OK, "",
     "abc", -1},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK
     "Content-Length: 1\r\n\r\nx", SJ_OK, "", "x", 1},
    {"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!", SJ_OK, "", "no!", 3},
    {"HTTP/1.1 204 No Content\r\n\r\n", SJ_OK, "", "", 0},
    {OK "Content-Length: 3\r\n\r\nmore than three", SJ_OK, "", "mor", 3},
    {OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", SJ_OK, "", "hello", 5},
    /* cut */
    {"", SJ_UNREACHABLE, "was lost", "", 0},
    {"HTTP/1.1 200", SJ_UNREACHABLE, "", "", 0},
    {OK "Content-Length: 5\r\n", SJ_UNREACHABLE, "was lost", "", 0},
    {OK "Content-Length: 5\r\n\r\nhell", SJ_UNREACHABLE, "was lost", "hell", 5},
    {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", SJ_UNREACHABLE, "was lost", "hel", -1},
    {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", SJ_UNREACHABLE, "was lost", "hello",
     -1},
    /* wrong */
    {"SSH-2.0-OpenSSH_9.2\r\n", SJ_REMOTE, "not understood", "", 0},
    {"hello, this is not HTTP at all\r\n\r\n", SJ_REMOTE, "not understood", "", 0},
    {"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n", SJ_REMOTE, "not understood", "", 0},
    {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nxxx", SJ_REMOTE, "not understood", "",
     0},
    {OK "Content-Length: -5\r\n\r\nhello", SJ_REMOTE, "not understood", "", 0},
    {OK "Content-Length: five\r\n\r\nhello", SJ_REMOTE, "not understood", "", 0},
    {OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", SJ_REMOTE, "contradicts itself", "",
     0},
    {OK "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", SJ_UNREACHABLE, "", "", -1},
    /* too large: at most 20 bytes are wanted */
    {OK "Content-Length: 20\r\n\r\n12345678901234567890", SJ_OK, "", "12345678901234567890", 20},
    {OK "Content-Length: 21\r\n\r\n", SJ_LIMIT, "too large", "", 0},
    {OK "Content-Length: 99999999999999999999999\r\n\r\nx", SJ_LIMIT, "too large", NULL, 0},
    {OK "\r\n123456789012345678901", SJ_LIMIT, "too large", NULL, -1},
    {OK "Transfer-Encoding: chunked\r\n\r\n15\r\n123456789012345678901\r\n0\r\n\r\n", SJ_LIMIT,
     "too large", NULL, -1},
};

static void answer_check(size_t i, enum sj_http_kind kind)
{
    struct web w = {0};
    struct fetch f = {0};
    web_init(&w);
    w.httpd.answer = answer_rows[i].answer;
    w.httpd.close = true;
    struct sj_http_request q = fetch_request(&w, "/");
    q.kind = kind;
    q.response_max = 20;
    fetch_start(&f, &w, q);
    fetch_wait(&f);
    cr_expect_eq(f.err.status, answer_rows[i].status, "row %zu: %s", i, f.err.text);
    cr_expect_not_null(strstr(f.err.text, answer_rows[i].text), "row %zu: %s", i, f.err.text);
    if (answer_rows[i].body)
        cr_expect_str_eq(f.body.s, answer_rows[i].body, "row %zu", i);
    cr_expect_leq(f.received, 20u);
    if (f.heads)
        cr_expect_eq(f.length, answer_rows[i].length, "row %zu: %d", i, (int)f.length);
    fetch_release(&f);
    web_release(&w);
}

Test(http_answer, takes_what_is_well_formed_and_refuses_the_rest)
{
    for (size_t i = 0; i < sizeof answer_rows / sizeof answer_rows[0]; i++) {
        answer_check(i, SJ_HTTP_TRANSFER);
        answer_check(i, SJ_HTTP_CALL);
    }
}

static void note_headers(struct fetch *f)
{
    static const char *const rows[][2] = {
        {"Retry-After", "120"},   {"retry-after", "120"},
        {"Content-Disposition", "attachment; filename=\"a.png\""},
        {"Content-Length", "0"},  {"X-Twice", "1"},
        {"X-Missing", NULL},      {"", NULL},
        {"X-Early", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *value = sj_http_response_header(f->web->http, f->id, rows[i][0]);
        cr_expect_eq(!value, !rows[i][1], "%s", rows[i][0]);
        if (value && rows[i][1])
            cr_expect_str_eq(value, rows[i][1]);
    }
}

static void ask_too_late(struct fetch *f)
{
    cr_expect_null(sj_http_response_header(f->web->http, f->id, "Retry-After"));
}

Test(http_answer, shows_headers_during_the_headers_event)
{
    struct web w = {0};
    struct fetch f = {.on_headers = note_headers, .on_done = ask_too_late};
    web_init(&w);
    w.httpd.answer = "HTTP/1.1 103 Early\r\nX-Early: 1\r\n\r\n"
                     "HTTP/1.1 429 Slow down\r\nRetry-After: 120\r\nX-Twice: 1\r\nX-Twice: 2\r\n"
                     "Content-Disposition: attachment; filename=\"a.png\"\r\n"
                     "Content-Length: 0\r\n\r\n";
    fetch_get(&f, &w, "/");
    cr_expect_null(sj_http_response_header(w.http, f.id, "Retry-After"));
    fetch_wait(&f);
    cr_assert_eq(f.status, 429);
    cr_assert_eq(sj_http_status_check(f.status, &f.err), SJ_LIMIT);
    fetch_release(&f);
    web_release(&w);
}

static void serve_endless_head(struct httpd *d, struct httpd_peer *p)
{
    (void)d;
    httpd_sends(p, OK);
    for (int i = 0; i < 3000; i++)
        httpd_sends(p, "X-Filler: 0123456789012345678901234567890123456789\r\n");
    httpd_next(p);
}

static void serve_endless_line(struct httpd *d, struct httpd_peer *p)
{
    (void)d;
    char *line = sj_malloc(200000);
    memset(line, 'x', 200000);
    httpd_sends(p, OK "X: ");
    httpd_send(p, line, 200000);
    sj_free(line);
    httpd_next(p);
}

static void serve_endless_hints(struct httpd *d, struct httpd_peer *p)
{
    (void)d;
    for (int i = 0; i < 5000; i++)
        httpd_sends(p, "HTTP/1.1 103 Early Hints\r\n\r\n");
    httpd_next(p);
}

Test(http_answer, bounds_the_head)
{
    struct web w = {0};
    web_init(&w);
    w.httpd.serve = serve_endless_head;
    fetch_expect(&w, "/", SJ_LIMIT, "too large");
    w.httpd.serve = serve_endless_hints;
    fetch_expect(&w, "/", SJ_LIMIT, "too large");
    w.httpd.serve = serve_endless_line;     /* libcurl's own bound */
    struct fetch f = {0};
    fetch_get(&f, &w, "/");
    fetch_wait(&f);
    cr_assert_eq(f.heads, 0);
    cr_assert_neq(f.err.status, SJ_OK);
    fetch_release(&f);
    web_release(&w);
}

/* 65536 zeros, compressed with gzip */
static const uint8_t zeros[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x01, 0x01, 0x00, 0x00,
    0x00, 0x80, 0x90, 0xfe, 0xaf, 0xee, 0x08, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x6a, 0xeb, 0x8e, 0x97, 0xd7, 0x00, 0x00, 0x01, 0x00,
};

static void serve_zeros(struct httpd *d, struct httpd_peer *p)
{
    char text[100];
    const char *accepted = d->ctx;
    cr_expect_str_eq(httpd_header(p, "Accept-Encoding", text, sizeof text), accepted);
    snprintf(text, sizeof text, OK "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
             sizeof zeros);
    httpd_sends(p, text);
    httpd_send(p, zeros, sizeof zeros);
    httpd_next(p);
}

static void fetch_zeros(struct web *w, struct fetch *f, enum sj_http_kind kind, uint64_t max)
{
    struct sj_http_request q = fetch_request(w, "/");
    q.kind = kind;
    q.response_max = max;
    f->count_only = true;
    w->httpd.ctx = (void *)(kind == SJ_HTTP_CALL ? "gzip, deflate" : "");
    fetch_start(f, w, q);
    fetch_wait(f);
    fetch_release(f);
}

Test(http_answer, counts_what_comes_out_of_compression)
{
    struct web w = {0};
    struct fetch whole = {0}, bomb = {0}, raw = {0};
    web_init(&w);
    w.httpd.serve = serve_zeros;
    fetch_zeros(&w, &whole, SJ_HTTP_CALL, 65536);
    cr_assert_eq(whole.err.status, SJ_OK, "%s", whole.err.text);
    cr_assert_eq(whole.received, 65536u);
    cr_assert_eq(whole.length, -1);
    fetch_zeros(&w, &bomb, SJ_HTTP_CALL, 65535);
    cr_assert_eq(bomb.err.status, SJ_LIMIT);
    cr_assert_leq(bomb.received, 65535u);
    fetch_zeros(&w, &raw, SJ_HTTP_TRANSFER, 1000);
    cr_assert_eq(raw.err.status, SJ_OK, "files are taken as they are");
    cr_assert_eq(raw.received, sizeof zeros);
    web_release(&w);
}

Test(http_answer, asks_with_head_for_the_head_only)
{
    struct web w = {0};
    struct fetch f = {0};
    web_init(&w);
    w.httpd.answer = OK "Content-Length: 123456789\r\nContent-Type: video/mp4\r\n\r\n";
    struct sj_http_request q = fetch_request(&w, "/");
    q.method = SJ_HTTP_HEAD;
    q.response_max = 0;
    fetch_start(&f, &w, q);
    fetch_wait(&f);
    cr_assert_eq(f.err.status, SJ_OK, "%s", f.err.text);
    cr_assert_eq(f.length, 123456789);
    cr_assert_str_eq(f.type, "video/mp4");
    cr_assert_eq(f.datas, 0);
    fetch_release(&f);
    web_release(&w);
}

/* ---- uploads ---- */

static struct sj_http_request put_request(struct web *w, uint64_t size)
{
    struct sj_http_request q = fetch_request(w, "/slot");
    q.method = SJ_HTTP_PUT;
    q.streamed = true;
    q.body_size = size;
    return q;
}

static void write_some(struct fetch *f, size_t room)
{
    char bytes[1000] = {0};
    size_t n = room < sizeof bytes ? room : sizeof bytes;
    if (f->to_write + n <= 5000)
        sj_http_write(f->web->http, f->id, bytes, n);
    f->to_write += n;
}

static void serve_at_once(struct httpd *d, struct httpd_peer *p)
{
    if (p->requests)
        return;
    httpd_sends(p, d->answer);
    p->close_after = d->close;
    httpd_next(p);
}

Test(http_answer, ends_an_upload_that_is_refused_on_the_way)
{
    struct web w = {0};
    web_init(&w);
    w.httpd.serve = serve_at_once;
    w.httpd.answer = "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno!";
    for (int i = 0; i < 3; i++) {       /* the owner writes: nothing, little, little; closing */
        struct fetch f = {.on_writable = i ? write_some : NULL};
        w.httpd.close = i == 2;
        fetch_start(&f, &w, put_request(&w, 1000000));
        fetch_wait(&f);
        cr_assert_eq(f.err.status, SJ_OK, "%s", f.err.text);
        cr_assert_eq(f.status, 413);
        cr_assert_str_eq(f.body.s, "no!");
        cr_assert_eq(sj_http_write(w.http, f.id, "x", 1), SJ_NOTFOUND);
        fetch_release(&f);
    }
    web_release(&w);
}

Test(http_answer, does_not_take_success_for_half_a_file)
{
    struct web w = {0};
    struct fetch f = {.on_writable = write_some};
    web_init(&w);
    w.httpd.serve = serve_at_once;
    w.httpd.close = true;
    w.httpd.answer = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    struct sj_http_request q = put_request(&w, 1000000);
    q.total_ms = 1000;
    fetch_start(&f, &w, q);
    for (int i = 0; i < HTTPD_TURNS && !f.heads; i++)
        web_turn(&w);
    web_turns(&w, 5);
    if (!f.dones)
        sj_loop_test_advance(w.loop, 2000);
    fetch_wait(&f);
    cr_assert_neq(f.err.status, SJ_OK);
    fetch_release(&f);
    web_release(&w);
}

static void serve_reset(struct httpd *d, struct httpd_peer *p)
{
    (void)d;
    if (p->in.len > 3000 || !d->ctx)
        p->reset_after = true;
}

Test(http_answer, says_that_the_connection_was_lost)
{
    struct web w = {0};
    struct fetch f = {.on_writable = write_some};
    web_init(&w);
    w.httpd.serve = serve_reset;
    fetch_expect(&w, "/", SJ_UNREACHABLE, "the connection to 127.0.0.1 was lost");
    w.httpd.ctx = &w;
    fetch_start(&f, &w, put_request(&w, 1000000));
    fetch_wait(&f);
    cr_assert_eq(f.err.status, SJ_UNREACHABLE, "%s", f.err.text);
    fetch_release(&f);
    web_release(&w);
}

Test(http_answer, checks_what_is_written)
{
    struct web w = {0};
    struct fetch f = {0};
    char *bytes = sj_calloc(1, SJ_HTTP_ROOM_MAX + 1);
    web_init(&w);
    w.httpd.answer = OK "Content-Length: 0\r\n\r\n";
    fetch_start(&f, &w, put_request(&w, SJ_HTTP_ROOM_MAX + 10));
    cr_assert_eq(sj_http_room(w.http, f.id), SJ_HTTP_ROOM_MAX);
    cr_assert_eq(sj_http_write(w.http, f.id, bytes, SJ_HTTP_ROOM_MAX + 1), SJ_LIMIT);
    cr_assert_eq(sj_http_write(w.http, f.id, bytes, SJ_HTTP_ROOM_MAX), SJ_OK);
    cr_assert_eq(sj_http_room(w.http, f.id), 0u);
    cr_assert_eq(sj_http_write(w.http, f.id, bytes, 1), SJ_LIMIT);
    cr_assert_eq(sj_http_write(w.http, f.id, bytes, 11), SJ_INVALID);
    cr_assert_eq(sj_http_write(w.http, f.id, bytes, 0), SJ_OK);
    cr_assert_eq(sj_http_write(w.http, f.id + 1, bytes, 1), SJ_NOTFOUND);
    for (int i = 0; i < HTTPD_TURNS && sj_http_room(w.http, f.id) != 10; i++)
        web_turn(&w);
    cr_assert_eq(sj_http_write(w.http, f.id, bytes, 10), SJ_OK);
    cr_assert_eq(sj_http_write(w.http, f.id, bytes, 1), SJ_INVALID);
    fetch_wait(&f);
    cr_assert_eq(f.writables, 1, "%u", f.writables);
    fetch_release(&f);
    web_release(&w);
    sj_free(bytes);
}

/* ---- connections that turn out to be dead ---- */

static void serve_once_only(struct httpd *d, struct httpd_peer *p)
{
    if (p->requests) {
        p->close_after = true;          /* without a word */
        d->requests++;
        return;
    }
    httpd_sends(p, OK "Content-Length: 0\r\n\r\n");
    httpd_next(p);
}

static const struct {
    enum sj_http_method method;
    uint64_t body_size;
    enum sj_status status;
    unsigned requests;
} dead_rows[] = {
    {SJ_HTTP_GET, 0, SJ_OK, 3},
    {SJ_HTTP_PUT, 5, SJ_OK, 3},
    {SJ_HTTP_POST, 5, SJ_UNREACHABLE, 2},
    {SJ_HTTP_POST, 0, SJ_UNREACHABLE, 2},
};

Test(http_answer, asks_again_on_a_dead_connection_but_never_posts_twice)
{
    for (size_t i = 0; i < sizeof dead_rows / sizeof dead_rows[0]; i++) {
        struct web w = {0};
        struct fetch first = {0}, second = {0};
        web_init(&w);
        w.httpd.serve = serve_once_only;
        struct sj_http_request q = fetch_request(&w, "/");
        q.kind = SJ_HTTP_CALL;
        fetch_start(&first, &w, q);
        fetch_wait(&first);
        cr_assert_eq(first.err.status, SJ_OK);
        q.method = dead_rows[i].method;
        q.body = "hello";
        q.body_size = dead_rows[i].body_size;
        fetch_start(&second, &w, q);
        fetch_wait(&second);
        cr_expect_eq(second.err.status, dead_rows[i].status, "row %zu: %s", i, second.err.text);
        cr_expect_eq(w.httpd.requests, dead_rows[i].requests, "row %zu: %u", i, w.httpd.requests);
        fetch_release(&first);
        fetch_release(&second);
        web_release(&w);
    }
}

Test(http_answer, tells_statuses_to_users)
{
    static const struct {
        int status;
        enum sj_status want;
    } rows[] = {
        {200, SJ_OK},      {201, SJ_OK},       {299, SJ_OK},       {304, SJ_REMOTE},
        {400, SJ_REMOTE},  {401, SJ_AUTH},     {403, SJ_DENIED},   {404, SJ_NOTFOUND},
        {410, SJ_NOTFOUND}, {408, SJ_TIMEOUT}, {413, SJ_LIMIT},    {429, SJ_LIMIT},
        {500, SJ_REMOTE},  {504, SJ_TIMEOUT},  {507, SJ_LIMIT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sj_error err = {0};
        cr_expect_eq(sj_http_status_check(rows[i].status, &err), rows[i].want, "%d",
                     rows[i].status);
        cr_expect_eq(err.status, rows[i].want);
        cr_expect_eq(!err.text[0], rows[i].want == SJ_OK);
    }
}
