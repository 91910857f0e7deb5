/* SPDX-License-Identifier: MPL-2.0 */
/* http.c and its parts: requests that go well, both ways, slowly and fast. */
#include <criterion/criterion.h>

#include "httpd.h"
#include "sojourn/memory.h"

#define BIG (3u * 1024 * 1024)

static char pattern(size_t i)
{
    return (char)('a' + (i * 7 + i / 251) % 26);
}

static void check_pattern(const char *p, size_t n, size_t want)
{
    cr_assert_eq(n, want);
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(p[i], pattern(i), "byte %zu", i);
}

Test(http, fetches_a_page)
{
    struct web w = {0};
    struct fetch f = {0};
    web_init(&w);
    w.httpd.answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
                     "\r\nhello";
    fetch_get(&f, &w, "/page?x=1#part");
    fetch_wait(&f);
    cr_assert_eq(f.err.status, SJ_OK, "%s", f.err.text);
    cr_assert_eq(f.head_status, 200);
    cr_assert_eq(f.status, 200);
    cr_assert_str_eq(f.type, "text/plain");
    cr_assert_eq(f.length, 5);
    cr_assert_str_eq(f.body.s, "hello");
    cr_assert_eq(sj_http_counts(w.http).running, 0);
    fetch_release(&f);
    web_release(&w);
}

