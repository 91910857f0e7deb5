/* SPDX-License-Identifier: MPL-2.0 */
/* listen.c, and conns over Unix sockets. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire.h"

struct desk {
    struct wire client, server;     /* one loop: the client's */
    struct sj_loop *own;            /* the server's unused one */
    char dir[64], path[80];
    struct sj_listener *listener;
    unsigned accepted;
    bool lazy;                      /* does not adopt at once */
};

static void desk_accept(void *arg, struct sj_conn *conn)
{
    struct desk *d = arg;
    d->accepted++;
    sj_conn_free(&d->server.conn);
    d->server.conn = conn;
    if (!d->lazy)
        sj_conn_adopt(conn, &wire_events, &d->server);
}

static void desk_init(struct desk *d)
{
    *d = (struct desk){.dir = "/tmp/sojourn-test-XXXXXX"};
    wire_init(&d->client);
    wire_init(&d->server);
    d->own = d->server.loop;
    d->server.loop = d->client.loop;
    cr_assert_not_null(mkdtemp(d->dir));
    snprintf(d->path, sizeof d->path, "%s/control.sock", d->dir);
}

static void desk_release(struct desk *d)
{
    sj_listener_free(&d->listener);
    sj_conn_free(&d->server.conn);
    d->server.loop = d->own;
    wire_release(&d->server);
    wire_release(&d->client);
    unlink(d->path);
    rmdir(d->dir);
}

static void desk_open(struct desk *d)
{
    struct sj_error err = {0};
    cr_assert_eq(sj_listen_unix(&d->listener, d->client.loop, d->path, desk_accept, d, &err),
                 SJ_OK, "%s", err.text);
}

static void desk_connect(struct desk *d)
{
    struct sj_conn_target target = {.host = d->path, .timeout_ms = 5000};
    wire_connect(&d->client, &target);
}

static bool server_has_input(struct wire *client)
{
    struct desk *d = SJ_CONTAINER(client, struct desk, client);
    return d->server.input.len > 0;
}

static bool client_has_input(struct wire *client)
{
    return client->input.len > 0;
}

Test(listen, hands_over_clients_that_talk)
{
    struct desk d;
    struct stat st;
    desk_init(&d);
    desk_open(&d);
    cr_assert_eq(stat(d.path, &st), 0);
    cr_assert_eq(st.st_mode & 07777, 0600);
    desk_connect(&d);
    sj_conn_write(d.client.conn, "status\n", 7);
    wire_until(&d.client, server_has_input);
    cr_assert_str_eq(d.server.input.s, "status\n");
    cr_assert_eq(d.client.ups, 1);
    sj_conn_write(d.server.conn, "ok\n\n", 4);
    sj_conn_finish(d.server.conn, 5000);
    wire_until(&d.client, client_has_input);
    cr_assert_str_eq(d.client.input.s, "ok\n\n");
    wire_until(&d.client, wire_is_down);
    cr_assert_eq(d.client.why.status, SJ_REMOTE);
    sj_conn_free(&d.client.conn);
    wire_until(&d.server, wire_is_down);
    cr_assert_eq(d.server.why.status, SJ_CANCELED);
    desk_release(&d);
}

static bool server_was_accepted(struct wire *client)
{
    return SJ_CONTAINER(client, struct desk, client)->accepted > 0;
}

Test(listen, keeps_what_comes_before_the_conn_is_adopted)
{
    struct desk d;
    desk_init(&d);
    d.lazy = true;
    desk_open(&d);
    desk_connect(&d);
    sj_conn_write(d.client.conn, "early", 5);
    wire_until(&d.client, server_was_accepted);
    wire_turns(&d.client, 5);
    cr_assert_eq(d.server.input.len, 0);
    sj_conn_adopt(d.server.conn, &wire_events, &d.server);
    wire_until(&d.client, server_has_input);
    cr_assert_str_eq(d.server.input.s, "early");
    desk_release(&d);
}

