/* SPDX-License-Identifier: MPL-2.0 */
/* Key files: making, judging. */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <criterion/criterion.h>

#include "keyfile.h"

static struct fixture f;

static void setup(void)
{
    fixture_init(&f, FIXTURE_MEM);
}

static void teardown(void)
{
    fixture_done(&f, 0);
}

TestSuite(keyfile, .init = setup, .fini = teardown);

static void write_key(size_t n)
{
    int fd = open(f.key_file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    char bytes[64] = {1};
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, bytes, n), (ssize_t)n);
    close(fd);
}

Test(keyfile, makes_a_private_random_key_once)
{
    struct sj_error err = {.status = SJ_OK};
    unsigned char first[SEAL_KEY_LEN], second[SEAL_KEY_LEN];
    struct stat st;
    umask(0);
    cr_assert_eq(sj_store_genkey(f.key_file, &err), SJ_OK, "%s", err.text);
    cr_assert_eq(stat(f.key_file, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0600);
    cr_assert_eq(keyfile_read(f.key_file, first, &err), SJ_OK);
    cr_expect_eq(sj_store_genkey(f.key_file, &err), SJ_EXISTS);
    cr_assert_eq(keyfile_read(f.key_file, second, &err), SJ_OK);
    cr_expect(memcmp(first, second, sizeof first) == 0, "an existing key is never replaced");
    cr_assert_eq(unlink(f.key_file), 0);
    cr_assert_eq(sj_store_genkey(f.key_file, &err), SJ_OK);
    cr_assert_eq(keyfile_read(f.key_file, second, &err), SJ_OK);
    cr_expect(memcmp(first, second, sizeof first) != 0);
}

Test(keyfile, does_not_follow_a_dangling_link_when_making)
{
    char target[128];
    snprintf(target, sizeof target, "%s/elsewhere", f.root);
    cr_assert_eq(symlink(target, f.key_file), 0);
    cr_expect_eq(sj_store_genkey(f.key_file, NULL), SJ_EXISTS);
    cr_expect_neq(access(target, F_OK), 0);
}

Test(keyfile, judges_size_kind_and_mode)
{
    static const size_t sizes[] = {0, 1, 31, 33, 64};
    struct sj_error err = {.status = SJ_OK};
    cr_expect_eq(sj_store_check_key(f.key_file, &err), SJ_OK, "missing, and may be made");
    cr_expect_eq(err.status, SJ_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        write_key(sizes[i]);
        cr_expect_eq(sj_store_check_key(f.key_file, &err), SJ_DENIED);
        cr_expect(strstr(err.text, "it is not a key"), "%s", err.text);
    }
    write_key(32);
    cr_expect_eq(sj_store_check_key(f.key_file, &err), SJ_OK);
    cr_assert_eq(chmod(f.key_file, 0644), 0);
    cr_expect_eq(sj_store_check_key(f.key_file, &err), SJ_DENIED);
    cr_expect(strstr(err.text, "mode 0644"), "%s", err.text);
    cr_assert_eq(unlink(f.key_file), 0);
    cr_assert_eq(mkfifo(f.key_file, 0600), 0);
    cr_expect_eq(sj_store_check_key(f.key_file, &err), SJ_DENIED, "and does not wait");
    cr_assert_eq(unlink(f.key_file), 0);
    cr_assert_eq(mkdir(f.key_file, 0700), 0);
    cr_expect_eq(sj_store_check_key(f.key_file, &err), SJ_DENIED);
    cr_expect_eq(sj_store_check_key("/no/such/folder/key", &err), SJ_DENIED);
    cr_expect(strstr(err.text, "directory is missing"), "%s", err.text);
}

Test(keyfile, refuses_a_key_of_another_user)
{
    struct sj_error err = {.status = SJ_OK};
    write_key(32);
    if (geteuid() != 0 || chown(f.key_file, 65534, 65534) != 0)
        return;                          /* cannot be tried without the right to give files away */
    cr_expect_eq(sj_store_check_key(f.key_file, &err), SJ_DENIED);
    cr_expect(strstr(err.text, "another user"), "%s", err.text);
}

Test(keyfile, opens_no_store_with_a_short_key)
{
    write_key(31);
    f.kind = FIXTURE_LMDB;
    fixture_refused(&f, SJ_DENIED, "it is not a key");
}
