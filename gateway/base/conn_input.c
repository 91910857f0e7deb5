/* SPDX-License-Identifier: MPL-2.0 */
/* The owner's side of a conn's input: views, lines, pauses. Filling it is in conn.c. */
#include <assert.h>
#include <string.h>

#include "conn_priv.h"

size_t sj_conn_available(const struct sj_conn *c)
{
    return c->in.len - c->in.off;
}

char *sj_conn_peek(struct sj_conn *c, size_t *n)
{
    *n = sj_conn_available(c);
    return *n ? c->in.p + c->in.off : NULL;
}

/* Taken outside of a callback, nobody else looks whether there is room to read again. */
static void input_take(struct sj_conn *c, size_t n)
{
    assert(n <= sj_conn_available(c));
    c->in.off += n;
    c->scanned = c->scanned > n ? c->scanned - n : 0;
    if (n && !c->calls && c->state == CONN_UP && !c->paused && c->events)
        conn_watch_read(c, true);
}

void sj_conn_consume(struct sj_conn *c, size_t n)
{
    input_take(c, n);
}

enum sj_line sj_conn_line(struct sj_conn *c, size_t max, char **line, size_t *n)
{
    size_t available;
    char *start = sj_conn_peek(c, &available);
    if (!available)
        return SJ_LINE_NONE;
    char *end = memchr(start + c->scanned, '\n', available - c->scanned);
    if (!end) {
        c->scanned = available;
        /* one byte more may be the CR of a line that just fits */
        bool fits = available <= max || (available == max + 1 && start[max] == '\r');
        return fits && available < SJ_CONN_INPUT_MAX ? SJ_LINE_NONE : SJ_LINE_TOO_LONG;
    }
    size_t len = (size_t)(end - start);
    input_take(c, len + 1);
    c->scanned = 0;
    if (len && start[len - 1] == '\r')
        len--;
    if (len > max)
        return SJ_LINE_TOO_LONG;
    start[len] = '\0';
    *line = start;
    *n = len;
    return SJ_LINE_OK;
}

void sj_conn_again(struct sj_conn *c)
{
    assert(c->magic == CONN_MAGIC);
    if (!c->ended && c->state != CONN_FINISHING && sj_list_empty(&c->again_link))
        sj_list_append(&c->loop->again, &c->again_link);
}

void sj_conn_pause(struct sj_conn *c, bool paused)
{
    assert(c->magic == CONN_MAGIC);
    if (paused == c->paused)
        return;
    c->paused = paused;
    if (c->state == CONN_UP)
        conn_watch_read(c, !paused && sj_conn_available(c) < SJ_CONN_INPUT_MAX);
    bool hidden = c->tls && c->state == CONN_UP && conn_tls_has_pending(c);
    if (!paused && (sj_conn_available(c) || hidden))
        sj_conn_again(c);
}

int64_t sj_conn_last_input_ms(const struct sj_conn *c)
{
    return c->last_input_ms;
}

const char *sj_conn_tls_text(const struct sj_conn *c)
{
    return c->tls ? conn_tls_describe(c) : "";
}
