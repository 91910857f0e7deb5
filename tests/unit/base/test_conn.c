/* SPDX-License-Identifier: MPL-2.0 */
/* conn.c, conn_input.c, conn_connect.c over loopback, without TLS: connecting and reading. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"

/* ---- connecting ---- */

Test(conn, comes_up_and_carries_bytes_both_ways)
{
    struct wire w;
    char got[16];
    wire_init(&w);
    wire_establish(&w);
    cr_assert_str_eq(sj_conn_tls_text(w.conn), "");
    sj_conn_write(w.conn, "hello ", 6);
    sj_conn_write(w.conn, "world", 5);
    cr_assert_eq(sj_conn_queued(w.conn), 11);
    wire_peer_expect(&w, got, 11);
    cr_assert_str_eq(got, "hello world");
    cr_assert_eq(sj_conn_queued(w.conn), 0);
    wire_peer_send(&w, "answer");
    while (w.input.len < 6)
        sj_loop_turn(w.loop, WIRE_WAIT_MS);
    cr_assert_str_eq(w.input.s, "answer");
    wire_release(&w);
}

Test(conn, sends_what_was_written_before_it_was_up)
{
    struct wire w;
    char got[16];
    wire_init(&w);
    wire_listen(&w);
    wire_connect(&w, NULL);
    sj_conn_write(w.conn, "early", 5);
    wire_until(&w, wire_is_up);
    wire_accept(&w);
    wire_peer_expect(&w, got, 5);
    cr_assert_str_eq(got, "early");
    wire_release(&w);
}

Test(conn, says_who_refused_the_connection)
{
    struct wire w;
    wire_init(&w);
    wire_listen(&w);
    close(w.listener);
    w.listener = -1;
    wire_connect(&w, NULL);
    wire_until(&w, wire_is_down);
    cr_assert_eq(w.why.status, SJ_UNREACHABLE);
    char expected[100];
    snprintf(expected, sizeof expected,
             "cannot connect to 127.0.0.1 port %u: Connection refused", (unsigned)w.port);
    cr_assert_str_eq(w.why.text, expected);
    cr_assert_str_eq(w.events, "X");
    wire_turns(&w, 5);
    cr_assert_eq(w.downs, 1);
    wire_release(&w);
}

Test(conn, connects_from_a_given_address)
{
    struct wire w;
    wire_init(&w);
    wire_listen(&w);
    struct sj_conn_target target = {
        .host = "127.0.0.1", .port = w.port, .source = {"127.0.0.9"}, .timeout_ms = 10000};
    wire_connect(&w, &target);
    wire_until(&w, wire_is_up);
    cr_assert_eq(w.ups, 1, "%s", w.why.text);
    wire_accept(&w);
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    cr_assert_eq(getpeername(w.peer, (struct sockaddr *)&from, &len), 0);
    cr_assert_eq(from.sin_addr.s_addr, inet_addr("127.0.0.9"));
    wire_release(&w);
}

Test(conn, connects_from_the_address_of_the_right_family)
{
    for (int i = 0; i < 2; i++) {
        struct wire w;
        wire_init(&w);
        wire_listen(&w);
        struct sj_conn_target target = {.host = "127.0.0.1", .port = w.port, .timeout_ms = 10000};
        target.source[i] = "127.0.0.9";
        target.source[1 - i] = "2001:db8::1";
        wire_connect(&w, &target);
        wire_until(&w, wire_is_up);
        cr_assert_eq(w.ups, 1, "%s", w.why.text);
        wire_accept(&w);
        struct sockaddr_in from;
        socklen_t len = sizeof from;
        cr_assert_eq(getpeername(w.peer, (struct sockaddr *)&from, &len), 0);
        cr_expect_eq(from.sin_addr.s_addr, inet_addr("127.0.0.9"));
        wire_release(&w);
    }
}

