/* SPDX-License-Identifier: MPL-2.0 */
/* The way onto a stream, and what happens when its server reads more slowly than we write.
 *
 * First the networks wait (xmpp_is_congested; session/pressure.c): then little waits here, and
 * whatever else is said on the stream is behind little. What waits all the same are answers to what
 * the server itself sends, errors to a user who floods for instance: when there are too many of
 * them, the server is not read until it has read. One that takes nothing at all is heard again
 * after a while, since it might wait for us; beyond twice queue-max stanzas are refused. */
#include "congestion.h"

#include "component.h"
#include "room.h"
#include "sojourn/conn.h"

void congestion_listen(struct component *c)
{
    sj_timer_stop(&c->deaf);
    if (c->conn != NULL)
        sj_conn_pause(c->conn, false);
}

static void congestion_on_deaf(void *arg)
{
    struct component *c = arg;
    c->deaf_in_vain = true;
    congestion_listen(c);
}

static void congestion_relieve(void *arg)
{
    congestion_end(arg);
}

void congestion_init(struct component *c)
{
    sj_defer_init(&c->relief, congestion_relieve, c);
    sj_timer_init(&c->deaf, congestion_on_deaf, c);
}

void congestion_forget(struct component *c)
{
    c->congested = false;
    c->deaf_in_vain = false;
    sj_timer_stop(&c->deaf);
    sj_defer_cancel(&c->relief);
}

void congestion_end(struct component *c)
{
    if (!c->congested)
        return;
    congestion_forget(c);
    congestion_listen(c);
    if (c->x->relieved != NULL)
        c->x->relieved(c->x->ctx, c->index);
}

bool congestion_stops_reading(struct component *c)
{
    if (!c->congested || c->deaf_in_vain || c->leaving || c->state != COMPONENT_UP ||
        sj_conn_queued(c->conn) <= CONGESTION_DEAF_BYTES)
        return false;
    sj_log_debug(&c->log, "server asks more than it reads, it has to wait queued=%zu",
                 sj_conn_queued(c->conn));
    sj_timer_start(c->x->loop, &c->deaf, CONGESTION_DEAF_MS);
    sj_conn_pause(c->conn, true);
    return true;
}

enum sj_status component_check(struct component *c)
{
    if (c->state != COMPONENT_UP)
        return SJ_UNREACHABLE;
    size_t queued = sj_conn_queued(c->conn);
    size_t max = c->x->options->queue_max;
    size_t much = max < CONGESTION_BYTES ? max : CONGESTION_BYTES;
    if (queued > much && !c->congested) {
        c->congested = true;
        sj_conn_wants_drain(c->conn);
    } else if (c->congested && queued < much / 2) {
        sj_loop_defer(c->x->loop, &c->relief);
    }
    return queued > max && queued - max > max ? SJ_LIMIT : SJ_OK;
}

enum sj_status component_write(struct component *c, const char *text, size_t n)
{
    enum sj_status status = component_check(c);
    if (status != SJ_OK)
        return status;
    sj_conn_write(c->conn, text, n);
    c->stanzas_out++;
    if (!c->congested)
        component_check(c);                /* notes that much waits now */
    return SJ_OK;
}
