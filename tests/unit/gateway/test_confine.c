/* SPDX-License-Identifier: MPL-2.0 */
/* The confinement: children confine themselves and say what they still can do
 * (gateway/confine.c). */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"
#include "sojourn/log.h"

/* A place with a directory for each use, each with the file "old". */
struct place {
    char root[64], path[128];
};

static const char *place_path(struct place *p, const char *name)
{
    snprintf(p->path, sizeof p->path, "%s/%s", p->root, name);
    return p->path;
}

static void make_file(struct place *p, const char *name)
{
    int fd = open(place_path(p, name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    cr_assert(fd >= 0);
    close(fd);
}

static void place_make(struct place *p)
{
    static const char *const names[] = {"data", "conf", "run", "else"};
    char file[32];

    snprintf(p->root, sizeof p->root, "/tmp/sojourn-confine-XXXXXX");
    cr_assert_not_null(mkdtemp(p->root));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cr_assert_eq(mkdir(place_path(p, names[i]), 0700), 0);
        snprintf(file, sizeof file, "%s/old", names[i]);
        make_file(p, file);
    }
    make_file(p, "else/one");
}

static void place_remove(struct place *p)
{
    static const char *const names[] = {"data/old", "data/new", "data/more", "data", "conf/old",
                                        "conf",     "run/old",  "run",       "else/old",
                                        "else/one", "else",     ""};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        remove(place_path(p, names[i]));
}

static bool kernel_can(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0;
}

static void confine_in(struct place *p)
{
    char data[128], conf[128], run[128], none[128], file[128];
    const struct sj_log log = {.area = "test"};
    const struct confine_path paths[] = {
        {data, CONFINE_WRITE}, {conf, CONFINE_READ}, {run, CONFINE_REMOVE}, {none, CONFINE_READ},
        {file, CONFINE_READ}};

    snprintf(data, sizeof data, "%s/data", p->root);
    snprintf(conf, sizeof conf, "%s/conf", p->root);
    snprintf(run, sizeof run, "%s/run", p->root);
    snprintf(none, sizeof none, "%s/none", p->root);
    snprintf(file, sizeof file, "%s/else/one", p->root);
    confine_process(paths, sizeof paths / sizeof *paths, &log);
}

/* In a confined child: 0 or errno. */
static int tried_open(struct place *p, const char *name, int flags)
{
    int fd = open(place_path(p, name), flags | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int tried_exec(const char *path)
{
    char *const argv[] = {(char *)(uintptr_t)path, NULL}, *const envp[] = {NULL};

    execve(path, argv, envp);
    return errno;
}

/* In a confined child: is the process tree left alone? A child that was made ends at once. */
static int tried_clone(long flags)
{
    long child = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);

    if (child == 0)
        _exit(0);
    if (child > 0)
        waitpid((pid_t)child, NULL, 0);
    return child < 0 ? errno : 0;
}

/* In a confined child: system calls with nothing but zeros, so that each fails anyhow, and those
 * that are refused do so by EPERM. Writes the names of those that are not. */
static int tried_calls(char *wrong, size_t size)
{
    static const struct {
        const char *name;
        long number;
    } calls[] = {
#define CALL(name) {#name, SYS_##name}
        CALL(init_module), CALL(delete_module), CALL(kexec_load), CALL(mount), CALL(umount2),
        CALL(move_mount), CALL(open_tree), CALL(fsopen), CALL(fsmount), CALL(fsconfig),
        CALL(fspick), CALL(mount_setattr), CALL(pivot_root), CALL(chroot), CALL(unshare),
        CALL(setns), CALL(bpf), CALL(perf_event_open), CALL(userfaultfd), CALL(io_uring_setup),
        CALL(io_uring_enter), CALL(io_uring_register), CALL(add_key), CALL(request_key),
        CALL(keyctl), CALL(settimeofday), CALL(clock_settime), CALL(clock_adjtime), CALL(adjtimex),
        CALL(setuid), CALL(setgid), CALL(setreuid), CALL(setregid), CALL(setresuid),
        CALL(setresgid), CALL(setfsuid), CALL(setfsgid), CALL(setgroups), CALL(capset),
        CALL(process_vm_readv), CALL(process_vm_writev), CALL(pidfd_getfd), CALL(kcmp),
        CALL(execveat), CALL(mknodat), CALL(personality), CALL(sethostname), CALL(swapon),
        CALL(open_by_handle_at), CALL(name_to_handle_at),
#undef CALL
    };
    int n = 0;

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (syscall(calls[i].number, 0, 0, 0, 0, 0, 0) != -1 || errno != EPERM)
            n += snprintf(wrong + n, size - (size_t)n, "%s is not refused; ", calls[i].name);
    }
    return n;
}

struct try {
    const char *what;
    int expected;
};

static int tries(struct place *p, char *wrong, size_t size)
{
    const int got[] = {tried_open(p, "data/old", O_RDWR),
                       tried_open(p, "data/new", O_WRONLY | O_CREAT | O_EXCL),
                       unlink(place_path(p, "data/new")) == 0 ? 0 : errno,
                       tried_open(p, "conf/old", O_RDONLY),
                       tried_open(p, "conf/old", O_WRONLY),
                       tried_open(p, "conf/new", O_WRONLY | O_CREAT),
                       unlink(place_path(p, "conf/old")) == 0 ? 0 : errno,
                       tried_open(p, "run/old", O_RDONLY),
                       unlink(place_path(p, "run/old")) == 0 ? 0 : errno,
                       tried_open(p, "run/old", O_WRONLY | O_CREAT),
                       tried_open(p, "else/one", O_RDONLY),
                       tried_open(p, "else/one", O_WRONLY),
                       tried_open(p, "else/old", O_RDONLY),
                       tried_open(p, "else/new", O_WRONLY | O_CREAT),
                       tried_open(p, "data/../else/old", O_RDONLY),
                       mkdir(place_path(p, "data/dir"), 0700) == 0 ? 0 : errno,
                       symlink("/etc", place_path(p, "data/link")) == 0 ? 0 : errno,
                       mount("none", p->root, "tmpfs", 0, NULL) == 0 ? 0 : errno,
                       tried_exec("/bin/true"),
                       tried_clone(0),
                       tried_clone(CLONE_NEWUSER),
                       tried_clone(CLONE_NEWNS | CLONE_NEWNET),
                       syscall(SYS_clone3, NULL, 0) == -1 ? errno : 0};
    static const struct try expected[] = {
        {"open data", 0}, {"make in data", 0},
        {"remove from data", 0}, {"read conf", 0}, {"write conf", EACCES},
        {"make in conf", EACCES}, {"remove from conf", EACCES}, {"read run", EACCES},
        {"remove from run", 0}, {"make in run", EACCES}, {"read a file", 0},
        {"write a file", EACCES}, {"read elsewhere", EACCES},
        {"make elsewhere", EACCES}, {"read by ..", EACCES}, {"directory in data", EACCES},
        {"link in data", EACCES}, {"mount", EPERM}, {"exec", EPERM},
        {"fork", 0}, {"namespace of users", EPERM}, {"namespaces", EPERM}, {"clone3", ENOSYS}};
    int n = tried_calls(wrong, size);

    _Static_assert(sizeof got / sizeof *got == sizeof expected / sizeof *expected, "a row each");
    for (size_t i = 0; i < sizeof got / sizeof *got; i++) {
        if (got[i] == expected[i].expected)
            continue;
        n += snprintf(wrong + n, size - (size_t)n, "%s: %s; ", expected[i].what,
                      strerror(got[i]));
    }
    return n;
}

/* As a kernel does that has no Landlock. */
static bool forget_landlock(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_create_ruleset, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void on_line(enum sj_log_level level, const char *line, void *ctx)
{
    unsigned *said = ctx;

    if (level == SJ_LOG_WARN && strstr(line, "files are not confined"))
        *said |= 1;
    if (level == SJ_LOG_INFO && strstr(line, "confined landlock=0 system_calls=filtered"))
        *said |= 2;
}

/* Without Landlock a warning says so, and calls are filtered all the same. */
Test(confine, says_when_the_kernel_has_no_landlock)
{
    struct place p;
    unsigned said = 0;
    int status;

    place_make(&p);
    pid_t child = fork();
    if (child == 0) {
        if (!forget_landlock())
            _exit(99);
        sj_log_set_sink(on_line, &said);
        confine_in(&p);
        _exit((said == 3 ? 0 : 1) | (tried_open(&p, "else/old", O_RDONLY) == 0 ? 0 : 2) |
              (tried_exec("/bin/true") == EPERM ? 0 : 4));
    }
    waitpid(child, &status, 0);
    place_remove(&p);
    cr_expect(WIFEXITED(status));
    cr_expect_eq(WEXITSTATUS(status), 0);
}

Test(confine, leaves_what_is_named_and_nothing_else)
{
    struct place p;
    char wrong[2048] = "";
    int pipes[2], status;
    ssize_t n;

    if (!kernel_can())
        cr_skip_test("this kernel has no Landlock");
    place_make(&p);
    cr_assert_eq(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        confine_in(&p);
        int len = tries(&p, wrong, sizeof wrong);
        _exit(write(pipes[1], wrong, (size_t)len) == len ? 0 : 1);
    }
    close(pipes[1]);
    waitpid(child, &status, 0);
    n = read(pipes[0], wrong, sizeof wrong - 1);
    wrong[n > 0 ? n : 0] = '\0';
    close(pipes[0]);
    place_remove(&p);
    cr_expect_str_eq(wrong, "");
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
