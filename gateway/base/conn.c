/* SPDX-License-Identifier: MPL-2.0 */
/* Conns: states, reading, and what is told to the owner. Writing is conn_output.c, the owner's view
 * of the input conn_input.c, connecting conn_connect.c.
 *
 * Made for many idle conns and cheap single messages: an idle conn has no buffers; input is read
 * into one buffer that the loop lends, and only what a callback leaves over is kept in the conn's
 * own memory; output is collected and written once at the end of the turn, straight to the socket,
 * so that no write event is armed unless the kernel refuses bytes. A message that comes alone costs
 * epoll_wait, recv and send. (bufferevents cost an FIONREAD more for each read, and 1 KiB a conn.)
 *
 * Callbacks come from conn_run_pending (a deferred call), conn_on_readable and conn_call_again
 * only, all from the loop top. */
#include "sojourn/conn.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conn_priv.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"

#define CONN_KEEP_MAX 16384u     /* more unread input keeps the borrowed buffer, less is copied */
#define CONN_DISCARD_MAX 65536u  /* bytes thrown away in one turn while finishing */

static void conn_on_readable(evutil_socket_t fd, short what, void *arg);
static void conn_on_writable(evutil_socket_t fd, short what, void *arg);
static void conn_on_timer(void *arg);
static void conn_run_pending(void *arg);

/* ---- life ---- */

struct sj_conn *sj_conn_new(struct sj_loop *loop, const struct sj_conn_events *events, void *arg)
{
    struct sj_conn *c = sj_calloc(1, sizeof *c);
    c->magic = CONN_MAGIC;
    c->fd = -1;
    c->loop = loop;
    c->events = events;
    c->arg = arg;
    sj_timer_init(&c->timer, conn_on_timer, c);
    sj_defer_init(&c->pending, conn_run_pending, c);
    sj_list_init(&c->again_link);
    sj_list_init(&c->flush_link);
    return c;
}

/* Everything but the memory of the struct and the unread input. */
static void conn_release(struct sj_conn *c)
{
    sj_timer_stop(&c->timer);
    sj_defer_cancel(&c->pending);
    sj_list_remove(&c->again_link);
    sj_list_remove(&c->flush_link);
    conn_attempt_free(c);
    conn_tls_free(c);
    conn_close_fd(c);
    conn_bytes_free(&c->out);
}

static void conn_destroy(struct sj_conn *c)
{
    conn_bytes_free(&c->in);
    sj_free(c->why);
    c->magic = 0;
    sj_free(c);
}

void sj_conn_free(struct sj_conn **conn)
{
    if (!conn || !*conn)
        return;
    struct sj_conn *c = *conn;
    *conn = NULL;
    assert(c->magic == CONN_MAGIC && !c->freed);
    conn_release(c);
    c->freed = true;
    if (!c->calls)
        conn_destroy(c);
}

struct sj_conn *conn_new_fd(struct sj_loop *loop, int fd)
{
    struct sj_conn *c = sj_conn_new(loop, NULL, NULL);
    conn_set_fd(c, fd);
    c->state = CONN_UP;
    c->last_input_ms = sj_loop_now_ms(loop);
    return c;
}

void sj_conn_adopt(struct sj_conn *c, const struct sj_conn_events *events, void *arg)
{
    assert(c->magic == CONN_MAGIC);
    c->events = events;
    c->arg = arg;
    conn_watch_read(c, c->state == CONN_UP && !c->paused);
    if (c->tell)
        conn_tell(c, 0);
}

/* ---- descriptor and events ---- */

void conn_set_fd(struct sj_conn *c, int fd)
{
    c->fd = fd;
    event_assign(&c->read_event, c->loop->base, fd, EV_READ | EV_PERSIST, conn_on_readable, c);
}

void conn_watch_read(struct sj_conn *c, bool on)
{
    if (on == c->reading || c->fd < 0)
        return;
    c->reading = on;
    if (on)
        event_add(&c->read_event, NULL);
    else
        event_del(&c->read_event);
}

