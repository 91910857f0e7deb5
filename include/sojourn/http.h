/* SPDX-License-Identifier: MPL-2.0 */
/* Asynchronous HTTP on the loop: calls to servers' APIs and transfers of files.
 *
 * Built for addresses that strangers choose. Only https (http when asked for), only public
 * addresses (judged when connecting, for every hop, whatever the name said), no user names in URLs,
 * no ports of other protocols, redirects under the same rules, everything bounded. Certificates are
 * always verified. No threads: names are looked up by the loop.
 *
 * Requests are named by ids that are never used again; a call that names a request which has ended
 * does nothing. Events come from the loop top only, never from inside a call of this header, and
 * every call is allowed inside an event, sj_http_cancel and sj_http_free included.
 *
 * Memory for each idle request is in docs/PERFORMANCE.md. */
#ifndef SOJOURN_HTTP_H
#define SOJOURN_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"
#include "sojourn/ipaddr.h"

#define SJ_HTTP_URL_MAX 8192u           /* bytes of a URL */
#define SJ_HTTP_HEADERS_MAX 32u         /* headers of a request */
#define SJ_HTTP_HEADER_MAX 8192u        /* bytes of name and value */
#define SJ_HTTP_BODY_MAX (1024u * 1024) /* bytes of a body in memory */
#define SJ_HTTP_HEAD_MAX 65536u         /* bytes of an answer's status lines and headers */
#define SJ_HTTP_DATA_MAX 16384u         /* bytes of one data event */
#define SJ_HTTP_ROOM_MAX 65536u         /* bytes of a streamed body that wait to be sent */
#define SJ_HTTP_REDIRECTS_MAX 10u

struct sj_http;
struct sj_log;
struct sj_loop;

struct sj_http_options {                /* 0 or NULL: what stands in brackets */
    const char *ca_file;                /* trusted certificates, PEM [Debian's bundle] */
    unsigned running_max;               /* requests at work [256] */
    unsigned running_host_max;          /* of these for one host [8] */
    unsigned waiting_max;               /* requests that wait for their turn [4096] */
    const struct sj_subnet *allowed;    /* not public, but allowed by the admin; copied */
    size_t n_allowed;
};

enum sj_http_method { SJ_HTTP_GET, SJ_HTTP_HEAD, SJ_HTTP_PUT, SJ_HTTP_POST, SJ_HTTP_DELETE };

enum sj_http_kind {
    SJ_HTTP_CALL,       /* shares connections with others to the same server (HTTP/2 streams, else
                           HTTP/1.1 kept alive) and accepts gzip; small buffers; cannot be paused
                           or streamed to, since one stream that waits would stop all others. When
                           a shared connection turns out to be dead within two seconds, what was
                           asked is asked once more on a fresh one, but never a POST */
    SJ_HTTP_LARGE,      /* a call whose answer may be large: an HTTP/1.1 connection of its own, so
                           that nobody waits behind it, bytes as they are, so that none of them
                           becomes many; small buffers */
    SJ_HTTP_TRANSFER    /* an HTTP/1.1 connection of its own, bytes as they are; can be paused and
                           streamed to */
};

struct sj_http_header {
    const char *name;
    const char *value;
};

/* Every member non-NULL. In all of them ctx is that of the request. */
struct sj_http_events {
    /* The answer's head is there, once: after redirects, before any data. type is the Content-Type
     * as sent, or NULL; length the bytes that data will bring (HEAD: what is announced), -1: not
     * known. Both are borrowed; other headers by sj_http_response_header, until this returns.
     * status may be any 200..599; redirects that were not to be followed are given as they are. */
    void (*headers)(void *ctx, uint64_t id, int status, const char *type, int64_t length);
    /* 1..SJ_HTTP_DATA_MAX bytes of the answer's body, decompressed; borrowed. */
    void (*data)(void *ctx, uint64_t id, const void *p, size_t n);
    /* A streamed body can take `room` more bytes (see sj_http_write); first when the server is
     * ready for it, then whenever at least half of SJ_HTTP_ROOM_MAX, or all that is missing, has
     * become free. */
    void (*writable)(void *ctx, uint64_t id, size_t room);
    /* The end, exactly once unless canceled; the id is of the past. err NULL: a whole answer has
     * been received, whatever its status says (sj_http_status_check). Otherwise status is 0 or that
     * of an answer that was not completed, and err->status is one of
     *   SJ_UNREACHABLE  no such host, no connection, or lost before the end
     *   SJ_TIMEOUT      one of the three times ran out
     *   SJ_DENIED       certificate refused, address, port or scheme not permitted (redirects, too)
     *   SJ_LIMIT        the answer is larger than response_max, or its head than SJ_HTTP_HEAD_MAX
     *   SJ_REMOTE       not understood: no HTTP, bad compression, too many redirects
     *   SJ_INTERNAL     the trusted certificates cannot be read
     * err->text names the host at most, never path or query. */
    void (*done)(void *ctx, uint64_t id, int status, const struct sj_error *err);
};

