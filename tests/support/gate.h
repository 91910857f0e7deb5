/* SPDX-License-Identifier: MPL-2.0 */
/* A gate before the writes of LMDB's engine: a closed one holds the writer's thread, as a slow disk
 * does, and writes can be made to fail. For tests of one file each. */
#ifndef TEST_GATE_H
#define TEST_GATE_H

#include <pthread.h>
#include <stdbool.h>

#include "engine.h"

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool closed;
    int fails;                           /* so many writes, with this code */
    int code;
    unsigned writes, failed;
    int (*write)(struct engine *, const struct overlay *);
    struct engine_ops ops;               /* LMDB's, with the gate */
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static inline int gate_write(struct engine *engine, const struct overlay *changes)
{
    pthread_mutex_lock(&gate.lock);
    gate.writes++;
    pthread_cond_broadcast(&gate.changed);
    while (gate.closed)
        pthread_cond_wait(&gate.changed, &gate.lock);
    int code = gate.fails > 0 ? gate.code : 0;
    gate.failed += gate.fails > 0;
    gate.fails -= gate.fails > 0;
    pthread_mutex_unlock(&gate.lock);
    return code != 0 ? code : gate.write(engine, changes);
}

static inline void gate_set(bool closed)
{
    pthread_mutex_lock(&gate.lock);
    gate.closed = closed;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.lock);
}

/* The next n writes fail with that code of LMDB's. */
static inline void gate_fail(int n, int code)
{
    pthread_mutex_lock(&gate.lock);
    gate.fails = n;
    gate.code = code;
    pthread_mutex_unlock(&gate.lock);
}

/* Puts it before the writes of engine_lmdb_open's engine. */
static inline void gate_build(struct engine *lmdb)
{
    gate.write = lmdb->ops->write;
    gate.ops = *lmdb->ops;
    gate.ops.write = gate_write;
    lmdb->ops = &gate.ops;
}

#endif
