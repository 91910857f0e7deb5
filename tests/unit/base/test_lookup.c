/* SPDX-License-Identifier: MPL-2.0 */
/* conn_connect.c: names, with a name server of the test's own on loopback. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "names.h"
#include "wire.h"

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
    names_init(&n, w.loop);
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
    names_init(&n, w.loop);
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
    names_init(&n, w.loop);
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
    names_init(&n, w.loop);
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
    names_init(&n, w.loop);
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
    names_init(&n, w.loop);
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
    names_init(&old, w.loop);
    old.v4[0] = "127.0.0.1";
    connect_by_name(&w, "irc.example.org");
    names_until(&old, &w, wire_is_up);
    sj_conn_free(&w.conn);
    w.ups = 0;
    names_init(&new, w.loop);
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
        names_init(&n, w.loop);
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
    names_init(&n, w.loop);
    n.silent = true;
    connect_by_name(&w, "localhost");
    names_until(&n, &w, wire_is_up);
    cr_assert_eq(w.ups, 1, "%s", w.why.text);
    cr_assert_eq(n.asked, 0);
    names_release(&n);
    wire_release(&w);
}