Test(conn, refuses_sources_that_cannot_be_used)
{
    static const char *const sources[] = {"localhost", "::1", "192.0.2.1"};
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        struct wire w;
        wire_init(&w);
        wire_listen(&w);
        struct sj_conn_target target = {
            .host = "127.0.0.1", .port = w.port, .source = {sources[i]}, .timeout_ms = 10000};
        wire_connect(&w, &target);
        wire_until(&w, wire_is_down);
        cr_expect_eq(w.why.status, SJ_UNREACHABLE, "row %zu", i);
        wire_release(&w);
    }
}

Test(conn, gives_up_connecting_in_time)
{
    struct wire w;
    int full[64];
    size_t n = 0;
    wire_init(&w);
    wire_listen(&w);
    /* A listener whose queue is full answers nobody. */
    cr_assert_eq(listen(w.listener, 0), 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(w.port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (; n < 4; n++) {
        full[n] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(full[n], (struct sockaddr *)&address, sizeof address);
    }
    struct sj_conn_target target = {.host = "127.0.0.1", .port = w.port, .timeout_ms = 30000};
    wire_connect(&w, &target);
    wire_turns(&w, 3);
    cr_assert_str_eq(w.events, "");
    sj_loop_test_advance(w.loop, 30000 + SJ_LOOP_TICK_MS);
    wire_until(&w, wire_is_down);
    cr_assert_eq(w.why.status, SJ_TIMEOUT);
    cr_assert_not_null(strstr(w.why.text, "timed out"), "%s", w.why.text);
    while (n--)
        close(full[n]);
    wire_release(&w);
}

Test(conn, works_above_descriptor_1024)
{
    struct rlimit limit;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max < 2048 ? limit.rlim_max : 2048;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < 1200)
        cr_skip_test("the system does not allow so many descriptors");
    for (int i = 0; i < 1100; i++)
        cr_assert_geq(open("/dev/null", O_RDONLY), 0);
    struct wire w;
    wire_init(&w);
    wire_establish(&w);
    cr_assert_gt(w.peer, 1024);
    wire_peer_send(&w, "x");
    while (!w.input.len)
        sj_loop_turn(w.loop, WIRE_WAIT_MS);
    wire_release(&w);
}

/* ---- input ---- */

static bool wire_has_data(struct wire *w)
{
    return w->datas > 0;
}

static void leave_input(struct wire *w)
{
    (void)w;
}

Test(conn, cuts_lines_at_lf_and_crlf)
{
    struct wire w;
    char *line;
    size_t n;
    wire_init(&w);
    w.on_data = leave_input;
    wire_establish(&w);
    wire_peer_send(&w, "one\r\ntwo\n\r\n\na\rb\r\ntail");
    wire_until(&w, wire_has_data);
    static const char *const lines[] = {"one", "two", "", "", "a\rb"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        cr_assert_eq(sj_conn_line(w.conn, 512, &line, &n), SJ_LINE_OK, "line %zu", i);
        cr_assert_str_eq(line, lines[i]);
        cr_assert_eq(n, strlen(lines[i]));
    }
    cr_assert_eq(sj_conn_line(w.conn, 512, &line, &n), SJ_LINE_NONE);
    cr_assert_eq(sj_conn_available(w.conn), 4);
    w.datas = 0;
    wire_peer_send(&w, "\r");
    wire_until(&w, wire_has_data);
    cr_assert_eq(sj_conn_line(w.conn, 512, &line, &n), SJ_LINE_NONE);
    w.datas = 0;
    wire_peer_send(&w, "\nnext\n");
    wire_until(&w, wire_has_data);
    cr_assert_eq(sj_conn_line(w.conn, 512, &line, &n), SJ_LINE_OK);
    cr_assert_str_eq(line, "tail");
    cr_assert_eq(sj_conn_line(w.conn, 512, &line, &n), SJ_LINE_OK);
    cr_assert_str_eq(line, "next");
    cr_assert_eq(sj_conn_line(w.conn, 512, &line, &n), SJ_LINE_NONE);
    wire_release(&w);
}

Test(conn, takes_lines_of_max_bytes_and_no_longer_ones)
{
    static const struct {
        const char *text;
        enum sj_line result;
    } rows[] = {
        {"12345", SJ_LINE_NONE},      {"12345\r", SJ_LINE_NONE},   {"12345\r\n", SJ_LINE_OK},
        {"12345\n", SJ_LINE_OK},      {"123456", SJ_LINE_TOO_LONG}, {"123456\n", SJ_LINE_TOO_LONG},
        {"12345\r6", SJ_LINE_TOO_LONG}, {"123456\r\n", SJ_LINE_TOO_LONG},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct wire w;
        char *line;
        size_t n;
        wire_init(&w);
        w.on_data = leave_input;
        wire_establish(&w);
        wire_peer_send(&w, rows[i].text);
        wire_until(&w, wire_has_data);
        cr_expect_eq(sj_conn_line(w.conn, 5, &line, &n), rows[i].result, "row %zu", i);
        wire_release(&w);
    }
}

Test(conn, keeps_nul_bytes_inside_lines)
{
    struct wire w;
    char *line;
    size_t n;
    wire_init(&w);
    w.on_data = leave_input;
    wire_establish(&w);
    cr_assert_eq(send(w.peer, "a\0b\n", 4, 0), 4);
    wire_until(&w, wire_has_data);
    cr_assert_eq(sj_conn_line(w.conn, 512, &line, &n), SJ_LINE_OK);
    cr_assert_eq(n, 3);
    cr_assert_eq(memcmp(line, "a\0b", 4), 0);
    wire_release(&w);
}

/* Sends n bytes from the other end while the loop turns. */
static void peer_flood(struct wire *w, size_t n)
{
    char part[4096];
    memset(part, 'x', sizeof part);
    for (int idle = 0; n && idle < 50;) {
        ssize_t done = send(w->peer, part, n < sizeof part ? n : sizeof part, MSG_NOSIGNAL);
        idle = done > 0 ? 0 : idle + 1;
        n -= done > 0 ? (size_t)done : 0;
        sj_loop_turn(w->loop, done > 0 ? 0 : 1);
    }
}

Test(conn, stops_reading_when_nobody_takes_the_input)
{
    struct wire w;
    char *line;
    size_t n;
    wire_init(&w);
    w.on_data = leave_input;
    wire_establish(&w);
    peer_flood(&w, 16 * 1024 * 1024);
    cr_assert_leq(sj_conn_available(w.conn), SJ_CONN_INPUT_MAX);
    cr_assert_eq(sj_conn_line(w.conn, 100000, &line, &n), SJ_LINE_TOO_LONG);
    /* taken again, all the rest comes, in order and whole */
    w.on_data = NULL;
    wire_read(&w);
    size_t before = w.input.len;
    wire_turns(&w, 5);
    cr_assert_gt(w.input.len, before);
    wire_release(&w);
}

Test(conn, is_silent_while_paused)
{
    struct wire w;
    wire_init(&w);
    wire_establish(&w);
    sj_conn_pause(w.conn, true);
    wire_peer_send(&w, "waits");
    wire_turns(&w, 5);
    cr_assert_eq(w.datas, 0);
    sj_conn_pause(w.conn, false);
    wire_until(&w, wire_has_data);
    cr_assert_str_eq(w.input.s, "waits");
    wire_release(&w);
}

static void pause_after_first(struct wire *w)
{
    char *line;
    size_t n;
    if (sj_conn_line(w->conn, 512, &line, &n) != SJ_LINE_OK)
        return;
    sj_strbuf_adds(&w->input, line);
    sj_conn_pause(w->conn, true);
}

Test(conn, hands_over_what_was_left_when_it_is_resumed)
{
    struct wire w;
    wire_init(&w);
    w.on_data = pause_after_first;
    wire_establish(&w);
    wire_peer_send(&w, "a\nb\nc\n");
    wire_until(&w, wire_has_data);
    wire_turns(&w, 3);
    cr_assert_str_eq(w.input.s, "a");
    sj_conn_pause(w.conn, false);
    wire_turns(&w, 3);
    cr_assert_str_eq(w.input.s, "ab");
    sj_conn_pause(w.conn, false);
    wire_turns(&w, 3);
    cr_assert_str_eq(w.input.s, "abc");
    wire_release(&w);
}

static void one_line_a_turn(struct wire *w)
{
    char *line;
    size_t n;
    if (sj_conn_line(w->conn, 512, &line, &n) != SJ_LINE_OK)
        return;
    sj_strbuf_adds(&w->input, line);
    sj_conn_again(w->conn);
}

Test(conn, calls_again_in_the_next_turn_and_ends_after_the_last_line)
{
    struct wire w;
    wire_init(&w);
    w.on_data = one_line_a_turn;
    wire_establish(&w);
    wire_peer_send(&w, "a\nb\nc\n");
    shutdown(w.peer, SHUT_WR);
    wire_until(&w, wire_has_data);
    cr_assert_str_eq(w.input.s, "a", "one line a turn");
    sj_loop_turn(w.loop, 1000);
    cr_assert_str_eq(w.input.s, "ab");
    wire_until(&w, wire_is_down);
    cr_assert_str_eq(w.input.s, "abc");
    cr_assert_eq(w.events[strlen(w.events) - 1], 'X');
    cr_assert_eq(w.why.status, SJ_REMOTE);
    wire_release(&w);
}

Test(conn, delivers_the_last_bytes_before_the_end)
{
    struct wire w;
    wire_init(&w);
    wire_establish(&w);
    wire_peer_send(&w, "ERROR :bye\r\n");
    close(w.peer);
    w.peer = -1;
    wire_until(&w, wire_is_down);
    cr_assert_str_eq(w.input.s, "ERROR :bye\r\n");
    cr_assert_str_eq(w.events, "UDX");
    cr_assert_eq(w.why.status, SJ_REMOTE);
    cr_assert_str_eq(w.why.text, "connection closed by the other side");
    sj_conn_write(w.conn, "nobody hears", 12);
    cr_assert_eq(sj_conn_queued(w.conn), 0);
    wire_release(&w);
}

Test(conn, leaves_unread_input_readable_when_down)
{
    struct wire w;
    char *line;
    size_t n;
    wire_init(&w);
    w.on_data = leave_input;
    wire_establish(&w);
    wire_peer_send(&w, "last words\n");
    close(w.peer);
    w.peer = -1;
    wire_until(&w, wire_is_down);
    cr_assert_eq(sj_conn_line(w.conn, 512, &line, &n), SJ_LINE_OK);
    cr_assert_str_eq(line, "last words");
    wire_release(&w);
}

Test(conn, reports_a_reset)
{
    struct wire w;
    wire_init(&w);
    wire_establish(&w);
    struct linger linger = {.l_onoff = 1};
    setsockopt(w.peer, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(w.peer);
    w.peer = -1;
    wire_until(&w, wire_is_down);
    cr_assert_eq(w.why.status, SJ_UNREACHABLE);
    cr_assert_str_eq(w.why.text, "connection lost: Connection reset by peer");
    wire_release(&w);
}

Test(conn, notices_a_lost_peer_when_writing_while_paused)
{
    struct wire w;
    wire_init(&w);
    wire_establish(&w);
    sj_conn_pause(w.conn, true);
    struct linger linger = {.l_onoff = 1};
    setsockopt(w.peer, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(w.peer);
    w.peer = -1;
    for (int i = 0; i < 100 && !w.downs; i++) {
        sj_conn_write(w.conn, "x", 1);
        sj_loop_turn(w.loop, 1);
    }
    cr_assert_eq(w.downs, 1);
    cr_assert_eq(w.why.status, SJ_UNREACHABLE);
    wire_release(&w);
}

Test(conn, remembers_when_input_came)
{
    struct wire w;
    wire_init(&w);
    wire_establish(&w);
    sj_loop_test_advance(w.loop, 5000);
    int64_t now_ms = sj_loop_now_ms(w.loop);
    cr_assert_leq(sj_conn_last_input_ms(w.conn), now_ms - 5000);
    wire_peer_send(&w, "x");
    wire_until(&w, wire_has_data);
    cr_assert_eq(sj_conn_last_input_ms(w.conn), now_ms);
    wire_release(&w);
}
