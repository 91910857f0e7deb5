/* SPDX-License-Identifier: MPL-2.0 */
/* The world as a whole, and its users by the thousand: register, log in, log out, each step with
 * a bounded number under way and a bounded time. */
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define REGISTER_WINDOW 64u
#define REGISTER_TIMEOUT_NS (120 * SECOND_NS)
#define TURN_NS (20 * MILLI_NS)

static size_t world_data(void *ctx, struct wire *wire, char *p, size_t n)
{
    struct world *w = ctx;

    return wire->end == END_XMPP ? xmpp_data(w, wire, p, n) : irc_data(w, wire, p, n);
}

static void world_closed(void *ctx, struct wire *wire)
{
    struct world *w = ctx;

    if (wire->end == END_XMPP)
        xmpp_closed(w, wire);
    else
        irc_closed(w, wire);
}

static void world_accepted(void *ctx, struct wire *listener, struct wire *wire)
{
    struct world *w = ctx;

    if (listener->end == END_XMPP)
        xmpp_accepted(w, wire);
    else
        irc_accepted(w, wire);
}

static const struct loop_handler world_handler = {
    .data = world_data,
    .closed = world_closed,
    .accepted = world_accepted,
};

struct world *world_new(enum manner manner, uint16_t irc_port)
{
    struct world *w = mem_zeroed(1, sizeof *w);

    w->loop = loop_new(&world_handler, w);
    w->manner = manner;
    w->irc_port = irc_port;
    w->users = mem_zeroed(USERS_MAX, sizeof *w->users);
    wire_listen(w->loop, END_XMPP, &w->xmpp_port);
    wire_listen(w->loop, END_IRC, &w->irc_port);
    return w;
}

void world_free(struct world **w)
{
    if (!*w)
        return;
    loop_free(&(*w)->loop);
    traffic_release(&(*w)->traffic[TO_IRC]);
    traffic_release(&(*w)->traffic[TO_XMPP]);
    text_free(&(*w)->line);
    free((*w)->users);
    free(*w);
    *w = NULL;
}

void world_error(struct world *w, const char *p, size_t n)
{
    w->errors++;
    if (w->first_error[0] != '\0')
        return;
    if (n >= sizeof w->first_error)
        n = sizeof w->first_error - 1;
    memcpy(w->first_error, p, n);
    w->first_error[n] = '\0';
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

bool world_wait(struct world *w, const uint32_t *count, uint32_t goal, int64_t timeout_ns)
{
    int64_t deadline = clock_now_ns() + timeout_ns;

    while (*count < goal && clock_now_ns() < deadline)
        loop_turn(w->loop, earlier(deadline, clock_now_ns() + TURN_NS));
    return *count >= goal;
}

bool world_wait_down(struct world *w, const uint32_t *count, uint32_t goal, int64_t timeout_ns)
{
    int64_t deadline = clock_now_ns() + timeout_ns;

    while (*count > goal && clock_now_ns() < deadline)
        loop_turn(w->loop, earlier(deadline, clock_now_ns() + TURN_NS));
    return *count <= goal;
}

void world_run(struct world *w, int64_t ns)
{
    int64_t deadline = clock_now_ns() + ns;

    while (clock_now_ns() < deadline)
        loop_turn(w->loop, deadline);
}

bool world_settle(struct world *w, int64_t quiet_ns, int64_t timeout_ns)
{
    int64_t start = clock_now_ns();
    int64_t last = start;
    uint64_t received = loop_received(w->loop);

    for (;;) {
        int64_t now = clock_now_ns();

        if (loop_received(w->loop) != received) {
            received = loop_received(w->loop);
            last = now;
        }
        if (now - last >= quiet_ns)
            return true;
        if (now - start >= timeout_ns)
            return false;
        loop_turn(w->loop, now + MILLI_NS * 5);
    }
}

void users_mark_online(struct world *w, uint32_t user, bool online)
{
    struct user *u = &w->users[user];

    if (u->online == online)
        return;
    u->online = online;
    if (online) {
        w->n_online++;
        return;
    }
    w->n_online--;
    w->n_contacts_on -= u->contacts_on;
    u->contacts_on = 0;
}

bool users_register(struct world *w, uint32_t n)
{
    uint32_t next = w->n_registered;
    int64_t deadline = clock_now_ns() + REGISTER_TIMEOUT_NS;

    while (w->n_registered < n && clock_now_ns() < deadline) {
        while (next < n && next - w->n_registered < REGISTER_WINDOW)
            xmpp_register(w, next++);
        loop_turn(w->loop, clock_now_ns() + TURN_NS);
    }
    if (w->n_users < n)
        w->n_users = n;
    return w->n_registered >= n;
}

/* Adds contacts to those who have none yet; the gateway keeps them. Then waits for the presence
 * of everybody's. */
static bool contacts_wait(struct world *w, uint32_t n, int64_t timeout_ns)
{
    for (uint32_t user = 0; user < n; user++) {
        if (w->users[user].has_contacts)
            continue;
        w->users[user].has_contacts = true;
        for (uint32_t peer = 0; peer < w->contacts; peer++)
            xmpp_contact_add(w, user, peer);
        loop_turn(w->loop, 0);
    }
    return world_wait(w, &w->n_contacts_on, n * w->contacts, timeout_ns);
}

bool users_online(struct world *w, uint32_t n, uint32_t window, int64_t timeout_ns)
{
    int64_t deadline = clock_now_ns() + timeout_ns;
    uint32_t next = w->n_online;

    while (w->n_online < n && clock_now_ns() < deadline) {
        while (next < n && next - w->n_online < window) {
            w->users[next].present = true;
            xmpp_presence(w, next++, true);
        }
        loop_turn(w->loop, clock_now_ns() + TURN_NS);
    }
    if (w->n_online < n)
        return false;
    return w->contacts == 0 || w->manner == MANNER_ROOM || contacts_wait(w, n, timeout_ns);
}

bool users_offline(struct world *w, int64_t timeout_ns)
{
    for (uint32_t user = 0; user < w->n_users; user++)
        if (w->users[user].present) {
            w->users[user].present = false;
            xmpp_presence(w, user, false);
        }
    return world_wait_down(w, &w->n_irc, 0, timeout_ns);
}