static void serve_delete(struct httpd *d, struct httpd_peer *p)
{
    static const char line[] = "DELETE /old HTTP/1.1\r\n";
    char length[20];
    (void)d;
    cr_expect_eq(strncmp(p->in.s + p->read, line, sizeof line - 1), 0);
    cr_expect_str_eq(httpd_header(p, "Content-Length", length, sizeof length), "");
    httpd_sends(p, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    httpd_next(p);
}

Test(http, deletes_without_a_body)
{
    struct web w = {0};
    struct fetch f = {0};
    web_init(&w);
    w.httpd.serve = serve_delete;
    struct sj_http_request q = fetch_request(&w, "/old");
    q.method = SJ_HTTP_DELETE;
    fetch_start(&f, &w, q);
    fetch_wait(&f);
    cr_assert_eq(f.err.status, SJ_OK, "%s", f.err.text);
    cr_assert_str_eq(f.body.s, "{}");
    fetch_release(&f);
    web_release(&w);
}

static void serve_big(struct httpd *d, struct httpd_peer *p)
{
    char head[100];
    (void)d;
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", BIG);
    httpd_sends(p, head);
    char *body = sj_malloc(BIG);
    for (size_t i = 0; i < BIG; i++)
        body[i] = pattern(i);
    httpd_send(p, body, BIG);
    sj_free(body);
    httpd_next(p);
}

Test(http, fetches_a_large_file_in_parts)
{
    struct web w = {0};
    struct fetch f = {0};
    web_init(&w);
    w.httpd.serve = serve_big;
    struct sj_http_request q = fetch_request(&w, "/");
    q.response_max = BIG;
    fetch_start(&f, &w, q);
    fetch_wait(&f);
    cr_assert_eq(f.err.status, SJ_OK, "%s", f.err.text);
    check_pattern(f.body.s, f.body.len, BIG);
    fetch_release(&f);
    web_release(&w);
}

static void pause_now(struct fetch *f)
{
    sj_http_pause(f->web->http, f->id);
}

Test(http, holds_data_back_while_paused)
{
    struct web w = {0};
    struct fetch f = {.on_data = pause_now};
    web_init(&w);
    w.httpd.serve = serve_big;
    struct sj_http_request q = fetch_request(&w, "/");
    q.response_max = BIG;
    fetch_start(&f, &w, q);
    unsigned heard = 0;
    while (!f.dones) {
        for (int i = 0; i < HTTPD_TURNS && f.datas == heard && !f.dones; i++)
            web_turn(&w);
        if (heard % 50 == 3)
            web_turns(&w, 20);
        cr_assert(f.datas == heard + 1 || (f.dones && f.datas == heard), "%u, then %u", heard,
                  f.datas);
        heard = f.datas;
        sj_http_resume(w.http, f.id);
    }
    cr_assert_eq(f.err.status, SJ_OK, "%s", f.err.text);
    check_pattern(f.body.s, f.body.len, BIG);
    fetch_release(&f);
    web_release(&w);
}

/* Answers when the body that Content-Length announced is there. */
static void serve_upload(struct httpd *d, struct httpd_peer *p)
{
    char text[100];
    const char *body;
    int64_t length = -1;
    size_t n = httpd_body(p, &body);
    (void)d;
    sj_parse_int(httpd_header(p, "Content-Length", text, sizeof text), 0, INT64_MAX, &length);
    cr_assert_geq(length, 0);
    if (n < (size_t)length)
        return;
    check_pattern(body, n, (size_t)length);
    cr_assert_str_eq(httpd_header(p, "Expect", text, sizeof text), "");
    cr_assert_str_eq(httpd_header(p, "Transfer-Encoding", text, sizeof text), "");
    cr_assert_str_eq(httpd_header(p, "Content-Type", text, sizeof text), "image/png");
    httpd_sends(p, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    httpd_next(p);
}

/* Fills what room there is, in odd pieces. */
static void write_more(struct fetch *f, size_t room)
{
    char bytes[7777];
    while (room > 0) {
        size_t n = room < sizeof bytes ? room : sizeof bytes;
        for (size_t i = 0; i < n; i++)
            bytes[i] = pattern(f->to_write + i);
        cr_assert_eq(sj_http_write(f->web->http, f->id, bytes, n), SJ_OK);
        f->to_write += n;
        room -= n;
        cr_assert_eq(sj_http_room(f->web->http, f->id), room);
    }
}

static const struct sj_http_header image_header[] = {{"Content-Type", "image/png"}};

static struct sj_http_request upload_request(struct web *w, uint64_t size)
{
    struct sj_http_request q = fetch_request(w, "/slot");
    q.method = SJ_HTTP_PUT;
    q.headers = image_header;
    q.n_headers = 1;
    q.streamed = true;
    q.body_size = size;
    return q;
}

Test(http, streams_a_file_to_the_server)
{
    static const uint64_t sizes[] = {0, 1, 7777, SJ_HTTP_ROOM_MAX, SJ_HTTP_ROOM_MAX + 1, BIG};
    struct web w = {0};
    web_init(&w);
    w.httpd.serve = serve_upload;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct fetch f = {.on_writable = write_more};
        fetch_start(&f, &w, upload_request(&w, sizes[i]));
        fetch_wait(&f);
        cr_assert_eq(f.err.status, SJ_OK, "%s", f.err.text);
        cr_assert_eq(f.status, 201);
        cr_assert_eq(f.to_write, sizes[i]);
        fetch_release(&f);
    }
    web_release(&w);
}

Test(http, sends_a_body_from_memory)
{
    struct web w = {0};
    web_init(&w);
    w.httpd.serve = serve_upload;
    char *body = sj_malloc(100000);
    for (size_t i = 0; i < 100000; i++)
        body[i] = pattern(i);
    for (int i = 0; i < 4; i++) {
        struct fetch f = {0};
        struct sj_http_request q = upload_request(&w, i & 1 ? 100000 : 10);
        q.streamed = false;
        q.body = body;
        q.method = i & 2 ? SJ_HTTP_POST : SJ_HTTP_PUT;
        q.kind = SJ_HTTP_CALL;
        fetch_start(&f, &w, q);
        fetch_wait(&f);
        cr_assert_eq(f.err.status, SJ_OK, "%s", f.err.text);
        cr_assert_eq(f.status, 201);
        fetch_release(&f);
    }
    cr_assert_eq(w.httpd.accepted, 1, "calls share a connection");
    sj_free(body);
    web_release(&w);
}
