/* SPDX-License-Identifier: MPL-2.0 */
/* The confinement of the running process: Landlock for files, listening and signals, a filter of
 * system calls (libseccomp) for the rest. What is to be reached is the caller's to say.
 *
 * The kernel's interface of Landlock is spelt out here, since Debian 12's headers are older than
 * the kernels that Sojourn meets; a kernel is asked for no more than it knows.
 *
 * Builds with sanitizers read their own process and binaries for reports, and trace themselves at
 * exit to find leaks; this is left to them. */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sojourn/log.h"

#if defined(__SANITIZE_ADDRESS__)
#define CONFINE_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONFINE_SANITIZED true
#endif
#endif
#ifndef CONFINE_SANITIZED
#define CONFINE_SANITIZED false
#endif

/* Rights over files, each with the first version of the interface that knows it. */
enum landlock_fs {
    FS_EXECUTE = 1u << 0,
    FS_WRITE_FILE = 1u << 1,
    FS_READ_FILE = 1u << 2,
    FS_READ_DIR = 1u << 3,
    FS_REMOVE_DIR = 1u << 4,
    FS_REMOVE_FILE = 1u << 5,
    FS_MAKE_CHAR = 1u << 6,
    FS_MAKE_DIR = 1u << 7,
    FS_MAKE_REG = 1u << 8,
    FS_MAKE_SOCK = 1u << 9,
    FS_MAKE_FIFO = 1u << 10,
    FS_MAKE_BLOCK = 1u << 11,
    FS_MAKE_SYM = 1u << 12,         /* 1 */
    FS_REFER = 1u << 13,            /* 2 */
    FS_TRUNCATE = 1u << 14,         /* 3 */
    FS_IOCTL_DEV = 1u << 15         /* 5 */
};
#define FS_ALL(last) (((uint64_t)(last) << 1) - 1)
#define FS_READ (FS_READ_FILE | FS_READ_DIR)
#define FS_WRITE (FS_READ | FS_WRITE_FILE | FS_REMOVE_FILE | FS_MAKE_REG | FS_TRUNCATE)

#define NET_BIND_TCP 1u             /* 4 */
#define SCOPE_ABSTRACT_UNIX 1u      /* 6 */
#define SCOPE_SIGNAL 2u             /* 6 */

#define LANDLOCK_ASK_VERSION 1u
#define LANDLOCK_BENEATH 1
#define LANDLOCK_PORT 2

struct landlock_ruleset {
    uint64_t fs, net, scoped;
};
struct landlock_beneath {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));
struct landlock_port {
    uint64_t allowed, port;
};

/* What a kernel of this version can take away. */
static struct landlock_ruleset landlock_known(long version)
{
    struct landlock_ruleset r = {.fs = FS_ALL(FS_MAKE_SYM)};

    if (version >= 2)
        r.fs = FS_ALL(FS_REFER);
    if (version >= 3)
        r.fs = FS_ALL(FS_TRUNCATE);
    if (version >= 4)
        r.net = NET_BIND_TCP;
    if (version >= 5)
        r.fs = FS_ALL(FS_IOCTL_DEV);
    if (version >= 6)
        r.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
    return r;
}

static size_t landlock_size(long version)
{
    return version >= 6   ? sizeof(struct landlock_ruleset)
           : version >= 4 ? 2 * sizeof(uint64_t)
                          : sizeof(uint64_t);
}

static bool landlock_allow(int rules, uint64_t known, const struct confine_path *p)
{
    static const uint64_t rights[] = {[CONFINE_READ] = FS_READ,
                                      [CONFINE_WRITE] = FS_WRITE,
                                      [CONFINE_REMOVE] = FS_REMOVE_FILE};
    struct landlock_beneath rule = {.allowed = rights[p->use] & known};
    struct stat st;
    bool done;

    rule.parent_fd = open(p->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES;
    if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
        rule.allowed &= FS_READ_FILE;
    done = syscall(SYS_landlock_add_rule, rules, LANDLOCK_BENEATH, &rule, 0) == 0;
    close(rule.parent_fd);
    return done;
}

/* Connections from an address of our own (the key source) bind to any free port. */
static bool landlock_allow_any_port(int rules, uint64_t net)
{
    const struct landlock_port rule = {.allowed = NET_BIND_TCP, .port = 0};

    return net == 0 || syscall(SYS_landlock_add_rule, rules, LANDLOCK_PORT, &rule, 0) == 0;
}

/* The version in force; 0: none, with errno. */
static long landlock_enter(const struct confine_path *paths, size_t n)
{
    static const struct confine_path reports[] = {
        {"/proc", CONFINE_READ}, {"/usr", CONFINE_READ}, {"/lib", CONFINE_READ}};
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_ASK_VERSION);
    struct landlock_ruleset known;
    bool sound;
    int rules;

    if (version < 1)
        return 0;
    known = landlock_known(version);
    rules = (int)syscall(SYS_landlock_create_ruleset, &known, landlock_size(version), 0);
    if (rules < 0)
        return 0;
    sound = landlock_allow_any_port(rules, known.net);
    for (size_t i = 0; sound && i < n; i++)
        sound = landlock_allow(rules, known.fs, &paths[i]);
    for (size_t i = 0; CONFINE_SANITIZED && sound && i < sizeof reports / sizeof *reports; i++)
        sound = landlock_allow(rules, known.fs, &reports[i]);
    sound = sound && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return sound ? version : 0;
}

