/* SPDX-License-Identifier: MPL-2.0 */
/* The inside of conns: conn.c (states, reading), conn_output.c (writing), conn_input.c (the owner's
 * view of what was read), conn_connect.c (look-up and connecting), conn_ident.c, conn_tls.c,
 * listen.c. */
#ifndef SOJOURN_CONN_PRIV_H
#define SOJOURN_CONN_PRIV_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "loop_priv.h"
#include "sojourn/conn.h"
#include "sojourn/error.h"
#include "sojourn/memory.h"

#define CONN_MAGIC 0x6e6e6f63u
#define CONN_ADDRESSES_MAX 16u

struct conn_attempt;
struct conn_ident;
struct ssl_st;
struct conn_tls;

enum conn_state {
    CONN_NEW,
    CONN_CONNECTING,    /* look-up or TCP */
    CONN_HANDSHAKE,     /* TLS */
    CONN_UP,
    CONN_FINISHING,     /* writes its last output, then waits for the peer's end */
    CONN_DOWN
};

/* Bytes off..len of p are alive. */
struct conn_bytes {
    char *p;
    size_t off, len, cap;
};

static inline size_t conn_bytes_count(const struct conn_bytes *b)
{
    return b->len - b->off;
}

static inline void conn_bytes_free(struct conn_bytes *b)
{
    sj_free(b->p);
    *b = (struct conn_bytes){0};
}

/* What conn_run_pending has to tell, in this order. */
enum {
    CONN_TELL_UP = 1u << 0,
    CONN_TELL_DATA = 1u << 1,
    CONN_TELL_DRAINED = 1u << 2,
    CONN_TELL_DOWN = 1u << 3
};

/* Owner: whoever called sj_conn_new, or took it in `accepted`. */
struct sj_conn {
    uint32_t magic;
    int fd;                          /* -1: none */
    struct sj_loop *loop;
    const struct sj_conn_events *events;    /* NULL: not adopted yet */
    void *arg;
    enum conn_state state;
    unsigned tell;
    unsigned calls;                  /* callbacks of this conn on the stack */
    bool freed;                      /* by its owner, inside a callback */
    bool paused;
    bool reading;                    /* read_event is added */
    bool wants_drain;
    bool half_closed;                /* FINISHING: our end is sent */
    bool ended;                      /* down has been told */
    struct event read_event;
    struct event *write_event;       /* exists only while it is waited for */
    struct sj_timer timer;
    struct sj_defer pending;
    struct sj_list again_link;
    struct sj_list flush_link;
    struct conn_bytes in, out;
    size_t scanned;                  /* of the unread input: holds no line end */
    int64_t last_input_ms;
    struct conn_attempt *attempt;    /* while CONNECTING and HANDSHAKE */
    struct conn_ident *ident;        /* while connected or connecting; NULL: nobody may know */
    struct conn_tls *tls;
    struct sj_error *why;            /* once DOWN */
};

/* conn_identity.c: owned copies share what is inside. */
struct sj_identity *conn_identity_copy(const struct sj_identity *identity);    /* NULL: NULL */
/* Has ssl show it; false: it does not fit. */
bool conn_identity_use(const struct sj_identity *identity, struct ssl_st *ssl);

/* For the loop. */
/* Calls conns of the list, one at least, until the turn is spent; the rest keeps its place. */
void conn_call_again(struct sj_loop *loop, struct sj_list *list);
void conn_call_late(struct sj_loop *loop, struct sj_list *list);
void conn_flush_all(struct sj_loop *loop);

/* conn.c: for the other files. */
struct sj_conn *conn_new_fd(struct sj_loop *loop, int fd);     /* up, waits to be adopted */
void conn_tell(struct sj_conn *c, unsigned what);
void conn_end(struct sj_conn *c, enum sj_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void conn_enter_up(struct sj_conn *c);
void conn_set_fd(struct sj_conn *c, int fd);
void conn_close_fd(struct sj_conn *c);
void conn_watch_read(struct sj_conn *c, bool on);
void conn_watch_write(struct sj_conn *c, bool on);
/* Reads once (TLS: until the buffer is full or nothing is left), and ends the conn when the other
 * side has. True: new bytes are there. */
bool conn_fill(struct sj_conn *c);
void conn_end_lost(struct sj_conn *c, int cause);

/* conn_output.c: writes as far as the kernel takes it. */
void conn_flush_out(struct sj_conn *c);

/* conn_connect.c */
void conn_attempt_free(struct sj_conn *c);
void conn_on_connected(struct sj_conn *c);     /* the socket became writable */
void conn_on_timeout(struct sj_conn *c);
const char *conn_attempt_name(const struct sj_conn *c);        /* "irc.example.org port 6697" */
struct evdns_base *conn_dns_get(struct sj_loop *loop);        /* for HTTP, too */
void conn_dns_free(struct sj_loop *loop);

/* conn_ident.c: has fd, connected or connecting to peer, found under this ident. */
void conn_ident_add(struct sj_conn *c, const char *ident, const struct sockaddr *peer);
void conn_ident_remove(struct sj_conn *c);
void conn_ident_free_all(struct sj_loop *loop);

/* conn_tls.c. Bytes read or written, 0: orderly end (read), -1 with errno EAGAIN or a cause. */
void conn_tls_start(struct sj_conn *c, struct sj_tls *tls, const char *name,
                    const struct sj_identity *identity);
void conn_tls_handshake(struct sj_conn *c);
ssize_t conn_tls_read(struct sj_conn *c, void *p, size_t n);
ssize_t conn_tls_write(struct sj_conn *c, const void *p, size_t n);
bool conn_tls_has_pending(const struct sj_conn *c);
void conn_tls_close_notify(struct sj_conn *c);
/* Why the last call failed, for people. */
const char *conn_tls_problem(const struct sj_conn *c);
void conn_tls_free(struct sj_conn *c);
const char *conn_tls_describe(const struct sj_conn *c);

#endif