Test(listen, replaces_an_old_socket_but_not_one_in_use)
{
    struct desk d, other;
    struct sj_error err;
    struct sj_listener *second = NULL;
    desk_init(&d);
    desk_init(&other);
    /* the file of a process that is gone */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    sj_copy(address.sun_path, sizeof address.sun_path, d.path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    desk_open(&d);
    cr_assert_eq(sj_listen_unix(&second, d.client.loop, d.path, desk_accept, &d, &err), SJ_EXISTS);
    cr_assert_null(second);
    desk_connect(&d);
    wire_until(&d.client, wire_is_up);
    cr_assert_eq(d.client.ups, 1);
    sj_listener_free(&d.listener);
    cr_assert_neq(access(d.path, F_OK), 0, "the file goes with the listener");
    desk_release(&d);
    desk_release(&other);
}

/* Also where the process makes its files for everybody. */
Test(listen, lets_nobody_else_connect)
{
    struct desk d;
    struct stat st;
    mode_t old = umask(0);
    desk_init(&d);
    desk_open(&d);
    cr_assert_eq(stat(d.path, &st), 0);
    cr_assert_eq(st.st_mode & 07777, 0600);
    cr_assert_eq(umask(old), 0);
    desk_release(&d);
}

Test(listen, refuses_paths_that_cannot_be_sockets)
{
    struct desk d;
    struct sj_error err;
    char long_path[300];
    desk_init(&d);
    int fd = open(d.path, O_CREAT | O_WRONLY, 0600);
    close(fd);
    cr_assert_eq(sj_listen_unix(&d.listener, d.client.loop, d.path, desk_accept, &d, &err),
                 SJ_EXISTS);
    cr_assert_eq(access(d.path, F_OK), 0, "a file that is no socket stays");
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    cr_assert_eq(sj_listen_unix(&d.listener, d.client.loop, long_path, desk_accept, &d, &err),
                 SJ_INVALID);
    cr_assert_eq(sj_listen_unix(&d.listener, d.client.loop, "", desk_accept, &d, &err),
                 SJ_INVALID);
    cr_assert_eq(sj_listen_unix(&d.listener, d.client.loop, "/nonexistent/x", desk_accept, &d,
                                &err),
                 SJ_UNAVAILABLE);
    desk_release(&d);
}

Test(listen, is_missed_by_clients_when_it_is_not_there)
{
    struct desk d;
    desk_init(&d);
    desk_connect(&d);
    wire_until(&d.client, wire_is_down);
    cr_assert_eq(d.client.why.status, SJ_UNREACHABLE);
    cr_assert_str_eq(d.client.why.text,
                     "cannot connect to the local socket: No such file or directory");
    desk_release(&d);
}

/* A TCP port of a moment ago. */
static uint16_t lent_port(void)
{
    struct wire w;
    wire_init(&w);
    wire_listen(&w);
    uint16_t port = w.port;
    wire_release(&w);
    return port;
}

Test(listen, hands_over_clients_of_a_tcp_port)
{
    struct desk d;
    struct sj_error err = {0};
    desk_init(&d);
    uint16_t port = lent_port();
    cr_assert_eq(sj_listen_tcp(&d.listener, d.client.loop, "127.0.0.1", port, desk_accept, &d,
                               &err), SJ_OK, "%s", err.text);
    struct sj_conn_target target = {.host = "127.0.0.1", .port = port, .timeout_ms = 5000};
    wire_connect(&d.client, &target);
    sj_conn_write(d.client.conn, "1,2\n", 4);
    wire_until(&d.client, server_has_input);
    cr_assert_str_eq(d.server.input.s, "1,2\n");
    /* The port is taken, and can be had again at once when it is given back. */
    struct sj_listener *other = NULL;
    cr_expect_eq(sj_listen_tcp(&other, d.client.loop, "127.0.0.1", port, desk_accept, &d, &err),
                 SJ_UNAVAILABLE);
    cr_expect_null(other);
    sj_listener_free(&d.listener);
    cr_expect_eq(sj_listen_tcp(&d.listener, d.client.loop, "127.0.0.1", port, desk_accept, &d,
                               &err), SJ_OK, "%s", err.text);
    desk_release(&d);
}

Test(listen, takes_numeric_addresses_only_and_each_family_for_itself)
{
    static const char *const bad[] = {"localhost", "", "127.0.0.256", "[::1]", "::1%lo"};
    struct desk d;
    struct sj_error err = {0};
    desk_init(&d);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(sj_listen_tcp(&d.listener, d.client.loop, bad[i], 1, desk_accept, &d, &err),
                     SJ_INVALID, "%s", bad[i]);
    uint16_t port = lent_port();
    struct sj_listener *v6 = NULL;
    enum sj_status has_v6 = sj_listen_tcp(&v6, d.client.loop, "::", port, desk_accept, &d, &err);
    cr_expect(has_v6 == SJ_OK || has_v6 == SJ_UNAVAILABLE);      /* machines without IPv6 */
    cr_expect_eq(sj_listen_tcp(&d.listener, d.client.loop, "0.0.0.0", port, desk_accept, &d, &err),
                 SJ_OK, "%s", err.text);
    sj_listener_free(&v6);
    desk_release(&d);
}
