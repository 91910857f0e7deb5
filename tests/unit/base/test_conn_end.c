/* SPDX-License-Identifier: MPL-2.0 */
/* conn.c and conn_output.c over loopback, without TLS: writing, ending, cost. */
#include <criterion/criterion.h>
#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sojourn/memory.h"
#include "wire.h"

/* ---- output ---- */

static bool wire_is_drained(struct wire *w)
{
    return w->draineds > 0;
}

Test(conn_end, writes_on_when_a_slow_peer_reads_again)
{
    struct wire w;
    size_t total = 8 * 1024 * 1024;
    char *sent = sj_malloc(total);
    char *got = sj_malloc(total + 1);
    wire_init(&w);
    wire_establish(&w);
    sj_random_bytes(sent, total);
    for (size_t at = 0; at < total; at += 65536)
        sj_conn_write(w.conn, sent + at, 65536);
    sj_conn_wants_drain(w.conn);
    wire_turns(&w, 5);
    cr_assert_gt(sj_conn_queued(w.conn), 0);
    cr_assert_eq(w.draineds, 0);
    sj_conn_write(w.conn, "", 0);
    wire_peer_expect(&w, got, total);
    cr_assert_eq(memcmp(sent, got, total), 0);
    wire_until(&w, wire_is_drained);
    cr_assert_eq(w.draineds, 1);
    cr_assert_eq(sj_conn_queued(w.conn), 0);
    sj_free(sent);
    sj_free(got);
    wire_release(&w);
}

