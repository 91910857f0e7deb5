/* SPDX-License-Identifier: MPL-2.0 */
/* A gateway as a child process: start, stop, and what the kernel says of its process tree. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <sys/types.h>

#include "common.h"

/* Starts argv[0] with stdout and stderr appended to the log file; it dies with the driver. */
pid_t process_start(const char *const argv[], const char *log_path);
/* True while the process has not ended (reaps it otherwise). */
bool process_alive(pid_t pid);
void process_signal(pid_t pid, int signal);

/* CPU time of the process, its living descendants, and those it has reaped, in ns. */
int64_t process_cpu_ns(pid_t pid);

/* Before other work of the machine, if it may be: this process and those that it starts. Without
 * it a turn of somebody else's is in what is measured. */
void process_hurry(bool on);

/* RSS of that process alone; cheap. */
double process_rss_kib(pid_t pid);

struct process_memory {
    double rss_kib, pss_kib, private_kib;    /* of the whole tree */
};
struct process_memory process_memory(pid_t pid);

#endif
