/* SPDX-License-Identifier: MPL-2.0 */
/* The identd: conns with an ident to a server of the test's own, which asks back from plain sockets
 * (gateway/identd.c, gateway/base/conn_ident.c; RFC 1413). */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "identd.h"
#include "sojourn/conn.h"
#include "sojourn/log.h"
#include "sojourn/loop.h"
#include "sojourn/map.h"
#include "sojourn/strbuf.h"

#define TURNS_MAX 2000
#define ASKER_ADDRESS "127.0.0.1"

/* A server that is connected to, and an identd on a port of its own. */
struct stage {
    struct sj_loop *loop;
    struct sj_log log;
    struct identd *identd;
    uint16_t port;                       /* of the identd */
    int listener;
    uint16_t server_port;
    bool down;
};

static uint16_t port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;

    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

static int listen_on(const char *address)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, address, &any.sin_addr);
    cr_assert_eq(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    cr_assert_eq(listen(fd, 8), 0);
    return fd;
}

/* A port that nobody has: one that was lent out a moment ago. */
static uint16_t free_port(void)
{
    int fd = listen_on("127.0.0.1");
    uint16_t port = port_of(fd);

    close(fd);
    return port;
}

static void stage_init(struct stage *s)
{
    struct sj_error err = {.status = SJ_OK};
    char where[64];

    *s = (struct stage){.loop = sj_loop_new(), .log = {.area = "test"}};
    sj_loop_test_advance(s->loop, 1);
    s->listener = listen_on("127.0.0.1");
    s->server_port = port_of(s->listener);
    s->port = free_port();
    (void)snprintf(where, sizeof where, "127.0.0.1:%u", (unsigned)s->port);
    cr_assert_eq(identd_new(&s->identd, s->loop, &s->log, where, &err), SJ_OK, "%s", err.text);
}

static void stage_release(struct stage *s)
{
    identd_free(&s->identd);
    sj_loop_free(&s->loop);
    close(s->listener);
}

static void on_nothing(void *arg)
{
    (void)arg;
}

static void on_down(void *arg, const struct sj_error *why)
{
    struct stage *s = arg;

    (void)why;
    s->down = true;
}

static const struct sj_conn_events events = {on_nothing, on_nothing, on_nothing, on_down};

/* A conn of the gateway; the server's end, and the port that it came from. */
static struct sj_conn *come(struct stage *s, const char *ident, int *peer, uint16_t *from)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    const struct sj_conn_target target = {.host = "127.0.0.1", .port = s->server_port,
                                          .ident = ident, .timeout_ms = 5000};
    struct sj_conn *conn = sj_conn_new(s->loop, &events, s);

    sj_conn_connect(conn, &target);
    *peer = accept(s->listener, (struct sockaddr *)&address, &len);
    cr_assert_geq(*peer, 0);
    *from = ntohs(address.sin_port);
    return conn;
}