void conn_watch_write(struct sj_conn *c, bool on)
{
    if (on == !!c->write_event || c->fd < 0)
        return;
    if (on) {
        c->write_event =
            event_new(c->loop->base, c->fd, EV_WRITE | EV_PERSIST, conn_on_writable, c);
        event_add(c->write_event, NULL);
    } else {
        event_free(c->write_event);
        c->write_event = NULL;
    }
}

void conn_close_fd(struct sj_conn *c)
{
    if (c->fd < 0)
        return;
    conn_ident_remove(c);
    conn_watch_read(c, false);
    conn_watch_write(c, false);
    close(c->fd);
    c->fd = -1;
}

/* ---- telling the owner ---- */

void conn_tell(struct sj_conn *c, unsigned what)
{
    c->tell |= what;
    sj_loop_defer(c->loop, &c->pending);
}

static void conn_call_begin(struct sj_conn *c)
{
    c->calls++;
}

/* False: the owner freed the conn in the callback, and it is gone unless calls still nest. */
static bool conn_call_end(struct sj_conn *c)
{
    c->calls--;
    if (!c->freed)
        return true;
    if (!c->calls)
        conn_destroy(c);
    return false;
}

void conn_end(struct sj_conn *c, enum sj_status status, const char *fmt, ...)
{
    if (c->state == CONN_DOWN)
        return;
    char text[SJ_ERROR_TEXT_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    c->why = sj_calloc(1, sizeof *c->why);
    sj_fail(c->why, status, "%s", text);
    unsigned tell = c->tell & (CONN_TELL_UP | CONN_TELL_DATA);
    bool again = !sj_list_empty(&c->again_link);
    conn_release(c);
    c->state = CONN_DOWN;
    c->tell = 0;
    if (again)
        sj_list_append(&c->loop->again, &c->again_link);
    conn_tell(c, tell | CONN_TELL_DOWN);
}

void conn_enter_up(struct sj_conn *c)
{
    sj_timer_stop(&c->timer);
    conn_attempt_free(c);
    conn_watch_write(c, false);
    c->state = CONN_UP;
    c->last_input_ms = sj_loop_now_ms(c->loop);
    conn_watch_read(c, !c->paused);
    if (c->out.len && sj_list_empty(&c->flush_link))
        sj_list_append(&c->loop->flush, &c->flush_link);
    conn_tell(c, CONN_TELL_UP);
}

/* ---- input ---- */

/* Makes in a large buffer, the loop's if it is there, with room to read into. */
static void conn_borrow_input(struct sj_conn *c)
{
    struct conn_bytes *in = &c->in;
    if (in->cap < SJ_CONN_INPUT_MAX) {
        struct loop_spare *spare = &c->loop->spare_in;
        char *p = spare->p ? spare->p : sj_malloc(SJ_CONN_INPUT_MAX);
        spare->p = NULL;
        size_t n = conn_bytes_count(in);
        if (n)
            memcpy(p, in->p + in->off, n);
        sj_free(in->p);
        *in = (struct conn_bytes){.p = p, .len = n, .cap = SJ_CONN_INPUT_MAX};
    } else if (in->off) {
        memmove(in->p, in->p + in->off, conn_bytes_count(in));
        in->len -= in->off;
        in->off = 0;
    }
}

static void conn_return_input(struct sj_conn *c)
{
    struct conn_bytes *in = &c->in;
    if (in->cap == SJ_CONN_INPUT_MAX && !c->loop->spare_in.p)
        c->loop->spare_in.p = in->p;
    else
        sj_free(in->p);
    *in = (struct conn_bytes){0};
}

/* After callbacks: keeps little for little, and reads on if there is room again. */
static void conn_settle(struct sj_conn *c)
{
    size_t n = conn_bytes_count(&c->in);
    if (!n) {
        if (c->in.p)
            conn_return_input(c);
    } else if (c->in.cap == SJ_CONN_INPUT_MAX && n <= CONN_KEEP_MAX) {
        size_t cap = (n + 255) & ~(size_t)255;
        char *p = sj_malloc(cap);
        memcpy(p, c->in.p + c->in.off, n);
        conn_return_input(c);
        c->in = (struct conn_bytes){.p = p, .len = n, .cap = cap};
    }
    if (c->state != CONN_UP)
        return;
    conn_watch_read(c, !c->paused && n < SJ_CONN_INPUT_MAX);
    if (c->tls && !c->paused && n < SJ_CONN_INPUT_MAX && conn_tls_has_pending(c))
        sj_conn_again(c);
}

/* Calls data; false: the conn is gone. */
static bool conn_call_data(struct sj_conn *c)
{
    assert(c->state == CONN_UP || c->state == CONN_DOWN);
    c->tell &= ~(unsigned)CONN_TELL_DATA;
    conn_call_begin(c);
    c->events->data(c->arg);
    if (!conn_call_end(c))
        return false;
    conn_settle(c);
    return true;
}

void conn_end_lost(struct sj_conn *c, int cause)
{
    if (c->tls && conn_tls_problem(c))
        conn_end(c, SJ_UNREACHABLE, "connection lost: %s", conn_tls_problem(c));
    else
        conn_end(c, SJ_UNREACHABLE, "connection lost: %s", strerror(cause));
}

static ssize_t conn_read_some(struct sj_conn *c, void *p, size_t n)
{
    ssize_t got;
    do
        got = c->tls ? conn_tls_read(c, p, n) : recv(c->fd, p, n, 0);
    while (got < 0 && errno == EINTR);
    return got;
}

bool conn_fill(struct sj_conn *c)
{
    struct conn_bytes *in = &c->in;
    size_t before = conn_bytes_count(in);
    conn_borrow_input(c);
    ssize_t got;
    do {
        got = conn_read_some(c, in->p + in->len, in->cap - in->len);
        if (got > 0)
            in->len += (size_t)got;
    } while (got > 0 && c->tls && in->len < in->cap);
    bool fresh = conn_bytes_count(in) > before;
    if (fresh)
        c->last_input_ms = sj_loop_now_ms(c->loop);
    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)))
        return fresh;
    c->tell |= fresh ? CONN_TELL_DATA : 0u;
    if (got == 0)
        conn_end(c, SJ_REMOTE, "connection closed by the other side");
    else
        conn_end_lost(c, errno);
    return false;
}

