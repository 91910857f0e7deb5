/* SPDX-License-Identifier: MPL-2.0 */
/* Cases that hold on LMDB and in memory alike. For tests of one file each. */
#ifndef TEST_STORE_BOTH_H
#define TEST_STORE_BOTH_H

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "fixture.h"

static struct fixture both_opened;

static void both_sweep(void)
{
    fixture_sweep(&both_opened);
}

/* A case runs with an opened store; it returns the number of warn and error lines it expects. */
#define BOTH_ENGINES(suite, name)                                             \
    static unsigned case_##name(struct fixture *);                            \
    ParameterizedTestParameters(suite, name)                                  \
    {                                                                         \
        static int engines[] = {FIXTURE_LMDB, FIXTURE_MEM};                   \
        return cr_make_param_array(int, engines, 2, NULL);                    \
    }                                                                         \
    ParameterizedTest(int *kind, suite, name, .timeout = 120, .fini = both_sweep) \
    {                                                                         \
        fixture_init(&both_opened, (enum fixture_engine)*kind);               \
        fixture_open(&both_opened);                                           \
        unsigned errors = case_##name(&both_opened);                          \
        fixture_done(&both_opened, errors);                                   \
    }                                                                         \
    static unsigned case_##name(struct fixture *f)

#endif
