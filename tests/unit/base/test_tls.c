/* SPDX-License-Identifier: MPL-2.0 */
/* conn_tls.c against an OpenSSL server in the same process, with certificates made on the spot. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "certificate.h"
#include "sojourn/memory.h"
#include "wire.h"

/* An authority, a server certificate of it, and the server's end of one connection. */
struct tls_world {
    struct wire wire;
    struct sj_tls *tls;
    EVP_PKEY *key;
    X509 *authority, *certificate;
    char ca_path[64];
    SSL_CTX *context;
    SSL *server;
    char got[70000];
    size_t n_got;
    bool ended;                 /* the client said goodbye */
    char sni[100];
};

static int world_on_sni(SSL *ssl, int *alert, void *arg)
{
    struct tls_world *t = arg;
    (void)alert;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    sj_copy(t->sni, sizeof t->sni, name ? name : "(none)");
    return SSL_TLSEXT_ERR_OK;
}

static void world_init(struct tls_world *t, const char *names, long to_s)
{
    wire_init(&t->wire);
    t->tls = NULL;
    t->server = NULL;
    t->n_got = 0;
    t->ended = false;
    t->sni[0] = '\0';
    t->key = EVP_EC_gen("P-256");
    t->authority = certificate_new(t->key, NULL, NULL, 1, -DAY_S, DAY_S);
    t->certificate = certificate_new(t->key, t->authority, names, 2, -DAY_S, to_s);
    sj_copy(t->ca_path, sizeof t->ca_path, "/tmp/sojourn-test-XXXXXX");
    FILE *file = fdopen(mkstemp(t->ca_path), "w");
    PEM_write_X509(file, t->authority);
    fclose(file);
    t->context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(t->context, t->certificate);
    SSL_CTX_use_PrivateKey(t->context, t->key);
    SSL_CTX_set_tlsext_servername_callback(t->context, world_on_sni);
    SSL_CTX_set_tlsext_servername_arg(t->context, t);
    wire_listen(&t->wire);
}

static void world_release(struct tls_world *t)
{
    wire_release(&t->wire);
    sj_tls_free(&t->tls);
    SSL_free(t->server);
    SSL_CTX_free(t->context);
    X509_free(t->certificate);
    X509_free(t->authority);
    EVP_PKEY_free(t->key);
    unlink(t->ca_path);
}

/* The server's part of a turn: handshake, then reading all there is. */
static void world_pump(struct tls_world *t)
{
    struct wire *w = &t->wire;
    if (w->peer < 0) {
        fcntl(w->listener, F_SETFL, O_NONBLOCK);
        w->peer = accept(w->listener, NULL, NULL);
        if (w->peer < 0)
            return;
        fcntl(w->peer, F_SETFL, O_NONBLOCK);
        t->server = SSL_new(t->context);
        SSL_set_fd(t->server, w->peer);
        SSL_set_accept_state(t->server);
    }
    for (;;) {
        ERR_clear_error();
        int n = SSL_read(t->server, t->got + t->n_got, (int)(sizeof t->got - t->n_got - 1));
        if (n <= 0) {
            t->ended = t->ended || SSL_get_error(t->server, n) == SSL_ERROR_ZERO_RETURN;
            break;
        }
        t->n_got += (size_t)n;
        t->got[t->n_got] = '\0';
    }
}

static void world_until(struct tls_world *t, bool (*done)(struct tls_world *t))
{
    for (int i = 0; i < WIRE_TURNS && !done(t); i++) {
        sj_loop_turn(t->wire.loop, 1);
        world_pump(t);
    }
    cr_assert(done(t), "waited in vain, events: %s", t->wire.events);
}

static bool world_is_decided(struct tls_world *t)
{
    return wire_is_up(&t->wire);
}


static bool world_has_got(struct tls_world *t)
{
    return t->n_got > 0;
}

static bool world_has_input(struct tls_world *t)
{
    return t->wire.input.len > 0;
}

static bool world_has_ended(struct tls_world *t)
{
    return t->ended;
}

