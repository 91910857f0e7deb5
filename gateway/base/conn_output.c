/* SPDX-License-Identifier: MPL-2.0 */
/* A conn's output: one buffer, written once at the end of each turn in which something was added,
 * and when the kernel takes bytes again after it has refused some. A drained buffer goes back to
 * the loop, for the next conn that has something to say. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "conn_priv.h"
#include "sojourn/memory.h"

#define CONN_OUT_FIRST 1024u

static void conn_out_reserve(struct sj_conn *c, size_t n)
{
    struct conn_bytes *out = &c->out;
    struct loop_spare *spare = &c->loop->spare_out;
    if (!out->p && spare->p) {
        *out = (struct conn_bytes){.p = spare->p, .cap = spare->cap};
        spare->p = NULL;
    }
    if (out->cap - out->len >= n)
        return;
    size_t alive = conn_bytes_count(out);
    if (out->off >= alive && out->cap - alive >= n) {
        memcpy(out->p, out->p + out->off, alive);
    } else {
        size_t cap = out->cap ? out->cap : CONN_OUT_FIRST;
        while (cap - alive < n)
            cap *= 2;
        char *p = sj_malloc(cap);
        if (alive)
            memcpy(p, out->p + out->off, alive);
        sj_free(out->p);
        out->p = p;
        out->cap = cap;
    }
    out->off = 0;
    out->len = alive;
}

/* The larger of this buffer and the spare one becomes the spare one. */
static void conn_return_output(struct sj_conn *c)
{
    struct loop_spare *spare = &c->loop->spare_out;
    if (c->out.cap <= LOOP_SPARE_OUT_MAX && (!spare->p || spare->cap < c->out.cap)) {
        sj_free(spare->p);
        *spare = (struct loop_spare){.p = c->out.p, .cap = c->out.cap};
        c->out.p = NULL;
    }
    conn_bytes_free(&c->out);
}

void sj_conn_write(struct sj_conn *c, const void *p, size_t n)
{
    assert(c->magic == CONN_MAGIC);
    if (!n || c->state == CONN_FINISHING || c->state == CONN_DOWN)
        return;
    if (n > SJ_CONN_OUTPUT_MAX - conn_bytes_count(&c->out)) {
        conn_end(c, SJ_LIMIT, "too much output waits");
        return;
    }
    conn_out_reserve(c, n);
    memcpy(c->out.p + c->out.len, p, n);
    c->out.len += n;
    if (c->state == CONN_UP && !c->write_event && sj_list_empty(&c->flush_link))
        sj_list_append(&c->loop->flush, &c->flush_link);
}

/* Our end of a finishing conn: all is written. */
static void conn_half_close(struct sj_conn *c)
{
    if (c->tls)
        conn_tls_close_notify(c);
    shutdown(c->fd, SHUT_WR);
    c->half_closed = true;
    conn_watch_read(c, true);
}

/* The kernel refuses output. What the other side said before it went is worth reading: networks
 * put the reason there. */
static void conn_on_write_error(struct sj_conn *c, int cause)
{
    if (c->state == CONN_FINISHING) {
        conn_end(c, SJ_CANCELED, "connection finished");
        return;
    }
    if (!c->tls && !c->paused && conn_bytes_count(&c->in) < SJ_CONN_INPUT_MAX && conn_fill(c))
        c->tell |= CONN_TELL_DATA;
    conn_end_lost(c, cause);
}

static void conn_on_emptied(struct sj_conn *c)
{
    if (c->out.p)
        conn_return_output(c);
    conn_watch_write(c, false);
    if (c->wants_drain) {
        c->wants_drain = false;
        conn_tell(c, CONN_TELL_DRAINED);
    }
    if (c->state == CONN_FINISHING && !c->half_closed)
        conn_half_close(c);
}

/* No callbacks in here: what they have to hear is told by a deferred call. */
void conn_flush_out(struct sj_conn *c)
{
    struct conn_bytes *out = &c->out;
    sj_list_remove(&c->flush_link);
    while (conn_bytes_count(out)) {
        size_t n = conn_bytes_count(out);
        const char *p = out->p + out->off;
        ssize_t done =
            c->tls ? conn_tls_write(c, p, n) : send(c->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (done > 0) {
            out->off += (size_t)done;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            conn_watch_write(c, true);
            return;
        } else if (errno != EINTR) {
            conn_on_write_error(c, errno);
            return;
        }
    }
    conn_on_emptied(c);
}

void conn_flush_all(struct sj_loop *loop)
{
    while (!sj_list_empty(&loop->flush))
        conn_flush_out(SJ_CONTAINER(loop->flush.next, struct sj_conn, flush_link));
}

void sj_conn_flush(struct sj_conn *c)
{
    if (c->state == CONN_UP || c->state == CONN_FINISHING)
        conn_flush_out(c);
}

size_t sj_conn_queued(const struct sj_conn *c)
{
    return conn_bytes_count(&c->out);
}

void sj_conn_wants_drain(struct sj_conn *c)
{
    if (c->state == CONN_DOWN)
        return;
    if (c->state == CONN_UP && !conn_bytes_count(&c->out))
        conn_tell(c, CONN_TELL_DRAINED);
    else
        c->wants_drain = true;
}
