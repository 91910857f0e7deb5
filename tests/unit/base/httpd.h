/* SPDX-License-Identifier: MPL-2.0 */
/* A scripted HTTP server on loopback, in the test's own process, and clients that note what they
 * are told. Nothing here sleeps: waits are turns of the loop, bounded in number. */
#ifndef SOJOURN_TEST_HTTPD_H
#define SOJOURN_TEST_HTTPD_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names.h"
#include "sojourn/http.h"
#include "sojourn/loop.h"
#include "sojourn/map.h"
#include "sojourn/strbuf.h"

#define HTTPD_TURNS 20000

/* One connection to the server. */
struct httpd_peer {
    struct sj_list link;
    struct httpd *httpd;
    int fd;
    SSL *ssl;
    struct sj_strbuf in;        /* of this request */
    size_t read;                /* bytes of in that belong to requests that are done */
    char *out;
    size_t n_out, at_out;
    bool close_after;
    bool reset_after;
    bool deaf;                  /* does not read */
    unsigned requests;
    bool greeted;               /* HTTP/2: the preface was there */
};

struct httpd {
    int listener;
    uint16_t port;
    SSL_CTX *tls;               /* NULL: plain */
    struct sj_list peers;
    unsigned accepted, open, most_open, requests;
    /* The head of a request (or more of its body) is there. */
    void (*serve)(struct httpd *d, struct httpd_peer *p);
    const char *answer;         /* when serve is NULL: sent for each head */
    bool close;                 /* after the answer */
    void *ctx;
    /* HTTP/2, when serve2 is set (needs TLS): a request on that stream is complete. */
    void (*serve2)(struct httpd *d, struct httpd_peer *p, uint32_t stream);
    unsigned streams_max;       /* announced */
    unsigned resets;            /* streams given up by the client */
};

void httpd_open(struct httpd *d);
void httpd_release(struct httpd *d);
void httpd_serve(struct httpd *d);
void httpd_send(struct httpd_peer *p, const void *bytes, size_t n);
void httpd_sends(struct httpd_peer *p, const char *text);
/* "/path" of the present request, in out. */
const char *httpd_path(const struct httpd_peer *p, char *out, size_t size);
/* The value of a header of the present request, or "". */
const char *httpd_header(const struct httpd_peer *p, const char *name, char *out, size_t size);
/* Bytes of the present request's body so far. */
size_t httpd_body(const struct httpd_peer *p, const char **body);
/* The present request is done; the next one on this connection may come. */
void httpd_next(struct httpd_peer *p);

/* httpd_h2.c: just enough of RFC 9113 to be a server in tests. */
void httpd_offer(struct httpd *d, const char *protocol);   /* by ALPN; after web_secure */
void httpd_h2_read(struct httpd_peer *p);              /* takes frames from in */
void httpd_h2_answer(struct httpd_peer *p, uint32_t stream, const char *body);
void httpd_h2_reset(struct httpd_peer *p, uint32_t stream);

/* One request of the client and what was heard of it. */
struct fetch {
    struct web *web;
    uint64_t id;
    unsigned heads, datas, writables, dones;
    int head_status, status;
    int64_t length;
    char type[64];
    struct sj_strbuf body;
    uint64_t received;
    bool count_only;
    struct sj_error err;        /* status SJ_OK: none */
    void (*on_headers)(struct fetch *f);
    void (*on_data)(struct fetch *f);
    void (*on_writable)(struct fetch *f, size_t room);
    void (*on_done)(struct fetch *f);
    size_t to_write;
};

struct web {
    struct sj_loop *loop;
    struct sj_http *http;
    struct httpd httpd;
    struct names names;
    char ca_path[64];
    char url[200];              /* last one made by web_url */
};

/* Server and client, which may connect to 127.0.0.0/8. */
void web_init(struct web *w);
void web_init_with(struct web *w, struct sj_http_options options);
/* The server has a certificate of an authority that the client trusts, for these names; before
 * web_init. */
void web_secure(struct web *w, const char *names, long to_s);
void web_release(struct web *w);
/* "http://127.0.0.1:PORT/path", https when secured; in w->url. */
const char *web_url(struct web *w, const char *path);
void web_turn(struct web *w);
void web_turns(struct web *w, unsigned n);

/* Starts; url and the rest as in q, events and ctx are set here. Fails the test when refused. */
void fetch_start(struct fetch *f, struct web *w, struct sj_http_request q);
/* GET of path, plain http allowed, at most 1 MiB. */
void fetch_get(struct fetch *f, struct web *w, const char *path);
struct sj_http_request fetch_request(struct web *w, const char *path);
/* Turns until done has come. */
void fetch_wait(struct fetch *f);
void fetch_release(struct fetch *f);
/* Both, and release; checks status (0: any). */
void fetch_expect(struct web *w, const char *path, enum sj_status status, const char *text);
extern const struct sj_http_events fetch_events;

#endif