static void world_connect(struct tls_world *t, const char *tls_name, bool trust, bool verify)
{
    struct sj_error err = {0};
    cr_assert_eq(sj_tls_new(&t->tls, trust ? t->ca_path : NULL, verify, &err), SJ_OK, "%s",
                 err.text);
    struct sj_conn_target target = {.host = "127.0.0.1",
                                    .port = t->wire.port,
                                    .tls = t->tls,
                                    .tls_name = tls_name,
                                    .timeout_ms = 10000};
    wire_connect(&t->wire, &target);
    world_until(t, world_is_decided);
}

static struct tls_world *world_new(const char *names, long to_s)
{
    struct tls_world *t = sj_calloc(1, sizeof *t);
    world_init(t, names, to_s);
    return t;
}

static void world_free(struct tls_world *t)
{
    world_release(t);
    sj_free(t);
}

Test(tls, verifies_and_carries_bytes_both_ways)
{
    struct tls_world *t = world_new("DNS:irc.example.org", DAY_S);
    world_connect(t, "irc.example.org", true, true);
    cr_assert_eq(t->wire.ups, 1, "%s", t->wire.why.text);
    cr_assert_str_eq(t->sni, "irc.example.org");
    cr_assert_eq(strncmp(sj_conn_tls_text(t->wire.conn), "TLSv1.3 TLS_", 12), 0);
    sj_conn_write(t->wire.conn, "NICK ", 5);
    sj_conn_write(t->wire.conn, "romeo\r\n", 7);
    world_until(t, world_has_got);
    cr_assert_str_eq(t->got, "NICK romeo\r\n", "one record a turn");
    cr_assert_eq(SSL_write(t->server, "welcome", 7), 7);
    world_until(t, world_has_input);
    cr_assert_str_eq(t->wire.input.s, "welcome");
    world_free(t);
}

/* name that is asked for, names in the certificate, is it trusted and in time */
static const struct {
    const char *name, *names;
    bool trust, fresh;
    const char *reason;         /* NULL: accepted */
} verify_rows[] = {
    {"irc.example.org", "DNS:irc.example.org", true, true, NULL},
    {"irc.example.org.", "DNS:irc.example.org", true, true, NULL},
    {"IRC.Example.org", "DNS:irc.example.org", true, true, NULL},
    {"irc.example.org", "DNS:*.example.org", true, true, NULL},
    {NULL, "IP:127.0.0.1", true, true, NULL},
    {"::1", "IP:::1", true, true, NULL},
    {"irc.example.org", "DNS:other.example.org", true, true, "hostname mismatch"},
    {"a.b.example.org", "DNS:*.example.org", true, true, "hostname mismatch"},
    {"irc.example.org", "DNS:i*.example.org", true, true, "hostname mismatch"},
    {"server", "DNS:irc.example.org", true, true, "hostname mismatch"},
    {NULL, "DNS:irc.example.org", true, true, "IP address mismatch"},
    {NULL, "DNS:127.0.0.1", true, true, "IP address mismatch"},
    {"irc.example.org", "DNS:irc.example.org", false, true, "unable to get local issuer"},
    {"irc.example.org", "DNS:irc.example.org", true, false, "certificate has expired"},
};

Test(tls, accepts_only_certificates_of_the_name)
{
    for (size_t i = 0; i < sizeof verify_rows / sizeof verify_rows[0]; i++) {
        struct tls_world *t =
            world_new(verify_rows[i].names, verify_rows[i].fresh ? DAY_S : -3600);
        const char *reason = verify_rows[i].reason;
        world_connect(t, verify_rows[i].name, verify_rows[i].trust, true);
        if (!reason) {
            cr_expect_eq(t->wire.ups, 1, "row %zu: %s", i, t->wire.why.text);
        } else {
            cr_expect_eq(t->wire.ups, 0, "row %zu", i);
            cr_expect_eq(t->wire.why.status, SJ_DENIED, "row %zu: %s", i, t->wire.why.text);
            cr_expect_not_null(strstr(t->wire.why.text, reason), "row %zu: %s", i,
                               t->wire.why.text);
            cr_expect_eq(strncmp(t->wire.why.text, "the certificate of 127.0.0.1 port ", 34), 0);
        }
        world_free(t);
    }
}

