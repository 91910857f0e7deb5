/* SPDX-License-Identifier: MPL-2.0 */
/* The TLS client side of conns, OpenSSL straight on the socket: settings, handshake with
 * verification of chain and name (RFC 6125; the library checks no names unless told to), reading
 * and writing. Waiting for the socket is left to conn.c. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "conn_priv.h"
#include "sojourn/memory.h"

#define TLS_TEXT_MAX 64u
#define TLS_READ_MAX 65536      /* bytes one call of the library may be asked for */

struct sj_tls {
    SSL_CTX *context;
    bool verify;
};

/* Owner: the conn. */
struct conn_tls {
    SSL *ssl;
    const char *problem;        /* static text, NULL: none */
    char text[TLS_TEXT_MAX];    /* protocol and cipher, once up */
};

/* ---- settings ---- */

static const char *tls_library_reason(void)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    return reason;
}

enum sj_status sj_tls_new(struct sj_tls **out, const char *ca_file, bool verify,
                          struct sj_error *err)
{
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context)
        return sj_fail(err, SJ_INTERNAL, "TLS cannot be set up");
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    int loaded = 1;
    if (ca_file)
        loaded = SSL_CTX_load_verify_locations(context, ca_file, NULL);
    else if (verify)
        loaded = SSL_CTX_set_default_verify_paths(context);
    if (loaded != 1) {
        const char *reason = tls_library_reason();
        SSL_CTX_free(context);
        return sj_fail(err, SJ_INVALID, "the file of trusted certificates is unusable: %s",
                       reason ? reason : "it holds no certificate");
    }
    *out = sj_calloc(1, sizeof **out);
    (*out)->context = context;
    (*out)->verify = verify;
    return SJ_OK;
}

char *sj_tls_trust_dir(unsigned i)
{
    /* Debian's directory holds links into the two behind it. */
    const char *dirs[] = {X509_get_default_cert_dir(), "/etc/ssl/certs",
                          "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
                          getenv(X509_get_default_cert_dir_env())};

    return i < sizeof dirs / sizeof *dirs ? sj_strdup(dirs[i]) : NULL;
}

void sj_tls_free(struct sj_tls **tls)
{
    if (!tls || !*tls)
        return;
    SSL_CTX_free((*tls)->context);
    sj_free(*tls);
    *tls = NULL;
}

/* ---- handshake ---- */

static bool tls_is_numeric(const char *name)
{
    struct in6_addr address;
    return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
}

/* The name that the certificate must carry, and the one that the server is told (RFC 6066 §3: no
 * addresses there). */
static bool tls_set_name(SSL *ssl, const char *name)
{
    if (tls_is_numeric(name))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
    size_t n = strlen(name);
    char *plain = sj_strndup(name, n && name[n - 1] == '.' ? n - 1 : n);
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    bool done = SSL_set1_host(ssl, plain) == 1 && SSL_set_tlsext_host_name(ssl, plain) == 1;
    sj_free(plain);
    return done;
}

void conn_tls_start(struct sj_conn *c, struct sj_tls *tls, const char *name,
                    const struct sj_identity *identity)
{
    ERR_clear_error();
    struct conn_tls *t = sj_calloc(1, sizeof *t);
    c->tls = t;
    t->ssl = SSL_new(tls->context);
    if (!t->ssl || !tls_set_name(t->ssl, name) || SSL_set_fd(t->ssl, c->fd) != 1)
        t->problem = "the name cannot be used";
    else if (identity && !conn_identity_use(identity, t->ssl))
        t->problem = "the client certificate cannot be used";
    else
        SSL_set_connect_state(t->ssl);
}

void conn_tls_free(struct sj_conn *c)
{
    if (!c->tls)
        return;
    SSL_free(c->tls->ssl);
    sj_free(c->tls);
    c->tls = NULL;
}

/* Notes why a call of the library failed. True: only the socket is not ready; wants_write tells
 * for what. */
static bool tls_must_wait(struct conn_tls *t, int result, bool *wants_write)
{
    int cause = errno;
    int code = SSL_get_error(t->ssl, result);
    *wants_write = code == SSL_ERROR_WANT_WRITE;
    if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE)
        return true;
    unsigned long last = ERR_peek_last_error();
    if (ERR_GET_REASON(last) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        t->problem = "closed without a TLS goodbye";
    else if (code == SSL_ERROR_SSL)
        t->problem = tls_library_reason();
    else
        t->problem = cause ? strerror(cause) : "closed";
    if (!t->problem)
        t->problem = "TLS error";
    return false;
}

static void tls_end_refused(struct sj_conn *c)
{
    long verdict = SSL_get_verify_result(c->tls->ssl);
    const char *name = conn_attempt_name(c);
    if (verdict != X509_V_OK && SSL_get_verify_mode(c->tls->ssl) != SSL_VERIFY_NONE)
        conn_end(c, SJ_DENIED, "the certificate of %s is refused: %s", name,
                 X509_verify_cert_error_string(verdict));
    else
        conn_end(c, SJ_UNREACHABLE, "TLS with %s failed: %s", name, c->tls->problem);
}

void conn_tls_handshake(struct sj_conn *c)
{
    struct conn_tls *t = c->tls;
    if (t->problem) {
        tls_end_refused(c);
        return;
    }
    ERR_clear_error();
    errno = 0;
    int result = SSL_do_handshake(t->ssl);
    bool wants_write = false;
    if (result == 1) {
        snprintf(t->text, sizeof t->text, "%s %s", SSL_get_version(t->ssl),
                 SSL_get_cipher_name(t->ssl));
        /* Our key has done its work: no second handshake is possible. */
        SSL_certs_clear(t->ssl);
        conn_enter_up(c);
    } else if (tls_must_wait(t, result, &wants_write)) {
        conn_watch_write(c, wants_write);
        conn_watch_read(c, true);
    } else {
        tls_end_refused(c);
    }
}

/* ---- data ---- */

ssize_t conn_tls_read(struct sj_conn *c, void *p, size_t n)
{
    struct conn_tls *t = c->tls;
    ERR_clear_error();
    errno = 0;
    int result = SSL_read(t->ssl, p, n < TLS_READ_MAX ? (int)n : TLS_READ_MAX);
    if (result > 0)
        return result;
    if (SSL_get_error(t->ssl, result) == SSL_ERROR_ZERO_RETURN)
        return 0;
    bool wants_write;
    if (tls_must_wait(t, result, &wants_write)) {
        errno = EAGAIN;
        return -1;
    }
    /* Half the world's servers just close. Lines and stanzas have ends of their own, so a cut is
     * seen without TLS's goodbye; it counts as an orderly end. */
    if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return 0;
    errno = EPROTO;
    return -1;
}

ssize_t conn_tls_write(struct sj_conn *c, const void *p, size_t n)
{
    struct conn_tls *t = c->tls;
    ERR_clear_error();
    errno = 0;
    int result = SSL_write(t->ssl, p, n < TLS_READ_MAX ? (int)n : TLS_READ_MAX);
    if (result > 0)
        return result;
    bool wants_write;
    errno = tls_must_wait(t, result, &wants_write) ? EAGAIN : EPROTO;
    return -1;
}

bool conn_tls_has_pending(const struct sj_conn *c)
{
    return SSL_pending(c->tls->ssl) > 0;
}

void conn_tls_close_notify(struct sj_conn *c)
{
    ERR_clear_error();
    SSL_shutdown(c->tls->ssl);
}

const char *conn_tls_problem(const struct sj_conn *c)
{
    return c->tls->problem;
}

const char *conn_tls_describe(const struct sj_conn *c)
{
    return c->tls->text;
}
