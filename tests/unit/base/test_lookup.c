/* SPDX-License-Identifier: MPL-2.0 */
/* conn_connect.c: names, with a name server of the test's own on loopback. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loop_priv.h"
#include "wire.h"

#define DNS_A 1
#define DNS_AAAA 28

/* What the name server says of any name: addresses as text, NULL ends; none: no such name. */
struct names {
    int fd;
    char path[64];              /* of the resolver's configuration */
    const char *v4[4];
    const char *v6[4];
    bool silent;
    unsigned asked;
};

static void names_configure(struct names *n, struct wire *w)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    cr_assert_eq(getsockname(n->fd, (struct sockaddr *)&address, &len), 0);
    FILE *file = fopen(n->path, "w");
    cr_assert_not_null(file);
    fprintf(file, "nameserver 127.0.0.1:%u\noptions timeout:1\n", ntohs(address.sin_port));
    fclose(file);
    w->loop->dns_file = n->path;
}

static void names_init(struct names *n, struct wire *w)
{
    *n = (struct names){.path = "/tmp/sojourn-test-XXXXXX"};
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    n->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    cr_assert_eq(bind(n->fd, (struct sockaddr *)&address, sizeof address), 0);
    int file = mkstemp(n->path);
    cr_assert_geq(file, 0);
    close(file);
    names_configure(n, w);
}

static void names_release(struct names *n)
{
    unlink(n->path);
    close(n->fd);
}

/* The record of one address behind the answer, whose name is the question's. */
static size_t names_add(uint8_t *out, int type, const char *text)
{
    uint8_t head[] = {0xC0, 12, 0, (uint8_t)type, 0, 1, 0, 0, 0, 60, 0, 0};
    size_t len = type == DNS_A ? 4 : 16;
    head[11] = (uint8_t)len;
    memcpy(out, head, sizeof head);
    cr_assert_eq(inet_pton(type == DNS_A ? AF_INET : AF_INET6, text, out + sizeof head), 1);
    return sizeof head + len;
}

static void names_serve(struct names *n)
{
    uint8_t q[512];
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    for (ssize_t got; (got = recvfrom(n->fd, q, 300, 0, (struct sockaddr *)&from, &len)) > 0;) {
        size_t size = (size_t)got;
        int type = q[size - 3];
        const char *const *list = type == DNS_A ? n->v4 : type == DNS_AAAA ? n->v6 : NULL;
        n->asked++;
        if (n->silent)
            continue;
        bool none = !n->v4[0] && !n->v6[0];
        q[2] = 0x81;
        q[3] = none ? 0x83 : 0x80;          /* NXDOMAIN, or success */
        q[7] = 0;
        memset(q + 8, 0, 4);
        for (; list && *list; list++) {
            size += names_add(q + size, type, *list);
            q[7]++;
        }
        sendto(n->fd, q, size, 0, (struct sockaddr *)&from, len);
    }
}

static void names_until(struct names *n, struct wire *w, bool (*done)(struct wire *w))
{
    for (int i = 0; i < WIRE_TURNS && !done(w); i++) {
        names_serve(n);
        sj_loop_turn(w->loop, 2);
    }
    cr_assert(done(w), "waited in vain");
}

static void connect_by_name(struct wire *w, const char *name)
{
    struct sj_conn_target target = {.host = name, .port = w->port, .timeout_ms = 10000};
    wire_connect(w, &target);
}

Test(lookup, connects_to_a_name)
{
    struct wire w;
    struct names n;
    wire_init(&w);
    wire_listen(&w);
    names_init(&n, &w);
    n.v4[0] = "127.0.0.1";
    connect_by_name(&w, "irc.example.org");
    names_until(&n, &w, wire_is_up);
    cr_assert_eq(w.ups, 1, "%s", w.why.text);
    cr_assert_eq(n.asked, 2);
    names_release(&n);
    wire_release(&w);
}

Test(lookup, tries_every_address_in_turn)
{
    struct wire w;
    struct names n;
    wire_init(&w);
    wire_listen(&w);            /* on 127.0.0.1 only */
    names_init(&n, &w);
    n.v6[0] = "::1";
    n.v4[0] = "127.0.0.7";
    n.v4[1] = "127.0.0.1";
    connect_by_name(&w, "irc.example.org");
    names_until(&n, &w, wire_is_up);
    cr_assert_eq(w.ups, 1, "%s", w.why.text);
    names_release(&n);
    wire_release(&w);
}