static void conn_receive(struct sj_conn *c)
{
    if (c->tell & CONN_TELL_UP) {       /* up comes before data, however late its turn is */
        conn_call_begin(c);
        conn_run_pending(c);
        if (!conn_call_end(c) || c->state != CONN_UP || c->paused)
            return;
    }
    if (conn_bytes_count(&c->in) == SJ_CONN_INPUT_MAX) {
        conn_watch_read(c, false);
        return;
    }
    if (!conn_fill(c))
        conn_settle(c);
    else
        conn_call_data(c);
}

/* FINISHING, our end is sent: waits for the peer's, so that closing cannot reset the connection
 * under data that the peer has not read. */
static void conn_discard(struct sj_conn *c)
{
    conn_borrow_input(c);
    ssize_t got;
    do
        got = recv(c->fd, c->in.p, CONN_DISCARD_MAX, 0);
    while (got < 0 && errno == EINTR);
    conn_return_input(c);
    bool more = got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
    if (!more)
        conn_end(c, SJ_CANCELED, "connection finished");
}

static void conn_on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct sj_conn *c = arg;
    assert(c->magic == CONN_MAGIC);
    if (c->state == CONN_HANDSHAKE)
        conn_tls_handshake(c);
    else if (c->state == CONN_FINISHING)
        conn_discard(c);
    else if (c->state == CONN_UP && sj_list_empty(&c->again_link)) {
        if (loop_is_spent(c->loop))
            sj_list_append(&c->loop->late, &c->again_link);
        else
            conn_receive(c);
    }
}

