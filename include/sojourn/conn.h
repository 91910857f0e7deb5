/* SPDX-License-Identifier: MPL-2.0 */
/* Byte and line streams over TCP, TLS and Unix sockets, on the loop. libevent and OpenSSL hidden.
 *
 * A conn belongs to its creator, who frees it; freeing inside a callback of the same conn is
 * allowed. Callbacks come from the loop top only, never from inside a call of this header.
 * What is written in one turn leaves in one system call at the end of the turn; TCP_NODELAY is
 * set. Names are resolved by evdns (never blocking), all addresses are tried in order.
 * At most SJ_CONN_INPUT_MAX unread bytes are held, then the socket is not read until some are
 * taken. Output past SJ_CONN_OUTPUT_MAX ends the conn (SJ_LIMIT): the owner looks at
 * sj_conn_queued before. */
#ifndef SOJOURN_CONN_H
#define SOJOURN_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"

#define SJ_CONN_INPUT_MAX 65536u
#define SJ_CONN_OUTPUT_MAX (64u * 1024 * 1024)

struct sj_loop;
struct sj_conn;
struct sj_tls;
struct sj_listener;
struct sj_identity;

struct sj_conn_events {                 /* every member non-NULL */
    void (*up)(void *arg);              /* connected (TLS: handshake done, peer verified) */
    void (*data)(void *arg);            /* bytes to read; called again only when more arrive,
                                           unless sj_conn_again was called */
    void (*drained)(void *arg);         /* output fell to zero after sj_conn_wants_drain */
    void (*down)(void *arg, const struct sj_error *why);
                                        /* ended by the peer, an error or a timeout, once; unread
                                           input is still readable. why->status: SJ_REMOTE orderly
                                           end, SJ_TIMEOUT, SJ_DENIED certificate refused,
                                           SJ_LIMIT too much output waits, SJ_CANCELED after
                                           sj_conn_finish, SJ_UNREACHABLE everything else */
};

struct sj_conn_target {
    const char *host;           /* name or numeric address; for a Unix socket its path */
    uint16_t port;              /* 0: host is a Unix socket path */
    struct sj_tls *tls;         /* NULL: plain; borrowed, outlives the conn */
    const char *tls_name;       /* name that the certificate must carry; NULL: host */
    const struct sj_identity *identity;  /* shown to a server that asks for one, or NULL; only
                                            lent until sj_conn_connect returns */
    const char *source[2];      /* numeric local addresses to bind to, of each family at most one,
                                   or NULL; with one, the other family is not used */
    const char *ident;          /* stands for the user to servers that ask (RFC 1413): up to
                                   SJ_IDENT_MAX of [a-z0-9], or NULL; see sj_conn_ident_find */
    int64_t timeout_ms;         /* for look-up, connect and handshake together */
    unsigned unsent_max;        /* bytes that the kernel may keep unsent behind what the peer takes,
                                   so that sj_conn_queued tells how far behind the peer is; 0: as
                                   many as it likes */
    unsigned unread_max;        /* bytes that the kernel may take from the peer before they are
                                   read, so that little is before what comes next; 0: as above */
};

/* events and arg are borrowed and outlive the conn. */
struct sj_conn *sj_conn_new(struct sj_loop *loop, const struct sj_conn_events *events, void *arg);
void sj_conn_free(struct sj_conn **conn);          /* drops unsent output; no more callbacks */
/* Starts connecting; the outcome comes as up or down. target is copied. */
void sj_conn_connect(struct sj_conn *conn, const struct sj_conn_target *target);

/* Queues n bytes (copied); before the conn is up they wait for it. Ignored when down or
 * finishing. */
void sj_conn_write(struct sj_conn *conn, const void *p, size_t n);
/* Bytes queued and not yet taken by the kernel. */
size_t sj_conn_queued(const struct sj_conn *conn);
/* Asks for one drained event when the output has become empty. */
void sj_conn_wants_drain(struct sj_conn *conn);
/* Writes out what is queued as far as the kernel takes it, now (shutdown paths). */
void sj_conn_flush(struct sj_conn *conn);
/* Orderly end: no more input is delivered, queued output is written, our end is closed, and when
 * the peer has closed its own (so that nothing of ours is lost by a reset) `down` (SJ_CANCELED)
 * comes; at the latest after timeout_ms. */
