/* SPDX-License-Identifier: MPL-2.0 */
/* The one thread beside the loop's: it waits for the disk in place of the loop.
 *
 * A flush takes a fraction of a millisecond on one disk and half a second on another that others
 * use, too; nobody's messages shall wait for that. The thread has one job at a time and shares with
 * the loop nothing but what that job says. It is made with the first job, when the process has been
 * confined already: what holds for the process holds for it (gateway/confine.c). It takes no
 * signals, and does not get in the loop's way: woken, it would take the loop's core from it. */
#define _GNU_SOURCE                      /* SCHED_BATCH */
#include "writer.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "sojourn/memory.h"

#define WRITER_STACK ((size_t)256 << 10)

enum writer_state { WRITER_IDLE, WRITER_WORKS, WRITER_ENDS };

struct writer {
    void (*work)(void *arg);
    void *arg;
    struct sj_wake *wake;
    bool started;
    pthread_t thread;
    pthread_mutex_t lock;                /* of state */
    pthread_cond_t changed;
    enum writer_state state;
};

/* Where that is refused or not known, it works as others do. */
static void writer_stand_back(void)
{
#ifdef SCHED_BATCH
    const struct sched_param param = {.sched_priority = 0};
    sched_setscheduler(0, SCHED_BATCH, &param);      /* 0: this thread */
#endif
}

static void *writer_run(void *arg)
{
    struct writer *w = arg;
    writer_stand_back();
    pthread_mutex_lock(&w->lock);
    while (w->state != WRITER_ENDS) {
        if (w->state == WRITER_IDLE) {
            pthread_cond_wait(&w->changed, &w->lock);
            continue;
        }
        pthread_mutex_unlock(&w->lock);
        w->work(w->arg);
        pthread_mutex_lock(&w->lock);
        w->state = WRITER_IDLE;
        pthread_cond_signal(&w->changed);
        sj_wake_call(w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

struct writer *writer_new(struct sj_loop *loop, void (*work)(void *arg), void (*done)(void *arg),
                          void *arg)
{
    struct writer *w = sj_calloc(1, sizeof *w);
    w->work = work;
    w->arg = arg;
    w->wake = sj_wake_new(loop, done, arg);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    return w;
}

static void writer_set(struct writer *w, enum writer_state state)
{
    pthread_mutex_lock(&w->lock);
    w->state = state;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void writer_free(struct writer **writer)
{
    struct writer *w = *writer;
    if (w->started) {
        writer_wait(w);
        writer_set(w, WRITER_ENDS);
        pthread_join(w->thread, NULL);
    }
    sj_wake_free(&w->wake);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    sj_free(w);
    *writer = NULL;
}

static bool writer_begin(struct writer *w)
{
    pthread_attr_t attr;
    sigset_t all, before;
    if (!w->wake)
        return false;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, WRITER_STACK);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    w->started = pthread_create(&w->thread, &attr, writer_run, w) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return w->started;
}

bool writer_start(struct writer *w)
{
    if (!w->started && !writer_begin(w))
        return false;
    writer_set(w, WRITER_WORKS);
    return true;
}

bool writer_working(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    bool works = w->state == WRITER_WORKS;
    pthread_mutex_unlock(&w->lock);
    return works;
}

void writer_wait(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    while (w->state == WRITER_WORKS)
        pthread_cond_wait(&w->changed, &w->lock);
    pthread_mutex_unlock(&w->lock);
}
