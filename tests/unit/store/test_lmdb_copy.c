/* SPDX-License-Identifier: MPL-2.0 */
/* Backups: made beside a store that writes, never over something, restored. */
#include "full.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "sojourn/store_tools.h"

static struct fixture f;
static struct full given[64];
static char target[128];

static void sweep(void)
{
    fixture_sweep(&f);
}

TestSuite(lmdb_copy, .fini = sweep, .timeout = 120);

static void begin(void)
{
    fixture_init(&f, FIXTURE_LMDB);
    snprintf(target, sizeof target, "%s/backup", f.root);
}

static enum sj_status backup(const char *text)
{
    struct sj_error err = {.status = SJ_OK};
    uint64_t bytes = 0;
    enum sj_status status = sj_store_backup(&f.log, f.dir, target, &bytes, &err);
    if (text)
        cr_expect(strstr(err.text, text), "%s", err.text);
    cr_expect_null(strstr(err.text, f.root), "a path in: %s", err.text);
    cr_expect_eq(bytes > 0, status == SJ_OK);
    return status;
}

/* In a process of its own, as sojournctl is. */
static pid_t backup_beside(void)
{
    pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0) {
        uint64_t bytes;
        _exit((int)sj_store_backup(&f.log, f.dir, target, &bytes, NULL));
    }
    return pid;
}

static int ended(pid_t pid)
{
    int status = 0;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The daemon is stopped, its data are gone, the backup takes their place. */
static void restore(void)
{
    char path[160];
    sj_store_close(&f.store);
    fixture_remove_tree(f.dir);
    cr_assert_eq(mkdir(f.dir, 0700), 0);
    snprintf(path, sizeof path, "%s/data.mdb", f.dir);
    cr_assert_eq(rename(target, path), 0);
    fixture_open(&f);
}

Test(lmdb_copy, gives_everything_back)
{
    struct stat st;
    begin();
    fixture_open(&f);
    for (unsigned i = 1; i <= 5; i++)
        full_put(&f, i, &given[i]);
    cr_assert_eq(ended(backup_beside()), SJ_OK);
    cr_assert_eq(stat(target, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0600);
    full_put(&f, 6, &given[6]);
    restore();
    for (unsigned i = 1; i <= 5; i++)
        full_expect(&f, i, &given[i]);
    static struct copy copy;
    cr_expect_eq(fixture_get(&f, 6, &copy), SJ_NOTFOUND, "it came after the backup");
    fixture_done(&f, 0);
}

Test(lmdb_copy, is_of_one_moment_while_others_write)
{
    begin();
    f.map_bytes = 1;
    fixture_open(&f);
    for (unsigned i = 1; i <= 20; i++)
        full_put(&f, i, &given[i]);
    pid_t pid = backup_beside();
    for (unsigned i = 21; i <= 40; i++)
        full_put(&f, i, &given[i]);
    cr_assert_eq(ended(pid), SJ_OK);
    restore();
    unsigned last = 20;
    static struct copy copy;
    for (unsigned i = 1; i <= 20; i++)
        full_expect(&f, i, &given[i]);
    while (last < 40 && fixture_get(&f, last + 1, &copy) == SJ_OK)
        last++;
    for (unsigned i = last + 1; i <= 40; i++)
        cr_expect_eq(fixture_get(&f, i, &copy), SJ_NOTFOUND, "of one moment");
    fixture_done(&f, 0);
}

Test(lmdb_copy, replaces_nothing)
{
    struct stat st;
    begin();
    cr_expect_eq(backup("does not exist yet"), SJ_NOTFOUND);
    fixture_open(&f);
    sj_store_close(&f.store);
    close(open(target, O_WRONLY | O_CREAT, 0644));
    cr_expect_eq(backup("exists already"), SJ_EXISTS);
    cr_assert_eq(stat(target, &st), 0);
    cr_expect_eq(st.st_size, 0);
    unlink(target);
    cr_assert_eq(symlink(f.key_file, target), 0);
    cr_expect_eq(backup("exists already"), SJ_EXISTS, "nor what a link leads to");
    unlink(target);
    char part[160];
    snprintf(part, sizeof part, "%s.part", target);
    close(open(part, O_WRONLY | O_CREAT, 0600));
    cr_expect_eq(backup("broken off"), SJ_EXISTS);
    unlink(part);
    cr_expect_eq(backup(NULL), SJ_OK);
    cr_expect_neq(access(part, F_OK), 0);
    snprintf(target, sizeof target, "%s/no/such/place", f.root);
    cr_expect_eq(backup("cannot be made"), SJ_DENIED);
    fixture_done(&f, 0);
}

Test(lmdb_copy, that_is_killed_leaves_no_backup_and_no_reader)
{
    begin();
    fixture_open(&f);
    full_put(&f, 1, &given[1]);
    for (unsigned i = 0; i < 20; i++) {
        pid_t pid = backup_beside();
        kill(pid, SIGKILL);
        ended(pid);
        char part[160];
        snprintf(part, sizeof part, "%s.part", target);
        unlink(part);
        unlink(target);
    }
    cr_expect_eq(ended(backup_beside()), SJ_OK);
    restore();
    full_expect(&f, 1, &given[1]);
    fixture_done(&f, 0);
}
