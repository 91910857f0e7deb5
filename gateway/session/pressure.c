/* SPDX-License-Identifier: MPL-2.0 */
/* Back-pressure: while the XMPP server, or the disk of the store, takes less than a network tells,
 * the links of that network are not read. So the network itself waits, as it would for any slow
 * client, nothing is lost, and what waits here stays small: whoever says something else meanwhile
 * waits behind little.
 *
 * What takes nothing at all is not waited for as long as that lasts, because networks end log-ins
 * that no longer answer: after a while the links are read again. Behind a server messages are held
 * for each user then, within bounds (held_in.c), until it has taken something or the stream is
 * lost; behind a disk the loop itself waits as soon as the group is full (store/group.c). */
#include "pressure.h"

#include "session.h"

static void pressure_end(struct network *n, enum pressure_state state)
{
    bool paused = n->pressure.state == PRESSURE_PAUSED;

    sj_timer_stop(&n->pressure.timer);
    n->pressure.state = state;
    if (paused)
        n->backend->pause(n->options->net, false);
}

static bool pressure_by_server(const struct network *n)
{
    return xmpp_is_congested(n->all->xmpp, n->index);
}

static void pressure_give_up(void *arg)
{
    struct network *n = arg;

    if (pressure_by_server(n))
        sj_log_warn(&n->log, "server takes nothing, messages are held for each user seconds=%u",
                    PRESSURE_MAX_MS / 1000u);
    else
        sj_log_warn(&n->log, "disk takes nothing, everybody waits for it seconds=%u",
                    PRESSURE_MAX_MS / 1000u);
    pressure_end(n, PRESSURE_STUCK);
}

void pressure_init(struct network *n)
{
    sj_timer_init(&n->pressure.timer, pressure_give_up, n);
}

void pressure_release(struct network *n)
{
    sj_timer_stop(&n->pressure.timer);
}

void pressure_look(struct network *n)
{
    if (n->pressure.state != PRESSURE_NONE || !n->backend->pause || n->all->stopping)
        return;
    if (pressure_by_server(n))
        sj_log_debug(&n->log, "server is slow, the network waits queued=%zu",
                     xmpp_queued(n->all->xmpp, n->index));
    else if (sj_store_is_pressed(n->all->store))
        sj_log_debug(&n->log, "disk is slow, the network waits");
    else
        return;
    n->pressure.state = PRESSURE_PAUSED;
    sj_timer_start(n->all->loop, &n->pressure.timer, PRESSURE_MAX_MS);
    n->backend->pause(n->options->net, true);
}

void pressure_relieved(void *sessions, unsigned host)
{
    struct sessions *all = sessions;

    if (!sj_store_is_pressed(all->store))
        pressure_end(&all->networks[host], PRESSURE_NONE);
}

void pressure_committed(void *sessions, enum sj_status status)
{
    struct sessions *all = sessions;

    (void)status;                        /* one that failed has made no room: looked at anew */
    for (unsigned i = 0; i < all->n_networks; i++) {
        if (!pressure_by_server(&all->networks[i]))
            pressure_end(&all->networks[i], PRESSURE_NONE);
    }
}
