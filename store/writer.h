/* SPDX-License-Identifier: MPL-2.0 */
/* A thread that does one job at a time, so that the loop need not wait for the disk (writer.c).
 * All functions are the loop thread's. */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include <stdbool.h>

#include "sojourn/loop.h"

struct writer;

/* work runs on the thread, done after it on the loop. The thread starts with the first job. */
struct writer *writer_new(struct sj_loop *loop, void (*work)(void *arg), void (*done)(void *arg),
                          void *arg);
/* Finishes the job and ends the thread; done is not called any more. */
void writer_free(struct writer **w);
/* Hands a job over, when none is under way. False: the system gives no thread; nothing was done. */
bool writer_start(struct writer *w);
bool writer_working(struct writer *w);
/* Blocks until the job is done. */
void writer_wait(struct writer *w);

#endif
