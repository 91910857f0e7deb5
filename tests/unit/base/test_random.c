/* SPDX-License-Identifier: MPL-2.0 */
/* gateway/base/random.c: what is no secret never comes twice, in no process. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sojourn/memory.h"

#define NONCE 24
#define MANY 2000

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, NONCE);
}

static size_t count_twins(unsigned char (*nonces)[NONCE], size_t n)
{
    size_t twins = 0;

    qsort(nonces, n, NONCE, compare);
    for (size_t i = 1; i < n; i++)
        twins += memcmp(nonces[i - 1], nonces[i], NONCE) == 0;
    return twins;
}

Test(random, public_bytes_never_come_twice)
{
    static unsigned char nonces[MANY][NONCE];

    for (size_t i = 0; i < MANY; i++)
        sj_random_public(nonces[i], NONCE);
    cr_expect_eq(count_twins(nonces, MANY), 0);
}

/* The child has a copy of everything that its parent had. */
Test(random, a_child_draws_its_own)
{
    unsigned char nonces[2][NONCE];
    int fds[2];

    sj_random_public(nonces[0], NONCE);
    cr_assert_eq(pipe(fds), 0);
    pid_t child = fork();
    sj_random_public(nonces[0], NONCE);
    if (child == 0)
        _exit(write(fds[1], nonces[0], NONCE) == NONCE ? 0 : 1);
    cr_assert_gt(child, 0);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    cr_assert_eq(read(fds[0], nonces[1], NONCE), NONCE);
    cr_expect_eq(count_twins(nonces, 2), 0);
    close(fds[0]);
    close(fds[1]);
}