struct sj_http_request {                /* all copied (secrets are wiped when the request ends) */
    enum sj_http_method method;
    enum sj_http_kind kind;
    const char *url;                    /* absolute, its host in ASCII; a fragment is cut off */
    bool allow_http;                    /* plain http, too; never after https */
    unsigned redirects_max;             /* GET and HEAD only, at most SJ_HTTP_REDIRECTS_MAX. To
                                           another scheme, host or port no header goes along */
    const struct sj_http_header *headers;   /* not those of framing and connection, nor Host */
    size_t n_headers;
    const void *body;                   /* PUT and POST; at most SJ_HTTP_BODY_MAX */
    uint64_t body_size;                 /* sent as Content-Length */
    bool streamed;                      /* TRANSFER: body is NULL and comes by sj_http_write */
    uint64_t response_max;              /* bytes of the answer's body, decompressed: refused by
                                           Content-Length beforehand, and when counted */
    int64_t connect_ms;                 /* look-up, connecting and TLS together; 0: 15 s */
    int64_t total_ms;                   /* everything, the wait for its turn, too; 0: 2 min */
    int64_t stall_ms;                   /* once connected: fewer than stall_bytes both ways in so
                                           long, while we take and give; 0: no such limit */
    uint64_t stall_bytes;
    const struct sj_http_events *events;    /* borrowed, outlives the request */
    void *ctx;
};

/* Never NULL. loop is borrowed and outlives it. log is a node of the owner, borrowed. An unusable
 * ca_file shows with the first https request. */
struct sj_http *sj_http_new(struct sj_loop *loop, const struct sj_log *log,
                            const struct sj_http_options *options);
/* Drops all requests without an event. Names being looked up need one more turn of the loop or its
 * end, both fine. */
void sj_http_free(struct sj_http **http);

/* Queues a request. Its id, or 0: SJ_INVALID (no URL, user name in it, header that is malformed or
 * not the caller's business, body too large or not allowed), SJ_DENIED (scheme or port),
 * SJ_LIMIT (too many are waiting). */
uint64_t sj_http_start(struct sj_http *http, const struct sj_http_request *request,
                       struct sj_error *err);
/* No event comes afterwards. The connection is closed; of a shared one the stream is reset together
 * with the next bytes that are sent on it. */
void sj_http_cancel(struct sj_http *http, uint64_t id);
/* TRANSFER: no data event until resumed. The server is slowed down: at most its window and
 * SJ_HTTP_DATA_MAX bytes are held. total_ms goes on. */
void sj_http_pause(struct sj_http *http, uint64_t id);
void sj_http_resume(struct sj_http *http, uint64_t id);

/* Adds n bytes (copied) to a streamed body; all or nothing. SJ_LIMIT: more than sj_http_room,
 * SJ_INVALID: more than body_size in total, SJ_NOTFOUND: the request has ended. */
enum sj_status sj_http_write(struct sj_http *http, uint64_t id, const void *p, size_t n);
/* Bytes that sj_http_write takes now; 0 also when the body is complete or the request has ended.
 * Writing before the first writable event is allowed. */
size_t sj_http_room(const struct sj_http *http, uint64_t id);

/* Inside a headers event: the first header of that name in the answer, or NULL. Borrowed until the
 * event returns. No control characters but tab; not necessarily UTF-8. */
const char *sj_http_response_header(const struct sj_http *http, uint64_t id, const char *name);

/* SJ_OK for 200..299, otherwise a status and a text for the user: 401 SJ_AUTH, 403 SJ_DENIED,
 * 404 and 410 SJ_NOTFOUND, 408 and 504 SJ_TIMEOUT, 413, 429 and 507 SJ_LIMIT, others SJ_REMOTE. */
enum sj_status sj_http_status_check(int status, struct sj_error *err);

/* For the operator: requests at work and waiting. */
struct sj_http_counts {
    unsigned running, waiting;
};
struct sj_http_counts sj_http_counts(const struct sj_http *http);

#endif
