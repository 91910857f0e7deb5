/* SPDX-License-Identifier: MPL-2.0 */
/* Child processes and their figures: CPU by the process's own clock (all threads, nanoseconds),
 * memory from smaps_rollup, descendants from the parents in /proc/PID/stat. Linux only. */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TREE_MAX 256u
#define PATH_BYTES 128u

static _Noreturn void child_exec(const char *const argv[], const char *log_path, pid_t parent)
{
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char **args = mem_zeroed(16, sizeof *args);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || log < 0 || in < 0)
        _exit(126);
    dup2(in, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    for (size_t i = 0; argv[i] && i < 15; i++)
        args[i] = strdup(argv[i]);
    execv(args[0], args);
    fprintf(stderr, "cannot start %s: %s\n", args[0], strerror(errno));
    _exit(127);
}

pid_t process_start(const char *const argv[], const char *log_path)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid < 0)
        die("fork: %s", strerror(errno));
    if (pid == 0)
        child_exec(argv, log_path, parent);
    return pid;
}

bool process_alive(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG) == 0;
}

void process_signal(pid_t pid, int signal)
{
    kill(pid, signal);
}

struct kinship {
    pid_t pid, parent;
};

static bool kinship_read(const char *name, struct kinship *out)
{
    char path[PATH_BYTES];
    char stat[512];
    const char *at;
    int parent;
    size_t n;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%.20s/stat", name);
    f = fopen(path, "re");
    if (!f)
        return false;
    n = fread(stat, 1, sizeof stat - 1, f);
    fclose(f);
    stat[n] = '\0';
    at = strrchr(stat, ')');
    if (!at || sscanf(at, ") %*c %d", &parent) != 1)
        return false;
    *out = (struct kinship){(pid_t)strtol(name, NULL, 10), (pid_t)parent};
    return true;
}

/* Who descends from root, by the parents of all processes (many kernels have no list of
 * children). Returns how many, root first. */
static size_t tree_read(pid_t root, pid_t *tree)
{
    struct kinship *all = NULL;
    size_t n_all = 0;
    size_t n = 1;
    struct dirent *entry;
    DIR *dir = opendir("/proc");

    while (dir && (entry = readdir(dir)) != NULL) {
        struct kinship one;

        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !kinship_read(entry->d_name, &one))
            continue;
        all = mem_resize(all, n_all + 1, sizeof *all);
        all[n_all++] = one;
    }
    if (dir)
        closedir(dir);
    tree[0] = root;
    for (size_t at = 0; at < n; at++)
        for (size_t i = 0; i < n_all && n < TREE_MAX; i++)
            if (all[i].parent == tree[at])
                tree[n++] = all[i].pid;
    free(all);
    return n;
}

static int64_t process_own_cpu_ns(pid_t pid)
{
    struct timespec t;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return 0;
    return (int64_t)t.tv_sec * SECOND_NS + t.tv_nsec;
}

/* User and system time of descendants that have ended, from /proc/PID/stat (proc(5)). */
static int64_t process_reaped_cpu_ns(pid_t pid)
{
    char path[PATH_BYTES];
    char stat[1024];
    const char *at;
    long user = 0;
    long system = 0;
    size_t n;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    f = fopen(path, "re");
    if (!f)
        return 0;
    n = fread(stat, 1, sizeof stat - 1, f);
    fclose(f);
    stat[n] = '\0';
    at = strrchr(stat, ')');
    if (!at || sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %ld %ld", &user,
                      &system) != 2)
        return 0;
    return (int64_t)(user + system) * (SECOND_NS / sysconf(_SC_CLK_TCK));
}

int64_t process_cpu_ns(pid_t pid)
{
    pid_t tree[TREE_MAX];
    size_t n = tree_read(pid, tree);
    int64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += process_own_cpu_ns(tree[i]) + process_reaped_cpu_ns(tree[i]);
    return sum;
}

/* The struct of sched_setattr(2); no header of glibc 2.36 has it. For an ordinary process `runtime`
 * is its slice (since Linux 6.12): who has a short one gets the CPU at once when it wakes. */
struct schedule {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};
#define SLICE_NS 100000u         /* the shortest there is */

/* Sessions have a share of their own, whatever the niceness within them (sched(7), autogroup). */
void process_hurry(bool on)
{
    struct schedule s = {.size = sizeof s, .nice = on ? -20 : 0, .runtime = on ? SLICE_NS : 0};
    int fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);

    if (syscall(SYS_sched_setattr, 0, &s, 0) != 0 && on)
        note("no right to a higher priority: other work on this machine is measured, too");
    if (fd < 0)
        return;
    if (write(fd, on ? "-20" : "0", on ? 3 : 1) < 0)
        note("no share of the CPU of its own");
    close(fd);
}

double process_rss_kib(pid_t pid)
{
    char path[PATH_BYTES];
    long size, resident = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    f = fopen(path, "re");
    if (!f)
        return 0;
    if (fscanf(f, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024.0;
}

static void memory_add(struct process_memory *sum, pid_t pid)
{
    char path[PATH_BYTES];
    char line[256];
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    f = fopen(path, "re");
    if (!f)
        return;
    while (fgets(line, sizeof line, f)) {
        long kib;

        if (sscanf(line, "Rss: %ld", &kib) == 1)
            sum->rss_kib += (double)kib;
        else if (sscanf(line, "Pss: %ld", &kib) == 1)
            sum->pss_kib += (double)kib;
        else if (sscanf(line, "Private_Clean: %ld", &kib) == 1 ||
                 sscanf(line, "Private_Dirty: %ld", &kib) == 1)
            sum->private_kib += (double)kib;
    }
    fclose(f);
}

struct process_memory process_memory(pid_t pid)
{
    struct process_memory sum = {0};
    pid_t tree[TREE_MAX];
    size_t n = tree_read(pid, tree);

    for (size_t i = 0; i < n; i++)
        memory_add(&sum, tree[i]);
    return sum;
}