void sj_conn_finish(struct sj_conn *conn, int64_t timeout_ms);

/* Bytes available to read. */
size_t sj_conn_available(const struct sj_conn *conn);
/* A contiguous view of the first bytes of input, *n of them (0: none); valid and writable until
 * the next call on this conn. */
char *sj_conn_peek(struct sj_conn *conn, size_t *n);
void sj_conn_consume(struct sj_conn *conn, size_t n);
enum sj_line { SJ_LINE_NONE, SJ_LINE_OK, SJ_LINE_TOO_LONG };
/* Takes the next line that ends in LF or CRLF; the end is cut off and a NUL put in its place, so
 * *line is a writable string of *n bytes (it may hold further NULs), valid until the next read
 * call on this conn. TOO_LONG: more than max bytes (less than SJ_CONN_INPUT_MAX) without an end;
 * the stream is not usable. */
enum sj_line sj_conn_line(struct sj_conn *conn, size_t max, char **line, size_t *n);
/* Calls data again in the next turn (fairness: at most N lines a turn). */
void sj_conn_again(struct sj_conn *conn);
/* Stops or resumes reading from the socket (back-pressure). While paused data is not called;
 * resumed, it is called in the next turn for what is still unread. */
void sj_conn_pause(struct sj_conn *conn, bool paused);
/* Loop time of the last byte read, in ms. */
int64_t sj_conn_last_input_ms(const struct sj_conn *conn);
/* "TLSv1.3 TLS_AES_256_GCM_SHA384" or "" when plain. */
const char *sj_conn_tls_text(const struct sj_conn *conn);

/* Client TLS settings: TLS 1.2 or newer, peer and name verified. ca_file NULL: the system's
 * store. verify false: any certificate (the admin said so). SJ_INVALID when ca_file is unusable. */
enum sj_status sj_tls_new(struct sj_tls **out, const char *ca_file, bool verify,
                          struct sj_error *err);
void sj_tls_free(struct sj_tls **tls);
/* Directories from which certificates of authorities are read while connections are made: the one
 * of this index as a new string, NULL behind the last. */
char *sj_tls_trust_dir(unsigned i);

/* A client certificate with its key, from PEM: at most SJ_IDENTITY_CHAIN_MAX certificates, the
 * user's own first, and one private key without a passphrase, in any order. Line ends may have
 * become blanks, as they do in one-line fields. SJ_UNACCEPTABLE with a text for the user. */
#define SJ_IDENTITY_CHAIN_MAX 4u
enum sj_status sj_identity_new(struct sj_identity **out, const char *pem, struct sj_error *err);
void sj_identity_free(struct sj_identity **identity);      /* wipes the key */

/* Listens on a Unix socket (mode 0600, an old socket file is replaced) and hands each client over
 * as a conn that is up; accepted takes it and gives it events by sj_conn_adopt. */
enum sj_status sj_listen_unix(struct sj_listener **out, struct sj_loop *loop, const char *path,
                              void (*accepted)(void *arg, struct sj_conn *conn), void *arg,
                              struct sj_error *err);
/* The same on a TCP port of a numeric address; an IPv6 one takes no IPv4 clients. */
enum sj_status sj_listen_tcp(struct sj_listener **out, struct sj_loop *loop, const char *address,
                             uint16_t port,
                             void (*accepted)(void *arg, struct sj_conn *conn), void *arg,
                             struct sj_error *err);
void sj_listener_free(struct sj_listener **l);     /* removes the socket file */
void sj_conn_adopt(struct sj_conn *conn, const struct sj_conn_events *events, void *arg);

/* For an identd (RFC 1413). From now on, conns of this loop that have an ident are found by their
 * addresses and ports, from connecting to the end. */
#define SJ_IDENT_MAX 10u
void sj_conn_ident_enable(struct sj_loop *loop);
/* The ident of the conn between the addresses of asker (accepted by sj_listen_tcp), from port ours
 * to port theirs; NULL: there is none. Valid until the next turn. */
const char *sj_conn_ident_find(const struct sj_conn *asker, uint16_t ours, uint16_t theirs);

#endif
