/* SPDX-License-Identifier: MPL-2.0 */
/* Calls that another thread asks for: a descriptor that it writes to and the loop reads from.
 *
 * There is one such thread, the store's writer (store/writer.c). The counter of an eventfd holds
 * any number of calls, so that writing to it never waits. */
#include <sys/eventfd.h>

#include "loop_priv.h"
#include "sojourn/memory.h"

struct sj_wake {
    void (*fn)(void *arg);
    void *arg;
    struct event *event;
    int fd;
};

static void wake_on_call(evutil_socket_t fd, short what, void *arg)
{
    struct sj_wake *w = arg;
    eventfd_t calls;
    (void)what;
    if (eventfd_read(fd, &calls) == 0)
        w->fn(w->arg);
}

struct sj_wake *sj_wake_new(struct sj_loop *loop, void (*fn)(void *arg), void *arg)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return NULL;
    struct sj_wake *w = sj_calloc(1, sizeof *w);
    *w = (struct sj_wake){.fn = fn, .arg = arg, .fd = fd};
    w->event = event_new(loop->base, fd, EV_READ | EV_PERSIST, wake_on_call, w);
    event_add(w->event, NULL);
    return w;
}

void sj_wake_call(struct sj_wake *wake)
{
    eventfd_write(wake->fd, 1);
}

void sj_wake_free(struct sj_wake **wake)
{
    struct sj_wake *w = *wake;
    if (!w)
        return;
    event_free(w->event);
    close(w->fd);
    sj_free(w);
    *wake = NULL;
}
