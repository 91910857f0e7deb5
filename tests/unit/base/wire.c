/* SPDX-License-Identifier: MPL-2.0 */
/* See wire.h. Every wait is a turn of the loop that ends with the first event, bounded in number:
 * nothing here sleeps. */
#include "wire.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WIRE_INPUT_MAX (8u * 1024 * 1024)

static void wire_note(struct wire *w, char event)
{
    size_t n = strlen(w->events);
    if (n + 1 < sizeof w->events)
        w->events[n] = event;
}

void wire_read(struct wire *w)
{
    size_t n;
    char *p = sj_conn_peek(w->conn, &n);
    cr_assert_eq(n, sj_conn_available(w->conn));
    sj_strbuf_add(&w->input, p ? p : "", n);
    sj_conn_consume(w->conn, n);
}

static void wire_up(void *arg)
{
    struct wire *w = arg;
    w->ups++;
    wire_note(w, 'U');
    if (w->on_up)
        w->on_up(w);
}

static void wire_data(void *arg)
{
    struct wire *w = arg;
    w->datas++;
    wire_note(w, 'D');
    if (w->on_data)
        w->on_data(w);
    else
        wire_read(w);
}

static void wire_drained(void *arg)
{
    struct wire *w = arg;
    w->draineds++;
    wire_note(w, 'W');
}

static void wire_down(void *arg, const struct sj_error *why)
{
    struct wire *w = arg;
    w->downs++;
    w->why = *why;
    wire_note(w, 'X');
    if (w->on_down)
        w->on_down(w);
}

const struct sj_conn_events wire_events = {
    .up = wire_up, .data = wire_data, .drained = wire_drained, .down = wire_down};

void wire_init(struct wire *w)
{
    *w = (struct wire){.listener = -1, .peer = -1};
    w->loop = sj_loop_new();
    sj_strbuf_init(&w->input, WIRE_INPUT_MAX);
}

void wire_release(struct wire *w)
{
    sj_conn_free(&w->conn);
    if (w->peer >= 0)
        close(w->peer);
    if (w->listener >= 0)
        close(w->listener);
    sj_strbuf_release(&w->input);
    sj_loop_free(&w->loop);
}

void wire_listen(struct wire *w)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    w->listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_geq(w->listener, 0);
    cr_assert_eq(bind(w->listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(w->listener, 64), 0);
    cr_assert_eq(getsockname(w->listener, (struct sockaddr *)&address, &len), 0);
    w->port = ntohs(address.sin_port);
}

void wire_connect(struct wire *w, const struct sj_conn_target *target)
{
    struct sj_conn_target own = {.host = "127.0.0.1", .port = w->port, .timeout_ms = 10000};
    w->conn = sj_conn_new(w->loop, &wire_events, w);
    sj_conn_connect(w->conn, target ? target : &own);
    cr_assert_eq(w->ups + w->downs, 0, "no callback from inside a call");
}

void wire_accept(struct wire *w)
{
    w->peer = accept(w->listener, NULL, NULL);
    cr_assert_geq(w->peer, 0);
    fcntl(w->peer, F_SETFL, O_NONBLOCK);
}

void wire_until(struct wire *w, bool (*done)(struct wire *w))
{
    for (int i = 0; i < WIRE_TURNS; i++) {
        if (done(w))
            return;
        sj_loop_turn(w->loop, WIRE_WAIT_MS);
    }
    cr_assert_fail("waited in vain, events: %s", w->events);
}

bool wire_is_up(struct wire *w)
{
    return w->ups > 0 || w->downs > 0;
}

bool wire_is_down(struct wire *w)
{
    return w->downs > 0;
}

void wire_establish(struct wire *w)
{
    wire_listen(w);
    wire_connect(w, NULL);
    wire_until(w, wire_is_up);
    cr_assert_eq(w->ups, 1, "%s", w->why.text);
    wire_accept(w);
}

void wire_turns(struct wire *w, unsigned n)
{
    while (n--)
        sj_loop_turn(w->loop, 1);
}

void wire_peer_send(struct wire *w, const char *text)
{
    cr_assert_eq(send(w->peer, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

void wire_peer_expect(struct wire *w, char *out, size_t n)
{
    size_t have = 0;
    for (int i = 0; have < n && i < WIRE_TURNS; i++) {
        ssize_t got = recv(w->peer, out + have, n - have, 0);
        cr_assert(got > 0 || (got < 0 && errno == EAGAIN), "the stream ended too early");
        have += got > 0 ? (size_t)got : 0;
        sj_loop_turn(w->loop, got > 0 ? 0 : 1);
    }
    cr_assert_eq(have, n);
    out[n] = '\0';
}

void wire_peer_expect_end(struct wire *w)
{
    char c;
    for (int i = 0; i < WIRE_TURNS; i++) {
        ssize_t got = recv(w->peer, &c, 1, 0);
        if (got == 0)
            return;
        cr_assert(got < 0 && errno == EAGAIN, "something else came: %d", (int)got);
        sj_loop_turn(w->loop, 1);
    }
    cr_assert_fail("the other end never saw the end");
}