static int asker_from(const struct stage *s, const char *address)
{
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, address, &from.sin_addr);
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    to.sin_port = htons(s->port);
    cr_assert_eq(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    cr_assert_geq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

/* All that the identd says until it closes; "open" when it does not. */
static void hears(struct stage *s, int fd, const char *expected)
{
    char got[256] = "";
    size_t n = 0;
    bool closed = false;

    for (int i = 0; i < TURNS_MAX && !closed; i++) {
        sj_loop_turn(s->loop, 1);
        ssize_t more = recv(fd, got + n, sizeof got - 1 - n, 0);
        if (more > 0)
            n += (size_t)more;
        else if (more == 0 || errno != EAGAIN)
            closed = true;
    }
    got[n] = '\0';
    cr_expect(closed, "not closed");
    cr_expect_str_eq(got, expected);
    close(fd);
}

static void ask(struct stage *s, const char *address, const char *question, const char *expected)
{
    int fd = asker_from(s, address);

    cr_assert_eq(send(fd, question, strlen(question), 0), (ssize_t)strlen(question));
    hears(s, fd, expected);
}

static void ask_ports(struct stage *s, const char *address, uint16_t ours, uint16_t theirs,
                      const char *answer)
{
    char question[64], expected[128];

    (void)snprintf(question, sizeof question, "%u, %u\r\n", ours, theirs);
    (void)snprintf(expected, sizeof expected, "%u , %u : %s\r\n", ours, theirs, answer);
    ask(s, address, question, expected);
}

Test(identd, tells_whose_a_connection_is_as_long_as_it_lasts)
{
    struct stage s;
    int peer[2];
    uint16_t from[2];

    stage_init(&s);
    struct sj_conn *romeo = come(&s, "uromeo22", &peer[0], &from[0]);
    struct sj_conn *juliet = come(&s, "ujuliet3", &peer[1], &from[1]);
    /* Before the conn itself knows that it is connected: servers ask at once. */
    ask_ports(&s, "127.0.0.1", from[0], s.server_port, "USERID : UNIX : uromeo22");
    ask_ports(&s, "127.0.0.1", from[1], s.server_port, "USERID : UNIX : ujuliet3");
    ask_ports(&s, "127.0.0.1", from[1], (uint16_t)(s.server_port ^ 1), "ERROR : NO-USER");
    ask_ports(&s, "127.0.0.1", s.server_port, from[0], "ERROR : NO-USER");
    /* Other hosts learn nothing. */
    ask_ports(&s, "127.0.0.2", from[0], s.server_port, "ERROR : NO-USER");
    sj_conn_free(&romeo);
    ask_ports(&s, "127.0.0.1", from[0], s.server_port, "ERROR : NO-USER");
    close(peer[1]);
    for (int i = 0; i < TURNS_MAX && !s.down; i++)
        sj_loop_turn(s.loop, 1);
    cr_expect(s.down);
    ask_ports(&s, "127.0.0.1", from[1], s.server_port, "ERROR : NO-USER");
    sj_conn_free(&juliet);
    close(peer[0]);
    stage_release(&s);
}

Test(identd, connections_without_an_ident_are_nobodys)
{
    struct stage s;
    int peer;
    uint16_t from;

    stage_init(&s);
    struct sj_conn *conn = come(&s, NULL, &peer, &from);
    ask_ports(&s, "127.0.0.1", from, s.server_port, "ERROR : NO-USER");
    sj_conn_free(&conn);
    close(peer);
    stage_release(&s);
}

Test(identd, reads_two_numbers_however_they_are_spaced)
{
    static const struct {
        const char *question, *answer;
    } rows[] = {
        { "1,2\r\n", "1 , 2 : ERROR : NO-USER\r\n" },
        { "1,2\n", "1 , 2 : ERROR : NO-USER\r\n" },
        { " \t1 \t, 65535 \r\n", "1 , 65535 : ERROR : NO-USER\r\n" },
        { "1 , 2\r\n3 , 4\r\n", "1 , 2 : ERROR : NO-USER\r\n" },
        { "0,2\r\n", "0 , 2 : ERROR : INVALID-PORT\r\n" },
        { "1,65536\r\n", "1 , 65536 : ERROR : INVALID-PORT\r\n" },
        { "1\r\n", "" }, { ",\r\n", "" }, { "1,\r\n", "" }, { ",1\r\n", "" },
        { "\r\n", "" }, { "1,2,3\r\n", "" }, { "-1,2\r\n", "" }, { "1,+2\r\n", "" },
        { "one,two\r\n", "" }, { "1 2\r\n", "" }, { "1,2x\r\n", "" },
        { "100000,2\r\n", "" }, { "1,99999999999999999999\r\n", "" },
    };
    struct stage s;

    stage_init(&s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ask(&s, "127.0.0.1", rows[i].question, rows[i].answer);
    int fd = asker_from(&s, "127.0.0.1");
    cr_assert_eq(send(fd, "1,2\0\r\n", 6, 0), 6);
    hears(&s, fd, "");
    stage_release(&s);
}

Test(identd, bytes_time_and_clients_are_bounded)
{
    struct stage s;
    char flood[IDENTD_LINE_MAX + 2];
    int fd[IDENTD_CLIENTS_MAX + 1];
    char byte;

    stage_init(&s);
    memset(flood, '1', sizeof flood);
    int flooder = asker_from(&s, "127.0.0.1");
    cr_assert_eq(send(flooder, flood, sizeof flood, 0), (ssize_t)sizeof flood);
    hears(&s, flooder, "");
    for (unsigned i = 0; i <= IDENTD_CLIENTS_MAX; i++) {
        fd[i] = asker_from(&s, "127.0.0.1");
        for (int turn = 0; turn < 5; turn++)
            sj_loop_turn(s.loop, 1);
    }
    hears(&s, fd[IDENTD_CLIENTS_MAX], "");
    cr_expect_eq(recv(fd[0], &byte, 1, 0), -1);
    cr_expect_eq(errno, EAGAIN);
    sj_loop_test_advance(s.loop, IDENTD_CLIENT_MS + 100);
    for (unsigned i = 0; i < IDENTD_CLIENTS_MAX; i++)
        hears(&s, fd[i], "");
    ask(&s, "127.0.0.1", "1,2\r\n", "1 , 2 : ERROR : NO-USER\r\n");
    /* Whoever is still there when it ends is let go. */
    int late = asker_from(&s, "127.0.0.1");
    sj_loop_turn(s.loop, 1);
    stage_release(&s);
    close(late);
}

Test(identd, where_to_listen)
{
    static const char *const good[] = { "", "0.0.0.0:113", "[::]:113", "127.0.0.1:1, [::1]:65535" };
    static const char *const bad[] = {
        "113", ":113", "localhost:113", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0",
        "127.0.0.1:65536", "127.0.0.1:113x", "::1:113", "[::1]", "[::1]113", "[]:113", "[::1:113",
        "127.0.0.1/8:113", "127.0.0.256:113", "[127.0.0.1:113", "[zz]:113",
        "1.1.1.1:1 1.1.1.1:2 1.1.1.1:3 1.1.1.1:4 1.1.1.1:5 1.1.1.1:6 1.1.1.1:7 1.1.1.1:8 1.1.1.1:9",
    };
    struct sj_error err;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_expect_eq(identd_check(good[i], &err), SJ_OK, "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(identd_check(bad[i], &err), SJ_INVALID, "%s", bad[i]);
}

Test(identd, a_port_that_is_taken_is_said)
{
    struct sj_loop *loop = sj_loop_new();
    const struct sj_log log = {.area = "test"};
    struct sj_error err;
    struct identd *identd = NULL;
    char where[64];
    int fd = listen_on("127.0.0.1");

    (void)snprintf(where, sizeof where, "127.0.0.1:%u 127.0.0.1:%u", (unsigned)free_port(),
                   (unsigned)port_of(fd));
    cr_expect_eq(identd_new(&identd, loop, &log, where, &err), SJ_UNAVAILABLE);
    cr_expect_null(identd);
    cr_expect_not_null(strstr(err.text, "cannot listen on 127.0.0.1 port"), "%s", err.text);
    close(fd);
    sj_loop_free(&loop);
}