/* Calls that lead out of a confinement, or that nothing here has a use for but an intruder. */
static const int refused[] = {
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp), SCMP_SYS(bpf), SCMP_SYS(userfaultfd),
    SCMP_SYS(perf_event_open), SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register), SCMP_SYS(add_key), SCMP_SYS(keyctl), SCMP_SYS(request_key),
    SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(move_mount), SCMP_SYS(open_tree),
    SCMP_SYS(fsopen), SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick),
    SCMP_SYS(mount_setattr), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
    SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(name_to_handle_at), SCMP_SYS(open_by_handle_at),
    SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(reboot), SCMP_SYS(swapon),
    SCMP_SYS(swapoff), SCMP_SYS(acct), SCMP_SYS(quotactl), SCMP_SYS(syslog),
    SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(clock_adjtime), SCMP_SYS(adjtimex),
    SCMP_SYS(sethostname), SCMP_SYS(setdomainname), SCMP_SYS(iopl), SCMP_SYS(ioperm),
    SCMP_SYS(personality), SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setreuid),
    SCMP_SYS(setregid), SCMP_SYS(setresuid), SCMP_SYS(setresgid), SCMP_SYS(setfsuid),
    SCMP_SYS(setfsgid), SCMP_SYS(setgroups), SCMP_SYS(capset), SCMP_SYS(mknod),
    SCMP_SYS(mknodat), SCMP_SYS(ptrace)         /* the last, see below */
};

#ifdef __s390__
#define CLONE_FLAGS_AT 1
#else
#define CLONE_FLAGS_AT 0
#endif

/* Threads and processes come by clone, and so do namespaces: there its flags decide. clone3 has
 * them where no filter looks; whoever finds it missing takes clone. */
static int filter_namespaces(scmp_filter_ctx filter)
{
    static const scmp_datum_t spaces[] = {CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,   CLONE_NEWNET,
                                          CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};
    int failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

    for (size_t i = 0; failed == 0 && i < sizeof spaces / sizeof *spaces; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                  SCMP_CMP64(CLONE_FLAGS_AT, SCMP_CMP_MASKED_EQ, spaces[i],
                                             spaces[i]));
    return failed;
}

/* 0, or what went wrong (errno.h). */
static int filter_enter(void)
{
    const size_t n = sizeof refused / sizeof *refused - (CONFINE_SANITIZED ? 1 : 0);
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int failed = filter ? filter_namespaces(filter) : -ENOMEM;

    for (size_t i = 0; failed == 0 && i < n; i++) {
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
        if (failed == -EDOM || failed == -EFAULT)       /* not a call of this architecture */
            failed = 0;
    }
    if (failed == 0)
        failed = seccomp_load(filter);
    if (filter)
        seccomp_release(filter);
    return -failed;
}

void confine_process(const struct confine_path *paths, size_t n, const struct sj_log *log)
{
    long version = 0;
    int failed = 0, filtered;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || (version = landlock_enter(paths, n)) == 0)
        failed = errno;
    filtered = filter_enter();
    if (failed)
        sj_log_warn(log, "files are not confined, the kernel has no Landlock or refuses it: %s "
                    "hint=use-the-systemd-unit-of-contrib", strerror(failed));
    if (filtered)
        sj_log_warn(log, "system calls are not filtered: %s", strerror(filtered));
    if (!failed || !filtered)
        sj_log_info(log, "confined landlock=%ld system_calls=%s", version,
                    filtered ? "all" : "filtered");
}