/* Else the kernel would take megabytes, and nobody would know how far behind the peer is. */
Test(conn_end, leaves_little_to_the_kernel_on_request)
{
    struct wire w;
    static const char text[65536];
    int little = 16384;
    size_t total = 1024 * 1024;
    char *got = sj_malloc(total + 1);
    wire_init(&w);
    wire_listen(&w);
    setsockopt(w.listener, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    wire_connect(&w, &(struct sj_conn_target){.host = "127.0.0.1", .port = w.port,
                                              .timeout_ms = 10000, .unsent_max = 32768});
    wire_until(&w, wire_is_up);
    wire_accept(&w);
    for (size_t at = 0; at < total; at += sizeof text) {
        sj_conn_write(w.conn, text, sizeof text);
        wire_turns(&w, 1);
    }
    cr_assert_gt(sj_conn_queued(w.conn), total - 262144);
    wire_peer_expect(&w, got, total);
    cr_assert_eq(sj_conn_queued(w.conn), 0);
    sj_free(got);
    wire_release(&w);
}

Test(conn_end, tells_of_an_empty_queue_at_once)
{
    struct wire w;
    wire_init(&w);
    wire_establish(&w);
    sj_conn_wants_drain(w.conn);
    cr_assert_eq(w.draineds, 0, "never from inside a call");
    wire_until(&w, wire_is_drained);
    wire_turns(&w, 3);
    cr_assert_eq(w.draineds, 1);
    wire_release(&w);
}

Test(conn_end, ends_when_too_much_output_waits)
{
    struct wire w;
    size_t n = 1024 * 1024;
    char *bytes = sj_calloc(1, n);
    wire_init(&w);
    wire_establish(&w);
    for (int i = 0; i < 100; i++)
        sj_conn_write(w.conn, bytes, n);
    cr_assert_leq(sj_conn_queued(w.conn), SJ_CONN_OUTPUT_MAX);
    wire_until(&w, wire_is_down);
    cr_assert_eq(w.why.status, SJ_LIMIT);
    sj_free(bytes);
    wire_release(&w);
}

Test(conn_end, flushes_on_demand)
{
    struct wire w;
    char got[8];
    wire_init(&w);
    wire_establish(&w);
    sj_conn_write(w.conn, "now", 3);
    sj_conn_flush(w.conn);
    cr_assert_eq(recv(w.peer, got, sizeof got, 0), 3);
    sj_conn_flush(w.conn);
    wire_release(&w);
}

/* ---- end ---- */

Test(conn_end, finishes_after_its_output_and_the_peers_end)
{
    struct wire w;
    char got[8];
    wire_init(&w);
    wire_establish(&w);
    wire_peer_send(&w, "never read");
    sj_conn_write(w.conn, "QUIT\r\n", 6);
    sj_conn_finish(w.conn, 10000);
    sj_conn_write(w.conn, "too late", 8);
    sj_conn_finish(w.conn, 1);
    wire_peer_expect(&w, got, 6);
    cr_assert_str_eq(got, "QUIT\r\n");
    wire_peer_expect_end(&w);
    cr_assert_eq(w.downs, 0);
    close(w.peer);
    w.peer = -1;
    wire_until(&w, wire_is_down);
    cr_assert_eq(w.why.status, SJ_CANCELED);
    cr_assert_str_eq(w.events, "UX", "input is no longer delivered");
    wire_release(&w);
}

Test(conn_end, finishes_in_time_without_the_peer)
{
    struct wire w;
    wire_init(&w);
    wire_establish(&w);
    sj_conn_write(w.conn, "x", 1);
    sj_conn_finish(w.conn, 3000);
    wire_turns(&w, 3);
    cr_assert_eq(w.downs, 0);
    sj_loop_test_advance(w.loop, 3000 + SJ_LOOP_TICK_MS);
    wire_until(&w, wire_is_down);
    cr_assert_eq(w.why.status, SJ_CANCELED);
    wire_release(&w);
}

Test(conn_end, finishes_before_it_is_up)
{
    struct wire w;
    wire_init(&w);
    wire_listen(&w);
    wire_connect(&w, NULL);
    sj_conn_finish(w.conn, 1000);
    wire_until(&w, wire_is_down);
    cr_assert_eq(w.why.status, SJ_CANCELED);
    cr_assert_str_eq(w.events, "X");
    wire_release(&w);
}

static void free_conn(struct wire *w)
{
    sj_conn_free(&w->conn);
}

static bool wire_is_freed(struct wire *w)
{
    return w->conn == NULL;
}

Test(conn_end, can_be_freed_in_any_of_its_callbacks)
{
    for (int row = 0; row < 3; row++) {
        struct wire w;
        wire_init(&w);
        w.on_up = row == 0 ? free_conn : NULL;
        w.on_data = row == 1 ? free_conn : NULL;
        w.on_down = row == 2 ? free_conn : NULL;
        wire_listen(&w);
        wire_connect(&w, NULL);
        wire_until(&w, wire_is_up);
        wire_accept(&w);
        wire_peer_send(&w, "data\n");
        close(w.peer);
        w.peer = -1;
        wire_until(&w, wire_is_freed);
        wire_turns(&w, 3);
        cr_expect_str_eq(w.events, row == 0 ? "U" : row == 1 ? "UD" : "UDX");
        wire_release(&w);
    }
}

static void finish_in_data(struct wire *w)
{
    char *line;
    size_t n;
    cr_assert_eq(sj_conn_line(w->conn, 512, &line, &n), SJ_LINE_OK);
    sj_conn_write(w->conn, "bye\n", 4);
    sj_conn_finish(w->conn, 10000);
    cr_assert_str_eq(line, "first", "a line lives until the next read");
    cr_assert_eq(sj_conn_line(w->conn, 512, &line, &n), SJ_LINE_NONE);
}

Test(conn_end, can_be_finished_in_its_data_callback)
{
    struct wire w;
    char got[8];
    wire_init(&w);
    w.on_data = finish_in_data;
    wire_establish(&w);
    wire_peer_send(&w, "first\nsecond\n");
    wire_peer_expect(&w, got, 4);
    wire_peer_expect_end(&w);
    close(w.peer);
    w.peer = -1;
    wire_until(&w, wire_is_down);
    cr_assert_str_eq(w.events, "UDX");
    wire_release(&w);
}

/* ---- cost ---- */

#if !defined(__SANITIZE_ADDRESS__)
Test(conn_end, costs_little_memory_when_idle)
{
    enum { CONNS = 200 };
    struct wire w;
    struct sj_conn *conns[CONNS];
    int peers[CONNS];
    wire_init(&w);
    wire_listen(&w);
    struct sj_conn_target target = {.host = "127.0.0.1", .port = w.port, .timeout_ms = 10000};
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < CONNS; i++) {
        conns[i] = sj_conn_new(w.loop, &wire_events, &w);
        sj_conn_connect(conns[i], &target);
        for (int turn = 0; w.ups + w.downs < (unsigned)i + 1 && turn < WIRE_TURNS; turn++)
            sj_loop_turn(w.loop, WIRE_WAIT_MS);
        cr_assert_eq(w.ups, (unsigned)i + 1);
        peers[i] = accept(w.listener, NULL, NULL);
    }
    size_t each = (mallinfo2().uordblks - before) / CONNS;
    cr_assert_leq(each, 1331, "%zu bytes", each);
    for (int i = 0; i < CONNS; i++) {
        close(peers[i]);
        sj_conn_free(&conns[i]);
    }
    wire_release(&w);
}
#endif