Test(tls, accepts_any_certificate_when_told_to)
{
    struct tls_world *t = world_new("DNS:other.example.org", -3600);
    world_connect(t, "irc.example.org", false, false);
    cr_assert_eq(t->wire.ups, 1, "%s", t->wire.why.text);
    world_free(t);
}

Test(tls, refuses_old_protocols)
{
    certificate_allow_all();
    struct tls_world *t = world_new("DNS:irc.example.org", DAY_S);
    SSL_CTX_set_security_level(t->context, 0);
    SSL_CTX_set_min_proto_version(t->context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(t->context, TLS1_1_VERSION);
    world_connect(t, "irc.example.org", true, true);
    cr_assert_eq(t->wire.downs, 1);
    cr_assert_eq(t->wire.why.status, SJ_UNREACHABLE, "%s", t->wire.why.text);
    world_free(t);
}

Test(tls, speaks_version_1_2)
{
    struct tls_world *t = world_new("DNS:irc.example.org", DAY_S);
    SSL_CTX_set_max_proto_version(t->context, TLS1_2_VERSION);
    world_connect(t, "irc.example.org", true, true);
    cr_assert_eq(t->wire.ups, 1, "%s", t->wire.why.text);
    cr_assert_eq(strncmp(sj_conn_tls_text(t->wire.conn), "TLSv1.2 ", 8), 0);
    world_free(t);
}

static int world_takes_any(int ok, X509_STORE_CTX *store)
{
    (void)ok;
    (void)store;
    return 1;
}

/* The client's certificate reaches a server that asks, in both versions, however short-lived the
 * caller's copy is; one without asking or without a certificate is served as before. */
Test(tls, shows_a_client_certificate_when_asked)
{
    for (int row = 0; row < 4; row++) {
        struct tls_world *t = world_new("DNS:irc.example.org", DAY_S);
        struct sj_identity *identity = NULL;
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509 *own = certificate_new(key, NULL, "DNS:romeo", 7, -DAY_S, DAY_S);
        BIO *bio = BIO_new(BIO_s_mem());
        char *pem;
        bool asked = row != 2, given = row != 3;
        PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
        PEM_write_bio_X509(bio, own);
        BIO_write(bio, "", 1);
        BIO_get_mem_data(bio, &pem);
        cr_assert_eq(sj_identity_new(&identity, pem, NULL), SJ_OK);
        SSL_CTX_set_max_proto_version(t->context, row == 1 ? TLS1_2_VERSION : TLS1_3_VERSION);
        SSL_CTX_set_verify(t->context, asked ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, world_takes_any);
        cr_assert_eq(sj_tls_new(&t->tls, t->ca_path, true, NULL), SJ_OK);
        struct sj_conn_target target = {.host = "127.0.0.1", .port = t->wire.port, .tls = t->tls,
                                        .identity = given ? identity : NULL,
                                        .tls_name = "irc.example.org", .timeout_ms = 10000};
        wire_connect(&t->wire, &target);
        sj_identity_free(&identity);
        world_until(t, world_is_decided);
        cr_assert_eq(t->wire.ups, 1, "%s", t->wire.why.text);
        sj_conn_write(t->wire.conn, "x", 1);
        world_until(t, world_has_got);
        X509 *seen = SSL_get1_peer_certificate(t->server);
        cr_expect_eq(seen != NULL, asked && given, "row %d", row);
        cr_expect(!seen || X509_cmp(seen, own) == 0);
        X509_free(seen);
        X509_free(own);
        EVP_PKEY_free(key);
        BIO_free(bio);
        world_free(t);
    }
}

Test(tls, explains_a_server_without_tls)
{
    struct tls_world *t = world_new("DNS:irc.example.org", DAY_S);
    cr_assert_eq(sj_tls_new(&t->tls, t->ca_path, true, NULL), SJ_OK);
    struct sj_conn_target target = {.host = "127.0.0.1", .port = t->wire.port, .tls = t->tls,
                                    .tls_name = "irc.example.org", .timeout_ms = 10000};
    wire_connect(&t->wire, &target);
    wire_turns(&t->wire, 3);
    wire_accept(&t->wire);
    wire_peer_send(&t->wire, ":irc.example.org NOTICE * :*** Looking up your hostname\r\n");
    wire_until(&t->wire, wire_is_down);
    cr_assert_eq(t->wire.why.status, SJ_UNREACHABLE);
    cr_assert_eq(strncmp(t->wire.why.text, "TLS with 127.0.0.1 port ", 24), 0, "%s",
                 t->wire.why.text);
    world_free(t);
}

Test(tls, gives_up_a_handshake_in_time)
{
    struct tls_world *t = world_new("DNS:irc.example.org", DAY_S);
    cr_assert_eq(sj_tls_new(&t->tls, t->ca_path, true, NULL), SJ_OK);
    struct sj_conn_target target = {
        .host = "127.0.0.1", .port = t->wire.port, .tls = t->tls, .timeout_ms = 10000};
    wire_connect(&t->wire, &target);
    wire_turns(&t->wire, 5);
    sj_loop_test_advance(t->wire.loop, 10000 + SJ_LOOP_TICK_MS);
    wire_until(&t->wire, wire_is_down);
    cr_assert_eq(t->wire.why.status, SJ_TIMEOUT);
    cr_assert_not_null(strstr(t->wire.why.text, ": timed out"), "%s", t->wire.why.text);
    world_free(t);
}

Test(tls, reports_orderly_and_abrupt_ends)
{
    for (int orderly = 0; orderly < 2; orderly++) {
        struct tls_world *t = world_new("DNS:irc.example.org", DAY_S);
        world_connect(t, "irc.example.org", true, true);
        cr_assert_eq(t->wire.ups, 1);
        world_pump(t);
        SSL_write(t->server, "ERROR :bye\r\n", 12);
        if (orderly)
            SSL_shutdown(t->server);
        SSL_free(t->server);
        t->server = NULL;
        close(t->wire.peer);
        t->wire.peer = -1;
        close(t->wire.listener);
        t->wire.listener = -1;
        wire_until(&t->wire, wire_is_down);
        cr_expect_str_eq(t->wire.input.s, "ERROR :bye\r\n");
        cr_expect_eq(t->wire.why.status, SJ_REMOTE, "%d: %s", orderly, t->wire.why.text);
        world_free(t);
    }
}

Test(tls, reports_a_broken_record)
{
    struct tls_world *t = world_new("DNS:irc.example.org", DAY_S);
    world_connect(t, "irc.example.org", true, true);
    cr_assert_eq(t->wire.ups, 1);
    world_pump(t);
    wire_peer_send(&t->wire, "this is no TLS record at all");
    wire_until(&t->wire, wire_is_down);
    cr_assert_eq(t->wire.why.status, SJ_UNREACHABLE);
    cr_assert_eq(strncmp(t->wire.why.text, "connection lost: ", 17), 0, "%s", t->wire.why.text);
    world_free(t);
}

Test(tls, says_goodbye_when_finishing)
{
    struct tls_world *t = world_new("DNS:irc.example.org", DAY_S);
    world_connect(t, "irc.example.org", true, true);
    sj_conn_write(t->wire.conn, "QUIT\r\n", 6);
    sj_conn_finish(t->wire.conn, 10000);
    world_until(t, world_has_ended);
    cr_assert_str_eq(t->got, "QUIT\r\n");
    close(t->wire.peer);
    t->wire.peer = -2;
    wire_until(&t->wire, wire_is_down);
    cr_assert_eq(t->wire.why.status, SJ_CANCELED);
    t->wire.peer = -1;
    world_free(t);
}

static void take_little(struct wire *w)
{
    size_t n;
    char *p = sj_conn_peek(w->conn, &n);
    n = n > 1000 ? 1000 : n;
    sj_strbuf_add(&w->input, p, n);
    sj_conn_consume(w->conn, n);
    if (sj_conn_available(w->conn))
        sj_conn_again(w->conn);
}

/* More than the input buffer takes, in full records: bytes that only the TLS layer knows of must
 * come out without another byte from the network. */
Test(tls, delivers_what_is_hidden_in_its_own_buffers)
{
    enum { TOTAL = 400000 };
    struct tls_world *t = world_new("DNS:irc.example.org", DAY_S);
    char *sent = sj_malloc(TOTAL);
    size_t at = 0;
    sj_random_bytes(sent, TOTAL);
    world_connect(t, "irc.example.org", true, true);
    t->wire.on_data = take_little;
    world_pump(t);
    SSL_set_mode(t->server, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    for (int i = 0; t->wire.input.len < TOTAL && i < WIRE_TURNS; i++) {
        int n = at < TOTAL ? SSL_write(t->server, sent + at, (int)(TOTAL - at)) : 0;
        at += n > 0 ? (size_t)n : 0;
        sj_loop_turn(t->wire.loop, 1);
    }
    cr_assert_eq(t->wire.input.len, TOTAL);
    cr_assert_eq(memcmp(t->wire.input.s, sent, TOTAL), 0);
    sj_free(sent);
    world_free(t);
}

Test(tls, writes_much_to_a_slow_peer)
{
    enum { TOTAL = 16000000 };         /* more than the kernel takes */
    struct tls_world *t = world_new("DNS:irc.example.org", DAY_S);
    char *sent = sj_malloc(TOTAL);
    size_t got = 0;
    sj_random_bytes(sent, TOTAL);
    world_connect(t, "irc.example.org", true, true);
    sj_conn_write(t->wire.conn, sent, TOTAL);
    sj_conn_wants_drain(t->wire.conn);
    wire_turns(&t->wire, 5);
    cr_assert_gt(sj_conn_queued(t->wire.conn), 0);
    for (int i = 0; got < TOTAL && i < WIRE_TURNS; i++) {
        sj_loop_turn(t->wire.loop, 1);
        world_pump(t);
        cr_assert_eq(memcmp(t->got, sent + got, t->n_got), 0);
        got += t->n_got;
        t->n_got = 0;
    }
    cr_assert_eq(got, TOTAL);
    wire_turns(&t->wire, 3);
    cr_assert_eq(t->wire.draineds, 1);
    sj_free(sent);
    world_free(t);
}

Test(tls, refuses_unusable_trust_files)
{
    struct sj_tls *tls = NULL;
    struct sj_error err;
    cr_assert_eq(sj_tls_new(&tls, "/nonexistent/ca.pem", true, &err), SJ_INVALID);
    cr_assert_null(tls);
    cr_assert_null(strstr(err.text, "/nonexistent"), "no path: %s", err.text);
    cr_assert_eq(sj_tls_new(&tls, "/dev/null", true, &err), SJ_INVALID);
    cr_assert_eq(sj_tls_new(&tls, NULL, true, &err), SJ_OK);
    sj_tls_free(&tls);
    cr_assert_null(tls);
    sj_tls_free(&tls);
}

Test(tls, can_be_freed_during_the_handshake)
{
    for (unsigned turns = 0; turns < 4; turns++) {
        struct tls_world *t = world_new("DNS:irc.example.org", DAY_S);
        cr_assert_eq(sj_tls_new(&t->tls, t->ca_path, true, NULL), SJ_OK);
        struct sj_conn_target target = {
            .host = "127.0.0.1", .port = t->wire.port, .tls = t->tls, .timeout_ms = 10000};
        wire_connect(&t->wire, &target);
        for (unsigned i = 0; i < turns; i++) {
            sj_loop_turn(t->wire.loop, 1);
            world_pump(t);
        }
        sj_conn_free(&t->wire.conn);
        world_free(t);
    }
}
