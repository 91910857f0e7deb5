/* SPDX-License-Identifier: MPL-2.0 */
/* Back-pressure: while the XMPP server, or the disk of the store, takes less than a network tells,
 * the links of that network are not read. So the network itself waits, as it would for any slow
 * client, nothing is lost, and what waits here stays small: whoever says something else meanwhile
 * waits behind little.
 *
 * A server that takes nothing at all is not waited for as long as that lasts, because networks end
 * log-ins that no longer answer: after a while the links are read again, and messages are held for
 * each user, within bounds (held_in.c), until the server has taken something or the stream is
 * lost. */
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

static const char *pressure_cause(const struct network *n)
{
    if (xmpp_is_congested(n->all->xmpp, n->index))
        return "server";
    return sj_store_is_pressed(n->all->store) ? "disk" : NULL;
}

static void pressure_give_up(void *arg)
{
    struct network *n = arg;
    const char *cause = pressure_cause(n);

    if (cause)
        sj_log_warn(&n->log, "%s takes nothing, messages are held for each user seconds=%u", cause,
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
    const char *cause;

    if (n->pressure.state != PRESSURE_NONE || !n->backend->pause || n->all->stopping ||
        !(cause = pressure_cause(n)))
        return;
    sj_log_debug(&n->log, "%s is slow, the network waits queued=%zu", cause,
                 xmpp_queued(n->all->xmpp, n->index));
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
        if (!xmpp_is_congested(all->xmpp, i))
            pressure_end(&all->networks[i], PRESSURE_NONE);
    }
}