Test(lookup, names_the_host_when_no_address_answers)
{
    struct wire w;
    struct names n;
    wire_init(&w);
    wire_listen(&w);
    names_init(&n, &w);
    n.v4[0] = "127.0.0.7";
    n.v4[1] = "127.0.0.8";
    connect_by_name(&w, "irc.example.org");
    names_until(&n, &w, wire_is_down);
    cr_assert_eq(w.why.status, SJ_UNREACHABLE);
    cr_assert_eq(strncmp(w.why.text, "cannot connect to irc.example.org port ", 39), 0);
    cr_assert_not_null(strstr(w.why.text, ": Connection refused"), "%s", w.why.text);
    names_release(&n);
    wire_release(&w);
}

Test(lookup, says_that_there_is_no_such_name)
{
    struct wire w;
    struct names n;
    wire_init(&w);
    wire_listen(&w);
    names_init(&n, &w);
    connect_by_name(&w, "nowhere.example.org");
    names_until(&n, &w, wire_is_down);
    cr_assert_eq(w.why.status, SJ_UNREACHABLE);
    cr_assert_eq(strncmp(w.why.text, "cannot look up nowhere.example.org: ", 36), 0, "%s",
                 w.why.text);
    names_release(&n);
    wire_release(&w);
}

Test(lookup, ends_in_time_when_the_name_server_is_silent)
{
    struct wire w;
    struct names n;
    wire_init(&w);
    wire_listen(&w);
    names_init(&n, &w);
    n.silent = true;
    connect_by_name(&w, "irc.example.org");
    wire_turns(&w, 3);
    sj_loop_test_advance(w.loop, 10000 + SJ_LOOP_TICK_MS);
    names_until(&n, &w, wire_is_down);
    cr_assert_eq(w.why.status, SJ_TIMEOUT);
    cr_assert_str_eq(w.why.text, "cannot look up irc.example.org: timed out");
    names_release(&n);
    wire_release(&w);
}

Test(lookup, can_be_given_up_at_any_time)
{
    struct wire w;
    struct names n;
    wire_init(&w);
    wire_listen(&w);
    names_init(&n, &w);
    n.v4[0] = "127.0.0.1";
    for (unsigned turns = 0; turns < 4; turns++) {
        connect_by_name(&w, "irc.example.org");
        for (unsigned i = 0; i < turns; i++) {
            sj_loop_turn(w.loop, 1);
            names_serve(&n);
        }
        sj_conn_free(&w.conn);
    }
    cr_assert_eq(w.downs, 0);
    names_release(&n);
    wire_release(&w);           /* answers to cancellations may still be due */
}

Test(lookup, notices_a_changed_resolver_configuration)
{
    struct wire w;
    struct names old, new;
    wire_init(&w);
    wire_listen(&w);
    names_init(&old, &w);
    old.v4[0] = "127.0.0.1";
    connect_by_name(&w, "irc.example.org");
    names_until(&old, &w, wire_is_up);
    sj_conn_free(&w.conn);
    w.ups = 0;
    names_init(&new, &w);
    new.v4[0] = "127.0.0.1";
    connect_by_name(&w, "irc.example.org");
    names_until(&new, &w, wire_is_up);
    cr_assert_eq(w.ups, 1, "%s", w.why.text);
    cr_assert_gt(new.asked, 0);
    names_release(&old);
    names_release(&new);
    wire_release(&w);
}

Test(lookup, refuses_what_is_no_name)
{
    static const char *const hosts[] = {"a..b", ".", "no such name"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        struct wire w;
        struct names n;
        wire_init(&w);
        wire_listen(&w);
        names_init(&n, &w);
        connect_by_name(&w, hosts[i]);
        names_until(&n, &w, wire_is_down);
        cr_expect_eq(w.why.status, SJ_UNREACHABLE, "row %zu", i);
        cr_expect_eq(strncmp(w.why.text, "cannot look up ", 15), 0, "row %zu: %s", i, w.why.text);
        names_release(&n);
        wire_release(&w);
    }
}

Test(lookup, finds_names_in_the_hosts_file)
{
    struct wire w;
    struct names n;
    wire_init(&w);
    wire_listen(&w);
    names_init(&n, &w);
    n.silent = true;
    connect_by_name(&w, "localhost");
    names_until(&n, &w, wire_is_up);
    cr_assert_eq(w.ups, 1, "%s", w.why.text);
    cr_assert_eq(n.asked, 0);
    names_release(&n);
    wire_release(&w);
}