/* One conn that asked for another call, or whose TLS layer holds bytes that epoll cannot see. */
static void conn_call_one_again(struct sj_conn *c)
{
    if (c->state == CONN_UP && !c->paused && c->tls && conn_tls_has_pending(c) &&
        conn_bytes_count(&c->in) < SJ_CONN_INPUT_MAX)
        conn_fill(c);
    if (conn_bytes_count(&c->in) && !c->paused && !conn_call_data(c))
        return;
    if (c->tell & CONN_TELL_DOWN)
        conn_tell(c, 0);
}

/* One that became readable when the turn was spent. */
static void conn_call_one_late(struct sj_conn *c)
{
    if (c->state == CONN_UP && !c->paused)
        conn_receive(c);
}

static void conn_call_list(struct sj_list *list, struct sj_list *home, struct sj_loop *loop,
                           void (*call)(struct sj_conn *c))
{
    if (sj_list_empty(list))
        return;
    loop_is_spent(loop);                 /* its time runs from here */
    do {
        struct sj_conn *c = SJ_CONTAINER(list->next, struct sj_conn, again_link);
        sj_list_remove(&c->again_link);
        call(c);
    } while (!sj_list_empty(list) && !loop_is_spent(loop));
    loop_list_move(list, home);
    loop_list_move(home, list);
}

void conn_call_again(struct sj_loop *loop, struct sj_list *list)
{
    conn_call_list(list, &loop->again, loop, conn_call_one_again);
}

void conn_call_late(struct sj_loop *loop, struct sj_list *list)
{
    conn_call_list(list, &loop->late, loop, conn_call_one_late);
}

static void conn_on_writable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct sj_conn *c = arg;
    assert(c->magic == CONN_MAGIC);
    if (c->state == CONN_CONNECTING)
        conn_on_connected(c);
    else if (c->state == CONN_HANDSHAKE)
        conn_tls_handshake(c);
    else
        conn_flush_out(c);
}

/* ---- end ---- */

void sj_conn_finish(struct sj_conn *c, int64_t timeout_ms)
{
    assert(c->magic == CONN_MAGIC);
    if (c->state == CONN_FINISHING || c->state == CONN_DOWN)
        return;
    if (c->state != CONN_UP) {
        conn_end(c, SJ_CANCELED, "connection given up");
        return;
    }
    c->state = CONN_FINISHING;
    c->in.off = c->in.len;
    c->scanned = 0;
    c->tell &= (unsigned)CONN_TELL_UP;
    c->wants_drain = false;
    sj_list_remove(&c->again_link);
    conn_watch_read(c, false);
    sj_timer_start(c->loop, &c->timer, timeout_ms);
    if (!c->write_event && sj_list_empty(&c->flush_link))
        sj_list_append(&c->loop->flush, &c->flush_link);
}

static void conn_on_timer(void *arg)
{
    struct sj_conn *c = arg;
    assert(c->magic == CONN_MAGIC);
    if (c->state == CONN_FINISHING)
        conn_end(c, SJ_CANCELED, "connection finished");
    else
        conn_on_timeout(c);
}

/* Tells what is due; with events NULL (not adopted yet) nothing is. */
static void conn_run_pending(void *arg)
{
    struct sj_conn *c = arg;
    assert(c->magic == CONN_MAGIC);
    if (!c->events)
        return;
    conn_call_begin(c);
    if (c->tell & CONN_TELL_UP) {
        c->tell &= ~(unsigned)CONN_TELL_UP;
        c->events->up(c->arg);
    }
    if (!c->freed && (c->tell & CONN_TELL_DATA) && !c->paused)
        conn_call_data(c);
    if (!c->freed && (c->tell & CONN_TELL_DRAINED)) {
        c->tell &= ~(unsigned)CONN_TELL_DRAINED;
        c->events->drained(c->arg);
    }
    if (!c->freed && (c->tell & CONN_TELL_DOWN) && sj_list_empty(&c->again_link)) {
        c->tell = 0;
        c->ended = true;
        c->events->down(c->arg, c->why);
    }
    conn_call_end(c);
}
